#include "math/exact_value.h"

#include "math/exact_decimals.h"
#include "math/exact_style.h"
#include "math/rational.h"

/* --- closed forms --- */

/* The root of c_0 + c_1 x + c_2 x^2: (-c_1 +- sqrt(c_1^2 - 4 c_0 c_2)) / (2 c_2).  Which of the two is told
 * by the order that exact_roots gives them: the enclosing disc lies on one side of the middle. */
static bool quadratic_root(surd *out, const exact_root *root)
{
    const fmpz *c = root->polynomial->coeffs;
    fmpq_t square, middle, centre;
    surd half;
    fmpq_init(square);
    fmpq_init(middle);
    fmpq_init(centre);
    surd_init(&half);
    /* (discriminant) / (4 c_2^2) */
    fmpz_mul(fmpq_numref(square), c + 1, c + 1);
    fmpz_mul(fmpq_denref(square), c + 2, c + 2);
    fmpz_mul_ui(fmpq_denref(square), fmpq_denref(square), 4);
    fmpz_mul(fmpq_numref(middle), c, c + 2);
    fmpz_mul_ui(fmpq_numref(middle), fmpq_numref(middle), 4);
    fmpz_sub(fmpq_numref(square), fmpq_numref(square), fmpq_numref(middle));
    fmpq_canonicalise(square);
    bool good = surd_set_root(&half, square);
    fmpz_neg(fmpq_numref(middle), c + 1);
    fmpz_mul_ui(fmpq_denref(middle), c + 2, 2);
    fmpq_canonicalise(middle);
    fmpz_set(fmpq_numref(centre), root->re);
    fmpz_mul_2exp(fmpq_denref(centre), fmpq_denref(centre), (ulong)root->bits);
    bool minus = root->real ? fmpq_cmp(centre, middle) < 0 : fmpz_sgn(root->im) < 0;
    if (minus)
        surd_neg(&half);
    surd_set_rational(out, middle);
    surd_add(out, out, &half);
    fmpq_clear(square);
    fmpq_clear(middle);
    fmpq_clear(centre);
    surd_clear(&half);
    return good;
}

static void add_multiple(surd *out, const fmpq_t factor, const surd *x)
{
    surd part;
    surd_init(&part);
    surd_set(&part, x);
    surd_scale(&part, factor);
    surd_add(out, out, &part);
    surd_clear(&part);
}

bool exact_value_surd(surd *out, const fmpq_poly_t e, const exact_root *root)
{
    fmpq_t coefficient;
    surd x;
    if (fmpq_poly_length(e) > 2 || (fmpq_poly_length(e) == 2 && fmpz_poly_degree(root->polynomial) != 2))
        return false;
    fmpq_init(coefficient);
    surd_init(&x);
    bool good = fmpq_poly_length(e) < 2 || quadratic_root(&x, root);
    fmpq_poly_get_coeff_fmpq(coefficient, e, 0);
    surd_set_rational(out, coefficient);
    fmpq_poly_get_coeff_fmpq(coefficient, e, 1);
    add_multiple(out, coefficient, &x);
    fmpq_clear(coefficient);
    surd_clear(&x);
    return good;
}

bool exact_value_print(buffer *out, const fmpq_poly_t e, const exact_root *root)
{
    surd x;
    surd_init(&x);
    bool good = exact_value_surd(&x, e, root);
    if (good)
        surd_print(out, &x);
    surd_clear(&x);
    return good;
}

/* -sqrt(...) of a sum that needs no outer root has the signs of its terms turned. */
static void print_minus_root(buffer *out, surd *square)
{
    surd root;
    surd_init(&root);
    if (surd_denest(&root, square)) {
        surd_neg(&root);
        surd_print(out, &root);
    } else {
        buffer_char(out, '-');
        surd_print_root(out, square);
    }
    surd_clear(&root);
}

bool exact_value_print_root(buffer *out, int sign, const fmpq_poly_t e, const exact_root *root)
{
    surd square;
    surd_init(&square);
    bool good = exact_value_surd(&square, e, root);
    if (good && sign < 0)
        print_minus_root(out, &square);
    else if (good)
        surd_print_root(out, &square);
    surd_clear(&square);
    return good;
}

/* --- decimals --- */

/* The decimals of a rational number, of which all are known; false for another one. */
static bool constant_decimals(buffer *out, const fmpq_poly_t e, size_t places)
{
    fmpq_t value;
    if (fmpq_poly_length(e) > 1)
        return false;
    fmpq_init(value);
    fmpq_poly_get_coeff_fmpq(value, e, 0);
    rational_decimals(out, value, places);
    fmpq_clear(value);
    return true;
}

