#include <float.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "math/minimize_internal.h"

/* Of a fall of the value, in units of max(1, |value at the start|), that only a function without a minimum
 * brings about. */
static const double BOTTOMLESS = 1e20;
/* Updates in a row that leave x as it was before a method of fixed rate counts as stuck. */
enum { STILL_MOST = 10 };
/* A Newton step that is less than this share of each variable leads to no better doubles. */
static const double FINEST = 4 * DBL_EPSILON;
/* A gradient too small to go on with: squares of it underflow. */
static const double VANISHED = 1e-120;
static const char LEVEL[] = "the function levels off and seems to have no minimum here";
/* So many iterations that lower the value by less than so many units of rounding are the last ones. */
enum { WINDOW = 10, WINDOW_ROUNDINGS = 100 };
/* The most variables whose Hessian is formed to confirm a minimum. */
enum { CONFIRM_MOST = 2000 };

double minimize_dot(const double *x, const double *y, size_t n)
{
    double s[4] = {0};
    size_t i = 0;
    for (; i + 4 <= n; i += 4)
        for (size_t k = 0; k < 4; k++)
            s[k] += x[i + k] * y[i + k];
    for (size_t k = 0; i < n; i++, k++)
        s[k] += x[i] * y[i];
    return (s[0] + s[1]) + (s[2] + s[3]);
}

/* fmax, which is a call.  A NaN X counts as nothing. */
static inline double larger(double most, double x)
{
    return x > most ? x : most;
}

static double greatest(const double *x, size_t n)
{
    double most = 0;
    for (size_t i = 0; i < n; i++)
        most = larger(most, fabs(x[i]));
    return most;
}

double minimize_norm(const double *x, size_t n)
{
    double squares = minimize_dot(x, x, n);
    if (squares > 1e-290 && squares < 1e300)
        return sqrt(squares);
    double unit = greatest(x, n), sum = 0;
    if (unit == 0 || !isfinite(unit))
        return unit;
    for (size_t i = 0; i < n; i++)
        sum += x[i] / unit * (x[i] / unit);
    return unit * sqrt(sum);
}

double minimize_distance(const double *x, const double *y, size_t n)
{
    double most = 0, sum = 0;
    for (size_t i = 0; i < n; i++)
        most = larger(most, fabs(x[i] - y[i]));
    if (most == 0 || !isfinite(most))
        return most;
    for (size_t i = 0; i < n; i++)
        sum += (x[i] - y[i]) / most * ((x[i] - y[i]) / most);
    return most * sqrt(sum);
}

static ml_status judge(minimize_run *run, ml_status status, double *f)
{
    if (status == ML_NO || (status == ML_OK && !isfinite(*f) && *f != -INFINITY)) {
        if (status == ML_OK)
            run->outside.text[0] = 0;
        *f = INFINITY;
        return ML_OK;
    }
    if (status != ML_OK && run->why != NULL)
        *run->why = run->outside;
    return status == ML_OK ? ML_OK : ML_FAIL;
}

/* A step so long that x overflowed has no value. */
static bool overflowed(minimize_run *run, const double *x, double *f)
{
    for (size_t i = 0; i < run->n; i++)
        if (!isfinite(x[i])) {
            snprintf(run->outside.text, sizeof run->outside.text, "variable %zu overflows", i + 1);
            *f = INFINITY;
            return true;
        }
    return false;
}

ml_status minimize_run_value(minimize_run *run, const double *x, double *f)
{
    if (overflowed(run, x, f))
        return ML_OK;
    run->result->values++;
    return judge(run, run->objective->value(run->objective->context, x, f, &run->outside), f);
}

ml_status minimize_run_gradient(minimize_run *run, const double *x, double *f, double *g)
{
    if (overflowed(run, x, f))
        return ML_OK;
    run->result->gradients++;
    ml_status status =
        judge(run, run->objective->gradient(run->objective->context, x, f, g, &run->outside), f);
    if (status != ML_OK || !isfinite(*f))
        return status;
    for (size_t i = 0; i < run->n; i++)
        if (!isfinite(g[i])) {
            snprintf(run->outside.text, sizeof run->outside.text,
                     "the derivative by variable %zu is not finite", i + 1);
            *f = INFINITY;
            break;
        }
    return ML_OK;
}

ml_status minimize_run_hessian(minimize_run *run, const double *x, gsl_matrix *h)
{
    run->result->hessians++;
    ml_status status = run->objective->hessian(run->objective->context, x, h, &run->outside);
    if (status == ML_FAIL && run->why != NULL)
        *run->why = run->outside;
    if (status != ML_OK)
        return status;
    for (size_t i = 0; i < run->n; i++)
        for (size_t j = 0; j < run->n; j++)
            if (!isfinite(gsl_matrix_get(h, i, j))) {
                snprintf(run->outside.text, sizeof run->outside.text,
                         "the second derivative by variables %zu and %zu is not finite", i + 1, j + 1);
                return ML_NO;
            }
    return ML_OK;
}

