#include "math/matrix_evaluate.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "math/matrix_internal.h"
#include "math/rational.h"
#include "math/real_function.h"

enum { MOST_SERIES = 1000000, MOST_POWER = 1000000000, MOST_SURD_POWER = 1000, MOST_BITS = 1 << 26 };

static ml_status evaluate(matrix_evaluation *v, const expression *e, const matrix_value **out);

/* --- results, notes --- */

ml_status matrix_no_memory(matrix_evaluation *v)
{
    if (v->s->overgrown)
        return ml_fail(v->why,
                       "an exact result is a sum of more than %d different roots an entry: leave --exact out",
                       SURD_MATRIX_TERMS);
    v->s->starved = true;
    return ml_fail_memory(v->why, "a matrix", v->s->wanted ? v->s->wanted : sizeof(matrix_value));
}

ml_status matrix_add_part(matrix_evaluation *v, const char *name, const matrix_value *value,
                          matrix_results *out)
{
    if (value == NULL)
        return matrix_no_memory(v);
    out->parts[out->count].name = name;
    out->parts[out->count++].value = value;
    return ML_OK;
}

ml_status matrix_result(matrix_evaluation *v, const matrix_value *value, matrix_results *out)
{
    return matrix_add_part(v, NULL, value, out);
}

static ml_status made(matrix_evaluation *v, const matrix_value *value, const matrix_value **out)
{
    *out = value;
    return value != NULL ? ML_OK : matrix_no_memory(v);
}

void matrix_say(matrix_evaluation *v, const char *format, ...)
{
    if (v->scope->note == NULL)
        return;
    char text[512];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    v->scope->note(v->scope->context, text);
}

/* --- errors --- */

bool matrix_name(const expression *e, char out[MATRIX_NAME])
{
    buffer b = {0};
    expression_print(&b, e);
    bool literal = e->kind == EXPRESSION_MATRIX || e->kind == EXPRESSION_NUMBER, fits = b.size <= 30;
    char *text = buffer_take(&b);
    snprintf(out, MATRIX_NAME, "%s", text == NULL || literal || !fits ? "the matrix" : text);
    free(text);
    return text != NULL;
}

const char *matrix_steps_name(matrix_evaluation *v, const expression *e, char out[MATRIX_NAME])
{
    if (v->called != NULL) {
        snprintf(out, MATRIX_NAME, "%s", v->called);
        return out;
    }
    if (!matrix_name(e, out))
        steps_fail(v->scope->steps);
    if (strcmp(out, "the matrix") == 0 || strpbrk(out, " +-*/^'()[,") != NULL)
        snprintf(out, MATRIX_NAME, "A");
    return out;
}

ml_status matrix_need_square(matrix_evaluation *v, const expression *e, const matrix_value *a)
{
    if (matrix_is_square(a))
        return ML_OK;
    char name[MATRIX_NAME];
    matrix_name(e->args[0], name);
    const char *what = e->kind == EXPRESSION_CALL ? expression_function_of(e->op)->name : "a power";
    return expression_fail(v->why, e->args[0], "%s needs a square matrix, and %s is %zu x %zu", what, name,
                           a->rows, a->columns);
}

ml_status matrix_need_symmetric(matrix_evaluation *v, const expression *e, const matrix_value *a)
{
    size_t i, j;
    char name[MATRIX_NAME];
    ml_status status = matrix_need_square(v, e, a);
    if (status != ML_OK || matrix_is_hermitian(a, &i, &j))
        return status;
    matrix_name(e->args[0], name);
    return expression_fail(
        v->why, e->args[0],
        "%s needs a %s matrix, and in %s entries %zu,%zu and %zu,%zu do not mirror each other",
        expression_function_of(e->op)->name, a->im ? "Hermitian" : "symmetric", name, i + 1, j + 1, j + 1,
        i + 1);
}

ml_status matrix_need_real(matrix_evaluation *v, const expression *e, const matrix_value *a)
{
    if (a->im == NULL)
        return ML_OK;
    char name[MATRIX_NAME];
    matrix_name(e->args[0], name);
    return expression_fail(v->why, e->args[0], "%s takes real numbers, and %s is complex",
                           expression_function_of(e->op)->name, name);
}

ml_status matrix_fail_shapes(matrix_evaluation *v, const expression *e, const matrix_value *a,
                             const matrix_value *b, const char *needs)
{
    char left[MATRIX_NAME], right[MATRIX_NAME];
    matrix_name(e->args[0], left);
    matrix_name(e->args[1], right);
    if (strcmp(left, "the matrix") == 0)
        snprintf(left, sizeof left, "the left side");
    if (strcmp(right, "the matrix") == 0)
        snprintf(right, sizeof right, "the right side");
    return expression_fail(v->why, e, "%s is %zu x %zu and %s is %zu x %zu; %s", left, a->rows, a->columns,
                           right, b->rows, b->columns, needs);
}

