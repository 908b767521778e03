/* mlentropy: information in the columns on standard input. */
#include <math.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/number.h"
#include "math/fraction.h"
#include "table/cli.h"
#include "tool/entropy_data.h"
#include "tool/entropy_numbers.h"
#include "tool/entropy_print.h"
#include "tool/entropy_state.h"
#include "tool/entropy_steps.h"

typedef struct params {
    const char *base;  /* "2", "e", a number */
    const char *order; /* a number or inf */
    int source, estimator;
    bool joint, normalize;
    size_t permutations;
    int continuous; /* 0: symbols, else continuous_method + 1 */
    entropy_numbers_options numbers;
} params;

#define AT(member) offsetof(params, member)

/* In the order of entropy_estimator. */
static const char *const estimators[] = {"plugin", "miller-madow", "chao-shen", "grassberger",
                                         "shrink", "laplace",      "jeffreys",  NULL};

static const cli_option options[] = {
    {'b', "base", "B", "base of the logarithms: 2 (bits), e (nats), 10, or another number above 1; default 2",
     CLI_TEXT, AT(base), .group = 0},
    {0, "counts", NULL, "the cells are counts: each column is a distribution over the rows", CLI_SET,
     AT(source), .least = ENTROPY_COUNTS, .group = 0},
    {0, "probabilities", NULL,
     "the cells are probabilities: each column is a distribution over the rows, and has to sum to 1 as "
     "exactly as "
     "its digits are written",
     CLI_SET, AT(source), .least = ENTROPY_PROBABILITIES, .group = 0},
    {0, "joint-table", NULL,
     "the table is the joint distribution of its rows and its columns: of probabilities, with --counts of "
     "counts",
     CLI_FLAG, AT(joint), .group = 0},
    {0, "normalize", NULL, "divide probabilities by their sum, whatever it is", CLI_FLAG, AT(normalize),
     .group = 0},
    {'m', "method", "NAME",
     "how entropies are estimated from counts: plugin (the frequencies as they are), miller-madow, "
     "chao-shen, "
     "grassberger, shrink (James-Stein), laplace or jeffreys; default plugin",
     CLI_CHOICE, AT(estimator), .choices = estimators},
    {0, "order", "A", "order of the Renyi and Tsallis entropies, 0 or more, or inf (Renyi); default 2",
     CLI_TEXT, AT(order), .group = 0},
    {0, "permutations", "N",
     "with MI and gain: the p-value p of a permutation test, from N random tables with the same margins; "
     "with --continuous, of MI from N permutations of a column",
     CLI_COUNT, AT(permutations), .least = 1, .most = 1e9},
    {0, "continuous", "METHOD",
     "the cells are numbers with a density, and entropies differential: gaussian (closed form), kl "
     "(Kozachenko-Leonenko), ksg, ksg2 (Kraskov-Stoegbauer-Grassberger), histogram, or none; default none: "
     "symbols",
     CLI_CHOICE, AT(continuous), .choices = entropy_numbers_methods},
    {0, "neighbours", "K", "the neighbour of each row that kl, ksg and ksg2 look at; default 3", CLI_COUNT,
     AT(numbers.estimate.neighbours), .least = 1, .most = 1e9},
    {0, "norm", "NORM",
     "distances of kl: euclidean, or max, the greatest difference of a column; default euclidean", CLI_CHOICE,
     AT(numbers.estimate.norm), .choices = entropy_numbers_norms},
    {0, "raw", NULL,
     "kl, ksg and ksg2 of several columns measure differences as they are, not in standard deviations",
     CLI_FLAG, AT(numbers.estimate.raw), .group = 0},
    {0, "bins", "RULE",
     "bins of the histogram, for each column: sturges, scott, fd (Freedman-Diaconis), sqrt, or how many; "
     "default sturges",
     CLI_TEXT, AT(numbers.rule), .group = 0},
    {0, "jitter", "WIDTH",
     "with --continuous, add uniform noise of this width, which takes back a rounding; auto: a unit of the "
     "last digit that a column is written with",
     CLI_TEXT, AT(numbers.jitter), .group = 0},
    {0, NULL, NULL, NULL, CLI_FLAG, 0, .group = 0},
};

