/* The minimizers: update formulas, statuses, bounds, classes.  Problem sets: test_minimize_mgh.c. */
#include "math/minimize.h"

#include <stdlib.h>

#include "first_order.h"
#include "math/tape.h"
#include "unit.h"

static ml_message why;

typedef void gradient_function(const double *x, double *f, double *g);

static void square(const double *x, double *f, double *g)
{
    *f = x[0] * x[0];
    g[0] = 2 * x[0];
}

static void bowl(const double *x, double *f, double *g)
{
    *f = x[0] * x[0] / 2 + 5 * x[1] * x[1] + x[0] * x[1];
    g[0] = x[0] + x[1];
    g[1] = 10 * x[1] + x[0];
}

static void rosenbrock(const double *x, double *f, double *g)
{
    double a = x[1] - x[0] * x[0], b = 1 - x[0];
    *f = 100 * a * a + b * b;
    g[0] = -400 * x[0] * a - 2 * b;
    g[1] = 200 * a;
}

static void logistic(const double *x, double *f, double *g)
{
    double s = 1 / (1 + exp(x[0] - 2 * x[1]));
    *f = log1p(exp(2 * x[1] - x[0])) + (x[0] * x[0] + x[1] * x[1]) / 10;
    g[0] = -s + x[0] / 5;
    g[1] = 2 * s + x[1] / 5;
}

static ml_status gradient_callback(void *context, const double *x, double *f, double *g, ml_message *reason)
{
    (void)reason;
    (*(gradient_function **)context)(x, f, g);
    return ML_OK;
}

static ml_status value_callback(void *context, const double *x, double *f, ml_message *reason)
{
    double g[8];
    return gradient_callback(context, x, f, g, reason);
}

static minimize_objective objective(size_t n, gradient_function **f)
{
    return (minimize_objective){.n = n, .context = f, .value = value_callback, .gradient = gradient_callback};
}

static const struct {
    const char *name;
    size_t n;
    gradient_function *f;
    double start[2];
} first_problems[] = {{"square", 1, square, {1}},
                      {"bowl", 2, bowl, {2, -1}},
                      {"rosenbrock", 2, rosenbrock, {-1.2, 1}},
                      {"logistic", 2, logistic, {0.5, 1}}};

static void check_first_order(const struct first_order_row *row)
{
    size_t i = 0;
    while (strcmp(first_problems[i].name, row->problem) != 0)
        i++;
    gradient_function *f = first_problems[i].f;
    minimize_objective o = objective(first_problems[i].n, &f);
    minimize_params p;
    minimize_result r;
    minimize_defaults(&p, row->method);
    p.rate = row->rate;
    p.weight_decay = row->weight_decay;
    p.max_iterations = row->updates;
    p.gradient_tolerance = 0;
    if (minimize(&o, first_problems[i].start, &p, &r, &why) != ML_OK) {
        UNIT_FAIL("%s", why.text);
        return;
    }
    CHECK(r.iterations == row->updates && r.status == MINIMIZE_ITERATION_LIMIT);
    CHECK(r.gradients == row->updates + 1 && r.values == 0);
    for (size_t k = 0; k < o.n; k++)
        if (!(fabs(r.x[k] - row->x[k]) <= 1e-12 * fmax(fabs(row->x[k]), 1e-2)))
            UNIT_FAIL("%s, %s, update %zu: x[%zu] is %.17g, expected %.17g", row->problem,
                      minimize_method_name(row->method), row->updates, k, r.x[k], row->x[k]);
    minimize_free(&r);
}

static void test_first_order(void)
{
    unit_case("first-order methods are those of PyTorch to 12 digits over 50 updates");
    for (size_t i = 0; i < sizeof first_order_rows / sizeof *first_order_rows; i++)
        check_first_order(&first_order_rows[i]);
}

/* --- functions in the language of the tools, in x[1], x[2], ... --- */

typedef struct function {
    expression_space *space;
    tape *t;
    tape_run *run;
} function;

static ml_status value_of(void *context, const double *x, double *f, ml_message *reason)
{
    function *e = context;
    tape_value(e->run, x, f);
    if (isfinite(*f) || *f == -INFINITY)
        return ML_OK;
    ml_fail(reason, "no value at %g", x[0]);
    return ML_NO;
}

static ml_status gradient_of(void *context, const double *x, double *f, double *g, ml_message *reason)
{
    ml_status status = value_of(context, x, f, reason);
    tape_gradient(((function *)context)->run, NULL, g);
    return status;
}

static ml_status hessian_of(void *context, const double *x, gsl_matrix *h, ml_message *reason)
{
    double f, g[100];
    ml_status status = gradient_of(context, x, &f, g, reason);
    tape_hessian(((function *)context)->run, h);
    return status;
}

