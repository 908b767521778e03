/* mlkmeans: k-means clustering of the rows on standard input. */
#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "ml/agreement.h"
#include "ml/kmeans.h"
#include "ml/kmeans_choose.h"
#include "ml/kmeans_steps.h"
#include "ml/silhouette.h"
#include "table/cli.h"
#include "table/progress.h"
#include "tool/kmeans_stream.h"
#include "tool/kmeans_text.h"
#include "tool/names.h"
#include "tool/points.h"
#include "tool/results.h"

typedef struct params {
    kmeans_params fit;
    const char *clusters; /* "3" or "2-10" */
    const char *start;    /* a word or a file */
    int criterion;
    size_t references;
    bool stream;
} params;

enum { LABELS, CENTROIDS, SUMMARY, DISTANCES, SILHOUETTE, CHOICE };

static const char *const methods[] = {"auto", "lloyd", "hamerly", "minibatch", NULL};
static const char *const criteria[] = {"none", "silhouette", "gap", "elbow", NULL};
static const char *const starts[] = {"plusplus", "random", "first", NULL};

#define AT(member) offsetof(params, member)

static const cli_option options[] = {
    {'k', NULL, "K", "number of clusters; with --choose a range such as 2-10; not needed with --init FILE",
     CLI_TEXT, AT(clusters), .group = 0},
    {0, "choose", "CRITERION",
     "take the number of clusters from the range of -k: by the greatest mean silhouette, the gap statistic, "
     "or the elbow "
     "of the inertia",
     CLI_CHOICE, AT(criterion), .choices = criteria},
    {0, "references", "N", "random data sets of --choose gap; default 20", CLI_COUNT, AT(references),
     .least = 1, .most = 10000},
    {'m', "method", "NAME",
     "lloyd; hamerly: the same labels at every iteration with fewer distances; minibatch; auto: hamerly, or "
     "lloyd below "
     "256 rows; default auto",
     CLI_CHOICE, AT(fit.method), .choices = methods},
    {0, "init", "HOW",
     "where to start: plusplus (greedy k-means++), random rows, the first rows, or a FILE: a table of "
     "centroids, whose columns are found by name, or a kept model; default plusplus",
     CLI_TEXT, AT(start), .group = 0},
    {0, "restarts", "N",
     "starts to try, the least inertia wins; default 10, and 1 where the start is given (first, FILE)",
     CLI_COUNT, AT(fit.restarts), .least = 1, .most = 1e6},
    {'n', "max-iterations", "N", "stop after N iterations; default 300, or 100 batches", CLI_COUNT,
     AT(fit.max_iterations), .least = 1, .most = 1e9},
    {'t', "tolerance", "X",
     "stop when no centroid moves farther than X; default 0: when no row changes its cluster", CLI_REAL,
     AT(fit.tolerance), .least = 0, .most = 1e300},
    {0, "spherical", NULL, "cluster directions: rows and centroids of unit length, nearest by the cosine",
     CLI_FLAG, AT(fit.spherical), .group = 0},
    {0, "batch", "N", "rows of a batch of -m minibatch; default 1024", CLI_COUNT, AT(fit.batch), .least = 1,
     .most = 1e9},
    {0, "stream", NULL,
     "keep no rows in memory: read a file again for each iteration, from a start found in a sample; with -m "
     "minibatch take all rows once, in their order, also from a pipe",
     CLI_FLAG, AT(stream), .group = 0},
    {0, NULL, NULL, NULL, CLI_FLAG, 0, .group = 0},
};

/* In the order of the enumeration. */
static const cli_show shows[] = {
    {"labels", "each row of the input with the number of its cluster appended"},
    {"centroids", "a row for each cluster: its number, its rows, their weight with --weights, their inertia, "
                  "the centroid"},
    {"summary",
     "iterations, inertia, sums of squares, and with -y how well clusters and labels agree (ARI, NMI)"},
    {"distances", "the distance of each row to each centroid, id columns carried along"},
    {"silhouette", "the silhouette of each row, its cluster beside it"},
    {"choice", "with --choose: the criterion for each number of clusters"},
    {NULL, NULL},
};

static const cli_example examples[] = {
    {"mlkmeans -k 3 -i species iris.csv", "each flower with its cluster"},
    {"mlkmeans -k 2-8 --choose silhouette -s choice,centroids faithful.csv", "how many clusters, and where"},
    {"mlkmeans -k 3 -y species -s summary iris.csv", "do the clusters agree with the species?"},
    {NULL, NULL},
};

static const cli_tool tool = {
    .name = "mlkmeans",
    .summary = "k-means clustering",
    .groups = CLI_READS | CLI_TARGET | CLI_WEIGHTS | CLI_WRITES | CLI_RANDOM | CLI_JOBS | CLI_MODEL |
              CLI_STEPS | CLI_TRACE | CLI_PARTIAL | CLI_ROUNDS,
    .options = options,
    .shows = shows,
    .examples = examples,
};

