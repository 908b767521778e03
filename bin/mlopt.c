/* mlopt: minimizes an expression, over data or not, with constraints or not. */
#include <gsl/gsl_errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/number.h"
#include "math/minimize_steps.h"
#include "math/tape_objective.h"
#include "table/cli.h"
#include "table/progress.h"
#include "tool/conditions.h"
#include "tool/formula.h"
#include "tool/names.h"
#include "tool/optima.h"
#include "tool/results.h"

/* The methods of math/minimize, then the choice by the problem. */
enum { AUTO = MINIMIZE_METHODS, MANY_VARIABLES = 50 };

typedef struct params {
    cli_list definitions, constraints, bounds;
    const char *data;
    size_t batch, restarts;
    int method;
    bool maximize;
    double spread;
    minimize_params how; /* what was given stands in it; see set_how */
} params;

enum { MINIMUM, PARAMETERS, GRADIENT, HESSIAN, CONSTRAINTS };

#define AT(member) offsetof(params, member)
#define HOW(member) (offsetof(params, how) + offsetof(minimize_params, member))

static const char *const methods[] = {"gd",      "momentum", "nesterov", "adagrad",     "adadelta",
                                      "rmsprop", "adam",     "adamw",    "amsgrad",     "adamax",
                                      "nadam",   "radam",    "rprop",    "newton",      "levenberg-marquardt",
                                      "bfgs",    "lbfgs",    "cg",       "nelder-mead", "auto",
                                      NULL};
static const char *const schedules[] = {"constant", "inverse", "step", "exponential", "cosine", NULL};
static const char *const searches[] = {"own", "fixed", "armijo", "wolfe", NULL};
static const char *const globalizations[] = {"trust-region", "line-search", NULL};

static const cli_option options[] = {
    {'m', "method", "NAME",
     "gd, momentum, nesterov, adagrad, adadelta, rmsprop, adam, adamw, amsgrad, adamax, nadam, radam, rprop, "
     "newton, levenberg-marquardt, bfgs, lbfgs, cg, "
     "nelder-mead or auto; default auto: bfgs up to 50 variables, else lbfgs; adam with --batch",
     CLI_CHOICE, AT(method), .choices = methods},
    {0, "let", "NAME=E", "a definition that the expressions may use; may be given more than once, in order",
     CLI_LIST, AT(definitions), .group = 0},
    {0, "data", "FILE",
     "a CSV table, - for standard input: its columns are bound row by row, and the mean of the expression "
     "over the "
     "rows is minimized; variables without a start begin at 0",
     CLI_TEXT, AT(data), .group = 0},
    {0, "batch", "N", "of --data: each update uses the next N rows, in a new random order each round",
     CLI_COUNT, AT(batch), .least = 1, .most = 1e12},
    {0, "subject-to", "E",
     "a constraint with ==, <= or >=; may be given more than once; the result then has multipliers", CLI_LIST,
     AT(constraints), .group = 0},
    {0, "bounds", "NAME=LOW:HIGH", "keep a variable within bounds; either may be left out", CLI_LIST,
     AT(bounds), .group = 0},
    {0, "maximize", NULL, "the largest value instead of the smallest", CLI_FLAG, AT(maximize), .group = 0},
    {'n', "max-iterations", "N", "at most N iterations; default 10000", CLI_COUNT, HOW(max_iterations),
     .least = 0, .most = 1e12},
    {0, "rate", "X",
     "learning rate of the first-order methods; default 0.01, adam, adamw, amsgrad and radam 0.001, adamax "
     "and nadam 0.002, adadelta 1; of rprop the first step",
     CLI_REAL, HOW(rate), .least = 1e-300, .most = 1e300},
    {0, "momentum", "X", "of momentum and nesterov; default 0.9", CLI_REAL, HOW(momentum), .least = 0,
     .most = 1},
    {0, "beta1", "X", "of adam and its kin: decay of the mean of gradients; default 0.9", CLI_REAL,
     HOW(beta1), .least = 0, .most = 0.9999999999},
    {0, "beta2", "X",
     "of adam and its kin: decay of the mean of squares, of adamax of the greatest; "
     "default 0.999",
     CLI_REAL, HOW(beta2), .least = 0, .most = 0.9999999999},
    {0, "momentum-decay", "X", "psi of nadam; default 0.004", CLI_REAL, HOW(momentum_decay), .least = 0,
     .most = 1e300},
    {0, "eta-minus", "X", "of rprop: factor of a step after a change of sign; default 0.5", CLI_REAL,
     HOW(eta_minus), .least = 0, .most = 1},
    {0, "eta-plus", "X", "of rprop: factor of a step after the same sign; default 1.2", CLI_REAL,
     HOW(eta_plus), .least = 1, .most = 1e300},
    {0, "least-step", "X", "of rprop; default 1e-6", CLI_REAL, HOW(least_step), .least = 0, .most = 1e300},
    {0, "most-step", "X", "of rprop; default 50", CLI_REAL, HOW(most_step), .least = 0, .most = 1e300},
    {0, "rho", "X", "of rmsprop (default 0.99) and adadelta (0.9): decay of the mean of squares", CLI_REAL,
     HOW(rho), .least = 0, .most = 1},
    {0, "epsilon", "X", "added to the root of squares; default 1e-8, adagrad 1e-10, adadelta 1e-6", CLI_REAL,
     HOW(epsilon), .least = 0, .most = 1e300},
    {0, "weight-decay", "X", "of the first-order methods; default 0, adamw 0.01", CLI_REAL, HOW(weight_decay),
     .least = 0, .most = 1e300},
    {0, "schedule", "NAME",
     "of the rate at update t: constant; inverse, rate/(1+decay*(t-1)); step, times factor every period; "
     "exponential, "
     "times factor every update; cosine, to 0 over period",
     CLI_CHOICE, HOW(schedule), .choices = schedules},
    {0, "decay", "X", "of the schedule inverse; default 1", CLI_REAL, HOW(decay), .least = 0, .most = 1e300},
    {0, "factor", "X", "of the schedules step (default 0.1) and exponential (0.99)", CLI_REAL, HOW(factor),
     .least = 0, .most = 1},
    {0, "period", "N", "of the schedules step (default 100) and cosine (all iterations)", CLI_COUNT,
     HOW(period), .least = 1, .most = 1e12},
    {0, "line-search", "NAME", "own (the method's), fixed, armijo or wolfe; default own", CLI_CHOICE,
     HOW(line_search), .choices = searches},
    {0, "globalization", "NAME", "of newton: trust-region or line-search; default trust-region", CLI_CHOICE,
     HOW(globalization), .choices = globalizations},
    {0, "memory", "N", "of lbfgs: pairs kept; default 10", CLI_COUNT, HOW(memory), .least = 1, .most = 1000},
    {'t', "tolerance", "X", "of the gradient, relative to the value; default 1e-8", CLI_REAL,
     HOW(gradient_tolerance), .least = 0, .most = 1},
    {0, "step-tolerance", "X", "stop when a step is at most X max(1, |x|); default 0: never", CLI_REAL,
     HOW(step_tolerance), .least = 0, .most = 1},
    {0, "value-tolerance", "X", "stop when the value changes by at most X max(1, |value|); default 0: never",
     CLI_REAL, HOW(value_tolerance), .least = 0, .most = 1},
    {0, "restarts", "N", "N starts, the first as given and the others at random; the best minimum is kept",
     CLI_COUNT, AT(restarts), .least = 1, .most = 1e9},
    {0, "spread", "X",
     "of --restarts: standard deviation of the random starts about the given one, times max(1, |start|); a "
     "variable "
     "with two bounds starts uniformly between them; default 1",
     CLI_REAL, AT(spread), .least = 0, .most = 1e300},
    {0, NULL, NULL, NULL, CLI_FLAG, 0, .group = 0},
};

