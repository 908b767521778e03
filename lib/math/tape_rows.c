#include "math/tape_rows.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/clones.h"
#include "base/memory.h"
#include "base/parallel.h"
#include "math/tape_fuse.h"
#include "math/tape_order.h"
#include "math/tape_sweep.h"

enum { LANES = TAPE_LANES, PIECE = 128 /* blocks */, PIECE_ROWS = PIECE * LANES };

struct tape_rows {
    size_t columns, count;
    double **pieces; /* each PIECE x columns x LANES */
    size_t piece_count, capacity;
};

tape_rows *tape_rows_new(size_t columns)
{
    tape_rows *r = memory_zeros(1, sizeof *r);
    if (r != NULL)
        r->columns = columns;
    return r;
}

void tape_rows_free(tape_rows *r)
{
    if (r == NULL)
        return;
    for (size_t i = 0; i < r->piece_count; i++)
        free(r->pieces[i]);
    free(r->pieces);
    free(r);
}

size_t tape_rows_count(const tape_rows *r)
{
    return r->count;
}

static double *block_of(const tape_rows *r, size_t block)
{
    return r->pieces[block / PIECE] + block % PIECE * r->columns * LANES;
}

ml_status tape_rows_append(tape_rows *r, const double *data, size_t count, size_t stride,
                           const size_t *chosen, ml_message *why)
{
    for (size_t i = 0; i < count; i++, r->count++) {
        size_t row = r->count;
        if (row % PIECE_ROWS == 0) {
            if (!memory_grow(&r->pieces, &r->capacity, r->piece_count + 1, sizeof *r->pieces))
                return ml_fail_memory(why, "rows", (r->piece_count + 1) * sizeof *r->pieces);
            double *piece = memory_zeros(r->columns * PIECE_ROWS, sizeof *piece);
            if (piece == NULL)
                return ml_fail_memory(why, "rows", r->columns * PIECE_ROWS * sizeof *piece);
            r->pieces[r->piece_count++] = piece;
        }
        double *to = block_of(r, row / LANES) + row % LANES;
        for (size_t j = 0; j < r->columns; j++)
            to[j * LANES] = data[i * stride + chosen[j]];
    }
    return ML_OK;
}

/* --- a tape over rows --- */

typedef struct worker {
    tape_frame f; /* LANES wide */
    double *gathered;
    double *broadcast; /* the tangents of parameters and what depends on them alone that f.tangent has */
} worker;

struct tape_mean {
    const tape *original;
    tape *t;          /* fused */
    uint32_t *linear; /* its linear nodes, when second derivatives go through them alone */
    size_t linear_count;
    bool funnel;
    const tape_rows *rows;
    int jobs;
    worker *workers;
    tape_frame once;  /* one lane: what depends on parameters alone */
    size_t inner;     /* first_of_rows - first_parameter: nodes whose adjoints are summed over rows */
    size_t pieces;    /* at least 1 */
    double *sums;     /* pieces x (1 + inner) */
    double *tangents; /* for Hessians: parameters x inner */
    double *hessians; /* pieces x parameters x inner; of a funnel pieces x inner x inner */
};

static bool new_frame(tape_frame *f, const tape *t, size_t lanes)
{
    f->t = t;
    f->value = memory_aligned(t->count * lanes, sizeof(double));
    f->tangent = memory_aligned(t->count * lanes, sizeof(double));
    f->adjoint = memory_aligned(t->count * lanes, sizeof(double));
    f->adjoint_tangent = memory_aligned(t->count * lanes, sizeof(double));
    f->partial = memory_aligned((t->slots + 1) * 5 * lanes, sizeof(double));
    if (!f->value || !f->tangent || !f->adjoint || !f->adjoint_tangent || !f->partial)
        return false;
    memset(f->value, 0, t->count * lanes * sizeof(double));
    memset(f->tangent, 0, t->count * lanes * sizeof(double));
    return true;
}

