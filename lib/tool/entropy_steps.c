#include "tool/entropy_steps.h"

#include <math.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "math/fraction.h"

bool entropy_steps_has(entropy_show show)
{
    return show != SHOW_AMI && show != SHOW_DISTRIBUTION;
}

/* What every part of the writing needs. */
typedef struct writing {
    steps *s;
    const entropy_printer *p;
    const entropy_data *d;
    const char *log;  /* "log2", "log", ... */
    const char *by;   /* behind a logarithm: "/log(3)" where the base has no name of its own, else "" */
    const char *unit; /* " bits" */
} writing;

/* A number: as a double, and with exact data as a sum of logarithms in nats. */
typedef struct amount {
    double x;
    log_form f;
} amount;

static bool is_exact(const writing *w)
{
    return w->d->exact != NULL;
}

static void amount_free(amount *a)
{
    log_form_free(&a->f);
}

static void amount_add(amount *a, int sign, const amount *b)
{
    a->x += sign * b->x;
    log_form_add_multiple(&a->f, sign, &b->f);
}

/* What B holds, for a formula that is written at once. */
static const char *said(const writing *w, buffer *b)
{
    const char *text = buffer_text(b); /* which may fail */
    if (b->failed)
        steps_fail(w->s);
    return text;
}

/* A text that the steps keep. */
static const char *keep(const writing *w, buffer *b)
{
    const char *text = steps_print(w->s, "%s", said(w, b));
    buffer_free(b);
    return text;
}

static const char *amount_text(const writing *w, const amount *a)
{
    if (!is_exact(w))
        return steps_number(w->s, a->x);
    buffer b = {0};
    log_form_print(&b, &a->f, w->p->base);
    return keep(w, &b);
}

/* The same as a factor: in parentheses when it is a sum. */
static const char *factor_text(const writing *w, const amount *a)
{
    if (!is_exact(w))
        return steps_number(w->s, a->x);
    buffer b = {0};
    bool sum = log_form_print(&b, &a->f, w->p->base) > 1;
    const char *text = keep(w, &b);
    return sum ? steps_print(w->s, "(%s)", text) : text;
}

/* "1.57741 bits", "1 bit". */
static const char *with_unit(const writing *w, const char *text)
{
    bool one = strcmp(text, "1") == 0;
    return steps_print(w->s, "%s%.*s", text, (int)strlen(w->unit) - (one && *w->unit != '\0'), w->unit);
}

/* An amount with its unit, behind an exact form also its decimals. */
static const char *result_text(const writing *w, const amount *a)
{
    const char *text = amount_text(w, a);
    if (!is_exact(w) || strpbrk(text, "l/") == NULL)
        return with_unit(w, text);
    double x = log_form_value(&(log_quotient){.f = &a->f, .base = w->p->base});
    return steps_print(w->s, "%s = %s", text, with_unit(w, steps_number(w->s, x)));
}

/* A text that can stand below a fraction stroke. */
static const char *below_text(const writing *w, const amount *a)
{
    const char *text = amount_text(w, a);
    return strpbrk(text, "/ *") != NULL ? steps_print(w->s, "(%s)", text) : text;
}

static const char *fraction_text(const writing *w, mpq_srcptr q)
{
    buffer b = {0};
    fraction_print(&b, q);
    return keep(w, &b);
}

/* "outlook, play" */
static const char *names_text(const writing *w, const size_t *places, size_t width)
{
    buffer b = {0};
    for (size_t i = 0; i < width; i++)
        buffer_printf(&b, "%s%s", i > 0 ? ", " : "", w->d->names[places[i]]);
    return keep(w, &b);
}

/* --- frequencies --- */

/* The mass of a cell over the total as a person writes it: 5/14 of counts, 1/8, 0.125. */
static const char *share_text(const writing *w, double mass, double total, mpq_srcptr exact, mpq_srcptr all)
{
    if (w->d->counts)
        return steps_print(w->s, "%.0f/%.0f", mass, total);
    if (exact == NULL)
        return steps_number(w->s, mass / total);
    mpq_t share;
    mpq_init(share);
    mpq_div(share, exact, all);
    const char *text = fraction_text(w, share);
    mpq_clear(share);
    return text;
}

static const char *frequency_text(const writing *w, const entropy_part *part, size_t i)
{
    return share_text(w, part->t->cells.mass[i], part->t->total, is_exact(w) ? part->exact->mass[i] : NULL,
                      is_exact(w) ? part->exact->total : NULL);
}

static double frequency(const entropy_part *part, size_t i)
{
    return part->t->cells.mass[i] / part->t->total;
}

/* a += c log(x), and with exact data of the fractions. */
static void add_logarithm(const writing *w, amount *a, double c, double x, mpq_srcptr exact_c,
                          mpq_srcptr exact_x)
{
    a->x += c * entropy_log(&w->p->measure, x);
    if (is_exact(w))
        log_form_add(&a->f, exact_c, exact_x);
}

