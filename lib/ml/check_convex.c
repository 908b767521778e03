/* Convexity: proved by the rules of composition, by a constant Hessian or by intervals; disproved by two
 * points. */
#include <float.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/random.h"
#include "math/dense.h"
#include "math/rational.h"
#include "math/symbolic.h"
#include "ml/check_calculus.h"

/* --- intervals --- */

/* Values of a subtree; `whole`: defined everywhere on the box. */
typedef struct range {
    double least, most;
    bool whole;
} range;

typedef struct box {
    const check_function *f;
    const check_input *in;
    const check_range *sides; /* one a variable */
} box;

static range everything(bool whole)
{
    return (range){-INFINITY, INFINITY, whole};
}

/* Outwards by a few units of rounding; 0 stays, since it comes out exactly. */
static range widen(double least, double most, bool whole)
{
    if (isnan(least) || isnan(most))
        return everything(whole);
    return (range){least == 0 ? 0 : least - 8 * DBL_EPSILON * fabs(least),
                   most == 0 ? 0 : most + 8 * DBL_EPSILON * fabs(most), whole};
}

static double product(double a, double b)
{
    return a == 0 || b == 0 ? 0 : a * b;
}

static range multiply(range a, range b)
{
    double p[4] = {product(a.least, b.least), product(a.least, b.most), product(a.most, b.least),
                   product(a.most, b.most)};
    double least = p[0], most = p[0];
    for (int i = 1; i < 4; i++) {
        least = fmin(least, p[i]);
        most = fmax(most, p[i]);
    }
    return widen(least, most, a.whole && b.whole);
}

static range invert(range a)
{
    if (a.least > 0 || a.most < 0)
        return widen(1 / a.most, 1 / a.least, a.whole);
    if (a.least == 0 && a.most > 0)
        return (range){1 / a.most * (1 - 8 * DBL_EPSILON), INFINITY, false};
    if (a.most == 0 && a.least < 0)
        return (range){-INFINITY, 1 / a.least * (1 - 8 * DBL_EPSILON), false};
    return everything(false);
}

static range whole_power(range a, long n)
{
    if (n < 0)
        return invert(whole_power(a, -n));
    if (n == 0)
        return (range){1, 1, a.whole};
    double low = pow(a.least, (double)n), high = pow(a.most, (double)n);
    if (n % 2)
        return widen(low, high, a.whole);
    double least = a.least <= 0 && a.most >= 0 ? 0 : fmin(low, high);
    return widen(least, fmax(low, high), a.whole);
}

static range monotone(range a, double (*f)(double), double from)
{
    bool whole = a.whole && a.least >= from;
    if (a.most < from)
        return everything(false);
    return widen(f(fmax(a.least, from)), f(a.most), whole);
}

static double sigmoid(double x)
{
    return x >= 0 ? 1 / (1 + exp(-x)) : exp(x) / (1 + exp(x));
}

static double softplus(double x)
{
    return x > 0 ? x + log1p(exp(-x)) : log1p(exp(x));
}

static range range_of(const box *b, const expression *e);

static range real_power(range a, range x)
{
    if (x.least == x.most && x.least == floor(x.least) && fabs(x.least) <= 1000)
        return whole_power(a, (long)x.least);
    if (a.least < 0)
        return a.most < 0 ? everything(false) : (range){0, INFINITY, false};
    double p[4] = {pow(a.least, x.least), pow(a.least, x.most), pow(a.most, x.least), pow(a.most, x.most)};
    double least = fmin(fmin(p[0], p[1]), fmin(p[2], p[3])), most = fmax(fmax(p[0], p[1]), fmax(p[2], p[3]));
    return widen(a.least == 0 ? 0 : least, most, a.whole && x.whole && !(a.least == 0 && x.least <= 0));
}

