#include "math/bidiagonal.h"

#include <math.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/clones.h"
#include "base/memory.h"
#include "base/parallel.h"
#include "base/team.h"
#include "math/linalg.h"
#include "math/reflect_group.h"

enum {
    WIDTH = 16,         /* columns of a tile, and reflectors of a panel */
    CHUNKS = WIDTH / 8, /* of eight doubles */
    EIGHT = 8,          /* rows that are handled together */
    BLOCK = 64,         /* rows that go to one lane */
    ALONE = 64,         /* up to so many columns one thread is as fast */
    TARGET = 400,       /* the greatest entry is scaled to about 2^TARGET */
};

/* Tile t holds columns [t WIDTH, (t + 1) WIDTH), row by row; rows and columns are padded with zeros.  In the
 * end column i holds reflector v_i below row i (whose entry i is 1) and row i holds u_i from column i + 1 on,
 * where it is 1. */
struct bidiagonal {
    size_t rows, columns, height, tiles; /* height: rows padded to a multiple of EIGHT */
    int jobs;
    int exponent; /* of the scale */
    double scale;
    double *a;
    double *d, *e, *tauq, *taup; /* columns each */
};

/* What one lane adds up. */
typedef struct sums {
    wide square;       /* of the rest of the column, or of the row: its sum */
    wide z[2][CHUNKS]; /* [V X]' a */
    wide w[2 * WIDTH]; /* [Y U]' u, each entry the sum of eight */
} sums;

/* A decomposition under way.  Column i, the one at work, is column k of panel p.
 * P = [V X] of a row is A's own tile p and x; Q = [Y U] of a column is y and A's own rows of the panel. */
typedef struct work {
    bidiagonal *b;
    size_t panel, i, k;
    bool open;      /* v and x of column i - 1 are still to be made from column, parts and w */
    bool in_panel;  /* column i belongs to the panel */
    double *x;      /* height x WIDTH */
    double *y;      /* tiles x WIDTH x WIDTH: of a tile, row k is y_k */
    double *column; /* height: column i below row i, else zero */
    double *parts;  /* TEAM_LANES x height: A u by lanes, u without its first entry and its scale */
    sums *lanes;
    double alpha;            /* entry i of column i */
    double scale_v, scale_u; /* 1 / (alpha - beta) */
    double tau_v, tau_u;
    double row[2][WIDTH]; /* of P, row i */
    double z[2][WIDTH];   /* P' v */
    double w[2][WIDTH];   /* Q' u, the last one */
    double q[2][WIDTH];   /* what takes a row of P to the updated entry of column i */
} work;

static double *tile(const bidiagonal *b, size_t t)
{
    return b->a + t * b->height * WIDTH;
}

/* The place of entry I, J. */
static double *at(const bidiagonal *b, size_t i, size_t j)
{
    return tile(b, j / WIDTH) + i * WIDTH + j % WIDTH;
}

/* --- small kernels --- */

#define LOAD(p) (*(const wide *)(p))
#define PAIRS(a, b)                                                                                          \
    (__builtin_shufflevector(a, b, 0, 8, 2, 10, 4, 12, 6, 14) +                                              \
     __builtin_shufflevector(a, b, 1, 9, 3, 11, 5, 13, 7, 15))
#define FOURS(a, b)                                                                                          \
    (__builtin_shufflevector(a, b, 0, 1, 8, 9, 4, 5, 12, 13) +                                               \
     __builtin_shufflevector(a, b, 2, 3, 10, 11, 6, 7, 14, 15))
#define HALVES(a, b)                                                                                         \
    (__builtin_shufflevector(a, b, 0, 1, 2, 3, 8, 9, 10, 11) +                                               \
     __builtin_shufflevector(a, b, 4, 5, 6, 7, 12, 13, 14, 15))

/* OUT[t] = the sum of S[t]. */
ALWAYS_INLINE void add_across(const wide s[EIGHT], wide *out)
{
    wide a = PAIRS(s[0], s[1]), b = PAIRS(s[2], s[3]), c = PAIRS(s[4], s[5]), d = PAIRS(s[6], s[7]);
    wide e = FOURS(a, b), f = FOURS(c, d);
    *out = HALVES(e, f);
}