/* In the order of the enumeration. */
static const cli_show shows[] = {
    {"minimum", "variables, value, gradient norm, iterations, evaluations (f values, g gradients, h "
                "Hessians), status, kind of "
                "point; with constraints also these"},
    {"parameters", "a line for each variable with its value"},
    {"gradient", "a line for each variable with its value and derivative"},
    {"hessian", "second derivatives at the minimum"},
    {"constraints", "value, multiplier and complementarity of each constraint"},
    {NULL, NULL},
};

static const cli_example examples[] = {
    {"mlopt '(1-x)^2+100*(y-x^2)^2' x=-1.2 y=1", "Rosenbrock's function"},
    {"mlopt --data points.csv '(y-(w0+w1*x))^2'", "a line fitted to a table with columns x and y"},
    {"mlopt 'x^2+y^2' --subject-to 'x+y==1' x=3 y=-2", "with a Lagrange multiplier"},
    {"mlopt -m adam --rate 0.1 -n 3 --steps 'x^2' x=1", "three updates written out"},
    {"mlopt 'sin(x)+x^2/10' <starts.csv", "a minimum for each row of starts"},
    {NULL, NULL},
};

static const cli_tool tool = {
    .name = "mlopt",
    .summary = "minimizes an expression",
    .groups = CLI_READS | CLI_WRITES | CLI_RANDOM | CLI_JOBS | CLI_STEPS | CLI_TRACE | CLI_OPERANDS,
    .options = options,
    .shows = shows,
    .examples = examples,
};

typedef struct job {
    cli *c;
    params p;
    formula f;
    double *lower, *upper;
    table t;       /* starts */
    gsl_matrix *x; /* starts x n */
    tape_rows *rows;
    tape *tape;
    tape_objective objective;
    optimizer optimizer;
    optima o;
    cli_trace trace;
    steps *steps;
    minimize_steps writing;
    size_t start; /* the one that is run */
} job;

/* --- bounds --- */

