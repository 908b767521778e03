/* mldiff: derivatives of expressions at points: gradients, Jacobians, Hessians, Taylor polynomials. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/number.h"
#include "base/parallel.h"
#include "math/symbolic.h"
#include "math/tape.h"
#include "math/tape_steps.h"
#include "math/taylor.h"
#include "table/cli.h"
#include "table/progress.h"
#include "tool/formula.h"
#include "tool/names.h"

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
    formula f;
    table t; /* the points' table when they come from standard input */
    tape *tape;
    size_t rows;     /* points */
    gsl_matrix *x;   /* rows x parameters */
    bool from_table; /* several points, told apart by a column row */
    char **names;    /* of the parameters */
    size_t *by;      /* the parameters to differentiate by */
    size_t by_count;
    double *direction; /* parameters */
    buffer *texts;     /* of expressions, kept until the end */
    size_t text_count, text_capacity;
} job;

/* --- points --- */

static ml_status name_unnamed(const job *j, char ***names, ml_message *why)
{
    size_t open = 0;
    for (size_t v = 0; v < j->f.variable_count; v++)
        open += formula_is_open(&j->f, v);
    if (j->t.columns != open)
        return ml_fail(
            why,
            "the points have no names, and %zu column%s for %zu variable%s; give a line of names or --names",
            j->t.columns, j->t.columns == 1 ? "" : "s", open, open == 1 ? "" : "s");
    *names = memory_zeros(open + 1, sizeof **names);
    bool whole = *names != NULL;
    for (size_t v = 0, at = 0; whole && v < j->f.variable_count; v++)
        if (formula_is_open(&j->f, v))
            whole = ((*names)[at++] = strdup(j->f.variables[v].name)) != NULL;
    return whole ? ML_OK : ml_fail_memory(why, "names", open * sizeof **names);
}

static ml_status fail_open(const job *j, ml_message *why)
{
    for (size_t v = 0; v < j->f.variable_count; v++)
        if (formula_is_open(&j->f, v)) {
            const char *name = j->f.variables[v].name;
            return ml_fail(why, "'%.60s' has no value: give %.60s=VALUE or a column %.60s on standard input",
                           name, name, name);
        }
    return ML_OK;
}

static bool has_open(const job *j)
{
    for (size_t v = 0; v < j->f.variable_count; v++)
        if (formula_is_open(&j->f, v))
            return true;
    return false;
}

/* Symbols need no values, but a vector as many entries as its indices ask for. */
static ml_status open_symbols(job *j, ml_message *why)
{
    ml_status status = ML_OK;
    for (size_t v = 0; status == ML_OK && v < j->f.variable_count; v++)
        if (formula_is_open(&j->f, v))
            status = formula_open_as_zeros(&j->f, v, NULL, 0, why);
    return status;
}

/* The points: one of starts alone, or the rows of the table. */
static ml_status fill_points(job *j, ml_message *why)
{
    size_t n = formula_parameters(&j->f);
    j->x = gsl_matrix_calloc(j->rows, n ? n : 1);
    if (j->x == NULL)
        return ml_fail_memory(why, "the points", j->rows * n * sizeof(double));
    for (size_t i = 0; i < j->rows; i++) {
        double *x = gsl_matrix_ptr(j->x, i, 0);
        formula_fill(&j->f, x);
        for (size_t v = 0; v < j->f.variable_count; v++) {
            const tape_variable *variable = j->f.variables + v;
            size_t size = variable->rows * variable->columns;
            for (size_t k = 0; variable->column != NULL && k < size; k++)
                x[k] = gsl_matrix_get(j->t.x, i, variable->column[k]);
            x += size;
        }
    }
    return ML_OK;
}

static ml_status read_points(job *j, ml_message *why)
{
    char **names = NULL;
    if (isatty(STDIN_FILENO))
        return fail_open(j, why);
    progress_phase("reading");
    reader_options reading = j->c->reader;
    reading.shard = true; /* no rows at all are a missing value, which is said better here */
    ml_status status = table_read(&j->t, NULL, &reading, why);
    if (status == ML_OK && j->t.rows == 0)
        status = fail_open(j, why);
    if (status != ML_OK)
        return status;
    if (j->t.names == NULL)
        status = name_unnamed(j, &names, why);
    if (status == ML_OK)
        status = formula_bind(&j->f, (const char *const *)(names ? names : j->t.names), j->t.columns, false,
                              NULL, why);
    names_free(names);
    if (status == ML_OK)
        status = fail_open(j, why);
    j->rows = j->t.rows;
    j->from_table = true;
    return status;
}

/* --- by what --- */

