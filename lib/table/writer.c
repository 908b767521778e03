#include "table/writer.h"

#include <errno.h>
#include <math.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/memory.h"
#include "base/number.h"
#include "base/parallel.h"

/* Rows are formatted in pieces of about PIECE_CELLS cells, whose text (some 80 kB) stays in a core's cache
 * until it is written.  A wave is WAVE pieces that are formatted side by side while the wave before it is
 * written; fewer than PARALLEL_CELLS cells are not worth a thread. */
enum { PIECE_CELLS = 4096, WAVE = 32, PARALLEL_CELLS = 16384, FLUSH_BYTES = 1 << 17, TABLE_DIGITS = 6 };

typedef struct wave {
    buffer pieces[WAVE];
    size_t count;
} wave;

struct writer {
    int fd;
    writer_options options;
    int error; /* errno of the first write that failed */
    bool no_memory;
    bool named;       /* the block prints names */
    size_t begun;     /* blocks so far */
    size_t rows;      /* of the block so far */
    buffer out;       /* text not written yet; empty while a wave waits */
    wave waves[2];    /* one being formatted, one formatted and waiting to be written */
    int ready;        /* which of them waits */
    buffer keys;      /* JSON: "name": of each column, */
    size_t *key_ends; /* and where each ends */
    size_t key_capacity;
    column *matrix; /* the columns of writer_matrix */
    size_t matrix_capacity;
    /* WRITER_TABLE: all cells of the block, the names first */
    buffer cells;
    size_t *ends, ends_capacity, cell_count;
    size_t *widths, widths_capacity, width_count;
};

writer *writer_open(int fd, const writer_options *options)
{
    writer *w = memory_zeros(1, sizeof *w);
    if (w == NULL)
        return NULL;
    w->fd = fd;
    w->options = *options;
    if (options->format == WRITER_TSV)
        w->options.delimiter = '\t';
    else if (options->delimiter == '\0')
        w->options.delimiter = ',';
    if (options->format == WRITER_TABLE && options->precision == 0)
        w->options.precision = TABLE_DIGITS;
    return w;
}

static bool failed(const writer *w)
{
    return w->error != 0 || w->no_memory;
}

/* --- writing bytes --- */

static void write_all(writer *w, const char *data, size_t size)
{
    while (size > 0 && w->error == 0) {
        ssize_t n = write(w->fd, data, size);
        if (n >= 0) {
            data += n;
            size -= (size_t)n;
        } else if (errno == EAGAIN) {
            /* Somebody made the shared descriptor non-blocking. */
            poll(&(struct pollfd){.fd = w->fd, .events = POLLOUT}, 1, -1);
        } else if (errno != EINTR) {
            w->error = errno;
        }
    }
}

static void write_buffer(writer *w, buffer *b)
{
    w->no_memory |= b->failed;
    if (!w->no_memory)
        write_all(w, b->data, b->size);
    b->size = 0;
}

/* Write the wave that waits; its pieces are kept for the next. */
static void write_wave(writer *w)
{
    wave *ready = &w->waves[w->ready];
    for (size_t i = 0; i < ready->count; i++)
        write_buffer(w, &ready->pieces[i]);
    ready->count = 0;
}

/* To be called where a line ends. */
static void flush_if_large(writer *w)
{
    if (w->out.size >= FLUSH_BYTES)
        write_buffer(w, &w->out);
}

/* --- cells --- */

/* buffer_reserve, without a call when there is room: it is asked once a number. */
static inline char *room(buffer *b, size_t more)
{
    if (b->capacity - b->size >= more)
        return b->data + b->size;
    return buffer_reserve(b, more);
}

static inline void put_char(buffer *b, char c)
{
    char *p = room(b, 1);
    if (p != NULL) {
        *p = c;
        b->size++;
    }
}

static inline void put_number(buffer *b, double x, int precision)
{
    char *p = room(b, NUMBER_PRINT_MAX);
    if (p != NULL)
        b->size += precision == 0 ? number_print(p, x) : number_print_digits(p, x, precision);
}

static inline void put_real(buffer *b, double x, int precision)
{
    if (isnan(x) && table_is_missing(x))
        buffer_append(b, "NA", 2);
    else
        put_number(b, x, precision);
}

/* Would the reader take the cell for something else?  FIRST, ALONE: of its line. */
static bool needs_quotes(const char *text, size_t length, char delimiter, bool first, bool alone)
{
    if (length == 0)
        return alone || delimiter == ' ';
    if (first && text[0] == '#')
        return true;
    for (size_t i = 0; i < length; i++) {
        char c = text[i];
        if (c == '"' || c == '\n' || c == '\r' || c == delimiter || (c == '\t' && delimiter == ' '))
            return true;
    }
    return false;
}

