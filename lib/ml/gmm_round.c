#include "ml/gmm_round.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "ml/gmm_internal.h"

/* --- parts --- */

ml_status gmm_parts_alloc(gmm_parts *p, size_t k, size_t d, ml_message *why)
{
    *p = (gmm_parts){.k = k, .d = d, .size = gmm_sums_size(d)};
    size_t numbers;
    bool fits = !__builtin_mul_overflow(k, p->size, &numbers);
    p->values = fits ? memory_zeros(numbers, sizeof *p->values) : NULL;
    return p->values ? ML_OK : ml_fail_memory(why, "the sums", fits ? numbers * sizeof *p->values : SIZE_MAX);
}

void gmm_parts_free(gmm_parts *p)
{
    free(p->values);
    *p = (gmm_parts){0};
}

/* Sums beyond the range are inf or nan: no result may come of them. */
static ml_status check_range(const gmm_parts *p, ml_message *why)
{
    bool finite = dd_is_finite(p->count) && dd_is_finite(p->log_likelihood) && dd_is_finite(p->entropy);
    for (size_t i = 0; finite && i < p->k * p->size; i++)
        finite = dd_is_finite(p->values[i]);
    return finite ? ML_OK
                  : ml_fail(why, "sums of the rows leave the range of a double: they lie too far from the "
                                 "mixture, or the columns have to be scaled");
}

ml_status gmm_parts_merge(gmm_parts *into, const gmm_parts *from, ml_message *why)
{
    if (from->rows > ((size_t)1 << 53) - into->rows)
        return ml_fail(why, "more rows than can be counted");
    into->rows += from->rows;
    into->count = dd_add_dd(into->count, from->count);
    into->log_likelihood = dd_add_dd(into->log_likelihood, from->log_likelihood);
    into->entropy = dd_add_dd(into->entropy, from->entropy);
    for (size_t i = 0; i < into->k * into->size; i++)
        into->values[i] = dd_add_dd(into->values[i], from->values[i]);
    return check_range(into, why);
}

/* --- a round over rows --- */

struct gmm_round {
    const gmm_model *model;
    bool hard, weighted;
    int jobs;
    gsl_matrix *x;
    gsl_vector *weights;
    size_t have; /* rows in X */
    gmm_sums sums;
    gmm_parts parts;
};

/* Rows of a stretch: a function of the width alone. */
static size_t stretch_of(size_t d)
{
    enum { MOST = 32768, LEAST = GMM_LANES * GMM_TILE, NUMBERS = 1 << 19 };
    size_t rows = NUMBERS / d / LEAST * LEAST;
    return rows > MOST ? MOST : rows < LEAST ? LEAST : rows;
}

void gmm_round_free(gmm_round *r)
{
    if (r == NULL)
        return;
    gsl_matrix_free(r->x);
    gsl_vector_free(r->weights);
    free(r->sums.values);
    gmm_parts_free(&r->parts);
    free(r);
}

ml_status gmm_round_new(gmm_round **made, const gmm_model *model, bool hard, int jobs, ml_message *why)
{
    size_t stretch = stretch_of(model->d);
    gmm_round *r = *made = memory_zeros(1, sizeof *r);
    if (r == NULL)
        return ml_fail_memory(why, "the round", sizeof *r);
    *r = (gmm_round){.model = model, .hard = hard, .jobs = jobs};
    ml_status status = gmm_parts_alloc(&r->parts, model->k, model->d, why);
    if (status == ML_OK) {
        r->sums = (gmm_sums){.k = model->k, .size = r->parts.size};
        r->sums.values = memory_array(model->k, r->parts.size * sizeof(double));
        r->x = gsl_matrix_alloc(stretch, model->d);
        r->weights = gsl_vector_alloc(stretch);
        if (!r->sums.values || !r->x || !r->weights)
            status = ml_fail_memory(why, "the rows", stretch * model->d * sizeof(double));
    }
    if (status != ML_OK) {
        gmm_round_free(r);
        *made = NULL;
    }
    return status;
}

static ml_status end_stretch(gmm_round *r, ml_message *why)
{
    gsl_matrix_view x = gsl_matrix_submatrix(r->x, 0, 0, r->have, r->model->d);
    gsl_vector_view w = gsl_vector_subvector(r->weights, 0, r->have);
    gmm_pass pass = {.model = r->model,
                     .x = &x.matrix,
                     .weights = r->weighted ? &w.vector : NULL,
                     .hard = r->hard,
                     .jobs = r->jobs};
    ml_status status = gmm_gather(&pass, &r->sums, why);
    if (status != ML_OK)
        return status;
    gmm_parts *p = &r->parts;
    p->rows += r->have;
    p->log_likelihood = dd_add(p->log_likelihood, r->sums.log_likelihood);
    p->entropy = dd_add(p->entropy, r->sums.entropy);
    for (size_t i = 0; i < p->k * p->size; i++)
        p->values[i] = dd_add(p->values[i], r->sums.values[i]);
    for (size_t i = 0; i < r->have; i++)
        p->count = dd_add(p->count, r->weighted ? gsl_vector_get(r->weights, i) : 1);
    r->have = 0;
    return ML_OK;
}

