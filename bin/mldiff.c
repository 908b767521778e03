/* mldiff: derivatives of expressions at points: gradients, Jacobians, Hessians, Taylor polynomials. */
#include <fcntl.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "math/tape_steps.h"
#include "math/tape_tree.h"
#include "table/cli.h"
#include "table/progress.h"
#include "tool/diff.h"
#include "tool/names.h"
#include "tool/results.h"

typedef enum sweep { SWEEP_NONE, SWEEP_FORWARD, SWEEP_REVERSE } sweep;

typedef struct params {
    cli_list definitions;
    const char *by, *direction;
    size_t order;
    bool symbolic, unit;
    sweep sweep;
} params;

enum { GRADIENT, VALUE, JACOBIAN, HESSIAN, DIRECTIONAL, TAYLOR, POLYNOMIAL, CHECK };

#define AT(member) offsetof(params, member)

static const cli_option options[] = {
    {0, "let", "NAME=E", "a definition that the expressions may use; may be given more than once, in order",
     CLI_LIST, AT(definitions), .group = 0},
    {0, "by", "LIST",
     "the variables to differentiate by, separated by commas; default all, in the order in which the "
     "expressions "
     "name them",
     CLI_TEXT, AT(by), .group = 0},
    {0, "direction", "LIST", "of -s directional: a number for each of those variables", CLI_TEXT,
     AT(direction), .group = 0},
    {0, "unit", NULL, "divide the direction by its length", CLI_FLAG, AT(unit), .group = 0},
    {0, "order", "N", "of -s taylor and polynomial: the highest total power; default 2", CLI_COUNT, AT(order),
     .least = 0, .most = 1000},
    {0, "symbolic", NULL,
     "print value, gradient, jacobian or hessian as simplified expressions; no values are needed", CLI_FLAG,
     AT(symbolic), .group = 0},
    {0, "forward", NULL, "of --steps: tangents, from the variables to the value", CLI_SET, AT(sweep),
     .least = SWEEP_FORWARD},
    {0, "reverse", NULL, "of --steps: adjoints, from the value back to the variables; the default", CLI_SET,
     AT(sweep), .least = SWEEP_REVERSE},
    {0, NULL, NULL, NULL, CLI_FLAG, 0, .group = 0},
};

/* In the order of the enumeration. */
static const cli_show shows[] = {
    {"gradient", "for each point its variables, the value and the derivatives"},
    {"value", "for each point its variables and the values"},
    {"jacobian",
     "a line for each expression, a column for each variable; the default for several expressions"},
    {"hessian", "second derivatives, a line and a column for each variable"},
    {"directional", "for each point the value and the derivative along --direction"},
    {"taylor", "the terms up to --order about the point: powers of each variable less its value, derivative, "
               "coefficient"},
    {"polynomial", "the same as an expression"},
    {"check", "differences for steps from 0.1 to 1e-12 against the derivative: how the errors fall with the "
              "step and rise "
              "again with rounding"},
    {NULL, NULL},
};

static const cli_example examples[] = {
    {"mldiff 'x^2*sin(y)' x=3 y=1", "value and gradient at a point"},
    {"mldiff --symbolic 'x^2*sin(x)'", "the derivative as an expression"},
    {"mldiff -s hessian '(1-x)^2+100*(y-x^2)^2' <points.csv", "second derivatives at every row"},
    {"mldiff --reverse --steps 'x*y+sin(x)' x=2 y=3", "the tape, written out"},
    {"mldiff -s taylor --order 5 'exp(x)' x=0", "a Taylor table"},
    {NULL, NULL},
};

static const cli_tool tool = {
    .name = "mldiff",
    .summary = "derivatives of expressions",
    .groups = CLI_READS | CLI_WRITES | CLI_JOBS | CLI_STEPS | CLI_OPERANDS,
    .options = options,
    .shows = shows,
    .examples = examples,
};

typedef struct job {
    cli *c;
    params p;
    diff d;
} job;

