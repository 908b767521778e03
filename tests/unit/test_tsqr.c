#include <gsl/gsl_blas.h>
#include <gsl/gsl_errno.h>
#include <stdlib.h>

#include "base/random.h"
#include "math/tsqr.h"
#include "unit.h"

static ml_message why;

static gsl_matrix *random_rows(size_t m, size_t n, unsigned long seed)
{
    gsl_rng *g = random_stream(seed, 1);
    gsl_matrix *x = gsl_matrix_alloc(m, n);
    for (size_t i = 0; i < m * n; i++)
        x->data[i] = 2 * gsl_rng_uniform(g) - 1;
    gsl_rng_free(g);
    return x;
}

/* A state of rows FIRST.. of X, handed over PIECE rows at a time. */
static tsqr *fed(const gsl_matrix *x, size_t first, size_t count, tsqr_kind kind, size_t piece, int jobs)
{
    tsqr *t;
    CHECK(tsqr_new(&t, x->size2, kind, jobs, &why) == ML_OK);
    for (size_t i = 0; i < count; i += piece) {
        size_t rows = count - i < piece ? count - i : piece;
        gsl_matrix_const_view part = gsl_matrix_const_submatrix(x, first + i, 0, rows, x->size2);
        CHECK(tsqr_add(t, &part.matrix, &why) == ML_OK);
    }
    return t;
}

static gsl_matrix *factor_of(tsqr *t)
{
    gsl_matrix *f;
    if (tsqr_factor(t, &f, &why) == ML_OK)
        return f;
    UNIT_FAIL("%s", why.text);
    exit(1);
}

/* |F'F - X'X| relative to the columns' lengths, X being centred by its means if asked. */
static double gram_error(const gsl_matrix *f, const gsl_matrix *x, bool centre)
{
    size_t n = x->size2;
    double worst = 0;
    gsl_matrix *y = gsl_matrix_alloc(x->size1, n), *a = gsl_matrix_alloc(n, n), *b = gsl_matrix_alloc(n, n);
    gsl_matrix_memcpy(y, x);
    for (size_t j = 0; j < n && centre; j++) {
        long double sum = 0;
        for (size_t i = 0; i < x->size1; i++)
            sum += gsl_matrix_get(x, i, j);
        gsl_vector_view c = gsl_matrix_column(y, j);
        gsl_vector_add_constant(&c.vector, (double)(-sum / (long double)x->size1));
    }
    gsl_blas_dgemm(CblasTrans, CblasNoTrans, 1, y, y, 0, a);
    gsl_blas_dgemm(CblasTrans, CblasNoTrans, 1, f, f, 0, b);
    for (size_t i = 0; i < n; i++)
        for (size_t j = 0; j < n; j++)
            worst = fmax(worst, fabs(gsl_matrix_get(a, i, j) - gsl_matrix_get(b, i, j)) /
                                    sqrt(gsl_matrix_get(a, i, i) * gsl_matrix_get(a, j, j)));
    gsl_matrix_free(y);
    gsl_matrix_free(a);
    gsl_matrix_free(b);
    return worst;
}

static void same_state(tsqr *a, tsqr *b)
{
    gsl_matrix *f = factor_of(a), *g = factor_of(b);
    gsl_vector *p = gsl_vector_alloc(f->size2), *q = gsl_vector_alloc(f->size2);
    tsqr_mean(a, p);
    tsqr_mean(b, q);
    CHECK(gsl_matrix_equal(f, g) && gsl_vector_equal(p, q));
    gsl_matrix_free(f);
    gsl_matrix_free(g);
    gsl_vector_free(p);
    gsl_vector_free(q);
}

static void shapes(void)
{
    unit_case("F'F = X'X; the same bytes however the rows arrive and for every number of jobs");
    static const size_t columns[] = {1, 2, 5, 8, 13, 50, 97, 130};
    static const size_t rows[] = {2, 63, 65, 130, 600, 3001};
    for (size_t c = 0; c < 8; c++)
        for (size_t r = 0; r < 6; r++)
            for (int kind = TSQR_PLAIN; kind <= TSQR_CENTRE; kind++) {
                gsl_matrix *x = random_rows(rows[r], columns[c], c + 1);
                tsqr *all = fed(x, 0, rows[r], (tsqr_kind)kind, rows[r], 1);
                gsl_matrix *f = factor_of(all);
                CHECK(tsqr_count(all) == rows[r]);
                CHECK(f->size1 <= tsqr_raw_limit(columns[c]));
                CHECK(gram_error(f, x, kind == TSQR_CENTRE) < 1e-14 * sqrt((double)rows[r]));
                static const size_t piece[] = {1, 7, 64, 1000};
                for (size_t k = 0; k < 4; k++) {
                    tsqr *other = fed(x, 0, rows[r], (tsqr_kind)kind, piece[k], 1 + (int)k);
                    same_state(all, other);
                    tsqr_free(other);
                }
                gsl_matrix_free(f);
                tsqr_free(all);
                gsl_matrix_free(x);
            }
}

