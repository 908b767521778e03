/* number_scan.h: the reader of plain decimals that the inner loop of the CSV reader inlines. */
#ifndef BASE_NUMBER_SCAN_H
#define BASE_NUMBER_SCAN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

/* The part of number_scan that is not inlined: every form, no byte at END or behind it is looked at. */
const char *number_scan_any(const char *p, const char *end, double *value);

/* *VALUE = W * 10^EXPONENT, correctly rounded; false when it is too large for a double or undecided. */
bool number_compose(uint64_t w, int64_t exponent, double *value);

extern const double number_tens[23];           /* 10^0 .. 10^22, exact */
extern const uint64_t number_integer_tens[20]; /* 10^0 .. 10^19 */

/* Eight bytes as a number whose lowest byte is the first one. */
static inline uint64_t number_load(const char *p)
{
    uint64_t word;
    memcpy(&word, p, sizeof word);
#if __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
    word = __builtin_bswap64(word);
#endif
    return word;
}

/* The high bit of every byte that is not a digit; exact up to and including the first such byte. */
static inline uint64_t number_stops(uint64_t text)
{
    uint64_t t = text ^ 0x3030303030303030;
    return ((t + 0x7676767676767676) | t) & 0x8080808080808080;
}

/* The high bit of every byte outside '-' '.' '/' '0' .. '9'; exact up to and including the first such byte. */
static inline uint64_t number_ends(uint64_t text)
{
    uint64_t at_least = text + 0x5353535353535353, above = text + 0x4646464646464646;
    return (~at_least | above | text) & 0x8080808080808080;
}

/* Where the number at P ends, to judge by the alphabet alone; wrong for more than 16 bytes and with `+`, `e`. */
static inline const char *number_guess(const char *p)
{
    uint64_t first = number_ends(number_load(p)), second = number_ends(number_load(p + 8));
    uint64_t ends = first ? first : second;
    return p + (first ? 0 : 8) + (__builtin_ctzll(ends | UINT64_C(1) << 63) >> 3);
}

/* The value of eight digits, first one in the lowest byte: pairs, fours, eights. */
static inline uint64_t number_eight(uint64_t digits)
{
    digits = (digits & 0x0f0f0f0f0f0f0f0f) * (10 * 256 + 1) >> 8;
    digits = (digits & 0x00ff00ff00ff00ff) * (100 * 65536 + 1) >> 16;
    return (digits & 0x0000ffff0000ffff) * ((UINT64_C(10000) << 32) + 1) >> 32;
}

/* The value of the first COUNT digits, 1 to 8, of TEXT: zeros are shifted in before them. */
static inline uint64_t number_first(uint64_t text, int count)
{
    return number_eight((text & 0x0f0f0f0f0f0f0f0f) << (64 - 8 * count));
}

/* Digits 9 to 24 of a number whose first 8, worth *W, end at P; *COUNT grows.  Stops early, so that W stays
 * below 10^19: then, and near END, NULL. */
static inline const char *number_more(const char *p, const char *end, uint64_t *w, int *count)
{
    for (int chunk = 0; chunk < 2; chunk++) {
        if (p > end)
            return NULL;
        uint64_t text = number_load(p), stops = number_stops(text);
        int n = stops ? __builtin_ctzll(stops) >> 3 : 8;
        if (*w >= number_integer_tens[19 - n])
            return NULL;
        if (n > 0)
            *w = *w * number_integer_tens[n] + number_first(text, n);
        *count += n;
        p += n;
        if (n < 8)
            return p;
    }
    return NULL;
}

/* Read a plain decimal at P: an optional sign, digits with an optional point, an optional exponent.  Returns
 * the first byte behind it, or NULL when there is none or it is too large for a double: number_read then
 * tells what the cell is.  No byte at END or behind it is taken for a part of the number, but 16 bytes behind
 * END must be readable, because eight are loaded at a time.
 *
 * The common case, all digits within nine bytes: the digits before and behind the point are pushed together
 * in one word and converted at once, without a branch on where the point is. */
static inline const char *number_scan(const char *p, const char *end, double *value)
{
    const char *start = p, *guess = number_guess(p);
    uint64_t negative = *p == '-';
    p += negative | (*p == '+');
    uint64_t text = number_load(p), stops = number_stops(text);
    if (__builtin_expect(stops == 0, 0))
        return number_scan_any(start, end, value);
    int whole = __builtin_ctzll(stops) >> 3, count = whole, point = 0;
    if (__builtin_expect((text >> 8 * whole & 0xff) == '.', 1)) {
        uint64_t before = ((stops - 1) & ~stops) >> 7;
        text = (text & before) | (number_load(p + 1) & ~before);
        stops = number_stops(text);
        count = stops ? __builtin_ctzll(stops) >> 3 : 8;
        point = 1;
    }
    if (__builtin_expect(count == 0, 0))
        return number_scan_any(start, end, value);
    uint64_t w = number_first(text, count);
    p += count + point;
    if (count == 8 && (p = number_more(p, end, &w, &count)) == NULL)
        return number_scan_any(start, end, value);
    if (__builtin_expect((*p | 0x20) == 'e' || p > end, 0))
        return number_scan_any(start, end, value);
    int scale = point ? count - whole : 0;
    double v;
    if (__builtin_expect(w <= UINT64_C(1) << 53, 1))
        v = (double)(int64_t)w / number_tens[scale];
    else if (!number_compose(w, -scale, &v))
        return number_scan_any(start, end, value);
    uint64_t bits;
    memcpy(&bits, &v, sizeof bits);
    bits |= negative << 63;
    memcpy(value, &bits, sizeof bits);
    ptrdiff_t off = p - guess;
    __asm__("" : "+r"(off));
    return __builtin_expect(off == 0, 1) ? guess : p;
}

#endif