/* All parameters of the variable or the one parameter called NAME. */
static ml_status add_by(job *j, const char *name, size_t length, ml_message *why)
{
    size_t before = j->by_count, at = 0;
    for (size_t v = 0; v < j->f.variable_count; v++) {
        size_t size = j->f.variables[v].rows * j->f.variables[v].columns;
        bool whole =
            strlen(j->f.variables[v].name) == length && memcmp(j->f.variables[v].name, name, length) == 0;
        for (size_t k = 0; k < size; k++, at++) {
            bool one = strlen(j->names[at]) == length && memcmp(j->names[at], name, length) == 0;
            if (whole || one)
                j->by[j->by_count++] = at;
        }
    }
    return j->by_count > before ? ML_OK
                                : ml_fail(why, "--by: there is no variable '%.*s'", (int)length, name);
}

static ml_status choose_by(job *j, ml_message *why)
{
    size_t n = formula_parameters(&j->f), listed = 1;
    for (const char *p = j->p.by; p != NULL && *p != '\0'; p++)
        listed += *p == ',';
    j->by = memory_array(n * listed, sizeof *j->by);
    ml_status status = j->by ? ML_OK : ml_fail_memory(why, "variables", n * listed * sizeof *j->by);
    for (const char *p = j->p.by; status == ML_OK && p != NULL;) {
        /* a comma inside brackets belongs to a name such as A[1,2] */
        size_t length = 0;
        for (int depth = 0; p[length] != '\0' && (p[length] != ',' || depth > 0); length++)
            depth += (p[length] == '[') - (p[length] == ']');
        status = add_by(j, p, length, why);
        p = p[length] == ',' ? p + length + 1 : NULL;
    }
    for (size_t i = 0; status == ML_OK && j->p.by == NULL && i < n; i++)
        j->by[j->by_count++] = i;
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
    if (status == ML_OK && (d == NULL || d->size1 * d->size2 != j->by_count))
        status = ml_fail(why, "--direction has %zu numbers for %zu variables", d ? d->size1 * d->size2 : 0,
                         j->by_count);
    j->direction = memory_zeros(formula_parameters(&j->f), sizeof *j->direction);
    if (status == ML_OK && j->direction == NULL)
        status = ml_fail_memory(why, "the direction", j->by_count * sizeof *j->direction);
    double norm = 0;
    for (size_t i = 0; status == ML_OK && i < j->by_count; i++)
        norm = hypot(norm, d->data[i]);
    if (status == ML_OK && j->p.unit && norm == 0)
        status = ml_fail(why, "--unit: the direction is zero");
    for (size_t i = 0; status == ML_OK && i < j->by_count; i++)
        j->direction[j->by[i]] += d->data[i] / (j->p.unit ? norm : 1);
    buffer_free(&text);
    formula_free(&f);
    return status;
}

/* --- running --- */

/* Names which operation of output OUTPUT has no value at point ROW. */
static ml_status fail_domain(const job *j, tape_run *run, size_t row, size_t output, ml_message *why)
{
    char text[200], place[64] = "";
    const double *values = tape_values(run);
    size_t node = tape_culprit(j->tape, values, output);
    tape_describe(j->tape, values, node, text, sizeof text);
    if (j->from_table)
        snprintf(place, sizeof place, "row %zu: ", row + 1);
    const expression *origin = j->tape->nodes[node].origin;
    return origin ? expression_fail(why, origin, "%sno finite value: %s", place, text)
                  : ml_fail(why, "%sno finite value: %s", place, text);
}

static ml_status run_at(const job *j, tape_run *run, size_t row, double *values, ml_message *why)
{
    tape_value(run, gsl_matrix_const_ptr(j->x, row, 0), values);
    for (size_t i = 0; i < j->tape->output_count; i++)
        if (!isfinite(values[i]))
            return fail_domain(j, run, row, i, why);
    return ML_OK;
}

/* What is computed at each point: WIDTH numbers into OUT. */
typedef struct pass {
    const job *j;
    ml_status (*point)(const job *j, tape_run *run, size_t row, double *out, ml_message *why);
    size_t width;
    double *out;
    tape_run **runs;
    ml_status *status; /* of each piece */
    ml_message *why;
} pass;

enum { PIECE = 512 };

static void run_piece(size_t piece, int worker, void *context)
{
    pass *p = context;
    for (size_t i = piece * PIECE; i < (piece + 1) * PIECE && i < p->j->rows && p->status[piece] == ML_OK;
         i++)
        p->status[piece] = p->point(p->j, p->runs[worker], i, p->out + i * p->width, p->why + piece);
}

