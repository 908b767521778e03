#include "math/elimination.h"

#include <stdlib.h>
#include <string.h>

#include "base/memory.h"

typedef struct run {
    fmpq_mat_struct *m;
    const elimination_params *params;
    steps *s;
    size_t rows, columns;
    const char **cells; /* room for the texts of all entries; NULL without S */
    bool said;          /* an operation since the matrix was last written */
} run;

const char *elimination_number(steps *s, const fmpq_t x, bool exact)
{
    if (s == NULL)
        return "";
    if (!exact)
        return steps_number(s, fmpq_get_d(x));
    char *text = fmpq_get_str(NULL, 10, x);
    const char *kept = steps_print(s, "%s", text);
    flint_free(text);
    return kept;
}

static const fmpq *entry(const run *r, size_t i, size_t j)
{
    return fmpq_mat_entry(r->m, (slong)i, (slong)j);
}

static void write_matrix(run *r, const char *name)
{
    if (r->s == NULL)
        return;
    for (size_t i = 0; i < r->rows; i++)
        for (size_t j = 0; j < r->columns; j++)
            r->cells[i * r->columns + j] = elimination_number(r->s, entry(r, i, j), r->params->exact);
    size_t bar = r->params->unknowns < r->columns ? r->params->unknowns : 0;
    steps_matrix(r->s, name, r->rows, r->columns, bar, r->cells);
    r->said = false;
}

/* The matrix, when something was done to it. */
static void write_change(run *r)
{
    if (r->said)
        write_matrix(r, NULL);
}

static void swap_rows(run *r, size_t a, size_t b)
{
    fmpq_mat_swap_rows(r->m, NULL, (slong)a, (slong)b);
    steps_formula(r->s, "swap R%zu, R%zu", a + 1, b + 1);
    r->said = true;
}

/* Row A gets FACTOR times row B added; columns before FROM are zero in row B. */
static void add_row(run *r, size_t a, size_t b, const fmpq_t factor, size_t from)
{
    fmpq_t term;
    fmpq_init(term);
    for (size_t j = from; j < r->columns; j++) {
        fmpq_mul(term, factor, entry(r, b, j));
        fmpq_add(fmpq_mat_entry(r->m, (slong)a, (slong)j), entry(r, a, j), term);
    }
    if (r->s != NULL) {
        bool minus = fmpq_sgn(factor) < 0;
        fmpq_abs(term, factor);
        const char *times = fmpq_is_one(term) ? "" : elimination_number(r->s, term, r->params->exact);
        steps_formula(r->s, "R%zu <- R%zu %s %s%sR%zu", a + 1, a + 1, minus ? "-" : "+", times,
                      *times ? "*" : "", b + 1);
    }
    fmpq_clear(term);
    r->said = true;
}

static void divide_row(run *r, size_t a, size_t from)
{
    fmpq_t factor;
    fmpq_init(factor);
    fmpq_inv(factor, entry(r, a, from));
    if (!fmpq_is_one(factor)) {
        for (size_t j = from; j < r->columns; j++)
            fmpq_mul(fmpq_mat_entry(r->m, (slong)a, (slong)j), entry(r, a, j), factor);
        steps_formula(r->s, "R%zu <- %s*R%zu", a + 1, elimination_number(r->s, factor, r->params->exact),
                      a + 1);
        r->said = true;
    }
    fmpq_clear(factor);
}

/* Clear column J of rows [FIRST, LAST) but AT with multiples of row AT. */
static void clear_column(run *r, size_t at, size_t j, size_t first, size_t last)
{
    fmpq_t factor;
    fmpq_init(factor);
    for (size_t i = first; i < last; i++) {
        if (i == at || fmpq_is_zero(entry(r, i, j)))
            continue;
        fmpq_div(factor, entry(r, i, j), entry(r, at, j));
        fmpq_neg(factor, factor);
        add_row(r, i, at, factor, j);
    }
    fmpq_clear(factor);
}

/* The pivot row of column J at or below row FROM; ROWS when there is none. */
static size_t find_pivot(const run *r, size_t from, size_t j)
{
    size_t found = r->rows;
    fmpq_t best, size;
    fmpq_init(best);
    fmpq_init(size);
    for (size_t i = from; i < r->rows; i++) {
        if (fmpq_is_zero(entry(r, i, j)))
            continue;
        fmpq_abs(size, entry(r, i, j));
        bool better = found == r->rows;
        if (r->params->pivot == ELIMINATION_PARTIAL)
            better = better || fmpq_cmp(size, best) > 0;
        else if (r->params->pivot == ELIMINATION_ONE)
            better = better || (fmpq_is_one(size) && !fmpq_is_one(best));
        if (better) {
            found = i;
            fmpq_set(best, size);
        }
    }
    fmpq_clear(best);
    fmpq_clear(size);
    return found;
}

/* From the top: one pivot a column, as far as there are any. */
static size_t go_down(run *r, size_t *pivots)
{
    size_t rank = 0;
    for (size_t j = 0; j < r->params->unknowns && rank < r->rows; j++) {
        size_t at = find_pivot(r, rank, j);
        if (at == r->rows)
            continue;
        if (at != rank) {
            swap_rows(r, rank, at);
            write_change(r);
        }
        bool jordan = r->params->order == ELIMINATION_JORDAN;
        if (jordan) {
            divide_row(r, rank, j);
            write_change(r);
        }
        clear_column(r, rank, j, jordan ? 0 : rank + 1, r->rows);
        write_change(r);
        pivots[rank++] = j;
    }
    return rank;
}

/* Does every column behind the unknowns have an entry in a row without pivot? */
static bool all_contradict(const run *r, size_t rank)
{
    for (size_t j = r->params->unknowns; j < r->columns; j++) {
        size_t i = rank;
        while (i < r->rows && fmpq_is_zero(entry(r, i, j)))
            i++;
        if (i == r->rows)
            return false;
    }
    return r->params->unknowns < r->columns;
}

/* From the last pivot: divide its row, clear the column above. */
static void go_up(run *r, const size_t *pivots, size_t rank)
{
    if (all_contradict(r, rank))
        r->s = NULL;
    for (size_t k = rank; k-- > 0;) {
        divide_row(r, k, pivots[k]);
        clear_column(r, k, pivots[k], 0, k);
        write_change(r);
    }
}

ml_status elimination_reduce(fmpq_mat_t m, const elimination_params *params, size_t *pivots, size_t *rank,
                             steps *s, ml_message *why)
{
    run r = {.m = m,
             .params = params,
             .s = s,
             .rows = (size_t)fmpq_mat_nrows(m),
             .columns = (size_t)fmpq_mat_ncols(m)};
    if (s != NULL) {
        size_t count;
        r.cells =
            __builtin_mul_overflow(r.rows, r.columns, &count) ? NULL : memory_array(count, sizeof *r.cells);
        if (r.cells == NULL)
            return ml_fail_memory(why, "the steps", r.rows * r.columns * sizeof *r.cells);
    }
    const char *name = params->unknowns < r.columns ? "[A|b]" : "A";
    write_matrix(&r, params->name ? params->name : name);
    *rank = go_down(&r, pivots);
    if (params->order == ELIMINATION_GAUSS)
        go_up(&r, pivots, *rank);
    free(r.cells);
    return ML_OK;
}
