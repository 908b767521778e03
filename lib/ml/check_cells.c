#include "ml/check_cells.h"

#include <math.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "base/number.h"
#include "math/rational.h"
#include "ml/check_value.h"

enum { MOST_CONSTANT = 200 };

/* --- a cell --- */

static void trim(const char **text, size_t *length)
{
    while (*length > 0 && (**text == ' ' || **text == '\t')) {
        (*text)++;
        (*length)--;
    }
    while (*length > 0 && ((*text)[*length - 1] == ' ' || (*text)[*length - 1] == '\t'))
        (*length)--;
}

/* 3*sqrt(5), pi/4: an expression without names.  What could be a date or a range is none. */
static bool read_constant(check_cell *cell, const char *text, size_t length)
{
    char *copy = length < MOST_CONSTANT ? strndup(text, length) : NULL;
    if (copy == NULL || (strpbrk(copy, "(*^") == NULL && strstr(copy, "pi") == NULL)) {
        free(copy);
        return false;
    }
    expression_space *space = expression_space_new();
    ball_space balls = {0};
    const expression *e;
    const ball *b;
    bool good = space != NULL && expression_parse(space, NULL, copy, &e, NULL) == ML_OK &&
                e->kind != EXPRESSION_COMPARISON;
    check_scope scope = {.balls = &balls, .nodes = space ? expression_count(space) : 0};
    good = good && check_value_of(&scope, e, &b, NULL, NULL) == ML_OK && b->x->size1 == 1 &&
           b->x->size2 == 1 && !b->identity && isfinite(gsl_matrix_get(b->x, 0, 0));
    if (good) {
        cell->value = gsl_matrix_get(b->x, 0, 0);
        fmpq_init(cell->rational);
        cell->is_rational = b->q != NULL;
        if (b->q != NULL)
            fmpq_set(cell->rational, fmpq_mat_entry(b->q, 0, 0));
    }
    ball_free_all(&balls);
    expression_space_free(space);
    free(copy);
    return good;
}

bool check_cell_read(check_cell *cell, const char *text, size_t length)
{
    number n;
    *cell = (check_cell){0};
    trim(&text, &length);
    if (number_read(text, length, &n) != NUMBER_OK)
        return read_constant(cell, text, length);
    cell->value = n.value;
    cell->half = n.half_unit;
    fmpq_init(cell->rational);
    cell->is_rational = rational_read(text, length, cell->rational) == NUMBER_OK;
    return true;
}

void check_cell_free(check_cell *cell)
{
    fmpq_clear(cell->rational);
}

bool check_cell_is_number(const char *text, size_t length)
{
    check_cell cell;
    bool is = check_cell_read(&cell, text, length);
    if (is)
        check_cell_free(&cell);
    return is;
}

/* --- a table --- */

/* Only what was written is read: a ball without uncertain cells is exact. */
static bool set_entry(ball *b, size_t i, size_t j, check_cell *cell, bool answer)
{
    gsl_matrix_set(b->x, i, j, cell->value);
    b->scale = fmax(b->scale, fabs(cell->value));
    if (b->q != NULL && cell->is_rational)
        fmpq_swap(fmpq_mat_entry(b->q, (slong)i, (slong)j), cell->rational);
    else
        ball_drop_rationals(b);
    if (!answer || cell->half == 0)
        return true;
    if (b->r == NULL && (b->r = gsl_matrix_calloc(b->x->size1, b->x->size2)) == NULL)
        return false;
    b->written = true;
    gsl_matrix_set(b->r, i, j, cell->half);
    return true;
}

const ball *check_cells_ball(ball_space *s, size_t rows, size_t columns, check_cell_text *text, void *context,
                             bool answer, bool always_rational, size_t *bad)
{
    *bad = SIZE_MAX;
    bool rational = always_rational || rows * columns <= CHECK_CELLS_RATIONAL;
    ball *b = ball_zeros(s, rows, columns, rational);
    for (size_t i = 0; b != NULL && i < rows; i++)
        for (size_t j = 0; j < columns; j++) {
            size_t length;
            const char *cell_text = text(context, i, j, &length);
            check_cell cell;
            if (!check_cell_read(&cell, cell_text, length)) {
                *bad = i * columns + j;
                return NULL;
            }
            bool made = set_entry(b, i, j, &cell, answer);
            check_cell_free(&cell);
            if (!made)
                return NULL;
        }
    return b;
}