static void put_csv(buffer *b, const char *text, size_t length, char delimiter, bool first, bool alone)
{
    if (!needs_quotes(text, length, delimiter, first, alone)) {
        buffer_append(b, text, length);
        return;
    }
    put_char(b, '"');
    for (size_t i = 0; i < length; i++) {
        if (text[i] == '"')
            put_char(b, '"');
        put_char(b, text[i]);
    }
    put_char(b, '"');
}

/* The length of the well-formed UTF-8 sequence at TEXT (Unicode 15, table 3-7), 0 when there is none. */
static size_t utf8_sequence(const char *text, size_t length)
{
    const unsigned char *s = (const unsigned char *)text;
    if (s[0] < 0x80)
        return 1;
    size_t n = 0;
    if (s[0] >= 0xc2 && s[0] < 0xf5)
        n = s[0] < 0xe0 ? 2 : s[0] < 0xf0 ? 3 : 4;
    if (n == 0 || n > length)
        return 0;
    for (size_t i = 1; i < n; i++)
        if ((s[i] & 0xc0) != 0x80)
            return 0;
    bool overlong = (s[0] == 0xe0 && s[1] < 0xa0) || (s[0] == 0xf0 && s[1] < 0x90);
    bool surrogate = s[0] == 0xed && s[1] >= 0xa0;
    bool beyond = s[0] == 0xf4 && s[1] >= 0x90;
    return overlong || surrogate || beyond ? 0 : n;
}

static void put_json_escape(buffer *b, char c)
{
    const char *place = strchr("\"\"\\\\\bb\ff\nn\rr\tt", c);
    if (c != '\0' && place != NULL)
        buffer_append(b, (char[]){'\\', place[1]}, 2);
    else
        buffer_printf(b, "\\u%04x", (unsigned)c);
}

static void put_json(buffer *b, const char *text, size_t length)
{
    put_char(b, '"');
    for (size_t i = 0; i < length;) {
        size_t n = utf8_sequence(text + i, length - i);
        if (n == 0)
            buffer_append(b, "\xef\xbf\xbd", 3);
        else if (n == 1 && ((unsigned char)text[i] < 0x20 || text[i] == '"' || text[i] == '\\'))
            put_json_escape(b, text[i]);
        else
            buffer_append(b, text + i, n);
        i += n ? n : 1;
    }
    put_char(b, '"');
}

static const char *column_cell(const column *c, size_t row, size_t *length)
{
    if (c->kind == COLUMN_TEXT)
        return text_cell(c->text, row, length);
    *length = strlen(c->strings[row]);
    return c->strings[row];
}

/* --- rows --- */

static void put_csv_rows(const writer *w, buffer *b, const column *columns, size_t count, size_t from,
                         size_t to)
{
    char delimiter = w->options.delimiter;
    int precision = w->options.precision;
    for (size_t row = from; row < to; row++) {
        for (size_t j = 0; j < count; j++) {
            if (j > 0)
                put_char(b, delimiter);
            if (columns[j].kind == COLUMN_REAL) {
                put_real(b, columns[j].real[row * columns[j].stride], precision);
            } else {
                size_t length;
                const char *text = column_cell(&columns[j], row, &length);
                put_csv(b, text, length, delimiter, j == 0, count == 1);
            }
        }
        put_char(b, '\n');
    }
}

static void put_json_cell(const writer *w, buffer *b, const column *c, size_t row)
{
    if (c->kind == COLUMN_REAL) {
        double x = c->real[row * c->stride];
        if (isfinite(x))
            put_number(b, x, w->options.precision);
        else
            buffer_append(b, "null", 4);
    } else {
        size_t length;
        const char *text = column_cell(c, row, &length);
        put_json(b, text, length);
    }
}

static void put_json_rows(const writer *w, buffer *b, const column *columns, size_t count, size_t from,
                          size_t to)
{
    for (size_t row = from; row < to; row++) {
        if (w->rows + row > 0)
            put_char(b, ',');
        put_char(b, w->named ? '{' : '[');
        for (size_t j = 0; j < count; j++) {
            if (j > 0)
                put_char(b, ',');
            if (w->named) {
                size_t start = j ? w->key_ends[j - 1] : 0;
                buffer_append(b, w->keys.data + start, w->key_ends[j] - start);
            }
            put_json_cell(w, b, &columns[j], row);
        }
        put_char(b, w->named ? '}' : ']');
    }
}

