/* Every method on the problems of tests/mgh_problems.txt: a minimum to six digits, or a status that says no.
 * The minima and the values at the starts are from tests/ref/mgh.py. */
#include <stdlib.h>

#include "math/minimize.h"
#include "math/tape.h"
#include "unit.h"

enum { FIELDS = 6, LINE = 4096, MOST = 32, PROBLEMS = 33 };

typedef struct problem {
    const char *name;
    size_t n;
    double start[MOST];
    tape *t, squares; /* squares: the same tape, its outputs the terms that are squared */
    tape_run *run, *run_squares;
    uint32_t *terms;
    double *scales;
    size_t count;
} problem;

static ml_message why;

static ml_status value(void *context, const double *x, double *f, ml_message *reason)
{
    (void)reason;
    tape_value(((problem *)context)->run, x, f);
    return ML_OK;
}

static ml_status gradient(void *context, const double *x, double *f, double *g, ml_message *reason)
{
    value(context, x, f, reason);
    tape_gradient(((problem *)context)->run, NULL, g);
    return ML_OK;
}

static ml_status hessian(void *context, const double *x, gsl_matrix *h, ml_message *reason)
{
    double f, g[MOST];
    gradient(context, x, &f, g, reason);
    tape_hessian(((problem *)context)->run, h);
    return ML_OK;
}

static ml_status residuals(void *context, const double *x, double *r, gsl_matrix *jacobian,
                           ml_message *reason)
{
    problem *p = context;
    (void)reason;
    tape_value(p->run_squares, x, r);
    if (jacobian != NULL)
        tape_jacobian(p->run_squares, jacobian);
    for (size_t i = 0; i < p->count; i++) {
        double unit = sqrt(p->scales[i]);
        r[i] *= unit;
        for (size_t j = 0; jacobian != NULL && j < p->n; j++)
            gsl_matrix_set(jacobian, i, j, unit * gsl_matrix_get(jacobian, i, j));
    }
    return ML_OK;
}

static bool compile(expression_space *s, char **field, problem *p)
{
    const expression *e, *start;
    gsl_matrix *x = NULL;
    char *rest = field[1], *definition;
    while ((definition = strsep(&rest, ";")) != NULL)
        if (*definition != '\0' && expression_define(s, definition, &why) != ML_OK)
            return false;
    if (expression_parse(s, "start", strchr(field[3], '=') + 1, &start, &why) != ML_OK ||
        tape_constant(s, start, &x, &why) != ML_OK ||
        expression_parse(s, field[0], field[2], &e, &why) != ML_OK)
        return false;
    p->n = x->size1;
    for (size_t i = 0; i < p->n; i++)
        p->start[i] = gsl_matrix_get(x, i, 0);
    gsl_matrix_free(x);
    tape_variable variable = {.name = "x", .rows = p->n, .columns = 1};
    if (tape_new(s, &e, 1, &variable, 1, &p->t, &why) != ML_OK ||
        tape_squares(p->t, &p->terms, &p->scales, &p->count, &why) != ML_OK)
        return false;
    p->squares = *p->t;
    p->squares.outputs = p->terms;
    p->squares.output_count = p->count;
    p->run = tape_run_new(p->t);
    p->run_squares = tape_run_new(&p->squares);
    return p->count > 0;
}

static void release(problem *p)
{
    tape_run_free(p->run);
    tape_run_free(p->run_squares);
    tape_free(p->t);
    free(p->terms);
    free(p->scales);
}

/* F is MINIMUM to six digits, or to 1e-8 where that is 0. */
static bool is_minimum(double f, double minimum)
{
    return fabs(f - minimum) <= (minimum == 0 ? 1e-8 : 1e-6 * minimum);
}

/* Where methods do not arrive, which their status must say: descent along valleys takes more than 10000
 * iterations, or rounding ends it. */
static const struct {
    const char *name, *problems;
} FAILS[] = {
    {"cg", " brown-badly-scaled meyer osborne-1 powell-badly-scaled "},
    {"newton, line search", " biggs-exp6 "},
    {"gd, armijo", " rosenbrock powell-badly-scaled brown-badly-scaled jennrich-sampson bard meyer gulf box "
                   "powell-singular wood kowalik-osborne osborne-1 biggs-exp6 osborne-2 watson rosenbrock-10 "
                   "powell-singular-8 penalty-1 penalty-2 brown-almost-linear discrete-boundary "},
};

