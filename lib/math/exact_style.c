#include "math/exact_style.h"

#include <stdbool.h>

#include "base/number.h"
#include "math/rational.h"

void exact_significant_write(buffer *out, double value, int digits)
{
    char text[NUMBER_PRINT_MAX];
    number_print_digits(text, value, digits);
    buffer_string(out, text);
}

void exact_rational_write(buffer *out, const fmpq_t x, const exact_style *style)
{
    if (style->significant > 0)
        exact_significant_write(out, fmpq_get_d(x), style->significant);
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