typedef struct job {
    const cli *c;
    params p;
    points rows;
    size_t least, most; /* clusters */
    gsl_matrix *given;  /* centroids of --init FILE */
    kmeans_choice *choices;
    size_t best;
    kmeans_result fit;
    bool named, weighted;
    kmeans_history history; /* of --merge */
    cli_trace trace;
    double *silhouettes;
    agreement agreed;
} job;

/* --- reading --- */

/* Which column of the kept model T is called like column WANTED of the data; that column itself
 * where there are no names. */
static ml_status find_column(const job *j, const kmeans_text *t, size_t wanted, size_t *at, ml_message *why)
{
    *at = wanted;
    if (!t->named || !j->named)
        return t->centroids->size2 == j->rows.x.size2
                   ? ML_OK
                   : ml_fail(why, "%s: a model of %zu columns, and the input has %zu to use", j->p.start,
                             t->centroids->size2, j->rows.x.size2);
    for (*at = 0; *at < t->centroids->size2; ++*at)
        if (strcmp(t->names[*at], j->rows.names[wanted]) == 0)
            return ML_OK;
    return ml_fail(why, "%s: the model has no column '%s'", j->p.start, j->rows.names[wanted]);
}

static ml_status read_kept_start(job *j, ml_message *why)
{
    kmeans_text t;
    ml_status status = kmeans_text_read(&t, j->p.start, why);
    if (status == ML_OK && (j->given = gsl_matrix_alloc(t.centroids->size1, j->rows.x.size2)) == NULL)
        status = ml_fail_memory(why, "the centroids", t.centroids->size1 * sizeof(double));
    for (size_t i = 0; status == ML_OK && i < j->rows.x.size2; i++) {
        size_t at;
        if ((status = find_column(j, &t, i, &at, why)) == ML_OK) {
            gsl_vector_const_view found = gsl_matrix_const_column(t.centroids, at);
            gsl_matrix_set_col(j->given, i, &found.vector);
        }
    }
    kmeans_text_free(&t);
    return status;
}

/* Centroids from a table: the columns of the data, by name where they have names. */
static ml_status read_written_start(job *j, ml_message *why)
{
    reader_options reading = j->c->reader;
    table centroids;
    reading.columns = reading.exclude = reading.id = reading.target = reading.weights = reading.names = NULL;
    reading.note = NULL; /* other columns there are no concern of anybody */
    reading.header = j->named ? READER_HEADER : READER_GUESS;
    reading.match = j->named ? (const char *const *)j->rows.names : NULL;
    reading.match_count = j->rows.x.size2;
    ml_status status = table_read(&centroids, j->p.start, &reading, why);
    if (status != ML_OK)
        return status;
    j->given = centroids.x;
    centroids.x = NULL;
    table_free(&centroids);
    return ML_OK;
}

static ml_status read_start(job *j, ml_message *why)
{
    ml_status status =
        kmeans_text_is_model(j->p.start) ? read_kept_start(j, why) : read_written_start(j, why);
    if (status != ML_OK)
        return status;
    j->p.fit.centroids = j->given;
    if (j->least != 0 && j->least != j->given->size1)
        return ml_fail(why, "%s: %zu centroids where -k asks for %zu", j->p.start, j->given->size1, j->least);
    j->least = j->most = j->given->size1;
    return ML_OK;
}

/* --- what was asked for --- */

static int read_clusters(job *j)
{
    const char *text = j->p.clusters;
    if (text == NULL)
        return j->p.fit.start == KMEANS_GIVEN ? -1 : cli_usage(j->c, "say how many clusters: -k K");
    return points_range(j->c, text, "clusters", "2-10", j->p.criterion != 0, &j->least, &j->most);
}

static void read_how_to_start(params *p)
{
    p->fit.start = KMEANS_PLUSPLUS;
    for (int i = 0; p->start != NULL && (p->fit.start = (kmeans_start)i) < KMEANS_GIVEN; i++)
        if (strcmp(p->start, starts[i]) == 0)
            break;
}

static bool shows_any(const cli *c, const char *const *names)
{
    for (; *names != NULL; names++)
        if (cli_shows(c, *names))
            return true;
    return false;
}

