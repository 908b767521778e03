#include "tool/entropy_print.h"

#include <math.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "base/number.h"
#include "math/fraction.h"
#include "ml/entropy_chance.h"
#include "table/symbols.h"

bool entropy_show_is_pair(entropy_show show)
{
    return show == SHOW_CONDITIONAL || show == SHOW_MI || show == SHOW_NORMALIZED || show == SHOW_AMI ||
           show == SHOW_GAIN;
}

bool entropy_show_is_whole(entropy_show show)
{
    return show == SHOW_JOINT || show == SHOW_TC || show == SHOW_COINFORMATION || show == SHOW_DISTRIBUTION;
}

bool entropy_show_is_divergence(entropy_show show)
{
    return show == SHOW_CROSS || show == SHOW_KL || show == SHOW_JS;
}

/* --- a table of results --- */

enum { MOST_VALUES = 8 };

/* Rows of values behind up to two columns of names; exact ones are texts. */
typedef struct results {
    const entropy_printer *p;
    const char *heads[2];
    const char **labels[2];
    size_t label_count, rows, width;
    const char *values[MOST_VALUES]; /* their heads */
    double *reals;                   /* rows x width */
    char **texts;                    /* width x rows; NULL unless exact */
} results;

static void results_free(results *r)
{
    for (size_t i = 0; r->texts != NULL && i < r->rows * r->width; i++)
        free(r->texts[i]);
    free(r->texts);
    free(r->labels[0]);
    free(r->labels[1]);
    free(r->reals);
}

static ml_status results_make(results *r, size_t rows, ml_message *why)
{
    bool good = true;
    r->rows = rows;
    for (size_t i = 0; i < r->label_count; i++)
        good = (r->labels[i] = memory_zeros(rows, sizeof *r->labels[i])) != NULL && good;
    r->reals = memory_zeros(rows, r->width * sizeof *r->reals);
    if (r->p->d->exact != NULL)
        r->texts = memory_zeros(rows, r->width * sizeof *r->texts);
    if (good && r->reals != NULL && (r->texts != NULL || r->p->d->exact == NULL))
        return ML_OK;
    results_free(r);
    return ml_fail_memory(why, "the results", rows * r->width * sizeof *r->reals);
}

/* The text that BUFFER holds becomes a cell. */
static ml_status set_text(results *r, size_t row, size_t value, buffer *text, ml_message *why)
{
    const char *whole = buffer_text(text); /* which may fail */
    char *copy = text->failed ? NULL : strdup(whole);
    buffer_free(text);
    r->texts[value * r->rows + row] = copy;
    return copy ? ML_OK : ml_fail_memory(why, "the results", 1);
}

/* A cell that is a double in either arithmetic. */
static ml_status set_real(results *r, size_t row, size_t value, double x, ml_message *why)
{
    char digits[NUMBER_PRINT_MAX];
    buffer text = {0};
    r->reals[row * r->width + value] = isnan(x) ? table_missing() : x;
    if (r->texts == NULL)
        return ML_OK;
    if (r->p->c->precision > 0)
        number_print_digits(digits, x, (int)r->p->c->precision);
    else
        number_print(digits, x);
    buffer_string(&text, digits);
    return set_text(r, row, value, &text, why);
}

static ml_status set_exact(results *r, size_t row, size_t value, const exact_answer *v, mpq_srcptr base,
                           ml_message *why)
{
    buffer text = {0};
    exact_answer_print(&text, v, base, r->p->c->digits);
    return set_text(r, row, value, &text, why);
}

/* The column of value I. */
static column value_column(const results *r, size_t i, const char *name)
{
    return r->texts != NULL ? column_strings(name, (const char *const *)r->texts + i * r->rows)
                            : column_reals(name, r->reals + i, r->width);
}

/* With --no-names only the values are printed. */
static void results_write(const results *r, const char *block)
{
    column columns[2 + MOST_VALUES];
    size_t count = 0;
    for (size_t i = 0; r->p->c->writer.names && i < r->label_count; i++)
        columns[count++] = column_strings(r->heads[i], r->labels[i]);
    for (size_t i = 0; i < r->width; i++)
        columns[count++] = value_column(r, i, r->values[i]);
    writer_block(r->p->out, block, columns, count, r->rows);
}