static ml_status read_bound(const char *text, const char *from, size_t length, double missing, double *bound,
                            ml_message *why)
{
    number n;
    *bound = missing;
    if (length == 0)
        return ML_OK;
    if (number_read(from, length, &n) != NUMBER_OK || isnan(n.value))
        return ml_fail(why, "--bounds '%.100s': '%.*s' is not a number", text,
                       (int)(length < 40 ? length : 40), from);
    *bound = n.value;
    return ML_OK;
}

/* Sets the bounds of the variable or entry called NAME. */
static size_t set_bounds(job *j, const char *name, size_t length, double low, double high)
{
    size_t at = 0, found = 0;
    for (size_t v = 0; v < j->f.variable_count; v++) {
        const tape_variable *x = j->f.variables + v;
        bool whole = strlen(x->name) == length && memcmp(x->name, name, length) == 0;
        for (size_t k = 0; !x->data && k < x->rows * x->columns; k++, at++)
            if (whole || (strlen(j->o.names[at]) == length && memcmp(j->o.names[at], name, length) == 0)) {
                j->lower[at] = low;
                j->upper[at] = high;
                found++;
            }
    }
    return found;
}

static ml_status read_bounds(job *j, ml_message *why)
{
    if (j->p.bounds.count == 0)
        return ML_OK;
    j->lower = memory_array(j->o.n, sizeof *j->lower);
    j->upper = memory_array(j->o.n, sizeof *j->upper);
    if (j->lower == NULL || j->upper == NULL)
        return ml_fail_memory(why, "bounds", j->o.n * sizeof *j->lower);
    for (size_t i = 0; i < j->o.n; i++) {
        j->lower[i] = -INFINITY;
        j->upper[i] = INFINITY;
    }
    for (size_t i = 0; i < j->p.bounds.count; i++) {
        const char *text = j->p.bounds.items[i], *sign = strchr(text, '='),
                   *colon = sign ? strchr(sign, ':') : NULL;
        double low, high;
        if (colon == NULL)
            return ml_fail(why, "--bounds '%.100s': bounds are NAME=LOW:HIGH, such as x=0:1 or x=0:", text);
        ml_status status = read_bound(text, sign + 1, (size_t)(colon - sign - 1), -INFINITY, &low, why);
        if (status == ML_OK)
            status = read_bound(text, colon + 1, strlen(colon + 1), INFINITY, &high, why);
        if (status != ML_OK)
            return status;
        if (low > high)
            return ml_fail(why, "--bounds '%.100s': the lower bound is above the upper one", text);
        for (size_t k = 0; k < i; k++)
            if (strncmp(j->p.bounds.items[k], text, (size_t)(sign - text) + 1) == 0)
                return ml_fail(why, "--bounds: '%.*s' has two bounds", (int)(sign - text), text);
        if (set_bounds(j, text, (size_t)(sign - text), low, high) == 0)
            return ml_fail(why, "--bounds '%.100s': there is no variable '%.*s'", text, (int)(sign - text),
                           text);
    }
    return ML_OK;
}

/* --- starts and data --- */

static size_t first_open(const job *j)
{
    size_t v = 0;
    while (v < j->f.variable_count && !formula_is_open(&j->f, v))
        v++;
    return v;
}

static ml_status fail_open(const job *j, ml_message *why)
{
    const char *name = j->f.variables[first_open(j)].name;
    return ml_fail(
        why,
        "'%.60s' has no start: give %.60s=START, a column %.60s on standard input with a start in each row, "
        "or with --data a column of that name",
        name, name, name);
}

static ml_status read_starts(job *j, ml_message *why)
{
    if (isatty(STDIN_FILENO))
        return fail_open(j, why);
    progress_phase("reading");
    reader_options reading = j->c->reader;
    reading.shard = true; /* no rows at all are a missing start, which is said better here */
    ml_status status = table_read(&j->t, NULL, &reading, why);
    if (status != ML_OK)
        return status;
    if (j->t.names != NULL)
        status = formula_bind(&j->f, (const char *const *)j->t.names, j->t.columns, false, NULL, why);
    if (status == ML_OK && first_open(j) < j->f.variable_count)
        status = fail_open(j, why);
    if (status == ML_OK && j->t.rows == 0)
        status = ml_fail(why, "the table of starts on standard input has no rows");
    j->o.starts = j->t.rows;
    j->o.from_table = true;
    return status;
}

/* The columns that the expressions use, renumbered: USED[i] is the place in the reader's tables. */
static ml_status use_columns(job *j, size_t columns, size_t **used, size_t *count, ml_message *why)
{
    size_t *place = memory_array(columns, sizeof *place);
    *used = memory_array(columns, sizeof **used);
    *count = 0;
    if (place == NULL || *used == NULL) {
        free(place);
        return ml_fail_memory(why, "columns", columns * sizeof *place);
    }
    for (size_t k = 0; k < columns; k++)
        place[k] = SIZE_MAX;
    for (size_t v = 0; v < j->f.variable_count; v++)
        for (size_t k = 0; j->f.columns[v] != NULL && k < j->f.variables[v].rows; k++) {
            size_t *column_at = &j->f.columns[v][k];
            if (place[*column_at] == SIZE_MAX) {
                (*used)[*count] = *column_at;
                place[*column_at] = (*count)++;
            }
            *column_at = place[*column_at];
        }
    free(place);
    return ML_OK;
}