/* -p log p of cell I. */
static amount entropy_term(const writing *w, const entropy_part *part, size_t i)
{
    amount a = {0};
    mpq_t p, minus;
    mpq_inits(p, minus, NULL);
    if (is_exact(w)) {
        mpq_div(p, part->exact->mass[i], part->exact->total);
        mpq_neg(minus, p);
    }
    add_logarithm(w, &a, -frequency(part, i), frequency(part, i), minus, p);
    a.x += 0.0;
    mpq_clears(p, minus, NULL);
    return a;
}

/* --- sums --- */

enum { LONG_SUM = 16 };

/* One more term of a sum that is being written: its sign is written as an operation. */
static void put_term(const writing *w, buffer *sum, const amount *term)
{
    const char *text = factor_text(w, term);
    if (sum->size == 0)
        buffer_string(sum, text);
    else
        buffer_printf(sum, *text == '-' ? " - %s" : " + %s", *text == '-' ? text + 1 : text);
}

/* "LABEL = a + b + c = RESULT"; a long sum is not repeated. */
static void write_sum(const writing *w, const char *label, buffer *sum, size_t terms, const amount *result)
{
    if (terms > LONG_SUM)
        steps_formula(w->s, "%s = %s", label, result_text(w, result));
    else if (terms > 1)
        steps_formula(w->s, "%s = %s = %s", label, said(w, sum), result_text(w, result));
    else
        steps_formula(w->s, "%s = %s", label, result_text(w, result));
    buffer_free(sum);
}

/* A table that is being filled row by row. */
typedef struct grid {
    const char **heads, **cells;
    size_t columns, at, most;
} grid;

static bool grid_make(grid *g, const writing *w, size_t columns, size_t rows)
{
    *g = (grid){.columns = 0, .most = rows};
    g->heads = memory_zeros(columns, sizeof *g->heads);
    g->cells = memory_zeros(rows, columns * sizeof *g->cells);
    if (g->heads != NULL && g->cells != NULL)
        return true;
    free(g->heads);
    free(g->cells);
    steps_fail(w->s);
    return false;
}

static void grid_write(grid *g, const writing *w)
{
    if (g->at > 0)
        steps_table(w->s, g->heads, g->columns, g->at / g->columns, g->cells);
    free(g->heads);
    free(g->cells);
}

static void put_levels(grid *g, const writing *w, const entropy_part *part, const size_t *places, size_t i)
{
    size_t width = part->t->cells.width;
    for (size_t k = 0; k < width; k++)
        g->cells[g->at++] = w->d->levels[places[k]].names[part->t->cells.codes[i * width + k]];
}

static ml_status check_size(const entropy_part *part, ml_message *why)
{
    if (part->t->cells.count <= ENTROPY_MOST_STEPS)
        return ML_OK;
    return ml_fail(why, "--steps writes tables of at most %d cells out, and this one has %zu",
                   ENTROPY_MOST_STEPS, part->t->cells.count);
}

/* --- H --- */

/* H of the variables at PLACES, written with its table; the sum goes to H. */
static ml_status write_entropy(const writing *w, const size_t *places, size_t width, amount *h,
                               ml_message *why)
{
    entropy_part part;
    grid g;
    buffer sum = {0};
    *h = (amount){0};
    ml_status status = entropy_data_part(w->d, places, width, &part, why);
    if (status == ML_OK && (status = check_size(&part, why)) != ML_OK)
        entropy_part_free(&part);
    if (status != ML_OK)
        return status;
    size_t count = part.t->cells.count;
    const char *names = names_text(w, places, width);
    if (grid_make(&g, w, width + 2, count)) {
        for (size_t k = 0; k < width; k++)
            g.heads[g.columns++] = w->d->separate ? "symbol" : w->d->names[places[k]];
        g.heads[g.columns++] = "p";
        g.heads[g.columns++] = steps_print(w->s, "-p*%s(p)%s", w->log, w->by);
        for (size_t i = 0; i < count; i++) {
            amount term = entropy_term(w, &part, i);
            put_levels(&g, w, &part, places, i);
            g.cells[g.at++] = frequency_text(w, &part, i);
            g.cells[g.at++] = amount_text(w, &term);
            put_term(w, &sum, &term);
            amount_add(h, 1, &term);
            amount_free(&term);
        }
        h->x = entropy_joint(part.t, &w->p->measure);
        grid_write(&g, w);
    }
    write_sum(w, steps_print(w->s, "H(%s)", names), &sum, count, h);
    entropy_part_free(&part);
    return ML_OK;
}

static ml_status write_each_entropy(const writing *w, bool power, ml_message *why)
{
    ml_status status = ML_OK;
    for (size_t i = 0; status == ML_OK && i < w->d->width; i++) {
        amount h;
        const char *name = w->d->names[i];
        steps_heading(w->s, power ? "Perplexity of %s" : "Entropy of %s", name);
        if ((status = write_entropy(w, &i, 1, &h, why)) != ML_OK)
            break;
        if (power) {
            buffer b = {0};
            log_form_print_power(&b, &h.f);
            double base = w->p->measure.base, value = base == 2 ? exp2(h.x) : pow(base, h.x);
            const char *digits = steps_number(w->s, value), *form = keep(w, &b);
            const char *root = base == M_E ? "e" : steps_number(w->s, base);
            bool closed = is_exact(w) && strcmp(form, digits) != 0;
            steps_formula(w->s, "%s^(%s) = %s%s%s", root, amount_text(w, &h), closed ? form : "",
                          closed ? " = " : "", digits);
        }
        amount_free(&h);
    }
    return status;
}

