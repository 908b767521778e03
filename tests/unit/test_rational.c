/* Rational numbers from text and to text; the expected fractions are worked out by hand. */
#include "math/rational.h"

#include <stdlib.h>

#include "unit.h"

static const char *read_as(const char *text)
{
    static const char *const problems[] = {"", "bad", "range", "zero denominator"};
    static buffer out;
    fmpq_t x;
    fmpq_init(x);
    buffer_free(&out);
    number_status status = rational_read(text, strlen(text), x);
    if (status == NUMBER_OK)
        rational_print(&out, x);
    fmpq_clear(x);
    return status == NUMBER_OK ? buffer_text(&out) : problems[status];
}

static const char *decimals(const char *text, size_t places)
{
    static buffer out;
    fmpq_t x;
    fmpq_init(x);
    buffer_free(&out);
    CHECK(rational_read(text, strlen(text), x) == NUMBER_OK);
    rational_decimals(&out, x, places);
    fmpq_clear(x);
    return buffer_text(&out);
}

static void reading(void)
{
    unit_case("decimals, fractions and percentages are read as what they say");
    CHECK_TEXT(read_as("0.1"), "1/10");
    CHECK_TEXT(read_as(" -2.50 "), "-5/2");
    CHECK_TEXT(read_as("+.5"), "1/2");
    CHECK_TEXT(read_as("3."), "3");
    CHECK_TEXT(read_as("2.5e3"), "2500");
    CHECK_TEXT(read_as("25E-4"), "1/400");
    CHECK_TEXT(read_as("-6/4"), "-3/2");
    CHECK_TEXT(read_as("12.5%"), "1/8");
    CHECK_TEXT(read_as("-1e2%"), "-1");
    CHECK_TEXT(read_as("0.000"), "0");
    CHECK_TEXT(read_as("-0"), "0");
    CHECK_TEXT(read_as("123456789012345678901234567890"), "123456789012345678901234567890");
    unit_case("what base/number refuses is refused, and so are exponents that would fill the memory");
    CHECK_TEXT(read_as(""), "bad");
    CHECK_TEXT(read_as("."), "bad");
    CHECK_TEXT(read_as("-"), "bad");
    CHECK_TEXT(read_as("1e"), "bad");
    CHECK_TEXT(read_as("1.5/2"), "bad");
    CHECK_TEXT(read_as("1/2%"), "bad");
    CHECK_TEXT(read_as("1/-2"), "bad");
    CHECK_TEXT(read_as("1 2"), "bad");
    CHECK_TEXT(read_as("inf"), "bad");
    CHECK_TEXT(read_as("nan"), "bad");
    CHECK_TEXT(read_as("0x10"), "bad");
    CHECK_TEXT(read_as("1/0"), "zero denominator");
    CHECK_TEXT(read_as("1e10001"), "range");
    CHECK_TEXT(read_as("1e-99999999999999999999"), "range");
    char *longest = malloc(RATIONAL_MOST_LENGTH + 2);
    CHECK(longest != NULL);
    memset(longest, '7', RATIONAL_MOST_LENGTH + 1);
    longest[RATIONAL_MOST_LENGTH + 1] = '\0';
    CHECK_TEXT(read_as(longest), "range");
    free(longest);
}

/* Wherever base/number reads a plain value that a double holds exactly, both agree. */
static void same_as_doubles(void)
{
    unit_case("1,000 halves, quarters and whole numbers agree with base/number");
    fmpq_t x;
    fmpq_init(x);
    for (int i = -500; i < 500; i++) {
        char text[64];
        int length = snprintf(text, sizeof text, "%.2fe%d", i * 0.25, i % 4);
        number n;
        CHECK(number_read(text, (size_t)length, &n) == NUMBER_OK);
        CHECK(rational_read(text, (size_t)length, x) == NUMBER_OK);
        if (i % 4 >= 0)
            CHECK(fmpq_get_d(x) == n.value);
    }
    fmpq_clear(x);
}

static void printing(void)
{
    unit_case("decimals are rounded half away from zero and written to the last");
    CHECK_TEXT(decimals("1/3", 4), "0.3333");
    CHECK_TEXT(decimals("-2/3", 4), "-0.6667");
    CHECK_TEXT(decimals("1/8", 2), "0.13");
    CHECK_TEXT(decimals("-1/8", 2), "-0.13");
    CHECK_TEXT(decimals("999/1000", 2), "1.00");
    CHECK_TEXT(decimals("5", 3), "5.000");
    CHECK_TEXT(decimals("12345.678", 1), "12345.7");
    CHECK_TEXT(decimals("2.5", 0), "3");
    CHECK_TEXT(decimals("0.4", 0), "0");
    CHECK_TEXT(decimals("-0.001", 2), "0.00");
    CHECK_TEXT(decimals("1/7", 30), "0.142857142857142857142857142857");
}

int main(void)
{
    reading();
    same_as_doubles();
    printing();
    return unit_end();
}
