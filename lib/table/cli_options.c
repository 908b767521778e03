/* The common options, and the table that they make with those of a tool. */
#include "table/cli_internal.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *const formats[] = {"auto", "csv", "tsv", "json", "table", NULL};
static const char *const steps_formats[] = {"text", "markdown", "latex", NULL};
static const char *const policies[] = {"error", "drop", "mean", NULL};
static const char *const symbol_policies[] = {"error", "drop", "keep", NULL};

#define AT(member) offsetof(cli, member)

/* Offered by every tool that takes the group; letters keep their meaning across tools. */
static const cli_option common[] = {
    {'d', "delimiter", "C",
     "cell separator of the input: a character, tab, \\t, or space for runs of blanks; default comma",
     CLI_DELIMITER, AT(reader.delimiter), .group = CLI_READS},
    {'H', "header", NULL,
     "the first line of the input is names; default: it is when none of its cells is a number", CLI_SET,
     AT(reader.header), .least = READER_HEADER, .group = CLI_READS},
    {'N', "no-header", NULL, "the first line of the input is data", CLI_SET, AT(reader.header),
     .least = READER_NO_HEADER, .group = CLI_READS},
    {0, "names", "A,B,...", "names for a table that has none", CLI_TEXT, AT(reader.names),
     .group = CLI_READS},
    {'c', "columns", "LIST",
     "columns to use: an exact name, else a 1-based number, else a range such as 2-4, 3- or first:last; "
     "default all",
     CLI_TEXT, AT(reader.columns), .group = CLI_READS},
    {'x', "exclude", "LIST", "columns to leave out", CLI_TEXT, AT(reader.exclude), .group = CLI_READS},
    {'i', "id", "LIST", "columns carried to the output unchanged and not computed on", CLI_TEXT,
     AT(reader.id), .group = CLI_READS},
    {'y', "target", "COL", "the column to predict or compare with", CLI_TEXT, AT(reader.target),
     .group = CLI_TARGET},
    {0, "weights", "COL", "a column of row weights, 0 or above: a row of weight 3 counts as three", CLI_TEXT,
     AT(reader.weights), .group = CLI_WEIGHTS},
    {0, "na", "POLICY",
     "what a missing cell gets: error, drop its row, or the mean of its column; default error", CLI_CHOICE,
     AT(reader.na), .choices = policies, .group = CLI_READS, .unless = CLI_SYMBOLS},
    {0, "na", "POLICY",
     "what is done with a missing cell: error, drop its row, or keep it as a symbol of its own; default "
     "error",
     CLI_CHOICE, AT(reader.na), .choices = symbol_policies, .group = CLI_SYMBOLS},
    {0, "na-values", "LIST", "the tokens that mean missing; default the empty cell and NA", CLI_TEXT,
     AT(reader.na_values), .group = CLI_READS},
    {'s', "show", "LIST", "which results to print, in this order", CLI_SHOW, 0, .group = CLI_WRITES},
    {'f', "format", "FORMAT",
     "auto, csv, tsv, json or table; default auto: an aligned table with 6 digits on a terminal, CSV "
     "anywhere else",
     CLI_CHOICE, AT(format), .choices = formats, .group = CLI_WRITES},
    {0, "no-names", NULL, "print values only, no line of names", CLI_CLEAR, AT(writer.names),
     .group = CLI_WRITES},
    {'p', "precision", "N",
     "significant digits of printed numbers, 1 to 17; default the shortest text that reads back to the same "
     "number",
     CLI_COUNT, AT(precision), .least = 1, .most = 17, .group = CLI_WRITES},
    {'S', "seed", "N", "the seed of every random choice; default 1", CLI_SEED, AT(seed), .group = CLI_RANDOM},
    {'j', "jobs", "N",
     "threads; default the processors this process may use; the bytes printed are the same for every N",
     CLI_COUNT, AT(job_count), .least = 1, .most = 1024, .group = CLI_JOBS},
    {0, "save", "FILE", "keep the fitted model in FILE, written whole or not at all", CLI_TEXT, AT(save),
     .group = CLI_MODEL},
    {0, "apply", "FILE", "apply the model kept in FILE to the rows of the input instead of fitting one",
     CLI_TEXT, AT(apply), .group = CLI_MODEL},
    {0, "partial", NULL,
     "print the mergeable statistics of these rows as one line, for --merge; the rows may be a piece of a "
     "larger table, so say -H, -N or --names",
     CLI_FLAG, AT(partial), .group = CLI_PARTIAL},
    {0, "merge", NULL,
     "the input is lines that --partial printed, any number in any order: finish the job for all their rows",
     CLI_FLAG, AT(merge), .group = CLI_PARTIAL},
    {0, "model", "FILE",
     "the model that a round of --partial and --merge starts from: all of them get the same one, and --merge "
     "--save keeps the next",
     CLI_TEXT, AT(model), .group = CLI_ROUNDS},
    {0, "steps", NULL, "write the calculation out, as a person does it by hand", CLI_FLAG, AT(steps),
     .group = CLI_STEPS},
    {0, "steps-format", "FORMAT", "text, markdown or latex; default text", CLI_CHOICE, AT(steps_format),
     .choices = steps_formats, .group = CLI_STEPS},
    {0, "exact", NULL,
     "rational arithmetic: decimals are read as exact, results are fractions and closed forms", CLI_FLAG,
     AT(exact), .group = CLI_EXACT},
    {0, "digits", "N", "exact results as decimals with N places", CLI_COUNT, AT(digits), .least = 1,
     .most = 10000, .group = CLI_EXACT},
    {0, "trace", "FILE", "write one CSV row an iteration to FILE", CLI_TEXT, AT(trace), .group = CLI_TRACE},
    {'e', "expression", "E", "an operand; for one that starts with -", CLI_OPERAND, 0, .group = CLI_OPERANDS},
    {'q', "quiet", NULL, "no notes on standard error", CLI_FLAG, AT(quiet), .group = 0},
    {'h', "help", NULL, "print this help", CLI_HELP, 0, .group = 0},
    {'V', "version", NULL, "print the version", CLI_VERSION, 0, .group = 0},
    {0, "generate", "KIND", NULL, CLI_GENERATE, 0, .group = 0}, /* no help text: hidden */
};

