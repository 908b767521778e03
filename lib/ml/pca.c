#include "ml/pca.h"

#include <float.h>
#include <gsl/gsl_blas.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/memory.h"
#include "math/linalg.h"
#include "math/tsqr.h"

struct pca_fitter {
    pca_params params;
    size_t columns;
    tsqr *rows;
};

static size_t least(size_t a, size_t b)
{
    return a < b ? a : b;
}

void pca_defaults(pca_params *params)
{
    *params = (pca_params){.center = true, .ddof = 1, .jobs = 1};
}

/* --- checks --- */

/* Centring takes one dimension from the rows. */
static size_t most_components(const pca_params *params, size_t rows, size_t columns)
{
    size_t dimensions = params->center && rows > 1 ? rows - 1 : rows;
    return least(columns, dimensions);
}

static int divisor_loss(const pca_params *params)
{
    return params->probabilistic ? 0 : params->ddof;
}

static ml_status check_kept(const pca_params *params, size_t rows, size_t columns, ml_message *why)
{
    if (params->components > 0 && params->energy > 0)
        return ml_fail(why, "-k and --energy both say how many components to keep; give one of them");
    if (params->components > columns)
        return ml_fail(why, "%zu columns have at most %zu components, not %zu", columns, columns,
                       params->components);
    if (rows > 0 && params->components > most_components(params, rows, columns))
        return ml_fail(why, "%zu rows of %zu columns have at most %zu components, not %zu", rows, columns,
                       most_components(params, rows, columns), params->components);
    return ML_OK;
}

static ml_status check_probabilistic(const pca_params *params, size_t columns, ml_message *why)
{
    if (params->whiten != PCA_WHITEN_NONE)
        return ml_fail(why, "probabilistic PCA has its own scores; leave out --whiten");
    if (params->components == 0 && !(params->energy > 0))
        return ml_fail(why, "probabilistic PCA needs the number of components: -k N or --energy X");
    if (params->components >= columns)
        return ml_fail(
            why, "probabilistic PCA needs fewer components than the %zu columns: the others are the noise",
            columns);
    return ML_OK;
}

ml_status pca_check(const pca_params *params, size_t rows, size_t columns, ml_message *why)
{
    if (columns == 0)
        return ml_fail(why, "there is no column to analyse");
    if (!(params->energy >= 0 && params->energy <= 1))
        return ml_fail(why, "the energy must be a share from 0 to 1");
    if (params->ddof != 0 && params->ddof != 1)
        return ml_fail(why, "ddof must be 0 or 1");
    if (rows == 1 && divisor_loss(params) == 1)
        return ml_fail(
            why, "one row has no variance (it would be divided by n - 1 = 0); give more rows or --ddof 0");
    ml_status status = check_kept(params, rows, columns, why);
    if (status == ML_OK && params->probabilistic)
        status = check_probabilistic(params, columns, why);
    return status;
}

/* --- the model --- */

ml_status pca_alloc(pca_model *model, size_t columns, size_t kept, ml_message *why)
{
    model->columns = columns;
    model->kept = kept;
    model->mean = gsl_vector_calloc(columns);
    model->scale = gsl_vector_alloc(columns);
    model->components = gsl_matrix_calloc(columns, kept);
    model->variance = gsl_vector_calloc(kept);
    if (model->mean && model->scale && model->components && model->variance) {
        gsl_vector_set_all(model->scale, 1);
        return ML_OK;
    }
    pca_free(model);
    return ml_fail_memory(why, "the components", columns * kept * sizeof(double));
}

void pca_free(pca_model *model)
{
    gsl_vector_free(model->mean);
    gsl_vector_free(model->scale);
    gsl_matrix_free(model->components);
    gsl_vector_free(model->variance);
    *model = (pca_model){0};
}

/* --- fitting --- */

ml_status pca_resume(pca_fitter **fitter, const pca_params *params, size_t columns, tsqr *rows,
                     ml_message *why)
{
    *fitter = NULL;
    ml_status status = pca_check(params, tsqr_count(rows), columns, why);
    pca_fitter *made = status == ML_OK ? memory_zeros(1, sizeof *made) : NULL;
    if (status == ML_OK && made == NULL)
        status = ml_fail_memory(why, "the fit", sizeof *made);
    if (status != ML_OK) {
        tsqr_free(rows);
        return status;
    }
    *made = (pca_fitter){*params, columns, rows};
    *fitter = made;
    return ML_OK;
}

