#include "math/tape_order.h"

#include <stdlib.h>

#include "base/memory.h"
#include "math/tape_sweep.h"

/* --- the order --- */

/* A stable counting sort of the N numbers FROM by their KEY, which is less than BUCKETS; STARTS has BUCKETS
 * + 1. */
static void sort_by(const uint32_t *key, size_t buckets, size_t *starts, const uint32_t *from, uint32_t *to,
                    size_t n)
{
    for (size_t k = 0; k <= buckets; k++)
        starts[k] = 0;
    for (size_t i = 0; i < n; i++)
        starts[key[from[i]] + 1]++;
    for (size_t k = 0; k < buckets; k++)
        starts[k + 1] += starts[k];
    for (size_t i = 0; i < n; i++)
        to[starts[key[from[i]]]++] = from[i];
}

static uint32_t greater(uint32_t x, uint32_t y)
{
    return x > y ? x : y;
}

/* The level of each operation, from 1 on, and its kind; N operations, the first being node FIRST.  Returns
 * how many buckets either needs. */
static size_t survey(const tape *t, size_t first, size_t n, uint32_t *level, uint32_t *kind)
{
    uint32_t most = 0;
    for (size_t i = 0; i < n; i++) {
        const tape_node *node = t->nodes + first + i;
        uint32_t of[] = {node->a, node->b, node->c}, above = 0;
        for (int k = 0; k < 3; k++)
            above = greater(above, of[k] < first ? 0 : level[of[k] - first]);
        level[i] = above + 1;
        kind[i] = 2 * node->op + t->active[first + i];
        most = greater(most, greater(level[i], kind[i]));
    }
    return (size_t)most + 1;
}

static void cut(tape_order *o, const tape *t, size_t first, const uint32_t *sorted, const uint32_t *kind,
                size_t n)
{
    for (size_t i = 0; i < n; i++) {
        uint32_t at = (uint32_t)first + sorted[i];
        const tape_node *node = t->nodes + at;
        o->steps[i] = (tape_step){at, node->a, node->b};
        if (i == 0 || kind[sorted[i]] != kind[sorted[i - 1]])
            o->stretches[o->count++] = (tape_stretch){node->op, t->active[at], i, i};
        o->stretches[o->count - 1].to = i + 1;
    }
}

bool tape_order_make(tape_order *o, const tape *t)
{
    size_t first = t->first_operation, n = t->count - first;
    *o = (tape_order){.steps = memory_array(n, sizeof *o->steps)};
    uint32_t *level = memory_array(n, 4 * sizeof *level);
    if (level == NULL || o->steps == NULL) {
        free(level);
        return false;
    }
    uint32_t *kind = level + n, *order = kind + n, *sorted = order + n;
    size_t buckets = survey(t, first, n, level, kind), *starts = memory_array(buckets + 1, sizeof *starts);
    if (starts != NULL) {
        for (size_t i = 0; i < n; i++)
            sorted[i] = (uint32_t)i;
        sort_by(kind, buckets, starts, sorted, order, n);
        sort_by(level, buckets, starts, order, sorted, n);
        size_t stretches = n > 0;
        for (size_t i = 1; i < n; i++)
            stretches += kind[sorted[i]] != kind[sorted[i - 1]];
        o->stretches = memory_array(stretches, sizeof *o->stretches);
    }
    if (o->stretches != NULL)
        cut(o, t, first, sorted, kind, n);
    free(starts);
    free(level);
    return o->stretches != NULL;
}

void tape_order_free(tape_order *o)
{
    free(o->steps);
    free(o->stretches);
    *o = (tape_order){0};
}

/* What is 0 on one side does not count, whatever is on the other. */
static double bent(double w, double t)
{
    return w == 0 || t == 0 ? 0 : w * t;
}

void tape_forward_point(const tape_frame *f, size_t from, size_t to)
{
    tape_forward(f, from, to, 1);
}

/* --- sweeps: the operations that sums of squares and products are made of, and any other by itself --- */

#define UP for (const tape_step *p = o->steps + s->from, *end = o->steps + s->to; p < end; p++)
#define DOWN for (const tape_step *p = o->steps + s->to, *end = o->steps + s->from; p-- > end;)

