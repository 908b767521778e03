#include "ml/check_same.h"

#include <float.h>
#include <gsl/gsl_blas.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "math/assignment.h"
#include "math/dense.h"
#include "ml/check_diagnose.h"

/* Vectors are columns; a single row is one too. */
typedef struct pair {
    check_report *report;
    const ball *expected, *mine;
    unsigned what;
    bool by_rows; /* entries, or rows, are put in order instead of columns */
} pair;

static double at(const ball *b, size_t i, size_t j)
{
    return gsl_matrix_get(b->x, i, j);
}

/* What an entry of MINE may be off by when column J is multiplied by FACTOR. */
static double room(const pair *p, const ball *d, size_t i, size_t j, double factor)
{
    if (p->report->tolerance >= 0)
        return p->report->tolerance;
    return fabs(factor) * ball_radius(p->mine, i, j) * (1 + 1e-9) + ball_slack(d);
}

/* --- columns up to sign and scale --- */

/* The factor for which the column J of MINE times it is nearest to column K of EXPECTED. */
static double best_factor(const pair *p, size_t j, size_t k)
{
    double dot = 0, square = 0;
    for (size_t i = 0; i < p->mine->x->size1; i++) {
        dot += at(p->mine, i, j) * at(p->expected, i, k);
        square += at(p->mine, i, j) * at(p->mine, i, j);
    }
    if (p->what & SAME_UP_TO_SCALE)
        return square > 0 && dot != 0 ? dot / square : 1;
    return p->what & SAME_UP_TO_SIGN && dot < 0 ? -1 : 1;
}

/* Column J of MINE becomes a multiple of itself, its radii with it; a factor that was fitted is uncertain by
 * the radii as well, which the projection of them on the column bounds. */
static void scale_column(ball *to, const pair *p, size_t j, size_t from, double factor, bool fitted)
{
    const ball *m = p->mine;
    double square = 0, pull = 0;
    for (size_t i = 0; i < m->x->size1; i++) {
        square += at(m, i, from) * at(m, i, from);
        pull += fabs(at(m, i, from)) * ball_radius(m, i, from);
    }
    double share = fitted && square > 0 ? pull / square : 0;
    for (size_t i = 0; i < m->x->size1; i++) {
        gsl_matrix_set(to->x, i, j, factor * at(m, i, from));
        if (to->r != NULL)
            gsl_matrix_set(to->r, i, j,
                           fabs(factor) * (ball_radius(m, i, from) + share * fabs(at(m, i, from))));
        if (to->q != NULL && factor < 0)
            fmpq_neg(fmpq_mat_entry(to->q, (slong)i, (slong)j), fmpq_mat_entry(m->q, (slong)i, (slong)from));
        else if (to->q != NULL)
            fmpq_set(fmpq_mat_entry(to->q, (slong)i, (slong)j), fmpq_mat_entry(m->q, (slong)i, (slong)from));
    }
}

/* How much further than allowed multiples of two columns are apart, in units of what is allowed; 0: not at
 * all. */
static double column_cost(const pair *p, size_t j, size_t k)
{
    double factor = best_factor(p, j, k), worst = 0;
    ball probe = {.scale = fmax(p->expected->scale, fabs(factor) * p->mine->scale),
                  .terms = fmax(p->expected->terms, (double)p->mine->x->size1)};
    for (size_t i = 0; i < p->mine->x->size1; i++) {
        double off = fabs(factor * at(p->mine, i, j) - at(p->expected, i, k));
        double free = room(p, &probe, i, j, factor) + ball_radius(p->expected, i, k);
        if (off > free)
            worst = fmax(worst, free > 0 ? fmin(off / free, 1e12) : 1e12);
    }
    return worst;
}

/* --- order --- */

static double row_cost(const pair *p, size_t i, size_t k)
{
    double worst = 0;
    ball probe = {.scale = fmax(p->expected->scale, p->mine->scale), .terms = p->expected->terms};
    for (size_t j = 0; j < p->mine->x->size2; j++) {
        double off = fabs(at(p->mine, i, j) - at(p->expected, k, j));
        double free = room(p, &probe, i, j, 1) + ball_radius(p->expected, k, j);
        if (off > free)
            worst = fmax(worst, free > 0 ? fmin(off / free, 1e12) : 1e12);
    }
    return worst;
}

