#include "math/minimize.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "math/minimize_internal.h"

typedef struct method_row {
    const char *name;
    ml_status (*run)(minimize_run *run);
} method_row;

static const method_row methods[MINIMIZE_METHODS] = {
    [MINIMIZE_GD] = {"gd", minimize_run_first},
    [MINIMIZE_MOMENTUM] = {"momentum", minimize_run_first},
    [MINIMIZE_NESTEROV] = {"nesterov", minimize_run_first},
    [MINIMIZE_ADAGRAD] = {"adagrad", minimize_run_first},
    [MINIMIZE_ADADELTA] = {"adadelta", minimize_run_first},
    [MINIMIZE_RMSPROP] = {"rmsprop", minimize_run_first},
    [MINIMIZE_ADAM] = {"adam", minimize_run_first},
    [MINIMIZE_ADAMW] = {"adamw", minimize_run_first},
    [MINIMIZE_AMSGRAD] = {"amsgrad", minimize_run_first},
    [MINIMIZE_ADAMAX] = {"adamax", minimize_run_first},
    [MINIMIZE_NADAM] = {"nadam", minimize_run_first},
    [MINIMIZE_RADAM] = {"radam", minimize_run_first},
    [MINIMIZE_RPROP] = {"rprop", minimize_run_first},
    [MINIMIZE_NEWTON] = {"newton", minimize_run_newton},
    [MINIMIZE_LEVENBERG_MARQUARDT] = {"levenberg-marquardt", minimize_run_marquardt},
    [MINIMIZE_BFGS] = {"bfgs", minimize_run_descent},
    [MINIMIZE_LBFGS] = {"lbfgs", minimize_run_descent},
    [MINIMIZE_CG] = {"cg", minimize_run_descent},
    [MINIMIZE_NELDER_MEAD] = {"nelder-mead", minimize_run_simplex},
};

const char *minimize_method_name(minimize_method method)
{
    return methods[method].name;
}

bool minimize_first_order(minimize_method method)
{
    return method <= MINIMIZE_RPROP;
}

const char *minimize_status_name(minimize_status status)
{
    static const char *const names[] = {"converged: gradient", "converged: step", "converged: value",
                                        "iteration limit",     "stalled",         "unbounded below",
                                        "not finite"};
    return names[status];
}

bool minimize_converged(minimize_status status)
{
    return status <= MINIMIZE_CONVERGED_VALUE;
}

void minimize_defaults(minimize_params *p, minimize_method method)
{
    *p = (minimize_params){.method = method,
                           .rate = 0.01,
                           .momentum = 0.9,
                           .beta1 = 0.9,
                           .beta2 = 0.999,
                           .rho = 0.99,
                           .epsilon = 1e-8,
                           .momentum_decay = 0.004,
                           .eta_minus = 0.5,
                           .eta_plus = 1.2,
                           .least_step = 1e-6,
                           .most_step = 50,
                           .decay = 1,
                           .factor = 0.1,
                           .memory = 10,
                           .max_iterations = 10000,
                           .gradient_tolerance = 1e-8};
    switch (method) {
    case MINIMIZE_ADAGRAD:
        p->epsilon = 1e-10;
        break;
    case MINIMIZE_ADADELTA:
        p->rate = 1, p->rho = 0.9, p->epsilon = 1e-6;
        break;
    case MINIMIZE_ADAMW:
        p->weight_decay = 0.01; /* fall through */
    case MINIMIZE_ADAM:
    case MINIMIZE_AMSGRAD:
    case MINIMIZE_RADAM:
        p->rate = 0.001;
        break;
    case MINIMIZE_ADAMAX:
    case MINIMIZE_NADAM:
        p->rate = 0.002;
        break;
    default:
        break;
    }
}

static ml_status check_number(const char *name, double value, double least, double most, ml_message *why)
{
    if (!(value >= least && value <= most))
        return ml_fail(why, "the %s is %g, and must be between %g and %g", name, value, least, most);
    return ML_OK;
}

