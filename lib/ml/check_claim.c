#include "ml/check_claim.h"

#include <float.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/number.h"
#include "base/random.h"
#include "math/symbolic.h"
#include "ml/check_diagnose.h"
#include "ml/check_function.h"
#include "ml/check_property.h"
#include "ml/check_value.h"

/* --- parsing --- */

/* NAME(...) with a property for NAME: its argument is INSIDE, LENGTH characters. */
static const char *property_call(const char *text, char name[48], const char **inside, size_t *length)
{
    const char *p = text + strspn(text, " \t");
    size_t word = strspn(p, "abcdefghijklmnopqrstuvwxyz_");
    const char *open = p + word + strspn(p + word, " \t"), *end = text + strlen(text);
    while (end > open && strchr(" \t", end[-1]))
        end--;
    if (word == 0 || word >= 48 || *open != '(' || end[-1] != ')')
        return NULL;
    int depth = 0;
    for (const char *q = open; q < end; q++) {
        depth += (*q == '(') - (*q == ')');
        if (depth == 0 && q + 1 < end)
            return NULL;
    }
    memcpy(name, p, word);
    name[word] = '\0';
    *inside = open + 1;
    *length = (size_t)(end - 1 - (open + 1));
    return check_is_property(name) ? name : NULL;
}

ml_status check_claim_parse(check_claim *claim, expression_space *space, const char *text, ml_message *why)
{
    char name[48];
    const char *inside;
    size_t length;
    const expression *e;
    *claim = (check_claim){.text = text};
    if (property_call(text, name, &inside, &length) != NULL) {
        char *argument = strndup(inside, length);
        if (argument == NULL)
            return ml_fail_memory(why, "a claim", length);
        ml_status status = expression_parse(space, "claim", argument, &claim->left, why);
        free(argument);
        claim->property = text;
        return status == ML_OK ? symbolic_resolve(space, claim->left, &claim->left, why) : status;
    }
    ml_status status = expression_parse(space, "claim", text, &e, why);
    if (status != ML_OK)
        return status;
    if (e->kind != EXPRESSION_COMPARISON)
        return ml_fail(
            why,
            "'%.200s' claims nothing; write a comparison such as A == L*U or x^2 >= 0, or a property such as "
            "lower(L) or symmetric(A)",
            text);
    claim->op = e->op;
    status = symbolic_resolve(space, e->args[0], &claim->left, why);
    return status == ML_OK ? symbolic_resolve(space, e->args[1], &claim->right, why) : status;
}

/* --- values --- */

typedef struct point {
    const check_input *in;
    const char **names; /* of the free variables */
    const ball **values;
    size_t count;
} point;

static const check_value *given(const check_input *in, const char *name)
{
    for (size_t i = 0; i < in->count; i++)
        if (strcmp(in->values[i].name, name) == 0)
            return &in->values[i];
    return NULL;
}

static const ball *look_up(void *context, const char *name)
{
    const point *p = context;
    const check_value *v = given(p->in, name);
    if (v != NULL)
        return v->b;
    for (size_t i = 0; i < p->count; i++)
        if (strcmp(p->names[i], name) == 0)
            return p->values[i];
    return NULL;
}

static const expression *literal_entry(const expression *e, double *half)
{
    number n;
    const expression *bare = e->kind == EXPRESSION_NEGATE ? e->args[0] : e;
    if (bare->kind != EXPRESSION_NUMBER || bare->imaginary)
        return NULL;
    *half = number_read(bare->text, strlen(bare->text), &n) == NUMBER_OK ? n.half_unit : 0;
    return bare;
}

bool check_claim_written(const expression *e, const ball *b, ball_space *balls, const ball **written)
{
    bool matrix = e->kind == EXPRESSION_MATRIX;
    size_t count = matrix ? e->count : 1, columns = matrix ? e->columns : 1;
    gsl_matrix *r = gsl_matrix_calloc(b->x->size1, b->x->size2);
    bool literal = r != NULL && count == b->x->size1 * b->x->size2;
    for (size_t k = 0; literal && k < count; k++) {
        double half = 0;
        literal = literal_entry(matrix ? e->args[k] : e, &half) != NULL;
        if (literal)
            gsl_matrix_set(r, k / columns, k % columns, half);
    }
    *written = b;
    if (literal) {
        ball *made = ball_make(balls, b->x, r, b->q != NULL);
        if (made != NULL && b->q != NULL)
            fmpq_mat_set(made->q, b->q);
        if (made != NULL)
            made->written = true;
        *written = made;
    }
    gsl_matrix_free(r);
    return literal && *written != NULL && (*written)->r != NULL;
}

