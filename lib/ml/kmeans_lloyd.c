/* Lloyd's iteration, with Hamerly's bounds or without. */
#include <float.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/clones.h"
#include "base/memory.h"
#include "base/parallel.h"
#include "ml/kmeans_internal.h"

enum { NOWHERE = UINT32_MAX };

typedef struct lloyd {
    kmeans_run *run;
    const kmeans_rows *rows;
    size_t k, d;
    bool bounded;
    bool labelled; /* every row has a label */
    uint32_t *moved_row,
        *moved_from; /* of each piece from its first place on: rows that changed their label (counted */
    size_t *moves;   /* within the piece), the label they had, and how many they are */
    float *gap;      /* bounded: below d(second) - d(own) of each row */
    float *loss;     /* k: what the centroids' last move can take from the gap of a row of that cluster */
    double margin;   /* what rounding can make of a difference of two distances */
    double *next;    /* k x d */
    double *drift;   /* k */
    kmeans_sums all, lane[KMEANS_LANES];
    size_t moved[KMEANS_LANES];
    kmeans_screens screens;
    double *tiles;   /* a worker's */
    double *squared; /* n, when a cluster has to be refilled or the inertia is asked for */
} lloyd;

static size_t pieces_of(const kmeans_rows *rows)
{
    return (rows->n + KMEANS_PIECE - 1) / KMEANS_PIECE;
}

static void free_lloyd(lloyd *l)
{
    kmeans_sums_free(&l->all);
    for (size_t i = 0; i < KMEANS_LANES; i++)
        kmeans_sums_free(&l->lane[i]);
    free(l->moved_row);
    free(l->moves);
    free(l->gap);
    free(l->loss);
    free(l->next);
    free(l->drift);
    free(l->tiles);
    free(l->squared);
    free(l->screens.c);
    free(l->screens.half);
}

static ml_status make_lloyd(lloyd *l, kmeans_run *run, ml_message *why)
{
    const kmeans_rows *rows = run->rows;
    size_t n = rows->n, k = run->k, d = rows->d;
    *l = (lloyd){.run = run, .rows = rows, .k = k, .d = d};
    l->bounded = run->params->method == KMEANS_HAMERLY || (run->params->method == KMEANS_AUTO && n >= 256);
    bool good = kmeans_sums_make(&l->all, k, d);
    for (size_t i = 0; good && i < KMEANS_LANES; i++)
        good = kmeans_sums_make(&l->lane[i], k, d);
    l->moved_row = memory_array(n, 2 * sizeof *l->moved_row);
    l->moved_from = l->moved_row ? l->moved_row + n : NULL;
    l->moves = memory_zeros(pieces_of(rows), sizeof *l->moves);
    l->gap = memory_array(l->bounded ? n : 0, sizeof *l->gap);
    l->loss = memory_zeros(k, sizeof *l->loss);
    l->next = memory_zeros(k, d * sizeof(double));
    l->drift = memory_zeros(k, sizeof(double));
    l->tiles = memory_aligned(d * KMEANS_TILE, (size_t)rows->jobs * sizeof(double));
    l->screens.c = memory_array(k, d * sizeof(float));
    l->screens.half = memory_array(k, sizeof(float));
    if (good && l->screens.c && l->screens.half && l->moved_row && l->moves && l->gap && l->loss && l->next &&
        l->drift && l->tiles)
        return ML_OK;
    free_lloyd(l);
    return ml_fail_memory(why, "k-means", n * (2 * sizeof *l->moved_row + sizeof *l->gap));
}

/* --- labels --- */

/* The greatest distance that can occur: given centroids may lie outside the box round the rows, the others do
 * not. (d + 8) eps covers a computed distance, 8 of them the difference of two and what is lost on the way.
 */
static void set_margin(lloyd *l)
{
    double reach = l->rows->diagonal;
    for (size_t q = 0; q < l->k; q++)
        reach = fmax(reach, l->rows->diagonal + sqrt(kmeans_squared(l->rows, 0, l->run->c + q * l->d)));
    l->margin = 8 * (double)(l->d + 8) * DBL_EPSILON * reach;
}

/* A float below X. */
static float below(double x)
{
    float f = (float)x;
    return f - fabsf(f) * (2 * FLT_EPSILON) - FLT_MIN;
}

