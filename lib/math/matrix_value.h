/* matrix_value.h: matrices of real or complex doubles that carry along, as far as it goes, the rational
 * numbers that they stand for.
 *
 * Numbers are written as decimals or fractions, and sums, products and inverses of rationals are rational: a
 * small matrix is therefore calculated exactly and rounded once, so that det([1,2;3,4]) is -2 and 0.1 + 0.2
 * is 0.3.  Where that stops (roots, complex entries, large matrices) doubles go on alone.  A space that is
 * `exact` keeps rationals of any size, and its values without them are refused by those who need them. */
#ifndef MATH_MATRIX_VALUE_H
#define MATH_MATRIX_VALUE_H

#include <complex.h>
#undef I
#include <gsl/gsl_matrix.h>
#include <stdbool.h>
#include <stddef.h>

#include <flint/fmpq_mat.h>

#include "base/memory.h"
#include "math/surd_matrix.h"

/* C11's; glibc has it for gcc alone. */
#ifndef CMPLX
#define CMPLX(re, im) __builtin_complex((double)(re), (double)(im))
#endif

/* Without `exact`, rationals are kept for at most so many entries of at most so many bits: as many as the
 * greatest whole double has, so that sums and powers of many terms do not drag ever longer fractions along.
 */
enum { MATRIX_RATIONAL_ENTRIES = 400, MATRIX_RATIONAL_BITS = 1024 };

typedef struct matrix_value {
    size_t rows, columns;
    gsl_matrix *re;     /* NULL when there is no entry: a basis of {0} has no columns */
    gsl_matrix *im;     /* NULL: real */
    fmpq_mat_struct *q; /* the exact values, of which `re` holds the nearest doubles; NULL: not known */
    surd *
        surds; /* only with `exact` and without q: the exact values, row by row, of which one is irrational */
    char **texts; /* closed forms beyond that, such as acos(1/3), to print in place of `re`; NULL: none */
    const char *const *heads; /* names of the columns, static; NULL: none */
    bool identity; /* 1 x 1, and stands for a multiple of the identity matrix of whatever order fits */
    struct matrix_value *next;
} matrix_value;

/* Owns values.  All zero is an empty one. */
typedef struct matrix_space {
    matrix_value *first;
    bool exact;
    size_t wanted;  /* the bytes of the last value that there was no memory for */
    bool starved;   /* an evaluation in it has failed for a lack of memory */
    bool overgrown; /* NULL was returned because surds had too many terms, not for a lack of memory */
} matrix_space;

void matrix_free_all(matrix_space *s);
/* Free the values made since MARK, which was s->first then, but for RESULT and the COUNT KEPT (NULL: none).
 */
void matrix_free_since(matrix_space *s, const matrix_value *mark, const matrix_value *const *kept,
                       size_t count, const matrix_value *result);

/* Each makes a new value, or returns NULL when memory is out or an argument is NULL, so that calls nest and
 * are checked once.  Shapes must fit; what they must be is said where it is not plain.  A result has
 * rationals when all arguments have them. */

/* Zeros, with an imaginary part or with rationals. */
matrix_value *matrix_new(matrix_space *s, size_t rows, size_t columns, bool is_complex, bool rational);
/* Zeros, of the kind that a result of A and B (NULL: none) has. */
matrix_value *matrix_like(matrix_space *s, size_t rows, size_t columns, const matrix_value *a,
                          const matrix_value *b);
/* Zeros, of the kind that holds each of the COUNT parts. */
matrix_value *matrix_holding(matrix_space *s, size_t rows, size_t columns, const matrix_value *const *parts,
                             size_t count);
matrix_value *matrix_number(matrix_space *s, double re, double im);
matrix_value *matrix_whole(matrix_space *s, long x);
matrix_value *matrix_rational(matrix_space *s, const fmpq_t x);
matrix_value *matrix_identity(matrix_space *s, size_t rows, size_t columns);
/* A number that is not rational, with `exact`; and a matrix of such: the surds become the value's. */
matrix_value *matrix_surd(matrix_space *s, const surd *x);
matrix_value *matrix_take_surds(matrix_space *s, surd_matrix *m);
/* The exact entries of A, which has q or surds, in new surds; false when memory is out. */
bool matrix_get_surds(const matrix_value *a, surd_matrix *out);
bool matrix_is_exact(const matrix_value *a);
/* Q becomes the value's and is emptied. */
matrix_value *matrix_take(matrix_space *s, fmpq_mat_t q);

