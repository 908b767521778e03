/* unit.h: the little that a unit test needs.  A test is a program tests/unit/test_NAME.c that calls
 * unit_case("what it shows") and CHECK...; it prints TAP and exits 1 when a check failed. */
#ifndef UNIT_H
#define UNIT_H

#include <math.h>
#include <stdio.h>
#include <string.h>

static int unit_cases, unit_bad_cases, unit_case_bad;
static const char *unit_name;

static inline void unit_close_case(void)
{
    if (unit_name == NULL)
        return;
    unit_bad_cases += unit_case_bad != 0;
    printf("%sok %d - %s\n", unit_case_bad ? "not " : "", ++unit_cases, unit_name);
}

static inline void unit_case(const char *name)
{
    unit_close_case();
    unit_name = name;
    unit_case_bad = 0;
}

static inline int unit_end(void)
{
    unit_close_case();
    printf("1..%d\n", unit_cases);
    return unit_bad_cases != 0;
}

/* At most ten failures a case are shown. */
#define UNIT_FAIL(...)                                                                                       \
    do {                                                                                                     \
        if (unit_case_bad++ < 10) {                                                                          \
            printf("# %s:%d: ", __FILE__, __LINE__);                                                         \
            printf(__VA_ARGS__);                                                                             \
            printf("\n");                                                                                    \
        }                                                                                                    \
    } while (0)

#define CHECK(condition)                                                                                     \
    do {                                                                                                     \
        if (!(condition))                                                                                    \
            UNIT_FAIL("not true: %s", #condition);                                                           \
    } while (0)

#define CHECK_TEXT(got, expected)                                                                            \
    do {                                                                                                     \
        const char *unit_got = (got), *unit_expected = (expected);                                           \
        if (strcmp(unit_got, unit_expected) != 0)                                                            \
            UNIT_FAIL("%s is '%s', expected '%s'", #got, unit_got, unit_expected);                           \
    } while (0)

/* |got - expected| <= tolerance * max(1, |expected|) */
#define CHECK_NEAR(got, expected, tolerance)                                                                 \
    do {                                                                                                     \
        double unit_got = (got), unit_expected = (expected);                                                 \
        if (!(fabs(unit_got - unit_expected) <= (tolerance)*fmax(1, fabs(unit_expected))))                   \
            UNIT_FAIL("%s is %.17g, expected %.17g", #got, unit_got, unit_expected);                         \
    } while (0)

#endif
