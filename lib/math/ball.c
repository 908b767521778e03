#include "math/ball.h"

#include <float.h>
#include <gsl/gsl_blas.h>
#include <math.h>
#include <stdlib.h>

#include "base/memory.h"

/* --- the space --- */

static void free_ball(ball *b)
{
    gsl_matrix_free(b->x);
    gsl_matrix_free(b->r);
    if (b->q != NULL)
        fmpq_mat_clear(b->q);
    free(b->q);
    free(b);
}

void ball_free_all(ball_space *s)
{
    for (ball *b = s->first, *next; b != NULL; b = next) {
        next = b->next;
        free_ball(b);
    }
    s->first = NULL;
}

static ball *new_ball(ball_space *s, size_t rows, size_t columns, bool uncertain, bool rational)
{
    ball *b = memory_zeros(1, sizeof *b);
    if (b == NULL)
        return NULL;
    b->x = gsl_matrix_calloc(rows, columns);
    b->r = uncertain ? gsl_matrix_calloc(rows, columns) : NULL;
    b->q = rational ? memory_zeros(1, sizeof *b->q) : NULL;
    if (b->q != NULL)
        fmpq_mat_init(b->q, (slong)rows, (slong)columns);
    if (b->x == NULL || (uncertain && b->r == NULL) || (rational && b->q == NULL)) {
        free_ball(b);
        return NULL;
    }
    b->terms = 1;
    b->next = s->first;
    s->first = b;
    return b;
}

static double greatest(const gsl_matrix *a)
{
    double most = 0;
    for (size_t i = 0; i < a->size1; i++)
        for (size_t j = 0; j < a->size2; j++)
            most = fmax(most, fabs(gsl_matrix_get(a, i, j)));
    return most;
}

static bool all_zero(const gsl_matrix *a)
{
    return a == NULL || greatest(a) == 0;
}

ball *ball_make(ball_space *s, const gsl_matrix *x, const gsl_matrix *r, bool rational)
{
    ball *b = new_ball(s, x->size1, x->size2, !all_zero(r), rational);
    if (b == NULL)
        return NULL;
    gsl_matrix_memcpy(b->x, x);
    if (b->r != NULL)
        gsl_matrix_memcpy(b->r, r);
    b->scale = greatest(x);
    return b;
}

ball *ball_zeros(ball_space *s, size_t rows, size_t columns, bool rational)
{
    return new_ball(s, rows, columns, false, rational);
}

const ball *ball_identity(ball_space *s, size_t order)
{
    ball *b = new_ball(s, order, order, false, true);
    if (b == NULL)
        return NULL;
    gsl_matrix_set_identity(b->x);
    fmpq_mat_one(b->q);
    b->scale = 1;
    return b;
}

/* --- arithmetic --- */

/* |A|, new. */
static gsl_matrix *magnitudes(const gsl_matrix *a)
{
    gsl_matrix *m = gsl_matrix_alloc(a->size1, a->size2);
    for (size_t i = 0; m != NULL && i < a->size1; i++)
        for (size_t j = 0; j < a->size2; j++)
            gsl_matrix_set(m, i, j, fabs(gsl_matrix_get(a, i, j)));
    return m;
}

static void add_product(gsl_matrix *c, const gsl_matrix *a, const gsl_matrix *b)
{
    gsl_blas_dgemm(CblasNoTrans, CblasNoTrans, 1, a, b, 1, c);
}

/* How much larger the terms of A once were than its entries are. */
static double cancelled(const ball *a)
{
    double most = greatest(a->x);
    return most > 0 && a->scale > most ? a->scale / most : 1;
}

const ball *ball_product(ball_space *s, const ball *a, const ball *b)
{
    if (a == NULL || b == NULL)
        return NULL;
    ball *c = new_ball(s, a->x->size1, b->x->size2, a->r || b->r, a->q && b->q);
    gsl_matrix *size_a = magnitudes(a->x), *size_b = magnitudes(b->x);
    gsl_matrix *size = c ? gsl_matrix_calloc(a->x->size1, b->x->size2) : NULL;
    bool made = size_a && size_b && size;
    if (made) {
        add_product(c->x, a->x, b->x);
        add_product(size, size_a, size_b);
        if (a->r != NULL)
            add_product(c->r, a->r, size_b);
        if (b->r != NULL)
            add_product(c->r, size_a, b->r);
        if (c->q != NULL)
            fmpq_mat_mul(c->q, a->q, b->q);
        c->scale = greatest(size) * cancelled(a) * cancelled(b);
        c->terms = fmax(fmax(a->terms, b->terms), (double)a->x->size2);
        c->jumps = a->jumps || b->jumps;
    }
    gsl_matrix_free(size_a);
    gsl_matrix_free(size_b);
    gsl_matrix_free(size);
    return made ? c : NULL;
}

