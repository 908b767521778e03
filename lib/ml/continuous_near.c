/* Estimators by nearest neighbours: Kozachenko-Leonenko; Kraskov, Stoegbauer, Grassberger. */
#include <gsl/gsl_sf_gamma.h>
#include <gsl/gsl_sf_psi.h>
#include <limits.h>
#include <math.h>
#include <stdint.h>
#include <stdlib.h>

#include "base/memory.h"
#include "ml/continuous_internal.h"

static double digamma(size_t n)
{
    return n <= INT_MAX ? gsl_sf_psi_int((int)n) : log((double)n) - 0.5 / (double)n;
}

/* The logarithm of the volume of the unit ball in D columns. */
static double log_ball(neighbours_norm norm, size_t d)
{
    if (norm == NEIGHBOURS_MAX || d == 1)
        return (double)d * M_LN2;
    return (double)d / 2 * log(M_PI) - gsl_sf_lngamma(1 + (double)d / 2);
}

static ml_status check_count(const continuous_params *p, size_t others, ml_message *why)
{
    if (p->neighbours >= 1 && p->neighbours <= others)
        return ML_OK;
    return ml_fail(why, "%zu neighbours where there are %zu other rows: take fewer", p->neighbours, others);
}

/* Repeated rows have distance 0, of which there is no logarithm; nor is there of infinity, which a distance
 * between two samples can be though neither is as wide. */
static ml_status check_distances(const continuous_params *p, const double *distances, size_t n, size_t first,
                                 size_t columns, ml_message *why)
{
    size_t zeros = 0, row = 0;
    for (size_t i = 0; i < n; i++)
        if (isinf(distances[i]))
            return ml_fail(why, "row %zu: its distance to the other sample is beyond the range of a double",
                           i + 1);
    for (size_t i = n; i-- > 0;)
        if (distances[i] == 0) {
            zeros++;
            row = i;
        }
    if (zeros == 0)
        return ML_OK;
    char a[32], b[32];
    const char *from = continuous_name(p, first, a), *to = continuous_name(p, first + columns - 1, b);
    return ml_fail(why,
                   "%s%s%s: %zu of %zu rows, row %zu the first, equal their %zu nearest neighbours, and a "
                   "density at distance 0 is infinite: --jitter auto takes back the rounding of the data, "
                   "more --neighbours may reach beyond it, --continuous histogram needs no distances",
                   from, columns > 1 ? " to " : "", columns > 1 ? to : "", zeros, n, row + 1, p->neighbours);
}

/* One over the standard deviation of each column, for differences, in a new array; 1 for a constant. */
static ml_status weights_of(const continuous_params *p, const gsl_matrix *x, double **weights,
                            ml_message *why)
{
    *weights = memory_array(x->size2, sizeof **weights);
    if (*weights == NULL)
        return ml_fail_memory(why, "standard deviations", x->size2 * sizeof **weights);
    for (size_t j = 0; j < x->size2; j++) {
        gsl_vector_const_view column = gsl_matrix_const_column(x, j);
        double low, high;
        gsl_vector_minmax(&column.vector, &low, &high);
        (*weights)[j] = 1;
        if (p->raw || x->size2 == 1 || low == high || !isfinite(high - low))
            continue; /* a spread beyond the range of a double is refused with the distances */
        (*weights)[j] = 1 / (high - low) / continuous_deviation(&column.vector, high - low);
        if (!isfinite((*weights)[j]))
            return ml_fail(why,
                           "numbers from %g to %g: their standard deviation is too small to divide by; "
                           "scale them up",
                           low, high);
    }
    return ML_OK;
}

/* Distances to the k-th neighbour, none of them 0, in a new array; NEAREST as in neighbours.h. */
static ml_status find_distances(const continuous_params *p, const gsl_matrix *x, const gsl_matrix *queries,
                                const double *weights, neighbours_norm norm, size_t first, double **distances,
                                size_t *nearest, ml_message *why)
{
    size_t n = queries ? queries->size1 : x->size1;
    neighbours *index = NULL;
    ml_status status = check_count(p, queries ? x->size1 : n - 1, why);
    *distances = status == ML_OK ? memory_array(n, sizeof **distances) : NULL;
    if (status == ML_OK && *distances == NULL)
        status = ml_fail_memory(why, "distances", n * sizeof **distances);
    if (status == ML_OK)
        status = neighbours_new(&index, x, weights, norm, NEIGHBOURS_AUTO, p->jobs, why);
    if (status == ML_OK)
        status = neighbours_nearest(index, queries, p->neighbours, *distances, nearest, why);
    if (status == ML_OK)
        status = check_distances(p, *distances, n, first, x->size2, why);
    neighbours_free(index);
    return status;
}