static ml_status check_params(const minimize_params *p, ml_message *why)
{
    const struct {
        const char *name;
        double value, least, most;
    } rows[] = {{"rate", p->rate, 0, 1e300},
                {"momentum", p->momentum, 0, 1},
                {"first beta", p->beta1, 0, 1},
                {"second beta", p->beta2, 0, 1},
                {"rho", p->rho, 0, 1},
                {"epsilon", p->epsilon, 0, 1e300},
                {"weight decay", p->weight_decay, 0, 1e300},
                {"decay of the momentum", p->momentum_decay, 0, 1e300},
                {"eta that makes steps shorter", p->eta_minus, 0, 1},
                {"eta that makes steps longer", p->eta_plus, 1, 1e300},
                {"least step", p->least_step, 0, p->most_step},
                {"most step", p->most_step, 0, 1e300},
                {"decay of the rate", p->decay, 0, 1e300},
                {"factor of the rate", p->factor, 0, 1e300},
                {"tolerance on the gradient", p->gradient_tolerance, 0, 1e300},
                {"tolerance on the step", p->step_tolerance, 0, 1e300},
                {"tolerance on the value", p->value_tolerance, 0, 1e300}};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        ml_status status = check_number(rows[i].name, rows[i].value, rows[i].least, rows[i].most, why);
        if (status != ML_OK)
            return status;
    }
    if ((unsigned)p->method >= MINIMIZE_METHODS)
        return ml_fail(why, "there is no such method of minimization");
    if (p->method == MINIMIZE_LBFGS && p->memory == 0)
        return ml_fail(why, "lbfgs needs a memory of at least one pair");
    return ML_OK;
}

static bool search_fits(const minimize_params *p)
{
    switch (p->line_search) {
    case MINIMIZE_FIXED:
        return minimize_first_order(p->method);
    case MINIMIZE_ARMIJO:
        return p->method == MINIMIZE_GD || p->method == MINIMIZE_NEWTON || p->method == MINIMIZE_BFGS ||
               p->method == MINIMIZE_LBFGS;
    case MINIMIZE_WOLFE:
        return p->method == MINIMIZE_GD || p->method == MINIMIZE_NEWTON || p->method == MINIMIZE_BFGS ||
               p->method == MINIMIZE_LBFGS || p->method == MINIMIZE_CG;
    default:
        return true;
    }
}

static ml_status check_fit(const minimize_objective *o, const minimize_params *p, ml_message *why)
{
    const char *name = methods[p->method].name;
    if (o->n == 0)
        return ml_fail(why, "there is no variable to minimize over");
    if (!search_fits(p))
        return ml_fail(why, "%s cannot use this line search", name);
    if (o->gradient == NULL && p->method != MINIMIZE_NELDER_MEAD)
        return ml_fail(why, "%s needs a gradient; nelder-mead does without", name);
    if (p->method == MINIMIZE_NEWTON && o->hessian == NULL)
        return ml_fail(why, "newton needs second derivatives");
    if (p->method == MINIMIZE_LEVENBERG_MARQUARDT &&
        (o->residuals == NULL || o->residual_count == 0 || !(o->residual_scale > 0)))
        return ml_fail(why, "levenberg-marquardt needs a sum of squares; newton or lbfgs do without");
    if (o->next_batch != NULL && (!minimize_first_order(p->method) || p->line_search > MINIMIZE_FIXED))
        return ml_fail(why, "batches need a first-order method of fixed rate");
    for (size_t i = 0; i < o->n; i++) {
        double lower = p->lower ? p->lower[i] : -INFINITY, upper = p->upper ? p->upper[i] : INFINITY;
        if (!(lower <= upper) || lower == INFINITY || upper == -INFINITY)
            return ml_fail(why, "the bounds of variable %zu are %g and %g, which leaves nothing between",
                           i + 1, lower, upper);
    }
    return ML_OK;
}

static ml_status make_result(const minimize_objective *o, minimize_run *run, minimize_result *r,
                             ml_message *why)
{
    size_t n = o->n;
    *r = (minimize_result){.n = n, .left = NAN, .gradient_norm = NAN};
    r->x = memory_array(n, sizeof *r->x);
    r->held = memory_zeros(n, sizeof *r->held);
    run->before = memory_array(n, sizeof *run->before);
    /* methods without gradient have room for it all the same: the confirmation looks at it */
    r->gradient = memory_zeros(n, sizeof *r->gradient);
    if (r->x == NULL || r->gradient == NULL || r->held == NULL || run->before == NULL)
        return ml_fail_memory(why, "minimization", 3 * n * sizeof(double));
    run->x = r->x, run->g = r->gradient;
    return ML_OK;
}

