/* The normal form: a sum of terms, each a rational number times powers of atoms.  An atom is a name, a call,
 * a number under a root, or a sum under one; it is known by its text. */
#include <flint/fmpq.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "math/expression_internal.h"
#include "math/rational.h"
#include "math/symbolic.h"

enum {
    MOST_FACTORS = 14,
    MOST_TERMS = 500,
    MOST_EXPONENT = 40,
    MOST_EXPANDED = 10,
    MOST_ROUNDS = 8,
    MOST_DEPTH = 300
};

typedef struct atom {
    const expression *tree;
    char *key;
} atom;

typedef struct factor {
    int atom;
    long num, den; /* of the exponent; den > 0 */
} factor;

typedef struct term {
    fmpq c;
    int count;
    factor f[MOST_FACTORS]; /* by atom, ascending */
} term;

typedef struct poly {
    term *t;
    size_t count, capacity;
} poly;

typedef struct former {
    expression_space *space;
    atom *atoms;
    size_t atom_count, atom_capacity;
    bool deep; /* use identities that make a result less like what was written */
    int depth;
} former;

/* Memory ran out since symbolic_normal was called. */
static _Thread_local bool poly_failed;

static bool form(former *n, const expression *e, poly *out);
static const expression *tree_of(former *n, poly *p);

/* --- polys --- */

static void clear_poly(poly *p)
{
    for (size_t i = 0; i < p->count; i++)
        fmpq_clear(&p->t[i].c);
    free(p->t);
    *p = (poly){0};
}

static bool same_factors(const term *a, const term *b)
{
    if (a->count != b->count)
        return false;
    for (int i = 0; i < a->count; i++)
        if (a->f[i].atom != b->f[i].atom || a->f[i].num != b->f[i].num || a->f[i].den != b->f[i].den)
            return false;
    return true;
}

/* Add C times a term with these factors. */
static bool add_term(poly *p, const term *t, const fmpq *c)
{
    for (size_t i = 0; i < p->count; i++) {
        if (!same_factors(&p->t[i], t))
            continue;
        fmpq_add(&p->t[i].c, &p->t[i].c, c);
        if (fmpq_is_zero(&p->t[i].c)) {
            fmpq_clear(&p->t[i].c);
            memmove(&p->t[i], &p->t[i + 1], (p->count - i - 1) * sizeof p->t[i]);
            p->count--;
        }
        return true;
    }
    if (fmpq_is_zero(c))
        return true;
    if (p->count >= MOST_TERMS)
        return false;
    if (!memory_grow(&p->t, &p->capacity, p->count + 1, sizeof *p->t)) {
        poly_failed = true;
        return false;
    }
    p->t[p->count] = *t;
    fmpq_init(&p->t[p->count].c);
    fmpq_set(&p->t[p->count].c, c);
    p->count++;
    return true;
}

static bool add_poly(poly *p, const poly *q, long sign)
{
    bool good = true;
    fmpq_t c;
    fmpq_init(c);
    for (size_t i = 0; good && i < q->count; i++) {
        fmpq_mul_si(c, &q->t[i].c, sign);
        good = add_term(p, &q->t[i], c);
    }
    fmpq_clear(c);
    return good;
}

static bool constant_poly(poly *p, const fmpq *c)
{
    term one = {0};
    return add_term(p, &one, c);
}

static bool whole_poly(poly *p, long x)
{
    fmpq_t c;
    fmpq_init(c);
    fmpq_set_si(c, x, 1);
    bool good = constant_poly(p, c);
    fmpq_clear(c);
    return good;
}

static bool is_constant(const poly *p)
{
    return p->count == 0 || (p->count == 1 && p->t[0].count == 0);
}

static long gcd(long a, long b)
{
    for (a = labs(a), b = labs(b); b != 0;) {
        long r = a % b;
        a = b;
        b = r;
    }
    return a ? a : 1;
}

static bool is_number_atom(const former *n, int a)
{
    return n->atoms[a].tree->kind == EXPRESSION_NUMBER;
}

/* A number that came out from under its root goes into the coefficient. */
static bool settle_number(const former *n, factor *f, fmpq *c)
{
    long whole = f->num / f->den - (f->num % f->den < 0);
    fmpq_t base;
    if (!is_number_atom(n, f->atom) || whole == 0)
        return true;
    fmpq_init(base);
    bool good =
        rational_read(n->atoms[f->atom].tree->text, strlen(n->atoms[f->atom].tree->text), base) == NUMBER_OK;
    if (good) {
        fmpq_pow_si(base, base, whole);
        fmpq_mul(c, c, base);
        f->num -= whole * f->den;
    }
    fmpq_clear(base);
    return good;
}