static size_t *all_places(const writing *w, ml_message *why)
{
    size_t *places = memory_array(w->d->width, sizeof *places);
    if (places == NULL)
        ml_fail_memory(why, "the columns", w->d->width * sizeof *places);
    for (size_t i = 0; places != NULL && i < w->d->width; i++)
        places[i] = i;
    return places;
}

static ml_status write_joint(const writing *w, ml_message *why)
{
    amount h = {0};
    size_t *places = all_places(w, why);
    steps_heading(w->s, "Joint entropy");
    ml_status status = places ? write_entropy(w, places, w->d->width, &h, why) : ML_FAIL;
    amount_free(&h);
    free(places);
    return status;
}

/* --- sums of entropies --- */

/* sum over the sets WHICH (bits; COUNT of them) of SIGN times H, each written out before. */
static ml_status write_combination(const writing *w, const char *label, const size_t *which, const int *signs,
                                   size_t count, ml_message *why)
{
    amount total = {0};
    buffer letters = {0}, sum = {0};
    ml_status status = ML_OK;
    for (size_t i = 0; status == ML_OK && i < count; i++) {
        size_t places[ENTROPY_MOST_VARIABLES], width = 0;
        amount h;
        for (size_t k = 0; k < w->d->width; k++)
            if (which[i] >> k & 1)
                places[width++] = k;
        if ((status = write_entropy(w, places, width, &h, why)) != ML_OK)
            break;
        const char *sign = i == 0 ? signs[i] < 0 ? "-" : "" : signs[i] < 0 ? " - " : " + ";
        buffer_printf(&letters, "%sH(%s)", sign, names_text(w, places, width));
        buffer_printf(&sum, "%s%s", sign, factor_text(w, &h));
        amount_add(&total, signs[i], &h);
        amount_free(&h);
    }
    if (status == ML_OK) {
        steps_formula(w->s, "%s = %s", label, said(w, &letters));
        steps_formula(w->s, "  = %s = %s", said(w, &sum), result_text(w, &total));
    }
    buffer_free(&letters);
    buffer_free(&sum);
    amount_free(&total);
    return status;
}

static ml_status write_total_correlation(const writing *w, ml_message *why)
{
    size_t which[ENTROPY_MOST_VARIABLES + 1], width = w->d->width;
    int signs[ENTROPY_MOST_VARIABLES + 1];
    if (width > ENTROPY_MOST_VARIABLES)
        return ml_fail(why, "--steps writes the total correlation of at most %d columns out",
                       ENTROPY_MOST_VARIABLES);
    for (size_t i = 0; i < width; i++) {
        which[i] = (size_t)1 << i;
        signs[i] = 1;
    }
    which[width] = ((size_t)1 << width) - 1;
    signs[width] = -1;
    steps_heading(w->s, "Total correlation");
    return write_combination(w, "TC", which, signs, width + 1, why);
}

static ml_status write_coinformation(const writing *w, ml_message *why)
{
    enum { MOST = 5, SETS = 1 << MOST };
    size_t which[SETS], count = 0, width = w->d->width;
    int signs[SETS];
    if (width > MOST)
        return ml_fail(why, "--steps writes the co-information of at most %d columns out", MOST);
    for (size_t size = 1; size <= width; size++)
        for (size_t set = 1; set < (size_t)1 << width; set++)
            if ((size_t)__builtin_popcountll(set) == size) {
                which[count] = set;
                signs[count++] = size % 2 ? 1 : -1;
            }
    steps_heading(w->s, "Co-information");
    return write_combination(w, "co-information", which, signs, count, why);
}

/* --- pairs --- */

/* One variable given another: what stands in each row of its table. */
typedef struct given {
    const entropy_part *pair;
    entropy_part margin; /* of the one that is given */
    size_t place;        /* of it in the pair, 0 or 1 */
} given;

/* H(other | level K of the given one), with its terms as text in FORMULA. */
static amount inner_entropy(const writing *w, const given *g, size_t k, buffer *formula)
{
    amount h = {0};
    const tuples *cells = &g->pair->t->cells;
    double whole = g->margin.t->cells.mass[k];
    mpq_t q, minus;
    mpq_inits(q, minus, NULL);
    for (size_t i = 0; i < cells->count; i++) {
        if (cells->codes[2 * i + g->place] != g->margin.t->cells.codes[k])
            continue;
        mpq_srcptr exact = is_exact(w) ? g->pair->exact->mass[i] : NULL;
        mpq_srcptr all = is_exact(w) ? g->margin.exact->mass[k] : NULL;
        if (is_exact(w)) {
            mpq_div(q, exact, all);
            mpq_neg(minus, q);
        }
        const char *p = share_text(w, cells->mass[i], whole, exact, all);
        buffer_printf(formula, "%s%s*%s(%s)%s", formula->size == 0 ? "-" : " - ", p, w->log, p, w->by);
        add_logarithm(w, &h, -cells->mass[i] / whole, cells->mass[i] / whole, minus, q);
    }
    h.x += 0.0;
    mpq_clears(q, minus, NULL);
    return h;
}

