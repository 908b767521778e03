#include "ml/check_calculus.h"

#include <float.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "math/dense.h"
#include "math/symbolic.h"
#include "ml/check_claim.h"
#include "ml/check_same.h"
#include "ml/check_value.h"

static ml_status out_of_memory(ml_message *why)
{
    return ml_fail_memory(why, "a check", sizeof(ball));
}

/* --- the function --- */

const check_value *check_given(const check_input *in, const char *name)
{
    for (size_t i = 0; i < in->count; i++)
        if (strcmp(in->values[i].name, name) == 0)
            return &in->values[i];
    return NULL;
}

ml_status check_function_parse(check_function *f, expression_space *space, const char *text,
                               const check_input *in, ml_message *why)
{
    f->space = space;
    f->text = text;
    size_t parsed = 1, kept = 0;
    const expression **all = memory_array(f->constraint_count + 1, sizeof *all);
    ml_status status = all ? expression_parse(space, "function", text, &f->f, why) : out_of_memory(why);
    if (status == ML_OK)
        status = symbolic_resolve(space, f->f, &f->f, why);
    for (; status == ML_OK && parsed <= f->constraint_count; parsed++)
        status = expression_parse(space, "constraint", f->constraints[parsed - 1], &all[parsed], why);
    if (status == ML_OK) {
        all[0] = f->f;
        status = expression_names(all, parsed, &f->names, &f->count, why);
    }
    free(all);
    double constant;
    for (size_t i = 0; status == ML_OK && i < f->count; i++)
        if (check_given(in, f->names[i]) != NULL || !expression_constant(f->names[i], &constant))
            f->names[kept++] = f->names[i];
    f->count = status == ML_OK ? kept : 0;
    if (status == ML_OK && f->f->kind == EXPRESSION_COMPARISON)
        return ml_fail(why, "'%.200s' is a comparison and no function", text);
    return status;
}

void check_function_free(check_function *f)
{
    free(f->names);
    f->names = NULL;
}

bool check_function_at_point(const check_function *f, const check_input *in)
{
    for (size_t i = 0; i < f->count; i++)
        if (check_given(in, f->names[i]) == NULL)
            return false;
    return true;
}

/* Variables at POINT, everything else as it was given. */
typedef struct place {
    const check_function *f;
    const check_input *in;
    const ball **values;
} place;

static const ball *look_up(void *context, const char *name)
{
    const place *p = context;
    for (size_t i = 0; i < p->f->count; i++)
        if (strcmp(p->f->names[i], name) == 0)
            return p->values[i];
    const check_value *v = check_given(p->in, name);
    return v ? v->b : NULL;
}

ml_status check_at(const check_function *f, const check_input *in, ball_space *balls, const expression *e,
                   const double *point, const ball **value, ml_message *why)
{
    place p = {.f = f, .in = in};
    p.values = memory_zeros(f->count, sizeof *p.values);
    ml_status status = p.values ? ML_OK : out_of_memory(why);
    for (size_t i = 0; status == ML_OK && i < f->count; i++) {
        ball *b = ball_zeros(balls, 1, 1, false);
        if (b == NULL) {
            status = out_of_memory(why);
            break;
        }
        gsl_matrix_set(b->x, 0, 0, point[i]);
        b->scale = fabs(point[i]);
        p.values[i] = b;
    }
    check_scope scope = {
        .balls = balls, .lookup = look_up, .context = &p, .nodes = expression_count(f->space)};
    if (status == ML_OK)
        status = check_value_of(&scope, e, value, NULL, why);
    free(p.values);
    return status;
}

/* The point: coordinates and what they may be off by. */
typedef struct spot {
    double *x, *r;
} spot;

static void free_spot(spot *s)
{
    free(s->x);
    free(s->r);
}

