/* minimize_steps.h: the iterations of a minimizer written out with their numbers. */
#ifndef MATH_MINIMIZE_STEPS_H
#define MATH_MINIMIZE_STEPS_H

#include "base/steps.h"
#include "math/minimize.h"

typedef struct minimize_steps {
    steps *s;
    const char *const *names; /* of the variables */
    const minimize_params *params;
    const minimize_objective *objective; /* asked for the Hessian where the method uses it */
    gsl_matrix *hessian;                 /* n x n scratch for that; NULL: not written */
} minimize_steps;

/* One iteration; 0 writes the start. */
void minimize_steps_write(const minimize_steps *to, const minimize_iteration *now);

#endif
