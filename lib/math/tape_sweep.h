/* tape_sweep.h: values, tangents, adjoints and second-order adjoints of a stretch of nodes.  See
 * tape_internal.h; sources in tape.h. */
#ifndef MATH_TAPE_SWEEP_H
#define MATH_TAPE_SWEEP_H

#include "math/tape_function.h"

#define TAPE_LANE for (size_t l = 0; l < lanes; l++)

/* An adjoint or tangent of 0 stays 0: what was not chosen does not count, even where it is undefined. */
TAPE_INLINE double tape_by(double w, double d)
{
    return w == 0 ? 0 : w * d;
}

TAPE_INLINE void tape_raise(double k, const double *a, double *y, size_t lanes)
{
    if (k == 0)
        TAPE_LANE y[l] = 1;
    else if (k == 1)
        TAPE_LANE y[l] = a[l];
    else if (k == 2)
        TAPE_LANE y[l] = a[l] * a[l];
    else if (k == 3)
        TAPE_LANE y[l] = a[l] * a[l] * a[l];
    else if (k == 4)
        TAPE_LANE y[l] = (a[l] * a[l]) * (a[l] * a[l]);
    else if (k == -1)
        TAPE_LANE y[l] = 1 / a[l];
    else
        TAPE_LANE y[l] = pow(a[l], k);
}

/* Sixteen lanes at a time stay in registers while all terms are added. */
TAPE_INLINE void tape_linear(const tape_frame *f, const tape_node *n, double *y, size_t lanes)
{
    const tape_term *terms = f->t->terms + n->c;
    size_t count = (size_t)n->k, wide = lanes < 16 ? lanes : 16;
    for (size_t from = 0; from < lanes; from += wide) {
        double sum[16] = {0};
        for (size_t k = 0; k < count; k++) {
            const tape_term *e = terms + k;
            double s =
                e->parameter == UINT32_MAX ? e->sign : e->sign * f->value[(size_t)e->parameter * lanes];
            if (e->factor == UINT32_MAX) {
                for (size_t l = 0; l < wide; l++)
                    sum[l] += s;
                continue;
            }
            const double *c = tape_at(f, e->factor, lanes) + from;
            for (size_t l = 0; l < wide; l++)
                sum[l] += s * c[l];
        }
        for (size_t l = 0; l < wide; l++)
            y[from + l] = sum[l];
    }
}

/* A column is finite, so its product with an adjoint of 0 is 0. */
TAPE_INLINE void tape_linear_back(const tape_frame *f, const tape_node *n, const double *w, double *where,
                                  size_t lanes)
{
    const tape_term *terms = f->t->terms + n->c;
    for (size_t k = 0; k < (size_t)n->k; k++) {
        const tape_term *e = terms + k;
        if (e->parameter == UINT32_MAX || !f->t->active[e->parameter])
            continue;
        double *to = where + (size_t)e->parameter * lanes, sign = e->sign;
        if (e->factor == UINT32_MAX) {
            TAPE_LANE to[l] += sign * w[l];
            continue;
        }
        const double *c = tape_at(f, e->factor, lanes);
        if (e->factor < f->t->columns)
            TAPE_LANE to[l] += sign * w[l] * c[l];
        else
            TAPE_LANE to[l] += tape_by(sign * w[l], c[l]);
    }
}

TAPE_INLINE void tape_linear_tangent(const tape_frame *f, const tape_node *n, double *t, size_t lanes)
{
    const tape_term *terms = f->t->terms + n->c;
    TAPE_LANE t[l] = 0;
    for (size_t k = 0; k < (size_t)n->k; k++) {
        const tape_term *e = terms + k;
        if (e->parameter == UINT32_MAX || !f->t->active[e->parameter])
            continue;
        double s = e->sign * f->tangent[(size_t)e->parameter * lanes];
        if (s == 0)
            continue;
        const double *c = e->factor == UINT32_MAX ? NULL : tape_at(f, e->factor, lanes);
        TAPE_LANE t[l] += c ? s * c[l] : s;
    }
}

