#include "tool/diff.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "base/number.h"
#include "math/taylor.h"

/* --- Taylor --- */

/* (x-1)^2, x^2 about 0 */
static void print_power(buffer *b, const char *name, double at, unsigned power)
{
    char digits[NUMBER_PRINT_MAX];
    number_print(digits, fabs(at));
    if (at == 0)
        buffer_string(b, name);
    else
        buffer_printf(b, "(%s%c%s)", name, at > 0 ? '-' : '+', digits);
    if (power > 1)
        buffer_printf(b, "^%u", power);
}

/* The product of powers of term I; "1" for the constant one. */
static void print_product(const diff *j, const taylor *t, size_t i, const double *x, buffer *b)
{
    bool any = false;
    for (size_t v = 0; v < t->variables; v++) {
        unsigned power = t->exponents[i * t->variables + v];
        if (power == 0)
            continue;
        buffer_string(b, any ? "*" : "");
        print_power(b, j->names[j->by[v]], x[j->by[v]], power);
        any = true;
    }
    if (!any)
        buffer_char(b, '1');
}

static void print_polynomial(const diff *j, const taylor *t, const double *x, int digits, buffer *b)
{
    char text[NUMBER_PRINT_MAX];
    bool any = false;
    for (size_t i = 0; i < t->terms; i++) {
        double c = t->coefficients[i];
        bool constant = t->terms == 1 || i == 0;
        if (c == 0)
            continue;
        if (digits > 0)
            number_print_digits(text, fabs(c), digits);
        else
            number_print(text, fabs(c));
        buffer_string(b, c < 0 ? "-" : any ? "+" : "");
        if (constant || strcmp(text, "1") != 0)
            buffer_printf(b, "%s%s", text, constant ? "" : "*");
        if (!constant)
            print_product(j, t, i, x, b);
        any = true;
    }
    if (!any)
        buffer_char(b, '0');
}

static double factorials(const taylor *t, size_t i)
{
    double product = 1;
    for (size_t v = 0; v < t->variables; v++)
        for (unsigned k = 2; k <= t->exponents[i * t->variables + v]; k++)
            product *= k;
    return product;
}

static ml_status expand(const diff *j, size_t row, tape_run *run, taylor *t, ml_message *why)
{
    double value;
    ml_status status = diff_values(j, run, row, &value, why);
    if (status == ML_OK)
        status =
            taylor_expand(j->tape, gsl_matrix_const_ptr(j->x, row, 0), j->by, j->by_count, j->order, t, why);
    for (size_t i = 0; status == ML_OK && i < t->terms; i++)
        if (!isfinite(t->coefficients[i])) {
            taylor_free(t);
            return ml_fail(why, "%s%.0zu%sthe derivatives of order %u and above do not exist at this point",
                           j->from_table ? "row " : "", j->from_table ? row + 1 : 0,
                           j->from_table ? ": " : "", (unsigned)i);
        }
    return status;
}

typedef struct taylor_table {
    double *cells; /* row, powers, derivative, coefficient */
    const char **products;
    size_t width, count;
} taylor_table;

static ml_status add_terms(diff *j, taylor_table *to, size_t row, const taylor *t, ml_message *why)
{
    const double *x = gsl_matrix_const_ptr(j->x, row, 0);
    for (size_t i = 0; i < t->terms; i++) {
        double *cell = to->cells + to->count * to->width;
        buffer b = {0};
        cell[0] = (double)(row + 1);
        for (size_t v = 0; v < t->variables; v++)
            cell[1 + v] = t->exponents[i * t->variables + v];
        cell[1 + t->variables] = t->coefficients[i] * factorials(t, i);
        cell[2 + t->variables] = t->coefficients[i];
        print_product(j, t, i, x, &b);
        to->products[to->count] = b.failed ? NULL : diff_text(j, "#", buffer_text(&b));
        buffer_free(&b);
        if (to->products[to->count++] == NULL)
            return ml_fail_memory(why, "the terms", 1);
    }
    return ML_OK;
}

static ml_status write_terms(diff *j, writer *w, const taylor_table *t, ml_message *why)
{
    size_t n = j->by_count, at = 0;
    column *columns = memory_zeros(n + 4, sizeof *columns);
    if (columns == NULL)
        return ml_fail_memory(why, "columns", (n + 4) * sizeof *columns);
    if (j->from_table)
        columns[at++] = column_reals("row", t->cells, t->width);
    ml_status status = ML_OK;
    for (size_t v = 0; v < n; v++) {
        const char *head = diff_text(j, "power of #", j->names[j->by[v]]);
        if (head == NULL)
            status = ml_fail_memory(why, "names", 1);
        columns[at++] = column_reals(head, t->cells + 1 + v, t->width);
    }
    columns[at++] = column_reals("derivative", t->cells + 1 + n, t->width);
    columns[at++] = column_reals("coefficient", t->cells + 2 + n, t->width);
    columns[at++] = column_strings("times", t->products);
    if (status == ML_OK)
        writer_block(w, "taylor", columns, at, t->count);
    free(columns);
    return status;
}

static ml_status write_polynomials(diff *j, writer *w, const char *const *texts)
{
    column c = column_strings(j->from_table ? "polynomial" : NULL, texts);
    writer_block(w, "polynomial", &c, 1, j->rows);
    return ML_OK;
}

ml_status diff_write_taylor(diff *j, writer *w, bool polynomial, ml_message *why)
{
    ml_status status = diff_need_one(j, polynomial ? "polynomial" : "taylor", why);
    tape_run *run = tape_run_new(j->tape);
    taylor_table all = {.width = 3 + j->by_count};
    for (size_t row = 0; status == ML_OK && row < j->rows; row++) {
        taylor t = {0};
        status = run ? expand(j, row, run, &t, why)
                     : ml_fail_memory(why, "a tape", j->tape->count * sizeof(double));
        if (status == ML_OK && row == 0) {
            all.cells = memory_zeros(j->rows * t.terms, all.width * sizeof *all.cells);
            all.products = memory_zeros(j->rows * t.terms, sizeof *all.products);
            if (all.cells == NULL || all.products == NULL)
                status = ml_fail_memory(why, "the terms", j->rows * t.terms * all.width * sizeof *all.cells);
        }
        if (status == ML_OK && polynomial) {
            buffer b = {0};
            print_polynomial(j, &t, gsl_matrix_const_ptr(j->x, row, 0), j->precision, &b);
            all.products[row] = b.failed ? NULL : diff_text(j, "#", buffer_text(&b));
            status = all.products[row] ? ML_OK : ml_fail_memory(why, "the polynomial", b.size);
            buffer_free(&b);
        } else if (status == ML_OK) {
            status = add_terms(j, &all, row, &t, why);
        }
        taylor_free(&t);
    }
    if (status == ML_OK)
        status = polynomial ? write_polynomials(j, w, all.products) : write_terms(j, w, &all, why);
    tape_run_free(run);
    free(all.cells);
    free(all.products);
    return status;
}
