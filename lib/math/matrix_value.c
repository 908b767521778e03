#include "math/matrix_value.h"

#include <float.h>
#include <gsl/gsl_blas.h>
#include <math.h>
#include <mpfr.h>
#include <stdint.h>
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

static bool is_among(const matrix_value *a, const matrix_value *const *kept, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (kept[i] == a)
            return true;
    return false;
}

void matrix_free_since(matrix_space *s, const matrix_value *mark, const matrix_value *const *kept,
                       size_t count, const matrix_value *result)
{
    for (matrix_value **at = &s->first; *at != NULL && *at != mark;) {
        matrix_value *a = *at;
        if (a == result || is_among(a, kept, count)) {
            at = &a->next;
        } else {
            *at = a->next;
            free_value(a);
        }
    }
}

void matrix_forget(matrix_value *a)
{
    if (a->q != NULL)
        fmpq_mat_clear(a->q);
    free(a->q);
    a->q = NULL;
    for (size_t k = 0; a->surds != NULL && k < a->rows * a->columns; k++)
        surd_clear(&a->surds[k]);
    free(a->surds);
    a->surds = NULL;
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
        if (__builtin_mul_overflow(rows, columns, &s->wanted) ||
            __builtin_mul_overflow(s->wanted, sizeof(double), &s->wanted))
            s->wanted = SIZE_MAX;
        free_value(a);
        return NULL;
    }
    a->next = s->first;
    s->first = a;
    return a;
}

matrix_value *matrix_holding(matrix_space *s, size_t rows, size_t columns, const matrix_value *const *parts,
                             size_t count)
{
    bool is_complex = false, rational = true, exact = true;
    for (size_t k = 0; k < count; k++) {
        if (parts[k] == NULL)
            return NULL;
        is_complex |= parts[k]->im != NULL;
        rational = rational && parts[k]->q != NULL;
        exact = exact && matrix_is_exact(parts[k]);
    }
    matrix_value *c = matrix_new(s, rows, columns, is_complex, rational);
    if (c == NULL || rational || !exact)
        return c;
    surd_matrix m;
    bool made = surd_matrix_init(&m, rows, columns);
    c->surds = m.at;
    return made ? c : NULL;
}

matrix_value *matrix_like(matrix_space *s, size_t rows, size_t columns, const matrix_value *a,
                          const matrix_value *b)
{
    return matrix_holding(s, rows, columns, (const matrix_value *[]){a, b}, b != NULL ? 2 : 1);
}

bool matrix_is_exact(const matrix_value *a)
{
    return a->q != NULL || a->surds != NULL;
}

/* --- surds --- */

static void get_surd(const matrix_value *a, size_t i, size_t j, surd *out)
{
    if (a->surds != NULL)
        surd_set(out, &a->surds[i * a->columns + j]);
    else
        surd_set_rational(out, fmpq_mat_entry(a->q, (slong)i, (slong)j));
}

bool matrix_get_surds(const matrix_value *a, surd_matrix *out)
{
    if (!surd_matrix_init(out, a->rows, a->columns))
        return false;
    for (size_t k = 0; k < a->rows * a->columns; k++)
        get_surd(a, k / a->columns, k % a->columns, &out->at[k]);
    return true;
}

/* Rationals when all surds are. */
static bool settle_rational(matrix_value *a)
{
    fmpq_mat_struct *q = memory_zeros(1, sizeof *q);
    bool rational = q != NULL;
    if (q == NULL)
        return false;
    fmpq_mat_init(q, (slong)a->rows, (slong)a->columns);
    for (size_t k = 0; rational && k < a->rows * a->columns; k++)
        rational = surd_is_rational(&a->surds[k], q->entries + k);
    if (rational) {
        matrix_forget(a);
        a->q = q;
        return true;
    }
    fmpq_mat_clear(q);
    free(q);
    return true;
}

