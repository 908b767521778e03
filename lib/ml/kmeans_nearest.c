/* The inner loop of k-means: the nearest centroid of sixteen points at a time. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/clones.h"
#include "base/memory.h"
#include "base/parallel.h"
#include "ml/kmeans_internal.h"

/* Eight doubles and what their comparison gives; the compiler splits them where the processor has shorter
 * vectors. */
typedef double wide __attribute__((vector_size(64), aligned(8), may_alias));
typedef int64_t mask __attribute__((vector_size(64), aligned(8), may_alias));

#define ALWAYS_INLINE __attribute__((always_inline)) static inline

enum { HALVES = KMEANS_TILE / 8 };

/* YES where M is set, else NO. */
#define CHOOSE(type, m, yes, no) ((type)(((mask)(yes) & (m)) | ((mask)(no) & ~(m))))

/* What is known of a tile so far. */
typedef struct leaders {
    wide best[HALVES], second[HALVES];
    mask label[HALVES];
} leaders;

/* Vectors go by address: by value they would change the calling convention where the processor has shorter
 * ones. */
ALWAYS_INLINE void contend(leaders *l, int half, const wide *at, int64_t number)
{
    wide distance = *at;
    mask closer = distance < l->best[half], second = distance < l->second[half];
    wide runner_up = CHOOSE(wide, second, distance, l->second[half]);
    l->second[half] = CHOOSE(wide, closer, l->best[half], runner_up);
    l->best[half] = CHOOSE(wide, closer, distance, l->best[half]);
    l->label[half] = CHOOSE(mask, closer, (mask){0} + number, l->label[half]);
}

/* Squared distances of the tile to TOGETHER centroids, which are side by side so that the additions overlap.
 */
ALWAYS_INLINE void measure(const double *tile, size_t d, const double *c, size_t together, wide *sums)
{
    for (size_t q = 0; q < together * HALVES; q++)
        sums[q] = (wide){0};
    for (size_t j = 0; j < d; j++)
        for (size_t q = 0; q < together; q++)
            for (int half = 0; half < HALVES; half++) {
                wide off = *(const wide *)(tile + j * KMEANS_TILE + half * 8) - c[q * d + j];
                sums[q * HALVES + (size_t)half] += off * off;
            }
}

enum { TOGETHER = 4 };

ML_WIDE_CLONES void kmeans_nearest(const double *tile, size_t d, const double *c, size_t k, double *best,
                                   double *second, int64_t *label)
{
    leaders l;
    for (int half = 0; half < HALVES; half++) {
        l.best[half] = l.second[half] = (wide){0} + INFINITY;
        l.label[half] = (mask){0};
    }
    wide sums[TOGETHER * HALVES];
    size_t q = 0;
    for (; q + TOGETHER <= k; q += TOGETHER) {
        measure(tile, d, c + q * d, TOGETHER, sums);
        for (int p = 0; p < TOGETHER; p++)
            for (int half = 0; half < HALVES; half++)
                contend(&l, half, &sums[p * HALVES + half], (int64_t)q + p);
    }
    for (; q < k; q++) {
        measure(tile, d, c + q * d, 1, sums);
        for (int half = 0; half < HALVES; half++)
            contend(&l, half, &sums[half], (int64_t)q);
    }
    memcpy(best, l.best, sizeof l.best);
    memcpy(second, l.second, sizeof l.second);
    memcpy(label, l.label, sizeof l.label);
}

/* --- screening --- */

typedef float many __attribute__((vector_size(64), aligned(4), may_alias));
typedef int32_t lanes __attribute__((vector_size(64), aligned(4), may_alias));

#define PICK(type, m, yes, no) ((type)(((lanes)(yes) & (m)) | ((lanes)(no) & ~(m))))

typedef struct front {
    many best, second;
    lanes label;
} front;

ALWAYS_INLINE void challenge(front *f, const many *at, int32_t number)
{
    many score = *at;
    lanes closer = score < f->best, second = score < f->second;
    many runner_up = PICK(many, second, score, f->second);
    f->second = PICK(many, closer, f->best, runner_up);
    f->best = PICK(many, closer, score, f->best);
    f->label = PICK(lanes, closer, (lanes){0} + number, f->label);
}

/* |c|^2 / 2 - x c for TOGETHER centroids from Q on. */
ALWAYS_INLINE void score(const float *tile, size_t d, const kmeans_screens *s, size_t q, size_t together,
                         front *f)
{
    many sums[4];
    for (size_t p = 0; p < together; p++)
        sums[p] = (many){0} + s->half[q + p];
    for (size_t j = 0; j < d; j++)
        for (size_t p = 0; p < together; p++)
            sums[p] -= *(const many *)(tile + j * KMEANS_TILE) * s->c[(q + p) * d + j];
    for (size_t p = 0; p < together; p++)
        challenge(f, &sums[p], (int32_t)(q + p));
}

