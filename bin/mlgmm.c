/* mlgmm: Gaussian mixtures of the rows on standard input. */
#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/random.h"
#include "ml/agreement.h"
#include "ml/gmm.h"
#include "ml/gmm_steps.h"
#include "table/cli.h"
#include "table/progress.h"
#include "tool/gmm_state.h"
#include "tool/gmm_text.h"
#include "tool/names.h"
#include "tool/points.h"
#include "tool/results.h"

typedef struct params {
    gmm_params fit;
    const char *components; /* "3" or "1-8" */
    const char *start;      /* a word or a file */
    int criterion;
    size_t draw;
} params;

enum { PARAMETERS, LABELS, RESPONSIBILITIES, DENSITY, SUMMARY, SAMPLE, CHOICE };
enum { NO_CHOICE, BY_BIC, BY_AIC, BY_ICL };

static const char *const covariances[] = {"full", "tied", "diag", "spherical", "tied-spherical", NULL};
static const char *const criteria[] = {"none", "bic", "aic", "icl", NULL};
static const char *const starts[] = {"kmeans", "random", "labels"}; /* as in gmm_start */

#define AT(member) offsetof(params, member)

static const cli_option options[] = {
    {'k', NULL, "K",
     "number of components; with --choose a range such as 1-8; not needed with --init FILE and labels",
     CLI_TEXT, AT(components), .group = 0},
    {0, "choose", "CRITERION",
     "take the number of components from the range of -k: the least bic, aic or icl", CLI_CHOICE,
     AT(criterion), .choices = criteria},
    {0, "covariance", "KIND",
     "full: a matrix for each component; tied: one for all; diag: variances of the columns; spherical: one "
     "variance; "
     "tied-spherical: one variance for all; default full",
     CLI_CHOICE, AT(fit.covariance), .choices = covariances},
    {0, "init", "HOW",
     "where to start: kmeans; random rows as means; labels: those of -y, as if they were known; or a FILE of "
     "parameters; "
     "default kmeans",
     CLI_TEXT, AT(start), .group = 0},
    {0, "restarts", "N",
     "starts to try, the greatest log-likelihood wins; default 1, and 10 with --init random", CLI_COUNT,
     AT(fit.restarts), .least = 1, .most = 1e6},
    {'n', "max-iterations", "N", "stop after N iterations; default 1000", CLI_COUNT, AT(fit.max_iterations),
     .least = 1, .most = 1e9},
    {'t', "tolerance", "X", "stop when the mean log-likelihood of a row rises by less than X; default 1e-6",
     CLI_REAL, AT(fit.tolerance), .least = 0, .most = 1e300},
    {0, "floor", "X",
     "least eigenvalue of a covariance, in units of the mean variance of the columns; default 1e-6", CLI_REAL,
     AT(fit.floor), .least = 0, .most = 1},
    {0, "hard", NULL, "give each row to its likeliest component alone", CLI_FLAG, AT(fit.hard), .group = 0},
    {0, "equal-weights", NULL, "all components have the same weight", CLI_FLAG, AT(fit.equal_weights),
     .group = 0},
    {0, "fix-covariance", "X", "every covariance is X times the identity; as X goes to 0 this is k-means",
     CLI_REAL, AT(fit.fixed), .least = 1e-300, .most = 1e300},
    {0, "draw", "N", "rows that -s sample draws; default 100", CLI_COUNT, AT(draw), .least = 1, .most = 1e12},
    {0, NULL, NULL, NULL, CLI_FLAG, 0, .group = 0},
};

/* In the order of the enumeration. */
static const cli_show shows[] = {
    {"parameters", "weights, means and covariances: the table that --init and --apply read"},
    {"labels", "the likeliest component of each row and its responsibility, id columns carried along"},
    {"responsibilities", "the probability of each component given the row"},
    {"density", "the density of each row and its logarithm"},
    {"summary",
     "iterations, log-likelihood, AIC and BIC (the least is best), and with -y the agreement with labels"},
    {"sample", "rows drawn from the mixture, with their components"},
    {"choice", "with --choose: the criteria for each number of components"},
    {NULL, NULL},
};