/* Row FROM + OFFSET belongs to LABEL now; a change is noted for the sums. */
static void relabel(lloyd *l, size_t piece, uint32_t offset, uint32_t label)
{
    size_t from = piece * KMEANS_PIECE;
    uint32_t *at = &l->run->labels[from + offset];
    if (*at == label)
        return;
    size_t m = from + l->moves[piece]++;
    l->moved_row[m] = offset;
    l->moved_from[m] = *at;
    *at = label;
}

static void label_tile(lloyd *l, size_t piece, double *tile, const uint32_t *at, size_t count)
{
    double best[KMEANS_TILE], second[KMEANS_TILE];
    int64_t label[KMEANS_TILE];
    kmeans_fill_tile(l->rows, piece * KMEANS_PIECE, at, count, tile);
    kmeans_nearest(tile, l->d, l->run->c, l->k, best, second, label);
    for (size_t i = 0; i < count; i++) {
        relabel(l, piece, at[i], (uint32_t)label[i]);
        if (l->bounded)
            l->gap[piece * KMEANS_PIECE + at[i]] = below(sqrt(second[i]) - sqrt(best[i]) - l->margin);
    }
}

static void set_screens(lloyd *l)
{
    l->screens.reach = 0;
    for (size_t q = 0; q < l->k; q++) {
        double norm = 0;
        for (size_t j = 0; j < l->d; j++) {
            double c = l->run->c[q * l->d + j] - l->rows->centre[j];
            l->screens.c[q * l->d + j] = (float)c;
            norm += c * c;
        }
        l->screens.half[q] = (float)(norm / 2);
        l->screens.reach = fmax(l->screens.reach, sqrt(norm));
    }
}

/* How many rows before their turn a tile's rows are asked for. */
enum { AHEAD = 2 * KMEANS_TILE };

/* Have a tile's rows brought nearer: where few rows are open, the processor does not guess which come next.
 */
static void fetch_rows(const kmeans_rows *rows, size_t base, const uint32_t *at, size_t from, size_t count)
{
    enum { LINE = 64 };
    size_t to = from + KMEANS_TILE < count ? from + KMEANS_TILE : count;
    for (size_t i = from; i < to; i++) {
        const char *row = (const char *)(rows->x + (base + at[i]) * rows->d);
        for (size_t byte = 0; byte < rows->d * sizeof(double); byte += LINE)
            __builtin_prefetch(row + byte);
    }
}

/* Label rows AT by single precision where that leaves no doubt; those that it leaves go to the front of AT.
 */
static size_t screen_rows(lloyd *l, size_t piece, float *tile, uint32_t *at, size_t count)
{
    size_t left = 0;
    for (size_t done = 0; done < count; done += KMEANS_TILE) {
        float gap[KMEANS_TILE];
        int32_t label[KMEANS_TILE];
        size_t some = count - done < KMEANS_TILE ? count - done : KMEANS_TILE;
        fetch_rows(l->rows, piece * KMEANS_PIECE, at, done + AHEAD, count);
        kmeans_fill_screen(l->rows, piece * KMEANS_PIECE, at + done, some, tile);
        kmeans_screen(tile, l->d, &l->screens, l->k, gap, label);
        for (size_t i = 0; i < some; i++) {
            uint32_t offset = at[done + i];
            l->gap[piece * KMEANS_PIECE + offset] = gap[i];
            if (gap[i] > 0)
                relabel(l, piece, offset, (uint32_t)label[i]);
            else
                at[left++] = offset;
        }
    }
    return left;
}

/* Lower the gaps of COUNT rows by what their clusters lost. */
ML_WIDE_CLONES static void lower_gaps(float *gap, const uint32_t *labels, const float *loss, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        float lower = gap[i] - loss[(int32_t)labels[i]];
        gap[i] = lower - fabsf(lower) * FLT_EPSILON;
    }
}

/* The rows of a piece whose gap is gone, into AT. */
static size_t list_open(const float *gap, size_t count, uint32_t *at)
{
    size_t open = 0;
    for (size_t i = 0; i < count; i++) {
        at[open] = (uint32_t)i;
        open += !(gap[i] > 0);
    }
    return open;
}

static void label_piece(size_t piece, int worker, void *context)
{
    lloyd *l = context;
    double *tile = l->tiles + (size_t)worker * l->d * KMEANS_TILE;
    size_t from = piece * KMEANS_PIECE;
    size_t count = l->rows->n - from < KMEANS_PIECE ? l->rows->n - from : KMEANS_PIECE, open = 0;
    uint32_t at[KMEANS_PIECE];
    l->moves[piece] = 0;
    if (l->bounded && l->labelled) {
        lower_gaps(l->gap + from, l->run->labels + from, l->loss, count);
        open = list_open(l->gap + from, count, at);
    } else {
        for (; open < count; open++)
            at[open] = (uint32_t)open;
    }
    if (l->bounded)
        open = screen_rows(l, piece, (float *)tile, at, open);
    for (size_t i = 0; i < open; i += KMEANS_TILE)
        label_tile(l, piece, tile, at + i, open - i < KMEANS_TILE ? open - i : KMEANS_TILE);
}

