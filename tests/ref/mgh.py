"""The problems of tests/mgh_problems.txt, written down once more in NumPy from More, Garbow, Hillstrom (ACM TOMS 7 (1981)
17), and minimized by SciPy's least_squares (MINPACK's lmder and trf) from the paper's starts and from near the minima
that the paper names.  Prints: name, f at the start, the minima found, ascending; values under 1e-20 as 0.

  /usr/bin/python3 tests/ref/mgh.py >tests/ref/mgh.expected
"""
import numpy as np
from numpy import arctan, array, concatenate, cos, exp, log, pi, sin, sqrt
from scipy.optimize import least_squares, minimize

A = array
i10 = np.arange(1.0, 11)


def helical(x):
    t = arctan(x[1] / x[0]) / (2 * pi) + (0.5 if x[0] <= 0 else 0)
    return A([10 * (x[2] - 10 * t), 10 * (np.hypot(x[0], x[1]) - 1), x[2]])


def bard(x):
    y = A([.14, .18, .22, .25, .29, .32, .35, .39, .37, .58, .73, .96, 1.34, 2.10, 4.39])
    u = np.arange(1.0, 16)
    v = 16 - u
    return y - (x[0] + u / (v * x[1] + np.minimum(u, v) * x[2]))


def gaussian(x):
    half = [.0009, .0044, .0175, .0540, .1295, .2420, .3521]
    y = A(half + [.3989] + half[::-1])
    t = (8 - np.arange(1.0, 16)) / 2
    return x[0] * exp(-x[1] * (t - x[2]) ** 2 / 2) - y


def meyer(x):
    y = A([34780, 28610, 23650, 19630, 16370, 13720, 11540, 9744, 8261, 7030, 6005, 5147, 4427, 3820, 3307, 2872.0])
    return x[0] * exp(x[1] / (45 + 5 * np.arange(1.0, 17) + x[2])) - y


def gulf(x):
    t = np.arange(1.0, 100) / 100
    y = 25 + (-50 * log(t)) ** (2 / 3)
    return exp(-abs(y - x[1]) ** x[2] / x[0]) - t


def box(x):
    t = i10 / 10
    return exp(-t * x[0]) - exp(-t * x[1]) - x[2] * (exp(-t) - exp(-10 * t))


def powell(x):
    return A([x[0] + 10 * x[1], sqrt(5) * (x[2] - x[3]), (x[1] - 2 * x[2]) ** 2, sqrt(10) * (x[0] - x[3]) ** 2])


def wood(x):
    return A([10 * (x[1] - x[0] ** 2), 1 - x[0], sqrt(90) * (x[3] - x[2] ** 2), 1 - x[2],
              sqrt(10) * (x[1] + x[3] - 2), (x[1] - x[3]) / sqrt(10)])


def kowalik(x):
    y = A([.1957, .1947, .1735, .1600, .0844, .0627, .0456, .0342, .0323, .0235, .0246])
    u = A([4, 2, 1, .5, .25, .167, .125, .1, .0833, .0714, .0625])
    return y - x[0] * (u**2 + u * x[1]) / (u**2 + u * x[2] + x[3])


def brown_dennis(x):
    t = np.arange(1.0, 21) / 5
    return (x[0] + t * x[1] - exp(t)) ** 2 + (x[2] + x[3] * sin(t) - cos(t)) ** 2


def osborne1(x):
    y = A([.844, .908, .932, .936, .925, .908, .881, .850, .818, .784, .751, .718, .685, .658, .628, .603, .580, .558,
           .538, .522, .506, .490, .478, .467, .457, .448, .438, .431, .424, .420, .414, .411, .406])
    t = 10 * np.arange(33.0)
    return y - (x[0] + x[1] * exp(-t * x[3]) + x[2] * exp(-t * x[4]))


def biggs(x):
    t = np.arange(1.0, 14) / 10
    y = exp(-t) - 5 * exp(-10 * t) + 3 * exp(-4 * t)
    return x[2] * exp(-t * x[0]) - x[3] * exp(-t * x[1]) + x[5] * exp(-t * x[4]) - y


