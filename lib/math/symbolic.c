#include "math/symbolic.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"

enum { MOST_ORDER = 20 };

typedef struct derivation {
    expression_space *space;
    const char *name;         /* "x", or an entry such as "v[2]" */
    const char *base;         /* the name without its indices */
    const expression **known; /* by id */
    size_t count;
    ml_message *why;
} derivation;

/* --- trees without 0* and 1* --- */

static bool is_number(const expression *e, double value)
{
    return e != NULL && e->kind == EXPRESSION_NUMBER && !e->imaginary && e->value == value;
}

static const expression *number(expression_space *s, double x)
{
    return expression_number(s, x);
}

static const expression *times(expression_space *s, const expression *a, const expression *b)
{
    if (is_number(a, 0) || is_number(b, 1))
        return a;
    if (is_number(b, 0) || is_number(a, 1))
        return b;
    return expression_binary(s, OPERATOR_MULTIPLY, a, b);
}

static const expression *minus_of(expression_space *s, const expression *a)
{
    if (is_number(a, 0))
        return a;
    return a != NULL && a->kind == EXPRESSION_NEGATE ? a->args[0] : expression_negate(s, a);
}

static const expression *plus(expression_space *s, const expression *a, const expression *b)
{
    if (is_number(a, 0))
        return b;
    if (is_number(b, 0))
        return a;
    return expression_binary(s, OPERATOR_ADD, a, b);
}

static const expression *minus(expression_space *s, const expression *a, const expression *b)
{
    if (is_number(b, 0))
        return a;
    return is_number(a, 0) ? minus_of(s, b) : expression_binary(s, OPERATOR_SUBTRACT, a, b);
}

static const expression *over(expression_space *s, const expression *a, const expression *b)
{
    return is_number(a, 0) || is_number(b, 1) ? a : expression_binary(s, OPERATOR_DIVIDE, a, b);
}

static const expression *raised(expression_space *s, const expression *a, const expression *b)
{
    if (is_number(b, 1))
        return a;
    return is_number(b, 0) ? number(s, 1) : expression_binary(s, OPERATOR_POWER, a, b);
}

static const expression *square(expression_space *s, const expression *a)
{
    return raised(s, a, number(s, 2));
}

static const expression *call(expression_space *s, int id, const expression *a)
{
    return expression_call(s, id, a);
}

static const expression *compared(expression_space *s, int op, const expression *a, const expression *b)
{
    return expression_node(s, EXPRESSION_COMPARISON, op, 2, (const expression *[]){a, b}, NULL);
}

static const expression *chosen(expression_space *s, const expression *c, const expression *a,
                                const expression *b)
{
    if (is_number(a, 0) && is_number(b, 0))
        return a;
    return expression_node(s, EXPRESSION_CONDITIONAL, FUNCTION_IF, 3, (const expression *[]){c, a, b}, NULL);
}

/* --- rules --- */

/* f'(u), or NULL when there is no rule. */
static const expression *outer(expression_space *s, const expression *e)
{
    const expression *u = e->args[0], *one = number(s, 1), *two = number(s, 2);
    switch (e->op) {
    case FUNCTION_EXP:
        return e;
    case FUNCTION_EXPM1:
        return call(s, FUNCTION_EXP, u);
    case FUNCTION_LOG:
        return over(s, one, u);
    case FUNCTION_LOG2:
        return over(s, one, times(s, u, call(s, FUNCTION_LOG, two)));
    case FUNCTION_LOG10:
        return over(s, one, times(s, u, call(s, FUNCTION_LOG, number(s, 10))));
    case FUNCTION_LOG1P:
        return over(s, one, plus(s, one, u));
    case FUNCTION_SQRT:
        return over(s, one, times(s, two, e));
    case FUNCTION_CBRT:
        return over(s, one, times(s, number(s, 3), square(s, e)));
    case FUNCTION_ABS:
        return call(s, FUNCTION_SIGN, u);
    case FUNCTION_SIGN:
    case FUNCTION_FLOOR:
    case FUNCTION_CEIL:
        return number(s, 0);
    case FUNCTION_SIN:
        return call(s, FUNCTION_COS, u);
    case FUNCTION_COS:
        return minus_of(s, call(s, FUNCTION_SIN, u));
    case FUNCTION_TAN:
        return over(s, one, square(s, call(s, FUNCTION_COS, u)));
    case FUNCTION_ASIN:
        return over(s, one, call(s, FUNCTION_SQRT, minus(s, one, square(s, u))));
    case FUNCTION_ACOS:
        return minus_of(s, over(s, one, call(s, FUNCTION_SQRT, minus(s, one, square(s, u)))));
    case FUNCTION_ATAN:
        return over(s, one, plus(s, one, square(s, u)));
    case FUNCTION_SINH:
        return call(s, FUNCTION_COSH, u);
    case FUNCTION_COSH:
        return call(s, FUNCTION_SINH, u);
    case FUNCTION_TANH:
        return minus(s, one, square(s, e));
    case FUNCTION_ASINH:
        return over(s, one, call(s, FUNCTION_SQRT, plus(s, square(s, u), one)));
    case FUNCTION_ACOSH:
        return over(
            s, one,
            times(s, call(s, FUNCTION_SQRT, minus(s, u, one)), call(s, FUNCTION_SQRT, plus(s, u, one))));
    case FUNCTION_ATANH:
        return over(s, one, minus(s, one, square(s, u)));
    case FUNCTION_ERF:
    case FUNCTION_ERFC: {
        const expression *d = times(s, number(s, e->op == FUNCTION_ERF ? M_2_SQRTPI : -M_2_SQRTPI),
                                    call(s, FUNCTION_EXP, minus_of(s, square(s, u))));
        return d;
    }
    case FUNCTION_GAMMA:
        return times(s, e, call(s, FUNCTION_DIGAMMA, u));
    case FUNCTION_LGAMMA:
        return call(s, FUNCTION_DIGAMMA, u);
    case FUNCTION_SIGMOID:
        return times(s, e, minus(s, one, e));
    case FUNCTION_SOFTPLUS:
        return call(s, FUNCTION_SIGMOID, u);
    case FUNCTION_RELU:
        return chosen(s, compared(s, OPERATOR_GREATER, u, number(s, 0)), one, number(s, 0));
    default:
        return NULL;
    }
}

