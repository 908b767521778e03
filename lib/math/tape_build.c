#include "math/tape_build.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "math/tape_order.h"

void tape_build_free(tape_build *b)
{
    free(b->nodes);
    free(b->origins);
    free(b->table);
    b->nodes = NULL;
    b->origins = NULL;
    b->table = NULL;
}

static uint64_t mix(uint64_t h, uint64_t x)
{
    h = (h ^ x) * 0x9e3779b97f4a7c15u;
    return h ^ (h >> 29);
}

static uint64_t hash_of(const tape_node *n)
{
    uint64_t k;
    memcpy(&k, &n->k, sizeof k);
    return mix(mix(mix(mix(mix(0, n->op), n->a), n->b), n->c), k);
}

static bool equal(const tape_node *x, const tape_node *y)
{
    return x->op == y->op && x->a == y->a && x->b == y->b && x->c == y->c &&
           memcmp(&x->k, &y->k, sizeof x->k) == 0;
}

static uint32_t *find(const tape_build *b, const tape_node *n)
{
    size_t i = hash_of(n) & (b->slots - 1);
    while (b->table[i] != UINT32_MAX && !equal(b->nodes + b->table[i], n))
        i = (i + 1) & (b->slots - 1);
    return b->table + i;
}

static bool grow(tape_build *b)
{
    size_t slots = b->slots ? 2 * b->slots : 64;
    uint32_t *table = memory_array(slots, sizeof *table);
    if (table == NULL)
        return false;
    memset(table, 0xff, slots * sizeof *table);
    free(b->table);
    b->table = table;
    b->slots = slots;
    for (size_t i = 0; i < b->count; i++)
        *find(b, b->nodes + i) = (uint32_t)i;
    return true;
}

static uint32_t put(tape_build *b, tape_node n)
{
    if (b->failed || ((b->count + 1) * 2 > b->slots && !grow(b))) {
        b->failed = true;
        return 0;
    }
    uint32_t *at = find(b, &n);
    if (*at != UINT32_MAX)
        return *at;
    if (b->count >= TAPE_NODES || !memory_grow(&b->nodes, &b->capacity, b->count + 1, sizeof n) ||
        !memory_grow(&b->origins, &b->origin_capacity, b->count + 1, sizeof *b->origins)) {
        b->failed = true;
        return 0;
    }
    *at = (uint32_t)b->count;
    b->nodes[b->count] = n;
    b->origins[b->count] = b->origin;
    return (uint32_t)b->count++;
}

uint32_t tape_put_constant(tape_build *b, double value)
{
    return put(b, (tape_node){.op = TAPE_CONSTANT, .k = value});
}

uint32_t tape_put_input(tape_build *b, uint32_t op, size_t index)
{
    return put(b, (tape_node){.op = op, .a = (uint32_t)index});
}

bool tape_is_constant(const tape_build *b, uint32_t node, double *value)
{
    if (b->failed || b->nodes[node].op != TAPE_CONSTANT)
        return false;
    *value = b->nodes[node].k;
    return true;
}

/* The node's value, all its operands being constant. */
static double folded(tape_build *b, const tape_node *n)
{
    /* a tape of the operands and the node itself */
    tape_node nodes[4] = {[3] = *n};
    double value[4] = {b->nodes[n->a].k, b->nodes[n->b].k, b->nodes[n->c].k, 0};
    nodes[3].a = 0;
    nodes[3].b = 1;
    nodes[3].c = 2;
    tape t = {.nodes = nodes, .count = 4};
    tape_frame f = {.t = &t, .value = value};
    tape_forward_point(&f, 3, 4);
    return value[3];
}

static bool is(const tape_build *b, uint32_t node, double value)
{
    return b->nodes[node].op == TAPE_CONSTANT && b->nodes[node].k == value;
}

