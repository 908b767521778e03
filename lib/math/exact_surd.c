#include "math/exact_surd.h"

#include <flint/fmpq_vec.h>
#include <flint/fmpz_factor.h>
#include <flint/fmpz_vec.h>

#include "math/exact_decimals.h"
#include "math/rational.h"

enum { MOST_FACTORED_BITS = 160, SMALL_PRIMES = 3000 };

void surd_init(surd *x)
{
    *x = (surd){0};
}

void surd_clear(surd *x)
{
    _fmpq_vec_clear(x->factors, x->capacity);
    _fmpz_vec_clear(x->radicands, x->capacity);
    *x = (surd){0};
}

void surd_swap(surd *a, surd *b)
{
    surd t = *a;
    *a = *b;
    *b = t;
}

/* Room for COUNT terms. */
static void reserve(surd *x, slong count)
{
    if (count <= x->capacity)
        return;
    fmpq *factors = _fmpq_vec_init(count);
    fmpz *radicands = _fmpz_vec_init(count);
    for (slong i = 0; i < x->count; i++) {
        fmpq_swap(factors + i, x->factors + i);
        fmpz_swap(radicands + i, x->radicands + i);
    }
    _fmpq_vec_clear(x->factors, x->capacity);
    _fmpz_vec_clear(x->radicands, x->capacity);
    x->factors = factors;
    x->radicands = radicands;
    x->capacity = count;
}

void surd_set(surd *x, const surd *a)
{
    if (x == a)
        return;
    x->count = 0;
    reserve(x, a->count);
    for (slong i = 0; i < a->count; i++) {
        fmpq_set(x->factors + i, a->factors + i);
        fmpz_set(x->radicands + i, a->radicands + i);
    }
    x->count = a->count;
}

/* The order of terms. */
static int compare_radicands(const fmpz_t a, const fmpz_t b)
{
    int order = fmpz_cmpabs(a, b);
    return order != 0 ? order : fmpz_cmp(b, a);
}

/* X += FACTOR * sqrt(RADICAND), the radicand squarefree. */
static void add_term(surd *x, const fmpq_t factor, const fmpz_t radicand)
{
    slong at = 0;
    if (fmpq_is_zero(factor))
        return;
    while (at < x->count && compare_radicands(x->radicands + at, radicand) < 0)
        at++;
    if (at < x->count && fmpz_equal(x->radicands + at, radicand)) {
        fmpq_add(x->factors + at, x->factors + at, factor);
        if (!fmpq_is_zero(x->factors + at))
            return;
        x->count--;
        for (slong i = at; i < x->count; i++) {
            fmpq_swap(x->factors + i, x->factors + i + 1);
            fmpz_swap(x->radicands + i, x->radicands + i + 1);
        }
        return;
    }
    reserve(x, x->count + 1);
    for (slong i = x->count++; i > at; i--) {
        fmpq_swap(x->factors + i, x->factors + i - 1);
        fmpz_swap(x->radicands + i, x->radicands + i - 1);
    }
    fmpq_set(x->factors + at, factor);
    fmpz_set(x->radicands + at, radicand);
}

void surd_set_rational(surd *x, const fmpq_t a)
{
    fmpz_t one;
    fmpz_init_set_ui(one, 1);
    x->count = 0;
    add_term(x, a, one);
    fmpz_clear(one);
}

/* --- the root of a rational number --- */

/* N > 0 is ROOT^2 REST with REST squarefree, both multiplied up from N's factors. */
static void collect_squares(fmpz_t root, fmpz_t rest, const fmpz_factor_t factors)
{
    fmpz_t power;
    fmpz_init(power);
    for (slong i = 0; i < factors->num; i++) {
        fmpz_pow_ui(power, factors->p + i, factors->exp[i] / 2);
        fmpz_mul(root, root, power);
        if (factors->exp[i] % 2 == 1)
            fmpz_mul(rest, rest, factors->p + i);
    }
    fmpz_clear(power);
}

