#include "ml/gmm_steps.h"

#include <math.h>
#include <stdlib.h>

#include "base/memory.h"
#include "ml/kmeans_steps.h"

/* What is written of the rows: w_k N(x; mu_k, S_k), their sum, r. */
typedef struct numbers {
    gsl_matrix *r;
    gsl_vector *log_density;
} numbers;

static const char *vector_text(steps *s, const gsl_matrix *m, size_t i)
{
    return kmeans_steps_point(s, m->data + i * m->tda, 1, m->size2);
}

static void write_model(steps *s, const gmm_model *m)
{
    for (size_t k = 0; k < m->k; k++) {
        steps_formula(s, "w%zu = %s, mu%zu = %s", k + 1, steps_number(s, gsl_vector_get(m->weights, k)),
                      k + 1, vector_text(s, m->means, k));
        const char **cells = memory_array(m->d * m->d, sizeof *cells);
        if (cells == NULL) {
            steps_fail(s);
            return;
        }
        for (size_t q = 0; q < m->d * m->d; q++)
            cells[q] = steps_number(s, gsl_matrix_get(m->covariances, k * m->d + q / m->d, q % m->d));
        steps_matrix(s, steps_print(s, "S%zu", k + 1), m->d, m->d, 0, cells);
        free(cells);
    }
}

/* A row: number, point, w N for each component, p, r for each component. */
static void write_row(gmm_writing *w, const gmm_model *m, const numbers *n, size_t i, const char **cells)
{
    double density = gsl_vector_get(n->log_density, i);
    size_t k = m->k, likeliest = gmm_likeliest(n->r->data + i * n->r->tda, k);
    cells[0] = steps_print(w->s, "%zu", i + 1);
    cells[1] = vector_text(w->s, w->x, i);
    for (size_t q = 0; q < k; q++) {
        double r = gsl_matrix_get(n->r, i, q);
        cells[2 + q] = steps_number(w->s, r * exp(density));
        cells[3 + k + q] = steps_number(w->s, w->hard ? q == likeliest : r);
    }
    cells[2 + k] = steps_number(w->s, exp(density));
}

static void write_expectation(gmm_writing *w, const gmm_model *m, const numbers *n)
{
    size_t k = m->k, columns = 3 + 2 * k, rows = w->x->size1;
    const char **heads = memory_array(columns, sizeof *heads),
               **cells = memory_array(rows, columns * sizeof *cells);
    if (heads == NULL || cells == NULL) {
        steps_fail(w->s);
    } else {
        heads[0] = "row";
        heads[1] = "point";
        heads[2 + k] = "p";
        for (size_t q = 0; q < k; q++) {
            heads[2 + q] = steps_print(w->s, "w%zu*N%zu", q + 1, q + 1);
            heads[3 + k + q] = steps_print(w->s, "r%zu", q + 1);
        }
        for (size_t i = 0; i < rows; i++)
            write_row(w, m, n, i, cells + i * columns);
        steps_table(w->s, heads, columns, rows, cells);
    }
    free(heads);
    free(cells);
}

/* N_k = sum of r_k over the rows, each times its weight. */
static void write_counts(gmm_writing *w, const gmm_model *m, const numbers *n)
{
    for (size_t q = 0; q < m->k; q++) {
        double count = 0;
        for (size_t i = 0; i < w->x->size1; i++) {
            const double *r = n->r->data + i * n->r->tda;
            double weight = w->weights ? gsl_vector_get(w->weights, i) : 1;
            count += weight * (w->hard ? gmm_likeliest(r, m->k) == q : r[q]);
        }
        steps_formula(w->s, "N%zu = sum of r%zu = %s", q + 1, q + 1, steps_number(w->s, count));
    }
}

void gmm_steps(void *context, const gmm_iteration *now)
{
    gmm_writing *w = context;
    const gmm_model *m = now->before;
    numbers n = {gsl_matrix_alloc(w->x->size1, m->k), gsl_vector_alloc(w->x->size1)};
    ml_message unused;
    if (n.r == NULL || n.log_density == NULL || gmm_rows(m, w->x, 1, n.r, n.log_density, &unused) != ML_OK) {
        steps_fail(w->s);
    } else {
        if (now->iteration == 1) {
            steps_heading(w->s, "Start");
            write_model(w->s, m);
        }
        steps_heading(w->s, "Iteration %zu, E step: r_k = w_k*N(x; mu_k, S_k)/p", now->iteration);
        write_expectation(w, m, &n);
        steps_formula(w->s, "log-likelihood = sum of log(p) = %s", steps_number(w->s, now->log_likelihood));
        steps_heading(w->s,
                      "Iteration %zu, M step: w_k = N_k/N, mu_k = sum r_k*x/N_k, S_k = sum r_k*(x - mu_k)*(x "
                      "- mu_k)'/N_k",
                      now->iteration);
        write_counts(w, m, &n);
        write_model(w->s, now->after);
    }
    gsl_matrix_free(n.r);
    gsl_vector_free(n.log_density);
}
