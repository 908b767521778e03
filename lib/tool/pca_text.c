#include "tool/pca_text.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "tool/names.h"

ml_status pca_text_label(pca_text *t, ml_message *why)
{
    return names_numbered(&t->labels, "PC", t->model.kept, why);
}

void pca_text_free(pca_text *t)
{
    pca_free(&t->model);
    names_free(t->columns);
    names_free(t->labels);
    *t = (pca_text){0};
}

/* --- writing --- */

/* With their shares, RATIOS, in pairs, or alone. */
static void write_variances(const pca_text *t, writer *w, const double *ratios)
{
    const pca_model *m = &t->model;
    column columns[] = {column_strings("component", (const char *const *)t->labels),
                        column_reals("variance", m->variance->data, m->variance->stride),
                        column_reals("ratio", ratios, 2),
                        column_reals("cumulative", ratios ? ratios + 1 : NULL, 2)};
    writer_block(w, "variance", columns, ratios ? 4 : 2, m->kept);
}

ml_status pca_text_write_variance(const pca_text *t, writer *w, ml_message *why)
{
    const pca_model *m = &t->model;
    double *ratios = memory_array(2 * m->kept, sizeof *ratios);
    if (ratios == NULL)
        return ml_fail_memory(why, "the ratios", 2 * m->kept * sizeof *ratios);
    for (size_t i = 0; i < m->kept; i++) {
        ratios[2 * i] = pca_ratio(m, i);
        ratios[2 * i + 1] = pca_cumulative(m, i);
    }
    write_variances(t, w, ratios);
    free(ratios);
    return ML_OK;
}

void pca_text_write_mean(const pca_text *t, writer *w, const char *name)
{
    const pca_model *m = &t->model;
    column columns[] = {column_strings("column", (const char *const *)t->columns),
                        column_reals("mean", m->mean->data, m->mean->stride),
                        column_reals("scale", m->scale->data, m->scale->stride)};
    writer_block(w, name, columns, 3, m->columns);
}

ml_status pca_text_write_components(const pca_text *t, writer *w, ml_message *why)
{
    const pca_model *m = &t->model;
    column *columns = memory_array(m->kept + 1, sizeof *columns);
    if (columns == NULL)
        return ml_fail_memory(why, "the components", m->kept * sizeof *columns);
    columns[0] = column_strings("column", (const char *const *)t->columns);
    for (size_t i = 0; i < m->kept; i++)
        columns[i + 1] = column_reals(t->labels[i], m->components->data + i, m->components->tda);
    writer_block(w, "components", columns, m->kept + 1, m->columns);
    free(columns);
    return ML_OK;
}

ml_status pca_text_write(const pca_text *t, writer *w, ml_message *why)
{
    const pca_model *m = &t->model;
    const model_key keys[] = {
        {"rows", (double)m->count},
        {"columns", (double)m->columns},
        {"components", (double)m->kept},
        {"named", t->named},
        {"ddof", m->ddof},
        {"centered", m->centered},
        {"scaled", m->scaled},
        {"whiten", m->whiten},
        {"probabilistic", m->probabilistic},
        {"total_variance", m->total},
        {"noise_variance", m->noise},
        {"log_likelihood", m->log_likelihood},
    };
    ml_status status = model_write_keys(w, "mlpca", keys, sizeof keys / sizeof keys[0], why);
    pca_text_write_mean(t, w, "columns");
    write_variances(t, w, NULL);
    if (status == ML_OK)
        status = pca_text_write_components(t, w, why);
    model_write_end(w);
    return status;
}

/* --- reading --- */

static ml_status read_flags(const model *kept, pca_model *m, bool *named, ml_message *why)
{
    size_t ddof, flag[4], whiten;
    const char *const keys[] = {"named", "centered", "scaled", "probabilistic"};
    ml_status status = model_count(kept, "rows", 1, SIZE_MAX / 2, &m->count, why);
    for (size_t i = 0; status == ML_OK && i < 4; i++)
        status = model_count(kept, keys[i], 0, 1, &flag[i], why);
    if (status != ML_OK || (status = model_count(kept, "ddof", 0, 1, &ddof, why)) != ML_OK ||
        (status = model_count(kept, "whiten", PCA_WHITEN_NONE, PCA_WHITEN_ZCA, &whiten, why)) != ML_OK ||
        (status = model_number(kept, "total_variance", &m->total, why)) != ML_OK ||
        (status = model_number(kept, "noise_variance", &m->noise, why)) != ML_OK)
        return status;
    *named = flag[0];
    m->centered = flag[1];
    m->scaled = flag[2];
    m->probabilistic = flag[3];
    m->ddof = (int)ddof;
    m->whiten = (pca_whiten)whiten;
    return model_number(kept, "log_likelihood", &m->log_likelihood, why);
}

static ml_status read_arrays(pca_text *t, const model *kept, ml_message *why)
{
    pca_model *m = &t->model;
    const char **names;
    ml_status status;
    if ((status = model_vector(kept, "columns", "mean", m->mean, why)) != ML_OK ||
        (status = model_vector(kept, "columns", "scale", m->scale, why)) != ML_OK ||
        (status = model_vector(kept, "variance", "variance", m->variance, why)) != ML_OK ||
        (status = model_matrix(kept, "components", 1, m->components, why)) != ML_OK ||
        (status = model_texts(kept, "columns", "column", &names, why)) != ML_OK)
        return status;
    status = names_copy(&t->columns, names, m->columns, why);
    free(names);
    return status;
}

/* What no fit can have made would give scores that look like numbers. */
static ml_status check_model(const pca_text *t, const model *kept, const char *path, ml_message *why)
{
    const pca_model *m = &t->model;
    size_t columns, components;
    ml_message wrong;
    ml_status status = model_count(kept, "columns", m->columns, m->columns, &columns, why);
    if (status == ML_OK)
        status = model_count(kept, "components", m->kept, m->kept, &components, why);
    if (status == ML_OK && pca_check_model(m, (const char *const *)t->columns, &wrong) != ML_OK)
        status = ml_fail(why, "%s: not a model that mlpca wrote: %s", path, wrong.text);
    return status;
}

ml_status pca_text_read(pca_text *t, const char *path, ml_message *why)
{
    model *kept;
    size_t columns, components, width;
    ml_status status = model_read(&kept, path, "mlpca", why);
    if (status != ML_OK)
        return status;
    if ((status = model_shape(kept, "columns", &columns, &width, why)) == ML_OK &&
        (status = model_shape(kept, "variance", &components, &width, why)) == ML_OK &&
        (status = pca_alloc(&t->model, columns, components, why)) == ML_OK &&
        (status = read_flags(kept, &t->model, &t->named, why)) == ML_OK)
        status = read_arrays(t, kept, why);
    if (status == ML_OK)
        status = check_model(t, kept, path, why);
    model_free(kept);
    return status == ML_OK ? pca_text_label(t, why) : status;
}
