#include "base/memory.h"

#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

enum { CACHE_LINE = 64, HUGE_PAGE = 1 << 21 };

void *memory_array(size_t count, size_t size)
{
    size_t bytes;
    if (__builtin_mul_overflow(count, size, &bytes) || bytes > PTRDIFF_MAX)
        return NULL;
    return malloc(bytes ? bytes : 1);
}

void *memory_aligned(size_t count, size_t size)
{
    size_t bytes;
    if (__builtin_mul_overflow(count, size, &bytes) || bytes > PTRDIFF_MAX - HUGE_PAGE)
        return NULL;
    size_t unit = bytes < 2 * HUGE_PAGE ? CACHE_LINE : HUGE_PAGE;
    void *array = aligned_alloc(unit, (bytes + unit) / unit * unit);
#ifdef MADV_HUGEPAGE
    if (array != NULL && unit == HUGE_PAGE)
        madvise(array, bytes, MADV_HUGEPAGE);
#endif
    return array;
}

void *memory_zeros(size_t count, size_t size)
{
    return calloc(count ? count : 1, size ? size : 1);
}

void *memory_resize(void *array, size_t count, size_t size)
{
    size_t bytes;
    if (__builtin_mul_overflow(count, size, &bytes) || bytes > PTRDIFF_MAX)
        return NULL;
    return realloc(array, bytes ? bytes : 1);
}

bool memory_grow(void *array, size_t *capacity, size_t need, size_t size)
{
    if (need <= *capacity)
        return true;
    size_t wanted = *capacity + *capacity / 2;
    if (wanted < need)
        wanted = need < 16 ? 16 : need;
    void **place = array;
    void *grown = memory_resize(*place, wanted, size);
    if (grown == NULL)
        return false;
    *place = grown;
    *capacity = wanted;
    return true;
}

char *buffer_reserve(buffer *b, size_t more)
{
    size_t need;
    if (b->failed || __builtin_add_overflow(b->size, more, &need) ||
        !memory_grow(&b->data, &b->capacity, need ? need : 1, 1)) {
        b->failed = true;
        return NULL;
    }
    return b->data + b->size;
}

void buffer_append(buffer *b, const char *text, size_t length)
{
    char *end = buffer_reserve(b, length);
    if (end == NULL || length == 0)
        return;
    memcpy(end, text, length);
    b->size += length;
}

void buffer_string(buffer *b, const char *text)
{
    buffer_append(b, text, strlen(text));
}

void buffer_char(buffer *b, char c)
{
    buffer_append(b, &c, 1);
}

void buffer_printf(buffer *b, const char *format, ...)
{
    va_list arguments, again;
    va_start(arguments, format);
    va_copy(again, arguments);
    int length = vsnprintf(NULL, 0, format, arguments);
    va_end(arguments);
    char *end = length < 0 ? NULL : buffer_reserve(b, (size_t)length + 1);
    if (end != NULL) {
        vsnprintf(end, (size_t)length + 1, format, again);
        b->size += (size_t)length;
    }
    va_end(again);
}

const char *buffer_text(buffer *b)
{
    char *end = buffer_reserve(b, 1);
    if (end == NULL)
        return "";
    *end = '\0';
    return b->data;
}

char *buffer_take(buffer *b)
{
    buffer_text(b);
    char *text = b->failed ? NULL : b->data;
    if (b->failed)
        free(b->data);
    *b = (buffer){0};
    return text;
}

void buffer_free(buffer *b)
{
    free(b->data);
    *b = (buffer){0};
}