/* --- points --- */

static ml_status name_unnamed(const job *j, char ***names, ml_message *why)
{
    size_t open = 0;
    for (size_t v = 0; v < j->d.f.variable_count; v++)
        open += formula_is_open(&j->d.f, v);
    if (j->d.t.columns != open)
        return ml_fail(
            why,
            "the points have no names, and %zu column%s for %zu variable%s; give a line of names or --names",
            j->d.t.columns, j->d.t.columns == 1 ? "" : "s", open, open == 1 ? "" : "s");
    *names = memory_zeros(open + 1, sizeof **names);
    bool whole = *names != NULL;
    for (size_t v = 0, at = 0; whole && v < j->d.f.variable_count; v++)
        if (formula_is_open(&j->d.f, v))
            whole = ((*names)[at++] = strdup(j->d.f.variables[v].name)) != NULL;
    return whole ? ML_OK : ml_fail_memory(why, "names", open * sizeof **names);
}

static ml_status fail_open(const job *j, ml_message *why)
{
    for (size_t v = 0; v < j->d.f.variable_count; v++)
        if (formula_is_open(&j->d.f, v)) {
            const char *name = j->d.f.variables[v].name;
            return ml_fail(why, "'%.60s' has no value: give %.60s=VALUE or a column %.60s on standard input",
                           name, name, name);
        }
    return ML_OK;
}

static bool has_open(const job *j)
{
    for (size_t v = 0; v < j->d.f.variable_count; v++)
        if (formula_is_open(&j->d.f, v))
            return true;
    return false;
}

/* Symbols need no values, but a vector as many entries as its indices ask for. */
static ml_status open_symbols(job *j, ml_message *why)
{
    ml_status status = ML_OK;
    for (size_t v = 0; status == ML_OK && v < j->d.f.variable_count; v++)
        if (formula_is_open(&j->d.f, v))
            status = formula_open_as_zeros(&j->d.f, v, NULL, 0, why);
    return status;
}

static ml_status read_points(job *j, ml_message *why)
{
    char **names = NULL;
    if (isatty(STDIN_FILENO))
        return fail_open(j, why);
    progress_phase("reading");
    reader_options reading = j->c->reader;
    reading.shard = true; /* no rows at all are a missing value, which is said better here */
    ml_status status = table_read(&j->d.t, NULL, &reading, why);
    if (status == ML_OK && j->d.t.rows == 0)
        status = fail_open(j, why);
    if (status != ML_OK)
        return status;
    if (j->d.t.names == NULL)
        status = name_unnamed(j, &names, why);
    if (status == ML_OK)
        status = formula_bind(&j->d.f, (const char *const *)(names ? names : j->d.t.names), j->d.t.columns,
                              false, NULL, why);
    names_free(names);
    if (status == ML_OK)
        status = fail_open(j, why);
    j->d.rows = j->d.t.rows;
    j->d.from_table = true;
    return status;
}

/* --- by what --- */

/* All parameters of the variable or the one parameter called NAME. */
static ml_status add_by(job *j, const char *name, size_t length, ml_message *why)
{
    size_t before = j->d.by_count, at = 0;
    for (size_t v = 0; v < j->d.f.variable_count; v++) {
        size_t size = j->d.f.variables[v].rows * j->d.f.variables[v].columns;
        bool whole =
            strlen(j->d.f.variables[v].name) == length && memcmp(j->d.f.variables[v].name, name, length) == 0;
        for (size_t k = 0; k < size; k++, at++) {
            bool one = strlen(j->d.names[at]) == length && memcmp(j->d.names[at], name, length) == 0;
            if (!whole && !one)
                continue;
            for (size_t i = 0; i < before; i++)
                if (j->d.by[i] == at)
                    return ml_fail(why, "--by: '%s' stands twice in the list", j->d.names[at]);
            j->d.by[j->d.by_count++] = at;
        }
    }
    return j->d.by_count > before ? ML_OK
                                  : ml_fail(why, "--by: there is no variable '%.*s'", (int)length, name);
}

