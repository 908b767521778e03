/* Nearest neighbours: tree, all distances and a plain sort give the same bits; ties, duplicates, scales,
 * jobs. */
#include "ml/neighbours.h"

#include <gsl/gsl_rng.h>
#include <stdlib.h>

#include "base/random.h"
#include "unit.h"

static ml_message why;

/* GRID > 0: multiples of it, so with ties and duplicates; uniform otherwise.  Times SCALE. */
static gsl_matrix *points(size_t n, size_t d, double grid, double scale, uint64_t stream)
{
    gsl_rng *g = random_stream(7, stream);
    gsl_matrix *x = gsl_matrix_alloc(n, d);
    for (size_t i = 0; i < n * d; i++) {
        double v = gsl_rng_uniform(g) - 0.5;
        x->data[i] = scale * (grid > 0 ? grid * round(v / grid) : v);
    }
    gsl_rng_free(g);
    return x;
}

typedef struct pair {
    double distance;
    size_t row;
} pair;

static int compare(const void *a, const void *b)
{
    const pair *p = a, *q = b;
    return p->distance != q->distance ? (p->distance < q->distance ? -1 : 1)
                                      : (p->row > q->row) - (p->row < q->row);
}

/* SCALE is a power of two by which the squares neither vanish nor overflow. */
static double distance(const gsl_matrix *a, size_t i, const gsl_matrix *b, size_t l, bool euclidean,
                       double scale, const double *weights)
{
    double sum = 0, most = 0;
    for (size_t j = 0; j < a->size2; j++) {
        double difference =
            fabs(gsl_matrix_get(a, i, j) - gsl_matrix_get(b, l, j)) * (weights ? weights[j] : 1);
        sum += (difference * scale) * (difference * scale);
        most = fmax(most, difference);
    }
    return euclidean && a->size2 > 1 ? sqrt(sum) / scale : most;
}

/* One query by sorting all distances; counts at the distance of the k-th. */
static void one_query(const gsl_matrix *x, const gsl_matrix *q, const double *weights, size_t i,
                      bool euclidean, double scale, size_t k, const double *distances, const size_t *nearest,
                      const size_t *less, const size_t *most)
{
    pair *all = malloc((x->size1 + 1) * sizeof *all);
    size_t n = 0, strict = 0, within = 0;
    for (size_t l = 0; l < x->size1; l++)
        if (q != NULL || l != i)
            all[n++] = (pair){distance(q ? q : x, i, x, l, euclidean, scale, weights), l};
    qsort(all, n, sizeof *all, compare);
    CHECK(distances[i] == all[k - 1].distance);
    for (size_t l = 0; l < k; l++)
        CHECK(nearest[i * k + l] == all[l].row);
    for (size_t l = 0; l < n; l++) {
        strict += all[l].distance < all[k - 1].distance;
        within += all[l].distance <= all[k - 1].distance;
    }
    CHECK(less[i] == strict);
    CHECK(most[i] == within);
    free(all);
}

static void one_way(const gsl_matrix *x, const gsl_matrix *q, const double *weights, bool euclidean,
                    neighbours_way way, int jobs, size_t k, double scale)
{
    size_t n = q ? q->size1 : x->size1;
    neighbours *index;
    double *distances = malloc(n * sizeof *distances), *again = malloc(n * sizeof *again);
    size_t *nearest = malloc(n * k * sizeof *nearest), *less = malloc(n * sizeof *less),
           *most = malloc(n * sizeof *most);
    CHECK(neighbours_new(&index, x, weights, euclidean ? NEIGHBOURS_EUCLIDEAN : NEIGHBOURS_MAX, way, jobs,
                         &why) == ML_OK);
    CHECK(neighbours_nearest(index, q, k, distances, nearest, &why) == ML_OK);
    CHECK(neighbours_nearest(index, q, k, again, NULL, &why) == ML_OK);
    CHECK(memcmp(distances, again, n * sizeof *distances) == 0);
    neighbours_count(index, q, distances, true, less);
    neighbours_count(index, q, distances, false, most);
    for (size_t i = 0; i < n; i++)
        one_query(x, q, weights, i, euclidean, scale, k, distances, nearest, less, most);
    neighbours_free(index);
    free(distances);
    free(again);
    free(nearest);
    free(less);
    free(most);
}

static void all_ways(size_t n, size_t d, double grid, double scale, double power, size_t k)
{
    gsl_matrix *x = points(n, d, grid, scale, n + d), *q = points(37, d, grid, 1.5 * scale, n + d + 1);
    double weights[32];
    for (size_t j = 0; j < d; j++)
        weights[j] = 0.7 + 0.3 * (double)j;
    for (int euclidean = 0; euclidean < 2; euclidean++)
        for (neighbours_way way = NEIGHBOURS_AUTO; way <= NEIGHBOURS_ALL; way++) {
            one_way(x, NULL, NULL, euclidean, way, way == NEIGHBOURS_TREE ? 3 : 1, k, power);
            one_way(x, q, weights, euclidean, way, 1, k, power);
            one_way(x, NULL, weights, euclidean, way, 1, k, power);
        }
    gsl_matrix_free(x);
    gsl_matrix_free(q);
}

