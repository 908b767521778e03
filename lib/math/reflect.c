#include "math/reflect.h"

#include <math.h>
#include <string.h>

#include "base/clones.h"
#include "math/reflect_group.h"

enum {
    PANEL = 32, /* columns that are factored before the others are touched */
    SMALL = 96, /* up to so many columns a block stays in the first cache: one panel */
};

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
        double *vk = v + k * stored, tau = reflector(r, stride, k, vk, length, lower);
        for (size_t c = k + 1; c < GROUP; c++)
            reflect_column(r, stride, k, c, vk, v + c * stored, length, lower, tau);
        extend_factor(v, stored, length, k, tau, t);
    }
}

/* While R has fewer rows than columns the next rows of the block become rows of R: those that the group at
 * column J needs, COUNT columns of them. */
ALWAYS_INLINE void take_rows(const fold *f, size_t j, size_t c, size_t count)
{
    for (size_t i = taken(f, j); i < taken(f, j + GROUP); i++)
        memcpy(f->r + (f->filled + i) * f->stride + c, place(f, i, c), count * sizeof(double));
}

/* Apply the group at column J to the tile at column C. */
ALWAYS_INLINE void update_tile(const fold *f, size_t j, size_t c, const double *v, const double *t)
{
    group_tile(f->r + j * f->stride + c, f->stride, place(f, taken(f, j + GROUP), c), v, f->stored,
               reached(f, j), t, false);
}

/* The same for the second half of the group's own tile: the first half is done, and the corner of R there is
 * put aside. */
ALWAYS_INLINE void update_half(const fold *f, size_t j, const double *v, const double *t)
{
    double corner[GROUP][GROUP], *r = f->r + j * f->stride + j;
    for (size_t k = 0; k < GROUP; k++)
        memcpy(corner[k], r + k * f->stride, sizeof corner[k]);
    take_rows(f, j, j + GROUP, GROUP);
    update_tile(f, j, j, v, t);
    for (size_t k = 0; k < GROUP; k++)
        memcpy(r + k * f->stride, corner[k], sizeof corner[k]);
}

/* Factor columns [FIRST, END) and bring those up to LIMIT up to date: FIRST a multiple of 8, END of 4, or of
 * 8 where columns follow it.  V takes the reflectors, T their factors. */
ML_WIDE_CLONES
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
            update_half(f, j, v, t);
            c += GROUP;
        }
        for (; c < limit; c += TILE) {
            take_rows(f, j, c, TILE);
            update_tile(f, j, c, v, t);
        }
    }
}

/* Apply the groups of columns [FIRST, END) to the columns from there to LIMIT, tile by tile: a tile stays in
 * the first cache while all the groups pass. */
ML_WIDE_CLONES
static void update_panel(const fold *f, size_t first, size_t end, size_t limit, const double *v,
                         const double *t)
{
    for (size_t c = end; c < limit; c += TILE)
        for (size_t j = first; j < end; j += GROUP) {
            take_rows(f, j, c, TILE);
            update_tile(f, j, c, v + (j - first) * f->stored, t + (j - first) / GROUP * FACTORS);
        }
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

ML_WIDE_CLONES
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
            group_tile(top + j * stride + c, stride, place(&f, after, c), q->vectors + j * f.stored, f.stored,
                       q->rows - after, q->factors + j / GROUP * FACTORS, true);
            for (size_t i = first; i < after; i++) {
                double *row = top + (q->filled + i) * stride + c;
                memcpy(place(&f, i, c), row, TILE * sizeof *row);
                memset(row, 0, TILE * sizeof *row);
            }
        }
}
