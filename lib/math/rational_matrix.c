#include "math/rational_matrix.h"

#include <flint/fmpz_poly_factor.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "math/rational.h"

static fmpq *at(const fmpq_mat_t m, size_t i, size_t j)
{
    return fmpq_mat_entry(m, (slong)i, (slong)j);
}

static size_t rows_of(const fmpq_mat_t m)
{
    return (size_t)fmpq_mat_nrows(m);
}

static size_t columns_of(const fmpq_mat_t m)
{
    return (size_t)fmpq_mat_ncols(m);
}

static const char *text(const rational_steps *w, const fmpq_t x)
{
    return elimination_number(w->s, x, w->exact);
}

/* In brackets when it is negative, to stand behind an operator. */
static const char *factor(const rational_steps *w, const fmpq_t x)
{
    return fmpq_sgn(x) < 0 ? steps_print(w->s, "(%s)", text(w, x)) : text(w, x);
}

/* In brackets when it is negative or a fraction, to be divided or divide. */
static const char *operand(const rational_steps *w, const fmpq_t x)
{
    const char *t = text(w, x);
    return t[0] == '-' || strchr(t, '/') != NULL ? steps_print(w->s, "(%s)", t) : t;
}

/* A line FORM = VALUE, or only FORM where that is the value already. */
static void write_equal(const rational_steps *w, const char *left, const char *form, const char *value)
{
    if (strcmp(form, value) == 0)
        steps_formula(w->s, "%s = %s", left, value);
    else
        steps_formula(w->s, "%s = %s = %s", left, form, value);
}

void rational_write_root(const rational_steps *w, const char *left, const fmpq_t square)
{
    if (w->s == NULL)
        return;
    fmpq_t one;
    fmpq_init(one);
    fmpq_one(one);
    write_equal(w, left, steps_print(w->s, "sqrt(%s)", text(w, square)), rational_root_text(w, one, square));
    fmpq_clear(one);
}

void rational_write(const rational_steps *w, const char *name, const fmpq_mat_t m, size_t bar)
{
    size_t rows = rows_of(m), columns = columns_of(m);
    if (w->s == NULL || rows == 0 || columns == 0)
        return;
    const char **cells = memory_array(rows * columns, sizeof *cells);
    for (size_t k = 0; cells != NULL && k < rows * columns; k++)
        cells[k] = text(w, at(m, k / columns, k % columns));
    if (cells != NULL)
        steps_matrix(w->s, name, rows, columns, bar, cells);
    else
        steps_fail(w->s);
    free(cells);
}

/* (1, 2, 3) */
static const char *vector_text(const rational_steps *w, const fmpq_mat_t m, size_t j)
{
    if (w->s == NULL)
        return "";
    buffer b = {0};
    for (size_t i = 0; i < rows_of(m); i++)
        buffer_printf(&b, "%s%s", i ? ", " : "(", text(w, at(m, i, j)));
    buffer_char(&b, ')');
    return steps_keep(w->s, &b);
}

/* --- roots --- */

/* N = OUTSIDE^2 INSIDE; squares of primes below 10000 are found, and INSIDE being a square. */
static void take_squares(fmpz_t outside, fmpz_t inside, const fmpz_t n)
{
    fmpz_t square;
    fmpz_init(square);
    fmpz_one(outside);
    fmpz_set(inside, n);
    for (ulong p = 2; p < 10000 && fmpz_cmp_ui(inside, p * p) >= 0; p += p == 2 ? 1 : 2) {
        fmpz_set_ui(square, p * p);
        while (fmpz_divisible(inside, square)) {
            fmpz_divexact(inside, inside, square);
            fmpz_mul_ui(outside, outside, p);
        }
    }
    if (fmpz_is_square(inside)) {
        fmpz_sqrt(square, inside);
        fmpz_mul(outside, outside, square);
        fmpz_one(inside);
    }
    fmpz_clear(square);
}

/* C sqrt(N/D) = C/D sqrt(N D) = FACTOR sqrt(INSIDE) */
static void simplify_root(fmpq_t multiple, fmpz_t inside, const fmpq_t c, const fmpq_t d)
{
    fmpz_t product, outside;
    fmpz_init(product);
    fmpz_init(outside);
    fmpz_mul(product, fmpq_numref(d), fmpq_denref(d));
    take_squares(outside, inside, product);
    fmpq_mul_fmpz(multiple, c, outside);
    fmpq_div_fmpz(multiple, multiple, fmpq_denref(d));
    if (fmpz_is_zero(inside))
        fmpq_zero(multiple);
    fmpz_clear(product);
    fmpz_clear(outside);
}