/* T times atom A to the power NUM/DEN; the coefficient goes to C. */
static bool times_factor(const former *n, term *t, int a, long num, long den, fmpq *c)
{
    int i = 0;
    while (i < t->count && t->f[i].atom < a)
        i++;
    if (i == t->count || t->f[i].atom != a) {
        if (t->count == MOST_FACTORS)
            return false;
        memmove(&t->f[i + 1], &t->f[i], (size_t)(t->count - i) * sizeof t->f[i]);
        t->f[i] = (factor){a, num, den};
        t->count++;
    } else {
        long up = t->f[i].num * den + num * t->f[i].den, down = t->f[i].den * den, g = gcd(up, down);
        t->f[i] = (factor){a, up / g, down / g};
    }
    if (labs(t->f[i].num) > MOST_EXPONENT || t->f[i].den > MOST_EXPONENT || !settle_number(n, &t->f[i], c))
        return false;
    if (t->f[i].num == 0) {
        memmove(&t->f[i], &t->f[i + 1], (size_t)(t->count - i - 1) * sizeof t->f[i]);
        t->count--;
    }
    return true;
}

static bool multiply_polys(const former *n, const poly *a, const poly *b, poly *out)
{
    bool good = true;
    fmpq_t c;
    fmpq_init(c);
    for (size_t i = 0; good && i < a->count; i++)
        for (size_t j = 0; good && j < b->count; j++) {
            term t = a->t[i];
            fmpq_mul(c, &a->t[i].c, &b->t[j].c);
            for (int k = 0; good && k < b->t[j].count; k++)
                good = times_factor(n, &t, b->t[j].f[k].atom, b->t[j].f[k].num, b->t[j].f[k].den, c);
            good = good && add_term(out, &t, c);
        }
    fmpq_clear(c);
    return good;
}

/* --- atoms --- */

static int find_atom(former *n, const expression *tree)
{
    if (tree == NULL)
        return -1;
    buffer text = {0};
    expression_print(&text, tree);
    const char *key = buffer_text(&text);
    int found = -1;
    for (size_t i = 0; found < 0 && i < n->atom_count; i++)
        if (strcmp(n->atoms[i].key, key) == 0)
            found = (int)i;
    if (found < 0 && !text.failed &&
        memory_grow(&n->atoms, &n->atom_capacity, n->atom_count + 1, sizeof *n->atoms)) {
        char *copy = strdup(key);
        if (copy != NULL) {
            n->atoms[n->atom_count] = (atom){tree, copy};
            found = (int)n->atom_count++;
        }
    }
    buffer_free(&text);
    poly_failed |= found < 0;
    return found;
}

static bool atom_poly(former *n, const expression *tree, long num, long den, poly *out)
{
    int a = find_atom(n, tree);
    term t = {0};
    fmpq_t c;
    fmpq_init(c);
    fmpq_one(c);
    bool good = a >= 0 && times_factor(n, &t, a, num, den, c) && add_term(out, &t, c);
    fmpq_clear(c);
    return good;
}

/* --- powers --- */

static bool small_rational(const fmpq *q, long *num, long *den)
{
    if (fmpz_cmp_si(fmpq_numref(q), MOST_EXPONENT) > 0 || fmpz_cmp_si(fmpq_numref(q), -MOST_EXPONENT) < 0 ||
        fmpz_cmp_si(fmpq_denref(q), MOST_EXPONENT) > 0)
        return false;
    *num = fmpz_get_si(fmpq_numref(q));
    *den = fmpz_get_si(fmpq_denref(q));
    return true;
}

/* T times WHOLE > 0 to the power num/den, prime by prime, so that equal roots are seen to be equal. */
static bool times_primes(former *n, term *t, const fmpz *whole, long num, long den, fmpq *c)
{
    enum { MOST_WHOLE = 1000000000 };
    if (fmpz_cmp_si(whole, MOST_WHOLE) > 0)
        return false;
    long left = fmpz_get_si(whole);
    for (long p = 2; left > 1; p++) {
        long times = 0;
        if (p * p > left)
            p = left;
        for (; left % p == 0; left /= p)
            times++;
        if (times == 0)
            continue;
        long g = gcd(times * num, den);
        int a = find_atom(n, expression_number(n->space, (double)p));
        if (a < 0 || !times_factor(n, t, a, times * num / g, den / g, c))
            return false;
    }
    return true;
}

