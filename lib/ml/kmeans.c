#include "ml/kmeans.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "base/parallel.h"
#include "base/random.h"
#include "ml/kmeans_internal.h"

enum { DEFAULT_RESTARTS = 10 };

void kmeans_defaults(kmeans_params *params)
{
    *params = (kmeans_params){.max_iterations = 300, .batch = 1024, .seed = 1, .jobs = 1};
}

void kmeans_free(kmeans_result *r)
{
    gsl_matrix_free(r->centroids);
    free(r->labels);
    free(r->sizes);
    free(r->weights);
    free(r->within);
    *r = (kmeans_result){0};
}

/* --- rows in a form that the loops can use --- */

/* A copy where one is needed, and how it was scaled. */
typedef struct prepared {
    kmeans_rows rows;
    double *copy;
    double scale; /* rows are x scale: a power of two */
} prepared;

typedef struct range {
    double least, most;
} range;

typedef struct range_work {
    const gsl_matrix *x;
    range *ranges; /* pieces x d */
} range_work;

static void range_piece(size_t index, int worker, void *context)
{
    (void)worker;
    range_work *w = context;
    size_t d = w->x->size2, end = (index + 1) * KMEANS_PIECE;
    range *r = w->ranges + index * d;
    for (size_t j = 0; j < d; j++)
        r[j] = (range){INFINITY, -INFINITY};
    for (size_t i = index * KMEANS_PIECE; i < (end < w->x->size1 ? end : w->x->size1); i++) {
        const double *x = w->x->data + i * w->x->tda;
        for (size_t j = 0; j < d; j++) {
            r[j].least = x[j] < r[j].least ? x[j] : r[j].least;
            r[j].most = x[j] > r[j].most ? x[j] : r[j].most;
        }
    }
}

/* The box round all rows: its centre, the greatest width of a column, and its diagonal. */
static ml_status find_box(const gsl_matrix *x, int jobs, double *centre, double *greatest, double *diagonal,
                          ml_message *why)
{
    size_t pieces = (x->size1 + KMEANS_PIECE - 1) / KMEANS_PIECE, d = x->size2;
    range_work w = {x, memory_array(pieces, d * sizeof(range))};
    double *width = memory_zeros(d, sizeof *width);
    if (w.ranges == NULL || width == NULL) {
        free(w.ranges);
        free(width);
        return ml_fail_memory(why, "k-means", pieces * d * sizeof(range));
    }
    parallel_for(pieces, jobs, range_piece, &w);
    *greatest = *diagonal = 0;
    for (size_t j = 0; j < d; j++) {
        range all = {INFINITY, -INFINITY};
        for (size_t p = 0; p < pieces; p++) {
            all.least = fmin(all.least, w.ranges[p * d + j].least);
            all.most = fmax(all.most, w.ranges[p * d + j].most);
        }
        width[j] = all.most - all.least;
        centre[j] = all.least / 2 + all.most / 2;
        *greatest = fmax(*greatest, width[j]);
    }
    for (size_t j = 0; j<d && * greatest> 0; j++)
        *diagonal += (width[j] / *greatest) * (width[j] / *greatest);
    *diagonal = sqrt(*diagonal) * *greatest;
    free(w.ranges);
    free(width);
    return ML_OK;
}

bool kmeans_is_zero(const double *x, size_t d)
{
    for (size_t j = 0; j < d; j++)
        if (x[j] != 0)
            return false;
    return true;
}

void kmeans_to_unit(const double *x, size_t d, double *out)
{
    double largest = 0, sum = 0;
    for (size_t j = 0; j < d; j++)
        largest = fmax(largest, fabs(x[j]));
    for (size_t j = 0; j < d; j++) {
        out[j] = x[j] / largest;
        sum += out[j] * out[j];
    }
    for (size_t j = 0; j < d; j++)
        out[j] /= sqrt(sum);
}

