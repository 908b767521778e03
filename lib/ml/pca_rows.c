/* What a model says of rows: scores, reconstructions, distances. */
#include <math.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>

#include "base/clones.h"
#include "base/memory.h"
#include "base/parallel.h"
#include "ml/pca.h"

static size_t least(size_t a, size_t b)
{
    return a < b ? a : b;
}

/* --- row by row ---
 *
 * A row's numbers come from the row and the model alone, in one order of operations.  Rows are taken a few at
 * a time because the sums of one row wait for each other; that changes no operation of any row. */

enum { GROUP = 64, PIECE = 256, ROWS = 4, WIDE = 8 };

typedef double wide __attribute__((vector_size(WIDE * sizeof(double)), aligned(sizeof(double)), may_alias));

/* A model whose components stand in rows of a multiple of WIDE numbers, zeros at their ends. */
typedef struct basis {
    const pca_model *m;
    double *v;
    size_t stride;
} basis;

static bool make_basis(basis *b, const pca_model *m)
{
    *b = (basis){.m = m, .stride = (m->kept + WIDE - 1) / WIDE * WIDE};
    b->v = memory_zeros(m->columns, b->stride * sizeof *b->v);
    for (size_t j = 0; b->v != NULL && j < m->columns; j++)
        for (size_t k = 0; k < m->kept; k++)
            b->v[j * b->stride + k] = gsl_matrix_get(m->components, j, k);
    return b->v != NULL;
}

/* Up to ROWS rows; those behind the last one repeat it. */
typedef struct rows {
    const double *at[ROWS];
    double *out[ROWS];
    size_t count;
} rows;

/* R[i] = the products of the centred and scaled row i with components K0, ..., K0 + WIDTH - 1. */
ML_WIDE_CLONES static void project(const basis *b, const rows *x, size_t k0, size_t width,
                                   double r[ROWS][GROUP])
{
    const double *mean = b->m->mean->data, *scale = b->m->scale->data;
    const double *x0 = x->at[0], *x1 = x->at[1], *x2 = x->at[2], *x3 = x->at[3];
    for (size_t k = 0; k < width; k += WIDE) {
        wide s0 = {0}, s1 = {0}, s2 = {0}, s3 = {0};
        for (size_t j = 0; j < b->m->columns; j++) {
            const wide v = *(const wide *)(b->v + j * b->stride + k0 + k);
            double c0 = x0[j] - mean[j], c1 = x1[j] - mean[j], c2 = x2[j] - mean[j], c3 = x3[j] - mean[j];
            if (b->m->scaled) { /* a division by 1 costs as much as any */
                c0 /= scale[j];
                c1 /= scale[j];
                c2 /= scale[j];
                c3 /= scale[j];
            }
            s0 += c0 * v;
            s1 += c1 * v;
            s2 += c2 * v;
            s3 += c3 * v;
        }
        *(wide *)(r[0] + k) = s0;
        *(wide *)(r[1] + k) = s1;
        *(wide *)(r[2] + k) = s2;
        *(wide *)(r[3] + k) = s3;
    }
}

/* OUT += components K0, ..., times R. */
static void expand(const pca_model *m, const double r[GROUP], size_t k0, size_t width, double *out)
{
    for (size_t j = 0; j < m->columns; j++) {
        const double *v = m->components->data + j * m->components->tda + k0;
        double sum = 0;
        for (size_t k = 0; k < width; k++)
            sum += v[k] * r[k];
        out[j] += sum;
    }
}

static double variance_of(const pca_model *m, size_t k)
{
    return gsl_vector_get(m->variance, k);
}

/* What the product with component K is multiplied by to be the score. */
static double score_factor(const pca_model *m, size_t k)
{
    double variance = variance_of(m, k);
    if (m->probabilistic)
        return variance > 0 ? 1 / variance : 0; /* M = W'W + noise I is diagonal: the variances */
    return m->whiten == PCA_WHITEN_NONE ? 1 : 1 / sqrt(variance);
}

/* What the product with component K is multiplied by so that the components times it are the projection:
 * the columns of W are not of unit length. */
static double projection_factor(const pca_model *m, size_t k)
{
    double signal = variance_of(m, k) - m->noise;
    return !m->probabilistic ? 1 : signal > 0 ? 1 / signal : 0;
}

/* From the score to what `expand` takes. */
static double inverse_factor(const pca_model *m, size_t k)
{
    if (m->probabilistic)
        return variance_of(m, k) * projection_factor(m, k);
    return m->whiten == PCA_WHITEN_NONE ? 1 : sqrt(variance_of(m, k));
}

