#include "tool/formula.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"

void formula_free(formula *f)
{
    for (size_t i = 0; i < f->start_count; i++) {
        free(f->starts[i].name);
        gsl_matrix_free(f->starts[i].value);
    }
    free(f->starts);
    free(f->expressions);
    for (size_t v = 0; f->columns != NULL && v < f->variable_count; v++)
        free(f->columns[v]);
    free(f->columns);
    free(f->variables);
    free(f->constants);
    expression_space_free(f->space);
    *f = (formula){0};
}

/* --- operands --- */

/* Does a comma stand outside of all brackets? */
static bool is_list(const char *text)
{
    int depth = 0;
    for (; *text != '\0'; text++) {
        depth += (*text == '(' || *text == '[') - (*text == ')' || *text == ']');
        if (*text == ',' && depth == 0)
            return true;
    }
    return false;
}

/* A row is a list, and a list is a column. */
static ml_status to_column(gsl_matrix **m, ml_message *why)
{
    if ((*m)->size1 != 1 || (*m)->size2 == 1)
        return ML_OK;
    gsl_matrix *turned = gsl_matrix_alloc((*m)->size2, 1);
    if (turned == NULL)
        return ml_fail_memory(why, "a start", (*m)->size2 * sizeof(double));
    gsl_matrix_transpose_memcpy(turned, *m);
    gsl_matrix_free(*m);
    *m = turned;
    return ML_OK;
}

static ml_status check_start(const formula_start *start, ml_message *why)
{
    for (size_t i = 0; i < start->value->size1; i++)
        for (size_t j = 0; j < start->value->size2; j++)
            if (!isfinite(gsl_matrix_get(start->value, i, j)))
                return ml_fail(why, "the value of %.60s is not finite", start->name);
    return ML_OK;
}

static ml_status read_value(formula *f, formula_start *start, const char *text, ml_message *why)
{
    buffer list = {0}, label = {0};
    const expression *e;
    buffer_printf(&label, "the value of %s", start->name);
    buffer_printf(&list, is_list(text) ? "[%s]" : "%s", text);
    ml_status status = list.failed || label.failed ? ml_fail_memory(why, "a start", strlen(text)) : ML_OK;
    if (status == ML_OK)
        status = expression_parse(f->space, buffer_text(&label), buffer_text(&list), &e, why);
    if (status == ML_OK)
        status = tape_constant(f->space, e, &start->value, why);
    if (status == ML_OK)
        status = to_column(&start->value, why);
    if (status == ML_OK)
        status = check_start(start, why);
    buffer_free(&list);
    buffer_free(&label);
    return status;
}

static ml_status add_start(formula *f, const char *name, size_t length, const char *value, ml_message *why)
{
    for (size_t i = 0; i < f->start_count; i++)
        if (strlen(f->starts[i].name) == length && memcmp(f->starts[i].name, name, length) == 0)
            return ml_fail(why, "%.*s has two values", (int)length, name);
    formula_start *start = f->starts + f->start_count;
    start->name = strndup(name, length);
    if (start->name == NULL)
        return ml_fail_memory(why, "a start", length);
    f->start_count++;
    if (value[strspn(value, " \t")] == '\0')
        return ml_fail(why, "%.60s= has no value", start->name);
    return read_value(f, start, value, why);
}

ml_status formula_read(formula *f, const cli_list *definitions, const char *const *operands, size_t count,
                       ml_message *why)
{
    *f = (formula){.space = expression_space_new()};
    f->expressions = memory_array(count, sizeof *f->expressions);
    f->starts = memory_zeros(count, sizeof *f->starts);
    if (f->space == NULL || f->expressions == NULL || f->starts == NULL)
        return ml_fail_memory(why, "the expressions", count * sizeof *f->starts);
    ml_status status = ML_OK;
    for (size_t i = 0; status == ML_OK && i < definitions->count; i++)
        status = expression_define(f->space, definitions->items[i], why);
    for (size_t i = 0; status == ML_OK && i < count; i++) {
        const char *name, *value;
        size_t length;
        if (expression_binding(operands[i], &name, &length, &value))
            status = add_start(f, name, length, value, why);
        else
            status = expression_parse(f->space, NULL, operands[i], &f->expressions[f->count++], why);
    }
    return status;
}

/* --- names --- */

static bool has_start(const formula *f, const char *name)
{
    for (size_t i = 0; i < f->start_count; i++)
        if (strcmp(f->starts[i].name, name) == 0)
            return true;
    return false;
}

static ml_status all_names(const formula *f, const expression *const *more, size_t count, const char ***names,
                           size_t *name_count, ml_message *why)
{
    size_t all = f->count + count;
    const expression **every = memory_array(all, sizeof *every);
    if (every == NULL)
        return ml_fail_memory(why, "names", all * sizeof *every);
    memcpy(every, f->expressions, f->count * sizeof *every);
    if (count > 0)
        memcpy(every + f->count, more, count * sizeof *every);
    ml_status status = expression_names(every, all, names, name_count, why);
    free(every);
    return status;
}

