#include "math/constrained.h"

#include <float.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <gsl/gsl_blas.h>
#include <gsl/gsl_vector.h>

#include "base/memory.h"
#include "math/dense.h"
#include "math/linalg.h"
#include "math/minimize.h"

/* Functions are divided by the size of their gradient at the start, within these. */
static const double LEAST_SCALE = 1e-8, MOST_SCALE = 1e4;
/* f has no minimum when it falls by this many times its size, or 1, at the start. */
static const double BOTTOMLESS = 1e12;
static const double MOST_PENALTY = 1e12, MOST_MULTIPLIER = 1e12;
/* The penalty stays where an outer iteration makes the violation so much less. */
static const double PROGRESS = 0.5;
/* Newton's method on the KKT equations is tried where the scaled residuals are below this. */
static const double NEAR = 0.1;
/* A Newton step this much longer than the point is none. */
static const double FARTHEST = 1e3;
enum { OUTER = 60, POLISH_STEPS = 30, RESTORATIONS = 3, HOPELESS = 4, FALLS = 6, INNER = 300, DOUBTS = 12 };
/* Scaled violations below this are none when the violation alone is minimized. */
static const double FEASIBLE = 1e-6;
/* A step away from a point where that fails must leave so little of it; lengths and rounds of looking. */
static const double LESS = 0.99;
enum { LOOKS = 5, LEAVINGS = 12 };
/* Of x: the first wall.  A weighted gradient above the other is scaled. */
static const double FIRST_WALL = 0.1, STEEP = 1e4;

typedef struct solver {
    const constrained_problem *p;
    const constrained_params *params;
    constrained_result *r;
    ml_message *why;
    size_t n, m, equalities;
    double weight, *scale; /* of f; m: of the constraints */
    double *lambda, rho;   /* m multipliers of the scaled problem, the penalty */
    double *c, *factor;    /* m: values; lambda + rho c where that counts, else 0 */
    double *x, *gradient;  /* n: the current point; of f */
    double bottom;         /* a value of f below this says that there is no minimum near */
    /* After a fall: violations of more than this share of x, scaled, are to be out of the domain; and are so
     * in this subproblem, whose start may be farther out */
    double limit, wall;
    double start_gradient; /* size of that of f at the start */
    double start_value;
    gsl_matrix *jacobian; /* m x n */
    bool *active;         /* m */
    /* Newton's method on the KKT equations */
    double *trial, *multipliers, *slope; /* n, m, n */
    gsl_matrix *hessian;                 /* n x n */
    double stationarity, feasibility, complementarity;
    double *memory;
} solver;

const char *constrained_status_name(constrained_status status)
{
    static const char *const names[] = {"converged", "iteration limit", "infeasible", "unbounded below",
                                        "stalled"};
    return names[status];
}

void constrained_defaults(constrained_params *params)
{
    *params = (constrained_params){.max_iterations = 10000, .tolerance = 1e-8};
}

/* --- evaluation --- */

static bool counts(const solver *s, size_t i, double shifted)
{
    return i < s->equalities || shifted > 0;
}

/* The augmented Lagrangian's part of the constraints in C (scaled in place), and the factors of their
 * gradients. */
static double penalty(const solver *s, double *c, double *factor)
{
    double sum = 0;
    for (size_t i = 0; i < s->m; i++) {
        c[i] *= s->scale[i];
        double shifted = s->lambda[i] + s->rho * c[i];
        bool counted = counts(s, i, shifted);
        factor[i] = counted ? shifted : 0;
        /* (max(0, mu + rho g)^2 - mu^2) / 2 rho, written so that nothing cancels where it counts */
        sum +=
            counted ? c[i] * (s->lambda[i] + s->rho * c[i] / 2) : -s->lambda[i] * s->lambda[i] / (2 * s->rho);
    }
    return sum;
}

/* Far down, where the penalty is made of rounding, the value is -infinity. */
static double combine(solver *s, double f)
{
    double sum = s->weight * f + penalty(s, s->c, s->factor);
    return s->weight > 0 && f < s->bottom && sum < s->weight * s->bottom / 2 ? -INFINITY : sum;
}

static double size_of(const double *x, size_t n)
{
    double most = 0;
    for (size_t i = 0; i < n; i++)
        most = fmax(most, fabs(x[i]));
    return most;
}

static double violation(const solver *s, size_t i)
{
    return i < s->equalities ? fabs(s->c[i]) : fmax(0, s->c[i]);
}

/* The greatest violation, scaled, as a share of x, or of 1; C is not. */
static double violated_share(const solver *s, const double *x)
{
    double most = 0;
    for (size_t i = 0; i < s->m; i++)
        most = fmax(most, s->scale[i] * violation(s, i));
    return most / fmax(1, size_of(x, s->n));
}

static bool behind_wall(const solver *s, const double *x)
{
    return s->weight > 0 && isfinite(s->wall) && violated_share(s, x) > s->wall;
}

static ml_status augmented_value(void *context, const double *x, double *value, ml_message *why)
{
    solver *s = context;
    double f = 0;
    s->r->values++;
    ml_status status = s->weight > 0 ? s->p->value(s->p->context, x, &f, NULL, why) : ML_OK;
    if (status == ML_OK && s->m > 0)
        status = s->p->constraints(s->p->context, x, s->c, NULL, why);
    if (status == ML_OK && behind_wall(s, x))
        status = ML_NO;
    if (status == ML_OK)
        *value = combine(s, f);
    return status;
}

static ml_status augmented_gradient(void *context, const double *x, double *value, double *gradient,
                                    ml_message *why)
{
    solver *s = context;
    double f = 0;
    s->r->gradients++;
    ml_status status = s->p->value(s->p->context, x, &f, gradient, why);
    if (status == ML_OK && s->m > 0)
        status = s->p->constraints(s->p->context, x, s->c, s->jacobian, why);
    if (status == ML_OK && behind_wall(s, x))
        status = ML_NO;
    if (status != ML_OK)
        return status;
    *value = combine(s, f);
    for (size_t j = 0; j < s->n; j++)
        gradient[j] *= s->weight;
    for (size_t i = 0; i < s->m; i++)
        for (size_t j = 0; j < s->n && s->factor[i] != 0; j++)
            gradient[j] += s->factor[i] * s->scale[i] * gsl_matrix_get(s->jacobian, i, j);
    return ML_OK;
}

