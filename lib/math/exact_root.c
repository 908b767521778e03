#include "math/exact_root.h"

#include <math.h>
#include <stdlib.h>

#include "base/memory.h"

/* Beyond this precision roots are taken for hopelessly close together. */
static const slong MOST_BITS = 1000000;

/* A complex number; in which unit is said where it is used. */
typedef struct point {
    fmpz_t re, im;
} point;

static void point_init(point *z)
{
    fmpz_init(z->re);
    fmpz_init(z->im);
}

static void point_clear(point *z)
{
    fmpz_clear(z->re);
    fmpz_clear(z->im);
}

static void point_shift(point *z, slong by)
{
    if (by >= 0) {
        fmpz_mul_2exp(z->re, z->re, (ulong)by);
        fmpz_mul_2exp(z->im, z->im, (ulong)by);
    } else {
        fmpz_fdiv_q_2exp(z->re, z->re, (ulong)-by);
        fmpz_fdiv_q_2exp(z->im, z->im, (ulong)-by);
    }
}

/* OUT = |Z|^2. */
static void point_norm(fmpz_t out, const point *z)
{
    fmpz_mul(out, z->re, z->re);
    fmpz_addmul(out, z->im, z->im);
}

/* OUT >= |Z|, by less than 1. */
static void point_size(fmpz_t out, const point *z)
{
    point_norm(out, z);
    fmpz_sqrt(out, out);
    fmpz_add_ui(out, out, 1);
}

/* Z *= W, exactly; T is scratch. */
static void point_multiply(point *z, const point *w, point *t)
{
    fmpz_mul(t->re, z->re, w->re);
    fmpz_submul(t->re, z->im, w->im);
    fmpz_mul(t->im, z->re, w->im);
    fmpz_addmul(t->im, z->im, w->re);
    fmpz_swap(z->re, t->re);
    fmpz_swap(z->im, t->im);
}

/* OUT = 2^BITS A / B rounded down in both parts; false when B is 0.  T is scratch, OUT none of the others. */
static bool point_divide(point *out, const point *a, const point *b, slong bits, point *t)
{
    point_norm(t->re, b);
    if (fmpz_is_zero(t->re))
        return false;
    fmpz_mul(out->re, a->re, b->re);
    fmpz_addmul(out->re, a->im, b->im);
    fmpz_mul(out->im, a->im, b->re);
    fmpz_submul(out->im, a->re, b->im);
    point_shift(out, bits);
    fmpz_fdiv_q(out->re, out->re, t->re);
    fmpz_fdiv_q(out->im, out->im, t->re);
    return true;
}

/* OUT = 2^(BITS d) * (the polynomial of COUNT = d + 1 coefficients C at Z / 2^BITS), exactly. */
static void evaluate(point *out, const fmpz *c, slong count, const point *z, slong bits, point *t)
{
    fmpz_t term;
    fmpz_init(term);
    fmpz_zero(out->re);
    fmpz_zero(out->im);
    for (slong k = count - 1; k >= 0; k--) {
        point_multiply(out, z, t);
        fmpz_mul_2exp(term, c + k, (ulong)(bits * (count - 1 - k)));
        fmpz_add(out->re, out->re, term);
    }
    fmpz_clear(term);
}

/* --- all roots at once --- */

typedef struct search {
    const fmpz *p;
    fmpz *slope; /* the coefficients of p' */
    slong degree, bits;
    point *z, *step; /* approximations and their Newton corrections, in units of 2^-bits */
    fmpz *radius;
    point value, derivative, sum, quotient, t;
} search;

static double log2_of(const fmpz_t x)
{
    slong exponent;
    double mantissa = fmpz_get_d_2exp(&exponent, x);
    return log2(fabs(mantissa)) + (double)exponent;
}

/* Z of the size 2^SIZE at ANGLE. */
static void place(point *z, double size, double angle, slong bits)
{
    double whole = floor(size), part = exp2(size - whole + 50);
    fmpz_set_d(z->re, part * cos(angle));
    fmpz_set_d(z->im, part * sin(angle));
    point_shift(z, bits + (slong)whole - 50);
}

/* The next corner behind K of the upper hull of the points (i, log2 |p_i|): Newton's polygon. */
static slong next_corner(const search *s, slong k, double *slope)
{
    slong corner = s->degree;
    *slope = -INFINITY;
    for (slong i = k + 1; i <= s->degree; i++) {
        if (fmpz_is_zero(s->p + i))
            continue;
        double rise = (log2_of(s->p + i) - log2_of(s->p + k)) / (double)(i - k);
        if (rise >= *slope) {
            *slope = rise;
            corner = i;
        }
    }
    return corner;
}

