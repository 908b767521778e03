/* Single lines: the start of the input, comments, block names, the line of names. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/number.h"
#include "table/reader_internal.h"
#include "table/select.h"

void reader_note_at(const reader *r, size_t line, const char *text)
{
    char whole[1024];
    snprintf(whole, sizeof whole, "%s:%zu: %s", r->in.name, line, text);
    if (r->o.note != NULL)
        r->o.note(r->o.note_context, whole);
}

enum { FIRST_READ = 64 << 10, LOOK = 64 };

/* Read on: twice as much as there is, so that a long line is looked at few times. */
ml_status reader_more_bytes(reader *r, ml_message *why)
{
    size_t least = r->in.stretch < FIRST_READ ? r->in.stretch : FIRST_READ, twice = 2 * reader_waiting(r);
    return input_fill(&r->in, twice > least ? twice : least, why);
}

/* What the first bytes are must not depend on how many of them have come. */
static ml_status look_at_start(reader *r, ml_message *why)
{
    ml_status status = ML_OK;
    while (status == ML_OK && reader_waiting(r) < LOOK && !r->in.ended)
        status = reader_more_bytes(r, why);
    if (status != ML_OK)
        return status;
    const unsigned char *p = (const unsigned char *)reader_front(r);
    size_t size = reader_waiting(r), nuls = 0, look = size < LOOK ? size : LOOK;
    for (size_t i = 0; i < look; i++)
        nuls += p[i] == 0;
    bool marked = size >= 2 && ((p[0] == 0xff && p[1] == 0xfe) || (p[0] == 0xfe && p[1] == 0xff));
    if (marked || (nuls > 0 && 3 * nuls >= look))
        return ml_fail(why, "%s: this looks like UTF-16; convert it: iconv -f UTF-16 -t UTF-8", r->in.name);
    if (size >= 3 && memcmp(p, "\xef\xbb\xbf", 3) == 0)
        r->in.begin += 3;
    r->known_text = true;
    return ML_OK;
}

/* The end of the raw line FROM bytes on, whatever quotes it holds; NULL at the end of the input. */
ml_status reader_raw_line(reader *r, const char **end, ml_message *why)
{
    size_t looked = 0;
    while (true) {
        const char *newline = memchr(reader_front(r) + looked, '\n', reader_waiting(r) - looked);
        *end = newline;
        if (newline != NULL || r->in.ended)
            return ML_OK;
        looked = reader_waiting(r);
        ml_status status = reader_more_bytes(r, why);
        if (status != ML_OK)
            return status;
    }
}

bool reader_is_block_line(const char *line)
{
    return line[0] == '#' && line[1] == ':' && line[2] == ' ';
}

static bool is_comment(const char *line)
{
    return line[0] == '#' && (line[1] == ' ' || line[1] == '\n' || (line[1] == '\r' && line[2] == '\n'));
}

ml_status reader_take_block_name(reader *r, const char *end, ml_message *why)
{
    const char *name = reader_front(r) + 3;
    while (end > name && strchr(" \t\r\n", end[-1]) != NULL)
        end--;
    while (name < end && (*name == ' ' || *name == '\t'))
        name++;
    free(r->block);
    r->block = strndup(name, (size_t)(end - name));
    return r->block != NULL ? ML_OK : ml_fail_memory(why, "a name", (size_t)(end - name) + 1);
}

ml_status reader_skip_empty(reader *r, follows *what, ml_message *why)
{
    const char *end;
    while (true) {
        ml_status status = reader_raw_line(r, &end, why);
        if (status != ML_OK)
            return status;
        if (end == NULL || !scan_is_empty(&r->plan, reader_front(r)))
            break;
        reader_consume(r, end + 1);
    }
    *what = end == NULL ? FOLLOWS_END : reader_is_block_line(reader_front(r)) ? FOLLOWS_BLOCK : FOLLOWS_ROWS;
    return ML_OK;
}

ml_status reader_fail_empty_line(const reader *r, size_t line, ml_message *why)
{
    return ml_fail(
        why, "%s:%zu: an empty line inside the table; it may only stand at the end, or before '#: NAME'",
        r->in.name, line);
}

/* Comments, then perhaps the name of the block and comments again. */
ml_status reader_skip_preamble(reader *r, ml_message *why)
{
    const char *end;
    bool named = false;
    while (true) {
        ml_status status = r->known_text ? ML_OK : look_at_start(r, why);
        if (status == ML_OK)
            status = reader_raw_line(r, &end, why);
        if (status != ML_OK || end == NULL)
            return status;
        if (!named && scan_is_empty(&r->plan, reader_front(r))) {
            size_t line = r->line;
            follows what;
            if ((status = reader_skip_empty(r, &what, why)) != ML_OK)
                return status;
            if (what == FOLLOWS_ROWS && !is_comment(reader_front(r)))
                return reader_fail_empty_line(r, line, why);
        } else if (!named && reader_is_block_line(reader_front(r))) {
            if ((status = reader_take_block_name(r, end, why)) != ML_OK)
                return status;
            named = true;
            reader_consume(r, end + 1);
        } else if (is_comment(reader_front(r))) {
            reader_consume(r, end + 1);
        } else {
            return ML_OK;
        }
    }
}

/* Cells of a line, terminated. */
typedef struct cells {
    char **text;
    size_t count, capacity;
} cells;

static bool cells_add(cells *c, const char *text, size_t length)
{
    if (!memory_grow(&c->text, &c->capacity, c->count + 1, sizeof *c->text))
        return false;
    while (length > 0 && (*text == ' ' || *text == '\t')) {
        text++;
        length--;
    }
    while (length > 0 && (text[length - 1] == ' ' || text[length - 1] == '\t'))
        length--;
    c->text[c->count] = strndup(text, length);
    return c->text[c->count] != NULL && ++c->count > 0;
}

