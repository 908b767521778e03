#include "math/log_form.h"

#include <math.h>
#include <mpfr.h>
#include <stdlib.h>
#include <string.h>

#include "math/fraction.h"

/* Divisors tried one by one; the size in bits up to which a factor is looked for by rho, in so many rounds,
 * and up to which it is asked whether a number is prime. */
enum { TRIAL = 4096, RHO_BITS = 256, RHO_ROUNDS = 1 << 18, PRIME_BITS = 4096, PRIME_TESTS = 25 };

void log_form_free(log_form *f)
{
    for (size_t i = 0; i < f->count; i++) {
        mpz_clear(f->terms[i].prime);
        mpq_clear(f->terms[i].coefficient);
    }
    free(f->terms);
    *f = (log_form){0};
}

/* --- sums --- */

static void remove_term(log_form *f, size_t at)
{
    mpz_clear(f->terms[at].prime);
    mpq_clear(f->terms[at].coefficient);
    memmove(f->terms + at, f->terms + at + 1, (--f->count - at) * sizeof *f->terms);
}

/* f += coefficient * log(prime). */
static void add_prime(log_form *f, const mpz_t prime, const mpq_t coefficient)
{
    size_t at = 0;
    int order = 1;
    while (at < f->count && (order = mpz_cmp(f->terms[at].prime, prime)) < 0)
        at++;
    if (at < f->count && order == 0) {
        mpq_add(f->terms[at].coefficient, f->terms[at].coefficient, coefficient);
        if (mpq_sgn(f->terms[at].coefficient) == 0)
            remove_term(f, at);
        return;
    }
    if (mpq_sgn(coefficient) == 0)
        return;
    if (!memory_grow(&f->terms, &f->capacity, f->count + 1, sizeof *f->terms)) {
        f->failed = true;
        return;
    }
    memmove(f->terms + at + 1, f->terms + at, (f->count++ - at) * sizeof *f->terms);
    mpz_init_set(f->terms[at].prime, prime);
    mpq_init(f->terms[at].coefficient);
    mpq_set(f->terms[at].coefficient, coefficient);
}

/* f += coefficient * times * log(prime). */
static void add_power(log_form *f, const mpz_t prime, const mpq_t coefficient, unsigned long times)
{
    mpq_t c;
    mpq_init(c);
    mpq_set_ui(c, times, 1);
    mpq_mul(c, c, coefficient);
    add_prime(f, prime, c);
    mpq_clear(c);
}

void log_form_add_form(log_form *f, const mpq_t coefficient, const log_form *g)
{
    mpq_t c;
    mpq_init(c);
    for (size_t i = 0; i < g->count; i++) {
        mpq_mul(c, coefficient, g->terms[i].coefficient);
        add_prime(f, g->terms[i].prime, c);
    }
    f->failed |= g->failed;
    mpq_clear(c);
}

void log_form_add_multiple(log_form *f, long coefficient, const log_form *g)
{
    mpq_t c;
    mpq_init(c);
    mpq_set_si(c, coefficient, 1);
    log_form_add_form(f, c, g);
    mpq_clear(c);
}

/* --- factors --- */

/* x <- x^2 + c mod n. */
static void rho_step(mpz_t x, unsigned long c, const mpz_t n)
{
    mpz_mul(x, x, x);
    mpz_add_ui(x, x, c);
    mpz_mod(x, x, n);
}

/* A factor of the composite N; false when none was found. */
static bool rho(mpz_t factor, const mpz_t n)
{
    mpz_t slow, fast, product, off;
    mpz_inits(slow, fast, product, off, NULL);
    bool found = false;
    for (unsigned long c = 1; !found && c <= 3; c++) {
        mpz_set_ui(slow, 2);
        mpz_set_ui(fast, 2);
        for (long round = 0; !found && round < RHO_ROUNDS; round++) {
            rho_step(slow, c, n);
            rho_step(fast, c, n);
            rho_step(fast, c, n);
            mpz_sub(off, slow, fast);
            mpz_gcd(factor, off, n);
            if (mpz_cmp(factor, n) == 0)
                break;
            found = mpz_cmp_ui(factor, 1) > 0;
        }
    }
    mpz_clears(slow, fast, product, off, NULL);
    return found;
}