static void open_function(function *e, const char *text, size_t n)
{
    const expression *parsed;
    tape_variable variable = {.name = "x", .rows = n, .columns = 1};
    *e = (function){.space = expression_space_new()};
    if (expression_parse(e->space, NULL, text, &parsed, &why) != ML_OK ||
        tape_new(e->space, &parsed, 1, &variable, 1, &e->t, &why) != ML_OK)
        UNIT_FAIL("%s", why.text);
    e->run = tape_run_new(e->t);
}

static void close_function(function *e)
{
    tape_run_free(e->run);
    tape_free(e->t);
    expression_space_free(e->space);
}

static minimize_objective objective_of(function *e, size_t n)
{
    return (minimize_objective){
        .n = n, .context = e, .value = value_of, .gradient = gradient_of, .hessian = hessian_of};
}

static ml_status solve(const char *text, size_t n, const double *start, const minimize_params *params,
                       minimize_result *r)
{
    function e;
    open_function(&e, text, n);
    minimize_objective o = objective_of(&e, n);
    ml_status status = minimize(&o, start, params, r, &why);
    close_function(&e);
    return status;
}

/* Of a method with its defaults; the value in *F unless NULL. */
static minimize_status status_by(minimize_method method, const char *text, size_t n, const double *start,
                                 double *f)
{
    minimize_params p;
    minimize_result r;
    minimize_defaults(&p, method);
    if (solve(text, n, start, &p, &r) != ML_OK) {
        UNIT_FAIL("%s by %s: %s", text, minimize_method_name(method), why.text);
        return MINIMIZE_STALLED;
    }
    minimize_status status = r.status;
    if (f != NULL)
        *f = r.value;
    minimize_free(&r);
    return status;
}

static const minimize_method SEARCHING[] = {MINIMIZE_NEWTON, MINIMIZE_BFGS, MINIMIZE_LBFGS, MINIMIZE_CG,
                                            MINIMIZE_NELDER_MEAD};
enum { SEARCHING_COUNT = sizeof SEARCHING / sizeof *SEARCHING };

static void expect(minimize_method method, minimize_status wanted, const char *text, size_t n, double x,
                   double y)
{
    double start[2] = {x, y};
    minimize_status got = status_by(method, text, n, start, NULL);
    if (got != wanted)
        UNIT_FAIL("%s from %g by %s: %s", text, x, minimize_method_name(method), minimize_status_name(got));
}

static void test_status(void)
{
    const double one = 1;
    unit_case("what falls without end has no minimum");
    for (size_t i = 0; i < SEARCHING_COUNT; i++) {
        expect(SEARCHING[i], MINIMIZE_UNBOUNDED, "-x[1]", 1, 1, 0);
        expect(SEARCHING[i], MINIMIZE_UNBOUNDED, "x[1]^3", 1, -1, 0);
        expect(SEARCHING[i], MINIMIZE_UNBOUNDED, "x[1]^2-x[2]^2", 2, 1, 0.5);
        CHECK(!minimize_converged(status_by(SEARCHING[i], "log(x[1])", 1, &one, NULL)));
    }
    expect(MINIMIZE_GD, MINIMIZE_UNBOUNDED, "-x[1]^2", 1, 1, 0);
    unit_case("what levels off towards infinity, or is flat on a slope, has none either");
    /* the simplex gets to where exp(-x) is 0 */
    for (size_t i = 0; i < SEARCHING_COUNT && SEARCHING[i] != MINIMIZE_NELDER_MEAD; i++) {
        CHECK(!minimize_converged(status_by(SEARCHING[i], "exp(-x[1])", 1, &one, NULL)));
        CHECK(!minimize_converged(status_by(SEARCHING[i], "1/x[1]", 1, &one, NULL)));
        CHECK(!minimize_converged(status_by(SEARCHING[i], "x[1]^3", 1, &one, NULL)));
    }
    unit_case(
        "what levels off towards a value other than 0 has none, in any units or beside another variable");
    for (size_t i = 0; i < SEARCHING_COUNT; i++) {
        expect(SEARCHING[i], MINIMIZE_STALLED, "atan(x[1])", 1, 1, 0);
        expect(SEARCHING[i], MINIMIZE_STALLED, "tanh(x[1])", 1, 1, 0);
        expect(SEARCHING[i], MINIMIZE_STALLED, "1/x[1]+1", 1, 1, 0);
        expect(SEARCHING[i], MINIMIZE_STALLED, "exp(1000*x[1]-1000)+1", 1, 1, 0);
        expect(SEARCHING[i], MINIMIZE_STALLED, "exp(x[1])+1+(x[2]-3)^2", 2, 1, 1);
    }
    unit_case("a flat minimum is one");
    for (size_t i = 0; i < SEARCHING_COUNT; i++) {
        expect(SEARCHING[i], MINIMIZE_CONVERGED_GRADIENT, "x[1]^20+1", 1, 1, 0);
        expect(SEARCHING[i], MINIMIZE_CONVERGED_GRADIENT, "x[1]^100+1", 1, 1, 0);
        expect(SEARCHING[i], MINIMIZE_CONVERGED_GRADIENT, "(x[1]+10*x[2])^2+x[1]^4+x[2]^8+3", 2, 1, 1);
    }
    unit_case("fixed rates that diverge or leave the domain");
    minimize_params p;
    minimize_result r;
    double start[] = {1};
    minimize_defaults(&p, MINIMIZE_GD);
    p.rate = 1.5;
    CHECK(solve("x[1]^2", 1, start, &p, &r) == ML_OK && r.status == MINIMIZE_NOT_FINITE);
    CHECK(isfinite(r.x[0]) && isfinite(r.value));
    minimize_free(&r);
    CHECK(solve("x[1]-log(x[1])/10", 1, start, &p, &r) == ML_OK && r.status == MINIMIZE_NOT_FINITE);
    CHECK(strstr(r.reason.text, "no value at -0.35") != NULL);
    CHECK_NEAR(r.x[0], 1, 0);
    minimize_free(&r);
    p.rate = 0.01;
    p.max_iterations = 5;
    CHECK(solve("x[1]^2", 1, start, &p, &r) == ML_OK && r.status == MINIMIZE_ITERATION_LIMIT);
    CHECK(r.iterations == 5);
    minimize_free(&r);
    p.max_iterations = 0;
    CHECK(solve("x[1]^2", 1, start, &p, &r) == ML_OK && r.status == MINIMIZE_ITERATION_LIMIT);
    CHECK_NEAR(r.x[0], 1, 0);
    minimize_free(&r);
}

