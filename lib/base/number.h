/* number.h: numbers from text and to text, correctly rounded and independent of the locale.
 *
 * Reading: Clinger's fast path ("How to Read Floating Point Numbers Accurately", PLDI 1990), then a 128-bit
 * product with a table of powers as in Lemire, "Number Parsing at a Gigabyte per Second", SPE 2021, then
 * strtod for the few inputs that these leave undecided (programs never call setlocale).
 * Printing: Schubfach, Giulietti, "The Schubfach way to render doubles", 2020.
 * The inline reader of plain decimals for hot loops is in base/number_scan.h. */
#ifndef BASE_NUMBER_H
#define BASE_NUMBER_H

#include <stddef.h>

enum number_form { NUMBER_DECIMAL, NUMBER_FRACTION, NUMBER_PERCENT, NUMBER_NONFINITE };

typedef struct number {
    double value;
    /* Half a unit of the last written digit: 0.5 * 10^e, and a hundredth of it for a percentage.  Zero for a
     * number written without point and exponent, for fractions, inf and nan. */
    double half_unit;
    enum number_form form;
} number;

typedef enum number_status {
    NUMBER_OK,
    NUMBER_BAD,             /* not a number */
    NUMBER_RANGE,           /* a finite decimal too large for a double */
    NUMBER_ZERO_DENOMINATOR /* 1/0 */
} number_status;

/* The most digits that each part of a fraction may have. */
enum { NUMBER_FRACTION_DIGITS = 18 };

/* Read a whole cell.  Blanks and tabs around it are skipped; what remains must be a decimal (`3`, `+3`, `.5`,
 * `3.`, `1e-3`), inf, infinity or nan in any case with or without a sign, a fraction `-1/3`, or a decimal
 * followed by `%`.  OUT is written only with NUMBER_OK.  Tiny values round to a subnormal or to zero. */
number_status number_read(const char *text, size_t length, number *out);

/* Room that the printing functions may scribble on, the terminating NUL included. */
enum { NUMBER_PRINT_MAX = 48 };

/* Print the shortest digits that read back to X, of those the closest to X; terminated by NUL, its length is
 * returned.  Positional for 1e-5 <= |x| < 1e16, else like `1e-6`, `1.5e22`; -0 prints as 0; nan, inf, -inf.
 */
size_t number_print(char out[NUMBER_PRINT_MAX], double x);

/* The same layout for X rounded to DIGITS significant digits (1..17; outside it the nearer bound is taken),
 * half to even on the exact value; trailing zeros are left out. */
size_t number_print_digits(char out[NUMBER_PRINT_MAX], double x, int digits);

#endif