/* f += coefficient * log(n), n > 1 without factors below TRIAL. */
static void add_rough(log_form *f, const mpz_t n, const mpq_t coefficient)
{
    size_t bits = mpz_sizeinbase(n, 2);
    if (bits > PRIME_BITS || mpz_probab_prime_p(n, PRIME_TESTS)) {
        add_prime(f, n, coefficient);
        return;
    }
    mpz_t part, rest;
    mpz_inits(part, rest, NULL);
    if (mpz_perfect_power_p(n)) {
        unsigned long k = 2;
        while (!mpz_root(part, n, k))
            k++;
        mpq_t c;
        mpq_init(c);
        mpq_set_ui(c, k, 1);
        mpq_mul(c, c, coefficient);
        add_rough(f, part, c);
        mpq_clear(c);
    } else if (bits <= RHO_BITS && rho(part, n)) {
        mpz_divexact(rest, n, part);
        add_rough(f, part, coefficient);
        add_rough(f, rest, coefficient);
    } else {
        add_prime(f, n, coefficient);
    }
    mpz_clears(part, rest, NULL);
}

/* f += coefficient * log(n), n > 0. */
static void add_integer(log_form *f, const mpz_t n, const mpq_t coefficient)
{
    mpz_t rest, d;
    mpz_init_set(rest, n);
    mpz_init(d);
    for (unsigned long k = 2; k < TRIAL && mpz_cmp_ui(rest, 1) > 0; k += k == 2 ? 1 : 2) {
        if (mpz_cmp_ui(rest, k * k) < 0)
            break;
        if (!mpz_divisible_ui_p(rest, k))
            continue;
        mpz_set_ui(d, k);
        add_power(f, d, coefficient, mpz_remove(rest, rest, d));
    }
    /* what is below the square of the divisor reached is prime */
    if (mpz_cmp_ui(rest, (unsigned long)TRIAL * TRIAL) < 0 && mpz_cmp_ui(rest, 1) > 0)
        add_prime(f, rest, coefficient);
    else if (mpz_cmp_ui(rest, 1) > 0)
        add_rough(f, rest, coefficient);
    mpz_clear(rest);
    mpz_clear(d);
}

void log_form_add(log_form *f, const mpq_t coefficient, const mpq_t argument)
{
    mpq_t minus;
    mpq_init(minus);
    mpq_neg(minus, coefficient);
    add_integer(f, mpq_numref(argument), coefficient);
    add_integer(f, mpq_denref(argument), minus);
    mpq_clear(minus);
}

bool log_form_ratio(mpq_t ratio, const log_form *f, const log_form *g)
{
    if (f->count == 0) {
        mpq_set_ui(ratio, 0, 1);
        return true;
    }
    if (f->count != g->count)
        return false;
    mpq_t other;
    mpq_init(other);
    bool same = true;
    for (size_t i = 0; same && i < f->count; i++) {
        same = mpz_cmp(f->terms[i].prime, g->terms[i].prime) == 0;
        mpq_div(other, f->terms[i].coefficient, g->terms[i].coefficient);
        if (i == 0)
            mpq_set(ratio, other);
        same = same && mpq_equal(ratio, other);
    }
    mpq_clear(other);
    return same;
}

/* --- in a base --- */

/* F / log(BASE) as REST + a sum of multiples of logarithms to that base: of the primes of the base the
 * greatest is written by the others. */
static void reduce(log_form *reduced, mpq_t rest, const log_form *f, mpq_srcptr base)
{
    *reduced = (log_form){0};
    mpq_set_ui(rest, 0, 1);
    log_form_add_multiple(reduced, 1, f);
    if (base == NULL)
        return;
    log_form of_base = {0};
    mpq_t one;
    mpq_init(one);
    mpq_set_ui(one, 1, 1);
    log_form_add(&of_base, one, base);
    const log_term *last = of_base.count > 0 ? &of_base.terms[of_base.count - 1] : NULL;
    for (size_t i = 0; last != NULL && i < reduced->count; i++)
        if (mpz_cmp(reduced->terms[i].prime, last->prime) == 0) {
            mpq_div(rest, reduced->terms[i].coefficient, last->coefficient);
            break;
        }
    mpq_neg(one, rest);
    log_form_add_form(reduced, one, &of_base);
    log_form_free(&of_base);
    mpq_clear(one);
}

/* --- printing --- */

