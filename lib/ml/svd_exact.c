#include "ml/svd_exact.h"

#include <flint/fmpz_poly_factor.h>
#include <stdlib.h>

/* --- the fit --- */

static size_t factor_of(const svd_exact *s, size_t k)
{
    return exact_axes_factor(&s->axes, k);
}

static ml_status find_images(svd_exact *s, ml_message *why)
{
    size_t factors = s->axes.spectrum.factor_count;
    s->images = memory_zeros(factors, sizeof *s->images);
    s->inverses = memory_zeros(factors, sizeof *s->inverses);
    if (s->images == NULL || s->inverses == NULL)
        return ml_fail_memory(why, "the left singular vectors", factors * sizeof *s->images);
    for (size_t f = 0; f < factors; f++) {
        const exact_field *k = &s->axes.spectrum.factors[f].field;
        exact_field_multiply_rational(&s->images[f], s->a, &s->axes.bases[f]);
        fmpq_poly_init(&s->inverses[f]);
        if (!fmpq_poly_is_zero(k->x))
            exact_field_inv(k, &s->inverses[f], k->x);
    }
    fmpq_mat_t turned;
    fmpq_mat_init(turned, fmpq_mat_ncols(s->a), fmpq_mat_nrows(s->a));
    fmpq_mat_transpose(turned, s->a);
    exact_frame_null(&s->left, turned);
    fmpq_mat_clear(turned);
    return ML_OK;
}

ml_status svd_exact_fit(svd_exact *s, const fmpq_mat_t a, bool vectors, ml_message *why)
{
    fmpq_mat_t turned;
    *s = (svd_exact){.rows = (size_t)fmpq_mat_nrows(a), .columns = (size_t)fmpq_mat_ncols(a)};
    s->count = s->rows < s->columns ? s->rows : s->columns;
    fmpq_mat_init_set(s->a, a);
    fmpq_mat_init(turned, fmpq_mat_ncols(a), fmpq_mat_nrows(a));
    fmpq_mat_init(s->gram, fmpq_mat_ncols(a), fmpq_mat_ncols(a));
    fmpq_mat_init(s->left.vectors, 0, 0);
    fmpq_init(s->total);
    fmpq_mat_transpose(turned, a);
    fmpq_mat_mul(s->gram, turned, a);
    fmpq_mat_trace(s->total, s->gram);
    fmpq_mat_clear(turned);
    ml_status status = exact_axes_find(&s->axes, s->gram, NULL, vectors, why);
    while (status == ML_OK && s->rank < s->columns && !exact_axes_is_zero(&s->axes, s->rank))
        s->rank++;
    return status == ML_OK && vectors ? find_images(s, why) : status;
}

void svd_exact_free(svd_exact *s)
{
    for (size_t f = 0; s->images != NULL && f < s->axes.spectrum.factor_count; f++)
        exact_matrix_clear(&s->images[f]);
    for (size_t f = 0; s->inverses != NULL && f < s->axes.spectrum.factor_count; f++)
        fmpq_poly_clear(&s->inverses[f]);
    free(s->images);
    free(s->inverses);
    exact_frame_clear(&s->left);
    exact_axes_clear(&s->axes);
    fmpq_mat_clear(s->a);
    fmpq_mat_clear(s->gram);
    fmpq_clear(s->total);
}

/* --- numbers --- */

void svd_exact_value(exact_number *out, const svd_exact *s, size_t k)
{
    exact_number_zero(out);
    exact_number_add(out, exact_axes_field(&s->axes, k)->x, exact_axes_root(&s->axes, k));
    out->sign = k < s->rank;
}

void svd_exact_frobenius(exact_number *out, const svd_exact *s)
{
    exact_number_zero(out);
    exact_number_add_rational(out, s->total);
    out->sign = !fmpq_is_zero(s->total);
}

