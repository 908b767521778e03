#include "math/tape_tree.h"

#include <stdlib.h>

#include "base/memory.h"

typedef struct planting {
    const tape *t;
    expression_space *space;
    const tape_variable *variables;
    size_t variable_count;
    const expression **known; /* of each node */
} planting;

/* "x", "v[2]" as the parser reads it */
static const expression *parameter(const planting *p, size_t index)
{
    buffer name = {0};
    const expression *e = NULL;
    tape_parameter_name(&name, p->variables, p->variable_count, index);
    if (!name.failed && expression_parse(p->space, NULL, buffer_text(&name), &e, NULL) != ML_OK)
        e = NULL;
    buffer_free(&name);
    return e;
}

static const expression *of_two(const planting *p, int id, const expression *a, const expression *b)
{
    return expression_node(p->space, EXPRESSION_CALL, id, 2, (const expression *[]){a, b}, NULL);
}

static const expression *compared(const planting *p, int op, const expression *a, const expression *b)
{
    return expression_node(p->space, EXPRESSION_COMPARISON, op, 2, (const expression *[]){a, b}, NULL);
}

static const expression *plant(const planting *p, size_t i)
{
    const tape_node *n = p->t->nodes + i;
    const expression *a = p->known[n->a], *b = p->known[n->b];
    expression_space *s = p->space;
    switch (n->op) {
    case TAPE_CONSTANT:
        return n->k < 0 ? expression_negate(s, expression_number(s, -n->k)) : expression_number(s, n->k);
    case TAPE_PARAMETER:
        return parameter(p, n->a);
    case TAPE_ADD:
        return expression_binary(s, OPERATOR_ADD, a, b);
    case TAPE_SUBTRACT:
        return expression_binary(s, OPERATOR_SUBTRACT, a, b);
    case TAPE_MULTIPLY:
        return expression_binary(s, OPERATOR_MULTIPLY, a, b);
    case TAPE_DIVIDE:
        return expression_binary(s, OPERATOR_DIVIDE, a, b);
    case TAPE_NEGATE:
        return expression_negate(s, a);
    case TAPE_SQUARE:
        return expression_binary(s, OPERATOR_POWER, a, expression_number(s, 2));
    case TAPE_RAISE:
        return expression_binary(s, OPERATOR_POWER, a,
                                 n->k < 0 ? expression_negate(s, expression_number(s, -n->k))
                                          : expression_number(s, n->k));
    case TAPE_POWER:
        return expression_binary(s, OPERATOR_POWER, a, b);
    case TAPE_ATAN2:
        return of_two(p, FUNCTION_ATAN2, a, b);
    case TAPE_HYPOT:
        return of_two(p, FUNCTION_HYPOT, a, b);
    case TAPE_MIN:
        return of_two(p, FUNCTION_MIN, a, b);
    case TAPE_MAX:
        return of_two(p, FUNCTION_MAX, a, b);
    case TAPE_EQUAL:
        return compared(p, OPERATOR_EQUAL, a, b);
    case TAPE_UNEQUAL:
        return compared(p, OPERATOR_UNEQUAL, a, b);
    case TAPE_LESS:
        return compared(p, OPERATOR_LESS, a, b);
    case TAPE_AT_MOST:
        return compared(p, OPERATOR_AT_MOST, a, b);
    case TAPE_SELECT:
        return expression_node(s, EXPRESSION_CONDITIONAL, FUNCTION_IF, 3,
                               (const expression *[]){a, b, p->known[n->c]}, NULL);
    default:
        return expression_call(s, (int)n->op - TAPE_CALL, a);
    }
}

ml_status tape_trees(const tape *t, expression_space *s, const tape_variable *variables,
                     size_t variable_count, const expression **trees, ml_message *why)
{
    planting p = {t, s, variables, variable_count, memory_zeros(t->count, sizeof *p.known)};
    ml_status status = p.known ? ML_OK : ml_fail_memory(why, "an expression", t->count * sizeof *p.known);
    for (size_t i = 0; status == ML_OK && i < t->count; i++)
        if ((p.known[i] = plant(&p, i)) == NULL)
            status = expression_failed(s) ? ml_fail_memory(why, "an expression", t->count * sizeof *p.known)
                                          : ml_fail(why, "the expression is too deep when it is written out");
    for (size_t i = 0; status == ML_OK && i < t->output_count; i++)
        trees[i] = p.known[t->outputs[i]];
    free(p.known);
    return status;
}