/* The rational C > 0 to the power num/den: out of the root what comes out. */
static bool constant_power(former *n, const fmpq *c, long num, long den, poly *out)
{
    fmpq_t root;
    fmpq_init(root);
    bool exact = fmpz_root(fmpq_numref(root), fmpq_numref(c), (slong)den) &&
                 fmpz_root(fmpq_denref(root), fmpq_denref(c), (slong)den);
    bool good = true;
    term t = {0};
    if (exact) {
        fmpq_pow_si(root, root, num);
    } else {
        fmpq_one(root);
        good = times_primes(n, &t, fmpq_numref(c), num, den, root) &&
               times_primes(n, &t, fmpq_denref(c), -num, den, root);
    }
    good = good && add_term(out, &t, root);
    fmpq_clear(root);
    return good;
}

/* One term to the power num/den. */
static bool term_power(former *n, const term *t, long num, long den, poly *out)
{
    if (den == 1) {
        term r = {0};
        fmpq_t c;
        fmpq_init(c);
        fmpq_pow_si(c, &t->c, num);
        bool good = true;
        for (int k = 0; good && k < t->count; k++)
            good = times_factor(n, &r, t->f[k].atom, t->f[k].num * num, t->f[k].den, c);
        good = good && add_term(out, &r, c);
        fmpq_clear(c);
        return good;
    }
    if (t->count == 1 && t->f[0].num == 1 && t->f[0].den == 1 && fmpq_is_one(&t->c)) {
        term r = {0};
        fmpq_t c;
        fmpq_init(c);
        fmpq_one(c);
        bool good = times_factor(n, &r, t->f[0].atom, num, den, c) && add_term(out, &r, c);
        fmpq_clear(c);
        return good;
    }
    bool positive = fmpq_sgn(&t->c) > 0;
    poly left = {0}, right = {0}, rest = {0};
    term bare = *t;
    fmpq_t unit;
    fmpq_init(unit);
    fmpq_set_si(unit, positive ? 1 : -1, 1);
    fmpq_t size;
    fmpq_init(size);
    fmpq_abs(size, &t->c);
    bool good = constant_power(n, size, num, den, &left) && add_term(&rest, &bare, unit);
    if (good && t->count == 0 && positive)
        good = add_poly(out, &left, 1);
    else if (good) {
        const expression *tree = tree_of(n, &rest);
        good = tree != NULL && atom_poly(n, tree, num, den, &right) && multiply_polys(n, &left, &right, out);
    }
    fmpq_clear(unit);
    fmpq_clear(size);
    clear_poly(&left);
    clear_poly(&right);
    clear_poly(&rest);
    return good;
}

static bool poly_power(former *n, poly *b, long num, long den, poly *out)
{
    if (num == 0)
        return whole_poly(out, 1);
    if (b->count == 0)
        return num > 0; /* 0 */
    if (b->count == 1)
        return term_power(n, &b->t[0], num, den, out);
    if (den != 1 || num < 0 || num > MOST_EXPANDED) {
        const expression *tree = tree_of(n, b);
        return tree != NULL && atom_poly(n, tree, num, den, out);
    }
    poly power = {0};
    bool good = whole_poly(&power, 1);
    for (long i = 0; good && i < num; i++) {
        poly next = {0};
        good = multiply_polys(n, &power, b, &next);
        clear_poly(&power);
        power = next;
    }
    good = good && add_poly(out, &power, 1);
    clear_poly(&power);
    return good;
}

static bool form_power(former *n, const expression *base, const expression *exponent, poly *out)
{
    poly b = {0}, x = {0};
    long num, den;
    bool good = form(n, base, &b) && form(n, exponent, &x);
    if (good && x.count == 0)
        good = whole_poly(out, 1);
    else if (good && is_constant(&x) && small_rational(&x.t[0].c, &num, &den))
        good = poly_power(n, &b, num, den, out);
    else if (good) {
        const expression *tree = expression_binary(n->space, OPERATOR_POWER, tree_of(n, &b), tree_of(n, &x));
        good = tree != NULL && atom_poly(n, tree, 1, 1, out);
    }
    clear_poly(&b);
    clear_poly(&x);
    return good;
}

/* --- functions --- */

