#include "ml/svd.h"

#include <float.h>
#include <gsl/gsl_blas.h>
#include <math.h>
#include <stdlib.h>

#include "base/memory.h"
#include "math/linalg.h"
#include "math/tsqr.h"
#include "ml/svd_leading.h"

struct svd_stream {
    svd_params params;
    size_t columns;
    tsqr *rows;
};

static size_t least(size_t a, size_t b)
{
    return a < b ? a : b;
}

void svd_defaults(svd_params *params)
{
    *params = (svd_params){.want = SVD_UV, .oversampling = 10, .seed = 1, .tolerance = -1, .jobs = 1};
}

ml_status svd_check_count(size_t k, size_t rows, size_t columns, ml_message *why)
{
    size_t count = rows == 0 ? columns : least(rows, columns);
    if (k <= count)
        return ML_OK;
    return ml_fail(why, "%s %zu singular value%s (%zu row%s of %zu column%s), fewer than -k %zu",
                   count == 1 ? "there is" : "there are", count, count == 1 ? "" : "s", rows,
                   rows == 1 ? "" : "s", columns, columns == 1 ? "" : "s", k);
}

ml_status svd_check(const svd_params *params, size_t rows, size_t columns, ml_message *why)
{
    if (columns == 0)
        return ml_fail(why, "a matrix without columns has no singular values");
    if (isnan(params->tolerance))
        return ml_fail(why, "the tolerance is not a number");
    if (params->method != SVD_RANDOMIZED)
        return ML_OK;
    if (params->rank == 0)
        return ml_fail(why, "the randomized method needs the number of singular values: -k K");
    if (params->rank > columns || (rows > 0 && params->rank > rows))
        return svd_check_count(params->rank, rows, columns, why);
    return ML_OK;
}

void svd_free(svd_result *result)
{
    gsl_vector_free(result->values);
    gsl_vector_free(result->errors);
    gsl_matrix_free(result->U);
    gsl_matrix_free(result->V);
    *result = (svd_result){0};
}

static ml_status no_memory(ml_message *why, size_t rows, size_t columns)
{
    return ml_fail_memory(why, "the singular value decomposition", rows * columns * sizeof(double));
}

/* A result for COUNT values of this shape, with U and V as asked. */
static ml_status make_result(svd_result *result, size_t rows, size_t columns, size_t count, bool u, bool v,
                             ml_message *why)
{
    *result = (svd_result){.rows = rows, .columns = columns, .count = count};
    result->values = gsl_vector_alloc(count);
    result->U = u ? gsl_matrix_alloc(rows, count) : NULL;
    result->V = v ? gsl_matrix_alloc(columns, count) : NULL;
    if (result->values != NULL && (!u || result->U != NULL) && (!v || result->V != NULL))
        return ML_OK;
    svd_free(result);
    return no_memory(why, rows + columns, count);
}

static gsl_matrix *copy_of(const gsl_matrix *a, bool transposed)
{
    gsl_matrix *copy =
        transposed ? gsl_matrix_alloc(a->size2, a->size1) : gsl_matrix_alloc(a->size1, a->size2);
    if (copy == NULL)
        return NULL;
    if (transposed)
        gsl_matrix_transpose_memcpy(copy, a);
    else
        gsl_matrix_memcpy(copy, a);
    return copy;
}

/* Up to this size Jacobi costs no time that a person would feel, and it is the more accurate: small values,
 * and the entries of small exact answers, come out to the last digit. */
enum { SMALL = 64 };

/* Both factors always, so that the values do not depend on which are asked for. */
static ml_status jacobi_core(const gsl_matrix *a, gsl_vector *values, gsl_matrix *u, gsl_matrix *v,
                             ml_message *why)
{
    gsl_matrix *own_u = u ? NULL : gsl_matrix_alloc(a->size1, values->size);
    gsl_matrix *own_v = v ? NULL : gsl_matrix_alloc(a->size2, values->size);
    bool made = (u || own_u) && (v || own_v);
    ml_status status = made ? linalg_jacobi(a, values, u ? u : own_u, v ? v : own_v, why)
                            : no_memory(why, a->size1 + a->size2, values->size);
    gsl_matrix_free(own_u);
    gsl_matrix_free(own_v);
    return status;
}

