/* gmm_round.h: one iteration of EM (ml/gmm.h) over rows that come in pieces, or lie in many places.
 *
 * A round takes the responsibilities of rows under a given mixture and keeps their sums about its means: the
 * parts.  Parts of different rows under the same mixture are merged in any order and grouping, then
 * gmm_parts_step makes the next mixture.  Sums are in double-double from stretch to stretch, so that how the
 * rows were divided changes the result by no more than a rounding; the M step, the floor and the end of the
 * iteration are those of gmm_fit with GMM_GIVEN. */
#ifndef ML_GMM_ROUND_H
#define ML_GMM_ROUND_H

#include "base/double_double.h"
#include "ml/gmm.h"

/* The sums, for each component 1 + d + d (d + 1) / 2 numbers: sum r, sum r z, the lower triangle of
 * sum r z z' row by row, z = x - mu, r with the weight of the row. */
typedef struct gmm_parts {
    size_t k, d, size; /* numbers of a component */
    size_t rows;
    double_double *values;                        /* k x size */
    double_double count, log_likelihood, entropy; /* count: of weights */
} gmm_parts;

/* Parts of no rows. */
ml_status gmm_parts_alloc(gmm_parts *p, size_t k, size_t d, ml_message *why);
void gmm_parts_free(gmm_parts *p);
/* FROM joins INTO, of the same k and d.  More rows than can be counted, and sums beyond the range of a
 * double, are an error. */
ml_status gmm_parts_merge(gmm_parts *into, const gmm_parts *from, ml_message *why);

typedef struct gmm_round gmm_round;

/* A round under MODEL, which is prepared and stays the caller's; HARD: each row to its likeliest component.
 */
ml_status gmm_round_new(gmm_round **r, const gmm_model *model, bool hard, int jobs, ml_message *why);
void gmm_round_free(gmm_round *r);
/* More rows: n x d, finite; WEIGHTS n or NULL, in all calls alike.  Sums are taken over stretches that are
 * counted from the first row, so how rows are divided over calls, and the jobs, change no bit. */
ml_status gmm_round_add(gmm_round *r, const gsl_matrix *x, const gsl_vector *weights, ml_message *why);
/* The parts of all rows; they stay R's, which takes no more rows. */
ml_status gmm_round_parts(gmm_round *r, const gmm_parts **parts, ml_message *why);

/* How the iteration stood before a round. */
typedef struct gmm_history {
    size_t rounds;         /* before it */
    double log_likelihood; /* of the mixture of the last one */
} gmm_history;

/* The M step of PARAMS: covariance, tolerance, floor, equal_weights, fixed.  RESULT: the next mixture, ready
 * for an E step; log-likelihood, entropy and count of the rows under MODEL, the one of the round; iterations,
 * floored, and converged: the mean log-likelihood of a row rose by no more than the tolerance since the last
 * round.  HISTORY is brought up to date. */
ml_status gmm_parts_step(const gmm_parts *p, const gmm_model *model, const gmm_params *params,
                         gmm_history *history, gmm_result *result, ml_message *why);

#endif