static const cli_example examples[] = {
    {"mlgmm -k 2 faithful.csv", "two components: weights, means, covariances"},
    {"mlgmm -k 1-6 --choose bic -s choice,summary faithful.csv", "how many components"},
    {"mlgmm --apply parameters.csv -s density new.csv",
     "score rows with parameters that were kept or written by hand"},
    {NULL, NULL},
};

static const cli_tool tool = {
    .name = "mlgmm",
    .summary = "Gaussian mixtures",
    .groups = CLI_READS | CLI_TARGET | CLI_WEIGHTS | CLI_WRITES | CLI_RANDOM | CLI_JOBS | CLI_MODEL |
              CLI_STEPS | CLI_TRACE | CLI_PARTIAL | CLI_ROUNDS,
    .options = options,
    .shows = shows,
    .examples = examples,
};

typedef struct choice {
    double k, log_likelihood, aic, bic, icl;
} choice;

typedef struct job {
    const cli *c;
    params p;
    points rows;        /* of the input, or of the piece of it that is being scored */
    size_t least, most; /* components */
    gmm_text given;     /* of --init FILE; names of --apply */
    choice *choices;
    gmm_result fit;
    gmm_history history; /* of --merge */
    cli_trace trace;
    gsl_matrix *r; /* responsibilities and log densities of the rows, when they are printed */
    gsl_vector *log_density;
    agreement agreed;
    bool *begun; /* not NULL: rows come in pieces, and the block they are printed in was begun */
} job;

/* --- reading --- */

static ml_status set_count(job *j, size_t count, const char *what, ml_message *why)
{
    if (j->least != 0 && j->least != count)
        return ml_fail(why, "%s: %zu components where -k asks for %zu", what, count, j->least);
    j->least = j->most = count;
    return ML_OK;
}

static ml_status read_start(job *j, ml_message *why)
{
    if (j->p.fit.start == GMM_LABELS) {
        j->p.fit.labels = j->rows.codes;
        return set_count(j, j->rows.code_count, "the labels", why);
    }
    if (j->p.fit.start != GMM_GIVEN)
        return ML_OK;
    ml_status status =
        gmm_text_read(&j->given, j->p.start, (const char *const *)j->rows.names, j->rows.x.size2, why);
    if (status == ML_OK)
        status = set_count(j, j->given.model.k, j->p.start, why);
    if (!cli_given(j->c, "covariance"))
        j->p.fit.covariance = j->given.model.covariance;
    j->p.fit.model = &j->given.model;
    return status;
}

/* --- what was asked for --- */

static int read_components(job *j)
{
    const char *text = j->p.components;
    if (text == NULL)
        return j->p.fit.start >= GMM_LABELS ? -1 : cli_usage(j->c, "say how many components: -k K");
    return points_range(j->c, text, "components", "1-8", j->p.criterion != NO_CHOICE, &j->least, &j->most);
}

static void read_how_to_start(params *p)
{
    p->fit.start = GMM_KMEANS;
    for (int i = 0; p->start != NULL && (p->fit.start = (gmm_start)i) < GMM_GIVEN; i++)
        if (strcmp(p->start, starts[i]) == 0)
            break;
}

static int check_options(job *j)
{
    const cli *c = j->c;
    const params *p = &j->p;
    if (p->criterion != NO_CHOICE && p->fit.start >= GMM_LABELS)
        return cli_usage(c, "--choose needs a range of -k and cannot start from labels or a file");
    if (p->fit.start == GMM_LABELS && c->reader.target == NULL)
        return cli_usage(c, "--init labels needs the column of labels: -y COL");
    if (cli_shows(c, "choice") && p->criterion == NO_CHOICE)
        return cli_usage(c, "-s choice belongs to --choose");
    if (c->trace != NULL && p->criterion != NO_CHOICE)
        return cli_usage(c, "--trace follows one number of components, not --choose");
    if (cli_given(c, "draw") && !cli_shows(c, "sample"))
        return cli_usage(c, "--draw belongs to -s sample");
    if (cli_given(c, "fix-covariance") && cli_given(c, "covariance"))
        return cli_usage(c, "--fix-covariance leaves no kind of --covariance to choose");
    return -1;
}