/* --- of one table: a variable, or all --- */

static double raise_base(const entropy_params *p, double h)
{
    return p->base == 2 ? exp2(h) : p->base == M_E ? exp(h) : pow(p->base, h);
}

static ml_status real_of_table(const entropy_printer *p, entropy_show show, const entropy_table *t, double *x,
                               ml_message *why)
{
    switch (show) {
    case SHOW_PERPLEXITY:
        *x = raise_base(&p->measure, entropy_joint(t, &p->measure));
        return ML_OK;
    case SHOW_RENYI:
        *x = entropy_renyi(t, &p->measure, p->order);
        return ML_OK;
    case SHOW_TSALLIS:
        *x = entropy_tsallis(t, &p->measure, p->order);
        return ML_OK;
    case SHOW_TC:
        return entropy_total_correlation(t, &p->measure, x, why);
    case SHOW_COINFORMATION:
        return entropy_coinformation(t, &p->measure, x, why);
    default:
        *x = entropy_joint(t, &p->measure);
        return ML_OK;
    }
}

/* (1 - sum p^q) / (q - 1). */
static void exact_tsallis(exact_answer *v, const exact_table *t, unsigned long order)
{
    mpq_t one, below;
    mpq_inits(one, below, NULL);
    mpq_set_ui(one, 1, 1);
    mpq_set_si(below, (long)order - 1, 1);
    exact_power_sum(v->q, t, order);
    mpq_sub(v->q, one, v->q);
    mpq_div(v->q, v->q, below);
    mpq_clears(one, below, NULL);
}

static ml_status exact_of_table(const entropy_printer *p, entropy_show show, const exact_table *t,
                                exact_answer *v, ml_message *why)
{
    unsigned long order = isinf(p->order) ? EXACT_MOST_ORDER + 1 : (unsigned long)p->order;
    exact_answer_init(v, show == SHOW_PERPLEXITY ? EXACT_POWER : EXACT_LOGARITHM);
    if (show == SHOW_TC)
        return exact_total_correlation(&v->f, t, why);
    if (show == SHOW_COINFORMATION)
        return exact_coinformation(&v->f, t, why);
    if (show == SHOW_RENYI && order != 1) {
        exact_renyi(&v->f, t, order);
    } else if (show == SHOW_TSALLIS && order != 1) {
        v->kind = EXACT_RATIONAL;
        exact_tsallis(v, t, order);
    } else {
        exact_entropy(&v->f, t);
    }
    return ML_OK;
}

/* Fill a cell with what SHOW says of a part. */
static ml_status set_of_table(results *r, size_t row, entropy_show show, const entropy_part *part,
                              ml_message *why)
{
    if (r->texts == NULL) {
        double x = 0;
        ml_status status = real_of_table(r->p, show, part->t, &x, why);
        return status == ML_OK ? set_real(r, row, 0, x, why) : status;
    }
    exact_answer v;
    mpq_srcptr base = show == SHOW_TSALLIS ? NULL : r->p->base; /* its order 1 is H in nats */
    ml_status status = exact_of_table(r->p, show, part->exact, &v, why);
    if (status == ML_OK)
        status = set_exact(r, row, 0, &v, base, why);
    exact_answer_free(&v);
    return status;
}

static ml_status print_each(const entropy_printer *p, entropy_show show, const char *name, ml_message *why)
{
    const entropy_data *d = p->d;
    results r = {.p = p, .heads = {"column"}, .label_count = 1, .width = 1, .values = {name}};
    ml_status status = results_make(&r, d->width, why);
    if (status != ML_OK)
        return status;
    for (size_t i = 0; status == ML_OK && i < d->width; i++) {
        entropy_part part;
        if ((status = entropy_data_part(d, &i, 1, &part, why)) != ML_OK)
            break;
        r.labels[0][i] = d->names[i];
        status = set_of_table(&r, i, show, &part, why);
        entropy_part_free(&part);
    }
    if (status == ML_OK)
        results_write(&r, name);
    results_free(&r);
    return status;
}

