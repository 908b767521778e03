/* minimize.h: the minimum of a smooth function of n variables, from a start, optionally between bounds.
 *
 * First-order methods (the update formulas are PyTorch's; t counts updates from 1, lr is the rate of the
 * schedule at t, g the gradient, plus w x with weight decay w, except in adamw; all by coordinates):
 *   gd        x -= lr g
 *   momentum  b = g at t = 1, else mu b + g;   x -= lr b           Polyak (1964)
 *   nesterov  the same b;   x -= lr (g + mu b)                     Nesterov (1983), Sutskever et al. (2013)
 *   adagrad   s += g^2;   x -= lr g / (sqrt(s) + eps)              Duchi, Hazan, Singer, JMLR 12 (2011) 2121
 *   adadelta  v = rho v + (1-rho) g^2;   d = g sqrt(a + eps) / sqrt(v + eps);
 *             a = rho a + (1-rho) d^2;   x -= lr d                 Zeiler, arXiv:1212.5701
 *   rmsprop   v = rho v + (1-rho) g^2;   x -= lr g / (sqrt(v) + eps)     Tieleman, Hinton (2012)
 *   adam      m = b1 m + (1-b1) g;   v = b2 v + (1-b2) g^2;   m^ = m / (1-b1^t);   v^ = v / (1-b2^t);
 *             x -= lr m^ / (sqrt(v^) + eps)                        Kingma, Ba, ICLR 2015
 *   adamw     x *= 1 - lr w;   then adam                           Loshchilov, Hutter, ICLR 2019
 *   amsgrad   m, v, m^ as in adam;   vmax = max(vmax, v);   v^ = vmax / (1-b2^t);
 *             x -= lr m^ / (sqrt(v^) + eps)                        Reddi, Kale, Kumar, ICLR 2018
 *   adamax    m, m^ as in adam;   u = max(b2 u, |g| + eps);   x -= lr m^ / u     Kingma, Ba, sec. 7.1
 *   nadam     m, v, v^ as in adam;   mu_t = b1 (1 - 0.96^(t psi) / 2);
 *             P_t = mu_1...mu_t;   m^ = mu_(t+1) m / (1 - P_(t+1)) + (1-mu_t) g / (1 - P_t);
 *             x -= lr m^ / (sqrt(v^) + eps)                        Dozat, ICLR workshop 2016
 *   radam     m, v, m^ as in adam;   rho_t = rho - 2 t b2^t / (1-b2^t) with rho = 2 / (1-b2) - 1;
 *             x -= lr m^ while rho_t <= 5, and later x -= lr m^ r sqrt(1-b2^t) / (sqrt(v) + eps) with
 *             r^2 = (rho_t-4) (rho_t-2) rho / ((rho-4) (rho-2) rho_t)    Liu et al., ICLR 2020
 *   rprop     s = lr before the first update;   d = sign(g before) sign(g);   d > 0: s = min(s up, most);
 *             d < 0: s = max(s down, least), g = 0;   x -= s sign(g)     Riedmiller, Braun, ICNN 1993
 *
 * Methods that search or model (N&W: Nocedal, Wright, Numerical Optimization, 2nd ed., 2006):
 *   newton    trust region solved exactly (More, Sorensen, SIAM J. Sci. Stat. Comput. 4 (1983) 553; N&W alg.
 *             4.1, 4.3), or a line search with a multiple of the identity added until the scaled Hessian is
 *             positive definite (N&W alg. 3.2, 3.3)
 *   lm        Levenberg-Marquardt (More, The Levenberg-Marquardt algorithm, LNM 630 (1978) 105);
 *             between bounds without the columns that are held, and with the steps cut
 *   bfgs      inverse Hessian of N&W 6.17, started by 6.20
 *   lbfgs     N&W alg. 7.4, 7.5; between bounds by two-metric projection (Bertsekas, SIAM J. Control Optim.
 *             20 (1982) 221), as bfgs, cg and newton with line search are
 *   cg        Hager, Zhang, SIAM J. Optim. 16 (2005) 170
 *   nm        Nelder-Mead with the parameters of Gao, Han, Comput. Optim. Appl. 51 (2012) 259, restarted as
 *             in Kelley, SIAM J. Optim. 10 (1999) 43
 * Line searches: Armijo (N&W alg. 3.1) and strong Wolfe by More, Thuente, ACM TOMS 20 (1994) 286, with the
 * approximate Wolfe conditions of Hager and Zhang where f is flat to rounding.
 *
 * When is it a minimum?  What is asked of a point where the gradient g is small, or where no step helps: the
 * decrease left = 1/2 g'|H|^-1 g that the quadratic model still promises is at most tol/100 F, with F =
 * max(|f|, min(1, f(start) - f)), and at most 10 tol |f| or tol^2 F; none of it to speak of lies along
 * negative curvature; the step |H|^-1 g is no longer than 10 sqrt(tol) max(|x_i|, 1); and the function does
 * rise far beyond it, where the slope too has grown as the model has it.  So neither a small slope in small
 * units, nor a slope that decays towards infinity, nor a line search that fails in a valley passes for a
 * minimum.  H is the Hessian callback, or differences of the gradient; beyond 2000 variables max_i |g_i|
 * max(|x_i|, 1) <= 100 tol F (Dennis, Schnabel, Numerical Methods for Unconstrained Optimization,
 * 1996, 7.2.5) has to do.  With bounds, coordinates that the gradient holds at a bound are left out. A method
 * that cannot go on elsewhere has MINIMIZE_STALLED, which is no success.
 *
 * First-order methods, lbfgs, bfgs and cg allocate nothing between the first and the last iteration; sums run
 * in one fixed order. */
