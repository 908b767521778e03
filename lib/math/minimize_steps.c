#include "math/minimize_steps.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"

/* What one variable's lines are made of. */
typedef struct line {
    const minimize_steps *to;
    const minimize_iteration *now;
    size_t i;
    const char *suffix; /* "" for a single variable, else "_x" */
} line;

static const char *text(const line *l, double x)
{
    return steps_number(l->to->s, x);
}

/* A number that follows an operator: negative ones in parentheses. */
static const char *term(const line *l, double x)
{
    const char *t = text(l, x);
    return t[0] == '-' ? steps_print(l->to->s, "(%s)", t) : t;
}

static const minimize_vector *find(const line *l, const char *name)
{
    for (size_t k = 0; k < l->now->vector_count; k++)
        if (strcmp(l->now->vectors[k].name, name) == 0)
            return l->now->vectors + k;
    return NULL;
}

static double after(const line *l, const char *name)
{
    const minimize_vector *v = find(l, name);
    return v != NULL ? v->after[l->i] : (double)NAN;
}

static double before(const line *l, const char *name)
{
    const minimize_vector *v = find(l, name);
    return v != NULL && v->before != NULL ? v->before[l->i] : 0;
}

static const char *vector_text(steps *s, const double *x, size_t n)
{
    buffer b = {0};
    for (size_t i = 0; i < n; i++) {
        buffer_string(&b, n > 1 ? (i ? ", " : "(") : "");
        buffer_string(&b, steps_number(s, x[i]));
    }
    buffer_string(&b, n > 1 ? ")" : "");
    if (b.failed)
        steps_fail(s);
    const char *t = steps_print(s, "%s", buffer_text(&b));
    buffer_free(&b);
    return t;
}

static const char *names_text(const minimize_steps *to)
{
    buffer b = {0};
    size_t n = to->objective->n;
    for (size_t i = 0; i < n; i++)
        buffer_printf(&b, "%s%s", n > 1 ? (i ? ", " : "(") : "", to->names[i]);
    buffer_string(&b, n > 1 ? ")" : "");
    if (b.failed)
        steps_fail(to->s);
    const char *t = steps_print(to->s, "%s", buffer_text(&b));
    buffer_free(&b);
    return t;
}

/* --- first-order updates: one block a variable --- */

/* x <- FROM - STEP = after */
static void write_update(const line *l, const char *step)
{
    const minimize_params *p = l->to->params;
    double from = l->now->before[l->i];
    const char *start = text(l, from);
    if (p->method == MINIMIZE_ADAMW && p->weight_decay != 0)
        start = steps_print(l->to->s, "%s*(1 - %s*%s)", term(l, from), text(l, l->now->rate),
                            text(l, p->weight_decay));
    steps_formula(l->to->s, "%s <- %s - %s = %s", l->to->names[l->i], start, step, text(l, l->now->x[l->i]));
}

static void write_momentum(const line *l)
{
    steps *s = l->to->s;
    const minimize_params *p = l->to->params;
    double g = l->now->used[l->i], b = after(l, "b"), rate = l->now->rate;
    if (l->now->iteration == 1)
        steps_formula(s, "b%s = %s", l->suffix, text(l, b));
    else
        steps_formula(s, "b%s = %s*%s + %s = %s", l->suffix, text(l, p->momentum), term(l, before(l, "b")),
                      term(l, g), text(l, b));
    if (p->method == MINIMIZE_MOMENTUM)
        write_update(l, steps_print(s, "%s*%s", text(l, rate), term(l, b)));
    else
        write_update(l, steps_print(s, "%s*(%s + %s*%s)", text(l, rate), text(l, g), text(l, p->momentum),
                                    term(l, b)));
}

/* NAME = decay*before + (1-decay)*square^2 */
static void write_average(const line *l, const char *name, double decay, double square)
{
    steps_formula(l->to->s, "%s%s = %s*%s + %s*%s^2 = %s", name, l->suffix, text(l, decay),
                  term(l, before(l, name)), text(l, 1 - decay), term(l, square), text(l, after(l, name)));
}

static void write_scaled(const line *l, const char *name)
{
    steps *s = l->to->s;
    double g = l->now->used[l->i], rate = l->now->rate, epsilon = l->to->params->epsilon;
    if (strcmp(name, "s") == 0)
        steps_formula(s, "s%s = %s + %s^2 = %s", l->suffix, text(l, before(l, "s")), term(l, g),
                      text(l, after(l, "s")));
    else
        write_average(l, name, l->to->params->rho, g);
    write_update(l, steps_print(s, "%s*%s/(sqrt(%s) + %s)", text(l, rate), term(l, g),
                                text(l, after(l, name)), text(l, epsilon)));
}

static void write_adadelta(const line *l)
{
    steps *s = l->to->s;
    const minimize_params *p = l->to->params;
    double g = l->now->used[l->i], d = after(l, "d");
    const char *epsilon = text(l, p->epsilon);
    write_average(l, "v", p->rho, g);
    steps_formula(s, "d%s = %s*sqrt(%s + %s)/sqrt(%s + %s) = %s", l->suffix, text(l, g),
                  text(l, before(l, "a")), epsilon, text(l, after(l, "v")), epsilon, text(l, d));
    write_average(l, "a", p->rho, d);
    write_update(l, steps_print(s, "%s*%s", text(l, l->now->rate), term(l, d)));
}

