/* exact_number.h: numbers as exact results have them: a sum of values of field elements (math/exact_value),
 * or plus or minus the square root of one.  Written in closed form, in certain decimals, or rounded to
 * significant digits. */
#ifndef MATH_EXACT_NUMBER_H
#define MATH_EXACT_NUMBER_H

#include <flint/fmpq_poly.h>
#include <stdbool.h>
#include <stddef.h>

#include "base/memory.h"
#include "math/exact_decimals.h"
#include "math/exact_root.h"
#include "math/exact_style.h"
#include "math/exact_surd.h"

/* The sum of e[j] at *roots[j] over COUNT terms, to which a rational number is added; with SIGN 1 or -1 that
 * times the square root of the sum, which is then >= 0.  The roots are real and borrowed; looking at a number
 * refines them. */
typedef struct exact_number {
    int sign; /* 0: no root */
    fmpq_t rational;
    slong count, capacity;
    fmpq_poly_struct *e;
    exact_root **roots;
} exact_number;

void exact_number_init(exact_number *x);
void exact_number_clear(exact_number *x);
/* Back to 0, without a root. */
void exact_number_zero(exact_number *x);
/* X += E(ROOT), E reduced modulo the root's polynomial; a constant goes to the rational part. */
void exact_number_add(exact_number *x, const fmpq_poly_t e, exact_root *root);
void exact_number_add_rational(exact_number *x, const fmpq_t a);

/* X, without its root, as a surd; false when it has no such form. */
bool exact_number_surd(surd *out, const exact_number *x);
/* Append X's closed form; false, and nothing appended, when it has none. */
bool exact_number_print(buffer *out, const exact_number *x);
/* Append X in STYLE; false when a closed form was wanted and there is none. */
bool exact_number_write(buffer *out, const exact_number *x, const exact_style *style);
/* A surd in STYLE, or with ROOT its square root. */
void exact_surd_write(buffer *out, const surd *x, bool root, const exact_style *style);

/* X as a double: right to all digits but perhaps the last.  A sum of values of several fields that is nearer
 * to 0 than 2^-1000 is taken for 0. */
double exact_number_double(const exact_number *x);

/* A number of which only bounds are known in STYLE; that of closed forms gives EXACT_PLACES decimals. */
void exact_bounds_write(buffer *out, exact_bounds *bounds, const void *context, const exact_style *style);

/* Bounds of X, CENTRE +- RADIUS in units of 2^-BITS. */
void exact_number_bounds(fmpz_t centre, fmpz_t radius, const exact_number *x, slong bits);

#endif
