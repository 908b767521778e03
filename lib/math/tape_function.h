/* tape_function.h: the functions of one number with their first two derivatives, over LANES numbers at a
 * time. The derivatives are written so that nothing cancels: sech^2 rather than 1 - tanh^2. Abramowitz &
 * Stegun, Handbook of Mathematical Functions, 4.2-4.6, 6.3, 6.4, 7.1. */
#ifndef MATH_TAPE_FUNCTION_H
#define MATH_TAPE_FUNCTION_H

#include <math.h>

#include "math/exponential.h"
#include "math/polygamma.h"
#include "math/tape_internal.h"

#define TAPE_EACH(TO, VALUE)                                                                                 \
    for (size_t l = 0; l < lanes; l++) {                                                                     \
        double x = a[l];                                                                                     \
        TO[l] = (VALUE);                                                                                     \
    }                                                                                                        \
    break

TAPE_INLINE double tape_sign(double x)
{
    return x > 0 ? 1 : x < 0 ? -1 : x;
}

/* exp(a) into y; a and y may be the same. */
TAPE_INLINE void tape_exponential(const double *a, double *y, size_t lanes)
{
    if (lanes % 8 != 0) {
        for (size_t l = 0; l < lanes; l++)
            y[l] = exp(a[l]);
        return;
    }
    for (size_t l = 0; l < lanes; l += 8) {
        exponential_wide v = *(const exponential_wide *)(a + l);
        exponential(&v);
        *(exponential_wide *)(y + l) = v;
    }
}

/* exp(-|a|), the part that sigmoid and softplus are made of */
TAPE_INLINE void tape_decay(const double *a, double *y, size_t lanes)
{
    for (size_t l = 0; l < lanes; l++)
        y[l] = -fabs(a[l]);
    tape_exponential(y, y, lanes);
}

/* log(1 + y) for 0 <= y <= 1, y being replaced: 2 atanh(s) with s = y / (2 + y) <= 1/3, by its series (A&S
 * 4.6.22) up to s^35, beyond which it is below 1e-18 of the whole.  Within 2 units in the last place. */
TAPE_INLINE void tape_log1p_unit(double *y, size_t lanes)
{
    if (lanes % 8 != 0) {
        for (size_t l = 0; l < lanes; l++)
            y[l] = log1p(y[l]);
        return;
    }
    for (size_t l = 0; l < lanes; l++) {
        double s = y[l] / (2 + y[l]), q = s * s, sum = 1.0 / 35;
        for (int k = 33; k >= 3; k -= 2)
            sum = sum * q + 1.0 / k;
        y[l] = 2 * (s + s * q * sum);
    }
}

