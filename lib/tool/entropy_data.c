#include "tool/entropy_data.h"

#include <float.h>
#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/double_double.h"
#include "base/memory.h"
#include "base/number.h"
#include "math/fraction.h"
#include "table/progress.h"
#include "tool/names.h"

void entropy_data_free(entropy_data *d)
{
    for (size_t i = 0; d->sets != NULL && i < d->set_count; i++)
        entropy_table_free(&d->sets[i]);
    for (size_t i = 0; d->exact != NULL && i < d->set_count; i++)
        if (d->exact[i].mass != NULL)
            exact_table_free(&d->exact[i]);
    for (size_t i = 0; d->places != NULL && i < d->set_count; i++)
        free(d->places[i]);
    for (size_t i = 0; d->levels != NULL && i < d->width; i++)
        free(d->levels[i].names);
    free(d->sets);
    free(d->exact);
    free(d->places);
    free(d->levels);
    names_free(d->names);
    *d = (entropy_data){.target = SIZE_MAX};
}

static const char *where(const cli *c)
{
    return c->file ? c->file : "stdin";
}

/* --- sets --- */

/* Room for COUNT sets of D and WIDTH variables. */
static ml_status make_sets(entropy_data *d, size_t width, size_t count, ml_message *why)
{
    d->width = width;
    d->set_count = count;
    d->sets = memory_zeros(count, sizeof *d->sets);
    d->places = memory_zeros(count, sizeof *d->places);
    if (d->sets != NULL && d->places != NULL)
        return ML_OK;
    return ml_fail_memory(why, "the counts", count * sizeof *d->sets);
}

/* Set I is of the WIDTH variables at PLACES, and its tuples are CELLS, taken over. */
static ml_status fill_set(entropy_data *d, size_t i, tuples *cells, const size_t *places, ml_message *why)
{
    entropy_table *set = &d->sets[i];
    size_t width = cells->width;
    set->cells = *cells;
    tuples_init(cells, width);
    set->total = tuples_total(&set->cells);
    set->levels = memory_array(width, sizeof *set->levels);
    d->places[i] = memory_array(width, sizeof *d->places[i]);
    if (set->levels == NULL || d->places[i] == NULL)
        return ml_fail_memory(why, "the counts", width * sizeof *set->levels);
    memcpy(d->places[i], places, width * sizeof *places);
    for (size_t k = 0; k < width; k++)
        set->levels[k] = (double)d->levels[places[k]].count;
    return ML_OK;
}

static ml_status take_counts(entropy_data *d, tally *t, ml_message *why)
{
    d->counts = true;
    d->levels = t->levels;
    t->levels = NULL;
    ml_status status = make_sets(d, t->width, t->set_count, why);
    for (size_t i = 0; status == ML_OK && i < t->set_count; i++)
        status = fill_set(d, i, &t->sets[i], tally_places(t, i), why);
    return status;
}

static ml_status make_exact(entropy_data *d, ml_message *why)
{
    d->exact = memory_zeros(d->set_count, sizeof *d->exact);
    return d->exact ? ML_OK : ml_fail_memory(why, "the exact numbers", d->set_count * sizeof *d->exact);
}

/* Rational masses of counts. */
static ml_status exact_counts(entropy_data *d, ml_message *why)
{
    ml_status status = make_exact(d, why);
    for (size_t i = 0; status == ML_OK && i < d->set_count; i++)
        status = exact_table_counts(&d->exact[i], &d->sets[i], why);
    return status;
}

/* --- weights --- */

/* The weights of the rows: the levels of one more variable, at PLACE. */
typedef struct weighing {
    size_t place;
    const char *where, *name; /* of the input and the column, for messages */
    const tally_levels *levels;
    double *values;
} weighing;

static ml_status read_weights(weighing *w, bool *whole, ml_message *why)
{
    w->values = memory_array(w->levels->count, sizeof *w->values);
    if (w->values == NULL)
        return ml_fail_memory(why, "the weights", w->levels->count * sizeof *w->values);
    *whole = true;
    for (size_t i = 0; i < w->levels->count; i++) {
        number n;
        const char *text = w->levels->names[i];
        if (number_read(text, strlen(text), &n) != NUMBER_OK || n.form == NUMBER_NONFINITE)
            return ml_fail(why, "%s: column '%s': '%.40s' is not a number, and it is the weights", w->where,
                           w->name, text);
        if (n.value < 0)
            return ml_fail(why, "%s: column '%s': the weight '%.40s' is negative", w->where, w->name, text);
        w->values[i] = n.value;
        *whole = *whole && n.value == floor(n.value);
    }
    return ML_OK;
}