/* A + B, or A - B. */
matrix_value *matrix_sum(matrix_space *s, const matrix_value *a, const matrix_value *b, bool minus);
matrix_value *matrix_product(matrix_space *s, const matrix_value *a, const matrix_value *b);
/* A times, or divided by, the number X, which is 1 x 1 and for a division not 0. */
matrix_value *matrix_scale(matrix_space *s, const matrix_value *a, const matrix_value *x);
matrix_value *matrix_divide(matrix_space *s, const matrix_value *a, const matrix_value *x);
matrix_value *matrix_negate(matrix_space *s, const matrix_value *a);
matrix_value *matrix_transpose(matrix_space *s, const matrix_value *a);
matrix_value *matrix_conjugate(matrix_space *s, const matrix_value *a);
matrix_value *matrix_ctranspose(matrix_space *s, const matrix_value *a);
matrix_value *matrix_part(matrix_space *s, const matrix_value *a, bool imaginary);
matrix_value *matrix_kronecker(matrix_space *s, const matrix_value *a, const matrix_value *b);
matrix_value *matrix_hadamard(matrix_space *s, const matrix_value *a, const matrix_value *b);
/* ROWS x COLUMNS entries from (I, J) on. */
matrix_value *matrix_cut(matrix_space *s, const matrix_value *a, size_t i, size_t j, size_t rows,
                         size_t columns);
/* The chosen columns. */
matrix_value *matrix_pick(matrix_space *s, const matrix_value *a, const size_t *columns, size_t count);
/* The entries row by row as one column. */
matrix_value *matrix_flat(matrix_space *s, const matrix_value *a);
/* The diagonal matrix of the entries of the vector A. */
matrix_value *matrix_diagonal(matrix_space *s, const matrix_value *a);
matrix_value *matrix_diagonal_of(matrix_space *s, const matrix_value *a);
/* A with B written over it from (I, J) on; A is changed, and must be new and of a kind that can hold B. */
void matrix_put(matrix_value *a, size_t i, size_t j, const matrix_value *b);
/* X^2 = A for each entry, exactly: A is exact.  NULL with *CLOSED false where a root is none of a sum of
 * roots. */
matrix_value *matrix_exact_roots(matrix_space *s, const matrix_value *a, bool *closed);
/* The same value without an imaginary part when that is zero. */
matrix_value *matrix_simplify(matrix_space *s, matrix_value *a);

double complex matrix_at(const matrix_value *a, size_t i, size_t j);
void matrix_set(matrix_value *a, size_t i, size_t j, double complex x);
/* `re` from `q`: nearest doubles.  Without `exact` rationals that have become long are dropped. */
matrix_value *matrix_round(matrix_space *s, matrix_value *a);
/* Only doubles from now on: without q and surds. */
void matrix_forget(matrix_value *a);
/* The double nearest to X. */
double matrix_nearest(const fmpq_t x);

bool matrix_is_scalar(const matrix_value *a);
bool matrix_is_vector(const matrix_value *a);
bool matrix_is_square(const matrix_value *a);
/* Is A equal to its (conjugate) transpose, to rounding: |a_ij - a_ji| <= 8 eps (|a_ij| + |a_ji|), exactly
 * where it has rationals?  Else the first place where it is not is put in *I, *J (0-based). */
bool matrix_is_hermitian(const matrix_value *a, size_t *i, size_t *j);
bool matrix_is_finite(const matrix_value *a);
bool matrix_is_zero(const matrix_value *a);
/* -1, 0, 1 as the entry (I, J) of A is less than, equal to or greater than (K, L) of B, exactly where both
 * are; 2 for different numbers of which one is complex, which have no order. */
int matrix_order(const matrix_value *a, size_t i, size_t j, const matrix_value *b, size_t k, size_t l);
/* The most bits of a numerator or denominator; 0 without rationals. */
size_t matrix_bits(const matrix_value *a);

#endif
