#include "ml/check_value.h"

#include <float.h>
#include <gsl/gsl_sf_gamma.h>
#include <gsl/gsl_sf_psi.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "math/dense.h"
#include "math/matrix_evaluate.h"
#include "math/rational.h"
#include "math/real_function.h"
#include "ml/check_function.h"

enum { MOST_BOUND = 64, MOST_SERIES = 1000000, MOST_POWER = 1000 };

typedef struct evaluation {
    const check_scope *scope;
    const ball **known; /* by id; of nodes without bound names */
    double bound[MOST_BOUND];
    bool *unknown;
    ml_message *why;
} evaluation;

static ml_status evaluate(evaluation *v, const expression *e, const ball **out);

/* --- small things --- */

static ml_status made(evaluation *v, const ball *b, const ball **out)
{
    *out = b;
    return b != NULL ? ML_OK : ml_fail_memory(v->why, "a value", sizeof *b);
}

static bool is_scalar(const ball *b)
{
    return b->x->size1 == 1 && b->x->size2 == 1;
}

static double scalar(const ball *b)
{
    return gsl_matrix_get(b->x, 0, 0);
}

static ball *new_scalar(evaluation *v, double x, bool rational)
{
    ball *b = ball_zeros(v->scope->balls, 1, 1, rational);
    if (b != NULL) {
        gsl_matrix_set(b->x, 0, 0, x);
        b->scale = fabs(x);
    }
    return b;
}

/* A rational scalar from whole numbers that are small. */
static ball *whole_scalar(evaluation *v, long x)
{
    ball *b = new_scalar(v, (double)x, true);
    if (b != NULL)
        fmpq_set_si(fmpq_mat_entry(b->q, 0, 0), x, 1);
    return b;
}

static void shape_of(const ball *b, char out[48])
{
    snprintf(out, 48, "%zu x %zu", b->x->size1, b->x->size2);
}

static ml_status fail_shapes(evaluation *v, const expression *e, const ball *a, const ball *b)
{
    char left[48], right[48];
    shape_of(a, left);
    shape_of(b, right);
    return expression_fail(v->why, e, "the shapes %s and %s do not fit", left, right);
}

static ml_status fail_unknown(evaluation *v, const expression *e)
{
    if (v->unknown != NULL)
        *v->unknown = true;
    return expression_fail(v->why, e, "this has no place in a claim");
}

/* The message is there already. */
static ml_status without_value(evaluation *v)
{
    if (v->scope->no_value != NULL)
        *v->scope->no_value = true;
    return ML_FAIL;
}

/* --- numbers and names --- */

static ml_status number_value(evaluation *v, const expression *e, const ball **out)
{
    if (e->imaginary)
        return fail_unknown(v, e);
    fmpq_t q;
    fmpq_init(q);
    bool rational = rational_read(e->text, strlen(e->text), q) == NUMBER_OK;
    ball *b = new_scalar(v, e->value, rational);
    if (b != NULL && rational)
        fmpq_set(fmpq_mat_entry(b->q, 0, 0), q);
    fmpq_clear(q);
    return made(v, b, out);
}

static ml_status name_value(evaluation *v, const expression *e, const ball **out)
{
    double constant;
    if (e->level > 0)
        return made(v, whole_scalar(v, (long)v->bound[e->level - 1]), out);
    const ball *b = v->scope->lookup ? v->scope->lookup(v->scope->context, e->text) : NULL;
    if (b != NULL)
        return made(v, b, out);
    if (expression_constant(e->text, &constant))
        return made(v, new_scalar(v, constant, false), out);
    if (strcmp(e->text, "I") == 0) {
        ball *identity = whole_scalar(v, 1);
        if (identity != NULL)
            identity->identity = true;
        return made(v, identity, out);
    }
    return expression_fail(v->why, e, "'%.60s' has no value; give it as %.60s=VALUE", e->text, e->text);
}

/* --- functions of a real number --- */

/* How steep F is at X: the greater of the two one-sided differences over H, or a central one where H is 0. */
static double steepness(real_function *f, double x, double h)
{
    double step = h > 0 ? h : 1e-6 * fmax(fabs(x), 1e-3), middle = f(x);
    double up = fabs(f(x + step) - middle) / step, down = fabs(middle - f(x - step)) / step;
    return isnan(up) ? down : isnan(down) ? up : fmax(up, down);
}

