/* mlpca: principal component analysis of the rows on standard input. */
#include <stdlib.h>

#include "ml/pca.h"
#include "table/cli.h"
#include "table/progress.h"
#include "table/save.h"
#include "table/select.h"
#include "tool/names.h"
#include "tool/pca_exact_run.h"
#include "tool/pca_text.h"
#include "tool/qr_state.h"

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
    {"printf '1,2\\n2,1\\n3,5\\n' | mlpca --exact --steps", "by hand, every step with roots and fractions"},
    {"parallel --pipepart -a big.csv --block 1G mlpca -N --partial >states && mlpca --merge states",
     "a table in parts on all cores, or on many machines"},
    {NULL, NULL},
};

static const cli_tool tool = {
    .name = "mlpca",
    .summary = "principal component analysis",
    .groups = CLI_READS | CLI_WRITES | CLI_JOBS | CLI_MODEL | CLI_PARTIAL | CLI_STEPS | CLI_EXACT,
    .options = options,
    .shows = shows,
    .examples = examples,
};

typedef struct job {
    const cli *c;
    params p;
    pca_text t;
    table rows;     /* the rows, when they are held in memory, else empty */
    reader *stream; /* the rows, opened and not yet read, else NULL */
    writer *out;
    save *saved; /* the model, written and not yet in place; NULL: none */
} job;

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

/* --- where rows come from --- */

/* A file of this size is read again for each result rather than kept in memory. */
static const double READ_AGAIN = 256 << 20;

/* PASSES: how often all rows are needed. */
static bool holds_rows(const job *j, size_t passes)
{
    return j->c->reader.na == READER_NA_MEAN || (passes > 1 && cli_input_size(j->c) < READ_AGAIN);
}

static ml_status take_rows(job *j, reader *r, ml_message *why)
{
    ml_status status = reader_rest(r, &j->rows, why);
    return status == ML_OK ? reader_finish(r, why) : status;
}

/* Open the input for a result; AGAIN: it was read before, and the notes were said.  A kept model finds its
 * columns by name, by position when it has no names. */
static ml_status open_rows(job *j, bool again, ml_message *why)
{
    reader_options reading = j->c->reader;
    const pca_text *t = &j->t;
    if (again)
        reading.note = NULL;
    if (j->c->apply != NULL) {
        if (j->p.inverse && t->model.whiten != PCA_WHITEN_ZCA)
            reading.match = (const char *const *)t->labels;
        else if (t->named)
            reading.match = (const char *const *)t->columns;
        reading.match_count = j->p.inverse ? pca_score_columns(&t->model) : t->model.columns;
    }
    return reader_open(&j->stream, j->c->file, &reading, why);
}

static void close_rows(job *j)
{
    reader_free(j->stream);
    j->stream = NULL;
}

/* --- the model --- */

static pca_params fit_params(const job *j)
{
    pca_params pca = j->p.pca;
    pca.ddof = (int)j->p.ddof;
    pca.jobs = j->c->reader.jobs;
    pca.names = (const char *const *)j->t.columns;
    return pca;
}

/* Fit to rows that are kept for their results. */
static ml_status fit_held(job *j, ml_message *why)
{
    progress_phase("reading");
    ml_status status = open_rows(j, false, why);
    if (status != ML_OK)
        return status;
    const table *columns = reader_columns(j->stream);
    j->t.named = columns->names != NULL;
    status = names_of(&j->t.columns, columns, 0, columns->columns, why);
    if (status == ML_OK)
        status = take_rows(j, j->stream, why);
    close_rows(j);
    pca_params pca = fit_params(j);
    progress_phase("decomposing");
    return status == ML_OK ? pca_fit(j->rows.x, &pca, &j->t.model, why) : status;
}

/* Fit to rows of which their state is left. */
static ml_status fit_state(job *j, qr_state *s, ml_message *why)
{
    pca_fitter *fitter;
    j->t.named = s->named;
    j->t.columns = s->columns;
    s->columns = NULL;
    j->p.pca.center = s->centered;
    pca_params pca = fit_params(j);
    ml_status status = pca_resume(&fitter, &pca, s->count, s->rows, why);
    s->rows = NULL;
    progress_phase("decomposing");
    if (status == ML_OK)
        status = pca_finish(fitter, &j->t.model, why);
    pca_fitter_free(fitter);
    return status;
}