static ml_status copy_rows(prepared *p, const gsl_matrix *x, bool spherical, ml_message *why)
{
    size_t n = x->size1, d = x->size2;
    p->copy = memory_aligned(n, d * sizeof(double));
    if (p->copy == NULL)
        return ml_fail_memory(why, "the rows", n * d * sizeof(double));
    for (size_t i = 0; i < n; i++) {
        const double *from = x->data + i * x->tda;
        if (spherical && kmeans_is_zero(from, d))
            return ml_fail(why, "row %zu is all zeros: it has no direction", i + 1);
        if (spherical)
            kmeans_to_unit(from, d, p->copy + i * d);
        else
            for (size_t j = 0; j < d; j++)
                p->copy[i * d + j] = from[j] * p->scale;
    }
    p->rows.x = p->copy;
    return ML_OK;
}

/* Within 2^+-60 squares and floats hold what they must. */
static ml_status prepare(prepared *p, const gsl_matrix *x, const gsl_vector *weights, bool spherical,
                         int jobs, ml_message *why)
{
    double greatest = 1, diagonal = 2;
    *p = (prepared){.rows = {.x = x->data,
                             .weights = weights ? weights->data : NULL,
                             .n = x->size1,
                             .d = x->size2,
                             .jobs = jobs},
                    .scale = 1};
    p->rows.centre = memory_zeros(x->size2, sizeof(double));
    if (p->rows.centre == NULL)
        return ml_fail_memory(why, "k-means", x->size2 * sizeof(double));
    ml_status status = spherical ? ML_OK : find_box(x, jobs, p->rows.centre, &greatest, &diagonal, why);
    if (status != ML_OK)
        return status;
    if (!(diagonal <= 1e308))
        return ml_fail(why,
                       "the rows are so far apart that their distances are beyond the range of a double");
    int exponent = 0;
    if (greatest > 0 && (greatest > 0x1p60 || greatest < 0x1p-60))
        frexp(greatest, &exponent);
    p->scale = ldexp(1, -exponent);
    p->rows.diagonal = diagonal * p->scale;
    for (size_t j = 0; j < x->size2; j++)
        p->rows.centre[j] *= p->scale;
    return spherical || exponent != 0 || x->tda != x->size2 ? copy_rows(p, x, spherical, why) : ML_OK;
}

/* --- restarts --- */

static void free_run(kmeans_run *run)
{
    free(run->c);
    free(run->labels);
    free(run->sizes);
}

/* The given centroids, as directions where the rows are. */
static ml_status take_given(const prepared *p, const kmeans_params *params, double *c, ml_message *why)
{
    size_t d = p->rows.d;
    for (size_t q = 0; q < params->k; q++) {
        for (size_t j = 0; j < d; j++)
            c[q * d + j] = gsl_matrix_get(params->centroids, q, j) * p->scale;
        if (params->spherical && !kmeans_normalize(c + q * d, d))
            return ml_fail(why, "centroid %zu of the start is all zeros: it has no direction", q + 1);
    }
    return ML_OK;
}

static ml_status one_run(const prepared *p, const kmeans_params *params, size_t restart, kmeans_run *run,
                         ml_message *why)
{
    size_t k = params->k, d = p->rows.d;
    *run = (kmeans_run){.rows = &p->rows, .params = params, .k = k, .restart = restart};
    run->c = memory_array(k, d * sizeof(double));
    run->labels = memory_array(p->rows.n, sizeof *run->labels);
    run->sizes = memory_zeros(k, sizeof *run->sizes);
    gsl_rng *g = random_stream(params->seed, restart - 1);
    ml_status status = run->c && run->labels && run->sizes && g
                           ? ML_OK
                           : ml_fail_memory(why, "k-means", p->rows.n * sizeof *run->labels);
    if (status == ML_OK && params->start == KMEANS_GIVEN)
        status = take_given(p, params, run->c, why);
    if (status == ML_OK)
        status = kmeans_begin(&p->rows, params, g, run->c, why);
    if (status == ML_OK)
        status = params->method == KMEANS_MINIBATCH ? kmeans_minibatch(run, g, why) : kmeans_lloyd(run, why);
    gsl_rng_free(g);
    if (status != ML_OK)
        free_run(run);
    return status;
}

