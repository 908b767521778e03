/* mlsvd: the singular value decomposition of the matrix on standard input. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ml/svd.h"
#include "table/cli.h"
#include "table/progress.h"
#include "tool/qr_state.h"
#include "tool/svd_exact_run.h"

typedef struct params {
    svd_params svd;
    size_t rank;
    double energy;
    double tolerance;
} params;

enum { VALUES, U, S, V, A, RANK, CONDITION, NORMS, PSEUDOINVERSE, NULL_SPACE, RANGE, REPORT };

static const char *const methods[] = {"auto", "dc", "jacobi", "randomized", NULL};

#define AT(member) offsetof(params, member)

static const cli_option options[] = {
    {'k', NULL, "N",
     "use the first N singular values only: every result is that of the nearest matrix of rank N; needed "
     "with "
     "-m randomized; rank, cond, norms and report are of the whole matrix and refuse it",
     CLI_COUNT, AT(rank), .least = 1, .most = 1e9},
    {0, "energy", "X", "as -k, with the fewest values that hold this share of the squared norm, such as 0.9",
     CLI_REAL, AT(energy), .least = 1e-300, .most = 1},
    {'m', "method", "NAME",
     "auto, dc (divide and conquer), jacobi (small values to high relative accuracy when the matrix is a "
     "well-conditioned one times a diagonal) or randomized (the first N values of a large matrix, each with "
     "a "
     "bound on its error); "
     "default auto: jacobi up to 64 rows or columns, else dc",
     CLI_CHOICE, AT(svd.method), .choices = methods},
    {'t', "tolerance", "X",
     "singular values of at most X count as zero; default max(rows, columns) times the machine epsilon times "
     "the "
     "largest value",
     CLI_REAL, AT(tolerance), .least = 0, .most = 1e308},
    {0, NULL, NULL, NULL, CLI_FLAG, 0, .group = 0},
};

/* In the order of the enumeration. */
static const cli_show shows[] = {
    {"values",
     "the singular values, their shares of the squared norm, and the cumulative share; with -m randomized "
     "also a bound on the error of each value; with --exact also the polynomial that a value without a "
     "closed form is a root of"},
    {"U", "left singular vectors, in columns"},
    {"S", "the singular values as a diagonal matrix, so that A = U S V'"},
    {"V", "right singular vectors, in columns"},
    {"A", "the nearest matrix of rank N (-k) or of the share of --energy"},
    {"rank", "how many values are above the tolerance"},
    {"cond", "the condition number in the 2-norm; inf when the rank is below min(rows, columns)"},
    {"norms", "the 2-norm, the Frobenius norm and the nuclear norm"},
    {"pinv", "the Moore-Penrose pseudoinverse"},
    {"null", "an orthonormal basis of the null space, in columns; nothing when it is {0}"},
    {"range", "an orthonormal basis of the column space, in columns; nothing for the zero matrix"},
    {"report", "shape, method, rank and its tolerance, and the residual and orthogonality as test ratios: "
               "below 30 is right to rounding"},
    {NULL, NULL},
};

static const cli_example examples[] = {
    {"printf '3,0\\n4,5\\n' | mlsvd", "the singular values sqrt(45) and sqrt(5)"},
    {"printf '3,0\\n4,5\\n' | mlsvd --exact --steps",
     "the same by hand, every step with roots and fractions"},
    {"mlsvd -s U,S,V A.csv", "the three factors as named blocks"},
    {"mlsvd -k 2 -s A ratings.csv", "the nearest matrix of rank 2"},
    {NULL, NULL},
};

static const cli_tool tool = {
    .name = "mlsvd",
    .summary = "singular value decomposition",
    .groups = CLI_READS | CLI_WRITES | CLI_RANDOM | CLI_JOBS | CLI_PARTIAL | CLI_STEPS | CLI_EXACT,
    .options = options,
    .shows = shows,
    .examples = examples,
};