TAPE_INLINE void tape_call_value(int id, const double *a, double *y, size_t lanes)
{
    switch (id) {
    case FUNCTION_EXP:
        tape_exponential(a, y, lanes);
        break;
    case FUNCTION_LOG:
        TAPE_EACH(y, log(x));
    case FUNCTION_LOG2:
        TAPE_EACH(y, log2(x));
    case FUNCTION_LOG10:
        TAPE_EACH(y, log10(x));
    case FUNCTION_LOG1P:
        TAPE_EACH(y, log1p(x));
    case FUNCTION_EXPM1:
        TAPE_EACH(y, expm1(x));
    case FUNCTION_SQRT:
        TAPE_EACH(y, sqrt(x));
    case FUNCTION_CBRT:
        TAPE_EACH(y, cbrt(x));
    case FUNCTION_ABS:
        TAPE_EACH(y, fabs(x));
    case FUNCTION_SIGN:
        TAPE_EACH(y, tape_sign(x));
    case FUNCTION_FLOOR:
        TAPE_EACH(y, floor(x));
    case FUNCTION_CEIL:
        TAPE_EACH(y, ceil(x));
    case FUNCTION_SIN:
        TAPE_EACH(y, sin(x));
    case FUNCTION_COS:
        TAPE_EACH(y, cos(x));
    case FUNCTION_TAN:
        TAPE_EACH(y, tan(x));
    case FUNCTION_ASIN:
        TAPE_EACH(y, asin(x));
    case FUNCTION_ACOS:
        TAPE_EACH(y, acos(x));
    case FUNCTION_ATAN:
        TAPE_EACH(y, atan(x));
    case FUNCTION_SINH:
        TAPE_EACH(y, sinh(x));
    case FUNCTION_COSH:
        TAPE_EACH(y, cosh(x));
    case FUNCTION_TANH:
        TAPE_EACH(y, tanh(x));
    case FUNCTION_ASINH:
        TAPE_EACH(y, asinh(x));
    case FUNCTION_ACOSH:
        TAPE_EACH(y, acosh(x));
    case FUNCTION_ATANH:
        TAPE_EACH(y, atanh(x));
    case FUNCTION_ERF:
        TAPE_EACH(y, erf(x));
    case FUNCTION_ERFC:
        TAPE_EACH(y, erfc(x));
    case FUNCTION_GAMMA:
        TAPE_EACH(y, tgamma(x));
    case FUNCTION_LGAMMA:
        TAPE_EACH(y, lgamma(x));
    case FUNCTION_DIGAMMA:
        TAPE_EACH(y, polygamma(0, x));
    case FUNCTION_SIGMOID:
        tape_decay(a, y, lanes);
        TAPE_EACH(y, (x < 0 ? y[l] : 1) / (1 + y[l]));
    case FUNCTION_SOFTPLUS:
        tape_decay(a, y, lanes);
        tape_log1p_unit(y, lanes);
        TAPE_EACH(y, (x > 0 ? x : x <= 0 ? 0 : x) + y[l]);
    case FUNCTION_RELU:
        TAPE_EACH(y, x <= 0 ? 0 : x);
    default:
        TAPE_EACH(y, x * (double)NAN);
    }
}

/* The first derivative at A, where the function is Y, into D. */
TAPE_INLINE void tape_call_slope(int id, const double *a, const double *y, double *d, size_t lanes)
{
    switch (id) {
    case FUNCTION_EXP:
        TAPE_EACH(d, x - x + y[l]);
    case FUNCTION_LOG:
        TAPE_EACH(d, 1 / x);
    case FUNCTION_LOG2:
        TAPE_EACH(d, M_LOG2E / x);
    case FUNCTION_LOG10:
        TAPE_EACH(d, M_LOG10E / x);
    case FUNCTION_LOG1P:
        TAPE_EACH(d, 1 / (1 + x));
    case FUNCTION_EXPM1:
        tape_exponential(a, d, lanes);
        break;
    case FUNCTION_SQRT:
        TAPE_EACH(d, x >= 0 ? 0.5 / y[l] : y[l]);
    case FUNCTION_CBRT:
        TAPE_EACH(d, x == x ? 1 / (3 * y[l] * y[l]) : x);
    case FUNCTION_ABS:
        TAPE_EACH(d, tape_sign(x));
    case FUNCTION_SIN:
        TAPE_EACH(d, cos(x));
    case FUNCTION_COS:
        TAPE_EACH(d, -sin(x));
    case FUNCTION_TAN:
        TAPE_EACH(d, x == x ? 1 + y[l] * y[l] : x);
    case FUNCTION_ASIN:
        TAPE_EACH(d, 1 / sqrt((1 - x) * (1 + x)));
    case FUNCTION_ACOS:
        TAPE_EACH(d, -1 / sqrt((1 - x) * (1 + x)));
    case FUNCTION_ATAN:
        TAPE_EACH(d, 1 / (1 + x * x));
    case FUNCTION_SINH:
        TAPE_EACH(d, cosh(x));
    case FUNCTION_COSH:
        TAPE_EACH(d, sinh(x));
    case FUNCTION_TANH:
        TAPE_EACH(d, 1 / cosh(x) / cosh(x));
    case FUNCTION_ASINH:
        TAPE_EACH(d, 1 / hypot(1, x));
    case FUNCTION_ACOSH:
        TAPE_EACH(d, 1 / (sqrt(x - 1) * sqrt(x + 1)));
    case FUNCTION_ATANH:
        TAPE_EACH(d, 1 / ((1 - x) * (1 + x)));
    case FUNCTION_ERF:
        TAPE_EACH(d, M_2_SQRTPI * exp(-x * x));
    case FUNCTION_ERFC:
        TAPE_EACH(d, -M_2_SQRTPI * exp(-x * x));
    case FUNCTION_GAMMA:
        TAPE_EACH(d, y[l] * polygamma(0, x));
    case FUNCTION_LGAMMA:
        TAPE_EACH(d, polygamma(0, x));
    case FUNCTION_DIGAMMA:
        TAPE_EACH(d, polygamma(1, x));
    case FUNCTION_SIGMOID:
        tape_decay(a, d, lanes);
        TAPE_EACH(d, x == x ? d[l] / ((1 + d[l]) * (1 + d[l])) : x);
    case FUNCTION_SOFTPLUS:
        tape_decay(a, d, lanes);
        TAPE_EACH(d, (x < 0 ? d[l] : 1) / (1 + d[l]));
    case FUNCTION_RELU:
        TAPE_EACH(d, x > 0);
    default: /* sign, floor, ceil */
        TAPE_EACH(d, x * 0);
    }
}