/* The pieces in order, so that the first point that fails is the one that is reported. */
static ml_status run_points(const job *j, pass *p, ml_message *why)
{
    size_t pieces = (j->rows + PIECE - 1) / PIECE;
    int jobs = j->c->reader.jobs < 1 ? 1 : j->c->reader.jobs;
    p->out = memory_zeros(j->rows, p->width * sizeof *p->out);
    p->runs = memory_zeros((size_t)jobs, sizeof *p->runs);
    p->status = memory_zeros(pieces, sizeof *p->status);
    p->why = memory_array(pieces, sizeof *p->why);
    bool whole = p->out && p->runs && p->status && p->why;
    for (int k = 0; whole && k < jobs; k++)
        whole = (p->runs[k] = tape_run_new(j->tape)) != NULL;
    ml_status status =
        whole ? ML_OK : ml_fail_memory(why, "the derivatives", j->rows * p->width * sizeof(double));
    if (status == ML_OK)
        parallel_for(pieces, jobs, run_piece, p);
    for (size_t i = 0; status == ML_OK && i < pieces; i++) {
        status = p->status[i];
        if (status != ML_OK)
            *why = p->why[i];
    }
    for (int k = 0; p->runs != NULL && k < jobs; k++)
        tape_run_free(p->runs[k]);
    free(p->runs);
    free(p->status);
    free(p->why);
    return status;
}

/* --- tables of points --- */

/* Columns for the points: carried texts and the parameters. */
static size_t point_columns(const job *j, column *columns)
{
    size_t at = 0, n = formula_parameters(&j->f);
    for (size_t i = 0; i < j->t.id_count; i++)
        columns[at++] = column_text(&j->t.texts[i]);
    for (size_t k = 0; k < n; k++)
        columns[at++] = column_reals(j->names[k], j->x->data + k, j->x->tda);
    return at;
}

static ml_status point_values(const job *j, tape_run *run, size_t row, double *out, ml_message *why)
{
    return run_at(j, run, row, out, why);
}

static ml_status point_gradient(const job *j, tape_run *run, size_t row, double *out, ml_message *why)
{
    size_t m = j->tape->output_count, n = j->tape->parameters;
    ml_status status = run_at(j, run, row, out, why);
    if (status != ML_OK)
        return status;
    gsl_matrix *jacobian = gsl_matrix_alloc(m, n ? n : 1);
    if (jacobian == NULL)
        return ml_fail_memory(why, "a gradient", m * n * sizeof(double));
    if (n > 0)
        tape_jacobian(run, jacobian);
    for (size_t i = 0; i < m; i++)
        for (size_t k = 0; k < j->by_count; k++)
            out[m + i * j->by_count + k] = gsl_matrix_get(jacobian, i, j->by[k]);
    gsl_matrix_free(jacobian);
    return ML_OK;
}

static ml_status point_directional(const job *j, tape_run *run, size_t row, double *out, ml_message *why)
{
    size_t m = j->tape->output_count;
    ml_status status = run_at(j, run, row, out, why);
    if (status == ML_OK)
        tape_tangent(run, j->direction, out + m);
    return status;
}

static ml_status point_hessian(const job *j, tape_run *run, size_t row, double *out, ml_message *why)
{
    size_t n = j->tape->parameters;
    double value;
    ml_status status = run_at(j, run, row, &value, why);
    if (status != ML_OK || n == 0)
        return status;
    gsl_matrix *hessian = gsl_matrix_alloc(n, n);
    if (hessian == NULL)
        return ml_fail_memory(why, "a Hessian", n * n * sizeof(double));
    tape_gradient(run, NULL, hessian->data); /* room for it */
    tape_hessian(run, hessian);
    for (size_t i = 0; i < j->by_count; i++)
        for (size_t k = 0; k < j->by_count; k++)
            out[i * j->by_count + k] = gsl_matrix_get(hessian, j->by[i], j->by[k]);
    gsl_matrix_free(hessian);
    return ML_OK;
}

/* A text that lives until the end of the job; NULL when memory is out. */
static const char *keep(job *j, const char *form, const char *text)
{
    if (!memory_grow(&j->texts, &j->text_capacity, j->text_count + 1, sizeof *j->texts))
        return NULL;
    buffer *b = &j->texts[j->text_count++];
    *b = (buffer){0};
    for (; *form != '\0'; form++)
        if (*form == '#')
            buffer_string(b, text);
        else
            buffer_char(b, *form);
    const char *kept = buffer_text(b);
    return b->failed ? NULL : kept;
}

static const char *expression_text(job *j, const expression *e)
{
    buffer b = {0};
    expression_print(&b, e);
    const char *kept = b.failed ? NULL : keep(j, "#", buffer_text(&b));
    buffer_free(&b);
    return kept;
}

/* "value", or the expressions themselves where there are several. */
static const char *value_name(job *j, size_t i)
{
    return j->f.count == 1 && j->tape->output_count == 1 ? "value"
           : j->tape->output_count == j->f.count         ? expression_text(j, j->f.expressions[i])
                                                         : NULL;
}