static double total(const wide *s)
{
    const double *x = (const double *)s;
    return ((x[0] + x[1]) + (x[2] + x[3])) + ((x[4] + x[5]) + (x[6] + x[7]));
}

/* OUT = the products of eight rows of P with Q. */
ALWAYS_INLINE void eight_products(const double *v, const double *x, const double (*q)[WIDTH], wide *out)
{
    wide s[EIGHT];
    for (size_t t = 0; t < EIGHT; t++) {
        s[t] = LOAD(v + t * WIDTH) * LOAD(q[0]) + LOAD(x + t * WIDTH) * LOAD(q[1]);
        for (size_t c = 1; c < CHUNKS; c++)
            s[t] += LOAD(v + t * WIDTH + 8 * c) * LOAD(q[0] + 8 * c) +
                    LOAD(x + t * WIDTH + 8 * c) * LOAD(q[1] + 8 * c);
    }
    add_across(s, out);
}

/* --- the step over rows: finish v and x of the last column, bring the next one up to date --- */

static bool lane_used(const work *w, size_t lane)
{
    size_t first = w->panel, last = w->b->tiles - 1;
    return last - first + 1 >= TEAM_LANES ||
           (lane + TEAM_LANES - first % TEAM_LANES) % TEAM_LANES <= last - first;
}

/* x = tau (A u - P w) in rows [R, R + 8), and v = column * scale in those of them from I on. */
ALWAYS_INLINE void finish_rows(work *w, size_t r)
{
    const bidiagonal *b = w->b;
    size_t k = w->k - 1;
    double *v = tile(b, w->panel) + r * WIDTH, *x = w->x + r * WIDTH;
    for (size_t t = r < w->i ? w->i - r : 0; t < EIGHT; t++)
        v[t * WIDTH + k] = w->column[r + t] * w->scale_v;
    wide s = {0}, p, first;
    for (size_t lane = 0; lane < TEAM_LANES; lane++)
        if (lane_used(w, lane))
            s += LOAD(w->parts + lane * b->height + r);
    for (size_t t = 0; t < EIGHT; t++)
        first[t] = *at(b, r + t, w->i);
    eight_products(v, x, (const double(*)[WIDTH])w->w, &p);
    s = w->tau_u * (s * w->scale_u + first - p);
    for (size_t t = 0; t < EIGHT; t++)
        x[t * WIDTH + k] = s[t];
}

/* Rows [R, R + 8) of column i, and what they add to the sums. */
ALWAYS_INLINE void update_column(work *w, size_t r, sums *s)
{
    double *v = tile(w->b, w->panel) + r * WIDTH, *x = w->x + r * WIDTH, *column = w->column + r;
    wide a;
    eight_products(v, x, (const double(*)[WIDTH])w->q, &a);
    for (size_t t = 0; r + t <= w->i && t < EIGHT; t++) {
        if (r + t == w->i)
            w->alpha = a[t];
        a[t] = 0;
    }
    *(wide *)column = a;
    s->square += a * a;
    for (size_t c = 0; c < CHUNKS; c++) {
        wide zv = s->z[0][c], zx = s->z[1][c];
        for (size_t t = 0; t < EIGHT; t++) {
            zv += a[t] * LOAD(v + t * WIDTH + 8 * c);
            zx += a[t] * LOAD(x + t * WIDTH + 8 * c);
        }
        s->z[0][c] = zv;
        s->z[1][c] = zx;
    }
}

ML_WIDE_CLONES
static void step_rows(size_t lane, void *context)
{
    work *w = context;
    sums *s = &w->lanes[lane];
    size_t height = w->b->height, start = w->i / EIGHT * EIGHT;
    memset(s, 0, sizeof *s);
    for (size_t block = start / BLOCK; block * BLOCK < height; block++) {
        if (block % TEAM_LANES != lane)
            continue;
        size_t from = block * BLOCK < start ? start : block * BLOCK,
               end = (block + 1) * BLOCK < height ? (block + 1) * BLOCK : height;
        for (size_t r = from; r < end; r += EIGHT) {
            if (w->open)
                finish_rows(w, r);
            if (w->in_panel)
                update_column(w, r, s);
        }
    }
}

