#!/usr/bin/python3
"""entropy.py: expected values for tests/mlentropy.bats, from the definitions, in 50 digits (mpmath).

Prints entropy.expected, a name and its values a line, and writes entropy_sample.csv, seeded.  Run in tests/ref.

Estimators, written out from
    G. A. Miller, Note on the bias of information estimates, Information Theory in Psychology II-B (1955), 95-100
    A. Chao, T.-J. Shen, Environmental and Ecological Statistics 10 (2003) 429-443, eq. 7
    P. Grassberger, arXiv:physics/0307138 (2003, 2008), eq. 27-29: G by its recurrence
    J. Hausser, K. Strimmer, JMLR 10 (2009) 1469-1484, eq. 4 and 5
The adjusted mutual information and the expected one are scikit-learn's.
"""

import csv
import itertools
import math
import random
from collections import Counter
from fractions import Fraction

import mpmath as mp
from sklearn import metrics
from sklearn.metrics.cluster import contingency_matrix, expected_mutual_information

mp.mp.dps = 50


def number(v):
    return mp.mpf(v.numerator) / v.denominator if isinstance(v, Fraction) else mp.mpf(v)


def show(name, *values):
    print(name, ",".join(mp.nstr(number(v), 17) for v in values))


def table(path):
    with open(path) as f:
        rows = list(csv.reader(f))
    return {name: [row[i] for row in rows[1:]] for i, name in enumerate(rows[0])}


def h(masses, base=2):
    total = sum(masses)
    return -sum(mp.mpf(m) / total * mp.log(mp.mpf(m) / total) for m in masses if m) / mp.log(base)


def count(*columns):
    return Counter(zip(*columns))


def joint(*columns):
    return list(count(*columns).values())


# --- the weather table: Quinlan (1986) ---
w = table("../../examples/data/weather.csv")
for name in w:
    show(f"weather H {name}", h(joint(w[name])))
show("weather joint outlook,play", h(joint(w["outlook"], w["play"])))
show("weather joint all", h(joint(*w.values())))
for a, b in itertools.combinations(w, 2):
    show(f"weather MI {a} {b}", h(joint(w[a])) + h(joint(w[b])) - h(joint(w[a], w[b])))
for a in list(w)[:-1]:
    gain = h(joint(w[a])) + h(joint(w["play"])) - h(joint(w[a], w["play"]))
    n = len(w["play"])

    def gini(labels):
        return 1 - sum(Fraction(c, len(labels)) ** 2 for c in Counter(labels).values())

    parts = [[p for v, p in zip(w[a], w["play"]) if v == level] for level in set(w[a])]
    decrease = gini(w["play"]) - sum(Fraction(len(p), n) * gini(p) for p in parts)
    show(f"weather gain {a}", gain, h(joint(w[a])), gain / h(joint(w[a])), decrease)

# --- two distributions ---
p, q = [mp.mpf(1) / 2, mp.mpf(1) / 2], [mp.mpf(3) / 4, mp.mpf(1) / 4]


def kl(p, q, base=2):
    return sum(a * mp.log(a / b) for a, b in zip(p, q) if a) / mp.log(base)


def js(p, q, base=2):
    m = [(a + b) / 2 for a, b in zip(p, q)]
    return (kl(p, m, base) + kl(q, m, base)) / 2


show("halves KL", kl(p, q), kl(q, p))
show("halves JS", js(p, q))
show("halves cross", kl(p, q) + h(p), kl(q, p) + h(q))
show("joint table normalized", *(mp.mpf(3) / 8 / d for d in (mp.mpf(7) / 4, 2, mp.sqrt(mp.mpf(7) / 2), mp.mpf(15) / 8, mp.mpf(27) / 8)))
with mp.workdps(80):
    print("thirds H 50 decimals", mp.nstr(mp.log(3, 2) - mp.mpf(2) / 3, 50))

# --- two clusterings, of scikit-learn's test_supervised.py ---
a = list("11111122222233333")
b = list("11112122223133322")
show("clusterings MI nats", h(joint(a), mp.e) + h(joint(b), mp.e) - h(joint(a, b), mp.e))
c = contingency_matrix(a, b, sparse=True)
show("clusterings EMI nats", expected_mutual_information(c, len(a)))
show("clusterings AMI", metrics.adjusted_mutual_info_score(a, b))
for how in "min", "max", "geometric", "arithmetic":
    show(f"clusterings NMI {how}", metrics.normalized_mutual_info_score(a, b, average_method=how))