static ml_status print_whole(const entropy_printer *p, entropy_show show, const char *name, ml_message *why)
{
    results r = {.p = p, .width = 1, .values = {name}};
    entropy_part part = {.t = &p->d->sets[0], .exact = p->d->exact};
    ml_status status = results_make(&r, 1, why);
    if (status != ML_OK)
        return status;
    status = set_of_table(&r, 0, show, &part, why);
    if (status == ML_OK)
        results_write(&r, name);
    results_free(&r);
    return status;
}

/* --- pairs --- */

/* Does the result tell A of B from B of A? */
static bool is_ordered(entropy_show show)
{
    return show == SHOW_CONDITIONAL || show == SHOW_CROSS || show == SHOW_KL;
}

ml_status entropy_pairs(const entropy_data *d, entropy_show show, entropy_places **pairs, size_t *count,
                        ml_message *why)
{
    size_t all = d->width * (d->width - 1), most = d->target != SIZE_MAX ? 2 * d->width
                                                   : is_ordered(show)    ? all
                                                                         : all / 2;
    *pairs = memory_array(most, sizeof **pairs);
    *count = 0;
    if (*pairs == NULL)
        return ml_fail_memory(why, "the pairs", most * sizeof **pairs);
    for (size_t i = 0; i < d->width; i++)
        for (size_t j = 0; j < d->width; j++) {
            bool wanted = i != j && (is_ordered(show) || i < j);
            if (d->target != SIZE_MAX)
                wanted = wanted && (j == d->target || (i == d->target && show == SHOW_CONDITIONAL));
            if (wanted)
                (*pairs)[(*count)++] = (entropy_places){i, j};
        }
    return ML_OK;
}

/* x/y, where x is 0 when y is: then 1 of two constants, which tell all of one another, else 0. */
static double share(double x, double y, bool constants)
{
    return y > 0 ? fmin(1, x / y) : constants ? 1 : 0;
}

static ml_status real_of_pair(const entropy_printer *p, entropy_show show, bool swapped,
                              const entropy_table *t, double *x, ml_message *why)
{
    entropy_pair m;
    entropy_split s;
    ml_status status = entropy_measure_pair(t, &p->measure, &m, why);
    if (status != ML_OK)
        return status;
    bool constants = m.a <= 0 && m.b <= 0;
    switch (show) {
    case SHOW_CONDITIONAL:
        x[0] = swapped ? m.b_given_a : m.a_given_b;
        return ML_OK;
    case SHOW_NORMALIZED:
        x[0] = share(m.mutual, fmin(m.a, m.b), constants);
        x[1] = share(m.mutual, fmax(m.a, m.b), constants);
        x[2] = share(m.mutual, sqrt(m.a * m.b), constants);
        x[3] = share(m.mutual, (m.a + m.b) / 2, constants);
        x[4] = share(m.mutual, m.joint, constants);
        return ML_OK;
    case SHOW_AMI:
        x[0] = m.mutual;
        if ((status = entropy_expected_mutual(t, &p->measure, p->c->reader.jobs, &x[1], why)) != ML_OK)
            return status;
        /* no more can be shared than chance shares: the two are the same */
        x[2] =
            (m.a + m.b) / 2 - x[1] <= 1e-15 * (m.a + m.b) ? 1 : (m.mutual - x[1]) / ((m.a + m.b) / 2 - x[1]);
        return ML_OK;
    case SHOW_GAIN:
        if ((status = entropy_measure_split(t, &p->measure, &s, why)) != ML_OK)
            return status;
        x[0] = s.gain;
        x[1] = s.split;
        x[2] = s.ratio;
        x[3] = s.gini;
        return ML_OK;
    default:
        x[0] = m.mutual;
        return ML_OK;
    }
}

/* The entropies of a pair, in nats. */
typedef struct exact_pair {
    log_form a, b, joint, mutual;
} exact_pair;

static void exact_pair_free(exact_pair *m)
{
    log_form_free(&m->a);
    log_form_free(&m->b);
    log_form_free(&m->joint);
    log_form_free(&m->mutual);
}