/* H(OF | GIVEN), a line for each level of the one that is given; the sum goes to H. */
static ml_status write_conditional(const writing *w, const entropy_part *pair, const size_t places[2],
                                   size_t place, amount *h, ml_message *why)
{
    given g = {.pair = pair, .place = place};
    buffer sum = {0};
    const char *of = w->d->names[places[1 - place]], *name = w->d->names[places[place]];
    *h = (amount){0};
    ml_status status = entropy_data_part(w->d, &places[place], 1, &g.margin, why);
    if (status != ML_OK)
        return status;
    const entropy_table *t = g.margin.t;
    for (size_t k = 0; k < t->cells.count; k++) {
        buffer terms = {0};
        amount inner = inner_entropy(w, &g, k, &terms), weighted = {0};
        steps_formula(w->s, "H(%s | %s) = %s = %s", of, w->d->levels[places[place]].names[t->cells.codes[k]],
                      said(w, &terms), amount_text(w, &inner));
        buffer_printf(&sum, "%s%s*%s", k > 0 ? " + " : "", frequency_text(w, &g.margin, k),
                      factor_text(w, &inner));
        weighted.x = frequency(&g.margin, k) * inner.x;
        if (is_exact(w)) {
            mpq_t p;
            mpq_init(p);
            mpq_div(p, g.margin.exact->mass[k], g.margin.exact->total);
            log_form_add_form(&weighted.f, p, &inner.f);
            mpq_clear(p);
        }
        amount_add(h, 1, &weighted);
        amount_free(&weighted);
        amount_free(&inner);
        buffer_free(&terms);
    }
    steps_formula(w->s, "H(%s | %s) = %s = %s", of, name, said(w, &sum), result_text(w, h));
    buffer_free(&sum);
    entropy_part_free(&g.margin);
    return ML_OK;
}

/* I(A; B) from its terms p(a,b) log(p(a,b) / (p(a) p(b))). */
static ml_status write_mutual(const writing *w, const entropy_part *pair, const size_t places[2],
                              amount *mutual, ml_message *why)
{
    entropy_part a, b;
    grid g;
    buffer sum = {0};
    const char *names[] = {w->d->names[places[0]], w->d->names[places[1]]};
    *mutual = (amount){0};
    ml_status status = entropy_data_part(w->d, &places[0], 1, &a, why);
    if (status != ML_OK)
        return status;
    if ((status = entropy_data_part(w->d, &places[1], 1, &b, why)) != ML_OK) {
        entropy_part_free(&a);
        return status;
    }
    size_t count = pair->t->cells.count;
    if (grid_make(&g, w, 6, count)) {
        g.heads[0] = names[0];
        g.heads[1] = names[1];
        g.heads[2] = "p(x,y)";
        g.heads[3] = "p(x)";
        g.heads[4] = "p(y)";
        g.heads[5] = steps_print(w->s, "p(x,y)*%s(p(x,y)/(p(x)*p(y)))%s", w->log, w->by);
        g.columns = 6;
        for (size_t i = 0; i < count; i++) {
            amount term = {0};
            size_t of_a = tuples_place(&a.t->cells, pair->t->cells.codes + 2 * i);
            size_t of_b = tuples_place(&b.t->cells, pair->t->cells.codes + 2 * i + 1);
            mpq_t p, ratio;
            mpq_inits(p, ratio, NULL);
            if (is_exact(w)) {
                mpq_div(p, pair->exact->mass[i], pair->exact->total);
                mpq_mul(ratio, pair->exact->mass[i], pair->exact->total);
                mpq_div(ratio, ratio, a.exact->mass[of_a]);
                mpq_div(ratio, ratio, b.exact->mass[of_b]);
            }
            double c = pair->t->cells.mass[i];
            add_logarithm(w, &term, frequency(pair, i),
                          c * pair->t->total / (a.t->cells.mass[of_a] * b.t->cells.mass[of_b]), p, ratio);
            put_levels(&g, w, pair, places, i);
            g.cells[g.at++] = frequency_text(w, pair, i);
            g.cells[g.at++] = frequency_text(w, &a, of_a);
            g.cells[g.at++] = frequency_text(w, &b, of_b);
            g.cells[g.at++] = amount_text(w, &term);
            put_term(w, &sum, &term);
            amount_add(mutual, 1, &term);
            amount_free(&term);
            mpq_clears(p, ratio, NULL);
        }
        grid_write(&g, w);
    }
    entropy_pair m;
    if ((status = entropy_measure_pair(pair->t, &w->p->measure, &m, why)) == ML_OK)
        mutual->x = m.mutual;
    write_sum(w, steps_print(w->s, "I(%s; %s)", names[0], names[1]), &sum, count, mutual);
    entropy_part_free(&a);
    entropy_part_free(&b);
    return status;
}

/* "LABEL = 0.24/1.57 = 0.15", closed with exact data. */
static void write_ratio(const writing *w, const char *label, const char *above, const char *below, double x,
                        exact_answer *v)
{
    if (!is_exact(w)) {
        steps_formula(w->s, "%s = %s/%s = %s", label, above, below, steps_number(w->s, x));
        return;
    }
    buffer b = {0};
    exact_answer_print(&b, v, w->p->base, 0);
    steps_formula(w->s, "%s = %s = %s", label, keep(w, &b), steps_number(w->s, x));
}