static ml_status fail_not_exact(matrix_evaluation *v, const expression *e, const matrix_value *a)
{
    char name[MATRIX_NAME];
    matrix_name(e, name);
    if (a->texts != NULL && matrix_is_scalar(a))
        return expression_fail(v->why, e, "%s is %.60s: --exact prints it, but calculates no further with it",
                               name, a->texts[0]);
    return expression_fail(v->why, e, "%s is no sum of roots: --exact does not calculate with it", name);
}

ml_status matrix_need_rational(matrix_evaluation *v, const expression *e, const expression *argument,
                               const matrix_value *a)
{
    if (!v->exact || a->q != NULL)
        return ML_OK;
    char name[MATRIX_NAME];
    matrix_name(argument, name);
    return expression_fail(v->why, argument, "with --exact %s takes rational numbers, and %s %s",
                           expression_function_of(e->op)->name, name,
                           a->im != NULL ? "is complex" : "has roots in it");
}

/* --- steps --- */

rational_steps matrix_writer(matrix_evaluation *v, const char *name)
{
    return (rational_steps){.s = v->scope->steps, .exact = v->exact, .name = name};
}

void matrix_begin_steps(matrix_evaluation *v, const expression *e)
{
    if (v->scope->steps == NULL)
        return;
    if (v->called != NULL) {
        steps_text(v->scope->steps, "The inverse of %s:", v->called);
        return;
    }
    buffer b = {0};
    expression_print(&b, e);
    steps_heading(v->scope->steps, "%s", steps_keep(v->scope->steps, &b));
}

void matrix_print_surd(buffer *out, const surd *x, size_t digits)
{
    if (digits == 0) {
        surd_print(out, x);
        return;
    }
    surd part;
    surd_init(&part);
    surd_part(&part, x, false);
    bool both = !surd_is_zero(&part);
    if (both || surd_is_real(x))
        surd_decimals(out, &part, digits);
    surd_part(&part, x, true);
    if (both && !surd_is_zero(&part)) {
        bool minus = surd_sign(&part) < 0;
        buffer_string(out, minus ? " - " : " + ");
        if (minus)
            surd_neg(&part);
    }
    if (!surd_is_zero(&part)) {
        surd_decimals(out, &part, digits);
        buffer_string(out, "*i");
    }
    surd_clear(&part);
}

static const char *double_text(steps *s, double complex x)
{
    if (cimag(x) == 0)
        return steps_number(s, creal(x));
    return steps_print(s, "%s%s%si", creal(x) != 0 ? steps_number(s, creal(x)) : "",
                       creal(x) != 0 && !(cimag(x) < 0) ? "+" : "", steps_number(s, cimag(x)));
}

static const char *surd_text(steps *s, const surd *x)
{
    buffer b = {0};
    surd_print(&b, x);
    return steps_keep(s, &b);
}

void matrix_write(matrix_evaluation *v, const char *name, const matrix_value *a)
{
    steps *s = v->scope->steps;
    if (s == NULL || a->re == NULL)
        return;
    rational_steps w = matrix_writer(v, name);
    if (a->q != NULL) {
        rational_write(&w, name, a->q, 0);
        return;
    }
    const char **cells = memory_array(a->rows * a->columns, sizeof *cells);
    for (size_t k = 0; cells != NULL && k < a->rows * a->columns; k++)
        cells[k] = a->surds && v->exact   ? surd_text(s, &a->surds[k])
                   : a->texts && v->exact ? a->texts[k]
                                          : double_text(s, matrix_at(a, k / a->columns, k % a->columns));
    if (cells != NULL)
        steps_matrix(s, name, a->rows, a->columns, 0, cells);
    else
        steps_fail(s);
    free(cells);
}

/* --- numbers and names --- */

static const matrix_value *imaginary_unit(matrix_evaluation *v)
{
    bool closed;
    return v->exact ? matrix_exact_roots(v->s, matrix_whole(v->s, -1), &closed) : matrix_number(v->s, 0, 1);
}

static ml_status number_value(matrix_evaluation *v, const expression *e, const matrix_value **out)
{
    if (e->imaginary && !v->exact)
        return made(v, matrix_number(v->s, 0, e->value), out);
    fmpq_t q;
    fmpq_init(q);
    ml_status status;
    if (rational_read(e->text, strlen(e->text), q) == NUMBER_OK) {
        const matrix_value *x = matrix_rational(v->s, q);
        status = made(v, e->imaginary && x ? matrix_scale(v->s, imaginary_unit(v), x) : x, out);
    } else if (v->exact) {
        status = expression_fail(v->why, e, "a number with an exponent beyond %d", RATIONAL_MOST_EXPONENT);
    } else {
        status = made(v, matrix_number(v->s, e->value, 0), out);
    }
    fmpq_clear(q);
    return status;
}

