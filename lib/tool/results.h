/* results.h: the results that -s asks for, printed, and a model kept beside them. */
#ifndef TOOL_RESULTS_H
#define TOOL_RESULTS_H

#include <stddef.h>

#include "table/cli.h"

/* What results_print calls, with CONTEXT. */
typedef struct results_output {
    ml_status (*model)(void *context, writer *w, ml_message *why); /* the blocks of --save; NULL without it */
    ml_status (*show)(void *context, size_t show, writer *w, ml_message *why);
    void *context;
} results_output;

/* Keep the model where --save asks for it and print the results asked for; ENDED is the exit status when all
 * goes well. */
int results_print(const cli *c, const results_output *output, int ended);

#endif
