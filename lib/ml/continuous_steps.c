#include "ml/continuous_steps.h"

#include <math.h>
#include <stdlib.h>

#include "base/memory.h"

enum { MOST_BINS = 1000 };

/* What the writing of one result needs. */
typedef struct writing {
    steps *s;
    const continuous_params *p;
    const gsl_matrix *x;
    const char *const *names;
    double base;
    const char *log, *unit; /* "log2", "bits" */
} writing;

static writing begin(steps *s, const continuous_params *p, const gsl_matrix *x, double base)
{
    writing w = {.s = s, .p = p, .x = x, .names = p->names, .base = base, .log = "log", .unit = ""};
    if (base == M_E)
        w.unit = " nats";
    else
        w.log = steps_print(s, "log%s", steps_number(s, base));
    if (base == 2)
        w.unit = " bits";
    return w;
}

static double value_at(const writing *w, size_t i, size_t j)
{
    return gsl_matrix_get(w->x, i, j);
}

static const char *number_text(const writing *w, double x)
{
    return steps_number(w->s, x);
}

static double logarithm(const writing *w, double x)
{
    return log(x) / log(w->base);
}

/* --- normal distributions --- */

static double mean_of(const writing *w, size_t j)
{
    double sum = 0, first = value_at(w, 0, j);
    for (size_t i = 0; i < w->x->size1; i++)
        sum += value_at(w, i, j) - first;
    return first + sum / (double)w->x->size1;
}

/* Sum of the products of the deviations of two columns from their means. */
static double products(const writing *w, size_t a, size_t b)
{
    double sum = 0, mean_a = mean_of(w, a), mean_b = mean_of(w, b);
    for (size_t i = 0; i < w->x->size1; i++)
        sum += (value_at(w, i, a) - mean_a) * (value_at(w, i, b) - mean_b);
    return sum;
}

static double divisor(const writing *w)
{
    return (double)(w->x->size1 - w->p->ddof);
}

static const char *divisor_text(const writing *w)
{
    return w->p->ddof == 0 ? "n" : steps_print(w->s, "(n - %zu)", w->p->ddof);
}

/* The lines of mean and variance of column J; the variance. */
static double write_variance(const writing *w, size_t j)
{
    double squares = products(w, j, j), variance = squares / divisor(w);
    steps_formula(w->s, "mean of %s = %s", w->names[j], number_text(w, mean_of(w, j)));
    steps_formula(w->s, "variance of %s = sum of (%s - mean)^2/%s = %s/%s = %s", w->names[j], w->names[j],
                  divisor_text(w), number_text(w, squares), number_text(w, divisor(w)),
                  number_text(w, variance));
    return variance;
}

static double write_covariance(const writing *w)
{
    double sum = products(w, 0, 1), covariance = sum / divisor(w);
    steps_formula(w->s, "covariance = sum of (%s - mean)*(%s - mean)/%s = %s/%s = %s", w->names[0],
                  w->names[1], divisor_text(w), number_text(w, sum), number_text(w, divisor(w)),
                  number_text(w, covariance));
    return covariance;
}

/* The value that the estimator itself gives: the arithmetic above is that of a person, with its rounding. */
static void write_value(const writing *w, const char *formula, double nats)
{
    steps_formula(w->s, "%s = %s%s", formula, number_text(w, nats / log(w->base)), w->unit);
}

static void write_matrix(const writing *w)
{
    size_t d = w->x->size2;
    const char **cells = memory_array(d * d, sizeof *cells);
    if (cells == NULL) {
        steps_fail(w->s);
        return;
    }
    for (size_t q = 0; q < d * d; q++)
        cells[q] = number_text(w, products(w, q / d, q % d) / divisor(w));
    steps_matrix(w->s, "S", d, d, 0, cells);
    free(cells);
}