static void free_frame(tape_frame *f)
{
    free(f->value);
    free(f->tangent);
    free(f->adjoint);
    free(f->adjoint_tangent);
    free(f->partial);
}

static void fill(double *lanes, double value)
{
    for (size_t l = 0; l < LANES; l++)
        lanes[l] = value;
}

static bool new_worker(tape_mean *m, worker *w)
{
    if (!new_frame(&w->f, m->t, LANES))
        return false;
    w->gathered = memory_zeros(m->t->columns * LANES, sizeof *w->gathered);
    w->broadcast = memory_zeros(m->inner, sizeof *w->broadcast);
    for (size_t i = m->t->columns; i < m->t->first_parameter; i++)
        fill(w->f.value + i * LANES, m->t->nodes[i].k);
    return w->gathered != NULL && w->broadcast != NULL;
}

/* All that a pass over ROWS needs; false when memory is out. */
static bool prepare(tape_mean *m, int jobs)
{
    const tape *t = m->t;
    m->inner = t->first_of_rows - t->first_parameter;
    m->pieces = m->rows->piece_count ? m->rows->piece_count : 1;
    m->jobs = jobs < 1 ? 1 : (size_t)jobs > m->pieces ? (int)m->pieces : jobs;
    m->workers = memory_zeros((size_t)m->jobs, sizeof *m->workers);
    m->sums = memory_array(m->pieces, (1 + m->inner) * sizeof *m->sums);
    m->linear = memory_array(t->count, sizeof *m->linear);
    bool whole = m->workers != NULL && m->sums != NULL && m->linear != NULL && new_frame(&m->once, t, 1);
    for (int j = 0; whole && j < m->jobs; j++)
        whole = new_worker(m, m->workers + j);
    whole = whole && tape_find_funnel(t, &m->funnel, m->linear, &m->linear_count);
    for (size_t i = t->columns; whole && i < t->first_parameter; i++)
        m->once.value[i] = t->nodes[i].k;
    return whole;
}

ml_status tape_mean_new(const tape *t, const tape_rows *rows, int jobs, tape_mean **out, ml_message *why)
{
    tape_mean *m = memory_zeros(1, sizeof *m);
    ml_status status = m ? tape_fuse(t, &m->t, why) : ml_fail_memory(why, "a pass over rows", sizeof *m);
    if (status == ML_OK) {
        m->original = t;
        m->rows = rows;
        if (!prepare(m, jobs))
            status = ml_fail_memory(why, "a pass over rows", t->count * LANES * 5 * sizeof(double));
    }
    if (status != ML_OK) {
        tape_mean_free(m);
        m = NULL;
    }
    *out = m;
    return status;
}

void tape_mean_free(tape_mean *m)
{
    if (m == NULL)
        return;
    for (int j = 0; m->workers != NULL && j < m->jobs; j++) {
        free_frame(&m->workers[j].f);
        free(m->workers[j].gathered);
        free(m->workers[j].broadcast);
    }
    free(m->workers);
    free_frame(&m->once);
    free(m->sums);
    free(m->tangents);
    free(m->hessians);
    free(m->linear);
    tape_free(m->t);
    free(m);
}

/* --- sweeps of a block --- */

ML_CLONES static void run_forward(const tape_frame *f)
{
    tape_forward(f, f->t->first_of_rows, f->t->count, LANES);
}

ML_CLONES static void run_partials(const tape_frame *f)
{
    tape_partials(f, f->t->first_of_rows, f->t->count, false, LANES);
}

ML_CLONES static void run_second_partials(const tape_frame *f)
{
    tape_partials(f, f->t->first_of_rows, f->t->count, true, LANES);
}

ML_CLONES static void run_reverse(const tape_frame *f)
{
    tape_reverse(f, f->t->first_of_rows, f->t->count, LANES);
}

ML_CLONES static void run_tangents(const tape_frame *f)
{
    tape_sweep_tangents(f, f->t->first_of_rows, f->t->count, LANES);
}

