#!/usr/bin/python3
"""nist.py FOLDER OUT: NIST's Statistical Reference Datasets as CSV, with certified values.

FOLDER holds the files NAME.dat as NIST publishes them (https://www.itl.nist.gov/div898/strd/: univariate summary
statistics and linear regression).  Written to OUT: a table for each set; certified.csv with the certified values to all
their digits; and how many of these digits the data still have once they are rounded to doubles, found by solving the
rounded problem in rational arithmetic (Fraction).  One univariate set, PiDigits, is left out.
"""

import math
import os
import re
import sys
from fractions import Fraction

folder, out = sys.argv[1:]
os.makedirs(out, exist_ok=True)
UNIVARIATE = ["Lottery", "Lew", "Mavro", "Michelso", "NumAcc1", "NumAcc2", "NumAcc3", "NumAcc4"]
# name -> powers of x (None: the predictors as they are, behind a column of ones)
LINEAR = {"Norris": [0, 1], "Pontius": [0, 1, 2], "NoInt1": [1], "NoInt2": [1], "Filip": range(11), "Longley": None,
          **{f"Wampler{i}": range(6) for i in range(1, 6)}}


def digits(value, certified):
    """-log10 of the relative error, 15 at the most (NIST's LRE)."""
    error = abs(value - certified) / abs(certified)
    return 15.0 if error == 0 else min(15.0, -math.log10(error))


def decimal(x):
    """A fraction whose denominator divides a power of ten, in full."""
    places = 0
    while (x * 10**places).denominator != 1:
        places += 1
    n = abs(int(x * 10**places))
    text = str(n).rjust(places + 1, "0")
    return ("-" if x < 0 else "") + (text[:-places] + "." + text[-places:] if places else text)


def solve(a, b):
    """Gauss-Jordan in fractions."""
    n = len(a)
    m = [row[:] + [right] for row, right in zip(a, b)]
    for j in range(n):
        at = next(i for i in range(j, n) if m[i][j] != 0)
        m[j], m[at] = m[at], m[j]
        m[j] = [v / m[j][j] for v in m[j]]
        for i in range(n):
            if i != j and m[i][j] != 0:
                m[i] = [u - m[i][j] * v for u, v in zip(m[i], m[j])]
    return [row[n] for row in m]


def least_squares(rows):
    n = len(rows[0]) - 1
    gram = [[sum(r[i] * r[j] for r in rows) for j in range(n)] for i in range(n)]
    return solve(gram, [sum(r[i] * r[n] for r in rows) for i in range(n)])


def square_root(x):
    return Fraction(math.isqrt(int(x * 10**80)), 10**40)


def spread(values):
    mean = sum(values) / len(values)
    return mean, square_root(sum((v - mean) ** 2 for v in values) / (len(values) - 1))


def rounded(rows):
    return [[Fraction(float(v)) for v in row] for row in rows]


def write(name, heads, rows):
    with open(os.path.join(out, name + ".csv"), "w") as f:
        f.write(",".join(heads) + "\n")
        f.writelines(",".join(map(decimal, row)) + "\n" for row in rows)


def text_of(name):
    with open(os.path.join(folder, name + ".dat")) as f:
        return f.read()


def certified_univariate(text):
    mean = re.search(r"Sample Mean.*?:\s*(\S+)", text).group(1)
    sd = re.search(r"Sample Standard Deviation.*?:\s*(\S+)", text).group(1)
    return mean, sd


certified = []
for name in UNIVARIATE:
    text = text_of(name)
    mean, sd = certified_univariate(text)
    values = [Fraction(v) for v in re.split(r"Data:\s*Y.*\n-+\s*\n", text)[1].split()]
    write(name, ["y"], [[v] for v in values])
    true = spread(values)
    still = spread([Fraction(float(v)) for v in values])
    for kind, published, value, after in zip(("mean", "sd"), (mean, sd), true, still):
        assert digits(value, Fraction(published)) > 13.9, (name, kind)
        certified.append((name, kind, published, float(after), digits(after, Fraction(published))))

for name, powers in LINEAR.items():
    text = text_of(name)
    values = re.findall(r"^\s+B(\d+)\s+(\S+)\s", text, re.M)
    body = re.split(r"\nData:.*\n", text)[-1]
    data = [[Fraction(v) for v in line.split()] for line in body.splitlines() if line.strip()]
    if powers is None:
        rows = [[Fraction(1)] + r[1:] + r[:1] for r in data]
    else:
        rows = [[r[1] ** p for p in powers] + r[:1] for r in data]
    heads = ["B" + k for k, _ in values]
    write(name, heads + ["y"], rows)
    exact, still = least_squares(rows), least_squares(rounded(rows))
    for (k, published), value, after in zip(values, exact, still):
        goal = Fraction(published.replace("E", "e"))
        assert digits(value, goal) > 13.9, (name, k, float(value), published)
        certified.append((name, "B" + k, "%.15g" % float(goal), float(after), digits(after, goal)))

with open(os.path.join(out, "certified.csv"), "w") as f:
    f.write("set,what,certified,of_doubles,attainable\n")
    f.writelines("%s,%s,%s,%.17g,%.1f\n" % row for row in certified)