ML_WIDE_CLONES void kmeans_screen(const float *tile, size_t d, const kmeans_screens *s, size_t k, float *gap,
                                  int32_t *label)
{
    front f = {(many){0} + INFINITY, (many){0} + INFINITY, {0}};
    size_t q = 0;
    for (; q + 4 <= k; q += 4)
        score(tile, d, s, q, 4, &f);
    for (; q < k; q++)
        score(tile, d, s, q, 1, &f);
    many norm = {0};
    for (size_t j = 0; j < d; j++)
        norm += *(const many *)(tile + j * KMEANS_TILE) * *(const many *)(tile + j * KMEANS_TILE);
    float reach = (float)s->reach * 1.000001F, unit = (float)(d + 6) * 0x1p-24F;
    for (size_t i = 0; i < KMEANS_TILE; i++) {
        float x = sqrtf(norm[i]) * 1.00001F;
        float error = unit * (x * reach + reach * reach) + 0x1p-40F * x * x;
        float least = f.second[i] - f.best[i] - 2 * error; /* below half the difference of the squares */
        float far = sqrtf(x * x + 2 * f.second[i] + 4 * error);
        gap[i] = least / far * 0.99999F; /* d2 - d1 = (d2^2 - d1^2) / (d2 + d1) and d1 <= d2 */
        label[i] = f.label[i];
    }
}

void kmeans_fill_tile(const kmeans_rows *rows, size_t base, const uint32_t *at, size_t count, double *tile)
{
    for (size_t i = 0; i < KMEANS_TILE; i++) {
        const double *x = rows->x + (base + at[i < count ? i : count - 1]) * rows->d;
        for (size_t j = 0; j < rows->d; j++)
            tile[j * KMEANS_TILE + i] = x[j];
    }
}

/* Rows are converted first, each in one go into the second half of the room, then transposed. */
ML_WIDE_CLONES void kmeans_fill_screen(const kmeans_rows *rows, size_t base, const uint32_t *at, size_t count,
                                       float *tile)
{
    size_t d = rows->d;
    float *straight = tile + d * KMEANS_TILE;
    for (size_t i = 0; i < KMEANS_TILE; i++) {
        const double *x = rows->x + (base + at[i < count ? i : count - 1]) * d;
        for (size_t j = 0; j < d; j++)
            straight[i * d + j] = (float)(x[j] - rows->centre[j]);
    }
    for (size_t j = 0; j < d; j++)
        for (size_t i = 0; i < KMEANS_TILE; i++)
            tile[j * KMEANS_TILE + i] = straight[i * d + j];
}

double kmeans_squared(const kmeans_rows *rows, size_t i, const double *c)
{
    const double *x = rows->x + i * rows->d;
    double sum = 0;
    for (size_t j = 0; j < rows->d; j++) {
        double off = x[j] - c[j];
        sum += off * off;
    }
    return sum;
}

typedef struct nearest_work {
    const kmeans_rows *rows;
    const double *c;
    size_t k;
    uint32_t *labels;
    double *best;
    double *tiles; /* one a worker */
} nearest_work;

static void nearest_piece(size_t index, int worker, void *context)
{
    nearest_work *w = context;
    double *tile = w->tiles + (size_t)worker * w->rows->d * KMEANS_TILE;
    size_t end = (index + 1) * KMEANS_PIECE < w->rows->n ? (index + 1) * KMEANS_PIECE : w->rows->n;
    for (size_t from = index * KMEANS_PIECE; from < end; from += KMEANS_TILE) {
        uint32_t at[KMEANS_TILE];
        size_t count = end - from < KMEANS_TILE ? end - from : KMEANS_TILE;
        double best[KMEANS_TILE], second[KMEANS_TILE];
        int64_t label[KMEANS_TILE];
        for (size_t i = 0; i < count; i++)
            at[i] = (uint32_t)i;
        kmeans_fill_tile(w->rows, from, at, count, tile);
        kmeans_nearest(tile, w->rows->d, w->c, w->k, best, second, label);
        for (size_t i = 0; i < count; i++) {
            if (w->best != NULL)
                w->best[from + i] = best[i];
            if (w->labels != NULL)
                w->labels[from + i] = (uint32_t)label[i];
        }
    }
}

ml_status kmeans_nearest_rows(const kmeans_rows *rows, const double *c, size_t k, uint32_t *labels,
                              double *best, ml_message *why)
{
    nearest_work w = {.rows = rows, .c = c, .k = k, .labels = labels, .best = best};
    size_t tile = rows->d * KMEANS_TILE;
    w.tiles = memory_aligned(tile, (size_t)rows->jobs * sizeof(double));
    if (w.tiles == NULL)
        return ml_fail_memory(why, "k-means", tile * sizeof(double));
    parallel_for((rows->n + KMEANS_PIECE - 1) / KMEANS_PIECE, rows->jobs, nearest_piece, &w);
    free(w.tiles);
    return ML_OK;
}
