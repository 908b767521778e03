#include "tool/flint/memory.h"

#include <flint/flint.h>
#include <gmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/status.h"

static const char *guarded = "";

/* Nothing of what stands in buffers of standard output is printed. */
static __attribute__((noreturn)) void give_up(void)
{
    fprintf(stderr, "%s: out of memory in exact arithmetic: the numbers became too long\n", guarded);
    _exit(ML_FAIL);
}

static void *allocate(size_t size)
{
    void *block = malloc(size);
    if (block == NULL && size > 0)
        give_up();
    return block;
}

static void *allocate_zeros(size_t count, size_t size)
{
    void *block = calloc(count, size);
    if (block == NULL && count > 0 && size > 0)
        give_up();
    return block;
}

static void *reallocate(void *block, size_t size)
{
    block = realloc(block, size);
    if (block == NULL && size > 0)
        give_up();
    return block;
}

static void *reallocate_gmp(void *block, size_t before, size_t size)
{
    (void)before;
    return reallocate(block, size);
}

static void release_gmp(void *block, size_t size)
{
    (void)size;
    free(block);
}

void flint_guard_memory(const char *program)
{
    guarded = program;
    flint_set_abort(give_up);
    __flint_set_memory_functions(allocate, allocate_zeros, reallocate, free);
    mp_set_memory_functions(allocate, reallocate_gmp, release_gmp);
}
