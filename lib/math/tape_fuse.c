#include "math/tape_fuse.h"

#include <stdlib.h>
#include <string.h>

#include "base/memory.h"

typedef struct fusion {
    const tape *t;
    uint32_t *uses;
    bool *gone; /* absorbed in a linear node */
    tape_term *terms;
    size_t count, capacity;
    size_t *first, *size; /* the terms of each node that becomes linear; size 0: it does not */
    struct pending {
        uint32_t node;
        double sign;
    } * stack;
    size_t depth, stack_capacity;
    uint32_t *absorbed; /* by the root in hand */
    size_t absorbed_count, absorbed_capacity;
} fusion;

static bool of_rows(const tape *t, uint32_t node)
{
    return node < t->columns || node >= t->first_of_rows;
}

static bool push(fusion *f, uint32_t node, double sign)
{
    if (!memory_grow(&f->stack, &f->stack_capacity, f->depth + 1, sizeof *f->stack))
        return false;
    f->stack[f->depth++] = (struct pending){node, sign};
    return true;
}

static bool add_term(fusion *f, uint32_t parameter, uint32_t factor, double sign)
{
    if (!memory_grow(&f->terms, &f->capacity, f->count + 1, sizeof *f->terms))
        return false;
    f->terms[f->count++] = (tape_term){parameter, factor, sign};
    return true;
}

static bool absorb(fusion *f, uint32_t node)
{
    if (!memory_grow(&f->absorbed, &f->absorbed_capacity, f->absorbed_count + 1, sizeof *f->absorbed))
        return false;
    f->absorbed[f->absorbed_count++] = node;
    return true;
}

/* The product of an active node of parameters alone and an inactive one of rows, in either order. */
static bool is_product(const tape *t, const tape_node *n, uint32_t *parameter, uint32_t *factor)
{
    if (n->op != TAPE_MULTIPLY)
        return false;
    for (int turn = 0; turn < 2; turn++) {
        *parameter = turn ? n->b : n->a;
        *factor = turn ? n->a : n->b;
        if (!of_rows(t, *parameter) && t->active[*parameter] && !t->active[*factor])
            return true;
    }
    return false;
}

typedef enum taken { TAKEN, NOT_LINEAR, NO_MEMORY } taken;

/* One node of the sum in hand: a term, or its own operands go on the stack. */
static taken take(fusion *f, struct pending p, bool root)
{
    const tape *t = f->t;
    const tape_node *n = t->nodes + p.node;
    uint32_t parameter, factor;
    bool inner = p.node >= t->first_of_rows;
    if (!inner || !t->active[p.node])
        return add_term(f, of_rows(t, p.node) ? UINT32_MAX : p.node, of_rows(t, p.node) ? p.node : UINT32_MAX,
                        p.sign)
                   ? TAKEN
                   : NO_MEMORY;
    if (!root && f->uses[p.node] > 1)
        return NOT_LINEAR;
    if (!root && !absorb(f, p.node))
        return NO_MEMORY;
    if (is_product(t, n, &parameter, &factor))
        return add_term(f, parameter, factor, p.sign) ? TAKEN : NO_MEMORY;
    if (n->op == TAPE_NEGATE)
        return push(f, n->a, -p.sign) ? TAKEN : NO_MEMORY;
    if (n->op != TAPE_ADD && n->op != TAPE_SUBTRACT)
        return NOT_LINEAR;
    /* the left side comes off first, so terms are summed in the order of the expression */
    bool pushed = push(f, n->b, n->op == TAPE_SUBTRACT ? -p.sign : p.sign) && push(f, n->a, p.sign);
    return pushed ? TAKEN : NO_MEMORY;
}

static taken collect(fusion *f, uint32_t root)
{
    size_t before = f->count;
    taken result = TAKEN;
    f->absorbed_count = 0;
    f->depth = 0;
    if (!push(f, root, 1))
        return NO_MEMORY;
    while (result == TAKEN && f->depth > 0) {
        struct pending p = f->stack[--f->depth];
        result = take(f, p, p.node == root);
    }
    bool product = false;
    for (size_t i = before; i < f->count; i++)
        product |= f->terms[i].parameter != UINT32_MAX && f->terms[i].factor != UINT32_MAX;
    if (result != TAKEN || !product) {
        f->count = before;
        return result == NO_MEMORY ? NO_MEMORY : NOT_LINEAR;
    }
    f->first[root] = before;
    f->size[root] = f->count - before;
    for (size_t i = 0; i < f->absorbed_count; i++)
        f->gone[f->absorbed[i]] = true;
    return TAKEN;
}

static void count_uses(fusion *f)
{
    const tape *t = f->t;
    for (size_t i = t->first_operation; i < t->count; i++) {
        uint32_t of[3];
        unsigned operands = tape_operands(t, i, of);
        for (unsigned k = 0; k < operands; k++)
            f->uses[of[k]]++;
    }
    for (size_t i = 0; i < t->output_count; i++)
        f->uses[t->outputs[i]] += 2; /* stays a node of its own */
}

