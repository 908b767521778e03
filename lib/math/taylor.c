#include "math/taylor.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "math/polygamma.h"

void taylor_free(taylor *t)
{
    free(t->exponents);
    free(t->coefficients);
    *t = (taylor){0};
}

/* --- the functions of one number: C[k] = f^(k)(a) / k!, k = 0, ..., K --- */

/* (q0 + q1 t + q2 t^2)^r with v[0] given:  k q0 v_k = sum_j (r j - (k - j)) q_j v_(k-j) */
static void power_of_quadratic(const double q[3], double r, double *v, size_t order)
{
    for (size_t k = 1; k <= order; k++) {
        double sum = 0;
        for (size_t j = 1; j <= 2 && j <= k; j++)
            sum += (r * (double)j - (double)(k - j)) * q[j] * v[k - j];
        v[k] = sum / ((double)k * q[0]);
    }
}

/* From the series of the derivative, in place: c[0] is set by the caller. */
static void integrate(double *c, double first, size_t order)
{
    for (size_t k = order; k >= 1; k--)
        c[k] = c[k - 1] / (double)k;
    c[0] = first;
}

/* x^r, whose value at a is FIRST */
static void power_series(double a, double r, double first, double *c, size_t order)
{
    c[0] = first;
    if (a == 0) { /* a polynomial, or no series */
        for (size_t k = 1; k <= order; k++)
            c[k] = r == floor(r) && r >= 0 ? (double)k == r : (double)k < r ? 0 : (double)INFINITY;
        return;
    }
    for (size_t k = 1; k <= order; k++)
        c[k] = c[k - 1] * (r - (double)k + 1) / ((double)k * a);
}

static void log_series(double a, double *c, size_t order)
{
    double power = 1;
    c[0] = log(a);
    for (size_t k = 1; k <= order; k++) {
        power /= -a;
        c[k] = -power / (double)k;
    }
}

/* f, f', f'', ... repeat with the signs of trigonometric or hyperbolic functions. */
static void circular(double value, double slope, double sign, double *c, size_t order)
{
    double factorial = 1, derivatives[2] = {value, slope};
    for (size_t k = 0; k <= order; k++) {
        c[k] = derivatives[k % 2] / factorial;
        derivatives[k % 2] *= sign;
        factorial *= (double)(k + 1);
    }
}

/* y' = p + q y + r y^2 */
static void riccati(double value, double p, double q, double r, double *c, size_t order)
{
    c[0] = value;
    for (size_t k = 0; k < order; k++) {
        double sum = q * c[k] + (k == 0 ? p : 0);
        for (size_t i = 0; i <= k; i++)
            sum += r * c[i] * c[k - i];
        c[k + 1] = sum / (double)(k + 1);
    }
}

/* The derivative is (q0 + q1 t + q2 t^2)^r, SLOPE at 0. */
static void inverse_series(double value, double slope, const double q[3], double r, double *c, size_t order)
{
    c[0] = slope;
    power_of_quadratic(q, r, c, order);
    integrate(c, value, order);
}

/* exp of a series S, whose own value is FIRST */
static void exponential_series(const double *s, double first, double *c, size_t order)
{
    c[0] = first;
    for (size_t k = 1; k <= order; k++) {
        double sum = 0;
        for (size_t j = 1; j <= k; j++)
            sum += (double)j * s[j] * c[k - j];
        c[k] = sum / (double)k;
    }
}

/* lgamma, or with FROM 1 digamma */
static void gamma_series(double a, int from, double value, double *c, size_t order)
{
    double factorial = 1;
    c[0] = value;
    for (size_t k = 1; k <= order; k++) {
        factorial *= (double)k;
        c[k] = polygamma((int)k - 1 + from, a) / factorial;
    }
}

