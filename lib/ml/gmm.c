#include "ml/gmm.h"

#include <gsl/gsl_eigen.h>
#include <gsl/gsl_linalg.h>
#include <gsl/gsl_randist.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "base/random.h"
#include "ml/gmm_internal.h"
#include "ml/kmeans.h"

void gmm_defaults(gmm_params *params)
{
    *params = (gmm_params){.max_iterations = 1000, .tolerance = 1e-6, .floor = 1e-6, .seed = 1, .jobs = 1};
}

/* --- the model --- */

ml_status gmm_model_alloc(gmm_model *m, size_t k, size_t d, gmm_covariance covariance, ml_message *why)
{
    size_t rows, factors;
    bool fits =
        !__builtin_mul_overflow(k, d, &rows) && !__builtin_mul_overflow(rows, (d + 1) / 2 + 1, &factors);
    *m = (gmm_model){.k = k, .d = d, .covariance = covariance};
    if (fits) {
        m->weights = gsl_vector_calloc(k);
        m->means = gsl_matrix_calloc(k, d);
        m->covariances = gsl_matrix_calloc(rows, d);
        m->factors = memory_zeros(factors, sizeof *m->factors);
        m->constant = memory_zeros(k, sizeof *m->constant);
    }
    if (m->weights && m->means && m->covariances && m->factors && m->constant)
        return ML_OK;
    gmm_model_free(m);
    return ml_fail_memory(why, "the mixture", fits ? rows * d * sizeof(double) : SIZE_MAX);
}

void gmm_model_free(gmm_model *m)
{
    gsl_vector_free(m->weights);
    gsl_matrix_free(m->means);
    gsl_matrix_free(m->covariances);
    free(m->factors);
    free(m->constant);
    *m = (gmm_model){0};
}

static void copy_model(gmm_model *to, const gmm_model *from)
{
    gsl_vector_memcpy(to->weights, from->weights);
    gsl_matrix_memcpy(to->means, from->means);
    gsl_matrix_memcpy(to->covariances, from->covariances);
}

static gsl_matrix_view covariance_of(const gmm_model *m, size_t k)
{
    return gsl_matrix_submatrix(m->covariances, k * m->d, 0, m->d, m->d);
}

/* The inverse of the lower triangle L, row by row, into OUT. */
static void invert_lower(const gsl_matrix *l, double *out)
{
    size_t d = l->size1;
    for (size_t j = 0; j < d; j++) /* column j of the inverse solves L x = e_j */
        for (size_t i = j; i < d; i++) {
            double sum = i == j;
            for (size_t q = j; q < i; q++)
                sum -= gsl_matrix_get(l, i, q) * out[q * (q + 1) / 2 + j];
            out[i * (i + 1) / 2 + j] = sum / gsl_matrix_get(l, i, i);
        }
}

ml_status gmm_model_prepare(gmm_model *m, ml_message *why)
{
    size_t d = m->d;
    gsl_matrix *l = gsl_matrix_alloc(d, d);
    if (l == NULL)
        return ml_fail_memory(why, "the covariances", d * d * sizeof(double));
    ml_status status = ML_OK;
    for (size_t k = 0; status == ML_OK && k < m->k; k++) {
        double log_determinant = 0;
        gsl_matrix_view s = covariance_of(m, k);
        gsl_matrix_memcpy(l, &s.matrix);
        if (gsl_linalg_cholesky_decomp1(l) != 0)
            status = ml_fail(why, "component %zu: its covariance is not positive definite", k + 1);
        for (size_t j = 0; status == ML_OK && j < d; j++)
            log_determinant += 2 * log(gsl_matrix_get(l, j, j));
        if (status == ML_OK && !isfinite(log_determinant))
            status = ml_fail(
                why, "component %zu: the determinant of its covariance is beyond the range of a double",
                k + 1);
        if (status != ML_OK)
            break;
        invert_lower(l, m->factors + k * d * (d + 1) / 2);
        m->constant[k] =
            log(gsl_vector_get(m->weights, k)) - ((double)d * log(2 * M_PI) + log_determinant) / 2;
    }
    gsl_matrix_free(l);
    return status;
}