/* In the order of entropy_show. */
static const cli_show shows[] = {
    {"H", "the entropy of each column"},
    {"joint", "the entropy of all columns together"},
    {"conditional", "the entropy of one column given another, both ways"},
    {"MI", "the mutual information of each pair of columns"},
    {"normalized",
     "the same divided by the smaller entropy, the greater, their geometric and arithmetic means, and "
     "the joint entropy"},
    {"AMI", "the mutual information, what chance alone would show, and the adjusted mutual information"},
    {"TC", "the total correlation of all columns"},
    {"coinformation", "the co-information of all columns: of three, I(X;Y) - I(X;Y|Z)"},
    {"cross", "the cross entropy of the distribution p with q, of each ordered pair of columns"},
    {"KL", "the Kullback-Leibler divergence of p from q, of each ordered pair of columns"},
    {"JS", "the Jensen-Shannon divergence of each pair of columns"},
    {"perplexity", "the base raised to the entropy, of each column"},
    {"renyi", "the Renyi entropy of each column"},
    {"tsallis", "the Tsallis entropy of each column"},
    {"gain",
     "splitting on each column to predict the -y column: information gain, split information, gain ratio, "
     "decrease of the Gini impurity"},
    {"distribution", "the symbols that stand together, how often, and their frequency"},
    {NULL, NULL},
};

static const cli_example examples[] = {
    {"mlentropy -c species iris.csv", "the entropy of the species in bits"},
    {"mlentropy -H -s gain -y play weather.csv", "which column a decision tree splits on first"},
    {"mlentropy --joint-table --exact -s joint,MI joint.csv", "exact answers of a joint distribution"},
    {"mlentropy --probabilities -s KL,JS pq.csv", "how far two distributions are from one another"},
    {"parallel --pipepart -a t.csv --block 1G mlentropy -N --partial >states && mlentropy --merge states",
     "a table in parts on all cores, or on many machines"},
    {"mlentropy --continuous ksg --jitter auto -s MI -x species iris.csv",
     "what lengths and widths tell about one another"},
    {NULL, NULL},
};

static const cli_tool tool = {
    .name = "mlentropy",
    .summary = "entropy, mutual information and divergence",
    .groups = CLI_READS | CLI_TARGET | CLI_WEIGHTS | CLI_WRITES | CLI_RANDOM | CLI_JOBS | CLI_EXACT |
              CLI_STEPS | CLI_SYMBOLS | CLI_PARTIAL,
    .options = options,
    .shows = shows,
    .examples = examples,
};

typedef struct job {
    const cli *c;
    params p;
    mpq_t base;
    entropy_printer print;
    entropy_data data;
    steps *steps; /* NULL: results are printed as tables */
} job;

/* --- what was asked for --- */

static int read_base(job *j)
{
    number n;
    const char *text = j->p.base ? j->p.base : "2";
    if (strcmp(text, "e") == 0) {
        j->print.measure.base = M_E;
        return -1;
    }
    if (number_read(text, strlen(text), &n) != NUMBER_OK || !(n.value > 1) || isinf(n.value))
        return cli_usage(j->c, "--base: '%s' is not 2, e, 10 or another number above 1", text);
    j->print.measure.base = n.value;
    j->print.base = j->base;
    if (j->c->exact && fraction_read(text, strlen(text), j->base) != NUMBER_OK)
        return cli_usage(j->c, "--base: '%s' is too long for exact arithmetic", text);
    return -1;
}

static int read_order(job *j)
{
    number n;
    const char *text = j->p.order;
    j->print.order = 2;
    if (text == NULL)
        return -1;
    if (!cli_shows(j->c, "renyi") && !cli_shows(j->c, "tsallis"))
        return cli_usage(j->c, "--order belongs to -s renyi and -s tsallis");
    if (number_read(text, strlen(text), &n) != NUMBER_OK || !(n.value >= 0))
        return cli_usage(j->c, "--order: '%s' is not a number of at least 0, or inf", text);
    if (isinf(n.value) && cli_shows(j->c, "tsallis"))
        return cli_usage(j->c, "--order inf is of the Renyi entropy; the Tsallis entropy would be 0");
    if (j->c->exact && !isinf(n.value) && (n.value != floor(n.value) || n.value > EXACT_MOST_ORDER))
        return cli_usage(j->c,
                         "--exact needs a whole --order of at most %d, or inf: others have no closed form",
                         EXACT_MOST_ORDER);
    j->print.order = n.value;
    return -1;
}

