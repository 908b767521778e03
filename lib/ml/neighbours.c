#include "ml/neighbours.h"

#include <stdint.h>
#include <stdlib.h>

#include "base/clones.h"
#include "base/memory.h"
#include "base/parallel.h"
#include "ml/neighbours_internal.h"

enum {
    PIECE = 256,  /* queries that a worker takes at a time */
    BLOCK = 1024, /* points that are measured at a time without a tree */
};

/* Of the squares: below it digits are lost, and a larger scale is tried. */
static const double tiny = 0x1p-960, raise = 0x1p480, largest_scale = 0x1p1000;

void neighbours_take(search *s, double key, size_t row)
{
    size_t i = s->found < s->k ? s->found++ : s->k - 1;
    for (; i > 0 && (key < s->keys[i - 1] || (s->rows && key == s->keys[i - 1] && row < s->rows[i - 1]));
         i--) {
        s->keys[i] = s->keys[i - 1];
        if (s->rows)
            s->rows[i] = s->rows[i - 1];
    }
    s->keys[i] = key;
    if (s->rows)
        s->rows[i] = row;
}

ML_CLONES static void add_squares(const double *x, double own, double weight, double scale, size_t count,
                                  double *keys)
{
    for (size_t i = 0; i < count; i++) {
        double difference = (x[i] - own) * weight * scale;
        keys[i] += difference * difference;
    }
}

ML_CLONES static void add_greatest(const double *x, double own, double weight, size_t count, double *keys)
{
    for (size_t i = 0; i < count; i++) {
        double difference = fabs((x[i] - own) * weight);
        keys[i] = difference > keys[i] ? difference : keys[i];
    }
}

void neighbours_keys(const search *s, const double *columns, size_t stride, size_t count, double *keys)
{
    for (size_t i = 0; i < count; i++)
        keys[i] = 0;
    for (size_t j = 0; j < s->index->d; j++) {
        double weight = s->index->weights ? s->index->weights[j] : 1;
        if (s->index->euclidean)
            add_squares(columns + j * stride, s->point[j], weight, s->scale, count, keys);
        else
            add_greatest(columns + j * stride, s->point[j], weight, count, keys);
    }
}

/* --- the index --- */

/* With many columns most boxes are as near as their points.  Measured with independent columns: of 20000
 * rows of 8 the tree takes a third to two thirds of the time of all distances, of 10 as long, of 15 twice to
 * four times as long; more rows move that by their logarithm. */
static bool tree_is_worth_it(size_t n, size_t d)
{
    return d <= 8 || 1.4 * (double)d <= log2((double)n);
}

/* Differences that are all finite, and their scale. */
static ml_status measure_columns(neighbours *index, ml_message *why)
{
    double greatest = 0;
    for (size_t j = 0; j < index->d; j++) {
        double low = INFINITY, high = -INFINITY;
        for (size_t i = 0; i < index->n; i++) {
            double v = gsl_matrix_get(index->x, i, j);
            low = v < low ? v : low;
            high = v > high ? v : high;
        }
        if (!isfinite((high - low) * (index->weights ? index->weights[j] : 1)))
            return ml_fail(why,
                           "numbers from %g to %g: their distance is beyond the range of a double; scale "
                           "them down",
                           low, high);
        greatest = fmax(greatest, (high - low) * (index->weights ? index->weights[j] : 1));
    }
    int exponent = 0;
    frexp(greatest, &exponent);
    index->scale = index->euclidean ? ldexp(1, exponent < -500 ? 500 : -exponent) : 1;
    return ML_OK;
}

/* The columns one after another. */
static ml_status turn(neighbours *index, ml_message *why)
{
    index->leaves = memory_aligned(index->n, index->d * sizeof *index->leaves);
    if (index->leaves == NULL)
        return ml_fail_memory(why, "nearest neighbours", index->n * index->d * sizeof(double));
    for (size_t i = 0; i < index->n; i++) {
        index->order[i] = i;
        for (size_t j = 0; j < index->d; j++)
            index->leaves[j * index->n + i] = gsl_matrix_get(index->x, i, j);
    }
    return ML_OK;
}

ml_status neighbours_new(neighbours **out, const gsl_matrix *x, const double *weights, neighbours_norm norm,
                         neighbours_way way, int jobs, ml_message *why)
{
    neighbours *index = *out = memory_zeros(1, sizeof *index);
    if (index == NULL)
        return ml_fail_memory(why, "nearest neighbours", sizeof *index);
    /* in one column both norms are the same, and one needs no squares */
    *index = (neighbours){.x = x,
                          .weights = weights,
                          .n = x->size1,
                          .d = x->size2,
                          .euclidean = norm == NEIGHBOURS_EUCLIDEAN && x->size2 > 1,
                          .jobs = jobs};
    index->tree = way == NEIGHBOURS_TREE || (way == NEIGHBOURS_AUTO && tree_is_worth_it(index->n, index->d));
    index->order = memory_array(index->n, sizeof *index->order);
    ml_status status = index->order ? measure_columns(index, why)
                                    : ml_fail_memory(why, "nearest neighbours", index->n * sizeof(size_t));
    if (status == ML_OK)
        status = index->tree ? neighbours_build_tree(index, why) : turn(index, why);
    if (status != ML_OK) {
        neighbours_free(index);
        *out = NULL;
    }
    return status;
}