static ml_status read_rows(job *j, reader *r, const size_t *used, size_t count, ml_message *why)
{
    const table *piece;
    j->rows = tape_rows_new(count);
    ml_status status = j->rows ? ML_OK : ml_fail_memory(why, "rows", count);
    while (status == ML_OK && (status = reader_next(r, &piece, why)) == ML_OK && piece->rows > 0)
        status = tape_rows_append(j->rows, piece->x->data, piece->rows, piece->x->tda, used, why);
    return status == ML_OK ? reader_finish(r, why) : status;
}

static ml_status open_parameters(job *j, ml_message *why)
{
    buffer list = {0};
    ml_status status = ML_OK;
    for (size_t v = 0; status == ML_OK && v < j->f.variable_count; v++)
        if (formula_is_open(&j->f, v)) {
            buffer_printf(&list, "%s%s", list.size ? ", " : "", j->f.variables[v].name);
            status = formula_open_as_zeros(&j->f, v, j->o.conditions.expressions, j->o.conditions.count, why);
        }
    if (status == ML_OK && list.size > 0)
        cli_note(j->c, "starting at 0: %.400s", buffer_text(&list));
    buffer_free(&list);
    return status;
}

/* A start takes the place of a column of the same name, which is easily meant otherwise. */
static void note_hidden_columns(const job *j, const table *head)
{
    for (size_t v = 0; v < j->f.variable_count; v++)
        for (size_t k = 0; !formula_is_open(&j->f, v) && k < head->columns; k++)
            if (strcmp(j->f.variables[v].name, head->names[k]) == 0)
                cli_note(j->c, "'%.60s' has a start, so it is a variable here, not the column of --data",
                         head->names[k]);
}

static ml_status read_data(job *j, ml_message *why)
{
    reader *r = NULL;
    size_t *used = NULL, count = 0, bound = 0;
    progress_phase("reading");
    reader_options reading = j->c->reader;
    reading.no_mean = true; /* rows are taken as they come */
    ml_status status = reader_open(&r, j->p.data, &reading, why);
    const table *head = status == ML_OK ? reader_columns(r) : NULL;
    if (status == ML_OK && head->names == NULL)
        status = ml_fail(why, "--data %s: the columns have no names; give a line of names, -H or --names",
                         j->p.data);
    if (status == ML_OK)
        note_hidden_columns(j, head);
    if (status == ML_OK)
        status = formula_bind(&j->f, (const char *const *)head->names, head->columns, true, &bound, why);
    if (status == ML_OK && bound == 0)
        status = ml_fail(why, "--data %s: the expression names none of its columns", j->p.data);
    if (status == ML_OK)
        status = use_columns(j, head->columns, &used, &count, why);
    if (status == ML_OK)
        status = read_rows(j, r, used, count, why);
    free(used);
    reader_free(r);
    return status == ML_OK ? open_parameters(j, why) : status;
}

static ml_status fill_starts(job *j, ml_message *why)
{
    j->o.n = formula_parameters(&j->f);
    if (j->o.n == 0)
        return ml_fail(why, "the expression has no variable to minimize over");
    return formula_points(&j->f, j->t.x, j->o.starts, &j->x, why);
}

/* --- one run --- */

static void trace_row(const job *j, size_t iteration, const double *x, const double *more,
                      const char *const *heads, size_t count)
{
    writer *w = j->trace.out;
    column *columns = memory_zeros(j->o.n + count + 2, sizeof *columns);
    double numbers[2] = {(double)(j->start + 1), (double)iteration};
    size_t at = 0;
    if (columns == NULL)
        return;
    if (j->o.starts > 1)
        columns[at++] = column_reals("start", numbers, 1);
    columns[at++] = column_reals("iteration", numbers + 1, 1);
    for (size_t i = 0; i < j->o.n; i++)
        columns[at++] = column_reals(j->o.names[i], x + i, 1);
    for (size_t k = 0; k < count; k++)
        columns[at++] = column_reals(heads[k], more + k, 1);
    if (iteration == 0 && j->start == 0)
        writer_begin(w, "trace", columns, at);
    writer_rows(w, columns, at, 1);
    free(columns);
}

static double or_missing(double x)
{
    return isnan(x) ? table_missing() : x;
}