static ml_status value_columns(job *j, const double *out, size_t width, column *columns, ml_message *why)
{
    for (size_t i = 0; i < j->tape->output_count; i++) {
        const char *name = value_name(j, i);
        char entry[32];
        snprintf(entry, sizeof entry, "%zu", i + 1);
        if (name == NULL && (name = keep(j, "value#", entry)) == NULL)
            return ml_fail_memory(why, "names", 1);
        columns[i] = column_reals(name, out + i, width);
    }
    return ML_OK;
}

static ml_status write_points(job *j, writer *w, const char *name, pass *p, size_t derivatives,
                              const char *form, ml_message *why)
{
    size_t m = j->tape->output_count, most = j->t.id_count + formula_parameters(&j->f) + m + derivatives;
    column *columns = memory_zeros(most, sizeof *columns);
    p->width = m + derivatives;
    ml_status status = run_points(j, p, why);
    if (status == ML_OK && columns == NULL)
        status = ml_fail_memory(why, "columns", most * sizeof *columns);
    size_t at = status == ML_OK ? point_columns(j, columns) : 0;
    if (status == ML_OK)
        status = value_columns(j, p->out, p->width, columns + at, why);
    at += m;
    for (size_t k = 0; status == ML_OK && k < derivatives; k++) {
        const char *head = keep(j, form, k < j->by_count ? j->names[j->by[k]] : "");
        if (head == NULL)
            status = ml_fail_memory(why, "names", 1);
        columns[at++] = column_reals(head, p->out + m + k, p->width);
    }
    if (status == ML_OK)
        writer_block(w, name, columns, at, j->rows);
    free(columns);
    free(p->out);
    return status;
}

static ml_status need_one(const job *j, const char *what, ml_message *why)
{
    if (j->f.count == 1 && j->tape->output_count == 1)
        return ML_OK;
    return ml_fail(
        why, "-s %s is of one expression whose value is a number; here are %zu; -s jacobian takes several",
        what, j->tape->output_count);
}

static ml_status write_gradient(job *j, writer *w, ml_message *why)
{
    pass p = {.j = j, .point = point_gradient};
    ml_status status = need_one(j, "gradient", why);
    return status == ML_OK ? write_points(j, w, "gradient", &p, j->by_count, "d/d#", why) : status;
}

static ml_status write_value(job *j, writer *w, ml_message *why)
{
    pass p = {.j = j, .point = point_values};
    return write_points(j, w, "value", &p, 0, "", why);
}

static ml_status write_directional(job *j, writer *w, ml_message *why)
{
    pass p = {.j = j, .point = point_directional};
    ml_status status = need_one(j, "directional", why);
    return status == ML_OK ? write_points(j, w, "directional", &p, 1, "directional", why) : status;
}

/* LINES x by_count numbers a point; from a table, a column tells which row each line belongs to. */
static ml_status write_matrices(job *j, writer *w, const char *name, pass *p, size_t skip, size_t lines,
                                ml_message *why)
{
    size_t n = j->by_count, total = j->rows * lines;
    p->width = skip + lines * n;
    ml_status status = run_points(j, p, why);
    double *cells = memory_zeros(total, (n + 1) * sizeof *cells);
    column *columns = memory_zeros(n + 1, sizeof *columns);
    if (status == ML_OK && (cells == NULL || columns == NULL))
        status = ml_fail_memory(why, "columns", total * (n + 1) * sizeof *cells);
    for (size_t i = 0; status == ML_OK && i < total; i++) {
        cells[i * (n + 1)] = (double)(i / lines + 1);
        memcpy(cells + i * (n + 1) + 1, p->out + i / lines * p->width + skip + i % lines * n,
               n * sizeof *cells);
    }
    if (status == ML_OK) {
        size_t at = 0;
        if (j->from_table)
            columns[at++] = column_reals("row", cells, n + 1);
        for (size_t k = 0; k < n; k++)
            columns[at++] = column_reals(j->names[j->by[k]], cells + k + 1, n + 1);
        writer_block(w, name, columns, at, total);
    }
    free(cells);
    free(columns);
    free(p->out);
    return status;
}

static ml_status write_jacobian(job *j, writer *w, ml_message *why)
{
    pass p = {.j = j, .point = point_gradient};
    return write_matrices(j, w, "jacobian", &p, j->tape->output_count, j->tape->output_count, why);
}

static ml_status write_hessian(job *j, writer *w, ml_message *why)
{
    pass p = {.j = j, .point = point_hessian};
    ml_status status = need_one(j, "hessian", why);
    return status == ML_OK ? write_matrices(j, w, "hessian", &p, 0, j->by_count, why) : status;
}

/* --- Taylor --- */

/* (x-1)^2, x^2 about 0 */
static void print_power(buffer *b, const char *name, double at, unsigned power)
{
    char digits[NUMBER_PRINT_MAX];
    number_print(digits, fabs(at));
    if (at == 0)
        buffer_string(b, name);
    else
        buffer_printf(b, "(%s%c%s)", name, at > 0 ? '-' : '+', digits);
    if (power > 1)
        buffer_printf(b, "^%u", power);
}

