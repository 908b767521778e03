/* agreement.h: how well two partitions of the same rows agree, whatever their labels are called. */
#ifndef ML_AGREEMENT_H
#define ML_AGREEMENT_H

#include <stddef.h>
#include <stdint.h>

#include "base/status.h"

typedef struct agreement {
    double ari; /* adjusted Rand index: Hubert, Arabie, J. Classification 2 (1985) 193, eq. 5; 1: the same, 0:
                   chance */
    double
        nmi; /* I(A;B) over the mean of H(A) and H(B): Strehl, Ghosh, JMLR 3 (2002) 583; 1 when both are 0 */
} agreement;

/* Labels A of N rows are below COUNT_A, those of B below COUNT_B. */
ml_status agreement_measure(const uint32_t *a, size_t count_a, const uint32_t *b, size_t count_b, size_t n,
                            agreement *out, ml_message *why);

#endif