static bool is_one(const ball *b)
{
    return b->x->size1 == 1 && b->x->size2 == 1;
}

/* Free names of the claim; those with a value, pi, e, and words such as fro, are not. */
static ml_status free_names(const check_claim *claim, const check_input *in, const char ***names,
                            size_t *count, ml_message *why)
{
    const expression *sides[2] = {claim->left, claim->right};
    ml_status status = expression_names(sides, claim->right ? 2 : 1, names, count, why);
    size_t kept = 0;
    double constant;
    bool known = false; /* a matrix has a value: then I is the identity */
    for (size_t i = 0; status == ML_OK && i < *count; i++)
        known |= given(in, (*names)[i]) != NULL && !is_one(given(in, (*names)[i])->b);
    for (size_t i = 0; status == ML_OK && i < *count; i++)
        if (given(in, (*names)[i]) == NULL && !expression_constant((*names)[i], &constant) &&
            !(known && strcmp((*names)[i], "I") == 0) && !check_function_word((*names)[i]))
            (*names)[kept++] = (*names)[i];
    *count = kept;
    return status;
}

/* --- claims about values --- */

/* How much a side looks like the answer: written with rounding, made of answers, made of names, a literal. */
static int answer_rank(const expression *e, const check_input *in, const ball *b)
{
    const char **names = NULL;
    size_t count = 0;
    int rank = b->r != NULL ? 3 : 0;
    if (expression_names(&e, 1, &names, &count, NULL) == ML_OK)
        for (size_t i = 0; i < count; i++) {
            const check_value *v = given(in, names[i]);
            rank = v != NULL && v->answer && rank < 2 ? 2 : v != NULL && rank < 1 ? 1 : rank;
        }
    free(names);
    return rank;
}

static bool same_shape(const ball *a, const ball *b)
{
    return a->x->size1 == b->x->size1 && a->x->size2 == b->x->size2;
}

/* Are there no names in it but pi and e? */
static bool is_constant(const expression *e)
{
    const char **names = NULL;
    size_t count = 0;
    double unused;
    bool constant = expression_names(&e, 1, &names, &count, NULL) == ML_OK;
    for (size_t i = 0; constant && i < count; i++)
        constant = expression_constant(names[i], &unused);
    free(names);
    return constant;
}

/* sqrt(8) == 2*sqrt(2) has no rational form, but a proof. */
static void prove_equal(const check_claim *claim, expression_space *space, check_row *row)
{
    const expression *d = expression_binary(space, OPERATOR_SUBTRACT, claim->left, claim->right);
    if (d == NULL || !is_constant(d) || !symbolic_is_zero(space, d))
        return;
    row->verdict = CHECK_YES;
    row->diagnosis.size = 0;
    buffer_string(&row->diagnosis, "proved by simplification");
}

static void judge_equal(check_report *report, const check_claim *claim, expression_space *space,
                        const check_input *in, const ball *left, const ball *right)
{
    bool left_is_mine = answer_rank(claim->left, in, left) > answer_rank(claim->right, in, right);
    const ball *mine = left_is_mine ? left : right, *expected = left_is_mine ? right : left;
    diagnose_options options = {.tolerance = report->tolerance};
    if (!same_shape(left, right)) {
        check_row *row = check_add(report, CHECK_NO, "%s", claim->text);
        diagnose(expected->x, mine, &options, &row->diagnosis);
        return;
    }
    check_row *row = check_zero(report, ball_difference(&report->balls, left, right), "%s", claim->text);
    if (row->verdict == CHECK_UNDECIDED && report->exact && is_one(left))
        prove_equal(claim, space, row);
    if (row->verdict == CHECK_NO)
        diagnose(expected->x, mine, &options, &row->diagnosis);
}