bool matrix_has_constant(const char *name)
{
    double value;
    return expression_constant(name, &value) || strcmp(name, "I") == 0 || strcmp(name, "i") == 0;
}

static ml_status name_value(matrix_evaluation *v, const expression *e, const matrix_value **out)
{
    double constant;
    if (e->level > 0)
        return made(v, matrix_whole(v->s, (long)v->bound[e->level - 1]), out);
    const matrix_value *a = v->scope->lookup ? v->scope->lookup(v->scope->context, e->text) : NULL;
    if (a != NULL)
        return made(v, a, out);
    if (expression_constant(e->text, &constant))
        return v->exact ? expression_fail(v->why, e, "%s is not rational: leave --exact out", e->text)
                        : made(v, matrix_number(v->s, constant, 0), out);
    if (strcmp(e->text, "i") == 0)
        return made(v, imaginary_unit(v), out);
    if (strcmp(e->text, "I") == 0) {
        matrix_value *identity = matrix_whole(v->s, 1);
        if (identity != NULL)
            identity->identity = true;
        return made(v, identity, out);
    }
    return expression_fail(v->why, e, "'%.60s' has no value; give it as %.60s=VALUE", e->text, e->text);
}

ml_status matrix_operand(matrix_evaluation *v, const expression *e, const matrix_value **out)
{
    ml_status status = evaluate(v, e, out);
    if (status != ML_OK)
        return status;
    const matrix_value *a = *out;
    if (a->rows == 0 || a->columns == 0)
        return expression_fail(v->why, e, "this is %zu x %zu: it has no entry", a->rows, a->columns);
    return v->exact && !matrix_is_exact(a) ? fail_not_exact(v, e, a) : ML_OK;
}

ml_status matrix_whole_operand(matrix_evaluation *v, const expression *e, long least, long most, long *n)
{
    const matrix_value *a;
    ml_status status = matrix_operand(v, e, &a);
    if (status != ML_OK)
        return status;
    bool real = matrix_is_scalar(a) && a->im == NULL && a->surds == NULL;
    double x = real ? gsl_matrix_get(a->re, 0, 0) : NAN;
    if (!(x == floor(x) && x >= (double)least && x <= (double)most))
        return expression_fail(v->why, e, "a whole number from %ld to %ld is needed here", least, most);
    *n = (long)x;
    return ML_OK;
}

/* --- operators --- */

/* I, or a multiple of it, written out where the other operand says of which order. */
static const matrix_value *expanded(matrix_evaluation *v, const matrix_value *a, const matrix_value *b)
{
    if (!a->identity || matrix_is_scalar(b) || !matrix_is_square(b))
        return a;
    return matrix_scale(v->s, matrix_identity(v->s, b->rows, b->rows), a);
}

static const matrix_value *spread(matrix_evaluation *v, const matrix_value *x, const matrix_value *like)
{
    matrix_value *c = matrix_like(v->s, like->rows, like->columns, x, NULL);
    for (size_t i = 0; c != NULL && i < c->rows; i++)
        for (size_t j = 0; j < c->columns; j++)
            matrix_put(c, i, j, x);
    return c;
}

static ml_status add(matrix_evaluation *v, const expression *e, const matrix_value *a, const matrix_value *b,
                     const matrix_value **out)
{
    bool identity = a->identity && b->identity;
    a = expanded(v, a, b);
    b = a ? expanded(v, b, a) : NULL;
    if (a != NULL && b != NULL && matrix_is_scalar(a) && !matrix_is_scalar(b))
        a = spread(v, a, b);
    else if (a != NULL && b != NULL && matrix_is_scalar(b) && !matrix_is_scalar(a))
        b = spread(v, b, a);
    if (a == NULL || b == NULL)
        return matrix_no_memory(v);
    if (a->rows != b->rows || a->columns != b->columns)
        return matrix_fail_shapes(v, e, a, b,
                                  a->rows == b->columns && a->columns == b->rows
                                      ? "a sum needs equal shapes (one is the transpose of the other's shape)"
                                      : "a sum needs equal shapes");
    matrix_value *c = matrix_sum(v->s, a, b, e->op == OPERATOR_SUBTRACT);
    if (c != NULL)
        c->identity = identity;
    return made(v, matrix_simplify(v->s, c), out);
}

