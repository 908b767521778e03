#include "tool/entropy_numbers.h"

#include <gsl/gsl_math.h>
#include <math.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "base/number.h"
#include "base/random.h"
#include "ml/continuous_steps.h"
#include "table/progress.h"
#include "tool/names.h"

const char *const entropy_numbers_methods[] = {"none", "gaussian", "kl", "ksg", "ksg2", "histogram", NULL};
const char *const entropy_numbers_norms[] = {"euclidean", "max", NULL};

typedef struct job {
    const cli *c;
    entropy_numbers_options o;
    double jitter; /* the width; INFINITY: of the last written digit */
    table t;
    char **names;
    struct results *all; /* of each of c->shows */
} job;

/* --- what was asked for --- */

static int read_rule(job *j)
{
    static const char *const rules[] = {"sturges", "scott", "fd", "sqrt"};
    const char *text = j->o.rule;
    number n;
    for (size_t i = 0; text != NULL && i < sizeof rules / sizeof *rules; i++)
        if (strcmp(text, rules[i]) == 0) {
            j->o.estimate.rule = (continuous_rule)i;
            return -1;
        }
    if (text == NULL)
        return -1;
    if (number_read(text, strlen(text), &n) != NUMBER_OK || !(n.value >= 1 && n.value <= 1e9) ||
        n.value != floor(n.value))
        return cli_usage(j->c, "--bins: '%s' is not sturges, scott, fd, sqrt or a number of bins", text);
    j->o.estimate.rule = CONTINUOUS_NUMBER;
    j->o.estimate.bins = (size_t)n.value;
    return -1;
}

static int read_jitter(job *j)
{
    const char *text = j->o.jitter;
    number n;
    if (text == NULL)
        return -1;
    j->jitter = INFINITY;
    if (strcmp(text, "auto") == 0)
        return -1;
    if (number_read(text, strlen(text), &n) != NUMBER_OK || !(n.value > 0) || isinf(n.value))
        return cli_usage(j->c, "--jitter: '%s' is not auto or a width above 0", text);
    j->jitter = n.value;
    return -1;
}

static bool near(const job *j)
{
    continuous_method m = j->o.estimate.method;
    return m == CONTINUOUS_KL || m == CONTINUOUS_KSG || m == CONTINUOUS_KSG2;
}

static const char *method_name(const job *j)
{
    return entropy_numbers_methods[j->o.estimate.method + 1];
}

static int check_options(job *j)
{
    static const char *const shown[] = {"H", "joint", "conditional", "MI", "TC", "KL", NULL};
    const cli *c = j->c;
    for (size_t i = 0; i < c->show_count; i++) {
        const char *name = c->tool->shows[c->shows[i]].name;
        size_t k = 0;
        while (shown[k] != NULL && strcmp(shown[k], name) != 0)
            k++;
        if (shown[k] == NULL)
            return cli_usage(c, "-s %s is of symbols; --continuous has H, joint, conditional, MI, TC and KL",
                             name);
    }
    if (cli_shows(c, "KL") &&
        (j->o.estimate.method == CONTINUOUS_KSG || j->o.estimate.method == CONTINUOUS_KSG2))
        return cli_usage(
            c, "--continuous %s estimates mutual information; -s KL takes gaussian, kl or histogram",
            method_name(j));
    if (cli_given(c, "neighbours") && !near(j))
        return cli_usage(c, "--neighbours belongs to --continuous kl, ksg and ksg2");
    if (cli_given(c, "norm") && j->o.estimate.method != CONTINUOUS_KL)
        return cli_usage(c, "--norm belongs to --continuous kl");
    if (cli_given(c, "raw") && !near(j))
        return cli_usage(c, "--raw belongs to --continuous kl, ksg and ksg2");
    if (j->o.rule != NULL && j->o.estimate.method != CONTINUOUS_HISTOGRAM)
        return cli_usage(c, "--bins belongs to --continuous histogram");
    if (j->o.permutations > 0 && !cli_shows(c, "MI"))
        return cli_usage(c, "--permutations belongs to -s MI");
    if (c->reader.na == READER_NA_KEEP)
        return cli_usage(c, "--na keep is of symbols; --continuous takes numbers");
    if (c->steps && near(j))
        return cli_usage(c, "--steps writes --continuous gaussian and histogram out");
    if (c->steps && (cli_shows(c, "conditional") || cli_shows(c, "TC") || j->o.permutations > 0))
        return cli_usage(c, "--steps writes H, joint, MI and KL of continuous data out");
    return -1;
}

