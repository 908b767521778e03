/* Levenberg-Marquardt for sums of squares, in More's form: a trust region in which each variable has the
 * greatest norm that its column of the Jacobian has had. */
#include <float.h>
#include <lapack.h>
#include <limits.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include <gsl/gsl_vector.h>

#include "base/memory.h"
#include "math/dense.h"
#include "math/minimize_newton.h"

static const double ACCEPTED = 1e-4, POOR = 0.25, GOOD = 0.75;
/* The first radius in units of the scaled start (More 1978, MINPACK's factor). */
static const double FIRST_RADIUS = 100;
/* Of the value, that may be rounding. */
static const double NOISE = 10 * DBL_EPSILON;

typedef struct marquardt {
    minimize_run *run;
    size_t m, n, rows;               /* rows: m, but n + 1 at least */
    double *work;                    /* rows x (n + 1): the Jacobian and the residuals; then R, row by row */
    double *r;                       /* m: residuals */
    double *x, *unit, *size, *q, *b; /* n each: the trial; 1/size; column norms; D p; U'Q'r */
    gsl_matrix *scaled, *u, *v;      /* n x n: R D^-1 and its factors */
    gsl_vector *sigma;
    double *tau, *lapack;
    int lapack_size;
    double radius, damping, gain;
    double *memory;
} marquardt;

static ml_status make(marquardt *s, minimize_run *run)
{
    size_t n = run->n, m = run->objective->residual_count;
    *s = (marquardt){.run = run, .m = m, .n = n, .rows = m > n + 1 ? m : n + 1};
    if (n >= INT_MAX / 128 || s->rows > INT_MAX / (n + 1))
        return ml_fail(run->why, "%zu residuals of %zu variables are too many for levenberg-marquardt", m, n);
    s->lapack_size = 64 * (int)(n + 1);
    size_t count = s->rows * (n + 1) + m + 6 * n + 1 + (size_t)s->lapack_size;
    s->memory = memory_zeros(count, sizeof *s->memory);
    s->scaled = gsl_matrix_alloc(n, n);
    s->u = gsl_matrix_alloc(n, n);
    s->v = gsl_matrix_alloc(n, n);
    s->sigma = gsl_vector_alloc(n);
    if (s->memory == NULL || s->scaled == NULL || s->u == NULL || s->v == NULL || s->sigma == NULL)
        return ml_fail_memory(run->why, "the Jacobian", count * sizeof(double));
    s->work = s->memory;
    s->r = s->work + s->rows * (n + 1);
    s->x = s->r + m;
    s->unit = s->x + n, s->size = s->unit + n, s->q = s->size + n, s->b = s->q + n;
    s->tau = s->b + n;
    s->lapack = s->tau + n + 1;
    return ML_OK;
}

static void release(marquardt *s)
{
    free(s->memory);
    gsl_matrix_free(s->scaled);
    gsl_matrix_free(s->u);
    gsl_matrix_free(s->v);
    gsl_vector_free(s->sigma);
}

/* Residuals at X, and with JACOBIAN their derivatives; the value is INFINITY where one is not finite. */
static ml_status residuals(marquardt *s, const double *x, gsl_matrix *jacobian, double *f)
{
    minimize_run *run = s->run;
    const minimize_objective *o = run->objective;
    if (jacobian != NULL)
        run->result->gradients++;
    else
        run->result->values++;
    ml_status status = o->residuals(o->context, x, s->r, jacobian, &run->outside);
    if (status == ML_FAIL && run->why != NULL)
        *run->why = run->outside;
    if (status != ML_OK && status != ML_NO)
        return ML_FAIL;
    *f = status == ML_NO ? INFINITY : o->residual_scale * minimize_dot(s->r, s->r, s->m);
    if (!isfinite(*f))
        *f = INFINITY;
    return ML_OK;
}