static exact_answer ratio_of(const amount *a, const amount *b)
{
    exact_answer v;
    exact_answer_init(&v, EXACT_RATIO);
    log_form_add_multiple(&v.f, 1, &a->f);
    log_form_add_multiple(&v.g, 1, &b->f);
    return v;
}

/* The normalized forms of MI. */
static ml_status write_normalized(const writing *w, const size_t places[2], const amount *mutual,
                                  ml_message *why)
{
    static const char *const words[] = {"min", "max", "sqrt", "mean", "joint"};
    amount h[3] = {{0}};
    ml_status status = ML_OK;
    for (size_t i = 0; status == ML_OK && i < 3; i++)
        status = write_entropy(w, i < 2 ? &places[i] : places, i < 2 ? 1 : 2, &h[i], why);
    bool a_less = h[0].x < h[1].x;
    const amount *least = &h[!a_less], *most = &h[a_less];
    double below[] = {least->x, most->x, sqrt(h[0].x * h[1].x), (h[0].x + h[1].x) / 2, h[2].x};
    const char *above = amount_text(w, mutual);
    const char *texts[] = {below_text(w, least), below_text(w, most),
                           steps_print(w->s, "sqrt(%s*%s)", factor_text(w, &h[0]), factor_text(w, &h[1])),
                           steps_print(w->s, "((%s + %s)/2)", amount_text(w, &h[0]), amount_text(w, &h[1])),
                           below_text(w, &h[2])};
    for (size_t i = 0; status == ML_OK && i < 5; i++) {
        if (!(below[i] > 0)) {
            steps_text(w->s, "%s: no entropy to divide by.", words[i]);
            continue;
        }
        steps_formula(w->s, "%s: (%s)/%s = %s", words[i], above, texts[i],
                      steps_number(w->s, fmin(1, mutual->x / below[i])));
    }
    for (size_t i = 0; i < 3; i++)
        amount_free(&h[i]);
    return status;
}

/* 1 - sum p^2 of the table T, as a formula and its value. */
static double gini_text(const writing *w, const entropy_part *part, buffer *out)
{
    double sum = 0;
    buffer_char(out, '1');
    for (size_t i = 0; i < part->t->cells.count; i++) {
        const char *p = frequency_text(w, part, i);
        buffer_printf(out, strchr(p, '/') != NULL ? " - (%s)^2" : " - %s^2", p);
        sum += frequency(part, i) * frequency(part, i);
    }
    return 1 - sum;
}

/* The decrease of the Gini impurity of the target by a split. */
static ml_status write_gini(const writing *w, const entropy_part *pair, const size_t places[2],
                            double decrease, ml_message *why)
{
    entropy_part target, split;
    buffer before = {0}, after = {0};
    ml_status status = entropy_data_part(w->d, &places[1], 1, &target, why);
    if (status != ML_OK)
        return status;
    if ((status = entropy_data_part(w->d, &places[0], 1, &split, why)) != ML_OK) {
        entropy_part_free(&target);
        return status;
    }
    double impurity = gini_text(w, &target, &before);
    steps_formula(w->s, "Gini(%s) = %s = %s", w->d->names[places[1]], said(w, &before),
                  steps_number(w->s, impurity));
    for (size_t k = 0; k < split.t->cells.count; k++) {
        double whole = split.t->cells.mass[k], squares = 0;
        for (size_t i = 0; i < pair->t->cells.count; i++)
            if (pair->t->cells.codes[2 * i] == split.t->cells.codes[k])
                squares += pair->t->cells.mass[i] / whole * (pair->t->cells.mass[i] / whole);
        buffer_printf(&after, " - %s*%s", frequency_text(w, &split, k), steps_number(w->s, 1 - squares));
    }
    steps_formula(w->s, "decrease of Gini = %s%s = %s", steps_number(w->s, impurity), said(w, &after),
                  steps_number(w->s, decrease));
    buffer_free(&before);
    buffer_free(&after);
    entropy_part_free(&target);
    entropy_part_free(&split);
    return ML_OK;
}

/* One split: what is left of the entropy of the target, the gain, the gain ratio, the Gini impurity. */
static ml_status write_split(const writing *w, const entropy_part *pair, const size_t places[2],
                             const amount *whole, double *gain, ml_message *why)
{
    amount left = {0}, won = {0}, split = {0};
    entropy_split measured;
    ml_status status = write_conditional(w, pair, places, 0, &left, why);
    if (status == ML_OK)
        status = entropy_measure_split(pair->t, &w->p->measure, &measured, why);
    if (status != ML_OK)
        return status;
    amount_add(&won, 1, whole);
    amount_add(&won, -1, &left);
    won.x = *gain = measured.gain;
    steps_formula(w->s, "gain = %s - %s = %s", factor_text(w, whole), factor_text(w, &left),
                  result_text(w, &won));
    status = write_entropy(w, &places[0], 1, &split, why);
    if (status == ML_OK && measured.split > 0) {
        exact_answer v = ratio_of(&won, &split);
        write_ratio(w, "gain ratio", amount_text(w, &won), amount_text(w, &split), measured.ratio, &v);
        exact_answer_free(&v);
    } else if (status == ML_OK) {
        steps_text(w->s, "No gain ratio: the column is constant.");
    }
    if (status == ML_OK)
        status = write_gini(w, pair, places, measured.gini, why);
    amount_free(&left);
    amount_free(&won);
    amount_free(&split);
    return status;
}

