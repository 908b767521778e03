/* Information in continuous data: every estimator against an independent program that computes all distances
 * (tests/ref/continuous.py, its output in tests/ref/continuous.expected); closed forms; means and standard
 * errors over many samples; ties, constants, dependent columns, scales; permutations.  Run from the top
 * directory. */
#include "ml/continuous.h"

#include <gsl/gsl_errno.h>
#include <gsl/gsl_randist.h>
#include <stdlib.h>

#include "base/random.h"
#include "unit.h"

enum { N = 200, M = 150 };

static ml_message why;
static char expected[16384];

/* --- the data of tests/ref/continuous.py --- */

static double u[N], v[N], w[N];
static gsl_matrix *x, *q;

static void make_data(void)
{
    uint64_t state = 1;
    x = gsl_matrix_alloc(N, 3);
    q = gsl_matrix_alloc(M, 3);
    for (size_t i = 0; i < 3 * N; i++) {
        state = (1103515245 * state + 12345) % 2147483648;
        (i % 3 == 0 ? u : i % 3 == 1 ? v : w)[i / 3] = (double)state / 2147483648;
    }
    for (size_t i = 0; i < N; i++) {
        gsl_matrix_set(x, i, 0, u[i]);
        gsl_matrix_set(x, i, 1, u[i] * u[i] + 0.3 * v[i]);
        gsl_matrix_set(x, i, 2, v[i] + 0.5 * w[i]);
    }
    for (size_t i = 0; i < M; i++) {
        gsl_matrix_set(q, i, 0, 1.25 * v[i]);
        gsl_matrix_set(q, i, 1, 0.1 + w[i]);
        gsl_matrix_set(q, i, 2, 1.5 * u[i]);
    }
}

/* The columns of DIGITS, "01" the first two, of FROM. */
static gsl_matrix *take(const gsl_matrix *from, const char *digits)
{
    gsl_matrix *m = gsl_matrix_alloc(from->size1, strlen(digits));
    for (size_t i = 0; i < m->size1; i++)
        for (size_t j = 0; j < m->size2; j++)
            gsl_matrix_set(m, i, j, gsl_matrix_get(from, i, (size_t)(digits[j] - '0')));
    return m;
}

static void read_expected(void)
{
    FILE *f = fopen("tests/ref/continuous.expected", "r");
    if (f == NULL) {
        UNIT_FAIL("no tests/ref/continuous.expected here");
        return;
    }
    expected[fread(expected, 1, sizeof expected - 1, f)] = '\0';
    fclose(f);
}

/* The line of NAME: a value and perhaps a standard error. */
static void expect(const char *name, ml_status status, continuous_estimate got)
{
    char line[64];
    double value, error;
    if (status != ML_OK) {
        UNIT_FAIL("%s: %s", name, why.text);
        return;
    }
    snprintf(line, sizeof line, "\n%s ", name);
    const char *at = strstr(expected, line);
    int count = at ? sscanf(at + strlen(line), "%lf%*[ ]%lf", &value, &error) : 0;
    if (count < 1) {
        UNIT_FAIL("nothing expected for %s", name);
        return;
    }
    if (!(fabs(got.nats - value) <= 1e-12 * fmax(1, fabs(value))))
        UNIT_FAIL("%s is %.17g, expected %.17g", name, got.nats, value);
    if (count > 1 && !(fabs(got.error - error) <= 1e-12))
        UNIT_FAIL("standard error of %s is %.17g, expected %.17g", name, got.error, error);
}

static continuous_params with(continuous_method method, size_t k, neighbours_norm norm)
{
    continuous_params p;
    continuous_defaults(&p);
    p.method = method;
    p.neighbours = k;
    p.norm = norm;
    p.jobs = 2;
    return p;
}

static void entropy(const char *name, const continuous_params *p, const char *columns)
{
    continuous_estimate e;
    gsl_matrix *m = take(x, columns);
    ml_status status = continuous_entropy(p, m, &e, &why);
    expect(name, status, e);
    gsl_matrix_free(m);
}