/* --- results --- */

typedef struct scatter_work {
    const kmeans_run *run;
    const double *mean;
    double *within; /* pieces x (2 k + 1): of each cluster, its weight, and last the total */
} scatter_work;

static void scatter_piece(size_t index, int worker, void *context)
{
    (void)worker;
    scatter_work *w = context;
    const kmeans_rows *rows = w->run->rows;
    size_t k = w->run->k, end = (index + 1) * KMEANS_PIECE;
    double *within = w->within + index * (2 * k + 1);
    memset(within, 0, (2 * k + 1) * sizeof(double));
    for (size_t i = index * KMEANS_PIECE; i < (end < rows->n ? end : rows->n); i++) {
        double weight = rows->weights ? rows->weights[i] : 1;
        size_t q = w->run->labels[i];
        within[q] += weight * kmeans_squared(rows, i, w->run->c + q * rows->d);
        within[k + q] += weight;
        within[2 * k] += weight * kmeans_squared(rows, i, w->mean);
    }
}

/* The weighted mean of all rows from sums of pieces, each about the first row. */
typedef struct mean_work {
    const kmeans_rows *rows;
    double *sums; /* pieces x (d + 1) */
} mean_work;

static void mean_piece(size_t index, int worker, void *context)
{
    (void)worker;
    mean_work *w = context;
    const kmeans_rows *rows = w->rows;
    size_t d = rows->d, end = (index + 1) * KMEANS_PIECE;
    double *sums = w->sums + index * (d + 1);
    memset(sums, 0, (d + 1) * sizeof(double));
    for (size_t i = index * KMEANS_PIECE; i < (end < rows->n ? end : rows->n); i++) {
        double weight = rows->weights ? rows->weights[i] : 1;
        for (size_t j = 0; j < d; j++)
            sums[j] += weight * (rows->x[i * d + j] - rows->x[j]);
        sums[d] += weight;
    }
}

/* Sums of COUNT numbers over PIECES rows of them, in order, into the first. */
static void add_up(double *rows, size_t pieces, size_t count)
{
    for (size_t j = 0; j < count; j++) {
        double_double sum = {0, 0};
        for (size_t p = 0; p < pieces; p++)
            sum = dd_add(sum, rows[p * count + j]);
        rows[j] = dd_value(sum);
    }
}

/* Within and weights of each cluster and the total, into the first row of the result, new. */
static double *scatter(const kmeans_run *run, ml_message *why)
{
    const kmeans_rows *rows = run->rows;
    size_t pieces = (rows->n + KMEANS_PIECE - 1) / KMEANS_PIECE;
    mean_work m = {rows, memory_array(pieces, (rows->d + 1) * sizeof(double))};
    scatter_work s = {.run = run, .within = memory_array(pieces, (2 * run->k + 1) * sizeof(double))};
    if (m.sums == NULL || s.within == NULL) {
        ml_fail_memory(why, "the sums", pieces * (2 * run->k + 1) * sizeof(double));
        free(m.sums);
        free(s.within);
        return NULL;
    }
    parallel_for(pieces, rows->jobs, mean_piece, &m);
    add_up(m.sums, pieces, rows->d + 1);
    for (size_t j = 0; j < rows->d; j++)
        m.sums[j] = rows->x[j] + m.sums[j] / m.sums[rows->d];
    s.mean = m.sums;
    parallel_for(pieces, rows->jobs, scatter_piece, &s);
    add_up(s.within, pieces, 2 * run->k + 1);
    free(m.sums);
    return s.within;
}

static double sum_of(const double *x, size_t count)
{
    double_double sum = {0, 0};
    for (size_t i = 0; i < count; i++)
        sum = dd_add(sum, x[i]);
    return dd_value(sum);
}

/* NUMBER[q] of each cluster: by its first row, clusters without rows last; as they are when the start was
 * given. */
