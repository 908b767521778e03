#include "math/minimize_newton.h"

#include <float.h>
#include <lapack.h>
#include <limits.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "math/dense.h"

/* Ratios of actual to predicted decrease (Nocedal and Wright, alg. 4.1). */
static const double ACCEPTED = 1e-4, POOR = 0.25, GOOD = 0.75;
/* A variable's unit grows by so much an iteration at most. */
static const double FADING = 10;
enum { MOST_VARIABLES = 20000, SECULAR_STEPS = 200 };

ml_status minimize_newton_make(minimize_newton *w, size_t n, ml_message *why)
{
    *w = (minimize_newton){.n = n};
    if (n > MOST_VARIABLES)
        return ml_fail(why,
                       "newton keeps a matrix of second derivatives, too large for %zu variables; lbfgs does "
                       "without",
                       n);
    w->h = gsl_matrix_alloc(n, n);
    w->s = gsl_matrix_alloc(n, n);
    w->vectors = gsl_matrix_alloc(n, n);
    w->values = gsl_vector_alloc(n);
    w->memory = memory_zeros(n * n + 4 * n, sizeof *w->memory);
    if (w->h == NULL || w->s == NULL || w->vectors == NULL || w->values == NULL || w->memory == NULL)
        return ml_fail_memory(why, "second derivatives", 4 * n * n * sizeof(double));
    w->factor = w->memory;
    w->unit = w->factor + n * n;
    w->g = w->unit + n;
    w->q = w->g + n;
    w->along = w->q + n;
    return ML_OK;
}

void minimize_newton_free(minimize_newton *w)
{
    gsl_matrix_free(w->h);
    gsl_matrix_free(w->s);
    gsl_matrix_free(w->vectors);
    gsl_vector_free(w->values);
    free(w->memory);
    *w = (minimize_newton){0};
}

/* q = -(S + damping I)^-1 g by Cholesky; false when the matrix is not safely positive definite. */
static bool solve(minimize_newton *w, double damping)
{
    int n = (int)w->n, one = 1, info = 0;
    for (size_t i = 0; i < w->n; i++) {
        memcpy(w->factor + i * w->n, gsl_matrix_const_ptr(w->s, i, 0), w->n * sizeof *w->factor);
        w->factor[i * w->n + i] += damping;
        w->q[i] = -w->g[i];
    }
    LAPACK_dpotrf("U", &n, w->factor, &n, &info);
    if (info != 0)
        return false;
    double greatest = 0, least = INFINITY;
    for (size_t i = 0; i < w->n; i++) {
        greatest = fmax(greatest, w->factor[i * w->n + i]);
        least = fmin(least, w->factor[i * w->n + i]);
    }
    if (!(least > sqrt(10 * (double)w->n * DBL_EPSILON) * greatest))
        return false;
    LAPACK_dpotrs("U", &n, &one, w->factor, &n, w->q, &n, &info);
    return info == 0;
}

/* S = U H U with rows and columns that take no part those of the identity. */
static void scale_masked(minimize_newton *w, const signed char *mask, const double *g)
{
    for (size_t i = 0; i < w->n; i++) {
        double size = fabs(gsl_matrix_get(w->h, i, i));
        for (size_t j = 0; size == 0 && j < w->n; j++)
            size = fmax(size, fabs(gsl_matrix_get(w->h, i, j)));
        w->unit[i] = size > 0 ? 1 / sqrt(size) : 1;
        w->g[i] = mask[i] ? w->unit[i] * g[i] : 0;
    }
    for (size_t i = 0; i < w->n; i++)
        for (size_t j = 0; j < w->n; j++) {
            double scaled = gsl_matrix_get(w->h, i, j) * w->unit[i] * w->unit[j];
            gsl_matrix_set(w->s, i, j, mask[i] && mask[j] ? scaled : i == j);
        }
}

ml_status minimize_newton_direction(minimize_newton *w, minimize_run *run, const signed char *mask, double *p)
{
    ml_status status = minimize_run_hessian(run, run->x, w->h);
    w->damping = NAN;
    for (size_t i = 0; i < w->n; i++)
        p[i] = mask[i] ? -run->g[i] : 0;
    if (status != ML_OK)
        return status == ML_NO ? ML_OK : status;
    scale_masked(w, mask, run->g);
    double damping = 0;
    while (!solve(w, damping))
        damping = damping == 0 ? 1e-3 : 4 * damping;
    w->damping = damping;
    for (size_t i = 0; i < w->n; i++)
        p[i] = mask[i] ? w->unit[i] * w->q[i] : 0;
    return ML_OK;
}

