/* Both directions against the C library, whose strtod and printf are correctly rounded; the table of powers
 * against exact integer arithmetic done here. */
#include "unit.h"

#include <float.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>

#include "base/decimal.h"
#include "base/number.h"
#include "base/number_scan.h"

static uint64_t seed = 20180618;

/* splitmix64: Steele, Lea and Flood, OOPSLA 2014 */
static uint64_t random_bits(void)
{
    uint64_t z = seed += 0x9e3779b97f4a7c15;
    z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9;
    z = (z ^ z >> 27) * 0x94d049bb133111eb;
    return z ^ z >> 31;
}

static double from_bits(uint64_t bits)
{
    double x;
    memcpy(&x, &bits, sizeof x);
    return x;
}

static uint64_t to_bits(double x)
{
    uint64_t bits;
    memcpy(&bits, &x, sizeof bits);
    return bits;
}

/* A finite double with random bits: every magnitude alike. */
static double random_double(void)
{
    double x;
    do
        x = from_bits(random_bits());
    while (!isfinite(x));
    return x;
}

/* number_scan on a copy with nothing but END's 16 bytes behind it, which hold digits. */
static const char *scan(const char *text, size_t length, double *value)
{
    static char copy[4096];
    memcpy(copy, text, length);
    memset(copy + length, '7', 16);
    const char *p = number_scan(copy, copy + length, value);
    return p == NULL ? NULL : text + (p - copy);
}

/* TEXT is a decimal: both readers must give what strtod gives. */
static void check_decimal(const char *text)
{
    double expected = strtod(text, NULL), value = 0;
    size_t length = strlen(text);
    number n = {0};
    const char *end = scan(text, length, &value);
    number_status status = number_read(text, length, &n);
    if (isinf(expected)) {
        if (end != NULL || status != NUMBER_RANGE)
            UNIT_FAIL("%.40s is out of range: scan %d, read %d", text, end != NULL, status);
        return;
    }
    if (end != text + length || to_bits(value) != to_bits(expected))
        UNIT_FAIL("scan of %.40s: %.17g, expected %.17g", text, value, expected);
    if (status != NUMBER_OK || to_bits(n.value) != to_bits(expected))
        UNIT_FAIL("read of %.40s: %.17g, expected %.17g", text, n.value, expected);
}

static void check_printed(const char *format, double x)
{
    char text[1200];
    snprintf(text, sizeof text, format, x);
    check_decimal(text);
}

/* ---- exact integers of 40 words of 32 bits, lowest first ---- */

enum { WORDS = 40 };
typedef uint32_t big[WORDS];

static void big_multiply(big x, uint32_t factor)
{
    uint64_t carry = 0;
    for (int i = 0; i < WORDS; i++) {
        carry += (uint64_t)x[i] * factor;
        x[i] = (uint32_t)carry;
        carry >>= 32;
    }
}

static void big_set(big x, decimal_wide value)
{
    memset(x, 0, sizeof(big));
    for (int i = 0; i < 4; i++)
        x[i] = (uint32_t)(value >> 32 * i);
}

/* The sign of x - y. */
static int big_compare(const big x, const big y)
{
    for (int i = WORDS - 1; i >= 0; i--)
        if (x[i] != y[i])
            return x[i] < y[i] ? -1 : 1;
    return 0;
}

/* x *= 10^k 2^s */
static void big_scale(big x, int k, int s)
{
    for (int i = 0; i < k; i++)
        big_multiply(x, 10);
    for (int i = 0; i < s; i++)
        big_multiply(x, 2);
}

/* The signs of g 2^e - 10^k for an entry g and for g - 1. */
static void check_power(int k)
{
    const decimal_power *entry = decimal_power_of(k);
    decimal_wide g = (decimal_wide)entry->high << 64 | entry->low;
    int e = decimal_log2(k) - 127;
    big here, less, power;
    big_set(here, g);
    big_set(less, g - 1);
    big_set(power, 1);
    big_scale(here, k < 0 ? -k : 0, e > 0 ? e : 0);
    big_scale(less, k < 0 ? -k : 0, e > 0 ? e : 0);
    big_scale(power, k > 0 ? k : 0, e < 0 ? -e : 0);
    int sign = big_compare(here, power);
    if (entry->high >> 63 != 1 || sign < 0 || big_compare(less, power) >= 0 ||
        (sign == 0) != decimal_power_is_exact(k))
        UNIT_FAIL("the entry for 10^%d is wrong", k);
}