bool cli_option_ends(const cli_option *o)
{
    return o->letter == 0 && o->name == NULL;
}

static void add_option(cli *c, size_t *count, const cli_option *option)
{
    for (size_t i = 0; i < *count; i++) {
        const cli_option *other = &c->table[i];
        bool twice = (option->letter != 0 && option->letter == other->letter) ||
                     (option->name != NULL && other->name != NULL && strcmp(option->name, other->name) == 0);
        if (twice) {
            fprintf(stderr, "%s: option table: -%c --%s stands twice\n", c->tool->name,
                    option->letter ? option->letter : ' ', option->name ? option->name : "");
            abort();
        }
    }
    if (*count + 1 >= CLI_MAX_OPTIONS)
        abort();
    c->table[(*count)++] = *option;
}

/* The tool's own options come last in the table and first in the help. */
void cli_build_table(cli *c)
{
    size_t count = 0;
    for (size_t i = 0; i < sizeof common / sizeof common[0]; i++)
        if ((common[i].group == 0 || (common[i].group & c->tool->groups)) &&
            !(common[i].unless & c->tool->groups))
            add_option(c, &count, &common[i]);
    c->own_from = count;
    for (const cli_option *o = c->tool->options; !cli_option_ends(o); o++)
        add_option(c, &count, o);
    c->table[count] = (cli_option){0};
}

size_t cli_table_size(const cli *c)
{
    size_t n = 0;
    while (!cli_option_ends(&c->table[n]))
        n++;
    return n;
}

static bool is_called(const cli_option *o, const char *name)
{
    if (name[1] == '\0')
        return o->letter == name[0];
    return o->name != NULL && strcmp(o->name, name) == 0;
}

bool cli_given(const cli *c, const char *option)
{
    for (size_t i = 0; i < cli_table_size(c); i++)
        if (is_called(&c->table[i], option))
            return c->given[i];
    return false;
}

bool cli_shows(const cli *c, const char *name)
{
    for (size_t i = 0; i < c->show_count; i++)
        if (strcmp(c->tool->shows[c->shows[i]].name, name) == 0)
            return true;
    return false;
}