void rational_root(buffer *out, const fmpq_t c, const fmpq_t d)
{
    fmpq_t multiple;
    fmpz_t inside;
    fmpq_init(multiple);
    fmpz_init(inside);
    simplify_root(multiple, inside, c, d);
    if (fmpq_is_zero(multiple) || fmpz_is_one(inside)) {
        rational_print(out, multiple);
    } else {
        char *root = fmpz_get_str(NULL, 10, inside);
        bool one = fmpz_is_pm1(fmpq_numref(multiple)) && fmpz_is_one(fmpq_denref(multiple));
        if (one && fmpq_sgn(multiple) < 0)
            buffer_char(out, '-');
        if (!one)
            rational_print(out, multiple);
        buffer_printf(out, "%ssqrt(%s)", one ? "" : "*", root);
        flint_free(root);
    }
    fmpq_clear(multiple);
    fmpz_clear(inside);
}

const char *rational_root_text(const rational_steps *w, const fmpq_t c, const fmpq_t d)
{
    if (w->s == NULL)
        return "";
    if (!w->exact)
        return steps_number(w->s, fmpq_get_d(c) * sqrt(fmpq_get_d(d)));
    buffer b = {0};
    rational_root(&b, c, d);
    return steps_keep(w->s, &b);
}

bool rational_is_square(fmpq_t out, const fmpq_t x)
{
    if (fmpq_sgn(x) < 0 || !fmpz_is_square(fmpq_numref(x)) || !fmpz_is_square(fmpq_denref(x)))
        return false;
    fmpz_sqrt(fmpq_numref(out), fmpq_numref(x));
    fmpz_sqrt(fmpq_denref(out), fmpq_denref(x));
    return true;
}

/* --- LU and determinant --- */

static size_t pivot_row(const fmpq_mat_t m, size_t from, size_t j, elimination_pivot rule)
{
    size_t found = rows_of(m);
    fmpq_t best, size;
    fmpq_init(best);
    fmpq_init(size);
    for (size_t i = from; i < rows_of(m); i++) {
        fmpq_abs(size, at(m, i, j));
        bool better = found == rows_of(m) || (rule == ELIMINATION_PARTIAL && fmpq_cmp(size, best) > 0) ||
                      (rule == ELIMINATION_ONE && fmpq_is_one(size) && !fmpq_is_one(best));
        if (!fmpq_is_zero(size) && better) {
            found = i;
            fmpq_set(best, size);
        }
    }
    fmpq_clear(best);
    fmpq_clear(size);
    return found;
}

static void swap_rows(const rational_steps *w, fmpq_mat_t m, fmpq_mat_t p, fmpq_mat_t l, size_t a, size_t b,
                      size_t done)
{
    fmpq_mat_swap_rows(m, NULL, (slong)a, (slong)b);
    fmpq_mat_swap_rows(p, NULL, (slong)a, (slong)b);
    for (size_t k = 0; k < done; k++)
        fmpq_swap(at(l, a, k), at(l, b, k));
    steps_formula(w->s, "swap R%zu, R%zu", a + 1, b + 1);
}

/* Row I gets minus MULTIPLE times row R. */
static void subtract_row(const rational_steps *w, fmpq_mat_t m, size_t i, size_t r, size_t j,
                         const fmpq_t multiple)
{
    for (size_t k = j; k < columns_of(m); k++)
        fmpq_submul(at(m, i, k), multiple, at(m, r, k));
    if (w->s == NULL)
        return;
    fmpq_t size;
    fmpq_init(size);
    fmpq_abs(size, multiple);
    const char *times = fmpq_is_one(size) ? "" : text(w, size);
    steps_formula(w->s, "R%zu <- R%zu %s %s%sR%zu", i + 1, i + 1, fmpq_sgn(multiple) < 0 ? "+" : "-", times,
                  *times ? "*" : "", r + 1);
    fmpq_clear(size);
}

/* M to row echelon form; the multipliers of pivot number r go to column r of L (m x m). */
static void eliminate(fmpq_mat_t m, fmpq_mat_t p, fmpq_mat_t l, elimination_pivot rule, size_t *exchanges,
                      const rational_steps *w)
{
    size_t rank = 0;
    fmpq_t multiple;
    fmpq_init(multiple);
    *exchanges = 0;
    for (size_t j = 0; j < columns_of(m) && rank < rows_of(m); j++) {
        size_t row = pivot_row(m, rank, j, rule);
        if (row == rows_of(m))
            continue;
        bool said = row != rank;
        if (said) {
            swap_rows(w, m, p, l, rank, row, rank);
            ++*exchanges;
        }
        for (size_t i = rank + 1; i < rows_of(m); i++) {
            if (fmpq_is_zero(at(m, i, j)))
                continue;
            fmpq_div(multiple, at(m, i, j), at(m, rank, j));
            fmpq_set(at(l, i, rank), multiple);
            subtract_row(w, m, i, rank, j, multiple);
            said = true;
        }
        if (said)
            rational_write(w, NULL, m, 0);
        rank++;
    }
    fmpq_clear(multiple);
}

