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

/* The bits that PLACES decimals need. */
slong exact_bits(size_t places);

#endif