static void label_rows(lloyd *l)
{
    if (l->bounded)
        set_screens(l);
    parallel_for(pieces_of(l->rows), l->rows->jobs, label_piece, l);
    l->labelled = true;
}

/* --- sums --- */

static void change(const lloyd *l, kmeans_sums *s, size_t i, uint32_t q, double sign)
{
    double weight = l->rows->weights ? l->rows->weights[i] : 1;
    if (q == NOWHERE)
        return;
    kmeans_sums_add(s, q, l->rows->x + i * l->d, weight, sign);
}

/* A lane is a stretch of pieces. */
static void sum_lane(size_t index, int worker, void *context)
{
    (void)worker;
    lloyd *l = context;
    kmeans_sums *s = &l->lane[index];
    size_t pieces = pieces_of(l->rows), last = pieces * (index + 1) / KMEANS_LANES;
    l->moved[index] = 0;
    for (size_t piece = pieces * index / KMEANS_LANES; piece < last; piece++) {
        if (l->moved[index] == 0 && l->moves[piece] > 0)
            kmeans_sums_clear(s);
        l->moved[index] += l->moves[piece];
        size_t from = piece * KMEANS_PIECE;
        for (size_t m = from; m < from + l->moves[piece]; m++) {
            size_t row = from + l->moved_row[m];
            change(l, s, row, l->moved_from[m], -1);
            change(l, s, row, l->run->labels[row], 1);
        }
    }
}

/* Bring the sums up to the labels; the number of rows that moved. */
static size_t sum_rows(lloyd *l)
{
    size_t moved = 0;
    parallel_for(KMEANS_LANES, l->rows->jobs, sum_lane, l);
    for (size_t i = 0; i < KMEANS_LANES; i++) {
        moved += l->moved[i];
        if (l->moved[i] > 0)
            kmeans_sums_merge(&l->all, &l->lane[i]);
    }
    return moved;
}

/* --- squared distances to the own centroid --- */

static void square_piece(size_t index, int worker, void *context)
{
    (void)worker;
    lloyd *l = context;
    size_t from = index * KMEANS_PIECE,
           to = from + KMEANS_PIECE < l->rows->n ? from + KMEANS_PIECE : l->rows->n;
    for (size_t i = from; i < to; i++)
        l->squared[i] = kmeans_squared(l->rows, i, l->run->c + l->run->labels[i] * l->d);
}

static ml_status square_rows(lloyd *l, ml_message *why)
{
    if (l->squared == NULL)
        l->squared = memory_array(l->rows->n, sizeof(double));
    if (l->squared == NULL)
        return ml_fail_memory(why, "distances", l->rows->n * sizeof(double));
    parallel_for(pieces_of(l->rows), l->rows->jobs, square_piece, l);
    return ML_OK;
}

static double inertia_of(const lloyd *l)
{
    double_double sum = {0, 0};
    for (size_t i = 0; i < l->rows->n; i++)
        sum = dd_add(sum, l->rows->weights ? l->rows->weights[i] * l->squared[i] : l->squared[i]);
    return dd_value(sum);
}

/* --- clusters that became empty --- */

/* A cluster with rows of no weight only has no mean: it counts as empty. */
static bool is_empty(const lloyd *l, size_t q)
{
    return !(dd_value(l->all.mass[q]) > 0);
}

/* The row farthest from its centroid, of a cluster that keeps some weight without it; n when all lie on their
 * centroids. */
static size_t farthest(const lloyd *l)
{
    size_t found = l->rows->n;
    double most = 0;
    for (size_t i = 0; i < l->rows->n; i++) {
        double weight = l->rows->weights ? l->rows->weights[i] : 1;
        if (weight > 0 && l->squared[i] > most && dd_value(l->all.mass[l->run->labels[i]]) > weight) {
            most = l->squared[i];
            found = i;
        }
    }
    return found;
}

