/* entropy_data.h: what mlentropy measures: tables of discrete variables from each form of input. */
#ifndef TOOL_ENTROPY_DATA_H
#define TOOL_ENTROPY_DATA_H

#include "ml/entropy.h"
#include "ml/entropy_exact.h"
#include "table/cli.h"
#include "table/tally.h"

typedef enum entropy_source { ENTROPY_SYMBOLS, ENTROPY_COUNTS, ENTROPY_PROBABILITIES } entropy_source;

/* What the input is, and what is wanted of it. */
typedef struct entropy_input {
    entropy_source source;
    bool joint;      /* counts or probabilities: the table is the joint one of its rows and its columns */
    bool normalize;  /* probabilities: divide by their sum, whatever it is */
    bool exact;      /* rational masses too */
    tally_kind kind; /* symbols: the sets that the results need */
} entropy_input;

typedef struct entropy_data {
    size_t width;         /* variables */
    char **names;         /* of them */
    tally_levels *levels; /* what their levels stand for */
    size_t target;        /* the one of -y, the last; SIZE_MAX: none */
    bool counts;          /* masses are whole numbers of observations */
    bool separate;        /* the variables are distributions over the same cells, without a joint one */
    size_t set_count;
    entropy_table *sets; /* every measured set of variables is one of these or part of one */
    exact_table *exact;  /* the same in rational numbers; NULL: not wanted */
    size_t **places;     /* the variables of each set */
} entropy_data;

/* The input of C.  What is no distribution is refused. */
ml_status entropy_data_read(entropy_data *d, const cli *c, const entropy_input *input, ml_message *why);
void entropy_data_free(entropy_data *d);

/* Symbols as they were counted: what --partial prints and --merge joins. */
typedef struct entropy_tally {
    tally t;        /* of the columns: the selected ones, then the weights, then the target */
    char **names;   /* of them; NULL: no column was seen */
    size_t weights; /* which of them; SIZE_MAX: none */
    size_t target;  /* which of them; SIZE_MAX: none */
} entropy_tally;

/* Count the rows of the input of C, in one pass; KIND: the sets that are wanted. */
ml_status entropy_tally_read(entropy_tally *x, const cli *c, tally_kind kind, ml_message *why);
void entropy_tally_free(entropy_tally *x);

/* What X, which is in order, counted, as a table each set, the weights multiplied out; X keeps nothing of it.
 * WHERE begins messages. */
ml_status entropy_data_take(entropy_data *d, entropy_tally *x, const char *where, bool exact,
                            ml_message *why);

/* The table of the WIDTH variables at PLACES, ascending: borrowed from D, or made. */
typedef struct entropy_part {
    const entropy_table *t;
    const exact_table *exact; /* NULL where D has none */
    entropy_table own;
    exact_table own_exact;
} entropy_part;

ml_status entropy_data_part(const entropy_data *d, const size_t *places, size_t width, entropy_part *part,
                            ml_message *why);
void entropy_part_free(entropy_part *part);

#endif
