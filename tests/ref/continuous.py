#!/usr/bin/python3
"""continuous.py: the expected values of tests/unit/test_continuous.c, by NumPy, SciPy and scikit-learn.

Every distance is computed (no tree); formulas from the papers: Kozachenko, Leonenko 1987; Kraskov, Stoegbauer,
Grassberger 2004, eq. 8, 9, 20, 23, 24; Frenzel, Pompe 2007, eq. 8; Wang, Kulkarni, Verdu 2009, eq. 5.
"""

import numpy as np
from scipy.special import digamma, gammaln
from scipy.stats import multivariate_normal
from sklearn.feature_selection import mutual_info_regression

N = 200


def uniform(count, state=1):
    """The same numbers as in the test: a linear congruential generator."""
    out = np.empty(count)
    for l in range(count):
        state = (1103515245 * state + 12345) % 2**31
        out[l] = state / 2**31
    return out


u, v, w = uniform(3 * N).reshape(N, 3).T
x, y, z = u, u * u + 0.3 * v, v + 0.5 * w
X = np.column_stack([x, y, z])
Q = np.column_stack([1.25 * v[:150], 0.1 + w[:150], 1.5 * u[:150]])
TIES = np.column_stack([np.round(16 * x), np.round(64 * y) / 4])


def weights(a):
    return 1 / a.std(0) if a.shape[1] > 1 else np.ones(1)


def distances(a, b, norm, w):
    d = np.abs(a[:, None, :] - b[None, :, :]) * w
    return d.max(2) if norm == "max" else np.sqrt((d**2).sum(2))


def kth(a, k, norm, w, b=None):
    d = distances(a, a if b is None else b, norm, w)
    return np.sort(d, 1)[:, k if b is None else k - 1]


def ball(d, norm):
    return d * np.log(2) if norm == "max" else d / 2 * np.log(np.pi) - gammaln(1 + d / 2)


def kl_terms(a, k, norm, raw=False):
    d = a.shape[1]
    w = np.ones(d) if raw else weights(a)
    return digamma(len(a)) - digamma(k) + ball(d, norm) + d * np.log(kth(a, k, norm, w)) - np.log(w).sum()


def ksg(a, blocks, k, variant, raw=False):
    n, m = len(a), len(blocks)
    w = np.ones(a.shape[1]) if raw else weights(a)
    all = sum(blocks, [])
    d = distances(a[:, all], a[:, all], "max", w[all])
    np.fill_diagonal(d, np.inf)
    order = np.argsort(d, 1, kind="stable")[:, :k]  # ties to the lower row
    total = digamma(k) + (m - 1) * digamma(n) - (0 if variant == 1 else (m - 1) / k)
    terms = np.full(n, total)
    for block in blocks:
        e = distances(a[:, block], a[:, block], "max", w[block])
        for row in range(n):
            others = np.delete(e[row], row)
            if variant == 1:
                terms[row] -= digamma((others < d[row, order[row, -1]]).sum() + 1)
            else:
                terms[row] -= digamma((others <= e[row, order[row]].max()).sum())
    return terms


def given(a, k):
    w = weights(a)
    d = distances(a, a, "max", w)
    np.fill_diagonal(d, np.inf)
    eps = np.sort(d, 1)[:, k - 1]
    terms = np.full(len(a), digamma(k))
    for block, sign in ([0, 2], -1), ([1, 2], -1), ([2], 1):
        e = distances(a[:, block], a[:, block], "max", w[block])
        np.fill_diagonal(e, np.inf)
        terms += sign * digamma((e < eps[:, None]).sum(1) + 1)
    return terms


def show(name, terms):
    print("%-34s %.15g %.15g" % (name, terms.mean(), terms.std(ddof=1) / np.sqrt(len(terms))))


def gaussian(a):
    return multivariate_normal(cov=np.atleast_2d(np.cov(a.T))).entropy()


