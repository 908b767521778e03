/* Sums of clusters, and the centroids they give. */
#include <float.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/clones.h"
#include "base/memory.h"
#include "ml/kmeans_internal.h"

void kmeans_sums_free(kmeans_sums *s)
{
    free(s->hi);
    free(s->mass);
    free(s->sizes);
    *s = (kmeans_sums){0};
}

bool kmeans_sums_make(kmeans_sums *s, size_t k, size_t d)
{
    *s = (kmeans_sums){.k = k, .d = d, .stride = (d + 7) / 8 * 8};
    s->hi = memory_zeros(k, 2 * s->stride * sizeof(double));
    s->mass = memory_zeros(k, sizeof *s->mass);
    s->sizes = memory_zeros(k, sizeof *s->sizes);
    s->lo = s->hi ? s->hi + k * s->stride : NULL;
    return s->hi && s->mass && s->sizes;
}

void kmeans_sums_clear(kmeans_sums *s)
{
    memset(s->hi, 0, 2 * s->k * s->stride * sizeof(double));
    memset(s->mass, 0, s->k * sizeof *s->mass);
    memset(s->sizes, 0, s->k * sizeof *s->sizes);
}

/* Add FACTOR x to the sum of cluster Q. */
ML_WIDE_CLONES static void add_row(kmeans_sums *s, size_t q, const double *x, double factor)
{
    double *hi = s->hi + q * s->stride, *lo = s->lo + q * s->stride;
    size_t d = s->d;
    for (size_t j = 0; j < d; j++) {
        double b = factor * x[j], a = hi[j], t = a + b, of_b = t - a, of_a = t - of_b;
        double low = lo[j] + ((a - of_a) + (b - of_b)), h = t + low;
        hi[j] = h;
        lo[j] = low - (h - t);
    }
}

void kmeans_sums_add(kmeans_sums *s, size_t q, const double *x, double weight, double sign)
{
    add_row(s, q, x, sign * weight);
    s->mass[q] = dd_add(s->mass[q], sign * weight);
    s->sizes[q] += sign > 0 ? 1 : -1;
}

double_double kmeans_sums_at(const kmeans_sums *s, size_t q, size_t j)
{
    return (double_double){s->hi[q * s->stride + j], s->lo[q * s->stride + j]};
}

void kmeans_sums_merge(kmeans_sums *into, const kmeans_sums *from)
{
    for (size_t q = 0; q < into->k; q++) {
        for (size_t j = 0; j < into->d; j++) {
            double_double sum = dd_add_dd(kmeans_sums_at(into, q, j), kmeans_sums_at(from, q, j));
            into->hi[q * into->stride + j] = sum.hi;
            into->lo[q * into->stride + j] = sum.lo;
        }
        into->mass[q] = dd_add_dd(into->mass[q], from->mass[q]);
        into->sizes[q] += from->sizes[q];
    }
}

/* --- centroids --- */

bool kmeans_normalize(double *c, size_t d)
{
    double largest = 0, sum = 0;
    for (size_t j = 0; j < d; j++)
        largest = fmax(largest, fabs(c[j]));
    if (largest == 0)
        return false;
    for (size_t j = 0; j < d; j++)
        sum += (c[j] / largest) * (c[j] / largest);
    for (size_t j = 0; j < d; j++)
        c[j] = c[j] / largest / sqrt(sum);
    return true;
}

double kmeans_drift(const double *after, const double *before, size_t d)
{
    double squared = 0;
    for (size_t j = 0; j < d; j++)
        squared += (after[j] - before[j]) * (after[j] - before[j]);
    return sqrt(squared) * (1 + (double)(d + 4) * DBL_EPSILON);
}

ml_status kmeans_cancelled(size_t q, ml_message *why)
{
    return ml_fail(why, "the directions of cluster %zu cancel: it has no mean direction", q + 1);
}