ml_status pca_begin(pca_fitter **fitter, const pca_params *params, size_t columns, ml_message *why)
{
    tsqr *rows;
    *fitter = NULL;
    ml_status status = pca_check(params, 0, columns, why);
    if (status == ML_OK)
        status = tsqr_new(&rows, columns, params->center ? TSQR_CENTRE : TSQR_PLAIN, params->jobs, why);
    return status == ML_OK ? pca_resume(fitter, params, columns, rows, why) : status;
}

ml_status pca_add(pca_fitter *fitter, const gsl_matrix *rows, ml_message *why)
{
    return tsqr_add(fitter->rows, rows, why);
}

void pca_fitter_free(pca_fitter *fitter)
{
    if (fitter == NULL)
        return;
    tsqr_free(fitter->rows);
    free(fitter);
}

static ml_status constant_column(const pca_fitter *fitter, size_t j, ml_message *why)
{
    if (fitter->params.names != NULL)
        return ml_fail(
            why, "column %s is constant: it has no standard deviation to divide by; leave it out with -x %s",
            fitter->params.names[j], fitter->params.names[j]);
    return ml_fail(why, "column %zu is constant: it has no standard deviation to divide by; leave it out",
                   j + 1);
}

/* Standard deviations are the lengths of the columns of F over sqrt(n - ddof); divide by them. */
static ml_status scale_factor(const pca_fitter *fitter, gsl_matrix *f, double divisor, gsl_vector *scale,
                              ml_message *why)
{
    for (size_t j = 0; j < f->size2; j++) {
        gsl_vector_view of_column = gsl_matrix_column(f, j);
        double deviation = gsl_blas_dnrm2(&of_column.vector) / sqrt(divisor);
        if (!(deviation > 0))
            return constant_column(fitter, j, why);
        gsl_vector_set(scale, j, deviation);
        for (size_t i = 0; i < f->size1; i++)
            gsl_matrix_set(f, i, j, gsl_matrix_get(f, i, j) / deviation);
    }
    return ML_OK;
}

/* The least K whose first K of COUNT eigenvalues hold the share ENERGY of TOTAL; at least 1. */
static size_t energy_components(const gsl_vector *eigenvalues, size_t count, double energy, double total)
{
    double sum = 0;
    for (size_t k = 0; k < count; k++) {
        sum += gsl_vector_get(eigenvalues, k);
        if (sum >= energy * total)
            return k + 1;
    }
    return count;
}

/* Squares of the singular values over DIVISOR, in place; the sum of the first COUNT, or a refusal. */
static ml_status square(gsl_vector *values, size_t count, double divisor, double *total, ml_message *why)
{
    bool none = gsl_vector_get(values, 0) == 0;
    *total = 0;
    for (size_t j = 0; j < values->size; j++) {
        double s = gsl_vector_get(values, j);
        gsl_vector_set(values, j, s * s / divisor);
        if (j < count)
            *total += s * s / divisor;
    }
    if (!isfinite(*total))
        return ml_fail(why, "the variance is too large for a double; divide the data by a power of ten");
    if (*total < DBL_MIN && !none)
        return ml_fail(why, "the variance is too small for a double; multiply the data by a power of ten");
    return ML_OK;
}

/* Tipping and Bishop, eqs 7, 8 and 4; at the maximum tr(C^-1 S) is p. */
static ml_status make_probabilistic(pca_model *m, const gsl_vector *eigenvalues, size_t count,
                                    ml_message *why)
{
    if (m->kept >= m->columns)
        return ml_fail(why, "probabilistic PCA needs fewer components than the %zu columns; use -k",
                       m->columns);
    double discarded = 0, log_determinant = 0, p = (double)m->columns, rest = p - (double)m->kept;
    for (size_t j = m->kept; j < count; j++)
        discarded += gsl_vector_get(eigenvalues, j);
    m->noise = discarded / rest;
    double size = (double)(m->count > m->columns ? m->count : m->columns) * DBL_EPSILON;
    if (!(m->noise > size * size * gsl_vector_get(eigenvalues, 0)))
        return ml_fail(why, "no variance is left for the noise, so the likelihood has no bound; keep fewer "
                            "components with -k");
    for (size_t k = 0; k < m->kept; k++) {
        double signal = fmax(0, gsl_vector_get(m->variance, k) - m->noise);
        gsl_vector_view w = gsl_matrix_column(m->components, k);
        gsl_vector_scale(&w.vector, sqrt(signal));
        log_determinant += log(gsl_vector_get(m->variance, k));
    }
    log_determinant += rest * log(m->noise);
    m->log_likelihood = -(double)m->count / 2 * (p * log(2 * M_PI) + log_determinant + p);
    return ML_OK;
}

