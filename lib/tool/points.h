/* points.h: what mlkmeans and mlgmm share: the rows to cluster, how many clusters are asked for. */
#ifndef TOOL_POINTS_H
#define TOOL_POINTS_H

#include <gsl/gsl_matrix.h>
#include <gsl/gsl_vector.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "table/cli.h"

typedef struct points {
    table t;
    gsl_matrix x;              /* the columns that are computed with, of t */
    const gsl_vector *weights; /* of --weights, or NULL */
    gsl_vector weight;
    char **names;    /* of the columns of x, ended by NULL */
    uint32_t *codes; /* of the cells of -y, or NULL: see table/labels.h */
    size_t code_count;
} points;

/* All rows of the input of C under OPTIONS; the cells of -y are text.  Free with points_free, also after a
 * failure. */
ml_status points_read(points *p, const cli *c, const reader_options *options, ml_message *why);
void points_free(points *p);

/* What a state calls the column of --weights, so that states by other weights are told from it: its name, or
 * where R has no names the number that OPTIONS give.  NULL without --weights. */
const char *points_weights(reader *r, const reader_options *options);

/* What takes rows piece by piece: n x d, and WEIGHTS, n or NULL. */
typedef ml_status points_sink(void *context, const gsl_matrix *x, const gsl_vector *weights, ml_message *why);
/* Hand all rows of R to SINK, without keeping them. */
ml_status points_each(reader *r, points_sink *sink, void *context, ml_message *why);

/* The argument of -k, "3" or with RANGE_ALLOWED "2-10": -1 to go on, else the status after a usage error.
 * WHAT is "clusters" or the like, EXAMPLE a range to name. */
int points_range(const cli *c, const char *text, const char *what, const char *example, bool range_allowed,
                 size_t *least, size_t *most);

#endif
