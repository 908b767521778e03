#include "tool/optimum.h"

#include <gsl/gsl_randist.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "base/random.h"

void optimum_free(optimum *o)
{
    free(o->x);
    free(o->gradient);
    free(o->c);
    free(o->multipliers);
    free(o->active);
    *o = (optimum){0};
}

static size_t variables(const optimizer *o)
{
    return o->objective->t->parameters;
}

static ml_status copy(double **to, const double *from, size_t n, ml_message *why)
{
    *to = memory_array(n, sizeof **to);
    if (*to == NULL)
        return ml_fail_memory(why, "the result", n * sizeof **to);
    if (n > 0)
        memcpy(*to, from, n * sizeof **to);
    return ML_OK;
}

/* The class of the point for what was asked for: maximizing minimizes the negative. */
static void say_class(const optimizer *o, minimize_class class, optimum *out)
{
    out->good = class == MINIMIZE_MINIMUM || class == MINIMIZE_DEGENERATE;
    if (o->maximize && class == MINIMIZE_MINIMUM)
        class = MINIMIZE_MAXIMUM;
    else if (o->maximize && class == MINIMIZE_MAXIMUM)
        class = MINIMIZE_MINIMUM;
    out->point = minimize_class_name(class);
}

static ml_status classify(const optimizer *o, const signed char *held, optimum *out, ml_message *why)
{
    minimize_objective m = tape_objective_minimize(o->objective);
    minimize_class class;
    gsl_matrix *h = gsl_matrix_alloc(m.n, m.n);
    if (h == NULL)
        return ml_fail_memory(why, "the Hessian", m.n * m.n * sizeof(double));
    ml_status status = m.hessian(m.context, out->x, h, why);
    if (status == ML_OK)
        status = minimize_classify(h, held, 0, &class, NULL, why);
    gsl_matrix_free(h);
    if (status == ML_OK)
        say_class(o, class, out);
    return status;
}

/* --- without constraints --- */

/* After batches: value and gradient over all rows. */
static ml_status look_at_all(const optimizer *o, minimize_result *r, ml_message *why)
{
    tape_objective_whole(o->objective);
    minimize_objective m = tape_objective_minimize(o->objective);
    ml_status status = m.gradient(m.context, r->x, &r->value, r->gradient, why);
    r->gradient_norm = 0;
    for (size_t i = 0; i < m.n; i++)
        r->gradient_norm = hypot(r->gradient_norm, r->gradient[i]);
    return status == ML_NO ? ML_FAIL : status;
}

static ml_status take_free(const optimizer *o, const minimize_result *r, optimum *out, ml_message *why)
{
    *out = (optimum){.found = true,
                     .value = o->objective->sign * r->value,
                     .norm = r->gradient_norm,
                     .iterations = r->iterations,
                     .values = r->values,
                     .gradients = r->gradients,
                     .hessians = r->hessians,
                     .status = r->status == MINIMIZE_CONVERGED_GRADIENT ? "converged"
                               : r->status == MINIMIZE_UNBOUNDED && o->maximize
                                   ? "unbounded above"
                                   : minimize_status_name(r->status),
                     .point = "not stationary",
                     .reason = r->reason};
    if (r->status == MINIMIZE_UNBOUNDED && o->maximize)
        ml_fail(&out->reason, "the value rose to %g, and nothing stops it", out->value);
    ml_status status = copy(&out->x, r->x, variables(o), why);
    if (status == ML_OK && r->gradient != NULL)
        status = copy(&out->gradient, r->gradient, variables(o), why);
    for (size_t i = 0; out->gradient != NULL && i < variables(o); i++)
        out->gradient[i] *= o->objective->sign;
    if (status == ML_OK && minimize_converged(r->status))
        status = classify(o, r->held, out, why);
    return status;
}

static ml_status run_free(const optimizer *o, const double *start, size_t stream, optimum *out,
                          ml_message *why)
{
    minimize_result r;
    ml_status status = ML_OK;
    if (o->batch > 0)
        status = tape_objective_batches(o->objective, o->batch, random_stream(o->seed, stream), why);
    if (status != ML_OK)
        return status;
    minimize_objective m = tape_objective_minimize(o->objective);
    if (o->writing != NULL)
        o->writing->objective = &m;
    status = minimize(&m, start, &o->how, &r, why);
    if (status != ML_OK)
        return status;
    if (o->batch > 0)
        status = look_at_all(o, &r, why);
    if (status == ML_OK)
        status = take_free(o, &r, out, why);
    minimize_free(&r);
    return status;
}

/* --- with constraints --- */

