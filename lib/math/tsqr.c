#include "math/tsqr.h"

#include <math.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/clones.h"
#include "base/memory.h"
#include "base/parallel.h"
#include "math/reflect.h"

enum { LANES_MAX = 8, TILE = REFLECT_TILE, SHIFT_ROWS = 31 };

static const double BIG = 0x1p400, SMALL = 0x1p-400, STEP = 0x1p600;

/* The reflectors of one block, for tsqr_apply: BLOCK is its number, or SIZE_MAX for a merge with lane FROM.
 */
typedef struct record {
    struct record *before;
    reflectors q;
    size_t block, from;
} record;

typedef struct lane {
    size_t count, filled; /* rows; rows of R in use */
    double *r;            /* reflect_rows x stride, scaled */
    double *offset;       /* mean less the state's shift, scaled */
    double *scale;        /* of each column, 1 or STEP or 1 / STEP; 0 while all its entries were zero */
    double *block;        /* tiled, height + 1 rows */
    double *vectors;      /* 3 x stride: mean, greatest magnitudes, scaled shift */
    double *scratch;
    record *records; /* the last one first */
} lane;

struct tsqr {
    size_t columns, stride, height, lane_count, limit;
    tsqr_kind kind;
    int jobs;
    bool reducing; /* the rows have outgrown the raw limit */
    size_t count, blocks;
    double *shift;  /* when centring: medians of the first rows, or those of a state merged */
    double *mean;   /* of raw rows, less the shift */
    double *buffer; /* rows x columns: all rows while raw, else the start of the next block */
    size_t buffered, capacity;
    lane lanes[LANES_MAX];
};

size_t tsqr_raw_limit(size_t columns)
{
    return columns < 32 ? 64 : 2 * columns;
}

/* Measured: 64 rows of 50 columns fit the first cache; of a wide block, one tile and four reflectors should.
 */
static size_t block_height(size_t columns)
{
    size_t height = columns <= 96 ? 4096 / columns : columns / 2;
    height = height < 64 ? 64 : height > 384 ? 384 : height;
    return (height + 7) / 8 * 8;
}

ml_status tsqr_new(tsqr **out, size_t columns, tsqr_kind kind, int jobs, ml_message *why)
{
    tsqr *t = memory_zeros(1, sizeof *t);
    *out = t;
    if (t == NULL)
        return ml_fail_memory(why, "the QR decomposition", sizeof *t);
    t->columns = columns;
    t->stride = reflect_stride(columns);
    t->height = block_height(columns);
    t->lane_count = columns <= 128 ? LANES_MAX : columns <= 1024 ? 4 : 2;
    t->limit = tsqr_raw_limit(columns);
    t->kind = kind;
    t->jobs = jobs;
    t->shift = memory_zeros(columns, sizeof(double));
    t->mean = memory_zeros(columns, sizeof(double));
    if (t->shift != NULL && t->mean != NULL)
        return ML_OK;
    tsqr_free(t);
    *out = NULL;
    return ml_fail_memory(why, "the QR decomposition", columns * sizeof(double));
}

static void free_record(record *k)
{
    if (k == NULL)
        return;
    free(k->q.vectors);
    free(k->q.factors);
    free(k);
}

static void free_lane(lane *l)
{
    for (record *k = l->records, *before; k != NULL; k = before) {
        before = k->before;
        free_record(k);
    }
    free(l->r);
    free(l->offset);
    free(l->scale);
    free(l->block);
    free(l->vectors);
    free(l->scratch);
    *l = (lane){0};
}

void tsqr_free(tsqr *t)
{
    if (t == NULL)
        return;
    for (size_t i = 0; i < t->lane_count; i++)
        free_lane(&t->lanes[i]);
    free(t->shift);
    free(t->mean);
    free(t->buffer);
    free(t);
}

size_t tsqr_count(const tsqr *t)
{
    return t->count;
}

static size_t merge_rows(const tsqr *t)
{
    return reflect_rows(t->columns) + 1;
}

