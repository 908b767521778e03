/* matrix_evaluate.h: the expression language over matrices.
 *
 * A number is a 1 x 1 matrix.  + and - add entry by entry, a number to every entry; * is the matrix product,
 * or scales by a number; / divides by a number; ^ takes whole powers of square matrices, negative ones of
 * invertible matrices; ' transposes (and does not conjugate: ctranspose does); functions of one real number
 * work on every entry.  I is the identity of whatever order fits.  Vectors are one row or one column.
 *
 * Values are real or complex doubles with rationals beside them (math/matrix_value).  With `exact` everything
 * is rational; what is not, such as the root of 2, is a closed form that can be printed but not calculated
 * with. */
#ifndef MATH_MATRIX_EVALUATE_H
#define MATH_MATRIX_EVALUATE_H

#include "base/status.h"
#include "base/steps.h"
#include "math/expression.h"
#include "math/matrix_value.h"

/* The value of a free name, or NULL when it has none. */
typedef const matrix_value *matrix_lookup(void *context, const char *name);
/* Something to tell beside the result: no tool name, no newline. */
typedef void matrix_note(void *context, const char *text);

typedef struct matrix_scope {
    matrix_space *space;
    matrix_lookup *lookup; /* NULL: no name has a value but pi, e and I */
    matrix_note *note;     /* NULL: not wanted */
    void *context;         /* of both */
    size_t nodes;          /* expression_count of the space that the expressions are in */
    steps *steps;          /* NULL: not wanted.  Then the calculations are rational as far as they can be */
    bool exact;            /* as matrix_space.exact */
    size_t digits; /* decimals of what has no closed form; 0: 20, and closed forms wherever they are */
} matrix_scope;

enum { MATRIX_MOST_PARTS = 4 };

/* What an expression gives: one value without a name, or the named parts of a decomposition. */
typedef struct matrix_results {
    struct matrix_part_of_result {
        const char *name; /* static; NULL: the only one */
        const matrix_value *value;
    } parts[MATRIX_MOST_PARTS];
    size_t count;
} matrix_results;

/* Evaluate E.  ML_FAIL with carets under the place: shapes that do not fit, a name without a value, a
 * singular matrix where an inverse is needed, an entry that is not a number or beyond a double.  ML_NO: E
 * asks for a decomposition that the matrix does not have (chol of one that is not positive definite,
 * diagonalize). */
ml_status matrix_evaluate(const matrix_scope *scope, const expression *e, matrix_results *results,
                          ml_message *why);

/* The same for a call E whose arguments have the values ARGS already, each NULL where it is to be evaluated
 * (a word such as inf).  It must not stand inside a sum over a name. */
ml_status matrix_evaluate_call(const matrix_scope *scope, const expression *e,
                               const matrix_value *const *args, matrix_results *results, ml_message *why);
/* Is this expression_function_id a function of the evaluator, and gives it just one value? */
bool matrix_knows(int id);

/* Append X in closed form, or with DIGITS its parts in so many decimals: `0.50 + 0.87*i`. */
void matrix_print_surd(buffer *out, const surd *x, size_t digits);

/* Does this name have a value without being given one: pi, e, I? */
bool matrix_has_constant(const char *name);

#endif