static ml_status fit(job *j, ml_message *why)
{
    const cli *c = j->c;
    qr_state s;
    if (!c->merge && holds_rows(j, 1 + row_results(c)))
        return fit_held(j, why);
    ml_status status = c->merge ? qr_state_merge(&s, c, why) : qr_state_open(&s, c, j->p.pca.center, why);
    if (status == ML_OK && !c->merge) {
        pca_params pca = fit_params(j); /* what is wrong with them is said before all rows are read */
        status = pca_check(&pca, 0, s.count, why);
        if (status == ML_OK)
            status = qr_state_fill(&s, why);
    }
    if (status == ML_OK && c->save != NULL && s.named)
        status =
            select_check_unique((const char *const *)s.columns, s.count, c->file ? c->file : "stdin", why);
    if (status == ML_OK)
        status = fit_state(j, &s, why);
    qr_state_free(&s);
    return status;
}

/* A kept model, and the rows it is applied to. */
static ml_status apply(job *j, ml_message *why)
{
    ml_status status = pca_text_read(&j->t, j->c->apply, why);
    if (status == ML_OK && cli_shows(j->c, "likelihood") && !j->t.model.probabilistic)
        status = ml_fail(why, "%s: not a model of probabilistic PCA, so it has no likelihood", j->c->apply);
    if (status != ML_OK || row_results(j->c) == 0)
        return status;
    progress_phase("reading");
    status = open_rows(j, false, why);
    if (status == ML_OK && holds_rows(j, row_results(j->c))) {
        status = take_rows(j, j->stream, why);
        close_rows(j);
    }
    return status;
}

static ml_status save_model(job *j, ml_message *why)
{
    writer *w;
    ml_status status = cli_save_open(j->c, &j->saved, &w, why);
    return status == ML_OK ? cli_save_close(&j->saved, w, pca_text_write(&j->t, w, why), why) : status;
}

/* --- results that have a row for each row of the input --- */

static size_t row_width(const job *j, size_t show)
{
    if (j->p.inverse || show == RECONSTRUCTION)
        return j->t.model.columns;
    return show == T2Q ? 2 : pca_score_columns(&j->t.model);
}

static ml_status compute_rows(const job *j, size_t show, const gsl_matrix *rows, gsl_matrix *result,
                              size_t first, ml_message *why)
{
    int jobs = j->c->reader.jobs;
    if (show == T2Q)
        return pca_t2q(&j->t.model, rows, result, first, jobs, why);
    if (j->p.inverse)
        return pca_inverse(&j->t.model, rows, result, first, jobs, why);
    if (show == RECONSTRUCTION)
        return pca_reconstruct(&j->t.model, rows, result, first, jobs, why);
    return pca_scores(&j->t.model, rows, result, first, jobs, why);
}