/* A step out of the domain is shortened by the methods that search. */
static void test_domain(void)
{
    unit_case("steps out of the domain are shortened");
    double start[] = {0.01, 5}, f;
    for (size_t i = 0; i < SEARCHING_COUNT; i++) {
        f = NAN;
        CHECK(status_by(SEARCHING[i], "x[1]-log(x[1])", 1, start, &f) == MINIMIZE_CONVERGED_GRADIENT);
        CHECK_NEAR(f, 1, 1e-10);
        CHECK(status_by(SEARCHING[i], "x[1]*x[2]-log(x[1])-log(x[2])+x[1]^2+sqrt(x[2])", 2, start, &f) ==
              MINIMIZE_CONVERGED_GRADIENT);
    }
    unit_case("a start outside the domain or not finite, and parameters that do not fit, are errors");
    double bad[] = {-1}, infinite[] = {INFINITY};
    minimize_params p;
    minimize_result r;
    minimize_defaults(&p, MINIMIZE_LBFGS);
    CHECK(solve("log(x[1])", 1, bad, &p, &r) == ML_FAIL);
    CHECK_TEXT(why.text, "the function has no value at the start: no value at -1");
    CHECK(solve("x[1]^2", 1, infinite, &p, &r) == ML_FAIL);
    CHECK_TEXT(why.text, "the start of variable 1 is inf, which is not finite");
    p.line_search = MINIMIZE_FIXED;
    CHECK(solve("x[1]^2", 1, start, &p, &r) == ML_FAIL);
    CHECK_TEXT(why.text, "lbfgs cannot use this line search");
    minimize_defaults(&p, MINIMIZE_ADAM);
    p.beta1 = 2;
    CHECK(solve("x[1]^2", 1, start, &p, &r) == ML_FAIL);
    CHECK_TEXT(why.text, "the first beta is 2, and must be between 0 and 1");
    minimize_defaults(&p, MINIMIZE_LEVENBERG_MARQUARDT);
    CHECK(solve("x[1]^2", 1, start, &p, &r) == ML_FAIL);
}

