/* Distributions, entropies and Markov chains. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "math/dense.h"
#include "ml/check_diagnose.h"
#include "ml/check_named.h"
#include "ml/check_same.h"

static double at(const ball *b, size_t i, size_t j)
{
    return gsl_matrix_get(b->x, i, j);
}

static ml_status out_of_memory(ml_message *why)
{
    return ml_fail_memory(why, "a check", sizeof(ball));
}

static ball *ones(check_report *report, size_t rows, size_t columns)
{
    ball *b = ball_zeros(&report->balls, rows, columns, true);
    if (b == NULL)
        return NULL;
    gsl_matrix_set_all(b->x, 1);
    for (size_t i = 0; i < rows; i++)
        for (size_t j = 0; j < columns; j++)
            fmpq_one(fmpq_mat_entry(b->q, (slong)i, (slong)j));
    b->scale = 1;
    return b;
}

/* --- a distribution --- */

/* The sum of all entries minus 1. */
static const ball *excess(check_report *report, const ball *p)
{
    ball_space *s = &report->balls;
    const ball *rows = ball_row_sums(s, p);
    const ball *total = rows ? ball_row_sums(s, ball_transpose(s, rows)) : NULL;
    return total ? ball_difference(s, total, ones(report, 1, 1)) : NULL;
}

static void check_distribution(check_report *report, const ball *p, const char *name)
{
    check_row *row = check_least(report, p, "%s >= 0", name);
    if (row->verdict == CHECK_NO)
        buffer_string(&row->diagnosis, "a probability cannot be negative");
    const ball *d = excess(report, p);
    row = check_zero(report, d, "sum(%s) == 1", name);
    row->place.size = 0;
    if (d == NULL || row->verdict != CHECK_NO)
        return;
    double total = at(d, 0, 0) + 1;
    buffer_string(&row->diagnosis, fabs(total - 100) <= 100 * (ball_radius(d, 0, 0) + 1e-12)
                                       ? "percentages where fractions are needed: the sum is "
                                       : "the sum is ");
    check_number(&row->diagnosis, total);
}

ml_status check_pmf(check_report *report, check_input *in, ml_message *why)
{
    const check_value *p;
    ml_status status = check_need_any(in, "p P X", "the probabilities", &p, why);
    if (status == ML_OK)
        check_distribution(report, p->b, p->name);
    return status;
}

/* --- a joint table --- */

/* The products a_i b_ij, or a_j b_ij when BY_COLUMNS. */
static const ball *weighted(check_report *report, const ball *a, const ball *b, bool by_columns)
{
    ball_space *s = &report->balls;
    const ball *diagonal = ball_diagonal(s, a, 0, 0);
    return by_columns ? ball_product(s, b, diagonal) : ball_product(s, diagonal, b);
}

static ml_status need_length(const check_value *v, size_t length, ml_message *why)
{
    size_t own = v->b->x->size1 * v->b->x->size2;
    if (own == length && (v->b->x->size1 == 1 || v->b->x->size2 == 1))
        return ML_OK;
    return ml_fail(why, "%s is %zu x %zu where %zu probabilities are needed", v->name, v->b->x->size1,
                   v->b->x->size2, length);
}

/* A marginal against the sums of the table, or itself as a distribution. */
static ml_status check_marginal(check_report *report, const ball *table, const check_value *v,
                                bool of_columns, ml_message *why)
{
    ball_space *s = &report->balls;
    size_t length = of_columns ? table->x->size2 : table->x->size1;
    ml_status status = need_length(v, length, why);
    if (status != ML_OK)
        return status;
    const ball *sums = ball_row_sums(s, of_columns ? ball_transpose(s, table) : table);
    check_row *row = check_zero(report, ball_difference(s, sums, ball_column(s, v->b)), "%s == %s sums",
                                v->name, of_columns ? "column" : "row");
    if (row->verdict != CHECK_NO || table->x->size1 != table->x->size2)
        return ML_OK;
    const ball *other = ball_row_sums(s, of_columns ? table : ball_transpose(s, table));
    const ball *d = ball_difference(s, other, ball_column(s, v->b));
    bool exchanged = d != NULL;
    for (size_t i = 0; exchanged && i < length; i++)
        exchanged = fabs(at(d, i, 0)) <= check_allowed(report, d, i, 0);
    if (exchanged)
        buffer_printf(&row->diagnosis, "these are the sums of the %ss", of_columns ? "row" : "column");
    return ML_OK;
}

