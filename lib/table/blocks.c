#include "table/blocks.h"

#include <stdlib.h>
#include <string.h>

#include "base/memory.h"

static void free_block(block *b)
{
    free(b->name);
    for (size_t j = 0; b->names != NULL && j < b->columns; j++)
        free(b->names[j]);
    free(b->names);
    table_free(&b->cells);
}

void blocks_free(blocks *b)
{
    for (size_t i = 0; i < b->count; i++)
        free_block(&b->all[i]);
    free(b->all);
    free(b->path);
    *b = (blocks){0};
}

const char *block_cell(const block *b, size_t i, size_t j, size_t *length)
{
    return text_cell(&b->cells.texts[j], i + b->first, length);
}

static bool first_is_names(const block *b, blocks_number *is_number)
{
    for (size_t j = 0; j < b->columns; j++) {
        size_t length;
        const char *text = text_cell(&b->cells.texts[j], 0, &length);
        if (is_number(text, length))
            return false;
    }
    return true;
}

/* Names from the reader, or from the first row. */
static bool take_names(block *b, bool from_row)
{
    b->names = memory_zeros(b->columns, sizeof *b->names);
    for (size_t j = 0; b->names != NULL && j < b->columns; j++) {
        size_t length = strlen(b->cells.texts[j].name);
        const char *name = from_row ? text_cell(&b->cells.texts[j], 0, &length) : b->cells.texts[j].name;
        if ((b->names[j] = strndup(name, length)) == NULL)
            return false;
    }
    return b->names != NULL;
}

static ml_status take_block(blocks *all, reader *r, bool guess, bool named, blocks_number *is_number,
                            ml_message *why)
{
    if (!memory_grow(&all->all, &all->capacity, all->count + 1, sizeof *all->all))
        return ml_fail_memory(why, "a block", (all->count + 1) * sizeof *all->all);
    block *b = &all->all[all->count];
    *b = (block){0};
    ml_status status = reader_rest(r, &b->cells, why);
    if (status != ML_OK)
        return status;
    all->count++;
    const char *name = reader_block(r);
    b->name = name ? strdup(name) : NULL;
    b->columns = b->cells.text_count;
    b->rows = b->cells.rows;
    bool from_row = guess && b->rows > 0 && first_is_names(b, is_number);
    bool made = (name == NULL || b->name != NULL) && (!(from_row || named) || take_names(b, from_row));
    if (!made)
        return ml_fail_memory(why, "a block", b->columns * sizeof *b->names);
    b->first = from_row;
    b->rows -= from_row;
    if (b->rows == 0)
        return ml_fail(why, "%s: %s%snames but no rows; if the first line is data, say -N", all->path,
                       name ? name : "", name ? ": " : "");
    return ML_OK;
}

ml_status blocks_read(blocks *b, const char *path, const reader_options *options, blocks_number *is_number,
                      ml_message *why)
{
    reader_options o = *options;
    bool choosy = o.columns != NULL || o.exclude != NULL || o.id != NULL;
    bool guess = o.header == READER_GUESS && o.names == NULL && !choosy;
    bool named = o.header == READER_HEADER || o.names != NULL || (choosy && o.header == READER_GUESS);
    if (guess)
        o.header = READER_NO_HEADER;
    o.all_text = true;
    reader *r = NULL;
    bool standard = path == NULL || strcmp(path, "-") == 0;
    *b = (blocks){.path = strdup(standard ? "stdin" : path)};
    if (b->path == NULL)
        return ml_fail_memory(why, "a name", 1);
    ml_status status = reader_open(&r, path, &o, why);
    bool more = status == ML_OK;
    while (status == ML_OK && more) {
        status = take_block(b, r, guess, named, is_number, why);
        if (status == ML_OK)
            status = reader_next_block(r, &more, why);
    }
    reader_free(r);
    if (status != ML_OK)
        blocks_free(b);
    return status;
}