ml_status rational_lu(const fmpq_mat_t a, elimination_pivot pivot, fmpq_mat_t p, fmpq_mat_t l, fmpq_mat_t u,
                      size_t *exchanges, const rational_steps *w, ml_message *why)
{
    (void)why;
    size_t m = rows_of(a), n = columns_of(a), k = m < n ? m : n;
    fmpq_mat_t work, multipliers;
    fmpq_mat_init_set(work, a);
    fmpq_mat_init(multipliers, (slong)m, (slong)m);
    fmpq_mat_one(p);
    rational_write(w, w->name, a, 0);
    eliminate(work, p, multipliers, pivot, exchanges, w);
    for (size_t i = 0; i < m; i++)
        for (size_t j = 0; j < k; j++)
            if (i == j)
                fmpq_one(at(l, i, j));
            else if (j < i)
                fmpq_set(at(l, i, j), at(multipliers, i, j));
    for (size_t i = 0; i < k; i++)
        for (size_t j = 0; j < n; j++)
            fmpq_set(at(u, i, j), at(work, i, j));
    fmpq_mat_clear(work);
    fmpq_mat_clear(multipliers);
    return ML_OK;
}

/* a*d - b*c of rows I, K and columns J, L */
static void minor_of(const fmpq_mat_t a, size_t i, size_t k, size_t j, size_t l, fmpq_t out)
{
    fmpq_mul(out, at(a, i, j), at(a, k, l));
    fmpq_submul(out, at(a, i, l), at(a, k, j));
}

static const char *minor_text(const rational_steps *w, const fmpq_mat_t a, size_t j, size_t l)
{
    return steps_print(w->s, "%s*%s - %s*%s", factor(w, at(a, 1, j)), factor(w, at(a, 2, l)),
                       factor(w, at(a, 1, l)), factor(w, at(a, 2, j)));
}

/* Along the first row, as written in books: a*(e*i - f*h) - b*(d*i - f*g) + c*(d*h - e*g) */
static void write_cofactors(const rational_steps *w, const fmpq_mat_t a, const fmpq_t d)
{
    static const size_t columns[3][2] = {{1, 2}, {0, 2}, {0, 1}};
    const char *spelled[3], *values[3];
    fmpq_t minor;
    fmpq_init(minor);
    for (size_t j = 0; j < 3; j++) {
        minor_of(a, 1, 2, columns[j][0], columns[j][1], minor);
        spelled[j] = steps_print(w->s, "%s*(%s)", factor(w, at(a, 0, j)),
                                 minor_text(w, a, columns[j][0], columns[j][1]));
        values[j] = steps_print(w->s, "%s*%s", factor(w, at(a, 0, j)), factor(w, minor));
    }
    steps_text(w->s, "Cofactors of the first row:");
    steps_formula(w->s, "det(%s) = %s - %s + %s", w->name, spelled[0], spelled[1], spelled[2]);
    steps_formula(w->s, "= %s - %s + %s", values[0], values[1], values[2]);
    steps_formula(w->s, "= %s", text(w, d));
    fmpq_clear(minor);
}

static void write_small_determinant(const rational_steps *w, const fmpq_mat_t a, const fmpq_t d)
{
    size_t n = rows_of(a);
    rational_write(w, w->name, a, 0);
    if (n == 1)
        steps_formula(w->s, "det(%s) = %s", w->name, text(w, d));
    else if (n == 2)
        steps_formula(w->s, "det(%s) = %s*%s - %s*%s = %s", w->name, factor(w, at(a, 0, 0)),
                      factor(w, at(a, 1, 1)), factor(w, at(a, 0, 1)), factor(w, at(a, 1, 0)), text(w, d));
    else
        write_cofactors(w, a, d);
}

