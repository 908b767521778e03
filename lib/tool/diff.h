/* diff.h: derivatives of a formula at points, and their results as blocks: what mldiff is made of. */
#ifndef TOOL_DIFF_H
#define TOOL_DIFF_H

#include <gsl/gsl_matrix.h>
#include <stdbool.h>
#include <stddef.h>

#include "math/tape.h"
#include "table/writer.h"
#include "tool/formula.h"

typedef struct diff {
    formula f;
    table t;         /* the points' table, when they come from one */
    tape *tape;      /* of all expressions */
    size_t rows;     /* points */
    gsl_matrix *x;   /* rows x parameters */
    bool from_table; /* several points, told apart by a column row */
    char **names;    /* of the parameters */
    size_t *by;      /* the parameters to differentiate by */
    size_t by_count;
    double *direction; /* parameters, for directional derivatives */
    size_t order;      /* of Taylor polynomials */
    int jobs, precision;
    buffer *texts; /* of expressions, kept until the end */
    size_t text_count, text_capacity;
} diff;

void diff_free(diff *j);

/* The values of all expressions at point ROW; fails where one is not finite, with the operation that made it
 * so. */
ml_status diff_values(const diff *j, tape_run *run, size_t row, double *values, ml_message *why);

/* FORM with TEXT for each # in it; an expression.  Both live until diff_free; NULL when memory is out. */
const char *diff_text(diff *j, const char *form, const char *text);
const char *diff_expression(diff *j, const expression *e);

/* Fails unless there is one expression, whose value is a number; WHAT is the result that needs it. */
ml_status diff_need_one(const diff *j, const char *what, ml_message *why);

/* Results, each a block. */
ml_status diff_write_gradient(diff *j, writer *w, ml_message *why);
ml_status diff_write_value(diff *j, writer *w, ml_message *why);
ml_status diff_write_directional(diff *j, writer *w, ml_message *why);
ml_status diff_write_jacobian(diff *j, writer *w, ml_message *why);
ml_status diff_write_hessian(diff *j, writer *w, ml_message *why);
ml_status diff_write_check(diff *j, writer *w, ml_message *why);
ml_status diff_write_taylor(diff *j, writer *w, bool polynomial, ml_message *why);

/* The same in symbols. */
ml_status diff_write_symbolic_value(diff *j, writer *w, ml_message *why);
ml_status diff_write_symbolic_gradient(diff *j, writer *w, ml_message *why);
ml_status diff_write_symbolic_matrix(diff *j, writer *w, bool hessian, ml_message *why);

#endif
