/* random.h: the one source of randomness: GSL's mt19937 (Matsumoto, Nishimura 1998) in numbered streams.
 *
 * Stream i of seed s is mt19937 seeded with the low 32 bits (all that GSL's takes) of
 * mix(mix(s) + i), mix being the output function of splitmix64 (Steele, Lea, Flood, OOPSLA 2014):
 * neighbouring seeds and streams start far apart.  Work that is cut in pieces gives each piece a stream of
 * its own, so that the draws do not depend on the number of threads. */
#ifndef BASE_RANDOM_H
#define BASE_RANDOM_H

#include <gsl/gsl_rng.h>
#include <stdint.h>

uint64_t random_mix(uint64_t x);

/* A new generator, freed with gsl_rng_free; NULL when memory is out. */
gsl_rng *random_stream(uint64_t seed, uint64_t stream);

#endif