static ml_status derive(derivation *d, const expression *e, const expression **out);

static ml_status made(derivation *d, const expression *e, const expression **out)
{
    *out = e;
    return e != NULL ? ML_OK : ml_fail(d->why, "the derivative is too large");
}

static bool depends(const expression *e, const char *name)
{
    const char **names = NULL;
    size_t count = 0;
    bool found = false;
    if (expression_names(&e, 1, &names, &count, NULL) != ML_OK)
        return true;
    for (size_t i = 0; i < count; i++)
        found |= strcmp(names[i], name) == 0;
    free(names);
    return found;
}

/* a^b: b a^(b-1) a' + a^b log(a) b' */
static const expression *power_rule(expression_space *s, const expression *e, const expression *a,
                                    const expression *b, const expression *da, const expression *db)
{
    const expression *less =
        b->kind == EXPRESSION_NUMBER ? number(s, b->value - 1) : minus(s, b, number(s, 1));
    const expression *by_a = is_number(da, 0) ? da : times(s, times(s, b, raised(s, a, less)), da);
    const expression *by_b = is_number(db, 0) ? db : times(s, times(s, e, call(s, FUNCTION_LOG, a)), db);
    return plus(s, by_a, by_b);
}

static const expression *binary_rule(expression_space *s, const expression *e, const expression *da,
                                     const expression *db)
{
    const expression *a = e->args[0], *b = e->args[1];
    switch (e->op) {
    case OPERATOR_ADD:
        return plus(s, da, db);
    case OPERATOR_SUBTRACT:
        return minus(s, da, db);
    case OPERATOR_MULTIPLY:
        return plus(s, times(s, da, b), times(s, a, db));
    case OPERATOR_DIVIDE:
        if (is_number(db, 0))
            return over(s, da, b);
        return over(s, minus(s, times(s, da, b), times(s, a, db)), square(s, b));
    default:
        return power_rule(s, e, a, b, da, db);
    }
}

/* min and max of two and more: the first that is the least, or the greatest */
static ml_status extreme_rule(derivation *d, const expression *e, const expression **out)
{
    expression_space *s = d->space;
    const expression *best = e->args[0], *best_d;
    ml_status status = derive(d, best, &best_d);
    for (size_t i = 1; status == ML_OK && i < e->count; i++) {
        const expression *next;
        status = derive(d, e->args[i], &next);
        if (status != ML_OK)
            break;
        const expression *c =
            compared(s, e->op == FUNCTION_MIN ? OPERATOR_AT_MOST : OPERATOR_AT_LEAST, best, e->args[i]);
        best_d = chosen(s, c, best_d, next);
        best = expression_node(s, EXPRESSION_CALL, e->op, 2, (const expression *[]){best, e->args[i]}, NULL);
        if (best == NULL)
            return made(d, NULL, out);
    }
    return status == ML_OK ? made(d, best_d, out) : status;
}

