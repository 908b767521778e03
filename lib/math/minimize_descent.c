/* Methods that search along a direction: gd, newton, bfgs, lbfgs and cg. */
#include <float.h>
#include <math.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/clones.h"
#include "base/memory.h"
#include "math/line_search.h"
#include "math/minimize_newton.h"

/* Of s'y, relative to |s||y|, that says something of the curvature. */
static const double CURVED = 1e-10;

typedef struct descent {
    minimize_run *run;
    const minimize_params *p;
    size_t n;
    bool bounded;
    double *direction, *x, *g;       /* n: the next point is made in x and g */
    double *s, *y;                   /* of the last step */
    signed char *mask, *mask_before; /* 1: the variable takes part; 0: a bound holds it or soon will */
    bool anew;                       /* the direction is steepest descent for want of a better one */
    size_t updates;                  /* of the memory, since it was last forgotten */
    double *inverse, *product;       /* bfgs: n x n, n */
    double *pairs, *curvature;       /* lbfgs: memory x 2 x n, memory times s'y */
    double *weight;                  /* lbfgs: memory numbers */
    size_t next;                     /* lbfgs: where the next pair goes */
    double scale;                    /* lbfgs: s'y / y'y */
    double slope, length;            /* of the search before */
    minimize_newton newton;
    double *memory;
} descent;

static size_t pairs_of(const minimize_params *p)
{
    return p->method == MINIMIZE_LBFGS ? p->memory : 0;
}

static ml_status make_descent(descent *d, minimize_run *run)
{
    size_t n = run->n, k = pairs_of(run->params), square = run->params->method == MINIMIZE_BFGS ? n : 0;
    *d = (descent){.run = run, .p = run->params, .n = n};
    d->bounded = d->p->lower != NULL || d->p->upper != NULL;
    if (k > (SIZE_MAX / 32 - 8) / (n + 1) || square > SIZE_MAX / 32 / n)
        return ml_fail_memory(run->why, "the memory of the method", SIZE_MAX);
    size_t count = 6 * n + square * n + 2 * k * n + 2 * k;
    d->memory = memory_zeros(count, sizeof *d->memory);
    d->mask = memory_array(2 * n, 1);
    if (d->memory == NULL || d->mask == NULL)
        return ml_fail_memory(run->why, "the memory of the method", count * sizeof(double));
    double **const parts[] = {&d->direction, &d->x, &d->g, &d->s, &d->y, &d->product};
    for (size_t i = 0; i < 6; i++)
        *parts[i] = d->memory + i * n;
    d->inverse = d->memory + 6 * n;
    d->pairs = d->inverse + square * n;
    d->curvature = d->pairs + 2 * k * n;
    d->weight = d->curvature + k;
    d->mask_before = d->mask + n;
    memset(d->mask, 1, 2 * n);
    return d->p->method == MINIMIZE_NEWTON ? minimize_newton_make(&d->newton, n, run->why) : ML_OK;
}

static void free_descent(descent *d)
{
    minimize_newton_free(&d->newton);
    free(d->memory);
    free(d->mask);
}

/* Variables at a bound, or nearer to it than the projected gradient step is long, that the gradient pushes
 * there do not take part (Bertsekas 1982, eq. 32). */
static void set_mask(descent *d)
{
    const minimize_run *run = d->run;
    const double *lower = d->p->lower, *upper = d->p->upper;
    memcpy(d->mask_before, d->mask, d->n);
    double near = 0;
    for (size_t i = 0; i < d->n; i++) {
        double to = run->x[i] - run->g[i];
        to = lower != NULL ? fmax(to, lower[i]) : to;
        to = upper != NULL ? fmin(to, upper[i]) : to;
        near = fmax(near, fabs(to - run->x[i]));
    }
    near = fmin(near, 1e-8);
    for (size_t i = 0; i < d->n; i++) {
        double reach = near * fmax(1, fabs(run->x[i]));
        bool low = lower != NULL && run->x[i] <= lower[i] + reach && run->g[i] > 0;
        bool high = upper != NULL && run->x[i] >= upper[i] - reach && run->g[i] < 0;
        d->mask[i] = !low && !high && !minimize_run_held(run, run->x, run->g, i);
    }
}

