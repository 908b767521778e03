#include "math/linalg.h"

#include <lapack.h>
#include <limits.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "math/tsqr.h"

/* What a decomposition works with, in LAPACK's view: A' is rows x columns, column-major. */
typedef struct bidiagonal {
    int rows, columns, order; /* order = min */
    double *a;
    int stride;
    double *d, *e, *tauq, *taup; /* order each */
    double *u, *vt;              /* of the bidiagonal matrix, order x order */
    double *work;
    int work_size;
    int *iwork;
    gsl_matrix *left, *right; /* where A's U and V go, or NULL */
    bool failed;
} bidiagonal;

static bool fits_int(size_t rows, size_t columns)
{
    return rows <= INT_MAX / 80 && columns <= INT_MAX / 80;
}

static ml_status too_large(ml_message *why, size_t rows, size_t columns)
{
    return ml_fail(why, "a matrix of %zu x %zu is too large for LAPACK's 32-bit sizes", rows, columns);
}

static ml_status no_convergence(ml_message *why, const char *routine, int info)
{
    return ml_fail(why, "the singular values did not converge (LAPACK %s, info = %d); try -m jacobi", routine,
                   info);
}

static void free_bidiagonal(bidiagonal *b)
{
    free(b->d);
    free(b->u);
    free(b->work);
    free(b->iwork);
}

static bool make_bidiagonal(bidiagonal *b, bool vectors)
{
    size_t order = (size_t)b->order, large = (size_t)(b->rows > b->columns ? b->rows : b->columns);
    size_t size = 64 * large + 8 * order + 4224; /* dgebrd, dormbr: 64 a row; dbdsdc: 3 order^2 + 4 order */
    if (vectors && 3 * order * order + 4 * order > size)
        size = 3 * order * order + 4 * order;
    if (size > INT_MAX)
        return false;
    b->work_size = (int)size;
    b->d = memory_array(4 * order, sizeof(double));
    b->u = vectors ? memory_array(2 * order * order, sizeof(double)) : NULL;
    b->work = memory_array(size, sizeof(double));
    b->iwork = memory_array(8 * order, sizeof(int));
    if (b->d == NULL || (vectors && b->u == NULL) || b->work == NULL || b->iwork == NULL)
        return false;
    b->e = b->d + order;
    b->tauq = b->e + order;
    b->taup = b->tauq + order;
    b->vt = vectors ? b->u + order * order : NULL;
    return true;
}

/* V = Q u: the left vectors of A'. */
static void make_right(bidiagonal *b)
{
    size_t rows = (size_t)b->rows, order = (size_t)b->order, kept = b->right->size2;
    int wanted = (int)kept, info = 0, ld = b->rows;
    double *c = memory_zeros(rows * kept, sizeof(double));
    b->failed = c == NULL;
    if (c == NULL)
        return;
    for (size_t j = 0; j < kept; j++)
        memcpy(c + j * rows, b->u + j * order, order * sizeof(double));
    LAPACK_dormbr("Q", "L", "N", &b->rows, &wanted, &b->columns, b->a, &b->stride, b->tauq, c, &ld, b->work,
                  &b->work_size, &info);
    for (size_t i = 0; i < rows; i++)
        for (size_t j = 0; j < kept; j++)
            b->right->data[i * b->right->tda + j] = c[j * rows + i];
    free(c);
}

/* U' = vt P', which is U as we store it. */
static void make_left(bidiagonal *b)
{
    size_t order = (size_t)b->order, kept = b->left->size2;
    int wanted = (int)kept, info = 0, ld = (int)b->left->tda;
    gsl_matrix_set_zero(b->left);
    for (size_t i = 0; i < order; i++)
        for (size_t j = 0; j < kept; j++)
            b->left->data[i * b->left->tda + j] = b->vt[i * order + j];
    LAPACK_dormbr("P", "R", "T", &wanted, &b->columns, &b->rows, b->a, &b->stride, b->taup, b->left->data,
                  &ld, b->work, &b->work_size, &info);
}

static void make_vectors(bidiagonal *b)
{
    if (b->right != NULL)
        make_right(b);
    if (b->left != NULL)
        make_left(b);
}

/* A power of two that brings A's entries near 1 when they are extreme. */
static double safe_scale(const gsl_matrix *a)
{
    double greatest = linalg_greatest(a);
    if (greatest == 0 || !isfinite(greatest) || (greatest > 0x1p-300 && greatest < 0x1p300))
        return 1;
    return ldexp(1, greatest > 1 ? -600 : 600);
}

