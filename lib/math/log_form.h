/* log_form.h: exact sums of rational multiples of logarithms of primes, which is what entropies of rational
 * probabilities are.
 *
 * The logarithms of different primes are independent over the rationals (unique factorization), so a sum has
 * one such form, two sums are equal when their forms are, and a sum that is 0 has no terms.  An integer is
 * factored by division by small primes, then by Pollard's rho method (BIT 15 (1975) 331); a factor that
 * withstands it stays whole, which is still true, if perhaps not shortest. */
#ifndef MATH_LOG_FORM_H
#define MATH_LOG_FORM_H

#include <gmp.h>
#include <stdbool.h>
#include <stddef.h>

#include "base/memory.h"

typedef struct log_term {
    mpz_t prime;
    mpq_t coefficient; /* not 0 */
} log_term;

/* sum of coefficient * log(prime), primes ascending. */
typedef struct log_form {
    log_term *terms;
    size_t count, capacity;
    bool failed; /* memory ran out: what follows is not to be used */
} log_form;

/* All zero is the empty sum. */
void log_form_free(log_form *f);

/* f += COEFFICIENT * log(ARGUMENT), ARGUMENT > 0. */
void log_form_add(log_form *f, const mpq_t coefficient, const mpq_t argument);
/* f += COEFFICIENT * G. */
void log_form_add_form(log_form *f, const mpq_t coefficient, const log_form *g);
void log_form_add_multiple(log_form *f, long coefficient, const log_form *g);

/* Is F = RATIO * G?  G is not 0. */
bool log_form_ratio(mpq_t ratio, const log_form *f, const log_form *g);

/* Append F divided by log(BASE), for instance `log2(3) - 2/3`, and return how many terms that has; BASE:
 * above 1, NULL for e, whose logarithm is written log. */
size_t log_form_print(buffer *out, const log_form *f, mpq_srcptr base);

/* Append exp(F), for instance `3/2^(2/3)`. */
void log_form_print_power(buffer *out, const log_form *f);

/* The quotient of F and of log(BASE), of G, or of the square root of G * H, those that are not NULL; or
 * with POWER exp(F): appended with PLACES decimals, correctly rounded. */
typedef struct log_quotient {
    const log_form *f, *g, *h;
    mpq_srcptr base; /* NULL: e; looked at where G is NULL */
    bool power;
} log_quotient;

void log_form_decimals(buffer *out, const log_quotient *q, size_t places);
/* The same as a double. */
double log_form_value(const log_quotient *q);

#endif
