#include "math/tape.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "base/number.h"
#include "math/tape_order.h"
#include "math/tape_sweep.h"

struct tape_run {
    tape_frame f;
    tape_order order;
    bool partials, second; /* are the partial derivatives of this point there? */
};

tape_run *tape_run_new(const tape *t)
{
    tape_run *r = memory_zeros(1, sizeof *r);
    if (r == NULL)
        return NULL;
    r->f.t = t;
    r->f.value = memory_zeros(t->count, sizeof(double));
    r->f.tangent = memory_zeros(t->count, sizeof(double));
    r->f.adjoint = memory_zeros(t->count, sizeof(double));
    r->f.adjoint_tangent = memory_zeros(t->count, sizeof(double));
    r->f.partial = memory_zeros(t->slots, 5 * sizeof(double));
    if (!tape_order_make(&r->order, t) || r->f.value == NULL || r->f.tangent == NULL ||
        r->f.adjoint == NULL || r->f.adjoint_tangent == NULL || r->f.partial == NULL) {
        tape_run_free(r);
        return NULL;
    }
    for (size_t i = 0; i < t->first_operation; i++)
        if (t->nodes[i].op == TAPE_CONSTANT)
            r->f.value[i] = t->nodes[i].k;
    return r;
}

void tape_run_free(tape_run *r)
{
    if (r == NULL)
        return;
    free(r->f.value);
    free(r->f.tangent);
    free(r->f.adjoint);
    free(r->f.adjoint_tangent);
    free(r->f.partial);
    tape_order_free(&r->order);
    free(r);
}

void tape_value(tape_run *r, const double *x, double *values)
{
    const tape *t = r->f.t;
    if (t->parameters > 0)
        memcpy(r->f.value + t->first_parameter, x, t->parameters * sizeof *x);
    tape_order_forward(&r->order, &r->f);
    r->partials = r->second = false;
    for (size_t i = 0; values != NULL && i < t->output_count; i++)
        values[i] = r->f.value[t->outputs[i]];
}

static void need_partials(tape_run *r, bool second)
{
    const tape *t = r->f.t;
    if (!r->partials || (second && !r->second))
        for (size_t k = 0; k < t->slots; k++)
            tape_differentiate(&r->f, t->curved[k], second, 1);
    r->partials = true;
    r->second = r->second || second;
}

static void sweep_tangents(tape_run *r, const double *direction)
{
    const tape *t = r->f.t;
    if (t->parameters > 0)
        memcpy(r->f.tangent + t->first_parameter, direction, t->parameters * sizeof *direction);
    tape_order_tangents(&r->order, &r->f);
}

void tape_tangent(tape_run *r, const double *direction, double *tangents)
{
    const tape *t = r->f.t;
    need_partials(r, false);
    sweep_tangents(r, direction);
    for (size_t i = 0; i < t->output_count; i++)
        tangents[i] = t->active[t->outputs[i]] ? r->f.tangent[t->outputs[i]] : 0;
}

static void copy_parameters(const tape *t, const double *from, double *to)
{
    if (t->parameters > 0)
        memcpy(to, from + t->first_parameter, t->parameters * sizeof *to);
}

void tape_gradient(tape_run *r, const double *seed, double *gradient)
{
    const tape *t = r->f.t;
    need_partials(r, false);
    memset(r->f.adjoint, 0, t->count * sizeof(double));
    for (size_t i = 0; i < (seed ? t->output_count : 1); i++)
        r->f.adjoint[t->outputs[i]] += seed ? seed[i] : 1;
    tape_order_reverse(&r->order, &r->f);
    copy_parameters(t, r->f.adjoint, gradient);
}

void tape_hessian_times(tape_run *r, const double *direction, double *product)
{
    const tape *t = r->f.t;
    need_partials(r, true);
    sweep_tangents(r, direction);
    memset(r->f.adjoint_tangent, 0, t->count * sizeof(double));
    tape_order_reverse_second(&r->order, &r->f);
    copy_parameters(t, r->f.adjoint_tangent, product);
}

void tape_symmetrize(gsl_matrix *hessian)
{
    size_t n = hessian->size1;
    for (size_t i = 0; i < n; i++)
        for (size_t j = 0; j < i; j++) {
            double h = 0.5 * (gsl_matrix_get(hessian, i, j) + gsl_matrix_get(hessian, j, i));
            gsl_matrix_set(hessian, i, j, h);
            gsl_matrix_set(hessian, j, i, h);
        }
}

void tape_hessian(tape_run *r, gsl_matrix *hessian)
{
    size_t n = r->f.t->parameters;
    /* the direction lives where no sweep looks: in the first row, written last */
    double *unit = hessian->data;
    for (size_t j = n; j-- > 0;) {
        double *row = gsl_matrix_ptr(hessian, j, 0);
        memset(unit, 0, n * sizeof *unit);
        unit[j] = 1;
        tape_hessian_times(r, unit, row);
    }
    tape_symmetrize(hessian);
}

void tape_jacobian(tape_run *r, gsl_matrix *jacobian)
{
    const tape *t = r->f.t;
    size_t n = t->parameters, m = t->output_count;
    if (n < m) {
        double *direction = r->f.adjoint; /* n numbers that tangents do not need */
        for (size_t j = 0; j < n; j++) {
            memset(direction, 0, n * sizeof *direction);
            direction[j] = 1;
            need_partials(r, false);
            sweep_tangents(r, direction);
            for (size_t i = 0; i < m; i++)
                gsl_matrix_set(jacobian, i, j, t->active[t->outputs[i]] ? r->f.tangent[t->outputs[i]] : 0);
        }
        return;
    }
    need_partials(r, false);
    for (size_t i = 0; i < m; i++) {
        memset(r->f.adjoint, 0, t->count * sizeof(double));
        r->f.adjoint[t->outputs[i]] = 1;
        tape_order_reverse(&r->order, &r->f);
        copy_parameters(t, r->f.adjoint, gsl_matrix_ptr(jacobian, i, 0));
    }
}