/* The decomposition of a matrix that is not much longer than wide.  *METHOD becomes the one used. */
static ml_status core(const gsl_matrix *a, svd_method *method, int jobs, gsl_vector *values, gsl_matrix *u,
                      gsl_matrix *v, ml_message *why)
{
    if (*method == SVD_AUTO && least(a->size1, a->size2) <= SMALL) {
        *method = SVD_JACOBI;
        ml_status status = jacobi_core(a, values, u, v, why);
        if (status != ML_NO) /* entries too far apart for Jacobi */
            return status;
    }
    *method = SVD_DC;
    return linalg_svd(a, values, u, v, jobs, why);
}

/* A = Q R by blocked QR, R = W S V', U = Q W: S and V do not depend on whether U is asked for. */
static ml_status fit_tall(const gsl_matrix *a, svd_method *method, int jobs, gsl_vector *values,
                          gsl_matrix *u, gsl_matrix *v, ml_message *why)
{
    tsqr *t = NULL;
    gsl_matrix *r = NULL, *w = u != NULL ? gsl_matrix_alloc(a->size2, a->size2) : NULL;
    if (u != NULL && w == NULL)
        return no_memory(why, a->size2, a->size2);
    ml_status status = tsqr_new(&t, a->size2, u != NULL ? TSQR_KEEP : TSQR_PLAIN, jobs, why);
    if (status == ML_OK)
        status = tsqr_add(t, a, why);
    if (status == ML_OK)
        status = tsqr_factor(t, &r, why);
    if (status == ML_OK)
        status = core(r, method, jobs, values, w, v, why);
    if (status == ML_OK && u != NULL)
        status = tsqr_apply(t, w, u, why);
    gsl_matrix_free(w);
    gsl_matrix_free(r);
    tsqr_free(t);
    return status;
}

static ml_status fit_reduced(const gsl_matrix *a, svd_method *method, int jobs, svd_result *result,
                             ml_message *why)
{
    if (a->size1 > tsqr_raw_limit(a->size2))
        return fit_tall(a, method, jobs, result->values, result->U, result->V, why);
    if (a->size2 <= tsqr_raw_limit(a->size1))
        return core(a, method, jobs, result->values, result->U, result->V, why);
    gsl_matrix *turned = copy_of(a, true);
    if (turned == NULL)
        return no_memory(why, a->size1, a->size2);
    ml_status status = fit_tall(turned, method, jobs, result->values, result->V, result->U, why);
    gsl_matrix_free(turned);
    return status;
}

/* sqrt(sum x^2) without overflow: GREATEST is the greatest |x|. */
static double root_of_squares(const double *x, size_t n, double greatest)
{
    double sum = 0;
    for (size_t i = 0; i < n; i++)
        sum += (x[i] / greatest) * (x[i] / greatest);
    return greatest == 0 ? 0 : greatest * sqrt(sum);
}

static double frobenius(const gsl_matrix *a)
{
    double greatest = linalg_greatest(a), norm = 0;
    for (size_t i = 0; i < a->size1; i++)
        norm = hypot(norm, root_of_squares(a->data + i * a->tda, a->size2, greatest));
    return norm;
}

/* What follows from the values, and the signs. */
static void complete(svd_result *result, const svd_params *params, size_t rows)
{
    result->rows = rows;
    result->graded = params->method == SVD_JACOBI;
    result->complete = result->count == least(rows, result->columns);
    double first = gsl_vector_get(result->values, 0);
    if (result->complete)
        result->frobenius = root_of_squares(result->values->data, result->count, first);
    double size = (double)(rows > result->columns ? rows : result->columns);
    result->tolerance = params->tolerance >= 0 ? params->tolerance : size * DBL_EPSILON * first;
    while (result->rank < result->count && gsl_vector_get(result->values, result->rank) > result->tolerance)
        result->rank++;
    for (size_t j = 0; result->V != NULL && j < result->count; j++)
        if (linalg_flips(result->V, j)) {
            linalg_flip(result->V, j);
            if (result->U != NULL)
                linalg_flip(result->U, j);
        }
}

/* A norm beyond the largest double would print as inf and nan. */
static ml_status check_size(svd_result *result, ml_message *why)
{
    if (isfinite(result->frobenius) && isfinite(gsl_vector_get(result->values, 0)))
        return ML_OK;
    svd_free(result);
    return ml_fail(why, "the norm of the matrix is too large for a double; divide it by a power of ten");
}