/* e^(c m) is exp(m)^c for each term of the exponent. */
static bool form_exp(former *n, const poly *u, poly *out)
{
    poly power = {0};
    bool good = whole_poly(&power, 1);
    for (size_t i = 0; good && i < u->count; i++) {
        poly one = {0}, f = {0}, next = {0};
        long num, den;
        term bare = u->t[i];
        fmpq_t unit;
        fmpq_init(unit);
        fmpq_one(unit);
        good = small_rational(&u->t[i].c, &num, &den) && add_term(&one, &bare, unit);
        const expression *inner = good ? tree_of(n, &one) : NULL;
        good = inner != NULL && atom_poly(n, expression_call(n->space, FUNCTION_EXP, inner), num, den, &f) &&
               multiply_polys(n, &power, &f, &next);
        fmpq_clear(unit);
        clear_poly(&one);
        clear_poly(&f);
        clear_poly(&power);
        power = next;
    }
    good = good && add_poly(out, &power, 1);
    clear_poly(&power);
    return good;
}

/* The logarithm of one term: of its number and its factors. */
static bool form_log(former *n, const term *t, poly *out)
{
    fmpq_t c;
    fmpq_init(c);
    bool good = true;
    if (!fmpq_is_one(&t->c)) {
        poly own = {0};
        good = constant_poly(&own, &t->c);
        const expression *tree = good ? tree_of(n, &own) : NULL;
        good = tree != NULL && atom_poly(n, expression_call(n->space, FUNCTION_LOG, tree), 1, 1, out);
        clear_poly(&own);
    }
    for (int k = 0; good && k < t->count; k++) {
        const expression *base = n->atoms[t->f[k].atom].tree;
        poly one = {0};
        fmpq_set_si(c, t->f[k].num, (ulong)t->f[k].den);
        if (base->kind == EXPRESSION_CALL && base->op == FUNCTION_EXP)
            good = form(n, base->args[0], &one);
        else
            good = atom_poly(n, expression_call(n->space, FUNCTION_LOG, base), 1, 1, &one);
        for (size_t i = 0; good && i < one.count; i++) {
            fmpq_t part;
            fmpq_init(part);
            fmpq_mul(part, c, &one.t[i].c);
            good = add_term(out, &one.t[i], part);
            fmpq_clear(part);
        }
        clear_poly(&one);
    }
    fmpq_clear(c);
    return good;
}

static int order_terms(const void *a, const void *b);
static void sort_terms(former *n, poly *p);

/* sin(-u) is -sin(u), cos(-u) is cos(u), and so on: the leading term of the argument is positive. */
static bool form_parity(former *n, int op, poly *u, bool odd, poly *out)
{
    sort_terms(n, u);
    bool turned = u->count > 0 && fmpq_sgn(&u->t[0].c) < 0;
    poly positive = {0}, f = {0};
    bool good = add_poly(&positive, u, turned ? -1 : 1);
    const expression *inner = good ? tree_of(n, &positive) : NULL;
    if (good && u->count == 0 && odd) {
        clear_poly(&positive);
        return true;
    }
    if (good && u->count == 0 && op == FUNCTION_COS) {
        clear_poly(&positive);
        return whole_poly(out, 1);
    }
    good = inner != NULL && atom_poly(n, expression_call(n->space, op, inner), 1, 1, &f) &&
           add_poly(out, &f, odd && turned ? -1 : 1);
    clear_poly(&positive);
    clear_poly(&f);
    return good;
}

/* TEXT with u for the argument, parsed and formed. */
static bool form_as(former *n, const char *text, const expression *u, poly *out)
{
    expression_space *s = n->space;
    const expression *one = expression_number(s, 1), *two = expression_number(s, 2);
    const expression *up = expression_call(s, FUNCTION_EXP, u),
                     *down = expression_call(s, FUNCTION_EXP, expression_negate(s, u));
    const expression *sum = expression_binary(s, OPERATOR_ADD, up, down),
                     *difference = expression_binary(s, OPERATOR_SUBTRACT, up, down);
    const expression *e = NULL;
    if (strcmp(text, "sinh") == 0)
        e = expression_binary(s, OPERATOR_DIVIDE, difference, two);
    else if (strcmp(text, "cosh") == 0)
        e = expression_binary(s, OPERATOR_DIVIDE, sum, two);
    else if (strcmp(text, "tanh") == 0)
        e = expression_binary(s, OPERATOR_DIVIDE, difference, sum);
    else if (strcmp(text, "sigmoid") == 0)
        e = expression_binary(s, OPERATOR_DIVIDE, up, expression_binary(s, OPERATOR_ADD, one, up));
    else if (strcmp(text, "tan") == 0)
        e = expression_binary(s, OPERATOR_DIVIDE, expression_call(s, FUNCTION_SIN, u),
                              expression_call(s, FUNCTION_COS, u));
    return e != NULL && form(n, e, out);
}

