/* matrix_eigen.c: eigenvalues and what follows from them, exactly: math/exact_eigen finds the eigenvalues as
 * roots of the factors of the characteristic polynomial and the vectors in their fields; here they become
 * entries of matrices.
 *
 * An entry is a surd where the factor has degree 1 or 2 and the root that a length brings in is one of a
 * surd; else it is a closed form or decimals as a text, and the whole matrix is one of texts. */
#include "math/matrix_eigen.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "math/exact_eigen.h"
#include "math/exact_value.h"

enum { DEFAULT_PLACES = 20 };

/* --- a matrix being filled --- */

typedef struct filling {
    matrix_evaluation *v;
    surd_matrix m;
    char **texts;    /* of the entries that are no surds */
    double *re, *im; /* of those */
    bool closed, failed;
} filling;

static bool filling_begin(filling *f, matrix_evaluation *v, size_t rows, size_t columns)
{
    *f = (filling){.v = v, .closed = true};
    size_t count = rows * columns;
    bool made = surd_matrix_init(&f->m, rows, columns);
    f->texts = memory_zeros(count, sizeof *f->texts);
    f->re = memory_zeros(count, sizeof *f->re);
    f->im = memory_zeros(count, sizeof *f->im);
    return made && f->texts && f->re && f->im;
}

static size_t places_of(const filling *f)
{
    return f->v->scope->digits ? f->v->scope->digits : DEFAULT_PLACES;
}

static void fill_text(filling *f, size_t k, buffer *b, double re, double im)
{
    free(f->texts[k]);
    f->texts[k] = buffer_take(b);
    f->failed |= f->texts[k] == NULL;
    f->re[k] = re;
    f->im[k] = im;
    f->closed = false;
}

static double scaled_double(const fmpz_t x, slong bits)
{
    slong exponent;
    double mantissa = fmpz_get_d_2exp(&exponent, x);
    return ldexp(mantissa, (int)(exponent - bits));
}

static void double_of(const fmpq_poly_t e, exact_root *root, double *x, double *y)
{
    fmpz_t re, im, radius;
    fmpz_init(re);
    fmpz_init(im);
    fmpz_init(radius);
    exact_root_evaluate(re, im, radius, e, root, 200);
    *x = scaled_double(re, 200);
    *y = scaled_double(im, 200);
    fmpz_clear(re);
    fmpz_clear(im);
    fmpz_clear(radius);
}

/* Entry K = E(ROOT). */
static void fill_value(filling *f, size_t k, const fmpq_poly_t e, exact_root *root)
{
    double x, y;
    buffer b = {0};
    if (exact_value_surd(&f->m.at[k], e, root))
        return;
    double_of(e, root, &x, &y);
    exact_value_decimals(&b, e, root, places_of(f));
    fill_text(f, k, &b, x, y);
}

/* Entry K = SIGN sqrt(E(ROOT)), the root real and E >= 0 there. */
static void fill_root(filling *f, size_t k, int sign, const fmpq_poly_t e, exact_root *root)
{
    surd square;
    fmpq_t q;
    buffer b = {0};
    surd_init(&square);
    fmpq_init(q);
    bool known = exact_value_surd(&square, e, root);
    bool closed = known && (surd_is_rational(&square, q) ? surd_set_root(&f->m.at[k], q)
                                                         : surd_denest(&f->m.at[k], &square));
    if (closed && sign < 0)
        surd_neg(&f->m.at[k]);
    if (!closed && (!known || f->v->scope->digits > 0 || !exact_value_print_root(&b, sign, e, root)))
        exact_value_root_decimals(&b, sign, e, root, places_of(f));
    if (!closed)
        fill_text(f, k, &b, sign * exact_value_root_double(e, root), 0);
    fmpq_clear(q);
    surd_clear(&square);
}

/* The texts of all entries, beside those that are known. */
static matrix_value *filling_texts(filling *f)
{
    size_t count = f->m.rows * f->m.columns;
    matrix_value *a = matrix_new(f->v->s, f->m.rows, f->m.columns, true, false);
    surd part;
    surd_init(&part);
    for (size_t k = 0; a != NULL && k < count; k++) {
        if (f->texts[k] == NULL) {
            buffer b = {0};
            surd_part(&part, &f->m.at[k], true);
            f->im[k] = surd_real(&part);
            surd_part(&part, &f->m.at[k], false);
            f->re[k] = surd_real(&part);
            matrix_print_surd(&b, &f->m.at[k], f->v->scope->digits);
            f->texts[k] = buffer_take(&b);
        }
        matrix_set(a, k / a->columns, k % a->columns, CMPLX(f->re[k], f->im[k]));
        if (f->texts[k] == NULL)
            a = NULL;
    }
    surd_clear(&part);
    if (a != NULL) {
        a->texts = f->texts;
        f->texts = NULL;
    }
    return matrix_simplify(f->v->s, a);
}