ML_CLONES static void run_reverse_second(const tape_frame *f)
{
    tape_reverse_second(f, f->t->first_of_rows, f->t->count, LANES);
}

/* What depends on parameters alone, into every worker. */
static void run_once(tape_mean *m, const double *x, bool second)
{
    const tape *t = m->t;
    if (t->parameters > 0)
        memcpy(m->once.value + t->first_parameter, x, t->parameters * sizeof *x);
    tape_forward_point(&m->once, t->first_operation, t->first_of_rows);
    tape_partials(&m->once, t->first_operation, t->first_of_rows, second, 1);
    for (int j = 0; j < m->jobs; j++)
        for (size_t i = t->first_parameter; i < t->first_of_rows; i++)
            fill(m->workers[j].f.value + i * LANES, m->once.value[i]);
}

/* The numbers of a block that count; the others are copies of a row. */
static size_t lanes_of(const tape_rows *r, size_t block)
{
    size_t left = r->count - block * LANES;
    return left < LANES ? left : LANES;
}

/* A pass is bound by memory: the next block comes in while this one is computed with. */
static void prefetch_block(const tape_rows *r, size_t block)
{
    if (block % PIECE == 0 || block * LANES >= r->count)
        return;
    const double *next = block_of(r, block);
    for (size_t i = 0; i < r->columns * LANES; i += 8)
        __builtin_prefetch(next + i);
}

/* The lanes that are not rows get values of the last one, so that nothing is undefined there that was not
 * elsewhere. */
static const double *use_block(worker *w, const tape_rows *r, size_t block)
{
    const double *from = block_of(r, block);
    prefetch_block(r, block + 1);
    size_t lanes = lanes_of(r, block);
    if (lanes == LANES)
        return from;
    for (size_t j = 0; j < r->columns; j++)
        for (size_t l = 0; l < LANES; l++)
            w->gathered[j * LANES + l] = from[j * LANES + (l < lanes ? l : lanes - 1)];
    return w->gathered;
}

static const double *gather(worker *w, const tape_rows *r, const size_t *rows, size_t lanes)
{
    for (size_t l = 0; l < LANES; l++) {
        size_t row = rows[l < lanes ? l : lanes - 1];
        const double *from = block_of(r, row / LANES) + row % LANES;
        for (size_t j = 0; j < r->columns; j++)
            w->gathered[j * LANES + l] = from[j * LANES];
    }
    return w->gathered;
}

static double sum_of_lanes(const double *x)
{
    double s[8] = {0};
    for (size_t l = 0; l < LANES; l++)
        s[l % 8] += x[l];
    return ((s[0] + s[1]) + (s[2] + s[3])) + ((s[4] + s[5]) + (s[6] + s[7]));
}

/* Adjoints of the nodes of rows start at 0; the first LANES of the output at 1. */
static void seed(const tape_frame *f, size_t lanes)
{
    const tape *t = f->t;
    memset(f->adjoint + t->first_of_rows * LANES, 0, (t->count - t->first_of_rows) * LANES * sizeof(double));
    for (size_t l = 0; l < lanes; l++)
        f->adjoint[t->outputs[0] * LANES + l] += 1;
}

static void run_block(worker *w, const double *block, size_t lanes, bool gradient, double *total)
{
    const tape *t = w->f.t;
    w->f.block = block;
    run_forward(&w->f);
    const double *y = tape_at(&w->f, t->outputs[0], LANES);
    for (size_t l = 0; l < lanes; l++)
        total[l] += y[l];
    if (!gradient)
        return;
    run_partials(&w->f);
    seed(&w->f, lanes);
    run_reverse(&w->f);
}

static void start_sums(worker *w)
{
    const tape *t = w->f.t;
    memset(w->f.adjoint, 0, t->first_of_rows * LANES * sizeof(double));
}