/* A coordinate of a complex number may be rational and a tie, half a unit of the last place, without our
 * knowing it: one that still looks like it with EXACT_TIE_BITS more is rounded away from 0 as one.  Append
 * the coordinate CENTRE +- RADIUS; false when its decimals are not certain and it is no tie yet. */
static bool coordinate(buffer *out, const fmpz_t centre, const fmpz_t radius, slong bits, size_t places)
{
    fmpz_t away, none;
    bool good = exact_decimals(out, centre, radius, bits, places);
    if (good || bits < exact_bits(places) + EXACT_TIE_BITS)
        return good;
    fmpz_init(away);
    fmpz_init(none);
    if (fmpz_sgn(centre) < 0)
        fmpz_sub(away, centre, radius);
    else
        fmpz_add(away, centre, radius);
    good = exact_decimals(out, away, none, bits, places);
    fmpz_clear(away);
    fmpz_clear(none);
    return good;
}

static bool complex_decimals(buffer *out, const fmpz_t re, fmpz_t im, const fmpz_t radius, slong bits,
                             size_t places)
{
    size_t before = out->size;
    bool minus = fmpz_sgn(im) < 0;
    fmpz_abs(im, im);
    bool good = coordinate(out, re, radius, bits, places);
    buffer_string(out, minus ? " - " : " + ");
    good = good && coordinate(out, im, radius, bits, places);
    if (good)
        buffer_string(out, "*i");
    else
        out->size = before;
    return good;
}

void exact_value_decimals(buffer *out, const fmpq_poly_t e, exact_root *root, size_t places)
{
    fmpz_t re, im, radius;
    if (constant_decimals(out, e, places))
        return;
    fmpz_init(re);
    fmpz_init(im);
    fmpz_init(radius);
    slong bits = exact_bits(places);
    bool done;
    do {
        bits += 32;
        exact_root_evaluate(re, im, radius, e, root, bits);
        done = root->real ? exact_decimals(out, re, radius, bits, places)
                          : complex_decimals(out, re, im, radius, bits, places);
    } while (!done && !out->failed);
    fmpz_clear(re);
    fmpz_clear(im);
    fmpz_clear(radius);
}

/* sqrt(E(ROOT)) when it is rational: decimals of it end. */
static bool rational_root_decimals(buffer *out, int sign, const fmpq_poly_t e, size_t places)
{
    fmpq_t value;
    fmpq_init(value);
    fmpq_poly_get_coeff_fmpq(value, e, 0);
    bool good =
        fmpq_poly_length(e) <= 1 && fmpz_is_square(fmpq_numref(value)) && fmpz_is_square(fmpq_denref(value));
    if (good) {
        fmpz_sqrt(fmpq_numref(value), fmpq_numref(value));
        fmpz_sqrt(fmpq_denref(value), fmpq_denref(value));
        if (sign < 0)
            fmpq_neg(value, value);
        rational_decimals(out, value, places);
    }
    fmpq_clear(value);
    return good;
}

/* SIGN * sqrt(E(ROOT)), or with SIGN 0 the real part of E(ROOT). */
typedef struct real_value {
    int sign;
    const fmpq_poly_struct *e;
    exact_root *root;
} real_value;

static void real_bounds(fmpz_t centre, fmpz_t radius, const void *context, slong bits)
{
    const real_value *x = context;
    fmpz_t im;
    fmpz_init(im);
    exact_root_evaluate(centre, im, radius, x->e, x->root, bits);
    fmpz_clear(im);
}

static void signed_bounds(fmpz_t centre, fmpz_t radius, const void *context, slong bits)
{
    const real_value *x = context;
    exact_root_bounds(centre, radius, real_bounds, x, bits);
    if (x->sign < 0)
        fmpz_neg(centre, centre);
}

void exact_value_root_decimals(buffer *out, int sign, const fmpq_poly_t e, exact_root *root, size_t places)
{
    real_value x = {sign, e, root};
    if (!rational_root_decimals(out, sign, e, places))
        exact_bounds_decimals(out, signed_bounds, &x, places);
}

double exact_value_double(const fmpq_poly_t e, exact_root *root)
{
    real_value x = {0, e, root};
    return exact_bounds_double(real_bounds, &x);
}

double exact_value_root_double(const fmpq_poly_t e, exact_root *root)
{
    real_value x = {1, e, root};
    return exact_bounds_double(signed_bounds, &x);
}

/* --- polynomials --- */

void exact_print_polynomial(buffer *out, const fmpq_poly_t p)
{
    exact_style closed = {0};
    exact_polynomial_write(out, p, &closed);
}

void exact_print_integer_polynomial(buffer *out, const fmpz_poly_t p)
{
    fmpq_poly_t q;
    fmpq_poly_init(q);
    fmpq_poly_set_fmpz_poly(q, p);
    exact_print_polynomial(out, q);
    fmpq_poly_clear(q);
}
