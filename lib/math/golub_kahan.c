#include "math/golub_kahan.h"

#include <float.h>
#include <lapack.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"

/* Divide and conquer takes 20 ms for all 500 vectors of order 500, this 3 ms for 10 of them. */
enum { LEAST_ORDER = 100, PART = 8 };

bool golub_kahan_pays(size_t order, size_t count)
{
    return order >= LEAST_ORDER && count > 0 && count * PART <= order;
}

typedef struct space {
    int order;            /* of the tridiagonal matrix, twice that of B */
    double *zeros, *off;  /* its diagonal, and beside it d1, e1, d2, e2, ... */
    double *w, *z, *work; /* values ascending, their vectors, and what LAPACK works in */
    int *iwork;           /* also iblock, isplit and ifail */
} space;

static void release(space *t)
{
    free(t->zeros);
    free(t->off);
    free(t->w);
    free(t->z);
    free(t->work);
    free(t->iwork);
}

static bool make(space *t, size_t order, size_t count)
{
    size_t twice = 2 * order;
    *t = (space){.order = (int)twice};
    t->zeros = memory_zeros(twice, sizeof *t->zeros);
    t->off = memory_zeros(twice, sizeof *t->off);
    t->w = memory_zeros(twice, sizeof *t->w);
    t->z = memory_zeros(count, twice * sizeof *t->z);
    t->work = memory_zeros(5 * twice, sizeof *t->work);
    t->iwork = memory_zeros(4 * twice, sizeof *t->iwork);
    return t->zeros && t->off && t->w && t->z && t->work && t->iwork;
}

static bool find_values(space *t, size_t order, const double *d, const double *e, double *s)
{
    int n = (int)order, unused_integer = 0, info = 0;
    double unused = 0;
    memcpy(s, d, order * sizeof *s);
    memcpy(t->off, e, (order - 1) * sizeof *e); /* lost in there */
    LAPACK_dbdsdc("U", "N", &n, s, t->off, &unused, &n, &unused, &n, &unused, &unused_integer, t->work,
                  t->iwork, &info);
    return info == 0;
}

static bool find_vectors(space *t, size_t order, const double *d, const double *e, const double *s,
                         size_t count)
{
    int info = 0, wanted = (int)count;
    int *iblock = t->iwork + t->order, *isplit = iblock + t->order, *ifail = isplit + t->order;
    for (size_t i = 0; i < order; i++) {
        t->off[2 * i] = d[i];
        t->off[2 * i + 1] = i + 1 < order ? e[i] : 0;
    }
    for (size_t k = 0; k < count; k++) {
        t->w[k] = s[count - 1 - k];
        iblock[k] = 1;
    }
    isplit[0] = t->order;
    LAPACK_dstein(&t->order, t->zeros, t->off, &wanted, t->w, iblock, isplit, t->z, &t->order, t->work,
                  t->iwork, ifail, &info);
    return info == 0;
}

static double dot(const double *x, const double *y, size_t n)
{
    double sum = 0;
    for (size_t i = 0; i < n; i++)
        sum += x[i] * y[i];
    return sum;
}

/* X of length 1 and orthogonal to the BEFORE vectors in front of it; false when hardly anything is left of
 * it. Twice is enough (Parlett, The Symmetric Eigenvalue Problem, 6.9). */
static bool orthonormalize(double *x, size_t before, size_t n)
{
    double least = 0.1 * sqrt(dot(x, x, n));
    for (int pass = 0; pass < 2; pass++)
        for (size_t k = 1; k <= before; k++) {
            const double *other = x - k * n;
            double part = dot(x, other, n);
            for (size_t i = 0; i < n; i++)
                x[i] -= part * other[i];
        }
    double length = sqrt(dot(x, x, n));
    for (size_t i = 0; i < n; i++)
        x[i] /= length;
    return length > least && length > 0;
}

/* Column K of U and V from its interleaved form.  Both halves are as long, unless the value is so small that
 * it is mixed with its negative. */
static bool split(const space *t, size_t order, size_t from, double *u, double *v, size_t k)
{
    const double *z = t->z + from * 2 * order;
    double *uk = u + k * order, *vk = v + k * order;
    for (size_t i = 0; i < order; i++) {
        vk[i] = z[2 * i];
        uk[i] = z[2 * i + 1];
    }
    if (fabs(dot(vk, vk, order) - 0.5) > 1e-6)
        return false;
    return orthonormalize(vk, k, order) && orthonormalize(uk, k, order);
}

/* The greatest |B v - s u| and |B' u - s v| of an entry. */
static double residual(size_t order, const double *d, const double *e, double s, const double *u,
                       const double *v)
{
    double greatest = 0;
    for (size_t i = 0; i < order; i++) {
        double right = d[i] * v[i] + (i + 1 < order ? e[i] * v[i + 1] : 0) - s * u[i];
        double left = d[i] * u[i] + (i > 0 ? e[i - 1] * u[i - 1] : 0) - s * v[i];
        greatest = fmax(greatest, fmax(fabs(right), fabs(left)));
    }
    return greatest;
}

bool golub_kahan(size_t order, const double *d, const double *e, double *s, size_t count, double *u,
                 double *v)
{
    space t;
    bool good = make(&t, order, count) && find_values(&t, order, d, e, s) && s[count - 1] > 0 &&
                find_vectors(&t, order, d, e, s, count);
    for (size_t k = 0; good && k < count; k++)
        good = split(&t, order, count - 1 - k, u, v, k) &&
               residual(order, d, e, s[k], u + k * order, v + k * order) <= 16 * DBL_EPSILON * s[0];
    release(&t);
    return good;
}
