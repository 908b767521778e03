#include "math/tape_steps.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"

typedef struct listing {
    steps *s;
    const tape *t;
    tape_run *run;
    const double *value;
    const char *const *names, *const *outputs;
    size_t *label; /* of each node that has one: v1, v2, ... */
    size_t labels;
} listing;

static ml_status start(listing *l, const double *x, ml_message *why)
{
    l->run = tape_run_new(l->t);
    l->label = memory_zeros(l->t->count, sizeof *l->label);
    if (l->run == NULL || l->label == NULL)
        return ml_fail_memory(why, "the steps", l->t->count * sizeof *l->label);
    for (size_t i = l->t->first_parameter; i < l->t->count; i++)
        l->label[i] = ++l->labels;
    tape_value(l->run, x, NULL);
    l->value = tape_values(l->run);
    return ML_OK;
}

static void end(listing *l)
{
    tape_run_free(l->run);
    free(l->label);
}

/* --- texts --- */

/* "v3", or a constant as it stands, in parentheses where it is negative. */
static const char *node_text(const listing *l, uint32_t node)
{
    if (l->label[node] > 0)
        return steps_print(l->s, "v%zu", l->label[node]);
    const char *text = steps_number(l->s, l->value[node]);
    return text[0] == '-' ? steps_print(l->s, "(%s)", text) : text;
}

/* FORM with # for the operand A, $ for B, @ for the node itself. */
static const char *filled(const listing *l, const char *form, size_t node)
{
    const tape_node *n = l->t->nodes + node;
    buffer b = {0};
    for (const char *p = form; *p != '\0'; p++)
        switch (*p) {
        case '#':
            buffer_string(&b, node_text(l, n->a));
            break;
        case '$':
            buffer_string(&b, node_text(l, n->b));
            break;
        case '@':
            buffer_string(&b, node_text(l, (uint32_t)node));
            break;
        case '%':
            buffer_string(&b, steps_number(l->s, n->k));
            break;
        case '&':
            buffer_string(&b, steps_number(l->s, n->k - 1));
            break;
        default:
            buffer_char(&b, *p);
        }
    if (b.failed)
        steps_fail(l->s);
    const char *text = steps_print(l->s, "%s", buffer_text(&b));
    buffer_free(&b);
    return text;
}

/* Operation, partial derivative by the first operand, by the second.  % is the exponent, & one less. */
static const struct {
    uint32_t op;
    const char *operation, *first, *second;
} forms[] = {
    {TAPE_ADD, "#+$", "1", "1"},
    {TAPE_SUBTRACT, "#-$", "1", "-1"},
    {TAPE_MULTIPLY, "#*$", "$", "#"},
    {TAPE_DIVIDE, "#/$", "1/$", "-@/$"},
    {TAPE_NEGATE, "-#", "-1", NULL},
    {TAPE_SQUARE, "#^2", "2*#", NULL},
    {TAPE_RAISE, "#^%", "%*#^&", NULL},
    {TAPE_POWER, "#^$", "$*#^($-1)", "@*log(#)"},
    {TAPE_ATAN2, "atan2(#, $)", "$/(#^2+$^2)", "-#/(#^2+$^2)"},
    {TAPE_HYPOT, "hypot(#, $)", "#/@", "$/@"},
    {TAPE_MIN, "min(#, $)", NULL, NULL},
    {TAPE_MAX, "max(#, $)", NULL, NULL},
    {TAPE_EQUAL, "# == $", NULL, NULL},
    {TAPE_UNEQUAL, "# != $", NULL, NULL},
    {TAPE_LESS, "# < $", NULL, NULL},
    {TAPE_AT_MOST, "# <= $", NULL, NULL},
};

