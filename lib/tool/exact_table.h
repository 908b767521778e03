/* exact_table.h: tables of exact numbers, read and printed. */
#ifndef TOOL_EXACT_TABLE_H
#define TOOL_EXACT_TABLE_H

#include <flint/fmpq_mat.h>

#include "base/memory.h"
#include "base/status.h"
#include "math/exact_number.h"
#include "table/cli.h"
#include "table/table.h"
#include "table/writer.h"

/* A lack of memory in FLINT or GMP ends the program with a message and status 2, as elsewhere.  To be called
 * before exact arithmetic begins. */
void exact_begin(const cli *c);

/* M (initialized here, also on failure) = columns [FROM, FROM + COUNT) of T, which was read with keep_text.
 * A cell that --na mean filled gets the exact mean of the others.  ML_FAIL: an exponent or a text that
 * rational_read refuses. */
ml_status exact_table_read(fmpq_mat_t m, const table *t, size_t from, size_t count, ml_message *why);

/* How the numbers of --exact are written: --digits. */
exact_style exact_style_of(const cli *c);
/* How those of --steps are: as these, or without --exact with the digits of -p, 6 unless given. */
exact_style exact_steps_style(const cli *c);

/* Texts of cells, alive until exact_cells_free. */
typedef struct exact_cells {
    char **texts;
    size_t count, capacity;
    size_t open; /* how many had no closed form where one was wanted */
} exact_cells;

void exact_cells_free(exact_cells *cells);
/* B's text, B freed; NULL when memory is out. */
const char *exact_cells_keep(exact_cells *cells, buffer *b);

/* Append cell (I, J) of a result; false when a closed form was wanted and there is none. */
typedef bool exact_cell(buffer *out, const void *context, size_t i, size_t j);

/* A column of ROWS cells, column J of the result. */
ml_status exact_cells_column(exact_cells *cells, column *out, const char *name, size_t rows, size_t j,
                             exact_cell *cell, const void *context, ml_message *why);

/* Print ROWS x COLUMNS cells as the block NAME; NAMES of the columns, or NULL for a bare matrix; IDS (NULL:
 * none) has id columns that go before. */
ml_status exact_cells_matrix(exact_cells *cells, writer *w, const char *name, size_t rows, size_t columns,
                             const char *const *names, const table *ids, exact_cell *cell,
                             const void *context, ml_message *why);

/* Say on standard error that there were numbers without a closed form. */
void exact_cells_note(const exact_cells *cells, const cli *c);

#endif