/* --- the step over columns: y, the row, and A u of it --- */

/* Row i - 1 of the tile, u without its scale till now, gets it. */
ALWAYS_INLINE void scale_row(const work *w, size_t t)
{
    const bidiagonal *b = w->b;
    double *row = tile(b, t) + (w->i - 1) * WIDTH;
    for (size_t j = 0; j < WIDTH; j++)
        if (t * WIDTH + j > w->i)
            row[j] *= w->scale_u;
        else if (t * WIDTH + j == w->i)
            row[j] = 1;
}

/* Y = sum over rows of COLUMN[r] A[r], rows [FIRST, HEIGHT) of a tile. */
ALWAYS_INLINE void tile_product(const double *a, const double *column, size_t first, size_t height,
                                wide y[CHUNKS])
{
    wide s[4][CHUNKS] = {0};
    for (size_t r = first; r < height; r += 4)
        for (size_t t = 0; t < 4; t++)
            for (size_t c = 0; c < CHUNKS; c++)
                s[t][c] += column[r + t] * LOAD(a + (r + t) * WIDTH + 8 * c);
    for (size_t c = 0; c < CHUNKS; c++)
        y[c] = (s[0][c] + s[1][c]) + (s[2][c] + s[3][c]);
}

/* PART[r] += A[r] u, rows [FIRST, HEIGHT) of a tile. */
ALWAYS_INLINE void add_products(const double *a, const wide u[CHUNKS], double *part, size_t first,
                                size_t height)
{
    for (size_t r = first; r < height; r += EIGHT) {
        wide s[EIGHT], sum;
        for (size_t t = 0; t < EIGHT; t++) {
            s[t] = LOAD(a + (r + t) * WIDTH) * u[0];
            for (size_t c = 1; c < CHUNKS; c++)
                s[t] += LOAD(a + (r + t) * WIDTH + 8 * c) * u[c];
        }
        add_across(s, &sum);
        *(wide *)(part + r) += sum;
    }
}

/* Row k of the tile's Y, and then row i of A there, which is put into U without its first entry. */
ALWAYS_INLINE void make_row(work *w, size_t t, const wide product[CHUNKS], wide u[CHUNKS])
{
    const bidiagonal *b = w->b;
    double *y = w->y + t * WIDTH * WIDTH, *rows = tile(b, t) + w->panel * WIDTH * WIDTH;
    double *row = tile(b, t) + w->i * WIDTH;
    for (size_t c = 0; c < CHUNKS; c++) {
        wide s = product[c] * w->scale_v + LOAD(row + 8 * c), r = LOAD(row + 8 * c);
        for (size_t k = 0; k < w->k; k++) {
            s -= w->z[0][k] * LOAD(y + k * WIDTH + 8 * c) + w->z[1][k] * LOAD(rows + k * WIDTH + 8 * c);
            r -= w->row[0][k] * LOAD(y + k * WIDTH + 8 * c) + w->row[1][k] * LOAD(rows + k * WIDTH + 8 * c);
        }
        s *= w->tau_v;
        *(wide *)(y + w->k * WIDTH + 8 * c) = s;
        u[c] = r - s;
    }
    double *made = (double *)u;
    for (size_t j = 0; j < WIDTH; j++)
        if (t * WIDTH + j > w->i)
            row[j] = made[j];
    for (size_t j = 0; j < WIDTH && t * WIDTH + j <= w->i + 1; j++)
        made[j] = 0;
}

