#include "ml/check_property.h"

#include <float.h>
#include <gsl/gsl_blas.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/nearest.h"
#include "math/dense.h"

/* What several properties need is made once. */
typedef struct subject {
    check_report *report;
    const ball *a;
    const char *label; /* of the matrix in a claim; NULL: all properties are listed */
    size_t rows, columns;
    const ball *transpose, *square, *gram; /* A', A^2, A'A */
    gsl_vector *singular, *eigen;          /* of A; of (A + A')/2, ascending */
    double error;                          /* the Frobenius norm of the radii */
    size_t rank;
    bool symmetric;
    ml_message *why;
} subject;

typedef enum shape { ANY_SHAPE, SQUARE_ONLY, NOT_SQUARE } shape;

typedef struct property {
    const char *name;
    shape needs;
    ml_status (*decide)(subject *s, const char *name);
} property;

/* --- rows --- */

/* "symmetric", or the claim. */
static check_row *add(subject *s, const char *name, check_verdict verdict)
{
    return check_add(s->report, verdict, "%s", s->label ? s->label : name);
}

/* Zero everywhere is what decides. */
static check_row *zero(subject *s, const char *name, const ball *d, const char *what)
{
    check_row *row = check_zero(s->report, d, "%s", s->label ? s->label : name);
    if (row->diagnosis.size == 0)
        buffer_string(&row->diagnosis, what);
    return row;
}

static void set(check_row *row, double off, double allowed, const char *what)
{
    row->off = off;
    row->allowed = allowed;
    buffer_string(&row->diagnosis, what);
}

/* --- what is shared --- */

static double slack(const subject *s)
{
    double n = (double)(s->rows > s->columns ? s->rows : s->columns);
    return 64 * n * DBL_EPSILON * s->a->scale;
}

static ml_status need_products(subject *s)
{
    ball_space *space = &s->report->balls;
    if (s->transpose == NULL)
        s->transpose = ball_transpose(space, s->a);
    return s->transpose ? ML_OK
                        : ml_fail_memory(s->why, "a transpose", s->rows * s->columns * sizeof(double));
}

static ml_status need_square(subject *s)
{
    if (s->square == NULL)
        s->square = ball_product(&s->report->balls, s->a, s->a);
    return s->square ? ML_OK : ml_fail_memory(s->why, "a product", s->rows * s->columns * sizeof(double));
}

static ml_status need_gram(subject *s)
{
    ml_status status = need_products(s);
    if (status == ML_OK && s->gram == NULL)
        s->gram = ball_product(&s->report->balls, s->transpose, s->a);
    if (status == ML_OK && s->gram == NULL)
        status = ml_fail_memory(s->why, "a product", s->columns * s->columns * sizeof(double));
    return status;
}

static ml_status need_singular(subject *s)
{
    if (s->singular != NULL)
        return ML_OK;
    s->singular = gsl_vector_alloc(s->rows < s->columns ? s->rows : s->columns);
    if (s->singular == NULL)
        return ml_fail_memory(s->why, "singular values", s->rows * sizeof(double));
    ml_status status = dense_singular(s->a->x, s->singular, NULL, NULL, s->why);
    if (status == ML_OK)
        s->rank = dense_rank(s->singular, s->rows, s->columns);
    if (status == ML_OK && s->a->q != NULL && (ball_is_exact(s->a) || s->report->exact)) {
        fmpq_mat_t echelon;
        fmpq_mat_init(echelon, (slong)s->rows, (slong)s->columns);
        s->rank = (size_t)fmpq_mat_rref(echelon, s->a->q);
        fmpq_mat_clear(echelon);
    }
    return status;
}