static void error_series(double a, double sign, double value, double *c, size_t order)
{
    double q[3] = {0, -2 * a, -1}, scale = sign * M_2_SQRTPI * exp(-a * a);
    c[0] = scale;
    for (size_t k = 1; k <= order; k++) {
        double sum = 0;
        for (size_t j = 1; j <= 2 && j <= k; j++)
            sum += (double)j * q[j] * c[k - j];
        c[k] = sum / (double)k;
    }
    integrate(c, value, order);
}

static void straight(double value, double slope, double *c, size_t order)
{
    memset(c, 0, (order + 1) * sizeof *c);
    c[0] = value;
    if (order > 0)
        c[1] = slope;
}

static void scale_series(double *c, double by, size_t order)
{
    for (size_t k = 0; k <= order; k++)
        c[k] *= by;
}

static void function_series(int id, double a, double value, double *c, double *scratch, size_t order)
{
    double q[3];
    switch (id) {
    case FUNCTION_EXP:
    case FUNCTION_EXPM1:
        circular(exp(a), exp(a), 1, c, order);
        c[0] = value;
        break;
    case FUNCTION_LOG:
    case FUNCTION_LOG2:
    case FUNCTION_LOG10:
        log_series(a, c, order);
        scale_series(c, id == FUNCTION_LOG2 ? M_LOG2E : id == FUNCTION_LOG10 ? M_LOG10E : 1, order);
        c[0] = value;
        break;
    case FUNCTION_LOG1P:
        log_series(1 + a, c, order);
        c[0] = value;
        break;
    case FUNCTION_SQRT:
        power_series(a, 0.5, value, c, order);
        break;
    case FUNCTION_CBRT:
        power_series(a, 1.0 / 3, value, c, order);
        break;
    case FUNCTION_SIN:
        circular(sin(a), cos(a), -1, c, order);
        break;
    case FUNCTION_COS:
        circular(cos(a), -sin(a), -1, c, order);
        break;
    case FUNCTION_SINH:
        circular(sinh(a), cosh(a), 1, c, order);
        break;
    case FUNCTION_COSH:
        circular(cosh(a), sinh(a), 1, c, order);
        break;
    case FUNCTION_TAN:
        riccati(value, 1, 0, 1, c, order);
        break;
    case FUNCTION_TANH:
        riccati(value, 1, 0, -1, c, order);
        break;
    case FUNCTION_SIGMOID:
        riccati(value, 0, 1, -1, c, order);
        break;
    case FUNCTION_SOFTPLUS:
        riccati(1 / (1 + exp(-a)), 0, 1, -1, c, order);
        integrate(c, value, order);
        break;
    case FUNCTION_ASIN:
    case FUNCTION_ACOS:
        memcpy(q, (double[]){(1 - a) * (1 + a), -2 * a, -1}, sizeof q);
        inverse_series(value, 1 / sqrt(q[0]), q, -0.5, c, order);
        scale_series(c, id == FUNCTION_ASIN ? 1 : -1, order);
        c[0] = value;
        break;
    case FUNCTION_ATAN:
        memcpy(q, (double[]){1 + a * a, 2 * a, 1}, sizeof q);
        inverse_series(value, 1 / q[0], q, -1, c, order);
        break;
    case FUNCTION_ASINH:
        memcpy(q, (double[]){1 + a * a, 2 * a, 1}, sizeof q);
        inverse_series(value, 1 / sqrt(q[0]), q, -0.5, c, order);
        break;
    case FUNCTION_ACOSH:
        memcpy(q, (double[]){(a - 1) * (a + 1), 2 * a, 1}, sizeof q);
        inverse_series(value, 1 / sqrt(q[0]), q, -0.5, c, order);
        break;
    case FUNCTION_ATANH:
        memcpy(q, (double[]){(1 - a) * (1 + a), -2 * a, -1}, sizeof q);
        inverse_series(value, 1 / q[0], q, -1, c, order);
        break;
    case FUNCTION_ERF:
    case FUNCTION_ERFC:
        error_series(a, id == FUNCTION_ERF ? 1 : -1, value, c, order);
        break;
    case FUNCTION_LGAMMA:
        gamma_series(a, 0, value, c, order);
        break;
    case FUNCTION_DIGAMMA:
        gamma_series(a, 1, value, c, order);
        break;
    case FUNCTION_GAMMA:
        gamma_series(a, 0, 0, scratch, order);
        exponential_series(scratch, value, c, order);
        break;
    case FUNCTION_ABS:
        straight(value, a > 0 ? 1 : a < 0 ? -1 : a, c, order);
        break;
    case FUNCTION_RELU:
        straight(value, a > 0, c, order);
        break;
    default: /* sign, floor, ceil */
        straight(value, 0, c, order);
    }
}

