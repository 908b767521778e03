#include "base/number.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/decimal.h"
#include "base/number_scan.h"

#define TENS(sign)                                                                                           \
    {                                                                                                        \
        sign 1e0, sign 1e1, sign 1e2, sign 1e3, sign 1e4, sign 1e5, sign 1e6, sign 1e7, sign 1e8, sign 1e9,  \
            sign 1e10, sign 1e11, sign 1e12, sign 1e13, sign 1e14, sign 1e15, sign 1e16, sign 1e17,          \
            sign 1e18, sign 1e19, sign 1e20, sign 1e21, sign 1e22                                            \
    }
const double number_tens[2][23] = {TENS(+), TENS(-)};

#define TEN(zeros) UINT64_C(1##zeros)
const uint64_t decimal_tens[20] = {
    1,
    TEN(0),
    TEN(00),
    TEN(000),
    TEN(0000),
    TEN(00000),
    TEN(000000),
    TEN(0000000),
    TEN(00000000),
    TEN(000000000),
    TEN(0000000000),
    TEN(00000000000),
    TEN(000000000000),
    TEN(0000000000000),
    TEN(00000000000000),
    TEN(000000000000000),
    TEN(0000000000000000),
    TEN(00000000000000000),
    TEN(000000000000000000),
    TEN(0000000000000000000),
};

/* Exponents saturate far from both the range of double and that of int64_t. */
static const int64_t exponent_limit = INT64_C(1) << 60;

/* A decimal as it was written: (-1)^negative * (the digits from `first` to `past`) with the last of them
 * worth 10^last. */
typedef struct decimal {
    const char *first, *past; /* from the first nonzero digit on, perhaps with a point among them */
    uint64_t w;               /* the first 19 of them; more were cut when `cut` */
    int64_t exponent;         /* of the last digit in w */
    int64_t last;
    bool negative, cut;
    bool integer; /* neither point nor exponent */
} decimal;

/* *VALUE = W * 10^EXPONENT for EXPONENT in the table.  See decimal_round for why false is rare. */
static bool compose_wide(uint64_t w, int exponent, double *value)
{
    int zeros = __builtin_clzll(w);
    decimal_product p = decimal_multiply(w << zeros, exponent);
    int top = 126 + (int)(p.high >> 127); /* 2^top <= p.high < 2^(top + 1) */
    int binary = decimal_log2(exponent) - 63 - zeros + top;
    if (binary > 1023)
        return false;
    int bits = binary >= -1022 ? 53 : 53 + 1022 + binary;
    if (bits < 1)
        return bits < 0 ? (*value = 0, true) : false;
    uint64_t mantissa;
    if (!decimal_round(p, top + 1 - bits, &mantissa))
        return false;
    /* The hidden bit, and a carry out of the mantissa, add to the exponent field by themselves. */
    if (binary >= -1022)
        mantissa += (uint64_t)(binary + 1022) << 52;
    memcpy(value, &mantissa, sizeof mantissa);
    return *value <= 1.7976931348623157e308;
}

/* The same for any exponent; false when that is too large for a double, or undecided. */
static bool compose_short(uint64_t w, int64_t exponent, double *value)
{
    if (w == 0 || exponent < DECIMAL_FIRST_POWER) { /* 2^64 * 10^-343 is below half of the least double */
        *value = 0;
        return true;
    }
    if (exponent > 308)
        return false;
    if (w <= UINT64_C(1) << 53 && exponent >= -22 && exponent <= 22) {
        *value = exponent < 0 ? (double)w / number_tens[0][-exponent] : (double)w * number_tens[0][exponent];
        return true;
    }
    return compose_wide(w, (int)exponent, value);
}

/* The last resort.  A double, or the midpoint of two, has at most 767 significant digits; so of the digits
 * behind that only whether one is not zero matters. */
static double compose_text(const decimal *d, int64_t shift)
{
    enum { KEPT = 800 };
    char text[KEPT + 32];
    size_t n = 0, digits = 0;
    bool rest = false;
    for (const char *p = d->first; p < d->past; p++) {
        if (*p == '.')
            continue;
        digits++;
        if (n < KEPT)
            text[n++] = *p;
        else
            rest |= *p != '0';
    }
    int64_t exponent = d->last + (int64_t)(digits - n) + shift;
    if (rest) {
        text[n++] = '1';
        exponent--;
    }
    exponent = exponent > 9999 ? 9999 : exponent < -9999 ? -9999 : exponent;
    snprintf(text + n, sizeof text - n, "e%d", (int)exponent);
    return strtod(text, NULL);
}

