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
            CHECK(svd_null(&result, result.count, &null, &why) == ML_OK && null->size2 == shape[i][1]);
            CHECK(svd_range(&result, result.count, &range, &why) == ML_OK && range == NULL);
            CHECK(svd_pinv(&result, result.count, &inverse, &why) == ML_OK && gsl_matrix_isnull(inverse));
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

/* tests/ref/svd_graded.py: a well-conditioned matrix with columns scaled by 1, 1e-3, ..., 1e-33. */
static void graded(void)
{
    unit_case("Jacobi: every one of twelve values between 4 and 3e-33 to ten digits");
    static const double scale[] = {1,     1e-3,  1e-6,  1e-9,  1e-12, 1e-15,
                                   1e-18, 1e-21, 1e-24, 1e-27, 1e-30, 1e-33};
    static const double expected[] = {3.7416573963190551,     0.0037654443877445321,  3.6017505589880391e-6,
                                      3.6609933697408418e-9,  3.647745592869199e-12,  3.5722021904029199e-15,
                                      3.5592835124539469e-18, 3.1782322479459407e-21, 3.2811233051216585e-24,
                                      3.2346310382976115e-27, 2.7445308663833552e-30, 2.690755250631113e-33};
    double a[12][12];
    for (size_t i = 0; i < 12; i++)
        for (size_t j = 0; j < 12; j++)
            a[i][j] = (4 * (i == j) + ((double)((7 * i + 3 * j) % 5) - 2) / 2) * scale[j];
    gsl_matrix_view tall = gsl_matrix_view_array(&a[0][0], 12, 12);
    for (int turned = 0; turned < 2; turned++) {
        svd_result result = fit(&tall.matrix, SVD_JACOBI, SVD_UV, 1);
        for (size_t i = 0; i < 12; i++)
            CHECK_NEAR(gsl_vector_get(result.values, i) / expected[i], 1, 1e-10);
        svd_free(&result);
        gsl_matrix_transpose(&tall.matrix);
    }
}

static double product_error(const gsl_matrix *a, const gsl_matrix *b, bool identity)
{
    double worst = 0;
    for (size_t i = 0; i < a->size1; i++)
        for (size_t j = 0; j < b->size2; j++) {
            double sum = identity && i == j ? -1 : 0;
            for (size_t k = 0; k < a->size2; k++)
                sum += gsl_matrix_get(a, i, k) * gsl_matrix_get(b, k, j);
            worst = fmax(worst, fabs(sum));
        }
    return worst;
}

