/* Minimization under constraints: the problems of tests/hs_problems.txt (minima, multipliers and points from
 * tests/ref/hs.py), and what is no minimum. */
#include "math/constrained.h"

#include <gsl/gsl_randist.h>
#include <stdlib.h>

#include "base/random.h"
#include "math/tape.h"
#include "unit.h"

enum { FIELDS = 7, LINE = 4096, MOST = 32, PROBLEMS = 13 };

/* Outputs of the tape: f, the equalities, the inequalities. */
typedef struct problem {
    size_t n, m, equalities;
    size_t order[MOST]; /* where the i-th constraint of the text is among those of the problem */
    tape *t;
    tape_run *run;
    double start[MOST];
} problem;

static ml_message why;

static ml_status value(void *context, const double *x, double *f, double *g, ml_message *reason)
{
    problem *p = context;
    double out[MOST + 1];
    tape_value(p->run, x, out);
    *f = out[0];
    if (g != NULL)
        tape_gradient(p->run, NULL, g);
    if (isfinite(*f))
        return ML_OK;
    ml_fail(reason, "no value");
    return ML_NO;
}

static ml_status constraints(void *context, const double *x, double *c, gsl_matrix *jacobian,
                             ml_message *reason)
{
    problem *p = context;
    double out[MOST + 1];
    (void)reason;
    tape_value(p->run, x, out);
    memcpy(c, out + 1, p->m * sizeof *c);
    for (size_t i = 0; jacobian != NULL && i < p->m; i++) {
        double seed[MOST + 1] = {0};
        seed[i + 1] = 1;
        tape_gradient(p->run, seed, gsl_matrix_ptr(jacobian, i, 0));
    }
    return ML_OK;
}

static ml_status hessian(void *context, const double *x, double weight, const double *multipliers,
                         gsl_matrix *h, ml_message *reason)
{
    problem *p = context;
    double seed[MOST + 1] = {weight}, out[MOST + 1], g[MOST];
    (void)reason;
    memcpy(seed + 1, multipliers, p->m * sizeof *seed);
    tape_value(p->run, x, out);
    tape_gradient(p->run, seed, g);
    tape_hessian(p->run, h);
    return ML_OK;
}

/* left - right of == and <=, right - left of >=. */
static const expression *difference(expression_space *s, const expression *e)
{
    bool swap = e->op == OPERATOR_AT_LEAST;
    return expression_binary(s, OPERATOR_SUBTRACT, e->args[swap], e->args[!swap]);
}

static bool compile(expression_space *s, const char *f, char *list, const char *start, problem *p)
{
    const expression *roots[MOST + 1], *parsed[MOST], *at;
    gsl_matrix *x;
    char *text;
    *p = (problem){0};
    while ((text = strsep(&list, ";")) != NULL)
        if (*text != '\0') {
            if (expression_parse(s, "constraint", text, &parsed[p->m], &why) != ML_OK)
                return false;
            p->equalities += parsed[p->m++]->op == OPERATOR_EQUAL;
        }
    size_t equality = 0, inequality = p->equalities;
    for (size_t i = 0; i < p->m; i++) {
        p->order[i] = parsed[i]->op == OPERATOR_EQUAL ? equality++ : inequality++;
        roots[1 + p->order[i]] = difference(s, parsed[i]);
    }
    if (expression_parse(s, "f", f, &roots[0], &why) != ML_OK ||
        expression_parse(s, "start", strchr(start, '=') + 1, &at, &why) != ML_OK ||
        tape_constant(s, at, &x, &why) != ML_OK)
        return false;
    p->n = x->size1;
    for (size_t j = 0; j < p->n; j++)
        p->start[j] = gsl_matrix_get(x, j, 0);
    gsl_matrix_free(x);
    tape_variable variable = {.name = "x", .rows = p->n, .columns = 1};
    if (tape_new(s, roots, p->m + 1, &variable, 1, &p->t, &why) != ML_OK)
        return false;
    p->run = tape_run_new(p->t);
    return p->run != NULL;
}

