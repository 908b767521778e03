/* exact_surd.h: sums of rational multiples of square roots, such as 3/2 + 1/2*sqrt(5) or 1/2 - 1/2*i*sqrt(3).
 *
 * A surd is the sum of factor * sqrt(radicand) over different squarefree integers, 1 being the rational part
 * and sqrt(-3) being i*sqrt(3).  Such roots are linearly independent over the rationals (Besicovitch, "On the
 * linear independence of fractional powers of integers", J. London Math. Soc. 15, 1940), so that equal
 * numbers have equal terms: nothing here is decided by rounding.  The numbers are FLINT's, and so is its
 * behaviour when memory is out (flint_set_abort). */
#ifndef MATH_EXACT_SURD_H
#define MATH_EXACT_SURD_H

#include <flint/fmpq.h>
#include <stdbool.h>
#include <stddef.h>

#include "base/memory.h"

/* Terms by ascending |radicand|, the positive one of two first; no factor is 0. */
typedef struct surd {
    slong count, capacity;
    fmpq *factors;
    fmpz *radicands;
} surd;

void surd_init(surd *x);
void surd_clear(surd *x);
void surd_swap(surd *a, surd *b);
void surd_set(surd *x, const surd *a);
void surd_set_rational(surd *x, const fmpq_t a);

/* X = sqrt(A), for A < 0 i*sqrt(-A).  False when the squares in A cannot be found in reasonable time: what is
 * left of it without small factors has more than 160 bits and is no square itself. */
bool surd_set_root(surd *x, const fmpq_t a);

/* X may be one of the operands. */
void surd_add(surd *x, const surd *a, const surd *b);
void surd_sub(surd *x, const surd *a, const surd *b);
void surd_neg(surd *x);
void surd_mul(surd *x, const surd *a, const surd *b);
void surd_scale(surd *x, const fmpq_t by);
/* X = 1 / A; false for 0. */
bool surd_inverse(surd *x, const surd *a);
/* The complex conjugate. */
void surd_conjugate(surd *x);

bool surd_is_zero(const surd *x);
bool surd_is_real(const surd *x);
/* Is X rational, and which number? */
bool surd_is_rational(const surd *x, fmpq_t value);
bool surd_equal(const surd *a, const surd *b);
/* Of a real X: -1, 0, 1. */
int surd_sign(const surd *x);
/* Of real numbers: the sign of A - B. */
int surd_compare(const surd *a, const surd *b);

/* X = sqrt(A) where A = p + q*sqrt(c) > 0 and that is a sum of roots of rational numbers: where p^2 - q^2 c
 * is the square of a rational t, sqrt((p + t)/2) + sqrt((p - t)/2), with the sign of q before the second.
 * False, and X not changed, where it is not. */
bool surd_denest(surd *x, const surd *a);

/* From C, 0 at first, to the greatest rational number of which it and all factors of X are whole multiples.
 */
void surd_content(fmpq_t c, const surd *x);

/* Append `3/2 + 1/2*sqrt(5)`, `2*i`, `1/2 - 1/2*i*sqrt(3)`. */
void surd_print(buffer *out, const surd *x);
/* Append sqrt(X) for a real X > 0: without a root where X is the square of a surd that surd_denest finds,
 * else `2*sqrt(15 + sqrt(221))`. */
void surd_print_root(buffer *out, const surd *x);

/* Bounds of a real X: CENTRE +- RADIUS in units of 2^-BITS. */
void surd_bounds(fmpz_t centre, fmpz_t radius, const surd *x, slong bits);
/* Append a real X rounded to PLACES decimals, half away from zero. */
void surd_decimals(buffer *out, const surd *x, size_t places);

#endif
