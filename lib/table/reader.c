#include "table/reader.h"

#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/parallel.h"
#include "table/reader_internal.h"
#include "table/select.h"

void reader_defaults(reader_options *options)
{
    *options = (reader_options){.delimiter = ',', .jobs = parallel_processors()};
}

/* --- a block --- */

static void forget_scans(reader *r)
{
    for (size_t i = 0; i < r->scan_count; i++)
        scan_free(&r->scans[i], r->plan.texts);
    r->scan_count = 0;
}

static void free_piece(reader *r)
{
    r->piece.x = r->piece.half = NULL; /* made over r->out */
    table_free(&r->piece);
    free(r->out.x);
    free(r->out.half);
    r->out = (sink){0};
}

static void free_block(reader *r)
{
    forget_scans(r);
    free_piece(r);
    table_free(&r->schema);
    select_free_texts(r->names, r->name_count);
    r->names = NULL;
    plan_free(&r->plan);
    free(r->block);
    r->block = NULL;
}

static ml_status open_block(reader *r, ml_message *why)
{
    r->plan.delimiter = r->o.delimiter;
    r->taken = r->dropped = 0;
    r->ended = false;
    r->stop = SCAN_END;
    ml_status status = reader_skip_preamble(r, why);
    if (status == ML_OK && r->o.shard && reader_waiting(r) == 0 && r->in.ended) {
        r->ended = true;
        r->out.t = &r->piece;
        return ML_OK;
    }
    if (status == ML_OK)
        status = reader_read_names(r, why);
    if (status == ML_OK)
        status = plan_make(&r->plan, &r->schema, &r->o, r->in.name, (const char *const *)r->names,
                           r->name_count, why);
    if (status == ML_OK && r->o.all_text && r->o.na == READER_NA_MEAN)
        status = ml_fail(why, "%s: --na mean needs numbers, and these columns are read as text", r->in.name);
    if (status == ML_OK && !plan_copy_schema(&r->piece, &r->schema))
        status = ml_fail_memory(why, "the columns", r->name_count * sizeof(char *));
    r->out.t = &r->piece;
    return status;
}

ml_status reader_open_sized(reader **made, const char *path, const reader_options *options, size_t stretch,
                            size_t piece, ml_message *why)
{
    *made = NULL;
    reader *r = memory_zeros(1, sizeof *r);
    if (r == NULL)
        return ml_fail_memory(why, "the reader", sizeof *r);
    r->o = *options;
    r->line = 1;
    ml_status status = input_open(&r->in, path, options->jobs, why);
    r->in.stretch = stretch > 0 ? stretch : r->in.stretch;
    r->in.piece = piece > 0 ? piece : r->in.piece;
    if (status == ML_OK)
        status = reader_more_bytes(r, why);
    if (status == ML_OK)
        status = open_block(r, why);
    if (status != ML_OK) {
        reader_free(r);
        return ML_FAIL;
    }
    *made = r;
    return ML_OK;
}

ml_status reader_open(reader **made, const char *path, const reader_options *options, ml_message *why)
{
    return reader_open_sized(made, path, options, 0, 0, why);
}

void reader_free(reader *r)
{
    if (r == NULL)
        return;
    free_block(r);
    input_close(&r->in);
    scan_free(&r->head, 0);
    free(r->scans);
    free(r->first_rows);
    free(r);
}

const char *reader_block(const reader *r)
{
    return r->block;
}

size_t reader_dropped(const reader *r)
{
    return r->dropped;
}

const table *reader_columns(const reader *r)
{
    return &r->schema;
}

/* --- pieces --- */

static void wrap(gsl_matrix *m, gsl_block *b, double *data, size_t rows, size_t columns)
{
    *b = (gsl_block){.size = rows * columns, .data = data};
    *m = (gsl_matrix){.size1 = rows, .size2 = columns, .tda = columns, .data = data, .block = b, .owner = 0};
}

static void empty_piece(reader *r)
{
    r->out.rows = 0;
    for (size_t i = 0; i < r->plan.texts; i++) {
        text_column *text = i < r->piece.text_count ? &r->piece.texts[i] : r->piece.target;
        text->cells.size = 0;
    }
}

