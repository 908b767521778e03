#include "math/matrix_cell.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/number.h"
#include "math/matrix_evaluate.h"
#include "math/rational.h"

enum { MOST_CONSTANT = 400 };

static void trim(const char **text, size_t *length)
{
    while (*length > 0 && (**text == ' ' || **text == '\t')) {
        (*text)++;
        (*length)--;
    }
    while (*length > 0 && ((*text)[*length - 1] == ' ' || (*text)[*length - 1] == '\t'))
        (*length)--;
}

/* Where the imaginary part of 1+2i begins: its sign, which is not that of an exponent. */
static size_t split(const char *text, size_t length)
{
    for (size_t k = length; k-- > 1;)
        if ((text[k] == '+' || text[k] == '-') && text[k - 1] != 'e' && text[k - 1] != 'E')
            return k;
    return 0;
}

/* Its value as a new one: a number without sign, "+" or "-" stands for 1. */
static const matrix_value *read_part(matrix_space *s, const char *text, size_t length)
{
    number n;
    const char *one = length == 1 && *text == '-' ? "-1" : "1";
    bool bare = length == 0 || (length == 1 && (*text == '+' || *text == '-'));
    text = bare ? one : text;
    length = bare ? strlen(one) : length;
    if (number_read(text, length, &n) != NUMBER_OK || n.form == NUMBER_NONFINITE)
        return NULL;
    fmpq_t q;
    fmpq_init(q);
    bool rational = rational_read(text, length, q) == NUMBER_OK;
    const matrix_value *value = !s->exact  ? matrix_number(s, n.value, 0)
                                : rational ? matrix_rational(s, q)
                                           : NULL;
    fmpq_clear(q);
    return value;
}

/* 1+2i, blanks round the sign allowed; NULL when it is none (or memory is out). */
static matrix_value *read_complex(matrix_space *s, const char *text, size_t length)
{
    char plain[200];
    size_t count = 0;
    bool closed;
    for (size_t k = 0; k < length; k++)
        if (text[k] != ' ' && text[k] != '\t') {
            if (count == sizeof plain)
                return NULL;
            plain[count++] = text[k];
        }
    if (count == 0 || plain[count - 1] != 'i')
        return NULL;
    size_t at = split(plain, count);
    const matrix_value *re = at > 0 ? read_part(s, plain, at) : matrix_whole(s, 0);
    const matrix_value *im = read_part(s, plain + at, count - 1 - at);
    if (re == NULL || im == NULL)
        return NULL;
    const matrix_value *unit =
        s->exact ? matrix_exact_roots(s, matrix_whole(s, -1), &closed) : matrix_number(s, 0, 1);
    if (!s->exact)
        return matrix_number(s, gsl_matrix_get(re->re, 0, 0), gsl_matrix_get(im->re, 0, 0));
    return unit ? matrix_sum(s, re, matrix_scale(s, im, unit), false) : NULL;
}

/* 3*sqrt(5), pi/4: an expression without names.  What could be a date or a range is none. */
static matrix_cell_status read_constant(matrix_space *s, const char *text, size_t length,
                                        matrix_value **value)
{
    char *copy = length < MOST_CONSTANT ? strndup(text, length) : NULL;
    if (copy == NULL || *copy == '\0' ||
        (strpbrk(copy, "(*^") == NULL && strstr(copy, "pi") == NULL && copy[strlen(copy) - 1] != 'i')) {
        free(copy);
        return MATRIX_CELL_BAD;
    }
    expression_space *space = expression_space_new();
    const expression *e;
    matrix_results results;
    bool parsed = space != NULL && expression_parse(space, NULL, copy, &e, NULL) == ML_OK &&
                  e->kind != EXPRESSION_COMPARISON;
    matrix_scope scope = {.space = s, .nodes = space ? expression_count(space) : 0, .exact = s->exact};
    bool good = parsed && matrix_evaluate(&scope, e, &results, NULL) == ML_OK && results.count == 1 &&
                matrix_is_scalar(results.parts[0].value) && !results.parts[0].value->identity;
    if (good)
        *value = matrix_cut(s, results.parts[0].value, 0, 0, 1, 1);
    expression_space_free(space);
    free(copy);
    if (good && s->exact && *value != NULL && !matrix_is_exact(*value))
        return MATRIX_CELL_IRRATIONAL;
    return good ? MATRIX_CELL_OK : parsed && s->exact ? MATRIX_CELL_IRRATIONAL : MATRIX_CELL_BAD;
}