static void put_rows(const writer *w, buffer *b, const column *columns, size_t count, size_t from, size_t to)
{
    if (w->options.format == WRITER_JSON)
        put_json_rows(w, b, columns, count, from, to);
    else
        put_csv_rows(w, b, columns, count, from, to);
}

typedef struct formatting {
    writer *w;
    const column *columns;
    size_t count, rows, from, piece_rows;
    wave *into;
} formatting;

/* Index 0 writes the wave before, the others format the pieces of this one. */
static void wave_body(size_t index, int worker, void *context)
{
    (void)worker;
    formatting *f = context;
    if (index == 0) {
        write_wave(f->w);
        return;
    }
    size_t from = f->from + (index - 1) * f->piece_rows;
    size_t to = f->rows - from < f->piece_rows ? f->rows : from + f->piece_rows;
    put_rows(f->w, &f->into->pieces[index - 1], f->columns, f->count, from, to);
}

static void parallel_rows(writer *w, const column *columns, size_t count, size_t rows)
{
    formatting f = {.w = w, .columns = columns, .count = count, .rows = rows};
    f.piece_rows = count < PIECE_CELLS ? PIECE_CELLS / count : 1;
    if (w->out.size > 0)
        write_buffer(w, &w->out);
    while (f.from < rows && !failed(w)) {
        size_t left = (rows - f.from - 1) / f.piece_rows + 1;
        size_t pieces = left < WAVE ? left : WAVE;
        f.into = &w->waves[1 - w->ready];
        parallel_for(pieces + 1, w->options.jobs, wave_body, &f);
        f.into->count = pieces;
        w->ready = 1 - w->ready;
        f.from += pieces * f.piece_rows;
    }
}

static void serial_rows(writer *w, const column *columns, size_t count, size_t rows)
{
    size_t step = count < PIECE_CELLS ? PIECE_CELLS / count : 1;
    write_wave(w);
    for (size_t from = 0; from < rows && !failed(w); from += step) {
        put_rows(w, &w->out, columns, count, from, rows - from < step ? rows : from + step);
        flush_if_large(w);
    }
}

/* --- names --- */

/* The name that a column is printed under. */
typedef struct head {
    const char *name;
    char *made, *next; /* NULL, or the name itself and what it will be */
    size_t column;
} head;

static int by_name(const void *a, const void *b)
{
    return strcmp(((const head *)a)->name, ((const head *)b)->name);
}

static int by_name_and_column(const void *a, const void *b)
{
    size_t x = ((const head *)a)->column, y = ((const head *)b)->column;
    int order = by_name(a, b);
    return order != 0 ? order : (x > y) - (x < y);
}

static int by_column(const void *a, const void *b)
{
    size_t x = ((const head *)a)->column, y = ((const head *)b)->column;
    return (x > y) - (x < y);
}

/* NAME_ for the first, NAME_2, NAME_3, ... for others; NULL when memory is out. */
static char *told_apart(const char *name, size_t count)
{
    size_t size = strlen(name) + 24;
    char *made = memory_array(size, 1);
    if (made != NULL)
        snprintf(made, size, count > 1 ? "%s_%zu" : "%s_", name, count);
    return made;
}

/* Of equal names among HEADS all but the last are changed; they may then equal others that were, so that
 * *AGAIN is set.  False when memory is out. */
static bool part_names(head *heads, size_t count, bool *again)
{
    size_t more = 0;
    *again = false;
    qsort(heads, count, sizeof *heads, by_name_and_column);
    for (size_t i = 0; i + 1 < count; i++) {
        if (by_name(heads + i, heads + i + 1) != 0) {
            more = 0;
            continue;
        }
        do {
            free(heads[i].next);
            heads[i].next = told_apart(heads[i].name, ++more);
            if (heads[i].next == NULL)
                return false;
        } while (bsearch(&(head){.name = heads[i].next}, heads, count, sizeof *heads, by_name) != NULL);
        *again = true;
    }
    for (size_t i = 0; i < count; i++)
        if (heads[i].next != NULL) {
            free(heads[i].made);
            heads[i].name = heads[i].made = heads[i].next;
            heads[i].next = NULL;
        }
    return true;
}

static void free_heads(head *heads, size_t count)
{
    for (size_t i = 0; heads != NULL && i < count; i++) {
        free(heads[i].made);
        free(heads[i].next);
    }
    free(heads);
}