static range call_range(const box *b, const expression *e)
{
    range a = range_of(b, e->args[0]);
    switch (e->op) {
    case FUNCTION_EXP: {
        range r = monotone(a, exp, -INFINITY);
        r.least = fmax(r.least, 0);
        return r;
    }
    case FUNCTION_LOG: {
        range r = monotone(a, log, 0);
        r.whole = r.whole && a.least > 0;
        return r;
    }
    case FUNCTION_SQRT:
        return monotone(a, sqrt, 0);
    case FUNCTION_ABS:
        return (range){a.least > 0  ? a.least
                       : a.most < 0 ? -a.most
                                    : 0,
                       fmax(fabs(a.least), fabs(a.most)), a.whole};
    case FUNCTION_SIN:
    case FUNCTION_COS:
    case FUNCTION_SIGN:
        return (range){-1, 1, a.whole};
    case FUNCTION_TANH:
        return monotone(a, tanh, -INFINITY);
    case FUNCTION_ATAN:
        return monotone(a, atan, -INFINITY);
    case FUNCTION_SINH:
        return monotone(a, sinh, -INFINITY);
    case FUNCTION_COSH: {
        double low = a.least <= 0 && a.most >= 0 ? 1 : fmin(cosh(a.least), cosh(a.most));
        return widen(low, fmax(cosh(a.least), cosh(a.most)), a.whole);
    }
    case FUNCTION_SIGMOID: {
        range r = monotone(a, sigmoid, -INFINITY);
        return (range){fmax(r.least, 0), fmin(r.most, 1), r.whole};
    }
    case FUNCTION_SOFTPLUS: {
        range r = monotone(a, softplus, -INFINITY);
        return (range){fmax(r.least, 0), r.most, r.whole};
    }
    case FUNCTION_RELU:
        return (range){fmax(a.least, 0), fmax(a.most, 0), a.whole};
    case FUNCTION_MIN:
    case FUNCTION_MAX:
        for (size_t i = 1; i < e->count; i++) {
            range x = range_of(b, e->args[i]);
            bool least = e->op == FUNCTION_MIN;
            a = (range){least ? fmin(a.least, x.least) : fmax(a.least, x.least),
                        least ? fmin(a.most, x.most) : fmax(a.most, x.most), a.whole && x.whole};
        }
        return e->count > 1 ? a : everything(false);
    default:
        return everything(false);
    }
}

static range name_range(const box *b, const expression *e)
{
    double constant;
    for (size_t i = 0; e->level == 0 && i < b->f->count; i++)
        if (strcmp(b->f->names[i], e->text) == 0)
            return (range){b->sides[i].least, b->sides[i].most, true};
    if (e->level == 0 && expression_constant(e->text, &constant))
        return widen(constant, constant, true);
    return everything(false);
}

static range range_of(const box *b, const expression *e)
{
    range x, y;
    switch (e->kind) {
    case EXPRESSION_NUMBER:
        return e->value == rint(e->value) ? (range){e->value, e->value, true}
                                          : widen(e->value, e->value, true);
    case EXPRESSION_NAME:
        return name_range(b, e);
    case EXPRESSION_NEGATE:
        x = range_of(b, e->args[0]);
        return (range){-x.most, -x.least, x.whole};
    case EXPRESSION_BINARY:
        x = range_of(b, e->args[0]);
        y = range_of(b, e->args[1]);
        if (e->op == OPERATOR_ADD)
            return widen(x.least + y.least, x.most + y.most, x.whole && y.whole);
        if (e->op == OPERATOR_SUBTRACT)
            return widen(x.least - y.most, x.most - y.least, x.whole && y.whole);
        if (e->op == OPERATOR_MULTIPLY && e->args[0] == e->args[1])
            return whole_power(x, 2);
        if (e->op == OPERATOR_MULTIPLY)
            return multiply(x, y);
        return e->op == OPERATOR_DIVIDE ? multiply(x, invert(y)) : real_power(x, y);
    case EXPRESSION_CALL:
        return e->count > 0 ? call_range(b, e) : everything(false);
    default:
        return everything(false);
    }
}

/* --- curvature by composition --- */

typedef struct curvature {
    bool convex, concave;
} curvature;

static const curvature affine = {true, true}, unknown = {false, false};

static curvature turned(curvature c)
{
    return (curvature){c.concave, c.convex};
}

static bool varies(const box *b, const expression *e)
{
    const char **names = NULL;
    size_t count = 0;
    bool any = expression_names(&e, 1, &names, &count, NULL) != ML_OK;
    for (size_t i = 0; i < count; i++)
        for (size_t k = 0; k < b->f->count; k++)
            any |= strcmp(names[i], b->f->names[k]) == 0;
    free(names);
    return any;
}

static curvature curve(const box *b, const expression *e);

