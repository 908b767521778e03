/* What second derivatives say of a point. */
#include <float.h>
#include <lapack.h>
#include <math.h>
#include <stdlib.h>

#include <gsl/gsl_vector.h>

#include "base/memory.h"
#include "math/dense.h"
#include "math/minimize_internal.h"

/* Eigenvalues of the scaled Hessian below this share of the greatest count as this share. */
static const double FLATTEST = 1e-12;

/* Eigenvalues below minus this share of the greatest are negative beyond doubt; this share of the decrease
 * along them is too much for a minimum. */
static const double NEGATIVE = 1e-8, DOWNHILL = 1e-3;

/* Of the value, that may be rounding in a sum of large terms. */
static const double NOISE = 1e-11;
/* How many steps of the model to go to see that it holds. */
static const double BEYOND = 30;
/* A step less than this share of a variable is short; along a long one, look BEYOND and two times ten times
 * as far. */
static const double SETTLED = 1e-3;
enum { FURTHER = 3 };
/* Of variables: what is small in one of them may hide a long step in another, in other units; below the first
 * rounding makes the step. */
static const double UNITS[] = {1e-6, 1};
/* Pivots of the scaled matrix above this leave its condition below 1e8 or so. */
static const double SAFE_PIVOT = 1e-4;

/* The Hessian of the variables that are free, scaled to a diagonal of 1 and -1. */
typedef struct curvature {
    size_t n;      /* free variables */
    size_t *index; /* of each, among all */
    double *unit;  /* D: the scaled Hessian is D H D; 0 for a row of zeros */
    gsl_matrix *h;
    gsl_vector *values;
    gsl_matrix *vectors;
} curvature;

static void free_curvature(curvature *c)
{
    free(c->index);
    free(c->unit);
    gsl_matrix_free(c->h);
    gsl_vector_free(c->values);
    gsl_matrix_free(c->vectors);
}

static void copy_free(curvature *c, const gsl_matrix *hessian)
{
    for (size_t i = 0; i < c->n; i++)
        for (size_t j = 0; j < c->n; j++)
            gsl_matrix_set(c->h, i, j, gsl_matrix_get(hessian, c->index[i], c->index[j]));
}

/* The free part of HESSIAN.  HELD may be NULL. */
static ml_status make_curvature(curvature *c, const gsl_matrix *hessian, const signed char *held,
                                bool vectors, ml_message *why)
{
    size_t n = hessian->size1;
    *c = (curvature){.index = memory_array(n, sizeof(size_t)), .unit = memory_array(n, sizeof(double))};
    for (size_t i = 0; c->index != NULL && i < n; i++)
        if (held == NULL || held[i] == 0)
            c->index[c->n++] = i;
    if (c->n > 0) {
        c->h = gsl_matrix_alloc(c->n, c->n);
        c->values = gsl_vector_alloc(c->n);
        c->vectors = vectors ? gsl_matrix_alloc(c->n, c->n) : NULL;
    }
    if (c->index == NULL || c->unit == NULL ||
        (c->n > 0 && (c->h == NULL || c->values == NULL || (vectors && c->vectors == NULL))))
        return ml_fail_memory(why, "the Hessian", 2 * n * n * sizeof(double));
    if (c->n > 0)
        copy_free(c, hessian);
    return ML_OK;
}

/* Make the diagonal 1 or -1; where it is 0, the greatest entry of the row takes its place. */
static void scale_curvature(curvature *c)
{
    for (size_t i = 0; i < c->n; i++) {
        double size = fabs(gsl_matrix_get(c->h, i, i));
        for (size_t j = 0; size == 0 && j < c->n; j++)
            size = fmax(size, fabs(gsl_matrix_get(c->h, i, j)));
        c->unit[i] = size > 0 ? 1 / sqrt(size) : 0;
    }
    for (size_t i = 0; i < c->n; i++)
        for (size_t j = 0; j < c->n; j++)
            gsl_matrix_set(c->h, i, j, gsl_matrix_get(c->h, i, j) * c->unit[i] * c->unit[j]);
}

/* p = D |D H D|^-1 D g into STEP (n free numbers), its part along curvature beyond rounding into FIRM, and
 * 1/2 g'p; INFINITY for a slope without curvature, or a good part of it along negative curvature. */
