/* A = Q B P': the product, the orthogonality, the singular values against LAPACK's dgesvd of A itself, the
 * same bits for any number of threads and for the plain instruction set. */
#include <gsl/gsl_blas.h>
#include <gsl/gsl_errno.h>
#include <lapack.h>
#include <stdlib.h>

#include "base/random.h"
#include "math/bidiagonal.h"
#include "unit.h"

/* The same source once more, without clones. */
#define ML_NO_CLONES
#define bidiagonal_new plain_new
#define bidiagonal_free plain_free
#define bidiagonal_entries plain_entries
#define bidiagonal_scale plain_scale
#define bidiagonal_left plain_left
#define bidiagonal_right plain_right
void bidiagonal_free(bidiagonal *b);
void bidiagonal_entries(const bidiagonal *b, double *d, double *e);
double bidiagonal_scale(const bidiagonal *b);
ml_status bidiagonal_new(bidiagonal **b, const gsl_matrix *a, int jobs, ml_message *why);
ml_status bidiagonal_left(const bidiagonal *b, const double *c, size_t down, size_t across, gsl_matrix *out,
                          ml_message *why);
ml_status bidiagonal_right(const bidiagonal *b, const double *c, size_t down, size_t across, gsl_matrix *out,
                           ml_message *why);
#include "../../lib/math/bidiagonal.c"
#undef bidiagonal_new
#undef bidiagonal_free
#undef bidiagonal_entries
#undef bidiagonal_scale
#undef bidiagonal_left
#undef bidiagonal_right

static ml_message why;

typedef struct parts {
    gsl_matrix *q, *p; /* rows x n, n x n */
    double *d, *e;     /* n each, e[n - 1] = 0 */
    double scale;
} parts;

/* Entries uniform in (-1, 1) times SIZE; RANK > 0: products of that inner dimension; GRADE: row i times
 * GRADE^i. */
static gsl_matrix *random_matrix(size_t m, size_t n, size_t rank, double size, double grade,
                                 unsigned long seed)
{
    gsl_rng *g = random_stream(seed, 3);
    size_t inner = rank ? rank : n;
    gsl_matrix *a = gsl_matrix_alloc(m, n), *left = gsl_matrix_alloc(m, inner),
               *right = gsl_matrix_alloc(inner, n);
    for (size_t i = 0; i < m * inner; i++)
        left->data[i] = 2 * gsl_rng_uniform(g) - 1;
    for (size_t i = 0; i < inner * n; i++)
        right->data[i] = 2 * gsl_rng_uniform(g) - 1;
    if (rank == 0)
        gsl_matrix_memcpy(a, left);
    else
        gsl_blas_dgemm(CblasNoTrans, CblasNoTrans, 1, left, right, 0, a);
    for (size_t i = 0; i < m; i++)
        for (size_t j = 0; j < n; j++)
            a->data[i * n + j] *= size * pow(grade, (double)i);
    gsl_matrix_free(left);
    gsl_matrix_free(right);
    gsl_rng_free(g);
    return a;
}

static parts take_parts(const bidiagonal *b, size_t m, size_t n)
{
    double *one = calloc(n * n, sizeof *one);
    parts x = {.q = gsl_matrix_alloc(m, n),
               .p = gsl_matrix_alloc(n, n),
               .d = calloc(n, sizeof(double)),
               .e = calloc(n, sizeof(double)),
               .scale = bidiagonal_scale(b)};
    for (size_t i = 0; i < n; i++)
        one[i * n + i] = 1;
    bidiagonal_entries(b, x.d, x.e);
    CHECK(bidiagonal_left(b, one, n, 1, x.q, &why) == ML_OK);
    CHECK(bidiagonal_right(b, one, 1, n, x.p, &why) == ML_OK);
    free(one);
    return x;
}

static parts decompose(const gsl_matrix *a, int jobs)
{
    bidiagonal *b;
    if (bidiagonal_new(&b, a, jobs, &why) != ML_OK)
        exit(1);
    bool turned = a->size1 < a->size2;
    parts x = take_parts(b, turned ? a->size2 : a->size1, turned ? a->size1 : a->size2);
    bidiagonal_free(b);
    return x;
}

static void free_parts(parts *x)
{
    gsl_matrix_free(x->q);
    gsl_matrix_free(x->p);
    free(x->d);
    free(x->e);
}

