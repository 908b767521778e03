#include "math/exact_eigen.h"

#include <flint/fmpz_poly_factor.h>
#include <stdlib.h>

static ml_status take_factors(exact_spectrum *s, const fmpz_poly_factor_t found, ml_message *why)
{
    s->factors = memory_zeros((size_t)found->num, sizeof *s->factors);
    if (s->factors == NULL)
        return ml_fail_memory(why, "the factors", (size_t)found->num * sizeof *s->factors);
    for (slong i = 0; i < found->num; i++) {
        exact_factor *f = &s->factors[s->factor_count++];
        fmpz_poly_init(f->p);
        fmpz_poly_set(f->p, found->p + i);
        if (fmpz_sgn(fmpz_poly_lead(f->p)) < 0)
            fmpz_poly_neg(f->p, f->p);
        f->multiplicity = (size_t)found->exp[i];
        exact_field_init(&f->field, f->p);
    }
    return ML_OK;
}

/* By ascending degree; x, then linear ones by descending roots, others by their coefficients. */
static int compare_factors(const void *pa, const void *pb)
{
    const exact_factor *a = pa, *b = pb;
    slong da = fmpz_poly_degree(a->p), db = fmpz_poly_degree(b->p);
    if (da != db)
        return da < db ? -1 : 1;
    bool zero = fmpq_poly_is_zero(a->field.x);
    if (zero != fmpq_poly_is_zero(b->field.x))
        return zero ? -1 : 1;
    for (slong k = da - 1; k >= 0; k--) {
        fmpq_t left, right;
        fmpq_init(left);
        fmpq_init(right);
        fmpq_poly_get_coeff_fmpq(left, a->field.modulus, k);
        fmpq_poly_get_coeff_fmpq(right, b->field.modulus, k);
        int order = fmpq_cmp(left, right);
        fmpq_clear(left);
        fmpq_clear(right);
        if (order != 0)
            return order;
    }
    return 0;
}

static ml_status factor(exact_spectrum *s, ml_message *why)
{
    fmpz_poly_t whole;
    fmpz_poly_factor_t found;
    fmpz_poly_init(whole);
    fmpz_poly_factor_init(found);
    fmpq_poly_get_numerator(whole, s->polynomial);
    fmpz_poly_factor(found, whole);
    ml_status status = take_factors(s, found, why);
    if (status == ML_OK)
        qsort(s->factors, s->factor_count, sizeof *s->factors, compare_factors);
    fmpz_poly_clear(whole);
    fmpz_poly_factor_clear(found);
    return status;
}

/* The roots of factor F; they are taken over. */
static ml_status add_roots(exact_spectrum *s, size_t f, ml_message *why)
{
    exact_root *roots;
    size_t count;
    ml_status status = exact_roots(&roots, &count, s->factors[f].p, why);
    if (status != ML_OK) {
        exact_roots_free(roots, count);
        return status;
    }
    for (size_t i = 0; i < count; i++) {
        s->values[s->count].factor = f;
        s->values[s->count++].root = roots[i];
    }
    free(roots);
    return ML_OK;
}

/* In units of 2^-BITS, rounded down. */
static void in_unit(fmpz_t out, const fmpz_t x, slong from, slong bits)
{
    if (bits >= from)
        fmpz_mul_2exp(out, x, (ulong)(bits - from));
    else
        fmpz_fdiv_q_2exp(out, x, (ulong)(from - bits));
}

/* Complex values by descending real part; conjugates, which share it, stay together. */
static int compare_complex(const exact_root *a, const exact_root *b)
{
    fmpz_t left, right;
    slong bits = a->bits < b->bits ? a->bits : b->bits;
    fmpz_init(left);
    fmpz_init(right);
    in_unit(left, a->re, a->bits, bits);
    in_unit(right, b->re, b->bits, bits);
    int order = fmpz_cmp(right, left);
    if (order == 0) {
        in_unit(left, a->im, a->bits, bits);
        in_unit(right, b->im, b->bits, bits);
        order = fmpz_cmpabs(left, right);
    }
    if (order == 0)
        order = fmpz_cmp(right, left);
    fmpz_clear(left);
    fmpz_clear(right);
    return order;
}