ALWAYS_INLINE void step_tile(work *w, size_t t, sums *s, double *part)
{
    const bidiagonal *b = w->b;
    double *a = tile(b, t), *y = w->y + t * WIDTH * WIDTH, *rows = a + w->panel * WIDTH * WIDTH;
    size_t first = (w->i + 1) / EIGHT * EIGHT, height = b->height;
    wide u[CHUNKS];
    if (w->k > 0)
        scale_row(w, t);
    tile_product(a, w->column, first, height, u);
    make_row(w, t, u, u);
    for (size_t c = 0; c < CHUNKS; c++)
        s->square += u[c] * u[c];
    for (size_t k = 0; k <= w->k; k++)
        for (size_t c = 0; c < CHUNKS; c++) {
            s->w[k] += LOAD(y + k * WIDTH + 8 * c) * u[c];
            if (k < w->k)
                s->w[WIDTH + k] += LOAD(rows + k * WIDTH + 8 * c) * u[c];
        }
    add_products(a, u, part, first, height);
}

ML_WIDE_CLONES
static void step_columns(size_t lane, void *context)
{
    work *w = context;
    sums *s = &w->lanes[lane];
    double *part = w->parts + lane * w->b->height;
    memset(s, 0, sizeof *s);
    memset(part, 0, w->b->height * sizeof *part);
    for (size_t t = w->panel; t < w->b->tiles; t++)
        if (t % TEAM_LANES == lane)
            step_tile(w, t, s, part);
}

/* --- the step over the trailing matrix: A -= V Y' + X U' --- */

/* ROWS rows of a tile. */
ALWAYS_INLINE void update_rows(double *a, const double *v, const double *x, const double *y, const double *u,
                               size_t rows)
{
    wide s[4][CHUNKS];
    for (size_t t = 0; t < rows; t++)
        for (size_t c = 0; c < CHUNKS; c++)
            s[t][c] = LOAD(a + t * WIDTH + 8 * c);
    for (size_t k = 0; k < WIDTH; k++)
        for (size_t t = 0; t < rows; t++)
            for (size_t c = 0; c < CHUNKS; c++)
                s[t][c] -= v[t * WIDTH + k] * LOAD(y + k * WIDTH + 8 * c);
    for (size_t k = 0; k < WIDTH; k++)
        for (size_t t = 0; t < rows; t++)
            for (size_t c = 0; c < CHUNKS; c++)
                s[t][c] -= x[t * WIDTH + k] * LOAD(u + k * WIDTH + 8 * c);
    for (size_t t = 0; t < rows; t++)
        for (size_t c = 0; c < CHUNKS; c++)
            *(wide *)(a + t * WIDTH + 8 * c) = s[t][c];
}

ML_WIDE_CLONES
static void step_trailing(size_t lane, void *context)
{
    work *w = context;
    const bidiagonal *b = w->b;
    size_t first = (w->panel + 1) * WIDTH;
    const double *v = tile(b, w->panel);
    for (size_t t = w->panel + 1; t < b->tiles; t++) {
        if (t % TEAM_LANES != lane)
            continue;
        double *a = tile(b, t);
        scale_row(w, t);
        for (size_t r = first; r < b->height; r += 4)
            update_rows(a + r * WIDTH, v + r * WIDTH, w->x + r * WIDTH, w->y + t * WIDTH * WIDTH,
                        a + w->panel * WIDTH * WIDTH, 4);
    }
}

/* --- between the steps --- */

static const double LEAST = 0x1p-960; /* squares below this have lost digits */

/* The reflection of [ALPHA; x], x'x = SQUARE, to beta e1: tau, 1 / (alpha - beta) in SCALE, beta is returned.
 */
static double reflection(double alpha, double square, double *tau, double *scale)
{
    *tau = *scale = 0;
    if (square < LEAST)
        return alpha;
    double beta = -copysign(sqrt(alpha * alpha + square), alpha);
    *tau = (beta - alpha) / beta;
    *scale = 1 / (alpha - beta);
    return beta;
}

static double all_squares(const work *w)
{
    wide sum = {0};
    for (size_t lane = 0; lane < TEAM_LANES; lane++)
        sum += w->lanes[lane].square;
    return total(&sum);
}

