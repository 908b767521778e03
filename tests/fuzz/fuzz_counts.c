/* States of mlentropy merged and measured: lines of fields whose checksums are put right here, so that any
 * numbers come in.  What comes out is refused, or entropies that are finite and keep their inequalities. */
#include <gsl/gsl_errno.h>
#include <math.h>

#include "fuzz.h"
#include "table/state.h"
#include "tool/entropy_state.h"

static const cli_tool tool = {.name = "mlentropy"};

/* A state of each line of DATA. */
static void make_lines(buffer *out, const uint8_t *data, size_t size)
{
    for (size_t from = 0, to; from < size; from = to + 1) {
        const uint8_t *end = memchr(data + from, '\n', size - from);
        to = end ? (size_t)(end - data) : size;
        size_t start = out->size;
        state_begin(out, "mlentropy");
        buffer_char(out, ' ');
        for (size_t i = from; i < to; i++)
            if (data[i] != '\0' && data[i] != '\t')
                buffer_char(out, (char)data[i]);
        state_end(out, start);
    }
}

static void measure(const entropy_data *d)
{
    static const entropy_params bits = {2, ENTROPY_PLUGIN};
    const entropy_table *t = &d->sets[0];
    double h = entropy_joint(t, &bits), tc;
    ml_message why;
    MUST(isfinite(h) && h >= 0 && t->total > 0);
    if (entropy_total_correlation(t, &bits, &tc, &why) == ML_OK)
        MUST(isfinite(tc) && tc >= -1e-9 * (1 + h));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char path[40];
    buffer lines = {0};
    entropy_data d;
    ml_message why;
    gsl_set_error_handler_off();
    make_lines(&lines, data, size);
    int fd = fuzz_file((const uint8_t *)lines.data, lines.size, path);
    cli c = {.tool = &tool, .file = path, .reader.jobs = 1};
    if (entropy_state_merge(&d, &c, size % 2, &why) == ML_OK)
        measure(&d);
    entropy_data_free(&d);
    close(fd);
    buffer_free(&lines);
    return 0;
}
