/* kmeans_internal.h: what the parts of k-means share. */
#ifndef ML_KMEANS_INTERNAL_H
#define ML_KMEANS_INTERNAL_H

#include <gsl/gsl_rng.h>

#include "base/double_double.h"
#include "ml/kmeans.h"

enum {
    KMEANS_TILE = 16,    /* points that the inner loop takes together */
    KMEANS_PIECE = 4096, /* rows of one piece of parallel work */
    KMEANS_LANES = 8,    /* stretches of rows whose sums are kept apart until they are added in order */
};

/* Rows to cluster: contiguous, n x d; weights or NULL.  Their magnitude is such that squares neither overflow
 * nor vanish and a float holds a distance. */
typedef struct kmeans_rows {
    const double *x, *weights;
    size_t n, d;
    int jobs;
    double diagonal; /* of the box round all rows */
    double *centre;  /* d: of that box */
} kmeans_rows;

/* Transpose the COUNT rows BASE + AT of X into a tile, column j of it at tile + j KMEANS_TILE; missing ones
 * repeat the last. */
void kmeans_fill_tile(const kmeans_rows *rows, size_t base, const uint32_t *at, size_t count, double *tile);
/* The same about the centre of the rows and as floats.  The room for a tile of doubles holds it and what it
 * needs. */
void kmeans_fill_screen(const kmeans_rows *rows, size_t base, const uint32_t *at, size_t count, float *tile);

/* For each point of the tile: the least and the second least squared distance to the K centroids C (k x d),
 * and the number of the nearest; the lower number wins a tie.  SECOND is INFINITY when k is 1. */
void kmeans_nearest(const double *tile, size_t d, const double *c, size_t k, double *best, double *second,
                    int64_t *label);

/* What kmeans_screen compares with: the centroids about the centre of the rows, as floats. */
typedef struct kmeans_screens {
    float *c, *half; /* k x d; k: half of the squared norm */
    double reach;    /* the greatest norm */
} kmeans_screens;

/* Screen the tile's points (floats, about the centre) in single precision.  GAP: where it is above 0, LABEL
 * is the nearest centroid beyond any doubt of rounding, here and in kmeans_nearest, and GAP is below the
 * difference of the distances to the second nearest and to it.  Where it is not, nothing is known.
 *
 * With x and c about the centre, |x - c|^2 = |x|^2 + 2 (|c|^2 / 2 - x c).  Single precision gives the bracket
 * to E = (d + 6) 2^-24 (|x| C + C^2), C being the greatest norm of a centroid: d + 2 roundings of the
 * product's terms, two of the arguments', one of |c|^2 / 2; 2^-40 |x|^2 covers the rounding of the doubles
 * that decide elsewhere. */
void kmeans_screen(const float *tile, size_t d, const kmeans_screens *s, size_t k, float *gap,
                   int32_t *label);

/* |x - c|^2 of row I, the columns in order. */
double kmeans_squared(const kmeans_rows *rows, size_t i, const double *c);

/* BEST[i]: the squared distance of row i to the nearest of the centroids; LABELS (may be NULL) which. */
ml_status kmeans_nearest_rows(const kmeans_rows *rows, const double *c, size_t k, uint32_t *labels,
                              double *best, ml_message *why);

/* Sums of the points of each cluster in double-double: hi and lo apart so that the columns are vectors. */
typedef struct kmeans_sums {
    size_t k, d, stride;
    double *hi, *lo;     /* k x stride */
    double_double *mass; /* k: sums of weights */
    long *sizes;         /* k: rows */
} kmeans_sums;

bool kmeans_sums_make(kmeans_sums *s, size_t k, size_t d);
void kmeans_sums_free(kmeans_sums *s);
void kmeans_sums_clear(kmeans_sums *s);
/* Row X of weight WEIGHT joins cluster Q (SIGN 1) or leaves it (-1). */
void kmeans_sums_add(kmeans_sums *s, size_t q, const double *x, double weight, double sign);
void kmeans_sums_merge(kmeans_sums *into, const kmeans_sums *from);
double_double kmeans_sums_at(const kmeans_sums *s, size_t q, size_t j);

/* To unit length; false when C is the origin, where no direction is nearest. */
bool kmeans_normalize(double *c, size_t d);
/* A bound of |after - before|. */
double kmeans_drift(const double *after, const double *before, size_t d);
/* The error that the rows of cluster Q (from 0) have no mean direction. */
ml_status kmeans_cancelled(size_t q, ml_message *why);

/* How rows become those that the loops take: unit length, or times a power of two. */
bool kmeans_is_zero(const double *x, size_t d);
void kmeans_to_unit(const double *x, size_t d, double *out);
/* A power of two from the centroids alone, so that a row's result does not depend on its neighbours. */
double kmeans_scale_of(const gsl_matrix *centroids);
/* Centroids times SCALE, contiguous, new; NULL when memory is out. */
double *kmeans_plain_centroids(const gsl_matrix *centroids, double scale);

/* One run from START (k x d, overwritten by the centroids found). */
typedef struct kmeans_run {
    const kmeans_rows *rows;
    const kmeans_params *params;
    size_t k, restart;
    double *c;
    uint32_t *labels;
    size_t *sizes;
    size_t iterations, refilled;
    bool converged;
} kmeans_run;

ml_status kmeans_lloyd(kmeans_run *run, ml_message *why);
ml_status kmeans_minibatch(kmeans_run *run, gsl_rng *g, ml_message *why);

/* Starting centroids into C (k x d). */
ml_status kmeans_begin(const kmeans_rows *rows, const kmeans_params *params, gsl_rng *g, double *c,
                       ml_message *why);

/* The error that there are only DISTINCT different rows. */
ml_status kmeans_too_few(size_t distinct, size_t k, ml_message *why);

#endif
