#include "ml/entropy_chance.h"

#include <gsl/gsl_rng.h>
#include <math.h>
#include <stdlib.h>

#include "base/double_double.h"
#include "base/memory.h"
#include "base/parallel.h"
#include "base/random.h"

/* --- the hypergeometric distribution --- */

/* How many of DRAWS are good, of GOOD and OTHER there are. */
typedef struct urn {
    double good, other, draws;
    double least, most, mode; /* its range, and where the probability is greatest */
} urn;

/* log n!, without the global variable that lgamma writes. */
static double log_factorial(double n)
{
    int sign;
    return lgamma_r(n + 1, &sign);
}

static double log_choose(double n, double k)
{
    return log_factorial(n) - log_factorial(k) - log_factorial(n - k);
}

static urn urn_of(double good, double other, double draws)
{
    urn u = {.good = good, .other = other, .draws = draws};
    u.least = fmax(0, draws - other);
    u.most = fmin(good, draws);
    u.mode = floor((draws + 1) * (good + 1) / (good + other + 2));
    u.mode = fmin(u.most, fmax(u.least, u.mode));
    return u;
}

/* P(k + 1) / P(k). */
static inline double next_ratio(const urn *u, double k)
{
    return (u->good - k) * (u->draws - k) / ((k + 1) * (u->other - u->draws + k + 1));
}

static double probability(const urn *u, double k)
{
    return exp(log_choose(u->good, k) + log_choose(u->other, u->draws - k) -
               log_choose(u->good + u->other, u->draws));
}

/* Inversion from the mode outwards: few steps, whatever the numbers. */
static double draw(const urn *u, gsl_rng *random)
{
    double up = u->mode, down = u->mode, of_up = probability(u, up), of_down = of_up;
    double left = gsl_rng_uniform(random) - of_up;
    if (left < 0)
        return u->mode;
    while (up < u->most || down > u->least) {
        if (up < u->most) {
            of_up *= next_ratio(u, up++);
            if ((left -= of_up) < 0)
                return up;
        }
        if (down > u->least) {
            of_down /= next_ratio(u, --down);
            if ((left -= of_down) < 0)
                return down;
        }
    }
    return u->mode; /* what rounding left over */
}

/* --- margins --- */

typedef struct margins {
    double *a, *b, total; /* masses of the levels that have some */
    size_t rows, columns;
    uint32_t *row_codes, *column_codes;
    const entropy_table *t;
    const entropy_params *p;
} margins;

static void margins_free(margins *m)
{
    free(m->a);
    free(m->b);
    free(m->row_codes);
    free(m->column_codes);
}

static ml_status take_margin(const entropy_table *t, size_t place, double **mass, uint32_t **codes,
                             size_t *count, ml_message *why)
{
    entropy_table one;
    ml_status status = entropy_table_project(&one, t, &place, 1, why);
    if (status != ML_OK)
        return status;
    *count = one.cells.count;
    *mass = one.cells.mass;
    *codes = one.cells.codes;
    one.cells.mass = NULL;
    one.cells.codes = NULL;
    entropy_table_free(&one);
    return ML_OK;
}

static ml_status margins_make(margins *m, const entropy_table *t, const entropy_params *p, ml_message *why)
{
    *m = (margins){.total = t->total, .t = t, .p = p};
    ml_status status = take_margin(t, 0, &m->a, &m->row_codes, &m->rows, why);
    if (status == ML_OK)
        status = take_margin(t, 1, &m->b, &m->column_codes, &m->columns, why);
    if (status != ML_OK)
        margins_free(m);
    return status;
}

/* --- the expectation --- */

typedef struct expecting {
    const margins *m;
    double *rows; /* the sum of each row */
} expecting;

/* sum over k of P(k) k/n log(k n / (a b)), the probabilities relative to that of the mode, whose sum is
 * divided out at the end: no factorial is needed. */
static double expected_term(const margins *m, double a, double b)
{
    urn u = urn_of(a, m->total - a, b);
    double factor = m->total / (a * b), chance = 1, chances = 0, sum = 0;
    for (double k = u.mode; chance > 1e-25; k--) {
        chances += chance;
        sum += k > 0 ? chance * k * entropy_log(m->p, k * factor) : 0;
        if (k == u.least)
            break;
        chance /= next_ratio(&u, k - 1);
    }
    chance = 1;
    for (double k = u.mode; k < u.most && chance > 1e-25; k++) {
        chance *= next_ratio(&u, k);
        chances += chance;
        sum += chance * (k + 1) * entropy_log(m->p, (k + 1) * factor);
    }
    return sum / chances / m->total;
}

