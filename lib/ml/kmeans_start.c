/* Where k-means starts. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "base/parallel.h"
#include "ml/kmeans_internal.h"

ml_status kmeans_too_few(size_t distinct, size_t k, ml_message *why)
{
    return ml_fail(
        why,
        "only %zu of the rows are different (with a weight above 0), so %zu clusters cannot all have one",
        distinct, k);
}

static void take_row(const kmeans_rows *rows, size_t i, double *c, size_t q)
{
    memcpy(c + q * rows->d, rows->x + i * rows->d, rows->d * sizeof(double));
}

/* --- random rows --- */

static ml_status begin_random(const kmeans_rows *rows, size_t k, gsl_rng *g, double *c, ml_message *why)
{
    size_t *all = memory_array(rows->n, sizeof *all);
    if (all == NULL)
        return ml_fail_memory(why, "the start", rows->n * sizeof *all);
    size_t count = 0;
    for (size_t i = 0; i < rows->n; i++)
        if (rows->weights == NULL || rows->weights[i] > 0)
            all[count++] = i;
    if (count < k) {
        free(all);
        return kmeans_too_few(count, k, why);
    }
    for (size_t q = 0; q < k; q++) { /* the head of a Fisher-Yates shuffle */
        size_t at = q + gsl_rng_uniform_int(g, count - q), chosen = all[at];
        all[at] = all[q];
        take_row(rows, chosen, c, q);
    }
    free(all);
    return ML_OK;
}

/* --- greedy k-means++ --- */

enum { MOST_TRIALS = 16 };

typedef struct seeding {
    const kmeans_rows *rows;
    size_t pieces, trials;
    double *squared; /* n: to the nearest centroid so far */
    double *sums;    /* pieces: of weight squared */
    const double *candidate[MOST_TRIALS];
    double *gained; /* trials x pieces: what the sums would be */
} seeding;

static double weighed(const kmeans_rows *rows, size_t i, double x)
{
    return rows->weights ? rows->weights[i] * x : x;
}

static size_t piece_end(const kmeans_rows *rows, size_t index)
{
    size_t end = (index + 1) * KMEANS_PIECE;
    return end < rows->n ? end : rows->n;
}

/* The distances of a piece to the centroid just taken, candidate[0]. */
static void lower_piece(size_t index, int worker, void *context)
{
    (void)worker;
    seeding *s = context;
    double sum = 0;
    for (size_t i = index * KMEANS_PIECE; i < piece_end(s->rows, index); i++) {
        double squared = kmeans_squared(s->rows, i, s->candidate[0]);
        if (squared < s->squared[i])
            s->squared[i] = squared;
        sum += weighed(s->rows, i, s->squared[i]);
    }
    s->sums[index] = sum;
}

static void try_piece(size_t index, int worker, void *context)
{
    (void)worker;
    seeding *s = context;
    for (size_t t = 0; t < s->trials; t++) {
        double sum = 0;
        for (size_t i = index * KMEANS_PIECE; i < piece_end(s->rows, index); i++)
            sum += weighed(s->rows, i, fmin(s->squared[i], kmeans_squared(s->rows, i, s->candidate[t])));
        s->gained[t * s->pieces + index] = sum;
    }
}

static double total(const double *sums, size_t count)
{
    double sum = 0;
    for (size_t i = 0; i < count; i++)
        sum += sums[i];
    return sum;
}

/* A row drawn with a probability in proportion to its part of the sums. */
static size_t draw(const seeding *s, gsl_rng *g)
{
    double left = gsl_rng_uniform(g) * total(s->sums, s->pieces);
    size_t piece = 0, found = SIZE_MAX;
    while (piece + 1 < s->pieces && left >= s->sums[piece])
        left -= s->sums[piece++];
    /* rounding can run past the end: then the last row that has a part */
    while (found == SIZE_MAX) {
        for (size_t i = piece * KMEANS_PIECE; i < piece_end(s->rows, piece); i++) {
            double part = weighed(s->rows, i, s->squared[i]);
            if (!(part > 0))
                continue;
            found = i;
            if (left < part)
                break;
            left -= part;
        }
        piece = piece > 0 ? piece - 1 : s->pieces - 1;
    }
    return found;
}

/* The best of a few rows drawn: that which lowers the sum most; the first of equals. */
static size_t best_draw(seeding *s, gsl_rng *g)
{
    size_t at[MOST_TRIALS], best = 0;
    double least = INFINITY;
    for (size_t t = 0; t < s->trials; t++) {
        at[t] = draw(s, g);
        s->candidate[t] = s->rows->x + at[t] * s->rows->d;
    }
    if (s->trials == 1)
        return at[0];
    parallel_for(s->pieces, s->rows->jobs, try_piece, s);
    for (size_t t = 0; t < s->trials; t++) {
        double sum = total(s->gained + t * s->pieces, s->pieces);
        if (sum < least) {
            least = sum;
            best = t;
        }
    }
    return at[best];
}

/* Before there is a centroid every row counts by its weight. */
static void even_out(seeding *s)
{
    for (size_t piece = 0; piece < s->pieces; piece++) {
        s->sums[piece] = 0;
        for (size_t i = piece * KMEANS_PIECE; i < piece_end(s->rows, piece); i++) {
            s->squared[i] = 1;
            s->sums[piece] += weighed(s->rows, i, 1);
        }
    }
}

static ml_status seed_all(seeding *s, size_t k, gsl_rng *g, double *c, ml_message *why)
{
    even_out(s);
    size_t chosen = draw(s, g);
    for (size_t i = 0; i < s->rows->n; i++)
        s->squared[i] = INFINITY;
    for (size_t q = 0; q < k; q++) {
        if (q > 0) {
            if (!(total(s->sums, s->pieces) > 0))
                return kmeans_too_few(q, k, why);
            chosen = best_draw(s, g);
        }
        take_row(s->rows, chosen, c, q);
        s->candidate[0] = c + q * s->rows->d;
        parallel_for(s->pieces, s->rows->jobs, lower_piece, s);
    }
    return ML_OK;
}

static ml_status begin_plusplus(const kmeans_rows *rows, size_t k, gsl_rng *g, double *c, ml_message *why)
{
    size_t trials = 2 + (size_t)log((double)k);
    seeding s = {.rows = rows,
                 .pieces = (rows->n + KMEANS_PIECE - 1) / KMEANS_PIECE,
                 .trials = trials < MOST_TRIALS ? trials : MOST_TRIALS};
    s.squared = memory_array(rows->n, sizeof(double));
    s.sums = memory_array(s.pieces, (1 + s.trials) * sizeof(double));
    s.gained = s.sums ? s.sums + s.pieces : NULL;
    ml_status status = s.squared && s.sums ? seed_all(&s, k, g, c, why)
                                           : ml_fail_memory(why, "the start", rows->n * sizeof(double));
    free(s.squared);
    free(s.sums);
    return status;
}

ml_status kmeans_begin(const kmeans_rows *rows, const kmeans_params *params, gsl_rng *g, double *c,
                       ml_message *why)
{
    switch (params->start) {
    case KMEANS_PLUSPLUS:
        return begin_plusplus(rows, params->k, g, c, why);
    case KMEANS_RANDOM:
        return begin_random(rows, params->k, g, c, why);
    case KMEANS_FIRST:
        memcpy(c, rows->x, params->k * rows->d * sizeof(double));
        return ML_OK;
    default: /* KMEANS_GIVEN: the caller copied them */
        return ML_OK;
    }
}
