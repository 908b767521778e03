#include "math/reflect.h"

#include <math.h>
#include <string.h>

#include "base/clones.h"

/* Vectors of four doubles; where the processor has shorter ones the compiler splits them, with the same
 * results. */
typedef double vec __attribute__((vector_size(32), aligned(8), may_alias));

enum {
    TILE = REFLECT_TILE,
    FACTORS = 32, /* doubles of a group's T and L */
    GROUP = 4,    /* reflectors that are applied together */
    PANEL = 32,   /* columns that are factored before the others are touched */
    SMALL = 96,   /* up to so many columns a block stays in the first cache: one panel */
};

#define ALWAYS_INLINE __attribute__((always_inline)) static inline

size_t reflect_rows(size_t columns)
{
    return (columns + GROUP - 1) / GROUP * GROUP;
}

size_t reflect_stride(size_t columns)
{
    return (columns + TILE - 1) / TILE * TILE;
}

size_t reflect_stored(size_t rows)
{
    return (rows + 7) / 8 * 8;
}

size_t reflect_vectors_size(size_t columns, size_t rows)
{
    return reflect_rows(columns) * reflect_stored(rows);
}

size_t reflect_factors_size(size_t columns)
{
    return reflect_rows(columns) / GROUP * FACTORS;
}

size_t reflect_scratch_size(size_t rows)
{
    return SMALL * reflect_stored(rows) + SMALL / GROUP * FACTORS;
}

/* A fold under way. */
typedef struct fold {
    double *r, *block;
    size_t stride, height, rows, columns, filled, stored;
    bool stairs;
} fold;

/* How many rows of the block have become rows of R when the columns before END are done. */
ALWAYS_INLINE size_t taken(const fold *f, size_t end)
{
    end = end < f->columns ? end : f->columns;
    size_t count = end > f->filled ? end - f->filled : 0;
    return count < f->rows ? count : f->rows;
}

/* The rows that the group at column J reaches, counted behind those that were taken. */
ALWAYS_INLINE size_t reached(const fold *f, size_t j)
{
    size_t rows = f->stairs && j + GROUP + 1 < f->rows ? j + GROUP + 1 : f->rows;
    return rows - taken(f, j + GROUP);
}

/* The place of column C in row I of the block. */
ALWAYS_INLINE double *place(const fold *f, size_t i, size_t c)
{
    return f->block + (c / TILE * f->height + i) * TILE + c % TILE;
}

ALWAYS_INLINE double dot(const double *x, const double *y, size_t n)
{
    vec a = {0}, b = {0};
    for (size_t i = 0; i < n; i += 8) {
        a += *(const vec *)(x + i) * *(const vec *)(y + i);
        b += *(const vec *)(x + i + 4) * *(const vec *)(y + i + 4);
    }
    a += b;
    return (a[0] + a[1]) + (a[2] + a[3]);
}

/* Make reflection K of a group: column K of its corner of R and V become R's entry and the reflector, the
 * latter's part in R in L (4 x 4, unit lower triangular).  Its scale is returned. */
ALWAYS_INLINE double reflector(double *r, size_t stride, size_t k, double *v, size_t n, double *l)
{
    double square = dot(v, v, n), alpha = r[k * stride + k];
    for (size_t q = k + 1; q < GROUP; q++)
        square += r[q * stride + k] * r[q * stride + k];
    double beta = -copysign(sqrt(alpha * alpha + square), alpha),
           factor = square == 0 ? 0 : 1 / (alpha - beta);
    for (size_t i = 0; i < n; i++)
        v[i] *= factor;
    l[k * GROUP + k] = 1;
    for (size_t q = k + 1; q < GROUP; q++) {
        l[q * GROUP + k] = r[q * stride + k] * factor;
        r[q * stride + k] = 0;
    }
    if (square == 0)
        return 0;
    r[k * stride + k] = beta;
    return (beta - alpha) / beta;
}