/* --apply takes parameters in place of everything that fits them. */
static int check_apply(job *j)
{
    static const char *const fitting[] = {"k",        "choose",         "covariance",     "init",
                                          "restarts", "max-iterations", "tolerance",      "floor",
                                          "hard",     "equal-weights",  "fix-covariance", "weights",
                                          "save",     "steps",          "trace",          NULL};
    for (const char *const *name = fitting; *name != NULL; name++)
        if (cli_given(j->c, *name))
            return cli_usage(j->c, "--apply uses kept parameters: %s%s has no place beside it",
                             strlen(*name) > 1 ? "--" : "-", *name);
    if (cli_shows(j->c, "choice"))
        return cli_usage(j->c, "-s choice belongs to --choose");
    if (cli_given(j->c, "draw") && !cli_shows(j->c, "sample"))
        return cli_usage(j->c, "--draw belongs to -s sample");
    return -1;
}

static bool shows_rows(const cli *c)
{
    return cli_shows(c, "labels") || cli_shows(c, "responsibilities") || cli_shows(c, "density");
}

/* A round takes its mixture from the model, and the merge has no rows. */
static int check_round(const job *j)
{
    static const char *const fitting[] = {"k",     "choose", "init",   "restarts", "max-iterations",
                                          "steps", "trace",  "target", NULL};
    static const char *const of_step[] = {"covariance",     "tolerance", "floor", "equal-weights",
                                          "fix-covariance", "draw",      "seed",  NULL};
    static const char *const of_rows[] = {"hard", "weights", NULL};
    const cli *c = j->c;
    for (const char *const *name = fitting; *name != NULL; name++)
        if (cli_given(c, *name))
            return cli_usage(c, "%s does a round of EM from the model: %s%s has no place there",
                             c->merge ? "--merge" : "--partial", strlen(*name) > 1 ? "--" : "-", *name);
    for (const char *const *name = of_step; c->partial && *name != NULL; name++)
        if (cli_given(c, *name))
            return cli_usage(c, "--%s belongs to --merge: the states do not depend on it", *name);
    for (const char *const *name = of_rows; c->merge && *name != NULL; name++)
        if (cli_given(c, *name))
            return cli_usage(c, "--%s belongs to --partial; the states hold what it does", *name);
    if (c->merge && (shows_rows(c) || cli_shows(c, "choice")))
        return cli_usage(
            c, "--merge has states and no rows: keep the model with --save, then --apply it to each "
               "part of the rows");
    if (cli_given(c, "draw") && !cli_shows(c, "sample"))
        return cli_usage(c, "--draw belongs to -s sample");
    if (cli_given(c, "fix-covariance") && cli_given(c, "covariance"))
        return cli_usage(c, "--fix-covariance leaves no kind of --covariance to choose");
    return -1;
}

/* --- fitting --- */

static const char *const trace_names[] = {"restart", "iteration", "log_likelihood"};

static void trace_row(void *context, const gmm_iteration *now)
{
    job *j = context;
    double row[] = {(double)now->restart, (double)now->iteration, now->log_likelihood};
    column columns[3];
    for (size_t i = 0; i < 3; i++)
        columns[i] = column_reals(trace_names[i], row + i, 1);
    writer_rows(j->trace.out, columns, 3, 1);
}

static void begin_trace(job *j)
{
    column columns[3];
    for (size_t i = 0; i < 3; i++)
        columns[i] = column_reals(trace_names[i], NULL, 1);
    writer_begin(j->trace.out, "trace", columns, 3);
    j->p.fit.progress = trace_row;
    j->p.fit.context = j;
}

