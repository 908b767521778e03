#include "table/scan.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/number.h"
#include "base/number_scan.h"

static bool is_blank(char c)
{
    return c == ' ' || c == '\t';
}

/* The newline that P stands at, seen through the carriage return of CRLF; NULL when it is at neither. */
static const char *line_end(const char *p)
{
    p += *p == '\r' && p[1] == '\n';
    return *p == '\n' ? p : NULL;
}

static const char *skip_blanks(const char *p)
{
    while (is_blank(*p))
        p++;
    return p;
}

const char *scan_line_start(const scan_plan *plan, const char *p)
{
    return plan->delimiter == ' ' ? skip_blanks(p) : p;
}

bool scan_is_empty(const scan_plan *plan, const char *p)
{
    return line_end(scan_line_start(plan, p)) != NULL;
}

void scan_shorten(char out[SCAN_SHORT], const char *text, size_t length)
{
    enum { ENOUGH = 40 };
    size_t size = 0, i = 0;
    for (; i < length && size < ENOUGH; i++) {
        unsigned char c = (unsigned char)text[i];
        if (c == '\n' || c == '\t' || c == '\r')
            size += (size_t)sprintf(out + size, "\\%c", c == '\n' ? 'n' : c == '\t' ? 't' : 'r');
        else if (c < 0x20 || c == 0x7f)
            size += (size_t)sprintf(out + size, "\\x%02x", c);
        else
            out[size++] = (char)c;
    }
    /* a character of several bytes stays whole */
    for (; i < length && size < ENOUGH + 3 && ((unsigned char)text[i] & 0xc0) == 0x80; i++)
        out[size++] = text[i];
    strcpy(out + size, i < length ? "..." : "");
}

/* --- errors: the first stops the scan --- */

static const char *stop_at(scan *s, scan_stop stop, const char *at)
{
    s->stop = stop;
    s->at = at;
    return NULL;
}

/* "column 5 (species)" */
static void column_title(char out[96], const scan_plan *plan, size_t column)
{
    char name[SCAN_SHORT];
    const char *whole = plan->names != NULL && column < plan->columns ? plan->names[column] : "";
    scan_shorten(name, whole, strlen(whole));
    if (*name != '\0')
        snprintf(out, 96, "column %zu (%s)", column + 1, name);
    else
        snprintf(out, 96, "column %zu", column + 1);
}

static const char *fail_cell(const scan_plan *plan, scan *s, const char *at, size_t column, const char *what)
{
    char title[96];
    column_title(title, plan, column);
    ml_fail(&s->error, "%s: %s", title, what);
    return stop_at(s, SCAN_ERROR, at);
}

/* How to name a column in -x and -i: by its name when that is unique and needs no quotes. */
static void column_word(char out[SCAN_SHORT], const scan_plan *plan, size_t column)
{
    snprintf(out, SCAN_SHORT, "%zu", column + 1);
    if (plan->names == NULL)
        return;
    const char *name = plan->names[column];
    if (*name == '\0' || strlen(name) > 40 || strpbrk(name, " \t\r\n,\"'\\$`:;&|<>()*?[]#~!{}") != NULL)
        return;
    for (size_t j = 0; j < plan->columns; j++)
        if (j != column && strcmp(plan->names[j], name) == 0)
            return;
    snprintf(out, SCAN_SHORT, "%s", name);
}

/* A single column with a separator in it was cut at the wrong one: the option that would cut it. */
static const char *delimiter_hint(const scan_plan *plan, const char *text, size_t length)
{
    if (plan->columns > 1)
        return NULL;
    if (plan->delimiter != ';' && memchr(text, ';', length) != NULL)
        return "-d ';'";
    if (plan->delimiter != '\t' && plan->delimiter != ' ' && memchr(text, '\t', length) != NULL)
        return "-d tab";
    if (plan->delimiter != ',' && memchr(text, ',', length) != NULL)
        return "-d ,";
    if (plan->delimiter != ' ' && memchr(text, ' ', length) != NULL)
        return "-d space";
    return NULL;
}