/* Apply reflection K of a group to its column C, X being that column's part in the block. */
ALWAYS_INLINE void reflect_column(double *r, size_t stride, size_t k, size_t c, const double *v, double *x,
                                  size_t n, const double *l, double tau)
{
    double w = dot(v, x, n);
    for (size_t q = k; q < GROUP; q++)
        w += l[q * GROUP + k] * r[q * stride + c];
    w *= tau;
    for (size_t q = k; q < GROUP; q++)
        r[q * stride + c] -= l[q * GROUP + k] * w;
    for (size_t i = 0; i < n; i++)
        x[i] -= w * v[i];
}

/* The four columns of a group, factored: R's 4 x 4 corner is updated, V (four reflectors, STORED apart, of
 * which LENGTH may be non-zero), their T (upper triangular, by dlarft's recurrence) and L are made. */
ALWAYS_INLINE void factor_group(double *r, size_t stride, double *v, size_t stored, size_t length, double *t)
{
    double *lower = t + GROUP * GROUP;
    memset(t, 0, FACTORS * sizeof *t);
    for (size_t k = 0; k < GROUP; k++) {
        double *vk = v + k * stored, tau = reflector(r, stride, k, vk, length, lower), g[GROUP];
        for (size_t c = k + 1; c < GROUP; c++)
            reflect_column(r, stride, k, c, vk, v + c * stored, length, lower, tau);
        for (size_t l = 0; l < k; l++) {
            g[l] = dot(v + l * stored, vk, length);
            for (size_t q = k; q < GROUP; q++)
                g[l] += lower[q * GROUP + l] * lower[q * GROUP + k];
        }
        for (size_t l = 0; l < k; l++) {
            double s = 0;
            for (size_t j = l; j < k; j++)
                s += t[l * GROUP + j] * g[j];
            t[l * GROUP + k] = -tau * s;
        }
        t[k * GROUP + k] = tau;
    }
}

/* [R; A] -= V T' V' [R; A], or with T (FORWARD), for 4 * WIDTH columns of a tile.  The compiler keeps W in
 * registers. */
ALWAYS_INLINE void group_chunk(double *r, size_t stride, double *a, const double *v, size_t stored,
                               size_t rows, const double *t, bool forward, int width)
{
    const double *lower = t + GROUP * GROUP;
    vec w[GROUP][2];
    for (size_t k = 0; k < GROUP; k++)
        for (int c = 0; c < width; c++) {
            w[k][c] = *(vec *)(r + k * stride + 4 * c);
            for (size_t q = k + 1; q < GROUP; q++)
                w[k][c] += lower[q * GROUP + k] * *(vec *)(r + q * stride + 4 * c);
        }
    for (size_t i = 0; i < rows; i++)
        for (size_t k = 0; k < GROUP; k++)
            for (int c = 0; c < width; c++)
                w[k][c] += v[k * stored + i] * *(vec *)(a + i * TILE + 4 * c);
    for (size_t n = 0; n < GROUP; n++)
        for (int c = 0; c < width; c++) {
            size_t k = forward ? n : GROUP - 1 - n; /* the order that lets W be overwritten */
            vec s = t[k * GROUP + k] * w[k][c];
            for (size_t l = forward ? k + 1 : 0; l < (forward ? GROUP : k); l++)
                s += (forward ? t[k * GROUP + l] : t[l * GROUP + k]) * w[l][c];
            w[k][c] = s;
        }
    for (size_t q = 0; q < GROUP; q++)
        for (int c = 0; c < width; c++) {
            vec x = *(vec *)(r + q * stride + 4 * c) - w[q][c];
            for (size_t k = 0; k < q; k++)
                x -= lower[q * GROUP + k] * w[k][c];
            *(vec *)(r + q * stride + 4 * c) = x;
        }
    for (size_t i = 0; i < rows; i++)
        for (int c = 0; c < width; c++) {
            vec x = *(vec *)(a + i * TILE + 4 * c);
            for (size_t k = 0; k < GROUP; k++)
                x -= v[k * stored + i] * w[k][c];
            *(vec *)(a + i * TILE + 4 * c) = x;
        }
}

/* While R has fewer rows than columns the next rows of the block become rows of R: those that the group at
 * column J needs, COUNT columns of them. */
ALWAYS_INLINE void take_rows(const fold *f, size_t j, size_t c, size_t count)
{
    for (size_t i = taken(f, j); i < taken(f, j + GROUP); i++)
        memcpy(f->r + (f->filled + i) * f->stride + c, place(f, i, c), count * sizeof(double));
}

