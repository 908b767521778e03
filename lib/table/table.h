/* table.h: what the reader makes of a CSV block, and a piece of one when it streams. */
#ifndef TABLE_TABLE_H
#define TABLE_TABLE_H

#include <gsl/gsl_matrix.h>
#include <stdbool.h>
#include <stddef.h>

#include "base/memory.h"

/* Cells carried as text, decoded (quotes removed) and otherwise verbatim. */
typedef struct text_column {
    char *name;      /* never NULL: "column5" when the table has no names */
    size_t position; /* 1-based place in the input */
    buffer cells;    /* the cells of all rows, one after the other */
    size_t *ends;    /* ends[i]: the offset in `cells` behind the cell of row i */
    size_t capacity; /* of ends */
} text_column;

/* A rectangular table of numbers with columns of text beside it.
 *
 * `x` holds the numeric columns, row-major, rows x columns; NULL when there are no rows or no columns.
 * A missing cell is table_missing() in it (only when the policy lets it through). */
typedef struct table {
    size_t rows, columns;
    gsl_matrix *x;
    char **names;      /* of the numeric columns; NULL when the table has no names */
    size_t *positions; /* their 1-based places in the input */
    gsl_matrix *half;  /* half a unit of each cell's last written digit; NULL unless asked for */
    text_column
        *texts; /* id columns in the order asked for, then with all_text or keep_text the selected ones */
    size_t text_count, id_count;
    text_column *target; /* the -y column when it is read as text, else NULL */
    size_t target_at;    /* column of x that holds a numeric -y column; SIZE_MAX when there is none */
    size_t weights_at;   /* column of x that holds the rows' weights, its last; SIZE_MAX when there is none */
} table;

/* The NaN that stands for a missing cell, and the test for it (a `nan` that was written is another). */
double table_missing(void);
bool table_is_missing(double value);

/* The cell of row ROW as (pointer, length); not terminated. */
const char *text_cell(const text_column *column, size_t row, size_t *length);
/* Append a cell; false when memory is out. */
bool text_append(text_column *column, size_t row, const char *cell, size_t length);

/* Name of numeric column J for messages and output: its name, or "column<position>" written into SPACE. */
const char *table_name(const table *t, size_t j, char space[32]);

void table_free(table *t);

#endif