static ml_status choose_by(job *j, ml_message *why)
{
    size_t n = formula_parameters(&j->d.f), listed = 1;
    for (const char *p = j->p.by; p != NULL && *p != '\0'; p++)
        listed += *p == ',';
    j->d.by = memory_array(n * listed, sizeof *j->d.by);
    ml_status status = j->d.by ? ML_OK : ml_fail_memory(why, "variables", n * listed * sizeof *j->d.by);
    for (const char *p = j->p.by; status == ML_OK && p != NULL;) {
        /* a comma inside brackets belongs to a name such as A[1,2] */
        size_t length = 0;
        for (int depth = 0; p[length] != '\0' && (p[length] != ',' || depth > 0); length++)
            depth += (p[length] == '[') - (p[length] == ']');
        status = add_by(j, p, length, why);
        p = p[length] == ',' ? p + length + 1 : NULL;
    }
    for (size_t i = 0; status == ML_OK && j->p.by == NULL && i < n; i++)
        j->d.by[j->d.by_count++] = i;
    return status;
}

static ml_status read_direction(job *j, ml_message *why)
{
    cli_list none = {0};
    formula f = {0};
    buffer text = {0};
    if (j->p.direction == NULL)
        return ml_fail(why, "-s directional needs --direction, a number for each variable");
    buffer_printf(&text, "direction=%s", j->p.direction);
    const char *operand = buffer_text(&text);
    ml_status status = formula_read(&f, &none, &operand, 1, why);
    const gsl_matrix *d = status == ML_OK && f.start_count > 0 ? f.starts[0].value : NULL;
    if (status == ML_OK && (d == NULL || d->size1 * d->size2 != j->d.by_count))
        status = ml_fail(why, "--direction has %zu numbers for %zu variables", d ? d->size1 * d->size2 : 0,
                         j->d.by_count);
    j->d.direction = memory_zeros(formula_parameters(&j->d.f), sizeof *j->d.direction);
    if (status == ML_OK && j->d.direction == NULL)
        status = ml_fail_memory(why, "the direction", j->d.by_count * sizeof *j->d.direction);
    double norm = 0;
    for (size_t i = 0; status == ML_OK && i < j->d.by_count; i++)
        norm = hypot(norm, d->data[i]);
    if (status == ML_OK && j->p.unit && norm == 0)
        status = ml_fail(why, "--unit: the direction is zero");
    for (size_t i = 0; status == ML_OK && i < j->d.by_count; i++)
        j->d.direction[j->d.by[i]] += d->data[i] / (j->p.unit ? norm : 1);
    buffer_free(&text);
    formula_free(&f);
    return status;
}

/* --- the run --- */

static ml_status write_symbolic(job *j, size_t show, writer *w, ml_message *why)
{
    if ((show == GRADIENT || show == HESSIAN) && j->d.f.count != 1)
        return ml_fail(why, "-s %s is of one expression; -s jacobian takes several", shows[show].name);
    switch (show) {
    case VALUE:
        return diff_write_symbolic_value(&j->d, w, why);
    case GRADIENT:
        return diff_write_symbolic_gradient(&j->d, w, why);
    case JACOBIAN:
    case HESSIAN:
        return diff_write_symbolic_matrix(&j->d, w, show == HESSIAN, why);
    default:
        return ml_fail(why, "--symbolic prints value, gradient, jacobian and hessian, not %s",
                       shows[show].name);
    }
}

