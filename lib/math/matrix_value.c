#include "math/matrix_value.h"

#include <float.h>
#include <gsl/gsl_blas.h>
#include <math.h>
#include <mpfr.h>
#include <stdlib.h>

/* --- the space --- */

static void free_value(matrix_value *a)
{
    gsl_matrix_free(a->re);
    gsl_matrix_free(a->im);
    matrix_forget(a);
    for (size_t i = 0; a->texts != NULL && i < a->rows * a->columns; i++)
        free(a->texts[i]);
    free(a->texts);
    free(a);
}

void matrix_free_all(matrix_space *s)
{
    for (matrix_value *a = s->first, *next; a != NULL; a = next) {
        next = a->next;
        free_value(a);
    }
    s->first = NULL;
}

void matrix_forget(matrix_value *a)
{
    if (a->q != NULL)
        fmpq_mat_clear(a->q);
    free(a->q);
    a->q = NULL;
}

static bool fill_value(matrix_value *a, bool is_complex, bool rational)
{
    size_t count;
    if (__builtin_mul_overflow(a->rows, a->columns, &count))
        return false;
    if (count > 0 && (a->re = gsl_matrix_calloc(a->rows, a->columns)) == NULL)
        return false;
    if (count > 0 && is_complex && (a->im = gsl_matrix_calloc(a->rows, a->columns)) == NULL)
        return false;
    if (rational && (a->q = memory_zeros(1, sizeof *a->q)) == NULL)
        return false;
    if (a->q != NULL)
        fmpq_mat_init(a->q, (slong)a->rows, (slong)a->columns);
    return true;
}

matrix_value *matrix_new(matrix_space *s, size_t rows, size_t columns, bool is_complex, bool rational)
{
    matrix_value *a = memory_zeros(1, sizeof *a);
    if (a == NULL)
        return NULL;
    a->rows = rows;
    a->columns = columns;
    if (!s->exact && rows > 0 && columns > MATRIX_RATIONAL_ENTRIES / rows)
        rational = false;
    if (!fill_value(a, is_complex, rational)) {
        free_value(a);
        return NULL;
    }
    a->next = s->first;
    s->first = a;
    return a;
}

matrix_value *matrix_like(matrix_space *s, size_t rows, size_t columns, const matrix_value *a,
                          const matrix_value *b)
{
    if (a == NULL)
        return NULL;
    bool is_complex = a->im != NULL || (b != NULL && b->im != NULL);
    bool rational = a->q != NULL && (b == NULL || b->q != NULL);
    return matrix_new(s, rows, columns, is_complex, rational);
}

matrix_value *matrix_number(matrix_space *s, double re, double im)
{
    matrix_value *a = matrix_new(s, 1, 1, im != 0, false);
    if (a != NULL)
        matrix_set(a, 0, 0, CMPLX(re, im));
    return a;
}

matrix_value *matrix_rational(matrix_space *s, const fmpq_t x)
{
    matrix_value *a = matrix_new(s, 1, 1, false, true);
    if (a != NULL)
        fmpq_set(fmpq_mat_entry(a->q, 0, 0), x);
    return matrix_round(s, a);
}

matrix_value *matrix_whole(matrix_space *s, long x)
{
    matrix_value *a = matrix_new(s, 1, 1, false, true);
    if (a != NULL)
        fmpq_set_si(fmpq_mat_entry(a->q, 0, 0), x, 1);
    return matrix_round(s, a);
}

matrix_value *matrix_identity(matrix_space *s, size_t rows, size_t columns)
{
    matrix_value *a = matrix_new(s, rows, columns, false, true);
    for (size_t i = 0; a != NULL && i < rows && i < columns; i++) {
        matrix_set(a, i, i, 1);
        if (a->q != NULL)
            fmpq_one(fmpq_mat_entry(a->q, (slong)i, (slong)i));
    }
    return a;
}

matrix_value *matrix_take(matrix_space *s, fmpq_mat_t q)
{
    bool exact = s->exact;
    s->exact = true; /* whatever its size, it is rational now and rounded below */
    matrix_value *a = matrix_new(s, (size_t)fmpq_mat_nrows(q), (size_t)fmpq_mat_ncols(q), false, true);
    s->exact = exact;
    if (a != NULL)
        fmpq_mat_swap(a->q, q);
    return matrix_round(s, a);
}

/* --- entries --- */

double complex matrix_at(const matrix_value *a, size_t i, size_t j)
{
    return CMPLX(gsl_matrix_get(a->re, i, j), a->im ? gsl_matrix_get(a->im, i, j) : 0);
}

void matrix_set(matrix_value *a, size_t i, size_t j, double complex x)
{
    gsl_matrix_set(a->re, i, j, creal(x));
    if (a->im != NULL)
        gsl_matrix_set(a->im, i, j, cimag(x));
}

