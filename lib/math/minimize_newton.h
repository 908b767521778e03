/* minimize_newton.h: steps from second derivatives, for the minimizers. */
#ifndef MATH_MINIMIZE_NEWTON_H
#define MATH_MINIMIZE_NEWTON_H

#include <gsl/gsl_vector.h>

#include "math/minimize_internal.h"

/* The Hessian H, scaled to S = U H U with U = diag(unit), and room to solve with it. */
typedef struct minimize_newton {
    size_t n;
    gsl_matrix *h, *s, *vectors; /* n x n */
    gsl_vector *values;
    double *factor;               /* n x n: a Cholesky factor */
    double *unit, *g, *q, *along; /* n: U; U g; a step q = p / U; coefficients */
    double damping;               /* what was added to the diagonal of S */
    double *memory;
} minimize_newton;

ml_status minimize_newton_make(minimize_newton *w, size_t n, ml_message *why);
void minimize_newton_free(minimize_newton *w);

/* P = -U (S + damping I)^-1 U g at the run's point, over the variables whose MASK is not 0 (P is 0 at the
 * others); damping is the first of 0, 1e-3, 4e-3, ... that makes the matrix safely positive definite (Nocedal
 * and Wright, alg. 3.3).  Where the Hessian has no value P is -g. */
ml_status minimize_newton_direction(minimize_newton *w, minimize_run *run, const signed char *mask,
                                    double *p);

/* The length of a step for a damping, and its derivative. */
typedef double minimize_length(const void *context, double damping, double *slope);

/* The damping between LOW and HIGH whose step is as long as RADIUS, from DAMPING on: Newton's method on
 * 1/length - 1/radius (Nocedal and Wright 4.43), which is nearly linear, kept within the bracket. */
double minimize_secular(minimize_length *length_at, const void *context, double low, double high,
                        double damping, double radius);

/* With S and the gradient U g in w->g: q that minimizes g'q + q'S q / 2 under |q| <= RADIUS; the model's
 * decrease in *GAIN and whether |q| = RADIUS in *EDGE; by the Cholesky factor when the minimizer is inside,
 * else exactly from the eigenvalues (More, Sorensen 1983), the hard case included. */
ml_status minimize_newton_region(minimize_newton *w, double radius, double *gain, bool *edge,
                                 ml_message *why);

#endif