/* The functions that keep rationals.  False: this one does not, or not of X. */
static bool apply_rational(int id, fmpq_t y, const fmpq_t x)
{
    switch (id) {
    case FUNCTION_ABS:
        fmpq_abs(y, x);
        return true;
    case FUNCTION_SIGN:
        fmpq_set_si(y, fmpq_sgn(x), 1);
        return true;
    case FUNCTION_FLOOR:
    case FUNCTION_CEIL:
        (id == FUNCTION_FLOOR ? fmpz_fdiv_q : fmpz_cdiv_q)(fmpq_numref(y), fmpq_numref(x), fmpq_denref(x));
        fmpz_one(fmpq_denref(y));
        return true;
    case FUNCTION_SQRT:
        if (!fmpz_is_square(fmpq_numref(x)) || !fmpz_is_square(fmpq_denref(x)))
            return false;
        fmpz_sqrt(fmpq_numref(y), fmpq_numref(x));
        fmpz_sqrt(fmpq_denref(y), fmpq_denref(x));
        return true;
    default:
        return false;
    }
}

/* B = F(A), entry by entry, as rationals where all are. */
static void keep_rationals(int id, ball *b, const ball *a)
{
    bool all = b->q != NULL;
    for (slong i = 0; all && i < fmpq_mat_nrows(a->q); i++)
        for (slong j = 0; all && j < fmpq_mat_ncols(a->q); j++)
            all = apply_rational(id, fmpq_mat_entry(b->q, i, j), fmpq_mat_entry(a->q, i, j));
    if (!all)
        ball_drop_rationals(b);
}

/* F of every entry. */
static ml_status apply(evaluation *v, int id, real_function *f, const ball *a, const ball **out)
{
    ball *b = ball_make(v->scope->balls, a->x, a->r, a->q != NULL);
    if (b == NULL)
        return made(v, b, out);
    keep_rationals(id, b, a);
    bool jumps = id == FUNCTION_SIGN || id == FUNCTION_FLOOR || id == FUNCTION_CEIL;
    b->jumps = jumps;
    b->terms = a->terms + 1;
    b->scale = 0;
    for (size_t i = 0; i < a->x->size1; i++)
        for (size_t j = 0; j < a->x->size2; j++) {
            double x = gsl_matrix_get(a->x, i, j), r = ball_radius(a, i, j), y = f(x);
            double steep = isfinite(y) && !jumps ? steepness(f, x, r) : 0;
            gsl_matrix_set(b->x, i, j, y);
            if (b->r != NULL && jumps)
                gsl_matrix_set(b->r, i, j, fmax(fabs(f(x + r) - y), fabs(f(x - r) - y)));
            else if (b->r != NULL)
                gsl_matrix_set(b->r, i, j, isnan(steep) ? 0 : steep * r);
            if (isfinite(y))
                b->scale = fmax(b->scale, fmax(fabs(y), isfinite(steep) ? steep * a->scale : 0));
        }
    return made(v, b, out);
}

/* --- products, quotients, powers --- */

static ml_status mark_identity(ml_status status, bool identity, const ball **out)
{
    if (status == ML_OK && identity)
        ((ball *)*out)->identity = true; /* a new ball, and no one else's yet */
    return status;
}

/* The scalar S times every entry of A. */
static ml_status scale_by(evaluation *v, const ball *s, const ball *a, const ball **out)
{
    ball *d = ball_zeros(v->scope->balls, a->x->size1, a->x->size1, s->q != NULL);
    if (d == NULL || is_scalar(a))
        return mark_identity(made(v, d ? ball_product(v->scope->balls, s, a) : NULL, out),
                             is_scalar(a) && (s->identity || a->identity), out);
    if (s->r != NULL && (d->r = gsl_matrix_calloc(a->x->size1, a->x->size1)) == NULL)
        return made(v, NULL, out);
    for (size_t i = 0; i < a->x->size1; i++) {
        gsl_matrix_set(d->x, i, i, scalar(s));
        if (d->r != NULL)
            gsl_matrix_set(d->r, i, i, ball_radius(s, 0, 0));
        if (d->q != NULL)
            fmpq_set(fmpq_mat_entry(d->q, (slong)i, (slong)i), fmpq_mat_entry(s->q, 0, 0));
    }
    d->scale = s->scale;
    d->terms = s->terms;
    return made(v, ball_product(v->scope->balls, d, a), out);
}

static ml_status multiply(evaluation *v, const expression *e, const ball *a, const ball *b, const ball **out)
{
    if (is_scalar(a))
        return scale_by(v, a, b, out);
    if (is_scalar(b))
        return scale_by(v, b, a, out);
    if (a->x->size2 != b->x->size1)
        return fail_shapes(v, e, a, b);
    return made(v, ball_product(v->scope->balls, a, b), out);
}

