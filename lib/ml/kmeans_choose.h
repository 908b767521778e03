/* kmeans_choose.h: how many clusters? */
#ifndef ML_KMEANS_CHOOSE_H
#define ML_KMEANS_CHOOSE_H

#include "ml/kmeans.h"

typedef enum kmeans_criterion {
    KMEANS_SILHOUETTE, /* the greatest mean silhouette (ml/silhouette); k from 2 on */
    KMEANS_GAP,   /* Tibshirani, Walther, Hastie, J. R. Statist. Soc. B 63 (2001) 411: the least k with Gap(k)
                     >= Gap(k+1)
                     - s(k+1), references uniform over the box of the data (their choice a) */
    KMEANS_ELBOW, /* where the curve of the inertia lies deepest below the chord between its ends, both axes
                     from 0 to 1: Satopaa et al., ICDCS Workshops 2011 ("kneedle", without smoothing) */
} kmeans_criterion;

typedef struct kmeans_choice {
    size_t k;
    double inertia;
    double value; /* the criterion: mean silhouette, gap, depth below the chord */
    double error; /* KMEANS_GAP: s(k); else 0 */
} kmeans_choice;

/* Fit k = LEAST ... MOST as PARAMS say (but for their k) and fill CHOICES, most - least + 1 of them; *BEST is
 * the index of the one to take.  REFERENCES: sets of KMEANS_GAP. */
ml_status kmeans_choose(const gsl_matrix *x, const gsl_vector *weights, const kmeans_params *params,
                        size_t least, size_t most, kmeans_criterion criterion, size_t references,
                        kmeans_choice *choices, size_t *best, ml_message *why);

#endif
