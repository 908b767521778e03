#include "math/tape_objective.h"

#include <gsl/gsl_randist.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"

ml_status tape_objective_new(tape_objective *o, const tape *t, const tape_rows *rows, int jobs, bool maximize,
                             ml_message *why)
{
    *o = (tape_objective){.t = t, .rows = rows, .sign = maximize ? -1 : 1};
    o->scratch = memory_zeros(t->parameters + t->count, sizeof *o->scratch);
    ml_status status = ML_OK;
    if (rows != NULL)
        status = tape_mean_new(t, rows, jobs, &o->mean, why);
    else if ((o->run = tape_run_new(t)) == NULL)
        status = ml_fail_memory(why, "a tape", t->count * sizeof(double));
    if (status == ML_OK && o->scratch == NULL)
        status = ml_fail_memory(why, "a tape", t->count * sizeof(double));
    if (status != ML_OK)
        tape_objective_free(o);
    return status;
}

void tape_objective_free(tape_objective *o)
{
    tape_run_free(o->run);
    tape_mean_free(o->mean);
    tape_run_free(o->residual_run);
    tape_mean_free(o->residual_mean);
    tape_free(o->residuals);
    tape_run_free(o->constraint_run);
    if (o->random != NULL)
        gsl_rng_free(o->random);
    free(o->scratch);
    free(o->last);
    gsl_matrix_free(o->last_hessian);
    free(o->scales);
    free(o->order);
    *o = (tape_objective){0};
}

/* --- no value here: why --- */

static ml_status say_culprit(const tape *t, const double *values, size_t output, const char *place,
                             ml_message *why)
{
    char text[200];
    size_t node = tape_culprit(t, values, output);
    if (node == t->count) /* each row is finite, their sum is not */
        ml_fail(why, "%sno finite value", place);
    else {
        tape_describe(t, values, node, text, sizeof text);
        const expression *origin = t->origins[node];
        if (origin != NULL)
            expression_fail(why, origin, "%sno finite value: %s", place, text);
        else
            ml_fail(why, "%sno finite value: %s", place, text);
    }
    return ML_NO;
}

static ml_status check(tape_objective *o, const double *x, double value, ml_message *why)
{
    if (isfinite(value) || value == -INFINITY)
        return ML_OK;
    if (o->rows == NULL)
        return say_culprit(o->t, tape_values(o->run), 0, "", why);
    char place[64];
    double *values = o->scratch + o->t->parameters;
    size_t row = tape_mean_culprit(o->mean, x, values);
    if (row == tape_rows_count(o->rows))
        return ml_fail(why, "no finite value: the sum over the rows is too large"), ML_NO;
    snprintf(place, sizeof place, "row %zu: ", row + 1);
    return say_culprit(o->t, values, 0, place, why);
}

/* --- value, gradient, Hessian --- */

static double run(tape_objective *o, const double *x, double *gradient);

ml_status tape_objective_has_value(tape_objective *o, const double *x, ml_message *why)
{
    double value = run(o, x, NULL);
    return isfinite(value) ? ML_OK : check(o, x, NAN, why);
}

static double run(tape_objective *o, const double *x, double *gradient)
{
    double value;
    if (o->rows == NULL) {
        tape_value(o->run, x, o->scratch + o->t->parameters);
        value = o->scratch[o->t->parameters];
        if (gradient != NULL)
            tape_gradient(o->run, NULL, gradient);
    } else if (o->random != NULL) {
        tape_mean_batch(o->mean, x, o->order + o->next, o->now, &value, gradient);
    } else {
        tape_mean_at(o->mean, x, &value, gradient);
    }
    for (size_t i = 0; gradient != NULL && i < o->t->parameters; i++)
        gradient[i] *= o->sign;
    return value * o->sign;
}

static ml_status value_at(void *context, const double *x, double *value, ml_message *why)
{
    tape_objective *o = context;
    *value = run(o, x, NULL);
    return check(o, x, *value, why);
}