static const matrix_value *filling_end(filling *f, bool good)
{
    const matrix_value *a = NULL;
    size_t count = f->m.rows * f->m.columns;
    if (good && !f->failed)
        a = f->closed ? matrix_take_surds(f->v->s, &f->m) : filling_texts(f);
    for (size_t k = 0; f->texts != NULL && k < count; k++)
        free(f->texts[k]);
    free(f->texts);
    free(f->re);
    free(f->im);
    surd_matrix_clear(&f->m);
    return a;
}

/* --- eigenvalues in order, their spaces --- */

/* One eigenvector, or an eigenvalue that has no more of them (column -1). */
typedef struct pair {
    size_t value;
    slong column;
} pair;

typedef struct spectrum {
    exact_spectrum s;
    exact_matrix *bases; /* of each factor */
    size_t *order;       /* of s.values: by real, then imaginary part, descending */
} spectrum;

static exact_root *root_at(const spectrum *x, size_t value)
{
    return &x->s.values[value].root;
}

static const exact_factor *factor_at(const spectrum *x, size_t value)
{
    return &x->s.factors[x->s.values[value].factor];
}

static const exact_matrix *basis_at(const spectrum *x, size_t value)
{
    return &x->bases[x->s.values[value].factor];
}

static bool sort_values(spectrum *x)
{
    x->order = memory_array(x->s.count, sizeof *x->order);
    double *re = memory_array(x->s.count, sizeof *re), *im = memory_array(x->s.count, sizeof *im);
    bool made = x->order && re && im;
    for (size_t i = 0; made && i < x->s.count; i++)
        double_of(factor_at(x, i)->field.x, root_at(x, i), &re[i], &im[i]);
    for (size_t i = 0; made && i < x->s.count; i++) {
        size_t at = i;
        for (; at > 0; at--) {
            size_t before = x->order[at - 1];
            if (re[before] > re[i] || (re[before] == re[i] && im[before] >= im[i]))
                break;
            x->order[at] = before;
        }
        x->order[at] = i;
    }
    free(re);
    free(im);
    return made;
}

/* ORTHOGONAL: the vectors of each value too; A is symmetric then. */
static ml_status spectrum_find(spectrum *x, const fmpq_mat_t a, bool vectors, bool orthogonal,
                               ml_message *why)
{
    *x = (spectrum){0};
    ml_status status = exact_spectrum_find(&x->s, a, why);
    if (status == ML_OK && vectors) {
        x->bases = memory_zeros(x->s.factor_count, sizeof *x->bases);
        if (x->bases == NULL)
            return ml_fail_memory(why, "eigenvectors", x->s.factor_count * sizeof *x->bases);
        for (size_t i = 0; i < x->s.factor_count; i++) {
            exact_field_eigenvectors(&x->s.factors[i].field, &x->bases[i], a);
            if (orthogonal)
                exact_field_orthogonalize(&x->s.factors[i].field, &x->bases[i], NULL);
        }
    }
    if (status == ML_OK && !sort_values(x))
        status = ml_fail_memory(why, "eigenvalues", x->s.count * sizeof *x->order);
    return status;
}

static void spectrum_free(spectrum *x)
{
    for (size_t i = 0; x->bases != NULL && i < x->s.factor_count; i++)
        exact_matrix_clear(&x->bases[i]);
    free(x->bases);
    free(x->order);
    exact_spectrum_clear(&x->s);
}

/* The values in order, each as often as its multiplicity: N of them. */
static const matrix_value *value_column(matrix_evaluation *v, const spectrum *x, size_t n)
{
    filling f;
    bool good = filling_begin(&f, v, n, 1);
    for (size_t i = 0, k = 0; good && i < x->s.count; i++)
        for (size_t m = exact_spectrum_multiplicity(&x->s, x->order[i]); m > 0; m--)
            fill_value(&f, k++, factor_at(x, x->order[i])->field.x, root_at(x, x->order[i]));
    return filling_end(&f, good);
}

/* The vectors in the order of the values: N x as many as there are. */
static const matrix_value *vector_columns(matrix_evaluation *v, const spectrum *x, size_t n)
{
    size_t count = 0, j = 0;
    for (size_t i = 0; i < x->s.count; i++)
        count += (size_t)basis_at(x, i)->columns;
    filling f;
    bool good = filling_begin(&f, v, n, count);
    for (size_t i = 0; good && i < x->s.count; i++)
        for (slong c = 0; c < basis_at(x, x->order[i])->columns; c++, j++)
            for (size_t r = 0; r < n; r++)
                fill_value(&f, r * count + j, exact_matrix_entry(basis_at(x, x->order[i]), (slong)r, c),
                           root_at(x, x->order[i]));
    return filling_end(&f, good);
}

