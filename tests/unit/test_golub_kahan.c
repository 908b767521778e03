/* The first singular vectors by inverse iteration, held to LAPACK's test ratios and to divide and conquer. */
#include <float.h>
#include <gsl/gsl_blas.h>
#include <stdlib.h>

#include "base/random.h"
#include "math/golub_kahan.h"
#include "math/linalg.h"
#include "unit.h"

enum { MOST = 400 };

static double d[MOST], e[MOST], s[MOST], u[MOST * MOST], v[MOST * MOST];

/* max |I - X'X| / (n eps) */
static double orthogonality(const double *x, size_t n, size_t count)
{
    double greatest = 0;
    for (size_t j = 0; j < count; j++)
        for (size_t k = 0; k <= j; k++) {
            double sum = j == k ? -1 : 0;
            for (size_t i = 0; i < n; i++)
                sum += x[j * n + i] * x[k * n + i];
            greatest = fmax(greatest, fabs(sum));
        }
    return greatest / ((double)n * DBL_EPSILON);
}

/* max |B V - U S| / (s1 eps) */
static double residual(size_t n, size_t count)
{
    double greatest = 0;
    for (size_t k = 0; k < count; k++)
        for (size_t i = 0; i < n; i++) {
            const double *x = v + k * n;
            double r = d[i] * x[i] + (i + 1 < n ? e[i] * x[i + 1] : 0) - s[k] * u[k * n + i];
            greatest = fmax(greatest, fabs(r));
        }
    return greatest / (s[0] * DBL_EPSILON);
}

/* Whatever it finds is right; MUST: it has to find it. */
static void check(const char *what, size_t n, size_t count, bool must)
{
    bool found = golub_kahan(n, d, e, s, count, u, v);
    if (must && !found)
        UNIT_FAIL("%s, order %zu, %zu vectors: not found", what, n, count);
    if (!found)
        return;
    double worst =
        fmax(fmax(orthogonality(u, n, count), orthogonality(v, n, count)), residual(n, count) / 16);
    if (!(worst <= 2))
        UNIT_FAIL("%s, order %zu, %zu vectors: ratio %g", what, n, count, worst);
    for (size_t i = 0; i + 1 < n; i++)
        CHECK(s[i] >= s[i + 1]);
}

static void bidiagonals(void)
{
    unit_case("bidiagonal matrices: random, split, clustered, graded, deficient");
    gsl_rng *random = random_stream(7, 0);
    for (size_t n = 100; n <= MOST; n += 100)
        for (size_t count = 1; count <= n / 8; count += 9) {
            for (size_t i = 0; i < n; i++) {
                d[i] = gsl_rng_uniform(random) - 0.5;
                e[i] = gsl_rng_uniform(random) - 0.5;
            }
            check("random", n, count, true);
            for (size_t i = 0; i < n; i++)
                e[i] = i % 10 == 0 ? 0 : e[i];
            check("split", n, count, false);
            for (size_t i = 0; i < n; i++) {
                d[i] = 2;
                e[i] = -1;
            }
            check("Toeplitz", n, count, true);
            for (size_t i = 0; i < n; i++)
                e[i] = 1e-12;
            check("one cluster", n, count, false);
            for (size_t i = 0; i < n; i++)
                e[i] = 0;
            check("a multiple of the identity", n, count, false);
            for (size_t i = 0; i < n; i++) {
                d[i] = pow(0.1, (double)i / 10);
                e[i] = d[i] / 3;
            }
            check("graded", n, count, false);
            for (size_t i = 0; i < n; i++)
                d[i] = i < 5 ? 1 : 0;
            check("deficient", n, count, false);
            for (size_t i = 0; i < n; i++)
                d[i] = e[i] = 0;
            check("zero", n, count, false);
        }
    gsl_rng_free(random);
}

/* A with singular values by KIND, times a random matrix that is nearly orthogonal. */
static gsl_matrix *make(size_t rows, size_t columns, int kind)
{
    gsl_matrix *a = gsl_matrix_alloc(rows, columns);
    gsl_rng *random = random_stream(11, (unsigned long)kind);
    for (size_t i = 0; i < rows; i++)
        for (size_t j = 0; j < columns; j++) {
            double x = gsl_rng_uniform(random) - 0.5;
            gsl_matrix_set(a, i, j, kind == 1 ? x * pow(0.9, (double)j) : kind == 2 && i != j ? 1e-9 * x : x);
        }
    for (size_t i = 0; kind == 2 && i < rows && i < columns; i++)
        gsl_matrix_set(a, i, i, i < 20 ? 3 : 1); /* a cluster of twenty */
    gsl_rng_free(random);
    return a;
}

static void few_of_many(const gsl_matrix *a, size_t count)
{
    size_t order = a->size1 < a->size2 ? a->size1 : a->size2;
    ml_message why;
    gsl_vector *some = gsl_vector_alloc(order), *all = gsl_vector_alloc(order);
    gsl_matrix *left = gsl_matrix_alloc(a->size1, count), *right = gsl_matrix_alloc(a->size2, count);
    gsl_matrix *full = gsl_matrix_alloc(a->size2, order), *product = gsl_matrix_alloc(a->size1, count);
    gsl_matrix *alone = gsl_matrix_alloc(a->size2, count);
    CHECK(linalg_svd(a, some, left, right, 2, &why) == ML_OK);
    CHECK(linalg_svd(a, all, NULL, full, 1, &why) == ML_OK);
    CHECK(linalg_svd(a, some, NULL, alone, 1, &why) == ML_OK);
    CHECK(memcmp(alone->data, right->data, a->size2 * count * sizeof(double)) == 0);
    double norm = gsl_vector_get(all, 0), size = (double)(a->size1 + a->size2);
    for (size_t i = 0; i < order; i++)
        CHECK(fabs(gsl_vector_get(some, i) - gsl_vector_get(all, i)) <= size * DBL_EPSILON * norm);
    gsl_blas_dgemm(CblasNoTrans, CblasNoTrans, 1, a, right, 0, product);
    for (size_t k = 0; k < count; k++) {
        gsl_vector_view x = gsl_matrix_column(product, k), y = gsl_matrix_column(left, k);
        gsl_blas_daxpy(-gsl_vector_get(some, k), &y.vector, &x.vector);
        CHECK(gsl_blas_dnrm2(&x.vector) <= size * DBL_EPSILON * norm);
    }
    gsl_matrix *gram = gsl_matrix_alloc(count, count);
    gsl_matrix_set_identity(gram);
    gsl_blas_dgemm(CblasTrans, CblasNoTrans, -1, right, right, 1, gram);
    CHECK(linalg_norm1(gram) <= size * DBL_EPSILON);
    gsl_matrix_free(gram);
    gsl_vector_free(some);
    gsl_vector_free(all);
    gsl_matrix_free(left);
    gsl_matrix_free(right);
    gsl_matrix_free(full);
    gsl_matrix_free(product);
    gsl_matrix_free(alone);
}

static void matrices(void)
{
    unit_case("the first vectors of square, tall and wide matrices, whatever their values");
    static const size_t shape[][2] = {{200, 200}, {300, 160}, {160, 300}};
    for (size_t i = 0; i < 3; i++)
        for (int kind = 0; kind < 3; kind++)
            for (size_t count = 1; count <= 20; count += 19) {
                gsl_matrix *a = make(shape[i][0], shape[i][1], kind);
                few_of_many(a, count);
                gsl_matrix_free(a);
            }
}

int main(void)
{
    bidiagonals();
    matrices();
    return unit_end();
}
