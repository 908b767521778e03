#include "math/matrix_lapack.h"

#include <float.h>
#include <lapack.h>
#include <limits.h>
#include <math.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "math/dense.h"

enum { MOST_ORDER = 20000 };

/* --- memory as LAPACK wants it: column by column, a complex entry two doubles --- */

typedef struct packed {
    double *data;
    int rows, columns;
    bool is_complex;
} packed;

static lapack_complex_double *z(const packed *p)
{
    return (lapack_complex_double *)p->data;
}

static ml_status no_memory(const matrix_value *a, ml_message *why)
{
    return ml_fail_memory(why, "a decomposition", a->rows * a->columns * sizeof(double));
}

static ml_status pack(packed *p, const matrix_value *a, ml_message *why)
{
    *p = (packed){.is_complex = a->im != NULL};
    if (a->rows > MOST_ORDER || a->columns > MOST_ORDER)
        return ml_fail(why, "a matrix of %zu x %zu is too large here", a->rows, a->columns);
    size_t size = p->is_complex ? 2 : 1;
    p->rows = (int)a->rows;
    p->columns = (int)a->columns;
    if ((p->data = memory_aligned(a->rows * a->columns * size, sizeof *p->data)) == NULL)
        return no_memory(a, why);
    for (size_t j = 0; j < a->columns; j++)
        for (size_t i = 0; i < a->rows; i++) {
            double *at = p->data + (j * a->rows + i) * size;
            at[0] = gsl_matrix_get(a->re, i, j);
            if (p->is_complex)
                at[1] = gsl_matrix_get(a->im, i, j);
        }
    return ML_OK;
}

static double complex entry(const packed *p, size_t i, size_t j)
{
    size_t at = j * (size_t)p->rows + i;
    return p->is_complex ? CMPLX(p->data[2 * at], p->data[2 * at + 1]) : CMPLX(p->data[at], 0);
}

/* The upper left ROWS x COLUMNS of P. */
static matrix_value *unpack(matrix_space *s, const packed *p, size_t rows, size_t columns)
{
    matrix_value *a = matrix_new(s, rows, columns, p->is_complex, false);
    for (size_t i = 0; a != NULL && i < rows; i++)
        for (size_t j = 0; j < columns; j++)
            matrix_set(a, i, j, entry(p, i, j));
    return a;
}

static size_t lesser(size_t a, size_t b)
{
    return a < b ? a : b;
}

/* --- LU --- */

/* *PIVOTS (from malloc) as LAPACK gives them, 1-based; info > 0 (a zero pivot) is no failure. */
static ml_status factor(packed *p, const matrix_value *a, int **pivots, int *info, ml_message *why)
{
    *pivots = memory_array(lesser(a->rows, a->columns), sizeof **pivots);
    ml_status status = pack(p, a, why);
    if (status == ML_OK && *pivots == NULL)
        status = no_memory(a, why);
    if (status != ML_OK)
        return status;
    if (p->is_complex)
        LAPACK_zgetrf(&p->rows, &p->columns, z(p), &p->rows, *pivots, info);
    else
        LAPACK_dgetrf(&p->rows, &p->columns, p->data, &p->rows, *pivots, info);
    return ML_OK;
}

/* The permutation that the exchanges amount to, as a matrix. */
static matrix_value *permutation(matrix_space *s, const int *pivots, size_t count, size_t order)
{
    matrix_value *p = matrix_new(s, order, order, false, false);
    size_t *rows = memory_array(order, sizeof *rows);
    for (size_t i = 0; rows != NULL && i < order; i++)
        rows[i] = i;
    for (size_t i = 0; rows != NULL && i < count; i++) {
        size_t other = (size_t)pivots[i] - 1, kept = rows[i];
        rows[i] = rows[other];
        rows[other] = kept;
    }
    for (size_t i = 0; rows != NULL && p != NULL && i < order; i++)
        matrix_set(p, i, rows[i], 1);
    bool good = rows != NULL;
    free(rows);
    return good ? p : NULL;
}

