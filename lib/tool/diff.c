#include "tool/diff.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "base/parallel.h"
#include "tool/names.h"

void diff_free(diff *j)
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
    *j = (diff){0};
}

/* A text that lives until the end of the job; NULL when memory is out. */
const char *diff_text(diff *j, const char *form, const char *text)
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

const char *diff_expression(diff *j, const expression *e)
{
    buffer b = {0};
    expression_print(&b, e);
    const char *kept = b.failed ? NULL : diff_text(j, "#", buffer_text(&b));
    buffer_free(&b);
    return kept;
}

/* --- running --- */

/* Names which operation of output OUTPUT has no value at point ROW. */
static ml_status fail_domain(const diff *j, tape_run *run, size_t row, size_t output, ml_message *why)
{
    char text[200], place[64] = "";
    const double *values = tape_values(run);
    size_t node = tape_culprit(j->tape, values, output);
    tape_describe(j->tape, values, node, text, sizeof text);
    if (j->from_table)
        snprintf(place, sizeof place, "row %zu: ", row + 1);
    const expression *origin = j->tape->origins[node];
    return origin ? expression_fail(why, origin, "%sno finite value: %s", place, text)
                  : ml_fail(why, "%sno finite value: %s", place, text);
}

ml_status diff_values(const diff *j, tape_run *run, size_t row, double *values, ml_message *why)
{
    tape_value(run, gsl_matrix_const_ptr(j->x, row, 0), values);
    for (size_t i = 0; i < j->tape->output_count; i++)
        if (!isfinite(values[i]))
            return fail_domain(j, run, row, i, why);
    return ML_OK;
}

/* What is computed at each point: WIDTH numbers into OUT. */
typedef struct pass {
    const diff *j;
    ml_status (*point)(const diff *j, tape_run *run, size_t row, double *out, ml_message *why);
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
static ml_status run_points(const diff *j, pass *p, ml_message *why)
{
    size_t pieces = (j->rows + PIECE - 1) / PIECE;
    int jobs = j->jobs < 1 ? 1 : j->jobs;
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
static size_t point_columns(const diff *j, column *columns)
{
    size_t at = 0, n = formula_parameters(&j->f);
    for (size_t i = 0; i < j->t.id_count; i++)
        columns[at++] = column_text(&j->t.texts[i]);
    for (size_t k = 0; k < n; k++)
        columns[at++] = column_reals(j->names[k], j->x->data + k, j->x->tda);
    return at;
}

static ml_status point_values(const diff *j, tape_run *run, size_t row, double *out, ml_message *why)
{
    return diff_values(j, run, row, out, why);
}

static ml_status point_gradient(const diff *j, tape_run *run, size_t row, double *out, ml_message *why)
{
    size_t m = j->tape->output_count, n = j->tape->parameters;
    ml_status status = diff_values(j, run, row, out, why);
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

static ml_status point_directional(const diff *j, tape_run *run, size_t row, double *out, ml_message *why)
{
    size_t m = j->tape->output_count;
    ml_status status = diff_values(j, run, row, out, why);
    if (status == ML_OK)
        tape_tangent(run, j->direction, out + m);
    return status;
}

static ml_status point_hessian(const diff *j, tape_run *run, size_t row, double *out, ml_message *why)
{
    size_t n = j->tape->parameters;
    double value;
    ml_status status = diff_values(j, run, row, &value, why);
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

/* "value", or the expressions themselves where there are several. */
static const char *value_name(diff *j, size_t i)
{
    return j->f.count == 1 && j->tape->output_count == 1 ? "value"
           : j->tape->output_count == j->f.count         ? diff_expression(j, j->f.expressions[i])
                                                         : NULL;
}

static ml_status value_columns(diff *j, const double *out, size_t width, column *columns, ml_message *why)
{
    for (size_t i = 0; i < j->tape->output_count; i++) {
        const char *name = value_name(j, i);
        char entry[32];
        snprintf(entry, sizeof entry, "%zu", i + 1);
        if (name == NULL && (name = diff_text(j, "value#", entry)) == NULL)
            return ml_fail_memory(why, "names", 1);
        columns[i] = column_reals(name, out + i, width);
    }
    return ML_OK;
}

static ml_status write_points(diff *j, writer *w, const char *name, pass *p, size_t derivatives,
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
        const char *head = diff_text(j, form, k < j->by_count ? j->names[j->by[k]] : "");
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

ml_status diff_need_one(const diff *j, const char *what, ml_message *why)
{
    if (j->f.count == 1 && j->tape->output_count == 1)
        return ML_OK;
    return ml_fail(
        why, "-s %s is of one expression whose value is a number; here are %zu; -s jacobian takes several",
        what, j->tape->output_count);
}

ml_status diff_write_gradient(diff *j, writer *w, ml_message *why)
{
    pass p = {.j = j, .point = point_gradient};
    ml_status status = diff_need_one(j, "gradient", why);
    return status == ML_OK ? write_points(j, w, "gradient", &p, j->by_count, "d/d#", why) : status;
}

ml_status diff_write_value(diff *j, writer *w, ml_message *why)
{
    pass p = {.j = j, .point = point_values};
    return write_points(j, w, "value", &p, 0, "", why);
}

ml_status diff_write_directional(diff *j, writer *w, ml_message *why)
{
    pass p = {.j = j, .point = point_directional};
    ml_status status = diff_need_one(j, "directional", why);
    return status == ML_OK ? write_points(j, w, "directional", &p, 1, "directional", why) : status;
}

/* LINES x by_count numbers a point; from a table, a column tells which row each line belongs to. */
static ml_status write_matrices(diff *j, writer *w, const char *name, pass *p, size_t skip, size_t lines,
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

ml_status diff_write_jacobian(diff *j, writer *w, ml_message *why)
{
    pass p = {.j = j, .point = point_gradient};
    return write_matrices(j, w, "jacobian", &p, j->tape->output_count, j->tape->output_count, why);
}

ml_status diff_write_hessian(diff *j, writer *w, ml_message *why)
{
    pass p = {.j = j, .point = point_hessian};
    ml_status status = diff_need_one(j, "hessian", why);
    return status == ML_OK ? write_matrices(j, w, "hessian", &p, 0, j->by_count, why) : status;
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

ml_status diff_write_check(diff *j, writer *w, ml_message *why)
{
    size_t n = j->by_count, total = j->rows * n * STEPS;
    pass p = {.j = j, .point = point_gradient, .width = 1 + n};
    ml_status status = diff_need_one(j, "check", why);
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