static ml_status check_entries(const gsl_matrix *a, ml_message *why)
{
    if (isfinite(linalg_greatest(a)))
        return ML_OK;
    for (size_t i = 0; i < a->size1; i++)
        for (size_t j = 0; j < a->size2; j++)
            if (!isfinite(gsl_matrix_get(a, i, j)))
                return ml_fail(why, "the entry in row %zu, column %zu is not finite", i + 1, j + 1);
    return ML_OK;
}

static ml_status run_method(const gsl_matrix *a, const svd_params *params, svd_result *result,
                            ml_message *why)
{
    result->method = params->method;
    result->converged = true;
    if (params->method == SVD_RANDOMIZED)
        return svd_leading(a, params, result, why);
    if (params->method == SVD_JACOBI)
        return jacobi_core(a, result->values, result->U, result->V, why) == ML_OK ? ML_OK : ML_FAIL;
    return fit_reduced(a, &result->method, params->jobs, result, why);
}

ml_status svd_fit(const gsl_matrix *a, const svd_params *params, svd_result *result, ml_message *why)
{
    *result = (svd_result){0};
    if (svd_check(params, a->size1, a->size2, why) != ML_OK || check_entries(a, why) != ML_OK)
        return ML_FAIL;
    size_t count = params->method == SVD_RANDOMIZED ? params->rank : least(a->size1, a->size2);
    if (make_result(result, a->size1, a->size2, count, params->want == SVD_UV, params->want != SVD_VALUES,
                    why))
        return ML_FAIL;
    if (params->method == SVD_RANDOMIZED && (result->errors = gsl_vector_alloc(count)) == NULL) {
        svd_free(result);
        return no_memory(why, count, 1);
    }
    if (run_method(a, params, result, why) != ML_OK) {
        svd_free(result);
        return ML_FAIL;
    }
    complete(result, params, a->size1);
    if (!result->complete)
        result->frobenius = frobenius(a);
    return check_size(result, why);
}

static ml_status check_stream(const svd_params *params, size_t columns, ml_message *why)
{
    if (params->want == SVD_UV || params->method == SVD_JACOBI || params->method == SVD_RANDOMIZED)
        return ml_fail(why, "U, and the methods jacobi and randomized, need the whole matrix in memory");
    return svd_check(params, 0, columns, why);
}

ml_status svd_resume(svd_stream **stream, const svd_params *params, size_t columns, tsqr *rows,
                     ml_message *why)
{
    *stream = NULL;
    ml_status status = check_stream(params, columns, why);
    svd_stream *s = status == ML_OK ? memory_zeros(1, sizeof *s) : NULL;
    if (status == ML_OK && s == NULL)
        status = no_memory(why, 1, columns);
    if (status != ML_OK) {
        tsqr_free(rows);
        return status;
    }
    *s = (svd_stream){*params, columns, rows};
    *stream = s;
    return ML_OK;
}

ml_status svd_begin(svd_stream **stream, const svd_params *params, size_t columns, ml_message *why)
{
    tsqr *rows;
    *stream = NULL;
    ml_status status = check_stream(params, columns, why);
    if (status == ML_OK)
        status = tsqr_new(&rows, columns, TSQR_PLAIN, params->jobs, why);
    return status == ML_OK ? svd_resume(stream, params, columns, rows, why) : status;
}

ml_status svd_add(svd_stream *stream, const gsl_matrix *rows, ml_message *why)
{
    return tsqr_add(stream->rows, rows, why);
}

ml_status svd_finish(svd_stream *stream, svd_result *result, ml_message *why)
{
    *result = (svd_result){0};
    gsl_matrix *f = NULL;
    if (tsqr_count(stream->rows) == 0)
        return ml_fail(why, "a matrix without rows has no singular values");
    if (tsqr_factor(stream->rows, &f, why) != ML_OK)
        return ML_FAIL;
    ml_status status = make_result(result, f->size1, f->size2, least(f->size1, f->size2), false,
                                   stream->params.want == SVD_V, why);
    if (status == ML_OK) {
        result->method = stream->params.method;
        result->converged = true;
        status = fit_reduced(f, &result->method, stream->params.jobs, result, why);
    }
    gsl_matrix_free(f);
    if (status != ML_OK) {
        svd_free(result);
        return status;
    }
    complete(result, &stream->params, tsqr_count(stream->rows));
    return check_size(result, why);
}

