#include "tool/results.h"

static ml_status save_model(const cli *c, const results_output *output, save **file, ml_message *why)
{
    writer *w;
    *file = NULL;
    if (c->save == NULL)
        return ML_OK;
    ml_status status = cli_save_open(c, file, &w, why);
    return status == ML_OK ? cli_save_close(file, w, output->model(output->context, w, why), why) : status;
}

int results_print(const cli *c, const results_output *output, int ended)
{
    ml_message why;
    save *file = NULL;
    writer *w = NULL;
    ml_status status = save_model(c, output, &file, &why);
    if (status == ML_OK && (w = cli_output(c)) == NULL)
        status = ml_fail_memory(&why, "the writer", sizeof c->writer);
    for (size_t i = 0; status == ML_OK && i < c->show_count; i++)
        status = output->show(output->context, c->shows[i], w, &why);
    if (status != ML_OK)
        ended = cli_fail(c, &why);
    if (w != NULL)
        ended = cli_close(c, w, ended);
    return cli_commit(c, file, ended);
}