/* A call with its arguments in normal form. */
static bool form_opaque(former *n, const expression *e, poly *out)
{
    const expression **args = memory_array(e->count ? e->count : 1, sizeof *args);
    bool good = args != NULL;
    poly_failed |= args == NULL;
    for (size_t i = 0; good && i < e->count; i++) {
        poly p = {0};
        args[i] = e->args[i];
        bool scalar = e->args[i]->kind != EXPRESSION_MATRIX && e->kind != EXPRESSION_INDEX &&
                      e->args[i]->kind != EXPRESSION_COMPARISON;
        if (scalar && form(n, e->args[i], &p))
            good = (args[i] = tree_of(n, &p)) != NULL;
        clear_poly(&p);
    }
    const expression *tree = good ? expression_with(n->space, e, args) : NULL;
    free(args);
    return tree != NULL && atom_poly(n, tree, 1, 1, out);
}

static bool form_deep(former *n, const expression *e, bool *done, poly *out)
{
    *done = true;
    switch (e->op) {
    case FUNCTION_SINH:
        return form_as(n, "sinh", e->args[0], out);
    case FUNCTION_COSH:
        return form_as(n, "cosh", e->args[0], out);
    case FUNCTION_TANH:
        return form_as(n, "tanh", e->args[0], out);
    case FUNCTION_TAN:
        return form_as(n, "tan", e->args[0], out);
    case FUNCTION_SIGMOID:
        return form_as(n, "sigmoid", e->args[0], out);
    default:
        *done = false;
        return true;
    }
}

static bool form_call(former *n, const expression *e, poly *out)
{
    bool done = false;
    if (n->deep && !form_deep(n, e, &done, out))
        return false;
    if (done)
        return true;
    if (e->op == FUNCTION_POW)
        return form_power(n, e->args[0], e->args[1], out);
    poly u = {0};
    bool unary = e->op == FUNCTION_SQRT || e->op == FUNCTION_EXP || e->op == FUNCTION_LOG ||
                 e->op == FUNCTION_LOG2 || e->op == FUNCTION_LOG10 || e->op == FUNCTION_SIN ||
                 e->op == FUNCTION_COS || e->op == FUNCTION_EXPM1 || e->op == FUNCTION_TAN ||
                 e->op == FUNCTION_TANH || e->op == FUNCTION_SINH || e->op == FUNCTION_ATAN ||
                 e->op == FUNCTION_ABS || e->op == FUNCTION_COSH || e->op == FUNCTION_SIGN;
    if (!unary)
        return form_opaque(n, e, out);
    bool good = form(n, e->args[0], &u);
    if (good && e->op == FUNCTION_SQRT)
        good = poly_power(n, &u, 1, 2, out);
    else if (good && (e->op == FUNCTION_EXP || e->op == FUNCTION_EXPM1))
        good = form_exp(n, &u, out) && (e->op == FUNCTION_EXP || whole_poly(out, -1));
    else if (good && e->op == FUNCTION_LOG && n->deep && u.count == 1 && fmpq_sgn(&u.t[0].c) > 0)
        good = form_log(n, &u.t[0], out);
    else if (good && (e->op == FUNCTION_LOG2 || e->op == FUNCTION_LOG10) && n->deep) {
        expression_space *s = n->space;
        const expression *base = expression_number(s, e->op == FUNCTION_LOG2 ? 2 : 10);
        good = form(n,
                    expression_binary(s, OPERATOR_DIVIDE, expression_call(s, FUNCTION_LOG, e->args[0]),
                                      expression_call(s, FUNCTION_LOG, base)),
                    out);
    } else if (good && e->op == FUNCTION_LOG && u.count == 1 && u.t[0].count == 0 && fmpq_is_one(&u.t[0].c))
        good = true; /* 0 */
    else if (good && (e->op == FUNCTION_LOG || e->op == FUNCTION_LOG2 || e->op == FUNCTION_LOG10))
        good = form_opaque(n, e, out);
    else if (good)
        good = form_parity(n, e->op, &u,
                           e->op != FUNCTION_COS && e->op != FUNCTION_ABS && e->op != FUNCTION_COSH, out);
    clear_poly(&u);
    return good;
}