static int check_options(job *j)
{
    const cli *c = j->c;
    const params *p = &j->p;
    bool batches = p->fit.method == KMEANS_MINIBATCH;
    if (p->criterion != 0 && p->fit.start == KMEANS_GIVEN)
        return cli_usage(c, "--choose needs a range of -k and cannot start from a file");
    if (cli_shows(c, "choice") && p->criterion == 0)
        return cli_usage(c, "-s choice belongs to --choose");
    if (cli_given(c, "references") && p->criterion - 1 != KMEANS_GAP)
        return cli_usage(c, "--references belongs to --choose gap");
    if (cli_given(c, "batch") && !batches)
        return cli_usage(c, "--batch belongs to -m minibatch");
    if (batches && (c->steps || c->trace != NULL || cli_given(c, "tolerance")))
        return cli_usage(c, "-m minibatch has no --steps, no --trace and no --tolerance");
    if (c->steps && (p->fit.spherical || c->reader.weights != NULL))
        return cli_usage(c, "--steps writes plain k-means out, without --spherical and --weights");
    if (c->reader.weights != NULL && (p->criterion - 1 == KMEANS_SILHOUETTE ||
                                      p->criterion - 1 == KMEANS_GAP || cli_shows(c, "silhouette")))
        return cli_usage(c, "silhouettes and the gap statistic do not know --weights");
    if (p->criterion != 0 && p->criterion - 1 != KMEANS_ELBOW && p->fit.spherical)
        return cli_usage(c, "--choose %s works with distances, not with --spherical", criteria[p->criterion]);
    if (c->trace != NULL && p->criterion != 0)
        return cli_usage(c, "--trace follows one number of clusters, not --choose");
    return -1;
}

/* One that can be read again, or that cannot be opened, which is said then. */
static bool is_file(const cli *c)
{
    struct stat about;
    return (c->file ? stat(c->file, &about) : fstat(STDIN_FILENO, &about)) != 0 || S_ISREG(about.st_mode);
}

/* What needs all rows at once, or a second look at a pipe. */
static int check_stream(const job *j)
{
    static const char *const held[] = {"choose", "steps", "trace", "target", NULL};
    const cli *c = j->c;
    bool once = j->p.fit.method == KMEANS_MINIBATCH;
    for (const char *const *name = held; *name != NULL; name++)
        if (cli_given(c, *name))
            return cli_usage(c, "--stream keeps no rows, and --%s needs all of them", *name);
    if (cli_shows(c, "silhouette"))
        return cli_usage(c, "--stream keeps no rows, and silhouettes need all of them");
    if (once && cli_given(c, "max-iterations"))
        return cli_usage(c, "--stream -m minibatch takes each row once; leave out -n");
    if (is_file(c))
        return -1;
    if (!once)
        return cli_usage(c,
                         "--stream reads a file again for each iteration, and this is not one; -m minibatch "
                         "takes one pass");
    if (cli_shows(c, "labels") || cli_shows(c, "distances"))
        return cli_usage(c,
                         "--stream reads the rows again for their labels, and this is not a file; keep the "
                         "model with --save, or show centroids (-s)");
    return -1;
}

/* --apply takes a model in place of everything that fits one. */
static int check_apply(job *j)
{
    static const char *const fitting[] = {
        "k",         "choose",    "method",     "init",    "restarts", "max-iterations",
        "tolerance", "spherical", "batch",      "weights", "seed",     "save",
        "steps",     "trace",     "references", "stream",  NULL};
    static const char *const fitted[] = {"centroids", "summary", "silhouette", "choice", NULL};
    for (const char *const *name = fitting; *name != NULL; name++)
        if (cli_given(j->c, *name))
            return cli_usage(j->c, "--apply uses a kept model: %s%s has no place beside it",
                             strlen(*name) > 1 ? "--" : "-", *name);
    if (shows_any(j->c, fitted))
        return cli_usage(j->c, "--apply prints labels or distances");
    if (j->c->show_count > 1)
        return cli_usage(j->c, "--apply streams one result: labels or distances");
    if (j->c->reader.target != NULL)
        return cli_usage(j->c, "--apply compares with no target: carry the column with -i");
    return -1;
}

/* A round takes its centroids from the model, and the merge has no rows. */
static int check_round(job *j)
{
    static const char *const fitting[] = {"k",     "choose", "references", "method",         "init",
                                          "steps", "seed",   "restarts",   "max-iterations", "spherical",
                                          "batch", "trace",  "target",     "stream",         NULL};
    static const char *const of_rows[] = {"labels", "distances", "silhouette", "choice", NULL};
    const char *side = j->c->merge ? "--merge" : "--partial";
    for (const char *const *name = fitting; *name != NULL; name++)
        if (cli_given(j->c, *name))
            return cli_usage(j->c,
                             "%s does a round of Lloyd's iteration from the model: %s%s has no place there",
                             side, strlen(*name) > 1 ? "--" : "-", *name);
    if (j->c->partial && cli_given(j->c, "tolerance"))
        return cli_usage(j->c, "--tolerance belongs to --merge: the states do not depend on it");
    if (j->c->merge && j->c->reader.weights != NULL)
        return cli_usage(j->c, "--weights belongs to --partial; the states hold them");
    if (j->c->merge && shows_any(j->c, of_rows))
        return cli_usage(j->c,
                         "--merge has states and no rows: keep the model with --save, then --apply it to "
                         "each part of the rows");
    return -1;
}

