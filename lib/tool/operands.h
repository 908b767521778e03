/* operands.h: operands that give a name a value, NAME=VALUE, and the cells that the value is made of: a
 * number, a literal [1,2;3,4], or a block of a file. */
#ifndef TOOL_OPERANDS_H
#define TOOL_OPERANDS_H

#include <stdbool.h>
#include <stddef.h>

#include "base/status.h"
#include "table/blocks.h"
#include "table/cli.h"

/* NAME=VALUE, or NAME~VALUE for a rounded answer; texts are borrowed from the operand. */
typedef struct operand_binding {
    const char *name, *value; /* VALUE without blanks before it */
    size_t length;            /* of the name */
    bool answer;              /* written with ~ */
} operand_binding;

bool operand_is_binding(const char *operand, operand_binding *b);

/* The cells of a number or of a literal [1,2;3,4]; freed with operand_literal_free, also after a failure. */
typedef struct operand_literal {
    const char **at;
    size_t *lengths;
    size_t count, capacity, length_capacity, rows, columns;
} operand_literal;

ml_status operand_literal_cut(operand_literal *l, const char *text, ml_message *why);
/* The cell of row I, column J; CONTEXT is the literal. */
const char *operand_literal_text(void *context, size_t i, size_t j, size_t *length);
void operand_literal_free(operand_literal *l);

/* The columns of a block that are looked at. */
typedef struct operand_cells {
    const block *from;
    size_t *columns;
    const char **names; /* of them, each NULL when there is none; borrowed from the block */
    size_t count;
} operand_cells;

/* In a block with names a column without any number is one of labels: it is left out with a note, unless
 * LABELS. PATH names the input when no column is left.  Freed with operand_cells_free, also after a failure.
 */
ml_status operand_cells_choose(operand_cells *c, const block *b, bool labels, blocks_number *is_number,
                               const char *path, const cli *notes, ml_message *why);
/* The cell of row I, column J of those; CONTEXT is the cells. */
const char *operand_cells_text(void *context, size_t i, size_t j, size_t *length);
/* "file: block, row 2, column 3 (name): 'x' PROBLEM"; BAD counts row by row. */
ml_status operand_cells_fail(const operand_cells *c, const char *path, size_t bad, const char *problem,
                             ml_message *why);
void operand_cells_free(operand_cells *c);

#endif