double gmm_model_parameters(const gmm_model *m)
{
    double k = (double)m->k, d = (double)m->d, covariances = 1;
    switch (m->covariance) {
    case GMM_FULL:
        covariances = k * d * (d + 1) / 2;
        break;
    case GMM_TIED:
        covariances = d * (d + 1) / 2;
        break;
    case GMM_DIAGONAL:
        covariances = k * d;
        break;
    case GMM_SPHERICAL:
        covariances = k;
        break;
    case GMM_TIED_SPHERICAL:
        break;
    }
    return k - 1 + k * d + covariances;
}

size_t gmm_draw(const gmm_model *m, gsl_rng *g, double *x)
{
    double left = gsl_rng_uniform(g);
    size_t k = 0, d = m->d;
    while (k + 1 < m->k && left >= gsl_vector_get(m->weights, k))
        left -= gsl_vector_get(m->weights, k++);
    for (size_t j = 0; j < d; j++)
        x[j] = gsl_ran_gaussian_ziggurat(g, 1);
    /* W is the inverse of the Cholesky factor: x = W^-1 z solves W x = z, from the top down */
    const double *w = m->factors + k * d * (d + 1) / 2;
    for (size_t i = 0; i < d; i++) {
        for (size_t j = 0; j < i; j++)
            x[i] -= w[i * (i + 1) / 2 + j] * x[j];
        x[i] /= w[i * (i + 1) / 2 + i];
    }
    for (size_t j = 0; j < d; j++)
        x[j] += gsl_matrix_get(m->means, k, j);
    return k;
}

/* --- M steps --- */

typedef struct em {
    const gsl_matrix *x;
    const gsl_vector *weights;
    const gmm_params *params;
    gmm_model model, next;
    gmm_sums sums;
    double unit;  /* mean variance of the columns: that of the floor */
    double count; /* sum of the weights */
    size_t floored;
} em;

static void symmetrize(gsl_matrix *s)
{
    for (size_t i = 0; i < s->size1; i++)
        for (size_t j = 0; j < i; j++)
            gsl_matrix_set(s, j, i, gsl_matrix_get(s, i, j));
}

/* S = sum r z z' / N - delta delta', delta = sum r z / N being how far the mean moves; the lower triangle. */
static void central(const double *s, size_t d, double count, gsl_matrix *out)
{
    const double *first = s + 1, *second = s + 1 + d;
    for (size_t i = 0; i < d; i++)
        for (size_t j = 0; j <= i; j++)
            gsl_matrix_set(out, i, j, *second++ / count - first[i] / count * (first[j] / count));
    symmetrize(out);
}

/* What the kind of covariance leaves of the matrix S. */
static void restrict_to(gmm_covariance kind, gsl_matrix *s)
{
    size_t d = s->size1;
    double mean = 0;
    for (size_t i = 0; i < d; i++)
        mean += gsl_matrix_get(s, i, i) / (double)d;
    for (size_t i = 0; kind != GMM_FULL && kind != GMM_TIED && i < d; i++)
        for (size_t j = 0; j < d; j++)
            gsl_matrix_set(s, i, j, i != j ? 0 : kind == GMM_DIAGONAL ? gsl_matrix_get(s, i, i) : mean);
}

/* Is S - FLOOR I positive definite? */
static bool above_floor(const gsl_matrix *s, double least, gsl_matrix *work)
{
    gsl_matrix_memcpy(work, s);
    for (size_t i = 0; i < s->size1; i++)
        gsl_matrix_set(work, i, i, gsl_matrix_get(s, i, i) - least);
    return gsl_linalg_cholesky_decomp1(work) == 0;
}

