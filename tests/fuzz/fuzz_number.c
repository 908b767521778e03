/* Numbers: what is read agrees with strtod where both read it; what is printed reads back to the same bits.
 */
#include <math.h>

#include "base/number.h"
#include "fuzz.h"

/* Plain decimals are what strtod takes as well, but for its hexadecimal forms, inf and nan. */
static bool plain_decimal(const char *text)
{
    return text[0] != '\0' && strspn(text, "+-.0123456789eE") == strlen(text);
}

static void check_against_strtod(const char *text, number_status status, const number *n)
{
    char *end;
    double x = strtod(text, &end);
    bool whole = *end == '\0' && end != text;
    MUST((status == NUMBER_OK || status == NUMBER_RANGE) == whole);
    if (status == NUMBER_OK)
        MUST(memcmp(&x, &n->value, sizeof x) == 0);
    if (status == NUMBER_RANGE)
        MUST(isinf(x));
}

static void check_printing(double x)
{
    char text[NUMBER_PRINT_MAX];
    number n;
    size_t length = number_print(text, x);
    MUST(length == strlen(text) && length < NUMBER_PRINT_MAX);
    MUST(number_read(text, length, &n) == NUMBER_OK);
    MUST(isnan(x) ? isnan(n.value) : n.value == x);
    for (int digits = 1; digits <= 17; digits += 8) {
        length = number_print_digits(text, x, digits);
        MUST(length == strlen(text) && length < NUMBER_PRINT_MAX);
        number_status status = number_read(text, length, &n);
        MUST(status == NUMBER_OK || status == NUMBER_RANGE); /* the largest double, rounded up */
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char text[512];
    number n = {0};
    size_t length = size < sizeof text - 1 ? size : sizeof text - 1;
    memcpy(text, data, length);
    text[length] = '\0';
    number_status status = number_read(text, length, &n);
    MUST(status != NUMBER_OK || n.half_unit >= 0);
    if (strlen(text) == length && plain_decimal(text))
        check_against_strtod(text, status, &n);
    if (status == NUMBER_OK)
        check_printing(n.value);
    if (size >= sizeof(double)) {
        double x;
        memcpy(&x, data, sizeof x);
        check_printing(x);
    }
    return 0;
}