static void cells_free(cells *c)
{
    select_free_texts(c->text, c->count);
    *c = (cells){0};
}

/* Cut the line FROM bytes on.  *END is behind it; ML_NO: the bytes end before the line does, or stop. */
static ml_status cut_cells(reader *r, size_t from, cells *c, size_t *end, ml_message *why)
{
    scan *s = &r->head;
    const char *p = reader_front(r) + from, *text;
    size_t length;
    s->end = reader_front(r) + reader_waiting(r);
    p = scan_line_start(&r->plan, p);
    while (true) {
        p = scan_cell(&r->plan, s, p, c->count, &text, &length);
        if (p == NULL)
            return ML_NO;
        if (!cells_add(c, text, length))
            return ml_fail_memory(why, "the line of names", length);
        if (*p == '\n')
            break;
        p += r->plan.delimiter != ' ';
    }
    *end = (size_t)(p + 1 - reader_front(r));
    return ML_OK;
}

/* A line without an end in sight: is it one that can never be read, say for a stray quote? */
bool reader_is_hopeless(reader *r)
{
    cells c = {0};
    size_t end;
    ml_status status = cut_cells(r, 0, &c, &end, NULL);
    cells_free(&c);
    return status == ML_NO && r->head.stop != SCAN_OPEN;
}

/* Fill a stretch that holds at least one whole line, or all that is left, and cut it. */
/* The cells of the line FROM bytes on; ML_NO at the end of the input. */
static ml_status read_cells(reader *r, size_t from, cells *c, size_t *end, ml_message *why)
{
    *c = (cells){0};
    while (true) {
        ml_status status = reader_waiting(r) > from ? cut_cells(r, from, c, end, why) : ML_NO;
        if (status == ML_OK)
            return ML_OK;
        cells_free(c);
        if (status == ML_FAIL)
            return status;
        bool open = reader_waiting(r) == from || r->head.stop == SCAN_OPEN;
        if (reader_waiting(r) == from && r->in.ended)
            return ML_NO;
        if (!open || r->in.ended)
            return ml_fail(why, "%s:%zu: %s", r->in.name, reader_line_of(r, r->head.at), r->head.error.text);
        if ((status = reader_more_bytes(r, why)) != ML_OK)
            return status;
    }
}

static bool has_number(const cells *c)
{
    number n;
    for (size_t i = 0; i < c->count; i++)
        if (number_read(c->text[i], strlen(c->text[i]), &n) == NUMBER_OK)
            return true;
    return false;
}

/* The guess that the first line is names stands; when the next line has no number either, say so. */
static ml_status doubt_guess(reader *r, size_t from, ml_message *why)
{
    cells second;
    size_t end;
    ml_message ignored; /* an error in the second line is found again when it is parsed */
    const char *p = reader_front(r) + from;
    if (reader_waiting(r) > from && scan_is_empty(&r->plan, p))
        return ML_OK;
    if (read_cells(r, from, &second, &end, &ignored) != ML_OK)
        return ML_OK;
    if (!has_number(&second))
        reader_note_at(r, r->line,
                       "taken for the names of the columns, for no cell is a number; nor is one in the next "
                       "line: if this line is data, say -N");
    cells_free(&second);
    (void)why;
    return ML_OK;
}

/* Names given with --names replace those in the line, if any. */
static ml_status use_given_names(reader *r, size_t columns, ml_message *why)
{
    select_free_texts(r->names, r->name_count);
    r->names = NULL;
    ml_status status = select_split(&r->names, &r->name_count, r->o.names, why);
    if (status == ML_OK && r->name_count != columns)
        status =
            ml_fail(why, "%s:%zu: --names gives %zu name%s, the table has %zu column%s", r->in.name, r->line,
                    r->name_count, r->name_count == 1 ? "" : "s", columns, columns == 1 ? "" : "s");
    return status;
}

/* Is the line just the names of --names?  Only the first shard of a split file still has it. */
static bool repeats_given_names(const reader *r, const cells *line)
{
    char **given;
    size_t count, i = 0;
    ml_message ignored; /* a bad list is found again when the names are used */
    if (!r->o.shard || r->o.names == NULL || select_split(&given, &count, r->o.names, &ignored) != ML_OK)
        return false;
    while (i < count && i < line->count && strcmp(given[i], line->text[i]) == 0)
        i++;
    bool same = i == count && i == line->count;
    select_free_texts(given, count);
    return same;
}

/* The line of names, if the table has one. */
ml_status reader_read_names(reader *r, ml_message *why)
{
    cells first;
    size_t end;
    ml_status status = read_cells(r, 0, &first, &end, why);
    if (status == ML_NO)
        return ml_fail(why, "%s: %s%s%s", r->in.name, r->block ? "block " : "the input is empty",
                       r->block ? r->block : "", r->block ? " is empty" : "");
    if (status != ML_OK)
        return status;
    size_t columns = first.count;
    bool guessed = r->o.header == READER_GUESS && r->o.names == NULL && !has_number(&first);
    r->header_line = 0;
    if (guessed && (status = doubt_guess(r, end, why)) != ML_OK) {
        cells_free(&first);
        return status;
    }
    if (guessed || r->o.header == READER_HEADER || repeats_given_names(r, &first)) {
        r->names = first.text;
        r->name_count = first.count;
        r->header_line = r->line;
        reader_consume(r, reader_front(r) + end);
    } else {
        cells_free(&first);
        r->name_count = columns;
    }
    return r->o.names != NULL ? use_given_names(r, columns, why) : ML_OK;
}
