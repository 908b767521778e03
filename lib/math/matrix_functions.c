/* matrix_functions.c: the functions of matrices that give one value, but for decompositions and spaces. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "math/matrix_eigen.h"
#include "math/matrix_internal.h"
#include "math/matrix_lapack.h"
#include "math/rational.h"
#include "math/real_function.h"

enum { MOST_SIDE = 100000 };

/* --- entry by entry --- */

typedef double complex complex_function(double complex x);

static complex_function *complex_function_of(int id)
{
    static const struct {
        int id;
        complex_function *f;
    } table[] = {{FUNCTION_EXP, cexp},     {FUNCTION_LOG, clog},     {FUNCTION_SQRT, csqrt},
                 {FUNCTION_SIN, csin},     {FUNCTION_COS, ccos},     {FUNCTION_TAN, ctan},
                 {FUNCTION_ASIN, casin},   {FUNCTION_ACOS, cacos},   {FUNCTION_ATAN, catan},
                 {FUNCTION_SINH, csinh},   {FUNCTION_COSH, ccosh},   {FUNCTION_TANH, ctanh},
                 {FUNCTION_ASINH, casinh}, {FUNCTION_ACOSH, cacosh}, {FUNCTION_ATANH, catanh}};
    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++)
        if (table[i].id == id)
            return table[i].f;
    return NULL;
}

/* Those of a rational number that are rational. */
static bool rational_function(int id, const fmpq_t x, fmpq_t out)
{
    switch (id) {
    case FUNCTION_ABS:
        fmpq_abs(out, x);
        return true;
    case FUNCTION_SIGN:
        fmpq_set_si(out, fmpq_sgn(x), 1);
        return true;
    case FUNCTION_RELU:
        if (fmpq_sgn(x) > 0)
            fmpq_set(out, x);
        else
            fmpq_zero(out);
        return true;
    case FUNCTION_FLOOR:
        fmpz_fdiv_q(fmpq_numref(out), fmpq_numref(x), fmpq_denref(x));
        fmpz_one(fmpq_denref(out));
        return true;
    case FUNCTION_CEIL:
        fmpz_cdiv_q(fmpq_numref(out), fmpq_numref(x), fmpq_denref(x));
        fmpz_one(fmpq_denref(out));
        return true;
    case FUNCTION_SQRT:
        return rational_is_square(out, x);
    case FUNCTION_EXP:
    case FUNCTION_COS:
    case FUNCTION_COSH:
        fmpq_one(out);
        return fmpq_is_zero(x);
    case FUNCTION_SIN:
    case FUNCTION_TAN:
    case FUNCTION_ASIN:
    case FUNCTION_ATAN:
    case FUNCTION_SINH:
    case FUNCTION_TANH:
    case FUNCTION_ASINH:
    case FUNCTION_ATANH:
        fmpq_zero(out);
        return fmpq_is_zero(x);
    case FUNCTION_LOG:
    case FUNCTION_ACOS:
    case FUNCTION_ACOSH:
        fmpq_zero(out);
        return fmpq_is_one(x);
    default:
        return false;
    }
}

static const matrix_value *all_rational(matrix_evaluation *v, int id, const matrix_value *a)
{
    fmpq_mat_t q;
    fmpq_mat_init(q, (slong)a->rows, (slong)a->columns);
    bool good = true;
    for (slong k = 0; good && k < fmpq_mat_nrows(q) * fmpq_mat_ncols(q); k++)
        good = rational_function(id, a->q->entries + k, q->entries + k);
    const matrix_value *c = good ? matrix_take(v->s, q) : NULL;
    fmpq_mat_clear(q);
    return c;
}

/* Of surds: their sizes and signs, and what rounds them. */
static ml_status apply_surds(matrix_evaluation *v, const expression *e, const matrix_value *a,
                             matrix_results *out)
{
    const matrix_value *c;
    surd_matrix m;
    if (e->op == FUNCTION_SQRT) {
        ml_status status = matrix_square_roots(v, e, a, &c);
        return status == ML_OK ? matrix_result(v, c, out) : status;
    }
    if (e->op == FUNCTION_ABS && a->im != NULL) { /* sqrt(x conj(x)) */
        c = matrix_hadamard(v->s, a, matrix_conjugate(v->s, a));
        ml_status status = c ? matrix_square_roots(v, e, c, &c) : matrix_no_memory(v);
        return status == ML_OK ? matrix_result(v, c, out) : status;
    }
    if ((e->op != FUNCTION_ABS && e->op != FUNCTION_SIGN) || a->im != NULL)
        return expression_fail(v->why, e, "%s is not calculated exactly here: leave --exact out",
                               expression_function_of(e->op)->name);
    if (!matrix_get_surds(a, &m))
        return matrix_no_memory(v);
    fmpq_t sign;
    fmpq_init(sign);
    for (size_t k = 0; k < a->rows * a->columns; k++) {
        fmpq_set_si(sign, surd_sign(&m.at[k]), 1);
        if (e->op == FUNCTION_SIGN)
            surd_set_rational(&m.at[k], sign);
        else
            surd_scale(&m.at[k], sign);
    }
    fmpq_clear(sign);
    c = matrix_take_surds(v->s, &m);
    surd_matrix_clear(&m);
    return matrix_result(v, c, out);
}

ml_status matrix_apply(matrix_evaluation *v, const expression *e, const matrix_value *const *args,
                       matrix_results *out)
{
    const matrix_value *a = args[0];
    const char *name = expression_function_of(e->op)->name;
    const matrix_value *rational = a->q != NULL ? all_rational(v, e->op, a) : NULL;
    if (rational != NULL)
        return matrix_result(v, rational, out);
    if (v->exact && (a->surds != NULL || e->op == FUNCTION_SQRT))
        return apply_surds(v, e, a, out);
    if (v->exact)
        return expression_fail(
            v->why, e, "%s is rational only of special numbers, such as 0 or 1: leave --exact out", name);
    real_function *f = real_function_of(e->op);
    complex_function *g = complex_function_of(e->op);
    bool is_complex = a->im != NULL, roots = e->op == FUNCTION_SQRT || e->op == FUNCTION_LOG;
    if (is_complex && g == NULL && e->op != FUNCTION_ABS)
        return matrix_need_real(v, e, a);
    for (size_t i = 0; roots && !is_complex && i < a->rows; i++)
        for (size_t j = 0; j < a->columns; j++)
            is_complex |= gsl_matrix_get(a->re, i, j) < 0;
    bool size = e->op == FUNCTION_ABS;
    matrix_value *c = matrix_new(v->s, a->rows, a->columns, is_complex && !size, false);
    for (size_t i = 0; c != NULL && i < a->rows; i++)
        for (size_t j = 0; j < a->columns; j++) {
            double complex x = matrix_at(a, i, j);
            matrix_set(c, i, j, size ? cabs(x) : is_complex ? g(x) : f(creal(x)));
        }
    return matrix_result(v, matrix_simplify(v->s, c), out);
}