print("# gaussian")
for name, c in ("h(x)", [0]), ("h(x,y,z)", [0, 1, 2]):
    print("%-34s %.15g" % (name, gaussian(X[:, c])))
h = {s: gaussian(X[:, list(s)]) for s in [(0,), (1,), (2,), (0, 1), (0, 2), (1, 2), (0, 1, 2)]}
print("%-34s %.15g" % ("I(x;y)", h[0,] + h[1,] - h[0, 1]))
print("%-34s %.15g" % ("I(x;y,z)", h[0,] + h[1, 2] - h[0, 1, 2]))
print("%-34s %.15g" % ("TC(x,y,z)", h[0,] + h[1,] + h[2,] - h[0, 1, 2]))
print("%-34s %.15g" % ("I(x;y|z)", h[0, 2] + h[1, 2] - h[2,] - h[0, 1, 2]))
print("%-34s %.15g" % ("h(x|y,z)", h[0, 1, 2] - h[1, 2]))
for name, c in ("D(X||Q)", [0, 1, 2]), ("D(x||q)", [0]):
    P0, Q0 = X[:, c], Q[:, c]
    S, T = np.atleast_2d(np.cov(P0.T)), np.atleast_2d(np.cov(Q0.T))
    m = Q0.mean(0) - P0.mean(0)
    Ti = np.linalg.inv(T)
    D = (np.trace(Ti @ S) + m @ Ti @ m - len(c) + np.linalg.slogdet(T)[1] - np.linalg.slogdet(S)[1]) / 2
    print("%-34s %.15g" % (name, D))

print("# kl")
for k, norm in (1, "euclid"), (3, "euclid"), (3, "max"), (7, "max"):
    for name, c in ("h(x)", [0]), ("h(x,y)", [0, 1]), ("h(x,y,z)", [0, 1, 2]):
        show("%s k=%d %s" % (name, k, norm), kl_terms(X[:, c], k, norm))
show("raw h(x,y) k=3 euclid", kl_terms(X[:, [0, 1]], 3, "euclid", True))
t = kl_terms(X[:, [0]], 3, "euclid") + kl_terms(X[:, [1]], 3, "euclid") - kl_terms(X[:, [0, 1]], 3, "euclid")
show("I(x;y) k=3 euclid", t)
t = sum(s * kl_terms(X[:, c], 3, "euclid") for s, c in ((1, [0, 2]), (1, [1, 2]), (-1, [2]), (-1, [0, 1, 2])))
show("I(x;y|z) k=3 euclid", t)
show("h(x|y,z) k=3 euclid", kl_terms(X, 3, "euclid") - kl_terms(X[:, [1, 2]], 3, "euclid"))
for norm in "euclid", "max":
    t = 3 * np.log(kth(X, 4, norm, weights(X), Q) / kth(X, 4, norm, weights(X))) + np.log(len(Q) / (N - 1))
    show("D(X||Q) k=4 %s" % norm, t)

print("# ksg")
for variant in 1, 2:
    for k in 1, 3, 6:
        show("I(x;y) k=%d ksg%d" % (k, variant), ksg(X, [[0], [1]], k, variant))
    show("I(x;y,z) k=3 ksg%d" % variant, ksg(X, [[0], [1, 2]], 3, variant))
    show("TC(x,y,z) k=3 ksg%d" % variant, ksg(X, [[0], [1], [2]], 3, variant))
    show("ties I(x;y) k=5 ksg%d" % variant, ksg(TIES, [[0], [1]], 5, variant))
    show("raw I(x;y) k=3 ksg%d" % variant, ksg(X * [1, 5, 1], [[0], [1]], 3, variant, True))
    show("h(x|y) k=3 ksg%d" % variant, kl_terms(X[:, [0]], 3, "max") - ksg(X, [[0], [1]], 3, variant))
show("I(x;y|z) k=3 ksg1", given(X, 3))
# scikit-learn scales, adds noise of 1e-10 and cuts off at 0
learn = mutual_info_regression(X[:, [0]], y, n_neighbors=3, random_state=0)[0]
print("%-34s %.15g" % ("scikit-learn", learn))