static ml_status need_eigen(subject *s)
{
    if (s->eigen != NULL)
        return ML_OK;
    gsl_matrix *part = gsl_matrix_alloc(s->rows, s->rows);
    s->eigen = gsl_vector_alloc(s->rows);
    ml_status status =
        part && s->eigen ? ML_OK : ml_fail_memory(s->why, "eigenvalues", s->rows * s->rows * sizeof(double));
    for (size_t i = 0; status == ML_OK && i < s->rows; i++)
        for (size_t j = 0; j < s->rows; j++)
            gsl_matrix_set(part, i, j, (gsl_matrix_get(s->a->x, i, j) + gsl_matrix_get(s->a->x, j, i)) / 2);
    if (status == ML_OK)
        status = dense_symmetric(part, s->eigen, NULL, s->why);
    gsl_matrix_free(part);
    return status;
}

/* --- shape and pattern --- */

static ml_status is_square(subject *s, const char *name)
{
    check_row *row = add(s, name, s->rows == s->columns ? CHECK_YES : CHECK_NO);
    row->off = s->rows > s->columns ? (double)(s->rows - s->columns) : (double)(s->columns - s->rows);
    row->allowed = 0;
    buffer_printf(&row->diagnosis, "rows and columns: %zu x %zu", s->rows, s->columns);
    return ML_OK;
}

/* A copy of A with the cells zeroed that KEEP does not want. */
static const ball *masked(subject *s, bool (*keep)(size_t i, size_t j))
{
    ball *b = ball_make(&s->report->balls, s->a->x, s->a->r, s->a->q != NULL);
    if (b != NULL && b->q != NULL)
        fmpq_mat_set(b->q, s->a->q);
    for (size_t i = 0; b != NULL && i < s->rows; i++)
        for (size_t j = 0; j < s->columns; j++)
            if (!keep(i, j)) {
                gsl_matrix_set(b->x, i, j, 0);
                if (b->r != NULL)
                    gsl_matrix_set(b->r, i, j, 0);
                if (b->q != NULL)
                    fmpq_zero(fmpq_mat_entry(b->q, (slong)i, (slong)j));
            }
    return b;
}

static bool off_diagonal(size_t i, size_t j)
{
    return i != j;
}

static bool below(size_t i, size_t j)
{
    return i > j;
}

static bool above(size_t i, size_t j)
{
    return j > i;
}

static bool off_band(size_t i, size_t j)
{
    return i > j + 1 || j > i + 1;
}

static bool everywhere(size_t i, size_t j)
{
    (void)i;
    (void)j;
    return true;
}

static ml_status is_zero(subject *s, const char *name)
{
    zero(s, name, masked(s, everywhere), "the greatest |entry|");
    return ML_OK;
}

static ml_status is_diagonal(subject *s, const char *name)
{
    zero(s, name, masked(s, off_diagonal), "the greatest |entry| off the diagonal");
    return ML_OK;
}

static ml_status is_upper(subject *s, const char *name)
{
    zero(s, name, masked(s, below), "the greatest |entry| below the diagonal");
    return ML_OK;
}

static ml_status is_lower(subject *s, const char *name)
{
    zero(s, name, masked(s, above), "the greatest |entry| above the diagonal");
    return ML_OK;
}

static ml_status is_tridiagonal(subject *s, const char *name)
{
    zero(s, name, masked(s, off_band), "the greatest |entry| beside the three diagonals");
    return ML_OK;
}

static ml_status is_identity(subject *s, const char *name)
{
    zero(s, name, ball_difference(&s->report->balls, s->a, ball_identity(&s->report->balls, s->rows)),
         "the greatest |entry| of A - I");
    return ML_OK;
}

static ml_status is_nonnegative(subject *s, const char *name)
{
    check_row *row = check_least(s->report, s->a, "%s", s->label ? s->label : name);
    row->off = INFINITY;
    row->place.size = 0;
    size_t k = 0, l = 0;
    for (size_t i = 0; i < s->rows; i++)
        for (size_t j = 0; j < s->columns; j++)
            if (gsl_matrix_get(s->a->x, i, j) < row->off) {
                row->off = gsl_matrix_get(s->a->x, i, j);
                k = i;
                l = j;
            }
    buffer_printf(&row->place, "%zu,%zu", k + 1, l + 1);
    buffer_string(&row->diagnosis, "the least entry");
    return ML_OK;
}