static bool may_fail(const char *method, const char *name)
{
    char word[64];
    snprintf(word, sizeof word, " %s ", name);
    for (size_t i = 0; i < sizeof FAILS / sizeof *FAILS; i++)
        if (strcmp(FAILS[i].name, method) == 0 && strstr(FAILS[i].problems, word))
            return true;
    return false;
}

static void solve(problem *p, const char *minima, const char *label, const minimize_params *params)
{
    minimize_objective o = {.n = p->n,
                            .context = p,
                            .value = value,
                            .gradient = gradient,
                            .hessian = hessian,
                            .residual_count = p->count,
                            .residual_scale = 1,
                            .residuals = residuals};
    minimize_result r;
    bool right = false;
    if (minimize(&o, p->start, params, &r, &why) != ML_OK) {
        UNIT_FAIL("%s, %s: %s", p->name, label, why.text);
        return;
    }
    char *end;
    for (const char *at = minima;; at = end) {
        double minimum = strtod(at, &end);
        if (end == at)
            break;
        right = right || is_minimum(r.value, minimum);
    }
    bool converged = minimize_converged(r.status);
    if (converged && !right)
        UNIT_FAIL("%s, %s: converged to %.12g, which is no minimum", p->name, label, r.value);
    if (!converged && !may_fail(label, p->name))
        UNIT_FAIL("%s, %s: %s at %.12g: %s", p->name, label, minimize_status_name(r.status), r.value,
                  r.reason.text);
    if (converged && may_fail(label, p->name))
        UNIT_FAIL("%s, %s: converged, against the table", p->name, label);
    minimize_free(&r);
}

static void all_methods(problem *p, const char *minima)
{
    minimize_params params;
    for (minimize_method m = MINIMIZE_NEWTON; m < MINIMIZE_METHODS; m++) {
        minimize_defaults(&params, m);
        solve(p, minima, minimize_method_name(m), &params);
    }
    minimize_defaults(&params, MINIMIZE_NEWTON);
    params.globalization = MINIMIZE_LINE_SEARCH;
    solve(p, minima, "newton, line search", &params);
    minimize_defaults(&params, MINIMIZE_GD);
    params.line_search = MINIMIZE_ARMIJO;
    solve(p, minima, "gd, armijo", &params);
}

/* Name and value at the start in the next line of the reference, in the order of the problems. */
static void check_start(problem *p, FILE *expected)
{
    char name[64];
    double f0, f = NAN;
    if (fscanf(expected, "%63s %lf%*[^\n]", name, &f0) != 2 || strcmp(name, p->name) != 0)
        UNIT_FAIL("%s is not the next one in tests/ref/mgh.expected", p->name);
    else {
        value(p, p->start, &f, NULL);
        if (!(fabs(f - f0) <= 1e-12 * fabs(f0)))
            UNIT_FAIL("%s is %.17g at the start, not %.17g", p->name, f, f0);
    }
}

static void run_line(char *line, FILE *expected)
{
    char *field[FIELDS], title[128];
    for (size_t i = 0; i < FIELDS; i++) {
        char *bar = i + 1 < FIELDS ? strstr(line, " | ") : NULL;
        field[i] = line;
        if (bar != NULL)
            *bar = '\0', line = bar + 3;
    }
    problem p = {.name = field[0]};
    snprintf(title, sizeof title, "%.60s (%.40s) by every method", field[0], field[5]);
    unit_case(title);
    expression_space *s = expression_space_new();
    if (compile(s, field, &p)) {
        check_start(&p, expected);
        all_methods(&p, field[4]);
    } else {
        UNIT_FAIL("%s", why.text);
    }
    unit_close_case();
    unit_name = NULL;
    release(&p);
    expression_space_free(s);
}

int main(void)
{
    FILE *file = fopen("tests/mgh_problems.txt", "r"), *expected = fopen("tests/ref/mgh.expected", "r");
    char line[LINE];
    if (file == NULL || expected == NULL) {
        printf("Bail out! run this at the top of the source\n");
        return 1;
    }
    while (fgets(line, sizeof line, file) != NULL) {
        line[strcspn(line, "\n")] = '\0';
        if (line[0] != '#')
            run_line(line, expected);
    }
    fclose(file);
    fclose(expected);
    unit_case("all problems were there");
    CHECK(unit_cases == PROBLEMS);
    return unit_end();
}