static const char *fail_number(const scan_plan *plan, scan *s, const char *at, size_t column,
                               const char *text, size_t length, number_status status)
{
    char shown[SCAN_SHORT], word[SCAN_SHORT], what[320];
    scan_shorten(shown, text, length);
    column_word(word, plan, column);
    const char *hint = delimiter_hint(plan, text, length);
    if (status == NUMBER_RANGE)
        snprintf(what, sizeof what, "'%s' is too large for a double", shown);
    else if (status == NUMBER_ZERO_DENOMINATOR)
        snprintf(what, sizeof what, "'%s' has a zero denominator", shown);
    else if (status == NUMBER_OK)
        snprintf(what, sizeof what, "'%s' is not finite; leave the row out, or the column with -x %s", shown,
                 word);
    else if (hint != NULL)
        snprintf(what, sizeof what, "'%s' is not a number; if another character separates the cells, say %s",
                 shown, hint);
    else
        snprintf(what, sizeof what, "'%s' is not a number; leave it out with -x %s or carry it with -i %s",
                 shown, word, word);
    return fail_cell(plan, s, at, column, what);
}

static const char *fail_missing(const scan_plan *plan, scan *s, const char *at, size_t column,
                                const char *text, size_t length, bool can_fill)
{
    char shown[SCAN_SHORT], what[160];
    scan_shorten(shown, text, length);
    snprintf(what, sizeof what, "missing value '%s'; drop such rows with --na drop%s", shown,
             can_fill        ? " or fill them with --na mean"
             : plan->counted ? " or take it for a symbol with --na keep"
                             : "");
    return fail_cell(plan, s, at, column, what);
}

/* How many cells the line at P has in all; 0 when it cannot be cut. */
static size_t count_cells(const scan_plan *plan, scan *s, const char *p)
{
    const char *text;
    size_t length, count = 0;
    p = scan_line_start(plan, p);
    while (true) {
        p = scan_cell(plan, s, p, count, &text, &length);
        if (p == NULL)
            return 0;
        count++;
        if (*p == '\n')
            return count;
        p += plan->delimiter != ' ';
    }
}

static const char *fail_ragged(const scan_plan *plan, scan *s, const char *line)
{
    size_t count = count_cells(plan, s, line);
    if (count == 0)
        return NULL;
    const char *end = memchr(line, '\n', (size_t)(s->end - line));
    const char *hint = delimiter_hint(plan, line, (size_t)(end - line));
    ml_fail(&s->error, "%zu cell%s where %zu %s expected; %s%s", count, count == 1 ? "" : "s", plan->columns,
            plan->columns == 1 ? "is" : "are",
            hint ? "if another character separates the cells, say "
                 : "every row must have as many as the first",
            hint ? hint : "");
    return stop_at(s, SCAN_ERROR, line);
}

/* --- cells --- */

/* The high bit of some byte that equals C; exact up to and including the first. */
static uint64_t equal_bytes(uint64_t word, char c)
{
    uint64_t t = word ^ UINT64_C(0x0101010101010101) * (unsigned char)c;
    return (t - UINT64_C(0x0101010101010101)) & ~t & UINT64_C(0x8080808080808080);
}

/* The first byte at or after P that can end or spoil an unquoted cell: delimiter, newline, quote, NUL. */
static const char *cell_stop(const char *p, char delimiter, char other)
{
    while (true) {
        uint64_t word = number_load(p);
        uint64_t stops = equal_bytes(word, delimiter) | equal_bytes(word, '\n') | equal_bytes(word, '"') |
                         equal_bytes(word, '\0') | equal_bytes(word, other);
        if (stops != 0)
            return p + (__builtin_ctzll(stops) >> 3);
        p += 8;
    }
}

