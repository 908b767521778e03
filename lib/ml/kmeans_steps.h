/* kmeans_steps.h: Lloyd's iteration written out as on paper. */
#ifndef ML_KMEANS_STEPS_H
#define ML_KMEANS_STEPS_H

#include "base/steps.h"
#include "ml/kmeans.h"

/* Context of kmeans_steps, the params.progress of a fit whose iterations are written to S. */
typedef struct kmeans_writing {
    steps *s;
    const gsl_matrix *x;
} kmeans_writing;

void kmeans_steps(void *context, const kmeans_iteration *now);

/* (1, 2), a text of S. */
const char *kmeans_steps_point(steps *s, const double *x, size_t stride, size_t d);

#endif