/* |I - M'M|_F / (sqrt(rows) eps) */
static double orthogonality(const gsl_matrix *m)
{
    gsl_matrix *gram = gsl_matrix_alloc(m->size2, m->size2);
    gsl_matrix_set_identity(gram);
    gsl_blas_dgemm(CblasTrans, CblasNoTrans, -1, m, m, 1, gram);
    double sum = 0;
    for (size_t i = 0; i < m->size2 * m->size2; i++)
        sum += gram->data[i] * gram->data[i];
    gsl_matrix_free(gram);
    return sqrt(sum) / (sqrt((double)m->size1) * 0x1p-52);
}

/* |A - Q B P'|_F / (|A|_F sqrt(rows) eps), A as it was scaled. */
static double residual(const gsl_matrix *a, const parts *x)
{
    bool turned = a->size1 < a->size2;
    size_t m = x->q->size1, n = x->q->size2;
    gsl_matrix *qb = gsl_matrix_calloc(m, n), *rest = gsl_matrix_alloc(m, n);
    double sum = 0, norm = 0;
    for (size_t i = 0; i < m; i++)
        for (size_t j = 0; j < n; j++) {
            double above = j > 0 ? gsl_matrix_get(x->q, i, j - 1) * x->e[j - 1] : 0;
            gsl_matrix_set(qb, i, j, gsl_matrix_get(x->q, i, j) * x->d[j] + above);
        }
    gsl_blas_dgemm(CblasNoTrans, CblasTrans, 1, qb, x->p, 0, rest);
    for (size_t i = 0; i < m; i++)
        for (size_t j = 0; j < n; j++) {
            double entry = x->scale * (turned ? gsl_matrix_get(a, j, i) : gsl_matrix_get(a, i, j));
            sum += pow(entry - gsl_matrix_get(rest, i, j), 2);
            norm += entry * entry;
        }
    gsl_matrix_free(qb);
    gsl_matrix_free(rest);
    return norm == 0 ? sqrt(sum) : sqrt(sum / norm / (double)m) / 0x1p-52;
}

static void check_ratios(const gsl_matrix *a)
{
    parts x = decompose(a, 2);
    double q = orthogonality(x.q), p = orthogonality(x.p), r = residual(a, &x);
    if (!(q < 10 && p < 10 && r < 10))
        UNIT_FAIL("%zu x %zu: orthogonality %g %g, residual %g", a->size1, a->size2, q, p, r);
    free_parts(&x);
}

static const size_t SHAPES[][2] = {{1, 1},   {1, 9},   {9, 1},   {2, 2},    {3, 2},   {7, 7},     {8, 8},
                                   {15, 4},  {16, 16}, {17, 17}, {33, 16},  {16, 33}, {33, 17},   {40, 33},
                                   {64, 64}, {65, 48}, {70, 90}, {129, 97}, {200, 3}, {150, 145}, {300, 161}};
enum { SHAPE_COUNT = sizeof SHAPES / sizeof *SHAPES };

static void ratios(void)
{
    unit_case("Q and P are orthogonal and Q B P' is A, for every shape, rank, size and grading");
    static const double sizes[] = {1, 1e300, 1e-300, 4e-320};
    for (size_t i = 0; i < SHAPE_COUNT; i++)
        for (size_t rank = 0; rank < 5; rank += 2)
            for (size_t k = 0; k < 4; k++) {
                gsl_matrix *a = random_matrix(SHAPES[i][0], SHAPES[i][1], rank, sizes[k], 1, 10 * i + rank);
                check_ratios(a);
                gsl_matrix_free(a);
            }
    for (size_t i = 0; i < SHAPE_COUNT; i++) { /* from 1 down to where squares, and then numbers, vanish */
        gsl_matrix *a = random_matrix(SHAPES[i][0], SHAPES[i][1], 0, 1, 1e-7, i);
        check_ratios(a);
        gsl_matrix_free(a);
    }
}

static void zeros(void)
{
    unit_case("zero, one entry, the identity, a diagonal: nothing is rounded");
    for (size_t i = 0; i < SHAPE_COUNT; i++) {
        gsl_matrix *a = gsl_matrix_calloc(SHAPES[i][0], SHAPES[i][1]);
        parts x = decompose(a, 2);
        for (size_t j = 0; j < x.p->size1; j++)
            CHECK(x.d[j] == 0 && x.e[j] == 0);
        CHECK(orthogonality(x.q) == 0 && orthogonality(x.p) == 0);
        free_parts(&x);
        for (size_t j = 0; j < a->size1 && j < a->size2; j++)
            gsl_matrix_set(a, j, j, (double)(j + 1));
        x = decompose(a, 2);
        for (size_t j = 0; j < x.p->size1; j++)
            CHECK(x.d[j] == (double)(j + 1) * x.scale && x.e[j] == 0);
        free_parts(&x);
        gsl_matrix_set_zero(a);
        gsl_matrix_set(a, a->size1 - 1, a->size2 - 1, -3);
        check_ratios(a);
        gsl_matrix_free(a);
    }
}