typedef struct job {
    const cli *c;
    params p;
    table rows; /* the matrix, when it is held in memory, else empty */
    svd_result svd;
    size_t used; /* k: how many values are printed and used */
    writer *out;
} job;

/* --- decomposing --- */

static bool needs_u(const char *show)
{
    static const char *const list[] = {"U", "A", "pinv", "range", "report"};
    for (size_t i = 0; i < sizeof list / sizeof list[0]; i++)
        if (strcmp(list[i], show) == 0)
            return true;
    return false;
}

static svd_want wanted(const cli *c)
{
    for (size_t i = 0; i < c->show_count; i++)
        if (needs_u(shows[c->shows[i]].name))
            return SVD_UV;
    return cli_shows(c, "V") || cli_shows(c, "null") ? SVD_V : SVD_VALUES;
}

static ml_status decompose_rows(job *j, ml_message *why)
{
    progress_phase("reading");
    ml_status status = table_read(&j->rows, j->c->file, &j->c->reader, why);
    progress_phase("decomposing");
    return status == ML_OK ? svd_fit(j->rows.x, &j->p.svd, &j->svd, why) : status;
}

static ml_status decompose_state(job *j, qr_state *s, ml_message *why)
{
    svd_stream *stream;
    if (s->centered)
        return ml_fail(why, "the states are of centered rows");
    ml_status status = svd_resume(&stream, &j->p.svd, s->count, s->rows, why);
    s->rows = NULL;
    progress_phase("decomposing");
    if (status == ML_OK)
        status = svd_finish(stream, &j->svd, why);
    svd_stream_free(stream);
    return status;
}

/* Where U is not needed the rows are read once and not kept. */
static ml_status decompose(job *j, ml_message *why)
{
    const cli *c = j->c;
    qr_state s;
    bool whole = j->p.svd.want == SVD_UV || j->p.svd.method == SVD_JACOBI ||
                 j->p.svd.method == SVD_RANDOMIZED || c->reader.na == READER_NA_MEAN;
    if (whole && !c->merge)
        return decompose_rows(j, why);
    ml_status status = c->merge ? qr_state_merge(&s, c, why) : qr_state_open(&s, c, false, why);
    if (status == ML_OK && !c->merge)
        status = qr_state_fill(&s, why);
    if (status == ML_OK)
        status = decompose_state(j, &s, why);
    qr_state_free(&s);
    return status;
}

static size_t values_used(const job *j)
{
    if (j->p.energy > 0)
        return svd_energy(&j->svd, j->p.energy);
    return j->p.rank ? j->p.rank : j->svd.count;
}

/* Vectors that are printed but not unique, and a nearest matrix that is not. */
static void note_repeated(const job *j)
{
    bool vectors = cli_shows(j->c, "U") || cli_shows(j->c, "V");
    size_t first = 0, last;
    for (; vectors && svd_repeated(&j->svd, &first, &last) && first < j->used; first = last + 1)
        cli_note(j->c, "singular values %zu to %zu are equal to rounding: their vectors are not unique",
                 first + 1, last + 1);
    size_t k = j->used;
    bool cut = cli_shows(j->c, "A") || cli_shows(j->c, "pinv") || cli_shows(j->c, "range") ||
               cli_shows(j->c, "null");
    if (cut && k < j->svd.rank && svd_equal(&j->svd, k - 1))
        cli_note(
            j->c,
            "singular values %zu and %zu are equal to rounding: the nearest matrix of rank %zu is not unique",
            k, k + 1, k);
}

static void note_unconverged(const job *j)
{
    if (!j->svd.converged)
        cli_note(j->c,
                 "singular values lie too close together for -m randomized: the error is at most %.1g of the "
                 "largest (column 'error'), where 1e-9 is its aim; -m dc is exact to rounding",
                 gsl_vector_max(j->svd.errors) / svd_norm2(&j->svd));
}

/* --- results --- */

