#include "math/rational.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

static bool is_blank(char c)
{
    return c == ' ' || c == '\t';
}

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

/* A run of digits, its place in the text. */
typedef struct run {
    const char *at;
    size_t length;
} run;

static run take_digits(const char **p, const char *end)
{
    run digits = {*p, 0};
    while (*p < end && is_digit(**p))
        ++*p;
    digits.length = (size_t)(*p - digits.at);
    return digits;
}

/* The exponent behind an e; false when there is none to read or it is beyond the bound. */
static number_status take_exponent(const char **p, const char *end, long *exponent)
{
    *exponent = 0;
    if (*p == end || (**p != 'e' && **p != 'E'))
        return NUMBER_OK;
    const char *q = *p + 1;
    bool minus = q < end && *q == '-';
    q += q < end && (*q == '-' || *q == '+');
    run digits = take_digits(&q, end);
    if (digits.length == 0)
        return NUMBER_BAD;
    for (size_t i = 0; i < digits.length; i++) {
        *exponent = 10 * *exponent + (digits.at[i] - '0');
        if (*exponent > RATIONAL_MOST_EXPONENT)
            return NUMBER_RANGE;
    }
    *exponent = minus ? -*exponent : *exponent;
    *p = q;
    return NUMBER_OK;
}

/* The digits of A, then those of B, as an integer. */
static void set_digits(fmpz_t out, run a, run b)
{
    char *text = flint_malloc(a.length + b.length + 1);
    memcpy(text, a.at, a.length);
    memcpy(text + a.length, b.at, b.length);
    text[a.length + b.length] = '\0';
    fmpz_set_str(out, text, 10);
    flint_free(text);
}

/* OUT = DIGITS * 10^EXPONENT. */
static void scale_by_ten(fmpq_t out, const fmpz_t digits, long exponent)
{
    fmpz_t power;
    fmpz_init(power);
    fmpz_set_ui(power, 10);
    fmpz_pow_ui(power, power, (ulong)labs(exponent));
    fmpq_set_fmpz(out, digits);
    if (exponent >= 0)
        fmpq_mul_fmpz(out, out, power);
    else
        fmpq_div_fmpz(out, out, power);
    fmpz_clear(power);
}

/* A decimal without sign at *P. */
static number_status take_decimal(const char **p, const char *end, fmpq_t out)
{
    run whole = take_digits(p, end), part = {*p, 0};
    if (*p < end && **p == '.') {
        ++*p;
        part = take_digits(p, end);
    }
    if (whole.length + part.length == 0)
        return NUMBER_BAD;
    long exponent;
    number_status status = take_exponent(p, end, &exponent);
    if (status != NUMBER_OK)
        return status;
    fmpz_t digits;
    fmpz_init(digits);
    set_digits(digits, whole, part);
    scale_by_ten(out, digits, exponent - (long)part.length);
    fmpz_clear(digits);
    return NUMBER_OK;
}

/* What may follow the decimal: nothing, a percent sign, or the denominator of a fraction of two whole
 * numbers. */
static number_status take_rest(const char *start, const char *p, const char *end, fmpq_t value)
{
    if (p == end)
        return NUMBER_OK;
    if (*p == '%' && p + 1 == end) {
        fmpq_t hundred;
        fmpq_init(hundred);
        fmpq_set_ui(hundred, 100, 1);
        fmpq_div(value, value, hundred);
        fmpq_clear(hundred);
        return NUMBER_OK;
    }
    run numerator = {start, 0}, none = {p, 0};
    const char *q = start;
    numerator = take_digits(&q, end);
    if (*p != '/' || q != p || numerator.length > NUMBER_FRACTION_DIGITS)
        return NUMBER_BAD;
    p++;
    run denominator = take_digits(&p, end);
    if (p != end || denominator.length == 0 || denominator.length > NUMBER_FRACTION_DIGITS)
        return NUMBER_BAD;
    fmpz_t d;
    fmpz_init(d);
    set_digits(d, denominator, none);
    bool zero = fmpz_is_zero(d);
    if (!zero)
        fmpq_div_fmpz(value, value, d);
    fmpz_clear(d);
    return zero ? NUMBER_ZERO_DENOMINATOR : NUMBER_OK;
}

number_status rational_read(const char *text, size_t length, fmpq_t out)
{
    const char *p = text, *end = text + length;
    if (length > RATIONAL_MOST_LENGTH)
        return NUMBER_RANGE;
    while (p < end && is_blank(*p))
        p++;
    while (end > p && is_blank(end[-1]))
        end--;
    bool minus = p < end && *p == '-';
    p += p < end && (*p == '-' || *p == '+');
    const char *start = p;
    fmpq_t value;
    fmpq_init(value);
    number_status status = take_decimal(&p, end, value);
    if (status == NUMBER_OK)
        status = take_rest(start, p, end, value);
    if (status == NUMBER_OK) {
        if (minus)
            fmpq_neg(value, value);
        fmpq_swap(out, value);
    }
    fmpq_clear(value);
    return status;
}

void rational_print(buffer *out, const fmpq_t x)
{
    char *text = fmpq_get_str(NULL, 10, x);
    buffer_string(out, text);
    flint_free(text);
}

void rational_decimals(buffer *out, const fmpq_t x, size_t places)
{
    fmpz_t scaled, power;
    fmpz_init(scaled);
    fmpz_init(power);
    fmpz_set_ui(power, 10);
    fmpz_pow_ui(power, power, places);
    /* floor((2 |n| 10^p + d) / (2 d)): half away from zero */
    fmpz_abs(scaled, fmpq_numref(x));
    fmpz_mul(scaled, scaled, power);
    fmpz_mul_2exp(scaled, scaled, 1);
    fmpz_add(scaled, scaled, fmpq_denref(x));
    fmpz_mul_2exp(power, fmpq_denref(x), 1);
    fmpz_fdiv_q(scaled, scaled, power);
    char *digits = fmpz_get_str(NULL, 10, scaled);
    size_t length = strlen(digits);
    if (fmpq_sgn(x) < 0 && !fmpz_is_zero(scaled))
        buffer_char(out, '-');
    size_t total = length > places ? length : places + 1;
    for (size_t i = 0; i < total; i++) {
        if (places > 0 && total - i == places)
            buffer_char(out, '.');
        buffer_char(out, i < total - length ? '0' : digits[i - (total - length)]);
    }
    flint_free(digits);
    fmpz_clear(scaled);
    fmpz_clear(power);
}