static const expression *dot_of(expression_space *s, const expression *a, const expression *b)
{
    return expression_node(s, EXPRESSION_CALL, FUNCTION_DOT, 2, (const expression *[]){a, b}, NULL);
}

static ml_status two_rule(derivation *d, const expression *e, const expression **out)
{
    expression_space *s = d->space;
    const expression *a = e->args[0], *b = e->args[1], *da, *db;
    ml_status status = derive(d, a, &da);
    if (status == ML_OK)
        status = derive(d, b, &db);
    if (status != ML_OK)
        return status;
    if (e->op == FUNCTION_POW)
        return made(d, power_rule(s, e, a, b, da, db), out);
    if (e->op == FUNCTION_HYPOT)
        return made(d, over(s, plus(s, times(s, a, da), times(s, b, db)), e), out);
    if (e->op == FUNCTION_ATAN2)
        return made(
            d, over(s, minus(s, times(s, b, da), times(s, a, db)), plus(s, square(s, a), square(s, b))), out);
    const expression *left = is_number(da, 0) ? da : dot_of(s, da, b);
    const expression *right = is_number(db, 0) ? db : dot_of(s, a, db);
    return made(d, plus(s, left, right), out);
}

static ml_status call_rule(derivation *d, const expression *e, const expression **out)
{
    expression_space *s = d->space;
    const expression *inner, *f;
    switch (e->op) {
    case FUNCTION_MIN:
    case FUNCTION_MAX:
        if (e->count > 1)
            return extreme_rule(d, e, out);
        break;
    case FUNCTION_POW:
    case FUNCTION_HYPOT:
    case FUNCTION_ATAN2:
    case FUNCTION_DOT:
        return two_rule(d, e, out);
    case FUNCTION_LENGTH:
        return made(d, number(s, 0), out);
    default:
        break;
    }
    ml_status status = derive(d, e->args[0], &inner);
    if (status != ML_OK)
        return status;
    if (is_number(inner, 0)) /* of a vector too: 0 has no shape */
        return made(d, inner, out);
    if (e->op == FUNCTION_T || e->op == FUNCTION_SUM || e->op == FUNCTION_MEAN)
        return made(d, call(s, e->op, inner), out);
    if (e->op == FUNCTION_NORM && e->count == 1)
        return made(d, over(s, dot_of(s, e->args[0], inner), e), out);
    f = e->count == 1 ? outer(s, e) : NULL;
    if (f == NULL)
        return expression_fail(d->why, e, "%s has no derivative here", expression_function_of(e->op)->name);
    return made(d, times(s, f, inner), out);
}

/* The same node with the derivatives of its arguments FROM on. */
static ml_status through(derivation *d, const expression *e, size_t from, const expression **out)
{
    const expression **args = memory_array(e->count ? e->count : 1, sizeof *args);
    ml_status status = args ? ML_OK : ml_fail_memory(d->why, "a derivative", e->count * sizeof *args);
    for (size_t i = 0; status == ML_OK && i < e->count; i++) {
        args[i] = e->args[i];
        if (i >= from)
            status = derive(d, e->args[i], &args[i]);
    }
    if (status == ML_OK)
        status = made(d, expression_with(d->space, e, args), out);
    free(args);
    return status;
}

/* v[2] or A[1,2]: a name with indices that are numbers */
static bool is_entry(const expression *e)
{
    bool plain = e->args[0]->kind == EXPRESSION_NAME && e->args[0]->level == 0;
    for (size_t i = 1; i < e->count; i++)
        plain = plain && e->args[i]->kind == EXPRESSION_NUMBER;
    return plain;
}

static bool is_called(const expression *e, const char *name)
{
    char text[256];
    int length = e->count > 2 ? snprintf(text, sizeof text, "%s[%.0f,%.0f]", e->args[0]->text,
                                         e->args[1]->value, e->args[2]->value)
                              : snprintf(text, sizeof text, "%s[%.0f]", e->args[0]->text, e->args[1]->value);
    return length < (int)sizeof text && strcmp(text, name) == 0;
}