/* A table of texts under HEADS (static). */
static matrix_value *table_of(matrix_evaluation *v, size_t rows, size_t columns, const char *const *heads)
{
    matrix_value *a = matrix_new(v->s, rows, columns, false, false);
    if (a == NULL || (a->texts = memory_zeros(rows * columns, sizeof *a->texts)) == NULL)
        return NULL;
    a->heads = heads;
    return a;
}

static bool put_text(matrix_value *a, size_t i, size_t j, buffer *b)
{
    return (a->texts[i * a->columns + j] = buffer_take(b)) != NULL;
}

static void print_eigenvalue(matrix_evaluation *v, spectrum *x, size_t i, buffer *b)
{
    size_t digits = v->scope->digits;
    if (digits > 0 || !exact_eigenvalue_print(b, &x->s, i))
        exact_eigenvalue_decimals(b, &x->s, i, digits ? digits : DEFAULT_PLACES);
}

/* value, algebraic and geometric multiplicity */
static const matrix_value *multiplicities(matrix_evaluation *v, spectrum *x)
{
    static const char *const heads[] = {"value", "algebraic", "geometric"};
    matrix_value *a = table_of(v, x->s.count, 3, heads);
    for (size_t i = 0; a != NULL && i < x->s.count; i++) {
        buffer b = {0}, algebraic = {0}, geometric = {0};
        print_eigenvalue(v, x, x->order[i], &b);
        buffer_printf(&algebraic, "%zu", exact_spectrum_multiplicity(&x->s, x->order[i]));
        buffer_printf(&geometric, "%ld", (long)basis_at(x, x->order[i])->columns);
        bool good = put_text(a, i, 0, &b);
        good = put_text(a, i, 1, &algebraic) && good;
        if (!(put_text(a, i, 2, &geometric) && good))
            return NULL;
    }
    return a;
}

static bool all_simple(const spectrum *x)
{
    for (size_t i = 0; i < x->s.factor_count; i++)
        if (x->s.factors[i].multiplicity > 1)
            return false;
    return true;
}

static void say_open(matrix_evaluation *v, const spectrum *x)
{
    for (size_t i = 0; i < x->s.factor_count; i++) {
        slong degree = fmpz_poly_degree(x->s.factors[i].p);
        if (degree <= 2)
            continue;
        buffer b = {0};
        exact_print_integer_polynomial(&b, x->s.factors[i].p);
        char *text = buffer_take(&b);
        matrix_say(
            v,
            "the roots of %.300s as decimals: closed forms are looked for up to degree 2, and this has "
            "degree %ld",
            text ? text : "a factor", (long)degree);
        free(text);
    }
}

/* --- steps --- */

static const char *polynomial_text(steps *s, const exact_spectrum *x, bool factors)
{
    buffer b = {0};
    if (factors)
        exact_spectrum_print_factors(&b, x);
    else
        exact_spectrum_print_polynomial(&b, x);
    return steps_keep(s, &b);
}

static void principal_minors(fmpq_t out, const fmpq_mat_t a)
{
    fmpq_zero(out);
    for (slong i = 0; i < 3; i++)
        for (slong j = i + 1; j < 3; j++) {
            fmpq_addmul(out, fmpq_mat_entry(a, i, i), fmpq_mat_entry(a, j, j));
            fmpq_submul(out, fmpq_mat_entry(a, i, j), fmpq_mat_entry(a, j, i));
        }
}

/* Where the polynomial comes from, up to 3 x 3. */
static void write_coefficients(const rational_steps *w, const fmpq_mat_t a)
{
    slong n = fmpq_mat_nrows(a);
    fmpq_t x;
    fmpq_init(x);
    if (n == 2 || n == 3) {
        fmpq_mat_trace(x, a);
        steps_formula(w->s, "tr(%s) = %s", w->name, elimination_number(w->s, x, w->exact));
        if (n == 3) {
            principal_minors(x, a);
            steps_text(w->s, "Sum of the principal 2 x 2 minors: %s", elimination_number(w->s, x, w->exact));
        }
        fmpq_mat_det(x, a);
        steps_formula(w->s, "det(%s) = %s", w->name, elimination_number(w->s, x, w->exact));
        steps_text(w->s, n == 2 ? "The characteristic polynomial is x^2 - tr*x + det."
                                : "The characteristic polynomial is x^3 - tr*x^2 + (sum of minors)*x - det.");
    }
    fmpq_clear(x);
}