TAPE_INLINE void tape_forward(const tape_frame *f, size_t from, size_t to, size_t lanes)
{
    for (size_t i = from; i < to; i++) {
        const tape_node *n = f->t->nodes + i;
        const double *a = tape_at(f, n->a, lanes), *b = tape_at(f, n->b, lanes);
        double *y = f->value + i * lanes;
        switch (n->op) {
        case TAPE_ADD:
            TAPE_LANE y[l] = a[l] + b[l];
            break;
        case TAPE_SUBTRACT:
            TAPE_LANE y[l] = a[l] - b[l];
            break;
        case TAPE_MULTIPLY:
            TAPE_LANE y[l] = a[l] * b[l];
            break;
        case TAPE_DIVIDE:
            TAPE_LANE y[l] = a[l] / b[l];
            break;
        case TAPE_NEGATE:
            TAPE_LANE y[l] = -a[l];
            break;
        case TAPE_SQUARE:
            TAPE_LANE y[l] = a[l] * a[l];
            break;
        case TAPE_RAISE:
            tape_raise(n->k, a, y, lanes);
            break;
        case TAPE_POWER:
            TAPE_LANE y[l] = pow(a[l], b[l]);
            break;
        case TAPE_ATAN2:
            TAPE_LANE y[l] = atan2(a[l], b[l]);
            break;
        case TAPE_HYPOT:
            TAPE_LANE y[l] = hypot(a[l], b[l]);
            break;
        case TAPE_MIN: /* NaN of either stays */
            TAPE_LANE y[l] = a[l] <= b[l] || a[l] != a[l] ? a[l] : b[l];
            break;
        case TAPE_MAX:
            TAPE_LANE y[l] = a[l] >= b[l] || a[l] != a[l] ? a[l] : b[l];
            break;
        case TAPE_EQUAL:
            TAPE_LANE y[l] = a[l] == b[l];
            break;
        case TAPE_UNEQUAL:
            TAPE_LANE y[l] = a[l] != b[l];
            break;
        case TAPE_LESS:
            TAPE_LANE y[l] = a[l] < b[l];
            break;
        case TAPE_AT_MOST:
            TAPE_LANE y[l] = a[l] <= b[l];
            break;
        case TAPE_SELECT: {
            const double *c = tape_at(f, n->c, lanes);
            TAPE_LANE y[l] = a[l] != 0 ? b[l] : c[l];
            break;
        }
        case TAPE_LINEAR:
            tape_linear(f, n, y, lanes);
            break;
        default:
            tape_call_value((int)n->op - TAPE_CALL, a, y, lanes);
        }
    }
}

/* The partial derivatives of node I into its slot: da, db and, when SECOND, daa, dab, dbb. */
TAPE_INLINE void tape_differentiate(const tape_frame *f, size_t i, bool second, size_t lanes)
{
    const tape_node *n = f->t->nodes + i;
    const double *a = tape_at(f, n->a, lanes), *b = tape_at(f, n->b, lanes), *y = f->value + i * lanes;
    double *da = f->partial + (size_t)f->t->slot[i] * 5 * lanes, *db = da + lanes, *daa = db + lanes,
           *dab = daa + lanes, *dbb = dab + lanes;
    switch (n->op) {
    case TAPE_DIVIDE:
        TAPE_LANE da[l] = 1 / b[l];
        TAPE_LANE db[l] = -y[l] / b[l];
        if (second) {
            TAPE_LANE daa[l] = 0;
            TAPE_LANE dab[l] = -da[l] * da[l];
            TAPE_LANE dbb[l] = -2 * db[l] / b[l];
        }
        break;
    case TAPE_RAISE:
        tape_raise(n->k - 1, a, da, lanes);
        TAPE_LANE da[l] *= n->k;
        if (second) {
            tape_raise(n->k - 2, a, daa, lanes);
            TAPE_LANE daa[l] *= n->k * (n->k - 1);
        }
        break;
    case TAPE_POWER:
        TAPE_LANE
        {
            double u = log(a[l]), low = pow(a[l], b[l] - 1);
            da[l] = b[l] == 0 ? 0 : b[l] * low;
            db[l] = a[l] == 0 && b[l] > 0 ? 0 : y[l] * u;
            if (second) {
                daa[l] = b[l] == 0 || b[l] == 1 ? 0 : b[l] * (b[l] - 1) * pow(a[l], b[l] - 2);
                dab[l] = a[l] == 0 && b[l] > 1 ? 0 : low * (1 + b[l] * u);
                dbb[l] = a[l] == 0 && b[l] > 0 ? 0 : y[l] * u * u;
            }
        }
        break;
    case TAPE_ATAN2:
        TAPE_LANE
        {
            double h = hypot(a[l], b[l]), s = a[l] / h, c = b[l] / h;
            da[l] = c / h;
            db[l] = -s / h;
            daa[l] = -2 * s * c / h / h;
            dab[l] = (s - c) * (s + c) / h / h;
            dbb[l] = -daa[l];
        }
        break;
    case TAPE_HYPOT:
        TAPE_LANE
        {
            bool zero = y[l] == 0;
            double s = zero ? 0 : a[l] / y[l], c = zero ? 0 : b[l] / y[l], r = zero ? 0 : 1 / y[l];
            da[l] = s;
            db[l] = c;
            daa[l] = c * c * r;
            dab[l] = -s * c * r;
            dbb[l] = s * s * r;
        }
        break;
    default:
        tape_call_slope((int)n->op - TAPE_CALL, a, y, da, lanes);
        if (second)
            tape_call_curvature((int)n->op - TAPE_CALL, a, y, da, daa, lanes);
    }
}

