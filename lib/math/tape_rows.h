/* tape_rows.h: the mean of an expression over rows of data, with its derivatives.
 *
 * Rows are run in blocks of TAPE_LANES, an operation at a time over a whole block; what depends on parameters
 * alone is run once.  Blocks form pieces of fixed size for the threads; sums are taken over the lanes of a
 * piece, then over the pieces in order, so the result does not depend on the number of threads. */
#ifndef MATH_TAPE_ROWS_H
#define MATH_TAPE_ROWS_H

#include "math/tape.h"

/* Rows of numbers, kept column by column in blocks. */
typedef struct tape_rows tape_rows;

/* NULL when memory is out. */
tape_rows *tape_rows_new(size_t columns);
void tape_rows_free(tape_rows *r);
/* Append COUNT rows; row I is the numbers from data + I * stride, of them the columns CHOSEN (as many as the
 * rows have columns). */
ml_status tape_rows_append(tape_rows *r, const double *data, size_t count, size_t stride,
                           const size_t *chosen, ml_message *why);
size_t tape_rows_count(const tape_rows *r);

/* A tape over these rows, at most JOBS threads.  The tape's columns are those of the rows; its first output
 * is the term whose mean is taken.  Both must outlive it. */
typedef struct tape_mean tape_mean;
ml_status tape_mean_new(const tape *t, const tape_rows *rows, int jobs, tape_mean **out, ml_message *why);
void tape_mean_free(tape_mean *m);

/* At X: the mean of the first output into *VALUE and, unless NULL, its gradient. */
void tape_mean_at(tape_mean *m, const double *x, double *value, double *gradient);
/* The same over COUNT rows of the numbers ROWS. */
void tape_mean_batch(tape_mean *m, const double *x, const size_t *rows, size_t count, double *value,
                     double *gradient);
/* The Hessian at X, parameters x parameters. */
ml_status tape_mean_hessian(tape_mean *m, const double *x, gsl_matrix *hessian, ml_message *why);
/* All outputs row by row into VALUES (rows * output_count numbers), and unless NULL their Jacobian, a line
 * for each of VALUES. */
ml_status tape_mean_outputs(tape_mean *m, const double *x, double *values, gsl_matrix *jacobian,
                            ml_message *why);

/* The first row whose first output is not finite at X, and the values of all nodes there into VALUES
 * (tape->count numbers); the number of rows when there is none. */
size_t tape_mean_culprit(tape_mean *m, const double *x, double *values);

#endif