/* OF[k]: the column (or row) of MINE that stands for column (row) k of EXPECTED; *COST of them together. */
static ml_status find_order(const pair *p, size_t *of, double *cost, ml_message *why)
{
    size_t n = p->by_rows ? p->mine->x->size1 : p->mine->x->size2;
    gsl_matrix *costs = gsl_matrix_alloc(n, n);
    if (costs == NULL)
        return ml_fail_memory(why, "the order of an answer", n * n * sizeof(double));
    for (size_t k = 0; k < n; k++)
        for (size_t j = 0; j < n; j++)
            gsl_matrix_set(costs, k, j, p->by_rows ? row_cost(p, j, k) : column_cost(p, j, k));
    ml_status status = assignment_solve(costs, of, why);
    *cost = 0;
    for (size_t k = 0; status == ML_OK && k < n; k++)
        *cost += gsl_matrix_get(costs, k, of[k]);
    gsl_matrix_free(costs);
    return status;
}

/* MINE with its columns (rows) in the order OF and scaled to fit; NULL when memory is out. */
static const ball *arranged(const pair *p, const size_t *of)
{
    const ball *m = p->mine;
    ball *made = ball_make(&p->report->balls, m->x, m->r, false);
    if (made == NULL)
        return NULL;
    if (p->by_rows) {
        for (size_t i = 0; i < m->x->size1; i++)
            for (size_t j = 0; j < m->x->size2; j++) {
                gsl_matrix_set(made->x, i, j, at(m, of[i], j));
                if (made->r != NULL)
                    gsl_matrix_set(made->r, i, j, ball_radius(m, of[i], j));
            }
        return made;
    }
    made->scale = 0;
    for (size_t k = 0; k < m->x->size2; k++) {
        double factor = best_factor(p, of[k], k);
        scale_column(made, p, k, of[k], factor, p->what & SAME_UP_TO_SCALE);
        made->scale = fmax(made->scale, fabs(factor) * m->scale);
    }
    return made;
}

static ml_status put_in_order(pair *p, const ball **made, ml_message *why)
{
    size_t rows = p->mine->x->size1, columns = p->mine->x->size2, most = rows > columns ? rows : columns;
    size_t *of = memory_array(most, sizeof *of), *other = memory_array(most, sizeof *other);
    double cost = INFINITY, other_cost = INFINITY;
    ml_status status = of && other ? ML_OK : ml_fail_memory(why, "the order of an answer", most * sizeof *of);
    bool ordered = p->what & SAME_UP_TO_ORDER;
    for (size_t k = 0; status == ML_OK && !ordered && k < columns; k++)
        of[k] = k;
    if (status == ML_OK && ordered && columns > 1)
        status = find_order(p, of, &cost, why);
    if (status == ML_OK && ordered && rows > 1 && cost > 0 &&
        !(p->what & (SAME_UP_TO_SCALE | SAME_UP_TO_SIGN))) {
        p->by_rows = true;
        status = find_order(p, other, &other_cost, why);
        p->by_rows = other_cost < cost;
    } else if (columns == 1) {
        of[0] = 0;
    }
    if (status == ML_OK)
        *made = arranged(p, p->by_rows ? other : of);
    free(of);
    free(other);
    return status;
}

/* --- span --- */

/* How many columns are independent, and whether rounding leaves that open. */
static ml_status rank_of(const ball *b, size_t *rank, bool *open, gsl_matrix **basis, ml_message *why)
{
    size_t r = b->x->size1 < b->x->size2 ? b->x->size1 : b->x->size2;
    gsl_vector *values = gsl_vector_alloc(r);
    gsl_matrix *u = gsl_matrix_alloc(b->x->size1, r);
    ml_status status = values && u ? dense_singular(b->x, values, u, NULL, why)
                                   : ml_fail_memory(why, "a span", b->x->size1 * r * sizeof(double));
    double error = 0;
    for (size_t i = 0; i < b->x->size1; i++)
        for (size_t j = 0; j < b->x->size2; j++)
            error += ball_radius(b, i, j) * ball_radius(b, i, j);
    if (status == ML_OK) {
        *rank = dense_rank(values, b->x->size1, b->x->size2);
        *open = *rank > 0 && gsl_vector_get(values, *rank - 1) <= sqrt(error);
    }
    gsl_vector_free(values);
    if (status == ML_OK && basis != NULL)
        *basis = u;
    else
        gsl_matrix_free(u);
    return status;
}

