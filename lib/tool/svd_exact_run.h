/* svd_exact_run.h: mlsvd --exact and --steps. */
#ifndef TOOL_SVD_EXACT_RUN_H
#define TOOL_SVD_EXACT_RUN_H

#include "table/cli.h"

/* Read, decompose and print what C asks for, of the first RANK values (0: all); the exit status. */
int svd_exact_run(const cli *c, size_t rank);

#endif
