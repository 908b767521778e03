#!/usr/bin/python3
"""solve.py: the expected values of tests/mlsolve.bats, by SymPy (exact) and NumPy (doubles)."""

import numpy as np
import sympy as sp

print("null space and particular solution of [1 3 -2 0 2 0; 2 6 -5 -2 4 -3; 0 0 5 10 0 15; 2 6 0 8 4 18]:")
a = sp.Matrix([[1, 3, -2, 0, 2, 0], [2, 6, -5, -2, 4, -3], [0, 0, 5, 10, 0, 15], [2, 6, 0, 8, 4, 18]])
b = sp.Matrix([0, -1, 5, 6])
x = sp.symbols("x1:7")
print(sp.linsolve((a, b), *x), [list(v) for v in a.nullspace()])

a = sp.Matrix([[1, 2, 3], [4, 5, 6]])
b = sp.Matrix([1, 2])
print("least norm of [1 2 3; 4 5 6] x = (1, 2):", list(a.pinv() * b))
a = sp.Matrix([[1, 2], [2, 4], [3, 6]])
b = sp.Matrix([1, 2, 4])
print("least squares of least norm, rank 1:", list(a.pinv() * b))
a = sp.Matrix([[1, 1], [1, 2], [1, 3]])
b = sp.Matrix([1, 2, 2])
lam = sp.Rational(1, 2)
print("ridge, lambda 1/2:", list((a.T * a + lam * sp.eye(2)).inv() * a.T * b))
h = sp.Matrix(8, 8, lambda i, j: sp.Rational(1, i + j + 1))
print("Hilbert 8 x = ones:", list(h.inv() * sp.ones(8, 1)))

g = np.random.default_rng(3)
a = np.round(g.normal(size=(30, 5)), 3)
b = np.round(g.normal(size=30), 3)
print("random 30 x 5:", ",".join("%.15g" % v for v in np.linalg.lstsq(a, b, rcond=None)[0]), "condition %.12g" % np.linalg.cond(a))
np.savetxt("tests/ref/solve.csv", np.column_stack([a, b]), fmt="%.3f", delimiter=",")
