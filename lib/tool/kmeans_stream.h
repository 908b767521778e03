/* kmeans_stream.h: k-means of rows that are read again for each pass, or once, and never kept. */
#ifndef TOOL_KMEANS_STREAM_H
#define TOOL_KMEANS_STREAM_H

#include "ml/kmeans.h"
#include "table/cli.h"

/* Fit as PARAMS say to the rows of R and of what it reads, C's input.  KMEANS_MINIBATCH: one pass.  Other
 * methods: Lloyd's iteration, a pass each, which a pipe does not allow.  The start, unless it is given or the
 * first rows, is the best of params.restarts fits to a sample of max(16384, 20 k) rows: drawn in a pass of
 * its own, or the first ones where there is one pass.  With WEIGHTS the last column of the rows is weights.
 * No labels in RESULT.  R is freed. */
ml_status kmeans_stream_fit(const cli *c, reader *r, const kmeans_params *params, kmeans_result *result,
                            ml_message *why);

#endif
