#include "math/assignment.h"

#include <math.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>

#include "base/memory.h"

/* Rows and columns count from 1; row_of[0] is the row that looks for a column. */
typedef struct state {
    const gsl_matrix *cost;
    double *u, *v, *least; /* potentials of rows and of columns; the cheapest way to each column */
    size_t *row_of, *from; /* the row of each column (0: none); the column before it on the way */
    bool *reached;
} state;

static bool make(state *s, const gsl_matrix *cost)
{
    size_t rows = cost->size1 + 1, columns = cost->size2 + 1;
    *s = (state){.cost = cost};
    s->u = memory_zeros(rows, sizeof *s->u);
    s->v = memory_zeros(columns, sizeof *s->v);
    s->least = memory_zeros(columns, sizeof *s->least);
    s->row_of = memory_zeros(columns, sizeof *s->row_of);
    s->from = memory_zeros(columns, sizeof *s->from);
    s->reached = memory_zeros(columns, sizeof *s->reached);
    return s->u && s->v && s->least && s->row_of && s->from && s->reached;
}

static void release(state *s)
{
    free(s->u);
    free(s->v);
    free(s->least);
    free(s->row_of);
    free(s->from);
    free(s->reached);
}

/* From the reached column AT one step on: the nearest column that is not reached yet. */
static size_t step(state *s, size_t at)
{
    size_t columns = s->cost->size2, row = s->row_of[at], nearest = 0;
    double delta = INFINITY;
    s->reached[at] = true;
    for (size_t j = 1; j <= columns; j++) {
        if (s->reached[j])
            continue;
        double reduced = gsl_matrix_get(s->cost, row - 1, j - 1) - s->u[row] - s->v[j];
        if (reduced < s->least[j]) {
            s->least[j] = reduced;
            s->from[j] = at;
        }
        if (s->least[j] < delta) {
            delta = s->least[j];
            nearest = j;
        }
    }
    for (size_t j = 0; j <= columns; j++) {
        if (s->reached[j]) {
            s->u[s->row_of[j]] += delta;
            s->v[j] -= delta;
        } else {
            s->least[j] -= delta;
        }
    }
    return nearest;
}

static void place(state *s, size_t row)
{
    size_t at = 0;
    for (size_t j = 0; j <= s->cost->size2; j++) {
        s->least[j] = INFINITY;
        s->reached[j] = false;
    }
    s->row_of[0] = row;
    do
        at = step(s, at);
    while (s->row_of[at] != 0);
    for (; at != 0; at = s->from[at])
        s->row_of[at] = s->row_of[s->from[at]];
}

ml_status assignment_solve(const gsl_matrix *cost, size_t *column_of, ml_message *why)
{
    state s;
    if (cost->size1 > cost->size2)
        return ml_fail(why, "an assignment of %zu rows needs as many columns, not %zu", cost->size1,
                       cost->size2);
    if (!make(&s, cost)) {
        release(&s);
        return ml_fail_memory(why, "an assignment", cost->size2 * 5 * sizeof(double));
    }
    for (size_t i = 1; i <= cost->size1; i++)
        place(&s, i);
    for (size_t j = 1; j <= cost->size2; j++)
        if (s.row_of[j] != 0)
            column_of[s.row_of[j] - 1] = j - 1;
    release(&s);
    return ML_OK;
}
