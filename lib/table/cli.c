#include "table/cli.h"

#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <gsl/gsl_errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/nearest.h"
#include "base/number.h"
#include "base/parallel.h"
#include "table/cli_internal.h"
#include "table/progress.h"

static void note_from_reader(void *context, const char *text)
{
    cli_note(context, "%s", text);
}

/* Help, version, generated text. */
static int print_text(const cli *c, buffer *text)
{
    const char *p = buffer_text(text);
    int status = text->failed ? ML_FAIL : cli_write_text(c, p, text->size);
    buffer_free(text);
    return status;
}

/* How the user wrote the option, for messages. */
static const char *spelled(const cli_option *o, char space[40])
{
    if (o->name != NULL)
        snprintf(space, 40, "--%s", o->name);
    else
        snprintf(space, 40, "-%c", o->letter);
    return space;
}

/* --- values --- */

static int bad_value(const cli *c, const cli_option *o, const char *value, const char *wanted)
{
    char space[40];
    return cli_usage(c, "%s: '%s' is not %s", spelled(o, space), value, wanted);
}

static int set_number(const cli *c, const cli_option *o, const char *value, void *place)
{
    number n;
    char wanted[96];
    bool whole = o->kind == CLI_COUNT;
    bool good =
        number_read(value, strlen(value), &n) == NUMBER_OK && n.value >= o->least && n.value <= o->most;
    if (whole)
        good = good && n.value < 9e15 && n.value == (double)(long long)n.value;
    if (!good) {
        if (o->most < 1e15)
            snprintf(wanted, sizeof wanted, "a %snumber from %g to %g", whole ? "whole " : "", o->least,
                     o->most);
        else
            snprintf(wanted, sizeof wanted, "a %snumber of at least %g", whole ? "whole " : "", o->least);
        return bad_value(c, o, value, wanted);
    }
    if (whole)
        *(size_t *)place = (size_t)n.value;
    else
        *(double *)place = n.value;
    return -1;
}

static int set_choice(const cli *c, const cli_option *o, const char *value, void *place)
{
    buffer wanted = {0};
    buffer_string(&wanted, "one of");
    for (int i = 0; o->choices[i] != NULL; i++) {
        if (strcmp(o->choices[i], value) == 0) {
            *(int *)place = i;
            buffer_free(&wanted);
            return -1;
        }
        buffer_printf(&wanted, "%s %s", i ? "," : "", o->choices[i]);
    }
    int status = bad_value(c, o, value, buffer_text(&wanted));
    buffer_free(&wanted);
    return status;
}

static int set_delimiter(const cli *c, const cli_option *o, const char *value, char *place)
{
    if (strcmp(value, "tab") == 0 || strcmp(value, "\\t") == 0)
        *place = '\t';
    else if (strcmp(value, "space") == 0)
        *place = ' ';
    else if (strlen(value) == 1 && (signed char)value[0] > 0 &&
             strchr("\"\n\r.+-0123456789", value[0]) == NULL)
        *place = value[0];
    else
        return bad_value(c, o, value,
                         "a cell separator: one character (no digit, quote, sign or point), tab or space");
    return -1;
}

static int set_seed(const cli *c, const cli_option *o, const char *value, unsigned long *place)
{
    char *end;
    errno = 0;
    *place = strtoul(value, &end, 10);
    if (errno != 0 || *end != '\0' || value[0] < '0' || value[0] > '9')
        return bad_value(c, o, value, "a whole number from 0 to 18446744073709551615");
    return -1;
}

static int unknown_show(const cli *c, const char *name)
{
    const char *names[CLI_MAX_SHOWS];
    size_t count = 0;
    buffer list = {0};
    for (const cli_show *s = c->tool->shows; s->name != NULL; s++) {
        buffer_printf(&list, "%s%s", count ? ", " : "", s->name);
        names[count++] = s->name;
    }
    const char *near = nearest_name(name, names, count);
    int status =
        near ? cli_usage(c, "--show: there is no result '%s'; did you mean '%s'?", name, near)
             : cli_usage(c, "--show: there is no result '%s'; there are %s", name, buffer_text(&list));
    buffer_free(&list);
    return status;
}