/* --- polynomials --- */

typedef struct expansion {
    const tape *t;
    size_t variables, order, terms;
    unsigned *exponents, *degree; /* of each term */
    uint32_t *product; /* terms x terms: which term the product of two is, UINT32_MAX beyond the order */
    double *series;    /* nodes x terms */
    double *c, *scratch, *h, *power; /* order + 1 twice; terms twice */
} expansion;

/* (variables + order choose order), or 0 when it is above TAYLOR_TERMS */
static size_t count_terms(size_t variables, size_t order)
{
    double count = 1;
    for (size_t k = 1; k <= order && count <= TAYLOR_TERMS; k++)
        count = count * (double)(variables + k) / (double)k;
    return count <= TAYLOR_TERMS ? (size_t)(count + 0.5) : 0;
}

/* All exponents of total degree DEGREE from variable V on, after what stands in PREFIX. */
static void list_terms(expansion *x, unsigned *prefix, size_t v, unsigned degree, size_t *at)
{
    if (v + 1 == x->variables || x->variables == 0) {
        if (x->variables > 0)
            prefix[v] = degree;
        for (size_t i = 0; i < x->variables; i++) {
            x->exponents[*at * x->variables + i] = prefix[i];
            x->degree[*at] += prefix[i];
        }
        ++*at;
        return;
    }
    for (unsigned k = degree + 1; k-- > 0;) {
        prefix[v] = k;
        list_terms(x, prefix, v + 1, degree - k, at);
    }
}

static uint32_t find_term(const expansion *x, const unsigned *exponents)
{
    for (size_t i = 0; i < x->terms; i++)
        if (memcmp(x->exponents + i * x->variables, exponents, x->variables * sizeof *exponents) == 0)
            return (uint32_t)i;
    return UINT32_MAX;
}

static bool prepare(expansion *x)
{
    size_t n = x->terms, v = x->variables;
    x->exponents = memory_zeros(n, v * sizeof *x->exponents);
    x->degree = memory_zeros(n, sizeof *x->degree);
    x->product = memory_array(n * n, sizeof *x->product);
    x->series = memory_zeros(n * x->t->count, sizeof *x->series);
    x->c = memory_array(x->order + 1, sizeof *x->c);
    x->scratch = memory_array(x->order + 1, sizeof *x->scratch);
    x->h = memory_array(n, sizeof *x->h);
    x->power = memory_array(n, sizeof *x->power);
    unsigned *exponents = memory_zeros(v, sizeof *exponents);
    bool whole = x->exponents && x->degree && x->product && x->series && x->c && x->scratch && x->h &&
                 x->power && exponents;
    size_t at = 0;
    for (unsigned d = 0; whole && at < n; d++)
        list_terms(x, exponents, 0, d, &at);
    for (size_t i = 0; whole && i < n; i++)
        for (size_t j = 0; j <= i; j++) {
            for (size_t k = 0; k < v; k++)
                exponents[k] = x->exponents[i * v + k] + x->exponents[j * v + k];
            x->product[i * n + j] = x->product[j * n + i] =
                x->degree[i] + x->degree[j] <= x->order ? find_term(x, exponents) : UINT32_MAX;
        }
    free(exponents);
    return whole;
}