/* 1*5 + 2*7 = 19, for each entry of a small product. */
static void write_product(matrix_evaluation *v, const expression *e, const matrix_value *a,
                          const matrix_value *b, const matrix_value *c)
{
    steps *s = v->scope->steps;
    if (s == NULL || a->q == NULL || b->q == NULL || c->q == NULL)
        return;
    matrix_begin_steps(v, e);
    rational_steps w = matrix_writer(v, NULL);
    for (size_t i = 0; c->rows * c->columns <= 36 && i < c->rows; i++)
        for (size_t j = 0; j < c->columns; j++) {
            buffer terms = {0};
            for (size_t k = 0; k < a->columns; k++) {
                const fmpq *x = fmpq_mat_entry(a->q, (slong)i, (slong)k),
                           *y = fmpq_mat_entry(b->q, (slong)k, (slong)j);
                const char *left = elimination_number(s, x, w.exact),
                           *right = elimination_number(s, y, w.exact);
                buffer_printf(&terms, "%s%s*%s", k ? " + " : "",
                              left[0] == '-' && k ? steps_print(s, "(%s)", left) : left,
                              right[0] == '-' ? steps_print(s, "(%s)", right) : right);
            }
            steps_formula(s, "c%zu%zu = %s = %s", i + 1, j + 1, steps_keep(s, &terms),
                          elimination_number(s, fmpq_mat_entry(c->q, (slong)i, (slong)j), w.exact));
        }
    matrix_write(v, NULL, c);
}

static ml_status multiply(matrix_evaluation *v, const expression *e, const matrix_value *a,
                          const matrix_value *b, const matrix_value **out)
{
    matrix_value *c;
    if (matrix_is_scalar(a) || matrix_is_scalar(b)) {
        c = matrix_is_scalar(a) ? matrix_scale(v->s, b, a) : matrix_scale(v->s, a, b);
        if (c != NULL)
            c->identity = matrix_is_scalar(c) && (a->identity || b->identity);
        return made(v, matrix_simplify(v->s, c), out);
    }
    if (a->columns != b->rows) {
        const char *hint = "a product needs as many columns on the left as rows on the right";
        char text[240], left[MATRIX_NAME], right[MATRIX_NAME];
        matrix_name(e->args[0], left);
        matrix_name(e->args[1], right);
        if (a->columns == b->columns)
            snprintf(text, sizeof text, "%s; %s*%s' would fit", hint, left, right);
        else if (a->rows == b->rows)
            snprintf(text, sizeof text, "%s; %s'*%s would fit", hint, left, right);
        else
            snprintf(text, sizeof text, "%s", hint);
        return matrix_fail_shapes(v, e, a, b, text);
    }
    c = matrix_simplify(v->s, matrix_product(v->s, a, b));
    if (c != NULL)
        write_product(v, e, a, b, c);
    return made(v, c, out);
}

static ml_status divide(matrix_evaluation *v, const expression *e, const matrix_value *a,
                        const matrix_value *b, const matrix_value **out)
{
    if (!matrix_is_scalar(b))
        return expression_fail(v->why, e->args[1],
                               "the divisor is a matrix of %zu x %zu; multiply by inv(...)", b->rows,
                               b->columns);
    if (matrix_is_zero(b))
        return expression_fail(v->why, e->args[1], "division by zero");
    matrix_value *c = matrix_divide(v->s, a, b);
    if (c != NULL)
        c->identity = a->identity;
    return made(v, matrix_simplify(v->s, c), out);
}

const matrix_value *matrix_power(matrix_space *s, const matrix_value *a, unsigned long n)
{
    const matrix_value *power = matrix_identity(s, a->rows, a->rows), *square = a;
    bool first = true;
    for (; n > 0 && power != NULL && square != NULL; n /= 2) {
        if (n % 2)
            power = first ? square : matrix_product(s, power, square);
        first = first && n % 2 == 0;
        if (n > 1)
            square = matrix_product(s, square, square);
    }
    return square != NULL ? power : NULL;
}

/* x^y of numbers */
static ml_status scalar_power(matrix_evaluation *v, const expression *e, const matrix_value *a,
                              const matrix_value *b, const matrix_value **out)
{
    double complex x = matrix_at(a, 0, 0), y = matrix_at(b, 0, 0);
    bool whole = b->q != NULL && fmpz_is_one(fmpq_denref(fmpq_mat_entry(b->q, 0, 0))) &&
                 fmpz_fits_si(fmpq_numref(fmpq_mat_entry(b->q, 0, 0)));
    if (matrix_is_zero(a) && creal(y) < 0)
        return expression_fail(v->why, e, "division by zero");
    slong n = whole ? fmpz_get_si(fmpq_numref(fmpq_mat_entry(b->q, 0, 0))) : 0;
    double bits = (double)matrix_bits(a) * fabs((double)n);
    if (whole && a->q != NULL && bits <= (v->exact ? MOST_BITS : MATRIX_RATIONAL_BITS)) {
        fmpq_t q;
        fmpq_init(q);
        fmpq_pow_si(q, fmpq_mat_entry(a->q, 0, 0), n);
        matrix_value *c = matrix_rational(v->s, q);
        fmpq_clear(q);
        return made(v, c, out);
    }
    if (v->exact && whole && a->surds != NULL && labs(n) <= MOST_SURD_POWER) {
        const matrix_value *base = n < 0 ? matrix_divide(v->s, matrix_whole(v->s, 1), a) : a;
        return made(v, base ? matrix_power(v->s, base, (unsigned long)labs(n)) : NULL, out);
    }
    if (v->exact && whole && a->surds != NULL)
        return expression_fail(v->why, e, "--exact takes powers of sums of roots up to the %dth",
                               MOST_SURD_POWER);
    if (v->exact && whole)
        return expression_fail(v->why, e, "the result would have about %.2g digits", bits * 0.30103);
    fmpq_t half;
    fmpq_init(half);
    fmpq_set_si(half, 1, 2);
    bool root = v->exact && b->q != NULL && fmpq_equal(half, fmpq_mat_entry(b->q, 0, 0));
    fmpq_clear(half);
    if (root)
        return matrix_square_roots(v, e, a, out);
    if (v->exact)
        return expression_fail(v->why, e, "--exact takes whole powers, and the square root as ^(1/2)");
    if (cimag(x) == 0 && cimag(y) == 0 && (creal(x) >= 0 || creal(y) == floor(creal(y))))
        return made(v, matrix_number(v->s, pow(creal(x), creal(y)), 0), out);
    double complex z = cpow(x, y);
    return made(v, matrix_number(v->s, creal(z), cimag(z)), out);
}

