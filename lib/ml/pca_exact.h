/* pca_exact.h: principal component analysis in exact arithmetic, as it is done by hand: means, centred rows,
 * the covariance matrix, its eigenvalues and orthonormal eigenvectors, scores (Jolliffe, "Principal Component
 * Analysis", 2002, sections 1.1 and 2.3).
 *
 * With scaling the components are those of the matrix of correlations R = D^(-1/2) S D^(-1/2), which need not
 * be rational; D^-1 S has the same eigenvalues and is (math/exact_axes). */
#ifndef ML_PCA_EXACT_H
#define ML_PCA_EXACT_H

#include <flint/fmpq_mat.h>
#include <stdbool.h>
#include <stddef.h>

#include "base/status.h"
#include "base/steps.h"
#include "math/exact_axes.h"
#include "math/exact_number.h"
#include "ml/pca.h"

typedef struct pca_exact {
    size_t rows, columns, kept;
    bool centered, scaled;
    fmpq_mat_t centred;    /* the rows minus the means */
    fmpq_mat_t covariance; /* S = C'C / (rows - ddof) */
    fmpq_mat_t g;          /* S, or D^-1 S */
    fmpq *sums, *means;    /* of the columns; means are 0 unless centered */
    fmpq *variances;       /* d: the diagonal of S */
    size_t divisor;        /* rows - ddof */
    fmpq *total;           /* the sum of all eigenvalues, one number */
    exact_axes axes;
    exact_matrix *images;       /* C w for the vectors w of each factor; NULL without vectors */
    fmpq_poly_struct *inverses; /* of each factor 1/x, the factor x excepted */
} pca_exact;

/* X is rows x columns; of PARAMS components, center, scale, ddof and names are looked at.  VECTORS: all but
 * means and variances too.  Free with pca_exact_free, also after a failure. */
ml_status pca_exact_fit(pca_exact *p, const fmpq_mat_t x, const pca_params *params, bool vectors,
                        ml_message *why);
void pca_exact_free(pca_exact *p);

/* The numbers, into an initialized OUT; K < kept. */
void pca_exact_variance(exact_number *out, const pca_exact *p, size_t k);
void pca_exact_ratio(exact_number *out, const pca_exact *p, size_t k);
void pca_exact_cumulative(exact_number *out, const pca_exact *p, size_t k); /* of the ratios 0..k */
void pca_exact_component(exact_number *out, const pca_exact *p, size_t j, size_t k);
void pca_exact_scale(exact_number *out, const pca_exact *p, size_t j); /* what column J was divided by */
void pca_exact_score(exact_number *out, const pca_exact *p, size_t i, size_t k);
void pca_exact_reconstruction(exact_number *out, const pca_exact *p, size_t i, size_t j);
/* Hotelling's T^2, and Q, as pca_t2q has them. */
void pca_exact_t2(exact_number *out, const pca_exact *p, size_t i);
void pca_exact_q(exact_number *out, const pca_exact *p, size_t i);
/* The correlation of columns I and J. */
void pca_exact_correlation(exact_number *out, const pca_exact *p, size_t i, size_t j);

/* Write the calculation out, numbers in STYLE; NAMES are those of the columns.  It ends with a check in exact
 * arithmetic: ML_FAIL when that does not hold, or when memory is out. */
ml_status pca_exact_steps(pca_exact *p, const fmpq_mat_t x, const char *const *names, steps *out,
                          const exact_style *style, ml_message *why);

#endif
