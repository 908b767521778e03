/* silhouette.h: how much closer each row is to its own cluster than to the nearest other.
 *
 * Rousseeuw, J. Computational and Applied Mathematics 20 (1987) 53: s = (b - a) / max(a, b), a the mean
 * distance to the other rows of its cluster, b the least mean distance to the rows of another; 0 for a row
 * alone in its cluster.  All distances are computed: the time grows with the square of the rows. */
#ifndef ML_SILHOUETTE_H
#define ML_SILHOUETTE_H

#include <gsl/gsl_matrix.h>
#include <stddef.h>
#include <stdint.h>

#include "base/status.h"

/* X is n x d, LABELS are below K >= 2, OUT has room for n. */
ml_status silhouette_rows(const gsl_matrix *x, const uint32_t *labels, size_t k, int jobs, double *out,
                          ml_message *why);

#endif