/* 1/s */
static ball *reciprocal(evaluation *v, const ball *s)
{
    double x = scalar(s);
    bool rational = s->q != NULL && !fmpq_is_zero(fmpq_mat_entry(s->q, 0, 0));
    ball *b = new_scalar(v, 1 / x, rational);
    if (b == NULL)
        return NULL;
    if (s->r != NULL) {
        if ((b->r = gsl_matrix_calloc(1, 1)) == NULL)
            return NULL;
        gsl_matrix_set(b->r, 0, 0, ball_radius(s, 0, 0) / (x * x));
    }
    if (rational)
        fmpq_inv(fmpq_mat_entry(b->q, 0, 0), fmpq_mat_entry(s->q, 0, 0));
    b->scale = fmax(fabs(1 / x), s->scale / (x * x));
    b->terms = s->terms + 1;
    return b;
}

static ml_status divide(evaluation *v, const expression *e, const ball *a, const ball *b, const ball **out)
{
    if (!is_scalar(b))
        return expression_fail(v->why, e->args[1], "the divisor is a matrix; multiply by inv(...)");
    if (!is_scalar(a) || scalar(b) != 0 || scalar(a) != 0) {
        const ball *r = reciprocal(v, b);
        ml_status status = r ? scale_by(v, r, a, out) : made(v, NULL, out);
        /* the correctly rounded quotient of scalars */
        if (status == ML_OK && is_scalar(a))
            gsl_matrix_set((*out)->x, 0, 0, scalar(a) / scalar(b));
        return status;
    }
    return made(v, new_scalar(v, NAN, false), out);
}

static ml_status integer_power(evaluation *v, const ball *a, unsigned long n, const ball **out)
{
    ball_space *s = v->scope->balls;
    const ball *power = NULL, *square = a;
    for (; n > 0; n /= 2) {
        if (n % 2)
            power = power ? ball_product(s, power, square) : square;
        if (n > 1)
            square = ball_product(s, square, square);
        if (square == NULL || (n % 2 && power == NULL))
            return made(v, NULL, out);
    }
    return made(v, power ? power : ball_identity(s, a->x->size1), out);
}

static double real_power(double x, double y)
{
    double power = pow(x, y);
    return x < 0 && y != floor(y) ? NAN : power;
}

/* x^y of scalars: exact for small whole y, else with both derivatives. */
static ml_status scalar_power(evaluation *v, const ball *a, const ball *b, const ball **out)
{
    double x = scalar(a), y = scalar(b), power = real_power(x, y);
    bool whole = b->r == NULL && y == floor(y) && fabs(y) <= MOST_POWER;
    bool rational = whole && a->q != NULL && !(y < 0 && fmpq_is_zero(fmpq_mat_entry(a->q, 0, 0)));
    ball *r = new_scalar(v, power, rational && fabs(y) <= 64);
    if (r == NULL)
        return made(v, r, out);
    if (r->q != NULL)
        fmpq_pow_si(fmpq_mat_entry(r->q, 0, 0), fmpq_mat_entry(a->q, 0, 0), (slong)y);
    double by_x = fabs(y * real_power(x, y - 1)), by_y = x > 0 ? fabs(power * log(x)) : 0;
    if (y == 0)
        by_x = 0;
    if (a->r != NULL || b->r != NULL) {
        if ((r->r = gsl_matrix_calloc(1, 1)) == NULL)
            return made(v, NULL, out);
        gsl_matrix_set(r->r, 0, 0, by_x * ball_radius(a, 0, 0) + by_y * ball_radius(b, 0, 0));
    }
    r->terms = fmax(a->terms, b->terms) + 1;
    double spread = by_x * a->scale + (b->q != NULL ? 0 : by_y * b->scale);
    r->scale = fmax(fabs(power), isfinite(spread) ? spread : 0);
    return made(v, r, out);
}