static bool make_lane(const tsqr *t, lane *l)
{
    if (l->r != NULL)
        return true;
    size_t row = t->stride * sizeof(double);
    l->r = memory_zeros(reflect_rows(t->columns), row);
    l->offset = memory_zeros(1, row);
    l->scale = memory_zeros(1, row);
    l->block = memory_zeros(t->height + 1, row);
    l->vectors = memory_zeros(3, row);
    l->scratch = memory_array(reflect_scratch_size(t->height + 1), sizeof(double));
    if (l->r && l->offset && l->scale && l->block && l->vectors && l->scratch)
        return true;
    free_lane(l);
    return false;
}

static ml_status no_memory(const tsqr *t, ml_message *why)
{
    return ml_fail_memory(why, "the QR decomposition", merge_rows(t) * t->stride * sizeof(double));
}

/* Room for the reflectors of a block of ROWS rows, put in front of the lane's list. */
static bool make_record(const tsqr *t, lane *l, size_t rows, size_t block, size_t from)
{
    if (t->kind != TSQR_KEEP)
        return true;
    record *k = memory_zeros(1, sizeof *k);
    if (k == NULL)
        return false;
    k->q.columns = t->columns;
    k->q.rows = rows;
    k->q.vectors = memory_array(reflect_vectors_size(t->columns, rows), sizeof(double));
    k->q.factors = memory_array(reflect_factors_size(t->columns), sizeof(double));
    k->block = block;
    k->from = from;
    if (k->q.vectors == NULL || k->q.factors == NULL) {
        free_record(k);
        return false;
    }
    k->before = l->records;
    l->records = k;
    return true;
}

/* Bring column J of the lane, and its offset, to SCALE, which is not greater than the one it has. */
static void rescale_column(const tsqr *t, lane *l, size_t j, double scale)
{
    while (l->scale[j] > scale) {
        l->scale[j] /= STEP;
        l->offset[j] /= STEP;
        for (size_t i = 0; i <= j; i++)
            l->r[i * t->stride + j] /= STEP;
    }
    if (l->scale[j] == 0)
        l->scale[j] = scale;
}

/* See that the scales suit a block with these greatest magnitudes by column. */
static void choose_scales(const tsqr *t, lane *l, const double *greatest)
{
    for (size_t j = 0; j < t->columns; j++) {
        double x = fmax(greatest[j], fabs(t->shift[j]));
        if (x > 0)
            rescale_column(t, l, j, x > BIG ? 1 / STEP : x < SMALL ? STEP : 1);
    }
}

/* Copy WIDTH columns, of N ROWS, to a tile, and the greatest magnitude of each to GREATEST. */
__attribute__((always_inline)) static inline void copy_tile(double *tile, const double *rows, size_t tda,
                                                            size_t n, size_t width, double *greatest)
{
    double most[TILE] = {0};
    for (size_t i = 0; i < n; i++)
        for (size_t j = 0; j < width; j++) {
            double x = rows[i * tda + j];
            tile[i * TILE + j] = x;
            most[j] = fabs(x) > most[j] ? fabs(x) : most[j];
        }
    memcpy(greatest, most, sizeof most);
}

/* Copy N ROWS to the tiled block, and the greatest magnitude of each column to GREATEST.  Whole tiles have a
 * constant width, which makes vectors of them. */
ML_CLONES
static void copy_rows(double *block, size_t height, const double *rows, size_t tda, size_t n, size_t columns,
                      double *greatest)
{
    size_t first = 0;
    for (; first + TILE <= columns; first += TILE)
        copy_tile(block + first * height, rows + first, tda, n, TILE, greatest + first);
    if (first < columns)
        copy_tile(block + first * height, rows + first, tda, n, columns - first, greatest + first);
}

