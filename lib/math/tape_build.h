/* tape_build.h: nodes put on a tape: equal ones shared, constants folded.  Not for other modules. */
#ifndef MATH_TAPE_BUILD_H
#define MATH_TAPE_BUILD_H

#include "math/tape.h"

typedef struct tape_build {
    tape_node *nodes;
    const expression **origins; /* of each */
    size_t count, capacity, origin_capacity;
    uint32_t *table; /* open addressing; UINT32_MAX is empty; a power of two, at least twice the count */
    size_t slots;
    bool failed;              /* memory is out, or the tape too long: nodes are then 0 */
    const expression *origin; /* of the next nodes */
} tape_build;

void tape_build_free(tape_build *b);

uint32_t tape_put_constant(tape_build *b, double value);
/* OP is TAPE_PARAMETER or TAPE_COLUMN. */
uint32_t tape_put_input(tape_build *b, uint32_t op, size_t index);
uint32_t tape_put(tape_build *b, uint32_t op, uint32_t x, uint32_t y, uint32_t z);
/* x to the power y, by what Y is. */
uint32_t tape_put_power(tape_build *b, uint32_t x, uint32_t y);
/* The value of a constant node, or false. */
bool tape_is_constant(const tape_build *b, uint32_t node, double *value);

/* In the order that tape.h says; OUTPUTS are renumbered. */
ml_status tape_finish(tape_build *b, tape *t, ml_message *why);

#endif
