/* What goes to the standard streams and to files of the common options. */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "table/cli_internal.h"
#include "table/progress.h"

static void print_line(const cli *c, const char *format, va_list arguments)
{
    progress_hide();
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
    progress_end();
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
    progress_end();
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

double cli_input_size(const cli *c)
{
    struct stat about;
    bool known = (c->file ? stat(c->file, &about) : fstat(STDIN_FILENO, &about)) == 0;
    return known && S_ISREG(about.st_mode) ? (double)about.st_size : 0;
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
    progress_phase("printing");
    if (isatty(STDOUT_FILENO)) /* the line would stand among the rows */
        progress_end();
    return writer_open(STDOUT_FILENO, &c->writer);
}

int cli_close(const cli *c, writer *w, int status)
{
    ml_message why;
    bool broken = false;
    bool written = w == NULL || writer_close(w, &broken, &why) == ML_OK;
    progress_end();
    if (!written) {
        if (!broken)
            cli_fail(c, &why);
        return ML_FAIL;
    }
    return status;
}

ml_status cli_steps(const cli *c, steps **s, ml_message *why)
{
    *s = c->steps ? steps_new(c->steps_format, c->precision ? (int)c->precision : 6) : NULL;
    return *s != NULL || !c->steps ? ML_OK : ml_fail_memory(why, "the steps", 1);
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

/* A writer of text on the file that FILE becomes. */
static ml_status open_file(const char *path, writer_options options, save **file, writer **w, ml_message *why)
{
    options.format = WRITER_CSV;
    options.delimiter = ',';
    options.names = true;
    options.jobs = 1;
    options.target = path;
    ml_status status = save_open(file, path, why);
    if (status != ML_OK)
        return status;
    *w = writer_open(save_fd(*file), &options);
    if (*w != NULL)
        return ML_OK;
    save_abandon(*file);
    *file = NULL;
    return ml_fail_memory(why, path, sizeof options);
}

ml_status cli_save_open(const cli *c, save **file, writer **w, ml_message *why)
{
    return open_file(c->save, (writer_options){.blocks = true}, file, w, why);
}

ml_status cli_save_close(save **file, writer *w, ml_status status, ml_message *why)
{
    ml_message unwritten;
    if (writer_close(w, NULL, &unwritten) != ML_OK && status == ML_OK) {
        *why = unwritten;
        status = ML_FAIL;
    }
    if (status != ML_FAIL)
        return status;
    save_abandon(*file);
    *file = NULL;
    return status;
}

int cli_commit(const cli *c, save *file, int status)
{
    ml_message why;
    if (file != NULL && status != ML_FAIL && save_commit(file, &why) != ML_OK)
        return cli_fail(c, &why);
    if (file != NULL && status == ML_FAIL)
        save_abandon(file);
    return status;
}

ml_status cli_trace_open(const cli *c, cli_trace *t, ml_message *why)
{
    *t = (cli_trace){0};
    writer_options options = {.precision = (int)c->precision};
    return c->trace ? open_file(c->trace, options, &t->file, &t->out, why) : ML_OK;
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
