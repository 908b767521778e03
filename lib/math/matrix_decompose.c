/* matrix_decompose.c: decompositions, and the spaces that belong to a matrix. */
#include <float.h>
#include <math.h>
#include <mpfr.h>
#include <stdlib.h>
#include <string.h>

#include "math/matrix_eigen.h"
#include "math/matrix_internal.h"
#include "math/matrix_lapack.h"
#include "math/rational.h"
#include "math/solve.h"

/* Beyond this condition of the eigenvectors none of their digits is sure: half of those of a double, since an
 * eigenvalue of multiplicity two moves by the root of the rounding. */
static const double MOST_VECTOR_CONDITION = 1e7;

static bool by_hand(const matrix_evaluation *v, const matrix_value *a)
{
    return a->q != NULL && (v->exact || v->scope->steps != NULL);
}

/* --- the inverse --- */

/* Singular, or close to it, as doubles? */
static bool nearly_singular(matrix_evaluation *v, const matrix_value *a, double *rcond)
{
    matrix_value *x;
    ml_message unused;
    const matrix_value *identity = matrix_identity(v->s, a->rows, a->rows);
    return identity != NULL && matrix_is_finite(a) &&
           matrix_solve(v->s, a, identity, &x, rcond, &unused) == ML_NO;
}

static ml_status fail_singular(matrix_evaluation *v, const expression *e, size_t rank, size_t order)
{
    char name[MATRIX_NAME];
    matrix_name(e->args[0], name);
    return expression_fail(
        v->why, e->args[0],
        "%s is singular: its rank is %zu of %zu, its determinant 0, and it has no inverse; pinv is "
        "defined",
        name, rank, order);
}

static ml_status invert_rational(matrix_evaluation *v, const expression *e, const matrix_value *a,
                                 const matrix_value **out)
{
    char name[MATRIX_NAME];
    double rcond;
    rational_steps w = matrix_writer(v, matrix_steps_name(v, e->args[0], name));
    fmpq_mat_t q;
    fmpq_mat_init(q, (slong)a->rows, (slong)a->rows);
    matrix_begin_steps(v, e);
    ml_status status = rational_inverse(a->q, q, &w, v->why);
    if (status == ML_NO)
        status = fail_singular(v, e, (size_t)fmpq_mat_rref(q, a->q), a->rows);
    else if (status == ML_OK && (*out = matrix_take(v->s, q)) == NULL)
        status = matrix_no_memory(v);
    fmpq_mat_clear(q);
    if (status == ML_OK && !v->exact && nearly_singular(v, a, &rcond))
        matrix_say(v,
                   "the matrix is so close to singular (condition about %.1g) that this inverse is right "
                   "only if its "
                   "numbers are exact as written",
                   1 / rcond);
    return status;
}

/* By Gauss-Jordan on [A|I]. */
static ml_status invert_surds(matrix_evaluation *v, const expression *e, const matrix_value *a,
                              const matrix_value **out)
{
    size_t n = a->rows, rank = 0, *pivots = memory_array(n, sizeof *pivots);
    matrix_value *both = matrix_like(v->s, n, 2 * n, a, NULL);
    surd_matrix m = {0}, x = {0};
    const matrix_value *identity = matrix_identity(v->s, n, n);
    bool made = pivots && both && identity;
    if (made) {
        matrix_put(both, 0, 0, a);
        matrix_put(both, 0, n, identity);
        made = matrix_get_surds(both, &m) && surd_matrix_init(&x, n, n);
    }
    bool fits = made && surd_matrix_reduce(&m, n, pivots, &rank, NULL);
    v->s->overgrown |= made && !fits;
    for (size_t k = 0; fits && k < n * n; k++)
        surd_swap(&x.at[k], surd_matrix_entry(&m, k / n, n + k % n));
    *out = fits && rank == n ? matrix_take_surds(v->s, &x) : NULL;
    surd_matrix_clear(&m);
    surd_matrix_clear(&x);
    free(pivots);
    if (fits && rank < n)
        return fail_singular(v, e, rank, n);
    return *out ? ML_OK : matrix_no_memory(v);
}

ml_status matrix_invert(matrix_evaluation *v, const expression *e, const matrix_value *a,
                        const matrix_value **out)
{
    if (a->q != NULL)
        return invert_rational(v, e, a, out);
    if (a->surds != NULL)
        return invert_surds(v, e, a, out);
    const matrix_value *identity = matrix_identity(v->s, a->rows, a->rows);
    matrix_value *x = NULL;
    double rcond;
    ml_status status = identity ? matrix_solve(v->s, a, identity, &x, &rcond, v->why) : matrix_no_memory(v);
    char name[MATRIX_NAME];
    matrix_name(e->args[0], name);
    if (status == ML_NO)
        return expression_fail(
            v->why, e->args[0],
            "%s is singular to working precision (reciprocal condition %.2g): it has no inverse "
            "that doubles can tell; pinv is defined",
            name, rcond);
    if (status == ML_OK && rcond < 1e-10)
        matrix_say(v, "the matrix is ill-conditioned (about %.1g): %d digits of the inverse are sure",
                   1 / rcond, (int)fmax(0, floor(log10(rcond / DBL_EPSILON))));
    *out = status == ML_OK ? matrix_simplify(v->s, x) : NULL;
    return status;
}

/* --- reduced form --- */

static ml_status reduce_rational(matrix_evaluation *v, const expression *e, const matrix_value *a,
                                 size_t **pivots, size_t *rank, const matrix_value **reduced,
                                 const matrix_value **kernel)
{
    char name[MATRIX_NAME];
    rational_steps w = matrix_writer(v, matrix_steps_name(v, e->args[e->count - 1], name));
    if (e->op == FUNCTION_COMPLEMENT)
        w.name = steps_print(w.s, "%s'", w.name);
    fmpq_mat_t r, k;
    fmpq_mat_init(r, (slong)a->rows, (slong)a->columns);
    ml_status status = rational_reduce(a->q, r, pivots, rank, &w, v->why);
    fmpq_mat_init(k, (slong)a->columns, status == ML_OK ? (slong)(a->columns - *rank) : 0);
    if (status == ML_OK) {
        rational_kernel(r, *pivots, *rank, k);
        *reduced = matrix_take(v->s, r);
        *kernel = matrix_take(v->s, k);
        if (*reduced == NULL || *kernel == NULL)
            status = matrix_no_memory(v);
    }
    fmpq_mat_clear(r);
    fmpq_mat_clear(k);
    return status;
}