/* The tuple I of T without the weight; its weight is returned. */
static size_t without_weight(const weighing *w, const tuples *t, size_t i, uint32_t *codes)
{
    const uint32_t *from = t->codes + i * t->width;
    size_t k = 0;
    for (size_t j = 0; j < t->width; j++)
        if (j != w->place)
            codes[k++] = from[j];
    return from[w->place];
}

/* INTO gets the tuples of T without the weights, each as heavy as its rows. */
static bool weigh(tuples *into, const weighing *w, const tuples *t, uint32_t *codes)
{
    for (size_t i = 0; i < t->count; i++) {
        double weight = w->values[without_weight(w, t, i, codes)];
        if (weight > 0 && !tuples_add(into, codes, weight * t->mass[i]))
            return false;
    }
    return tuples_sort(into);
}

static ml_status weigh_exactly(exact_table *into, const weighing *w, const tuples *t, const tuples *cells,
                               uint32_t *codes, ml_message *why)
{
    mpq_t weight, count;
    ml_status status = exact_table_like(into, cells, why);
    mpq_inits(weight, count, NULL);
    for (size_t i = 0; status == ML_OK && i < t->count; i++) {
        const char *text = w->levels->names[without_weight(w, t, i, codes)];
        if (fraction_read(text, strlen(text), weight) != NUMBER_OK)
            status = ml_fail(why, "%s: column '%s': '%.40s' is too long for exact arithmetic", w->where,
                             w->name, text);
        size_t place = tuples_place(cells, codes);
        if (status == ML_OK && w->values[t->codes[i * t->width + w->place]] == 0 && mpq_sgn(weight) != 0)
            status = ml_fail(why, "%s: column '%s': '%.40s' is below the range of doubles", w->where, w->name,
                             text);
        if (status != ML_OK || place == SIZE_MAX)
            continue;
        mpq_set_d(count, t->mass[i]);
        mpq_mul(weight, weight, count);
        mpq_add(into->mass[place], into->mass[place], weight);
        mpq_add(into->total, into->total, weight);
    }
    mpq_clears(weight, count, NULL);
    return status;
}

/* The one set of rows that T counted, weighed; the levels of the weights are left out. */
static ml_status fold(entropy_data *d, tally *t, weighing *w, bool exact, ml_message *why)
{
    tuples cells;
    size_t width = t->width - 1;
    uint32_t *codes = memory_array(width, sizeof *codes);
    size_t *places = memory_array(width, sizeof *places);
    tuples_init(&cells, width);
    ml_status status = codes && places ? read_weights(w, &d->counts, why)
                                       : ml_fail_memory(why, "the weights", width * sizeof *places);
    if (status == ML_OK && !weigh(&cells, w, &t->sets[0], codes))
        status = ml_fail_memory(why, "the counts", cells.count * sizeof(double));
    if (status == ML_OK && cells.count == 0)
        status = ml_fail(why, "%s: column '%s': every weight is 0", w->where, w->name);
    if (status == ML_OK && !exact && !isfinite(tuples_total(&cells)))
        status =
            ml_fail(why,
                    "%s: column '%s': the sum of the weights is beyond the range of doubles; divide them "
                    "all by one number, or say --exact",
                    w->where, w->name);
    d->levels = memory_zeros(width, sizeof *d->levels);
    if (status == ML_OK && d->levels == NULL)
        status = ml_fail_memory(why, "the levels", width * sizeof *d->levels);
    if (status == ML_OK)
        status = make_sets(d, width, 1, why);
    for (size_t i = 0, k = 0; status == ML_OK && i < t->width; i++)
        if (i != w->place) {
            places[k] = k;
            d->levels[k++] = t->levels[i];
            t->levels[i].names = NULL;
        }
    if (status == ML_OK)
        status = fill_set(d, 0, &cells, places, why);
    if (status == ML_OK && exact && (status = make_exact(d, why)) == ML_OK)
        status = weigh_exactly(&d->exact[0], w, &t->sets[0], &d->sets[0].cells, codes, why);
    tuples_free(&cells);
    free(codes);
    free(places);
    free(w->values);
    return status;
}