/* What needs no operation; UINT32_MAX when one is needed. */
static uint32_t trivial(const tape_build *b, uint32_t op, uint32_t x, uint32_t y, uint32_t z)
{
    double c;
    if ((op == TAPE_ADD || op == TAPE_SUBTRACT) && is(b, y, 0))
        return x;
    if (op == TAPE_ADD && is(b, x, 0))
        return y;
    if ((op == TAPE_MULTIPLY || op == TAPE_DIVIDE) && is(b, y, 1))
        return x;
    if (op == TAPE_MULTIPLY && is(b, x, 1))
        return y;
    if (op == TAPE_SELECT && tape_is_constant(b, x, &c))
        return c != 0 ? y : z;
    return UINT32_MAX;
}

static bool takes_two(uint32_t op)
{
    return op >= TAPE_ADD && op <= TAPE_AT_MOST && op != TAPE_NEGATE && op != TAPE_SQUARE && op != TAPE_RAISE;
}

static uint32_t put_operation(tape_build *b, tape_node n)
{
    if (b->failed)
        return 0;
    double c;
    /* operands that are not there count as the first */
    if (!takes_two(n.op) && n.op != TAPE_SELECT)
        n.b = n.a;
    if (n.op != TAPE_SELECT)
        n.c = n.a;
    uint32_t same = trivial(b, n.op, n.a, n.b, n.c);
    if (same != UINT32_MAX)
        return same;
    if (tape_is_constant(b, n.a, &c) && tape_is_constant(b, n.b, &c) && tape_is_constant(b, n.c, &c)) {
        double value = folded(b, &n);
        if (isfinite(value)) /* else it stays, to be found where something is wrong */
            return tape_put_constant(b, value);
    }
    tape_node swapped = {.op = n.op, .a = n.b, .b = n.a, .c = n.b};
    if ((n.op == TAPE_ADD || n.op == TAPE_MULTIPLY) && b->slots > 0) {
        uint32_t known = *find(b, &swapped);
        if (known != UINT32_MAX)
            return known;
    }
    return put(b, n);
}

uint32_t tape_put(tape_build *b, uint32_t op, uint32_t x, uint32_t y, uint32_t z)
{
    if (op == TAPE_MULTIPLY && x == y)
        op = TAPE_SQUARE;
    return put_operation(b, (tape_node){.op = op, .a = x, .b = y, .c = z});
}

uint32_t tape_put_power(tape_build *b, uint32_t x, uint32_t y)
{
    double k;
    if (!tape_is_constant(b, y, &k))
        return tape_put(b, TAPE_POWER, x, y, x);
    if (k == 1)
        return x;
    if (k == 0)
        return tape_put_constant(b, 1);
    if (k == 2)
        return tape_put(b, TAPE_SQUARE, x, x, x);
    if (k == 0.5)
        return tape_put(b, TAPE_CALL + FUNCTION_SQRT, x, x, x);
    return put_operation(b, (tape_node){.op = TAPE_RAISE, .a = x, .k = k});
}

/* --- the order of a finished tape --- */

/* Columns, constants, parameters, operations without columns, with columns: 0 to 4. */
static int kind_of(const tape_node *n, bool rows)
{
    return n->op == TAPE_COLUMN      ? 0
           : n->op == TAPE_CONSTANT  ? 1
           : n->op == TAPE_PARAMETER ? 2
           : !rows                   ? 3
                                     : 4;
}

static bool linear(uint32_t op)
{
    switch (op) {
    case TAPE_DIVIDE:
    case TAPE_RAISE:
    case TAPE_POWER:
    case TAPE_ATAN2:
    case TAPE_HYPOT:
        return false;
    default:
        return op < TAPE_CALL;
    }
}

static bool compares(uint32_t op)
{
    return op >= TAPE_EQUAL && op <= TAPE_AT_MOST;
}

