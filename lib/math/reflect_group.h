/* reflect_group.h: the inner loops of blocked Householder methods (math/reflect, math/bidiagonal): four
 * reflectors at a time, I - V T V', V = [L; W], L 4 x 4 unit lower triangular, against a tile of eight
 * columns.
 *
 * Inlined into functions with ML_WIDE_CLONES.  Of 5000 x 500 on two cores, vectors of eight doubles take the
 * QR from 33 to 25 ms where the processor has AVX-512, with the same bits as any other. */
#ifndef MATH_REFLECT_GROUP_H
#define MATH_REFLECT_GROUP_H

#include <stdbool.h>
#include <stddef.h>

/* Vectors of four doubles and of eight; where the processor has shorter ones the compiler splits them, with
 * the same results. */
typedef double vec __attribute__((vector_size(32), aligned(8), may_alias));
typedef double wide __attribute__((vector_size(64), aligned(8), may_alias));

enum {
    TILE = 8,
    GROUP = 4,    /* reflectors that are applied together */
    FACTORS = 32, /* doubles of a group's T and L */
};

#define ALWAYS_INLINE __attribute__((always_inline)) static inline

ALWAYS_INLINE double dot(const double *x, const double *y, size_t n)
{
    vec a = {0}, b = {0};
    for (size_t i = 0; i < n; i += 8) {
        a += *(const vec *)(x + i) * *(const vec *)(y + i);
        b += *(const vec *)(x + i + 4) * *(const vec *)(y + i + 4);
    }
    a += b;
    return (a[0] + a[1]) + (a[2] + a[3]);
}

/* Column K of T, and so the reflector K = 0..3 of a group, by dlarft's recurrence; T holds L behind it. */
ALWAYS_INLINE void extend_factor(const double *v, size_t stored, size_t length, size_t k, double tau,
                                 double *t)
{
    const double *lower = t + GROUP * GROUP;
    double g[GROUP];
    for (size_t l = 0; l < k; l++) {
        g[l] = dot(v + l * stored, v + k * stored, length);
        for (size_t q = k; q < GROUP; q++)
            g[l] += lower[q * GROUP + l] * lower[q * GROUP + k];
    }
    for (size_t l = 0; l < k; l++) {
        double s = 0;
        for (size_t j = l; j < k; j++)
            s += t[l * GROUP + j] * g[j];
        t[l * GROUP + k] = -tau * s;
    }
    t[k * GROUP + k] = tau;
}

/* [R; A] -= V T' V' [R; A], or with T (FORWARD), for the columns of a tile.  The compiler keeps W in
 * registers. */
ALWAYS_INLINE void group_tile(double *r, size_t stride, double *a, const double *v, size_t stored,
                              size_t rows, const double *t, bool forward)
{
    const double *lower = t + GROUP * GROUP;
    wide w[GROUP];
    for (size_t k = 0; k < GROUP; k++) {
        w[k] = *(wide *)(r + k * stride);
        for (size_t q = k + 1; q < GROUP; q++)
            w[k] += lower[q * GROUP + k] * *(wide *)(r + q * stride);
    }
    for (size_t i = 0; i < rows; i++)
        for (size_t k = 0; k < GROUP; k++)
            w[k] += v[k * stored + i] * *(wide *)(a + i * TILE);
    for (size_t n = 0; n < GROUP; n++) {
        size_t k = forward ? n : GROUP - 1 - n; /* the order that lets W be overwritten */
        wide s = t[k * GROUP + k] * w[k];
        for (size_t l = forward ? k + 1 : 0; l < (forward ? GROUP : k); l++)
            s += (forward ? t[k * GROUP + l] : t[l * GROUP + k]) * w[l];
        w[k] = s;
    }
    for (size_t q = 0; q < GROUP; q++) {
        wide x = *(wide *)(r + q * stride) - w[q];
        for (size_t k = 0; k < q; k++)
            x -= lower[q * GROUP + k] * w[k];
        *(wide *)(r + q * stride) = x;
    }
    for (size_t i = 0; i < rows; i++) {
        wide x = *(wide *)(a + i * TILE);
        for (size_t k = 0; k < GROUP; k++)
            x -= v[k * stored + i] * w[k];
        *(wide *)(a + i * TILE) = x;
    }
}

#endif