static curvature scaled(const box *b, const expression *constant, curvature c)
{
    range r = range_of(b, constant);
    return r.least >= 0 ? c : r.most <= 0 ? turned(c) : c.convex && c.concave ? c : unknown;
}

static bool same_tree(const expression *a, const expression *b)
{
    if (a == b)
        return true;
    buffer x = {0}, y = {0};
    expression_print(&x, a);
    expression_print(&y, b);
    bool same = strcmp(buffer_text(&x), buffer_text(&y)) == 0;
    buffer_free(&x);
    buffer_free(&y);
    return same;
}

/* u^p with a constant p */
static curvature power_curve(const box *b, const expression *base, double p)
{
    curvature u = curve(b, base);
    range r = range_of(b, base);
    bool linear = u.convex && u.concave, whole = p == floor(p);
    if (p == 0)
        return affine;
    if (p == 1)
        return u;
    if (p > 1 && whole && fmod(p, 2) == 0)
        return (curvature){linear || (u.convex && r.least >= 0) || (u.concave && r.most <= 0), false};
    if (p > 1 && whole)
        return (curvature){u.convex && r.least >= 0, u.concave && r.most <= 0};
    if (p > 1)
        return (curvature){linear || (u.convex && r.least >= 0), false};
    if (p > 0)
        return (curvature){false, u.concave};
    return (curvature){u.concave && r.least > 0, false};
}

static curvature product_curve(const box *b, const expression *x, const expression *y)
{
    if (!varies(b, x))
        return scaled(b, x, curve(b, y));
    if (!varies(b, y))
        return scaled(b, y, curve(b, x));
    if (same_tree(x, y))
        return power_curve(b, x, 2);
    /* u log(u) */
    for (int k = 0; k < 2; k++) {
        const expression *u = k ? y : x, *l = k ? x : y;
        curvature c = curve(b, u);
        bool is_log = l->kind == EXPRESSION_CALL &&
                      (l->op == FUNCTION_LOG || l->op == FUNCTION_LOG2 || l->op == FUNCTION_LOG10);
        if (is_log && c.convex && c.concave && same_tree(u, l->args[0]))
            return (curvature){true, false};
    }
    return unknown;
}

/* Is log(e) convex?  Sums and products of such are too. */
static bool log_convex(const box *b, const expression *e)
{
    if (!varies(b, e))
        return range_of(b, e).least > 0;
    if (e->kind == EXPRESSION_CALL && e->op == FUNCTION_EXP)
        return curve(b, e->args[0]).convex;
    bool adds = e->kind == EXPRESSION_BINARY && (e->op == OPERATOR_ADD || e->op == OPERATOR_MULTIPLY);
    return adds && log_convex(b, e->args[0]) && log_convex(b, e->args[1]);
}

/* A sum of squares of affine functions and of constants that are not negative: its root is a norm. */
static bool sum_of_squares(const box *b, const expression *e)
{
    if (!varies(b, e))
        return range_of(b, e).least >= 0;
    if (e->kind == EXPRESSION_BINARY && e->op == OPERATOR_ADD)
        return sum_of_squares(b, e->args[0]) && sum_of_squares(b, e->args[1]);
    if (e->kind == EXPRESSION_BINARY && e->op == OPERATOR_MULTIPLY && !varies(b, e->args[0]))
        return range_of(b, e->args[0]).least >= 0 && sum_of_squares(b, e->args[1]);
    bool square = e->kind == EXPRESSION_BINARY && e->op == OPERATOR_POWER &&
                  e->args[1]->kind == EXPRESSION_NUMBER && e->args[1]->value == 2;
    curvature c = square ? curve(b, e->args[0]) : unknown;
    return c.convex && c.concave;
}

static curvature all_of(const box *b, const expression *e)
{
    curvature c = affine;
    for (size_t i = 0; i < e->count; i++) {
        curvature next = curve(b, e->args[i]);
        c = (curvature){c.convex && next.convex, c.concave && next.concave};
    }
    return c;
}