static void watch(void *context, const minimize_iteration *now)
{
    const job *j = context;
    static const char *const heads[] = {"value", "gradient", "step", "rate", "f", "g", "h"};
    double more[] = {j->objective.sign * now->value, or_missing(now->norm), or_missing(now->step),
                     or_missing(now->rate),          (double)now->values,   (double)now->gradients,
                     (double)now->hessians};
    if (j->steps != NULL)
        minimize_steps_write(&j->writing, now);
    if (j->trace.out != NULL)
        trace_row(j, now->iteration, now->x, more, heads, 7);
}

static void watch_constrained(void *context, const constrained_iteration *now)
{
    const job *j = context;
    static const char *const heads[] = {
        "value", "stationarity", "feasibility", "complementarity", "penalty", "f", "g", "h"};
    double more[] = {j->objective.sign * now->value, now->stationarity,    now->feasibility,
                     now->complementarity,           now->penalty,         (double)now->values,
                     (double)now->gradients,         (double)now->hessians};
    if (j->trace.out != NULL)
        trace_row(j, now->iteration, now->x, more, heads, 8);
}

/* A kink of T near the end X of a search that got stuck is named. */
static ml_status note_kink(const job *j, const tape *t, const double *x, const char *remedy, ml_message *why)
{
    tape_run *run = tape_run_new(t);
    if (run == NULL)
        return ml_fail_memory(why, "a look for kinks", t->count * sizeof(double));
    tape_value(run, x, NULL);
    size_t node = tape_kink(t, tape_values(run), 1e-6);
    const expression *kink = node < t->count ? t->origins[node] : NULL;
    if (kink != NULL)
        cli_note(j->c, "%.*s has a kink here, where it has no derivative; %s",
                 (int)(kink->end - kink->begin < 60 ? kink->end - kink->begin : 60),
                 kink->source->text + kink->begin, remedy);
    tape_run_free(run);
    return ML_OK;
}

static ml_status note_kinks(const job *j, const optimum *found, ml_message *why)
{
    bool constrained = j->o.conditions.count > 0;
    const char *remedy = j->optimizer.how.method == MINIMIZE_NELDER_MEAD
                             ? "the minimum may be there"
                             : "-m nelder-mead does without derivatives";
    if (constrained)
        remedy = "put a new variable t in its place, with --subject-to 't>=u' and 't>=-u' for abs(u)";
    ml_status status = j->rows == NULL ? note_kink(j, j->tape, found->x, remedy, why) : ML_OK;
    return status == ML_OK && constrained ? note_kink(j, j->o.conditions.tape, found->x, remedy, why)
                                          : status;
}

/* Squares of what is far from 1 leave the range of a double, and a search comes to nothing. */
static void note_scale(const job *j, const optimum *found)
{
    static const double TINY = 1e-40, LARGE = 1e140;
    double size = fmax(fabs(found->value), found->norm);
    if (size > 0 && size < TINY)
        cli_note(j->c,
                 "values of about %.0e are too small to search by: minimize the logarithm, or multiply by a "
                 "constant",
                 size);
    else if (size > LARGE)
        cli_note(j->c, "values of about %.0e are too large to search by: divide by a constant", size);
}

/* A start of a table without a value is one that failed; a single one is an error. */
static ml_status run_starts(job *j, ml_message *why)
{
    j->o.found = memory_zeros(j->o.starts, sizeof *j->o.found);
    if (j->o.found == NULL)
        return ml_fail_memory(why, "the results", j->o.starts * sizeof *j->o.found);
    progress_phase("minimizing");
    for (j->start = 0; j->start < j->o.starts; j->start++) {
        const double *x = gsl_matrix_const_ptr(j->x, j->start, 0);
        optimum *found = j->o.found + j->start;
        ml_status status = tape_objective_has_value(&j->objective, x, why);
        if (status == ML_NO && j->o.from_table) {
            cli_note(j->c, "row %zu: %s", j->start + 1, why->text);
            continue;
        }
        if (status == ML_OK)
            status = optimum_find(&j->optimizer, x, j->start + 1, found, why);
        if (status != ML_OK)
            return ML_FAIL;
        if (found->reason.text[0] != '\0' && !found->good)
            cli_note(j->c, "%s: %s", found->status, found->reason.text);
        bool stuck = strcmp(found->status, "stalled") == 0 || strcmp(found->status, "infeasible") == 0;
        if (stuck)
            note_scale(j, found);
        if (stuck && note_kinks(j, found, why) != ML_OK)
            return ML_FAIL;
    }
    return ML_OK;
}

/* --- writing --- */

static ml_status write_show(job *j, size_t show, writer *w, ml_message *why)
{
    switch (show) {
    case MINIMUM:
        return optima_write_minimum(&j->o, w, why);
    case PARAMETERS:
    case GRADIENT:
        return optima_write_variables(&j->o, w, show == GRADIENT, why);
    case HESSIAN:
        return optima_write_hessian(&j->o, w, why);
    default:
        return optima_write_constraints(&j->o, w, why);
    }
}

