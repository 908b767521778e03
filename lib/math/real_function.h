/* real_function.h: the functions of one real number that the expression language knows. */
#ifndef MATH_REAL_FUNCTION_H
#define MATH_REAL_FUNCTION_H

typedef double real_function(double x);

/* The function of an expression_function_id, NULL when it is not one of a single real number.  What is not
 * real is NaN. */
real_function *real_function_of(int id);

#endif