static void write_gaussian_entropy(const writing *w, const continuous_estimate *e)
{
    size_t d = w->x->size2;
    steps_formula(w->s, "n = %zu", w->x->size1);
    if (d == 1) {
        double variance = write_variance(w, 0);
        write_value(w,
                    steps_print(w->s, "h = %s(2*pi*e*variance)/2 = %s(%s*%s)/2", w->log, w->log,
                                number_text(w, 2 * M_PI * M_E), number_text(w, variance)),
                    e->nats);
        return;
    }
    steps_text(w->s, "covariance matrix, divisor %s:", divisor_text(w));
    write_matrix(w);
    /* h = (d log(2 pi e) + log det S)/2 */
    double log_det = 2 * e->nats - (double)d * (log(2 * M_PI) + 1);
    steps_formula(w->s, "det(S) = %s", number_text(w, exp(log_det)));
    write_value(w,
                steps_print(w->s, "h = (%zu*%s(2*pi*e) + %s(det(S)))/2 = (%zu*%s + %s)/2", d, w->log, w->log,
                            d, number_text(w, logarithm(w, 2 * M_PI * M_E)),
                            number_text(w, log_det / log(w->base))),
                e->nats);
}

static void write_gaussian_information(const writing *w, const continuous_estimate *e)
{
    steps_formula(w->s, "n = %zu", w->x->size1);
    double a = write_variance(w, 0), b = write_variance(w, 1), c = write_covariance(w);
    double r = c / sqrt(a) / sqrt(b);
    steps_formula(w->s, "correlation r = covariance/sqrt(variance*variance) = %s/sqrt(%s*%s) = %s",
                  number_text(w, c), number_text(w, a), number_text(w, b), number_text(w, r));
    write_value(w,
                steps_print(w->s, "I = -%s(1 - r^2)/2 = -%s(%s)/2", w->log, w->log,
                            number_text(w, exp(-2 * e->nats))),
                e->nats);
}

static void write_gaussian_divergence(const writing *w, const continuous_estimate *e)
{
    steps_formula(w->s, "n = %zu", w->x->size1);
    double a = write_variance(w, 0), b = write_variance(w, 1), shift = mean_of(w, 0) - mean_of(w, 1);
    steps_text(w->s, "p is the normal distribution of %s, q that of %s", w->names[0], w->names[1]);
    steps_formula(w->s, "variance of p/variance of q = %s/%s = %s", number_text(w, a), number_text(w, b),
                  number_text(w, a / b));
    steps_formula(w->s, "(difference of the means)^2/variance of q = (%s)^2/%s = %s", number_text(w, shift),
                  number_text(w, b), number_text(w, shift * shift / b));
    const char *factor = w->base == M_E ? "" : steps_print(w->s, "/%s", number_text(w, log(w->base)));
    if (w->base != M_E)
        steps_formula(w->s, "log(%s) = %s", number_text(w, w->base), number_text(w, log(w->base)));
    write_value(w,
                steps_print(w->s, "D(p||q) = (%s + %s - 1 - log(%s))/2%s", number_text(w, a / b),
                            number_text(w, shift * shift / b), number_text(w, a / b), factor),
                e->nats);
}

/* --- histograms --- */

static const char *rule_text(const writing *w)
{
    switch (w->p->rule) {
    case CONTINUOUS_STURGES:
        return "Sturges: log2(n) + 1, rounded up";
    case CONTINUOUS_SCOTT:
        return "Scott: width 3.49083*s/n^(1/3), s with divisor n";
    case CONTINUOUS_FD:
        return "Freedman-Diaconis: width 2*(upper - lower quartile)/n^(1/3)";
    case CONTINUOUS_SQRT:
        return "sqrt(n), rounded up";
    case CONTINUOUS_NUMBER:
        break;
    }
    return "as given";
}

/* The line of the bins of a column of X, or of both for a divergence. */
static ml_status write_bins(const writing *w, const continuous_bins *bins, const char *name, ml_message *why)
{
    if (bins->count > MOST_BINS)
        return ml_fail(why, "%s: %zu bins are too many to write out; --steps takes up to %d", name,
                       bins->count, MOST_BINS);
    steps_text(w->s, "%s: %zu bins (%s) from %s to %s, width %s", name, bins->count, rule_text(w),
               number_text(w, bins->low), number_text(w, bins->high),
               number_text(w, (bins->high - bins->low) / (double)bins->count));
    return ML_OK;
}