static const struct {
    expression_function_id id;
    const char *slope;
} slopes[] = {
    {FUNCTION_EXP, "@"},
    {FUNCTION_LOG, "1/#"},
    {FUNCTION_LOG2, "1/(#*log(2))"},
    {FUNCTION_LOG10, "1/(#*log(10))"},
    {FUNCTION_LOG1P, "1/(1+#)"},
    {FUNCTION_EXPM1, "exp(#)"},
    {FUNCTION_SQRT, "1/(2*@)"},
    {FUNCTION_CBRT, "1/(3*@^2)"},
    {FUNCTION_ABS, "sign(#)"},
    {FUNCTION_SIN, "cos(#)"},
    {FUNCTION_COS, "-sin(#)"},
    {FUNCTION_TAN, "(1+@^2)"},
    {FUNCTION_ASIN, "1/sqrt(1-#^2)"},
    {FUNCTION_ACOS, "-1/sqrt(1-#^2)"},
    {FUNCTION_ATAN, "1/(1+#^2)"},
    {FUNCTION_SINH, "cosh(#)"},
    {FUNCTION_COSH, "sinh(#)"},
    {FUNCTION_TANH, "(1-@^2)"},
    {FUNCTION_ASINH, "1/sqrt(#^2+1)"},
    {FUNCTION_ACOSH, "1/sqrt(#^2-1)"},
    {FUNCTION_ATANH, "1/(1-#^2)"},
    {FUNCTION_ERF, "2/sqrt(pi)*exp(-#^2)"},
    {FUNCTION_ERFC, "-2/sqrt(pi)*exp(-#^2)"},
    {FUNCTION_GAMMA, "@*digamma(#)"},
    {FUNCTION_LGAMMA, "digamma(#)"},
    {FUNCTION_DIGAMMA, "trigamma(#)"},
    {FUNCTION_SIGMOID, "@*(1-@)"},
    {FUNCTION_SOFTPLUS, "sigmoid(#)"},
};

static const char *operation_text(const listing *l, size_t node)
{
    const tape_node *n = l->t->nodes + node;
    if (n->op == TAPE_PARAMETER)
        return l->names[n->a];
    if (n->op > TAPE_CALL)
        return steps_print(l->s, "%s(%s)", expression_function_of((int)n->op - TAPE_CALL)->name,
                           node_text(l, n->a));
    if (n->op == TAPE_SELECT)
        return steps_print(l->s, "if(%s, %s, %s)", node_text(l, n->a), node_text(l, n->b),
                           node_text(l, n->c));
    for (size_t i = 0; i < sizeof forms / sizeof *forms; i++)
        if (forms[i].op == n->op)
            return filled(l, forms[i].operation, node);
    return "";
}

/* The partial derivative by operand K in symbols; where a choice was made it is 1 or 0. */
static const char *partial_text(const listing *l, size_t node, unsigned k)
{
    const tape_node *n = l->t->nodes + node;
    const char *form = NULL;
    for (size_t i = 0; i < sizeof forms / sizeof *forms; i++)
        if (forms[i].op == n->op)
            form = k == 0 ? forms[i].first : forms[i].second;
    for (size_t i = 0; n->op > TAPE_CALL && i < sizeof slopes / sizeof *slopes; i++)
        if (slopes[i].id == n->op - TAPE_CALL)
            form = slopes[i].slope;
    return form ? filled(l, form, node) : steps_number(l->s, tape_partial(l->run, node, k));
}

/* "partial*symbol", without a factor 1. */
static const char *term_text(const listing *l, size_t node, unsigned k, const char *symbol)
{
    const char *partial = partial_text(l, node, k);
    if (strcmp(partial, "1") == 0)
        return symbol;
    if (strcmp(partial, "-1") == 0)
        return steps_print(l->s, "-%s", symbol);
    return steps_print(l->s, "%s*%s", partial, symbol);
}

/* Does operand K of the node depend on a parameter, and does the node pass anything on to it? */
static bool passes(const listing *l, size_t node, unsigned k, const uint32_t *of)
{
    bool repeated = k == 1 && of[0] == of[1] && l->t->nodes[node].op == TAPE_SQUARE;
    bool chosen = l->t->nodes[node].op != TAPE_SELECT || tape_partial(l->run, node, k) != 0;
    return l->t->active[of[k]] && !repeated && chosen;
}

/* --- tables --- */