/* --- symbols --- */

void entropy_tally_free(entropy_tally *x)
{
    tally_free(&x->t);
    names_free(x->names);
    *x = (entropy_tally){.weights = SIZE_MAX, .target = SIZE_MAX};
}

/* What the columns of the tally are. */
static ml_status take_names(entropy_tally *x, const table *t, bool weighted, ml_message *why)
{
    size_t width = t->text_count - t->id_count + (t->target != NULL);
    const char **names = memory_array(width, sizeof *names);
    if (names == NULL)
        return ml_fail_memory(why, "the names", width * sizeof *names);
    for (size_t i = 0; i < width; i++)
        names[i] = t->id_count + i < t->text_count ? t->texts[t->id_count + i].name : t->target->name;
    ml_status status = names_copy(&x->names, names, width, why);
    free(names);
    x->target = t->target != NULL ? width - 1 : SIZE_MAX;
    x->weights = weighted ? t->text_count - t->id_count - 1 : SIZE_MAX;
    return status;
}

ml_status entropy_tally_read(entropy_tally *x, const cli *c, tally_kind kind, ml_message *why)
{
    reader *r;
    reader_options reading = c->reader;
    *x = (entropy_tally){.weights = SIZE_MAX, .target = SIZE_MAX};
    reading.all_text = reading.target_is_text = true;
    progress_phase("reading");
    ml_status status = reader_open(&r, c->file, &reading, why);
    if (status == ML_OK && reader_columns(r)->text_count > 0)
        status = take_names(x, reader_columns(r), reading.weights != NULL, why);
    if (status == ML_OK)
        status = reader_tally(r, x->weights != SIZE_MAX ? TALLY_ROWS : kind, &x->t, why);
    if (status == ML_OK)
        status = reader_finish(r, why);
    reader_free(r);
    return status;
}

ml_status entropy_data_take(entropy_data *d, entropy_tally *x, const char *where_from, bool exact,
                            ml_message *why)
{
    size_t width = x->t.width, count = 0;
    const char **names = memory_array(width, sizeof *names);
    if (names == NULL)
        return ml_fail_memory(why, "the names", width * sizeof *names);
    for (size_t i = 0; i < width; i++)
        if (i != x->weights)
            names[count++] = x->names[i];
    ml_status status = names_copy(&d->names, names, count, why);
    free(names);
    d->target = x->target != SIZE_MAX ? count - 1 : SIZE_MAX;
    if (status == ML_OK && x->weights != SIZE_MAX) {
        weighing w = {x->weights, where_from, x->names[x->weights], &x->t.levels[x->weights], NULL};
        return fold(d, &x->t, &w, exact, why);
    }
    if (status == ML_OK)
        status = take_counts(d, &x->t, why);
    return status == ML_OK && exact ? exact_counts(d, why) : status;
}

static ml_status read_symbols(entropy_data *d, const cli *c, const entropy_input *input, ml_message *why)
{
    entropy_tally x;
    ml_status status = entropy_tally_read(&x, c, input->kind, why);
    if (status == ML_OK)
        status = entropy_data_take(d, &x, where(c), input->exact, why);
    entropy_tally_free(&x);
    return status;
}

/* --- numbers --- */

/* A table of counts or probabilities, and what is known of its columns. */
typedef struct numbers {
    const cli *c;
    const entropy_input *input;
    table t;
    char **names; /* of the columns */
} numbers;

/* "p.csv: column 2 (p)", or "p.csv: the table" for the joint one. */
static const char *title(const numbers *n, size_t at, char space[256])
{
    if (at == SIZE_MAX)
        snprintf(space, 256, "%s: the table", where(n->c));
    else
        snprintf(space, 256, "%s: column %zu (%.80s)", where(n->c), n->t.positions[at], n->names[at]);
    return space;
}

static ml_status check_cells(const numbers *n, size_t at, ml_message *why)
{
    char space[256], digits[NUMBER_PRINT_MAX];
    bool counts = n->input->source == ENTROPY_COUNTS;
    for (size_t i = 0; i < n->t.rows; i++) {
        double x = gsl_matrix_get(n->t.x, i, at);
        number_print(digits, x);
        if (x < 0)
            return ml_fail(why, "%s, row %zu: %s is negative, which no %s can be", title(n, at, space), i + 1,
                           digits, counts ? "count" : "probability");
        if (counts && x >= 0x1p53)
            return ml_fail(why, "%s, row %zu: %s is above 2^53 - 1, the largest count there is",
                           title(n, at, space), i + 1, digits);
        if (counts && x != floor(x))
            return ml_fail(why, "%s, row %zu: %s is not a count, a whole number%s", title(n, at, space),
                           i + 1, digits, x < 1 ? "; if these are probabilities, say --probabilities" : "");
    }
    return ML_OK;
}

