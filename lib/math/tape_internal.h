/* tape_internal.h: sweeps over a tape, for one point and for blocks of rows.  Not for other modules.
 *
 * Each function is inlined into a caller that gives LANES as a constant: 1, or TAPE_LANES for rows.  Number L
 * of node I is at [I * LANES + L].  The columns of data are the first nodes, so that a block of them is used
 * where it lies. */
#ifndef MATH_TAPE_INTERNAL_H
#define MATH_TAPE_INTERNAL_H

#include "math/tape.h"

enum { TAPE_LANES = 64 };

#define TAPE_INLINE __attribute__((always_inline)) static inline

typedef struct tape_frame {
    const tape *t;
    const double *block; /* columns x lanes; NULL: none */
    double *value, *tangent, *adjoint, *adjoint_tangent;
    bool inputs;     /* TAPE_LINEAR nodes are taken for inputs: their tangents are given */
    double *partial; /* slots x 5 x lanes: da, db, daa, dab, dbb */
} tape_frame;

/* Both triangles are right up to rounding; their mean is symmetric. */
void tape_symmetrize(gsl_matrix *hessian);

TAPE_INLINE const double *tape_at(const tape_frame *f, uint32_t node, size_t lanes)
{
    /* a single lane never touches columns */
    return (lanes > 1 && node < f->t->columns ? f->block : f->value) + node * lanes;
}

#endif