ml_status linalg_svd(gsl_matrix *a, gsl_vector *s, gsl_matrix *u, gsl_matrix *v, ml_message *why)
{
    if (!fits_int(a->size1, a->tda))
        return too_large(why, a->size1, a->size2);
    bidiagonal b = {.rows = (int)a->size2, .columns = (int)a->size1, .a = a->data, .stride = (int)a->tda};
    b.order = b.rows < b.columns ? b.rows : b.columns;
    b.left = u;
    b.right = v;
    bool vectors = u != NULL || v != NULL;
    double scale = safe_scale(a);
    int info = 0;
    if (!make_bidiagonal(&b, vectors)) {
        free_bidiagonal(&b);
        return ml_fail_memory(why, "the singular value decomposition", a->size1 * a->size2 * sizeof(double));
    }
    gsl_matrix_scale(a, scale);
    LAPACK_dgebrd(&b.rows, &b.columns, b.a, &b.stride, b.d, b.e, b.tauq, b.taup, b.work, &b.work_size, &info);
    double unused_q = 0;
    int unused_iq = 0;
    LAPACK_dbdsdc(b.rows >= b.columns ? "U" : "L", vectors ? "I" : "N", &b.order, b.d, b.e,
                  vectors ? b.u : &unused_q, &b.order, vectors ? b.vt : &unused_q, &b.order, &unused_q,
                  &unused_iq, b.work, b.iwork, &info);
    if (info == 0 && vectors)
        make_vectors(&b);
    for (size_t i = 0; i < s->size; i++)
        gsl_vector_set(s, i, b.d[i] / scale);
    free_bidiagonal(&b);
    if (b.failed)
        return ml_fail_memory(why, "V", a->size2 * s->size * sizeof(double));
    return info == 0 ? ML_OK : no_convergence(why, "dbdsdc", info);
}

typedef struct jacobi {
    int rows, columns; /* rows >= columns */
    double *a, *u, *v, *sva, *work;
    int *iwork;
    int work_size;
} jacobi;

static bool make_jacobi(jacobi *j, size_t rows, size_t columns)
{
    size_t size = 2 * columns * columns + 80 * (rows + columns) + 64;
    j->rows = (int)rows;
    j->columns = (int)columns;
    j->work_size = (int)size;
    j->a = memory_array(rows * columns, sizeof(double));
    j->u = memory_array(rows * columns, sizeof(double));
    j->v = memory_array(columns * columns, sizeof(double));
    j->sva = memory_array(columns, sizeof(double));
    j->work = memory_array(size, sizeof(double));
    j->iwork = memory_array(rows + 3 * columns + 3, sizeof(int));
    return size < INT_MAX && j->a && j->u && j->v && j->sva && j->work && j->iwork;
}

static void free_jacobi(jacobi *j)
{
    free(j->a);
    free(j->u);
    free(j->v);
    free(j->sva);
    free(j->work);
    free(j->iwork);
}

/* M (row-major) = the column-major matrix at DATA. */
static void from_columns(gsl_matrix *m, const double *data)
{
    for (size_t i = 0; i < m->size1; i++)
        for (size_t j = 0; j < m->size2; j++)
            m->data[i * m->tda + j] = data[j * m->size1 + i];
}

ml_status linalg_jacobi(const gsl_matrix *a, gsl_vector *s, gsl_matrix *u, gsl_matrix *v, ml_message *why)
{
    bool tall = a->size1 >= a->size2;
    size_t rows = tall ? a->size1 : a->size2, columns = tall ? a->size2 : a->size1;
    if (!fits_int(rows, columns))
        return too_large(why, a->size1, a->size2);
    jacobi j = {0};
    if (!make_jacobi(&j, rows, columns)) {
        free_jacobi(&j);
        return ml_fail_memory(why, "the Jacobi method", 2 * rows * columns * sizeof(double));
    }
    for (size_t i = 0; i < a->size1; i++)
        for (size_t k = 0; k < a->size2; k++)
            j.a[tall ? k * rows + i : i * rows + k] = a->data[i * a->tda + k];
    int info = 0;
    LAPACK_dgejsv("F", u ? "U" : "N", v ? "V" : "N", "R", "N", "N", &j.rows, &j.columns, j.a, &j.rows, j.sva,
                  j.u, &j.rows, j.v, &j.columns, j.work, &j.work_size, j.iwork, &info);
    for (size_t i = 0; i < columns;
         i++) /* the quotient is a power of the base unless values leave the range */
        gsl_vector_set(s, i, j.work[0] / j.work[1] * j.sva[i]);
    if (u != NULL && v != NULL) {
        from_columns(tall ? u : v, j.u);
        from_columns(tall ? v : u, j.v);
    }
    free_jacobi(&j);
    return info == 0 ? ML_OK : no_convergence(why, "dgejsv", info);
}

