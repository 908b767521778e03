/* cli.h: the common command line.
 *
 * One table of options a tool, plus the common table in cli.c, drive the parser, --help, the OPTIONS block
 * of the man page and the shell completions.  An option says where its value goes as an offset: into the
 * tool's own params struct for the tool's table, into `cli` for the common one. */
#ifndef TABLE_CLI_H
#define TABLE_CLI_H

#include <stdbool.h>
#include <stddef.h>

#include "base/memory.h"
#include "base/status.h"
#include "base/steps.h"
#include "table/reader.h"
#include "table/save.h"
#include "table/writer.h"

typedef enum cli_kind {
    CLI_FLAG,      /* bool: set to true */
    CLI_CLEAR,     /* bool: set to false */
    CLI_SET,       /* int or enum: set to (int)least */
    CLI_TEXT,      /* const char *: the argument itself */
    CLI_COUNT,     /* size_t: a whole number from least to most */
    CLI_REAL,      /* double: a number from least to most */
    CLI_CHOICE,    /* int or enum: the place of the argument in `choices` */
    CLI_DELIMITER, /* char: one character, tab, \t or space */
    CLI_SEED,      /* unsigned long */
    CLI_LIST,      /* cli_list: one more text */
    CLI_SHOW,      /* the list of results to print: fills cli.shows */
    CLI_OPERAND,   /* one more operand: fills cli.operands */
    CLI_HELP,
    CLI_VERSION,
    CLI_GENERATE, /* hidden: print the mdoc OPTIONS block or a shell completion */
} cli_kind;

/* The arguments of an option that may be given more than once, borrowed from argv. */
typedef struct cli_list {
    const char **items; /* free() it; NULL when there are none */
    size_t count, capacity;
} cli_list;

typedef struct cli_option {
    char letter;         /* 0: none */
    const char *name;    /* long name without dashes; NULL: none */
    const char *metavar; /* NULL: takes no argument */
    const char *help;    /* full sentences for --help and the man page; starts lower-case, no final dot */
    cli_kind kind;
    size_t offset;
    const char *const *choices; /* CLI_CHOICE: terminated by NULL */
    double least, most;         /* CLI_COUNT, CLI_REAL: bounds; CLI_SET: the value */
    unsigned group;             /* common table only: the CLI_... group it belongs to; 0: every tool */
    unsigned unless;            /* common table only: not for tools that have this group */
} cli_option;

/* Groups of common options that a tool can take. */
enum {
    CLI_READS = 1 << 0,  /* the table on standard input or FILE */
    CLI_TARGET = 1 << 1, /* -y */
    CLI_WRITES = 1 << 2, /* --show, --format, --no-names, --precision */
    CLI_RANDOM = 1 << 3, /* --seed */
    CLI_JOBS = 1 << 4,   /* --jobs */
    CLI_MODEL = 1 << 5,  /* --save, --apply */
    CLI_STEPS = 1 << 6,  /* --steps, --steps-format */
    CLI_EXACT = 1 << 7,  /* --exact, --digits */
    CLI_TRACE = 1 << 8,  /* --trace */
    /* Expressions and bindings as operands, and -e.  No FILE then; a tool that takes CLI_READS too decides
     * for itself whether it needs standard input, and asks cli_needs_input before it reads. */
    CLI_OPERANDS = 1 << 9,
    CLI_PARTIAL = 1 << 10, /* --partial, --merge */
    CLI_WEIGHTS = 1 << 11, /* --weights */
    CLI_SYMBOLS = 1 << 12, /* cells are compared as texts: --na keep takes the place of --na mean */
    CLI_ROUNDS = 1 << 13,  /* --model, for --partial and --merge of an iteration */
};

/* A result that the tool can print. */
typedef struct cli_show {
    const char *name; /* NULL ends the table */
    const char *help;
} cli_show;

typedef struct cli_example {
    const char *command; /* NULL ends the table */
    const char *what;
} cli_example;

typedef struct cli_tool {
    const char *name;
    const char *summary;
    unsigned groups;
    const cli_option *options; /* ends with an option that has neither letter nor name */
    const cli_show *shows;     /* the first is the default */
    const cli_example *examples;
} cli_tool;

