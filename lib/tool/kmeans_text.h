/* kmeans_text.h: k-means as text: the model that --save keeps, and the states of --partial and --merge.
 *
 * The model's blocks: model (clusters, columns, named, spherical, inertia, and where it stands: rounds,
 * labels), columns, centroids.  The fields of a state (table/state.h): model, the hash of the one it was made
 * with; rows; then, unless there are none, weighted, labels, and the numbers of ml/kmeans_round.h. */
#ifndef TOOL_KMEANS_TEXT_H
#define TOOL_KMEANS_TEXT_H

#include <gsl/gsl_matrix.h>
#include <stdbool.h>

#include "ml/kmeans_round.h"
#include "table/cli.h"

typedef struct kmeans_text {
    gsl_matrix *centroids;
    char **names; /* of the columns, "column3" where the table has none; ended by NULL */
    bool named, spherical;
    double inertia;
    kmeans_history history; /* of the rounds of --merge that led to it */
} kmeans_text;

ml_status kmeans_text_write(const kmeans_text *t, writer *w, ml_message *why);
/* Free with kmeans_text_free, also after a failure. */
ml_status kmeans_text_read(kmeans_text *t, const char *path, ml_message *why);
void kmeans_text_free(kmeans_text *t);
/* Is the regular file PATH a kept model, of whatever tool?  It need not be one that can be read. */
bool kmeans_text_is_model(const char *path);

/* The hash of a model that its states carry: of all that they depend on. */
void kmeans_text_hash(const kmeans_text *t, char text[17]);

/* --partial, whole: read the rows, print their state, return the exit status. */
int kmeans_text_partial(const cli *c, const kmeans_text *t);
/* The states that the input of C holds, merged.  No rows at all are an error.  Free with kmeans_parts_free,
 * also after a failure. */
ml_status kmeans_text_merge(kmeans_parts *p, const cli *c, const kmeans_text *t, bool *weighted,
                            ml_message *why);

#endif