/* From the pivots and the kernel: a free column of the reduced form is minus the entries of its null vector.
 */
static matrix_value *form_of(matrix_evaluation *v, const matrix_value *a, const size_t *pivots, size_t rank,
                             const matrix_value *kernel)
{
    matrix_value *r = matrix_new(v->s, a->rows, a->columns, false, false);
    for (size_t k = 0; r != NULL && k < rank; k++)
        matrix_set(r, k, pivots[k], 1);
    for (size_t j = 0, f = 0, next = 0; r != NULL && j < a->columns; j++) {
        if (next < rank && pivots[next] == j) {
            next++;
            continue;
        }
        for (size_t k = 0; k < rank; k++)
            matrix_set(r, k, j, -matrix_at(kernel, pivots[k], f));
        f++;
    }
    return r;
}

static ml_status reduce_real(matrix_evaluation *v, const matrix_value *a, size_t **pivots, size_t *rank,
                             const matrix_value **reduced, const matrix_value **kernel)
{
    solve_params how;
    solve_result s = {0};
    gsl_matrix *zero = gsl_matrix_calloc(a->rows, 1);
    if (zero == NULL)
        return matrix_no_memory(v);
    solve_defaults(&how);
    ml_status status = solve_fit(a->re, zero, &how, &s, v->why);
    gsl_matrix_free(zero);
    if (status != ML_OK)
        return status;
    matrix_value *k = matrix_new(v->s, a->columns, a->columns - s.rank, false, false);
    if (k != NULL && k->re != NULL)
        gsl_matrix_memcpy(k->re, s.null);
    *rank = s.rank;
    *pivots = s.basic;
    s.basic = NULL;
    *kernel = k;
    *reduced = k ? form_of(v, a, *pivots, *rank, k) : NULL;
    solve_free(&s);
    return *reduced ? ML_OK : matrix_no_memory(v);
}

/* Gauss-Jordan with the greatest pivot; what is at most max(m, n) eps max|a| is zero. */
static void eliminate_complex(matrix_value *r, size_t *pivots, size_t *rank)
{
    double limit = (double)(r->rows > r->columns ? r->rows : r->columns) * DBL_EPSILON * matrix_norm_max(r);
    *rank = 0;
    for (size_t j = 0; j < r->columns && *rank < r->rows; j++) {
        size_t at = *rank;
        for (size_t i = *rank; i < r->rows; i++)
            if (cabs(matrix_at(r, i, j)) > cabs(matrix_at(r, at, j)))
                at = i;
        double complex pivot = matrix_at(r, at, j);
        bool none = cabs(pivot) <= limit;
        for (size_t i = *rank; none && i < r->rows; i++)
            matrix_set(r, i, j, 0);
        for (size_t l = 0; !none && l < r->columns; l++) {
            double complex x = matrix_at(r, *rank, l);
            matrix_set(r, *rank, l, l == j ? 1 : matrix_at(r, at, l) / pivot);
            if (at != *rank)
                matrix_set(r, at, l, x);
        }
        for (size_t i = 0; !none && i < r->rows; i++) {
            double complex factor = matrix_at(r, i, j);
            for (size_t l = j; i != *rank && l < r->columns; l++)
                matrix_set(r, i, l, l == j ? 0 : matrix_at(r, i, l) - factor * matrix_at(r, *rank, l));
        }
        if (!none)
            pivots[(*rank)++] = j;
    }
}

static ml_status reduce_surds(matrix_evaluation *v, const matrix_value *a, size_t **pivots, size_t *rank,
                              const matrix_value **reduced, const matrix_value **kernel)
{
    surd_matrix m = {0}, k = {0};
    *pivots = memory_array(a->columns, sizeof **pivots);
    bool made = *pivots != NULL && matrix_get_surds(a, &m);
    bool fits = made && surd_matrix_reduce(&m, a->columns, *pivots, rank, NULL);
    v->s->overgrown |= made && !fits;
    made = fits && surd_matrix_init(&k, a->columns, a->columns - *rank);
    fmpq_t one;
    fmpq_init(one);
    fmpq_one(one);
    for (size_t j = 0, f = 0, next = 0; made && j < a->columns; j++) {
        if (next < *rank && (*pivots)[next] == j) {
            next++;
            continue;
        }
        for (size_t i = 0; i < *rank; i++) {
            surd *x = surd_matrix_entry(&k, (*pivots)[i], f);
            surd_set(x, surd_matrix_entry(&m, i, j));
            surd_neg(x);
        }
        surd_set_rational(surd_matrix_entry(&k, j, f++), one);
    }
    fmpq_clear(one);
    *kernel = made ? matrix_take_surds(v->s, &k) : NULL;
    *reduced = made ? matrix_take_surds(v->s, &m) : NULL;
    surd_matrix_clear(&m);
    surd_matrix_clear(&k);
    return *kernel && *reduced ? ML_OK : matrix_no_memory(v);
}

static ml_status reduce_complex(matrix_evaluation *v, const matrix_value *a, size_t **pivots, size_t *rank,
                                const matrix_value **reduced, const matrix_value **kernel)
{
    matrix_value *r = matrix_cut(v->s, a, 0, 0, a->rows, a->columns);
    *pivots = memory_array(a->columns, sizeof **pivots);
    if (r == NULL || *pivots == NULL)
        return matrix_no_memory(v);
    eliminate_complex(r, *pivots, rank);
    matrix_value *k = matrix_new(v->s, a->columns, a->columns - *rank, true, false);
    for (size_t j = 0, f = 0, next = 0; k != NULL && j < a->columns; j++) {
        if (next < *rank && (*pivots)[next] == j) {
            next++;
            continue;
        }
        for (size_t i = 0; i < *rank; i++)
            matrix_set(k, (*pivots)[i], f, -matrix_at(r, i, j));
        matrix_set(k, j, f++, 1);
    }
    *reduced = r;
    *kernel = k;
    return k ? ML_OK : matrix_no_memory(v);
}