static double criterion_of(const choice *c, int criterion)
{
    return criterion == BY_BIC ? c->bic : criterion == BY_AIC ? c->aic : c->icl;
}

/* Fit every number of components and keep the best. */
static ml_status choose(job *j, ml_message *why)
{
    size_t count = j->most - j->least + 1;
    j->choices = memory_zeros(count, sizeof *j->choices);
    if (j->choices == NULL)
        return ml_fail_memory(why, "the choices", count * sizeof *j->choices);
    size_t best = SIZE_MAX;
    for (size_t i = 0; i < count; i++) {
        gmm_result r;
        j->p.fit.k = j->least + i;
        ml_status status = gmm_fit(&j->rows.x, j->rows.weights, &j->p.fit, &r, why);
        if (status != ML_OK)
            return status;
        j->choices[i] = (choice){(double)j->p.fit.k, r.log_likelihood, gmm_aic(&r), gmm_bic(&r), gmm_icl(&r)};
        if (best == SIZE_MAX ||
            criterion_of(&j->choices[i], j->p.criterion) < criterion_of(&j->choices[best], j->p.criterion)) {
            best = i;
            gmm_free(&j->fit);
            j->fit = r;
        } else {
            gmm_free(&r);
        }
    }
    j->p.fit.k = j->least + best;
    return ML_OK;
}

static ml_status fit_traced(job *j, ml_message *why)
{
    ml_status status = cli_trace_open(j->c, &j->trace, why);
    if (status != ML_OK)
        return status;
    if (j->trace.out != NULL)
        begin_trace(j);
    progress_phase("fitting");
    j->p.fit.k = j->least;
    status = j->p.criterion != NO_CHOICE ? choose(j, why)
                                         : gmm_fit(&j->rows.x, j->rows.weights, &j->p.fit, &j->fit, why);
    if (j->trace.out != NULL)
        writer_end(j->trace.out);
    ml_message unwritten;
    if (cli_trace_close(&j->trace, status == ML_OK, status == ML_OK ? why : &unwritten) != ML_OK)
        status = ML_FAIL;
    return status;
}

/* What the rows are to the model, as far as it is printed. */
static ml_status score(job *j, ml_message *why)
{
    size_t n = j->rows.t.rows, k = j->fit.model.k;
    bool agree = j->rows.codes != NULL && cli_shows(j->c, "summary");
    bool apart = j->c->apply != NULL && cli_shows(j->c, "summary"); /* a fit knows its entropy */
    if (agree || apart || cli_shows(j->c, "labels") || cli_shows(j->c, "responsibilities"))
        if ((j->r = gsl_matrix_alloc(n, k)) == NULL)
            return ml_fail_memory(why, "responsibilities", n * k * sizeof(double));
    if (apart || cli_shows(j->c, "density"))
        if ((j->log_density = gsl_vector_alloc(n)) == NULL)
            return ml_fail_memory(why, "densities", n * sizeof(double));
    if (j->r == NULL && j->log_density == NULL)
        return ML_OK;
    ml_status status = gmm_rows(&j->fit.model, &j->rows.x, j->c->reader.jobs, j->r, j->log_density, why);
    if (status != ML_OK || !agree)
        return status;
    uint32_t *labels = memory_array(n, sizeof *labels);
    if (labels == NULL)
        return ml_fail_memory(why, "labels", n * sizeof *labels);
    for (size_t i = 0; i < n; i++)
        labels[i] = gmm_likeliest(j->r->data + i * j->r->tda, k);
    status = agreement_measure(labels, k, j->rows.codes, j->rows.code_count, n, &j->agreed, why);
    free(labels);
    return status;
}

/* --- printing --- */

/* Names of the columns of the model. */
static const char *const *columns_of(const job *j)
{
    return (const char *const *)(j->c->apply != NULL || j->c->merge ? j->given.names : j->rows.names);
}

