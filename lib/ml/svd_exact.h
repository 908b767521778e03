/* svd_exact.h: the singular value decomposition in exact arithmetic, as it is done by hand: the eigenvalues
 * of A'A are the squares of the singular values, its orthonormal eigenvectors the right singular vectors v,
 * and u = A v / s the left ones (Strang, "Introduction to Linear Algebra", section 7.2).
 *
 * Values whose squares are rational or roots of a quadratic factor of the characteristic polynomial come out
 * in closed form; others are roots of a factor of higher degree, which print as decimals to any precision. */
#ifndef ML_SVD_EXACT_H
#define ML_SVD_EXACT_H

#include <flint/fmpq_mat.h>
#include <stdbool.h>
#include <stddef.h>

#include "base/status.h"
#include "base/steps.h"
#include "math/exact_axes.h"
#include "math/exact_frame.h"
#include "math/exact_number.h"

typedef struct svd_exact {
    size_t rows, columns, count, rank; /* count = min(rows, columns) */
    fmpq_mat_t a, gram;                /* A and A'A */
    fmpq_t total;                      /* the squared Frobenius norm */
    exact_axes axes;                   /* of A'A, all columns of them */
    exact_matrix *images;              /* A w for the vectors w of each factor; NULL without vectors */
    fmpq_poly_struct *inverses;        /* of each factor 1/x, the factor x excepted */
    exact_frame left;                  /* of the null space of A': U's columns for zero values */
} svd_exact;

/* A is m x n, m, n >= 1.  VECTORS: all but the values too.  Free with svd_exact_free, also after a failure.
 */
ml_status svd_exact_fit(svd_exact *s, const fmpq_mat_t a, bool vectors, ml_message *why);
void svd_exact_free(svd_exact *s);

/* The numbers, into an initialized OUT; K < count and, in sums over the first USED values, USED <= count.
 * The value s_k; its share of the squared norm, and that of the first USED. */
void svd_exact_value(exact_number *out, const svd_exact *s, size_t k);
void svd_exact_share(exact_number *out, const svd_exact *s, size_t k);
void svd_exact_cumulative(exact_number *out, const svd_exact *s, size_t used);
void svd_exact_frobenius(exact_number *out, const svd_exact *s); /* the Frobenius norm */
/* Entry (I, K) of U, V. */
void svd_exact_u(exact_number *out, const svd_exact *s, size_t i, size_t k);
void svd_exact_v(exact_number *out, const svd_exact *s, size_t i, size_t k);
/* Entry (I, J) of the sum of s u v' and of that of v u' / s. */
void svd_exact_approximation(exact_number *out, const svd_exact *s, size_t i, size_t j, size_t used);
void svd_exact_pinv(exact_number *out, const svd_exact *s, size_t i, size_t j, size_t used);

/* A closed form or not of s_k; and, when not, the polynomial that s_k is a root of, irreducible. */
bool svd_exact_is_closed(const svd_exact *s, size_t k);
void svd_exact_polynomial(fmpz_poly_t out, const svd_exact *s, size_t k);

/* Append the nuclear norm, the sum of the values, and the condition number s_1/s_count, which is inf when the
 * rank is below count; false when a closed form was wanted and there is none. */
bool svd_exact_nuclear(buffer *out, const svd_exact *s, const exact_style *style);
bool svd_exact_condition(buffer *out, const svd_exact *s, const exact_style *style);

/* Write the calculation out, numbers in STYLE.  It ends with a check in exact arithmetic: ML_FAIL when that
 * does not hold, or when memory is out. */
ml_status svd_exact_steps(svd_exact *s, steps *out, const exact_style *style, ml_message *why);

#endif
