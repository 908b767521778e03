/* Mini-batch k-means: Sculley, "Web-scale k-means clustering", WWW 2010, algorithm 1. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "ml/kmeans_internal.h"
#include "ml/kmeans_online.h"

typedef struct batch {
    size_t size;
    uint32_t *at;
    int64_t *label;
    double *tile;
    double *squared; /* to the nearest centroid */
    double *seen;    /* k: the weight of the points that each centroid has taken so far */
} batch;

static void free_batch(batch *b)
{
    free(b->at);
    free(b->label);
    free(b->tile);
    free(b->squared);
    free(b->seen);
    *b = (batch){0}; /* a batch that could not be made is freed again with its owner */
}

static ml_status make_batch(batch *b, size_t size, size_t k, size_t d, ml_message *why)
{
    *b = (batch){.size = size};
    b->at = memory_array(size, sizeof *b->at);
    b->label = memory_array(size, sizeof *b->label);
    b->tile = memory_aligned(d * KMEANS_TILE, sizeof(double));
    b->squared = memory_array(size, sizeof *b->squared);
    b->seen = memory_zeros(k, sizeof *b->seen);
    if (b->at && b->label && b->tile && b->squared && b->seen)
        return ML_OK;
    free_batch(b);
    return ml_fail_memory(why, "the batch", size * sizeof *b->at);
}

static void draw_batch(const kmeans_rows *rows, batch *b, gsl_rng *g)
{
    for (size_t i = 0; i < b->size; i++)
        b->at[i] = (uint32_t)gsl_rng_uniform_int(g, rows->n);
}

/* Labels for the whole batch come first: the centroids stay as they are meanwhile. */
static void label_batch(const kmeans_run *run, batch *b)
{
    double best[KMEANS_TILE], second[KMEANS_TILE];
    int64_t label[KMEANS_TILE];
    for (size_t i = 0; i < b->size; i += KMEANS_TILE) {
        size_t count = b->size - i < KMEANS_TILE ? b->size - i : KMEANS_TILE;
        kmeans_fill_tile(run->rows, 0, b->at + i, count, b->tile);
        kmeans_nearest(b->tile, run->rows->d, run->c, run->k, best, second, label);
        memcpy(b->label + i, label, count * sizeof *label);
        memcpy(b->squared + i, best, count * sizeof *best);
    }
}

/* c <- (1 - eta) c + eta x with eta = weight / weight seen, point by point. */
static void pull(const kmeans_run *run, batch *b)
{
    const kmeans_rows *rows = run->rows;
    for (size_t i = 0; i < b->size; i++) {
        double weight = rows->weights ? rows->weights[b->at[i]] : 1;
        size_t q = (size_t)b->label[i];
        double *c = run->c + q * rows->d;
        const double *x = rows->x + b->at[i] * rows->d;
        b->seen[q] += weight;
        if (!(weight > 0))
            continue;
        for (size_t j = 0; j < rows->d; j++)
            c[j] += (x[j] - c[j]) * (weight / b->seen[q]);
    }
}

static void to_unit_length(const kmeans_run *run)
{
    size_t d = run->rows->d;
    for (size_t q = 0; q < run->k; q++) {
        double sum = 0;
        for (size_t j = 0; j < d; j++)
            sum += run->c[q * d + j] * run->c[q * d + j];
        for (size_t j = 0; sum > 0 && j < d; j++)
            run->c[q * d + j] /= sqrt(sum);
    }
}

ml_status kmeans_minibatch(kmeans_run *run, gsl_rng *g, ml_message *why)
{
    batch b;
    ml_status status = make_batch(&b, run->params->batch, run->k, run->rows->d, why);
    if (status != ML_OK)
        return status;
    for (; run->iterations < run->params->max_iterations; run->iterations++) {
        draw_batch(run->rows, &b, g);
        label_batch(run, &b);
        pull(run, &b);
        if (run->params->spherical)
            to_unit_length(run);
    }
    run->converged = true; /* it ends when it was told to */
    free_batch(&b);
    status = kmeans_nearest_rows(run->rows, run->c, run->k, run->labels, NULL, why);
    memset(run->sizes, 0, run->k * sizeof *run->sizes);
    for (size_t i = 0; status == ML_OK && i < run->rows->n; i++)
        run->sizes[run->labels[i]]++;
    return status;
}

/* --- rows as they come --- */

struct kmeans_online {
    kmeans_rows rows; /* of the batch, n being how many it has so far */
    kmeans_run run;
    batch b;
    double *x, *weights;
    bool spherical, weighted;
    size_t full, before; /* rows of a full batch; rows before this one */
    kmeans_result r;
    double *origin;                     /* d: the first row, which sums for the total are about */
    double_double *first, second, mass; /* d: sum w (x - origin); sum w |x - origin|^2; sum w */
};

void kmeans_online_free(kmeans_online *o)
{
    if (o == NULL)
        return;
    free_batch(&o->b);
    free(o->x);
    free(o->weights);
    free(o->origin);
    free(o->first);
    kmeans_free(&o->r);
    free(o);
}

static bool make_online(kmeans_online *o, size_t size, size_t k, size_t d)
{
    o->x = memory_array(size, d * sizeof(double));
    o->weights = memory_array(size, sizeof(double));
    o->origin = memory_array(d, sizeof(double));
    o->first = memory_zeros(d, sizeof *o->first);
    o->r.centroids = gsl_matrix_alloc(k, d);
    o->r.sizes = memory_zeros(k, sizeof *o->r.sizes);
    o->r.weights = memory_zeros(k, sizeof *o->r.weights);
    o->r.within = memory_zeros(k, sizeof *o->r.within);
    return o->x && o->weights && o->origin && o->first && o->r.centroids && o->r.sizes && o->r.weights &&
           o->r.within;
}