static curvature call_curve(const box *b, const expression *e)
{
    const expression *arg = e->args[0];
    if (e->op == FUNCTION_MAX)
        return (curvature){all_of(b, e).convex && (e->count > 1 || arg->kind == EXPRESSION_MATRIX), false};
    if (e->op == FUNCTION_MIN)
        return (curvature){false, all_of(b, e).concave && (e->count > 1 || arg->kind == EXPRESSION_MATRIX)};
    if (e->op == FUNCTION_HYPOT || e->op == FUNCTION_NORM) {
        curvature c = e->op == FUNCTION_NORM ? curve(b, arg) : all_of(b, e);
        return (curvature){c.convex && c.concave && (e->op == FUNCTION_HYPOT || e->count == 1), false};
    }
    if (e->count != 1)
        return unknown;
    curvature u = curve(b, arg);
    bool linear = u.convex && u.concave;
    switch (e->op) {
    case FUNCTION_EXP:
    case FUNCTION_EXPM1:
    case FUNCTION_RELU:
    case FUNCTION_SOFTPLUS:
        return (curvature){u.convex, false};
    case FUNCTION_LOG:
    case FUNCTION_LOG2:
    case FUNCTION_LOG10:
    case FUNCTION_LOG1P:
        return (curvature){e->op != FUNCTION_LOG1P && log_convex(b, arg), u.concave};
    case FUNCTION_SQRT:
        return (curvature){sum_of_squares(b, arg), u.concave};
    case FUNCTION_ABS:
        return (curvature){linear || (u.convex && range_of(b, arg).least >= 0), false};
    case FUNCTION_COSH:
        return (curvature){linear, false};
    case FUNCTION_SUM:
    case FUNCTION_MEAN:
        return u;
    default:
        return unknown;
    }
}

static curvature curve(const box *b, const expression *e)
{
    if (e->kind == EXPRESSION_MATRIX)
        return all_of(b, e);
    if (!varies(b, e))
        return affine;
    switch (e->kind) {
    case EXPRESSION_NAME:
        return affine;
    case EXPRESSION_NEGATE:
        return turned(curve(b, e->args[0]));
    case EXPRESSION_CALL:
        return e->count > 0 ? call_curve(b, e) : unknown;
    case EXPRESSION_SERIES:
        return e->op == FUNCTION_SUM ? curve(b, e->args[2]) : unknown;
    case EXPRESSION_BINARY:
        break;
    default:
        return unknown;
    }
    const expression *x = e->args[0], *y = e->args[1];
    if (e->op == OPERATOR_MULTIPLY)
        return product_curve(b, x, y);
    if (e->op == OPERATOR_POWER && !varies(b, y)) {
        range r = range_of(b, y);
        return y->kind == EXPRESSION_NUMBER || r.least == r.most
                   ? power_curve(b, x, r.least == r.most ? r.least : y->value)
                   : unknown;
    }
    if (e->op == OPERATOR_POWER && !varies(b, x)) {
        curvature c = curve(b, y);
        range r = range_of(b, x);
        return (curvature){r.least >= 1 ? c.convex : r.least > 0 && r.most <= 1 && c.concave, false};
    }
    if (e->op == OPERATOR_DIVIDE && !varies(b, y))
        return range_of(b, y).least > 0  ? curve(b, x)
               : range_of(b, y).most < 0 ? turned(curve(b, x))
                                         : unknown;
    if (e->op == OPERATOR_DIVIDE && !varies(b, x))
        return scaled(b, x, power_curve(b, y, -1));
    if (e->op != OPERATOR_ADD && e->op != OPERATOR_SUBTRACT)
        return unknown;
    curvature a = curve(b, x), c = curve(b, y);
    c = e->op == OPERATOR_SUBTRACT ? turned(c) : c;
    return (curvature){a.convex && c.convex, a.concave && c.concave};
}

/* --- the Hessian --- */

typedef struct hessian {
    size_t n;
    const expression **h; /* n x n, in normal form where there is one */
} hessian;

static ml_status make_hessian(const check_function *f, hessian *h, ml_message *why)
{
    size_t n = h->n = f->count;
    h->h = memory_zeros(n * n + 1, sizeof *h->h);
    ml_status status = h->h ? ML_OK : ml_fail_memory(why, "a Hessian", n * n * sizeof *h->h);
    for (size_t i = 0; status == ML_OK && i < n; i++) {
        const expression *first;
        status = symbolic_derivative(f->space, f->f, f->names[i], &first, why);
        for (size_t j = 0; status == ML_OK && j <= i; j++) {
            const expression *second, *simple;
            status = symbolic_derivative(f->space, first, f->names[j], &second, why);
            if (status != ML_OK)
                break;
            simple = symbolic_normal(f->space, second);
            h->h[i * n + j] = h->h[j * n + i] = simple ? simple : second;
        }
    }
    return status;
}