static ml_status refill(lloyd *l, ml_message *why)
{
    size_t empty = 0;
    for (size_t q = 0; q < l->k; q++)
        empty += is_empty(l, q);
    if (empty == 0)
        return ML_OK;
    ml_status status = square_rows(l, why);
    for (size_t q = 0; q < l->k && status == ML_OK; q++) {
        if (!is_empty(l, q))
            continue;
        size_t i = farthest(l);
        if (i == l->rows->n)
            return kmeans_too_few(l->k - empty, l->k, why);
        change(l, &l->all, i, l->run->labels[i], -1);
        l->run->labels[i] = (uint32_t)q;
        change(l, &l->all, i, (uint32_t)q, 1);
        l->squared[i] = 0;
        if (l->bounded)
            l->gap[i] = -1;
        l->run->refilled++;
    }
    return status;
}

/* --- centroids --- */

static ml_status move_centroids(lloyd *l, ml_message *why)
{
    for (size_t q = 0; q < l->k; q++) {
        double mass = dd_value(l->all.mass[q]);
        double *c = l->next + q * l->d;
        for (size_t j = 0; j < l->d; j++)
            c[j] = dd_value(kmeans_sums_at(&l->all, q, j)) / mass;
        if (l->run->params->spherical && !kmeans_normalize(c, l->d))
            return kmeans_cancelled(q, why);
        l->drift[q] = kmeans_drift(c, l->run->c + q * l->d, l->d);
    }
    return ML_OK;
}

/* A row's own centroid can move away and the farthest moving of the others closer. */
static void set_losses(lloyd *l)
{
    size_t most = 0;
    double second = 0;
    for (size_t q = 1; q < l->k; q++)
        if (l->drift[q] > l->drift[most])
            most = q;
    for (size_t q = 0; q < l->k; q++)
        if (q != most)
            second = fmax(second, l->drift[q]);
    for (size_t q = 0; q < l->k; q++)
        l->loss[q] = -below(-(l->drift[q] + (q == most ? second : l->drift[most])));
}

static double greatest(const double *x, size_t count)
{
    double most = 0;
    for (size_t i = 0; i < count; i++)
        most = fmax(most, x[i]);
    return most;
}

/* --- iterations --- */

static ml_status report(lloyd *l, size_t moved, ml_message *why)
{
    const kmeans_params *p = l->run->params;
    if (p->progress == NULL)
        return ML_OK;
    ml_status status = square_rows(l, why);
    if (status != ML_OK)
        return status;
    gsl_matrix_view before = gsl_matrix_view_array(l->run->c, l->k, l->d);
    gsl_matrix_view after = gsl_matrix_view_array(l->next, l->k, l->d);
    kmeans_iteration now = {.restart = l->run->restart,
                            .iteration = l->run->iterations,
                            .inertia = inertia_of(l),
                            .moved = moved,
                            .shift = greatest(l->drift, l->k),
                            .labels = l->run->labels,
                            .before = &before.matrix,
                            .after = &after.matrix};
    p->progress(p->context, &now);
    return ML_OK;
}

/* Labels, sums, new centroids; true in *DONE when nothing changes any more. */
static ml_status iterate(lloyd *l, bool *done, ml_message *why)
{
    l->run->iterations++;
    label_rows(l);
    size_t moved = sum_rows(l), refilled = l->run->refilled;
    ml_status status = refill(l, why);
    if (status == ML_OK)
        status = move_centroids(l, why);
    if (status == ML_OK)
        status = report(l, moved, why);
    if (status != ML_OK)
        return status;
    memcpy(l->run->c, l->next, l->k * l->d * sizeof(double));
    set_losses(l);
    double tolerance = l->run->params->tolerance;
    bool still = l->run->refilled == refilled;
    *done = still && (moved == 0 || (tolerance > 0 && greatest(l->drift, l->k) <= tolerance));
    return ML_OK;
}

/* The labels belong to the centroids: one more look where the last ones moved after it. */
static void finish(lloyd *l)
{
    label_rows(l);
    sum_rows(l);
    for (size_t q = 0; q < l->k; q++)
        l->run->sizes[q] = (size_t)l->all.sizes[q];
}

ml_status kmeans_lloyd(kmeans_run *run, ml_message *why)
{
    lloyd l;
    ml_status status = make_lloyd(&l, run, why);
    if (status != ML_OK)
        return status;
    memset(run->labels, 0xff, run->rows->n * sizeof *run->labels);
    if (l.bounded)
        set_margin(&l);
    while (status == ML_OK && !run->converged && run->iterations < run->params->max_iterations)
        status = iterate(&l, &run->converged, why);
    if (status == ML_OK)
        finish(&l);
    free_lloyd(&l);
    return status;
}