/* Units of f and x; far minima; flat ones. */
static void test_units(void)
{
    static const struct {
        const char *text;
        double start, minimum, x, tolerance;
    } CASES[] = {
        {"1e-12*x[1]^2", 1, 0, 0, 1e-4},      {"1e12*(x[1]-1)^2", 5, 0, 1, 1e-12},
        {"(1e-9*x[1]-1)^2", 0, 0, 1e9, 1e-4}, {"(1e9*x[1]-1)^2", 0, 0, 1e-9, 1e-4},
        {"(x[1]-1e6)^2+3", 0, 3, 1e6, 1e-6},  {"1e-30*(x[1]-1)^2", 3, 0, 1, 1e-6},
        {"cosh(x[1])-1", 3, 0, 0, 1e-4},      {"x[1]^4", 1, 0, 0, 1e-2},
        {"exp(x[1])-x[1]", -5, 1, 0, 1e-4},
    };
    unit_case("units of the function and of the variable do not matter");
    for (size_t k = 0; k < sizeof CASES / sizeof *CASES; k++)
        for (size_t i = 0; i < SEARCHING_COUNT; i++) {
            minimize_params p;
            minimize_result r;
            minimize_defaults(&p, SEARCHING[i]);
            if (solve(CASES[k].text, 1, &CASES[k].start, &p, &r) != ML_OK) {
                UNIT_FAIL("%s", why.text);
                continue;
            }
            double tolerance = CASES[k].tolerance * (CASES[k].x == 0 ? 1 : fabs(CASES[k].x));
            if (!minimize_converged(r.status) || !(fabs(r.x[0] - CASES[k].x) <= tolerance))
                UNIT_FAIL("%s by %s: %s at %.17g", CASES[k].text, minimize_method_name(SEARCHING[i]),
                          minimize_status_name(r.status), r.x[0]);
            minimize_free(&r);
        }
}

static void test_again(void)
{
    unit_case("the result is a start that converges at once or nearly so");
    double start[] = {-1.2, 1};
    for (size_t i = 0; i < SEARCHING_COUNT; i++) {
        minimize_params p;
        minimize_result r, again;
        minimize_defaults(&p, SEARCHING[i]);
        const char *text = "100*(x[2]-x[1]^2)^2+(1-x[1])^2";
        CHECK(solve(text, 2, start, &p, &r) == ML_OK && minimize_converged(r.status));
        CHECK(solve(text, 2, r.x, &p, &again) == ML_OK);
        if (!minimize_converged(again.status) || again.iterations > 200)
            UNIT_FAIL("%s again: %s after %zu", minimize_method_name(p.method),
                      minimize_status_name(again.status), again.iterations);
        minimize_free(&r);
        minimize_free(&again);
    }
}

static void test_newton(void)
{
    unit_case("Newton's method minimizes a quadratic in one step");
    double start[] = {1e3, -1e4}; /* what is lost there stays lost: 1e-12 */
    minimize_params p;
    minimize_result r;
    minimize_defaults(&p, MINIMIZE_NEWTON);
    for (int k = 0; k < 2; k++) {
        p.globalization = k == 0 ? MINIMIZE_TRUST_REGION : MINIMIZE_LINE_SEARCH;
        CHECK(solve("3*x[1]^2+x[1]*x[2]+x[2]^2-x[1]+1", 2, start, &p, &r) == ML_OK);
        CHECK(r.status == MINIMIZE_CONVERGED_GRADIENT && r.iterations == 1);
        CHECK_NEAR(r.x[0], 2. / 11, 1e-11);
        CHECK_NEAR(r.x[1], -1. / 11, 1e-11);
        minimize_free(&r);
    }
}

/* --- bounds --- */

static bool bounded(minimize_method method, const char *text, const double *start, const double *lower,
                    const double *upper, minimize_result *r)
{
    minimize_params p;
    minimize_defaults(&p, method);
    p.lower = lower, p.upper = upper;
    if (minimize_first_order(method))
        p.rate = 0.02, p.max_iterations = 100000;
    if (solve(text, 2, start, &p, r) != ML_OK) {
        UNIT_FAIL("%s: %s", minimize_method_name(method), why.text);
        return false;
    }
    if (!minimize_converged(r->status))
        UNIT_FAIL("%s: %s at %g, %g: %s", minimize_method_name(method), minimize_status_name(r->status),
                  r->x[0], r->x[1], r->reason.text);
    return true;
}