ml_status check_joint(check_report *report, check_input *in, ml_message *why)
{
    const check_value *table, *px = check_find(in, "px pX"), *py = check_find(in, "py pY");
    const check_value *given_x = check_find(in, "py_x pY_X"), *given_y = check_find(in, "px_y pX_Y");
    ml_status status = check_need_any(in, "J X joint P",
                                      "the joint table: a row for each x, a column for each y", &table, why);
    if (status != ML_OK)
        return status;
    const ball *b = table->b;
    ball_space *s = &report->balls;
    check_distribution(report, b, table->name);
    if (px != NULL)
        status = check_marginal(report, b, px, false, why);
    if (status == ML_OK && py != NULL)
        status = check_marginal(report, b, py, true, why);
    for (int k = 0; status == ML_OK && k < 2; k++) {
        const check_value *given = k ? given_y : given_x;
        if (given == NULL)
            continue;
        if (given->b->x->size1 != b->x->size1 || given->b->x->size2 != b->x->size2)
            return ml_fail(why, "%s is %zu x %zu, and %s is %zu x %zu", given->name, given->b->x->size1,
                           given->b->x->size2, table->name, b->x->size1, b->x->size2);
        const ball *sums = ball_row_sums(s, k ? ball_transpose(s, b) : b);
        check_row *row = check_zero(report, ball_difference(s, weighted(report, sums, given->b, k), b),
                                    k ? "py*px_y == %s" : "px*py_x == %s", table->name);
        if (row->verdict == CHECK_NO)
            buffer_string(&row->diagnosis, k ? "px_y is the table divided by its column sums"
                                             : "py_x is the table divided by its row sums");
    }
    return status;
}

/* --- entropies --- */

enum { HX, HY, HXY, HX_Y, HY_X, MI, QUANTITIES };

typedef struct quantity {
    const char *names; /* of the answer, the first is shown */
    double value;
} quantity;

static double plogp(double p, double base)
{
    return p > 0 ? -p * log(p) / log(base) : 0;
}

/* Counts become probabilities; anything else must sum to 1. */
static ml_status distribution_of(const check_value *v, gsl_matrix **p, ml_message *why)
{
    size_t rows = v->b->x->size1, columns = v->b->x->size2;
    double total = 0;
    bool whole = true;
    *p = gsl_matrix_alloc(rows, columns);
    if (*p == NULL)
        return out_of_memory(why);
    gsl_matrix_memcpy(*p, v->b->x);
    for (size_t i = 0; i < rows; i++)
        for (size_t j = 0; j < columns; j++) {
            double x = at(v->b, i, j);
            total += x;
            whole &= x == floor(x);
            if (x < 0)
                return ml_fail(why, "%s: %g is negative: no probability and no count", v->name, x);
        }
    if (!(total > 0))
        return ml_fail(why, "%s sums to 0", v->name);
    if (!whole && fabs(total - 1) > 0.005 * (double)(rows * columns))
        return ml_fail(why, "%s sums to %g: neither probabilities nor counts", v->name, total);
    if (whole || fabs(total - 1) > 1e-9)
        gsl_matrix_scale(*p, 1 / total);
    return ML_OK;
}

static double entropy_of(const gsl_matrix *p, double base)
{
    double sum = 0;
    for (size_t i = 0; i < p->size1; i++)
        for (size_t j = 0; j < p->size2; j++)
            sum += plogp(gsl_matrix_get(p, i, j), base);
    return sum;
}

static double marginal_entropy(const gsl_matrix *p, bool of_columns, double base)
{
    double sum = 0;
    size_t n = of_columns ? p->size2 : p->size1, m = of_columns ? p->size1 : p->size2;
    for (size_t i = 0; i < n; i++) {
        double part = 0;
        for (size_t j = 0; j < m; j++)
            part += of_columns ? gsl_matrix_get(p, j, i) : gsl_matrix_get(p, i, j);
        sum += plogp(part, base);
    }
    return sum;
}