/* MINE minus its projection on the first RANK columns of BASIS, with radii |I - P| r. */
static const ball *outside(const pair *p, const gsl_matrix *basis, size_t rank)
{
    ball_space *s = &p->report->balls;
    size_t n = basis->size1;
    const ball *identity = ball_identity(s, n);
    ball *rest = identity ? ball_make(s, identity->x, NULL, false) : NULL;
    if (rest == NULL)
        return NULL;
    if (rank > 0) {
        gsl_matrix_const_view first = gsl_matrix_const_submatrix(basis, 0, 0, n, rank);
        gsl_blas_dgemm(CblasNoTrans, CblasTrans, -1, &first.matrix, &first.matrix, 1, rest->x);
    }
    return ball_product(s, rest, p->mine);
}

static ml_status same_span(const pair *p, const char *claim, ml_message *why)
{
    size_t rank_expected = 0, rank_mine = 0;
    bool open = false, unused = false;
    gsl_matrix *basis = NULL;
    ml_status status = rank_of(p->expected, &rank_expected, &unused, &basis, why);
    if (status == ML_OK)
        status = rank_of(p->mine, &rank_mine, &open, NULL, why);
    if (status == ML_OK) {
        check_row *row = check_zero(p->report, outside(p, basis, rank_expected), "%s", claim);
        if (row->verdict == CHECK_NO) {
            buffer_printf(&row->diagnosis, "column %s leaves the span",
                          strchr(buffer_text(&row->place), ',') + 1);
        } else if (rank_mine != rank_expected && !open) {
            row->verdict = CHECK_NO;
            buffer_printf(&row->diagnosis, "it spans %zu dimension%s of %zu", rank_mine,
                          rank_mine == 1 ? "" : "s", rank_expected);
        } else if (open) {
            row->verdict = CHECK_UNDECIDED;
            buffer_string(&row->diagnosis,
                          "to the digits that it is written with, its columns may be dependent");
        }
    }
    gsl_matrix_free(basis);
    return status;
}

/* --- labels --- */

ml_status check_labels(check_report *report, const size_t *expected, const size_t *mine, size_t rows,
                       size_t classes, const char *claim, ml_message *why)
{
    gsl_matrix *together = gsl_matrix_calloc(classes, classes);
    size_t *to = memory_array(classes, sizeof *to), wrong = 0, first = rows;
    ml_status status =
        together && to ? ML_OK : ml_fail_memory(why, "labels", classes * classes * sizeof(double));
    for (size_t i = 0; status == ML_OK && i < rows; i++)
        *gsl_matrix_ptr(together, mine[i], expected[i]) -= 1;
    if (status == ML_OK)
        status = assignment_solve(together, to, why);
    for (size_t i = 0; status == ML_OK && i < rows; i++)
        if (to[mine[i]] != expected[i]) {
            first = wrong++ == 0 ? i : first;
        }
    if (status == ML_OK) {
        check_row *row = check_add(report, wrong ? CHECK_NO : CHECK_YES, "%s", claim);
        row->off = (double)wrong;
        row->allowed = 0;
        if (wrong) {
            buffer_printf(&row->place, "%zu,1", first + 1);
            buffer_printf(&row->diagnosis, "%zu of %zu rows are in another class under the best renaming",
                          wrong, rows);
        }
    }
    gsl_matrix_free(together);
    free(to);
    return status;
}

static size_t find_value(const double *values, size_t count, double x)
{
    size_t k = 0;
    while (k < count && values[k] != x)
        k++;
    return k;
}

