#include "ml/continuous.h"

#include <gsl/gsl_randist.h>
#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/double_double.h"
#include "base/memory.h"
#include "base/parallel.h"
#include "base/random.h"
#include "ml/continuous_internal.h"

void continuous_defaults(continuous_params *params)
{
    *params = (continuous_params){.method = CONTINUOUS_GAUSSIAN,
                                  .neighbours = 3,
                                  .norm = NEIGHBOURS_EUCLIDEAN,
                                  .rule = CONTINUOUS_STURGES,
                                  .ddof = 1,
                                  .jobs = 1};
}

const char *continuous_name(const continuous_params *p, size_t j, char *text)
{
    if (p->names != NULL)
        return p->names[j];
    snprintf(text, 32, "column %zu", j + 1);
    return text;
}

double continuous_deviation(const gsl_vector *column, double range)
{
    double mean = 0, sum = 0, rest = 0, n = (double)column->size, first = gsl_vector_get(column, 0);
    for (size_t i = 0; i < column->size; i++)
        mean += (gsl_vector_get(column, i) - first) / range / n;
    for (size_t i = 0; i < column->size; i++) {
        double off = (gsl_vector_get(column, i) - first) / range - mean;
        sum += off * off;
        rest += off;
    }
    return sqrt(fmax(0, sum - rest * rest / n) / n);
}

void continuous_mean(const double *local, size_t n, continuous_estimate *out)
{
    double_double sum = {0};
    double squares = 0;
    for (size_t i = 0; i < n; i++)
        sum = dd_add(sum, local[i]);
    double mean = dd_value(sum) / (double)n;
    for (size_t i = 0; i < n; i++)
        squares += (local[i] - mean) * (local[i] - mean);
    *out = (continuous_estimate){.nats = mean, .culprit = SIZE_MAX};
    if (n > 1)
        out->error = sqrt(squares / (double)(n - 1) / (double)n);
}

/* The mean of the terms that a call left, when it went well; -INFINITY where it found a CULPRIT.  LOCAL is
 * freed. */
static ml_status take_mean(ml_status status, double *local, size_t n, size_t culprit,
                           continuous_estimate *out)
{
    if (status == ML_OK && culprit == SIZE_MAX)
        continuous_mean(local, n, out);
    else
        *out = (continuous_estimate){.nats = -INFINITY, .culprit = culprit};
    free(local);
    return status;
}

static ml_status terms_new(double **local, size_t n, ml_message *why)
{
    *local = memory_zeros(n, sizeof **local);
    return *local ? ML_OK : ml_fail_memory(why, "the terms of an estimate", n * sizeof **local);
}

/* FACTOR times the local entropies of two ranges of columns together: the first and how many. */
static ml_status add_entropy(const continuous_params *p, const gsl_matrix *x, const size_t range[2],
                             const size_t range2[2], bool volume, double factor, double *local,
                             size_t *culprit, ml_message *why)
{
    if (p->method == CONTINUOUS_HISTOGRAM)
        return continuous_add_cells(p, x, range, range2, volume, factor, local, culprit, why);
    if (range2[1] == 0) {
        gsl_matrix_const_view own = gsl_matrix_const_submatrix(x, 0, range[0], x->size1, range[1]);
        return continuous_add_near(p, &own.matrix, range[0], factor, local, why);
    }
    gsl_matrix *both = gsl_matrix_alloc(x->size1, range[1] + range2[1]);
    if (both == NULL)
        return ml_fail_memory(why, "columns", x->size1 * (range[1] + range2[1]) * sizeof(double));
    for (size_t i = 0; i < x->size1; i++)
        for (size_t j = 0; j < both->size2; j++)
            gsl_matrix_set(both, i, j,
                           gsl_matrix_get(x, i, j < range[1] ? range[0] + j : range2[0] + j - range[1]));
    ml_status status = continuous_add_near(p, both, range[0], factor, local, why);
    gsl_matrix_free(both);
    return status;
}

static const size_t none[2] = {0, 0};

ml_status continuous_entropy(const continuous_params *p, const gsl_matrix *x, continuous_estimate *out,
                             ml_message *why)
{
    if (p->method == CONTINUOUS_GAUSSIAN)
        return continuous_gaussian_entropy(p, x, 0, out, why);
    double *local;
    size_t culprit = SIZE_MAX;
    ml_status status = terms_new(&local, x->size1, why);
    if (status == ML_OK)
        status = add_entropy(p, x, (const size_t[2]){0, x->size2}, none, true, 1, local, &culprit, why);
    return take_mean(status, local, x->size1, culprit, out);
}

