/* number_scan.h: the reader of plain decimals that the inner loop of the CSV reader inlines. */
#ifndef BASE_NUMBER_SCAN_H
#define BASE_NUMBER_SCAN_H

#include <stdint.h>
#include <string.h>

/* 10^0 .. 10^22, which are exact, and the same negated. */
extern const double number_tens[2][23];

/* number_scan for all that the inlined part leaves. */
const char *number_scan_rest(const char *p, const char *end, double *value);

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

/* For characters ^ '0' in the bytes: the high bit of every byte that is no digit; exact up to and including
 * the first such byte. */
static inline uint64_t number_stops(uint64_t digits)
{
    return ((digits + 0x7676767676767676) | digits) & 0x8080808080808080;
}

/* The value of eight digits, the first in the lowest byte, by pairs, fours and eights. */
static inline uint64_t number_eight(uint64_t digits)
{
    digits = digits * (10 * 256 + 1) >> 8;
    digits = (digits & 0x00ff00ff00ff00ff) * (100 * 65536 + 1) >> 16;
    return (digits & 0x0000ffff0000ffff) * ((UINT64_C(10000) << 32) + 1) >> 32;
}

/* Read a plain decimal at P: an optional sign, digits with an optional point, an optional exponent.  Returns
 * the first byte behind it, or NULL when there is none or it is too large for a double: number_read then
 * tells what the cell is.  No byte at END or behind it is taken for a part of the number, but 16 bytes behind
 * END must be readable, because eight are loaded at a time.
 *
 * Inlined is the commonest shape, an optional minus, one digit, a point and up to six digits: the point is
 * dropped and the digits are converted as one word, pushed up so that zeros stand before them; then Clinger's
 * fast path.  The time goes into the way from P to the next cell's P, so that is kept short: where the digits
 * end is found without the first one, from two words loaded before the sign is known. */
static inline const char *number_scan(const char *p, const char *end, double *value)
{
    const char *first = p + (*p == '-');
    uint64_t if_plain = number_load(p + 1), if_minus = number_load(p + 2);
    uint64_t digits = (*p == '-' ? if_minus : if_plain) ^ 0x3030303030303030;
    uint64_t stops = number_stops(digits) & ~UINT64_C(0xff);
    uint64_t lead = (unsigned char)*first ^ (uint64_t)'0';
    if (__builtin_expect(lead > 9 || first[1] != '.' || stops == 0, 0))
        return number_scan_rest(p, end, value);
    unsigned stop = (unsigned)__builtin_ctzll(stops); /* 8 * number of digits + 7 */
    const char *behind = first + 1 + (stop >> 3);
    /* Only a letter can be an exponent. */
    if (__builtin_expect((unsigned char)*behind > '@' || behind > end, 0))
        return number_scan_rest(p, end, value);
    digits = (digits & ~UINT64_C(0xff)) | lead;
    uint64_t w = number_eight(digits << (71 - stop));
    *value = (double)(int64_t)w / number_tens[*p == '-'][(stop >> 3) - 1];
    return behind;
}

#endif