static void forward(const tape_order *o, const tape_stretch *s, const tape_frame *f)
{
    double *v = f->value;
    switch (s->op) {
    case TAPE_ADD:
        UP v[p->node] = v[p->a] + v[p->b];
        break;
    case TAPE_SUBTRACT:
        UP v[p->node] = v[p->a] - v[p->b];
        break;
    case TAPE_MULTIPLY:
        UP v[p->node] = v[p->a] * v[p->b];
        break;
    case TAPE_SQUARE:
        UP v[p->node] = v[p->a] * v[p->a];
        break;
    default:
        UP tape_forward_point(f, p->node, p->node + 1);
    }
}

static void tangents(const tape_order *o, const tape_stretch *s, const tape_frame *f)
{
    double *t = f->tangent;
    const double *v = f->value;
    switch (s->op) {
    case TAPE_ADD:
        UP t[p->node] = t[p->a] + t[p->b];
        break;
    case TAPE_SUBTRACT:
        UP t[p->node] = t[p->a] - t[p->b];
        break;
    case TAPE_MULTIPLY:
        UP t[p->node] = tape_by(t[p->a], v[p->b]) + tape_by(t[p->b], v[p->a]);
        break;
    case TAPE_SQUARE:
        UP t[p->node] = tape_by(t[p->a], 2 * v[p->a]);
        break;
    default:
        UP tape_sweep_tangents(f, p->node, p->node + 1, 1);
    }
}

/* W: f->adjoint or, of operations that are linear, f->adjoint_tangent. */
static void reverse(const tape_order *o, const tape_stretch *s, const tape_frame *f, double *w)
{
    const double *v = f->value;
    switch (s->op) {
    case TAPE_ADD:
        DOWN
        {
            w[p->a] += w[p->node];
            w[p->b] += w[p->node];
        }
        break;
    case TAPE_SUBTRACT:
        DOWN
        {
            w[p->a] += w[p->node];
            w[p->b] -= w[p->node];
        }
        break;
    case TAPE_MULTIPLY:
        DOWN
        {
            w[p->a] += tape_by(w[p->node], v[p->b]);
            w[p->b] += tape_by(w[p->node], v[p->a]);
        }
        break;
    case TAPE_SQUARE:
        DOWN w[p->a] += tape_by(w[p->node], 2 * v[p->a]);
        break;
    default:
        DOWN tape_pass_back(f, p->node, w, 1);
    }
}

static void reverse_second(const tape_order *o, const tape_stretch *s, const tape_frame *f)
{
    double *u = f->adjoint_tangent;
    const double *v = f->value, *w = f->adjoint, *t = f->tangent;
    switch (s->op) {
    case TAPE_ADD:
    case TAPE_SUBTRACT:
        reverse(o, s, f, u);
        break;
    case TAPE_MULTIPLY:
        DOWN
        {
            u[p->a] += tape_by(u[p->node], v[p->b]) + bent(w[p->node], t[p->b]);
            u[p->b] += tape_by(u[p->node], v[p->a]) + bent(w[p->node], t[p->a]);
        }
        break;
    case TAPE_SQUARE:
        DOWN u[p->a] += tape_by(u[p->node], 2 * v[p->a]) + bent(w[p->node], 2 * t[p->a]);
        break;
    default:
        DOWN
        {
            tape_pass_back(f, p->node, u, 1);
            tape_bend(f, p->node, 1);
        }
    }
}

void tape_order_forward(const tape_order *o, const tape_frame *f)
{
    for (size_t k = 0; k < o->count; k++)
        forward(o, o->stretches + k, f);
}

void tape_order_tangents(const tape_order *o, const tape_frame *f)
{
    for (size_t k = 0; k < o->count; k++)
        if (o->stretches[k].active)
            tangents(o, o->stretches + k, f);
}

void tape_order_reverse(const tape_order *o, const tape_frame *f)
{
    for (size_t k = o->count; k-- > 0;)
        if (o->stretches[k].active)
            reverse(o, o->stretches + k, f, f->adjoint);
}

void tape_order_reverse_second(const tape_order *o, const tape_frame *f)
{
    for (size_t k = o->count; k-- > 0;)
        if (o->stretches[k].active)
            reverse_second(o, o->stretches + k, f);
}