/* N > 0 as ROOT^2 REST; false when N is too large to be factored. */
static bool split(fmpz_t root, fmpz_t rest, const fmpz_t n)
{
    fmpz_factor_t factors;
    fmpz_t large;
    fmpz_factor_init(factors);
    fmpz_init_set_ui(large, 1);
    fmpz_one(root);
    fmpz_one(rest);
    bool good = true;
    if (!fmpz_factor_trial(factors, n, SMALL_PRIMES)) { /* the last factor is what is left */
        fmpz_swap(large, factors->p + --factors->num);
    }
    collect_squares(root, rest, factors);
    if (fmpz_is_square(large)) {
        fmpz_sqrt(large, large);
        fmpz_mul(root, root, large);
    } else if (fmpz_bits(large) <= MOST_FACTORED_BITS) {
        fmpz_factor(factors, large);
        collect_squares(root, rest, factors);
    } else {
        good = false;
    }
    fmpz_factor_clear(factors);
    fmpz_clear(large);
    return good;
}

bool surd_set_root(surd *x, const fmpq_t a)
{
    fmpq_t factor;
    fmpz_t radicand, below, n;
    x->count = 0;
    if (fmpq_is_zero(a))
        return true;
    fmpq_init(factor);
    fmpz_init(radicand);
    fmpz_init(below);
    fmpz_init(n);
    fmpz_abs(n, fmpq_numref(a));
    bool good = split(fmpq_numref(factor), radicand, n) && split(fmpq_denref(factor), below, fmpq_denref(a));
    if (good) { /* sqrt(u/v) = sqrt(u v) / v; u and v have no common factor */
        fmpz_mul(fmpq_denref(factor), fmpq_denref(factor), below);
        fmpz_mul(radicand, radicand, below);
        if (fmpq_sgn(a) < 0)
            fmpz_neg(radicand, radicand);
        fmpq_canonicalise(factor);
        add_term(x, factor, radicand);
    }
    fmpq_clear(factor);
    fmpz_clear(radicand);
    fmpz_clear(below);
    fmpz_clear(n);
    return good;
}

/* --- arithmetic --- */

static void add_terms(surd *x, const surd *a, bool minus)
{
    fmpq_t factor;
    fmpq_init(factor);
    for (slong i = 0; i < a->count; i++) {
        fmpq_set(factor, a->factors + i);
        if (minus)
            fmpq_neg(factor, factor);
        add_term(x, factor, a->radicands + i);
    }
    fmpq_clear(factor);
}

static void combine(surd *x, const surd *a, const surd *b, bool minus)
{
    surd sum;
    surd_init(&sum);
    surd_set(&sum, a);
    add_terms(&sum, b, minus);
    surd_swap(x, &sum);
    surd_clear(&sum);
}

void surd_add(surd *x, const surd *a, const surd *b)
{
    combine(x, a, b, false);
}

void surd_sub(surd *x, const surd *a, const surd *b)
{
    combine(x, a, b, true);
}

void surd_neg(surd *x)
{
    for (slong i = 0; i < x->count; i++)
        fmpq_neg(x->factors + i, x->factors + i);
}

void surd_scale(surd *x, const fmpq_t by)
{
    if (fmpq_is_zero(by))
        x->count = 0;
    for (slong i = 0; i < x->count; i++)
        fmpq_mul(x->factors + i, x->factors + i, by);
}