/* --- fitting --- */

static void trace_row(void *context, const kmeans_iteration *now)
{
    job *j = context;
    double row[] = {(double)now->restart, (double)now->iteration, now->inertia, (double)now->moved,
                    now->shift};
    column columns[5];
    static const char *const names[] = {"restart", "iteration", "inertia", "moved", "shift"};
    for (size_t i = 0; i < 5; i++)
        columns[i] = column_reals(names[i], row + i, 1);
    writer_rows(j->trace.out, columns, 5, 1);
}

static void begin_trace(job *j)
{
    static const char *const names[] = {"restart", "iteration", "inertia", "moved", "shift"};
    column columns[5];
    for (size_t i = 0; i < 5; i++)
        columns[i] = column_reals(names[i], NULL, 1);
    writer_begin(j->trace.out, "trace", columns, 5);
    j->p.fit.progress = trace_row;
    j->p.fit.context = j;
}

static ml_status choose(job *j, ml_message *why)
{
    j->p.fit.k = j->least;
    if (j->p.criterion == 0)
        return ML_OK;
    size_t count = j->most - j->least + 1;
    j->choices = memory_zeros(count, sizeof *j->choices);
    if (j->choices == NULL)
        return ml_fail_memory(why, "the choices", count * sizeof *j->choices);
    ml_status status =
        kmeans_choose(&j->rows.x, j->rows.weights, &j->p.fit, j->least, j->most,
                      (kmeans_criterion)(j->p.criterion - 1), j->p.references, j->choices, &j->best, why);
    j->p.fit.k = status == ML_OK ? j->choices[j->best].k : j->least;
    return status;
}

static ml_status fit_traced(job *j, ml_message *why)
{
    ml_status status = cli_trace_open(j->c, &j->trace, why);
    if (status != ML_OK)
        return status;
    if (j->trace.out != NULL)
        begin_trace(j);
    progress_phase("clustering");
    status = kmeans_fit(&j->rows.x, j->rows.weights, &j->p.fit, &j->fit, why);
    if (j->trace.out != NULL)
        writer_end(j->trace.out);
    ml_message unwritten;
    if (cli_trace_close(&j->trace, status == ML_OK, status == ML_OK ? why : &unwritten) != ML_OK)
        status = ML_FAIL;
    return status;
}

/* Silhouettes and the agreement with -y, where they are printed. */
static ml_status measure(job *j, ml_message *why)
{
    ml_status status = ML_OK;
    size_t n = j->rows.t.rows;
    if (cli_shows(j->c, "silhouette")) {
        j->silhouettes = memory_array(n, sizeof *j->silhouettes);
        status = j->silhouettes ? silhouette_rows(&j->rows.x, j->fit.labels, j->p.fit.k, j->c->reader.jobs,
                                                  j->silhouettes, why)
                                : ml_fail_memory(why, "silhouettes", n * sizeof *j->silhouettes);
    }
    if (status == ML_OK && j->rows.codes != NULL && cli_shows(j->c, "summary"))
        status = agreement_measure(j->fit.labels, j->p.fit.k, j->rows.codes, j->rows.code_count, n,
                                   &j->agreed, why);
    return status;
}

/* --- printing --- */

/* Columns of the input in its order (with -c: the id columns, then the others as -c has them), then as many
 * more as the caller adds. */
typedef struct row_columns {
    column *columns;
    size_t *positions, count;
    bool as_selected;
} row_columns;

static void add_column(row_columns *r, column c, size_t position)
{
    size_t at = r->count++;
    for (; !r->as_selected && at > 0 && r->positions[at - 1] > position; at--) {
        r->columns[at] = r->columns[at - 1];
        r->positions[at] = r->positions[at - 1];
    }
    r->columns[at] = c;
    r->positions[at] = position;
}

static void free_columns(row_columns *r)
{
    free(r->columns);
    free(r->positions);
}

/* The cells of T: id columns, and with WHOLE the numbers and the target too; room for MORE columns behind. */
static ml_status make_columns(row_columns *r, const job *j, const table *t, bool whole, size_t more,
                              ml_message *why)
{
    size_t most = t->text_count + t->columns + 1 + more;
    *r = (row_columns){memory_zeros(most, sizeof *r->columns), memory_zeros(most, sizeof *r->positions), 0,
                       !whole || j->c->reader.columns != NULL};
    if (r->columns == NULL || r->positions == NULL) {
        free_columns(r);
        return ml_fail_memory(why, "the columns", most * sizeof *r->columns);
    }
    for (size_t i = 0; i < t->text_count; i++)
        add_column(r, column_text(&t->texts[i]), t->texts[i].position);
    for (size_t i = 0; whole && i < t->columns; i++) {
        const char *name = t->names ? t->names[i] : i == t->weights_at ? "weights" : j->rows.names[i];
        add_column(r, column_reals(name, t->x ? t->x->data + i : NULL, t->x ? t->x->tda : 1),
                   t->positions[i]);
    }
    if (whole && t->target != NULL)
        add_column(r, column_text(t->target), t->target->position);
    return ML_OK;
}

