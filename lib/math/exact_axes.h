/* exact_axes.h: the eigenvalues and orthonormal eigenvectors of a symmetric rational matrix, exactly.
 *
 * With weights d the matrix G = D^-1 S is that of a symmetric S seen in other axes: G w = x w and
 * v = D^(1/2) w is an eigenvector of D^(-1/2) S D^(-1/2), which need not be rational itself (the matrix of
 * correlations is not).  Vectors are orthogonal in the inner product w'Dw, which is that of the v.
 *
 * A coordinate of a unit vector is +- sqrt(d_i w_i^2 / w'Dw), the root of an element of the field of its
 * eigenvalue: so each one prints. */
#ifndef MATH_EXACT_AXES_H
#define MATH_EXACT_AXES_H

#include "math/exact_eigen.h"
#include "math/exact_number.h"

typedef struct exact_axis {
    size_t value; /* its eigenvalue's place in spectrum.values */
    slong column; /* its vector's in bases[factor] */
    int turn;     /* 1 or -1, which makes the sign rule hold */
} exact_axis;

typedef struct exact_axes {
    exact_spectrum spectrum;
    exact_matrix *bases;        /* of each factor, orthogonal; empty without vectors */
    fmpq_poly_struct **lengths; /* of each factor's columns: w'Dw, and behind them their inverses */
    slong n;
    const fmpq *weights; /* borrowed; NULL: 1, ..., 1 */
    exact_axis *axes;    /* n of them, by descending eigenvalue */
} exact_axes;

/* G is n x n with real eigenvalues and, in the inner product of WEIGHTS (NULL, or n positive numbers that
 * outlive the result), orthogonal eigenvectors.  VECTORS: find these too.  Free with exact_axes_clear, also
 * after a failure.  The sign rule: the first coordinate that is at most a millionth smaller than the greatest
 * is positive. */
ml_status exact_axes_find(exact_axes *x, const fmpq_mat_t g, const fmpq *weights, bool vectors,
                          ml_message *why);
void exact_axes_clear(exact_axes *x);

/* Of axis K: the field and the root that its elements belong to; its vector w is column axes[k].column of the
 * basis. */
const exact_field *exact_axes_field(const exact_axes *x, size_t k);
exact_root *exact_axes_root(const exact_axes *x, size_t k);
const exact_matrix *exact_axes_basis(const exact_axes *x, size_t k);
const fmpq_poly_struct *exact_axes_length(const exact_axes *x, size_t k);  /* w'Dw */
const fmpq_poly_struct *exact_axes_inverse(const exact_axes *x, size_t k); /* 1/w'Dw */
bool exact_axes_is_zero(const exact_axes *x, size_t k);                    /* is its eigenvalue 0? */

/* OUT = turn * E / sqrt(w'Dw) for an element E of axis K's field: what a linear function that is E at w is at
 * the unit vector.  It is multiplied by the roots of SCALE and of the element FACTOR too (NULL: 1). */
void exact_axes_normalized(exact_number *out, const exact_axes *x, size_t k, const fmpq_poly_t e,
                           const fmpq *scale, const fmpq_poly_struct *factor);
/* OUT += E at axis K, in a sum over the first USED axes of elements made alike: where these are all axes of a
 * factor the sum over them is rational, and is added as that, with the first of its roots. */
void exact_axes_add(exact_number *out, const exact_axes *x, size_t k, const fmpq_poly_t e, size_t used);

/* The place of axis K's factor in spectrum.factors. */
size_t exact_axes_factor(const exact_axes *x, size_t k);

/* Are the sums over all axes of w (Dw)'/w'Dw and x w (Dw)'/w'Dw what they must be, I and G?  So the unit
 * vectors are orthonormal, and make G diagonal. */
bool exact_axes_check(const exact_axes *x, const fmpq_mat_t g);

/* OUT = coordinate I of unit vector K. */
void exact_axes_coordinate(exact_number *out, const exact_axes *x, size_t k, size_t i);

#endif
