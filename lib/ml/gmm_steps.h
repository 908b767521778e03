/* gmm_steps.h: iterations of EM written out as on paper. */
#ifndef ML_GMM_STEPS_H
#define ML_GMM_STEPS_H

#include "base/steps.h"
#include "ml/gmm.h"

/* Context of gmm_steps, the params.progress of a fit whose iterations are written to S. */
typedef struct gmm_writing {
    steps *s;
    const gsl_matrix *x;
    const gsl_vector *weights; /* NULL: 1 each */
    bool hard;
} gmm_writing;

void gmm_steps(void *context, const gmm_iteration *now);

#endif