static ml_status print_values(job *j, ml_message *why)
{
    size_t k = j->used;
    double *numbers = memory_array(3 * k, sizeof *numbers);
    if (numbers == NULL)
        return ml_fail_memory(why, "the values", 3 * k * sizeof *numbers);
    for (size_t i = 0; i < k; i++) {
        numbers[3 * i] = (double)(i + 1);
        numbers[3 * i + 1] = svd_share(&j->svd, i);
        numbers[3 * i + 2] = svd_cumulative(&j->svd, i);
    }
    column columns[] = {column_reals("component", numbers, 3),
                        column_reals("value", j->svd.values->data, j->svd.values->stride),
                        column_reals("share", numbers + 1, 3), column_reals("cumulative", numbers + 2, 3),
                        column_reals("error", j->svd.errors ? j->svd.errors->data : NULL, 1)};
    writer_block(j->out, "values", columns, j->svd.errors ? 5 : 4, k);
    free(numbers);
    return ML_OK;
}

static void print_first_columns(job *j, const char *name, gsl_matrix *m)
{
    gsl_matrix_view first = gsl_matrix_submatrix(m, 0, 0, m->size1, j->used);
    writer_matrix(j->out, name, &first.matrix);
}

/* Bare, or with the id columns before it and then with names. */
static ml_status print_beside_ids(job *j, const char *name, const gsl_matrix *m, size_t width, char **names,
                                  ml_message *why)
{
    size_t texts = j->rows.text_count;
    column *columns = memory_array(texts + width, sizeof *columns);
    if (columns == NULL)
        return ml_fail_memory(why, name, (texts + width) * sizeof *columns);
    for (size_t i = 0; i < texts; i++)
        columns[i] = column_text(&j->rows.texts[i]);
    for (size_t i = 0; i < width; i++)
        columns[texts + i] = column_reals(names[i], m->data + i, m->tda);
    writer_block(j->out, name, columns, texts + width, m->size1);
    free(columns);
    return ML_OK;
}

/* A matrix with a row for each row of the input: U, the approximation, the range. */
static ml_status print_row_matrix(job *j, const char *name, gsl_matrix *m, size_t width, ml_message *why)
{
    if (j->rows.text_count == 0) {
        gsl_matrix_view first = gsl_matrix_submatrix(m, 0, 0, m->size1, width);
        writer_matrix(j->out, name, &first.matrix);
        return ML_OK;
    }
    char(*made)[32] = memory_array(width, sizeof *made);
    char **names = memory_array(width, sizeof *names);
    ml_status status = made && names ? ML_OK : ml_fail_memory(why, name, width * sizeof *made);
    for (size_t i = 0; status == ML_OK && i < width; i++) {
        if (name[0] == 'A')
            names[i] = (char *)table_name(&j->rows, i, made[i]);
        else
            snprintf(names[i] = made[i], sizeof made[i], "%c%zu", name[0], i + 1);
    }
    if (status == ML_OK)
        status = print_beside_ids(j, name, m, width, names, why);
    free(made);
    free(names);
    return status;
}

static ml_status print_s(job *j, ml_message *why)
{
    gsl_matrix *s = gsl_matrix_calloc(j->used, j->used);
    if (s == NULL)
        return ml_fail_memory(why, "S", j->used * j->used * sizeof(double));
    for (size_t i = 0; i < j->used; i++)
        gsl_matrix_set(s, i, i, gsl_vector_get(j->svd.values, i));
    writer_matrix(j->out, "S", s);
    gsl_matrix_free(s);
    return ML_OK;
}

static void print_number(job *j, const char *name, double value)
{
    column one = column_reals(name, &value, 1);
    writer_block(j->out, name, &one, 1, 1);
}

static void print_norms(job *j)
{
    double two = svd_norm2(&j->svd), nuclear = svd_nuclear(&j->svd);
    column columns[] = {column_reals("two", &two, 1), column_reals("frobenius", &j->svd.frobenius, 1),
                        column_reals("nuclear", &nuclear, 1)};
    writer_block(j->out, "norms", columns, 3, 1);
}

