#include "base/number.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/decimal.h"

/* digits * 10^exponent */
typedef struct shortest {
    uint64_t digits;
    int exponent;
} shortest;

/* floor(log10(2^e)) for |e| <= 1200, which a unit test tries by way of every power of two. */
static inline int log10_power(int e)
{
    return (e * 1262611) >> 22;
}

/* W * 10^k in the units that Schubfach asks for, rounded to odd: floor, with the last bit set unless exact.
 * (Section 9.6 of the paper: with g rounded up a fraction of at most 2^-63 means none.) */
static inline uint64_t multiply_to_odd(const decimal_power *g, uint64_t w)
{
    decimal_wide sum = (decimal_wide)w * g->high + (uint64_t)(((decimal_wide)w * g->low) >> 64);
    return (uint64_t)(sum >> 64) | ((uint64_t)sum > 1);
}

/* Schubfach: of the decimals that read back to c * 2^q, one of the shortest, and of these the closest.  FIELD
 * is the exponent field, FRACTION the other 52 bits.  The result may end in zeros. */
static inline shortest find_shortest(uint64_t fraction, int field)
{
    uint64_t c = field ? fraction | UINT64_C(1) << 52 : fraction;
    int q = field ? field - 1075 : -1074;
    /* Below a power of two the neighbour is half as far away: log10(3/4 * 2^q). */
    bool narrow = fraction == 0 && field > 1;
    int k = (q * 1262611 - (narrow ? 524031 : 0)) >> 22;
    int shift = q + decimal_log2(-k) + 1;
    const decimal_power *g = decimal_power_of(-k);
    /* Four times the number and the ends of the interval that rounds to it; open when c is odd. */
    uint64_t odd = c & 1, middle = multiply_to_odd(g, 4 * c << shift);
    uint64_t lower = multiply_to_odd(g, (4 * c - 2 + narrow) << shift) + odd;
    uint64_t upper = multiply_to_odd(g, (4 * c + 2) << shift) - odd;

    uint64_t s = middle / 4, tens = s / 10;
    bool below = lower <= 40 * tens, above = 40 * tens + 40 <= upper;
    if (s >= 10 && below != above)
        return (shortest){tens + above, k + 1};
    below = lower <= 4 * s, above = 4 * s + 4 <= upper;
    bool nearer = middle > 4 * s + 2 || (middle == 4 * s + 2 && (s & 1));
    return (shortest){s + (below != above ? above : nearer), k};
}

/* Eight digits of X < 10^8 as characters less '0', the first in the lowest byte: split by 10^4, 100, 10 with
 * reciprocals that are exact at these sizes. */
static inline uint64_t eight_digits(uint64_t x)
{
    uint64_t four = x / 10000 | (x % 10000) << 32;
    uint64_t hundreds = (four * 10486 >> 20) & 0x0000007f0000007f;
    uint64_t two = hundreds | (four - 100 * hundreds) << 16;
    uint64_t tens = (two * 103 >> 10) & 0x000f000f000f000f;
    return tens | (two - 10 * tens) << 8;
}

static inline void store(char *out, uint64_t digits)
{
    digits |= 0x3030303030303030;
#if __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
    digits = __builtin_bswap64(digits);
#endif
    memcpy(out, &digits, sizeof digits);
}

/* The number of decimal digits of X, 1 <= X < 10^19: log2 * 1233/4096 is log10 to within one. */
static inline int count_digits(uint64_t x)
{
    int t = ((64 - __builtin_clzll(x)) * 1233) >> 12;
    return t + (x >= decimal_tens[t]);
}

/* Exactly 17 digits of X < 10^17 to OUT, of which 16 more bytes may be overwritten; how many are left when
 * the zeros at the end are not counted. */
static inline int store_digits(char *out, uint64_t x)
{
    uint64_t head = x / UINT64_C(10000000000000000), rest = x % UINT64_C(10000000000000000);
    uint64_t high = eight_digits(rest / 100000000), low = eight_digits(rest % 100000000);
    out[0] = (char)('0' + head);
    store(out + 1, high);
    store(out + 9, low);
    if (low != 0)
        return 17 - (__builtin_clzll(low) >> 3);
    return high != 0 ? 9 - (__builtin_clzll(high) >> 3) : 1;
}

/* The exponent E, |E| < 1000, as `e-6`; the byte behind it. */
static char *store_exponent(char *out, int e)
{
    *out++ = 'e';
    if (e < 0)
        *out++ = '-';
    e = e < 0 ? -e : e;
    if (e >= 100)
        *out++ = (char)('0' + e / 100);
    if (e >= 10)
        *out++ = (char)('0' + e / 10 % 10);
    *out++ = (char)('0' + e % 10);
    return out;
}

