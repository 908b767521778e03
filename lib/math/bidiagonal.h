/* bidiagonal.h: A = Q B P' on all cores: B upper bidiagonal, Q and P products of Householder reflections.
 *
 * One-stage, blocked: G. Golub, C. Van Loan, Matrix Computations, 4th ed., 5.4.8; J. Dongarra, D. Sorensen,
 * S. Hammarling, J. Comput. Appl. Math. 27 (1989) 215 (LAPACK's dlabrd: the trailing matrix is A - V Y' - X
 * U'). Half of the work is two products of a vector with the whole trailing matrix for each column, which
 * memory bounds; they are made in one pass over a tile of columns, y = A'v and at once A u with u still
 * without its scale: G. Howell, J. Demmel, C. Fulton, S. Hammarling, K. Marmol, ACM Trans. Math. Softw. 34
 * (2008) 14 (BLAS 2.5).  The other half, the update of the trailing matrix, is level 3.
 *
 * The work is cut into lanes and tiles by the shape alone: the same bits for any number of threads and for
 * each instruction set.  No BLAS is called. */
#ifndef MATH_BIDIAGONAL_H
#define MATH_BIDIAGONAL_H

#include <gsl/gsl_matrix.h>
#include <stdbool.h>
#include <stddef.h>

#include "base/status.h"

typedef struct bidiagonal bidiagonal;

/* Decompose A, finite and at least 1 x 1, or A' when it has more columns than rows: what is decomposed is
 * rows x columns with rows >= columns.  A is left as it is.  It is scaled by a power of two so that squares
 * stay in range; what is then 2^-880 times its greatest entry may be taken as zero. */
ml_status bidiagonal_new(bidiagonal **b, const gsl_matrix *a, int jobs, ml_message *why);
void bidiagonal_free(bidiagonal *b);

/* The columns entries of B's diagonal, and the columns - 1 above it, of the scaled matrix. */
void bidiagonal_entries(const bidiagonal *b, double *d, double *e);
/* What A was multiplied by. */
double bidiagonal_scale(const bidiagonal *b);

/* OUT = Q [C; 0] (rows x k) and OUT = P C (columns x k), where C is columns x k, k being OUT's, with entry i,
 * j at C[i * DOWN + j * ACROSS].  Q and P are those of what was decomposed, A or A'. */
ml_status bidiagonal_left(const bidiagonal *b, const double *c, size_t down, size_t across, gsl_matrix *out,
                          ml_message *why);
ml_status bidiagonal_right(const bidiagonal *b, const double *c, size_t down, size_t across, gsl_matrix *out,
                           ml_message *why);

#endif