static ml_status take_constrained(const optimizer *o, const constrained_result *r, optimum *out,
                                  ml_message *why)
{
    size_t n = variables(o), m = o->conditions->numbers;
    *out = (optimum){.found = true,
                     .value = o->objective->sign * r->value,
                     .stationarity = r->stationarity,
                     .feasibility = r->feasibility,
                     .complementarity = r->complementarity,
                     .iterations = r->iterations,
                     .values = r->values,
                     .gradients = r->gradients,
                     .hessians = r->hessians,
                     .status = r->status == CONSTRAINED_UNBOUNDED && o->maximize
                                   ? "unbounded above"
                                   : constrained_status_name(r->status),
                     .point = "not stationary",
                     .reason = r->reason};
    ml_status status = copy(&out->x, r->x, n, why);
    if (status == ML_OK)
        status = copy(&out->gradient, r->gradient, n, why);
    for (size_t i = 0; status == ML_OK && i < n; i++)
        out->gradient[i] *= o->objective->sign;
    if (status == ML_OK)
        status = copy(&out->c, r->c, m, why);
    if (status == ML_OK)
        status = copy(&out->multipliers, r->multipliers, m, why);
    if (status == ML_OK && (out->active = memory_array(m, sizeof *out->active)) == NULL)
        status = ml_fail_memory(why, "the result", m);
    if (status == ML_OK)
        memcpy(out->active, r->active, m * sizeof *out->active);
    if (status == ML_OK && r->status == CONSTRAINED_CONVERGED)
        say_class(o, r->class, out);
    return status;
}

static ml_status run_constrained(const optimizer *o, const double *start, optimum *out, ml_message *why)
{
    constrained_params how;
    constrained_result r;
    constrained_problem p = tape_objective_constrained(o->objective, o->conditions->equalities);
    constrained_defaults(&how);
    how.max_iterations = o->how.max_iterations;
    how.tolerance = o->how.gradient_tolerance;
    how.progress = o->progress;
    how.context = o->how.context;
    ml_status status = constrained_minimize(&p, start, &how, &r, why);
    if (status != ML_OK)
        return status;
    status = take_constrained(o, &r, out, why);
    constrained_free(&r);
    return status;
}

/* --- several starts --- */

static ml_status run_once(const optimizer *o, const double *start, size_t stream, optimum *out,
                          ml_message *why)
{
    return o->conditions ? run_constrained(o, start, out, why) : run_free(o, start, stream, out, why);
}

/* Is A a better end than B: what was asked for before what was not, then the better value? */
static bool is_better(const optimizer *o, const optimum *a, const optimum *b)
{
    if (a->good != b->good)
        return a->good;
    return o->objective->sign * a->value < o->objective->sign * b->value;
}

/* Uniform between two bounds; else normal about the start, with standard deviation spread * max(1, |start|).
 */
static void scatter(const optimizer *o, gsl_rng *g, const double *start, double *x)
{
    for (size_t i = 0; i < variables(o); i++) {
        double low = o->how.lower ? o->how.lower[i] : -INFINITY,
               high = o->how.upper ? o->how.upper[i] : INFINITY;
        if (isfinite(low) && isfinite(high))
            x[i] = low + (high - low) * gsl_rng_uniform(g);
        else
            x[i] = start[i] + o->spread * fmax(1, fabs(start[i])) * gsl_ran_gaussian(g, 1);
    }
}

/* A random start outside of the domain is passed over. */
static ml_status run_again(const optimizer *o, gsl_rng *g, const double *start, double *x, size_t stream,
                           optimum *best, ml_message *why)
{
    minimize_objective m = tape_objective_minimize(o->objective);
    optimum next = {0};
    double value;
    scatter(o, g, start, x);
    if (m.value(m.context, x, &value, NULL) != ML_OK)
        return ML_OK;
    ml_status status = run_once(o, x, stream, &next, why);
    if (status == ML_OK && is_better(o, &next, best)) {
        optimum worse = *best;
        *best = next;
        next = worse;
    }
    optimum_free(&next);
    return status;
}

ml_status optimum_find(const optimizer *o, const double *start, size_t stream, optimum *out, ml_message *why)
{
    ml_status status = run_once(o, start, stream, out, why);
    if (status != ML_OK || o->restarts < 2)
        return status;
    gsl_rng *g = random_stream(o->seed, stream);
    double *x = memory_array(variables(o), sizeof *x);
    if (g == NULL || x == NULL)
        status = ml_fail_memory(why, "a start", variables(o) * sizeof *x);
    for (size_t k = 1; status == ML_OK && k < o->restarts; k++)
        status = run_again(o, g, start, x, stream, out, why);
    free(x);
    if (g != NULL)
        gsl_rng_free(g);
    return status;
}
