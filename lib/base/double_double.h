/* double_double.h: sums and products with twice the digits of a double, as an unevaluated sum hi + lo.
 *
 * Dekker, "A floating-point technique for extending the available precision", Numer. Math. 18 (1971) 224;
 * Knuth, The Art of Computer Programming 2, 4.2.2 (the sum without a branch); Joldes, Muller, Popescu, "Tight
 * and rigorous error bounds for basic building blocks of double-word arithmetic", ACM TOMS 44 (2017)
 * 15:1-15:27: algorithms 4 (double-double plus double), 6 (accurate sum) and 12 (product).  About 106 bits
 * while nothing overflows or becomes subnormal; a sum or product beyond the range gives inf or nan in hi. */
#ifndef BASE_DOUBLE_DOUBLE_H
#define BASE_DOUBLE_DOUBLE_H

#include <math.h>
#include <stdbool.h>

typedef struct double_double {
    double hi, lo;
} double_double;

/* a + b exactly. */
static inline double_double dd_sum(double a, double b)
{
    double s = a + b, of_b = s - a, of_a = s - of_b;
    return (double_double){s, (a - of_a) + (b - of_b)};
}

/* a + b exactly where |a| >= |b| or a is 0. */
static inline double_double dd_quick_sum(double a, double b)
{
    double s = a + b;
    return (double_double){s, b - (s - a)};
}

/* a b exactly. */
static inline double_double dd_product(double a, double b)
{
    double p = a * b;
    return (double_double){p, fma(a, b, -p)};
}

static inline double_double dd_add(double_double a, double b)
{
    double_double s = dd_sum(a.hi, b);
    return dd_quick_sum(s.hi, s.lo + a.lo);
}

static inline double_double dd_add_dd(double_double a, double_double b)
{
    double_double high = dd_sum(a.hi, b.hi), low = dd_sum(a.lo, b.lo);
    high = dd_quick_sum(high.hi, high.lo + low.hi);
    return dd_quick_sum(high.hi, high.lo + low.lo);
}

static inline double_double dd_multiply(double_double a, double_double b)
{
    double_double p = dd_product(a.hi, b.hi);
    return dd_quick_sum(p.hi, p.lo + fma(a.hi, b.lo, a.lo * b.hi));
}

/* sum + a b. */
static inline double_double dd_add_product(double_double sum, double a, double b)
{
    return dd_add_dd(sum, dd_product(a, b));
}

static inline double_double dd_negate(double_double a)
{
    return (double_double){-a.hi, -a.lo};
}

static inline bool dd_is_finite(double_double a)
{
    return isfinite(a.hi) && isfinite(a.lo);
}

static inline double dd_value(double_double a)
{
    return a.hi + a.lo;
}

#endif
