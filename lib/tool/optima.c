#include "tool/optima.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "math/symbolic.h"
#include "math/tape_tree.h"
#include "tool/names.h"

void optima_free(optima *o)
{
    for (size_t i = 0; o->found != NULL && i < o->starts; i++)
        optimum_free(o->found + i);
    free(o->found);
    names_free(o->names);
    conditions_free(&o->conditions);
    *o = (optima){0};
}

static double or_missing(double x)
{
    return isnan(x) ? table_missing() : x;
}

ml_status optima_write_minimum(const optima *o, writer *w, ml_message *why)
{
    size_t width = o->n + 8, at = 0, most = o->ids->id_count + o->n + 11;
    double *cells = memory_zeros(o->starts, width * sizeof *cells);
    const char **status_cells = memory_zeros(o->starts, sizeof *status_cells),
               **points = memory_zeros(o->starts, sizeof *points);
    column *columns = memory_zeros(most, sizeof *columns);
    bool whole = cells && status_cells && points && columns;
    for (size_t i = 0; whole && i < o->starts; i++) {
        const optimum *e = o->found + i;
        double *row = cells + i * width;
        for (size_t k = 0; k < width; k++)
            row[k] = table_missing();
        status_cells[i] = e->found ? e->status : "no value at the start";
        points[i] = e->found ? e->point : "none";
        if (!e->found)
            continue;
        memcpy(row, e->x, o->n * sizeof *row);
        double more[] = {e->value,
                         o->conditions.count > 0 ? e->stationarity : or_missing(e->norm),
                         (double)e->iterations,
                         (double)e->values,
                         (double)e->gradients,
                         (double)e->hessians,
                         e->feasibility,
                         e->complementarity};
        memcpy(row + o->n, more, sizeof more);
    }
    static const char *const heads[] = {"value", "gradient", "iterations", "f", "g", "h"};
    for (size_t i = 0; whole && i < o->ids->id_count; i++)
        columns[at++] = column_text(&o->ids->texts[i]);
    for (size_t k = 0; whole && k < o->n; k++)
        columns[at++] = column_reals(o->names[k], cells + k, width);
    for (size_t k = 0; whole && k < 6; k++) {
        columns[at++] = column_reals(k == 1 && o->conditions.count > 0 ? "stationarity" : heads[k],
                                     cells + o->n + k, width);
        if (k == 1 && o->conditions.count > 0) {
            columns[at++] = column_reals("feasibility", cells + o->n + 6, width);
            columns[at++] = column_reals("complementarity", cells + o->n + 7, width);
        }
    }
    if (whole) {
        columns[at++] = column_strings("status", status_cells);
        columns[at++] = column_strings("point", points);
        writer_block(w, "minimum", columns, at, o->starts);
    }
    free(cells);
    free(status_cells);
    free(points);
    free(columns);
    return whole ? ML_OK : ml_fail_memory(why, "the results", o->starts * width * sizeof *cells);
}

/* A line a start and variable: its value, and with GRADIENT the derivative. */
ml_status optima_write_variables(const optima *o, writer *w, bool gradient, ml_message *why)
{
    size_t total = o->starts * o->n, at = 0;
    double *cells = memory_zeros(total, 3 * sizeof *cells);
    const char **names = memory_zeros(total, sizeof *names);
    if (cells == NULL || names == NULL) {
        free(cells);
        free(names);
        return ml_fail_memory(why, "the results", total * 3 * sizeof *cells);
    }
    for (size_t i = 0; i < total; i++) {
        const optimum *e = o->found + i / o->n;
        names[i] = o->names[i % o->n];
        cells[3 * i] = (double)(i / o->n + 1);
        cells[3 * i + 1] = e->found ? e->x[i % o->n] : table_missing();
        cells[3 * i + 2] = e->gradient ? e->gradient[i % o->n] : table_missing();
    }
    column columns[4];
    if (o->from_table)
        columns[at++] = column_reals("row", cells, 3);
    columns[at++] = column_strings("variable", names);
    columns[at++] = column_reals("value", cells + 1, 3);
    if (gradient)
        columns[at++] = column_reals("gradient", cells + 2, 3);
    writer_block(w, gradient ? "gradient" : "parameters", columns, at, total);
    free(cells);
    free(names);
    return ML_OK;
}

ml_status optima_write_hessian(const optima *o, writer *w, ml_message *why)
{
    minimize_objective m = tape_objective_minimize(o->objective);
    gsl_matrix *h = gsl_matrix_alloc(o->n, o->n);
    column *columns = memory_zeros(o->n, sizeof *columns);
    ml_status status = h && columns ? m.hessian(m.context, o->found[0].x, h, why)
                                    : ml_fail_memory(why, "the Hessian", o->n * o->n * sizeof(double));
    if (status == ML_OK) {
        gsl_matrix_scale(h, o->objective->sign);
        for (size_t k = 0; k < o->n; k++)
            columns[k] = column_reals(o->names[k], h->data + k, h->tda);
        writer_block(w, "hessian", columns, o->n, o->n);
    }
    free(columns);
    gsl_matrix_free(h);
    return status;
}

