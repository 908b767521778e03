#include "tool/qr_state.h"

#include <math.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "table/progress.h"
#include "table/state.h"
#include "tool/names.h"

/* --- names --- */

void qr_state_free(qr_state *s)
{
    tsqr_free(s->rows);
    names_free(s->columns);
    reader_free(s->input);
    *s = (qr_state){0};
}

/* --- rows to a state --- */

ml_status qr_state_open(qr_state *s, const cli *c, bool centered, ml_message *why)
{
    *s = (qr_state){.centered = centered};
    progress_phase("reading");
    ml_status status = reader_open(&s->input, c->file, &c->reader, why);
    if (status != ML_OK)
        return status;
    const table *t = reader_columns(s->input);
    s->count = t->columns;
    s->named = t->names != NULL;
    if (s->count == 0)
        return ML_OK;
    status = names_of(&s->columns, t, 0, t->columns, why);
    if (status == ML_OK)
        status = tsqr_new(&s->rows, s->count, centered ? TSQR_CENTRE : TSQR_PLAIN, c->reader.jobs, why);
    return status;
}

ml_status qr_state_fill(qr_state *s, ml_message *why)
{
    const table *piece;
    ml_status status = ML_OK;
    while (s->rows != NULL && (status = reader_next(s->input, &piece, why)) == ML_OK && piece->rows > 0)
        if ((status = tsqr_add(s->rows, piece->x, why)) != ML_OK)
            return status;
    if (status == ML_OK)
        status = reader_finish(s->input, why);
    reader_free(s->input);
    s->input = NULL;
    return status;
}

/* --- a state as text --- */

static ml_status put_rows(buffer *out, const qr_state *s, ml_message *why)
{
    tsqr_parts p;
    ml_status status = tsqr_export(s->rows, &p, why);
    if (status != ML_OK)
        return status;
    for (size_t i = 0; status == ML_OK && i < p.row_count; i++)
        if (!isfinite(p.rows[i]))
            status = ml_fail(why, "the sum of squares of a column leaves the range of doubles; divide it");
    state_put_count(out, "filled", p.filled);
    state_put_reals(out, "shift", p.shift, p.columns);
    state_put_reals(out, "offset", p.offset, p.columns);
    state_put_reals(out, "scale", p.scale, p.columns);
    state_put_reals(out, p.reduced ? "triangle" : "raw", p.rows, p.row_count);
    tsqr_parts_free(&p);
    return status;
}

static ml_status put_state(buffer *out, const char *tool, const qr_state *s, ml_message *why)
{
    ml_status status = ML_OK;
    state_begin(out, tool);
    state_put_count(out, "rows", s->rows ? tsqr_count(s->rows) : 0);
    state_put_count(out, "centered", s->centered);
    if (s->rows != NULL) {
        state_put_count(out, "named", s->named);
        state_put_texts(out, "columns", (const char *const *)s->columns, s->count);
        status = put_rows(out, s, why);
    }
    state_end(out, 0);
    return status;
}

int qr_state_partial(const cli *c, bool centered)
{
    qr_state s;
    buffer line = {0};
    ml_message why;
    ml_status status = qr_state_open(&s, c, centered, &why);
    if (status == ML_OK)
        status = qr_state_fill(&s, &why);
    if (status == ML_OK)
        status = put_state(&line, c->tool->name, &s, &why);
    int result = status == ML_OK ? cli_print_state(c, &line) : cli_fail(c, &why);
    buffer_free(&line);
    qr_state_free(&s);
    return result;
}

/* --- states merged --- */

/* The columns of the first state that has some become those of S. */
static ml_status take_columns(qr_state *s, state_reader *r, int jobs, ml_message *why)
{
    size_t named;
    char **names;
    ml_status status = state_get_count(r, "named", &named, why);
    if (status == ML_OK)
        status = state_get_texts(r, "columns", &names, &s->count, why);
    if (status != ML_OK)
        return status;
    s->named = named;
    status = names_copy(&s->columns, (const char *const *)names, s->count, why);
    free(names);
    if (status != ML_OK)
        return status;
    return tsqr_new(&s->rows, s->count, s->centered ? TSQR_CENTRE : TSQR_PLAIN, jobs, why);
}

static ml_status get_parts(tsqr_parts *p, state_reader *r, size_t rows, size_t columns, ml_message *why)
{
    *p = (tsqr_parts){0};
    bool reduced = rows > tsqr_raw_limit(columns);
    ml_status status = tsqr_parts_alloc(p, rows, columns, reduced, why);
    if (status == ML_OK)
        status = state_get_count(r, "filled", &p->filled, why);
    if (status == ML_OK)
        status = state_get_reals(r, "shift", p->shift, columns, why);
    if (status == ML_OK)
        status = state_get_reals(r, "offset", p->offset, columns, why);
    if (status == ML_OK)
        status = state_get_reals(r, "scale", p->scale, columns, why);
    if (status == ML_OK)
        status = state_get_reals(r, reduced ? "triangle" : "raw", p->rows, p->row_count, why);
    return status;
}

static ml_status merge_rows(qr_state *s, state_reader *r, size_t rows, int jobs, ml_message *why)
{
    tsqr_parts p;
    tsqr *from = NULL;
    ml_message refused;
    size_t both;
    if (__builtin_add_overflow(tsqr_count(s->rows), rows, &both) || both > SIZE_MAX / 2)
        return state_fail(r, why, "the states have more rows than can be counted");
    ml_status status = get_parts(&p, r, rows, s->count, why);
    if (status == ML_OK)
        status = tsqr_new(&from, s->count, s->centered ? TSQR_CENTRE : TSQR_PLAIN, jobs, why);
    if (status == ML_OK && tsqr_import(from, &p, &refused) != ML_OK)
        status = state_fail(r, why, "%s", refused.text);
    if (status == ML_OK)
        status = tsqr_merge(s->rows, from, why);
    tsqr_free(from);
    tsqr_parts_free(&p);
    return status;
}

/* The state that R has read joins S. */
static ml_status merge_state(qr_state *s, state_reader *r, int jobs, ml_message *why)
{
    size_t rows, centered;
    ml_status status = state_get_count(r, "rows", &rows, why);
    if (status == ML_OK)
        status = state_agree(r, "centered", why);
    if (status == ML_OK)
        status = state_get_count(r, "centered", &centered, why);
    if (status != ML_OK)
        return status;
    s->centered = centered;
    if (rows == 0 && !state_has(r, "columns"))
        return ML_OK;
    if ((status = state_agree(r, "named", why)) == ML_OK)
        status = state_agree(r, "columns", why);
    if (status == ML_OK && s->rows == NULL)
        status = take_columns(s, r, jobs, why);
    return status == ML_OK ? merge_rows(s, r, rows, jobs, why) : status;
}

ml_status qr_state_merge(qr_state *s, const cli *c, ml_message *why)
{
    state_reader *r;
    bool more = true;
    size_t states = 0;
    *s = (qr_state){0};
    progress_phase("merging");
    ml_status status = state_open(&r, c->file, c->tool->name, why);
    while (status == ML_OK && (status = state_next(r, &more, why)) == ML_OK && more) {
        status = merge_state(s, r, c->reader.jobs, why);
        states++;
    }
    state_close(r);
    if (status != ML_OK || (s->rows != NULL && tsqr_count(s->rows) > 0))
        return status;
    const char *path = c->file ? c->file : "stdin";
    return states == 0
               ? ml_fail(why, "%s: the input is empty; --merge reads the lines that --partial prints", path)
               : ml_fail(why, "%s: the states are of no rows", path);
}
