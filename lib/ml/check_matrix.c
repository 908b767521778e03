/* Decompositions, inverses and solutions by their definition. */
#include <float.h>
#include <gsl/gsl_blas.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "math/dense.h"
#include "ml/check_diagnose.h"
#include "ml/check_named.h"
#include "ml/check_property.h"
#include "ml/check_same.h"

/* --- shapes --- */

static size_t rows_of(const check_value *v)
{
    return v->b->x->size1;
}

static size_t columns_of(const check_value *v)
{
    return v->b->x->size2;
}

static bool is_vector(const ball *b)
{
    return b->x->size1 == 1 || b->x->size2 == 1;
}

static ml_status need_square(const check_input *in, const check_value *v, ml_message *why)
{
    if (rows_of(v) == columns_of(v))
        return ML_OK;
    return ml_fail(why, "%s needs a square matrix, and %s is %zu x %zu", in->check, v->name, rows_of(v),
                   columns_of(v));
}

static ml_status out_of_memory(ml_message *why)
{
    return ml_fail_memory(why, "a check", sizeof(ball));
}

/* A claim that fails because a factor has the wrong shape. */
static void wrong_shape(check_report *report, const check_value *v, const char *claim, size_t rows,
                        size_t columns)
{
    check_row *row = check_add(report, CHECK_NO, "%s", claim);
    bool turned = rows_of(v) == columns && columns_of(v) == rows;
    buffer_printf(&row->diagnosis, "%s%s is %zu x %zu where %zu x %zu is needed",
                  turned ? "transposed: " : "", v->name, rows_of(v), columns_of(v), rows, columns);
}

static ball *wrap(check_report *report, const gsl_matrix *m)
{
    return m ? ball_make(&report->balls, m, NULL, false) : NULL;
}

static bool is_zero(const check_report *report, const ball *d)
{
    if (d == NULL)
        return false;
    for (size_t i = 0; i < d->x->size1; i++)
        for (size_t j = 0; j < d->x->size2; j++)
            if (!(fabs(gsl_matrix_get(d->x, i, j)) <= check_allowed(report, d, i, j)))
                return false;
    return true;
}

/* Q'Q == I */
static check_row *orthonormal(check_report *report, const ball *q, const char *name)
{
    ball_space *s = &report->balls;
    const ball *gram = q ? ball_product(s, ball_transpose(s, q), q) : NULL;
    return check_zero(report, gram ? ball_difference(s, gram, ball_identity(s, q->x->size2)) : NULL,
                      "%s'%s == I", name, name);
}

/* --- svd --- */

typedef struct svd_answer {
    const check_value *a, *u, *s, *v;
    const ball *U, *S, *V, *values; /* S as a matrix that fits between; its diagonal as a column */
} svd_answer;

/* sigma_1 - sigma_2, ..., sigma_k: none may be negative. */
static void check_descending(check_report *report, const ball *values, const char *claim)
{
    ball_space *s = &report->balls;
    size_t k = values->x->size1;
    ball *next = ball_make(s, values->x, values->r, false);
    for (size_t i = 0; next != NULL && i < k; i++) {
        gsl_matrix_set(next->x, i, 0, i + 1 < k ? gsl_matrix_get(values->x, i + 1, 0) : 0);
        if (next->r != NULL)
            gsl_matrix_set(next->r, i, 0, i + 1 < k ? ball_radius(values, i + 1, 0) : 0);
    }
    check_row *row = check_least(report, ball_difference(s, values, next), "%s", claim);
    for (size_t i = 0; row->verdict == CHECK_NO && i < k; i++)
        if (gsl_matrix_get(values->x, i, 0) < -ball_radius(values, i, 0)) {
            buffer_printf(&row->diagnosis, "value %zu is negative", i + 1);
            return;
        }
    if (row->verdict == CHECK_NO)
        buffer_string(&row->diagnosis, "not in descending order");
}

/* The pair of vectors whose signs do not go together. */
static bool wrong_pair(const svd_answer *w, buffer *out)
{
    bool found = false;
    for (size_t j = 0; j < w->values->x->size1 && j < w->U->x->size2 && j < w->V->x->size2; j++) {
        double sum = 0, sigma = gsl_matrix_get(w->values->x, j, 0);
        for (size_t i = 0; i < w->U->x->size1; i++)
            for (size_t k = 0; k < w->V->x->size1; k++)
                sum += gsl_matrix_get(w->U->x, i, j) * gsl_matrix_get(w->a->b->x, i, k) *
                       gsl_matrix_get(w->V->x, k, j);
        if (sigma > 0 && fabs(sum + sigma) <= 0.2 * sigma) {
            buffer_printf(out, found ? ", %zu" : "the sign of u or of v in column %zu", j + 1);
            found = true;
        }
    }
    return found;
}

static bool fits_with(check_report *report, const svd_answer *w, const ball *u, const ball *s, const ball *v)
{
    ball_space *b = &report->balls;
    if (u->x->size2 != s->x->size1 || v->x->size2 != s->x->size2 || u->x->size1 != w->a->b->x->size1 ||
        v->x->size1 != w->a->b->x->size2)
        return false;
    return is_zero(report,
                   ball_difference(b, w->a->b, ball_product(b, ball_product(b, u, s), ball_transpose(b, v))));
}