static bool constant_entry(const expression *e, fmpq_t q)
{
    if (e->kind == EXPRESSION_NUMBER && !e->imaginary)
        return rational_read(e->text, strlen(e->text), q) == NUMBER_OK;
    if (e->kind == EXPRESSION_NEGATE) {
        bool good = constant_entry(e->args[0], q);
        fmpq_neg(q, q);
        return good;
    }
    if (e->kind != EXPRESSION_BINARY || e->op != OPERATOR_DIVIDE)
        return false;
    fmpq_t d;
    fmpq_init(d);
    bool good = constant_entry(e->args[0], q) && constant_entry(e->args[1], d) && !fmpq_is_zero(d);
    if (good)
        fmpq_div(q, q, d);
    fmpq_clear(d);
    return good;
}

/* Elimination down the diagonal of a symmetric matrix: positive semidefinite when no pivot is negative, and a
 * zero one has a zero row. */
static bool is_semidefinite(fmpq_mat_t m, slong n)
{
    bool good = true;
    fmpq_t c;
    fmpq_init(c);
    for (slong k = 0; good && k < n; k++) {
        int sign = fmpq_sgn(fmpq_mat_entry(m, k, k));
        good = sign >= 0;
        for (slong i = k + 1; good && i < n; i++) {
            if (sign == 0) {
                good = fmpq_is_zero(fmpq_mat_entry(m, i, k));
                continue;
            }
            fmpq_div(c, fmpq_mat_entry(m, i, k), fmpq_mat_entry(m, k, k));
            for (slong j = k; j < n; j++)
                fmpq_submul(fmpq_mat_entry(m, i, j), c, fmpq_mat_entry(m, k, j));
        }
    }
    fmpq_clear(c);
    return good;
}

/* A constant Hessian decides: *CONVEX says how. */
static bool constant_hessian(const hessian *h, bool *convex)
{
    slong n = (slong)h->n;
    fmpq_mat_t m;
    fmpq_mat_init(m, n, n);
    bool constant = true;
    for (slong i = 0; constant && i < n; i++)
        for (slong j = 0; constant && j < n; j++)
            constant = constant_entry(h->h[i * n + j], fmpq_mat_entry(m, i, j));
    if (constant)
        *convex = is_semidefinite(m, n);
    fmpq_mat_clear(m);
    return constant;
}

/* Pieces of a line: 0, and 1/16 to 2^20 on both sides, and beyond. */
static size_t cut(double least, double most, double *edges, size_t room)
{
    size_t count = 0;
    edges[count++] = least;
    if (isfinite(least) && isfinite(most)) {
        for (size_t i = 1; i < 32; i++)
            edges[count++] = least + (most - least) * (double)i / 32;
    } else {
        for (int k = 20; k >= -8; k--)
            if (-ldexp(1, k) > least && -ldexp(1, k) < most && count + 2 < room)
                edges[count++] = -ldexp(1, k);
        if (least < 0 && most > 0)
            edges[count++] = 0;
        for (int k = -8; k <= 20; k++)
            if (ldexp(1, k) > least && ldexp(1, k) < most && count + 2 < room)
                edges[count++] = ldexp(1, k);
    }
    edges[count++] = most;
    return count;
}

static range entry_range(const box *b, const hessian *h, size_t i, size_t j)
{
    return range_of(b, h->h[i * h->n + j]);
}

/* On this box: the entry, or both diagonal entries and the determinant, are not negative. */
static bool piece_is_convex(const box *b, const hessian *h)
{
    if (!range_of(b, b->f->f).whole)
        return false;
    range first = entry_range(b, h, 0, 0);
    if (!(first.least >= 0) || !first.whole)
        return false;
    if (h->n == 1)
        return true;
    range last = entry_range(b, h, 1, 1), mixed = entry_range(b, h, 0, 1);
    range both = multiply(first, last), square = whole_power(mixed, 2);
    return last.least >= 0 && last.whole && mixed.whole &&
           both.least - square.most * (1 + 4 * DBL_EPSILON) >= 0;
}

