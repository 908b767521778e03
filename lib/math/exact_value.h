/* exact_value.h: what an element of a number field is at one root: a closed form where that is one in square
 * roots, decimals that are all certain in any case.
 *
 * The value of E (a polynomial) at ROOT (of an irreducible polynomial p of degree d): rational for constant
 * E, q + r*sqrt(c) for d = 2, and with d > 2 a polynomial and decimals are what there is to print. */
#ifndef MATH_EXACT_VALUE_H
#define MATH_EXACT_VALUE_H

#include <flint/fmpq_poly.h>
#include <stdbool.h>
#include <stddef.h>

#include "base/memory.h"
#include "math/exact_root.h"
#include "math/exact_surd.h"

/* OUT = E(ROOT) as a surd, complex when the root is not real; false for a non-constant E with d > 2, or when
 * the discriminant of p is too large to be freed of squares. */
bool exact_value_surd(surd *out, const fmpq_poly_t e, const exact_root *root);

/* Append E(ROOT), in closed form; false, and nothing appended, when there is none. */
bool exact_value_print(buffer *out, const fmpq_poly_t e, const exact_root *root);
/* Append SIGN * sqrt(E(ROOT)) in closed form, the root real and E >= 0 there. */
bool exact_value_print_root(buffer *out, int sign, const fmpq_poly_t e, const exact_root *root);

/* Append E(ROOT), or SIGN * sqrt(E(ROOT)), rounded to PLACES decimals; a complex number as `-0.5 + 0.866*i`.
 * Refines the root. */
void exact_value_decimals(buffer *out, const fmpq_poly_t e, exact_root *root, size_t places);
void exact_value_root_decimals(buffer *out, int sign, const fmpq_poly_t e, exact_root *root, size_t places);

/* The nearest double, or the one beside it, of E(ROOT) for a real root, and of sqrt(E(ROOT)). */
double exact_value_double(const fmpq_poly_t e, exact_root *root);
double exact_value_root_double(const fmpq_poly_t e, exact_root *root);

/* Append the polynomial P in x: `x^2 - 50*x + 225`. */
void exact_print_polynomial(buffer *out, const fmpq_poly_t p);
void exact_print_integer_polynomial(buffer *out, const fmpz_poly_t p);

#endif
