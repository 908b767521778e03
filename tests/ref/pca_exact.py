#!/usr/bin/python3
"""pca_exact.py: variances of principal components in closed form, by SymPy; its output is pca_exact.txt, a line a table:
rows separated by ;, a bar, options, a bar, the variances as mlpca writes them (20 decimals without a closed form)."""

import mpmath as mp
import sympy as sp
from svd_exact import places, surd, x

mp.mp.dps = 60
TABLES = """1 1;2 3;3 2|1 2;2 1;3 5;4 4|1 2 5;2 1 1;3 5 0;4 4 2|1 0;0 1;-1 0;0 -1|1;2;4|1/2 1/3;0.1 0.2;1 2;-1 0.5|3 1 2;1 3 2
1 2 3;2 4 6;3 6 9;4 8 13|5 5;1 1;3 3|2 0;0 2;-2 0;0 -2;1 1;-1 -1""".replace("\n", "|").split("|")


def variances(a, option):
    n = a.rows
    c = a if option == "--no-center" else a - sp.ones(n, 1) * (sp.ones(1, n) * a / n)
    s = c.T * c / (n if option == "--ddof 0" else n - 1)
    if option == "--scale":
        if any(s[i, i] == 0 for i in range(s.rows)):
            return None
        s = sp.diag(*[1 / s[i, i] for i in range(s.rows)]) * s
    found = []
    for factor, times in sp.factor_list(s.charpoly(x).as_expr())[1]:
        p = sp.Poly(factor, x)
        if p.degree() <= 2:
            roots = [(mp.mpf(sp.N(r, 50)), surd(r)) for r in sp.roots(p)]
        else:
            roots = [(mp.mpf(r), places(mp.mpf(r), 20)) for r in p.nroots(n=50, maxsteps=500)]
        found += roots * times
    found.sort(key=lambda f: -f[0])
    return [text for _, text in found][: min(a.cols, n if option == "--no-center" else max(n - 1, 1))]


for text in TABLES:
    a = sp.Matrix([[sp.Rational(c) for c in row.split()] for row in text.split(";")])
    for option in ("", "--scale", "--no-center", "--ddof 0"):
        found = variances(a, option)
        if found is not None:
            print("|".join((text, option, ",".join(found))))
