/* Rows: a stretch of the input is cut at line ends, its pieces are parsed side by side. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/parallel.h"
#include "table/progress.h"
#include "table/reader_internal.h"

/* --- stretches --- */

/* The scan that begins at byte BEGIN of the stretch and row FIRST_ROW. */
static bool add_scan(reader *r, size_t used, size_t begin, size_t first_row)
{
    if (!memory_grow(&r->scans, &r->scan_capacity, used + 1, sizeof *r->scans) ||
        !memory_grow(&r->first_rows, &r->first_capacity, used + 1, sizeof *r->first_rows))
        return false;
    if (used == r->scan_count) {
        r->scans[used] = (scan){.texts = memory_zeros(r->plan.texts, sizeof(text_column))};
        if (r->scans[used].texts == NULL)
            return false;
        r->scan_count++;
    }
    r->scans[used].begin = r->in.bytes + begin;
    r->first_rows[used] = first_row;
    return true;
}

/* How a stretch is cut. */
typedef struct cut {
    size_t scans, rows; /* rows: at most */
    size_t end;         /* of the last whole line; 0: not even one line is whole */
    size_t newlines;    /* of the file, before `end` */
} cut;

/* Cut the stretch at the line ends outside quotes that the survey found, about one scan a piece. */
static ml_status cut_stretch(reader *r, cut *c, ml_message *why)
{
    const input *in = &r->in;
    unsigned inside = 0;
    bool good = add_scan(r, 0, 0, 0);
    *c = (cut){.scans = 1};
    for (size_t i = 0; good && i < in->piece_count; i++) {
        const survey *s = &in->pieces[i];
        c->newlines += s->ends[0] + s->ends[1];
        if (s->ends[inside] > 0) {
            if (s->first[inside] + 1 < in->end)
                good = add_scan(r, c->scans++, s->first[inside] + 1, c->rows + 1);
            c->rows += s->ends[inside];
            c->end = s->last[inside] + 1;
        }
        inside ^= s->flips;
    }
    if (!good)
        return ml_fail_memory(why, "the reader", (c->scans + 1) * sizeof *r->scans);
    if (in->ended && c->end < in->end) {
        c->end = in->end;
        c->rows++;
    }
    c->newlines -= input_newlines(in->bytes + c->end, in->end - c->end);
    while (c->scans > 1 && r->scans[c->scans - 1].begin >= in->bytes + c->end)
        c->scans--;
    for (size_t k = 0; k < c->scans; k++)
        r->scans[k].end = k + 1 < c->scans ? r->scans[k + 1].begin : in->bytes + c->end;
    return ML_OK;
}

static ml_status next_stretch(reader *r, cut *c, ml_message *why)
{
    size_t total = r->in.stretch;
    while (true) {
        ml_status status = input_fill(&r->in, total, why);
        if (status == ML_OK)
            status = cut_stretch(r, c, why);
        if (status != ML_OK || c->end > 0 || r->in.ended)
            return status;
        if (reader_is_hopeless(r)) {
            c->end = r->in.end;
            r->scans[0].end = r->in.bytes + c->end;
            c->rows = 1;
            return ML_OK;
        }
        if (__builtin_mul_overflow(reader_waiting(r), 2, &total) || total < r->in.stretch)
            total = r->in.stretch;
    }
}

/* --- rows --- */

static ml_status make_room(reader *r, sink *to, size_t rows, ml_message *why)
{
    size_t need, width = r->plan.numbers * sizeof(double);
    if (width == 0)
        return ML_OK;
    if (__builtin_add_overflow(to->rows, rows, &need) || !memory_grow(&to->x, &to->x_capacity, need, width) ||
        (r->plan.half && !memory_grow(&to->half, &to->half_capacity, need, width)))
        return ml_fail_memory(why, "the table", need > SIZE_MAX / width ? SIZE_MAX : need * width);
    return ML_OK;
}

typedef struct scanning {
    const scan_plan *plan;
    scan *scans;
    tally *tallies;
} scanning;

static void scan_one(size_t i, int worker, void *context)
{
    const scanning *all = context;
    all->scans[i].tally = all->tallies == NULL ? NULL : &all->tallies[worker];
    scan_lines(all->plan, &all->scans[i]);
}