static int add_show(cli *c, const char *name)
{
    for (size_t i = 0; c->tool->shows[i].name != NULL; i++) {
        if (strcmp(c->tool->shows[i].name, name) != 0)
            continue;
        if (cli_shows(c, name))
            return cli_usage(c, "--show: '%s' stands twice in the list", name);
        c->shows[c->show_count++] = i;
        return -1;
    }
    return unknown_show(c, name);
}

static int set_shows(cli *c, const char *list)
{
    char name[64];
    int status = -1;
    c->show_count = 0;
    while (status < 0) {
        size_t length = strcspn(list, ",");
        snprintf(name, sizeof name, "%.*s", (int)(length < 60 ? length : 60), list);
        status = add_show(c, name);
        if (list[length] == '\0')
            break;
        list += length + 1;
    }
    return status;
}

static int add_operand(cli *c, const char *text)
{
    c->operands[c->operand_count++] = text;
    return -1;
}

static int add_to_list(const cli *c, cli_list *list, const char *text)
{
    if (!memory_grow(&list->items, &list->capacity, list->count + 1, sizeof *list->items)) {
        ml_message why;
        ml_fail_memory(&why, "the command line", (list->count + 1) * sizeof *list->items);
        return cli_fail(c, &why);
    }
    list->items[list->count++] = text;
    return -1;
}

static int print_version(const cli *c)
{
    buffer text = {0};
    buffer_printf(&text, "%s (mltools) %s\n", c->tool->name, ML_VERSION);
    return print_text(c, &text);
}

static int print_help(const cli *c)
{
    buffer text = {0};
    cli_help(c, &text);
    return print_text(c, &text);
}

static int print_generated(const cli *c, const char *kind)
{
    buffer text = {0};
    if (!cli_generate(c, kind, &text)) {
        buffer_free(&text);
        return cli_usage(c, "--generate: '%s' is not one of mdoc, bash, zsh", kind);
    }
    return print_text(c, &text);
}

/* Returns -1 to go on, else the exit status. */
static int set_option(cli *c, size_t index, const char *value)
{
    const cli_option *o = &c->table[index];
    char *base = index < c->own_from ? (char *)c : (char *)c->params;
    void *place = base + o->offset;
    c->given[index] = true;
    switch (o->kind) {
    case CLI_FLAG:
    case CLI_CLEAR:
        *(bool *)place = o->kind == CLI_FLAG;
        return -1;
    case CLI_SET:
        *(int *)place = (int)o->least;
        return -1;
    case CLI_TEXT:
        *(const char **)place = value;
        return -1;
    case CLI_COUNT:
    case CLI_REAL:
        return set_number(c, o, value, place);
    case CLI_CHOICE:
        return set_choice(c, o, value, place);
    case CLI_DELIMITER:
        return set_delimiter(c, o, value, place);
    case CLI_SEED:
        return set_seed(c, o, value, place);
    case CLI_SHOW:
        return set_shows(c, value);
    case CLI_LIST:
        return add_to_list(c, place, value);
    case CLI_OPERAND:
        return add_operand(c, value);
    case CLI_HELP:
        return print_help(c);
    case CLI_VERSION:
        return print_version(c);
    case CLI_GENERATE:
        return print_generated(c, value);
    }
    return -1;
}

/* --- the walk through argv --- */

enum { LONG_BASE = 1000 };

static int unknown_option(const cli *c, const char *word)
{
    const char *names[CLI_MAX_OPTIONS];
    size_t count = 0;
    for (size_t i = 0; i < cli_table_size(c); i++)
        if (c->table[i].name != NULL && c->table[i].help != NULL)
            names[count++] = c->table[i].name;
    char bare[64];
    snprintf(bare, sizeof bare, "%.*s", (int)strcspn(word, "="), word);
    const char *near = bare[0] == '-' && bare[1] == '-' ? nearest_name(bare + 2, names, count) : NULL;
    if (near != NULL)
        return cli_usage(c, "unknown option '%s'; did you mean '--%s'?", bare, near);
    return cli_usage(c, "unknown option '%s'", bare);
}

