/* matrix_eigen.h: eigenvalues, singular values and what follows from them for the evaluator, exactly. */
#ifndef MATH_MATRIX_EIGEN_H
#define MATH_MATRIX_EIGEN_H

#include "math/matrix_internal.h"

/* Each is about the expression E and its rational argument A, square but for singular values and the norm,
 * and adds its parts to *OUT.  The steps are written where they are wanted.  Values are in the order of
 * math/matrix_lapack. */

/* values and vectors (bases of the eigenspaces, not of unit length), and with multiple values their
 * multiplicities. */
ml_status matrix_exact_eigenvalues(matrix_evaluation *v, const expression *e, const matrix_value *a,
                                   matrix_results *out);
/* P, D, inv(P); ML_NO where there are too few eigenvectors. */
ml_status matrix_exact_diagonalize(matrix_evaluation *v, const expression *e, const matrix_value *a,
                                   matrix_results *out);
/* Q and D of a symmetric A. */
ml_status matrix_exact_spectral(matrix_evaluation *v, const expression *e, const matrix_value *a,
                                matrix_results *out);
/* U, S and V. */
ml_status matrix_exact_singular(matrix_evaluation *v, const expression *e, const matrix_value *a,
                                matrix_results *out);
/* The greatest singular value. */
ml_status matrix_exact_norm(matrix_evaluation *v, const matrix_value *a, const matrix_value **out);
/* The squares of the greatest and of the least of the singular values, 2 x 1. */
ml_status matrix_exact_extremes(matrix_evaluation *v, const matrix_value *a, const matrix_value **out);
/* The factors of the characteristic polynomial over the rationals; the steps that lead to it. */
ml_status matrix_exact_factors(matrix_evaluation *v, const matrix_value *a, matrix_results *out);
ml_status matrix_exact_characteristic(matrix_evaluation *v, const expression *e, const matrix_value *a);

/* Doubles: each of the VALUES found of a small A that is rational becomes the double nearest to the
 * eigenvalue. */
ml_status matrix_polish_eigenvalues(matrix_evaluation *v, const matrix_value *a, matrix_value *values);

/* ML_NO, with a message. */
ml_status matrix_not_diagonalizable(matrix_evaluation *v, const expression *e);

#endif
