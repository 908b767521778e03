"""The problems of tests/hs_problems.txt, written down once more in SymPy from Hock, Schittkowski (Springer, 1981): the KKT
equations of the constraints that are active at the published solution, solved in 40 digits from that solution.  Prints:
name, minimum | a multiplier for each constraint | x.  L = f + sum lambda h + sum mu g, g <= 0.

  /usr/bin/python3 tests/ref/hs.py >tests/ref/hs.expected
"""
import mpmath
import sympy
from sympy import Matrix, Rational, hessian, lambdify, log, symbols

mpmath.mp.dps = 40
x1, x2, x3, x4, x5, x6, x7, x8, x9, x10 = X = symbols("x1:11")


def box(variables, low, high=None):
    rows = []
    for v in variables:
        rows.append(low - v)
        if high is not None:
            rows.append(v - high)
    return rows


H = Rational(1, 2)
# name, f, equalities and inequalities g <= 0 in the order of the file, which of them are active, the solution
PROBLEMS = [
    ("hs6", (1 - x1) ** 2, [10 * (x2 - x1**2)], [0], [1, 1]),
    ("hs7", log(1 + x1**2) - x2, [(1 + x1**2) ** 2 + x2**2 - 4], [0], [0, 1.7]),
    ("hs26", (x1 - x2) ** 2 + (x2 - x3) ** 4, [(1 + x2**2) * x1 + x3**4 - 3], None, [1, 1, 1]),
    ("hs28", (x1 + x2) ** 2 + (x2 + x3) ** 2, [x1 + 2 * x2 + 3 * x3 - 1], [0], [0.5, -0.5, 0.5]),
    ("hs35", 9 - 8 * x1 - 6 * x2 - 4 * x3 + 2 * x1**2 + 2 * x2**2 + x3**2 + 2 * x1 * x2 + 2 * x1 * x3,
     [x1 + x2 + 2 * x3 - 3] + box([x1, x2, x3], 0), [0], [1.33, 0.78, 0.44]),
    ("hs39", -x1, [x2 - x1**3 - x3**2, x1**2 - x2 - x4**2], [0, 1], [1, 1, 0, 0]),
    ("hs40", -x1 * x2 * x3 * x4, [x1**3 + x2**2 - 1, x1**2 * x4 - x3, x4**2 - x2], [0, 1, 2],
     [0.7937, 0.7071, 0.5297, 0.8409]),
    ("hs43", x1**2 + x2**2 + 2 * x3**2 + x4**2 - 5 * x1 - 5 * x2 - 21 * x3 + 7 * x4,
     [-(8 - x1**2 - x2**2 - x3**2 - x4**2 - x1 + x2 - x3 + x4),
      -(10 - x1**2 - 2 * x2**2 - x3**2 - 2 * x4**2 + x1 + x4),
      -(5 - 2 * x1**2 - x2**2 - x3**2 - 2 * x1 + x2 + x4)], [0, 2], [0, 1, 2, -1]),
    ("hs65", (x1 - x2) ** 2 + (x1 + x2 - 10) ** 2 / 9 + (x3 - 5) ** 2,
     [-(48 - x1**2 - x2**2 - x3**2)] + box([x1, x2], -9 * H, 9 * H) + box([x3], -5, 5), [0],
     [3.650461821, 3.65046168, 4.6204170507]),
    ("hs71", x1 * x4 * (x1 + x2 + x3) + x3,
     [25 - x1 * x2 * x3 * x4, x1**2 + x2**2 + x3**2 + x4**2 - 40] + box([x1, x2, x3, x4], 1, 5), [0, 1, 2],
     [1, 4.7429994, 3.8211503, 1.3794082]),
    ("hs76", x1**2 + H * x2**2 + x3**2 + H * x4**2 - x1 * x3 + x3 * x4 - x1 - 3 * x2 + x3 - x4,
     [x1 + 2 * x2 + x3 + x4 - 5, 3 * x1 + x2 + 2 * x3 - x4 - 4, 3 * H - x2 - 4 * x3] + box([x1, x2, x3, x4], 0),
     [0, 5], [0.2727273, 2.090909, 0, 0.5454545]),
    ("hs100", (x1 - 10) ** 2 + 5 * (x2 - 12) ** 2 + x3**4 + 3 * (x4 - 11) ** 2 + 10 * x5**6 + 7 * x6**2 + x7**4
     - 4 * x6 * x7 - 10 * x6 - 8 * x7,
     [-(127 - 2 * x1**2 - 3 * x2**4 - x3 - 4 * x4**2 - 5 * x5), -(282 - 7 * x1 - 3 * x2 - 10 * x3**2 - x4 + x5),
      -(196 - 23 * x1 - x2**2 - 6 * x6**2 + 8 * x7), -(-4 * x1**2 - x2**2 + 3 * x1 * x2 - 2 * x3**2 - 5 * x6 + 11 * x7)],
     [0, 3], [2.330499, 1.951372, -0.4775414, 4.365726, -0.6244870, 1.038131, 1.594227]),
    ("hs113", x1**2 + x2**2 + x1 * x2 - 14 * x1 - 16 * x2 + (x3 - 10) ** 2 + 4 * (x4 - 5) ** 2 + (x5 - 3) ** 2
     + 2 * (x6 - 1) ** 2 + 5 * x7**2 + 7 * (x8 - 11) ** 2 + 2 * (x9 - 10) ** 2 + (x10 - 7) ** 2 + 45,
     [-(105 - 4 * x1 - 5 * x2 + 3 * x7 - 9 * x8), -(-10 * x1 + 8 * x2 + 17 * x7 - 2 * x8),
      -(8 * x1 - 2 * x2 - 5 * x9 + 2 * x10 + 12), -(-3 * (x1 - 2) ** 2 - 4 * (x2 - 3) ** 2 - 2 * x3**2 + 7 * x4 + 120),
      -(-5 * x1**2 - 8 * x2 - (x3 - 6) ** 2 + 2 * x4 + 40),
      -(-H * (x1 - 8) ** 2 - 2 * (x2 - 4) ** 2 - 3 * x5**2 + x6 + 30),
      -(-(x1**2) - 2 * (x2 - 2) ** 2 + 2 * x1 * x2 - 14 * x5 + 6 * x6), -(3 * x1 - 6 * x2 - 12 * (x9 - 8) ** 2 + 7 * x10)],
     [0, 1, 2, 3, 4, 6], [2.171996, 2.363683, 8.773926, 5.095984, 0.9906548, 1.430574, 1.321644, 9.828726, 8.280092,
                         8.375927]),
]