/* getopt_long takes an unambiguous beginning for the whole name; a script that relies on it breaks when an
 * option is added, so the word as typed must be the whole name. */
static bool typed_whole(const cli_option *o, char **argv, int at)
{
    const char *word = argv[at - 1];
    if (o->metavar != NULL && (strncmp(word, "--", 2) != 0 || strchr(word, '=') == NULL || optarg == word))
        word = argv[at - 2];
    size_t length = strcspn(word + 2, "=");
    return strlen(o->name) == length && strncmp(o->name, word + 2, length) == 0;
}

static void make_getopt_tables(const cli *c, struct option *longs, char *shorts)
{
    size_t n = 0;
    *shorts++ = ':';
    for (size_t i = 0; i < cli_table_size(c); i++) {
        const cli_option *o = &c->table[i];
        if (o->letter != 0) {
            *shorts++ = o->letter;
            if (o->metavar != NULL)
                *shorts++ = ':';
        }
        if (o->name != NULL)
            longs[n++] = (struct option){o->name, o->metavar ? required_argument : no_argument, NULL,
                                         LONG_BASE + (int)i};
    }
    longs[n] = (struct option){0};
    *shorts = '\0';
}

/* Where in the table is the option that getopt returned? */
static size_t find_option(const cli *c, int returned)
{
    if (returned >= LONG_BASE)
        return (size_t)(returned - LONG_BASE);
    size_t i = 0;
    while (c->table[i].letter != returned)
        i++;
    return i;
}

static int unknown_letter(const cli *c, char **argv)
{
    char word[3] = {'-', (char)optopt, '\0'};
    if (optopt >= LONG_BASE) /* an option that takes no argument was given one */
        return cli_usage(c, "--%s takes no argument", c->table[optopt - LONG_BASE].name);
    return unknown_option(c, optopt == 0 ? argv[optind - 1] : word);
}

static int missing_argument(const cli *c)
{
    char space[40];
    const cli_option *o = &c->table[find_option(c, optopt)];
    return cli_usage(c, "%s needs an argument: %s", spelled(o, space), o->metavar);
}

static int walk(cli *c, int argc, char **argv)
{
    struct option longs[CLI_MAX_OPTIONS];
    char shorts[2 * CLI_MAX_OPTIONS + 2];
    make_getopt_tables(c, longs, shorts);
    opterr = 0;
    for (int returned; (returned = getopt_long(argc, argv, shorts, longs, NULL)) != -1;) {
        if (returned == ':')
            return missing_argument(c);
        if (returned == '?')
            return unknown_letter(c, argv);
        size_t index = find_option(c, returned);
        if (returned >= LONG_BASE && !typed_whole(&c->table[index], argv, optind))
            return unknown_option(
                c, argv[optind - (c->table[index].metavar && optarg == argv[optind - 1] ? 2 : 1)]);
        int status = set_option(c, index, optarg);
        if (status >= 0)
            return status;
    }
    return -1;
}

static int take_operands(cli *c, int argc, char **argv)
{
    if (c->tool->groups & CLI_OPERANDS) {
        while (optind < argc)
            add_operand(c, argv[optind++]);
        return -1;
    }
    if (argc - optind > 1)
        return cli_usage(c, "one FILE at most, and '%s' is a second one; join files with cat",
                         argv[optind + 1]);
    if (optind < argc)
        c->file = argv[optind];
    if (c->file != NULL && strcmp(c->file, "-") == 0)
        c->file = NULL;
    return -1;
}

/* A closed standard stream must not become the first file that is opened: /dev/null opened the wrong way
 * round takes its place, so that using it fails. */
static void hold_standard_streams(void)
{
    for (int fd = 0; fd <= 2; fd++)
        if (fcntl(fd, F_GETFD) == -1 && errno == EBADF)
            (void)!open("/dev/null", fd == 0 ? O_WRONLY : O_RDONLY);
}

/* A shard has no header of its own to guess from: a guess that differs between shards would be a wrong
 * result. */
