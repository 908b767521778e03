#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "math/minimize_internal.h"

/* What a method remembers, after and before an update (n numbers each), and what it makes of that. */
typedef struct first_order {
    minimize_run *run;
    const minimize_params *p;
    size_t n;
    double *used;                                       /* the gradient, weight decay added */
    double *m, *v, *w, *m_before, *v_before, *w_before; /* w: amsgrad's vmax, adamax's u, rprop's s */
    double *m_hat, *v_hat;                              /* without bias; m_hat is also adadelta's d */
    double power1, power2;                              /* beta^t; of nadam power1 is mu_1...mu_t */
    double sum, weighted; /* radam: of beta2^(k-1) and k beta2^(k-1), k = 1 to t */
    double *memory;
} first_order;

static double rate_of(const minimize_params *p, size_t t)
{
    double k = (double)(t - 1), period = (double)(p->period ? p->period : p->max_iterations);
    switch (p->schedule) {
    case MINIMIZE_INVERSE:
        return p->rate / (1 + p->decay * k);
    case MINIMIZE_STEP_DECAY:
        return p->rate * pow(p->factor, floor(k / period));
    case MINIMIZE_EXPONENTIAL:
        return p->rate * pow(p->factor, k);
    case MINIMIZE_COSINE:
        return k >= period ? 0 : p->rate * (1 + cos(M_PI * k / period)) / 2;
    default:
        return p->rate;
    }
}

/* x -= rate g, g + mu b or b. */
static void momentum(first_order *s, double rate, size_t t)
{
    double mu = s->p->method == MINIMIZE_GD ? 0 : s->p->momentum;
    bool ahead = s->p->method == MINIMIZE_NESTEROV;
    for (size_t i = 0; i < s->n; i++) {
        double g = s->used[i];
        s->m[i] = t == 1 ? g : mu * s->m[i] + g;
        s->run->x[i] -= rate * (ahead ? g + mu * s->m[i] : s->m[i]);
    }
}

static void adagrad(first_order *s, double rate)
{
    for (size_t i = 0; i < s->n; i++) {
        double g = s->used[i];
        s->v[i] += g * g;
        s->run->x[i] -= rate * g / (sqrt(s->v[i]) + s->p->epsilon);
    }
}

static void adadelta(first_order *s, double rate)
{
    double rho = s->p->rho, epsilon = s->p->epsilon;
    for (size_t i = 0; i < s->n; i++) {
        double g = s->used[i];
        s->v[i] = rho * s->v[i] + (1 - rho) * g * g;
        double d = g * sqrt(s->m[i] + epsilon) / sqrt(s->v[i] + epsilon);
        s->m[i] = rho * s->m[i] + (1 - rho) * d * d;
        s->m_hat[i] = d;
        s->run->x[i] -= rate * d;
    }
}

static void rmsprop(first_order *s, double rate)
{
    double rho = s->p->rho;
    for (size_t i = 0; i < s->n; i++) {
        double g = s->used[i];
        s->v[i] = rho * s->v[i] + (1 - rho) * g * g;
        s->run->x[i] -= rate * g / (sqrt(s->v[i]) + s->p->epsilon);
    }
}

/* m and v: the decaying means of the gradients and of their squares. */
static void average(first_order *s, size_t i)
{
    double b1 = s->p->beta1, b2 = s->p->beta2, g = s->used[i];
    s->m[i] = b1 * s->m[i] + (1 - b1) * g;
    s->v[i] = b2 * s->v[i] + (1 - b2) * g * g;
}

static void adam(first_order *s, double rate)
{
    bool most = s->p->method == MINIMIZE_AMSGRAD;
    double shrink = s->p->method == MINIMIZE_ADAMW ? 1 - rate * s->p->weight_decay : 1;
    s->power1 *= s->p->beta1;
    s->power2 *= s->p->beta2;
    for (size_t i = 0; i < s->n; i++) {
        average(s, i);
        if (most)
            s->w[i] = fmax(s->w[i], s->v[i]);
        s->m_hat[i] = s->m[i] / (1 - s->power1);
        s->v_hat[i] = (most ? s->w[i] : s->v[i]) / (1 - s->power2);
        s->run->x[i] = shrink * s->run->x[i] - rate * s->m_hat[i] / (sqrt(s->v_hat[i]) + s->p->epsilon);
    }
}