# The chance that a table with these margins has at least this information: all tables, with their weights.
margins_a, margins_b = Counter(a), Counter(b)


def rows_with(total, caps):
    if len(caps) == 1:
        if total <= caps[0]:
            yield (total,)
        return
    for first in range(min(total, caps[0]) + 1):
        for rest in rows_with(total - first, caps[1:]):
            yield (first, *rest)


def tables(rows, caps):
    if not rows:
        yield ()
        return
    for row in rows_with(rows[0], caps):
        for rest in tables(rows[1:], [c - r for c, r in zip(caps, row)]):
            yield (row, *rest)


rows, caps = [margins_a[k] for k in "123"], [margins_b[k] for k in "123"]


def score(t):
    return sum(x * math.log(x) for row in t for x in row if x)


seen = score([[sum(1 for u, v in zip(a, b) if (u, v) == (i, j)) for j in "123"] for i in "123"])
weight = Fraction(1)
for k in rows + caps:
    weight *= math.factorial(k)
weight /= math.factorial(len(a))
chance = Fraction(0)
for t in tables(rows, caps):
    if score(t) >= seen - 1e-9:
        inner = 1
        for row in t:
            for x in row:
                inner *= math.factorial(x)
        chance += weight / inner
show("clusterings p", chance)

# --- a sample: 60 rows of three columns, few rows for many symbols ---
g = random.Random(6)
sample = []
for _ in range(60):
    x = int(g.expovariate(0.4))
    y = (x + g.choice([0, 0, 0, 1, 2, 5])) % 7
    z = "abcdefghij"[min(9, int(g.expovariate(0.5)) + (y > 3))]
    sample.append((x, y, z))
with open("entropy_sample.csv", "w") as f:
    f.write("x,y,z\n")
    for row in sample:
        f.write(",".join(map(str, row)) + "\n")
columns = {name: [str(row[i]) for row in sample] for i, name in enumerate("xyz")}
n = len(sample)