/* They differ somewhere beyond what is allowed. */
static void judge_unequal(check_report *report, const check_claim *claim, const ball *left, const ball *right)
{
    if (!same_shape(left, right)) {
        check_add(report, CHECK_YES, "%s", claim->text);
        return;
    }
    check_row *row = check_zero(report, ball_difference(&report->balls, left, right), "%s", claim->text);
    bool rounded = left->r != NULL || right->r != NULL;
    if (row->verdict == CHECK_UNDECIDED)
        return;
    row->verdict = row->verdict == CHECK_NO  ? CHECK_YES
                   : rounded && row->off > 0 ? CHECK_UNDECIDED
                                             : CHECK_NO;
    if (row->verdict == CHECK_NO)
        buffer_string(&row->diagnosis, "they are equal");
}

/* An entry of an order: does it hold, whatever the radius, as rationals? */
static check_verdict order_at(const ball *d, size_t i, size_t j, double radius, bool strict)
{
    const fmpq *x = fmpq_mat_entry(d->q, (slong)i, (slong)j);
    int sign = fmpq_sgn(x);
    if (sign == 0 || radius == 0)
        return sign > 0 || (sign == 0 && !strict) ? CHECK_YES : CHECK_NO;
    bool beyond = isfinite(radius);
    if (beyond) {
        fmpq_t size;
        mpq_t room, exactly;
        fmpq_init(size);
        mpq_inits(room, exactly, NULL);
        fmpq_abs(size, x);
        fmpq_get_mpq(exactly, size);
        mpq_set_d(room, radius);
        beyond = mpq_cmp(exactly, room) > 0;
        fmpq_clear(size);
        mpq_clears(room, exactly, NULL);
    }
    if (!beyond)
        return strict ? CHECK_UNDECIDED : CHECK_YES;
    return sign > 0 ? CHECK_YES : CHECK_NO;
}

/* What doubles let pass, decided by the rationals, which need no allowance for arithmetic. */
static void decide_order(const check_report *report, const ball *d, check_row *row, bool strict)
{
    for (size_t i = 0; row->verdict == CHECK_YES && i < d->x->size1; i++)
        for (size_t j = 0; row->verdict == CHECK_YES && j < d->x->size2; j++) {
            double radius = report->exact ? 0 : ball_radius(d, i, j);
            row->verdict = order_at(d, i, j, radius, strict);
            if (row->verdict == CHECK_YES)
                continue;
            const fmpq *x = fmpq_mat_entry(d->q, (slong)i, (slong)j);
            row->place.size = row->diagnosis.size = 0;
            row->off = fabs(fmpq_get_d(x));
            row->allowed = radius;
            buffer_printf(&row->place, "%zu,%zu", i + 1, j + 1);
            if (fmpq_is_zero(x))
                buffer_string(&row->diagnosis, "they are equal there");
        }
}

/* No entry of GREATER - LESS is below zero, or, when STRICT, at zero. */
static void judge_order(check_report *report, const check_claim *claim, const ball *less, const ball *greater,
                        bool strict)
{
    const ball *d = ball_difference(&report->balls, greater, less);
    check_row *row = check_least(report, d, "%s", claim->text);
    if (d != NULL && d->q != NULL && report->tolerance < 0) {
        decide_order(report, d, row, strict);
        return;
    }
    for (size_t i = 0; strict && d != NULL && row->verdict == CHECK_YES && i < d->x->size1; i++)
        for (size_t j = 0; row->verdict == CHECK_YES && j < d->x->size2; j++) {
            double x = gsl_matrix_get(d->x, i, j), room = check_allowed(report, d, i, j);
            if (x > room)
                continue;
            row->verdict = d->r != NULL && ball_radius(d, i, j) > 0 && x != 0 ? CHECK_UNDECIDED : CHECK_NO;
            row->place.size = 0;
            row->off = 0;
            buffer_printf(&row->place, "%zu,%zu", i + 1, j + 1);
            buffer_string(&row->diagnosis, "they are equal there");
        }
}

/* I, and a plain 0, take the shape of the other side. */
static bool fit_sides(check_report *report, const ball **left, const ball **right)
{
    for (int k = 0; k < 2; k++) {
        const ball **one = k ? left : right, *other = k ? *right : *left;
        if (!is_one(*one) || is_one(other))
            continue;
        if ((*one)->identity && other->x->size1 == other->x->size2)
            *one = ball_expand(&report->balls, *one, other->x->size1);
        else if (gsl_matrix_get((*one)->x, 0, 0) == 0 && (*one)->r == NULL)
            *one = ball_zeros(&report->balls, other->x->size1, other->x->size2, other->q != NULL);
        if (*one == NULL)
            return false;
    }
    return true;
}

