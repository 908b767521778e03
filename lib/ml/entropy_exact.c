#include "ml/entropy_exact.h"

#include <stdlib.h>

#include "base/memory.h"
#include "math/fraction.h"

/* --- tables --- */

ml_status exact_table_like(exact_table *t, const tuples *from, ml_message *why)
{
    *t = (exact_table){0};
    tuples_init(&t->cells, from->width);
    mpq_init(t->total);
    bool good = (t->mass = memory_array(from->count, sizeof *t->mass)) != NULL;
    for (size_t i = 0; good && i < from->count; i++) {
        good = tuples_add(&t->cells, from->codes + i * from->width, 0);
        if (good)
            mpq_init(t->mass[i]);
    }
    if (good)
        return ML_OK;
    exact_table_free(t);
    return ml_fail_memory(why, "the exact numbers", from->count * sizeof *t->mass);
}

void exact_table_free(exact_table *t)
{
    for (size_t i = 0; t->mass != NULL && i < t->cells.count; i++)
        mpq_clear(t->mass[i]);
    free(t->mass);
    tuples_free(&t->cells);
    mpq_clear(t->total);
    t->mass = NULL;
}

ml_status exact_table_counts(exact_table *t, const entropy_table *from, ml_message *why)
{
    ml_status status = exact_table_like(t, &from->cells, why);
    for (size_t i = 0; status == ML_OK && i < from->cells.count; i++) {
        mpq_set_d(t->mass[i], from->cells.mass[i]);
        mpq_add(t->total, t->total, t->mass[i]);
    }
    return status;
}

ml_status exact_table_project(exact_table *into, const exact_table *from, const size_t *places, size_t width,
                              ml_message *why)
{
    tuples cells;
    tuples_init(&cells, width);
    uint32_t *codes = memory_array(width, sizeof *codes);
    bool good = codes != NULL && tuples_project(&cells, &from->cells, places);
    ml_status status = good ? exact_table_like(into, &cells, why)
                            : ml_fail_memory(why, "the exact numbers", from->cells.count * sizeof(mpq_t));
    for (size_t i = 0; status == ML_OK && i < from->cells.count; i++) {
        for (size_t k = 0; k < width; k++)
            codes[k] = from->cells.codes[i * from->cells.width + places[k]];
        mpq_t *mass = &into->mass[tuples_place(&into->cells, codes)];
        mpq_add(*mass, *mass, from->mass[i]);
    }
    if (status == ML_OK)
        mpq_set(into->total, from->total);
    free(codes);
    tuples_free(&cells);
    return status;
}

/* --- entropies --- */

/* out += sign * p log(p). */
static void add_term(log_form *out, const mpq_t p, int sign)
{
    mpq_t c;
    if (mpq_sgn(p) == 0)
        return;
    mpq_init(c);
    mpq_set(c, p);
    if (sign < 0)
        mpq_neg(c, c);
    log_form_add(out, c, p);
    mpq_clear(c);
}

static void add_entropy(log_form *out, const exact_table *t, int sign)
{
    mpq_t p;
    mpq_init(p);
    for (size_t i = 0; i < t->cells.count; i++) {
        mpq_div(p, t->mass[i], t->total);
        add_term(out, p, -sign);
    }
    mpq_clear(p);
}

void exact_entropy(log_form *out, const exact_table *t)
{
    add_entropy(out, t, 1);
}

/* out += sign * H of the variables at PLACES. */
static ml_status add_part(log_form *out, const exact_table *t, const size_t *places, size_t width, int sign,
                          ml_message *why)
{
    exact_table part;
    ml_status status = exact_table_project(&part, t, places, width, why);
    if (status != ML_OK)
        return status;
    add_entropy(out, &part, sign);
    exact_table_free(&part);
    return ML_OK;
}

ml_status exact_total_correlation(log_form *out, const exact_table *t, ml_message *why)
{
    ml_status status = ML_OK;
    for (size_t i = 0; status == ML_OK && i < t->cells.width; i++)
        status = add_part(out, t, &i, 1, 1, why);
    add_entropy(out, t, -1);
    return status;
}

ml_status exact_coinformation(log_form *out, const exact_table *t, ml_message *why)
{
    ml_status status = ML_OK;
    size_t variables = t->cells.width;
    if (variables > ENTROPY_MOST_VARIABLES)
        return ml_fail(why,
                       "co-information is a sum over all sets of variables: at most %d, and these are %zu",
                       ENTROPY_MOST_VARIABLES, variables);
    for (size_t which = 1; status == ML_OK && which < (size_t)1 << variables; which++) {
        size_t places[ENTROPY_MOST_VARIABLES], width = 0;
        for (size_t i = 0; i < variables; i++)
            if (which >> i & 1)
                places[width++] = i;
        status = add_part(out, t, places, width, width % 2 ? 1 : -1, why);
    }
    return status;
}