/* To the next cell behind a cell that ends at P: with ' ', over the run of blanks. */
static const char *cell_end(const scan_plan *plan, const char *p)
{
    if (plan->delimiter == ' ')
        p = skip_blanks(p);
    const char *end = line_end(p);
    return end != NULL ? end : p;
}

/* Text with doubled quotes between P and END, each once. */
static bool undouble(buffer *decoded, const char *p, const char *end)
{
    decoded->size = 0;
    while (p < end) {
        const char *quote = memchr(p, '"', (size_t)(end - p));
        const char *to = quote != NULL ? quote + 1 : end;
        buffer_append(decoded, p, (size_t)(to - p));
        p = to + (quote != NULL);
    }
    return !decoded->failed;
}

static const char *quoted_cell(const scan_plan *plan, scan *s, const char *start, size_t column,
                               const char **text, size_t *length)
{
    const char *p = start + 1, *quote;
    bool doubled = false;
    while ((quote = memchr(p, '"', (size_t)(s->end - p))) != NULL && quote + 1 < s->end && quote[1] == '"') {
        doubled = true;
        p = quote + 2;
    }
    if (quote == NULL) {
        fail_cell(plan, s, start, column, "the quote that opens here is never closed");
        return stop_at(s, SCAN_OPEN, start);
    }
    *text = start + 1;
    *length = (size_t)(quote - *text);
    const char *nul = memchr(*text, '\0', *length);
    if (nul != NULL)
        return fail_cell(plan, s, nul, column, "a NUL byte; the input is not text");
    if (doubled) {
        if (!undouble(&s->decoded, *text, quote))
            return fail_cell(plan, s, start, column, "not enough memory for the cell");
        *text = s->decoded.data;
        *length = s->decoded.size;
    }
    const char *end = cell_end(plan, quote + 1);
    if (*end == '\r' && end + 1 == s->end)
        return stop_at(s, SCAN_OPEN, start);
    bool closed = *end == '\n' || (plan->delimiter == ' ' ? end > quote + 1 : *end == plan->delimiter);
    if (!closed && quote + 1 < s->end)
        return fail_cell(plan, s, quote + 1, column,
                         "text after the closing quote; double a quote inside a cell");
    return closed ? end : stop_at(s, SCAN_OPEN, start);
}

const char *scan_cell(const scan_plan *plan, scan *s, const char *p, size_t column, const char **text,
                      size_t *length)
{
    if (*p == '"' && p < s->end)
        return quoted_cell(plan, s, p, column, text, length);
    const char *end = cell_stop(p, plan->delimiter, plan->delimiter == ' ' ? '\t' : '\n');
    if (end >= s->end)
        return stop_at(s, SCAN_OPEN, p);
    if (*end == '"')
        return fail_cell(plan, s, end, column,
                         "a quote inside an unquoted cell; put the cell in quotes and double the quote");
    if (*end == '\0' && plan->delimiter != '\0')
        return fail_cell(plan, s, end, column, "a NUL byte; the input is not text");
    *text = p;
    *length = (size_t)(end - p);
    if (*end == '\n' && *length > 0 && end[-1] == '\r')
        --*length;
    return cell_end(plan, end);
}

static void trim(const char **text, size_t *length)
{
    while (*length > 0 && is_blank(**text)) {
        ++*text;
        --*length;
    }
    while (*length > 0 && is_blank((*text)[*length - 1]))
        --*length;
}

static bool is_missing(const scan_plan *plan, const char *text, size_t length)
{
    trim(&text, &length);
    for (size_t i = 0; i < plan->na_count; i++)
        if (strlen(plan->na_values[i]) == length && memcmp(plan->na_values[i], text, length) == 0)
            return true;
    return false;
}

/* --- rows --- */

/* The row being read. */
typedef struct row {
    double *x, *half;
    bool dropped;
} row;

