#include "math/exact_axes.h"

#include <stdlib.h>

size_t exact_axes_factor(const exact_axes *x, size_t k)
{
    return x->spectrum.values[x->axes[k].value].factor;
}

const exact_field *exact_axes_field(const exact_axes *x, size_t k)
{
    return &x->spectrum.factors[exact_axes_factor(x, k)].field;
}

exact_root *exact_axes_root(const exact_axes *x, size_t k)
{
    return &x->spectrum.values[x->axes[k].value].root;
}

const exact_matrix *exact_axes_basis(const exact_axes *x, size_t k)
{
    return &x->bases[exact_axes_factor(x, k)];
}

const fmpq_poly_struct *exact_axes_length(const exact_axes *x, size_t k)
{
    return x->lengths[exact_axes_factor(x, k)] + x->axes[k].column;
}

const fmpq_poly_struct *exact_axes_inverse(const exact_axes *x, size_t k)
{
    return exact_axes_length(x, k) + exact_axes_basis(x, k)->columns;
}

bool exact_axes_is_zero(const exact_axes *x, size_t k)
{
    return fmpq_poly_is_zero(exact_axes_field(x, k)->x);
}

void exact_axes_clear(exact_axes *x)
{
    for (size_t f = 0; f < x->spectrum.factor_count; f++) {
        if (x->lengths != NULL && x->lengths[f] != NULL) {
            for (slong j = 0; j < 2 * x->bases[f].columns; j++)
                fmpq_poly_clear(x->lengths[f] + j);
            flint_free(x->lengths[f]);
        }
        if (x->bases != NULL)
            exact_matrix_clear(&x->bases[f]);
    }
    free(x->bases);
    free(x->lengths);
    free(x->axes);
    exact_spectrum_clear(&x->spectrum);
}

/* --- vectors --- */

static void find_basis(exact_axes *x, size_t f, const fmpq_mat_t g)
{
    const exact_field *k = &x->spectrum.factors[f].field;
    exact_matrix *b = &x->bases[f];
    exact_field_eigenvectors(k, b, g);
    exact_field_orthogonalize(k, b, x->weights);
    slong count = b->columns;
    fmpq_poly_struct *lengths = x->lengths[f] = flint_malloc((size_t)(2 * count + 1) * sizeof *lengths);
    for (slong j = 0; j < count; j++) {
        fmpq_poly_init(lengths + j);
        fmpq_poly_init(lengths + count + j);
        exact_field_inner(k, lengths + j, b, j, b, j, x->weights);
        exact_field_inv(k, lengths + count + j, lengths + j);
    }
}

/* OUT = d_i w_i^2 of axis K. */
static void square(fmpq_poly_t out, const exact_axes *x, size_t k, slong i)
{
    const fmpq_poly_struct *w = exact_matrix_entry(exact_axes_basis(x, k), i, x->axes[k].column);
    exact_field_mul(exact_axes_field(x, k), out, w, w);
    if (x->weights != NULL)
        fmpq_poly_scalar_mul_fmpq(out, out, x->weights + i);
}

/* The first coordinate that counts as the greatest in size. */
static slong leading(const exact_axes *x, size_t k)
{
    fmpq_poly_t greatest, other, difference;
    fmpq_t share;
    slong first = 0;
    fmpq_poly_init(greatest);
    fmpq_poly_init(other);
    fmpq_poly_init(difference);
    fmpq_init(share);
    for (slong i = 0; i < x->n; i++) {
        square(other, x, k, i);
        fmpq_poly_sub(difference, other, greatest);
        if (exact_root_sign(difference, exact_axes_root(x, k)) > 0)
            fmpq_poly_swap(greatest, other);
    }
    fmpq_set_si(share, 999999, 1000000);
    fmpq_mul(share, share, share);
    fmpq_poly_scalar_mul_fmpq(greatest, greatest, share);
    for (;; first++) {
        square(other, x, k, first);
        fmpq_poly_sub(difference, other, greatest);
        if (exact_root_sign(difference, exact_axes_root(x, k)) >= 0)
            break;
    }
    fmpq_poly_clear(greatest);
    fmpq_poly_clear(other);
    fmpq_poly_clear(difference);
    fmpq_clear(share);
    return first;
}

static void choose_sign(exact_axes *x, size_t k)
{
    const fmpq_poly_struct *w = exact_matrix_entry(exact_axes_basis(x, k), leading(x, k), x->axes[k].column);
    x->axes[k].turn = exact_root_sign(w, exact_axes_root(x, k));
}

/* --- all of it --- */

static void list_axes(exact_axes *x)
{
    size_t at = 0;
    for (size_t v = 0; v < x->spectrum.count; v++)
        for (size_t j = 0; j < exact_spectrum_multiplicity(&x->spectrum, v); j++)
            x->axes[at++] = (exact_axis){.value = v, .column = (slong)j, .turn = 1};
}

