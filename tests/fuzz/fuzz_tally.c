/* Rows counted as symbols: the first byte chooses options; the whole input, tiny stretches and two threads
 * give the same counts or the same error, and as many rows as the reader of texts, or its error. */
#include <gsl/gsl_errno.h>

#include "fuzz.h"
#include "table/reader.h"
#include "table/reader_internal.h"

static reader_options chosen(uint8_t choice)
{
    static const char delimiters[] = {',', ';', ' ', '|'};
    reader_options o;
    reader_defaults(&o);
    o.delimiter = delimiters[choice & 3];
    o.header = READER_NO_HEADER;
    o.all_text = true;
    o.columns = choice & 4 ? "1" : NULL;
    o.na = choice & 8 ? READER_NA_KEEP : choice & 16 ? READER_NA_DROP : READER_NA_ERROR;
    o.na_values = choice & 32 ? "x,long missing cell" : NULL;
    return o;
}

/* A text that says all that was counted, or the error. */
static bool count(buffer *out, const char *path, const reader_options *options, int jobs, size_t stretch,
                  size_t piece)
{
    reader *r;
    tally t = {0};
    ml_message why;
    reader_options o = *options;
    o.jobs = jobs;
    ml_status status = reader_open_sized(&r, path, &o, stretch, piece, &why);
    if (status == ML_OK)
        status = reader_tally(r, TALLY_ROWS, &t, &why);
    if (status == ML_OK)
        status = reader_finish(r, &why);
    if (status != ML_OK)
        buffer_string(out, why.text);
    for (size_t i = 0; status == ML_OK && i < t.sets[0].count; i++) {
        for (size_t c = 0; c < t.width; c++)
            buffer_printf(out, "[%s]", t.levels[c].names[t.sets[0].codes[i * t.width + c]]);
        buffer_printf(out, " %.0f\n", t.sets[0].mass[i]);
    }
    if (status == ML_OK)
        buffer_printf(out, "%.0f rows", tuples_total(&t.sets[0]));
    tally_free(&t);
    reader_free(r);
    return status == ML_OK;
}

/* What the reader of texts says of it: the rows, or that there is an error. */
static bool read_rows(const char *path, const reader_options *o, double *rows)
{
    table t;
    ml_message why;
    bool good = table_read(&t, path, o, &why) == ML_OK;
    *rows = good ? (double)t.rows : 0;
    if (good)
        table_free(&t);
    return good;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char path[40], rows_text[40];
    buffer whole = {0}, cut = {0};
    double rows;
    if (size < 1)
        return 0;
    gsl_set_error_handler_off();
    reader_options o = chosen(data[0]);
    int fd = fuzz_file(data + 1, size - 1, path);
    bool counted = count(&whole, path, &o, 1, 0, 0);
    MUST(count(&cut, path, &o, 2, 24, 7) == counted);
    const char *said = buffer_text(&whole);
    if (strcmp(said, buffer_text(&cut)) != 0) {
        fprintf(stderr, "whole: %s\ncut: %s\n", said, buffer_text(&cut));
        abort();
    }
    MUST(read_rows(path, &o, &rows) == counted);
    snprintf(rows_text, sizeof rows_text, "%.0f rows", rows);
    MUST(!counted || strcmp(said + strlen(said) - strlen(rows_text), rows_text) == 0);
    buffer_free(&whole);
    buffer_free(&cut);
    close(fd);
    return 0;
}
