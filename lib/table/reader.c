#include "table/reader.h"

#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/number.h"
#include "base/parallel.h"
#include "table/input.h"
#include "table/plan.h"
#include "table/reader_internal.h"
#include "table/scan.h"
#include "table/select.h"

/* Rows under way to a table: the arrays become its matrices when all are in. */
typedef struct sink {
    table *t; /* takes the texts */
    double *x, *half;
    size_t rows, x_capacity, half_capacity; /* in rows */
} sink;

struct reader {
    input in;
    reader_options o;
    size_t line;     /* of the file, at in.begin */
    bool known_text; /* the start of the input was looked at: byte order mark, encoding */

    char *block;
    char **names; /* of the input's columns in this block; NULL: none */
    size_t name_count;
    scan_plan plan;
    table schema, piece;
    sink out; /* the rows of `piece` */
    gsl_block x_block, half_block;
    gsl_matrix x, half;

    scan head; /* for single lines */
    scan *scans;
    size_t *first_rows; /* row of the stretch at which each scan begins */
    size_t scan_count, scan_capacity, first_capacity;

    size_t header_line, taken, dropped; /* rows of the block that came out, that were dropped */
    scan_stop stop;
    bool ended; /* the rows of the block are at their end */
    ml_message error;
};

void reader_defaults(reader_options *options)
{
    *options = (reader_options){.delimiter = ',', .jobs = parallel_processors()};
}

static void note(const reader *r, size_t line, const char *text)
{
    char whole[1024];
    snprintf(whole, sizeof whole, "%s:%zu: %s", r->in.name, line, text);
    if (r->o.note != NULL)
        r->o.note(r->o.note_context, whole);
}

static const char *front(const reader *r)
{
    return r->in.bytes + r->in.begin;
}

static size_t waiting(const reader *r)
{
    return r->in.end - r->in.begin;
}

/* Leave the bytes before TO behind. */
static void consume(reader *r, const char *to)
{
    r->line += input_newlines(front(r), (size_t)(to - front(r)));
    r->in.begin = (size_t)(to - r->in.bytes);
}

static size_t line_of(const reader *r, const char *at)
{
    return r->line + input_newlines(front(r), (size_t)(at - front(r)));
}

/* --- single lines: comments, block names, the line of names --- */

enum { FIRST_READ = 64 << 10, LOOK = 64 };

/* Read on: twice as much as there is, so that a long line is looked at few times. */
static ml_status more_bytes(reader *r, ml_message *why)
{
    size_t least = r->in.stretch < FIRST_READ ? r->in.stretch : FIRST_READ, twice = 2 * waiting(r);
    return input_fill(&r->in, twice > least ? twice : least, why);
}