/* The sum of the columns FROM up to TO, and how far their written digits may put it off. */
static double sum_of(const numbers *n, size_t from, size_t to, double *slack)
{
    double_double sum = {0, 0};
    *slack = 4 * DBL_EPSILON * (double)(n->t.rows * (to - from));
    for (size_t i = 0; i < n->t.rows; i++)
        for (size_t j = from; j < to; j++) {
            sum = dd_add(sum, gsl_matrix_get(n->t.x, i, j));
            *slack += n->t.half ? gsl_matrix_get(n->t.half, i, j) : 0;
        }
    return dd_value(sum);
}

/* Is it a distribution?  The message names the column, SIZE_MAX for the whole table. */
static ml_status check_sum(const numbers *n, size_t from, size_t to, size_t at, ml_message *why)
{
    double slack, sum = sum_of(n, from, to, &slack), off = fabs(sum - 1);
    char space[256], total[NUMBER_PRINT_MAX], by[NUMBER_PRINT_MAX], allowed[NUMBER_PRINT_MAX];
    if (sum == 0)
        return ml_fail(why, "%s: every cell is 0, which is no distribution", title(n, at, space));
    if (!isfinite(sum))
        return ml_fail(why, "%s: the sum leaves the range of doubles; divide the cells", title(n, at, space));
    if (n->input->source == ENTROPY_COUNTS || n->input->normalize || off <= slack)
        return ML_OK;
    number_print_digits(total, sum, 12);
    number_print_digits(by, off, 6);
    number_print_digits(allowed, slack, 6);
    return ml_fail(
        why,
        "%s: the probabilities sum to %s, %s %s 1 where the written digits allow %s; correct them, "
        "divide by the sum with --normalize, or say --counts",
        title(n, at, space), total, by, sum > 1 ? "above" : "below", allowed);
}

/* The names of the rows: the -i column, else numbers. */
static bool row_levels(const numbers *n, tally_levels *l)
{
    const text_column *ids = n->t.id_count > 0 ? &n->t.texts[0] : NULL;
    size_t size = n->t.rows * sizeof *l->names, room = ids ? ids->cells.size + n->t.rows : 24 * n->t.rows;
    *l = (tally_levels){.count = n->t.rows, .names = malloc(size + room)};
    if (l->names == NULL)
        return false;
    char *text = (char *)(l->names + n->t.rows);
    for (size_t i = 0; i < n->t.rows; i++) {
        size_t length = 0;
        const char *cell = ids ? text_cell(ids, i, &length) : NULL;
        l->names[i] = text;
        if (ids == NULL)
            length = (size_t)sprintf(text, "%zu", i + 1);
        else if (length > 0)
            memcpy(text, cell, length);
        text[length] = '\0';
        text += length + 1;
    }
    return true;
}

static bool column_levels(const numbers *n, tally_levels *l)
{
    size_t size = n->t.columns * sizeof *l->names, room = 0;
    for (size_t j = 0; j < n->t.columns; j++)
        room += strlen(n->names[j]) + 1;
    *l = (tally_levels){.count = n->t.columns, .names = malloc(size + room)};
    if (l->names == NULL)
        return false;
    char *text = (char *)(l->names + n->t.columns);
    for (size_t j = 0; j < n->t.columns; j++) {
        l->names[j] = text;
        text = stpcpy(text, n->names[j]) + 1;
    }
    return true;
}

/* The cells of the columns FROM up to TO that have a mass: of one column by row, else by row and column. */
static bool gather(const numbers *n, size_t from, size_t to, tuples *cells)
{
    for (uint32_t i = 0; i < n->t.rows; i++)
        for (size_t j = from; j < to; j++) {
            double x = gsl_matrix_get(n->t.x, i, j);
            if (x > 0 && !tuples_add(cells, (uint32_t[]){i, (uint32_t)(j - from)}, x))
                return false;
        }
    return true;
}

