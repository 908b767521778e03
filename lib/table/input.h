/* input.h: the bytes of a file or pipe, taken in stretches and surveyed for line ends. */
#ifndef TABLE_INPUT_H
#define TABLE_INPUT_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "base/status.h"

enum { INPUT_PADDING = 64 }; /* zero bytes that can be read behind the data */

/* What a piece of a stretch holds, for both cases: its first byte is outside (0) or inside (1) a quoted
 * cell.  Offsets count from the start of the stretch. */
typedef struct survey {
    size_t ends[2];           /* how many line ends are outside quotes */
    size_t first[2], last[2]; /* the first and the last of them; SIZE_MAX: none */
    bool flips;               /* the number of quotes is odd */
} survey;

typedef struct input {
    const char *name; /* for messages: the path, or "stdin" */
    int fd;
    bool owned, regular, ended;
    bool waits;         /* fill whole stretches from a pipe, rather than hand on what has come */
    off_t offset, size; /* of the next byte, and in all, of a regular file */
    char *bytes;
    size_t begin, end, capacity; /* bytes[begin..end) wait to be parsed */
    survey *pieces;              /* of the last input_fill: piece i begins at i * piece */
    size_t piece_count, piece_capacity;
    size_t stretch, piece;
    int jobs;
} input;

/* PATH "-" or NULL is standard input. */
ml_status input_open(input *in, const char *path, int jobs, ml_message *why);

/* Move the waiting bytes to the front, read until there are TOTAL of them, or what has come, or the input
 * ends, and survey them.  At the end of the input a missing last newline is added. */
ml_status input_fill(input *in, size_t total, ml_message *why);

/* The share (0..1) of the input that has been read; negative where its size is not known. */
double input_share(const input *in);

void input_close(input *in);

/* Newlines in SIZE bytes. */
size_t input_newlines(const char *bytes, size_t size);

#endif