static bool form_binary(former *n, const expression *e, poly *out)
{
    poly a = {0}, b = {0}, inverse = {0};
    if (e->op == OPERATOR_POWER)
        return form_power(n, e->args[0], e->args[1], out);
    bool good = form(n, e->args[0], &a) && form(n, e->args[1], &b);
    if (good && (e->op == OPERATOR_ADD || e->op == OPERATOR_SUBTRACT))
        good = add_poly(out, &a, 1) && add_poly(out, &b, e->op == OPERATOR_ADD ? 1 : -1);
    else if (good && e->op == OPERATOR_MULTIPLY)
        good = multiply_polys(n, &a, &b, out);
    else if (good)
        good = poly_power(n, &b, -1, 1, &inverse) && multiply_polys(n, &a, &inverse, out);
    clear_poly(&a);
    clear_poly(&b);
    clear_poly(&inverse);
    return good;
}

static bool form_number(former *n, const expression *e, poly *out)
{
    fmpq_t q;
    fmpq_init(q);
    bool good = !e->imaginary && rational_read(e->text, strlen(e->text), q) == NUMBER_OK;
    good = good ? constant_poly(out, q) : atom_poly(n, e, 1, 1, out);
    fmpq_clear(q);
    return good;
}

static bool form_node(former *n, const expression *e, poly *out)
{
    poly a = {0};
    bool good;
    switch (e->kind) {
    case EXPRESSION_NUMBER:
        return form_number(n, e, out);
    case EXPRESSION_NAME:
        return atom_poly(n, e, 1, 1, out);
    case EXPRESSION_NEGATE:
        good = form(n, e->args[0], &a) && add_poly(out, &a, -1);
        clear_poly(&a);
        return good;
    case EXPRESSION_BINARY:
        return form_binary(n, e, out);
    case EXPRESSION_CALL:
        return form_call(n, e, out);
    case EXPRESSION_MATRIX:
        return false;
    default:
        return form_opaque(n, e, out);
    }
}

static bool form(former *n, const expression *e, poly *out)
{
    if (e == NULL || n->depth > MOST_DEPTH)
        return false;
    n->depth++;
    bool good = form_node(n, e, out);
    n->depth--;
    return good;
}

/* --- back to a tree --- */

/* Names before calls before sums; then by their texts. */
static int atom_class(const expression *e)
{
    return e->kind == EXPRESSION_NUMBER ? 0
           : e->kind == EXPRESSION_NAME ? 1
           : e->kind == EXPRESSION_CALL ? 2
                                        : 3;
}

static int order_atoms(const former *n, int a, int b)
{
    int by_class = atom_class(n->atoms[a].tree) - atom_class(n->atoms[b].tree);
    return by_class ? by_class : strcmp(n->atoms[a].key, n->atoms[b].key);
}

static double degree(const term *t)
{
    double sum = 0;
    for (int i = 0; i < t->count; i++)
        sum += (double)t->f[i].num / (double)t->f[i].den;
    return sum;
}

static _Thread_local const former *sorting;

static void sorted_factors(const former *n, const term *t, factor out[MOST_FACTORS])
{
    for (int i = 0; i < t->count; i++) {
        int j = i;
        for (; j > 0 && order_atoms(n, t->f[i].atom, out[j - 1].atom) < 0; j--)
            out[j] = out[j - 1];
        out[j] = t->f[i];
    }
}

static int order_terms(const void *a, const void *b)
{
    const term *x = a, *y = b;
    double more = degree(y) - degree(x);
    if (more != 0)
        return more > 0 ? 1 : -1;
    factor f[MOST_FACTORS], g[MOST_FACTORS];
    sorted_factors(sorting, x, f);
    sorted_factors(sorting, y, g);
    for (int i = 0; i < x->count && i < y->count; i++) {
        int by_atom = order_atoms(sorting, f[i].atom, g[i].atom);
        double by_power = (double)g[i].num / (double)g[i].den - (double)f[i].num / (double)f[i].den;
        if (by_atom != 0 || by_power != 0)
            return by_atom ? by_atom : by_power > 0 ? 1 : -1;
    }
    return x->count - y->count;
}

static void sort_terms(former *n, poly *p)
{
    sorting = n;
    if (p->count > 1)
        qsort(p->t, p->count, sizeof *p->t, order_terms);
}

static const expression *factor_tree(former *n, const factor *f, long num)
{
    expression_space *s = n->space;
    const expression *base = n->atoms[f->atom].tree;
    if (num == 1 && f->den == 1)
        return base;
    if (num == 1 && f->den == 2)
        return expression_call(s, FUNCTION_SQRT, base);
    const expression *exponent = expression_number(s, (double)num);
    if (f->den != 1)
        exponent = expression_binary(s, OPERATOR_DIVIDE, exponent, expression_number(s, (double)f->den));
    return expression_binary(s, OPERATOR_POWER, base, exponent);
}

