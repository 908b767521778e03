#!/usr/bin/python3
"""Principal components of iris and USArrests by NumPy's SVD of the centred data: tests/unit/test_pca.c.

Also the probabilistic model of USArrests scaled, its log-likelihood from the Gaussian density itself, and
T^2 and Q of its first rows.  pca.R says the same with prcomp.
"""
import csv
import os

import numpy as np

DATA = os.path.join(os.path.dirname(os.path.abspath(__file__)), "../../examples/data")


def read(name):
    with open(os.path.join(DATA, name)) as f:
        rows = list(csv.reader(line for line in f if not line.startswith("# ")))
    keep = [j for j in range(len(rows[0])) if rows[1][j].replace(".", "").isdigit()]
    return np.array([[float(r[j]) for j in keep] for r in rows[1:]])


def fit(x, scale, ddof=1):
    y = x - x.mean(0)
    s = x.std(0, ddof=ddof) if scale else np.ones(x.shape[1])
    y = y / s
    u, d, vt = np.linalg.svd(y, full_matrices=False)
    for j in range(len(d)):
        big = np.argmax(np.abs(vt[j]) >= (1 - 1e-6) * np.abs(vt[j]).max())
        if vt[j, big] < 0:
            vt[j] = -vt[j]
    return y, d**2 / (len(x) - ddof), vt.T


np.set_printoptions(precision=12, linewidth=110)
for name, scale in (("iris.csv", False), ("iris.csv", True), ("usarrests.csv", True)):
    y, variance, v = fit(read(name), scale)
    print(name, "scaled" if scale else "", "variance", variance)
    print(v)
y, variance, v = fit(read("usarrests.csv"), True)
z = y @ v[:, :2]
print("scores", z[:2])
print("T2", (z**2 / variance[:2]).sum(1)[:2], "Q", ((y - z @ v[:, :2].T) ** 2).sum(1)[:2])
y, variance, v = fit(read("usarrests.csv"), True, ddof=0)
n, p = y.shape
noise = variance[2:].mean()
w = v[:, :2] * np.sqrt(variance[:2] - noise)
c = w @ w.T + noise * np.eye(p)
likelihood = -0.5 * (n * p * np.log(2 * np.pi) + n * np.linalg.slogdet(c)[1] + (y @ np.linalg.inv(c) * y).sum())
print("PPCA noise", noise, "log-likelihood %.12f" % likelihood)
print("W", w)
print("E[z|x]", (np.linalg.inv(w.T @ w + noise * np.eye(2)) @ w.T @ y.T).T[:2])
