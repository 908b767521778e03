#include "math/solve.h"

#include <float.h>
#include <gsl/gsl_blas.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/double_double.h"
#include "base/memory.h"
#include "math/least_squares.h"
#include "math/linalg.h"

/* A system is held to be without solution when its residual is this many times what rounding can make. */
static const double DOUBT = 64;

void solve_defaults(solve_params *params)
{
    *params = (solve_params){.method = SOLVE_SYSTEM, .jobs = 1};
}

void solve_free(solve_result *s)
{
    free(s->basic);
    free(s->free_at);
    free(s->kinds);
    gsl_matrix_free(s->x);
    gsl_matrix_free(s->null);
    gsl_vector_free(s->residual);
    gsl_vector_free(s->backward_error);
    *s = (solve_result){0};
}

static ml_status no_memory(const gsl_matrix *a, ml_message *why)
{
    return ml_fail_memory(why, "the system of equations", a->size1 * a->size2 * sizeof(double));
}

/* --- rank --- */

/* Bring the greatest entry of each row, then of each column, to [1/2, 1) by powers of two. */
static void equilibrate(gsl_matrix *a)
{
    for (int turn = 0; turn < 2; turn++)
        for (size_t i = 0; i < (turn ? a->size2 : a->size1); i++) {
            gsl_vector_view line = turn ? gsl_matrix_column(a, i) : gsl_matrix_row(a, i);
            double greatest = 0;
            for (size_t j = 0; j < line.vector.size; j++)
                greatest = fmax(greatest, fabs(gsl_vector_get(&line.vector, j)));
            int exponent;
            frexp(greatest, &exponent);
            for (size_t j = 0; j < line.vector.size; j++)
                gsl_vector_set(&line.vector, j, ldexp(gsl_vector_get(&line.vector, j), -exponent));
        }
}

static ml_status find_rank(const gsl_matrix *a, int jobs, solve_result *s, ml_message *why)
{
    size_t least = a->size1 < a->size2 ? a->size1 : a->size2, most = a->size1 + a->size2 - least;
    gsl_matrix *scaled = gsl_matrix_alloc(a->size1, a->size2);
    gsl_vector *values = gsl_vector_alloc(least);
    ml_status status = scaled && values ? ML_OK : no_memory(a, why);
    if (status == ML_OK)
        status = linalg_svd(a, values, NULL, NULL, jobs, why);
    if (status == ML_OK) {
        s->condition = gsl_vector_get(values, 0) / gsl_vector_get(values, least - 1);
        gsl_matrix_memcpy(scaled, a);
        equilibrate(scaled);
        status = linalg_svd(scaled, values, NULL, NULL, jobs, why);
    }
    if (status == ML_OK) {
        s->tolerance = (double)most * DBL_EPSILON * gsl_vector_get(values, 0);
        for (s->rank = 0; s->rank < least && gsl_vector_get(values, s->rank) > s->tolerance;)
            s->rank++;
        if (s->rank < a->size2)
            s->condition = INFINITY;
    }
    gsl_matrix_free(scaled);
    gsl_vector_free(values);
    return status;
}

/* --- basic columns --- */

/* Subtract from column J of Q its part along the first COUNT columns of BASIS, twice ("twice is enough",
 * Parlett); the norm of what is left. */
static double leave_span(gsl_vector *column, const gsl_matrix *basis, size_t count)
{
    for (int turn = 0; turn < 2; turn++)
        for (size_t k = 0; k < count; k++) {
            gsl_vector_const_view along = gsl_matrix_const_row(basis, k);
            double part;
            gsl_blas_ddot(&along.vector, column, &part);
            gsl_blas_daxpy(-part, &along.vector, column);
        }
    return gsl_blas_dnrm2(column);
}

/* The leftmost columns that do not depend on those before them, RANK in all: a column counts when what it
 * adds is larger than the tolerance; should that find too few, the bound is lowered until it does not. */
static void choose_basic(const gsl_matrix *scaled, gsl_matrix *basis, gsl_vector *column, solve_result *s)
{
    size_t n = scaled->size2, count = 0;
    for (double bound = s->tolerance; count < s->rank && bound > 0; bound /= 16) {
        count = 0;
        for (size_t j = 0; j < n && count < s->rank; j++) {
            gsl_matrix_get_col(column, scaled, j);
            double left = leave_span(column, basis, count);
            if (!(left > bound))
                continue;
            gsl_vector_scale(column, 1 / left);
            gsl_matrix_set_row(basis, count, column);
            s->basic[count++] = j;
        }
    }
    s->rank = count;
}

static void list_free(solve_result *s, size_t n)
{
    for (size_t j = 0, k = 0, f = 0; j < n; j++)
        if (k < s->rank && s->basic[k] == j)
            k++;
        else
            s->free_at[f++] = j;
}