/* The values of the variables, from names or from X. */
static ml_status take_spot(const check_function *f, check_input *in, spot *s, ml_message *why)
{
    s->x = memory_zeros(f->count, sizeof *s->x);
    s->r = memory_zeros(f->count, sizeof *s->r);
    if (s->x == NULL || s->r == NULL)
        return out_of_memory(why);
    const check_value *list = check_find(in, "X point");
    for (size_t i = 0; i < f->count; i++) {
        const check_value *v = check_given(in, f->names[i]);
        if (v != NULL && v->b->x->size1 * v->b->x->size2 == 1) {
            s->x[i] = gsl_matrix_get(v->b->x, 0, 0);
            s->r[i] = ball_radius(v->b, 0, 0);
            continue;
        }
        if (list == NULL) {
            in->missing = true;
            return ml_fail(
                why, "%s needs a value for %s: %s=VALUE, %s~VALUE, or a row of values on standard input",
                in->check, f->names[i], f->names[i], f->names[i]);
        }
        size_t at = i, size = list->b->x->size1 * list->b->x->size2;
        for (size_t k = 0; list->columns != NULL && k < list->b->x->size2; k++)
            if (list->columns[k] != NULL && strcmp(list->columns[k], f->names[i]) == 0)
                at = k;
        if (at >= size || (list->b->x->size1 > 1 && list->b->x->size2 > 1))
            return ml_fail(why, "%s: the point has %zu x %zu values, and the function %zu variables",
                           in->check, list->b->x->size1, list->b->x->size2, f->count);
        bool flat = list->b->x->size1 == 1;
        s->x[i] = gsl_matrix_get(list->b->x, flat ? 0 : at, flat ? at : 0);
        s->r[i] = ball_radius(list->b, flat ? 0 : at, flat ? at : 0);
    }
    return ML_OK;
}

static ml_status derivative(const check_function *f, const expression *e, size_t i, const expression **d,
                            ml_message *why)
{
    return symbolic_derivative(f->space, e, f->names[i], d, why);
}

/* The gradient of E at the point, n x 1, with the slack of its arithmetic. */
static ml_status gradient_of(check_report *report, const check_function *f, const check_input *in,
                             const expression *e, const spot *s, const ball **out, ml_message *why)
{
    ball *g = ball_zeros(&report->balls, f->count, 1, false);
    if (g == NULL)
        return out_of_memory(why);
    ml_status status = ML_OK;
    for (size_t i = 0; status == ML_OK && i < f->count; i++) {
        const expression *d;
        const ball *value = NULL;
        status = derivative(f, e, i, &d, why);
        if (status == ML_OK)
            status = check_at(f, in, &report->balls, d, s->x, &value, why);
        if (status != ML_OK)
            break;
        gsl_matrix_set(g->x, i, 0, gsl_matrix_get(value->x, 0, 0));
        g->scale = fmax(g->scale, value->scale);
        g->terms = fmax(g->terms, value->terms);
    }
    *out = g;
    return status;
}

static ml_status hessian_of(check_report *report, const check_function *f, const check_input *in,
                            const expression *e, const spot *s, const ball **out, ml_message *why)
{
    size_t n = f->count;
    ball *h = ball_zeros(&report->balls, n, n, false);
    if (h == NULL)
        return out_of_memory(why);
    ml_status status = ML_OK;
    for (size_t i = 0; status == ML_OK && i < n; i++) {
        const expression *first, *second;
        status = derivative(f, e, i, &first, why);
        for (size_t j = 0; status == ML_OK && j <= i; j++) {
            const ball *value = NULL;
            status = derivative(f, first, j, &second, why);
            if (status == ML_OK)
                status = check_at(f, in, &report->balls, second, s->x, &value, why);
            if (status != ML_OK)
                break;
            gsl_matrix_set(h->x, i, j, gsl_matrix_get(value->x, 0, 0));
            gsl_matrix_set(h->x, j, i, gsl_matrix_get(value->x, 0, 0));
            h->scale = fmax(h->scale, value->scale);
            h->terms = fmax(h->terms, value->terms);
        }
    }
    *out = h;
    return status;
}

/* --- gradient and hessian --- */

/* d of f: the text of a claim about one derivative. */
static ml_status judge_expression(check_report *report, const check_function *f, const check_input *in,
                                  const char *left, const char *answer, ml_message *why)
{
    buffer text = {0};
    buffer_printf(&text, "%s == %s", left, answer);
    check_claim claim;
    ml_status status = check_claim_parse(&claim, f->space, buffer_text(&text), why);
    if (status == ML_OK)
        status = check_claim_judge(report, &claim, f->space, in, f->seed, why);
    buffer_free(&text);
    return status;
}

