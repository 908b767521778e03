#!/usr/bin/python3
"""mat.py: the cases of tests/mlmat_cases.txt: expressions with their values by NumPy and SciPy (doubles) and SymPy (exact).

    mat.py >tests/mlmat_cases.txt

A line is TAB-separated: mode (real, exact), tolerance, the arguments of mlmat, the values row by row."""

import numpy as np
import scipy.linalg as la
import sympy as sp
from fractions import Fraction


def number(x):
    x = complex(x)
    if x.imag == 0:
        return repr(x.real)
    return "%r%s%ri" % (x.real, "+" if x.imag >= 0 else "", x.imag)


def literal(a):
    def cell(x):
        if isinstance(x, (int, Fraction)):
            return str(x)
        x = complex(x)
        return "%g" % x.real if x.imag == 0 else "%g%+gi" % (x.real, x.imag)
    return "[" + ";".join(",".join(cell(x) for x in row) for row in a) + "]"


def real(tolerance, expression, value, **names):
    rows = np.atleast_2d(np.asarray(value))
    text = ";".join(",".join(number(x) for x in row) for row in rows)
    args = " ".join("%s=%s" % (k, literal(v)) for k, v in names.items())
    print("real", tolerance, (expression + " " + args).strip(), text, sep="\t")


def surd(x):
    """SymPy's sqrt(11)/2 as 1/2*sqrt(11), sums from the rational term on."""
    def term(t):
        c, r = t.as_coeff_Mul()
        root = str(r)
        return str(c) if r == 1 else root if c == 1 else "-" + root if c == -1 else "%s*%s" % (c, root)
    terms = sorted(sp.Add.make_args(sp.sqrtdenest(sp.expand(sp.sympify(x)))), key=lambda t: (not t.is_rational, str(t)))
    text = term(terms[0])
    for t in terms[1:]:
        t = term(t)
        text += " - " + t[1:] if t[0] == "-" else " + " + t
    return text


def exact(expression, value, **names):
    m = value if isinstance(value, sp.MatrixBase) else sp.Matrix([[value]])
    text = ";".join(",".join(surd(x) for x in m.row(i)) for i in range(m.rows))
    args = " ".join("%s=%s" % (k, literal(v)) for k, v in names.items())
    print("exact", 0, (expression + " " + args).strip(), text, sep="\t")


def signed(v):
    """The sign rule: in each column the first entry with |v| >= (1-1e-6) max|v| is positive."""
    v = np.array(v, dtype=complex if np.iscomplexobj(v) else float)
    for j in range(v.shape[1]):
        size = np.abs(v[:, j])
        x = v[np.argmax(size >= (1 - 1e-6) * size.max()), j]
        v[:, j] *= np.conj(x) / abs(x)
    return v


g = np.random.default_rng(5)
A = [[2, -1, 0], [1, 3, 5], [4, 0, 1]]
B = [[1, 2], [3, 4], [5, 6]]
S = [[4, 1, 2], [1, 3, 0], [2, 0, 5]]
C = [[1 + 2j, 3], [-1j, 4 - 1j]]
H = [[2, 1 - 1j], [1 + 1j, 3]]
R = np.round(g.normal(size=(25, 25)), 2)
R = [[Fraction(str(x)) for x in row] for row in R]
n = lambda m: np.array([[float(x) if not isinstance(x, complex) else x for x in row] for row in m])

