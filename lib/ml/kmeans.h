/* kmeans.h: k-means clustering.
 *
 * Minimizes the inertia sum_i w_i |x_i - c_l(i)|^2 over centroids and labels.  Lloyd (IEEE Trans. Information
 * Theory 28 (1982) 129) alternates: each point to its nearest centroid, each centroid to the weighted mean of
 * its points.
 *
 * Two methods give the same labels and centroids at every iteration, to the bit:
 *   KMEANS_LLOYD    all distances, every time;
 *   KMEANS_HAMERLY  Hamerly (SIAM Data Mining 2010, "Making k-means even faster"): a point keeps a lower
 * bound of the difference between the distance to its second nearest centroid and that to its own.  Centroids
 *                   that move lower it; while it is above zero no distance of that point is computed.
 * Elkan (ICML 2003) keeps k bounds a point: on the data below scikit-learn's takes 1.4 to 1.5 times as long
 * as its plain Lloyd, for the distances saved cost less than the bounds read; here the k distances of a point
 * take a few dozen cycles. Yinyang (Ding et al., ICML 2015) keeps one bound for each of k/10 groups; up to k
 * = 20 or so that is one group, and its bound is this one.
 *
 * A point that must be looked at is screened first in single precision, sixteen at a time, with a bound on
 * all rounding; only where that leaves a doubt are the distances computed in doubles.  Of 1,000,000 x 10 with
 * k = 16, overlapping clusters, on two cores, 30 iterations took 0.48 s plain, 0.33 s with the bound, 0.26 s
 * with the screen; 152 iterations to the fixed point 1.7, 0.62 and 0.46 s.
 *
 * A squared distance is always the sum of (x_j - c_j)^2 in the order of the columns, so it is good to (d + 2)
 * eps relative to itself whatever the offset of the data, and a bound with that slack never decides a tie.
 * Sums of clusters are kept in double-double and changed by the points that moved, in a fixed order: the same
 * bits for any number of threads. */
#ifndef ML_KMEANS_H
#define ML_KMEANS_H

#include <gsl/gsl_matrix.h>
#include <gsl/gsl_vector.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/status.h"

typedef enum kmeans_method {
    KMEANS_AUTO, /* KMEANS_HAMERLY; KMEANS_LLOYD below 256 rows, where bounds cost more than they save */
    KMEANS_LLOYD,
    KMEANS_HAMERLY,
    KMEANS_MINIBATCH, /* Sculley, WWW 2010: a centroid moves to each point of a random batch by 1 / (points so
                         far) */
} kmeans_method;

typedef enum kmeans_start {
    KMEANS_PLUSPLUS, /* greedy k-means++: Arthur, Vassilvitskii, SODA 2007; the best of 2 + log k draws a
                        centroid */
    KMEANS_RANDOM,   /* k rows at random, without replacement */
    KMEANS_FIRST,    /* the first k rows */
    KMEANS_GIVEN,    /* params.centroids */
} kmeans_start;

typedef struct kmeans_iteration {
    size_t restart, iteration;        /* from 1 */
    double inertia;                   /* of the labels just found, about the centroids before they move */
    size_t moved;                     /* points that changed their cluster */
    double shift;                     /* the greatest distance that a centroid moves */
    const uint32_t *labels;           /* from 0, before they are numbered anew */
    const gsl_matrix *before, *after; /* centroids */
} kmeans_iteration;

typedef struct kmeans_params {
    size_t k;
    kmeans_method method;
    kmeans_start start;
    const gsl_matrix *centroids; /* KMEANS_GIVEN: k x d; borrowed */
    bool spherical;       /* rows and centroids of unit length: clusters of directions, by the cosine */
    size_t first_restart; /* number of the first, from 1 (0 is 1): its draws are those of that number in any
                             fit */
    size_t restarts;      /* 0: 10, or 1 with KMEANS_FIRST and KMEANS_GIVEN; the least inertia wins */
    size_t max_iterations;
    double tolerance; /* stop when no centroid moves farther; 0: when no point changes its cluster */
    size_t batch;     /* KMEANS_MINIBATCH: rows of a batch */
    uint64_t seed;
    int jobs;
    /* Called after each iteration when not NULL; then the inertia is computed each time, and what it gets is
     * valid until it returns. */
    void (*progress)(void *context, const kmeans_iteration *now);
    void *context;
} kmeans_params;

/* max_iterations 300, tolerance 0, batch 1024, seed 1, one job. */
void kmeans_defaults(kmeans_params *params);

typedef struct kmeans_result {
    gsl_matrix *centroids; /* k x d, numbered by the first row of each cluster; as given with KMEANS_FIRST,
                              KMEANS_GIVEN */
    uint32_t *labels;      /* a row each, from 0 */
    size_t *sizes;         /* rows of each cluster */
    double *weights;       /* their weight; equal to sizes without weights */
    double *within;        /* their share of the inertia */
    double inertia,
        total; /* about the centroids; about the mean of all rows: total - inertia lies between clusters */
    size_t iterations; /* of the restart that won */
    size_t refilled;   /* clusters that had become empty and got the farthest point, in that restart */
    size_t best;       /* the restart that won, from 1 */
    bool converged;
} kmeans_result;

/* X is n x d, finite, n >= k; WEIGHTS (n, finite, >= 0, some above 0) or NULL.  Fewer distinct rows than k is
 * an error: some cluster would be empty. */
ml_status kmeans_fit(const gsl_matrix *x, const gsl_vector *weights, const kmeans_params *params,
                     kmeans_result *result, ml_message *why);
void kmeans_free(kmeans_result *result);

/* The nearest centroid of each row, ties to the lower number, and the squared distance to it (NULL: not
 * wanted).  The same arithmetic as the fit, row by row.  With SPHERICAL the rows are scaled to unit length
 * first. */
ml_status kmeans_assign(const gsl_matrix *x, const gsl_matrix *centroids, bool spherical, int jobs,
                        uint32_t *labels, double *squared, ml_message *why);

/* OUT (n x k) gets the distances of each row to each centroid. */
ml_status kmeans_distances(const gsl_matrix *x, const gsl_matrix *centroids, bool spherical, int jobs,
                           gsl_matrix *out, ml_message *why);

#endif