/* Labels counted from 1 as numbers; new, NULL when memory is out. */
static double *numbered(const uint32_t *labels, size_t n)
{
    double *numbers = memory_array(n, sizeof *numbers);
    for (size_t i = 0; numbers != NULL && i < n; i++)
        numbers[i] = labels[i] + 1.0;
    return numbers;
}

static ml_status write_labels(const job *j, writer *w, const char *block, bool whole, const char *extra,
                              const double *values, ml_message *why)
{
    row_columns r;
    double *clusters = numbered(j->fit.labels, j->rows.t.rows);
    ml_status status = clusters ? make_columns(&r, j, &j->rows.t, whole, 2, why)
                                : ml_fail_memory(why, "labels", j->rows.t.rows * sizeof *clusters);
    if (status == ML_OK) {
        r.columns[r.count++] = column_reals("cluster", clusters, 1);
        if (extra != NULL)
            r.columns[r.count++] = column_reals(extra, values, 1);
        writer_block(w, block, r.columns, r.count, j->rows.t.rows);
        free_columns(&r);
    }
    free(clusters);
    return status;
}

static ml_status write_centroids(const job *j, writer *w, ml_message *why)
{
    size_t k = j->p.fit.k, d = j->fit.centroids->size2, count = 0;
    column *columns = memory_zeros(d + 4, sizeof *columns);
    double *numbers = memory_array(k, 2 * sizeof *numbers);
    if (columns == NULL || numbers == NULL) {
        free(columns);
        free(numbers);
        return ml_fail_memory(why, "the centroids", (d + 4) * sizeof *columns);
    }
    for (size_t q = 0; q < k; q++) {
        numbers[q] = (double)q + 1;
        numbers[k + q] = (double)j->fit.sizes[q];
    }
    columns[count++] = column_reals("cluster", numbers, 1);
    columns[count++] = column_reals("size", numbers + k, 1);
    if (j->weighted)
        columns[count++] = column_reals("weight", j->fit.weights, 1);
    columns[count++] = column_reals("within", j->fit.within, 1);
    for (size_t i = 0; i < d; i++)
        columns[count++] = column_reals(j->rows.names[i], j->fit.centroids->data + i, j->fit.centroids->tda);
    writer_block(w, "centroids", columns, count, k);
    free(columns);
    free(numbers);
    return ML_OK;
}

static void write_summary(const job *j, writer *w)
{
    const kmeans_result *r = &j->fit;
    bool lost = isnan(r->total); /* of a round far from all rows */
    double total = lost ? table_missing() : r->total, between = lost ? total : fmax(0, total - r->inertia);
    double share = total > 0 ? between / total : lost ? total : 0;
    double k = (double)j->p.fit.k, iterations = (double)r->iterations, best = (double)r->best;
    double converged = r->converged;
    column columns[] = {column_reals("clusters", &k, 1),          column_reals("iterations", &iterations, 1),
                        column_reals("converged", &converged, 1), column_reals("restart", &best, 1),
                        column_reals("inertia", &r->inertia, 1),  column_reals("between", &between, 1),
                        column_reals("total", &total, 1),         column_reals("between_share", &share, 1),
                        column_reals("ARI", &j->agreed.ari, 1),   column_reals("NMI", &j->agreed.nmi, 1)};
    writer_block(w, "summary", columns, j->rows.t.target ? 10 : 8, 1);
}

static ml_status write_distances(const job *j, writer *w, ml_message *why)
{
    size_t k = j->p.fit.k;
    row_columns r;
    char **names;
    gsl_matrix *d = gsl_matrix_alloc(j->rows.t.rows, k);
    ml_status status = names_numbered(&names, "d", k, why);
    if (status == ML_OK)
        status =
            d ? kmeans_distances(&j->rows.x, j->fit.centroids, j->p.fit.spherical, j->c->reader.jobs, d, why)
              : ml_fail_memory(why, "the distances", j->rows.t.rows * k * sizeof(double));
    if (status == ML_OK && (status = make_columns(&r, j, &j->rows.t, false, k, why)) == ML_OK) {
        for (size_t q = 0; q < k; q++)
            r.columns[r.count++] = column_reals(names[q], d->data + q, d->tda);
        writer_block(w, "distances", r.columns, r.count, j->rows.t.rows);
        free_columns(&r);
    }
    names_free(names);
    gsl_matrix_free(d);
    return status;
}