/* The number ONE in each entry of the shape of BIG. */
static const ball *spread_out(ball_space *balls, const ball *one, const ball *big)
{
    ball *b = ball_make(balls, big->x, NULL, one->q != NULL);
    if (b == NULL || (one->r != NULL && (b->r = gsl_matrix_alloc(big->x->size1, big->x->size2)) == NULL))
        return NULL;
    gsl_matrix_set_all(b->x, gsl_matrix_get(one->x, 0, 0));
    if (b->r != NULL)
        gsl_matrix_set_all(b->r, ball_radius(one, 0, 0));
    for (size_t k = 0; b->q != NULL && k < big->x->size1 * big->x->size2; k++)
        fmpq_set(fmpq_mat_entry(b->q, (slong)(k / big->x->size2), (slong)(k % big->x->size2)),
                 fmpq_mat_entry(one->q, 0, 0));
    b->scale = one->scale;
    b->terms = one->terms;
    b->written = one->written;
    b->jumps = one->jumps;
    return b;
}

static ml_status judge_values(check_report *report, const check_claim *claim, expression_space *space,
                              const check_input *in, const ball *left, const ball *right, ml_message *why)
{
    bool order = claim->op != OPERATOR_EQUAL && claim->op != OPERATOR_UNEQUAL;
    if (!fit_sides(report, &left, &right))
        return ml_fail_memory(why, "a claim", sizeof *left);
    if (order && !same_shape(left, right)) {
        /* every entry against a number */
        bool left_one = left->x->size1 * left->x->size2 == 1,
             right_one = right->x->size1 * right->x->size2 == 1;
        if (!left_one && !right_one)
            return ml_fail(why, "'%.200s': %zu x %zu is compared with %zu x %zu", claim->text, left->x->size1,
                           left->x->size2, right->x->size1, right->x->size2);
        const ball *big = left_one ? right : left, *one = left_one ? left : right;
        const ball *spread = spread_out(&report->balls, one, big);
        if (spread == NULL)
            return ml_fail_memory(why, "a claim", sizeof *spread);
        *(left_one ? &left : &right) = spread;
    }
    switch (claim->op) {
    case OPERATOR_EQUAL:
        judge_equal(report, claim, space, in, left, right);
        break;
    case OPERATOR_UNEQUAL:
        judge_unequal(report, claim, left, right);
        break;
    case OPERATOR_LESS:
    case OPERATOR_AT_MOST:
        judge_order(report, claim, left, right, claim->op == OPERATOR_LESS);
        break;
    default:
        judge_order(report, claim, right, left, claim->op == OPERATOR_GREATER);
    }
    return ML_OK;
}

/* --- identities --- */

enum { POINTS = 480, FEW = 12 };

/* What came out at a point. */
typedef enum outcome { EQUAL, DIFFERENT, LEFT_UNDEFINED, RIGHT_UNDEFINED, BOTH_UNDEFINED, OUTCOMES } outcome;

typedef struct trial {
    const check_report *report;
    const check_claim *claim;
    point at;
    check_scope scope;
    ball_space balls;    /* of one point */
    double *coordinates; /* POINTS x count */
    char outcomes[POINTS];
    double off[POINTS], allowed[POINTS];
    size_t row[POINTS], column[POINTS], rows, columns, counts[OUTCOMES];
    bool no_value;                 /* of a side, at the point */
    size_t missing[2];             /* points where a function in the left or right side has no value */
    ml_message missed;             /* why, at one of them */
    size_t generic_holes, generic; /* at points that are no special ones: one side undefined; all */
} trial;

/* Small whole numbers and halves, decimals about 1, positive ones, large ones. */
static double draw(gsl_rng *rng, int kind)
{
    static const double special[] = {1, 2, -1, 3, -2, 0.5, -0.5, 0, -3, 4};
    double u = gsl_rng_uniform(rng);
    switch (kind) {
    case 0:
        return special[gsl_rng_uniform_int(rng, sizeof special / sizeof special[0])];
    case 1:
        return rint((6 * u - 3) * 100) / 100;
    case 2:
        return rint(5 * u * 100 + 1) / 100;
    case 3:
        return rint((2 * u - 1) * 1000) / 1000;
    default:
        return rint((40 * u - 20) * 10) / 10;
    }
}

