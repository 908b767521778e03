/* Expected numbers: tests/ref/pca.py and pca.R. */
#include <gsl/gsl_errno.h>
#include <stdlib.h>

#include "base/random.h"
#include "datasets.h"
#include "ml/pca.h"
#include "unit.h"

static ml_message why;

static pca_model fit(const gsl_matrix *x, const pca_params *params)
{
    pca_model model;
    if (pca_fit(x, params, &model, &why) == ML_OK)
        return model;
    UNIT_FAIL("%s", why.text);
    exit(1);
}

static void check_vector(const gsl_vector *got, const double *expected, double tolerance)
{
    for (size_t i = 0; i < got->size; i++)
        CHECK_NEAR(gsl_vector_get(got, i), expected[i], tolerance);
}

static void check_matrix(const gsl_matrix *got, const double *expected, double tolerance)
{
    for (size_t i = 0; i < got->size1; i++)
        for (size_t j = 0; j < got->size2; j++)
            CHECK_NEAR(gsl_matrix_get(got, i, j), expected[i * got->size2 + j], tolerance);
}

static void known(void)
{
    unit_case("iris and USArrests as prcomp and NumPy have them");
    gsl_matrix_const_view flowers = gsl_matrix_const_view_array(&iris[0][0], 150, 4);
    gsl_matrix_const_view states = gsl_matrix_const_view_array(&usarrests[0][0], 50, 4);
    pca_params params;
    pca_defaults(&params);
    pca_model m = fit(&flowers.matrix, &params);
    check_vector(m.variance, (double[]){4.2282417060349, 0.2426707479286, 0.0782095000429, 0.0238350929734},
                 1e-12);
    check_matrix(m.components,
                 (double[]){0.361386591785, 0.656588771287, -0.582029851306, 0.315487192904, -0.084522514065,
                            0.730161434785, 0.5979108301, -0.319723103666, 0.85667060595, -0.173372662796,
                            0.076236075821, -0.479838986995, 0.358289197152, -0.075481019917, 0.54583143202,
                            0.753657425264},
                 1e-11);
    check_vector(m.mean, (double[]){876.5 / 150, 458.6 / 150, 563.7 / 150, 179.9 / 150}, 1e-14);
    CHECK_NEAR(pca_ratio(&m, 0), 4.2282417060349 / 4.5729570469798, 1e-12);
    CHECK_NEAR(pca_cumulative(&m, 3), 1, 1e-15);
    pca_free(&m);
    params.scale = true;
    m = fit(&flowers.matrix, &params);
    check_vector(m.variance, (double[]){2.9184978165320, 0.9140304714681, 0.1467568755713, 0.0207148364286},
                 1e-12);
    pca_free(&m);
    params.components = 2;
    m = fit(&states.matrix, &params);
    check_vector(m.variance, (double[]){2.480241579149, 0.989765152540}, 1e-12);
    CHECK_NEAR(m.total, 4, 1e-14);
    gsl_matrix *z = gsl_matrix_alloc(50, 2);
    pca_scores(&m, &states.matrix, z, 1, 2, &why);
    gsl_matrix_view first = gsl_matrix_submatrix(z, 0, 0, 2, 2);
    check_matrix(&first.matrix, (double[]){0.975660448334, -1.122001210433, 1.930537878514, -1.062426919534},
                 1e-11);
    CHECK(pca_t2q(&m, &states.matrix, z, 1, 2, &why) == ML_OK);
    check_matrix(&first.matrix, (double[]){1.655703090478, 0.21735829265, 2.64308974375, 4.266889651365},
                 1e-11);
    gsl_matrix_free(z);
    pca_free(&m);
}

