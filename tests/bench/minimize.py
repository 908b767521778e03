#!/usr/bin/python3
"""minimize.py logistic FILE | rosenbrock N: scipy's L-BFGS-B with analytic gradients; prints the minimum, a number a
line.  logistic: the last column of FILE is the label, the others and an intercept (first) are fitted."""
import sys

import numpy as np
from scipy.optimize import minimize, rosen, rosen_der

options = {"gtol": 1e-8, "ftol": 1e-16, "maxiter": 100_000, "maxfun": 100_000}
if sys.argv[1] == "rosenbrock":
    result = minimize(rosen, np.resize([-1.2, 1.0], int(sys.argv[2])), jac=rosen_der, method="L-BFGS-B", options=options)
else:
    import pandas as pd
    from scipy.special import expit

    table = pd.read_csv(sys.argv[2], header=None).to_numpy()
    x, y = np.ascontiguousarray(table[:, :-1]), table[:, -1]

    def loss(p):
        z = x @ p[1:] + p[0]
        r = expit(z) - y
        return np.mean(np.logaddexp(0, z) - y * z), np.concatenate([[r.mean()], x.T @ r / len(y)])

    result = minimize(loss, np.zeros(x.shape[1] + 1), jac=True, method="L-BFGS-B", options=options)
print("\n".join(f"{v:.17g}" for v in result.x))