static bool pieces_are_convex(const check_function *f, const check_input *in, const hessian *h,
                              const check_range *sides)
{
    enum { ROOM = 72 };
    double edges[2][ROOM];
    size_t counts[2] = {2, 2};
    if (h->n > 2 || h->n == 0)
        return false;
    for (size_t k = 0; k < h->n; k++)
        counts[k] = cut(sides[k].least, sides[k].most, edges[k], ROOM);
    for (size_t i = 0; i + 1 < counts[0]; i++)
        for (size_t j = 0; j + 1 < counts[1]; j++) {
            check_range piece[2] = {{NULL, edges[0][i], edges[0][i + 1]},
                                    {NULL, edges[1][j], edges[1][j + 1]}};
            box b = {f, in, piece};
            if (!piece_is_convex(&b, h))
                return false;
            if (h->n == 1)
                break;
        }
    return true;
}

/* --- two points and the one between them --- */

typedef struct search {
    const check_function *f;
    const check_input *in;
    const check_range *sides;
    ball_space balls;
    double *a, *b, *middle;
    ml_message *why;
} search;

static ml_status value_at(search *s, const double *x, double *y, double *room)
{
    const ball *v;
    ml_status status = check_at(s->f, s->in, &s->balls, s->f->f, x, &v, s->why);
    if (status == ML_OK && v->x->size1 * v->x->size2 != 1)
        status = ml_fail(s->why, "convex: '%.100s' is a matrix", s->f->text);
    if (status == ML_OK) {
        *y = gsl_matrix_get(v->x, 0, 0);
        *room = ball_slack(v);
    }
    ball_free_all(&s->balls);
    return status;
}

/* Is f at the middle of a and b above the mean of its values there? */
static ml_status try_pair(search *s, bool *found, double *off, double *allowed)
{
    double ya = 0, yb = 0, ym = 0, ra = 0, rb = 0, rm = 0;
    for (size_t i = 0; i < s->f->count; i++)
        s->middle[i] = (s->a[i] + s->b[i]) / 2;
    ml_status status = value_at(s, s->a, &ya, &ra);
    if (status == ML_OK)
        status = value_at(s, s->b, &yb, &rb);
    if (status == ML_OK)
        status = value_at(s, s->middle, &ym, &rm);
    if (status != ML_OK)
        return status;
    *off = ym - (ya + yb) / 2;
    *allowed = ra + rb + rm;
    bool ends = isfinite(ya) && isfinite(yb);
    *found = ends && (isnan(ym) || *off > *allowed);
    if (ends && isnan(ym))
        *off = NAN;
    return ML_OK;
}

static double pick(const search *s, size_t i, gsl_rng *rng, int kind)
{
    static const double plain[] = {0, 1, -1, 2, -2, 0.5, -0.5, 3, -3, 4};
    double least = s->sides[i].least, most = s->sides[i].most, x;
    if (kind == 0)
        x = plain[gsl_rng_uniform_int(rng, sizeof plain / sizeof plain[0])];
    else if (isfinite(least) && isfinite(most))
        x = least + (most - least) * rint(gsl_rng_uniform(rng) * 200) / 200;
    else
        x = rint((gsl_rng_uniform(rng) * 2 - 1) * (kind == 1 ? 500 : 5000)) / 100;
    return x < least || x > most ? least > -INFINITY && most < INFINITY
                                       ? least + (most - least) * gsl_rng_uniform(rng)
                                   : x < least ? least + fabs(x - least)
                                               : most - fabs(x - most)
                                 : x;
}

static void print_place(const check_function *f, const double *x, buffer *out)
{
    for (size_t i = 0; i < f->count; i++) {
        buffer_printf(out, "%s%s = ", i ? ", " : "", f->names[i]);
        check_number(out, x[i]);
    }
}

