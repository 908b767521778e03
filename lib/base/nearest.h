/* nearest.h: "did you mean": the name that a mistyped word is nearest to. */
#ifndef BASE_NEAREST_H
#define BASE_NEAREST_H

#include <stddef.h>

/* The name of NAMES at the least optimal string alignment distance (insertions, deletions, replacements and
 * swaps of neighbours: Damerau 1964, Levenshtein 1966) from WORD, case ignored; the first of equals.  NULL
 * when even that is more than a third of the word's length (at least 1) away.  NULL names are passed over. */
const char *nearest_name(const char *word, const char *const *names, size_t count);

#endif