ml_status continuous_add_near(const continuous_params *p, const gsl_matrix *x, size_t first, double factor,
                              double *local, ml_message *why)
{
    neighbours_norm norm = p->method == CONTINUOUS_KL ? p->norm : NEIGHBOURS_MAX;
    double *distances = NULL, *weights, d = (double)x->size2;
    ml_status status = weights_of(p, x, &weights, why);
    if (status == ML_OK)
        status = find_distances(p, x, NULL, weights, norm, first, &distances, NULL, why);
    if (status == ML_OK) {
        double constant = digamma(x->size1) - digamma(p->neighbours) + log_ball(norm, x->size2);
        for (size_t j = 0; j < x->size2; j++)
            constant -= log(weights[j]);
        for (size_t i = 0; i < x->size1; i++)
            local[i] += factor * (constant + d * log(distances[i]));
    }
    free(distances);
    free(weights);
    return status;
}

/* log(p/q) at row i of A is d log(distance to B / distance in A) + log(rows of B/(rows of A - 1)). */
ml_status continuous_near_divergence(const continuous_params *p, const gsl_matrix *a, const gsl_matrix *b,
                                     continuous_estimate *out, ml_message *why)
{
    double *own = NULL, *other = NULL, *weights = NULL, *local = memory_array(a->size1, sizeof *local);
    ml_status status =
        local ? ML_OK : ml_fail_memory(why, "the terms of a divergence", a->size1 * sizeof *local);
    if (status == ML_OK)
        status = weights_of(p, a, &weights, why);
    if (status == ML_OK)
        status = find_distances(p, a, NULL, weights, p->norm, 0, &own, NULL, why);
    if (status == ML_OK)
        status = find_distances(p, b, a, weights, p->norm, 0, &other, NULL, why);
    if (status == ML_OK) {
        double constant = log((double)b->size1 / (double)(a->size1 - 1));
        for (size_t i = 0; i < a->size1; i++)
            local[i] = constant + (double)a->size2 * (log(other[i]) - log(own[i]));
        continuous_mean(local, a->size1, out);
    }
    free(own);
    free(other);
    free(weights);
    free(local);
    return status;
}

/* --- KSG --- */

typedef struct ksg {
    const continuous_params *p;
    const gsl_matrix *x;
    double *weights, *distances, *radii;
    size_t *nearest; /* ksg2 */
    size_t *counts;
    double *local;
} ksg;

/* The greatest difference of a coordinate of a block between a row and its K nearest. */
static void block_radii(ksg *work, const gsl_matrix *block, const double *weights)
{
    size_t k = work->p->neighbours;
    for (size_t i = 0; i < block->size1; i++) {
        double most = 0;
        for (size_t l = 0; l < k; l++)
            for (size_t j = 0; j < block->size2; j++)
                most = fmax(most, fabs((gsl_matrix_get(block, i, j) -
                                        gsl_matrix_get(block, work->nearest[i * k + l], j)) *
                                       weights[j]));
        work->radii[i] = most;
    }
}

/* Add FACTOR psi(n_i + 1), n_i the rows nearer in BLOCK than the k-th neighbour in all columns; with ksg2
 * FACTOR psi(n_i), n_i the rows within the block's side of the rectangle.  WEIGHTS are those of the block. */
static ml_status add_block(ksg *work, const gsl_matrix *block, const double *weights, double factor,
                           ml_message *why)
{
    bool second = work->nearest != NULL;
    neighbours *index;
    ml_status status =
        neighbours_new(&index, block, weights, NEIGHBOURS_MAX, NEIGHBOURS_AUTO, work->p->jobs, why);
    if (status != ML_OK)
        return status;
    if (second)
        block_radii(work, block, weights);
    neighbours_count(index, NULL, second ? work->radii : work->distances, !second, work->counts);
    for (size_t i = 0; i < block->size1; i++)
        work->local[i] += factor * digamma(work->counts[i] + (second ? 0 : 1));
    neighbours_free(index);
    return ML_OK;
}

static ml_status ksg_new(ksg *work, const continuous_params *p, const gsl_matrix *x, double *local,
                         ml_message *why)
{
    size_t n = x->size1;
    bool second = p->method == CONTINUOUS_KSG2;
    *work = (ksg){.p = p, .x = x, .local = local};
    ml_status status = check_count(p, n - 1, why);
    if (status == ML_OK)
        status = weights_of(p, x, &work->weights, why);
    if (status != ML_OK)
        return status;
    work->counts = memory_array(n, sizeof *work->counts);
    work->radii = second ? memory_array(n, sizeof *work->radii) : NULL;
    work->nearest = second ? memory_array(n, p->neighbours * sizeof *work->nearest) : NULL;
    if (work->counts == NULL || (second && (work->radii == NULL || work->nearest == NULL)))
        return ml_fail_memory(why, "nearest neighbours", n * p->neighbours * sizeof(size_t));
    return find_distances(p, x, NULL, work->weights, NEIGHBOURS_MAX, 0, &work->distances, work->nearest, why);
}