static void probabilistic(void)
{
    unit_case("probabilistic PCA of USArrests: noise, W, log-likelihood, posterior means, reconstruction");
    gsl_matrix_const_view states = gsl_matrix_const_view_array(&usarrests[0][0], 50, 4);
    pca_params params;
    pca_defaults(&params);
    params.scale = params.probabilistic = true;
    params.components = 2;
    pca_model m = fit(&states.matrix, &params);
    CHECK_NEAR(m.noise, 0.26499663415533237, 1e-13);
    CHECK_NEAR(m.log_likelihood, -239.837508490296, 1e-13);
    check_matrix(m.components,
                 (double[]){0.797616645362, -0.356011328255, 0.867992965584, -0.160038419233, 0.414050922908,
                            0.743049043595, 0.808827965004, 0.142443938871},
                 1e-11);
    gsl_matrix *z = gsl_matrix_alloc(50, 2), *x = gsl_matrix_alloc(50, 4), *y = gsl_matrix_alloc(50, 4);
    pca_scores(&m, &states.matrix, z, 1, 1, &why);
    gsl_matrix_view first = gsl_matrix_submatrix(z, 0, 0, 2, 2);
    check_matrix(&first.matrix, (double[]){0.591428917482, -0.974872430731, 1.170259519689, -0.923110157003},
                 1e-11);
    pca_inverse(&m, z, x, 1, 1, &why);
    params.probabilistic = false;
    params.ddof = 0;
    pca_model plain = fit(&states.matrix, &params);
    pca_reconstruct(&plain, &states.matrix, y, 1, 1, &why);
    check_matrix(x, y->data, 1e-12);
    pca_reconstruct(&m, &states.matrix, x, 1, 1, &why);
    check_matrix(x, y->data, 1e-12);
    pca_t2q(&m, &states.matrix, z, 1, 1, &why);
    gsl_matrix *plain_z = gsl_matrix_alloc(50, 2);
    pca_t2q(&plain, &states.matrix, plain_z, 1, 1, &why);
    check_matrix(z, plain_z->data, 1e-12);
    gsl_matrix_free(plain_z);
    gsl_matrix_free(x);
    gsl_matrix_free(y);
    gsl_matrix_free(z);
    pca_free(&plain);
    pca_free(&m);
}

static gsl_matrix *random_rows(size_t n, size_t p, unsigned long seed)
{
    gsl_rng *g = random_stream(seed, 2);
    gsl_matrix *x = gsl_matrix_alloc(n, p);
    for (size_t i = 0; i < n * p; i++)
        x->data[i] = (double)(i % p + 1) * gsl_rng_uniform(g);
    gsl_rng_free(g);
    return x;
}

static void whitened(void)
{
    unit_case("whitened scores have covariance I; ZCA also is symmetric; scores invert to the rows");
    gsl_matrix *x = random_rows(400, 70, 5), *z = gsl_matrix_alloc(400, 70),
               *back = gsl_matrix_alloc(400, 70);
    for (int whiten = PCA_WHITEN_NONE; whiten <= PCA_WHITEN_ZCA; whiten++) {
        pca_params params;
        pca_defaults(&params);
        params.whiten = (pca_whiten)whiten;
        pca_model m = fit(x, &params);
        CHECK(pca_score_columns(&m) == 70);
        pca_scores(&m, x, z, 1, 2, &why);
        for (size_t a = 0; a < 70; a++)
            for (size_t b = a; b < 70; b++) {
                double sum = 0, turned = 0;
                for (size_t i = 0; i < 400; i++) {
                    sum += gsl_matrix_get(z, i, a) * gsl_matrix_get(z, i, b) / 399;
                    turned += gsl_matrix_get(z, i, a) * gsl_matrix_get(x, i, b) -
                              gsl_matrix_get(z, i, b) * gsl_matrix_get(x, i, a);
                }
                double variance = whiten == PCA_WHITEN_NONE ? gsl_vector_get(m.variance, a) : 1;
                CHECK_NEAR(sum, a == b ? variance : 0, 1e-11);
                if (whiten == PCA_WHITEN_ZCA) /* z is a symmetric matrix times x, so z'x is symmetric */
                    CHECK_NEAR(turned / 400, 0, 1e-11);
            }
        pca_inverse(&m, z, back, 1, 2, &why);
        check_matrix(back, x->data, 1e-12);
        pca_free(&m);
    }
    gsl_matrix_free(x);
    gsl_matrix_free(z);
    gsl_matrix_free(back);
}

