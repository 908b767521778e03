#include "math/exact_frame.h"

#include <flint/fmpq_vec.h>

void exact_frame_clear(exact_frame *f)
{
    _fmpq_vec_clear(f->squares, fmpq_mat_ncols(f->vectors));
    fmpq_mat_clear(f->vectors);
}

/* OUT = the inner product of columns I and J. */
static void inner(fmpq_t out, const fmpq_mat_t m, slong i, slong j)
{
    fmpq_zero(out);
    for (slong r = 0; r < fmpq_mat_nrows(m); r++)
        fmpq_addmul(out, fmpq_mat_entry(m, r, i), fmpq_mat_entry(m, r, j));
}

/* Column J with whole numbers without a common factor. */
static void make_primitive(fmpq_mat_t m, slong j)
{
    fmpq_t content;
    fmpq_init(content);
    fmpz_one(fmpq_denref(content));
    for (slong r = 0; r < fmpq_mat_nrows(m); r++) {
        const fmpq *x = fmpq_mat_entry(m, r, j);
        fmpz_gcd(fmpq_numref(content), fmpq_numref(content), fmpq_numref(x));
        fmpz_lcm(fmpq_denref(content), fmpq_denref(content), fmpq_denref(x));
    }
    for (slong r = 0; r < fmpq_mat_nrows(m); r++)
        fmpq_div(fmpq_mat_entry(m, r, j), fmpq_mat_entry(m, r, j), content);
    fmpq_clear(content);
}

static void orthogonalize(exact_frame *f)
{
    fmpq_t part, term;
    fmpq_init(part);
    fmpq_init(term);
    f->squares = _fmpq_vec_init(fmpq_mat_ncols(f->vectors));
    for (slong j = 0; j < fmpq_mat_ncols(f->vectors); j++) {
        for (slong i = 0; i < j; i++) {
            inner(part, f->vectors, i, j);
            fmpq_div(part, part, f->squares + i);
            for (slong r = 0; r < fmpq_mat_nrows(f->vectors); r++) {
                fmpq *x = fmpq_mat_entry(f->vectors, r, j);
                fmpq_mul(term, part, fmpq_mat_entry(f->vectors, r, i));
                fmpq_sub(x, x, term);
            }
        }
        make_primitive(f->vectors, j);
        inner(f->squares + j, f->vectors, j, j);
    }
    fmpq_clear(part);
    fmpq_clear(term);
}

/* The column of the first entry of row R of a reduced form. */
static slong pivot_of(const fmpq_mat_t reduced, slong r)
{
    slong j = 0;
    while (fmpq_is_zero(fmpq_mat_entry(reduced, r, j)))
        j++;
    return j;
}

void exact_frame_columns(exact_frame *f, const fmpq_mat_t a)
{
    fmpq_mat_t reduced;
    fmpq_mat_init(reduced, fmpq_mat_nrows(a), fmpq_mat_ncols(a));
    slong rank = fmpq_mat_rref(reduced, a);
    fmpq_mat_init(f->vectors, fmpq_mat_nrows(a), rank);
    for (slong k = 0; k < rank; k++) {
        slong j = pivot_of(reduced, k);
        for (slong r = 0; r < fmpq_mat_nrows(a); r++)
            fmpq_set(fmpq_mat_entry(f->vectors, r, k), fmpq_mat_entry(a, r, j));
    }
    fmpq_mat_clear(reduced);
    orthogonalize(f);
}

void exact_frame_null(exact_frame *f, const fmpq_mat_t a)
{
    fmpq_mat_t reduced;
    slong n = fmpq_mat_ncols(a), at = 0;
    fmpq_mat_init(reduced, fmpq_mat_nrows(a), n);
    slong rank = fmpq_mat_rref(reduced, a);
    fmpq_mat_init(f->vectors, n, n - rank);
    for (slong j = 0, k = 0; j < n; j++) {
        if (k < rank && pivot_of(reduced, k) == j) {
            k++;
            continue;
        }
        for (slong r = 0; r < k; r++) /* pivots to the right of column J have no part in it */
            fmpq_neg(fmpq_mat_entry(f->vectors, pivot_of(reduced, r), at), fmpq_mat_entry(reduced, r, j));
        fmpq_one(fmpq_mat_entry(f->vectors, j, at++));
    }
    fmpq_mat_clear(reduced);
    orthogonalize(f);
}

void exact_frame_coordinate(exact_number *out, const exact_frame *f, size_t i, size_t k)
{
    const fmpq *x = fmpq_mat_entry(f->vectors, (slong)i, (slong)k);
    fmpq_t square;
    fmpq_init(square);
    fmpq_mul(square, x, x);
    fmpq_div(square, square, f->squares + k);
    exact_number_zero(out);
    exact_number_add_rational(out, square);
    out->sign = fmpq_sgn(x);
    fmpq_clear(square);
}