def osborne2(x):
    y = A([1.366, 1.191, 1.112, 1.013, .991, .885, .831, .847, .786, .725, .746, .679, .608, .655, .616, .606, .602, .626,
           .651, .724, .649, .649, .694, .644, .624, .661, .612, .558, .533, .495, .500, .423, .395, .375, .372, .391,
           .396, .405, .428, .429, .523, .562, .607, .653, .672, .708, .633, .668, .645, .632, .591, .559, .597, .625,
           .739, .710, .729, .720, .636, .581, .428, .292, .162, .098, .054])
    t = np.arange(65.0) / 10
    return y - (x[0] * exp(-t * x[4]) + x[1] * exp(-((t - x[8]) ** 2) * x[5]) + x[2] * exp(-((t - x[9]) ** 2) * x[6])
                + x[3] * exp(-((t - x[10]) ** 2) * x[7]))


def watson(x):
    n = len(x)
    t = np.arange(1.0, 30) / 29
    j = np.arange(n)
    powers = t[:, None] ** j
    slope = sum(j[k] * x[k] * t ** (k - 1) for k in range(1, n))
    return concatenate([slope - (powers @ x) ** 2 - 1, [x[0], x[1] - x[0] ** 2 - 1]])


def penalty1(x):
    return concatenate([sqrt(1e-5) * (x - 1), [x @ x - 0.25]])


def penalty2(x):
    n = len(x)
    i = np.arange(2.0, n + 1)
    y = exp(i / 10) + exp((i - 1) / 10)
    weights = n - np.arange(n)
    return concatenate([[x[0] - 0.2], sqrt(1e-5) * (exp(x[1:] / 10) + exp(x[:-1] / 10) - y),
                        sqrt(1e-5) * (exp(x[1:] / 10) - exp(-0.1)), [weights @ x**2 - 1]])


def variable(x):
    s = np.arange(1.0, len(x) + 1) @ (x - 1)
    return concatenate([x - 1, [s, s * s]])


def trigonometric(x):
    n = len(x)
    return n - cos(x).sum() + np.arange(1.0, n + 1) * (1 - cos(x)) - sin(x)


def almost_linear(x):
    n = len(x)
    return concatenate([x[:-1] + x.sum() - (n + 1), [np.prod(x) - 1]])


def boundary(x):
    n = len(x)
    h = 1 / (n + 1)
    t = h * np.arange(1.0, n + 1)
    z = concatenate([[0], x, [0]])
    return 2 * x - z[:-2] - z[2:] + h**2 * (x + t + 1) ** 3 / 2


def integral(x):
    n = len(x)
    h = 1 / (n + 1)
    t = h * np.arange(1.0, n + 1)
    cube = (x + t + 1) ** 3
    return A([x[i] + h * ((1 - t[i]) * (t[: i + 1] * cube[: i + 1]).sum()
                          + t[i] * ((1 - t[i + 1:]) * cube[i + 1:]).sum()) / 2 for i in range(n)])


def tridiagonal(x):
    z = concatenate([[0], x, [0]])
    return (3 - 2 * x) * x - z[:-2] - 2 * z[2:] + 1


def full_rank(x):
    m = 20
    s = 2 * x.sum() / m
    return concatenate([x - s - 1, np.full(m - len(x), -s - 1)])


def rank_1(x):
    return np.arange(1.0, 21) * (np.arange(1.0, len(x) + 1) @ x) - 1


def chebyquad(x):
    n = len(x)
    integrals = [0 if i % 2 else -1 / (i * i - 1) for i in range(1, n + 1)]
    return A([np.polynomial.chebyshev.Chebyshev.basis(i)(2 * x - 1).mean() - integrals[i - 1] for i in range(1, n + 1)])


