/* The k-d tree: built level by level, then subtree by subtree; searched nearest box first. */
#include <stdint.h>
#include <stdlib.h>

#include "base/memory.h"
#include "base/parallel.h"
#include "base/random.h"
#include "ml/neighbours_internal.h"

enum { LEAF = NEIGHBOURS_LEAF, TOP = 6 }; /* levels that are split one after another */

typedef struct keyed {
    double value;
    size_t row;
} keyed;

typedef struct build {
    neighbours *index;
    keyed *points; /* n */
    size_t level;
} build;

/* --- building --- */

static bool precedes(keyed a, keyed b)
{
    return a.value < b.value || (a.value == b.value && a.row < b.row);
}

/* Bring the MIDDLE least of N to the front (Hoare's selection).  The pivots are drawn, so that no order of
 * the data is slow; which sides the points go to does not depend on them. */
static void halve(keyed *points, size_t n, size_t middle)
{
    while (middle > 0 && middle < n) {
        keyed pivot = points[random_mix(n + middle) % n];
        size_t i = 0, j = n - 1;
        for (;; i++, j--) {
            while (precedes(points[i], pivot))
                i++;
            while (precedes(pivot, points[j]))
                j--;
            if (i >= j)
                break;
            keyed swapped = points[i];
            points[i] = points[j];
            points[j] = swapped;
        }
        /* points[0 .. i) precede the pivot or are it, which stands at i where both met there */
        size_t after = i == j ? i + 1 : i;
        if (middle == i || middle == after)
            return;
        if (middle < i) {
            n = i;
        } else {
            points += after;
            n -= after;
            middle -= after;
        }
    }
}

static size_t node_at(size_t level, size_t position)
{
    return ((size_t)1 << level) - 1 + position;
}

/* The points of a node: [*BEGIN, *END) of the order. */
static void range_of(const neighbours *index, size_t level, size_t position, size_t *begin, size_t *end)
{
    *begin = 0;
    *end = index->n;
    for (size_t bit = level; bit-- > 0;) {
        size_t middle = *begin + (*end - *begin) / 2;
        if (position >> bit & 1)
            *begin = middle;
        else
            *end = middle;
    }
}

/* The box and the least row of a node; the column in which the box is widest. */
static size_t bound(build *b, size_t node, size_t begin, size_t end)
{
    neighbours *index = b->index;
    double *box = index->boxes + node * 2 * index->d, widest = -1;
    const double *weights = index->weights;
    size_t least = SIZE_MAX, column = 0;
    for (size_t j = 0; j < index->d; j++) {
        box[2 * j] = INFINITY;
        box[2 * j + 1] = -INFINITY;
    }
    for (size_t i = begin; i < end; i++) {
        size_t row = b->points[i].row;
        const double *x = index->x->data + row * index->x->tda;
        least = row < least ? row : least;
        for (size_t j = 0; j < index->d; j++) {
            box[2 * j] = x[j] < box[2 * j] ? x[j] : box[2 * j];
            box[2 * j + 1] = x[j] > box[2 * j + 1] ? x[j] : box[2 * j + 1];
        }
    }
    index->least[node] = least;
    for (size_t j = 0; j < index->d; j++) {
        double width = (box[2 * j + 1] - box[2 * j]) * (weights ? weights[j] : 1);
        if (width > widest) {
            widest = width;
            column = j;
        }
    }
    return column;
}

static void fill_leaf(build *b, size_t position, size_t begin, size_t end)
{
    neighbours *index = b->index;
    double *leaf = index->leaves + position * LEAF * index->d;
    for (size_t slot = 0; slot < LEAF; slot++)
        for (size_t j = 0; j < index->d; j++)
            leaf[j * LEAF + slot] =
                slot < end - begin ? gsl_matrix_get(index->x, b->points[begin + slot].row, j) : INFINITY;
    for (size_t i = begin; i < end; i++)
        index->order[i] = b->points[i].row;
}

static void split(build *b, size_t level, size_t position)
{
    size_t begin, end;
    range_of(b->index, level, position, &begin, &end);
    size_t column = bound(b, node_at(level, position), begin, end);
    if (level == b->index->depth) {
        fill_leaf(b, position, begin, end);
        return;
    }
    for (size_t i = begin; i < end; i++)
        b->points[i].value = gsl_matrix_get(b->index->x, b->points[i].row, column);
    halve(b->points + begin, end - begin, (end - begin) / 2);
}

static void split_one(size_t position, int worker, void *context)
{
    (void)worker;
    build *b = context;
    split(b, b->level, position);
}

static void split_below(build *b, size_t level, size_t position)
{
    split(b, level, position);
    if (level < b->index->depth) {
        split_below(b, level + 1, 2 * position);
        split_below(b, level + 1, 2 * position + 1);
    }
}

