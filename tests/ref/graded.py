#!/usr/bin/python3
"""graded.csv and graded.expected: a well-conditioned 12 x 12 matrix with its columns scaled by 1, 1e-3, ..., 1e-33,
and its singular values in 60-digit arithmetic (mpmath).

Run in tests/ref: python3 graded.py
"""
from mpmath import mp, mpf, matrix, svd_r

mp.dps = 60
n = 12
# diagonally weighted and bounded, three decimals: condition number 47
b = [[(3000 if i == j else 0) + ((i * 37 + j * 101 + i * j * 53) % 1999 - 999) for j in range(n)] for i in range(n)]
with open("graded.csv", "w") as f:
    for r in b:
        f.write(",".join("%de%d" % (v, -3 - 3 * j) for j, v in enumerate(r)) + "\n")
a = matrix(n, n)
for i in range(n):
    for j in range(n):
        a[i, j] = mpf(b[i][j]) / mpf(10) ** (3 + 3 * j)
with open("graded.expected", "w") as f:
    for s in sorted(svd_r(a, compute_uv=False), reverse=True):
        f.write(mp.nstr(s, 17) + "\n")
s = svd_r(matrix(b), compute_uv=False)
print("condition number of the unscaled matrix", mp.nstr(s[0] / s[n - 1], 5))
