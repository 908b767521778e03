/* taylor.h: the Taylor polynomial of a tape's outputs about a point, in some of its parameters.
 *
 * Truncated power series are run through the tape.  A product is a product of polynomials without the terms
 * beyond the order; a function f(u0 + h) is sum_k f^(k)(u0)/k! h^k, where h has no constant term and the
 * coefficients come of recurrences (Griewank & Walther, Evaluating Derivatives, 2nd ed., 2008, table 13.2;
 * Knuth, The Art of Computer Programming 2, 4.7). */
#ifndef MATH_TAYLOR_H
#define MATH_TAYLOR_H

#include <stddef.h>

#include "base/status.h"
#include "math/tape.h"

enum { TAYLOR_TERMS = 3000 }; /* more are refused */

typedef struct taylor {
    size_t variables, order;
    size_t terms;         /* (variables + order choose order) */
    unsigned *exponents;  /* terms x variables; by total degree, then the first variable's highest first */
    double *coefficients; /* outputs x terms: of the products of (x_i - a_i)^exponent */
} taylor;

/* About X (t->parameters numbers), in the COUNT parameters WHICH, up to total degree ORDER.  T has no
 * columns.  Where a function is not smooth at the point, it is followed as its derivatives are (tape.h); a
 * coefficient that does not exist is not finite.  The caller frees with taylor_free. */
ml_status taylor_expand(const tape *t, const double *x, const size_t *which, size_t count, size_t order,
                        taylor *out, ml_message *why);
void taylor_free(taylor *t);

#endif