static void write_polynomial(matrix_evaluation *v, const rational_steps *w, const fmpq_mat_t a,
                             const exact_spectrum *x)
{
    rational_write(w, w->name, a, 0);
    write_coefficients(w, a);
    const char *p = polynomial_text(v->scope->steps, x, false),
               *q = polynomial_text(v->scope->steps, x, true);
    if (strcmp(p, q) == 0)
        steps_formula(w->s, "det(x*I - %s) = %s", w->name, p);
    else
        steps_formula(w->s, "det(x*I - %s) = %s = %s", w->name, p, q);
}

/* (1, 2): SIGN times column C of the basis that belongs to VALUE. */
static const char *vector_text(matrix_evaluation *v, const spectrum *x, size_t value, slong c, int sign)
{
    buffer b = {0};
    const exact_matrix *basis = basis_at(x, value);
    fmpq_poly_t e;
    fmpq_poly_init(e);
    for (slong i = 0; i < basis->rows; i++) {
        buffer_string(&b, i ? ", " : "(");
        fmpq_poly_scalar_mul_si(e, exact_matrix_entry(basis, i, c), sign);
        if (!exact_value_print(&b, e, root_at(x, value)))
            exact_value_decimals(&b, e, root_at(x, value), 6);
    }
    fmpq_poly_clear(e);
    buffer_char(&b, ')');
    return steps_keep(v->scope->steps, &b);
}

static const char *eigenvalue_text(matrix_evaluation *v, spectrum *x, size_t i)
{
    buffer b = {0};
    steps *s = v->scope->steps;
    print_eigenvalue(v, x, i, &b);
    const char *closed = steps_keep(s, &b);
    if (v->exact || !root_at(x, i)->real)
        return closed;
    const char *decimal = steps_number(s, exact_value_double(factor_at(x, i)->field.x, root_at(x, i)));
    return strcmp(closed, decimal) == 0 ? closed : steps_print(s, "%s = %s", closed, decimal);
}

/* A - 3*I, A + 2*I, A */
static const char *shifted_name(const rational_steps *w, const fmpq_t root)
{
    if (fmpq_is_zero(root))
        return w->name;
    fmpq_t size;
    fmpq_init(size);
    fmpq_abs(size, root);
    const char *times = fmpq_is_one(size) ? "" : elimination_number(w->s, size, w->exact);
    const char *name =
        steps_print(w->s, "%s %s %s%sI", w->name, fmpq_sgn(root) < 0 ? "+" : "-", times, *times ? "*" : "");
    fmpq_clear(size);
    return name;
}

/* For a rational eigenvalue the elimination that finds its vectors. */
static ml_status write_null_space(matrix_evaluation *v, const rational_steps *w, const fmpq_mat_t a,
                                  const spectrum *x, size_t value)
{
    const exact_factor *f = factor_at(x, value);
    if (f->field.degree != 1)
        return ML_OK;
    fmpq_mat_t shifted, reduced;
    fmpq_t root;
    size_t *pivots, rank;
    fmpq_init(root);
    fmpq_poly_get_coeff_fmpq(root, f->field.x, 0);
    fmpq_mat_init_set(shifted, a);
    fmpq_mat_init(reduced, fmpq_mat_nrows(a), fmpq_mat_ncols(a));
    for (slong i = 0; i < fmpq_mat_nrows(a); i++)
        fmpq_sub(fmpq_mat_entry(shifted, i, i), fmpq_mat_entry(shifted, i, i), root);
    rational_steps own = *w;
    own.name = shifted_name(w, root);
    ml_status status = rational_reduce(shifted, reduced, &pivots, &rank, &own, v->why);
    free(pivots);
    fmpq_clear(root);
    fmpq_mat_clear(shifted);
    fmpq_mat_clear(reduced);
    return status;
}

/* TURN, unless NULL: 1 or -1 for each vector, by which it is multiplied in what follows. */
static ml_status write_spectrum(matrix_evaluation *v, const char *name, const fmpq_mat_t a, spectrum *x,
                                bool vectors, const int *turn)
{
    if (v->scope->steps == NULL)
        return ML_OK;
    rational_steps w = matrix_writer(v, name);
    write_polynomial(v, &w, a, &x->s);
    ml_status status = ML_OK;
    size_t at = 0;
    for (size_t i = 0; status == ML_OK && i < x->s.count; i++) {
        size_t value = x->order[i], m = exact_spectrum_multiplicity(&x->s, value);
        steps_formula(w.s, "x%zu = %s", i + 1, eigenvalue_text(v, x, value));
        if (m > 1)
            steps_text(w.s, "Its algebraic multiplicity is %zu.", m);
        if (!vectors)
            continue;
        status = write_null_space(v, &w, a, x, value);
        for (slong c = 0; c < basis_at(x, value)->columns; c++, at++) {
            steps_formula(w.s, "v = %s", vector_text(v, x, value, c, 1));
            if (turn != NULL && turn[at] < 0)
                steps_text(w.s,
                           "The sign is changed, so that the first of the greatest entries is positive: %s",
                           vector_text(v, x, value, c, -1));
        }
        if (m > 1)
            steps_text(w.s, "Its geometric multiplicity is %ld.", (long)basis_at(x, value)->columns);
    }
    return status;
}

