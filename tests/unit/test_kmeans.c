/* k-means: both methods agree at every iteration, inertia falls, known answers, ties, duplicates, scales. */
#include "ml/kmeans.h"

#include <gsl/gsl_errno.h>
#include <stdlib.h>

#include "base/random.h"
#include "datasets.h"
#include "unit.h"

static ml_message why;

/* What each iteration said. */
typedef struct history {
    size_t rows, count;
    uint64_t hash[400];
    double inertia[400];
} history;

static void remember(void *context, const kmeans_iteration *now)
{
    history *h = context;
    if (h->count >= 400)
        return;
    uint64_t hash = 0;
    for (size_t i = 0; i < h->rows; i++)
        hash = random_mix(hash + now->labels[i]);
    for (size_t i = 0; i < now->after->size1 * now->after->size2; i++) {
        uint64_t bits;
        memcpy(&bits, &now->after->data[i], sizeof bits);
        hash = random_mix(hash + bits);
    }
    h->hash[h->count] = hash;
    h->inertia[h->count++] = now->inertia;
}

/* Points on a coarse grid: many ties and duplicates; SPREAD 0: normal. */
static gsl_matrix *points(size_t n, size_t d, double grid, uint64_t stream)
{
    gsl_rng *g = random_stream(11, stream);
    gsl_matrix *x = gsl_matrix_alloc(n, d);
    for (size_t i = 0; i < n * d; i++) {
        double v = 0;
        for (int t = 0; t < 4; t++)
            v += gsl_rng_uniform(g) - 0.5;
        x->data[i] = grid > 0 ? grid * (double)(int)(4 * v / grid) : v;
    }
    gsl_rng_free(g);
    return x;
}

static void one_agreement(const gsl_matrix *x, kmeans_params p)
{
    history h[3] = {{.rows = x->size1}, {.rows = x->size1}, {.rows = x->size1}};
    kmeans_result r[3];
    for (int way = 0; way < 3; way++) {
        p.method = way == 0 ? KMEANS_LLOYD : KMEANS_HAMERLY;
        p.jobs = way == 2 ? 3 : 1;
        p.progress = remember;
        p.context = &h[way];
        if (kmeans_fit(x, NULL, &p, &r[way], &why) != ML_OK) {
            UNIT_FAIL("%s", why.text);
            return;
        }
    }
    for (int way = 1; way < 3; way++) {
        CHECK(h[way].count == h[0].count);
        CHECK(memcmp(h[way].hash, h[0].hash, sizeof h[0].hash) == 0);
        CHECK(memcmp(r[way].labels, r[0].labels, x->size1 * sizeof(uint32_t)) == 0);
        CHECK(r[way].inertia == r[0].inertia);
    }
    for (size_t i = 1; i < h[0].count && r[0].refilled == 0; i++)
        CHECK(h[0].inertia[i] <= h[0].inertia[i - 1] * (1 + 1e-13));
    for (int way = 0; way < 3; way++)
        kmeans_free(&r[way]);
}

static void agreement(void)
{
    unit_case("Hamerly's bounds and plain Lloyd: the same labels and centroids at every iteration, for any "
              "jobs; no rise");
    kmeans_params p;
    kmeans_defaults(&p);
    p.restarts = 1;
    for (size_t trial = 0; trial < 40; trial++) {
        size_t n = 20 + 317 * (trial % 7), d = 1 + trial % 5;
        gsl_matrix *x = points(n, d, trial % 3 ? 0.5 : 0, trial);
        p.k = 2 + trial % 6;
        p.seed = trial;
        p.start = trial % 4 == 1 ? KMEANS_RANDOM : KMEANS_PLUSPLUS;
        p.spherical = trial % 12 == 0; /* no grid then: no zero rows */
        one_agreement(x, p);
        gsl_matrix_free(x);
    }
    unit_case("the same far from the origin and at tiny and huge scales");
    double scales[] = {1e-300, 1e-30, 1e30, 1e150};
    for (size_t s = 0; s < 5; s++) {
        gsl_matrix *x = points(1500, 3, 0, 77 + s);
        if (s < 4)
            gsl_matrix_scale(x, scales[s]);
        else
            gsl_matrix_add_constant(x, 1e9);
        p.k = 5;
        p.spherical = false;
        one_agreement(x, p);
        gsl_matrix_free(x);
    }
}