ml_status matrix_lu(matrix_space *s, const matrix_value *a, matrix_value **p, matrix_value **l,
                    matrix_value **u, ml_message *why)
{
    packed f;
    int *pivots, info;
    size_t k = lesser(a->rows, a->columns);
    ml_status status = factor(&f, a, &pivots, &info, why);
    if (status == ML_OK) {
        *p = permutation(s, pivots, k, a->rows);
        *l = unpack(s, &f, a->rows, k);
        *u = unpack(s, &f, k, a->columns);
        if (*p == NULL || *l == NULL || *u == NULL)
            status = no_memory(a, why);
    }
    for (size_t i = 0; status == ML_OK && i < a->rows; i++)
        for (size_t j = 0; j < k; j++)
            if (j >= i)
                matrix_set(*l, i, j, i == j);
    for (size_t i = 0; status == ML_OK && i < k; i++)
        for (size_t j = 0; j < i; j++)
            matrix_set(*u, i, j, 0);
    free(f.data);
    free(pivots);
    return status;
}

ml_status matrix_determinant(matrix_space *s, const matrix_value *a, matrix_value **d, ml_message *why)
{
    packed f;
    int *pivots, info;
    ml_status status = factor(&f, a, &pivots, &info, why);
    double complex product = 1;
    long exponent = 0;
    for (size_t i = 0; status == ML_OK && i < a->rows; i++) {
        double complex x = entry(&f, i, i);
        product = f.is_complex ? product * x : creal(product) * creal(x);
        if (pivots[i] != (int)i + 1)
            product = -product;
        int by = 0;
        double size = fmax(fabs(creal(product)), fabs(cimag(product)));
        if (size > 0)
            frexp(size, &by);
        product = CMPLX(ldexp(creal(product), -by), ldexp(cimag(product), -by));
        exponent += by;
    }
    if (status == ML_OK) {
        int by = exponent > 5000 ? 5000 : exponent < -5000 ? -5000 : (int)exponent;
        *d = matrix_new(s, 1, 1, f.is_complex, false);
        if (*d == NULL)
            status = no_memory(a, why);
        else
            matrix_set(*d, 0, 0, CMPLX(ldexp(creal(product), by), ldexp(cimag(product), by)));
    }
    free(f.data);
    free(pivots);
    return status;
}

/* --- linear systems --- */

/* Divide the rows (or columns) of P by the powers of two next to their greatest entry; EXPONENTS gets those.
 */
static void scale_lines(packed *p, bool rows, int *exponents)
{
    size_t size = p->is_complex ? 2 : 1;
    int lines = rows ? p->rows : p->columns, length = rows ? p->columns : p->rows;
    for (int l = 0; l < lines; l++) {
        double most = 0;
        int by = 0;
        for (int pass = 0; pass < 2; pass++) {
            for (int k = 0; k < length; k++) {
                size_t at = ((size_t)(rows ? k : l) * (size_t)p->rows + (size_t)(rows ? l : k)) * size;
                for (size_t part = at; part < at + size; part++) {
                    most = fmax(most, fabs(p->data[part]));
                    if (pass == 1)
                        p->data[part] = ldexp(p->data[part], -by);
                }
            }
            if (pass == 0 && most > 0)
                frexp(most, &by);
        }
        exponents[l] += by;
    }
}

static double packed_norm_1(const packed *p)
{
    double most = 0;
    for (int j = 0; j < p->columns; j++) {
        double sum = 0;
        for (int i = 0; i < p->rows; i++)
            sum += cabs(entry(p, (size_t)i, (size_t)j));
        most = fmax(most, sum);
    }
    return most;
}

