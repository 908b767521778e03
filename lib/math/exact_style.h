/* exact_style.h: how exact numbers are written: in closed form, in decimals, or rounded to significant
 * digits. */
#ifndef MATH_EXACT_STYLE_H
#define MATH_EXACT_STYLE_H

#include <flint/fmpq.h>
#include <flint/fmpq_poly.h>

#include "base/memory.h"

typedef struct exact_style {
    size_t places; /* > 0: decimals, rounded to so many places; 0: closed forms, EXACT_PLACES where none is */
    int significant; /* > 0: that many significant digits instead, as %g */
} exact_style;

enum { EXACT_PLACES = 20 };

/* Append a rational number, or VALUE rounded to DIGITS significant ones. */
void exact_rational_write(buffer *out, const fmpq_t x, const exact_style *style);
void exact_significant_write(buffer *out, double value, int digits);
/* The same for MANTISSA * 2^EXPONENT, which may be beyond the range of doubles: 1e-400. */
void exact_wide_write(buffer *out, const fmpq_t mantissa, slong exponent, int digits);

/* Append the polynomial P in x as a person writes it: `x^2 - 50*x + 225`, the power 1 as `x`. */
void exact_polynomial_write(buffer *out, const fmpq_poly_t p, const exact_style *style);

#endif