void minimize_run_clamp(const minimize_run *run, double *x)
{
    const double *lower = run->params->lower, *upper = run->params->upper;
    for (size_t i = 0; lower != NULL && i < run->n; i++)
        if (x[i] < lower[i])
            x[i] = lower[i];
    for (size_t i = 0; upper != NULL && i < run->n; i++)
        if (x[i] > upper[i])
            x[i] = upper[i];
}

int minimize_run_held(const minimize_run *run, const double *x, const double *g, size_t i)
{
    const double *lower = run->params->lower, *upper = run->params->upper;
    if (lower != NULL && x[i] <= lower[i] && (g[i] > 0 || (upper != NULL && lower[i] == upper[i])))
        return -1;
    return upper != NULL && x[i] >= upper[i] && g[i] < 0;
}

double minimize_run_norm(const minimize_run *run, const double *x, const double *g)
{
    if (run->params->lower == NULL && run->params->upper == NULL)
        return minimize_norm(g, run->n);
    double most = 0, sum = 0;
    for (size_t i = 0; i < run->n; i++)
        if (!minimize_run_held(run, x, g, i))
            most = larger(most, fabs(g[i]));
    for (size_t i = 0; most > 0 && i < run->n; i++)
        if (!minimize_run_held(run, x, g, i))
            sum += g[i] / most * (g[i] / most);
    return most * sqrt(sum);
}

void minimize_run_end(minimize_run *run, minimize_status status, const char *format, ...)
{
    minimize_result *r = run->result;
    r->status = status;
    r->reason.text[0] = 0;
    run->ended = true;
    if (format == NULL)
        return;
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(r->reason.text, sizeof r->reason.text, format, arguments);
    va_end(arguments);
}

bool minimize_run_fell(const minimize_run *run, double f)
{
    return f < -BOTTOMLESS * fmax(1, fabs(run->start_value));
}

/* F of the header: what a small gradient is measured against. */
static double scale(const minimize_run *run)
{
    return fmax(fabs(run->f), fmin(1, run->start_value - run->f));
}

/* max_i |g_i| max(|x_i|, 1) of what is not held. */
static double relative_gradient(const minimize_run *run)
{
    double most = 0;
    bool bounded = run->params->lower != NULL || run->params->upper != NULL;
    for (size_t i = 0; i < run->n; i++)
        if (!bounded || !minimize_run_held(run, run->x, run->g, i))
            most = larger(most, fabs(run->g[i]) * larger(1, fabs(run->x[i])));
    return most;
}

/* Is what the model leaves small against the function, and against the value or next to nothing?  And the
 * step too, unless the value is down to rounding?  Not so where the function levels off: the slope far along
 * the step tells. */
static bool is_small(const minimize_run *run, double tolerance, const minimize_model *model)
{
    double unit = scale(run), left = model->left;
    if (model->level)
        return false;
    if (left <= DBL_EPSILON * fabs(run->f))
        return true;
    return left <= tolerance / 100 * unit &&
           (left <= 10 * tolerance * fabs(run->f) || left <= tolerance * tolerance * unit) &&
           model->step <= 10 * sqrt(tolerance) && model->flat <= 10 * DBL_EPSILON * fabs(run->f);
}

/* Is x right to the last digits, or to nine with next to nothing left?  That is so for a start at a minimum,
 * where the function's own size cannot be told from its fall. */
static bool is_fine(const minimize_model *model)
{
    return model->relative <= FINEST || (model->relative <= 1e-9 && model->left <= 1e-16);
}

/* Is the point, whose gradient is known, as good as a minimum?  TOLERANCE: of the gradient, as asked for. */
static ml_status confirm(minimize_run *run, double tolerance, bool *confirmed)
{
    double gradient = relative_gradient(run);
    minimize_model model = {0};
    bool known = false;
    *confirmed = gradient == 0;
    if (*confirmed) {
        run->result->left = 0;
        return ML_OK;
    }
    if (run->n <= CONFIRM_MOST) {
        ml_status status = minimize_run_left(run, &model, &known);
        run->result->left = known ? model.left : NAN;
        run->level = model.level && model.left <= DBL_EPSILON * fabs(run->f);
        if (status != ML_OK)
            return status;
    }
    if (known)
        *confirmed = is_small(run, tolerance, &model) || is_fine(&model);
    else
        *confirmed = gradient <= 100 * tolerance * scale(run);
    return ML_OK;
}

static void report(minimize_run *run)
{
    minimize_iteration *now = &run->now;
    const minimize_result *r = run->result;
    bool gradient = run->params->method != MINIMIZE_NELDER_MEAD;
    now->iteration = r->iterations;
    now->x = run->x;
    now->value = run->f;
    now->gradient = gradient ? run->g : NULL;
    now->norm = gradient ? minimize_run_norm(run, run->x, run->g) : NAN;
    now->values = r->values, now->gradients = r->gradients, now->hessians = r->hessians;
    if (run->params->progress != NULL)
        run->params->progress(run->params->context, now);
}