void svd_exact_share(exact_number *out, const svd_exact *s, size_t k)
{
    fmpq_poly_t share;
    fmpq_poly_init(share);
    exact_number_zero(out);
    if (!fmpq_is_zero(s->total))
        fmpq_poly_scalar_div_fmpq(share, exact_axes_field(&s->axes, k)->x, s->total);
    exact_number_add(out, share, exact_axes_root(&s->axes, k));
    fmpq_poly_clear(share);
}

static const fmpq_poly_struct *w_entry(const svd_exact *s, size_t i, size_t k)
{
    return exact_matrix_entry(exact_axes_basis(&s->axes, k), (slong)i, s->axes.axes[k].column);
}

static const fmpq_poly_struct *image_entry(const svd_exact *s, size_t i, size_t k)
{
    return exact_matrix_entry(&s->images[factor_of(s, k)], (slong)i, s->axes.axes[k].column);
}

void svd_exact_v(exact_number *out, const svd_exact *s, size_t i, size_t k)
{
    exact_axes_coordinate(out, &s->axes, k, i);
}

void svd_exact_u(exact_number *out, const svd_exact *s, size_t i, size_t k)
{
    if (k >= s->rank)
        exact_frame_coordinate(out, &s->left, i, k - s->rank);
    else
        exact_axes_normalized(out, &s->axes, k, image_entry(s, i, k), NULL, &s->inverses[factor_of(s, k)]);
}

/* --- sums over the first values --- */

void svd_exact_cumulative(exact_number *out, const svd_exact *s, size_t used)
{
    fmpq_poly_t share;
    fmpq_poly_init(share);
    exact_number_zero(out);
    for (size_t k = 0; k < used && k < s->rank; k++) {
        fmpq_poly_scalar_div_fmpq(share, exact_axes_field(&s->axes, k)->x, s->total);
        exact_axes_add(out, &s->axes, k, share, used);
    }
    fmpq_poly_clear(share);
}

/* OUT = the sum over the first USED values of the products of LEFT and RIGHT, entries of w or A w, divided by
 * w'w and with INVERSE by the square of the value. */
static void sum(exact_number *out, const svd_exact *s, size_t used, size_t i, size_t j, bool inverse)
{
    fmpq_poly_t e;
    fmpq_poly_init(e);
    exact_number_zero(out);
    for (size_t k = 0; k < used && k < s->rank; k++) {
        const exact_field *field = exact_axes_field(&s->axes, k);
        exact_field_mul(field, e, image_entry(s, i, k), w_entry(s, j, k));
        exact_field_mul(field, e, e, exact_axes_inverse(&s->axes, k));
        if (inverse)
            exact_field_mul(field, e, e, &s->inverses[factor_of(s, k)]);
        exact_axes_add(out, &s->axes, k, e, used < s->rank ? used : s->rank);
    }
    fmpq_poly_clear(e);
}

void svd_exact_approximation(exact_number *out, const svd_exact *s, size_t i, size_t j, size_t used)
{
    sum(out, s, used, i, j, false);
}

void svd_exact_pinv(exact_number *out, const svd_exact *s, size_t i, size_t j, size_t used)
{
    sum(out, s, used, j, i, true);
}

/* --- values without a closed form --- */

bool svd_exact_is_closed(const svd_exact *s, size_t k)
{
    exact_number x;
    surd unused;
    exact_number_init(&x);
    surd_init(&unused);
    svd_exact_value(&x, s, k);
    bool closed = exact_number_surd(&unused, &x);
    surd_clear(&unused);
    exact_number_clear(&x);
    return closed;
}

/* OUT = P(x^2). */
static void in_squares(fmpz_poly_t out, const fmpz_poly_t p)
{
    fmpz_poly_zero(out);
    for (slong k = 0; k < fmpz_poly_length(p); k++)
        fmpz_poly_set_coeff_fmpz(out, 2 * k, p->coeffs + k);
}

/* Does P, a divisor of a polynomial in squares, vanish at the root of the eigenvalue X?  P(r) = E(r^2) + r
 * O(r^2) with even and odd parts E and O: it does when E = O = 0 there, or r = -E/O, which is E^2 = r^2 O^2
 * and the right signs. */
