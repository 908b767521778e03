/* optima.h: what the starts of a run led to, as blocks of a table and as steps. */
#ifndef TOOL_OPTIMA_H
#define TOOL_OPTIMA_H

#include <stdbool.h>
#include <stddef.h>

#include "table/writer.h"
#include "tool/optimum.h"

typedef struct optima {
    size_t starts, n;
    optimum *found;        /* of each start */
    char **names;          /* of the n variables */
    conditions conditions; /* count 0: none */
    tape_objective *objective;
    bool from_table;  /* the starts are rows of a table, told apart by a column row */
    const table *ids; /* whose id columns are carried */
} optima;

void optima_free(optima *o);

/* Results, each a block. */
ml_status optima_write_minimum(const optima *o, writer *w, ml_message *why);
/* A line a start and variable: its value, and with GRADIENT the derivative. */
ml_status optima_write_variables(const optima *o, writer *w, bool gradient, ml_message *why);
ml_status optima_write_hessian(const optima *o, writer *w, ml_message *why);
ml_status optima_write_constraints(const optima *o, writer *w, ml_message *why);

/* The Lagrangian of F under the constraints, its derivatives, and the conditions of Karush, Kuhn and Tucker.
 */
void optima_steps_lagrangian(const optima *o, const formula *f, bool maximize, steps *s);
/* The solution of the first start under constraints, with its multipliers. */
void optima_steps_solution(const optima *o, steps *s);

#endif