static void end_sums(const worker *w, const double *total, double *sums)
{
    const tape *t = w->f.t;
    sums[0] = sum_of_lanes(total);
    for (size_t i = t->first_parameter; i < t->first_of_rows; i++)
        sums[1 + i - t->first_parameter] = sum_of_lanes(w->f.adjoint + i * LANES);
}

typedef struct pass {
    tape_mean *m;
    bool gradient;
} pass;

static void run_piece(size_t piece, int number, void *context)
{
    const pass *p = context;
    tape_mean *m = p->m;
    worker *w = m->workers + number;
    double total[LANES] = {0};
    size_t first = piece * PIECE, blocks = (m->rows->count + LANES - 1) / LANES;
    start_sums(w);
    for (size_t b = first; b < blocks && b < first + PIECE; b++)
        run_block(w, use_block(w, m->rows, b), lanes_of(m->rows, b), p->gradient, total);
    end_sums(w, total, m->sums + piece * (1 + m->inner));
}

/* Sum over pieces, compensated (Neumaier, 1974). */
static double sum_of_pieces(const double *x, size_t count, size_t stride)
{
    double sum = 0, rest = 0;
    for (size_t i = 0; i < count; i++) {
        double v = x[i * stride], s = sum + v;
        rest += fabs(sum) >= fabs(v) ? (sum - s) + v : (v - s) + sum;
        sum = s;
    }
    return isfinite(sum) ? sum + rest : sum;
}

/* From sums over rows to means of the value and of derivatives by parameters. */
static void finish(tape_mean *m, size_t pieces, size_t count, double *value, double *gradient)
{
    const tape *t = m->t;
    size_t stride = 1 + m->inner;
    *value = sum_of_pieces(m->sums, pieces, stride) / (double)count;
    if (gradient == NULL)
        return;
    for (size_t i = 0; i < m->inner; i++)
        m->once.adjoint[t->first_parameter + i] =
            sum_of_pieces(m->sums + 1 + i, pieces, stride) / (double)count;
    tape_reverse(&m->once, t->first_operation, t->first_of_rows, 1);
    memcpy(gradient, m->once.adjoint + t->first_parameter, t->parameters * sizeof *gradient);
}

void tape_mean_at(tape_mean *m, const double *x, double *value, double *gradient)
{
    pass p = {m, gradient != NULL};
    run_once(m, x, false);
    parallel_for(m->pieces, m->jobs, run_piece, &p);
    finish(m, m->pieces, m->rows->count, value, gradient);
}

void tape_mean_batch(tape_mean *m, const double *x, const size_t *rows, size_t count, double *value,
                     double *gradient)
{
    worker *w = m->workers;
    double total[LANES] = {0};
    run_once(m, x, false);
    start_sums(w);
    for (size_t i = 0; i < count; i += LANES) {
        size_t lanes = count - i < LANES ? count - i : LANES;
        run_block(w, gather(w, m->rows, rows + i, lanes), lanes, gradient != NULL, total);
    }
    end_sums(w, total, m->sums);
    finish(m, 1, count, value, gradient);
}

/* --- Hessians --- */

/* The tangents, along parameter J, of what depends on parameters alone; only those that changed are filled.
 */
static void use_tangents(worker *w, const tape_mean *m, size_t j)
{
    const double *tangents = m->tangents + j * m->inner;
    for (size_t i = 0; i < m->inner; i++)
        if (w->broadcast[i] != tangents[i]) {
            w->broadcast[i] = tangents[i];
            fill(w->f.tangent + (m->t->first_parameter + i) * LANES, tangents[i]);
        }
}

static void bend_block(worker *w, const tape_mean *m, double *hessians)
{
    const tape *t = m->t;
    for (size_t j = 0; j < t->parameters; j++) {
        use_tangents(w, m, j);
        run_tangents(&w->f);
        memset(w->f.adjoint_tangent, 0, t->count * LANES * sizeof(double));
        run_reverse_second(&w->f);
        for (size_t i = 0; i < m->inner; i++)
            if (t->active[t->first_parameter + i])
                hessians[j * m->inner + i] +=
                    sum_of_lanes(w->f.adjoint_tangent + (t->first_parameter + i) * LANES);
    }
}