static void head_pair(const writing *w, entropy_show show, const char *a, const char *b)
{
    if (show == SHOW_GAIN)
        steps_heading(w->s, "Split on %s", a);
    else if (show == SHOW_CONDITIONAL)
        steps_heading(w->s, "Entropy of %s given %s", a, b);
    else
        steps_heading(w->s, "Mutual information of %s and %s", a, b);
}

static ml_status write_pair(const writing *w, entropy_show show, entropy_places pair, const amount *target,
                            double *gain, ml_message *why)
{
    bool swapped = pair.a > pair.b;
    size_t places[] = {swapped ? pair.b : pair.a, swapped ? pair.a : pair.b};
    entropy_part part;
    amount result = {0};
    head_pair(w, show, w->d->names[pair.a], w->d->names[pair.b]);
    ml_status status = entropy_data_part(w->d, places, 2, &part, why);
    if (status != ML_OK)
        return status;
    status = check_size(&part, why);
    if (status == ML_OK && show == SHOW_GAIN)
        status = write_split(w, &part, places, target, gain, why);
    else if (status == ML_OK && show == SHOW_CONDITIONAL)
        status = write_conditional(w, &part, places, !swapped, &result, why);
    else if (status == ML_OK)
        status = write_mutual(w, &part, places, &result, why);
    if (status == ML_OK && show == SHOW_NORMALIZED)
        status = write_normalized(w, places, &result, why);
    amount_free(&result);
    entropy_part_free(&part);
    return status;
}

static ml_status write_pairs(const writing *w, entropy_show show, ml_message *why)
{
    entropy_places *pairs;
    size_t count, best = 0;
    double gain = 0, most = -1;
    amount target = {0};
    ml_status status = entropy_pairs(w->d, show, &pairs, &count, why);
    if (status == ML_OK && show == SHOW_GAIN) {
        steps_heading(w->s, "Before any split");
        status = write_entropy(w, &w->d->target, 1, &target, why);
    }
    for (size_t i = 0; status == ML_OK && i < count; i++) {
        status = write_pair(w, show, pairs[i], &target, &gain, why);
        if (gain > most) {
            most = gain;
            best = i;
        }
    }
    if (status == ML_OK && show == SHOW_GAIN)
        steps_text(w->s, "The most is gained by %s: %s%s.", w->d->names[pairs[best].a],
                   steps_number(w->s, most), w->unit);
    amount_free(&target);
    free(pairs);
    return status;
}

/* --- divergences --- */

/* The terms of one cell: c log(x) of each. */
typedef struct piece {
    double c, x;
    mpq_t exact_c, exact_x;
} piece;

static void piece_init(piece *a)
{
    a->c = a->x = 0;
    mpq_inits(a->exact_c, a->exact_x, NULL);
}

/* The pieces of SHOW in cell I; how many there are. */
static size_t pieces_of(entropy_show show, const entropy_both *both, size_t i, bool exact, piece out[2])
{
    double p = both->p[i], q = both->q[i], mean = (p + q) / 2;
    mpq_t m;
    size_t count = 0;
    mpq_init(m);
    if (exact) {
        mpq_add(m, both->exact_p[i], both->exact_q[i]);
        mpq_div_2exp(m, m, 1);
    }
    double of[] = {p, q};
    mpq_srcptr exact_of[] = {exact ? both->exact_p[i] : NULL, exact ? both->exact_q[i] : NULL};
    for (size_t k = 0; k < (show == SHOW_JS ? 2 : 1); k++) {
        piece *a = &out[count];
        if (of[k] <= 0)
            continue;
        count++;
        a->c = show == SHOW_JS ? of[k] / 2 : show == SHOW_KL ? p : -p;
        a->x = show == SHOW_JS ? of[k] / mean : show == SHOW_KL ? p / q : q;
        if (!exact)
            continue;
        mpq_set(a->exact_c, exact_of[k]);
        if (show == SHOW_JS)
            mpq_div_2exp(a->exact_c, a->exact_c, 1);
        if (show == SHOW_CROSS) {
            mpq_neg(a->exact_c, a->exact_c);
            mpq_set(a->exact_x, both->exact_q[i]);
        } else {
            mpq_div(a->exact_x, exact_of[k], show == SHOW_JS ? m : both->exact_q[i]);
        }
    }
    mpq_clear(m);
    return count;
}

/* The term of cell I. */
static amount divergence_term(const writing *w, entropy_show show, const entropy_both *both, size_t i)
{
    amount a = {0};
    piece pieces[2];
    piece_init(&pieces[0]);
    piece_init(&pieces[1]);
    size_t count = pieces_of(show, both, i, is_exact(w), pieces);
    for (size_t k = 0; k < count; k++)
        add_logarithm(w, &a, pieces[k].c, pieces[k].x, pieces[k].exact_c, pieces[k].exact_x);
    a.x += 0.0;
    for (size_t k = 0; k < 2; k++)
        mpq_clears(pieces[k].exact_c, pieces[k].exact_x, NULL);
    return a;
}