double matrix_nearest(const fmpq_t x)
{
    mpfr_t r;
    mpfr_init2(r, 53);
    fmpq_get_mpfr(r, x, MPFR_RNDN);
    double value = mpfr_get_d(r, MPFR_RNDN);
    mpfr_clear(r);
    return value;
}

size_t matrix_bits(const matrix_value *a)
{
    size_t most = 0;
    for (slong k = 0; a->q != NULL && k < fmpq_mat_nrows(a->q) * fmpq_mat_ncols(a->q); k++) {
        const fmpq *x = a->q->entries + k;
        size_t n = fmpz_bits(fmpq_numref(x)), d = fmpz_bits(fmpq_denref(x));
        most = n > most ? n : most;
        most = d > most ? d : most;
    }
    return most;
}

matrix_value *matrix_round(matrix_space *s, matrix_value *a)
{
    if (a == NULL || a->q == NULL)
        return a;
    for (size_t i = 0; i < a->rows; i++)
        for (size_t j = 0; j < a->columns; j++)
            gsl_matrix_set(a->re, i, j, matrix_nearest(fmpq_mat_entry(a->q, (slong)i, (slong)j)));
    bool long_ones = a->rows * a->columns > MATRIX_RATIONAL_ENTRIES || matrix_bits(a) > MATRIX_RATIONAL_BITS;
    if (!s->exact && long_ones)
        matrix_forget(a);
    return a;
}

void matrix_put(matrix_value *a, size_t i, size_t j, const matrix_value *b)
{
    if (b->q == NULL)
        matrix_forget(a);
    for (size_t k = 0; k < b->rows; k++)
        for (size_t l = 0; l < b->columns; l++) {
            matrix_set(a, i + k, j + l, matrix_at(b, k, l));
            if (a->q != NULL)
                fmpq_set(fmpq_mat_entry(a->q, (slong)(i + k), (slong)(j + l)),
                         fmpq_mat_entry(b->q, (slong)k, (slong)l));
        }
}

matrix_value *matrix_simplify(matrix_space *s, matrix_value *a)
{
    (void)s;
    if (a == NULL || a->im == NULL || !gsl_matrix_isnull(a->im))
        return a;
    gsl_matrix_free(a->im);
    a->im = NULL;
    return a;
}

/* --- questions --- */

bool matrix_is_scalar(const matrix_value *a)
{
    return a->rows == 1 && a->columns == 1;
}

bool matrix_is_vector(const matrix_value *a)
{
    return a->rows == 1 || a->columns == 1;
}

bool matrix_is_square(const matrix_value *a)
{
    return a->rows == a->columns;
}

static bool mirrored(const matrix_value *a, size_t i, size_t j)
{
    if (a->q != NULL)
        return fmpq_equal(fmpq_mat_entry(a->q, (slong)i, (slong)j), fmpq_mat_entry(a->q, (slong)j, (slong)i));
    double complex x = matrix_at(a, i, j), y = conj(matrix_at(a, j, i));
    return cabs(x - y) <= 8 * DBL_EPSILON * (cabs(x) + cabs(y));
}

bool matrix_is_hermitian(const matrix_value *a, size_t *i, size_t *j)
{
    for (*i = 0; *i < a->rows; ++*i)
        for (*j = *i; *j < a->columns; ++*j)
            if (!mirrored(a, *i, *j))
                return false;
    return true;
}

static bool every(const matrix_value *a, bool (*holds)(double x))
{
    for (size_t i = 0; i < a->rows; i++)
        for (size_t j = 0; j < a->columns; j++)
            if (!holds(gsl_matrix_get(a->re, i, j)) || (a->im != NULL && !holds(gsl_matrix_get(a->im, i, j))))
                return false;
    return true;
}

static bool is_finite(double x)
{
    return isfinite(x);
}

static bool is_zero(double x)
{
    return x == 0;
}

bool matrix_is_finite(const matrix_value *a)
{
    return every(a, is_finite);
}

bool matrix_is_zero(const matrix_value *a)
{
    return a->q != NULL ? fmpq_mat_is_zero(a->q) : every(a, is_zero);
}

/* --- arithmetic --- */

matrix_value *matrix_sum(matrix_space *s, const matrix_value *a, const matrix_value *b, bool minus)
{
    matrix_value *c = a && b ? matrix_like(s, a->rows, a->columns, a, b) : NULL;
    if (c == NULL)
        return NULL;
    if (c->q != NULL) {
        if (minus)
            fmpq_mat_sub(c->q, a->q, b->q);
        else
            fmpq_mat_add(c->q, a->q, b->q);
        return matrix_round(s, c);
    }
    for (size_t i = 0; i < c->rows; i++)
        for (size_t j = 0; j < c->columns; j++) {
            double complex x = matrix_at(a, i, j), y = matrix_at(b, i, j);
            matrix_set(c, i, j, minus ? x - y : x + y);
        }
    return c;
}

