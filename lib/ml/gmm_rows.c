/* E steps: eight rows at a time. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/clones.h"
#include "base/memory.h"
#include "base/parallel.h"
#include "math/exponential.h"
#include "ml/gmm_internal.h"

typedef exponential_wide wide;
typedef exponential_mask mask;

#define ALWAYS_INLINE __attribute__((always_inline)) static inline

size_t gmm_sums_size(size_t d)
{
    return 1 + d + d * (d + 1) / 2;
}

/* Room of one worker: a tile of rows, z, and the log densities and responsibilities of each component. */
typedef struct room {
    double *tile, *z, *logs; /* d x 8, d x 8, k x 8 */
} room;

static double *make_rooms(const gmm_model *m, int jobs)
{
    return memory_aligned((2 * m->d + m->k) * GMM_TILE, (size_t)jobs * sizeof(double));
}

static room room_of(const gmm_model *m, double *rooms, int worker)
{
    double *at = rooms + (size_t)worker * (2 * m->d + m->k) * GMM_TILE;
    return (room){at, at + m->d * GMM_TILE, at + 2 * m->d * GMM_TILE};
}

static void fill_tile(const gsl_matrix *x, size_t from, size_t count, double *tile)
{
    for (size_t i = 0; i < GMM_TILE; i++) {
        const double *row = x->data + (from + (i < count ? i : count - 1)) * x->tda;
        for (size_t j = 0; j < x->size2; j++)
            tile[j * GMM_TILE + i] = row[j];
    }
}

/* logs[k] = log (w_k N(x; mu_k, S_k)) for the tile: |W (x - mu)|^2 with W the inverse of the Cholesky factor.
 */
ML_WIDE_CLONES static void weigh_tile(const gmm_model *m, const double *tile, double *z, double *logs)
{
    size_t d = m->d;
    for (size_t k = 0; k < m->k; k++) {
        const double *w = m->factors + k * d * (d + 1) / 2, *mean = m->means->data + k * m->means->tda;
        wide squared = {0};
        for (size_t j = 0; j < d; j++)
            *(wide *)(z + j * GMM_TILE) = *(const wide *)(tile + j * GMM_TILE) - mean[j];
        for (size_t i = 0; i < d; i++) {
            wide a = {0}, b = {0};
            size_t j = 0;
            for (; j + 2 <= i + 1; j += 2) {
                a += w[j] * *(const wide *)(z + j * GMM_TILE);
                b += w[j + 1] * *(const wide *)(z + (j + 1) * GMM_TILE);
            }
            if (j <= i)
                a += w[j] * *(const wide *)(z + j * GMM_TILE);
            a += b;
            squared += a * a;
            w += i + 1;
        }
        *(wide *)(logs + k * GMM_TILE) = m->constant[k] - 0.5 * squared;
    }
}

/* Log-sum-exp over the components: LOGS become responsibilities, LOG_DENSITY the logarithm of their sum. */
ML_WIDE_CLONES static void normalize_tile(size_t k, double *logs, double *log_density)
{
    wide most = *(const wide *)logs, sum = {0};
    for (size_t c = 1; c < k; c++) {
        wide here = *(const wide *)(logs + c * GMM_TILE);
        mask more = here > most;
        most = (wide)(((mask)here & more) | ((mask)most & ~more));
    }
    for (size_t c = 0; c < k; c++) {
        wide r = *(const wide *)(logs + c * GMM_TILE) - most;
        exponential(&r);
        *(wide *)(logs + c * GMM_TILE) = r;
        sum += r;
    }
    for (size_t c = 0; c < k; c++)
        *(wide *)(logs + c * GMM_TILE) /= sum;
    for (size_t i = 0; i < GMM_TILE; i++)
        log_density[i] = most[i] + log(sum[i]);
}

/* Responsibilities 1 for the likeliest; the density is that of the row with it. */
static void harden_tile(size_t k, double *logs, double *log_density)
{
    for (size_t i = 0; i < GMM_TILE; i++) {
        size_t best = 0;
        for (size_t c = 1; c < k; c++)
            if (logs[c * GMM_TILE + i] > logs[best * GMM_TILE + i])
                best = c;
        log_density[i] = logs[best * GMM_TILE + i];
        for (size_t c = 0; c < k; c++)
            logs[c * GMM_TILE + i] = c == best;
    }
}

