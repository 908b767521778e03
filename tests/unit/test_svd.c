#include <gsl/gsl_errno.h>
#include <stdlib.h>

#include "base/random.h"
#include "math/linalg.h"
#include "ml/svd.h"
#include "unit.h"

static const svd_method METHODS[] = {SVD_AUTO, SVD_JACOBI, SVD_RANDOMIZED};

/* Entries uniform in (-1, 1) times SIZE; RANK > 0: a product of that inner dimension. */
static gsl_matrix *random_matrix(size_t m, size_t n, size_t rank, double size, unsigned long seed)
{
    gsl_rng *g = random_stream(seed, 7);
    gsl_matrix *a = gsl_matrix_calloc(m, n);
    gsl_matrix *left = gsl_matrix_alloc(m, rank ? rank : 1), *right = gsl_matrix_alloc(rank ? rank : 1, n);
    for (size_t i = 0; i < left->size1 * left->size2; i++)
        left->data[i] = 2 * gsl_rng_uniform(g) - 1;
    for (size_t i = 0; i < right->size1 * right->size2; i++)
        right->data[i] = 2 * gsl_rng_uniform(g) - 1;
    for (size_t i = 0; i < m; i++)
        for (size_t j = 0; j < n; j++)
            for (size_t k = 0; k < rank; k++)
                a->data[i * n + j] += size * left->data[i * rank + k] * right->data[k * n + j];
    for (size_t i = 0; i < m * n && rank == 0; i++)
        a->data[i] = size * (2 * gsl_rng_uniform(g) - 1);
    gsl_matrix_free(left);
    gsl_matrix_free(right);
    gsl_rng_free(g);
    return a;
}

static svd_result fit(const gsl_matrix *a, svd_method method, svd_want want, int jobs)
{
    svd_params params;
    svd_result result;
    ml_message why;
    svd_defaults(&params);
    params.method = method;
    params.want = want;
    params.jobs = jobs;
    params.rank = a->size1 < a->size2 ? a->size1 : a->size2;
    if (svd_fit(a, &params, &result, &why) != ML_OK) {
        UNIT_FAIL("%zu x %zu: %s", a->size1, a->size2, why.text);
        exit(1);
    }
    return result;
}

static void check_ratios(const gsl_matrix *a, svd_method method)
{
    svd_result result = fit(a, method, SVD_UV, 2);
    svd_quality quality;
    ml_message why;
    CHECK(svd_report(a, &result, &quality, &why) == ML_OK);
    if (!(quality.residual < 30 && quality.u < 30 && quality.v < 30))
        UNIT_FAIL("%zu x %zu, method %d: ratios %g %g %g", a->size1, a->size2, method, quality.residual,
                  quality.u, quality.v);
    for (size_t i = 0; i + 1 < result.count; i++)
        CHECK(gsl_vector_get(result.values, i) >= gsl_vector_get(result.values, i + 1));
    for (size_t j = 0; j < result.count; j++)
        CHECK(!linalg_flips(result.V, j));
    svd_free(&result);
}

static void check_values(const double *data, size_t m, size_t n, const double *expected, double tolerance)
{
    gsl_matrix_const_view a = gsl_matrix_const_view_array(data, m, n);
    for (size_t k = 0; k < 3; k++) {
        svd_result result = fit(&a.matrix, METHODS[k], SVD_UV, 1);
        for (size_t i = 0; i < result.count; i++)
            CHECK_NEAR(gsl_vector_get(result.values, i), expected[i], tolerance);
        svd_free(&result);
    }
    svd_result alone = fit(&a.matrix, SVD_DC, SVD_VALUES, 1);
    for (size_t i = 0; i < alone.count; i++)
        CHECK_NEAR(gsl_vector_get(alone.values, i), expected[i], tolerance);
    svd_free(&alone);
}

static void textbook(void)
{
    unit_case("textbook matrices: Strang; Deisenroth, Faisal, Ong; film ratings");
    check_values((double[]){3, 0, 4, 5}, 2, 2, (double[]){sqrt(45), sqrt(5)}, 1e-14);
    check_values((double[]){1, 0, 1, -2, 1, 0}, 2, 3, (double[]){sqrt(6), 1}, 1e-14);
    check_values((double[]){5, 4, 1, 5, 5, 0, 0, 0, 5, 1, 0, 4}, 4, 3,
                 (double[]){9.6438109001, 6.3638908888, 0.7055523215}, 1e-10);
}