static ml_status draw_points(trial *t, uint64_t seed, ml_message *why)
{
    gsl_rng *rng = random_stream(seed, 0);
    t->coordinates = memory_array(POINTS * (t->at.count ? t->at.count : 1), sizeof *t->coordinates);
    if (rng == NULL || t->coordinates == NULL) {
        if (rng != NULL)
            gsl_rng_free(rng);
        return ml_fail_memory(why, "points", POINTS * t->at.count * sizeof *t->coordinates);
    }
    for (size_t i = 0; i < POINTS; i++)
        for (size_t j = 0; j < t->at.count; j++)
            t->coordinates[i * t->at.count + j] = draw(rng, (int)(i % 5));
    gsl_rng_free(rng);
    return ML_OK;
}

/* The left side, or the right one where WHICH is 1; NULL where a function in it has no value. */
static ml_status side_at(trial *t, int which, const ball **side, ml_message *why)
{
    t->no_value = false;
    *side = NULL;
    ml_status status = check_value_of(&t->scope, which ? t->claim->right : t->claim->left, side, NULL, why);
    if (status != ML_FAIL || !t->no_value)
        return status;
    if (why != NULL)
        t->missed = *why;
    t->missing[which]++;
    *side = NULL;
    return ML_OK;
}

/* Both sides at point I. */
static ml_status sides_at(trial *t, size_t i, const ball **left, const ball **right, ml_message *why)
{
    for (size_t j = 0; j < t->at.count; j++) {
        ball *b = ball_zeros(&t->balls, 1, 1, false);
        if (b == NULL)
            return ml_fail_memory(why, "a point", sizeof *b);
        double x = t->coordinates[i * t->at.count + j];
        gsl_matrix_set(b->x, 0, 0, x);
        b->scale = fabs(x);
        t->at.values[j] = b;
    }
    ml_status status = side_at(t, 0, left, why);
    return status == ML_OK ? side_at(t, 1, right, why) : status;
}

static bool defined(const ball *b, bool *huge)
{
    for (size_t i = 0; i < b->x->size1; i++)
        for (size_t j = 0; j < b->x->size2; j++) {
            double x = gsl_matrix_get(b->x, i, j);
            if (isnan(x))
                return false;
            *huge |= fabs(x) > 1e150;
        }
    return true;
}

/* The worst cell of the difference; for an inequality only what is on the wrong side counts. */
static void compare_at(trial *t, size_t i, const ball *d)
{
    int op = t->claim->op;
    t->outcomes[i] = EQUAL;
    t->rows = d->x->size1;
    t->columns = d->x->size2;
    for (size_t k = 0; k < d->x->size1; k++)
        for (size_t l = 0; l < d->x->size2; l++) {
            double x = gsl_matrix_get(d->x, k, l), allowed = check_allowed(t->report, d, k, l);
            double off = op == OPERATOR_LESS || op == OPERATOR_AT_MOST       ? x
                         : op == OPERATOR_GREATER || op == OPERATOR_AT_LEAST ? -x
                                                                             : fabs(x);
            if (off - allowed > t->off[i] - t->allowed[i] || (k == 0 && l == 0)) {
                t->off[i] = fmax(off, 0);
                t->allowed[i] = allowed;
                t->row[i] = k;
                t->column[i] = l;
            }
            if (off > allowed)
                t->outcomes[i] = DIFFERENT;
        }
}

static ml_status try_point(trial *t, size_t i, ml_message *why)
{
    const ball *left, *right;
    bool huge_left = false, huge_right = false;
    ml_status status = sides_at(t, i, &left, &right, why);
    if (status == ML_OK && left != NULL && right != NULL && !same_shape(left, right))
        status = ml_fail(why, "'%.200s': the left side is %zu x %zu, the right side %zu x %zu",
                         t->claim->text, left->x->size1, left->x->size2, right->x->size1, right->x->size2);
    if (status != ML_OK)
        return status;
    bool l = left != NULL && defined(left, &huge_left), r = right != NULL && defined(right, &huge_right);
    if (huge_left || huge_right) /* a pole, or beyond doubles */
        t->outcomes[i] = BOTH_UNDEFINED;
    else if (!l || !r)
        t->outcomes[i] = l ? RIGHT_UNDEFINED : r ? LEFT_UNDEFINED : BOTH_UNDEFINED;
    else {
        const ball *d = ball_difference(&t->balls, left, right);
        if (d == NULL)
            return ml_fail_memory(why, "a claim", sizeof *d);
        compare_at(t, i, d);
    }
    t->counts[(int)t->outcomes[i]]++;
    if (i % 5 != 0) {
        t->generic += t->outcomes[i] != BOTH_UNDEFINED;
        t->generic_holes += t->outcomes[i] == LEFT_UNDEFINED || t->outcomes[i] == RIGHT_UNDEFINED;
    }
    return ML_OK;
}

