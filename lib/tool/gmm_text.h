/* gmm_text.h: the parameters of a Gaussian mixture as a table that can be printed, kept, read and written by
 * hand.
 *
 *     component,weight,row,x,y
 *     1,0.4,mean,1,2                  a component has a row called mean,
 *     1,0.4,x,1,0.5                   then a row of its covariance for each column, called like it,
 *     1,0.4,y,0.5,2
 *     2,0.6,mean,7,7
 *     2,0.6,variance,1,1              or a row called variance: those of the columns, the covariances being 0
 */
#ifndef TOOL_GMM_TEXT_H
#define TOOL_GMM_TEXT_H

#include "ml/gmm_round.h"
#include "table/reader.h"
#include "table/writer.h"

typedef struct gmm_text {
    gmm_model model;
    char **names;        /* of its columns, ended by NULL */
    gmm_history history; /* of the rounds of --merge that led to it */
} gmm_text;

/* The block `parameters`. */
ml_status gmm_text_write(const gmm_model *m, const char *const *names, writer *w, ml_message *why);

/* Behind it: where the rounds stand, as the blocks of table/model.h. */
ml_status gmm_text_write_history(const gmm_history *h, writer *w, ml_message *why);

/* Read PATH.  NAMES (COUNT of them): the columns wanted, in their order; NULL: all that the table has.
 * Weights must have the sum 1 within the halves of their last digits and are then scaled to it; covariances
 * must be symmetric.  The kind of covariance is the narrowest that holds.  Free with gmm_text_free, also
 * after a failure. */
ml_status gmm_text_read(gmm_text *t, const char *path, const char *const *names, size_t count,
                        ml_message *why);
void gmm_text_free(gmm_text *t);

/* Have OPTIONS find the columns of T: by name, by position where they are called column1, column2, ..., as
 * those of a table without names are. */
void gmm_text_match(const gmm_text *t, reader_options *options);

#endif
