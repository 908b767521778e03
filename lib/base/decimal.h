/* decimal.h: what number_parse.c and number_print.c share: the table of powers and the one rounding step.
 * Not for other modules. */
#ifndef BASE_DECIMAL_H
#define BASE_DECIMAL_H

#include <stdbool.h>
#include <stdint.h>

enum { DECIMAL_FIRST_POWER = -342, DECIMAL_LAST_POWER = 324 };

/* The significant bits of 10^k, rounded up: 2^127 <= g < 2^128, g - 1 < 10^k * 2^-e <= g with
 * e = decimal_log2(k) - 127.  Exact for 0 <= k <= 55. */
typedef struct decimal_power {
    uint64_t high, low;
} decimal_power;

extern const decimal_power decimal_powers[DECIMAL_LAST_POWER - DECIMAL_FIRST_POWER + 1];

/* 10^0 .. 10^19 */
extern const uint64_t decimal_tens[20];

typedef unsigned __int128 decimal_wide;

static inline const decimal_power *decimal_power_of(int k)
{
    return &decimal_powers[k - DECIMAL_FIRST_POWER];
}

static inline bool decimal_power_is_exact(int k)
{
    return k >= 0 && k <= 55;
}

/* floor(k * log2(10)) for |k| <= 400, which a unit test tries. */
static inline int decimal_log2(int k)
{
    return (k * 217706) >> 16;
}

/* W * 10^k for a W with its top bit set, in units of 2^(decimal_log2(k) - 63).  The true product p obeys
 * high - 1 < p < high + 1, and high <= p < high + 1 when `exact`; `above` tells p > high where exact. */
typedef struct decimal_product {
    decimal_wide high;
    bool exact, above;
} decimal_product;

static inline decimal_product decimal_multiply(uint64_t w, int k)
{
    const decimal_power *g = decimal_power_of(k);
    decimal_wide low = (decimal_wide)w * g->low;
    decimal_product p = {.high = (decimal_wide)w * g->high + (uint64_t)(low >> 64)};
    p.exact = decimal_power_is_exact(k);
    p.above = (uint64_t)low != 0;
    return p;
}

/* p / 2^drop rounded to the nearest integer, half to even; 1 <= drop <= 127, the result below 2^64.  False
 * when the bounds on p do not decide, which takes a remainder within 1 of a half.  (A remainder of 0 decides:
 * p may then lie a little below the multiple of 2^drop, but rounds to it.) */
static inline bool decimal_round(decimal_product p, int drop, uint64_t *result)
{
    uint64_t whole = (uint64_t)(p.high >> drop);
    decimal_wide half = (decimal_wide)1 << (drop - 1), rest = p.high & (half + half - 1);
    if (rest == half && !p.exact)
        return false;
    /* Up or down is a coin toss, so no branch on it. */
    *result = whole + ((rest > half) | ((rest == half) & (p.above | (whole & 1))));
    return true;
}

#endif
