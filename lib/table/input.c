#include "table/input.h"

#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <poll.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clones.h"
#include "base/memory.h"
#include "base/parallel.h"

/* A piece is to stay in the second-level cache between reading and counting, a stretch in the third-level
 * cache between counting and parsing.  Stretches of 1 to 8 MiB with pieces of 128 or 256 KiB could not be
 * told apart by the clock. */
enum { STRETCH = 4 << 20, PIECE = 128 << 10 };

/* How long to wait for more of a pipe before the rows that have come are handed on. */
enum { PATIENCE_MS = 1 };

ml_status input_open(input *in, const char *path, int jobs, ml_message *why)
{
    struct stat about;
    *in = (input){.fd = STDIN_FILENO, .stretch = STRETCH, .piece = PIECE, .jobs = jobs};
    in->owned = path != NULL && strcmp(path, "-") != 0;
    in->name = in->owned ? path : "stdin";
    if (in->owned && (in->fd = open(path, O_RDONLY | O_CLOEXEC)) < 0) {
        in->owned = false;
        return ml_fail(why, "%s: %s", path, strerror(errno));
    }
    if (fstat(in->fd, &about) != 0)
        return ml_fail(why, "%s: %s", in->name, strerror(errno));
    if (S_ISDIR(about.st_mode))
        return ml_fail(why, "%s: %s", in->name, strerror(EISDIR));
    in->regular = S_ISREG(about.st_mode);
    in->size = about.st_size;
    if (in->regular && (in->offset = lseek(in->fd, 0, SEEK_CUR)) < 0)
        in->regular = false;
    return ML_OK;
}

double input_share(const input *in)
{
    return in->regular && in->size > 0 ? fmin((double)in->offset / (double)in->size, 1) : -1;
}

void input_close(input *in)
{
    if (in->owned)
        close(in->fd);
    free(in->bytes);
    free(in->pieces);
}

/* Bytes are counted 255 at a time, so that the sums stay in bytes and the compiler's vectors are full. */
ML_CLONES size_t input_newlines(const char *bytes, size_t size)
{
    size_t count = 0;
    while (size >= 4096) {
        uint8_t sums[64] = {0};
        for (int block = 0; block < 64; block++)
            for (int i = 0; i < 64; i++)
                sums[i] += bytes[64 * block + i] == '\n';
        for (int i = 0; i < 64; i++)
            count += sums[i];
        bytes += 4096;
        size -= 4096;
    }
    for (size_t i = 0; i < size; i++)
        count += bytes[i] == '\n';
    return count;
}

/* With quotes about, byte by byte: line ends go to the case, outside or inside, that they would count in. */
static void survey_quoted(survey *s, const char *bytes, size_t from, size_t size)
{
    unsigned inside = 0;
    for (size_t i = 0; i < size; i++) {
        inside ^= bytes[i] == '"';
        if (bytes[i] != '\n')
            continue;
        if (s->ends[inside]++ == 0)
            s->first[inside] = from + i;
        s->last[inside] = from + i;
    }
    s->flips = inside;
}

static void survey_piece(survey *s, const char *bytes, size_t from, size_t size)
{
    *s = (survey){.first = {SIZE_MAX, SIZE_MAX}, .last = {SIZE_MAX, SIZE_MAX}};
    const char *first = memchr(bytes, '\n', size);
    if (memchr(bytes, '"', size) != NULL) {
        survey_quoted(s, bytes, from, size);
    } else if (first != NULL) {
        s->ends[0] = input_newlines(bytes, size);
        s->first[0] = from + (size_t)(first - bytes);
        s->last[0] = from + (size_t)((const char *)memrchr(bytes, '\n', size) - bytes);
    }
}

typedef struct filling {
    input *in;
    size_t have, total; /* bytes that were there, and that there shall be */
    size_t *got;        /* where each piece ends that was read */
    int *errors;
} filling;

/* Read what is missing of bytes [from, to) of a regular file; returns where the data end. */
static size_t read_at(const filling *f, size_t from, size_t to, int *error)
{
    const input *in = f->in;
    while (from < to) {
        ssize_t n = pread(in->fd, in->bytes + from, to - from, in->offset + (off_t)(from - f->have));
        if (n == 0)
            break;
        if (n > 0)
            from += (size_t)n;
        else if (errno != EINTR) {
            *error = errno;
            break;
        }
    }
    return from;
}

/* Read and survey piece I while it is in the cache. */
static void fill_piece(size_t i, int worker, void *context)
{
    (void)worker;
    filling *f = context;
    input *in = f->in;
    size_t from = i * in->piece, to = from + in->piece < f->total ? from + in->piece : f->total;
    size_t missing = from > f->have ? from : f->have;
    f->errors[i] = 0;
    f->got[i] = missing < to ? read_at(f, missing, to, &f->errors[i]) : to;
    survey_piece(&in->pieces[i], in->bytes + from, from, f->got[i] > from ? f->got[i] - from : 0);
}