static ml_status gradient_expressions(check_report *report, const check_function *f, const check_input *in,
                                      ml_message *why)
{
    if (f->answer_count != f->count)
        return ml_fail(why, "gradient: %zu answers for %zu variables", f->answer_count, f->count);
    ml_status status = ML_OK;
    for (size_t i = 0; status == ML_OK && i < f->count; i++) {
        buffer left = {0};
        buffer_printf(&left, "diff(%s, `%s`)", f->text, f->names[i]);
        if (strspn(f->names[i], "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_") ==
            strlen(f->names[i])) {
            left.size = 0;
            buffer_printf(&left, "diff(%s, %s)", f->text, f->names[i]);
        }
        status = judge_expression(report, f, in, buffer_text(&left), f->answers[i], why);
        buffer_free(&left);
    }
    return status;
}

/* In the order of the variables, or by the names of its columns. */
static const ball *ordered_answer(check_report *report, const check_function *f, const check_value *v)
{
    const ball *b = ball_column(&report->balls, v->b);
    if (v->columns == NULL || v->b->x->size1 != 1 || v->b->x->size2 != f->count || b == NULL)
        return b;
    ball *made = ball_make(&report->balls, b->x, b->r, false);
    for (size_t i = 0; made != NULL && i < f->count; i++)
        for (size_t k = 0; k < f->count; k++)
            if (v->columns[k] != NULL && strcmp(v->columns[k], f->names[i]) == 0) {
                gsl_matrix_set(made->x, i, 0, gsl_matrix_get(b->x, k, 0));
                if (made->r != NULL)
                    gsl_matrix_set(made->r, i, 0, ball_radius(b, k, 0));
            }
    return made;
}

ml_status check_gradient(check_report *report, const check_function *f, check_input *in, ml_message *why)
{
    if (f->answer_count > 0)
        return gradient_expressions(report, f, in, why);
    spot s = {0};
    const check_value *x;
    const ball *truth = NULL;
    ml_status status = check_need_answer(in, "X gradient", "the gradient", &x, why);
    if (status == ML_OK)
        status = take_spot(f, in, &s, why);
    if (status == ML_OK)
        status = gradient_of(report, f, in, f->f, &s, &truth, why);
    const ball *mine = status == ML_OK ? ordered_answer(report, f, x) : NULL;
    if (status == ML_OK && mine == NULL)
        status = out_of_memory(why);
    if (status == ML_OK && mine->x->size1 == f->count && mine->x->size2 == 1)
        for (size_t i = 0; status == ML_OK && i < f->count; i++) {
            const ball *one = ball_rows(&report->balls, truth, i, 1),
                       *own = ball_rows(&report->balls, mine, i, 1);
            char claim[160];
            snprintf(claim, sizeof claim, "df/d%.60s == %.40s[%zu]", f->names[i], x->name, i + 1);
            status = one && own ? check_same(report, one, own, 0, 0, claim, why) : out_of_memory(why);
        }
    else if (status == ML_OK)
        status = check_same(report, truth, mine, 0, 0, "gradient == X", why);
    free_spot(&s);
    return status;
}

/* [[f_xx, f_xy], ...] as the text of a matrix. */
static void hessian_text(const check_function *f, buffer *out)
{
    buffer_char(out, '[');
    for (size_t i = 0; i < f->count; i++)
        for (size_t j = 0; j < f->count; j++)
            buffer_printf(out, "%sdiff(diff(%s, `%s`), `%s`)",
                          j   ? ","
                          : i ? ";"
                              : "",
                          f->text, f->names[i], f->names[j]);
    buffer_char(out, ']');
}