/* v of column i: what the columns' step needs to know. */
static void reflect_column(work *w)
{
    const bidiagonal *b = w->b;
    b->d[w->i] = reflection(w->alpha, all_squares(w), &w->tau_v, &w->scale_v);
    b->tauq[w->i] = w->tau_v;
    memcpy(w->row[0], tile(b, w->panel) + w->i * WIDTH, sizeof w->row[0]);
    memcpy(w->row[1], w->x + w->i * WIDTH, sizeof w->row[1]);
    for (size_t h = 0; h < 2; h++)
        for (size_t k = 0; k < w->k; k++) {
            double sum = 0;
            for (size_t lane = 0; lane < TEAM_LANES; lane++)
                sum += ((const double *)w->lanes[lane].z[h])[k];
            w->z[h][k] = w->row[h][k] + w->scale_v * sum;
        }
}

/* u of row i: what the next rows' step needs to know. */
static void reflect_row(work *w)
{
    const bidiagonal *b = w->b;
    size_t next = w->i + 1;
    b->e[w->i] = reflection(*at(b, w->i, next), all_squares(w), &w->tau_u, &w->scale_u);
    b->taup[w->i] = w->tau_u;
    memset(w->w, 0, sizeof w->w);
    for (size_t h = 0; h < 2; h++)
        for (size_t k = 0; k < w->k + 1 - h; k++) {
            double sum = 0;
            for (size_t lane = 0; lane < TEAM_LANES; lane++)
                sum += total(&w->lanes[lane].w[h * WIDTH + k]);
            double q = h == 0 ? w->y[next / WIDTH * WIDTH * WIDTH + k * WIDTH + next % WIDTH]
                              : *at(b, w->panel * WIDTH + k, next);
            w->w[h][k] = q + w->scale_u * sum;
        }
}

/* The coefficients that take a row of P to entry i of the updated matrix, column i in the panel. */
static void choose_coefficients(work *w)
{
    const bidiagonal *b = w->b;
    memset(w->q, 0, sizeof w->q);
    for (size_t k = 0; k < w->k; k++) {
        w->q[0][k] = -w->y[w->panel * WIDTH * WIDTH + k * WIDTH + w->k];
        w->q[1][k] = k + 1 < w->k ? -*at(b, w->panel * WIDTH + k, w->i) : -1;
    }
    w->q[0][w->k] = 1;
}

/* v of the very last column, to which no step over rows follows. */
static void finish_last(const work *w)
{
    for (size_t r = w->i + 1; r < w->b->rows; r++)
        *at(w->b, r, w->i) = w->column[r] * w->scale_v;
}

/* Column i and row i of the panel. */
static void reduce_column(team *t, work *w)
{
    choose_coefficients(w);
    team_step(t, step_rows, w);
    reflect_column(w);
    w->open = w->i + 1 < w->b->columns;
    if (w->open) {
        team_step(t, step_columns, w);
        reflect_row(w);
    } else {
        finish_last(w);
    }
    w->i++;
    w->k++;
}

static void reduce_panel(team *t, work *w)
{
    const bidiagonal *b = w->b;
    w->k = 0;
    w->open = false;
    w->in_panel = true;
    while (w->i < b->columns && w->k < WIDTH)
        reduce_column(t, w);
    w->in_panel = false;
    if (w->i == b->columns)
        return;
    team_step(t, step_rows, w);
    team_step(t, step_trailing, w);
}

static void reduce(team *t, void *context)
{
    work *w = context;
    for (w->panel = 0; w->panel < w->b->tiles; w->panel++)
        reduce_panel(t, w);
}

/* --- in and out --- */

/* The power of two that brings GREATEST near 2^400, the square root of what a sum of squares may reach. */
static int scale_exponent(double greatest)
{
    int exponent;
    frexp(greatest, &exponent);
    exponent = TARGET - exponent;
    return greatest == 0 || exponent > 1000 ? 1000 : exponent;
}

typedef struct copy {
    const bidiagonal *b;
    const gsl_matrix *a;
    bool turned;
} copy;

