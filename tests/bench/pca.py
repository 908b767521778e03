#!/usr/bin/python3
"""pca.py FILE K: K scores of every row as CSV, by the covariance matrix and numpy's eigh."""

import sys

import numpy as np
import pandas as pd

path, k = sys.argv[1], int(sys.argv[2])
x = pd.read_csv(path, header=None).to_numpy()
x = x - x.mean(0)
vectors = np.linalg.eigh(x.T @ x / (len(x) - 1))[1]
pd.DataFrame(x @ vectors[:, ::-1][:, :k]).to_csv(sys.stdout, header=False, index=False)