ml_status matrix_reduce(matrix_evaluation *v, const expression *e, const matrix_value *a, size_t **pivots,
                        size_t *rank, const matrix_value **reduced, const matrix_value **kernel)
{
    *pivots = NULL;
    if (by_hand(v, a))
        return reduce_rational(v, e, a, pivots, rank, reduced, kernel);
    if (a->surds != NULL)
        return reduce_surds(v, a, pivots, rank, reduced, kernel);
    if (a->im != NULL)
        return reduce_complex(v, a, pivots, rank, reduced, kernel);
    ml_status status = reduce_real(v, a, pivots, rank, reduced, kernel);
    if (status != ML_OK || a->q == NULL)
        return status;
    size_t *exact_pivots, exact_rank;
    const matrix_value *r, *k;
    status = reduce_rational(v, e, a, &exact_pivots, &exact_rank, &r, &k);
    if (status == ML_OK && exact_rank == *rank) {
        free(*pivots);
        *pivots = exact_pivots;
        *reduced = r;
        *kernel = k;
        return ML_OK;
    }
    free(exact_pivots);
    if (status == ML_OK)
        matrix_say(
            v,
            "rank %zu to the precision of doubles; of the numbers just as they are written it is %zu, which "
            "--exact takes",
            *rank, exact_rank);
    return status;
}

/* --- rank and spaces --- */

static ml_status rank(matrix_evaluation *v, const expression *e, const matrix_value *const *args,
                      matrix_results *out)
{
    const matrix_value *a = args[0], *reduced, *kernel;
    size_t *pivots, r;
    if (by_hand(v, a) || a->surds != NULL) {
        matrix_begin_steps(v, e);
        ml_status status = matrix_reduce(v, e, a, &pivots, &r, &reduced, &kernel);
        free(pivots);
        if (status != ML_OK)
            return status;
        steps_text(v->scope->steps, "%zu pivot%s: the rank is %zu.", r, r == 1 ? "" : "s", r);
        return matrix_result(v, matrix_whole(v->s, (long)r), out);
    }
    matrix_value *values;
    double tolerance;
    ml_status status = matrix_singular(v->s, a, NULL, &values, NULL, v->why);
    if (status != ML_OK)
        return status;
    r = matrix_rank_of(values, a->rows, a->columns, &tolerance);
    matrix_say(v, "rank %zu: singular values up to %.3g count as zero", r, tolerance);
    return matrix_result(v, matrix_whole(v->s, (long)r), out);
}

static ml_status reduced_form(matrix_evaluation *v, const expression *e, const matrix_value *const *args,
                              matrix_results *out)
{
    const matrix_value *reduced, *kernel;
    size_t *pivots, r;
    matrix_begin_steps(v, e);
    ml_status status = matrix_reduce(v, e, args[0], &pivots, &r, &reduced, &kernel);
    free(pivots);
    return status == ML_OK ? matrix_result(v, reduced, out) : status;
}

/* The pivot columns; a list "1, 3" of them for the steps. */
static ml_status pivot_columns(matrix_evaluation *v, const expression *e, const matrix_value *a,
                               const matrix_value **out)
{
    const matrix_value *reduced, *kernel;
    size_t *pivots, r;
    ml_status status = matrix_reduce(v, e, a, &pivots, &r, &reduced, &kernel);
    if (status == ML_OK && (*out = matrix_pick(v->s, a, pivots, r)) == NULL)
        status = matrix_no_memory(v);
    buffer list = {0};
    for (size_t k = 0; status == ML_OK && k < r; k++)
        buffer_printf(&list, "%s%zu", k ? ", " : "", pivots[k] + 1);
    if (status == ML_OK && r > 0)
        steps_text(v->scope->steps, "Pivots in column%s %s: these columns are a basis of the column space.",
                   r == 1 ? "" : "s", steps_keep(v->scope->steps, &list));
    else if (status == ML_OK)
        steps_text(v->scope->steps, "No pivot: the column space is {0}.");
    buffer_free(&list);
    free(pivots);
    return status;
}

static ml_status image(matrix_evaluation *v, const expression *e, const matrix_value *const *args,
                       matrix_results *out)
{
    const matrix_value *c;
    matrix_begin_steps(v, e);
    ml_status status = pivot_columns(v, e, args[0], &c);
    return status == ML_OK ? matrix_result(v, c, out) : status;
}

static ml_status null_space(matrix_evaluation *v, const expression *e, const matrix_value *a,
                            matrix_results *out)
{
    const matrix_value *reduced, *kernel;
    size_t *pivots, r;
    ml_status status = matrix_reduce(v, e, a, &pivots, &r, &reduced, &kernel);
    free(pivots);
    if (status != ML_OK)
        return status;
    if (kernel->columns == 0)
        steps_text(v->scope->steps, "Every column has a pivot: only x = 0 solves it.");
    else
        steps_text(v->scope->steps,
                   "%zu free variable%s: each is 1 in turn, the others 0; the pivots follow.",
                   kernel->columns, kernel->columns == 1 ? "" : "s");
    if (kernel->columns == 0)
        matrix_say(v, "the space is {0}: it has no basis");
    return matrix_result(v, kernel, out);
}

static ml_status kernel_of(matrix_evaluation *v, const expression *e, const matrix_value *const *args,
                           matrix_results *out)
{
    matrix_begin_steps(v, e);
    return null_space(v, e, args[0], out);
}

static ml_status complement(matrix_evaluation *v, const expression *e, const matrix_value *const *args,
                            matrix_results *out)
{
    const matrix_value *turned = matrix_ctranspose(v->s, args[0]);
    if (turned == NULL)
        return matrix_no_memory(v);
    matrix_begin_steps(v, e);
    steps_text(v->scope->steps, "What is orthogonal to every column solves A'*x = 0.");
    return null_space(v, e, turned, out);
}

/* --- roots of rationals --- */

static bool all_squares(const fmpq_mat_t c, const fmpq_mat_t d, bool rows, fmpq_mat_t out)
{
    fmpq_t root;
    fmpq_init(root);
    bool good = true;
    for (slong i = 0; good && i < fmpq_mat_nrows(c); i++)
        for (slong j = 0; good && j < fmpq_mat_ncols(c); j++) {
            bool zero = fmpq_is_zero(fmpq_mat_entry(c, i, j));
            good = zero || rational_is_square(root, fmpq_mat_entry(d, rows ? i : j, 0));
            if (good && !zero)
                fmpq_mul(fmpq_mat_entry(out, i, j), fmpq_mat_entry(c, i, j), root);
        }
    fmpq_clear(root);
    return good;
}