/* Q of the QR of A, column-major in C (rows x columns), applied to the columns of C that hold OUT. */
static ml_status apply_q(const gsl_matrix *a, double *c, size_t count, ml_message *why)
{
    size_t rows = a->size1, columns = a->size2;
    int m = (int)rows, n = (int)columns, k = (int)count, info = 0,
        size = 64 * (int)(rows + columns + count) + 4224;
    double *q = memory_array(rows * columns, sizeof(double)), *tau = memory_array(columns, sizeof(double));
    double *work = memory_array((size_t)size, sizeof(double));
    if (q != NULL && tau != NULL && work != NULL) {
        for (size_t i = 0; i < rows; i++)
            for (size_t j = 0; j < columns; j++)
                q[j * rows + i] = a->data[i * a->tda + j];
        LAPACK_dgeqrf(&m, &n, q, &m, tau, work, &size, &info);
        LAPACK_dormqr("L", "N", &m, &k, &n, q, &m, tau, c, &m, work, &size, &info);
    } else {
        info = -1;
    }
    free(q);
    free(tau);
    free(work);
    return info == 0 ? ML_OK : ml_fail_memory(why, "the QR decomposition", rows * columns * sizeof(double));
}

/* OUT = columns FIRST.. of the full Q of A. */
static ml_status columns_of_q(const gsl_matrix *a, gsl_matrix *out, size_t first, ml_message *why)
{
    if (!fits_int(a->size1, a->size2))
        return too_large(why, a->size1, a->size2);
    double *c = memory_zeros(a->size1 * out->size2, sizeof(double));
    if (c == NULL)
        return ml_fail_memory(why, "an orthonormal basis", a->size1 * out->size2 * sizeof(double));
    for (size_t j = 0; j < out->size2; j++)
        c[j * a->size1 + first + j] = 1;
    ml_status status = apply_q(a, c, out->size2, why);
    if (status == ML_OK)
        from_columns(out, c);
    free(c);
    return status;
}

static ml_status orthonormalize_tall(gsl_matrix *a, int jobs, ml_message *why)
{
    tsqr *t = NULL;
    gsl_matrix *r = NULL;
    ml_status status = tsqr_new(&t, a->size2, TSQR_KEEP, jobs, why);
    if (status == ML_OK)
        status = tsqr_add(t, a, why);
    if (status == ML_OK)
        status = tsqr_factor(t, &r, why);
    if (status == ML_OK) {
        gsl_matrix_set_identity(r);
        status = tsqr_apply(t, r, a, why);
    }
    gsl_matrix_free(r);
    tsqr_free(t);
    return status;
}

ml_status linalg_orthonormalize(gsl_matrix *a, int jobs, ml_message *why)
{
    return a->size1 > tsqr_raw_limit(a->size2) ? orthonormalize_tall(a, jobs, why)
                                               : columns_of_q(a, a, 0, why);
}

ml_status linalg_complement(const gsl_matrix *a, gsl_matrix *out, ml_message *why)
{
    return columns_of_q(a, out, a->size2, why);
}

double linalg_greatest(const gsl_matrix *a)
{
    double greatest = 0;
    for (size_t i = 0; i < a->size1; i++)
        for (size_t j = 0; j < a->size2; j++) {
            double x = fabs(a->data[i * a->tda + j]);
            greatest = x <= greatest ? greatest : x; /* a NaN gets in */
            if (isnan(greatest))
                return greatest;
        }
    return greatest;
}

double linalg_norm1(const gsl_matrix *a)
{
    double greatest = 0;
    for (size_t j = 0; j < a->size2; j++) {
        double sum = 0;
        for (size_t i = 0; i < a->size1; i++)
            sum += fabs(gsl_matrix_get(a, i, j));
        greatest = fmax(greatest, sum);
    }
    return greatest;
}

bool linalg_flips(const gsl_matrix *a, size_t j)
{
    double greatest = 0;
    for (size_t i = 0; i < a->size1; i++)
        greatest = fmax(greatest, fabs(gsl_matrix_get(a, i, j)));
    for (size_t i = 0; i < a->size1; i++)
        if (fabs(gsl_matrix_get(a, i, j)) >= (1 - 1e-6) * greatest)
            return gsl_matrix_get(a, i, j) < 0;
    return false;
}

void linalg_flip(gsl_matrix *a, size_t j)
{
    for (size_t i = 0; i < a->size1; i++)
        a->data[i * a->tda + j] = 0 - a->data[i * a->tda + j];
}