/* C += FACTOR A B */
static void multiply(const gsl_matrix *a, const gsl_matrix *b, gsl_matrix *c, double factor)
{
    if (a != NULL && b != NULL)
        gsl_blas_dgemm(CblasNoTrans, CblasNoTrans, factor, a, b, 1, c);
}

matrix_value *matrix_product(matrix_space *s, const matrix_value *a, const matrix_value *b)
{
    matrix_value *c = a && b ? matrix_like(s, a->rows, b->columns, a, b) : NULL;
    if (c == NULL)
        return NULL;
    if (c->q != NULL) {
        fmpq_mat_mul(c->q, a->q, b->q);
        return matrix_round(s, c);
    }
    if (c->re == NULL)
        return c;
    multiply(a->re, b->re, c->re, 1);
    if (c->im != NULL) {
        multiply(a->im, b->im, c->re, -1);
        multiply(a->re, b->im, c->im, 1);
        multiply(a->im, b->re, c->im, 1);
    }
    return c;
}

matrix_value *matrix_scale(matrix_space *s, const matrix_value *a, const matrix_value *x)
{
    matrix_value *c = a && x ? matrix_like(s, a->rows, a->columns, a, x) : NULL;
    if (c == NULL)
        return NULL;
    if (c->q != NULL) {
        fmpq_mat_scalar_mul_fmpq(c->q, a->q, fmpq_mat_entry(x->q, 0, 0));
        return matrix_round(s, c);
    }
    double complex factor = matrix_at(x, 0, 0);
    for (size_t i = 0; i < c->rows; i++)
        for (size_t j = 0; j < c->columns; j++)
            matrix_set(c, i, j,
                       c->im ? matrix_at(a, i, j) * factor : creal(matrix_at(a, i, j)) * creal(factor));
    return c;
}

matrix_value *matrix_divide(matrix_space *s, const matrix_value *a, const matrix_value *x)
{
    if (a == NULL || x == NULL)
        return NULL;
    if (a->q != NULL && x->q != NULL) {
        fmpq_t inverse;
        fmpq_init(inverse);
        fmpq_inv(inverse, fmpq_mat_entry(x->q, 0, 0));
        matrix_value *c = matrix_scale(s, a, matrix_rational(s, inverse));
        fmpq_clear(inverse);
        return c;
    }
    matrix_value *c = matrix_like(s, a->rows, a->columns, a, x);
    double complex divisor = matrix_at(x, 0, 0);
    for (size_t i = 0; c != NULL && i < c->rows; i++)
        for (size_t j = 0; j < c->columns; j++)
            matrix_set(c, i, j,
                       c->im ? matrix_at(a, i, j) / divisor : creal(matrix_at(a, i, j)) / creal(divisor));
    return c;
}

matrix_value *matrix_negate(matrix_space *s, const matrix_value *a)
{
    return a ? matrix_scale(s, a, matrix_whole(s, -1)) : NULL;
}

matrix_value *matrix_transpose(matrix_space *s, const matrix_value *a)
{
    matrix_value *c = a ? matrix_like(s, a->columns, a->rows, a, NULL) : NULL;
    if (c == NULL)
        return NULL;
    for (size_t i = 0; i < a->rows; i++)
        for (size_t j = 0; j < a->columns; j++)
            matrix_set(c, j, i, matrix_at(a, i, j));
    if (c->q != NULL)
        fmpq_mat_transpose(c->q, a->q);
    return c;
}

matrix_value *matrix_conjugate(matrix_space *s, const matrix_value *a)
{
    matrix_value *c = a ? matrix_cut(s, a, 0, 0, a->rows, a->columns) : NULL;
    if (c != NULL && c->im != NULL)
        gsl_matrix_scale(c->im, -1);
    return c;
}

matrix_value *matrix_ctranspose(matrix_space *s, const matrix_value *a)
{
    return matrix_conjugate(s, matrix_transpose(s, a));
}

matrix_value *matrix_part(matrix_space *s, const matrix_value *a, bool imaginary)
{
    if (a == NULL)
        return NULL;
    if (a->im == NULL && !imaginary)
        return matrix_cut(s, a, 0, 0, a->rows, a->columns);
    matrix_value *c = matrix_new(s, a->rows, a->columns, false, a->im == NULL);
    if (c != NULL && a->im != NULL)
        gsl_matrix_memcpy(c->re, imaginary ? a->im : a->re);
    return c;
}

