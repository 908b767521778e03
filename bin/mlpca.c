/* mlpca: principal component analysis of the rows on standard input. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ml/pca.h"
#include "table/cli.h"
#include "table/model.h"
#include "table/progress.h"
#include "table/save.h"

typedef struct params {
    pca_params pca;
    size_t ddof;
    bool inverse;
} params;

enum { SCORES, COMPONENTS, VARIANCE, MEAN, RECONSTRUCTION, T2Q, LIKELIHOOD };

static const char *const whitenings[] = {"none", "pca", "zca", NULL};

#define AT(member) offsetof(params, member)

static const cli_option options[] = {
    {'k', NULL, "N", "keep the first N components; default all, at most rows - 1", CLI_COUNT,
     AT(pca.components), .least = 1, .most = 1e9},
    {0, "energy", "X", "keep the fewest components that hold this share of the variance, such as 0.95",
     CLI_REAL, AT(pca.energy), .least = 1e-300, .most = 1},
    {0, "scale", NULL,
     "divide the columns by their standard deviations (their root mean squares with --no-center): PCA of the "
     "correlation matrix",
     CLI_FLAG, AT(pca.scale), .group = 0},
    {0, "no-center", NULL, "do not subtract the means of the columns", CLI_CLEAR, AT(pca.center), .group = 0},
    {0, "ddof", "N", "variances divide by n - N, 0 or 1; default 1", CLI_COUNT, AT(ddof), .least = 0,
     .most = 1},
    {0, "whiten", "KIND",
     "scores of unit variance: pca, or zca, which turns them back into the axes of the columns; default none",
     CLI_CHOICE, AT(pca.whiten), .choices = whitenings},
    {0, "probabilistic", NULL,
     "probabilistic PCA: components are W, scores the posterior means, variances divide by n; needs -k or "
     "--energy",
     CLI_FLAG, AT(pca.probabilistic), .group = 0},
    {0, "inverse", NULL, "with --apply: the rows are scores; print the points they stand for", CLI_FLAG,
     AT(inverse), .group = 0},
    {0, NULL, NULL, NULL, CLI_FLAG, 0, .group = 0},
};

/* In the order of the enumeration. */
static const cli_show shows[] = {
    {"scores", "each row in the axes of the components, id columns carried along"},
    {"components", "the directions: a row for each column of the data, a column for each component"},
    {"variance", "variance of each component, its share of the total, and the cumulative share"},
    {"mean", "mean of each column, and what it was divided by"},
    {"reconstruction", "each row as the kept components render it, in the units of the data"},
    {"t2q", "Hotelling's T squared and the squared residual Q of each row"},
    {"likelihood", "with --probabilistic: the noise variance and the log-likelihood in nats"},
    {NULL, NULL},
};

static const cli_example examples[] = {
    {"mlpca -i species -s variance iris.csv", "how much of the variance each component holds"},
    {"mlpca -i species -k 2 iris.csv", "two scores for each flower, its species beside them"},
    {"mlpca -i species --save m.csv iris.csv >scores.csv; mlpca -i species --apply m.csv new.csv",
     "keep the model and use it on other rows"},
    {NULL, NULL},
};

static const cli_tool tool = {
    .name = "mlpca",
    .summary = "principal component analysis",
    .groups = CLI_READS | CLI_WRITES | CLI_JOBS | CLI_MODEL,
    .options = options,
    .shows = shows,
    .examples = examples,
};

typedef struct job {
    const cli *c;
    params p;
    pca_model model;
    bool named;     /* the table that the model was fitted on had names */
    char **columns; /* names of the model's p columns, ended by NULL */
    char **labels;  /* PC1, PC2, ...: one for each kept component, ended by NULL */
    table rows;     /* the rows, when they are held in memory, else empty */
    reader *stream; /* the rows, when they arrive in pieces, else NULL */
    writer *out;
    save *saved; /* the model, written and not yet in place; NULL: none */
} job;

/* --- names --- */

static void free_names(char **names)
{
    for (size_t j = 0; names != NULL && names[j] != NULL; j++)
        free(names[j]);
    free(names);
}