ml_status optima_write_constraints(const optima *o, writer *w, ml_message *why)
{
    size_t total = o->starts * o->conditions.numbers, at = 0;
    double *cells = memory_zeros(total, 4 * sizeof *cells);
    const char **names = memory_zeros(total, sizeof *names), **active = memory_zeros(total, sizeof *active);
    if (cells == NULL || names == NULL || active == NULL) {
        free(cells);
        free(names);
        free(active);
        return ml_fail_memory(why, "the constraints", total * 4 * sizeof *cells);
    }
    for (size_t i = 0; i < total; i++) {
        const optimum *e = o->found + i / o->conditions.numbers;
        size_t k = o->conditions.order[i % o->conditions.numbers];
        names[i] = o->conditions.names[k];
        cells[4 * i] = (double)(i / o->conditions.numbers + 1);
        for (size_t m = 1; m < 4; m++)
            cells[4 * i + m] = table_missing();
        active[i] = e->found && e->active[k] ? "yes" : "no";
        if (!e->found)
            continue;
        cells[4 * i + 1] = e->c[k];
        cells[4 * i + 2] = e->multipliers[k];
        cells[4 * i + 3] = e->c[k] * e->multipliers[k];
    }
    column columns[6];
    if (o->from_table)
        columns[at++] = column_reals("row", cells, 4);
    columns[at++] = column_strings("constraint", names);
    columns[at++] = column_reals("value", cells + 1, 4);
    columns[at++] = column_reals("multiplier", cells + 2, 4);
    columns[at++] = column_strings("active", active);
    columns[at++] = column_reals("complementarity", cells + 3, 4);
    writer_block(w, "constraints", columns, at, total);
    free(cells);
    free(names);
    free(active);
    return ML_OK;
}

/* --- steps --- */

static const char *printed(steps *s, const expression *e)
{
    buffer b = {0};
    expression_print(&b, e);
    if (b.failed)
        steps_fail(s);
    const char *text = steps_print(s, "%s", buffer_text(&b));
    buffer_free(&b);
    return text;
}

/* The conditions' numbers and behind them the function, as expressions of numbers: vectors are written out.
 */
static ml_status write_out(const optima *o, const formula *f, const expression **trees)
{
    const conditions *c = &o->conditions;
    bool vectors = c->numbers != c->count;
    for (size_t v = 0; v < f->variable_count; v++)
        vectors |= f->variables[v].rows * f->variables[v].columns != 1;
    memcpy(trees, c->expressions, c->count * sizeof *trees);
    trees[c->count] = f->expressions[0];
    if (!vectors)
        return ML_OK;
    tape *t;
    ml_status status = tape_new(f->space, trees, c->count + 1, f->variables, f->variable_count, &t, NULL);
    if (status == ML_OK)
        status = tape_trees(t, f->space, f->variables, f->variable_count, trees, NULL);
    tape_free(t);
    return status;
}

/* lambda1, ..., mu1, ... */
static const char *multiplier_name(const optima *o, steps *s, size_t i)
{
    bool equality = i < o->conditions.equalities;
    return steps_print(s, "%s%zu", equality ? "lambda" : "mu",
                       equality ? i + 1 : i + 1 - o->conditions.equalities);
}

static const expression *lagrangian(const optima *o, const formula *f, bool maximize, steps *s,
                                    const expression *const *trees)
{
    const expression *l = trees[o->conditions.numbers], *multiplier;
    if (maximize)
        l = expression_negate(f->space, l);
    for (size_t i = 0; i < o->conditions.numbers && l != NULL; i++) {
        if (expression_parse(f->space, NULL, multiplier_name(o, s, i), &multiplier, NULL) != ML_OK)
            return NULL;
        const expression *term = expression_binary(f->space, OPERATOR_MULTIPLY, multiplier, trees[i]);
        l = expression_binary(f->space, OPERATOR_ADD, l, term);
    }
    return l;
}

static void write_conditions(const optima *o, const formula *f, steps *s, const expression *l,
                             const expression *const *trees)
{
    const conditions *c = &o->conditions;
    steps_heading(s, "The Lagrangian");
    steps_formula(s, "L = %s", printed(s, l));
    steps_heading(s, "Its derivatives are zero%s",
                  c->numbers > c->equalities ? ", or a constraint is slack" : "");
    for (size_t k = 0; k < o->n; k++) {
        const expression *d;
        if (symbolic_derivative(f->space, l, o->names[k], &d, NULL) != ML_OK)
            continue;
        const expression *normal = symbolic_normal(f->space, d);
        steps_formula(s, "dL/d%s = %s = 0", o->names[k], printed(s, normal ? normal : d));
    }
    for (size_t i = 0; i < c->numbers; i++) {
        const char *mu = multiplier_name(o, s, i), *g = printed(s, trees[i]);
        if (i < c->equalities)
            steps_formula(s, "%s = 0", g);
        else
            steps_formula(s, "%s <= 0,  %s >= 0,  %s*(%s) = 0", g, mu, mu, g);
    }
}

void optima_steps_lagrangian(const optima *o, const formula *f, bool maximize, steps *s)
{
    const expression **trees = memory_array(o->conditions.numbers + 1 + o->conditions.count, sizeof *trees);
    const expression *l =
        trees != NULL && write_out(o, f, trees) == ML_OK ? lagrangian(o, f, maximize, s, trees) : NULL;
    if (l != NULL)
        write_conditions(o, f, s, l, trees);
    else
        steps_fail(s);
    free(trees);
}

void optima_steps_solution(const optima *o, steps *s)
{
    const optimum *e = o->found;
    steps_heading(s, "The solution: %s, %s", e->status, e->point);
    for (size_t k = 0; k < o->n; k++)
        steps_formula(s, "%s = %s", o->names[k], steps_number(s, e->x[k]));
    for (size_t i = 0; i < o->conditions.numbers; i++) {
        bool equality = i < o->conditions.equalities;
        steps_formula(s, "%s%zu = %s", equality ? "lambda" : "mu",
                      equality ? i + 1 : i + 1 - o->conditions.equalities,
                      steps_number(s, e->multipliers[i]));
        if (!equality)
            steps_text(s, "%s is %s: its value is %s.", o->conditions.names[i],
                       e->active[i] ? "active" : "slack", steps_number(s, e->c[i]));
    }
    steps_formula(s, "f = %s", steps_number(s, e->value));
}