static void write_pivots(const rational_steps *w, const fmpq_mat_t u, size_t exchanges, const fmpq_t d)
{
    buffer b = {0};
    bool minus = exchanges % 2 == 1;
    for (size_t i = 0; i < rows_of(u); i++)
        buffer_printf(&b, "%s%s", i ? "*" : "", factor(w, at(u, i, i)));
    steps_text(w->s, "The determinant is the product of the diagonal%s",
               exchanges == 0 ? "."
               : minus        ? ", its sign changed by each exchange of rows."
                              : "; the signs of the exchanges of rows cancel.");
    const char *product = steps_keep(w->s, &b);
    steps_formula(w->s, minus ? "det(%s) = -(%s) = %s" : "det(%s) = %s = %s", w->name, product, text(w, d));
}

ml_status rational_determinant(const fmpq_mat_t a, fmpq_t d, const rational_steps *w, ml_message *why)
{
    fmpq_mat_det(d, a);
    if (w->s == NULL)
        return ML_OK;
    if (rows_of(a) <= 3) {
        write_small_determinant(w, a, d);
        return ML_OK;
    }
    fmpq_mat_t p, l, u;
    size_t exchanges;
    slong n = fmpq_mat_nrows(a);
    fmpq_mat_init(p, n, n);
    fmpq_mat_init(l, n, n);
    fmpq_mat_init(u, n, n);
    ml_status status = rational_lu(a, ELIMINATION_FIRST, p, l, u, &exchanges, w, why);
    if (status == ML_OK)
        write_pivots(w, u, exchanges, d);
    fmpq_mat_clear(p);
    fmpq_mat_clear(l);
    fmpq_mat_clear(u);
    return status;
}

/* --- inverse, reduced form, kernel --- */

ml_status rational_inverse(const fmpq_mat_t a, fmpq_mat_t inverse, const rational_steps *w, ml_message *why)
{
    size_t n = rows_of(a), rank;
    if (w->s == NULL) {
        if (fmpq_mat_inv(inverse, a))
            return ML_OK;
        ml_fail(why, "the matrix is singular");
        return ML_NO;
    }
    fmpq_mat_t both, identity;
    size_t *pivots = memory_array(n, sizeof *pivots);
    if (pivots == NULL)
        return ml_fail_memory(why, "an inverse", n * sizeof *pivots);
    fmpq_mat_init(both, (slong)n, (slong)(2 * n));
    fmpq_mat_init(identity, (slong)n, (slong)n);
    fmpq_mat_one(identity);
    fmpq_mat_concat_horizontal(both, a, identity);
    elimination_params how = {.order = ELIMINATION_JORDAN, .unknowns = n, .exact = w->exact};
    how.name = steps_print(w->s, "[%s|I]", w->name);
    ml_status status = elimination_reduce(both, &how, pivots, &rank, w->s, why);
    if (status == ML_OK && rank < n) {
        steps_text(w->s, "Only %zu pivots in %zu columns: the matrix is singular.", rank, n);
        ml_fail(why, "the matrix is singular: its rank is %zu", rank);
        status = ML_NO;
    }
    for (size_t i = 0; status == ML_OK && i < n; i++)
        for (size_t j = 0; j < n; j++)
            fmpq_set(at(inverse, i, j), at(both, i, n + j));
    fmpq_mat_clear(both);
    fmpq_mat_clear(identity);
    free(pivots);
    return status;
}

ml_status rational_reduce(const fmpq_mat_t a, fmpq_mat_t reduced, size_t **pivots, size_t *rank,
                          const rational_steps *w, ml_message *why)
{
    *pivots = memory_array(columns_of(a), sizeof **pivots);
    if (*pivots == NULL)
        return ml_fail_memory(why, "a reduced form", columns_of(a) * sizeof **pivots);
    if (w->s != NULL) {
        elimination_params how = {.unknowns = columns_of(a), .exact = w->exact, .name = w->name};
        fmpq_mat_set(reduced, a);
        return elimination_reduce(reduced, &how, *pivots, rank, w->s, why);
    }
    *rank = (size_t)fmpq_mat_rref(reduced, a);
    for (size_t i = 0, j = 0; i < *rank; i++, j++) {
        while (fmpq_is_zero(at(reduced, i, j)))
            j++;
        (*pivots)[i] = j;
    }
    return ML_OK;
}

void rational_kernel(const fmpq_mat_t reduced, const size_t *pivots, size_t rank, fmpq_mat_t kernel)
{
    size_t f = 0, next = 0;
    for (size_t j = 0; j < columns_of(reduced); j++) {
        if (next < rank && pivots[next] == j) {
            next++;
            continue;
        }
        for (size_t k = 0; k < rank; k++)
            fmpq_neg(at(kernel, pivots[k], f), at(reduced, k, j));
        fmpq_one(at(kernel, j, f));
        f++;
    }
}