/* Answers against quantities; one that is another quantity is told so. */
static ml_status judge_quantities(check_report *report, check_input *in, const quantity *q, size_t count,
                                  const check_value *unnamed, ml_message *why)
{
    bool any = false;
    for (size_t k = 0; k < count; k++) {
        const check_value *v = check_find(in, q[k].names);
        v = v == NULL && unnamed != NULL && k == 0 ? unnamed : v;
        if (v == NULL)
            continue;
        any = true;
        char name[16], claim[96];
        snprintf(name, sizeof name, "%.*s", (int)strcspn(q[k].names, " "), q[k].names);
        snprintf(claim, sizeof claim, "%.40s == %s", v->name, name);
        if (strcmp(v->name, name) == 0)
            snprintf(claim, sizeof claim, "%s", name);
        ball *expected = ones(report, 1, 1);
        if (expected == NULL)
            return out_of_memory(why);
        gsl_matrix_set(expected->x, 0, 0, q[k].value);
        expected->scale = fmax(fabs(q[k].value), 1);
        expected->terms = 64;
        fmpq_mat_clear(expected->q);
        free(expected->q);
        expected->q = NULL;
        ml_status status = check_same(report, expected, v->b, 0, 0, claim, why);
        if (status != ML_OK)
            return status;
        check_row *row = check_last(report);
        for (size_t l = 0; row->verdict == CHECK_NO && l < count; l++)
            if (l != k && fabs(at(v->b, 0, 0) - q[l].value) <= ball_radius(v->b, 0, 0) + 1e-12 &&
                fabs(q[l].value) > 1e-9) {
                row->diagnosis.size = 0;
                buffer_printf(&row->diagnosis, "that is %.*s", (int)strcspn(q[l].names, " "), q[l].names);
            }
    }
    if (any)
        return ML_OK;
    buffer list = {0};
    for (size_t k = 0; k < count; k++)
        buffer_printf(&list, "%s%.*s", k ? ", " : "", (int)strcspn(q[k].names, " "), q[k].names);
    ml_fail(why, "entropy: which is the answer? Name it as a block '#: NAME' or NAME~VALUE, of %s",
            buffer_text(&list));
    buffer_free(&list);
    return ML_FAIL;
}

static ml_status check_joint_entropies(check_report *report, check_input *in, const gsl_matrix *p,
                                       ml_message *why)
{
    double hx = marginal_entropy(p, false, in->base), hy = marginal_entropy(p, true, in->base);
    double hxy = entropy_of(p, in->base);
    quantity q[QUANTITIES] = {{"HX Hx", hx},           {"HY Hy", hy},           {"HXY H joint Hxy", hxy},
                              {"HX_Y Hx_y", hxy - hy}, {"HY_X Hy_x", hxy - hx}, {"MI I", hx + hy - hxy}};
    return judge_quantities(report, in, q, QUANTITIES, NULL, why);
}

static ml_status check_two(check_report *report, check_input *in, const gsl_matrix *p,
                           const check_value *second, const check_value *x, ml_message *why)
{
    gsl_matrix *q = NULL;
    size_t n = p->size1 * p->size2;
    ml_status status = need_length(second, n, why);
    if (status == ML_OK)
        status = distribution_of(second, &q, why);
    double kl = 0, reverse = 0, cross = 0, js = 0;
    for (size_t i = 0; status == ML_OK && i < n; i++) {
        double a = gsl_matrix_get(p, p->size1 > 1 ? i : 0, p->size1 > 1 ? 0 : i);
        double b = gsl_matrix_get(q, q->size1 > 1 ? i : 0, q->size1 > 1 ? 0 : i), m = (a + b) / 2;
        kl += a > 0 ? a * log(a / b) / log(in->base) : 0;
        reverse += b > 0 ? b * log(b / a) / log(in->base) : 0;
        cross += a > 0 ? -a * log(b) / log(in->base) : 0;
        js += plogp(m, in->base) - (plogp(a, in->base) + plogp(b, in->base)) / 2;
    }
    quantity list[] = {
        {"KL", kl}, {"KL_reverse", reverse}, {"cross", cross}, {"JS", js}, {"H", entropy_of(p, in->base)}};
    if (status == ML_OK)
        status = judge_quantities(report, in, list, 5, x, why);
    gsl_matrix_free(q);
    return status;
}

ml_status check_entropy(check_report *report, check_input *in, ml_message *why)
{
    const check_value *given, *second = check_find(in, "Q q"), *x = check_find(in, "X");
    gsl_matrix *p = NULL;
    ml_status status = check_need_data(in, "P p J joint", "a distribution, or a joint table", &given, why);
    if (status == ML_OK && in->base == 1)
        status = ml_fail(why, "--base: there is no logarithm to base 1");
    if (status == ML_OK)
        status = distribution_of(given, &p, why);
    bool vector = status == ML_OK && (p->size1 == 1 || p->size2 == 1);
    if (status == ML_OK && second != NULL)
        status = check_two(report, in, p, second, x, why);
    else if (status == ML_OK && vector) {
        quantity list[] = {{"H", entropy_of(p, in->base)},
                           {"perplexity", pow(in->base, entropy_of(p, in->base))}};
        status = judge_quantities(report, in, list, 2, x, why);
    } else if (status == ML_OK)
        status = check_joint_entropies(report, in, p, why);
    gsl_matrix_free(p);
    return status;
}