static void number_clusters(const kmeans_run *run, uint32_t *number)
{
    kmeans_start start = run->params->start;
    uint32_t next = 0, none = UINT32_MAX;
    for (size_t q = 0; q < run->k; q++)
        number[q] = start == KMEANS_FIRST || start == KMEANS_GIVEN ? next++ : none;
    for (size_t i = 0; i < run->rows->n && next < run->k; i++)
        if (number[run->labels[i]] == none)
            number[run->labels[i]] = next++;
    for (size_t q = 0; q < run->k; q++)
        if (number[q] == none)
            number[q] = next++;
}

/* The best run becomes the result; its labels are taken over. */
static ml_status make_result(const prepared *p, kmeans_run *run, double *within, kmeans_result *r,
                             ml_message *why)
{
    size_t k = run->k, d = run->rows->d;
    uint32_t *number = memory_array(k, sizeof *number);
    r->centroids = gsl_matrix_alloc(k, d);
    r->sizes = memory_array(k, sizeof *r->sizes);
    r->weights = memory_array(k, sizeof *r->weights);
    r->within = memory_array(k, sizeof *r->within);
    if (!number || !r->centroids || !r->sizes || !r->weights || !r->within) {
        free(number);
        return ml_fail_memory(why, "the result", k * d * sizeof(double));
    }
    number_clusters(run, number);
    double unit = 1 / p->scale;
    for (size_t q = 0; q < k; q++) {
        for (size_t j = 0; j < d; j++)
            gsl_matrix_set(r->centroids, number[q], j, run->c[q * d + j] * unit);
        r->sizes[number[q]] = run->sizes[q];
        r->within[number[q]] = within[q] * unit * unit;
        r->weights[number[q]] = within[k + q];
    }
    for (size_t i = 0; i < run->rows->n; i++)
        run->labels[i] = number[run->labels[i]];
    free(number);
    r->labels = run->labels;
    run->labels = NULL;
    r->inertia = sum_of(r->within, k);
    r->total = within[2 * k] * unit * unit;
    r->iterations = run->iterations;
    r->refilled = run->refilled;
    r->best = run->restart;
    r->converged = run->converged;
    return ML_OK;
}

static ml_status best_run(const prepared *p, const kmeans_params *params, kmeans_result *result,
                          ml_message *why)
{
    size_t restarts = params->restarts;
    if (restarts == 0)
        restarts = params->start == KMEANS_FIRST || params->start == KMEANS_GIVEN ? 1 : DEFAULT_RESTARTS;
    double least = INFINITY;
    size_t first = params->first_restart ? params->first_restart : 1;
    for (size_t restart = first; restart < first + restarts; restart++) {
        kmeans_run run;
        ml_status status = one_run(p, params, restart, &run, why);
        double *within = status == ML_OK ? scatter(&run, why) : NULL;
        if (within == NULL) {
            if (status == ML_OK)
                free_run(&run);
            return ML_FAIL;
        }
        double inertia = sum_of(within, run.k);
        if (inertia < least) {
            least = inertia;
            kmeans_free(result);
            status = make_result(p, &run, within, result, why);
        }
        free(within);
        free_run(&run);
        if (status != ML_OK)
            return status;
    }
    return isfinite(result->total)
               ? ML_OK
               : ml_fail(why, "the inertia is beyond the range of a double; scale the columns");
}

static ml_status check(const gsl_matrix *x, const gsl_vector *weights, const kmeans_params *p,
                       ml_message *why)
{
    if (p->k > x->size1)
        return ml_fail(why, "%zu clusters of %zu row%s: there cannot be more clusters than rows", p->k,
                       x->size1, x->size1 == 1 ? "" : "s");
    if (p->k > UINT32_MAX / 2)
        return ml_fail(why, "%zu clusters are too many", p->k);
    double sum = 0;
    for (size_t i = 0; weights != NULL && i < weights->size; i++) {
        double w = gsl_vector_get(weights, i);
        if (!(w >= 0) || !isfinite(w))
            return ml_fail(why, "row %zu has the weight %g; weights must be 0 or above", i + 1, w);
        sum += w;
    }
    if (weights != NULL && !(sum > 0 && isfinite(sum)))
        return ml_fail(why, "the weights must have a finite sum above 0");
    return ML_OK;
}

