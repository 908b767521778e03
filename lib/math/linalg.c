#include "math/linalg.h"

#include <lapack.h>
#include <limits.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "math/bidiagonal.h"
#include "math/golub_kahan.h"
#include "math/tsqr.h"

enum { MOST_ORDER = 26754 }; /* dbdsdc counts 3 order^2 doubles in an int */

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

/* What dbdsdc works with: the bidiagonal matrix, and its vectors. */
typedef struct small {
    int order;
    double *d, *e;  /* order each */
    double *u, *vt; /* order x order, column-major, or NULL */
    double *work;
    int *iwork;
} small;

static void free_small(small *b)
{
    free(b->d);
    free(b->u);
    free(b->work);
    free(b->iwork);
}

static bool make_small(small *b, size_t order, bool vectors)
{
    size_t square = order * order;
    *b = (small){.order = (int)order};
    b->d = memory_zeros(order, 2 * sizeof(double));
    b->u = vectors ? memory_aligned(square, 2 * sizeof(double)) : NULL;
    b->work = memory_aligned(vectors ? 3 * square + 4 * order : 8 * order, sizeof(double));
    b->iwork = memory_array(order, 8 * sizeof(int));
    if (b->d == NULL || (vectors && b->u == NULL) || b->work == NULL || b->iwork == NULL)
        return false;
    b->e = b->d + order;
    b->vt = vectors ? b->u + square : NULL;
    return true;
}

/* The first COUNT vectors alone: true when they stand where divide and conquer would have put them. */
static bool solve_leading(small *b, size_t count)
{
    size_t order = (size_t)b->order;
    if (b->u == NULL || !golub_kahan_pays(order, count))
        return false;
    double *values = b->work, *v = b->work + order; /* as large as u and vt together */
    if (!golub_kahan(order, b->d, b->e, values, count, b->u, v))
        return false;
    memcpy(b->d, values, order * sizeof *values);
    for (size_t i = 0; i < order; i++)
        for (size_t k = 0; k < count; k++)
            b->vt[i * order + k] = v[k * order + i];
    return true;
}

/* The singular values of B in place of its diagonal, and its vectors, of which COUNT are wanted. */
static int solve_small(small *b, size_t count)
{
    if (solve_leading(b, count))
        return 0;
    double unused = 0;
    int unused_integer = 0, info = 0;
    LAPACK_dbdsdc("U", b->u ? "I" : "N", &b->order, b->d, b->e, b->u ? b->u : &unused, &b->order,
                  b->u ? b->vt : &unused, &b->order, &unused, &unused_integer, b->work, b->iwork, &info);
    return info;
}

/* A or, when it has more columns than rows, A' is Q B P', B = U S V': its vectors are Q U and P V. */
static ml_status make_vectors(const bidiagonal *b, const small *of_b, bool turned, gsl_matrix *u,
                              gsl_matrix *v, ml_message *why)
{
    gsl_matrix *left = turned ? v : u, *right = turned ? u : v;
    size_t order = (size_t)of_b->order;
    ml_status status = ML_OK;
    if (left != NULL)
        status = bidiagonal_left(b, of_b->u, 1, order, left, why);
    if (status == ML_OK && right != NULL)
        status = bidiagonal_right(b, of_b->vt, order, 1, right, why);
    return status;
}

static size_t wanted_vectors(const gsl_matrix *u, const gsl_matrix *v)
{
    size_t left = u ? u->size2 : 0, right = v ? v->size2 : 0;
    return left > right ? left : right;
}

ml_status linalg_svd(const gsl_matrix *a, gsl_vector *s, gsl_matrix *u, gsl_matrix *v, int jobs,
                     ml_message *why)
{
    if (!fits_int(a->size1, a->size2) || s->size > MOST_ORDER)
        return too_large(why, a->size1, a->size2);
    bidiagonal *b = NULL;
    small of_b = {0};
    bool vectors = u != NULL || v != NULL;
    int info = 0;
    ml_status status =
        make_small(&of_b, s->size, vectors)
            ? bidiagonal_new(&b, a, jobs, why)
            : ml_fail_memory(why, "the singular value decomposition", a->size1 * a->size2 * sizeof(double));
    if (status == ML_OK) {
        bidiagonal_entries(b, of_b.d, of_b.e);
        info = solve_small(&of_b, wanted_vectors(u, v));
    }
    if (status == ML_OK && info != 0)
        status = no_convergence(why, "dbdsdc", info);
    for (size_t i = 0; status == ML_OK && i < s->size; i++)
        gsl_vector_set(s, i, of_b.d[i] / bidiagonal_scale(b));
    if (status == ML_OK && vectors)
        status = make_vectors(b, &of_b, a->size1 < a->size2, u, v, why);
    bidiagonal_free(b);
    free_small(&of_b);
    return status;
}

typedef struct jacobi {
    int rows, columns; /* rows >= columns */
    double *a, *u, *v, *sva, *work;
    int *iwork;
    int work_size;
    size_t *order; /* row i of a is row order[i] of the matrix that was given */
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
    j->order = memory_array(rows, sizeof(size_t));
    return size < INT_MAX && j->a && j->u && j->v && j->sva && j->work && j->iwork && j->order;
}

static void free_jacobi(jacobi *j)
{
    free(j->a);
    free(j->u);
    free(j->v);
    free(j->sva);
    free(j->work);
    free(j->iwork);
    free(j->order);
}

/* M (row-major) = the column-major matrix at DATA, its row i at row ORDER[i] of M (NULL: at row i). */
static void from_columns(gsl_matrix *m, const double *data, const size_t *order)
{
    for (size_t i = 0; i < m->size1; i++)
        for (size_t j = 0; j < m->size2; j++)
            m->data[(order ? order[i] : i) * m->tda + j] = data[j * m->size1 + i];
}