static ml_status of_two(matrix_evaluation *v, const expression *e, const matrix_value *const *args,
                        matrix_results *out)
{
    for (int k = 0; k < 2; k++)
        if (!matrix_is_scalar(args[k]) || args[k]->im != NULL)
            return expression_fail(v->why, e->args[k], "%s takes real numbers, and this is %zu x %zu%s",
                                   expression_function_of(e->op)->name, args[k]->rows, args[k]->columns,
                                   args[k]->im ? ", complex" : "");
    if (v->exact)
        return expression_fail(v->why, e, "%s is not calculated exactly: leave --exact out",
                               expression_function_of(e->op)->name);
    double x = gsl_matrix_get(args[0]->re, 0, 0), y = gsl_matrix_get(args[1]->re, 0, 0);
    return matrix_result(v,
                         matrix_number(v->s,
                                       e->op == FUNCTION_ATAN2   ? atan2(x, y)
                                       : e->op == FUNCTION_HYPOT ? hypot(x, y)
                                                                 : pow(x, y),
                                       0),
                         out);
}

/* --- sums and extremes of all entries --- */

static ml_status extreme(matrix_evaluation *v, const expression *e, const matrix_value *const *args,
                         matrix_results *out)
{
    const matrix_value *best = NULL;
    for (size_t k = 0; k < e->count; k++) {
        if (args[k]->im != NULL)
            return expression_fail(v->why, e->args[k], "complex numbers have no order");
        for (size_t i = 0; i < args[k]->rows; i++)
            for (size_t j = 0; j < args[k]->columns; j++) {
                const matrix_value *x = matrix_cut(v->s, args[k], i, j, 1, 1);
                if (x == NULL)
                    return matrix_no_memory(v);
                int order = best == NULL ? 0 : matrix_order(x, 0, 0, best, 0, 0);
                if (best == NULL || (e->op == FUNCTION_MAX ? order == 1 : order == -1))
                    best = x;
            }
    }
    return matrix_result(v, best, out);
}

static const matrix_value *total(matrix_evaluation *v, const matrix_value *a)
{
    matrix_value *flat = matrix_flat(v->s, a);
    matrix_value *ones = flat ? matrix_new(v->s, 1, flat->rows, false, true) : NULL;
    for (size_t k = 0; ones != NULL && k < ones->columns; k++) {
        matrix_set(ones, 0, k, 1);
        if (ones->q != NULL)
            fmpq_one(fmpq_mat_entry(ones->q, 0, (slong)k));
    }
    return matrix_product(v->s, ones, flat);
}

static ml_status sum(matrix_evaluation *v, const expression *e, const matrix_value *const *args,
                     matrix_results *out)
{
    const matrix_value *c = total(v, args[0]);
    if (e->op == FUNCTION_MEAN)
        c = matrix_divide(v->s, c, matrix_whole(v->s, (long)(args[0]->rows * args[0]->columns)));
    return matrix_result(v, c, out);
}

static ml_status product(matrix_evaluation *v, const expression *e, const matrix_value *const *args,
                         matrix_results *out)
{
    (void)e;
    const matrix_value *flat = matrix_flat(v->s, args[0]), *c = matrix_whole(v->s, 1);
    for (size_t k = 0; flat != NULL && k < flat->rows; k++)
        c = matrix_product(v->s, c, matrix_cut(v->s, flat, k, 0, 1, 1));
    return matrix_result(v, flat ? c : NULL, out);
}

static ml_status count(matrix_evaluation *v, const expression *e, const matrix_value *const *args,
                       matrix_results *out)
{
    size_t n = e->op == FUNCTION_ROWS      ? args[0]->rows
               : e->op == FUNCTION_COLUMNS ? args[0]->columns
                                           : args[0]->rows * args[0]->columns;
    return matrix_result(v, matrix_whole(v->s, (long)n), out);
}

/* --- turned, cut and put together --- */

static ml_status turned(matrix_evaluation *v, const expression *e, const matrix_value *const *args,
                        matrix_results *out)
{
    const matrix_value *a = args[0], *c;
    switch (e->op) {
    case FUNCTION_T:
        c = matrix_transpose(v->s, a);
        break;
    case FUNCTION_CONJ:
        c = matrix_conjugate(v->s, a);
        break;
    case FUNCTION_CTRANSPOSE:
        c = matrix_ctranspose(v->s, a);
        break;
    default:
        c = matrix_part(v->s, a, e->op == FUNCTION_IMAG);
    }
    return matrix_result(v, c, out);
}

/* (A + A')/2 or (A - A')/2, of complex matrices with the conjugate: the Hermitian and the skew-Hermitian
 * part. */
static ml_status symmetric_part(matrix_evaluation *v, const expression *e, const matrix_value *const *args,
                                matrix_results *out)
{
    ml_status status = matrix_need_square(v, e, args[0]);
    if (status != ML_OK)
        return status;
    const matrix_value *turned_one = matrix_ctranspose(v->s, args[0]);
    matrix_value *c = turned_one ? matrix_sum(v->s, args[0], turned_one, e->op == FUNCTION_SKEW) : NULL;
    c = matrix_divide(v->s, c, matrix_whole(v->s, 2));
    if (c != NULL && v->scope->steps != NULL) {
        matrix_begin_steps(v, e);
        matrix_write(v, "A", args[0]);
        matrix_write(v, "A'", turned_one);
    }
    return matrix_result(v, matrix_simplify(v->s, c), out);
}