/* Scale the block, shift it and subtract its mean, which goes to MEAN; the vectors are padded. */
ML_CLONES
static void centre_rows(double *block, size_t height, size_t n, size_t columns, const double *scale,
                        const double *shift, double *mean)
{
    for (size_t first = 0; first < columns; first += TILE, block += height * TILE) {
        double sum[TILE] = {0};
        for (size_t i = 0; i < n; i++)
            for (size_t j = 0; j < TILE; j++) {
                double x = block[i * TILE + j] * scale[first + j] - shift[first + j];
                block[i * TILE + j] = x;
                sum[j] += x;
            }
        for (size_t j = 0; j < TILE; j++)
            sum[j] /= (double)n;
        for (size_t i = 0; i < n; i++)
            for (size_t j = 0; j < TILE; j++)
                block[i * TILE + j] -= sum[j];
        memcpy(mean + first, sum, sizeof sum);
    }
}

ML_CLONES
static void scale_rows(double *block, size_t height, size_t n, size_t columns, const double *scale)
{
    for (size_t first = 0; first < columns; first += TILE, block += height * TILE)
        for (size_t i = 0; i < n; i++)
            for (size_t j = 0; j < TILE; j++)
                block[i * TILE + j] *= scale[first + j];
}

/* The place of row I, column J of a tiled block. */
static double *tiled(double *block, size_t height, size_t i, size_t j)
{
    return block + (j / TILE * height + i) * TILE + j % TILE;
}

/* Enter N rows with this (scaled, shifted) MEAN; row ROW of the block becomes the row that accounts for the
 * difference of the means. */
static void move_mean(const tsqr *t, lane *l, size_t n, const double *mean, double *block, size_t height,
                      size_t row)
{
    double a = (double)l->count, b = (double)n, weight = sqrt(a / (a + b)) * sqrt(b);
    for (size_t j = 0; j < t->columns; j++) {
        double difference = mean[j] - l->offset[j];
        *tiled(block, height, row, j) = weight * difference;
        /* from the mean of more rows, which is nearer */
        l->offset[j] =
            b > a ? mean[j] - difference * (a / (a + b)) : l->offset[j] + difference * (b / (a + b));
    }
    l->count += n;
}

static void fold_block(const tsqr *t, lane *l, const double *rows, size_t tda, size_t n, reflectors *kept)
{
    double *mean = l->vectors, *greatest = mean + t->stride, *shift = greatest + t->stride;
    size_t height = t->height + 1;
    copy_rows(l->block, height, rows, tda, n, t->columns, greatest);
    choose_scales(t, l, greatest);
    if (t->kind == TSQR_CENTRE) {
        for (size_t j = 0; j < t->columns; j++)
            shift[j] = t->shift[j] * l->scale[j];
        centre_rows(l->block, height, n, t->columns, l->scale, shift, mean);
        move_mean(t, l, n, mean, l->block, height, n);
        n++;
    } else {
        scale_rows(l->block, height, n, t->columns, l->scale);
        l->count += n;
    }
    l->filled = reflect_fold(l->r, l->filled, l->block, height, n, t->columns, false, kept, l->scratch);
}

typedef struct block_run {
    tsqr *t;
    const double *rows;
    size_t tda, count;
} block_run;

static record *find_record(lane *l, size_t block)
{
    record *k = l->records;
    while (k->block != block)
        k = k->before;
    return k;
}

static void run_lane(size_t index, int worker, void *context)
{
    (void)worker;
    block_run *work = context;
    tsqr *t = work->t;
    for (size_t i = 0; i * t->height < work->count; i++) {
        size_t block = t->blocks + i, left = work->count - i * t->height;
        if (block % t->lane_count != index)
            continue;
        lane *l = &t->lanes[index];
        reflectors *kept = t->kind == TSQR_KEEP ? &find_record(l, block)->q : NULL;
        fold_block(t, l, work->rows + i * t->height * work->tda, work->tda,
                   left < t->height ? left : t->height, kept);
    }
}

