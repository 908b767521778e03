#include "math/solve_exact.h"

#include <stdlib.h>

#include "base/memory.h"

static size_t rows_of(const fmpq_mat_t a)
{
    return (size_t)fmpq_mat_nrows(a);
}

static size_t columns_of(const fmpq_mat_t a)
{
    return (size_t)fmpq_mat_ncols(a);
}

void solve_exact_free(solve_exact_result *e)
{
    free(e->pivots);
    free(e->free_at);
    free(e->kinds);
    fmpq_mat_clear(e->reduced);
    fmpq_mat_clear(e->x);
    fmpq_mat_clear(e->null);
}

/* The null vector of free variable F: 1 there, minus the entries of its column at the pivots. */
static void read_null(solve_exact_result *e)
{
    for (size_t f = 0; f < e->free_count; f++) {
        for (size_t k = 0; k < e->rank; k++)
            fmpq_neg(fmpq_mat_entry(e->null, (slong)e->pivots[k], (slong)f),
                     fmpq_mat_entry(e->reduced, (slong)k, (slong)e->free_at[f]));
        fmpq_one(fmpq_mat_entry(e->null, (slong)e->free_at[f], (slong)f));
    }
}

/* Column J of the right sides: a row 0 = c tells that there is no solution. */
static void read_column(solve_exact_result *e, size_t unknowns, size_t j)
{
    slong at = (slong)(unknowns + j);
    e->kinds[j] = e->free_count > 0 ? SOLVE_MANY : SOLVE_ONE;
    for (size_t i = e->rank; i < rows_of(e->reduced); i++)
        if (!fmpq_is_zero(fmpq_mat_entry(e->reduced, (slong)i, at)))
            e->kinds[j] = SOLVE_NONE;
    for (size_t k = 0; k < e->rank; k++)
        fmpq_set(fmpq_mat_entry(e->x, (slong)e->pivots[k], (slong)j),
                 fmpq_mat_entry(e->reduced, (slong)k, at));
}

static void join(fmpq_mat_t out, const fmpq_mat_t a, const fmpq_mat_t b)
{
    for (slong i = 0; i < fmpq_mat_nrows(a); i++) {
        for (slong j = 0; j < fmpq_mat_ncols(a); j++)
            fmpq_set(fmpq_mat_entry(out, i, j), fmpq_mat_entry(a, i, j));
        for (slong j = 0; j < fmpq_mat_ncols(b); j++)
            fmpq_set(fmpq_mat_entry(out, i, fmpq_mat_ncols(a) + j), fmpq_mat_entry(b, i, j));
    }
}

static ml_status solve_joined(const fmpq_mat_t a, const fmpq_mat_t b, const solve_exact_params *params,
                              steps *s, solve_exact_result *e, ml_message *why)
{
    size_t unknowns = columns_of(a), right = columns_of(b);
    fmpq_mat_clear(e->reduced);
    fmpq_mat_init(e->reduced, fmpq_mat_nrows(a), (slong)(unknowns + right));
    join(e->reduced, a, b);
    elimination_params how = params->elimination;
    how.unknowns = unknowns;
    ml_status status = elimination_reduce(e->reduced, &how, e->pivots, &e->rank, s, why);
    if (status != ML_OK)
        return status;
    for (size_t j = 0, k = 0; j < unknowns; j++)
        if (k < e->rank && e->pivots[k] == j)
            k++;
        else
            e->free_at[e->free_count++] = j;
    fmpq_mat_clear(e->null);
    fmpq_mat_init(e->null, (slong)unknowns, (slong)e->free_count);
    read_null(e);
    for (size_t j = 0; j < right; j++)
        read_column(e, unknowns, j);
    return ML_OK;
}

/* --- least squares --- */

static bool write_matrix(steps *s, const char *name, const fmpq_mat_t m, bool exact)
{
    size_t count = rows_of(m) * columns_of(m);
    if (s == NULL)
        return true;
    const char **cells = memory_array(count, sizeof *cells);
    if (cells == NULL)
        return false;
    for (size_t k = 0; k < count; k++)
        cells[k] = elimination_number(
            s, fmpq_mat_entry(m, (slong)(k / columns_of(m)), (slong)(k % columns_of(m))), exact);
    steps_matrix(s, name, rows_of(m), columns_of(m), 0, cells);
    free(cells);
    return true;
}

