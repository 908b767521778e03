/* exact_steps.h: exact numbers as the texts of a calculation that is written out (base/steps). */
#ifndef MATH_EXACT_STEPS_H
#define MATH_EXACT_STEPS_H

#include "base/steps.h"
#include "math/exact_axes.h"
#include "math/exact_number.h"

/* Texts that S keeps; "" when S is NULL. */
const char *exact_steps_number(steps *s, const exact_number *x, const exact_style *style);
const char *exact_steps_rational(steps *s, const fmpq_t x, const exact_style *style);

/* The rational matrix M under NAME. */
void exact_steps_matrix(steps *s, const char *name, const fmpq_mat_t m, const exact_style *style);

/* `x^2 - 50*x + 225 = (x - 45)*(x - 5)`: the characteristic polynomial, its factors over the rationals, or
 * where digits are wanted its roots.  All roots are real. */
void exact_steps_polynomial(steps *s, exact_spectrum *x, const exact_style *style);

/* What goes with each different eigenvalue that is not 0, or with ALL: `x = 45: w = (1, 1), |w| = sqrt(2)`,
 * and then the unit vectors as NAME1, NAME2, ... for the first COUNT axes. */
void exact_steps_vectors(steps *s, const exact_axes *x, const char *name, size_t count,
                         const exact_style *style);

#endif