static ml_status find_counterexample(search *s, check_row *row, bool *found)
{
    enum { TRIES = 3000 };
    gsl_rng *rng = random_stream(s->f->seed, 1);
    ml_status status = rng ? ML_OK : ml_fail_memory(s->why, "points", 1);
    *found = false;
    for (int t = 0; status == ML_OK && !*found && t < TRIES; t++) {
        double off = 0, allowed = 0;
        int kind = t < TRIES / 6 ? 0 : 1 + t % 2;
        bool single = t % 3 == 0; /* along one variable */
        size_t only = s->f->count ? (size_t)t / 3 % s->f->count : 0;
        for (size_t i = 0; i < s->f->count; i++) {
            s->a[i] = pick(s, i, rng, kind);
            s->b[i] = single && i != only ? s->a[i] : pick(s, i, rng, kind);
        }
        status = try_pair(s, found, &off, &allowed);
        if (status != ML_OK || !*found)
            continue;
        row->off = off;
        row->allowed = allowed;
        print_place(s->f, s->middle, &row->place);
        buffer_string(&row->diagnosis, isnan(off) ? "not defined between (" : "above the chord between (");
        print_place(s->f, s->a, &row->diagnosis);
        buffer_string(&row->diagnosis, ") and (");
        print_place(s->f, s->b, &row->diagnosis);
        buffer_char(&row->diagnosis, ')');
    }
    if (rng != NULL)
        gsl_rng_free(rng);
    return status;
}

/* --- all of it --- */

static const char *prove(const check_function *f, const check_input *in, const check_range *sides,
                         const hessian *h)
{
    box b = {f, in, sides};
    bool convex = false;
    if (h->h != NULL && constant_hessian(h, &convex) && convex)
        return "the Hessian is constant and positive semidefinite";
    if (curve(&b, f->f).convex)
        return "by the rules of composition";
    if (h->h != NULL && pieces_are_convex(f, in, h, sides))
        return h->n == 1 ? "the second derivative is nowhere negative: by intervals"
                         : "the Hessian is positive semidefinite everywhere: by intervals";
    return NULL;
}

static ml_status make_sides(const check_function *f, check_range *sides, ml_message *why)
{
    for (size_t i = 0; i < f->count; i++)
        sides[i] = (check_range){f->names[i], -INFINITY, INFINITY};
    for (size_t k = 0; k < f->range_count; k++) {
        size_t i = 0;
        while (i < f->count && strcmp(f->names[i], f->ranges[k].name) != 0)
            i++;
        if (i == f->count)
            return ml_fail(why, "convex: the function has no variable '%.60s'", f->ranges[k].name);
        sides[i] = f->ranges[k];
    }
    return ML_OK;
}

/* Numbers for some names: constants. */
static ml_status put_constants(check_function *g, const check_input *in, ml_message *why)
{
    size_t kept = 0;
    for (size_t i = 0; i < g->count; i++) {
        const check_value *v = check_given(in, g->names[i]);
        if (v == NULL)
            g->names[kept++] = g->names[i];
        else if (v->b->x->size1 * v->b->x->size2 != 1)
            return ml_fail(why, "convex: %s is a matrix; only numbers can be constants", g->names[i]);
    }
    g->count = kept;
    return ML_OK;
}

ml_status check_convex(check_report *report, const check_function *f, check_input *in, ml_message *why)
{
    check_function g = *f;
    check_range *sides = memory_zeros(f->count + 1, sizeof *sides);
    double *room = memory_zeros(3 * f->count + 1, sizeof *room);
    hessian h = {0};
    search s = {.f = &g, .in = in, .sides = sides, .why = why};
    ml_status status =
        sides && room ? put_constants(&g, in, why) : ml_fail_memory(why, "convex", f->count * sizeof *room);
    if (status == ML_OK) {
        s.a = room;
        s.b = room + f->count;
        s.middle = room + 2 * f->count;
        status = make_sides(&g, sides, why);
    }
    ml_message unused;
    if (status == ML_OK && make_hessian(&g, &h, &unused) != ML_OK) {
        free(h.h);
        h.h = NULL;
    }
    const char *proof = status == ML_OK ? prove(&g, in, sides, &h) : NULL;
    if (status == ML_OK) {
        check_row *row = check_add(report, proof ? CHECK_YES : CHECK_UNDECIDED, "convex(%s)", f->text);
        bool found = false;
        if (proof != NULL)
            buffer_printf(&row->diagnosis, "proved: %s", proof);
        else
            status = find_counterexample(&s, row, &found);
        if (found)
            row->verdict = CHECK_NO;
        else if (proof == NULL)
            buffer_string(&row->diagnosis, "no counterexample was found, and no proof");
    }
    free(h.h);
    free(sides);
    free(room);
    return status;
}