/* Operations with two arguments whose partial derivatives have a slot. */
TAPE_INLINE bool tape_of_two(uint32_t op)
{
    return op == TAPE_DIVIDE || op == TAPE_POWER || op == TAPE_ATAN2 || op == TAPE_HYPOT;
}

TAPE_INLINE void tape_partials(const tape_frame *f, size_t from, size_t to, bool second, size_t lanes)
{
    for (size_t i = from; i < to; i++)
        if (f->t->active[i] && f->t->slot[i] != UINT32_MAX)
            tape_differentiate(f, i, second, lanes);
}

/* Add W times D to the derivative at node A of the same sweep, unless it is not wanted. */
#define TAPE_ADD_TO(WHERE, NODE, VALUE)                                                                      \
    if (f->t->active[NODE]) {                                                                                \
        double *to_ = WHERE + (size_t)(NODE)*lanes;                                                          \
        TAPE_LANE to_[l] += (VALUE);                                                                         \
    }

/* Tangents of active nodes; those of others are not read.  After tape_partials. */
TAPE_INLINE void tape_sweep_tangents(const tape_frame *f, size_t from, size_t to, size_t lanes)
{
    const bool *active = f->t->active;
    for (size_t i = from; i < to; i++) {
        const tape_node *n = f->t->nodes + i;
        if (!active[i])
            continue;
        bool by_a = active[n->a], by_b = active[n->b];
        const double *a = tape_at(f, n->a, lanes), *b = tape_at(f, n->b, lanes);
        const double *ta = f->tangent + n->a * lanes, *tb = f->tangent + n->b * lanes;
        double *t = f->tangent + i * lanes;
        const double *da =
            f->t->slot[i] == UINT32_MAX ? NULL : f->partial + (size_t)f->t->slot[i] * 5 * lanes;
        switch (n->op) {
        case TAPE_ADD:
            TAPE_LANE t[l] = (by_a ? ta[l] : 0) + (by_b ? tb[l] : 0);
            break;
        case TAPE_SUBTRACT:
            TAPE_LANE t[l] = (by_a ? ta[l] : 0) - (by_b ? tb[l] : 0);
            break;
        case TAPE_MULTIPLY:
            TAPE_LANE t[l] = (by_a ? tape_by(ta[l], b[l]) : 0) + (by_b ? tape_by(tb[l], a[l]) : 0);
            break;
        case TAPE_NEGATE:
            TAPE_LANE t[l] = -ta[l];
            break;
        case TAPE_SQUARE:
            TAPE_LANE t[l] = tape_by(ta[l], 2 * a[l]);
            break;
        case TAPE_MIN:
            TAPE_LANE t[l] = a[l] <= b[l] ? (by_a ? ta[l] : 0) : by_b ? tb[l] : 0;
            break;
        case TAPE_MAX:
            TAPE_LANE t[l] = a[l] >= b[l] ? (by_a ? ta[l] : 0) : by_b ? tb[l] : 0;
            break;
        case TAPE_SELECT: {
            const double *tc = f->tangent + n->c * lanes;
            bool by_c = active[n->c];
            TAPE_LANE t[l] = a[l] != 0 ? (by_b ? tb[l] : 0) : by_c ? tc[l] : 0;
            break;
        }
        case TAPE_LINEAR:
            if (!f->inputs)
                tape_linear_tangent(f, n, t, lanes);
            break;
        default:
            if (tape_of_two(n->op))
                TAPE_LANE t[l] =
                    (by_a ? tape_by(ta[l], da[l]) : 0) + (by_b ? tape_by(tb[l], da[lanes + l]) : 0);
            else
                TAPE_LANE t[l] = tape_by(ta[l], da[l]);
        }
    }
}

/* Adjoints, from TO down to FROM; those of the operands must be set (to 0 or a seed).  WHERE is f->adjoint
 * or, when the operation is linear in it, f->adjoint_tangent. */