static void release(expansion *x)
{
    free(x->degree);
    free(x->product);
    free(x->series);
    free(x->c);
    free(x->scratch);
    free(x->h);
    free(x->power);
}

/* TO may not be A or B. */
static void multiply(const expansion *x, const double *a, const double *b, double *to)
{
    size_t n = x->terms;
    memset(to, 0, n * sizeof *to);
    for (size_t i = 0; i < n; i++) {
        if (a[i] == 0)
            continue;
        for (size_t j = 0; j < n; j++)
            if (x->product[i * n + j] != UINT32_MAX && b[j] != 0)
                to[x->product[i * n + j]] += a[i] * b[j];
    }
}

/* sum_k C[k] h^k with h = A less its constant term, by Horner's rule. */
static void compose(expansion *x, const double *a, double *to)
{
    size_t n = x->terms;
    memset(to, 0, n * sizeof *to);
    memcpy(x->h, a, n * sizeof *x->h);
    x->h[0] = 0;
    to[0] = x->c[x->order];
    for (size_t k = x->order; k-- > 0;) {
        multiply(x, to, x->h, x->power);
        memcpy(to, x->power, n * sizeof *to);
        to[0] += x->c[k];
    }
}

static void call_series(expansion *x, int id, double value, const double *a, double *to)
{
    function_series(id, a[0], value, x->c, x->scratch, x->order);
    compose(x, a, to);
}

static void raise_series(expansion *x, const double *a, double r, double value, double *to)
{
    power_series(a[0], r, value, x->c, x->order);
    compose(x, a, to);
}

static double *new_terms(const expansion *x)
{
    return memory_zeros(x->terms, sizeof(double));
}

/* a / b */
static bool divide(expansion *x, const double *a, const double *b, double *to)
{
    double *inverse = new_terms(x);
    if (inverse == NULL)
        return false;
    raise_series(x, b, -1, 1 / b[0], inverse);
    multiply(x, a, inverse, to);
    free(inverse);
    return true;
}

/* a^b = exp(b log a) */
static bool power(expansion *x, const double *a, const double *b, double value, double *to)
{
    double *logarithm = new_terms(x), *product = new_terms(x);
    if (logarithm != NULL && product != NULL) {
        call_series(x, FUNCTION_LOG, log(a[0]), a, logarithm);
        multiply(x, b, logarithm, product);
        call_series(x, FUNCTION_EXP, exp(product[0]), product, to);
        to[0] = value;
    }
    free(logarithm);
    free(product);
    return logarithm != NULL && product != NULL;
}

/* The angle turned so that it starts at 0: atan2(a, b) = angle + atan((a c - b s) / (b c + a s)). */
static bool angle(expansion *x, const double *a, const double *b, double value, double *to)
{
    double c = cos(value), s = sin(value), *up = new_terms(x), *along = new_terms(x), *ratio = new_terms(x);
    bool whole = up != NULL && along != NULL && ratio != NULL;
    for (size_t i = 0; whole && i < x->terms; i++) {
        up[i] = i == 0 ? 0 : a[i] * c - b[i] * s;
        along[i] = i == 0 ? hypot(a[0], b[0]) : b[i] * c + a[i] * s;
    }
    whole = whole && divide(x, up, along, ratio);
    if (whole) {
        call_series(x, FUNCTION_ATAN, 0, ratio, to);
        to[0] = value;
    }
    free(up);
    free(along);
    free(ratio);
    return whole;
}

static bool length(expansion *x, const double *a, const double *b, double value, double *to)
{
    double *squares = new_terms(x), *other = new_terms(x);
    bool whole = squares != NULL && other != NULL;
    if (whole && value > 0) {
        multiply(x, a, a, squares);
        multiply(x, b, b, other);
        for (size_t i = 0; i < x->terms; i++)
            squares[i] += other[i];
        call_series(x, FUNCTION_SQRT, value, squares, to);
        to[0] = value;
    }
    free(squares);
    free(other);
    return whole;
}