static ml_status gather_exactly(const numbers *n, size_t from, size_t to, const tuples *cells,
                                exact_table *out, ml_message *why)
{
    char space[256];
    mpq_t x;
    mpq_init(x);
    ml_status status = exact_table_like(out, cells, why);
    for (uint32_t i = 0; status == ML_OK && i < n->t.rows; i++)
        for (size_t j = from; status == ML_OK && j < to; j++) {
            size_t length, place = tuples_place(cells, (uint32_t[]){i, (uint32_t)(j - from)});
            const char *text = text_cell(&n->t.texts[n->t.id_count + j], i, &length);
            int shown = (int)(length < 40 ? length : 40);
            if (fraction_read(text, length, x) != NUMBER_OK)
                status = ml_fail(why, "%s, row %u: '%.*s' is too long for exact arithmetic",
                                 title(n, j, space), i + 1, shown, text);
            else if (place == SIZE_MAX && mpq_sgn(x) != 0)
                status = ml_fail(why, "%s, row %u: '%.*s' is below the range of doubles", title(n, j, space),
                                 i + 1, shown, text);
            if (status != ML_OK || place == SIZE_MAX)
                continue;
            mpq_set(out->mass[place], x);
            mpq_add(out->total, out->total, x);
        }
    mpq_clear(x);
    return status;
}

/* In exact arithmetic the sum has to be 1. */
static ml_status check_exact_sum(const numbers *n, const exact_table *t, size_t at, ml_message *why)
{
    char space[256];
    if (n->input->source == ENTROPY_COUNTS || n->input->normalize || mpq_cmp_ui(t->total, 1, 1) == 0)
        return ML_OK;
    buffer total = {0};
    fraction_print(&total, t->total);
    ml_fail(
        why,
        "%s: the probabilities sum to %.60s and not to 1, taken as exact; correct them or say --normalize",
        title(n, at, space), buffer_text(&total));
    buffer_free(&total);
    return ML_FAIL;
}

/* Set I: the columns FROM up to TO, of which PLACES are the variables. */
static ml_status add_numbers(entropy_data *d, const numbers *n, size_t i, size_t from, size_t to,
                             const size_t *places, ml_message *why)
{
    tuples cells;
    size_t at = n->input->joint ? SIZE_MAX : from;
    tuples_init(&cells, n->input->joint ? 2 : 1);
    ml_status status = check_sum(n, from, to, at, why);
    if (status == ML_OK && !gather(n, from, to, &cells))
        status = ml_fail_memory(why, "the table", n->t.rows * (to - from) * sizeof(double));
    if (status == ML_OK)
        status = fill_set(d, i, &cells, places, why);
    if (status == ML_OK && !n->input->normalize && n->input->source == ENTROPY_PROBABILITIES &&
        fabs(d->sets[i].total - 1) <= 4 * DBL_EPSILON * (double)d->sets[i].cells.count)
        d->sets[i].total = 1; /* what is off is the rounding of the sum */
    if (status == ML_OK && n->input->exact)
        status = gather_exactly(n, from, to, &d->sets[i].cells, &d->exact[i], why);
    if (status == ML_OK && n->input->exact)
        status = check_exact_sum(n, &d->exact[i], at, why);
    tuples_free(&cells);
    return status;
}

static ml_status take_columns(entropy_data *d, const numbers *n, ml_message *why)
{
    size_t width = n->t.columns;
    d->separate = true;
    d->levels = memory_zeros(width, sizeof *d->levels);
    ml_status status = make_sets(d, width, width, why);
    if (status == ML_OK)
        status = names_copy(&d->names, (const char *const *)n->names, width, why);
    for (size_t j = 0; status == ML_OK && j < width; j++)
        if (d->levels == NULL || !row_levels(n, &d->levels[j]))
            status = ml_fail_memory(why, "the levels", n->t.rows * sizeof(char *));
    if (status == ML_OK && n->input->exact)
        status = make_exact(d, why);
    for (size_t j = 0; status == ML_OK && j < width; j++)
        status = add_numbers(d, n, j, j, j + 1, &j, why);
    return status;
}

