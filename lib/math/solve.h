/* solve.h: A X = B in doubles: none, one or infinitely many solutions; least squares; ridge.
 *
 * The rank is the number of singular values above max(m, n) eps s1, those of A with its rows and columns
 * scaled by powers of two to the same size, so that units of measurement do not change it.  The basic
 * variables are those of the leftmost independent columns, as in elimination by hand; the others are free.
 * Least squares over the basic columns (math/least_squares, refined) gives the particular solution, in which
 * the free variables are 0, and the basis of the null space, in which one of them is 1. */
#ifndef MATH_SOLVE_H
#define MATH_SOLVE_H

#include <gsl/gsl_matrix.h>
#include <gsl/gsl_vector.h>
#include <stdbool.h>
#include <stddef.h>

#include "base/status.h"

typedef enum solve_kind { SOLVE_NONE, SOLVE_ONE, SOLVE_MANY } solve_kind;

typedef enum solve_method {
    SOLVE_SYSTEM,        /* A X = B, each column of B as it is */
    SOLVE_LEAST_SQUARES, /* min ||A x - b||; where that leaves a choice, the x of least norm */
    SOLVE_RIDGE,         /* min ||A x - b||^2 + lambda ||x||^2 */
} solve_method;

typedef struct solve_params {
    solve_method method;
    double lambda; /* SOLVE_RIDGE: above 0 */
    int jobs;
} solve_params;

void solve_defaults(solve_params *params);

typedef struct solve_result {
    size_t rank;
    double tolerance;     /* on the scaled singular values, that decided the rank */
    double condition;     /* s1 / sn of A itself; inf when the rank is below the number of unknowns */
    size_t *basic;        /* rank of them: 0-based columns, ascending */
    size_t *free_at;      /* the other n - rank columns */
    solve_kind *kinds;    /* for each column of B; SOLVE_NONE in SOLVE_SYSTEM only */
    gsl_matrix *x;        /* n x r; a column of a system without solution is the least-squares solution */
    gsl_matrix *null;     /* n x (n - rank); NULL when there are no free variables */
    gsl_vector *residual; /* r: the 2-norm of b - A x */
    gsl_vector *backward_error; /* r: ||b - A x|| / (||A|| ||x|| + ||b||), norms of the greatest row sum */
} solve_result;

/* A is m x n, B m x r, all finite, m, n, r >= 1. */
ml_status solve_fit(const gsl_matrix *a, const gsl_matrix *b, const solve_params *params,
                    solve_result *result, ml_message *why);
void solve_free(solve_result *result);

#endif