static ml_status solve(problem *p, const double *start, constrained_result *r)
{
    constrained_params params;
    constrained_problem c = {.n = p->n,
                             .equalities = p->equalities,
                             .inequalities = p->m - p->equalities,
                             .context = p,
                             .value = value,
                             .constraints = constraints,
                             .hessian = hessian};
    constrained_defaults(&params);
    return constrained_minimize(&c, start, &params, r, &why);
}

static void check_result(const problem *p, char **field, const constrained_result *r)
{
    char *end = field[5];
    if (r->status != CONSTRAINED_CONVERGED)
        UNIT_FAIL("%s: %s", constrained_status_name(r->status), r->reason.text);
    CHECK(r->stationarity <= 1e-8 && r->feasibility <= 1e-8 && r->complementarity <= 1e-8);
    CHECK_NEAR(r->value, strtod(field[4], NULL), 1e-10);
    for (size_t i = 0; i < p->m; i++) {
        CHECK_NEAR(r->multipliers[p->order[i]], strtod(end, &end), 1e-6);
        CHECK(p->order[i] < p->equalities || r->multipliers[p->order[i]] >= 0);
    }
}

/* A minimum of hs26 is where f is 0 to rounding, whose root is what x can be known to. */
static void check_point(const problem *p, const char *name, char *text, const constrained_result *r)
{
    double tolerance = strcmp(name, "hs26") == 0 ? 1e-3 : 1e-7;
    for (size_t j = 0; j < p->n; j++)
        CHECK_NEAR(r->x[j], strtod(text, &text), tolerance);
}

static void run_line(char *line)
{
    char *field[FIELDS], title[64];
    problem p;
    for (size_t i = 0; i < FIELDS; i++) {
        char *bar = i + 1 < FIELDS ? strstr(line, " | ") : NULL;
        field[i] = line;
        if (bar != NULL)
            *bar = '\0', line = bar + 3;
    }
    snprintf(title, sizeof title, "%.20s: minimum, multipliers, KKT residuals", field[0]);
    unit_case(title);
    expression_space *s = expression_space_new();
    constrained_result r = {0};
    if (!compile(s, field[1], field[2], field[3], &p) || solve(&p, p.start, &r) != ML_OK)
        UNIT_FAIL("%s", why.text);
    else {
        check_result(&p, field, &r);
        check_point(&p, field[0], field[6], &r);
    }
    constrained_free(&r);
    tape_run_free(p.run);
    tape_free(p.t);
    expression_space_free(s);
    unit_close_case();
    unit_name = NULL;
}

/* The status of F under the constraints in TEXT from START; its result in R. */
static constrained_status status_of(const char *f, const char *text, const char *start, constrained_result *r)
{
    problem p;
    char list[256];
    snprintf(list, sizeof list, "%s", text);
    expression_space *s = expression_space_new();
    if (!compile(s, f, list, start, &p) || solve(&p, p.start, r) != ML_OK)
        UNIT_FAIL("%s", why.text);
    tape_run_free(p.run);
    tape_free(p.t);
    expression_space_free(s);
    return r->status;
}

static void expect(constrained_status wanted, const char *f, const char *text, const char *start)
{
    constrained_result r = {0};
    constrained_status got = status_of(f, text, start, &r);
    if (got != wanted)
        UNIT_FAIL("%s under %s: %s", f, text, constrained_status_name(got));
    constrained_free(&r);
}

