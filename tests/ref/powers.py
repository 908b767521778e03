#!/usr/bin/python3
"""Prints lib/base/powers.c: the powers of ten that number parsing and printing multiply by.

    tests/ref/powers.py >lib/base/powers.c

Entry k is the 128-bit integer g with 2^127 <= g < 2^128 and g - 1 < 10^k * 2^-e <= g, where
e = floor(log2(10^k)) - 127; exact integer arithmetic throughout.  The range is what Eisel-Lemire parsing
(-342..308) and Schubfach printing (-292..324) need together.
"""

FIRST, LAST = -342, 324


def power(k):
    if k >= 0:
        n = 10**k
        e = n.bit_length() - 128
        return n << -e if e <= 0 else -(-n >> e)
    n = 10**-k
    # 2^(bits-1) < n < 2^bits, so floor(log2(1/n)) = -bits and 1/n * 2^(bits+127) is the scaled value.
    return -(-(1 << n.bit_length() + 127) // n)


print("""/* Written by tests/ref/powers.py: do not edit. */
#include "base/decimal.h"

/* clang-format off */
const decimal_power decimal_powers[DECIMAL_LAST_POWER - DECIMAL_FIRST_POWER + 1] = {""")
for k in range(FIRST, LAST + 1):
    g = power(k)
    assert 1 << 127 <= g < 1 << 128 and g & (1 << 64) - 1 < (1 << 64) - 1
    print(f"    {{0x{g >> 64:016x}, 0x{g & (1 << 64) - 1:016x}}}, /* {k} */")
print("};")
