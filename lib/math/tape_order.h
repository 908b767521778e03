/* tape_order.h: the operations of a tape sorted into stretches of equal ones, and the sweeps over one point
 * in that order.  Not for other modules.
 *
 * A branch on the kind of each operation costs more than the operation itself, above all where the processor
 * guesses it wrong, and how often it does depends on nothing better than where the code lies in memory (a
 * quarter of the time of a run, seen in two builds of one source).  So operations are sorted by their level,
 * the longest way from an input, and by kind within a level: a sum over i of one expression becomes a few
 * long stretches. */
#ifndef MATH_TAPE_ORDER_H
#define MATH_TAPE_ORDER_H

#include "math/tape_internal.h"

typedef struct tape_step {
    uint32_t node, a, b;
} tape_step;

typedef struct tape_stretch {
    uint32_t op;
    bool active;
    size_t from, to; /* steps */
} tape_stretch;

typedef struct tape_order {
    tape_step *steps;
    tape_stretch *stretches;
    size_t count;
} tape_order;

/* The values of nodes FROM to TO, one after the other. */
void tape_forward_point(const tape_frame *f, size_t from, size_t to);

/* Of a tape without columns.  False when memory is out; O is to be freed in either case. */
bool tape_order_make(tape_order *o, const tape *t);
void tape_order_free(tape_order *o);

/* Values of all operations; those of inputs are there. */
void tape_order_forward(const tape_order *o, const tape_frame *f);
/* Tangents of active operations.  Those of inactive nodes must be 0. */
void tape_order_tangents(const tape_order *o, const tape_frame *f);
/* Adjoints, which must be set to 0 or a seed.  What inactive nodes get is not meant to be read. */
void tape_order_reverse(const tape_order *o, const tape_frame *f);
/* Second-order adjoints, likewise; after adjoints and tangents. */
void tape_order_reverse_second(const tape_order *o, const tape_frame *f);

#endif
