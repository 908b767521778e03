#include "tool/gmm_text.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "table/model.h"
#include "tool/names.h"

void gmm_text_free(gmm_text *t)
{
    gmm_model_free(&t->model);
    names_free(t->names);
    t->names = NULL;
}

/* --- writing --- */

static bool has_matrix(const gmm_model *m)
{
    return m->covariance == GMM_FULL || m->covariance == GMM_TIED;
}

/* Row AT of component K: 0 the mean, then the covariance. */
static void fill_row(const gmm_model *m, size_t k, size_t at, double *out)
{
    out[0] = (double)k + 1;
    out[1] = gsl_vector_get(m->weights, k);
    for (size_t j = 0; j < m->d; j++) {
        size_t i = has_matrix(m) ? at - 1 : j;
        out[2 + j] =
            at == 0 ? gsl_matrix_get(m->means, k, j) : gsl_matrix_get(m->covariances, k * m->d + i, j);
    }
}

ml_status gmm_text_write(const gmm_model *m, const char *const *names, writer *w, ml_message *why)
{
    size_t d = m->d, each = 1 + (has_matrix(m) ? d : 1), rows = m->k * each;
    double *numbers = memory_array(rows, (2 + d) * sizeof *numbers);
    const char **titles = memory_array(rows, sizeof *titles);
    column *columns = memory_array(3 + d, sizeof *columns);
    ml_status status = numbers && titles && columns
                           ? ML_OK
                           : ml_fail_memory(why, "the parameters", rows * (2 + d) * sizeof *numbers);
    for (size_t i = 0; status == ML_OK && i < rows; i++) {
        size_t at = i % each;
        fill_row(m, i / each, at, numbers + i * (2 + d));
        titles[i] = at == 0 ? "mean" : has_matrix(m) ? names[at - 1] : "variance";
    }
    if (status == ML_OK) {
        columns[0] = column_reals("component", numbers, 2 + d);
        columns[1] = column_reals("weight", numbers + 1, 2 + d);
        columns[2] = column_strings("row", titles);
        for (size_t j = 0; j < d; j++)
            columns[3 + j] = column_reals(names[j], numbers + 2 + j, 2 + d);
        writer_block(w, "parameters", columns, 3 + d, rows);
    }
    free(numbers);
    free(titles);
    free(columns);
    return status;
}

ml_status gmm_text_write_history(const gmm_history *h, writer *w, ml_message *why)
{
    const model_key keys[] = {{"rounds", (double)h->rounds}, {"log_likelihood", h->log_likelihood}};
    ml_status status = model_write_keys(w, "mlgmm", keys, sizeof keys / sizeof keys[0], why);
    model_write_end(w);
    return status;
}

/* --- reading --- */

typedef struct reading {
    const char *path;
    table t;
    size_t d;
    gmm_history history;
    ml_message *why;
} reading;

/* A table that stands alone, or with the blocks of a model that say where its rounds stand. */
static ml_status finish_blocks(reading *r, reader *from)
{
    model *kept;
    ml_message other;
    ml_status status = reader_finish(from, r->why);
    if (status == ML_OK || model_read(&kept, r->path, "mlgmm", &other) != ML_OK)
        return status;
    status = model_count(kept, "rounds", 1, (size_t)1 << 53, &r->history.rounds, r->why);
    if (status == ML_OK)
        status = model_number(kept, "log_likelihood", &r->history.log_likelihood, r->why);
    model_free(kept);
    return status;
}

static ml_status read_blocks(reading *r, const reader_options *options)
{
    reader *from;
    ml_status status = reader_open(&from, r->path, options, r->why);
    if (status == ML_OK)
        status = reader_rest(from, &r->t, r->why);
    if (status == ML_OK)
        status = finish_blocks(r, from);
    reader_free(from);
    return status;
}