/* --- sums --- */

/* Add r, r z and r z z' of the tile for each component to SUMS, whose numbers are vectors here: a lane a row.
 */
ML_WIDE_CLONES static void add_tile(const gmm_model *m, const double *tile, double *z, const double *r,
                                    double *sums)
{
    size_t d = m->d, size = gmm_sums_size(d);
    for (size_t k = 0; k < m->k; k++) {
        wide *s = (wide *)(sums + k * size * GMM_TILE);
        const double *mean = m->means->data + k * m->means->tda;
        wide weight = *(const wide *)(r + k * GMM_TILE);
        *s++ += weight;
        for (size_t j = 0; j < d; j++) {
            wide off = *(const wide *)(tile + j * GMM_TILE) - mean[j];
            *(wide *)(z + j * GMM_TILE) = off;
            *s++ += weight * off;
        }
        for (size_t i = 0; i < d; i++) {
            wide left = weight * *(const wide *)(z + i * GMM_TILE);
            for (size_t j = 0; j <= i; j++)
                *s++ += left * *(const wide *)(z + j * GMM_TILE);
        }
    }
}

typedef struct gather {
    const gmm_pass *pass;
    double *rooms, *wide_sums; /* of workers */
    double *sums;              /* of lanes: k x size */
    double_double log_likelihood[GMM_LANES], entropy[GMM_LANES];
} gather;

/* The responsibilities of a tile times the rows' weights; rows behind the end get none. */
static void respond(gather *g, size_t lane, size_t from, size_t count, const room *at)
{
    const gmm_pass *p = g->pass;
    size_t k = p->model->k;
    double density[GMM_TILE];
    if (p->labels != NULL) {
        memset(at->logs, 0, k * GMM_TILE * sizeof(double));
        memset(density, 0, sizeof density);
        for (size_t i = 0; i < count; i++)
            at->logs[p->labels[from + i] * GMM_TILE + i] = 1;
    } else {
        weigh_tile(p->model, at->tile, at->z, at->logs);
        if (p->hard)
            harden_tile(k, at->logs, density);
        else
            normalize_tile(k, at->logs, density);
    }
    for (size_t i = 0; i < GMM_TILE; i++) {
        double weight = i >= count ? 0 : p->weights ? gsl_vector_get(p->weights, from + i) : 1, entropy = 0;
        for (size_t c = 0; c < k; c++) {
            double r = at->logs[c * GMM_TILE + i];
            entropy -= r > 0 && r < 1 ? r * log(r) : 0;
            at->logs[c * GMM_TILE + i] = weight * r;
        }
        if (!(weight > 0))
            continue;
        g->log_likelihood[lane] = dd_add(g->log_likelihood[lane], weight * density[i]);
        g->entropy[lane] = dd_add(g->entropy[lane], weight * entropy);
    }
}

static void gather_lane(size_t lane, int worker, void *context)
{
    gather *g = context;
    const gmm_pass *p = g->pass;
    const gmm_model *m = p->model;
    size_t n = p->x->size1, tiles = (n + GMM_TILE - 1) / GMM_TILE, numbers = m->k * gmm_sums_size(m->d);
    size_t from = tiles * lane / GMM_LANES * GMM_TILE, to = tiles * (lane + 1) / GMM_LANES * GMM_TILE;
    double *wides = g->wide_sums + (size_t)worker * numbers * GMM_TILE, *sums = g->sums + lane * numbers;
    room at = room_of(m, g->rooms, worker);
    memset(wides, 0, numbers * GMM_TILE * sizeof(double));
    g->log_likelihood[lane] = g->entropy[lane] = (double_double){0, 0};
    for (size_t i = from; i < to && i < n; i += GMM_TILE) {
        size_t count = n - i < GMM_TILE ? n - i : GMM_TILE;
        fill_tile(p->x, i, count, at.tile);
        respond(g, lane, i, count, &at);
        add_tile(m, at.tile, at.z, at.logs, wides);
    }
    for (size_t q = 0; q < numbers; q++) {
        const double *w = wides + q * GMM_TILE;
        sums[q] = ((w[0] + w[1]) + (w[2] + w[3])) + ((w[4] + w[5]) + (w[6] + w[7]));
    }
}

