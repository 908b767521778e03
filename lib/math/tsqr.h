/* tsqr.h: QR of a matrix with many rows that arrive in pieces: R, and the column means if wanted.
 *
 * The rows are cut into blocks of fixed height that go round a fixed number of lanes; a lane keeps the R of
 * its blocks and updates it by Householder QR of [R; block], and the lanes are merged in a fixed tree.
 * Heights and lanes depend on the number of columns alone, so the result does not depend on how the rows
 * arrive nor on the number of threads.  Demmel, Grigori, Hoemmen, Langou, SIAM J. Sci. Comput. 34 (2012)
 * A206 (TSQR); Schreiber, Van Loan, SIAM J. Sci. Stat. Comput. 10 (1989) 53 (compact WY).
 *
 * With centring, a block is taken about its own mean and the difference of the means enters as one more
 * row: the update of Chan, Golub, LeVeque (The American Statistician 37 (1983) 242), appended to a QR
 * instead of added to a sum of squares.  All rows are first shifted by the medians of the first few, which
 * are rows' entries and so at most sqrt(n) standard deviations from the mean: a mean of 1e9 costs a deviation
 * of 1 nothing, a constant column gives exact zeros, and a first row far from all others costs the mean no
 * digit.
 *
 * Columns whose entries lie beyond 2^400 or all below 2^-400 are scaled by a power of two, each for
 * itself, so squares do not overflow or vanish.  Entries must be finite: the caller's promise. */
#ifndef MATH_TSQR_H
#define MATH_TSQR_H

#include <gsl/gsl_matrix.h>
#include <gsl/gsl_vector.h>
#include <stdbool.h>
#include <stddef.h>

#include "base/status.h"

typedef struct tsqr tsqr;

typedef enum tsqr_kind {
    TSQR_PLAIN,
    TSQR_CENTRE, /* R of the rows less their mean */
    TSQR_KEEP,   /* plain, and keep the reflectors (as large as the rows) so that Q can be applied */
} tsqr_kind;

/* A state of no rows with COLUMNS >= 1 columns; JOBS threads work on it. */
ml_status tsqr_new(tsqr **t, size_t columns, tsqr_kind kind, int jobs, ml_message *why);
void tsqr_free(tsqr *t);

/* Append ROWS, any number of them.  After a failure the state may only be freed. */
ml_status tsqr_add(tsqr *t, const gsl_matrix *rows, ml_message *why);

/* Append the rows of FROM, of the same columns and kind (not TSQR_KEEP); FROM is reduced to one R but
 * stands for the same rows as before. */
ml_status tsqr_merge(tsqr *t, tsqr *from, ml_message *why);

size_t tsqr_count(const tsqr *t);

/* A state as plain numbers, so that it can go to another process: what tsqr_merge needs, exactly.  The mean
 * of column j is shift + offset / scale, two doubles that are not added: no digit of it is lost. */
typedef struct tsqr_parts {
    size_t count, columns;
    bool reduced;   /* rows holds a packed triangle, else the rows themselves */
    double *shift;  /* columns; 0 unless reduced and centring */
    double *offset; /* columns; 0 unless reduced and centring */
    double *scale;  /* columns: 0, 1 or 2^+-600 */
    double *rows;   /* count x columns, or columns (columns + 1) / 2: row i of R from its diagonal on */
    size_t row_count, filled; /* numbers in rows; rows of R in use */
} tsqr_parts;

/* How many numbers rows holds. */
size_t tsqr_parts_rows(size_t count, size_t columns, bool reduced);
/* Arrays for a state of this size, zeroed, the caller's: tsqr_parts_free. */
ml_status tsqr_parts_alloc(tsqr_parts *p, size_t count, size_t columns, bool reduced, ml_message *why);
void tsqr_parts_free(tsqr_parts *p);
/* The state's numbers, new; the state stands for the same rows as before.  Not TSQR_KEEP. */
ml_status tsqr_export(tsqr *t, tsqr_parts *p, ml_message *why);
/* Fill T, which has no rows yet and as many columns, from P; numbers that no export gives are refused. */
ml_status tsqr_import(tsqr *t, const tsqr_parts *p, ml_message *why);

/* Up to this many rows are kept as they are, because dense methods then do as well: about 2 columns. */
size_t tsqr_raw_limit(size_t columns);

/* *F, new, the caller's: a matrix with F'F = X'X, X being the (centred) rows so far, of which there must be
 * one or more: X itself up to tsqr_raw_limit rows, then the triangle R, columns x columns. */
ml_status tsqr_factor(tsqr *t, gsl_matrix **f, ml_message *why);

/* The means of the columns (0 unless TSQR_CENTRE); call tsqr_factor first. */
void tsqr_mean(const tsqr *t, gsl_vector *mean);

/* TSQR_KEEP, once after tsqr_factor, with more than tsqr_raw_limit rows: OUT = Q C, where Q (count x
 * columns) R = X, C is columns x k and OUT is count x k. */
ml_status tsqr_apply(tsqr *t, const gsl_matrix *c, gsl_matrix *out, ml_message *why);

#endif