static ml_status take_joint(entropy_data *d, const numbers *n, ml_message *why)
{
    static const size_t both[] = {0, 1};
    const char *names[] = {n->t.id_count > 0 ? n->t.texts[0].name : "row", "column"};
    d->target = 1;
    d->levels = memory_zeros(2, sizeof *d->levels);
    ml_status status = make_sets(d, 2, 1, why);
    if (status == ML_OK)
        status = names_copy(&d->names, names, 2, why);
    if (status == ML_OK &&
        (d->levels == NULL || !row_levels(n, &d->levels[0]) || !column_levels(n, &d->levels[1])))
        status = ml_fail_memory(why, "the levels", n->t.rows * sizeof(char *));
    if (status == ML_OK && n->input->exact)
        status = make_exact(d, why);
    return status == ML_OK ? add_numbers(d, n, 0, 0, n->t.columns, both, why) : status;
}

static ml_status read_numbers(entropy_data *d, const cli *c, const entropy_input *input, ml_message *why)
{
    numbers n = {.c = c, .input = input};
    reader_options reading = c->reader;
    reading.keep_half = input->source == ENTROPY_PROBABILITIES;
    reading.keep_text = input->exact;
    progress_phase("reading");
    ml_status status = table_read(&n.t, c->file, &reading, why);
    if (status != ML_OK)
        return status;
    d->counts = input->source == ENTROPY_COUNTS;
    if (n.t.id_count > 1)
        status =
            ml_fail(why, "%s: -i names %zu columns; one of them can name the rows", where(c), n.t.id_count);
    if (status == ML_OK && n.t.rows >= UINT32_MAX)
        status = ml_fail(why, "%s: more rows than a distribution can have here", where(c));
    if (status == ML_OK)
        status = names_of(&n.names, &n.t, 0, n.t.columns, why);
    for (size_t j = 0; status == ML_OK && j < n.t.columns; j++)
        status = check_cells(&n, j, why);
    if (status == ML_OK)
        status = input->joint ? take_joint(d, &n, why) : take_columns(d, &n, why);
    names_free(n.names);
    table_free(&n.t);
    return status;
}

ml_status entropy_data_read(entropy_data *d, const cli *c, const entropy_input *input, ml_message *why)
{
    *d = (entropy_data){.target = SIZE_MAX};
    return input->source == ENTROPY_SYMBOLS ? read_symbols(d, c, input, why) : read_numbers(d, c, input, why);
}

/* --- parts --- */

/* Where in SET are the WIDTH variables at PLACES?  False: not all are there. */
static bool find_places(const entropy_data *d, size_t set, const size_t *places, size_t width, size_t *found)
{
    size_t k = 0;
    for (size_t i = 0; k < width && i < d->sets[set].cells.width; i++)
        if (d->places[set][i] == places[k])
            found[k++] = i;
    return k == width;
}

/* The set that has them; of many sets the likely one is tried first: all columns, all pairs, all pairs with
 * the last. */
static size_t find_set(const entropy_data *d, const size_t *places, size_t width, size_t *found)
{
    size_t a = places[0], pair = width == 2 ? a * (2 * d->width - a - 1) / 2 + places[1] - a - 1 : a, set = 0;
    if (pair < d->set_count && find_places(d, pair, places, width, found))
        return pair;
    if (a < d->set_count && find_places(d, a, places, width, found))
        return a;
    while (!find_places(d, set, places, width, found))
        set++;
    return set;
}

ml_status entropy_data_part(const entropy_data *d, const size_t *places, size_t width, entropy_part *part,
                            ml_message *why)
{
    *part = (entropy_part){0};
    size_t *found = memory_array(width, sizeof *found);
    if (found == NULL)
        return ml_fail_memory(why, "the counts", width * sizeof *found);
    size_t set = find_set(d, places, width, found);
    ml_status status = ML_OK;
    const exact_table *exact = d->exact ? &d->exact[set] : NULL;
    if (d->sets[set].cells.width == width) {
        part->t = &d->sets[set];
        part->exact = exact;
    } else {
        status = entropy_table_project(&part->own, &d->sets[set], found, width, why);
        part->t = status == ML_OK ? &part->own : NULL;
        if (status == ML_OK && exact != NULL &&
            (status = exact_table_project(&part->own_exact, exact, found, width, why)) == ML_OK)
            part->exact = &part->own_exact;
    }
    free(found);
    return status;
}

void entropy_part_free(entropy_part *part)
{
    if (part->t == &part->own)
        entropy_table_free(&part->own);
    if (part->exact == &part->own_exact)
        exact_table_free(&part->own_exact);
    *part = (entropy_part){0};
}
