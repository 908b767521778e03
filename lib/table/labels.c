#include "table/labels.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"

static bool is_blank(char c)
{
    return c == ' ' || c == '\t';
}

static const char *trimmed(const text_column *column, size_t row, size_t *length)
{
    const char *cell = text_cell(column, row, length);
    while (*length > 0 && is_blank(*cell)) {
        cell++;
        --*length;
    }
    while (*length > 0 && is_blank(cell[*length - 1]))
        --*length;
    return cell;
}

/* FNV-1a, 64 bits. */
static uint64_t hash_of(const char *text, size_t length)
{
    uint64_t h = UINT64_C(14695981039346656037);
    for (size_t i = 0; i < length; i++)
        h = (h ^ (unsigned char)text[i]) * UINT64_C(1099511628211);
    return h;
}

/* The place in SLOTS (rows + 1 of their first row, 0: free) of the cell of ROW, or of the free slot for it.
 */
static size_t find(const text_column *column, const size_t *slots, size_t mask, size_t row)
{
    size_t length, other_length;
    const char *cell = trimmed(column, row, &length);
    size_t at = hash_of(cell, length) & mask;
    for (; slots[at] != 0; at = (at + 1) & mask) {
        const char *other = trimmed(column, slots[at] - 1, &other_length);
        if (other_length == length && memcmp(other, cell, length) == 0)
            break;
    }
    return at;
}

ml_status labels_encode(const text_column *column, size_t rows, uint32_t *codes, size_t *count,
                        ml_message *why)
{
    size_t size = 16;
    while (size < 2 * rows)
        size *= 2;
    size_t *slots = memory_zeros(size, sizeof *slots);
    if (slots == NULL)
        return ml_fail_memory(why, "the labels", size * sizeof *slots);
    *count = 0;
    for (size_t i = 0; i < rows; i++) {
        size_t at = find(column, slots, size - 1, i);
        codes[i] = slots[at] != 0 ? codes[slots[at] - 1] : (uint32_t)(*count)++;
        if (slots[at] == 0)
            slots[at] = i + 1;
    }
    free(slots);
    return ML_OK;
}