/* Doubles from the surds; an imaginary part only when there is one. */
static bool settle_doubles(matrix_value *a)
{
    surd part;
    bool real = true;
    for (size_t k = 0; k < a->rows * a->columns; k++)
        real = real && surd_is_real(&a->surds[k]);
    if (real) {
        gsl_matrix_free(a->im);
        a->im = NULL;
    } else if (a->im == NULL && (a->im = gsl_matrix_calloc(a->rows, a->columns)) == NULL) {
        return false;
    }
    surd_init(&part);
    for (size_t k = 0; k < a->rows * a->columns; k++) {
        surd_part(&part, &a->surds[k], false);
        gsl_matrix_set(a->re, k / a->columns, k % a->columns, surd_real(&part));
        if (a->im == NULL)
            continue;
        surd_part(&part, &a->surds[k], true);
        gsl_matrix_set(a->im, k / a->columns, k % a->columns, surd_real(&part));
    }
    surd_clear(&part);
    return true;
}

/* After the surds of A were filled: too many terms are given up, and what is rational becomes so. */
static matrix_value *settle(matrix_space *s, matrix_value *a)
{
    if (a == NULL || a->surds == NULL || a->re == NULL)
        return a;
    for (size_t k = 0; k < a->rows * a->columns; k++)
        if (a->surds[k].count > SURD_MATRIX_TERMS) {
            s->overgrown = true;
            return NULL;
        }
    if (!settle_rational(a))
        return NULL;
    if (a->surds != NULL)
        return settle_doubles(a) ? a : NULL;
    gsl_matrix_free(a->im);
    a->im = NULL;
    return matrix_round(s, a);
}

matrix_value *matrix_take_surds(matrix_space *s, surd_matrix *m)
{
    matrix_value *a = matrix_new(s, m->rows, m->columns, false, false);
    if (a == NULL)
        return NULL;
    a->surds = m->at;
    m->at = NULL;
    return settle(s, a);
}

matrix_value *matrix_surd(matrix_space *s, const surd *x)
{
    surd_matrix m;
    if (!surd_matrix_init(&m, 1, 1))
        return NULL;
    surd_set(m.at, x);
    matrix_value *a = matrix_take_surds(s, &m);
    surd_matrix_clear(&m);
    return a;
}

/* A + B, A - B, A times B entry by entry. */
static matrix_value *combine_surds(matrix_space *s, matrix_value *c, const matrix_value *a,
                                   const matrix_value *b,
                                   void (*operation)(surd *x, const surd *y, const surd *z))
{
    surd x, y;
    surd_init(&x);
    surd_init(&y);
    for (size_t k = 0; k < c->rows * c->columns; k++) {
        get_surd(a, k / c->columns, k % c->columns, &x);
        get_surd(b, k / c->columns, k % c->columns, &y);
        operation(&c->surds[k], &x, &y);
    }
    surd_clear(&x);
    surd_clear(&y);
    return settle(s, c);
}

/* A times X, or divided by it. */
static matrix_value *scale_surds(matrix_space *s, matrix_value *c, const matrix_value *a,
                                 const matrix_value *x, bool divides)
{
    surd factor, y;
    surd_init(&factor);
    surd_init(&y);
    get_surd(x, 0, 0, &factor);
    if (divides)
        surd_inverse(&factor, &factor);
    for (size_t k = 0; k < c->rows * c->columns; k++) {
        get_surd(a, k / c->columns, k % c->columns, &y);
        surd_mul(&c->surds[k], &y, &factor);
    }
    surd_clear(&factor);
    surd_clear(&y);
    return settle(s, c);
}

