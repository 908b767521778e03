"""Taylor coefficients of functions of one number, by mpmath with 60 digits: "expression point c0 c1 ... c6".
Prints tests/ref/taylor.expected, which tests/unit/test_taylor.c reads as a table."""
import mpmath as mp

mp.mp.dps = 60
sigmoid = lambda x: 1 / (1 + mp.exp(-x))
FUNCTIONS = {
    "exp(x)": mp.exp, "log(x)": mp.log, "log2(x)": lambda x: mp.log(x) / mp.log(2),
    "log10(x)": mp.log10, "log1p(x)": lambda x: mp.log(1 + x), "expm1(x)": lambda x: mp.exp(x) - 1,
    "sqrt(x)": mp.sqrt, "cbrt(x)": mp.cbrt, "sin(x)": mp.sin, "cos(x)": mp.cos, "tan(x)": mp.tan,
    "asin(x/4)": lambda x: mp.asin(x / 4), "acos(x/4)": lambda x: mp.acos(x / 4), "atan(x)": mp.atan,
    "sinh(x)": mp.sinh, "cosh(x)": mp.cosh, "tanh(x)": mp.tanh, "asinh(x)": mp.asinh,
    "acosh(1+x)": lambda x: mp.acosh(1 + x), "atanh(x/4)": lambda x: mp.atanh(x / 4),
    "erf(x)": mp.erf, "erfc(x)": mp.erfc, "gamma(x)": mp.gamma, "lgamma(x)": mp.loggamma,
    "digamma(x)": mp.digamma, "sigmoid(x)": sigmoid, "softplus(x)": lambda x: mp.log(1 + mp.exp(x)),
    "x^2.5": lambda x: x ** mp.mpf("2.5"), "x^-3": lambda x: x ** -3, "2^x": lambda x: 2 ** x,
    "x^x": lambda x: x ** x, "1/(1+x^2)": lambda x: 1 / (1 + x * x),
    "atan2(sin(x),x)": lambda x: mp.atan2(mp.sin(x), x), "hypot(x,2)": lambda x: mp.sqrt(x * x + 4),
    "exp(sin(x)*x)/(2+x)": lambda x: mp.exp(mp.sin(x) * x) / (2 + x),
}
for text, f in FUNCTIONS.items():
    for point in (mp.mpf(1) / 2, mp.mpf("1.75")):
        print(text, mp.nstr(point, 17), *(mp.nstr(c, 19) for c in mp.taylor(f, point, 6)))
