/* solve_exact.h: A X = B in rational arithmetic, by elimination (math/elimination) that can be written out.
 *
 * Least squares go by the normal equations A'A x = A'b, which is no loss where nothing is rounded: among
 * their solutions x the one of least norm is x - N (N'N)^-1 N'x, N being a basis of the null space. */
#ifndef MATH_SOLVE_EXACT_H
#define MATH_SOLVE_EXACT_H

#include <flint/fmpq_mat.h>
#include <stdbool.h>
#include <stddef.h>

#include "base/status.h"
#include "math/elimination.h"
#include "math/solve.h"

typedef struct solve_exact_params {
    solve_method method;
    elimination_params elimination; /* unknowns is filled in */
    const fmpq *lambda;             /* SOLVE_RIDGE */
} solve_exact_params;

typedef struct solve_exact_result {
    size_t rank, *pivots;        /* of A, or of the matrix of the normal equations */
    size_t *free_at, free_count; /* the columns without a pivot */
    solve_kind *kinds;           /* for each column of B */
    fmpq_mat_t reduced, x, null; /* [A|B] in reduced form; n x r, free variables 0; n x (n - rank) */
} solve_exact_result;

/* A is m x n, B m x r, m, n, r >= 1.  S may be NULL.  Free the result with solve_exact_free, also after a
 * failure. */
ml_status solve_exact(const fmpq_mat_t a, const fmpq_mat_t b, const solve_exact_params *params, steps *s,
                      solve_exact_result *result, ml_message *why);
void solve_exact_free(solve_exact_result *result);

/* B - A X for column J, its squared 2-norm. */
void solve_exact_residual(const fmpq_mat_t a, const fmpq_mat_t b, const fmpq_mat_t x, size_t j,
                          fmpq_t square);

#endif