/* Blocks as in "0|12". */
static void information(const char *name, const continuous_params *p, const char *blocks)
{
    continuous_estimate e;
    size_t sizes[4] = {0}, count = 0, n = 0;
    char columns[8];
    for (const char *c = blocks; *c; c++)
        if (*c == '|') {
            count++;
        } else {
            columns[n++] = *c;
            sizes[count]++;
        }
    columns[n] = '\0';
    gsl_matrix *m = take(x, columns);
    ml_status status = continuous_information(p, m, sizes, count + 1, &e, &why);
    expect(name, status, e);
    gsl_matrix_free(m);
}

static void given(const char *name, const continuous_params *p)
{
    continuous_estimate e;
    ml_status status = continuous_given(p, x, (const size_t[3]){1, 1, 1}, &e, &why);
    expect(name, status, e);
}

static void conditional(const char *name, const continuous_params *p, const char *columns)
{
    continuous_estimate e;
    gsl_matrix *m = take(x, columns);
    ml_status status = continuous_conditional(p, m, (const size_t[2]){1, m->size2 - 1}, &e, &why);
    expect(name, status, e);
    gsl_matrix_free(m);
}

static void gaussian(void)
{
    unit_case("gaussian: SciPy's entropies of the covariance");
    continuous_params p = with(CONTINUOUS_GAUSSIAN, 3, NEIGHBOURS_EUCLIDEAN);
    continuous_estimate e;
    entropy("h(x)", &p, "0");
    entropy("h(x,y,z)", &p, "012");
    information("I(x;y)", &p, "0|1");
    information("I(x;y,z)", &p, "0|12");
    information("TC(x,y,z)", &p, "0|1|2");
    given("I(x;y|z)", &p);
    conditional("h(x|y,z)", &p, "012");
    ml_status status = continuous_divergence(&p, x, q, &e, &why);
    expect("D(X||Q)", status, e);
    gsl_matrix *a = take(x, "0"), *b = take(q, "0");
    status = continuous_divergence(&p, a, b, &e, &why);
    expect("D(x||q)", status, e);
    gsl_matrix_free(a);
    gsl_matrix_free(b);
}

static void near(void)
{
    unit_case("kl: all distances");
    static const struct {
        const char *name;
        size_t k;
        neighbours_norm norm;
        const char *columns;
    } each[] = {
        {"h(x) k=1 euclid", 1, NEIGHBOURS_EUCLIDEAN, "0"},
        {"h(x,y) k=1 euclid", 1, NEIGHBOURS_EUCLIDEAN, "01"},
        {"h(x,y,z) k=1 euclid", 1, NEIGHBOURS_EUCLIDEAN, "012"},
        {"h(x) k=3 euclid", 3, NEIGHBOURS_EUCLIDEAN, "0"},
        {"h(x,y) k=3 euclid", 3, NEIGHBOURS_EUCLIDEAN, "01"},
        {"h(x,y,z) k=3 euclid", 3, NEIGHBOURS_EUCLIDEAN, "012"},
        {"h(x) k=7 max", 7, NEIGHBOURS_MAX, "0"},
        {"h(x,y) k=7 max", 7, NEIGHBOURS_MAX, "01"},
        {"h(x,y,z) k=7 max", 7, NEIGHBOURS_MAX, "012"},
    };
    for (size_t i = 0; i < sizeof each / sizeof *each; i++) {
        continuous_params p = with(CONTINUOUS_KL, each[i].k, each[i].norm);
        entropy(each[i].name, &p, each[i].columns);
    }
    continuous_params p = with(CONTINUOUS_KL, 3, NEIGHBOURS_EUCLIDEAN);
    information("I(x;y) k=3 euclid", &p, "0|1");
    given("I(x;y|z) k=3 euclid", &p);
    conditional("h(x|y,z) k=3 euclid", &p, "012");
    p.raw = true;
    entropy("raw h(x,y) k=3 euclid", &p, "01");
    for (neighbours_norm norm = NEIGHBOURS_EUCLIDEAN; norm <= NEIGHBOURS_MAX; norm++) {
        continuous_estimate e;
        p = with(CONTINUOUS_KL, 4, norm);
        ml_status status = continuous_divergence(&p, x, q, &e, &why);
        expect(norm == NEIGHBOURS_MAX ? "D(X||Q) k=4 max" : "D(X||Q) k=4 euclid", status, e);
    }
}