static const ball *rooted(check_report *report, const ball *s)
{
    ball *r = ball_make(&report->balls, s->x, s->r, false);
    for (size_t i = 0; r != NULL && i < s->x->size1; i++)
        for (size_t j = 0; j < s->x->size2; j++) {
            double x = sqrt(fabs(gsl_matrix_get(s->x, i, j)));
            gsl_matrix_set(r->x, i, j, x);
            if (r->r != NULL)
                gsl_matrix_set(r->r, i, j,
                               x > 0 ? ball_radius(s, i, j) / (2 * x) : sqrt(ball_radius(s, i, j)));
        }
    return r;
}

static void diagnose_product(check_report *report, const svd_answer *w, buffer *out)
{
    ball_space *b = &report->balls;
    const ball *ut = ball_transpose(b, w->U), *vt = ball_transpose(b, w->V), *root = rooted(report, w->S);
    if (ut == NULL || vt == NULL || root == NULL)
        return;
    if (fits_with(report, w, w->U, w->S, vt))
        buffer_printf(out, "%s is transposed: it is V'", w->v->name);
    else if (fits_with(report, w, ut, w->S, w->V))
        buffer_printf(out, "%s is transposed: it is U'", w->u->name);
    else if (fits_with(report, w, ut, w->S, vt))
        buffer_printf(out, "%s and %s are transposed", w->u->name, w->v->name);
    else if (w->U->x->size1 == w->V->x->size1 && fits_with(report, w, w->V, w->S, w->U))
        buffer_printf(out, "%s and %s are exchanged", w->u->name, w->v->name);
    else if (fits_with(report, w, w->U, root, w->V))
        buffer_printf(out, "%s holds the squares: eigenvalues of A'A, not their roots", w->s->name);
    else
        wrong_pair(w, out);
}

static ml_status singular_values(const ball *a, gsl_matrix **values, ml_message *why)
{
    size_t r = a->x->size1 < a->x->size2 ? a->x->size1 : a->x->size2;
    *values = gsl_matrix_alloc(r, 1);
    if (*values == NULL)
        return out_of_memory(why);
    gsl_vector_view column = gsl_matrix_column(*values, 0);
    return dense_singular(a->x, &column.vector, NULL, NULL, why);
}

/* The first values of the list against those of the matrix; more than there are must be zero. */
static ml_status check_values(check_report *report, const ball *a, const ball *values, const char *claim,
                              ml_message *why)
{
    gsl_matrix *truth = NULL;
    ml_status status = singular_values(a, &truth, why);
    size_t k = values->x->size1;
    gsl_matrix *first = status == ML_OK ? gsl_matrix_calloc(k, 1) : NULL;
    if (status == ML_OK && first == NULL)
        status = out_of_memory(why);
    for (size_t i = 0; status == ML_OK && i < k && i < truth->size1; i++)
        gsl_matrix_set(first, i, 0, gsl_matrix_get(truth, i, 0));
    const ball *expected = status == ML_OK ? wrap(report, first) : NULL;
    if (status == ML_OK)
        status = expected ? check_same(report, expected, values, 0, 0, claim, why) : out_of_memory(why);
    gsl_matrix_free(truth);
    gsl_matrix_free(first);
    return status;
}

/* Only the singular values were given. */
static ml_status check_only_values(check_report *report, check_input *in, const check_value *a,
                                   ml_message *why)
{
    const check_value *x;
    ml_status status =
        check_need_answer(in, "S s sigma values", "the factors U, S and V, or the singular values", &x, why);
    if (status != ML_OK)
        return status;
    const ball *values =
        is_vector(x->b) ? ball_column(&report->balls, x->b) : ball_diagonal_of(&report->balls, x->b);
    size_t rank = a->b->x->size1 < a->b->x->size2 ? a->b->x->size1 : a->b->x->size2;
    if (values == NULL)
        return out_of_memory(why);
    if (values->x->size1 != rank) {
        check_row *row = check_add(report, CHECK_NO, "%s == singular values of %s", x->name, a->name);
        buffer_printf(&row->diagnosis, "%zu values where there are %zu", values->x->size1, rank);
        return ML_OK;
    }
    check_descending(report, values, "S >= 0, descending");
    return check_values(report, a->b, values, "S == singular values of A", why);
}

/* U, S and V in shapes that fit, or a row that says what does not. */
static bool arrange_svd(check_report *report, svd_answer *w)
{
    ball_space *b = &report->balls;
    size_t m = rows_of(w->a), n = columns_of(w->a);
    w->U = w->u->b;
    w->V = w->v->b;
    bool vector = is_vector(w->s->b) && (rows_of(w->s) != 1 || columns_of(w->s) != columns_of(w->v) ||
                                         columns_of(w->u) != 1 || columns_of(w->s) == 1);
    w->values = vector ? ball_column(b, w->s->b) : ball_diagonal_of(b, w->s->b);
    if (rows_of(w->u) != m || rows_of(w->v) != n) {
        bool u = rows_of(w->u) != m;
        const check_value *bad = u ? w->u : w->v;
        wrong_shape(report, bad, "A == U*S*V'", u ? m : n,
                    columns_of(bad) == (u ? m : n) ? rows_of(bad) : columns_of(bad));
        return false;
    }
    if (w->values == NULL)
        return true;
    size_t rows = vector ? w->U->x->size2 : rows_of(w->s),
           columns = vector ? w->V->x->size2 : columns_of(w->s);
    w->S = vector ? ball_diagonal(b, w->s->b, rows, columns) : w->s->b;
    if (rows != w->U->x->size2 || columns != w->V->x->size2) {
        wrong_shape(report, w->s, "A == U*S*V'", w->U->x->size2, w->V->x->size2);
        return false;
    }
    return true;
}

