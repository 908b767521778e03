#include "tool/entropy_state.h"

#include <math.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "table/progress.h"
#include "table/state.h"
#include "tool/names.h"

/* --- writing --- */

static bool put_levels(buffer *out, const entropy_tally *x)
{
    size_t total = 0, at = 0, width = x->t.width;
    for (size_t i = 0; i < width; i++)
        total += x->t.levels[i].count - x->t.levels[i].missing;
    const char **names = memory_array(total, sizeof *names);
    double *levels = memory_array(width, sizeof *levels), *missing = memory_array(width, sizeof *missing);
    bool good = names != NULL && levels != NULL && missing != NULL;
    for (size_t i = 0; good && i < width; i++) {
        const tally_levels *l = &x->t.levels[i];
        levels[i] = (double)l->count;
        missing[i] = l->missing;
        for (size_t k = 0; k < l->count - l->missing; k++)
            names[at++] = l->names[k];
    }
    if (good) {
        state_put_reals(out, "levels", levels, width);
        state_put_reals(out, "missing", missing, width);
        state_put_texts(out, "symbols", names, total);
    }
    free(names);
    free(levels);
    free(missing);
    return good;
}

static bool put_rows(buffer *out, const tuples *t)
{
    double *codes = memory_array(t->count, t->width * sizeof *codes);
    for (size_t i = 0; codes != NULL && i < t->count * t->width; i++)
        codes[i] = t->codes[i];
    if (codes != NULL) {
        state_put_reals(out, "codes", codes, t->count * t->width);
        state_put_reals(out, "counts", t->mass, t->count);
    }
    free(codes);
    return codes != NULL;
}

/* A column's number from 1; 0: none. */
static size_t number_of(size_t place)
{
    return place == SIZE_MAX ? 0 : place + 1;
}

static ml_status put_state(buffer *out, const cli *c, const entropy_tally *x, ml_message *why)
{
    bool seen = x->names != NULL, good = true;
    state_begin(out, c->tool->name);
    state_put_count(out, "rows", seen ? (size_t)tuples_total(&x->t.sets[0]) : 0);
    if (seen) {
        state_put_texts(out, "columns", (const char *const *)x->names, x->t.width);
        state_put_count(out, "weights", number_of(x->weights));
        state_put_count(out, "target", number_of(x->target));
        good = put_levels(out, x) && put_rows(out, &x->t.sets[0]);
    }
    state_end(out, 0);
    return good ? ML_OK : ml_fail_memory(why, "the state", x->t.width * sizeof(double));
}

int entropy_state_partial(const cli *c)
{
    entropy_tally x;
    buffer line = {0};
    ml_message why;
    ml_status status = entropy_tally_read(&x, c, TALLY_ROWS, &why);
    if (status == ML_OK)
        status = put_state(&line, c, &x, &why);
    int result = status == ML_OK ? cli_print_state(c, &line) : cli_fail(c, &why);
    buffer_free(&line);
    entropy_tally_free(&x);
    return result;
}

/* --- reading --- */

/* The numbers of one state. */
typedef struct parts {
    double *levels, *missing, *codes, *counts;
    char **symbols;
    size_t symbol_count, different;
} parts;

static void parts_free(parts *p)
{
    free(p->levels);
    free(p->missing);
    free(p->codes);
    free(p->counts);
    free(p->symbols);
}

static ml_status get_reals(const state_reader *r, const char *key, double **values, size_t count,
                           ml_message *why)
{
    *values = memory_array(count, sizeof **values);
    return *values ? state_get_reals(r, key, *values, count, why)
                   : ml_fail_memory(why, "a state", count * sizeof **values);
}

static bool is_whole(double x, double least, double most)
{
    return x >= least && x <= most && x == floor(x);
}

/* What was read could have been written: a checksum tells of accidents only. */
static ml_status check_parts(const state_reader *r, const parts *p, size_t width, size_t rows,
                             ml_message *why)
{
    size_t total = 0;
    double counted = 0;
    bool good = true;
    for (size_t i = 0; good && i < width; i++) {
        good = is_whole(p->missing[i], 0, 1) && is_whole(p->levels[i], p->missing[i], UINT32_MAX - 2);
        total += good ? (size_t)(p->levels[i] - p->missing[i]) : 0;
    }
    good = good && (total == p->symbol_count || (total == 0 && p->symbol_count == 1));
    for (size_t i = 0; good && i < p->different; i++) {
        good = is_whole(p->counts[i], 1, 0x1p53);
        for (size_t k = 0; good && k < width; k++)
            good = is_whole(p->codes[i * width + k], 0, p->levels[k] - 1);
        counted += p->counts[i];
    }
    good = good && counted == (double)rows;
    return good ? ML_OK
                : state_fail(r, why, "rows, levels, symbols, codes and counts do not belong together");
}