static ml_status diagonal(matrix_evaluation *v, const expression *e, const matrix_value *const *args,
                          matrix_results *out)
{
    (void)e;
    return matrix_result(
        v, matrix_is_vector(args[0]) ? matrix_diagonal(v->s, args[0]) : matrix_diagonal_of(v->s, args[0]),
        out);
}

static ml_status filled(matrix_evaluation *v, const expression *e, const matrix_value *const *args,
                        matrix_results *out)
{
    (void)args;
    long rows, columns;
    ml_status status = matrix_whole_operand(v, e->args[0], 1, MOST_SIDE, &rows);
    columns = rows;
    if (status == ML_OK && e->count > 1)
        status = matrix_whole_operand(v, e->args[1], 1, MOST_SIDE, &columns);
    if (status != ML_OK)
        return status;
    matrix_value *c = e->op == FUNCTION_EYE ? matrix_identity(v->s, (size_t)rows, (size_t)columns)
                                            : matrix_new(v->s, (size_t)rows, (size_t)columns, false, true);
    for (size_t i = 0; c != NULL && e->op == FUNCTION_ONES && i < c->rows; i++)
        for (size_t j = 0; j < c->columns; j++) {
            matrix_set(c, i, j, 1);
            if (c->q != NULL)
                fmpq_one(fmpq_mat_entry(c->q, (slong)i, (slong)j));
        }
    return matrix_result(v, c, out);
}

static ml_status line(matrix_evaluation *v, const expression *e, const matrix_value *const *args,
                      matrix_results *out)
{
    (void)args;
    const matrix_value *a;
    long at;
    bool row = e->op == FUNCTION_ROW;
    ml_status status = matrix_operand(v, e->args[0], &a);
    if (status == ML_OK)
        status = matrix_whole_operand(v, e->args[1], 1, (long)(row ? a->rows : a->columns), &at);
    if (status != ML_OK)
        return status;
    size_t k = (size_t)at - 1;
    return matrix_result(
        v, row ? matrix_cut(v->s, a, k, 0, 1, a->columns) : matrix_cut(v->s, a, 0, k, a->rows, 1), out);
}

static ml_status stack(matrix_evaluation *v, const expression *e, const matrix_value *const *args,
                       matrix_results *out)
{
    bool beside = e->op == FUNCTION_HSTACK;
    size_t along = 0, across = beside ? args[0]->rows : args[0]->columns;
    for (size_t k = 0; k < e->count; k++) {
        size_t side = beside ? args[k]->rows : args[k]->columns;
        if (side != across)
            return expression_fail(v->why, e->args[k], "this has %zu %s, and what stands before it %zu", side,
                                   beside ? "rows" : "columns", across);
        along += beside ? args[k]->columns : args[k]->rows;
    }
    matrix_value *c = matrix_holding(v->s, beside ? across : along, beside ? along : across, args, e->count);
    along = 0;
    for (size_t k = 0; c != NULL && k < e->count; k++) {
        matrix_put(c, beside ? 0 : along, beside ? along : 0, args[k]);
        along += beside ? args[k]->columns : args[k]->rows;
    }
    return matrix_result(v, c, out);
}

static ml_status kronecker(matrix_evaluation *v, const expression *e, const matrix_value *const *args,
                           matrix_results *out)
{
    (void)e;
    return matrix_result(v, matrix_simplify(v->s, matrix_kronecker(v->s, args[0], args[1])), out);
}

static ml_status hadamard(matrix_evaluation *v, const expression *e, const matrix_value *const *args,
                          matrix_results *out)
{
    if (args[0]->rows != args[1]->rows || args[0]->columns != args[1]->columns)
        return matrix_fail_shapes(v, e, args[0], args[1], "a product entry by entry needs equal shapes");
    return matrix_result(v, matrix_simplify(v->s, matrix_hadamard(v->s, args[0], args[1])), out);
}

/* --- vectors --- */

static ml_status need_vectors(matrix_evaluation *v, const expression *e, const matrix_value *const *args,
                              bool equal)
{
    for (int k = 0; k < 2; k++)
        if (!matrix_is_vector(args[k]))
            return expression_fail(v->why, e->args[k], "%s takes vectors, and this is %zu x %zu",
                                   expression_function_of(e->op)->name, args[k]->rows, args[k]->columns);
    if (equal && args[0]->rows * args[0]->columns != args[1]->rows * args[1]->columns)
        return matrix_fail_shapes(v, e, args[0], args[1], "the vectors need as many entries");
    return ML_OK;
}

static ml_status outer(matrix_evaluation *v, const expression *e, const matrix_value *const *args,
                       matrix_results *out)
{
    ml_status status = need_vectors(v, e, args, false);
    if (status != ML_OK)
        return status;
    const matrix_value *right = matrix_ctranspose(v->s, matrix_flat(v->s, args[1]));
    return matrix_result(v, matrix_product(v->s, matrix_flat(v->s, args[0]), right), out);
}

/* The sum of conj(u_i) v_i. */
static matrix_value *inner(matrix_evaluation *v, const matrix_value *a, const matrix_value *b)
{
    const matrix_value *left = matrix_ctranspose(v->s, matrix_flat(v->s, a));
    return matrix_simplify(v->s, matrix_product(v->s, left, matrix_flat(v->s, b)));
}

/* "1*4 + 2*5 + 3*6" */
static const char *terms_of(matrix_evaluation *v, const matrix_value *a, const matrix_value *b)
{
    buffer t = {0};
    steps *s = v->scope->steps;
    for (slong k = 0; k < fmpq_mat_nrows(a->q) * fmpq_mat_ncols(a->q); k++) {
        const char *x = elimination_number(s, a->q->entries + k, v->exact);
        const char *y = elimination_number(s, b->q->entries + k, v->exact);
        buffer_printf(&t, "%s%s*%s", k ? " + " : "", x[0] == '-' ? steps_print(s, "(%s)", x) : x,
                      y[0] == '-' ? steps_print(s, "(%s)", y) : y);
    }
    return steps_keep(s, &t);
}

static bool writes(const matrix_evaluation *v, const matrix_value *a)
{
    return v->scope->steps != NULL && a->q != NULL;
}