/* Fold COUNT rows: whole blocks, and a short one at the very end. */
static ml_status run_blocks(tsqr *t, const double *rows, size_t tda, size_t count, ml_message *why)
{
    size_t blocks = (count + t->height - 1) / t->height;
    for (size_t i = 0; i < blocks; i++) {
        size_t left = count - i * t->height, index = (t->blocks + i) % t->lane_count;
        if (!make_lane(t, &t->lanes[index]) ||
            !make_record(t, &t->lanes[index], left < t->height ? left : t->height, t->blocks + i, 0))
            return no_memory(t, why);
    }
    block_run work = {.t = t, .rows = rows, .tda = tda, .count = count};
    parallel_for(t->lane_count, t->jobs, run_lane, &work);
    t->blocks += blocks;
    return ML_OK;
}

static ml_status buffer_rows(tsqr *t, const double *rows, size_t tda, size_t count, ml_message *why)
{
    if (count == 0)
        return ML_OK;
    size_t row = t->columns * sizeof(double);
    if (!memory_grow(&t->buffer, &t->capacity, t->buffered + count, row))
        return ml_fail_memory(why, "rows", (t->buffered + count) * row);
    for (size_t i = 0; i < count; i++)
        memcpy(t->buffer + (t->buffered + i) * t->columns, rows + i * tda, row);
    t->buffered += count;
    return ML_OK;
}

/* Fold the whole blocks of the buffer; their rows are gone from it then. */
static ml_status drain_buffer(tsqr *t, ml_message *why)
{
    size_t whole = t->buffered / t->height * t->height;
    ml_status status = run_blocks(t, t->buffer, t->columns, whole, why);
    t->buffered -= whole;
    memmove(t->buffer, t->buffer + whole * t->columns, t->buffered * t->columns * sizeof(double));
    return status;
}

/* The lower median of COUNT numbers, which are sorted: by insertion, for they are few. */
static double median_of(double *x, size_t count)
{
    for (size_t i = 1; i < count; i++) {
        double value = x[i];
        size_t at = i;
        for (; at > 0 && x[at - 1] > value; at--)
            x[at] = x[at - 1];
        x[at] = value;
    }
    return x[(count - 1) / 2];
}

/* The shift from the first SHIFT_ROWS rows: those of the buffer, then of the N ROWS that follow.  A median,
 * so that a first row far from the others does not cost these their digits. */
static void choose_shift(tsqr *t, const double *rows, size_t tda, size_t n)
{
    double x[SHIFT_ROWS] = {0};
    size_t all = t->buffered + n, count = all < SHIFT_ROWS ? all : SHIFT_ROWS;
    for (size_t j = 0; j < t->columns; j++) {
        for (size_t i = 0; i < count; i++)
            x[i] = i < t->buffered ? t->buffer[i * t->columns + j] : rows[(i - t->buffered) * tda + j];
        t->shift[j] = median_of(x, count);
    }
}

ml_status tsqr_add(tsqr *t, const gsl_matrix *x, ml_message *why)
{
    const double *rows = x->data;
    size_t left = x->size1;
    t->count += left;
    if (t->count <= t->limit)
        return buffer_rows(t, rows, x->tda, left, why);
    if (t->kind == TSQR_CENTRE && !t->reducing)
        choose_shift(t, rows, x->tda, left);
    t->reducing = true;
    size_t fill = (t->height - t->buffered % t->height) % t->height;
    fill = fill < left ? fill : left;
    ml_status status = buffer_rows(t, rows, x->tda, fill, why);
    if (status == ML_OK && t->buffered >= t->height)
        status = drain_buffer(t, why);
    rows += fill * x->tda;
    left -= fill;
    size_t whole = left / t->height * t->height;
    if (status == ML_OK)
        status = run_blocks(t, rows, x->tda, whole, why);
    return status == ML_OK ? buffer_rows(t, rows + whole * x->tda, x->tda, left - whole, why) : status;
}

/* What a merge works in. */
typedef struct merge_space {
    double *block; /* tiled, merge_rows: the row for the means, then a triangle */
    double *scratch;
} merge_space;