/* Bini's starting points: on circles whose radii are the slopes of Newton's polygon.  P(0) is not 0. */
static void start(search *s)
{
    double slope, smallest = 0;
    for (slong k = 0; k < s->degree;) {
        k = next_corner(s, k, &slope);
        smallest = fmin(smallest, -slope);
    }
    s->bits = 64 - (slong)floor(smallest);
    for (slong k = 0; k < s->degree;) {
        slong next = next_corner(s, k, &slope);
        for (slong i = k; i < next; i++)
            place(&s->z[i], -slope, 2 * M_PI * (double)(i - k) / (double)(next - k) + 0.7 + (double)k,
                  s->bits);
        k = next;
    }
}

/* The step of Newton's method at root I. */
static void newton(search *s, slong i)
{
    evaluate(&s->value, s->p, s->degree + 1, &s->z[i], s->bits, &s->t);
    evaluate(&s->derivative, s->slope, s->degree, &s->z[i], s->bits, &s->t);
    if (!point_divide(&s->step[i], &s->value, &s->derivative, 0, &s->t)) {
        fmpz_one(s->step[i].re); /* at a critical point: leave it */
        fmpz_mul_2exp(s->step[i].re, s->step[i].re, (ulong)s->bits);
        fmpz_zero(s->step[i].im);
    }
}

/* Aberth's step: w / (1 - sum of w / (z - z_j)), w being Newton's. */
static bool aberth(search *s, slong i) /* false: it was more than a few units */
{
    newton(s, i);
    point *w = &s->step[i];
    fmpz_one(s->sum.re);
    fmpz_mul_2exp(s->sum.re, s->sum.re, (ulong)s->bits);
    fmpz_zero(s->sum.im);
    for (slong j = 0; j < s->degree; j++) {
        if (j == i)
            continue;
        fmpz_sub(s->value.re, s->z[i].re, s->z[j].re);
        fmpz_sub(s->value.im, s->z[i].im, s->z[j].im);
        if (!point_divide(&s->quotient, w, &s->value, s->bits, &s->t))
            continue;
        fmpz_sub(s->sum.re, s->sum.re, s->quotient.re);
        fmpz_sub(s->sum.im, s->sum.im, s->quotient.im);
    }
    if (point_divide(&s->quotient, w, &s->sum, s->bits, &s->t)) {
        fmpz_set(w->re, s->quotient.re);
        fmpz_set(w->im, s->quotient.im);
    }
    fmpz_sub(s->z[i].re, s->z[i].re, w->re);
    fmpz_sub(s->z[i].im, s->z[i].im, w->im);
    return fmpz_bits(w->re) <= 2 && fmpz_bits(w->im) <= 2;
}

static void iterate(search *s)
{
    bool still = false;
    for (slong round = 0; round < 60 + 12 * s->degree && !still; round++) {
        still = true;
        for (slong i = 0; i < s->degree; i++)
            still = aberth(s, i) && still;
    }
}

/* OUT >= DEGREE |W|. */
static void disc_radius(fmpz_t out, const point *w, slong degree)
{
    point_size(out, w);
    fmpz_add_ui(out, out, 1); /* the parts of w were rounded */
    fmpz_mul_si(out, out, degree);
}

/* Is z_i at least 4 d (r_i + r_j) away from z_j, or from its conjugate? */
static bool apart(search *s, slong i, slong j, bool conjugate)
{
    fmpz_sub(s->value.re, s->z[i].re, s->z[j].re);
    if (conjugate)
        fmpz_add(s->value.im, s->z[i].im, s->z[j].im);
    else
        fmpz_sub(s->value.im, s->z[i].im, s->z[j].im);
    point_norm(s->t.re, &s->value);
    fmpz_add(s->t.im, s->radius + i, s->radius + j);
    fmpz_mul_si(s->t.im, s->t.im, 4 * s->degree);
    fmpz_mul(s->t.im, s->t.im, s->t.im);
    return fmpz_cmp(s->t.re, s->t.im) > 0;
}

/* Are the discs apart, and each one on the real axis from the mirror images of the others? */
static bool isolated(search *s)
{
    for (slong i = 0; i < s->degree; i++) {
        newton(s, i);
        disc_radius(s->radius + i, &s->step[i], s->degree);
    }
    for (slong i = 0; i < s->degree; i++) {
        bool real = !apart(s, i, i, true);
        for (slong j = 0; j < s->degree; j++)
            if (j != i && (!apart(s, i, j, false) || (real && !apart(s, i, j, true))))
                return false;
    }
    return true;
}