/* What does not take part goes to its bound. */
static void send_to_bounds(descent *d)
{
    const minimize_run *run = d->run;
    for (size_t i = 0; i < d->n; i++)
        if (!d->mask[i])
            d->direction[i] = run->g[i] == 0  ? 0
                              : run->g[i] > 0 ? d->p->lower[i] - run->x[i]
                                              : d->p->upper[i] - run->x[i];
}

static void steepest(descent *d)
{
    for (size_t i = 0; i < d->n; i++)
        d->direction[i] = d->mask[i] ? -d->run->g[i] : 0;
}

/* p = -H g, H symmetric. */
ML_CLONES static void times_inverse(const double *h, const double *v, double *out, size_t n, double sign)
{
    for (size_t i = 0; i < n; i++) {
        double s[4] = {0};
        size_t j = 0;
        for (; j + 4 <= n; j += 4)
            for (size_t k = 0; k < 4; k++)
                s[k] += h[i * n + j + k] * v[j + k];
        for (size_t k = 0; j < n; j++, k++)
            s[k] += h[i * n + j] * v[j];
        out[i] = sign * ((s[0] + s[1]) + (s[2] + s[3]));
    }
}

static void masked_gradient(const descent *d, double *out)
{
    for (size_t i = 0; i < d->n; i++)
        out[i] = d->mask[i] ? d->run->g[i] : 0;
}

static void direction_bfgs(descent *d)
{
    if (d->updates == 0) {
        steepest(d);
        return;
    }
    masked_gradient(d, d->product);
    times_inverse(d->inverse, d->product, d->direction, d->n, -1);
    for (size_t i = 0; i < d->n; i++)
        if (!d->mask[i])
            d->direction[i] = 0;
}

/* H += (1 + y'Hy / s'y) s s' / s'y - (H y s' + s y'H) / s'y. */
ML_CLONES static void update_inverse(double *h, const double *s, const double *hy, double sy, double yhy,
                                     size_t n)
{
    double a = (1 + yhy / sy) / sy;
    for (size_t i = 0; i < n; i++) {
        double si = s[i], hi = hy[i] / sy, ai = a * si - hi, bi = si / sy;
        for (size_t j = 0; j < n; j++)
            h[i * n + j] += ai * s[j] - bi * hy[j];
    }
}

static void remember_bfgs(descent *d, double sy, double yy)
{
    size_t n = d->n;
    if (d->updates == 0) {
        memset(d->inverse, 0, n * n * sizeof *d->inverse);
        for (size_t i = 0; i < n; i++)
            d->inverse[i * n + i] = sy / yy;
    }
    times_inverse(d->inverse, d->y, d->product, n, 1);
    update_inverse(d->inverse, d->s, d->product, sy, minimize_dot(d->y, d->product, n), n);
    d->updates++;
}

static const double *pair(const descent *d, size_t k)
{
    return d->pairs + 2 * k * d->n;
}

static void add(double *x, double a, const double *y, size_t n)
{
    for (size_t i = 0; i < n; i++)
        x[i] += a * y[i];
}

static void drop_held(descent *d, double *x)
{
    for (size_t i = 0; d->bounded && i < d->n; i++)
        if (!d->mask[i])
            x[i] = 0;
}

/* s'y of pair K over what takes part; 0 when that says nothing. */
static double pair_curvature(const descent *d, size_t k)
{
    if (!d->bounded)
        return d->curvature[k];
    const double *s = pair(d, k), *y = s + d->n;
    double sy = 0, ss = 0, yy = 0;
    for (size_t i = 0; i < d->n; i++)
        if (d->mask[i])
            sy += s[i] * y[i], ss += s[i] * s[i], yy += y[i] * y[i];
    return sy > CURVED * sqrt(ss) * sqrt(yy) ? sy : 0;
}

/* The two-loop recursion. */
static void direction_lbfgs(descent *d)
{
    size_t n = d->n, count = d->updates < d->p->memory ? d->updates : d->p->memory, m = d->p->memory;
    double *q = d->direction;
    steepest(d);
    for (size_t t = 1; t <= count; t++) {
        size_t k = (d->next + m - t) % m;
        double sy = pair_curvature(d, k);
        d->weight[k] = sy == 0 ? 0 : minimize_dot(pair(d, k), q, n) / sy;
        add(q, -d->weight[k], pair(d, k) + n, n);
        drop_held(d, q);
    }
    for (size_t i = 0; count > 0 && i < n; i++)
        q[i] *= d->scale;
    for (size_t t = count; t >= 1; t--) {
        size_t k = (d->next + m - t) % m;
        double sy = pair_curvature(d, k);
        if (sy == 0)
            continue;
        add(q, d->weight[k] - minimize_dot(pair(d, k) + n, q, n) / sy, pair(d, k), n);
        drop_held(d, q);
    }
}

