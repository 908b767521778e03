/* neighbours_internal.h: the index and one query; for ml/neighbours*.c alone.
 *
 * A key stands for a distance and orders as it does: the distance itself under the greatest difference, the
 * square of the distance times SCALE under the Euclidean norm.  SCALE is a power of two. */
#ifndef ML_NEIGHBOURS_INTERNAL_H
#define ML_NEIGHBOURS_INTERNAL_H

#include <math.h>
#include <stdbool.h>
#include <stddef.h>

#include "ml/neighbours.h"

/* Points of a leaf at most.  Their coordinates stand column by column, LEAF slots each, unused ones infinite.
 */
enum { NEIGHBOURS_LEAF = 16 };

struct neighbours {
    const gsl_matrix *x;
    const double *weights;
    size_t n, d;
    bool euclidean, tree;
    int jobs;
    double scale;   /* brings the greatest difference to about 1; 1 without squares */
    size_t *order;  /* n: the rows as they stand in the leaves */
    size_t depth;   /* of the leaves; all nodes are in the order of a heap, halves of their parent's points */
    size_t *least;  /* the least row below each node */
    double *boxes;  /* least and greatest of each column, d pairs a node */
    double *leaves; /* d x LEAF a leaf; without a tree d x n, column by column */
};

typedef struct search {
    const neighbours *index;
    const double *point; /* d */
    size_t self;         /* a row that is not looked at, or SIZE_MAX */
    double scale;
    size_t k, found;
    double *keys; /* k: of the nearest so far, ascending */
    size_t *rows; /* their rows, where ties go to the lesser, or NULL where rows do not matter */
    double limit; /* of a count: keys up to it */
} search;

/* The key of a difference in column J added to that of the columns before.  The weight comes first: its
 * product with the scale may be beyond the range of a double where that of all three is not. */
static inline double neighbours_add_key(const search *s, double key, double difference, size_t j)
{
    double size = s->index->weights ? difference * s->index->weights[j] : difference;
    if (!s->index->euclidean)
        return fabs(size) > key ? fabs(size) : key;
    size *= s->scale;
    return key + size * size;
}

/* Whether a row with KEY would be among the nearest. */
static inline bool neighbours_wants(const search *s, double key, size_t row)
{
    if (s->found < s->k || key < s->keys[s->k - 1])
        return true;
    return s->rows != NULL && key == s->keys[s->k - 1] && row < s->rows[s->k - 1];
}

void neighbours_take(search *s, double key, size_t row);

/* Keys of COUNT points whose column j starts at COLUMNS + j STRIDE; COUNT is a multiple of a leaf or any
 * number below 2048. */
void neighbours_keys(const search *s, const double *columns, size_t stride, size_t count, double *keys);

ml_status neighbours_build_tree(neighbours *index, ml_message *why);
void neighbours_search_tree(search *s);
size_t neighbours_count_tree(const search *s);

#endif