/* pi and e are variables only when they are given a value. */
static bool is_constant(const formula *f, const char *name)
{
    double value;
    return expression_constant(name, &value) && !has_start(f, name);
}

static ml_status check_starts(const formula *f, ml_message *why)
{
    for (size_t i = 0; i < f->start_count; i++) {
        bool used = false;
        for (size_t v = 0; v < f->variable_count; v++)
            used |= strcmp(f->variables[v].name, f->starts[i].name) == 0;
        if (!used && expression_definition(f->space, f->starts[i].name) != NULL)
            return ml_fail(why, "'%.60s' is defined by --let and cannot have a value too", f->starts[i].name);
        if (!used)
            return ml_fail(why, "'%.60s' has a value and is in no expression; equality is written ==",
                           f->starts[i].name);
    }
    return ML_OK;
}

ml_status formula_names(formula *f, const expression *const *more, size_t count, ml_message *why)
{
    const char **names = NULL;
    size_t name_count = 0;
    ml_status status = all_names(f, more, count, &names, &name_count, why);
    if (status != ML_OK)
        return status;
    f->variables = memory_zeros(name_count, sizeof *f->variables);
    f->columns = memory_zeros(name_count, sizeof *f->columns);
    f->constants = memory_zeros(name_count, sizeof *f->constants);
    if (f->variables == NULL || f->columns == NULL || f->constants == NULL)
        status = ml_fail_memory(why, "names", name_count * sizeof *f->variables);
    for (size_t i = 0; status == ML_OK && i < name_count; i++)
        if (is_constant(f, names[i])) {
            f->constants[f->constant_count++] = names[i];
        } else {
            const gsl_matrix *start;
            f->variables[f->variable_count].name = names[i];
            start = formula_start_of(f, f->variable_count);
            f->variables[f->variable_count].rows = start ? start->size1 : 1;
            f->variables[f->variable_count++].columns = start ? start->size2 : 1;
        }
    free(names);
    return status == ML_OK ? check_starts(f, why) : status;
}

const gsl_matrix *formula_start_of(const formula *f, size_t v)
{
    for (size_t i = 0; i < f->start_count; i++)
        if (strcmp(f->starts[i].name, f->variables[v].name) == 0)
            return f->starts[i].value;
    return NULL;
}

bool formula_is_open(const formula *f, size_t v)
{
    return formula_start_of(f, v) == NULL && f->columns[v] == NULL;
}

/* --- columns --- */

static size_t find_column(const char *const *names, size_t count, const char *name)
{
    size_t at = 0;
    while (at < count && strcmp(names[at], name) != 0)
        at++;
    return at;
}

/* The columns FORM makes of NAME and 1, 2, ...: their number, their places into AT (COUNT places). */
static size_t find_series(const char *const *names, size_t count, const char *form, const char *name,
                          size_t *at)
{
    size_t found = 0;
    buffer text = {0};
    for (; found < count; found++) {
        text.size = 0;
        buffer_printf(&text, form, name, found + 1);
        at[found] = text.failed ? count : find_column(names, count, buffer_text(&text));
        if (at[found] == count)
            break;
    }
    buffer_free(&text);
    return found;
}

static ml_status check_single(const char *const *names, size_t count, const char *name, ml_message *why)
{
    size_t first = find_column(names, count, name);
    if (first < count && find_column(names + first + 1, count - first - 1, name) < count - first - 1)
        return ml_fail(why, "two columns are called %.60s", name);
    return ML_OK;
}

static ml_status bind(formula *f, size_t v, const char *const *names, size_t count, bool data,
                      ml_message *why)
{
    tape_variable *x = f->variables + v;
    size_t *at = memory_array(count + 1, sizeof *at), found = 1;
    if (at == NULL)
        return ml_fail_memory(why, "columns", count * sizeof *at);
    at[0] = find_column(names, count, x->name);
    if (check_single(names, count, x->name, why) != ML_OK) {
        free(at);
        return ML_FAIL;
    }
    if (at[0] == count)
        found = find_series(names, count, "%s[%zu]", x->name, at);
    if (found == 0)
        found = find_series(names, count, "%s%zu", x->name, at);
    if (found == 0) {
        free(at);
        return ML_OK;
    }
    x->rows = found;
    x->columns = 1;
    x->data = data;
    x->column = f->columns[v] = at;
    return ML_OK;
}

