/* writer.h: results as CSV, TSV, JSON or an aligned table, to a file descriptor.
 *
 * A result is a block: columns of equal length, named or not.  The caller begins a block, hands over rows
 * in one or many calls, and ends it.  Numbers are formatted on all cores; the bytes do not depend on that. */
#ifndef TABLE_WRITER_H
#define TABLE_WRITER_H

#include <gsl/gsl_matrix.h>
#include <stdbool.h>

#include "base/status.h"
#include "table/table.h"

/* CSV and TSV quote a text or a name as RFC 4180 does, and only where the reader would otherwise take it
 * for something else.  JSON (RFC 8259) is an object a block and a line a block: {"name":"variance","rows":
 * [{"component":"PC1",...},...]}; a row is an array when columns are unnamed or names are off; what is not
 * finite is null; a byte that is not UTF-8 becomes U+FFFD.  A table is aligned by code points, its control
 * characters are printed as blanks, and it is held in memory until its end; the others stream.
 * Where columns of a block have the same name, all but the last are printed as NAME_, NAME_2, ...:
 * what a tool computes stands behind what it was given. */
typedef enum writer_format { WRITER_CSV, WRITER_TSV, WRITER_JSON, WRITER_TABLE } writer_format;

typedef struct writer_options {
    writer_format format;
    char delimiter; /* of WRITER_CSV; ',' by default */
    bool names;     /* print the line of names where columns have names */
    bool blocks;    /* several results: each under "#: NAME", two empty lines between */
    int precision;  /* significant digits 1..17; 0: shortest that reads back, and 6 for WRITER_TABLE */
    int jobs;
    const char *target; /* what messages call the descriptor; NULL: "standard output" */
} writer_options;

typedef enum column_kind { COLUMN_REAL, COLUMN_TEXT, COLUMN_STRINGS } column_kind;

/* One column of a block; the writer borrows what it points to until the call returns. */
typedef struct column {
    const char *name; /* NULL: unnamed; in one block all columns are named or none is */
    column_kind kind;
    const double *real; /* COLUMN_REAL: row i is real[i * stride]; table_missing() prints as NA */
    size_t stride;
    const text_column *text;    /* COLUMN_TEXT */
    const char *const *strings; /* COLUMN_STRINGS: terminated texts */
} column;

/* Columns of each kind.  Text columns keep the name they were read with. */
column column_reals(const char *name, const double *values, size_t stride);
column column_strings(const char *name, const char *const *texts);
column column_text(const text_column *text);

typedef struct writer writer;

/* A writer on file descriptor FD, which stays the caller's; NULL when memory is out. */
writer *writer_open(int fd, const writer_options *options);

/* Begin a block called NAME (never NULL) with these columns; only their names and kinds are looked at. */
void writer_begin(writer *w, const char *name, const column *columns, size_t count);
/* Rows for the block that was begun; the columns must be those of writer_begin with data. */
void writer_rows(writer *w, const column *columns, size_t count, size_t rows);
void writer_end(writer *w);

/* A whole block of one call: begin, rows, end. */
void writer_block(writer *w, const char *name, const column *columns, size_t count, size_t rows);
/* A bare matrix: no names. */
void writer_matrix(writer *w, const char *name, const gsl_matrix *m);

/* Finish and free.  The first failed write or allocation is kept and reported here; later calls do nothing.
 * *broken_pipe (may be NULL) tells that the reader of the pipe went away, which is no error to shout about.
 */
ml_status writer_close(writer *w, bool *broken_pipe, ml_message *why);

#endif