const double *tape_values(const tape_run *r)
{
    return r->f.value;
}

const double *tape_tangents(const tape_run *r)
{
    return r->f.tangent;
}

const double *tape_adjoints(const tape_run *r)
{
    return r->f.adjoint;
}

unsigned tape_operands(const tape *t, size_t node, uint32_t of[3])
{
    const tape_node *n = t->nodes + node;
    of[0] = n->a;
    of[1] = n->b;
    of[2] = n->c;
    switch (n->op) {
    case TAPE_CONSTANT:
    case TAPE_PARAMETER:
    case TAPE_COLUMN:
    case TAPE_LINEAR: /* it has terms */
        return 0;
    case TAPE_SELECT:
        return 3;
    case TAPE_NEGATE:
    case TAPE_SQUARE:
    case TAPE_RAISE:
        return 1;
    default:
        return n->op > TAPE_CALL ? 1 : 2;
    }
}

/* a and b of a MIN or MAX: which is it? */
static bool takes_first(uint32_t op, double a, double b)
{
    return op == TAPE_MIN ? a <= b : a >= b;
}

double tape_partial(tape_run *r, size_t node, unsigned k)
{
    const tape *t = r->f.t;
    const tape_node *n = t->nodes + node;
    const double *v = r->f.value;
    need_partials(r, false);
    switch (n->op) {
    case TAPE_ADD:
        return 1;
    case TAPE_SUBTRACT:
        return k == 0 ? 1 : -1;
    case TAPE_NEGATE:
        return -1;
    case TAPE_MULTIPLY:
        return v[k == 0 ? n->b : n->a];
    case TAPE_SQUARE:
        return 2 * v[n->a];
    case TAPE_MIN:
    case TAPE_MAX:
        return takes_first(n->op, v[n->a], v[n->b]) == (k == 0);
    case TAPE_SELECT:
        return k == (v[n->a] != 0 ? 1 : 2);
    default:
        return t->slot[node] != UINT32_MAX ? r->f.partial[(size_t)t->slot[node] * 5 + k] : 0;
    }
}

/* --- what went wrong --- */

size_t tape_culprit(const tape *t, const double *values, size_t output)
{
    size_t at = t->outputs[output];
    if (isfinite(values[at]))
        return t->count;
    for (;;) {
        uint32_t of[3];
        unsigned count = tape_operands(t, at, of);
        if (t->nodes[at].op == TAPE_SELECT) {
            at = values[of[0]] != values[of[0]] ? of[0] : values[of[0]] != 0 ? of[1] : of[2];
            continue;
        }
        /* a NaN comes of a NaN where there is one, else of an infinity */
        size_t next = t->count;
        for (unsigned k = 0; k < count; k++)
            if (!isfinite(values[of[k]]) &&
                (next == t->count || (isinf(values[next]) && isnan(values[of[k]]))))
                next = of[k];
        if (next == t->count)
            return at;
        at = next;
    }
}

size_t tape_kink(const tape *t, const double *values, double tolerance)
{
    for (size_t i = t->first_operation; i < t->count; i++) {
        const tape_node *n = t->nodes + i;
        double a = values[n->a], b = values[n->b], apart = INFINITY;
        if (n->op == TAPE_CALL + FUNCTION_ABS || n->op == TAPE_CALL + FUNCTION_RELU)
            apart = fabs(a);
        else if (n->op == TAPE_HYPOT)
            apart = fmax(fabs(a), fabs(b));
        else if (n->op == TAPE_MIN || n->op == TAPE_MAX)
            apart = fabs(a - b) / fmax(1, fabs(a));
        if (t->active[i] && apart <= tolerance)
            return i;
    }
    return t->count;
}

void tape_describe(const tape *t, const double *values, size_t node, char *text, size_t size)
{
    const tape_node *n = t->nodes + node;
    char a[NUMBER_PRINT_MAX], b[NUMBER_PRINT_MAX];
    uint32_t of[3];
    if (tape_operands(t, node, of) == 0) {
        snprintf(text, size, "a value that is not finite");
        return;
    }
    number_print(a, values[n->a]);
    number_print(b, n->op == TAPE_RAISE ? n->k : values[n->b]);
    if (n->op > TAPE_CALL)
        snprintf(text, size, "%s of %s", expression_function_of((int)n->op - TAPE_CALL)->name, a);
    else if (n->op == TAPE_DIVIDE)
        snprintf(text, size, "%s divided by %s", a, b);
    else if (n->op == TAPE_POWER || n->op == TAPE_RAISE)
        snprintf(text, size, "%s to the power %s", a, b);
    else if (n->op == TAPE_SQUARE)
        snprintf(text, size, "the square of %s", a);
    else if (n->op == TAPE_ADD || n->op == TAPE_SUBTRACT || n->op == TAPE_MULTIPLY)
        snprintf(text, size, "%s %s %s", a, n->op == TAPE_ADD ? "+" : n->op == TAPE_SUBTRACT ? "-" : "*", b);
    else
        snprintf(text, size, "a function of %s and %s", a, b);
}