ml_status reader_next(reader *r, const table **piece, ml_message *why)
{
    bool more;
    table *t = &r->piece;
    *piece = t;
    if (r->o.na == READER_NA_MEAN)
        return ml_fail(why, "%s: --na mean needs all rows at once, which this does not keep", r->in.name);
    empty_piece(r);
    t->rows = 0;
    t->x = t->half = NULL;
    ml_status status = reader_take_rows(r, &r->out, &more, why);
    if (status != ML_OK)
        return status;
    t->rows = r->out.rows;
    if (t->rows > 0 && t->columns > 0) {
        wrap(&r->x, &r->x_block, r->out.x, t->rows, t->columns);
        t->x = &r->x;
    }
    if (t->x != NULL && r->plan.half) {
        wrap(&r->half, &r->half_block, r->out.half, t->rows, t->columns);
        t->half = &r->half;
    }
    return ML_OK;
}

/* --- all rows --- */

/* A matrix that owns DATA: the parts are malloc's, as gsl_matrix_free expects. */
static gsl_matrix *adopt(double **data, size_t rows, size_t columns)
{
    gsl_matrix *m = malloc(sizeof *m);
    gsl_block *b = malloc(sizeof *b);
    double *fitted = memory_resize(*data, rows * columns, sizeof **data);
    if (fitted != NULL)
        *data = fitted;
    if (m == NULL || b == NULL) {
        free(m);
        free(b);
        return NULL;
    }
    wrap(m, b, *data, rows, columns);
    m->owner = 1;
    *data = NULL;
    return m;
}

/* Mean of the present cells of column J, with the rounding errors carried along (Neumaier, ZAMM 54, 1974). */
static double present_mean(const gsl_matrix *x, size_t j, size_t *present)
{
    double sum = 0, lost = 0;
    *present = 0;
    for (size_t i = 0; i < x->size1; i++) {
        double value = x->data[i * x->tda + j], before = sum;
        if (table_is_missing(value))
            continue;
        sum += value;
        lost += fabs(before) >= fabs(value) ? before - sum + value : value - sum + before;
        ++*present;
    }
    return (sum + lost) / (double)*present;
}

static ml_status fill_missing(const reader *r, table *t, ml_message *why)
{
    size_t filled = 0, present;
    for (size_t j = 0; t->x != NULL && j < t->columns; j++) {
        double mean = present_mean(t->x, j, &present);
        char space[32];
        if (present == 0)
            return ml_fail(
                why, "%s: column %zu (%s): all cells are missing, so there is no mean to fill them with",
                r->in.name, t->positions[j], table_name(t, j, space));
        for (size_t i = 0; present < t->rows && i < t->rows; i++) {
            double *value = &t->x->data[i * t->x->tda + j];
            bool missing = table_is_missing(*value);
            filled += missing;
            *value = missing ? mean : *value;
        }
    }
    char text[160];
    snprintf(text, sizeof text, "%s: %zu cell%s filled with the mean of %s column", r->in.name, filled,
             filled == 1 ? "" : "s", filled == 1 ? "its" : "their");
    if (filled > 0 && r->o.note != NULL)
        r->o.note(r->o.note_context, text);
    return ML_OK;
}

static ml_status take_matrices(reader *r, table *t, sink *to, ml_message *why)
{
    t->rows = to->rows;
    if (t->rows == 0 || t->columns == 0)
        return ML_OK;
    t->x = adopt(&to->x, t->rows, t->columns);
    if (t->x != NULL && r->plan.half)
        t->half = adopt(&to->half, t->rows, t->columns);
    if (t->x == NULL || (r->plan.half && t->half == NULL))
        return ml_fail_memory(why, "the table", t->rows * t->columns * sizeof(double));
    return ML_OK;
}

ml_status reader_rest(reader *r, table *t, ml_message *why)
{
    bool more = true;
    sink to = {.t = t};
    if (!plan_copy_schema(t, &r->schema))
        return ml_fail_memory(why, "the table", r->name_count * sizeof(char *));
    r->in.waits = true;
    ml_status status = ML_OK;
    while (status == ML_OK && more)
        status = reader_take_rows(r, &to, &more, why);
    r->in.waits = false;
    if (status == ML_OK)
        status = take_matrices(r, t, &to, why);
    if (status == ML_OK && r->o.na == READER_NA_MEAN)
        status = fill_missing(r, t, why);
    free(to.x);
    free(to.half);
    if (status != ML_OK)
        table_free(t);
    return status;
}

/* --- counts --- */

/* A tally for each thread. */
static ml_status make_tallies(reader *r, size_t width, tally_kind kind, ml_message *why)
{
    ml_status status = ML_OK;
    r->tallies = memory_zeros((size_t)r->o.jobs, sizeof *r->tallies);
    if (r->tallies == NULL)
        return ml_fail_memory(why, "the counts", (size_t)r->o.jobs * sizeof *r->tallies);
    for (int i = 0; status == ML_OK && i < r->o.jobs; i++)
        status = tally_new(&r->tallies[i], width, kind, r->plan.na_values, r->plan.na_count, why);
    return status;
}