enum { CLI_MAX_OPTIONS = 96, CLI_MAX_SHOWS = 32 };

/* What the command line said, common part. */
typedef struct cli {
    const cli_tool *tool;
    void *params;
    const char *file; /* NULL: standard input */
    reader_options reader;
    writer_options writer;
    int format; /* 0: auto, else writer_format + 1 */
    size_t precision, job_count;
    size_t shows[CLI_MAX_SHOWS]; /* places in tool->shows, in the order asked for, each once */
    size_t show_count;
    unsigned long seed;
    const char *save, *apply, *trace, *model;
    bool quiet, steps, exact, partial, merge;
    steps_format steps_format;
    size_t digits;         /* of --digits; 0: not given */
    const char **operands; /* those of -e first; borrowed from argv, the array lives as long as the process */
    size_t operand_count;
    cli_option table[CLI_MAX_OPTIONS]; /* common and own options as one table, ended by an empty one */
    size_t own_from;                   /* index of the first own option in it */
    bool given[CLI_MAX_OPTIONS];
} cli;

/* Parse.  Returns -1 to go on, else the status to exit with: after --help or --version, or after an error
 * that was printed.  *PARAMS holds the defaults on entry. */
int cli_parse(cli *c, const cli_tool *tool, void *params, int argc, char **argv);

/* Was the option with this long name (or letter, as a one-character text) given? */
bool cli_given(const cli *c, const char *option);
/* Is the result called NAME to be printed? */
bool cli_shows(const cli *c, const char *name);

/* "mlpca: ..." on stderr; a note is silenced by -q. */
void cli_note(const cli *c, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* Print the message and return ML_FAIL. */
int cli_fail(const cli *c, const ml_message *why);
/* A usage error: the message, a pointer to --help, ML_FAIL. */
int cli_usage(const cli *c, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* A writer on standard output, and its end.  cli_close turns STATUS into the exit status: a failed write
 * makes it ML_FAIL and is reported, a broken pipe is not reported. */
writer *cli_output(const cli *c);
int cli_close(const cli *c, writer *w, int status);

/* --save, so that a model is there only when all that was printed is: open, write the blocks, close before
 * anything is printed, and commit after cli_close.  cli_save_close takes the status of the writing; after a
 * failure *FILE is NULL.  cli_commit puts FILE (NULL: none) in place, or leaves what was there before when
 * STATUS is ML_FAIL, and returns the exit status. */
ml_status cli_save_open(const cli *c, save **file, writer **w, ml_message *why);
ml_status cli_save_close(save **file, writer *w, ml_status status, ml_message *why);
int cli_commit(const cli *c, save *file, int status);

/* -1 when standard input can be read, else the exit status: it is a terminal, and a short help was printed.
 */
int cli_needs_input(const cli *c);

/* The size in bytes of the input, FILE or standard input, when it can be read again; else 0. */
double cli_input_size(const cli *c);

/* Print TEXT, the state that --partial made, on standard output and return the exit status. */
int cli_print_state(const cli *c, const buffer *text);

/* *S: a document for --steps, with the digits of -p (6 unless given); NULL when it was not asked for. */
ml_status cli_steps(const cli *c, steps **s, ml_message *why);
/* Print the document S on standard output unless STATUS is ML_FAIL, free it and return the exit status. */
int cli_steps_close(const cli *c, steps *s, int status);

/* --trace: OUT is a writer of CSV, or NULL when no trace was asked for. */
typedef struct cli_trace {
    save *file;
    writer *out;
} cli_trace;

ml_status cli_trace_open(const cli *c, cli_trace *t, ml_message *why);
/* Close; the file appears when WHOLE, else what was there before stays. */
ml_status cli_trace_close(cli_trace *t, bool whole, ml_message *why);

/* The entry behind the last one of a table: neither letter nor name. */
bool cli_option_ends(const cli_option *o);

/* cli_doc.c: text made from the table. */
void cli_help(const cli *c, buffer *out);
void cli_usage_line(const cli *c, buffer *out);
/* KIND is mdoc, bash or zsh; false when it is none of these. */
bool cli_generate(const cli *c, const char *kind, buffer *out);

#endif