static matrix_value *multiply_surds(matrix_space *s, const matrix_value *a, const matrix_value *b)
{
    surd_matrix x = {0}, y = {0}, product = {0};
    bool made =
        matrix_get_surds(a, &x) && matrix_get_surds(b, &y) && surd_matrix_init(&product, a->rows, b->columns);
    bool fits = made && surd_matrix_multiply(&product, &x, &y);
    s->overgrown |= made && !fits;
    matrix_value *c = fits ? matrix_take_surds(s, &product) : NULL;
    surd_matrix_clear(&x);
    surd_matrix_clear(&y);
    surd_matrix_clear(&product);
    return c;
}

static matrix_value *kronecker_surds(matrix_space *s, matrix_value *c, const matrix_value *a,
                                     const matrix_value *b)
{
    surd x, y;
    surd_init(&x);
    surd_init(&y);
    for (size_t k = 0; k < c->rows * c->columns; k++) {
        size_t i = k / c->columns, j = k % c->columns;
        get_surd(a, i / b->rows, j / b->columns, &x);
        get_surd(b, i % b->rows, j % b->columns, &y);
        surd_mul(&c->surds[k], &x, &y);
    }
    surd_clear(&x);
    surd_clear(&y);
    return settle(s, c);
}

/* Entry (I, J) of C, which is of the kind of A or wider, from entry (K, L) of A. */
static void copy_entry(matrix_value *c, size_t i, size_t j, const matrix_value *a, size_t k, size_t l)
{
    matrix_set(c, i, j, matrix_at(a, k, l));
    if (c->q != NULL)
        fmpq_set(fmpq_mat_entry(c->q, (slong)i, (slong)j), fmpq_mat_entry(a->q, (slong)k, (slong)l));
    if (c->surds != NULL)
        get_surd(a, k, l, &c->surds[i * c->columns + j]);
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
    if (a->surds != NULL ? !matrix_is_exact(b) : b->q == NULL)
        matrix_forget(a);
    for (size_t k = 0; k < b->rows; k++)
        for (size_t l = 0; l < b->columns; l++)
            copy_entry(a, i + k, j + l, b, k, l);
}

matrix_value *matrix_simplify(matrix_space *s, matrix_value *a)
{
    (void)s;
    if (a == NULL || a->im == NULL || a->surds != NULL || !gsl_matrix_isnull(a->im))
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
    return a->q != NULL ? fmpq_mat_is_zero(a->q) : a->surds == NULL && every(a, is_zero);
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
    if (c->surds != NULL)
        return combine_surds(s, c, a, b, minus ? surd_sub : surd_add);
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
    if (c->surds != NULL)
        return multiply_surds(s, a, b);
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
    if (c->surds != NULL)
        return scale_surds(s, c, a, x, false);
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
    if (c != NULL && c->surds != NULL)
        return scale_surds(s, c, a, x, true);
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
            copy_entry(c, j, i, a, i, j);
    return c;
}

matrix_value *matrix_conjugate(matrix_space *s, const matrix_value *a)
{
    matrix_value *c = a ? matrix_cut(s, a, 0, 0, a->rows, a->columns) : NULL;
    if (c != NULL && c->im != NULL)
        gsl_matrix_scale(c->im, -1);
    for (size_t k = 0; c != NULL && c->surds != NULL && k < c->rows * c->columns; k++)
        surd_conjugate(&c->surds[k]);
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
    surd_matrix m;
    if (c != NULL && a->surds != NULL && a->im != NULL) {
        if (!matrix_get_surds(a, &m))
            return NULL;
        for (size_t k = 0; k < m.rows * m.columns; k++)
            surd_part(&m.at[k], &a->surds[k], imaginary);
        return matrix_take_surds(s, &m);
    }
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
    if (c->surds != NULL)
        return kronecker_surds(s, c, a, b);
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
    if (c != NULL && c->surds != NULL)
        return combine_surds(s, c, a, b, surd_mul);
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
        for (size_t l = 0; l < columns; l++)
            copy_entry(c, k, l, a, i + k, j + l);
    return settle(s, c);
}

