#include "ml/kmeans_choose.h"

#include <gsl/gsl_rng.h>
#include <math.h>
#include <stdlib.h>

#include "base/memory.h"
#include "base/random.h"
#include "ml/silhouette.h"

/* Streams of random numbers beyond those of restarts. */
static const uint64_t REFERENCE_STREAMS = UINT64_C(1) << 32;

static ml_status mean_silhouette(const gsl_matrix *x, const kmeans_result *r, size_t k, int jobs,
                                 double *mean, ml_message *why)
{
    double *rows = memory_array(x->size1, sizeof *rows);
    if (rows == NULL)
        return ml_fail_memory(why, "silhouettes", x->size1 * sizeof *rows);
    ml_status status = silhouette_rows(x, r->labels, k, jobs, rows, why);
    double sum = 0;
    for (size_t i = 0; status == ML_OK && i < x->size1; i++)
        sum += rows[i];
    *mean = sum / (double)x->size1;
    free(rows);
    return status;
}

/* Rows drawn uniformly from the box round X into OUT. */
static void draw_reference(const gsl_matrix *x, gsl_rng *g, gsl_matrix *out)
{
    for (size_t j = 0; j < x->size2; j++) {
        gsl_vector_const_view column = gsl_matrix_const_column(x, j);
        double least, most;
        gsl_vector_minmax(&column.vector, &least, &most);
        for (size_t i = 0; i < x->size1; i++)
            gsl_matrix_set(out, i, j, least + (most - least) * gsl_rng_uniform(g));
    }
}

/* Mean and standard deviation (of n) of log W_k over the references. */
static ml_status reference_logs(const gsl_matrix *x, const kmeans_params *params, size_t references,
                                double *mean, double *deviation, ml_message *why)
{
    gsl_matrix *sample = gsl_matrix_alloc(x->size1, x->size2);
    double *logs = memory_array(references, sizeof *logs);
    ml_status status =
        sample && logs ? ML_OK : ml_fail_memory(why, "references", x->size1 * x->size2 * sizeof(double));
    *mean = *deviation = 0;
    for (size_t b = 0; status == ML_OK && b < references; b++) {
        gsl_rng *g = random_stream(params->seed, REFERENCE_STREAMS + b);
        kmeans_result r;
        status = g ? ML_OK : ml_fail_memory(why, "random numbers", 5000);
        if (status == ML_OK) {
            draw_reference(x, g, sample);
            status = kmeans_fit(sample, NULL, params, &r, why);
        }
        if (status == ML_OK) {
            logs[b] = log(r.inertia);
            *mean += logs[b] / (double)references;
            kmeans_free(&r);
        }
        gsl_rng_free(g);
    }
    double squares = 0;
    for (size_t b = 0; status == ML_OK && b < references; b++)
        squares += (logs[b] - *mean) * (logs[b] - *mean);
    *deviation = sqrt(squares / (double)references);
    gsl_matrix_free(sample);
    free(logs);
    return status;
}

static ml_status one_k(const gsl_matrix *x, const gsl_vector *weights, const kmeans_params *params,
                       kmeans_criterion criterion, size_t references, kmeans_choice *choice, ml_message *why)
{
    kmeans_result r;
    double mean, deviation;
    kmeans_params p = *params;
    p.k = choice->k;
    ml_status status = kmeans_fit(x, weights, &p, &r, why);
    if (status != ML_OK)
        return status;
    choice->inertia = r.inertia;
    if (criterion == KMEANS_SILHOUETTE) {
        status = mean_silhouette(x, &r, p.k, p.jobs, &choice->value, why);
    } else if (criterion == KMEANS_GAP) {
        p.progress = NULL;
        if (!(r.inertia > 0))
            status = ml_fail(
                why, "with %zu clusters the inertia is 0, and the gap statistic takes its logarithm", p.k);
        if (status == ML_OK)
            status = reference_logs(x, &p, references, &mean, &deviation, why);
        if (status == ML_OK) {
            choice->value = mean - log(r.inertia);
            choice->error = deviation * sqrt(1 + 1 / (double)references);
        }
    }
    kmeans_free(&r);
    return status;
}

static void find_depths(kmeans_choice *c, size_t count)
{
    double first = c[0].inertia, drop = first - c[count - 1].inertia;
    for (size_t i = 0; i < count; i++) {
        double along = count > 1 ? (double)i / (double)(count - 1) : 0;
        c[i].value = drop > 0 ? (1 - along) - (c[i].inertia - c[count - 1].inertia) / drop : 0;
    }
}

static size_t pick(const kmeans_choice *c, size_t count, kmeans_criterion criterion)
{
    size_t best = 0;
    if (criterion == KMEANS_GAP) {
        while (best + 1 < count && c[best].value < c[best + 1].value - c[best + 1].error)
            best++;
        return best;
    }
    for (size_t i = 1; i < count; i++)
        if (c[i].value > c[best].value)
            best = i;
    return best;
}

ml_status kmeans_choose(const gsl_matrix *x, const gsl_vector *weights, const kmeans_params *params,
                        size_t least, size_t most, kmeans_criterion criterion, size_t references,
                        kmeans_choice *choices, size_t *best, ml_message *why)
{
    if (criterion == KMEANS_SILHOUETTE && least < 2)
        return ml_fail(why, "a silhouette needs two clusters: let k begin at 2");
    for (size_t k = least; k <= most; k++) {
        choices[k - least] = (kmeans_choice){.k = k};
        ml_status status = one_k(x, weights, params, criterion, references, &choices[k - least], why);
        if (status != ML_OK)
            return status;
    }
    if (criterion == KMEANS_ELBOW)
        find_depths(choices, most - least + 1);
    *best = pick(choices, most - least + 1, criterion);
    return ML_OK;
}
