#!/usr/bin/python3
"""gmm.py FILE ITERATIONS: scikit-learn's full-covariance mixture; the last column of FILE is the label that each row starts with.
Prints the means found."""

import sys

import numpy as np
import pandas as pd
from sklearn.mixture import GaussianMixture

data = pd.read_csv(sys.argv[1], header=None).to_numpy()
x, label = data[:, :-1], data[:, -1].astype(int)
# the components in the order in which their labels come
order = label[np.sort(np.unique(label, return_index=True)[1])]
groups = [x[label == q] for q in order]
model = GaussianMixture(
    len(groups),
    tol=1e-6,
    max_iter=int(sys.argv[2]),
    weights_init=[len(g) / len(x) for g in groups],
    means_init=[g.mean(0) for g in groups],
    precisions_init=[np.linalg.inv(np.cov(g.T, bias=True)) for g in groups],
)
np.savetxt(sys.stdout, model.fit(x).means_, fmt="%.17g", delimiter=",")