ml_status gmm_round_add(gmm_round *r, const gsl_matrix *x, const gsl_vector *weights, ml_message *why)
{
    r->weighted = weights != NULL;
    for (size_t i = 0; i < x->size1; i++) {
        memcpy(r->x->data + r->have * r->x->tda, x->data + i * x->tda, x->size2 * sizeof(double));
        if (weights != NULL) {
            double w = gsl_vector_get(weights, i);
            if (!(w >= 0) || !isfinite(w))
                return ml_fail(why, "row %zu has the weight %g; weights must be 0 or above",
                               r->parts.rows + r->have + 1, w);
            gsl_vector_set(r->weights, r->have, w);
        }
        if (++r->have == r->x->size1) {
            ml_status status = end_stretch(r, why);
            if (status != ML_OK)
                return status;
        }
    }
    return ML_OK;
}

ml_status gmm_round_parts(gmm_round *r, const gmm_parts **parts, ml_message *why)
{
    const gmm_parts *p = *parts = &r->parts;
    if (r->have > 0) {
        ml_status status = end_stretch(r, why);
        if (status != ML_OK)
            return status;
    }
    return check_range(p, why);
}

/* --- the step --- */

/* The mean variance of the columns, which the floor is in units of, from sums about the means: about that of
 * the first component, sum w z^2 = sum over k of S2 + 2 e S1 + N e^2 with e = mu_k - mu_1.  1 when all rows
 * are equal, as in a fit. */
static double mean_variance(const gmm_parts *p, const gmm_model *m)
{
    double_double sum = {0, 0};
    double count = dd_value(p->count);
    for (size_t j = 0; j < p->d; j++) {
        double_double first = {0, 0}, second = {0, 0};
        for (size_t k = 0; k < p->k; k++) {
            const double_double *s = p->values + k * p->size;
            double off = gsl_matrix_get(m->means, k, j) - gsl_matrix_get(m->means, 0, j);
            double_double n_off = dd_multiply(s[0], (double_double){off, 0});
            double_double s1 = s[1 + j], s2 = s[1 + p->d + j * (j + 1) / 2 + j];
            first = dd_add_dd(first, dd_add_dd(s1, n_off));
            double_double cross = dd_add_dd(dd_add_dd(s1, s1), n_off);
            second = dd_add_dd(second, dd_add_dd(s2, dd_multiply(cross, (double_double){off, 0})));
        }
        double mean = dd_value(first) / count;
        sum = dd_add(sum, fmax(0, dd_value(second) / count - mean * mean));
    }
    double variance = dd_value(sum) / (double)p->d;
    return variance > 0 ? variance : 1;
}

ml_status gmm_parts_step(const gmm_parts *p, const gmm_model *model, const gmm_params *params,
                         gmm_history *history, gmm_result *result, ml_message *why)
{
    double count = dd_value(p->count), unit = mean_variance(p, model);
    gmm_sums sums = {.k = p->k, .size = p->size};
    *result = (gmm_result){.best = 1};
    if (!(count > 0))
        return ml_fail(why, "the weights must have a finite sum above 0");
    if (!isfinite(unit) || unit < 1e-290)
        return ml_fail(why,
                       "the variances of the columns are beyond the range of a double; scale the columns");
    sums.values = memory_array(p->k, p->size * sizeof(double));
    ml_status status = sums.values ? gmm_model_alloc(&result->model, p->k, p->d, params->covariance, why)
                                   : ml_fail_memory(why, "the sums", p->k * p->size * sizeof(double));
    for (size_t i = 0; status == ML_OK && i < p->k * p->size; i++)
        sums.values[i] = dd_value(p->values[i]);
    if (status == ML_OK)
        status = gmm_maximize(params, model, &sums, unit, count, &result->model, &result->floored, why);
    free(sums.values);
    if (status != ML_OK) {
        gmm_free(result);
        return status;
    }
    result->log_likelihood = dd_value(p->log_likelihood);
    result->entropy = dd_value(p->entropy);
    result->count = count;
    result->converged =
        history->rounds > 0 && result->log_likelihood - history->log_likelihood <= params->tolerance * count;
    *history = (gmm_history){history->rounds + 1, result->log_likelihood};
    result->iterations = history->rounds;
    return ML_OK;
}
