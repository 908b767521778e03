/* exact_root.h: roots of integer polynomials that know how far they may be off, to any precision.
 *
 * Simultaneous iteration (Aberth, "Iteration methods for finding all zeros of a polynomial simultaneously",
 * Math. Comp. 27, 1973) from Bini's starting points (Numerical Algorithms 13, 1996), in integers scaled by a
 * power of two.  What certifies the result is exact: the disc around z of radius d |p(z)/p'(z)| holds a root
 * of p (d its degree; Laguerre, see Henrici, "Applied and Computational Complex Analysis" I, section 6.4), so
 * that d discs without a common point hold one root each, and one of them that meets only its own mirror
 * image in the real axis holds a real root. */
#ifndef MATH_EXACT_ROOT_H
#define MATH_EXACT_ROOT_H

#include <flint/fmpq_poly.h>
#include <flint/fmpz_poly.h>
#include <stdbool.h>
#include <stddef.h>

#include "base/status.h"

/* A root of POLYNOMIAL, within RADIUS of RE + i IM; the three in units of 2^-bits. */
typedef struct exact_root {
    fmpz_poly_t polynomial;
    fmpz_t re, im, radius;
    slong bits;
    bool real; /* then im is 0 */
} exact_root;

/* All roots of P, of degree >= 1 and without multiple roots: real ones first, the greatest first; then pairs
 * of conjugates, by descending real part, the one with the positive imaginary part first.  *ROOTS is freed
 * with exact_roots_free, also after a failure.  ML_FAIL: memory, or roots closer together than 2^-1000000. */
ml_status exact_roots(exact_root **roots, size_t *count, const fmpz_poly_t p, ml_message *why);
void exact_roots_free(exact_root *roots, size_t count);

void exact_root_clear(exact_root *root);

/* Bring the radius down to a few 2^-bits. */
void exact_root_refine(exact_root *root, slong bits);

/* -1, 0, 1 as the real root A is less than, equal to or greater than B; refines both.  Their polynomials are
 * irreducible and primitive with positive leading coefficients. */
int exact_root_compare(exact_root *a, exact_root *b);

/* E at ROOT: RE + i IM within RADIUS, in units of 2^-bits; refines ROOT. */
void exact_root_evaluate(fmpz_t re, fmpz_t im, fmpz_t radius, const fmpq_poly_t e, exact_root *root,
                         slong bits);

/* The sign of E at a real ROOT of an irreducible polynomial, E reduced modulo that. */
int exact_root_sign(const fmpq_poly_t e, exact_root *root);

#endif