static void split_subtree(size_t position, int worker, void *context)
{
    (void)worker;
    build *b = context;
    split_below(b, b->level, position);
}

ml_status neighbours_build_tree(neighbours *index, ml_message *why)
{
    while ((index->n - 1) >> index->depth >= LEAF)
        index->depth++;
    size_t leaves = (size_t)1 << index->depth, nodes = 2 * leaves - 1;
    build b = {.index = index, .points = memory_array(index->n, sizeof(keyed))};
    index->least = memory_array(nodes, sizeof *index->least);
    index->boxes = memory_array(nodes, 2 * index->d * sizeof *index->boxes);
    index->leaves = memory_aligned(leaves, LEAF * index->d * sizeof *index->leaves);
    if (!b.points || !index->least || !index->boxes || !index->leaves) {
        free(b.points);
        return ml_fail_memory(why, "the tree of nearest neighbours", index->n * index->d * sizeof(double));
    }
    for (size_t i = 0; i < index->n; i++)
        b.points[i].row = i;
    for (b.level = 0; b.level < TOP && b.level < index->depth; b.level++)
        parallel_for((size_t)1 << b.level, index->jobs, split_one, &b);
    parallel_for((size_t)1 << b.level, index->jobs, split_subtree, &b);
    free(b.points);
    return ML_OK;
}

/* --- searching --- */

/* Less than or equal to the key of every point in the box: each operation rounds as it does in the key. */
static double nearest_key(const search *s, size_t node)
{
    const double *box = s->index->boxes + node * 2 * s->index->d;
    double key = 0;
    for (size_t j = 0; j < s->index->d; j++) {
        double below = box[2 * j] - s->point[j], above = s->point[j] - box[2 * j + 1];
        double outside = below > 0 ? below : above > 0 ? above : 0;
        key = neighbours_add_key(s, key, outside, j);
    }
    return key;
}

/* Greater than or equal to every key in the box. */
static double farthest_key(const search *s, size_t node)
{
    const double *box = s->index->boxes + node * 2 * s->index->d;
    double key = 0;
    for (size_t j = 0; j < s->index->d; j++) {
        double low = s->point[j] - box[2 * j], high = box[2 * j + 1] - s->point[j];
        key = neighbours_add_key(s, key, low > high ? low : high, j);
    }
    return key;
}

static void search_leaf(search *s, size_t position, size_t begin, size_t end)
{
    double keys[LEAF];
    neighbours_keys(s, s->index->leaves + position * LEAF * s->index->d, LEAF, LEAF, keys);
    for (size_t i = begin; i < end; i++) {
        size_t row = s->index->order[i];
        if (neighbours_wants(s, keys[i - begin], row) && row != s->self)
            neighbours_take(s, keys[i - begin], row);
    }
}

static void search_node(search *s, size_t level, size_t position, size_t begin, size_t end)
{
    if (level == s->index->depth) {
        search_leaf(s, position, begin, end);
        return;
    }
    size_t middle = begin + (end - begin) / 2, left = node_at(level + 1, 2 * position);
    double keys[2] = {nearest_key(s, left), nearest_key(s, left + 1)};
    const size_t *least = s->index->least + left;
    bool right_first = keys[1] < keys[0] || (keys[1] == keys[0] && least[1] < least[0]);
    for (int turn = 0; turn < 2; turn++) {
        size_t side = right_first ? 1 - (size_t)turn : (size_t)turn;
        if (neighbours_wants(s, keys[side], least[side]))
            search_node(s, level + 1, 2 * position + side, side ? middle : begin, side ? end : middle);
    }
}

void neighbours_search_tree(search *s)
{
    search_node(s, 0, 0, 0, s->index->n);
}

static size_t count_node(const search *s, size_t level, size_t position, size_t begin, size_t end)
{
    size_t node = node_at(level, position);
    if (nearest_key(s, node) > s->limit)
        return 0;
    if (farthest_key(s, node) <= s->limit)
        return end - begin;
    if (level < s->index->depth) {
        size_t middle = begin + (end - begin) / 2;
        return count_node(s, level + 1, 2 * position, begin, middle) +
               count_node(s, level + 1, 2 * position + 1, middle, end);
    }
    double keys[LEAF];
    size_t count = 0;
    neighbours_keys(s, s->index->leaves + position * LEAF * s->index->d, LEAF, LEAF, keys);
    for (size_t i = 0; i < end - begin; i++)
        count += keys[i] <= s->limit;
    return count;
}

size_t neighbours_count_tree(const search *s)
{
    return count_node(s, 0, 0, 0, s->index->n);
}