/* DIGITS * 10^EXPONENT, 1 <= DIGITS < 10^17, in the layout that number.h states; the byte behind it. */
static inline char *lay_out(char *out, uint64_t digits, int exponent)
{
    int length = count_digits(digits), e = exponent + length - 1;
    digits *= decimal_tens[17 - length];
    if (e >= 0 && e <= 15) {
        int n = store_digits(out, digits);
        char behind[16];
        memcpy(behind, out + e + 1, sizeof behind);
        memcpy(out + e + 2, behind, sizeof behind);
        out[e + 1] = '.';
        return n <= e + 1 ? out + e + 1 : out + n + 1;
    }
    if (e < 0 && e >= -5) {
        memcpy(out, "0.000000", 8);
        return out + 1 - e + store_digits(out + 1 - e, digits);
    }
    int n = store_digits(out + 1, digits);
    out[0] = out[1];
    out[1] = '.';
    return store_exponent(n == 1 ? out + 1 : out + n + 1, e);
}

static size_t finish(const char *start, char *end)
{
    *end = '\0';
    return (size_t)(end - start);
}

/* Zero, inf and nan. */
static size_t print_special(char *out, double x)
{
    const char *text = x == 0 ? "0" : isnan(x) ? "nan" : x < 0 ? "-inf" : "inf";
    size_t length = strlen(text);
    memcpy(out, text, length + 1);
    return length;
}

/* An integer below 2^53 is the shortest form of itself: its neighbours lie at least 1/2 away. */
static inline char *print_integer(char *out, uint64_t x)
{
    if (x >= 100000000)
        return lay_out(out, x, 0);
    uint64_t digits = eight_digits(x);
    int zeros = __builtin_ctzll(digits) >> 3;
    store(out, digits >> 8 * zeros);
    return out + 8 - zeros;
}

size_t number_print(char out[NUMBER_PRINT_MAX], double x)
{
    uint64_t bits;
    memcpy(&bits, &x, sizeof bits);
    int field = (int)(bits >> 52 & 0x7ff);
    uint64_t fraction = bits & ((UINT64_C(1) << 52) - 1);
    if (x == 0 || field == 0x7ff)
        return print_special(out, x);
    char *p = out;
    *p = '-';
    p += bits >> 63;
    double size = fabs(x);
    if (size < 9007199254740992.0 && size == (double)(int64_t)size)
        return finish(out, print_integer(p, (uint64_t)size));
    shortest s = find_shortest(fraction, field);
    return finish(out, lay_out(p, s.digits, s.exponent));
}

/* C * 2^Q rounded to N significant digits: false when the table does not decide it.  The first guess of the
 * decimal exponent is right or one too small. */
static bool round_wide(uint64_t c, int q, int n, shortest *s)
{
    int zeros = __builtin_clzll(c);
    int e = log10_power(q + 63 - zeros);
    for (;; e++) {
        int k = n - 1 - e;
        if (k > DECIMAL_LAST_POWER)
            return false;
        decimal_product p = decimal_multiply(c << zeros, k);
        int drop = 63 - decimal_log2(k) - q + zeros;
        if ((uint64_t)(p.high >> drop) >= decimal_tens[n])
            continue;
        s->exponent = -k;
        return decimal_round(p, drop, &s->digits);
    }
}

/* The same by the C library, which is exact. */
static shortest round_text(double x, int n)
{
    char text[48];
    shortest s = {0, 1 - n};
    int e = 0;
    snprintf(text, sizeof text, "%.*e", n - 1, x);
    const char *p = text;
    for (; *p != 'e'; p++)
        if (*p >= '0' && *p <= '9')
            s.digits = s.digits * 10 + (uint64_t)(*p - '0');
    bool negative = *++p == '-';
    for (p++; *p != '\0'; p++)
        e = e * 10 + (*p - '0');
    s.exponent += negative ? -e : e;
    return s;
}

size_t number_print_digits(char out[NUMBER_PRINT_MAX], double x, int digits)
{
    int n = digits < 1 ? 1 : digits > 17 ? 17 : digits, q;
    if (x == 0 || !isfinite(x))
        return print_special(out, x);
    char *p = out;
    *p = '-';
    p += x < 0;
    shortest s;
    double size = fabs(x);
    uint64_t c = (uint64_t)ldexp(frexp(size, &q), 53);
    if (!round_wide(c, q - 53, n, &s))
        s = round_text(size, n);
    if (s.digits == decimal_tens[n]) { /* 9.99 rounded up to 10.0 */
        s.digits /= 10;
        s.exponent++;
    }
    return finish(out, lay_out(p, s.digits, s.exponent));
}