/* The inverse: dX is X dA X. */
static ml_status invert(evaluation *v, const expression *e, const ball *a, const ball **out)
{
    size_t n = a->x->size1;
    if (n != a->x->size2)
        return expression_fail(v->why, e, "the inverse needs a square matrix, and this one is %zu x %zu", n,
                               a->x->size2);
    ball_space *s = v->scope->balls;
    const ball *identity = ball_identity(s, n);
    ball *x = identity ? ball_make(s, a->x, NULL, a->q != NULL) : NULL;
    if (x == NULL)
        return made(v, NULL, out);
    if (x->q != NULL && !fmpq_mat_inv(x->q, a->q)) {
        expression_fail(v->why, e, "the matrix is singular");
        return without_value(v);
    }
    ml_status status = dense_solve(a->x, identity->x, x->x, v->why);
    if (status == ML_NO) {
        expression_fail(v->why, e, "the matrix is singular");
        return without_value(v);
    }
    if (status != ML_OK)
        return status;
    ball *sizes = ball_make(s, x->x, NULL, false);
    for (size_t i = 0; sizes != NULL && i < n * n; i++)
        sizes->x->data[i] = fabs(sizes->x->data[i]);
    /* the arithmetic is off by |X| |A| |X| eps */
    ball *about = ball_make(s, a->x, NULL, false);
    for (size_t i = 0; about != NULL && i < n * n; i++)
        about->x->data[i] = fabs(about->x->data[i]);
    const ball *spread = ball_product(s, ball_product(s, sizes, about), sizes);
    if (spread == NULL)
        return made(v, NULL, out);
    x->scale = spread->scale;
    x->terms = a->terms + (double)n;
    if (a->r != NULL) {
        ball *radii = ball_make(s, a->r, NULL, false);
        const ball *moved = ball_product(s, ball_product(s, sizes, radii), sizes);
        if (moved == NULL || (x->r = gsl_matrix_alloc(n, n)) == NULL)
            return made(v, NULL, out);
        gsl_matrix_memcpy(x->r, moved->x);
    }
    return made(v, x, out);
}

static ml_status power(evaluation *v, const expression *e, const ball *a, const ball *b, const ball **out)
{
    if (!is_scalar(b))
        return expression_fail(v->why, e->args[1], "the exponent is a matrix");
    if (is_scalar(a))
        return scalar_power(v, a, b, out);
    double y = scalar(b);
    if (a->x->size1 != a->x->size2)
        return expression_fail(v->why, e, "a power needs a square matrix, and this one is %zu x %zu",
                               a->x->size1, a->x->size2);
    if (y != floor(y) || fabs(y) > MOST_POWER)
        return expression_fail(v->why, e->args[1], "the exponent of a matrix is a whole number up to %d here",
                               MOST_POWER);
    ml_status status = y < 0 ? invert(v, e, a, &a) : ML_OK;
    return status == ML_OK ? integer_power(v, a, (unsigned long)fabs(y), out) : status;
}

static ml_status binary(evaluation *v, const expression *e, const ball **out)
{
    const ball *a, *b;
    ml_status status = evaluate(v, e->args[0], &a);
    if (status == ML_OK)
        status = evaluate(v, e->args[1], &b);
    if (status != ML_OK)
        return status;
    ball_space *s = v->scope->balls;
    switch (e->op) {
    case OPERATOR_ADD:
    case OPERATOR_SUBTRACT:
        if (a->identity && !is_scalar(b) && b->x->size1 == b->x->size2)
            a = ball_expand(s, a, b->x->size1);
        else if (b->identity && !is_scalar(a) && a->x->size1 == a->x->size2)
            b = ball_expand(s, b, a->x->size1);
        if (a != NULL && b != NULL && (a->x->size1 != b->x->size1 || a->x->size2 != b->x->size2))
            return fail_shapes(v, e, a, b);
        return mark_identity(
            made(v, e->op == OPERATOR_ADD ? ball_sum(s, a, b) : ball_difference(s, a, b), out),
            a != NULL && b != NULL && a->identity && b->identity, out);
    case OPERATOR_MULTIPLY:
        return multiply(v, e, a, b, out);
    case OPERATOR_DIVIDE:
        return divide(v, e, a, b, out);
    default:
        return power(v, e, a, b, out);
    }
}

static ml_status comparison(evaluation *v, const expression *e, const ball **out)
{
    const ball *a, *b;
    ml_status status = evaluate(v, e->args[0], &a);
    if (status == ML_OK)
        status = evaluate(v, e->args[1], &b);
    if (status != ML_OK)
        return status;
    if (!is_scalar(a) || !is_scalar(b))
        return expression_fail(v->why, e, "inside an expression only numbers are compared");
    double x = scalar(a), y = scalar(b);
    bool holds = e->op == OPERATOR_EQUAL     ? x == y
                 : e->op == OPERATOR_UNEQUAL ? x != y
                 : e->op == OPERATOR_LESS    ? x < y
                 : e->op == OPERATOR_AT_MOST ? x <= y
                 : e->op == OPERATOR_GREATER ? x > y
                                             : x >= y;
    return made(v, whole_scalar(v, holds), out);
}