/* One read() that waits no longer than PATIENCE; 0: nothing came in that time, or the end. */
static ssize_t read_patiently(input *in, size_t room, bool wait, int *error)
{
    while (true) {
        struct pollfd ready = {.fd = in->fd, .events = POLLIN};
        if (!wait && poll(&ready, 1, PATIENCE_MS) == 0)
            return 0;
        ssize_t n = read(in->fd, in->bytes + in->end, room);
        if (n > 0)
            return n;
        if (n == 0) {
            in->ended = true;
            return 0;
        }
        if (errno == EAGAIN)
            poll(&ready, 1, -1);
        else if (errno != EINTR) {
            *error = errno;
            return 0;
        }
    }
}

static void read_pipe(input *in, size_t total, int *error)
{
    bool wait = true;
    while (in->end < total) {
        ssize_t n = read_patiently(in, total - in->end, wait, error);
        if (n == 0)
            break;
        in->end += (size_t)n;
        wait = in->waits;
    }
}

/* Make room, and move what waits to the front. */
static ml_status prepare(input *in, size_t total, ml_message *why)
{
    size_t waiting = in->end - in->begin, need;
    if (in->begin > 0)
        memmove(in->bytes, in->bytes + in->begin, waiting);
    in->begin = 0;
    in->end = waiting;
    if (__builtin_add_overflow(total, INPUT_PADDING + 1, &need) ||
        !memory_grow(&in->bytes, &in->capacity, need, 1) ||
        !memory_grow(&in->pieces, &in->piece_capacity, total / in->piece + 1, sizeof *in->pieces))
        return ml_fail_memory(why, "the input", total);
    return ML_OK;
}

/* The first piece that is not full is the end of the file, whatever later ones found. */
static void accept_pieces(filling *f, int *error)
{
    input *in = f->in;
    size_t have = in->end;
    for (size_t i = 0; i < in->piece_count; i++) {
        size_t to = (i + 1) * in->piece < f->total ? (i + 1) * in->piece : f->total;
        if (f->got[i] > in->end)
            in->end = f->got[i];
        if (f->got[i] == to)
            continue;
        *error = f->errors[i];
        in->ended = true;
        in->piece_count = i + 1;
    }
    in->offset += (off_t)(in->end - have);
}

static void close_last_line(input *in)
{
    if (in->end == 0 || in->bytes[in->end - 1] == '\n')
        return;
    in->bytes[in->end++] = '\n';
    size_t from = (in->end - 1) / in->piece * in->piece;
    in->piece_count = from / in->piece + 1;
    survey_piece(&in->pieces[in->piece_count - 1], in->bytes + from, from, in->end - from);
}

/* A regular file that ends before the size that it had when it was opened, and that is smaller now: its last
 * number may be cut in two.  (Files made up by the kernel are shorter than they say, but stay so.) */
static ml_status check_size(const input *in, ml_message *why)
{
    struct stat about;
    if (!in->regular || in->offset >= in->size || fstat(in->fd, &about) != 0 || about.st_size >= in->size)
        return ML_OK;
    return ml_fail(why, "%s: it shrank from %lld to %lld bytes while it was read", in->name,
                   (long long)in->size, (long long)about.st_size);
}

ml_status input_fill(input *in, size_t total, ml_message *why)
{
    int error = 0;
    size_t waiting = in->end - in->begin;
    if (total < waiting || in->ended)
        total = waiting;
    ml_status status = prepare(in, total, why);
    if (status != ML_OK)
        return status;
    bool was_ended = in->ended;
    if (!in->regular && !was_ended) {
        read_pipe(in, total, &error);
        total = in->end;
    }
    in->piece_count = (total + in->piece - 1) / in->piece;
    filling f = {.in = in, .have = in->end, .total = total};
    f.got = memory_array(in->piece_count, sizeof *f.got);
    f.errors = memory_array(in->piece_count, sizeof *f.errors);
    if (f.got == NULL || f.errors == NULL)
        status = ml_fail_memory(why, "the input", in->piece_count * sizeof *f.got);
    if (status == ML_OK) {
        parallel_for(in->piece_count, in->jobs, fill_piece, &f);
        accept_pieces(&f, &error);
        if (in->ended && !was_ended) {
            status = check_size(in, why);
            close_last_line(in);
        }
        memset(in->bytes + in->end, 0, INPUT_PADDING);
    }
    free(f.got);
    free(f.errors);
    return error != 0 ? ml_fail(why, "%s: %s", in->name, strerror(error)) : status;
}
