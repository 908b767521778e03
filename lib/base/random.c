#include "base/random.h"

uint64_t random_mix(uint64_t x)
{
    x += 0x9e3779b97f4a7c15;
    x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9;
    x = (x ^ (x >> 27)) * 0x94d049bb133111eb;
    return x ^ (x >> 31);
}

gsl_rng *random_stream(uint64_t seed, uint64_t stream)
{
    gsl_rng *generator = gsl_rng_alloc(gsl_rng_mt19937);
    if (generator != NULL)
        gsl_rng_set(generator, (unsigned long)(random_mix(random_mix(seed) + stream) & 0xffffffff));
    return generator;
}