/* --- calls --- */

/* The entries in one column. */
static const ball *flat(evaluation *v, const ball *a)
{
    ball *b = ball_zeros(v->scope->balls, a->x->size1 * a->x->size2, 1, a->q != NULL);
    if (b == NULL || (a->r != NULL && (b->r = gsl_matrix_alloc(b->x->size1, 1)) == NULL))
        return NULL;
    for (size_t i = 0; i < b->x->size1; i++) {
        size_t k = i / a->x->size2, l = i % a->x->size2;
        gsl_matrix_set(b->x, i, 0, gsl_matrix_get(a->x, k, l));
        if (b->r != NULL)
            gsl_matrix_set(b->r, i, 0, ball_radius(a, k, l));
        if (b->q != NULL)
            fmpq_set(fmpq_mat_entry(b->q, (slong)i, 0), fmpq_mat_entry(a->q, (slong)k, (slong)l));
    }
    b->scale = a->scale;
    b->terms = a->terms;
    return b;
}

static const ball *entry(evaluation *v, const ball *a, size_t i, size_t j)
{
    return ball_columns(v->scope->balls, ball_rows(v->scope->balls, a, i, 1), j, 1);
}

static ml_status total(evaluation *v, const ball *a, const ball **out)
{
    ball_space *s = v->scope->balls;
    const ball *f = flat(v, a);
    return made(v, f ? ball_row_sums(s, ball_transpose(s, f)) : NULL, out);
}

/* All arguments' entries in one column. */
static ml_status gather(evaluation *v, const expression *e, const ball **out)
{
    const ball *whole = NULL;
    for (size_t k = 0; k < e->count; k++) {
        const ball *a;
        ml_status status = evaluate(v, e->args[k], &a);
        if (status != ML_OK)
            return status;
        a = flat(v, a);
        if (a == NULL || whole == NULL) {
            whole = a;
            if (a == NULL)
                return made(v, NULL, out);
            continue;
        }
        size_t n = whole->x->size1, m = a->x->size1;
        ball *both = ball_zeros(v->scope->balls, n + m, 1, whole->q != NULL && a->q != NULL);
        if (both == NULL || (both->r = gsl_matrix_calloc(n + m, 1)) == NULL)
            return made(v, NULL, out);
        for (size_t i = 0; i < n + m; i++) {
            gsl_matrix_set(both->x, i, 0, gsl_matrix_get(i < n ? whole->x : a->x, i < n ? i : i - n, 0));
            gsl_matrix_set(both->r, i, 0, i < n ? ball_radius(whole, i, 0) : ball_radius(a, i - n, 0));
            if (both->q != NULL)
                fmpq_set(fmpq_mat_entry(both->q, (slong)i, 0),
                         fmpq_mat_entry(i < n ? whole->q : a->q, (slong)(i < n ? i : i - n), 0));
        }
        both->scale = fmax(whole->scale, a->scale);
        both->terms = fmax(whole->terms, a->terms);
        whole = both;
    }
    return made(v, whole, out);
}

static ml_status extreme(evaluation *v, const expression *e, const ball **out)
{
    const ball *all;
    ml_status status = gather(v, e, &all);
    if (status != ML_OK)
        return status;
    size_t best = 0;
    for (size_t i = 1; i < all->x->size1; i++) {
        double x = gsl_matrix_get(all->x, i, 0), y = gsl_matrix_get(all->x, best, 0);
        if (e->op == FUNCTION_MAX ? x > y : x < y)
            best = i;
    }
    return made(v, entry(v, all, best, 0), out);
}

static ml_status product_of(evaluation *v, const ball *a, const ball **out)
{
    const ball *f = flat(v, a), *p = f ? entry(v, f, 0, 0) : NULL;
    for (size_t i = 1; p != NULL && i < f->x->size1; i++)
        p = ball_product(v->scope->balls, p, entry(v, f, i, 0));
    return made(v, p, out);
}

/* What math/matrix_evaluate knows and balls do not. */
static ml_status of_matrices(evaluation *v, const expression *e, const ball **out)
{
    if (e->bound != 0 || !matrix_knows(e->op))
        return fail_unknown(v, e);
    const ball **args = memory_zeros(e->count, sizeof *args);
    ml_status status = args ? ML_OK : made(v, NULL, out);
    for (size_t i = 0; status == ML_OK && i < e->count; i++) {
        const expression *a = e->args[i];
        if (!(a->kind == EXPRESSION_NAME && a->level == 0 && check_function_word(a->text)))
            status = evaluate(v, a, &args[i]);
    }
    if (status == ML_OK)
        status =
            check_function_value(v->scope->balls, v->scope->nodes, v->scope->exact, e, args, out, v->why);
    free(args);
    if (status == ML_NO)
        return without_value(v);
    return status == ML_OK ? made(v, *out, out) : status;
}