/* The product of powers of term I; "1" for the constant one. */
static void print_product(const job *j, const taylor *t, size_t i, const double *x, buffer *b)
{
    bool any = false;
    for (size_t v = 0; v < t->variables; v++) {
        unsigned power = t->exponents[i * t->variables + v];
        if (power == 0)
            continue;
        buffer_string(b, any ? "*" : "");
        print_power(b, j->names[j->by[v]], x[j->by[v]], power);
        any = true;
    }
    if (!any)
        buffer_char(b, '1');
}

static void print_polynomial(const job *j, const taylor *t, const double *x, int digits, buffer *b)
{
    char text[NUMBER_PRINT_MAX];
    bool any = false;
    for (size_t i = 0; i < t->terms; i++) {
        double c = t->coefficients[i];
        bool constant = t->terms == 1 || i == 0;
        if (c == 0)
            continue;
        if (digits > 0)
            number_print_digits(text, fabs(c), digits);
        else
            number_print(text, fabs(c));
        buffer_string(b, c < 0 ? "-" : any ? "+" : "");
        if (constant || strcmp(text, "1") != 0)
            buffer_printf(b, "%s%s", text, constant ? "" : "*");
        if (!constant)
            print_product(j, t, i, x, b);
        any = true;
    }
    if (!any)
        buffer_char(b, '0');
}

static double factorials(const taylor *t, size_t i)
{
    double product = 1;
    for (size_t v = 0; v < t->variables; v++)
        for (unsigned k = 2; k <= t->exponents[i * t->variables + v]; k++)
            product *= k;
    return product;
}

static ml_status expand(const job *j, size_t row, tape_run *run, taylor *t, ml_message *why)
{
    double value;
    ml_status status = run_at(j, run, row, &value, why);
    if (status == ML_OK)
        status = taylor_expand(j->tape, gsl_matrix_const_ptr(j->x, row, 0), j->by, j->by_count, j->p.order, t,
                               why);
    for (size_t i = 0; status == ML_OK && i < t->terms; i++)
        if (!isfinite(t->coefficients[i])) {
            taylor_free(t);
            return ml_fail(why, "%s%.0zu%sthe derivatives of order %u and above do not exist at this point",
                           j->from_table ? "row " : "", j->from_table ? row + 1 : 0,
                           j->from_table ? ": " : "", (unsigned)i);
        }
    return status;
}

typedef struct taylor_table {
    double *cells; /* row, powers, derivative, coefficient */
    const char **products;
    size_t width, count;
} taylor_table;

static ml_status add_terms(job *j, taylor_table *to, size_t row, const taylor *t, ml_message *why)
{
    const double *x = gsl_matrix_const_ptr(j->x, row, 0);
    for (size_t i = 0; i < t->terms; i++) {
        double *cell = to->cells + to->count * to->width;
        buffer b = {0};
        cell[0] = (double)(row + 1);
        for (size_t v = 0; v < t->variables; v++)
            cell[1 + v] = t->exponents[i * t->variables + v];
        cell[1 + t->variables] = t->coefficients[i] * factorials(t, i);
        cell[2 + t->variables] = t->coefficients[i];
        print_product(j, t, i, x, &b);
        to->products[to->count] = b.failed ? NULL : keep(j, "#", buffer_text(&b));
        buffer_free(&b);
        if (to->products[to->count++] == NULL)
            return ml_fail_memory(why, "the terms", 1);
    }
    return ML_OK;
}

static ml_status write_terms(job *j, writer *w, const taylor_table *t, ml_message *why)
{
    size_t n = j->by_count, at = 0;
    column *columns = memory_zeros(n + 4, sizeof *columns);
    if (columns == NULL)
        return ml_fail_memory(why, "columns", (n + 4) * sizeof *columns);
    if (j->from_table)
        columns[at++] = column_reals("row", t->cells, t->width);
    ml_status status = ML_OK;
    for (size_t v = 0; v < n; v++) {
        const char *head = keep(j, "power of #", j->names[j->by[v]]);
        if (head == NULL)
            status = ml_fail_memory(why, "names", 1);
        columns[at++] = column_reals(head, t->cells + 1 + v, t->width);
    }
    columns[at++] = column_reals("derivative", t->cells + 1 + n, t->width);
    columns[at++] = column_reals("coefficient", t->cells + 2 + n, t->width);
    columns[at++] = column_strings("times", t->products);
    if (status == ML_OK)
        writer_block(w, "taylor", columns, at, t->count);
    free(columns);
    return status;
}

