/* entropy_chance.h: how much mutual information chance alone would show. */
#ifndef ML_ENTROPY_CHANCE_H
#define ML_ENTROPY_CHANCE_H

#include <stdint.h>

#include "base/status.h"
#include "ml/entropy.h"

/* Both: T is a table of two variables whose masses are counts. */

/* The mean mutual information of all tables with the margins of T, in the base of P (its estimator is not
 * looked at): Vinh, Epps, Bailey, JMLR 11 (2010) 2837, eq. 24a. */
ml_status entropy_expected_mutual(const entropy_table *t, const entropy_params *p, int jobs, double *out,
                                  ml_message *why);

/* (1 + how many of COUNT random tables with the margins of T have a mutual information of at least T's) /
 * (1 + COUNT): the p-value of a permutation test (Davison, Hinkley, Bootstrap Methods (1997), eq. 4.11).
 * Shuffling one column against the other gives such tables, each as often as the method of Patefield (Appl.
 * Stat. 30 (1981) 91, AS 159), which is used here and never looks at rows.  Table i takes its draws from the
 * stream FIRST + i of SEED. */
ml_status entropy_permutation_test(const entropy_table *t, const entropy_params *p, size_t count,
                                   uint64_t seed, uint64_t first, int jobs, double *out, ml_message *why);

#endif