static ml_status dot(matrix_evaluation *v, const expression *e, const matrix_value *const *args,
                     matrix_results *out)
{
    if (args[0]->rows * args[0]->columns != args[1]->rows * args[1]->columns)
        return matrix_fail_shapes(v, e, args[0], args[1], "a dot product needs as many entries");
    const matrix_value *c = inner(v, args[0], args[1]);
    if (c != NULL && writes(v, c)) {
        matrix_begin_steps(v, e);
        steps_formula(v->scope->steps, "u.v = %s = %s", terms_of(v, args[0], args[1]),
                      elimination_number(v->scope->steps, fmpq_mat_entry(c->q, 0, 0), v->exact));
    }
    return matrix_result(v, c, out);
}

/* Entry K of a vector of three. */
static const matrix_value *third(matrix_evaluation *v, const matrix_value *a, size_t k)
{
    return matrix_cut(v->s, matrix_flat(v->s, a), k % 3, 0, 1, 1);
}

static ml_status cross(matrix_evaluation *v, const expression *e, const matrix_value *const *args,
                       matrix_results *out)
{
    ml_status status = need_vectors(v, e, args, true);
    if (status != ML_OK)
        return status;
    if (args[0]->rows * args[0]->columns != 3)
        return expression_fail(v->why, e, "cross takes vectors of three entries, and these have %zu",
                               args[0]->rows * args[0]->columns);
    matrix_value *c = matrix_like(v->s, args[0]->rows, args[0]->columns, args[0], args[1]);
    for (size_t k = 0; c != NULL && k < 3; k++) {
        const matrix_value *x = matrix_product(v->s, third(v, args[0], k + 1), third(v, args[1], k + 2));
        const matrix_value *y = matrix_product(v->s, third(v, args[0], k + 2), third(v, args[1], k + 1));
        const matrix_value *z = matrix_sum(v->s, x, y, true);
        if (z == NULL)
            return matrix_no_memory(v);
        matrix_put(c, c->rows == 3 ? k : 0, c->rows == 3 ? 0 : k, z);
    }
    return matrix_result(v, c, out);
}

/* --- norms --- */

typedef enum norm_kind { NORM_P, NORM_MAX, NORM_FROBENIUS, NORM_NUCLEAR } norm_kind;

/* The argument that says which norm: a number, or one of the words inf, fro, nuc, max. */
static ml_status read_kind(matrix_evaluation *v, const expression *e, norm_kind *kind, double *p)
{
    static const char *const words[] = {"inf", "max", "fro", "nuc"};
    const matrix_value *a;
    size_t k = 0;
    while (e->kind == EXPRESSION_NAME && e->level == 0 && k < 4 && strcmp(e->text, words[k]) != 0)
        k++;
    if (e->kind == EXPRESSION_NAME && e->level == 0 && k < 4) {
        *kind = (norm_kind)k; /* inf is the p-norm of that p */
        *p = INFINITY;
        return ML_OK;
    }
    ml_status status = matrix_operand(v, e, &a);
    if (status != ML_OK)
        return status;
    *kind = NORM_P;
    *p = matrix_is_scalar(a) && a->im == NULL ? gsl_matrix_get(a->re, 0, 0) : NAN;
    return *p >= 1 ? ML_OK
                   : expression_fail(v->why, e, "the kind of a norm is a number >= 1, inf, fro, nuc or max");
}

static const matrix_value *sizes(matrix_evaluation *v, const matrix_value *a)
{
    if (a->surds != NULL) {
        bool closed;
        const matrix_value *squares = matrix_hadamard(v->s, a, matrix_conjugate(v->s, a));
        return squares ? matrix_exact_roots(v->s, squares, &closed) : NULL;
    }
    matrix_value *c = matrix_new(v->s, a->rows, a->columns, false, a->q != NULL);
    for (size_t i = 0; c != NULL && i < a->rows; i++)
        for (size_t j = 0; j < a->columns; j++) {
            matrix_set(c, i, j, cabs(matrix_at(a, i, j)));
            if (c->q != NULL)
                fmpq_abs(fmpq_mat_entry(c->q, (slong)i, (slong)j), fmpq_mat_entry(a->q, (slong)i, (slong)j));
        }
    return c;
}

/* The greatest row sum of |entries|, exactly. */
static const matrix_value *greatest_row(matrix_evaluation *v, const matrix_value *a)
{
    const matrix_value *size = sizes(v, a), *best = NULL;
    for (size_t i = 0; size != NULL && i < a->rows; i++) {
        const matrix_value *x = total(v, matrix_cut(v->s, size, i, 0, 1, a->columns));
        if (x == NULL)
            return NULL;
        bool more = best == NULL || matrix_order(x, 0, 0, best, 0, 0) == 1;
        best = more ? x : best;
    }
    return best;
}

/* The root of the sum of squares, rational where it is. */
static ml_status euclidean(matrix_evaluation *v, const expression *e, const matrix_value *a,
                           const matrix_value **out)
{
    const matrix_value *square = matrix_is_exact(a) ? inner(v, a, a) : NULL;
    if (square != NULL && square->q != NULL && !v->exact) {
        fmpq_mat_t one;
        fmpq_mat_init(one, 1, 1);
        fmpq_mat_one(one);
        *out = matrix_roots(v, one, square->q, false);
        fmpq_mat_clear(one);
    } else if (square != NULL && v->exact) {
        return matrix_square_roots(v, e, square, out);
    } else {
        *out = matrix_number(v->s, matrix_norm_frobenius(a), 0);
    }
    return *out ? ML_OK : matrix_no_memory(v);
}

/* (sum |x|^p)^(1/p), the greatest taken out so that it neither overflows nor vanishes. */
static double p_norm(const matrix_value *a, double p)
{
    double most = matrix_norm_max(a), sum_of = 0;
    if (most == 0)
        return 0;
    for (size_t i = 0; i < a->rows; i++)
        for (size_t j = 0; j < a->columns; j++)
            sum_of += pow(cabs(matrix_at(a, i, j)) / most, p);
    return most * pow(sum_of, 1 / p);
}

static ml_status fail_exact_norm(matrix_evaluation *v, const expression *e)
{
    return expression_fail(v->why, e,
                           "this norm is not calculated exactly: leave --exact out, or take 1, inf or fro");
}

