/* dense.h: eigenvalues, determinants and linear systems of dense matrices, by LAPACK.
 *
 * As with math/linalg, none of this may run inside parallel_for. */
#ifndef MATH_DENSE_H
#define MATH_DENSE_H

#include <gsl/gsl_matrix.h>
#include <gsl/gsl_vector.h>

#include "base/status.h"

/* Eigenvalues of the symmetric A (its lower triangle is looked at), ascending, and, unless NULL, orthonormal
 * eigenvectors in the columns of VECTORS. */
ml_status dense_symmetric(const gsl_matrix *a, gsl_vector *values, gsl_matrix *vectors, ml_message *why);

/* Eigenvalues of the square A, in the order that LAPACK finds them; a pair that is conjugate follows one
 * another. */
ml_status dense_eigenvalues(const gsl_matrix *a, gsl_vector *real, gsl_vector *imaginary, ml_message *why);

/* The determinant of the square A is SIGN * e^LOG_SIZE; SIGN is 0 when A is singular. */
ml_status dense_determinant(const gsl_matrix *a, int *sign, double *log_size, ml_message *why);

/* X of A X = B, A square.  ML_NO, with a message, when A is singular. */
ml_status dense_solve(const gsl_matrix *a, const gsl_matrix *b, gsl_matrix *x, ml_message *why);

/* X (columns of A x columns of B) of least norm among those with the least ||A X - B||, by the singular value
 * decomposition with the project's rank rule; *RANK is the rank found. */
ml_status dense_least_squares(const gsl_matrix *a, const gsl_matrix *b, gsl_matrix *x, size_t *rank,
                              ml_message *why);

/* Singular values of A, descending, and, unless NULL, U (rows x r) and V (columns x r), r = min(rows,
 * columns). */
ml_status dense_singular(const gsl_matrix *a, gsl_vector *values, gsl_matrix *u, gsl_matrix *v,
                         ml_message *why);

/* How many of the descending singular VALUES of a ROWS x COLUMNS matrix are above max(rows, columns) eps s1.
 */
size_t dense_rank(const gsl_vector *values, size_t rows, size_t columns);

#endif
