/* optimum.h: one start led to its end: minimized with or without constraints, looked at, tried again from
 * random places. */
#ifndef TOOL_OPTIMUM_H
#define TOOL_OPTIMUM_H

#include <stdbool.h>
#include <stddef.h>

#include "math/minimize_steps.h"
#include "math/tape_objective.h"
#include "tool/conditions.h"

typedef struct optimizer {
    tape_objective *objective;
    const conditions *conditions; /* NULL: none */
    minimize_params how; /* with its progress; its iterations and tolerance hold for constraints too */
    void (*progress)(void *context, const constrained_iteration *now); /* with constraints; may be NULL */
    minimize_steps *writing; /* told what the objective is; may be NULL */
    bool maximize;
    size_t batch; /* rows an update; 0: all */
    unsigned long seed;
    size_t restarts; /* runs in all, at least 1 */
    double spread;   /* of their starts: see scatter in optimum.c */
} optimizer;

typedef struct optimum {
    bool found;           /* false: there is no value at the start, and the rest is empty */
    double *x, *gradient; /* n; the gradient NULL where it is not known */
    double value;         /* of what was asked for: the sign of maximizing is taken back */
    double norm;          /* of the gradient, less what bounds hold */
    double stationarity, feasibility, complementarity; /* with constraints */
    double *c, *multipliers;                           /* of each constraint; NULL without */
    bool *active;
    size_t iterations, values, gradients, hessians;
    const char *status; /* "converged", "stalled", ... */
    const char *point;  /* "minimum", ..., or "not stationary" */
    bool good;          /* converged, to what was asked for or to a point that second order does not decide */
    ml_message reason;  /* of another status; may be "" */
} optimum;

/* From START, the random numbers those of stream STREAM.  Fails where START has no value. */
ml_status optimum_find(const optimizer *o, const double *start, size_t stream, optimum *out, ml_message *why);
void optimum_free(optimum *o);

#endif
