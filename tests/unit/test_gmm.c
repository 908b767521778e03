/* The exponential of vectors against libm, and mixtures whose answers are known. */
#include "ml/gmm.h"

#include <gsl/gsl_errno.h>
#include <stdlib.h>

#include "base/random.h"
#include "math/exponential.h"
#include "unit.h"

static ml_message why;

static void exponentials(void)
{
    unit_case("exp within 2 units in the last place of libm's on a million arguments, 0 and inf beyond them");
    gsl_rng *g = random_stream(3, 0);
    double worst = 0;
    for (int i = 0; i < 125000; i++) {
        double x[8], y[8];
        for (int q = 0; q < 8; q++)
            x[q] = (gsl_rng_uniform(g) - 0.5) * (i % 3 == 0 ? 1400 : i % 3 == 1 ? 40 : 1e-3);
        memcpy(y, x, sizeof y);
        exponential((exponential_wide *)y);
        for (int q = 0; q < 8; q++) {
            double right = exp(x[q]);
            worst = fmax(worst, fabs(y[q] - right) / (nextafter(right, INFINITY) - right));
        }
    }
    CHECK(worst < 2);
    double ends[8] = {-1e308, -709, -INFINITY, 0, 1, 709, 1e300, -0.0};
    exponential((exponential_wide *)ends);
    CHECK(ends[0] == 0 && ends[1] == 0 && ends[2] == 0 && ends[3] == 1 && isinf(ends[5]) && isinf(ends[6]) &&
          ends[7] == 1);
    CHECK_NEAR(ends[4], M_E, 1e-15);
    gsl_rng_free(g);
}

static void one_component(void)
{
    unit_case("one component is the mean and the covariance of n; the log-likelihood has a closed form");
    double rows[] = {1, 2, 3, 1, 5, 9, 2, 2, 8, 4};
    gsl_matrix_view x = gsl_matrix_view_array(rows, 5, 2);
    gmm_params p;
    gmm_defaults(&p);
    p.k = 1;
    gmm_result r;
    CHECK(gmm_fit(&x.matrix, NULL, &p, &r, &why) == ML_OK);
    CHECK_NEAR(gsl_matrix_get(r.model.means, 0, 0), 3.8, 1e-15);
    CHECK_NEAR(gsl_matrix_get(r.model.covariances, 0, 0), 6.16, 1e-14);
    CHECK_NEAR(gsl_matrix_get(r.model.covariances, 1, 0), 3.52, 1e-14);
    double determinant = 6.16 * 8.24 - 3.52 * 3.52; /* L = -n/2 (d log 2 pi + log det + d) */
    CHECK_NEAR(r.log_likelihood, -2.5 * (2 * log(2 * M_PI) + log(determinant) + 2), 1e-13);
    CHECK(r.entropy == 0);
    gmm_free(&r);
}

int main(void)
{
    gsl_set_error_handler_off();
    exponentials();
    one_component();
    return unit_end();
}