static bool make_space(const tsqr *t, merge_space *space)
{
    space->block = memory_zeros(merge_rows(t), t->stride * sizeof(double));
    space->scratch = memory_array(reflect_scratch_size(merge_rows(t)), sizeof(double));
    return space->block != NULL && space->scratch != NULL;
}

static void free_space(merge_space *space)
{
    free(space->block);
    free(space->scratch);
}

/* Fold lane FROM into lane L; FROM may come to be scaled otherwise.  MOVE is FROM's shift less L's, or NULL.
 */
static void merge_lanes(const tsqr *t, lane *l, lane *from, const double *move, merge_space *space)
{
    size_t height = merge_rows(t), first = t->kind == TSQR_CENTRE;
    double *mean = from->vectors;
    for (size_t j = 0; j < t->columns; j++) {
        double a = l->scale[j], b = from->scale[j], scale = a == 0 || (b != 0 && b < a) ? b : a;
        rescale_column(t, l, j, scale);
        rescale_column(t, from, j, scale);
        mean[j] = from->offset[j] + (move == NULL ? 0 : move[j] * scale);
        for (size_t i = 0; i < from->filled; i++)
            *tiled(space->block, height, first + i, j) = from->r[i * t->stride + j];
    }
    if (t->kind == TSQR_CENTRE)
        move_mean(t, l, from->count, mean, space->block, height, 0);
    else
        l->count += from->count;
    l->filled = reflect_fold(l->r, l->filled, space->block, height, first + from->filled, t->columns, true,
                             l->records ? &l->records->q : NULL, space->scratch);
}

typedef struct merge_run {
    tsqr *t;
    size_t step;
    merge_space space[LANES_MAX];
} merge_run;

static void run_merge(size_t index, int worker, void *context)
{
    (void)worker;
    merge_run *work = context;
    size_t into = 2 * work->step * index;
    lane *lanes = work->t->lanes;
    merge_lanes(work->t, &lanes[into], &lanes[into + work->step], NULL, &work->space[index]);
}

/* One level of the tree: lane 2 STEP i takes in lane 2 STEP i + STEP. */
static ml_status merge_level(tsqr *t, size_t lanes, size_t step, ml_message *why)
{
    merge_run work = {.t = t, .step = step};
    size_t pairs = (lanes + step - 1) / (2 * step);
    bool good = true;
    for (size_t i = 0; i < pairs && good; i++)
        good = make_space(t, &work.space[i]) &&
               make_record(t, &t->lanes[2 * step * i], t->lanes[(2 * i + 1) * step].filled, SIZE_MAX,
                           (2 * i + 1) * step);
    if (good)
        parallel_for(pairs, t->jobs, run_merge, &work);
    for (size_t i = 0; i < pairs; i++)
        free_space(&work.space[i]);
    return good ? ML_OK : no_memory(t, why);
}

/* All rows into the R of lane 0. */
static ml_status collapse(tsqr *t, ml_message *why)
{
    ml_status status = run_blocks(t, t->buffer, t->columns, t->buffered, why);
    t->buffered = 0;
    size_t lanes = 0;
    while (lanes < t->lane_count && t->lanes[lanes].r != NULL)
        lanes++;
    for (size_t step = 1; step < lanes && status == ML_OK; step *= 2)
        status = merge_level(t, lanes, step, why);
    for (size_t i = 1; i < lanes && t->kind != TSQR_KEEP; i++)
        free_lane(&t->lanes[i]);
    t->blocks = 0; /* rows may go on arriving, from lane 0 on */
    return status;
}

/* T had no rows: it becomes FROM, bit by bit. */
static ml_status copy_reduced(tsqr *t, const tsqr *from, ml_message *why)
{
    lane *l = &t->lanes[0];
    const lane *f = &from->lanes[0];
    size_t row = t->stride * sizeof(double);
    if (!make_lane(t, l))
        return no_memory(t, why);
    memcpy(l->r, f->r, reflect_rows(t->columns) * row);
    memcpy(l->offset, f->offset, row);
    memcpy(l->scale, f->scale, row);
    l->count = f->count;
    l->filled = f->filled;
    t->count = from->count;
    return ML_OK;
}