real(1e-15, "A*B", n(A) @ n(B), A=A, B=B)
real(1e-15, "A'*A-3*I", n(A).T @ n(A) - 3 * np.eye(3), A=A)
real(1e-15, "inv(A)", la.inv(n(A)), A=A)
real(1e-15, "A^-2", np.linalg.matrix_power(n(A), -2), A=A)
real(1e-15, "A^5", np.linalg.matrix_power(n(A), 5), A=A)
real(1e-15, "det(A)", la.det(n(A)), A=A)
real(1e-15, "tr(A)", np.trace(n(A)), A=A)
real(1e-15, "rank(A)", np.linalg.matrix_rank(n(B)), A=B)
real(1e-14, "pinv(A)", la.pinv(n(B)), A=B)
real(1e-15, "kron(A,B)", np.kron(n(A), n(B)), A=A, B=B)
real(1e-14, "norm(A)", la.norm(n(A), 2), A=A)
real(1e-15, "norm(A,1)", la.norm(n(A), 1), A=A)
real(1e-15, "norm(A,inf)", la.norm(n(A), np.inf), A=A)
real(1e-15, "norm(A,fro)", la.norm(n(A)), A=A)
real(1e-14, "norm(A,nuc)", la.norm(n(A), "nuc"), A=A)
real(1e-15, "norm(u,3)", la.norm([1, -2, 3], 3), u=[[1, -2, 3]])
real(1e-15, "dist(u,v,1)", 12, u=[[1, -2, 3]], v=[[4, 5, 1]])
real(1e-13, "cond(A)", np.linalg.cond(n(A)), A=A)
real(1e-14, "cond(A,1)", np.linalg.cond(n(A), 1), A=A)
real(1e-14, "expm(A)", la.expm(n(A)), A=A)
real(1e-14, "expm(S)", la.expm(n(S)), S=S)
real(1e-15, "sym(A)", (n(A) + n(A).T) / 2, A=A)
real(1e-15, "skew(A)", (n(A) - n(A).T) / 2, A=A)
real(1e-15, "chol(S)", la.cholesky(n(S), lower=True), S=S)
real(1e-15, "angle(u,v)", np.arccos(1 / np.sqrt(2)), u=[[1, 0]], v=[[3, 3]])
real(1e-15, "cross(u,v)", np.cross([1, 2, 3], [4, 5, 7]), u=[[1, 2, 3]], v=[[4, 5, 7]])
real(1e-15, "outer(u,v)", np.outer([1, 2, 3], [4, 5]), u=[[1, 2, 3]], v=[[4, 5]])
real(1e-15, "hadamard(A,A)", n(A) ** 2, A=A)
real(1e-15, "exp(A)", np.exp(n(A)), A=A)
w = sorted(la.eigvals(n(A)), key=lambda z: (-z.real, -z.imag))
real(1e-13, "eigvals(A)", [[x] for x in w], A=A)
real(1e-14, "eigvals(S)", [[x] for x in la.eigvalsh(n(S))[::-1]], S=S)
real(1e-14, "charpoly(A)", np.poly(n(A)), A=A)
P = n(B) @ la.pinv(n(B))
real(1e-14, "project(B)", P, B=B)
real(1e-14, "project(b,B)", P @ np.array([[1], [0], [2]]), b=[[1], [0], [2]], B=B)
q, r = la.qr(n(B), mode="economic")
q = q * np.sign(np.diag(r))
real(1e-14, "basis(B)", q, B=B)

# complex
c = np.array(C)
real(1e-15, "C*C", c @ c, C=C)
real(1e-14, "inv(C)", la.inv(c), C=C)
real(1e-14, "det(C)", la.det(c), C=C)
real(1e-15, "ctranspose(C)", c.conj().T, C=C)
real(1e-15, "conj(C)", c.conj(), C=C)
real(1e-15, "C'", c.T, C=C)
real(1e-14, "pinv(C)", la.pinv(c), C=C)
real(1e-14, "norm(C)", la.norm(c, 2), C=C)
real(1e-14, "expm(C)", la.expm(c), C=C)
real(1e-14, "chol(H)", la.cholesky(np.array(H), lower=True), H=H)
real(1e-14, "eigvals(H)", [[x] for x in la.eigvalsh(np.array(H))[::-1]], H=H)
w = sorted(la.eigvals(c), key=lambda z: (-z.real, -z.imag))
real(1e-13, "eigvals(C)", [[x] for x in w], C=C)
real(1e-15, "dot(u,v)", np.vdot([1 + 1j, 2], [3, 1j]), u=[[1 + 1j, 2]], v=[[3, 1j]])
real(1e-15, "kernel(K)", [[1j], [1]], K=[[1, -1j], [1j, 1]])

# larger than what is calculated with fractions
real(1e-12, "inv(R)", la.inv(n(R)), R=R)
real(1e-12, "det(R)", la.det(n(R)), R=R)
real(1e-11, "eigvals(R)", [[x] for x in sorted(la.eigvals(n(R)), key=lambda z: (-z.real, -z.imag))], R=R)
real(1e-12, "norm(R)", la.norm(n(R), 2), R=R)
real(1e-10, "expm(R/10)", la.expm(n(R) / 10), R=R)