/* A new matrix M, freed here, that may be missing because its space is {0}. */
static ml_status print_made(job *j, const char *name, gsl_matrix *m, bool of_rows, ml_message *why)
{
    ml_status status = ML_OK;
    if (m == NULL) {
        cli_note(j->c, "%s: the space is {0}, it has no basis", name);
        writer_block(j->out, name, NULL, 0, 0);
    } else if (of_rows) {
        status = print_row_matrix(j, name, m, m->size2, why);
    } else {
        writer_matrix(j->out, name, m);
    }
    gsl_matrix_free(m);
    return status;
}

static ml_status print_report(job *j, ml_message *why)
{
    svd_quality q;
    ml_status status = svd_report(j->rows.x, &j->svd, &q, why);
    if (status != ML_OK)
        return status;
    double shape[3] = {(double)j->svd.rows, (double)j->svd.columns, (double)j->svd.rank};
    const char *method = methods[j->svd.method];
    column columns[] = {column_reals("rows", &shape[0], 1),
                        column_reals("columns", &shape[1], 1),
                        column_strings("method", &method),
                        column_reals("rank", &shape[2], 1),
                        column_reals("tolerance", &j->svd.tolerance, 1),
                        column_reals("residual", &q.residual, 1),
                        column_reals("u_orthogonality", &q.u, 1),
                        column_reals("v_orthogonality", &q.v, 1)};
    writer_block(j->out, "report", columns, 8, 1);
    return ML_OK;
}

static ml_status print_derived(job *j, size_t show, ml_message *why)
{
    gsl_matrix *m = NULL;
    ml_status status = show == A               ? svd_approximation(&j->svd, j->used, &m, why)
                       : show == PSEUDOINVERSE ? svd_pinv(&j->svd, j->used, &m, why)
                       : show == NULL_SPACE    ? svd_null(&j->svd, j->used, &m, why)
                                               : svd_range(&j->svd, j->used, &m, why);
    return status == ML_OK ? print_made(j, shows[show].name, m, show == A || show == RANGE, why) : status;
}

static ml_status print_result(job *j, size_t show, ml_message *why)
{
    switch (show) {
    case VALUES:
        return print_values(j, why);
    case U:
        return print_row_matrix(j, "U", j->svd.U, j->used, why);
    case S:
        return print_s(j, why);
    case V:
        print_first_columns(j, "V", j->svd.V);
        return ML_OK;
    case RANK:
        print_number(j, "rank", (double)j->svd.rank);
        return ML_OK;
    case CONDITION:
        print_number(j, "cond", svd_condition(&j->svd));
        return ML_OK;
    case NORMS:
        print_norms(j);
        return ML_OK;
    case REPORT:
        return print_report(j, why);
    default:
        return print_derived(j, show, why);
    }
}

/* --- the run --- */

static int check_usage(const job *j)
{
    static const char *const whole[] = {"rank", "cond", "norms", "report"};
    const cli *c = j->c;
    bool randomized = j->p.svd.method == SVD_RANDOMIZED;
    if (j->p.rank && j->p.energy > 0)
        return cli_usage(c, "-k and --energy both say how many values to use; give one of them");
    if (randomized && j->p.rank == 0)
        return cli_usage(c, "-m randomized needs -k, the number of singular values to find");
    for (size_t i = 0; i < sizeof whole / sizeof whole[0]; i++) {
        if (!cli_shows(c, whole[i]) || (randomized && strcmp(whole[i], "report") == 0))
            continue;
        if (randomized)
            return cli_usage(c, "%s needs all singular values, and -m randomized finds the first ones",
                             whole[i]);
        if (j->p.rank || j->p.energy > 0)
            return cli_usage(c, "%s is of the whole matrix; leave out %s", whole[i],
                             j->p.rank ? "-k" : "--energy");
    }
    return -1;
}