static void test_status(void)
{
    unit_case("what has no minimum has another status");
    expect(CONSTRAINED_INFEASIBLE, "x[1]^2", "x[1]>=2; x[1]<=1", "x=[0]");
    expect(CONSTRAINED_INFEASIBLE, "x[1]+x[2]", "x[1]^2+x[2]^2==-1", "x=[1;1]");
    expect(CONSTRAINED_INFEASIBLE, "x[1]+x[2]", "x[1]+x[2]==1; x[1]+x[2]==2", "x=[0;0]");
    expect(CONSTRAINED_UNBOUNDED, "-x[1]", "x[1]>=0", "x=[1]");
    expect(CONSTRAINED_UNBOUNDED, "x[1]+x[2]", "x[1]-x[2]==1", "x=[0;0]");
    expect(CONSTRAINED_UNBOUNDED, "x[1]*x[2]", "x[1]+x[2]==1", "x=[0;0]");
    expect(CONSTRAINED_UNBOUNDED, "-exp(x[1])", "x[1]>=x[2]; x[2]>=1", "x=[0;0]");
}

static void test_degenerate(void)
{
    constrained_result r = {0};
    unit_case("constraints that say the same twice, vertices, functions without curvature");
    CHECK(status_of("x[1]^2+x[2]^2", "x[1]+x[2]==1; 2*x[1]+2*x[2]==2", "x=[3;0]", &r) ==
          CONSTRAINED_CONVERGED);
    CHECK_NEAR(r.x[0], 0.5, 1e-8);
    CHECK_NEAR(r.multipliers[0] + 2 * r.multipliers[1], -1, 1e-8);
    constrained_free(&r);
    CHECK(status_of("-x[1]-x[2]", "x[1]+2*x[2]<=4; 3*x[1]+x[2]<=6; x[1]>=0; x[2]>=0", "x=[0;0]", &r) ==
          CONSTRAINED_CONVERGED);
    CHECK_NEAR(r.value, -2.8, 1e-10);
    CHECK_NEAR(r.multipliers[0], 0.4, 1e-8);
    CHECK_NEAR(r.multipliers[1], 0.2, 1e-8);
    constrained_free(&r);
    CHECK(status_of("(x[1]-3)^2", "x[1]<=1; x[1]<=2; x[1]>=-5", "x=[7]", &r) == CONSTRAINED_CONVERGED);
    CHECK_NEAR(r.x[0], 1, 1e-10);
    CHECK_NEAR(r.multipliers[0], 4, 1e-8);
    CHECK(r.active[0] && !r.active[1] && !r.active[2]);
    constrained_free(&r);
}

static void test_counts(void)
{
    unit_case("no constraints; more of them than variables; a single point; start at the solution");
    expect(CONSTRAINED_CONVERGED, "(x[1]-1)^2", "", "x=[5]");
    expect(CONSTRAINED_UNBOUNDED, "x[1]", "", "x=[5]");
    expect(CONSTRAINED_CONVERGED, "(x[1]-3)^2", "x[1]==1; 2*x[1]==2; x[1]^2==1; x[1]<=1; x[1]>=1", "x=[7]");
    expect(CONSTRAINED_CONVERGED, "x[1]^2+x[2]^2", "x[1]+x[2]==1; x[1]-x[2]==3", "x=[0;0]");
    expect(CONSTRAINED_CONVERGED, "x[1]^2+x[2]^2", "x[1]+x[2]>=1", "x=[.5;.5]");
    expect(CONSTRAINED_CONVERGED, "x[1]^2+x[2]^2", "x[1]+x[2]>=-1", "x=[0;0]");
}

/* The penalty cannot hold these back far from the constraints; near them it can. */
static void test_steep(void)
{
    constrained_result r = {0};
    unit_case("functions that fall faster than a penalty rises");
    expect(CONSTRAINED_CONVERGED, "-x[1]^3", "x[1]<=1; x[1]>=-1", "x=[0.5]");
    expect(CONSTRAINED_CONVERGED, "-x[1]^3", "x[1]<=1", "x=[-5]");
    expect(CONSTRAINED_CONVERGED, "-exp(x[1])", "x[1]<=1", "x=[0]");
    expect(CONSTRAINED_CONVERGED, "-x[1]^4-x[2]^4", "x[1]^2+x[2]^2<=1", "x=[.3;.1]");
    CHECK(status_of("-x[1]^4", "x[1]>=-1; x[1]<=2", "x=[.1]", &r) == CONSTRAINED_CONVERGED);
    constrained_free(&r);
    /* no multiplier exists at 0, where the gradient of the constraint vanishes */
    CHECK(status_of("x[1]", "x[1]^2==0", "x=[1]", &r) == CONSTRAINED_STALLED);
    CHECK(r.feasibility <= 1e-8);
    constrained_free(&r);
}