/* From the end, so that the largest sums are found first. */
static bool find_sums(fusion *f)
{
    const tape *t = f->t;
    for (size_t i = t->count; i-- > t->first_of_rows;) {
        uint32_t op = t->nodes[i].op;
        bool could = op == TAPE_ADD || op == TAPE_SUBTRACT || op == TAPE_MULTIPLY || op == TAPE_NEGATE;
        if (could && t->active[i] && !f->gone[i] && collect(f, (uint32_t)i) == NO_MEMORY)
            return false;
    }
    return true;
}

/* Node I of the copy N at AT. */
static void place(const fusion *f, size_t i, tape *n, size_t at, const uint32_t *position)
{
    tape_node *to = n->nodes + at;
    *to = f->t->nodes[i];
    n->origins[at] = f->t->origins[i];
    n->active[at] = f->t->active[i];
    n->slot[at] = f->t->slot[i];
    if (n->slot[at] != UINT32_MAX)
        n->curved[n->slot[at]] = (uint32_t)at;
    if (to->op <= TAPE_COLUMN)
        return;
    if (f->size[i] == 0) {
        to->a = position[to->a];
        to->b = position[to->b];
        to->c = position[to->c];
        return;
    }
    /* a and b stand for any operand; the terms have them all */
    const tape_term *term = f->terms + f->first[i];
    uint32_t any = term->parameter != UINT32_MAX ? term->parameter : term->factor;
    to->op = TAPE_LINEAR;
    to->a = to->b = position[any];
    to->c = (uint32_t)f->first[i];
    to->k = (double)f->size[i];
}

static bool rebuild(const fusion *f, tape *n)
{
    const tape *t = f->t;
    uint32_t *position = memory_array(t->count, sizeof *position);
    if (position == NULL)
        return false;
    size_t at = 0;
    for (size_t i = 0; i < t->count; i++) {
        position[i] = (uint32_t)at;
        if (!f->gone[i])
            place(f, i, n, at++, position);
    }
    n->count = at;
    for (size_t i = 0; i < f->count; i++) {
        tape_term term = f->terms[i];
        term.parameter = term.parameter == UINT32_MAX ? UINT32_MAX : position[term.parameter];
        term.factor = term.factor == UINT32_MAX ? UINT32_MAX : position[term.factor];
        n->terms[i] = term;
    }
    for (size_t i = 0; i < n->output_count; i++)
        n->outputs[i] = position[n->outputs[i]];
    free(position);
    return true;
}

ml_status tape_fuse(const tape *t, tape **out, ml_message *why)
{
    fusion f = {.t = t,
                .uses = memory_zeros(t->count, sizeof *f.uses),
                .gone = memory_zeros(t->count, sizeof *f.gone),
                .first = memory_zeros(t->count, sizeof *f.first),
                .size = memory_zeros(t->count, sizeof *f.size)};
    ml_status status = tape_of_nodes(t, t->outputs, t->output_count, out, why);
    bool whole = status == ML_OK && f.uses && f.gone && f.first && f.size;
    if (whole) {
        count_uses(&f);
        whole = find_sums(&f);
    }
    if (whole)
        whole = ((*out)->terms = memory_array(f.count, sizeof *f.terms)) != NULL && rebuild(&f, *out);
    if (status == ML_OK && !whole) {
        tape_free(*out);
        *out = NULL;
        status = ml_fail_memory(why, "an expression", t->count * sizeof *t->nodes);
    }
    free(f.uses);
    free(f.gone);
    free(f.first);
    free(f.size);
    free(f.terms);
    free(f.stack);
    free(f.absorbed);
    return status;
}

/* Nodes whose every use is in a sum that leads to the output: their adjoints are constants, so what they do
 * to parameters has no second derivative.  Users come after a node, so from the end all of them are known. */
static void mark_top(const tape *t, bool *top, bool *other)
{
    top[t->outputs[0]] = true;
    for (size_t i = t->count; i-- > t->first_of_rows;) {
        uint32_t of[3];
        unsigned operands = tape_operands(t, i, of);
        top[i] = top[i] && !other[i] && (t->nodes[i].op == TAPE_ADD || t->nodes[i].op == TAPE_SUBTRACT);
        for (unsigned k = 0; k < operands; k++)
            (top[i] ? top : other)[of[k]] = true;
    }
}

bool tape_find_funnel(const tape *t, bool *funnel, uint32_t *linear, size_t *count)
{
    bool *top = memory_zeros(t->count, 2 * sizeof *top);
    *count = 0;
    *funnel = top != NULL;
    if (top == NULL)
        return false;
    mark_top(t, top, top + t->count);
    for (size_t i = t->first_of_rows; *funnel && i < t->count; i++) {
        uint32_t of[3];
        if (!t->active[i])
            continue;
        if (t->nodes[i].op == TAPE_LINEAR) {
            linear[(*count)++] = (uint32_t)i;
            continue;
        }
        unsigned operands = tape_operands(t, i, of);
        for (unsigned k = 0; k < operands; k++)
            *funnel = *funnel && (!t->active[of[k]] || of_rows(t, of[k]) || top[i]);
    }
    free(top);
    return true;
}