double pca_least_variance(const pca_model *m)
{
    double size = (double)(m->count > m->columns ? m->count : m->columns), zero = size * DBL_EPSILON;
    return zero * zero * gsl_vector_get(m->variance, 0);
}

static ml_status check_whitening(const pca_model *m, ml_message *why)
{
    double least_variance = pca_least_variance(m);
    for (size_t k = 0; m->whiten != PCA_WHITEN_NONE && k < m->kept; k++)
        if (!(gsl_vector_get(m->variance, k) > least_variance))
            return ml_fail(why,
                           "component %zu has no variance and cannot be whitened; keep fewer with -k %zu",
                           k + 1, k);
    return ML_OK;
}

/* Components, variances and what follows from the factor F, which is destroyed. */
static ml_status decompose(pca_fitter *fitter, gsl_matrix *f, double divisor, pca_model *m, ml_message *why)
{
    const pca_params *params = &fitter->params;
    size_t count = most_components(params, m->count, fitter->columns);
    size_t first = params->components > 0 ? params->components : count;
    gsl_vector *values = gsl_vector_alloc(least(f->size1, f->size2));
    gsl_matrix *v = gsl_matrix_alloc(fitter->columns, first);
    ml_status status = values && v
                           ? linalg_svd(f, values, NULL, v, params->jobs, why)
                           : ml_fail_memory(why, "the components", fitter->columns * first * sizeof(double));
    if (status == ML_OK)
        status = square(values, count, divisor, &m->total, why);
    if (status == ML_OK) {
        m->kept = params->energy > 0 ? energy_components(values, count, params->energy, m->total) : first;
        gsl_matrix_free(m->components);
        gsl_vector_free(m->variance);
        m->components = gsl_matrix_alloc(m->columns, m->kept);
        m->variance = gsl_vector_alloc(m->kept);
        if (m->components == NULL || m->variance == NULL)
            status = ml_fail_memory(why, "the components", m->columns * m->kept * sizeof(double));
    }
    if (status == ML_OK) {
        gsl_matrix_view kept = gsl_matrix_submatrix(v, 0, 0, m->columns, m->kept);
        gsl_vector_view variance = gsl_vector_subvector(values, 0, m->kept);
        gsl_matrix_memcpy(m->components, &kept.matrix);
        gsl_vector_memcpy(m->variance, &variance.vector);
        for (size_t k = 0; k < m->kept; k++)
            if (linalg_flips(m->components, k))
                linalg_flip(m->components, k);
        if (params->probabilistic)
            status = make_probabilistic(m, values, count, why);
    }
    gsl_vector_free(values);
    gsl_matrix_free(v);
    return status == ML_OK ? check_whitening(m, why) : status;
}

ml_status pca_finish(pca_fitter *fitter, pca_model *model, ml_message *why)
{
    const pca_params *params = &fitter->params;
    *model = (pca_model){0};
    size_t count = tsqr_count(fitter->rows);
    gsl_matrix *f = NULL;
    ml_status status = pca_check(params, count, fitter->columns, why);
    if (status == ML_OK)
        status = tsqr_factor(fitter->rows, &f, why);
    if (status == ML_OK)
        status = pca_alloc(model, fitter->columns, 1, why);
    if (status == ML_OK) {
        model->count = count;
        model->ddof = divisor_loss(params);
        model->centered = params->center;
        model->scaled = params->scale;
        model->whiten = params->whiten;
        model->probabilistic = params->probabilistic;
        double divisor = (double)count - model->ddof;
        if (params->center)
            tsqr_mean(fitter->rows, model->mean);
        if (params->scale)
            status = scale_factor(fitter, f, divisor, model->scale, why);
        if (status == ML_OK)
            status = decompose(fitter, f, divisor, model, why);
    }
    gsl_matrix_free(f);
    if (status != ML_OK)
        pca_free(model);
    return status;
}

ml_status pca_fit(const gsl_matrix *x, const pca_params *params, pca_model *model, ml_message *why)
{
    pca_fitter *fitter;
    *model = (pca_model){0};
    ml_status status = pca_check(params, x->size1, x->size2, why);
    if (status == ML_OK)
        status = pca_begin(&fitter, params, x->size2, why);
    if (status != ML_OK)
        return status;
    status = pca_add(fitter, x, why);
    if (status == ML_OK)
        status = pca_finish(fitter, model, why);
    pca_fitter_free(fitter);
    return status;
}