static void adamax(first_order *s, double rate)
{
    double b1 = s->p->beta1;
    s->power1 *= b1;
    for (size_t i = 0; i < s->n; i++) {
        double g = s->used[i];
        s->m[i] = b1 * s->m[i] + (1 - b1) * g;
        s->w[i] = fmax(s->p->beta2 * s->w[i], fabs(g) + s->p->epsilon);
        s->m_hat[i] = s->m[i] / (1 - s->power1);
        /* without epsilon u is 0 as long as every gradient was */
        s->run->x[i] -= s->w[i] > 0 ? rate * s->m_hat[i] / s->w[i] : 0;
    }
}

static void show_numbers(first_order *s, const minimize_number *numbers, size_t count)
{
    memcpy(s->run->now.numbers, numbers, count * sizeof *numbers);
    s->run->now.number_count = count;
}

static void nadam(first_order *s, double rate, size_t t)
{
    double b1 = s->p->beta1, psi = s->p->momentum_decay;
    double now = b1 * (1 - pow(0.96, (double)t * psi) / 2);
    double next = b1 * (1 - pow(0.96, (double)(t + 1) * psi) / 2);
    s->power1 *= now;
    s->power2 *= s->p->beta2;
    const minimize_number numbers[] = {
        {"mu_t", now}, {"mu_t+1", next}, {"product_t", s->power1}, {"product_t+1", s->power1 * next}};
    show_numbers(s, numbers, 4);
    for (size_t i = 0; i < s->n; i++) {
        average(s, i);
        s->m_hat[i] = next * s->m[i] / (1 - s->power1 * next) + (1 - now) * s->used[i] / (1 - s->power1);
        s->v_hat[i] = s->v[i] / (1 - s->power2);
        s->run->x[i] -= rate * s->m_hat[i] / (sqrt(s->v_hat[i]) + s->p->epsilon);
    }
}

/* rho_t is 2 sum k b^(k-1) / sum b^(k-1) - 1: sums of positive terms lose no digits, as the difference of the
 * paper does while t is small. */
static void radam(first_order *s, double rate, size_t t)
{
    double b1 = s->p->beta1, b2 = s->p->beta2, limit = (1 + b2) / (1 - b2);
    s->sum += s->power2;
    s->weighted += (double)t * s->power2;
    s->power1 *= b1;
    s->power2 *= b2;
    double rho = 2 * s->weighted / s->sum - 1, r = NAN;
    if (rho > 5)
        r = sqrt((rho - 4) / (limit - 4) * ((rho - 2) / (limit - 2)) * (limit / rho));
    show_numbers(s, (minimize_number[]){{"rho_t", rho}, {"r", r}}, 2);
    for (size_t i = 0; i < s->n; i++) {
        average(s, i);
        s->m_hat[i] = s->m[i] / (1 - s->power1);
        double adapt = rho > 5 ? r * sqrt((1 - b2) * s->sum) / (sqrt(s->v[i]) + s->p->epsilon) : 1;
        s->run->x[i] -= rate * s->m_hat[i] * adapt;
    }
}

static int sign_of(double x)
{
    return (x > 0) - (x < 0);
}

/* m is the gradient before, 0 where it was not followed. */
static void rprop(first_order *s, size_t t)
{
    const minimize_params *p = s->p;
    for (size_t i = 0; i < s->n; i++) {
        int sign = sign_of(s->used[i]), same = sign * sign_of(s->m[i]);
        if (t == 1)
            s->w[i] = p->rate;
        else if (same > 0)
            s->w[i] = fmin(s->w[i] * p->eta_plus, p->most_step);
        else if (same < 0)
            s->w[i] = fmax(s->w[i] * p->eta_minus, p->least_step);
        s->m[i] = same < 0 ? 0 : s->used[i];
        s->run->x[i] -= same < 0 ? 0 : s->w[i] * sign;
    }
}

static void update(first_order *s, double rate, size_t t)
{
    switch (s->p->method) {
    case MINIMIZE_ADAGRAD:
        adagrad(s, rate);
        break;
    case MINIMIZE_ADADELTA:
        adadelta(s, rate);
        break;
    case MINIMIZE_RMSPROP:
        rmsprop(s, rate);
        break;
    case MINIMIZE_ADAM:
    case MINIMIZE_ADAMW:
    case MINIMIZE_AMSGRAD:
        adam(s, rate);
        break;
    case MINIMIZE_ADAMAX:
        adamax(s, rate);
        break;
    case MINIMIZE_NADAM:
        nadam(s, rate, t);
        break;
    case MINIMIZE_RADAM:
        radam(s, rate, t);
        break;
    case MINIMIZE_RPROP:
        rprop(s, t);
        break;
    default:
        momentum(s, rate, t);
        break;
    }
}

static void show_vector(first_order *s, const char *name, const double *before, const double *after)
{
    minimize_iteration *now = &s->run->now;
    now->vectors[now->vector_count++] = (minimize_vector){name, before, after};
}

