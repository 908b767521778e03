/* check_calculus.h: gradients, Hessians, optima, multipliers and convexity of functions given as expressions.
 */
#ifndef ML_CHECK_CALCULUS_H
#define ML_CHECK_CALCULUS_H

#include <stdint.h>

#include "math/expression.h"
#include "ml/check.h"
#include "ml/check_named.h"

/* An interval of a variable, for convexity. */
typedef struct check_range {
    const char *name;
    double least, most;
} check_range;

typedef struct check_function {
    expression_space *space;
    const char *text;
    const expression *f; /* resolved */
    const char **names;  /* its variables, by first appearance; pi and e are none unless they have a value */
    size_t count;
    const char *const *answers; /* expressions given as answers */
    size_t answer_count;
    const char *const *constraints; /* "x+y==1", "x>=0" */
    size_t constraint_count;
    const check_range *ranges;
    size_t range_count;
    uint64_t seed;
} check_function;

/* Parse TEXT into F, which holds the constraints already and is otherwise zero; the names are owned by F. */
ml_status check_function_parse(check_function *f, expression_space *space, const char *text,
                               const check_input *in, ml_message *why);
void check_function_free(check_function *f);

/* Has every variable a value?  Then an answer on standard input is numbers, else expressions. */
bool check_function_at_point(const check_function *f, const check_input *in);

typedef ml_status check_of_function(check_report *report, const check_function *f, check_input *in,
                                    ml_message *why);

/* Answers: numbers X (a row, a column or a Hessian; columns may have the names of variables), or expressions.
 */
ml_status check_gradient(check_report *report, const check_function *f, check_input *in, ml_message *why);
ml_status check_hessian(check_report *report, const check_function *f, check_input *in, ml_message *why);
/* The point is an answer: x~1.41, or X in the order of the variables. */
ml_status check_optimum(check_report *report, const check_function *f, check_input *in, ml_message *why);
/* L = f + sum lambda h + sum mu g with h = 0, g <= 0; multipliers as `multipliers`, in the order of the
 * constraints, else found by least squares. */
ml_status check_kkt(check_report *report, const check_function *f, check_input *in, ml_message *why);
/* lib/ml/check_convex.c */
ml_status check_convex(check_report *report, const check_function *f, check_input *in, ml_message *why);

/* For these checks: the value of a variable, and of an expression at values. */
const check_value *check_given(const check_input *in, const char *name);
ml_status check_at(const check_function *f, const check_input *in, ball_space *balls, const expression *e,
                   const double *point, const ball **value, ml_message *why);

#endif
