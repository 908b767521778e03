/* kmeans_online.h: mini-batch k-means of rows that come once, in memory that does not grow with them.
 *
 * Sculley, WWW 2010, as KMEANS_MINIBATCH, but batches are the rows in their order, each of them once: rows of
 * a batch are labelled by the centroids as they are, then each moves its own by 1 / (weight seen so far). */
#ifndef ML_KMEANS_ONLINE_H
#define ML_KMEANS_ONLINE_H

#include "ml/kmeans.h"

typedef struct kmeans_online kmeans_online;

/* From CENTROIDS (k x d, copied), in batches of SIZE rows. */
ml_status kmeans_online_new(kmeans_online **o, const gsl_matrix *centroids, bool spherical, size_t size,
                            ml_message *why);
void kmeans_online_free(kmeans_online *o);
/* Rows that the centroids were made from, before all others: they count as seen and move nothing. */
ml_status kmeans_online_count(kmeans_online *o, const gsl_matrix *x, const gsl_vector *weights,
                              ml_message *why);
/* More rows: n x d, finite; WEIGHTS n or NULL, in all calls alike. */
ml_status kmeans_online_add(kmeans_online *o, const gsl_matrix *x, const gsl_vector *weights,
                            ml_message *why);
/* The end: centroids; sizes, weights and within of the rows as each was labelled when it came, by the
 * centroids of then; their inertia; the total; batches as iterations.  No labels.  O takes no more rows. */
ml_status kmeans_online_end(kmeans_online *o, kmeans_result *result, ml_message *why);

#endif
