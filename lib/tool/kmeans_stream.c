#include "tool/kmeans_stream.h"

#include <math.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "base/random.h"
#include "ml/kmeans_online.h"
#include "ml/kmeans_round.h"
#include "table/progress.h"
#include "tool/points.h"

enum { LEAST_SAMPLE = 16384, SAMPLE_FOR_EACH = 20 };
static const uint64_t SAMPLE_STREAM = UINT64_C(1) << 34; /* beyond the streams of restarts */

typedef struct stream {
    const cli *c;
    const kmeans_params *params;
    reader *first;  /* the rows, opened and not yet read, or NULL */
    size_t d, rows; /* columns; rows of a whole pass, 0 before the first */
    bool weighted;
} stream;

/* --- passes --- */

static ml_status pass(stream *s, points_sink *sink, void *context, ml_message *why)
{
    reader_options reading = s->c->reader;
    reader *r = s->first;
    ml_status status = ML_OK;
    s->first = NULL;
    reading.note = NULL; /* said in the first pass */
    if (r == NULL)
        status = reader_open(&r, s->c->file, &reading, why);
    if (status == ML_OK)
        status = points_each(r, sink, context, why);
    reader_free(r);
    return status;
}

/* --- a sample --- */

/* Rows drawn one as likely as the other: Li, "Reservoir-sampling algorithms of time complexity
 * O(n (1 + log(N/n)))", ACM TOMS 20 (1994) 481, algorithm L.  All rows, in their order, when these are no
 * more.
 */
typedef struct sample {
    gsl_matrix *x;
    gsl_vector *weights; /* NULL: none */
    size_t have, seen;   /* rows held; rows that came by */
    gsl_rng *g;
    bool only_first; /* the sample is the first rows */
    double w, next;  /* next: number of the next row to be taken, from 0, once the sample is full */
} sample;

static void sample_free(sample *s)
{
    gsl_matrix_free(s->x);
    gsl_vector_free(s->weights);
    gsl_rng_free(s->g);
}

static ml_status sample_alloc(sample *s, size_t rows, size_t d, bool weighted, uint64_t seed, ml_message *why)
{
    *s = (sample){.x = gsl_matrix_alloc(rows, d),
                  .weights = weighted ? gsl_vector_alloc(rows) : NULL,
                  .g = random_stream(seed, SAMPLE_STREAM),
                  .w = 1};
    if (s->x && (s->weights || !weighted) && s->g)
        return ML_OK;
    sample_free(s);
    *s = (sample){0};
    return ml_fail_memory(why, "the sample", rows * d * sizeof(double));
}

static void put_row(sample *s, size_t at, const gsl_matrix *x, const gsl_vector *weights, size_t i)
{
    gsl_vector_const_view row = gsl_matrix_const_row(x, i);
    gsl_matrix_set_row(s->x, at, &row.vector);
    if (weights != NULL)
        gsl_vector_set(s->weights, at, gsl_vector_get(weights, i));
}

static void skip_rows(sample *s)
{
    if (s->only_first) {
        s->next = INFINITY;
        return;
    }
    s->w *= exp(log(gsl_rng_uniform_pos(s->g)) / (double)s->x->size1);
    s->next += floor(log(gsl_rng_uniform_pos(s->g)) / log1p(-s->w)) + 1;
}

static ml_status sample_rows(void *context, const gsl_matrix *x, const gsl_vector *weights, ml_message *why)
{
    (void)why;
    sample *s = context;
    for (size_t i = 0; i < x->size1; i++, s->seen++) {
        if (s->have < s->x->size1) {
            put_row(s, s->have++, x, weights, i);
            if (s->have == s->x->size1) {
                s->next = (double)s->seen;
                skip_rows(s);
            }
        } else if ((double)s->seen == s->next) {
            put_row(s, gsl_rng_uniform_int(s->g, s->x->size1), x, weights, i);
            skip_rows(s);
        }
    }
    return ML_OK;
}

/* --- the start --- */

static size_t sample_size(const kmeans_params *p)
{
    size_t most = p->k > SIZE_MAX / SAMPLE_FOR_EACH ? SIZE_MAX : p->k * SAMPLE_FOR_EACH;
    return p->start == KMEANS_FIRST ? p->k : most > LEAST_SAMPLE ? most : LEAST_SAMPLE;
}