TAPE_INLINE void tape_pass_back(const tape_frame *f, size_t i, double *where, size_t lanes)
{
    const tape_node *n = f->t->nodes + i;
    const double *a = tape_at(f, n->a, lanes), *b = tape_at(f, n->b, lanes), *w = where + i * lanes;
    switch (n->op) {
    case TAPE_ADD:
        TAPE_ADD_TO(where, n->a, w[l]);
        TAPE_ADD_TO(where, n->b, w[l]);
        break;
    case TAPE_SUBTRACT:
        TAPE_ADD_TO(where, n->a, w[l]);
        TAPE_ADD_TO(where, n->b, -w[l]);
        break;
    case TAPE_MULTIPLY:
        TAPE_ADD_TO(where, n->a, tape_by(w[l], b[l]));
        TAPE_ADD_TO(where, n->b, tape_by(w[l], a[l]));
        break;
    case TAPE_NEGATE:
        TAPE_ADD_TO(where, n->a, -w[l]);
        break;
    case TAPE_SQUARE:
        TAPE_ADD_TO(where, n->a, tape_by(w[l], 2 * a[l]));
        break;
    case TAPE_MIN:
        TAPE_ADD_TO(where, n->a, a[l] <= b[l] ? w[l] : 0);
        TAPE_ADD_TO(where, n->b, a[l] <= b[l] ? 0 : w[l]);
        break;
    case TAPE_MAX:
        TAPE_ADD_TO(where, n->a, a[l] >= b[l] ? w[l] : 0);
        TAPE_ADD_TO(where, n->b, a[l] >= b[l] ? 0 : w[l]);
        break;
    case TAPE_SELECT:
        TAPE_ADD_TO(where, n->b, a[l] != 0 ? w[l] : 0);
        TAPE_ADD_TO(where, n->c, a[l] != 0 ? 0 : w[l]);
        break;
    case TAPE_LINEAR:
        if (!f->inputs)
            tape_linear_back(f, n, w, where, lanes);
        break;
    default: {
        const double *da = f->partial + (size_t)f->t->slot[i] * 5 * lanes;
        TAPE_ADD_TO(where, n->a, tape_by(w[l], da[l]));
        if (tape_of_two(n->op))
            TAPE_ADD_TO(where, n->b, tape_by(w[l], da[lanes + l]));
    }
    }
}

TAPE_INLINE void tape_reverse(const tape_frame *f, size_t from, size_t to, size_t lanes)
{
    for (size_t i = to; i-- > from;)
        if (f->t->active[i])
            tape_pass_back(f, i, f->adjoint, lanes);
}

/* The part of the second-order adjoints that comes of the curvature of node I. */
TAPE_INLINE void tape_bend(const tape_frame *f, size_t i, size_t lanes)
{
    const tape_node *n = f->t->nodes + i;
    const bool *active = f->t->active;
    const double *w = f->adjoint + i * lanes, *ta = f->tangent + n->a * lanes,
                 *tb = f->tangent + n->b * lanes;
    bool by_a = active[n->a], by_b = active[n->b];
    if (n->op == TAPE_MULTIPLY && by_a && by_b) {
        TAPE_ADD_TO(f->adjoint_tangent, n->a, tape_by(w[l], tb[l]));
        TAPE_ADD_TO(f->adjoint_tangent, n->b, tape_by(w[l], ta[l]));
    } else if (n->op == TAPE_SQUARE) {
        TAPE_ADD_TO(f->adjoint_tangent, n->a, tape_by(w[l], 2 * ta[l]));
    }
    if (f->t->slot[i] == UINT32_MAX)
        return;
    const double *daa = f->partial + ((size_t)f->t->slot[i] * 5 + 2) * lanes, *dab = daa + lanes,
                 *dbb = dab + lanes;
    if (!tape_of_two(n->op)) {
        TAPE_ADD_TO(f->adjoint_tangent, n->a, tape_by(w[l], tape_by(ta[l], daa[l])));
        return;
    }
    TAPE_ADD_TO(f->adjoint_tangent, n->a,
                tape_by(w[l], tape_by(ta[l], daa[l]) + (by_b ? tape_by(tb[l], dab[l]) : 0)));
    TAPE_ADD_TO(f->adjoint_tangent, n->b,
                tape_by(w[l], (by_a ? tape_by(ta[l], dab[l]) : 0) + tape_by(tb[l], dbb[l])));
}

/* After adjoints and tangents. */
TAPE_INLINE void tape_reverse_second(const tape_frame *f, size_t from, size_t to, size_t lanes)
{
    for (size_t i = to; i-- > from;)
        if (f->t->active[i]) {
            tape_pass_back(f, i, f->adjoint_tangent, lanes);
            tape_bend(f, i, lanes);
        }
}

#endif