/* A partial state has no rows, so that U, and what needs the whole matrix, cannot follow from it. */
static int check_partial_usage(const job *j)
{
    static const char *const of_the_merge[] = {"k", "energy", "tolerance", "seed", "method"};
    const cli *c = j->c;
    if ((c->partial || c->merge) && (j->p.svd.method == SVD_JACOBI || j->p.svd.method == SVD_RANDOMIZED))
        return cli_usage(c, "-m %s needs the whole matrix, and %s has less", methods[j->p.svd.method],
                         c->partial ? "--partial" : "--merge");
    for (size_t i = 0; c->partial && i < sizeof of_the_merge / sizeof of_the_merge[0]; i++)
        if (cli_given(c, of_the_merge[i]))
            return cli_usage(c, "%s%s belongs to --merge: the states do not depend on it", i ? "--" : "-",
                             of_the_merge[i]);
    for (size_t i = 0; c->merge && i < c->show_count; i++)
        if (needs_u(shows[c->shows[i]].name))
            return cli_usage(c,
                             "%s needs the rows, and --merge has states; values, V, S, rank, cond, norms and "
                             "null follow from them",
                             shows[c->shows[i]].name);
    return -1;
}

/* By hand there is no rounding, and so nothing that has to do with it. */
static int check_exact_usage(const job *j)
{
    static const char *const rounded[] = {"energy", "tolerance", "method", "partial", "merge"};
    const cli *c = j->c;
    if (c->digits > 0 && !c->exact)
        return cli_usage(c, "--digits belongs to --exact");
    if (!c->exact && !c->steps)
        return -1;
    const char *mode = c->exact ? "--exact" : "--steps";
    for (size_t i = 0; i < sizeof rounded / sizeof rounded[0]; i++)
        if (cli_given(c, rounded[i]))
            return cli_usage(c, "--%s does not go with %s, which rounds nothing and has the whole matrix",
                             rounded[i], mode);
    if (cli_shows(c, "report"))
        return cli_usage(c, "the report is about rounding, and %s has none", mode);
    if (c->steps && (cli_given(c, "show") || j->p.rank))
        return cli_usage(c, "--steps writes the whole calculation; leave out %s",
                         j->p.rank ? "-k" : "--show");
    return -1;
}

static ml_status run(job *j, ml_message *why)
{
    ml_status status = decompose(j, why);
    if (status != ML_OK)
        return status;
    if ((status = svd_check_count(j->p.rank, j->svd.rows, j->svd.columns, why)) != ML_OK)
        return status;
    j->used = values_used(j);
    note_repeated(j);
    note_unconverged(j);
    if ((j->out = cli_output(j->c)) == NULL)
        return ml_fail_memory(why, "the writer", sizeof *j);
    for (size_t i = 0; status == ML_OK && i < j->c->show_count; i++)
        status = print_result(j, j->c->shows[i], why);
    return status == ML_OK && !j->svd.converged ? ML_UNDECIDED : status;
}

int main(int argc, char **argv)
{
    cli c;
    job j = {.c = &c, .p = {.tolerance = -1}};
    ml_message why;
    svd_defaults(&j.p.svd);
    int status = cli_parse(&c, &tool, &j.p, argc, argv);
    if (status < 0)
        status = check_usage(&j);
    if (status < 0)
        status = check_exact_usage(&j);
    if (status < 0)
        status = check_partial_usage(&j);
    if (status >= 0)
        return status;
    if (c.exact || c.steps)
        return svd_exact_run(&c, j.p.rank);
    if (c.partial)
        return qr_state_partial(&c, false);
    j.p.svd.tolerance = j.p.tolerance;
    j.p.svd.rank = j.p.rank;
    j.p.svd.seed = c.seed;
    j.p.svd.jobs = c.reader.jobs;
    j.p.svd.want = wanted(&c);
    status = run(&j, &why);
    if (status == ML_FAIL)
        cli_fail(&c, &why);
    status = cli_close(&c, j.out, status);
    table_free(&j.rows);
    svd_free(&j.svd);
    return status;
}