/* Factor the scaled P, estimate its condition and solve for the columns of B, scaled as its rows are. */
static ml_status solve_packed(packed *p, packed *b, int *pivots, double *rcond, ml_message *why)
{
    int n = p->rows, info;
    double norm = packed_norm_1(p);
    double *work = memory_array((size_t)n, 4 * sizeof *work),
           *real = memory_array((size_t)n, 2 * sizeof *real);
    int *iwork = memory_array((size_t)n, sizeof *iwork);
    ml_status status = ML_OK;
    *rcond = 0;
    if (work == NULL || real == NULL || iwork == NULL) {
        status = ml_fail_memory(why, "a linear system", (size_t)n * sizeof *work);
    } else if (p->is_complex) {
        LAPACK_zgetrf(&n, &n, z(p), &n, pivots, &info);
        if (info == 0) {
            LAPACK_zgecon("1", &n, z(p), &n, &norm, rcond, (lapack_complex_double *)work, real, &info);
            LAPACK_zgetrs("N", &n, &b->columns, z(p), &n, pivots, z(b), &n, &info);
        }
    } else {
        LAPACK_dgetrf(&n, &n, p->data, &n, pivots, &info);
        if (info == 0) {
            LAPACK_dgecon("1", &n, p->data, &n, &norm, rcond, work, iwork, &info);
            LAPACK_dgetrs("N", &n, &b->columns, p->data, &n, pivots, b->data, &n, &info);
        }
    }
    free(work);
    free(real);
    free(iwork);
    if (status == ML_OK && !(*rcond > DBL_EPSILON)) {
        ml_fail(why, "the matrix is singular to working precision (reciprocal condition %.2g)", *rcond);
        return ML_NO;
    }
    return status;
}

/* A copy of A with an imaginary part when LIKE has one. */
static const matrix_value *matched(matrix_space *s, const matrix_value *a, const matrix_value *like)
{
    if (a->im != NULL || like->im == NULL)
        return a;
    matrix_value *c = matrix_new(s, a->rows, a->columns, true, false);
    if (c != NULL)
        gsl_matrix_memcpy(c->re, a->re);
    return c;
}

ml_status matrix_solve(matrix_space *s, const matrix_value *a, const matrix_value *b, matrix_value **x,
                       double *rcond, ml_message *why)
{
    packed p = {0}, right = {0};
    const matrix_value *left = matched(s, a, b);
    b = matched(s, b, a);
    if (left == NULL || b == NULL)
        return no_memory(a, why);
    size_t n = a->rows;
    int *row = memory_zeros(n, sizeof *row), *column = memory_zeros(n, sizeof *column);
    int *pivots = memory_array(n, sizeof *pivots);
    ml_status status = row && column && pivots ? pack(&p, left, why) : no_memory(a, why);
    if (status == ML_OK)
        status = pack(&right, b, why);
    if (status == ML_OK) {
        for (int sweep = 0; sweep < 3; sweep++) {
            scale_lines(&p, true, row);
            scale_lines(&p, false, column);
        }
        size_t size = right.is_complex ? 2 : 1;
        for (size_t k = 0; k < n * b->columns * size; k++)
            right.data[k] = ldexp(right.data[k], -row[k / size % n]);
        status = solve_packed(&p, &right, pivots, rcond, why);
        for (size_t k = 0; k < n * b->columns * size; k++)
            right.data[k] = ldexp(right.data[k], -column[k / size % n]);
    }
    if (status == ML_OK && (*x = unpack(s, &right, n, b->columns)) == NULL)
        status = no_memory(a, why);
    free(p.data);
    free(right.data);
    free(row);
    free(column);
    free(pivots);
    return status;
}

/* --- QR --- */

/* Multiply row I of R by the conjugate of the sign of its diagonal entry, column I of Q by that sign. */
static void make_positive(matrix_value *q, matrix_value *r)
{
    for (size_t i = 0; i < q->columns; i++) {
        double complex x = matrix_at(r, i, i), sign = x == 0 ? 1 : x / cabs(x);
        if (r->im == NULL)
            sign = creal(x) < 0 ? -1 : 1;
        for (size_t k = 0; k < q->rows; k++)
            matrix_set(q, k, i, matrix_at(q, k, i) * sign);
        for (size_t k = 0; k < r->columns; k++)
            matrix_set(r, i, k, k < i ? 0 : matrix_at(r, i, k) * conj(sign));
        if (r->im != NULL && i < r->columns)
            matrix_set(r, i, i, creal(matrix_at(r, i, i)));
    }
}