static double fit_inertia(const gsl_matrix *x, kmeans_params p, kmeans_result *r)
{
    CHECK(kmeans_fit(x, NULL, &p, r, &why) == ML_OK);
    return r->inertia;
}

static void known(void)
{
    unit_case("six points: centres (1, 2) and (10, 2), inertia 16");
    double six[] = {1, 2, 1, 4, 1, 0, 10, 2, 10, 4, 10, 0};
    gsl_matrix_view x = gsl_matrix_view_array(six, 6, 2);
    kmeans_params p;
    kmeans_defaults(&p);
    p.k = 2;
    kmeans_result r;
    CHECK(fit_inertia(&x.matrix, p, &r) == 16);
    CHECK(gsl_matrix_get(r.centroids, 0, 0) == 1 && gsl_matrix_get(r.centroids, 0, 1) == 2);
    CHECK(gsl_matrix_get(r.centroids, 1, 0) == 10 && gsl_matrix_get(r.centroids, 1, 1) == 2);
    CHECK(r.sizes[0] == 3 && r.total == 137.5 && r.converged);
    kmeans_free(&r);
    unit_case("six points from the first two: a local minimum of 125.5");
    p.start = KMEANS_FIRST;
    CHECK(fit_inertia(&x.matrix, p, &r) == 125.5);
    CHECK(r.iterations == 2 && r.labels[3] == 0 && r.labels[4] == 1);
    kmeans_free(&r);
}

static void edges(void)
{
    unit_case(
        "as many clusters as rows; one row; one column; a constant column; k above n; too few distinct rows");
    double rows[] = {3, 7, 1, 7, 2, 7};
    gsl_matrix_view x = gsl_matrix_view_array(rows, 3, 2), one = gsl_matrix_view_array(rows, 1, 2);
    kmeans_params p;
    kmeans_defaults(&p);
    kmeans_result r;
    p.k = 3;
    CHECK(fit_inertia(&x.matrix, p, &r) == 0 && r.labels[0] == 0 && r.labels[1] == 1 && r.labels[2] == 2);
    kmeans_free(&r);
    p.k = 4;
    CHECK(kmeans_fit(&x.matrix, NULL, &p, &r, &why) == ML_FAIL);
    CHECK_TEXT(why.text, "4 clusters of 3 rows: there cannot be more clusters than rows");
    p.k = 1;
    CHECK(fit_inertia(&one.matrix, p, &r) == 0 && r.total == 0);
    kmeans_free(&r);
    CHECK(fit_inertia(&x.matrix, p, &r) == 2 && gsl_matrix_get(r.centroids, 0, 0) == 2);
    kmeans_free(&r);
    double twins[] = {1, 1, 1, 2, 2, 2};
    gsl_matrix_view t = gsl_matrix_view_array(twins, 6, 1);
    p.k = 3;
    for (kmeans_start start = KMEANS_PLUSPLUS; start <= KMEANS_FIRST; start++) {
        p.start = start;
        CHECK(kmeans_fit(&t.matrix, NULL, &p, &r, &why) == ML_FAIL);
        CHECK_TEXT(
            why.text,
            "only 2 of the rows are different (with a weight above 0), so 3 clusters cannot all have one");
    }
    p.k = 2;
    p.start = KMEANS_FIRST; /* both the same: the second is refilled */
    CHECK(fit_inertia(&t.matrix, p, &r) == 0 && r.refilled == 1);
    kmeans_free(&r);
}