matrix_cell_status matrix_cell_read(matrix_space *s, const char *text, size_t length, matrix_value **value)
{
    number n;
    *value = NULL;
    trim(&text, &length);
    if (number_read(text, length, &n) == NUMBER_OK) {
        if (n.form == NUMBER_NONFINITE)
            return MATRIX_CELL_INFINITE;
        fmpq_t q;
        fmpq_init(q);
        bool rational = rational_read(text, length, q) == NUMBER_OK;
        *value = rational ? matrix_rational(s, q) : matrix_number(s, n.value, 0);
        fmpq_clear(q);
        return rational || !s->exact ? MATRIX_CELL_OK : MATRIX_CELL_IRRATIONAL;
    }
    if ((*value = read_complex(s, text, length)) != NULL)
        return MATRIX_CELL_OK;
    return read_constant(s, text, length, value);
}

bool matrix_cell_is_number(const char *text, size_t length)
{
    matrix_space s = {0};
    matrix_value *value;
    matrix_cell_status status = matrix_cell_read(&s, text, length, &value);
    matrix_free_all(&s);
    return status == MATRIX_CELL_OK || status == MATRIX_CELL_INFINITE;
}

/* Entry (I, J) of A, which is made wider when that is complex or has roots. */
static bool put_entry(matrix_space *s, matrix_value **a, size_t i, size_t j, const matrix_value *x)
{
    bool wider = (x->im != NULL && (*a)->im == NULL) || (x->surds != NULL && (*a)->surds == NULL);
    if (wider) {
        matrix_value *other = matrix_like(s, (*a)->rows, (*a)->columns, *a, x);
        if (other == NULL)
            return false;
        matrix_put(other, 0, 0, *a);
        *a = other;
    }
    matrix_put(*a, i, j, x);
    return true;
}

/* Large tables are read without a value for each cell. */
static bool put_plain(matrix_value *a, size_t i, size_t j, const char *text, size_t length)
{
    number n;
    if (matrix_is_exact(a) || number_read(text, length, &n) != NUMBER_OK || n.form == NUMBER_NONFINITE)
        return false;
    matrix_set(a, i, j, n.value);
    return true;
}

ml_status matrix_of_cells(matrix_space *s, size_t rows, size_t columns, matrix_cell_text *text, void *context,
                          matrix_value **value, size_t *bad, const char **problem, ml_message *why)
{
    static const char *const problems[] = {"", "is not a number", "is not finite",
                                           "is no sum of roots: --exact does not take it"};
    matrix_value *a = matrix_new(s, rows, columns, false, true);
    bool good = a != NULL;
    for (size_t i = 0; good && i < rows; i++)
        for (size_t j = 0; good && j < columns; j++) {
            size_t length;
            const char *cell = text(context, i, j, &length);
            if (put_plain(a, i, j, cell, length))
                continue;
            matrix_space own = {.exact = s->exact};
            matrix_value *x;
            matrix_cell_status status = matrix_cell_read(&own, cell, length, &x);
            good = status != MATRIX_CELL_OK || (x != NULL && put_entry(s, &a, i, j, x));
            matrix_free_all(&own);
            if (status != MATRIX_CELL_OK) {
                *bad = i * columns + j;
                *problem = problems[status];
                return ML_NO;
            }
        }
    *value = a;
    return good ? ML_OK : ml_fail_memory(why, "a matrix", rows * columns * sizeof(double));
}