static void shards(void)
{
    unit_case("merged states of shards of any size agree with the whole; no rows are the identity");
    static const size_t cuts[][2] = {{0, 0}, {1, 2}, {30, 100}, {500, 501}, {900, 2100}, {2999, 3000}};
    for (size_t k = 0; k < 6; k++)
        for (int kind = TSQR_PLAIN; kind <= TSQR_CENTRE; kind++) {
            gsl_matrix *x = random_rows(3000, 20, 9);
            for (size_t i = 0; i < 3000; i++) /* means that differ from shard to shard */
                *gsl_matrix_ptr(x, i, 3) += 1000.0 * (double)(i / 700);
            size_t ends[] = {0, cuts[k][0], cuts[k][1], 3000};
            tsqr *sum = fed(x, 0, 0, (tsqr_kind)kind, 1, 2);
            for (size_t s = 3; s-- > 0;) {
                tsqr *part = fed(x, ends[s], ends[s + 1] - ends[s], (tsqr_kind)kind, 400, 1);
                CHECK(tsqr_merge(sum, part, &why) == ML_OK);
                tsqr_free(part);
            }
            gsl_matrix *f = factor_of(sum);
            CHECK(tsqr_count(sum) == 3000);
            CHECK(gram_error(f, x, kind == TSQR_CENTRE) < 1e-13);
            gsl_matrix_free(f);
            tsqr_free(sum);
            gsl_matrix_free(x);
        }
}

/* Sums of squares about the mean, known exactly: SHIFT plus 0, 1, ..., 6 over and over, 700 cycles. */
static void check_shifted(double shift, bool outlier)
{
    enum { N = 4900 };
    gsl_matrix *x = gsl_matrix_alloc(N + outlier, 2);
    for (size_t i = 0; i < x->size1; i++) {
        size_t at = i - outlier;
        gsl_matrix_set(x, i, 0, i < outlier ? 1e6 : shift + (double)(at % 7));
        gsl_matrix_set(x, i, 1, 0.1);
    }
    /* Sum of (k - 3)^2 over a cycle is 28; one more value at distance d adds d^2 N / (N + 1). */
    double distance = 1e6 - shift - 3;
    double expected = N / 7 * 28 + (outlier ? distance * distance * N / (N + 1) : 0);
    tsqr *t = fed(x, 0, x->size1, TSQR_CENTRE, 999, 2);
    gsl_matrix *f = factor_of(t);
    gsl_vector *mean = gsl_vector_alloc(2);
    tsqr_mean(t, mean);
    CHECK_NEAR(f->data[0] * f->data[0] / expected, 1, 1e-13);
    /* The mean is good to some units in the last place of itself or of the standard deviation. */
    double exact = outlier ? shift + 3 + distance / (N + 1) : shift + 3;
    CHECK(fabs(gsl_vector_get(mean, 0) - exact) <= 1e-14 * sqrt(expected / N) + 1e-15 * fabs(exact));
    CHECK(f->data[1] == 0 && f->data[3] == 0 && gsl_vector_get(mean, 1) == 0.1);
    gsl_vector_free(mean);
    gsl_matrix_free(f);
    tsqr_free(t);
    gsl_matrix_free(x);
}

static void accuracy(void)
{
    unit_case("a mean of 1e9 costs no digits of the variance; a constant column is exactly constant");
    check_shifted(0, false);
    check_shifted(1e9, false);
    check_shifted(1e15, false);
    check_shifted(0, true);
}

/* A first row of 1e15 and 9,999 of 3.25: the mean, 100000000003.249675, to its last place, in one piece, and
 * of states merged in either order. */
static void far_first(void)
{
    enum { N = 10000 };
    unit_case("a first row far from the others costs the mean no digit");
    gsl_matrix *x = gsl_matrix_alloc(N, 1);
    gsl_matrix_set_all(x, 3.25);
    gsl_matrix_set(x, 0, 0, 1e15);
    for (size_t cut = 0; cut <= 200; cut += cut == 0 ? 1 : 199)
        for (int swapped = 0; swapped < 2; swapped++) {
            tsqr *a = fed(x, 0, cut, TSQR_CENTRE, 999, 2), *b = fed(x, cut, N - cut, TSQR_CENTRE, 999, 2);
            tsqr *into = swapped ? b : a;
            CHECK(tsqr_merge(into, swapped ? a : b, &why) == ML_OK);
            gsl_matrix *f = factor_of(into);
            gsl_vector *mean = gsl_vector_alloc(1);
            tsqr_mean(into, mean);
            CHECK(fabs(gsl_vector_get(mean, 0) - 100000000003.249675) < 1e-4);
            gsl_vector_free(mean);
            gsl_matrix_free(f);
            tsqr_free(a);
            tsqr_free(b);
        }
    gsl_matrix_free(x);
}