static ml_status gradient_at(void *context, const double *x, double *value, double *gradient, ml_message *why)
{
    tape_objective *o = context;
    *value = run(o, x, gradient);
    return check(o, x, *value, why);
}

/* A minimum that a Hessian has confirmed is looked at again for its kind. */
static ml_status keep_hessian(tape_objective *o, const double *x, const gsl_matrix *hessian, ml_message *why)
{
    size_t n = o->t->parameters;
    if (o->last_hessian == NULL)
        o->last_hessian = gsl_matrix_alloc(n, n);
    if (o->last == NULL && o->last_hessian != NULL)
        o->last = memory_array(n, sizeof *o->last);
    if (o->last == NULL)
        return ml_fail_memory(why, "the Hessian", n * n * sizeof(double));
    memcpy(o->last, x, n * sizeof *x);
    gsl_matrix_memcpy(o->last_hessian, hessian);
    return ML_OK;
}

static ml_status hessian_at(void *context, const double *x, gsl_matrix *hessian, ml_message *why)
{
    tape_objective *o = context;
    if (o->last != NULL && memcmp(o->last, x, o->t->parameters * sizeof *x) == 0) {
        gsl_matrix_memcpy(hessian, o->last_hessian);
        return ML_OK;
    }
    if (o->rows != NULL) {
        ml_status status = tape_mean_hessian(o->mean, x, hessian, why);
        if (status != ML_OK)
            return status;
    } else {
        tape_value(o->run, x, NULL);
        tape_gradient(o->run, NULL, o->scratch);
        tape_hessian(o->run, hessian);
    }
    gsl_matrix_scale(hessian, o->sign);
    return keep_hessian(o, x, hessian, why);
}

/* --- sums of squares --- */

ml_status tape_objective_squares(tape_objective *o, int jobs, ml_message *why)
{
    uint32_t *terms;
    size_t count;
    ml_status status = o->sign < 0 ? ml_fail(why, "levenberg-marquardt minimizes; it cannot maximize")
                                   : tape_squares(o->t, &terms, &o->scales, &count, why);
    if (status != ML_OK)
        return status;
    if (count == 0)
        return ml_fail(why, "levenberg-marquardt needs a sum of squares, such as (y-a*x)^2 or dot(r,r)");
    for (size_t i = 0; i < count; i++)
        o->scales[i] = sqrt(o->scales[i]);
    status = tape_of_nodes(o->t, terms, count, &o->residuals, why);
    free(terms);
    o->residual_count = count;
    if (status == ML_OK && o->rows != NULL)
        status = tape_mean_new(o->residuals, o->rows, jobs, &o->residual_mean, why);
    else if (status == ML_OK && (o->residual_run = tape_run_new(o->residuals)) == NULL)
        status = ml_fail_memory(why, "a tape", o->t->count * sizeof(double));
    return status;
}

static ml_status residuals_at(void *context, const double *x, double *values, gsl_matrix *jacobian,
                              ml_message *why)
{
    tape_objective *o = context;
    size_t count = o->residual_count * (o->rows ? tape_rows_count(o->rows) : 1);
    if (o->rows != NULL) {
        ml_status status = tape_mean_outputs(o->residual_mean, x, values, jacobian, why);
        if (status != ML_OK)
            return status;
    } else {
        tape_value(o->residual_run, x, values);
        if (jacobian != NULL)
            tape_jacobian(o->residual_run, jacobian);
    }
    bool finite = true;
    for (size_t i = 0; i < count; i++) {
        double scale = o->scales[i % o->residual_count];
        values[i] *= scale;
        finite = finite && isfinite(values[i]);
        for (size_t k = 0; jacobian != NULL && k < o->t->parameters; k++)
            *gsl_matrix_ptr(jacobian, i, k) *= scale;
    }
    return finite ? ML_OK : check(o, x, run(o, x, NULL), why);
}

/* --- batches --- */

static void shuffle(tape_objective *o)
{
    size_t count = tape_rows_count(o->rows);
    for (size_t i = 0; i < count; i++)
        o->order[i] = i;
    gsl_ran_shuffle(o->random, o->order, count, sizeof *o->order);
}