/* A^n.  Where a lower power of the same matrix had fractions too long to keep, as those of a series have,
 * they are not tried again. */
static const matrix_value *power_of(matrix_evaluation *v, const expression *base, const matrix_value *a,
                                    long n)
{
    bool tries = a->q != NULL && !v->exact && n > 0 && base->id < v->scope->nodes && v->known[base->id] == a;
    if (tries && a == v->long_base && n >= v->long_power) {
        matrix_value *doubles = matrix_cut(v->s, a, 0, 0, a->rows, a->columns);
        if (doubles != NULL)
            matrix_forget(doubles);
        return doubles ? matrix_power(v->s, doubles, (unsigned long)n) : NULL;
    }
    const matrix_value *c = matrix_power(v->s, a, (unsigned long)labs(n));
    if (tries && c != NULL && c->q == NULL) {
        v->long_base = a;
        v->long_power = n;
    }
    return c;
}

static ml_status power(matrix_evaluation *v, const expression *e, const matrix_value *a,
                       const matrix_value *b, const matrix_value **out)
{
    if (!matrix_is_scalar(b))
        return expression_fail(v->why, e->args[1], "the exponent is a matrix of %zu x %zu", b->rows,
                               b->columns);
    if (matrix_is_scalar(a))
        return scalar_power(v, e, a, b, out);
    long n;
    ml_status status = matrix_need_square(v, e, a);
    if (status == ML_OK)
        status = matrix_whole_operand(v, e->args[1], -MOST_POWER, MOST_POWER, &n);
    if (status == ML_OK && n < 0)
        status = matrix_invert(v, e, a, &a);
    if (status != ML_OK)
        return status;
    double bits = (double)matrix_bits(a) * fabs((double)n);
    if (v->exact && bits > MOST_BITS)
        return expression_fail(v->why, e, "the result would have about %.2g digits", bits * 0.30103);
    return made(v, power_of(v, e->args[0], a, n), out);
}

static ml_status binary(matrix_evaluation *v, const expression *e, const matrix_value **out)
{
    const matrix_value *a, *b;
    ml_status status = matrix_operand(v, e->args[0], &a);
    if (status == ML_OK)
        status = matrix_operand(v, e->args[1], &b);
    if (status != ML_OK)
        return status;
    switch (e->op) {
    case OPERATOR_ADD:
    case OPERATOR_SUBTRACT:
        return add(v, e, a, b, out);
    case OPERATOR_MULTIPLY:
        return multiply(v, e, a, b, out);
    case OPERATOR_DIVIDE:
        return divide(v, e, a, b, out);
    default:
        return power(v, e, a, b, out);
    }
}

static bool holds(int op, int order)
{
    switch (op) {
    case OPERATOR_EQUAL:
        return order == 0;
    case OPERATOR_UNEQUAL:
        return order != 0;
    case OPERATOR_LESS:
        return order == -1;
    case OPERATOR_AT_MOST:
        return order == -1 || order == 0;
    case OPERATOR_GREATER:
        return order == 1;
    default:
        return order == 1 || order == 0;
    }
}

static ml_status need_order(matrix_evaluation *v, const expression *e, const matrix_value *const *sides)
{
    bool equality = e->op == OPERATOR_EQUAL || e->op == OPERATOR_UNEQUAL;
    for (int k = 0; !equality && k < 2; k++)
        if (sides[k]->im != NULL && !gsl_matrix_isnull(sides[k]->im))
            return expression_fail(
                v->why, e->args[k],
                "complex numbers have no order: compare their abs(...), real(...) or imag(...)");
    return ML_OK;
}