static void add_cell(listing *l, const char ***cells, size_t *count, size_t *capacity, const char *text)
{
    if (!memory_grow(cells, capacity, *count + 1, sizeof **cells)) {
        steps_fail(l->s);
        return;
    }
    (*cells)[(*count)++] = text;
}

static void write_forward_table(listing *l, const double *const *tangents, const size_t *which, size_t count)
{
    const char **cells = NULL, **heads = NULL;
    size_t used = 0, capacity = 0, head_count = 0, head_capacity = 0;
    add_cell(l, &heads, &head_count, &head_capacity, "node");
    add_cell(l, &heads, &head_count, &head_capacity, "operation");
    add_cell(l, &heads, &head_count, &head_capacity, "value");
    for (size_t j = 0; j < count; j++)
        add_cell(l, &heads, &head_count, &head_capacity, steps_print(l->s, "t = d/d%s", l->names[which[j]]));
    add_cell(l, &heads, &head_count, &head_capacity, "rule");
    for (size_t i = l->t->first_parameter; i < l->t->count; i++) {
        uint32_t of[3];
        unsigned operands = tape_operands(l->t, i, of);
        buffer rule = {0};
        add_cell(l, &cells, &used, &capacity, node_text(l, (uint32_t)i));
        add_cell(l, &cells, &used, &capacity, operation_text(l, i));
        add_cell(l, &cells, &used, &capacity, steps_number(l->s, l->value[i]));
        for (size_t j = 0; j < count; j++)
            add_cell(l, &cells, &used, &capacity, steps_number(l->s, l->t->active[i] ? tangents[j][i] : 0));
        for (unsigned k = 0; k < operands; k++)
            if (passes(l, i, k, of)) {
                buffer_string(&rule, rule.size ? " + " : "");
                buffer_string(&rule, term_text(l, i, k, steps_print(l->s, "t(v%zu)", l->label[of[k]])));
            }
        if (rule.failed)
            steps_fail(l->s);
        const char *text = l->t->nodes[i].op == TAPE_PARAMETER ? "seed"
                           : rule.size == 0                    ? "0"
                                                               : buffer_text(&rule);
        add_cell(l, &cells, &used, &capacity, steps_print(l->s, "%s", text));
        buffer_free(&rule);
    }
    if (head_count == 4 + count)
        steps_table(l->s, heads, head_count, used / head_count, cells);
    free(cells);
    free(heads);
}

ml_status tape_steps_forward(steps *s, const tape *t, const double *x, const char *const *names,
                             const char *const *outputs, const size_t *which, size_t count, ml_message *why)
{
    listing l = {.s = s, .t = t, .names = names, .outputs = outputs};
    ml_status status = start(&l, x, why);
    double *all = memory_zeros(count * t->count, sizeof *all),
           *direction = memory_zeros(t->parameters, sizeof *all),
           *out = memory_zeros(t->output_count, sizeof *all);
    const double **tangents = memory_zeros(count, sizeof *tangents);
    if (status == ML_OK && (all == NULL || direction == NULL || out == NULL || tangents == NULL))
        status = ml_fail_memory(why, "the steps", count * t->count * sizeof *all);
    for (size_t j = 0; status == ML_OK && j < count; j++) {
        memset(direction, 0, t->parameters * sizeof *direction);
        direction[which[j]] = 1;
        tape_tangent(l.run, direction, out);
        tangents[j] = memcpy(all + j * t->count, tape_tangents(l.run), t->count * sizeof *all);
    }
    if (status == ML_OK) {
        steps_heading(s, "Forward: each operation with its value and its tangent t");
        write_forward_table(&l, tangents, which, count);
        for (size_t i = 0; i < t->output_count; i++) {
            steps_formula(s, "%s = %s", outputs[i], steps_number(s, l.value[t->outputs[i]]));
            for (size_t j = 0; j < count; j++)
                steps_formula(s, "d(%s)/d%s = %s", outputs[i], names[which[j]],
                              steps_number(s, t->active[t->outputs[i]] ? tangents[j][t->outputs[i]] : 0));
        }
    }
    free(all);
    free(direction);
    free(out);
    free(tangents);
    end(&l);
    return status;
}

