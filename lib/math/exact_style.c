#include "math/exact_style.h"

#include <flint/fmpz.h>
#include <math.h>
#include <mpfr.h>
#include <stdbool.h>
#include <string.h>

#include "base/number.h"
#include "math/rational.h"

void exact_significant_write(buffer *out, double value, int digits)
{
    char text[NUMBER_PRINT_MAX];
    number_print_digits(text, value, digits);
    buffer_string(out, text);
}

/* D.DDDe-400 from the digits of mpfr_get_str, 0.DDD * 10^EXPONENT; zeros at the end are left out. */
static void write_digits(buffer *out, const char *digits, mpfr_exp_t exponent)
{
    bool minus = *digits == '-';
    digits += minus;
    size_t count = strlen(digits);
    while (count > 1 && digits[count - 1] == '0')
        count--;
    buffer_printf(out, "%s%c%s%.*se%ld", minus ? "-" : "", digits[0], count > 1 ? "." : "", (int)count - 1,
                  digits + 1, (long)exponent - 1);
}

void exact_wide_write(buffer *out, const fmpq_t mantissa, slong exponent, int digits)
{
    mpfr_t x;
    mpfr_exp_t power;
    mpfr_init2(x, 256);
    fmpq_get_mpfr(x, mantissa, MPFR_RNDN);
    mpfr_mul_2si(x, x, exponent, MPFR_RNDN);
    double value = mpfr_get_d(x, MPFR_RNDN);
    char text[64] = "";
    bool wide = mpfr_regular_p(x) && !isnormal(value);
    if (wide && mpfr_get_str(text, &power, 10, (size_t)(digits < 40 ? digits : 40), x, MPFR_RNDN) != NULL)
        write_digits(out, text, power);
    else
        exact_significant_write(out, value, digits);
    mpfr_clear(x);
}

void exact_rational_write(buffer *out, const fmpq_t x, const exact_style *style)
{
    if (style->significant > 0)
        exact_wide_write(out, x, 0, style->significant);
    else if (style->places > 0)
        rational_decimals(out, x, style->places);
    else
        rational_print(out, x);
}

/* SIZE x^K */
static void write_power(buffer *out, const fmpq_t size, slong k, const exact_style *style)
{
    bool one = fmpq_is_one(size);
    if (k == 0 || !one)
        exact_rational_write(out, size, style);
    if (k > 0)
        buffer_string(out, one ? "x" : "*x");
    if (k > 1)
        buffer_printf(out, "^%ld", k);
}

void exact_polynomial_write(buffer *out, const fmpq_poly_t p, const exact_style *style)
{
    fmpq_t c;
    fmpq_init(c);
    slong degree = fmpq_poly_degree(p);
    if (degree < 0)
        buffer_char(out, '0');
    for (slong k = degree; k >= 0; k--) {
        fmpq_poly_get_coeff_fmpq(c, p, k);
        if (fmpq_is_zero(c))
            continue;
        bool minus = fmpq_sgn(c) < 0;
        fmpq_abs(c, c);
        buffer_string(out, k == degree ? minus ? "-" : "" : minus ? " - " : " + ");
        write_power(out, c, k, style);
    }
    fmpq_clear(c);
}