print("# histogram")


def edges(a, rule):
    return np.histogram_bin_edges(a, rule)


def cells(columns, rule):
    return np.histogramdd(np.column_stack(columns), [edges(c, rule) for c in columns])


def entropy(columns, rule, volume=True):
    counts, e = cells(columns, rule)
    p = counts.ravel() / len(columns[0])
    logs = np.zeros_like(p)
    logs[p > 0] = np.log(p[p > 0])
    h = -(p * logs).sum()
    error = np.sqrt((p * (logs + h) ** 2).sum() / (len(columns[0]) - 1))
    return h + (sum(np.log(s[1] - s[0]) for s in e) if volume else 0), error


for rule in "sturges", "scott", "fd", "sqrt", 12:
    print("h(x) %-29s %.15g %.15g bins %d" % ((rule,) + entropy([x], rule) + (len(edges(x, rule)) - 1,)))
    print("h(z) %-29s %.15g %.15g bins %d" % ((rule,) + entropy([z], rule) + (len(edges(z, rule)) - 1,)))
    print("h(x,y) %-27s %.15g %.15g" % ((rule,) + entropy([x, y], rule)))
    print("I(x;y) %-27s %.15g" % (rule, sum(s * entropy(c, rule, False)[0] for s, c in ((1, [x]), (1, [y]), (-1, [x, y])))))
    print("I(x;y|z) %-25s %.15g" % (rule, sum(s * entropy(c, rule, False)[0] for s, c in ((1, [x, z]), (1, [y, z]), (-1, [z]), (-1, [x, y, z])))))
    print("h(x|y) %-27s %.15g" % (rule, entropy([x, y], rule)[0] - entropy([y], rule)[0]))
q = 0.1 + 0.8 * w
e = edges(np.concatenate([q, x]), 5)
a, b = np.histogram(q, e)[0] / N, np.histogram(x, e)[0] / N
print("%-34s %.15g" % ("D(q||x), 5 bins", (a[a > 0] * np.log(a[a > 0] / b[a > 0])).sum()))

print("# USArrests: murder, assault, urban_pop, rape, in nats")
A = np.loadtxt("examples/data/usarrests.csv", delimiter=",", skiprows=1, usecols=(1, 2, 3, 4))
pairs = [(a, b) for a in range(4) for b in range(a + 1, 4)]
show_all = lambda name, values: print(name, *("%.15g" % value for value in values))
S = np.cov(A.T)
R = np.corrcoef(A.T)
show_all("gaussian H", np.log(2 * np.pi * np.e * np.diag(S)) / 2)
show_all("gaussian joint", [gaussian(A)])
show_all("gaussian MI", [-np.log(1 - R[a, b] ** 2) / 2 for a, b in pairs])
show_all("gaussian TC", [-np.linalg.slogdet(R)[1] / 2])
show_all("gaussian conditional murder,assault", [gaussian(A[:, [0, 1]]) - gaussian(A[:, [1]])])
show_all("kl H k=5", [kl_terms(A[:, [c]], 5, "euclid").mean() for c in range(4)])
show_all("kl joint k=5 max", [kl_terms(A, 5, "max").mean()])
show_all("ksg MI k=4", [ksg(A, [[a], [b]], 4, 1).mean() for a, b in pairs])
show_all("ksg2 MI k=4", [ksg(A, [[a], [b]], 4, 2).mean() for a, b in pairs])
show_all("ksg TC k=4", [ksg(A, [[0], [1], [2], [3]], 4, 1).mean()])
for rule in "sturges", "fd", 6:
    show_all("histogram H %s" % rule, [entropy([A[:, c]], rule)[0] for c in range(4)])
    show_all("histogram MI %s" % rule, [sum(s * entropy([A[:, c] for c in cs], rule, False)[0] for s, cs in ((1, [a]), (1, [b]), (-1, [a, b]))) for a, b in pairs])
