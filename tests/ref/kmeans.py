#!/usr/bin/python3
"""kmeans.py: the expected values of tests/mlkmeans.bats, by scikit-learn and SciPy, from the files in examples/data."""

import numpy as np
import pandas as pd
from sklearn import metrics
from sklearn.cluster import KMeans

iris = pd.read_csv("examples/data/iris.csv")
x, species = iris.iloc[:, :4].to_numpy(), iris.species
m = KMeans(3, n_init=50, tol=0, random_state=0).fit(x)
print("iris: inertia %.13g" % m.inertia_, "sizes", np.sort(np.bincount(m.labels_)))
print("  ARI %.13g" % metrics.adjusted_rand_score(species, m.labels_))
print("  NMI %.13g" % metrics.normalized_mutual_info_score(species, m.labels_))
s = metrics.silhouette_samples(x, m.labels_)
print("  silhouettes of rows 1, 51, 150: %.13g %.13g %.13g, mean %.13g" % (s[0], s[50], s[149], s.mean()))
print("  total %.13g" % ((x - x.mean(0)) ** 2).sum())
w = np.arange(150) % 3
m = KMeans(3, n_init=50, tol=0, random_state=0).fit(x, sample_weight=w)
print("iris, weights 0, 1, 2, 0, ...: inertia %.13g" % m.inertia_)
u = x / np.linalg.norm(x, axis=1)[:, None]
c = u[[0, 75, 149]]
while True:
    label = (u @ c.T).argmax(1)
    new = np.array([u[label == q].sum(0) for q in range(3)])
    new /= np.linalg.norm(new, axis=1)[:, None]
    if np.array_equal(new, c):
        break
    c = new
print("iris, directions from rows 1, 76, 150: sizes", np.bincount(label), "sum of squares %.13g" % ((u - c[label]) ** 2).sum())

faithful = pd.read_csv("examples/data/faithful.csv").to_numpy()
for k in range(1, 5):
    m = KMeans(k, n_init=50, tol=0, random_state=0).fit(faithful)
    mean = metrics.silhouette_score(faithful, m.labels_) if k > 1 else 0
    print("Old Faithful, k = %d: inertia %.13g, mean silhouette %.13g" % (k, m.inertia_, mean))

digits = pd.read_csv("examples/data/digits.csv")
x = digits.drop(columns="digit").to_numpy()
m = KMeans(10, n_init=1, init=x[:10], tol=0).fit(x)
print("digits from the first ten rows: inertia %.13g, %d iterations" % (m.inertia_, m.n_iter_))