static bool is_finite(const gsl_matrix *s)
{
    for (size_t i = 0; i < s->size1; i++)
        for (size_t j = 0; j < s->size2; j++)
            if (!isfinite(gsl_matrix_get(s, i, j)))
                return false;
    return true;
}

/* Raise eigenvalues below LEAST to it; true in *RAISED when there were any. */
static ml_status raise(gsl_matrix *s, double least, bool *raised, ml_message *why)
{
    size_t d = s->size1;
    gsl_matrix *work = gsl_matrix_alloc(d, d), *vectors = gsl_matrix_alloc(d, d);
    gsl_vector *values = gsl_vector_alloc(d);
    gsl_eigen_symmv_workspace *space = gsl_eigen_symmv_alloc(d);
    ml_status status = work && vectors && values && space
                           ? ML_OK
                           : ml_fail_memory(why, "the covariances", d * d * sizeof(double));
    *raised = status == ML_OK && !above_floor(s, least, work);
    if (*raised) {
        gsl_matrix_memcpy(work, s);
        gsl_eigen_symmv(work, values, vectors, space);
        gsl_matrix_set_zero(s);
        for (size_t q = 0; q < d; q++) {
            double value = fmax(gsl_vector_get(values, q), least);
            for (size_t i = 0; i < d; i++)
                for (size_t j = 0; j <= i; j++)
                    gsl_matrix_set(s, i, j,
                                   gsl_matrix_get(s, i, j) +
                                       value * gsl_matrix_get(vectors, i, q) * gsl_matrix_get(vectors, j, q));
        }
        symmetrize(s);
    }
    gsl_matrix_free(work);
    gsl_matrix_free(vectors);
    gsl_vector_free(values);
    gsl_eigen_symmv_free(space);
    return status;
}

/* A component with next to nothing of the rows has no mean. */
static ml_status collapsed(size_t k, ml_message *why)
{
    return ml_fail(
        why,
        "component %zu collapsed: no rows are left to it; fewer components, other starts (--restarts, -S) or "
        "--covariance diag may help",
        k + 1);
}

static ml_status move_means(em *e, ml_message *why)
{
    size_t d = e->model.d;
    for (size_t k = 0; k < e->model.k; k++) {
        const double *s = e->sums.values + k * e->sums.size;
        if (!(s[0] > 1e-10 * e->count / (double)e->model.k))
            return collapsed(k, why);
        gsl_vector_set(e->next.weights, k,
                       e->params->equal_weights ? 1 / (double)e->model.k : s[0] / e->count);
        for (size_t j = 0; j < d; j++)
            gsl_matrix_set(e->next.means, k, j, gsl_matrix_get(e->model.means, k, j) + s[1 + j] / s[0]);
    }
    return is_finite(e->next.means)
               ? ML_OK
               : ml_fail(why, "the mean of a component is beyond the range of a double; scale the columns");
}

static void fix_covariances(em *e)
{
    gsl_matrix_set_zero(e->next.covariances);
    for (size_t k = 0; k < e->model.k; k++)
        for (size_t j = 0; j < e->model.d; j++)
            gsl_matrix_set(e->next.covariances, k * e->model.d + j, j, e->params->fixed);
}

static void pool(em *e)
{
    size_t d = e->model.d;
    gsl_matrix_view first = covariance_of(&e->next, 0);
    for (size_t k = 0; k < e->model.k; k++) {
        gsl_matrix_view s = covariance_of(&e->next, k);
        gsl_matrix_scale(&s.matrix, e->sums.values[k * e->sums.size] / e->count);
        if (k > 0)
            gsl_matrix_add(&first.matrix, &s.matrix);
    }
    for (size_t k = 1; k < e->model.k; k++) {
        gsl_matrix_view s = gsl_matrix_submatrix(e->next.covariances, k * d, 0, d, d);
        gsl_matrix_memcpy(&s.matrix, &first.matrix);
    }
}

