/* blocks.h: all blocks of an input as the texts of their cells, for whoever decides what a cell means. */
#ifndef TABLE_BLOCKS_H
#define TABLE_BLOCKS_H

#include <stdbool.h>
#include <stddef.h>

#include "base/status.h"
#include "table/reader.h"
#include "table/table.h"

typedef struct block {
    char *name;   /* NULL: none */
    char **names; /* of the columns; NULL: none */
    size_t rows, columns;
    size_t first; /* row of `cells` that is row 0: behind a line of names */
    table cells;
} block;

typedef struct blocks {
    char *path; /* as messages say it */
    block *all;
    size_t count, capacity;
} blocks;

/* Does this cell look like a number?  A first line in which none does is names, unless OPTIONS say. */
typedef bool blocks_number(const char *text, size_t length);

/* Read PATH (NULL or "-": standard input).  Numbers are not looked at, so the options about them do nothing.
 */
ml_status blocks_read(blocks *b, const char *path, const reader_options *options, blocks_number *is_number,
                      ml_message *why);
const char *block_cell(const block *b, size_t i, size_t j, size_t *length);
void blocks_free(blocks *b);

#endif