static void check_diagonal(check_report *report, const ball *s, const char *name)
{
    ball_space *b = &report->balls;
    const ball *diagonal = ball_diagonal(b, ball_diagonal_of(b, s), s->x->size1, s->x->size2);
    check_zero(report, ball_difference(b, s, diagonal), "diagonal(%s)", name);
}

ml_status check_svd(check_report *report, check_input *in, ml_message *why)
{
    svd_answer w = {0};
    ball_space *b = &report->balls;
    ml_status status = check_need_data(in, "A", "the matrix that was decomposed", &w.a, why);
    if (status != ML_OK)
        return status;
    w.u = check_find(in, "U");
    w.v = check_find(in, "V");
    if (w.u == NULL && w.v == NULL)
        return check_only_values(report, in, w.a, why);
    status = check_need_answer(in, "U", "the left singular vectors", &w.u, why);
    if (status == ML_OK)
        status = check_need_answer(in, "V", "the right singular vectors", &w.v, why);
    if (status == ML_OK)
        status = check_need_answer(in, "S s sigma values", "the singular values", &w.s, why);
    if (status != ML_OK || !arrange_svd(report, &w))
        return status;
    if (w.S == NULL || w.values == NULL)
        return out_of_memory(why);
    orthonormal(report, w.U, "U");
    orthonormal(report, w.V, "V");
    if (!is_vector(w.s->b))
        check_diagonal(report, w.s->b, "S");
    check_descending(report, w.values, "S >= 0, descending");
    const ball *product = ball_product(b, ball_product(b, w.U, w.S), ball_transpose(b, w.V));
    check_row *row = check_zero(report, ball_difference(b, w.a->b, product), "A == U*S*V'");
    if (row->verdict == CHECK_NO)
        diagnose_product(report, &w, &row->diagnosis);
    return check_values(report, w.a->b, w.values, "S == singular values of A", why);
}

/* --- eig --- */

/* Is X an eigenvalue of a matrix as near to A as arithmetic can tell? */
static ml_status is_eigenvalue(const ball *a, double x, bool *is, ml_message *why)
{
    size_t n = a->x->size1;
    gsl_matrix *shifted = gsl_matrix_alloc(n, n);
    gsl_vector *values = gsl_vector_alloc(n);
    ml_status status = shifted && values ? ML_OK : out_of_memory(why);
    if (status == ML_OK) {
        gsl_matrix_memcpy(shifted, a->x);
        for (size_t i = 0; i < n; i++)
            *gsl_matrix_ptr(shifted, i, i) -= x;
        status = dense_singular(shifted, values, NULL, NULL, why);
    }
    if (status == ML_OK)
        *is = gsl_vector_get(values, n - 1) <= 64 * (double)n * DBL_EPSILON * fmax(a->scale, fabs(x));
    gsl_matrix_free(shifted);
    gsl_vector_free(values);
    return status;
}

/* Eigenvalues of A; false in *REAL when some are complex. */
static ml_status eigenvalues(const ball *a, gsl_matrix *values, bool *real, ml_message *why)
{
    size_t n = a->x->size1;
    gsl_vector *imaginary = gsl_vector_alloc(n);
    if (imaginary == NULL)
        return out_of_memory(why);
    gsl_vector_view column = gsl_matrix_column(values, 0);
    ml_status status = dense_eigenvalues(a->x, &column.vector, imaginary, why);
    *real = true;
    /* a double eigenvalue may come out as a pair that is complex by the root of eps */
    for (size_t i = 0; status == ML_OK && i < n; i++)
        if (fabs(gsl_vector_get(imaginary, i)) > 1e-6 * a->scale)
            *real = false;
    gsl_vector_free(imaginary);
    return status;
}

/* What the computed eigenvalues are off by at a multiple one: an answer that is one to rounding replaces the
 * nearest of them. */
static ml_status sharpen(const ball *a, const ball *mine, gsl_matrix *truth, ml_message *why)
{
    size_t n = truth->size1;
    bool *used = calloc(n, sizeof *used);
    ml_status status = used ? ML_OK : out_of_memory(why);
    for (size_t k = 0; status == ML_OK && k < mine->x->size1; k++) {
        double x = gsl_matrix_get(mine->x, k, 0);
        bool is = false;
        size_t best = n;
        status = is_eigenvalue(a, x, &is, why);
        for (size_t i = 0; status == ML_OK && is && i < n; i++)
            if (!used[i] && (best == n || fabs(gsl_matrix_get(truth, i, 0) - x) <
                                              fabs(gsl_matrix_get(truth, best, 0) - x)))
                best = i;
        if (best < n && fabs(gsl_matrix_get(truth, best, 0) - x) <= 1e-3 * a->scale) {
            gsl_matrix_set(truth, best, 0, x);
            used[best] = true;
        }
    }
    free(used);
    return status;
}

