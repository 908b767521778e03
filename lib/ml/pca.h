/* pca.h: principal component analysis, plain and probabilistic, from (n, mean, R of the centred rows) by
 * blocked QR (math/tsqr): the covariance matrix is never formed, and how the rows arrive does not matter.
 *
 * With centred and perhaps scaled rows X = U S V', component j is column j of V and its variance is
 * S_j^2 / (n - ddof).  Sign rule: in each component the first entry with |v| >= (1-1e-6) max|v| is positive.
 * The caller turns GSL's aborting error handler off. */
#ifndef ML_PCA_H
#define ML_PCA_H

#include <gsl/gsl_matrix.h>
#include <gsl/gsl_vector.h>
#include <stdbool.h>
#include <stddef.h>

#include "base/status.h"
#include "math/tsqr.h"

typedef enum pca_whiten {
    PCA_WHITEN_NONE,
    PCA_WHITEN_PCA, /* scores divided by their standard deviations */
    PCA_WHITEN_ZCA, /* these turned back into the columns' axes: the nearest whitening (Kessy et al. 2018) */
} pca_whiten;

typedef struct pca_params {
    size_t components; /* K; 0: all, min(columns, rows - 1 if centred), at least 1 */
    double energy;     /* 0, or the share of the variance in (0, 1] that decides K; not with components */
    bool center;       /* default true */
    bool scale;        /* divide by the standard deviations (of ddof; about 0 unless centred): PCA of the
                        * correlation matrix */
    int ddof;          /* variances divide by n - ddof: 0 or 1; default 1; ignored (0) when probabilistic */
    pca_whiten whiten;
    bool probabilistic; /* PPCA: Tipping, Bishop, J. R. Statist. Soc. B 61 (1999) 611; needs K < columns */
    const char *const *names; /* of the columns, for messages; NULL: "column J" */
    int jobs;                 /* threads, default 1; the result does not depend on it */
} pca_params;

/* What is kept and applied.  All members may be written to build a model from a file: pca_alloc, fill in.
 * The per-row functions need mean, scale, components, variance, noise and the flags only. */
typedef struct pca_model {
    size_t count;          /* rows it was fitted on */
    size_t columns;        /* p */
    size_t kept;           /* K */
    int ddof;              /* as used */
    bool centered, scaled; /* mean is all 0, scale is all 1 otherwise */
    pca_whiten whiten;
    bool probabilistic;
    gsl_vector *mean;       /* p */
    gsl_vector *scale;      /* p: what centred columns are divided by */
    gsl_matrix *components; /* p x K; PPCA: W = V (L - noise I)^(1/2), their eq. 7 with R = I */
    gsl_vector *variance;   /* K, descending: eigenvalues of the covariance (correlation) matrix */
    double total;           /* sum of all p eigenvalues */
    double noise;           /* PPCA: the mean of the p - K discarded eigenvalues (eq. 8); else 0 */
    double log_likelihood;  /* PPCA: of the fitted rows, in nats, at the maximum (eq. 4); else 0.  With
                             * scaling it is that of the scaled rows */
} pca_model;

void pca_defaults(pca_params *params);

/* Whether PARAMS fit COLUMNS columns and ROWS rows (0: not known yet). */
ml_status pca_check(const pca_params *params, size_t rows, size_t columns, ml_message *why);

/* Fit from rows (observations) that arrive in pieces of any size; finite entries are the caller's promise
 * (the reader refuses others).  PARAMS are copied, the names borrowed until pca_fitter_free. */
typedef struct pca_fitter pca_fitter;
ml_status pca_begin(pca_fitter **fitter, const pca_params *params, size_t columns, ml_message *why);
/* A fitter of the rows that ROWS stands for, which becomes its own, also on failure: of kind TSQR_CENTRE if
 * params->center, else TSQR_PLAIN. */
ml_status pca_resume(pca_fitter **fitter, const pca_params *params, size_t columns, tsqr *rows,
                     ml_message *why);
ml_status pca_add(pca_fitter *fitter, const gsl_matrix *rows, ml_message *why);
/* On failure MODEL holds nothing; otherwise the caller frees it. */
ml_status pca_finish(pca_fitter *fitter, pca_model *model, ml_message *why);
void pca_fitter_free(pca_fitter *fitter);

/* All of it at once. */
ml_status pca_fit(const gsl_matrix *x, const pca_params *params, pca_model *model, ml_message *why);

/* Zeroed vectors and matrix of these sizes, scale all 1; for a model that is read from a file. */
ml_status pca_alloc(pca_model *model, size_t columns, size_t kept, ml_message *why);
void pca_free(pca_model *model);

/* Is MODEL one that a fit can have made?  For a model that was read: shapes agree, but a flag or a number may
 * have been changed by hand, and would give scores that look like any.  NAMES are those of the columns. */
ml_status pca_check_model(const pca_model *model, const char *const *names, ml_message *why);

double pca_ratio(const pca_model *model, size_t j);      /* variance j / total; 0 when total is 0 */
double pca_cumulative(const pca_model *model, size_t j); /* sum of ratios 0..j */

/* A component whose variance is at most this has none but for rounding: the rank rule of svd.h, squared. */
double pca_least_variance(const pca_model *model);

/* Per-row functions: a row gives the same bytes whatever rows stand around it and whatever JOBS is.
 * X is rows x p; OUT must have the shape said.  They fail when a result is too large for a double: the
 * message tells the first such row, FIRST being the number of the first of X. */

/* Columns of the scores: K, or p with PCA_WHITEN_ZCA. */
size_t pca_score_columns(const pca_model *model);
/* Scores, rows x pca_score_columns: V'x; whitened when the model says so; PPCA: the posterior means
 * E[z|x] = M^-1 W'x (their section 3.3), which shrink toward 0 (whiten must be none). */
ml_status pca_scores(const pca_model *model, const gsl_matrix *x, gsl_matrix *out, size_t first, int jobs,
                     ml_message *why);
/* The rows through K components and back in their units, rows x p. */
ml_status pca_reconstruct(const pca_model *model, const gsl_matrix *x, gsl_matrix *out, size_t first,
                          int jobs, ml_message *why);
/* From scores (of any of the kinds above) back to the units of the rows, rows x p; PPCA: the least-squares
 * reconstruction W (W'W)^-1 M z of their section 3.3. */
ml_status pca_inverse(const pca_model *model, const gsl_matrix *scores, gsl_matrix *out, size_t first,
                      int jobs, ml_message *why);
/* rows x 2: Hotelling's T^2, the sum of score_j^2 / variance_j over the components with variance (above
 * pca_least_variance), and Q, the squared distance to the reconstruction in centred and scaled units
 * (Jackson, Mudholkar, Technometrics 21 (1979) 341). */
ml_status pca_t2q(const pca_model *model, const gsl_matrix *x, gsl_matrix *out, size_t first, int jobs,
                  ml_message *why);

#endif