static ml_status evaluate_start(minimize_run *run)
{
    if (run->objective->next_batch != NULL) {
        ml_status status = run->objective->next_batch(run->objective->context, run->why);
        if (status != ML_OK)
            return ML_FAIL;
    }
    ml_status status = run->params->method == MINIMIZE_NELDER_MEAD
                           ? minimize_run_value(run, run->x, &run->f)
                           : minimize_run_gradient(run, run->x, &run->f, run->g);
    if (status != ML_OK)
        return status;
    if (run->f == INFINITY)
        return ml_fail(run->why, "the function has no value at the start%s%s",
                       *run->outside.text ? ": " : " that is finite", run->outside.text);
    run->start_value = run->f;
    return ML_OK;
}

static ml_status run_method(minimize_run *run, const double *start)
{
    for (size_t i = 0; i < run->n; i++) {
        if (!isfinite(start[i]))
            return ml_fail(run->why, "the start of variable %zu is %g, which is not finite", i + 1, start[i]);
        run->x[i] = start[i];
    }
    minimize_run_clamp(run, run->x);
    ml_status status = evaluate_start(run);
    if (status != ML_OK)
        return status;
    status = minimize_run_begin(run);
    if (status != ML_OK || run->ended)
        return status;
    if (run->f == -INFINITY) {
        minimize_run_end(run, MINIMIZE_UNBOUNDED, "the value at the start is -inf");
        return ML_OK;
    }
    if (minimize_first_order(run->params->method) && run->params->line_search > MINIMIZE_FIXED)
        return minimize_run_descent(run);
    return methods[run->params->method].run(run);
}

/* The gradient at the end and what holds x at its bounds. */
static void finish(minimize_run *run)
{
    minimize_result *r = run->result;
    r->value = run->f;
    if (run->objective->gradient == NULL) {
        free(r->gradient);
        r->gradient = NULL;
        return;
    }
    r->gradient_norm = minimize_run_norm(run, run->x, run->g);
    for (size_t i = 0; i < run->n; i++)
        r->held[i] = (signed char)minimize_run_held(run, run->x, run->g, i);
}

ml_status minimize(const minimize_objective *objective, const double *start, const minimize_params *params,
                   minimize_result *result, ml_message *why)
{
    ml_status status = check_params(params, why);
    *result = (minimize_result){0};
    if (status == ML_OK)
        status = check_fit(objective, params, why);
    if (status != ML_OK)
        return status;
    minimize_run run = {.objective = objective,
                        .params = params,
                        .result = result,
                        .why = why,
                        .n = objective->n,
                        .tolerance = params->gradient_tolerance};
    status = make_result(objective, &run, result, why);
    if (status == ML_OK)
        status = run_method(&run, start);
    if (status == ML_OK)
        finish(&run);
    else
        minimize_free(result);
    free(run.before);
    return status;
}

ml_status minimize_confirm(const minimize_objective *objective, const double *x, double start_value,
                           double tolerance, bool *confirmed, double *beyond, bool *lower, ml_message *why)
{
    minimize_params params;
    minimize_result result;
    minimize_defaults(&params, MINIMIZE_NEWTON);
    params.gradient_tolerance = tolerance;
    minimize_run run = {.objective = objective,
                        .params = &params,
                        .result = &result,
                        .why = why,
                        .n = objective->n,
                        .start_value = start_value,
                        .beyond = beyond};
    ml_status status = make_result(objective, &run, &result, why);
    if (status == ML_OK) {
        memcpy(run.x, x, run.n * sizeof *x);
        status = minimize_run_gradient(&run, run.x, &run.f, run.g);
    }
    if (status == ML_OK && isfinite(run.f))
        status = minimize_run_confirm(&run);
    *confirmed = run.ended;
    *lower = run.lower;
    minimize_free(&result);
    free(run.before);
    return status;
}

void minimize_free(minimize_result *r)
{
    free(r->x);
    free(r->gradient);
    free(r->held);
    *r = (minimize_result){0};
}
