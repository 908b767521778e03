/* Nelder and Mead's simplex method. */
#include <float.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "math/minimize_internal.h"

/* The first simplex: each variable changed by this share of it. */
static const double SPREAD = 0.05;
/* A simplex so small against its variables, or with values so near one another, moves no more. */
static const double SMALL = 1e-15, LEVEL = 4 * DBL_EPSILON;
enum { RESTARTS = 30 };

typedef struct simplex {
    minimize_run *run;
    size_t n;        /* variables that are not fixed by equal bounds */
    size_t *index;   /* of each */
    double **vertex; /* n + 1, ascending by value: all of the run's variables each */
    double *value;   /* n + 1 */
    double *centre, *reflected, *trial;
    double expand, contract, shrink;
    double check; /* ask for confirmation when the values differ by less */
    double restart_value;
    size_t restarts;
    double *memory;
} simplex;

static ml_status make(simplex *s, minimize_run *run)
{
    size_t all = run->n;
    const minimize_params *p = run->params;
    *s = (simplex){.run = run, .index = memory_array(all, sizeof *s->index)};
    for (size_t i = 0; s->index != NULL && i < all; i++)
        if (p->lower == NULL || p->upper == NULL || p->lower[i] < p->upper[i])
            s->index[s->n++] = i;
    if (all > 20000)
        return ml_fail(run->why, "nelder-mead is not for %zu variables; lbfgs is", all);
    size_t count = (s->n + 1) * (all + 1) + 3 * all;
    s->vertex = memory_array(s->n + 1, sizeof *s->vertex);
    s->memory = memory_zeros(count, sizeof *s->memory);
    if (s->index == NULL || s->vertex == NULL || s->memory == NULL)
        return ml_fail_memory(run->why, "the simplex", count * sizeof(double));
    s->value = s->memory;
    s->centre = s->value + s->n + 1;
    s->reflected = s->centre + all;
    s->trial = s->reflected + all;
    for (size_t k = 0; k <= s->n; k++)
        s->vertex[k] = s->trial + (k + 1) * all;
    /* Gao and Han's parameters, which are Nelder and Mead's for two variables */
    double size = fmax(2, (double)s->n);
    s->expand = 1 + 2 / size, s->contract = 0.75 - 1 / (2 * size), s->shrink = 1 - 1 / size;
    return ML_OK;
}

static void release(simplex *s)
{
    free(s->index);
    free(s->vertex);
    free(s->memory);
}

static void copy(const simplex *s, double *to, const double *from)
{
    memcpy(to, from, s->run->n * sizeof *to);
}

/* Put vertex K, whose value is new, in its place. */
static void sift(simplex *s, size_t k)
{
    double *x = s->vertex[k], f = s->value[k];
    for (; k > 0 && f < s->value[k - 1]; k--) {
        s->vertex[k] = s->vertex[k - 1];
        s->value[k] = s->value[k - 1];
    }
    s->vertex[k] = x;
    s->value[k] = f;
}

/* A change of variable I by about AMOUNT of it, to the side where there is room. */
static double change(const simplex *s, size_t i, double amount)
{
    const minimize_run *run = s->run;
    double x = run->x[i], size = fabs(x);
    for (size_t k = 0; size == 0 && k < run->n; k++)
        size = fmax(size, fabs(run->x[k]));
    double h = amount * (size > 0 ? size : 1);
    double upper = run->params->upper ? run->params->upper[i] : INFINITY;
    double lower = run->params->lower ? run->params->lower[i] : -INFINITY;
    if (x + h <= upper)
        return x + h;
    return x - h >= lower ? x - h : x - lower > upper - x ? lower : upper;
}

/* A simplex round the run's point; a vertex outside the domain is halved towards it a few times. */
static ml_status build(simplex *s, double amount)
{
    minimize_run *run = s->run;
    copy(s, s->vertex[0], run->x);
    s->value[0] = run->f;
    for (size_t k = 1; k <= s->n; k++) {
        size_t i = s->index[k - 1];
        double h = amount;
        copy(s, s->vertex[k], run->x);
        for (int halving = 0; halving < 20; halving++, h /= 2) {
            s->vertex[k][i] = change(s, i, h);
            ml_status status = minimize_run_value(run, s->vertex[k], &s->value[k]);
            if (status != ML_OK)
                return status;
            if (s->value[k] < INFINITY)
                break;
        }
    }
    for (size_t k = 1; k <= s->n; k++)
        sift(s, k);
    s->restart_value = run->f;
    return ML_OK;
}

/* centre + factor (centre - worst), between the bounds. */
static ml_status point(simplex *s, double factor, double *x, double *f)
{
    const double *worst = s->vertex[s->n];
    for (size_t i = 0; i < s->run->n; i++)
        x[i] = s->centre[i] + factor * (s->centre[i] - worst[i]);
    minimize_run_clamp(s->run, x);
    return minimize_run_value(s->run, x, f);
}