/* --- reading --- */

/* The width of the last written digit of a column: 1 where all are whole numbers. */
static double written_width(const table *t, size_t k)
{
    double least = INFINITY;
    for (size_t i = 0; i < t->rows; i++) {
        double half = gsl_matrix_get(t->half, i, k);
        least = half > 0 && half < least ? half : least;
    }
    return isinf(least) ? 1 : 2 * least;
}

/* Add noise, uniform, that takes back the rounding of the data; each column has a stream of its own. */
static ml_status add_jitter(job *j, ml_message *why)
{
    for (size_t k = 0; k < j->t.columns; k++) {
        gsl_rng *generator = random_stream(j->c->seed, UINT64_MAX - k);
        if (generator == NULL)
            return ml_fail_memory(why, "a generator", gsl_rng_mt19937->size);
        double width = isinf(j->jitter) ? written_width(&j->t, k) : j->jitter;
        for (size_t i = 0; i < j->t.rows; i++)
            *gsl_matrix_ptr(j->t.x, i, k) += width * (gsl_rng_uniform(generator) - 0.5);
        gsl_rng_free(generator);
    }
    return ML_OK;
}

static ml_status read_input(job *j, ml_message *why)
{
    reader_options reading = j->c->reader;
    reading.keep_half = isinf(j->jitter);
    reading.no_mean = true;
    progress_phase("reading");
    ml_status status = table_read(&j->t, j->c->file, &reading, why);
    if (status == ML_OK)
        status = names_of(&j->names, &j->t, 0, j->t.columns, why);
    if (status == ML_OK && j->jitter > 0)
        status = add_jitter(j, why);
    return status;
}

/* --- results --- */

/* An estimate a row, of a column or of a pair. */
typedef struct results {
    const char **first, **second;
    double *values; /* rows x 3: the estimate, its standard error, p */
    size_t rows, filled, labels;
} results;

enum { WIDTH = 3 };

static void results_free(results *r)
{
    free(r->first);
    free(r->second);
    free(r->values);
}

static ml_status results_make(results *r, size_t rows, size_t labels, ml_message *why)
{
    *r = (results){.labels = labels, .rows = rows};
    r->first = memory_zeros(rows, sizeof *r->first);
    r->second = memory_zeros(rows, sizeof *r->second);
    r->values = memory_zeros(rows, WIDTH * sizeof *r->values);
    return r->first && r->second && r->values
               ? ML_OK
               : ml_fail_memory(why, "the results", rows * WIDTH * sizeof(double));
}

static void results_write(const job *j, const results *r, const char *show, writer *out)
{
    column columns[5];
    size_t count = 0;
    bool p = j->o.permutations > 0 && strcmp(show, "MI") == 0;
    bool ordered = strcmp(show, "conditional") == 0, divergence = strcmp(show, "KL") == 0;
    const char *const heads[] = {r->labels == 1 ? "column"
                                 : ordered      ? "of"
                                 : divergence   ? "p"
                                                : "first",
                                 ordered      ? "given"
                                 : divergence ? "q"
                                              : "second"};
    if (j->c->writer.names && r->labels > 0)
        columns[count++] = column_strings(heads[0], r->first);
    if (j->c->writer.names && r->labels > 1)
        columns[count++] = column_strings(heads[1], r->second);
    columns[count++] = column_reals(show, r->values, WIDTH);
    columns[count++] = column_reals("error", r->values + 1, WIDTH);
    if (p)
        columns[count++] = column_reals("p", r->values + 2, WIDTH);
    writer_block(out, show, columns, count, r->rows);
}