static ml_status merge_reduced(tsqr *t, tsqr *from, ml_message *why)
{
    if (collapse(t, why) != ML_OK || collapse(from, why) != ML_OK)
        return ML_FAIL;
    if (t->count == 0)
        return copy_reduced(t, from, why);
    merge_space space = {0};
    double *move = memory_array(t->columns, sizeof(double));
    bool good = make_space(t, &space) && move != NULL && make_lane(t, &t->lanes[0]);
    if (good) {
        for (size_t j = 0; j < t->columns; j++)
            move[j] = from->shift[j] - t->shift[j];
        merge_lanes(t, &t->lanes[0], &from->lanes[0], move, &space);
        t->count += from->count;
    }
    free_space(&space);
    free(move);
    return good ? ML_OK : no_memory(t, why);
}

ml_status tsqr_merge(tsqr *t, tsqr *from, ml_message *why)
{
    if (from->columns != t->columns || from->kind != t->kind || t->kind == TSQR_KEEP)
        return ml_fail(why, "states of %zu and %zu columns cannot be merged", t->columns, from->columns);
    if (from->count == 0)
        return ML_OK;
    if (!from->reducing) {
        gsl_matrix_view rows = gsl_matrix_view_array(from->buffer, from->buffered, t->columns);
        return tsqr_add(t, &rows.matrix, why);
    }
    if (!t->reducing)
        memcpy(t->shift, from->shift, t->columns * sizeof(double));
    t->reducing = true;
    return merge_reduced(t, from, why);
}

/* --- states as numbers --- */

size_t tsqr_parts_rows(size_t count, size_t columns, bool reduced)
{
    size_t size;
    if (reduced)
        return columns * (columns + 1) / 2;
    return __builtin_mul_overflow(count, columns, &size) ? SIZE_MAX : size;
}

ml_status tsqr_parts_alloc(tsqr_parts *p, size_t count, size_t columns, bool reduced, ml_message *why)
{
    *p = (tsqr_parts){.count = count, .columns = columns, .reduced = reduced};
    p->row_count = tsqr_parts_rows(count, columns, reduced);
    p->shift = memory_zeros(columns, sizeof(double));
    p->offset = memory_zeros(columns, sizeof(double));
    p->scale = memory_zeros(columns, sizeof(double));
    p->rows = memory_zeros(p->row_count, sizeof(double));
    if (p->shift && p->offset && p->scale && p->rows)
        return ML_OK;
    tsqr_parts_free(p);
    return ml_fail_memory(why, "a state", columns * sizeof(double));
}

void tsqr_parts_free(tsqr_parts *p)
{
    free(p->shift);
    free(p->offset);
    free(p->scale);
    free(p->rows);
    *p = (tsqr_parts){0};
}

/* Row I of R from its diagonal on, and where it is packed. */
static double *packed_row(const tsqr_parts *p, size_t i)
{
    return p->rows + i * (2 * p->columns - i + 1) / 2;
}

ml_status tsqr_export(tsqr *t, tsqr_parts *p, ml_message *why)
{
    *p = (tsqr_parts){0};
    if (t->reducing && collapse(t, why) != ML_OK)
        return ML_FAIL;
    if (tsqr_parts_alloc(p, t->count, t->columns, t->reducing, why) != ML_OK)
        return ML_FAIL;
    memcpy(p->shift, t->shift, t->columns * sizeof(double));
    if (!t->reducing) {
        if (t->count > 0)
            memcpy(p->rows, t->buffer, p->row_count * sizeof(double));
        return ML_OK;
    }
    const lane *l = &t->lanes[0];
    p->filled = l->filled;
    memcpy(p->offset, l->offset, t->columns * sizeof(double));
    memcpy(p->scale, l->scale, t->columns * sizeof(double));
    for (size_t i = 0; i < l->filled; i++)
        memcpy(packed_row(p, i), l->r + i * t->stride + i, (t->columns - i) * sizeof(double));
    return ML_OK;
}