static ml_status check_eigenvalues(check_report *report, const check_value *a, const ball *mine,
                                   const char *name, ml_message *why)
{
    size_t n = rows_of(a);
    bool real = true;
    char claim[128];
    snprintf(claim, sizeof claim, "%s == eigenvalues of %s", name, a->name);
    if (mine->x->size1 != n) {
        check_row *row = check_add(report, CHECK_NO, "%s", claim);
        buffer_printf(&row->diagnosis, "%zu values where there are %zu with their multiplicity",
                      mine->x->size1, n);
        return ML_OK;
    }
    gsl_matrix *truth = gsl_matrix_alloc(n, 1);
    if (truth == NULL)
        return out_of_memory(why);
    ml_status status = eigenvalues(a->b, truth, &real, why);
    if (status == ML_OK && real)
        status = sharpen(a->b, mine, truth, why);
    const ball *expected = status == ML_OK && real ? wrap(report, truth) : NULL;
    if (status == ML_OK && !real)
        buffer_string(&check_add(report, CHECK_NO, "%s", claim)->diagnosis, "some eigenvalues are complex");
    else if (status == ML_OK)
        status = expected ? check_same(report, expected, mine, SAME_UP_TO_ORDER, 0, claim, why)
                          : out_of_memory(why);
    gsl_matrix_free(truth);
    return status;
}

/* Columns scaled to length 1 must be independent beyond their rounding; zero columns are not. */
static ml_status check_independent(check_report *report, const ball *v, const char *name, ml_message *why)
{
    size_t n = v->x->size1, k = v->x->size2;
    double error = 0;
    if (k > n) {
        buffer_printf(&check_add(report, CHECK_NO, "columns of %s independent", name)->diagnosis,
                      "%zu columns in %zu dimensions", k, n);
        return ML_OK;
    }
    gsl_matrix *unit = gsl_matrix_alloc(n, k);
    gsl_vector *values = gsl_vector_calloc(k);
    ml_status status = unit && values ? ML_OK : out_of_memory(why);
    for (size_t j = 0; status == ML_OK && j < k; j++) {
        double size = 0;
        for (size_t i = 0; i < n; i++)
            size = hypot(size, gsl_matrix_get(v->x, i, j));
        for (size_t i = 0; i < n; i++) {
            gsl_matrix_set(unit, i, j, size > 0 ? gsl_matrix_get(v->x, i, j) / size : 0);
            error = hypot(error, size > 0 ? ball_radius(v, i, j) / size : 0);
        }
    }
    if (status == ML_OK)
        status = dense_singular(unit, values, NULL, NULL, why);
    if (status == ML_OK) {
        double least = gsl_vector_get(values, k - 1), room = error + 64 * (double)n * DBL_EPSILON;
        check_row *row = check_add(report,
                                   least > room             ? CHECK_YES
                                   : error > 0 && least > 0 ? CHECK_UNDECIDED
                                                            : CHECK_NO,
                                   "columns of %s independent", name);
        row->off = least;
        row->allowed = room;
        buffer_string(&row->diagnosis, "the least singular value of the columns at length 1");
        if (row->verdict == CHECK_NO)
            buffer_string(&row->diagnosis, " is 0");
    }
    gsl_matrix_free(unit);
    gsl_vector_free(values);
    return status;
}

/* The Rayleigh quotients of the columns, for vectors that came without values; the gradient of v'Av/v'v is
 * (A + A' - 2 lambda I) v / v'v. */
static const ball *quotients(check_report *report, const ball *a, const ball *v)
{
    ball_space *s = &report->balls;
    const ball *av = ball_product(s, a, v), *atv = ball_product(s, ball_transpose(s, a), v);
    ball *values = av && atv ? ball_zeros(s, v->x->size2, 1, false) : NULL;
    if (values != NULL && v->r != NULL && (values->r = gsl_matrix_calloc(v->x->size2, 1)) == NULL)
        return NULL;
    for (size_t j = 0; values != NULL && j < v->x->size2; j++) {
        double dot = 0, square = 0;
        for (size_t i = 0; i < v->x->size1; i++) {
            dot += gsl_matrix_get(v->x, i, j) * gsl_matrix_get(av->x, i, j);
            square += gsl_matrix_get(v->x, i, j) * gsl_matrix_get(v->x, i, j);
        }
        gsl_matrix_set(values->x, j, 0, square > 0 ? dot / square : 0);
        values->scale = fmax(values->scale, fabs(gsl_matrix_get(values->x, j, 0)));
        double pull = 0;
        for (size_t i = 0; i < v->x->size1; i++)
            pull +=
                ball_radius(v, i, j) * fabs(gsl_matrix_get(av->x, i, j) + gsl_matrix_get(atv->x, i, j) -
                                            2 * gsl_matrix_get(values->x, j, 0) * gsl_matrix_get(v->x, i, j));
        if (values->r != NULL && square > 0)
            gsl_matrix_set(values->r, j, 0, pull / square);
    }
    return values;
}

/* A V - V diag(values) */
static const ball *eigen_residual(check_report *report, const ball *a, const ball *v, const ball *values)
{
    ball_space *s = &report->balls;
    return ball_difference(s, ball_product(s, a, v), ball_product(s, v, ball_diagonal(s, values, 0, 0)));
}

/* A v and lambda v share the rounding of v: (A - lambda I) dv - v dlambda is what it does to the residual. */
static const ball *tighten(check_report *report, const ball *a, const ball *v, const ball *values,
                           const ball *residual)
{
    ball *made = residual ? ball_make(&report->balls, residual->x, residual->r, false) : NULL;
    if (made == NULL)
        return NULL;
    made->scale = residual->scale;
    made->terms = residual->terms;
    for (size_t i = 0; made->r != NULL && i < v->x->size1; i++)
        for (size_t j = 0; j < v->x->size2; j++) {
            double sum = fabs(gsl_matrix_get(v->x, i, j)) * ball_radius(values, j, 0);
            for (size_t k = 0; k < a->x->size2; k++)
                sum += fabs(gsl_matrix_get(a->x, i, k) - (i == k ? gsl_matrix_get(values->x, j, 0) : 0)) *
                       ball_radius(v, k, j);
            gsl_matrix_set(made->r, i, j, sum);
        }
    return made;
}