/* g'q + q'S q / 2, negated. */
static double model_gain(const minimize_newton *w)
{
    double gain = 0;
    for (size_t i = 0; i < w->n; i++) {
        double row = minimize_dot(gsl_matrix_const_ptr(w->s, i, 0), w->q, w->n);
        gain -= w->q[i] * (w->g[i] + row / 2);
    }
    return gain;
}

double minimize_secular(minimize_length *length_at, const void *context, double low, double high,
                        double damping, double radius)
{
    for (int i = 0; i < SECULAR_STEPS; i++) {
        double slope, length = length_at(context, damping, &slope);
        if (fabs(length - radius) <= 1e-10 * radius)
            break;
        if (length > radius)
            low = damping;
        else
            high = damping;
        double next = damping - length / slope * (length - radius) / radius;
        if (!(next > low && next < high))
            next = low + (high - low) / 2;
        if (next == damping)
            break;
        damping = next;
    }
    return damping;
}

/* |q(damping)|, q being -g / (value + damping) along each eigenvector; *SLOPE its derivative. */
static double length_at(const void *context, double damping, double *slope)
{
    const minimize_newton *w = context;
    double squares = 0, cubes = 0;
    for (size_t k = 0; k < w->n; k++) {
        double value = gsl_vector_get(w->values, k) + damping, a = w->along[k];
        if (a == 0)
            continue;
        squares += a / value * (a / value);
        cubes += a / value * (a / value) / value;
    }
    double length = sqrt(squares);
    *slope = -cubes / length;
    return length;
}

/* damping > -least with |q(damping)| = radius. */
static double secular(const minimize_newton *w, double least, double norm, double radius)
{
    double low = fmax(0, -least), high = low + norm / radius, damping = high;
    return minimize_secular(length_at, w, low, high, damping, radius);
}

static void step_at(minimize_newton *w, double damping)
{
    memset(w->q, 0, w->n * sizeof *w->q);
    for (size_t k = 0; k < w->n; k++) {
        double value = gsl_vector_get(w->values, k) + damping;
        if (w->along[k] == 0)
            continue;
        for (size_t i = 0; i < w->n; i++)
            w->q[i] -= w->along[k] / value * gsl_matrix_get(w->vectors, i, k);
    }
    w->damping = damping;
}

/* The step to the edge, from the eigenvalues. */
static void edge_step(minimize_newton *w, double radius)
{
    double norm = minimize_norm(w->g, w->n), least = gsl_vector_get(w->values, 0), slope;
    for (size_t k = 0; k < w->n; k++) {
        double along = 0;
        for (size_t i = 0; i < w->n; i++)
            along += gsl_matrix_get(w->vectors, i, k) * w->g[i];
        w->along[k] = fabs(along) <= 1e-14 * norm ? 0 : along;
    }
    /* the hard case: no gradient along the least eigenvector, and the step without it does not reach the edge
     */
    double bottom = fmax(0, -least);
    if (length_at(w, bottom, &slope) < radius) {
        step_at(w, bottom);
        double rest = sqrt(fmax(0, radius * radius - minimize_dot(w->q, w->q, w->n)));
        for (size_t i = 0; least < 0 && i < w->n; i++)
            w->q[i] += rest * gsl_matrix_get(w->vectors, i, 0);
        return;
    }
    step_at(w, secular(w, least, norm, radius));
}

ml_status minimize_newton_region(minimize_newton *w, double radius, double *gain, bool *edge, ml_message *why)
{
    w->damping = 0;
    *edge = !solve(w, 0) || minimize_norm(w->q, w->n) > radius;
    if (*edge) {
        ml_status status = dense_symmetric(w->s, w->values, w->vectors, why);
        if (status != ML_OK)
            return status;
        edge_step(w, radius);
    }
    *gain = model_gain(w);
    return ML_OK;
}

typedef struct region {
    minimize_run *run;
    minimize_newton w;
    double *size;  /* n: of each variable, 1 / unit */
    double *x, *g; /* n: the trial */
    double radius; /* of |q| */
} region;

/* Each variable in units of the greatest curvature that it has had lately: as More 1978 does with columns,
 * but what was far greater long ago is forgotten, lest the scaled matrix looks singular. */
static void scale_running(region *r)
{
    minimize_newton *w = &r->w;
    for (size_t i = 0; i < w->n; i++) {
        double size = sqrt(fabs(gsl_matrix_get(w->h, i, i)));
        r->size[i] = fmax(r->size[i] / FADING, size);
        w->unit[i] = r->size[i] > 0 ? 1 / r->size[i] : 1;
        w->g[i] = w->unit[i] * r->run->g[i];
    }
    for (size_t i = 0; i < w->n; i++)
        for (size_t j = 0; j < w->n; j++)
            gsl_matrix_set(w->s, i, j, gsl_matrix_get(w->h, i, j) * w->unit[i] * w->unit[j]);
}