static void test_bounds(void)
{
    static const minimize_method METHODS[] = {MINIMIZE_GD,    MINIMIZE_NEWTON, MINIMIZE_BFGS,
                                              MINIMIZE_LBFGS, MINIMIZE_CG,     MINIMIZE_NELDER_MEAD};
    const double start[] = {-1.2, 1}, lower[] = {-1.5, -INFINITY}, upper[] = {0.5, INFINITY};
    const double fixed_low[] = {-INFINITY, 0.3}, fixed_high[] = {INFINITY, 0.3};
    unit_case("between bounds");
    for (size_t i = 0; i < sizeof METHODS / sizeof *METHODS; i++) {
        minimize_result r;
        /* Rosenbrock's function with x <= 1/2: 1/4 at (1/2, 1/4) */
        if (bounded(METHODS[i], "10*(x[2]-x[1]^2)^2+(1-x[1])^2", start, lower, upper, &r)) {
            CHECK_NEAR(r.value, 0.25, 1e-8);
            CHECK_NEAR(r.x[0], 0.5, 1e-12);
            CHECK_NEAR(r.x[1], 0.25, 1e-5);
            CHECK(METHODS[i] == MINIMIZE_NELDER_MEAD || (r.held[0] == 1 && r.held[1] == 0));
            minimize_free(&r);
        }
        /* y fixed: 2 x + 2 (x - y) = 0 */
        if (bounded(METHODS[i], "x[1]^2+(x[1]-x[2])^2", start, fixed_low, fixed_high, &r)) {
            CHECK_NEAR(r.x[0], 0.15, 1e-7);
            CHECK_NEAR(r.x[1], 0.3, 0);
            minimize_free(&r);
        }
        /* at a corner */
        const double low[] = {2, 3};
        if (bounded(METHODS[i], "(x[1]+x[2])^2+x[1]", start, low, NULL, &r)) {
            CHECK_NEAR(r.value, 27, 1e-12);
            CHECK(r.held[0] == -1 && r.held[1] == -1);
            CHECK_NEAR(r.gradient_norm, 0, 0);
            minimize_free(&r);
        }
    }
}

/* Many bounds, some active: the quadratic sum (i (x_i - a_i))^2 / 2 + (sum x)^2 / 2 against its optimality
 * conditions. */
static void test_many_bounds(void)
{
    enum { N = 30 };
    double lower[N], upper[N], start[N];
    unit_case("many bounds: the projected gradient vanishes");
    for (size_t i = 0; i < N; i++) {
        lower[i] = i % 3 == 0 ? 0.5 : -INFINITY;
        upper[i] = i % 4 == 0 ? 1 : i % 4 == 1 ? 0.25 : INFINITY;
        if (upper[i] < lower[i])
            upper[i] = lower[i];
        start[i] = 0;
    }
    for (size_t k = 0; k < 3; k++) {
        minimize_params p;
        minimize_result r;
        minimize_defaults(&p, (const minimize_method[]){MINIMIZE_LBFGS, MINIMIZE_BFGS, MINIMIZE_NEWTON}[k]);
        p.lower = lower, p.upper = upper;
        CHECK(solve("sum(i,1,30,i*(x[i]-sin(i))^2)+sum(x)^2+sum(i,1,29,(x[i]-x[i+1])^4)", N, start, &p, &r) ==
              ML_OK);
        if (!minimize_converged(r.status))
            UNIT_FAIL("%s: %s", minimize_method_name(p.method), minimize_status_name(r.status));
        size_t held = 0;
        for (size_t i = 0; i < N; i++) {
            CHECK(r.x[i] >= lower[i] && r.x[i] <= upper[i]);
            CHECK(r.held[i] != 0 || fabs(r.gradient[i]) <= 1e-6);
            held += r.held[i] != 0;
        }
        CHECK(held > 5 && held < N - 5);
        minimize_free(&r);
    }
}

/* y = a exp(-b t) at t = 0 ... 5, made with a = 3, b = 1/2 */
static ml_status decay_residuals(void *context, const double *x, double *r, gsl_matrix *jacobian,
                                 ml_message *reason)
{
    (void)context;
    (void)reason;
    for (size_t i = 0; i < 6; i++) {
        double t = (double)i, e = exp(-x[1] * t);
        r[i] = x[0] * e - 3 * exp(-t / 2);
        if (jacobian != NULL) {
            gsl_matrix_set(jacobian, i, 0, e);
            gsl_matrix_set(jacobian, i, 1, -t * x[0] * e);
        }
    }
    return ML_OK;
}

static void decay(const double *x, double *f, double *g)
{
    double r[6], jacobian[12];
    gsl_matrix_view view = gsl_matrix_view_array(jacobian, 6, 2);
    decay_residuals(NULL, x, r, &view.matrix, NULL);
    *f = g[0] = g[1] = 0;
    for (size_t i = 0; i < 6; i++) {
        *f += r[i] * r[i] / 2;
        g[0] += r[i] * jacobian[2 * i];
        g[1] += r[i] * jacobian[2 * i + 1];
    }
}