static void weights(void)
{
    unit_case("a weight of 3 is three rows; a weight of 0 is none");
    double apart[] = {0, 1, 9, 10}, together[] = {0, 1, 1, 1, 9, 10}, w[] = {1, 3, 1, 1},
           unweighed[] = {1, 3, 1, 1, 0};
    double more[] = {0, 1, 9, 10, 500};
    gsl_matrix_view a = gsl_matrix_view_array(apart, 4, 1), b = gsl_matrix_view_array(together, 6, 1);
    gsl_matrix_view c = gsl_matrix_view_array(more, 5, 1);
    gsl_vector_view weight = gsl_vector_view_array(w, 4), zero = gsl_vector_view_array(unweighed, 5);
    kmeans_params p;
    kmeans_defaults(&p);
    p.k = 2;
    kmeans_result r, s;
    CHECK(kmeans_fit(&a.matrix, &weight.vector, &p, &r, &why) == ML_OK);
    CHECK(kmeans_fit(&b.matrix, NULL, &p, &s, &why) == ML_OK);
    CHECK(r.inertia == s.inertia && r.total == s.total && r.weights[0] == 4 && r.sizes[0] == 2);
    CHECK(gsl_matrix_get(r.centroids, 0, 0) == 0.75);
    kmeans_free(&r);
    CHECK(kmeans_fit(&c.matrix, &zero.vector, &p, &r, &why) == ML_OK);
    CHECK(r.inertia == s.inertia && gsl_matrix_get(r.centroids, 1, 0) == 9.5);
    kmeans_free(&r);
    kmeans_free(&s);
    w[2] = -1;
    CHECK(kmeans_fit(&a.matrix, &weight.vector, &p, &r, &why) == ML_FAIL &&
          strstr(why.text, "row 3 has the weight -1"));
}

static void others(void)
{
    unit_case("directions: lengths do not matter; a row of zeros has none");
    double rays[] = {1, 0, 100, 1, 0, 2, 1, 50, -3, 0};
    gsl_matrix_view x = gsl_matrix_view_array(rays, 5, 2);
    kmeans_params p;
    kmeans_defaults(&p);
    p.k = 3;
    p.spherical = true;
    kmeans_result r;
    CHECK(kmeans_fit(&x.matrix, NULL, &p, &r, &why) == ML_OK);
    CHECK(r.labels[0] == 0 && r.labels[1] == 0 && r.labels[2] == 1 && r.labels[3] == 1 && r.labels[4] == 2);
    CHECK_NEAR(hypot(gsl_matrix_get(r.centroids, 0, 0), gsl_matrix_get(r.centroids, 0, 1)), 1, 1e-15);
    uint32_t labels[5];
    CHECK(kmeans_assign(&x.matrix, r.centroids, true, 1, labels, NULL, &why) == ML_OK);
    CHECK(memcmp(labels, r.labels, sizeof labels) == 0);
    kmeans_free(&r);
    rays[6] = rays[7] = 0;
    CHECK(kmeans_fit(&x.matrix, NULL, &p, &r, &why) == ML_FAIL &&
          strstr(why.text, "row 4 is all zeros") != NULL);
    unit_case(
        "mini-batch comes within a hundredth of Lloyd's inertia on clear clusters, the same for a seed");
    gsl_matrix *b = points(4000, 2, 0, 5);
    for (size_t i = 0; i < 4000; i++)
        gsl_matrix_set(b, i, 0, gsl_matrix_get(b, i, 0) + 10 * (double)(i % 4));
    kmeans_defaults(&p);
    p.k = 4;
    kmeans_result s, t;
    double best = fit_inertia(b, p, &s);
    p.method = KMEANS_MINIBATCH;
    p.max_iterations = 100;
    CHECK(fit_inertia(b, p, &r) <= 1.01 * best);
    CHECK(fit_inertia(b, p, &t) == r.inertia);
    kmeans_free(&r);
    kmeans_free(&s);
    kmeans_free(&t);
    gsl_matrix_free(b);
}

int main(void)
{
    gsl_set_error_handler_off();
    agreement();
    known();
    edges();
    weights();
    others();
    return unit_end();
}