/* Where second derivatives go through linear nodes alone, those by them are found for each row, and the
 * Hessian is the sum over rows of products of the nodes' factors with these as weights. */

/* Sum over lanes of a product of three. */
ML_CLONES static void weigh(const double *restrict weight, const double *restrict factor, double *restrict to)
{
    for (size_t l = 0; l < LANES; l++)
        to[l] = weight[l] == 0 ? 0 : weight[l] * factor[l];
}

ML_CLONES static double inner_product(const double *restrict a, const double *restrict b)
{
    double s[16] = {0};
    for (size_t l = 0; l < LANES; l += 16)
        for (size_t k = 0; k < 16; k++)
            s[k] += a[l + k] * b[l + k];
    double sum = 0;
    for (size_t k = 0; k < 16; k++)
        sum += s[k];
    return sum;
}

static const double *factor_of(const worker *w, const tape_term *e, const double *ones)
{
    return e->factor == UINT32_MAX ? ones : tape_at(&w->f, e->factor, LANES);
}

/* The products of the factors of linear nodes A and B, with the second derivatives D by the two. */
static void add_products(const worker *w, const tape_mean *m, uint32_t a, uint32_t b, const double *d,
                         double *hessian)
{
    const tape *t = m->t;
    double ones[LANES], weighted[LANES];
    fill(ones, 1);
    const tape_term *x = t->terms + t->nodes[a].c, *y = t->terms + t->nodes[b].c;
    for (size_t i = 0; i < (size_t)t->nodes[a].k; i++) {
        if (x[i].parameter == UINT32_MAX || !t->active[x[i].parameter])
            continue;
        size_t row = x[i].parameter - t->first_parameter;
        weigh(d, factor_of(w, x + i, ones), weighted);
        for (size_t k = a == b ? i : 0; k < (size_t)t->nodes[b].k; k++) {
            if (y[k].parameter == UINT32_MAX || !t->active[y[k].parameter])
                continue;
            size_t at = y[k].parameter - t->first_parameter;
            double h = x[i].sign * y[k].sign * inner_product(weighted, factor_of(w, y + k, ones));
            hessian[row * m->inner + at] += h;
            if (a != b || i != k)
                hessian[at * m->inner + row] += h;
        }
    }
}

static void bend_funnel(worker *w, const tape_mean *m, double *hessian)
{
    const tape *t = m->t;
    w->f.inputs = true;
    for (size_t a = 0; a < m->linear_count; a++) {
        for (size_t b = 0; b < m->linear_count; b++)
            fill(w->f.tangent + (size_t)m->linear[b] * LANES, a == b);
        run_tangents(&w->f);
        memset(w->f.adjoint_tangent, 0, t->count * LANES * sizeof(double));
        run_reverse_second(&w->f);
        for (size_t b = a; b < m->linear_count; b++)
            add_products(w, m, m->linear[a], m->linear[b],
                         w->f.adjoint_tangent + (size_t)m->linear[b] * LANES, hessian);
    }
    w->f.inputs = false;
}

/* From derivatives by what depends on parameters alone, to one of the two by parameters. */
static bool fold_funnel(tape_mean *m)
{
    size_t n = m->t->parameters, inner = m->inner;
    double *sum = memory_array(inner * inner, sizeof *sum);
    if (sum == NULL)
        return false;
    for (size_t i = 0; i < inner * inner; i++)
        sum[i] = sum_of_pieces(m->hessians + i, m->pieces, inner * inner);
    for (size_t j = 0; j < n; j++)
        for (size_t i = 0; i < inner; i++) {
            double h = 0;
            for (size_t k = 0; k < inner; k++)
                if (m->tangents[j * inner + k] != 0 && m->t->active[m->t->first_parameter + k])
                    h += sum[i * inner + k] * m->tangents[j * inner + k];
            m->hessians[j * inner + i] = h;
        }
    free(sum);
    return true;
}