/* ---- printing ---- */

/* The significant digits of printed TEXT without the zeros around them, and how many they are. */
static int significant(const char *text, char digits[32])
{
    int n = 0, past_zeros = 0;
    for (; *text != '\0' && *text != 'e'; text++)
        if (*text >= '1' && *text <= '9') {
            digits[n++] = *text;
            past_zeros = n;
        } else if (*text == '0' && n > 0)
            digits[n++] = '0';
    digits[past_zeros] = '\0';
    return past_zeros;
}

/* The layout that number.h states, made from the digits and exponent of "%.*e" output. */
static void lay_out_slowly(const char *scientific, char *out)
{
    char digits[32];
    int n = significant(scientific, digits), e = atoi(strchr(scientific, 'e') + 1);
    if (*scientific == '-')
        *out++ = '-';
    if (e >= -5 && e < 0)
        sprintf(out, "0.%.*s%s", -e - 1, "0000", digits);
    else if (e >= 0 && e < 16 && n <= e + 1)
        sprintf(out, "%s%.*s", digits, e + 1 - n, "0000000000000000");
    else if (e >= 0 && e < 16)
        sprintf(out, "%.*s.%s", e + 1, digits, digits + e + 1);
    else
        sprintf(out, "%c%s%se%d", digits[0], n > 1 ? "." : "", digits + 1, e);
}

static void check_round_trip(double x)
{
    char text[NUMBER_PRINT_MAX];
    size_t length = number_print(text, x);
    double libc = strtod(text, NULL), value = 0;
    if (length != strlen(text) || to_bits(libc) != to_bits(x))
        UNIT_FAIL("%.17g printed as %s", x, text);
    number n = {0};
    if (number_read(text, length, &n) != NUMBER_OK || to_bits(n.value) != to_bits(x))
        UNIT_FAIL("%s read as %.17g", text, n.value);
    if (scan(text, length, &value) != text + length || to_bits(value) != to_bits(x))
        UNIT_FAIL("%s scanned as %.17g", text, value);
}

/* The first precision at which "%.*e" reads back is the shortest length, save that a shorter decimal that
 * reads back need not be the nearest of its length: one more or less in the last digit is tried too (powers
 * of 2). */
static bool shorter_exists(double x, int n)
{
    char text[48], *end;
    snprintf(text, sizeof text, "%.*e", n - 1, x);
    int e = atoi(strchr(text, 'e') + 1);
    long long digits = 0;
    for (const char *p = text; *p != 'e'; p++)
        if (*p >= '0' && *p <= '9')
            digits = digits * 10 + (*p - '0');
    for (int step = -1; step <= 1; step++) {
        snprintf(text, sizeof text, "%llde%d", digits + step, e - n + 1);
        if (strtod(text, &end) == fabs(x))
            return true;
    }
    return false;
}

/* The text printed is the shortest that reads back, and no other of that length that reads back is closer:
 * the closest is "%.*e" when that reads back. */
static void check_shortest(double x)
{
    char text[NUMBER_PRINT_MAX], digits[32], libc[48], expected[64];
    number_print(text, x);
    int n = significant(text, digits);
    if (n > 1 && shorter_exists(x, n - 1))
        UNIT_FAIL("%s is not the shortest for %.17g", text, x);
    snprintf(libc, sizeof libc, "%.*e", n - 1, x);
    lay_out_slowly(libc, expected);
    if (strtod(libc, NULL) == x && strcmp(text, expected) != 0)
        UNIT_FAIL("%s is not the closest: %s", text, expected);
}