/* Singular values of A (destroyed) or of the bidiagonal matrix by QR iteration. */
static void reference_values(gsl_matrix *a, double *s)
{
    int m = (int)a->size2, n = (int)a->size1, one = 1, info = 0, size = 64 * (m + n) + 64;
    double *room = malloc((size_t)size * sizeof *room), unused;
    LAPACK_dgesvd("N", "N", &m, &n, a->data, &m, s, &unused, &one, &unused, &one, room, &size, &info);
    CHECK(info == 0);
    free(room);
}

static void values(void)
{
    unit_case("B has the singular values that LAPACK finds in A");
    for (size_t i = 0; i < SHAPE_COUNT; i++) {
        gsl_matrix *a = random_matrix(SHAPES[i][0], SHAPES[i][1], 0, 1, 0.9, 77 + i);
        parts x = decompose(a, 2);
        size_t n = x.p->size1;
        double *expected = calloc(n, sizeof *expected), *got = calloc(n, sizeof *got);
        gsl_matrix *b = gsl_matrix_calloc(n, n);
        for (size_t j = 0; j < n; j++) {
            gsl_matrix_set(b, j, j, x.d[j] / x.scale);
            if (j + 1 < n)
                gsl_matrix_set(b, j, j + 1, x.e[j] / x.scale);
        }
        reference_values(a, expected);
        reference_values(b, got);
        for (size_t j = 0; j < n; j++)
            CHECK(fabs(got[j] - expected[j]) <= 20 * 0x1p-52 * expected[0]);
        free(expected);
        free(got);
        gsl_matrix_free(a);
        gsl_matrix_free(b);
        free_parts(&x);
    }
}

static bool same(const parts *x, const parts *y)
{
    size_t size = x->p->size1 * sizeof(double);
    return gsl_matrix_equal(x->q, y->q) && gsl_matrix_equal(x->p, y->p) && memcmp(x->d, y->d, size) == 0 &&
           memcmp(x->e, y->e, size) == 0;
}

static void same_bits(void)
{
    unit_case("the same bits for any number of threads, and without vector instructions");
    for (size_t i = 0; i < SHAPE_COUNT; i++) {
        gsl_matrix *a = random_matrix(SHAPES[i][0], SHAPES[i][1], 0, 1, 1, 5 * i);
        parts one = decompose(a, 1);
        for (int jobs = 2; jobs <= 5; jobs++) {
            parts other = decompose(a, jobs);
            CHECK(same(&one, &other));
            free_parts(&other);
        }
        bidiagonal *b;
        CHECK(plain_new(&b, a, 3, &why) == ML_OK);
        parts plain = take_parts(b, one.q->size1, one.q->size2), by_plain = plain;
        by_plain.q = gsl_matrix_alloc(one.q->size1, one.q->size2);
        by_plain.p = gsl_matrix_alloc(one.p->size1, one.p->size2);
        CHECK(plain_left(b, plain.p->data, plain.p->tda, 1, by_plain.q, &why) == ML_OK);
        CHECK(plain_right(b, plain.p->data, plain.p->tda, 1, by_plain.p, &why) == ML_OK);
        CHECK(same(&one, &plain));
        CHECK(bidiagonal_left(b, plain.p->data, plain.p->tda, 1, plain.q, &why) == ML_OK);
        gsl_matrix *p = gsl_matrix_alloc(one.p->size1, one.p->size2);
        CHECK(bidiagonal_right(b, plain.p->data, plain.p->tda, 1, p, &why) == ML_OK);
        CHECK(gsl_matrix_equal(plain.q, by_plain.q) && gsl_matrix_equal(p, by_plain.p));
        plain_free(b);
        gsl_matrix_free(by_plain.q);
        gsl_matrix_free(by_plain.p);
        gsl_matrix_free(p);
        free_parts(&plain);
        free_parts(&one);
        gsl_matrix_free(a);
    }
}

int main(void)
{
    gsl_set_error_handler_off();
    ratios();
    zeros();
    values();
    same_bits();
    return unit_end();
}