static ml_status shape_covariances(em *e, ml_message *why)
{
    gmm_covariance kind = e->model.covariance;
    for (size_t k = 0; k < e->model.k; k++) {
        const double *s = e->sums.values + k * e->sums.size;
        gsl_matrix_view out = covariance_of(&e->next, k);
        central(s, e->model.d, s[0], &out.matrix);
    }
    if (kind == GMM_TIED || kind == GMM_TIED_SPHERICAL)
        pool(e);
    e->floored = 0;
    for (size_t k = 0; k < e->model.k; k++) {
        bool raised;
        gsl_matrix_view out = covariance_of(&e->next, k);
        restrict_to(kind, &out.matrix);
        if (!is_finite(&out.matrix)) /* eigenvalues of such a matrix are not looked for */
            return ml_fail(why, "component %zu: its covariance is beyond the range of a double", k + 1);
        ml_status status = raise(&out.matrix, e->params->floor * e->unit, &raised, why);
        if (status != ML_OK)
            return status;
        e->floored += raised;
    }
    return ML_OK;
}

/* The next model from the sums, ready for an E step. */
static ml_status maximize(em *e, ml_message *why)
{
    ml_status status = move_means(e, why);
    if (status == ML_OK && e->params->fixed > 0)
        fix_covariances(e);
    else if (status == ML_OK)
        status = shape_covariances(e, why);
    if (status != ML_OK)
        return status;
    if (gmm_model_prepare(&e->next, why) != ML_OK) {
        ml_message inner = *why;
        return ml_fail(why, "%.700s: it collapsed onto too few directions; a --floor above %g keeps it wide",
                       inner.text, e->params->floor);
    }
    return ML_OK;
}

ml_status gmm_maximize(const gmm_params *params, const gmm_model *model, const gmm_sums *sums, double unit,
                       double count, gmm_model *next, size_t *floored, ml_message *why)
{
    em e = {.params = params, .model = *model, .next = *next, .sums = *sums, .unit = unit, .count = count};
    e.model.covariance = params->covariance;
    ml_status status = maximize(&e, why);
    *floored = e.floored;
    return status;
}

static void take_next(em *e)
{
    gmm_model swap = e->model;
    e->model = e->next;
    e->next = swap;
}

/* --- starts --- */

static gmm_pass pass_of(const em *e, const uint32_t *labels)
{
    return (gmm_pass){.model = &e->model,
                      .x = e->x,
                      .weights = e->weights,
                      .labels = labels,
                      .hard = e->params->hard,
                      .jobs = e->params->jobs};
}

/* As if the labels were known: means first, then covariances about them. */
static ml_status start_from_labels(em *e, const uint32_t *labels, ml_message *why)
{
    for (int turn = 0; turn < 2; turn++) {
        gmm_pass pass = pass_of(e, labels);
        ml_status status = gmm_gather(&pass, &e->sums, why);
        if (status == ML_OK && turn == 0)
            status = move_means(e, why);
        if (status == ML_OK && turn == 1)
            status = maximize(e, why);
        if (status != ML_OK)
            return status;
        if (turn == 0)
            gsl_matrix_memcpy(e->model.means, e->next.means);
    }
    take_next(e);
    return ML_OK;
}

static ml_status start_from_kmeans(em *e, uint64_t restart, ml_message *why)
{
    kmeans_params p;
    kmeans_result r;
    kmeans_defaults(&p);
    p.k = e->model.k;
    p.seed = e->params->seed;
    p.jobs = e->params->jobs;
    p.first_restart = restart == 1 ? 1 : 10 + (size_t)restart; /* the first start is the best of ten */
    p.restarts = restart == 1 ? 10 : 1;
    ml_status status = kmeans_fit(e->x, e->weights, &p, &r, why);
    if (status == ML_OK)
        status = start_from_labels(e, r.labels, why);
    kmeans_free(&r);
    return status;
}

