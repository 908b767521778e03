/* fault.c: calls that fail when a test says so.
 *
 * `make faults` links each tool anew from copies of our own objects in which malloc, read, write and the like
 * (the list is in `symbols`) are renamed to the functions here; GSL, BLAS and libc keep the real ones.
 *
 *   FAULT=GROUP:N     the N-th call of the group fails, counted from 1; N+ : that one and all after it
 *   FAULT_COUNT=FILE  write the number of calls of each group to FILE at exit
 *
 * Groups: memory, thread, read, write, file. */
#include <errno.h>
#include <fcntl.h>
#include <gsl/gsl_matrix.h>
#include <gsl/gsl_rng.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { MEMORY, THREAD, READ, WRITE, FILES, GROUPS };
static const char *const groups[GROUPS] = {"memory", "thread", "read", "write", "file"};
static atomic_long calls[GROUPS];
static int fault_group = -1;
static long fault_at;
static bool fault_stays;

static void __attribute__((constructor)) fault_plan(void)
{
    const char *plan = getenv("FAULT");
    const char *colon = plan ? strchr(plan, ':') : NULL;
    if (colon == NULL)
        return;
    for (int g = 0; g < GROUPS; g++)
        if (strncmp(groups[g], plan, (size_t)(colon - plan)) == 0)
            fault_group = g;
    char *end;
    fault_at = strtol(colon + 1, &end, 10);
    fault_stays = *end == '+';
}

static void __attribute__((destructor)) fault_report(void)
{
    const char *path = getenv("FAULT_COUNT");
    FILE *f = path ? fopen(path, "w") : NULL;
    for (int g = 0; f != NULL && g < GROUPS; g++)
        fprintf(f, "%s %ld\n", groups[g], atomic_load(&calls[g]));
    if (f != NULL)
        fclose(f);
}

static bool fails(int group, int error)
{
    long call = atomic_fetch_add(&calls[group], 1) + 1;
    if (group != fault_group || (call != fault_at && !(fault_stays && call > fault_at)))
        return false;
    errno = error;
    return true;
}

#define MEMORY_CALL(type, name, parameters, arguments)                                                       \
    type fault_##name parameters;                                                                            \
    type fault_##name parameters                                                                             \
    {                                                                                                        \
        return fails(MEMORY, ENOMEM) ? NULL : name arguments;                                                \
    }

MEMORY_CALL(void *, malloc, (size_t size), (size))
MEMORY_CALL(void *, calloc, (size_t count, size_t size), (count, size))
MEMORY_CALL(void *, realloc, (void *old, size_t size), (old, size))
MEMORY_CALL(void *, aligned_alloc, (size_t alignment, size_t size), (alignment, size))
MEMORY_CALL(char *, strdup, (const char *text), (text))
MEMORY_CALL(char *, strndup, (const char *text, size_t length), (text, length))
MEMORY_CALL(gsl_matrix *, gsl_matrix_alloc, (size_t rows, size_t columns), (rows, columns))
MEMORY_CALL(gsl_matrix *, gsl_matrix_calloc, (size_t rows, size_t columns), (rows, columns))
MEMORY_CALL(gsl_vector *, gsl_vector_alloc, (size_t size), (size))
MEMORY_CALL(gsl_vector *, gsl_vector_calloc, (size_t size), (size))
MEMORY_CALL(gsl_rng *, gsl_rng_alloc, (const gsl_rng_type *type), (type))

#define INT_CALL(type, name, group, error, parameters, arguments)                                            \
    type fault_##name parameters;                                                                            \
    type fault_##name parameters                                                                             \
    {                                                                                                        \
        return fails(group, error) ? -1 : name arguments;                                                    \
    }

INT_CALL(ssize_t, read, READ, EIO, (int fd, void *into, size_t size), (fd, into, size))
INT_CALL(ssize_t, pread, READ, EIO, (int fd, void *into, size_t size, off_t at), (fd, into, size, at))
INT_CALL(ssize_t, write, WRITE, ENOSPC, (int fd, const void *from, size_t size), (fd, from, size))
INT_CALL(int, fsync, FILES, EIO, (int fd), (fd))
INT_CALL(int, rename, FILES, EACCES, (const char *from, const char *to), (from, to))

int fault_posix_memalign(void **out, size_t alignment, size_t size);
int fault_posix_memalign(void **out, size_t alignment, size_t size)
{
    return fails(MEMORY, ENOMEM) ? ENOMEM : posix_memalign(out, alignment, size);
}

int fault_pthread_create(pthread_t *thread, const pthread_attr_t *how, void *(*body)(void *), void *with);
int fault_pthread_create(pthread_t *thread, const pthread_attr_t *how, void *(*body)(void *), void *with)
{
    return fails(THREAD, EAGAIN) ? EAGAIN : pthread_create(thread, how, body, with);
}

int fault_vasprintf(char **out, const char *format, va_list arguments);
int fault_vasprintf(char **out, const char *format, va_list arguments)
{
    return fails(MEMORY, ENOMEM) ? -1 : vasprintf(out, format, arguments);
}

int fault_open(const char *path, int flags, ...);
int fault_open(const char *path, int flags, ...)
{
    va_list rest;
    va_start(rest, flags);
    mode_t mode = flags & (O_CREAT | O_TMPFILE) ? va_arg(rest, mode_t) : 0;
    va_end(rest);
    return fails(FILES, EMFILE) ? -1 : open(path, flags, mode);
}

/* The descriptor is closed all the same, as after a real error of close. */
int fault_close(int fd);
int fault_close(int fd)
{
    int status = close(fd);
    return fails(FILES, EIO) ? -1 : status;
}