/* The second derivative into E, where the first is D. */
TAPE_INLINE void tape_call_curvature(int id, const double *a, const double *y, const double *d, double *e,
                                     size_t lanes)
{
    switch (id) {
    case FUNCTION_EXP:
    case FUNCTION_SINH:
    case FUNCTION_COSH:
        TAPE_EACH(e, x - x + y[l]);
    case FUNCTION_EXPM1:
        TAPE_EACH(e, x - x + d[l]);
    case FUNCTION_LOG:
    case FUNCTION_LOG2:
    case FUNCTION_LOG10:
        TAPE_EACH(e, -d[l] / x);
    case FUNCTION_LOG1P:
        TAPE_EACH(e, -d[l] / (1 + x));
    case FUNCTION_SQRT:
        TAPE_EACH(e, -d[l] / (2 * x));
    case FUNCTION_CBRT:
        TAPE_EACH(e, -2 * d[l] / (3 * x));
    case FUNCTION_SIN:
    case FUNCTION_COS:
        TAPE_EACH(e, x == x ? -y[l] : x);
    case FUNCTION_TAN:
        TAPE_EACH(e, x == x ? 2 * y[l] * d[l] : x);
    case FUNCTION_ASIN:
    case FUNCTION_ACOS:
        TAPE_EACH(e, x * d[l] * d[l] * d[l]);
    case FUNCTION_ATAN:
        TAPE_EACH(e, -2 * x * d[l] * d[l]);
    case FUNCTION_TANH:
        TAPE_EACH(e, x == x ? -2 * y[l] * d[l] : x);
    case FUNCTION_ASINH:
    case FUNCTION_ACOSH:
        TAPE_EACH(e, -x * d[l] * d[l] * d[l]);
    case FUNCTION_ATANH:
        TAPE_EACH(e, 2 * x * d[l] * d[l]);
    case FUNCTION_ERF:
    case FUNCTION_ERFC:
        TAPE_EACH(e, -2 * x * d[l]);
    case FUNCTION_GAMMA:
        TAPE_EACH(e, y[l] * polygamma(1, x) + d[l] * polygamma(0, x));
    case FUNCTION_LGAMMA:
        TAPE_EACH(e, polygamma(1, x));
    case FUNCTION_DIGAMMA:
        TAPE_EACH(e, polygamma(2, x));
    case FUNCTION_SIGMOID:
        TAPE_EACH(e, -d[l] * tanh(x / 2));
    case FUNCTION_SOFTPLUS:
        tape_decay(a, e, lanes);
        TAPE_EACH(e, x == x ? e[l] / ((1 + e[l]) * (1 + e[l])) : x);
    default: /* pieces of straight lines */
        TAPE_EACH(e, x * 0);
    }
}

#endif