static ml_status augmented_hessian(void *context, const double *x, gsl_matrix *h, ml_message *why)
{
    solver *s = context;
    s->r->hessians++;
    ml_status status = s->m > 0 ? s->p->constraints(s->p->context, x, s->c, s->jacobian, why) : ML_OK;
    if (status != ML_OK)
        return status;
    penalty(s, s->c, s->factor);
    for (size_t i = 0; i < s->m; i++)
        s->factor[i] *= s->scale[i];
    status = s->p->hessian(s->p->context, x, s->weight, s->factor, h, why);
    for (size_t i = 0; status == ML_OK && i < s->m; i++) {
        if (!counts(s, i, s->lambda[i] + s->rho * s->c[i]))
            continue;
        double size = s->rho * s->scale[i] * s->scale[i];
        for (size_t j = 0; j < s->n; j++)
            for (size_t k = 0; k < s->n; k++)
                *gsl_matrix_ptr(h, j, k) +=
                    size * gsl_matrix_get(s->jacobian, i, j) * gsl_matrix_get(s->jacobian, i, k);
    }
    return status;
}

/* Everything of first order at X, not scaled; the value is not finite where one of them is not. */
static ml_status evaluate(solver *s, const double *x, double *f)
{
    ml_message reason = {0};
    s->r->gradients++;
    ml_status status = s->p->value(s->p->context, x, f, s->gradient, &reason);
    if (status == ML_OK && s->m > 0)
        status = s->p->constraints(s->p->context, x, s->c, s->jacobian, &reason);
    if (status == ML_FAIL && s->why != NULL)
        *s->why = reason;
    if (status == ML_NO)
        *f = INFINITY;
    double sum = 0;
    for (size_t j = 0; status == ML_OK && j < s->n; j++)
        sum += s->gradient[j];
    for (size_t i = 0; status == ML_OK && i < s->m; i++) {
        sum += s->c[i];
        for (size_t j = 0; j < s->n; j++)
            sum += gsl_matrix_get(s->jacobian, i, j);
    }
    if (!isfinite(sum))
        *f = NAN;
    return status == ML_NO ? ML_OK : status;
}

static double row_size(const solver *s, size_t i)
{
    double most = 0;
    for (size_t j = 0; j < s->n; j++)
        most = fmax(most, fabs(gsl_matrix_get(s->jacobian, i, j)));
    return most;
}

/* The KKT residuals at what evaluate() left, with MULTIPLIERS of the problem as it was given; grad L in
 * slope. */
static void residuals(solver *s, const double *multipliers)
{
    memcpy(s->slope, s->gradient, s->n * sizeof *s->slope);
    s->feasibility = s->complementarity = 0;
    for (size_t i = 0; i < s->m; i++) {
        for (size_t j = 0; j < s->n; j++)
            s->slope[j] += multipliers[i] * gsl_matrix_get(s->jacobian, i, j);
        s->feasibility = fmax(s->feasibility, violation(s, i));
        if (i >= s->equalities)
            s->complementarity = fmax(s->complementarity, fabs(multipliers[i] * s->c[i]));
    }
    s->stationarity = size_of(s->slope, s->n);
}

/* What a violation is measured against: the change of the constraint that a change of x by its size, or 1,
 * makes; so that the violation is about the distance to where there is none. */
static double reach(const solver *s, const double *x, size_t i)
{
    double most = 1;
    for (size_t j = 0; j < s->n; j++)
        most = fmax(most, fabs(gsl_matrix_get(s->jacobian, i, j) * x[j]));
    return fmin(most, row_size(s, i) * fmax(1, size_of(x, s->n)));
}

/* What grad L is measured against. */
static double gradient_unit(const solver *s)
{
    return fmax(size_of(s->gradient, s->n), fmin(1, s->start_gradient));
}

/* The greatest KKT residual at X in the units of the problem.  A negative mu counts as far as it bends the
 * gradient. */
static double error(const solver *s, const double *x, const double *multipliers, double f)
{
    double unit = gradient_unit(s), most = s->stationarity == 0 ? 0 : s->stationarity / unit;
    for (size_t i = 0; i < s->m; i++) {
        if (violation(s, i) > 0)
            most = fmax(most, violation(s, i) / reach(s, x, i));
        if (i < s->equalities || multipliers[i] == 0)
            continue;
        most = fmax(most, fabs(multipliers[i] * s->c[i]) / fmax(fmin(1, unit), fabs(f)));
        if (multipliers[i] < 0)
            most = fmax(most, -multipliers[i] * row_size(s, i) / unit);
    }
    return most;
}

/* --- memory --- */

static ml_status make(solver *s, const constrained_problem *p, const constrained_params *params,
                      constrained_result *r, ml_message *why)
{
    size_t n = p->n, m = p->equalities + p->inequalities;
    *s = (solver){.p = p, .params = params, .r = r, .why = why, .n = n, .m = m, .equalities = p->equalities};
    *r = (constrained_result){.n = n, .constraints = m};
    if (n == 0)
        return ml_fail(why, "there is no variable to minimize over");
    if (n > 5000 || m > 20000)
        return ml_fail(why, "%zu variables with %zu constraints are too many here", n, m);
    s->memory = memory_zeros(5 * m + 4 * n + 1, sizeof *s->memory);
    s->jacobian = gsl_matrix_calloc(m > 0 ? m : 1, n);
    s->hessian = gsl_matrix_alloc(n, n);
    s->active = memory_zeros(m, sizeof *s->active);
    r->x = memory_zeros(n, sizeof *r->x);
    r->gradient = memory_zeros(n, sizeof *r->gradient);
    r->multipliers = memory_zeros(m, sizeof *r->multipliers);
    r->c = memory_zeros(m, sizeof *r->c);
    r->active = memory_zeros(m, sizeof *r->active);
    if (s->memory == NULL || s->jacobian == NULL || s->hessian == NULL || s->active == NULL || r->x == NULL ||
        r->gradient == NULL || r->multipliers == NULL || r->c == NULL || r->active == NULL)
        return ml_fail_memory(why, "constraints", (m + n) * n * sizeof(double));
    double **const of_m[] = {&s->scale, &s->lambda, &s->c, &s->factor, &s->multipliers};
    double **const of_n[] = {&s->x, &s->gradient, &s->trial, &s->slope};
    for (size_t i = 0; i < 5; i++)
        *of_m[i] = s->memory + i * m;
    for (size_t i = 0; i < 4; i++)
        *of_n[i] = s->memory + 5 * m + i * n;
    return ML_OK;
}