static void write_adam(const line *l)
{
    steps *s = l->to->s;
    const minimize_params *p = l->to->params;
    double g = l->now->used[l->i], m = after(l, "m"), v = after(l, "v");
    const char *power = l->now->iteration > 1 ? steps_print(s, "^%zu", l->now->iteration) : "";
    steps_formula(s, "m%s = %s*%s + %s*%s = %s", l->suffix, text(l, p->beta1), term(l, before(l, "m")),
                  text(l, 1 - p->beta1), term(l, g), text(l, m));
    write_average(l, "v", p->beta2, g);
    steps_formula(s, "m%s^ = %s/(1 - %s%s) = %s", l->suffix, text(l, m), text(l, p->beta1), power,
                  text(l, after(l, "m^")));
    steps_formula(s, "v%s^ = %s/(1 - %s%s) = %s", l->suffix, text(l, v), text(l, p->beta2), power,
                  text(l, after(l, "v^")));
    write_update(l, steps_print(s, "%s*%s/(sqrt(%s) + %s)", text(l, l->now->rate), term(l, after(l, "m^")),
                                text(l, after(l, "v^")), text(l, p->epsilon)));
}

static void write_variable(const line *l)
{
    const minimize_params *p = l->to->params;
    double g = l->now->used[l->i];
    steps_formula(l->to->s, "%s = %s,  g%s = %s", l->to->names[l->i], text(l, l->now->before[l->i]),
                  l->suffix, text(l, g));
    switch (p->method) {
    case MINIMIZE_GD:
        write_update(l, steps_print(l->to->s, "%s*%s", text(l, l->now->rate), term(l, g)));
        break;
    case MINIMIZE_MOMENTUM:
    case MINIMIZE_NESTEROV:
        write_momentum(l);
        break;
    case MINIMIZE_ADAGRAD:
        write_scaled(l, "s");
        break;
    case MINIMIZE_RMSPROP:
        write_scaled(l, "v");
        break;
    case MINIMIZE_ADADELTA:
        write_adadelta(l);
        break;
    default:
        write_adam(l);
    }
}

static void write_first_order(const minimize_steps *to, const minimize_iteration *now)
{
    size_t n = to->objective->n;
    steps_heading(to->s, "step %zu", now->iteration);
    for (size_t i = 0; i < n; i++) {
        line l = {to, now, i, n > 1 ? steps_print(to->s, "_%s", to->names[i]) : ""};
        write_variable(&l);
    }
    steps_formula(to->s, "f = %s", steps_number(to->s, now->value));
}

/* --- methods that search or model --- */

static void write_hessian(const minimize_steps *to, const double *x)
{
    size_t n = to->objective->n;
    if (to->hessian == NULL || n > 12 || to->objective->hessian == NULL ||
        to->objective->hessian(to->objective->context, x, to->hessian, NULL) != ML_OK)
        return;
    const char **cells = memory_array(n * n, sizeof *cells);
    if (cells == NULL) {
        steps_fail(to->s);
        return;
    }
    for (size_t i = 0; i < n * n; i++)
        cells[i] = steps_number(to->s, gsl_matrix_get(to->hessian, i / n, i % n));
    steps_matrix(to->s, "H", n, n, 0, cells);
    free(cells);
}

static void write_search(const minimize_steps *to, const minimize_iteration *now)
{
    steps *s = to->s;
    size_t n = to->objective->n;
    minimize_method m = to->params->method;
    line l = {.to = to, .now = now};
    const minimize_vector *p = find(&l, "p");
    const char *x = names_text(to);
    steps_heading(s, "step %zu", now->iteration);
    if (now->used != NULL)
        steps_formula(s, "%s = %s,  g = %s", x, vector_text(s, now->before, n), vector_text(s, now->used, n));
    if (m == MINIMIZE_NEWTON)
        write_hessian(to, now->before);
    if (isfinite(now->damping) && now->damping > 0)
        steps_formula(s, "lambda = %s", steps_number(s, now->damping));
    if (isfinite(now->radius))
        steps_formula(s, "radius = %s", steps_number(s, now->radius));
    if (p != NULL)
        steps_formula(s, "p = %s%s", m == MINIMIZE_NEWTON ? "-H^-1*g = " : "", vector_text(s, p->after, n));
    if (p != NULL && isfinite(now->rate))
        steps_formula(s, "%s <- %s + %s*p = %s", x, x, steps_number(s, now->rate), vector_text(s, now->x, n));
    else
        steps_formula(s, "%s <- %s", x, vector_text(s, now->x, n));
    steps_formula(s, "f = %s", steps_number(s, now->value));
}

void minimize_steps_write(const minimize_steps *to, const minimize_iteration *now)
{
    if (now->iteration == 0) {
        steps_heading(to->s, "Start");
        steps_formula(to->s, "%s = %s", names_text(to), vector_text(to->s, now->x, to->objective->n));
        steps_formula(to->s, "f = %s", steps_number(to->s, now->value));
    } else if (minimize_first_order(to->params->method) && now->used != NULL &&
               to->params->line_search != MINIMIZE_ARMIJO && to->params->line_search != MINIMIZE_WOLFE) {
        write_first_order(to, now);
    } else {
        write_search(to, now);
    }
}
