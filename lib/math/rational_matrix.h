/* rational_matrix.h: what is calculated by hand with a matrix of rationals, written out where steps are
 * wanted.
 *
 * Nothing is rounded.  A steps document S may be NULL; EXACT writes its numbers as fractions, else as
 * decimals. NAME is what the matrix is called there.  Outputs are initialized by the caller with the right
 * shape. */
#ifndef MATH_RATIONAL_MATRIX_H
#define MATH_RATIONAL_MATRIX_H

#include <flint/fmpq_mat.h>
#include <flint/fmpq_poly.h>
#include <stdbool.h>
#include <stddef.h>

#include "base/memory.h"
#include "base/status.h"
#include "base/steps.h"
#include "math/elimination.h"

typedef struct rational_steps {
    steps *s;
    bool exact;
    const char *name;
} rational_steps;

/* NAME = M, with a rule before column BAR (0: none). */
void rational_write(const rational_steps *w, const char *name, const fmpq_mat_t m, size_t bar);

/* A line LEFT = sqrt(SQUARE) = its value. */
void rational_write_root(const rational_steps *w, const char *left, const fmpq_t square);

/* Append C*sqrt(D), D >= 0, simplified: squares are taken out of the root as far as trial division finds
 * them. */
void rational_root(buffer *out, const fmpq_t c, const fmpq_t d);
/* The same as a text that the steps keep; a decimal without EXACT. */
const char *rational_root_text(const rational_steps *w, const fmpq_t c, const fmpq_t d);
/* Is X a square?  Then OUT is its root. */
bool rational_is_square(fmpq_t out, const fmpq_t x);

/* P A = L U by Gaussian elimination: A m x n, P m x m, L m x k, U k x n, k = min(m, n).  *EXCHANGES
 * of rows were made. */
ml_status rational_lu(const fmpq_mat_t a, elimination_pivot pivot, fmpq_mat_t p, fmpq_mat_t l, fmpq_mat_t u,
                      size_t *exchanges, const rational_steps *w, ml_message *why);

/* The determinant of the square A: by its definition up to 3 x 3, else as the product of the pivots. */
ml_status rational_determinant(const fmpq_mat_t a, fmpq_t d, const rational_steps *w, ml_message *why);

/* The inverse, by Gauss-Jordan on [A|I] when it is written out.  ML_NO: singular. */
ml_status rational_inverse(const fmpq_mat_t a, fmpq_mat_t inverse, const rational_steps *w, ml_message *why);

/* The reduced row echelon form; *PIVOTS is freed with free(). */
ml_status rational_reduce(const fmpq_mat_t a, fmpq_mat_t reduced, size_t **pivots, size_t *rank,
                          const rational_steps *w, ml_message *why);
/* The basis of the null space that the reduced form gives: n x (n - rank). */
void rational_kernel(const fmpq_mat_t reduced, const size_t *pivots, size_t rank, fmpq_mat_t kernel);

/* The transposed cofactors, from the characteristic polynomial (Cayley-Hamilton), so A may be singular. */
void rational_adjugate(const fmpq_mat_t a, fmpq_mat_t adjugate);

/* A = L D L', A symmetric, D the n x 1 diagonal, without exchanges of rows.  ML_NO: there is none, because
 * the leading minor of order *MINOR is 0. */
ml_status rational_ldl(const fmpq_mat_t a, fmpq_mat_t l, fmpq_mat_t d, size_t *minor, const rational_steps *w,
                       ml_message *why);
/* The same written out as the Cholesky factorization: entry i,j is L_ij*sqrt(D_j).  ML_NO: D_MINOR <= 0. */
ml_status rational_cholesky(const fmpq_mat_t a, fmpq_mat_t l, fmpq_mat_t d, size_t *minor,
                            const rational_steps *w, ml_message *why);

/* Orthogonal columns U (m x r) with the span of those of A (m x n, U m x n on entry and cut to r): each
 * column of A minus its projections onto those before; a column that depends on these gives none.  NORMS (n x
 * 1) gets their squared norms, T (n x n, its first r rows are used) the coefficients: A = U T. */
ml_status rational_gram_schmidt(const fmpq_mat_t a, fmpq_mat_t u, fmpq_mat_t norms, fmpq_mat_t t,
                                size_t *rank, const rational_steps *w, ml_message *why);

/* The matrix of the orthogonal projection onto the columns of A, m x m. */
ml_status rational_projection(const fmpq_mat_t a, fmpq_mat_t p, const rational_steps *w, ml_message *why);

/* The Moore-Penrose pseudoinverse, n x m, through A = C F: C the pivot columns, F the reduced form's rows. */
ml_status rational_pseudoinverse(const fmpq_mat_t a, fmpq_mat_t out, ml_message *why);

/* e^A of a nilpotent A, the finite sum of A^k/k!; ML_NO: A is not nilpotent (A^n is not 0). */
ml_status rational_exponential(const fmpq_mat_t a, fmpq_mat_t out, const rational_steps *w, ml_message *why);

/* Can A be diagonalized with complex, and with real, eigenvalues?  Exactly when the product of the different
 * irreducible factors of its characteristic polynomial is 0 at A, and all its roots are real. */
void rational_diagonalizable(const fmpq_mat_t a, bool *over_complex, bool *over_real);

#endif