/* Greatest or sum of the singular values. */
static ml_status by_singular(matrix_evaluation *v, const expression *e, const matrix_value *a, bool greatest,
                             const matrix_value **out)
{
    if (v->exact && greatest && a->q != NULL)
        return matrix_exact_norm(v, a, out);
    if (v->exact)
        return fail_exact_norm(v, e);
    matrix_value *values;
    ml_status status = matrix_singular(v->s, a, NULL, &values, NULL, v->why);
    if (status != ML_OK)
        return status;
    *out = greatest ? matrix_cut(v->s, values, 0, 0, 1, 1) : total(v, values);
    return *out ? ML_OK : matrix_no_memory(v);
}

static ml_status norm_of(matrix_evaluation *v, const expression *e, const matrix_value *a, norm_kind kind,
                         double p, const matrix_value **out)
{
    bool vector = matrix_is_vector(a);
    if (kind == NORM_FROBENIUS || (vector && kind == NORM_P && p == 2))
        return euclidean(v, e, a, out);
    else if (kind == NORM_MAX)
        *out = greatest_row(v, matrix_flat(v->s, a));
    else if (kind == NORM_NUCLEAR)
        return by_singular(v, e, a, false, out);
    else if (isinf(p))
        *out = greatest_row(v, vector ? matrix_flat(v->s, a) : a);
    else if (p == 1)
        *out = greatest_row(v, vector ? matrix_transpose(v->s, matrix_flat(v->s, a))
                                      : matrix_transpose(v->s, a));
    else if (!vector && p == 2)
        return by_singular(v, e, a, true, out);
    else if (!vector)
        return expression_fail(v->why, e, "of a matrix the norms are 1, 2, inf, fro, nuc and max");
    else if (v->exact)
        return fail_exact_norm(v, e);
    else
        *out = matrix_number(v->s, p_norm(a, p), 0);
    return *out ? ML_OK : matrix_no_memory(v);
}

/* The sum of squares under the root, where that is what is calculated. */
static void write_norm(matrix_evaluation *v, const expression *e, const matrix_value *a, norm_kind kind,
                       double p)
{
    bool root = kind == NORM_FROBENIUS || (matrix_is_vector(a) && kind == NORM_P && p == 2);
    if (!root || !writes(v, a))
        return;
    const matrix_value *square = inner(v, a, a);
    if (square == NULL || square->q == NULL)
        return;
    rational_steps w = matrix_writer(v, NULL);
    matrix_begin_steps(v, e);
    rational_write_root(&w, steps_print(w.s, "sqrt(%s)", terms_of(v, a, a)), fmpq_mat_entry(square->q, 0, 0));
}

static ml_status norm(matrix_evaluation *v, const expression *e, const matrix_value *const *args,
                      matrix_results *out)
{
    (void)args;
    const matrix_value *a, *c = NULL;
    norm_kind kind = NORM_P;
    double p = 2;
    ml_status status = matrix_operand(v, e->args[0], &a);
    if (status == ML_OK && e->count > 1)
        status = read_kind(v, e->args[1], &kind, &p);
    if (status == ML_OK)
        status = norm_of(v, e, a, kind, p, &c);
    if (status == ML_OK)
        write_norm(v, e, a, kind, p);
    return status == ML_OK ? matrix_result(v, c, out) : status;
}

static ml_status distance(matrix_evaluation *v, const expression *e, const matrix_value *const *args,
                          matrix_results *out)
{
    const matrix_value *pair[2], *d, *c = NULL;
    norm_kind kind = NORM_P;
    double p = 2;
    (void)args;
    ml_status status = matrix_operand(v, e->args[0], &pair[0]);
    if (status == ML_OK)
        status = matrix_operand(v, e->args[1], &pair[1]);
    if (status == ML_OK)
        status = need_vectors(v, e, pair, true);
    if (status == ML_OK && e->count > 2)
        status = read_kind(v, e->args[2], &kind, &p);
    if (status != ML_OK)
        return status;
    d = matrix_sum(v->s, matrix_flat(v->s, pair[0]), matrix_flat(v->s, pair[1]), true);
    if (d == NULL)
        return matrix_no_memory(v);
    status = norm_of(v, e, d, kind, p, &c);
    if (status == ML_OK) {
        write_norm(v, e, d, kind, p);
        status = matrix_result(v, c, out);
    }
    return status;
}

static ml_status rank_of_surds(matrix_evaluation *v, const matrix_value *a, size_t *rank)
{
    surd_matrix m = {0};
    size_t *pivots = memory_array(a->columns, sizeof *pivots);
    bool made = pivots != NULL && matrix_get_surds(a, &m);
    bool fits = made && surd_matrix_reduce(&m, a->columns, pivots, rank, NULL);
    v->s->overgrown |= made && !fits;
    surd_matrix_clear(&m);
    free(pivots);
    return fits ? ML_OK : matrix_no_memory(v);
}

/* Is the rank of A below both its sides?  Exactly where A is known so, else by its singular VALUES (NULL
 * where A is exact). */
static ml_status is_deficient(matrix_evaluation *v, const matrix_value *a, const matrix_value *values,
                              bool *deficient)
{
    size_t rank = 0;
    double tolerance;
    ml_status status = ML_OK;
    if (a->q != NULL) {
        fmpq_mat_t reduced;
        fmpq_mat_init(reduced, (slong)a->rows, (slong)a->columns);
        rank = (size_t)fmpq_mat_rref(reduced, a->q);
        fmpq_mat_clear(reduced);
    } else if (a->surds != NULL) {
        status = rank_of_surds(v, a, &rank);
    } else {
        rank = matrix_rank_of(values, a->rows, a->columns, &tolerance);
    }
    *deficient = rank < (a->rows < a->columns ? a->rows : a->columns);
    return status;
}

static const matrix_value *infinite(matrix_evaluation *v)
{
    matrix_value *c = matrix_number(v->s, INFINITY, 0);
    if (c == NULL || !v->exact)
        return c;
    c->texts = memory_zeros(1, sizeof *c->texts);
    return c->texts != NULL && (c->texts[0] = strdup("inf")) != NULL ? c : NULL;
}