/* The rows of S, which may lie behind where they belong, and their texts. */
static bool append_rows(const reader *r, sink *to, const scan *s)
{
    size_t width = r->plan.numbers, at = to->rows * width;
    if (width > 0 && to->x + at != s->x) {
        memmove(to->x + at, s->x, s->rows * width * sizeof *to->x);
        if (r->plan.half)
            memmove(to->half + at, s->half, s->rows * width * sizeof *to->half);
    }
    for (size_t i = 0; i < r->plan.texts; i++) {
        text_column *text = i < to->t->text_count ? &to->t->texts[i] : to->t->target;
        size_t base = text->cells.size;
        if (s->rows > 0)
            buffer_append(&text->cells, s->texts[i].cells.data, s->texts[i].ends[s->rows - 1]);
        if (text->cells.failed ||
            !memory_grow(&text->ends, &text->capacity, to->rows + s->rows, sizeof *text->ends))
            return false;
        for (size_t k = 0; k < s->rows; k++)
            text->ends[to->rows + k] = base + s->texts[i].ends[k];
    }
    to->rows += s->rows;
    return true;
}

static void tell_notes(reader *r, const scan *s)
{
    for (size_t i = 0; i < s->note_count; i++) {
        if (r->plan.noted[s->notes[i].column])
            continue;
        r->plan.noted[s->notes[i].column] = true;
        reader_note_at(r, reader_line_of(r, s->notes[i].at), s->notes[i].text);
    }
}

/* The scan met something else than a row: remember what, and leave the lines before it behind. */
static void stop_block(reader *r, const scan *s)
{
    r->stop = s->stop;
    if (s->stop != SCAN_EMPTY)
        ml_fail(&r->error, "%s:%zu: %s", r->in.name, reader_line_of(r, s->at), s->error.text);
    reader_consume(r, s->at);
}

/* Parse a stretch and append its rows to TO.  At the end of the rows r->ended is set. */
static ml_status take_stretch(reader *r, sink *to, ml_message *why)
{
    cut c;
    size_t width = r->plan.numbers;
    ml_status status = next_stretch(r, &c, why);
    if (status == ML_OK)
        status = make_room(r, to, c.rows, why);
    if (status != ML_OK)
        return status;
    for (size_t k = 0; k < c.scans; k++) {
        r->scans[k].x = to->x == NULL ? NULL : to->x + (to->rows + r->first_rows[k]) * width;
        r->scans[k].half = to->half == NULL ? NULL : to->half + (to->rows + r->first_rows[k]) * width;
    }
    scanning all = {&r->plan, r->scans, r->tallies};
    parallel_for(c.scans, r->o.jobs, scan_one, &all);
    for (size_t k = 0; k < c.scans; k++) {
        const scan *s = &r->scans[k];
        tell_notes(r, s);
        r->dropped += s->dropped;
        if (!append_rows(r, to, s))
            return ml_fail_memory(why, "the text columns", reader_waiting(r));
        if (s->stop != SCAN_END) {
            stop_block(r, s);
            return ML_OK;
        }
    }
    r->line += c.newlines;
    r->in.begin += c.end;
    return ML_OK;
}

/* Why there are no more rows: the block is at its end, or the error that stopped the scan. */
static ml_status end_block(reader *r, ml_message *why)
{
    follows what;
    size_t line = r->line;
    r->ended = true;
    if (r->stop != SCAN_END && r->stop != SCAN_EMPTY)
        return ml_fail(why, "%s", r->error.text);
    ml_status status = reader_skip_empty(r, &what, why);
    if (status == ML_OK && what == FOLLOWS_ROWS)
        status = reader_fail_empty_line(r, line, why);
    return status;
}

/* More rows for TO, one stretch at a time; *more is false at the end of the block. */
ml_status reader_take_rows(reader *r, sink *to, bool *more, ml_message *why)
{
    size_t before = to->rows;
    while (!r->ended && r->stop == SCAN_END && to->rows == before) {
        if (r->in.ended && reader_waiting(r) == 0)
            break;
        ml_status status = take_stretch(r, to, why);
        if (status != ML_OK)
            return status;
    }
    *more = to->rows > before;
    r->taken += to->rows - before;
    progress_rows(r->taken, input_share(&r->in));
    return *more || r->ended ? ML_OK : end_block(r, why);
}
