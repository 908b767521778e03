/* exact_decimals.h: decimals of a number that is known to lie between two bounds: only those that are
 * certain.
 */
#ifndef MATH_EXACT_DECIMALS_H
#define MATH_EXACT_DECIMALS_H

#include <flint/fmpz.h>
#include <stdbool.h>
#include <stddef.h>

#include "base/memory.h"

/* Append the number that is within RADIUS of CENTRE (both in units of 2^-BITS) rounded to PLACES decimals,
 * half away from zero, all of them written.  False, and nothing appended, when that is not certain: two
 * numbers so near round differently. */
bool exact_decimals(buffer *out, const fmpz_t centre, const fmpz_t radius, slong bits, size_t places);

/* From bounds CENTRE +- RADIUS of a number to bounds of its square root, all in units of 2^-BITS.  False, and
 * nothing changed, when the bounds do not show that the number is positive. */
bool exact_square_root(fmpz_t centre, fmpz_t radius, slong bits);

/* A number known by bounds: CENTRE +- RADIUS in units of 2^-BITS, the smaller the more bits. */
typedef void exact_bounds(fmpz_t centre, fmpz_t radius, const void *context, slong bits);

/* One that so many bits more do not tell from a tie, or from 0, counts as one. */
enum { EXACT_TIE_BITS = 1000 };

/* Bounds of the square root of the number of BOUNDS, which is >= 0. */
void exact_root_bounds(fmpz_t centre, fmpz_t radius, exact_bounds *bounds, const void *context, slong bits);
/* Append it rounded to PLACES decimals. */
void exact_bounds_decimals(buffer *out, exact_bounds *bounds, const void *context, size_t places);
/* It as a double: right to all digits but perhaps the last. */
double exact_bounds_double(exact_bounds *bounds, const void *context);
/* Append it with DIGITS significant digits, in the range of doubles or beyond it. */
void exact_bounds_significant(buffer *out, exact_bounds *bounds, const void *context, int digits);

/* The bits that PLACES decimals need. */
slong exact_bits(size_t places);

#endif