matrix_value *matrix_kronecker(matrix_space *s, const matrix_value *a, const matrix_value *b)
{
    size_t rows, columns;
    if (a == NULL || b == NULL || __builtin_mul_overflow(a->rows, b->rows, &rows) ||
        __builtin_mul_overflow(a->columns, b->columns, &columns))
        return NULL;
    matrix_value *c = matrix_like(s, rows, columns, a, b);
    if (c == NULL)
        return NULL;
    if (c->q != NULL) {
        fmpq_mat_kronecker_product(c->q, a->q, b->q);
        return matrix_round(s, c);
    }
    for (size_t i = 0; i < rows; i++)
        for (size_t j = 0; j < columns; j++) {
            double complex x = matrix_at(a, i / b->rows, j / b->columns);
            double complex y = matrix_at(b, i % b->rows, j % b->columns);
            matrix_set(c, i, j, c->im ? x * y : creal(x) * creal(y));
        }
    return c;
}

matrix_value *matrix_hadamard(matrix_space *s, const matrix_value *a, const matrix_value *b)
{
    matrix_value *c = a && b ? matrix_like(s, a->rows, a->columns, a, b) : NULL;
    for (size_t i = 0; c != NULL && i < c->rows; i++)
        for (size_t j = 0; j < c->columns; j++) {
            slong k = (slong)i, l = (slong)j;
            double complex x = matrix_at(a, i, j), y = matrix_at(b, i, j);
            matrix_set(c, i, j, c->im ? x * y : creal(x) * creal(y));
            if (c->q != NULL)
                fmpq_mul(fmpq_mat_entry(c->q, k, l), fmpq_mat_entry(a->q, k, l), fmpq_mat_entry(b->q, k, l));
        }
    return matrix_round(s, c);
}

/* --- parts --- */

matrix_value *matrix_cut(matrix_space *s, const matrix_value *a, size_t i, size_t j, size_t rows,
                         size_t columns)
{
    matrix_value *c = a ? matrix_like(s, rows, columns, a, NULL) : NULL;
    for (size_t k = 0; c != NULL && k < rows; k++)
        for (size_t l = 0; l < columns; l++) {
            matrix_set(c, k, l, matrix_at(a, i + k, j + l));
            if (c->q != NULL)
                fmpq_set(fmpq_mat_entry(c->q, (slong)k, (slong)l),
                         fmpq_mat_entry(a->q, (slong)(i + k), (slong)(j + l)));
        }
    return c;
}

matrix_value *matrix_pick(matrix_space *s, const matrix_value *a, const size_t *columns, size_t count)
{
    matrix_value *c = a ? matrix_like(s, a->rows, count, a, NULL) : NULL;
    for (size_t k = 0; c != NULL && k < count; k++) {
        const matrix_value *column = matrix_cut(s, a, 0, columns[k], a->rows, 1);
        if (column == NULL)
            return NULL;
        matrix_put(c, 0, k, column);
    }
    return c;
}

matrix_value *matrix_flat(matrix_space *s, const matrix_value *a)
{
    matrix_value *c = a ? matrix_like(s, a->rows * a->columns, 1, a, NULL) : NULL;
    for (size_t i = 0; c != NULL && i < a->rows; i++)
        for (size_t j = 0; j < a->columns; j++) {
            size_t at = i * a->columns + j;
            matrix_set(c, at, 0, matrix_at(a, i, j));
            if (c->q != NULL)
                fmpq_set(fmpq_mat_entry(c->q, (slong)at, 0), fmpq_mat_entry(a->q, (slong)i, (slong)j));
        }
    return c;
}

matrix_value *matrix_diagonal(matrix_space *s, const matrix_value *a)
{
    matrix_value *v = matrix_flat(s, a);
    matrix_value *c = v ? matrix_like(s, v->rows, v->rows, v, NULL) : NULL;
    for (size_t i = 0; c != NULL && i < v->rows; i++) {
        matrix_set(c, i, i, matrix_at(v, i, 0));
        if (c->q != NULL)
            fmpq_set(fmpq_mat_entry(c->q, (slong)i, (slong)i), fmpq_mat_entry(v->q, (slong)i, 0));
    }
    return c;
}

matrix_value *matrix_diagonal_of(matrix_space *s, const matrix_value *a)
{
    size_t count = a == NULL || a->rows < a->columns ? a ? a->rows : 0 : a->columns;
    matrix_value *c = a ? matrix_like(s, count, 1, a, NULL) : NULL;
    for (size_t i = 0; c != NULL && i < count; i++) {
        matrix_set(c, i, 0, matrix_at(a, i, i));
        if (c->q != NULL)
            fmpq_set(fmpq_mat_entry(c->q, (slong)i, 0), fmpq_mat_entry(a->q, (slong)i, (slong)i));
    }
    return c;
}