/* C sqrt(D): the root of its square, which as a double might overflow or vanish where C sqrt(D) does not. */
static double root_value(const fmpq_t c, const fmpq_t d)
{
    fmpq_t square;
    mpfr_t root;
    fmpq_init(square);
    mpfr_init2(root, 128);
    fmpq_mul(square, c, c);
    fmpq_mul(square, square, d);
    fmpq_get_mpfr(root, square, MPFR_RNDN);
    mpfr_sqrt(root, root, MPFR_RNDN);
    double size = mpfr_get_d(root, MPFR_RNDN);
    fmpq_clear(square);
    mpfr_clear(root);
    return fmpq_sgn(c) < 0 ? -size : size;
}

/* The entries as surds; false when a radicand cannot be freed of its squares, which for each is looked for
 * once. */
static bool surd_roots(surd_matrix *m, const fmpq_mat_t c, const fmpq_mat_t d, bool rows)
{
    bool good = true;
    surd root;
    surd_init(&root);
    for (slong k = 0; good && k < (slong)(rows ? m->rows : m->columns); k++) {
        good = surd_set_root(&root, fmpq_mat_entry(d, k, 0));
        for (size_t l = 0; l < (rows ? m->columns : m->rows); l++) {
            size_t i = rows ? (size_t)k : l, j = rows ? l : (size_t)k;
            surd_set(surd_matrix_entry(m, i, j), &root);
            surd_scale(surd_matrix_entry(m, i, j), fmpq_mat_entry(c, (slong)i, (slong)j));
        }
    }
    surd_clear(&root);
    return good;
}

static bool set_text(matrix_value *a, size_t k, const fmpq_t c, const fmpq_t d)
{
    buffer b = {0};
    rational_root(&b, c, d);
    return (a->texts[k] = buffer_take(&b)) != NULL;
}

/* Nearest doubles, with closed forms as texts for --exact. */
static const matrix_value *double_roots(matrix_evaluation *v, const fmpq_mat_t c, const fmpq_mat_t d,
                                        bool rows)
{
    matrix_value *a = matrix_new(v->s, (size_t)fmpq_mat_nrows(c), (size_t)fmpq_mat_ncols(c), false, false);
    if (a != NULL && v->exact && (a->texts = memory_zeros(a->rows * a->columns, sizeof *a->texts)) == NULL)
        return NULL;
    for (size_t i = 0; a != NULL && i < a->rows; i++)
        for (size_t j = 0; j < a->columns; j++) {
            const fmpq *x = fmpq_mat_entry(c, (slong)i, (slong)j);
            const fmpq *y = fmpq_mat_entry(d, (slong)(rows ? i : j), 0);
            matrix_set(a, i, j, root_value(x, y));
            if (a->texts != NULL && !set_text(a, i * a->columns + j, x, y))
                return NULL;
        }
    return a;
}

const matrix_value *matrix_roots(matrix_evaluation *v, const fmpq_mat_t c, const fmpq_mat_t d, bool rows)
{
    fmpq_mat_t q;
    fmpq_mat_init(q, fmpq_mat_nrows(c), fmpq_mat_ncols(c));
    if (all_squares(c, d, rows, q)) {
        const matrix_value *a = matrix_take(v->s, q);
        fmpq_mat_clear(q);
        return a;
    }
    fmpq_mat_clear(q);
    if (!v->exact)
        return double_roots(v, c, d, rows);
    surd_matrix m;
    if (!surd_matrix_init(&m, (size_t)fmpq_mat_nrows(c), (size_t)fmpq_mat_ncols(c)))
        return NULL;
    bool closed = surd_roots(&m, c, d, rows);
    const matrix_value *a = closed ? matrix_take_surds(v->s, &m) : NULL;
    surd_matrix_clear(&m);
    return closed ? a : double_roots(v, c, d, rows);
}

/* sqrt(x) of each entry as a text, where it is no sum of roots. */
static ml_status nested_roots(matrix_evaluation *v, const expression *e, const matrix_value *a,
                              const matrix_value **out)
{
    matrix_value *c = matrix_new(v->s, a->rows, a->columns, false, false);
    surd_matrix m;
    if (c == NULL || !matrix_get_surds(a, &m))
        return matrix_no_memory(v);
    c->texts = memory_zeros(a->rows * a->columns, sizeof *c->texts);
    ml_status status = c->texts ? ML_OK : matrix_no_memory(v);
    for (size_t k = 0; status == ML_OK && k < a->rows * a->columns; k++) {
        buffer b = {0};
        if (!surd_is_real(&m.at[k]) || surd_sign(&m.at[k]) < 0) {
            status =
                expression_fail(v->why, e, "this root is complex and has no closed form: leave --exact out");
            break;
        }
        if (surd_is_zero(&m.at[k]))
            buffer_char(&b, '0');
        else
            surd_print_root(&b, &m.at[k]);
        matrix_set(c, k / a->columns, k % a->columns, sqrt(surd_real(&m.at[k])));
        if ((c->texts[k] = buffer_take(&b)) == NULL)
            status = matrix_no_memory(v);
    }
    surd_matrix_clear(&m);
    *out = c;
    return status;
}

ml_status matrix_square_roots(matrix_evaluation *v, const expression *e, const matrix_value *a,
                              const matrix_value **out)
{
    bool closed;
    *out = matrix_exact_roots(v->s, a, &closed);
    if (!closed)
        return nested_roots(v, e, a, out);
    return *out ? ML_OK : matrix_no_memory(v);
}

/* --- Gram-Schmidt and what follows from it --- */

typedef struct orthogonal {
    fmpq_mat_t u, norms, t,
        scaled; /* scaled: u_j/|u_j|^2, so that times sqrt(|u_j|^2) it is the unit vector */
    size_t rank;
} orthogonal;

static void orthogonal_free(orthogonal *o)
{
    fmpq_mat_clear(o->u);
    fmpq_mat_clear(o->norms);
    fmpq_mat_clear(o->t);
    fmpq_mat_clear(o->scaled);
}

static ml_status orthogonalize(matrix_evaluation *v, const expression *e, const matrix_value *a,
                               orthogonal *o)
{
    char name[MATRIX_NAME];
    rational_steps w = matrix_writer(v, matrix_steps_name(v, e->args[e->count - 1], name));
    slong m = (slong)a->rows, n = (slong)a->columns;
    fmpq_mat_init(o->u, m, n);
    fmpq_mat_init(o->norms, n, 1);
    fmpq_mat_init(o->t, n, n);
    ml_status status = rational_gram_schmidt(a->q, o->u, o->norms, o->t, &o->rank, &w, v->why);
    fmpq_mat_init_set(o->scaled, o->u);
    for (size_t j = 0; j < o->rank; j++)
        for (slong i = 0; i < m; i++)
            fmpq_div(fmpq_mat_entry(o->scaled, i, (slong)j), fmpq_mat_entry(o->u, i, (slong)j),
                     fmpq_mat_entry(o->norms, (slong)j, 0));
    return status;
}

