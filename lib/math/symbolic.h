/* symbolic.h: derivatives as trees, and a normal form in which like terms are collected. */
#ifndef MATH_SYMBOLIC_H
#define MATH_SYMBOLIC_H

#include <stdbool.h>

#include "base/status.h"
#include "math/expression.h"

/* The derivative of E with respect to the free name NAME, or to an entry such as v[2] or A[1,2].  abs, min,
 * max and if have those of the branch; fails, with carets, where there is none (digamma, a product over a
 * name). */
ml_status symbolic_derivative(expression_space *s, const expression *e, const char *name,
                              const expression **out, ml_message *why);

/* E with every diff(f, x, n) in it replaced. */
ml_status symbolic_resolve(expression_space *s, const expression *e, const expression **out, ml_message *why);

/* E as a sum of products with like terms collected: expanded, in a fixed order; functions, roots and
 * quotients by sums are factors.  NULL when it grows beyond bounds or memory is out.  Where E is undefined it
 * need not be. */
const expression *symbolic_normal(expression_space *s, const expression *e);

/* Is E zero wherever it is defined?  False: not proved.  Also sin^2 + cos^2 = 1 and quotients by sums are
 * used. */
bool symbolic_is_zero(expression_space *s, const expression *e);

#endif