static ml_status write_choice(const job *j, writer *w, ml_message *why)
{
    size_t count = j->most - j->least + 1;
    bool gap = j->p.criterion - 1 == KMEANS_GAP;
    double *numbers = memory_zeros(count, 5 * sizeof *numbers);
    if (numbers == NULL)
        return ml_fail_memory(why, "the choices", count * 5 * sizeof *numbers);
    for (size_t i = 0; i < count; i++) {
        const kmeans_choice *c = &j->choices[i];
        double row[] = {(double)c->k, c->inertia, c->value, i == j->best, c->error};
        memcpy(numbers + 5 * i, row, sizeof row);
    }
    column columns[] = {column_reals("clusters", numbers, 5), column_reals("inertia", numbers + 1, 5),
                        column_reals(criteria[j->p.criterion], numbers + 2, 5),
                        column_reals("chosen", numbers + 3, 5), column_reals("error", numbers + 4, 5)};
    writer_block(w, "choice", columns, gap ? 5 : 4, count);
    free(numbers);
    return ML_OK;
}

static ml_status write_show(const job *j, size_t show, writer *w, ml_message *why)
{
    switch (show) {
    case LABELS:
        return write_labels(j, w, "labels", true, NULL, NULL, why);
    case CENTROIDS:
        return write_centroids(j, w, why);
    case SUMMARY:
        write_summary(j, w);
        return ML_OK;
    case DISTANCES:
        return write_distances(j, w, why);
    case SILHOUETTE:
        return write_labels(j, w, "silhouette", false, "silhouette", j->silhouettes, why);
    default:
        return write_choice(j, w, why);
    }
}

/* --- the model --- */

static ml_status write_model(const job *j, writer *w, ml_message *why)
{
    kmeans_text t = {.centroids = j->fit.centroids,
                     .names = j->rows.names,
                     .named = j->named,
                     .spherical = j->p.fit.spherical,
                     .inertia = j->fit.inertia,
                     .history = j->history};
    return kmeans_text_write(&t, w, why);
}

static ml_status read_model(job *j, ml_message *why)
{
    kmeans_text t;
    ml_status status = kmeans_text_read(&t, j->c->apply, why);
    if (status != ML_OK) {
        kmeans_text_free(&t);
        return status;
    }
    j->fit.centroids = t.centroids;
    j->rows.names = t.names;
    j->named = t.named;
    j->p.fit.spherical = t.spherical;
    j->p.fit.k = t.centroids->size1;
    return ML_OK;
}

/* --- other rows, as they come --- */

static ml_status label_piece(const job *j, const table *piece, bool labels, writer *w, bool begun,
                             ml_message *why)
{
    row_columns r;
    size_t k = j->p.fit.k, n = piece->rows, more = labels ? 1 : k;
    double *values = memory_array(n ? n : 1, more * sizeof *values);
    uint32_t *codes = memory_array(n ? n : 1, sizeof *codes);
    char(*names)[32] = memory_array(more, sizeof *names);
    ml_status status = values && codes && names ? make_columns(&r, j, piece, labels, more, why)
                                                : ml_fail_memory(why, "the rows", n * more * sizeof *values);
    if (status != ML_OK)
        goto out;
    for (size_t q = 0; q < more; q++) {
        snprintf(names[q], sizeof names[q], labels ? "cluster" : "d%zu", q + 1);
        r.columns[r.count++] = column_reals(names[q], values + q, more);
    }
    if (!begun)
        writer_begin(w, labels ? "labels" : "distances", r.columns, r.count);
    gsl_matrix_const_view x = gsl_matrix_const_submatrix(piece->x, 0, 0, n, j->fit.centroids->size2);
    if (labels) {
        status = kmeans_assign(&x.matrix, j->fit.centroids, j->p.fit.spherical, j->c->reader.jobs, codes,
                               NULL, why);
        for (size_t i = 0; i < n; i++)
            values[i] = codes[i] + 1.0;
    } else {
        gsl_matrix_view d = gsl_matrix_view_array(values, n, k);
        status = kmeans_distances(&x.matrix, j->fit.centroids, j->p.fit.spherical, j->c->reader.jobs,
                                  &d.matrix, why);
    }
    if (status == ML_OK)
        writer_rows(w, r.columns, r.count, n);
    free_columns(&r);
out:
    free(values);
    free(codes);
    free(names);
    return status;
}

/* Labels, or distances, of the rows of R. */
static ml_status label_stream(const job *j, reader *r, bool labels, writer *w, ml_message *why)
{
    const table *piece;
    bool begun = false;
    ml_status status;
    while ((status = reader_next(r, &piece, why)) == ML_OK && piece->rows > 0) {
        status = label_piece(j, piece, labels, w, begun, why);
        begun = true;
        if (status != ML_OK)
            return status;
    }
    if (status == ML_OK)
        status = reader_finish(r, why);
    if (begun)
        writer_end(w);
    return status;
}