static void test_marquardt_bounds(void)
{
    static const double lower[][2] = {{-INFINITY, -INFINITY}, {0, 0.6}, {3.5, 0}, {4, 1}, {0, 0.25}};
    static const double upper[][2] = {{INFINITY, INFINITY}, {10, 1}, {9, 0.4}, {5, 2}, {2, 0.25}};
    unit_case("levenberg-marquardt between bounds ends where lbfgs does");
    gradient_function *f = decay;
    minimize_objective o = objective(2, &f);
    o.residuals = decay_residuals, o.residual_count = 6, o.residual_scale = 0.5;
    for (size_t k = 0; k < sizeof lower / sizeof *lower; k++) {
        minimize_params p;
        minimize_result r[2];
        for (size_t i = 0; i < 2; i++) {
            double start[] = {1, 0.9};
            minimize_defaults(&p, i == 0 ? MINIMIZE_LEVENBERG_MARQUARDT : MINIMIZE_LBFGS);
            p.lower = lower[k], p.upper = upper[k];
            CHECK(minimize(&o, start, &p, &r[i], &why) == ML_OK);
            if (!minimize_converged(r[i].status))
                UNIT_FAIL("bounds %zu, %s: %s", k, minimize_method_name(p.method),
                          minimize_status_name(r[i].status));
        }
        CHECK_NEAR(r[0].x[0], r[1].x[0], 1e-6);
        CHECK_NEAR(r[0].x[1], r[1].x[1], 1e-6);
        CHECK(r[0].held[0] == r[1].held[0] && r[0].held[1] == r[1].held[1]);
        minimize_free(&r[0]);
        minimize_free(&r[1]);
    }
}

/* --- rates, batches, reports, classes --- */

typedef struct seen {
    size_t count;
    double rate[64], x[64], m_after[64], v_hat[64], used[64], norm[64];
    const char *names[64][MINIMIZE_VECTORS];
} seen;

static void record(void *context, const minimize_iteration *now)
{
    seen *s = context;
    size_t k = s->count++;
    if (k >= 64)
        return;
    s->rate[k] = now->rate;
    s->x[k] = now->x[0];
    s->norm[k] = now->norm;
    for (size_t i = 0; i < now->vector_count; i++)
        s->names[k][i] = now->vectors[i].name;
    if (now->vector_count == 4 && k > 0) {
        s->m_after[k] = now->vectors[0].after[0];
        s->v_hat[k] = now->vectors[3].after[0];
        s->used[k] = now->used[0];
    }
}

static void test_schedules(void)
{
    static const struct {
        minimize_schedule schedule;
        double rates[4];
    } CASES[] = {
        {MINIMIZE_CONSTANT, {0.1, 0.1, 0.1, 0.1}},
        {MINIMIZE_INVERSE, {0.1, 0.05, 0.1 / 3, 0.025}},
        {MINIMIZE_STEP_DECAY, {0.1, 0.1, 0.05, 0.05}},
        {MINIMIZE_EXPONENTIAL, {0.1, 0.05, 0.025, 0.0125}},
    };
    unit_case("schedules of the rate");
    double start[] = {1};
    minimize_params p;
    minimize_result r;
    for (size_t k = 0; k < 5; k++) {
        seen s = {0};
        minimize_defaults(&p, MINIMIZE_GD);
        p.rate = 0.1, p.factor = 0.5, p.period = k == 4 ? 4 : 2, p.max_iterations = 4;
        p.schedule = k == 4 ? MINIMIZE_COSINE : CASES[k].schedule;
        p.progress = record, p.context = &s;
        CHECK(solve("x[1]^2", 1, start, &p, &r) == ML_OK && s.count == 5);
        for (size_t t = 0; t < 4; t++)
            CHECK_NEAR(s.rate[t + 1], k == 4 ? 0.05 * (1 + cos(M_PI * (double)t / 4)) : CASES[k].rates[t],
                       1e-15);
        minimize_free(&r);
    }
}

static void test_report(void)
{
    unit_case("adam's report has m, v and both without bias, before and after");
    double start[] = {1};
    seen s = {0};
    minimize_params p;
    minimize_result r;
    minimize_defaults(&p, MINIMIZE_ADAM);
    p.rate = 0.1, p.max_iterations = 2, p.progress = record, p.context = &s;
    CHECK(solve("x[1]^2", 1, start, &p, &r) == ML_OK && s.count == 3);
    CHECK(isnan(s.rate[0]));
    CHECK_NEAR(s.x[0], 1, 0);
    CHECK_NEAR(s.norm[0], 2, 0);
    CHECK_TEXT(s.names[1][0], "m");
    CHECK_TEXT(s.names[1][2], "m^");
    CHECK_NEAR(s.used[1], 2, 0);
    CHECK_NEAR(s.m_after[1], 0.2, 1e-15);
    CHECK_NEAR(s.v_hat[1], 4, 1e-13);
    CHECK_NEAR(s.used[2], 2 * s.x[1], 0);
    CHECK_NEAR(s.m_after[2], 0.9 * 0.2 + 0.1 * 2 * s.x[1], 1e-15);
    minimize_free(&r);
}