static void check_digits(double x, int n)
{
    char text[NUMBER_PRINT_MAX], libc[48], expected[64];
    size_t length = number_print_digits(text, x, n);
    snprintf(libc, sizeof libc, "%.*e", n - 1, x);
    lay_out_slowly(libc, expected);
    if (length != strlen(text) || strcmp(text, expected) != 0)
        UNIT_FAIL("%.17g to %d digits: %s, expected %s", x, n, text, expected);
}

static const double edges[] = {DBL_TRUE_MIN,
                               2 * DBL_TRUE_MIN,
                               2.2250738585072011e-308,
                               DBL_MIN,
                               DBL_MAX,
                               9007199254740991,
                               9007199254740992,
                               9007199254740994,
                               1e22,
                               1e23,
                               9.5e22,
                               1e15,
                               1e16,
                               9999999999999998,
                               1e-5,
                               9.9999999999999991e-6,
                               0.1,
                               0.3,
                               1. / 3,
                               2. / 3,
                               5e-324,
                               1.7976931348623155e308,
                               123456789,
                               12345678,
                               99999999,
                               100000000,
                               0.5,
                               4.35095e-25,
                               9.2e18,
                               1.8446744073709552e19,
                               2e-44,
                               6.5,
                               0.001,
                               9.5,
                               99.5};
enum { EDGES = sizeof edges / sizeof *edges };

static void check_edges(void (*check)(double))
{
    for (int i = 0; i < EDGES; i++)
        check(edges[i]), check(-edges[i]);
    for (int e = -1074; e <= 1023; e++) {
        double x = ldexp(1, e);
        check(x), check(nextafter(x, INFINITY)), check(nextafter(x, 0) > 0 ? nextafter(x, 0) : x);
    }
    for (int e = -323; e <= 308; e++) {
        char text[16];
        snprintf(text, sizeof text, "1e%d", e);
        double x = strtod(text, NULL);
        check(x), check(nextafter(x, INFINITY)), check(nextafter(x, -INFINITY));
    }
}

static void test_printing(void)
{
    unit_case("a million doubles of every magnitude print and read back bit for bit");
    check_edges(check_round_trip);
    for (int i = 0; i < 700000; i++)
        check_round_trip(random_double());
    for (int i = 0; i < 100000; i++) {
        check_round_trip(from_bits(random_bits() >> 12 | 1)); /* subnormal */
        check_round_trip((double)(int64_t)random_bits() / (double)(UINT64_C(1) << random_bits() % 64));
        check_round_trip((double)(random_bits() >> random_bits() % 64 | 1) /
                         number_tens[0][random_bits() % 8]);
    }

    unit_case("what is printed is shortest and closest, in the stated layout");
    check_edges(check_shortest);
    for (int i = 0; i < 30000; i++) {
        check_shortest(random_double());
        check_shortest((double)(int64_t)random_bits() / 9007199254740992.0);
        check_shortest((double)(random_bits() >> (random_bits() % 50 + 10) | 1) /
                       number_tens[0][random_bits() % 23]);
    }

    unit_case("rounding to digits agrees with the C library");
    for (int n = 1; n <= 17; n++) {
        for (int i = 0; i < EDGES; i++)
            check_digits(edges[i], n);
        for (int i = 0; i < 5000; i++) {
            check_digits(random_double(), n);
            check_digits((double)(int64_t)random_bits() / 9007199254740992.0, n);
            check_digits((double)(random_bits() >> 50 | 1) / 8, n); /* ties */
            check_digits((double)(random_bits() >> 30 | 1) * 0x1p60, n);
        }
    }
}

