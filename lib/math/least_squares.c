#include "math/least_squares.h"

#include <lapack.h>
#include <limits.h>
#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/double_double.h"
#include "base/memory.h"

enum { MOST_ROUNDS = 40 };

struct least_squares {
    const gsl_matrix *a;
    int m, n;
    double *qr; /* m x n, column-major: of A with its columns scaled */
    double *tau;
    double *scale; /* of each column: a power of two, so that scaling is exact */
    double *work;
    int work_size;
    double *f, *g, *r, *y; /* m, n, m, n: the residuals of the augmented system, and its solution */
};

void least_squares_free(least_squares *q)
{
    if (q == NULL)
        return;
    free(q->qr);
    free(q->tau);
    free(q->work);
    free(q->f);
    free(q);
}

/* Powers of two that bring the greatest entry of each column to [1/2, 1); false for a column of zeros. */
static bool scale_columns(least_squares *q)
{
    for (size_t j = 0; j < q->a->size2; j++) {
        double greatest = 0;
        for (size_t i = 0; i < q->a->size1; i++)
            greatest = fmax(greatest, fabs(gsl_matrix_get(q->a, i, j)));
        int exponent;
        frexp(greatest, &exponent);
        if (greatest == 0)
            return false;
        q->scale[j] = ldexp(1, exponent > 1020 ? -1020 : -exponent);
        for (size_t i = 0; i < q->a->size1; i++)
            q->qr[j * (size_t)q->m + i] = gsl_matrix_get(q->a, i, j) * q->scale[j];
    }
    return true;
}

static bool allocate(least_squares *q, size_t m, size_t n)
{
    q->work_size = 64 * (int)(m + 1);
    q->qr = memory_array(n, m * sizeof(double));
    q->tau = memory_array(n, 2 * sizeof(double));
    q->work = memory_array((size_t)q->work_size, sizeof(double));
    q->f = memory_zeros(2 * (m + n), sizeof(double));
    if (q->qr == NULL || q->tau == NULL || q->work == NULL || q->f == NULL)
        return false;
    q->scale = q->tau + n;
    q->r = q->f + m;
    q->g = q->r + m;
    q->y = q->g + n;
    return true;
}

static ml_status factor(least_squares *q, ml_message *why)
{
    int info = 0;
    if (!scale_columns(q)) {
        ml_fail(why, "a column of the matrix is zero");
        return ML_NO;
    }
    LAPACK_dgeqrf(&q->m, &q->n, q->qr, &q->m, q->tau, q->work, &q->work_size, &info);
    for (size_t j = 0; j < (size_t)q->n; j++)
        if (!(fabs(q->qr[j * (size_t)q->m + j]) > 0)) {
            ml_fail(why, "column %zu of the matrix depends on those before it", j + 1);
            return ML_NO;
        }
    return info == 0 ? ML_OK : ml_fail(why, "LAPACK dgeqrf refused argument %d", -info);
}

ml_status least_squares_new(least_squares **out, const gsl_matrix *a, ml_message *why)
{
    *out = NULL;
    if (a->size1 < a->size2 || a->size2 == 0)
        return ml_fail(why, "least squares need at least as many rows as columns; this matrix is %zu x %zu",
                       a->size1, a->size2);
    if (a->size1 > INT_MAX / 80)
        return ml_fail(why, "a matrix of %zu rows is too large for LAPACK's 32-bit sizes", a->size1);
    least_squares *q = memory_zeros(1, sizeof *q);
    if (q == NULL || !allocate(q, a->size1, a->size2)) {
        least_squares_free(q);
        return ml_fail_memory(why, "least squares", a->size1 * a->size2 * sizeof(double));
    }
    q->a = a;
    q->m = (int)a->size1;
    q->n = (int)a->size2;
    ml_status status = factor(q, why);
    if (status == ML_OK)
        *out = q;
    else
        least_squares_free(q);
    return status;
}

/* f = b - r - A x and g = -A'r, with x = scale y, in double-double. */
static void residuals(const least_squares *q, const gsl_vector *b)
{
    size_t m = q->a->size1, n = q->a->size2;
    for (size_t i = 0; i < m; i++) {
        double_double sum = dd_sum(gsl_vector_get(b, i), -q->r[i]);
        for (size_t j = 0; j < n; j++)
            sum = dd_add_product(sum, -gsl_matrix_get(q->a, i, j) * q->scale[j], q->y[j]);
        q->f[i] = dd_value(sum);
    }
    for (size_t j = 0; j < n; j++) {
        double_double sum = {0, 0};
        for (size_t i = 0; i < m; i++)
            sum = dd_add_product(sum, -gsl_matrix_get(q->a, i, j) * q->scale[j], q->r[i]);
        q->g[j] = dd_value(sum);
    }
}

static void times_q(least_squares *q, const char *transposed, double *vector)
{
    int one = 1, info = 0;
    LAPACK_dormqr("L", transposed, &q->m, &one, &q->n, q->qr, &q->m, q->tau, vector, &q->m, q->work,
                  &q->work_size, &info);
}

static void solve_r(least_squares *q, const char *transposed, double *vector)
{
    int one = 1, info = 0;
    LAPACK_dtrtrs("U", transposed, "N", &q->n, &one, q->qr, &q->m, vector, &q->n, &info);
}

/* Solve the augmented system for the residuals f, g: the change of y in g, that of r in f.  With A = Q [R;
 * 0]: h = R^-T g, [d1; d2] = Q'f, dy = R^-1 (d1 - h), dr = Q [h; d2]. */
static void correct(least_squares *q)
{
    size_t n = (size_t)q->n;
    solve_r(q, "T", q->g);
    times_q(q, "T", q->f);
    for (size_t j = 0; j < n; j++) {
        double h = q->g[j];
        q->g[j] = q->f[j] - h;
        q->f[j] = h;
    }
    solve_r(q, "N", q->g);
    times_q(q, "N", q->f);
}

/* Add STEP to X; the size of the step, of the largest entry of X. */
static double advance(double *x, const double *step, size_t count)
{
    double largest = 0, moved = 0;
    for (size_t i = 0; i < count; i++) {
        x[i] += step[i];
        largest = fmax(largest, fabs(x[i]));
        moved = fmax(moved, fabs(step[i]));
    }
    return moved > 0 ? moved / largest : 0;
}

ml_status least_squares_solve(least_squares *q, const gsl_vector *b, gsl_vector *x, gsl_vector *residual,
                              ml_message *why)
{
    size_t m = (size_t)q->m, n = (size_t)q->n;
    memset(q->r, 0, m * sizeof(double));
    memset(q->y, 0, n * sizeof(double));
    double before = INFINITY;
    for (int round = 0; round < MOST_ROUNDS; round++) {
        residuals(q, b);
        correct(q);
        double moved = advance(q->y, q->g, n);
        advance(q->r, q->f, m);
        if (!isfinite(moved))
            return ml_fail(why, "the solution is beyond the range of a double");
        /* At rest, or no longer closing in: the first round brings y itself, so it always counts. */
        if (moved <= 0x1p-54 || (round > 1 && moved > before / 2))
            break;
        before = moved;
    }
    /* An entry no larger than its last correction is what rounding left of a zero. */
    for (size_t j = 0; j < n; j++)
        gsl_vector_set(x, j, fabs(q->y[j]) <= fabs(q->g[j]) ? 0 : q->y[j] * q->scale[j]);
    for (size_t i = 0; residual != NULL && i < m; i++)
        gsl_vector_set(residual, i, q->r[i]);
    return ML_OK;
}