/* --- what the points say --- */

static void print_point(const trial *t, size_t i, buffer *out)
{
    if (t->rows * t->columns > 1)
        buffer_printf(out, "%zu,%zu at ", t->row[i] + 1, t->column[i] + 1);
    for (size_t j = 0; j < t->at.count; j++) {
        buffer_printf(out, "%s%s = ", j ? ", " : "", t->at.names[j]);
        check_number(out, t->coordinates[i * t->at.count + j]);
    }
}

/* Points that read easily come first: few digits, no zeros, a difference that is not tiny. */
static double plainness(const trial *t, size_t i)
{
    double cost = t->off[i] < 1e-6 ? 100 : 0;
    for (size_t j = 0; j < t->at.count; j++) {
        double x = t->coordinates[i * t->at.count + j];
        cost += (x != rint(x)) + 3 * (fabs(x) > 5) + 2 * (x == 0) + 0.1 * fabs(x) + (x < 0) * 0.05 +
                (2 * x != rint(2 * x));
    }
    return cost;
}

static size_t best_point(const trial *t, outcome o)
{
    size_t best = POINTS;
    for (size_t i = 0; i < POINTS; i++)
        if (t->outcomes[i] == (char)o && (best == POINTS || plainness(t, i) < plainness(t, best)))
            best = i;
    return best;
}

/* Where it holds with the least to spare. */
static size_t tightest(const trial *t)
{
    size_t best = POINTS;
    for (size_t i = 0; i < POINTS; i++)
        if (t->outcomes[i] == EQUAL &&
            (best == POINTS || t->off[i] * t->allowed[best] > t->off[best] * t->allowed[i]))
            best = i;
    return best;
}

/* Of one variable: is it good on one side of a place and bad on the other?  "x > 0" */
static bool describe_region(const trial *t, bool good[OUTCOMES], buffer *out)
{
    double good_least = INFINITY, good_most = -INFINITY, bad_least = INFINITY, bad_most = -INFINITY;
    if (t->at.count != 1)
        return false;
    for (size_t i = 0; i < POINTS; i++) {
        double x = t->coordinates[i];
        if (t->outcomes[i] == BOTH_UNDEFINED)
            continue;
        if (good[(int)t->outcomes[i]]) {
            good_least = fmin(good_least, x);
            good_most = fmax(good_most, x);
        } else {
            bad_least = fmin(bad_least, x);
            bad_most = fmax(bad_most, x);
        }
    }
    bool above = good_least >= bad_most, below = good_most <= bad_least;
    if (!above && !below) {
        bool inside = good_least > bad_least && good_most < bad_most;
        for (size_t i = 0; inside && i < POINTS; i++)
            inside = t->outcomes[i] == BOTH_UNDEFINED || good[(int)t->outcomes[i]] ||
                     t->coordinates[i] < good_least || t->coordinates[i] > good_most;
        if (!inside)
            return false;
        buffer_printf(out, "where %s is between about ", t->at.names[0]);
        check_number(out, good_least);
        buffer_string(out, " and ");
        check_number(out, good_most);
        return true;
    }
    double edge = above ? good_least : good_most, other = above ? bad_most : bad_least;
    bool round = fabs(edge) < 0.05 || fabs(other) < 0.05;
    buffer_printf(out, round ? "where %s %s 0" : "where %s is %s about ", t->at.names[0],
                  round   ? (above      ? (edge > 0 ? ">" : ">=")
                             : edge < 0 ? "<"
                                        : "<=")
                  : above ? "above"
                          : "below");
    if (!round)
        check_number(out, edge);
    return true;
}