/* adj(A) = (-1)^(n-1) (A^(n-1) + c_(n-1) A^(n-2) + ... + c_1 I), x^n + c_(n-1) x^(n-1) + ... the
 * characteristic polynomial; by Horner's rule. */
void rational_adjugate(const fmpq_mat_t a, fmpq_mat_t adjugate)
{
    slong n = fmpq_mat_nrows(a);
    fmpq_poly_t p;
    fmpq_t c;
    fmpq_mat_t next;
    fmpq_poly_init(p);
    fmpq_init(c);
    fmpq_mat_init(next, n, n);
    fmpq_mat_charpoly(p, a);
    fmpq_mat_one(adjugate);
    for (slong k = n - 1; k > 0; k--) {
        fmpq_poly_get_coeff_fmpq(c, p, k);
        fmpq_mat_mul(next, adjugate, a);
        for (slong i = 0; i < n; i++)
            fmpq_add(fmpq_mat_entry(next, i, i), fmpq_mat_entry(next, i, i), c);
        fmpq_mat_swap(adjugate, next);
    }
    if (n % 2 == 0)
        fmpq_mat_neg(adjugate, adjugate);
    fmpq_poly_clear(p);
    fmpq_clear(c);
    fmpq_mat_clear(next);
}

/* --- LDL' and Cholesky --- */

/* OUT = a_ij - sum over k < j of l_ik l_jk d_k */
static void remainder_of(const fmpq_mat_t a, const fmpq_mat_t l, const fmpq_mat_t d, size_t i, size_t j,
                         fmpq_t out)
{
    fmpq_t term;
    fmpq_init(term);
    fmpq_set(out, at(a, i, j));
    for (size_t k = 0; k < j; k++) {
        fmpq_mul(term, at(l, i, k), at(l, j, k));
        fmpq_submul(out, term, at(d, k, 0));
    }
    fmpq_clear(term);
}

/* a32 - l31*l21*d1 ..., in letters (NUMBERS false) or in numbers; with ROOTS the entries are those of
 * Cholesky's factor, l_ij*sqrt(d_j). */
static const char *remainder_text(const rational_steps *w, const fmpq_mat_t a, const fmpq_mat_t l,
                                  const fmpq_mat_t d, size_t i, size_t j, bool numbers, bool roots)
{
    buffer b = {0};
    buffer_printf(&b, "%s", numbers ? text(w, at(a, i, j)) : steps_print(w->s, "a%zu%zu", i + 1, j + 1));
    for (size_t k = 0; k < j; k++) {
        const char *x = steps_print(w->s, "l%zu%zu", i + 1, k + 1),
                   *y = steps_print(w->s, "l%zu%zu", j + 1, k + 1);
        const char *z = steps_print(w->s, "d%zu", k + 1);
        if (numbers) {
            x = roots ? rational_root_text(w, at(l, i, k), at(d, k, 0)) : text(w, at(l, i, k));
            y = roots ? rational_root_text(w, at(l, j, k), at(d, k, 0)) : text(w, at(l, j, k));
            x = x[0] == '-' ? steps_print(w->s, "(%s)", x) : x;
            y = y[0] == '-' ? steps_print(w->s, "(%s)", y) : y;
            z = factor(w, at(d, k, 0));
        }
        if (i == j)
            buffer_printf(&b, numbers && strpbrk(x, "*/(") && x[0] != '(' ? " - (%s)^2" : " - %s^2", x);
        else
            buffer_printf(&b, " - %s*%s", x, y);
        if (!roots)
            buffer_printf(&b, "*%s", z);
    }
    return steps_keep(w->s, &b);
}

static void write_pivot(const rational_steps *w, const fmpq_mat_t a, const fmpq_mat_t l, const fmpq_mat_t d,
                        size_t j, bool roots)
{
    if (w->s == NULL)
        return;
    const char *letters = remainder_text(w, a, l, d, j, j, false, roots);
    const char *numbers = remainder_text(w, a, l, d, j, j, true, roots), *value = text(w, at(d, j, 0));
    if (!roots) {
        steps_formula(w->s, j ? "d%zu = %s = %s = %s" : "d%zu = %s = %s", j + 1, letters, numbers, value);
        return;
    }
    if (j > 0)
        letters = steps_print(w->s, "%s) = sqrt(%s", letters, numbers);
    rational_write_root(w, steps_print(w->s, "l%zu%zu = sqrt(%s)", j + 1, j + 1, letters), at(d, j, 0));
}