static int larger_first(const void *left, const void *right, void *sizes)
{
    size_t i = *(const size_t *)left, k = *(const size_t *)right;
    double x = ((const double *)sizes)[i], y = ((const double *)sizes)[k];
    return x != y ? (x < y) - (x > y) : (i > k) - (i < k);
}

/* Rows of a tall A (columns when WIDE) by their greatest entry, as QR of graded rows needs them: Cox, Higham,
 * "Stability of Householder QR factorization for weighted least squares problems", 1998.  dgejsv would do
 * it by a selection sort, in time quadratic in the rows. */
static bool order_rows(jacobi *j, const gsl_matrix *a, bool wide)
{
    size_t rows = (size_t)j->rows;
    for (size_t i = 0; i < rows; i++)
        j->order[i] = i;
    if (rows == (size_t)j->columns) /* small: dgejsv's own way */
        return true;
    double *sizes = memory_zeros(rows, sizeof *sizes);
    for (size_t i = 0; sizes != NULL && i < a->size1; i++)
        for (size_t k = 0; k < a->size2; k++)
            sizes[wide ? k : i] = fmax(sizes[wide ? k : i], fabs(a->data[i * a->tda + k]));
    if (sizes != NULL)
        qsort_r(j->order, rows, sizeof *j->order, larger_first, sizes);
    free(sizes);
    return sizes != NULL;
}

static void fill_jacobi(jacobi *j, const gsl_matrix *a, bool wide, int shift)
{
    size_t rows = (size_t)j->rows, columns = (size_t)j->columns;
    for (size_t i = 0; i < rows; i++)
        for (size_t k = 0; k < columns; k++) {
            double x = wide ? a->data[k * a->tda + j->order[i]] : a->data[j->order[i] * a->tda + k];
            j->a[k * rows + i] = shift == 0 ? x : ldexp(x, -shift);
        }
}

/* Binary exponents of the entries that are not 0. */
typedef struct exponents {
    int least, most; /* least > most when all are 0 */
} exponents;

static exponents entry_exponents(const gsl_matrix *a)
{
    exponents e = {INT_MAX, INT_MIN};
    for (size_t i = 0; i < a->size1; i++)
        for (size_t k = 0; k < a->size2; k++) {
            double x = a->data[i * a->tda + k];
            int exponent;
            if (x == 0)
                continue;
            frexp(x, &exponent);
            e.most = exponent > e.most ? exponent : e.most;
            e.least = exponent < e.least ? exponent : e.least;
        }
    return e;
}

/* The exponent to take from all entries, so that extreme ones lie about 1: products of them then neither
 * overflow nor lose digits to underflow. */
static int middle(exponents e)
{
    bool extreme = e.least <= e.most && (e.most > 900 || e.least < -900);
    return extreme ? (e.most + e.least) / 2 : 0;
}

/* Ranges of entries, in powers of two: up to the first dgejsv works in its recommended range of values (it
 * sets smaller ones to zero); beyond the second it can lose some in any. */
enum { JACOBI_USUAL = 900, JACOBI_MOST = 1400 };

static ml_status lost_values(ml_message *why)
{
    ml_fail(why, "the entries differ so much in size (by more than 1e400) that -m jacobi loses singular "
                 "values; use -m dc, or scale the columns");
    return ML_NO;
}

static ml_status run_jacobi(jacobi *j, exponents e, gsl_vector *s, bool vectors, ml_message *why)
{
    int info = 0, range = e.least <= e.most ? e.most - e.least : 0;
    LAPACK_dgejsv(j->rows == j->columns ? "F" : "C", vectors ? "U" : "N", vectors ? "V" : "N",
                  range <= JACOBI_USUAL ? "R" : "N", "N", "N", &j->rows, &j->columns, j->a, &j->rows, j->sva,
                  j->u, &j->rows, j->v, &j->columns, j->work, &j->work_size, j->iwork, &info);
    if (info != 0)
        return no_convergence(why, "dgejsv", info);
    for (size_t i = 0; i < s->size;
         i++) /* the quotient is a power of the base unless values leave the range */
        gsl_vector_set(s, i, ldexp(j->work[0] / j->work[1] * j->sva[i], middle(e)));
    return range > JACOBI_MOST && gsl_vector_get(s, s->size - 1) == 0 ? lost_values(why) : ML_OK;
}

ml_status linalg_jacobi(const gsl_matrix *a, gsl_vector *s, gsl_matrix *u, gsl_matrix *v, ml_message *why)
{
    bool wide = a->size1 < a->size2;
    size_t rows = wide ? a->size2 : a->size1, columns = wide ? a->size1 : a->size2;
    if (!fits_int(rows, columns))
        return too_large(why, a->size1, a->size2);
    jacobi j = {0};
    if (!make_jacobi(&j, rows, columns) || !order_rows(&j, a, wide)) {
        free_jacobi(&j);
        return ml_fail_memory(why, "the Jacobi method", 2 * rows * columns * sizeof(double));
    }
    exponents e = entry_exponents(a);
    fill_jacobi(&j, a, wide, middle(e));
    ml_status status = run_jacobi(&j, e, s, u != NULL, why);
    if (status == ML_OK && u != NULL && v != NULL) {
        from_columns(wide ? v : u, j.u, j.order);
        from_columns(wide ? u : v, j.v, NULL);
    }
    free_jacobi(&j);
    return status;
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
        from_columns(out, c, NULL);
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