/* Remember the first fraction of a column. */
static void note_form(const scan_plan *plan, scan *s, const char *at, size_t column, const char *text,
                      size_t length, enum number_form form)
{
    if (plan->noted[column])
        return;
    for (size_t i = 0; i < s->note_count; i++)
        if (s->notes[i].column == column)
            return;
    if (!memory_grow(&s->notes, &s->note_capacity, s->note_count + 1, sizeof *s->notes))
        return;
    scan_note *note = &s->notes[s->note_count++];
    char shown[SCAN_SHORT], title[96];
    trim(&text, &length);
    scan_shorten(shown, text, length);
    column_title(title, plan, column);
    snprintf(note->text, sizeof note->text, "%s: '%s' read as a %s", title, shown,
             form == NUMBER_FRACTION ? "fraction" : "percentage");
    note->column = column;
    note->at = at;
}

/* A cell that is no plain decimal. */
static const char *number_cell(const scan_plan *plan, scan *s, const char *p, size_t column, row *r)
{
    const char *text;
    size_t length, to = plan->column[column].to;
    number n;
    const char *end = scan_cell(plan, s, p, column, &text, &length);
    if (end == NULL)
        return NULL;
    if (is_missing(plan, text, length)) {
        if (!plan->drop && !plan->keep)
            return fail_missing(plan, s, p, column, text, length, !plan->no_mean);
        r->dropped |= plan->drop;
        n = (number){.value = table_missing()};
    } else {
        number_status status = number_read(text, length, &n);
        if (status != NUMBER_OK || (n.form == NUMBER_NONFINITE && !plan->allow_nonfinite))
            return fail_number(plan, s, p, column, text, length, status);
        if (n.form == NUMBER_FRACTION || n.form == NUMBER_PERCENT)
            note_form(plan, s, p, column, text, length, n.form);
    }
    if (plan->keep_text && plan->column[column].text != SIZE_MAX &&
        !text_append(&s->texts[plan->column[column].text], s->rows, text, length))
        return fail_cell(plan, s, p, column, "not enough memory for the text");
    r->x[to] = n.value;
    if (plan->half)
        r->half[to] = n.half_unit;
    return end;
}

static const char *text_cell_of(const scan_plan *plan, scan *s, const char *p, size_t column, row *r)
{
    const char *text;
    size_t length;
    const scan_column *c = &plan->column[column];
    const char *end = scan_cell(plan, s, p, column, &text, &length);
    if (end == NULL)
        return NULL;
    if (c->action == SCAN_TEXT && !plan->keep && is_missing(plan, text, length)) {
        if (!plan->drop)
            return fail_missing(plan, s, p, column, text, length, false);
        r->dropped = true;
    }
    if (c->action == SCAN_TEXT && plan->counted)
        s->tally->row[c->to] = symbols_code(&s->tally->columns[c->to], text, length);
    else if (c->action != SCAN_SKIP && !text_append(&s->texts[c->to], s->rows, text, length))
        return fail_cell(plan, s, p, column, "not enough memory for the text");
    if (c->action == SCAN_TEXT && plan->counted && s->tally->row[c->to] == SYMBOLS_FAILED)
        return fail_cell(plan, s, p, column, "not enough memory for the symbols");
    return end;
}

/* One cell of any kind, plain decimals first. */
static inline const char *any_cell(const scan_plan *plan, scan *s, const char *p, size_t column, row *r)
{
    if (plan->column[column].action != SCAN_NUMBER)
        return text_cell_of(plan, s, p, column, r);
    if (!plan->careful) {
        const char *end = number_scan(p, s->end, &r->x[plan->column[column].to]);
        if (end != NULL) {
            end = cell_end(plan, end);
            if (*end == '\n' || (plan->delimiter == ' ' ? is_blank(end[-1]) : *end == plan->delimiter))
                return end;
        }
    }
    return number_cell(plan, s, p, column, r);
}