static const char *term_head(const writing *w, entropy_show show)
{
    if (show == SHOW_CROSS)
        return steps_print(w->s, "-p*%s(q)%s", w->log, w->by);
    if (show == SHOW_KL)
        return steps_print(w->s, "p*%s(p/q)%s", w->log, w->by);
    return steps_print(w->s, "p/2*%s(p/m)%s + q/2*%s(q/m)%s", w->log, w->by, w->log, w->by);
}

static const char *mass_text(const writing *w, const entropy_both *both, bool of_q, size_t i,
                             const double total[2])
{
    if (is_exact(w) && !w->d->counts)
        return fraction_text(w, of_q ? both->exact_q[i] : both->exact_p[i]);
    double mass = of_q ? both->q[i] * total[1] : both->p[i] * total[0];
    return w->d->counts ? steps_print(w->s, "%.0f/%.0f", mass, total[of_q])
                        : steps_number(w->s, of_q ? both->q[i] : both->p[i]);
}

/* The first cell that makes it infinite; both->count: none. */
static size_t infinite_at(entropy_show show, const entropy_both *both)
{
    size_t i = 0;
    while (i < both->count && !(show != SHOW_JS && both->p[i] > 0 && both->q[i] == 0))
        i++;
    return i;
}

static ml_status write_cells(const writing *w, entropy_show show, const entropy_both *both,
                             const double total[2], const char *label, ml_message *why)
{
    grid g;
    amount result = {0};
    buffer sum = {0};
    size_t infinite = infinite_at(show, both);
    if (both->count > ENTROPY_MOST_STEPS)
        return ml_fail(why, "--steps writes at most %d symbols out, and these are %zu", ENTROPY_MOST_STEPS,
                       both->count);
    if (!grid_make(&g, w, 4, both->count))
        return ML_OK;
    g.heads[g.columns++] = "symbol";
    g.heads[g.columns++] = "p";
    g.heads[g.columns++] = "q";
    g.heads[g.columns++] = term_head(w, show);
    for (size_t i = 0; i < both->count; i++) {
        bool finite = infinite == both->count || both->p[i] == 0 || both->q[i] > 0;
        amount term = {0};
        if (finite)
            term = divergence_term(w, show, both, i);
        g.cells[g.at++] = both->names[i];
        g.cells[g.at++] = mass_text(w, both, false, i, total);
        g.cells[g.at++] = mass_text(w, both, true, i, total);
        g.cells[g.at++] = finite ? amount_text(w, &term) : "inf";
        put_term(w, &sum, &term);
        amount_add(&result, 1, &term);
        amount_free(&term);
    }
    grid_write(&g, w);
    if (infinite < both->count) {
        steps_formula(w->s, "%s = inf", label);
        steps_text(w->s, "q is 0 and p is not, at %s.", both->names[infinite]);
        buffer_free(&sum);
    } else {
        result.x = show == SHOW_CROSS ? entropy_cross(both->p, both->q, both->count, &w->p->measure)
                   : show == SHOW_KL  ? entropy_kl(both->p, both->q, both->count, &w->p->measure)
                                      : entropy_js(both->p, both->q, both->count, &w->p->measure);
        write_sum(w, label, &sum, both->count, &result);
    }
    amount_free(&result);
    return ML_OK;
}

static ml_status write_divergence(const writing *w, entropy_show show, entropy_places pair, ml_message *why)
{
    const char *p = w->d->names[pair.a], *q = w->d->names[pair.b];
    double total[2] = {0, 0};
    entropy_both both;
    steps_heading(w->s, "%s of %s %s %s",
                  show == SHOW_KL   ? "Kullback-Leibler divergence"
                  : show == SHOW_JS ? "Jensen-Shannon divergence"
                                    : "Cross entropy",
                  p,
                  show == SHOW_KL   ? "from"
                  : show == SHOW_JS ? "and"
                                    : "with",
                  q);
    if (strcmp(p, "p") != 0 || strcmp(q, "q") != 0)
        steps_text(w->s, "p is %s, q is %s.", p, q);
    if (show == SHOW_JS)
        steps_formula(w->s, "m = (p + q)/2");
    ml_status status = entropy_both_make(&both, w->d, pair, why);
    if (status != ML_OK)
        return status;
    for (size_t i = 0; i < both.count; i++) {
        total[0] += both.p[i];
        total[1] += both.q[i];
    }
    entropy_frequencies(both.p, both.count, &w->p->measure);
    entropy_frequencies(both.q, both.count, &w->p->measure);
    const char *label = show == SHOW_CROSS ? steps_print(w->s, "H(%s, %s)", p, q)
                        : show == SHOW_KL  ? steps_print(w->s, "KL(%s || %s)", p, q)
                                           : steps_print(w->s, "JS(%s, %s)", p, q);
    status = write_cells(w, show, &both, total, label, why);
    entropy_both_free(&both);
    return status;
}