/* COUNT names: those of the columns of T, or PC1, PC2, ... when T is NULL. */
static ml_status make_names(char ***names, const table *t, size_t count, ml_message *why)
{
    *names = memory_zeros(count + 1, sizeof **names);
    for (size_t j = 0; *names != NULL && j < count; j++) {
        char space[32];
        if (t == NULL)
            snprintf(space, sizeof space, "PC%zu", j + 1);
        (*names)[j] = strdup(t ? table_name(t, j, space) : space);
        if ((*names)[j] == NULL) {
            free_names(*names);
            *names = NULL;
        }
    }
    return *names ? ML_OK : ml_fail_memory(why, "names", count * sizeof **names);
}

/* --- the model: fitted, kept, read --- */

static ml_status fit_stream(reader *r, pca_fitter *fitter, pca_model *fitted, ml_message *why)
{
    const table *piece;
    ml_status status;
    while ((status = reader_next(r, &piece, why)) == ML_OK && piece->rows > 0)
        if ((status = pca_add(fitter, piece->x, why)) != ML_OK)
            return status;
    if (status == ML_OK)
        status = reader_finish(r, why);
    return status == ML_OK ? pca_finish(fitter, fitted, why) : status;
}

static bool is_row_result(size_t show)
{
    return show == SCORES || show == RECONSTRUCTION || show == T2Q;
}

static size_t row_results(const cli *c)
{
    size_t count = 0;
    for (size_t i = 0; i < c->show_count; i++)
        count += is_row_result(c->shows[i]);
    return count;
}

static ml_status fit_from(job *j, reader *r, ml_message *why)
{
    pca_params pca = j->p.pca;
    pca.ddof = (int)j->p.ddof;
    pca.jobs = j->c->reader.jobs;
    pca.names = (const char *const *)j->columns;
    size_t columns = reader_columns(r)->columns;
    if (row_results(j->c) > 0 || j->c->reader.na == READER_NA_MEAN) {
        ml_status status = reader_rest(r, &j->rows, why);
        if (status == ML_OK)
            status = reader_finish(r, why);
        return status == ML_OK ? pca_fit(j->rows.x, &pca, &j->model, why) : status;
    }
    pca_fitter *fitter;
    ml_status status = pca_begin(&fitter, &pca, columns, why);
    if (status == ML_OK)
        status = fit_stream(r, fitter, &j->model, why);
    pca_fitter_free(fitter);
    return status;
}

/* Where only the model is printed, the rows are read once and not kept. */
static ml_status fit(job *j, ml_message *why)
{
    reader *r;
    ml_status status = reader_open(&r, j->c->file, &j->c->reader, why);
    if (status != ML_OK)
        return status;
    j->named = reader_columns(r)->names != NULL;
    progress_phase("reading");
    status = make_names(&j->columns, reader_columns(r), reader_columns(r)->columns, why);
    if (status == ML_OK)
        status = fit_from(j, r, why);
    reader_free(r);
    return status;
}

static void write_variance(const job *j, writer *w, bool shares, const double *ratios)
{
    const pca_model *m = &j->model;
    column columns[] = {column_strings("component", (const char *const *)j->labels),
                        column_reals("variance", m->variance->data, m->variance->stride),
                        column_reals("ratio", ratios, 2), column_reals("cumulative", ratios + 1, 2)};
    writer_block(w, "variance", columns, shares ? 4 : 2, m->kept);
}

static void write_mean(const job *j, writer *w, const char *block)
{
    const pca_model *m = &j->model;
    column columns[] = {column_strings("column", (const char *const *)j->columns),
                        column_reals("mean", m->mean->data, m->mean->stride),
                        column_reals("scale", m->scale->data, m->scale->stride)};
    writer_block(w, block, columns, 3, m->columns);
}

static ml_status write_components(const job *j, writer *w, ml_message *why)
{
    const pca_model *m = &j->model;
    column *columns = memory_array(m->kept + 1, sizeof *columns);
    if (columns == NULL)
        return ml_fail_memory(why, "the components", m->kept * sizeof *columns);
    columns[0] = column_strings("column", (const char *const *)j->columns);
    for (size_t i = 0; i < m->kept; i++)
        columns[i + 1] = column_reals(j->labels[i], m->components->data + i, m->components->tda);
    writer_block(w, "components", columns, m->kept + 1, m->columns);
    free(columns);
    return ML_OK;
}

