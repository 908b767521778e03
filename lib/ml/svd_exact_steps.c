/* svd_exact_steps.c: the singular value decomposition written out, and its check. */
#include <string.h>

#include "math/exact_steps.h"
#include "ml/svd_exact.h"

/* s1 = sqrt(45) = 3*sqrt(5) */
static void write_value(const svd_exact *s, steps *out, size_t k, const exact_style *style)
{
    exact_number square, value;
    exact_number_init(&square);
    exact_number_init(&value);
    svd_exact_value(&value, s, k);
    exact_number_add(&square, exact_axes_field(&s->axes, k)->x, exact_axes_root(&s->axes, k));
    const char *under = steps_print(out, "sqrt(%s)", exact_steps_number(out, &square, style));
    const char *text = exact_steps_number(out, &value, style);
    if (strcmp(under, text) == 0)
        steps_formula(out, "s%zu = %s", k + 1, text);
    else
        steps_formula(out, "s%zu = %s = %s", k + 1, under, text);
    exact_number_clear(&square);
    exact_number_clear(&value);
}

/* The polynomials of values that have no closed form. */
static void write_open(const svd_exact *s, steps *out)
{
    fmpz_poly_t p;
    fmpz_poly_init(p);
    for (size_t k = 0; k < s->rank; k++) {
        buffer b = {0};
        if (svd_exact_is_closed(s, k))
            continue;
        svd_exact_polynomial(p, s, k);
        exact_print_integer_polynomial(&b, p);
        if (b.failed)
            steps_fail(out);
        steps_text(out, "s%zu has no closed form in square roots: it is a root of %s.", k + 1,
                   buffer_text(&b));
        buffer_free(&b);
    }
    fmpz_poly_clear(p);
}

/* u1 = (1/10*sqrt(10), 3/10*sqrt(10)) */
static void write_left(const svd_exact *s, steps *out, size_t k, const exact_style *style)
{
    exact_number x;
    buffer b = {0};
    exact_number_init(&x);
    for (size_t i = 0; i < s->rows; i++) {
        buffer_string(&b, i > 0 ? ", " : "");
        svd_exact_u(&x, s, i, k);
        exact_number_write(&b, &x, style);
    }
    if (b.failed)
        steps_fail(out);
    steps_formula(out, "u%zu = (%s)", k + 1, buffer_text(&b));
    exact_number_clear(&x);
    buffer_free(&b);
}

/* --- the check --- */

/* OUT = the sum of LEFT RIGHT' over the axes [0, COUNT), rational because it is over all roots of each
 * factor; LEFT and RIGHT are the vectors w or their images. */
static void sum_products(fmpq_mat_t out, const svd_exact *s, size_t count, bool left_image, bool right_image)
{
    fmpq_poly_t e;
    fmpq_t trace;
    const exact_spectrum *x = &s->axes.spectrum;
    fmpq_poly_init(e);
    fmpq_init(trace);
    fmpq_mat_zero(out);
    for (size_t f = 0; f < x->factor_count; f++) {
        const exact_field *field = &x->factors[f].field;
        const exact_matrix *left = left_image ? &s->images[f] : &s->axes.bases[f];
        const exact_matrix *right = right_image ? &s->images[f] : &s->axes.bases[f];
        if (fmpq_poly_is_zero(field->x) && count <= s->rank)
            continue;
        for (slong c = 0; c < left->columns; c++)
            for (slong i = 0; i < left->rows; i++)
                for (slong j = 0; j < right->rows; j++) {
                    exact_field_mul(field, e, exact_matrix_entry(left, i, c),
                                    exact_matrix_entry(right, j, c));
                    exact_field_mul(field, e, e, s->axes.lengths[f] + left->columns + c);
                    if (left_image && right_image)
                        exact_field_mul(field, e, e, &s->inverses[f]);
                    exact_field_trace(field, trace, e);
                    fmpq_add(fmpq_mat_entry(out, i, j), fmpq_mat_entry(out, i, j), trace);
                }
    }
    fmpq_poly_clear(e);
    fmpq_clear(trace);
}

/* r vectors whose products u u' add up to a projection of rank r are orthonormal. */
static bool is_projection(const fmpq_mat_t p, size_t rank)
{
    fmpq_mat_t twice;
    fmpq_t trace;
    fmpq_mat_init(twice, fmpq_mat_nrows(p), fmpq_mat_ncols(p));
    fmpq_init(trace);
    fmpq_mat_mul(twice, p, p);
    fmpq_mat_trace(trace, p);
    bool good = fmpq_mat_equal(twice, p) && fmpq_equal_si(trace, (slong)rank);
    fmpq_mat_clear(twice);
    fmpq_clear(trace);
    return good;
}

/* U S V' = the sum of A w w' / w'w = A; U and V of orthonormal columns. */
static bool check(const svd_exact *s)
{
    fmpq_mat_t product, left, right;
    fmpq_mat_init(product, fmpq_mat_nrows(s->a), fmpq_mat_ncols(s->a));
    fmpq_mat_init(left, fmpq_mat_nrows(s->a), fmpq_mat_nrows(s->a));
    fmpq_mat_init(right, fmpq_mat_ncols(s->a), fmpq_mat_ncols(s->a));
    sum_products(product, s, s->rank, true, false);
    sum_products(left, s, s->rank, true, true);
    sum_products(right, s, s->rank, false, false);
    bool good =
        fmpq_mat_equal(product, s->a) && is_projection(left, s->rank) && is_projection(right, s->rank);
    fmpq_mat_clear(product);
    fmpq_mat_clear(left);
    fmpq_mat_clear(right);
    return good;
}

ml_status svd_exact_steps(svd_exact *s, steps *out, const exact_style *style, ml_message *why)
{
    exact_steps_matrix(out, "A", s->a, style);
    steps_heading(out, "1. A'A");
    exact_steps_matrix(out, "A'A", s->gram, style);
    steps_heading(out, "2. Characteristic polynomial of A'A");
    exact_steps_polynomial(out, &s->axes.spectrum, style);
    steps_heading(out, "3. Singular values: the square roots of its roots");
    for (size_t k = 0; k < s->count; k++)
        write_value(s, out, k, style);
    write_open(s, out);
    steps_heading(out, "4. Right singular vectors: unit null vectors of A'A - x*I");
    exact_steps_vectors(out, &s->axes, "v", s->count, style);
    steps_heading(out, s->rank < s->count ? "5. Left singular vectors: u = A*v/s, and unit null vectors of A'"
                                          : "5. Left singular vectors: u = A*v/s");
    for (size_t k = 0; k < s->count; k++)
        write_left(s, out, k, style);
    steps_heading(out, "6. Check");
    if (!check(s))
        return ml_fail(why, "the decomposition does not multiply to the matrix again");
    steps_text(out, "U*S*V' = A, U'U = I, V'V = I, all exactly.");
    return ML_OK;
}