#ifndef MATH_MINIMIZE_H
#define MATH_MINIMIZE_H

#include <stdbool.h>
#include <stddef.h>

#include <gsl/gsl_matrix.h>

#include "base/status.h"

typedef enum minimize_method {
    MINIMIZE_GD,
    MINIMIZE_MOMENTUM,
    MINIMIZE_NESTEROV,
    MINIMIZE_ADAGRAD,
    MINIMIZE_ADADELTA,
    MINIMIZE_RMSPROP,
    MINIMIZE_ADAM,
    MINIMIZE_ADAMW,
    MINIMIZE_AMSGRAD,
    MINIMIZE_ADAMAX,
    MINIMIZE_NADAM,
    MINIMIZE_RADAM,
    MINIMIZE_RPROP,
    MINIMIZE_NEWTON,
    MINIMIZE_LEVENBERG_MARQUARDT,
    MINIMIZE_BFGS,
    MINIMIZE_LBFGS,
    MINIMIZE_CG,
    MINIMIZE_NELDER_MEAD,
    MINIMIZE_METHODS
} minimize_method;

/* "gd", "momentum", ..., "levenberg-marquardt", "bfgs", ..., "nelder-mead". */
const char *minimize_method_name(minimize_method method);
/* gd to rprop: one gradient an update, and a rate. */
bool minimize_first_order(minimize_method method);

/* What is minimized.  Callbacks return ML_OK; ML_NO, with a message, where the function has no value (the
 * logarithm of a negative number): a step to there is shortened; ML_FAIL to end everything.  A value that is
 * not finite counts as ML_NO, except -inf.  X has n numbers and must not be kept. */
typedef struct minimize_objective {
    size_t n;
    void *context;
    ml_status (*value)(void *context, const double *x, double *value, ml_message *why);
    /* Value and gradient (n numbers).  NULL is allowed with nelder-mead alone. */
    ml_status (*gradient)(void *context, const double *x, double *value, double *gradient, ml_message *why);
    /* n x n, symmetric.  newton needs it; others use it to confirm a minimum; may be NULL. */
    ml_status (*hessian)(void *context, const double *x, gsl_matrix *hessian, ml_message *why);
    /* For levenberg-marquardt: the value is residual_scale times the sum of residual_count squares.
     * JACOBIAN, residual_count x n, whose rows may be further apart than n (tda), may be NULL. */
    size_t residual_count;
    double residual_scale; /* above 0 */
    ml_status (*residuals)(void *context, const double *x, double *residuals, gsl_matrix *jacobian,
                           ml_message *why);
    /* NULL, or called before each gradient of a first-order method: value and gradient are from now on those
     * of another batch.  No test of the gradient then ends the run. */
    ml_status (*next_batch)(void *context, ml_message *why);
} minimize_objective;