/* *VALUE = D * 10^SHIFT; false when that is too large for a double. */
static bool compose(const decimal *d, int64_t shift, double *value)
{
    int64_t exponent = d->exponent + shift;
    double v, next;
    bool decided = compose_short(d->w, exponent, &v);
    if (decided && d->cut)
        decided = compose_short(d->w + 1, exponent, &next) && v == next;
    if (!decided)
        v = compose_text(d, shift);
    *value = d->negative ? -v : v;
    return v <= 1.7976931348623157e308;
}

/* The exponent behind an `e` at P, if there is one: *EXPONENT and the byte behind it, else P. */
static const char *scan_exponent(const char *p, const char *end, int64_t *exponent)
{
    const char *start = p++;
    bool negative = p < end && *p == '-';
    p += p < end && (*p == '-' || *p == '+');
    if (p == end || *p < '0' || *p > '9')
        return start;
    int64_t e = 0;
    for (; p < end && *p >= '0' && *p <= '9'; p++)
        e = e < exponent_limit / 16 ? e * 10 + (*p - '0') : exponent_limit;
    *exponent = negative ? -e : e;
    return p;
}

/* Digits with an optional point from P on; false when there is no digit. */
static bool scan_digits(const char **at, const char *end, decimal *d)
{
    const char *p = *at, *point = NULL;
    int64_t taken = 0, dropped = 0;
    bool any = false;
    for (; p < end; p++) {
        if (*p == '.' && point == NULL) {
            point = p;
            continue;
        }
        unsigned digit = (unsigned char)*p - '0';
        if (digit > 9)
            break;
        any = true;
        if (taken == 0 && digit == 0)
            continue;
        if (taken == 0)
            d->first = p;
        if (taken < 19) {
            d->w = d->w * 10 + digit;
            taken++;
        } else {
            dropped++;
            d->cut |= digit != 0;
        }
    }
    d->past = *at = p;
    d->integer = point == NULL;
    d->last = point == NULL ? 0 : -(int64_t)(p - point - 1);
    d->exponent = d->last + dropped;
    return any;
}

/* Read a decimal at P; the first byte behind it, or NULL when there is none. */
static const char *scan_decimal(const char *p, const char *end, decimal *d)
{
    *d = (decimal){0};
    d->negative = p < end && *p == '-';
    p += p < end && (*p == '-' || *p == '+');
    d->first = end;
    if (!scan_digits(&p, end, d))
        return NULL;
    if (p < end && (*p == 'e' || *p == 'E')) {
        int64_t exponent = 0;
        const char *behind = scan_exponent(p, end, &exponent);
        d->integer &= behind == p;
        d->exponent += exponent;
        d->last += exponent;
        p = behind;
    }
    return p;
}

/* number_scan without any haste. */
static const char *scan_any(const char *p, const char *end, double *value)
{
    decimal d;
    double v;
    p = scan_decimal(p, end, &d);
    if (p == NULL || !compose(&d, 0, &v))
        return NULL;
    *value = v;
    return p;
}

/* Append the up to eight digits at P to *W, which must stay below 10^19; -1 when it would not, else how many
 * there were.  Eight are told from fewer by a branch, so that the processor can go on with the bytes behind
 * them before it has found that. */
static inline int append_digits(const char *p, uint64_t *w)
{
    uint64_t digits = number_load(p) ^ 0x3030303030303030, stops = number_stops(digits);
    if (stops == 0) {
        bool fits = *w < decimal_tens[11];
        *w = *w * 100000000 + number_eight(digits);
        return fits ? 8 : -1;
    }
    int n = __builtin_ctzll(stops) >> 3;
    if (*w >= decimal_tens[19 - n])
        return -1;
    if (n > 0)
        *w = *w * decimal_tens[n] + number_eight(digits << (64 - 8 * n));
    return n;
}

/* The end of a scan at P: the digits are those of W, of which SCALE stand behind the point. */
static inline const char *finish_scan(const char *p, const char *end, uint64_t w, int scale, double *value)
{
    double v;
    if ((*p | 0x20) == 'e' || p > end)
        return NULL;
    if (w <= UINT64_C(1) << 53 && scale <= 22)
        v = (double)(int64_t)w / number_tens[0][scale];
    else if (!compose_short(w, -scale, &v))
        return NULL;
    *value = v;
    return p;
}

/* The digits at P are the 9th to 24th of a number whose first eight, SCALE of them behind the point, are W.
 */
static inline const char *scan_long(const char *p, const char *end, uint64_t w, int scale, double *value)
{
    if (p > end)
        return NULL;
    int n = append_digits(p, &w);
    if (n == 8) {
        p += 8;
        scale += 8;
        if (p > end)
            return NULL;
        n = append_digits(p, &w);
    }
    if (n < 0 || n == 8)
        return NULL;
    return finish_scan(p + n, end, w, scale + n, value);
}

/* An unsigned number with at most seven digits before the point and at most 19 in all; NULL for others.  The
 * digits on both sides of the point are pushed together, without a branch on where it is. */