/* Is the rational rank that of the doubles?  Then the calculation by hand is theirs too, rounded once. */
static bool same_rank(matrix_evaluation *v, const expression *e, const matrix_value *a)
{
    const matrix_value *reduced, *kernel;
    size_t *pivots = NULL, r = 0;
    if (a->q == NULL)
        return false;
    if (by_hand(v, a))
        return true;
    ml_status status = matrix_reduce(v, e, a, &pivots, &r, &reduced, &kernel);
    free(pivots);
    v->s->starved = v->s->starved || status == ML_FAIL; /* only memory is lacking there */
    return status == ML_OK && reduced->q != NULL;
}

static void write_unit(matrix_evaluation *v, const orthogonal *o)
{
    if (v->scope->steps == NULL)
        return;
    rational_steps w = matrix_writer(v, NULL);
    for (size_t j = 0; j < o->rank; j++) {
        rational_write_root(&w, steps_print(w.s, "norm(u%zu)", j + 1), fmpq_mat_entry(o->norms, (slong)j, 0));
        steps_formula(w.s, "q%zu = u%zu/norm(u%zu)", j + 1, j + 1, j + 1);
    }
}

/* T with its rows times the norms: the first RANK rows. */
static const matrix_value *triangle(matrix_evaluation *v, const orthogonal *o)
{
    fmpq_mat_t t;
    fmpq_mat_init(t, (slong)o->rank, fmpq_mat_ncols(o->t));
    for (slong i = 0; i < (slong)o->rank; i++)
        for (slong j = 0; j < fmpq_mat_ncols(t); j++)
            fmpq_set(fmpq_mat_entry(t, i, j), fmpq_mat_entry(o->t, i, j));
    const matrix_value *r = matrix_roots(v, t, o->norms, true);
    fmpq_mat_clear(t);
    return r;
}

/* Q R = 0: no column of A gives a direction, so Q is the first columns of I, and R is zero. */
static ml_status qr_of_zero(matrix_evaluation *v, const matrix_value *a, matrix_results *out)
{
    size_t count = a->rows < a->columns ? a->rows : a->columns;
    steps_text(v->scope->steps, "Every column is zero: Q is taken from the columns of I, and R is zero.");
    ml_status status = matrix_add_part(v, "Q", matrix_identity(v->s, a->rows, count), out);
    return status == ML_OK ? matrix_add_part(v, "R", matrix_new(v->s, count, a->columns, false, true), out)
                           : status;
}

static ml_status qr(matrix_evaluation *v, const expression *e, const matrix_value *const *args,
                    matrix_results *out)
{
    const matrix_value *a = args[0];
    orthogonal o;
    if (!same_rank(v, e, a)) {
        matrix_value *q = NULL, *r = NULL;
        ml_status status = matrix_qr(v->s, a, &q, &r, v->why);
        if (status == ML_OK)
            status = matrix_add_part(v, "Q", q, out);
        return status == ML_OK ? matrix_add_part(v, "R", r, out) : status;
    }
    matrix_begin_steps(v, e);
    if (matrix_is_zero(a))
        return qr_of_zero(v, a, out);
    ml_status status = orthogonalize(v, e, a, &o);
    const matrix_value *q = status == ML_OK ? matrix_roots(v, o.scaled, o.norms, false) : NULL;
    const matrix_value *r = q ? triangle(v, &o) : NULL;
    if (r != NULL) {
        write_unit(v, &o);
        steps_text(v->scope->steps, "R holds norm(u_j) on its diagonal and q_i.a_j above it.");
    }
    status = status == ML_OK ? matrix_add_part(v, "Q", q, out) : status;
    status = status == ML_OK ? matrix_add_part(v, "R", r, out) : status;
    orthogonal_free(&o);
    return status;
}

/* Without rationals: the same columns from QR of the independent ones. */
static ml_status unit_vectors(matrix_evaluation *v, const expression *e, const matrix_value *a,
                              matrix_value **q, matrix_value **u)
{
    const matrix_value *independent;
    matrix_value *r;
    ml_status status = pivot_columns(v, e, a, &independent);
    if (status != ML_OK)
        return status;
    if (independent->columns == 0) {
        *q = *u = matrix_new(v->s, a->rows, 0, false, false);
        return *q ? ML_OK : matrix_no_memory(v);
    }
    status = matrix_qr(v->s, independent, q, &r, v->why);
    if (status == ML_OK && (*u = matrix_cut(v->s, *q, 0, 0, (*q)->rows, (*q)->columns)) == NULL)
        status = matrix_no_memory(v);
    for (size_t j = 0; status == ML_OK && j < (*u)->columns; j++)
        for (size_t i = 0; i < (*u)->rows; i++)
            matrix_set(*u, i, j, matrix_at(*q, i, j) * matrix_at(r, j, j));
    return status;
}

static ml_status gram_schmidt(matrix_evaluation *v, const expression *e, const matrix_value *const *args,
                              matrix_results *out)
{
    const matrix_value *a = args[0];
    bool single = e->op == FUNCTION_BASIS;
    ml_status status;
    if (!same_rank(v, e, a)) {
        matrix_value *q, *u;
        status = unit_vectors(v, e, a, &q, &u);
        if (status == ML_OK && !single)
            status = matrix_add_part(v, "U", u, out);
        return status == ML_OK ? matrix_add_part(v, single ? NULL : "Q", q, out) : status;
    }
    orthogonal o;
    matrix_begin_steps(v, e);
    status = orthogonalize(v, e, a, &o);
    const matrix_value *q = status == ML_OK ? matrix_roots(v, o.scaled, o.norms, false) : NULL;
    if (q != NULL)
        write_unit(v, &o);
    if (status == ML_OK && !single)
        status = matrix_add_part(v, "U", matrix_take(v->s, o.u), out);
    if (status == ML_OK)
        status = matrix_add_part(v, single ? NULL : "Q", q, out);
    orthogonal_free(&o);
    return status;
}