/* The names of the block in the order of its columns, no two alike; NULL when memory is out. */
static head *name_columns(const column *columns, size_t count)
{
    head *heads = memory_zeros(count, sizeof *heads);
    bool again = true, whole = heads != NULL;
    for (size_t j = 0; whole && j < count; j++)
        heads[j] = (head){.name = columns[j].name, .column = j};
    while (whole && again)
        whole = part_names(heads, count, &again);
    if (!whole) {
        free_heads(heads, count);
        return NULL;
    }
    qsort(heads, count, sizeof *heads, by_column);
    return heads;
}

/* --- tables: cells are held until the widths are known --- */

static size_t code_points(const char *text, size_t length)
{
    size_t n = 0;
    for (size_t i = 0; i < length; i++)
        n += ((unsigned char)text[i] & 0xc0) != 0x80;
    return n;
}

/* The cell that was appended to w->cells from START on is complete. */
static void hold_cell(writer *w, size_t start, size_t j)
{
    if (w->cells.failed || !memory_grow(&w->ends, &w->ends_capacity, w->cell_count + 1, sizeof *w->ends)) {
        w->no_memory = true;
        return;
    }
    char *text = w->cells.data + start;
    size_t length = w->cells.size - start;
    for (size_t i = 0; i < length; i++)
        if ((unsigned char)text[i] < ' ' || text[i] == '\x7f')
            text[i] = ' ';
    size_t width = code_points(text, length);
    if (width > w->widths[j])
        w->widths[j] = width;
    w->ends[w->cell_count++] = w->cells.size;
}

static void hold_rows(writer *w, const column *columns, size_t count, size_t rows)
{
    for (size_t row = 0; row < rows; row++) {
        for (size_t j = 0; j < count && !w->no_memory; j++) {
            size_t start = w->cells.size;
            if (columns[j].kind == COLUMN_REAL) {
                put_real(&w->cells, columns[j].real[row * columns[j].stride], w->options.precision);
            } else {
                size_t length;
                const char *text = column_cell(&columns[j], row, &length);
                buffer_append(&w->cells, text, length);
            }
            hold_cell(w, start, j);
        }
    }
}

static void begin_table(writer *w, const head *heads, size_t count)
{
    w->cells.size = 0;
    w->cell_count = 0;
    w->width_count = count;
    if (!memory_grow(&w->widths, &w->widths_capacity, count, sizeof *w->widths)) {
        w->no_memory = true;
        return;
    }
    memset(w->widths, 0, count * sizeof *w->widths);
    for (size_t j = 0; w->named && j < count && !w->no_memory; j++) {
        size_t start = w->cells.size;
        buffer_string(&w->cells, heads[j].name);
        hold_cell(w, start, j);
    }
}

/* One line; blanks are put before a cell, so that none are left behind the last. */
static void put_table_line(writer *w, size_t line)
{
    size_t blanks = 0;
    for (size_t j = 0; j < w->width_count; j++) {
        size_t cell = line * w->width_count + j;
        size_t start = cell ? w->ends[cell - 1] : 0, length = w->ends[cell] - start;
        const char *text = w->cells.data + start;
        size_t points = code_points(text, length);
        while (length > 0 && text[length - 1] == ' ')
            length--;
        if (length > 0) {
            for (; blanks > 0; blanks--)
                put_char(&w->out, ' ');
            buffer_append(&w->out, text, length);
            blanks = points - code_points(text, length);
        } else {
            blanks += points;
        }
        blanks += w->widths[j] - points + 2;
    }
    put_char(&w->out, '\n');
    flush_if_large(w);
}

static void end_table(writer *w)
{
    for (size_t cell = 0; cell < w->cell_count && !failed(w); cell += w->width_count)
        put_table_line(w, cell / w->width_count);
}

/* --- blocks --- */

static void begin_json(writer *w, const char *name, const head *heads, size_t count)
{
    buffer_string(&w->out, "{\"name\":");
    put_json(&w->out, name, strlen(name));
    buffer_string(&w->out, ",\"rows\":[");
    w->keys.size = 0;
    if (!w->named)
        return;
    if (!memory_grow(&w->key_ends, &w->key_capacity, count, sizeof *w->key_ends)) {
        w->no_memory = true;
        return;
    }
    for (size_t j = 0; j < count; j++) {
        put_json(&w->keys, heads[j].name, strlen(heads[j].name));
        put_char(&w->keys, ':');
        w->key_ends[j] = w->keys.size;
    }
    w->no_memory |= w->keys.failed;
}