/* Comparing real values refines them: no task for qsort, whose comparisons may not change what they look at.
 */
static int compare_values(exact_eigenvalue *a, exact_eigenvalue *b)
{
    if (a->root.real != b->root.real)
        return a->root.real ? -1 : 1;
    return a->root.real ? exact_root_compare(&b->root, &a->root) : compare_complex(&a->root, &b->root);
}

static void sort_values(exact_spectrum *s)
{
    for (size_t i = 1; i < s->count; i++)
        for (size_t k = i; k > 0 && compare_values(&s->values[k - 1], &s->values[k]) > 0; k--) {
            exact_eigenvalue held = s->values[k];
            s->values[k] = s->values[k - 1];
            s->values[k - 1] = held;
        }
}

static ml_status find_values(exact_spectrum *s, ml_message *why)
{
    size_t most = 0;
    for (size_t f = 0; f < s->factor_count; f++)
        most += (size_t)fmpz_poly_degree(s->factors[f].p);
    s->values = memory_zeros(most, sizeof *s->values);
    if (s->values == NULL)
        return ml_fail_memory(why, "the eigenvalues", most * sizeof *s->values);
    for (size_t f = 0; f < s->factor_count; f++) {
        ml_status status = add_roots(s, f, why);
        if (status != ML_OK)
            return status;
    }
    sort_values(s);
    return ML_OK;
}

ml_status exact_spectrum_find(exact_spectrum *s, const fmpq_mat_t a, ml_message *why)
{
    *s = (exact_spectrum){0};
    fmpq_poly_init(s->polynomial);
    fmpq_mat_charpoly(s->polynomial, a);
    ml_status status = factor(s, why);
    return status == ML_OK ? find_values(s, why) : status;
}

void exact_spectrum_clear(exact_spectrum *s)
{
    for (size_t i = 0; i < s->factor_count; i++) {
        fmpz_poly_clear(s->factors[i].p);
        exact_field_clear(&s->factors[i].field);
    }
    for (size_t i = 0; i < s->count; i++)
        exact_root_clear(&s->values[i].root);
    free(s->factors);
    free(s->values);
    fmpq_poly_clear(s->polynomial);
}

size_t exact_spectrum_multiplicity(const exact_spectrum *s, size_t i)
{
    return s->factors[s->values[i].factor].multiplicity;
}

bool exact_eigenvalue_print(buffer *out, const exact_spectrum *s, size_t i)
{
    return exact_value_print(out, s->factors[s->values[i].factor].field.x, &s->values[i].root);
}

void exact_eigenvalue_decimals(buffer *out, exact_spectrum *s, size_t i, size_t places)
{
    exact_value_decimals(out, s->factors[s->values[i].factor].field.x, &s->values[i].root, places);
}

void exact_spectrum_print_polynomial(buffer *out, const exact_spectrum *s)
{
    exact_print_polynomial(out, s->polynomial);
}

void exact_spectrum_print_factors(buffer *out, const exact_spectrum *s)
{
    bool single = s->factor_count == 1 && s->factors[0].multiplicity == 1;
    for (size_t i = 0; i < s->factor_count; i++) {
        const exact_factor *f = &s->factors[i];
        bool bare = single || (f->field.degree == 1 && fmpq_poly_is_zero(f->field.x));
        buffer_string(out, i == 0 ? "" : "*");
        buffer_string(out, bare ? "" : "(");
        exact_print_polynomial(out, f->field.modulus);
        buffer_string(out, bare ? "" : ")");
        if (f->multiplicity > 1)
            buffer_printf(out, "^%zu", f->multiplicity);
    }
}
