/* assignment.h: the cheapest way to give each row a column of its own.
 *
 * The Hungarian method (Kuhn 1955) with shortest augmenting paths (Jonker and Volgenant 1987): O(rows^2
 * columns). */
#ifndef MATH_ASSIGNMENT_H
#define MATH_ASSIGNMENT_H

#include <gsl/gsl_matrix.h>
#include <stddef.h>

#include "base/status.h"

/* COLUMN_OF[i], of as many entries as COST has rows, gets the column of row i so that the sum of the costs is
 * least; COST, finite, has at least as many columns as rows. */
ml_status assignment_solve(const gsl_matrix *cost, size_t *column_of, ml_message *why);

#endif