/* The mean of (x - a_i)^2 in batches of one row. */
typedef struct rows {
    size_t batch, calls;
} rows;

static ml_status row_gradient(void *context, const double *x, double *f, double *g, ml_message *reason)
{
    const rows *b = context;
    double a = (double)(b->batch % 3);
    (void)reason;
    *f = (x[0] - a) * (x[0] - a);
    g[0] = 2 * (x[0] - a);
    return ML_OK;
}

static ml_status row_value(void *context, const double *x, double *f, ml_message *reason)
{
    double g;
    return row_gradient(context, x, f, &g, reason);
}

static ml_status row_next(void *context, ml_message *reason)
{
    rows *b = context;
    (void)reason;
    b->batch++;
    b->calls++;
    return ML_OK;
}

static void test_batches(void)
{
    unit_case("batches: each update has a gradient of its own batch");
    rows b = {0};
    double start[] = {4}, x = 4;
    minimize_objective o = {
        .n = 1, .context = &b, .value = row_value, .gradient = row_gradient, .next_batch = row_next};
    minimize_params p;
    minimize_result r;
    minimize_defaults(&p, MINIMIZE_GD);
    p.max_iterations = 7, p.rate = 0.1;
    CHECK(minimize(&o, start, &p, &r, &why) == ML_OK);
    for (size_t t = 1; t <= 7; t++)
        x -= 0.1 * 2 * (x - (double)(t % 3));
    CHECK_NEAR(r.x[0], x, 1e-15);
    CHECK(b.calls == 8 && r.gradients == 8);
    minimize_free(&r);
    minimize_defaults(&p, MINIMIZE_LBFGS);
    CHECK(minimize(&o, start, &p, &r, &why) == ML_FAIL);
}

static void check_class(const char *text, double x, double y, minimize_class wanted)
{
    function e;
    double at[] = {x, y}, values[2];
    minimize_class class;
    gsl_matrix *h = gsl_matrix_alloc(2, 2);
    open_function(&e, text, 2);
    hessian_of(&e, at, h, &why);
    CHECK(minimize_classify(h, NULL, 0, &class, values, &why) == ML_OK);
    if (class != wanted)
        UNIT_FAIL("%s: %s", text, minimize_class_name(class));
    CHECK(values[0] <= values[1]);
    CHECK_NEAR(values[0] + values[1], gsl_matrix_get(h, 0, 0) + gsl_matrix_get(h, 1, 1), 1e-12);
    gsl_matrix_free(h);
    close_function(&e);
}

static void test_classes(void)
{
    unit_case("classes of stationary points");
    check_class("x[1]^2+x[1]*x[2]+x[2]^2", 0, 0, MINIMIZE_MINIMUM);
    check_class("-x[1]^2-x[2]^2", 0, 0, MINIMIZE_MAXIMUM);
    check_class("x[1]*x[2]", 0, 0, MINIMIZE_SADDLE);
    check_class("x[1]^2-x[2]^2", 0, 0, MINIMIZE_SADDLE);
    check_class("(x[1]+x[2])^2", 0.3, -0.3, MINIMIZE_DEGENERATE);
    check_class("x[1]^4+x[2]^2", 0, 0, MINIMIZE_DEGENERATE);
    check_class("x[1]^4+x[2]^4", 0, 0, MINIMIZE_DEGENERATE);
    /* Brown's badly scaled function: eigenvalues 2 and 2e12 */
    check_class("(x[1]-1e6)^2+(x[2]-2e-6)^2+(x[1]*x[2]-2)^2", 1e6, 2e-6, MINIMIZE_MINIMUM);
    gsl_matrix *h = gsl_matrix_calloc(2, 2);
    const signed char held[] = {1, 0}, all[] = {1, -1};
    minimize_class class;
    gsl_matrix_set(h, 0, 0, -1);
    gsl_matrix_set(h, 1, 1, 1);
    CHECK(minimize_classify(h, held, 0, &class, NULL, &why) == ML_OK && class == MINIMIZE_MINIMUM);
    CHECK(minimize_classify(h, all, 0, &class, NULL, &why) == ML_OK && class == MINIMIZE_MINIMUM);
    gsl_matrix_free(h);
}

static void test_stationary_start(void)
{
    unit_case("a start where the gradient is 0 is told, whatever its class");
    for (size_t i = 0; i < SEARCHING_COUNT; i++)
        if (SEARCHING[i] != MINIMIZE_NELDER_MEAD)
            expect(SEARCHING[i], MINIMIZE_CONVERGED_GRADIENT, "x[1]^2-x[2]^2", 2, 0, 0);
    expect(MINIMIZE_GD, MINIMIZE_CONVERGED_GRADIENT, "-x[1]^2", 1, 0, 0);
}