static ml_status find_basic(const gsl_matrix *a, solve_result *s, ml_message *why)
{
    s->basic = memory_array(a->size2, sizeof *s->basic);
    s->free_at = memory_array(a->size2, sizeof *s->free_at);
    gsl_matrix *scaled = gsl_matrix_alloc(a->size1, a->size2);
    gsl_matrix *basis = gsl_matrix_alloc(s->rank ? s->rank : 1, a->size1);
    gsl_vector *column = gsl_vector_alloc(a->size1);
    bool good = s->basic && s->free_at && scaled && basis && column;
    if (good) {
        gsl_matrix_memcpy(scaled, a);
        equilibrate(scaled);
        choose_basic(scaled, basis, column, s);
        list_free(s, a->size2);
    }
    gsl_matrix_free(scaled);
    gsl_matrix_free(basis);
    gsl_vector_free(column);
    return good ? ML_OK : no_memory(a, why);
}

/* --- solutions --- */

/* Columns AT[0..COUNT) of A, new; NULL when memory is out. */
static gsl_matrix *columns_of(const gsl_matrix *a, const size_t *at, size_t count)
{
    gsl_matrix *chosen = gsl_matrix_alloc(a->size1, count);
    for (size_t k = 0; chosen != NULL && k < count; k++)
        for (size_t i = 0; i < a->size1; i++)
            gsl_matrix_set(chosen, i, k, gsl_matrix_get(a, i, at[k]));
    return chosen;
}

/* Column J of X gets the solution for column J of B over the basic columns; the free variables are 0. */
static ml_status solve_basic(least_squares *q, const gsl_matrix *b, const solve_result *s, gsl_matrix *x,
                             ml_message *why)
{
    gsl_vector *part = gsl_vector_alloc(s->rank), *right = gsl_vector_alloc(b->size1);
    ml_status status = part && right ? ML_OK : no_memory(b, why);
    for (size_t j = 0; status == ML_OK && j < b->size2; j++) {
        gsl_matrix_get_col(right, b, j);
        status = least_squares_solve(q, right, part, NULL, why);
        for (size_t k = 0; status == ML_OK && k < s->rank; k++)
            gsl_matrix_set(x, s->basic[k], j, gsl_vector_get(part, k));
    }
    gsl_vector_free(part);
    gsl_vector_free(right);
    return status;
}

/* Null vector F has 1 at its free variable and -(the solution for that column of A) at the basic ones. */
static ml_status find_null(least_squares *q, const gsl_matrix *a, solve_result *s, ml_message *why)
{
    size_t count = a->size2 - s->rank;
    s->null = gsl_matrix_calloc(a->size2, count);
    gsl_matrix *free_columns = columns_of(a, s->free_at, count);
    ml_status status = s->null && free_columns ? ML_OK : no_memory(a, why);
    if (status == ML_OK && q != NULL)
        status = solve_basic(q, free_columns, s, s->null, why);
    if (status == ML_OK) {
        gsl_matrix_scale(s->null, -1);
        for (size_t f = 0; f < count; f++)
            gsl_matrix_set(s->null, s->free_at[f], f, 1);
    }
    gsl_matrix_free(free_columns);
    return status;
}

static ml_status solve_columns(const gsl_matrix *a, const gsl_matrix *b, solve_result *s, ml_message *why)
{
    least_squares *q = NULL;
    gsl_matrix *basic = s->rank ? columns_of(a, s->basic, s->rank) : NULL;
    ml_status status = s->rank == 0 || basic ? ML_OK : no_memory(a, why);
    if (status == ML_OK && basic != NULL)
        status = least_squares_new(&q, basic, why);
    if (status == ML_NO)
        status = ML_FAIL;
    if (status == ML_OK && q != NULL)
        status = solve_basic(q, b, s, s->x, why);
    if (status == ML_OK && s->rank < a->size2)
        status = find_null(q, a, s, why);
    least_squares_free(q);
    gsl_matrix_free(basic);
    return status;
}

/* Take from each solution its part in the null space: what is left is the solution of least norm. */
static ml_status least_norm(solve_result *s, ml_message *why)
{
    least_squares *q;
    gsl_vector *x = gsl_vector_alloc(s->x->size1), *part = gsl_vector_alloc(s->null->size2);
    gsl_vector *left = gsl_vector_alloc(s->x->size1);
    ml_status status = x && part && left ? least_squares_new(&q, s->null, why) : no_memory(s->null, why);
    for (size_t j = 0; status == ML_OK && j < s->x->size2; j++) {
        gsl_matrix_get_col(x, s->x, j);
        status = least_squares_solve(q, x, part, left, why);
        gsl_matrix_set_col(s->x, j, left);
    }
    if (x && part && left && status != ML_NO)
        least_squares_free(q);
    gsl_vector_free(x);
    gsl_vector_free(part);
    gsl_vector_free(left);
    return status;
}

