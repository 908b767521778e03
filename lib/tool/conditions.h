/* conditions.h: the constraints of a command line, --subject-to 'A == B', 'A <= B', 'A >= B', as a tape whose
 * outputs are to be 0 (the equalities, first) or at most 0. */
#ifndef TOOL_CONDITIONS_H
#define TOOL_CONDITIONS_H

#include <stdbool.h>
#include <stddef.h>

#include "tool/formula.h"

typedef struct conditions {
    const expression **expressions; /* A - B, or B - A for >=: equalities, then inequalities */
    size_t count, equal;            /* all; equalities */
    size_t *written;                /* count: where in the command line each stood */
    char **texts;                   /* of each, as written */
    /* After conditions_compile; a condition on matrices counts as one for each entry. */
    tape *tape;
    size_t numbers, equalities; /* outputs; of them to be 0 */
    char **names;               /* of each output: the text, with [i] behind it for entries */
    size_t *order;              /* outputs in the order of the command line */
} conditions;

/* Parse LIST in the space of a formula.  To be freed with conditions_free, also after a failure. */
ml_status conditions_read(conditions *c, expression_space *space, const cli_list *list, ml_message *why);
/* Compile over the variables of F.  Fails when a condition uses columns of data. */
ml_status conditions_compile(conditions *c, const formula *f, ml_message *why);
void conditions_free(conditions *c);

#endif