static ml_status search_all(search *s, ml_message *why)
{
    for (start(s);; s->bits *= 2) {
        iterate(s);
        if (isolated(s))
            return ML_OK;
        if (s->bits > MOST_BITS)
            return ml_fail(why, "the roots of a polynomial of degree %ld lie too close together", s->degree);
        for (slong i = 0; i < s->degree; i++)
            point_shift(&s->z[i], s->bits);
    }
}

static void free_search(search *s)
{
    for (slong i = 0; i < s->degree; i++) {
        if (s->z != NULL)
            point_clear(&s->z[i]);
        if (s->step != NULL)
            point_clear(&s->step[i]);
    }
    free(s->z);
    free(s->step);
    _fmpz_vec_clear(s->radius, s->degree);
    _fmpz_vec_clear(s->slope, s->degree);
    point *scratch[] = {&s->value, &s->derivative, &s->sum, &s->quotient, &s->t};
    for (size_t i = 0; i < sizeof scratch / sizeof scratch[0]; i++)
        point_clear(scratch[i]);
}

static bool init_search(search *s, const fmpz_poly_t p)
{
    *s = (search){.p = p->coeffs, .degree = fmpz_poly_degree(p)};
    s->radius = _fmpz_vec_init(s->degree);
    s->slope = _fmpz_vec_init(s->degree);
    for (slong i = 0; i < s->degree; i++)
        fmpz_mul_si(s->slope + i, s->p + i + 1, i + 1);
    point *scratch[] = {&s->value, &s->derivative, &s->sum, &s->quotient, &s->t};
    for (size_t i = 0; i < sizeof scratch / sizeof scratch[0]; i++)
        point_init(scratch[i]);
    s->z = memory_zeros((size_t)s->degree, sizeof *s->z);
    s->step = memory_zeros((size_t)s->degree, sizeof *s->step); /* zero is FLINT's 0 */
    return s->z != NULL && s->step != NULL;
}

/* --- roots --- */

static void root_init(exact_root *root, const fmpz_poly_t p)
{
    fmpz_poly_init(root->polynomial);
    fmpz_poly_set(root->polynomial, p);
    fmpz_init(root->re);
    fmpz_init(root->im);
    fmpz_init(root->radius);
    root->bits = 0;
    root->real = true;
}

static void root_init_set(exact_root *to, const exact_root *from)
{
    root_init(to, from->polynomial);
    fmpz_set(to->re, from->re);
    fmpz_set(to->im, from->im);
    fmpz_set(to->radius, from->radius);
    to->bits = from->bits;
    to->real = from->real;
}

void exact_root_clear(exact_root *root)
{
    fmpz_poly_clear(root->polynomial);
    fmpz_clear(root->re);
    fmpz_clear(root->im);
    fmpz_clear(root->radius);
}

void exact_roots_free(exact_root *roots, size_t count)
{
    for (size_t i = 0; roots != NULL && i < count; i++)
        exact_root_clear(&roots[i]);
    free(roots);
}

static void take_root(exact_root *root, search *s, slong i, const fmpz_poly_t p)
{
    root_init(root, p);
    root->bits = s->bits;
    root->real = !apart(s, i, i, true);
    fmpz_set(root->re, s->z[i].re);
    if (!root->real)
        fmpz_set(root->im, s->z[i].im);
    fmpz_set(root->radius, s->radius + i);
}

/* The order that exact_roots promises; conjugates have the same centre but for the sign. */
static int compare_roots(const void *pa, const void *pb)
{
    const exact_root *a = pa, *b = pb;
    if (a->real != b->real)
        return a->real ? -1 : 1;
    int order = fmpz_cmp(b->re, a->re);
    if (order == 0)
        order = fmpz_cmpabs(a->im, b->im);
    return order != 0 ? order : fmpz_cmp(b->im, a->im);
}

/* A real root, or one with its conjugate; those with a negative imaginary part come with the others. */
static void take(exact_root *roots, size_t *count, search *s, slong i, const fmpz_poly_t p)
{
    bool real = !apart(s, i, i, true);
    if (!real && fmpz_sgn(s->z[i].im) < 0)
        return;
    take_root(&roots[(*count)++], s, i, p);
    if (real)
        return;
    root_init_set(&roots[*count], &roots[*count - 1]);
    fmpz_neg(roots[*count].im, roots[*count].im);
    ++*count;
}