/* 1 or 0 for each entry; mlcheck judges whole matrices, and to what accuracy. */
static ml_status comparison(matrix_evaluation *v, const expression *e, const matrix_value **out)
{
    const matrix_value *a, *b;
    ml_status status = matrix_operand(v, e->args[0], &a);
    if (status == ML_OK)
        status = matrix_operand(v, e->args[1], &b);
    if (status == ML_OK)
        status = need_order(v, e, (const matrix_value *const[]){a, b});
    if (status != ML_OK)
        return status;
    a = expanded(v, a, b);
    b = a ? expanded(v, b, a) : NULL;
    if (a != NULL && b != NULL && matrix_is_scalar(a) && !matrix_is_scalar(b))
        a = spread(v, a, b);
    else if (a != NULL && b != NULL && matrix_is_scalar(b) && !matrix_is_scalar(a))
        b = spread(v, b, a);
    if (a == NULL || b == NULL)
        return matrix_no_memory(v);
    if (a->rows != b->rows || a->columns != b->columns)
        return matrix_fail_shapes(v, e, a, b, "a comparison needs equal shapes");
    fmpq_mat_t q;
    fmpq_mat_init(q, (slong)a->rows, (slong)a->columns);
    for (size_t i = 0; i < a->rows; i++)
        for (size_t j = 0; j < a->columns; j++)
            if (holds(e->op, matrix_order(a, i, j, b, i, j)))
                fmpq_one(fmpq_mat_entry(q, (slong)i, (slong)j));
    status = made(v, matrix_take(v->s, q), out);
    fmpq_mat_clear(q);
    return status;
}

/* --- the rest of the language --- */

static ml_status indexed(matrix_evaluation *v, const expression *e, const matrix_value **out)
{
    const matrix_value *a;
    long i, j;
    ml_status status = matrix_operand(v, e->args[0], &a);
    if (status != ML_OK)
        return status;
    if (e->count == 2) {
        if (!matrix_is_vector(a))
            return expression_fail(v->why, e,
                                   "a matrix of %zu x %zu takes two indices; row(A,i) and column(A,j) cut "
                                   "out lines",
                                   a->rows, a->columns);
        status = matrix_whole_operand(v, e->args[1], 1, (long)(a->rows * a->columns), &i);
        size_t at = status == ML_OK ? (size_t)i - 1 : 0;
        return status == ML_OK
                   ? made(v, matrix_cut(v->s, a, a->rows > 1 ? at : 0, a->rows > 1 ? 0 : at, 1, 1), out)
                   : status;
    }
    status = matrix_whole_operand(v, e->args[1], 1, (long)a->rows, &i);
    if (status == ML_OK)
        status = matrix_whole_operand(v, e->args[2], 1, (long)a->columns, &j);
    return status == ML_OK ? made(v, matrix_cut(v->s, a, (size_t)i - 1, (size_t)j - 1, 1, 1), out) : status;
}

/* A literal: entries, or blocks that fit together. */
static ml_status matrix(matrix_evaluation *v, const expression *e, const matrix_value **out)
{
    const matrix_value **parts = memory_array(e->count, sizeof *parts);
    ml_status status = parts ? ML_OK : matrix_no_memory(v);
    size_t rows = 0, columns = 0, count = 0;
    for (; status == ML_OK && count < e->count; count++) {
        if ((status = matrix_operand(v, e->args[count], &parts[count])) != ML_OK)
            break;
        const matrix_value *p = parts[count];
        columns += count < e->columns ? p->columns : 0;
        rows += count % e->columns == 0 ? p->rows : 0;
    }
    matrix_value *c = status == ML_OK ? matrix_holding(v->s, rows, columns, parts, e->count) : NULL;
    if (status == ML_OK && c == NULL)
        status = matrix_no_memory(v);
    for (size_t k = 0, i = 0, j = 0; status == ML_OK && k < e->count; k++) {
        const matrix_value *p = parts[k], *first = parts[k - k % e->columns];
        if (p->rows != first->rows || j + p->columns > columns ||
            (k % e->columns + 1 == e->columns && j + p->columns != columns))
            status = expression_fail(v->why, e->args[k], "a block of %zu x %zu does not fit here", p->rows,
                                     p->columns);
        else
            matrix_put(c, i, j, p);
        j += p->columns;
        if ((k + 1) % e->columns == 0) {
            i += first->rows;
            j = 0;
        }
    }
    free(parts);
    *out = c;
    return status;
}