/* The Jacobian at the current point, the gradient from it, then R with Q'r as its last column. */
static ml_status factor(marquardt *s, double *f)
{
    size_t n = s->n, width = n + 1;
    minimize_run *run = s->run;
    memset(s->work, 0, s->rows * width * sizeof *s->work);
    gsl_matrix_view jacobian = gsl_matrix_view_array_with_tda(s->work, s->m, n, width);
    ml_status status = residuals(s, run->x, &jacobian.matrix, f);
    if (status != ML_OK || !isfinite(*f))
        return status;
    memset(run->g, 0, n * sizeof *run->g);
    memset(s->q, 0, n * sizeof *s->q);
    for (size_t i = 0; i < s->m; i++)
        for (size_t j = 0; j < n; j++) {
            double d = s->work[i * width + j];
            run->g[j] += 2 * run->objective->residual_scale * d * s->r[i];
            s->q[j] += d * d;
        }
    for (size_t j = 0; j < n; j++) {
        s->size[j] = fmax(s->size[j], sqrt(s->q[j]));
        s->unit[j] = s->size[j] > 0 ? 1 / s->size[j] : 1;
        if (!isfinite(s->q[j]) || !isfinite(run->g[j]))
            *f = INFINITY;
    }
    if (*f == INFINITY)
        return ML_OK;
    for (size_t j = 0; j < n; j++)
        if (minimize_run_held(run, run->x, run->g, j))
            for (size_t i = 0; i < s->m; i++)
                s->work[i * width + j] = 0;
    for (size_t i = 0; i < s->m; i++)
        s->work[i * width + n] = s->r[i];
    /* L Q of the transpose, by columns, is Q R by rows */
    int rows = (int)width, columns = (int)s->rows, info = 0;
    LAPACK_dgelqf(&rows, &columns, s->work, &rows, s->tau, s->lapack, &s->lapack_size, &info);
    return ML_OK;
}

static ml_status decompose(marquardt *s)
{
    size_t n = s->n;
    for (size_t i = 0; i < n; i++)
        for (size_t j = 0; j < n; j++)
            gsl_matrix_set(s->scaled, i, j, j >= i ? s->work[i * (n + 1) + j] * s->unit[j] : 0);
    ml_status status = dense_singular(s->scaled, s->sigma, s->u, s->v, s->run->why);
    for (size_t k = 0; k < n; k++) {
        s->b[k] = 0;
        for (size_t i = 0; i < n; i++)
            s->b[k] += gsl_matrix_get(s->u, i, k) * s->work[i * (n + 1) + n];
    }
    return status;
}

/* |D p| for a damping and, unless NULL, its slope; singular values that are rounding are left out at 0. */
static double length_at(const void *context, double damping, double *slope)
{
    const marquardt *s = context;
    double squares = 0, cubes = 0, rounding = (double)s->n * DBL_EPSILON * gsl_vector_get(s->sigma, 0);
    for (size_t k = 0; k < s->n; k++) {
        double sigma = gsl_vector_get(s->sigma, k), below = sigma * sigma + damping;
        if (sigma <= rounding)
            continue;
        double q = sigma * s->b[k] / below;
        squares += q * q;
        cubes += q * q / below;
    }
    *slope = squares > 0 ? -cubes / sqrt(squares) : 0;
    return sqrt(squares);
}

static void step_at(marquardt *s, double damping)
{
    double rounding = (double)s->n * DBL_EPSILON * gsl_vector_get(s->sigma, 0);
    memset(s->q, 0, s->n * sizeof *s->q);
    s->gain = 0;
    s->damping = damping;
    for (size_t k = 0; k < s->n; k++) {
        double sigma = gsl_vector_get(s->sigma, k), below = sigma * sigma + damping;
        if (sigma <= rounding)
            continue;
        double kept = damping / below; /* of the residual along this direction */
        s->gain += s->run->objective->residual_scale * s->b[k] * s->b[k] * (1 - kept * kept);
        for (size_t i = 0; i < s->n; i++)
            s->q[i] -= sigma * s->b[k] / below * gsl_matrix_get(s->v, i, k);
    }
}

/* The damping whose step is as long as the radius, or 0 when the Gauss-Newton step is inside. */
static double find_damping(const marquardt *s, double radius)
{
    double slope, norm = 0, low = 0, damping = 0;
    if (length_at(s, 0, &slope) <= radius)
        return 0;
    for (size_t k = 0; k < s->n; k++)
        norm += pow(gsl_vector_get(s->sigma, k) * s->b[k], 2);
    double high = sqrt(norm) / radius;
    return minimize_secular(length_at, s, low, high, damping, radius);
}

/* The trial x + D^-1 q, between the bounds; where these cut the step, the gain is that of what is left of it.
 */
