#include "table/table.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* A quiet NaN with a payload that no arithmetic on other values makes. */
static const uint64_t missing_bits = UINT64_C(0x7ff80000000a1157);

double table_missing(void)
{
    double value;
    memcpy(&value, &missing_bits, sizeof value);
    return value;
}

bool table_is_missing(double value)
{
    uint64_t bits;
    memcpy(&bits, &value, sizeof bits);
    return bits == missing_bits;
}

const char *text_cell(const text_column *column, size_t row, size_t *length)
{
    size_t begin = row == 0 ? 0 : column->ends[row - 1];
    *length = column->ends[row] - begin;
    return *length > 0 ? column->cells.data + begin : "";
}

bool text_append(text_column *column, size_t row, const char *cell, size_t length)
{
    if (!memory_grow(&column->ends, &column->capacity, row + 1, sizeof *column->ends))
        return false;
    buffer_append(&column->cells, cell, length);
    column->ends[row] = column->cells.size;
    return !column->cells.failed;
}

const char *table_name(const table *t, size_t j, char space[32])
{
    if (t->names != NULL)
        return t->names[j];
    snprintf(space, 32, "column%zu", t->positions[j]);
    return space;
}

static void free_text(text_column *column)
{
    free(column->name);
    free(column->ends);
    buffer_free(&column->cells);
}

void table_free(table *t)
{
    if (t == NULL)
        return;
    if (t->x != NULL)
        gsl_matrix_free(t->x);
    if (t->half != NULL)
        gsl_matrix_free(t->half);
    for (size_t j = 0; t->names != NULL && j < t->columns; j++)
        free(t->names[j]);
    free(t->names);
    free(t->positions);
    for (size_t i = 0; i < t->text_count; i++)
        free_text(&t->texts[i]);
    free(t->texts);
    if (t->target != NULL)
        free_text(t->target);
    free(t->target);
    *t = (table){.target_at = SIZE_MAX, .weights_at = SIZE_MAX};
}