/* The id columns, then MORE columns of numbers: VALUES, n x MORE. */
static ml_status write_rows(const job *j, writer *w, const char *block, char **names, const double *values,
                            size_t more, ml_message *why)
{
    size_t ids = j->rows.t.text_count;
    column *columns = memory_array(ids + more, sizeof *columns);
    if (columns == NULL)
        return ml_fail_memory(why, "the columns", (ids + more) * sizeof *columns);
    for (size_t i = 0; i < ids; i++)
        columns[i] = column_text(&j->rows.t.texts[i]);
    for (size_t i = 0; i < more; i++)
        columns[ids + i] = column_reals(names[i], values + i, more);
    if (j->begun == NULL) {
        writer_block(w, block, columns, ids + more, j->rows.t.rows);
    } else {
        if (!*j->begun)
            writer_begin(w, block, columns, ids + more);
        *j->begun = true;
        writer_rows(w, columns, ids + more, j->rows.t.rows);
    }
    free(columns);
    return ML_OK;
}

static ml_status write_pairs(const job *j, writer *w, bool labels, ml_message *why)
{
    static char *const names[][2] = {{"log_density", "density"}, {"component", "responsibility"}};
    double *pairs = memory_array(j->rows.t.rows, 2 * sizeof *pairs);
    if (pairs == NULL)
        return ml_fail_memory(why, "the rows", j->rows.t.rows * 2 * sizeof *pairs);
    for (size_t i = 0; i < j->rows.t.rows; i++) {
        size_t q = labels ? gmm_likeliest(j->r->data + i * j->r->tda, j->fit.model.k) : 0;
        pairs[2 * i] = labels ? (double)q + 1 : gsl_vector_get(j->log_density, i);
        pairs[2 * i + 1] = labels ? gsl_matrix_get(j->r, i, q) : exp(gsl_vector_get(j->log_density, i));
    }
    ml_status status = write_rows(j, w, labels ? "labels" : "density", (char **)names[labels], pairs, 2, why);
    free(pairs);
    return status;
}

static ml_status write_responsibilities(const job *j, writer *w, ml_message *why)
{
    size_t k = j->fit.model.k;
    char **names;
    ml_status status = names_numbered(&names, "r", k, why);
    if (status == ML_OK)
        status = write_rows(j, w, "responsibilities", names, j->r->data, k, why);
    names_free(names);
    return status;
}

static void write_summary(const job *j, writer *w)
{
    double k = (double)j->fit.model.k, iterations = (double)j->fit.iterations, converged = j->fit.converged;
    double restart = (double)j->fit.best, parameters = gmm_model_parameters(&j->fit.model);
    double mean = j->fit.log_likelihood / j->fit.count, aic = gmm_aic(&j->fit), bic = gmm_bic(&j->fit),
           icl = gmm_icl(&j->fit);
    column columns[] = {column_reals("components", &k, 1),
                        column_reals("parameters", &parameters, 1),
                        column_reals("iterations", &iterations, 1),
                        column_reals("converged", &converged, 1),
                        column_reals("restart", &restart, 1),
                        column_reals("log_likelihood", &j->fit.log_likelihood, 1),
                        column_reals("mean_log_likelihood", &mean, 1),
                        column_reals("AIC", &aic, 1),
                        column_reals("BIC", &bic, 1),
                        column_reals("ICL", &icl, 1),
                        column_reals("ARI", &j->agreed.ari, 1),
                        column_reals("NMI", &j->agreed.nmi, 1)};
    writer_block(w, "summary", columns, j->rows.codes ? 12 : 10, 1);
}