size_t pca_score_columns(const pca_model *model)
{
    return model->whiten == PCA_WHITEN_ZCA ? model->columns : model->kept;
}

static void clear(double *x, size_t count)
{
    for (size_t i = 0; i < count; i++)
        x[i] = 0;
}

static void score_rows(const basis *b, const rows *x, double *scratch)
{
    double r[ROWS][GROUP];
    const pca_model *m = b->m;
    bool back = m->whiten == PCA_WHITEN_ZCA;
    (void)scratch;
    for (size_t i = 0; back && i < x->count; i++)
        clear(x->out[i], m->columns);
    for (size_t k0 = 0; k0 < m->kept; k0 += GROUP) {
        size_t width = least(GROUP, m->kept - k0);
        project(b, x, k0, width, r);
        for (size_t i = 0; i < x->count; i++) {
            for (size_t k = 0; k < width; k++)
                r[i][k] *= score_factor(m, k0 + k);
            if (back)
                expand(m, r[i], k0, width, x->out[i]);
            for (size_t k = 0; !back && k < width; k++)
                x->out[i][k0 + k] = r[i][k];
        }
    }
}

/* The projections of the rows on the components, in centred and scaled units. */
static void projection_rows(const basis *b, const rows *x, double *const out[ROWS])
{
    double r[ROWS][GROUP];
    const pca_model *m = b->m;
    for (size_t i = 0; i < x->count; i++)
        clear(out[i], m->columns);
    for (size_t k0 = 0; k0 < m->kept; k0 += GROUP) {
        size_t width = least(GROUP, m->kept - k0);
        project(b, x, k0, width, r);
        for (size_t i = 0; i < x->count; i++) {
            for (size_t k = 0; k < width; k++)
                r[i][k] *= projection_factor(m, k0 + k);
            expand(m, r[i], k0, width, out[i]);
        }
    }
}

static void into_units(const pca_model *m, double *out)
{
    for (size_t j = 0; j < m->columns; j++)
        out[j] = out[j] * gsl_vector_get(m->scale, j) + gsl_vector_get(m->mean, j);
}

static void reconstruct_rows(const basis *b, const rows *x, double *scratch)
{
    (void)scratch;
    projection_rows(b, x, x->out);
    for (size_t i = 0; i < x->count; i++)
        into_units(b->m, x->out[i]);
}

/* The product of a ZCA score with the components. */
static void turn(const pca_model *m, const double *scores, size_t k0, size_t width, double r[GROUP])
{
    for (size_t k = 0; k < width; k++) {
        r[k] = 0;
        for (size_t j = 0; j < m->columns; j++)
            r[k] += scores[j] * gsl_matrix_get(m->components, j, k0 + k);
    }
}

static void inverse_row(const pca_model *m, const double *scores, double *out)
{
    double r[GROUP];
    clear(out, m->columns);
    for (size_t k0 = 0; k0 < m->kept; k0 += GROUP) {
        size_t width = least(GROUP, m->kept - k0);
        if (m->whiten == PCA_WHITEN_ZCA)
            turn(m, scores, k0, width, r);
        for (size_t k = 0; k < width; k++)
            r[k] = (m->whiten == PCA_WHITEN_ZCA ? r[k] : scores[k0 + k]) * inverse_factor(m, k0 + k);
        expand(m, r, k0, width, out);
    }
    into_units(m, out);
}

static void inverse_rows(const basis *b, const rows *x, double *scratch)
{
    (void)scratch;
    for (size_t i = 0; i < x->count; i++)
        inverse_row(b->m, x->at[i], x->out[i]);
}

/* T squared from the products with the components: those with W are sqrt(variance - noise) too long. */
static void t2_rows(const basis *b, const rows *x)
{
    double r[ROWS][GROUP];
    const pca_model *m = b->m;
    double none = pca_least_variance(m);
    for (size_t i = 0; i < x->count; i++)
        x->out[i][0] = 0;
    for (size_t k0 = 0; k0 < m->kept; k0 += GROUP) {
        size_t width = least(GROUP, m->kept - k0);
        project(b, x, k0, width, r);
        for (size_t i = 0; i < x->count; i++)
            for (size_t k = 0; k < width; k++)
                if (variance_of(m, k0 + k) > none)
                    x->out[i][0] += r[i][k] * r[i][k] * projection_factor(m, k0 + k) / variance_of(m, k0 + k);
    }
}