static ml_status fit_sample(const stream *s, const sample *from, kmeans_result *r, ml_message *why)
{
    kmeans_params p = *s->params;
    gsl_matrix_const_view x = gsl_matrix_const_submatrix(from->x, 0, 0, from->have, s->d);
    if (p.k > from->have)
        return ml_fail(why, "%zu clusters of %zu row%s: there cannot be more clusters than rows", p.k,
                       from->have, from->have == 1 ? "" : "s");
    if (p.start == KMEANS_FIRST) {
        *r = (kmeans_result){.centroids = gsl_matrix_alloc(p.k, s->d), .best = 1};
        if (r->centroids == NULL)
            return ml_fail_memory(why, "the centroids", p.k * s->d * sizeof(double));
        gsl_matrix_memcpy(r->centroids, &x.matrix);
        return ML_OK;
    }
    if (p.method == KMEANS_MINIBATCH)
        p.max_iterations = 300;
    p.method = KMEANS_AUTO;
    p.tolerance = 0;
    progress_phase("clustering a sample");
    gsl_vector w =
        from->weights ? gsl_vector_subvector(from->weights, 0, from->have).vector : (gsl_vector){0};
    return kmeans_fit(&x.matrix, from->weights ? &w : NULL, &p, r, why);
}

/* The start of full passes: centroids in R, its best the number of the restart. */
static ml_status find_start(stream *s, kmeans_result *r, ml_message *why)
{
    sample from;
    ml_status status = sample_alloc(&from, sample_size(s->params), s->d, s->weighted, s->params->seed, why);
    if (status != ML_OK)
        return status;
    from.only_first = s->params->start == KMEANS_FIRST;
    progress_phase("drawing a sample");
    status = pass(s, sample_rows, &from, why);
    s->rows = from.seen;
    if (status == ML_OK)
        status = fit_sample(s, &from, r, why);
    sample_free(&from);
    return status;
}

/* --- full passes --- */

static ml_status add_rows(void *round, const gsl_matrix *x, const gsl_vector *weights, ml_message *why)
{
    return kmeans_round_add(round, x, weights, why);
}

/* All rows about CENTROIDS; ROUND is new. */
static ml_status look(stream *s, const gsl_matrix *centroids, kmeans_round **round,
                      const kmeans_parts **parts, ml_message *why)
{
    ml_status status = kmeans_round_new(round, centroids, s->params->spherical, s->params->jobs, why);
    if (status == ML_OK)
        status = pass(s, add_rows, *round, why);
    if (status == ML_OK)
        status = kmeans_round_parts(*round, parts, why);
    if (status == ML_OK && s->rows != 0 && (*parts)->rows != s->rows)
        status = ml_fail(why, "the input changed while it was read: %zu rows at first, then %zu", s->rows,
                         (*parts)->rows);
    if (status == ML_OK)
        s->rows = (*parts)->rows;
    return status;
}

/* Clusters by their first rows, those without rows last. */
static ml_status number_clusters(kmeans_result *r, const kmeans_round *round, ml_message *why)
{
    size_t k = r->centroids->size1, *order = memory_array(k, sizeof *order);
    kmeans_result old = *r;
    r->centroids = gsl_matrix_alloc(k, old.centroids->size2);
    r->sizes = memory_array(k, sizeof *r->sizes);
    r->weights = memory_array(k, sizeof *r->weights);
    r->within = memory_array(k, sizeof *r->within);
    bool good = order && r->centroids && r->sizes && r->weights && r->within;
    for (size_t q = 0; good && q < k; q++) { /* insertion: k is small beside the rows */
        size_t at = q;
        for (; at > 0 && kmeans_round_first(round, order[at - 1]) > kmeans_round_first(round, q); at--)
            order[at] = order[at - 1];
        order[at] = q;
    }
    for (size_t q = 0; good && q < k; q++) {
        gsl_vector_view row = gsl_matrix_row(old.centroids, order[q]);
        gsl_matrix_set_row(r->centroids, q, &row.vector);
        r->sizes[q] = old.sizes[order[q]];
        r->weights[q] = old.weights[order[q]];
        r->within[q] = old.within[order[q]];
    }
    free(order);
    kmeans_free(&old);
    return good ? ML_OK : ml_fail_memory(why, "the result", k * sizeof *order);
}

/* Passes from CENTROIDS, which are moved, until no row changes its cluster; what the rows are to the last
 * ones in R. */
static ml_status iterate(stream *s, gsl_matrix *centroids, kmeans_round **round, kmeans_result *r,
                         ml_message *why)
{
    const kmeans_params *p = s->params;
    const kmeans_parts *parts;
    kmeans_history history = {0};
    size_t refilled = 0;
    double shift = 0;
    ml_status status = ML_OK;
    bool converged = false;
    while (status == ML_OK && !converged && history.rounds < p->max_iterations) {
        kmeans_round_free(*round);
        kmeans_free(r);
        progress_phase("pass %zu", history.rounds + 1);
        status = look(s, centroids, round, &parts, why);
        if (status == ML_OK)
            status =
                kmeans_parts_step(parts, centroids, p->spherical, p->tolerance, &history, r, &shift, why);
        if (status != ML_OK)
            return status;
        gsl_matrix_memcpy(centroids, r->centroids);
        refilled += r->refilled;
        converged = r->converged;
    }
    if (!converged || p->tolerance > 0) { /* the labels of the last pass may not be those of the centroids */
        kmeans_round_free(*round);
        kmeans_free(r);
        progress_phase("last pass");
        status = look(s, centroids, round, &parts, why);
        if (status == ML_OK)
            status = kmeans_parts_measure(parts, centroids, p->spherical, r, why);
    }
    r->iterations = history.rounds;
    r->refilled = refilled;
    r->converged = converged;
    return status;
}

