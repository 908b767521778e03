/* fingerprint.h: a number that tells whether two models are the same, for the states that were made with
 * them. */
#ifndef TOOL_FINGERPRINT_H
#define TOOL_FINGERPRINT_H

#include <stddef.h>
#include <stdint.h>

/* HASH with COUNT numbers, by their bits, or COUNT names put behind it. */
uint64_t fingerprint_reals(uint64_t hash, const double *x, size_t count);
uint64_t fingerprint_names(uint64_t hash, char *const *names, size_t count);

/* As text. */
void fingerprint_print(uint64_t hash, char text[17]);

#endif