static void test_asked(void)
{
    unit_case("tolerances on the step and the value that were asked for");
    double start[] = {1};
    minimize_params p;
    minimize_result r;
    minimize_defaults(&p, MINIMIZE_GD);
    p.rate = 0.1, p.step_tolerance = 0.01;
    CHECK(solve("x[1]^2", 1, start, &p, &r) == ML_OK && r.status == MINIMIZE_CONVERGED_STEP);
    CHECK(r.iterations == 15); /* 0.2 0.8^14 < 0.01 */
    minimize_free(&r);
    p.step_tolerance = 0, p.value_tolerance = 0.01;
    CHECK(solve("x[1]^2", 1, start, &p, &r) == ML_OK && r.status == MINIMIZE_CONVERGED_VALUE);
    CHECK(r.iterations == 10); /* 0.36 0.64^9 < 0.01 */
    minimize_free(&r);
}

static void test_without_gradient(void)
{
    unit_case("nelder-mead without a gradient, and where there is none");
    function e;
    double start[] = {3, -2};
    minimize_params p;
    minimize_result r;
    open_function(&e, "abs(x[1]-1)+2*abs(x[2]-x[1])", 2);
    minimize_objective o = objective_of(&e, 2);
    o.gradient = NULL, o.hessian = NULL;
    minimize_defaults(&p, MINIMIZE_NELDER_MEAD);
    CHECK(minimize(&o, start, &p, &r, &why) == ML_OK && r.status == MINIMIZE_CONVERGED_STEP);
    CHECK_NEAR(r.x[0], 1, 1e-6);
    CHECK_NEAR(r.x[1], 1, 1e-6);
    CHECK(r.gradient == NULL && r.gradients == 0);
    minimize_free(&r);
    p.method = MINIMIZE_BFGS;
    CHECK(minimize(&o, start, &p, &r, &why) == ML_FAIL);
    close_function(&e);
}

static void test_searches(void)
{
    unit_case("line searches of gd, bfgs, lbfgs and newton");
    const double start[] = {2, -1};
    static const minimize_method METHODS[] = {MINIMIZE_GD, MINIMIZE_BFGS, MINIMIZE_LBFGS, MINIMIZE_NEWTON};
    for (size_t k = 0; k < 4; k++)
        for (minimize_line_search l = MINIMIZE_ARMIJO; l <= MINIMIZE_WOLFE; l++) {
            minimize_params p;
            minimize_result r;
            minimize_defaults(&p, METHODS[k]);
            p.line_search = l;
            CHECK(solve("exp(x[1]+3*x[2]-.1)+exp(x[1]-3*x[2]-.1)+exp(-x[1]-.1)", 2, start, &p, &r) == ML_OK);
            if (!minimize_converged(r.status))
                UNIT_FAIL("%s, search %d: %s", minimize_method_name(p.method), l,
                          minimize_status_name(r.status));
            CHECK_NEAR(r.x[0], -log(2) / 2, 1e-7); /* Boyd, Vandenberghe, Convex Optimization, 9.20 */
            CHECK_NEAR(r.x[1], 0, 1e-7);
            minimize_free(&r);
        }
}

static void test_large(void)
{
    enum { N = 100 };
    unit_case("Rosenbrock's function in 100 variables");
    double start[N];
    for (size_t i = 0; i < N; i++)
        start[i] = i % 2 ? 1 : -1.2;
    static const minimize_method METHODS[] = {MINIMIZE_NEWTON, MINIMIZE_BFGS, MINIMIZE_LBFGS};
    for (size_t k = 0; k < 3; k++) {
        double f = NAN;
        minimize_status status =
            status_by(METHODS[k], "sum(i,1,99,100*(x[i+1]-x[i]^2)^2+(1-x[i])^2)", N, start, &f);
        /* 0, or the local minimum near (-1, 1, ..., 1) */
        if (!minimize_converged(status) || !(fabs(f) <= 1e-8 || fabs(f - 3.986624) <= 1e-5))
            UNIT_FAIL("%s: %s at %.10g", minimize_method_name(METHODS[k]), minimize_status_name(status), f);
    }
}

int main(void)
{
    test_first_order();
    test_status();
    test_domain();
    test_units();
    test_again();
    test_newton();
    test_bounds();
    test_many_bounds();
    test_marquardt_bounds();
    test_schedules();
    test_report();
    test_batches();
    test_classes();
    test_stationary_start();
    test_asked();
    test_without_gradient();
    test_searches();
    test_large();
    return unit_end();
}
