/* check_function.h: the functions of matrices (math/matrix_evaluate) over balls. */
#ifndef ML_CHECK_FUNCTION_H
#define ML_CHECK_FUNCTION_H

#include <stdbool.h>
#include <stddef.h>

#include "base/status.h"
#include "math/ball.h"
#include "math/expression.h"

/* The value of the call E, a function of which matrix_knows, at ARGS (each NULL for a word such as fro);
 * NODES is expression_count of its space.  Rationals where the function keeps them; EXACT, and for a
 * determinant always: where the value is rational it is that of the rationals, not to the precision of
 * doubles.  Radii and the size of what arithmetic may do to it come from moving each uncertain entry, to
 * first order: |f(a + r) - f(a)| added up.  *OUT is NULL when memory is out.  ML_NO, with carets: there is no
 * value, for shapes that do not fit, a singular matrix, a complex result. */
ml_status check_function_value(ball_space *balls, size_t nodes, bool exact, const expression *e,
                               const ball *const *args, const ball **out, ml_message *why);

/* Is this name a word that says which norm is meant? */
bool check_function_word(const char *name);

#endif
