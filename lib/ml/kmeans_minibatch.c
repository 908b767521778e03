/* Mini-batch k-means: Sculley, "Web-scale k-means clustering", WWW 2010, algorithm 1. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "ml/kmeans_internal.h"

typedef struct batch {
    size_t size;
    uint32_t *at;
    int64_t *label;
    double *tile;
    double *seen; /* k: the weight of the points that each centroid has taken so far */
} batch;

static void free_batch(batch *b)
{
    free(b->at);
    free(b->label);
    free(b->tile);
    free(b->seen);
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
    batch b = {.size = run->params->batch};
    b.at = memory_array(b.size, sizeof *b.at);
    b.label = memory_array(b.size, sizeof *b.label);
    b.tile = memory_aligned(run->rows->d * KMEANS_TILE, sizeof(double));
    b.seen = memory_zeros(run->k, sizeof *b.seen);
    if (!b.at || !b.label || !b.tile || !b.seen) {
        free_batch(&b);
        return ml_fail_memory(why, "the batch", b.size * sizeof *b.at);
    }
    for (; run->iterations < run->params->max_iterations; run->iterations++) {
        draw_batch(run->rows, &b, g);
        label_batch(run, &b);
        pull(run, &b);
        if (run->params->spherical)
            to_unit_length(run);
    }
    run->converged = true; /* it ends when it was told to */
    free_batch(&b);
    ml_status status = kmeans_nearest_rows(run->rows, run->c, run->k, run->labels, NULL, why);
    memset(run->sizes, 0, run->k * sizeof *run->sizes);
    for (size_t i = 0; status == ML_OK && i < run->rows->n; i++)
        run->sizes[run->labels[i]]++;
    return status;
}