static ml_status series(matrix_evaluation *v, const expression *e, const matrix_value **out)
{
    long from, to;
    bool product = e->op == FUNCTION_PROD;
    ml_status status = matrix_whole_operand(v, e->args[0], -MOST_SERIES, MOST_SERIES, &from);
    if (status == ML_OK)
        status = matrix_whole_operand(v, e->args[1], -MOST_SERIES, MOST_SERIES, &to);
    const matrix_value *mark = v->s->first, *sum = status == ML_OK ? matrix_whole(v->s, product) : NULL;
    if (status == ML_OK && sum == NULL)
        return matrix_no_memory(v);
    for (long i = from; status == ML_OK && i <= to; i++) {
        const matrix_value *term;
        v->bound[e->level - 1] = (double)i;
        status = matrix_operand(v, e->args[2], &term);
        if (status != ML_OK)
            break;
        bool fits = i == from ||
                    (product ? sum->columns == term->rows || matrix_is_scalar(sum) || matrix_is_scalar(term)
                             : sum->rows == term->rows && sum->columns == term->columns);
        if (!fits)
            return expression_fail(v->why, e->args[2],
                                   "the terms change their shape, from %zu x %zu to %zu x %zu", sum->rows,
                                   sum->columns, term->rows, term->columns);
        sum = i == from                ? term
              : !product               ? matrix_sum(v->s, sum, term, false)
              : matrix_is_scalar(sum)  ? matrix_scale(v->s, term, sum)
              : matrix_is_scalar(term) ? matrix_scale(v->s, sum, term)
                                       : matrix_product(v->s, sum, term);
        if (sum == NULL)
            return matrix_no_memory(v);
        /* there may be a million terms: only what does not depend on the index outlives its own */
        matrix_free_since(v->s, mark, v->known, v->scope->nodes, sum);
    }
    *out = sum;
    return status;
}

static ml_status conditional(matrix_evaluation *v, const expression *e, const matrix_value **out)
{
    const matrix_value *c;
    ml_status status = matrix_operand(v, e->args[0], &c);
    if (status != ML_OK)
        return status;
    if (!matrix_is_scalar(c))
        return expression_fail(v->why, e->args[0], "a condition is a number, and this is %zu x %zu", c->rows,
                               c->columns);
    return evaluate(v, e->args[matrix_is_zero(c) ? 2 : 1], out);
}

static ml_status negated(matrix_evaluation *v, const expression *e, const matrix_value **out)
{
    const matrix_value *a;
    ml_status status = matrix_operand(v, e->args[0], &a);
    if (status != ML_OK)
        return status;
    matrix_value *c = matrix_negate(v->s, a);
    if (c != NULL)
        c->identity = a->identity;
    return made(v, c, out);
}

/* --- calls --- */

static const matrix_handler *handler_of(int id)
{
    const matrix_handler *const tables[] = {matrix_handlers, matrix_decompositions};
    for (int t = 0; t < 2; t++)
        for (const matrix_handler *h = tables[t]; h->f != NULL; h++)
            if (h->id == id)
                return h;
    static const matrix_handler apply = {.f = matrix_apply, .roots = true};
    return real_function_of(id) != NULL ? &apply : NULL;
}

/* What the steps of E have led to: a number stands in their last line. */
static void write_results(matrix_evaluation *v, const expression *e, const matrix_results *results)
{
    char name[MATRIX_NAME];
    bool whole = matrix_name(e, name), named = whole && strcmp(name, "the matrix") != 0;
    if (!whole)
        steps_fail(v->scope->steps);
    for (size_t i = 0; i < results->count; i++) {
        const matrix_value *a = results->parts[i].value;
        const char *part = results->parts[i].name;
        if (a->heads == NULL && !(part == NULL && matrix_is_scalar(a)))
            matrix_write(v, part != NULL ? part : named ? name : NULL, a);
    }
}

static ml_status run_handler(matrix_evaluation *v, const expression *e, const matrix_handler *h,
                             matrix_results *out)
{
    const matrix_value **args = memory_zeros(e->count, sizeof *args);
    ml_status status = args ? ML_OK : matrix_no_memory(v);
    for (size_t i = 0; status == ML_OK && !h->raw && i < e->count; i++)
        status = matrix_operand(v, e->args[i], &args[i]);
    for (size_t i = 0; status == ML_OK && !h->raw && !h->roots && i < e->count; i++)
        status = matrix_need_rational(v, e, e->args[i], args[i]);
    out->count = 0;
    size_t before = steps_size(v->scope->steps);
    if (status == ML_OK)
        status = h->f(v, e, args, out);
    if (status == ML_OK && steps_size(v->scope->steps) > before)
        write_results(v, e, out);
    free(args);
    return status;
}

static ml_status call(matrix_evaluation *v, const expression *e, const matrix_value **out)
{
    const matrix_handler *h = handler_of(e->op);
    const char *name = expression_function_of(e->op)->name;
    matrix_results results;
    if (h == NULL)
        return expression_fail(v->why, e, "%s is not a function of matrices", name);
    if (h->several)
        return expression_fail(
            v->why, e,
            "%s gives several matrices: print them and use them by their names, as in mlmat '%s(X)' "
            "| mlmat ...",
            name, name);
    ml_status status = run_handler(v, e, h, &results);
    *out = status == ML_OK ? results.parts[0].value : NULL;
    return status;
}