static void say_partial(const trial *t, size_t different, check_row *row)
{
    size_t left = t->counts[LEFT_UNDEFINED], right = t->counts[RIGHT_UNDEFINED];
    bool good[OUTCOMES] = {[EQUAL] = true};
    buffer_string(&row->diagnosis, "true only on part of the domain: ");
    size_t before = row->diagnosis.size;
    if (!describe_region(t, good, &row->diagnosis))
        row->diagnosis.size = before;
    bool named = row->diagnosis.size > before;
    buffer_printf(&row->diagnosis, named ? " (%zu of %zu points)" : "at %zu of %zu points", t->counts[EQUAL],
                  t->counts[EQUAL] + different + left + right);
    if (left + right > different)
        buffer_printf(&row->diagnosis, "; elsewhere the %s side is not defined",
                      left > right ? "left" : "right");
}

static bool is_order(const check_claim *claim)
{
    return claim->op != OPERATOR_EQUAL && claim->op != OPERATOR_UNEQUAL;
}

static void decide_unequal(const trial *t, check_row *row)
{
    size_t i = best_point(t, DIFFERENT);
    row->verdict = i < POINTS ? CHECK_YES : t->counts[EQUAL] ? CHECK_NO : CHECK_UNDECIDED;
    if (i < POINTS) {
        row->off = t->off[i];
        row->allowed = t->allowed[i];
        print_point(t, i, &row->place);
        buffer_string(&row->diagnosis, "they differ there");
    } else {
        buffer_printf(&row->diagnosis, "they are equal at all %zu points that were tried", t->counts[EQUAL]);
    }
}

static void decide(const trial *t, check_row *row)
{
    size_t equal = t->counts[EQUAL], different = t->counts[DIFFERENT];
    size_t holes = t->counts[LEFT_UNDEFINED] + t->counts[RIGHT_UNDEFINED];
    if (equal + different + holes == 0) {
        buffer_string(&row->diagnosis, "no point was found where both sides are real numbers");
        return;
    }
    if (t->claim->op == OPERATOR_UNEQUAL) {
        decide_unequal(t, row);
        return;
    }
    size_t i = different ? best_point(t, DIFFERENT) : tightest(t);
    if (i < POINTS) {
        row->off = t->off[i];
        row->allowed = t->allowed[i];
    }
    if (different > 0) {
        row->verdict = CHECK_NO;
        print_point(t, i, &row->place);
        if (equal > FEW && equal * 10 > different && !is_order(t->claim))
            say_partial(t, different, row);
        return;
    }
    if (equal == 0) {
        row->verdict = CHECK_NO;
        buffer_printf(&row->diagnosis, "nowhere are both sides defined");
        return;
    }
    if (t->generic_holes * 50 > t->generic) {
        i = best_point(t, t->counts[LEFT_UNDEFINED] > t->counts[RIGHT_UNDEFINED] ? LEFT_UNDEFINED
                                                                                 : RIGHT_UNDEFINED);
        row->verdict = CHECK_NO;
        row->off = row->allowed = NAN;
        print_point(t, i, &row->place);
        say_partial(t, 0, row);
        return;
    }
    row->verdict = is_order(t->claim) ? CHECK_UNDECIDED : CHECK_YES;
    buffer_printf(&row->diagnosis,
                  is_order(t->claim) ? "it holds at all %zu points that were tried, which proves nothing"
                                     : "at %zu points",
                  equal);
    if (holes > 0) {
        i = best_point(t, t->counts[LEFT_UNDEFINED] ? LEFT_UNDEFINED : RIGHT_UNDEFINED);
        buffer_string(&row->diagnosis, "; not where ");
        print_point(t, i, &row->diagnosis);
        buffer_printf(&row->diagnosis, ": the %s side is not defined there",
                      t->counts[LEFT_UNDEFINED] ? "left" : "right");
    }
}

/* What simplification adds: a proof, or what the two sides differ by. */
static void explain(const check_claim *claim, expression_space *space, check_row *row)
{
    enum { READABLE = 160 };
    if (claim->op != OPERATOR_EQUAL || (row->verdict == CHECK_NO && row->diagnosis.size > 0))
        return;
    const expression *d = expression_binary(space, OPERATOR_SUBTRACT, claim->left, claim->right);
    if (d == NULL)
        return;
    if (row->verdict == CHECK_YES && symbolic_is_zero(space, d)) {
        buffer_string(&row->diagnosis, "; proved by simplification");
        return;
    }
    const expression *simple = row->verdict == CHECK_NO ? symbolic_normal(space, d) : NULL;
    buffer text = {0};
    if (simple != NULL)
        expression_print(&text, simple);
    if (text.size > 0 && text.size <= READABLE)
        buffer_printf(&row->diagnosis, "the two differ by %s", buffer_text(&text));
    buffer_free(&text);
}