static ml_status exact_pair_make(exact_pair *m, const exact_table *t, ml_message *why)
{
    *m = (exact_pair){0};
    log_form *of[] = {&m->a, &m->b};
    ml_status status = ML_OK;
    for (size_t i = 0; status == ML_OK && i < 2; i++) {
        exact_table one;
        if ((status = exact_table_project(&one, t, &i, 1, why)) != ML_OK)
            break;
        exact_entropy(of[i], &one);
        exact_table_free(&one);
    }
    exact_entropy(&m->joint, t);
    log_form_add_multiple(&m->mutual, 1, &m->a);
    log_form_add_multiple(&m->mutual, 1, &m->b);
    log_form_add_multiple(&m->mutual, -1, &m->joint);
    return status;
}

/* V = F / G, by the rule of share. */
static void set_share(exact_answer *v, const log_form *f, const log_form *g, bool constants)
{
    exact_answer_init(v, g->count > 0 ? EXACT_RATIO : EXACT_RATIONAL);
    mpq_set_ui(v->q, constants, 1);
    log_form_add_multiple(&v->f, 1, f);
    log_form_add_multiple(&v->g, 1, g);
}

/* FAILED: memory ran out. */
static bool is_less(const log_form *f, const log_form *g, bool *failed)
{
    log_form off = {0};
    log_form_add_multiple(&off, 1, f);
    log_form_add_multiple(&off, -1, g);
    bool less = off.count > 0 && log_form_value(&(log_quotient){.f = &off}) < 0;
    *failed = off.failed;
    log_form_free(&off);
    return less;
}

/* V = MI / sqrt(H H'), the root drawn where the two are as a square of a fraction is to 1. */
static void set_geometric(exact_answer *v, const exact_pair *m, bool constants)
{
    mpq_t ratio;
    mpq_init(ratio);
    bool root = m->b.count > 0 && log_form_ratio(ratio, &m->a, &m->b) &&
                mpz_perfect_square_p(mpq_numref(ratio)) && mpz_perfect_square_p(mpq_denref(ratio));
    if (m->a.count == 0 || m->b.count == 0) {
        set_share(v, &m->mutual, &(log_form){0}, constants);
    } else if (root) {
        mpz_sqrt(mpq_numref(ratio), mpq_numref(ratio));
        mpz_sqrt(mpq_denref(ratio), mpq_denref(ratio));
        exact_answer_init(v, EXACT_RATIO);
        log_form_add_multiple(&v->f, 1, &m->mutual);
        log_form_add_form(&v->g, ratio, &m->b);
    } else {
        set_share(v, &m->mutual, &m->a, constants);
        v->kind = EXACT_GEOMETRIC;
        log_form_add_multiple(&v->h, 1, &m->b);
    }
    mpq_clear(ratio);
}

/* MI over the least and the greatest entropy, their geometric and arithmetic means, and the joint entropy. */
static void exact_normalized(exact_answer v[5], const exact_pair *m)
{
    bool constants = m->a.count == 0 && m->b.count == 0, failed;
    bool a_less = is_less(&m->a, &m->b, &failed);
    const log_form *least = a_less ? &m->a : &m->b, *most = a_less ? &m->b : &m->a;
    log_form mean = {0};
    mpq_t half;
    mpq_init(half);
    mpq_set_ui(half, 1, 2);
    log_form_add_form(&mean, half, &m->a);
    log_form_add_form(&mean, half, &m->b);
    set_share(&v[0], &m->mutual, least, constants);
    set_share(&v[1], &m->mutual, most, constants);
    set_geometric(&v[2], m, constants);
    set_share(&v[3], &m->mutual, &mean, constants);
    set_share(&v[4], &m->mutual, &m->joint, constants);
    v[0].f.failed |= failed;
    log_form_free(&mean);
    mpq_clear(half);
}

static ml_status exact_of_pair(entropy_show show, bool swapped, const exact_table *t, exact_answer *v,
                               size_t *count, ml_message *why)
{
    exact_pair m;
    *count = 0;
    ml_status status = exact_pair_make(&m, t, why);
    if (status != ML_OK) {
        exact_pair_free(&m);
        return status;
    }
    if (show == SHOW_NORMALIZED) {
        exact_normalized(v, &m);
        *count = 5;
    } else if (show == SHOW_CONDITIONAL) {
        exact_answer_init(&v[(*count)++], EXACT_LOGARITHM);
        log_form_add_multiple(&v[0].f, 1, &m.joint);
        log_form_add_multiple(&v[0].f, -1, swapped ? &m.a : &m.b);
    } else {
        exact_answer_init(&v[(*count)++], EXACT_LOGARITHM);
        log_form_add_multiple(&v[0].f, 1, &m.mutual);
    }
    if (show == SHOW_GAIN) {
        exact_answer_init(&v[(*count)++], EXACT_LOGARITHM);
        log_form_add_multiple(&v[1].f, 1, &m.a);
        set_share(&v[(*count)++], &m.mutual, &m.a, false);
        if (m.a.count == 0)
            v[2].kind = EXACT_NONE;
        exact_answer_init(&v[(*count)++], EXACT_RATIONAL);
        status = exact_gini_decrease(v[3].q, t, why);
    }
    exact_pair_free(&m);
    return status;
}

