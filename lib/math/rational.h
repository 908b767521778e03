/* rational.h: exact rational numbers from text and to text, over FLINT's fmpq.
 *
 * What base/number reads as a finite number is read here without rounding: 0.1 is 1/10, 2.5e3 is 2500, 1/3
 * and 12.5% are what they say.  Nothing in between is a double. */
#ifndef MATH_RATIONAL_H
#define MATH_RATIONAL_H

#include <flint/fmpq.h>
#include <flint/fmpq_mat.h>
#include <stddef.h>

#include "base/memory.h"
#include "base/number.h"

/* A decimal with an exponent of more digits than these, or a longer text, would make numbers that fill the
 * memory. */
enum { RATIONAL_MOST_EXPONENT = 10000, RATIONAL_MOST_LENGTH = 100000 };

/* Read a whole cell of LENGTH characters, blanks around it allowed, into OUT (initialized; changed only with
 * NUMBER_OK).  inf and nan are NUMBER_BAD; an exponent above the bound in size or a text too long is
 * NUMBER_RANGE.
 * A lack of memory is FLINT's to handle (flint_set_abort). */
number_status rational_read(const char *text, size_t length, fmpq_t out);

/* Append `-3/2`, `7`: in lowest terms, the denominator positive and left out when it is 1. */
void rational_print(buffer *out, const fmpq_t x);

/* Append X rounded to PLACES decimals, half away from zero, all of them written: `0.3333`. */
void rational_decimals(buffer *out, const fmpq_t x, size_t places);

#endif
