/* ball.h: matrices that know how far they may be off.
 *
 * A ball is a matrix of values with a radius for each entry: what the rounding of written numbers can do to
 * it, to first order (|dA||B| + |A||dB| for a product).  Beside it goes the size of the terms that were added
 * up, so that what floating-point arithmetic does on top can be allowed for: 64 n eps scale.  With rationals
 * (see ball_make) the values are exact as well, and a test for zero is one. */
#ifndef MATH_BALL_H
#define MATH_BALL_H

#include <gsl/gsl_matrix.h>
#include <stdbool.h>
#include <stddef.h>

#include <flint/fmpq_mat.h>

typedef struct ball {
    gsl_matrix *x;      /* never NULL; at least 1 x 1 */
    gsl_matrix *r;      /* radii; NULL: the values are exact */
    fmpq_mat_struct *q; /* the same as rationals, or NULL */
    double scale;       /* the greatest sum of the magnitudes that an entry was made of */
    double terms;       /* how many there were at most */
    double compared;    /* of a sum or difference: the greatest |entry| of its two terms; else 0 */
    bool written;       /* the radii are those of numbers as they were written, not of what came of them */
    bool jumps;         /* whole numbers such as a rank, that jump: within the radius nothing is known */
    bool identity;      /* a 1 x 1 ball that stands for a multiple of the identity of whatever order fits */
    struct ball *next;
} ball;

/* Owns balls.  All zero is an empty one. */
typedef struct ball_space {
    ball *first;
} ball_space;

void ball_free_all(ball_space *s);

/* Each makes a new ball, or returns NULL when memory is out or an argument is NULL, so that calls nest and
 * are checked once.  Shapes must fit.  A result has rationals when all arguments have. */

/* A copy of X and, unless NULL, R; zeros in R everywhere make it exact.  RATIONAL: with rationals, still
 * zero. */
ball *ball_make(ball_space *s, const gsl_matrix *x, const gsl_matrix *r, bool rational);
ball *ball_zeros(ball_space *s, size_t rows, size_t columns, bool rational);
const ball *ball_identity(ball_space *s, size_t order);
const ball *ball_product(ball_space *s, const ball *a, const ball *b);
const ball *ball_sum(ball_space *s, const ball *a, const ball *b);
const ball *ball_difference(ball_space *s, const ball *a, const ball *b);
const ball *ball_transpose(ball_space *s, const ball *a);
/* COUNT columns from FROM on. */
const ball *ball_columns(ball_space *s, const ball *a, size_t from, size_t count);
/* COUNT rows from FROM on. */
const ball *ball_rows(ball_space *s, const ball *a, size_t from, size_t count);
/* The square matrix with the entries of A, a row or a column, on its diagonal; ROWS x COLUMNS if not 0. */
const ball *ball_diagonal(ball_space *s, const ball *a, size_t rows, size_t columns);
/* The diagonal of A as a column. */
const ball *ball_diagonal_of(ball_space *s, const ball *a);
/* A row as a column; a column as it is. */
const ball *ball_column(ball_space *s, const ball *a);
/* The identity of this ORDER times the number A. */
const ball *ball_expand(ball_space *s, const ball *a, size_t order);
/* The sums of the rows, a column. */
const ball *ball_row_sums(ball_space *s, const ball *a);

/* B, which its maker still may change, goes on without rationals. */
void ball_drop_rationals(ball *b);

/* The radius of an entry, 0 when exact. */
double ball_radius(const ball *a, size_t i, size_t j);
/* What arithmetic may do to an entry: 64 terms eps scale. */
double ball_slack(const ball *a);
bool ball_is_exact(const ball *a);

#endif