static double model_step(const curvature *c, const double *g, double *step, double *firm, double *flat)
{
    double twice = 0, down = 0, most = 0;
    *flat = 0;
    for (size_t i = 0; i < c->n; i++) {
        step[i] = firm[i] = 0;
        most = fmax(most, fabs(gsl_vector_get(c->values, i)));
        if (c->unit[i] == 0 && g[c->index[i]] != 0)
            twice = INFINITY;
    }
    for (size_t k = 0; k < c->n; k++) {
        double along = 0, size = fmax(fabs(gsl_vector_get(c->values, k)), FLATTEST * most);
        for (size_t i = 0; i < c->n; i++)
            along += gsl_matrix_get(c->vectors, i, k) * c->unit[i] * g[c->index[i]];
        if (along == 0)
            continue;
        twice += along * along / size;
        if (gsl_vector_get(c->values, k) < -NEGATIVE * most)
            down += along * along / size;
        else if (size == FLATTEST * most)
            *flat += along * along / size / 2;
        for (size_t i = 0; i < c->n; i++) {
            double p = c->unit[i] * gsl_matrix_get(c->vectors, i, k) * along / size;
            step[i] += p;
            firm[i] += size > FLATTEST * most ? p : 0;
        }
    }
    return down > DOWNHILL * twice ? INFINITY : twice / 2;
}

/* The same where Cholesky finds the scaled Hessian safely positive definite, which costs a tenth; false where
 * it does not. */
static bool cholesky_step(curvature *c, const double *g, double *step, double *left)
{
    int n = (int)c->n, one = 1, info = 0;
    double twice = 0, least = INFINITY, *factor = c->vectors->data;
    gsl_matrix_memcpy(c->vectors, c->h);
    for (size_t i = 0; i < c->n; i++)
        step[i] = c->unit[i] * g[c->index[i]];
    LAPACK_dpotrf("U", &n, factor, &n, &info);
    for (size_t i = 0; info == 0 && i < c->n; i++)
        least = fmin(least, factor[i * c->n + i]);
    if (info != 0 || !(least > SAFE_PIVOT))
        return false;
    LAPACK_dpotrs("U", &n, &one, factor, &n, step, &n, &info);
    for (size_t i = 0; i < c->n; i++) {
        step[i] *= c->unit[i];
        twice += g[c->index[i]] * step[i];
    }
    *left = twice / 2;
    return true;
}

static void measure_step(const curvature *c, const double *x, const double *step, minimize_model *model)
{
    for (size_t i = 0; i < c->n; i++) {
        double size = fabs(x[c->index[i]]), p = fabs(step[i]);
        model->step = fmax(model->step, p / fmax(size, 1));
        if (p != 0)
            model->relative = fmax(model->relative, p / size);
    }
}

/* Column I of the Hessian by central differences of the gradient, rounding and truncation balanced. */
static ml_status difference_column(minimize_run *run, size_t i, double *work, gsl_matrix *h, bool *known)
{
    size_t n = run->n;
    double *x = work, *above = work + n, *below = work + 2 * n, f = 0;
    double width = cbrt(DBL_EPSILON) * fmax(fabs(run->x[i]), 1e-3);
    for (size_t k = 0; k < n; k++)
        x[k] = run->x[k];
    x[i] = run->x[i] + width;
    double upper = x[i];
    ml_status status = minimize_run_gradient(run, x, &f, above);
    *known = isfinite(f);
    x[i] = run->x[i] - width;
    if (status == ML_OK && *known)
        status = minimize_run_gradient(run, x, &f, below);
    *known = *known && isfinite(f);
    for (size_t k = 0; k < n; k++)
        gsl_matrix_set(h, k, i, (above[k] - below[k]) / (upper - x[i]));
    return status;
}