static ml_status is_dominant(subject *s, const char *name)
{
    double least = INFINITY, radius = 0;
    size_t place = 0;
    for (size_t i = 0; i < s->rows; i++) {
        double surplus = fabs(gsl_matrix_get(s->a->x, i, i)), r = ball_radius(s->a, i, i);
        for (size_t j = 0; j < s->columns; j++)
            if (j != i) {
                surplus -= fabs(gsl_matrix_get(s->a->x, i, j));
                r += ball_radius(s->a, i, j);
            }
        if (surplus < least) {
            least = surplus;
            radius = r;
            place = i;
        }
    }
    double room = s->report->tolerance >= 0 ? s->report->tolerance : radius + slack(s);
    check_row *row = add(s, name, least > room ? CHECK_YES : least <= slack(s) ? CHECK_NO : CHECK_UNDECIDED);
    set(row, least, room, "the least |a_ii| minus the other |entries| of its row");
    buffer_printf(&row->place, "%zu,%zu", place + 1, place + 1);
    return ML_OK;
}

/* --- symmetry and products --- */

static ml_status is_symmetric(subject *s, const char *name)
{
    ml_status status = need_products(s);
    if (status == ML_OK)
        zero(s, name, ball_difference(&s->report->balls, s->a, s->transpose), "the greatest |A - A'|");
    return status;
}

static ml_status is_skew(subject *s, const char *name)
{
    ml_status status = need_products(s);
    if (status == ML_OK)
        zero(s, name, ball_sum(&s->report->balls, s->a, s->transpose), "the greatest |A + A'|");
    return status;
}

static ml_status is_orthogonal(subject *s, const char *name)
{
    int sign = 0;
    double size = 0;
    ml_status status = need_gram(s);
    if (status != ML_OK)
        return status;
    const ball *identity = ball_identity(&s->report->balls, s->columns);
    check_row *row =
        zero(s, name, ball_difference(&s->report->balls, s->gram, identity), "the greatest |A'A - I|");
    if (row->verdict != CHECK_YES)
        return ML_OK;
    status = dense_determinant(s->a->x, &sign, &size, s->why);
    if (status == ML_OK)
        buffer_string(&row->diagnosis, sign > 0 ? "; a rotation: the determinant is 1"
                                                : "; a reflection: the determinant is -1");
    return status;
}

static ml_status has_orthonormal_columns(subject *s, const char *name)
{
    ml_status status = need_gram(s);
    if (status == ML_OK)
        zero(s, name,
             ball_difference(&s->report->balls, s->gram, ball_identity(&s->report->balls, s->columns)),
             "the greatest |A'A - I|");
    return status;
}

static ml_status has_orthonormal_rows(subject *s, const char *name)
{
    ball_space *b = &s->report->balls;
    ml_status status = need_products(s);
    if (status == ML_OK)
        zero(s, name, ball_difference(b, ball_product(b, s->a, s->transpose), ball_identity(b, s->rows)),
             "the greatest |AA' - I|");
    return status;
}

static ml_status is_normal(subject *s, const char *name)
{
    ball_space *b = &s->report->balls;
    ml_status status = need_gram(s);
    if (status == ML_OK)
        zero(s, name, ball_difference(b, s->gram, ball_product(b, s->a, s->transpose)),
             "the greatest |A'A - AA'|");
    return status;
}

static ml_status is_idempotent(subject *s, const char *name)
{
    ml_status status = need_square(s);
    if (status == ML_OK) {
        check_row *row =
            zero(s, name, ball_difference(&s->report->balls, s->square, s->a), "the greatest |A^2 - A|");
        if (row->verdict == CHECK_YES && s->label == NULL)
            buffer_string(&row->diagnosis, s->symmetric ? "; an orthogonal projection" : "; a projection");
    }
    return status;
}