/* Numbers that a piece sums up. */
static size_t hessian_size(const tape_mean *m)
{
    return m->funnel ? m->inner * m->inner : m->t->parameters * m->inner;
}

static void hessian_piece(size_t piece, int number, void *context)
{
    tape_mean *m = context;
    worker *w = m->workers + number;
    size_t size = hessian_size(m);
    double total[LANES] = {0}, *hessians = m->hessians + piece * size;
    size_t first = piece * PIECE, blocks = (m->rows->count + LANES - 1) / LANES;
    memset(hessians, 0, size * sizeof *hessians);
    start_sums(w);
    for (size_t b = first; b < blocks && b < first + PIECE; b++) {
        run_block(w, use_block(w, m->rows, b), lanes_of(m->rows, b), true, total);
        run_second_partials(&w->f);
        if (m->funnel)
            bend_funnel(w, m, hessians);
        else
            bend_block(w, m, hessians);
    }
    end_sums(w, total, m->sums + piece * (1 + m->inner));
}

static ml_status need_hessians(tape_mean *m, ml_message *why)
{
    size_t size = hessian_size(m);
    if (m->tangents == NULL)
        m->tangents = memory_zeros(m->t->parameters * m->inner, sizeof *m->tangents);
    if (m->hessians == NULL)
        m->hessians = memory_array(m->pieces * size, sizeof *m->hessians);
    return m->tangents && m->hessians
               ? ML_OK
               : ml_fail_memory(why, "a Hessian over rows", m->pieces * size * sizeof *m->hessians);
}

static void inner_tangents(tape_mean *m)
{
    const tape *t = m->t;
    double *tangent = m->once.tangent + t->first_parameter;
    for (size_t j = 0; j < t->parameters; j++) {
        memset(tangent, 0, t->parameters * sizeof *tangent);
        tangent[j] = 1;
        tape_sweep_tangents(&m->once, t->first_operation, t->first_of_rows, 1);
        memcpy(m->tangents + j * m->inner, tangent, m->inner * sizeof *tangent);
    }
}

/* Back through what depends on parameters alone. */
static void finish_hessian(tape_mean *m, size_t pieces, gsl_matrix *hessian)
{
    const tape *t = m->t;
    size_t n = t->parameters, size = n * m->inner;
    for (size_t j = 0; j < n; j++) {
        double *back = m->once.adjoint_tangent + t->first_parameter;
        memcpy(m->once.tangent + t->first_parameter, m->tangents + j * m->inner, m->inner * sizeof(double));
        for (size_t i = 0; i < m->inner; i++)
            back[i] = sum_of_pieces(m->hessians + j * m->inner + i, pieces, size) / (double)m->rows->count;
        tape_reverse_second(&m->once, t->first_operation, t->first_of_rows, 1);
        for (size_t i = 0; i < n; i++)
            gsl_matrix_set(hessian, j, i, back[i]);
    }
    tape_symmetrize(hessian);
}

ml_status tape_mean_hessian(tape_mean *m, const double *x, gsl_matrix *hessian, ml_message *why)
{
    ml_status status = need_hessians(m, why);
    if (status != ML_OK || m->t->parameters == 0)
        return status;
    double value, *gradient = m->once.tangent; /* not needed: room for it */
    run_once(m, x, true);
    inner_tangents(m);
    parallel_for(m->pieces, m->jobs, hessian_piece, m);
    finish(m, m->pieces, m->rows->count, &value, gradient);
    if (m->funnel && !fold_funnel(m))
        return ml_fail_memory(why, "a Hessian over rows", hessian_size(m) * sizeof *m->hessians);
    finish_hessian(m, m->funnel ? 1 : m->pieces, hessian);
    return ML_OK;
}

/* --- outputs row by row --- */