static ml_status read_table(reading *r, const char *const *names, size_t count)
{
    reader_options options;
    reader_defaults(&options);
    options.header = READER_HEADER;
    options.id = "row";
    options.keep_half = true;
    const char **wanted = memory_array(count + 2, sizeof *wanted);
    if (wanted == NULL)
        return ml_fail_memory(r->why, "names", (count + 2) * sizeof *wanted);
    wanted[0] = "component";
    wanted[1] = "weight";
    for (size_t j = 0; j < count; j++)
        wanted[2 + j] = names[j];
    if (names != NULL) {
        options.match = wanted;
        options.match_count = count + 2;
    }
    ml_status status = read_blocks(r, &options);
    free(wanted);
    if (status != ML_OK)
        return status;
    r->d = r->t.columns - 2;
    if (r->t.columns < 3 || strcmp(r->t.names[0], "component") != 0 || strcmp(r->t.names[1], "weight") != 0)
        status =
            ml_fail(r->why, "%s: the columns must be component, weight, row and those of the data", r->path);
    return status;
}

static double cell(const reading *r, size_t row, size_t at)
{
    return gsl_matrix_get(r->t.x, row, at);
}

static bool is_called(const reading *r, size_t row, const char *name)
{
    size_t length;
    const char *text = text_cell(&r->t.texts[0], row, &length);
    return strlen(name) == length && memcmp(text, name, length) == 0;
}

static size_t count_components(const reading *r)
{
    size_t k = 0;
    for (size_t i = 0; i < r->t.rows; i++)
        k += is_called(r, i, "mean");
    return k;
}

/* The rows of component K from row FROM on; *END is the row behind them. */
static ml_status read_component(const reading *r, gmm_model *m, size_t k, size_t from, size_t *end)
{
    size_t d = r->d, row = from + 1;
    for (size_t i = from; i < r->t.rows && (i == from || !is_called(r, i, "mean")); i++)
        if (cell(r, i, 0) != (double)k + 1 || cell(r, i, 1) != cell(r, from, 1))
            return ml_fail(r->why,
                           "%s: row %zu: component %zu was expected, with the same weight in all of its rows",
                           r->path, i + 1, k + 1);
    gsl_vector_set(m->weights, k, cell(r, from, 1));
    for (size_t j = 0; j < d; j++)
        gsl_matrix_set(m->means, k, j, cell(r, from, 2 + j));
    if (row < r->t.rows && is_called(r, row, "variance")) {
        for (size_t j = 0; j < d; j++)
            gsl_matrix_set(m->covariances, k * d + j, j, cell(r, row, 2 + j));
        *end = row + 1;
        return ML_OK;
    }
    for (size_t i = 0; i < d; i++, row++) {
        if (row >= r->t.rows || !is_called(r, row, r->t.names[2 + i]))
            return ml_fail(r->why,
                           "%s: component %zu: behind its mean a row called variance, or one for each "
                           "column, is expected; "
                           "that of '%.60s' is not there",
                           r->path, k + 1, r->t.names[2 + i]);
        for (size_t j = 0; j < d; j++)
            gsl_matrix_set(m->covariances, k * d + i, j, cell(r, row, 2 + j));
    }
    *end = row;
    return ML_OK;
}

static ml_status check_symmetry(const reading *r, const gmm_model *m, size_t k)
{
    for (size_t i = 0; i < r->d; i++)
        for (size_t j = 0; j < i; j++) {
            double a = gsl_matrix_get(m->covariances, k * r->d + i, j),
                   b = gsl_matrix_get(m->covariances, k * r->d + j, i);
            if (fabs(a - b) > 1e-9 * fmax(fabs(a), fabs(b)))
                return ml_fail(r->why,
                               "%s: component %zu: the covariance of '%.60s' and '%.60s' stands there as "
                               "%.17g and as %.17g",
                               r->path, k + 1, r->t.names[2 + i], r->t.names[2 + j], a, b);
            gsl_matrix_set(m->covariances, k * r->d + j, i, a);
        }
    return ML_OK;
}