static ml_status difference_hessian(minimize_run *run, gsl_matrix *h, bool *known)
{
    size_t n = run->n;
    double *work = memory_zeros(3 * n, sizeof *work);
    if (work == NULL)
        return ml_fail_memory(run->why, "differences of the gradient", 3 * n * sizeof *work);
    ml_status status = ML_OK;
    *known = true;
    for (size_t i = 0; status == ML_OK && *known && i < n; i++)
        status = difference_column(run, i, work, h, known);
    for (size_t i = 0; i < n; i++)
        for (size_t j = 0; j < i; j++) {
            double mean = (gsl_matrix_get(h, i, j) + gsl_matrix_get(h, j, i)) / 2;
            gsl_matrix_set(h, i, j, mean);
            gsl_matrix_set(h, j, i, mean);
        }
    free(work);
    return status;
}

static ml_status hessian_here(minimize_run *run, gsl_matrix *h, bool *known)
{
    if (run->objective->hessian == NULL)
        return difference_hessian(run, h, known);
    ml_status status = minimize_run_hessian(run, run->x, h);
    *known = status == ML_OK;
    return status == ML_NO ? ML_OK : status;
}

/* Far beyond the model's minimum the function must be higher than there, as the model is; at the edge of a
 * domain, or where it levels off, it goes on falling, and what the model says is void. */
static ml_status probe(minimize_run *run, const curvature *c, const double *step, minimize_model *model)
{
    double *x = memory_array(run->n, sizeof *x), f = 0;
    if (x == NULL)
        return ml_fail_memory(run->why, "a point", run->n * sizeof *x);
    for (size_t i = 0; i < run->n; i++)
        x[i] = run->x[i];
    for (size_t i = 0; i < c->n; i++)
        x[c->index[i]] -= BEYOND * step[i];
    minimize_run_clamp(run, x);
    ml_status status = minimize_run_value(run, x, &f);
    if (status == ML_OK && f < run->f - 1.5 * model->left - NOISE * fabs(run->f)) {
        model->left = INFINITY;
        run->lower = true;
        for (size_t i = 0; run->beyond != NULL && i < run->n; i++)
            run->beyond[i] = x[i];
    }
    free(x);
    return status;
}

static bool beyond_bound(const minimize_run *run, const double *x, size_t i)
{
    const double *lower = run->params->lower, *upper = run->params->upper;
    return (lower != NULL && x[i] < lower[i]) || (upper != NULL && x[i] > upper[i]);
}

/* STEP, of the coordinates where it is more than SETTLED times max(|x_i|, UNIT), into P (n numbers); its
 * curvature p'Hp. */
static double long_step(const minimize_run *run, const curvature *c, const gsl_matrix *h, const double *step,
                        double unit, double *p)
{
    double curve = 0;
    for (size_t i = 0; i < run->n; i++)
        p[i] = 0;
    for (size_t k = 0; k < c->n; k++) {
        size_t i = c->index[k];
        if (fabs(step[k]) > SETTLED * fmax(fabs(run->x[i]), unit))
            p[i] = step[k];
    }
    for (size_t i = 0; i < run->n; i++)
        for (size_t j = 0; j < run->n; j++)
            curve += p[i] * gsl_matrix_get(h, i, j) * p[j];
    return curve;
}

/* Where what the model leaves is next to nothing, a step may still be long: because the minimum is flat, or
 * because there is none and the function levels off.  Along P, whose curvature is CURVE, the slope must grow
 * about as the model has it, or a bound or the domain end.  WORK: 2n numbers. */
static ml_status look_for_turn(minimize_run *run, const double *p, double curve, double *work,
                               minimize_model *model)
{
    double *x = work, *g = work + run->n;
    bool turns = !(curve > 0);
    ml_status status = ML_OK;
    for (int go = 0; status == ML_OK && !turns && go < FURTHER; go++) {
        double times = BEYOND * pow(10, go), growth = 0, f = 0;
        for (size_t i = 0; i < run->n; i++) {
            x[i] = run->x[i] - times * p[i];
            turns = turns || beyond_bound(run, x, i);
        }
        if (!turns)
            status = minimize_run_gradient(run, x, &f, g);
        for (size_t i = 0; i < run->n; i++)
            growth += (run->g[i] - g[i]) * p[i];
        turns = turns || !isfinite(f) || growth > times / 4 * curve;
    }
    model->level = model->level || !turns;
    return status;
}

