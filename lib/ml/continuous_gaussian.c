/* Closed forms for normal distributions.  Everything follows from the diagonals of QR decompositions of the
 * centred rows: no variance is computed as a difference, and 1 - r^2 of a correlation near 1 keeps its
 * digits. */
#include <float.h>
#include <math.h>
#include <stdint.h>
#include <stdlib.h>

#include "base/memory.h"
#include "math/tsqr.h"
#include "ml/continuous_internal.h"

typedef struct basis {
    gsl_matrix *f; /* f'f = the squares of the centred rows; kept columns become orthonormal */
    size_t *kept;  /* their numbers */
    size_t count;
    double tolerance; /* of what is left of a column, relative to it */
    double *mean;     /* of the columns of the rows */
} basis;

static void basis_free(basis *b)
{
    gsl_matrix_free(b->f);
    free(b->kept);
    free(b->mean);
}

static ml_status read_rows(basis *b, tsqr *t, const gsl_matrix *x, ml_message *why)
{
    ml_status status = tsqr_add(t, x, why);
    if (status == ML_OK)
        status = tsqr_factor(t, &b->f, why);
    if (status == ML_OK) {
        gsl_vector_view mean = gsl_vector_view_array(b->mean, x->size2);
        tsqr_mean(t, &mean.vector);
    }
    return status;
}

static ml_status basis_new(basis *b, const continuous_params *p, const gsl_matrix *x, ml_message *why)
{
    size_t n = x->size1, d = x->size2;
    if (n < 2 || n <= p->ddof)
        return ml_fail(why, "%zu row%s: a variance needs more", n, n == 1 ? "" : "s");
    tsqr *t = NULL;
    b->kept = memory_array(d, sizeof *b->kept);
    b->mean = memory_array(d, sizeof *b->mean);
    b->tolerance = (double)(n > d ? n : d) * DBL_EPSILON;
    ml_status status = b->kept && b->mean ? tsqr_new(&t, d, TSQR_CENTRE, p->jobs, why)
                                          : ml_fail_memory(why, "covariances", d * sizeof(double));
    if (status == ML_OK)
        status = read_rows(b, t, x, why);
    tsqr_free(t);
    return status;
}

static double dot(const gsl_matrix *f, size_t a, size_t b)
{
    double sum = 0;
    for (size_t i = 0; i < f->size1; i++)
        sum += gsl_matrix_get(f, i, a) * gsl_matrix_get(f, i, b);
    return sum;
}

/* Scale column J by a power of two so that its greatest entry is about 1; the exponent taken out. */
static int normalize_scale(gsl_matrix *f, size_t j)
{
    double greatest = 0;
    int exponent = 0;
    for (size_t i = 0; i < f->size1; i++)
        greatest = fmax(greatest, fabs(gsl_matrix_get(f, i, j)));
    frexp(greatest, &exponent);
    for (size_t i = 0; i < f->size1; i++)
        gsl_matrix_set(f, i, j, ldexp(gsl_matrix_get(f, i, j), -exponent));
    return exponent;
}

/* Make column J orthogonal to those kept (Gram, Schmidt, twice) and keep it; *LOG gets the logarithm of the
 * length that was left.  False when nothing was: the column is constant or depends on them. */
static bool extend(basis *b, size_t j, double *log_length)
{
    int exponent = normalize_scale(b->f, j);
    double whole = sqrt(dot(b->f, j, j));
    for (int turn = 0; turn < 2; turn++)
        for (size_t l = 0; l < b->count; l++) {
            double share = dot(b->f, b->kept[l], j);
            for (size_t i = 0; i < b->f->size1; i++)
                *gsl_matrix_ptr(b->f, i, j) -= share * gsl_matrix_get(b->f, i, b->kept[l]);
        }
    double left = sqrt(dot(b->f, j, j));
    if (left <= b->tolerance * whole)
        return false;
    for (size_t i = 0; i < b->f->size1; i++)
        *gsl_matrix_ptr(b->f, i, j) /= left;
    b->kept[b->count++] = j;
    *log_length = log(left) + exponent * M_LN2;
    return true;
}