/* Means at rows of weight drawn at random; all rows as one component give the covariance. */
static ml_status start_at_random(em *e, gsl_rng *g, ml_message *why)
{
    size_t n = e->x->size1, k = e->model.k, d = e->model.d;
    uint32_t *one = memory_zeros(n, sizeof *one);
    em whole = *e;
    ml_status status = one ? gmm_model_alloc(&whole.model, 1, d, GMM_FULL, why)
                           : ml_fail_memory(why, "the start", n * sizeof *one);
    if (status != ML_OK || (status = gmm_model_alloc(&whole.next, 1, d, GMM_FULL, why)) != ML_OK) {
        free(one);
        gmm_model_free(&whole.model);
        return status;
    }
    whole.sums.k = 1;
    for (size_t j = 0; j < d; j++)
        gsl_matrix_set(whole.model.means, 0, j, gsl_matrix_get(e->x, 0, j));
    status = start_from_labels(&whole, one, why);
    for (size_t q = 0; status == ML_OK && q < k; q++) {
        size_t i = gsl_rng_uniform_int(g, n);
        while (e->weights != NULL && !(gsl_vector_get(e->weights, i) > 0))
            i = gsl_rng_uniform_int(g, n);
        gsl_vector_set(e->model.weights, q, 1 / (double)k);
        for (size_t j = 0; j < d; j++)
            gsl_matrix_set(e->model.means, q, j, gsl_matrix_get(e->x, i, j));
        gsl_matrix_view to = covariance_of(&e->model, q);
        gsl_matrix_memcpy(&to.matrix, whole.model.covariances);
        restrict_to(e->model.covariance, &to.matrix);
    }
    free(one);
    gmm_model_free(&whole.model);
    gmm_model_free(&whole.next);
    return status;
}

/* A model that did not come from an M step. */
static ml_status prepare_start(em *e, ml_message *why)
{
    for (size_t k = 0; e->params->equal_weights && k < e->model.k; k++)
        gsl_vector_set(e->model.weights, k, 1 / (double)e->model.k);
    if (e->params->fixed > 0) {
        fix_covariances(e);
        gsl_matrix_memcpy(e->model.covariances, e->next.covariances);
    }
    return gmm_model_prepare(&e->model, why);
}

static ml_status start(em *e, size_t restart, ml_message *why)
{
    /* about the first row, which is near whatever the origin is */
    for (size_t k = 0; k < e->model.k; k++)
        for (size_t j = 0; j < e->model.d; j++)
            gsl_matrix_set(e->model.means, k, j, gsl_matrix_get(e->x, 0, j));
    switch (e->params->start) {
    case GMM_KMEANS:
        return start_from_kmeans(e, restart, why);
    case GMM_LABELS:
        return start_from_labels(e, e->params->labels, why);
    case GMM_GIVEN:
        copy_model(&e->model, e->params->model);
        return prepare_start(e, why);
    default:
        break;
    }
    gsl_rng *g = random_stream(e->params->seed, restart - 1);
    if (g == NULL)
        return ml_fail_memory(why, "random numbers", 5000);
    ml_status status = start_at_random(e, g, why);
    gsl_rng_free(g);
    return status == ML_OK ? prepare_start(e, why) : status;
}

/* --- a run --- */

static ml_status iterate(em *e, size_t restart, gmm_result *r, double *before, ml_message *why)
{
    gmm_pass pass = pass_of(e, NULL);
    ml_status status = gmm_gather(&pass, &e->sums, why);
    if (status == ML_OK)
        status = maximize(e, why);
    if (status != ML_OK)
        return status;
    r->iterations++;
    if (e->params->progress != NULL) {
        gmm_iteration now = {restart, r->iterations, e->sums.log_likelihood, &e->model, &e->next};
        e->params->progress(e->params->context, &now);
    }
    r->converged = r->iterations > 1 && e->sums.log_likelihood - *before <= e->params->tolerance * e->count;
    *before = e->sums.log_likelihood;
    take_next(e);
    return ML_OK;
}

