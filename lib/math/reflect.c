#include "math/reflect.h"

#include <math.h>
#include <string.h>

#include "base/clones.h"

/* Vectors of four doubles; where the processor has shorter ones the compiler splits them, with the same
 * results. */
typedef double vec __attribute__((vector_size(32), aligned(8), may_alias));

enum {
    TILE = REFLECT_TILE,
    GROUP = 4,  /* reflectors that are applied together */
    PANEL = 32, /* columns that are factored before the others are touched */
    SMALL = 96, /* up to so many columns a block stays in the first cache: one panel */
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
    return reflect_rows(columns) * GROUP;
}

size_t reflect_scratch_size(size_t columns, size_t rows)
{
    (void)columns;
    return SMALL * (reflect_stored(rows) + GROUP);
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

/* Make the reflection that sends (ALPHA, V) to (beta, 0); V becomes the reflector, its scale is returned. */
ALWAYS_INLINE double reflector(double *alpha, double *v, size_t n)
{
    double square = dot(v, v, n);
    if (square == 0) {
        memset(v, 0, n * sizeof *v);
        return 0;
    }
    double beta = -copysign(sqrt(*alpha * *alpha + square), *alpha);
    double tau = (beta - *alpha) / beta, factor = 1 / (*alpha - beta);
    for (size_t i = 0; i < n; i++)
        v[i] *= factor;
    *alpha = beta;
    return tau;
}

/* The four columns of a group, factored: R's 4 x 4 corner is updated, V (four reflectors, STORED apart, of
 * which LENGTH may be non-zero) and their T (4 x 4, upper triangular, by dlarft's recurrence) made. */
ALWAYS_INLINE void factor_group(double *r, size_t stride, double *v, size_t stored, size_t length, double *t)
{
    memset(t, 0, GROUP * GROUP * sizeof *t);
    for (size_t k = 0; k < GROUP; k++) {
        double *vk = v + k * stored, tau = reflector(&r[k * stride + k], vk, length), g[GROUP];
        for (size_t l = k + 1; l < GROUP; l++) {
            double *x = v + l * stored, w = tau * (r[k * stride + l] + dot(vk, x, length));
            r[k * stride + l] -= w;
            for (size_t i = 0; i < length; i++)
                x[i] -= w * vk[i];
        }
        for (size_t l = 0; l < k; l++)
            g[l] = dot(v + l * stored, vk, length);
        for (size_t l = 0; l < k; l++) {
            double s = 0;
            for (size_t j = l; j < k; j++)
                s += t[l * GROUP + j] * g[j];
            t[l * GROUP + k] = -tau * s;
        }
        t[k * GROUP + k] = tau;
    }
}

/* [R; A] -= V T' V' [R; A], or with T (FORWARD), for 4 * WIDTH columns of a tile. */
ALWAYS_INLINE void group_chunk(double *r, size_t stride, double *a, const double *v, size_t stored,
                               size_t rows, const double *t, bool forward, int width)
{
    vec w[GROUP][2];
    for (size_t k = 0; k < GROUP; k++)
        for (int c = 0; c < width; c++)
            w[k][c] = *(vec *)(r + k * stride + 4 * c);
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
            *(vec *)(r + k * stride + 4 * c) -= s;
        }
    for (size_t i = 0; i < rows; i++)
        for (int c = 0; c < width; c++) {
            vec x = *(vec *)(a + i * TILE + 4 * c);
            for (size_t k = 0; k < GROUP; k++)
                x -= v[k * stored + i] * w[k][c];
            *(vec *)(a + i * TILE + 4 * c) = x;
        }
}

/* Column C of a tiled block of HEIGHT rows. */
ALWAYS_INLINE double *column(double *a, size_t height, size_t c)
{
    return a + c / TILE * height * TILE + c % TILE;
}

/* The rows that the group at column J reaches. */
ALWAYS_INLINE size_t reached(size_t rows, size_t j, bool stairs)
{
    return stairs && j + GROUP + 1 < rows ? j + GROUP + 1 : rows;
}

/* Factor columns [FIRST, END) of [R; A] and bring those up to LIMIT up to date: FIRST a multiple of 8, END of
 * 4, or of 8 where columns follow it.  V takes the reflectors, STORED doubles each, T their factors. */
ML_CLONES
static void factor_panel(double *r, size_t stride, double *a, size_t height, size_t rows, size_t first,
                         size_t end, size_t limit, bool stairs, double *v, double *t)
{
    size_t stored = reflect_stored(rows);
    for (size_t j = first; j < end; j += GROUP, v += GROUP * stored, t += GROUP * GROUP) {
        size_t used = reached(rows, j, stairs), c = j + GROUP;
        for (size_t k = 0; k < GROUP; k++) {
            const double *from = column(a, height, j + k);
            for (size_t i = 0; i < used; i++)
                v[k * stored + i] = from[i * TILE];
            memset(v + k * stored + used, 0, (stored - used) * sizeof *v);
        }
        double *row = r + j * stride;
        factor_group(row + j, stride, v, stored, reflect_stored(used), t);
        if (c % TILE != 0 && c < limit) {
            group_chunk(row + c, stride, column(a, height, c), v, stored, used, t, false, 1);
            c += 4;
        }
        for (; c < limit; c += TILE)
            group_chunk(row + c, stride, column(a, height, c), v, stored, used, t, false, 2);
    }
}

/* Apply the groups of columns [FIRST, END) to the columns from there to LIMIT, tile by tile: a tile stays in
 * the first cache while all the groups pass. */
ML_CLONES
static void update_panel(double *r, size_t stride, double *a, size_t height, size_t rows, size_t first,
                         size_t end, size_t limit, bool stairs, const double *v, const double *t)
{
    size_t stored = reflect_stored(rows);
    for (size_t c = end; c < limit; c += TILE)
        for (size_t j = first; j < end; j += GROUP)
            group_chunk(r + j * stride + c, stride, column(a, height, c), v + (j - first) * stored, stored,
                        reached(rows, j, stairs), t + (j - first) * GROUP, false, 2);
}

void reflect_fold(double *r, double *block, size_t height, size_t rows, size_t columns, bool stairs,
                  const reflectors *kept, double *scratch)
{
    size_t all = reflect_rows(columns), stride = reflect_stride(columns), stored = reflect_stored(rows);
    size_t panel = all <= SMALL ? all : PANEL;
    for (size_t first = 0; first < all; first += panel) {
        size_t end = first + panel < all ? first + panel : all;
        double *t = kept != NULL ? kept->factors + first * GROUP : scratch;
        double *v = kept != NULL ? kept->vectors + first * stored : scratch + SMALL * GROUP;
        factor_panel(r, stride, block, height, rows, first, end, end < all ? end : stride, stairs, v, t);
        update_panel(r, stride, block, height, rows, first, end, all, stairs, v, t);
    }
}

ML_CLONES
void reflect_apply(const reflectors *q, double *top, size_t stride, double *block, size_t height, size_t k)
{
    size_t stored = reflect_stored(q->rows);
    for (size_t c = 0; c < k; c += TILE)
        for (size_t j = reflect_rows(q->columns); j > 0;) {
            j -= GROUP;
            group_chunk(top + j * stride + c, stride, column(block, height, c), q->vectors + j * stored,
                        stored, q->rows, q->factors + j * GROUP, true, 2);
        }
}