static void copy_tile(size_t t, int worker, void *context)
{
    (void)worker;
    const copy *from = context;
    const bidiagonal *b = from->b;
    size_t down = from->turned ? 1 : from->a->tda, across = from->turned ? from->a->tda : 1;
    size_t width = b->columns - t * WIDTH < WIDTH ? b->columns - t * WIDTH : WIDTH;
    double *to = tile(b, t);
    if (width < WIDTH)
        memset(to, 0, b->height * WIDTH * sizeof *to);
    for (size_t i = 0; i < b->rows; i++)
        for (size_t j = 0; j < width; j++)
            to[i * WIDTH + j] = from->a->data[i * down + (t * WIDTH + j) * across] * b->scale;
    memset(to + b->rows * WIDTH, 0, (b->height - b->rows) * WIDTH * sizeof *to);
}

static bool make_work(work *w, bidiagonal *b)
{
    size_t square = WIDTH * WIDTH;
    *w = (work){.b = b};
    w->x =
        memory_aligned(b->height * WIDTH + b->tiles * square + (1 + TEAM_LANES) * b->height, sizeof(double));
    w->lanes = memory_aligned(TEAM_LANES, sizeof *w->lanes);
    if (w->x == NULL || w->lanes == NULL)
        return false;
    w->y = w->x + b->height * WIDTH;
    w->parts = w->y + b->tiles * square;
    w->column = w->parts + TEAM_LANES * b->height;
    memset(w->x, 0, b->height * WIDTH * sizeof *w->x);
    memset(w->y, 0, b->tiles * square * sizeof *w->y);
    return true;
}

static ml_status no_memory(ml_message *why, size_t rows, size_t columns)
{
    return ml_fail_memory(why, "the singular value decomposition", rows * columns * sizeof(double));
}

static bool make_bidiagonal(bidiagonal *b, size_t rows, size_t columns)
{
    *b = (bidiagonal){.rows = rows, .columns = columns};
    b->height = (rows + EIGHT - 1) / EIGHT * EIGHT;
    b->tiles = (columns + WIDTH - 1) / WIDTH;
    b->a = memory_aligned(b->tiles * WIDTH, b->height * sizeof(double));
    b->d = memory_zeros(columns, 4 * sizeof(double));
    if (b->a == NULL || b->d == NULL)
        return false;
    b->e = b->d + columns;
    b->tauq = b->e + columns;
    b->taup = b->tauq + columns;
    return true;
}

ml_status bidiagonal_new(bidiagonal **out, const gsl_matrix *a, int jobs, ml_message *why)
{
    bool turned = a->size1 < a->size2;
    bidiagonal *b = *out = memory_zeros(1, sizeof *b);
    work w = {0};
    bool good = b != NULL && make_bidiagonal(b, turned ? a->size2 : a->size1, turned ? a->size1 : a->size2) &&
                make_work(&w, b);
    if (good) {
        b->exponent = scale_exponent(linalg_greatest(a));
        b->scale = ldexp(1, b->exponent);
        b->jobs = jobs;
        parallel_for(b->tiles, b->columns <= ALONE ? 1 : jobs, copy_tile,
                     &(copy){.b = b, .a = a, .turned = turned});
        team_run(b->columns <= ALONE ? 1 : jobs, reduce, &w);
    }
    free(w.x);
    free(w.lanes);
    if (good)
        return ML_OK;
    bidiagonal_free(b);
    *out = NULL;
    return no_memory(why, a->size1, a->size2);
}

void bidiagonal_free(bidiagonal *b)
{
    if (b == NULL)
        return;
    free(b->a);
    free(b->d);
    free(b);
}

void bidiagonal_entries(const bidiagonal *b, double *d, double *e)
{
    for (size_t i = 0; i < b->columns; i++)
        d[i] = ldexp(b->d[i], -TARGET);
    for (size_t i = 0; i + 1 < b->columns; i++)
        e[i] = ldexp(b->e[i], -TARGET);
}

double bidiagonal_scale(const bidiagonal *b)
{
    return ldexp(1, b->exponent - TARGET);
}

/* --- Q and P applied --- */

/* Reflectors in groups of four for reflect_group.h, those of P (SHIFT 1) or of Q (0). */
typedef struct groups {
    const bidiagonal *b;
    size_t shift, length, count, stored;
    double *vectors; /* reflector j at j * stored, from behind its group's corner on */
    double *factors;
    const double *c;
    size_t down, across;
    gsl_matrix *out;
    double *tiles; /* length + TILE rows for each worker */
} groups;