static ml_status write_sample(const job *j, writer *w, ml_message *why)
{
    const gmm_model *m = &j->fit.model;
    size_t d = m->d;
    enum { AT_ONCE = 1024 };
    column *columns = memory_array(d + 1, sizeof *columns);
    double *rows = memory_array(AT_ONCE, (d + 1) * sizeof *rows);
    gsl_rng *g = random_stream(j->c->seed, UINT64_C(1) << 33); /* beyond the streams of restarts */
    ml_status status =
        columns && rows && g ? ML_OK : ml_fail_memory(why, "the sample", AT_ONCE * (d + 1) * sizeof *rows);
    for (size_t i = 0; status == ML_OK && i <= d; i++)
        columns[i] = column_reals(i < d ? columns_of(j)[i] : "component", rows + i, d + 1);
    if (status == ML_OK)
        writer_begin(w, "sample", columns, d + 1);
    for (size_t done = 0; status == ML_OK && done < j->p.draw;) {
        size_t count = j->p.draw - done < AT_ONCE ? j->p.draw - done : AT_ONCE;
        for (size_t i = 0; i < count; i++)
            rows[i * (d + 1) + d] = (double)gmm_draw(m, g, rows + i * (d + 1)) + 1;
        writer_rows(w, columns, d + 1, count);
        done += count;
    }
    if (status == ML_OK)
        writer_end(w);
    free(columns);
    free(rows);
    gsl_rng_free(g);
    return status;
}

static void write_choice(const job *j, writer *w)
{
    const choice *c = j->choices;
    size_t stride = sizeof *c / sizeof(double);
    column columns[] = {column_reals("components", &c->k, stride),
                        column_reals("log_likelihood", &c->log_likelihood, stride),
                        column_reals("AIC", &c->aic, stride), column_reals("BIC", &c->bic, stride),
                        column_reals("ICL", &c->icl, stride)};
    writer_block(w, "choice", columns, 5, j->most - j->least + 1);
}

static ml_status write_show(const job *j, size_t show, writer *w, ml_message *why)
{
    switch (show) {
    case PARAMETERS:
        return gmm_text_write(&j->fit.model, columns_of(j), w, why);
    case LABELS:
        return write_pairs(j, w, true, why);
    case RESPONSIBILITIES:
        return write_responsibilities(j, w, why);
    case DENSITY:
        return write_pairs(j, w, false, why);
    case SUMMARY:
        write_summary(j, w);
        return ML_OK;
    case SAMPLE:
        return write_sample(j, w, why);
    default:
        write_choice(j, w);
        return ML_OK;
    }
}

/* --- rows under parameters that were kept or written by hand --- */

static ml_status apply_to_rows(job *j, ml_message *why)
{
    reader_options reading = j->c->reader;
    gmm_text_match(&j->given, &reading);
    ml_status status = points_read(&j->rows, j->c, &reading, why);
    return status == ML_OK ? score(j, why) : status;
}

/* One result that needs no row but its own is printed piece by piece. */
static bool streams(const job *j)
{
    return j->c->show_count == 1 && !cli_shows(j->c, "summary") && !cli_shows(j->c, "sample") &&
           !cli_shows(j->c, "parameters") && j->c->reader.na != READER_NA_MEAN;
}

static ml_status print_pieces(job *j, reader *r, writer *w, ml_message *why)
{
    const table *piece;
    ml_status status;
    while ((status = reader_next(r, &piece, why)) == ML_OK && piece->rows > 0) {
        j->rows.t = *piece; /* the reader's: not to be freed */
        j->rows.x = *piece->x;
        status = score(j, why);
        if (status == ML_OK)
            status = write_show(j, j->c->shows[0], w, why);
        gsl_matrix_free(j->r);
        gsl_vector_free(j->log_density);
        j->r = NULL;
        j->log_density = NULL;
        j->rows.t = (table){0};
        if (status != ML_OK)
            return status;
    }
    return status == ML_OK ? reader_finish(r, why) : status;
}

static ml_status apply_to_stream(job *j, writer *w, ml_message *why)
{
    bool begun = false;
    reader_options reading = j->c->reader;
    gmm_text_match(&j->given, &reading);
    reading.target_is_text = true;
    reader *r;
    ml_status status = reader_open(&r, j->c->file, &reading, why);
    j->begun = &begun;
    progress_phase("reading");
    if (status == ML_OK)
        status = print_pieces(j, r, w, why);
    if (begun)
        writer_end(w);
    reader_free(r);
    return status;
}