/* The columns A, and B unless it is SIZE_MAX, as a matrix; NAMES gets theirs, ended by NULL. */
static ml_status take_columns(const job *j, size_t a, size_t b, gsl_matrix **x, const char *names[3],
                              ml_message *why)
{
    size_t width = b == SIZE_MAX ? 1 : 2, at[2] = {a, b};
    *x = gsl_matrix_alloc(j->t.rows, width);
    names[1] = names[2] = NULL;
    if (*x == NULL)
        return ml_fail_memory(why, "a pair of columns", j->t.rows * width * sizeof(double));
    for (size_t k = 0; k < width; k++) {
        names[k] = j->names[at[k]];
        for (size_t i = 0; i < j->t.rows; i++)
            gsl_matrix_set(*x, i, k, gsl_matrix_get(j->t.x, i, at[k]));
    }
    return ML_OK;
}

static void note_infinite(const job *j, const char *show, const continuous_estimate *e,
                          const char *const *names)
{
    const char *culprit = e->culprit == SIZE_MAX ? names[0] : names[e->culprit];
    if (strcmp(show, "KL") == 0)
        cli_note(j->c, "the divergence of %s from %s is infinite: %s", names[0], names[1],
                 j->o.estimate.method == CONTINUOUS_HISTOGRAM ? "a bin of the first is empty in the second"
                 : e->culprit == SIZE_MAX                     ? "it is beyond the range of a double"
                                                              : "a constant has no density");
    else if (e->nats < 0)
        cli_note(j->c,
                 "%s is constant or determined by the others: its density is infinite and the entropy -inf",
                 culprit);
    else
        cli_note(j->c, "%s is determined by the others, in a linear relation: the information is infinite",
                 culprit);
}

/* Row of RESULTS for an estimate of the columns of X. */
static void keep(const job *j, results *r, const char *show, const char *const *names,
                 const continuous_estimate *e)
{
    double unit = log(j->o.base), *row = r->values + r->filled * WIDTH;
    row[0] = e->nats / unit;
    row[1] = isinf(e->nats) ? table_missing() : e->error / unit;
    r->first[r->filled] = names[0];
    r->second[r->filled] = names[1];
    r->filled++;
    if (isinf(e->nats))
        note_infinite(j, show, e, names);
}

typedef ml_status estimator(const continuous_params *p, const gsl_matrix *x, continuous_estimate *out,
                            ml_message *why);

static ml_status information_of_two(const continuous_params *p, const gsl_matrix *x, continuous_estimate *out,
                                    ml_message *why)
{
    return continuous_information(p, x, (const size_t[2]){1, 1}, 2, out, why);
}

static ml_status conditional_of_two(const continuous_params *p, const gsl_matrix *x, continuous_estimate *out,
                                    ml_message *why)
{
    return continuous_conditional(p, x, (const size_t[2]){1, 1}, out, why);
}

static ml_status divergence_of_two(const continuous_params *p, const gsl_matrix *x, continuous_estimate *out,
                                   ml_message *why)
{
    gsl_matrix_const_view first = gsl_matrix_const_submatrix(x, 0, 0, x->size1, 1),
                          second = gsl_matrix_const_submatrix(x, 0, 1, x->size1, 1);
    return continuous_divergence(p, &first.matrix, &second.matrix, out, why);
}

/* The result of columns A and B, or of A alone. */
static ml_status estimate(job *j, const char *show, estimator *how, size_t a, size_t b, results *r,
                          ml_message *why)
{
    const char *names[3];
    gsl_matrix *x;
    continuous_estimate e;
    continuous_params p = j->o.estimate;
    ml_status status = take_columns(j, a, b, &x, names, why);
    p.names = names;
    progress_phase("%s of %s%s%s", show, names[0], names[1] ? " and " : "", names[1] ? names[1] : "");
    if (status == ML_OK)
        status = how(&p, x, &e, why);
    if (status == ML_OK && j->o.permutations > 0 && how == information_of_two)
        status = continuous_significance(&p, x, (const size_t[2]){1, 1}, e.nats, j->o.permutations,
                                         j->c->seed, r->values + r->filled * WIDTH + 2, why);
    if (status == ML_OK)
        keep(j, r, show, names, &e);
    gsl_matrix_free(x);
    return status;
}

