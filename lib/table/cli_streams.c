/* What goes to the standard streams and to files of the common options. */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "table/cli_internal.h"

static void print_line(const cli *c, const char *format, va_list arguments)
{
    fprintf(stderr, "%s: ", c->tool->name);
    vfprintf(stderr, format, arguments);
    fputc('\n', stderr);
}

void cli_note(const cli *c, const char *format, ...)
{
    if (c->quiet)
        return;
    va_list arguments;
    va_start(arguments, format);
    print_line(c, format, arguments);
    va_end(arguments);
}

int cli_fail(const cli *c, const ml_message *why)
{
    fprintf(stderr, "%s: %s\n", c->tool->name, why->text);
    return ML_FAIL;
}

int cli_usage(const cli *c, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    print_line(c, format, arguments);
    va_end(arguments);
    fprintf(stderr, "try '%s --help'\n", c->tool->name);
    return ML_FAIL;
}

int cli_write_text(const cli *c, const char *text, size_t left)
{
    while (left > 0) {
        ssize_t n = write(STDOUT_FILENO, text, left);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0) {
            fprintf(stderr, "%s: cannot write to standard output: %s\n", c->tool->name, strerror(errno));
            return ML_FAIL;
        }
        text += n;
        left -= (size_t)n;
    }
    return ML_OK;
}

int cli_print_state(const cli *c, const buffer *text)
{
    if (!text->failed)
        return cli_write_text(c, text->data, text->size);
    fprintf(stderr, "%s: out of memory for the state\n", c->tool->name);
    return ML_FAIL;
}

int cli_needs_input(const cli *c)
{
    if (!isatty(STDIN_FILENO))
        return -1;
    buffer line = {0};
    cli_usage_line(c, &line);
    fprintf(stderr, "%s%s: no FILE, and standard input is a terminal; try '%s --help'\n", buffer_text(&line),
            c->tool->name, c->tool->name);
    buffer_free(&line);
    return ML_FAIL;
}

writer *cli_output(const cli *c)
{
    return writer_open(STDOUT_FILENO, &c->writer);
}

int cli_close(const cli *c, writer *w, int status)
{
    ml_message why;
    bool broken = false;
    if (w != NULL && writer_close(w, &broken, &why) != ML_OK) {
        if (!broken)
            cli_fail(c, &why);
        return ML_FAIL;
    }
    return status;
}

steps *cli_steps(const cli *c)
{
    return c->steps ? steps_new(c->steps_format, c->precision ? (int)c->precision : 6) : NULL;
}

int cli_steps_close(const cli *c, steps *s, int status)
{
    if (s == NULL)
        return status;
    buffer text = *steps_finish(s);
    if (status != ML_FAIL && text.failed) {
        fprintf(stderr, "%s: out of memory for the steps\n", c->tool->name);
        status = ML_FAIL;
    } else if (status != ML_FAIL) {
        int printed = cli_write_text(c, text.data, text.size);
        status = printed == ML_OK ? status : printed;
    }
    steps_free(s);
    return status;
}

ml_status cli_trace_open(const cli *c, cli_trace *t, ml_message *why)
{
    *t = (cli_trace){0};
    if (c->trace == NULL)
        return ML_OK;
    ml_status status = save_open(&t->file, c->trace, why);
    if (status != ML_OK)
        return status;
    writer_options options = {.format = WRITER_CSV,
                              .delimiter = ',',
                              .names = true,
                              .precision = (int)c->precision,
                              .jobs = 1,
                              .target = c->trace};
    t->out = writer_open(save_fd(t->file), &options);
    if (t->out != NULL)
        return ML_OK;
    save_abandon(t->file);
    t->file = NULL;
    return ml_fail_memory(why, "the trace", sizeof options);
}

ml_status cli_trace_close(cli_trace *t, bool whole, ml_message *why)
{
    ml_status status = t->out ? writer_close(t->out, NULL, why) : ML_OK;
    save *file = t->file;
    *t = (cli_trace){0};
    if (file != NULL && whole && status == ML_OK)
        return save_commit(file, why);
    save_abandon(file);
    return status;
}