/* To the end; R gets what is known of it but its numbering, and the model stays in E. */
static ml_status run(em *e, size_t restart, gmm_result *r, ml_message *why)
{
    double before = 0;
    *r = (gmm_result){.best = restart};
    ml_status status = start(e, restart, why);
    while (status == ML_OK && !r->converged && r->iterations < e->params->max_iterations)
        status = iterate(e, restart, r, &before, why);
    if (status != ML_OK)
        return status;
    r->floored = e->floored;
    gmm_pass pass = pass_of(e, NULL);
    status = gmm_gather(&pass, &e->sums, why);
    r->log_likelihood = e->sums.log_likelihood;
    r->entropy = e->sums.entropy;
    r->count = e->count;
    return status;
}

/* NUMBER[q]: components by the first row whose likeliest one they are; those that are nobody's last. */
static ml_status number_components(const em *e, size_t *number, ml_message *why)
{
    size_t k = e->model.k, next = 0;
    bool kept = e->params->start == GMM_LABELS || e->params->start == GMM_GIVEN;
    for (size_t q = 0; q < k; q++)
        number[q] = kept ? q : SIZE_MAX;
    enum { STRETCH = 4096 };
    gsl_matrix *r = kept ? NULL : gsl_matrix_alloc(STRETCH, k);
    if (!kept && r == NULL)
        return ml_fail_memory(why, "the rows", STRETCH * k * sizeof(double));
    ml_status status = ML_OK;
    for (size_t from = 0; !kept && status == ML_OK && next < k && from < e->x->size1; from += STRETCH) {
        size_t count = e->x->size1 - from < STRETCH ? e->x->size1 - from : STRETCH;
        gsl_matrix_const_view rows = gsl_matrix_const_submatrix(e->x, from, 0, count, e->x->size2);
        status = gmm_rows(&e->model, &rows.matrix, e->params->jobs, r, NULL, why);
        for (size_t i = 0; status == ML_OK && i < count; i++) {
            uint32_t q = gmm_likeliest(r->data + i * r->tda, k);
            if (number[q] == SIZE_MAX)
                number[q] = next++;
        }
    }
    for (size_t q = 0; q < k; q++)
        if (number[q] == SIZE_MAX)
            number[q] = next++;
    gsl_matrix_free(r);
    return status;
}

static ml_status take_result(em *e, gmm_result *r, ml_message *why)
{
    size_t k = e->model.k, *number = memory_array(k, sizeof *number);
    ml_status status = number ? gmm_model_alloc(&r->model, k, e->model.d, e->model.covariance, why)
                              : ml_fail_memory(why, "the result", k * sizeof *number);
    if (status == ML_OK)
        status = number_components(e, number, why);
    for (size_t q = 0; status == ML_OK && q < k; q++) {
        gsl_vector_set(r->model.weights, number[q], gsl_vector_get(e->model.weights, q));
        gsl_vector_view from = gsl_matrix_row(e->model.means, q);
        gsl_matrix_set_row(r->model.means, number[q], &from.vector);
        gsl_matrix_view s = covariance_of(&e->model, q), to = covariance_of(&r->model, number[q]);
        gsl_matrix_memcpy(&to.matrix, &s.matrix);
    }
    free(number);
    return status == ML_OK ? gmm_model_prepare(&r->model, why) : status;
}

static ml_status best_run(em *e, gmm_result *result, ml_message *why)
{
    size_t restarts = e->params->restarts ? e->params->restarts : e->params->start == GMM_RANDOM ? 10 : 1;
    size_t first = e->params->first_restart ? e->params->first_restart : 1;
    for (size_t restart = first; restart < first + restarts; restart++) {
        gmm_result r;
        ml_status status = run(e, restart, &r, why);
        /* a start that collapses is one that lost, unless it is the only one */
        if (status != ML_OK && (restarts == 1 || (restart + 1 == first + restarts && result->best == 0)))
            return status;
        if (status != ML_OK || (result->best != 0 && !(r.log_likelihood > result->log_likelihood)))
            continue;
        gmm_free(result);
        *result = r;
        if ((status = take_result(e, result, why)) != ML_OK)
            return status;
    }
    return ML_OK;
}

