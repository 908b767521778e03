/* matrix_cell.h: the cells of a table as entries of matrices. */
#ifndef MATH_MATRIX_CELL_H
#define MATH_MATRIX_CELL_H

#include <stdbool.h>
#include <stddef.h>

#include "base/status.h"
#include "math/matrix_value.h"

typedef enum matrix_cell_status {
    MATRIX_CELL_OK,
    MATRIX_CELL_BAD,        /* not a number */
    MATRIX_CELL_INFINITE,   /* inf or nan */
    MATRIX_CELL_IRRATIONAL, /* with `exact`: what is not rational, or too long */
} matrix_cell_status;

/* What is written, blanks around it allowed: a number in any form that number_read takes, a complex one
 * (1+2i, -i, 1/2-3/4i, each part a number), or an expression without names such as 3*sqrt(5).  *VALUE is new,
 * 1 x 1; NULL with MATRIX_CELL_OK when memory is out. */
matrix_cell_status matrix_cell_read(matrix_space *s, const char *text, size_t length, matrix_value **value);

/* Does TEXT look like a number, so that a line with it is no line of names? */
bool matrix_cell_is_number(const char *text, size_t length);

/* ROWS x COLUMNS cells, row by row, into *VALUE, new.  ML_NO: a cell is refused, *BAD is its place and
 * *PROBLEM what is wrong with it. */
typedef const char *matrix_cell_text(void *context, size_t i, size_t j, size_t *length);
ml_status matrix_of_cells(matrix_space *s, size_t rows, size_t columns, matrix_cell_text *text, void *context,
                          matrix_value **value, size_t *bad, const char **problem, ml_message *why);

#endif
