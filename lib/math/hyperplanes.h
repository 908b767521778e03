/* hyperplanes.h: in words, how the lines, planes or hyperplanes a_i x = b_i lie to one another. */
#ifndef MATH_HYPERPLANES_H
#define MATH_HYPERPLANES_H

#include <flint/fmpq_mat.h>
#include <stddef.h>

#include "base/memory.h"
#include "base/status.h"
#include "math/solve.h"

/* Append sentences about the equations, the rows of A (m x n), whose right sides are column J of B: which of
 * them coincide, which are parallel, which say nothing or cannot hold, and what all have in common.  KIND and
 * RANK (of A) are what solving the system found. */
ml_status hyperplanes_describe(const fmpq_mat_t a, const fmpq_mat_t b, size_t j, solve_kind kind, size_t rank,
                               buffer *out, ml_message *why);

#endif