static ml_status write_polynomials(job *j, writer *w, const char *const *texts)
{
    column c = column_strings(j->from_table ? "polynomial" : NULL, texts);
    writer_block(w, "polynomial", &c, 1, j->rows);
    return ML_OK;
}

static ml_status write_taylor(job *j, writer *w, bool polynomial, ml_message *why)
{
    ml_status status = need_one(j, polynomial ? "polynomial" : "taylor", why);
    tape_run *run = tape_run_new(j->tape);
    taylor_table all = {.width = 3 + j->by_count};
    for (size_t row = 0; status == ML_OK && row < j->rows; row++) {
        taylor t = {0};
        status = run ? expand(j, row, run, &t, why)
                     : ml_fail_memory(why, "a tape", j->tape->count * sizeof(double));
        if (status == ML_OK && row == 0) {
            all.cells = memory_zeros(j->rows * t.terms, all.width * sizeof *all.cells);
            all.products = memory_zeros(j->rows * t.terms, sizeof *all.products);
            if (all.cells == NULL || all.products == NULL)
                status = ml_fail_memory(why, "the terms", j->rows * t.terms * all.width * sizeof *all.cells);
        }
        if (status == ML_OK && polynomial) {
            buffer b = {0};
            print_polynomial(j, &t, gsl_matrix_const_ptr(j->x, row, 0), j->c->writer.precision, &b);
            all.products[row] = b.failed ? NULL : keep(j, "#", buffer_text(&b));
            status = all.products[row] ? ML_OK : ml_fail_memory(why, "the polynomial", b.size);
            buffer_free(&b);
        } else if (status == ML_OK) {
            status = add_terms(j, &all, row, &t, why);
        }
        taylor_free(&t);
    }
    if (status == ML_OK)
        status = polynomial ? write_polynomials(j, w, all.products) : write_terms(j, w, &all, why);
    tape_run_free(run);
    free(all.cells);
    free(all.products);
    return status;
}

/* --- differences --- */

enum { STEPS = 12, CHECK_WIDTH = 8 };

static double value_at(tape_run *run, double *x, size_t k, double at)
{
    double keep_x = x[k], value;
    x[k] = at;
    tape_value(run, x, &value);
    x[k] = keep_x;
    return value;
}

/* One line a point, variable and step: the derivative, one-sided and central differences and their relative
 * errors. */
static void check_variable(tape_run *run, double *x, size_t k, double row, double derivative, double *out)
{
    double base = value_at(run, x, k, x[k]), scale = fmax(fabs(derivative), 1e-300);
    for (int s = 0; s < STEPS; s++, out += CHECK_WIDTH) {
        /* the step that the arithmetic takes, not the one that was meant */
        volatile double up = x[k] + pow(10, -1 - s) * fmax(1, fabs(x[k]));
        double h = up - x[k], down = x[k] - h;
        double one = (value_at(run, x, k, up) - base) / h;
        double both = (value_at(run, x, k, up) - value_at(run, x, k, down)) / (up - down);
        double values[] = {
            row, h, derivative, one, both, fabs(one - derivative) / scale, fabs(both - derivative) / scale};
        memcpy(out, values, sizeof values);
    }
}

static ml_status write_check(job *j, writer *w, ml_message *why)
{
    size_t n = j->by_count, total = j->rows * n * STEPS;
    pass p = {.j = j, .point = point_gradient, .width = 1 + n};
    ml_status status = need_one(j, "check", why);
    if (status == ML_OK)
        status = run_points(j, &p, why);
    double *cells = memory_zeros(total, CHECK_WIDTH * sizeof *cells);
    const char **variables = memory_zeros(total, sizeof *variables);
    tape_run *run = tape_run_new(j->tape);
    if (status == ML_OK && (cells == NULL || variables == NULL || run == NULL))
        status = ml_fail_memory(why, "the differences", total * CHECK_WIDTH * sizeof *cells);
    for (size_t i = 0; status == ML_OK && i < j->rows * n; i++) {
        check_variable(run, gsl_matrix_ptr(j->x, i / n, 0), j->by[i % n], (double)(i / n + 1),
                       p.out[i / n * p.width + 1 + i % n], cells + i * STEPS * CHECK_WIDTH);
        for (size_t s = 0; s < STEPS; s++)
            variables[i * STEPS + s] = j->names[j->by[i % n]];
    }
    static const char *const heads[] = {
        "row", "step", "derivative", "one_sided", "central", "one_sided_error", "central_error"};
    column columns[8];
    size_t at = 0;
    if (j->from_table)
        columns[at++] = column_reals(heads[0], cells, CHECK_WIDTH);
    columns[at++] = column_strings("variable", variables);
    for (size_t k = 1; k < 7; k++)
        columns[at++] = column_reals(heads[k], cells + k, CHECK_WIDTH);
    if (status == ML_OK)
        writer_block(w, "check", columns, at, total);
    tape_run_free(run);
    free(cells);
    free(variables);
    free(p.out);
    return status;
}