ml_status kmeans_online_new(kmeans_online **made, const gsl_matrix *centroids, bool spherical, size_t size,
                            ml_message *why)
{
    size_t k = centroids->size1, d = centroids->size2;
    kmeans_online *o = *made = memory_zeros(1, sizeof *o);
    if (o == NULL)
        return ml_fail_memory(why, "the batch", sizeof *o);
    ml_status status = make_batch(&o->b, size, k, d, why);
    if (status == ML_OK && !make_online(o, size, k, d))
        status = ml_fail_memory(why, "the batch", size * d * sizeof(double));
    if (status != ML_OK) {
        kmeans_online_free(o);
        *made = NULL;
        return status;
    }
    gsl_matrix_memcpy(o->r.centroids, centroids);
    o->spherical = spherical;
    o->full = size;
    o->rows = (kmeans_rows){.x = o->x, .d = d, .jobs = 1};
    o->run = (kmeans_run){.rows = &o->rows, .k = k, .c = o->r.centroids->data};
    for (size_t i = 0; i < size; i++)
        o->b.at[i] = (uint32_t)i;
    for (size_t q = 0; spherical && q < k; q++)
        if (!kmeans_normalize(o->run.c + q * d, d)) {
            kmeans_online_free(o);
            *made = NULL;
            return ml_fail(why, "centroid %zu of the start is all zeros: it has no direction", q + 1);
        }
    return ML_OK;
}

/* The rows of the batch into the sums about the first row. */
static void add_to_total(kmeans_online *o)
{
    size_t d = o->rows.d;
    for (size_t i = 0; i < o->rows.n; i++) {
        double weight = o->weighted ? o->weights[i] : 1;
        const double *x = o->x + i * d;
        for (size_t j = 0; j < d; j++)
            o->first[j] = dd_add(o->first[j], weight * (x[j] - o->origin[j]));
        o->second = dd_add(o->second, weight * kmeans_squared(&o->rows, i, o->origin));
        o->mass = dd_add(o->mass, weight);
    }
}

static void end_batch(kmeans_online *o, bool moves)
{
    if (o->before == 0)
        memcpy(o->origin, o->x, o->rows.d * sizeof(double));
    o->b.size = o->rows.n;
    o->rows.weights = o->weighted ? o->weights : NULL;
    label_batch(&o->run, &o->b);
    for (size_t i = 0; i < o->rows.n; i++) {
        double weight = o->weighted ? o->weights[i] : 1;
        size_t q = (size_t)o->b.label[i];
        o->r.sizes[q]++;
        o->r.weights[q] += weight;
        o->r.within[q] += weight * o->b.squared[i];
    }
    add_to_total(o);
    if (moves) {
        pull(&o->run, &o->b);
        if (o->spherical)
            to_unit_length(&o->run);
        o->r.iterations++;
    } else {
        memcpy(o->b.seen, o->r.weights, o->run.k * sizeof *o->b.seen);
    }
    o->before += o->rows.n;
    o->rows.n = 0;
}

static ml_status take_rows(kmeans_online *o, const gsl_matrix *x, const gsl_vector *weights, bool moves,
                           ml_message *why)
{
    size_t d = o->rows.d;
    o->weighted = weights != NULL;
    for (size_t i = 0; i < x->size1; i++) {
        const double *from = x->data + i * x->tda;
        size_t number = o->before + o->rows.n + 1;
        if (o->spherical && kmeans_is_zero(from, d))
            return ml_fail(why, "row %zu is all zeros: it has no direction", number);
        if (o->spherical)
            kmeans_to_unit(from, d, o->x + o->rows.n * d);
        else
            memcpy(o->x + o->rows.n * d, from, d * sizeof *from);
        if (weights != NULL) {
            double w = o->weights[o->rows.n] = gsl_vector_get(weights, i);
            if (!(w >= 0) || !isfinite(w))
                return ml_fail(why, "row %zu has the weight %g; weights must be 0 or above", number, w);
        }
        if (++o->rows.n == o->full)
            end_batch(o, moves);
    }
    return ML_OK;
}

ml_status kmeans_online_count(kmeans_online *o, const gsl_matrix *x, const gsl_vector *weights,
                              ml_message *why)
{
    ml_status status = take_rows(o, x, weights, false, why);
    if (status == ML_OK && o->rows.n > 0)
        end_batch(o, false);
    return status;
}

ml_status kmeans_online_add(kmeans_online *o, const gsl_matrix *x, const gsl_vector *weights, ml_message *why)
{
    return take_rows(o, x, weights, true, why);
}

ml_status kmeans_online_end(kmeans_online *o, kmeans_result *result, ml_message *why)
{
    double_double inertia = {0, 0}, around = {0, 0};
    if (o->rows.n > 0)
        end_batch(o, true);
    double mass = dd_value(o->mass);
    for (size_t q = 0; q < o->run.k; q++)
        inertia = dd_add(inertia, o->r.within[q]);
    for (size_t j = 0; j < o->rows.d; j++)
        around = dd_add(around, dd_value(o->first[j]) * (dd_value(o->first[j]) / mass));
    *result = o->r;
    o->r = (kmeans_result){0};
    result->inertia = dd_value(inertia);
    result->total = fmax(0, dd_value(dd_add_dd(o->second, dd_negate(around))));
    result->best = 1;
    result->converged = true; /* it ends when the rows do */
    if (mass > 0 && isfinite(result->total) && isfinite(result->inertia))
        return ML_OK;
    kmeans_free(result);
    return ml_fail(why, mass > 0 ? "the inertia is beyond the range of a double; scale the columns"
                                 : "the weights must have a finite sum above 0");
}