static bool finite_numbers(const double *x, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (!isfinite(x[i]))
            return false;
    return true;
}

static bool good_scale(double x)
{
    return x == 0 || x == 1 || x == STEP || x == 1 / STEP;
}

ml_status tsqr_import(tsqr *t, const tsqr_parts *p, ml_message *why)
{
    bool good = p->columns == t->columns && t->count == 0 && p->filled <= p->columns &&
                p->reduced == (p->count > t->limit) && finite_numbers(p->rows, p->row_count) &&
                finite_numbers(p->shift, p->columns) && finite_numbers(p->offset, p->columns);
    for (size_t j = 0; good && j < p->columns; j++)
        good = good_scale(p->scale[j]);
    if (!good)
        return ml_fail(why, "the numbers of the state do not make a QR decomposition of %zu columns",
                       t->columns);
    if (!p->reduced) {
        gsl_matrix_view rows = {.matrix = {p->count, p->columns, p->columns, p->rows, NULL, 0}};
        return tsqr_add(t, &rows.matrix, why);
    }
    lane *l = &t->lanes[0];
    if (!make_lane(t, l))
        return no_memory(t, why);
    t->count = l->count = p->count;
    t->reducing = true;
    l->filled = p->filled;
    memcpy(t->shift, p->shift, t->columns * sizeof(double));
    memcpy(l->offset, p->offset, t->columns * sizeof(double));
    memcpy(l->scale, p->scale, t->columns * sizeof(double));
    for (size_t i = 0; i < l->filled; i++)
        memcpy(l->r + i * t->stride + i, packed_row(p, i), (t->columns - i) * sizeof(double));
    return ML_OK;
}

/* The mean of raw rows less the shift.  Halved magnitudes near the end of the range keep the sum finite. */
static void raw_mean(tsqr *t)
{
    for (size_t j = 0; j < t->columns; j++) {
        double sum = 0, large = 0;
        for (size_t i = 0; i < t->buffered; i++)
            large = fmax(large, fabs(t->buffer[i * t->columns + j]));
        double scale = large > BIG ? 1 / STEP : 1;
        for (size_t i = 0; i < t->buffered; i++)
            sum += t->buffer[i * t->columns + j] * scale - t->shift[j] * scale;
        t->mean[j] = sum / (double)t->buffered / scale;
    }
}

static void raw_factor(tsqr *t, gsl_matrix *f)
{
    if (t->kind == TSQR_CENTRE) {
        choose_shift(t, NULL, 0, 0);
        raw_mean(t);
    }
    for (size_t i = 0; i < f->size1; i++)
        for (size_t j = 0; j < f->size2; j++)
            f->data[i * f->tda + j] = t->buffer[i * t->columns + j] - t->shift[j] - t->mean[j];
}

static void reduced_factor(const tsqr *t, gsl_matrix *f)
{
    const lane *l = &t->lanes[0];
    gsl_matrix_set_zero(f);
    for (size_t i = 0; i < f->size1; i++)
        for (size_t j = i; j < f->size2; j++)
            f->data[i * f->tda + j] = l->r[i * t->stride + j] / (l->scale[j] == 0 ? 1 : l->scale[j]);
}

ml_status tsqr_factor(tsqr *t, gsl_matrix **f, ml_message *why)
{
    *f = NULL;
    if (t->reducing && collapse(t, why) != ML_OK)
        return ML_FAIL;
    *f = gsl_matrix_alloc(t->reducing ? t->columns : t->buffered, t->columns);
    if (*f == NULL)
        return no_memory(t, why);
    if (t->reducing)
        reduced_factor(t, *f);
    else
        raw_factor(t, *f);
    for (size_t i = 0; i < (*f)->size1 * (*f)->size2; i++) {
        if (isfinite((*f)->data[i]))
            continue;
        size_t j = i % (*f)->size2 + 1;
        gsl_matrix_free(*f);
        *f = NULL;
        return ml_fail(
            why, "column %zu is too large: its sum of squares leaves the range of doubles; divide it", j);
    }
    return ML_OK;
}

