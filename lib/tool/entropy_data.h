/* entropy_data.h: what mlentropy measures: tables of discrete variables from each form of input. */
#ifndef TOOL_ENTROPY_DATA_H
#define TOOL_ENTROPY_DATA_H

#include "ml/entropy.h"
#include "table/cli.h"
#include "table/tally.h"

typedef struct entropy_data {
    size_t width;         /* variables */
    char **names;         /* of them */
    tally_levels *levels; /* what their levels stand for */
    size_t target;        /* the one of -y, the last; SIZE_MAX: none */
    bool counts;          /* masses are whole numbers of observations */
    size_t set_count;
    entropy_table *sets; /* every measured set of variables is one of these or part of one */
    size_t **places;     /* the variables of each set */
} entropy_data;

/* Count the rows of the input of C as symbols, in one pass; KIND: the sets that the results need. */
ml_status entropy_data_count(entropy_data *d, const cli *c, tally_kind kind, ml_message *why);
void entropy_data_free(entropy_data *d);

/* The table of the WIDTH variables at PLACES, ascending: borrowed from D, or made, and then in OWN. */
typedef struct entropy_part {
    const entropy_table *t;
    entropy_table own;
} entropy_part;

ml_status entropy_data_part(const entropy_data *d, const size_t *places, size_t width, entropy_part *part,
                            ml_message *why);
void entropy_part_free(entropy_part *part);

#endif