static const expression *product(former *n, const expression *a, const expression *b)
{
    return a == NULL ? b : expression_binary(n->space, OPERATOR_MULTIPLY, a, b);
}

/* |c| f g / (h k), or with NEGATIVE its negative; *FAILED is set when memory is out. */
static const expression *term_tree(former *n, const term *t, bool negative, bool *failed)
{
    expression_space *s = n->space;
    factor f[MOST_FACTORS];
    sorted_factors(n, t, f);
    const expression *up = NULL, *down = NULL, *c;
    fmpz_t num;
    fmpz_init(num);
    fmpz_abs(num, fmpq_numref(&t->c));
    if (!fmpz_is_one(num)) {
        char *text = fmpz_get_str(NULL, 10, num);
        if (text == NULL || expression_parse(s, NULL, text, &c, NULL) != ML_OK)
            *failed = true;
        else
            up = negative ? expression_negate(s, c) : c;
        flint_free(text);
    }
    if (!fmpz_is_one(fmpq_denref(&t->c))) {
        char *text = fmpz_get_str(NULL, 10, fmpq_denref(&t->c));
        if (text == NULL || expression_parse(s, NULL, text, &c, NULL) != ML_OK)
            *failed = true;
        else
            down = c;
        flint_free(text);
    }
    fmpz_clear(num);
    for (int i = 0; i < t->count; i++) {
        const expression *p = factor_tree(n, &f[i], labs(f[i].num));
        *failed |= p == NULL;
        if (negative && f[i].num > 0 && up == NULL)
            p = expression_negate(s, p);
        *(f[i].num > 0 ? &up : &down) = product(n, f[i].num > 0 ? up : down, p);
    }
    if (up == NULL)
        up = negative ? expression_negate(s, expression_number(s, 1)) : expression_number(s, 1);
    return down == NULL ? up : expression_binary(s, OPERATOR_DIVIDE, up, down);
}

static const expression *tree_of(former *n, poly *p)
{
    expression_space *s = n->space;
    const expression *sum = NULL;
    bool failed = false;
    if (p->count == 0)
        return expression_number(s, 0);
    sort_terms(n, p);
    for (size_t i = 0; i < p->count && !failed; i++) {
        bool negative = fmpq_sgn(&p->t[i].c) < 0;
        const expression *t = term_tree(n, &p->t[i], negative && sum == NULL, &failed);
        if (sum == NULL)
            sum = t;
        else
            sum = expression_binary(s, negative ? OPERATOR_SUBTRACT : OPERATOR_ADD, sum, t);
        failed |= sum == NULL;
    }
    return failed ? NULL : sum;
}

/* --- entries --- */

static void free_former(former *n)
{
    for (size_t i = 0; i < n->atom_count; i++)
        free(n->atoms[i].key);
    free(n->atoms);
}

const expression *symbolic_normal(expression_space *s, const expression *e)
{
    former n = {.space = s};
    poly p = {0};
    poly_failed = false;
    const expression *out = form(&n, e, &p) ? tree_of(&n, &p) : NULL;
    clear_poly(&p);
    free_former(&n);
    s->failed |= poly_failed;
    return out;
}

static bool is_sum(const expression *e)
{
    return e->kind == EXPRESSION_BINARY && (e->op == OPERATOR_ADD || e->op == OPERATOR_SUBTRACT);
}

static bool is_cosine(const expression *e)
{
    return e->kind == EXPRESSION_CALL && e->op == FUNCTION_COS;
}

/* Replace in T the factor K by the power of the poly BY; the other factors stay. */
static bool replace_factor(former *n, const term *t, int k, poly *by, long power, long left, poly *out)
{
    poly rest = {0}, raised = {0}, result = {0};
    term bare = *t;
    memmove(&bare.f[k], &bare.f[k + 1], (size_t)(bare.count - k - 1) * sizeof bare.f[k]);
    bare.count--;
    fmpq_t c;
    fmpq_init(c);
    fmpq_set(c, &t->c);
    bool good = true;
    if (left != 0)
        good = times_factor(n, &bare, t->f[k].atom, left, 1, c);
    good = good && add_term(&rest, &bare, c) && poly_power(n, by, power, 1, &raised) &&
           multiply_polys(n, &rest, &raised, &result) && add_poly(out, &result, 1);
    fmpq_clear(c);
    clear_poly(&rest);
    clear_poly(&raised);
    clear_poly(&result);
    return good;
}