/* C (C* C)^-1 C*, C the independent columns. */
static ml_status project_surds(matrix_evaluation *v, const expression *e, const matrix_value *a,
                               const matrix_value **out)
{
    const matrix_value *c, *inverse;
    ml_status status = pivot_columns(v, e, a, &c);
    if (status != ML_OK)
        return status;
    const matrix_value *turned = matrix_ctranspose(v->s, c);
    const matrix_value *gram = turned ? matrix_product(v->s, turned, c) : NULL;
    if (gram == NULL)
        return matrix_no_memory(v);
    status = matrix_invert(v, e, gram, &inverse);
    if (status == ML_OK)
        *out = matrix_product(v->s, matrix_product(v->s, c, inverse), turned);
    return status == ML_OK && *out == NULL ? matrix_no_memory(v) : status;
}

static ml_status projector(matrix_evaluation *v, const expression *e, const matrix_value *a,
                           const matrix_value **out)
{
    if (a->surds != NULL)
        return project_surds(v, e, a, out);
    if (!same_rank(v, e, a)) {
        matrix_value *q, *u;
        ml_status status = unit_vectors(v, e, a, &q, &u);
        if (status == ML_OK)
            *out = q->columns ? matrix_product(v->s, q, matrix_ctranspose(v->s, q))
                              : matrix_new(v->s, a->rows, a->rows, false, true);
        return status == ML_OK && *out == NULL ? matrix_no_memory(v) : status;
    }
    char name[MATRIX_NAME];
    rational_steps w = matrix_writer(v, matrix_steps_name(v, e->args[e->count - 1], name));
    fmpq_mat_t p;
    fmpq_mat_init(p, (slong)a->rows, (slong)a->rows);
    ml_status status = rational_projection(a->q, p, &w, v->why);
    if (status == ML_OK) {
        steps_text(w.s, "The projection is the sum of u*u'/(u.u) over the orthogonal columns u.");
    }
    *out = status == ML_OK ? matrix_take(v->s, p) : NULL;
    fmpq_mat_clear(p);
    return status == ML_OK && *out == NULL ? matrix_no_memory(v) : status;
}

static ml_status project(matrix_evaluation *v, const expression *e, const matrix_value *const *args,
                         matrix_results *out)
{
    const matrix_value *a = args[e->count - 1], *p, *b = e->count > 1 ? args[0] : NULL;
    if (b != NULL && b->rows != a->rows)
        return matrix_fail_shapes(v, e, b, a, "what is projected needs as many rows as the matrix");
    matrix_begin_steps(v, e);
    ml_status status = projector(v, e, a, &p);
    if (status != ML_OK || b == NULL)
        return status == ML_OK ? matrix_result(v, p, out) : status;
    const matrix_value *c = matrix_simplify(v->s, matrix_product(v->s, p, b));
    return matrix_result(v, c, out);
}

static ml_status pseudoinverse(matrix_evaluation *v, const expression *e, const matrix_value *const *args,
                               matrix_results *out)
{
    const matrix_value *a = args[0];
    if (same_rank(v, e, a)) {
        fmpq_mat_t q;
        fmpq_mat_init(q, (slong)a->columns, (slong)a->rows);
        ml_status status = rational_pseudoinverse(a->q, q, v->why);
        const matrix_value *c = status == ML_OK ? matrix_take(v->s, q) : NULL;
        fmpq_mat_clear(q);
        return status == ML_OK ? matrix_result(v, c, out) : status;
    }
    matrix_value *u, *values, *w;
    double tolerance;
    ml_status status = matrix_singular(v->s, a, &u, &values, &w, v->why);
    if (status != ML_OK)
        return status;
    size_t r = matrix_rank_of(values, a->rows, a->columns, &tolerance);
    for (size_t j = 0; j < w->columns; j++)
        for (size_t i = 0; i < w->rows; i++)
            matrix_set(w, i, j, j < r ? matrix_at(w, i, j) / gsl_matrix_get(values->re, j, 0) : 0);
    return matrix_result(v, matrix_product(v->s, w, matrix_ctranspose(v->s, u)), out);
}

/* --- LU, LDL', Cholesky --- */

static ml_status lu(matrix_evaluation *v, const expression *e, const matrix_value *const *args,
                    matrix_results *out)
{
    const matrix_value *a = args[0];
    if (a->q == NULL) {
        matrix_value *p, *l, *u;
        ml_status status = matrix_lu(v->s, a, &p, &l, &u, v->why);
        if (status == ML_OK)
            status = matrix_add_part(v, "P", p, out);
        if (status == ML_OK)
            status = matrix_add_part(v, "L", l, out);
        return status == ML_OK ? matrix_add_part(v, "U", u, out) : status;
    }
    char name[MATRIX_NAME];
    rational_steps w = matrix_writer(v, matrix_steps_name(v, e->args[0], name));
    slong m = (slong)a->rows, n = (slong)a->columns, k = m < n ? m : n;
    fmpq_mat_t p, l, u;
    size_t exchanges;
    fmpq_mat_init(p, m, m);
    fmpq_mat_init(l, m, k);
    fmpq_mat_init(u, k, n);
    matrix_begin_steps(v, e);
    ml_status status = rational_lu(a->q, by_hand(v, a) ? ELIMINATION_FIRST : ELIMINATION_PARTIAL, p, l, u,
                                   &exchanges, &w, v->why);
    if (status == ML_OK) {
        steps_text(w.s, "L holds the multipliers below a diagonal of ones, U is the last matrix: P*A = L*U.");
        status = matrix_add_part(v, "P", matrix_take(v->s, p), out);
    }
    if (status == ML_OK)
        status = matrix_add_part(v, "L", matrix_take(v->s, l), out);
    if (status == ML_OK)
        status = matrix_add_part(v, "U", matrix_take(v->s, u), out);
    fmpq_mat_clear(p);
    fmpq_mat_clear(l);
    fmpq_mat_clear(u);
    return status;
}

