#!/usr/bin/python3
"""exact.py: the expected values of tests/unit/test_exact.c, by SymPy.  Its output is kept in exact.txt."""

import mpmath as mp
import sympy as sp

x = sp.symbols("x")
I = sp.I


def spectrum(rows, places=30):
    a = sp.Matrix(rows)
    p = sp.factor_list(a.charpoly(x).as_expr())
    print("charpoly of", rows, "factors", p)
    for f, m in p[1]:
        for r in sp.Poly(f, x).all_roots() if sp.degree(f, x) <= 2 else sp.Poly(f, x).nroots(n=places + 20):
            print("   ", r if sp.degree(f, x) <= 2 else sp.N(r, places + 2), "x", m)


H = sp.Rational
spectrum([[2, 1], [1, 1]])
spectrum([[25, 20], [20, 25]])
spectrum([[0, -1], [1, 0]])
spectrum([[1, -3], [1, 2]])
spectrum([[H(1, 2), 0], [0, H(1, 3)]])
spectrum([[2, 0, 0], [0, 2, 0], [0, 0, 0]])
spectrum([[2, -1, 0], [-1, 2, -1], [0, -1, 1]])
spectrum([[0, 0, 2], [1, 0, 0], [0, 1, 0]])
for a in ([[2, 1], [1, 1]], [[0, -1], [1, 0]]):
    print("eigenvectors of", a, [(v, [list(w) for w in b]) for v, _, b in sp.Matrix(a).eigenvects()])
s2, s3 = sp.sqrt(2), sp.sqrt(3)
for y in (sp.sqrt(12), s2 + s3, 1 + s2 + s3, 1 + I, 1 + I * s3):
    print("1 /", y, "=", sp.expand(sp.radsimp(1 / y)))
for y in (5 + 2 * sp.sqrt(6), 5 - 2 * sp.sqrt(6), 15 + sp.sqrt(221), 2 + s2, H(1, 2) - H(5, 442) * sp.sqrt(221), 8 + 4 * s2):
    print("sqrt of", y, "=", sp.sqrtdenest(sp.sqrt(y)))

mp.mp.dps = 150


def fixed(x, n):
    """A positive number rounded to n decimals."""
    digits = str(int(mp.floor(x * mp.mpf(10) ** n + mp.mpf(1) / 2))).rjust(n + 1, "0")
    return digits[:-n] + "." + digits[-n:]


real = [r for r in mp.polyroots([1, 0, 0, -2000000, 4000, -2], maxsteps=2000, extraprec=2000) if mp.im(r) == 0]
print("real roots of x^5 - 2 (1000 x - 1)^2:", ", ".join(fixed(r, 40) for r in sorted(real, reverse=True)))
great = (10**44 + mp.sqrt(mp.mpf(10) ** 88 - 4)) / 2
print("roots of x^2 - 10^44 x + 1:", ", ".join(fixed(r, 50) for r in (great, 1 / great)))
