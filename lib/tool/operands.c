#include "tool/operands.h"

#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "math/expression.h"

enum { MOST_NAME = 1000 };

/* --- bindings --- */

bool operand_is_binding(const char *operand, operand_binding *b)
{
    b->answer = false;
    if (expression_binding(operand, &b->name, &b->length, &b->value)) {
        b->value += strspn(b->value, " \t");
        return true;
    }
    /* the same with another sign, and nothing behind it */
    const char *sign = strchr(operand, '~');
    char copy[MOST_NAME];
    if (sign == NULL || (size_t)(sign - operand) + 2 > sizeof copy)
        return false;
    memcpy(copy, operand, (size_t)(sign - operand));
    strcpy(copy + (sign - operand), "=");
    b->answer =
        expression_binding(copy, &b->name, &b->length, &b->value) && b->value == copy + (sign - operand) + 1;
    b->name = operand + (b->name - copy);
    b->value = sign + 1 + strspn(sign + 1, " \t");
    return b->answer;
}

/* --- literals --- */

const char *operand_literal_text(void *context, size_t i, size_t j, size_t *length)
{
    const operand_literal *l = context;
    *length = l->lengths[i * l->columns + j];
    return l->at[i * l->columns + j];
}

static ml_status add_cell(operand_literal *l, const char *text, size_t length, ml_message *why)
{
    if (!memory_grow(&l->at, &l->capacity, l->count + 1, sizeof *l->at) ||
        !memory_grow(&l->lengths, &l->length_capacity, l->count + 1, sizeof *l->lengths))
        return ml_fail_memory(why, "a matrix", l->count * sizeof *l->at);
    l->at[l->count] = text;
    l->lengths[l->count++] = length;
    return ML_OK;
}

static ml_status cut_rows(operand_literal *l, const char *text, ml_message *why)
{
    const char *p = text + 1;
    int depth = 0;
    for (const char *start = p;; p++) {
        depth += (*p == '(') - (*p == ')');
        bool ends = *p == ']' && depth == 0;
        if (*p == '\0')
            return ml_fail(why, "'%.60s': '[' is not closed by ']'", text);
        if (!ends && (depth != 0 || (*p != ',' && *p != ';')))
            continue;
        ml_status status = add_cell(l, start, (size_t)(p - start), why);
        if (status != ML_OK)
            return status;
        start = p + 1;
        if (*p == ',')
            continue;
        l->columns = l->rows == 0 ? l->count : l->columns;
        if (++l->rows * l->columns != l->count)
            return ml_fail(why, "'%.60s': row %zu has not as many entries as those before it", text, l->rows);
        if (ends)
            return p[1] == '\0' ? ML_OK : ml_fail(why, "'%.60s': something stands behind ']'", text);
    }
}

ml_status operand_literal_cut(operand_literal *l, const char *text, ml_message *why)
{
    *l = (operand_literal){0};
    if (*text == '[')
        return cut_rows(l, text, why);
    l->rows = l->columns = 1;
    return add_cell(l, text, strlen(text), why);
}

void operand_literal_free(operand_literal *l)
{
    free(l->at);
    free(l->lengths);
}

/* --- columns of a block --- */

const char *operand_cells_text(void *context, size_t i, size_t j, size_t *length)
{
    const operand_cells *c = context;
    return block_cell(c->from, i, c->columns[j], length);
}

static bool has_number(const block *b, size_t at, blocks_number *is_number)
{
    for (size_t i = 0; i < b->rows; i++) {
        size_t length;
        const char *text = block_cell(b, i, at, &length);
        if (is_number(text, length))
            return true;
    }
    return false;
}

ml_status operand_cells_choose(operand_cells *c, const block *b, bool labels, blocks_number *is_number,
                               const char *path, const cli *notes, ml_message *why)
{
    *c = (operand_cells){.from = b};
    c->columns = memory_array(b->columns, sizeof *c->columns);
    c->names = memory_array(b->columns, sizeof *c->names);
    if (c->columns == NULL || c->names == NULL)
        return ml_fail_memory(why, "columns", b->columns * sizeof *c->columns);
    for (size_t k = 0; k < b->columns; k++) {
        bool label = b->names != NULL && b->columns > 1 && !has_number(b, k, is_number);
        if (label && !labels) {
            cli_note(notes, "column %zu (%s) is text and is left out", k + 1, b->names[k]);
            continue;
        }
        c->names[c->count] = b->names != NULL ? b->names[k] : NULL;
        c->columns[c->count++] = k;
    }
    return c->count > 0 ? ML_OK : ml_fail(why, "%s: no column is a number", path);
}

ml_status operand_cells_fail(const operand_cells *c, const char *path, size_t bad, const char *problem,
                             ml_message *why)
{
    size_t row = bad / c->count, at = bad % c->count, length;
    const char *text = block_cell(c->from, row, c->columns[at], &length);
    const char *name = c->names[at];
    return ml_fail(why, "%s: %s%srow %zu, column %zu%s%.40s%s: '%.*s' %s", path,
                   c->from->name ? c->from->name : "", c->from->name ? ", " : "", row + 1, c->columns[at] + 1,
                   name ? " (" : "", name ? name : "", name ? ")" : "", (int)(length < 40 ? length : 40),
                   text, problem);
}

void operand_cells_free(operand_cells *c)
{
    free(c->columns);
    free(c->names);
    *c = (operand_cells){0};
}