static ml_status hessian_expressions(check_report *report, const check_function *f, const check_input *in,
                                     ml_message *why)
{
    size_t n = f->count;
    buffer left = {0}, right = {0};
    if (f->answer_count != 1 && f->answer_count != n * n)
        return ml_fail(why, "hessian: %zu answers for %zu x %zu entries", f->answer_count, n, n);
    hessian_text(f, &left);
    if (f->answer_count == 1)
        buffer_string(&right, f->answers[0]);
    else
        for (size_t k = 0; k < n * n; k++)
            buffer_printf(&right, "%s%s%s",
                          k == 0  ? "["
                          : k % n ? ","
                                  : ";",
                          f->answers[k], k + 1 == n * n ? "]" : "");
    ml_status status = judge_expression(report, f, in, buffer_text(&left), buffer_text(&right), why);
    if (status == ML_OK) {
        check_row *row = check_last(report);
        row->claim.size = 0;
        buffer_printf(&row->claim, "Hessian == %s", buffer_text(&right));
    }
    buffer_free(&left);
    buffer_free(&right);
    return status;
}

ml_status check_hessian(check_report *report, const check_function *f, check_input *in, ml_message *why)
{
    if (f->answer_count > 0)
        return hessian_expressions(report, f, in, why);
    spot s = {0};
    const check_value *x;
    const ball *truth = NULL;
    ml_status status = check_need_answer(in, "X H hessian", "the Hessian", &x, why);
    if (status == ML_OK)
        status = take_spot(f, in, &s, why);
    if (status == ML_OK)
        status = hessian_of(report, f, in, f->f, &s, &truth, why);
    if (status == ML_OK)
        status = check_same(report, truth, x->b, 0, 0, "Hessian == X", why);
    free_spot(&s);
    return status;
}

/* --- optimum --- */

/* To first order the rounding of the point changes the gradient by |H| r. */
static const ball *with_radius(check_report *report, const ball *g, const ball *h, const spot *s)
{
    size_t n = g->x->size1;
    gsl_matrix *r = gsl_matrix_calloc(n, 1);
    for (size_t i = 0; r != NULL && i < n; i++)
        for (size_t j = 0; j < n; j++)
            *gsl_matrix_ptr(r, i, 0) += fabs(gsl_matrix_get(h->x, i, j)) * s->r[j];
    ball *made = r ? ball_make(&report->balls, g->x, r, false) : NULL;
    gsl_matrix_free(r);
    if (made != NULL) {
        made->scale = fmax(g->scale, h->scale * fmax(fabs(s->x[0]), 1e-300));
        for (size_t j = 0; j < n; j++)
            made->scale = fmax(made->scale, h->scale * fabs(s->x[j]));
        made->terms = g->terms;
    }
    return made;
}

static ml_status second_order(check_report *report, const ball *h, ml_message *why)
{
    size_t n = h->x->size1;
    gsl_vector *values = gsl_vector_alloc(n);
    ml_status status = values ? dense_symmetric(h->x, values, NULL, why) : out_of_memory(why);
    if (status == ML_OK) {
        double least = gsl_vector_get(values, 0), most = gsl_vector_get(values, n - 1),
               room = ball_slack(h) * (double)n;
        bool minimum = least > room, maximum = most < -room, saddle = least < -room && most > room;
        check_row *row = check_add(report,
                                   minimum || maximum ? CHECK_YES
                                   : saddle           ? CHECK_NO
                                                      : CHECK_UNDECIDED,
                                   "Hessian definite");
        row->off = fabs(least) < fabs(most) ? least : most;
        row->allowed = room;
        buffer_string(&row->diagnosis, minimum   ? "a minimum"
                                       : maximum ? "a maximum"
                                       : saddle  ? "a saddle point"
                                                 : "degenerate: second derivatives do not decide");
        buffer_string(&row->diagnosis, "; eigenvalues from ");
        check_number(&row->diagnosis, least);
        buffer_string(&row->diagnosis, " to ");
        check_number(&row->diagnosis, most);
    }
    gsl_vector_free(values);
    return status;
}