static void shapes(void)
{
    unit_case("tree and all distances against a plain sort, 1 to 25 columns, both norms");
    for (size_t d = 1; d <= 6; d++)
        all_ways(500, d, 0, 1, 1, 1 + d);
    all_ways(300, 13, 0, 1, 1, 4);
    all_ways(300, 25, 0, 1, 1, 3);
    unit_case("two rows, one leaf, one more than a leaf, k up to all others");
    all_ways(2, 3, 0, 1, 1, 1);
    all_ways(16, 2, 0, 1, 1, 15);
    all_ways(17, 2, 0, 1, 1, 16);
    all_ways(33, 1, 0, 1, 1, 20);
}

static void ties(void)
{
    unit_case("ties and duplicates: the lesser rows are nearer");
    for (size_t d = 1; d <= 4; d++) {
        all_ways(400, d, 0.25, 1, 1, 5);
        all_ways(400, d, 0.5, 1, 1, 60);
        all_ways(200, d, 1e9, 1, 1, 7); /* all the same point */
    }
}

static void scales(void)
{
    unit_case("scales at which squares overflow or vanish");
    all_ways(200, 3, 0, 0x1p600, 0x1p-600, 4);
    all_ways(200, 3, 0, 0x1p-600, 0x1p600, 4);
    all_ways(200, 2, 0.125, 0x1p-1010, 0x1p1000, 4);
    unit_case("close points among far ones");
    gsl_matrix *x = points(40, 2, 0, 0x1p-900, 5);
    for (size_t i = 30; i < 40; i++)
        for (size_t j = 0; j < 2; j++)
            gsl_matrix_set(x, i, j, (double)(i * i + j));
    neighbours *index;
    double distances[40];
    for (neighbours_way way = NEIGHBOURS_TREE; way <= NEIGHBOURS_ALL; way++) {
        CHECK(neighbours_new(&index, x, NULL, NEIGHBOURS_EUCLIDEAN, way, 1, &why) == ML_OK);
        CHECK(neighbours_nearest(index, NULL, 2, distances, NULL, &why) == ML_OK);
        for (size_t i = 0; i < 30; i++) {
            pair all[40];
            size_t n = 0;
            for (size_t l = 0; l < 30; l++)
                if (l != i)
                    all[n++] = (pair){distance(x, i, x, l, true, 0x1p900, NULL), l};
            qsort(all, n, sizeof *all, compare);
            CHECK(distances[i] == all[1].distance);
        }
        CHECK(distances[35] == hypot(36 * 36 - 35 * 35, 36 * 36 - 35 * 35));
        neighbours_free(index);
    }
    gsl_matrix_free(x);
    unit_case("a spread beyond the range of a double is refused");
    x = points(3, 2, 0, 1, 1);
    gsl_matrix_set(x, 0, 1, 1.7e308);
    gsl_matrix_set(x, 1, 1, -1.7e308);
    CHECK(neighbours_new(&index, x, NULL, NEIGHBOURS_MAX, NEIGHBOURS_AUTO, 1, &why) == ML_FAIL);
    CHECK(strstr(why.text, "beyond the range") != NULL);
    gsl_matrix_free(x);
}

/* A hundred thousand equal points, and as many on a line in two columns: quadratic work would take minutes.
 */
static void large(void)
{
    unit_case("a hundred thousand equal points, and neighbours of as many on a line");
    size_t n = 100000, *nearest = malloc(n * 3 * sizeof *nearest), *counts = malloc(n * sizeof *counts);
    double *distances = malloc(n * sizeof *distances);
    for (int equal = 0; equal < 2; equal++) {
        gsl_matrix *x = gsl_matrix_alloc(n, 2);
        for (size_t i = 0; i < n; i++)
            for (size_t j = 0; j < 2; j++)
                gsl_matrix_set(x, i, j, equal ? 1 : (double)(i * 7919 % n));
        neighbours *index;
        CHECK(neighbours_new(&index, x, NULL, NEIGHBOURS_EUCLIDEAN, NEIGHBOURS_AUTO, 2, &why) == ML_OK);
        CHECK(neighbours_nearest(index, NULL, 3, distances, nearest, &why) == ML_OK);
        neighbours_count(index, NULL, distances, false, counts);
        CHECK(!equal || nearest[3 * 50000] == 0);
        CHECK(distances[50000] == (equal ? 0 : 2 * sqrt(2)));
        CHECK(counts[50000] == (equal ? n - 1 : 4));
        neighbours_free(index);
        gsl_matrix_free(x);
    }
    free(nearest);
    free(counts);
    free(distances);
}

int main(void)
{
    shapes();
    ties();
    scales();
    large();
    return unit_end();
}
