#!/usr/bin/python3
"""Singular values, to 60 digits, of a well-conditioned 12 x 12 matrix with columns scaled by 1, 1e-3, ... 1e-33.

The entries are the doubles that tests/unit/test_svd.c forms: C[i][j] * 1e-3j, each product rounded once,
C[i][j] = 4 on the diagonal plus ((7 i + 3 j) mod 5 - 2) / 2.  Prints the values and the condition of C.
"""
import mpmath

mpmath.mp.dps = 60
N = 12
SCALES = [float("1e-%d" % (3 * j)) for j in range(N)]


def core(i, j):
    return 4.0 * (i == j) + ((7 * i + 3 * j) % 5 - 2) / 2.0


def values(entry):
    a = mpmath.matrix(N, N)
    for i in range(N):
        for j in range(N):
            a[i, j] = mpmath.mpf(entry(i, j))
    mpmath.mp.dps = 160  # A'A squares the condition, 1e33
    eigenvalues = mpmath.eigsy(a.T * a, eigvals_only=True)
    mpmath.mp.dps = 60
    return sorted((mpmath.sqrt(x) for x in eigenvalues), reverse=True)


plain = values(core)
print("condition of C", mpmath.nstr(plain[0] / plain[-1], 5))
for s in values(lambda i, j: core(i, j) * SCALES[j]):
    print(mpmath.nstr(s, 17))
