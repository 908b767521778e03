/* Double-double arithmetic against identities whose exact values are known. */
#include "base/double_double.h"

#include "unit.h"

static void exact(void)
{
    unit_case("sums and products are exact: what is lost in hi stands in lo");
    double_double s = dd_sum(1e16, 1.25);
    CHECK(s.hi == 1e16 + 2 && s.lo == -0.75);
    s = dd_sum(1.25, 1e16);
    CHECK(s.hi == 1e16 + 2 && s.lo == -0.75);
    double x = 1 + 0x1p-30; /* x x = 1 + 2^-29 + 2^-60 */
    double_double p = dd_product(x, x);
    CHECK(p.hi == 1 + 0x1p-29 && p.lo == 0x1p-60);
}

static void long_sums(void)
{
    unit_case("a sum that cancels keeps 106 bits: 0.1 added ten million times, less a million of the nearest "
              "double");
    double_double sum = {0, 0};
    for (int i = 0; i < 10000000; i++)
        sum = dd_add(sum, 0.1);
    /* 2^55 / 10 = 3602879701896396.8 is rounded up to the double 0.1: each term is 0.2 / 2^55 too large. */
    CHECK(dd_value(dd_add(sum, -1e6)) * 0x1p55 == 2e6);
}

static void products(void)
{
    unit_case("the square of 1/3 in double-double, nine times: 1 to 30 digits");
    double third = 1.0 / 3;
    double_double x = {third, -dd_value(dd_add(dd_product(third, 3), -1)) / 3};
    double_double square = dd_multiply(x, x), nine = {9, 0};
    CHECK(fabs(dd_value(dd_add(dd_multiply(square, nine), -1))) < 1e-30);
    double_double dot = {0, 0};
    dot = dd_add_product(dot, 1e200, 1e100);
    dot = dd_add_product(dot, 3, 5);
    dot = dd_add_product(dot, -1e200, 1e100);
    CHECK(dd_value(dot) == 0); /* 15 is 300 digits below */
    dot = (double_double){0, 0};
    dot = dd_add_product(dot, 1e15, 1e15);
    dot = dd_add_product(dot, 3, 5);
    dot = dd_add_product(dot, -1e15, 1e15);
    CHECK(dd_value(dot) == 15);
    CHECK(dd_value(dd_negate(dot)) == -15);
}

int main(void)
{
    exact();
    long_sums();
    products();
    return unit_end();
}
