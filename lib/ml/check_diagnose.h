/* check_diagnose.h: what went wrong with an answer: the mistakes that people make, tried one after another.
 */
#ifndef ML_CHECK_DIAGNOSE_H
#define ML_CHECK_DIAGNOSE_H

#include <gsl/gsl_matrix.h>
#include <stdbool.h>
#include <stddef.h>

#include "base/memory.h"
#include "math/ball.h"

typedef struct diagnose_options {
    double tolerance;    /* negative: the written precision */
    size_t observations; /* n where it is known, else 0 */
} diagnose_options;

/* Append to OUT the mistake that turns EXPECTED into MINE, which may have another shape, and return true;
 * false, and nothing, when none is known.  When memory is out nothing is known. */
bool diagnose(const gsl_matrix *expected, const ball *mine, const diagnose_options *options, buffer *out);

#endif