/* The first radius is that of the Newton step where there is one, else a tenth of the size of x. */
static void first_radius(region *r)
{
    minimize_newton *w = &r->w;
    if (solve(w, 0)) {
        r->radius = fmax(minimize_norm(w->q, w->n) * (1 + 1e-8), DBL_MIN);
        return;
    }
    for (size_t i = 0; i < w->n; i++)
        w->along[i] = r->run->x[i] / w->unit[i];
    r->radius = 0.1 * minimize_norm(w->along, w->n);
    if (r->radius == 0)
        r->radius = 1;
}

static void move(region *r, double f)
{
    minimize_run *run = r->run;
    size_t bytes = run->n * sizeof(double);
    memcpy(run->before, run->x, bytes);
    memcpy(run->x, r->x, bytes);
    memcpy(run->g, r->g, bytes);
    run->f = f;
}

/* Is the trial, whose decrease drowns in rounding, better by its gradient? */
static bool flatter(const region *r)
{
    double now = 0, then = 0;
    for (size_t i = 0; i < r->w.n; i++) {
        now += pow(r->w.unit[i] * r->g[i], 2);
        then += pow(r->w.g[i], 2);
    }
    return now < then;
}

/* Try q within the radius until a step is taken or none can be. */
static ml_status try_steps(region *r, bool *taken)
{
    minimize_run *run = r->run;
    minimize_newton *w = &r->w;
    *taken = false;
    for (;;) {
        double gain, f = 0, noise = 10 * DBL_EPSILON * fabs(run->f), radius = r->radius;
        bool edge, moved = false;
        ml_status status = minimize_newton_region(w, radius, &gain, &edge, run->why);
        for (size_t i = 0; i < w->n; i++) {
            r->x[i] = run->x[i] + w->unit[i] * w->q[i];
            moved = moved || r->x[i] != run->x[i];
        }
        if (status != ML_OK || !moved || !(gain > 0))
            return status;
        status = minimize_run_gradient(run, r->x, &f, r->g);
        if (status != ML_OK)
            return status;
        double length = minimize_norm(w->q, w->n);
        double ratio = isfinite(f) ? (run->f - f + noise) / (gain + noise) : f < 0 ? 1 : -1;
        if (!isfinite(f) && f > 0)
            r->radius = fmin(radius, length) / 2;
        else if (ratio < POOR)
            r->radius = fmin(radius, length) / 4;
        else if (ratio > GOOD)
            r->radius = edge ? 2 * radius : fmax(radius, 2 * length);
        *taken = ratio > ACCEPTED && (f < run->f || flatter(r));
        if (*taken) {
            run->now.radius = radius;
            run->now.damping = w->damping;
            double change = f - run->f;
            move(r, f);
            return minimize_run_step(run, change);
        }
        if (ratio > ACCEPTED || r->radius < DBL_MIN)
            return ML_OK;
    }
}

static ml_status iterate(region *r)
{
    minimize_run *run = r->run;
    bool taken;
    ml_status status = minimize_run_hessian(run, run->x, r->w.h);
    if (status == ML_NO) {
        minimize_run_end(run, MINIMIZE_NOT_FINITE, "the second derivatives have no value here: %s",
                         run->outside.text);
        return ML_OK;
    }
    if (status != ML_OK)
        return status;
    scale_running(r);
    if (r->radius == 0)
        first_radius(r);
    status = try_steps(r, &taken);
    if (status == ML_OK && !taken && !run->ended)
        return minimize_run_stuck(run, "no step in the trust region lowers the value");
    return status;
}

static ml_status run_region(minimize_run *run)
{
    region r = {.run = run};
    double *memory = memory_zeros(3 * run->n, sizeof *memory);
    ml_status status = minimize_newton_make(&r.w, run->n, run->why);
    if (status == ML_OK && memory == NULL)
        status = ml_fail_memory(run->why, "a trial point", 3 * run->n * sizeof *memory);
    r.size = memory, r.x = memory + run->n, r.g = memory + 2 * run->n;
    while (status == ML_OK && !run->ended)
        status = iterate(&r);
    minimize_newton_free(&r.w);
    free(memory);
    return status;
}

ml_status minimize_run_newton(minimize_run *run)
{
    const minimize_params *p = run->params;
    bool bounded = p->lower != NULL || p->upper != NULL, searched = p->line_search != MINIMIZE_OWN;
    if (p->globalization == MINIMIZE_LINE_SEARCH || bounded || searched)
        return minimize_run_descent(run);
    return run_region(run);
}