ml_status check_optimum(check_report *report, const check_function *f, check_input *in, ml_message *why)
{
    spot s = {0};
    const ball *g = NULL, *h = NULL;
    if (f->count == 0)
        return ml_fail(why, "optimum: '%.200s' has no variables", f->text);
    if (f->constraint_count > 0)
        return check_kkt(report, f, in, why);
    ml_status status = take_spot(f, in, &s, why);
    if (status == ML_OK)
        status = gradient_of(report, f, in, f->f, &s, &g, why);
    if (status == ML_OK)
        status = hessian_of(report, f, in, f->f, &s, &h, why);
    for (size_t i = 0; status == ML_OK && i < f->count; i++) {
        const ball *all = with_radius(report, g, h, &s),
                   *one = all ? ball_rows(&report->balls, all, i, 1) : NULL;
        check_row *row = check_zero(report, one, "df/d%s == 0", f->names[i]);
        row->place.size = 0;
        if (row->off > 0)
            buffer_printf(&row->place, "%s = %.6g", f->names[i], s.x[i]);
    }
    if (status == ML_OK)
        status = second_order(report, h, why);
    free_spot(&s);
    return status;
}

/* --- kkt --- */

typedef struct constraint {
    const char *text;
    const expression *c; /* h, or g <= 0 */
    bool equality, active;
    const ball *gradient;
    double value, room; /* of c, and what it may be off by */
} constraint;

static ml_status parse_constraint(const check_function *f, const char *text, constraint *c, ml_message *why)
{
    const expression *e;
    ml_status status = expression_parse(f->space, "constraint", text, &e, why);
    if (status == ML_OK)
        status = symbolic_resolve(f->space, e, &e, why);
    if (status != ML_OK)
        return status;
    bool less = e->kind == EXPRESSION_COMPARISON && (e->op == OPERATOR_LESS || e->op == OPERATOR_AT_MOST);
    bool more = e->kind == EXPRESSION_COMPARISON && (e->op == OPERATOR_GREATER || e->op == OPERATOR_AT_LEAST);
    *c = (constraint){.text = text, .equality = e->kind == EXPRESSION_COMPARISON && e->op == OPERATOR_EQUAL};
    if (!c->equality && !less && !more)
        return ml_fail(why, "'%.200s' is no constraint; write one as x+y==1, x>=0 or x^2+y^2<=1", text);
    c->c = expression_binary(f->space, OPERATOR_SUBTRACT, e->args[more], e->args[!more]);
    return c->c ? ML_OK : out_of_memory(why);
}

/* Its value and gradient at the point; what rounding of the point does to the value. */
static ml_status evaluate_constraint(check_report *report, const check_function *f, check_input *in,
                                     const spot *s, constraint *c, ml_message *why)
{
    const ball *value;
    ml_status status = check_at(f, in, &report->balls, c->c, s->x, &value, why);
    if (status == ML_OK)
        status = gradient_of(report, f, in, c->c, s, &c->gradient, why);
    if (status != ML_OK)
        return status;
    c->value = gsl_matrix_get(value->x, 0, 0);
    c->room = ball_slack(value);
    for (size_t i = 0; i < f->count; i++)
        c->room += fabs(gsl_matrix_get(c->gradient->x, i, 0)) * s->r[i];
    if (report->tolerance >= 0)
        c->room = report->tolerance;
    c->active = c->equality || fabs(c->value) <= c->room;
    double off = c->equality ? fabs(c->value) : fmax(c->value, 0);
    check_row *row = check_add(report, off <= c->room ? CHECK_YES : CHECK_NO, "%s", c->text);
    row->off = off;
    row->allowed = c->room;
    if (off > c->room)
        buffer_string(&row->diagnosis, "the point is not feasible");
    else if (!c->equality)
        buffer_string(&row->diagnosis, c->active ? "active" : "not active");
    return ML_OK;
}

