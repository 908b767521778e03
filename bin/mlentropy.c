/* mlentropy: information in the columns on standard input. */
#include <math.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/number.h"
#include "ml/entropy.h"
#include "table/cli.h"
#include "tool/entropy_data.h"

typedef struct params {
    const char *base; /* "2", "e", a number */
    entropy_params measure;
} params;

enum { H, JOINT, MI };

#define AT(member) offsetof(params, member)

static const cli_option options[] = {
    {'b', "base", "B", "base of the logarithms: 2 (bits), e (nats), 10, or another number above 1; default 2",
     CLI_TEXT, AT(base), .group = 0},
    {0, NULL, NULL, NULL, CLI_FLAG, 0, .group = 0},
};

/* In the order of the enumeration. */
static const cli_show shows[] = {
    {"H", "the entropy of each column"},
    {"joint", "the entropy of all columns together"},
    {"MI", "the mutual information of each pair of columns; with -y of each column with that one"},
    {NULL, NULL},
};

static const cli_example examples[] = {
    {"mlentropy -c species iris.csv", "the entropy of the species in bits"},
    {"mlentropy -s MI -y play weather.csv", "what each column tells about play"},
    {NULL, NULL},
};

static const cli_tool tool = {
    .name = "mlentropy",
    .summary = "entropy, mutual information and divergence",
    .groups = CLI_READS | CLI_TARGET | CLI_WRITES | CLI_JOBS | CLI_SYMBOLS,
    .options = options,
    .shows = shows,
    .examples = examples,
};

typedef struct job {
    const cli *c;
    params p;
    entropy_data data;
    writer *out;
} job;

/* --- what was asked for --- */

static int read_base(job *j)
{
    number n;
    const char *text = j->p.base;
    j->p.measure.base = 2;
    if (text == NULL)
        return -1;
    if (strcmp(text, "e") == 0) {
        j->p.measure.base = M_E;
        return -1;
    }
    if (number_read(text, strlen(text), &n) != NUMBER_OK || !(n.value > 1) || isinf(n.value))
        return cli_usage(j->c, "--base: '%s' is not 2, e, 10 or another number above 1", text);
    j->p.measure.base = n.value;
    return -1;
}

/* The sets of columns that the results need, as small as can be. */
static tally_kind sets_needed(const job *j)
{
    const cli *c = j->c;
    if (cli_shows(c, "joint"))
        return TALLY_ROWS;
    if (cli_shows(c, "MI"))
        return c->reader.target != NULL ? TALLY_WITH_LAST : TALLY_PAIRS;
    return TALLY_COLUMNS;
}

/* --- tables of results --- */

/* Rows of numbers under names: of one variable each, or of a pair. */
typedef struct results {
    const char **first, **second; /* NULL: no such column */
    double *values;               /* rows x width */
    size_t rows, width;
} results;

static void results_free(results *r)
{
    free(r->first);
    free(r->second);
    free(r->values);
}

static ml_status results_make(results *r, size_t rows, size_t width, ml_message *why)
{
    *r = (results){.rows = rows, .width = width};
    r->first = memory_zeros(rows, sizeof *r->first);
    r->second = memory_zeros(rows, sizeof *r->second);
    r->values = memory_zeros(rows, width * sizeof *r->values);
    if (r->first != NULL && r->second != NULL && r->values != NULL)
        return ML_OK;
    results_free(r);
    return ml_fail_memory(why, "the results", rows * width * sizeof *r->values);
}

/* With --no-names only the values are printed.  LABELS: 0 to 2 columns of names. */
static void results_write(const job *j, const results *r, const char *block, size_t labels,
                          const char *const *heads)
{
    column columns[16];
    size_t count = 0;
    static const char *const pair_heads[] = {"first", "second"};
    for (size_t i = 0; j->c->writer.names && i < labels; i++)
        columns[count++] =
            column_strings(labels == 1 ? "column" : pair_heads[i], i == 0 ? r->first : r->second);
    for (size_t i = 0; i < r->width; i++)
        columns[count++] = column_reals(heads[i], r->values + i, r->width);
    writer_block(j->out, block, columns, count, r->rows);
}