/* A table whose cells are appended one by one. */
typedef struct rows {
    const char **cells;
    size_t count, capacity;
    steps *s;
} rows;

static void put(rows *r, const char *cell)
{
    if (memory_grow(&r->cells, &r->capacity, r->count + 1, sizeof *r->cells))
        r->cells[r->count++] = cell;
    else
        steps_fail(r->s);
}

static void write_rows(rows *r, const char *const *heads, size_t columns)
{
    if (r->count > 0)
        steps_table(r->s, heads, columns, r->count / columns, r->cells);
    free(r->cells);
}

/* Where bin B of BINS begins; its upper edge is where the next one does. */
static double edge_of(const continuous_bins *bins, size_t b)
{
    return b == bins->count ? bins->high
                            : bins->low + (double)b * ((bins->high - bins->low) / (double)bins->count);
}

static size_t *count_bins(const writing *w, const continuous_bins *bins, size_t j)
{
    size_t *counts = memory_zeros(bins->count, sizeof *counts);
    if (counts == NULL)
        steps_fail(w->s);
    for (size_t i = 0; counts != NULL && i < w->x->size1; i++)
        counts[continuous_bin(bins, value_at(w, i, j))]++;
    return counts;
}

/* The range of a bin as a person writes it. */
static const char *range_text(const writing *w, const continuous_bins *bins, size_t b)
{
    return steps_print(w->s, "[%s, %s%s", number_text(w, edge_of(bins, b)),
                       number_text(w, edge_of(bins, b + 1)), b + 1 == bins->count ? "]" : ")");
}

static const char *share_text(const writing *w, size_t count)
{
    return steps_print(w->s, "%zu/%zu", count, w->x->size1);
}

static void write_histogram_column(const writing *w, const continuous_bins *bins,
                                   const continuous_estimate *e)
{
    size_t *counts = count_bins(w, bins, 0);
    rows r = {.s = w->s};
    double n = (double)w->x->size1, width = (bins->high - bins->low) / (double)bins->count;
    for (size_t b = 0; counts != NULL && b < bins->count; b++) {
        double p = (double)counts[b] / n;
        put(&r, range_text(w, bins, b));
        put(&r, steps_print(w->s, "%zu", counts[b]));
        put(&r, share_text(w, counts[b]));
        put(&r, number_text(w, p > 0 ? -p * logarithm(w, p / width) : 0));
    }
    write_rows(&r, (const char *const[]){"bin", "count", "p", steps_print(w->s, "-p*%s(p/w)", w->log)}, 4);
    write_value(w, steps_print(w->s, "h = sum of -p*%s(p/w)", w->log), e->nats);
    free(counts);
}

typedef struct cell {
    size_t a, b, count;
} cell;

static int compare_cells(const void *a, const void *b)
{
    const cell *p = a, *q = b;
    return p->a != q->a ? (p->a < q->a ? -1 : 1) : (p->b > q->b) - (p->b < q->b);
}

/* The cells of two columns that are not empty, in order; their number. */
static size_t find_cells(const writing *w, const continuous_bins bins[2], cell **cells)
{
    size_t n = w->x->size1, count = 0;
    *cells = memory_array(n, sizeof **cells);
    if (*cells == NULL) {
        steps_fail(w->s);
        return 0;
    }
    for (size_t i = 0; i < n; i++)
        (*cells)[i] = (cell){continuous_bin(&bins[0], value_at(w, i, 0)),
                             continuous_bin(&bins[1], value_at(w, i, 1)), 1};
    qsort(*cells, n, sizeof **cells, compare_cells);
    for (size_t i = 0; i < n; i++)
        if (count > 0 && compare_cells(&(*cells)[count - 1], &(*cells)[i]) == 0)
            (*cells)[count - 1].count++;
        else
            (*cells)[count++] = (*cells)[i];
    return count;
}