void neighbours_free(neighbours *index)
{
    if (index == NULL)
        return;
    free(index->order);
    free(index->least);
    free(index->boxes);
    free(index->leaves);
    free(index);
}

/* --- queries --- */

typedef struct work {
    const neighbours *index;
    const gsl_matrix *queries; /* or NULL */
    size_t count;
    /* nearest */
    size_t k;
    double *keys; /* k a worker */
    double *distances;
    size_t *nearest;
    /* count */
    const double *radii;
    bool strict;
    size_t *counts;
} work;

/* The query at POSITION of the order in which they are asked: that of the leaves, so that neighbours follow
 * one another.  Its row is returned. */
static size_t query_at(const work *w, size_t position, search *s)
{
    size_t row = w->queries ? position : w->index->order[position];
    const gsl_matrix *from = w->queries ? w->queries : w->index->x;
    *s = (search){.index = w->index,
                  .point = from->data + row * from->tda,
                  .self = w->queries ? SIZE_MAX : row,
                  .scale = w->index->scale,
                  .k = w->k};
    return row;
}

static void search_all(search *s)
{
    const neighbours *index = s->index;
    double keys[BLOCK];
    for (size_t begin = 0; begin < index->n; begin += BLOCK) {
        size_t count = index->n - begin < BLOCK ? index->n - begin : BLOCK;
        neighbours_keys(s, index->leaves + begin, index->n, count, keys);
        for (size_t i = 0; i < count; i++)
            if (neighbours_wants(s, keys[i], begin + i) && begin + i != s->self)
                neighbours_take(s, keys[i], begin + i);
    }
}

static double find_nearest(search *s)
{
    const neighbours *index = s->index;
    for (;; s->scale = fmin(s->scale * raise, largest_scale)) {
        s->found = 0;
        if (index->tree)
            neighbours_search_tree(s);
        else
            search_all(s);
        double key = s->keys[s->k - 1];
        if (!index->euclidean)
            return key;
        if (key >= tiny || s->scale >= largest_scale)
            return sqrt(key) / s->scale;
    }
}

static void nearest_piece(size_t piece, int worker, void *context)
{
    work *w = context;
    for (size_t i = piece * PIECE; i < w->count && i < (piece + 1) * PIECE; i++) {
        search s;
        size_t row = query_at(w, i, &s);
        s.keys = w->keys + (size_t)worker * w->k;
        s.rows = w->nearest ? w->nearest + row * w->k : NULL;
        w->distances[row] = find_nearest(&s);
    }
}

ml_status neighbours_nearest(const neighbours *index, const gsl_matrix *queries, size_t k, double *distances,
                             size_t *nearest, ml_message *why)
{
    work w = {.index = index,
              .queries = queries,
              .count = queries ? queries->size1 : index->n,
              .k = k,
              .distances = distances,
              .nearest = nearest};
    w.keys = memory_array((size_t)index->jobs, k * sizeof *w.keys);
    if (w.keys == NULL)
        return ml_fail_memory(why, "nearest neighbours", k * sizeof *w.keys);
    parallel_for((w.count + PIECE - 1) / PIECE, index->jobs, nearest_piece, &w);
    free(w.keys);
    return ML_OK;
}

/* The greatest key of a distance that counts.  The scale is that of the radius: larger distances may
 * overflow, they are too far all the same. */
static void set_limit(search *s, double radius, bool strict)
{
    if (!s->index->euclidean) {
        s->limit = strict ? nextafter(radius, -1) : radius;
        return;
    }
    int exponent = 0;
    frexp(radius, &exponent);
    s->scale = ldexp(1, radius == 0 || exponent < -1000 ? 1000 : -exponent);
    double scaled = radius * s->scale;
    s->limit = scaled * scaled;
    if (radius == 0) {
        s->limit = strict ? -1 : 0;
        return;
    }
    while (strict ? sqrt(s->limit) >= scaled : sqrt(s->limit) > scaled)
        s->limit = nextafter(s->limit, 0);
    for (double next = s->limit; strict ? sqrt(next) < scaled : sqrt(next) <= scaled;
         next = nextafter(next, INFINITY))
        s->limit = next;
}

static size_t count_all(const search *s)
{
    const neighbours *index = s->index;
    double keys[BLOCK];
    size_t within = 0;
    for (size_t begin = 0; begin < index->n; begin += BLOCK) {
        size_t count = index->n - begin < BLOCK ? index->n - begin : BLOCK;
        neighbours_keys(s, index->leaves + begin, index->n, count, keys);
        for (size_t i = 0; i < count; i++)
            within += keys[i] <= s->limit;
    }
    return within;
}

static void count_piece(size_t piece, int worker, void *context)
{
    (void)worker;
    work *w = context;
    for (size_t i = piece * PIECE; i < w->count && i < (piece + 1) * PIECE; i++) {
        search s;
        size_t row = query_at(w, i, &s);
        set_limit(&s, w->radii[row], w->strict);
        size_t count = w->index->tree ? neighbours_count_tree(&s) : count_all(&s);
        w->counts[row] = count - (w->queries == NULL && s.limit >= 0);
    }
}

void neighbours_count(const neighbours *index, const gsl_matrix *queries, const double *radii, bool strict,
                      size_t *counts)
{
    work w = {.index = index,
              .queries = queries,
              .count = queries ? queries->size1 : index->n,
              .radii = radii,
              .strict = strict,
              .counts = counts};
    parallel_for((w.count + PIECE - 1) / PIECE, index->jobs, count_piece, &w);
}
