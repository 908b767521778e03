#include "ml/silhouette.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/clones.h"
#include "base/memory.h"
#include "base/parallel.h"

enum { PIECE = 64 };

typedef struct work {
    const double *turned; /* d x n: a column of the data is contiguous */
    size_t n, d, k;
    const uint32_t *labels;
    const size_t *sizes;
    double *squares, *sums; /* n and k a worker */
    double *out;
} work;

/* SQUARES[l] = |x_i - x_l|^2 for all rows l. */
ML_WIDE_CLONES static void measure(const double *turned, size_t n, size_t d, size_t i, double *squares)
{
    memset(squares, 0, n * sizeof *squares);
    for (size_t j = 0; j < d; j++) {
        const double *x = turned + j * n;
        double own = x[i];
        for (size_t l = 0; l < n; l++)
            squares[l] += (x[l] - own) * (x[l] - own);
    }
}

static double silhouette(const work *w, const double *sums, size_t i)
{
    size_t own = w->labels[i];
    if (w->sizes[own] <= 1)
        return 0;
    double a = sums[own] / (double)(w->sizes[own] - 1), b = INFINITY;
    for (size_t q = 0; q < w->k; q++)
        if (q != own && w->sizes[q] > 0)
            b = fmin(b, sums[q] / (double)w->sizes[q]);
    return !isfinite(b) || fmax(a, b) == 0 ? 0 : (b - a) / fmax(a, b);
}

static void run_piece(size_t index, int worker, void *context)
{
    work *w = context;
    double *squares = w->squares + (size_t)worker * w->n, *sums = w->sums + (size_t)worker * w->k;
    for (size_t i = index * PIECE; i < w->n && i < (index + 1) * PIECE; i++) {
        measure(w->turned, w->n, w->d, i, squares);
        memset(sums, 0, w->k * sizeof *sums);
        for (size_t l = 0; l < w->n; l++)
            sums[w->labels[l]] += sqrt(squares[l]);
        w->out[i] = silhouette(w, sums, i);
    }
}

/* The transpose scaled by a power of two so that squares neither overflow nor vanish: silhouettes have no
 * unit. */
static double *turn(const gsl_matrix *x)
{
    double *turned = memory_array(x->size2, x->size1 * sizeof *turned), greatest = 0;
    for (size_t i = 0; i < x->size1; i++)
        for (size_t j = 0; j < x->size2; j++)
            greatest = fmax(greatest, fabs(gsl_matrix_get(x, i, j) / 2 - gsl_matrix_get(x, 0, j) / 2));
    int exponent;
    frexp(greatest, &exponent);
    for (size_t i = 0; turned != NULL && i < x->size1; i++)
        for (size_t j = 0; j < x->size2; j++)
            turned[j * x->size1 + i] = ldexp(gsl_matrix_get(x, i, j) / 2 - gsl_matrix_get(x, 0, j) / 2,
                                             greatest > 0 ? -exponent : 0);
    return turned;
}

ml_status silhouette_rows(const gsl_matrix *x, const uint32_t *labels, size_t k, int jobs, double *out,
                          ml_message *why)
{
    double *turned = turn(x);
    size_t *sizes = memory_zeros(k, sizeof *sizes);
    work w = {
        .turned = turned, .n = x->size1, .d = x->size2, .k = k, .labels = labels, .sizes = sizes, .out = out};
    w.squares = memory_array((size_t)jobs, w.n * sizeof(double));
    w.sums = memory_array((size_t)jobs, k * sizeof(double));
    ml_status status = turned && sizes && w.squares && w.sums
                           ? ML_OK
                           : ml_fail_memory(why, "silhouettes", w.n * w.d * sizeof(double));
    for (size_t i = 0; status == ML_OK && i < w.n; i++)
        sizes[labels[i]]++;
    if (status == ML_OK)
        parallel_for((w.n + PIECE - 1) / PIECE, jobs, run_piece, &w);
    free(turned);
    free(sizes);
    free(w.squares);
    free(w.sums);
    return status;
}
