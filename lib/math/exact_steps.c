#include "math/exact_steps.h"

#include <stdlib.h>
#include <string.h>

/* B's text kept by S; B is freed. */
static const char *kept(steps *s, buffer *b)
{
    if (b->failed)
        steps_fail(s);
    const char *text = steps_print(s, "%s", buffer_text(b));
    buffer_free(b);
    return text;
}

const char *exact_steps_number(steps *s, const exact_number *x, const exact_style *style)
{
    buffer b = {0};
    if (s != NULL)
        exact_number_write(&b, x, style);
    return kept(s, &b);
}

const char *exact_steps_rational(steps *s, const fmpq_t x, const exact_style *style)
{
    buffer b = {0};
    if (s != NULL)
        exact_rational_write(&b, x, style);
    return kept(s, &b);
}

void exact_steps_matrix(steps *s, const char *name, const fmpq_mat_t m, const exact_style *style)
{
    size_t rows = (size_t)fmpq_mat_nrows(m), columns = (size_t)fmpq_mat_ncols(m);
    const char **cells = s != NULL ? memory_array(rows * columns, sizeof *cells) : NULL;
    if (cells == NULL) {
        steps_fail(s);
        return;
    }
    for (size_t i = 0; i < rows * columns; i++)
        cells[i] =
            exact_steps_rational(s, fmpq_mat_entry(m, (slong)(i / columns), (slong)(i % columns)), style);
    steps_matrix(s, name, rows, columns, 0, cells);
    free(cells);
}

/* (x - 45)*(x - 5)^2: what is not rational rounded. */
static void write_roots(buffer *b, exact_spectrum *x, const exact_style *style)
{
    exact_number root;
    exact_number_init(&root);
    for (size_t i = 0; i < x->count; i++) {
        size_t times = exact_spectrum_multiplicity(x, i);
        exact_number_zero(&root);
        exact_number_add(&root, x->factors[x->values[i].factor].field.x, &x->values[i].root);
        buffer text = {0};
        exact_number_write(&text, &root, style);
        const char *size = buffer_text(&text);
        bool zero = strcmp(size, "0") == 0, minus = *size == '-';
        bool bare = x->count == 1 && times == 1;
        buffer_string(b, i > 0 ? "*" : "");
        buffer_string(b, zero ? "x" : bare ? "x " : "(x ");
        if (!zero) {
            buffer_string(b, minus ? "+ " : "- ");
            buffer_string(b, size + minus);
            buffer_string(b, bare ? "" : ")");
        }
        if (times > 1)
            buffer_printf(b, "^%zu", times);
        b->failed |= text.failed;
        buffer_free(&text);
    }
    exact_number_clear(&root);
}

void exact_steps_polynomial(steps *s, exact_spectrum *x, const exact_style *style)
{
    static const exact_style closed = {0};
    buffer whole = {0}, factors = {0};
    if (s == NULL)
        return;
    bool digits = style->significant > 0;
    exact_polynomial_write(&whole, x->polynomial, digits ? style : &closed);
    if (digits)
        write_roots(&factors, x, style);
    else
        exact_spectrum_print_factors(&factors, x);
    const char *left = kept(s, &whole), *right = kept(s, &factors);
    if (strcmp(left, right) == 0)
        steps_formula(s, "%s", left);
    else
        steps_formula(s, "%s = %s", left, right);
}

/* The element E at axis K. */
static void write_element(buffer *b, const exact_axes *x, size_t k, const fmpq_poly_t e, int sign,
                          const exact_style *style)
{
    exact_number value;
    exact_number_init(&value);
    exact_number_add(&value, e, exact_axes_root(x, k));
    value.sign = sign;
    exact_number_write(b, &value, style);
    exact_number_clear(&value);
}

/* What the closed forms of axis K's vector w have in common, as 2 is in (2*sqrt(5), 6): a person would
 * not carry it along.  1 where they are not closed. */
static void common_factor(fmpq_t common, const exact_axes *x, size_t k)
{
    surd entry;
    bool closed = true;
    surd_init(&entry);
    fmpq_zero(common);
    for (slong i = 0; closed && i < x->n; i++) {
        closed = exact_value_surd(&entry, exact_matrix_entry(exact_axes_basis(x, k), i, x->axes[k].column),
                                  exact_axes_root(x, k));
        surd_content(common, &entry);
    }
    if (!closed)
        fmpq_one(common);
    surd_clear(&entry);
}

/* The vector w of axis K without its COMMON factor, turned by the sign rule. */
static void write_vector(buffer *b, const exact_axes *x, size_t k, const fmpq_t common,
                         const exact_style *style)
{
    fmpq_poly_t e;
    fmpq_poly_init(e);
    buffer_char(b, '(');
    for (slong i = 0; i < x->n; i++) {
        buffer_string(b, i > 0 ? ", " : "");
        fmpq_poly_scalar_mul_si(e, exact_matrix_entry(exact_axes_basis(x, k), i, x->axes[k].column),
                                x->axes[k].turn);
        fmpq_poly_scalar_div_fmpq(e, e, common);
        write_element(b, x, k, e, 0, style);
    }
    buffer_char(b, ')');
    fmpq_poly_clear(e);
}

/* The length of that. */
static void write_length(buffer *b, const exact_axes *x, size_t k, const fmpq_t common,
                         const exact_style *style)
{
    fmpq_poly_t e;
    fmpq_t square;
    fmpq_poly_init(e);
    fmpq_init(square);
    fmpq_mul(square, common, common);
    fmpq_poly_scalar_div_fmpq(e, exact_axes_length(x, k), square);
    write_element(b, x, k, e, 1, style);
    fmpq_poly_clear(e);
    fmpq_clear(square);
}

static void write_unit(buffer *b, const exact_axes *x, size_t k, const exact_style *style)
{
    exact_number value;
    exact_number_init(&value);
    buffer_char(b, '(');
    for (size_t i = 0; i < (size_t)x->n; i++) {
        buffer_string(b, i > 0 ? ", " : "");
        exact_axes_coordinate(&value, x, k, i);
        exact_number_write(b, &value, style);
    }
    buffer_char(b, ')');
    exact_number_clear(&value);
}

void exact_steps_vectors(steps *s, const exact_axes *x, const char *name, size_t count,
                         const exact_style *style)
{
    fmpq_t common;
    fmpq_init(common);
    for (size_t k = 0; s != NULL && k < count; k++) {
        buffer value = {0}, vector = {0}, length = {0}, unit = {0};
        write_element(&value, x, k, exact_axes_field(x, k)->x, 0, style);
        common_factor(common, x, k);
        write_vector(&vector, x, k, common, style);
        write_length(&length, x, k, common, style);
        write_unit(&unit, x, k, style);
        const char *v = kept(s, &value), *w = kept(s, &vector), *l = kept(s, &length), *u = kept(s, &unit);
        size_t at = (size_t)x->axes[k].column,
               times = exact_spectrum_multiplicity(&x->spectrum, x->axes[k].value);
        if (times > 1 && at == 0)
            steps_text(
                s, "The eigenvalue has %zu independent vectors, made orthogonal by Gram and Schmidt:", times);
        steps_formula(s, "x = %s:  w = %s,  |w| = %s", v, w, l);
        steps_formula(s, "%s%zu = %s", name, k + 1, u);
    }
    fmpq_clear(common);
}