static ml_status is_involutory(subject *s, const char *name)
{
    ml_status status = need_square(s);
    if (status == ML_OK)
        zero(s, name,
             ball_difference(&s->report->balls, s->square, ball_identity(&s->report->balls, s->rows)),
             "the greatest |A^2 - I|");
    return status;
}

static double trace_of(const ball *b, double *radius)
{
    double sum = 0;
    *radius = ball_slack(b);
    for (size_t i = 0; i < b->x->size1; i++) {
        sum += gsl_matrix_get(b->x, i, i);
        *radius += ball_radius(b, i, i);
    }
    return sum;
}

static bool is_all_zero(const subject *s, const ball *b)
{
    for (size_t i = 0; i < b->x->size1; i++)
        for (size_t j = 0; j < b->x->size2; j++)
            if (fabs(gsl_matrix_get(b->x, i, j)) > check_allowed(s->report, b, i, j))
                return false;
    return true;
}

/* The traces of all powers of a nilpotent matrix are zero; when those of A and A^2 are, A is squared until it
 * vanishes or the power n is passed, which it cannot be by a nilpotent one. */
static ml_status is_nilpotent(subject *s, const char *name)
{
    double radius, trace = trace_of(s->a, &radius);
    if (fabs(trace) > radius) {
        set(add(s, name, CHECK_NO), trace, radius, "the trace");
        return ML_OK;
    }
    ml_status status = need_square(s);
    if (status != ML_OK)
        return status;
    trace = trace_of(s->square, &radius);
    if (fabs(trace) > radius) {
        set(add(s, name, CHECK_NO), trace, radius, "the trace of A^2");
        return ML_OK;
    }
    const ball *power = s->a;
    size_t exponent = 1;
    while (power != NULL && exponent < s->rows && !is_all_zero(s, power)) {
        power = exponent == 1 ? s->square : ball_product(&s->report->balls, power, power);
        exponent *= 2;
    }
    if (power == NULL)
        return ml_fail_memory(s->why, "a power", s->rows * s->rows * sizeof(double));
    check_row *row = zero(s, name, power, "");
    buffer_printf(&row->diagnosis, "the greatest |A^%zu|", exponent);
    return ML_OK;
}

/* --- definiteness, rank --- */

/* A diagonal entry of M from K on that is not zero.  Where all are, row and column J are added to row and
 * column I for an entry (I, J) that is not: a congruence.  The order of M: nothing is left but zeros. */
static slong diagonal_pivot(fmpq_mat_t m, slong k)
{
    slong n = fmpq_mat_nrows(m);
    for (slong i = k; i < n; i++)
        if (!fmpq_is_zero(fmpq_mat_entry(m, i, i)))
            return i;
    for (slong i = k; i < n; i++)
        for (slong j = i + 1; j < n; j++) {
            if (fmpq_is_zero(fmpq_mat_entry(m, i, j)))
                continue;
            for (slong l = k; l < n; l++)
                fmpq_add(fmpq_mat_entry(m, i, l), fmpq_mat_entry(m, i, l), fmpq_mat_entry(m, j, l));
            for (slong l = k; l < n; l++)
                fmpq_add(fmpq_mat_entry(m, l, i), fmpq_mat_entry(m, l, i), fmpq_mat_entry(m, l, j));
            return i;
        }
    return n;
}

/* How many eigenvalues of (A + A')/2 are positive, negative and zero.  As rationals: by
 * Sylvester's law of inertia the signs are those of the pivots of L D L'. */
