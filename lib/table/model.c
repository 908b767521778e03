#include "table/model.h"

#include <math.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "base/number.h"
#include "table/reader.h"

typedef struct block {
    char *name;
    size_t rows, columns;
    char **names; /* of the columns */
    char **cells; /* rows x columns, row-major */
} block;

struct model {
    char *path;
    block *blocks;
    size_t count, capacity;
};

/* --- reading the blocks --- */

static void free_texts(char **texts, size_t count)
{
    for (size_t i = 0; texts != NULL && i < count; i++)
        free(texts[i]);
    free(texts);
}

static void free_block(block *b)
{
    free(b->name);
    free_texts(b->names, b->columns);
    free_texts(b->cells, b->rows * b->columns);
}

void model_free(model *m)
{
    if (m == NULL)
        return;
    for (size_t i = 0; i < m->count; i++)
        free_block(&m->blocks[i]);
    free(m->blocks);
    free(m->path);
    free(m);
}

static bool copy_cells(block *b, const table *t)
{
    for (size_t j = 0; j < t->text_count; j++) {
        b->names[j] = strdup(t->texts[j].name);
        for (size_t i = 0; i < t->rows; i++) {
            size_t length;
            const char *cell = text_cell(&t->texts[j], i, &length);
            b->cells[i * b->columns + j] = strndup(cell, length);
            if (b->cells[i * b->columns + j] == NULL)
                return false;
        }
        if (b->names[j] == NULL)
            return false;
    }
    return true;
}

/* Append the reader's current block. */
static ml_status take_block(model *m, reader *r, ml_message *why)
{
    table t = {0};
    ml_status status = reader_rest(r, &t, why);
    if (status != ML_OK)
        return status;
    if (!memory_grow(&m->blocks, &m->capacity, m->count + 1, sizeof *m->blocks)) {
        table_free(&t);
        return ml_fail_memory(why, "the model", (m->count + 1) * sizeof *m->blocks);
    }
    block *b = &m->blocks[m->count++];
    const char *name = reader_block(r);
    *b = (block){.name = strdup(name ? name : ""), .rows = t.rows, .columns = t.text_count};
    b->names = memory_zeros(b->columns, sizeof *b->names);
    b->cells = memory_zeros(b->rows * b->columns, sizeof *b->cells);
    bool copied = b->name && b->names && b->cells && copy_cells(b, &t);
    table_free(&t);
    return copied ? ML_OK : ml_fail_memory(why, "the model", b->rows * b->columns * sizeof *b->cells);
}

static ml_status take_blocks(model *m, ml_message *why)
{
    reader_options options;
    reader_defaults(&options);
    options.header = READER_HEADER;
    options.all_text = true;
    reader *r;
    ml_status status = reader_open(&r, m->path, &options, why);
    bool more = status == ML_OK;
    while (status == ML_OK && more) {
        status = take_block(m, r, why);
        if (status == ML_OK)
            status = reader_next_block(r, &more, why);
    }
    reader_free(r);
    return status;
}

/* --- looking things up --- */

static const block *find_block(const model *m, const char *name)
{
    for (size_t i = 0; i < m->count; i++)
        if (strcmp(m->blocks[i].name, name) == 0)
            return &m->blocks[i];
    return NULL;
}

static const char *find_value(const model *m, const char *key)
{
    const block *b = find_block(m, "model");
    if (b == NULL || b->columns != 2)
        return NULL;
    for (size_t i = 0; i < b->rows; i++)
        if (strcmp(b->cells[2 * i], key) == 0)
            return b->cells[2 * i + 1];
    return NULL;
}

static ml_status need_block(const model *m, const char *name, const block **b, ml_message *why)
{
    *b = find_block(m, name);
    return *b ? ML_OK : ml_fail(why, "%s: not a whole model: it has no block '%s'", m->path, name);
}

static ml_status need_column(const model *m, const block *b, const char *title, size_t *at, ml_message *why)
{
    for (*at = 0; *at < b->columns; ++*at)
        if (strcmp(b->names[*at], title) == 0)
            return ML_OK;
    return ml_fail(why, "%s: not a whole model: block '%s' has no column '%s'", m->path, b->name, title);
}

/* Models hold finite numbers only. */
static ml_status read_finite(const char *text, double *value)
{
    number n;
    if (number_read(text, strlen(text), &n) != NUMBER_OK || !isfinite(n.value))
        return ML_FAIL;
    *value = n.value;
    return ML_OK;
}

ml_status model_number(const model *m, const char *key, double *value, ml_message *why)
{
    const char *text = find_value(m, key);
    if (text == NULL)
        return ml_fail(why, "%s: not a whole model: block 'model' has no key '%s'", m->path, key);
    if (read_finite(text, value) != ML_OK)
        return ml_fail(why, "%s: key '%s': '%.40s' is not a finite number", m->path, key, text);
    return ML_OK;
}

ml_status model_count(const model *m, const char *key, size_t least, size_t most, size_t *value,
                      ml_message *why)
{
    double x = 0;
    ml_status status = model_number(m, key, &x, why);
    if (status != ML_OK)
        return status;
    if (!(x >= (double)least && x <= (double)most && x == floor(x)))
        return ml_fail(why, "%s: key '%s': %g is not a whole number from %zu to %zu", m->path, key, x, least,
                       most);
    *value = (size_t)x;
    return ML_OK;
}

ml_status model_shape(const model *m, const char *name, size_t *rows, size_t *columns, ml_message *why)
{
    const block *b;
    ml_status status = need_block(m, name, &b, why);
    if (status == ML_OK) {
        *rows = b->rows;
        *columns = b->columns;
    }
    return status;
}