static void print_integer(buffer *out, const mpz_t n)
{
    char *place = buffer_reserve(out, mpz_sizeinbase(n, 10) + 2);
    if (place == NULL)
        return;
    mpz_get_str(place, 10, n);
    out->size += strlen(place);
}

static void print_logarithm(buffer *out, const mpz_t prime, mpq_srcptr base)
{
    bool two = base != NULL && mpq_cmp_ui(base, 2, 1) == 0,
         ten = base != NULL && mpq_cmp_ui(base, 10, 1) == 0;
    buffer_string(out, two ? "log2(" : ten ? "log10(" : "log(");
    print_integer(out, prime);
    buffer_char(out, ')');
    if (base == NULL || two || ten)
        return;
    buffer_string(out, "/log(");
    fraction_print(out, base);
    buffer_char(out, ')');
}

/* One term of the sum with its sign; PRIME NULL: a plain number. */
static void print_term(buffer *out, bool first, mpq_srcptr coefficient, mpz_srcptr prime, mpq_srcptr base)
{
    bool minus = mpq_sgn(coefficient) < 0;
    mpq_t size;
    mpq_init(size);
    mpq_abs(size, coefficient);
    buffer_string(out, first ? minus ? "-" : "" : minus ? " - " : " + ");
    bool one = mpq_cmp_ui(size, 1, 1) == 0;
    if (prime == NULL || !one)
        fraction_print(out, size);
    if (prime != NULL) {
        buffer_string(out, one ? "" : "*");
        print_logarithm(out, prime, base);
    }
    mpq_clear(size);
}

size_t log_form_print(buffer *out, const log_form *f, mpq_srcptr base)
{
    log_form r;
    mpq_t rest;
    mpq_init(rest);
    reduce(&r, rest, f, base);
    out->failed |= r.failed;
    /* a sum begins with a term that has no minus, where there is one; the plain number is the last term */
    size_t lead = 0;
    while (lead < r.count && mpq_sgn(r.terms[lead].coefficient) < 0)
        lead++;
    bool rest_leads = lead == r.count && (mpq_sgn(rest) > 0 || r.count == 0);
    if (lead < r.count)
        print_term(out, true, r.terms[lead].coefficient, r.terms[lead].prime, base);
    else if (rest_leads)
        print_term(out, true, rest, NULL, base);
    for (size_t i = 0; i < r.count; i++)
        if (i != lead)
            print_term(out, i == 0 && lead == r.count && !rest_leads, r.terms[i].coefficient,
                       r.terms[i].prime, base);
    if (!rest_leads && mpq_sgn(rest) != 0)
        print_term(out, false, rest, NULL, base);
    size_t terms = r.count + (mpq_sgn(rest) != 0);
    log_form_free(&r);
    mpq_clear(rest);
    return terms;
}

/* The factors of exp(F) whose exponents have the sign SIGN, whole powers multiplied out; how many factors. */
static size_t print_factors(buffer *out, const log_form *f, int sign)
{
    size_t count = 0;
    mpz_t whole, power;
    mpz_init_set_ui(whole, 1);
    mpz_init(power);
    for (size_t i = 0; i < f->count; i++) {
        mpq_srcptr c = f->terms[i].coefficient;
        if (mpq_sgn(c) != sign || mpz_cmp_ui(mpq_denref(c), 1) != 0)
            continue;
        mpz_pow_ui(power, f->terms[i].prime, mpz_get_ui(mpq_numref(c)));
        mpz_mul(whole, whole, power);
    }
    if (mpz_cmp_ui(whole, 1) != 0) {
        print_integer(out, whole);
        count = 1;
    }
    for (size_t i = 0; i < f->count; i++) {
        mpq_srcptr c = f->terms[i].coefficient;
        if (mpq_sgn(c) != sign || mpz_cmp_ui(mpq_denref(c), 1) == 0)
            continue;
        mpq_t size;
        mpq_init(size);
        mpq_abs(size, c);
        buffer_string(out, count++ > 0 ? "*" : "");
        print_integer(out, f->terms[i].prime);
        buffer_string(out, "^(");
        fraction_print(out, size);
        buffer_char(out, ')');
        mpq_clear(size);
    }
    mpz_clear(whole);
    mpz_clear(power);
    return count;
}