static ml_status print_each(job *j, size_t show, ml_message *why)
{
    results r;
    const entropy_data *d = &j->data;
    ml_status status = results_make(&r, d->width, 1, why);
    if (status != ML_OK)
        return status;
    for (size_t i = 0; status == ML_OK && i < d->width; i++) {
        entropy_part part;
        if ((status = entropy_data_part(d, &i, 1, &part, why)) != ML_OK)
            break;
        r.first[i] = d->names[i];
        r.values[i] = entropy_joint(part.t, &j->p.measure);
        entropy_part_free(&part);
    }
    if (status == ML_OK)
        results_write(j, &r, shows[show].name, 1, &shows[show].name);
    results_free(&r);
    return status;
}

static ml_status print_whole(job *j, size_t show, ml_message *why)
{
    double value = entropy_joint(&j->data.sets[0], &j->p.measure);
    (void)why;
    column columns[] = {column_reals(shows[show].name, &value, 1)};
    writer_block(j->out, shows[show].name, columns, 1, 1);
    return ML_OK;
}

static size_t pair_count(const entropy_data *d)
{
    return d->target != SIZE_MAX ? d->width - 1 : d->width * (d->width - 1) / 2;
}

/* The places of the pair behind PLACES; the first one is that behind {0, 0}. */
static void next_pair(const entropy_data *d, size_t places[2])
{
    if (d->target != SIZE_MAX) {
        places[0] += places[1] != 0;
        places[1] = d->target;
    } else if (++places[1] == d->width) {
        places[1] = ++places[0] + 1;
    }
}

static ml_status print_pairs(job *j, size_t show, ml_message *why)
{
    results r;
    const entropy_data *d = &j->data;
    size_t places[2] = {0, 0};
    ml_status status = results_make(&r, pair_count(d), 1, why);
    for (size_t i = 0; status == ML_OK && i < r.rows; i++) {
        entropy_part part;
        entropy_pair pair;
        next_pair(d, places);
        if ((status = entropy_data_part(d, places, 2, &part, why)) != ML_OK)
            break;
        status = entropy_measure_pair(part.t, &j->p.measure, &pair, why);
        r.first[i] = d->names[places[0]];
        r.second[i] = d->names[places[1]];
        r.values[i] = pair.mutual;
        entropy_part_free(&part);
    }
    if (status == ML_OK)
        results_write(j, &r, shows[show].name, 2, &shows[show].name);
    results_free(&r);
    return status;
}

static ml_status print_result(job *j, size_t show, ml_message *why)
{
    switch (show) {
    case H:
        return print_each(j, show, why);
    case JOINT:
        return print_whole(j, show, why);
    default:
        return print_pairs(j, show, why);
    }
}

/* --- the run --- */

static ml_status run(job *j, ml_message *why)
{
    ml_status status = entropy_data_count(&j->data, j->c, sets_needed(j), why);
    if (status == ML_OK && cli_shows(j->c, "MI") && j->data.width < 2)
        status = ml_fail(why, "%s: mutual information needs two columns, and this is one",
                         j->c->file ? j->c->file : "stdin");
    if (status == ML_OK && (j->out = cli_output(j->c)) == NULL)
        status = ml_fail_memory(why, "the writer", sizeof *j);
    for (size_t i = 0; status == ML_OK && i < j->c->show_count; i++)
        status = print_result(j, j->c->shows[i], why);
    return status;
}

int main(int argc, char **argv)
{
    cli c;
    job j = {.c = &c, .p = {.measure = {2, ENTROPY_PLUGIN}}};
    ml_message why;
    int status = cli_parse(&c, &tool, &j.p, argc, argv);
    if (status < 0)
        status = read_base(&j);
    if (status >= 0)
        return status;
    status = run(&j, &why);
    if (status == ML_FAIL)
        cli_fail(&c, &why);
    status = cli_close(&c, j.out, status);
    entropy_data_free(&j.data);
    return status;
}