/* The same under the heading of E, whose argument A is. */
static ml_status write_eigenvalues(matrix_evaluation *v, const expression *e, const fmpq_mat_t a, spectrum *x,
                                   bool vectors, const int *turn)
{
    char name[MATRIX_NAME];
    matrix_begin_steps(v, e);
    return write_spectrum(v, matrix_steps_name(v, e->args[0], name), a, x, vectors, turn);
}

/* --- what is asked for --- */

ml_status matrix_exact_eigenvalues(matrix_evaluation *v, const expression *e, const matrix_value *a,
                                   matrix_results *out)
{
    spectrum x;
    bool alone = e->op == FUNCTION_EIGVALS;
    ml_status status = spectrum_find(&x, a->q, !alone, false, v->why);
    if (status == ML_OK)
        status = write_eigenvalues(v, e, a->q, &x, !alone, NULL);
    if (status == ML_OK)
        status = matrix_add_part(v, alone ? NULL : "values", value_column(v, &x, a->rows), out);
    if (status == ML_OK && !alone)
        status = matrix_add_part(v, "vectors", vector_columns(v, &x, a->rows), out);
    if (status == ML_OK && !alone && !all_simple(&x))
        status = matrix_add_part(v, "multiplicity", multiplicities(v, &x), out);
    if (status == ML_OK)
        say_open(v, &x);
    spectrum_free(&x);
    return status;
}

ml_status matrix_exact_diagonalize(matrix_evaluation *v, const expression *e, const matrix_value *a,
                                   matrix_results *out)
{
    spectrum x;
    const matrix_value *p = NULL, *values = NULL, *inverse;
    ml_status status = spectrum_find(&x, a->q, true, false, v->why);
    if (status == ML_OK)
        status = write_eigenvalues(v, e, a->q, &x, true, NULL);
    if (status == ML_OK &&
        ((p = vector_columns(v, &x, a->rows)) == NULL || (values = value_column(v, &x, a->rows)) == NULL))
        status = matrix_no_memory(v);
    spectrum_free(&x);
    if (status != ML_OK)
        return status;
    if (p->columns < a->rows)
        return matrix_not_diagonalizable(v, e);
    if (!matrix_is_exact(p))
        return expression_fail(
            v->why, e,
            "its eigenvalues are roots of polynomials of a degree above 2, of which no closed form is looked "
            "for: leave --exact out, or ask for eig");
    v->called = "P";
    status = matrix_invert(v, e, p, &inverse);
    v->called = NULL;
    if (status == ML_OK)
        status = matrix_add_part(v, "P", p, out);
    if (status == ML_OK)
        status = matrix_add_part(v, "D", matrix_diagonal(v->s, values), out);
    return status == ML_OK ? matrix_add_part(v, "inv_P", inverse, out) : status;
}

ml_status matrix_exact_characteristic(matrix_evaluation *v, const expression *e, const matrix_value *a)
{
    if (v->scope->steps == NULL)
        return ML_OK;
    exact_spectrum x;
    char name[MATRIX_NAME];
    rational_steps w = matrix_writer(v, matrix_steps_name(v, e->args[0], name));
    ml_status status = exact_spectrum_find(&x, a->q, v->why);
    if (status == ML_OK) {
        matrix_begin_steps(v, e);
        write_polynomial(v, &w, a->q, &x);
    }
    exact_spectrum_clear(&x);
    return status;
}

ml_status matrix_exact_factors(matrix_evaluation *v, const matrix_value *a, matrix_results *out)
{
    static const char *const heads[] = {"factor", "multiplicity"};
    exact_spectrum x;
    ml_status status = exact_spectrum_find(&x, a->q, v->why);
    matrix_value *table = status == ML_OK ? table_of(v, x.factor_count, 2, heads) : NULL;
    bool good = table != NULL;
    for (size_t i = 0; good && i < x.factor_count; i++) {
        buffer b = {0}, times = {0};
        exact_print_polynomial(&b, x.factors[i].field.modulus);
        buffer_printf(&times, "%zu", x.factors[i].multiplicity);
        good = put_text(table, i, 0, &b);
        good = put_text(table, i, 1, &times) && good;
    }
    exact_spectrum_clear(&x);
    return status == ML_OK ? matrix_add_part(v, "factors", good ? table : NULL, out) : status;
}

/* --- symmetric matrices, singular values --- */

/* Orthonormal eigenvectors of a symmetric matrix in the order of their eigenvalues. */
typedef struct axes {
    spectrum x;
    pair *pairs;
    fmpq_poly_struct *inverse; /* of each pair: 1/(w.w) in its field */
    int *turn;                 /* 1 or -1: the sign rule */
    size_t count;
} axes;

