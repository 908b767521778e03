/* memory.h: allocation with its arithmetic checked, and a growing text buffer. */
#ifndef BASE_MEMORY_H
#define BASE_MEMORY_H

#include <stdbool.h>
#include <stddef.h>

/* COUNT elements of SIZE bytes, uninitialized (memory_zeros: zeroed).  NULL when the product overflows or
 * memory is out; a zero count gives a valid pointer.  The caller frees with free(). */
void *memory_array(size_t count, size_t size);
void *memory_zeros(size_t count, size_t size);

/* The same, uninitialized, on the boundary of a cache line; a large array in large pages where the system has
 * them on request, which saves hundreds of page faults a megabyte. */
void *memory_aligned(size_t count, size_t size);

/* realloc with the product checked; on NULL the old array is untouched. */
void *memory_resize(void *array, size_t count, size_t size);

/* Make room for NEED elements of SIZE bytes in *ARRAY, whose capacity is *CAPACITY; grows by half so that
 * appending is linear.  False when memory is out; *ARRAY is then untouched. */
bool memory_grow(void *array, size_t *capacity, size_t need, size_t size);

/* Text that grows.  All zero is the empty buffer.  After a failed append `failed` stays set, so that a
 * chain of appends is checked once at its end. */
typedef struct buffer {
    char *data; /* not terminated by NUL, except after buffer_text */
    size_t size, capacity;
    bool failed;
} buffer;

/* Room for MORE bytes after the end: the place to write them, or NULL. */
char *buffer_reserve(buffer *b, size_t more);
void buffer_append(buffer *b, const char *text, size_t length);
void buffer_string(buffer *b, const char *text);
void buffer_char(buffer *b, char c);
void buffer_printf(buffer *b, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* The text with a NUL after it (not counted in size); "" when memory is out. */
const char *buffer_text(buffer *b);
/* The text, for the caller to free(), and the buffer emptied; NULL when memory is out. */
char *buffer_take(buffer *b);
void buffer_free(buffer *b);

#endif