static ml_status write_divergences(const writing *w, entropy_show show, ml_message *why)
{
    entropy_places *pairs;
    size_t count;
    ml_status status = entropy_pairs(w->d, show, &pairs, &count, why);
    for (size_t i = 0; status == ML_OK && i < count; i++)
        status = write_divergence(w, show, pairs[i], why);
    free(pairs);
    return status;
}

/* --- Renyi, Tsallis --- */

/* sum p^a and what becomes of it. */
static void write_power_sum(const writing *w, entropy_show show, const char *name, const entropy_part *part,
                            buffer *sum)
{
    double order = w->p->order, total = 0;
    const char *a = steps_number(w->s, order);
    for (size_t i = 0; i < part->t->cells.count; i++)
        total += pow(frequency(part, i), order);
    const char *digits = steps_number(w->s, total);
    if (is_exact(w)) {
        mpq_t q;
        mpq_init(q);
        exact_power_sum(q, part->exact, (unsigned long)order);
        digits = fraction_text(w, q);
        mpq_clear(q);
    }
    if (part->t->cells.count > LONG_SUM)
        steps_formula(w->s, "sum of p^%s = %s", a, digits);
    else
        steps_formula(w->s, "%s = %s", said(w, sum), digits);
    double x = show == SHOW_RENYI ? entropy_renyi(part->t, &w->p->measure, order)
                                  : entropy_tsallis(part->t, &w->p->measure, order);
    if (show == SHOW_RENYI)
        steps_formula(w->s, "H_%s(%s) = %s(%s)%s/(1 - %s) = %s", a, name, w->log, digits, w->by, a,
                      with_unit(w, steps_number(w->s, x)));
    else
        steps_formula(w->s, "S_%s(%s) = (1 - %s)/(%s - 1) = %s", a, name, digits, a, steps_number(w->s, x));
}

static ml_status write_power(const writing *w, entropy_show show, size_t i, ml_message *why)
{
    entropy_part part;
    buffer sum = {0};
    const char *name = w->d->names[i];
    ml_status status = entropy_data_part(w->d, &i, 1, &part, why);
    if (status == ML_OK && (status = check_size(&part, why)) != ML_OK)
        entropy_part_free(&part);
    if (status != ML_OK)
        return status;
    size_t greatest = 0;
    for (size_t k = 0; k < part.t->cells.count; k++) {
        const char *p = frequency_text(w, &part, k);
        buffer_printf(&sum, strchr(p, '/') != NULL ? "%s(%s)^%s" : "%s%s^%s", k > 0 ? " + " : "", p,
                      steps_number(w->s, w->p->order));
        greatest = part.t->cells.mass[k] > part.t->cells.mass[greatest] ? k : greatest;
    }
    if (isinf(w->p->order))
        steps_formula(w->s, "H_inf(%s) = -%s(max p)%s = -%s(%s)%s = %s", name, w->log, w->by, w->log,
                      frequency_text(w, &part, greatest), w->by,
                      with_unit(w, steps_number(w->s, entropy_renyi(part.t, &w->p->measure, INFINITY))));
    else
        write_power_sum(w, show, name, &part, &sum);
    buffer_free(&sum);
    entropy_part_free(&part);
    return ML_OK;
}

static ml_status write_powers(const writing *w, entropy_show show, ml_message *why)
{
    ml_status status = ML_OK;
    if (w->p->order == 1)
        steps_text(w->s, "Of order 1 it is the entropy%s.", show == SHOW_TSALLIS ? " in nats" : "");
    if (w->p->order == 1 && show == SHOW_RENYI)
        return write_each_entropy(w, false, why);
    if (w->p->order == 1) {
        entropy_printer in_nats = *w->p;
        in_nats.measure.base = M_E;
        in_nats.base = NULL;
        writing nats = {w->s, &in_nats, w->d, "log", "", " nats"};
        return write_each_entropy(&nats, false, why);
    }
    for (size_t i = 0; status == ML_OK && i < w->d->width; i++) {
        steps_heading(w->s, "%s entropy of %s", show == SHOW_RENYI ? "Renyi" : "Tsallis", w->d->names[i]);
        status = write_power(w, show, i, why);
    }
    return status;
}

ml_status entropy_steps(steps *s, const entropy_printer *p, entropy_show show, ml_message *why)
{
    double base = p->measure.base;
    bool named = base == 2 || base == 10 || base == M_E;
    writing w = {s, p, p->d, base == 2 ? "log2" : base == 10 ? "log10" : "log", "", ""};
    w.unit = base == 2 ? " bits" : base == M_E ? " nats" : base == 10 ? " dits" : "";
    if (!named)
        w.by = steps_print(s, "/log(%s)", steps_number(s, base));
    if (entropy_show_is_divergence(show))
        return write_divergences(&w, show, why);
    if (entropy_show_is_pair(show))
        return write_pairs(&w, show, why);
    switch (show) {
    case SHOW_JOINT:
        return write_joint(&w, why);
    case SHOW_TC:
        return write_total_correlation(&w, why);
    case SHOW_COINFORMATION:
        return write_coinformation(&w, why);
    case SHOW_RENYI:
    case SHOW_TSALLIS:
        return write_powers(&w, show, why);
    default:
        return write_each_entropy(&w, show == SHOW_PERPLEXITY, why);
    }
}