static void axes_free(axes *a)
{
    for (size_t k = 0; a->inverse != NULL && k < a->count; k++)
        fmpq_poly_clear(&a->inverse[k]);
    free(a->inverse);
    free(a->pairs);
    free(a->turn);
    spectrum_free(&a->x);
}

static double coordinate(const axes *a, size_t k, slong i)
{
    double x, y;
    double_of(exact_matrix_entry(basis_at(&a->x, a->pairs[k].value), i, a->pairs[k].column),
              root_at(&a->x, a->pairs[k].value), &x, &y);
    return x;
}

static int turn_of(const axes *a, size_t k)
{
    slong rows = basis_at(&a->x, a->pairs[k].value)->rows, i = 0;
    double most = 0;
    for (slong r = 0; r < rows; r++)
        most = fmax(most, fabs(coordinate(a, k, r)));
    while (i + 1 < rows && fabs(coordinate(a, k, i)) < (1 - 1e-6) * most)
        i++;
    return coordinate(a, k, i) < 0 ? -1 : 1;
}

static ml_status axes_find(axes *a, const fmpq_mat_t g, ml_message *why)
{
    size_t n = (size_t)fmpq_mat_nrows(g);
    *a = (axes){0};
    ml_status status = spectrum_find(&a->x, g, true, true, why);
    if (status != ML_OK)
        return status;
    a->pairs = memory_array(n, sizeof *a->pairs);
    a->inverse = memory_array(n, sizeof *a->inverse);
    a->turn = memory_array(n, sizeof *a->turn);
    if (a->pairs == NULL || a->inverse == NULL || a->turn == NULL)
        return ml_fail_memory(why, "eigenvectors", n * sizeof *a->pairs);
    for (size_t i = 0; i < a->x.s.count; i++) {
        size_t value = a->x.order[i];
        const exact_matrix *basis = basis_at(&a->x, value);
        const exact_field *field = &factor_at(&a->x, value)->field;
        for (slong c = 0; c < basis->columns && a->count < n; c++, a->count++) {
            a->pairs[a->count] = (pair){value, c};
            fmpq_poly_init(&a->inverse[a->count]);
            exact_field_inner(field, &a->inverse[a->count], basis, c, basis, c, NULL);
            exact_field_inv(field, &a->inverse[a->count], &a->inverse[a->count]);
            a->turn[a->count] = turn_of(a, a->count);
        }
    }
    return ML_OK;
}

/* Entry K of F = turn * E/|w| of axis C, times the root of FACTOR (NULL: 1). */
static void fill_over_length(filling *f, size_t k, const axes *a, size_t c, const fmpq_poly_t e,
                             const fmpq_poly_struct *factor)
{
    size_t value = a->pairs[c].value;
    const exact_field *field = &factor_at(&a->x, value)->field;
    exact_root *root = root_at(&a->x, value);
    fmpq_poly_t square;
    fmpq_poly_init(square);
    exact_field_mul(field, square, e, e);
    exact_field_mul(field, square, square, &a->inverse[c]);
    if (factor != NULL)
        exact_field_mul(field, square, square, factor);
    fill_root(f, k, a->turn[c] * exact_root_sign(e, root), square, root);
    fmpq_poly_clear(square);
}

static const matrix_value *unit_columns(matrix_evaluation *v, const axes *a, size_t n, size_t count)
{
    filling f;
    bool good = filling_begin(&f, v, n, count);
    for (size_t c = 0; good && c < count; c++)
        for (size_t i = 0; i < n; i++)
            fill_over_length(
                &f, i * count + c, a, c,
                exact_matrix_entry(basis_at(&a->x, a->pairs[c].value), (slong)i, a->pairs[c].column), NULL);
    return filling_end(&f, good);
}

/* A square matrix with the eigenvalues, or their ROOTS, on its diagonal. */
static const matrix_value *diagonal_of(matrix_evaluation *v, const axes *a, size_t count, bool roots)
{
    filling f;
    bool good = filling_begin(&f, v, count, count);
    for (size_t c = 0; good && c < count; c++) {
        size_t value = a->pairs[c].value, at = c * count + c;
        const exact_field *field = &factor_at(&a->x, value)->field;
        if (roots && !fmpq_poly_is_zero(field->x))
            fill_root(&f, at, 1, field->x, root_at(&a->x, value));
        else if (!roots)
            fill_value(&f, at, field->x, root_at(&a->x, value));
    }
    return filling_end(&f, good);
}

