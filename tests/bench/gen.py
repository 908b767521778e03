#!/usr/bin/python3
"""gen.py FOLDER: write the data of the benchmarks, seeded: the same on every machine.

Plain CSV without a line of names, six decimals.
"""

import os
import sys

import numpy as np

folder = sys.argv[1]
os.makedirs(folder, exist_ok=True)


def save(name, x):
    row = ",".join(["%.6f"] * x.shape[1]) + "\n"
    with open(os.path.join(folder, name), "w") as f:
        for first in range(0, len(x), 20000):
            b = x[first : first + 20000]
            f.write(row * len(b) % tuple(b.ravel()))


def low_rank(seed, rows, columns, rank, noise):
    """Low rank plus noise, so that the leading components mean something."""
    g = np.random.default_rng(seed)
    s = np.linspace(5, 1, rank)
    x = (g.normal(size=(rows, rank)) * s) @ g.normal(size=(rank, columns)) / np.sqrt(rank)
    return x + noise * g.normal(size=(rows, columns))


# 16 unit spheres that overlap mildly: their centres are N(0, 1.3^2).
g = np.random.default_rng(1)
centres = g.normal(0, 1.3, (16, 10))
blobs = centres[g.integers(0, 16, 1_000_000)] + g.normal(size=(1_000_000, 10))
save("blobs_1m.csv", blobs)
save("blobs_1m.start.csv", blobs[:16])

# 8 overlapping Gaussians of any shape; the last column is the label to start from: the nearest centre, or, a poor start,
# the octile of the first column.
g = np.random.default_rng(2)
centres, shapes = g.normal(0, 1.3, (8, 10)), np.eye(10) + g.normal(0, 0.3, (8, 10, 10))
label = g.integers(0, 8, 100_000)
blobs = centres[label] + np.einsum("nij,nj->ni", shapes[label], g.normal(size=(100_000, 10)))
near = np.argmin(((blobs[:, None, :] - centres) ** 2).sum(2), 1)
poor = np.searchsorted(np.quantile(blobs[:, 0], np.arange(1, 8) / 8), blobs[:, 0])
save("mixture_near.csv", np.column_stack([blobs, near]))
save("mixture_poor.csv", np.column_stack([blobs, poor]))
save("tall.csv", low_rank(3, 200_000, 50, 12, 0.5))
save("wide.csv", low_rank(4, 5_000, 500, 20, 0.5))
save("square.csv", np.random.default_rng(5).normal(size=(1000, 1000)))
save("tiny.csv", np.array([[1.0, 2], [3, 4], [5, 6], [7, 9]]))

# a logistic model: 20 normal columns, the label last
rng = np.random.default_rng(6)
x = rng.normal(size=(100_000, 20))
p = 1 / (1 + np.exp(0.5 - x @ rng.normal(size=20)))
save("logreg.csv", np.column_stack([x, rng.random(100_000) < p]))

# Symbols of 50 and of 20 levels, some of them rare, that tell something of one another.
g = np.random.default_rng(6)
a = np.minimum(g.geometric(0.08, 1_000_000) - 1, 49)
b = (a // 3 + np.where(g.random(1_000_000) < 0.5, 0, g.integers(0, 20, 1_000_000))) % 20
with open(os.path.join(folder, "labels_1m.csv"), "w") as f:
    f.writelines("%d,%d\n" % pair for pair in zip(a.tolist(), b.tolist()))