static void remember_lbfgs(descent *d, double sy, double yy)
{
    double *to = d->pairs + 2 * d->next * d->n;
    memcpy(to, d->s, d->n * sizeof *to);
    memcpy(to + d->n, d->y, d->n * sizeof *to);
    d->curvature[d->next] = sy;
    d->scale = sy / yy;
    d->next = (d->next + 1) % d->p->memory;
    d->updates++;
}

/* Hager and Zhang's direction, eq. 1.2 to 1.6, from the one before; s is along it. */
static void direction_cg(descent *d)
{
    double *p = d->direction;
    drop_held(d, p);
    drop_held(d, d->y);
    double dy = minimize_dot(p, d->y, d->n);
    if (d->updates == 0 || !(dy > 0)) {
        steepest(d);
        return;
    }
    /* where a variable is held, p and y are 0 */
    double yy = minimize_dot(d->y, d->y, d->n), yg = minimize_dot(d->y, d->run->g, d->n);
    double pg = minimize_dot(p, d->run->g, d->n), pp = minimize_dot(p, p, d->n);
    double beta = (yg - 2 * pg * yy / dy) / dy;
    /* their later lower bound (CG_DESCENT 2.0 and on): eta p'g_before / p'p */
    beta = fmax(beta, 0.4 * d->slope / pp);
    for (size_t i = 0; i < d->n; i++)
        p[i] = d->mask[i] ? -d->run->g[i] + beta * p[i] : 0;
}

static ml_status choose_direction(descent *d)
{
    switch (d->p->method) {
    case MINIMIZE_NEWTON:
        return minimize_newton_direction(&d->newton, d->run, d->mask, d->direction);
    case MINIMIZE_BFGS:
        direction_bfgs(d);
        break;
    case MINIMIZE_LBFGS:
        direction_lbfgs(d);
        break;
    case MINIMIZE_CG:
        direction_cg(d);
        break;
    default:
        steepest(d);
        break;
    }
    return ML_OK;
}

/* The first length of a search without memory, Hager and Zhang's I0. */
static double first_length(const descent *d)
{
    double x = 0, g = 0, gg = minimize_dot(d->direction, d->direction, d->n);
    for (size_t i = 0; i < d->n; i++) {
        x = fmax(x, fabs(d->run->x[i]));
        g = fmax(g, fabs(d->direction[i]));
    }
    if (x > 0)
        return 0.01 * x / g;
    return d->run->f != 0 && gg > 0 ? 0.01 * fabs(d->run->f) / gg : 0.01;
}

static double trial_length(const descent *d, double slope)
{
    bool armijo = d->p->line_search == MINIMIZE_ARMIJO;
    if (d->p->method == MINIMIZE_NEWTON)
        return d->anew ? first_length(d) : 1;
    if (d->p->method == MINIMIZE_GD && armijo)
        return d->length > 0 ? 2 * d->length : d->p->rate;
    if (d->updates == 0)
        return first_length(d);
    if (d->p->method == MINIMIZE_CG || d->p->method == MINIMIZE_GD)
        return d->length * fmin(10, d->slope / slope);
    return 1;
}

/* The length at which the first bound is met. */
static double room(const descent *d)
{
    double most = INFINITY;
    for (size_t i = 0; d->bounded && i < d->n; i++) {
        double p = d->direction[i];
        if (p < 0 && d->p->lower != NULL)
            most = fmin(most, (d->p->lower[i] - d->run->x[i]) / p);
        if (p > 0 && d->p->upper != NULL)
            most = fmin(most, (d->p->upper[i] - d->run->x[i]) / p);
    }
    return most;
}