/* X += FA sqrt(A) FB sqrt(B): with g = gcd(A, B) that is g sqrt(A/g B/g), and i i = -1. */
static void add_product(surd *x, const fmpq *fa, const fmpz *a, const fmpq *fb, const fmpz *b)
{
    fmpq_t factor;
    fmpz_t common, left, right;
    fmpq_init(factor);
    fmpz_init(common);
    fmpz_init(left);
    fmpz_init(right);
    fmpz_gcd(common, a, b);
    fmpz_divexact(left, a, common);
    fmpz_divexact(right, b, common);
    fmpz_mul(left, left, right);
    fmpq_mul(factor, fa, fb);
    fmpq_mul_fmpz(factor, factor, common);
    if (fmpz_sgn(a) < 0 && fmpz_sgn(b) < 0)
        fmpq_neg(factor, factor);
    add_term(x, factor, left);
    fmpq_clear(factor);
    fmpz_clear(common);
    fmpz_clear(left);
    fmpz_clear(right);
}

void surd_mul(surd *x, const surd *a, const surd *b)
{
    surd product;
    surd_init(&product);
    for (slong i = 0; i < a->count; i++)
        for (slong k = 0; k < b->count; k++)
            add_product(&product, a->factors + i, a->radicands + i, b->factors + k, b->radicands + k);
    surd_swap(x, &product);
    surd_clear(&product);
}

void surd_conjugate(surd *x)
{
    for (slong i = 0; i < x->count; i++)
        if (fmpz_sgn(x->radicands + i) < 0)
            fmpq_neg(x->factors + i, x->factors + i);
}

/* A prime factor of a radicand, or -1; false when X is rational. */
static bool find_generator(fmpz_t prime, const surd *x)
{
    const fmpz *radicand = x->radicands + x->count - 1;
    if (x->count == 0 || fmpz_is_one(radicand))
        return false;
    if (fmpz_sgn(radicand) < 0) {
        fmpz_set_si(prime, -1);
        return true;
    }
    fmpz_factor_t factors;
    fmpz_factor_init(factors);
    fmpz_factor(factors, radicand);
    fmpz_set(prime, factors->p);
    fmpz_factor_clear(factors);
    return true;
}

/* The other number of the pair that sqrt(PRIME) -> -sqrt(PRIME) makes. */
static void flip(surd *x, const fmpz_t prime)
{
    bool minus_one = fmpz_sgn(prime) < 0;
    for (slong i = 0; i < x->count; i++)
        if (minus_one ? fmpz_sgn(x->radicands + i) < 0 : fmpz_divisible(x->radicands + i, prime))
            fmpq_neg(x->factors + i, x->factors + i);
}

/* 1/a = a^/(a a^): one generator of the field fewer with each conjugate a^. */
bool surd_inverse(surd *x, const surd *a)
{
    surd top, below, other;
    fmpz_t prime;
    if (a->count == 0)
        return false;
    surd_init(&top);
    surd_init(&below);
    surd_init(&other);
    fmpz_init(prime);
    fmpq_t one;
    fmpq_init(one);
    fmpq_one(one);
    surd_set_rational(&top, one);
    surd_set(&below, a);
    while (find_generator(prime, &below)) {
        surd_set(&other, &below);
        flip(&other, prime);
        surd_mul(&top, &top, &other);
        surd_mul(&below, &below, &other);
    }
    fmpq_inv(one, below.factors);
    surd_scale(&top, one);
    surd_swap(x, &top);
    fmpq_clear(one);
    fmpz_clear(prime);
    surd_clear(&top);
    surd_clear(&below);
    surd_clear(&other);
    return true;
}

/* --- questions --- */

bool surd_is_zero(const surd *x)
{
    return x->count == 0;
}

bool surd_is_real(const surd *x)
{
    for (slong i = 0; i < x->count; i++)
        if (fmpz_sgn(x->radicands + i) < 0)
            return false;
    return true;
}

bool surd_is_rational(const surd *x, fmpq_t value)
{
    if (x->count > 1 || (x->count == 1 && !fmpz_is_one(x->radicands)))
        return false;
    if (x->count == 0)
        fmpq_zero(value);
    else
        fmpq_set(value, x->factors);
    return true;
}

bool surd_equal(const surd *a, const surd *b)
{
    bool equal = a->count == b->count;
    for (slong i = 0; equal && i < a->count; i++)
        equal = fmpz_equal(a->radicands + i, b->radicands + i) && fmpq_equal(a->factors + i, b->factors + i);
    return equal;
}