static void ksg(void)
{
    unit_case("ksg and ksg2: all distances; scikit-learn");
    gsl_matrix *kept = x;
    for (int variant = 1; variant <= 2; variant++) {
        continuous_method method = variant == 1 ? CONTINUOUS_KSG : CONTINUOUS_KSG2;
        char name[64];
        for (size_t k = 1; k <= 6; k += k == 1 ? 2 : 3) {
            continuous_params p = with(method, k, NEIGHBOURS_EUCLIDEAN);
            snprintf(name, sizeof name, "I(x;y) k=%zu ksg%d", k, variant);
            information(name, &p, "0|1");
        }
        continuous_params p = with(method, 3, NEIGHBOURS_EUCLIDEAN);
        snprintf(name, sizeof name, "I(x;y,z) k=3 ksg%d", variant);
        information(name, &p, "0|12");
        snprintf(name, sizeof name, "TC(x,y,z) k=3 ksg%d", variant);
        information(name, &p, "0|1|2");
        snprintf(name, sizeof name, "h(x|y) k=3 ksg%d", variant);
        conditional(name, &p, "01");
        p.raw = true;
        x = gsl_matrix_alloc(N, 3);
        gsl_matrix_memcpy(x, kept);
        for (size_t i = 0; i < N; i++)
            gsl_matrix_set(x, i, 1, 5 * gsl_matrix_get(kept, i, 1));
        snprintf(name, sizeof name, "raw I(x;y) k=3 ksg%d", variant);
        information(name, &p, "0|1");
        for (size_t i = 0; i < N; i++) {
            gsl_matrix_set(x, i, 0, nearbyint(16 * gsl_matrix_get(kept, i, 0)));
            gsl_matrix_set(x, i, 1, nearbyint(64 * gsl_matrix_get(kept, i, 1)) / 4);
        }
        p.raw = false;
        p.neighbours = 5;
        snprintf(name, sizeof name, "ties I(x;y) k=5 ksg%d", variant);
        information(name, &p, "0|1");
        gsl_matrix_free(x);
        x = kept;
    }
    continuous_params p = with(CONTINUOUS_KSG, 3, NEIGHBOURS_EUCLIDEAN);
    given("I(x;y|z) k=3 ksg1", &p);
    continuous_estimate e;
    gsl_matrix *m = take(x, "01");
    CHECK(continuous_information(&p, m, (const size_t[2]){1, 1}, 2, &e, &why) == ML_OK);
    CHECK_NEAR(e.nats, 1.15381831656219, 1e-9); /* scikit-learn adds noise of 1e-10 */
    p.method = CONTINUOUS_KSG2;
    CHECK(continuous_given(&p, x, (const size_t[3]){1, 1, 1}, &e, &why) == ML_FAIL);
    CHECK(continuous_divergence(&p, x, q, &e, &why) == ML_FAIL);
    gsl_matrix_free(m);
}

