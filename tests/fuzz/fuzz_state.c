/* Partial states: garbage is refused; the checksum is put right here, so that fields are reached. */
#include "fuzz.h"
#include "table/state.h"

static void look(state_reader *r)
{
    ml_message why;
    size_t n = 0;
    double x[4];
    char **texts;
    state_get_count(r, "rows", &n, &why);
    state_get_reals(r, "mean", x, n < 4 ? n : 4, &why);
    if (state_get_texts(r, "columns", &texts, &n, &why) == ML_OK)
        free(texts);
    state_agree(r, "columns", &why);
}

static void read_states(const uint8_t *data, size_t size)
{
    char path[40];
    state_reader *r;
    ml_message why;
    bool more;
    int fd = fuzz_file(data, size, path);
    MUST(state_open(&r, path, "mlpca", &why) == ML_OK);
    while (state_next(r, &more, &why) == ML_OK && more)
        look(r);
    state_close(r);
    close(fd);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    buffer line = {0};
    read_states(data, size);
    state_begin(&line, "mlpca");
    buffer_char(&line, ' ');
    for (size_t i = 0; i < size; i++)
        if (data[i] != '\0' && data[i] != '\n' && data[i] != '\t')
            buffer_char(&line, (char)data[i]);
    state_end(&line, 0);
    read_states((const uint8_t *)line.data, line.size);
    buffer_free(&line);
    return 0;
}