ml_status matrix_qr(matrix_space *s, const matrix_value *a, matrix_value **q, matrix_value **r,
                    ml_message *why)
{
    packed p;
    ml_status status = pack(&p, a, why);
    size_t k = lesser(a->rows, a->columns), size = p.is_complex ? 2 : 1;
    int room = (int)(64 * a->columns + 64), info, thin = (int)k;
    double *tau = memory_array(k, size * sizeof *tau),
           *work = memory_array((size_t)room, size * sizeof *work);
    if (status == ML_OK && (tau == NULL || work == NULL))
        status = no_memory(a, why);
    if (status == ML_OK && p.is_complex)
        LAPACK_zgeqrf(&p.rows, &p.columns, z(&p), &p.rows, (lapack_complex_double *)tau,
                      (lapack_complex_double *)work, &room, &info);
    else if (status == ML_OK)
        LAPACK_dgeqrf(&p.rows, &p.columns, p.data, &p.rows, tau, work, &room, &info);
    *r = status == ML_OK ? unpack(s, &p, k, a->columns) : NULL;
    if (status == ML_OK && p.is_complex)
        LAPACK_zungqr(&p.rows, &thin, &thin, z(&p), &p.rows, (lapack_complex_double *)tau,
                      (lapack_complex_double *)work, &room, &info);
    else if (status == ML_OK)
        LAPACK_dorgqr(&p.rows, &thin, &thin, p.data, &p.rows, tau, work, &room, &info);
    *q = status == ML_OK ? unpack(s, &p, a->rows, k) : NULL;
    if (status == ML_OK && (*q == NULL || *r == NULL))
        status = no_memory(a, why);
    if (status == ML_OK)
        make_positive(*q, *r);
    free(p.data);
    free(tau);
    free(work);
    return status;
}

/* --- Cholesky --- */

ml_status matrix_cholesky(matrix_space *s, const matrix_value *a, matrix_value **l, size_t *minor,
                          ml_message *why)
{
    packed p;
    ml_status status = pack(&p, a, why);
    if (status != ML_OK)
        return status;
    int info;
    if (p.is_complex)
        LAPACK_zpotrf("L", &p.rows, z(&p), &p.rows, &info);
    else
        LAPACK_dpotrf("L", &p.rows, p.data, &p.rows, &info);
    *minor = info > 0 ? (size_t)info : 0;
    if ((*l = unpack(s, &p, a->rows, a->rows)) == NULL)
        status = no_memory(a, why);
    for (size_t i = 0; status == ML_OK && i < a->rows; i++)
        for (size_t j = i + 1; j < a->rows; j++)
            matrix_set(*l, i, j, 0);
    free(p.data);
    return status == ML_OK && info > 0 ? ML_NO : status;
}

/* --- eigenvalues --- */

/* The entry of column J that the sign rule looks at. */
static size_t leading(const matrix_value *a, size_t j)
{
    double most = 0;
    size_t i = 0;
    for (size_t k = 0; k < a->rows; k++)
        most = fmax(most, cabs(matrix_at(a, k, j)));
    while (i + 1 < a->rows && cabs(matrix_at(a, i, j)) < (1 - 1e-6) * most)
        i++;
    return i;
}

/* What turns column J so that this entry is positive: a number of size 1. */
static double complex phase(const matrix_value *a, size_t j)
{
    double complex x = matrix_at(a, leading(a, j), j);
    if (cimag(x) == 0)
        return creal(x) < 0 ? -1 : 1;
    return conj(x) / cabs(x);
}

static void turn(matrix_value *a, size_t j, double complex by)
{
    for (size_t i = 0; i < a->rows; i++) {
        double complex x = matrix_at(a, i, j);
        matrix_set(a, i, j, cimag(by) == 0 ? CMPLX(creal(by) * creal(x), creal(by) * cimag(x)) : x * by);
    }
}

/* Turn column J by the sign rule; the entry it looks at is real then, to the last bit. */
static void make_leading_positive(matrix_value *a, size_t j)
{
    turn(a, j, phase(a, j));
    size_t i = leading(a, j);
    matrix_set(a, i, j, cabs(matrix_at(a, i, j)));
}