/* Multiply by powers of the sum atom A so that none is left in a denominator, and expand those above.
 * *CHANGED says that there was something to do. */
static bool clear_sum(former *n, poly *p, int a, bool *changed)
{
    long least = 0;
    bool any = false;
    for (size_t i = 0; i < p->count; i++)
        for (int k = 0; k < p->t[i].count; k++)
            if (p->t[i].f[k].atom == a && p->t[i].f[k].den == 1) {
                any = true;
                least = p->t[i].f[k].num < least ? p->t[i].f[k].num : least;
            }
    if (!any)
        return true;
    *changed = true;
    poly base = {0}, out = {0};
    bool good = form(n, n->atoms[a].tree, &base);
    for (size_t i = 0; good && i < p->count; i++) {
        int k = 0;
        while (k < p->t[i].count && (p->t[i].f[k].atom != a || p->t[i].f[k].den != 1))
            k++;
        if (k < p->t[i].count) {
            good = replace_factor(n, &p->t[i], k, &base, p->t[i].f[k].num - least, 0, &out);
        } else {
            poly one = {0}, raised = {0};
            good = add_term(&one, &p->t[i], &p->t[i].c) && poly_power(n, &base, -least, 1, &raised) &&
                   multiply_polys(n, &one, &raised, &out);
            clear_poly(&one);
            clear_poly(&raised);
        }
    }
    clear_poly(&base);
    clear_poly(p);
    *p = out;
    return good;
}

/* cos(u)^2 is 1 - sin(u)^2, wherever it stands in a positive power. */
static bool clear_cosines(former *n, poly *p, bool *changed)
{
    poly out = {0};
    bool good = true;
    for (size_t i = 0; good && i < p->count; i++) {
        int k = 0;
        while (k < p->t[i].count && !(is_cosine(n->atoms[p->t[i].f[k].atom].tree) && p->t[i].f[k].den == 1 &&
                                      p->t[i].f[k].num >= 2))
            k++;
        if (k == p->t[i].count) {
            good = add_term(&out, &p->t[i], &p->t[i].c);
            continue;
        }
        *changed = true;
        poly by = {0}, sine = {0};
        const expression *u = n->atoms[p->t[i].f[k].atom].tree->args[0];
        good = whole_poly(&by, 1) && atom_poly(n, expression_call(n->space, FUNCTION_SIN, u), 2, 1, &sine) &&
               add_poly(&by, &sine, -1) &&
               replace_factor(n, &p->t[i], k, &by, p->t[i].f[k].num / 2, p->t[i].f[k].num % 2, &out);
        clear_poly(&by);
        clear_poly(&sine);
    }
    clear_poly(p);
    *p = out;
    return good;
}

/* Times a power of an atom that stands in denominators, a cosine for one: zero stays zero. */
static bool clear_denominators(former *n, poly *p)
{
    for (size_t a = 0; a < n->atom_count; a++) {
        long least = 0;
        for (size_t i = 0; i < p->count; i++)
            for (int k = 0; k < p->t[i].count; k++)
                if (p->t[i].f[k].atom == (int)a && p->t[i].f[k].den == 1 && p->t[i].f[k].num < least)
                    least = p->t[i].f[k].num;
        if (least == 0 || is_sum(n->atoms[a].tree))
            continue;
        poly by = {0}, out = {0};
        bool good = atom_poly(n, n->atoms[a].tree, -least, 1, &by) && multiply_polys(n, p, &by, &out);
        clear_poly(&by);
        clear_poly(p);
        *p = out;
        if (!good)
            return false;
    }
    return true;
}

bool symbolic_is_zero(expression_space *s, const expression *e)
{
    former n = {.space = s, .deep = true};
    poly p = {0};
    bool good = form(&n, e, &p), changed = true;
    for (int round = 0; good && changed && p.count > 0 && round < MOST_ROUNDS; round++) {
        changed = false;
        for (size_t a = 0; good && a < n.atom_count; a++)
            if (is_sum(n.atoms[a].tree))
                good = clear_sum(&n, &p, (int)a, &changed);
        good = good && clear_denominators(&n, &p) && clear_cosines(&n, &p, &changed);
    }
    bool zero = good && p.count == 0;
    clear_poly(&p);
    free_former(&n);
    return zero;
}
