/* least_squares.h: min ||A x - b|| by Householder QR, refined with residuals in twice the precision.
 *
 * The factors are LAPACK's (dgeqrf, dormqr).  Refinement works on the augmented system
 *     r + A x = b,   A'r = 0,
 * whose two residuals are computed in double-double: Björck, "Iterative refinement of linear least squares
 * solutions I", BIT 7 (1967) 257; Higham, Accuracy and Stability of Numerical Algorithms (2nd ed. 2002),
 * section 20.5.  x then has nearly all digits of a double that the data have, as long as the condition number
 * of A, its columns scaled to the same size, stays below about 1e15. */
#ifndef MATH_LEAST_SQUARES_H
#define MATH_LEAST_SQUARES_H

#include <gsl/gsl_matrix.h>
#include <gsl/gsl_vector.h>

#include "base/status.h"

typedef struct least_squares least_squares;

/* Factor A, m x n with m >= n >= 1 and finite entries; A is borrowed and must outlive *Q.  ML_NO, with *Q
 * NULL and a message: a column depends on those before it.  No BLAS inside parallel_for: see math/linalg.h.
 */
ml_status least_squares_new(least_squares **q, const gsl_matrix *a, ml_message *why);
void least_squares_free(least_squares *q);

/* X (n) minimizes ||A x - b||; RESIDUAL (m; may be NULL) gets b - A x, orthogonal to the columns of A. */
ml_status least_squares_solve(least_squares *q, const gsl_vector *b, gsl_vector *x, gsl_vector *residual,
                              ml_message *why);

#endif