static void replace_worst(simplex *s, const double *x, double f)
{
    copy(s, s->vertex[s->n], x);
    s->value[s->n] = f;
    sift(s, s->n);
}

static ml_status shrink(simplex *s)
{
    ml_status status = ML_OK;
    for (size_t k = 1; status == ML_OK && k <= s->n; k++) {
        for (size_t i = 0; i < s->run->n; i++)
            s->vertex[k][i] = s->vertex[0][i] + s->shrink * (s->vertex[k][i] - s->vertex[0][i]);
        status = minimize_run_value(s->run, s->vertex[k], &s->value[k]);
    }
    for (size_t k = 1; k <= s->n; k++)
        sift(s, k);
    return status;
}

static void find_centre(simplex *s)
{
    memset(s->centre, 0, s->run->n * sizeof *s->centre);
    for (size_t k = 0; k < s->n; k++)
        for (size_t i = 0; i < s->run->n; i++)
            s->centre[i] += s->vertex[k][i] / (double)s->n;
}

/* One reflection, with what follows from its value (Lagarias, Reeds, Wright, Wright, SIAM J. Optim. 9 (1998)
 * 112). */
static ml_status transform(simplex *s)
{
    double reflected, f;
    find_centre(s);
    ml_status status = point(s, 1, s->reflected, &reflected);
    if (status != ML_OK)
        return status;
    if (reflected < s->value[0]) {
        status = point(s, s->expand, s->trial, &f);
        if (status == ML_OK && f < reflected)
            replace_worst(s, s->trial, f);
        else if (status == ML_OK)
            replace_worst(s, s->reflected, reflected);
        return status;
    }
    if (reflected < s->value[s->n - 1]) {
        replace_worst(s, s->reflected, reflected);
        return ML_OK;
    }
    bool outside = reflected < s->value[s->n];
    status = point(s, outside ? s->contract : -s->contract, s->trial, &f);
    if (status != ML_OK)
        return status;
    if (outside ? f <= reflected : f < s->value[s->n]) {
        replace_worst(s, s->trial, f);
        return ML_OK;
    }
    return shrink(s);
}

static bool collapsed(const simplex *s)
{
    double low = s->value[0], high = s->value[s->n], most = 0;
    for (size_t i = 0; i < s->run->n; i++)
        for (size_t k = 1; k <= s->n; k++) {
            double best = s->vertex[0][i], apart = fabs(s->vertex[k][i] - best);
            if (apart > 0)
                most = fmax(most, apart / fmax(fabs(best), DBL_MIN));
        }
    return most <= SMALL || high - low <= LEVEL * fabs(low);
}

/* Is the best vertex, as the run's point, a minimum by its derivatives? */
static ml_status confirm(simplex *s)
{
    minimize_run *run = s->run;
    if (run->objective->gradient == NULL)
        return ML_OK;
    double f = 0;
    ml_status status = minimize_run_gradient(run, run->x, &f, run->g);
    if (status != ML_OK || f == INFINITY)
        return status;
    return minimize_run_confirm(run);
}

/* A collapsed simplex is built anew round its best vertex, unless the last one brought nothing. */
static ml_status restart(simplex *s)
{
    minimize_run *run = s->run;
    ml_status status = confirm(s);
    if (status != ML_OK || run->ended)
        return status;
    bool better = run->f < s->restart_value - 1e-10 * fabs(s->restart_value);
    if (s->restarts > 0 && (!better || s->restarts >= RESTARTS)) {
        if (run->objective->gradient == NULL)
            minimize_run_end(run, MINIMIZE_CONVERGED_STEP, NULL);
        else
            minimize_run_end(run, MINIMIZE_STALLED,
                             "the simplex collapsed again where the gradient is not small");
        return ML_OK;
    }
    s->restarts++;
    return build(s, SPREAD);
}

static ml_status iterate(simplex *s)
{
    minimize_run *run = s->run;
    double f = run->f;
    ml_status status = transform(s);
    if (status != ML_OK)
        return status;
    copy(s, run->before, run->x);
    copy(s, run->x, s->vertex[0]);
    run->f = s->value[0];
    status = minimize_run_step(run, run->f - f);
    if (status != ML_OK || run->ended)
        return status;
    if (collapsed(s))
        return restart(s);
    if (s->value[s->n] - s->value[0] <= s->check) {
        s->check /= 100;
        return confirm(s);
    }
    return ML_OK;
}

ml_status minimize_run_simplex(minimize_run *run)
{
    simplex s;
    ml_status status = make(&s, run);
    if (status == ML_OK && s.n == 0)
        minimize_run_end(run, MINIMIZE_CONVERGED_STEP, NULL);
    else if (status == ML_OK)
        status = build(&s, SPREAD);
    s.check = 1e-12 * fmax(1, fabs(run->f));
    while (status == ML_OK && !run->ended)
        status = iterate(&s);
    /* the gradient of the result */
    double f = run->f;
    if (status == ML_OK && run->objective->gradient != NULL)
        status = minimize_run_gradient(run, run->x, &f, run->g);
    release(&s);
    return status;
}