static void histogram(void)
{
    unit_case("histogram: NumPy's bins and cells under every rule");
    static const char *const rules[] = {"sturges", "scott", "fd", "sqrt", "12"};
    static const size_t bins_x[] = {9, 6, 6, 15, 12}, bins_z[] = {9, 7, 7, 15, 12};
    for (continuous_rule rule = CONTINUOUS_STURGES; rule <= CONTINUOUS_NUMBER; rule++) {
        continuous_params p = with(CONTINUOUS_HISTOGRAM, 0, NEIGHBOURS_EUCLIDEAN);
        continuous_bins bins;
        char name[64];
        p.rule = rule;
        p.bins = 12;
        snprintf(name, sizeof name, "h(x) %s", rules[rule]);
        entropy(name, &p, "0");
        snprintf(name, sizeof name, "h(z) %s", rules[rule]);
        entropy(name, &p, "2");
        snprintf(name, sizeof name, "h(x,y) %s", rules[rule]);
        entropy(name, &p, "01");
        snprintf(name, sizeof name, "I(x;y) %s", rules[rule]);
        information(name, &p, "0|1");
        snprintf(name, sizeof name, "I(x;y|z) %s", rules[rule]);
        given(name, &p);
        snprintf(name, sizeof name, "h(x|y) %s", rules[rule]);
        conditional(name, &p, "01");
        gsl_vector_view of_x = gsl_matrix_column(x, 0), of_z = gsl_matrix_column(x, 2);
        CHECK(continuous_bins_of(&p, &of_x.vector, "x", &bins, &why) == ML_OK && bins.count == bins_x[rule]);
        CHECK(continuous_bins_of(&p, &of_z.vector, "z", &bins, &why) == ML_OK && bins.count == bins_z[rule]);
    }
    continuous_params p = with(CONTINUOUS_HISTOGRAM, 0, NEIGHBOURS_EUCLIDEAN);
    continuous_estimate e;
    p.rule = CONTINUOUS_NUMBER;
    p.bins = 5;
    gsl_matrix *a = gsl_matrix_alloc(N, 1), *b = take(x, "0");
    for (size_t i = 0; i < N; i++)
        gsl_matrix_set(a, i, 0, 0.1 + 0.8 * w[i]);
    ml_status status = continuous_divergence(&p, a, b, &e, &why);
    expect("D(q||x), 5 bins", status, e);
    gsl_matrix_set(a, 0, 0, 7); /* alone in its cell */
    CHECK(continuous_divergence(&p, a, b, &e, &why) == ML_OK && e.nats == INFINITY);
    gsl_matrix_free(a);
    gsl_matrix_free(b);
}

/* --- many samples --- */

static const double log_2pie = 2.8378770664093453;

/* Rows of a normal distribution with variances 4 and 1 and a correlation. */
static gsl_matrix *normal(size_t n, double correlation, uint64_t stream)
{
    gsl_rng *g = random_stream(3, stream);
    gsl_matrix *m = gsl_matrix_alloc(n, 2);
    for (size_t i = 0; i < n; i++) {
        double a = gsl_ran_gaussian_ziggurat(g, 1), b = gsl_ran_gaussian_ziggurat(g, 1);
        gsl_matrix_set(m, i, 0, 2 * a);
        gsl_matrix_set(m, i, 1, correlation * a + sqrt(1 - correlation * correlation) * b);
    }
    gsl_rng_free(g);
    return m;
}

enum { SAMPLES = 200, ROWS = 1000 };

/* The mean of many estimates is the truth but for BIAS; their standard deviation is what they say of
 * themselves, within FACTOR. */
static void check_samples(const char *name, const double *values, const double *errors, double true_value,
                          double bias, double factor)
{
    double mean = 0, spread = 0, said = 0;
    for (size_t i = 0; i < SAMPLES; i++) {
        mean += values[i] / SAMPLES;
        said += errors[i] / SAMPLES;
    }
    for (size_t i = 0; i < SAMPLES; i++)
        spread += (values[i] - mean) * (values[i] - mean) / (SAMPLES - 1);
    spread = sqrt(spread);
    double allowed = bias + 4 * spread / sqrt(SAMPLES);
    if (fabs(mean - true_value) > allowed)
        UNIT_FAIL("%s: mean %.5f, truth %.5f, allowed %.5f", name, mean, true_value, allowed);
    if (spread > factor * said || said > factor * spread)
        UNIT_FAIL("%s: standard deviation %.5f, standard errors %.5f", name, spread, said);
    if (getenv("UNIT_VERBOSE"))
        printf("# %s: bias %.5f, standard deviation %.5f, standard error %.5f\n", name, mean - true_value,
               spread, said);
}

enum { OF_ENTROPY, OF_JOINT, OF_INFORMATION, OF_DIVERGENCE, QUANTITIES };