static int apply(job *j)
{
    ml_message why;
    reader *r = NULL;
    writer *w = NULL;
    ml_status status = read_model(j, &why);
    if (status == ML_OK) {
        reader_options reading = j->c->reader;
        reading.match = j->named ? (const char *const *)j->rows.names : NULL;
        reading.match_count = j->fit.centroids->size2;
        progress_phase("reading");
        status = reader_open(&r, j->c->file, &reading, &why);
    }
    if (status == ML_OK && (w = cli_output(j->c)) == NULL)
        status = ml_fail_memory(&why, "the writer", 1);
    if (status == ML_OK)
        status = label_stream(j, r, j->c->shows[0] == LABELS, w, &why);
    reader_free(r);
    if (status != ML_OK)
        cli_fail(j->c, &why);
    return w ? cli_close(j->c, w, (int)status) : (int)status;
}

/* --- steps --- */

/* Does another start reach less? */
static ml_status compare_starts(const job *j, steps *s, ml_message *why)
{
    kmeans_params p = j->p.fit;
    kmeans_result other;
    p.start = KMEANS_PLUSPLUS;
    p.progress = NULL;
    p.restarts = p.first_restart = 0;
    p.max_iterations = 300;
    ml_status status = kmeans_fit(&j->rows.x, NULL, &p, &other, why);
    if (status != ML_OK)
        return status;
    steps_heading(s, "Result");
    const char *inertia = steps_number(s, j->fit.inertia);
    if (other.inertia < j->fit.inertia * (1 - 1e-12))
        steps_text(s, "Inertia %s, a local minimum; another start reaches %s.", inertia,
                   steps_number(s, other.inertia));
    else
        steps_text(s, "Inertia %s; ten other starts find nothing better.", inertia);
    kmeans_free(&other);
    return ML_OK;
}

/* The restart that wins is found first, then run once more and written out. */
static int write_steps(job *j)
{
    ml_message why;
    steps *s = NULL;
    kmeans_writing writing = {.x = &j->rows.x};
    ml_status status = cli_steps(j->c, &s, &why);
    if (status == ML_OK)
        status = fit_traced(j, &why);
    if (status == ML_OK) {
        writing.s = s;
        j->p.fit.first_restart = j->fit.best;
        j->p.fit.restarts = 1;
        j->p.fit.progress = kmeans_steps;
        j->p.fit.context = &writing;
        kmeans_free(&j->fit);
        status = kmeans_fit(&j->rows.x, NULL, &j->p.fit, &j->fit, &why);
    }
    if (status == ML_OK)
        status = compare_starts(j, s, &why);
    if (status != ML_OK) {
        steps_free(s);
        return cli_fail(j->c, &why);
    }
    return cli_steps_close(j->c, s, ML_OK);
}

/* --- the run --- */

static void say(const job *j)
{
    if (j->fit.refilled > 0)
        cli_note(j->c, "%zu time%s a cluster became empty and got the row farthest from its centroid",
                 j->fit.refilled, j->fit.refilled == 1 ? "" : "s");
    if (!j->fit.converged)
        cli_note(j->c, "stopped after %zu iterations: rows still change their clusters; -n allows more",
                 j->fit.iterations);
}

/* What the user set is no failure, the tool's own limit is. */
static int status_of_fit(const job *j)
{
    return j->fit.converged || cli_given(j->c, "max-iterations") ? ML_OK : ML_UNDECIDED;
}

/* What results_print calls. */
static ml_status write_show_of(void *context, size_t show, writer *w, ml_message *why)
{
    return write_show(context, show, w, why);
}

static ml_status write_model_of(void *context, writer *w, ml_message *why)
{
    return write_model(context, w, why);
}

static int print_results(job *j)
{
    results_output output = {write_model_of, write_show_of, j};
    return results_print(j->c, &output, status_of_fit(j));
}

/* --- rows that are not kept --- */

static ml_status show_streamed(void *context, size_t show, writer *w, ml_message *why)
{
    job *j = context;
    reader_options reading = j->c->reader;
    reader *r;
    if (show != LABELS && show != DISTANCES)
        return write_show(j, show, w, why);
    reading.note = NULL;
    ml_status status = reader_open(&r, j->c->file, &reading, why);
    if (status == ML_OK)
        status = label_stream(j, r, show == LABELS, w, why);
    reader_free(r);
    return status;
}