static void diagnose_eigen(check_report *report, const check_value *a, const ball *v, const ball *values,
                           buffer *out)
{
    ball_space *s = &report->balls;
    size_t n = v->x->size1, k = v->x->size2;
    const ball *turned = n == k ? ball_transpose(s, v) : NULL;
    if (turned != NULL && is_zero(report, tighten(report, a->b, turned, values,
                                                  eigen_residual(report, a->b, turned, values)))) {
        buffer_string(out, "the vectors stand in rows: transposed");
        return;
    }
    const ball *transpose = ball_transpose(s, a->b);
    if (transpose != NULL && is_zero(report, tighten(report, transpose, v, values,
                                                     eigen_residual(report, transpose, v, values)))) {
        buffer_string(out, "eigenvectors of A', not of A");
        return;
    }
    const ball *own = quotients(report, a->b, v);
    const ball *d = own ? tighten(report, a->b, v, own, eigen_residual(report, a->b, v, own)) : NULL;
    for (size_t j = 0; d != NULL && j < k; j++) {
        bool good = true;
        for (size_t i = 0; i < n; i++)
            good = good && fabs(gsl_matrix_get(d->x, i, j)) <= check_allowed(report, d, i, j);
        double mine = gsl_matrix_get(values->x, j, 0), right = gsl_matrix_get(own->x, j, 0);
        if (!good)
            buffer_printf(out, "%scolumn %zu is no eigenvector", out->size ? "; " : "", j + 1);
        else if (fabs(mine - right) > ball_radius(values, j, 0) + 1e-9 * a->b->scale) {
            buffer_printf(out, "%scolumn %zu belongs to ", out->size ? "; " : "", j + 1);
            check_number(out, right);
            buffer_string(out, ", not to ");
            check_number(out, mine);
        }
    }
}

static ml_status check_vectors(check_report *report, const check_value *a, const check_value *v,
                               const ball *values, bool given, ml_message *why)
{
    if (rows_of(v) != rows_of(a)) {
        wrong_shape(report, v, "A*V == V*L", rows_of(a), columns_of(v));
        return ML_OK;
    }
    if (values->x->size1 != columns_of(v)) {
        buffer_printf(&check_add(report, CHECK_NO, "A*V == V*L")->diagnosis, "%zu values for %zu vectors",
                      values->x->size1, columns_of(v));
        return ML_OK;
    }
    const ball *d = tighten(report, a->b, v->b, values, eigen_residual(report, a->b, v->b, values));
    check_row *row = given ? check_zero(report, d, "A*V == V*L") : check_zero(report, d, "A*v parallel to v");
    if (row->verdict == CHECK_NO)
        diagnose_eigen(report, a, v->b, values, &row->diagnosis);
    return check_independent(report, v->b, v->name, why);
}

ml_status check_eig(check_report *report, check_input *in, ml_message *why)
{
    const check_value *a, *v, *l, *x;
    ml_status status = check_need_data(in, "A", "the matrix", &a, why);
    if (status == ML_OK)
        status = need_square(in, a, why);
    if (status != ML_OK)
        return status;
    v = check_find(in, "V vectors Q P");
    l = check_find(in, "L values lambda D W S");
    if (v == NULL && l == NULL) {
        status = check_need_answer(in, "V", "the eigenvectors, or the eigenvalues L", &x, why);
        if (status != ML_OK)
            return status;
        *(is_vector(x->b) && rows_of(a) > 1 ? &l : &v) = x;
    }
    const ball *values = l == NULL         ? quotients(report, a->b, v->b)
                         : is_vector(l->b) ? ball_column(&report->balls, l->b)
                                           : ball_diagonal_of(&report->balls, l->b);
    if (l == NULL && rows_of(v) != rows_of(a)) {
        wrong_shape(report, v, "A*v parallel to v", rows_of(a), columns_of(v));
        return ML_OK;
    }
    if (values == NULL)
        return out_of_memory(why);
    if (l != NULL && !is_vector(l->b))
        check_diagonal(report, l->b, l->name);
    if (v != NULL)
        status = check_vectors(report, a, v, values, l != NULL, why);
    if (status == ML_OK && l != NULL && (v == NULL || values->x->size1 == rows_of(a)))
        status = check_eigenvalues(report, a, values, l->name, why);
    return status;
}

/* --- qr, lu, chol --- */

/* A product against A, with a diagnosis of it. */
static void check_product(check_report *report, const ball *a, const ball *product, const char *claim)
{
    check_row *row = check_zero(report, ball_difference(&report->balls, product, a), "%s", claim);
    diagnose_options options = {.tolerance = report->tolerance};
    if (row->verdict == CHECK_NO && product != NULL)
        diagnose(a->x, product, &options, &row->diagnosis);
}