static void write_histogram_information(const writing *w, const continuous_bins bins[2],
                                        const continuous_estimate *e)
{
    cell *cells;
    size_t count = find_cells(w, bins, &cells), *of_a = count_bins(w, &bins[0], 0),
           *of_b = count_bins(w, &bins[1], 1);
    rows r = {.s = w->s};
    double n = (double)w->x->size1;
    for (size_t c = 0; of_a && of_b && c < count; c++) {
        double p = (double)cells[c].count / n, a = (double)of_a[cells[c].a] / n,
               b = (double)of_b[cells[c].b] / n;
        put(&r, range_text(w, &bins[0], cells[c].a));
        put(&r, range_text(w, &bins[1], cells[c].b));
        put(&r, share_text(w, cells[c].count));
        put(&r, share_text(w, of_a[cells[c].a]));
        put(&r, share_text(w, of_b[cells[c].b]));
        put(&r, number_text(w, p * logarithm(w, p / a / b)));
    }
    write_rows(&r,
               (const char *const[]){w->names[0], w->names[1], "p", "p_x", "p_y",
                                     steps_print(w->s, "p*%s(p/(p_x*p_y))", w->log)},
               6);
    write_value(w, steps_print(w->s, "I = sum of p*%s(p/(p_x*p_y))", w->log), e->nats);
    free(cells);
    free(of_a);
    free(of_b);
}

static void write_histogram_joint(const writing *w, const continuous_bins bins[2],
                                  const continuous_estimate *e)
{
    cell *cells;
    size_t count = find_cells(w, bins, &cells);
    rows r = {.s = w->s};
    double n = (double)w->x->size1, area = 1;
    for (size_t k = 0; k < 2; k++)
        area *= (bins[k].high - bins[k].low) / (double)bins[k].count;
    steps_formula(w->s, "area of a cell w = %s", number_text(w, area));
    for (size_t c = 0; c < count; c++) {
        double p = (double)cells[c].count / n;
        put(&r, range_text(w, &bins[0], cells[c].a));
        put(&r, range_text(w, &bins[1], cells[c].b));
        put(&r, share_text(w, cells[c].count));
        put(&r, number_text(w, -p * logarithm(w, p / area)));
    }
    write_rows(
        &r, (const char *const[]){w->names[0], w->names[1], "p", steps_print(w->s, "-p*%s(p/w)", w->log)}, 4);
    write_value(w, steps_print(w->s, "h = sum of -p*%s(p/w)", w->log), e->nats);
    free(cells);
}

static void write_histogram_divergence(const writing *w, const continuous_bins *bins,
                                       const continuous_estimate *e)
{
    size_t *of_p = count_bins(w, bins, 0), *of_q = count_bins(w, bins, 1);
    rows r = {.s = w->s};
    for (size_t b = 0; of_p && of_q && b < bins->count; b++) {
        double p = (double)of_p[b] / (double)w->x->size1, ratio = (double)of_p[b] / (double)of_q[b];
        put(&r, range_text(w, bins, b));
        put(&r, share_text(w, of_p[b]));
        put(&r, share_text(w, of_q[b]));
        put(&r, number_text(w, p > 0 ? p * logarithm(w, ratio) : 0));
    }
    write_rows(&r, (const char *const[]){"bin", "p", "q", steps_print(w->s, "p*%s(p/q)", w->log)}, 4);
    write_value(w, steps_print(w->s, "D(p||q) = sum of p*%s(p/q)", w->log), e->nats);
    free(of_p);
    free(of_q);
}

/* The bins of each column for itself. */
static ml_status find_bins(const writing *w, continuous_bins bins[2], ml_message *why)
{
    ml_status status = ML_OK;
    for (size_t j = 0; status == ML_OK && j < w->x->size2; j++) {
        gsl_vector_const_view column = gsl_matrix_const_column(w->x, j);
        status = continuous_bins_of(w->p, &column.vector, w->names[j], &bins[j], why);
        if (status == ML_OK)
            status = write_bins(w, &bins[j], w->names[j], why);
    }
    return status;
}

