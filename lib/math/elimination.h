/* elimination.h: Gaussian elimination in rational arithmetic, every row operation written out.
 *
 * FLINT's fmpq_mat holds the numbers; nothing is rounded.  The order of the operations is the textbooks':
 *
 * ELIMINATION_GAUSS: columns from the left, a pivot row comes up if it has to, its multiples clear what is
 * below; then pivots from the last one up, divide the row, clear what is above.  When every right side
 * contradicts itself (0 = c), the way up is not written.
 *
 * ELIMINATION_JORDAN: each pivot row is divided at once and clears the whole column (Gauss-Jordan). */
#ifndef MATH_ELIMINATION_H
#define MATH_ELIMINATION_H

#include <flint/fmpq_mat.h>
#include <stdbool.h>
#include <stddef.h>

#include "base/status.h"
#include "base/steps.h"

typedef enum elimination_order { ELIMINATION_GAUSS, ELIMINATION_JORDAN } elimination_order;

/* Which of the rows with an entry in the column becomes the pivot row. */
typedef enum elimination_pivot {
    ELIMINATION_FIRST,   /* the first: rows are swapped only if they must be */
    ELIMINATION_PARTIAL, /* that of the greatest |entry|, as programs with doubles do */
    ELIMINATION_ONE,     /* the first with 1 or -1, else the first: fewest fractions by hand */
} elimination_pivot;

typedef struct elimination_params {
    elimination_order order;
    elimination_pivot pivot;
    size_t unknowns;  /* pivots are looked for in so many columns; those behind the bar are right sides */
    bool exact;       /* write numbers as fractions, else as decimals */
    const char *name; /* of the matrix; NULL: [A|b], or A without right sides */
} elimination_params;

/* Bring M to reduced row echelon form in place.  PIVOTS has room for min(rows, unknowns) columns; *RANK of
 * them are filled, ascending.  S (NULL: none) gets the matrix at the start, the operations, and the matrix
 * after each column's.  ML_FAIL: memory. */
ml_status elimination_reduce(fmpq_mat_t m, const elimination_params *params, size_t *pivots, size_t *rank,
                             steps *s, ml_message *why);

/* X as a text that S keeps: a fraction, or with EXACT false a decimal with the digits of S. */
const char *elimination_number(steps *s, const fmpq_t x, bool exact);

#endif