def solve(f, c, active, start):
    """x and the multipliers of the active constraints by Newton's method on the KKT equations."""
    n, k = len(start), len(active)
    x, mu = X[:n], symbols("m0:%d" % k)
    lagrangian = f + sum(m * c[i] for m, i in zip(mu, active))
    v = list(x) + list(mu)
    equations = Matrix([lagrangian.diff(s) for s in v])
    e, jacobian = (lambdify(v, a, "mpmath") for a in (equations, hessian(lagrangian, v)))
    rows = Matrix([[c[i].diff(s) for s in x] for i in active]).subs(dict(zip(x, start)))
    slope = Matrix([f.diff(s) for s in x]).subs(dict(zip(x, start)))
    first = sympy.N((rows * rows.T)).LUsolve(-sympy.N(rows * slope))
    point = mpmath.matrix([mpmath.mpf(a) for a in list(start) + list(first)])
    for _ in range(60):
        step = mpmath.lu_solve(jacobian(*point), -mpmath.matrix(e(*point)))
        point += step
        if mpmath.norm(step) < mpmath.mpf(10) ** -35:
            break
    assert mpmath.norm(mpmath.matrix(e(*point))) < mpmath.mpf(10) ** -30
    return list(point)[:n], list(point)[n:]


number = lambda v: mpmath.nstr(v if abs(v) > 1e-30 else mpmath.mpf(0), 17, strip_zeros=True)
for name, f, c, active, start in PROBLEMS:
    n = len(start)
    if active is None:  # grad f = 0 at a point that satisfies the constraints, as can be seen
        at, mu, active = [mpmath.mpf(a) for a in start], [], []
        assert all(f.diff(s).subs(dict(zip(X, start))) == 0 for s in X[:n])
    else:
        at, mu = solve(f, c, active, start)
    values = dict(zip(X, at))
    multipliers = [mu[active.index(i)] if i in active else mpmath.mpf(0) for i in range(len(c))]
    print(name, number(mpmath.mpf(sympy.N(f.subs(values), 40))), "|", *map(number, multipliers), "|", *map(number, at))
