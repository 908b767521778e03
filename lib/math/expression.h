/* expression.h: the expression language of the tools: a tree to walk, a parser with a caret under the error,
 * a printer.  Evaluators are elsewhere: math/tape over doubles with derivatives; others walk the same tree.
 *
 *   expression  = sum [ (== | != | < | <= | > | >=) sum ]           comparisons give 0 or 1 and do not chain
 *   sum         = product { (+ | -) product }
 *   product     = unary { (* | /) unary }
 *   unary       = (- | +) unary | power                              -x^2 is -(x^2)
 *   power       = postfix [ ^ unary ]                                2^3^2 is 2^(3^2); 2^-1 is fine
 *   postfix     = primary { '[' expression {, expression} ']' | ' }  x[2], A[i,j], A' which is t(A)
 *   primary     = number | imaginary number such as 2i | name | `odd name` | ( expression )
 *               | function ( arguments ) | '[' row {; row} ']'
 *   sum(i, from, to, body) and prod(i, from, to, body) bind i in the body; if(condition, yes, no).
 *
 * Numbers are decimals: 3, .5, 1e-3; 1/3 is a division, exact where the evaluator is.  A name is a letter, an
 * underscore or any character beyond ASCII, followed by those and digits.  A name followed by "(" is a
 * function, so a variable may have the name of one.  pi and e are constants unless a variable has the name.
 *
 * The tree is a graph: a definition (expression_define) is one subtree that all its users share.  So a walker
 * keeps what it found by node->id, and recursion is safe: no path is longer than EXPRESSION_DEPTH nodes.  A
 * chain of more than 32 sums or products is grouped in halves to that end. */
#ifndef MATH_EXPRESSION_H
#define MATH_EXPRESSION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/memory.h"
#include "base/status.h"

enum { EXPRESSION_DEPTH = 1000 };

typedef enum expression_kind {
    EXPRESSION_NUMBER,     /* text: as written, for exact arithmetic; value: the nearest double; imaginary */
    EXPRESSION_NAME,       /* text: the name; level: 0 for a free name, else the sum that binds it */
    EXPRESSION_INDEX,      /* args[0] is the vector or matrix, args[1] and maybe args[2] 1-based indices */
    EXPRESSION_CALL,       /* op: an expression_function_id; args */
    EXPRESSION_NEGATE,     /* -args[0] */
    EXPRESSION_BINARY,     /* op: ADD ... POWER; args[0], args[1] */
    EXPRESSION_COMPARISON, /* op: EQUAL ... NOT_LESS; args[0], args[1] */
    EXPRESSION_MATRIX,     /* rows x columns, args row by row */
    EXPRESSION_SERIES, /* op: FUNCTION_SUM or FUNCTION_PROD; text, level: the bound name; args: from, to, body
                        */
    EXPRESSION_CONDITIONAL, /* args: condition, value where it is not 0, value where it is 0 */
} expression_kind;

typedef enum expression_operator {
    OPERATOR_ADD,
    OPERATOR_SUBTRACT,
    OPERATOR_MULTIPLY,
    OPERATOR_DIVIDE,
    OPERATOR_POWER,
    OPERATOR_EQUAL,
    OPERATOR_UNEQUAL,
    OPERATOR_LESS,
    OPERATOR_AT_MOST,
    OPERATOR_GREATER,
    OPERATOR_AT_LEAST,
} expression_operator;

typedef enum expression_function_id {
    FUNCTION_NONE,
    /* real functions of one number */
    FUNCTION_EXP,
    FUNCTION_LOG,
    FUNCTION_LOG2,
    FUNCTION_LOG10,
    FUNCTION_LOG1P,
    FUNCTION_EXPM1,
    FUNCTION_SQRT,
    FUNCTION_CBRT,
    FUNCTION_ABS,
    FUNCTION_SIGN,
    FUNCTION_FLOOR,
    FUNCTION_CEIL,
    FUNCTION_SIN,
    FUNCTION_COS,
    FUNCTION_TAN,
    FUNCTION_ASIN,
    FUNCTION_ACOS,
    FUNCTION_ATAN,
    FUNCTION_SINH,
    FUNCTION_COSH,
    FUNCTION_TANH,
    FUNCTION_ASINH,
    FUNCTION_ACOSH,
    FUNCTION_ATANH,
    FUNCTION_ERF,
    FUNCTION_ERFC,
    FUNCTION_GAMMA,
    FUNCTION_LGAMMA,
    FUNCTION_DIGAMMA,
    FUNCTION_SIGMOID,
    FUNCTION_SOFTPLUS,
    FUNCTION_RELU,
    /* of two numbers */
    FUNCTION_ATAN2,
    FUNCTION_HYPOT,
    FUNCTION_POW,
    /* of any number of numbers, or of the entries of one vector */
    FUNCTION_MIN,
    FUNCTION_MAX,
    FUNCTION_SUM,
    FUNCTION_MEAN,
    FUNCTION_PROD,
    /* of vectors */
    FUNCTION_DOT,
    FUNCTION_NORM,
    FUNCTION_LENGTH,
    /* of matrices */
    FUNCTION_T,
    FUNCTION_INV,
    FUNCTION_DET,
    FUNCTION_TR,
    FUNCTION_RANK,
    FUNCTION_PINV,
    FUNCTION_ADJUGATE,
    FUNCTION_CONJ,
    FUNCTION_CTRANSPOSE,
    FUNCTION_REAL,
    FUNCTION_IMAG,
    FUNCTION_SYM,
    FUNCTION_SKEW,
    FUNCTION_DIAG,
    FUNCTION_EYE,
    FUNCTION_ZEROS,
    FUNCTION_ONES,
    FUNCTION_ROWS,
    FUNCTION_COLUMNS,
    FUNCTION_ROW,
    FUNCTION_COLUMN,
    FUNCTION_HSTACK,
    FUNCTION_VSTACK,
    FUNCTION_KRON,
    FUNCTION_HADAMARD,
    FUNCTION_OUTER,
    FUNCTION_CROSS,
    FUNCTION_ANGLE,
    FUNCTION_DIST,
    FUNCTION_COND,
    FUNCTION_EXPM,
    FUNCTION_RREF,
    FUNCTION_IMAGE,
    FUNCTION_KERNEL,
    FUNCTION_BASIS,
    FUNCTION_COMPLEMENT,
    FUNCTION_PROJECT,
    FUNCTION_CHOL,
    FUNCTION_EIGVALS,
    FUNCTION_CHARPOLY,
    /* with several matrices as their result */
    FUNCTION_LU,
    FUNCTION_QR,
    FUNCTION_LDL,
    FUNCTION_GRAMSCHMIDT,
    FUNCTION_EIG,
    FUNCTION_DIAGONALIZE,
    FUNCTION_SPECTRAL,
    FUNCTION_SVD,
    /* replaced while parsing; no tree contains them */
    FUNCTION_IF,
    FUNCTION_DIFF,
} expression_function_id;

