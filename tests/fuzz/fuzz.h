/* fuzz.h: what the fuzz targets share.  A target is tests/fuzz/fuzz_NAME.c; its seeds are in corpus/NAME/. */
#ifndef FUZZ_H
#define FUZZ_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* What must hold; a failure is a crash that the fuzzer reports with its input. */
#define MUST(condition)                                                                                      \
    do {                                                                                                     \
        if (!(condition)) {                                                                                  \
            fprintf(stderr, "%s:%d: not true: %s\n", __FILE__, __LINE__, #condition);                        \
            abort();                                                                                         \
        }                                                                                                    \
    } while (0)

/* The bytes as a file that can be opened by the name in PATH; close the descriptor that is returned. */
static inline int fuzz_file(const uint8_t *data, size_t size, char path[40])
{
    int fd = memfd_create("fuzz", 0);
    MUST(fd >= 0);
    for (size_t done = 0; done < size;) {
        ssize_t n = write(fd, data + done, size - done);
        MUST(n > 0);
        done += (size_t)n;
    }
    snprintf(path, 40, "/proc/self/fd/%d", fd);
    return fd;
}

#endif