static int check_common(cli *c)
{
    char space[40];
    if ((c->tool->groups & CLI_SYMBOLS) && c->reader.na == READER_NA_MEAN)
        c->reader.na = READER_NA_KEEP; /* each is the third word of its list */
    if (cli_given(c, "header") && cli_given(c, "no-header"))
        return cli_usage(c, "-H says that the first line is names and -N that it is data; give one of them");
    if (c->partial && c->merge)
        return cli_usage(c, "--partial makes states and --merge reads them; give one of them");
    if (c->partial && c->reader.header == READER_GUESS && c->reader.names == NULL)
        return cli_usage(c,
                         "--partial does not guess whether the first line is names: say -H, -N or --names");
    for (size_t i = 0; c->partial && i < cli_table_size(c); i++)
        if (c->given[i] && (c->table[i].group & (CLI_WRITES | CLI_MODEL)))
            return cli_usage(c, "%s says what --merge prints or keeps; leave it out of --partial",
                             spelled(&c->table[i], space));
    for (size_t i = 0; c->merge && i < cli_table_size(c); i++)
        if (c->given[i] && (c->table[i].group & (CLI_READS | CLI_SYMBOLS)))
            return cli_usage(c, "%s says how to read a table, and --merge reads states; give it to --partial",
                             spelled(&c->table[i], space));
    if (c->merge && c->apply != NULL)
        return cli_usage(c, "--merge finishes a fit and --apply uses a kept one; give one of them");
    if (c->tool->groups & CLI_ROUNDS && (c->partial || c->merge) && c->model == NULL)
        return cli_usage(c, "a round starts from a model: give %s the --model that --save kept",
                         c->merge ? "--merge" : "--partial");
    if (c->model != NULL && !c->partial && !c->merge)
        return cli_usage(c, "--model belongs to a round of --partial and --merge; --apply uses a kept model, "
                            "--init starts from one");
    if (c->partial && c->reader.na == READER_NA_MEAN)
        return cli_usage(c, "--na mean needs all rows at once, and --partial has some of them");
    c->reader.shard = c->partial;
    return -1;
}

static void finish(cli *c)
{
    if (c->show_count == 0)
        c->show_count = 1; /* shows[0] is 0: the tool's default */
    bool terminal = isatty(STDOUT_FILENO);
    c->writer.format = c->format ? (writer_format)(c->format - 1) : terminal ? WRITER_TABLE : WRITER_CSV;
    c->writer.precision = (int)c->precision;
    c->writer.blocks = c->show_count > 1;
    if (c->job_count == 0)
        c->job_count = (size_t)parallel_processors();
    c->writer.jobs = c->reader.jobs = (int)c->job_count;
    c->reader.unique_names = c->save != NULL;
    if (!c->quiet && isatty(STDERR_FILENO))
        progress_begin(c->tool->name);
}

/* Operands are wanted until the process ends; the static pointer says so to leak checkers, and volatile keeps
 * compilers from leaving it out. */
static int make_operands(cli *c, int argc)
{
    static const char **volatile kept;
    ml_message why;
    const char **operands = memory_zeros((size_t)argc + 1, sizeof *operands);
    if (operands == NULL) {
        ml_fail_memory(&why, "the command line", (size_t)argc * sizeof *operands);
        return cli_fail(c, &why);
    }
    c->operands = kept = operands;
    return -1;
}

int cli_parse(cli *c, const cli_tool *tool, void *params, int argc, char **argv)
{
    int status;
    *c = (cli){.tool = tool, .params = params, .seed = 1};
    hold_standard_streams();
    gsl_set_error_handler_off();
    reader_defaults(&c->reader);
    c->reader.note = note_from_reader;
    c->reader.note_context = c;
    c->writer = (writer_options){.delimiter = ',', .names = true};
    cli_build_table(c);
    if ((status = make_operands(c, argc)) < 0)
        status = walk(c, argc, argv);
    if (status < 0)
        status = take_operands(c, argc, argv);
    if (status < 0)
        status = check_common(c);
    if (status >= 0)
        return status;
    finish(c);
    bool reads = (tool->groups & CLI_READS) && !(tool->groups & CLI_OPERANDS);
    return reads && c->file == NULL ? cli_needs_input(c) : -1;
}
