/* Histograms: bins by rule, cells of several columns, entropies and divergences of them. */
#include <math.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "ml/continuous_internal.h"

static const double most_bins = 1e9;

static int compare_values(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

/* The quantile P of sorted values, by linear interpolation. */
static double quantile(const double *sorted, size_t n, double p)
{
    double at = p * (double)(n - 1);
    size_t below = (size_t)at;
    return below + 1 < n ? sorted[below] + (at - (double)below) * (sorted[below + 1] - sorted[below])
                         : sorted[below];
}

static ml_status quartile_width(const gsl_vector *column, double *width, ml_message *why)
{
    size_t n = column->size;
    double *sorted = memory_array(n, sizeof *sorted);
    if (sorted == NULL)
        return ml_fail_memory(why, "quartiles", n * sizeof *sorted);
    for (size_t i = 0; i < n; i++)
        sorted[i] = gsl_vector_get(column, i);
    qsort(sorted, n, sizeof *sorted, compare_values);
    *width = 2 * (quantile(sorted, n, 0.75) - quantile(sorted, n, 0.25)) / cbrt((double)n);
    free(sorted);
    return ML_OK;
}

/* How many bins the rule asks for, not rounded up; INFINITY where the width is 0. */
static ml_status count_bins(const continuous_params *p, const gsl_vector *column, double range, double *count,
                            ml_message *why)
{
    double n = (double)column->size, width = 0;
    ml_status status = ML_OK;
    switch (p->rule) {
    case CONTINUOUS_STURGES:
        *count = log2(n) + 1;
        break;
    case CONTINUOUS_SCOTT:
        *count = 1 / (cbrt(24 * sqrt(M_PI) / n) * continuous_deviation(column, range));
        break;
    case CONTINUOUS_FD:
        status = quartile_width(column, &width, why);
        *count = range / width;
        break;
    case CONTINUOUS_SQRT:
        *count = sqrt(n);
        break;
    case CONTINUOUS_NUMBER:
        *count = (double)p->bins;
        break;
    }
    return status;
}

ml_status continuous_bins_of(const continuous_params *p, const gsl_vector *column, const char *name,
                             continuous_bins *out, ml_message *why)
{
    *out = (continuous_bins){.count = 1, .low = INFINITY, .high = -INFINITY};
    for (size_t i = 0; i < column->size; i++) {
        out->low = fmin(out->low, gsl_vector_get(column, i));
        out->high = fmax(out->high, gsl_vector_get(column, i));
    }
    if (!isfinite(out->high - out->low))
        return ml_fail(why,
                       "%s: numbers from %g to %g: their distance is beyond the range of a double; scale "
                       "them down",
                       name, out->low, out->high);
    if (out->low == out->high)
        return ML_OK;
    double count = 1;
    ml_status status = count_bins(p, column, out->high - out->low, &count, why);
    if (status != ML_OK)
        return status;
    if (!isfinite(count))
        return ml_fail(why,
                       "%s: the middle half of the values is equal, so the rule gives bins of no width: "
                       "take another rule or a number of bins",
                       name);
    if (count > most_bins)
        return ml_fail(why,
                       "%s: the rule asks for %.3g bins, because single values lie far away: take "
                       "another rule or a number of bins",
                       name, count);
    out->count = (size_t)ceil(count);
    return ML_OK;
}

static double edge(const continuous_bins *bins, size_t i)
{
    double width = (bins->high - bins->low) / (double)bins->count;
    return i == bins->count ? bins->high : (double)i * width + bins->low;
}

size_t continuous_bin(const continuous_bins *bins, double value)
{
    if (bins->count <= 1)
        return 0;
    double at = (value - bins->low) / (bins->high - bins->low) * (double)bins->count;
    size_t bin = at <= 0 ? 0 : at >= (double)bins->count ? bins->count - 1 : (size_t)at;
    /* the quotient is rounded, the edges decide */
    while (bin > 0 && value < edge(bins, bin))
        bin--;
    while (bin + 1 < bins->count && value >= edge(bins, bin + 1))
        bin++;
    return bin;
}

/* --- cells --- */

typedef struct cells {
    size_t n, limit; /* codes are below it */
    size_t *codes;
    double log_volume;
} cells;

typedef struct coded {
    size_t code, row;
} coded;

static int compare_codes(const void *a, const void *b)
{
    const coded *p = a, *q = b;
    return p->code != q->code ? (p->code < q->code ? -1 : 1) : (p->row > q->row) - (p->row < q->row);
}

/* Number the codes that occur 0, 1, ..., in their order. */
static ml_status renumber(cells *c, ml_message *why)
{
    coded *sorted = memory_array(c->n, sizeof *sorted);
    if (sorted == NULL)
        return ml_fail_memory(why, "the cells of a histogram", c->n * sizeof *sorted);
    for (size_t i = 0; i < c->n; i++)
        sorted[i] = (coded){c->codes[i], i};
    qsort(sorted, c->n, sizeof *sorted, compare_codes);
    size_t number = 0;
    for (size_t i = 0; i < c->n; i++) {
        number += i > 0 && sorted[i].code != sorted[i - 1].code;
        c->codes[sorted[i].row] = number;
    }
    c->limit = number + 1;
    free(sorted);
    return ML_OK;
}

static ml_status add_column(cells *c, const continuous_params *p, const gsl_vector *column, const char *name,
                            ml_message *why)
{
    continuous_bins bins;
    size_t product;
    ml_status status = continuous_bins_of(p, column, name, &bins, why);
    if (status == ML_OK && __builtin_mul_overflow(c->limit, bins.count, &product))
        status = renumber(c, why);
    if (status != ML_OK)
        return status;
    for (size_t i = 0; i < c->n; i++)
        c->codes[i] = c->codes[i] * bins.count + continuous_bin(&bins, gsl_vector_get(column, i));
    c->limit *= bins.count;
    c->log_volume += log((bins.high - bins.low) / (double)bins.count);
    return ML_OK;
}

static ml_status cells_new(cells *c, size_t n, ml_message *why)
{
    *c = (cells){.n = n, .limit = 1, .codes = memory_zeros(n, sizeof *c->codes)};
    return c->codes ? ML_OK : ml_fail_memory(why, "the cells of a histogram", n * sizeof *c->codes);
}

/* How often each code occurs, in a new array of C->limit counts. */
static ml_status count_cells(cells *c, size_t **counts, ml_message *why)
{
    *counts = NULL;
    if (c->limit > 4 * c->n + 1024) {
        ml_status status = renumber(c, why);
        if (status != ML_OK)
            return status;
    }
    *counts = memory_zeros(c->limit, sizeof **counts);
    if (*counts == NULL)
        return ml_fail_memory(why, "the cells of a histogram", c->limit * sizeof **counts);
    for (size_t i = 0; i < c->n; i++)
        (*counts)[c->codes[i]]++;
    return ML_OK;
}

static ml_status add_range(cells *c, const continuous_params *p, const gsl_matrix *x, const size_t range[2],
                           size_t *culprit, ml_message *why)
{
    ml_status status = ML_OK;
    for (size_t j = range[0]; status == ML_OK && j < range[0] + range[1]; j++) {
        char text[32];
        double before = c->log_volume;
        gsl_vector_const_view column = gsl_matrix_const_column(x, j);
        status = add_column(c, p, &column.vector, continuous_name(p, j, text), why);
        if (status == ML_OK && isinf(c->log_volume) && isfinite(before))
            *culprit = j;
    }
    return status;
}

ml_status continuous_add_cells(const continuous_params *p, const gsl_matrix *x, const size_t range[2],
                               const size_t range2[2], bool volume, double factor, double *local,
                               size_t *culprit, ml_message *why)
{
    cells c;
    size_t *counts = NULL, ignored;
    ml_status status = cells_new(&c, x->size1, why);
    if (status == ML_OK)
        status = add_range(&c, p, x, range, culprit, why);
    double log_volume = volume ? c.log_volume : 0;
    if (status == ML_OK)
        status = add_range(&c, p, x, range2, &ignored, why);
    if (status == ML_OK)
        status = count_cells(&c, &counts, why);
    for (size_t i = 0; status == ML_OK && i < c.n; i++)
        local[i] += factor * (log((double)c.n / (double)counts[c.codes[i]]) + log_volume);
    free(c.codes);
    free(counts);
    return status;
}

/* --- divergence --- */

/* D = sum p log(p/q) over the cells; the standard error by the delta method, Q's part being sum p^2/q - 1. */
static void diverge(const size_t *of_p, const size_t *of_q, size_t limit, double n, double m,
                    continuous_estimate *out)
{
    double sum = 0, squares = 0, chi = 0;
    *out = (continuous_estimate){.nats = INFINITY, .culprit = SIZE_MAX};
    for (size_t c = 0; c < limit; c++) {
        if (of_p[c] == 0)
            continue;
        if (of_q[c] == 0)
            return;
        double p = (double)of_p[c] / n, q = (double)of_q[c] / m, term = log(p / q);
        sum += p * term;
        squares += p * term * term;
        chi += p * p / q;
    }
    out->nats = fmax(sum, 0);
    out->error = sqrt(fmax(squares - sum * sum, 0) / n + fmax(chi - 1, 0) / m);
}

static ml_status stack_columns(cells *c, const continuous_params *params, const gsl_matrix *p,
                               const gsl_matrix *q, ml_message *why)
{
    gsl_vector *both = gsl_vector_alloc(c->n);
    ml_status status = both ? ML_OK : ml_fail_memory(why, "a column", c->n * sizeof(double));
    for (size_t j = 0; status == ML_OK && j < p->size2; j++) {
        char text[32];
        for (size_t i = 0; i < c->n; i++)
            gsl_vector_set(both, i,
                           i < p->size1 ? gsl_matrix_get(p, i, j) : gsl_matrix_get(q, i - p->size1, j));
        status = add_column(c, params, both, continuous_name(params, j, text), why);
    }
    gsl_vector_free(both);
    return status;
}

ml_status continuous_cells_divergence(const continuous_params *params, const gsl_matrix *p,
                                      const gsl_matrix *q, continuous_estimate *out, ml_message *why)
{
    cells c;
    size_t *of_p = NULL, *of_q = NULL;
    ml_status status = cells_new(&c, p->size1 + q->size1, why);
    if (status == ML_OK)
        status = stack_columns(&c, params, p, q, why);
    if (status == ML_OK)
        status = count_cells(&c, &of_q, why);
    of_p = status == ML_OK ? memory_zeros(c.limit, sizeof *of_p) : NULL;
    if (status == ML_OK && of_p == NULL)
        status = ml_fail_memory(why, "the cells of a histogram", c.limit * sizeof *of_p);
    if (status == ML_OK) {
        for (size_t i = 0; i < p->size1; i++) {
            of_p[c.codes[i]]++;
            of_q[c.codes[i]]--;
        }
        diverge(of_p, of_q, c.limit, (double)p->size1, (double)q->size1, out);
    }
    free(c.codes);
    free(of_p);
    free(of_q);
    return status;
}