static void extremes(void)
{
    unit_case("columns times powers of two near the ends of the range: the same R times them, to the bit");
    static const double power[] = {0x1p990, 0x1p-990, 1, 0x1p500, 0x1p-500};
    for (int kind = TSQR_PLAIN; kind <= TSQR_CENTRE; kind++) {
        gsl_matrix *x = random_rows(2000, 5, 4), *y = gsl_matrix_alloc(2000, 5);
        for (size_t i = 0; i < 2000; i++)
            for (size_t j = 0; j < 5; j++)
                gsl_matrix_set(y, i, j, gsl_matrix_get(x, i, j) * power[j]);
        tsqr *plain = fed(x, 0, 2000, (tsqr_kind)kind, 2000, 1),
             *scaled = fed(y, 0, 2000, (tsqr_kind)kind, 300, 2);
        gsl_matrix *f = factor_of(plain), *g = factor_of(scaled);
        for (size_t i = 0; i < 5; i++)
            for (size_t j = 0; j < 5; j++)
                CHECK(gsl_matrix_get(f, i, j) * power[j] == gsl_matrix_get(g, i, j));
        gsl_matrix_free(f);
        gsl_matrix_free(g);
        tsqr_free(plain);
        tsqr_free(scaled);
        gsl_matrix_free(x);
        gsl_matrix_free(y);
    }
    unit_case("a huge value late in a column of small ones, and a sum of squares that no double holds");
    gsl_matrix *x = gsl_matrix_alloc(3000, 1);
    gsl_matrix_set_all(x, 1e-300);
    gsl_matrix_set(x, 2500, 0, 3e300);
    gsl_matrix_set(x, 2600, 0, 4e300);
    tsqr *t = fed(x, 0, 3000, TSQR_PLAIN, 10, 1);
    gsl_matrix *f = factor_of(t);
    CHECK_NEAR(fabs(f->data[0]) / 5e300, 1, 1e-14);
    gsl_matrix_free(f);
    tsqr_free(t);
    gsl_matrix_set_all(x, 1e308);
    t = fed(x, 0, 3000, TSQR_PLAIN, 10, 1);
    CHECK(tsqr_factor(t, &f, &why) == ML_FAIL && f == NULL && strstr(why.text, "column 1") != NULL);
    tsqr_free(t);
    gsl_matrix_free(x);
}

/* FROM by way of its numbers. */
static tsqr *carried(tsqr *from, size_t columns, tsqr_kind kind)
{
    tsqr_parts parts;
    tsqr *t;
    CHECK(tsqr_export(from, &parts, &why) == ML_OK);
    CHECK(tsqr_new(&t, columns, kind, 1, &why) == ML_OK);
    CHECK(tsqr_import(t, &parts, &why) == ML_OK);
    CHECK(tsqr_count(t) == tsqr_count(from));
    tsqr_parts_free(&parts);
    return t;
}

static void numbers(void)
{
    unit_case("a state that goes through its numbers gives the same bits, raw, short of columns and reduced");
    static const size_t counts[] = {0, 1, 40, 64, 65, 66, 700, 3000};
    for (size_t k = 0; k < 8; k++)
        for (int kind = TSQR_PLAIN; kind <= TSQR_CENTRE; kind++) {
            gsl_matrix *x = random_rows(3000, 20, k + 1);
            tsqr *a = fed(x, 0, counts[k], (tsqr_kind)kind, 400, 1), *b = carried(a, 20, (tsqr_kind)kind);
            tsqr *rest = fed(x, counts[k], 3000 - counts[k], (tsqr_kind)kind, 77, 1);
            CHECK(tsqr_merge(a, rest, &why) == ML_OK && tsqr_merge(b, rest, &why) == ML_OK);
            gsl_matrix *f = factor_of(a), *g = factor_of(b);
            CHECK(f->size1 == g->size1 && memcmp(f->data, g->data, f->size1 * 20 * sizeof(double)) == 0);
            gsl_matrix_free(f);
            gsl_matrix_free(g);
            tsqr_free(a);
            tsqr_free(b);
            tsqr_free(rest);
            gsl_matrix_free(x);
        }
    unit_case("numbers that no state gives are refused");
    tsqr_parts p;
    tsqr *t;
    CHECK(tsqr_new(&t, 2, TSQR_PLAIN, 1, &why) == ML_OK && tsqr_parts_alloc(&p, 100, 2, true, &why) == ML_OK);
    p.filled = 2;
    p.scale[0] = 3;
    CHECK(tsqr_import(t, &p, &why) == ML_FAIL);
    p.scale[0] = 1;
    p.rows[2] = INFINITY;
    CHECK(tsqr_import(t, &p, &why) == ML_FAIL);
    p.rows[2] = 1;
    p.count = 10;
    CHECK(tsqr_import(t, &p, &why) == ML_FAIL);
    p.count = 100;
    CHECK(tsqr_import(t, &p, &why) == ML_OK && tsqr_count(t) == 100);
    tsqr_parts_free(&p);
    tsqr_free(t);
}

int main(void)
{
    gsl_set_error_handler_off();
    shapes();
    shards();
    numbers();
    accuracy();
    far_first();
    extremes();
    return unit_end();
}