ml_status tape_objective_batches(tape_objective *o, size_t size, gsl_rng *random, ml_message *why)
{
    size_t count = tape_rows_count(o->rows);
    o->random = random;
    o->order = memory_array(count, sizeof *o->order);
    if (random == NULL || o->order == NULL)
        return ml_fail_memory(why, "the order of the rows", count * sizeof *o->order);
    o->batch = size < count ? size : count;
    shuffle(o);
    o->now = o->batch;
    return ML_OK;
}

void tape_objective_whole(tape_objective *o)
{
    if (o->random != NULL)
        gsl_rng_free(o->random);
    o->random = NULL;
}

/* The last batch of a round may be smaller. */
static ml_status next_batch(void *context, ml_message *why)
{
    tape_objective *o = context;
    size_t count = tape_rows_count(o->rows);
    (void)why;
    o->next += o->now;
    if (o->next >= count) {
        shuffle(o);
        o->next = 0;
    }
    o->now = count - o->next < o->batch ? count - o->next : o->batch;
    return ML_OK;
}

minimize_objective tape_objective_minimize(tape_objective *o)
{
    minimize_objective m = {.n = o->t->parameters,
                            .context = o,
                            .value = value_at,
                            .gradient = gradient_at,
                            .hessian = o->random ? NULL : hessian_at};
    if (o->residuals != NULL) {
        m.residual_count = o->residual_count * (o->rows ? tape_rows_count(o->rows) : 1);
        m.residual_scale = o->rows ? 1 / (double)tape_rows_count(o->rows) : 1;
        m.residuals = residuals_at;
    }
    if (o->random != NULL)
        m.next_batch = next_batch;
    return m;
}

/* --- constraints --- */

ml_status tape_objective_constrain(tape_objective *o, const tape *constraints, ml_message *why)
{
    o->constraints = constraints;
    o->constraint_run = tape_run_new(constraints);
    return o->constraint_run ? ML_OK : ml_fail_memory(why, "a tape", constraints->count * sizeof(double));
}

static ml_status constraints_at(void *context, const double *x, double *c, gsl_matrix *jacobian,
                                ml_message *why)
{
    tape_objective *o = context;
    tape_value(o->constraint_run, x, c);
    for (size_t i = 0; i < o->constraints->output_count; i++)
        if (!isfinite(c[i]))
            return say_culprit(o->constraints, tape_values(o->constraint_run), i, "a constraint has ", why);
    if (jacobian != NULL)
        tape_jacobian(o->constraint_run, jacobian);
    return ML_OK;
}

static ml_status lagrangian_at(void *context, const double *x, double weight, const double *multipliers,
                               gsl_matrix *hessian, ml_message *why)
{
    tape_objective *o = context;
    ml_status status = hessian_at(o, x, hessian, why);
    gsl_matrix *part = gsl_matrix_alloc(hessian->size1, hessian->size2);
    if (status == ML_OK && part == NULL)
        status = ml_fail_memory(why, "a Hessian", hessian->size1 * hessian->size2 * sizeof(double));
    if (status == ML_OK) {
        tape_value(o->constraint_run, x, NULL);
        tape_gradient(o->constraint_run, multipliers, o->scratch);
        tape_hessian(o->constraint_run, part);
        gsl_matrix_scale(hessian, weight);
        gsl_matrix_add(hessian, part);
    }
    gsl_matrix_free(part);
    return status;
}

static ml_status value_or_gradient(void *context, const double *x, double *value, double *gradient,
                                   ml_message *why)
{
    return gradient ? gradient_at(context, x, value, gradient, why) : value_at(context, x, value, why);
}

constrained_problem tape_objective_constrained(tape_objective *o, size_t equalities)
{
    return (constrained_problem){.n = o->t->parameters,
                                 .equalities = equalities,
                                 .inequalities = o->constraints->output_count - equalities,
                                 .context = o,
                                 .value = value_or_gradient,
                                 .constraints = constraints_at,
                                 .hessian = lagrangian_at};
}