static int stream(job *j)
{
    ml_message why;
    reader *r;
    progress_phase("reading");
    ml_status status = reader_open(&r, j->c->file, &j->c->reader, &why);
    if (status == ML_OK) {
        const table *t = reader_columns(r);
        j->named = t->names != NULL;
        j->weighted = t->weights_at != SIZE_MAX;
        j->rows.x.size2 = t->columns - j->weighted;
        status = names_of(&j->rows.names, t, 0, j->rows.x.size2, &why);
    }
    if (status == ML_OK && j->p.fit.start == KMEANS_GIVEN)
        status = read_start(j, &why);
    j->p.fit.k = j->least;
    if (status == ML_OK)
        status = kmeans_stream_fit(j->c, r, &j->p.fit, &j->fit, &why);
    else
        reader_free(r);
    if (status != ML_OK)
        return cli_fail(j->c, &why);
    say(j);
    results_output output = {write_model_of, show_streamed, j};
    return results_print(j->c, &output, status_of_fit(j));
}

static int run(job *j)
{
    ml_message why;
    ml_status status = points_read(&j->rows, j->c, &j->c->reader, &why);
    j->named = j->rows.t.names != NULL;
    j->weighted = j->rows.weights != NULL;
    if (status == ML_OK && j->p.fit.start == KMEANS_GIVEN)
        status = read_start(j, &why);
    if (status == ML_OK)
        status = choose(j, &why);
    if (status == ML_OK && cli_shows(j->c, "silhouette") && j->p.fit.k < 2)
        status = ml_fail(&why, "a silhouette needs two clusters or more");
    if (status != ML_OK)
        return cli_fail(j->c, &why);
    if (j->c->steps)
        return write_steps(j);
    status = fit_traced(j, &why);
    if (status == ML_OK)
        status = measure(j, &why);
    if (status != ML_OK)
        return cli_fail(j->c, &why);
    say(j);
    return print_results(j);
}

/* --- a round of many processes --- */

static void say_round(const job *j, double shift)
{
    if (j->fit.refilled > 0)
        cli_note(j->c, "%zu empty cluster%s got the row farthest from its centroid", j->fit.refilled,
                 j->fit.refilled == 1 ? "" : "s");
    if (!j->fit.converged)
        cli_note(j->c, "round %zu: inertia %.10g, a centroid moved %.3g; another round is due",
                 j->fit.iterations, j->fit.inertia, shift);
}

static int merge(job *j)
{
    ml_message why;
    kmeans_text t;
    kmeans_parts parts = {0};
    double shift = 0;
    ml_status status = kmeans_text_read(&t, j->c->model, &why);
    if (status == ML_OK)
        status = kmeans_text_merge(&parts, j->c, &t, &j->weighted, &why);
    if (status == ML_OK) {
        j->history = t.history;
        status = kmeans_parts_step(&parts, t.centroids, t.spherical, j->p.fit.tolerance, &j->history, &j->fit,
                                   &shift, &why);
    }
    j->rows.names = t.names;
    t.names = NULL;
    j->named = t.named;
    j->p.fit.spherical = t.spherical;
    j->p.fit.k = parts.k;
    kmeans_parts_free(&parts);
    kmeans_text_free(&t);
    if (status != ML_OK)
        return cli_fail(j->c, &why);
    say_round(j, shift);
    results_output output = {write_model_of, write_show_of, j};
    return results_print(j->c, &output, j->fit.converged ? ML_OK : ML_UNDECIDED);
}

static int partial(const job *j)
{
    ml_message why;
    kmeans_text t;
    int status = kmeans_text_read(&t, j->c->model, &why) == ML_OK ? kmeans_text_partial(j->c, &t)
                                                                  : cli_fail(j->c, &why);
    kmeans_text_free(&t);
    return status;
}

static void free_job(job *j)
{
    free(j->choices);
    free(j->silhouettes);
    gsl_matrix_free(j->given);
    kmeans_free(&j->fit);
    points_free(&j->rows);
}

int main(int argc, char **argv)
{
    params p = {.references = 20};
    cli c;
    kmeans_defaults(&p.fit);
    int status = cli_parse(&c, &tool, &p, argc, argv);
    if (status >= 0)
        return status;
    job j = {.c = &c, .p = p};
    read_how_to_start(&j.p);
    j.p.fit.seed = c.seed;
    j.p.fit.jobs = c.reader.jobs;
    if (p.fit.method == KMEANS_MINIBATCH && !cli_given(&c, "max-iterations"))
        j.p.fit.max_iterations = 100;
    if (c.merge && !cli_given(&c, "show"))
        c.shows[0] = CENTROIDS;
    if (c.apply != NULL)
        status = check_apply(&j);
    else if (c.partial || c.merge)
        status = check_round(&j);
    else if ((status = check_options(&j)) < 0 && (!j.p.stream || (status = check_stream(&j)) < 0))
        status = read_clusters(&j);
    if (status >= 0 || (status = cli_needs_input(&c)) >= 0)
        return status;
    status = c.apply != NULL ? apply(&j)
             : c.partial     ? partial(&j)
             : c.merge       ? merge(&j)
             : j.p.stream    ? stream(&j)
                             : run(&j);
    free_job(&j);
    return status;
}
