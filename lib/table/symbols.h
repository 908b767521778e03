/* symbols.h: the different cells of a column as numbers.
 *
 * Cells are compared as texts without the blanks around them.  A short cell is looked up by its bytes as one
 * word, a long one by its hash. */
#ifndef TABLE_SYMBOLS_H
#define TABLE_SYMBOLS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/memory.h"

/* The number of a missing cell; the others are numbered from 1 by their first appearance. */
enum { SYMBOL_MISSING = 0 };
#define SYMBOLS_FAILED UINT32_MAX /* memory is out, or there are too many */

typedef struct symbols_slot {
    uint64_t key; /* 0: free */
    uint32_t code;
} symbols_slot;

typedef struct symbols {
    buffer texts;
    size_t *ends; /* ends[i]: the offset in `texts` behind symbol i + 1 */
    size_t count, ends_capacity;
    symbols_slot *slots; /* 2^(64 - shift) of them, open addressing */
    size_t used;
    unsigned shift;
    char *const *na_values;
    size_t na_count;
} symbols;

/* Texts that are missing: NA_VALUES, which are borrowed. */
void symbols_init(symbols *s, char *const *na_values, size_t na_count);
void symbols_free(symbols *s);

/* The text of symbol CODE (from 1); not terminated. */
const char *symbols_text(const symbols *s, uint32_t code, size_t *length);

/* The number of the cell, which is new or not. */
uint32_t symbols_code(symbols *s, const char *cell, size_t length);

/* --- for the inner loop --- */

/* Cells of up to seven bytes are their own key: the bytes, the first one lowest, and the length on top, which
 * is never 0 because 1 is added. */
enum { SYMBOLS_SHORT = 7 };

static inline uint64_t symbols_key(uint64_t bytes, size_t length)
{
    uint64_t mask = (UINT64_C(1) << (8 * length)) - 1;
    return (bytes & mask) | (uint64_t)(length + 1) << 56;
}

/* The upper bits of a product depend on all bits of the key (Knuth, The Art of Computer Programming 3, 6.4).
 */
static inline size_t symbols_place(uint64_t key, unsigned shift)
{
    return (size_t)(key * UINT64_C(0x9e3779b97f4a7c15) >> shift);
}

static inline size_t symbols_next(size_t at, unsigned shift)
{
    return (at + 1) & (SIZE_MAX >> shift);
}

/* symbols_code for the short cell of KEY, which was seen before; SYMBOLS_FAILED: it was not. */
static inline uint32_t symbols_known(const symbols *s, uint64_t key)
{
    if (s->slots == NULL)
        return SYMBOLS_FAILED;
    size_t at = symbols_place(key, s->shift);
    while (__builtin_expect(s->slots[at].key != key, 0)) {
        if (s->slots[at].key == 0)
            return SYMBOLS_FAILED;
        at = symbols_next(at, s->shift);
    }
    return s->slots[at].code;
}

/* ORDER (room for COUNT) gets the numbers 1 .. COUNT in the order of what they stand for: numbers by value,
 * then texts by bytes.  False when memory is out. */
bool symbols_order(const symbols *s, uint32_t *order);

#endif