static void sample(const continuous_params *p, uint64_t stream, int quantity, continuous_estimate *e)
{
    gsl_matrix *m = normal(ROWS, 0.9, stream), *other = normal(ROWS, 0.5, 1000 + stream);
    gsl_matrix_view first = gsl_matrix_submatrix(m, 0, 0, ROWS, 1);
    ml_status status = ML_FAIL;
    gsl_matrix_add_constant(other, 0.5);
    if (quantity == OF_ENTROPY)
        status = continuous_entropy(p, &first.matrix, e, &why);
    else if (quantity == OF_JOINT)
        status = continuous_entropy(p, m, e, &why);
    else if (quantity == OF_INFORMATION)
        status = continuous_information(p, m, (const size_t[2]){1, 1}, 2, e, &why);
    else
        status = continuous_divergence(p, m, other, e, &why);
    if (status != ML_OK)
        UNIT_FAIL("%s", why.text);
    gsl_matrix_free(m);
    gsl_matrix_free(other);
}

/* D of the two normal distributions of sample. */
static double true_divergence(void)
{
    double s[3] = {4, 1.8, 1}, t[3] = {4, 1, 1}, det_s = 4 - 3.24, det_t = 3;
    double trace = (t[2] * s[0] - 2 * t[1] * s[1] + t[0] * s[2]) / det_t;
    double square = (t[2] * 0.25 - 2 * t[1] * 0.25 + t[0] * 0.25) / det_t;
    return (trace + square - 2 + log(det_t / det_s)) / 2;
}

static void samples(void)
{
    static const struct {
        const char *name;
        continuous_method method;
        int quantity;
        double bias, factor;
    } each[] = {
        {"gaussian h", CONTINUOUS_GAUSSIAN, OF_ENTROPY, 0.001, 1.2},
        {"gaussian h, two columns", CONTINUOUS_GAUSSIAN, OF_JOINT, 0.002, 1.2},
        {"gaussian I", CONTINUOUS_GAUSSIAN, OF_INFORMATION, 0.001, 1.2},
        {"gaussian D", CONTINUOUS_GAUSSIAN, OF_DIVERGENCE, 0.005, 1.2},
        {"kl h", CONTINUOUS_KL, OF_ENTROPY, 0.003, 1.3},
        {"kl h, two columns", CONTINUOUS_KL, OF_JOINT, 0.03, 1.3},
        {"ksg I", CONTINUOUS_KSG, OF_INFORMATION, 0.01, 1.4},
        {"ksg2 I", CONTINUOUS_KSG2, OF_INFORMATION, 0.01, 1.5},
    };
    double truths[QUANTITIES] = {log_2pie / 2 + log(2), log_2pie + log(4 - 3.24) / 2, 0.8303656034108255,
                                 true_divergence()};
    unit_case("200 samples of 1000 rows: the mean is the closed form, the spread is the standard error");
    for (size_t t = 0; t < sizeof each / sizeof *each; t++) {
        double values[SAMPLES], errors[SAMPLES];
        for (size_t i = 0; i < SAMPLES; i++) {
            continuous_params p = with(each[t].method, 3, NEIGHBOURS_EUCLIDEAN);
            continuous_estimate e = {0};
            p.jobs = 1;
            sample(&p, i, each[t].quantity, &e);
            values[i] = e.nats;
            errors[i] = e.error;
        }
        check_samples(each[t].name, values, errors, truths[each[t].quantity], each[t].bias, each[t].factor);
    }
}

/* --- edges --- */

/* Rows whose second column is FACTOR times the first, or constant; the third a little of everything. */
static gsl_matrix *dependent(double factor, double scale)
{
    gsl_matrix *m = gsl_matrix_alloc(50, 3);
    for (size_t i = 0; i < 50; i++) {
        gsl_matrix_set(m, i, 0, scale * u[i]);
        gsl_matrix_set(m, i, 1, factor == 0 ? 4.5 : factor * scale * u[i]);
        gsl_matrix_set(m, i, 2, scale * (u[i] + v[i]));
    }
    return m;
}

