#!/usr/bin/python3
"""Expected values of tests/mlpca.bats and tests/mlsvd.bats, from NumPy.

Run at the project's root: python3 tests/ref/tools.py
"""
import csv
import numpy as np


def read(name, drop):
    rows = list(csv.reader(open("examples/data/" + name)))
    keep = [j for j, n in enumerate(rows[0]) if n not in drop]
    return np.array([[float(r[j]) for j in keep] for r in rows[1:]])


def signed(v):
    """First entry with |v| >= (1-1e-6) max|v| of each column positive."""
    for j in range(v.shape[1]):
        a = np.abs(v[:, j])
        if v[np.argmax(a >= (1 - 1e-6) * a.max()), j] < 0:
            v[:, j] = -v[:, j]
    return v


def show(name, x):
    print(name)
    for r in np.atleast_2d(x):
        print("   ", ",".join("%.12g" % v for v in r))


def pca(x, scale=False, ddof=1, center=True):
    m = x.mean(0) if center else 0 * x[0]
    c = x - m
    d = np.sqrt((c ** 2).sum(0) / (len(x) - ddof)) if scale else np.ones(x.shape[1])
    u, s, vt = np.linalg.svd(c / d, full_matrices=False)
    return m, d, signed(vt.T.copy()), s ** 2 / (len(x) - ddof), c / d


iris = read("iris.csv", ["species"])
m, d, v, l, c = pca(iris)
show("iris variance", l)
show("iris mean", m)
show("iris components", v)
show("iris scores 1, 150", (c @ v)[[0, 149]])
show("iris reconstruction k=2, row 1", m + (c @ v[:, :2] @ v[:, :2].T)[0])
s = c @ v
show("iris t2 q, k=2, row 1", [(s[0, :2] ** 2 / l[:2]).sum(), (s[0, 2:] ** 2).sum()])
show("iris variance ddof 0", pca(iris, ddof=0)[3])
show("iris whitened row 1", s[0] / np.sqrt(l))
show("iris zca row 1", v @ (s[0] / np.sqrt(l)))
show("iris scaled variance", pca(iris, True)[3])
show("iris not centred variance", pca(iris, center=False)[3])
us = read("usarrests.csv", ["state"])
show("usarrests scaled variance", pca(us, True)[3])
show("usarrests scaled components", pca(us, True)[2])
wine = read("wine.csv", ["class"])
show("wine scaled variance", pca(wine, True)[3])
ff = read("faithful.csv", [])
show("faithful variance", pca(ff)[3])
dg = read("digits.csv", ["digit"])
show("digits variance 1..3", pca(dg)[3][:3])

# probabilistic PCA: Tipping and Bishop 1999, eqs 8 and 4, from the covariance matrix itself
k, n, p = 2, len(iris), 4
S = np.cov(iris.T, ddof=0)
w, V = np.linalg.eigh(S)
w, V = w[::-1], signed(V[:, ::-1].copy())
noise = w[k:].mean()
W = V[:, :k] * np.sqrt(w[:k] - noise)
C = W @ W.T + noise * np.eye(p)
ll = -n / 2 * (p * np.log(2 * np.pi) + np.linalg.slogdet(C)[1] + np.trace(np.linalg.solve(C, S)))
show("iris ppca k=2 noise, log-likelihood", [noise, ll])
show("iris ppca W", W)
M = W.T @ W + noise * np.eye(k)
show("iris ppca score row 1", np.linalg.solve(M, W.T @ (iris[0] - iris.mean(0))))

ratings = np.array([[5, 4, 1], [5, 5, 0], [0, 0, 5], [1, 0, 4.]])
u, s, vt = np.linalg.svd(ratings, full_matrices=False)
show("ratings values", s)
show("ratings V", signed(vt.T.copy()))
show("ratings rank 2", u[:, :2] * s[:2] @ vt[:2])
show("ratings pinv", np.linalg.pinv(ratings))
show("ratings pinv of rank 2", vt[:2].T / s[:2] @ u[:, :2].T)
show("ratings norms", [s[0], np.sqrt((s ** 2).sum()), s.sum()])
show("ratings cond", s[0] / s[-1])