ml_status exact_roots(exact_root **roots, size_t *count, const fmpz_poly_t p, ml_message *why)
{
    search s;
    fmpz_poly_t rest;
    bool zero = fmpz_is_zero(p->coeffs);
    size_t degree = (size_t)fmpz_poly_degree(p);
    *count = 0;
    *roots = memory_zeros(degree, sizeof **roots);
    fmpz_poly_init(rest);
    fmpz_poly_shift_right(rest, p, zero);
    ml_status status = init_search(&s, rest) && *roots != NULL
                           ? ML_OK
                           : ml_fail_memory(why, "the roots of a polynomial", degree * sizeof **roots);
    if (status == ML_OK && s.degree > 0)
        status = search_all(&s, why);
    for (slong i = 0; status == ML_OK && i < s.degree; i++)
        take(*roots, count, &s, i, p);
    if (status == ML_OK && zero)
        root_init(&(*roots)[(*count)++], p); /* 0 within 0 */
    if (status == ML_OK)
        qsort(*roots, *count, sizeof **roots, compare_roots);
    free_search(&s);
    fmpz_poly_clear(rest);
    return status;
}

/* --- one root, closer --- */

/* ROOT in units of 2^-BITS, which are smaller. */
static void rescale(exact_root *root, slong bits)
{
    slong by = bits - root->bits;
    fmpz_mul_2exp(root->re, root->re, (ulong)by);
    fmpz_mul_2exp(root->im, root->im, (ulong)by);
    fmpz_mul_2exp(root->radius, root->radius, (ulong)by);
    root->bits = bits;
}

/* Z's disc for a Newton step W lies in ROOT's disc, which holds one root: then it is that one. */
static bool accept(exact_root *root, const point *z, const point *w)
{
    point move;
    fmpz_t radius, reach;
    point_init(&move);
    fmpz_init(radius);
    fmpz_init(reach);
    disc_radius(radius, w, fmpz_poly_degree(root->polynomial));
    fmpz_sub(move.re, z->re, root->re);
    fmpz_sub(move.im, z->im, root->im);
    point_size(reach, &move);
    fmpz_add(reach, reach, radius);
    bool inside = fmpz_cmp(reach, root->radius) <= 0;
    if (inside) {
        fmpz_set(root->re, z->re);
        fmpz_set(root->im, z->im);
        fmpz_set(root->radius, radius);
    }
    fmpz_clear(radius);
    fmpz_clear(reach);
    point_clear(&move);
    return inside;
}

/* Newton's method from ROOT's centre until its step is small; false when its last disc is not in ROOT's. */
static bool polish(exact_root *root, const fmpz *slope)
{
    point z, w, value, derivative, t;
    point *all[] = {&z, &w, &value, &derivative, &t};
    for (size_t i = 0; i < 5; i++)
        point_init(all[i]);
    fmpz_set(z.re, root->re);
    fmpz_set(z.im, root->im);
    slong degree = fmpz_poly_degree(root->polynomial);
    bool good = true, small = false;
    for (slong round = 0; good && round < 100; round++) {
        evaluate(&value, root->polynomial->coeffs, degree + 1, &z, root->bits, &t);
        evaluate(&derivative, slope, degree, &z, root->bits, &t);
        good = point_divide(&w, &value, &derivative, 0, &t);
        if (small)
            break;
        fmpz_sub(z.re, z.re, w.re);
        fmpz_sub(z.im, z.im, w.im);
        small = fmpz_bits(w.re) <= 2 && fmpz_bits(w.im) <= 2;
    }
    good = good && accept(root, &z, &w);
    for (size_t i = 0; i < 5; i++)
        point_clear(all[i]);
    return good;
}

static bool is_fine(const exact_root *root, slong bits)
{
    return fmpz_is_zero(root->radius) ||
           (root->bits >= bits && fmpz_cmp_si(root->radius, 8 * fmpz_poly_degree(root->polynomial)) <= 0);
}

void exact_root_refine(exact_root *root, slong bits)
{
    slong degree = fmpz_poly_degree(root->polynomial);
    fmpz *slope = _fmpz_vec_init(degree);
    for (slong i = 0; i < degree; i++)
        fmpz_mul_si(slope + i, root->polynomial->coeffs + i + 1, i + 1);
    while (!is_fine(root, bits)) {
        /* doubling: each Newton step doubles the digits, so that all but the last are cheap */
        slong next = 2 * root->bits > bits ? bits : 2 * root->bits;
        rescale(root, next > root->bits ? next : root->bits + 16);
        polish(root, slope);
    }
    if (root->bits < bits)
        rescale(root, bits);
    _fmpz_vec_clear(slope, degree);
}

