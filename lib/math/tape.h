/* tape.h: expressions compiled to a straight line of operations on numbers, and run: values, derivatives
 * forward and in reverse, second derivatives.  All are exact to rounding; nothing is a difference quotient.
 *
 * Vectors and sums are unrolled, equal operations are shared, constants are folded.  The operations that
 * depend on parameters alone come before those that depend on columns of data, so that a pass over rows does
 * not repeat them (math/tape_rows).
 *
 * Sources: Griewank & Walther, Evaluating Derivatives, 2nd ed. (SIAM, 2008), tables 3.3 (forward), 3.4
 * (reverse) and 5.1 (second order: a reverse sweep over a tangent sweep).
 *
 * Where a function has a kink, the derivative is that of one side, or 0: abs, relu, hypot and norm have 0 at
 * 0; of equal arguments of min and max the first counts; if(c, a, b) has that of the chosen one; sign, floor,
 * ceil and comparisons have 0.  A branch that is not chosen contributes 0 even where it is undefined. */
#ifndef MATH_TAPE_H
#define MATH_TAPE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <gsl/gsl_matrix.h>

#include "base/memory.h"
#include "base/status.h"
#include "math/expression.h"

enum { TAPE_NODES = 20000000 }; /* a longer tape is refused */

typedef enum tape_op {
    TAPE_CONSTANT,
    TAPE_PARAMETER, /* a: its index */
    TAPE_COLUMN,    /* a: the index of the column of data */
    TAPE_ADD,
    TAPE_SUBTRACT,
    TAPE_MULTIPLY,
    TAPE_DIVIDE,
    TAPE_NEGATE,
    TAPE_SQUARE,
    TAPE_RAISE, /* a to the constant power k */
    TAPE_POWER, /* a to the power b; 0 to the power 0 is 1 */
    TAPE_ATAN2,
    TAPE_HYPOT,
    TAPE_MIN,
    TAPE_MAX,
    TAPE_EQUAL,
    TAPE_UNEQUAL,
    TAPE_LESS,
    TAPE_AT_MOST,
    TAPE_SELECT, /* b where a is not 0, else c */
    TAPE_LINEAR, /* of a fused tape over rows: the sum of the k terms from number c on */
    TAPE_CALL,   /* TAPE_CALL + an expression_function_id of one number */
} tape_op;

typedef struct tape_node {
    uint32_t op, a, b, c; /* operands: indices of nodes before this one */
    double k;
} tape_node;

/* sign * parameter * factor: a node of parameters alone, and an inactive one of rows; UINT32_MAX is 1. */
typedef struct tape_term {
    uint32_t parameter, factor;
    double sign;
} tape_term;

/* A free name: a number, or a matrix of numbers, that stands for parameters, or for columns of data. */
typedef struct tape_variable {
    const char *name;
    size_t rows, columns; /* 1 x 1 for a number; a vector is n x 1 */
    bool data;
    const size_t *column; /* for data: the rows x columns indices of its columns, row by row */
} tape_variable;

typedef struct tape_root {
    size_t rows, columns;
    const uint32_t *nodes; /* rows x columns, row by row */
} tape_root;

/* Read only for others. */
typedef struct tape {
    tape_node *nodes; /* columns, constants, parameters, then operations: first those of parameters alone */
    const expression **origins; /* what each node was compiled from, for messages; NULL: unknown */
    size_t count;
    size_t columns, parameters;            /* numbers, not variables */
    size_t first_parameter;                /* its node; the others follow */
    size_t first_operation, first_of_rows; /* nodes from here on are operations; depend on columns */
    bool *active;                          /* does the node depend on a parameter? */
    uint32_t *slot; /* of its partial derivatives, for operations that are not linear */
    size_t slots;
    uint32_t *curved; /* slots: the node of each */
    tape_root *roots;
    size_t root_count;
    tape_term *terms;  /* of the TAPE_LINEAR nodes, or NULL */
    uint32_t *outputs; /* the nodes of all roots, one after the other */
    size_t output_count;
} tape;