static void test_layout(void)
{
    static const struct {
        double x;
        const char *text, *three;
    } cases[] = {{0, "0", "0"},
                 {-0.0, "0", "0"},
                 {INFINITY, "inf", "inf"},
                 {-INFINITY, "-inf", "-inf"},
                 {NAN, "nan", "nan"},
                 {1, "1", "1"},
                 {-42, "-42", "-42"},
                 {1e-5, "0.00001", "0.00001"},
                 {1e-6, "1e-6", "1e-6"},
                 {1.5e22, "1.5e22", "1.5e22"},
                 {4.35095e-25, "4.35095e-25", "4.35e-25"},
                 {1e15, "1000000000000000", "1000000000000000"},
                 {9007199254740992, "9007199254740992", "9010000000000000"},
                 {9999999999999998, "9999999999999998", "1e16"},
                 {1e16, "1e16", "1e16"},
                 {9.9996e-6, "9.9996e-6", "0.00001"},
                 {99950, "99950", "100000"},
                 {100.5, "100.5", "100"},
                 {101.5, "101.5", "102"},
                 {1e100, "1e100", "1e100"},
                 {-1.7976931348623157e308, "-1.7976931348623157e308", "-1.8e308"},
                 {5e-324, "5e-324", "4.94e-324"},
                 {0.1 + 0.2, "0.30000000000000004", "0.3"},
                 {123.25, "123.25", "123"}};
    unit_case("layout");
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char text[NUMBER_PRINT_MAX];
        CHECK(number_print(text, cases[i].x) == strlen(cases[i].text));
        CHECK_TEXT(text, cases[i].text);
        CHECK(number_print_digits(text, cases[i].x, 3) == strlen(cases[i].three));
        CHECK_TEXT(text, cases[i].three);
    }
}

/* The midpoint of X and the double above it, written out in full, and neighbours of it in its last digits. */
static void check_halfway(double x, int zeros)
{
    char text[2400];
    double above = nextafter(x, INFINITY);
    /* Half the sum is exact in 64 bits of mantissa, and below the least long double exponent nothing is lost.
     */
    long double middle = ((long double)x + (long double)above) / 2;
    snprintf(text, sizeof text - 1000, "%.1100Le", middle);
    char *e = strchr(text, 'e'), exponent[16];
    snprintf(exponent, sizeof exponent, "%s", e);
    while (e[-1] == '0')
        e--;
    strcpy(e, exponent);
    check_decimal(text);
    memset(e, '0', (size_t)zeros);
    snprintf(e + zeros, 32, "1%s", exponent);
    check_decimal(text);
    snprintf(e + zeros, 32, "%s", exponent);
    check_decimal(text);
    e[-1]--; /* not '0', so the digit is still one */
    snprintf(e, 64, "999999999999%s", exponent);
    check_decimal(text);
}