/* sqrt(n) |p|/q = sqrt(n p^2 4^bits) / q, to the nearest below. */
void surd_bounds(fmpz_t centre, fmpz_t radius, const surd *x, slong bits)
{
    fmpz_t term;
    fmpz_init(term);
    fmpz_zero(centre);
    for (slong i = 0; i < x->count; i++) {
        const fmpq *factor = x->factors + i;
        fmpz_mul(term, fmpq_numref(factor), fmpq_numref(factor));
        fmpz_mul(term, term, x->radicands + i);
        fmpz_mul_2exp(term, term, 2 * (ulong)bits);
        fmpz_sqrt(term, term);
        fmpz_fdiv_q(term, term, fmpq_denref(factor));
        if (fmpz_sgn(fmpq_numref(factor)) < 0)
            fmpz_neg(term, term);
        fmpz_add(centre, centre, term);
    }
    fmpz_set_si(radius, 2 * x->count);
    fmpz_clear(term);
}

int surd_sign(const surd *x)
{
    if (x->count <= 1)
        return x->count == 0 ? 0 : fmpq_sgn(x->factors);
    fmpz_t centre, radius;
    fmpz_init(centre);
    fmpz_init(radius);
    slong bits = 64;
    do {
        surd_bounds(centre, radius, x, bits);
        bits *= 2;
    } while (fmpz_cmpabs(centre, radius) <= 0);
    int sign = fmpz_sgn(centre);
    fmpz_clear(centre);
    fmpz_clear(radius);
    return sign;
}

int surd_compare(const surd *a, const surd *b)
{
    surd difference;
    surd_init(&difference);
    surd_sub(&difference, a, b);
    int sign = surd_sign(&difference);
    surd_clear(&difference);
    return sign;
}

/* --- roots of surds --- */

static bool rational_root(fmpq_t out, const fmpq_t x)
{
    if (fmpq_sgn(x) < 0 || !fmpz_is_square(fmpq_numref(x)) || !fmpz_is_square(fmpq_denref(x)))
        return false;
    fmpz_sqrt(fmpq_numref(out), fmpq_numref(x));
    fmpz_sqrt(fmpq_denref(out), fmpq_denref(x));
    return true;
}

/* OUT = sqrt((P + T)/2) */
static bool half_root(surd *out, const fmpq_t p, const fmpq_t t)
{
    fmpq_t half;
    fmpq_init(half);
    fmpq_add(half, p, t);
    fmpq_div_2exp(half, half, 1);
    bool good = surd_set_root(out, half);
    fmpq_clear(half);
    return good;
}

static bool denest_sum(surd *x, const surd *a)
{
    const fmpq *p = a->factors, *q = a->factors + 1;
    fmpq_t t, square;
    surd left, right;
    fmpq_init(t);
    fmpq_init(square);
    surd_init(&left);
    surd_init(&right);
    fmpq_mul(t, p, p);
    fmpq_mul(square, q, q);
    fmpq_mul_fmpz(square, square, a->radicands + 1);
    fmpq_sub(square, t, square);
    bool good = rational_root(t, square) && half_root(&left, p, t);
    fmpq_neg(t, t);
    good = good && half_root(&right, p, t);
    if (good && fmpq_sgn(q) < 0)
        surd_neg(&right);
    if (good)
        surd_add(x, &left, &right);
    fmpq_clear(t);
    fmpq_clear(square);
    surd_clear(&left);
    surd_clear(&right);
    return good;
}

bool surd_denest(surd *x, const surd *a)
{
    fmpq_t value;
    fmpq_init(value);
    surd root;
    surd_init(&root);
    bool good = false;
    if (surd_is_rational(a, value))
        good = surd_set_root(&root, value);
    else if (a->count == 2 && fmpz_is_one(a->radicands) && surd_is_real(a))
        good = denest_sum(&root, a);
    if (good)
        surd_swap(x, &root);
    surd_clear(&root);
    fmpq_clear(value);
    return good;
}

