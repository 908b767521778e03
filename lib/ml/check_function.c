#include "ml/check_function.h"

#include <float.h>
#include <math.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "base/random.h"
#include "math/dense.h"
#include "math/matrix_evaluate.h"

/* Entries that are moved one by one; of more, all that is known is that the arithmetic is stable. */
enum { MOST_MOVED = 100 };

bool check_function_word(const char *name)
{
    static const char *const words[] = {"inf", "fro", "nuc", "max"};
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++)
        if (strcmp(words[i], name) == 0)
            return true;
    return false;
}

typedef struct calling {
    size_t nodes;
    bool exact;
    const expression *e;
    const ball *const *args;
    bool starved; /* memory ran out while an entry was moved */
} calling;

static matrix_value *value_of(matrix_space *s, const ball *b, bool rational)
{
    matrix_value *a = matrix_new(s, b->x->size1, b->x->size2, false, rational && b->q != NULL);
    if (a == NULL)
        return NULL;
    gsl_matrix_memcpy(a->re, b->x);
    if (a->q != NULL)
        fmpq_mat_set(a->q, b->q);
    a->identity = b->identity;
    return a;
}

/* The value, with entry AT of argument WHICH moved BY (WHICH SIZE_MAX: none, and rationals kept). */
static ml_status evaluate(calling *c, matrix_space *s, size_t which, size_t at, double by,
                          const matrix_value **out, ml_message *why)
{
    const matrix_value **values = memory_zeros(c->e->count, sizeof *values);
    matrix_scope scope = {.space = s, .nodes = c->nodes, .exact = c->exact && which == SIZE_MAX};
    matrix_results results;
    bool made = values != NULL;
    for (size_t i = 0; i < c->e->count; i++)
        scope.exact = scope.exact && c->args[i] != NULL && c->args[i]->q != NULL;
    s->exact = scope.exact;
    for (size_t i = 0; made && i < c->e->count; i++) {
        if (c->args[i] == NULL)
            continue;
        matrix_value *a = value_of(s, c->args[i], which == SIZE_MAX);
        if (a != NULL && i == which)
            *gsl_matrix_ptr(a->re, at / a->columns, at % a->columns) += by;
        values[i] = a;
        made = a != NULL;
    }
    ml_status status = made ? matrix_evaluate_call(&scope, c->e, values, &results, why)
                            : ml_fail_memory(why, "a value", sizeof *values);
    c->starved |= !made || s->starved;
    free(values);
    *out = status == ML_OK ? results.parts[0].value : NULL;
    return status;
}

static bool same_shape(const matrix_value *a, const gsl_matrix *m)
{
    return a->rows == m->size1 && a->columns == m->size2 && a->im == NULL;
}

/* |F at a + BY - F at a| added to SUM; where that has no value nothing is known, and nothing added. */
static void add_change(calling *c, const gsl_matrix *base, size_t which, size_t at, double by, double factor,
                       gsl_matrix *sum)
{
    matrix_space s = {0};
    ml_message unused;
    const matrix_value *moved;
    if (evaluate(c, &s, which, at, by, &moved, &unused) == ML_OK && same_shape(moved, base))
        for (size_t i = 0; i < base->size1; i++)
            for (size_t j = 0; j < base->size2; j++)
                *gsl_matrix_ptr(sum, i, j) +=
                    factor * fabs(gsl_matrix_get(moved->re, i, j) - gsl_matrix_get(base, i, j));
    matrix_free_all(&s);
}

static double greatest(const gsl_matrix *m)
{
    double most = 0;
    for (size_t i = 0; i < m->size1; i++)
        for (size_t j = 0; j < m->size2; j++)
            most = fmax(most, fabs(gsl_matrix_get(m, i, j)));
    return most;
}

/* What the radii, and relative changes of all entries, do to the value whose doubles BASE are. */
static void move_entries(calling *c, const gsl_matrix *base, gsl_matrix *radii, gsl_matrix *sizes)
{
    static const double step = 1e-7;
    for (size_t i = 0; i < c->e->count; i++) {
        const ball *b = c->args[i];
        for (size_t k = 0; b != NULL && k < b->x->size1 * b->x->size2; k++) {
            size_t row = k / b->x->size2, column = k % b->x->size2;
            double r = ball_radius(b, row, column), x = fabs(gsl_matrix_get(b->x, row, column));
            if (r > 0)
                add_change(c, base, i, k, r, 1, radii);
            if (x > 0)
                add_change(c, base, i, k, step * x, 1 / step, sizes);
        }
    }
}