static void ksg_free(ksg *work)
{
    free(work->weights);
    free(work->distances);
    free(work->radii);
    free(work->nearest);
    free(work->counts);
}

static bool is_constant(const gsl_matrix *block)
{
    for (size_t i = 1; i < block->size1; i++)
        for (size_t j = 0; j < block->size2; j++)
            if (gsl_matrix_get(block, i, j) != gsl_matrix_get(block, 0, j))
                return false;
    return true;
}

static _gsl_matrix_const_view block_at(const gsl_matrix *x, size_t first, size_t size)
{
    return gsl_matrix_const_submatrix(x, 0, first, x->size1, size);
}

/* A constant has nothing to tell, and no part in the correction of ksg2. */
static size_t count_varying(const gsl_matrix *x, const size_t *sizes, size_t blocks)
{
    size_t varying = 0;
    for (size_t block = 0, first = 0; block < blocks; first += sizes[block++]) {
        gsl_matrix_const_view own = block_at(x, first, sizes[block]);
        varying += !is_constant(&own.matrix);
    }
    return varying;
}

ml_status continuous_ksg_terms(const continuous_params *p, const gsl_matrix *x, const size_t *sizes,
                               size_t blocks, double *local, ml_message *why)
{
    ksg work;
    size_t varying = count_varying(x, sizes, blocks);
    if (varying < 2)
        return check_count(p, x->size1 - 1, why);
    double k = digamma(p->neighbours), more = (double)(varying - 1), n = digamma(x->size1);
    ml_status status = ksg_new(&work, p, x, local, why);
    if (work.nearest != NULL)
        k -= more / (double)p->neighbours;
    for (size_t i = 0; i < x->size1; i++)
        local[i] = k + more * n;
    for (size_t block = 0, first = 0; status == ML_OK && block < blocks; first += sizes[block++]) {
        gsl_matrix_const_view own = block_at(x, first, sizes[block]);
        if (!is_constant(&own.matrix))
            status = add_block(&work, &own.matrix, work.weights + first, -1, why);
    }
    ksg_free(&work);
    return status;
}

/* Columns [0, sizes[0]) and those from sizes[0] + sizes[1] on, in a new matrix. */
static gsl_matrix *first_and_last(const gsl_matrix *x, const size_t sizes[3])
{
    gsl_matrix *both = gsl_matrix_alloc(x->size1, sizes[0] + sizes[2]);
    for (size_t i = 0; both != NULL && i < x->size1; i++)
        for (size_t j = 0; j < both->size2; j++)
            gsl_matrix_set(both, i, j, gsl_matrix_get(x, i, j < sizes[0] ? j : j + sizes[1]));
    return both;
}

ml_status continuous_ksg_given_terms(const continuous_params *p, const gsl_matrix *x, const size_t sizes[3],
                                     double *local, ml_message *why)
{
    ksg work;
    size_t a = sizes[0], b = sizes[1], c = sizes[2], n = x->size1;
    ml_status status = ksg_new(&work, p, x, local, why);
    gsl_matrix *ac = status == ML_OK ? first_and_last(x, sizes) : NULL;
    double *of_ac = memory_array(a + c, sizeof *of_ac);
    gsl_matrix_const_view bc = block_at(x, a, b + c);
    gsl_matrix_const_view own = block_at(x, a + b, c);
    if (status == ML_OK && (ac == NULL || of_ac == NULL))
        status = ml_fail_memory(why, "columns", n * (a + c) * sizeof(double));
    for (size_t i = 0; i < n; i++)
        local[i] = digamma(p->neighbours);
    for (size_t j = 0; status == ML_OK && j < a + c; j++)
        of_ac[j] = work.weights[j < a ? j : j + b];
    if (status == ML_OK)
        status = add_block(&work, ac, of_ac, -1, why);
    if (status == ML_OK)
        status = add_block(&work, &bc.matrix, work.weights + a, -1, why);
    if (status == ML_OK)
        status = add_block(&work, &own.matrix, work.weights + a + b, 1, why);
    free(of_ac);
    gsl_matrix_free(ac);
    ksg_free(&work);
    return status;
}