static ml_status write_show(job *j, size_t show, writer *w, ml_message *why)
{
    if (j->p.symbolic)
        return write_symbolic(j, show, w, why);
    switch (show) {
    case GRADIENT:
        return diff_write_gradient(&j->d, w, why);
    case VALUE:
        return diff_write_value(&j->d, w, why);
    case JACOBIAN:
        return diff_write_jacobian(&j->d, w, why);
    case HESSIAN:
        return diff_write_hessian(&j->d, w, why);
    case DIRECTIONAL:
        return diff_write_directional(&j->d, w, why);
    case CHECK:
        return diff_write_check(&j->d, w, why);
    default:
        return diff_write_taylor(&j->d, w, show == POLYNOMIAL, why);
    }
}

/* Of several results the second may fail where the first does not, so all are made once for nobody. */
static ml_status try_results(job *j, ml_message *why)
{
    int nowhere = open("/dev/null", O_WRONLY | O_CLOEXEC);
    writer *w = nowhere >= 0 ? writer_open(nowhere, &j->c->writer) : NULL;
    ml_status status = w ? ML_OK : ml_fail_memory(why, "the writer", sizeof j->c->writer);
    for (size_t i = 0; status == ML_OK && i < j->c->show_count; i++)
        status = write_show(j, j->c->shows[i], w, why);
    if (w != NULL && writer_close(w, NULL, status == ML_OK ? why : NULL) != ML_OK)
        status = ML_FAIL;
    if (nowhere >= 0)
        close(nowhere);
    return status;
}

/* What results_print calls. */
static ml_status write_show_of(void *j, size_t show, writer *w, ml_message *why)
{
    return write_show(j, show, w, why);
}

static int write_results(job *j)
{
    ml_message why;
    if (j->c->show_count > 1 && try_results(j, &why) != ML_OK)
        return cli_fail(j->c, &why);
    return results_print(j->c, &(results_output){.show = write_show_of, .context = j}, ML_OK);
}

static ml_status write_steps(job *j, steps *s, ml_message *why)
{
    const char **outputs = memory_zeros(j->d.tape->output_count, sizeof *outputs);
    tape_run *run = tape_run_new(j->d.tape);
    double *values = memory_zeros(j->d.tape->output_count, sizeof *values);
    bool whole = outputs != NULL && run != NULL && values != NULL;
    for (size_t i = 0; whole && i < j->d.tape->output_count; i++) {
        char entry[32];
        snprintf(entry, sizeof entry, "%zu", i + 1);
        outputs[i] = j->d.tape->output_count == j->d.f.count ? diff_expression(&j->d, j->d.f.expressions[i])
                                                             : diff_text(&j->d, "f#", entry);
        whole = outputs[i] != NULL;
    }
    ml_status status = whole ? ML_OK : ml_fail_memory(why, "the steps", j->d.tape->count * sizeof(double));
    for (size_t row = 0; status == ML_OK && row < j->d.rows; row++) {
        const double *x = gsl_matrix_const_ptr(j->d.x, row, 0);
        status = diff_values(&j->d, run, row, values, why);
        if (status == ML_OK && j->d.from_table)
            steps_heading(s, "Row %zu", row + 1);
        if (status == ML_OK)
            status = (j->p.sweep == SWEEP_FORWARD ? tape_steps_forward : tape_steps_reverse)(
                s, j->d.tape, x, (const char *const *)j->d.names, outputs, j->d.by, j->d.by_count, why);
    }
    tape_run_free(run);
    free(values);
    free(outputs);
    return status;
}

static ml_status prepare(job *j, ml_message *why)
{
    ml_status status = formula_read(&j->d.f, &j->p.definitions, j->c->operands, j->c->operand_count, why);
    if (status == ML_OK && j->d.f.count == 0)
        status = ml_fail(why, "there is no expression");
    if (status == ML_OK)
        status = formula_names(&j->d.f, NULL, 0, why);
    if (status == ML_OK && has_open(j))
        status = j->p.symbolic ? open_symbols(j, why) : read_points(j, why);
    if (status == ML_OK)
        status = formula_parameter_names(&j->d.f, &j->d.names, why);
    if (status == ML_OK)
        status = choose_by(j, why);
    return status;
}