/* Compile ROOTS.  Parameters are numbered in the order of VARIABLES, entries row by row.  diff(f, x) is
 * resolved.  Fails, with carets, on names without a variable (pi and e are known), shapes that do not fit,
 * bounds of sums and indices that are not constant.  S must outlive the tape. */
ml_status tape_new(expression_space *s, const expression *const *roots, size_t count,
                   const tape_variable *variables, size_t variable_count, tape **out, ml_message *why);
void tape_free(tape *t);

/* The value of the constant expression E, a matrix that the caller frees. */
ml_status tape_constant(expression_space *s, const expression *e, gsl_matrix **value, ml_message *why);

/* Scratch for running a tape on numbers; the tape must have no columns.  One a thread. */
typedef struct tape_run tape_run;
/* NULL when memory is out. */
tape_run *tape_run_new(const tape *t);
void tape_run_free(tape_run *r);

/* The outputs at X (tape->parameters numbers) into VALUES (output_count numbers, may be NULL). */
void tape_value(tape_run *r, const double *x, double *values);
/* After tape_value: derivatives of all outputs along DIRECTION into TANGENTS. */
void tape_tangent(tape_run *r, const double *direction, double *tangents);
/* After tape_value: the gradient of sum_i seed_i output_i; SEED NULL: of the first output. */
void tape_gradient(tape_run *r, const double *seed, double *gradient);
/* After tape_gradient: the Hessian of the same sum times DIRECTION. */
void tape_hessian_times(tape_run *r, const double *direction, double *product);
/* After tape_gradient: the Hessian of the same sum, parameters x parameters, symmetric. */
void tape_hessian(tape_run *r, gsl_matrix *hessian);
/* After tape_value: the Jacobian, output_count x parameters, forward or in reverse, whichever is less work.
 */
void tape_jacobian(tape_run *r, gsl_matrix *jacobian);

/* What the last sweeps left at each node (tape->count numbers). */
const double *tape_values(const tape_run *r);
const double *tape_tangents(const tape_run *r);
const double *tape_adjoints(const tape_run *r);

/* How many operands a node has (0 to 3), and after tape_value its partial derivative by operand K, 0 for
 * those that are not chosen. */
unsigned tape_operands(const tape *t, size_t node, uint32_t operands[3]);
double tape_partial(tape_run *r, size_t node, unsigned k);

/* After a value that is not finite: the first node that makes a NaN or infinity out of finite operands, or
 * that is one, on the way to OUTPUT along chosen branches; count when there is none. */
size_t tape_culprit(const tape *t, const double *values, size_t output);
/* In words: "log of -3", "division by 0". */
void tape_describe(const tape *t, const double *values, size_t node, char *text, size_t size);

/* The first node that depends on parameters and is at a kink: the argument of abs or relu, the difference of
 * those of min or max over the greater of 1 and their size, or both of those of hypot are at most TOLERANCE;
 * count when there is none. */
size_t tape_kink(const tape *t, const double *values, double tolerance);

/* The least squares form: is the first output sum_i c_i u_i^2 with constants c_i > 0?  Then *TERMS gets the
 * nodes u_i and *SCALES c_i (both freed by the caller) and *COUNT their number, 0 when it is not.
 * Fails when memory is out. */
ml_status tape_squares(const tape *t, uint32_t **terms, double **scales, size_t *count, ml_message *why);

/* A copy of T whose single root is a column of the given nodes. */
ml_status tape_of_nodes(const tape *t, const uint32_t *nodes, size_t count, tape **out, ml_message *why);

/* "x", "w[2]": the name of parameter I of the variables that the tape was made with, appended. */
void tape_parameter_name(buffer *out, const tape_variable *variables, size_t count, size_t parameter);

#endif