/* The x of least norm: take from each column of X its part along the null space. */
static ml_status least_norm(solve_exact_result *e, ml_message *why)
{
    if (e->free_count == 0)
        return ML_OK;
    slong n = fmpq_mat_nrows(e->x), r = fmpq_mat_ncols(e->x), f = fmpq_mat_ncols(e->null);
    fmpq_mat_t turned, gram, along, part;
    fmpq_mat_init(turned, f, n);
    fmpq_mat_init(gram, f, f);
    fmpq_mat_init(along, f, r);
    fmpq_mat_init(part, n, r);
    fmpq_mat_transpose(turned, e->null);
    fmpq_mat_mul(gram, turned, e->null);
    fmpq_mat_mul(along, turned, e->x);
    bool solved = fmpq_mat_solve(along, gram, along);
    fmpq_mat_mul(part, e->null, along);
    fmpq_mat_sub(e->x, e->x, part);
    fmpq_mat_clear(turned);
    fmpq_mat_clear(gram);
    fmpq_mat_clear(along);
    fmpq_mat_clear(part);
    return solved ? ML_OK : ml_fail(why, "the basis of the null space is dependent");
}

/* A'A (+ lambda I) and A'B, written out; false when memory is out for that. */
static bool normal_equations(const fmpq_mat_t a, const fmpq_mat_t b, const solve_exact_params *params,
                             steps *s, fmpq_mat_t gram, fmpq_mat_t right)
{
    fmpq_mat_t turned;
    fmpq_mat_init(turned, fmpq_mat_ncols(a), fmpq_mat_nrows(a));
    fmpq_mat_transpose(turned, a);
    fmpq_mat_mul(gram, turned, a);
    fmpq_mat_mul(right, turned, b);
    bool exact = params->elimination.exact, ridge = params->method == SOLVE_RIDGE;
    bool good = write_matrix(s, "A", a, exact) && write_matrix(s, "b", b, exact);
    for (slong j = 0; ridge && j < fmpq_mat_ncols(a); j++)
        fmpq_add(fmpq_mat_entry(gram, j, j), fmpq_mat_entry(gram, j, j), params->lambda);
    good = good && write_matrix(s, ridge ? "A'A + lambda*I" : "A'A", gram, exact) &&
           write_matrix(s, "A'b", right, exact);
    steps_text(s, ridge ? "The normal equations (A'A + lambda*I) x = A'b:"
                        : "The normal equations A'A x = A'b:");
    fmpq_mat_clear(turned);
    return good;
}

static ml_status solve_normal(const fmpq_mat_t a, const fmpq_mat_t b, const solve_exact_params *params,
                              steps *s, solve_exact_result *e, ml_message *why)
{
    fmpq_mat_t gram, right;
    fmpq_mat_init(gram, fmpq_mat_ncols(a), fmpq_mat_ncols(a));
    fmpq_mat_init(right, fmpq_mat_ncols(a), fmpq_mat_ncols(b));
    ml_status status = normal_equations(a, b, params, s, gram, right)
                           ? solve_joined(gram, right, params, s, e, why)
                           : ml_fail_memory(why, "the steps", rows_of(a) * columns_of(a) * sizeof(char *));
    if (status == ML_OK)
        status = least_norm(e, why);
    for (size_t j = 0; status == ML_OK && j < columns_of(b); j++)
        e->kinds[j] = SOLVE_ONE;
    fmpq_mat_clear(gram);
    fmpq_mat_clear(right);
    return status;
}

ml_status solve_exact(const fmpq_mat_t a, const fmpq_mat_t b, const solve_exact_params *params, steps *s,
                      solve_exact_result *e, ml_message *why)
{
    *e = (solve_exact_result){0};
    fmpq_mat_init(e->reduced, 0, 0);
    fmpq_mat_init(e->null, 0, 0);
    fmpq_mat_init(e->x, fmpq_mat_ncols(a), fmpq_mat_ncols(b));
    e->pivots = memory_array(columns_of(a), sizeof *e->pivots);
    e->free_at = memory_array(columns_of(a), sizeof *e->free_at);
    e->kinds = memory_array(columns_of(b), sizeof *e->kinds);
    if (e->pivots == NULL || e->free_at == NULL || e->kinds == NULL)
        return ml_fail_memory(why, "the system of equations", columns_of(a) * sizeof *e->pivots);
    return params->method == SOLVE_SYSTEM ? solve_joined(a, b, params, s, e, why)
                                          : solve_normal(a, b, params, s, e, why);
}

void solve_exact_residual(const fmpq_mat_t a, const fmpq_mat_t b, const fmpq_mat_t x, size_t j, fmpq_t square)
{
    fmpq_t left, term;
    fmpq_init(left);
    fmpq_init(term);
    fmpq_zero(square);
    for (slong i = 0; i < fmpq_mat_nrows(a); i++) {
        fmpq_set(left, fmpq_mat_entry(b, i, (slong)j));
        for (slong k = 0; k < fmpq_mat_ncols(a); k++) {
            fmpq_mul(term, fmpq_mat_entry(a, i, k), fmpq_mat_entry(x, k, (slong)j));
            fmpq_sub(left, left, term);
        }
        fmpq_mul(left, left, left);
        fmpq_add(square, square, left);
    }
    fmpq_clear(left);
    fmpq_clear(term);
}