void svd_stream_free(svd_stream *stream)
{
    if (stream != NULL)
        tsqr_free(stream->rows);
    free(stream);
}

/* The sum of the first COUNT squares, scaled by a power of two so that they neither overflow nor vanish. */
static double squares(const svd_result *result, size_t count)
{
    int exponent;
    double sum = 0;
    frexp(gsl_vector_get(result->values, 0), &exponent);
    for (size_t i = 0; i < count; i++) {
        double s = ldexp(gsl_vector_get(result->values, i), -exponent);
        sum += s * s;
    }
    return sum;
}

/* The squared Frobenius norm in the same scale; of all values the very sum, so that all shares make 1. */
static double all_squares(const svd_result *result)
{
    int exponent;
    if (result->complete)
        return squares(result, result->count);
    frexp(gsl_vector_get(result->values, 0), &exponent);
    double norm = ldexp(result->frobenius, -exponent);
    return norm * norm;
}

double svd_share(const svd_result *result, size_t i)
{
    if (result->frobenius == 0)
        return 0;
    int exponent;
    frexp(gsl_vector_get(result->values, 0), &exponent);
    double s = ldexp(gsl_vector_get(result->values, i), -exponent);
    return s * s / all_squares(result);
}

double svd_cumulative(const svd_result *result, size_t i)
{
    return result->frobenius == 0 ? 0 : fmin(squares(result, i + 1) / all_squares(result), 1);
}

size_t svd_energy(const svd_result *result, double fraction)
{
    double enough = fraction - (double)result->count * DBL_EPSILON;
    for (size_t k = 1; k < result->count; k++)
        if (svd_cumulative(result, k - 1) >= enough)
            return k;
    return result->count;
}

double svd_condition(const svd_result *result)
{
    if (!result->complete)
        return NAN;
    if (result->rank < result->count)
        return INFINITY;
    return gsl_vector_get(result->values, 0) / gsl_vector_get(result->values, result->count - 1);
}

double svd_norm2(const svd_result *result)
{
    return gsl_vector_get(result->values, 0);
}

double svd_nuclear(const svd_result *result)
{
    double sum = 0;
    for (size_t i = result->count; i-- > 0;) /* the small ones first */
        sum += gsl_vector_get(result->values, i);
    return result->complete ? sum : NAN;
}

/* *OUT = A[:, 0..k) D B[:, 0..k)', D diagonal: the values, or their inverses. */
static ml_status weighted_product(const gsl_matrix *a, const gsl_vector *values, bool invert,
                                  const gsl_matrix *b, size_t k, gsl_matrix **out, ml_message *why)
{
    *out = gsl_matrix_calloc(a->size1, b->size1);
    if (*out == NULL)
        return no_memory(why, a->size1, b->size1);
    if (k == 0)
        return ML_OK;
    gsl_matrix *left = gsl_matrix_alloc(a->size1, k);
    if (left == NULL) {
        gsl_matrix_free(*out);
        *out = NULL;
        return no_memory(why, a->size1, k);
    }
    for (size_t i = 0; i < a->size1; i++)
        for (size_t j = 0; j < k; j++) {
            double x = gsl_matrix_get(a, i, j), s = gsl_vector_get(values, j);
            gsl_matrix_set(left, i, j, invert ? x / s : x * s);
        }
    gsl_matrix_const_view right = gsl_matrix_const_submatrix(b, 0, 0, b->size1, k);
    gsl_blas_dgemm(CblasNoTrans, CblasTrans, 1, left, &right.matrix, 0, *out);
    gsl_matrix_free(left);
    return ML_OK;
}

/* The rank of the nearest matrix of rank K. */
static size_t rank_of(const svd_result *result, size_t k)
{
    return least(k, result->rank);
}

ml_status svd_pinv(const svd_result *result, size_t k, gsl_matrix **out, ml_message *why)
{
    size_t rank = rank_of(result, k);
    ml_status status = weighted_product(result->V, result->values, true, result->U, rank, out, why);
    if (status != ML_OK || isfinite(linalg_greatest(*out)))
        return status;
    gsl_matrix_free(*out);
    *out = NULL;
    return ml_fail(
        why,
        "the pseudoinverse is too large for a double, for singular value %zu is %g; multiply the "
        "matrix by a power of ten (its pseudoinverse is divided by it), or raise -t above that value",
        rank, gsl_vector_get(result->values, rank - 1));
}