/* 3 when some start ended elsewhere than in a minimum. */
static int verdict(const job *j)
{
    size_t failed = 0;
    for (size_t i = 0; i < j->o.starts; i++) {
        const optimum *o = j->o.found + i;
        failed += !o->good;
        if (o->found && !o->good &&
            (strcmp(o->point, "saddle") == 0 || strcmp(o->point, "maximum") == 0 ||
             strcmp(o->point, "minimum") == 0))
            cli_note(j->c, "%s%.0zu%sthe gradient is zero at a %s; another start may lead on",
                     j->o.from_table ? "row " : "", j->o.from_table ? i + 1 : 0, j->o.from_table ? ": " : "",
                     o->point);
    }
    return failed > 0 ? ML_UNDECIDED : ML_OK;
}

/* What results_print calls. */
static ml_status write_show_of(void *j, size_t show, writer *w, ml_message *why)
{
    return write_show(j, show, w, why);
}

static int write_results(job *j)
{
    int ended = verdict(j);
    /* a problem with constraints shows them without being asked */
    if (j->o.conditions.count > 0 && !cli_given(j->c, "show")) {
        j->c->shows[j->c->show_count++] = CONSTRAINTS;
        j->c->writer.blocks = true;
    }
    return results_print(j->c, &(results_output){.show = write_show_of, .context = j}, ended);
}

/* --- steps --- */

static int close_steps(job *j)
{
    int ended = verdict(j);
    if (j->o.conditions.count > 0 && j->rows == NULL)
        optima_steps_lagrangian(&j->o, &j->f, j->p.maximize, j->steps);
    if (j->o.conditions.count > 0 && j->o.found[0].found)
        optima_steps_solution(&j->o, j->steps);
    else if (j->o.found[0].found)
        steps_text(j->steps, "%s after %zu iterations; the point: %s.", j->o.found[0].status,
                   j->o.found[0].iterations, j->o.found[0].point);
    if (expression_failed(j->f.space))
        steps_fail(j->steps);
    int status = cli_steps_close(j->c, j->steps, ended);
    j->steps = NULL;
    return status;
}

/* --- the run --- */

/* The method's defaults, and over them what was given. */
static void set_how(job *j)
{
    const cli *c = j->c;
    const minimize_params *given = &j->p.how;
    minimize_params *how = &j->optimizer.how;
    int method = j->p.method;
    if (method == AUTO)
        method = j->p.batch > 0 ? MINIMIZE_ADAM : j->o.n > MANY_VARIABLES ? MINIMIZE_LBFGS : MINIMIZE_BFGS;
    minimize_defaults(how, (minimize_method)method);
    how->schedule = given->schedule;
    how->line_search = given->line_search;
    how->globalization = given->globalization;
    if (how->schedule == MINIMIZE_EXPONENTIAL)
        how->factor = 0.99;
    if (how->schedule == MINIMIZE_STEP_DECAY)
        how->period = 100;
    const struct {
        const char *option;
        double *to, from;
    } reals[] = {{"rate", &how->rate, given->rate},
                 {"momentum", &how->momentum, given->momentum},
                 {"beta1", &how->beta1, given->beta1},
                 {"beta2", &how->beta2, given->beta2},
                 {"rho", &how->rho, given->rho},
                 {"epsilon", &how->epsilon, given->epsilon},
                 {"weight-decay", &how->weight_decay, given->weight_decay},
                 {"momentum-decay", &how->momentum_decay, given->momentum_decay},
                 {"eta-minus", &how->eta_minus, given->eta_minus},
                 {"eta-plus", &how->eta_plus, given->eta_plus},
                 {"least-step", &how->least_step, given->least_step},
                 {"most-step", &how->most_step, given->most_step},
                 {"decay", &how->decay, given->decay},
                 {"factor", &how->factor, given->factor},
                 {"tolerance", &how->gradient_tolerance, given->gradient_tolerance},
                 {"step-tolerance", &how->step_tolerance, given->step_tolerance},
                 {"value-tolerance", &how->value_tolerance, given->value_tolerance}};
    for (size_t i = 0; i < sizeof reals / sizeof *reals; i++)
        if (cli_given(c, reals[i].option))
            *reals[i].to = reals[i].from;
    if (cli_given(c, "max-iterations"))
        how->max_iterations = given->max_iterations;
    if (cli_given(c, "period"))
        how->period = given->period;
    if (cli_given(c, "memory"))
        how->memory = given->memory;
    how->lower = j->lower;
    how->upper = j->upper;
    j->optimizer.objective = &j->objective;
    j->optimizer.conditions = j->o.conditions.count > 0 ? &j->o.conditions : NULL;
    j->optimizer.maximize = j->p.maximize;
    j->optimizer.batch = j->p.batch;
    j->optimizer.seed = c->seed;
    j->optimizer.restarts = j->p.restarts;
    j->optimizer.spread = j->p.spread;
}