static void test_reading(void)
{
    static const char *const famous[] = {"2.2250738585072011e-308",
                                         "2.2250738585072012e-308",
                                         "2.2250738585072014e-308",
                                         "5e-324",
                                         "3e-324",
                                         "2.4703282292062327e-324",
                                         "2.4703282292062328e-324",
                                         "2.47e-324",
                                         "1e-400",
                                         "1e-99999999999999999999",
                                         "0e99999999999999999999",
                                         "1.7976931348623157e308",
                                         "1.7976931348623158e308",
                                         "1.7976931348623159e308",
                                         "1e308",
                                         "1e309",
                                         "1e999",
                                         "-1e999",
                                         "9007199254740993",
                                         "9007199254740993.0",
                                         "9007199254740992.5",
                                         "9007199254740993.00000000000000000000000000000001",
                                         "4503599627370497.5",
                                         "4503599627370496.5",
                                         "1e22",
                                         "1e23",
                                         "8.5e22",
                                         "0.000000000000000000000000000000000000000000012345678901234567",
                                         "123456789012345678901234567890",
                                         "18446744073709551615",
                                         "18446744073709551616",
                                         "9999999999999999999",
                                         "10000000000000000000",
                                         "0",
                                         "-0",
                                         "+0.0",
                                         "00000000000000000000000000000",
                                         "0000000000000000000000000000012.5",
                                         "3.",
                                         ".5",
                                         "-.5",
                                         "+3",
                                         "1E5",
                                         "1e+5",
                                         "1e-5",
                                         "1.e3",
                                         "355124867848823e296",
                                         "-8773252205208131.64e307",
                                         "18446744073709551615e308",
                                         "17976931348623158e292",
                                         "17976931348623159e292",
                                         ".00000000000000000000001",
                                         ".0000000000000000000000",
                                         "0.0000000000000000000001",
                                         "-.00000000000000000000012",
                                         ".1e1",
                                         "12345678",
                                         "1234567.8",
                                         "12345678.",
                                         "1.2345678",
                                         "1.23456789",
                                         "1.234567890123456",
                                         "1.2345678901234567",
                                         "1.23456789012345678",
                                         "1.2345678901234567890123456",
                                         "0.12345678901234567",
                                         "0.012345678901234567",
                                         "0.0012345678901234567",
                                         "7.2057594037927933e16",
                                         "6929495644600919.5",
                                         "3.2378839133029012895883524125015321748630e-312",
                                         "1090544144181609348671888949248"};
    unit_case("famous decimals, huge exponents, long digit strings");
    for (size_t i = 0; i < sizeof famous / sizeof *famous; i++)
        check_decimal(famous[i]);
    char text[2048];
    for (int zeros = 1; zeros <= 1000; zeros += 37) {
        text[0] = '1';
        memset(text + 1, '0', (size_t)zeros);
        text[zeros + 1] = '\0';
        check_decimal(text);
        snprintf(text + zeros + 1, 64, "e-%d", zeros);
        check_decimal(text);
        snprintf(text, sizeof text, "0.%0*d5e%d", zeros, 0, zeros);
        check_decimal(text);
        memset(text, '9', (size_t)zeros);
        snprintf(text + zeros, 64, ".5e%d", 5 - zeros);
        check_decimal(text);
    }

    unit_case("halfway between two doubles, up to 800 digits");
    for (int i = 0; i < 400; i++) {
        check_halfway(fabs(random_double()) / 2, (int)(random_bits() % 60 * 10 + 1));
        check_halfway(from_bits(random_bits() >> 12), 700);
        check_halfway((double)(random_bits() >> 11), 20);
    }
    check_halfway(0, 3);
    check_halfway(nextafter(DBL_MIN, 0), 3);

    unit_case("printed by the C library in many formats");
    static const char *const formats[] = {"%.17g", "%.3e",  "%.25g",  "%.6g",
                                          "%.15e", "%.18e", "%+.19E", "%.2g"};
    static const char *const plain[] = {"%.6f",  "%.40f", "%.0f",  "%.3f", "%.8f",
                                        "%.15f", "%.16f", "%.17f", "%#.0f"};
    for (int i = 0; i < 40000; i++) {
        check_printed(formats[i % 8], random_double());
        check_printed(formats[i % 8], (double)(int64_t)random_bits() / 0x1p60);
        check_printed(plain[i % 9],
                      (double)(int64_t)random_bits() / (double)(UINT64_C(1) << random_bits() % 64));
    }
    unit_case("integers with exponents across both ends of the range");
    for (int i = 0; i < 100000; i++) {
        snprintf(text, sizeof text, "%llue%d", (unsigned long long)(random_bits() >> random_bits() % 64),
                 (int)(random_bits() % 700) - 365);
        check_decimal(text);
    }

    unit_case("every number of digits before and behind the point");
    for (int i = 0; i < 40000; i++) {
        uint64_t w = random_bits();
        int whole = (int)(w % 21), behind = (int)((w >> 8) % 26);
        snprintf(text, sizeof text, "%s%020llu.%020llu%06llu", w & 64 ? "-" : "",
                 (unsigned long long)random_bits(), (unsigned long long)random_bits(),
                 (unsigned long long)(random_bits() % 1000000));
        char *point = strchr(text, '.');
        point[1 + behind + (whole == 0 && behind == 0)] = '\0';
        memmove(text + (w >> 6 & 1), point - whole, strlen(point - whole) + 1);
        check_decimal(text);
    }
}