/* Weights above 0 with the sum 1, as exactly as they are written. */
static ml_status check_weights(const reading *r, gmm_model *m)
{
    double sum = 0, half = 1e-12;
    for (size_t i = 0, k = 0; i < r->t.rows; i++)
        if (is_called(r, i, "mean")) {
            double weight = gsl_vector_get(m->weights, k++);
            if (!(weight > 0))
                return ml_fail(r->why, "%s: component %zu: its weight is %g and must be above 0", r->path, k,
                               weight);
            sum += weight;
            half += gsl_matrix_get(r->t.half, i, 1);
        }
    if (fabs(sum - 1) > half)
        return ml_fail(r->why, "%s: the weights have the sum %.15g and not 1", r->path, sum);
    gsl_vector_scale(m->weights, 1 / sum);
    return ML_OK;
}

/* The narrowest kind that the covariances are of. */
static gmm_covariance kind_of(const gmm_model *m)
{
    bool same = true, diagonal = true, spherical = true;
    for (size_t k = 0; k < m->k; k++)
        for (size_t i = 0; i < m->d; i++)
            for (size_t j = 0; j < m->d; j++) {
                double s = gsl_matrix_get(m->covariances, k * m->d + i, j);
                same = same && s == gsl_matrix_get(m->covariances, i, j);
                diagonal = diagonal && (i == j || s == 0);
                spherical = spherical && (i != j || s == gsl_matrix_get(m->covariances, k * m->d, 0));
            }
    if (diagonal && spherical)
        return same && m->k > 1 ? GMM_TIED_SPHERICAL : GMM_SPHERICAL;
    return diagonal ? GMM_DIAGONAL : same && m->k > 1 ? GMM_TIED : GMM_FULL;
}

static ml_status take_names(const reading *r, gmm_text *t)
{
    return names_of(&t->names, &r->t, 2, r->d, r->why);
}

static ml_status read_all(const reading *r, gmm_text *t)
{
    size_t k = count_components(r), row = 0;
    if (k == 0)
        return ml_fail(r->why, "%s: there is no row called mean", r->path);
    ml_status status = gmm_model_alloc(&t->model, k, r->d, GMM_FULL, r->why);
    if (status == ML_OK && !is_called(r, 0, "mean"))
        status = ml_fail(r->why, "%s: the first row of a component must be called mean", r->path);
    for (size_t q = 0; status == ML_OK && q < k; q++) {
        status = read_component(r, &t->model, q, row, &row);
        if (status == ML_OK && q + 1 < k && !is_called(r, row, "mean"))
            status = ml_fail(r->why, "%s: row %zu: a row called mean was expected", r->path, row + 1);
        if (status == ML_OK)
            status = check_symmetry(r, &t->model, q);
    }
    if (status == ML_OK && row < r->t.rows)
        status = ml_fail(r->why, "%s: row %zu: a row called mean was expected", r->path, row + 1);
    if (status == ML_OK)
        status = check_weights(r, &t->model);
    if (status == ML_OK)
        t->model.covariance = kind_of(&t->model);
    if (status == ML_OK && gmm_model_prepare(&t->model, r->why) != ML_OK) {
        ml_message inner = *r->why;
        status = ml_fail(r->why, "%.200s: %.700s", r->path, inner.text);
    }
    return status == ML_OK ? take_names(r, t) : status;
}

ml_status gmm_text_read(gmm_text *t, const char *path, const char *const *names, size_t count,
                        ml_message *why)
{
    reading r = {.path = path, .why = why};
    *t = (gmm_text){0};
    ml_status status = read_table(&r, names, count);
    if (status == ML_OK)
        status = read_all(&r, t);
    t->history = r.history;
    table_free(&r.t);
    return status;
}

/* column1, column2, ... */
static bool is_numbered(const char *name)
{
    static const char start[] = "column";
    if (strncmp(name, start, sizeof start - 1) != 0)
        return false;
    name += sizeof start - 1;
    return *name != '\0' && name[strspn(name, "0123456789")] == '\0';
}

void gmm_text_match(const gmm_text *t, reader_options *options)
{
    bool named = false;
    size_t count = 0;
    for (; t->names[count] != NULL; count++)
        named = named || !is_numbered(t->names[count]);
    options->match = named ? (const char *const *)t->names : NULL;
    options->match_count = count;
}