static void derived(void)
{
    unit_case("rank, pseudoinverse, null space, range, approximation, energy, condition of rank-3 matrices");
    static const size_t shape[][2] = {{9, 6}, {6, 9}, {300, 8}, {5, 200}};
    for (size_t k = 0; k < 4; k++) {
        gsl_matrix *a = random_matrix(shape[k][0], shape[k][1], 3, 1, 40 + k), *inverse, *null, *range, *near;
        svd_result result = fit(a, SVD_AUTO, SVD_UV, 2);
        ml_message why;
        CHECK(result.rank == 3);
        CHECK(svd_pinv(&result, result.count, &inverse, &why) == ML_OK);
        CHECK(svd_null(&result, result.count, &null, &why) == ML_OK);
        CHECK(svd_range(&result, result.count, &range, &why) == ML_OK);
        CHECK(svd_approximation(&result, 3, &near, &why) == ML_OK);
        CHECK(null->size2 == shape[k][1] - 3 && range->size2 == 3 && inverse->size1 == shape[k][1]);
        CHECK(product_error(a, null, false) < 1e-13);
        gsl_matrix *turned = gsl_matrix_alloc(null->size2, null->size1);
        gsl_matrix_transpose_memcpy(turned, null);
        CHECK(product_error(turned, null, true) < 1e-13);
        for (size_t j = 0; j < null->size2; j++)
            CHECK(!linalg_flips(null, j));
        gsl_matrix *onto =
            gsl_matrix_calloc(shape[k][0], shape[k][0]); /* A A+ is the projection on the range */
        for (size_t i = 0; i < shape[k][0]; i++)
            for (size_t j = 0; j < shape[k][0]; j++)
                for (size_t l = 0; l < shape[k][1]; l++)
                    onto->data[i * onto->tda + j] += gsl_matrix_get(a, i, l) * gsl_matrix_get(inverse, l, j);
        gsl_matrix_scale(onto, -1);
        for (size_t i = 0; i < shape[k][0]; i++)
            for (size_t j = 0; j < shape[k][0]; j++)
                for (size_t l = 0; l < 3; l++)
                    onto->data[i * onto->tda + j] +=
                        gsl_matrix_get(range, i, l) * gsl_matrix_get(range, j, l);
        CHECK(fmax(gsl_matrix_max(onto), -gsl_matrix_min(onto)) < 1e-13);
        gsl_matrix_sub(near, a);
        CHECK(fmax(gsl_matrix_max(near), -gsl_matrix_min(near)) < 1e-13);
        CHECK(svd_energy(&result, 0.999999999) <= 3 && svd_energy(&result, 1e-9) == 1);
        CHECK(isinf(svd_condition(&result)));
        gsl_matrix_free(inverse);
        gsl_matrix_free(null);
        gsl_matrix_free(range);
        gsl_matrix_free(near);
        gsl_matrix_free(turned);
        gsl_matrix_free(onto);
        gsl_matrix_free(a);
        svd_free(&result);
    }
}

static void repeated(void)
{
    unit_case("repeated values are found, zeros as one run; norms of a diagonal matrix");
    double d[5][5] = {{0}};
    for (size_t i = 0; i < 5; i++)
        d[i][i] = (double[]){7, 3, 3, 0, 0}[i];
    gsl_matrix_view a = gsl_matrix_view_array(&d[0][0], 5, 5);
    svd_result result = fit(&a.matrix, SVD_AUTO, SVD_UV, 1);
    size_t first = 0, last;
    CHECK(svd_repeated(&result, &first, &last) && first == 1 && last == 2);
    first = last + 1;
    CHECK(svd_repeated(&result, &first, &last) && first == 3 && last == 4);
    first = last + 1;
    CHECK(!svd_repeated(&result, &first, &last));
    CHECK_NEAR(svd_norm2(&result), 7, 1e-15);
    CHECK_NEAR(svd_nuclear(&result), 13, 1e-15);
    CHECK_NEAR(result.frobenius, sqrt(67), 1e-15);
    CHECK_NEAR(svd_share(&result, 0), 49.0 / 67, 1e-15);
    CHECK_NEAR(svd_cumulative(&result, 1), 58.0 / 67, 1e-15);
    svd_free(&result);
}

static void refused(void)
{
    unit_case("entries that are not finite, a rank the matrix has not, U from a stream");
    double data[] = {1, 2, NAN, 4};
    gsl_matrix_view a = gsl_matrix_view_array(data, 2, 2);
    svd_params params;
    svd_result result;
    svd_stream *stream;
    ml_message why;
    svd_defaults(&params);
    CHECK(svd_fit(&a.matrix, &params, &result, &why) == ML_FAIL &&
          strstr(why.text, "row 2, column 1") != NULL);
    CHECK(svd_begin(&stream, &params, 2, &why) == ML_FAIL && stream == NULL);
    params.method = SVD_RANDOMIZED;
    CHECK(svd_check(&params, 2, 2, &why) == ML_FAIL && strstr(why.text, "-k") != NULL);
    params.rank = 3;
    CHECK(svd_check(&params, 2, 9, &why) == ML_FAIL);
    CHECK(svd_check(&params, 3, 9, &why) == ML_OK);
}

int main(void)
{
    gsl_set_error_handler_off();
    textbook();
    shapes();
    zero_matrix();
    same_bytes();
    graded();
    derived();
    repeated();
    refused();
    return unit_end();
}