/* The mistake in a matrix, at the point that is shown. */
static ml_status explain_cells(trial *t, check_row *row, ml_message *why)
{
    size_t i = best_point(t, DIFFERENT);
    if (t->rows * t->columns < 2 || row->verdict != CHECK_NO || row->diagnosis.size > 0 || i == POINTS)
        return ML_OK;
    const ball *left, *right;
    diagnose_options options = {.tolerance = t->report->tolerance};
    ml_status status = sides_at(t, i, &left, &right, why);
    if (status == ML_OK && left != NULL && right != NULL)
        diagnose(left->x, right, &options, &row->diagnosis);
    ball_free_all(&t->balls);
    return status;
}

static ml_status judge_identity(check_report *report, const check_claim *claim, expression_space *space,
                                const check_input *in, const char **names, size_t count, uint64_t seed,
                                ml_message *why)
{
    trial *t = memory_zeros(1, sizeof *t);
    if (t == NULL)
        return ml_fail_memory(why, "a claim", sizeof *t);
    t->report = report;
    t->claim = claim;
    t->at = (point){.in = in, .names = names, .count = count};
    t->at.values = memory_zeros(count, sizeof *t->at.values);
    t->scope = (check_scope){.no_value = &t->no_value,
                             .balls = &t->balls,
                             .lookup = look_up,
                             .context = &t->at,
                             .nodes = expression_count(space),
                             .exact = report->exact};
    ml_status status =
        t->at.values ? draw_points(t, seed, why) : ml_fail_memory(why, "a point", count * sizeof(void *));
    for (size_t i = 0; status == ML_OK && i < POINTS; i++) {
        status = try_point(t, i, why);
        ball_free_all(&t->balls);
    }
    if (status == ML_OK && (t->missing[0] == POINTS || t->missing[1] == POINTS))
        status = ml_fail(why, "%s", t->missed.text);
    if (status == ML_OK) {
        check_row *row = check_add(report, CHECK_UNDECIDED, "%s", claim->text);
        decide(t, row);
        explain(claim, space, row);
        status = explain_cells(t, row, why);
    }
    free(t->at.values);
    free(t->coordinates);
    free(t);
    return status;
}

/* --- a claim --- */

static ml_status judge_known(check_report *report, const check_claim *claim, expression_space *space,
                             const check_input *in, ml_message *why)
{
    point none = {.in = in};
    check_scope scope = {.balls = &report->balls,
                         .lookup = look_up,
                         .context = &none,
                         .nodes = expression_count(space),
                         .exact = report->exact};
    const ball *left, *right;
    ml_status status = check_value_of(&scope, claim->left, &left, NULL, why);
    if (status == ML_OK && claim->property != NULL) {
        char name[48];
        const char *inside;
        size_t length;
        property_call(claim->text, name, &inside, &length);
        return check_property(report, name, claim->text, left, why);
    }
    if (status == ML_OK)
        status = check_value_of(&scope, claim->right, &right, NULL, why);
    if (status != ML_OK)
        return status;
    if (!report->exact && report->tolerance < 0) {
        check_claim_written(claim->left, left, &report->balls, &left);
        check_claim_written(claim->right, right, &report->balls, &right);
    }
    if (left == NULL || right == NULL)
        return ml_fail_memory(why, "a claim", sizeof *left);
    return judge_values(report, claim, space, in, left, right, why);
}

ml_status check_claim_judge(check_report *report, const check_claim *claim, expression_space *space,
                            const check_input *in, uint64_t seed, ml_message *why)
{
    const char **names = NULL;
    size_t count = 0;
    ml_status status = free_names(claim, in, &names, &count, why);
    report->rational = report->exact && report->tolerance < 0;
    if (status == ML_OK && count > 0 && claim->property != NULL)
        status = ml_fail(why, "'%.200s': '%.60s' has no value; give it as %.60s=FILE", claim->text, names[0],
                         names[0]);
    else if (status == ML_OK && count > 0)
        status = judge_identity(report, claim, space, in, names, count, seed, why);
    else if (status == ML_OK)
        status = judge_known(report, claim, space, in, why);
    report->rational = false;
    free(names);
    return status;
}
