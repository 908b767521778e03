#include "math/line_search.h"

#include <float.h>
#include <math.h>
#include <string.h>

static const double DECREASE = 1e-4; /* c1 */
/* A difference of values, relative to the value, that may be rounding. */
static const double FLAT = 1e-10;
/* The interval must shrink by this in two trials, else it is halved; steps beyond the best trial are taken by
 * this share of the interval at most. */
static const double SHRINK = 0.66;
enum { TRIALS = 50 };

/* A length, the function there (less a multiple of the length in the first stage) and its slope. */
typedef struct sample {
    double a, f, d;
} sample;

typedef struct interval {
    sample best, other;
    bool bracketed;
    double least, most; /* of the next trial */
    double width, width_before;
    bool first_stage;
} interval;

static ml_status evaluate(line_search *s, double a, sample *at)
{
    minimize_run *run = s->run;
    for (size_t i = 0; i < run->n; i++)
        s->x[i] = run->x[i] + a * s->p[i];
    minimize_run_clamp(run, s->x); /* against rounding: `most` keeps x + a p within the bounds */
    ml_status status = minimize_run_gradient(run, s->x, &s->f, s->g);
    s->length = a;
    *at = (sample){a, s->f, isfinite(s->f) ? minimize_dot(s->g, s->p, run->n) : NAN};
    return status;
}

/* The minimizer of the cubic through two samples, as More and Thuente's cases need it; BEYOND: also where the
 * root is not real, at the end of its growth. */
static double cubic(const sample *u, const sample *t, bool beyond, bool *real)
{
    double theta = 3 * (u->f - t->f) / (t->a - u->a) + u->d + t->d;
    double unit = fmax(fabs(theta), fmax(fabs(u->d), fabs(t->d)));
    double square = theta / unit * (theta / unit) - u->d / unit * (t->d / unit);
    double gamma = unit * sqrt(fmax(0, square));
    *real = true;
    if (beyond) {
        if (t->a > u->a)
            gamma = -gamma;
        double ratio = (gamma - t->d + theta) / (gamma + (u->d - t->d) + gamma);
        *real = ratio < 0 && gamma != 0;
        return t->a + ratio * (u->a - t->a);
    }
    if (t->a < u->a)
        gamma = -gamma;
    double ratio = (gamma - u->d + theta) / (gamma - u->d + gamma + t->d);
    return u->a + ratio * (t->a - u->a);
}

static double secant(const sample *u, const sample *t)
{
    return t->a + t->d / (t->d - u->d) * (u->a - t->a);
}

static double clip(double a, double least, double most)
{
    return fmin(fmax(a, least), most);
}

/* Case 3 of the paper: a lower value, slopes of one sign, the new one less steep. */
static double trial_flatter(const interval *v, const sample *t)
{
    bool real;
    double c = cubic(&v->best, t, true, &real), q = secant(&v->best, t), next;
    if (!real)
        c = t->a > v->best.a ? v->most : v->least;
    if (!v->bracketed) {
        next = fabs(c - t->a) > fabs(q - t->a) ? c : q;
        return clip(next, v->least, v->most);
    }
    next = fabs(c - t->a) < fabs(q - t->a) ? c : q;
    double bound = t->a + SHRINK * (v->other.a - t->a);
    return t->a > v->best.a ? fmin(bound, next) : fmax(bound, next);
}

/* The next trial after T, and the interval with T as an end (section 4 of the paper). */
static double next_trial(interval *v, const sample *t)
{
    bool real;
    double next;
    bool turns = t->d * (v->best.d / fabs(v->best.d)) < 0;
    if (t->f > v->best.f) {
        double c = cubic(&v->best, t, false, &real);
        double rise = (v->best.f - t->f) / (t->a - v->best.a) + v->best.d;
        double q = v->best.a + v->best.d / rise / 2 * (t->a - v->best.a);
        next = fabs(c - v->best.a) < fabs(q - v->best.a) ? c : c + (q - c) / 2;
        v->bracketed = true;
        v->other = *t;
        return next;
    }
    if (turns) {
        sample swapped = v->best;
        double c = cubic(t, &swapped, false, &real), q = secant(&v->best, t);
        next = fabs(c - t->a) > fabs(q - t->a) ? c : q;
        v->bracketed = true;
        v->other = v->best;
    } else if (fabs(t->d) < fabs(v->best.d)) {
        next = trial_flatter(v, t);
    } else if (v->bracketed) {
        next = cubic(t, &v->other, false, &real);
    } else {
        next = t->a > v->best.a ? v->most : v->least;
    }
    v->best = *t;
    return next;
}

/* Limits of the trial after that of A: the interval, or beyond it by 1.1 to 4 times the step just made. */
static void limit(interval *v, double a)
{
    if (v->bracketed) {
        v->least = fmin(v->best.a, v->other.a);
        v->most = fmax(v->best.a, v->other.a);
    } else {
        v->least = a + 1.1 * (a - v->best.a);
        v->most = a + 4 * (a - v->best.a);
    }
}