ml_status matrix_exact_spectral(matrix_evaluation *v, const expression *e, const matrix_value *a,
                                matrix_results *out)
{
    axes x;
    ml_status status = axes_find(&x, a->q, v->why);
    if (status == ML_OK)
        status = write_eigenvalues(v, e, a->q, &x.x, true, x.turn);
    const matrix_value *q = status == ML_OK ? unit_columns(v, &x, a->rows, a->rows) : NULL;
    if (status == ML_OK && q != NULL)
        steps_text(v->scope->steps, "The eigenvectors, divided by their lengths, are the columns of Q.");
    if (status == ML_OK)
        status = matrix_add_part(v, "Q", q, out);
    if (status == ML_OK)
        status = matrix_add_part(v, "D", diagonal_of(v, &x, a->rows, false), out);
    if (status == ML_OK)
        say_open(v, &x.x);
    axes_free(&x);
    return status;
}

/* The left vectors of singular values that are 0: an orthonormal basis of the null space of A'. */
static ml_status fill_left_null(filling *f, const fmpq_mat_t a, size_t first, size_t count, ml_message *why)
{
    rational_steps none = {0};
    fmpq_mat_t turned, reduced, kernel, u, norms, t;
    size_t *pivots, rank, independent;
    slong m = fmpq_mat_nrows(a), n = fmpq_mat_ncols(a);
    fmpq_mat_init(turned, n, m);
    fmpq_mat_init(reduced, n, m);
    fmpq_mat_transpose(turned, a);
    ml_status status = rational_reduce(turned, reduced, &pivots, &rank, &none, why);
    slong free_count = status == ML_OK ? m - (slong)rank : 0;
    fmpq_mat_init(kernel, m, free_count);
    fmpq_mat_init(u, m, free_count);
    fmpq_mat_init(norms, free_count, 1);
    fmpq_mat_init(t, free_count, free_count);
    if (status == ML_OK) {
        rational_kernel(reduced, pivots, rank, kernel);
        status = rational_gram_schmidt(kernel, u, norms, t, &independent, &none, why);
    }
    for (size_t c = first; status == ML_OK && c < count; c++)
        for (slong i = 0; i < m; i++) {
            surd *x = &f->m.at[(size_t)i * count + c];
            const fmpq *length = fmpq_mat_entry(norms, (slong)(c - first), 0);
            fmpq_t factor;
            fmpq_init(factor);
            fmpq_div(factor, fmpq_mat_entry(u, i, (slong)(c - first)), length);
            if (!surd_set_root(x, length))
                status = ml_fail(why, "a length has too many digits to be simplified: leave --exact out");
            surd_scale(x, factor);
            fmpq_clear(factor);
        }
    free(pivots);
    fmpq_mat_clear(turned);
    fmpq_mat_clear(reduced);
    fmpq_mat_clear(kernel);
    fmpq_mat_clear(u);
    fmpq_mat_clear(norms);
    fmpq_mat_clear(t);
    return status;
}

/* u = A w/(|w| s), s the root of the eigenvalue x: (A w)_i turned over the root of w.w x. */
static ml_status left_columns(matrix_evaluation *v, const axes *x, const fmpq_mat_t a, size_t count,
                              const matrix_value **out)
{
    filling f;
    size_t m = (size_t)fmpq_mat_nrows(a), c = 0;
    ml_status status = filling_begin(&f, v, m, count) ? ML_OK : matrix_no_memory(v);
    for (; status == ML_OK && c < count; c++) {
        size_t value = x->pairs[c].value;
        const exact_field *field = &factor_at(&x->x, value)->field;
        if (fmpq_poly_is_zero(field->x))
            break;
        exact_matrix image;
        fmpq_poly_t inverse;
        fmpq_poly_init(inverse);
        exact_field_inv(field, inverse, field->x);
        exact_field_multiply_rational(&image, a, basis_at(&x->x, value));
        for (size_t i = 0; i < m; i++)
            fill_over_length(&f, i * count + c, x, c,
                             exact_matrix_entry(&image, (slong)i, x->pairs[c].column), inverse);
        exact_matrix_clear(&image);
        fmpq_poly_clear(inverse);
    }
    if (status == ML_OK && c < count)
        status = fill_left_null(&f, a, c, count, v->why);
    *out = filling_end(&f, status == ML_OK);
    return status == ML_OK && *out == NULL ? matrix_no_memory(v) : status;
}

static void gram_of(fmpq_mat_t gram, const fmpq_mat_t a)
{
    fmpq_mat_t turned;
    fmpq_mat_init(turned, fmpq_mat_ncols(a), fmpq_mat_nrows(a));
    fmpq_mat_transpose(turned, a);
    fmpq_mat_mul(gram, turned, a);
    fmpq_mat_clear(turned);
}