int exact_root_compare(exact_root *a, exact_root *b)
{
    int order = 0;
    fmpz_t gap, sum;
    fmpz_init(gap);
    fmpz_init(sum);
    for (slong bits = 64; order == 0; bits *= 2) {
        exact_root_refine(a, bits);
        exact_root_refine(b, bits);
        bits = a->bits > b->bits ? a->bits : b->bits;
        if (a->bits < bits)
            rescale(a, bits);
        if (b->bits < bits)
            rescale(b, bits);
        fmpz_sub(gap, a->re, b->re);
        fmpz_add(sum, a->radius, b->radius);
        if (fmpz_cmpabs(gap, sum) > 0)
            order = fmpz_sgn(gap);
        else if (fmpz_poly_equal(a->polynomial, b->polynomial))
            break; /* roots of one polynomial were isolated together: their discs are apart */
    }
    fmpz_clear(gap);
    fmpz_clear(sum);
    return order;
}

/* --- values at a root --- */

/* OUT >= the sum of |c_k| k (|z| + r)^(k-1) r, in units of 2^-(BITS d), for the numerator C of degree d. */
static void spread(fmpz_t out, const fmpz *c, slong count, const exact_root *root)
{
    fmpz_t reach, term;
    point z = {{*root->re}, {*root->im}}; /* borrowed: only read */
    fmpz_init(reach);
    fmpz_init(term);
    point_size(reach, &z);
    fmpz_add(reach, reach, root->radius);
    fmpz_zero(out);
    for (slong k = count - 1; k >= 1; k--) {
        fmpz_mul(out, out, reach);
        fmpz_abs(term, c + k);
        fmpz_mul_si(term, term, k);
        fmpz_mul_2exp(term, term, (ulong)(root->bits * (count - 1 - k)));
        fmpz_add(out, out, term);
    }
    fmpz_mul(out, out, root->radius);
    fmpz_clear(reach);
    fmpz_clear(term);
}

/* X / (DENOMINATOR 2^FROM) in units of 2^-TO, rounded down. */
static void to_unit(fmpz_t x, const fmpz_t denominator, slong from, slong to)
{
    if (to >= from)
        fmpz_mul_2exp(x, x, (ulong)(to - from));
    else
        fmpz_fdiv_q_2exp(x, x, (ulong)(from - to));
    fmpz_fdiv_q(x, x, denominator);
}

static void evaluate_once(point *value, fmpz_t radius, const fmpq_poly_t e, const exact_root *root,
                          slong bits)
{
    slong count = fmpq_poly_length(e), from = root->bits * (count - 1);
    const fmpz *c = e->coeffs;
    const fmpz *d = fmpq_poly_denref(e);
    point z = {{*root->re}, {*root->im}}, t; /* z borrowed: only read */
    point_init(&t);
    evaluate(value, c, count, &z, root->bits, &t);
    spread(radius, c, count, root);
    to_unit(value->re, d, from, bits);
    to_unit(value->im, d, from, bits);
    to_unit(radius, d, from, bits);
    fmpz_add_ui(radius, radius, 5); /* twice two roundings, and its own */
    point_clear(&t);
}

void exact_root_evaluate(fmpz_t re, fmpz_t im, fmpz_t radius, const fmpq_poly_t e, exact_root *root,
                         slong bits)
{
    point value;
    if (fmpq_poly_is_zero(e)) {
        fmpz_zero(re);
        fmpz_zero(im);
        fmpz_zero(radius);
        return;
    }
    point_init(&value);
    slong work = bits + 8;
    do {
        exact_root_refine(root, work);
        evaluate_once(&value, radius, e, root, bits);
        work += (slong)fmpz_bits(radius); /* as many bits as the polynomial loses */
    } while (fmpz_cmp_ui(radius, 16) > 0);
    fmpz_swap(re, value.re);
    fmpz_swap(im, value.im);
    point_clear(&value);
}

int exact_root_sign(const fmpq_poly_t e, exact_root *root)
{
    if (fmpq_poly_length(e) <= 1)
        return fmpq_poly_is_zero(e) ? 0 : fmpz_sgn(e->coeffs);
    fmpz_t re, im, radius;
    fmpz_init(re);
    fmpz_init(im);
    fmpz_init(radius);
    slong bits = 64;
    do {
        exact_root_evaluate(re, im, radius, e, root, bits);
        bits *= 2;
    } while (fmpz_cmpabs(re, radius) <= 0);
    int sign = fmpz_sgn(re);
    fmpz_clear(re);
    fmpz_clear(im);
    fmpz_clear(radius);
    return sign;
}
