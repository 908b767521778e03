/* neighbours.h: the k nearest neighbours of points, and how many points lie within a radius.
 *
 * A k-d tree (Bentley, Comm. ACM 18 (1975) 509; the k nearest by branch and bound: Friedman, Bentley, Finkel,
 * ACM TOMS 3 (1977) 209) with the bounding box of every node; a sorted array for one column; all distances
 * where there are too many columns for a tree to leave anything out.  All three give the same answer to the
 * last bit: a distance is computed in one way, and what a box says about the distances to its points is
 * rounded as they are.  Equally distant points count as nearer the smaller their index, so ties and
 * duplicates change nothing; a tree of equal points is left out as fast as any.
 *
 * Nothing depends on the jobs. */
#ifndef ML_NEIGHBOURS_H
#define ML_NEIGHBOURS_H

#include <gsl/gsl_matrix.h>
#include <stdbool.h>
#include <stddef.h>

#include "base/status.h"

typedef enum neighbours_norm {
    NEIGHBOURS_EUCLIDEAN,
    NEIGHBOURS_MAX, /* the greatest difference of a coordinate */
} neighbours_norm;

typedef enum neighbours_way { NEIGHBOURS_AUTO, NEIGHBOURS_TREE, NEIGHBOURS_ALL } neighbours_way;

typedef struct neighbours neighbours;

/* An index of the rows of X (n >= 1 rows, finite), which must live as long as it.  A difference in column j
 * is multiplied by WEIGHTS[j] > 0 before the norm is taken (equal differences stay equal, which they would
 * not if the numbers were scaled); WEIGHTS NULL: by 1, else they must live as long too.  WAY is
 * NEIGHBOURS_AUTO but in tests. */
ml_status neighbours_new(neighbours **out, const gsl_matrix *x, const double *weights, neighbours_norm norm,
                         neighbours_way way, int jobs, ml_message *why);
void neighbours_free(neighbours *index);

/* DISTANCES[i]: from row i of QUERIES to the K-th nearest point, K at most the points that there are;
 * NEAREST, unless NULL, gets the rows of the K nearest, nearest first, K for each query.  QUERIES NULL: the
 * points themselves, none of which is its own neighbour (K below n). */
ml_status neighbours_nearest(const neighbours *index, const gsl_matrix *queries, size_t k, double *distances,
                             size_t *nearest, ml_message *why);

/* COUNTS[i]: the points at a distance of less than RADII[i] (STRICT), or of at most that, from row i of
 * QUERIES; with QUERIES NULL the point itself is not counted. */
void neighbours_count(const neighbours *index, const gsl_matrix *queries, const double *radii, bool strict,
                      size_t *counts);

#endif
