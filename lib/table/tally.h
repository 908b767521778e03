/* tally.h: how often each combination of symbols stands in the rows of a table.
 *
 * Counted are sets of columns: each column, each pair, each pair with the last one, or whole rows.  Memory
 * grows with the different symbols and combinations, not with the rows.  Each thread of the reader has a
 * tally of its own; joined and put in order they do not tell which rows each had. */
#ifndef TABLE_TALLY_H
#define TABLE_TALLY_H

#include "base/status.h"
#include "base/tuples.h"
#include "table/symbols.h"

typedef enum tally_kind { TALLY_COLUMNS, TALLY_WITH_LAST, TALLY_PAIRS, TALLY_ROWS } tally_kind;

/* What the numbers of a column stand for once the tally is in order. */
typedef struct tally_levels {
    size_t count;
    bool missing;       /* the last one is the missing cell; its name is NA */
    const char **names; /* numbers by value, then texts by bytes; one piece of memory with the texts */
} tally_levels;

typedef struct tally {
    size_t width; /* columns */
    symbols *columns;
    size_t set_count, places_count;
    size_t *places;       /* the columns of set 0, then those of set 1, ... */
    tuples *sets;         /* sets[i]: how often each combination of its columns occurs */
    uint32_t *row, *part; /* the row being read; its part for a set */
    uint64_t *grid; /* of a single set of one or two columns: how often each combination of symbols below
                       2^TALLY_GRID occurred, besides what the set says; NULL: not kept */
    tally_levels *levels; /* of each column; NULL before tally_finish */
} tally;

/* WIDTH columns, of which KIND says the sets.  NA_VALUES are borrowed. */
ml_status tally_new(tally *t, size_t width, tally_kind kind, char *const *na_values, size_t na_count,
                    ml_message *why);
void tally_free(tally *t);

/* Count the row whose symbols are in t->row.  False when memory is out. */
bool tally_add(tally *t);

enum { TALLY_GRID = 8 };

/* The same for the inner loop: the commonest symbols of few columns are counted in place. */
static inline bool tally_row(tally *t)
{
    const uint32_t *row = t->row;
    if (t->grid == NULL || ((row[0] | row[t->width - 1]) >> TALLY_GRID) != 0)
        return tally_add(t);
    t->grid[row[0] << TALLY_GRID | row[t->width - 1]]++;
    return true;
}

/* Add what FROM counted; it must have the same columns and sets. */
ml_status tally_join(tally *t, tally *from, ml_message *why);

/* Put the symbols in order: the numbers in the sets are then places in `levels`, and so are the tuples'
 * order. Nothing can be counted or joined afterwards. */
ml_status tally_finish(tally *t, ml_message *why);

/* The columns of set I: t->sets[i].width of them. */
const size_t *tally_places(const tally *t, size_t i);

#endif