/* Forget the texts of the row that was begun. */
static void undo_texts(const scan_plan *plan, scan *s)
{
    for (size_t i = 0; i < plan->texts; i++)
        s->texts[i].cells.size = s->rows == 0 ? 0 : s->texts[i].ends[s->rows - 1];
}

static const char *fail_counts(scan *s, const char *line)
{
    ml_fail(&s->error, "not enough memory for the counts");
    return stop_at(s, SCAN_ERROR, line);
}

/* One row of any kind; returns the start of the next line. */
static const char *any_row(const scan_plan *plan, scan *s, const char *line)
{
    row r = {.x = plan->numbers > 0 ? s->x + s->rows * plan->numbers : NULL, .dropped = false};
    if (plan->half && plan->numbers > 0)
        r.half = s->half + s->rows * plan->numbers;
    const char *p = scan_line_start(plan, line);
    if (line_end(p) != NULL)
        return stop_at(s, SCAN_EMPTY, line);
    for (size_t c = 0; c < plan->columns; c++) {
        p = any_cell(plan, s, p, c, &r);
        if (p == NULL)
            return NULL;
        if ((*p == '\n') != (c + 1 == plan->columns))
            return fail_ragged(plan, s, line);
        p += plan->delimiter != ' ' || *p == '\n';
    }
    if (r.dropped) {
        undo_texts(plan, s);
        s->dropped++;
        return p;
    }
    if (plan->counted && !tally_row(s->tally))
        return fail_counts(s, line);
    s->rows++;
    return p;
}

/* --- rows of symbols --- */

static const uint64_t LOW_BITS = UINT64_C(0x7f7f7f7f7f7f7f7f), HIGH_BITS = UINT64_C(0x8080808080808080);

/* The high bits of all bytes below C (at most 0x80), and of all that equal C: exact for each byte. */
static uint64_t all_below(uint64_t word, unsigned char c)
{
    return ~(((word & LOW_BITS) + UINT64_C(0x0101010101010101) * (0x80u - c)) | word) & HIGH_BITS;
}

static uint64_t all_equal(uint64_t word, char c)
{
    uint64_t t = word ^ UINT64_C(0x0101010101010101) * (unsigned char)c;
    return ~(((t & LOW_BITS) + LOW_BITS) | t) & HIGH_BITS;
}

/* What can end or spoil an unquoted cell, as in cell_stop. */
static uint64_t all_stops(uint64_t word, char delimiter)
{
    return all_equal(word, delimiter) | all_equal(word, '\n') | all_equal(word, '"') | all_equal(word, '\0');
}

/* Eight bytes of a line, where in them cells may end, and how many bits are behind.  The ends of all cells in
 * them are found at once: to load the bytes of each cell for itself is to wait for where the one before it
 * ends. */
typedef struct window {
    const char *at;
    uint64_t word, stops;
    unsigned used;
} window;

/* Begin a window at P.  Where the delimiter is below '-' (comma, tab), so is all that can end a cell, and one
 * comparison does for four; what else it stops at, such as a blank, is seen in time. */
static inline void look(window *w, const char *p, char delimiter)
{
    w->at = p;
    w->word = number_load(p);
    w->stops = delimiter < '-' ? all_below(w->word, '-') : all_stops(w->word, delimiter);
    w->used = 0;
}

/* What the loop over rows looks at, copied so that the compiler knows that the loop does not change it. */
typedef struct lookup {
    const symbols *columns; /* of the tally */
    uint32_t *row;
    const scan_column *plan;
    char delimiter;
    bool keep;
} lookup;

/* The next cell, of COLUMN, which END shall end, as a symbol.  False: it is not a short one that is known,
 * has quotes or is missing. */
