/* tape_steps.h: automatic differentiation written out: the operations with their values, and tangents forward
 * or adjoints in reverse, with the rule used at each.  Baydin, Pearlmutter, Radul, Siskind, Automatic
 * Differentiation in Machine Learning: a Survey, JMLR 18 (2018), tables 2 and 3, show the same layout. */
#ifndef MATH_TAPE_STEPS_H
#define MATH_TAPE_STEPS_H

#include "base/steps.h"
#include "math/tape.h"

/* The sweep at X, forward along each of the COUNT parameters WHICH.  NAMES: of all parameters; OUTPUTS: of
 * the tape's outputs. */
ml_status tape_steps_forward(steps *s, const tape *t, const double *x, const char *const *names,
                             const char *const *outputs, const size_t *which, size_t count, ml_message *why);
/* In reverse, once for each output. */
ml_status tape_steps_reverse(steps *s, const tape *t, const double *x, const char *const *names,
                             const char *const *outputs, const size_t *which, size_t count, ml_message *why);

#endif