/* B, the Euclidean length of the vector A, as a rational where it is one. */
static void length_rational(ball *b, const ball *a)
{
    fmpq *square = fmpq_mat_entry(b->q, 0, 0);
    for (slong i = 0; i < fmpq_mat_nrows(a->q); i++)
        for (slong j = 0; j < fmpq_mat_ncols(a->q); j++)
            fmpq_addmul(square, fmpq_mat_entry(a->q, i, j), fmpq_mat_entry(a->q, i, j));
    if (!apply_rational(FUNCTION_SQRT, square, square))
        ball_drop_rationals(b);
}

/* The p-norm of the entries of a vector. */
static ml_status norm(evaluation *v, const expression *e, const ball **out)
{
    const ball *a, *p = NULL;
    ml_status status = evaluate(v, e->args[0], &a);
    if (status != ML_OK)
        return status;
    bool word = e->count > 1 && e->args[1]->kind == EXPRESSION_NAME && check_function_word(e->args[1]->text);
    if (word || (a->x->size1 > 1 && a->x->size2 > 1))
        return of_matrices(v, e, out);
    if (e->count > 1 && (status = evaluate(v, e->args[1], &p)) != ML_OK)
        return status;
    double order = p ? scalar(p) : 2, sum = 0, radius = 0;
    for (size_t i = 0; i < a->x->size1; i++)
        for (size_t j = 0; j < a->x->size2; j++) {
            double x = fabs(gsl_matrix_get(a->x, i, j));
            sum = isinf(order) ? fmax(sum, x) : order == 2 ? hypot(sum, x) : sum + pow(x, order);
        }
    double value = isinf(order) || order == 2 ? sum : pow(sum, 1 / order);
    for (size_t i = 0; i < a->x->size1; i++)
        for (size_t j = 0; j < a->x->size2; j++) {
            double x = fabs(gsl_matrix_get(a->x, i, j)), r = ball_radius(a, i, j);
            radius =
                isinf(order) ? fmax(radius, r) : radius + (value > 0 ? pow(x / value, order - 1) * r : r);
        }
    ball *b = new_scalar(v, value, order == 2 && a->q != NULL);
    if (b != NULL && b->q != NULL)
        length_rational(b, a);
    if (b != NULL && a->r != NULL && (b->r = gsl_matrix_alloc(1, 1)) != NULL)
        gsl_matrix_set(b->r, 0, 0, radius);
    if (b != NULL) {
        b->terms = a->terms + (double)(a->x->size1 * a->x->size2);
        b->scale = fmax(value, a->scale);
    }
    return made(v, b, out);
}

static ml_status dot(evaluation *v, const expression *e, const ball **out)
{
    const ball *a, *b;
    ml_status status = evaluate(v, e->args[0], &a);
    if (status == ML_OK)
        status = evaluate(v, e->args[1], &b);
    if (status != ML_OK)
        return status;
    if (a->x->size1 * a->x->size2 != b->x->size1 * b->x->size2)
        return fail_shapes(v, e, a, b);
    ball_space *s = v->scope->balls;
    return made(v, ball_product(s, ball_transpose(s, flat(v, a)), flat(v, b)), out);
}

static double angle(double y, double x)
{
    return atan2(y, x);
}

/* atan2, hypot and pow of numbers, by differences. */
static ml_status of_two(evaluation *v, const expression *e, double (*f)(double, double), const ball **out)
{
    const ball *a, *b;
    ml_status status = evaluate(v, e->args[0], &a);
    if (status == ML_OK)
        status = evaluate(v, e->args[1], &b);
    if (status != ML_OK)
        return status;
    if (!is_scalar(a) || !is_scalar(b))
        return fail_shapes(v, e, a, b);
    double x = scalar(a), y = scalar(b), value = f(x, y), h = 1e-6;
    double by_x = fabs(f(x + h, y) - f(x - h, y)) / (2 * h), by_y = fabs(f(x, y + h) - f(x, y - h)) / (2 * h);
    ball *r = new_scalar(v, value, false);
    if (r != NULL && (a->r || b->r) && (r->r = gsl_matrix_calloc(1, 1)) != NULL)
        gsl_matrix_set(r->r, 0, 0, by_x * ball_radius(a, 0, 0) + by_y * ball_radius(b, 0, 0));
    if (r != NULL) {
        r->terms = fmax(a->terms, b->terms) + 1;
        r->scale = fmax(fabs(value), by_x * a->scale + by_y * b->scale);
    }
    return made(v, r, out);
}