static ml_status value_of(matrix_evaluation *v, const expression *e, const matrix_value **out)
{
    switch (e->kind) {
    case EXPRESSION_NUMBER:
        return number_value(v, e, out);
    case EXPRESSION_NAME:
        return name_value(v, e, out);
    case EXPRESSION_INDEX:
        return indexed(v, e, out);
    case EXPRESSION_CALL:
        return call(v, e, out);
    case EXPRESSION_NEGATE:
        return negated(v, e, out);
    case EXPRESSION_BINARY:
        return binary(v, e, out);
    case EXPRESSION_COMPARISON:
        return comparison(v, e, out);
    case EXPRESSION_MATRIX:
        return matrix(v, e, out);
    case EXPRESSION_SERIES:
        return series(v, e, out);
    case EXPRESSION_CONDITIONAL:
        return conditional(v, e, out);
    }
    return expression_fail(v->why, e, "this has no value");
}

/* Names are finite, and so are results, but for a condition number. */
static ml_status check_finite(matrix_evaluation *v, const expression *e, const matrix_value *a)
{
    bool unbounded = e->kind == EXPRESSION_CALL && e->op == FUNCTION_COND;
    if (v->exact || unbounded || matrix_is_finite(a))
        return ML_OK;
    for (size_t i = 0; i < a->rows; i++)
        for (size_t j = 0; j < a->columns; j++) {
            double complex x = matrix_at(a, i, j);
            if (isfinite(creal(x)) && isfinite(cimag(x)))
                continue;
            bool is_nan = isnan(creal(x)) || isnan(cimag(x));
            if (matrix_is_scalar(a))
                return expression_fail(v->why, e,
                                       is_nan ? "this has no value" : "beyond the range of a double");
            return expression_fail(v->why, e,
                                   is_nan ? "entry %zu,%zu has no value"
                                          : "entry %zu,%zu is beyond the range of a double",
                                   i + 1, j + 1);
        }
    return ML_OK;
}

static ml_status evaluate(matrix_evaluation *v, const expression *e, const matrix_value **out)
{
    bool keeps = e->bound == 0 && e->id < v->scope->nodes;
    if (keeps && v->known[e->id] != NULL) {
        *out = v->known[e->id];
        return ML_OK;
    }
    ml_status status = value_of(v, e, out);
    if (status == ML_OK)
        status = check_finite(v, e, *out);
    if (status == ML_OK && keeps)
        v->known[e->id] = *out;
    return status;
}

bool matrix_knows(int id)
{
    const matrix_handler *h = handler_of(id);
    return h != NULL && !h->several;
}

/* Decompositions may have several parts only here, at the top. */
static ml_status evaluate_top(matrix_evaluation *v, const expression *e, matrix_results *results)
{
    const matrix_handler *h = e->kind == EXPRESSION_CALL ? handler_of(e->op) : NULL;
    const matrix_value *value = NULL;
    ml_status status;
    results->count = 0;
    if (h == NULL || !(h->several || e->op == FUNCTION_CHARPOLY)) {
        status = evaluate(v, e, &value);
        return status == ML_OK ? matrix_result(v, value, results) : status;
    }
    status = run_handler(v, e, h, results);
    for (size_t i = 0; status == ML_OK && i < results->count; i++)
        status = check_finite(v, e, results->parts[i].value);
    return status;
}

/* What no function has written steps for is shown with its value alone. */
static void write_bare(matrix_evaluation *v, const expression *e, const matrix_results *results)
{
    matrix_begin_steps(v, e);
    for (size_t i = 0; i < results->count; i++)
        matrix_write(v, results->parts[i].name, results->parts[i].value);
}

ml_status matrix_evaluate_call(const matrix_scope *scope, const expression *e,
                               const matrix_value *const *args, matrix_results *results, ml_message *why)
{
    matrix_evaluation v = {.scope = scope, .s = scope->space, .exact = scope->exact, .why = why};
    v.known = memory_zeros(scope->nodes, sizeof *v.known);
    if (v.known == NULL) {
        scope->space->starved = true;
        return ml_fail_memory(why, "an expression", scope->nodes * sizeof *v.known);
    }
    for (size_t i = 0; args != NULL && i < e->count; i++)
        if (args[i] != NULL && e->args[i]->id < scope->nodes)
            v.known[e->args[i]->id] = args[i];
    size_t before = steps_size(scope->steps);
    ml_status status = evaluate_top(&v, e, results);
    if (status == ML_OK && scope->steps != NULL && steps_size(scope->steps) == before)
        write_bare(&v, e, results);
    free(v.known);
    return status;
}

ml_status matrix_evaluate(const matrix_scope *scope, const expression *e, matrix_results *results,
                          ml_message *why)
{
    return matrix_evaluate_call(scope, e, NULL, results, why);
}