/* Whether two factors fit A; adds the row that says so when they do not. */
static bool factors_fit(check_report *report, const check_value *a, const check_value *left,
                        const check_value *right, const char *claim)
{
    if (rows_of(left) != rows_of(a)) {
        wrong_shape(report, left, claim, rows_of(a),
                    columns_of(left) == rows_of(a) ? rows_of(left) : columns_of(left));
        return false;
    }
    if (columns_of(right) != columns_of(a) || rows_of(right) != columns_of(left)) {
        wrong_shape(report, right, claim, columns_of(left), columns_of(a));
        return false;
    }
    return true;
}

/* A triangle that is the other one is transposed. */
static void check_side(check_report *report, const ball *b, bool above, const char *claim)
{
    check_row *row = check_triangle(report, b, above, "%s", claim);
    if (row->verdict != CHECK_NO)
        return;
    for (size_t i = 0; i < b->x->size1; i++)
        for (size_t j = 0; j < b->x->size2; j++)
            if ((above ? j < i : j > i) && fabs(gsl_matrix_get(b->x, i, j)) > check_allowed(report, b, i, j))
                return;
    buffer_string(&row->diagnosis, "transposed");
}

ml_status check_qr(check_report *report, check_input *in, ml_message *why)
{
    const check_value *a, *q, *r;
    ball_space *b = &report->balls;
    ml_status status = check_need_data(in, "A", "the matrix that was decomposed", &a, why);
    if (status == ML_OK)
        status = check_need_answer(in, "Q", "the orthonormal factor", &q, why);
    if (status == ML_OK)
        status = check_need_answer(in, "R", "the triangular factor", &r, why);
    if (status != ML_OK || !factors_fit(report, a, q, r, "A == Q*R"))
        return status;
    orthonormal(report, q->b, "Q");
    check_side(report, r->b, false, "upper(R)");
    size_t before = report->count;
    check_product(report, a->b, ball_product(b, q->b, r->b), "A == Q*R");
    check_row *row = report->count > before ? &report->rows[before] : NULL;
    if (row != NULL && row->verdict == CHECK_NO && rows_of(q) == columns_of(q) &&
        is_zero(report, ball_difference(b, ball_product(b, ball_transpose(b, q->b), r->b), a->b))) {
        row->diagnosis.size = 0;
        buffer_string(&row->diagnosis, "Q is transposed");
    }
    return ML_OK;
}

/* Row numbers p(1), p(2), ... as the matrix P with P*A = rows p of A. */
static const ball *permutation(check_report *report, const ball *p, size_t n)
{
    if (!is_vector(p) || n == 1)
        return p;
    ball *made = ball_zeros(&report->balls, n, n, p->q != NULL);
    for (size_t i = 0; made != NULL && i < n; i++) {
        double to = p->x->size1 == 1 ? gsl_matrix_get(p->x, 0, i) : gsl_matrix_get(p->x, i, 0);
        if (!(to >= 1 && to <= (double)n && to == floor(to)))
            return p;
        gsl_matrix_set(made->x, i, (size_t)to - 1, 1);
        if (made->q != NULL)
            fmpq_one(fmpq_mat_entry(made->q, (slong)i, (slong)to - 1));
        made->scale = 1;
    }
    return made;
}

static void check_unit_diagonal(check_report *report, const ball *l, const ball *u)
{
    const ball *factors[] = {l, u};
    ball_space *s = &report->balls;
    const ball *off[2] = {NULL, NULL};
    for (int k = 0; k < 2; k++) {
        const ball *diagonal = ball_diagonal_of(s, factors[k]);
        ball *ones = diagonal ? ball_zeros(s, diagonal->x->size1, 1, true) : NULL;
        for (size_t i = 0; ones != NULL && i < diagonal->x->size1; i++) {
            gsl_matrix_set(ones->x, i, 0, 1);
            fmpq_one(fmpq_mat_entry(ones->q, (slong)i, 0));
            ones->scale = 1;
        }
        off[k] = ball_difference(s, diagonal, ones);
    }
    bool crout = !is_zero(report, off[0]) && is_zero(report, off[1]);
    check_zero(report, off[crout], crout ? "diagonal of U is 1" : "diagonal of L is 1");
}

ml_status check_lu(check_report *report, check_input *in, ml_message *why)
{
    const check_value *a, *l, *u, *p;
    ball_space *b = &report->balls;
    ml_status status = check_need_data(in, "A", "the matrix that was decomposed", &a, why);
    if (status == ML_OK)
        status = check_need_answer(in, "L", "the lower factor", &l, why);
    if (status == ML_OK)
        status = check_need_answer(in, "U R", "the upper factor", &u, why);
    if (status != ML_OK || !factors_fit(report, a, l, u, "A == L*U"))
        return status;
    check_side(report, l->b, true, "lower(L)");
    check_unit_diagonal(report, l->b, u->b);
    check_side(report, u->b, false, "upper(U)");
    const ball *product = ball_product(b, l->b, u->b);
    if ((p = check_find(in, "P p")) == NULL) {
        check_product(report, a->b, product, "A == L*U");
        return ML_OK;
    }
    const ball *order = permutation(report, p->b, rows_of(a));
    if (order == NULL)
        return out_of_memory(why);
    if (order->x->size1 != rows_of(a) || order->x->size2 != rows_of(a)) {
        wrong_shape(report, p, "P*A == L*U", rows_of(a), rows_of(a));
        return ML_OK;
    }
    status = check_property(report, "permutation", "permutation(P)", order, why);
    const ball *moved = ball_product(b, order, a->b), *back = ball_product(b, order, product);
    if (!is_zero(report, ball_difference(b, product, moved)) &&
        is_zero(report, ball_difference(b, back, a->b)))
        check_product(report, a->b, back, "A == P*L*U");
    else
        check_product(report, moved, product, "P*A == L*U");
    return status;
}