static const char *row_name(const job *j, size_t show, size_t i)
{
    static const char *const t2q[] = {"t2", "q"};
    if (j->p.inverse || show == RECONSTRUCTION || (show == SCORES && j->t.model.whiten == PCA_WHITEN_ZCA))
        return j->t.columns[i];
    return show == T2Q ? t2q[i] : j->t.labels[i];
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

static ml_status print_stream(row_printer *p, ml_message *why)
{
    const job *j = p->j;
    const table *piece;
    ml_status status;
    while ((status = reader_next(j->stream, &piece, why)) == ML_OK && piece->rows > 0)
        if ((status = print_piece(p, piece, why)) != ML_OK)
            return status;
    if (status == ML_OK)
        status = reader_finish(j->stream, why);
    if (status == ML_OK && j->c->apply == NULL && p->rows != j->t.model.count)
        status = ml_fail(why, "the input changed while it was read: %zu rows at first, then %zu",
                         j->t.model.count, p->rows);
    return status;
}

static ml_status print_rows(job *j, size_t show, ml_message *why)
{
    bool held = j->rows.rows > 0;
    ml_status status = held || j->stream != NULL ? ML_OK : open_rows(j, true, why);
    if (status != ML_OK)
        return status;
    const table *t = held ? &j->rows : reader_columns(j->stream);
    row_printer p = {.j = j, .show = show, .width = row_width(j, show), .texts = t->text_count};
    p.columns = memory_zeros(p.texts + p.width, sizeof *p.columns);
    if (p.columns == NULL)
        return ml_fail_memory(why, "the results", p.width * sizeof *p.columns);
    status = held ? print_piece(&p, t, why) : print_stream(&p, why);
    if (p.begun)
        writer_end(j->out);
    close_rows(j);
    gsl_matrix_free(p.space);
    free(p.columns);
    return status;
}

/* --- the other results --- */

static void print_likelihood(job *j)
{
    const pca_model *m = &j->t.model;
    column columns[] = {column_reals("noise_variance", &m->noise, 1),
                        column_reals("log_likelihood", &m->log_likelihood, 1)};
    writer_block(j->out, "likelihood", columns, 2, 1);
}

static ml_status print_result(job *j, size_t show, ml_message *why)
{
    switch (show) {
    case COMPONENTS:
        return pca_text_write_components(&j->t, j->out, why);
    case VARIANCE:
        return pca_text_write_variance(&j->t, j->out, why);
    case MEAN:
        pca_text_write_mean(&j->t, j->out, "mean");
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

/* What belongs to the merge, or to the rows. */
static int check_partial_usage(const job *j)
{
    static const char *const of_the_merge[] = {"k", "energy", "scale", "ddof", "whiten", "probabilistic"};
    const cli *c = j->c;
    for (size_t i = 0; c->partial && i < sizeof of_the_merge / sizeof of_the_merge[0]; i++)
        if (cli_given(c, of_the_merge[i]))
            return cli_usage(c, "%s%s belongs to --merge: the states do not depend on it", i ? "--" : "-",
                             of_the_merge[i]);
    if (c->merge && !j->p.pca.center)
        return cli_usage(c, "--no-center belongs to --partial; the states say whether they are centered");
    if (c->merge && row_results(c) > 0)
        return cli_usage(c, "--merge has states and no rows; keep the model with --save, then --apply it to "
                            "each part of the rows");
    return -1;
}

/* By hand there is no rounding, and no model to keep. */
static int check_exact_usage(const job *j)
{
    static const char *const rounded[] = {"energy", "whiten", "probabilistic", "inverse",
                                          "save",   "apply",  "partial",       "merge"};
    const cli *c = j->c;
    if (c->digits > 0 && !c->exact)
        return cli_usage(c, "--digits belongs to --exact");
    if (!c->exact && !c->steps)
        return -1;
    for (size_t i = 0; i < sizeof rounded / sizeof rounded[0]; i++)
        if (cli_given(c, rounded[i]))
            return cli_usage(c, "--%s does not go with %s", rounded[i], c->exact ? "--exact" : "--steps");
    if (c->steps && cli_given(c, "show"))
        return cli_usage(c, "--steps writes the whole calculation; leave out --show");
    return -1;
}

static ml_status run(job *j, ml_message *why)
{
    ml_status status = j->c->apply ? apply(j, why) : fit(j, why);
    if (status == ML_OK && j->c->apply == NULL)
        status = pca_text_label(&j->t, why);
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
    if (status < 0 && c.merge && !cli_given(&c, "show"))
        c.shows[0] = VARIANCE;
    if (status < 0)
        status = check_usage(&j);
    if (status < 0)
        status = check_partial_usage(&j);
    if (status < 0)
        status = check_exact_usage(&j);
    if (status >= 0)
        return status;
    if (c.exact || c.steps) {
        j.p.pca.ddof = (int)j.p.ddof;
        return pca_exact_run(&c, &j.p.pca);
    }
    if (c.partial)
        return qr_state_partial(&c, j.p.pca.center);
    status = run(&j, &why);
    if (status == ML_FAIL)
        cli_fail(&c, &why);
    status = cli_commit(&c, j.saved, cli_close(&c, j.out, status));
    close_rows(&j);
    table_free(&j.rows);
    pca_text_free(&j.t);
    return status;
}