/* --- a model that was read --- */

static bool all_are(const gsl_vector *v, double value)
{
    for (size_t j = 0; j < v->size; j++)
        if (gsl_vector_get(v, j) != value)
            return false;
    return true;
}

static ml_status check_flags(const pca_model *m, ml_message *why)
{
    if (!m->centered && !all_are(m->mean, 0))
        return ml_fail(why, "'centered' is 0, but a mean is not");
    if (!m->scaled && !all_are(m->scale, 1))
        return ml_fail(why, "'scaled' is 0, but a scale is not 1");
    if (m->probabilistic &&
        (m->whiten != PCA_WHITEN_NONE || m->ddof != 0 || m->kept >= m->columns || !(m->noise > 0)))
        return ml_fail(why,
                       "'probabilistic' does not go with whitening, with ddof 1, with as many components as "
                       "columns or without noise");
    if (!m->probabilistic && (m->noise != 0 || m->log_likelihood != 0))
        return ml_fail(why, "'probabilistic' is 0, but there is a noise variance or a likelihood");
    if (m->count <= (size_t)m->ddof || m->kept > m->columns)
        return ml_fail(why, "%zu rows of %zu columns do not make %zu components", m->count, m->columns,
                       m->kept);
    return ML_OK;
}

static ml_status check_variances(const pca_model *m, ml_message *why)
{
    double sum = 0;
    for (size_t k = 0; k < m->kept; k++) {
        double variance = gsl_vector_get(m->variance, k);
        if (variance < 0 || (variance == 0 && m->whiten != PCA_WHITEN_NONE))
            return ml_fail(why, "the variance of component %zu must be above 0", k + 1);
        if (k > 0 && variance > gsl_vector_get(m->variance, k - 1))
            return ml_fail(why, "the variance of component %zu is above that of the one before", k + 1);
        sum += variance;
    }
    return sum <= m->total * (1 + 1e-9) ? ML_OK
                                        : ml_fail(why, "the variances of the components exceed the total");
}

static ml_status check_scales(const pca_model *m, const char *const *names, ml_message *why)
{
    for (size_t j = 0; j < m->columns; j++)
        if (!(gsl_vector_get(m->scale, j) > 0))
            return ml_fail(why, "the scale of column %s must be above 0", names[j]);
    return ML_OK;
}

/* The components are orthogonal, of unit length or, PPCA, of length sqrt(variance - noise). */
static ml_status check_components(const pca_model *m, ml_message *why)
{
    for (size_t k = 0; k < m->kept; k++) {
        gsl_vector_const_view a = gsl_matrix_const_column(m->components, k);
        double length = gsl_blas_dnrm2(&a.vector), wanted = 1, product;
        if (m->probabilistic)
            wanted = sqrt(fmax(0, gsl_vector_get(m->variance, k) - m->noise));
        double size = sqrt(m->probabilistic ? gsl_vector_get(m->variance, k) : 1);
        if (!(fabs(length - wanted) <= 1e-6 * size))
            return ml_fail(why, "component %zu has length %g where %g was expected", k + 1, length, wanted);
        if (k == 0)
            continue;
        gsl_vector_const_view b = gsl_matrix_const_column(m->components, k - 1);
        gsl_blas_ddot(&a.vector, &b.vector, &product);
        if (!(fabs(product) <= 1e-6 * length * gsl_blas_dnrm2(&b.vector)))
            return ml_fail(why, "components %zu and %zu are not orthogonal", k, k + 1);
    }
    return ML_OK;
}

ml_status pca_check_model(const pca_model *model, const char *const *names, ml_message *why)
{
    ml_status status = check_scales(model, names, why);
    if (status == ML_OK)
        status = check_flags(model, why);
    if (status == ML_OK)
        status = check_variances(model, why);
    return status == ML_OK ? check_components(model, why) : status;
}

double pca_ratio(const pca_model *model, size_t j)
{
    return model->total > 0 ? gsl_vector_get(model->variance, j) / model->total : 0;
}

double pca_cumulative(const pca_model *model, size_t j)
{
    double sum = 0;
    for (size_t i = 0; i <= j; i++)
        sum += gsl_vector_get(model->variance, i);
    return model->total > 0 ? sum / model->total : 0;
}