/* The first result asked for of which IS is true; SIZE_MAX: none. */
static size_t first_shown(const job *j, bool (*is)(entropy_show show))
{
    for (size_t i = 0; i < j->c->show_count; i++)
        if (is((entropy_show)j->c->shows[i]))
            return j->c->shows[i];
    return SIZE_MAX;
}

static bool needs_plain(entropy_show show)
{
    return entropy_show_is_divergence(show) || show == SHOW_RENYI || show == SHOW_TSALLIS;
}

static bool needs_joint(entropy_show show)
{
    return entropy_show_is_pair(show) || (entropy_show_is_whole(show) && show != SHOW_DISTRIBUTION);
}

/* What was asked for that needs counts rather than probabilities; NULL: nothing. */
static const char *needs_counts(const job *j)
{
    return j->p.permutations > 0                                     ? "--permutations"
           : cli_shows(j->c, "AMI")                                  ? "-s AMI"
           : entropy_needs_counts((entropy_estimator)j->p.estimator) ? "-m"
                                                                     : NULL;
}

static int check_numbers(const job *j)
{
    const cli *c = j->c;
    size_t show;
    if (j->p.normalize && j->p.source != ENTROPY_PROBABILITIES)
        return cli_usage(c, "--normalize belongs to --probabilities and --joint-table");
    if (j->p.source == ENTROPY_SYMBOLS)
        return -1;
    if (c->reader.target != NULL || c->reader.weights != NULL)
        return cli_usage(c, "%s names a column of symbols; the cells of this table are numbers",
                         c->reader.target ? "-y" : "--weights");
    if (c->reader.na == READER_NA_KEEP)
        return cli_usage(c,
                         "--na keep takes a missing cell for a symbol; the cells of this table are numbers");
    if (!j->p.joint && (show = first_shown(j, needs_joint)) != SIZE_MAX)
        return cli_usage(
            c,
            "-s %s needs a joint distribution, and these columns are separate ones; if the table is "
            "the joint one of its rows and columns, say --joint-table",
            shows[show].name);
    if (j->p.joint && (show = first_shown(j, entropy_show_is_divergence)) != SIZE_MAX)
        return cli_usage(c, "-s %s compares distributions over the same symbols; leave out --joint-table",
                         shows[show].name);
    const char *counting = needs_counts(j);
    if (j->p.source == ENTROPY_PROBABILITIES && counting != NULL)
        return cli_usage(c, "%s needs counts, and these are probabilities", counting);
    return -1;
}

static bool is_unwritten(entropy_show show)
{
    return !entropy_steps_has(show);
}