static void write_values(listing *l)
{
    const char **cells = NULL;
    size_t used = 0, capacity = 0;
    for (size_t i = l->t->first_parameter; i < l->t->count; i++) {
        add_cell(l, &cells, &used, &capacity, node_text(l, (uint32_t)i));
        add_cell(l, &cells, &used, &capacity, operation_text(l, i));
        add_cell(l, &cells, &used, &capacity, steps_number(l->s, l->value[i]));
    }
    steps_table(l->s, (const char *const[]){"node", "operation", "value"}, 3, used / 3, cells);
    free(cells);
}

/* What the node passes on: "w(v1) += v2*w(v3) = 6, ..." */
static const char *passed_text(const listing *l, size_t node, const double *adjoint)
{
    uint32_t of[3];
    unsigned operands = tape_operands(l->t, node, of);
    buffer b = {0};
    const char *own = steps_print(l->s, "w(v%zu)", l->label[node]);
    for (unsigned k = 0; k < operands; k++)
        if (passes(l, node, k, of)) {
            double d = tape_partial(l->run, node, k);
            buffer_printf(&b, "%sw(v%zu) += %s = %s", b.size ? ", " : "", l->label[of[k]],
                          term_text(l, node, k, own),
                          steps_number(l->s, adjoint[node] == 0 ? 0 : adjoint[node] * d));
        }
    if (b.failed)
        steps_fail(l->s);
    const char *text = steps_print(l->s, "%s", buffer_text(&b));
    buffer_free(&b);
    return text;
}

static void write_reverse_table(listing *l, size_t output, const double *adjoint)
{
    const char **cells = NULL;
    size_t used = 0, capacity = 0;
    for (size_t i = l->t->count; i-- > l->t->first_parameter;) {
        bool parameter = l->t->nodes[i].op == TAPE_PARAMETER;
        if (!l->t->active[i])
            continue;
        add_cell(l, &cells, &used, &capacity, node_text(l, (uint32_t)i));
        add_cell(l, &cells, &used, &capacity, steps_number(l->s, adjoint[i]));
        add_cell(l, &cells, &used, &capacity,
                 parameter ? steps_print(l->s, "d(%s)/d%s", l->outputs[output], l->names[l->t->nodes[i].a])
                           : passed_text(l, i, adjoint));
    }
    steps_table(l->s, (const char *const[]){"node", "adjoint w", "passes on"}, 3, used / 3, cells);
    free(cells);
}

ml_status tape_steps_reverse(steps *s, const tape *t, const double *x, const char *const *names,
                             const char *const *outputs, const size_t *which, size_t count, ml_message *why)
{
    listing l = {.s = s, .t = t, .names = names, .outputs = outputs};
    ml_status status = start(&l, x, why);
    double *gradient = memory_zeros(t->parameters, sizeof *gradient),
           *seed = memory_zeros(t->output_count, sizeof *seed);
    if (status == ML_OK && (gradient == NULL || seed == NULL))
        status = ml_fail_memory(why, "the steps", t->parameters * sizeof *gradient);
    if (status == ML_OK) {
        steps_heading(s, "Forward: each operation with its value");
        write_values(&l);
    }
    for (size_t i = 0; status == ML_OK && i < t->output_count; i++) {
        memset(seed, 0, t->output_count * sizeof *seed);
        seed[i] = 1;
        tape_gradient(l.run, seed, gradient);
        steps_heading(s, "In reverse: adjoints w(v) = d(%s)/dv, from %s = 1 down", outputs[i],
                      steps_print(s, "w(%s)", node_text(&l, t->outputs[i])));
        write_reverse_table(&l, i, tape_adjoints(l.run));
        for (size_t j = 0; j < count; j++)
            steps_formula(s, "d(%s)/d%s = %s", outputs[i], names[which[j]],
                          steps_number(s, gradient[which[j]]));
    }
    free(gradient);
    free(seed);
    end(&l);
    return status;
}
