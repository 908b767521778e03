#include "ml/kmeans_steps.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"

const char *kmeans_steps_point(steps *s, const double *x, size_t stride, size_t d)
{
    buffer b = {0};
    buffer_char(&b, '(');
    for (size_t j = 0; j < d; j++)
        buffer_printf(&b, "%s%s", j ? ", " : "", steps_number(s, x[j * stride]));
    buffer_char(&b, ')');
    if (b.failed)
        steps_fail(s);
    const char *text = steps_print(s, "%s", buffer_text(&b));
    buffer_free(&b);
    return text;
}

static const char *point(steps *s, const gsl_matrix *m, size_t i)
{
    return kmeans_steps_point(s, m->data + i * m->tda, 1, m->size2);
}

static double squared(const gsl_matrix *x, size_t i, const gsl_matrix *c, size_t q)
{
    double sum = 0;
    for (size_t j = 0; j < x->size2; j++) {
        double off = gsl_matrix_get(x, i, j) - gsl_matrix_get(c, q, j);
        sum += off * off;
    }
    return sum;
}

static void write_distances(kmeans_writing *w, const kmeans_iteration *now)
{
    size_t n = w->x->size1, k = now->before->size1, columns = k + 3;
    const char **heads = memory_array(columns, sizeof *heads);
    const char **cells = memory_array(n, columns * sizeof *cells);
    if (heads == NULL || cells == NULL) {
        steps_fail(w->s);
    } else {
        heads[0] = "row";
        heads[1] = "point";
        heads[columns - 1] = "cluster";
        for (size_t q = 0; q < k; q++)
            heads[2 + q] = steps_print(w->s, "d\xc2\xb2(c%zu)", q + 1);
        for (size_t i = 0; i < n; i++) {
            const char **row = cells + i * columns;
            row[0] = steps_print(w->s, "%zu", i + 1);
            row[1] = point(w->s, w->x, i);
            for (size_t q = 0; q < k; q++)
                row[2 + q] = steps_number(w->s, squared(w->x, i, now->before, q));
            row[columns - 1] = steps_print(w->s, "%u", now->labels[i] + 1);
        }
        steps_table(w->s, heads, columns, n, cells);
    }
    free(heads);
    free(cells);
}

static void write_start(kmeans_writing *w, const kmeans_iteration *now)
{
    buffer b = {0};
    for (size_t q = 0; q < now->before->size1; q++)
        buffer_printf(&b, "%sc%zu = %s", q ? ", " : "", q + 1, point(w->s, now->before, q));
    steps_text(w->s, "Start: %s", buffer_text(&b));
    if (b.failed)
        steps_fail(w->s);
    buffer_free(&b);
}

/* c1 = mean of rows 1, 3, 4, 6 = (5.5, 1) */
static void write_mean(kmeans_writing *w, const kmeans_iteration *now, size_t q)
{
    buffer b = {0};
    size_t count = 0;
    for (size_t i = 0; i < w->x->size1; i++)
        if (now->labels[i] == q)
            buffer_printf(&b, "%s%zu", count++ ? ", " : "", i + 1);
    steps_formula(w->s, "c%zu = mean of row%s %s = %s", q + 1, count == 1 ? "" : "s", buffer_text(&b),
                  point(w->s, now->after, q));
    if (b.failed)
        steps_fail(w->s);
    buffer_free(&b);
}

void kmeans_steps(void *context, const kmeans_iteration *now)
{
    kmeans_writing *w = context;
    if (now->iteration == 1)
        write_start(w, now);
    steps_heading(w->s, "Iteration %zu", now->iteration);
    write_distances(w, now);
    steps_text(w->s, "inertia %s", steps_number(w->s, now->inertia));
    if (now->moved == 0) {
        steps_text(w->s, "No row changes cluster: done.");
        return;
    }
    for (size_t q = 0; q < now->after->size1; q++)
        write_mean(w, now, q);
}