static void write_below(const rational_steps *w, const fmpq_mat_t a, const fmpq_mat_t l, const fmpq_mat_t d,
                        size_t i, size_t j, bool roots)
{
    if (w->s == NULL)
        return;
    const char *letters = remainder_text(w, a, l, d, i, j, false, roots);
    const char *numbers = remainder_text(w, a, l, d, i, j, true, roots);
    const char *value = roots ? rational_root_text(w, at(l, i, j), at(d, j, 0)) : text(w, at(l, i, j));
    if (roots)
        steps_formula(w->s, j ? "l%zu%zu = (%s)/l%zu%zu = %s" : "l%zu%zu = %s/l%zu%zu = %s", i + 1, j + 1,
                      letters, j + 1, j + 1, value);
    else
        steps_formula(w->s, j ? "l%zu%zu = (%s)/d%zu = (%s)/%s = %s" : "l%zu%zu = %s/d%zu = %s/%s = %s",
                      i + 1, j + 1, letters, j + 1, numbers, factor(w, at(d, j, 0)), value);
}

static ml_status factor_symmetric(const fmpq_mat_t a, fmpq_mat_t l, fmpq_mat_t d, size_t *minor, bool roots,
                                  const rational_steps *w)
{
    size_t n = rows_of(a);
    fmpq_t left;
    fmpq_init(left);
    ml_status status = ML_OK;
    fmpq_mat_one(l);
    rational_write(w, w->name, a, 0);
    for (size_t j = 0; status == ML_OK && j < n; j++) {
        remainder_of(a, l, d, j, j, at(d, j, 0));
        if (roots && fmpq_sgn(at(d, j, 0)) <= 0) {
            *minor = j + 1;
            status = ML_NO;
        }
        write_pivot(w, a, l, d, j, roots && status == ML_OK);
        for (size_t i = j + 1; status == ML_OK && i < n; i++) {
            remainder_of(a, l, d, i, j, left);
            if (!fmpq_is_zero(at(d, j, 0))) {
                fmpq_div(at(l, i, j), left, at(d, j, 0));
                write_below(w, a, l, d, i, j, roots);
            } else if (!fmpq_is_zero(left)) {
                *minor = j + 1;
                status = ML_NO;
            }
        }
    }
    fmpq_clear(left);
    return status;
}

ml_status rational_ldl(const fmpq_mat_t a, fmpq_mat_t l, fmpq_mat_t d, size_t *minor, const rational_steps *w,
                       ml_message *why)
{
    ml_status status = factor_symmetric(a, l, d, minor, false, w);
    if (status == ML_NO)
        ml_fail(why, "the leading %zu x %zu minor is 0, so there is no L*D*L' without exchanging rows",
                *minor, *minor);
    return status;
}

ml_status rational_cholesky(const fmpq_mat_t a, fmpq_mat_t l, fmpq_mat_t d, size_t *minor,
                            const rational_steps *w, ml_message *why)
{
    ml_status status = factor_symmetric(a, l, d, minor, true, w);
    if (status == ML_NO)
        ml_fail(why, "not positive definite: the leading %zu x %zu minor is not positive", *minor, *minor);
    return status;
}

/* --- Gram-Schmidt and what follows from it --- */

static void dot(const fmpq_mat_t a, size_t i, const fmpq_mat_t b, size_t j, fmpq_t out)
{
    fmpq_zero(out);
    for (size_t k = 0; k < rows_of(a); k++)
        fmpq_addmul(out, at(a, k, i), at(b, k, j));
}

/* u3 = a3 - 1/2*u1 - 2*u2 = (...) */
static void write_orthogonal(const rational_steps *w, const fmpq_mat_t a, const fmpq_mat_t u,
                             const fmpq_mat_t t, size_t j, size_t rank, const fmpq_mat_t norms)
{
    if (w->s == NULL)
        return;
    buffer letters = {0};
    fmpq_t size, product;
    fmpq_init(size);
    fmpq_init(product);
    for (size_t k = 0; k < rank; k++) {
        dot(a, j, u, k, product);
        const char *left = steps_print(w->s, "(a%zu.u%zu)/(u%zu.u%zu)", j + 1, k + 1, k + 1, k + 1);
        const char *form = steps_print(w->s, "%s/%s", operand(w, product), operand(w, at(norms, k, 0)));
        write_equal(w, left, form, text(w, at(t, k, j)));
        fmpq_abs(size, at(t, k, j));
        if (fmpq_is_zero(size))
            continue;
        const char *times = fmpq_is_one(size) ? "" : text(w, size);
        const char *sign = fmpq_sgn(at(t, k, j)) < 0 ? "+" : "-";
        buffer_printf(&letters, " %s %s%su%zu", sign, times, *times ? "*" : "", k + 1);
    }
    steps_formula(w->s, "u%zu = a%zu%s = %s", rank + 1, j + 1, steps_keep(w->s, &letters),
                  vector_text(w, u, rank));
    fmpq_clear(size);
    fmpq_clear(product);
}