static void expect_row(size_t i, int worker, void *context)
{
    (void)worker;
    const expecting *e = context;
    double_double sum = {0, 0};
    for (size_t j = 0; j < e->m->columns; j++)
        sum = dd_add(sum, expected_term(e->m, e->m->a[i], e->m->b[j]));
    e->rows[i] = dd_value(sum);
}

ml_status entropy_expected_mutual(const entropy_table *t, const entropy_params *p, int jobs, double *out,
                                  ml_message *why)
{
    margins m;
    ml_status status = margins_make(&m, t, p, why);
    if (status != ML_OK)
        return status;
    expecting e = {&m, memory_zeros(m.rows, sizeof(double))};
    double_double sum = {0, 0};
    if (e.rows == NULL)
        status = ml_fail_memory(why, "the expectation", m.rows * sizeof(double));
    else
        parallel_for(m.rows, jobs, expect_row, &e);
    for (size_t i = 0; status == ML_OK && i < m.rows; i++)
        sum = dd_add(sum, e.rows[i]);
    *out = fmax(0, dd_value(sum));
    free(e.rows);
    margins_free(&m);
    return status;
}

/* --- permutations --- */

typedef struct testing {
    const margins *m;
    uint64_t seed, first;
    double least; /* the information that counts as reached */
    bool *reached, *failed;
} testing;

/* A random table with the margins; false when memory is out. */
static bool random_cells(const margins *m, gsl_rng *random, double *left, tuples *cells)
{
    double below = m->total; /* of all rows from this one on */
    for (size_t j = 0; j < m->columns; j++)
        left[j] = m->b[j];
    for (size_t i = 0; i < m->rows; i++) {
        double wanted = m->a[i], others = below;
        for (size_t j = 0; j < m->columns && wanted > 0; j++) {
            others -= left[j];
            urn u = urn_of(left[j], others, wanted);
            double got = draw(&u, random);
            if (got > 0 && !tuples_add(cells, (uint32_t[]){m->row_codes[i], m->column_codes[j]}, got))
                return false;
            left[j] -= got;
            wanted -= got;
        }
        below -= m->a[i];
    }
    return true;
}

static bool measure_random(const testing *x, uint64_t stream, double *mutual)
{
    const margins *m = x->m;
    entropy_table t = {.levels = m->t->levels, .total = m->total};
    entropy_pair pair;
    gsl_rng *random = random_stream(x->seed, stream);
    double *left = memory_array(m->columns, sizeof *left);
    tuples_init(&t.cells, 2);
    bool good = random != NULL && left != NULL && random_cells(m, random, left, &t.cells) &&
                entropy_measure_pair(&t, m->p, &pair, NULL) == ML_OK;
    *mutual = good ? pair.mutual : 0;
    if (random != NULL)
        gsl_rng_free(random);
    free(left);
    tuples_free(&t.cells);
    return good;
}

static void test_one(size_t i, int worker, void *context)
{
    (void)worker;
    const testing *x = context;
    double mutual;
    x->failed[i] = !measure_random(x, x->first + i, &mutual);
    x->reached[i] = mutual >= x->least;
}

ml_status entropy_permutation_test(const entropy_table *t, const entropy_params *p, size_t count,
                                   uint64_t seed, uint64_t first, int jobs, double *out, ml_message *why)
{
    margins m;
    entropy_pair pair;
    ml_status status = entropy_measure_pair(t, p, &pair, why);
    if (status == ML_OK)
        status = margins_make(&m, t, p, why);
    if (status != ML_OK)
        return status;
    testing x = {.m = &m, .seed = seed, .first = first};
    /* equal tables may differ in the last digits */
    x.least = pair.mutual - 1e-12 * (fabs(pair.a) + fabs(pair.b));
    x.reached = memory_zeros(count, sizeof *x.reached);
    x.failed = memory_zeros(count, sizeof *x.failed);
    bool good = x.reached != NULL && x.failed != NULL;
    if (good)
        parallel_for(count, jobs, test_one, &x);
    size_t reached = 0;
    for (size_t i = 0; good && i < count; i++) {
        good = !x.failed[i];
        reached += x.reached[i];
    }
    if (!good)
        status = ml_fail_memory(why, "the permutations", count * sizeof *x.reached);
    *out = (1 + (double)reached) / (1 + (double)count);
    free(x.reached);
    free(x.failed);
    margins_free(&m);
    return status;
}