static ml_status finish(basis *b, ml_status status)
{
    basis_free(b);
    return status;
}

ml_status continuous_gaussian_entropy(const continuous_params *p, const gsl_matrix *x, size_t given,
                                      continuous_estimate *out, ml_message *why)
{
    basis b = {0};
    size_t n = x->size1, own = x->size2 - given;
    double one, sum = 0;
    ml_status status = basis_new(&b, p, x, why);
    if (status != ML_OK)
        return finish(&b, status);
    for (size_t j = own; j < x->size2; j++)
        extend(&b, j, &one); /* what depends on the others adds nothing to know */
    for (size_t j = 0; j < own; j++) {
        if (!extend(&b, j, &one)) {
            *out = (continuous_estimate){.nats = -INFINITY, .culprit = j};
            return finish(&b, ML_OK);
        }
        sum += one;
    }
    *out = (continuous_estimate){.nats =
                                     (double)own / 2 * (log(2 * M_PI) + 1 - log((double)(n - p->ddof))) + sum,
                                 .error = sqrt((double)own / 2 / (double)n),
                                 .culprit = SIZE_MAX};
    return finish(&b, ML_OK);
}

/* Orthonormal columns in every block, less what the given ones say of them; the numbers of those kept, block
 * by block, in KEPT. */
static size_t reduce_blocks(basis *b, const size_t *sizes, size_t blocks, size_t given, size_t *kept)
{
    double ignored;
    size_t first = 0, count = 0;
    for (size_t j = b->f->size2 - given; j < b->f->size2; j++)
        extend(b, j, &ignored);
    size_t fixed = b->count;
    for (size_t block = 0; block < blocks; first += sizes[block++]) {
        b->count = fixed;
        for (size_t j = first; j < first + sizes[block]; j++)
            if (extend(b, j, &ignored))
                kept[count++] = j;
    }
    b->count = 0;
    return count;
}

ml_status continuous_gaussian_information(const continuous_params *p, const gsl_matrix *x,
                                          const size_t *sizes, size_t blocks, size_t given,
                                          continuous_estimate *out, ml_message *why)
{
    basis b = {0};
    size_t *kept = memory_array(x->size2, sizeof *kept);
    ml_status status =
        kept ? basis_new(&b, p, x, why) : ml_fail_memory(why, "covariances", x->size2 * sizeof *kept);
    *out = (continuous_estimate){.culprit = SIZE_MAX};
    double one, squares = 0;
    size_t count = status == ML_OK ? reduce_blocks(&b, sizes, blocks, given, kept) : 0;
    for (size_t i = 0; i < count; i++)
        for (size_t l = 0; l < i; l++)
            squares += pow(dot(b.f, kept[i], kept[l]), 2);
    /* the determinants of the blocks are 1 now */
    for (size_t i = 0; i < count && isfinite(out->nats); i++) {
        if (!extend(&b, kept[i], &one))
            *out = (continuous_estimate){.nats = INFINITY, .culprit = kept[i]};
        else
            out->nats -= one;
    }
    if (isfinite(out->nats))
        out->error = sqrt(squares / (double)x->size1);
    out->nats = fmax(out->nats, 0);
    free(kept);
    return finish(&b, status);
}

/* ROW times the inverse of the triangle R, in place. */
static void divide_row(double *row, const gsl_matrix *r)
{
    for (size_t j = 0; j < r->size2; j++) {
        for (size_t l = 0; l < j; l++)
            row[j] -= row[l] * gsl_matrix_get(r, l, j);
        row[j] /= gsl_matrix_get(r, j, j);
    }
}

/* R'R becomes the covariance of B's columns; DIVISOR is rows - ddof.  False: singular. */
static bool triangle_of(basis *b, double divisor, gsl_matrix *r, size_t *culprit)
{
    gsl_matrix_set_zero(r);
    for (size_t j = 0; j < b->f->size2; j++) {
        double log_length;
        gsl_matrix *f = b->f;
        for (size_t l = 0; l < j; l++) /* before the column changes, once; what is left is found by extend */
            gsl_matrix_set(r, l, j, dot(f, l, j) / sqrt(divisor));
        if (!extend(b, j, &log_length)) {
            *culprit = j;
            return false;
        }
        gsl_matrix_set(r, j, j, exp(log_length) / sqrt(divisor));
    }
    return true;
}