/* The bins of both columns together. */
static ml_status find_common_bins(const writing *w, continuous_bins *bins, ml_message *why)
{
    size_t n = w->x->size1;
    gsl_vector *both = gsl_vector_alloc(2 * n);
    if (both == NULL)
        return ml_fail_memory(why, "a histogram", 2 * n * sizeof(double));
    for (size_t i = 0; i < 2 * n; i++)
        gsl_vector_set(both, i, value_at(w, i % n, i / n));
    ml_status status = continuous_bins_of(w->p, both, w->names[0], bins, why);
    if (status == ML_OK)
        status = write_bins(w, bins, steps_print(w->s, "%s and %s together", w->names[0], w->names[1]), why);
    gsl_vector_free(both);
    return status;
}

/* --- what the header declares --- */

ml_status continuous_steps_entropy(steps *s, const continuous_params *p, const gsl_matrix *x, double base,
                                   ml_message *why)
{
    writing w = begin(s, p, x, base);
    continuous_estimate e;
    continuous_bins bins[2];
    bool gaussian = p->method == CONTINUOUS_GAUSSIAN;
    const char *last = x->size2 > 1 ? p->names[x->size2 - 1] : "";
    steps_heading(s, "%s of %s%s%s, %s", x->size2 > 1 ? "Joint entropy" : "Entropy", p->names[0],
                  x->size2 > 2    ? " to "
                  : x->size2 == 2 ? " and "
                                  : "",
                  last, gaussian ? "taken for normal" : "by a histogram");
    ml_status status = continuous_entropy(p, x, &e, why);
    if (status == ML_OK && gaussian)
        write_gaussian_entropy(&w, &e);
    else if (status == ML_OK && (status = find_bins(&w, bins, why)) == ML_OK && x->size2 == 1)
        write_histogram_column(&w, bins, &e);
    else if (status == ML_OK)
        write_histogram_joint(&w, bins, &e);
    return status;
}

ml_status continuous_steps_information(steps *s, const continuous_params *p, const gsl_matrix *x, double base,
                                       ml_message *why)
{
    writing w = begin(s, p, x, base);
    continuous_estimate e;
    continuous_bins bins[2];
    bool gaussian = p->method == CONTINUOUS_GAUSSIAN;
    steps_heading(s, "Mutual information of %s and %s, %s", p->names[0], p->names[1],
                  gaussian ? "taken for normal" : "by a histogram");
    ml_status status = continuous_information(p, x, (const size_t[2]){1, 1}, 2, &e, why);
    if (status == ML_OK && gaussian)
        write_gaussian_information(&w, &e);
    else if (status == ML_OK && (status = find_bins(&w, bins, why)) == ML_OK)
        write_histogram_information(&w, bins, &e);
    return status;
}

ml_status continuous_steps_divergence(steps *s, const continuous_params *p, const gsl_matrix *x, double base,
                                      ml_message *why)
{
    writing w = begin(s, p, x, base);
    continuous_estimate e;
    continuous_bins bins;
    gsl_matrix_const_view of_p = gsl_matrix_const_submatrix(x, 0, 0, x->size1, 1),
                          of_q = gsl_matrix_const_submatrix(x, 0, 1, x->size1, 1);
    bool gaussian = p->method == CONTINUOUS_GAUSSIAN;
    steps_heading(s, "Divergence of %s from %s, %s", p->names[0], p->names[1],
                  gaussian ? "taken for normal" : "by a histogram");
    ml_status status = continuous_divergence(p, &of_p.matrix, &of_q.matrix, &e, why);
    if (status == ML_OK && gaussian)
        write_gaussian_divergence(&w, &e);
    else if (status == ML_OK && (status = find_common_bins(&w, &bins, why)) == ML_OK)
        write_histogram_divergence(&w, &bins, &e);
    return status;
}
