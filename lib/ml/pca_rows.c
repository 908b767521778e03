/* What a model says of rows: scores, reconstructions, distances. */
#include <math.h>
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
 * A row's numbers come from the row and the model alone, in one order of operations. */

enum { GROUP = 64, PIECE = 256 };

/* The products of the centred and scaled row with components K0, ..., K0 + WIDTH - 1; inlined with a constant
 * WIDTH the sums stay in registers. */
static inline __attribute__((always_inline)) void project_columns(const pca_model *m, const double *row,
                                                                  size_t k0, size_t width, double *r)
{
    const double *mean = m->mean->data, *scale = m->scale->data;
    for (size_t k = 0; k < width; k++)
        r[k] = 0;
    for (size_t j = 0; j < m->columns; j++) {
        double x = row[j] - mean[j];
        if (m->scaled) /* a division by 1 costs as much as any */
            x /= scale[j];
        const double *v = m->components->data + j * m->components->tda + k0;
        for (size_t k = 0; k < width; k++)
            r[k] += x * v[k];
    }
}

enum { TOGETHER = 8 };

ML_CLONES static void project(const pca_model *m, const double *row, size_t k0, size_t width, double r[GROUP])
{
    size_t k = 0;
    for (; k + TOGETHER <= width; k += TOGETHER) {
        double sums[TOGETHER];
        project_columns(m, row, k0 + k, TOGETHER, sums);
        for (size_t i = 0; i < TOGETHER; i++)
            r[k + i] = sums[i];
    }
    project_columns(m, row, k0 + k, width - k, r + k);
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

static void score_row(const pca_model *m, const double *row, double *out)
{
    double r[GROUP];
    bool back = m->whiten == PCA_WHITEN_ZCA;
    if (back)
        clear(out, m->columns);
    for (size_t k0 = 0; k0 < m->kept; k0 += GROUP) {
        size_t width = least(GROUP, m->kept - k0);
        project(m, row, k0, width, r);
        for (size_t k = 0; k < width; k++)
            r[k] *= score_factor(m, k0 + k);
        for (size_t k = 0; !back && k < width; k++)
            out[k0 + k] = r[k];
        if (back)
            expand(m, r, k0, width, out);
    }
}

/* The projection of a row on the components, in centred and scaled units. */
static void projection_row(const pca_model *m, const double *row, double *out)
{
    double r[GROUP];
    clear(out, m->columns);
    for (size_t k0 = 0; k0 < m->kept; k0 += GROUP) {
        size_t width = least(GROUP, m->kept - k0);
        project(m, row, k0, width, r);
        for (size_t k = 0; k < width; k++)
            r[k] *= projection_factor(m, k0 + k);
        expand(m, r, k0, width, out);
    }
}

static void into_units(const pca_model *m, double *out)
{
    for (size_t j = 0; j < m->columns; j++)
        out[j] = out[j] * gsl_vector_get(m->scale, j) + gsl_vector_get(m->mean, j);
}

static void reconstruct_row(const pca_model *m, const double *row, double *out)
{
    projection_row(m, row, out);
    into_units(m, out);
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

/* T squared from the products with the components: those with W are sqrt(variance - noise) too long. */
static double t2_row(const pca_model *m, const double *row)
{
    double r[GROUP], t2 = 0;
    for (size_t k0 = 0; k0 < m->kept; k0 += GROUP) {
        size_t width = least(GROUP, m->kept - k0);
        project(m, row, k0, width, r);
        for (size_t k = 0; k < width; k++)
            if (variance_of(m, k0 + k) > 0)
                t2 += r[k] * r[k] * projection_factor(m, k0 + k) / variance_of(m, k0 + k);
    }
    return t2;
}

static double q_row(const pca_model *m, const double *row, double *scratch)
{
    double q = 0;
    projection_row(m, row, scratch);
    for (size_t j = 0; j < m->columns; j++) {
        double x = (row[j] - gsl_vector_get(m->mean, j)) / gsl_vector_get(m->scale, j);
        q += (x - scratch[j]) * (x - scratch[j]);
    }
    return q;
}

typedef void row_function(const pca_model *m, const double *row, double *out);

typedef struct rows_job {
    const pca_model *model;
    const gsl_matrix *rows;
    gsl_matrix *out;
    row_function *function; /* NULL: T squared and Q */
    double *scratch;        /* a row of `columns` for each worker, for T squared and Q */
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
    size_t end = least((piece + 1) * PIECE, job->rows->size1);
    job->too_large[piece] = SIZE_MAX;
    for (size_t i = piece * PIECE; i < end; i++) {
        const double *row = job->rows->data + i * job->rows->tda;
        double *out = job->out->data + i * job->out->tda;
        if (job->function != NULL) {
            job->function(job->model, row, out);
        } else {
            out[0] = t2_row(job->model, row);
            out[1] = q_row(job->model, row, job->scratch + (size_t)worker * job->model->columns);
        }
        if (job->too_large[piece] == SIZE_MAX && !is_finite(out, job->out->size2))
            job->too_large[piece] = i;
    }
}

static ml_status all_rows(rows_job job, size_t first, int jobs, ml_message *why)
{
    size_t pieces = (job.rows->size1 + PIECE - 1) / PIECE, at = 0;
    job.too_large = memory_array(pieces, sizeof *job.too_large);
    if (job.too_large == NULL)
        return ml_fail_memory(why, "the results", pieces * sizeof *job.too_large);
    parallel_for(pieces, jobs, rows_piece, &job);
    while (at < pieces && job.too_large[at] == SIZE_MAX)
        at++;
    ml_status status =
        at == pieces
            ? ML_OK
            : ml_fail(why, "row %zu: a result is too large for a double; divide the data by a power of ten",
                      first + job.too_large[at]);
    free(job.too_large);
    return status;
}

ml_status pca_scores(const pca_model *model, const gsl_matrix *rows, gsl_matrix *out, size_t first, int jobs,
                     ml_message *why)
{
    return all_rows((rows_job){.model = model, .rows = rows, .out = out, .function = score_row}, first, jobs,
                    why);
}

ml_status pca_reconstruct(const pca_model *model, const gsl_matrix *rows, gsl_matrix *out, size_t first,
                          int jobs, ml_message *why)
{
    return all_rows((rows_job){.model = model, .rows = rows, .out = out, .function = reconstruct_row}, first,
                    jobs, why);
}

ml_status pca_inverse(const pca_model *model, const gsl_matrix *scores, gsl_matrix *out, size_t first,
                      int jobs, ml_message *why)
{
    return all_rows((rows_job){.model = model, .rows = scores, .out = out, .function = inverse_row}, first,
                    jobs, why);
}

ml_status pca_t2q(const pca_model *model, const gsl_matrix *rows, gsl_matrix *out, size_t first, int jobs,
                  ml_message *why)
{
    double *scratch = memory_array((size_t)(jobs < 1 ? 1 : jobs) * model->columns, sizeof *scratch);
    if (scratch == NULL)
        return ml_fail_memory(why, "T squared and Q", model->columns * sizeof *scratch);
    ml_status status =
        all_rows((rows_job){.model = model, .rows = rows, .out = out, .scratch = scratch}, first, jobs, why);
    free(scratch);
    return status;
}