static void degenerate(void)
{
    unit_case("gaussian: constant and dependent columns");
    continuous_params p = with(CONTINUOUS_GAUSSIAN, 3, NEIGHBOURS_EUCLIDEAN);
    continuous_estimate e;
    const size_t pair[2] = {1, 1}, each[3] = {1, 1, 1}, later[2] = {2, 1};
    gsl_matrix *line = dependent(-3, 1), *constant = dependent(0, 1);
    gsl_matrix_view two = gsl_matrix_submatrix(line, 0, 0, 50, 2);
    CHECK(continuous_entropy(&p, line, &e, &why) == ML_OK && e.nats == -INFINITY && e.culprit == 1);
    CHECK(continuous_information(&p, &two.matrix, pair, 2, &e, &why) == ML_OK && e.nats == INFINITY);
    CHECK(continuous_information(&p, line, each, 3, &e, &why) == ML_OK && e.nats == INFINITY &&
          e.culprit == 1);
    CHECK(continuous_conditional(&p, &two.matrix, pair, &e, &why) == ML_OK && e.nats == -INFINITY);
    /* two columns that say the same say no more than one */
    continuous_estimate of_one, of_two;
    CHECK(continuous_information(&p, line, later, 2, &of_two, &why) == ML_OK);
    two = gsl_matrix_submatrix(line, 0, 1, 50, 2);
    CHECK(continuous_information(&p, &two.matrix, pair, 2, &of_one, &why) == ML_OK);
    CHECK_NEAR(of_two.nats, of_one.nats, 1e-12);
    CHECK(continuous_entropy(&p, constant, &e, &why) == ML_OK && e.nats == -INFINITY && e.culprit == 1);
    two = gsl_matrix_submatrix(constant, 0, 0, 50, 2);
    CHECK(continuous_information(&p, &two.matrix, pair, 2, &e, &why) == ML_OK && e.nats == 0 && e.error == 0);
    CHECK(continuous_divergence(&p, constant, line, &e, &why) == ML_OK && e.nats == INFINITY);
    gsl_matrix_view row = gsl_matrix_submatrix(line, 0, 0, 1, 3);
    CHECK(continuous_entropy(&p, &row.matrix, &e, &why) == ML_FAIL);
    row = gsl_matrix_submatrix(line, 0, 0, 2, 3);
    CHECK(continuous_entropy(&p, &row.matrix, &e, &why) == ML_OK && e.nats == -INFINITY);

    unit_case("neighbours: repeated rows are an error that names them, a constant carries no information");
    for (continuous_method method = CONTINUOUS_KL; method <= CONTINUOUS_KSG2; method++) {
        p = with(method, 3, NEIGHBOURS_EUCLIDEAN);
        two = gsl_matrix_submatrix(constant, 0, 1, 50, 1);
        CHECK(continuous_entropy(&p, &two.matrix, &e, &why) == ML_FAIL);
        CHECK(strstr(why.text, "50 of 50 rows, row 1 the first") != NULL);
        p.neighbours = 50;
        CHECK(continuous_entropy(&p, constant, &e, &why) == ML_FAIL);
        CHECK(strstr(why.text, "take fewer") != NULL);
    }
    two = gsl_matrix_submatrix(constant, 0, 0, 50, 2);
    for (continuous_method method = CONTINUOUS_KSG; method <= CONTINUOUS_KSG2; method++) {
        p = with(method, 3, NEIGHBOURS_EUCLIDEAN);
        CHECK(continuous_information(&p, &two.matrix, pair, 2, &e, &why) == ML_OK);
        CHECK(e.nats == 0 && e.error == 0);
    }
    gsl_matrix_free(line);
    gsl_matrix_free(constant);
}

