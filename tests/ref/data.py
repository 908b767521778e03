#!/usr/bin/python3
"""Prints a data set of scikit-learn as CSV; examples/data/README.md says where each comes from.

    tests/ref/data.py wine >examples/data/wine.csv        (also digits)

Each number is printed in the fewest digits that give it back; only the names are changed.
"""

import sys

from sklearn.datasets import load_digits, load_wine


def wine():
    data = load_wine()
    names = [name.replace("/", "_") for name in data.feature_names] + ["class"]
    return names, data.data, data.target_names[data.target]


def digits():
    data = load_digits()
    names = [f"p{row}_{column}" for row in range(8) for column in range(8)] + ["digit"]
    return names, data.data, data.target


names, rows, labels = {"wine": wine, "digits": digits}[sys.argv[1]]()
print(",".join(names))
for row, label in zip(rows, labels):
    print(",".join(["%.17g" % x if x == int(x) else repr(float(x)) for x in row] + [str(label)]))
