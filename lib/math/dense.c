#include "math/dense.h"

#include <float.h>
#include <gsl/gsl_blas.h>
#include <lapack.h>
#include <limits.h>
#include <math.h>
#include <stdlib.h>

#include "base/memory.h"
#include "math/linalg.h"

enum { MOST_ORDER = 20000, JACOBI_MOST = 64 };

/* A square matrix as LAPACK will overwrite it, packed; its memory is the transpose in column-major order. */
static double *packed(const gsl_matrix *a)
{
    double *copy = memory_aligned(a->size1 * a->size2, sizeof *copy);
    for (size_t i = 0; copy != NULL && i < a->size1; i++)
        for (size_t j = 0; j < a->size2; j++)
            copy[i * a->size2 + j] = gsl_matrix_get(a, i, j);
    return copy;
}

static ml_status check_order(const gsl_matrix *a, ml_message *why)
{
    if (a->size1 != a->size2)
        return ml_fail(why, "a square matrix is needed, and this one is %zu x %zu", a->size1, a->size2);
    if (a->size1 > MOST_ORDER)
        return ml_fail(why, "a matrix of %zu x %zu is too large here", a->size1, a->size2);
    return ML_OK;
}

ml_status dense_symmetric(const gsl_matrix *a, gsl_vector *values, gsl_matrix *vectors, ml_message *why)
{
    ml_status status = check_order(a, why);
    if (status != ML_OK)
        return status;
    int n = (int)a->size1, info = 0, size, integers;
    size_t room = vectors ? 1 + 6 * a->size1 + 2 * a->size1 * a->size1 : 2 * a->size1 + 1;
    double *copy = packed(a), *work = memory_aligned(room, sizeof *work);
    double *w = memory_array(a->size1, sizeof *w);
    int *iwork = memory_array(3 + 5 * a->size1, sizeof *iwork);
    size = (int)room;
    integers = 3 + 5 * n;
    if (copy == NULL || work == NULL || w == NULL || iwork == NULL) {
        status = ml_fail_memory(why, "eigenvalues", room * sizeof *work);
    } else {
        /* the lower triangle by rows is the upper one by columns */
        LAPACK_dsyevd(vectors ? "V" : "N", "U", &n, copy, &n, w, work, &size, iwork, &integers, &info);
        if (info != 0)
            status = ml_fail(why, "the eigenvalues did not converge (LAPACK dsyevd, info = %d)", info);
    }
    for (size_t i = 0; status == ML_OK && i < a->size1; i++) {
        gsl_vector_set(values, i, w[i]);
        for (size_t k = 0; vectors != NULL && k < a->size1; k++)
            gsl_matrix_set(vectors, k, i, copy[i * a->size1 + k]);
    }
    free(copy);
    free(work);
    free(w);
    free(iwork);
    return status;
}

ml_status dense_eigenvalues(const gsl_matrix *a, gsl_vector *real, gsl_vector *imaginary, ml_message *why)
{
    ml_status status = check_order(a, why);
    if (status != ML_OK)
        return status;
    int n = (int)a->size1, info = 0, one = 1, size = 34 * n + 64;
    double *copy = packed(a), *work = memory_aligned((size_t)size, sizeof *work);
    double *w = memory_array(2 * a->size1, sizeof *w), unused = 0;
    if (copy == NULL || work == NULL || w == NULL) {
        status = ml_fail_memory(why, "eigenvalues", (size_t)size * sizeof *work);
    } else {
        LAPACK_dgeev("N", "N", &n, copy, &n, w, w + n, &unused, &one, &unused, &one, work, &size, &info);
        if (info != 0)
            status = ml_fail(why, "the eigenvalues did not converge (LAPACK dgeev, info = %d)", info);
    }
    for (size_t i = 0; status == ML_OK && i < a->size1; i++) {
        gsl_vector_set(real, i, w[i]);
        gsl_vector_set(imaginary, i, w[a->size1 + i]);
    }
    free(copy);
    free(work);
    free(w);
    return status;
}

ml_status dense_determinant(const gsl_matrix *a, int *sign, double *log_size, ml_message *why)
{
    ml_status status = check_order(a, why);
    if (status != ML_OK)
        return status;
    int n = (int)a->size1, info = 0;
    double *copy = packed(a);
    int *pivots = memory_array(a->size1, sizeof *pivots);
    if (copy == NULL || pivots == NULL)
        status = ml_fail_memory(why, "a determinant", a->size1 * a->size1 * sizeof *copy);
    else
        LAPACK_dgetrf(&n, &n, copy, &n, pivots, &info);
    *sign = info > 0 ? 0 : 1;
    *log_size = info > 0 ? -INFINITY : 0;
    for (size_t i = 0; status == ML_OK && info == 0 && i < a->size1; i++) {
        double d = copy[i * a->size1 + i];
        *sign *= (d < 0) == (pivots[i] != (int)i + 1) ? 1 : -1;
        *log_size += log(fabs(d));
    }
    free(copy);
    free(pivots);
    return status;
}