/* A, A'A and its spectrum, and what becomes of that. */
static ml_status write_gram(matrix_evaluation *v, const expression *e, const matrix_value *a,
                            const fmpq_mat_t gram, axes *x)
{
    char name[MATRIX_NAME];
    if (v->scope->steps == NULL)
        return ML_OK;
    matrix_begin_steps(v, e);
    matrix_steps_name(v, e->args[0], name);
    matrix_write(v, name, a);
    ml_status status =
        write_spectrum(v, steps_print(v->scope->steps, "%s'*%s", name, name), gram, &x->x, true, x->turn);
    steps_text(v->scope->steps,
               "The singular values are the square roots of these eigenvalues; V holds the vectors "
               "divided by their lengths, and a column of U is A*v/s.");
    return status;
}

ml_status matrix_exact_singular(matrix_evaluation *v, const expression *e, const matrix_value *a,
                                matrix_results *out)
{
    axes x = {0};
    fmpq_mat_t gram;
    const matrix_value *left = NULL;
    size_t count = a->rows < a->columns ? a->rows : a->columns;
    fmpq_mat_init(gram, (slong)a->columns, (slong)a->columns);
    gram_of(gram, a->q);
    ml_status status = axes_find(&x, gram, v->why);
    if (status == ML_OK)
        status = write_gram(v, e, a, gram, &x);
    if (status == ML_OK)
        status = left_columns(v, &x, a->q, count, &left);
    if (status == ML_OK)
        status = matrix_add_part(v, "U", left, out);
    if (status == ML_OK)
        status = matrix_add_part(v, "S", diagonal_of(v, &x, count, true), out);
    if (status == ML_OK)
        status = matrix_add_part(v, "V", unit_columns(v, &x, a->columns, count), out);
    if (status == ML_OK)
        say_open(v, &x.x);
    fmpq_mat_clear(gram);
    axes_free(&x);
    return status;
}

ml_status matrix_exact_norm(matrix_evaluation *v, const matrix_value *a, const matrix_value **out)
{
    spectrum x = {0};
    fmpq_mat_t gram;
    filling f;
    fmpq_mat_init(gram, (slong)a->columns, (slong)a->columns);
    gram_of(gram, a->q);
    ml_status status = spectrum_find(&x, gram, false, false, v->why);
    bool good = status == ML_OK && filling_begin(&f, v, 1, 1);
    if (good) {
        const exact_field *field = &factor_at(&x, x.order[0])->field;
        if (!fmpq_poly_is_zero(field->x))
            fill_root(&f, 0, 1, field->x, root_at(&x, x.order[0]));
        *out = filling_end(&f, true);
    }
    spectrum_free(&x);
    fmpq_mat_clear(gram);
    return status != ML_OK ? status : good && *out ? ML_OK : matrix_no_memory(v);
}

ml_status matrix_exact_extremes(matrix_evaluation *v, const matrix_value *a, const matrix_value **out)
{
    bool wide = a->rows < a->columns;
    const matrix_value *tall = wide ? matrix_transpose(v->s, a) : a;
    spectrum x = {0};
    fmpq_mat_t gram;
    filling f;
    if (tall == NULL)
        return matrix_no_memory(v);
    fmpq_mat_init(gram, (slong)tall->columns, (slong)tall->columns);
    gram_of(gram, tall->q);
    ml_status status = spectrum_find(&x, gram, false, false, v->why);
    bool good = status == ML_OK && filling_begin(&f, v, 2, 1);
    for (size_t k = 0; good && k < 2; k++) {
        size_t value = x.order[k == 0 ? 0 : x.s.count - 1];
        fill_value(&f, k, factor_at(&x, value)->field.x, root_at(&x, value));
    }
    *out = good ? filling_end(&f, true) : NULL;
    spectrum_free(&x);
    fmpq_mat_clear(gram);
    return status != ML_OK ? status : *out ? ML_OK : matrix_no_memory(v);
}

/* --- doubles --- */

enum { MOST_POLISHED = 8, MOST_POLISHED_BITS = 256 };

ml_status matrix_polish_eigenvalues(matrix_evaluation *v, const matrix_value *a, matrix_value *values)
{
    spectrum x;
    if (a->q == NULL || a->rows > MOST_POLISHED || matrix_bits(a) > MOST_POLISHED_BITS)
        return ML_OK;
    ml_status status = spectrum_find(&x, a->q, false, false, v->why);
    for (size_t k = 0; status == ML_OK && k < values->rows; k++) {
        double complex nearest = INFINITY, old = matrix_at(values, k, 0);
        for (size_t i = 0; i < x.s.count; i++) {
            double re, im;
            double_of(factor_at(&x, i)->field.x, root_at(&x, i), &re, &im);
            if (cabs(CMPLX(re, im) - old) < cabs(nearest - old))
                nearest = CMPLX(re, im);
        }
        matrix_set(values, k, 0, nearest);
    }
    spectrum_free(&x);
    return status;
}
