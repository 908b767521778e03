#include "tool/conditions.h"

#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "tool/names.h"

void conditions_free(conditions *c)
{
    free(c->expressions);
    free(c->written);
    names_free(c->texts);
    names_free(c->names);
    free(c->order);
    tape_free(c->tape);
    *c = (conditions){0};
}

static ml_status parse(expression_space *space, const char *text, const expression **out, bool *equality,
                       ml_message *why)
{
    const expression *e;
    ml_status status = expression_parse(space, "--subject-to", text, &e, why);
    if (status != ML_OK)
        return status;
    if (e->kind != EXPRESSION_COMPARISON || e->op == OPERATOR_UNEQUAL)
        return expression_fail(why, e, "a constraint is A == B, A <= B or A >= B");
    bool turned = e->op == OPERATOR_GREATER || e->op == OPERATOR_AT_LEAST;
    const expression *plus = e->args[turned], *minus = e->args[!turned];
    bool zero = minus->kind == EXPRESSION_NUMBER && minus->value == 0;
    *equality = e->op == OPERATOR_EQUAL;
    *out = zero ? plus : expression_binary(space, OPERATOR_SUBTRACT, plus, minus);
    return *out ? ML_OK : ml_fail(why, "--subject-to '%.100s': the expression is too deep", text);
}

static ml_status add(conditions *c, const expression *e, const char *text, size_t written, ml_message *why)
{
    c->expressions[c->count] = e;
    c->written[c->count] = written;
    c->texts[c->count] = strdup(text);
    return c->texts[c->count++] ? ML_OK : ml_fail_memory(why, "constraints", strlen(text));
}

/* In two rounds: equalities, then inequalities. */
ml_status conditions_read(conditions *c, expression_space *space, const cli_list *list, ml_message *why)
{
    *c = (conditions){.expressions = memory_zeros(list->count, sizeof *c->expressions),
                      .written = memory_zeros(list->count, sizeof *c->written),
                      .texts = memory_zeros(list->count + 1, sizeof *c->texts)};
    if (c->expressions == NULL || c->written == NULL || c->texts == NULL)
        return ml_fail_memory(why, "constraints", list->count * sizeof *c->expressions);
    ml_status status = ML_OK;
    for (int equal = 1; equal >= 0; equal--)
        for (size_t i = 0; status == ML_OK && i < list->count; i++) {
            const expression *e = NULL;
            bool equality = false;
            status = parse(space, list->items[i], &e, &equality, why);
            if (status == ML_OK && equality == (equal == 1)) {
                status = add(c, e, list->items[i], i, why);
                c->equal += equality;
            }
        }
    return status;
}

static size_t entries(const conditions *c, size_t i)
{
    return c->tape->roots[i].rows * c->tape->roots[i].columns;
}

static ml_status name_outputs(conditions *c, ml_message *why)
{
    size_t at = 0;
    for (size_t i = 0; i < c->count; i++)
        for (size_t k = 0; k < entries(c, i); k++) {
            buffer b = {0};
            buffer_string(&b, c->texts[i]);
            if (entries(c, i) > 1)
                buffer_printf(&b, " [%zu]", k + 1);
            c->names[at] = b.failed ? NULL : strdup(buffer_text(&b));
            buffer_free(&b);
            if (c->names[at++] == NULL)
                return ml_fail_memory(why, "constraints", 1);
        }
    return ML_OK;
}

/* Outputs by where their condition was written. */
static void arrange(conditions *c)
{
    size_t place = 0;
    for (size_t written = 0; written < c->count; written++) {
        size_t at = 0;
        for (size_t i = 0; i < c->count; at += entries(c, i++))
            for (size_t k = 0; c->written[i] == written && k < entries(c, i); k++)
                c->order[place++] = at + k;
    }
}

ml_status conditions_compile(conditions *c, const formula *f, ml_message *why)
{
    ml_status status =
        tape_new(f->space, c->expressions, c->count, f->variables, f->variable_count, &c->tape, why);
    if (status != ML_OK)
        return status;
    for (size_t i = 0; i < c->tape->output_count; i++)
        if (c->tape->outputs[i] < c->tape->columns || c->tape->outputs[i] >= c->tape->first_of_rows)
            return ml_fail(why, "a constraint cannot use columns of the data");
    c->numbers = c->tape->output_count;
    for (size_t i = 0; i < c->equal; i++)
        c->equalities += entries(c, i);
    c->names = memory_zeros(c->numbers + 1, sizeof *c->names);
    c->order = memory_zeros(c->numbers, sizeof *c->order);
    if (c->names == NULL || c->order == NULL)
        return ml_fail_memory(why, "constraints", c->numbers * sizeof *c->names);
    arrange(c);
    return name_outputs(c, why);
}
