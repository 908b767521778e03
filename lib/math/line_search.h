/* line_search.h: a step length along a direction, for the minimizers. */
#ifndef MATH_LINE_SEARCH_H
#define MATH_LINE_SEARCH_H

#include "math/minimize_internal.h"

/* From run->x along P, whose slope g'p is negative, to X, F, G at LENGTH. */
typedef struct line_search {
    minimize_run *run;
    const double *p;
    double slope;
    double first;     /* the length to try first */
    double most;      /* the greatest length allowed */
    double curvature; /* c2 of the Wolfe conditions; c1 is 1e-4 */
    double *x, *g, f; /* n, n: where the search ended */
    double length;
    bool found;
} line_search;

/* Strong Wolfe conditions, f(a) <= f(0) + c1 a f'(0) and |f'(a)| <= c2 |f'(0)|, by More and Thuente (ACM TOMS
 * 20 (1994) 286); where f is flat to rounding the approximate Wolfe conditions of Hager and Zhang (SIAM J.
 * Optim. 16 (2005) 170, eq. 4.1) are enough; at the greatest length, or when the interval can shrink no
 * more, the first condition is.  Lengths without a value are halved. */
ml_status line_search_wolfe(line_search *s);

/* f(P(x + a p)) <= f + c1 g'(P(x + a p) - x), P being the projection between the bounds, by backtracking with
 * interpolation: Armijo's rule (Nocedal and Wright, alg. 3.1), between bounds Bertsekas'. */
ml_status line_search_armijo(line_search *s);

#endif