static bool make_trial(marquardt *s)
{
    minimize_run *run = s->run;
    size_t n = s->n, width = n + 1;
    bool moved = false, cut = false;
    for (size_t i = 0; i < n; i++)
        s->x[i] = run->x[i] + s->unit[i] * s->q[i];
    minimize_run_clamp(run, s->x);
    for (size_t i = 0; i < n; i++) {
        moved = moved || s->x[i] != run->x[i];
        cut = cut || s->x[i] != run->x[i] + s->unit[i] * s->q[i];
    }
    for (size_t i = 0; cut && i < n; i++) {
        double before = s->work[i * width + n], after = before;
        for (size_t j = i; j < n; j++)
            after += s->work[i * width + j] * (s->x[j] - run->x[j]);
        s->gain =
            (i == 0 ? 0 : s->gain) + run->objective->residual_scale * (before - after) * (before + after);
    }
    return moved;
}

static void first_radius(marquardt *s)
{
    double squares = 0;
    for (size_t i = 0; i < s->n; i++)
        squares += pow(s->size[i] * s->run->x[i], 2);
    s->radius = squares > 0 ? FIRST_RADIUS * sqrt(squares) : FIRST_RADIUS;
}

/* Judge a trial value by the model's gain; true when the step is taken. */
static bool judge(marquardt *s, double f)
{
    double noise = NOISE * s->run->f, length = minimize_norm(s->q, s->n);
    double ratio = isfinite(f) ? (s->run->f - f + noise) / (s->gain + noise) : -1;
    if (!isfinite(f))
        s->radius = fmin(s->radius, length) / 2;
    else if (ratio < POOR)
        s->radius = fmin(s->radius, length) / 4;
    else if (ratio > GOOD)
        s->radius = 2 * length;
    return ratio > ACCEPTED && f < s->run->f;
}

/* Trials until one is better; *TAKEN is false when none can be. */
static ml_status try_steps(marquardt *s, double *f, bool *taken)
{
    minimize_run *run = s->run;
    *taken = false;
    while (!*taken) {
        double radius = s->radius;
        step_at(s, find_damping(s, radius));
        if (!make_trial(s) || radius < DBL_MIN)
            return ML_OK;
        /* a shorter step is more along the gradient, whose projection gains */
        if (!(s->gain > 0)) {
            s->radius = fmin(radius, minimize_norm(s->q, s->n)) / 4;
            continue;
        }
        ml_status status = residuals(s, s->x, NULL, f);
        if (status != ML_OK)
            return status;
        run->now.radius = radius;
        run->now.damping = s->damping;
        *taken = judge(s, *f);
        /* a gain that is rounding, and the value does not fall: there is no better point */
        if (!*taken && isfinite(*f) && s->gain <= NOISE * run->f)
            return ML_OK;
    }
    return ML_OK;
}

static ml_status iterate(marquardt *s)
{
    minimize_run *run = s->run;
    double f = 0, old = run->f;
    bool taken;
    ml_status status = decompose(s);
    if (status == ML_OK && s->radius == 0)
        first_radius(s);
    if (status == ML_OK)
        status = try_steps(s, &f, &taken);
    if (status != ML_OK)
        return status;
    if (!taken)
        return minimize_run_stuck(run, "no damped step lowers the sum of squares");
    memcpy(run->before, run->x, s->n * sizeof *run->x);
    memcpy(run->x, s->x, s->n * sizeof *run->x);
    status = factor(s, &run->f);
    if (status == ML_OK && !isfinite(run->f)) {
        memcpy(run->x, run->before, s->n * sizeof *run->x);
        minimize_run_end(run, MINIMIZE_NOT_FINITE, "the derivatives have no value at the next point: %s",
                         run->outside.text);
        return minimize_run_gradient(run, run->x, &run->f, run->g);
    }
    return status == ML_OK ? minimize_run_step(run, run->f - old) : status;
}

ml_status minimize_run_marquardt(minimize_run *run)
{
    marquardt s;
    ml_status status = make(&s, run);
    if (status == ML_OK)
        status = factor(&s, &run->f);
    if (status == ML_OK && !isfinite(run->f))
        status = ml_fail(run->why, "the residuals have no finite value at the start%s%s",
                         *run->outside.text ? ": " : "", run->outside.text);
    while (status == ML_OK && !run->ended)
        status = iterate(&s);
    release(&s);
    return status;
}