static void cut_columns(fmpq_mat_t m, size_t count)
{
    fmpq_mat_t cut;
    fmpq_mat_init(cut, fmpq_mat_nrows(m), (slong)count);
    for (size_t i = 0; i < rows_of(m); i++)
        for (size_t j = 0; j < count; j++)
            fmpq_swap(at(cut, i, j), at(m, i, j));
    fmpq_mat_swap(m, cut);
    fmpq_mat_clear(cut);
}

ml_status rational_gram_schmidt(const fmpq_mat_t a, fmpq_mat_t u, fmpq_mat_t norms, fmpq_mat_t t,
                                size_t *rank, const rational_steps *w, ml_message *why)
{
    (void)why;
    size_t m = rows_of(a), r = 0;
    rational_write(w, w->name, a, 0);
    for (size_t j = 0; j < columns_of(a); j++) {
        for (size_t i = 0; r < columns_of(u) && i < m; i++)
            fmpq_set(at(u, i, r), at(a, i, j));
        for (size_t k = 0; k < r; k++) {
            dot(a, j, u, k, at(t, k, j));
            fmpq_div(at(t, k, j), at(t, k, j), at(norms, k, 0));
            for (size_t i = 0; i < m; i++)
                fmpq_submul(at(u, i, r), at(t, k, j), at(u, i, k));
        }
        write_orthogonal(w, a, u, t, j, r, norms);
        dot(u, r, u, r, at(norms, r, 0));
        if (fmpq_is_zero(at(norms, r, 0))) {
            steps_text(w->s, "Column %zu depends on those before it and gives no vector.", j + 1);
            continue;
        }
        fmpq_one(at(t, r, j));
        steps_formula(w->s, "u%zu.u%zu = %s", r + 1, r + 1, text(w, at(norms, r, 0)));
        r++;
    }
    cut_columns(u, r);
    *rank = r;
    return ML_OK;
}

ml_status rational_projection(const fmpq_mat_t a, fmpq_mat_t p, const rational_steps *w, ml_message *why)
{
    fmpq_mat_t u, norms, t, turned;
    size_t rank;
    slong n = fmpq_mat_ncols(a);
    fmpq_mat_init(u, fmpq_mat_nrows(a), n);
    fmpq_mat_init(norms, n, 1);
    fmpq_mat_init(t, n, n);
    ml_status status = rational_gram_schmidt(a, u, norms, t, &rank, w, why);
    fmpq_mat_init(turned, fmpq_mat_ncols(u), fmpq_mat_nrows(u));
    fmpq_mat_transpose(turned, u);
    for (size_t k = 0; k < rank; k++)
        for (size_t i = 0; i < rows_of(u); i++)
            fmpq_div(at(turned, k, i), at(turned, k, i), at(norms, k, 0));
    if (rank > 0)
        fmpq_mat_mul(p, u, turned);
    else
        fmpq_mat_zero(p);
    fmpq_mat_clear(u);
    fmpq_mat_clear(norms);
    fmpq_mat_clear(t);
    fmpq_mat_clear(turned);
    return status;
}

/* OUT = (F')(F F')^-1, F of full row rank */
static void right_inverse(const fmpq_mat_t f, fmpq_mat_t out)
{
    fmpq_mat_t turned, gram;
    fmpq_mat_init(turned, fmpq_mat_ncols(f), fmpq_mat_nrows(f));
    fmpq_mat_init(gram, fmpq_mat_nrows(f), fmpq_mat_nrows(f));
    fmpq_mat_transpose(turned, f);
    fmpq_mat_mul(gram, f, turned);
    fmpq_mat_inv(gram, gram);
    fmpq_mat_mul(out, turned, gram);
    fmpq_mat_clear(turned);
    fmpq_mat_clear(gram);
}