static ml_status bad_cell(const model *m, const block *b, size_t i, size_t j, ml_message *why)
{
    return ml_fail(why, "%s: block '%s', row %zu, column %s: '%.40s' is not a finite number", m->path,
                   b->name, i + 1, b->names[j], b->cells[i * b->columns + j]);
}

ml_status model_texts(const model *m, const char *name, const char *title, const char ***cells,
                      ml_message *why)
{
    const block *b;
    size_t at;
    ml_status status = need_block(m, name, &b, why);
    if (status == ML_OK)
        status = need_column(m, b, title, &at, why);
    if (status != ML_OK)
        return status;
    *cells = memory_array(b->rows, sizeof **cells);
    if (*cells == NULL)
        return ml_fail_memory(why, "the model's names", b->rows * sizeof **cells);
    for (size_t i = 0; i < b->rows; i++)
        (*cells)[i] = b->cells[i * b->columns + at];
    return ML_OK;
}

/* WIDTH columns of B from FROM on into OUT, whose rows are STRIDE doubles apart. */
static ml_status copy_numbers(const model *m, const block *b, size_t from, size_t width, double *out,
                              size_t stride, ml_message *why)
{
    for (size_t i = 0; i < b->rows; i++)
        for (size_t j = from; j < from + width; j++)
            if (read_finite(b->cells[i * b->columns + j], &out[i * stride + j - from]) != ML_OK)
                return bad_cell(m, b, i, j, why);
    return ML_OK;
}

ml_status model_vector(const model *m, const char *name, const char *title, gsl_vector *values,
                       ml_message *why)
{
    const block *b;
    size_t at;
    ml_status status = need_block(m, name, &b, why);
    if (status == ML_OK)
        status = need_column(m, b, title, &at, why);
    if (status != ML_OK)
        return status;
    if (b->rows != values->size)
        return ml_fail(why, "%s: block '%s' has %zu rows where %zu were expected", m->path, name, b->rows,
                       values->size);
    return copy_numbers(m, b, at, 1, values->data, values->stride, why);
}

ml_status model_matrix(const model *m, const char *name, size_t from, gsl_matrix *values, ml_message *why)
{
    const block *b;
    ml_status status = need_block(m, name, &b, why);
    if (status != ML_OK)
        return status;
    if (b->rows != values->size1 || b->columns != from + values->size2)
        return ml_fail(why, "%s: block '%s' is %zu x %zu where %zu x %zu was expected", m->path, name,
                       b->rows, b->columns, values->size1, from + values->size2);
    return copy_numbers(m, b, from, values->size2, values->data, values->tda, why);
}

/* Versions name the same format when they agree up to the second point. */
static bool same_format(const char *version)
{
    const char *ours = ML_VERSION;
    size_t length = strcspn(ours, ".");
    length += 1 + strcspn(ours + length + 1, ".");
    return strncmp(version, ours, length) == 0 && (version[length] == '.' || version[length] == '\0');
}

static ml_status check_origin(const model *m, const char *tool, ml_message *why)
{
    const char *wrote = find_value(m, "tool"), *version = find_value(m, "version");
    if (wrote == NULL || version == NULL)
        return ml_fail(why,
                       "%s: not a model: it does not start with a block 'model' that names tool and version",
                       m->path);
    if (strcmp(wrote, tool) != 0)
        return ml_fail(why, "%s: a model of %.40s, not of %s", m->path, wrote, tool);
    if (!same_format(version))
        return ml_fail(why, "%s: a model of version %.40s, and this is %s; fit it again", m->path, version,
                       ML_VERSION);
    const block *end = find_block(m, "end");
    if (end == NULL || end->rows != 1 || end->columns != 1 || strcmp(end->cells[0], "complete") != 0)
        return ml_fail(why, "%s: not a whole model: its last block, 'end', is missing or damaged", m->path);
    return ML_OK;
}

ml_status model_read(model **m, const char *path, const char *tool, ml_message *why)
{
    model *made = *m = memory_zeros(1, sizeof *made);
    if (made == NULL || (made->path = strdup(path)) == NULL) {
        model_free(made);
        *m = NULL;
        return ml_fail_memory(why, "the model", sizeof *made);
    }
    ml_status status = take_blocks(made, why);
    if (status == ML_OK)
        status = check_origin(made, tool, why);
    if (status != ML_OK) {
        model_free(made);
        *m = NULL;
    }
    return status;
}

/* --- writing --- */

ml_status model_write_keys(writer *w, const char *tool, const model_key *keys, size_t count, ml_message *why)
{
    char(*texts)[NUMBER_PRINT_MAX] = memory_array(count, sizeof *texts);
    const char **names = memory_array(count + 2, sizeof *names),
               **values = memory_array(count + 2, sizeof *values);
    bool made = texts && names && values;
    if (made) {
        names[0] = "tool";
        values[0] = tool;
        names[1] = "version";
        values[1] = ML_VERSION;
        for (size_t i = 0; i < count; i++) {
            number_print(texts[i], keys[i].value);
            names[i + 2] = keys[i].key;
            values[i + 2] = texts[i];
        }
        column columns[2] = {{.name = "key", .kind = COLUMN_STRINGS, .strings = names},
                             {.name = "value", .kind = COLUMN_STRINGS, .strings = values}};
        writer_block(w, "model", columns, 2, count + 2);
    }
    free(texts);
    free(names);
    free(values);
    return made ? ML_OK : ml_fail_memory(why, "the model", count * sizeof *texts);
}

void model_write_end(writer *w)
{
    const char *complete = "complete";
    column one = column_strings("model", &complete);
    writer_block(w, "end", &one, 1, 1);
}