ml_status exact_axes_find(exact_axes *x, const fmpq_mat_t g, const fmpq *weights, bool vectors,
                          ml_message *why)
{
    *x = (exact_axes){.n = fmpq_mat_nrows(g), .weights = weights};
    ml_status status = exact_spectrum_find(&x->spectrum, g, why);
    if (status != ML_OK)
        return status;
    size_t factors = x->spectrum.factor_count, n = (size_t)x->n;
    x->bases = memory_zeros(factors, sizeof *x->bases);
    x->lengths = memory_zeros(factors, sizeof *x->lengths);
    x->axes = memory_zeros(n, sizeof *x->axes);
    if (x->bases == NULL || x->lengths == NULL || x->axes == NULL)
        return ml_fail_memory(why, "the eigenvectors", n * sizeof *x->axes);
    list_axes(x);
    for (size_t f = 0; vectors && f < factors; f++)
        find_basis(x, f, g);
    for (size_t k = 0; vectors && k < n; k++)
        choose_sign(x, k);
    return ML_OK;
}

void exact_axes_normalized(exact_number *out, const exact_axes *x, size_t k, const fmpq_poly_t e,
                           const fmpq *scale, const fmpq_poly_struct *factor)
{
    const exact_field *field = exact_axes_field(x, k);
    exact_root *root = exact_axes_root(x, k);
    fmpq_poly_t under;
    fmpq_poly_init(under);
    exact_number_zero(out);
    exact_field_mul(field, under, e, e);
    exact_field_mul(field, under, under, exact_axes_inverse(x, k));
    if (factor != NULL)
        exact_field_mul(field, under, under, factor);
    if (scale != NULL)
        fmpq_poly_scalar_mul_fmpq(under, under, scale);
    exact_number_add(out, under, root);
    out->sign = exact_root_sign(e, root) * x->axes[k].turn;
    fmpq_poly_clear(under);
}

void exact_axes_coordinate(exact_number *out, const exact_axes *x, size_t k, size_t i)
{
    exact_axes_normalized(out, x, k, exact_matrix_entry(exact_axes_basis(x, k), (slong)i, x->axes[k].column),
                          x->weights == NULL ? NULL : x->weights + i, NULL);
}

/* --- sums over axes --- */

/* Does axis K's factor have all its roots among the first USED axes? */
static bool is_complete(const exact_axes *x, size_t k, size_t used)
{
    const exact_factor *factor = &x->spectrum.factors[exact_axes_factor(x, k)];
    size_t inside = 0;
    for (size_t i = 0; i < used; i++)
        inside += exact_axes_factor(x, i) == exact_axes_factor(x, k);
    return inside == (size_t)factor->field.degree * factor->multiplicity;
}

/* Is axis K's root the first of its factor? */
static bool is_first(const exact_axes *x, size_t k)
{
    size_t v = 0;
    while (x->spectrum.values[v].factor != exact_axes_factor(x, k))
        v++;
    return v == x->axes[k].value;
}

void exact_axes_add(exact_number *out, const exact_axes *x, size_t k, const fmpq_poly_t e, size_t used)
{
    if (!is_complete(x, k, used)) {
        exact_number_add(out, e, exact_axes_root(x, k));
    } else if (is_first(x, k)) {
        fmpq_t trace;
        fmpq_init(trace);
        exact_field_trace(exact_axes_field(x, k), trace, e);
        exact_number_add_rational(out, trace);
        fmpq_clear(trace);
    }
}

/* IDENTITY(i, j) += w_i d_j w_j / w'Dw over all roots of factor F and all vectors of each, G the same times
 * x. */
static void add_products(fmpq_mat_t identity, fmpq_mat_t g, const exact_axes *x, size_t f, slong i, slong j)
{
    const exact_field *field = &x->spectrum.factors[f].field;
    const exact_matrix *b = &x->bases[f];
    fmpq_poly_t e;
    fmpq_t trace;
    fmpq_poly_init(e);
    fmpq_init(trace);
    for (slong c = 0; c < b->columns; c++) {
        exact_field_mul(field, e, exact_matrix_entry(b, i, c), exact_matrix_entry(b, j, c));
        exact_field_mul(field, e, e, x->lengths[f] + b->columns + c);
        if (x->weights != NULL)
            fmpq_poly_scalar_mul_fmpq(e, e, x->weights + j);
        exact_field_trace(field, trace, e);
        fmpq_add(fmpq_mat_entry(identity, i, j), fmpq_mat_entry(identity, i, j), trace);
        exact_field_mul(field, e, e, field->x);
        exact_field_trace(field, trace, e);
        fmpq_add(fmpq_mat_entry(g, i, j), fmpq_mat_entry(g, i, j), trace);
    }
    fmpq_poly_clear(e);
    fmpq_clear(trace);
}

bool exact_axes_check(const exact_axes *x, const fmpq_mat_t g)
{
    fmpq_mat_t identity, again;
    fmpq_mat_init(identity, x->n, x->n);
    fmpq_mat_init(again, x->n, x->n);
    for (size_t f = 0; f < x->spectrum.factor_count; f++)
        for (slong i = 0; i < x->n; i++)
            for (slong j = 0; j < x->n; j++)
                add_products(identity, again, x, f, i, j);
    bool good = fmpq_mat_is_one(identity) && fmpq_mat_equal(again, g);
    fmpq_mat_clear(identity);
    fmpq_mat_clear(again);
    return good;
}
