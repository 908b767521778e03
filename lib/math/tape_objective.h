/* tape_objective.h: a tape, or the mean of one over rows, as what math/minimize and math/constrained take. */
#ifndef MATH_TAPE_OBJECTIVE_H
#define MATH_TAPE_OBJECTIVE_H

#include <gsl/gsl_rng.h>

#include "math/constrained.h"
#include "math/minimize.h"
#include "math/tape.h"
#include "math/tape_rows.h"

typedef struct tape_objective {
    const tape *t;
    const tape_rows *rows; /* NULL: no data */
    tape_run *run;         /* without data */
    tape_mean *mean;       /* with data */
    double sign;           /* -1 to maximize */
    double *scratch;       /* parameters, then nodes */
    double *last;          /* where the last Hessian was asked for; NULL: nowhere yet */
    gsl_matrix *last_hessian;
    /* levenberg-marquardt */
    tape *residuals;
    tape_run *residual_run;
    tape_mean *residual_mean;
    double *scales; /* square roots of the squares' factors */
    size_t residual_count;
    /* batches */
    gsl_rng *random; /* NULL: all rows at once */
    size_t *order, batch, next, now;
    /* constraints, equalities first; NULL: none */
    const tape *constraints;
    tape_run *constraint_run;
} tape_objective;

/* Over the first output of T; ROWS may be NULL.  What is not owned must outlive O.  After a failure O is
 * empty. */
ml_status tape_objective_new(tape_objective *o, const tape *t, const tape_rows *rows, int jobs, bool maximize,
                             ml_message *why);
void tape_objective_free(tape_objective *o);

/* Find the squares that the first output is a sum of; fails when it is none. */
ml_status tape_objective_squares(tape_objective *o, int jobs, ml_message *why);
/* Go through the rows in batches of SIZE, in a new random order each time; O takes over RANDOM. */
ml_status tape_objective_batches(tape_objective *o, size_t size, gsl_rng *random, ml_message *why);
/* ML_NO, with the operation that is to blame, where X has no finite value (-inf is none either). */
ml_status tape_objective_has_value(tape_objective *o, const double *x, ml_message *why);
/* From now on all rows at once. */
void tape_objective_whole(tape_objective *o);
/* The outputs of CONSTRAINTS, a tape in the same parameters, are to be 0 (the first ones) or at most 0. */
ml_status tape_objective_constrain(tape_objective *o, const tape *constraints, ml_message *why);

/* The callbacks; RESIDUALS and NEXT_BATCH are there when they were asked for. */
minimize_objective tape_objective_minimize(tape_objective *o);
constrained_problem tape_objective_constrained(tape_objective *o, size_t equalities);

#endif
