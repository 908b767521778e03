#include "tool/points.h"

#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "table/labels.h"
#include "table/progress.h"
#include "tool/names.h"

void points_free(points *p)
{
    names_free(p->names);
    free(p->codes);
    table_free(&p->t);
    *p = (points){0};
}

static ml_status encode_target(points *p, ml_message *why)
{
    if (p->t.target == NULL)
        return ML_OK;
    p->codes = memory_array(p->t.rows, sizeof *p->codes);
    return p->codes ? labels_encode(p->t.target, p->t.rows, p->codes, &p->code_count, why)
                    : ml_fail_memory(why, "labels", p->t.rows * sizeof *p->codes);
}

ml_status points_read(points *p, const cli *c, const reader_options *options, ml_message *why)
{
    reader_options reading = *options;
    reading.target_is_text = true;
    *p = (points){0};
    progress_phase("reading");
    ml_status status = table_read(&p->t, c->file, &reading, why);
    if (status != ML_OK)
        return status;
    size_t columns = p->t.columns - (p->t.weights_at != SIZE_MAX);
    p->x = gsl_matrix_submatrix(p->t.x, 0, 0, p->t.rows, columns).matrix;
    if (p->t.weights_at != SIZE_MAX) {
        p->weight = gsl_matrix_column(p->t.x, p->t.weights_at).vector;
        p->weights = &p->weight;
    }
    status = names_of(&p->names, &p->t, 0, columns, why);
    return status == ML_OK ? encode_target(p, why) : status;
}

const char *points_weights(reader *r, const reader_options *options)
{
    const table *t = reader_columns(r);
    if (t->weights_at == SIZE_MAX)
        return NULL;
    return t->names ? t->names[t->weights_at] : options->weights;
}

ml_status points_each(reader *r, points_sink *sink, void *context, ml_message *why)
{
    const table *piece;
    ml_status status = ML_OK;
    while (status == ML_OK && reader_columns(r)->columns > 0 &&
           (status = reader_next(r, &piece, why)) == ML_OK && piece->rows > 0) {
        bool weighted = piece->weights_at != SIZE_MAX;
        gsl_matrix_const_view x =
            gsl_matrix_const_submatrix(piece->x, 0, 0, piece->rows, piece->columns - weighted);
        gsl_vector_const_view w = gsl_matrix_const_column(piece->x, weighted ? piece->weights_at : 0);
        status = sink(context, &x.matrix, weighted ? &w.vector : NULL, why);
    }
    return status == ML_OK ? reader_finish(r, why) : status;
}

static bool read_whole(const char *text, size_t length, size_t *value)
{
    *value = 0;
    for (size_t i = 0; i < length; i++) {
        if (text[i] < '0' || text[i] > '9' || *value > 100000000)
            return false;
        *value = *value * 10 + (size_t)(text[i] - '0');
    }
    return length > 0 && *value > 0;
}

int points_range(const cli *c, const char *text, const char *what, const char *example, bool range_allowed,
                 size_t *least, size_t *most)
{
    const char *dash = strchr(text, '-');
    bool good = read_whole(text, dash ? (size_t)(dash - text) : strlen(text), least);
    *most = *least;
    if (dash != NULL)
        good = good && read_whole(dash + 1, strlen(dash + 1), most) && *least <= *most;
    if (!good)
        return cli_usage(c, "-k: '%s' is not a number of %s, or a range of them such as %s", text, what,
                         example);
    if (dash != NULL && !range_allowed)
        return cli_usage(c, "-k %s is a range: say how to --choose from it", text);
    return -1;
}
