/* qr_state.h: the rows of a table reduced by QR, as the state that --partial prints and --merge reads: what
 * mlpca and mlsvd share.  The fields (table/state.h): rows, centered, then, unless no column was seen, named,
 * columns, and the numbers of math/tsqr.h. */
#ifndef TOOL_QR_STATE_H
#define TOOL_QR_STATE_H

#include <stdbool.h>
#include <stddef.h>

#include "math/tsqr.h"
#include "table/cli.h"

typedef struct qr_state {
    tsqr *rows;     /* NULL: no column was seen */
    bool centered;  /* their mean is taken off */
    bool named;     /* the table has names */
    char **columns; /* names of the columns, "column3" where the table has none; ended by NULL */
    size_t count;   /* of columns */
    reader *input;  /* rows that are still to come, or NULL */
} qr_state;

/* The input of C: its columns are known from qr_state_open on, its rows, which may be none, are in S after
 * qr_state_fill. */
ml_status qr_state_open(qr_state *s, const cli *c, bool centered, ml_message *why);
ml_status qr_state_fill(qr_state *s, ml_message *why);
/* The states that the input of C holds, merged; CENTERED is as they say.  No rows at all are an error. */
ml_status qr_state_merge(qr_state *s, const cli *c, ml_message *why);
void qr_state_free(qr_state *s);

/* --partial, whole: read the rows, print their state, return the exit status. */
int qr_state_partial(const cli *c, bool centered);

#endif
