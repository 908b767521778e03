/* States of a QR merged and decomposed: lines of fields whose checksums are put right here, so that any
 * numbers come in.  What comes out is refused or finite. */
#include <gsl/gsl_errno.h>
#include <math.h>

#include "fuzz.h"
#include "ml/pca.h"
#include "table/state.h"
#include "tool/qr_state.h"

static const cli_tool tool = {.name = "mlpca"};

/* A state of each line of DATA. */
static void make_lines(buffer *out, const uint8_t *data, size_t size)
{
    for (size_t from = 0, to; from < size; from = to + 1) {
        const uint8_t *end = memchr(data + from, '\n', size - from);
        to = end ? (size_t)(end - data) : size;
        size_t start = out->size;
        state_begin(out, "mlpca");
        buffer_char(out, ' ');
        for (size_t i = from; i < to; i++)
            if (data[i] != '\0' && data[i] != '\t')
                buffer_char(out, (char)data[i]);
        state_end(out, start);
    }
}

static void decompose(qr_state *s)
{
    ml_message why;
    pca_params params;
    pca_fitter *fitter;
    pca_model model;
    pca_defaults(&params);
    params.center = s->centered;
    params.ddof = 0;
    tsqr *rows = s->rows;
    s->rows = NULL;
    if (pca_resume(&fitter, &params, s->count, rows, &why) != ML_OK)
        return;
    if (pca_finish(fitter, &model, &why) == ML_OK) {
        for (size_t k = 0; k < model.kept; k++)
            MUST(gsl_vector_get(model.variance, k) >= 0 && isfinite(gsl_vector_get(model.variance, k)));
        for (size_t j = 0; j < model.columns * model.kept; j++)
            MUST(isfinite(model.components->data[j]));
        pca_free(&model);
    }
    pca_fitter_free(fitter);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char path[40];
    buffer lines = {0};
    qr_state s;
    ml_message why;
    gsl_set_error_handler_off();
    make_lines(&lines, data, size);
    int fd = fuzz_file((const uint8_t *)lines.data, lines.size, path);
    cli c = {.tool = &tool, .file = path, .reader.jobs = 1};
    if (qr_state_merge(&s, &c, &why) == ML_OK)
        decompose(&s);
    qr_state_free(&s);
    close(fd);
    buffer_free(&lines);
    return 0;
}
