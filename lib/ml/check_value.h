/* check_value.h: expressions over balls: values with what rounding and arithmetic may do to them, and
 * rationals as far as they go.  Scalars are 1 x 1. */
#ifndef ML_CHECK_VALUE_H
#define ML_CHECK_VALUE_H

#include "base/status.h"
#include "math/ball.h"
#include "math/expression.h"

/* The value of a free name, or NULL when it has none. */
typedef const ball *check_lookup(void *context, const char *name);

typedef struct check_scope {
    ball_space *balls;
    check_lookup *lookup; /* NULL: no name has a value but pi and e */
    void *context;
    bool *no_value; /* unless NULL: set when a function has no value where it was evaluated */
    size_t nodes;   /* expression_count of the space that the expressions are in */
    bool exact;     /* a rank is that of the rationals, not to the precision of doubles */
} check_scope;

/* Evaluate E.  What is not real is NaN.  Fails, with carets under the place, on shapes that do not fit, names
 * without a value, and functions that balls do not know: then *UNKNOWN (may be NULL) is true. */
ml_status check_value_of(const check_scope *scope, const expression *e, const ball **value, bool *unknown,
                         ml_message *why);

#endif