static number read(const char *text, number_status expected)
{
    number n = {.value = -77, .half_unit = -77, .form = NUMBER_DECIMAL};
    number_status status = number_read(text, strlen(text), &n);
    if (status != expected)
        UNIT_FAIL("'%s' gives status %d, expected %d", text, status, expected);
    if (expected != NUMBER_OK && n.value != -77)
        UNIT_FAIL("'%s' was refused, yet the result written", text);
    return n;
}

static void test_cells(void)
{
    static const struct {
        const char *text;
        double value, half;
        enum number_form form;
    } cases[] = {{"3", 3, 0, NUMBER_DECIMAL},
                 {" \t+3 ", 3, 0, NUMBER_DECIMAL},
                 {"3.", 3, 0.5, NUMBER_DECIMAL},
                 {"3.0", 3, 0.05, NUMBER_DECIMAL},
                 {"-0.345678", -0.345678, 0.5e-6, NUMBER_DECIMAL},
                 {"1e3", 1000, 500, NUMBER_DECIMAL},
                 {"1.25e3", 1250, 5, NUMBER_DECIMAL},
                 {"1e-3", 0.001, 0.5e-3, NUMBER_DECIMAL},
                 {"0.00", 0, 0.005, NUMBER_DECIMAL},
                 {"0e400", 0, INFINITY, NUMBER_DECIMAL},
                 {"1e-400", 0, 0, NUMBER_DECIMAL},
                 {"33.3%", 0.333, 0.0005, NUMBER_PERCENT},
                 {"7%", 0.07, 0, NUMBER_PERCENT},
                 {"1e1%", 0.1, 0.05, NUMBER_PERCENT},
                 {"-.1%", -0.001, 0.0005, NUMBER_PERCENT},
                 {"1e309%", 1e307, 5e306, NUMBER_PERCENT},
                 {"1/3", 1. / 3, 0, NUMBER_FRACTION},
                 {"-2/4", -0.5, 0, NUMBER_FRACTION},
                 {"+10/5", 2, 0, NUMBER_FRACTION},
                 {"0/7", 0, 0, NUMBER_FRACTION},
                 {"999999999999999999/1", 1e18, 0, NUMBER_FRACTION},
                 {"1/999999999999999999", 1e-18, 0, NUMBER_FRACTION},
                 {"iNf", INFINITY, 0, NUMBER_NONFINITE},
                 {"-Infinity", -INFINITY, 0, NUMBER_NONFINITE},
                 {"+INF", INFINITY, 0, NUMBER_NONFINITE}};
    unit_case("cells: value, half unit, form");
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        number n = read(cases[i].text, NUMBER_OK);
        if (n.value != cases[i].value || n.half_unit != cases[i].half || n.form != cases[i].form)
            UNIT_FAIL("'%s': %.17g, half %.17g, form %d", cases[i].text, n.value, n.half_unit, n.form);
    }
    CHECK(isnan(read("nan", NUMBER_OK).value) && read("-NaN", NUMBER_OK).form == NUMBER_NONFINITE);
    CHECK(signbit(read("-0", NUMBER_OK).value) && signbit(read("-0/3", NUMBER_OK).value));

    unit_case("cells: refusals");
    static const char *const bad[] = {"",
                                      " ",
                                      "\t",
                                      ".",
                                      "+",
                                      "-",
                                      "+.",
                                      "e5",
                                      ".e5",
                                      "1e",
                                      "1e+",
                                      "1_000",
                                      "--1",
                                      "+-1",
                                      "1.2.3",
                                      "1,5",
                                      "0x10",
                                      "0x1p3",
                                      "1 2",
                                      "1 /3",
                                      "1/ 3",
                                      "1/",
                                      "/3",
                                      "1/-3",
                                      "1/+3",
                                      "1.5/2",
                                      "1/2.5",
                                      "1e1/2",
                                      "1/3%",
                                      "1/2/3",
                                      "1%%",
                                      "%",
                                      "1 %",
                                      "inf%",
                                      "nan%",
                                      "in",
                                      "infin",
                                      "infinityx",
                                      "nan(1)",
                                      "1f",
                                      "1d5",
                                      "1e5.5",
                                      "\xd9\xa1",
                                      "1234567890123456789/3",
                                      "1/1234567890123456789",
                                      "0000000000000000001/1",
                                      "1\n",
                                      "\v1",
                                      "i\016f",
                                      "1i",
                                      "1+2i",
                                      "1e--5",
                                      "-inf-",
                                      "$5"};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        read(bad[i], NUMBER_BAD);
    CHECK(number_read("1\0", 2, &(number){0}) == NUMBER_BAD);
    read("1/0", NUMBER_ZERO_DENOMINATOR);
    read("-0/000", NUMBER_ZERO_DENOMINATOR);
    read("1e999", NUMBER_RANGE);
    read("-1e999", NUMBER_RANGE);
    read("1e311%", NUMBER_RANGE);
    read("1e99999999999999999999999999999999999999999999999999999999999999999999999999999999999999",
         NUMBER_RANGE);
}