/* Multipliers of the active constraints that make the gradient of L least. */
static ml_status find_multipliers(const check_function *f, const constraint *c, const ball *g, double *m,
                                  ml_message *why)
{
    size_t active = 0, n = f->count, rank;
    for (size_t k = 0; k < f->constraint_count; k++)
        active += c[k].active;
    if (active == 0)
        return ML_OK;
    gsl_matrix *a = gsl_matrix_alloc(n, active), *b = gsl_matrix_alloc(n, 1),
               *x = gsl_matrix_alloc(active, 1);
    ml_status status = a && b && x ? ML_OK : out_of_memory(why);
    for (size_t k = 0, j = 0; status == ML_OK && k < f->constraint_count; k++) {
        for (size_t i = 0; c[k].active && i < n; i++)
            gsl_matrix_set(a, i, j, gsl_matrix_get(c[k].gradient->x, i, 0));
        j += c[k].active;
    }
    for (size_t i = 0; status == ML_OK && i < n; i++)
        gsl_matrix_set(b, i, 0, -gsl_matrix_get(g->x, i, 0));
    if (status == ML_OK)
        status = dense_least_squares(a, b, x, &rank, why);
    for (size_t k = 0, j = 0; status == ML_OK && k < f->constraint_count; k++)
        m[k] = c[k].active ? gsl_matrix_get(x, j++, 0) : 0;
    gsl_matrix_free(a);
    gsl_matrix_free(b);
    gsl_matrix_free(x);
    return status;
}

/* The gradient of L at the point with multipliers M, R off, and what that allows. */
static ml_status lagrange_gradient(check_report *report, const check_function *f, check_input *in,
                                   const spot *s, const constraint *c, const ball *g, const double *m,
                                   const double *r, const ball **out, ml_message *why)
{
    const ball *h;
    size_t n = f->count;
    ml_status status = hessian_of(report, f, in, f->f, s, &h, why);
    ball *sum = status == ML_OK ? ball_make(&report->balls, g->x, NULL, false) : NULL;
    ball *curve = sum ? ball_make(&report->balls, h->x, NULL, false) : NULL;
    gsl_matrix *radius = gsl_matrix_calloc(n, 1);
    if (status == ML_OK && (sum == NULL || curve == NULL || radius == NULL))
        status = out_of_memory(why);
    double scale = status == ML_OK ? fmax(g->scale, h->scale) : 0;
    for (size_t k = 0; status == ML_OK && k < f->constraint_count; k++) {
        status = hessian_of(report, f, in, c[k].c, s, &h, why);
        for (size_t i = 0; status == ML_OK && i < n; i++) {
            double slope = gsl_matrix_get(c[k].gradient->x, i, 0);
            *gsl_matrix_ptr(sum->x, i, 0) += m[k] * slope;
            *gsl_matrix_ptr(radius, i, 0) += fabs(slope) * r[k];
            scale = fmax(scale, fabs(m[k]) * c[k].gradient->scale);
            for (size_t j = 0; j < n; j++)
                *gsl_matrix_ptr(curve->x, i, j) += m[k] * gsl_matrix_get(h->x, i, j);
        }
    }
    for (size_t i = 0; status == ML_OK && i < n; i++)
        for (size_t j = 0; j < n; j++)
            *gsl_matrix_ptr(radius, i, 0) += fabs(gsl_matrix_get(curve->x, i, j)) * s->r[j];
    ball *made = status == ML_OK ? ball_make(&report->balls, sum->x, radius, false) : NULL;
    if (status == ML_OK && made == NULL)
        status = out_of_memory(why);
    if (made != NULL) {
        made->scale = scale;
        made->terms = (double)(n + f->constraint_count);
    }
    *out = made;
    gsl_matrix_free(radius);
    return status;
}

static bool all_zero(const check_report *report, const ball *b)
{
    for (size_t i = 0; i < b->x->size1; i++)
        if (!(fabs(gsl_matrix_get(b->x, i, 0)) <= check_allowed(report, b, i, 0)))
            return false;
    return true;
}

/* L = f - lambda h? */
static void try_other_sign(check_report *report, const check_function *f, const constraint *c, const ball *g,
                           const double *m, const ball *l, buffer *out)
{
    ball *turned = ball_make(&report->balls, g->x, l->r, false);
    if (turned == NULL)
        return;
    turned->scale = l->scale;
    turned->terms = l->terms;
    for (size_t k = 0; k < f->constraint_count; k++)
        for (size_t i = 0; i < f->count; i++)
            *gsl_matrix_ptr(turned->x, i, 0) -= m[k] * gsl_matrix_get(c[k].gradient->x, i, 0);
    if (all_zero(report, turned))
        buffer_string(out, "every multiplier has the other sign: here L = f + lambda*h + mu*g");
}

