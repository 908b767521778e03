/* reader_internal.h: the parts of the reader, and a way in for its tests. */
#ifndef TABLE_READER_INTERNAL_H
#define TABLE_READER_INTERNAL_H

#include "table/input.h"
#include "table/plan.h"
#include "table/reader.h"
#include "table/scan.h"

/* Rows under way to a table: the arrays become its matrices when all are in. */
typedef struct sink {
    table *t; /* takes the texts */
    double *x, *half;
    size_t rows, x_capacity, half_capacity; /* in rows */
} sink;

struct reader {
    input in;
    reader_options o;
    size_t line;     /* of the file, at in.begin */
    bool known_text; /* the start of the input was looked at: byte order mark, encoding */

    char *block;
    char **names; /* of the input's columns in this block; NULL: none */
    size_t name_count;
    scan_plan plan;
    table schema, piece;
    sink out; /* the rows of `piece` */
    gsl_block x_block, half_block;
    gsl_matrix x, half;

    scan head; /* for single lines */
    scan *scans;
    size_t *first_rows; /* row of the stretch at which each scan begins */
    size_t scan_count, scan_capacity, first_capacity;
    tally *tallies; /* one a thread, while rows are counted */

    size_t header_line, taken, dropped; /* rows of the block that came out, that were dropped */
    scan_stop stop;
    bool ended; /* the rows of the block are at their end */
    ml_message error;
};

/* --- the bytes that wait --- */

static inline const char *reader_front(const reader *r)
{
    return r->in.bytes + r->in.begin;
}

static inline size_t reader_waiting(const reader *r)
{
    return r->in.end - r->in.begin;
}

/* Leave the bytes before TO behind. */
static inline void reader_consume(reader *r, const char *to)
{
    r->line += input_newlines(reader_front(r), (size_t)(to - reader_front(r)));
    r->in.begin = (size_t)(to - r->in.bytes);
}

static inline size_t reader_line_of(const reader *r, const char *at)
{
    return r->line + input_newlines(reader_front(r), (size_t)(at - reader_front(r)));
}

/* --- reader_head.c: single lines --- */

/* A note about line LINE. */
void reader_note_at(const reader *r, size_t line, const char *text);

/* Read on: twice as much as there is, so that a long line is looked at few times. */
ml_status reader_more_bytes(reader *r, ml_message *why);

/* The end of the raw line FROM bytes on, whatever quotes it holds; NULL at the end of the input. */
ml_status reader_raw_line(reader *r, const char **end, ml_message *why);

bool reader_is_block_line(const char *line);
ml_status reader_take_block_name(reader *r, const char *end, ml_message *why);

/* Empty lines are legal before a block's name and at the end: skip them and say what follows. */
typedef enum follows { FOLLOWS_END, FOLLOWS_BLOCK, FOLLOWS_ROWS } follows;

ml_status reader_skip_empty(reader *r, follows *what, ml_message *why);
ml_status reader_fail_empty_line(const reader *r, size_t line, ml_message *why);

/* Comments, then perhaps the name of the block and comments again. */
ml_status reader_skip_preamble(reader *r, ml_message *why);

/* The line of names, if the table has one. */
ml_status reader_read_names(reader *r, ml_message *why);

/* A line without an end in sight: is it one that can never be read, say for a stray quote? */
bool reader_is_hopeless(reader *r);

/* --- reader_rows.c --- */

/* More rows for TO, one stretch at a time; *more is false at the end of the block. */
ml_status reader_take_rows(reader *r, sink *to, bool *more, ml_message *why);

/* --- for tests --- */

/* reader_open that reads STRETCH bytes at a time and parses PIECE bytes as one piece: small ones show whether
 * anything depends on where the cuts are.  0: the usual size. */
ml_status reader_open_sized(reader **r, const char *path, const reader_options *options, size_t stretch,
                            size_t piece, ml_message *why);

#endif