ALWAYS_INLINE void update_chunk(const fold *f, size_t j, size_t c, const double *v, const double *t,
                                int width)
{
    take_rows(f, j, c, 4 * (size_t)width);
    group_chunk(f->r + j * f->stride + c, f->stride, place(f, taken(f, j + GROUP), c), v, f->stored,
                reached(f, j), t, false, width);
}

/* Factor columns [FIRST, END) and bring those up to LIMIT up to date: FIRST a multiple of 8, END of 4, or of
 * 8 where columns follow it.  V takes the reflectors, T their factors. */
ML_CLONES
static void factor_panel(const fold *f, size_t first, size_t end, size_t limit, double *v, double *t)
{
    for (size_t j = first; j < end; j += GROUP, v += GROUP * f->stored, t += FACTORS) {
        size_t used = reached(f, j), c = j + GROUP;
        take_rows(f, j, j, GROUP);
        for (size_t k = 0; k < GROUP; k++) {
            const double *from = place(f, taken(f, c), j + k);
            for (size_t i = 0; i < used; i++)
                v[k * f->stored + i] = from[i * TILE];
            memset(v + k * f->stored + used, 0, (f->stored - used) * sizeof *v);
        }
        factor_group(f->r + j * f->stride + j, f->stride, v, f->stored, reflect_stored(used), t);
        if (c % TILE != 0 && c < limit) {
            update_chunk(f, j, c, v, t, 1);
            c += 4;
        }
        for (; c < limit; c += TILE)
            update_chunk(f, j, c, v, t, 2);
    }
}

/* Apply the groups of columns [FIRST, END) to the columns from there to LIMIT, tile by tile: a tile stays in
 * the first cache while all the groups pass. */
ML_CLONES
static void update_panel(const fold *f, size_t first, size_t end, size_t limit, const double *v,
                         const double *t)
{
    for (size_t c = end; c < limit; c += TILE)
        for (size_t j = first; j < end; j += GROUP)
            update_chunk(f, j, c, v + (j - first) * f->stored, t + (j - first) / GROUP * FACTORS, 2);
}

size_t reflect_fold(double *r, size_t filled, double *block, size_t height, size_t rows, size_t columns,
                    bool stairs, reflectors *kept, double *scratch)
{
    size_t all = reflect_rows(columns), panel = all <= SMALL ? all : PANEL;
    fold f = {.r = r,
              .block = block,
              .stride = reflect_stride(columns),
              .height = height,
              .rows = rows,
              .columns = columns,
              .filled = filled,
              .stored = reflect_stored(rows),
              .stairs = stairs && filled == columns};
    for (size_t first = 0; first < all; first += panel) {
        size_t end = first + panel < all ? first + panel : all;
        double *v = kept != NULL ? kept->vectors + first * f.stored : scratch;
        double *t = kept != NULL ? kept->factors + first / GROUP * FACTORS : scratch + SMALL * f.stored;
        factor_panel(&f, first, end, end < all ? end : f.stride, v, t);
        update_panel(&f, first, end, all, v, t);
    }
    if (kept != NULL)
        kept->filled = filled;
    return filled + taken(&f, columns);
}

ML_CLONES
void reflect_apply(const reflectors *q, double *top, size_t stride, double *block, size_t height, size_t k)
{
    fold f = {.r = top,
              .block = block,
              .stride = stride,
              .height = height,
              .rows = q->rows,
              .columns = q->columns,
              .filled = q->filled,
              .stored = reflect_stored(q->rows)};
    for (size_t c = 0; c < k; c += TILE)
        for (size_t j = reflect_rows(q->columns); j > 0;) {
            j -= GROUP;
            size_t first = taken(&f, j), after = taken(&f, j + GROUP);
            group_chunk(top + j * stride + c, stride, place(&f, after, c), q->vectors + j * f.stored,
                        f.stored, q->rows - after, q->factors + j / GROUP * FACTORS, true, 2);
            for (size_t i = first; i < after; i++) {
                double *row = top + (q->filled + i) * stride + c;
                memcpy(place(&f, i, c), row, TILE * sizeof *row);
                memset(row, 0, TILE * sizeof *row);
            }
        }
}