static void check_signs(check_report *report, const check_function *f, const constraint *c, const double *m,
                        const double *r)
{
    for (size_t k = 0; k < f->constraint_count; k++) {
        if (c[k].equality)
            continue;
        double room = report->tolerance >= 0 ? report->tolerance : r[k] + 1e-12 * fabs(m[k]);
        check_row *row =
            check_add(report, m[k] >= -room ? CHECK_YES : CHECK_NO, "multiplier of %s >= 0", c[k].text);
        row->off = fmax(-m[k], 0);
        row->allowed = room;
        if (m[k] < -room) {
            buffer_string(&row->diagnosis, "it is ");
            check_number(&row->diagnosis, m[k]);
        }
        double product = fabs(m[k] * c[k].value);
        room = report->tolerance >= 0 ? report->tolerance
                                      : fabs(m[k]) * c[k].room + fabs(c[k].value) * r[k] + 1e-300;
        row = check_add(report, product <= room ? CHECK_YES : CHECK_NO,
                        "multiplier of %s times its slack == 0", c[k].text);
        row->off = product;
        row->allowed = room;
        if (product > room)
            buffer_string(&row->diagnosis, "the constraint is not active, so its multiplier is 0");
    }
}

static ml_status take_multipliers(const check_function *f, check_input *in, const check_value *v, double *m,
                                  double *r, ml_message *why)
{
    size_t given = v->b->x->size1 * v->b->x->size2;
    if (given != f->constraint_count)
        return ml_fail(why, "%s: %zu multipliers for %zu constraints", in->check, given, f->constraint_count);
    for (size_t k = 0; k < given; k++) {
        bool flat = v->b->x->size1 == 1;
        m[k] = gsl_matrix_get(v->b->x, flat ? 0 : k, flat ? k : 0);
        r[k] = ball_radius(v->b, flat ? 0 : k, flat ? k : 0);
    }
    return ML_OK;
}

ml_status check_kkt(check_report *report, const check_function *f, check_input *in, ml_message *why)
{
    spot s = {0};
    const check_value *given = check_find(in, "multipliers lambda mu");
    constraint *c = memory_zeros(f->constraint_count + 1, sizeof *c);
    double *m = memory_zeros(2 * f->constraint_count + 2, sizeof *m),
           *r = m ? m + f->constraint_count + 1 : NULL;
    const ball *g = NULL, *l = NULL;
    ml_status status = c && m ? ML_OK : out_of_memory(why);
    if (status == ML_OK && f->constraint_count == 0)
        status = ml_fail(why, "kkt needs constraints: --subject-to 'x+y==1'");
    if (status == ML_OK)
        status = take_spot(f, in, &s, why);
    for (size_t k = 0; status == ML_OK && k < f->constraint_count; k++) {
        status = parse_constraint(f, f->constraints[k], &c[k], why);
        if (status == ML_OK)
            status = evaluate_constraint(report, f, in, &s, &c[k], why);
    }
    if (status == ML_OK)
        status = gradient_of(report, f, in, f->f, &s, &g, why);
    if (status == ML_OK)
        status = given ? take_multipliers(f, in, given, m, r, why) : find_multipliers(f, c, g, m, why);
    if (status == ML_OK)
        status = lagrange_gradient(report, f, in, &s, c, g, m, r, &l, why);
    for (size_t i = 0; status == ML_OK && i < f->count; i++) {
        check_row *row = check_zero(report, ball_rows(&report->balls, l, i, 1), "dL/d%s == 0", f->names[i]);
        row->place.size = 0;
        if (row->verdict == CHECK_NO && given != NULL)
            try_other_sign(report, f, c, g, m, l, &row->diagnosis);
        else if (row->verdict == CHECK_NO)
            buffer_string(&row->diagnosis, "no multipliers make the point stationary");
        for (size_t k = 0; given == NULL && row->verdict == CHECK_YES && i == 0 && k < f->constraint_count;
             k++) {
            buffer_printf(&row->diagnosis, k ? ", " : "multipliers ");
            check_number(&row->diagnosis, m[k]);
        }
    }
    if (status == ML_OK)
        check_signs(report, f, c, m, r);
    free(c);
    free(m);
    free_spot(&s);
    return status;
}