ml_status rational_pseudoinverse(const fmpq_mat_t a, fmpq_mat_t out, ml_message *why)
{
    rational_steps none = {0};
    slong m = fmpq_mat_nrows(a), n = fmpq_mat_ncols(a);
    size_t *pivots, rank;
    fmpq_mat_t reduced, f, c, left, right;
    fmpq_mat_init(reduced, m, n);
    ml_status status = rational_reduce(a, reduced, &pivots, &rank, &none, why);
    slong r = status == ML_OK ? (slong)rank : 0;
    fmpq_mat_init(f, r, n);
    fmpq_mat_init(c, r, m); /* C' */
    fmpq_mat_init(left, n, r);
    fmpq_mat_init(right, m, r); /* the transpose of C's left inverse */
    for (slong k = 0; k < r; k++) {
        for (slong j = 0; j < n; j++)
            fmpq_set(fmpq_mat_entry(f, k, j), fmpq_mat_entry(reduced, k, j));
        for (slong i = 0; i < m; i++)
            fmpq_set(fmpq_mat_entry(c, k, i), fmpq_mat_entry(a, i, (slong)pivots[k]));
    }
    fmpq_mat_zero(out);
    if (r > 0) {
        right_inverse(f, left);
        right_inverse(c, right);
        fmpq_mat_transpose(c, right);
        fmpq_mat_mul(out, left, c);
    }
    free(pivots);
    fmpq_mat_clear(reduced);
    fmpq_mat_clear(f);
    fmpq_mat_clear(c);
    fmpq_mat_clear(left);
    fmpq_mat_clear(right);
    return status;
}

/* --- exponential --- */

ml_status rational_exponential(const fmpq_mat_t a, fmpq_mat_t out, const rational_steps *w, ml_message *why)
{
    slong n = fmpq_mat_nrows(a), k = 1;
    fmpq_mat_t term, next;
    fmpz_t divisor;
    fmpz_init(divisor);
    fmpq_mat_init_set(term, a);
    fmpq_mat_init(next, n, n);
    fmpq_mat_one(out);
    for (; k <= n && !fmpq_mat_is_zero(term); k++) {
        fmpq_mat_add(out, out, term);
        fmpz_set_si(divisor, k + 1);
        fmpq_mat_mul(next, term, a);
        fmpq_mat_scalar_div_fmpz(term, next, divisor);
    }
    bool ends = fmpq_mat_is_zero(term);
    if (ends && w->s != NULL) {
        rational_write(w, w->name, a, 0);
        fmpq_mat_set(next, a);
        for (slong i = 2; i <= k; i++) {
            fmpq_mat_mul(term, next, a);
            fmpq_mat_swap(next, term);
            rational_write(w, steps_print(w->s, "%s^%ld", w->name, (long)i), next, 0);
        }
        steps_text(w->s, "A power is 0: the series I + A + A^2/2! + A^3/3! + ... ends before it.");
    }
    fmpz_clear(divisor);
    fmpq_mat_clear(term);
    fmpq_mat_clear(next);
    if (ends)
        return ML_OK;
    ml_fail(why, "the matrix is not nilpotent");
    return ML_NO;
}

/* --- diagonalizable? --- */

void rational_diagonalizable(const fmpq_mat_t a, bool *over_complex, bool *over_real)
{
    slong n = fmpq_mat_nrows(a);
    fmpq_poly_t p;
    fmpz_poly_t whole, derivative, common, reduced;
    fmpq_poly_init(p);
    fmpz_poly_init(whole);
    fmpz_poly_init(derivative);
    fmpz_poly_init(common);
    fmpz_poly_init(reduced);
    fmpq_mat_charpoly(p, a);
    fmpq_poly_get_numerator(whole, p);
    fmpz_poly_derivative(derivative, whole);
    fmpz_poly_gcd(common, whole, derivative);
    fmpz_poly_div(reduced, whole, common);
    fmpq_mat_t value, next;
    fmpq_t c;
    fmpq_init(c);
    fmpq_mat_init(value, n, n);
    fmpq_mat_init(next, n, n);
    for (slong k = fmpz_poly_degree(reduced); k >= 0; k--) {
        fmpq_mat_mul(next, value, a);
        fmpq_set_fmpz(c, fmpz_poly_get_coeff_ptr(reduced, k));
        for (slong i = 0; i < n; i++)
            fmpq_add(fmpq_mat_entry(next, i, i), fmpq_mat_entry(next, i, i), c);
        fmpq_mat_swap(value, next);
    }
    *over_complex = fmpq_mat_is_zero(value);
    *over_real = *over_complex && fmpz_poly_num_real_roots(reduced) == fmpz_poly_degree(reduced);
    fmpq_clear(c);
    fmpq_mat_clear(value);
    fmpq_mat_clear(next);
    fmpq_poly_clear(p);
    fmpz_poly_clear(whole);
    fmpz_poly_clear(derivative);
    fmpz_poly_clear(common);
    fmpz_poly_clear(reduced);
}
