/* entropy_state.h: counts of symbols as the state that mlentropy --partial prints and --merge reads.
 *
 * The fields (table/state.h): rows, and unless no column was seen columns, weights and target (a column's
 * number from 1, 0: none), levels (how many symbols each column has), missing (1: its last one is the missing
 * cell), symbols (those of all columns), codes and counts (the different rows, and how often each was there).
 */
#ifndef TOOL_ENTROPY_STATE_H
#define TOOL_ENTROPY_STATE_H

#include "tool/entropy_data.h"

/* --partial, whole: count the rows of the input of C, print their state, return the exit status. */
int entropy_state_partial(const cli *c);

/* The states that the input of C holds, merged.  No rows at all are an error. */
ml_status entropy_state_merge(entropy_data *d, const cli *c, bool exact, ml_message *why);

#endif