static void release(solver *s)
{
    free(s->memory);
    free(s->active);
    gsl_matrix_free(s->jacobian);
    gsl_matrix_free(s->hessian);
}

void constrained_free(constrained_result *r)
{
    free(r->x);
    free(r->gradient);
    free(r->multipliers);
    free(r->c);
    free(r->active);
    *r = (constrained_result){0};
}

/* --- the result --- */

static void end(solver *s, constrained_status status, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
static void end(solver *s, constrained_status status, const char *format, ...)
{
    s->r->status = status;
    s->r->reason.text[0] = 0;
    if (format == NULL)
        return;
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(s->r->reason.text, sizeof s->r->reason.text, format, arguments);
    va_end(arguments);
}

/* The multipliers of the given problem that belong to those of the scaled one, with the first-order update.
 */
static void unscale(const solver *s, double *multipliers)
{
    for (size_t i = 0; i < s->m; i++) {
        double shifted = s->lambda[i] + s->rho * s->scale[i] * s->c[i];
        multipliers[i] = counts(s, i, shifted) ? shifted * s->scale[i] / s->weight : 0;
    }
}

/* Put what evaluate() and residuals() left into the result. */
static void store(solver *s, const double *x, double f, const double *multipliers)
{
    constrained_result *r = s->r;
    memcpy(r->x, x, s->n * sizeof *r->x);
    memcpy(r->gradient, s->gradient, s->n * sizeof *r->gradient);
    memcpy(r->multipliers, multipliers, s->m * sizeof *r->multipliers);
    memcpy(r->c, s->c, s->m * sizeof *r->c);
    r->value = f;
    r->stationarity = s->stationarity;
    r->feasibility = s->feasibility;
    r->complementarity = s->complementarity;
}

static void report(solver *s, double rho)
{
    const constrained_result *r = s->r;
    constrained_iteration now = {.iteration = r->iterations,
                                 .x = r->x,
                                 .value = r->value,
                                 .multipliers = r->multipliers,
                                 .stationarity = r->stationarity,
                                 .feasibility = r->feasibility,
                                 .complementarity = r->complementarity,
                                 .penalty = rho,
                                 .values = r->values,
                                 .gradients = r->gradients,
                                 .hessians = r->hessians};
    if (s->params->progress != NULL)
        s->params->progress(s->params->context, &now);
}

/* --- Newton's method on the KKT equations of the active constraints --- */

static size_t active_count(const solver *s)
{
    size_t count = 0;
    for (size_t i = 0; i < s->m; i++)
        count += s->active[i];
    return count;
}

/* [H A'; A 0] [dx; d] = -[grad L; c] over the active constraints, the solution of least norm. */
static ml_status kkt_step(solver *s, double *dx, double *dm)
{
    size_t n = s->n, k = active_count(s), rank, at = n;
    gsl_matrix *kkt = gsl_matrix_calloc(n + k, n + k), *right = gsl_matrix_alloc(n + k, 1);
    gsl_matrix *step = gsl_matrix_alloc(n + k, 1);
    ml_status status = ML_OK;
    if (kkt == NULL || right == NULL || step == NULL)
        status = ml_fail_memory(s->why, "the KKT equations", (n + k) * (n + k) * sizeof(double));
    for (size_t j = 0; status == ML_OK && j < n; j++) {
        gsl_matrix_set(right, j, 0, -s->weight * s->slope[j]);
        for (size_t l = 0; l < n; l++)
            gsl_matrix_set(kkt, j, l, s->weight * gsl_matrix_get(s->hessian, j, l));
    }
    /* f and the constraints in their own units, so that the rank is not a matter of these */
    for (size_t i = 0; status == ML_OK && i < s->m; i++) {
        if (!s->active[i])
            continue;
        gsl_matrix_set(right, at, 0, -s->scale[i] * s->c[i]);
        for (size_t j = 0; j < n; j++) {
            double entry = s->scale[i] * gsl_matrix_get(s->jacobian, i, j);
            gsl_matrix_set(kkt, at, j, entry);
            gsl_matrix_set(kkt, j, at, entry);
        }
        at++;
    }
    if (status == ML_OK)
        status = dense_least_squares(kkt, right, step, &rank, s->why);
    at = n;
    for (size_t j = 0; status == ML_OK && j < n; j++)
        dx[j] = gsl_matrix_get(step, j, 0);
    for (size_t i = 0; status == ML_OK && i < s->m; i++)
        dm[i] = s->active[i] ? s->scale[i] / s->weight * gsl_matrix_get(step, at++, 0) : 0;
    gsl_matrix_free(kkt);
    gsl_matrix_free(right);
    gsl_matrix_free(step);
    return status;
}

/* The gradients of the active constraints, scaled, in columns; NULL when memory is out. */
static gsl_matrix *active_gradients(const solver *s)
{
    gsl_matrix *a = gsl_matrix_alloc(s->n, active_count(s));
    for (size_t i = 0, at = 0; a != NULL && i < s->m; i++) {
        if (!s->active[i])
            continue;
        for (size_t j = 0; j < s->n; j++)
            gsl_matrix_set(a, j, at, s->scale[i] * gsl_matrix_get(s->jacobian, i, j));
        at++;
    }
    return a;
}

/* An orthonormal basis of the directions that keep the active constraints; *Z is NULL when there is none. */
static ml_status null_basis(const solver *s, gsl_matrix **z)
{
    size_t n = s->n, k = active_count(s), r = k < n ? k : n;
    *z = NULL;
    if (k == 0) {
        *z = gsl_matrix_alloc(n, n);
        if (*z != NULL)
            gsl_matrix_set_identity(*z);
        return *z != NULL ? ML_OK : ml_fail_memory(s->why, "a reduced Hessian", n * n * sizeof(double));
    }
    gsl_matrix *a = active_gradients(s), *u = gsl_matrix_alloc(n, r);
    gsl_vector *sigma = gsl_vector_alloc(r);
    ml_status status = a != NULL && u != NULL && sigma != NULL
                           ? dense_singular(a, sigma, u, NULL, s->why)
                           : ml_fail_memory(s->why, "a reduced Hessian", n * r * sizeof(double));
    size_t rank = status == ML_OK ? dense_rank(sigma, n, k) : n;
    if (status == ML_OK && rank < n) {
        *z = gsl_matrix_alloc(n, n - rank);
        gsl_matrix_view range = gsl_matrix_submatrix(u, 0, 0, n, rank > 0 ? rank : 1);
        if (*z == NULL)
            status = ml_fail_memory(s->why, "a reduced Hessian", n * n * sizeof(double));
        else if (rank == 0)
            gsl_matrix_set_identity(*z);
        else
            status = linalg_complement(&range.matrix, *z, s->why);
    }
    gsl_matrix_free(a);
    gsl_matrix_free(u);
    gsl_vector_free(sigma);
    return status;
}

/* The class of the point by the Hessian of the Lagrangian on those directions; without any it is a minimum.
 */
static ml_status classify(solver *s, minimize_class *class)
{
    gsl_matrix *z = NULL, *half = NULL, *reduced = NULL;
    ml_status status = null_basis(s, &z);
    *class = MINIMIZE_MINIMUM;
    if (status == ML_OK && z != NULL) {
        half = gsl_matrix_alloc(s->n, z->size2);
        reduced = gsl_matrix_alloc(z->size2, z->size2);
        if (half == NULL || reduced == NULL) {
            status = ml_fail_memory(s->why, "a reduced Hessian", s->n * z->size2 * sizeof(double));
        } else {
            gsl_blas_dgemm(CblasNoTrans, CblasNoTrans, 1, s->hessian, z, 0, half);
            gsl_blas_dgemm(CblasTrans, CblasNoTrans, 1, z, half, 0, reduced);
            status = minimize_classify(reduced, NULL, 1e-8, class, NULL, s->why);
        }
    }
    gsl_matrix_free(z);
    gsl_matrix_free(half);
    gsl_matrix_free(reduced);
    return status;
}

/* The Hessian of the Lagrangian at X into s->hessian; *KNOWN is false where it has no value. */
static ml_status lagrangian_hessian(solver *s, const double *x, const double *multipliers, bool *known)
{
    ml_message reason = {0};
    s->r->hessians++;
    ml_status status = s->p->hessian(s->p->context, x, 1, multipliers, s->hessian, &reason);
    if (status == ML_FAIL && s->why != NULL)
        *s->why = reason;
    *known = status == ML_OK;
    for (size_t i = 0; *known && i < s->n; i++)
        for (size_t j = 0; j < s->n; j++)
            *known = *known && isfinite(gsl_matrix_get(s->hessian, i, j));
    return status == ML_NO ? ML_OK : status;
}

/* --- is a KKT point a minimum on the directions that are free? --- */

/* Below this share of the terms that it is the sum of, a slope is rounding. */
static const double ROUNDING = 64 * DBL_EPSILON;
/* A step may violate constraints that were not active by this, scaled. */
static const double OUTSIDE = 1e-8;

/* The Lagrangian over the coordinates Z'x of the result's point. */
typedef struct reduced {
    solver *s;
    gsl_matrix *z;          /* n x k */
    double *origin, *point; /* k: of the result; n: of a trial */
} reduced;

static void place(const reduced *r, const double *u)
{
    for (size_t j = 0; j < r->s->n; j++) {
        r->point[j] = r->s->r->x[j];
        for (size_t k = 0; k < r->z->size2; k++)
            r->point[j] += gsl_matrix_get(r->z, j, k) * (u[k] - r->origin[k]);
    }
}

static ml_status reduced_value(void *context, const double *u, double *value, ml_message *why)
{
    reduced *r = context;
    solver *s = r->s;
    place(r, u);
    s->r->values++;
    ml_status status = s->p->value(s->p->context, r->point, value, NULL, why);
    if (status == ML_OK && s->m > 0)
        status = s->p->constraints(s->p->context, r->point, s->c, NULL, why);
    for (size_t i = 0; status == ML_OK && i < s->m; i++) {
        *value += s->r->multipliers[i] * s->c[i];
        if (!s->active[i] && s->scale[i] * s->c[i] > OUTSIDE)
            status = ML_NO;
    }
    return status;
}

static ml_status reduced_gradient(void *context, const double *u, double *value, double *gradient,
                                  ml_message *why)
{
    reduced *r = context;
    solver *s = r->s;
    ml_status status = reduced_value(context, u, value, why);
    double f = 0;
    if (status == ML_OK)
        status = evaluate(s, r->point, &f);
    if (status != ML_OK)
        return status;
    if (!isfinite(f))
        *value = INFINITY;
    residuals(s, s->r->multipliers);
    for (size_t k = 0; k < r->z->size2; k++) {
        double terms = 0;
        gradient[k] = 0;
        for (size_t j = 0; j < s->n; j++) {
            double term = fabs(s->gradient[j]), along = gsl_matrix_get(r->z, j, k);
            for (size_t i = 0; i < s->m; i++)
                term += fabs(s->r->multipliers[i] * gsl_matrix_get(s->jacobian, i, j));
            gradient[k] += along * s->slope[j];
            terms += fabs(along) * term;
        }
        if (fabs(gradient[k]) <= ROUNDING * terms)
            gradient[k] = 0;
    }
    return ML_OK;
}

/* Of the Hessian that lagrangian_hessian() left. */
static ml_status reduced_hessian(void *context, const double *u, gsl_matrix *h, ml_message *why)
{
    const reduced *r = context;
    (void)u;
    gsl_matrix *half = gsl_matrix_alloc(r->s->n, r->z->size2);
    if (half == NULL)
        return ml_fail_memory(why, "a reduced Hessian", r->s->n * r->z->size2 * sizeof(double));
    gsl_blas_dgemm(CblasNoTrans, CblasNoTrans, 1, r->s->hessian, r->z, 0, half);
    gsl_blas_dgemm(CblasTrans, CblasNoTrans, 1, r->z, half, 0, h);
    gsl_matrix_free(half);
    return ML_OK;
}

/* From LOW, lower than the origin, on in steps of ten times the length while the value falls; to x.  *LEVEL:
 * nothing stops it. */
static ml_status go_beyond(reduced *r, double *low, bool *level)
{
    size_t k = r->z->size2;
    double f = 0, last = INFINITY;
    ml_message reason = {0};
    ml_status status = reduced_value(r, low, &f, &reason);
    while (status == ML_OK && f < last && last >= r->s->bottom && isfinite(size_of(low, k))) {
        last = f;
        memcpy(r->s->x, r->point, r->s->n * sizeof *r->s->x);
        for (size_t l = 0; l < k; l++)
            low[l] = r->origin[l] + 10 * (low[l] - r->origin[l]);
        status = reduced_value(r, low, &f, &reason);
    }
    *level = !isfinite(size_of(low, k)) || (status == ML_OK && f == last);
    if (status == ML_FAIL && r->s->why != NULL)
        *r->s->why = reason;
    return status == ML_NO ? ML_OK : status;
}

/* What the solver knows of the result again, after gradients elsewhere. */
static ml_status return_to_result(solver *s)
{
    double f = 0;
    ml_status status = evaluate(s, s->r->x, &f);
    residuals(s, s->r->multipliers);
    return status;
}

/* Does the result, of the active constraints, pass for a minimum as minimize() has it?  If not, and a lower
 * point is found in the free directions, that is put into x; *LEVEL when they go down without end. */
static ml_status confirm(solver *s, bool *confirmed, bool *level)
{
    reduced r = {.s = s};
    ml_status status = null_basis(s, &r.z);
    *confirmed = true;
    if (status != ML_OK || r.z == NULL) {
        gsl_matrix_free(r.z);
        return status;
    }
    size_t k = r.z->size2;
    bool lower = false;
    double *memory = memory_zeros(2 * k + s->n, sizeof *memory);
    r.origin = memory, r.point = memory + 2 * k;
    minimize_objective o = {.n = k,
                            .context = &r,
                            .value = reduced_value,
                            .gradient = reduced_gradient,
                            .hessian = reduced_hessian};
    if (memory == NULL) {
        status = ml_fail_memory(s->why, "a reduced point", (2 * k + s->n) * sizeof *memory);
    } else {
        for (size_t j = 0; j < s->n; j++)
            for (size_t l = 0; l < k; l++)
                r.origin[l] += gsl_matrix_get(r.z, j, l) * s->r->x[j];
        status = minimize_confirm(&o, r.origin, s->start_value, s->params->tolerance, confirmed, memory + k,
                                  &lower, s->why);
    }
    if (status == ML_OK && lower)
        status = go_beyond(&r, memory + k, level);
    if (status == ML_OK)
        status = return_to_result(s);
    gsl_matrix_free(r.z);
    free(memory);
    return status;
}

/* --- more of Newton's method --- */

/* The residual of the equations that Newton's method solves, in the units of error(). */
static double active_error(const solver *s, const double *x)
{
    double most = s->stationarity == 0 ? 0 : s->stationarity / gradient_unit(s);
    for (size_t i = 0; i < s->m; i++)
        if (s->active[i] && s->c[i] != 0)
            most = fmax(most, fabs(s->c[i]) / reach(s, x, i));
    return most;
}

/* Leave out the inequality with the most negative multiplier, else take in the one that is violated most;
 * false when there is neither. */
static bool change_active(solver *s)
{
    size_t worst = s->m, added = s->m;
    double least = 0, most = 0;
    for (size_t i = s->equalities; i < s->m; i++) {
        double mu = s->multipliers[i] / s->scale[i], g = s->scale[i] * s->c[i];
        if (s->active[i] && mu < least)
            least = mu, worst = i;
        if (!s->active[i] && g > most)
            most = g, added = i;
    }
    if (worst < s->m) {
        s->active[worst] = false;
        s->multipliers[worst] = 0;
    } else if (added < s->m) {
        s->active[added] = true;
    }
    return worst < s->m || added < s->m;
}

/* One step on the KKT equations from trial and multipliers; *WENT is false where there is none. */
static ml_status newton_step(solver *s, double *step, bool *went)
{
    ml_status status = lagrangian_hessian(s, s->trial, s->multipliers, went);
    if (status != ML_OK || !*went)
        return status;
    s->r->iterations++;
    status = kkt_step(s, step, step + s->n);
    double size = size_of(step, s->n);
    *went = status == ML_OK && size <= FARTHEST * fmax(1, size_of(s->trial, s->n));
    for (size_t j = 0; *went && j < s->n; j++)
        s->trial[j] += step[j];
    for (size_t i = 0; *went && i < s->m; i++)
        s->multipliers[i] += step[s->n + i];
    for (size_t i = 0; *went && i < s->m; i++)
        if (fabs(s->multipliers[i]) < DBL_MIN) /* what is left of the gradient where it underflows */
            s->multipliers[i] = 0;
    return status;
}

/* Newton's method on the KKT equations from x and the multipliers of the augmented Lagrangian.  *BEST is the
 * error of what it put into the result, INFINITY if nothing was good enough. */
static ml_status polish(solver *s, double *step, double *best)
{
    ml_status status = ML_OK;
    size_t changes = 0;
    double f = 0;
    *best = INFINITY;
    memcpy(s->trial, s->x, s->n * sizeof *s->trial);
    for (size_t i = 0; i < s->m; i++)
        s->active[i] = i < s->equalities || s->multipliers[i] > 0;
    for (int k = 0; k < POLISH_STEPS; k++) {
        bool went;
        status = evaluate(s, s->trial, &f);
        if (status != ML_OK || !isfinite(f))
            return status;
        residuals(s, s->multipliers);
        double now = error(s, s->trial, s->multipliers, f), before = *best;
        if (now < before && now <= s->params->tolerance) {
            store(s, s->trial, f, s->multipliers);
            memcpy(s->r->active, s->active, s->m * sizeof *s->active);
            report(s, 0);
            *best = now;
        }
        if (*best < INFINITY && !(now < before / 2))
            return ML_OK;
        if (*best == INFINITY && active_error(s, s->trial) <= s->params->tolerance / 100 &&
            (!change_active(s) || ++changes > s->m + 5))
            return ML_OK;
        status = newton_step(s, step, &went);
        if (status != ML_OK || !went)
            return status;
    }
    return status;
}

/* --- the augmented Lagrangian --- */

static minimize_objective augmented(solver *s)
{
    return (minimize_objective){.n = s->n,
                                .context = s,
                                .value = augmented_value,
                                .gradient = augmented_gradient,
                                .hessian = augmented_hessian};
}

/* The start of a subproblem must be on this side of the wall. */
static ml_status raise_wall(solver *s)
{
    ml_message reason = {0};
    s->wall = s->limit;
    if (s->m == 0 || !isfinite(s->limit))
        return ML_OK;
    ml_status status = s->p->constraints(s->p->context, s->x, s->c, NULL, &reason);
    s->wall = status == ML_OK ? fmax(s->limit, 2 * violated_share(s, s->x)) : INFINITY;
    if (status == ML_FAIL && s->why != NULL)
        *s->why = reason;
    return status == ML_NO ? ML_OK : status;
}

/* Minimize it from x, to x, or to trial where it falls without end. */
static ml_status subproblem(solver *s, double tolerance, bool *fell)
{
    minimize_objective o = augmented(s);
    minimize_params p;
    minimize_result inner;
    minimize_defaults(&p, MINIMIZE_NEWTON);
    p.gradient_tolerance = tolerance;
    p.max_iterations = s->params->max_iterations - s->r->iterations;
    /* new multipliers bring more than the last of many small steps along the edges of constraints */
    if (p.max_iterations > INNER)
        p.max_iterations = INNER;
    ml_status status = raise_wall(s);
    if (status == ML_OK)
        status = minimize(&o, s->x, &p, &inner, s->why);
    if (status != ML_OK)
        return status;
    s->r->iterations += inner.iterations;
    *fell = inner.status == MINIMIZE_UNBOUNDED || inner.value == -INFINITY;
    memcpy(*fell ? s->trial : s->x, inner.x, s->n * sizeof *s->x);
    minimize_free(&inner);
    return ML_OK;
}

/* The greatest of |h| and |min(-g, mu / rho)|, scaled: what must vanish in the limit. */
static double scaled_violation(const solver *s)
{
    double most = 0;
    for (size_t i = 0; i < s->m; i++) {
        double c = s->scale[i] * s->c[i];
        most = fmax(most, i < s->equalities ? fabs(c) : fabs(fmin(-c, s->lambda[i] / s->rho)));
    }
    return most;
}

static void update_multipliers(solver *s)
{
    for (size_t i = 0; i < s->m; i++) {
        double next = s->lambda[i] + s->rho * s->scale[i] * s->c[i];
        double least = i < s->equalities ? -MOST_MULTIPLIER : 0;
        s->lambda[i] = fmin(fmax(next, least), MOST_MULTIPLIER);
    }
}

/* Birgin and Martinez, Practical Augmented Lagrangian Methods (SIAM, 2014), eq. 12.1: as much penalty as
 * value. */
static void first_penalty(solver *s, double f)
{
    double squares = 0;
    for (size_t i = 0; i < s->m; i++)
        squares += pow(s->scale[i] * violation(s, i), 2);
    s->rho = squares > 0 ? fmin(fmax(2 * s->weight * fabs(f) / squares, 0.1), 10) : 10;
}

static double scale_of(double size, double most)
{
    return size > 0 ? fmin(fmax(1 / size, LEAST_SCALE), most) : 1;
}

/* f by its gradient at the start, however large; a small one may be that of a start near a minimum. */
static double weight_of(double size)
{
    return size > 1 ? fmax(1 / size, DBL_MIN) : scale_of(size, MOST_SCALE);
}

/* The weight that was cut because of a small gradient, or is small because of one that has become less. */
static bool reweight(solver *s)
{
    double size = size_of(s->gradient, s->n), weight = s->weight;
    if (size == 0 || size * weight >= 0.1)
        return false;
    if (weight >= MOST_SCALE)
        s->weight = scale_of(size, 1 / DBL_MIN);
    else if (weight < LEAST_SCALE)
        s->weight = fmin(1 / size, LEAST_SCALE);
    return s->weight != weight;
}

/* A gradient that was so small at the start that its scale was cut, and is so still, is small everywhere;
 * true when one is. */
static bool rescale(solver *s)
{
    bool changed = reweight(s);
    for (size_t i = 0; i < s->m; i++) {
        if (s->scale[i] < MOST_SCALE || row_size(s, i) * MOST_SCALE >= 0.1)
            continue;
        s->scale[i] = scale_of(row_size(s, i), 1 / DBL_MIN);
        changed = true;
    }
    return changed;
}

static ml_status begin(solver *s, const double *start)
{
    double f = 0;
    for (size_t j = 0; j < s->n; j++) {
        if (!isfinite(start[j]))
            return ml_fail(s->why, "the start of variable %zu is %g, which is not finite", j + 1, start[j]);
        s->x[j] = start[j];
    }
    ml_status status = evaluate(s, s->x, &f);
    if (status != ML_OK)
        return status;
    if (!isfinite(f))
        return ml_fail(s->why, "the function, a constraint or a derivative has no finite value at the start");
    s->start_gradient = size_of(s->gradient, s->n);
    s->start_value = f;
    s->weight = weight_of(s->start_gradient);
    s->bottom = -BOTTOMLESS * fmax(1, fabs(f));
    s->limit = s->wall = INFINITY;
    for (size_t i = 0; i < s->m; i++)
        s->scale[i] = scale_of(row_size(s, i), MOST_SCALE);
    first_penalty(s, f);
    residuals(s, s->multipliers);
    store(s, s->x, f, s->multipliers);
    report(s, s->rho);
    return ML_OK;
}

/* Sum of the squares of the scaled violations, halved; INFINITY where there is none. */
static ml_status total_violation(solver *s, const double *x, double *value)
{
    ml_message reason = {0};
    ml_status status = augmented_value(s, x, value, &reason);
    if (status == ML_FAIL && s->why != NULL)
        *s->why = reason;
    if (status == ML_NO || !isfinite(*value))
        *value = INFINITY;
    return status == ML_NO ? ML_OK : status;
}

/* The direction in which the violation bends down most, into DIRECTION; 0 where it does not. */
static ml_status bent_down(solver *s, double *direction)
{
    ml_message reason = {0};
    gsl_matrix *vectors = gsl_matrix_alloc(s->n, s->n);
    gsl_vector *values = gsl_vector_alloc(s->n);
    ml_status status = ML_OK;
    memset(direction, 0, s->n * sizeof *direction);
    if (vectors == NULL || values == NULL)
        status = ml_fail_memory(s->why, "the Hessian of the violation", s->n * s->n * sizeof(double));
    else
        status = augmented_hessian(s, s->x, s->hessian, &reason);
    bool known = status == ML_OK;
    if (status == ML_FAIL && *reason.text != '\0' && s->why != NULL)
        *s->why = reason;
    for (size_t i = 0; known && i < s->n; i++)
        for (size_t j = 0; j < s->n; j++)
            known = known && isfinite(gsl_matrix_get(s->hessian, i, j));
    if (known)
        status = dense_symmetric(s->hessian, values, vectors, s->why);
    for (size_t j = 0; known && status == ML_OK && gsl_vector_get(values, 0) < 0 && j < s->n; j++)
        direction[j] = gsl_matrix_get(vectors, j, 0);
    gsl_matrix_free(vectors);
    gsl_vector_free(values);
    return status == ML_NO ? ML_OK : status;
}

/* The K-th direction to look along: that of bent_down(), one of no symmetry, the axes. */
static double look(const double *bent, size_t k, size_t j)
{
    return k == 0 ? bent[j] : k == 1 ? sin((double)j + 1) : j == k - 2;
}

/* Where Newton's method finds no less violation than that in x: at a maximum or a saddle of it, in a kink.
 * Step to where it is least among some points around; *MOVED: there was less. */
static ml_status leave(solver *s, bool *moved)
{
    double now = 0, unit = fmax(1, size_of(s->x, s->n));
    double *bent = memory_zeros(2 * s->n, sizeof *bent), *best = bent + s->n;
    if (bent == NULL)
        return ml_fail_memory(s->why, "a direction", 2 * s->n * sizeof *bent);
    ml_status status = total_violation(s, s->x, &now);
    if (status == ML_OK)
        status = bent_down(s, bent);
    double least = LESS * now;
    *moved = false;
    for (size_t k = 0; k < s->n + 2; k++)
        for (int size = 0; size < 2 * LOOKS; size++) {
            double length = ldexp(size % 2 ? -unit : unit, -3 * (size / 2)), f = INFINITY;
            for (size_t j = 0; j < s->n; j++)
                s->trial[j] = s->x[j] + length * look(bent, k, j);
            if (status == ML_OK)
                status = total_violation(s, s->trial, &f);
            if (status != ML_OK || !(f < least))
                continue;
            least = f;
            *moved = true;
            memcpy(best, s->trial, s->n * sizeof *best);
        }
    if (*moved)
        memcpy(s->x, best, s->n * sizeof *best);
    free(bent);
    return status;
}

/* Minimize the violation alone from x, from several sides if need be; f and all of first order there. */
static ml_status lessen(solver *s, double *f)
{
    bool fell, moved = true;
    ml_status status = ML_OK;
    for (int k = 0; status == ML_OK && moved && k < LEAVINGS; k++) {
        moved = false;
        status = subproblem(s, 1e-12, &fell);
        if (status == ML_OK)
            status = evaluate(s, s->x, f);
        if (status == ML_OK && scaled_violation(s) > FEASIBLE)
            status = leave(s, &moved);
    }
    return status == ML_OK ? evaluate(s, s->x, f) : status;
}

/* The violation alone minimized from x.  *FEASIBLE: it vanishes there, and the augmented Lagrangian starts
 * anew. */
static ml_status restore(solver *s, bool *feasible)
{
    double weight = s->weight, f = 0;
    memset(s->lambda, 0, s->m * sizeof *s->lambda);
    s->weight = 0;
    s->rho = 1;
    ml_status status = lessen(s, &f);
    s->weight = weight;
    s->rho = 10;
    memset(s->multipliers, 0, s->m * sizeof *s->multipliers);
    residuals(s, s->multipliers);
    *feasible = status == ML_OK && isfinite(f) && scaled_violation(s) <= FEASIBLE;
    if (status == ML_OK && isfinite(f))
        store(s, s->x, f, s->multipliers);
    return status;
}

/* What the outer iterations know of one another. */
typedef struct outer {
    double tolerance, violation;
    size_t falls, restorations, hopeless, doubts;
    double *step; /* n + m */
    const double *start;
    bool rescaled, restarted, done;
} outer;

/* Falls without end: of the function only if it is far down at the point that meets the constraints, too. */
static ml_status end_fall(solver *s)
{
    double f = 0;
    ml_status status = evaluate(s, s->x, &f);
    if (status == ML_OK && f < s->start_value - BOTTOMLESS * fmax(1, fabs(s->start_value)))
        end(s, CONSTRAINED_UNBOUNDED, "nothing bounds the function at points that meet the constraints");
    else if (status == ML_OK)
        end(s, CONSTRAINED_STALLED,
            "the function falls without end beside the constraints, and no minimum was found that meets "
            "them");
    return status;
}

/* The subproblem has no minimum.  The first time it may have left the constraints far behind: it starts anew
 * from a feasible point, with a wall.  A fall within that is one of f, but maybe not without end: f is
 * followed from there, scaled anew. */
static ml_status fall(solver *s, outer *o)
{
    bool feasible = false, within = isfinite(s->limit) || s->m == 0;
    double f = 0;
    ml_status status = evaluate(s, s->trial, &f);
    if (status != ML_OK)
        return status;
    if (within && isfinite(f)) {
        memcpy(s->x, s->trial, s->n * sizeof *s->x);
        s->weight = scale_of(size_of(s->gradient, s->n), MOST_SCALE);
        s->bottom = -BOTTOMLESS * fmax(1, fabs(f));
    }
    s->limit = isfinite(s->limit) ? s->limit / 10 : FIRST_WALL;
    status = restore(s, &feasible);
    if (status == ML_OK && !feasible && violated_share(s, s->x) > FEASIBLE) {
        o->hopeless = HOPELESS;
    } else if (status == ML_OK && within && ++o->falls > FALLS) {
        status = end_fall(s);
        o->done = true;
    }
    return status;
}

/* A function followed that far down is scaled anew where it has become steep. */
static bool steep(solver *s)
{
    double size = size_of(s->gradient, s->n);
    bool changed = isfinite(s->limit) && size * s->weight > STEEP;
    if (changed)
        s->weight = weight_of(size);
    return changed;
}

/* Is Newton's step from the result, whose gradients and Hessian are known, short?  It is long where the slope
 * vanishes because the function levels off towards infinity: no point of any kind is near. */
static ml_status settle(solver *s, double *step, bool *settled)
{
    double tolerance = s->params->tolerance > 0 ? s->params->tolerance : 1e-8;
    residuals(s, s->r->multipliers);
    ml_status status = kkt_step(s, step, step + s->n);
    *settled = size_of(step, s->n) <= 10 * sqrt(tolerance) * fmax(1, size_of(s->r->x, s->n));
    return status;
}

/* The class of the result, whether it passes for a minimum if it is of that class, and if it is of another,
 * whether it is near a point of that. */
static ml_status weigh(solver *s, double *step, minimize_class *class, bool *confirmed, bool *level)
{
    bool known = false;
    double f = 0;
    *class = MINIMIZE_MINIMUM;
    *confirmed = true;
    ml_status status = evaluate(s, s->r->x, &f);
    if (status == ML_OK)
        status = lagrangian_hessian(s, s->r->x, s->r->multipliers, &known);
    memcpy(s->active, s->r->active, s->m * sizeof *s->active);
    if (status == ML_OK && known)
        status = classify(s, class);
    if (status == ML_OK && known && (*class == MINIMIZE_MINIMUM || *class == MINIMIZE_DEGENERATE))
        status = confirm(s, confirmed, level);
    else if (status == ML_OK && known) {
        status = settle(s, step, confirmed);
        *level = !*confirmed;
    }
    return status;
}

/* Take the polished point unless it is no minimum while the augmented Lagrangian may still find one. */
static ml_status finish(solver *s, outer *o, double now)
{
    double best;
    bool confirmed = true, level = false;
    minimize_class class = MINIMIZE_MINIMUM;
    bool arrived = now <= s->params->tolerance;
    if (arrived) {
        for (size_t i = 0; i < s->m; i++)
            s->r->active[i] = i < s->equalities || s->multipliers[i] > 0;
    }
    ml_status status = polish(s, o->step, &best);
    if (status != ML_OK || !(arrived || best < INFINITY))
        return status;
    status = weigh(s, o->step, &class, &confirmed, &level);
    bool minimum = class == MINIMIZE_MINIMUM || class == MINIMIZE_DEGENERATE;
    if (status == ML_OK && confirmed && (arrived || minimum)) {
        s->r->class = class;
        end(s, CONSTRAINED_CONVERGED, NULL);
        o->done = true;
    } else if (status == ML_OK && !confirmed && (level || ++o->doubts > DOUBTS)) {
        end(s, CONSTRAINED_STALLED,
            "the slope vanishes here, but the function levels off or has lower values nearby: no minimum");
        o->done = true;
    }
    return status;
}

static ml_status judge(solver *s, outer *o)
{
    double f = 0;
    ml_status status = evaluate(s, s->x, &f);
    if (status != ML_OK)
        return status;
    unscale(s, s->multipliers);
    residuals(s, s->multipliers);
    double now = error(s, s->x, s->multipliers, f), violated = scaled_violation(s);
    store(s, s->x, f, s->multipliers);
    report(s, s->rho);
    if (steep(s) || (!o->rescaled && rescale(s))) {
        o->rescaled = true;
        memset(s->lambda, 0, s->m * sizeof *s->lambda);
        return ML_OK;
    }
    update_multipliers(s);
    if (o->violation < INFINITY && violated > PROGRESS * o->violation)
        s->rho = fmin(10 * s->rho, MOST_PENALTY);
    o->hopeless = s->rho >= 1e6 && violated > PROGRESS * o->violation ? o->hopeless + 1 : 0;
    o->violation = violated;
    o->tolerance = fmax(o->tolerance / 10, s->params->tolerance / 100);
    return now <= NEAR ? finish(s, o, now) : ML_OK;
}

static ml_status give_up(solver *s, outer *o)
{
    bool feasible = false;
    ml_status status = restore(s, &feasible);
    if (status == ML_OK && !feasible && !o->restarted) {
        /* f may have led away from what is feasible; behind a wall it cannot */
        o->restarted = true;
        s->limit = FIRST_WALL;
        memcpy(s->x, o->start, s->n * sizeof *s->x);
        status = restore(s, &feasible);
    }
    if (status != ML_OK)
        return status;
    if (feasible && o->restorations++ < RESTORATIONS) {
        o->hopeless = 0;
        o->violation = INFINITY;
        /* nearer to what is feasible, and by the gradient that f has there */
        s->limit = isfinite(s->limit) ? s->limit / 1000 : FIRST_WALL;
        s->weight = weight_of(size_of(s->gradient, s->n));
        return ML_OK;
    }
    o->done = true;
    if (feasible)
        end(s, CONSTRAINED_STALLED,
            "this point is feasible, but no multipliers were found that make it a KKT point");
    else
        end(s, CONSTRAINED_INFEASIBLE, "no small change makes the violation, %g, less", s->r->feasibility);
    return status;
}

static ml_status iterate(solver *s, outer *o)
{
    bool fell = false;
    ml_status status = subproblem(s, o->tolerance, &fell);
    if (status != ML_OK)
        return status;
    status = fell ? fall(s, o) : judge(s, o);
    if (status == ML_OK && !o->done && s->r->iterations >= s->params->max_iterations) {
        end(s, CONSTRAINED_LIMIT, "the limit of %zu iterations was reached", s->params->max_iterations);
        o->done = true;
    }
    if (status == ML_OK && !o->done && o->hopeless >= HOPELESS)
        status = give_up(s, o);
    return status;
}

static ml_status run(solver *s, const double *start)
{
    outer o = {.tolerance = 1e-3, .violation = INFINITY, .start = start};
    o.step = memory_array(s->n + s->m, sizeof *o.step);
    ml_status status =
        o.step != NULL ? begin(s, start) : ml_fail_memory(s->why, "a step", (s->n + s->m) * sizeof(double));
    for (int k = 0; status == ML_OK && !o.done && k < OUTER; k++)
        status = iterate(s, &o);
    if (status == ML_OK && !o.done) {
        o.restorations = RESTORATIONS;
        status = give_up(s, &o);
    }
    free(o.step);
    return status;
}

ml_status constrained_minimize(const constrained_problem *problem, const double *start,
                               const constrained_params *params, constrained_result *result, ml_message *why)
{
    solver s;
    ml_status status = make(&s, problem, params, result, why);
    if (status == ML_OK)
        status = run(&s, start);
    for (size_t i = problem->equalities; status == ML_OK && i < s.m; i++)
        if (result->multipliers[i] < 0) /* by rounding */
            result->multipliers[i] = 0;
    release(&s);
    if (status != ML_OK)
        constrained_free(result);
    return status;
}
