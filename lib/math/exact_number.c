#include "math/exact_number.h"

#include "math/exact_value.h"
#include "math/rational.h"

void exact_number_init(exact_number *x)
{
    *x = (exact_number){0};
    fmpq_init(x->rational);
}

void exact_number_clear(exact_number *x)
{
    for (slong i = 0; i < x->capacity; i++)
        fmpq_poly_clear(x->e + i);
    flint_free(x->e);
    flint_free(x->roots);
    fmpq_clear(x->rational);
    *x = (exact_number){0};
}

void exact_number_zero(exact_number *x)
{
    x->sign = 0;
    x->count = 0;
    fmpq_zero(x->rational);
}

void exact_number_add_rational(exact_number *x, const fmpq_t a)
{
    fmpq_add(x->rational, x->rational, a);
}

void exact_number_add(exact_number *x, const fmpq_poly_t e, exact_root *root)
{
    if (fmpq_poly_length(e) <= 1) {
        fmpq_t a;
        fmpq_init(a);
        fmpq_poly_get_coeff_fmpq(a, e, 0);
        exact_number_add_rational(x, a);
        fmpq_clear(a);
        return;
    }
    if (x->count == x->capacity) {
        slong more = x->capacity + x->capacity / 2 + 1;
        x->e = flint_realloc(x->e, (size_t)more * sizeof *x->e);
        x->roots = flint_realloc(x->roots, (size_t)more * sizeof(exact_root *));
        for (; x->capacity < more; x->capacity++)
            fmpq_poly_init(x->e + x->capacity);
    }
    fmpq_poly_set(x->e + x->count, e);
    x->roots[x->count++] = root;
}

bool exact_number_surd(surd *out, const exact_number *x)
{
    surd term;
    surd_init(&term);
    surd_set_rational(out, x->rational);
    bool good = true;
    for (slong i = 0; good && i < x->count; i++) {
        good = exact_value_surd(&term, x->e + i, x->roots[i]);
        if (good)
            surd_add(out, out, &term);
    }
    surd_clear(&term);
    return good;
}

/* SIGN * sqrt(SQUARE); -sqrt(...) of a sum that needs no outer root has the signs of its terms turned. */
static void print_root(buffer *out, int sign, const surd *square)
{
    surd root;
    surd_init(&root);
    if (surd_is_zero(square)) {
        buffer_char(out, '0');
    } else if (surd_denest(&root, square)) {
        if (sign < 0)
            surd_neg(&root);
        surd_print(out, &root);
    } else {
        buffer_string(out, sign < 0 ? "-" : "");
        surd_print_root(out, square);
    }
    surd_clear(&root);
}

bool exact_number_print(buffer *out, const exact_number *x)
{
    surd s;
    surd_init(&s);
    bool good = exact_number_surd(&s, x);
    if (good && x->sign == 0)
        surd_print(out, &s);
    else if (good)
        print_root(out, x->sign, &s);
    surd_clear(&s);
    return good;
}

/* --- decimals --- */

static void sum_bounds(fmpz_t centre, fmpz_t radius, const exact_number *x, slong bits)
{
    fmpz_t re, im, r;
    fmpz_init(re);
    fmpz_init(im);
    fmpz_init(r);
    fmpz_mul_2exp(centre, fmpq_numref(x->rational), (ulong)bits);
    fmpz_fdiv_q(centre, centre, fmpq_denref(x->rational));
    fmpz_one(radius);
    for (slong i = 0; i < x->count; i++) {
        exact_root_evaluate(re, im, r, x->e + i, x->roots[i], bits);
        fmpz_add(centre, centre, re);
        fmpz_add(radius, radius, r);
    }
    fmpz_clear(re);
    fmpz_clear(im);
    fmpz_clear(r);
}

static void number_sum(fmpz_t centre, fmpz_t radius, const void *context, slong bits)
{
    sum_bounds(centre, radius, context, bits);
}

void exact_number_bounds(fmpz_t centre, fmpz_t radius, const exact_number *x, slong bits)
{
    if (x->sign == 0)
        sum_bounds(centre, radius, x, bits);
    else
        exact_root_bounds(centre, radius, number_sum, x, bits);
    if (x->sign < 0)
        fmpz_neg(centre, centre);
}

/* Whether X is rational, and which number, as far as its closed form tells: there are no ties among the
 * others.
 */
static bool is_rational(fmpq_t value, const exact_number *x)
{
    surd s;
    surd_init(&s);
    bool good = exact_number_surd(&s, x);
    if (good && x->sign != 0)
        good = surd_denest(&s, &s);
    if (good && x->sign < 0)
        surd_neg(&s);
    good = good && surd_is_rational(&s, value);
    surd_clear(&s);
    return good;
}

/* --- numbers known by bounds --- */

void exact_bounds_write(buffer *out, exact_bounds *bounds, const void *context, const exact_style *style)
{
    if (style->significant > 0)
        exact_bounds_significant(out, bounds, context, style->significant);
    else
        exact_bounds_decimals(out, bounds, context, style->places > 0 ? style->places : EXACT_PLACES);
}

/* --- surds --- */

/* sqrt(X), or X */
typedef struct surd_number {
    const surd *x;
    bool root;
} surd_number;

static void plain_bounds(fmpz_t centre, fmpz_t radius, const void *context, slong bits)
{
    surd_bounds(centre, radius, context, bits);
}

static void surd_number_bounds(fmpz_t centre, fmpz_t radius, const void *context, slong bits)
{
    const surd_number *n = context;
    if (n->root)
        exact_root_bounds(centre, radius, plain_bounds, n->x, bits);
    else
        surd_bounds(centre, radius, n->x, bits);
}

void exact_surd_write(buffer *out, const surd *x, bool root, const exact_style *style)
{
    surd plain;
    surd_init(&plain);
    surd_set(&plain, x);
    bool nested = root && !surd_denest(&plain, x);
    surd_number n = {nested ? x : &plain, nested};
    if (style->places == 0 && style->significant == 0)
        nested ? surd_print_root(out, x) : surd_print(out, &plain);
    else if (!nested && style->places > 0)
        surd_decimals(out, &plain, style->places);
    else
        exact_bounds_write(out, surd_number_bounds, &n, style);
    surd_clear(&plain);
}

static void number_bounds(fmpz_t centre, fmpz_t radius, const void *context, slong bits)
{
    exact_number_bounds(centre, radius, context, bits);
}

double exact_number_double(const exact_number *x)
{
    return exact_bounds_double(number_bounds, x);
}

bool exact_number_write(buffer *out, const exact_number *x, const exact_style *style)
{
    fmpq_t value;
    if (style->places == 0 && style->significant == 0 && exact_number_print(out, x))
        return true;
    fmpq_init(value);
    if (style->significant == 0 && is_rational(value, x))
        rational_decimals(out, value, style->places);
    else if (style->significant > 0 && exact_number_double(x) == 0 && is_rational(value, x))
        exact_rational_write(out, value, style); /* its first digit may be beyond what bounds look for */
    else
        exact_bounds_write(out, number_bounds, x, style);
    fmpq_clear(value);
    return style->places > 0 || style->significant > 0;
}