static void bins(void)
{
    unit_case("histogram: constant columns, edges, quartiles that are equal, far values, many cells");
    continuous_params p = with(CONTINUOUS_HISTOGRAM, 3, NEIGHBOURS_EUCLIDEAN);
    continuous_estimate e;
    continuous_bins b;
    const size_t pair[2] = {1, 1};
    gsl_matrix *constant = dependent(0, 1);
    gsl_matrix_view two = gsl_matrix_submatrix(constant, 0, 0, 50, 2);
    CHECK(continuous_entropy(&p, constant, &e, &why) == ML_OK && e.nats == -INFINITY && e.culprit == 1);
    CHECK(continuous_information(&p, &two.matrix, pair, 2, &e, &why) == ML_OK && e.nats == 0);
    CHECK(continuous_conditional(&p, &two.matrix, pair, &e, &why) == ML_OK && isfinite(e.nats));
    gsl_vector_view column = gsl_matrix_column(constant, 1);
    gsl_matrix_set(constant, 7, 1, 5);
    p.rule = CONTINUOUS_FD;
    CHECK(continuous_bins_of(&p, &column.vector, "c", &b, &why) == ML_FAIL &&
          strstr(why.text, "c: ") != NULL);
    p.rule = CONTINUOUS_SCOTT;
    CHECK(continuous_bins_of(&p, &column.vector, "c", &b, &why) == ML_OK && b.count == 8);
    column = gsl_matrix_column(constant, 0);
    gsl_matrix_set(constant, 7, 0, 1e300);
    p.rule = CONTINUOUS_FD;
    CHECK(continuous_bins_of(&p, &column.vector, "c", &b, &why) == ML_FAIL &&
          strstr(why.text, "far away") != NULL);
    gsl_matrix_set(constant, 8, 0, -1.7e308);
    gsl_matrix_set(constant, 7, 0, 1.7e308);
    CHECK(continuous_bins_of(&p, &column.vector, "c", &b, &why) == ML_FAIL &&
          strstr(why.text, "range") != NULL);
    b = (continuous_bins){.count = 10, .low = 0, .high = 1};
    static const double at[] = {0, 0.1, 0.3, 0.30000000000000004, 0.7, 0.95, 1};
    static const size_t bin[] = {0, 1, 2, 3,
                                 6, 9, 9}; /* NumPy's linspace(0, 1, 11) has the next after 0.3 and 0.7 */
    for (size_t i = 0; i < sizeof at / sizeof *at; i++)
        CHECK(continuous_bin(&b, at[i]) == bin[i]);
    /* more cells than a size_t counts: every row has its own */
    gsl_matrix *wide = gsl_matrix_alloc(30, 12);
    for (size_t i = 0; i < 30; i++)
        for (size_t j = 0; j < 12; j++)
            gsl_matrix_set(wide, i, j, u[(7 * i + j) % N] + v[(i + 3 * j) % N]);
    p.rule = CONTINUOUS_NUMBER;
    p.bins = 1000000;
    double volume = 0;
    for (size_t j = 0; j < 12; j++) {
        double low, high;
        column = gsl_matrix_column(wide, j);
        gsl_vector_minmax(&column.vector, &low, &high);
        volume += log((high - low) / 1e6);
    }
    CHECK(continuous_entropy(&p, wide, &e, &why) == ML_OK);
    CHECK_NEAR(e.nats, log(30) + volume, 1e-13);
    gsl_matrix_free(wide);
    gsl_matrix_free(constant);
}

static void scales(void)
{
    unit_case("another unit adds the logarithm of the factor to entropies and nothing to informations");
    for (continuous_method method = CONTINUOUS_GAUSSIAN; method <= CONTINUOUS_HISTOGRAM; method++)
        for (int far = 0; far < 3; far++) {
            continuous_params p = with(method, 3, NEIGHBOURS_EUCLIDEAN);
            double factor = far == 0 ? 0x1p-900 : far == 1 ? 0x1p900 : 0x1p30;
            continuous_estimate a, b;
            gsl_matrix *m = take(x, "01"), *scaled = take(x, "01");
            gsl_vector_view second = gsl_matrix_column(scaled, 1);
            gsl_vector_scale(&second.vector, factor);
            CHECK(continuous_entropy(&p, m, &a, &why) == ML_OK);
            CHECK(continuous_entropy(&p, scaled, &b, &why) == ML_OK);
            CHECK_NEAR(b.nats, a.nats + log(factor), 1e-12);
            CHECK(continuous_information(&p, m, (const size_t[2]){1, 1}, 2, &a, &why) == ML_OK);
            CHECK(continuous_information(&p, scaled, (const size_t[2]){1, 1}, 2, &b, &why) == ML_OK);
            CHECK_NEAR(b.nats, a.nats, 1e-12);
            gsl_matrix_free(m);
            gsl_matrix_free(scaled);
        }
}