/* Tell what the method remembers by the names of the header. */
static void show_vectors(first_order *s)
{
    s->run->now.used = s->used;
    switch (s->p->method) {
    case MINIMIZE_GD:
        break;
    case MINIMIZE_ADAGRAD:
        show_vector(s, "s", s->v_before, s->v);
        break;
    case MINIMIZE_ADADELTA:
        show_vector(s, "v", s->v_before, s->v);
        show_vector(s, "d", NULL, s->m_hat);
        show_vector(s, "a", s->m_before, s->m);
        break;
    case MINIMIZE_RMSPROP:
        show_vector(s, "v", s->v_before, s->v);
        break;
    case MINIMIZE_ADAMAX:
        show_vector(s, "m", s->m_before, s->m);
        show_vector(s, "u", s->w_before, s->w);
        show_vector(s, "m^", NULL, s->m_hat);
        break;
    case MINIMIZE_AMSGRAD:
        show_vector(s, "vmax", s->w_before, s->w); /* fall through */
    case MINIMIZE_ADAM:
    case MINIMIZE_ADAMW:
    case MINIMIZE_NADAM:
    case MINIMIZE_RADAM:
        show_vector(s, "m", s->m_before, s->m);
        show_vector(s, "v", s->v_before, s->v);
        show_vector(s, "m^", NULL, s->m_hat);
        show_vector(s, "v^", NULL, s->v_hat);
        break;
    case MINIMIZE_RPROP:
        show_vector(s, "g", s->m_before, s->m);
        show_vector(s, "s", s->w_before, s->w);
        break;
    default:
        show_vector(s, "b", s->m_before, s->m);
        break;
    }
}

static void use_gradient(first_order *s)
{
    double decay = s->p->method == MINIMIZE_ADAMW ? 0 : s->p->weight_decay;
    for (size_t i = 0; i < s->n; i++)
        s->used[i] = decay == 0 ? s->run->g[i] : s->run->g[i] + decay * s->run->x[i];
}

/* An update that has no value ends the run at the point before it. */
static ml_status leave(first_order *s)
{
    minimize_run *run = s->run;
    memcpy(run->x, run->before, s->n * sizeof *run->x);
    minimize_run_end(run, MINIMIZE_NOT_FINITE,
                     "update %zu leads to where the function has no finite value%s%s; try a smaller rate",
                     run->result->iterations + 1, *run->outside.text ? ": " : "", run->outside.text);
    /* the gradient was overwritten by the one that failed */
    return minimize_run_gradient(run, run->x, &run->f, run->g);
}

static ml_status iterate(first_order *s)
{
    minimize_run *run = s->run;
    size_t t = run->result->iterations + 1, bytes = s->n * sizeof *run->x;
    double rate = rate_of(s->p, t), f = run->f;
    memcpy(run->before, run->x, bytes);
    memcpy(s->m_before, s->m, bytes);
    memcpy(s->v_before, s->v, bytes);
    memcpy(s->w_before, s->w, bytes);
    use_gradient(s);
    update(s, rate, t);
    minimize_run_clamp(run, run->x);
    if (run->objective->next_batch != NULL &&
        run->objective->next_batch(run->objective->context, run->why) != ML_OK)
        return ML_FAIL;
    ml_status status = minimize_run_gradient(run, run->x, &run->f, run->g);
    if (status != ML_OK)
        return status;
    if (run->f == INFINITY)
        return leave(s);
    run->now.rate = s->p->method == MINIMIZE_RPROP ? (double)NAN : rate; /* each variable has its own */
    return minimize_run_step(run, run->f - f);
}

ml_status minimize_run_first(minimize_run *run)
{
    first_order s = {.run = run, .p = run->params, .n = run->n, .power1 = 1, .power2 = 1};
    double **const parts[] = {&s.used,     &s.m,        &s.v,     &s.w,    &s.m_before,
                              &s.v_before, &s.w_before, &s.m_hat, &s.v_hat};
    enum { PARTS = sizeof parts / sizeof *parts };
    s.memory = memory_zeros(PARTS * s.n, sizeof *s.memory);
    if (s.memory == NULL)
        return ml_fail_memory(run->why, "the memory of the method", PARTS * s.n * sizeof(double));
    for (size_t i = 0; i < PARTS; i++)
        *parts[i] = s.memory + i * s.n;
    show_vectors(&s);
    ml_status status = ML_OK;
    while (status == ML_OK && !run->ended)
        status = iterate(&s);
    free(s.memory);
    return status;
}
