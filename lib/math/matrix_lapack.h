/* matrix_lapack.h: decompositions of real and complex matrices in doubles, by LAPACK.
 *
 * Only the doubles of a value are looked at.  Every A is at least 1 x 1 and finite, square where it says so.
 * Results belong to the space.  As with math/linalg, none of this may run inside parallel_for. */
#ifndef MATH_MATRIX_LAPACK_H
#define MATH_MATRIX_LAPACK_H

#include "base/status.h"
#include "math/matrix_value.h"

/* P A = L U with partial pivoting, A m x n: P is m x m, L m x k with ones on its diagonal, U k x n, k =
 * min(m, n). */
ml_status matrix_lu(matrix_space *s, const matrix_value *a, matrix_value **p, matrix_value **l,
                    matrix_value **u, ml_message *why);

/* The determinant of the square A, by LU; exact powers of two keep it from overflowing on the way. */
ml_status matrix_determinant(matrix_space *s, const matrix_value *a, matrix_value **d, ml_message *why);

/* X of A X = B, A square.  Rows and columns are scaled by powers of two first, so units do not matter; *RCOND
 * is LAPACK's estimate of the reciprocal condition of the scaled matrix in the 1-norm.  ML_NO, with a
 * message: A is singular to working precision (rcond <= eps). */
ml_status matrix_solve(matrix_space *s, const matrix_value *a, const matrix_value *b, matrix_value **x,
                       double *rcond, ml_message *why);

/* A = Q R, A m x n: Q m x k with orthonormal columns, R k x n, k = min(m, n), its diagonal real and >= 0,
 * which is what Gram-Schmidt gives. */
ml_status matrix_qr(matrix_space *s, const matrix_value *a, matrix_value **q, matrix_value **r,
                    ml_message *why);

/* A = L L*, A Hermitian.  ML_NO: the leading minor of order *MINOR is not positive. */
ml_status matrix_cholesky(matrix_space *s, const matrix_value *a, matrix_value **l, size_t *minor,
                          ml_message *why);

/* Eigenvalues of the square A in a column, by real then imaginary part, descending; unless NULL, eigenvectors
 * of unit length in the columns of *VECTORS: in each, the first entry with |v| >= (1-1e-6) max|v| is
 * positive. */
ml_status matrix_eigen(matrix_space *s, const matrix_value *a, matrix_value **values, matrix_value **vectors,
                       ml_message *why);

/* The same of a Hermitian A; the vectors are orthonormal. */
ml_status matrix_hermitian(matrix_space *s, const matrix_value *a, matrix_value **values,
                           matrix_value **vectors, ml_message *why);

/* Singular values, descending, in a column; U and V thin (both or neither NULL), sign rule on V as above. */
ml_status matrix_singular(matrix_space *s, const matrix_value *a, matrix_value **u, matrix_value **values,
                          matrix_value **v, ml_message *why);

/* How many of the singular VALUES of a ROWS x COLUMNS matrix are above *TOLERANCE = max(rows, columns) eps
 * s1. */
size_t matrix_rank_of(const matrix_value *values, size_t rows, size_t columns, double *tolerance);

/* e^A, A square: scaling, Pade approximant of degree 13, squaring.
 * N. J. Higham, SIAM J. Matrix Anal. Appl. 26 (2005) 1179, algorithm 2.3. */
ml_status matrix_exponential(matrix_space *s, const matrix_value *a, matrix_value **e, ml_message *why);

/* The greatest column sum of |entries|, the greatest row sum, the greatest |entry|, the root of the sum of
 * squares. */
double matrix_norm_1(const matrix_value *a);
double matrix_norm_inf(const matrix_value *a);
double matrix_norm_max(const matrix_value *a);
double matrix_norm_frobenius(const matrix_value *a);

#endif