static void extremes(void)
{
    unit_case("repeated rows of a column too narrow for its scale; divergences beyond the range of a double");
    gsl_matrix *m = take(x, "01"), *far = take(x, "01");
    gsl_vector_view first = gsl_matrix_column(m, 0);
    continuous_params p = with(CONTINUOUS_KL, 3, NEIGHBOURS_EUCLIDEAN);
    continuous_estimate e;
    gsl_vector_scale(&first.vector, 1e-250);
    for (size_t i = 1; i < 4; i++)
        for (size_t j = 0; j < 2; j++)
            gsl_matrix_set(m, i, j, gsl_matrix_get(m, 0, j));
    CHECK(continuous_entropy(&p, m, &e, &why) == ML_FAIL && strstr(why.text, "4 of 200 rows") != NULL);
    gsl_matrix_scale(far, 1e200);
    p.neighbours = 4;
    CHECK(continuous_divergence(&p, m, far, &e, &why) == ML_FAIL &&
          strstr(why.text, "range of a double") != NULL);
    p.method = CONTINUOUS_GAUSSIAN;
    CHECK(continuous_divergence(&p, far, m, &e, &why) == ML_OK && e.nats == INFINITY && e.error == 0);
    first = gsl_matrix_column(far, 0);
    gsl_vector_scale(&first.vector, 1e-60); /* 1e280: the square of the spread has no place */
    gsl_matrix_free(m);
    m = take(x, "01");
    CHECK(continuous_divergence(&p, far, m, &e, &why) == ML_OK && !isnan(e.nats) && !isnan(e.error));
    gsl_matrix_free(m);
    gsl_matrix_free(far);
}

static void permutations(void)
{
    unit_case("permutations: the same p for any jobs; small for dependence, uniform without it");
    const size_t pair[2] = {1, 1};
    for (continuous_method method = CONTINUOUS_GAUSSIAN; method <= CONTINUOUS_HISTOGRAM; method++) {
        continuous_params p = with(method, 3, NEIGHBOURS_EUCLIDEAN);
        continuous_estimate e;
        double one, other, sum = 0;
        gsl_matrix *m = take(x, "01");
        CHECK(continuous_information(&p, m, pair, 2, &e, &why) == ML_OK);
        CHECK(continuous_significance(&p, m, pair, e.nats, 99, 1, &one, &why) == ML_OK);
        CHECK(one == 0.01);
        gsl_matrix_free(m);
        for (uint64_t stream = 0; stream < 40; stream++) {
            m = normal(40, 0, stream);
            p.jobs = 1;
            CHECK(continuous_information(&p, m, pair, 2, &e, &why) == ML_OK);
            CHECK(continuous_significance(&p, m, pair, e.nats, 49, stream, &one, &why) == ML_OK);
            p.jobs = 3;
            CHECK(continuous_significance(&p, m, pair, e.nats, 49, stream, &other, &why) == ML_OK);
            CHECK(one == other);
            sum += one;
            gsl_matrix_free(m);
        }
        if (fabs(sum / 40 - 0.51) > 4 * sqrt(1. / 12 / 40))
            UNIT_FAIL("method %d: mean p %g", (int)method, sum / 40);
    }
}

int main(void)
{
    gsl_set_error_handler_off();
    unit_case("the expected values are there");
    read_expected();
    make_data();
    gaussian();
    near();
    ksg();
    histogram();
    samples();
    degenerate();
    bins();
    scales();
    extremes();
    permutations();
    gsl_matrix_free(x);
    gsl_matrix_free(q);
    return unit_end();
}
