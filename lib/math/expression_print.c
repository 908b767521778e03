#include <string.h>

#include "base/number.h"
#include "math/expression.h"
#include "math/expression_internal.h"

/* How tightly a node binds; an operand that binds less gets parentheses. */
enum { COMPARES = 1, ADDS, MULTIPLIES, NEGATES, POWERS, POSTFIX };

static int strength(const expression *e)
{
    switch (e->kind) {
    case EXPRESSION_COMPARISON:
        return COMPARES;
    case EXPRESSION_BINARY:
        return e->op <= OPERATOR_SUBTRACT ? ADDS : e->op <= OPERATOR_DIVIDE ? MULTIPLIES : POWERS;
    case EXPRESSION_NEGATE:
        return NEGATES;
    case EXPRESSION_NUMBER:
        return e->value < 0 || e->text[0] == '-' ? NEGATES : POSTFIX;
    default:
        return POSTFIX;
    }
}

static void print(buffer *out, const expression *e, int least);

static void print_list(buffer *out, const expression *e, size_t from)
{
    for (size_t i = from; i < e->count; i++) {
        if (i > from)
            buffer_string(out, e->kind == EXPRESSION_MATRIX && i % e->columns == 0 ? "; " : ", ");
        print(out, e->args[i], 0);
    }
}

static void print_name(buffer *out, const char *name)
{
    bool plain = expression_starts_name(name[0]);
    for (const char *c = name; *c != '\0'; c++)
        plain = plain && expression_in_name(*c);
    buffer_printf(out, plain ? "%s" : "`%s`", name);
}

/* Sums with blanks around the sign; a*b, a/b and a^b without. */
static void print_binary(buffer *out, const expression *e)
{
    int own = strength(e);
    bool right_alone = e->op == OPERATOR_SUBTRACT || e->op == OPERATOR_DIVIDE;
    if (e->op == OPERATOR_POWER) {
        print(out, e->args[0], POSTFIX);
        buffer_char(out, '^');
        print(out, e->args[1], POWERS);
        return;
    }
    print(out, e->args[0], own);
    buffer_printf(out, own == MULTIPLIES ? "%s" : " %s ", expression_operator_text(e->op));
    /* a*(b*c) is not (a*b)*c to the last bit, so the grouping is kept. */
    print(out, e->args[1], right_alone || own >= ADDS ? own + 1 : own);
}

static void print_call(buffer *out, const expression *e)
{
    if (e->op == FUNCTION_T) {
        print(out, e->args[0], POSTFIX);
        buffer_char(out, '\'');
        return;
    }
    buffer_printf(out, "%s(", expression_function_of(e->op)->name);
    print_list(out, e, 0);
    buffer_char(out, ')');
}

static void print_series(buffer *out, const expression *e)
{
    buffer_printf(out, "%s(", expression_function_of(e->op)->name);
    print_name(out, e->text);
    buffer_string(out, ", ");
    print_list(out, e, 0);
    buffer_char(out, ')');
}

static void print_bracketed(buffer *out, const expression *e, size_t from)
{
    buffer_char(out, '[');
    print_list(out, e, from);
    buffer_char(out, ']');
}

static void print_node(buffer *out, const expression *e)
{
    switch (e->kind) {
    case EXPRESSION_NUMBER:
        buffer_printf(out, "%s%s", e->text, e->imaginary ? "i" : "");
        break;
    case EXPRESSION_NAME:
        print_name(out, e->text);
        break;
    case EXPRESSION_INDEX:
        print(out, e->args[0], POSTFIX);
        print_bracketed(out, e, 1);
        break;
    case EXPRESSION_CALL:
        print_call(out, e);
        break;
    case EXPRESSION_NEGATE:
        buffer_char(out, '-');
        print(out, e->args[0], NEGATES);
        break;
    case EXPRESSION_COMPARISON:
        print(out, e->args[0], ADDS);
        buffer_printf(out, " %s ", expression_operator_text(e->op));
        print(out, e->args[1], ADDS);
        break;
    case EXPRESSION_BINARY:
        print_binary(out, e);
        break;
    case EXPRESSION_MATRIX:
        print_bracketed(out, e, 0);
        break;
    case EXPRESSION_SERIES:
        print_series(out, e);
        break;
    case EXPRESSION_CONDITIONAL:
        buffer_string(out, "if(");
        print_list(out, e, 0);
        buffer_char(out, ')');
        break;
    }
}

static void print(buffer *out, const expression *e, int least)
{
    bool brackets = strength(e) < least;
    if (brackets)
        buffer_char(out, '(');
    print_node(out, e);
    if (brackets)
        buffer_char(out, ')');
}

void expression_print(buffer *out, const expression *e)
{
    print(out, e, 0);
}
