#include "table/symbols.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/number.h"

/* So many slots at first; up to ROOMY slots one in eight is used, so that a search seldom takes a second
 * look, then one in two. */
enum { FIRST_BITS = 6, ROOMY_BITS = 12 };

void symbols_init(symbols *s, char *const *na_values, size_t na_count)
{
    *s = (symbols){.na_values = na_values, .na_count = na_count};
}

void symbols_free(symbols *s)
{
    buffer_free(&s->texts);
    free(s->ends);
    free(s->slots);
    *s = (symbols){0};
}

const char *symbols_text(const symbols *s, uint32_t code, size_t *length)
{
    size_t from = code > 1 ? s->ends[code - 2] : 0;
    *length = s->ends[code - 1] - from;
    return s->texts.data + from;
}

static bool is_blank(char c)
{
    return c == ' ' || c == '\t';
}

static bool is_missing(const symbols *s, const char *text, size_t length)
{
    for (size_t i = 0; i < s->na_count; i++)
        if (strlen(s->na_values[i]) == length && memcmp(s->na_values[i], text, length) == 0)
            return true;
    return false;
}

/* Long cells: eight bytes at a time, folded as in symbols_place; the top byte marks them. */
static uint64_t long_key(const char *text, size_t length)
{
    uint64_t h = length, word = 0;
    for (size_t i = 0; i < length; i += 8) {
        word = 0;
        memcpy(&word, text + i, length - i < 8 ? length - i : 8);
        unsigned __int128 product = (unsigned __int128)(h ^ word) * UINT64_C(0xd6e8feb86659fd93);
        h = (uint64_t)product ^ (uint64_t)(product >> 64);
    }
    return h | UINT64_C(0xff) << 56;
}

static uint64_t key_of(const char *text, size_t length)
{
    uint64_t word = 0;
    if (length > SYMBOLS_SHORT)
        return long_key(text, length);
    for (size_t i = 0; i < length; i++)
        word |= (uint64_t)(unsigned char)text[i] << 8 * i;
    return symbols_key(word, length);
}

/* Four times as many slots. */
static bool rehash(symbols *s)
{
    unsigned bits = s->slots == NULL ? FIRST_BITS : 64 - s->shift + 2, shift = 64 - bits;
    symbols_slot *slots = memory_zeros((size_t)1 << bits, sizeof *slots);
    if (slots == NULL)
        return false;
    for (size_t i = 0; s->slots != NULL && i <= SIZE_MAX >> s->shift; i++) {
        if (s->slots[i].key == 0)
            continue;
        size_t at = symbols_place(s->slots[i].key, shift);
        while (slots[at].key != 0)
            at = symbols_next(at, shift);
        slots[at] = s->slots[i];
    }
    free(s->slots);
    s->slots = slots;
    s->shift = shift;
    return true;
}

static bool is_full(const symbols *s)
{
    return (s->used + 1) * (64 - s->shift <= ROOMY_BITS ? 8 : 2) > SIZE_MAX >> s->shift;
}

static bool put_slot(symbols *s, uint64_t key, uint32_t code)
{
    if ((s->slots == NULL || is_full(s)) && !rehash(s))
        return false;
    size_t at = symbols_place(key, s->shift);
    while (s->slots[at].key != 0)
        at = symbols_next(at, s->shift);
    s->slots[at] = (symbols_slot){key, code};
    s->used++;
    return true;
}

static uint32_t add_symbol(symbols *s, const char *text, size_t length)
{
    if (s->count >= UINT32_MAX - 2 ||
        !memory_grow(&s->ends, &s->ends_capacity, s->count + 1, sizeof *s->ends))
        return SYMBOLS_FAILED;
    buffer_append(&s->texts, text, length);
    if (s->texts.failed)
        return SYMBOLS_FAILED;
    s->ends[s->count] = s->texts.size;
    return (uint32_t)++s->count;
}

/* Among the symbols: long ones with the same key are told apart by their texts. */
static uint32_t find_trimmed(const symbols *s, uint64_t key, const char *text, size_t length)
{
    if (length <= SYMBOLS_SHORT)
        return symbols_known(s, key);
    size_t other_length;
    if (s->slots == NULL)
        return SYMBOLS_FAILED;
    for (size_t at = symbols_place(key, s->shift); s->slots[at].key != 0; at = symbols_next(at, s->shift)) {
        if (s->slots[at].key != key)
            continue;
        if (s->slots[at].code == SYMBOL_MISSING) {
            if (is_missing(s, text, length))
                return SYMBOL_MISSING;
            continue;
        }
        const char *other = symbols_text(s, s->slots[at].code, &other_length);
        if (other_length == length && memcmp(other, text, length) == 0)
            return s->slots[at].code;
    }
    return SYMBOLS_FAILED;
}

static uint32_t code_of_trimmed(symbols *s, const char *text, size_t length)
{
    uint64_t key = key_of(text, length);
    uint32_t code = find_trimmed(s, key, text, length);
    if (code != SYMBOLS_FAILED)
        return code;
    bool missing = is_missing(s, text, length);
    code = missing ? (uint32_t)SYMBOL_MISSING : add_symbol(s, text, length);
    return code != SYMBOLS_FAILED && put_slot(s, key, code) ? code : SYMBOLS_FAILED;
}

uint32_t symbols_code(symbols *s, const char *cell, size_t length)
{
    const char *text = cell;
    size_t rest = length;
    for (; rest > 0 && is_blank(*text); rest--)
        text++;
    while (rest > 0 && is_blank(text[rest - 1]))
        rest--;
    uint32_t code = code_of_trimmed(s, text, rest);
    /* a short cell with blanks around it is found at once the next time */
    if (rest == length || length > SYMBOLS_SHORT || code == SYMBOLS_FAILED)
        return code;
    uint64_t key = key_of(cell, length);
    if (symbols_known(s, key) == SYMBOLS_FAILED && !put_slot(s, key, code))
        return SYMBOLS_FAILED;
    return code;
}

/* --- order --- */

typedef struct ordered {
    uint32_t code;
    double value; /* NaN: no number */
    const char *text;
    size_t length;
} ordered;

static int compare(const void *a, const void *b)
{
    const ordered *p = a, *q = b;
    if (isnan(p->value) != isnan(q->value))
        return isnan(p->value) - isnan(q->value);
    if (p->value != q->value && !isnan(p->value))
        return p->value < q->value ? -1 : 1;
    int order = memcmp(p->text, q->text, p->length < q->length ? p->length : q->length);
    return order != 0 ? order : (p->length > q->length) - (p->length < q->length);
}

bool symbols_order(const symbols *s, uint32_t *order)
{
    ordered *all = memory_array(s->count, sizeof *all);
    if (all == NULL)
        return false;
    for (uint32_t i = 0; i < s->count; i++) {
        number n;
        ordered *o = &all[i];
        o->code = i + 1;
        o->text = symbols_text(s, o->code, &o->length);
        o->value = number_read(o->text, o->length, &n) == NUMBER_OK ? n.value : NAN;
    }
    qsort(all, s->count, sizeof *all, compare);
    for (size_t i = 0; i < s->count; i++)
        order[i] = all[i].code;
    free(all);
    return true;
}
