/* exponential.h: exp of eight doubles at a time, for loops over rows.
 *
 * exp(x) = 2^n exp(r), n the whole number nearest to x / log 2, r = x - n log 2 in two parts (Cody, Waite,
 * Software Manual for the Elementary Functions, 1980), |r| <= 0.3466; exp(r) is its Taylor polynomial of
 * degree 13, whose remainder is below 5e-18.  The error is below 2 units in the last place for -708 <= x <=
 * 708 (tests/unit/test_gmm.c); below that the result is 0, above it is inf. */
#ifndef MATH_EXPONENTIAL_H
#define MATH_EXPONENTIAL_H

#include <stdint.h>

typedef double exponential_wide __attribute__((vector_size(64), aligned(8), may_alias));
typedef int64_t exponential_mask __attribute__((vector_size(64), aligned(8), may_alias));

/* *AT becomes exp(*AT). */
__attribute__((always_inline)) static inline void exponential(exponential_wide *at)
{
    exponential_wide x = *at;
    const double magic = 0x1.8p52, high = 0x1.62e42fee00000p-1, low = 0x1.a39ef35793c76p-33;
    exponential_mask under = x<-708.0, over = x> 708.0;
    exponential_wide inside = (exponential_wide)((exponential_mask)x & ~(under | over));
    exponential_wide shifted = inside * 0x1.71547652b82fep0 + magic, n = shifted - magic;
    exponential_wide r = (inside - n * high) - n * low;
    static const double factor[] = {1.0 / 6227020800,
                                    1.0 / 479001600,
                                    1.0 / 39916800,
                                    1.0 / 3628800,
                                    1.0 / 362880,
                                    1.0 / 40320,
                                    1.0 / 5040,
                                    1.0 / 720,
                                    1.0 / 120,
                                    1.0 / 24,
                                    1.0 / 6,
                                    1.0 / 2,
                                    1,
                                    1};
    exponential_wide sum = (exponential_wide){0} + factor[0];
    for (int i = 1; i < 14; i++)
        sum = sum * r + factor[i];
    /* n stands in the low bits of shifted */
    exponential_mask power =
        ((exponential_mask)shifted << 52) + (exponential_mask)((exponential_wide){0} + 1.0);
    exponential_wide result = sum * (exponential_wide)power;
    exponential_mask infinite = (exponential_mask)((exponential_wide){0} + __builtin_inf());
    *at = (exponential_wide)(((exponential_mask)result & ~(under | over)) | (infinite & over));
}

#endif