static void normalize(matrix_value *a)
{
    for (size_t j = 0; j < a->columns; j++) {
        double norm = 0;
        for (size_t i = 0; i < a->rows; i++)
            norm = hypot(norm, cabs(matrix_at(a, i, j)));
        turn(a, j, norm > 0 ? 1 / norm : 1);
        make_leading_positive(a, j);
    }
}

/* Order by real, then imaginary part, descending.  Pairs that LAPACK gives as conjugates stay together. */
static bool before(double complex x, double complex y)
{
    return creal(x) > creal(y) || (creal(x) == creal(y) && cimag(x) > cimag(y));
}

static ml_status put_in_order(matrix_space *s, matrix_value **values, matrix_value **vectors, ml_message *why)
{
    const matrix_value *old = *values;
    size_t n = old->rows, *order = memory_array(n, sizeof *order);
    matrix_value *sorted = matrix_new(s, n, 1, old->im != NULL, false);
    if (order == NULL || sorted == NULL) {
        free(order);
        return no_memory(old, why);
    }
    for (size_t i = 0; i < n; i++) {
        size_t at = i;
        for (; at > 0 && before(matrix_at(old, i, 0), matrix_at(old, order[at - 1], 0)); at--)
            order[at] = order[at - 1];
        order[at] = i;
    }
    for (size_t i = 0; i < n; i++)
        matrix_set(sorted, i, 0, matrix_at(old, order[i], 0));
    *values = matrix_simplify(s, sorted);
    if (vectors != NULL) {
        *vectors = matrix_pick(s, *vectors, order, n);
        if (*vectors != NULL) {
            normalize(*vectors);
            matrix_simplify(s, *vectors);
        }
    }
    free(order);
    return vectors != NULL && *vectors == NULL ? no_memory(old, why) : ML_OK;
}

/* dgeev's layout: a conjugate pair in two columns, real and imaginary part. */
static void spread_pairs(const packed *v, const double *imaginary, matrix_value *vectors)
{
    size_t n = (size_t)v->rows;
    for (size_t j = 0; j < n; j++) {
        bool pair = imaginary[j] != 0 && j + 1 < n;
        for (size_t i = 0; i < n; i++) {
            double x = creal(entry(v, i, j)), y = pair ? creal(entry(v, i, j + 1)) : 0;
            matrix_set(vectors, i, j, CMPLX(x, y));
            if (pair)
                matrix_set(vectors, i, j + 1, CMPLX(x, -y));
        }
        j += pair;
    }
}

static ml_status real_eigen(matrix_space *s, packed *p, packed *v, matrix_value *values,
                            matrix_value **vectors, int *info)
{
    int n = p->rows, room = 66 * n + 64, one = 1;
    double *w = memory_array((size_t)n, 2 * sizeof *w), *work = memory_array((size_t)room, sizeof *work),
           unused;
    bool good = w != NULL && work != NULL;
    if (good) {
        LAPACK_dgeev("N", vectors ? "V" : "N", &n, p->data, &n, w, w + n, &unused, &one,
                     vectors ? v->data : &unused, vectors ? &n : &one, work, &room, info);
        for (int i = 0; i < n; i++)
            matrix_set(values, (size_t)i, 0, CMPLX(w[i], w[n + i]));
        if (vectors != NULL && (*vectors = matrix_new(s, (size_t)n, (size_t)n, true, false)) != NULL)
            spread_pairs(v, w + n, *vectors);
        good = vectors == NULL || *vectors != NULL;
    }
    free(w);
    free(work);
    return good ? ML_OK : ML_FAIL;
}

