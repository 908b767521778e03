/* Estimates of continuous data: numbers of any size, repeated and not, give a number or an error, never a
 * NaN; the tree of nearest neighbours says what all distances say. */
#include <gsl/gsl_errno.h>
#include <math.h>

#include "fuzz.h"
#include "ml/continuous.h"

enum { MOST_ROWS = 64 };

static void check(ml_status status, const continuous_estimate *e)
{
    if (status == ML_OK)
        MUST(!isnan(e->nats) && e->error >= 0);
}

static void estimate(const continuous_params *p, const gsl_matrix *x)
{
    continuous_estimate e;
    ml_message why;
    size_t d = x->size2, ones[4] = {1, 1, 1, 1};
    check(continuous_entropy(p, x, &e, &why), &e);
    if (d >= 2) {
        check(continuous_information(p, x, ones, d, &e, &why), &e);
        check(continuous_conditional(p, x, (const size_t[2]){1, d - 1}, &e, &why), &e);
    }
    if (d == 3)
        check(continuous_given(p, x, ones, &e, &why), &e);
    if (x->size1 >= 2) {
        gsl_matrix_const_view a = gsl_matrix_const_submatrix(x, 0, 0, x->size1 / 2, d),
                              b = gsl_matrix_const_submatrix(x, x->size1 / 2, 0, x->size1 - x->size1 / 2, d);
        check(continuous_divergence(p, &a.matrix, &b.matrix, &e, &why), &e);
    }
}

/* Distances, rows and counts by a tree and without one. */
static void compare_ways(const gsl_matrix *x, neighbours_norm norm, size_t k)
{
    double distances[2][MOST_ROWS];
    size_t rows[2][MOST_ROWS * 8], less[2][MOST_ROWS], most[2][MOST_ROWS], n = x->size1;
    ml_message why;
    for (int way = 0; way < 2; way++) {
        neighbours *index;
        if (neighbours_new(&index, x, NULL, norm, way ? NEIGHBOURS_TREE : NEIGHBOURS_ALL, 1, &why) != ML_OK)
            return;
        MUST(neighbours_nearest(index, NULL, k, distances[way], rows[way], &why) == ML_OK);
        neighbours_count(index, NULL, distances[way], true, less[way]);
        neighbours_count(index, NULL, distances[way], false, most[way]);
        neighbours_free(index);
    }
    MUST(memcmp(distances[0], distances[1], n * sizeof(double)) == 0);
    MUST(memcmp(rows[0], rows[1], n * k * sizeof(size_t)) == 0);
    MUST(memcmp(less[0], less[1], n * sizeof(size_t)) == 0);
    MUST(memcmp(most[0], most[1], n * sizeof(size_t)) == 0);
}

/* Two bytes a number: a mantissa of 5 bits and a sign, so that numbers repeat, and an exponent
 * of 10 bits times SPREAD/8. */
static double number_of(const uint8_t *bytes, int spread)
{
    int code = bytes[0] | bytes[1] << 8, mantissa = code & 31, sign = code & 32 ? -1 : 1;
    return sign * ldexp(mantissa, ((code >> 6) - 512) * spread / 8 - 20);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size < 6)
        return 0;
    gsl_set_error_handler_off();
    continuous_params p;
    continuous_defaults(&p);
    p.method = (continuous_method)(data[0] % 5);
    p.norm = (neighbours_norm)(data[0] / 5 % 2);
    p.raw = data[0] / 10 % 2;
    p.rule = (continuous_rule)(data[1] % 5);
    p.bins = 1 + data[1] / 5;
    p.neighbours = 1 + data[2] % 8;
    size_t d = 1 + data[3] % 4, n = (size - 4) / 2 / d;
    if (n == 0)
        return 0;
    n = n < MOST_ROWS ? n : MOST_ROWS;
    gsl_matrix *x = gsl_matrix_alloc(n, d);
    MUST(x != NULL);
    for (size_t i = 0; i < n * d; i++)
        x->data[i] = number_of(data + 4 + 2 * i, data[2] / 8 % 17);
    estimate(&p, x);
    if (p.neighbours < n)
        compare_ways(x, p.norm, p.neighbours);
    gsl_matrix_free(x);
    return 0;
}