ml_status gmm_gather(const gmm_pass *pass, gmm_sums *sums, ml_message *why)
{
    size_t numbers = sums->k * sums->size;
    gather g = {.pass = pass};
    g.rooms = make_rooms(pass->model, pass->jobs);
    g.wide_sums = memory_aligned(numbers * GMM_TILE, (size_t)pass->jobs * sizeof(double));
    g.sums = memory_array(numbers, GMM_LANES * sizeof(double));
    ml_status status = g.rooms && g.wide_sums && g.sums
                           ? ML_OK
                           : ml_fail_memory(why, "the E step", numbers * GMM_TILE * sizeof(double));
    if (status == ML_OK) {
        parallel_for(GMM_LANES, pass->jobs, gather_lane, &g);
        double_double log_likelihood = {0, 0}, entropy = {0, 0};
        for (size_t lane = 0; lane < GMM_LANES; lane++) {
            log_likelihood = dd_add_dd(log_likelihood, g.log_likelihood[lane]);
            entropy = dd_add_dd(entropy, g.entropy[lane]);
        }
        for (size_t q = 0; q < numbers; q++) {
            double_double sum = {0, 0};
            for (size_t lane = 0; lane < GMM_LANES; lane++)
                sum = dd_add(sum, g.sums[lane * numbers + q]);
            sums->values[q] = dd_value(sum);
        }
        sums->log_likelihood = dd_value(log_likelihood);
        sums->entropy = dd_value(entropy);
    }
    free(g.rooms);
    free(g.wide_sums);
    free(g.sums);
    return status;
}

/* --- rows under a model --- */

typedef struct scoring {
    const gmm_model *m;
    const gsl_matrix *x;
    gsl_matrix *responsibilities;
    gsl_vector *log_density;
    double *rooms;
} scoring;

enum { PIECE = 1024 };

static void score_piece(size_t index, int worker, void *context)
{
    scoring *s = context;
    size_t n = s->x->size1, end = (index + 1) * PIECE;
    room at = room_of(s->m, s->rooms, worker);
    for (size_t i = index * PIECE; i < (end < n ? end : n); i += GMM_TILE) {
        size_t count = n - i < GMM_TILE ? n - i : GMM_TILE;
        double density[GMM_TILE];
        fill_tile(s->x, i, count, at.tile);
        weigh_tile(s->m, at.tile, at.z, at.logs);
        normalize_tile(s->m->k, at.logs, density);
        for (size_t q = 0; q < count; q++) {
            if (s->log_density != NULL)
                gsl_vector_set(s->log_density, i + q, density[q]);
            for (size_t k = 0; s->responsibilities != NULL && k < s->m->k; k++)
                gsl_matrix_set(s->responsibilities, i + q, k, at.logs[k * GMM_TILE + q]);
        }
    }
}

ml_status gmm_rows(const gmm_model *m, const gsl_matrix *x, int jobs, gsl_matrix *responsibilities,
                   gsl_vector *log_density, ml_message *why)
{
    scoring s = {m, x, responsibilities, log_density, make_rooms(m, jobs)};
    if (s.rooms == NULL)
        return ml_fail_memory(why, "the rows", (2 * m->d + m->k) * GMM_TILE * sizeof(double));
    parallel_for((x->size1 + PIECE - 1) / PIECE, jobs, score_piece, &s);
    free(s.rooms);
    return ML_OK;
}

uint32_t gmm_likeliest(const double *responsibilities, size_t k)
{
    size_t best = 0;
    for (size_t c = 1; c < k; c++)
        if (responsibilities[c] > responsibilities[best])
            best = c;
    return (uint32_t)best;
}
