/* gmm.h: mixtures of Gaussians by expectation maximization.
 *
 * p(x) = sum_k w_k N(x; mu_k, S_k).  EM (Dempster, Laird, Rubin, J. R. Statist. Soc. B 39 (1977) 1; the
 * formulas as in Bishop, Pattern Recognition and Machine Learning, 2006, 9.23 to 9.27): r_ik = w_k N(x_i;
 * mu_k, S_k) / p(x_i)                          with log-sum-exp throughout N_k = sum_i r_ik,  w_k = N_k / N,
 * mu_k = sum_i r_ik x_i / N_k, S_k = sum_i r_ik (x_i - mu_k)(x_i - mu_k)' / N_k Sums are taken about the
 * means of the iteration before, so a far origin costs no digits.  Covariances whose eigenvalues lie below a
 * floor get them raised to it, which is the maximum under that condition: the log-likelihood does not fall.
 * The numbers do not depend on the jobs: rows are cut into fixed stretches that are added in order. */
#ifndef ML_GMM_H
#define ML_GMM_H

#include <gsl/gsl_matrix.h>
#include <gsl/gsl_rng.h>
#include <gsl/gsl_vector.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/status.h"

typedef enum gmm_covariance {
    GMM_FULL,          /* a matrix each */
    GMM_TIED,          /* one matrix for all */
    GMM_DIAGONAL,      /* a variance for each column, each */
    GMM_SPHERICAL,     /* one variance each */
    GMM_TIED_SPHERICAL /* one variance for all */
} gmm_covariance;

typedef enum gmm_start {
    GMM_KMEANS, /* the clusters of ml/kmeans */
    GMM_RANDOM, /* means at random rows, the covariance of all rows, equal weights */
    GMM_LABELS, /* params.labels: as if these were known */
    GMM_GIVEN,  /* params.model */
} gmm_start;

/* A mixture: weights k, means k x d, covariances k d x d (d rows for each component); what E steps need
 * beside them. */
typedef struct gmm_model {
    size_t k, d;
    gmm_covariance covariance;
    gsl_vector *weights;
    gsl_matrix *means, *covariances;
    double *factors;  /* k d (d + 1) / 2: rows of the inverse of the Cholesky factor of each covariance */
    double *constant; /* k: log w - (d log 2 pi + log det S) / 2 */
} gmm_model;

ml_status gmm_model_alloc(gmm_model *m, size_t k, size_t d, gmm_covariance covariance, ml_message *why);
void gmm_model_free(gmm_model *m);
/* Factor the covariances; an error that names the component whose covariance is not positive definite. */
ml_status gmm_model_prepare(gmm_model *m, ml_message *why);
/* Free parameters, of weights, means and covariances. */
double gmm_model_parameters(const gmm_model *m);

typedef struct gmm_iteration {
    size_t restart, iteration; /* from 1 */
    double log_likelihood;     /* of the parameters before this iteration's M step */
    const gmm_model *before;
    const gmm_model *after;
} gmm_iteration;

typedef struct gmm_params {
    size_t k;
    gmm_covariance covariance;
    gmm_start start;
    const uint32_t *labels; /* GMM_LABELS: below k */
    const gmm_model *model; /* GMM_GIVEN; borrowed */
    size_t restarts;        /* 0: 10 with GMM_RANDOM, else 1; the greatest log-likelihood wins */
    size_t first_restart;   /* as in ml/kmeans.h */
    size_t max_iterations;
    double tolerance; /* stop when the mean log-likelihood of a row rises by less */
    double floor;     /* least eigenvalue of a covariance, in units of the mean variance of the columns */
    bool
        hard; /* each row to its likeliest component alone; the log-likelihood is then that of rows with it */
    bool equal_weights;
    double fixed; /* above 0: every covariance is this times I */
    uint64_t seed;
    int jobs;
    void (*progress)(void *context, const gmm_iteration *now);
    void *context;
} gmm_params;

/* Full, k-means, 1000 iterations, tolerance 1e-6, floor 1e-6, seed 1, one job. */
void gmm_defaults(gmm_params *params);

typedef struct gmm_result {
    gmm_model model; /* numbered by the first row of each component, as given with GMM_LABELS and GMM_GIVEN */
    double log_likelihood; /* of the model, in nats */
    double entropy;        /* -sum r log r: what ICL adds to BIC, twice */
    double count;          /* rows, or their weight */
    size_t iterations, best;
    size_t floored; /* components whose covariance is at the floor in some direction */
    bool converged;
} gmm_result;

/* X is n x d, finite; WEIGHTS n or NULL.  A component that nothing is left of is named in the error. */
ml_status gmm_fit(const gsl_matrix *x, const gsl_vector *weights, const gmm_params *params,
                  gmm_result *result, ml_message *why);
void gmm_free(gmm_result *result);

/* RESPONSIBILITIES (n x k) and LOG_DENSITY (n), each may be NULL, of rows under a model that was prepared;
 * row by row the same bits whatever the other rows. */
ml_status gmm_rows(const gmm_model *m, const gsl_matrix *x, int jobs, gsl_matrix *responsibilities,
                   gsl_vector *log_density, ml_message *why);

/* The likeliest component of a row of responsibilities, the first of equals. */
uint32_t gmm_likeliest(const double *responsibilities, size_t k);

/* A row drawn from the model into X (d); its component is returned. */
size_t gmm_draw(const gmm_model *m, gsl_rng *g, double *x);

/* -2 L + 2 p, -2 L + p log n, BIC + 2 entropy: the least is best. */
double gmm_aic(const gmm_result *r);
double gmm_bic(const gmm_result *r);
double gmm_icl(const gmm_result *r);

#endif