static void power(mpq_t out, const mpq_t p, unsigned long order)
{
    mpz_pow_ui(mpq_numref(out), mpq_numref(p), order);
    mpz_pow_ui(mpq_denref(out), mpq_denref(p), order);
}

void exact_power_sum(mpq_t out, const exact_table *t, unsigned long order)
{
    mpq_t p;
    mpq_init(p);
    mpq_set_ui(out, 0, 1);
    for (size_t i = 0; i < t->cells.count; i++) {
        if (mpq_sgn(t->mass[i]) == 0)
            continue;
        mpq_div(p, t->mass[i], t->total);
        power(p, p, order);
        mpq_add(out, out, p);
    }
    mpq_clear(p);
}

/* out -= log of the greatest frequency. */
static void add_min_entropy(log_form *out, const exact_table *t)
{
    mpq_t most, minus;
    mpq_inits(most, minus, NULL);
    for (size_t i = 0; i < t->cells.count; i++)
        if (mpq_cmp(t->mass[i], most) > 0)
            mpq_set(most, t->mass[i]);
    mpq_div(most, most, t->total);
    mpq_set_si(minus, -1, 1);
    log_form_add(out, minus, most);
    mpq_clears(most, minus, NULL);
}

void exact_renyi(log_form *out, const exact_table *t, unsigned long order)
{
    mpq_t sum, factor;
    if (order > EXACT_MOST_ORDER) {
        add_min_entropy(out, t);
        return;
    }
    mpq_inits(sum, factor, NULL);
    exact_power_sum(sum, t, order);
    mpq_set_si(factor, 1, order == 0 ? 1 : order - 1);
    if (order > 0)
        mpq_neg(factor, factor);
    log_form_add(out, factor, sum);
    mpq_clears(sum, factor, NULL);
}

ml_status exact_gini_decrease(mpq_t out, const exact_table *pair, ml_message *why)
{
    exact_table a, b;
    mpq_t term;
    ml_status status = exact_table_project(&a, pair, &(size_t){0}, 1, why);
    if (status != ML_OK)
        return status;
    if ((status = exact_table_project(&b, pair, &(size_t){1}, 1, why)) == ML_OK) {
        mpq_init(term);
        exact_power_sum(out, &b, 2);
        mpq_neg(out, out);
        for (size_t i = 0; i < pair->cells.count; i++) {
            const mpq_t *of_a = &a.mass[tuples_place(&a.cells, pair->cells.codes + 2 * i)];
            if (mpq_sgn(*of_a) == 0)
                continue;
            mpq_mul(term, pair->mass[i], pair->mass[i]);
            mpq_div(term, term, *of_a);
            mpq_div(term, term, pair->total);
            mpq_add(out, out, term);
        }
        mpq_clear(term);
        exact_table_free(&b);
    }
    exact_table_free(&a);
    return status;
}

/* --- two distributions --- */

/* out += c log(p/q). */
static void add_ratio(log_form *out, const mpq_t c, const mpq_t p, const mpq_t q)
{
    mpq_t ratio;
    mpq_init(ratio);
    mpq_div(ratio, p, q);
    log_form_add(out, c, ratio);
    mpq_clear(ratio);
}

bool exact_kl(log_form *out, const mpq_t *p, const mpq_t *q, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (mpq_sgn(p[i]) > 0 && mpq_sgn(q[i]) == 0)
            return false;
    for (size_t i = 0; i < count; i++)
        if (mpq_sgn(p[i]) > 0)
            add_ratio(out, p[i], p[i], q[i]);
    return true;
}

bool exact_cross(log_form *out, const mpq_t *p, const mpq_t *q, size_t count)
{
    if (!exact_kl(out, p, q, count))
        return false;
    for (size_t i = 0; i < count; i++)
        add_term(out, p[i], -1);
    return true;
}

void exact_js(log_form *out, const mpq_t *p, const mpq_t *q, size_t count)
{
    mpq_t mean, half;
    mpq_inits(mean, half, NULL);
    for (size_t i = 0; i < count; i++) {
        mpq_add(mean, p[i], q[i]);
        mpq_div_2exp(mean, mean, 1);
        const mpq_t *both[] = {&p[i], &q[i]};
        for (size_t k = 0; k < 2; k++) {
            mpq_div_2exp(half, *both[k], 1);
            if (mpq_sgn(half) > 0)
                add_ratio(out, half, *both[k], mean);
        }
    }
    mpq_clears(mean, half, NULL);
}