static ml_status test_gradient(minimize_run *run)
{
    if (run->objective->next_batch != NULL || run->params->method == MINIMIZE_NELDER_MEAD)
        return ML_OK;
    bool confirmed = false;
    double gradient = relative_gradient(run);
    if (!(gradient <= run->tolerance * fmax(1, fabs(run->f))))
        return ML_OK;
    ml_status status = confirm(run, run->params->gradient_tolerance, &confirmed);
    if (confirmed)
        minimize_run_end(run, MINIMIZE_CONVERGED_GRADIENT, NULL);
    else if (run->level || minimize_run_norm(run, run->x, run->g) <= VANISHED)
        minimize_run_end(run, MINIMIZE_STALLED, LEVEL);
    else /* ask again when the gradient is a good deal smaller */
        run->tolerance = 0.1 * gradient / fmax(1, fabs(run->f));
    return status;
}

static void test_limit(minimize_run *run)
{
    if (!run->ended && run->result->iterations >= run->params->max_iterations)
        minimize_run_end(run, MINIMIZE_ITERATION_LIMIT, "the limit of %zu iterations was reached",
                         run->params->max_iterations);
}

ml_status minimize_run_begin(minimize_run *run)
{
    run->now = (minimize_iteration){.step = NAN, .rate = NAN, .damping = NAN, .radius = NAN};
    report(run);
    ml_status status = test_gradient(run);
    test_limit(run);
    run->now.before = run->before;
    return status;
}

/* The tests that the caller asked for. */
static void test_asked(minimize_run *run, double change)
{
    const minimize_params *p = run->params;
    double step = run->now.step;
    /* the best vertex of a simplex often stays where it is */
    if (p->method == MINIMIZE_NELDER_MEAD && step == 0)
        return;
    if (p->step_tolerance > 0 && step <= p->step_tolerance * fmax(1, minimize_norm(run->x, run->n)))
        minimize_run_end(run, MINIMIZE_CONVERGED_STEP, NULL);
    else if (p->value_tolerance > 0 && fabs(change) <= p->value_tolerance * fmax(1, fabs(run->f)))
        minimize_run_end(run, MINIMIZE_CONVERGED_VALUE, NULL);
}

/* Methods that descend end when they go on descending by nothing but rounding. */
static ml_status test_window(minimize_run *run)
{
    const minimize_params *p = run->params;
    bool fixed = minimize_first_order(p->method) && p->line_search <= MINIMIZE_FIXED;
    if (fixed || p->method == MINIMIZE_NELDER_MEAD)
        return ML_OK;
    if (run->result->iterations % WINDOW != 0)
        return ML_OK;
    double fall = run->window_value - run->f;
    run->window_value = run->f;
    if (run->result->iterations == WINDOW || fall > WINDOW_ROUNDINGS * DBL_EPSILON * fabs(run->f))
        return ML_OK;
    return minimize_run_stuck(run, "the value no longer falls");
}

ml_status minimize_run_step(minimize_run *run, double change)
{
    run->result->iterations++;
    run->now.step = minimize_distance(run->x, run->before, run->n);
    report(run);
    if (minimize_run_fell(run, run->f)) {
        minimize_run_end(run, MINIMIZE_UNBOUNDED, "the value fell to %g, and nothing stops it", run->f);
        return ML_OK;
    }
    ml_status status = test_gradient(run);
    if (status == ML_OK && !run->ended)
        test_asked(run, change);
    if (status == ML_OK && !run->ended)
        status = test_window(run);
    test_limit(run);
    run->still = run->now.step == 0 ? run->still + 1 : 0;
    bool simplex = run->params->method == MINIMIZE_NELDER_MEAD;
    if (status == ML_OK && !run->ended && run->still >= STILL_MOST && !simplex)
        return minimize_run_stuck(run, "the updates no longer change the variables");
    return status;
}

ml_status minimize_run_confirm(minimize_run *run)
{
    bool confirmed = false;
    double tolerance = run->params->gradient_tolerance;
    ml_status status = confirm(run, tolerance > 0 ? tolerance : 1e-8, &confirmed);
    if (confirmed)
        minimize_run_end(run, MINIMIZE_CONVERGED_GRADIENT, NULL);
    return status;
}

ml_status minimize_run_stuck(minimize_run *run, const char *reason)
{
    ml_status status = minimize_run_confirm(run);
    if (status == ML_OK && !run->ended && run->level)
        minimize_run_end(run, MINIMIZE_STALLED, LEVEL);
    else if (status == ML_OK && !run->ended)
        minimize_run_end(run, MINIMIZE_STALLED, "%s, and the gradient is not small", reason);
    return status;
}
