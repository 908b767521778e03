#!/usr/bin/python3
"""Means, and variances of the principal components, of two columns on standard input, in rational arithmetic and 50
digits: what tests/partial.bats expects.  `sh -c '. tests/far.sh; far' | tests/ref/shards.py`
"""
import sys
from decimal import Decimal, getcontext
from fractions import Fraction

getcontext().prec = 50
rows = [[Fraction(float(x)) for x in line.split(",")] for line in sys.stdin]
n = len(rows)
mean = [sum(row[j] for row in rows) / n for j in range(2)]


def covariance(i, j):
    return sum((row[i] - mean[i]) * (row[j] - mean[j]) for row in rows) / (n - 1)


def decimal(x):
    return Decimal(x.numerator) / Decimal(x.denominator)


a, b, d = covariance(0, 0), covariance(0, 1), covariance(1, 1)
middle, half = decimal(a + d) / 2, (decimal((a - d) / 2) ** 2 + decimal(b) ** 2).sqrt()
print(*("%.20g" % decimal(m) for m in mean))
print("%.20g" % (middle + half), "%.20g" % (middle - half))
