/* linalg.h: LAPACK for gsl_matrix.
 *
 * None of this, and no BLAS at all, may run inside parallel_for: Debian's OpenBLAS without threads is built
 * without locks round its work buffers, and two threads inside dgemm get wrong results now and then. */
#ifndef MATH_LINALG_H
#define MATH_LINALG_H

#include <gsl/gsl_matrix.h>
#include <gsl/gsl_vector.h>
#include <stdbool.h>
#include <stddef.h>

#include "base/status.h"

/* Singular values S (all r = min(rows, columns), descending) of A, which is left as it is, by
 * bidiagonalization on JOBS threads (math/bidiagonal) and divide and conquer (dbdsdc).  U (rows x k, k <= r)
 * and V (columns x k) get the first vectors; each may be NULL, which does not change the other, nor S while
 * one of them is asked for.  Few of many vectors, of both as many, are found by inverse iteration
 * (math/golub_kahan), which is faster and as accurate, but not the same last bits. */
ml_status linalg_svd(const gsl_matrix *a, gsl_vector *s, gsl_matrix *u, gsl_matrix *v, int jobs,
                     ml_message *why);

/* The same by preconditioned one-sided Jacobi (dgejsv), A left as it is: high relative accuracy if A = D1 C
 * D2 with C well conditioned and D1, D2 diagonal.  U is rows x r and V columns x r, both or none.  ML_NO,
 * with a message: the entries are so far apart, beyond 1e400, that small values were lost. */
ml_status linalg_jacobi(const gsl_matrix *a, gsl_vector *s, gsl_matrix *u, gsl_matrix *v, ml_message *why);

/* Make the columns of A, rows >= columns, orthonormal, with the same span or one that contains it. */
ml_status linalg_orthonormalize(gsl_matrix *a, int jobs, ml_message *why);

/* OUT (rows x at most rows - columns of A) gets an orthonormal basis of vectors orthogonal to the
 * orthonormal columns of A. */
ml_status linalg_complement(const gsl_matrix *a, gsl_matrix *out, ml_message *why);

/* The greatest |entry|; NAN or inf when one is not finite. */
double linalg_greatest(const gsl_matrix *a);

/* The greatest column sum of |entries|. */
double linalg_norm1(const gsl_matrix *a);

/* The sign rule of the project: where in column J the first entry with |x| >= (1-1e-6) max|x| is negative. */
bool linalg_flips(const gsl_matrix *a, size_t j);
void linalg_flip(gsl_matrix *a, size_t j);

#endif