/* Log-likelihood and entropy of the rows, without a fit. */
static void sum_up(job *j)
{
    for (size_t i = 0; i < j->rows.t.rows && j->log_density != NULL; i++)
        j->fit.log_likelihood += gsl_vector_get(j->log_density, i);
    for (size_t i = 0; j->r != NULL && i < j->rows.t.rows; i++)
        for (size_t q = 0; q < j->fit.model.k; q++) {
            double r = gsl_matrix_get(j->r, i, q);
            j->fit.entropy -= r > 0 && r < 1 ? r * log(r) : 0;
        }
    j->fit.count = (double)j->rows.t.rows;
    j->fit.converged = true;
}

static bool needs_rows(const job *j)
{
    return shows_rows(j->c) || cli_shows(j->c, "summary");
}

static ml_status read_parameters(job *j, ml_message *why)
{
    ml_status status = gmm_text_read(&j->given, j->c->apply, NULL, 0, why);
    if (status != ML_OK)
        return status;
    j->fit.model = j->given.model;
    j->given.model = (gmm_model){0};
    return gmm_model_prepare(&j->fit.model, why);
}

static int apply(job *j)
{
    ml_message why;
    writer *w = NULL;
    int needed = -1;
    ml_status status = read_parameters(j, &why);
    if (status == ML_OK && needs_rows(j)) {
        if ((needed = cli_needs_input(j->c)) >= 0)
            return needed;
        if (!streams(j))
            status = apply_to_rows(j, &why);
    }
    if (status == ML_OK)
        sum_up(j);
    if (status == ML_OK && (w = cli_output(j->c)) == NULL)
        status = ml_fail_memory(&why, "the writer", 1);
    if (status == ML_OK && streams(j))
        status = apply_to_stream(j, w, &why);
    for (size_t i = 0; status == ML_OK && !streams(j) && i < j->c->show_count; i++)
        status = write_show(j, j->c->shows[i], w, &why);
    if (status != ML_OK)
        cli_fail(j->c, &why);
    return w ? cli_close(j->c, w, (int)status) : (int)status;
}

/* --- the run --- */

static void say(const job *j)
{
    if (j->fit.floored > 0)
        cli_note(j->c, "%zu of %zu covariances reached the least width that --floor %g allows",
                 j->fit.floored, j->fit.model.k, j->p.fit.floor);
    if (!j->fit.converged)
        cli_note(j->c, "stopped after %zu iterations: the log-likelihood still rises; -n allows more",
                 j->fit.iterations);
}

static int status_of_fit(const job *j)
{
    return j->fit.converged || cli_given(j->c, "max-iterations") ? ML_OK : ML_UNDECIDED;
}

/* What results_print calls. */
static ml_status write_show_of(void *context, size_t show, writer *w, ml_message *why)
{
    return write_show(context, show, w, why);
}

static ml_status write_parameters_of(void *context, writer *w, ml_message *why)
{
    const job *j = context;
    return gmm_text_write(&j->fit.model, columns_of(j), w, why);
}

static int print_results(job *j)
{
    results_output output = {write_parameters_of, write_show_of, j};
    return results_print(j->c, &output, status_of_fit(j));
}

/* The restart that wins is found first, then run once more and written out. */
static int write_steps(job *j)
{
    ml_message why;
    steps *s = NULL;
    ml_status status = cli_steps(j->c, &s, &why);
    if (status == ML_OK)
        status = fit_traced(j, &why);
    if (status == ML_OK) {
        gmm_writing writing = {.s = s, .x = &j->rows.x, .weights = j->rows.weights, .hard = j->p.fit.hard};
        j->p.fit.first_restart = j->fit.best;
        j->p.fit.restarts = 1;
        j->p.fit.progress = gmm_steps;
        j->p.fit.context = &writing;
        gmm_free(&j->fit);
        status = gmm_fit(&j->rows.x, j->rows.weights, &j->p.fit, &j->fit, &why);
    }
    if (status != ML_OK) {
        steps_free(s);
        return cli_fail(j->c, &why);
    }
    steps_heading(s, "Result");
    steps_text(s, "log-likelihood %s after %zu iterations", steps_number(s, j->fit.log_likelihood),
               j->fit.iterations);
    say(j);
    return cli_steps_close(j->c, s, status_of_fit(j));
}

