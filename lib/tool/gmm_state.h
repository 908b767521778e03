/* gmm_state.h: rounds of a Gaussian mixture as text: the states of --partial and --merge.
 *
 * The fields (table/state.h): model, the hash of the parameters it was made with; rows; then, unless there
 * are none, hard, weighted, and the numbers of ml/gmm_round.h. */
#ifndef TOOL_GMM_STATE_H
#define TOOL_GMM_STATE_H

#include <stdbool.h>

#include "ml/gmm_round.h"
#include "table/cli.h"
#include "tool/gmm_text.h"

/* The hash of the parameters that their states carry: of all that they depend on. */
void gmm_state_hash(const gmm_text *t, char text[17]);

/* --partial, whole: read the rows, print their state under T, return the exit status. */
int gmm_state_partial(const cli *c, const gmm_text *t, bool hard);
/* The states that the input of C holds, merged.  No rows at all are an error.  Free with gmm_parts_free, also
 * after a failure. */
ml_status gmm_state_merge(gmm_parts *p, const cli *c, const gmm_text *t, ml_message *why);

#endif