static ml_status search(descent *d, line_search *s)
{
    minimize_run *run = d->run;
    /* a damped Newton step may be far too short */
    bool newton = d->p->method == MINIMIZE_NEWTON && d->newton.damping == 0;
    bool armijo = d->p->line_search == MINIMIZE_ARMIJO || (d->p->line_search == MINIMIZE_OWN && newton);
    double most = room(d), curvature = d->p->method == MINIMIZE_CG || d->p->method == MINIMIZE_GD ? 0.1 : 0.9;
    *s = (line_search){.run = run,
                       .p = d->direction,
                       .slope = minimize_dot(run->g, d->direction, d->n),
                       .most = 1e30,
                       .curvature = curvature,
                       .x = d->x,
                       .g = d->g};
    if (!(s->slope < 0) || !isfinite(s->slope))
        return ML_OK;
    s->first = trial_length(d, s->slope);
    if (armijo || most < s->first)
        return line_search_armijo(s);
    s->most = fmin(most, 1e30);
    return line_search_wolfe(s);
}

static bool same_mask(const descent *d)
{
    return !d->bounded || memcmp(d->mask, d->mask_before, d->n) == 0;
}

/* Learn from the step just made: s = x - before, y = g - g before (which is in d->g). */
static void remember(descent *d)
{
    const minimize_run *run = d->run;
    for (size_t i = 0; i < d->n; i++) {
        d->s[i] = run->x[i] - run->before[i];
        d->y[i] = run->g[i] - d->g[i];
    }
    if (d->p->method == MINIMIZE_BFGS) {
        drop_held(d, d->s);
        drop_held(d, d->y);
    }
    double sy = minimize_dot(d->s, d->y, d->n), yy = minimize_dot(d->y, d->y, d->n);
    bool curved = sy > CURVED * minimize_norm(d->s, d->n) * minimize_norm(d->y, d->n) && yy > 0 &&
                  isfinite(sy / yy) && sy / yy > 0;
    if (d->p->method == MINIMIZE_BFGS && curved)
        remember_bfgs(d, sy, yy);
    else if (d->p->method == MINIMIZE_LBFGS && curved)
        remember_lbfgs(d, sy, yy);
    else if (d->p->method == MINIMIZE_CG || d->p->method == MINIMIZE_GD)
        d->updates++;
}

static void swap_point(descent *d, const line_search *s)
{
    minimize_run *run = d->run;
    memcpy(run->before, run->x, d->n * sizeof *run->x);
    memcpy(run->x, d->x, d->n * sizeof *run->x);
    for (size_t i = 0; i < d->n; i++) {
        double g = run->g[i];
        run->g[i] = d->g[i];
        d->g[i] = g;
    }
    d->slope = s->slope;
    d->length = s->length;
}

static ml_status search_anew(descent *d, line_search *s)
{
    d->updates = 0;
    d->next = 0;
    d->anew = true;
    steepest(d);
    if (d->bounded)
        send_to_bounds(d);
    return search(d, s);
}

static ml_status iterate(descent *d)
{
    minimize_run *run = d->run;
    line_search s;
    d->anew = false;
    if (d->bounded)
        set_mask(d);
    if ((d->p->method == MINIMIZE_BFGS || d->p->method == MINIMIZE_CG) && !same_mask(d))
        d->updates = 0;
    ml_status status = choose_direction(d);
    if (status != ML_OK)
        return status;
    if (d->bounded)
        send_to_bounds(d);
    status = search(d, &s);
    if (status == ML_OK && !s.found && (d->updates > 0 || d->p->method == MINIMIZE_NEWTON))
        status = search_anew(d, &s);
    if (status != ML_OK)
        return status;
    if (!s.found)
        return minimize_run_stuck(run, "no step along the direction lowers the value");
    double f = run->f;
    swap_point(d, &s);
    run->f = s.f;
    remember(d);
    run->now.rate = s.length;
    run->now.damping = d->p->method == MINIMIZE_NEWTON ? d->newton.damping : NAN;
    return minimize_run_step(run, s.f - f);
}

ml_status minimize_run_descent(minimize_run *run)
{
    descent d;
    ml_status status = make_descent(&d, run);
    run->now.vectors[0] = (minimize_vector){"p", NULL, d.direction};
    run->now.vector_count = 1;
    while (status == ML_OK && !run->ended)
        status = iterate(&d);
    free_descent(&d);
    return status;
}
