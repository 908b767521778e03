#include "tool/fingerprint.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/random.h"

uint64_t fingerprint_reals(uint64_t hash, const double *x, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        uint64_t bits;
        memcpy(&bits, &x[i], sizeof bits);
        hash = random_mix(hash + bits);
    }
    return hash;
}

/* The NUL behind each name tells "ab", "c" from "a", "bc". */
uint64_t fingerprint_names(uint64_t hash, char *const *names, size_t count)
{
    for (size_t j = 0; j < count; j++)
        for (const char *p = names[j];; p++) {
            hash = random_mix(hash + (unsigned char)*p);
            if (*p == '\0')
                break;
        }
    return hash;
}

void fingerprint_print(uint64_t hash, char text[17])
{
    snprintf(text, 17, "%016" PRIx64, hash);
}