static int check_usage(job *j)
{
    const cli *c = j->c;
    bool corrected = j->p.estimator != ENTROPY_PLUGIN && !entropy_smooths((entropy_estimator)j->p.estimator);
    size_t show;
    if (j->p.joint && j->p.source == ENTROPY_SYMBOLS)
        j->p.source = ENTROPY_PROBABILITIES;
    if (cli_given(c, "counts") && cli_given(c, "probabilities"))
        return cli_usage(c, "the cells are --counts or --probabilities; say one of them");
    if (corrected && (show = first_shown(j, needs_plain)) != SIZE_MAX)
        return cli_usage(c,
                         "-m %s corrects entropies, and %s is none; shrink, laplace and jeffreys change the "
                         "frequencies of any result",
                         estimators[j->p.estimator], shows[show].name);
    if (cli_shows(c, "AMI") && j->p.estimator != ENTROPY_PLUGIN)
        return cli_usage(c, "AMI adjusts the frequencies as they are; leave out -m");
    if (cli_shows(c, "gain") && c->reader.target == NULL && !j->p.joint && !c->merge)
        return cli_usage(c, "-s gain needs to know what to predict: -y COL");
    if (j->p.permutations > 0 && !cli_shows(c, "MI") && !cli_shows(c, "gain"))
        return cli_usage(c, "--permutations belongs to -s MI and -s gain");
    if (c->digits > 0 && !c->exact)
        return cli_usage(c, "--digits belongs to --exact");
    if (c->exact && j->p.estimator != ENTROPY_PLUGIN)
        return cli_usage(c, "--exact measures the frequencies as they are; leave out -m");
    if (c->exact && cli_shows(c, "AMI"))
        return cli_usage(c, "AMI has no short closed form; leave out --exact");
    if (c->steps && (show = first_shown(j, is_unwritten)) != SIZE_MAX)
        return cli_usage(c, "--steps does not write %s out", shows[show].name);
    if (c->steps && (j->p.estimator != ENTROPY_PLUGIN || j->p.permutations > 0 || c->digits > 0))
        return cli_usage(c, "--steps writes the frequencies as they are; leave out %s",
                         j->p.permutations > 0 ? "--permutations"
                         : c->digits > 0       ? "--digits"
                                               : "-m");
    return check_numbers(j);
}

/* What belongs to the merge, or to the rows. */
static int check_partial_usage(const job *j)
{
    static const char *const of_the_merge[] = {"base",  "method", "order", "permutations",
                                               "exact", "digits", "steps", NULL};
    static const char *const of_the_rows[] = {"target", "weights", NULL};
    const cli *c = j->c;
    for (const char *const *name = of_the_merge; c->partial && *name != NULL; name++)
        if (cli_given(c, *name))
            return cli_usage(c, "--%s belongs to --merge: the states do not depend on it", *name);
    for (const char *const *name = of_the_rows; c->merge && *name != NULL; name++)
        if (cli_given(c, *name))
            return cli_usage(c, "--%s belongs to --partial: the states say what each column is", *name);
    if ((c->partial || c->merge) && j->p.source != ENTROPY_SYMBOLS)
        return cli_usage(c, "--partial and --merge count symbols; a table of numbers is one job");
    return -1;
}

/* --continuous: the results of columns of numbers, which have options and refusals of their own. */
static int run_continuous(job *j)
{
    static const char *const of_symbols[] = {"counts",  "probabilities", "joint-table", "normalize", "method",
                                             "weights", "order",         "exact",       NULL};
    if (j->c->partial || j->c->merge)
        return cli_usage(j->c, "--partial and --merge count symbols; estimates of densities need all rows");
    for (const char *const *name = of_symbols; *name != NULL; name++)
        if (cli_given(j->c, *name))
            return cli_usage(j->c, "--%s is of symbols, and --continuous of numbers with a density", *name);
    j->p.numbers.base = j->print.measure.base;
    j->p.numbers.permutations = j->p.permutations;
    j->p.numbers.estimate.method = (continuous_method)(j->p.continuous - 1);
    return entropy_numbers_run(j->c, &j->p.numbers);
}

static int check_symbols(const job *j)
{
    static const char *const of_numbers[] = {"neighbours", "norm", "raw", "bins", "jitter", NULL};
    for (const char *const *name = of_numbers; *name != NULL; name++)
        if (cli_given(j->c, *name))
            return cli_usage(j->c, "--%s belongs to --continuous", *name);
    return -1;
}

/* The sets of columns that the results need, as small as can be. */
static tally_kind sets_needed(const job *j)
{
    if (first_shown(j, entropy_show_is_whole) != SIZE_MAX)
        return TALLY_ROWS;
    if (first_shown(j, entropy_show_is_pair) != SIZE_MAX)
        return j->c->reader.target != NULL ? TALLY_WITH_LAST : TALLY_PAIRS;
    return TALLY_COLUMNS;
}

/* --- the run --- */