ml_status dense_solve(const gsl_matrix *a, const gsl_matrix *b, gsl_matrix *x, ml_message *why)
{
    ml_status status = check_order(a, why);
    if (status != ML_OK)
        return status;
    int n = (int)a->size1, m = (int)b->size2, info = 0;
    double *copy = packed(a);
    double *right = memory_aligned(b->size1 * b->size2, sizeof *right);
    int *pivots = memory_array(a->size1, sizeof *pivots);
    if (copy == NULL || right == NULL || pivots == NULL) {
        status = ml_fail_memory(why, "a linear system", a->size1 * a->size1 * sizeof *copy);
    } else {
        for (size_t i = 0; i < b->size1; i++)
            for (size_t j = 0; j < b->size2; j++)
                right[j * b->size1 + i] = gsl_matrix_get(b, i, j);
        LAPACK_dgetrf(&n, &n, copy, &n, pivots, &info);
        if (info > 0) {
            ml_fail(why, "the matrix is singular");
            status = ML_NO;
        } else {
            LAPACK_dgetrs("T", &n, &m, copy, &n, pivots, right, &n, &info);
        }
    }
    for (size_t i = 0; status == ML_OK && i < b->size1; i++)
        for (size_t j = 0; j < b->size2; j++)
            gsl_matrix_set(x, i, j, right[j * b->size1 + i]);
    free(copy);
    free(right);
    free(pivots);
    return status;
}

/* Jacobi wants both factors or none. */
static ml_status by_jacobi(const gsl_matrix *a, gsl_vector *values, gsl_matrix *u, gsl_matrix *v,
                           ml_message *why)
{
    if ((u == NULL) == (v == NULL))
        return linalg_jacobi(a, values, u, v, why);
    gsl_matrix *other = gsl_matrix_alloc(u == NULL ? a->size1 : a->size2, values->size);
    if (other == NULL)
        return ml_fail_memory(why, "singular vectors", a->size1 * values->size * sizeof(double));
    ml_status status = linalg_jacobi(a, values, u ? u : other, v ? v : other, why);
    gsl_matrix_free(other);
    return status;
}

ml_status dense_singular(const gsl_matrix *a, gsl_vector *values, gsl_matrix *u, gsl_matrix *v,
                         ml_message *why)
{
    if (values->size <= JACOBI_MOST) {
        ml_status status = by_jacobi(a, values, u, v, why);
        if (status != ML_NO)
            return status;
    }
    return linalg_svd(a, values, u, v, 1, why);
}

size_t dense_rank(const gsl_vector *values, size_t rows, size_t columns)
{
    double limit = (double)(rows > columns ? rows : columns) * DBL_EPSILON * gsl_vector_get(values, 0);
    size_t rank = 0;
    while (rank < values->size && gsl_vector_get(values, rank) > limit)
        rank++;
    return rank;
}

ml_status dense_least_squares(const gsl_matrix *a, const gsl_matrix *b, gsl_matrix *x, size_t *rank,
                              ml_message *why)
{
    size_t r = a->size1 < a->size2 ? a->size1 : a->size2;
    gsl_vector *s = gsl_vector_alloc(r);
    gsl_matrix *u = gsl_matrix_alloc(a->size1, r), *v = gsl_matrix_alloc(a->size2, r);
    gsl_matrix *c = gsl_matrix_calloc(r, b->size2);
    ml_status status = ML_OK;
    if (s == NULL || u == NULL || v == NULL || c == NULL)
        status = ml_fail_memory(why, "least squares", a->size1 * r * sizeof(double));
    if (status == ML_OK)
        status = dense_singular(a, s, u, v, why);
    if (status == ML_OK) {
        *rank = dense_rank(s, a->size1, a->size2);
        gsl_blas_dgemm(CblasTrans, CblasNoTrans, 1, u, b, 0, c);
        for (size_t i = 0; i < r; i++)
            for (size_t j = 0; j < c->size2; j++)
                *gsl_matrix_ptr(c, i, j) *= i < *rank ? 1 / gsl_vector_get(s, i) : 0;
        gsl_blas_dgemm(CblasNoTrans, CblasNoTrans, 1, v, c, 0, x);
    }
    gsl_vector_free(s);
    gsl_matrix_free(u);
    gsl_matrix_free(v);
    gsl_matrix_free(c);
    return status;
}
