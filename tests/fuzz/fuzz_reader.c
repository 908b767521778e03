/* The CSV reader: the first bytes choose options; the whole input and tiny stretches must give one answer. */
#include <gsl/gsl_errno.h>

#include "fuzz.h"
#include "table/reader.h"
#include "table/reader_internal.h"

static const char *const lists[] = {NULL, "1", "a,b", "2-", "-2", "a:b", "1,1"};

static reader_options chosen(const uint8_t *choice)
{
    static const char delimiters[] = {',', ';', ' ', '\t'};
    reader_options o;
    reader_defaults(&o);
    o.delimiter = delimiters[choice[0] & 3];
    o.header = (reader_header)((choice[0] >> 2) % 3);
    o.all_text = choice[0] & 0x10;
    o.keep_half = choice[0] & 0x20;
    o.allow_nonfinite = choice[0] & 0x40;
    o.shard = choice[0] & 0x80;
    o.columns = lists[choice[1] % 7];
    o.exclude = lists[choice[1] / 7 % 7];
    o.id = lists[choice[2] % 7];
    o.target = (choice[2] & 0x40) ? "1" : NULL;
    o.na = (reader_na)(choice[3] & 3);
    o.names = (choice[3] & 4) ? "a,b" : NULL;
    o.jobs = 1;
    return o;
}

/* A number that stands for everything that was read, FNV-1a. */
static void mix(uint64_t *sum, const void *bytes, size_t size)
{
    for (size_t i = 0; i < size; i++)
        *sum = (*sum ^ ((const unsigned char *)bytes)[i]) * 0x100000001b3u;
}

static void mix_rows(uint64_t *sum, const table *t)
{
    for (size_t i = 0; i < t->rows; i++) {
        if (t->columns > 0)
            mix(sum, t->x->data + i * t->x->tda, t->columns * sizeof(double));
        for (size_t k = 0; k < t->text_count; k++) {
            size_t length;
            const char *cell = text_cell(&t->texts[k], i, &length);
            mix(sum, cell, length);
        }
    }
}

/* What came out, or 0 and the message in *SAID. */
static uint64_t read_all(const char *path, const reader_options *o, size_t stretch, size_t piece,
                         ml_message *said)
{
    reader *r;
    ml_message why = {""};
    table t;
    uint64_t sum = 0xcbf29ce484222325u;
    bool more = true;
    ml_status status = reader_open_sized(&r, path, o, stretch, piece, &why);
    while (status == ML_OK && more) {
        if ((status = reader_rest(r, &t, &why)) == ML_OK) {
            mix_rows(&sum, &t);
            table_free(&t);
            status = reader_next_block(r, &more, &why);
        }
    }
    reader_free(r);
    said->text[0] = '\0';
    if (status == ML_OK)
        return sum;
    MUST(memchr(why.text, '\0', sizeof why.text) != NULL && why.text[0] != '\0');
    *said = why;
    return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char path[40];
    ml_message said, said_too;
    if (size < 4)
        return 0;
    gsl_set_error_handler_off();
    reader_options o = chosen(data);
    int fd = fuzz_file(data + 4, size - 4, path);
    uint64_t whole = read_all(path, &o, 0, 0, &said);
    uint64_t cut = read_all(path, &o, 16, 5, &said_too);
    if (whole != cut || strcmp(said.text, said_too.text) != 0) {
        fprintf(stderr, "whole: %s\ncut: %s\n", said.text, said_too.text);
        abort();
    }
    close(fd);
    return 0;
}