/* [A; sqrt(lambda) I] and [B; 0]: their least squares are the ridge solution. */
static ml_status solve_ridge(const gsl_matrix *a, const gsl_matrix *b, double lambda, solve_result *s,
                             ml_message *why)
{
    size_t m = a->size1, n = a->size2;
    gsl_matrix *tall = gsl_matrix_calloc(m + n, n), *right = gsl_matrix_calloc(m + n, b->size2);
    least_squares *q = NULL;
    ml_status status = tall && right ? ML_OK : no_memory(a, why);
    if (status == ML_OK) {
        gsl_matrix_view top = gsl_matrix_submatrix(tall, 0, 0, m, n);
        gsl_matrix_view top_right = gsl_matrix_submatrix(right, 0, 0, m, b->size2);
        gsl_matrix_memcpy(&top.matrix, a);
        gsl_matrix_memcpy(&top_right.matrix, b);
        for (size_t j = 0; j < n; j++)
            gsl_matrix_set(tall, m + j, j, sqrt(lambda));
        status = least_squares_new(&q, tall, why);
    }
    solve_result all = {.rank = n, .basic = s->basic};
    for (size_t j = 0; status == ML_OK && j < n; j++)
        s->basic[j] = j;
    if (status == ML_OK)
        status = solve_basic(q, right, &all, s->x, why);
    least_squares_free(q);
    gsl_matrix_free(tall);
    gsl_matrix_free(right);
    return status;
}

/* --- how good it is --- */

static double row_sum(const gsl_matrix *a, size_t i)
{
    double sum = 0;
    for (size_t j = 0; j < a->size2; j++)
        sum += fabs(gsl_matrix_get(a, i, j));
    return sum;
}

/* Norm and backward error of b - A x for column J, and whether rounding alone explains that it is not 0: row
 * by row against |A| |x| + |b|, so that equations of different size are each held to their own. */
static bool judge(const gsl_matrix *a, const gsl_matrix *b, solve_result *s, size_t j)
{
    double norm = 0, greatest = 0, of_a = 0, of_x = 0, of_b = 0;
    bool fits = true;
    double bound = DOUBT * (double)(a->size1 + a->size2) * DBL_EPSILON;
    for (size_t i = 0; i < a->size2; i++)
        of_x = fmax(of_x, fabs(gsl_matrix_get(s->x, i, j)));
    for (size_t i = 0; i < a->size1; i++) {
        double right = gsl_matrix_get(b, i, j), size = fabs(right);
        double_double left = {right, 0};
        for (size_t k = 0; k < a->size2; k++) {
            double x = gsl_matrix_get(s->x, k, j), entry = gsl_matrix_get(a, i, k);
            left = dd_add_product(left, -entry, x);
            size += fabs(entry * x);
        }
        double off = fabs(dd_value(left));
        norm = hypot(norm, off);
        greatest = fmax(greatest, off);
        of_a = fmax(of_a, row_sum(a, i));
        of_b = fmax(of_b, fabs(right));
        fits = fits && off <= bound * fmax(size, row_sum(a, i) * of_x);
    }
    gsl_vector_set(s->residual, j, norm);
    gsl_vector_set(s->backward_error, j, greatest > 0 ? greatest / (of_a * of_x + of_b) : 0);
    return fits;
}

static bool allocate(const gsl_matrix *a, const gsl_matrix *b, solve_result *s)
{
    s->x = gsl_matrix_calloc(a->size2, b->size2);
    s->residual = gsl_vector_alloc(b->size2);
    s->backward_error = gsl_vector_alloc(b->size2);
    s->kinds = memory_array(b->size2, sizeof *s->kinds);
    return s->x && s->residual && s->backward_error && s->kinds;
}

static ml_status check_finite(const solve_result *s, ml_message *why)
{
    if (!isfinite(linalg_greatest(s->x)))
        return ml_fail(why, "the solution is beyond the range of a double");
    return ML_OK;
}

static ml_status fit(const gsl_matrix *a, const gsl_matrix *b, const solve_params *params, solve_result *s,
                     ml_message *why)
{
    if (!allocate(a, b, s))
        return no_memory(a, why);
    ml_status status = find_rank(a, params->jobs, s, why);
    if (status == ML_OK)
        status = find_basic(a, s, why);
    if (status == ML_OK)
        status = params->method == SOLVE_RIDGE ? solve_ridge(a, b, params->lambda, s, why)
                                               : solve_columns(a, b, s, why);
    if (status == ML_OK && params->method == SOLVE_LEAST_SQUARES && s->null != NULL)
        status = least_norm(s, why);
    if (status == ML_OK)
        status = check_finite(s, why);
    for (size_t j = 0; status == ML_OK && j < b->size2; j++) {
        bool fits = judge(a, b, s, j) || params->method != SOLVE_SYSTEM;
        s->kinds[j] = !fits                                               ? SOLVE_NONE
                      : s->null != NULL && params->method == SOLVE_SYSTEM ? SOLVE_MANY
                                                                          : SOLVE_ONE;
    }
    return status;
}

ml_status solve_fit(const gsl_matrix *a, const gsl_matrix *b, const solve_params *params,
                    solve_result *result, ml_message *why)
{
    *result = (solve_result){0};
    ml_status status = fit(a, b, params, result, why);
    if (status != ML_OK)
        solve_free(result);
    return status;
}
