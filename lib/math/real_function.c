#include "math/real_function.h"

#include <math.h>
#include <stddef.h>

#include "math/expression.h"
#include "math/polygamma.h"

static double digamma(double x)
{
    return polygamma(0, x);
}

static double log_gamma(double x)
{
    return x <= 0 && x == floor(x) ? INFINITY : lgamma(x);
}

static double sigmoid(double x)
{
    return x >= 0 ? 1 / (1 + exp(-x)) : exp(x) / (1 + exp(x));
}

static double softplus(double x)
{
    return x > 0 ? x + log1p(exp(-x)) : log1p(exp(x));
}

static double relu(double x)
{
    return x > 0 ? x : 0;
}

static double sign_of(double x)
{
    return (x > 0) - (x < 0);
}

real_function *real_function_of(int id)
{
    static const struct {
        int id;
        real_function *f;
    } table[] = {{FUNCTION_EXP, exp},           {FUNCTION_LOG, log},         {FUNCTION_LOG2, log2},
                 {FUNCTION_LOG10, log10},       {FUNCTION_LOG1P, log1p},     {FUNCTION_EXPM1, expm1},
                 {FUNCTION_SQRT, sqrt},         {FUNCTION_CBRT, cbrt},       {FUNCTION_ABS, fabs},
                 {FUNCTION_SIGN, sign_of},      {FUNCTION_FLOOR, floor},     {FUNCTION_CEIL, ceil},
                 {FUNCTION_SIN, sin},           {FUNCTION_COS, cos},         {FUNCTION_TAN, tan},
                 {FUNCTION_ASIN, asin},         {FUNCTION_ACOS, acos},       {FUNCTION_ATAN, atan},
                 {FUNCTION_SINH, sinh},         {FUNCTION_COSH, cosh},       {FUNCTION_TANH, tanh},
                 {FUNCTION_ASINH, asinh},       {FUNCTION_ACOSH, acosh},     {FUNCTION_ATANH, atanh},
                 {FUNCTION_ERF, erf},           {FUNCTION_ERFC, erfc},       {FUNCTION_GAMMA, tgamma},
                 {FUNCTION_LGAMMA, log_gamma},  {FUNCTION_DIGAMMA, digamma}, {FUNCTION_SIGMOID, sigmoid},
                 {FUNCTION_SOFTPLUS, softplus}, {FUNCTION_RELU, relu}};
    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++)
        if (table[i].id == id)
            return table[i].f;
    return NULL;
}