static void same_bytes(void)
{
    unit_case("one by one, in sevens or at once, alone or in company, with any jobs: the same bytes");
    gsl_matrix *x = random_rows(1000, 30, 8);
    pca_params params;
    pca_defaults(&params);
    params.components = 11;
    pca_model whole = fit(x, &params);
    static const size_t piece[] = {1, 7, 400};
    for (size_t k = 0; k < 3; k++) {
        pca_fitter *fitter;
        pca_model m;
        params.jobs = 1 + (int)k;
        CHECK(pca_begin(&fitter, &params, 30, &why) == ML_OK);
        for (size_t i = 0; i < 1000; i += piece[k]) {
            gsl_matrix_view rows =
                gsl_matrix_submatrix(x, i, 0, 1000 - i < piece[k] ? 1000 - i : piece[k], 30);
            CHECK(pca_add(fitter, &rows.matrix, &why) == ML_OK);
        }
        CHECK(pca_finish(fitter, &m, &why) == ML_OK);
        CHECK(gsl_matrix_equal(m.components, whole.components) &&
              gsl_vector_equal(m.variance, whole.variance) && gsl_vector_equal(m.mean, whole.mean) &&
              m.total == whole.total);
        pca_free(&m);
        pca_fitter_free(fitter);
    }
    gsl_matrix *z = gsl_matrix_alloc(1000, 11), *y = gsl_matrix_alloc(1000, 30),
               *t = gsl_matrix_alloc(1000, 2);
    gsl_matrix *z1 = gsl_matrix_alloc(1, 11), *y1 = gsl_matrix_alloc(1, 30), *t1 = gsl_matrix_alloc(1, 2);
    pca_scores(&whole, x, z, 1, 3, &why);
    pca_reconstruct(&whole, x, y, 1, 2, &why);
    pca_t2q(&whole, x, t, 1, 3, &why);
    for (size_t i = 0; i < 1000; i++) {
        gsl_matrix_view row = gsl_matrix_submatrix(x, i, 0, 1, 30);
        pca_scores(&whole, &row.matrix, z1, 1, 1, &why);
        pca_reconstruct(&whole, &row.matrix, y1, 1, 1, &why);
        pca_t2q(&whole, &row.matrix, t1, 1, 1, &why);
        CHECK(memcmp(z1->data, gsl_matrix_ptr(z, i, 0), 11 * sizeof(double)) == 0);
        CHECK(memcmp(y1->data, gsl_matrix_ptr(y, i, 0), 30 * sizeof(double)) == 0);
        CHECK(memcmp(t1->data, gsl_matrix_ptr(t, i, 0), 2 * sizeof(double)) == 0);
    }
    gsl_matrix_free(x);
    gsl_matrix_free(z);
    gsl_matrix_free(y);
    gsl_matrix_free(t);
    gsl_matrix_free(z1);
    gsl_matrix_free(y1);
    gsl_matrix_free(t1);
    pca_free(&whole);
}

/* Fitting X must fail and the message must hold PART. */
static void refuse(const gsl_matrix *x, const pca_params *params, const char *part)
{
    pca_model m;
    if (pca_fit(x, params, &m, &why) == ML_OK)
        UNIT_FAIL("accepted, expected '%s'", part);
    else if (strstr(why.text, part) == NULL)
        UNIT_FAIL("'%s' does not say '%s'", why.text, part);
}

static void edges(void)
{
    unit_case("one row, constant columns, dependent columns, wide tables, mistaken parameters");
    gsl_matrix *x = random_rows(200, 3, 6);
    gsl_matrix_view one = gsl_matrix_submatrix(x, 0, 0, 1, 3), two = gsl_matrix_submatrix(x, 0, 0, 2, 3);
    pca_params params, given;
    pca_defaults(&given);
    refuse(&one.matrix, &given, "one row");
    params = given;
    params.ddof = 0;
    pca_model m = fit(&one.matrix, &params);
    CHECK(m.kept == 1 && gsl_vector_get(m.variance, 0) == 0 && m.total == 0 && pca_ratio(&m, 0) == 0);
    pca_free(&m);
    m = fit(&two.matrix, &given);
    CHECK(m.kept == 1);
    CHECK_NEAR(gsl_vector_get(m.variance, 0), m.total, 1e-15);
    pca_free(&m);
    params = given;
    params.components = 4;
    refuse(x, &params, "3");
    params.components = 2;
    params.energy = 0.5;
    refuse(x, &params, "");
    params = given;
    params.energy = 0.5;
    m = fit(x, &params);
    CHECK(m.kept == 1 && pca_cumulative(&m, 0) >= 0.5);
    pca_free(&m);
    for (size_t i = 0; i < 200; i++)
        gsl_matrix_set(x, i, 2, 3 * gsl_matrix_get(x, i, 0) - gsl_matrix_get(x, i, 1));
    params = given;
    params.whiten = PCA_WHITEN_PCA;
    refuse(x, &params, "-k 2");
    params.components = 2;
    m = fit(x, &params);
    pca_free(&m);
    for (size_t i = 0; i < 200; i++)
        gsl_matrix_set(x, i, 1, 0.1);
    params = given;
    params.scale = true;
    refuse(x, &params, "column 2");
    params.names = (const char *const[]){"a", "speed", "c"};
    refuse(x, &params, "speed");
    params.scale = false;
    m = fit(x, &params);
    CHECK(gsl_vector_get(m.mean, 1) == 0.1 && gsl_matrix_get(m.components, 1, 0) == 0);
    pca_free(&m);
    gsl_matrix_free(x);
}

int main(void)
{
    gsl_set_error_handler_off();
    known();
    probabilistic();
    whitened();
    same_bytes();
    edges();
    return unit_end();
}