static ml_status complex_eigen(matrix_space *s, packed *p, packed *v, matrix_value *values,
                               matrix_value **vectors, int *info)
{
    int n = p->rows, room = 66 * n + 64, one = 1;
    size_t pair = 2 * sizeof(double);
    double *w = memory_array((size_t)n, pair), *work = memory_array((size_t)room, pair);
    double *real = memory_array((size_t)n, pair), unused[2];
    bool good = w != NULL && work != NULL && real != NULL;
    if (good) {
        LAPACK_zgeev("N", vectors ? "V" : "N", &n, z(p), &n, (lapack_complex_double *)w,
                     (lapack_complex_double *)unused, &one, vectors ? z(v) : (lapack_complex_double *)unused,
                     vectors ? &n : &one, (lapack_complex_double *)work, &room, real, info);
        for (int i = 0; i < n; i++)
            matrix_set(values, (size_t)i, 0, CMPLX(w[2 * i], w[2 * i + 1]));
        if (vectors != NULL)
            *vectors = unpack(s, v, (size_t)n, (size_t)n);
        good = vectors == NULL || *vectors != NULL;
    }
    free(w);
    free(work);
    free(real);
    return good ? ML_OK : ML_FAIL;
}

ml_status matrix_eigen(matrix_space *s, const matrix_value *a, matrix_value **values, matrix_value **vectors,
                       ml_message *why)
{
    packed p, v;
    int info = 0;
    ml_status status = pack(&p, a, why);
    if (status != ML_OK)
        return status;
    status = pack(&v, a, why);
    *values = matrix_new(s, a->rows, 1, true, false);
    if (status == ML_OK && *values == NULL)
        status = no_memory(a, why);
    if (status == ML_OK &&
        (p.is_complex ? complex_eigen : real_eigen)(s, &p, &v, *values, vectors, &info) != ML_OK)
        status = no_memory(a, why);
    if (status == ML_OK && info != 0)
        status = ml_fail(why, "the eigenvalues did not converge (LAPACK geev, info = %d)", info);
    if (status == ML_OK)
        status = put_in_order(s, values, vectors, why);
    free(p.data);
    free(v.data);
    return status;
}

static ml_status complex_hermitian(packed *p, double *w, int *info)
{
    int n = p->rows, integers = 3 + 5 * n, room = 2 * n + n * n, reals = 1 + 5 * n + 2 * n * n;
    double *work = memory_array((size_t)room, 2 * sizeof *work),
           *real = memory_array((size_t)reals, sizeof *real);
    int *iwork = memory_array((size_t)integers, sizeof *iwork);
    bool good = work != NULL && real != NULL && iwork != NULL;
    if (good)
        LAPACK_zheevd("V", "L", &n, z(p), &n, w, (lapack_complex_double *)work, &room, real, &reals, iwork,
                      &integers, info);
    free(work);
    free(real);
    free(iwork);
    return good ? ML_OK : ML_FAIL;
}

ml_status matrix_hermitian(matrix_space *s, const matrix_value *a, matrix_value **values,
                           matrix_value **vectors, ml_message *why)
{
    size_t n = a->rows;
    matrix_value *unused;
    vectors = vectors != NULL ? vectors : &unused;
    *values = matrix_new(s, n, 1, false, false);
    if (*values == NULL)
        return no_memory(a, why);
    ml_status status = ML_OK;
    if (a->im == NULL) {
        gsl_vector_view w = gsl_matrix_column((*values)->re, 0);
        *vectors = matrix_new(s, n, n, false, false);
        status = *vectors ? dense_symmetric(a->re, &w.vector, (*vectors)->re, why) : no_memory(a, why);
    } else {
        packed p;
        int info = 0;
        status = pack(&p, a, why);
        if (status == ML_OK && complex_hermitian(&p, (*values)->re->data, &info) != ML_OK)
            status = no_memory(a, why);
        if (status == ML_OK && info != 0)
            status = ml_fail(why, "the eigenvalues did not converge (LAPACK zheevd, info = %d)", info);
        if (status == ML_OK && (*vectors = unpack(s, &p, n, n)) == NULL)
            status = no_memory(a, why);
        free(p.data);
    }
    return status == ML_OK ? put_in_order(s, values, vectors, why) : status;
}

/* --- singular values --- */