/* Number the classes of B by first appearance; their number goes into *COUNT. */
static bool number_classes(const ball *b, size_t *classes, size_t *count)
{
    size_t rows = b->x->size1 * b->x->size2, capacity = 0;
    double *values = NULL;
    bool made = true;
    *count = 0;
    for (size_t i = 0; made && i < rows; i++) {
        double x = at(b, i / b->x->size2, i % b->x->size2);
        classes[i] = find_value(values, *count, x);
        if (classes[i] < *count)
            continue;
        made = memory_grow(&values, &capacity, *count + 1, sizeof *values);
        if (made)
            values[(*count)++] = x;
    }
    free(values);
    return made;
}

static ml_status same_labels(const pair *p, const char *claim, ml_message *why)
{
    size_t rows = p->mine->x->size1 * p->mine->x->size2, a = 0, b = 0;
    size_t *expected = memory_array(rows, sizeof *expected), *mine = memory_array(rows, sizeof *mine);
    bool made =
        expected && mine && number_classes(p->expected, expected, &a) && number_classes(p->mine, mine, &b);
    ml_status status = made ? check_labels(p->report, expected, mine, rows, a > b ? a : b, claim, why)
                            : ml_fail_memory(why, "labels", rows * sizeof *mine);
    free(expected);
    free(mine);
    return status;
}

/* --- all of it --- */

/* A column where a row is expected, or the reverse, is turned. */
static const ball *fit_vector(check_report *report, const ball *expected, const ball *mine)
{
    bool turned = mine->x->size1 == expected->x->size2 && mine->x->size2 == expected->x->size1 &&
                  (mine->x->size1 == 1 || mine->x->size2 == 1) && mine->x->size1 != mine->x->size2;
    return turned ? ball_transpose(&report->balls, mine) : mine;
}

static ml_status compare(pair *p, size_t observations, const char *claim, ml_message *why)
{
    const ball *made = p->mine;
    ml_status status = p->what ? put_in_order(p, &made, why) : ML_OK;
    if (status != ML_OK)
        return status;
    bool q = made != NULL && made->q != NULL;
    const ball *difference = ball_difference(&p->report->balls, made, p->expected);
    check_row *row = check_zero(p->report, difference, "%s", claim);
    if (made == NULL || difference == NULL)
        return ml_fail_memory(why, "a comparison", sizeof *made);
    diagnose_options options = {.tolerance = p->report->exact && q ? 0 : p->report->tolerance,
                                .observations = observations};
    if (row->verdict == CHECK_NO)
        diagnose(p->expected->x, made, &options, &row->diagnosis);
    return ML_OK;
}

ml_status check_same(check_report *report, const ball *expected, const ball *mine, unsigned what,
                     size_t observations, const char *claim, ml_message *why)
{
    if (what != SAME_UP_TO_SPAN)
        mine = fit_vector(report, expected, mine);
    if (mine == NULL)
        return ml_fail_memory(why, "a comparison", sizeof *mine);
    pair p = {.report = report, .expected = expected, .mine = mine, .what = what};
    bool fits = mine->x->size1 == expected->x->size1 &&
                (what & SAME_UP_TO_SPAN || mine->x->size2 == expected->x->size2);
    if (fits && what & SAME_UP_TO_SPAN)
        return same_span(&p, claim, why);
    if (fits && what & SAME_UP_TO_LABELS)
        return same_labels(&p, claim, why);
    if (!fits) {
        check_row *row = check_add(report, CHECK_NO, "%s", claim);
        diagnose_options options = {.tolerance = report->tolerance};
        diagnose(expected->x, mine, &options, &row->diagnosis);
        return ML_OK;
    }
    /* one row is one vector */
    bool flat = what & (SAME_UP_TO_SIGN | SAME_UP_TO_SCALE) && mine->x->size1 == 1 && mine->x->size2 > 1;
    if (flat) {
        p.mine = ball_transpose(&report->balls, mine);
        p.expected = ball_transpose(&report->balls, expected);
        if (p.mine == NULL || p.expected == NULL)
            return ml_fail_memory(why, "a comparison", sizeof *mine);
    }
    return compare(&p, observations, claim, why);
}
