#include "tool/exact_table.h"

#include <stdlib.h>
#include <string.h>

#include "math/rational.h"
#include "tool/flint/memory.h"

void exact_begin(const cli *c)
{
    flint_guard_memory(c->tool->name);
}

/* --- reading --- */

static ml_status refuse(const char *cell, size_t length, size_t row, size_t at, number_status status,
                        ml_message *why)
{
    int shown = (int)(length < 40 ? length : 40);
    if (status == NUMBER_RANGE)
        return ml_fail(why, "row %zu, column %zu: '%.*s' has an exponent beyond %d or too many digits", row,
                       at, shown, cell, RATIONAL_MOST_EXPONENT);
    return ml_fail(why, "row %zu, column %zu: '%.*s' is not an exact number; leave the row out", row, at,
                   shown, cell);
}

/* Was the cell filled by --na mean?  Then it is no number in any form; inf, which is one, was not. */
static bool was_missing(const char *cell, size_t length)
{
    number n;
    return number_read(cell, length, &n) != NUMBER_OK;
}

static const char *cell_of(const table *t, size_t i, size_t j, size_t *length)
{
    return text_cell(&t->texts[t->id_count + j], i, length);
}

/* The missing cells of column J of M, column AT of T, get the exact mean of the others. */
static void fill_with_mean(fmpq_mat_t m, size_t j, const table *t, size_t at)
{
    fmpq_t mean, count;
    size_t seen = 0, length;
    fmpq_init(mean);
    fmpq_init(count);
    for (size_t i = 0; i < t->rows; i++) {
        const char *cell = cell_of(t, i, at, &length);
        if (was_missing(cell, length))
            continue;
        fmpq_add(mean, mean, fmpq_mat_entry(m, (slong)i, (slong)j));
        seen++;
    }
    if (seen > 0) {
        fmpq_set_ui(count, seen, 1);
        fmpq_div(mean, mean, count);
    }
    for (size_t i = 0; i < t->rows && seen < t->rows; i++) {
        const char *cell = cell_of(t, i, at, &length);
        if (was_missing(cell, length))
            fmpq_set(fmpq_mat_entry(m, (slong)i, (slong)j), mean);
    }
    fmpq_clear(mean);
    fmpq_clear(count);
}

ml_status exact_table_read(fmpq_mat_t m, const table *t, size_t from, size_t count, ml_message *why)
{
    fmpq_mat_init(m, (slong)t->rows, (slong)count);
    for (size_t i = 0; i < t->rows; i++)
        for (size_t j = 0; j < count; j++) {
            size_t length;
            const char *cell = cell_of(t, i, from + j, &length);
            number_status status = rational_read(cell, length, fmpq_mat_entry(m, (slong)i, (slong)j));
            if (status != NUMBER_OK && !was_missing(cell, length))
                return refuse(cell, length, i + 1, from + j + 1, status, why);
        }
    for (size_t j = 0; j < count; j++)
        fill_with_mean(m, j, t, from + j);
    return ML_OK;
}

/* --- writing --- */

exact_style exact_style_of(const cli *c)
{
    return (exact_style){.places = c->digits};
}

exact_style exact_steps_style(const cli *c)
{
    if (c->exact)
        return exact_style_of(c);
    return (exact_style){.significant = c->precision > 0 ? (int)c->precision : 6};
}

void exact_cells_free(exact_cells *cells)
{
    for (size_t i = 0; i < cells->count; i++)
        free(cells->texts[i]);
    free(cells->texts);
    *cells = (exact_cells){0};
}

/* Takes over TEXT, which came from malloc. */
static char *keep(exact_cells *cells, char *text)
{
    if (text == NULL ||
        !memory_grow(&cells->texts, &cells->capacity, cells->count + 1, sizeof *cells->texts)) {
        free(text);
        return NULL;
    }
    return cells->texts[cells->count++] = text;
}

const char *exact_cells_keep(exact_cells *cells, buffer *b)
{
    const char *text = buffer_text(b);
    const char *kept = b->failed ? NULL : keep(cells, strdup(text));
    buffer_free(b);
    return kept;
}

ml_status exact_cells_column(exact_cells *cells, column *out, const char *name, size_t rows, size_t j,
                             exact_cell *cell, const void *context, ml_message *why)
{
    const char **texts = (const char **)keep(cells, memory_zeros(rows, sizeof *texts));
    if (texts == NULL)
        return ml_fail_memory(why, "the result", rows * sizeof *texts);
    for (size_t i = 0; i < rows; i++) {
        buffer b = {0};
        if (!cell(&b, context, i, j))
            cells->open++;
        if ((texts[i] = exact_cells_keep(cells, &b)) == NULL)
            return ml_fail_memory(why, "the result", rows * sizeof *texts);
    }
    *out = column_strings(name, texts);
    return ML_OK;
}

ml_status exact_cells_matrix(exact_cells *cells, writer *w, const char *name, size_t rows, size_t columns,
                             const char *const *names, const table *ids, exact_cell *cell,
                             const void *context, ml_message *why)
{
    size_t before = ids != NULL ? ids->id_count : 0;
    column *all = memory_zeros(before + columns, sizeof *all);
    if (all == NULL)
        return ml_fail_memory(why, "the result", (before + columns) * sizeof *all);
    for (size_t i = 0; i < before; i++)
        all[i] = column_text(&ids->texts[i]);
    ml_status status = ML_OK;
    for (size_t j = 0; status == ML_OK && j < columns; j++)
        status =
            exact_cells_column(cells, &all[before + j], names ? names[j] : NULL, rows, j, cell, context, why);
    if (status == ML_OK)
        writer_block(w, name, all, before + columns, rows);
    free(all);
    return status;
}

void exact_cells_note(const exact_cells *cells, const cli *c)
{
    if (cells->open > 0)
        cli_note(c, "%zu number%s no closed form in square roots: %d decimals; --digits N gives N",
                 cells->open, cells->open == 1 ? " has" : "s have", EXACT_PLACES);
}