ml_status formula_bind(formula *f, const char *const *names, size_t count, bool data, size_t *bound,
                       ml_message *why)
{
    ml_status status = ML_OK;
    /* a column called e or pi is that column: its name becomes a variable */
    for (size_t i = 0; i < f->constant_count; i++)
        if (find_column(names, count, f->constants[i]) < count)
            f->variables[f->variable_count++] =
                (tape_variable){.name = f->constants[i], .rows = 1, .columns = 1};
    for (size_t v = 0; status == ML_OK && v < f->variable_count; v++)
        if (formula_is_open(f, v)) {
            status = bind(f, v, names, count, data, why);
            if (bound != NULL)
                *bound += !formula_is_open(f, v);
        }
    return status;
}

/* The largest constant index of NAME in E. */
static size_t largest_index(const expression *e, const char *name)
{
    size_t largest = 0;
    if (e->kind == EXPRESSION_INDEX && e->count == 2 && e->args[0]->kind == EXPRESSION_NAME &&
        strcmp(e->args[0]->text, name) == 0 && e->args[1]->kind == EXPRESSION_NUMBER &&
        e->args[1]->value >= 1 && e->args[1]->value <= TAPE_NODES)
        largest = (size_t)e->args[1]->value;
    for (size_t i = 0; i < e->count; i++) {
        size_t below = largest_index(e->args[i], name);
        largest = below > largest ? below : largest;
    }
    return largest;
}

ml_status formula_open_as_zeros(formula *f, size_t v, const expression *const *more, size_t count,
                                ml_message *why)
{
    size_t rows = 1;
    for (size_t i = 0; i < f->count + count; i++) {
        size_t index =
            largest_index(i < f->count ? f->expressions[i] : more[i - f->count], f->variables[v].name);
        rows = index > rows ? index : rows;
    }
    formula_start *starts = memory_resize(f->starts, f->start_count + 1, sizeof *starts);
    if (starts == NULL)
        return ml_fail_memory(why, "a start", sizeof *starts);
    f->starts = starts;
    starts[f->start_count] = (formula_start){strdup(f->variables[v].name), gsl_matrix_calloc(rows, 1)};
    if (starts[f->start_count].name == NULL || starts[f->start_count].value == NULL) {
        free(starts[f->start_count].name);
        gsl_matrix_free(starts[f->start_count].value);
        return ml_fail_memory(why, "a start", rows * sizeof(double));
    }
    f->start_count++;
    f->variables[v].rows = rows;
    return ML_OK;
}

/* --- parameters --- */

size_t formula_parameters(const formula *f)
{
    size_t count = 0;
    for (size_t v = 0; v < f->variable_count; v++)
        if (!f->variables[v].data)
            count += f->variables[v].rows * f->variables[v].columns;
    return count;
}

void formula_fill(const formula *f, double *x)
{
    for (size_t v = 0; v < f->variable_count; v++) {
        const gsl_matrix *start = formula_start_of(f, v);
        size_t size = f->variables[v].rows * f->variables[v].columns;
        if (f->variables[v].data)
            continue;
        for (size_t i = 0; start != NULL && i < size; i++)
            x[i] = gsl_matrix_get(start, i / start->size2, i % start->size2);
        x += size;
    }
}

static void take_columns(const formula *f, const gsl_matrix *cells, size_t row, double *x)
{
    for (size_t v = 0; v < f->variable_count; v++) {
        const tape_variable *variable = f->variables + v;
        size_t size = variable->data ? 0 : variable->rows * variable->columns;
        for (size_t k = 0; variable->column != NULL && k < size; k++)
            x[k] = gsl_matrix_get(cells, row, variable->column[k]);
        x += size;
    }
}

ml_status formula_points(const formula *f, const gsl_matrix *cells, size_t rows, gsl_matrix **points,
                         ml_message *why)
{
    size_t n = formula_parameters(f);
    *points = gsl_matrix_calloc(rows, n ? n : 1);
    if (*points == NULL)
        return ml_fail_memory(why, "the points", rows * n * sizeof(double));
    for (size_t i = 0; i < rows; i++) {
        formula_fill(f, gsl_matrix_ptr(*points, i, 0));
        take_columns(f, cells, i, gsl_matrix_ptr(*points, i, 0));
    }
    return ML_OK;
}

ml_status formula_parameter_names(const formula *f, char ***names, ml_message *why)
{
    size_t count = formula_parameters(f);
    bool whole = (*names = memory_zeros(count + 1, sizeof **names)) != NULL;
    for (size_t i = 0; whole && i < count; i++) {
        buffer text = {0};
        tape_parameter_name(&text, f->variables, f->variable_count, i);
        (*names)[i] = text.failed ? NULL : strdup(buffer_text(&text));
        whole = (*names)[i] != NULL;
        buffer_free(&text);
    }
    return whole ? ML_OK : ml_fail_memory(why, "names", count * sizeof **names);
}
