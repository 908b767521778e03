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

static double number_of(const line *l, const char *name)
{
    for (size_t k = 0; k < l->now->number_count; k++)
        if (strcmp(l->now->numbers[k].name, name) == 0)
            return l->now->numbers[k].value;
    return (double)NAN;
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

/* b^t, t being left out when it is 1. */
static const char *power_text(const line *l, double b)
{
    const char *base = text(l, b);
    return l->now->iteration > 1 ? steps_print(l->to->s, "%s^%zu", base, l->now->iteration) : base;
}

/* m = b1*before + (1-b1)*g */
static void write_mean(const line *l)
{
    double b1 = l->to->params->beta1;
    steps_formula(l->to->s, "m%s = %s*%s + %s*%s = %s", l->suffix, text(l, b1), term(l, before(l, "m")),
                  text(l, 1 - b1), term(l, l->now->used[l->i]), text(l, after(l, "m")));
}

/* NAME^ = FROM/(1 - b^t) */
static void write_hat(const line *l, const char *name, const char *hat, double from, double b)
{
    steps_formula(l->to->s, "%s%s^ = %s/(1 - %s) = %s", name, l->suffix, text(l, from), power_text(l, b),
                  text(l, after(l, hat)));
}

static void write_hats_ratio(const line *l)
{
    write_update(l, steps_print(l->to->s, "%s*%s/(sqrt(%s) + %s)", text(l, l->now->rate),
                                term(l, after(l, "m^")), text(l, after(l, "v^")),
                                text(l, l->to->params->epsilon)));
}

static void write_adam(const line *l)
{
    const minimize_params *p = l->to->params;
    bool most = p->method == MINIMIZE_AMSGRAD;
    write_mean(l);
    write_average(l, "v", p->beta2, l->now->used[l->i]);
    if (most)
        steps_formula(l->to->s, "vmax%s = max(%s, %s) = %s", l->suffix, text(l, before(l, "vmax")),
                      text(l, after(l, "v")), text(l, after(l, "vmax")));
    write_hat(l, "m", "m^", after(l, "m"), p->beta1);
    write_hat(l, "v", "v^", after(l, most ? "vmax" : "v"), p->beta2);
    write_hats_ratio(l);
}

static void write_adamax(const line *l)
{
    steps *s = l->to->s;
    const minimize_params *p = l->to->params;
    write_mean(l);
    steps_formula(s, "u%s = max(%s*%s, abs(%s) + %s) = %s", l->suffix, text(l, p->beta2),
                  text(l, before(l, "u")), text(l, l->now->used[l->i]), text(l, p->epsilon),
                  text(l, after(l, "u")));
    write_hat(l, "m", "m^", after(l, "m"), p->beta1);
    write_update(l, steps_print(s, "%s*%s/%s", text(l, l->now->rate), term(l, after(l, "m^")),
                                text(l, after(l, "u"))));
}

static void write_nadam(const line *l)
{
    steps *s = l->to->s;
    const minimize_params *p = l->to->params;
    double g = l->now->used[l->i], mu = number_of(l, "mu_t");
    write_mean(l);
    write_average(l, "v", p->beta2, g);
    steps_formula(s, "m%s^ = %s*%s/(1 - %s) + (1 - %s)*%s/(1 - %s) = %s", l->suffix,
                  text(l, number_of(l, "mu_t+1")), term(l, after(l, "m")),
                  text(l, number_of(l, "product_t+1")), text(l, mu), term(l, g),
                  text(l, number_of(l, "product_t")), text(l, after(l, "m^")));
    write_hat(l, "v", "v^", after(l, "v"), p->beta2);
    write_hats_ratio(l);
}

static void write_radam(const line *l)
{
    steps *s = l->to->s;
    const minimize_params *p = l->to->params;
    double r = number_of(l, "r");
    write_mean(l);
    write_average(l, "v", p->beta2, l->now->used[l->i]);
    write_hat(l, "m", "m^", after(l, "m"), p->beta1);
    const char *step = steps_print(s, "%s*%s", text(l, l->now->rate), term(l, after(l, "m^")));
    if (!isnan(r))
        step = steps_print(s, "%s*%s*sqrt(1 - %s)/(sqrt(%s) + %s)", step, text(l, r), power_text(l, p->beta2),
                           text(l, after(l, "v")), text(l, p->epsilon));
    write_update(l, step);
}

static void write_rprop(const line *l)
{
    steps *s = l->to->s;
    const minimize_params *p = l->to->params;
    double g = l->now->used[l->i], kept = after(l, "g"), last = before(l, "g"), length = after(l, "s");
    if (g != 0 && kept == 0) {
        steps_formula(s, "s%s = max(%s*%s, %s) = %s", l->suffix, text(l, before(l, "s")),
                      text(l, p->eta_minus), text(l, p->least_step), text(l, length));
        steps_text(s,
                   "The derivative by %s changed its sign: %s stays, and the next sign counts as the first.",
                   l->to->names[l->i], l->to->names[l->i]);
        return;
    }
    if (g != 0 && last != 0)
        steps_formula(s, "s%s = min(%s*%s, %s) = %s", l->suffix, text(l, before(l, "s")),
                      text(l, p->eta_plus), text(l, p->most_step), text(l, length));
    else
        steps_formula(s, "s%s = %s", l->suffix, text(l, length));
    write_update(l, g < 0 ? steps_print(s, "(-1)*%s", text(l, length)) : text(l, g > 0 ? length : 0));
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
    case MINIMIZE_ADAMAX:
        write_adamax(l);
        break;
    case MINIMIZE_NADAM:
        write_nadam(l);
        break;
    case MINIMIZE_RADAM:
        write_radam(l);
        break;
    case MINIMIZE_RPROP:
        write_rprop(l);
        break;
    default:
        write_adam(l);
    }
}

