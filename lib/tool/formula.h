/* formula.h: the expressions of a command line, their definitions and starts: what mldiff and mlopt share.
 *
 * An operand NAME=VALUE is a start; any other is an expression.  VALUE is a constant in the language: 3, 1/3,
 * pi/2, [1,2,3]; 1,2,3 is short for the last.  A list is a column vector. */
#ifndef TOOL_FORMULA_H
#define TOOL_FORMULA_H

#include <gsl/gsl_matrix.h>
#include <stdbool.h>
#include <stddef.h>

#include "math/expression.h"
#include "math/tape.h"
#include "table/cli.h"

typedef struct formula_start {
    char *name;
    gsl_matrix *value;
} formula_start;

typedef struct formula {
    expression_space *space;
    const expression **expressions; /* in the order of the operands */
    size_t count;
    formula_start *starts;
    size_t start_count;
    /* Filled by formula_names: the free names of all expressions without constants, by first appearance;
     * those with a start, then bound to columns or given a start of their own. */
    tape_variable *variables;
    size_t variable_count;
    const char **constants; /* the names among the others that are constants unless a column has them */
    size_t constant_count;
    size_t **columns; /* what the variables' `column` points to, a list for each variable or NULL */
} formula;

/* Parse definitions and operands.  *F is to be freed with formula_free, also after a failure. */
ml_status formula_read(formula *f, const cli_list *definitions, const char *const *operands, size_t count,
                       ml_message *why);
void formula_free(formula *f);

/* Find the free names of the formula's expressions and of COUNT more.  A start whose name is in none of them
 * is an error. */
ml_status formula_names(formula *f, const expression *const *more, size_t count, ml_message *why);

/* The start of variable V, or NULL when it has none. */
const gsl_matrix *formula_start_of(const formula *f, size_t v);

/* Bind variables without a start to columns of these names, as parameters or as data.  A variable v that has
 * no column of its own is a vector when there are columns v[1], v[2], ... or v1, v2, ...; *BOUND (may be
 * NULL) counts the variables that were bound. */
ml_status formula_bind(formula *f, const char *const *names, size_t count, bool data, size_t *bound,
                       ml_message *why);

/* Is variable V still without a start and a column? */
bool formula_is_open(const formula *f, size_t v);
/* Give it as many zeros as its indices in the expressions ask for, one when there are none. */
ml_status formula_open_as_zeros(formula *f, size_t v, const expression *const *more, size_t count,
                                ml_message *why);

/* Parameters: their number, their starts (variables bound to columns are not filled) and their names. */
size_t formula_parameters(const formula *f);
void formula_fill(const formula *f, double *x);
/* The points: ROWS x parameters, freed by the caller; variables bound to columns from the rows of CELLS (NULL
 * when there are none), the others the same in each. */
ml_status formula_points(const formula *f, const gsl_matrix *cells, size_t rows, gsl_matrix **points,
                         ml_message *why);
ml_status formula_parameter_names(const formula *f, char ***names, ml_message *why);

#endif