static const ball *combine(ball_space *s, const ball *a, const ball *b, bool subtract)
{
    if (a == NULL || b == NULL)
        return NULL;
    ball *c = new_ball(s, a->x->size1, a->x->size2, a->r || b->r, a->q && b->q);
    if (c == NULL)
        return NULL;
    gsl_matrix_memcpy(c->x, a->x);
    (subtract ? gsl_matrix_sub : gsl_matrix_add)(c->x, b->x);
    if (a->r != NULL)
        gsl_matrix_add(c->r, a->r);
    if (b->r != NULL)
        gsl_matrix_add(c->r, b->r);
    if (c->q != NULL)
        (subtract ? fmpq_mat_sub : fmpq_mat_add)(c->q, a->q, b->q);
    c->scale = fmax(a->scale, b->scale);
    c->terms = fmax(a->terms, b->terms);
    c->compared = fmax(greatest(a->x), greatest(b->x));
    c->written = (a->r == NULL || a->written) && (b->r == NULL || b->written);
    c->jumps = a->jumps || b->jumps;
    return c;
}

const ball *ball_sum(ball_space *s, const ball *a, const ball *b)
{
    return combine(s, a, b, false);
}

const ball *ball_difference(ball_space *s, const ball *a, const ball *b)
{
    return combine(s, a, b, true);
}

/* --- entries moved --- */

/* Room for a matrix made of entries of A. */
static ball *like(ball_space *s, const ball *a, size_t rows, size_t columns)
{
    ball *b = a ? new_ball(s, rows, columns, a->r != NULL, a->q != NULL) : NULL;
    if (b != NULL) {
        b->scale = a->scale;
        b->terms = a->terms;
        b->compared = a->compared;
        b->written = a->written;
        b->jumps = a->jumps;
    }
    return b;
}

static void move(ball *to, size_t i, size_t j, const ball *from, size_t k, size_t l)
{
    gsl_matrix_set(to->x, i, j, gsl_matrix_get(from->x, k, l));
    if (to->r != NULL)
        gsl_matrix_set(to->r, i, j, gsl_matrix_get(from->r, k, l));
    if (to->q != NULL)
        fmpq_set(fmpq_mat_entry(to->q, (slong)i, (slong)j), fmpq_mat_entry(from->q, (slong)k, (slong)l));
}

const ball *ball_transpose(ball_space *s, const ball *a)
{
    ball *b = a ? like(s, a, a->x->size2, a->x->size1) : NULL;
    for (size_t i = 0; b != NULL && i < a->x->size1; i++)
        for (size_t j = 0; j < a->x->size2; j++)
            move(b, j, i, a, i, j);
    return b;
}

const ball *ball_columns(ball_space *s, const ball *a, size_t from, size_t count)
{
    ball *b = a ? like(s, a, a->x->size1, count) : NULL;
    for (size_t i = 0; b != NULL && i < a->x->size1; i++)
        for (size_t j = 0; j < count; j++)
            move(b, i, j, a, i, from + j);
    return b;
}

const ball *ball_rows(ball_space *s, const ball *a, size_t from, size_t count)
{
    ball *b = a ? like(s, a, count, a->x->size2) : NULL;
    for (size_t i = 0; b != NULL && i < count; i++)
        for (size_t j = 0; j < a->x->size2; j++)
            move(b, i, j, a, from + i, j);
    return b;
}

const ball *ball_diagonal(ball_space *s, const ball *a, size_t rows, size_t columns)
{
    if (a == NULL)
        return NULL;
    bool flat = a->x->size1 == 1;
    size_t order = flat ? a->x->size2 : a->x->size1;
    ball *b = like(s, a, rows ? rows : order, columns ? columns : order);
    for (size_t i = 0; b != NULL && i < order && i < b->x->size1 && i < b->x->size2; i++)
        move(b, i, i, a, flat ? 0 : i, flat ? i : 0);
    return b;
}

const ball *ball_diagonal_of(ball_space *s, const ball *a)
{
    size_t order = a == NULL ? 0 : a->x->size1 < a->x->size2 ? a->x->size1 : a->x->size2;
    ball *b = a ? like(s, a, order, 1) : NULL;
    for (size_t i = 0; b != NULL && i < order; i++)
        move(b, i, 0, a, i, i);
    return b;
}

const ball *ball_column(ball_space *s, const ball *a)
{
    return a != NULL && a->x->size1 == 1 && a->x->size2 > 1 ? ball_transpose(s, a) : a;
}

const ball *ball_expand(ball_space *s, const ball *a, size_t order)
{
    ball *b = a ? like(s, a, order, order) : NULL;
    for (size_t i = 0; b != NULL && i < order; i++)
        move(b, i, i, a, 0, 0);
    return b;
}

const ball *ball_row_sums(ball_space *s, const ball *a)
{
    ball *ones = a ? ball_zeros(s, a->x->size2, 1, a->q != NULL) : NULL;
    if (ones == NULL)
        return NULL;
    gsl_matrix_set_all(ones->x, 1);
    ones->scale = 1;
    for (size_t i = 0; ones->q != NULL && i < a->x->size2; i++)
        fmpq_one(fmpq_mat_entry(ones->q, (slong)i, 0));
    return ball_product(s, a, ones);
}

void ball_drop_rationals(ball *b)
{
    if (b->q != NULL)
        fmpq_mat_clear(b->q);
    free(b->q);
    b->q = NULL;
}

/* --- what may be off --- */

double ball_radius(const ball *a, size_t i, size_t j)
{
    return a->r != NULL ? gsl_matrix_get(a->r, i, j) : 0;
}

double ball_slack(const ball *a)
{
    return 64 * a->terms * DBL_EPSILON * a->scale;
}

bool ball_is_exact(const ball *a)
{
    return a->r == NULL;
}