static void test_units(void)
{
    constrained_result r = {0};
    unit_case("units of the function, the constraints and the variables do not matter");
    CHECK(status_of("1e-10*(x[1]-3)^2", "x[1]<=1", "x=[0]", &r) == CONSTRAINED_CONVERGED);
    CHECK_NEAR(r.x[0], 1, 1e-8);
    CHECK_NEAR(r.multipliers[0] / 4e-10, 1, 1e-6);
    constrained_free(&r);
    CHECK(status_of("(x[1]-3)^2", "1e-10*x[1]<=1e-10", "x=[0]", &r) == CONSTRAINED_CONVERGED);
    CHECK_NEAR(r.x[0], 1, 1e-8);
    CHECK_NEAR(r.multipliers[0] / 4e10, 1, 1e-6);
    constrained_free(&r);
    CHECK(status_of("1e8*(1e-6*x[1]-3)^2", "1e-6*x[1]<=1", "x=[0]", &r) == CONSTRAINED_CONVERGED);
    CHECK_NEAR(r.x[0], 1e6, 1e-8);
    constrained_free(&r);
    CHECK(status_of("1e20*x[1]^2", "x[1]>=2", "x=[1]", &r) == CONSTRAINED_CONVERGED);
    CHECK_NEAR(r.x[0], 2, 1e-10);
    CHECK_NEAR(r.multipliers[0] / 4e20, 1, 1e-8);
    constrained_free(&r);
    CHECK(status_of("1e-20*x[1]^2", "x[1]>=2", "x=[1]", &r) == CONSTRAINED_CONVERGED);
    CHECK_NEAR(r.x[0], 2, 1e-10);
    CHECK_NEAR(r.multipliers[0] / 4e-20, 1, 1e-8);
    constrained_free(&r);
    CHECK(status_of("1e30*(x[1]^2+x[2]^2)", "x[1]+x[2]==1", "x=[1;4]", &r) == CONSTRAINED_CONVERGED);
    CHECK_NEAR(r.value / 5e29, 1, 1e-10);
    CHECK_NEAR(r.multipliers[0] / -1e30, 1, 1e-8);
    constrained_free(&r);
}

static void test_class(void)
{
    constrained_result r = {0};
    unit_case("the class of the point on the constraints");
    CHECK(status_of("x[1]^2-x[2]^2", "x[2]==1", "x=[1;3]", &r) == CONSTRAINED_CONVERGED);
    CHECK(r.class == MINIMIZE_MINIMUM);
    CHECK_NEAR(r.value, -1, 1e-10);
    constrained_free(&r);
    /* by symmetry the iteration stays on the diagonal, where the point is the greatest on the circle */
    CHECK(status_of("x[1]*x[2]", "x[1]^2+x[2]^2==2", "x=[2;1.9]", &r) == CONSTRAINED_CONVERGED);
    CHECK(r.class == MINIMIZE_MINIMUM);
    CHECK_NEAR(r.value, -1, 1e-10);
    constrained_free(&r);
}

static void expect_minimum(const char *f, const char *text, const char *start, double value)
{
    constrained_result r = {0};
    constrained_status got = status_of(f, text, start, &r);
    if (got != CONSTRAINED_CONVERGED)
        UNIT_FAIL("%s under %s: %s", f, text, constrained_status_name(got));
    else
        CHECK_NEAR(r.value, value, 1e-8);
    constrained_free(&r);
}