/* --- symbols --- */

/* The normal form where it is shorter. */
static const char *simplified(job *j, const expression *e)
{
    const char *plain = expression_text(j, e);
    const expression *normal = symbolic_normal(j->f.space, e);
    if (normal == NULL || plain == NULL)
        return plain;
    const char *other = expression_text(j, normal);
    return other != NULL && strlen(other) > strlen(plain) ? plain : other;
}

static ml_status derivative_text(job *j, const expression *e, const char *a, const char *b, const char **text,
                                 ml_message *why)
{
    ml_status status = symbolic_resolve(j->f.space, e, &e, why);
    if (status == ML_OK && a != NULL)
        status = symbolic_derivative(j->f.space, e, a, &e, why);
    if (status == ML_OK && b != NULL) {
        const expression *normal = symbolic_normal(j->f.space, e);
        status = symbolic_derivative(j->f.space, normal ? normal : e, b, &e, why);
    }
    if (status == ML_OK && ((*text = simplified(j, e)) == NULL || expression_failed(j->f.space)))
        status = ml_fail_memory(why, "the derivative", 1);
    return status;
}

/* LINES x by_count texts: of expression LINE, or the second derivatives of the first. */
static ml_status write_symbolic_matrix(job *j, writer *w, bool hessian, ml_message *why)
{
    size_t n = j->by_count, lines = hessian ? n : j->f.count;
    const char **texts = memory_zeros(n * lines, sizeof *texts);
    column *columns = memory_zeros(n, sizeof *columns);
    ml_status status =
        texts && columns ? ML_OK : ml_fail_memory(why, "the derivatives", n * lines * sizeof *texts);
    for (size_t k = 0; status == ML_OK && k < n; k++) {
        for (size_t i = 0; status == ML_OK && i < lines; i++)
            status = derivative_text(j, j->f.expressions[hessian ? 0 : i], j->names[j->by[k]],
                                     hessian ? j->names[j->by[i]] : NULL, &texts[k * lines + i], why);
        columns[k] = column_strings(j->names[j->by[k]], texts + k * lines);
    }
    if (status == ML_OK)
        writer_block(w, hessian ? "hessian" : "jacobian", columns, n, lines);
    free(columns);
    free(texts);
    return status;
}

/* A line a variable; of one variable the bare derivative. */
static ml_status write_symbolic_gradient(job *j, writer *w, ml_message *why)
{
    size_t n = j->by_count;
    const char **texts = memory_zeros(n, sizeof *texts), **variables = memory_zeros(n, sizeof *variables);
    ml_status status = texts && variables ? ML_OK : ml_fail_memory(why, "the derivatives", n * sizeof *texts);
    for (size_t k = 0; status == ML_OK && k < n; k++) {
        variables[k] = j->names[j->by[k]];
        status = derivative_text(j, j->f.expressions[0], variables[k], NULL, &texts[k], why);
    }
    column columns[] = {column_strings("variable", variables), column_strings("derivative", texts)};
    column bare = column_strings(NULL, texts);
    if (status == ML_OK && n == 1)
        writer_block(w, "gradient", &bare, 1, 1);
    else if (status == ML_OK)
        writer_block(w, "gradient", columns, 2, n);
    free(texts);
    free(variables);
    return status;
}

static ml_status write_symbolic_value(job *j, writer *w, ml_message *why)
{
    const char **texts = memory_zeros(j->f.count, sizeof *texts);
    ml_status status = texts ? ML_OK : ml_fail_memory(why, "the expressions", j->f.count * sizeof *texts);
    for (size_t i = 0; status == ML_OK && i < j->f.count; i++)
        status = derivative_text(j, j->f.expressions[i], NULL, NULL, &texts[i], why);
    column bare = column_strings(NULL, texts);
    if (status == ML_OK)
        writer_block(w, "value", &bare, 1, j->f.count);
    free(texts);
    return status;
}

static ml_status write_symbolic(job *j, size_t show, writer *w, ml_message *why)
{
    if ((show == GRADIENT || show == HESSIAN) && j->f.count != 1)
        return ml_fail(why, "-s %s is of one expression; -s jacobian takes several", shows[show].name);
    switch (show) {
    case VALUE:
        return write_symbolic_value(j, w, why);
    case GRADIENT:
        return write_symbolic_gradient(j, w, why);
    case JACOBIAN:
    case HESSIAN:
        return write_symbolic_matrix(j, w, show == HESSIAN, why);
    default:
        return ml_fail(why, "--symbolic prints value, gradient, jacobian and hessian, not %s",
                       shows[show].name);
    }
}

/* --- the run --- */