/* A column of numbers that hardly repeat is no column of symbols. */
static void note_different(const job *j)
{
    enum { FEW = 1000 };
    const entropy_data *d = &j->data;
    double rows = d->sets[0].total;
    for (size_t i = 0;
         !d->separate && j->p.source == ENTROPY_SYMBOLS && d->counts && rows >= FEW && i < d->width; i++)
        if (2 * (double)d->levels[i].count > rows) {
            cli_note(j->c,
                     "%s: %s has %zu different symbols in %.0f rows, and counts of so few each say little; "
                     "numbers "
                     "that hardly repeat are for --continuous",
                     j->c->file ? j->c->file : "stdin", d->names[i], d->levels[i].count, rows);
            return;
        }
}

/* What can be known only when the input has been read. */
static ml_status check_data(const job *j, ml_message *why)
{
    const char *where = j->c->file ? j->c->file : "stdin";
    size_t pair = first_shown(j, entropy_show_is_pair);
    if (pair == SIZE_MAX)
        pair = first_shown(j, entropy_show_is_divergence);
    if (cli_shows(j->c, "gain") && j->data.target == SIZE_MAX)
        return ml_fail(why, "%s: the states name no target for -s gain; give -y COL to --partial", where);
    if (pair != SIZE_MAX && j->data.width < 2)
        return ml_fail(why, "%s: -s %s is of two columns, and this is one", where, shows[pair].name);
    if (!j->data.counts && j->p.source == ENTROPY_SYMBOLS && needs_counts(j) != NULL)
        return ml_fail(why, "%s: the weights are not all whole numbers, and %s needs counts", where,
                       needs_counts(j));
    return ML_OK;
}

static ml_status print_results(job *j, ml_message *why)
{
    if ((j->print.out = cli_output(j->c)) == NULL)
        return ml_fail_memory(why, "the writer", sizeof *j);
    ml_status status = ML_OK;
    for (size_t i = 0; status == ML_OK && i < j->c->show_count; i++) {
        size_t show = j->c->shows[i];
        status = entropy_print(&j->print, (entropy_show)show, shows[show].name, why);
    }
    return status;
}

static ml_status write_steps(job *j, ml_message *why)
{
    ml_status status = cli_steps(j->c, &j->steps, why);
    for (size_t i = 0; status == ML_OK && i < j->c->show_count; i++)
        status = entropy_steps(j->steps, &j->print, (entropy_show)j->c->shows[i], why);
    return status;
}

static ml_status run(job *j, ml_message *why)
{
    entropy_input input = {(entropy_source)j->p.source, j->p.joint, j->p.normalize, j->c->exact,
                           sets_needed(j)};
    ml_status status = j->c->merge ? entropy_state_merge(&j->data, j->c, j->c->exact, why)
                                   : entropy_data_read(&j->data, j->c, &input, why);
    if (status == ML_OK)
        status = check_data(j, why);
    if (status != ML_OK)
        return status;
    note_different(j);
    return j->c->steps ? write_steps(j, why) : print_results(j, why);
}

int main(int argc, char **argv)
{
    cli c;
    job j = {.c = &c};
    ml_message why;
    mpq_init(j.base);
    continuous_defaults(&j.p.numbers.estimate);
    int status = cli_parse(&c, &tool, &j.p, argc, argv);
    if (status < 0)
        status = read_base(&j);
    if (status < 0 && j.p.continuous != 0)
        status = run_continuous(&j);
    if (status < 0)
        status = check_symbols(&j);
    if (status < 0)
        status = read_order(&j);
    if (status < 0)
        status = check_usage(&j);
    if (status < 0)
        status = check_partial_usage(&j);
    if (status < 0 && c.partial)
        status = entropy_state_partial(&c);
    if (status < 0) {
        j.print.c = &c;
        j.print.d = &j.data;
        j.print.measure.estimator = (entropy_estimator)j.p.estimator;
        j.print.permutations = j.p.permutations;
        status = run(&j, &why);
        if (status == ML_FAIL)
            cli_fail(&c, &why);
        status = cli_steps_close(&c, j.steps, cli_close(&c, j.print.out, status));
    }
    entropy_data_free(&j.data);
    mpq_clear(j.base);
    return status;
}