ml_status svd_approximation(const svd_result *result, size_t k, gsl_matrix **out, ml_message *why)
{
    return weighted_product(result->U, result->values, false, result->V, least(k, result->count), out, why);
}

/* Copy COUNT columns of FROM, from FIRST on, to the front of TO. */
static void copy_columns(gsl_matrix *to, const gsl_matrix *from, size_t first, size_t count)
{
    if (count == 0)
        return;
    gsl_matrix_view place = gsl_matrix_submatrix(to, 0, 0, to->size1, count);
    gsl_matrix_const_view source = gsl_matrix_const_submatrix(from, 0, first, from->size1, count);
    gsl_matrix_memcpy(&place.matrix, &source.matrix);
}

ml_status svd_null(const svd_result *result, size_t k, gsl_matrix **out, ml_message *why)
{
    *out = NULL;
    size_t n = result->columns, rank = rank_of(result, k);
    size_t held = result->count - rank, missing = n - result->count;
    if (held + missing == 0)
        return ML_OK;
    *out = gsl_matrix_alloc(n, held + missing);
    if (*out == NULL)
        return no_memory(why, n, held + missing);
    copy_columns(*out, result->V, rank, held);
    if (missing > 0) {
        gsl_matrix_view rest = gsl_matrix_submatrix(*out, 0, held, n, missing);
        if (linalg_complement(result->V, &rest.matrix, why) != ML_OK) {
            gsl_matrix_free(*out);
            *out = NULL;
            return ML_FAIL;
        }
    }
    for (size_t j = 0; j < held + missing; j++)
        if (linalg_flips(*out, j))
            linalg_flip(*out, j);
    return ML_OK;
}

ml_status svd_range(const svd_result *result, size_t k, gsl_matrix **out, ml_message *why)
{
    size_t rank = rank_of(result, k);
    *out = NULL;
    if (rank == 0)
        return ML_OK;
    *out = gsl_matrix_alloc(result->rows, rank);
    if (*out == NULL)
        return no_memory(why, result->rows, rank);
    copy_columns(*out, result->U, 0, rank);
    return ML_OK;
}

bool svd_equal(const svd_result *result, size_t i)
{
    double x = gsl_vector_get(result->values, i), y = gsl_vector_get(result->values, i + 1);
    double size = (double)(result->rows > result->columns ? result->rows : result->columns);
    double scale = result->graded ? x : gsl_vector_get(result->values, 0);
    return x - y <= 10 * size * DBL_EPSILON * scale;
}

bool svd_repeated(const svd_result *result, size_t *first, size_t *last)
{
    for (size_t i = *first; i + 1 < result->count; i++) {
        size_t j = i;
        while (j + 1 < result->count && svd_equal(result, j))
            j++;
        if (j == i)
            continue;
        *first = i;
        *last = j;
        return true;
    }
    return false;
}

/* |I - M'M|_1 / (rows eps) */
static ml_status orthogonality(const gsl_matrix *m, double *ratio, ml_message *why)
{
    gsl_matrix *gram = gsl_matrix_alloc(m->size2, m->size2);
    if (gram == NULL)
        return no_memory(why, m->size2, m->size2);
    gsl_matrix_set_identity(gram);
    gsl_blas_dgemm(CblasTrans, CblasNoTrans, -1, m, m, 1, gram);
    *ratio = linalg_norm1(gram) / ((double)m->size1 * DBL_EPSILON);
    gsl_matrix_free(gram);
    return ML_OK;
}

ml_status svd_report(const gsl_matrix *a, const svd_result *result, svd_quality *quality, ml_message *why)
{
    *quality = (svd_quality){.residual = NAN};
    if (orthogonality(result->U, &quality->u, why) != ML_OK ||
        orthogonality(result->V, &quality->v, why) != ML_OK)
        return ML_FAIL;
    if (!result->complete)
        return ML_OK;
    gsl_matrix *rest;
    if (svd_approximation(result, result->count, &rest, why) != ML_OK)
        return ML_FAIL;
    gsl_matrix_sub(rest, a);
    double norm = linalg_norm1(a), size = (double)(a->size1 > a->size2 ? a->size1 : a->size2);
    quality->residual = norm == 0 ? linalg_norm1(rest) : linalg_norm1(rest) / norm / (size * DBL_EPSILON);
    gsl_matrix_free(rest);
    return ML_OK;
}
