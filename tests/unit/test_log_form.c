/* Exact sums of logarithms, and fractions from text; the expected forms are worked out by hand. */
#include "math/log_form.h"

#include <stdlib.h>

#include "math/fraction.h"
#include "unit.h"

static void set(mpq_t x, const char *text)
{
    if (fraction_read(text, strlen(text), x) != NUMBER_OK)
        abort();
}

/* f += coefficient * log(argument). */
static void add(log_form *f, const char *coefficient, const char *argument)
{
    mpq_t c, x;
    mpq_inits(c, x, NULL);
    set(c, coefficient);
    set(x, argument);
    log_form_add(f, c, x);
    mpq_clears(c, x, NULL);
}

static const char *printed(const log_form *f, const char *base)
{
    static buffer out;
    mpq_t b;
    mpq_init(b);
    buffer_free(&out);
    if (base != NULL)
        set(b, base);
    log_form_print(&out, f, base ? b : NULL);
    mpq_clear(b);
    return buffer_text(&out);
}

static const char *power(const log_form *f)
{
    static buffer out;
    buffer_free(&out);
    log_form_print_power(&out, f);
    return buffer_text(&out);
}

static const char *decimals(const log_form *f, const log_form *g, const char *base, size_t places)
{
    static buffer out;
    mpq_t b;
    mpq_init(b);
    buffer_free(&out);
    if (base != NULL)
        set(b, base);
    log_form_decimals(&out, &(log_quotient){.f = f, .g = g, .base = base ? b : NULL}, places);
    mpq_clear(b);
    return buffer_text(&out);
}

static void test_fractions(void)
{
    static const char *const cases[][2] = {{"0.125", "1/8"},  {" +3 ", "3"},  {"-.5e-1", "-1/20"},
                                           {"12.5%", "1/8"},  {"6/4", "3/2"}, {"-1/3", "-1/3"},
                                           {"2.50E2", "250"}, {"0e5", "0"},   {"1e-2%", "1/10000"}};
    unit_case("fractions from text");
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        mpq_t x;
        buffer out = {0};
        mpq_init(x);
        set(x, cases[i][0]);
        fraction_print(&out, x);
        CHECK_TEXT(buffer_text(&out), cases[i][1]);
        buffer_free(&out);
        mpq_clear(x);
    }
    mpq_t x;
    mpq_init(x);
    CHECK(fraction_read("inf", 3, x) == NUMBER_BAD && fraction_read("x", 1, x) == NUMBER_BAD);
    CHECK(fraction_read("1/0", 3, x) == NUMBER_ZERO_DENOMINATOR &&
          fraction_read("1e-10001", 8, x) == NUMBER_RANGE);
    mpq_clear(x);
}

static void test_sums(void)
{
    log_form f = {0};
    unit_case("sums in any base, what cancels is gone");
    CHECK_TEXT(printed(&f, "2"), "0");
    add(&f, "1", "12");
    CHECK_TEXT(printed(&f, "2"), "log2(3) + 2");
    CHECK_TEXT(printed(&f, NULL), "2*log(2) + log(3)");
    CHECK_TEXT(printed(&f, "10"), "2*log10(2) + log10(3)");
    CHECK_TEXT(printed(&f, "12"), "1");
    CHECK_TEXT(printed(&f, "3"), "2*log(2)/log(3) + 1");
    CHECK_TEXT(printed(&f, "3/2"), "3*log(2)/log(3/2) + 1");
    add(&f, "-5/3", "8/9");
    CHECK_TEXT(printed(&f, "2"), "13/3*log2(3) - 3");
    add(&f, "-13/3", "3");
    add(&f, "3", "2");
    CHECK(f.count == 0);
    add(&f, "-1/2", "3");
    CHECK_TEXT(printed(&f, "2"), "-1/2*log2(3)");
    add(&f, "1", "2");
    CHECK_TEXT(printed(&f, "2"), "1 - 1/2*log2(3)");
    CHECK_TEXT(power(&f), "2/3^(1/2)");
    log_form_free(&f);
    add(&f, "1/2", "10");
    CHECK_TEXT(printed(&f, "10"), "1/2");
    CHECK_TEXT(power(&f), "2^(1/2)*5^(1/2)");
    log_form_free(&f);
}

static void test_factors(void)
{
    log_form f = {0};
    unit_case("factors beyond trial division: powers, products of large primes");
    add(&f, "1", "1000036000099"); /* 1000003 * 1000033 */
    CHECK_TEXT(printed(&f, "2"), "log2(1000003) + log2(1000033)");
    log_form_free(&f);
    add(&f, "1", "1000009000027000027"); /* 1000003^3 */
    CHECK_TEXT(printed(&f, "2"), "3*log2(1000003)");
    log_form_free(&f);
    add(&f, "1/2", "618970019642690137449562111"); /* 2^89 - 1, prime */
    CHECK_TEXT(printed(&f, "2"), "1/2*log2(618970019642690137449562111)");
    log_form_free(&f);
}

static void test_decimals(void)
{
    log_form f = {0}, g = {0};
    unit_case("decimals, correctly rounded; ratios");
    add(&f, "1", "3");
    CHECK_TEXT(decimals(&f, NULL, "2", 3), "1.585");
    CHECK_TEXT(decimals(&f, NULL, "2", 30), "1.584962500721156181453738943948");
    CHECK_TEXT(decimals(&f, NULL, NULL, 20), "1.09861228866810969140");
    CHECK_TEXT(decimals(&f, NULL, "9", 4), "0.5000");
    add(&g, "2/3", "3");
    mpq_t ratio;
    mpq_init(ratio);
    CHECK(log_form_ratio(ratio, &f, &g) && mpq_cmp_ui(ratio, 3, 2) == 0);
    CHECK_TEXT(decimals(&f, &g, NULL, 2), "1.50");
    add(&g, "1", "2");
    CHECK(!log_form_ratio(ratio, &f, &g));
    mpq_clear(ratio);
    log_form_free(&f);
    log_form_free(&g);
}

int main(void)
{
    test_fractions();
    test_sums();
    test_factors();
    test_decimals();
    return unit_end();
}