typedef struct expression_function {
    const char *name;
    expression_function_id id;
    int least, most; /* numbers of arguments; most < 0: any number */
    const char *meaning;
} expression_function;

/* All functions; a NULL name ends the table. */
extern const expression_function expression_functions[];

/* The text that nodes came from; LABEL says what it is in messages ("expression", "--let r"). */
typedef struct expression_source {
    const char *label, *text;
} expression_source;

typedef struct expression {
    expression_kind kind;
    int op;
    size_t count; /* of args */
    const struct expression *const *args;
    size_t rows, columns;
    const char *text;
    double value;
    bool imaginary;
    unsigned level; /* of a bound name: 1 for the outermost sum around it */
    uint64_t
        bound; /* bit level-1 for each bound name in it whose sum is outside: 0 means the same everywhere */
    unsigned height;
    size_t id; /* above those of its args, below expression_count of its space */
    const expression_source *source;
    size_t begin, end; /* its characters in source->text */
} expression;

/* Owns nodes, texts and definitions; nodes live until it is freed. */
typedef struct expression_space expression_space;

/* NULL when memory is out. */
expression_space *expression_space_new(void);
void expression_space_free(expression_space *s);
size_t expression_count(const expression_space *s);
/* Did memory run out for something in it, a node or a normal form?  A NULL that may mean this or "too large"
 * is told apart by it. */
bool expression_failed(const expression_space *s);

/* Parse the whole of TEXT (copied) into *OUT.  LABEL (copied; NULL: "expression") names it in messages. */
ml_status expression_parse(expression_space *s, const char *label, const char *text, const expression **out,
                           ml_message *why);

/* Take a definition such as "r = y-w*x": from now on the name stands for that subtree.  It may use the
 * definitions before it; a second one of the name is refused. */
ml_status expression_define(expression_space *s, const char *definition, ml_message *why);
/* The definition of NAME, or NULL. */
const expression *expression_definition(const expression_space *s, const char *name);

/* Is OPERAND of the form NAME=VALUE (not NAME==...)?  Then *NAME_LENGTH characters from *NAME are the name,
 * without backquotes and blanks, and *VALUE is what follows the sign. */
bool expression_binding(const char *operand, const char **name, size_t *name_length, const char **value);

/* The value of the constant NAME (pi, e); false when there is none. */
bool expression_constant(const char *name, double *value);

/* The row of the table for ID. */
const expression_function *expression_function_of(int id);
/* "+", "<=", ... */
const char *expression_operator_text(int op);

/* The free names of expressions, each once, by first appearance, pi and e too.  *NAMES is freed with free(),
 * the texts belong to the space. */
ml_status expression_names(const expression *const *e, size_t count, const char ***names, size_t *name_count,
                           ml_message *why);

/* Report an error at node E: the text, then on lines of their own its source and carets under E.
 * Returns ML_FAIL. */
ml_status expression_fail(ml_message *why, const expression *e, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* Append E in the language itself, with the parentheses that it needs and no more.  A subtree that is shared
 * is printed at each use. */
void expression_print(buffer *out, const expression *e);

/* --- building trees --- */

/* A node with ARGS copied; its place is that of ORIGIN (NULL: none).  The remaining fields are zero.
 * NULL when memory is out, an argument is NULL (so that calls nest and are checked once) or the tree is
 * deeper than EXPRESSION_DEPTH. */
const expression *expression_node(expression_space *s, expression_kind kind, int op, size_t count,
                                  const expression *const *args, const expression *origin);
const expression *expression_number(expression_space *s, double value);
const expression *expression_binary(expression_space *s, int op, const expression *a, const expression *b);
const expression *expression_call(expression_space *s, int id, const expression *a);
const expression *expression_negate(expression_space *s, const expression *a);
/* A copy of E with other arguments, of the same number. */
const expression *expression_with(expression_space *s, const expression *e, const expression *const *args);

#endif