/* --- markov --- */

/* Rows that sum to 1. */
static void check_rows(check_report *report, const ball *p, const char *name)
{
    ball_space *s = &report->balls;
    check_row *row = check_least(report, p, "%s >= 0", name);
    if (row->verdict == CHECK_NO)
        buffer_string(&row->diagnosis, "a probability cannot be negative");
    row = check_zero(report, ball_difference(s, ball_row_sums(s, p), ones(report, p->x->size1, 1)),
                     "rows of %s sum to 1", name);
    if (row->verdict != CHECK_NO)
        return;
    const ball *d = ball_difference(s, ball_row_sums(s, ball_transpose(s, p)), ones(report, p->x->size2, 1));
    bool turned = d != NULL;
    for (size_t i = 0; turned && i < d->x->size1; i++)
        turned = fabs(at(d, i, 0)) <= check_allowed(report, d, i, 0);
    if (turned)
        buffer_string(&row->diagnosis, "transposed: its columns sum to 1");
}

/* The stationary distribution: (P' - I) pi = 0 with the sum 1, as least squares. */
static ml_status stationary(const ball *p, gsl_matrix **pi, size_t *rank, ml_message *why)
{
    size_t n = p->x->size1;
    gsl_matrix *a = gsl_matrix_alloc(n + 1, n), *b = gsl_matrix_calloc(n + 1, 1);
    *pi = gsl_matrix_alloc(n, 1);
    ml_status status = a && b && *pi ? ML_OK : out_of_memory(why);
    for (size_t i = 0; status == ML_OK && i < n; i++)
        for (size_t j = 0; j < n; j++) {
            gsl_matrix_set(a, i, j, at(p, j, i) - (i == j));
            gsl_matrix_set(a, n, j, 1);
        }
    if (status == ML_OK) {
        gsl_matrix_set(b, n, 0, 1);
        status = dense_least_squares(a, b, *pi, rank, why);
    }
    gsl_matrix_free(a);
    gsl_matrix_free(b);
    return status;
}

static ml_status check_stationary(check_report *report, const check_value *p, const check_value *pi,
                                  ml_message *why)
{
    ball_space *s = &report->balls;
    size_t n = p->b->x->size1, rank = 0;
    gsl_matrix *truth = NULL;
    ml_status status = need_length(pi, n, why);
    if (status != ML_OK)
        return status;
    const ball *column = ball_column(s, pi->b), *row_vector = ball_transpose(s, column);
    check_distribution(report, pi->b, pi->name);
    check_row *row = check_zero(report, ball_difference(s, ball_product(s, row_vector, p->b), row_vector),
                                "%s*%s == %s", pi->name, p->name, pi->name);
    const ball *d =
        row->verdict == CHECK_NO ? ball_difference(s, ball_product(s, p->b, column), column) : NULL;
    bool turned = d != NULL;
    for (size_t i = 0; turned && i < n; i++)
        turned = fabs(at(d, i, 0)) <= check_allowed(report, d, i, 0);
    if (turned)
        buffer_printf(&row->diagnosis, "it solves %s*%s == %s: the transposed matrix", p->name, pi->name,
                      pi->name);
    status = stationary(p->b, &truth, &rank, why);
    ball *expected = status == ML_OK ? ball_make(s, truth, NULL, false) : NULL;
    if (status == ML_OK && expected == NULL)
        status = out_of_memory(why);
    if (status == ML_OK && rank == n) {
        expected->terms = 64 * (double)n;
        status = check_same(report, expected, column, 0, 0, "pi == the stationary distribution", why);
    }
    gsl_matrix_free(truth);
    return status;
}

ml_status check_markov(check_report *report, check_input *in, ml_message *why)
{
    const check_value *p = check_find(in, "P"), *pi;
    if (p == NULL) {
        ml_status status =
            check_need_any(in, "X", "the matrix of transitions, with rows that sum to 1", &p, why);
        if (status != ML_OK)
            return status;
    }
    if (p->b->x->size1 != p->b->x->size2)
        return ml_fail(why, "markov needs a square matrix, and %s is %zu x %zu", p->name, p->b->x->size1,
                       p->b->x->size2);
    pi = check_find(in, "pi X");
    check_rows(report, p->b, p->name);
    return pi != NULL && pi != p ? check_stationary(report, p, pi, why) : ML_OK;
}