static void test_flat(void)
{
    unit_case("where the slope vanishes at an inflection, or levels off, is no minimum");
    expect_minimum("x[1]^3", "x[1]>=-2", "x=[1]", -8);
    expect_minimum("x[1]^5", "x[1]>=-2", "x=[2]", -32);
    expect_minimum("x[1]^3+x[2]^2", "x[1]>=-2", "x=[1;1]", -8);
    expect_minimum("x[1]^3+(x[2]-1)", "x[1]>=-2; x[2]>=1", "x=[1;3]", -8);
    expect_minimum("x[1]^4+x[2]^2", "x[1]+x[2]>=-2", "x=[1;1]", 0);
    expect(CONSTRAINED_STALLED, "exp(x[1])", "x[1]<=2", "x=[1]");
    expect(CONSTRAINED_STALLED, "1/x[1]^2", "x[1]>=1", "x=[1]");
}

static void test_leave(void)
{
    constrained_result r = {0};
    unit_case("maxima and saddles of the violation, and kinks, are no proof that there is no feasible point");
    expect_minimum("x[1]^2+x[2]^2", "x[1]^2+x[2]^2==1", "x=[0;0]", 1);
    expect_minimum("x[1]^2+x[2]^2", "x[1]^2+x[2]^2>=1", "x=[0;0]", 1);
    expect_minimum("x[1]*x[2]", "x[1]^2+x[2]^2==1", "x=[0;0]", -0.5);
    expect_minimum("x[1]^2", "x[1]^2==4", "x=[0]", 4);
    expect_minimum("x[1]^2+x[2]^2", "x[1]*x[2]>=1", "x=[0;0]", 2);
    expect_minimum("x[1]^2", "x[1]^4>=1", "x=[0]", 1);
    /* there are no multipliers in the kink, but it is feasible */
    CHECK(status_of("x[2]", "x[2]>=abs(x[1])", "x=[3;1]", &r) == CONSTRAINED_STALLED);
    CHECK(r.feasibility <= 1e-6);
    constrained_free(&r);
}

static void test_walls(void)
{
    unit_case("functions that fall far, but not without end");
    expect_minimum("-exp(x[1])", "x[1]<=20", "x=[1]", -485165195.40979028); /* -e^20 */
    expect_minimum("-exp(x[1]-100)", "x[1]<=100", "x=[99]", -1);
    expect_minimum("-exp(x[1])/1e43", "x[1]<=100", "x=[1]", -2.6881171418161354); /* -e^100 / 1e43 */
    expect_minimum("-x[1]^4", "x[1]<=1000; x[1]>=-20", "x=[1]", -1e12);
    expect_minimum("x[1]+x[2]", "x[1]*x[2]==1; x[1]>=0", "x=[.1;0]", 2);
    expect_minimum("log(x[1])", "x[1]<=5; x[1]>=1e-3", "x=[1]", -6.9077552789821371); /* log 1e-3 */
    expect(CONSTRAINED_UNBOUNDED, "x[1]^3", "x[1]<=5", "x=[1]");
}

static void test_start(void)
{
    unit_case("a start outside the domain is an error");
    problem p;
    constrained_result r = {0};
    char list[] = "x[1]<=4";
    expression_space *s = expression_space_new();
    CHECK(compile(s, "x[1]-log(x[1])", list, "x=[-1]", &p));
    CHECK(solve(&p, p.start, &r) == ML_FAIL);
    CHECK(strstr(why.text, "at the start") != NULL);
    double start[] = {3};
    CHECK(solve(&p, start, &r) == ML_OK && r.status == CONSTRAINED_CONVERGED);
    CHECK_NEAR(r.x[0], 1, 1e-8);
    constrained_free(&r);
    tape_run_free(p.run);
    tape_free(p.t);
    expression_space_free(s);
}

/* --- random quadratic problems: x'Qx/2 + q'x + w sum x^4, A x = b or <= b, maybe |x|^2 <= 4 --- */

enum { SIZE = 8, ROWS = 24 };

typedef struct quadratic {
    gsl_rng *g;
    size_t n, m, equalities;
    bool ball; /* the last row is |x|^2 <= 4 */
    double q[SIZE][SIZE], linear[SIZE], quartic, a[ROWS][SIZE], b[ROWS];
} quadratic;