static void inertia(const fmpq_mat_t a, size_t counts[3])
{
    slong n = fmpq_mat_nrows(a), k = 0;
    fmpq_mat_t m, t;
    fmpq_t factor;
    fmpq_mat_init(m, n, n);
    fmpq_mat_init(t, n, n);
    fmpq_init(factor);
    fmpq_mat_transpose(t, a);
    fmpq_mat_add(m, a, t);
    counts[0] = counts[1] = 0;
    for (slong p; (p = diagonal_pivot(m, k)) < n; k++) {
        fmpq_mat_swap_rows(m, NULL, k, p);
        fmpq_mat_swap_cols(m, NULL, k, p);
        counts[fmpq_sgn(fmpq_mat_entry(m, k, k)) > 0 ? 0 : 1]++;
        for (slong i = k + 1; i < n; i++) {
            fmpq_div(factor, fmpq_mat_entry(m, i, k), fmpq_mat_entry(m, k, k));
            for (slong j = k; j < n; j++)
                fmpq_submul(fmpq_mat_entry(m, i, j), factor, fmpq_mat_entry(m, k, j));
        }
    }
    counts[2] = (size_t)(n - k);
    fmpq_mat_clear(m);
    fmpq_mat_clear(t);
    fmpq_clear(factor);
}

/* With exact arithmetic: YES or NO by the inertia; SIDE 0: indefinite.  Else VERDICT. */
static check_verdict by_inertia(const subject *s, double side, bool strict, check_verdict verdict)
{
    if (!check_by_rationals(s->report, s->a))
        return s->report->rational && verdict == CHECK_YES && !strict && side != 0 ? CHECK_UNDECIDED
                                                                                   : verdict;
    size_t counts[3];
    inertia(s->a->q, counts);
    bool holds = side == 0 ? counts[0] > 0 && counts[1] > 0
                           : counts[side > 0 ? 1 : 0] == 0 && (!strict || counts[2] == 0);
    return holds ? CHECK_YES : CHECK_NO;
}

/* Is the sign that DECIDES, an extreme eigenvalue times 1 or -1, at least positive (STRICT) or not negative?
 */
static ml_status decide_definite(subject *s, const char *name, double side, bool strict)
{
    ml_status status = need_eigen(s);
    if (status != ML_OK)
        return status;
    double value = gsl_vector_get(s->eigen, side > 0 ? 0 : s->rows - 1), x = side * value;
    double open = s->report->tolerance >= 0 ? s->report->tolerance : s->error + slack(s);
    check_verdict verdict = CHECK_UNDECIDED;
    if (x > open || (!strict && fabs(x) <= slack(s) && s->error == 0) ||
        (!strict && x >= -slack(s) && s->error == 0))
        verdict = CHECK_YES;
    else if (x < -open || s->error == 0)
        verdict = CHECK_NO;
    check_row *row = add(s, name, by_inertia(s, side, strict, verdict));
    set(row, value, check_by_rationals(s->report, s->a) ? 0 : open,
        side > 0 ? "the least eigenvalue" : "the greatest eigenvalue");
    if (!s->symmetric && s->rows > 1)
        buffer_string(&row->diagnosis, " of (A + A')/2");
    return ML_OK;
}

static ml_status is_positive_definite(subject *s, const char *name)
{
    return decide_definite(s, name, 1, true);
}

static ml_status is_positive_semidefinite(subject *s, const char *name)
{
    return decide_definite(s, name, 1, false);
}

static ml_status is_negative_definite(subject *s, const char *name)
{
    return decide_definite(s, name, -1, true);
}

static ml_status is_negative_semidefinite(subject *s, const char *name)
{
    return decide_definite(s, name, -1, false);
}

