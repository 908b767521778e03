#!/usr/bin/python3
"""gmm.py: the expected values of tests/mlgmm.bats, by scikit-learn, from the files in examples/data."""

import numpy as np
import pandas as pd
from sklearn.mixture import GaussianMixture

faithful = pd.read_csv("examples/data/faithful.csv").to_numpy()
iris = pd.read_csv("examples/data/iris.csv").iloc[:, :4].to_numpy()
for name, x, k in (("Old Faithful", faithful, 2), ("iris", iris, 3)):
    for kind in ("full", "tied", "diag", "spherical"):
        m = GaussianMixture(k, covariance_type=kind, tol=1e-13, max_iter=10000, reg_covar=0, n_init=5, random_state=0).fit(x)
        print("%s, %s: log-likelihood %.11g AIC %.11g BIC %.11g weights %s" % (
            name, kind, m.score(x) * len(x), m.aic(x), m.bic(x), np.sort(m.weights_)))
m = GaussianMixture(2, tol=1e-13, max_iter=10000, reg_covar=0, n_init=5, random_state=0).fit(faithful)
order = np.argsort(-m.weights_)
print("Old Faithful, rows 1 and 2: log densities", m.score_samples(faithful)[:2], "responsibilities", m.predict_proba(faithful)[:2, order])

# a mixture written by hand: two components in the plane, one row
w, mu = [0.4, 0.6], [np.array([1.0, 2]), np.array([7.0, 7])]
s = [np.array([[1, 0.5], [0.5, 2]]), np.eye(2)]
x = np.array([3.0, 4])
p = [a * np.exp(-(x - b) @ np.linalg.solve(c, x - b) / 2) / (2 * np.pi * np.sqrt(np.linalg.det(c))) for a, b, c in zip(w, mu, s)]
print("by hand: density %.13g, log %.13g, responsibilities %.13g %.13g" % (sum(p), np.log(sum(p)), *(np.array(p) / sum(p))))