void tsqr_mean(const tsqr *t, gsl_vector *mean)
{
    for (size_t j = 0; j < t->columns; j++) {
        const lane *l = &t->lanes[0];
        double offset = !t->reducing ? t->mean[j] : l->scale[j] == 0 ? 0 : l->offset[j] / l->scale[j];
        gsl_vector_set(mean, j, t->shift[j] + offset);
    }
}

typedef struct apply_run {
    tsqr *t;
    gsl_matrix *out;
    size_t stride; /* of the tops */
    double *top[LANES_MAX], *block[LANES_MAX];
} apply_run;

/* Undo the blocks of a lane, the last one first: each hands its rows of Q C to OUT. */
static void apply_lane(size_t index, int worker, void *context)
{
    (void)worker;
    apply_run *work = context;
    gsl_matrix *out = work->out;
    size_t height = work->t->height;
    double *block = work->block[index];
    for (const record *at = work->t->lanes[index].records; at != NULL; at = at->before) {
        if (at->block == SIZE_MAX)
            continue;
        memset(block, 0, height * work->stride * sizeof *block);
        reflect_apply(&at->q, work->top[index], work->stride, block, height, out->size2);
        double *to = out->data + at->block * height * out->tda;
        for (size_t i = 0; i < at->q.rows; i++)
            for (size_t j = 0; j < out->size2; j++)
                to[i * out->tda + j] = *tiled(block, height, i, j);
    }
}

static void apply_merge(apply_run *work, const record *merge, size_t into, double *block)
{
    size_t height = merge_rows(work->t);
    memset(block, 0, height * work->stride * sizeof *block);
    reflect_apply(&merge->q, work->top[into], work->stride, block, height, work->out->size2);
    double *top = work->top[merge->from];
    for (size_t i = 0; i < merge->q.rows; i++)
        for (size_t j = 0; j < work->stride; j++)
            top[i * work->stride + j] = *tiled(block, height, i, j);
}

/* Undo the merges: the top of lane 0 spreads to the tops of all lanes. */
static bool apply_merges(apply_run *work, size_t lanes)
{
    size_t step = 1;
    double *block = memory_array(merge_rows(work->t) * work->stride, sizeof(double));
    while (step < lanes)
        step *= 2;
    for (; step > 0 && block != NULL; step /= 2)
        for (size_t i = 0; i + step < lanes; i += 2 * step)
            for (const record *at = work->t->lanes[i].records; at != NULL; at = at->before)
                if (at->block == SIZE_MAX && at->from == i + step)
                    apply_merge(work, at, i, block);
    free(block);
    return block != NULL;
}

ml_status tsqr_apply(tsqr *t, const gsl_matrix *c, gsl_matrix *out, ml_message *why)
{
    apply_run work = {.t = t, .out = out, .stride = reflect_stride(c->size2)};
    size_t lanes = 0, row = work.stride * sizeof(double);
    bool good = true;
    for (; lanes < t->lane_count && t->lanes[lanes].r != NULL; lanes++) {
        work.top[lanes] = memory_zeros(reflect_rows(t->columns), row);
        work.block[lanes] = memory_array(t->height, row);
        good = good && work.top[lanes] != NULL && work.block[lanes] != NULL;
    }
    if (good) {
        for (size_t i = 0; i < t->columns; i++)
            memcpy(work.top[0] + i * work.stride, c->data + i * c->tda, c->size2 * sizeof(double));
        good = apply_merges(&work, lanes);
    }
    if (good)
        parallel_for(lanes, t->jobs, apply_lane, &work);
    for (size_t i = 0; i < lanes; i++) {
        free(work.top[i]);
        free(work.block[i]);
    }
    return good ? ML_OK : ml_fail_memory(why, "U", lanes * t->columns * row);
}