/* The local terms of sum h(block) - h(all). */
static ml_status add_information(const continuous_params *p, const gsl_matrix *x, const size_t *sizes,
                                 size_t blocks, double *local, ml_message *why)
{
    ml_status status = ML_OK;
    size_t ignored, first = 0;
    if (p->method == CONTINUOUS_KSG || p->method == CONTINUOUS_KSG2)
        return continuous_ksg_terms(p, x, sizes, blocks, local, why);
    for (size_t block = 0; status == ML_OK && block < blocks; first += sizes[block++])
        status =
            add_entropy(p, x, (const size_t[2]){first, sizes[block]}, none, false, 1, local, &ignored, why);
    if (status == ML_OK)
        status = add_entropy(p, x, (const size_t[2]){0, x->size2}, none, false, -1, local, &ignored, why);
    return status;
}

ml_status continuous_information(const continuous_params *p, const gsl_matrix *x, const size_t *sizes,
                                 size_t blocks, continuous_estimate *out, ml_message *why)
{
    if (p->method == CONTINUOUS_GAUSSIAN)
        return continuous_gaussian_information(p, x, sizes, blocks, 0, out, why);
    double *local;
    ml_status status = terms_new(&local, x->size1, why);
    if (status == ML_OK)
        status = add_information(p, x, sizes, blocks, local, why);
    return take_mean(status, local, x->size1, SIZE_MAX, out);
}

/* h(AC) + h(BC) - h(C) - h(ABC) */
static ml_status add_given(const continuous_params *p, const gsl_matrix *x, const size_t sizes[3],
                           double *local, ml_message *why)
{
    size_t a = sizes[0], b = sizes[1], c = sizes[2], ignored;
    const size_t of_a[2] = {0, a}, of_bc[2] = {a, b + c}, of_c[2] = {a + b, c}, all[2] = {0, a + b + c};
    ml_status status = add_entropy(p, x, of_a, of_c, false, 1, local, &ignored, why);
    if (status == ML_OK)
        status = add_entropy(p, x, of_bc, none, false, 1, local, &ignored, why);
    if (status == ML_OK)
        status = add_entropy(p, x, of_c, none, false, -1, local, &ignored, why);
    if (status == ML_OK)
        status = add_entropy(p, x, all, none, false, -1, local, &ignored, why);
    return status;
}

ml_status continuous_given(const continuous_params *p, const gsl_matrix *x, const size_t sizes[3],
                           continuous_estimate *out, ml_message *why)
{
    if (p->method == CONTINUOUS_KSG2)
        return ml_fail(why, "ksg2 has no information given a third variable: take ksg");
    if (p->method == CONTINUOUS_GAUSSIAN)
        return continuous_gaussian_information(p, x, sizes, 2, sizes[2], out, why);
    double *local;
    ml_status status = terms_new(&local, x->size1, why);
    if (status == ML_OK)
        status = p->method == CONTINUOUS_KSG ? continuous_ksg_given_terms(p, x, sizes, local, why)
                                             : add_given(p, x, sizes, local, why);
    return take_mean(status, local, x->size1, SIZE_MAX, out);
}

/* h(AB) - h(B), or where the information is not a difference of entropies h(A) - I(A;B). */
static ml_status add_conditional(const continuous_params *p, const gsl_matrix *x, const size_t sizes[2],
                                 double *local, size_t *culprit, ml_message *why)
{
    const size_t of_a[2] = {0, sizes[0]}, of_b[2] = {sizes[0], sizes[1]};
    size_t ignored;
    ml_status status;
    if (p->method == CONTINUOUS_KL || p->method == CONTINUOUS_HISTOGRAM) {
        status = add_entropy(p, x, of_a, of_b, true, 1, local, culprit, why);
        return status == ML_OK ? add_entropy(p, x, of_b, none, false, -1, local, &ignored, why) : status;
    }
    double *information;
    status = terms_new(&information, x->size1, why);
    if (status == ML_OK)
        status = continuous_ksg_terms(p, x, sizes, 2, information, why);
    if (status == ML_OK)
        status = add_entropy(p, x, of_a, none, true, 1, local, culprit, why);
    for (size_t i = 0; status == ML_OK && i < x->size1; i++)
        local[i] -= information[i];
    free(information);
    return status;
}