def grassberger_g(k):
    """G(1) = -gamma - ln 2, G(2) = 2 - gamma - ln 2, G(2m+1) = G(2m), G(2m+2) = G(2m) + 2/(2m+1)."""
    if k == 1:
        return -mp.euler - mp.log(2)
    value = 2 - mp.euler - mp.log(2)
    for m in range(1, k // 2):
        value += mp.mpf(2) / (2 * m + 1)
    return value


def corrected(counts, how):
    """In bits; counts without zeros."""
    total = mp.mpf(sum(counts))
    if how == "miller-madow":
        return h(counts) + (len(counts) - 1) / (2 * total) / mp.log(2)
    if how == "chao-shen":
        f1 = sum(1 for c in counts if c == 1)
        f1 = f1 - 1 if f1 == total else f1
        cover = 1 - f1 / total
        return -sum(cover * c / total * mp.log(cover * c / total, 2) / (1 - (1 - cover * c / total) ** total)
                    for c in counts)
    return (mp.log(total) - sum(c * grassberger_g(c) for c in counts) / total) / mp.log(2)


def smoothed(counts, cells, how):
    """Frequencies of all cells; counts is as long as there are cells."""
    total = mp.mpf(sum(counts))
    if how == "shrink":
        ml = [c / total for c in counts]
        lam = (1 - sum(f * f for f in ml)) / ((total - 1) * sum((mp.mpf(1) / cells - f) ** 2 for f in ml))
        lam = min(1, lam)
        return [lam / cells + (1 - lam) * f for f in ml]
    add = mp.mpf(1) if how == "laplace" else mp.mpf(1) / 2
    return [(c + add) / (total + add * cells) for c in counts]


def grid(*names):
    """Counts of all combinations of the levels, and their index tuples."""
    levels = [sorted(set(columns[k])) for k in names]
    found = count(*(columns[k] for k in names))
    cells = list(itertools.product(*levels))
    return cells, [found.get(cell, 0) for cell in cells]


def margin(cells, f, places):
    out = {}
    for cell, value in zip(cells, f):
        key = tuple(cell[i] for i in places)
        out[key] = out.get(key, 0) + value
    return list(out.values())


for how in "plugin", "miller-madow", "chao-shen", "grassberger":
    def est(*names, how=how):
        counts = joint(*(columns[k] for k in names))
        return h(counts) if how == "plugin" else corrected(counts, how)

    show(f"sample H {how}", *(est(k) for k in "xyz"))
    show(f"sample joint {how}", est("x", "y", "z"))
    show(f"sample MI {how}", *(est(a) + est(b) - est(a, b) for a, b in ("xy", "xz", "yz")))
    show(f"sample conditional {how}", *(est(a, b) - est(b) for a, b in ("xy", "xz", "yx", "yz", "zx", "zy")))
    show(f"sample TC {how}", est("x") + est("y") + est("z") - est("x", "y", "z"))
    show(f"sample coinformation {how}",
         est("x") + est("y") + est("z") - est("x", "y") - est("x", "z") - est("y", "z") + est("x", "y", "z"))
for how in "shrink", "laplace", "jeffreys":
    singles = {k: smoothed(grid(k)[1], len(grid(k)[0]), how) for k in "xyz"}
    show(f"sample H {how}", *(h(singles[k]) for k in "xyz"))
    show(f"sample renyi 3 {how}", *(mp.log(sum(f**3 for f in singles[k]), 2) / -2 for k in "xyz"))
    cells, counts = grid("x", "y", "z")
    f = smoothed(counts, len(cells), how)
    show(f"sample joint {how}", h(f))
    parts = {places: h(margin(cells, f, places)) for size in (1, 2) for places in itertools.combinations(range(3), size)}
    show(f"sample TC {how}", sum(parts[i,] for i in range(3)) - h(f))
    show(f"sample coinformation {how}", sum(parts[i,] for i in range(3)) - sum(parts[p] for p in parts if len(p) == 2) + h(f))
    values, ginis = [], []
    for pair in ("xy", "xz", "yz"):
        cells, counts = grid(*pair)
        f = smoothed(counts, len(cells), how)
        values.append(h(margin(cells, f, (0,))) + h(margin(cells, f, (1,))) - h(f))
        first = dict(zip(dict.fromkeys(c[0] for c in cells), margin(cells, f, (0,))))
        ginis.append(sum(v * v / first[c[0]] for c, v in zip(cells, f)) - sum(v * v for v in margin(cells, f, (1,))))
    show(f"sample MI {how}", *values)
    show(f"sample gini {how}", *ginis[1:])
    # x and y share symbols: 0 1 2 ...
    symbols = sorted(set(columns["x"]) | set(columns["y"]))
    fx, fy = (smoothed([columns[k].count(s) for s in symbols], len(symbols), how) for k in "xy")
    show(f"sample KL {how}", kl(fx, fy), kl(fy, fx))
    show(f"sample JS {how}", js(fx, fy))
    show(f"sample cross {how}", kl(fx, fy) + h(fx), kl(fy, fx) + h(fy))
for order in mp.mpf(0), mp.mpf("0.5"), mp.mpf(2), mp.mpf(3):
    sums = [sum((mp.mpf(c) / n) ** order for c in joint(columns[k])) for k in "xyz"]
    show(f"sample renyi {mp.nstr(order, 3)}", *(mp.log(s, 2) / (1 - order) for s in sums))
    show(f"sample tsallis {mp.nstr(order, 3)}", *((1 - s) / (order - 1) for s in sums))
show("sample renyi inf", *(-mp.log(mp.mpf(max(joint(columns[k]))) / n, 2) for k in "xyz"))
show("sample perplexity", *(2 ** h(joint(columns[k])) for k in "xyz"))
for base, name in (mp.e, "e"), (mp.mpf(10), "10"), (mp.mpf("2.5"), "2.5"):
    show(f"sample H base {name}", *(h(joint(columns[k]), base) for k in "xyz"))
for a, b in ("xy", "xz", "yz"):
    show(f"sample AMI {a} {b}", metrics.adjusted_mutual_info_score(columns[a], columns[b]))