static void free_tallies(reader *r)
{
    for (int i = 0; r->tallies != NULL && i < r->o.jobs; i++)
        tally_free(&r->tallies[i]);
    free(r->tallies);
    r->tallies = NULL;
}

ml_status reader_tally(reader *r, tally_kind kind, tally *t, ml_message *why)
{
    bool more = true;
    *t = (tally){0};
    if (r->plan.column == NULL)
        return ML_OK;
    plan_count(&r->plan, &r->schema);
    size_t width = r->schema.text_count - r->schema.id_count + (r->schema.target != NULL);
    ml_status status = make_tallies(r, width, kind, why);
    r->in.waits = true;
    while (status == ML_OK && more) {
        r->out.rows = 0;
        status = reader_take_rows(r, &r->out, &more, why);
    }
    r->in.waits = false;
    for (int i = 1; status == ML_OK && i < r->o.jobs; i++)
        status = tally_join(&r->tallies[0], &r->tallies[i], why);
    if (status == ML_OK && (status = tally_finish(&r->tallies[0], why)) == ML_OK) {
        *t = r->tallies[0];
        r->tallies[0] = (tally){0};
    }
    free_tallies(r);
    return status;
}

/* --- blocks --- */

/* Read what is left of the block and throw it away. */
static ml_status skip_rows(reader *r, ml_message *why)
{
    ml_status status = ML_OK;
    bool more = true;
    while (status == ML_OK && more && !r->ended) {
        empty_piece(r);
        status = reader_take_rows(r, &r->out, &more, why);
    }
    return status;
}

ml_status reader_next_block(reader *r, bool *more, ml_message *why)
{
    *more = false;
    ml_status status = skip_rows(r, why);
    if (status != ML_OK || reader_waiting(r) == 0)
        return status;
    free_block(r);
    status = open_block(r, why);
    *more = status == ML_OK;
    return status;
}

/* All the blocks' names for the message that one table is taken. */
static ml_status fail_blocks(reader *r, ml_message *why)
{
    buffer names = {0};
    buffer_string(&names, r->block != NULL ? r->block : "unnamed");
    size_t count = 1;
    const char *end;
    bool after_empty = true;
    ml_status status;
    while ((status = reader_raw_line(r, &end, why)) == ML_OK && end != NULL) {
        if (after_empty && reader_is_block_line(reader_front(r)) &&
            (status = reader_take_block_name(r, end, why)) == ML_OK) {
            buffer_printf(&names, ", %s", r->block);
            count++;
        }
        after_empty = scan_is_empty(&r->plan, reader_front(r));
        reader_consume(r, end + 1);
    }
    if (status == ML_OK)
        status = ml_fail(why, "%s: %zu blocks (%s) in the input where one table is taken", r->in.name, count,
                         buffer_text(&names));
    buffer_free(&names);
    return status;
}

ml_status reader_finish(reader *r, ml_message *why)
{
    ml_status status = skip_rows(r, why);
    if (status != ML_OK)
        return status;
    if (reader_waiting(r) > 0)
        return fail_blocks(r, why);
    if (r->dropped > 0) {
        char text[160];
        snprintf(text, sizeof text, "%s: %zu row%s dropped: missing cells", r->in.name, r->dropped,
                 r->dropped == 1 ? "" : "s");
        if (r->o.note != NULL)
            r->o.note(r->o.note_context, text);
    }
    if (r->taken > 0 || r->o.shard)
        return ML_OK;
    if (r->dropped > 0)
        return ml_fail(why, "%s: every row has a missing cell and was dropped", r->in.name);
    return ml_fail(why, "%s: names but no rows%s", r->in.name,
                   r->o.header == READER_GUESS && r->o.names == NULL ? "; if the only line is data, say -N"
                                                                     : "");
}

ml_status table_read(table *t, const char *path, const reader_options *options, ml_message *why)
{
    reader *r;
    *t = (table){.target_at = SIZE_MAX, .weights_at = SIZE_MAX};
    ml_status status = reader_open(&r, path, options, why);
    if (status != ML_OK)
        return status;
    status = reader_rest(r, t, why);
    if (status == ML_OK && (status = reader_finish(r, why)) != ML_OK)
        table_free(t);
    reader_free(r);
    return status;
}