typedef enum minimize_line_search {
    MINIMIZE_OWN, /* the method's: fixed for first-order methods, Wolfe for bfgs, lbfgs and cg, else Armijo */
    MINIMIZE_FIXED,  /* first-order methods alone */
    MINIMIZE_ARMIJO, /* gd, newton; bfgs and lbfgs (which then skip updates without curvature) */
    MINIMIZE_WOLFE,  /* gd, newton, bfgs, lbfgs, cg; with bounds Armijo along the projected path takes over */
} minimize_line_search;

typedef enum minimize_schedule {
    MINIMIZE_CONSTANT,
    MINIMIZE_INVERSE,     /* rate / (1 + decay (t-1)) */
    MINIMIZE_STEP_DECAY,  /* rate factor^floor((t-1) / period) */
    MINIMIZE_EXPONENTIAL, /* rate factor^(t-1) */
    MINIMIZE_COSINE,      /* rate (1 + cos(pi (t-1) / period)) / 2; 0 after the period */
} minimize_schedule;

typedef enum minimize_globalization { MINIMIZE_TRUST_REGION, MINIMIZE_LINE_SEARCH } minimize_globalization;

/* A vector of a method's memory before and after an update; "before" is NULL for what is made anew. */
typedef struct minimize_vector {
    const char *name; /* "b"; "s"; "v", "d", "a"; "m", "v", "vmax", "u", "m^", "v^"; "p" (a direction) */
    const double *before, *after;
} minimize_vector;

/* A number that a method made for all variables alike. */
typedef struct minimize_number {
    const char *name; /* nadam: "mu_t", "mu_t+1", and P_t and P_(t+1), "product_t" and "product_t+1"; radam:
                       * "rho_t" and "r" (NAN: not rectified) */
    double value;
} minimize_number;

enum { MINIMIZE_VECTORS = 5, MINIMIZE_NUMBERS = 4 };

/* What one iteration did; pointers are valid during the call.  Iteration 0 is the start: x, value and
 * gradient alone. */
typedef struct minimize_iteration {
    size_t iteration;
    const double *x;        /* after the update */
    double value;           /* at x */
    const double *gradient; /* at x; NULL where it is not known (nelder-mead) */
    double norm;            /* its 2-norm, less what bounds hold; NAN where it is not known */
    double step;            /* ||x - before|| */
    double rate;            /* the rate, or the length that a line search found along p; NAN: there is none */
    const double *before;   /* x before the update */
    const double *used;     /* the gradient that the update used, weight decay added; NULL: none */
    minimize_vector vectors[MINIMIZE_VECTORS];
    size_t vector_count;
    minimize_number numbers[MINIMIZE_NUMBERS];
    size_t number_count;
    double damping; /* lambda added to the (scaled) Hessian: newton, levenberg-marquardt; else NAN */
    double radius;  /* of the trust region before the step; else NAN */
    size_t values, gradients, hessians; /* evaluations so far */
} minimize_iteration;

typedef struct minimize_params {
    minimize_method method;
    double rate, momentum, beta1, beta2, rho, epsilon, weight_decay;
    double momentum_decay;                             /* psi of nadam */
    double eta_minus, eta_plus, least_step, most_step; /* of rprop: down, up, least, most */
    minimize_schedule schedule;
    double decay, factor; /* of the schedule */
    size_t period;        /* 0: max_iterations */
    minimize_line_search line_search;
    minimize_globalization
        globalization; /* newton; between bounds, or with a line_search, always the latter */
    size_t memory;     /* lbfgs: pairs kept */
    size_t max_iterations;
    double gradient_tolerance; /* tol above; 0: go on for as long as there is progress (then tol is 1e-8) */
    /* What the caller alone may ask for, 0: not asked.  Stop when ||step|| <= step_tolerance max(1, ||x||);
     * when |change of f| <= value_tolerance max(1, |f|). */
    double step_tolerance, value_tolerance;
    const double *lower, *upper; /* n numbers or NULL; infinities are no bounds; equal ones fix a variable */
    void (*progress)(void *context, const minimize_iteration *now);
    void *context; /* of progress */
} minimize_params;