static ml_status quadratic_value(void *context, const double *x, double *f, double *g, ml_message *reason)
{
    const quadratic *p = context;
    (void)reason;
    *f = 0;
    for (size_t i = 0; i < p->n; i++) {
        double row = 0;
        for (size_t j = 0; j < p->n; j++)
            row += p->q[i][j] * x[j];
        *f += x[i] * (row / 2 + p->linear[i]) + p->quartic * pow(x[i], 4);
        if (g != NULL)
            g[i] = row + p->linear[i] + 4 * p->quartic * pow(x[i], 3);
    }
    return ML_OK;
}

static ml_status quadratic_rows(void *context, const double *x, double *c, gsl_matrix *jacobian,
                                ml_message *reason)
{
    const quadratic *p = context;
    (void)reason;
    for (size_t i = 0; i < p->m; i++) {
        bool round = p->ball && i == p->m - 1;
        c[i] = round ? -4 : -p->b[i];
        for (size_t j = 0; j < p->n; j++) {
            c[i] += round ? x[j] * x[j] : p->a[i][j] * x[j];
            if (jacobian != NULL)
                gsl_matrix_set(jacobian, i, j, round ? 2 * x[j] : p->a[i][j]);
        }
    }
    return ML_OK;
}

static ml_status quadratic_hessian(void *context, const double *x, double weight, const double *multipliers,
                                   gsl_matrix *h, ml_message *reason)
{
    const quadratic *p = context;
    (void)reason;
    for (size_t i = 0; i < p->n; i++)
        for (size_t j = 0; j < p->n; j++) {
            double own = i == j ? 12 * p->quartic * x[i] * x[i] : 0;
            double round = i == j && p->ball ? 2 * multipliers[p->m - 1] : 0;
            gsl_matrix_set(h, i, j, weight * (p->q[i][j] + own) + round);
        }
    return ML_OK;
}

/* Convex where CONVEX, else with a quartic that bounds it; FEASIBLE at a point in the ball. */
static void draw(quadratic *p, bool convex, bool feasible)
{
    gsl_rng *g = p->g;
    double point[SIZE], root[SIZE][SIZE];
    p->n = 1 + gsl_rng_uniform_int(g, SIZE);
    p->equalities = gsl_rng_uniform_int(g, p->n / 2 + 1);
    p->ball = gsl_rng_uniform(g) < 0.3;
    p->m = p->equalities + gsl_rng_uniform_int(g, 2 * p->n + 1) + p->ball;
    p->quartic = convex ? 0 : 0.1;
    for (size_t i = 0; i < p->n; i++) {
        point[i] = gsl_ran_gaussian(g, 0.5) / sqrt((double)p->n);
        p->linear[i] = gsl_ran_gaussian(g, pow(10, (double)gsl_rng_uniform_int(g, 3) - 1));
        for (size_t j = 0; j < p->n; j++)
            root[i][j] = gsl_ran_gaussian(g, 1);
    }
    for (size_t i = 0; i < p->n; i++)
        for (size_t j = 0; j < p->n; j++) {
            p->q[i][j] = convex ? 1e-3 * (i == j) : root[i][j] + root[j][i];
            for (size_t k = 0; convex && k < p->n; k++)
                p->q[i][j] += root[k][i] * root[k][j];
        }
    for (size_t i = 0; i < p->m - p->ball; i++) {
        double unit = pow(10, (double)gsl_rng_uniform_int(g, 4) - 2);
        p->b[i] = i < p->equalities || gsl_rng_uniform(g) < 0.3 ? 0 : unit * gsl_rng_uniform(g);
        for (size_t j = 0; j < p->n; j++) {
            p->a[i][j] = gsl_ran_gaussian(g, unit);
            p->b[i] += p->a[i][j] * point[j];
        }
    }
    if (feasible || p->m < p->equalities + 2 + p->ball)
        return;
    /* two rows against one another, a hundredth apart */
    size_t last = p->m - p->ball - 1;
    double size = 0;
    for (size_t j = 0; j < p->n; j++) {
        p->a[last][j] = -3 * p->a[last - 1][j];
        size = fmax(size, fabs(p->a[last - 1][j]));
    }
    p->b[last] = -3 * (p->b[last - 1] + 0.01 * size);
}