/* Take the sample T, of f, and say where to look next. */
static double advance(interval *v, const sample *t, double f0, double slope, double *tilt, double most)
{
    if (v->first_stage && t->f <= f0 + DECREASE * slope * t->a && t->d >= 0)
        v->first_stage = false;
    /* while no point has both a low value and a positive slope, work on f(a) - f(0) - c1 a f'(0) */
    double want = v->first_stage ? DECREASE * slope : 0, change = want - *tilt;
    v->best.f -= change * v->best.a, v->best.d -= change;
    v->other.f -= change * v->other.a, v->other.d -= change;
    *tilt = want;
    sample tilted = {t->a, t->f - want * t->a, t->d - want};
    double a = next_trial(v, &tilted);
    if (v->bracketed) {
        double width = fabs(v->other.a - v->best.a);
        if (width >= SHRINK * v->width_before)
            a = v->best.a + (v->other.a - v->best.a) / 2;
        v->width_before = v->width;
        v->width = width;
    }
    a = clip(a, 0, most);
    limit(v, a);
    return a;
}

static bool wolfe(const line_search *s, const sample *t, double f0)
{
    if (t->f <= f0 + DECREASE * t->a * s->slope && fabs(t->d) <= s->curvature * fabs(s->slope))
        return true;
    /* the slope of a parabola stands in for its values where these are rounded */
    return t->f <= f0 + FLAT * fabs(f0) && t->d <= (2 * 0.1 - 1) * s->slope &&
           t->d >= fmax(s->curvature, 0.1) * s->slope;
}

/* The interval can shrink no more, or no more trials are due: the best sample if it is better than the start.
 */
static ml_status settle(line_search *s, const interval *v, double f0)
{
    sample t;
    if (!(v->best.a > 0))
        return ML_OK;
    if (v->best.a != s->length) {
        ml_status status = evaluate(s, v->best.a, &t);
        if (status != ML_OK)
            return status;
    }
    s->found = s->f < f0 && s->f <= f0 + DECREASE * s->length * s->slope;
    return ML_OK;
}

/* A trial without a value bounds the lengths; the next one is half way to it. */
static double outside(const interval *v, line_search *s, double a)
{
    s->most = a;
    return v->best.a + (a - v->best.a) / 2;
}

ml_status line_search_wolfe(line_search *s)
{
    double f0 = s->run->f, a = fmin(s->first, s->most), tilt = 0;
    interval v = {.best = {0, f0, s->slope}, .other = {0, f0, s->slope}, .first_stage = true};
    v.width = s->most, v.width_before = 2 * v.width;
    v.least = 0, v.most = 5 * a;
    s->found = false;
    for (int trial = 0; trial < TRIALS; trial++) {
        sample t;
        ml_status status = evaluate(s, a, &t);
        if (status != ML_OK)
            return status;
        if (t.f == INFINITY) {
            a = outside(&v, s, a);
            if (a == v.best.a)
                break;
            continue;
        }
        s->found = minimize_run_fell(s->run, t.f) || wolfe(s, &t, f0) ||
                   (a >= s->most && !v.bracketed && t.f <= f0 + DECREASE * a * s->slope &&
                    t.d <= DECREASE * s->slope);
        if (s->found)
            return ML_OK;
        a = advance(&v, &t, f0, s->slope, &tilt, s->most);
        if (v.bracketed && v.most - v.least <= 4 * DBL_EPSILON * v.most)
            break;
        if (v.bracketed && !(a > v.least && a < v.most))
            a = v.least + (v.most - v.least) / 2;
    }
    return settle(s, &v, f0);
}

/* Where the parabola through f(0), f'(0) and f(a) is least, between a tenth and a half of a. */
static double backtrack(double f0, double slope, double a, double f)
{
    double b = -slope * a * a / (2 * (f - f0 - slope * a));
    return isfinite(b) ? clip(b, a / 10, a / 2) : a / 2;
}

ml_status line_search_armijo(line_search *s)
{
    minimize_run *run = s->run;
    double a = fmin(s->first, s->most);
    s->found = false;
    for (int trial = 0; trial < TRIALS; trial++) {
        double along = 0;
        for (size_t i = 0; i < run->n; i++)
            s->x[i] = run->x[i] + a * s->p[i];
        minimize_run_clamp(run, s->x);
        for (size_t i = 0; i < run->n; i++)
            along += run->g[i] * (s->x[i] - run->x[i]);
        if (along == 0)
            return ML_OK;
        ml_status status = minimize_run_value(run, s->x, &s->f);
        if (status != ML_OK)
            return status;
        if (along < 0 && s->f <= run->f + DECREASE * along && s->f < run->f) {
            status = minimize_run_gradient(run, s->x, &s->f, s->g);
            s->length = a;
            s->found = s->f != INFINITY;
            if (status != ML_OK || s->found)
                return status;
        }
        a = backtrack(run->f, s->slope, a, s->f);
    }
    return ML_OK;
}
