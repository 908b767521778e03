/* check_cells.h: the cells of an answer or of a problem's data, as text, made into balls. */
#ifndef ML_CHECK_CELLS_H
#define ML_CHECK_CELLS_H

#include <stdbool.h>
#include <stddef.h>

#include "math/ball.h"

/* A cell as it was written: a number in any form that number_read takes, or a constant expression such as
 * 3*sqrt(5). */
typedef struct check_cell {
    double value;
    double half; /* half a unit of the last written digit; 0 for integers, fractions and closed forms */
    bool is_rational;
    fmpq_t rational; /* when it is: the number that was written; freed with check_cell_free */
} check_cell;

/* False, and nothing to free, when TEXT is neither. */
bool check_cell_read(check_cell *cell, const char *text, size_t length);
void check_cell_free(check_cell *cell);

/* Does TEXT look like a number, so that a line with it is no line of names? */
bool check_cell_is_number(const char *text, size_t length);

/* ROWS x COLUMNS cells, row by row, into a new ball; ANSWER: with radii.  Rationals come along when every
 * cell has one and there are at most CHECK_CELLS_RATIONAL of them, or with ALWAYS_RATIONAL any number.  NULL
 * when memory is out, or a cell is no number: then *BAD is its place, else it is SIZE_MAX. */
enum { CHECK_CELLS_RATIONAL = 1024 };
typedef const char *check_cell_text(void *context, size_t i, size_t j, size_t *length);
const ball *check_cells_ball(ball_space *s, size_t rows, size_t columns, check_cell_text *text, void *context,
                             bool answer, bool always_rational, size_t *bad);

#endif