/* |A| |inv(A)| */
static ml_status product_of_norms(matrix_evaluation *v, const expression *e, const matrix_value *a,
                                  norm_kind kind, double p, const matrix_value **out)
{
    const matrix_value *inverse, *x, *y;
    ml_status status = matrix_invert(v, e, a, &inverse);
    if (status == ML_OK)
        status = norm_of(v, e, a, kind, p, &x);
    if (status == ML_OK)
        status = norm_of(v, e, inverse, kind, p, &y);
    if (status == ML_OK && v->exact && !(matrix_is_exact(x) && matrix_is_exact(y)))
        status = fail_exact_norm(v, e);
    if (status == ML_OK && (*out = matrix_product(v->s, x, y)) == NULL)
        status = matrix_no_memory(v);
    return status;
}

/* The root of the quotient of the extreme eigenvalues of A'A. */
static ml_status exact_spectral_condition(matrix_evaluation *v, const expression *e, const matrix_value *a,
                                          const matrix_value **out)
{
    const matrix_value *squares, *quotient;
    ml_status status = matrix_exact_extremes(v, a, &squares);
    if (status != ML_OK)
        return status;
    if (!matrix_is_exact(squares))
        return expression_fail(v->why, e,
                               "this condition number has no closed form that is looked for: leave "
                               "--exact out");
    quotient =
        matrix_divide(v->s, matrix_cut(v->s, squares, 0, 0, 1, 1), matrix_cut(v->s, squares, 1, 0, 1, 1));
    return quotient ? matrix_square_roots(v, e, quotient, out) : matrix_no_memory(v);
}

/* Condition: of the 2-norm from singular values, of others with the inverse; that of a matrix without full
 * rank is infinite. */
static ml_status condition(matrix_evaluation *v, const expression *e, const matrix_value *const *args,
                           matrix_results *out)
{
    (void)args;
    const matrix_value *a, *c = NULL;
    matrix_value *values = NULL;
    norm_kind kind = NORM_P;
    double p = 2;
    bool deficient = false;
    ml_status status = matrix_operand(v, e->args[0], &a);
    if (status == ML_OK && e->count > 1)
        status = read_kind(v, e->args[1], &kind, &p);
    bool spectral = kind == NORM_P && p == 2;
    if (status == ML_OK && (!spectral || a->surds != NULL))
        status = matrix_need_square(v, e, a);
    if (status == ML_OK && !v->exact)
        status = matrix_singular(v->s, a, NULL, &values, NULL, v->why);
    if (status == ML_OK)
        status = is_deficient(v, a, values, &deficient);
    if (status != ML_OK)
        return status;
    if (deficient)
        return matrix_result(v, infinite(v), out);
    if (spectral && !v->exact) {
        double least = gsl_matrix_get(values->re, values->rows - 1, 0),
               most = gsl_matrix_get(values->re, 0, 0);
        return matrix_result(v, matrix_number(v->s, least > 0 ? most / least : INFINITY, 0), out);
    }
    status = spectral && a->q != NULL ? exact_spectral_condition(v, e, a, &c)
                                      : product_of_norms(v, e, a, kind, p, &c);
    return status == ML_OK ? matrix_result(v, c, out) : status;
}

/* --- angle --- */

/* 2 atan2(| |v|u - |u|v |, | |v|u + |u|v |): accurate for every angle.
 * W. Kahan, "How Futile are Mindless Assessments of Roundoff", 2006, section 12. */
static double angle_of(const matrix_value *a, const matrix_value *b, double x, double y)
{
    double minus = 0, plus = 0;
    for (size_t k = 0; k < a->rows; k++) {
        double complex u = matrix_at(a, k, 0) / x, w = matrix_at(b, k, 0) / y;
        minus = hypot(minus, cabs(u - w));
        plus = hypot(plus, cabs(u + w));
    }
    return 2 * atan2(minus, plus);
}

/* The multiples of pi whose cosine is the root of a rational: cos^2 and the angle as numerator, denominator.
 */
static bool known_angle(const fmpq_t square, bool negative, fmpq_t turns)
{
    static const slong known[][4] = {{1, 1, 0, 1}, {3, 4, 1, 6}, {1, 2, 1, 4}, {1, 4, 1, 3}, {0, 1, 1, 2}};
    fmpq_t x;
    fmpq_init(x);
    bool found = false;
    for (size_t i = 0; !found && i < sizeof known / sizeof known[0]; i++) {
        fmpq_set_si(x, known[i][0], (ulong)known[i][1]);
        if (fmpq_equal(x, square)) {
            found = true;
            fmpq_set_si(turns, known[i][2], (ulong)known[i][3]);
        }
    }
    if (found && negative) {
        fmpq_one(x);
        fmpq_sub(turns, x, turns);
    }
    fmpq_clear(x);
    return found;
}

/* SIGN sqrt(SQUARE) is the cosine; its arc as a text: 1/3*pi, or acos(...). */
static void angle_text(buffer *out, const fmpq_t square, int sign)
{
    fmpq_t c;
    fmpq_init(c);
    if (known_angle(square, sign < 0, c)) {
        if (fmpq_is_zero(c))
            buffer_char(out, '0');
        else if (fmpq_is_one(c))
            buffer_string(out, "pi");
        else {
            rational_print(out, c);
            buffer_string(out, "*pi");
        }
    } else {
        fmpq_set_si(c, sign, 1);
        buffer_string(out, "acos(");
        rational_root(out, c, square);
        buffer_char(out, ')');
    }
    fmpq_clear(c);
}