/* Bounds beside constraints are constraints. */
static ml_status bounds_as_conditions(job *j, ml_message *why)
{
    ml_status status = ML_OK;
    for (size_t i = 0; status == ML_OK && i < j->p.bounds.count; i++)
        status = ml_fail(
            why, "--bounds and --subject-to do not go together; write the bounds as constraints, such as "
                 "--subject-to 'x>=0'");
    return status;
}

static ml_status compile(job *j, ml_message *why)
{
    ml_status status =
        tape_new(j->f.space, j->f.expressions, 1, j->f.variables, j->f.variable_count, &j->tape, why);
    if (status == ML_OK && j->tape->output_count != 1)
        status = ml_fail(why, "the expression is a matrix of %zu x %zu; what is minimized is a number",
                         j->tape->roots->rows, j->tape->roots->columns);
    return status == ML_OK && j->o.conditions.count > 0 ? conditions_compile(&j->o.conditions, &j->f, why)
                                                        : status;
}

static ml_status make_objective(job *j, ml_message *why)
{
    ml_status status =
        tape_objective_new(&j->objective, j->tape, j->rows, j->c->reader.jobs, j->p.maximize, why);
    if (status == ML_OK && j->o.conditions.count > 0)
        status = tape_objective_constrain(&j->objective, j->o.conditions.tape, why);
    if (status == ML_OK && j->optimizer.how.method == MINIMIZE_LEVENBERG_MARQUARDT)
        status = tape_objective_squares(&j->objective, j->c->reader.jobs, why);
    return status;
}

static ml_status open_outputs(job *j, ml_message *why)
{
    ml_status status = cli_steps(j->c, &j->steps, why);
    if (status == ML_OK && j->steps != NULL && j->o.starts > 1)
        status = ml_fail(why, "--steps writes out one start, not %zu", j->o.starts);
    if (status == ML_OK)
        status = cli_trace_open(j->c, &j->trace, why);
    if (status != ML_OK)
        return status;
    if (j->steps != NULL) {
        j->writing = (minimize_steps){
            .s = j->steps, .names = (const char *const *)j->o.names, .params = &j->optimizer.how};
        j->writing.hessian = j->o.n <= 12 ? gsl_matrix_alloc(j->o.n, j->o.n) : NULL;
        j->optimizer.writing = &j->writing;
    }
    if (j->trace.out != NULL)
        j->optimizer.progress = watch_constrained;
    if (j->steps != NULL || j->trace.out != NULL) {
        j->optimizer.how.progress = watch;
        j->optimizer.how.context = j;
    }
    return ML_OK;
}

static ml_status prepare(job *j, ml_message *why)
{
    ml_status status = formula_read(&j->f, &j->p.definitions, j->c->operands, j->c->operand_count, why);
    if (status == ML_OK && j->f.count != 1)
        status = ml_fail(why, j->f.count ? "%zu expressions; one is minimized" : "there is no expression",
                         j->f.count);
    if (status == ML_OK)
        status = conditions_read(&j->o.conditions, j->f.space, &j->p.constraints, why);
    if (status == ML_OK && j->o.conditions.count > 0)
        status = bounds_as_conditions(j, why);
    if (status == ML_OK)
        status = formula_names(&j->f, j->o.conditions.expressions, j->o.conditions.count, why);
    if (status == ML_OK && j->p.data != NULL)
        status = read_data(j, why);
    else if (status == ML_OK && first_open(j) < j->f.variable_count)
        status = read_starts(j, why);
    if (status == ML_OK)
        status = fill_starts(j, why);
    if (status == ML_OK)
        status = formula_parameter_names(&j->f, &j->o.names, why);
    if (status == ML_OK)
        status = read_bounds(j, why);
    if (status == ML_OK)
        status = compile(j, why);
    return status;
}

static int run(job *j)
{
    ml_message why;
    ml_status status = prepare(j, &why);
    if (status == ML_OK && j->o.from_table && cli_shows(j->c, "hessian"))
        status = ml_fail(&why, "-s hessian is of one start; mldiff -s hessian takes a table of points");
    if (status == ML_OK) {
        set_how(j);
        status = make_objective(j, &why);
    }
    if (status == ML_OK)
        status = open_outputs(j, &why);
    if (status == ML_OK)
        status = run_starts(j, &why);
    if (j->trace.out != NULL) {
        writer_end(j->trace.out);
        ml_message late;
        ml_status closed = cli_trace_close(&j->trace, status == ML_OK, &late);
        if (status == ML_OK && closed != ML_OK) {
            status = closed;
            why = late;
        }
    }
    if (status != ML_OK)
        return cli_fail(j->c, &why);
    return j->steps != NULL ? close_steps(j) : write_results(j);
}

static void free_job(job *j)
{
    optima_free(&j->o);
    steps_free(j->steps);
    gsl_matrix_free(j->writing.hessian);
    tape_objective_free(&j->objective);
    tape_free(j->tape);
    tape_rows_free(j->rows);
    free(j->lower);
    free(j->upper);
    gsl_matrix_free(j->x);
    formula_free(&j->f);
    table_free(&j->t);
}