static bool vanishes(const fmpz_poly_t p, const exact_field *field, exact_root *root)
{
    fmpq_poly_t even, odd, left, right;
    fmpq_t c;
    fmpq_init(c);
    fmpq_poly_init(even);
    fmpq_poly_init(odd);
    fmpq_poly_init(left);
    fmpq_poly_init(right);
    fmpz_one(fmpq_denref(c));
    for (slong k = 0; k < fmpz_poly_length(p); k++) {
        fmpz_set(fmpq_numref(c), p->coeffs + k);
        fmpq_poly_set_coeff_fmpq(k % 2 == 0 ? even : odd, k / 2, c);
    }
    fmpq_poly_rem(even, even, field->modulus);
    fmpq_poly_rem(odd, odd, field->modulus);
    exact_field_mul(field, left, even, even);
    exact_field_mul(field, right, odd, odd);
    exact_field_mul(field, right, right, field->x);
    bool zero = fmpq_poly_equal(left, right) && exact_root_sign(even, root) == -exact_root_sign(odd, root);
    fmpq_clear(c);
    fmpq_poly_clear(even);
    fmpq_poly_clear(odd);
    fmpq_poly_clear(left);
    fmpq_poly_clear(right);
    return zero;
}

void svd_exact_polynomial(fmpz_poly_t out, const svd_exact *s, size_t k)
{
    const exact_factor *factor = &s->axes.spectrum.factors[factor_of(s, k)];
    fmpz_poly_factor_t found;
    fmpz_poly_factor_init(found);
    in_squares(out, factor->p);
    fmpz_poly_factor(found, out);
    for (slong f = 0; f < found->num; f++)
        if (vanishes(found->p + f, &factor->field, exact_axes_root(&s->axes, k)))
            fmpz_poly_set(out, found->p + f);
    if (fmpz_sgn(fmpz_poly_lead(out)) < 0)
        fmpz_poly_neg(out, out);
    fmpz_poly_factor_clear(found);
}

/* --- norms --- */

/* The values of a quadratic factor x^2 - p x + q together: (s_1 + s_2)^2 = p + 2 sqrt(q). */
static bool pair_sum(surd *square, const exact_factor *factor)
{
    fmpq_t c;
    surd rational;
    fmpq_init(c);
    surd_init(&rational);
    fmpq_poly_get_coeff_fmpq(c, factor->field.modulus, 0);
    bool good = surd_set_root(square, c);
    fmpq_set_si(c, 2, 1);
    surd_scale(square, c);
    fmpq_poly_get_coeff_fmpq(c, factor->field.modulus, 1);
    fmpq_neg(c, c);
    surd_set_rational(&rational, c);
    surd_add(square, square, &rational);
    fmpq_clear(c);
    surd_clear(&rational);
    return good;
}

/* The square of the sum of the values of a linear or quadratic factor; false for others. */
static bool factor_sum(surd *square, const exact_factor *factor)
{
    fmpq_t x;
    if (factor->field.degree > 2)
        return false;
    if (factor->field.degree == 2)
        return pair_sum(square, factor);
    fmpq_init(x);
    fmpq_poly_get_coeff_fmpq(x, factor->field.x, 0);
    surd_set_rational(square, x);
    fmpq_clear(x);
    return true;
}

/* What is a sum of surds goes to PLAIN, what stays nested is appended as `2*sqrt(2 + sqrt(2))`. */
static bool nuclear_closed(surd *plain, buffer *nested, const svd_exact *s)
{
    surd square, root;
    fmpq_t times;
    bool good = true;
    surd_init(&square);
    surd_init(&root);
    fmpq_init(times);
    for (size_t f = 0; good && f < s->axes.spectrum.factor_count; f++) {
        const exact_factor *factor = &s->axes.spectrum.factors[f];
        good = factor_sum(&square, factor);
        fmpq_set_si(times, (slong)factor->multiplicity, 1);
        if (good && surd_denest(&root, &square)) {
            surd_scale(&root, times);
            surd_add(plain, plain, &root);
        } else if (good) {
            fmpq_mul(times, times, times);
            surd_scale(&square, times);
            buffer_string(nested, nested->size > 0 ? " + " : "");
            surd_print_root(nested, &square);
        }
    }
    surd_clear(&square);
    surd_clear(&root);
    fmpq_clear(times);
    return good;
}