/* u.v, |u|^2, |v|^2 and the cosine, written out; *CLOSED (from malloc) the angle. */
static bool exact_angle(matrix_evaluation *v, const matrix_value *const *args,
                        const matrix_value *const *products, char **closed)
{
    rational_steps w = matrix_writer(v, NULL);
    fmpq_t square, c;
    buffer b = {0};
    fmpq_init(square);
    fmpq_init(c);
    const fmpq *p[3];
    for (int k = 0; k < 3; k++)
        p[k] = fmpq_mat_entry(products[k]->q, 0, 0);
    fmpq_mul(square, p[0], p[0]);
    fmpq_div(square, square, p[1]);
    fmpq_div(square, square, p[2]);
    angle_text(&b, square, fmpq_sgn(p[0]));
    *closed = buffer_take(&b);
    if (w.s != NULL) {
        steps_formula(w.s, "u.v = %s = %s", terms_of(v, args[0], args[1]),
                      elimination_number(w.s, p[0], w.exact));
        rational_write_root(&w, "norm(u)", p[1]);
        rational_write_root(&w, "norm(v)", p[2]);
        fmpq_set_si(c, fmpq_sgn(p[0]), 1);
        steps_formula(w.s, "cos(angle) = u.v/(norm(u)*norm(v)) = %s", rational_root_text(&w, c, square));
        steps_formula(w.s, "angle = %s", *closed ? *closed : "");
    }
    fmpq_clear(square);
    fmpq_clear(c);
    return *closed != NULL;
}

static ml_status angle(matrix_evaluation *v, const expression *e, const matrix_value *const *args,
                       matrix_results *out)
{
    ml_status status = need_vectors(v, e, args, true);
    if (status == ML_OK)
        status = matrix_need_real(v, e, args[0]->im ? args[0] : args[1]);
    if (status != ML_OK)
        return status;
    const matrix_value *a = matrix_flat(v->s, args[0]), *b = matrix_flat(v->s, args[1]);
    const matrix_value *products[3] = {inner(v, args[0], args[1]), inner(v, args[0], args[0]),
                                       inner(v, args[1], args[1])};
    if (a == NULL || b == NULL || products[0] == NULL || products[1] == NULL || products[2] == NULL)
        return matrix_no_memory(v);
    for (int k = 0; k < 2; k++)
        if (matrix_is_zero(args[k]))
            return expression_fail(v->why, e->args[k], "the zero vector has no direction");
    double x = matrix_norm_frobenius(a), y = matrix_norm_frobenius(b);
    matrix_value *c = matrix_number(v->s, angle_of(a, b, x, y), 0);
    bool rational = products[0]->q && products[1]->q && products[2]->q;
    if (c != NULL && rational && (v->exact || v->scope->steps)) {
        char *closed;
        matrix_begin_steps(v, e);
        if (!exact_angle(v, args, products, &closed))
            return matrix_no_memory(v);
        c->texts = v->exact ? memory_zeros(1, sizeof *c->texts) : NULL;
        if (c->texts != NULL)
            c->texts[0] = closed;
        else
            free(closed);
    }
    return matrix_result(v, c, out);
}

/* --- trace, determinant, inverse --- */

static ml_status trace(matrix_evaluation *v, const expression *e, const matrix_value *const *args,
                       matrix_results *out)
{
    ml_status status = matrix_need_square(v, e, args[0]);
    return status == ML_OK ? matrix_result(v, total(v, matrix_diagonal_of(v->s, args[0])), out) : status;
}

static ml_status determinant_of_surds(matrix_evaluation *v, const matrix_value *a, matrix_results *out)
{
    surd_matrix m;
    surd d;
    size_t rank, *pivots = memory_array(a->rows, sizeof *pivots);
    if (pivots == NULL || !matrix_get_surds(a, &m)) {
        free(pivots);
        return matrix_no_memory(v);
    }
    surd_init(&d);
    bool fits = surd_matrix_reduce(&m, a->columns, pivots, &rank, &d);
    v->s->overgrown |= !fits;
    const matrix_value *c = !fits ? NULL : rank < a->rows ? matrix_whole(v->s, 0) : matrix_surd(v->s, &d);
    surd_clear(&d);
    surd_matrix_clear(&m);
    free(pivots);
    return matrix_result(v, c, out);
}

static ml_status determinant(matrix_evaluation *v, const expression *e, const matrix_value *const *args,
                             matrix_results *out)
{
    const matrix_value *a = args[0];
    ml_status status = matrix_need_square(v, e, a);
    if (status != ML_OK)
        return status;
    if (a->surds != NULL)
        return determinant_of_surds(v, a, out);
    if (a->q == NULL) {
        matrix_value *d = NULL;
        status = matrix_determinant(v->s, a, &d, v->why);
        return status == ML_OK ? matrix_result(v, matrix_simplify(v->s, d), out) : status;
    }
    char name[MATRIX_NAME];
    rational_steps w = matrix_writer(v, matrix_steps_name(v, e->args[0], name));
    fmpq_t d;
    fmpq_init(d);
    matrix_begin_steps(v, e);
    status = rational_determinant(a->q, d, &w, v->why);
    if (status == ML_OK)
        status = matrix_result(v, matrix_rational(v->s, d), out);
    fmpq_clear(d);
    return status;
}

static ml_status inverse(matrix_evaluation *v, const expression *e, const matrix_value *const *args,
                         matrix_results *out)
{
    const matrix_value *c;
    ml_status status = matrix_need_square(v, e, args[0]);
    if (status == ML_OK)
        status = matrix_invert(v, e, args[0], &c);
    return status == ML_OK ? matrix_result(v, c, out) : status;
}

/* Cofactors through minors where the matrix may be singular and has no rationals: det of each minor. */
static ml_status adjugate_of_doubles(matrix_evaluation *v, const matrix_value *a, matrix_value **out)
{
    size_t n = a->rows;
    *out = matrix_like(v->s, n, n, a, NULL);
    if (*out == NULL)
        return matrix_no_memory(v);
    for (size_t i = 0; i < n; i++)
        for (size_t j = 0; j < n; j++) {
            matrix_value *minor = matrix_new(v->s, n - 1, n - 1, a->im != NULL, false), *d = NULL;
            for (size_t k = 0; minor != NULL && k + 1 < n; k++)
                for (size_t l = 0; l + 1 < n; l++)
                    matrix_set(minor, k, l, matrix_at(a, k + (k >= i), l + (l >= j)));
            if (minor == NULL)
                return matrix_no_memory(v);
            ml_status status = matrix_determinant(v->s, minor, &d, v->why);
            if (status != ML_OK)
                return status;
            matrix_set(*out, j, i, (i + j) % 2 ? -matrix_at(d, 0, 0) : matrix_at(d, 0, 0));
        }
    return ML_OK;
}

