/* entropy_print.h: the results of mlentropy as tables, in doubles or in closed form. */
#ifndef TOOL_ENTROPY_PRINT_H
#define TOOL_ENTROPY_PRINT_H

#include "table/writer.h"
#include "tool/entropy_data.h"

/* In the order of the tool's table of results. */
typedef enum entropy_show {
    SHOW_H,
    SHOW_JOINT,
    SHOW_CONDITIONAL,
    SHOW_MI,
    SHOW_NORMALIZED,
    SHOW_AMI,
    SHOW_TC,
    SHOW_COINFORMATION,
    SHOW_CROSS,
    SHOW_KL,
    SHOW_JS,
    SHOW_PERPLEXITY,
    SHOW_RENYI,
    SHOW_TSALLIS,
    SHOW_GAIN,
    SHOW_DISTRIBUTION,
} entropy_show;

/* How results are measured and printed. */
typedef struct entropy_printer {
    const cli *c;
    const entropy_data *d;
    entropy_params measure;
    double order;        /* of Renyi's and Tsallis' entropies */
    mpq_srcptr base;     /* exact; NULL: e */
    size_t permutations; /* of the p-values; 0: none */
    writer *out;
} entropy_printer;

/* Does the result need pairs of variables, or all of them together? */
bool entropy_show_is_pair(entropy_show show);
bool entropy_show_is_whole(entropy_show show);
/* Is it one of two distributions over the same symbols? */
bool entropy_show_is_divergence(entropy_show show);

/* Print one result under NAME. */
ml_status entropy_print(const entropy_printer *p, entropy_show show, const char *name, ml_message *why);

/* --- also for the steps --- */

/* The pairs of variables of a result, in its order; new, freed by the caller. */
typedef struct entropy_places {
    size_t a, b;
} entropy_places;

ml_status entropy_pairs(const entropy_data *d, entropy_show show, entropy_places **pairs, size_t *count,
                        ml_message *why);

/* Two distributions over the same cells: the symbols of both variables. */
typedef struct entropy_both {
    size_t count;
    const char **names;       /* of the cells */
    double *p, *q;            /* masses */
    mpq_t *exact_p, *exact_q; /* frequencies; NULL where the data have no exact ones */
} entropy_both;

ml_status entropy_both_make(entropy_both *both, const entropy_data *d, entropy_places pair, ml_message *why);
void entropy_both_free(entropy_both *both);

#endif