t10 = np.arange(1.0, 11) / 11
PROBLEMS = [
    ("rosenbrock", lambda x: A([10 * (x[1] - x[0] ** 2), 1 - x[0]]), [-1.2, 1], []),
    ("freudenstein-roth", lambda x: A([-13 + x[0] + ((5 - x[1]) * x[1] - 2) * x[1],
                                       -29 + x[0] + ((x[1] + 1) * x[1] - 14) * x[1]]), [0.5, -2], [[5, 4]]),
    ("powell-badly-scaled", lambda x: A([1e4 * x[0] * x[1] - 1, exp(-x[0]) + exp(-x[1]) - 1.0001]), [0, 1], []),
    ("brown-badly-scaled", lambda x: A([x[0] - 1e6, x[1] - 2e-6, x[0] * x[1] - 2]), [1, 1], [[1e6, 2e-6]]),
    ("beale", lambda x: A([y - x[0] * (1 - x[1] ** i) for i, y in ((1, 1.5), (2, 2.25), (3, 2.625))]), [1, 1], []),
    ("jennrich-sampson", lambda x: 2 + 2 * i10 - (exp(i10 * x[0]) + exp(i10 * x[1])), [0.3, 0.4], [[0.2578, 0.2578]]),
    ("helical-valley", helical, [-1, 0, 0], []),
    ("bard", bard, [1, 1, 1], []),
    ("gaussian", gaussian, [0.4, 1, 0], []),
    ("meyer", meyer, [0.02, 4000, 250], []),
    ("gulf", gulf, [5, 2.5, 0.15], [[50, 25, 1.5]]),
    ("box", box, [0, 10, 20], []),
    ("powell-singular", powell, [3, -1, 0, 1], [[0, 0, 0, 0]]),
    ("wood", wood, [-3, -1, -3, -1], [[1, 1, 1, 1]]),
    ("kowalik-osborne", kowalik, [0.25, 0.39, 0.415, 0.39], []),
    ("brown-dennis", brown_dennis, [25, 5, -5, -1], []),
    ("osborne-1", osborne1, [0.5, 1.5, -1, 0.01, 0.02], []),
    ("biggs-exp6", biggs, [1, 2, 1, 1, 1, 1], [[1, 10, 1, 5, 4, 3], [1.7114, 17.6832, 1.1631, 5.1866, 1.7114, 1.1631]]),
    ("osborne-2", osborne2, [1.3, .65, .65, .7, .6, 3, 5, 7, 2, 4.5, 5.5], []),
    ("watson", watson, [0] * 6, []),
    ("rosenbrock-10", lambda x: concatenate([10 * (x[1::2] - x[::2] ** 2), 1 - x[::2]]), [-1.2, 1] * 5, []),
    ("powell-singular-8", lambda x: concatenate([powell(x[:4]), powell(x[4:])]), [3, -1, 0, 1] * 2, [[0] * 8]),
    ("penalty-1", penalty1, [1, 2, 3, 4], []),
    ("penalty-2", penalty2, [0.5] * 4, []),
    ("variably-dimensioned", variable, list(1 - i10 / 10), []),
    ("trigonometric", trigonometric, [0.1] * 10,
     [[.0551510, .0568408, .0587639, .0609906, .0636263, .0668432, .208162, .164363, .0850068, .0914314], [0.02] * 10]),
    ("brown-almost-linear", almost_linear, [0.5] * 10, [[1] * 10, [0] * 9 + [11]]),
    ("discrete-boundary", boundary, list(t10 * (t10 - 1)), []),
    ("discrete-integral", integral, list(t10 * (t10 - 1)), []),
    ("broyden-tridiagonal", tridiagonal, [-1] * 10, []),
    ("linear-full-rank", full_rank, [1] * 10, []),
    ("linear-rank-1", rank_1, [1] * 10, []),
    ("chebyquad", chebyquad, list(np.arange(1.0, 9) / 9), []),
]


def minimum(f, start):
    best = None
    for method in ("lm", "trf"):
        got = least_squares(f, start, method=method, jac="3-point" if method == "trf" else "2-point", xtol=3e-16,
                            ftol=3e-16, gtol=3e-16, x_scale=1 if method == "lm" else "jac", max_nfev=20000)
        got = least_squares(f, got.x, method="trf", jac="3-point", xtol=3e-16, ftol=3e-16, gtol=3e-16, x_scale="jac",
                            max_nfev=20000)
        if best is None or got.cost < best:
            best = got.cost
    return 2 * best


# Local minima beside those, by Nelder and Mead's method.
LOCAL = {
    "biggs-exp6": [[1, 2, 1, 1, 1, 1]],
    "trigonometric": [[.055, .057, .059, .061, .064, .067, .208, .164, .085, .0914], [.0515, .053, .0547, .0566, .0589, .0616, .218, .0695, .144, .0925]],
}


def local(f, start):
    options = {"xatol": 1e-12, "fatol": 1e-18, "maxiter": 20000, "maxfev": 40000}
    return minimize(lambda x: f(x) @ f(x), start, method="Nelder-Mead", options=options).fun


with np.errstate(all="ignore"):
    for name, f, start, others in PROBLEMS:
        start = A(start, float)
        found = sorted(minimum(f, A(x, float)) for x in [start] + others)
        found = sorted(found + [local(f, A(x, float)) for x in LOCAL.get(name, [])])
        found = [0.0 if v < 1e-20 else v for v in found]
        kept = [v for k, v in enumerate(found) if k == 0 or v > 1.000001 * found[k - 1]]
        r = f(start)
        print(name, "%.15g" % (r @ r), *["%.12g" % v for v in kept])