static ml_status adjugate(matrix_evaluation *v, const expression *e, const matrix_value *const *args,
                          matrix_results *out)
{
    const matrix_value *a = args[0];
    ml_status status = matrix_need_square(v, e, a);
    if (status != ML_OK)
        return status;
    if (a->rows == 1)
        return matrix_result(v, matrix_whole(v->s, 1), out);
    if (a->q == NULL) {
        matrix_value *c = NULL;
        if (a->rows > 200)
            return expression_fail(v->why, e, "the adjugate of a matrix of %zu x %zu is too large here",
                                   a->rows, a->rows);
        status = adjugate_of_doubles(v, a, &c);
        return status == ML_OK ? matrix_result(v, matrix_simplify(v->s, c), out) : status;
    }
    fmpq_mat_t q;
    fmpq_mat_init(q, (slong)a->rows, (slong)a->rows);
    rational_adjugate(a->q, q);
    const matrix_value *c = matrix_take(v->s, q);
    fmpq_mat_clear(q);
    return matrix_result(v, c, out);
}

/* Of a nilpotent matrix: rational. */
static ml_status nilpotent_exponential(matrix_evaluation *v, const expression *e, const matrix_value *a,
                                       const matrix_value **out)
{
    char name[MATRIX_NAME];
    ml_message unused;
    fmpq_mat_t q;
    fmpq_mat_init(q, (slong)a->rows, (slong)a->rows);
    rational_steps w = matrix_writer(v, matrix_steps_name(v, e->args[0], name));
    ml_status status = rational_exponential(a->q, q, &(rational_steps){0}, &unused);
    if (status == ML_OK && w.s != NULL) {
        matrix_begin_steps(v, e);
        status = rational_exponential(a->q, q, &w, v->why);
    }
    *out = status == ML_OK ? matrix_take(v->s, q) : NULL;
    fmpq_mat_clear(q);
    return status == ML_OK && *out == NULL ? matrix_no_memory(v) : status;
}

/* A = P D inv(P): e^A = P e^D inv(P), where the eigenvalues are real or not. */
static ml_status write_exponential(matrix_evaluation *v, const expression *e, const matrix_value *a)
{
    matrix_results parts = {0};
    bool closed, real;
    if (v->scope->steps == NULL || a->q == NULL)
        return ML_OK;
    rational_diagonalizable(a->q, &closed, &real);
    if (!closed)
        return ML_OK;
    ml_status status = matrix_exact_diagonalize(v, e, a, &parts);
    if (status != ML_OK)
        return status;
    for (size_t k = 0; k < parts.count; k++)
        matrix_write(v, parts.parts[k].name, parts.parts[k].value);
    steps_text(v->scope->steps,
               "The exponential is P*exp(D)*inv(P): exp(D) has e^x in place of each eigenvalue x.");
    return ML_OK;
}

static ml_status exponential(matrix_evaluation *v, const expression *e, const matrix_value *const *args,
                             matrix_results *out)
{
    const matrix_value *a = args[0], *series;
    ml_status status = matrix_need_square(v, e, a);
    matrix_value *c = NULL;
    if (status != ML_OK)
        return status;
    status = a->q != NULL ? nilpotent_exponential(v, e, a, &series) : ML_NO;
    if (status != ML_NO)
        return status == ML_OK ? matrix_result(v, series, out) : status;
    if (v->exact)
        return expression_fail(v->why, e,
                               "only the exponential of a nilpotent matrix is rational: leave --exact out");
    status = write_exponential(v, e, a);
    if (status == ML_OK)
        status = matrix_exponential(v->s, a, &c, v->why);
    return status == ML_OK ? matrix_result(v, c, out) : status;
}

/* --- the table --- */

/* Functions of one real number are matrix_apply's. */
const matrix_handler matrix_handlers[] = {
    {FUNCTION_ATAN2, of_two, .raw = false},
    {FUNCTION_HYPOT, of_two, .raw = false},
    {FUNCTION_POW, of_two, .raw = false},
    {FUNCTION_MIN, extreme, .roots = true},
    {FUNCTION_MAX, extreme, .roots = true},
    {FUNCTION_SUM, sum, .roots = true},
    {FUNCTION_MEAN, sum, .roots = true},
    {FUNCTION_PROD, product, .roots = true},
    {FUNCTION_LENGTH, count, .roots = true},
    {FUNCTION_ROWS, count, .roots = true},
    {FUNCTION_COLUMNS, count, .roots = true},
    {FUNCTION_T, turned, .roots = true},
    {FUNCTION_CONJ, turned, .roots = true},
    {FUNCTION_CTRANSPOSE, turned, .roots = true},
    {FUNCTION_REAL, turned, .roots = true},
    {FUNCTION_IMAG, turned, .roots = true},
    {FUNCTION_SYM, symmetric_part, .roots = true},
    {FUNCTION_SKEW, symmetric_part, .roots = true},
    {FUNCTION_DIAG, diagonal, .roots = true},
    {FUNCTION_EYE, filled, .raw = true},
    {FUNCTION_ZEROS, filled, .raw = true},
    {FUNCTION_ONES, filled, .raw = true},
    {FUNCTION_ROW, line, .raw = true},
    {FUNCTION_COLUMN, line, .raw = true},
    {FUNCTION_HSTACK, stack, .roots = true},
    {FUNCTION_VSTACK, stack, .roots = true},
    {FUNCTION_KRON, kronecker, .roots = true},
    {FUNCTION_HADAMARD, hadamard, .roots = true},
    {FUNCTION_OUTER, outer, .roots = true},
    {FUNCTION_CROSS, cross, .roots = true},
    {FUNCTION_DOT, dot, .roots = true},
    {FUNCTION_ANGLE, angle, .raw = false},
    {FUNCTION_NORM, norm, .raw = true},
    {FUNCTION_DIST, distance, .raw = true},
    {FUNCTION_COND, condition, .raw = true},
    {FUNCTION_TR, trace, .roots = true},
    {FUNCTION_DET, determinant, .roots = true},
    {FUNCTION_INV, inverse, .roots = true},
    {FUNCTION_ADJUGATE, adjugate, .raw = false},
    {FUNCTION_EXPM, exponential, .raw = false},
    {FUNCTION_NONE, NULL, .raw = false},
};