matrix_value *matrix_pick(matrix_space *s, const matrix_value *a, const size_t *columns, size_t count)
{
    matrix_value *c = a ? matrix_like(s, a->rows, count, a, NULL) : NULL;
    for (size_t k = 0; c != NULL && k < count; k++)
        for (size_t i = 0; i < a->rows; i++)
            copy_entry(c, i, k, a, i, columns[k]);
    return settle(s, c);
}

matrix_value *matrix_flat(matrix_space *s, const matrix_value *a)
{
    matrix_value *c = a ? matrix_like(s, a->rows * a->columns, 1, a, NULL) : NULL;
    for (size_t i = 0; c != NULL && i < a->rows; i++)
        for (size_t j = 0; j < a->columns; j++)
            copy_entry(c, i * a->columns + j, 0, a, i, j);
    return c;
}

matrix_value *matrix_diagonal(matrix_space *s, const matrix_value *a)
{
    matrix_value *v = matrix_flat(s, a);
    matrix_value *c = v ? matrix_like(s, v->rows, v->rows, v, NULL) : NULL;
    for (size_t i = 0; c != NULL && i < v->rows; i++)
        copy_entry(c, i, i, v, i, 0);
    return settle(s, c);
}

matrix_value *matrix_diagonal_of(matrix_space *s, const matrix_value *a)
{
    size_t count = a == NULL || a->rows < a->columns ? a ? a->rows : 0 : a->columns;
    matrix_value *c = a ? matrix_like(s, count, 1, a, NULL) : NULL;
    for (size_t i = 0; c != NULL && i < count; i++)
        copy_entry(c, i, 0, a, i, i);
    return settle(s, c);
}

/* --- order and roots of exact entries --- */

static int exact_order(const surd *x, const surd *y)
{
    if (surd_equal(x, y))
        return 0;
    return surd_is_real(x) && surd_is_real(y) ? surd_compare(x, y) : 2;
}

int matrix_order(const matrix_value *a, size_t i, size_t j, const matrix_value *b, size_t k, size_t l)
{
    if (a->q != NULL && b->q != NULL) {
        int c = fmpq_cmp(fmpq_mat_entry(a->q, (slong)i, (slong)j), fmpq_mat_entry(b->q, (slong)k, (slong)l));
        return (c > 0) - (c < 0);
    }
    if (matrix_is_exact(a) && matrix_is_exact(b)) {
        surd x, y;
        surd_init(&x);
        surd_init(&y);
        get_surd(a, i, j, &x);
        get_surd(b, k, l, &y);
        int c = exact_order(&x, &y);
        surd_clear(&x);
        surd_clear(&y);
        return c;
    }
    double complex x = matrix_at(a, i, j), y = matrix_at(b, k, l);
    if (cimag(x) != 0 || cimag(y) != 0)
        return creal(x) == creal(y) && cimag(x) == cimag(y) ? 0 : 2;
    return (creal(x) > creal(y)) - (creal(x) < creal(y));
}

/* X = sqrt(A) as a sum of roots, or false. */
static bool root_of(surd *x, const surd *a)
{
    fmpq_t q;
    fmpq_init(q);
    bool good;
    if (surd_is_rational(a, q))
        good = surd_set_root(x, q);
    else
        good = surd_is_real(a) && surd_sign(a) > 0 && surd_denest(x, a);
    fmpq_clear(q);
    return good;
}

matrix_value *matrix_exact_roots(matrix_space *s, const matrix_value *a, bool *closed)
{
    surd_matrix from = {0}, to = {0};
    *closed = true;
    bool made = a != NULL && matrix_get_surds(a, &from) && surd_matrix_init(&to, a->rows, a->columns);
    for (size_t k = 0; made && *closed && k < a->rows * a->columns; k++)
        *closed = root_of(&to.at[k], &from.at[k]);
    matrix_value *c = made && *closed ? matrix_take_surds(s, &to) : NULL;
    surd_matrix_clear(&from);
    surd_matrix_clear(&to);
    return c;
}