/* Without rationals: l_ij = (a_ij - sum l_ik conj(l_jk) d_k)/d_j, in doubles. */
static ml_status ldl_of_doubles(matrix_evaluation *v, const expression *e, const matrix_value *a,
                                matrix_value **l, matrix_value **d)
{
    size_t n = a->rows;
    double limit = (double)n * DBL_EPSILON * matrix_norm_max(a);
    *l = matrix_new(v->s, n, n, a->im != NULL, false);
    *d = matrix_new(v->s, n, 1, false, false);
    if (*l == NULL || *d == NULL)
        return matrix_no_memory(v);
    for (size_t j = 0; j < n; j++)
        for (size_t i = j; i < n; i++) {
            double complex x = matrix_at(a, i, j), dj = i > j ? matrix_at(*d, j, 0) : 0;
            for (size_t k = 0; k < j; k++)
                x -= matrix_at(*l, i, k) * conj(matrix_at(*l, j, k)) * matrix_at(*d, k, 0);
            if (i == j) {
                matrix_set(*d, j, 0, creal(x));
                matrix_set(*l, j, j, 1);
            } else if (cabs(dj) > limit) {
                matrix_set(*l, i, j, x / dj);
            } else if (cabs(x) > limit) {
                expression_fail(
                    v->why, e->args[0],
                    "the leading %zu x %zu minor is 0 to working precision, so there is no L*D*L' without "
                    "exchanging rows",
                    j + 1, j + 1);
                return ML_NO;
            }
        }
    return ML_OK;
}

static ml_status ldl(matrix_evaluation *v, const expression *e, const matrix_value *const *args,
                     matrix_results *out)
{
    const matrix_value *a = args[0];
    ml_status status = matrix_need_symmetric(v, e, a);
    if (status != ML_OK)
        return status;
    matrix_value *left = NULL, *diagonal_of = NULL;
    if (a->q == NULL) {
        status = ldl_of_doubles(v, e, a, &left, &diagonal_of);
    } else {
        char name[MATRIX_NAME];
        rational_steps w = matrix_writer(v, matrix_steps_name(v, e->args[0], name));
        fmpq_mat_t l, d;
        size_t minor;
        ml_message reason;
        fmpq_mat_init(l, (slong)a->rows, (slong)a->rows);
        fmpq_mat_init(d, (slong)a->rows, 1);
        matrix_begin_steps(v, e);
        status = rational_ldl(a->q, l, d, &minor, &w, &reason);
        if (status == ML_NO)
            expression_fail(v->why, e->args[0], "%s", reason.text);
        left = status == ML_OK ? matrix_take(v->s, l) : NULL;
        diagonal_of = status == ML_OK ? matrix_take(v->s, d) : NULL;
        fmpq_mat_clear(l);
        fmpq_mat_clear(d);
    }
    const matrix_value *middle = status == ML_OK ? matrix_diagonal(v->s, diagonal_of) : NULL;
    if (status == ML_OK)
        status = matrix_add_part(v, "L", left, out);
    return status == ML_OK ? matrix_add_part(v, "D", middle, out) : status;
}

static ml_status fail_not_definite(matrix_evaluation *v, const expression *e, size_t minor)
{
    char name[MATRIX_NAME];
    matrix_name(e->args[0], name);
    expression_fail(
        v->why, e->args[0],
        "%s is not positive definite: its leading %zu x %zu minor is not positive; ldl may still exist", name,
        minor, minor);
    return ML_NO;
}

static ml_status cholesky(matrix_evaluation *v, const expression *e, const matrix_value *const *args,
                          matrix_results *out)
{
    const matrix_value *a = args[0], *c = NULL;
    size_t minor = 0;
    ml_status status = matrix_need_symmetric(v, e, a);
    if (status != ML_OK)
        return status;
    if (a->q == NULL) {
        matrix_value *l;
        status = matrix_cholesky(v->s, a, &l, &minor, v->why);
        c = status == ML_OK ? l : NULL;
    } else {
        char name[MATRIX_NAME];
        rational_steps w = matrix_writer(v, matrix_steps_name(v, e->args[0], name));
        fmpq_mat_t l, d;
        fmpq_mat_init(l, (slong)a->rows, (slong)a->rows);
        fmpq_mat_init(d, (slong)a->rows, 1);
        matrix_begin_steps(v, e);
        status = rational_cholesky(a->q, l, d, &minor, &w, v->why);
        c = status == ML_OK ? matrix_roots(v, l, d, false) : NULL;
        fmpq_mat_clear(l);
        fmpq_mat_clear(d);
    }
    if (status == ML_NO)
        return fail_not_definite(v, e, minor);
    return status == ML_OK ? matrix_result(v, c, out) : status;
}

/* --- eigenvalues --- */

ml_status matrix_not_diagonalizable(matrix_evaluation *v, const expression *e)
{
    char name[MATRIX_NAME];
    matrix_name(e->args[0], name);
    expression_fail(
        v->why, e->args[0],
        "%s is not diagonalizable: an eigenvalue has fewer independent eigenvectors than its multiplicity",
        name);
    return ML_NO;
}

static ml_status eigen_of(matrix_evaluation *v, const matrix_value *a, matrix_value **values,
                          matrix_value **vectors)
{
    size_t i, j;
    ml_status status = matrix_is_hermitian(a, &i, &j) ? matrix_hermitian(v->s, a, values, vectors, v->why)
                                                      : matrix_eigen(v->s, a, values, vectors, v->why);
    return status == ML_OK ? matrix_polish_eigenvalues(v, a, *values) : status;
}

/* May the matrix of eigenvectors be inverted? */
static ml_status is_diagonalizable(matrix_evaluation *v, const matrix_value *a, const matrix_value *vectors,
                                   bool *yes)
{
    matrix_value *sizes;
    if (a->q != NULL) {
        bool over_real;
        rational_diagonalizable(a->q, yes, &over_real);
        return ML_OK;
    }
    ml_status status = matrix_singular(v->s, vectors, NULL, &sizes, NULL, v->why);
    if (status != ML_OK)
        return status;
    double least = gsl_matrix_get(sizes->re, sizes->rows - 1, 0);
    *yes = least * MOST_VECTOR_CONDITION > gsl_matrix_get(sizes->re, 0, 0);
    return ML_OK;
}

static ml_status eigenvalues(matrix_evaluation *v, const expression *e, const matrix_value *const *args,
                             matrix_results *out)
{
    matrix_value *values, *vectors;
    bool independent;
    ml_status status = matrix_need_square(v, e, args[0]);
    if (status != ML_OK)
        return status;
    if (by_hand(v, args[0]))
        return matrix_exact_eigenvalues(v, e, args[0], out);
    bool alone = e->op == FUNCTION_EIGVALS;
    status = eigen_of(v, args[0], &values, alone ? NULL : &vectors);
    if (status != ML_OK || alone)
        return status == ML_OK ? matrix_result(v, values, out) : status;
    status = is_diagonalizable(v, args[0], vectors, &independent);
    if (status == ML_OK && !independent)
        matrix_say(
            v,
            "an eigenvalue has fewer independent eigenvectors than its multiplicity: the columns of vectors "
            "are not a basis");
    if (status == ML_OK)
        status = matrix_add_part(v, "values", values, out);
    return status == ML_OK ? matrix_add_part(v, "vectors", vectors, out) : status;
}