static size_t entries_of(const calling *c)
{
    size_t count = 0;
    for (size_t i = 0; i < c->e->count; i++)
        count += c->args[i] ? c->args[i]->x->size1 * c->args[i]->x->size2 : 0;
    return count;
}

/* By how much the rank of A may be another within its radii.  It is at least the number of singular values
 * above the Frobenius norm of the radii (Weyl), and almost every matrix there has the rank of one that is
 * drawn. */
static double rank_change(calling *c, const ball *a, double rank)
{
    size_t m = a->x->size1, n = a->x->size2;
    gsl_vector *values = gsl_vector_alloc(m < n ? m : n);
    gsl_matrix *moved = gsl_matrix_alloc(m, n);
    gsl_rng *rng = random_stream(1, 0);
    double least = 0, most = 0, sum = 0;
    bool made = values != NULL && moved != NULL && rng != NULL;
    if (made && dense_singular(a->x, values, NULL, NULL, NULL) == ML_OK) {
        for (size_t k = 0; k < m * n; k++) {
            double r = ball_radius(a, k / n, k % n);
            sum = hypot(sum, r);
            gsl_matrix_set(moved, k / n, k % n,
                           gsl_matrix_get(a->x, k / n, k % n) + r * (2 * gsl_rng_uniform(rng) - 1));
        }
        for (size_t k = 0; k < values->size; k++)
            least += gsl_vector_get(values, k) > sum;
        if (dense_singular(moved, values, NULL, NULL, NULL) == ML_OK)
            most = (double)dense_rank(values, m, n);
    }
    c->starved |= !made;
    gsl_vector_free(values);
    gsl_matrix_free(moved);
    if (rng != NULL)
        gsl_rng_free(rng);
    return fmax(fmax(rank - least, most - rank), 0);
}

/* The ball for VALUE: exact when its rationals are known and no argument is uncertain. */
static ball *ball_of(calling *c, ball_space *balls, const matrix_value *value)
{
    bool uncertain = false;
    double terms = 1;
    for (size_t i = 0; i < c->e->count; i++)
        if (c->args[i] != NULL) {
            uncertain |= !ball_is_exact(c->args[i]);
            terms = fmax(terms, c->args[i]->terms + (double)c->args[i]->x->size1);
        }
    bool jumps = c->e->op == FUNCTION_RANK;
    bool moves = !jumps && (uncertain || value->q == NULL) && entries_of(c) <= MOST_MOVED;
    gsl_matrix *radii = gsl_matrix_calloc(value->rows, value->columns);
    gsl_matrix *sizes = gsl_matrix_calloc(value->rows, value->columns);
    matrix_space s = {0};
    ml_message unused;
    const matrix_value *base;
    ball *b = NULL;
    if (radii != NULL && sizes != NULL) {
        if (moves && evaluate(c, &s, c->e->count, 0, 0, &base, &unused) == ML_OK &&
            same_shape(base, value->re))
            move_entries(c, base->re, radii, sizes);
        if (jumps && uncertain && !c->exact)
            gsl_matrix_set(radii, 0, 0, rank_change(c, c->args[0], gsl_matrix_get(value->re, 0, 0)));
        b = c->starved ? NULL : ball_make(balls, value->re, radii, value->q != NULL);
    }
    if (b != NULL) {
        if (b->q != NULL)
            fmpq_mat_set(b->q, value->q);
        b->jumps = jumps;
        b->scale = fmax(greatest(value->re), greatest(sizes));
        b->terms = terms;
    }
    matrix_free_all(&s);
    gsl_matrix_free(radii);
    gsl_matrix_free(sizes);
    return b;
}

ml_status check_function_value(ball_space *balls, size_t nodes, bool exact, const expression *e,
                               const ball *const *args, const ball **out, ml_message *why)
{
    calling c = {.nodes = nodes, .exact = exact || e->op == FUNCTION_DET, .e = e, .args = args};
    matrix_space s = {0};
    const matrix_value *value;
    ml_status status = evaluate(&c, &s, SIZE_MAX, 0, 0, &value, why);
    if (c.exact && (status != ML_OK || value->q == NULL)) { /* no rational value: doubles */
        c.exact = false;
        status = evaluate(&c, &s, SIZE_MAX, 0, 0, &value, why);
    }
    *out = NULL;
    if (status == ML_OK && value->re == NULL)
        status = expression_fail(why, e, "this is %zu x %zu: it has no entry", value->rows, value->columns);
    else if (status == ML_OK && value->im != NULL)
        status = expression_fail(why, e, "this is complex, which claims are not");
    else if (status == ML_OK)
        *out = ball_of(&c, balls, value);
    matrix_free_all(&s);
    return status == ML_FAIL && !c.starved ? ML_NO : status;
}
