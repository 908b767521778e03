/* golub_kahan.h: the first singular vectors of a bidiagonal matrix, by inverse iteration. */
#ifndef MATH_GOLUB_KAHAN_H
#define MATH_GOLUB_KAHAN_H

#include <stdbool.h>
#include <stddef.h>

/* Is it worth while for COUNT of ORDER vectors? */
bool golub_kahan_pays(size_t order, size_t count);

/* All singular values S, descending, of the upper bidiagonal matrix B with diagonal D (order) and E (order -
 * 1) above it, and its first COUNT left and right vectors U and V, column-major with ORDER rows.  The vectors
 * are those of the tridiagonal matrix of Golub and Kahan, SIAM J. Numer. Anal. 2 (1965) 205, from LAPACK's
 * dstein, made orthogonal and then checked: false when they are not orthogonal, or B V is not U S, to a few
 * units of rounding (or when memory is out), and divide and conquer has to do it. */
bool golub_kahan(size_t order, const double *d, const double *e, double *s, size_t count, double *u,
                 double *v);

#endif