typedef struct outputs {
    tape_mean *m;
    double *values;
    gsl_matrix *jacobian;
} outputs;

static void store(const outputs *o, const worker *w, size_t block, size_t lanes, bool tangents, size_t column)
{
    const tape *t = o->m->t;
    size_t k = t->output_count;
    for (size_t i = 0; i < k; i++) {
        uint32_t node = t->outputs[i];
        const double *y = tangents ? w->f.tangent + (size_t)node * LANES : tape_at(&w->f, node, LANES);
        for (size_t l = 0; l < lanes; l++) {
            size_t line = (block * LANES + l) * k + i;
            if (tangents)
                gsl_matrix_set(o->jacobian, line, column, t->active[node] ? y[l] : 0);
            else
                o->values[line] = y[l];
        }
    }
}

static void output_piece(size_t piece, int number, void *context)
{
    const outputs *o = context;
    tape_mean *m = o->m;
    worker *w = m->workers + number;
    size_t first = piece * PIECE, blocks = (m->rows->count + LANES - 1) / LANES;
    for (size_t b = first; b < blocks && b < first + PIECE; b++) {
        w->f.block = use_block(w, m->rows, b);
        run_forward(&w->f);
        store(o, w, b, lanes_of(m->rows, b), false, 0);
        if (o->jacobian == NULL)
            continue;
        run_partials(&w->f);
        for (size_t j = 0; j < m->t->parameters; j++) {
            use_tangents(w, m, j);
            run_tangents(&w->f);
            store(o, w, b, lanes_of(m->rows, b), true, j);
        }
    }
}

ml_status tape_mean_outputs(tape_mean *m, const double *x, double *values, gsl_matrix *jacobian,
                            ml_message *why)
{
    size_t size = m->t->parameters * m->inner;
    if (m->tangents == NULL && (m->tangents = memory_zeros(size, sizeof *m->tangents)) == NULL)
        return ml_fail_memory(why, "a Jacobian over rows", size * sizeof *m->tangents);
    outputs o = {m, values, jacobian};
    run_once(m, x, false);
    inner_tangents(m);
    parallel_for(m->pieces, m->jobs, output_piece, &o);
    return ML_OK;
}

/* Runs the tape as it was before fusion, whose nodes are those of the expression. */
static size_t find_culprit(const tape_mean *m, worker *w, const double *x, double *values)
{
    const tape *t = m->original;
    size_t blocks = (m->rows->count + LANES - 1) / LANES;
    tape_frame once = {.t = t, .value = values};
    for (size_t i = t->columns; i < t->first_parameter; i++)
        values[i] = t->nodes[i].k;
    if (t->parameters > 0)
        memcpy(values + t->first_parameter, x, t->parameters * sizeof *x);
    tape_forward_point(&once, t->first_operation, t->first_of_rows);
    for (size_t i = t->columns; i < t->first_of_rows; i++)
        fill(w->f.value + i * LANES, values[i]);
    for (size_t b = 0; b < blocks; b++) {
        w->f.block = use_block(w, m->rows, b);
        run_forward(&w->f);
        const double *y = tape_at(&w->f, t->outputs[0], LANES);
        for (size_t l = 0; l < lanes_of(m->rows, b); l++) {
            if (isfinite(y[l]))
                continue;
            for (size_t i = 0; i < t->count; i++)
                values[i] = tape_at(&w->f, (uint32_t)i, LANES)[l];
            return b * LANES + l;
        }
    }
    return m->rows->count;
}

size_t tape_mean_culprit(tape_mean *m, const double *x, double *values)
{
    worker w = {.gathered = memory_zeros(m->t->columns * LANES, sizeof(double))};
    bool whole = new_frame(&w.f, m->original, LANES) && w.gathered != NULL;
    size_t row = whole ? find_culprit(m, &w, x, values) : m->rows->count;
    free_frame(&w.f);
    free(w.gathered);
    return row;
}