static ml_status complex_singular(matrix_space *s, const matrix_value *a, matrix_value **u, double *values,
                                  matrix_value **v, ml_message *why)
{
    packed p, left = {.is_complex = true}, right = {.is_complex = true};
    size_t k = lesser(a->rows, a->columns), most = a->rows + a->columns - k;
    ml_status status = pack(&p, a, why);
    if (status != ML_OK)
        return status;
    int info, thin = (int)k, room = (int)(k * k + 2 * k + most + 64 * most);
    size_t pair = 2 * sizeof(double);
    left.data = memory_array(a->rows * k, pair);
    right.data = memory_array(a->columns * k, pair);
    left.rows = (int)a->rows;
    right.rows = thin;
    double *work = memory_array((size_t)room, pair);
    double *real = memory_array(k, (5 * k + 7 + 2 * most + 2 * k + 1) * sizeof *real);
    int *iwork = memory_array(8 * k, sizeof *iwork);
    if (left.data && right.data && work && real && iwork)
        LAPACK_zgesdd("S", &p.rows, &p.columns, z(&p), &p.rows, values, z(&left), &p.rows, z(&right), &thin,
                      (lapack_complex_double *)work, &room, real, iwork, &info);
    else
        status = no_memory(a, why);
    if (status == ML_OK && info != 0)
        status = ml_fail(why, "the singular values did not converge (LAPACK zgesdd, info = %d)", info);
    if (status == ML_OK) {
        *u = unpack(s, &left, a->rows, k);
        *v = matrix_ctranspose(s, unpack(s, &right, k, a->columns));
        if (*u == NULL || *v == NULL)
            status = no_memory(a, why);
    }
    free(p.data);
    free(left.data);
    free(right.data);
    free(work);
    free(real);
    free(iwork);
    return status;
}

ml_status matrix_singular(matrix_space *s, const matrix_value *a, matrix_value **u, matrix_value **values,
                          matrix_value **v, ml_message *why)
{
    size_t k = lesser(a->rows, a->columns);
    matrix_value *left = NULL, *right = NULL;
    *values = matrix_new(s, k, 1, false, false);
    if (*values == NULL)
        return no_memory(a, why);
    gsl_vector_view w = gsl_matrix_column((*values)->re, 0);
    ml_status status;
    if (a->im != NULL) {
        status = complex_singular(s, a, &left, (*values)->re->data, &right, why);
    } else if (u == NULL) {
        return dense_singular(a->re, &w.vector, NULL, NULL, why);
    } else {
        left = matrix_new(s, a->rows, k, false, false);
        right = matrix_new(s, a->columns, k, false, false);
        status =
            left && right ? dense_singular(a->re, &w.vector, left->re, right->re, why) : no_memory(a, why);
    }
    for (size_t j = 0; status == ML_OK && u != NULL && j < k; j++) {
        double complex by = phase(right, j);
        make_leading_positive(right, j);
        turn(left, j, by);
    }
    if (status == ML_OK && u != NULL) {
        *u = left;
        *v = right;
    }
    return status;
}

size_t matrix_rank_of(const matrix_value *values, size_t rows, size_t columns, double *tolerance)
{
    size_t rank = 0;
    *tolerance = (double)(rows > columns ? rows : columns) * DBL_EPSILON * gsl_matrix_get(values->re, 0, 0);
    while (rank < values->rows && gsl_matrix_get(values->re, rank, 0) > *tolerance)
        rank++;
    return rank;
}

/* --- norms --- */

double matrix_norm_1(const matrix_value *a)
{
    double most = 0;
    for (size_t j = 0; j < a->columns; j++) {
        double sum = 0;
        for (size_t i = 0; i < a->rows; i++)
            sum += cabs(matrix_at(a, i, j));
        most = fmax(most, sum);
    }
    return most;
}

double matrix_norm_inf(const matrix_value *a)
{
    double most = 0;
    for (size_t i = 0; i < a->rows; i++) {
        double sum = 0;
        for (size_t j = 0; j < a->columns; j++)
            sum += cabs(matrix_at(a, i, j));
        most = fmax(most, sum);
    }
    return most;
}

double matrix_norm_max(const matrix_value *a)
{
    double most = 0;
    for (size_t i = 0; i < a->rows; i++)
        for (size_t j = 0; j < a->columns; j++)
            most = fmax(most, cabs(matrix_at(a, i, j)));
    return most;
}