/* Where a variable is no number, the expressions are written out in its entries, for the rules of calculus
 * are those of numbers. */
static ml_status write_out_vectors(job *j, ml_message *why)
{
    formula *f = &j->d.f;
    bool vectors = false;
    for (size_t v = 0; v < f->variable_count; v++)
        vectors |= f->variables[v].rows * f->variables[v].columns != 1;
    if (!vectors)
        return ML_OK;
    ml_status status =
        tape_new(f->space, f->expressions, f->count, f->variables, f->variable_count, &j->d.tape, why);
    if (status != ML_OK)
        return status;
    const expression **trees = memory_array(j->d.tape->output_count, sizeof *trees);
    if (trees == NULL)
        return ml_fail_memory(why, "the expressions", j->d.tape->output_count * sizeof *trees);
    free(f->expressions);
    f->expressions = trees;
    f->count = j->d.tape->output_count;
    return tape_trees(j->d.tape, f->space, f->variables, f->variable_count, trees, why);
}

static ml_status compile(job *j, ml_message *why)
{
    ml_status status = formula_points(&j->d.f, j->d.t.x, j->d.rows, &j->d.x, why);
    if (status == ML_OK)
        status = tape_new(j->d.f.space, j->d.f.expressions, j->d.f.count, j->d.f.variables,
                          j->d.f.variable_count, &j->d.tape, why);
    if (status == ML_OK && cli_shows(j->c, "directional"))
        status = read_direction(j, why);
    return status;
}

static int run(job *j)
{
    ml_message why;
    steps *s = NULL;
    ml_status status = prepare(j, &why);
    if (status == ML_OK)
        status = j->p.symbolic ? write_out_vectors(j, &why) : compile(j, &why);
    if (status == ML_OK && j->d.f.count > 1 && !cli_given(j->c, "show"))
        j->c->shows[0] = JACOBIAN;
    if (status == ML_OK)
        status = cli_steps(j->c, &s, &why);
    if (status == ML_OK && s != NULL)
        status = write_steps(j, s, &why);
    if (status != ML_OK) {
        steps_free(s);
        return cli_fail(j->c, &why);
    }
    return s != NULL ? cli_steps_close(j->c, s, ML_OK) : write_results(j);
}

static void free_job(job *j)
{
    diff_free(&j->d);
    free(j->p.definitions.items);
}

/* -1, or the status after a complaint: does anything on standard input belong to this command? */
static int check_usage(const cli *c, const params *p)
{
    if (c->operand_count == 0)
        return cli_usage(c, "there is no expression");
    if (p->sweep != SWEEP_NONE && !c->steps)
        return cli_usage(c, "--%s belongs to --steps", p->sweep == SWEEP_FORWARD ? "forward" : "reverse");
    if (cli_given(c, "forward") && cli_given(c, "reverse"))
        return cli_usage(c, "--forward and --reverse are two ways; say one");
    if (p->symbolic && c->steps)
        return cli_usage(c, "--steps writes numbers; --symbolic has none");
    if (p->direction != NULL && !cli_shows(c, "directional"))
        return cli_usage(c, "--direction belongs to -s directional");
    if (p->unit && p->direction == NULL)
        return cli_usage(c, "--unit belongs to --direction");
    if (cli_given(c, "order") && !cli_shows(c, "taylor") && !cli_shows(c, "polynomial"))
        return cli_usage(c, "--order belongs to -s taylor and -s polynomial");
    return -1;
}

int main(int argc, char **argv)
{
    params p = {.order = 2};
    cli c;
    int status = cli_parse(&c, &tool, &p, argc, argv);
    if (status < 0)
        status = check_usage(&c, &p);
    if (status >= 0) {
        free(p.definitions.items);
        return status;
    }
    job j = {.c = &c,
             .p = p,
             .d = {.rows = 1, .order = p.order, .jobs = c.reader.jobs, .precision = c.writer.precision}};
    status = run(&j);
    free_job(&j);
    return status;
}
