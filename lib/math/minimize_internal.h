/* minimize_internal.h: what the minimizers share: evaluation with counts, reports, the tests that end a run.
 */
#ifndef MATH_MINIMIZE_INTERNAL_H
#define MATH_MINIMIZE_INTERNAL_H

#include "math/minimize.h"

/* A run.  Functions return ML_FAIL on hard errors alone; `ended` says that the result has its status. */
typedef struct minimize_run {
    const minimize_objective *objective;
    const minimize_params *params;
    minimize_result *result;
    ml_message *why;
    size_t n;
    double *x, *g, f; /* the current point: the result's */
    double *before;   /* n: x before the update */
    double start_value;
    double tolerance;    /* of the gradient: less than the params' after a confirmation failed */
    double window_value; /* some iterations ago */
    size_t still;        /* updates in a row that left x as it was */
    bool ended;
    double *beyond;     /* NULL, or n: where the probe of a model found the function lower than that allows */
    bool lower;         /* it did */
    bool level;         /* so it does where what the last model left is lost in the rounding of the value */
    ml_message outside; /* why the last point had no value */
    minimize_iteration now;
} minimize_run;

/* The value at X; INFINITY where there is none. */
ml_status minimize_run_value(minimize_run *run, const double *x, double *f);
/* Value and gradient at X; the value is INFINITY where one of them is not finite. */
ml_status minimize_run_gradient(minimize_run *run, const double *x, double *f, double *g);
ml_status minimize_run_hessian(minimize_run *run, const double *x, gsl_matrix *h);

/* Move X between the bounds. */
void minimize_run_clamp(const minimize_run *run, double *x);
/* -1 or 1 where the gradient G holds X at a bound, else 0. */
int minimize_run_held(const minimize_run *run, const double *x, const double *g, size_t i);

/* After an update, with x, f, g, before and what the method knows in now: count it, report it, and test
 * whether it was the last one.  CHANGE: of the value. */
ml_status minimize_run_step(minimize_run *run, double change);
/* The method finds no better point: that is convergence if the point can be confirmed, else a stall. */
ml_status minimize_run_stuck(minimize_run *run, const char *reason);
/* End with convergence if the point, whose gradient is known, can be confirmed. */
ml_status minimize_run_confirm(minimize_run *run);
void minimize_run_end(minimize_run *run, minimize_status status, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
/* Has the value fallen so far that nothing will stop it? */
bool minimize_run_fell(const minimize_run *run, double f);

/* What the quadratic model leaves at a point, over the coordinates that are not held, with the step
 * p = |H|^-1 g. */
typedef struct minimize_model {
    double left; /* 1/2 g'p; INFINITY where a good part lies along negative curvature, or a longer step shows
                           the model wrong: a minimum is elsewhere */
    double flat; /* the part of it along curvature that is zero but for rounding */
    double step; /* max_i |p_i| / max(|x_i|, 1) */
    double relative; /* max_i |p_i| / |x_i| */
    bool level;      /* the slope goes on far along a long step */
} minimize_model;

/* At the run's point, H being the callback's or by differences of the gradient; *KNOWN is false where neither
 * can be had. */
ml_status minimize_run_left(minimize_run *run, minimize_model *model, bool *known);

/* Report the start and test it. */
ml_status minimize_run_begin(minimize_run *run);
/* The 2-norm of G less what bounds hold. */
double minimize_run_norm(const minimize_run *run, const double *x, const double *g);

/* Each method, from the run's start, whose value and gradient are known. */
ml_status minimize_run_first(minimize_run *run);
ml_status minimize_run_descent(minimize_run *run);
ml_status minimize_run_newton(minimize_run *run);
ml_status minimize_run_marquardt(minimize_run *run);
ml_status minimize_run_simplex(minimize_run *run);

/* The 2-norm; safe from overflow. */
double minimize_norm(const double *x, size_t n);
double minimize_dot(const double *x, const double *y, size_t n);
double minimize_distance(const double *x, const double *y, size_t n);

#endif