static ml_status diagonalize(matrix_evaluation *v, const expression *e, const matrix_value *const *args,
                             matrix_results *out)
{
    const matrix_value *a = args[0];
    matrix_value *values, *vectors, *inverse = NULL;
    bool yes;
    double rcond;
    ml_status status = matrix_need_square(v, e, a);
    if (status == ML_OK && by_hand(v, a))
        return matrix_exact_diagonalize(v, e, a, out);
    if (status == ML_OK)
        status = eigen_of(v, a, &values, &vectors);
    if (status == ML_OK)
        status = is_diagonalizable(v, a, vectors, &yes);
    if (status != ML_OK)
        return status;
    const matrix_value *identity = matrix_identity(v->s, a->rows, a->rows);
    if (identity == NULL)
        return matrix_no_memory(v);
    if (yes)
        status = matrix_solve(v->s, vectors, identity, &inverse, &rcond, v->why);
    if (!yes || status == ML_NO)
        return matrix_not_diagonalizable(v, e);
    if (status == ML_OK)
        status = matrix_add_part(v, "P", vectors, out);
    if (status == ML_OK)
        status = matrix_add_part(v, "D", matrix_diagonal(v->s, values), out);
    return status == ML_OK ? matrix_add_part(v, "inv_P", matrix_simplify(v->s, inverse), out) : status;
}

static ml_status spectral(matrix_evaluation *v, const expression *e, const matrix_value *const *args,
                          matrix_results *out)
{
    matrix_value *values, *vectors;
    ml_status status = matrix_need_symmetric(v, e, args[0]);
    if (status != ML_OK)
        return status;
    if (by_hand(v, args[0]))
        return matrix_exact_spectral(v, e, args[0], out);
    status = eigen_of(v, args[0], &values, &vectors);
    if (status == ML_OK)
        status = matrix_add_part(v, "Q", vectors, out);
    return status == ML_OK ? matrix_add_part(v, "D", matrix_diagonal(v->s, values), out) : status;
}

static ml_status singular(matrix_evaluation *v, const expression *e, const matrix_value *const *args,
                          matrix_results *out)
{
    matrix_value *u, *values, *w;
    if (by_hand(v, args[0]))
        return matrix_exact_singular(v, e, args[0], out);
    ml_status status = matrix_singular(v->s, args[0], &u, &values, &w, v->why);
    if (status == ML_OK)
        status = matrix_add_part(v, "U", u, out);
    if (status == ML_OK)
        status = matrix_add_part(v, "S", matrix_diagonal(v->s, values), out);
    return status == ML_OK ? matrix_add_part(v, "V", w, out) : status;
}

/* The polynomial with these roots: (x - r1)(x - r2)... */
static matrix_value *from_roots(matrix_evaluation *v, const matrix_value *roots, bool real)
{
    size_t n = roots->rows;
    matrix_value *p = matrix_new(v->s, 1, n + 1, true, false);
    if (p == NULL)
        return NULL;
    matrix_set(p, 0, 0, 1);
    for (size_t k = 0; k < n; k++)
        for (size_t j = k + 1; j > 0; j--)
            matrix_set(p, 0, j, matrix_at(p, 0, j) - matrix_at(roots, k, 0) * matrix_at(p, 0, j - 1));
    if (!real)
        return matrix_simplify(v->s, p);
    return matrix_part(v->s, p, false);
}

static ml_status characteristic(matrix_evaluation *v, const expression *e, const matrix_value *const *args,
                                matrix_results *out)
{
    const matrix_value *a = args[0];
    ml_status status = matrix_need_square(v, e, a);
    if (status != ML_OK)
        return status;
    if (a->q == NULL) {
        matrix_value *values;
        status = matrix_eigen(v->s, a, &values, NULL, v->why);
        return status == ML_OK ? matrix_result(v, from_roots(v, values, a->im == NULL), out) : status;
    }
    fmpq_poly_t p;
    fmpq_mat_t row;
    slong n = (slong)a->rows;
    fmpq_poly_init(p);
    fmpq_mat_init(row, 1, n + 1);
    fmpq_mat_charpoly(p, a->q);
    for (slong k = 0; k <= n; k++)
        fmpq_poly_get_coeff_fmpq(fmpq_mat_entry(row, 0, n - k), p, k);
    const matrix_value *c = matrix_take(v->s, row);
    fmpq_poly_clear(p);
    fmpq_mat_clear(row);
    status = by_hand(v, a) ? matrix_exact_characteristic(v, e, a) : ML_OK;
    if (status == ML_OK)
        status = matrix_add_part(v, v->exact ? "coefficients" : NULL, c, out);
    return status == ML_OK && v->exact ? matrix_exact_factors(v, a, out) : status;
}

const matrix_handler matrix_decompositions[] = {
    {FUNCTION_RANK, rank, .roots = true},
    {FUNCTION_PINV, pseudoinverse, .several = false},
    {FUNCTION_RREF, reduced_form, .roots = true},
    {FUNCTION_IMAGE, image, .roots = true},
    {FUNCTION_KERNEL, kernel_of, .roots = true},
    {FUNCTION_COMPLEMENT, complement, .roots = true},
    {FUNCTION_BASIS, gram_schmidt, .several = false},
    {FUNCTION_PROJECT, project, .roots = true},
    {FUNCTION_CHOL, cholesky, .several = false},
    {FUNCTION_EIGVALS, eigenvalues, .several = false},
    {FUNCTION_CHARPOLY, characteristic, .several = false},
    {FUNCTION_LU, lu, .several = true},
    {FUNCTION_QR, qr, .several = true},
    {FUNCTION_LDL, ldl, .several = true},
    {FUNCTION_GRAMSCHMIDT, gram_schmidt, .several = true},
    {FUNCTION_EIG, eigenvalues, .several = true},
    {FUNCTION_DIAGONALIZE, diagonalize, .several = true},
    {FUNCTION_SPECTRAL, spectral, .several = true},
    {FUNCTION_SVD, singular, .several = true},
    {FUNCTION_NONE, NULL, .several = false},
};