static ml_status is_indefinite(subject *s, const char *name)
{
    ml_status status = need_eigen(s);
    if (status != ML_OK)
        return status;
    double least = gsl_vector_get(s->eigen, 0), most = gsl_vector_get(s->eigen, s->rows - 1);
    double open = s->report->tolerance >= 0 ? s->report->tolerance : s->error + slack(s);
    double value = fmin(-least, most);
    check_verdict verdict = value > open                     ? CHECK_YES
                            : value < -open || s->error == 0 ? CHECK_NO
                                                             : CHECK_UNDECIDED;
    check_row *row = add(s, name, by_inertia(s, 0, true, verdict));
    set(row, most < -least ? most : least, check_by_rationals(s->report, s->a) ? 0 : open, "");
    buffer_string(&row->diagnosis, "eigenvalues from ");
    check_number(&row->diagnosis, least);
    buffer_string(&row->diagnosis, " to ");
    check_number(&row->diagnosis, most);
    return ML_OK;
}

/* Rounded numbers leave a rank open when a singular value is within their error of zero. */
static check_verdict rank_verdict(const subject *s)
{
    size_t full = s->singular->size;
    double least = gsl_vector_get(s->singular, full - 1);
    if (s->error > 0 && least <= s->error)
        return CHECK_UNDECIDED;
    return s->rank == full ? CHECK_YES : CHECK_NO;
}

static void describe_determinant(subject *s, check_row *row, int sign, double log_size)
{
    double size = exp(log_size);
    row->off = sign * size;
    buffer_string(&row->diagnosis, "the determinant");
    if (sign == 0 || row->verdict == CHECK_NO)
        buffer_string(&row->diagnosis, "; volumes become 0");
    else if (isfinite(size) && size > 0) {
        buffer_string(&row->diagnosis, s->rows == 2 ? "; areas times " : "; volumes times ");
        check_number(&row->diagnosis, size);
        buffer_string(&row->diagnosis, sign < 0 ? ", orientation turned" : ", orientation kept");
    }
    buffer_string(&row->diagnosis, "; the least singular value is ");
    check_number(&row->diagnosis, gsl_vector_get(s->singular, s->rows - 1));
}

static ml_status is_invertible(subject *s, const char *name)
{
    int sign = 0;
    double log_size = 0;
    ml_status status = need_singular(s);
    if (status == ML_OK)
        status = dense_determinant(s->a->x, &sign, &log_size, s->why);
    if (status != ML_OK)
        return status;
    check_row *row = add(s, name, rank_verdict(s));
    if (s->rank < s->rows)
        sign = 0;
    describe_determinant(s, row, sign, sign ? log_size : -INFINITY);
    row->allowed = 0;
    return ML_OK;
}

static ml_status has_full_rank(subject *s, const char *name)
{
    ml_status status = need_singular(s);
    if (status != ML_OK)
        return status;
    check_row *row = add(s, name, rank_verdict(s));
    row->off = (double)s->rank;
    buffer_printf(&row->diagnosis, "the rank, of %zu", s->singular->size);
    if (s->a->q == NULL || !(ball_is_exact(s->a) || s->report->exact)) {
        buffer_string(&row->diagnosis, "; singular values up to ");
        check_number(&row->diagnosis, (double)(s->rows > s->columns ? s->rows : s->columns) * DBL_EPSILON *
                                          gsl_vector_get(s->singular, 0));
        buffer_string(&row->diagnosis, " count as 0");
    }
    return ML_OK;
}

/* --- probability --- */

/* Nonnegative, and rows (columns when TURNED) that sum to one. */
static ml_status decide_stochastic(subject *s, const char *name, bool turned)
{
    ball_space *b = &s->report->balls;
    ml_status status = need_products(s);
    const ball *sums = status == ML_OK ? ball_row_sums(b, turned ? s->transpose : s->a) : NULL;
    ball *ones = sums ? ball_zeros(b, sums->x->size1, 1, false) : NULL;
    if (ones == NULL)
        return ml_fail_memory(s->why, "sums", s->rows * sizeof(double));
    gsl_matrix_set_all(ones->x, 1);
    ones->scale = 1;
    check_row *row = zero(s, name, ball_difference(b, sums, ones),
                          turned ? "the greatest |column sum - 1|" : "the greatest |row sum - 1|");
    row->place.size = 0;
    for (size_t i = 0; i < s->rows; i++)
        for (size_t j = 0; j < s->columns; j++)
            if (gsl_matrix_get(s->a->x, i, j) < -check_allowed(s->report, s->a, i, j)) {
                row->verdict = CHECK_NO;
                row->place.size = row->diagnosis.size = 0;
                row->off = gsl_matrix_get(s->a->x, i, j);
                buffer_printf(&row->place, "%zu,%zu", i + 1, j + 1);
                buffer_string(&row->diagnosis, "a negative entry");
                return ML_OK;
            }
    return ML_OK;
}