ml_status kmeans_fit(const gsl_matrix *x, const gsl_vector *weights, const kmeans_params *params,
                     kmeans_result *result, ml_message *why)
{
    *result = (kmeans_result){0};
    prepared p = {0};
    ml_status status = check(x, weights, params, why);
    gsl_vector *plain = NULL;
    if (status == ML_OK && weights != NULL && weights->stride != 1) {
        plain = gsl_vector_alloc(weights->size);
        if (plain == NULL)
            return ml_fail_memory(why, "the weights", weights->size * sizeof(double));
        gsl_vector_memcpy(plain, weights);
        weights = plain;
    }
    if (status == ML_OK)
        status = prepare(&p, x, weights, params->spherical, params->jobs, why);
    if (status == ML_OK)
        status = best_run(&p, params, result, why);
    free(p.copy);
    free(p.rows.centre);
    gsl_vector_free(plain);
    if (status != ML_OK)
        kmeans_free(result);
    return status;
}

/* --- other rows --- */

double *kmeans_plain_centroids(const gsl_matrix *centroids, double scale)
{
    double *c = memory_array(centroids->size1, centroids->size2 * sizeof(double));
    for (size_t q = 0; c != NULL && q < centroids->size1; q++)
        for (size_t j = 0; j < centroids->size2; j++)
            c[q * centroids->size2 + j] = gsl_matrix_get(centroids, q, j) * scale;
    return c;
}

double kmeans_scale_of(const gsl_matrix *centroids)
{
    double greatest = 0;
    int exponent = 0;
    for (size_t q = 0; q < centroids->size1; q++)
        for (size_t j = 0; j < centroids->size2; j++)
            greatest = fmax(greatest, fabs(gsl_matrix_get(centroids, q, j)));
    if (greatest > 0x1p400 || (greatest > 0 && greatest < 0x1p-400))
        frexp(greatest, &exponent);
    return ldexp(1, -exponent);
}

static ml_status prepare_apply(prepared *p, const gsl_matrix *x, const gsl_matrix *centroids, bool spherical,
                               int jobs, double **c, ml_message *why)
{
    *p = (prepared){.rows = {.x = x->data, .n = x->size1, .d = x->size2, .jobs = jobs},
                    .scale = kmeans_scale_of(centroids)};
    *c = kmeans_plain_centroids(centroids, p->scale);
    if (*c == NULL)
        return ml_fail_memory(why, "the centroids", centroids->size1 * centroids->size2 * sizeof(double));
    return spherical || p->scale != 1 || x->tda != x->size2 ? copy_rows(p, x, spherical, why) : ML_OK;
}

ml_status kmeans_assign(const gsl_matrix *x, const gsl_matrix *centroids, bool spherical, int jobs,
                        uint32_t *labels, double *squared, ml_message *why)
{
    prepared p;
    double *c;
    ml_status status = prepare_apply(&p, x, centroids, spherical, jobs, &c, why);
    if (status == ML_OK)
        status = kmeans_nearest_rows(&p.rows, c, centroids->size1, labels, squared, why);
    for (size_t i = 0; status == ML_OK && squared != NULL && i < x->size1; i++)
        squared[i] = squared[i] / p.scale / p.scale;
    free(c);
    free(p.copy);
    return status;
}

ml_status kmeans_distances(const gsl_matrix *x, const gsl_matrix *centroids, bool spherical, int jobs,
                           gsl_matrix *out, ml_message *why)
{
    prepared p;
    double *c;
    ml_status status = prepare_apply(&p, x, centroids, spherical, jobs, &c, why);
    for (size_t i = 0; status == ML_OK && i < x->size1; i++)
        for (size_t q = 0; q < centroids->size1; q++)
            gsl_matrix_set(out, i, q, sqrt(kmeans_squared(&p.rows, i, c + q * x->size2)) / p.scale);
    free(c);
    free(p.copy);
    return status;
}