/* The values of row ROW, without the p-value. */
static ml_status set_of_pair(results *r, size_t row, entropy_show show, bool swapped,
                             const entropy_part *part, ml_message *why)
{
    double x[MOST_VALUES];
    exact_answer v[MOST_VALUES];
    size_t count = 0, values = r->width - (r->p->permutations > 0);
    ml_status status;
    if (r->texts == NULL) {
        status = real_of_pair(r->p, show, swapped, part->t, x, why);
        for (size_t i = 0; status == ML_OK && i < values; i++)
            status = set_real(r, row, i, x[i], why);
        return status;
    }
    status = exact_of_pair(show, swapped, part->exact, v, &count, why);
    for (size_t i = 0; i < count; i++) {
        if (status == ML_OK)
            status = set_exact(r, row, i, &v[i], r->p->base, why);
        exact_answer_free(&v[i]);
    }
    return status;
}

static ml_status set_chance(results *r, size_t row, const entropy_table *t, ml_message *why)
{
    const entropy_printer *p = r->p;
    double chance;
    ml_status status = entropy_permutation_test(t, &p->measure, p->permutations, p->c->seed,
                                                row * p->permutations, p->c->reader.jobs, &chance, why);
    return status == ML_OK ? set_real(r, row, r->width - 1, chance, why) : status;
}

/* What stands above the columns of a result of pairs. */
static void head_pairs(results *r, entropy_show show, const char *name)
{
    static const results conditional = {.heads = {"of", "given"}, .width = 1};
    static const results normalized = {
        .heads = {"first", "second"}, .width = 5, .values = {"min", "max", "sqrt", "mean", "joint"}};
    static const results ami = {
        .heads = {"first", "second"}, .width = 3, .values = {"MI", "expected", "AMI"}};
    static const results mutual = {.heads = {"first", "second"}, .width = 1};
    static const results gain = {
        .heads = {"column", "target"}, .width = 4, .values = {"gain", "split", "ratio", "gini"}};
    const entropy_printer *p = r->p;
    *r = show == SHOW_CONDITIONAL  ? conditional
         : show == SHOW_NORMALIZED ? normalized
         : show == SHOW_AMI        ? ami
         : show == SHOW_GAIN       ? gain
                                   : mutual;
    r->p = p;
    r->label_count = 2;
    if (r->values[0] == NULL)
        r->values[0] = name;
    if (p->permutations > 0 && (show == SHOW_MI || show == SHOW_GAIN))
        r->values[r->width++] = "p";
}

static ml_status print_pairs(const entropy_printer *given, entropy_show show, const char *name,
                             ml_message *why)
{
    entropy_printer p = *given;
    entropy_places *pairs;
    size_t count;
    results r = {.p = &p};
    if (show != SHOW_MI && show != SHOW_GAIN)
        p.permutations = 0;
    head_pairs(&r, show, name);
    ml_status status = entropy_pairs(p.d, show, &pairs, &count, why);
    if (status == ML_OK && (status = results_make(&r, count, why)) != ML_OK)
        free(pairs);
    if (status != ML_OK)
        return status;
    for (size_t i = 0; status == ML_OK && i < count; i++) {
        entropy_part part;
        bool swapped = pairs[i].a > pairs[i].b;
        size_t places[] = {swapped ? pairs[i].b : pairs[i].a, swapped ? pairs[i].a : pairs[i].b};
        if ((status = entropy_data_part(p.d, places, 2, &part, why)) != ML_OK)
            break;
        r.labels[0][i] = p.d->names[pairs[i].a];
        r.labels[1][i] = p.d->names[pairs[i].b];
        status = set_of_pair(&r, i, show, swapped, &part, why);
        if (status == ML_OK && p.permutations > 0)
            status = set_chance(&r, i, part.t, why);
        entropy_part_free(&part);
    }
    if (status == ML_OK)
        results_write(&r, name);
    results_free(&r);
    free(pairs);
    return status;
}

