/* constrained.h: the minimum of a smooth function under equality and inequality constraints.
 *
 *   minimize f(x)   subject to   h_i(x) = 0,   g_j(x) <= 0
 *
 * Lagrangian L = f + sum lambda_i h_i + sum mu_j g_j with mu >= 0.  The Karush-Kuhn-Tucker conditions
 * (Nocedal, Wright, Numerical Optimization, 2nd ed., 2006, theorem 12.1) are grad L = 0, h = 0, g <= 0, mu >=
 * 0, mu g = 0.
 *
 * Method: the augmented Lagrangian of Powell, Hestenes and Rockafellar (N&W framework 17.4; Andreani, Birgin,
 * Martinez, Schuverdt, SIAM J. Optim. 18 (2007) 1286), each subproblem minimized by Newton's method in a
 * trust region; then Newton's method on the KKT equations of the active constraints (N&W 18.1), which gives
 * the last digits and the multipliers.  f and the constraints are scaled by their gradients.  What passes for
 * a minimum must do so, in the sense of math/minimize.h, on the directions that keep the active constraints.
 * A subproblem that falls without end starts anew from a feasible point, and points far from the constraints
 * are then out of the domain.  Where the violation is stationary, it is looked at from some points around
 * before it counts as infeasible. */
#ifndef MATH_CONSTRAINED_H
#define MATH_CONSTRAINED_H

#include <stdbool.h>
#include <stddef.h>

#include <gsl/gsl_matrix.h>

#include "base/status.h"
#include "math/minimize.h"

/* Callbacks as in math/minimize.h: ML_NO where there is no value. */
typedef struct constrained_problem {
    size_t n, equalities, inequalities;
    void *context;
    /* GRADIENT (n) may be NULL. */
    ml_status (*value)(void *context, const double *x, double *value, double *gradient, ml_message *why);
    /* C: the equalities, then the inequalities; JACOBIAN, (equalities + inequalities) x n, may be NULL. */
    ml_status (*constraints)(void *context, const double *x, double *c, gsl_matrix *jacobian,
                             ml_message *why);
    /* weight H(f) + sum_i multipliers_i H(c_i), n x n, symmetric. */
    ml_status (*hessian)(void *context, const double *x, double weight, const double *multipliers,
                         gsl_matrix *hessian, ml_message *why);
} constrained_problem;

typedef enum constrained_status {
    CONSTRAINED_CONVERGED,  /* all KKT residuals are within the tolerance, relative to the gradient of f */
    CONSTRAINED_LIMIT,      /* iterations are used up */
    CONSTRAINED_INFEASIBLE, /* a point where the violation cannot be made less by a small change */
    CONSTRAINED_UNBOUNDED,  /* feasible points with ever smaller values */
    CONSTRAINED_STALLED, /* feasible or nearly so, but no multipliers make it a KKT point, or f levels off */
} constrained_status;

/* "converged", "iteration limit", "infeasible", "unbounded below", "stalled". */
const char *constrained_status_name(constrained_status status);

/* After each subproblem and each polishing step; iteration 0 is the start. */
typedef struct constrained_iteration {
    size_t iteration;
    const double *x;
    double value;
    const double *multipliers; /* equalities, then inequalities */
    double stationarity, feasibility, complementarity;
    double penalty; /* 0: a Newton step on the KKT equations */
    size_t values, gradients, hessians;
} constrained_iteration;

typedef struct constrained_params {
    size_t max_iterations; /* Newton iterations in all */
    double tolerance;      /* of each KKT residual */
    void (*progress)(void *context, const constrained_iteration *now);
    void *context; /* of progress */
} constrained_params;

/* 10000 iterations, tolerance 1e-8. */
void constrained_defaults(constrained_params *params);

typedef struct constrained_result {
    size_t n, constraints;
    double *x;
    double value;
    double *gradient;       /* n: of f */
    double *multipliers;    /* equalities, then inequalities */
    double *c;              /* the constraints' values, in the same order */
    bool *active;           /* is the inequality (or equality: always) active? */
    double stationarity;    /* max |grad L| */
    double feasibility;     /* max of |h|, g+ */
    double complementarity; /* max |mu g| */
    size_t iterations, values, gradients, hessians;
    constrained_status status;
    minimize_class class; /* when converged: by the Hessian of L on the directions that keep the active
                             constraints */
    ml_message reason;    /* in words, when it is not converged */
} constrained_result;

/* From START, which need not be feasible but must be in the domain.  ML_OK whenever there is a result. */
ml_status constrained_minimize(const constrained_problem *problem, const double *start,
                               const constrained_params *params, constrained_result *result, ml_message *why);
void constrained_free(constrained_result *result);

#endif
