/* matrix_internal.h: what the parts of the evaluator share.  Not for other modules. */
#ifndef MATH_MATRIX_INTERNAL_H
#define MATH_MATRIX_INTERNAL_H

#include "math/matrix_evaluate.h"
#include "math/rational_matrix.h"

enum { MATRIX_MOST_BOUND = 64, MATRIX_NAME = 64 };

typedef struct matrix_evaluation {
    const matrix_scope *scope;
    matrix_space *s;
    const matrix_value **known; /* by id; of nodes without bound names */
    double bound[MATRIX_MOST_BOUND];
    bool exact;
    const matrix_value *long_base; /* of `known`: its power `long_power` had fractions too long to keep */
    long long_power;
    const char *called; /* what the steps call a matrix that is no part of the expression; NULL: none */
    ml_message *why;
} matrix_evaluation;

/* The value of E with at least one entry and, with `exact`, rational: something to calculate with. */
ml_status matrix_operand(matrix_evaluation *v, const expression *e, const matrix_value **out);
/* A whole number from LEAST to MOST. */
ml_status matrix_whole_operand(matrix_evaluation *v, const expression *e, long least, long most, long *n);

/* A function's handler: ARGS are its operands (NULL where the handler evaluates them itself). */
typedef ml_status matrix_function(matrix_evaluation *v, const expression *e, const matrix_value *const *args,
                                  matrix_results *out);

typedef struct matrix_handler {
    int id;
    matrix_function *f;
    bool raw;     /* the handler evaluates its arguments */
    bool several; /* gives named parts, so it can only stand alone */
    bool roots;   /* with `exact`, takes surds too, not only rationals; a raw handler looks for itself */
} matrix_handler;

/* That of the functions of one real number: each entry. */
matrix_function matrix_apply;

/* matrix_functions.c and matrix_decompose.c; ended by a NULL function. */
extern const matrix_handler matrix_handlers[];
extern const matrix_handler matrix_decompositions[];

/* --- results --- */

/* *OUT gets VALUE as its only part; NULL is a lack of memory. */
ml_status matrix_result(matrix_evaluation *v, const matrix_value *value, matrix_results *out);
ml_status matrix_add_part(matrix_evaluation *v, const char *name, const matrix_value *value,
                          matrix_results *out);
ml_status matrix_no_memory(matrix_evaluation *v);
void matrix_say(matrix_evaluation *v, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* --- errors --- */

/* E as it is called in messages: its text when that is short, else "the matrix"; that too, and false, when
 * memory is out. */
bool matrix_name(const expression *e, char out[MATRIX_NAME]);
/* E as it is called in steps: its name when it is one, else A. */
const char *matrix_steps_name(matrix_evaluation *v, const expression *e, char out[MATRIX_NAME]);
ml_status matrix_need_square(matrix_evaluation *v, const expression *e, const matrix_value *a);
ml_status matrix_need_symmetric(matrix_evaluation *v, const expression *e, const matrix_value *a);
ml_status matrix_need_real(matrix_evaluation *v, const expression *e, const matrix_value *a);
/* With `exact`, only rationals will do; ARGUMENT is the one of E that A is the value of. */
ml_status matrix_need_rational(matrix_evaluation *v, const expression *e, const expression *argument,
                               const matrix_value *a);
/* WHAT of the operands of E needs other shapes: "A is 2 x 3 and B is 2 x 2; a sum needs ..." */
ml_status matrix_fail_shapes(matrix_evaluation *v, const expression *e, const matrix_value *a,
                             const matrix_value *b, const char *needs);

/* --- shared calculations --- */

/* Where steps are wanted and A is rational: how to write them; else nothing is written. */
rational_steps matrix_writer(matrix_evaluation *v, const char *name);
/* Begin the steps of E: its text as a heading. */
void matrix_begin_steps(matrix_evaluation *v, const expression *e);
void matrix_write(matrix_evaluation *v, const char *name, const matrix_value *a);

/* The inverse of A, which E is about; ML_FAIL when it is singular. */
ml_status matrix_invert(matrix_evaluation *v, const expression *e, const matrix_value *a,
                        const matrix_value **out);
/* A^n for n >= 0 */
const matrix_value *matrix_power(matrix_space *s, const matrix_value *a, unsigned long n);

/* The pivots (freed with free()) and the reduced form of A by the rank rule: with `exact` or steps the rank
 * of the numbers as they are, else the number of singular values above the tolerance.  Unless NULL, *KERNEL
 * gets the basis of the null space that belongs to it. */
ml_status matrix_reduce(matrix_evaluation *v, const expression *e, const matrix_value *a, size_t **pivots,
                        size_t *rank, const matrix_value **reduced, const matrix_value **kernel);

/* C*sqrt(D) entry by entry: C rational, D rational with one entry for each column of C, all >= 0.  The result
 * is rational where all roots are, else it holds the nearest doubles and with `exact` closed forms. */
const matrix_value *matrix_roots(matrix_evaluation *v, const fmpq_mat_t c, const fmpq_mat_t d, bool rows);

/* The square root of every entry of the exact A: exact, or doubles with closed forms beside them. */
ml_status matrix_square_roots(matrix_evaluation *v, const expression *e, const matrix_value *a,
                              const matrix_value **out);

#endif
