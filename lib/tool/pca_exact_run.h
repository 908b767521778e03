/* pca_exact_run.h: mlpca --exact and --steps. */
#ifndef TOOL_PCA_EXACT_RUN_H
#define TOOL_PCA_EXACT_RUN_H

#include "ml/pca.h"
#include "table/cli.h"

/* Read, analyse and print what C asks for; the exit status. */
int pca_exact_run(const cli *c, const pca_params *params);

#endif
