/* reader.h: the CSV reader (the format is man/mlcsv.5).
 *
 * It streams: reader_open reads the names, reader_next hands out the rows in pieces in input order.
 * table_read gathers all of them.  Pieces are parsed on all cores; what comes out, and which error is
 * reported, does not depend on `jobs` or on whether the input is a file or a pipe.
 *
 * Source of the method: the input is taken in large stretches that end at a line end outside quotes, each
 * stretch is cut in pieces at such line ends and the pieces are parsed side by side.  RFC 4180 lets a
 * quote stand only at a cell's start, at its end, and doubled inside a quoted cell (anything else is an
 * error here), so the parity of the number of quotes before a byte tells whether it lies inside a quoted
 * cell: speculative chunk parsing as in Ge et al., "Speculative Distributed CSV Data Parsing", SIGMOD
 * 2019, but exact. */
#ifndef TABLE_READER_H
#define TABLE_READER_H

#include <stdbool.h>

#include "base/status.h"
#include "table/table.h"
#include "table/tally.h"

typedef enum reader_header { READER_GUESS, READER_HEADER, READER_NO_HEADER } reader_header;
typedef enum reader_na { READER_NA_ERROR, READER_NA_DROP, READER_NA_MEAN, READER_NA_KEEP } reader_na;

/* Notes for stderr ("column 3 (x): '1/3' read as a fraction"), no tool name and no newline in TEXT. */
typedef void reader_note(void *context, const char *text);

typedef struct reader_options {
    char delimiter; /* ',' by default; ' ' means runs of blanks and tabs */
    reader_header header;
    const char *names;   /* "A,B,...": names for a table that has none; NULL */
    const char *columns; /* LISTs as in DESIGN section 3, or NULL: use, leave out, carry as text */
    const char *exclude;
    const char *id;
    const char *target;  /* one column, or NULL */
    const char *weights; /* one column of numbers, or NULL: becomes the last column of `x` */
    bool target_is_text; /* read the target as text, else as a number in `x` (its last column) */
    bool all_text;  /* no numbers: every selected column becomes a text column, the weights behind them */
    bool keep_text; /* keep the cells of the selected numbers as text too: text columns behind the id ones */
    bool allow_nonfinite; /* let inf and nan through; default refuses them with their place */
    bool keep_half;       /* fill table.half */
    /* --partial: the input is a piece of a larger one.  No rows, or nothing at all (then there are no columns
     * either), are no error, and a first line that is just the given names is not taken for data. */
    bool shard;
    bool unique_names; /* --save: refuse columns of the same name, for a model finds its columns by name */
    reader_na na;
    bool no_mean;             /* the tool has no --na mean, so messages do not name it */
    const char *na_values;    /* tokens that mean missing, comma-separated; NULL: the empty cell and NA */
    const char *const *match; /* --apply: use just these columns, in this order, found by name (by position */
    size_t match_count; /* when match is NULL and match_count is not 0); others are ignored with a note */
    int jobs;
    reader_note *note; /* may be NULL */
    void *note_context;
} reader_options;

void reader_defaults(reader_options *options);

typedef struct reader reader;

/* Open PATH ("-" or NULL is standard input, called "stdin" in messages), skip leading comments and find the
 * names and the columns.  *R is NULL on failure.  OPTIONS are copied; the strings in it must outlive R. */
ml_status reader_open(reader **r, const char *path, const reader_options *options, ml_message *why);

/* The next rows, at most a few thousand or million as it suits the reader; the table has rows == 0 at the end
 * of the block.  The piece belongs to the reader and is valid until the next call.  READER_NA_MEAN is refused
 * here: it needs all rows, use table_read. */
ml_status reader_next(reader *r, const table **piece, ml_message *why);

/* Instead of reader_next, and with all_text: count the rows of the block as symbols, in one pass and without
 * keeping them.  The columns of *T, which is in order (tally_finish), are the selected ones, then the
 * weights, then the target.  With READER_NA_KEEP a missing cell is a symbol. */
ml_status reader_tally(reader *r, tally_kind kind, tally *t, ml_message *why);

/* The name of the block being read, NULL when it has none. */
const char *reader_block(const reader *r);
/* Go to the next block of the input and read its names (same options); *more is false at the end. */
ml_status reader_next_block(reader *r, bool *more, ml_message *why);

/* After the last piece: an error when the block had no rows, or when another block follows. */
ml_status reader_finish(reader *r, ml_message *why);

/* Rows dropped and cells filled so far by the policy for missing cells. */
size_t reader_dropped(const reader *r);

/* Names and positions as they will be in every piece: valid from reader_open on, rows == 0. */
const table *reader_columns(const reader *r);

void reader_free(reader *r);

/* The whole of the one block of PATH.  An input with no rows or with more than one block is an error. */
ml_status table_read(table *t, const char *path, const reader_options *options, ml_message *why);

/* The whole of R's current block. */
ml_status reader_rest(reader *r, table *t, ml_message *why);

#endif
