#!/usr/bin/python3
"""check.py KIND OURS PEERS: do two programs' outputs say the same?  Exit 0, or 1 with the reason.

    means    ours: column,mean,...      theirs: a mean a line
    scores   ours: a line of names      theirs: none; each column up to its sign
    centroids  ours: cluster,size,within,...   theirs: a centroid a line, in the same order
    mixture  ours: component,weight,row,...    theirs: a mean a line, in the same order
    values   ours: number,value,...     theirs: a value a line
    number   both: a single number
    usv      blocks U, values, V; each pair of vectors up to one sign
"""

import sys

import numpy as np

TOLERANCE = 1e-6  # relative to the column's largest entry; what is compared is the method, not its last digits


def blocks(path):
    """The numbers of each block; the lines of names and the cells of text are left out."""
    found = [[]]
    with open(path) as f:
        for line in f:
            if line.startswith("#:"):
                found.append([])
            elif line.strip():
                found[-1].append(line.rstrip("\n").split(","))
    return [b for b in found if b]


def matrix(rows, columns=slice(None)):
    return np.array([row[columns] for row in rows], dtype=float)


def compare(what, ours, theirs):
    if ours.shape != theirs.shape:
        sys.exit(f"{what}: {ours.shape} against {theirs.shape}")
    off = (abs(ours - theirs).max(0) / abs(theirs).max(0)).max()
    if not off <= TOLERANCE:
        sys.exit(f"{what}: off by {off:.3g} of the largest")


def signs(ours, theirs):
    return np.sign((ours * theirs).sum(0))


kind, ours, theirs = sys.argv[1], blocks(sys.argv[2]), blocks(sys.argv[3])
if not ours or not theirs:
    sys.exit(f"{kind}: no output")
if kind == "means":
    compare("means", matrix(ours[0][1:], slice(1, 2)), matrix(theirs[0]))
elif kind == "centroids":
    compare("centroids", matrix(ours[0][1:], slice(3, None)), matrix(theirs[0]))
elif kind == "mixture":
    compare("means", matrix([row for row in ours[0] if row[2] == "mean"], slice(3, None)), matrix(theirs[0]))
elif kind == "number":
    compare("number", matrix(ours[0]), matrix(theirs[0]))
elif kind == "values":
    compare("values", matrix(ours[0], slice(1, 2)), matrix(theirs[0]))
elif kind == "scores":
    a, b = matrix(ours[0][1:]), matrix(theirs[0])
    compare("scores", a, b * signs(a, b))
else:
    (u, s, v), (pu, ps, pv) = [matrix(ours[0]), matrix(ours[1], slice(1, 2)), matrix(ours[2])], map(matrix, theirs)
    turn = signs(v, pv)
    compare("values", s, ps)
    compare("V", v, pv * turn)
    compare("U", u, pu * turn)