# exact
frac = lambda m: sp.Matrix([[sp.Rational(str(x)) for x in row] for row in m])
h6 = [[Fraction(1, i + j + 1) for j in range(6)] for i in range(6)]
exact("inv(H)", frac(h6).inv(), H=h6)
exact("det(H)", frac(h6).det(), H=h6)
d12 = [[Fraction(int(g.integers(-9, 10)), int(g.integers(1, 10))) for j in range(12)] for i in range(12)]
exact("det(D)", frac(d12).det(), D=d12)
f = [[Fraction(1, 2), 2, 0], [3, Fraction(-1, 3), 1], [1, 1, 1]]
exact("inv(F)", frac(f).inv(), F=f)
exact("adjugate(F)", frac(f).adjugate(), F=f)
exact("charpoly(F)[1]", 1, F=f)
exact("F^3", frac(f) ** 3, F=f)
exact("tr(F)", frac(f).trace(), F=f)
exact("kron(F,[1,2])", sp.kronecker_product(frac(f), sp.Matrix([[1, 2]])), F=f)
k = [[1, 2, 1, 3], [2, 4, 0, 2], [3, 6, 1, 5]]
exact("rref(K)", frac(k).rref()[0], K=k)
exact("kernel(K)", sp.Matrix.hstack(*frac(k).nullspace()), K=k)
exact("image(K)", sp.Matrix.hstack(*frac(k).columnspace()), K=k)
exact("rank(K)", frac(k).rank(), K=k)
exact("complement(K)", sp.Matrix.hstack(*frac(k).T.nullspace()), K=k)
exact("pinv(K)", frac(k).pinv(), K=k)
b = frac(B)
exact("project(B)", b * (b.T * b).inv() * b.T, B=B)
exact("norm(u)", sp.sqrt(45), u=[[3, 6]])
exact("chol(S)", frac(S).cholesky(), S=S)
exact("det(T)", sp.Rational(1, 100) * 3 - sp.Rational(2, 10) ** 2, T=[[Fraction(1, 10), Fraction(2, 10)], [Fraction(2, 10), Fraction(3, 10)]])

# with roots and complex numbers
exact("2*norm(u)", 2 * sp.sqrt(5), u=[[1, 2]])
exact("sqrt(3+2*sqrt(2))", 1 + sp.sqrt(2))
exact("((1+sqrt(5))/2)^7", ((1 + sp.sqrt(5)) / 2) ** 7)
e = sp.Matrix([[1 + sp.sqrt(2), 2], [sp.sqrt(2), 3]])
names = {}
print("exact", 0, "inv(A) A=[1+sqrt(2),2;sqrt(2),3]", ";".join(",".join(surd(sp.radsimp(x)) for x in e.inv().row(i)) for i in range(2)), sep="\t")
print("exact", 0, "det(A) A=[1+sqrt(2),2;sqrt(2),3]", surd(sp.expand(e.det())), sep="\t")

# eigenvalues and singular values in closed form: SymPy's, in descending order
gm = sp.Matrix([[2, 1], [1, 1]])
w = sorted(gm.eigenvals(), key=lambda z: -float(z))
exact("eigvals(G)", sp.Matrix(w), G=[[2, 1], [1, 1]])
m3 = [[2, -1, 0], [-1, 2, -1], [0, -1, 2]]
exact("eigvals(M)", sp.Matrix(sorted(frac(m3).eigenvals(), key=lambda z: -float(z))), M=m3)
exact("norm(A)", sp.sqrt(45), A=[[3, 0], [4, 5]])
s1 = (sp.sqrt(26) + sp.sqrt(34)) / 2
assert sp.expand(s1 ** 2) == 15 + sp.sqrt(221)
exact("norm(A)", s1, A=[[1, 2], [3, 4]])
exact("norm(A,2)^2", 15 + sp.sqrt(221), A=[[1, 2], [3, 4]])
nil = [[0, 1, 2], [0, 0, 3], [0, 0, 0]]
exact("expm(N)", sp.eye(3) + frac(nil) + frac(nil) ** 2 / 2, N=nil)