static ml_status write_model(const job *j, writer *w, ml_message *why)
{
    const pca_model *m = &j->model;
    const model_key keys[] = {
        {"rows", (double)m->count},
        {"columns", (double)m->columns},
        {"components", (double)m->kept},
        {"named", j->named},
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
    write_mean(j, w, "columns");
    write_variance(j, w, false, NULL);
    if (status == ML_OK)
        status = write_components(j, w, why);
    model_write_end(w);
    return status;
}

static ml_status save_model(job *j, ml_message *why)
{
    writer *w;
    ml_status status = cli_save_open(j->c, &j->saved, &w, why);
    return status == ML_OK ? cli_save_close(&j->saved, w, write_model(j, w, why), why) : status;
}

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

static ml_status read_arrays(job *j, const model *kept, ml_message *why)
{
    pca_model *m = &j->model;
    const char **names;
    ml_status status;
    if ((status = model_vector(kept, "columns", "mean", m->mean, why)) != ML_OK ||
        (status = model_vector(kept, "columns", "scale", m->scale, why)) != ML_OK ||
        (status = model_vector(kept, "variance", "variance", m->variance, why)) != ML_OK ||
        (status = model_matrix(kept, "components", 1, m->components, why)) != ML_OK ||
        (status = model_texts(kept, "columns", "column", &names, why)) != ML_OK)
        return status;
    j->columns = memory_zeros(m->columns + 1, sizeof *j->columns);
    bool copied = j->columns != NULL;
    for (size_t i = 0; copied && i < m->columns; i++)
        copied = (j->columns[i] = strdup(names[i])) != NULL;
    free(names);
    return copied ? ML_OK : ml_fail_memory(why, "names", m->columns * sizeof *j->columns);
}

/* What no fit can have made would give scores that look like numbers. */
static ml_status check_model(const job *j, const model *kept, ml_message *why)
{
    const pca_model *m = &j->model;
    size_t columns, components;
    ml_message wrong;
    ml_status status = model_count(kept, "columns", m->columns, m->columns, &columns, why);
    if (status == ML_OK)
        status = model_count(kept, "components", m->kept, m->kept, &components, why);
    if (status == ML_OK && pca_check_model(m, (const char *const *)j->columns, &wrong) != ML_OK)
        status = ml_fail(why, "%s: not a model that mlpca wrote: %s", j->c->apply, wrong.text);
    return status;
}

static ml_status read_model(job *j, ml_message *why)
{
    model *kept;
    size_t columns, components, width;
    ml_status status = model_read(&kept, j->c->apply, "mlpca", why);
    if (status != ML_OK)
        return status;
    if ((status = model_shape(kept, "columns", &columns, &width, why)) == ML_OK &&
        (status = model_shape(kept, "variance", &components, &width, why)) == ML_OK &&
        (status = pca_alloc(&j->model, columns, components, why)) == ML_OK &&
        (status = read_flags(kept, &j->model, &j->named, why)) == ML_OK)
        status = read_arrays(j, kept, why);
    if (status == ML_OK)
        status = check_model(j, kept, why);
    model_free(kept);
    return status;
}

/* Open the rows that a kept model is applied to: columns by name, by position when the model has none. */
static ml_status open_rows(job *j, ml_message *why)
{
    reader_options reading = j->c->reader;
    bool scores = j->p.inverse && j->model.whiten != PCA_WHITEN_ZCA;
    if (scores)
        reading.match = (const char *const *)j->labels;
    else if (j->named)
        reading.match = (const char *const *)j->columns;
    reading.match_count = j->p.inverse ? pca_score_columns(&j->model) : j->model.columns;
    ml_status status = reader_open(&j->stream, j->c->file, &reading, why);
    if (status != ML_OK || (row_results(j->c) <= 1 && reading.na != READER_NA_MEAN))
        return status;
    status = reader_rest(j->stream, &j->rows, why);
    if (status == ML_OK)
        status = reader_finish(j->stream, why);
    reader_free(j->stream);
    j->stream = NULL;
    return status;
}

/* --- results that have a row for each row of the input --- */

static size_t row_width(const job *j, size_t show)
{
    if (j->p.inverse || show == RECONSTRUCTION)
        return j->model.columns;
    return show == T2Q ? 2 : pca_score_columns(&j->model);
}

static ml_status compute_rows(const job *j, size_t show, const gsl_matrix *rows, gsl_matrix *result,
                              size_t first, ml_message *why)
{
    int jobs = j->c->reader.jobs;
    if (show == T2Q)
        return pca_t2q(&j->model, rows, result, first, jobs, why);
    if (j->p.inverse)
        return pca_inverse(&j->model, rows, result, first, jobs, why);
    if (show == RECONSTRUCTION)
        return pca_reconstruct(&j->model, rows, result, first, jobs, why);
    return pca_scores(&j->model, rows, result, first, jobs, why);
}

static const char *row_name(const job *j, size_t show, size_t i)
{
    static const char *const t2q[] = {"t2", "q"};
    if (j->p.inverse || show == RECONSTRUCTION || (show == SCORES && j->model.whiten == PCA_WHITEN_ZCA))
        return j->columns[i];
    return show == T2Q ? t2q[i] : j->labels[i];
}

/* The printing of one such result: the columns, and space for the numbers of a piece of rows. */
typedef struct row_printer {
    job *j;
    size_t show, width, texts;
    column *columns; /* the id columns, then WIDTH numeric ones */
    gsl_matrix *space;
    size_t rows; /* printed so far */
    bool begun;
} row_printer;

/* The names line goes out with the first rows, not before these were read without an error. */
static void begin_rows(row_printer *p, const table *piece)
{
    for (size_t i = 0; i < p->texts; i++)
        p->columns[i] = column_text(&piece->texts[i]);
    for (size_t i = 0; i < p->width; i++)
        p->columns[p->texts + i] = column_reals(row_name(p->j, p->show, i), NULL, p->width);
    writer_begin(p->j->out, p->j->p.inverse ? "inverse" : shows[p->show].name, p->columns,
                 p->texts + p->width);
    p->begun = true;
}

static ml_status print_piece(row_printer *p, const table *piece, ml_message *why)
{
    if (p->space == NULL || p->space->size1 < piece->rows) {
        gsl_matrix_free(p->space);
        p->space = gsl_matrix_alloc(piece->rows, p->width);
    }
    if (p->space == NULL)
        return ml_fail_memory(why, "the results", piece->rows * p->width * sizeof(double));
    gsl_matrix_view result = gsl_matrix_submatrix(p->space, 0, 0, piece->rows, p->width);
    ml_status status = compute_rows(p->j, p->show, piece->x, &result.matrix, p->rows + 1, why);
    if (status != ML_OK)
        return status;
    if (!p->begun)
        begin_rows(p, piece);
    p->rows += piece->rows;
    for (size_t i = 0; i < p->texts; i++)
        p->columns[i].text = &piece->texts[i];
    for (size_t i = 0; i < p->width; i++)
        p->columns[p->texts + i].real = p->space->data + i;
    writer_rows(p->j->out, p->columns, p->texts + p->width, piece->rows);
    return ML_OK;
}

static ml_status print_stream(row_printer *p, reader *stream, ml_message *why)
{
    const table *piece;
    ml_status status;
    while ((status = reader_next(stream, &piece, why)) == ML_OK && piece->rows > 0)
        if ((status = print_piece(p, piece, why)) != ML_OK)
            return status;
    return status == ML_OK ? reader_finish(stream, why) : status;
}

static ml_status print_rows(job *j, size_t show, ml_message *why)
{
    const table *t = j->stream ? reader_columns(j->stream) : &j->rows;
    row_printer p = {.j = j, .show = show, .width = row_width(j, show), .texts = t->text_count};
    p.columns = memory_zeros(p.texts + p.width, sizeof *p.columns);
    if (p.columns == NULL)
        return ml_fail_memory(why, "the results", p.width * sizeof *p.columns);
    ml_status status = j->stream ? print_stream(&p, j->stream, why) : print_piece(&p, t, why);
    if (p.begun)
        writer_end(j->out);
    gsl_matrix_free(p.space);
    free(p.columns);
    return status;
}

/* --- the other results --- */

static ml_status print_variance(job *j, ml_message *why)
{
    const pca_model *m = &j->model;
    double *ratios = memory_array(2 * m->kept, sizeof *ratios);
    if (ratios == NULL)
        return ml_fail_memory(why, "the ratios", 2 * m->kept * sizeof *ratios);
    for (size_t i = 0; i < m->kept; i++) {
        ratios[2 * i] = pca_ratio(m, i);
        ratios[2 * i + 1] = pca_cumulative(m, i);
    }
    write_variance(j, j->out, true, ratios);
    free(ratios);
    return ML_OK;
}

static void print_likelihood(job *j)
{
    const pca_model *m = &j->model;
    column columns[] = {column_reals("noise_variance", &m->noise, 1),
                        column_reals("log_likelihood", &m->log_likelihood, 1)};
    writer_block(j->out, "likelihood", columns, 2, 1);
}

static ml_status print_result(job *j, size_t show, ml_message *why)
{
    switch (show) {
    case COMPONENTS:
        return write_components(j, j->out, why);
    case VARIANCE:
        return print_variance(j, why);
    case MEAN:
        write_mean(j, j->out, "mean");
        return ML_OK;
    case LIKELIHOOD:
        print_likelihood(j);
        return ML_OK;
    default:
        return print_rows(j, show, why);
    }
}

/* --- the run --- */

static int check_usage(const job *j)
{
    static const char *const of_the_fit[] = {"k",    "energy", "scale",        "no-center",
                                             "ddof", "whiten", "probabilistic"};
    const cli *c = j->c;
    if (j->p.inverse && c->apply == NULL)
        return cli_usage(c, "--inverse needs the model that made the scores: --apply FILE");
    if (j->p.inverse && cli_given(c, "show"))
        return cli_usage(c, "--inverse prints one result; leave out --show");
    if (c->apply != NULL && c->save != NULL)
        return cli_usage(c, "--apply uses a kept model and --save keeps a new one; give one of them");
    for (size_t i = 0; c->apply != NULL && i < sizeof of_the_fit / sizeof of_the_fit[0]; i++)
        if (cli_given(c, of_the_fit[i]))
            return cli_usage(c, "%s%s belongs to the fit; with --apply the model decides", i ? "--" : "-",
                             of_the_fit[i]);
    if (j->p.pca.probabilistic && cli_given(c, "ddof") && j->p.ddof != 0)
        return cli_usage(c,
                         "the variances of probabilistic PCA divide by n, as maximum likelihood does; leave "
                         "out --ddof %zu",
                         j->p.ddof);
    if (cli_shows(c, "likelihood") && c->apply == NULL && !j->p.pca.probabilistic)
        return cli_usage(c, "the likelihood is that of probabilistic PCA; add --probabilistic");
    return -1;
}

static ml_status run(job *j, ml_message *why)
{
    ml_status status = j->c->apply ? read_model(j, why) : fit(j, why);
    if (status == ML_OK)
        status = make_names(&j->labels, NULL, j->model.kept, why);
    if (status == ML_OK && j->c->apply && cli_shows(j->c, "likelihood") && !j->model.probabilistic)
        status = ml_fail(why, "%s: not a model of probabilistic PCA, so it has no likelihood", j->c->apply);
    if (status == ML_OK && j->c->apply && row_results(j->c) > 0)
        status = open_rows(j, why);
    if (status == ML_OK && j->c->save)
        status = save_model(j, why);
    if (status == ML_OK && (j->out = cli_output(j->c)) == NULL)
        status = ml_fail_memory(why, "the writer", sizeof *j);
    for (size_t i = 0; status == ML_OK && i < j->c->show_count; i++)
        status = print_result(j, j->c->shows[i], why);
    return status;
}

int main(int argc, char **argv)
{
    cli c;
    job j = {.c = &c, .p = {.ddof = 1}};
    ml_message why;
    pca_defaults(&j.p.pca);
    int status = cli_parse(&c, &tool, &j.p, argc, argv);
    if (status < 0)
        status = check_usage(&j);
    if (status >= 0)
        return status;
    status = run(&j, &why);
    if (status == ML_FAIL)
        cli_fail(&c, &why);
    status = cli_commit(&c, j.saved, cli_close(&c, j.out, status));
    reader_free(j.stream);
    table_free(&j.rows);
    free_names(j.columns);
    free_names(j.labels);
    pca_free(&j.model);
    return status;
}
