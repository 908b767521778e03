/* tape_tree.h: a tape's outputs as expressions of numbers: vectors and sums written out, entry by entry. */
#ifndef MATH_TAPE_TREE_H
#define MATH_TAPE_TREE_H

#include "math/tape.h"

/* All outputs into TREES (t->output_count places), nodes of S; entries of vectors are v[1], A[1,2]. VARIABLES
 * are those that T was made with; T has no columns. */
ml_status tape_trees(const tape *t, expression_space *s, const tape_variable *variables,
                     size_t variable_count, const expression **trees, ml_message *why);

#endif