static ml_status mean(evaluation *v, const ball *a, const ball **out)
{
    const ball *sum;
    ml_status status = total(v, a, &sum);
    ball *n = status == ML_OK ? whole_scalar(v, (long)(a->x->size1 * a->x->size2)) : NULL;
    const ball *r = n ? reciprocal(v, n) : NULL;
    return status == ML_OK ? made(v, r ? ball_product(v->scope->balls, r, sum) : NULL, out) : status;
}

static ml_status call(evaluation *v, const expression *e, const ball **out)
{
    const ball *a;
    switch (e->op) {
    case FUNCTION_MIN:
    case FUNCTION_MAX:
        return extreme(v, e, out);
    case FUNCTION_NORM:
        return norm(v, e, out);
    case FUNCTION_DOT:
        return dot(v, e, out);
    case FUNCTION_ATAN2:
        return of_two(v, e, angle, out);
    case FUNCTION_HYPOT:
        return of_two(v, e, hypot, out);
    case FUNCTION_POW:
        return of_two(v, e, real_power, out);
    default:
        break;
    }
    real_function *f = real_function_of(e->op);
    bool known = f != NULL || e->op == FUNCTION_T || e->op == FUNCTION_SUM || e->op == FUNCTION_MEAN ||
                 e->op == FUNCTION_PROD || e->op == FUNCTION_LENGTH;
    if (!known || e->count != 1)
        return of_matrices(v, e, out);
    ml_status status = evaluate(v, e->args[0], &a);
    if (status != ML_OK)
        return status;
    if (f != NULL)
        return apply(v, e->op, f, a, out);
    switch (e->op) {
    case FUNCTION_T:
        return made(v, ball_transpose(v->scope->balls, a), out);
    case FUNCTION_SUM:
        return total(v, a, out);
    case FUNCTION_MEAN:
        return mean(v, a, out);
    case FUNCTION_PROD:
        return product_of(v, a, out);
    default:
        return made(v, whole_scalar(v, (long)(a->x->size1 * a->x->size2)), out);
    }
}

/* --- the rest --- */

static ml_status whole_number(evaluation *v, const expression *e, long least, long most, long *n)
{
    const ball *b;
    ml_status status = evaluate(v, e, &b);
    if (status != ML_OK)
        return status;
    double x = is_scalar(b) ? scalar(b) : NAN;
    if (!(x == floor(x) && x >= (double)least && x <= (double)most))
        return expression_fail(v->why, e, "a whole number from %ld to %ld is needed here, not %g", least,
                               most, x);
    *n = (long)x;
    return ML_OK;
}

static ml_status indexed(evaluation *v, const expression *e, const ball **out)
{
    const ball *a;
    long i, j = 1;
    ml_status status = evaluate(v, e->args[0], &a);
    if (status != ML_OK)
        return status;
    size_t rows = a->x->size1, columns = a->x->size2;
    if (e->count == 2) {
        if (rows > 1 && columns > 1)
            return expression_fail(v->why, e, "a matrix of %zu x %zu takes two indices", rows, columns);
        status = whole_number(v, e->args[1], 1, (long)(rows * columns), &i);
        return status == ML_OK
                   ? made(v, rows > 1 ? entry(v, a, (size_t)i - 1, 0) : entry(v, a, 0, (size_t)i - 1), out)
                   : status;
    }
    status = whole_number(v, e->args[1], 1, (long)rows, &i);
    if (status == ML_OK)
        status = whole_number(v, e->args[2], 1, (long)columns, &j);
    return status == ML_OK ? made(v, entry(v, a, (size_t)i - 1, (size_t)j - 1), out) : status;
}