/* What is the same for all variables: nadam's mu and radam's rho and r. */
static void write_numbers(const minimize_steps *to, const minimize_iteration *now)
{
    const minimize_params *p = to->params;
    line l = {.to = to, .now = now};
    size_t t = now->iteration;
    if (p->method == MINIMIZE_NADAM) {
        for (size_t k = 0; k < 2; k++)
            steps_formula(to->s, "mu_%zu = %s*(1 - 0.5*0.96^(%zu*%s)) = %s", t + k, text(&l, p->beta1), t + k,
                          text(&l, p->momentum_decay), text(&l, now->numbers[k].value));
        const char *before = text(&l, number_of(&l, "product_t"));
        if (t == 1)
            steps_formula(to->s, "P_1 = mu_1 = %s", before);
        steps_formula(to->s, "P_%zu = P_%zu*mu_%zu = %s*%s = %s", t + 1, t, t + 1, before,
                      text(&l, number_of(&l, "mu_t+1")), text(&l, number_of(&l, "product_t+1")));
        return;
    }
    if (p->method != MINIMIZE_RADAM)
        return;
    double limit = (1 + p->beta2) / (1 - p->beta2), rho = number_of(&l, "rho_t"), r = number_of(&l, "r");
    const char *power = power_text(&l, p->beta2), *at = text(&l, rho), *end = text(&l, limit);
    steps_formula(to->s, "rho = 2/(1 - %s) - 1 = %s", text(&l, p->beta2), end);
    steps_formula(to->s, "rho_%zu = %s - 2*%zu*%s/(1 - %s) = %s", t, end, t, power, power, at);
    if (isnan(r))
        steps_text(to->s, "rho_%zu is at most 5: the step is that of the mean alone.", t);
    else
        steps_formula(to->s, "r_%zu = sqrt((%s - 4)*(%s - 2)*%s/((%s - 4)*(%s - 2)*%s)) = %s", t, at, at, end,
                      end, end, at, text(&l, r));
}

static void write_first_order(const minimize_steps *to, const minimize_iteration *now)
{
    size_t n = to->objective->n;
    steps_heading(to->s, "step %zu", now->iteration);
    write_numbers(to, now);
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