static ml_status full_passes(stream *s, kmeans_result *r, ml_message *why)
{
    const kmeans_params *p = s->params;
    kmeans_result start = {.best = 1};
    kmeans_round *round = NULL;
    gsl_matrix *centroids = NULL;
    ml_status status = p->start == KMEANS_GIVEN ? ML_OK : find_start(s, &start, why);
    if (status == ML_OK && (centroids = gsl_matrix_alloc(p->k, s->d)) == NULL)
        status = ml_fail_memory(why, "the centroids", p->k * s->d * sizeof(double));
    if (status == ML_OK) {
        gsl_matrix_memcpy(centroids, p->start == KMEANS_GIVEN ? p->centroids : start.centroids);
        status = iterate(s, centroids, &round, r, why);
    }
    if (status == ML_OK && (p->start == KMEANS_PLUSPLUS || p->start == KMEANS_RANDOM))
        status = number_clusters(r, round, why);
    r->best = start.best;
    kmeans_round_free(round);
    kmeans_free(&start);
    gsl_matrix_free(centroids);
    if (status != ML_OK)
        kmeans_free(r);
    return status;
}

/* --- one pass --- */

typedef struct once {
    stream *s;
    sample from;
    kmeans_online *online; /* NULL while the sample is filled */
    size_t best;
} once;

/* The sample is full, or all rows are in it. */
static ml_status begin(once *o, ml_message *why)
{
    const kmeans_params *p = o->s->params;
    kmeans_result start = {0};
    ml_status status = fit_sample(o->s, &o->from, &start, why);
    o->best = start.best;
    progress_phase("reading");
    if (status == ML_OK)
        status = kmeans_online_new(&o->online, start.centroids, p->spherical, p->batch, why);
    kmeans_free(&start);
    if (status != ML_OK)
        return status;
    gsl_matrix_view x = gsl_matrix_submatrix(o->from.x, 0, 0, o->from.have, o->s->d);
    gsl_vector w =
        o->from.weights ? gsl_vector_subvector(o->from.weights, 0, o->from.have).vector : (gsl_vector){0};
    return kmeans_online_count(o->online, &x.matrix, o->from.weights ? &w : NULL, why);
}

static ml_status once_rows(void *context, const gsl_matrix *x, const gsl_vector *weights, ml_message *why)
{
    once *o = context;
    size_t room = o->online ? 0 : o->from.x->size1 - o->from.have, taken = room < x->size1 ? room : x->size1;
    for (size_t i = 0; i < taken; i++)
        put_row(&o->from, o->from.have++, x, weights, i);
    if (taken == x->size1)
        return ML_OK;
    ml_status status = o->online ? ML_OK : begin(o, why);
    if (status != ML_OK)
        return status;
    gsl_matrix_const_view rest = gsl_matrix_const_submatrix(x, taken, 0, x->size1 - taken, x->size2);
    gsl_vector w =
        weights ? gsl_vector_const_subvector(weights, taken, x->size1 - taken).vector : (gsl_vector){0};
    return kmeans_online_add(o->online, &rest.matrix, weights ? &w : NULL, why);
}

static ml_status one_pass(stream *s, kmeans_result *r, ml_message *why)
{
    const kmeans_params *p = s->params;
    once o = {.s = s, .best = 1};
    ml_status status = p->start == KMEANS_GIVEN
                           ? kmeans_online_new(&o.online, p->centroids, p->spherical, p->batch, why)
                           : sample_alloc(&o.from, sample_size(p), s->d, s->weighted, p->seed, why);
    progress_phase("reading");
    if (status == ML_OK)
        status = pass(s, once_rows, &o, why);
    if (status == ML_OK && o.online == NULL)
        status = begin(&o, why);
    if (status == ML_OK)
        status = kmeans_online_end(o.online, r, why);
    if (status == ML_OK)
        r->best = o.best;
    kmeans_online_free(o.online);
    sample_free(&o.from);
    return status;
}

ml_status kmeans_stream_fit(const cli *c, reader *r, const kmeans_params *params, kmeans_result *result,
                            ml_message *why)
{
    const table *t = reader_columns(r);
    bool weighted = t->weights_at != SIZE_MAX;
    stream s = {.c = c, .params = params, .first = r, .d = t->columns - weighted, .weighted = weighted};
    *result = (kmeans_result){0};
    ml_status status =
        params->method == KMEANS_MINIBATCH ? one_pass(&s, result, why) : full_passes(&s, result, why);
    reader_free(s.first); /* a failure before the first pass */
    return status;
}