/* --- divergences --- */

static void free_fractions(mpq_t *q, size_t count)
{
    for (size_t i = 0; q != NULL && i < count; i++)
        mpq_clear(q[i]);
    free(q);
}

void entropy_both_free(entropy_both *both)
{
    free_fractions(both->exact_p, both->count);
    free_fractions(both->exact_q, both->count);
    free(both->names);
    free(both->p);
    free(both->q);
}

/* TO[k]: the cell of level k of variable I, among the symbols seen so far and the new ones. */
static uint32_t *place_levels(const entropy_data *d, size_t i, symbols *all)
{
    const tally_levels *l = &d->levels[i];
    uint32_t *to = memory_array(l->count, sizeof *to);
    for (uint32_t k = 0; to != NULL && k < l->count; k++) {
        if (d->separate)
            to[k] = k + 1;
        else if (l->missing && k + 1 == l->count)
            to[k] = SYMBOL_MISSING;
        else if ((to[k] = symbols_code(all, l->names[k], strlen(l->names[k]))) == SYMBOLS_FAILED) {
            free(to);
            return NULL;
        }
    }
    return to;
}

static mpq_t *make_fractions(size_t count)
{
    mpq_t *q = memory_array(count, sizeof *q);
    for (size_t i = 0; q != NULL && i < count; i++)
        mpq_init(q[i]);
    return q;
}

/* Masses of variable I, and its frequencies as fractions, where TO says. */
static ml_status take_masses(const entropy_data *d, size_t i, const uint32_t *to, entropy_both *both,
                             double *mass, mpq_t *exact, ml_message *why)
{
    entropy_part part;
    ml_status status = entropy_data_part(d, &i, 1, &part, why);
    if (status != ML_OK)
        return status;
    for (size_t k = 0; k < d->levels[i].count; k++)
        both->names[to[k]] = d->levels[i].names[k];
    for (size_t k = 0; k < part.t->cells.count; k++)
        mass[to[part.t->cells.codes[k]]] = part.t->cells.mass[k];
    for (size_t k = 0; exact != NULL && k < part.exact->cells.count; k++)
        mpq_div(exact[to[part.exact->cells.codes[k]]], part.exact->mass[k], part.exact->total);
    entropy_part_free(&part);
    return ML_OK;
}

/* Cell 0 is the missing one: where neither variable has it, it goes. */
static void drop_missing(entropy_both *both)
{
    if (both->names[0] != NULL)
        return;
    both->count--;
    memmove(both->names, both->names + 1, both->count * sizeof *both->names);
    memmove(both->p, both->p + 1, both->count * sizeof *both->p);
    memmove(both->q, both->q + 1, both->count * sizeof *both->q);
    mpq_t *exact[] = {both->exact_p, both->exact_q};
    for (size_t i = 0; i < 2 && exact[i] != NULL; i++) {
        mpq_clear(exact[i][0]);
        memmove(exact[i], exact[i] + 1, both->count * sizeof *exact[i]);
    }
}

ml_status entropy_both_make(entropy_both *both, const entropy_data *d, entropy_places pair, ml_message *why)
{
    symbols all;
    *both = (entropy_both){0};
    symbols_init(&all, NULL, 0);
    uint32_t *a = place_levels(d, pair.a, &all), *b = place_levels(d, pair.b, &all);
    both->count = 1 + (d->separate ? d->levels[pair.a].count : all.count);
    both->names = memory_zeros(both->count, sizeof *both->names);
    both->p = memory_zeros(both->count, sizeof *both->p);
    both->q = memory_zeros(both->count, sizeof *both->q);
    bool good = a && b && both->names && both->p && both->q;
    if (d->exact != NULL) {
        both->exact_p = make_fractions(both->count);
        both->exact_q = make_fractions(both->count);
        good = good && both->exact_p && both->exact_q;
    }
    ml_status status = good ? ML_OK : ml_fail_memory(why, "the symbols", both->count * sizeof *both->names);
    if (status == ML_OK)
        status = take_masses(d, pair.a, a, both, both->p, both->exact_p, why);
    if (status == ML_OK)
        status = take_masses(d, pair.b, b, both, both->q, both->exact_q, why);
    if (status == ML_OK)
        drop_missing(both);
    else
        entropy_both_free(both);
    free(a);
    free(b);
    symbols_free(&all);
    return status;
}