static void free_lists(params *p)
{
    free(p->definitions.items);
    free(p->constraints.items);
    free(p->bounds.items);
}

/* An option that says something with some choices of another alone. */
typedef struct belonging {
    const char *option;
    unsigned choices; /* bit k: choice k */
    const char *to;
} belonging;

static int check_belongings(const cli *c, const belonging *of, size_t count, int choice)
{
    for (size_t i = 0; i < count; i++)
        if (cli_given(c, of[i].option) && (of[i].choices >> choice & 1) == 0)
            return cli_usage(c, "--%s belongs to %s", of[i].option, of[i].to);
    return -1;
}

#define OF(choice) (1u << MINIMIZE_##choice)

static int check_method_options(const cli *c, const params *p)
{
    enum {
        FIRST = 2 * OF(RPROP) - 1,
        ADAMS = OF(ADAM) | OF(ADAMW) | OF(AMSGRAD) | OF(ADAMAX) | OF(NADAM) | OF(RADAM),
        ROOTS = OF(ADAGRAD) | OF(ADADELTA) | OF(RMSPROP) | ADAMS,
    };
    static const belonging of[] = {
        {"rate", FIRST, "the first-order methods, such as -m gd"},
        {"weight-decay", FIRST, "the first-order methods, such as -m gd"},
        {"schedule", FIRST, "the first-order methods, such as -m gd"},
        {"momentum", OF(MOMENTUM) | OF(NESTEROV), "-m momentum or nesterov"},
        {"rho", OF(RMSPROP) | OF(ADADELTA), "-m rmsprop or adadelta"},
        {"beta1", ADAMS, "-m adam and its kin"},
        {"beta2", ADAMS, "-m adam and its kin"},
        {"epsilon", ROOTS, "-m adagrad, adadelta, rmsprop, and adam and its kin"},
        {"momentum-decay", OF(NADAM), "-m nadam"},
        {"eta-minus", OF(RPROP), "-m rprop"},
        {"eta-plus", OF(RPROP), "-m rprop"},
        {"least-step", OF(RPROP), "-m rprop"},
        {"most-step", OF(RPROP), "-m rprop"},
        {"globalization", OF(NEWTON), "-m newton"},
        {"memory", OF(LBFGS), "-m lbfgs"},
    };
    int method = p->method != AUTO ? p->method : p->batch > 0 ? MINIMIZE_ADAM : MINIMIZE_LBFGS;
    return check_belongings(c, of, sizeof of / sizeof *of, method);
}

static int check_schedule_options(const cli *c, const params *p)
{
    static const belonging of[] = {
        {"decay", OF(INVERSE), "--schedule inverse"},
        {"factor", OF(STEP_DECAY) | OF(EXPONENTIAL), "--schedule step or exponential"},
        {"period", OF(STEP_DECAY) | OF(COSINE), "--schedule step or cosine"},
    };
    return check_belongings(c, of, sizeof of / sizeof *of, (int)p->how.schedule);
}

/* Options that say something only together with others. */
static int check_usage(const cli *c, const params *p)
{
    bool first_order = p->method != AUTO && minimize_first_order((minimize_method)p->method);
    if (c->operand_count == 0)
        return cli_usage(c, "there is no expression");
    if (p->batch > 0 && p->data == NULL)
        return cli_usage(c, "--batch belongs to --data");
    if (p->batch > 0 && p->method != AUTO && !first_order)
        return cli_usage(c, "--batch takes a first-order method, such as -m adam");
    if (p->constraints.count > 0 && (p->method != AUTO || p->batch > 0))
        return cli_usage(c, "--subject-to has a method of its own; leave out %s",
                         p->batch > 0 ? "--batch" : "-m");
    if (cli_given(c, "spread") && p->restarts < 2)
        return cli_usage(c, "--spread belongs to --restarts");
    if (cli_shows(c, "constraints") && p->constraints.count == 0)
        return cli_usage(c, "-s constraints needs --subject-to");
    if (c->steps && p->restarts > 1)
        return cli_usage(c, "--steps writes out one start; leave out --restarts");
    if (cli_given(c, "schedule") && p->method == MINIMIZE_RPROP)
        return cli_usage(c, "rprop sets its steps itself; leave out --schedule");
    int status = check_method_options(c, p);
    return status < 0 ? check_schedule_options(c, p) : status;
}

int main(int argc, char **argv)
{
    params p = {.method = AUTO, .restarts = 1, .spread = 1};
    cli c;
    gsl_set_error_handler_off();
    int status = cli_parse(&c, &tool, &p, argc, argv);
    if (status < 0)
        status = check_usage(&c, &p);
    if (status >= 0) {
        free_lists(&p);
        return status;
    }
    job j = {.c = &c, .p = p, .o = {.starts = 1}};
    j.o.objective = &j.objective;
    j.o.ids = &j.t;
    status = run(&j);
    free_job(&j);
    free_lists(&p);
    return status;
}