static ml_status measure_each(job *j, const char *show, results *r, ml_message *why)
{
    ml_status status = results_make(r, j->t.columns, 1, why);
    for (size_t i = 0; status == ML_OK && i < j->t.columns; i++)
        status = estimate(j, show, continuous_entropy, i, SIZE_MAX, r, why);
    return status;
}

/* Each pair of columns, with -y (the last one) each with that one; ORDERED: both ways round. */
static bool is_pair(const job *j, size_t a, size_t b, bool ordered)
{
    size_t target = j->t.target_at;
    return (ordered ? a != b : a < b) && (target == SIZE_MAX || a == target || b == target);
}

static ml_status measure_pairs(job *j, const char *show, estimator *how, bool ordered, results *r,
                               ml_message *why)
{
    size_t d = j->t.columns, pairs = j->t.target_at != SIZE_MAX ? d - 1 : d * (d - 1) / 2;
    ml_status status = results_make(r, ordered ? 2 * pairs : pairs, 2, why);
    for (size_t a = 0; status == ML_OK && a < d; a++)
        for (size_t b = 0; status == ML_OK && b < d; b++)
            if (is_pair(j, a, b, ordered))
                status = estimate(j, show, how, a, b, r, why);
    return status;
}

static ml_status measure_all(job *j, const char *show, results *r, ml_message *why)
{
    continuous_estimate e;
    continuous_params p = j->o.estimate;
    size_t *ones = memory_array(j->t.columns, sizeof *ones);
    ml_status status = results_make(r, 1, 0, why);
    p.names = (const char *const *)j->names;
    for (size_t i = 0; ones != NULL && i < j->t.columns; i++)
        ones[i] = 1;
    if (status == ML_OK && ones == NULL)
        status = ml_fail_memory(why, "the results", j->t.columns * sizeof *ones);
    progress_phase("%s", show);
    if (status == ML_OK)
        status = strcmp(show, "TC") == 0 ? continuous_information(&p, j->t.x, ones, j->t.columns, &e, why)
                                         : continuous_entropy(&p, j->t.x, &e, why);
    if (status == ML_OK)
        keep(j, r, show, p.names, &e);
    free(ones);
    return status;
}

static ml_status measure(job *j, const char *show, results *r, ml_message *why)
{
    if (strcmp(show, "H") == 0)
        return measure_each(j, show, r, why);
    if (strcmp(show, "joint") == 0 || strcmp(show, "TC") == 0)
        return measure_all(j, show, r, why);
    if (strcmp(show, "MI") == 0)
        return measure_pairs(j, show, information_of_two, false, r, why);
    if (strcmp(show, "KL") == 0)
        return measure_pairs(j, show, divergence_of_two, true, r, why);
    return measure_pairs(j, show, conditional_of_two, true, r, why);
}

/* --- steps --- */

typedef ml_status explainer(steps *s, const continuous_params *p, const gsl_matrix *x, double base,
                            ml_message *why);

/* The calculation with columns A and B, or with A alone. */
static ml_status write_one(const job *j, steps *s, explainer *how, size_t a, size_t b, ml_message *why)
{
    const char *names[3];
    gsl_matrix *x;
    continuous_params p = j->o.estimate;
    p.names = names;
    ml_status status = take_columns(j, a, b, &x, names, why);
    if (status == ML_OK)
        status = how(s, &p, x, j->o.base, why);
    gsl_matrix_free(x);
    return status;
}

static ml_status write_pairs(const job *j, steps *s, explainer *how, bool ordered, ml_message *why)
{
    ml_status status = ML_OK;
    for (size_t a = 0; status == ML_OK && a < j->t.columns; a++)
        for (size_t b = 0; status == ML_OK && b < j->t.columns; b++)
            if (is_pair(j, a, b, ordered))
                status = write_one(j, s, how, a, b, why);
    return status;
}

