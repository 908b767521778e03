/* continuous_steps.h: the closed forms of normal distributions and histograms written out as on paper.
 *
 * Of gaussian and histogram alone; each writes the calculation with the numbers of X and ends with the value
 * that the estimator gives, by logarithms to BASE.  P->names are needed. */
#ifndef ML_CONTINUOUS_STEPS_H
#define ML_CONTINUOUS_STEPS_H

#include "base/steps.h"
#include "ml/continuous.h"

/* h of the columns of X together; by a histogram of at most two. */
ml_status continuous_steps_entropy(steps *s, const continuous_params *p, const gsl_matrix *x, double base,
                                   ml_message *why);
/* I of the two columns of X. */
ml_status continuous_steps_information(steps *s, const continuous_params *p, const gsl_matrix *x, double base,
                                       ml_message *why);
/* D(P||Q) of the first column of X from the second. */
ml_status continuous_steps_divergence(steps *s, const continuous_params *p, const gsl_matrix *x, double base,
                                      ml_message *why);

#endif