static ml_status set_divergence(results *r, size_t row, entropy_show show, entropy_both *both,
                                ml_message *why)
{
    const entropy_params *how = &r->p->measure;
    if (r->texts == NULL) {
        entropy_frequencies(both->p, both->count, how);
        entropy_frequencies(both->q, both->count, how);
        double x = show == SHOW_CROSS ? entropy_cross(both->p, both->q, both->count, how)
                   : show == SHOW_KL  ? entropy_kl(both->p, both->q, both->count, how)
                                      : entropy_js(both->p, both->q, both->count, how);
        return set_real(r, row, 0, x, why);
    }
    exact_answer v;
    bool finite = true;
    const mpq_t *p = (const mpq_t *)both->exact_p, *q = (const mpq_t *)both->exact_q;
    exact_answer_init(&v, EXACT_LOGARITHM);
    if (show == SHOW_CROSS)
        finite = exact_cross(&v.f, p, q, both->count);
    else if (show == SHOW_KL)
        finite = exact_kl(&v.f, p, q, both->count);
    else
        exact_js(&v.f, p, q, both->count);
    v.kind = finite ? EXACT_LOGARITHM : EXACT_INFINITE;
    ml_status status = set_exact(r, row, 0, &v, r->p->base, why);
    exact_answer_free(&v);
    return status;
}

/* Why a divergence is infinite; said of the first few. */
static void note_infinite(const entropy_printer *p, entropy_show show, const entropy_both *both,
                          entropy_places pair, size_t *noted)
{
    enum { ENOUGH = 3 };
    bool plain = !entropy_smooths(p->measure.estimator) && show != SHOW_JS;
    size_t i = 0;
    while (i < both->count && !(both->p[i] > 0 && both->q[i] == 0))
        i++;
    if (!plain || i == both->count || ++*noted > ENOUGH)
        return;
    cli_note(p->c, "%s of %s from %s is infinite: '%s' has no probability in %s and some in %s%s",
             show == SHOW_KL ? "KL" : "the cross entropy", p->d->names[pair.a], p->d->names[pair.b],
             both->names[i], p->d->names[pair.b], p->d->names[pair.a],
             *noted == ENOUGH ? "; so may others be" : "");
}

static ml_status print_divergences(const entropy_printer *p, entropy_show show, const char *name,
                                   ml_message *why)
{
    entropy_places *pairs;
    size_t count, noted = 0;
    results r = {.p = p, .heads = {"p", "q"}, .label_count = 2, .width = 1, .values = {name}};
    ml_status status = entropy_pairs(p->d, show, &pairs, &count, why);
    if (status == ML_OK && (status = results_make(&r, count, why)) != ML_OK)
        free(pairs);
    if (status != ML_OK)
        return status;
    for (size_t i = 0; status == ML_OK && i < count; i++) {
        entropy_both both;
        if ((status = entropy_both_make(&both, p->d, pairs[i], why)) != ML_OK)
            break;
        r.labels[0][i] = p->d->names[pairs[i].a];
        r.labels[1][i] = p->d->names[pairs[i].b];
        note_infinite(p, show, &both, pairs[i], &noted);
        status = set_divergence(&r, i, show, &both, why);
        entropy_both_free(&both);
    }
    if (status == ML_OK)
        results_write(&r, name);
    results_free(&r);
    free(pairs);
    return status;
}

/* --- the distribution itself --- */

/* The names of the levels that variable K has in the cells of T; new. */
static const char **level_names(const entropy_data *d, const entropy_table *t, size_t k)
{
    const char **names = memory_array(t->cells.count, sizeof *names);
    for (size_t i = 0; names != NULL && i < t->cells.count; i++)
        names[i] = d->levels[k].names[t->cells.codes[i * t->cells.width + k]];
    return names;
}

