/* kmeans_round.h: one iteration of Lloyd (ml/kmeans.h) over rows that come in pieces, or lie in many places.
 *
 * A round labels each row with its nearest centroid and keeps, for each cluster, what the next centroids and
 * the inertia are made of: the parts.  Parts of different rows about the same centroids are merged in any
 * order and grouping, then kmeans_parts_step moves the centroids.  Sums are in double-double, so that how the
 * rows were divided changes the result by no more than a rounding; the labels, an emptied cluster's new row
 * and the end of the iteration are those of kmeans_fit with KMEANS_GIVEN. */
#ifndef ML_KMEANS_ROUND_H
#define ML_KMEANS_ROUND_H

#include <gsl/gsl_matrix.h>
#include <gsl/gsl_vector.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/double_double.h"
#include "base/status.h"
#include "ml/kmeans.h"

/* What rows are to k given centroids of d columns.  Rows and centroids are scaled, the same way for the same
 * centroids (kmeans_internal.h), so that squares stay within the range of a double. */
typedef struct kmeans_parts {
    size_t k, d;
    size_t rows;
    double *sizes;                       /* k: rows, whole numbers */
    double_double *mass, *within, *sums; /* k: weights; k: weight |x - c|^2; k x d: weight x */
    /* Rows that an emptied cluster may get, the farthest first: squared distance, weight, label, then the
     * row. k of them, or all that are off their centroids if these are fewer; none when no cluster is empty.
     */
    double *far;
    size_t far_count;
    uint64_t labels; /* which row has which label, whatever the order: a sum of hashes modulo 2^53 */
} kmeans_parts;

enum { KMEANS_FAR = 3 }; /* numbers before a row in `far` */

/* Parts of no rows; room for k rows in `far`. */
ml_status kmeans_parts_alloc(kmeans_parts *p, size_t k, size_t d, ml_message *why);
void kmeans_parts_free(kmeans_parts *p);

/* FROM joins INTO, of the same k and d.  More rows than can be counted, and sums beyond the range of a
 * double, are an error. */
ml_status kmeans_parts_merge(kmeans_parts *into, const kmeans_parts *from, ml_message *why);

/* Is this something that a round could have made?  For numbers that come from outside; all must be finite. */
bool kmeans_parts_valid(const kmeans_parts *p);

typedef struct kmeans_round kmeans_round;

/* A round about CENTROIDS (k x d, copied). */
ml_status kmeans_round_new(kmeans_round **r, const gsl_matrix *centroids, bool spherical, int jobs,
                           ml_message *why);
void kmeans_round_free(kmeans_round *r);
/* More rows: n x d, finite; WEIGHTS n or NULL, in all calls alike.  Sums are taken over stretches that are
 * counted from the first row, so how rows are divided over calls, and the jobs, change no bit. */
ml_status kmeans_round_add(kmeans_round *r, const gsl_matrix *x, const gsl_vector *weights, ml_message *why);
/* The parts of all rows; they stay R's, which takes no more rows. */
ml_status kmeans_round_parts(kmeans_round *r, const kmeans_parts **parts, ml_message *why);
/* The first row, from 0, of cluster Q; SIZE_MAX: none. */
size_t kmeans_round_first(const kmeans_round *r, size_t q);

/* How the iteration stood before a round. */
typedef struct kmeans_history {
    size_t rounds;   /* before it */
    uint64_t labels; /* of the last one, after it filled empty clusters */
} kmeans_history;

/* Move the centroids.  RESULT: the new centroids; sizes, weights, within, inertia and total of the rows about
 * CENTROIDS, those of the round; iterations, refilled and converged: no label changed since the last round,
 * or TOLERANCE is above 0 and no centroid moved farther.  No labels.  The total is NAN where CENTROIDS
 * lie so far from all rows that it is lost in the sums about them.  HISTORY is brought up to date.  SHIFT,
 * unless NULL: how far the centroid moved that moved farthest. */
ml_status kmeans_parts_step(const kmeans_parts *p, const gsl_matrix *centroids, bool spherical,
                            double tolerance, kmeans_history *history, kmeans_result *result, double *shift,
                            ml_message *why);

/* What the rows are to CENTROIDS, which stay: RESULT as above, its centroids those of the round. */
ml_status kmeans_parts_measure(const kmeans_parts *p, const gsl_matrix *centroids, bool spherical,
                               kmeans_result *result, ml_message *why);

#endif