/* Mean variance of the columns, about the first row and then the mean; 1 when all rows are equal. */
static double mean_variance(const gsl_matrix *x, const gsl_vector *weights, double count)
{
    double_double sum = {0, 0};
    for (size_t j = 0; j < x->size2; j++) {
        double_double first = {0, 0}, second = {0, 0};
        for (size_t i = 0; i < x->size1; i++) {
            double w = weights ? gsl_vector_get(weights, i) : 1,
                   off = gsl_matrix_get(x, i, j) - gsl_matrix_get(x, 0, j);
            first = dd_add(first, w * off);
            second = dd_add(second, w * off * off);
        }
        double mean = dd_value(first) / count;
        sum = dd_add(sum, fmax(0, dd_value(second) / count - mean * mean));
    }
    double variance = dd_value(sum) / (double)x->size2;
    return variance > 0 ? variance : 1;
}

static ml_status check(const gsl_matrix *x, const gsl_vector *weights, const gmm_params *p, double *count,
                       ml_message *why)
{
    if (p->k > x->size1)
        return ml_fail(why, "%zu components of %zu row%s: there cannot be more components than rows", p->k,
                       x->size1, x->size1 == 1 ? "" : "s");
    double_double sum = {weights ? 0 : (double)x->size1, 0};
    for (size_t i = 0; weights != NULL && i < weights->size; i++) {
        double w = gsl_vector_get(weights, i);
        if (!(w >= 0) || !isfinite(w))
            return ml_fail(why, "row %zu has the weight %g; weights must be 0 or above", i + 1, w);
        sum = dd_add(sum, w);
    }
    *count = dd_value(sum);
    return *count > 0 && isfinite(*count) ? ML_OK
                                          : ml_fail(why, "the weights must have a finite sum above 0");
}

ml_status gmm_fit(const gsl_matrix *x, const gsl_vector *weights, const gmm_params *params,
                  gmm_result *result, ml_message *why)
{
    *result = (gmm_result){0};
    em e = {.x = x,
            .weights = weights,
            .params = params,
            .sums = {.k = params->k, .size = gmm_sums_size(x->size2)}};
    ml_status status = check(x, weights, params, &e.count, why);
    if (status != ML_OK)
        return status;
    e.unit = mean_variance(x, weights, e.count);
    if (!isfinite(e.unit) || e.unit < 1e-290)
        return ml_fail(why,
                       "the variances of the columns are beyond the range of a double; scale the columns");
    e.sums.values = memory_array(e.sums.k, e.sums.size * sizeof(double));
    status = e.sums.values ? gmm_model_alloc(&e.model, params->k, x->size2, params->covariance, why)
                           : ml_fail_memory(why, "the mixture", e.sums.k * e.sums.size * sizeof(double));
    if (status == ML_OK)
        status = gmm_model_alloc(&e.next, params->k, x->size2, params->covariance, why);
    if (status == ML_OK)
        status = best_run(&e, result, why);
    gmm_model_free(&e.model);
    gmm_model_free(&e.next);
    free(e.sums.values);
    if (status != ML_OK)
        gmm_free(result);
    return status;
}

void gmm_free(gmm_result *result)
{
    gmm_model_free(&result->model);
    *result = (gmm_result){0};
}

double gmm_aic(const gmm_result *r)
{
    return -2 * r->log_likelihood + 2 * gmm_model_parameters(&r->model);
}

double gmm_bic(const gmm_result *r)
{
    return -2 * r->log_likelihood + gmm_model_parameters(&r->model) * log(r->count);
}

double gmm_icl(const gmm_result *r)
{
    return gmm_bic(r) + 2 * r->entropy;
}