static void nuclear_bounds(fmpz_t centre, fmpz_t radius, const void *context, slong bits)
{
    const svd_exact *s = context;
    exact_number x;
    fmpz_t c, r;
    exact_number_init(&x);
    fmpz_init(c);
    fmpz_init(r);
    fmpz_zero(centre);
    fmpz_zero(radius);
    for (size_t k = 0; k < s->rank; k++) {
        svd_exact_value(&x, s, k);
        exact_number_bounds(c, r, &x, bits);
        fmpz_add(centre, centre, c);
        fmpz_add(radius, radius, r);
    }
    exact_number_clear(&x);
    fmpz_clear(c);
    fmpz_clear(r);
}

bool svd_exact_nuclear(buffer *out, const svd_exact *s, const exact_style *style)
{
    surd plain;
    buffer nested = {0};
    surd_init(&plain);
    bool closed = nuclear_closed(&plain, &nested, s), wanted = style->places == 0 && style->significant == 0;
    if (closed && nested.size == 0) {
        exact_surd_write(out, &plain, false, style);
    } else if (closed && wanted) {
        if (!surd_is_zero(&plain)) {
            surd_print(out, &plain);
            buffer_string(out, " + ");
        }
        buffer_string(out, buffer_text(&nested));
    } else {
        exact_bounds_write(out, nuclear_bounds, s, style);
    }
    surd_clear(&plain);
    buffer_free(&nested);
    return closed || !wanted;
}

static void condition_bounds(fmpz_t centre, fmpz_t radius, const void *context, slong bits)
{
    const svd_exact *s = context;
    exact_number x;
    fmpz_t high, below, r;
    exact_number_init(&x);
    fmpz_init(high);
    fmpz_init(below);
    fmpz_init(r);
    slong work = bits + 16;
    do { /* until the least value is known to be positive */
        work *= 2;
        svd_exact_value(&x, s, s->count - 1);
        exact_number_bounds(below, r, &x, work);
    } while (fmpz_bits(below) < fmpz_bits(r) + (ulong)bits + 16);
    svd_exact_value(&x, s, 0);
    exact_number_bounds(centre, radius, &x, work);
    fmpz_add(high, centre, radius);
    fmpz_sub(centre, centre, radius);
    fmpz_add(radius, below, r);
    fmpz_sub(below, below, r);
    fmpz_mul_2exp(centre, centre, (ulong)bits);
    fmpz_mul_2exp(high, high, (ulong)bits);
    fmpz_fdiv_q(centre, centre, radius);
    fmpz_cdiv_q(high, high, below);
    fmpz_sub(radius, high, centre);
    exact_number_clear(&x);
    fmpz_clear(high);
    fmpz_clear(below);
    fmpz_clear(r);
}

/* The square of the condition number as a surd. */
static bool condition_closed(surd *square, const svd_exact *s)
{
    size_t last = s->count - 1;
    surd below;
    surd_init(&below);
    bool good =
        exact_value_surd(square, exact_axes_field(&s->axes, 0)->x, exact_axes_root(&s->axes, 0)) &&
        exact_value_surd(&below, exact_axes_field(&s->axes, last)->x, exact_axes_root(&s->axes, last)) &&
        surd_inverse(&below, &below);
    if (good)
        surd_mul(square, square, &below);
    surd_clear(&below);
    return good;
}

bool svd_exact_condition(buffer *out, const svd_exact *s, const exact_style *style)
{
    surd square;
    if (s->rank < s->count) {
        buffer_string(out, "inf");
        return true;
    }
    surd_init(&square);
    bool closed = condition_closed(&square, s);
    if (closed)
        exact_surd_write(out, &square, true, style);
    else
        exact_bounds_write(out, condition_bounds, s, style);
    surd_clear(&square);
    return closed || style->places > 0 || style->significant > 0;
}