static ml_status write_show(const job *j, steps *s, const char *show, ml_message *why)
{
    continuous_params p = j->o.estimate;
    p.names = (const char *const *)j->names;
    if (strcmp(show, "joint") == 0)
        return continuous_steps_entropy(s, &p, j->t.x, j->o.base, why);
    if (strcmp(show, "MI") == 0)
        return write_pairs(j, s, continuous_steps_information, false, why);
    if (strcmp(show, "KL") == 0)
        return write_pairs(j, s, continuous_steps_divergence, true, why);
    ml_status status = ML_OK;
    for (size_t i = 0; status == ML_OK && i < j->t.columns; i++)
        status = write_one(j, s, continuous_steps_entropy, i, SIZE_MAX, why);
    return status;
}

/* --- the run --- */

static ml_status check_columns(const job *j, ml_message *why)
{
    static const char *const of_two[] = {"MI", "conditional", "TC", "KL", NULL};
    for (const char *const *name = of_two; *name != NULL; name++)
        if (cli_shows(j->c, *name) && j->t.columns < 2)
            return ml_fail(why, "%s: -s %s needs two columns, and this is one",
                           j->c->file ? j->c->file : "stdin", *name);
    if (j->c->steps && cli_shows(j->c, "joint") && j->t.columns > 2 &&
        j->o.estimate.method == CONTINUOUS_HISTOGRAM)
        return ml_fail(why, "%s: --steps writes a joint histogram of two columns out, and these are %zu",
                       j->c->file ? j->c->file : "stdin", j->t.columns);
    return ML_OK;
}

static const char *show_name(const job *j, size_t i)
{
    return j->c->tool->shows[j->c->shows[i]].name;
}

static int write_steps(const job *j)
{
    ml_message why;
    steps *s = NULL;
    ml_status status = cli_steps(j->c, &s, &why);
    for (size_t i = 0; status == ML_OK && i < j->c->show_count; i++)
        status = write_show(j, s, show_name(j, i), &why);
    if (status == ML_OK)
        return cli_steps_close(j->c, s, status);
    steps_free(s);
    return cli_fail(j->c, &why);
}

/* Nothing is printed before all is known. */
static int print_results(job *j)
{
    ml_message why;
    j->all = memory_zeros(j->c->show_count, sizeof *j->all);
    ml_status status = j->all ? ML_OK : ml_fail_memory(&why, "the results", sizeof *j->all);
    for (size_t i = 0; status == ML_OK && i < j->c->show_count; i++)
        status = measure(j, show_name(j, i), &j->all[i], &why);
    writer *out = status == ML_OK ? cli_output(j->c) : NULL;
    if (status == ML_OK && out == NULL)
        status = ml_fail_memory(&why, "the writer", sizeof j->c->writer);
    if (status != ML_OK)
        return cli_fail(j->c, &why);
    for (size_t i = 0; i < j->c->show_count; i++)
        results_write(j, &j->all[i], show_name(j, i), out);
    return cli_close(j->c, out, ML_OK);
}

static int run(job *j)
{
    ml_message why;
    ml_status status = read_input(j, &why);
    if (status == ML_OK)
        status = check_columns(j, &why);
    if (status != ML_OK)
        return cli_fail(j->c, &why);
    return j->c->steps ? write_steps(j) : print_results(j);
}

int entropy_numbers_run(const cli *c, const entropy_numbers_options *options)
{
    job j = {.c = c, .o = *options};
    int status = read_rule(&j);
    if (status < 0)
        status = read_jitter(&j);
    if (status < 0)
        status = check_options(&j);
    if (status >= 0)
        return status;
    j.o.estimate.jobs = c->reader.jobs;
    status = run(&j);
    for (size_t i = 0; j.all != NULL && i < c->show_count; i++)
        results_free(&j.all[i]);
    free(j.all);
    names_free(j.names);
    table_free(&j.t);
    return status;
}