/* The KKT conditions, formed anew. */
static bool is_kkt(quadratic *p, const constrained_result *r)
{
    double f, g[SIZE], c[ROWS];
    gsl_matrix *jacobian = gsl_matrix_alloc(p->m + 1, p->n);
    bool good = true;
    quadratic_value(p, r->x, &f, g, NULL);
    quadratic_rows(p, r->x, c, jacobian, NULL);
    for (size_t j = 0; j < p->n; j++) {
        double unit = fmax(1, fabs(g[j]));
        for (size_t i = 0; i < p->m; i++)
            g[j] += r->multipliers[i] * gsl_matrix_get(jacobian, i, j);
        good = good && fabs(g[j]) <= 1e-7 * unit;
    }
    for (size_t i = 0; i < p->m; i++) {
        bool equal = i < p->equalities;
        good = good && (equal ? fabs(c[i]) : c[i]) <= 1e-7;
        good = good && (equal || (r->multipliers[i] >= 0 && fabs(r->multipliers[i] * c[i]) <= 1e-6));
    }
    gsl_matrix_free(jacobian);
    return good;
}

static void run_random(quadratic *p, bool convex, bool feasible)
{
    double start[SIZE];
    constrained_params params;
    constrained_result r;
    draw(p, convex, feasible);
    bool possible = feasible || p->m < p->equalities + 2 + p->ball;
    double far = pow(10, (double)gsl_rng_uniform_int(p->g, 3) - 1);
    for (size_t j = 0; j < p->n; j++)
        start[j] = gsl_ran_gaussian(p->g, far);
    constrained_problem whole = {.n = p->n,
                                 .equalities = p->equalities,
                                 .inequalities = p->m - p->equalities,
                                 .context = p,
                                 .value = quadratic_value,
                                 .constraints = quadratic_rows,
                                 .hessian = quadratic_hessian};
    constrained_defaults(&params);
    if (constrained_minimize(&whole, start, &params, &r, &why) != ML_OK)
        UNIT_FAIL("%s", why.text);
    else if (r.status != (possible ? CONSTRAINED_CONVERGED : CONSTRAINED_INFEASIBLE))
        UNIT_FAIL("%s: %s", constrained_status_name(r.status), r.reason.text);
    else if (possible && !is_kkt(p, &r))
        UNIT_FAIL("not a KKT point");
    constrained_free(&r);
}

static void test_random(void)
{
    quadratic p = {.g = random_stream(1, 0)};
    unit_case("random convex problems all end at KKT points");
    for (int k = 0; k < 300; k++)
        run_random(&p, true, true);
    unit_case("random problems with several minima too");
    for (int k = 0; k < 300; k++)
        run_random(&p, false, true);
    unit_case("random problems without a feasible point are told");
    for (int k = 0; k < 300; k++)
        run_random(&p, true, false);
    gsl_rng_free(p.g);
}

int main(void)
{
    FILE *file = fopen("tests/hs_problems.txt", "r");
    char line[LINE];
    if (file == NULL) {
        printf("Bail out! run this at the top of the source\n");
        return 1;
    }
    while (fgets(line, sizeof line, file) != NULL) {
        line[strcspn(line, "\n")] = '\0';
        if (line[0] != '#')
            run_line(line);
    }
    fclose(file);
    unit_case("all problems were there");
    CHECK(unit_cases == PROBLEMS);
    test_status();
    test_degenerate();
    test_counts();
    test_steep();
    test_units();
    test_class();
    test_flat();
    test_leave();
    test_walls();
    test_start();
    test_random();
    return unit_end();
}
