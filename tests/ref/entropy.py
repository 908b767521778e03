#!/usr/bin/python3
"""entropy.py: expected values for tests/mlentropy.bats, from the definitions, in 50 digits (mpmath).

Its output is entropy.expected; a line is a name and a value.  Run in tests/ref.
"""

import csv
import itertools
from collections import Counter
from fractions import Fraction

import mpmath as mp

mp.mp.dps = 50


def show(name, *values):
    print(name, *(mp.nstr(mp.mpf(v.numerator) / v.denominator if isinstance(v, Fraction) else v, 17) for v in values))


def table(path):
    with open(path) as f:
        rows = list(csv.reader(f))
    return {name: [row[i] for row in rows[1:]] for i, name in enumerate(rows[0])}


def h(masses, base=2):
    total = sum(masses)
    return -sum(mp.mpf(m) / total * mp.log(mp.mpf(m) / total) for m in masses if m) / mp.log(base)


def joint(*columns):
    return list(Counter(zip(*columns)).values())


# --- the weather table: Quinlan (1986) ---
w = table("../../examples/data/weather.csv")
for name in w:
    show(f"weather H {name}", h(joint(w[name])))
show("weather joint outlook,play", h(joint(w["outlook"], w["play"])))
show("weather joint all", h(joint(*w.values())))
for a, b in itertools.combinations(w, 2):
    show(f"weather MI {a} {b}", h(joint(w[a])) + h(joint(w[b])) - h(joint(w[a], w[b])))
