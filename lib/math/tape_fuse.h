/* tape_fuse.h: a tape over rows with its linear combinations as single nodes.  Not for other modules.
 *
 * A sum of products parameter * column, such as the z of a linear model, becomes one node TAPE_LINEAR: the
 * values are the same to the last bit, half of the operations and most of the traffic with memory go away,
 * and a Hessian needs one sweep for each such node rather than one for each parameter. */
#ifndef MATH_TAPE_FUSE_H
#define MATH_TAPE_FUSE_H

#include "math/tape.h"

/* The fused copy of T, freed with tape_free; parameters and columns keep their numbers. */
ml_status tape_fuse(const tape *t, tape **out, ml_message *why);

/* Does the output depend on parameters, as far as second derivatives go, through TAPE_LINEAR nodes alone?
 * Then *FUNNEL is true, LINEAR gets them (room for T->count), *COUNT their number.  False when memory is out.
 */
bool tape_find_funnel(const tape *t, bool *funnel, uint32_t *linear, size_t *count);

#endif