/* Entry I of reflector J, below its leading 1. */
ALWAYS_INLINE double entry(const groups *g, size_t i, size_t j)
{
    return g->shift ? *at(g->b, j, i) : *at(g->b, i, j);
}

ML_WIDE_CLONES
static void make_group(size_t index, int worker, void *context)
{
    (void)worker;
    groups *g = context;
    size_t j = index * GROUP, corner = j + g->shift, below = corner + GROUP;
    double *v = g->vectors + j * g->stored, *t = g->factors + index * FACTORS, *lower = t + GROUP * GROUP;
    memset(t, 0, FACTORS * sizeof *t);
    memset(v, 0, GROUP * g->stored * sizeof *v);
    for (size_t k = 0; k < GROUP && j + k < g->count; k++) {
        lower[k * GROUP + k] = 1;
        for (size_t q = k + 1; q < GROUP && corner + q < g->length; q++)
            lower[q * GROUP + k] = entry(g, corner + q, j + k);
        for (size_t i = below; i < g->length; i++)
            v[k * g->stored + i - below] = entry(g, i, j + k);
        extend_factor(v, g->stored, g->stored, k, (g->shift ? g->b->taup : g->b->tauq)[j + k], t);
    }
}

ML_WIDE_CLONES
static void apply_groups(size_t index, int worker, void *context)
{
    groups *g = context;
    size_t first = index * TILE, width = g->out->size2 - first < TILE ? g->out->size2 - first : TILE;
    double *a = g->tiles + (size_t)worker * (g->length + TILE) * TILE;
    memset(a, 0, (g->length + TILE) * TILE * sizeof *a);
    for (size_t i = 0; i < g->b->columns; i++)
        for (size_t j = 0; j < width; j++)
            a[i * TILE + j] = g->c[i * g->down + (first + j) * g->across];
    for (size_t group = (g->count + GROUP - 1) / GROUP; group-- > 0;) {
        size_t corner = group * GROUP + g->shift, below = corner + GROUP;
        group_tile(a + corner * TILE, TILE, a + below * TILE, g->vectors + group * GROUP * g->stored,
                   g->stored, below < g->length ? g->length - below : 0, g->factors + group * FACTORS, true);
    }
    for (size_t i = 0; i < g->length; i++)
        for (size_t j = 0; j < width; j++)
            g->out->data[i * g->out->tda + first + j] = a[i * TILE + j];
}

static ml_status apply(groups *g, ml_message *why)
{
    size_t number = (g->count + GROUP - 1) / GROUP, pieces = (g->out->size2 + TILE - 1) / TILE;
    int jobs = g->b->columns <= ALONE ? 1 : g->b->jobs;
    g->stored = (g->length + 7) / 8 * 8;
    g->vectors = memory_aligned(number * GROUP, g->stored * sizeof(double));
    g->factors = memory_aligned(number * FACTORS, sizeof(double));
    g->tiles = memory_aligned((size_t)jobs * (g->length + TILE), TILE * sizeof(double));
    bool good = g->vectors != NULL && g->factors != NULL && g->tiles != NULL;
    if (good) {
        parallel_for(number, jobs, make_group, g);
        parallel_for(pieces, jobs, apply_groups, g);
    }
    free(g->vectors);
    free(g->factors);
    free(g->tiles);
    return good ? ML_OK : no_memory(why, g->length, g->b->columns);
}

ml_status bidiagonal_left(const bidiagonal *b, const double *c, size_t down, size_t across, gsl_matrix *out,
                          ml_message *why)
{
    groups g = {
        .b = b, .length = b->rows, .count = b->columns, .c = c, .down = down, .across = across, .out = out};
    return apply(&g, why);
}

ml_status bidiagonal_right(const bidiagonal *b, const double *c, size_t down, size_t across, gsl_matrix *out,
                           ml_message *why)
{
    groups g = {.b = b,
                .shift = 1,
                .length = b->columns,
                .count = b->columns - 1,
                .c = c,
                .down = down,
                .across = across,
                .out = out};
    return apply(&g, why);
}
