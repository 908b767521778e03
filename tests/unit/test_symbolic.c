/* Derivatives and the normal form. */
#include "math/symbolic.h"

#include <stdlib.h>

#include "unit.h"

static expression_space *space;
static char shown[4096];

static const expression *tree(const char *text)
{
    const expression *e = NULL;
    ml_message why;
    if (expression_parse(space, NULL, text, &e, &why) != ML_OK ||
        symbolic_resolve(space, e, &e, &why) != ML_OK)
        UNIT_FAIL("%s", why.text);
    return e;
}

static const char *normal(const char *text)
{
    buffer b = {0};
    const expression *e = symbolic_normal(space, tree(text));
    if (e == NULL)
        return "none";
    expression_print(&b, e);
    snprintf(shown, sizeof shown, "%s", buffer_text(&b));
    buffer_free(&b);
    return shown;
}

static bool zero(const char *text)
{
    return symbolic_is_zero(space, tree(text));
}

static void test_normal(void)
{
    unit_case("like terms are collected, products expanded");
    CHECK_TEXT(normal("x+x"), "2*x");
    CHECK_TEXT(normal("(x+y)^2-(x-y)^2"), "4*x*y");
    CHECK_TEXT(normal("x-x"), "0");
    CHECK_TEXT(normal("x/2+x/3"), "5*x/6");
    CHECK_TEXT(normal("2*x*sin(x)-x^2*cos(x)-2*x*sin(x)"), "-x^2*cos(x)");
    CHECK_TEXT(normal("sqrt(8)/sqrt(2)"), "2");
    CHECK_TEXT(normal("sqrt(2)*sqrt(3)*sqrt(2)"), "2*sqrt(3)");
    CHECK_TEXT(normal("sqrt(x^2)"), "sqrt(x^2)");
    CHECK_TEXT(normal("exp(x)*exp(-x)"), "1");
    CHECK_TEXT(normal("sin(-x)+sin(x)"), "0");
    CHECK_TEXT(normal("cos(y-x)-cos(x-y)"), "0");
    CHECK_TEXT(normal("x^2*x^-2"), "1");
    CHECK_TEXT(normal("0.1*x-x/10"), "0");
    CHECK_TEXT(normal("(a+b)*(a-b)"), "a^2 - b^2");
    CHECK_TEXT(normal("1/x+2/x"), "3/x");
}

static void test_zero(void)
{
    unit_case("what is zero is proved, what is not is not");
    CHECK(zero("sin(x)^2+cos(x)^2-1"));
    CHECK(zero("cos(x)^4-(1-sin(x)^2)^2"));
    CHECK(zero("1/(x+1)+1/(x-1)-2*x/(x^2-1)"));
    CHECK(zero("cosh(x)^2-sinh(x)^2-1"));
    CHECK(zero("tan(x)-sin(x)/cos(x)"));
    CHECK(zero("1/cos(x)^2-1-tan(x)^2"));
    CHECK(zero("log2(8*x)-log2(x)-log2(8)"));
    CHECK(zero("sigmoid(x)-1/(1+exp(-x))"));
    CHECK(zero("tanh(x)-(exp(2*x)-1)/(exp(2*x)+1)"));
    CHECK(!zero("sin(x)^2-cos(x)^2"));
    CHECK(!zero("sqrt(x^2)-x"));
    CHECK(!zero("x/3-0.33*x"));
    CHECK(!zero("exp(x*y)-exp(x)*exp(y)"));
    CHECK(!zero("1/(x+y)-1/x-1/y"));
}

/* The derivative of the first is the second. */
static void test_derivatives(void)
{
    static const char *const pairs[][2] = {
        {"x^2*sin(x)", "2*x*sin(x)+x^2*cos(x)"},
        {"exp(-x^2/2)", "-x*exp(-x^2/2)"},
        {"log(x)", "1/x"},
        {"log2(x)", "1/(x*log(2))"},
        {"sqrt(x)", "1/(2*sqrt(x))"},
        {"x/(1+x)", "1/(1+x)^2"},
        {"atan(x)", "1/(1+x^2)"},
        {"asin(x)", "1/sqrt(1-x^2)"},
        {"tan(x)", "1+tan(x)^2"},
        {"tanh(x)", "1-tanh(x)^2"},
        {"sigmoid(x)", "sigmoid(x)*(1-sigmoid(x))"},
        {"softplus(x)", "sigmoid(x)"},
        {"x^5", "5*x^4"},
        {"2^x", "log(2)*2^x"},
        {"hypot(x,y)", "x/hypot(x,y)"},
        {"atan2(y,x)", "-y/(x^2+y^2)"},
        {"erf(x)", "1.1283791670955126*exp(-x^2)"},
        {"sum(i,1,3,x^2)", "sum(i,1,3,2*x)"},
        {"diff(x^4,x,2)", "24*x"},
        {"y^2", "0"},
        {"abs(x)", "sign(x)"},
    };
    unit_case("derivatives");
    ml_message why;
    for (size_t i = 0; i < sizeof pairs / sizeof pairs[0]; i++) {
        const expression *d;
        if (symbolic_derivative(space, tree(pairs[i][0]), "x", &d, &why) != ML_OK)
            UNIT_FAIL("%s", why.text);
        else if (!symbolic_is_zero(space, expression_binary(space, OPERATOR_SUBTRACT, d, tree(pairs[i][1]))))
            UNIT_FAIL("the derivative of %s is not %s", pairs[i][0], pairs[i][1]);
    }
    const expression *d;
    CHECK(symbolic_derivative(space, tree("digamma(x)"), "x", &d, &why) == ML_FAIL &&
          strstr(why.text, "no derivative"));
    CHECK(symbolic_derivative(space, tree("prod(i,1,3,x+i)"), "x", &d, &why) == ML_FAIL);
}

int main(void)
{
    space = expression_space_new();
    test_normal();
    test_zero();
    test_derivatives();
    expression_space_free(space);
    return unit_end();
}
