#!/usr/bin/python3
"""kmeans.py FILE START ITERATIONS: scikit-learn's k-means (Lloyd) from the centroids in START; prints the centroids found."""

import sys

import numpy as np
import pandas as pd
from sklearn.cluster import KMeans

start = np.loadtxt(sys.argv[2], delimiter=",")
model = KMeans(len(start), init=start, n_init=1, tol=0, max_iter=int(sys.argv[3]), algorithm="lloyd")
model.fit(pd.read_csv(sys.argv[1], header=None).to_numpy())
np.savetxt(sys.stdout, model.cluster_centers_, fmt="%.17g", delimiter=",")
