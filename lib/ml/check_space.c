/* Tables of distances and of inner products against the axioms. */
#include <math.h>
#include <stdlib.h>

#include "math/dense.h"
#include "ml/check_named.h"
#include "ml/check_property.h"

static ml_status need_table(check_input *in, const char *names, const char *what, const check_value **v,
                            ml_message *why)
{
    ml_status status = check_need_any(in, names, what, v, why);
    if (status == ML_OK && (*v)->b->x->size1 != (*v)->b->x->size2)
        status = ml_fail(why, "%s needs a square table, and %s is %zu x %zu", in->check, (*v)->name,
                         (*v)->b->x->size1, (*v)->b->x->size2);
    return status;
}

static double at(const ball *b, size_t i, size_t j)
{
    return gsl_matrix_get(b->x, i, j);
}

/* Distances of different points are above zero. */
static void check_apart(check_report *report, const ball *d, const char *name)
{
    check_row *row = check_add(report, CHECK_YES, "%s > 0 off the diagonal", name);
    row->off = 0;
    row->allowed = 0;
    double least = INFINITY;
    for (size_t i = 0; i < d->x->size1; i++)
        for (size_t j = 0; j < d->x->size2; j++) {
            if (i == j || at(d, i, j) >= least)
                continue;
            least = at(d, i, j);
            double room = report->tolerance >= 0 ? report->tolerance : ball_radius(d, i, j);
            row->verdict = least > room              ? CHECK_YES
                           : least <= 0 && room == 0 ? CHECK_NO
                           : least < -room           ? CHECK_NO
                                                     : CHECK_UNDECIDED;
            row->off = least > 0 ? 0 : -least;
            row->allowed = room;
            row->place.size = row->diagnosis.size = 0;
            buffer_printf(&row->place, "%zu,%zu", i + 1, j + 1);
            buffer_string(&row->diagnosis, row->verdict == CHECK_YES ? "" : "points ");
            if (row->verdict != CHECK_YES)
                buffer_printf(&row->diagnosis, "%zu and %zu have no distance", i + 1, j + 1);
        }
    if (row->verdict == CHECK_YES)
        row->place.size = 0;
}

static void check_triangles(check_report *report, const ball *d, const char *name)
{
    size_t n = d->x->size1, way[3] = {0};
    double worst = -INFINITY, off = 0, allowed = ball_slack(d);
    for (size_t i = 0; i < n; i++)
        for (size_t j = 0; j < n; j++)
            for (size_t k = 0; k < n; k++) {
                double more = at(d, i, k) - at(d, i, j) - at(d, j, k);
                if (i == j || j == k || i == k || more <= 0)
                    continue;
                double room = report->tolerance >= 0 ? report->tolerance
                                                     : ball_radius(d, i, k) + ball_radius(d, i, j) +
                                                           ball_radius(d, j, k) + ball_slack(d);
                if (more - room <= worst)
                    continue;
                worst = more - room;
                off = more;
                allowed = room;
                way[0] = i;
                way[1] = j;
                way[2] = k;
            }
    check_row *row =
        check_add(report, worst > 0 ? CHECK_NO : CHECK_YES, "%s[i,k] <= %s[i,j] + %s[j,k]", name, name, name);
    row->off = off;
    row->allowed = allowed;
    if (off > 0)
        buffer_printf(&row->place, "%zu,%zu", way[0] + 1, way[2] + 1);
    if (worst <= 0)
        return;
    check_number(&row->diagnosis, at(d, way[0], way[2]));
    buffer_string(&row->diagnosis, " > ");
    check_number(&row->diagnosis, at(d, way[0], way[1]));
    buffer_string(&row->diagnosis, " + ");
    check_number(&row->diagnosis, at(d, way[1], way[2]));
    buffer_printf(&row->diagnosis, ": shorter by way of %zu", way[1] + 1);
}

ml_status check_metric(check_report *report, check_input *in, ml_message *why)
{
    const check_value *v;
    ball_space *s = &report->balls;
    ml_status status = need_table(in, "D X", "the table of distances", &v, why);
    if (status != ML_OK)
        return status;
    check_row *row = check_zero(report, ball_diagonal_of(s, v->b), "diagonal of %s == 0", v->name);
    if (row->verdict == CHECK_NO)
        buffer_string(&row->diagnosis, "a point has no distance from itself");
    check_apart(report, v->b, v->name);
    check_zero(report, ball_difference(s, v->b, ball_transpose(s, v->b)), "%s == %s'", v->name, v->name);
    check_triangles(report, v->b, v->name);
    return ML_OK;
}

/* A vector v with <v, v> <= 0. */
static ml_status show_counterexample(const ball *g, buffer *out, ml_message *why)
{
    size_t n = g->x->size1;
    gsl_vector *values = gsl_vector_alloc(n);
    gsl_matrix *vectors = gsl_matrix_alloc(n, n);
    ml_status status = values && vectors ? dense_symmetric(g->x, values, vectors, why)
                                         : ml_fail_memory(why, "eigenvalues", n * n * sizeof(double));
    if (status == ML_OK && n <= 8) {
        buffer_string(out, "; <v,v> = ");
        check_number(out, fabs(gsl_vector_get(values, 0)) < ball_slack(g) ? 0 : gsl_vector_get(values, 0));
        for (size_t i = 0; i < n; i++) {
            buffer_string(out, i ? ", " : " at v = (");
            check_number(out, gsl_matrix_get(vectors, i, 0));
        }
        buffer_char(out, ')');
    }
    gsl_vector_free(values);
    gsl_matrix_free(vectors);
    return status;
}

ml_status check_innerproduct(check_report *report, check_input *in, ml_message *why)
{
    const check_value *v;
    ml_status status = need_table(in, "G X", "the table of inner products of a basis", &v, why);
    if (status == ML_OK)
        status = check_property(report, "symmetric", "symmetric", v->b, why);
    if (status == ML_OK)
        status = check_property(report, "positive definite", "positive definite", v->b, why);
    if (status == ML_OK && check_last(report)->verdict == CHECK_NO)
        status = show_counterexample(v->b, &check_last(report)->diagnosis, why);
    return status;
}