ml_status check_chol(check_report *report, check_input *in, ml_message *why)
{
    const check_value *a, *l;
    ball_space *b = &report->balls;
    ml_status status = check_need_data(in, "A", "the matrix that was decomposed", &a, why);
    if (status == ML_OK)
        status = need_square(in, a, why);
    bool upper = status == ML_OK && (l = check_find(in, "R U")) != NULL;
    if (status == ML_OK && !upper)
        status = check_need_answer(in, "L", "the lower factor, or the upper one as R", &l, why);
    if (status != ML_OK)
        return status;
    if (rows_of(l) != rows_of(a) || columns_of(l) != rows_of(a)) {
        wrong_shape(report, l, upper ? "A == R'*R" : "A == L*L'", rows_of(a), rows_of(a));
        return ML_OK;
    }
    const ball *diagonal = ball_diagonal_of(b, l->b), *turned = ball_transpose(b, l->b);
    check_side(report, l->b, !upper, upper ? "upper(R)" : "lower(L)");
    check_row *row = check_least(report, diagonal, upper ? "diagonal of R > 0" : "diagonal of L > 0");
    if (row->verdict == CHECK_NO)
        buffer_string(&row->diagnosis, "a sign");
    for (size_t i = 0; diagonal != NULL && row->verdict == CHECK_YES && i < rows_of(a); i++)
        if (gsl_matrix_get(diagonal->x, i, 0) <= 0) {
            row->verdict = CHECK_NO;
            buffer_string(&row->diagnosis, "a zero on the diagonal");
        }
    check_product(report, a->b, upper ? ball_product(b, turned, l->b) : ball_product(b, l->b, turned),
                  upper ? "A == R'*R" : "A == L*L'");
    return ML_OK;
}

/* --- inverse, solve, nullspace --- */

/* Is A so well conditioned that a computed solution settles the digits of an answer? */
static ml_status condition(const ball *a, double *cond, ml_message *why)
{
    gsl_matrix *values = NULL;
    ml_status status = singular_values(a, &values, why);
    if (status == ML_OK) {
        double least = gsl_matrix_get(values, values->size1 - 1, 0);
        *cond = least > 0 ? gsl_matrix_get(values, 0, 0) / least : INFINITY;
    }
    gsl_matrix_free(values);
    return status;
}

/* X against the solution of A X = B, which arithmetic knows to cond * eps. */
static ml_status check_solution(check_report *report, const ball *a, const ball *right, const ball *x,
                                double cond, const char *claim, ml_message *why)
{
    gsl_matrix *truth = gsl_matrix_alloc(a->x->size2, right->x->size2);
    if (truth == NULL)
        return out_of_memory(why);
    size_t rank;
    ml_status status = a->x->size1 == a->x->size2 ? dense_solve(a->x, right->x, truth, why)
                                                  : dense_least_squares(a->x, right->x, truth, &rank, why);
    ball *expected = status == ML_OK ? wrap(report, truth) : NULL;
    if (status == ML_OK && expected == NULL)
        status = out_of_memory(why);
    if (status == ML_OK) {
        expected->terms = cond / 8;
        if (expected->terms < (double)a->x->size1)
            expected->terms = (double)a->x->size1;
        status = check_same(report, expected, x, 0, 0, claim, why);
    }
    gsl_matrix_free(truth);
    return status == ML_NO ? ML_OK : status;
}

ml_status check_inverse(check_report *report, check_input *in, ml_message *why)
{
    const check_value *a, *x;
    double cond = INFINITY;
    ball_space *b = &report->balls;
    ml_status status = check_need_data(in, "A", "the matrix", &a, why);
    if (status == ML_OK)
        status = check_need_answer(in, "X inv", "its inverse", &x, why);
    if (status == ML_OK)
        status = need_square(in, a, why);
    if (status != ML_OK)
        return status;
    size_t n = rows_of(a);
    if (rows_of(x) != n || columns_of(x) != n) {
        wrong_shape(report, x, "A*X == I", n, n);
        return ML_OK;
    }
    const ball *identity = ball_identity(b, n);
    check_zero(report, ball_difference(b, ball_product(b, a->b, x->b), identity), "%s*%s == I", a->name,
               x->name);
    if (identity != NULL)
        status = condition(a->b, &cond, why);
    if (status == ML_OK && cond > 1e14) {
        check_row *row = check_add(report, CHECK_NO, "invertible(%s)", a->name);
        row->off = cond;
        buffer_string(&row->diagnosis, "singular, or nearly so: the condition number");
    } else if (status == ML_OK) {
        char claim[160];
        snprintf(claim, sizeof claim, "%.60s == inv(%.60s)", x->name, a->name);
        status = check_solution(report, a->b, identity, x->b, cond, claim, why);
    }
    return status;
}

static ml_status find_rank(const ball *a, size_t *rank, ml_message *why)
{
    if (a->q != NULL) {
        fmpq_mat_t echelon;
        fmpq_mat_init(echelon, (slong)a->x->size1, (slong)a->x->size2);
        *rank = (size_t)fmpq_mat_rref(echelon, a->q);
        fmpq_mat_clear(echelon);
        return ML_OK;
    }
    gsl_matrix *values = NULL;
    ml_status status = singular_values(a, &values, why);
    if (status == ML_OK) {
        gsl_vector_view column = gsl_matrix_column(values, 0);
        *rank = dense_rank(&column.vector, a->x->size1, a->x->size2);
    }
    gsl_matrix_free(values);
    return status;
}