/* The method's defaults, PyTorch's where it has the method: rate 0.01 (adam, adamw, amsgrad, radam 0.001;
 * adamax, nadam 0.002; adadelta 1), momentum 0.9, betas 0.9 and 0.999, rho 0.99 (adadelta 0.9), epsilon 1e-8
 * (adagrad 1e-10, adadelta 1e-6), weight decay 0 (adamw 0.01), momentum_decay 0.004, eta_minus 0.5, eta_plus
 * 1.2, least_step 1e-6, most_step 50; decay 1, factor 0.1 every 100 (step), 0.99 (exponential: set by the
 * caller); memory 10; max_iterations 10000; tolerance 1e-8 on the gradient. */
void minimize_defaults(minimize_params *params, minimize_method method);

typedef enum minimize_status {
    MINIMIZE_CONVERGED_GRADIENT, /* as said above */
    MINIMIZE_CONVERGED_STEP,     /* a tolerance that was asked for */
    MINIMIZE_CONVERGED_VALUE,
    MINIMIZE_ITERATION_LIMIT,
    MINIMIZE_STALLED,    /* no descent is found and the gradient is not small */
    MINIMIZE_UNBOUNDED,  /* the values fall without end */
    MINIMIZE_NOT_FINITE, /* an update of fixed rate left the domain or diverged; x is the last finite point */
} minimize_status;

/* "converged: gradient", "converged: step", "converged: value", "iteration limit", "stalled",
 * "unbounded below", "not finite". */
const char *minimize_status_name(minimize_status status);
bool minimize_converged(minimize_status status);

typedef struct minimize_result {
    size_t n;
    double *x;
    double value;
    double *gradient;     /* NULL without the callback */
    double gradient_norm; /* 2-norm, less what bounds hold; NAN without the callback */
    signed char *held;    /* n: -1 or 1 where the gradient holds x at its lower or upper bound, else 0 */
    double left;          /* 1/2 g'|H|^-1 g where it was looked at, else NAN */
    size_t iterations, values, gradients, hessians; /* a gradient brings the value, and is counted once */
    minimize_status status;
    ml_message reason; /* in words why it ended, for other statuses than convergence; may be "" */
} minimize_result;

/* Minimize from START (n finite numbers, moved between the bounds).  ML_OK whenever there is a result,
 * whatever its status; ML_FAIL, with no result: parameters that do not fit, a start outside the domain, lack
 * of memory, a callback that failed. */
ml_status minimize(const minimize_objective *objective, const double *start, const minimize_params *params,
                   minimize_result *result, ml_message *why);
void minimize_free(minimize_result *result);

/* Is X, where the gradient is small, as good as a minimum in the sense above?  START_VALUE: where the search
 * for it began; TOLERANCE: tol.  *LOWER: no, and BEYOND (n numbers) is a lower point.  The Hessian is
 * asked for at X alone. */
ml_status minimize_confirm(const minimize_objective *objective, const double *x, double start_value,
                           double tolerance, bool *confirmed, double *beyond, bool *lower, ml_message *why);

typedef enum minimize_class {
    MINIMIZE_MINIMUM,
    MINIMIZE_SADDLE,
    MINIMIZE_MAXIMUM,
    MINIMIZE_DEGENERATE, /* some eigenvalue is 0 and the others have one sign: second order does not decide */
} minimize_class;

/* "minimum", "saddle", "maximum", "degenerate". */
const char *minimize_class_name(minimize_class class);

/* The kind of a stationary point by the signs of the eigenvalues of D H D with D = diag(|H_ii|^-1/2), which
 * by Sylvester's law are those of H whatever the units of the variables; |eigenvalue| <= TOLERANCE (0: 1e-10
 * n) counts as zero.  HELD (n, may be NULL): rows and columns with a value other than 0 are left out; when
 * none remain it is a minimum.  VALUES: NULL, or n numbers: the eigenvalues of H itself, ascending (of the
 * free part; the rest NAN). */
ml_status minimize_classify(const gsl_matrix *hessian, const signed char *held, double tolerance,
                            minimize_class *class, double *values, ml_message *why);

#endif