static ml_status get_parts(parts *p, const state_reader *r, size_t width, size_t rows, ml_message *why)
{
    size_t numbers;
    *p = (parts){0};
    ml_status status = state_get_length(r, "counts", &p->different, why);
    if (status == ML_OK && __builtin_mul_overflow(p->different, width, &numbers))
        status = state_fail(r, why, "more different rows than can be held");
    if (status == ML_OK)
        status = get_reals(r, "levels", &p->levels, width, why);
    if (status == ML_OK)
        status = get_reals(r, "missing", &p->missing, width, why);
    if (status == ML_OK)
        status = state_get_texts(r, "symbols", &p->symbols, &p->symbol_count, why);
    if (status == ML_OK)
        status = get_reals(r, "codes", &p->codes, numbers, why);
    if (status == ML_OK)
        status = get_reals(r, "counts", &p->counts, p->different, why);
    return status == ML_OK ? check_parts(r, p, width, rows, why) : status;
}

/* Count what P says; the symbols of T are those of all states. */
static bool add_parts(tally *t, const parts *p)
{
    size_t at = 0;
    uint32_t **to = memory_zeros(t->width, sizeof *to);
    bool good = to != NULL;
    for (size_t i = 0; good && i < t->width; i++) {
        size_t count = (size_t)p->levels[i], missing = (size_t)p->missing[i];
        good = (to[i] = memory_zeros(count, sizeof *to[i])) != NULL;
        for (size_t k = 0; good && k + missing < count; k++, at++) {
            to[i][k] = symbols_code(&t->columns[i], p->symbols[at], strlen(p->symbols[at]));
            good = to[i][k] != SYMBOLS_FAILED;
        }
    }
    for (size_t i = 0; good && i < p->different; i++) {
        for (size_t k = 0; k < t->width; k++)
            t->row[k] = to[k][(size_t)p->codes[i * t->width + k]];
        good = tuples_add(&t->sets[0], t->row, p->counts[i]);
    }
    for (size_t i = 0; to != NULL && i < t->width; i++)
        free(to[i]);
    free(to);
    return good;
}

/* A column's number from 1 to its place. */
static ml_status get_place(const state_reader *r, const char *key, size_t width, size_t *place,
                           ml_message *why)
{
    size_t number;
    ml_status status = state_get_count(r, key, &number, why);
    if (status == ML_OK && number > width)
        return state_fail(r, why, "'%s' is %zu of %zu columns", key, number, width);
    *place = status == ML_OK && number > 0 ? number - 1 : SIZE_MAX;
    return status;
}

/* The columns of the first state that has some become those of X. */
static ml_status take_columns(entropy_tally *x, const state_reader *r, ml_message *why)
{
    char **names;
    size_t width;
    ml_status status = state_get_texts(r, "columns", &names, &width, why);
    if (status != ML_OK)
        return status;
    status = names_copy(&x->names, (const char *const *)names, width, why);
    free(names);
    if (status == ML_OK)
        status = get_place(r, "weights", width, &x->weights, why);
    if (status == ML_OK)
        status = get_place(r, "target", width, &x->target, why);
    if (status == ML_OK && x->weights != SIZE_MAX && (width < 2 || x->weights == x->target))
        status = state_fail(r, why, "the weights are the only column, or the target");
    return status == ML_OK ? tally_new(&x->t, width, TALLY_ROWS, NULL, 0, why) : status;
}

static ml_status merge_state(entropy_tally *x, state_reader *r, double *rows, ml_message *why)
{
    static const char *const same[] = {"columns", "weights", "target"};
    size_t count;
    parts p;
    ml_status status = state_get_count(r, "rows", &count, why);
    if (status != ML_OK || (count == 0 && !state_has(r, "columns")))
        return status;
    for (size_t i = 0; status == ML_OK && i < 3; i++)
        status = state_agree(r, same[i], why);
    if (status == ML_OK && x->names == NULL)
        status = take_columns(x, r, why);
    if (status != ML_OK)
        return status;
    *rows += (double)count;
    if (*rows > 0x1p53)
        return state_fail(r, why, "the states have more rows than can be counted");
    status = get_parts(&p, r, x->t.width, count, why);
    if (status == ML_OK && !add_parts(&x->t, &p))
        status = ml_fail_memory(why, "the counts", p.different * sizeof *p.counts);
    parts_free(&p);
    return status;
}

ml_status entropy_state_merge(entropy_data *d, const cli *c, bool exact, ml_message *why)
{
    state_reader *r;
    bool more = true;
    size_t states = 0;
    double rows = 0;
    entropy_tally x = {.weights = SIZE_MAX, .target = SIZE_MAX};
    const char *path = c->file ? c->file : "stdin";
    *d = (entropy_data){.target = SIZE_MAX};
    progress_phase("merging");
    ml_status status = state_open(&r, c->file, c->tool->name, why);
    while (status == ML_OK && (status = state_next(r, &more, why)) == ML_OK && more) {
        status = merge_state(&x, r, &rows, why);
        states++;
    }
    state_close(r);
    if (status == ML_OK && rows == 0)
        status =
            states == 0
                ? ml_fail(why, "%s: the input is empty; --merge reads the lines that --partial prints", path)
                : ml_fail(why, "%s: the states are of no rows", path);
    if (status == ML_OK)
        status = tally_finish(&x.t, why);
    if (status == ML_OK)
        status = entropy_data_take(d, &x, path, exact, why);
    entropy_tally_free(&x);
    return status;
}
