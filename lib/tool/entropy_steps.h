/* entropy_steps.h: the results of mlentropy written out term by term. */
#ifndef TOOL_ENTROPY_STEPS_H
#define TOOL_ENTROPY_STEPS_H

#include "base/steps.h"
#include "tool/entropy_print.h"

/* No table of more cells is written out. */
enum { ENTROPY_MOST_STEPS = 1000 };

/* Can the result be written out?  All but AMI and the distribution can. */
bool entropy_steps_has(entropy_show show);

/* Write one result of P to S.  Frequencies are measured as they are (plug-in); with exact data the terms are
 * closed forms, else decimals. */
ml_status entropy_steps(steps *s, const entropy_printer *p, entropy_show show, ml_message *why);

#endif
