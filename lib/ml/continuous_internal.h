/* continuous_internal.h: what the files of ml/continuous share. */
#ifndef ML_CONTINUOUS_INTERNAL_H
#define ML_CONTINUOUS_INTERNAL_H

#include <stdbool.h>

#include "ml/continuous.h"

/* The name of column J of X in messages; TEXT has room for 32 bytes. */
const char *continuous_name(const continuous_params *p, size_t j, char *text);

/* The standard deviation of a column, divisor n, in units of RANGE, its greatest difference. */
double continuous_deviation(const gsl_vector *column, double range);

/* Mean and standard error of N local terms. */
void continuous_mean(const double *local, size_t n, continuous_estimate *out);

/* Each of these adds FACTOR times the local terms of an entropy to LOCAL (the rows of X). */

/* Kozachenko, Leonenko, of all columns of X, the first of which is column FIRST of what the names are for. */
ml_status continuous_add_near(const continuous_params *p, const gsl_matrix *x, size_t first, double factor,
                              double *local, ml_message *why);
/* Histogram: log(1/p) of the cell of the columns of two ranges together (the first and how many) and, with
 * VOLUME, its log volume in those of the first range.  *CULPRIT: a constant column there, else as it was. */
ml_status continuous_add_cells(const continuous_params *p, const gsl_matrix *x, const size_t range[2],
                               const size_t range2[2], bool volume, double factor, double *local,
                               size_t *culprit, ml_message *why);

/* The local terms of ksg and ksg2 between blocks of columns; of ksg given the last block. */
ml_status continuous_ksg_terms(const continuous_params *p, const gsl_matrix *x, const size_t *sizes,
                               size_t blocks, double *local, ml_message *why);
ml_status continuous_ksg_given_terms(const continuous_params *p, const gsl_matrix *x, const size_t sizes[3],
                                     double *local, ml_message *why);

ml_status continuous_near_divergence(const continuous_params *p, const gsl_matrix *a, const gsl_matrix *b,
                                     continuous_estimate *out, ml_message *why);
ml_status continuous_cells_divergence(const continuous_params *p, const gsl_matrix *a, const gsl_matrix *b,
                                      continuous_estimate *out, ml_message *why);

/* The closed forms; GIVEN columns at the end of X are conditioned on. */
ml_status continuous_gaussian_entropy(const continuous_params *p, const gsl_matrix *x, size_t given,
                                      continuous_estimate *out, ml_message *why);
ml_status continuous_gaussian_information(const continuous_params *p, const gsl_matrix *x,
                                          const size_t *sizes, size_t blocks, size_t given,
                                          continuous_estimate *out, ml_message *why);
ml_status continuous_gaussian_divergence(const continuous_params *p, const gsl_matrix *a, const gsl_matrix *b,
                                         continuous_estimate *out, ml_message *why);

#endif
