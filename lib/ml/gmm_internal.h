/* gmm_internal.h: the loops over rows of Gaussian mixtures. */
#ifndef ML_GMM_INTERNAL_H
#define ML_GMM_INTERNAL_H

#include "base/double_double.h"
#include "ml/gmm.h"

enum {
    GMM_TILE = 8,   /* rows that the inner loops take together */
    GMM_LANES = 16, /* stretches of rows whose sums are added in order */
};

/* What an E step gathers, about the means of its model: for each component 1 + d + d (d + 1) / 2 numbers: sum
 * r, sum r z, the lower triangle of sum r z z', z = x - mu, row by row. */
typedef struct gmm_sums {
    size_t k, size; /* numbers of a component */
    double *values; /* k x size */
    double log_likelihood, entropy;
} gmm_sums;

size_t gmm_sums_size(size_t d);

typedef struct gmm_pass {
    const gmm_model *model;
    const gsl_matrix *x;
    const gsl_vector *weights; /* NULL: 1 each */
    const uint32_t *labels;    /* not NULL: responsibilities are 1 for the label, whatever the model says */
    bool hard;
    int jobs;
} gmm_pass;

/* One pass over the rows. */
ml_status gmm_gather(const gmm_pass *pass, gmm_sums *sums, ml_message *why);

/* The M step: NEXT, of the size of MODEL, from the SUMS about MODEL's means, ready for an E step.  UNIT: the
 * mean variance of the columns; COUNT: the sum of the weights. */
ml_status gmm_maximize(const gmm_params *params, const gmm_model *model, const gmm_sums *sums, double unit,
                       double count, gmm_model *next, size_t *floored, ml_message *why);

#endif