static ml_status is_row_stochastic(subject *s, const char *name)
{
    return decide_stochastic(s, name, false);
}

static ml_status is_column_stochastic(subject *s, const char *name)
{
    return decide_stochastic(s, name, true);
}

/* Every entry 0 or 1, every row and column with one 1. */
static ml_status is_permutation(subject *s, const char *name)
{
    double worst = 0;
    size_t k = 0, l = 0;
    for (size_t i = 0; i < s->rows; i++)
        for (size_t j = 0; j < s->columns; j++) {
            double x = gsl_matrix_get(s->a->x, i, j), off = fmin(fabs(x), fabs(x - 1));
            if (off > worst) {
                worst = off;
                k = i;
                l = j;
            }
        }
    if (worst > check_allowed(s->report, s->a, k, l)) {
        check_row *row = add(s, name, CHECK_NO);
        set(row, worst, check_allowed(s->report, s->a, k, l), "an entry that is neither 0 nor 1");
        buffer_printf(&row->place, "%zu,%zu", k + 1, l + 1);
        return ML_OK;
    }
    ml_status status = need_gram(s);
    if (status == ML_OK)
        zero(s, name, ball_difference(&s->report->balls, s->gram, ball_identity(&s->report->balls, s->rows)),
             "entries are 0 or 1; the greatest |A'A - I|");
    return status;
}

/* --- the table --- */

static const property properties[] = {
    {"square", ANY_SHAPE, is_square},
    {"symmetric", SQUARE_ONLY, is_symmetric},
    {"skew-symmetric", SQUARE_ONLY, is_skew},
    {"diagonal", ANY_SHAPE, is_diagonal},
    {"upper triangular", ANY_SHAPE, is_upper},
    {"lower triangular", ANY_SHAPE, is_lower},
    {"tridiagonal", SQUARE_ONLY, is_tridiagonal},
    {"identity", SQUARE_ONLY, is_identity},
    {"zero", ANY_SHAPE, is_zero},
    {"orthogonal", SQUARE_ONLY, is_orthogonal},
    {"orthonormal columns", NOT_SQUARE, has_orthonormal_columns},
    {"orthonormal rows", NOT_SQUARE, has_orthonormal_rows},
    {"positive definite", SQUARE_ONLY, is_positive_definite},
    {"positive semidefinite", SQUARE_ONLY, is_positive_semidefinite},
    {"negative definite", SQUARE_ONLY, is_negative_definite},
    {"negative semidefinite", SQUARE_ONLY, is_negative_semidefinite},
    {"indefinite", SQUARE_ONLY, is_indefinite},
    {"invertible", SQUARE_ONLY, is_invertible},
    {"full rank", ANY_SHAPE, has_full_rank},
    {"normal", SQUARE_ONLY, is_normal},
    {"idempotent", SQUARE_ONLY, is_idempotent},
    {"involutory", SQUARE_ONLY, is_involutory},
    {"nilpotent", SQUARE_ONLY, is_nilpotent},
    {"diagonally dominant", SQUARE_ONLY, is_dominant},
    {"nonnegative", ANY_SHAPE, is_nonnegative},
    {"row stochastic", ANY_SHAPE, is_row_stochastic},
    {"column stochastic", ANY_SHAPE, is_column_stochastic},
    {"permutation", SQUARE_ONLY, is_permutation},
};