ml_status continuous_conditional(const continuous_params *p, const gsl_matrix *x, const size_t sizes[2],
                                 continuous_estimate *out, ml_message *why)
{
    if (p->method == CONTINUOUS_GAUSSIAN)
        return continuous_gaussian_entropy(p, x, sizes[1], out, why);
    double *local;
    size_t culprit = SIZE_MAX;
    ml_status status = terms_new(&local, x->size1, why);
    if (status == ML_OK)
        status = add_conditional(p, x, sizes, local, &culprit, why);
    return take_mean(status, local, x->size1, culprit, out);
}

ml_status continuous_divergence(const continuous_params *params, const gsl_matrix *p, const gsl_matrix *q,
                                continuous_estimate *out, ml_message *why)
{
    switch (params->method) {
    case CONTINUOUS_GAUSSIAN:
        return continuous_gaussian_divergence(params, p, q, out, why);
    case CONTINUOUS_KL:
        return continuous_near_divergence(params, p, q, out, why);
    case CONTINUOUS_HISTOGRAM:
        return continuous_cells_divergence(params, p, q, out, why);
    case CONTINUOUS_KSG:
    case CONTINUOUS_KSG2:
        break;
    }
    return ml_fail(why, "ksg estimates mutual information, not a divergence: take kl");
}

/* --- permutations --- */

enum { FAILED = 2 };

typedef struct permutations {
    const continuous_params *params;
    const gsl_matrix *x;
    const size_t *sizes;
    double least; /* what counts as at least as much information */
    uint64_t seed;
    unsigned char *hits; /* one a permutation: FAILED where there is no estimate */
} permutations;

static ml_status permute_once(const permutations *all, size_t i, bool *hit, ml_message *why)
{
    size_t n = all->x->size1;
    gsl_rng *generator = random_stream(all->seed, i);
    size_t *order = memory_array(n, sizeof *order);
    gsl_matrix *x = gsl_matrix_alloc(n, all->x->size2);
    continuous_estimate e;
    continuous_params alone = *all->params;
    alone.jobs = 1;
    ml_status status = generator && order && x
                           ? ML_OK
                           : ml_fail_memory(why, "a permutation", n * all->x->size2 * sizeof(double));
    if (status == ML_OK) {
        for (size_t l = 0; l < n; l++)
            order[l] = l;
        gsl_ran_shuffle(generator, order, n, sizeof *order);
        for (size_t l = 0; l < n; l++)
            for (size_t j = 0; j < x->size2; j++)
                gsl_matrix_set(x, l, j, gsl_matrix_get(all->x, j < all->sizes[0] ? order[l] : l, j));
        status = continuous_information(&alone, x, all->sizes, 2, &e, why);
        *hit = status == ML_OK && e.nats >= all->least;
    }
    if (generator)
        gsl_rng_free(generator);
    free(order);
    gsl_matrix_free(x);
    return status;
}

static void permute(size_t i, int worker, void *context)
{
    (void)worker;
    permutations *all = context;
    bool hit = false;
    ml_message why;
    all->hits[i] = permute_once(all, i, &hit, &why) == ML_OK ? hit : FAILED;
}

ml_status continuous_significance(const continuous_params *params, const gsl_matrix *x, const size_t sizes[2],
                                  double observed, size_t count, uint64_t seed, double *p_value,
                                  ml_message *why)
{
    permutations all = {.params = params, .x = x, .sizes = sizes, .seed = seed};
    /* permutations that change nothing give the same number but for its rounding */
    all.least = isfinite(observed) ? observed - 1e-12 * fmax(1, fabs(observed)) : observed;
    all.hits = memory_zeros(count, 1);
    if (all.hits == NULL)
        return ml_fail_memory(why, "permutations", count);
    parallel_for(count, params->jobs, permute, &all);
    double hits = 0;
    ml_status status = ML_OK;
    for (size_t i = 0; status == ML_OK && i < count; i++) {
        bool hit = all.hits[i] == 1;
        if (all.hits[i] == FAILED) /* once more for its message; memory may be there now */
            status = permute_once(&all, i, &hit, why);
        hits += hit;
    }
    *p_value = (1 + hits) / (1 + (double)count);
    free(all.hits);
    return status;
}