static void begin_csv(writer *w, const head *heads, size_t count)
{
    for (size_t j = 0; w->named && j < count; j++) {
        if (j > 0)
            put_char(&w->out, w->options.delimiter);
        put_csv(&w->out, heads[j].name, strlen(heads[j].name), w->options.delimiter, j == 0, count == 1);
    }
    if (w->named)
        put_char(&w->out, '\n');
}

static void begin_block(writer *w, const char *name, const head *heads, size_t count)
{
    bool first = w->begun++ == 0;
    if (w->options.format == WRITER_JSON) {
        begin_json(w, name, heads, count);
        return;
    }
    if (!first)
        buffer_string(&w->out, "\n\n");
    if (w->options.blocks) {
        buffer_string(&w->out, "#: ");
        buffer_string(&w->out, name);
        put_char(&w->out, '\n');
    }
    if (w->options.format == WRITER_TABLE)
        begin_table(w, heads, count);
    else
        begin_csv(w, heads, count);
}

void writer_begin(writer *w, const char *name, const column *columns, size_t count)
{
    if (failed(w))
        return;
    write_wave(w);
    w->named = w->options.names && count > 0 && columns[0].name != NULL;
    w->rows = 0;
    head *heads = w->named ? name_columns(columns, count) : NULL;
    if (w->named && heads == NULL)
        w->no_memory = true;
    else
        begin_block(w, name, heads, count);
    free_heads(heads, count);
}

void writer_rows(writer *w, const column *columns, size_t count, size_t rows)
{
    if (failed(w) || count == 0)
        return;
    if (w->options.format == WRITER_TABLE)
        hold_rows(w, columns, count, rows);
    else if (w->options.jobs > 1 && rows >= PARALLEL_CELLS / count + 1)
        parallel_rows(w, columns, count, rows);
    else
        serial_rows(w, columns, count, rows);
    w->rows += rows;
}

void writer_end(writer *w)
{
    if (failed(w))
        return;
    write_wave(w);
    if (w->options.format == WRITER_TABLE)
        end_table(w);
    else if (w->options.format == WRITER_JSON)
        buffer_string(&w->out, "]}\n");
    flush_if_large(w);
}

void writer_block(writer *w, const char *name, const column *columns, size_t count, size_t rows)
{
    writer_begin(w, name, columns, count);
    writer_rows(w, columns, count, rows);
    writer_end(w);
}

void writer_matrix(writer *w, const char *name, const gsl_matrix *m)
{
    if (failed(w))
        return;
    if (!memory_grow(&w->matrix, &w->matrix_capacity, m->size2, sizeof *w->matrix)) {
        w->no_memory = true;
        return;
    }
    for (size_t j = 0; j < m->size2; j++)
        w->matrix[j] = (column){.kind = COLUMN_REAL, .real = m->data + j, .stride = m->tda};
    writer_block(w, name, w->matrix, m->size2, m->size1);
}

static void writer_free(writer *w)
{
    for (size_t i = 0; i < WAVE; i++) {
        buffer_free(&w->waves[0].pieces[i]);
        buffer_free(&w->waves[1].pieces[i]);
    }
    buffer_free(&w->out);
    buffer_free(&w->keys);
    buffer_free(&w->cells);
    free(w->key_ends);
    free(w->matrix);
    free(w->ends);
    free(w->widths);
    free(w);
}

ml_status writer_close(writer *w, bool *broken_pipe, ml_message *why)
{
    if (!failed(w))
        write_wave(w);
    if (!failed(w))
        write_buffer(w, &w->out);
    const char *target = w->options.target ? w->options.target : "standard output";
    ml_status status = ML_OK;
    if (w->error != 0)
        status = ml_fail(why, "cannot write to %s: %s", target, strerror(w->error));
    else if (w->no_memory)
        status = ml_fail(why, "not enough memory to write to %s", target);
    if (broken_pipe != NULL)
        *broken_pipe = w->error == EPIPE;
    writer_free(w);
    return status;
}

column column_reals(const char *name, const double *values, size_t stride)
{
    return (column){.name = name, .kind = COLUMN_REAL, .real = values, .stride = stride};
}

column column_strings(const char *name, const char *const *texts)
{
    return (column){.name = name, .kind = COLUMN_STRINGS, .strings = texts};
}

column column_text(const text_column *text)
{
    return (column){.name = text->name, .kind = COLUMN_TEXT, .text = text};
}