void log_form_print_power(buffer *out, const log_form *f)
{
    buffer below = {0};
    out->failed |= f->failed;
    if (print_factors(out, f, 1) == 0)
        buffer_char(out, '1');
    size_t count = print_factors(&below, f, -1);
    if (count > 0)
        buffer_printf(out, count > 1 ? "/(%s)" : "/%s", buffer_text(&below));
    out->failed |= below.failed;
    buffer_free(&below);
}

/* --- decimals --- */

static void evaluate_form(mpfr_t out, const log_form *f)
{
    mpfr_t term;
    mpfr_init2(term, mpfr_get_prec(out));
    mpfr_set_zero(out, 1);
    for (size_t i = 0; i < f->count; i++) {
        mpfr_set_z(term, f->terms[i].prime, MPFR_RNDN);
        mpfr_log(term, term, MPFR_RNDN);
        mpfr_mul_q(term, term, f->terms[i].coefficient, MPFR_RNDN);
        mpfr_add(out, out, term, MPFR_RNDN);
    }
    mpfr_clear(term);
}

static void evaluate(mpfr_t out, const log_quotient *q)
{
    mpfr_t below, other;
    mpfr_inits2(mpfr_get_prec(out), below, other, (mpfr_ptr)NULL);
    evaluate_form(out, q->f);
    if (q->power) {
        mpfr_exp(out, out, MPFR_RNDN);
    } else if (q->g != NULL) {
        evaluate_form(below, q->g);
        if (q->h != NULL) {
            evaluate_form(other, q->h);
            mpfr_mul(below, below, other, MPFR_RNDN);
            mpfr_sqrt(below, below, MPFR_RNDN);
        }
        mpfr_div(out, out, below, MPFR_RNDN);
    } else if (q->base != NULL) {
        mpfr_set_q(below, q->base, MPFR_RNDN);
        mpfr_log(below, below, MPFR_RNDN);
        mpfr_div(out, out, below, MPFR_RNDN);
    }
    mpfr_clears(below, other, (mpfr_ptr)NULL);
}

double log_form_value(const log_quotient *q)
{
    mpfr_t x;
    mpfr_init2(x, 256);
    evaluate(x, q);
    double value = mpfr_get_d(x, MPFR_RNDN);
    mpfr_clear(x);
    return value;
}

/* Is the value rational?  FAILED is set where memory ran out. */
static bool is_rational(mpq_t value, const log_quotient *q, bool *failed)
{
    if (q->power || q->h != NULL)
        return false;
    if (q->g != NULL)
        return log_form_ratio(value, q->f, q->g);
    log_form reduced;
    reduce(&reduced, value, q->f, q->base);
    *failed |= reduced.failed;
    bool rational = reduced.count == 0;
    log_form_free(&reduced);
    return rational;
}

/* value * 10^places rounded to an integer at PRECISION bits. */
static void scaled(mpz_t out, const log_quotient *q, size_t places, mpfr_prec_t precision)
{
    mpfr_t x, ten;
    mpfr_inits2(precision, x, ten, (mpfr_ptr)NULL);
    evaluate(x, q);
    mpfr_ui_pow_ui(ten, 10, places, MPFR_RNDN);
    mpfr_mul(x, x, ten, MPFR_RNDN);
    mpfr_get_z(out, x, MPFR_RNDN);
    mpfr_clears(x, ten, (mpfr_ptr)NULL);
}

/* A logarithm that is not rational is never half way between two decimals, so digits that no longer change
 * when the precision is doubled, 128 bits beyond what is printed at first, are the right ones. */
void log_form_decimals(buffer *out, const log_quotient *q, size_t places)
{
    mpq_t rational;
    mpz_t now, before;
    mpq_init(rational);
    mpz_inits(now, before, NULL);
    if (is_rational(rational, q, &out->failed)) {
        fraction_decimals(out, rational, places);
    } else {
        mpfr_prec_t precision = (mpfr_prec_t)(4 * places + 128);
        scaled(before, q, places, precision);
        for (int round = 0; round < 6; round++) {
            precision *= 2;
            scaled(now, q, places, precision);
            if (mpz_cmp(now, before) == 0)
                break;
            mpz_swap(now, before);
        }
        fraction_point(out, before, places);
    }
    mpfr_free_cache();
    mpq_clear(rational);
    mpz_clears(now, before, NULL);
}