/* A x == b fails: is x at least the least squares solution? */
static void diagnose_solution(check_report *report, const ball *a, const ball *residual, size_t rank,
                              size_t joint, buffer *out)
{
    ball_space *s = &report->balls;
    if (joint == rank)
        return;
    buffer_string(out, "no solution exists");
    if (is_zero(report, ball_product(s, ball_transpose(s, a), residual)))
        buffer_string(out, "; this is the least squares solution");
}

/* [A b] */
static const ball *beside(check_report *report, const ball *a, const ball *right)
{
    size_t n = a->x->size2, m = right->x->size2;
    bool rational = a->q != NULL && right->q != NULL;
    ball *both = ball_zeros(&report->balls, a->x->size1, n + m, rational);
    for (size_t i = 0; both != NULL && i < a->x->size1; i++)
        for (size_t j = 0; j < n + m; j++) {
            const ball *from = j < n ? a : right;
            size_t k = j < n ? j : j - n;
            gsl_matrix_set(both->x, i, j, gsl_matrix_get(from->x, i, k));
            if (rational)
                fmpq_set(fmpq_mat_entry(both->q, (slong)i, (slong)j),
                         fmpq_mat_entry(from->q, (slong)i, (slong)k));
        }
    return both;
}

ml_status check_solve(check_report *report, check_input *in, ml_message *why)
{
    const check_value *a, *right, *x;
    ball_space *b = &report->balls;
    size_t rank = 0, joint = 0;
    double cond = INFINITY;
    ml_status status = check_need_data(in, "A", "the matrix", &a, why);
    if (status == ML_OK)
        status = check_need_data(in, "b B", "the right side", &right, why);
    if (status == ML_OK)
        status = check_need_answer(in, "x X", "the solution", &x, why);
    if (status != ML_OK)
        return status;
    const ball *rhs = right->b, *mine = x->b;
    if (rhs->x->size1 != rows_of(a))
        rhs = ball_column(b, rhs);
    if (mine->x->size1 != columns_of(a))
        mine = ball_column(b, mine);
    const ball *both = rhs && rhs->x->size1 == rows_of(a) ? beside(report, a->b, rhs) : NULL;
    if (rhs == NULL || mine == NULL)
        return out_of_memory(why);
    if (rhs->x->size1 != rows_of(a))
        return ml_fail(why, "solve: %s is %zu x %zu, and %s has %zu rows", a->name, rows_of(a), columns_of(a),
                       right->name, rows_of(right));
    if (mine->x->size1 != columns_of(a) || mine->x->size2 != rhs->x->size2) {
        wrong_shape(report, x, "A*x == b", columns_of(a), rhs->x->size2);
        return ML_OK;
    }
    if (both == NULL)
        return out_of_memory(why);
    status = find_rank(a->b, &rank, why);
    if (status == ML_OK)
        status = find_rank(both, &joint, why);
    if (status != ML_OK)
        return status;
    const ball *residual = ball_difference(b, ball_product(b, a->b, mine), rhs);
    check_row *row = check_zero(report, residual, "%s*%s == %s", a->name, x->name, right->name);
    if (row->verdict == CHECK_NO)
        diagnose_solution(report, a->b, residual, rank, joint, &row->diagnosis);
    if (rank < columns_of(a) || joint > rank)
        return ML_OK;
    status = condition(a->b, &cond, why);
    char claim[80];
    snprintf(claim, sizeof claim, "%.40s == the solution", x->name);
    return status == ML_OK && cond < 1e14 ? check_solution(report, a->b, rhs, mine, cond, claim, why)
                                          : status;
}

ml_status check_nullspace(check_report *report, check_input *in, ml_message *why)
{
    const check_value *a, *x;
    ball_space *b = &report->balls;
    size_t rank = 0;
    ml_status status = check_need_data(in, "A", "the matrix", &a, why);
    if (status == ML_OK)
        status = check_need_answer(in, "N X null kernel", "a basis of the null space, in columns", &x, why);
    if (status == ML_OK)
        status = find_rank(a->b, &rank, why);
    if (status != ML_OK)
        return status;
    size_t n = columns_of(a), nullity = n - rank;
    const ball *mine = x->b;
    if (mine->x->size1 != n && mine->x->size1 == 1)
        mine = ball_column(b, mine);
    if (mine == NULL)
        return out_of_memory(why);
    if (mine->x->size1 != n) {
        wrong_shape(report, x, "A*N == 0", n, nullity);
        return ML_OK;
    }
    check_zero(report, ball_product(b, a->b, mine), "%s*%s == 0", a->name, x->name);
    status = check_independent(report, mine, x->name, why);
    check_row *row =
        check_add(report, mine->x->size2 == nullity ? CHECK_YES : CHECK_NO, "dimension of %s", x->name);
    row->off = fabs((double)mine->x->size2 - (double)nullity);
    row->allowed = 0;
    if (row->verdict == CHECK_NO)
        buffer_printf(&row->diagnosis,
                      "%zu vectors where the null space has %zu dimension%s: %zu columns, rank %zu",
                      mine->x->size2, nullity, nullity == 1 ? "" : "s", n, rank);
    return status;
}