static int run(job *j)
{
    ml_message why;
    ml_status status = points_read(&j->rows, j->c, &j->c->reader, &why);
    if (status == ML_OK)
        status = read_start(j, &why);
    if (status != ML_OK)
        return cli_fail(j->c, &why);
    if (j->c->steps)
        return write_steps(j);
    status = fit_traced(j, &why);
    if (status == ML_OK)
        status = score(j, &why);
    if (status != ML_OK)
        return cli_fail(j->c, &why);
    say(j);
    return print_results(j);
}

/* --- a round of many processes --- */

static ml_status write_round_of(void *context, writer *w, ml_message *why)
{
    const job *j = context;
    ml_status status = write_parameters_of(context, w, why);
    return status == ML_OK ? gmm_text_write_history(&j->history, w, why) : status;
}

static void say_round(const job *j)
{
    if (j->fit.floored > 0)
        cli_note(j->c, "%zu of %zu covariances reached the least width that --floor %g allows",
                 j->fit.floored, j->fit.model.k, j->p.fit.floor);
    if (!j->fit.converged)
        cli_note(j->c, "round %zu: log-likelihood %.12g; another round is due", j->fit.iterations,
                 j->fit.log_likelihood);
}

static int merge(job *j)
{
    ml_message why;
    gmm_parts parts = {0};
    ml_status status = gmm_text_read(&j->given, j->c->model, NULL, 0, &why);
    if (status == ML_OK)
        status = gmm_state_merge(&parts, j->c, &j->given, &why);
    if (status == ML_OK) {
        if (!cli_given(j->c, "covariance"))
            j->p.fit.covariance = j->given.model.covariance;
        j->history = j->given.history;
        status = gmm_parts_step(&parts, &j->given.model, &j->p.fit, &j->history, &j->fit, &why);
    }
    gmm_parts_free(&parts);
    if (status != ML_OK)
        return cli_fail(j->c, &why);
    say_round(j);
    results_output output = {write_round_of, write_show_of, j};
    return results_print(j->c, &output, j->fit.converged ? ML_OK : ML_UNDECIDED);
}

static int partial(job *j)
{
    ml_message why;
    return gmm_text_read(&j->given, j->c->model, NULL, 0, &why) == ML_OK
               ? gmm_state_partial(j->c, &j->given, j->p.fit.hard)
               : cli_fail(j->c, &why);
}

static void free_job(job *j)
{
    gmm_text_free(&j->given);
    free(j->choices);
    gmm_free(&j->fit);
    gsl_matrix_free(j->r);
    gsl_vector_free(j->log_density);
    points_free(&j->rows);
}

int main(int argc, char **argv)
{
    params p = {.draw = 100};
    cli c;
    gmm_defaults(&p.fit);
    int status = cli_parse(&c, &tool, &p, argc, argv);
    if (status >= 0)
        return status;
    job j = {.c = &c, .p = p};
    read_how_to_start(&j.p);
    j.p.fit.seed = c.seed;
    j.p.fit.jobs = c.reader.jobs;
    if (c.apply != NULL)
        status = check_apply(&j);
    else if (c.partial || c.merge)
        status = check_round(&j);
    else if ((status = check_options(&j)) < 0 && (status = read_components(&j)) < 0)
        status = cli_needs_input(&c);
    if (status >= 0)
        return status;
    status = c.apply != NULL ? apply(&j) : c.partial ? partial(&j) : c.merge ? merge(&j) : run(&j);
    free_job(&j);
    return status;
}