static void t2q_rows(const basis *b, const rows *x, double *scratch)
{
    const pca_model *m = b->m;
    double *projection[ROWS];
    for (size_t i = 0; i < ROWS; i++)
        projection[i] = scratch + i * m->columns;
    t2_rows(b, x);
    projection_rows(b, x, projection);
    for (size_t i = 0; i < x->count; i++) {
        x->out[i][1] = 0;
        for (size_t j = 0; j < m->columns; j++) {
            double centred = (x->at[i][j] - gsl_vector_get(m->mean, j)) / gsl_vector_get(m->scale, j);
            double rest = centred - projection[i][j];
            x->out[i][1] += rest * rest;
        }
    }
}

/* What is done with a few rows; SCRATCH has room for ROWS rows. */
typedef void rows_function(const basis *b, const rows *x, double *scratch);

typedef struct rows_job {
    basis b;
    const gsl_matrix *in;
    gsl_matrix *out;
    rows_function *function;
    double *scratch;   /* ROWS rows of `columns` for each worker */
    size_t *too_large; /* for each piece, the first row with a result that is not finite; SIZE_MAX: none */
} rows_job;

/* The sum of X - X is 0 unless an X is inf or nan. */
static bool is_finite(const double *x, size_t count)
{
    double sum = 0;
    for (size_t i = 0; i < count; i++)
        sum += x[i] - x[i];
    return sum == 0;
}

static void rows_piece(size_t piece, int worker, void *context)
{
    const rows_job *job = context;
    size_t end = least((piece + 1) * PIECE, job->in->size1);
    job->too_large[piece] = SIZE_MAX;
    for (size_t first = piece * PIECE; first < end; first += ROWS) {
        rows x = {.count = least(ROWS, end - first)};
        for (size_t i = 0; i < ROWS; i++) {
            size_t row = first + least(i, x.count - 1);
            x.at[i] = job->in->data + row * job->in->tda;
            x.out[i] = job->out->data + row * job->out->tda;
        }
        job->function(&job->b, &x, job->scratch + (size_t)worker * ROWS * job->b.m->columns);
        for (size_t i = 0; i < x.count && job->too_large[piece] == SIZE_MAX; i++)
            if (!is_finite(x.out[i], job->out->size2))
                job->too_large[piece] = first + i;
    }
}

static ml_status run_rows(rows_job *job, size_t pieces, size_t first, int jobs, ml_message *why)
{
    parallel_for(pieces, jobs, rows_piece, job);
    for (size_t i = 0; i < pieces; i++)
        if (job->too_large[i] != SIZE_MAX)
            return ml_fail(why,
                           "row %zu: a result is too large for a double; divide the data by a power of ten",
                           first + job->too_large[i]);
    return ML_OK;
}

static ml_status all_rows(const pca_model *m, const gsl_matrix *in, gsl_matrix *out, rows_function *function,
                          size_t first, int jobs, ml_message *why)
{
    rows_job job = {.in = in, .out = out, .function = function};
    size_t pieces = (in->size1 + PIECE - 1) / PIECE, workers = jobs < 1 ? 1 : (size_t)jobs;
    job.too_large = memory_array(pieces, sizeof *job.too_large);
    job.scratch = memory_array(workers * ROWS, m->columns * sizeof(double));
    ml_status status = make_basis(&job.b, m) && job.too_large != NULL && job.scratch != NULL
                           ? run_rows(&job, pieces, first, jobs, why)
                           : ml_fail_memory(why, "the results", workers * ROWS * m->columns * sizeof(double));
    free(job.b.v);
    free(job.scratch);
    free(job.too_large);
    return status;
}

ml_status pca_scores(const pca_model *model, const gsl_matrix *x, gsl_matrix *out, size_t first, int jobs,
                     ml_message *why)
{
    return all_rows(model, x, out, score_rows, first, jobs, why);
}

ml_status pca_reconstruct(const pca_model *model, const gsl_matrix *x, gsl_matrix *out, size_t first,
                          int jobs, ml_message *why)
{
    return all_rows(model, x, out, reconstruct_rows, first, jobs, why);
}

ml_status pca_inverse(const pca_model *model, const gsl_matrix *scores, gsl_matrix *out, size_t first,
                      int jobs, ml_message *why)
{
    return all_rows(model, scores, out, inverse_rows, first, jobs, why);
}

ml_status pca_t2q(const pca_model *model, const gsl_matrix *x, gsl_matrix *out, size_t first, int jobs,
                  ml_message *why)
{
    return all_rows(model, x, out, t2q_rows, first, jobs, why);
}