/* What the first bytes are must not depend on how many of them have come. */
static ml_status look_at_start(reader *r, ml_message *why)
{
    ml_status status = ML_OK;
    while (status == ML_OK && waiting(r) < LOOK && !r->in.ended)
        status = more_bytes(r, why);
    if (status != ML_OK)
        return status;
    const unsigned char *p = (const unsigned char *)front(r);
    size_t size = waiting(r), nuls = 0, look = size < LOOK ? size : LOOK;
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
static ml_status raw_line(reader *r, const char **end, ml_message *why)
{
    size_t looked = 0;
    while (true) {
        const char *newline = memchr(front(r) + looked, '\n', waiting(r) - looked);
        *end = newline;
        if (newline != NULL || r->in.ended)
            return ML_OK;
        looked = waiting(r);
        ml_status status = more_bytes(r, why);
        if (status != ML_OK)
            return status;
    }
}

static bool is_block_line(const char *line)
{
    return line[0] == '#' && line[1] == ':' && line[2] == ' ';
}

static bool is_comment(const char *line)
{
    return line[0] == '#' && (line[1] == ' ' || line[1] == '\n' || (line[1] == '\r' && line[2] == '\n'));
}

static ml_status take_block_name(reader *r, const char *end, ml_message *why)
{
    const char *name = front(r) + 3;
    while (end > name && strchr(" \t\r\n", end[-1]) != NULL)
        end--;
    while (name < end && (*name == ' ' || *name == '\t'))
        name++;
    free(r->block);
    r->block = strndup(name, (size_t)(end - name));
    return r->block != NULL ? ML_OK : ml_fail_memory(why, "a name", (size_t)(end - name) + 1);
}

/* Empty lines are legal before a block's name and at the end: skip them and say what follows. */
typedef enum follows { FOLLOWS_END, FOLLOWS_BLOCK, FOLLOWS_ROWS } follows;

static ml_status skip_empty(reader *r, follows *what, ml_message *why)
{
    const char *end;
    while (true) {
        ml_status status = raw_line(r, &end, why);
        if (status != ML_OK)
            return status;
        if (end == NULL || !scan_is_empty(&r->plan, front(r)))
            break;
        consume(r, end + 1);
    }
    *what = end == NULL ? FOLLOWS_END : is_block_line(front(r)) ? FOLLOWS_BLOCK : FOLLOWS_ROWS;
    return ML_OK;
}

static ml_status fail_empty_line(const reader *r, size_t line, ml_message *why)
{
    return ml_fail(
        why, "%s:%zu: an empty line inside the table; it may only stand at the end, or before '#: NAME'",
        r->in.name, line);
}

/* Comments, then perhaps the name of the block and comments again. */
static ml_status skip_preamble(reader *r, ml_message *why)
{
    const char *end;
    bool named = false;
    while (true) {
        ml_status status = r->known_text ? ML_OK : look_at_start(r, why);
        if (status == ML_OK)
            status = raw_line(r, &end, why);
        if (status != ML_OK || end == NULL)
            return status;
        if (!named && scan_is_empty(&r->plan, front(r))) {
            size_t line = r->line;
            follows what;
            if ((status = skip_empty(r, &what, why)) != ML_OK)
                return status;
            if (what == FOLLOWS_ROWS && !is_comment(front(r)))
                return fail_empty_line(r, line, why);
        } else if (!named && is_block_line(front(r))) {
            if ((status = take_block_name(r, end, why)) != ML_OK)
                return status;
            named = true;
            consume(r, end + 1);
        } else if (is_comment(front(r))) {
            consume(r, end + 1);
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
    const char *p = front(r) + from, *text;
    size_t length;
    s->end = front(r) + waiting(r);
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
    *end = (size_t)(p + 1 - front(r));
    return ML_OK;
}

/* The cells of the line FROM bytes on; ML_NO at the end of the input. */
static ml_status read_cells(reader *r, size_t from, cells *c, size_t *end, ml_message *why)
{
    *c = (cells){0};
    while (true) {
        ml_status status = waiting(r) > from ? cut_cells(r, from, c, end, why) : ML_NO;
        if (status == ML_OK)
            return ML_OK;
        cells_free(c);
        if (status == ML_FAIL)
            return status;
        bool open = waiting(r) == from || r->head.stop == SCAN_OPEN;
        if (waiting(r) == from && r->in.ended)
            return ML_NO;
        if (!open || r->in.ended)
            return ml_fail(why, "%s:%zu: %s", r->in.name, line_of(r, r->head.at), r->head.error.text);
        if ((status = more_bytes(r, why)) != ML_OK)
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
    const char *p = front(r) + from;
    if (waiting(r) > from && scan_is_empty(&r->plan, p))
        return ML_OK;
    if (read_cells(r, from, &second, &end, &ignored) != ML_OK)
        return ML_OK;
    if (!has_number(&second))
        note(r, r->line,
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
static ml_status read_names(reader *r, ml_message *why)
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
        consume(r, front(r) + end);
    } else {
        cells_free(&first);
        r->name_count = columns;
    }
    return r->o.names != NULL ? use_given_names(r, columns, why) : ML_OK;
}

/* --- a block --- */

static void forget_scans(reader *r)
{
    for (size_t i = 0; i < r->scan_count; i++)
        scan_free(&r->scans[i], r->plan.texts);
    r->scan_count = 0;
}

static void free_piece(reader *r)
{
    r->piece.x = r->piece.half = NULL; /* made over r->out */
    table_free(&r->piece);
    free(r->out.x);
    free(r->out.half);
    r->out = (sink){0};
}

static void free_block(reader *r)
{
    forget_scans(r);
    free_piece(r);
    table_free(&r->schema);
    select_free_texts(r->names, r->name_count);
    r->names = NULL;
    plan_free(&r->plan);
    free(r->block);
    r->block = NULL;
}

static ml_status open_block(reader *r, ml_message *why)
{
    r->plan.delimiter = r->o.delimiter;
    r->taken = r->dropped = 0;
    r->ended = false;
    r->stop = SCAN_END;
    ml_status status = skip_preamble(r, why);
    if (status == ML_OK && r->o.shard && waiting(r) == 0 && r->in.ended) {
        r->ended = true;
        r->out.t = &r->piece;
        return ML_OK;
    }
    if (status == ML_OK)
        status = read_names(r, why);
    if (status == ML_OK)
        status = plan_make(&r->plan, &r->schema, &r->o, r->in.name, (const char *const *)r->names,
                           r->name_count, why);
    if (status == ML_OK && r->o.all_text && r->o.na == READER_NA_MEAN)
        status = ml_fail(why, "%s: --na mean needs numbers, and these columns are read as text", r->in.name);
    if (status == ML_OK && !plan_copy_schema(&r->piece, &r->schema))
        status = ml_fail_memory(why, "the columns", r->name_count * sizeof(char *));
    r->out.t = &r->piece;
    return status;
}

ml_status reader_open_sized(reader **made, const char *path, const reader_options *options, size_t stretch,
                            size_t piece, ml_message *why)
{
    *made = NULL;
    reader *r = memory_zeros(1, sizeof *r);
    if (r == NULL)
        return ml_fail_memory(why, "the reader", sizeof *r);
    r->o = *options;
    r->line = 1;
    ml_status status = input_open(&r->in, path, options->jobs, why);
    r->in.stretch = stretch > 0 ? stretch : r->in.stretch;
    r->in.piece = piece > 0 ? piece : r->in.piece;
    if (status == ML_OK)
        status = more_bytes(r, why);
    if (status == ML_OK)
        status = open_block(r, why);
    if (status != ML_OK) {
        reader_free(r);
        return ML_FAIL;
    }
    *made = r;
    return ML_OK;
}

ml_status reader_open(reader **made, const char *path, const reader_options *options, ml_message *why)
{
    return reader_open_sized(made, path, options, 0, 0, why);
}

void reader_free(reader *r)
{
    if (r == NULL)
        return;
    free_block(r);
    input_close(&r->in);
    scan_free(&r->head, 0);
    free(r->scans);
    free(r->first_rows);
    free(r);
}

const char *reader_block(const reader *r)
{
    return r->block;
}

size_t reader_dropped(const reader *r)
{
    return r->dropped;
}

const table *reader_columns(const reader *r)
{
    return &r->schema;
}

/* --- stretches --- */

/* The scan that begins at byte BEGIN of the stretch and row FIRST_ROW. */
static bool add_scan(reader *r, size_t used, size_t begin, size_t first_row)
{
    if (!memory_grow(&r->scans, &r->scan_capacity, used + 1, sizeof *r->scans) ||
        !memory_grow(&r->first_rows, &r->first_capacity, used + 1, sizeof *r->first_rows))
        return false;
    if (used == r->scan_count) {
        r->scans[used] = (scan){.texts = memory_zeros(r->plan.texts, sizeof(text_column))};
        if (r->scans[used].texts == NULL)
            return false;
        r->scan_count++;
    }
    r->scans[used].begin = r->in.bytes + begin;
    r->first_rows[used] = first_row;
    return true;
}

/* How a stretch is cut. */
typedef struct cut {
    size_t scans, rows; /* rows: at most */
    size_t end;         /* of the last whole line; 0: not even one line is whole */
    size_t newlines;    /* of the file, before `end` */
} cut;

/* Cut the stretch at the line ends outside quotes that the survey found, about one scan a piece. */
static ml_status cut_stretch(reader *r, cut *c, ml_message *why)
{
    const input *in = &r->in;
    unsigned inside = 0;
    bool good = add_scan(r, 0, 0, 0);
    *c = (cut){.scans = 1};
    for (size_t i = 0; good && i < in->piece_count; i++) {
        const survey *s = &in->pieces[i];
        c->newlines += s->ends[0] + s->ends[1];
        if (s->ends[inside] > 0) {
            if (s->first[inside] + 1 < in->end)
                good = add_scan(r, c->scans++, s->first[inside] + 1, c->rows + 1);
            c->rows += s->ends[inside];
            c->end = s->last[inside] + 1;
        }
        inside ^= s->flips;
    }
    if (!good)
        return ml_fail_memory(why, "the reader", (c->scans + 1) * sizeof *r->scans);
    if (in->ended && c->end < in->end) {
        c->end = in->end;
        c->rows++;
    }
    c->newlines -= input_newlines(in->bytes + c->end, in->end - c->end);
    while (c->scans > 1 && r->scans[c->scans - 1].begin >= in->bytes + c->end)
        c->scans--;
    for (size_t k = 0; k < c->scans; k++)
        r->scans[k].end = k + 1 < c->scans ? r->scans[k + 1].begin : in->bytes + c->end;
    return ML_OK;
}

/* A line without an end in sight: is it one that can never be read, say for a stray quote? */
static bool is_hopeless(reader *r)
{
    cells c = {0};
    size_t end;
    ml_status status = cut_cells(r, 0, &c, &end, NULL);
    cells_free(&c);
    return status == ML_NO && r->head.stop != SCAN_OPEN;
}

/* Fill a stretch that holds at least one whole line, or all that is left, and cut it. */
static ml_status next_stretch(reader *r, cut *c, ml_message *why)
{
    size_t total = r->in.stretch;
    while (true) {
        ml_status status = input_fill(&r->in, total, why);
        if (status == ML_OK)
            status = cut_stretch(r, c, why);
        if (status != ML_OK || c->end > 0 || r->in.ended)
            return status;
        if (is_hopeless(r)) {
            c->end = r->in.end;
            r->scans[0].end = r->in.bytes + c->end;
            c->rows = 1;
            return ML_OK;
        }
        if (__builtin_mul_overflow(waiting(r), 2, &total) || total < r->in.stretch)
            total = r->in.stretch;
    }
}

/* --- rows --- */

static ml_status make_room(reader *r, sink *to, size_t rows, ml_message *why)
{
    size_t need, width = r->plan.numbers * sizeof(double);
    if (width == 0)
        return ML_OK;
    if (__builtin_add_overflow(to->rows, rows, &need) || !memory_grow(&to->x, &to->x_capacity, need, width) ||
        (r->plan.half && !memory_grow(&to->half, &to->half_capacity, need, width)))
        return ml_fail_memory(why, "the table", need > SIZE_MAX / width ? SIZE_MAX : need * width);
    return ML_OK;
}

typedef struct scanning {
    const scan_plan *plan;
    scan *scans;
} scanning;

static void scan_one(size_t i, int worker, void *context)
{
    (void)worker;
    const scanning *all = context;
    scan_lines(all->plan, &all->scans[i]);
}

/* The rows of S, which may lie behind where they belong, and their texts. */
static bool append_rows(const reader *r, sink *to, const scan *s)
{
    size_t width = r->plan.numbers, at = to->rows * width;
    if (width > 0 && to->x + at != s->x) {
        memmove(to->x + at, s->x, s->rows * width * sizeof *to->x);
        if (r->plan.half)
            memmove(to->half + at, s->half, s->rows * width * sizeof *to->half);
    }
    for (size_t i = 0; i < r->plan.texts; i++) {
        text_column *text = i < to->t->text_count ? &to->t->texts[i] : to->t->target;
        size_t base = text->cells.size;
        if (s->rows > 0)
            buffer_append(&text->cells, s->texts[i].cells.data, s->texts[i].ends[s->rows - 1]);
        if (text->cells.failed ||
            !memory_grow(&text->ends, &text->capacity, to->rows + s->rows, sizeof *text->ends))
            return false;
        for (size_t k = 0; k < s->rows; k++)
            text->ends[to->rows + k] = base + s->texts[i].ends[k];
    }
    to->rows += s->rows;
    return true;
}

static void tell_notes(reader *r, const scan *s)
{
    for (size_t i = 0; i < s->note_count; i++) {
        if (r->plan.noted[s->notes[i].column])
            continue;
        r->plan.noted[s->notes[i].column] = true;
        note(r, line_of(r, s->notes[i].at), s->notes[i].text);
    }
}

/* The scan met something else than a row: remember what, and leave the lines before it behind. */
static void stop_block(reader *r, const scan *s)
{
    r->stop = s->stop;
    if (s->stop != SCAN_EMPTY)
        ml_fail(&r->error, "%s:%zu: %s", r->in.name, line_of(r, s->at), s->error.text);
    consume(r, s->at);
}

/* Parse a stretch and append its rows to TO.  At the end of the rows r->ended is set. */
static ml_status take_stretch(reader *r, sink *to, ml_message *why)
{
    cut c;
    size_t width = r->plan.numbers;
    ml_status status = next_stretch(r, &c, why);
    if (status == ML_OK)
        status = make_room(r, to, c.rows, why);
    if (status != ML_OK)
        return status;
    for (size_t k = 0; k < c.scans; k++) {
        r->scans[k].x = to->x == NULL ? NULL : to->x + (to->rows + r->first_rows[k]) * width;
        r->scans[k].half = to->half == NULL ? NULL : to->half + (to->rows + r->first_rows[k]) * width;
    }
    scanning all = {&r->plan, r->scans};
    parallel_for(c.scans, r->o.jobs, scan_one, &all);
    for (size_t k = 0; k < c.scans; k++) {
        const scan *s = &r->scans[k];
        tell_notes(r, s);
        r->dropped += s->dropped;
        if (!append_rows(r, to, s))
            return ml_fail_memory(why, "the text columns", waiting(r));
        if (s->stop != SCAN_END) {
            stop_block(r, s);
            return ML_OK;
        }
    }
    r->line += c.newlines;
    r->in.begin += c.end;
    return ML_OK;
}

/* Why there are no more rows: the block is at its end, or the error that stopped the scan. */
static ml_status end_block(reader *r, ml_message *why)
{
    follows what;
    size_t line = r->line;
    r->ended = true;
    if (r->stop != SCAN_END && r->stop != SCAN_EMPTY)
        return ml_fail(why, "%s", r->error.text);
    ml_status status = skip_empty(r, &what, why);
    if (status == ML_OK && what == FOLLOWS_ROWS)
        status = fail_empty_line(r, line, why);
    return status;
}

/* More rows for TO, one stretch at a time; *more is false at the end of the block. */
static ml_status take_rows(reader *r, sink *to, bool *more, ml_message *why)
{
    size_t before = to->rows;
    while (!r->ended && r->stop == SCAN_END && to->rows == before) {
        if (r->in.ended && waiting(r) == 0)
            break;
        ml_status status = take_stretch(r, to, why);
        if (status != ML_OK)
            return status;
    }
    *more = to->rows > before;
    r->taken += to->rows - before;
    return *more || r->ended ? ML_OK : end_block(r, why);
}

static void wrap(gsl_matrix *m, gsl_block *b, double *data, size_t rows, size_t columns)
{
    *b = (gsl_block){.size = rows * columns, .data = data};
    *m = (gsl_matrix){.size1 = rows, .size2 = columns, .tda = columns, .data = data, .block = b, .owner = 0};
}

static void empty_piece(reader *r)
{
    r->out.rows = 0;
    for (size_t i = 0; i < r->plan.texts; i++) {
        text_column *text = i < r->piece.text_count ? &r->piece.texts[i] : r->piece.target;
        text->cells.size = 0;
    }
}

ml_status reader_next(reader *r, const table **piece, ml_message *why)
{
    bool more;
    table *t = &r->piece;
    *piece = t;
    if (r->o.na == READER_NA_MEAN)
        return ml_fail(why, "%s: --na mean needs all rows at once, which this does not keep", r->in.name);
    empty_piece(r);
    t->rows = 0;
    t->x = t->half = NULL;
    ml_status status = take_rows(r, &r->out, &more, why);
    if (status != ML_OK)
        return status;
    t->rows = r->out.rows;
    if (t->rows > 0 && t->columns > 0) {
        wrap(&r->x, &r->x_block, r->out.x, t->rows, t->columns);
        t->x = &r->x;
    }
    if (t->x != NULL && r->plan.half) {
        wrap(&r->half, &r->half_block, r->out.half, t->rows, t->columns);
        t->half = &r->half;
    }
    return ML_OK;
}

/* --- all rows --- */

/* A matrix that owns DATA: the parts are malloc's, as gsl_matrix_free expects. */
static gsl_matrix *adopt(double **data, size_t rows, size_t columns)
{
    gsl_matrix *m = malloc(sizeof *m);
    gsl_block *b = malloc(sizeof *b);
    double *fitted = memory_resize(*data, rows * columns, sizeof **data);
    if (fitted != NULL)
        *data = fitted;
    if (m == NULL || b == NULL) {
        free(m);
        free(b);
        return NULL;
    }
    wrap(m, b, *data, rows, columns);
    m->owner = 1;
    *data = NULL;
    return m;
}

/* Mean of the present cells of column J, with the rounding errors carried along (Neumaier, ZAMM 54, 1974). */
static double present_mean(const gsl_matrix *x, size_t j, size_t *present)
{
    double sum = 0, lost = 0;
    *present = 0;
    for (size_t i = 0; i < x->size1; i++) {
        double value = x->data[i * x->tda + j], before = sum;
        if (table_is_missing(value))
            continue;
        sum += value;
        lost += fabs(before) >= fabs(value) ? before - sum + value : value - sum + before;
        ++*present;
    }
    return (sum + lost) / (double)*present;
}

static ml_status fill_missing(const reader *r, table *t, ml_message *why)
{
    size_t filled = 0, present;
    for (size_t j = 0; t->x != NULL && j < t->columns; j++) {
        double mean = present_mean(t->x, j, &present);
        char space[32];
        if (present == 0)
            return ml_fail(
                why, "%s: column %zu (%s): all cells are missing, so there is no mean to fill them with",
                r->in.name, t->positions[j], table_name(t, j, space));
        for (size_t i = 0; present < t->rows && i < t->rows; i++) {
            double *value = &t->x->data[i * t->x->tda + j];
            bool missing = table_is_missing(*value);
            filled += missing;
            *value = missing ? mean : *value;
        }
    }
    char text[160];
    snprintf(text, sizeof text, "%s: %zu cell%s filled with the mean of %s column", r->in.name, filled,
             filled == 1 ? "" : "s", filled == 1 ? "its" : "their");
    if (filled > 0 && r->o.note != NULL)
        r->o.note(r->o.note_context, text);
    return ML_OK;
}

static ml_status take_matrices(reader *r, table *t, sink *to, ml_message *why)
{
    t->rows = to->rows;
    if (t->rows == 0 || t->columns == 0)
        return ML_OK;
    t->x = adopt(&to->x, t->rows, t->columns);
    if (t->x != NULL && r->plan.half)
        t->half = adopt(&to->half, t->rows, t->columns);
    if (t->x == NULL || (r->plan.half && t->half == NULL))
        return ml_fail_memory(why, "the table", t->rows * t->columns * sizeof(double));
    return ML_OK;
}

ml_status reader_rest(reader *r, table *t, ml_message *why)
{
    bool more = true;
    sink to = {.t = t};
    if (!plan_copy_schema(t, &r->schema))
        return ml_fail_memory(why, "the table", r->name_count * sizeof(char *));
    r->in.waits = true;
    ml_status status = ML_OK;
    while (status == ML_OK && more)
        status = take_rows(r, &to, &more, why);
    r->in.waits = false;
    if (status == ML_OK)
        status = take_matrices(r, t, &to, why);
    if (status == ML_OK && r->o.na == READER_NA_MEAN)
        status = fill_missing(r, t, why);
    free(to.x);
    free(to.half);
    if (status != ML_OK)
        table_free(t);
    return status;
}

/* --- blocks --- */

/* Read what is left of the block and throw it away. */
static ml_status skip_rows(reader *r, ml_message *why)
{
    ml_status status = ML_OK;
    bool more = true;
    while (status == ML_OK && more && !r->ended) {
        empty_piece(r);
        status = take_rows(r, &r->out, &more, why);
    }
    return status;
}

ml_status reader_next_block(reader *r, bool *more, ml_message *why)
{
    *more = false;
    ml_status status = skip_rows(r, why);
    if (status != ML_OK || waiting(r) == 0)
        return status;
    free_block(r);
    status = open_block(r, why);
    *more = status == ML_OK;
    return status;
}

/* All the blocks' names for the message that one table is taken. */
static ml_status fail_blocks(reader *r, ml_message *why)
{
    buffer names = {0};
    buffer_string(&names, r->block != NULL ? r->block : "unnamed");
    size_t count = 1;
    const char *end;
    bool after_empty = true;
    ml_status status;
    while ((status = raw_line(r, &end, why)) == ML_OK && end != NULL) {
        if (after_empty && is_block_line(front(r)) && (status = take_block_name(r, end, why)) == ML_OK) {
            buffer_printf(&names, ", %s", r->block);
            count++;
        }
        after_empty = scan_is_empty(&r->plan, front(r));
        consume(r, end + 1);
    }
    if (status == ML_OK)
        status = ml_fail(why, "%s: %zu blocks (%s) in the input where one table is taken", r->in.name, count,
                         buffer_text(&names));
    buffer_free(&names);
    return status;
}

ml_status reader_finish(reader *r, ml_message *why)
{
    ml_status status = skip_rows(r, why);
    if (status != ML_OK)
        return status;
    if (waiting(r) > 0)
        return fail_blocks(r, why);
    if (r->dropped > 0) {
        char text[160];
        snprintf(text, sizeof text, "%s: %zu row%s dropped: missing cells", r->in.name, r->dropped,
                 r->dropped == 1 ? "" : "s");
        if (r->o.note != NULL)
            r->o.note(r->o.note_context, text);
    }
    if (r->taken > 0 || r->o.shard)
        return ML_OK;
    if (r->dropped > 0)
        return ml_fail(why, "%s: every row has a missing cell and was dropped", r->in.name);
    return ml_fail(why, "%s: names but no rows%s", r->in.name,
                   r->o.header == READER_GUESS && r->o.names == NULL ? "; if the only line is data, say -N"
                                                                     : "");
}

ml_status table_read(table *t, const char *path, const reader_options *options, ml_message *why)
{
    reader *r;
    *t = (table){.target_at = SIZE_MAX, .weights_at = SIZE_MAX};
    ml_status status = reader_open(&r, path, options, why);
    if (status != ML_OK)
        return status;
    status = reader_rest(r, t, why);
    if (status == ML_OK && (status = reader_finish(r, why)) != ML_OK)
        table_free(t);
    reader_free(r);
    return status;
}