/* The frequencies of T, or of a column of separate ones by level: as numbers, or as texts in exact
 * arithmetic. */
static ml_status set_frequencies(results *r, size_t value, size_t set, bool by_level, ml_message *why)
{
    const entropy_data *d = r->p->d;
    const entropy_table *t = &d->sets[set];
    ml_status status = ML_OK;
    for (size_t i = 0; by_level && status == ML_OK && i < r->rows; i++)
        status = set_real(r, i, value, 0, why);
    for (size_t i = 0; status == ML_OK && i < t->cells.count; i++) {
        size_t row = by_level ? t->cells.codes[i] : i;
        exact_answer v;
        if (d->exact == NULL) {
            status = set_real(r, row, value, t->cells.mass[i] / t->total, why);
            continue;
        }
        exact_answer_init(&v, EXACT_RATIONAL);
        mpq_div(v.q, d->exact[set].mass[i], d->exact[set].total);
        free(r->texts[value * r->rows + row]);
        r->texts[value * r->rows + row] = NULL;
        status = set_exact(r, row, value, &v, r->p->base, why);
        exact_answer_free(&v);
    }
    return status;
}

/* Symbols of all variables in each row, how often they stand together, and their share. */
static ml_status print_combinations(const entropy_printer *p, const char *name, ml_message *why)
{
    const entropy_data *d = p->d;
    const entropy_table *t = &d->sets[0];
    results r = {.p = p, .width = 1};
    column *columns = memory_zeros(d->width + 2, sizeof *columns);
    const char ***names = memory_zeros(d->width, sizeof *names);
    ml_status status = columns && names ? results_make(&r, t->cells.count, why)
                                        : ml_fail_memory(why, "the distribution", d->width * sizeof *columns);
    bool made = status == ML_OK;
    size_t count = 0;
    for (size_t k = 0; status == ML_OK && k < d->width; k++) {
        if ((names[k] = level_names(d, t, k)) == NULL)
            status = ml_fail_memory(why, "the distribution", t->cells.count * sizeof *names[k]);
        columns[count++] = column_strings(d->names[k], names[k]);
    }
    if (status == ML_OK)
        status = set_frequencies(&r, 0, 0, false, why);
    if (status == ML_OK && d->counts)
        columns[count++] = column_reals("count", t->cells.mass, 1);
    if (status == ML_OK) {
        columns[count++] = value_column(&r, 0, "probability");
        writer_block(p->out, name, columns, count, t->cells.count);
    }
    for (size_t k = 0; names != NULL && k < d->width; k++)
        free(names[k]);
    if (made)
        results_free(&r);
    free(names);
    free(columns);
    return status;
}

/* Separate distributions: a row a symbol, a column each. */
static ml_status print_separate(const entropy_printer *p, const char *name, ml_message *why)
{
    const entropy_data *d = p->d;
    size_t rows = d->levels[0].count;
    results r = {.p = p, .width = 1};
    column *columns = memory_zeros(d->width + 1, sizeof *columns);
    r.width = d->width;
    ml_status status = columns ? results_make(&r, rows, why)
                               : ml_fail_memory(why, "the distribution", d->width * sizeof *columns);
    if (status != ML_OK) {
        free(columns);
        return status;
    }
    columns[0] = column_strings("symbol", d->levels[0].names);
    for (size_t k = 0; status == ML_OK && k < d->width; k++) {
        status = set_frequencies(&r, k, k, true, why);
        columns[k + 1] = value_column(&r, k, d->names[k]);
    }
    if (status == ML_OK)
        writer_block(p->out, name, columns, d->width + 1, rows);
    results_free(&r);
    free(columns);
    return status;
}

ml_status entropy_print(const entropy_printer *p, entropy_show show, const char *name, ml_message *why)
{
    if (show == SHOW_DISTRIBUTION)
        return p->d->separate ? print_separate(p, name, why) : print_combinations(p, name, why);
    if (entropy_show_is_divergence(show))
        return print_divergences(p, show, name, why);
    if (entropy_show_is_pair(show))
        return print_pairs(p, show, name, why);
    return entropy_show_is_whole(show) ? print_whole(p, show, name, why) : print_each(p, show, name, why);
}