/* --- answers --- */

void exact_answer_init(exact_answer *v, exact_answer_kind kind)
{
    *v = (exact_answer){.kind = kind};
    mpq_init(v->q);
}

void exact_answer_free(exact_answer *v)
{
    mpq_clear(v->q);
    log_form_free(&v->f);
    log_form_free(&v->g);
    log_form_free(&v->h);
}

/* F in parentheses where it is a sum. */
static void print_part(buffer *out, const log_form *f, mpq_srcptr base)
{
    buffer form = {0};
    bool sum = log_form_print(&form, f, base) > 1;
    buffer_printf(out, sum ? "(%s)" : "%s", buffer_text(&form));
    out->failed |= form.failed;
    buffer_free(&form);
}

/* The value of F over the logarithm of BASE, when that is rational; a lack of memory goes to OUT. */
static bool is_rational(mpq_t value, const log_form *f, mpq_srcptr base, buffer *out)
{
    if (base == NULL)
        return false;
    log_form unit = {0};
    mpq_t one;
    mpq_init(one);
    mpq_set_ui(one, 1, 1);
    log_form_add(&unit, one, base);
    out->failed |= unit.failed;
    bool rational = !unit.failed && log_form_ratio(value, f, &unit);
    log_form_free(&unit);
    mpq_clear(one);
    return rational;
}

/* sqrt(g*h), the product multiplied out where it is rational. */
static void print_root(buffer *out, const exact_answer *v, mpq_srcptr base)
{
    mpq_t g, h;
    mpq_inits(g, h, NULL);
    buffer_string(out, "/sqrt(");
    if (is_rational(g, &v->g, base, out) && is_rational(h, &v->h, base, out)) {
        mpq_mul(g, g, h);
        fraction_print(out, g);
    } else {
        print_part(out, &v->g, base);
        buffer_char(out, '*');
        print_part(out, &v->h, base);
    }
    buffer_char(out, ')');
    mpq_clears(g, h, NULL);
}

static void print_quotient(buffer *out, const exact_answer *v, mpq_srcptr base)
{
    mpq_t ratio;
    mpq_init(ratio);
    if (v->kind == EXACT_RATIO && log_form_ratio(ratio, &v->f, &v->g)) {
        fraction_print(out, ratio);
    } else if (v->kind == EXACT_RATIO && is_rational(ratio, &v->g, base, out)) {
        log_form divided = {0};
        mpq_inv(ratio, ratio);
        log_form_add_form(&divided, ratio, &v->f);
        log_form_print(out, &divided, base);
        out->failed |= divided.failed;
        log_form_free(&divided);
    } else if (v->f.count == 0) {
        buffer_char(out, '0');
    } else {
        print_part(out, &v->f, base);
        if (v->kind == EXACT_GEOMETRIC) {
            print_root(out, v, base);
        } else {
            buffer_string(out, "/(");
            log_form_print(out, &v->g, base);
            buffer_char(out, ')');
        }
    }
    mpq_clear(ratio);
}

static void print_closed(buffer *out, const exact_answer *v, mpq_srcptr base)
{
    if (v->kind == EXACT_RATIONAL)
        fraction_print(out, v->q);
    else if (v->kind == EXACT_LOGARITHM)
        log_form_print(out, &v->f, base);
    else if (v->kind == EXACT_POWER)
        log_form_print_power(out, &v->f);
    else
        print_quotient(out, v, base);
}

void exact_answer_print(buffer *out, const exact_answer *v, mpq_srcptr base, size_t digits)
{
    log_quotient q = {.f = &v->f, .base = base, .power = v->kind == EXACT_POWER};
    q.g = v->kind == EXACT_RATIO || v->kind == EXACT_GEOMETRIC ? &v->g : NULL;
    q.h = v->kind == EXACT_GEOMETRIC ? &v->h : NULL;
    out->failed |= v->f.failed || v->g.failed || v->h.failed;
    if (out->failed)
        return;
    if (v->kind == EXACT_NONE)
        buffer_string(out, "NA");
    else if (v->kind == EXACT_INFINITE)
        buffer_string(out, "inf");
    else if (digits == 0)
        print_closed(out, v, base);
    else if (v->kind == EXACT_RATIONAL)
        fraction_decimals(out, v->q, digits);
    else
        log_form_decimals(out, &q, digits);
}
