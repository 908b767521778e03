#!/usr/bin/python3
"""svd_exact.py: singular values in closed form, by SymPy; its output is svd_exact.txt, a line a matrix:
rows separated by ;, a bar, the values as mlsvd writes them.
Values whose squares are not rational or roots of a quadratic factor: 20 decimals."""

import mpmath as mp
import sympy as sp

mp.mp.dps = 60
x = sp.symbols("x")
MATRICES = """3 0;4 5|1 2;3 4|1 0 1;-2 1 0|1 1;0 1|2 0;0 3|1 1;1 1|2|-3|1 2 2|3;4|0 0;0 0|1 2 3;4 5 6;7 8 9|1 2 3;4 5 6;7 8 10
2 -1 0;-1 2 -1;0 -1 1|1 0;0 1;1 1|1 1 0;0 1 1|2 2;-1 1|4 4;-3 3|0 1 0;0 0 2;0 0 0;3 0 0|1 -1;-2 2;2 -2|1/2 1/3;1/4 1/5
0.1 0.2;0.3 0.4|2 1;1 2|0 1;-1 0|5 0 0;0 5 0;0 0 5|1 2;2 4;3 6|3 2 2;2 3 -2|1 1;1 -1;1 1|2 4;1 3;0 0;0 0|1e2 0;0 1e-2
1 1 1;1 1 1|-7/3 1/2;5 -1|1 2 0;0 1 2;2 0 1|4 11 14;8 7 -2|1 3;2 -1;0 5|2 -2;1 1|2 6;4 -2;0 10|1 1 1;0 1 2|1 2 0 1;0 1 1 0|1 0;1 1;0 1/2""".replace("\n", "|").split("|")


def rational(q):
    return str(q)


def surd(e):
    """A sum of rational multiples of square roots."""
    terms = {}
    for term in sp.Add.make_args(sp.expand(e)):
        q, rest = term.as_coeff_Mul()
        square = sp.nsimplify(rest**2)
        assert square.is_Integer and square > 0, term
        terms[int(square)] = terms.get(int(square), 0) + q
    text = ""
    for d, q in sorted(terms.items()):
        size = abs(q)
        body = rational(size) if d == 1 else ("" if size == 1 else rational(size) + "*") + f"sqrt({d})"
        text += (" - " if q < 0 else " + ") + body if text else ("-" if q < 0 else "") + body
    return text or "0"


def root(square):
    """sqrt(square) as a sum of roots, else nested with its rational squares outside."""
    e = sp.sqrtdenest(sp.sqrt(square))
    if all(sp.nsimplify(t.as_coeff_Mul()[1] ** 2).is_Integer for t in sp.Add.make_args(sp.expand(e))):
        return surd(e)
    parts = [t.as_coeff_Mul()[0] for t in sp.Add.make_args(sp.expand(square))]
    top, below = sp.gcd([abs(q.p) for q in parts]), sp.lcm([q.q for q in parts])
    out = sp.Integer(1)
    for prime, power in sp.factorint(top).items():
        out *= prime ** (power // 2)
    for prime, power in sp.factorint(below).items():
        out /= prime ** (power // 2)
    inner = f"sqrt({surd(sp.expand(square / out**2))})"
    return inner if out == 1 else f"{rational(out)}*{inner}"


def places(value, n):
    scaled = mp.floor(abs(value) * mp.mpf(10) ** n + mp.mpf(1) / 2)
    digits = str(int(scaled)).rjust(n + 1, "0")
    return ("-" if value < 0 and int(scaled) else "") + digits[:-n] + "." + digits[-n:]


def values(a):
    found = []
    for factor, times in sp.factor_list((a.T * a).charpoly(x).as_expr())[1]:
        p = sp.Poly(factor, x)
        if p.degree() <= 2:
            roots = [(mp.mpf(sp.N(r, 50)), root(r)) for r in sp.roots(p)]
        else:
            roots = [(mp.mpf(r), places(mp.sqrt(mp.mpf(r)), 20)) for r in p.nroots(n=50, maxsteps=500)]
        found += roots * times
    found.sort(key=lambda f: -f[0])
    return [text for _, text in found][: min(a.shape)]


def main():
    for text in MATRICES:
        a = sp.Matrix([[sp.Rational(c) for c in row.split()] for row in text.split(";")])
        print(text + "|" + ",".join(values(a)))
    print("# the values of 2 -1 0;-1 2 -1;0 -1 1 in 60 decimals:")
    cubic = sp.Poly(x**3 - 5 * x**2 + 6 * x - 1, x).nroots(n=90, maxsteps=500)
    mp.mp.dps = 90
    print("# " + ",".join(places(mp.mpf(r), 60) for r in sorted(cubic, reverse=True)))


if __name__ == "__main__":
    main()
