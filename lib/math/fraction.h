/* fraction.h: exact rational numbers from text and to text, over GMP's mpq.
 *
 * What math/rational does over FLINT, for tools that start often: GMP is linked statically, FLINT's shared
 * library takes longer to load than such a tool runs. */
#ifndef MATH_FRACTION_H
#define MATH_FRACTION_H

#include <gmp.h>
#include <stddef.h>

#include "base/memory.h"
#include "base/number.h"

/* A decimal with a larger exponent, or a longer text, would make numbers that fill the memory. */
enum { FRACTION_MOST_EXPONENT = 10000, FRACTION_MOST_LENGTH = 100000 };

/* Read a whole cell as base/number does, but without rounding, into OUT (initialized; changed only with
 * NUMBER_OK): 0.1 is 1/10, 12.5% is 1/8.  inf and nan are NUMBER_BAD; beyond the bounds is NUMBER_RANGE. */
number_status fraction_read(const char *text, size_t length, mpq_t out);

/* Append `-3/2`, `7`: in lowest terms, the denominator left out when it is 1. */
void fraction_print(buffer *out, mpq_srcptr x);

/* Append X rounded to PLACES decimals, half away from zero, all of them written: `0.3333`. */
void fraction_decimals(buffer *out, mpq_srcptr x, size_t places);

/* Append the integer X / 10^PLACES with all of its decimals written. */
void fraction_point(buffer *out, mpz_srcptr x, size_t places);

#endif