static void combine(const expansion *x, const double *a, double p, const double *b, double q, double *to)
{
    for (size_t i = 0; i < x->terms; i++)
        to[i] = p * a[i] + (b != NULL ? q * b[i] : 0);
}

/* False when memory is out. */
static bool run_node(expansion *x, size_t i, const double *values)
{
    const tape_node *n = x->t->nodes + i;
    const double *a = x->series + n->a * x->terms, *b = x->series + n->b * x->terms;
    double *to = x->series + i * x->terms;
    switch (n->op) {
    case TAPE_ADD:
        combine(x, a, 1, b, 1, to);
        return true;
    case TAPE_SUBTRACT:
        combine(x, a, 1, b, -1, to);
        return true;
    case TAPE_NEGATE:
        combine(x, a, -1, NULL, 0, to);
        return true;
    case TAPE_MULTIPLY:
        multiply(x, a, b, to);
        return true;
    case TAPE_SQUARE:
        multiply(x, a, a, to);
        return true;
    case TAPE_DIVIDE:
        return divide(x, a, b, to);
    case TAPE_RAISE:
        raise_series(x, a, n->k, values[i], to);
        return true;
    case TAPE_POWER:
        return power(x, a, b, values[i], to);
    case TAPE_ATAN2:
        return angle(x, a, b, values[i], to);
    case TAPE_HYPOT:
        return length(x, a, b, values[i], to);
    case TAPE_MIN:
        combine(x, a[0] <= b[0] ? a : b, 1, NULL, 0, to);
        return true;
    case TAPE_MAX:
        combine(x, a[0] >= b[0] ? a : b, 1, NULL, 0, to);
        return true;
    case TAPE_SELECT:
        combine(x, a[0] != 0 ? b : x->series + n->c * x->terms, 1, NULL, 0, to);
        return true;
    default:
        if (n->op > TAPE_CALL)
            call_series(x, (int)n->op - TAPE_CALL, values[i], a, to);
        else
            to[0] = values[i]; /* comparisons and inputs */
        return true;
    }
}

static ml_status expand(expansion *x, const double *values, const size_t *which, ml_message *why)
{
    const tape *t = x->t;
    for (size_t i = 0; i < t->count; i++) {
        if (!run_node(x, i, values))
            return ml_fail_memory(why, "a Taylor polynomial", x->terms * sizeof(double));
        for (size_t v = 0; v < x->variables && x->order > 0; v++)
            if (i == t->first_parameter + which[v])
                x->series[i * x->terms + 1 + v] = 1;
    }
    return ML_OK;
}

static void give_outputs(const expansion *x, taylor *out)
{
    for (size_t i = 0; i < x->t->output_count; i++)
        memcpy(out->coefficients + i * x->terms, x->series + x->t->outputs[i] * x->terms,
               x->terms * sizeof(double));
}

ml_status taylor_expand(const tape *t, const double *x, const size_t *which, size_t count, size_t order,
                        taylor *out, ml_message *why)
{
    expansion e = {.t = t, .variables = count, .order = order, .terms = count_terms(count, order)};
    *out = (taylor){.variables = count, .order = order, .terms = e.terms};
    if (e.terms == 0)
        return ml_fail(why, "order %zu in %zu variables has more than %d terms", order, count, TAYLOR_TERMS);
    tape_run *run = tape_run_new(t);
    bool whole = prepare(&e) && run != NULL;
    out->exponents = e.exponents;
    out->coefficients = memory_zeros(t->output_count * e.terms, sizeof *out->coefficients);
    ml_status status = whole && out->coefficients
                           ? ML_OK
                           : ml_fail_memory(why, "a Taylor polynomial", e.terms * t->count * sizeof(double));
    if (status == ML_OK) {
        tape_value(run, x, NULL);
        status = expand(&e, tape_values(run), which, why);
    }
    if (status == ML_OK)
        give_outputs(&e, out);
    else
        taylor_free(out);
    tape_run_free(run);
    release(&e);
    return status;
}