/* Percentages against the same decimal with its exponent lowered, fractions against long division in 113
 * bits. */
static void test_forms(void)
{
    unit_case("percentages and fractions are correctly rounded");
    for (int i = 0; i < 30000; i++) {
        char text[64], lowered[64];
        double x = (double)(int64_t)random_bits() / (double)(UINT64_C(1) << random_bits() % 64);
        snprintf(text, sizeof text, "%.*f%%", i % 17 + 1, x);
        snprintf(lowered, sizeof lowered, "%.*fe-2", i % 17 + 1, x);
        number n = read(text, NUMBER_OK);
        if (to_bits(n.value) != to_bits(strtod(lowered, NULL)))
            UNIT_FAIL("%s read as %.17g", text, n.value);

        uint64_t a = random_bits() % decimal_tens[i % 19], b = random_bits() % decimal_tens[i / 19 % 19] + 1;
        b -= b == decimal_tens[18];
        snprintf(text, sizeof text, "-%llu/%llu", (unsigned long long)a, (unsigned long long)b);
        n = read(text, NUMBER_OK);
        if (to_bits(n.value) != to_bits(-(double)((__float128)a / (__float128)b)))
            UNIT_FAIL("%s read as %.17g", text, n.value);
    }
}

static void test_scan(void)
{
    static const struct {
        const char *text;
        int length; /* read, or -1: none */
        double value;
    } cases[] = {{"1.5,2", 3, 1.5},   {"-7\n", 2, -7},     {"12345678,", 8, 12345678},
                 {"1.2.3", 3, 1.2},   {"1e", 1, 1},        {"1e5x", 3, 1e5},
                 {"5.,", 2, 5},       {".5 ", 2, 0.5},     {"1/3", 1, 1},
                 {"0x10", 1, 0},      {"1.5e+", 3, 1.5},   {",", -1, 0},
                 {"-,", -1, 0},       {".,", -1, 0},       {"+.,", -1, 0},
                 {"abc", -1, 0},      {"inf", -1, 0},      {"--1", -1, 0},
                 {"1e999,", -1, 0},   {"", -1, 0},         {"-", -1, 0},
                 {"+", -1, 0},        {".", -1, 0},        {"e5", -1, 0},
                 {"\xff\xff", -1, 0}, {"1\xb9\xff", 1, 1}, {"12.\xb9", 3, 12},
                 {" 1", -1, 0}};
    unit_case("scan stops at the first byte that does not belong, and never reads on behind the end");
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        double value = 0;
        const char *text = cases[i].text, *end = scan(text, strlen(text), &value);
        int length = end == NULL ? -1 : (int)(end - text);
        if (length != cases[i].length || value != cases[i].value)
            UNIT_FAIL("'%s': %d bytes, %.17g", text, length, value);
    }
}

int main(void)
{
    unit_case("the table of powers is exact, rounded up");
    for (int k = DECIMAL_FIRST_POWER; k <= DECIMAL_LAST_POWER; k++)
        check_power(k);
    test_layout();
    test_cells();
    test_scan();
    test_forms();
    test_reading();
    test_printing();
    return unit_end();
}
