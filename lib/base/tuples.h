/* tuples.h: how often each tuple of small numbers occurs: the count tables of streams of symbols. */
#ifndef BASE_TUPLES_H
#define BASE_TUPLES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct tuples {
    size_t width, count; /* numbers in a tuple; different tuples */
    uint32_t *codes;     /* count x width */
    double *mass;        /* what was added up for each: counts are exact below 2^53 */
    uint32_t *slots;     /* place of a tuple + 1, 0: free; open addressing */
    size_t mask, codes_capacity, mass_capacity;
} tuples;

/* All zero but WIDTH is the empty table; it takes no memory. */
void tuples_init(tuples *t, size_t width);
void tuples_free(tuples *t);

/* Add MASS to the tuple CODES (WIDTH numbers).  False when memory is out, or 2^31 tuples are different. */
bool tuples_add(tuples *t, const uint32_t *codes, double mass);

/* Which tuple CODES is; SIZE_MAX: none. */
size_t tuples_place(const tuples *t, const uint32_t *codes);

/* Put them in the order of their codes, the first number counting most.  False when memory is out. */
bool tuples_sort(tuples *t);

/* INTO (empty, of another width) gets the tuples of T reduced to the numbers at PLACES; sorted. */
bool tuples_project(tuples *into, const tuples *t, const size_t *places);

/* The sum of all masses, in the order of the tuples, its rounding errors carried along. */
double tuples_total(const tuples *t);

#endif