/* --- printing --- */

/* `3`, `sqrt(5)`, `2*i*sqrt(3)`, without a sign. */
static void print_term(buffer *out, const fmpq_t size, const fmpz_t radicand)
{
    fmpz_t root;
    fmpz_init(root);
    fmpz_abs(root, radicand);
    bool has_root = !fmpz_is_one(root), imaginary = fmpz_sgn(radicand) < 0, factor = !fmpq_is_one(size);
    if (factor || (!has_root && !imaginary))
        rational_print(out, size);
    if (imaginary)
        buffer_string(out, factor ? "*i" : "i");
    if (has_root) {
        char *text = fmpz_get_str(NULL, 10, root);
        buffer_printf(out, "%ssqrt(%s)", factor || imaginary ? "*" : "", text);
        flint_free(text);
    }
    fmpz_clear(root);
}

void surd_print(buffer *out, const surd *x)
{
    fmpq_t size;
    fmpq_init(size);
    if (x->count == 0)
        buffer_char(out, '0');
    for (slong i = 0; i < x->count; i++) {
        bool minus = fmpq_sgn(x->factors + i) < 0;
        buffer_string(out, i == 0 ? minus ? "-" : "" : minus ? " - " : " + ");
        fmpq_abs(size, x->factors + i);
        print_term(out, size, x->radicands + i);
    }
    fmpq_clear(size);
}

void surd_content(fmpq_t c, const surd *x)
{
    for (slong i = 0; i < x->count; i++) {
        fmpz_gcd(fmpq_numref(c), fmpq_numref(c), fmpq_numref(x->factors + i));
        fmpz_lcm(fmpq_denref(c), fmpq_denref(c), fmpq_denref(x->factors + i));
    }
}

/* FACTOR^2 divides X's content as far as squares are found in it; X becomes what is left. */
static void take_squares(fmpq_t factor, surd *x)
{
    fmpq_t c;
    fmpz_t rest;
    fmpq_init(c);
    fmpz_init(rest);
    surd_content(c, x);
    if (!split(fmpq_numref(factor), rest, fmpq_numref(c)))
        fmpz_one(fmpq_numref(factor));
    if (!split(fmpq_denref(factor), rest, fmpq_denref(c)))
        fmpz_one(fmpq_denref(factor));
    fmpq_mul(c, factor, factor);
    fmpq_inv(c, c);
    surd_scale(x, c);
    fmpq_clear(c);
    fmpz_clear(rest);
}

void surd_print_root(buffer *out, const surd *x)
{
    surd inner;
    fmpq_t factor;
    surd_init(&inner);
    fmpq_init(factor);
    if (surd_denest(&inner, x)) {
        surd_print(out, &inner);
    } else {
        surd_set(&inner, x);
        take_squares(factor, &inner);
        if (!fmpq_is_one(factor)) {
            rational_print(out, factor);
            buffer_char(out, '*');
        }
        buffer_string(out, "sqrt(");
        surd_print(out, &inner);
        buffer_char(out, ')');
    }
    surd_clear(&inner);
    fmpq_clear(factor);
}

void surd_decimals(buffer *out, const surd *x, size_t places)
{
    fmpq_t value;
    fmpz_t centre, radius;
    fmpq_init(value);
    fmpz_init(centre);
    fmpz_init(radius);
    if (surd_is_rational(x, value)) {
        rational_decimals(out, value, places);
    } else {
        slong bits = exact_bits(places);
        do {
            bits += 32;
            surd_bounds(centre, radius, x, bits);
        } while (!exact_decimals(out, centre, radius, bits, places));
    }
    fmpq_clear(value);
    fmpz_clear(centre);
    fmpz_clear(radius);
}