enum { PROPERTIES = sizeof properties / sizeof properties[0] };

/* Other words for them, as calls in a claim. */
static const struct {
    const char *word, *name;
} synonyms[] = {
    {"skew", "skew-symmetric"},       {"antisymmetric", "skew-symmetric"},
    {"upper", "upper triangular"},    {"lower", "lower triangular"},
    {"psd", "positive semidefinite"}, {"pd", "positive definite"},
    {"posdef", "positive definite"},  {"projection", "idempotent"},
    {"stochastic", "row stochastic"}, {"orthonormal", "orthonormal columns"},
};

static bool same_word(const char *a, const char *b)
{
    for (; *a != '\0' && *b != '\0'; a++, b++) {
        bool gap_a = strchr(" _-", *a) != NULL, gap_b = strchr(" _-", *b) != NULL;
        if (gap_a != gap_b || (!gap_a && *a != *b))
            return false;
    }
    return *a == *b;
}

static const property *find_property(const char *name)
{
    for (size_t i = 0; i < sizeof synonyms / sizeof synonyms[0]; i++)
        if (same_word(name, synonyms[i].word))
            name = synonyms[i].name;
    for (size_t i = 0; i < PROPERTIES; i++)
        if (same_word(name, properties[i].name))
            return &properties[i];
    return NULL;
}

bool check_is_property(const char *name)
{
    return find_property(name) != NULL;
}

const char *check_nearest_property(const char *name)
{
    const char *names[PROPERTIES];
    for (size_t i = 0; i < PROPERTIES; i++)
        names[i] = properties[i].name;
    return nearest_name(name, names, PROPERTIES);
}

static void begin(subject *s, check_report *report, const ball *a, const char *label, ml_message *why)
{
    *s = (subject){
        .report = report, .a = a, .label = label, .rows = a->x->size1, .columns = a->x->size2, .why = why};
    double sum = 0;
    for (size_t i = 0; i < s->rows; i++)
        for (size_t j = 0; j < s->columns; j++)
            sum += ball_radius(a, i, j) * ball_radius(a, i, j);
    s->error = report->tolerance >= 0 || report->exact ? 0 : sqrt(sum);
    s->symmetric = s->rows == s->columns;
    for (size_t i = 0; s->symmetric && i < s->rows; i++)
        for (size_t j = 0; s->symmetric && j < i; j++) {
            double off = fabs(gsl_matrix_get(a->x, i, j) - gsl_matrix_get(a->x, j, i));
            s->symmetric = off <= check_allowed(report, a, i, j) + check_allowed(report, a, j, i);
        }
}

static void end(subject *s)
{
    gsl_vector_free(s->singular);
    gsl_vector_free(s->eigen);
}

ml_status check_properties(check_report *report, const ball *a, ml_message *why)
{
    subject s;
    begin(&s, report, a, NULL, why);
    ml_status status = ML_OK;
    bool square = s.rows == s.columns;
    for (size_t i = 0; status == ML_OK && i < PROPERTIES; i++)
        if (properties[i].needs == ANY_SHAPE || (properties[i].needs == SQUARE_ONLY) == square)
            status = properties[i].decide(&s, properties[i].name);
    end(&s);
    return status;
}

ml_status check_property(check_report *report, const char *name, const char *label, const ball *a,
                         ml_message *why)
{
    const property *p = find_property(name);
    if (p == NULL)
        return ml_fail(why, "there is no property '%.60s'", name);
    if (p->needs == SQUARE_ONLY && a->x->size1 != a->x->size2) {
        check_row *row = check_add(report, CHECK_NO, "%s", label);
        buffer_printf(&row->diagnosis, "%zu x %zu is not square", a->x->size1, a->x->size2);
        return ML_OK;
    }
    subject s;
    begin(&s, report, a, label, why);
    ml_status status = p->decide(&s, p->name);
    end(&s);
    return status;
}