static ml_status rule(derivation *d, const expression *e, const expression **out)
{
    const expression *da, *db;
    ml_status status;
    if (e->kind == EXPRESSION_NAME)
        return made(d, number(d->space, e->level == 0 && strcmp(e->text, d->name) == 0), out);
    if (e->kind == EXPRESSION_MATRIX)
        return through(d, e, 0, out);
    if (!depends(e, d->base))
        return made(d, number(d->space, 0), out);
    switch (e->kind) {
    case EXPRESSION_NEGATE:
        status = derive(d, e->args[0], &da);
        return status == ML_OK ? made(d, minus_of(d->space, da), out) : status;
    case EXPRESSION_BINARY:
        status = derive(d, e->args[0], &da);
        if (status == ML_OK)
            status = derive(d, e->args[1], &db);
        return status == ML_OK ? made(d, binary_rule(d->space, e, da, db), out) : status;
    case EXPRESSION_CALL:
        return call_rule(d, e, out);
    case EXPRESSION_CONDITIONAL:
        return through(d, e, 1, out);
    case EXPRESSION_SERIES:
        if (e->op == FUNCTION_SUM)
            return through(d, e, 2, out);
        return expression_fail(d->why, e, "the derivative of a product over a name is not known here");
    case EXPRESSION_COMPARISON:
        return made(d, number(d->space, 0), out);
    case EXPRESSION_INDEX:
        if (is_entry(e))
            return made(d, number(d->space, is_called(e, d->name)), out);
        /* fall through */
    default:
        return expression_fail(d->why, e, "the derivative of this with respect to '%.60s' is not known here",
                               d->name);
    }
}

static ml_status derive(derivation *d, const expression *e, const expression **out)
{
    if (e->id < d->count && d->known[e->id] != NULL) {
        *out = d->known[e->id];
        return ML_OK;
    }
    ml_status status = rule(d, e, out);
    if (status == ML_OK && e->id < d->count)
        d->known[e->id] = *out;
    return status;
}

ml_status symbolic_derivative(expression_space *s, const expression *e, const char *name,
                              const expression **out, ml_message *why)
{
    derivation d = {.space = s, .name = name, .count = expression_count(s), .why = why};
    char *base = strndup(name, strcspn(name, "["));
    d.known = memory_zeros(d.count, sizeof *d.known);
    d.base = base;
    ml_status status =
        d.known && base ? derive(&d, e, out) : ml_fail_memory(why, "a derivative", d.count * sizeof *d.known);
    free(base);
    free(d.known);
    return status;
}

/* --- diff(f, x, n) --- */

typedef struct resolution {
    expression_space *space;
    const expression **known;
    size_t count;
    ml_message *why;
} resolution;

static ml_status resolve(resolution *r, const expression *e, const expression **out);

static ml_status resolve_diff(resolution *r, const expression *e, const expression **out)
{
    const expression *f, *x = e->args[1];
    ml_status status = resolve(r, e->args[0], &f);
    if (status != ML_OK)
        return status;
    if (x->kind != EXPRESSION_NAME || x->level > 0)
        return expression_fail(r->why, x, "diff(f, x): x is a variable");
    double order = e->count > 2 && e->args[2]->kind == EXPRESSION_NUMBER ? e->args[2]->value
                   : e->count > 2                                        ? -1
                                                                         : 1;
    if (!(order >= 0 && order <= MOST_ORDER && order == floor(order)))
        return expression_fail(r->why, e->args[2], "diff(f, x, n): n is a whole number up to %d", MOST_ORDER);
    for (int i = 0; status == ML_OK && i < (int)order; i++)
        status = symbolic_derivative(r->space, f, x->text, &f, r->why);
    *out = f;
    return status;
}

static ml_status resolve(resolution *r, const expression *e, const expression **out)
{
    if (e->id < r->count && r->known[e->id] != NULL) {
        *out = r->known[e->id];
        return ML_OK;
    }
    const expression **args = memory_array(e->count ? e->count : 1, sizeof *args);
    bool changed = false;
    ml_status status = args ? ML_OK : ml_fail_memory(r->why, "an expression", e->count * sizeof *args);
    if (status == ML_OK && e->kind == EXPRESSION_CALL && e->op == FUNCTION_DIFF) {
        status = resolve_diff(r, e, out);
    } else {
        for (size_t i = 0; status == ML_OK && i < e->count; i++) {
            status = resolve(r, e->args[i], &args[i]);
            changed |= status == ML_OK && args[i] != e->args[i];
        }
        if (status == ML_OK)
            *out = changed ? expression_with(r->space, e, args) : e;
        if (status == ML_OK && *out == NULL)
            status = ml_fail(r->why, "the expression is too large");
    }
    free(args);
    if (status == ML_OK && e->id < r->count)
        r->known[e->id] = *out;
    return status;
}

ml_status symbolic_resolve(expression_space *s, const expression *e, const expression **out, ml_message *why)
{
    resolution r = {.space = s, .count = expression_count(s), .why = why};
    r.known = memory_zeros(r.count, sizeof *r.known);
    if (r.known == NULL)
        return ml_fail_memory(why, "an expression", r.count * sizeof *r.known);
    ml_status status = resolve(&r, e, out);
    free(r.known);
    return status;
}