/* Which nodes the outputs need; which depend on columns; which on parameters. */
static void survey(const tape_build *b, const tape *t, bool *needed, bool *rows, bool *active)
{
    for (size_t i = 0; i < t->output_count; i++)
        needed[t->outputs[i]] = true;
    for (size_t i = b->count; i-- > 0;) {
        const tape_node *n = b->nodes + i;
        if (n->op <= TAPE_COLUMN)
            needed[i] = needed[i] || n->op != TAPE_CONSTANT; /* inputs keep their places */
        else if (needed[i])
            needed[n->a] = needed[n->b] = needed[n->c] = true;
    }
    for (size_t i = 0; i < b->count; i++) {
        const tape_node *n = b->nodes + i;
        bool operation = n->op > TAPE_COLUMN;
        rows[i] = n->op == TAPE_COLUMN || (operation && (rows[n->a] || rows[n->b] || rows[n->c]));
        active[i] = n->op == TAPE_PARAMETER ||
                    (operation && !compares(n->op) &&
                     (n->op == TAPE_SELECT ? active[n->b] || active[n->c] : active[n->a] || active[n->b]));
    }
}

/* Place the nodes: POSITION[i] is where node i goes, UINT32_MAX for none. */
static void arrange(const tape_build *b, tape *t, const bool *needed, const bool *rows, uint32_t *position)
{
    size_t starts[6] = {0};
    for (size_t i = 0; i < b->count; i++)
        if (needed[i])
            starts[kind_of(b->nodes + i, rows[i]) + 1]++;
    for (int k = 0; k < 5; k++)
        starts[k + 1] += starts[k];
    t->columns = starts[1];
    t->first_parameter = starts[2];
    t->parameters = starts[3] - starts[2];
    t->first_operation = starts[3];
    t->first_of_rows = starts[4];
    t->count = starts[5];
    for (size_t i = 0; i < b->count; i++)
        position[i] = needed[i] ? (uint32_t)starts[kind_of(b->nodes + i, rows[i])]++ : UINT32_MAX;
}

static void move(const tape_build *b, tape *t, const bool *active, const uint32_t *position)
{
    for (size_t i = 0; i < b->count; i++) {
        if (position[i] == UINT32_MAX)
            continue;
        tape_node *n = t->nodes + position[i];
        *n = b->nodes[i];
        t->origins[position[i]] = b->origins[i];
        if (n->op > TAPE_COLUMN) {
            n->a = position[n->a];
            n->b = position[n->b];
            n->c = position[n->c];
        }
        t->active[position[i]] = active[i];
    }
    for (size_t i = 0; i < t->output_count; i++)
        t->outputs[i] = position[t->outputs[i]];
    for (size_t i = 0; i < t->count; i++)
        t->slot[i] = t->active[i] && t->nodes[i].op > TAPE_COLUMN && !linear(t->nodes[i].op)
                         ? (uint32_t)t->slots++
                         : UINT32_MAX;
    for (size_t i = 0; i < t->count; i++)
        if (t->slot[i] != UINT32_MAX)
            t->curved[t->slot[i]] = (uint32_t)i;
}

ml_status tape_finish(tape_build *b, tape *t, ml_message *why)
{
    if (b->failed)
        return b->count >= TAPE_NODES
                   ? ml_fail(why, "the expression is too large: more than %d operations", TAPE_NODES)
                   : ml_fail_memory(why, "an expression", b->count * sizeof(tape_node));
    bool *flags = memory_zeros(b->count, 3 * sizeof *flags);
    uint32_t *position = memory_array(b->count, sizeof *position);
    t->nodes = memory_array(b->count, sizeof *t->nodes);
    t->origins = memory_array(b->count, sizeof *t->origins);
    t->active = memory_zeros(b->count, sizeof *t->active);
    t->slot = memory_array(b->count, sizeof *t->slot);
    t->curved = memory_array(b->count, sizeof *t->curved);
    ml_status status = ML_OK;
    if (flags == NULL || position == NULL || t->nodes == NULL || t->origins == NULL || t->active == NULL ||
        t->slot == NULL || t->curved == NULL) {
        status = ml_fail_memory(why, "an expression", b->count * sizeof(tape_node));
    } else {
        bool *rows = flags + b->count, *active = rows + b->count;
        survey(b, t, flags, rows, active);
        arrange(b, t, flags, rows, position);
        move(b, t, active, position);
    }
    free(flags);
    free(position);
    return status;
}