static ml_status matrix(evaluation *v, const expression *e, const ball **out)
{
    ball *m = ball_zeros(v->scope->balls, e->rows, e->columns, true);
    if (m == NULL || (m->r = gsl_matrix_calloc(e->rows, e->columns)) == NULL)
        return made(v, NULL, out);
    bool rational = true;
    for (size_t k = 0; k < e->count; k++) {
        const ball *b;
        ml_status status = evaluate(v, e->args[k], &b);
        if (status != ML_OK)
            return status;
        if (!is_scalar(b))
            return expression_fail(v->why, e->args[k], "an entry is a number, and this is %zu x %zu",
                                   b->x->size1, b->x->size2);
        size_t i = k / e->columns, j = k % e->columns;
        gsl_matrix_set(m->x, i, j, scalar(b));
        gsl_matrix_set(m->r, i, j, ball_radius(b, 0, 0));
        rational = rational && b->q != NULL;
        if (rational)
            fmpq_set(fmpq_mat_entry(m->q, (slong)i, (slong)j), fmpq_mat_entry(b->q, 0, 0));
        m->scale = fmax(m->scale, b->scale);
        m->terms = fmax(m->terms, b->terms);
    }
    if (!rational)
        ball_drop_rationals(m);
    return made(v, m, out);
}

static ml_status series(evaluation *v, const expression *e, const ball **out)
{
    long from, to;
    ml_status status = whole_number(v, e->args[0], -MOST_SERIES, MOST_SERIES, &from);
    if (status == ML_OK)
        status = whole_number(v, e->args[1], -MOST_SERIES, MOST_SERIES, &to);
    const ball *sum = status == ML_OK ? whole_scalar(v, e->op == FUNCTION_PROD) : NULL;
    if (status == ML_OK && sum == NULL)
        return made(v, NULL, out);
    if (e->level > MOST_BOUND)
        return fail_unknown(v, e);
    for (long i = from; status == ML_OK && i <= to; i++) {
        const ball *term;
        v->bound[e->level - 1] = (double)i;
        status = evaluate(v, e->args[2], &term);
        if (status == ML_OK && i == from)
            sum = term;
        else if (status == ML_OK && e->op == FUNCTION_PROD)
            status = multiply(v, e, sum, term, &sum);
        else if (status == ML_OK && (sum->x->size1 != term->x->size1 || sum->x->size2 != term->x->size2))
            status = fail_shapes(v, e, sum, term);
        else if (status == ML_OK)
            status = made(v, ball_sum(v->scope->balls, sum, term), &sum);
    }
    *out = sum;
    return status;
}

static ml_status conditional(evaluation *v, const expression *e, const ball **out)
{
    const ball *c;
    ml_status status = evaluate(v, e->args[0], &c);
    if (status != ML_OK)
        return status;
    return evaluate(v, e->args[is_scalar(c) && scalar(c) != 0 ? 1 : 2], out);
}

static ml_status negated(evaluation *v, const expression *e, const ball **out)
{
    const ball *a;
    ml_status status = evaluate(v, e->args[0], &a);
    const ball *minus = status == ML_OK ? whole_scalar(v, -1) : NULL;
    if (status != ML_OK || minus == NULL)
        return status != ML_OK ? status : made(v, NULL, out);
    return scale_by(v, minus, a, out);
}

static ml_status value_of(evaluation *v, const expression *e, const ball **out)
{
    switch (e->kind) {
    case EXPRESSION_NUMBER:
        return number_value(v, e, out);
    case EXPRESSION_NAME:
        return name_value(v, e, out);
    case EXPRESSION_INDEX:
        return indexed(v, e, out);
    case EXPRESSION_CALL:
        return call(v, e, out);
    case EXPRESSION_NEGATE:
        return negated(v, e, out);
    case EXPRESSION_BINARY:
        return binary(v, e, out);
    case EXPRESSION_COMPARISON:
        return comparison(v, e, out);
    case EXPRESSION_MATRIX:
        return matrix(v, e, out);
    case EXPRESSION_SERIES:
        return series(v, e, out);
    case EXPRESSION_CONDITIONAL:
        return conditional(v, e, out);
    }
    return fail_unknown(v, e);
}

static ml_status evaluate(evaluation *v, const expression *e, const ball **out)
{
    bool keeps = e->bound == 0 && e->id < v->scope->nodes;
    if (keeps && v->known[e->id] != NULL) {
        *out = v->known[e->id];
        return ML_OK;
    }
    ml_status status = value_of(v, e, out);
    if (status == ML_OK && keeps)
        v->known[e->id] = *out;
    return status;
}

ml_status check_value_of(const check_scope *scope, const expression *e, const ball **value, bool *unknown,
                         ml_message *why)
{
    evaluation v = {.scope = scope, .unknown = unknown, .why = why};
    if (unknown != NULL)
        *unknown = false;
    v.known = memory_zeros(scope->nodes, sizeof *v.known);
    if (v.known == NULL)
        return ml_fail_memory(why, "an expression", scope->nodes * sizeof *v.known);
    ml_status status = evaluate(&v, e, value);
    free(v.known);
    return status;
}