/* Scaled by a power of two, so that squares neither overflow nor vanish. */
double matrix_norm_frobenius(const matrix_value *a)
{
    double sum = 0, most = matrix_norm_max(a);
    int by = 0;
    if (most == 0 || !isfinite(most))
        return most;
    frexp(most, &by);
    for (size_t i = 0; i < a->rows; i++)
        for (size_t j = 0; j < a->columns; j++) {
            double complex x = matrix_at(a, i, j);
            double re = ldexp(creal(x), -by), im = ldexp(cimag(x), -by);
            sum += re * re + im * im;
        }
    return ldexp(sqrt(sum), by);
}

/* --- exponential --- */

/* The coefficients b_k of the numerator of the [13/13] approximant. */
static const double pade[14] = {64764752532480000.,
                                32382376266240000.,
                                7771770303897600.,
                                1187353796428800.,
                                129060195264000.,
                                10559470521600.,
                                670442572800.,
                                33522128640.,
                                1323241920.,
                                40840800.,
                                960960.,
                                16380.,
                                182.,
                                1.};

/* sum of pade[FROM + 2k] times power k: powers[0] = I, A^2, A^4, A^6 */
static matrix_value *combine(matrix_space *s, matrix_value *const *powers, size_t from, size_t count)
{
    matrix_value *sum = NULL;
    for (size_t k = 0; k < count; k++) {
        matrix_value *term = matrix_scale(s, powers[k], matrix_number(s, pade[from + 2 * k], 0));
        sum = k == 0 ? term : matrix_sum(s, sum, term, false);
    }
    return sum;
}

/* A^6 (b7+.. high part) + low part, for the odd (FROM 1) or even coefficients */
static matrix_value *half_of_pade(matrix_space *s, matrix_value *const *powers, size_t from)
{
    matrix_value *shifted[3] = {powers[1], powers[2], powers[3]};
    matrix_value *high = combine(s, shifted, from + 8, 3);
    return matrix_sum(s, matrix_product(s, powers[3], high), combine(s, powers, from, 4), false);
}

ml_status matrix_exponential(matrix_space *s, const matrix_value *a, matrix_value **e, ml_message *why)
{
    int squarings = 0;
    double norm = matrix_norm_1(a), rcond;
    if (norm > 5.371920351148152)
        frexp(norm / 5.371920351148152, &squarings);
    if (squarings > 1100)
        return ml_fail(why, "the exponential of a matrix of norm %g is beyond the range of a double", norm);
    matrix_value *scaled = matrix_scale(s, a, matrix_number(s, ldexp(1, -squarings), 0));
    matrix_value *powers[4] = {matrix_identity(s, a->rows, a->rows), matrix_product(s, scaled, scaled)};
    powers[2] = matrix_product(s, powers[1], powers[1]);
    powers[3] = matrix_product(s, powers[2], powers[1]);
    matrix_value *odd = matrix_product(s, scaled, half_of_pade(s, powers, 1)),
                 *even = half_of_pade(s, powers, 0);
    matrix_value *top = matrix_sum(s, even, odd, false), *bottom = matrix_sum(s, even, odd, true);
    if (top == NULL || bottom == NULL)
        return no_memory(a, why);
    matrix_value *correction;
    ml_status status = matrix_solve(s, bottom, top, e, &rcond, why);
    /* BLAS multiplies by reciprocals; one correction takes that out, so that e^0 is I to the last bit */
    const matrix_value *left =
        status == ML_OK ? matrix_sum(s, top, matrix_product(s, bottom, *e), true) : NULL;
    if (status == ML_OK)
        status = left ? matrix_solve(s, bottom, left, &correction, &rcond, why) : no_memory(a, why);
    if (status == ML_OK && (*e = matrix_sum(s, *e, correction, false)) == NULL)
        status = no_memory(a, why);
    for (; status == ML_OK && squarings > 0; squarings--)
        if ((*e = matrix_product(s, *e, *e)) == NULL)
            status = no_memory(a, why);
    return status;
}