/* With S = G'G/DIVISOR: half the sum of squares of S - I, or of S + SHIFT SHIFT' - I; *TRACE of S, *TWICE =
 * SHIFT' S SHIFT. */
static double compare_spread(const gsl_matrix *g, double divisor, const double *shift, bool shifted,
                             double *trace, double *twice)
{
    double squares = 0;
    *trace = *twice = 0;
    for (size_t a = 0; a < g->size2; a++)
        for (size_t b = 0; b < g->size2; b++) {
            double s = dot(g, a, b) / divisor, off = s + (shifted ? shift[a] * shift[b] : 0) - (a == b);
            *trace += a == b ? s : 0;
            *twice += shift[a] * s * shift[b];
            squares += off * off;
        }
    return squares / 2;
}

/* With S the covariance of P and D the difference of the means, both in the coordinates in which the
 * covariance of Q is the identity: D(P||Q) = (tr S + |D|^2 - d - log det S)/2.  The standard error by the
 * delta method. LOG_RATIO is half of log det S. */
static void divergence_of(const gsl_matrix *g, const double *shift, double log_ratio, double n, double m,
                          double divisor, continuous_estimate *out)
{
    double trace, twice, ignored, square = 0;
    for (size_t j = 0; j < g->size2; j++)
        square += shift[j] * shift[j];
    double of_p = compare_spread(g, divisor, shift, false, &trace, &twice);
    double of_q = compare_spread(g, divisor, shift, true, &trace, &ignored);
    double nats = (trace + square - (double)g->size2) / 2 - log_ratio;
    if (!isfinite(nats))
        return; /* beyond the range of a double: infinite, as OUT is */
    out->nats = fmax(nats, 0);
    double variance = (of_p + twice) / n + (of_q + square) / m;
    out->error = isfinite(variance) ? sqrt(variance) : INFINITY;
}

/* G and R are scratch: as large as the rows of P's basis, columns x columns. */
static void compare(basis *p, basis *q, double n, double m, double ddof, gsl_matrix *g, gsl_matrix *r,
                    continuous_estimate *out)
{
    double log_ratio = 0, one;
    *out = (continuous_estimate){.nats = INFINITY, .culprit = SIZE_MAX};
    if (!triangle_of(q, m - ddof, r, &out->culprit))
        return;
    gsl_matrix_memcpy(g, p->f);
    for (size_t i = 0; i < g->size1; i++)
        divide_row(gsl_matrix_ptr(g, i, 0), r);
    for (size_t j = 0; j < g->size2; j++) {
        q->mean[j] -= p->mean[j];
        if (!extend(p, j, &one)) {
            out->culprit = j;
            return;
        }
        log_ratio += one - log(n - ddof) / 2 - log(gsl_matrix_get(r, j, j));
    }
    divide_row(q->mean, r);
    out->culprit = SIZE_MAX;
    divergence_of(g, q->mean, log_ratio, n, m, n - ddof, out);
}

ml_status continuous_gaussian_divergence(const continuous_params *params, const gsl_matrix *p,
                                         const gsl_matrix *q, continuous_estimate *out, ml_message *why)
{
    basis of_p = {0}, of_q = {0};
    ml_status status = basis_new(&of_p, params, p, why);
    if (status == ML_OK)
        status = basis_new(&of_q, params, q, why);
    if (status == ML_OK) {
        gsl_matrix *g = gsl_matrix_alloc(of_p.f->size1, p->size2), *r = gsl_matrix_alloc(p->size2, p->size2);
        if (g && r)
            compare(&of_p, &of_q, (double)p->size1, (double)q->size1, (double)params->ddof, g, r, out);
        else
            status = ml_fail_memory(why, "covariances", of_p.f->size1 * p->size2 * sizeof(double));
        gsl_matrix_free(g);
        gsl_matrix_free(r);
    }
    basis_free(&of_p);
    basis_free(&of_q);
    return status;
}