static inline bool known_cell(const lookup *k, window *w, size_t column, char end)
{
    if (w->stops == 0)
        look(w, w->at + (w->used >> 3), k->delimiter);
    if (w->stops == 0)
        return false;
    unsigned stop = (unsigned)__builtin_ctzll(w->stops) - 7;
    if (__builtin_expect((char)(w->word >> stop) != end, 0)) {
        look(w, w->at + (w->used >> 3), k->delimiter);
        w->stops = all_stops(w->word, k->delimiter);
        if (w->stops == 0)
            return false;
        stop = (unsigned)__builtin_ctzll(w->stops) - 7;
        if ((char)(w->word >> stop) != end)
            return false;
    }
    size_t length = (stop - w->used) >> 3;
    uint64_t bytes = w->word >> w->used;
    if (end == '\n' && length > 0)
        length -= (char)(w->word >> (stop - 8)) == '\r';
    w->used = stop + 8;
    w->stops &= w->stops - 1;
    const scan_column *c = &k->plan[column];
    if (c->action != SCAN_TEXT)
        return true;
    uint32_t code = symbols_known(&k->columns[c->to], symbols_key(bytes, length));
    k->row[c->to] = code;
    return code != SYMBOLS_FAILED && (code != SYMBOL_MISSING || k->keep);
}

/* Rows of cells that are short and not new; stops at the first line that is not such a row and returns it. */
static __attribute__((noinline)) const char *known_rows(const scan_plan *plan, scan *s, const char *line)
{
    const lookup k = {s->tally->columns, s->tally->row, plan->column, plan->delimiter, plan->keep};
    const char *end = s->end;
    size_t last = plan->columns - 1, rows = 0;
    bool counted = true;
    while (line < end && *line != '\n' && *line != '\r') {
        window w;
        size_t c = 0;
        look(&w, line, k.delimiter);
        while (c < last && known_cell(&k, &w, c, k.delimiter))
            c++;
        if (c < last || !known_cell(&k, &w, last, '\n') || w.at + (w.used >> 3) > end)
            break;
        if (!(counted = tally_row(s->tally)))
            break;
        line = w.at + (w.used >> 3);
        rows++;
    }
    s->rows += rows;
    return counted ? line : fail_counts(s, line);
}

/* Rows of plain decimals only; stops at the first line that is not such a row and returns it. */
static __attribute__((noinline)) const char *plain_rows(const scan_plan *plan, scan *s, const char *line)
{
    const char *end = s->end, delimiter = plan->delimiter;
    size_t columns = plan->columns;
    double *x = s->x + s->rows * columns;
    while (line < end) {
        const char *p = line;
        for (size_t c = 0; c + 1 < columns; c++) {
            p = number_scan(p, end, x + c);
            if (p == NULL || *p != delimiter)
                return line;
            p++;
        }
        p = number_scan(p, end, x + columns - 1);
        if (p == NULL)
            return line;
        p += *p == '\r';
        if (*p != '\n')
            return line;
        line = p + 1;
        x += columns;
        s->rows++;
    }
    return line;
}

void scan_lines(const scan_plan *plan, scan *s)
{
    const char *line = s->begin;
    bool plain = plan->straight && !plan->careful && plan->delimiter != ' ';
    bool known = plan->counted && plan->delimiter != ' ';
    s->rows = s->dropped = s->note_count = 0;
    s->stop = SCAN_END;
    for (size_t i = 0; i < plan->texts; i++)
        s->texts[i].cells.size = 0;
    while (line != NULL && line < s->end) {
        if (plain)
            line = plain_rows(plan, s, line);
        else if (known)
            line = known_rows(plan, s, line);
        if (line != NULL && line < s->end)
            line = any_row(plan, s, line);
    }
    if (s->stop != SCAN_END)
        undo_texts(plan, s);
}

void scan_free(scan *s, size_t texts)
{
    for (size_t i = 0; s->texts != NULL && i < texts; i++) {
        free(s->texts[i].ends);
        buffer_free(&s->texts[i].cells);
    }
    free(s->texts);
    free(s->notes);
    buffer_free(&s->decoded);
}