static ml_status look_along(minimize_run *run, const curvature *c, const gsl_matrix *h, const double *step,
                            minimize_model *model)
{
    double *work = memory_zeros(3 * run->n, sizeof *work), *p = work + 2 * run->n;
    if (work == NULL)
        return ml_fail_memory(run->why, "a point and its gradient", 3 * run->n * sizeof *work);
    ml_status status = ML_OK;
    for (int go = 0; status == ML_OK && !model->level && go < 2; go++) {
        double curve = long_step(run, c, h, step, UNITS[go], p);
        status = look_for_turn(run, p, curve, work, model);
    }
    free(work);
    return status;
}

static ml_status measure(minimize_run *run, const gsl_matrix *h, minimize_model *model)
{
    curvature c;
    double *step = memory_zeros(2 * run->n, sizeof *step), *firm = step + run->n;
    for (size_t i = 0; i < run->n; i++)
        run->result->held[i] = (signed char)minimize_run_held(run, run->x, run->g, i);
    ml_status status = make_curvature(&c, h, run->result->held, true, run->why);
    if (status == ML_OK && step == NULL)
        status = ml_fail_memory(run->why, "a step", 2 * run->n * sizeof *step);
    *model = (minimize_model){0};
    if (status == ML_OK && c.n > 0) {
        scale_curvature(&c);
        if (cholesky_step(&c, run->g, step, &model->left)) {
            firm = step;
        } else {
            status = dense_symmetric(c.h, c.values, c.vectors, run->why);
            model->left = status == ML_OK ? model_step(&c, run->g, step, firm, &model->flat) : INFINITY;
        }
    }
    if (status == ML_OK && c.n > 0) {
        measure_step(&c, run->x, step, model);
        if (isfinite(model->left))
            status = probe(run, &c, step, model);
        if (status == ML_OK && isfinite(model->left))
            status = look_along(run, &c, h, firm, model);
        if (model->left == INFINITY)
            model->relative = INFINITY;
    }
    free(step);
    free_curvature(&c);
    return status;
}

ml_status minimize_run_left(minimize_run *run, minimize_model *model, bool *known)
{
    gsl_matrix *h = gsl_matrix_alloc(run->n, run->n);
    *known = false;
    if (h == NULL)
        return ml_fail_memory(run->why, "the Hessian", run->n * run->n * sizeof(double));
    ml_status status = hessian_here(run, h, known);
    if (status == ML_OK && *known)
        status = measure(run, h, model);
    gsl_matrix_free(h);
    return status;
}

const char *minimize_class_name(minimize_class class)
{
    static const char *const names[] = {"minimum", "saddle", "maximum", "degenerate"};
    return names[class];
}

static minimize_class class_of(const gsl_vector *values, double tolerance)
{
    size_t positive = 0, negative = 0;
    for (size_t i = 0; i < values->size; i++) {
        positive += gsl_vector_get(values, i) > tolerance;
        negative += gsl_vector_get(values, i) < -tolerance;
    }
    if (positive > 0 && negative > 0)
        return MINIMIZE_SADDLE;
    if (positive + negative < values->size)
        return MINIMIZE_DEGENERATE;
    return positive > 0 ? MINIMIZE_MINIMUM : MINIMIZE_MAXIMUM;
}

ml_status minimize_classify(const gsl_matrix *hessian, const signed char *held, double tolerance,
                            minimize_class *class, double *values, ml_message *why)
{
    curvature c;
    ml_status status = make_curvature(&c, hessian, held, false, why);
    *class = MINIMIZE_MINIMUM;
    for (size_t i = 0; values != NULL && i < hessian->size1; i++)
        values[i] = NAN;
    if (status == ML_OK && c.n > 0 && values != NULL) {
        status = dense_symmetric(c.h, c.values, NULL, why);
        for (size_t i = 0; status == ML_OK && i < c.n; i++)
            values[i] = gsl_vector_get(c.values, i);
        copy_free(&c, hessian);
    }
    if (status == ML_OK && c.n > 0) {
        scale_curvature(&c);
        status = dense_symmetric(c.h, c.values, NULL, why);
    }
    if (status == ML_OK && c.n > 0)
        *class = class_of(c.values, tolerance > 0 ? tolerance : 1e-10 * (double)c.n);
    free_curvature(&c);
    return status;
}
