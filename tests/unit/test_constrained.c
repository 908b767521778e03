/* Minimization under constraints: the problems of tests/hs_problems.txt (minima, multipliers and points from
 * tests/ref/hs.py), and what is no minimum. */
#include "math/constrained.h"

#include <stdlib.h>

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
    test_steep();
    test_units();
    test_class();
    test_start();
    return unit_end();
}