static inline const char *scan_unsigned(const char *p, const char *end, double *value)
{
    uint64_t digits = number_load(p) ^ 0x3030303030303030, stops = number_stops(digits);
    if (stops == 0)
        return NULL;
    int whole = __builtin_ctzll(stops) >> 3, count = whole, point = p[whole] == '.';
    if (point) {
        uint64_t before = ((stops - 1) & ~stops) >> 7;
        digits = (digits & before) | ((number_load(p + 1) ^ 0x3030303030303030) & ~before);
        stops = number_stops(digits);
        if (stops == 0)
            return scan_long(p + 9, end, number_eight(digits), 8 - whole, value);
        count = __builtin_ctzll(stops) >> 3;
    }
    if (count == 0)
        return NULL;
    uint64_t w = number_eight(digits << (64 - 8 * count));
    return finish_scan(p + count + point, end, w, count - whole, value);
}

const char *number_scan_rest(const char *p, const char *end, double *value)
{
    bool negative = *p == '-';
    const char *behind = scan_unsigned(p + (negative | (*p == '+')), end, value);
    if (behind == NULL)
        return scan_any(p, end, value);
    *value *= number_tens[negative][0]; /* 1 or -1: no branch on a random sign */
    return behind;
}

/* N / D correctly rounded, both below 10^18: a quotient of at least 55 bits whose last one also stands for
 * the remainder, so that the conversion to double rounds once and rightly. */
static double divide(uint64_t n, uint64_t d)
{
    if (n == 0)
        return 0;
    int shift = 55 + __builtin_clzll(n) - __builtin_clzll(d);
    shift = shift < 0 ? 0 : shift;
    decimal_wide wide = (decimal_wide)n << shift;
    uint64_t quotient = (uint64_t)(wide / d) | (wide % d != 0);
    return ldexp((double)quotient, -shift);
}

/* Up to 18 digits from P on; NULL when there are none or more. */
static const char *scan_part(const char *p, const char *end, uint64_t *part)
{
    const char *start = p;
    *part = 0;
    for (; p < end && *p >= '0' && *p <= '9'; p++) {
        if (p - start == NUMBER_FRACTION_DIGITS)
            return NULL;
        *part = *part * 10 + (uint64_t)(*p - '0');
    }
    return p > start ? p : NULL;
}

static number_status read_fraction(const char *p, const char *end, number *out)
{
    bool negative = *p == '-';
    uint64_t n, d;
    p += *p == '-' || *p == '+';
    p = scan_part(p, end, &n);
    if (p == NULL || p == end || *p != '/')
        return NUMBER_BAD;
    if (scan_part(p + 1, end, &d) != end)
        return NUMBER_BAD;
    if (d == 0)
        return NUMBER_ZERO_DENOMINATOR;
    double quotient = divide(n, d);
    *out = (number){negative ? -quotient : quotient, 0, NUMBER_FRACTION};
    return NUMBER_OK;
}

/* Whether the text from P to END is WORD, given in lower case, in any case. */
static bool is_word(const char *p, const char *end, const char *word)
{
    for (; p < end && *word != '\0' && (*p | 0x20) == *word; p++)
        word++;
    return p == end && *word == '\0';
}

static number_status read_word(const char *p, const char *end, number *out)
{
    double sign = *p == '-' ? -1 : 1;
    p += *p == '-' || *p == '+';
    bool infinite = is_word(p, end, "inf") || is_word(p, end, "infinity");
    if (!infinite && !is_word(p, end, "nan"))
        return NUMBER_BAD;
    *out = (number){infinite ? sign * INFINITY : NAN, 0, NUMBER_NONFINITE};
    return NUMBER_OK;
}

number_status number_read(const char *text, size_t length, number *out)
{
    const char *p = text, *end = text + length;
    while (p < end && (*p == ' ' || *p == '\t'))
        p++;
    while (p < end && (end[-1] == ' ' || end[-1] == '\t'))
        end--;
    if (p == end)
        return NUMBER_BAD;
    decimal d;
    const char *behind = scan_decimal(p, end, &d);
    if (behind == NULL)
        return read_word(p, end, out);
    if (behind < end && *behind == '/')
        return read_fraction(p, end, out);
    bool percent = behind < end && *behind == '%';
    if (behind + percent != end)
        return NUMBER_BAD;
    number n = {.form = percent ? NUMBER_PERCENT : NUMBER_DECIMAL};
    int shift = percent ? -2 : 0;
    if (!compose(&d, shift, &n.value))
        return NUMBER_RANGE;
    /* 5 * 10^308 and up, which takes a zero like 0e400 to ask for, is no double. */
    if (!d.integer && !compose_short(5, d.last + shift - 1, &n.half_unit))
        n.half_unit = INFINITY;
    *out = n;
    return NUMBER_OK;
}