static ml_status write_show(job *j, size_t show, writer *w, ml_message *why)
{
    if (j->p.symbolic)
        return write_symbolic(j, show, w, why);
    switch (show) {
    case GRADIENT:
        return write_gradient(j, w, why);
    case VALUE:
        return write_value(j, w, why);
    case JACOBIAN:
        return write_jacobian(j, w, why);
    case HESSIAN:
        return write_hessian(j, w, why);
    case DIRECTIONAL:
        return write_directional(j, w, why);
    case CHECK:
        return write_check(j, w, why);
    default:
        return write_taylor(j, w, show == POLYNOMIAL, why);
    }
}

static int write_results(job *j)
{
    ml_message why;
    writer *w = cli_output(j->c);
    if (w == NULL) {
        ml_fail_memory(&why, "the writer", sizeof j->c->writer);
        return cli_fail(j->c, &why);
    }
    ml_status status = ML_OK;
    for (size_t i = 0; status == ML_OK && i < j->c->show_count; i++)
        status = write_show(j, j->c->shows[i], w, &why);
    if (status != ML_OK)
        cli_fail(j->c, &why);
    return cli_close(j->c, w, status);
}

static ml_status write_steps(job *j, steps *s, ml_message *why)
{
    const char **outputs = memory_zeros(j->tape->output_count, sizeof *outputs);
    tape_run *run = tape_run_new(j->tape);
    double *values = memory_zeros(j->tape->output_count, sizeof *values);
    bool whole = outputs != NULL && run != NULL && values != NULL;
    for (size_t i = 0; whole && i < j->tape->output_count; i++) {
        char entry[32];
        snprintf(entry, sizeof entry, "%zu", i + 1);
        outputs[i] = j->tape->output_count == j->f.count ? expression_text(j, j->f.expressions[i])
                                                         : keep(j, "f#", entry);
        whole = outputs[i] != NULL;
    }
    ml_status status = whole ? ML_OK : ml_fail_memory(why, "the steps", j->tape->count * sizeof(double));
    for (size_t row = 0; status == ML_OK && row < j->rows; row++) {
        const double *x = gsl_matrix_const_ptr(j->x, row, 0);
        status = run_at(j, run, row, values, why);
        if (status == ML_OK && j->from_table)
            steps_heading(s, "Row %zu", row + 1);
        if (status == ML_OK)
            status = (j->p.sweep == SWEEP_FORWARD ? tape_steps_forward : tape_steps_reverse)(
                s, j->tape, x, (const char *const *)j->names, outputs, j->by, j->by_count, why);
    }
    tape_run_free(run);
    free(values);
    free(outputs);
    return status;
}

static ml_status prepare(job *j, ml_message *why)
{
    ml_status status = formula_read(&j->f, &j->p.definitions, j->c->operands, j->c->operand_count, why);
    if (status == ML_OK && j->f.count == 0)
        status = ml_fail(why, "there is no expression");
    if (status == ML_OK)
        status = formula_names(&j->f, NULL, 0, why);
    if (status == ML_OK && has_open(j))
        status = j->p.symbolic ? open_symbols(j, why) : read_points(j, why);
    if (status == ML_OK)
        status = formula_parameter_names(&j->f, &j->names, why);
    if (status == ML_OK)
        status = choose_by(j, why);
    return status;
}

static ml_status compile(job *j, ml_message *why)
{
    ml_status status = fill_points(j, why);
    if (status == ML_OK)
        status = tape_new(j->f.space, j->f.expressions, j->f.count, j->f.variables, j->f.variable_count,
                          &j->tape, why);
    if (status == ML_OK && cli_shows(j->c, "directional"))
        status = read_direction(j, why);
    return status;
}

static int run(job *j)
{
    ml_message why;
    steps *s = NULL;
    ml_status status = prepare(j, &why);
    if (status == ML_OK && !j->p.symbolic)
        status = compile(j, &why);
    if (status == ML_OK && j->f.count > 1 && !cli_given(j->c, "show"))
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
    for (size_t i = 0; i < j->text_count; i++)
        buffer_free(&j->texts[i]);
    free(j->texts);
    names_free(j->names);
    free(j->by);
    free(j->direction);
    gsl_matrix_free(j->x);
    tape_free(j->tape);
    formula_free(&j->f);
    table_free(&j->t);
    free(j->p.definitions.items);
}

/* -1, or the status after a complaint: does anything on standard input belong to this command? */
static int check_usage(const cli *c, const params *p)
{
    if (c->operand_count == 0)
        return cli_usage(c, "there is no expression");
    if (p->sweep != SWEEP_NONE && !c->steps)
        return cli_usage(c, "--%s belongs to --steps", p->sweep == SWEEP_FORWARD ? "forward" : "reverse");
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
    job j = {.c = &c, .p = p, .rows = 1};
    status = run(&j);
    free_job(&j);
    return status;
}