static void shapes(void)
{
    unit_case("LAPACK's test ratios are small for every shape, rank and size");
    static const size_t shape[][2] = {{1, 1},    {1, 7},     {7, 1},     {2, 3},     {5, 5},
                                      {60, 40},  {40, 60},   {3, 90},    {200, 1},   {200, 3},
                                      {700, 5},  {5, 700},   {1000, 33}, {2000, 50}, {50, 900},
                                      {500, 99}, {600, 130}, {65, 32},   {64, 32}};
    for (size_t i = 0; i < sizeof shape / sizeof *shape; i++)
        for (size_t rank = 0; rank < 4; rank += 3)
            for (size_t size = 0; size < 3; size++) {
                double scale = size == 0 ? 1 : size == 1 ? 1e300 : 1e-300;
                gsl_matrix *a = random_matrix(shape[i][0], shape[i][1], rank, scale, i + 1);
                for (size_t k = 0; k < 3; k++)
                    check_ratios(a, METHODS[k]);
                gsl_matrix_free(a);
            }
}

static void zero_matrix(void)
{
    unit_case("the zero matrix: rank 0, condition inf, null space everything");
    static const size_t shape[][2] = {{1, 1}, {3, 5}, {5, 3}, {300, 4}};
    for (size_t i = 0; i < 4; i++)
        for (size_t k = 0; k < 3; k++) {
            gsl_matrix *a = gsl_matrix_calloc(shape[i][0], shape[i][1]), *null, *range, *inverse;
            check_ratios(a, METHODS[k]);
            svd_result result = fit(a, METHODS[k], SVD_UV, 1);
            ml_message why;
            CHECK(result.rank == 0 && svd_norm2(&result) == 0 && isinf(svd_condition(&result)));
            CHECK(svd_null(&result, &null, &why) == ML_OK && null->size2 == shape[i][1]);
            CHECK(svd_range(&result, &range, &why) == ML_OK && range == NULL);
            CHECK(svd_pinv(&result, &inverse, &why) == ML_OK && gsl_matrix_isnull(inverse));
            gsl_matrix_free(null);
            gsl_matrix_free(inverse);
            gsl_matrix_free(a);
            svd_free(&result);
        }
}

static void same_bytes(void)
{
    unit_case("the same bytes for every number of jobs, with and without U, streamed or not");
    static const size_t shape[][2] = {{3000, 7}, {1500, 50}, {1200, 110}, {80, 60}, {6, 400}};
    for (size_t i = 0; i < 5; i++) {
        gsl_matrix *a = random_matrix(shape[i][0], shape[i][1], 0, 1, 3);
        svd_result one = fit(a, SVD_AUTO, SVD_UV, 1);
        for (int jobs = 2; jobs <= 3; jobs++) {
            svd_result other = fit(a, SVD_AUTO, SVD_UV, jobs);
            CHECK(gsl_matrix_equal(one.U, other.U) && gsl_matrix_equal(one.V, other.V) &&
                  gsl_vector_equal(one.values, other.values));
            svd_free(&other);
        }
        svd_result no_u = fit(a, SVD_AUTO, SVD_V, 2);
        CHECK(gsl_matrix_equal(one.V, no_u.V) && gsl_vector_equal(one.values, no_u.values));
        svd_params params;
        svd_defaults(&params);
        params.want = SVD_V;
        svd_stream *stream;
        svd_result streamed;
        ml_message why;
        CHECK(svd_begin(&stream, &params, shape[i][1], &why) == ML_OK);
        for (size_t row = 0; row < shape[i][0]; row += 7) {
            size_t rows = shape[i][0] - row < 7 ? shape[i][0] - row : 7;
            gsl_matrix_view piece = gsl_matrix_submatrix(a, row, 0, rows, shape[i][1]);
            CHECK(svd_add(stream, &piece.matrix, &why) == ML_OK);
        }
        CHECK(svd_finish(stream, &streamed, &why) == ML_OK);
        CHECK(gsl_matrix_equal(one.V, streamed.V) && gsl_vector_equal(one.values, streamed.values));
        CHECK(streamed.rows == shape[i][0] && streamed.rank == one.rank);
        svd_stream_free(stream);
        svd_free(&streamed);
        svd_free(&no_u);
        svd_free(&one);
        gsl_matrix_free(a);
    }
}

int main(void)
{
    gsl_set_error_handler_off();
    textbook();
    shapes();
    zero_matrix();
    same_bytes();
    return unit_end();
}
