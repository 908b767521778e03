#include "base/tuples.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"

enum { FIRST_SLOTS = 64 };

void tuples_init(tuples *t, size_t width)
{
    *t = (tuples){.width = width};
}

void tuples_free(tuples *t)
{
    free(t->codes);
    free(t->mass);
    free(t->slots);
    tuples_init(t, t->width);
}

/* Multiply and fold, 64 x 64 -> 128 bits. */
static inline uint64_t mix(uint64_t a)
{
    unsigned __int128 product = (unsigned __int128)a * UINT64_C(0x9e3779b97f4a7c15);
    return (uint64_t)product ^ (uint64_t)(product >> 64);
}

static inline uint64_t hash_of(const uint32_t *codes, size_t width)
{
    uint64_t h = width;
    size_t i = 0;
    for (; i + 1 < width; i += 2)
        h = mix(h ^ (codes[i] | (uint64_t)codes[i + 1] << 32));
    return i < width ? mix(h ^ codes[i]) : h;
}

static inline bool same(const uint32_t *a, const uint32_t *b, size_t width)
{
    for (size_t i = 0; i < width; i++)
        if (a[i] != b[i])
            return false;
    return true;
}

/* The slot of CODES, or the free one for it. */
static inline size_t find(const tuples *t, const uint32_t *codes)
{
    size_t at = hash_of(codes, t->width) & t->mask;
    while (t->slots[at] != 0 && !same(t->codes + (t->slots[at] - 1) * t->width, codes, t->width))
        at = (at + 1) & t->mask;
    return at;
}

/* Slots for twice as many tuples as there are. */
static bool rehash(tuples *t)
{
    size_t size = t->slots == NULL ? FIRST_SLOTS : 2 * (t->mask + 1);
    uint32_t *slots = memory_zeros(size, sizeof *slots);
    if (slots == NULL)
        return false;
    free(t->slots);
    t->slots = slots;
    t->mask = size - 1;
    for (size_t i = 0; i < t->count; i++)
        t->slots[find(t, t->codes + i * t->width)] = (uint32_t)i + 1;
    return true;
}

static bool add_new(tuples *t, const uint32_t *codes, double mass)
{
    if (t->count >= UINT32_C(1) << 31 ||
        !memory_grow(&t->codes, &t->codes_capacity, t->count + 1, t->width * sizeof *t->codes) ||
        !memory_grow(&t->mass, &t->mass_capacity, t->count + 1, sizeof *t->mass))
        return false;
    if ((t->slots == NULL || 2 * (t->count + 1) > t->mask) && !rehash(t))
        return false;
    memcpy(t->codes + t->count * t->width, codes, t->width * sizeof *codes);
    t->mass[t->count] = mass;
    t->slots[find(t, codes)] = (uint32_t)++t->count;
    return true;
}

bool tuples_add(tuples *t, const uint32_t *codes, double mass)
{
    size_t at = t->slots == NULL ? 0 : find(t, codes);
    if (t->slots == NULL || t->slots[at] == 0)
        return add_new(t, codes, mass);
    t->mass[t->slots[at] - 1] += mass;
    return true;
}

size_t tuples_place(const tuples *t, const uint32_t *codes)
{
    size_t at = t->slots == NULL ? 0 : find(t, codes);
    return t->slots == NULL || t->slots[at] == 0 ? SIZE_MAX : t->slots[at] - 1;
}

/* --- order --- */

static int compare(const void *a, const void *b, void *context)
{
    const tuples *t = context;
    const uint32_t *p = t->codes + *(const uint32_t *)a * t->width;
    const uint32_t *q = t->codes + *(const uint32_t *)b * t->width;
    for (size_t i = 0; i < t->width; i++)
        if (p[i] != q[i])
            return p[i] < q[i] ? -1 : 1;
    return 0;
}

static bool is_sorted(const tuples *t)
{
    for (uint32_t i = 1; i < t->count; i++)
        if (compare(&(uint32_t){i - 1}, &i, (void *)(uintptr_t)t) > 0)
            return false;
    return true;
}

bool tuples_sort(tuples *t)
{
    if (is_sorted(t))
        return true;
    size_t row = t->width * sizeof *t->codes;
    uint32_t *order = memory_array(t->count, sizeof *order);
    uint32_t *codes = memory_array(t->count, row);
    double *mass = memory_array(t->count, sizeof *mass);
    bool good = order != NULL && codes != NULL && mass != NULL;
    for (size_t i = 0; good && i < t->count; i++)
        order[i] = (uint32_t)i;
    if (good)
        qsort_r(order, t->count, sizeof *order, compare, t);
    for (size_t i = 0; good && i < t->count; i++) {
        memcpy(codes + i * t->width, t->codes + order[i] * t->width, row);
        mass[i] = t->mass[order[i]];
    }
    free(order);
    if (!good) {
        free(codes);
        free(mass);
        return false;
    }
    free(t->codes);
    free(t->mass);
    t->codes = codes;
    t->mass = mass;
    t->codes_capacity = t->mass_capacity = t->count;
    memset(t->slots, 0, (t->mask + 1) * sizeof *t->slots);
    for (size_t i = 0; i < t->count; i++)
        t->slots[find(t, t->codes + i * t->width)] = (uint32_t)i + 1;
    return true;
}

bool tuples_project(tuples *into, const tuples *t, const size_t *places)
{
    uint32_t *codes = memory_array(into->width, sizeof *codes);
    bool good = codes != NULL;
    for (size_t i = 0; good && i < t->count; i++) {
        for (size_t k = 0; k < into->width; k++)
            codes[k] = t->codes[i * t->width + places[k]];
        good = tuples_add(into, codes, t->mass[i]);
    }
    free(codes);
    return good && tuples_sort(into);
}

/* Neumaier, ZAMM 54 (1974) 39. */
double tuples_total(const tuples *t)
{
    double sum = 0, lost = 0;
    for (size_t i = 0; i < t->count; i++) {
        double before = sum, value = t->mass[i];
        sum += value;
        lost += fabs(before) >= fabs(value) ? before - sum + value : value - sum + before;
    }
    return sum + lost;
}
