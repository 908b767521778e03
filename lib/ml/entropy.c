#include "ml/entropy.h"

#include <gsl/gsl_sf_psi.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/double_double.h"
#include "base/memory.h"

bool entropy_smooths(entropy_estimator estimator)
{
    return estimator >= ENTROPY_SHRINK;
}

bool entropy_needs_counts(entropy_estimator estimator)
{
    return estimator != ENTROPY_PLUGIN;
}

double entropy_log(const entropy_params *p, double x)
{
    if (p->base == 2)
        return log2(x);
    if (p->base == 10)
        return log10(x);
    return p->base == M_E ? log(x) : log(x) / log(p->base);
}

/* --- tables --- */

ml_status entropy_table_project(entropy_table *into, const entropy_table *from, const size_t *places,
                                size_t width, ml_message *why)
{
    *into = (entropy_table){.total = from->total};
    tuples_init(&into->cells, width);
    into->levels = memory_array(width, sizeof *into->levels);
    for (size_t i = 0; into->levels != NULL && i < width; i++)
        into->levels[i] = from->levels[places[i]];
    if (into->levels != NULL && tuples_project(&into->cells, &from->cells, places))
        return ML_OK;
    entropy_table_free(into);
    return ml_fail_memory(why, "the counts", from->cells.count * sizeof(double));
}

void entropy_table_free(entropy_table *t)
{
    tuples_free(&t->cells);
    free(t->levels);
    t->levels = NULL;
}

static double cell_count(const entropy_table *t)
{
    double cells = 1;
    for (size_t i = 0; i < t->cells.width; i++)
        cells *= t->levels[i];
    return cells;
}

/* --- frequencies --- */

/* Every smoothed frequency is share/K + (1 - share) c/n: of COUNT masses in CELLS cells. */
static double smoothing(const double *mass, size_t count, double total, double cells, entropy_estimator how)
{
    double pseudo = how == ENTROPY_LAPLACE ? cells : how == ENTROPY_JEFFREYS ? cells / 2 : 0;
    if (how != ENTROPY_SHRINK)
        return pseudo / (total + pseudo);
    double squares = 0, off = 0, left = cells;
    for (size_t i = 0; i < count; i++) {
        double f = mass[i] / total;
        squares += f * f;
        off += (f - 1 / cells) * (f - 1 / cells);
        left--;
    }
    off += left / (cells * cells);
    double share = total > 1 && off > 0 ? (1 - squares) / ((total - 1) * off) : 1;
    return share > 1 ? 1 : share;
}

static double table_smoothing(const entropy_table *t, entropy_estimator how)
{
    return entropy_smooths(how) ? smoothing(t->cells.mass, t->cells.count, t->total, cell_count(t), how) : 0;
}

/* One table seen with a share of equal frequencies mixed in. */
typedef struct view {
    const entropy_table *t;
    const entropy_params *p;
    double share, floor, empty; /* floor: what each cell has of it; empty: how many cells have nothing else */
} view;

static view view_of(const entropy_table *t, const entropy_params *p, double share)
{
    view v = {.t = t, .p = p, .share = share};
    double cells = cell_count(t), filled = 0;
    for (size_t i = 0; i < t->cells.count; i++)
        filled += t->cells.mass[i] > 0;
    v.empty = cells - filled;
    v.floor = share / cells;
    return v;
}

static inline double frequency(const view *v, size_t i)
{
    double plain = v->t->cells.mass[i] / v->t->total;
    return v->share == 0 ? plain : v->floor + (1 - v->share) * plain;
}

/* --- entropies --- */

static inline double term(const entropy_params *p, double f)
{
    return f > 0 ? -f * entropy_log(p, f) : 0;
}

static double of_frequencies(const view *v)
{
    double_double h = {0, 0};
    for (size_t i = 0; i < v->t->cells.count; i++)
        if (v->t->cells.mass[i] > 0)
            h = dd_add(h, term(v->p, frequency(v, i)));
    return dd_value(dd_add(h, v->empty * term(v->p, v->floor)));
}

static double miller_madow(const entropy_table *t, const entropy_params *p)
{
    view v = view_of(t, p, 0);
    return of_frequencies(&v) + (cell_count(t) - v.empty - 1) / (2 * t->total) / log(p->base);
}

/* 1 - (1 - f)^n without cancellation. */
static double chance_to_be_seen(double f, double n)
{
    return f >= 1 ? 1 : -expm1(n * log1p(-f));
}

static double chao_shen(const entropy_table *t, const entropy_params *p)
{
    double n = t->total, singletons = 0;
    double_double h = {0, 0};
    for (size_t i = 0; i < t->cells.count; i++)
        singletons += t->cells.mass[i] == 1;
    if (singletons == n)
        singletons = n - 1;
    for (size_t i = 0; i < t->cells.count; i++) {
        double f = t->cells.mass[i] / n * (1 - singletons / n);
        if (f > 0)
            h = dd_add(h, term(p, f) / chance_to_be_seen(f, n));
    }
    return dd_value(h);
}

/* G(2m+1) = G(2m) = psi(m + 1/2) + log 2 (eq. 29 and the recurrences below it); G(1) = psi(1/2) + log 2. */
static double grassberger_g(double count)
{
    return gsl_sf_psi(floor(count / 2) + 0.5) + M_LN2;
}

static double grassberger(const entropy_table *t, const entropy_params *p)
{
    double_double sum = {0, 0};
    for (size_t i = 0; i < t->cells.count; i++)
        if (t->cells.mass[i] > 0)
            sum = dd_add(sum, t->cells.mass[i] * grassberger_g(t->cells.mass[i]));
    return (log(t->total) - dd_value(sum) / t->total) / log(p->base);
}

/* H of T, its frequencies smoothed by SHARE where the estimator does that. */
static double estimate(const entropy_table *t, const entropy_params *p, double share)
{
    view v;
    switch (p->estimator) {
    case ENTROPY_MILLER_MADOW:
        return miller_madow(t, p);
    case ENTROPY_CHAO_SHEN:
        return chao_shen(t, p);
    case ENTROPY_GRASSBERGER:
        return grassberger(t, p);
    default:
        v = view_of(t, p, share);
        return of_frequencies(&v);
    }
}

double entropy_joint(const entropy_table *t, const entropy_params *p)
{
    return estimate(t, p, table_smoothing(t, p->estimator));
}

/* sum of f^order over the cells that have some. */
static double power_sum(const view *v, double order)
{
    double_double sum = {0, 0};
    for (size_t i = 0; i < v->t->cells.count; i++)
        if (v->t->cells.mass[i] > 0)
            sum = dd_add(sum, pow(frequency(v, i), order));
    return dd_value(v->floor > 0 ? dd_add(sum, v->empty * pow(v->floor, order)) : sum);
}

static double greatest(const view *v)
{
    double most = v->floor;
    for (size_t i = 0; i < v->t->cells.count; i++)
        most = fmax(most, frequency(v, i));
    return most;
}

double entropy_renyi(const entropy_table *t, const entropy_params *p, double order)
{
    if (order == 1)
        return entropy_joint(t, p);
    view v = view_of(t, p, table_smoothing(t, p->estimator));
    if (isinf(order))
        return -entropy_log(p, greatest(&v)) + 0.0;
    /* of powers relative to the greatest frequency, so that none of a large order vanishes */
    double most = greatest(&v);
    double_double sum = {0, 0};
    for (size_t i = 0; i < t->cells.count; i++)
        if (t->cells.mass[i] > 0)
            sum = dd_add(sum, pow(frequency(&v, i) / most, order));
    if (v.floor > 0)
        sum = dd_add(sum, v.empty * pow(v.floor / most, order));
    return (entropy_log(p, dd_value(sum)) + order * entropy_log(p, most)) / (1 - order) + 0.0;
}

double entropy_tsallis(const entropy_table *t, const entropy_params *p, double order)
{
    entropy_params nats = {M_E, p->estimator};
    if (order == 1)
        return entropy_joint(t, &nats);
    view v = view_of(t, p, table_smoothing(t, p->estimator));
    return (1 - power_sum(&v, order)) / (order - 1) + 0.0;
}

double entropy_gini(const entropy_table *t, const entropy_params *p)
{
    view v = view_of(t, p, table_smoothing(t, p->estimator));
    return 1 - power_sum(&v, 2);
}

/* --- many variables --- */

/* H of the variables of T whose bits are set in WHICH. */
static ml_status part_entropy(const entropy_table *t, const entropy_params *p, double share, size_t which,
                              double *h, ml_message *why)
{
    size_t places[ENTROPY_MOST_VARIABLES], width = 0;
    for (size_t i = 0; i < t->cells.width; i++)
        if (which >> i & 1)
            places[width++] = i;
    entropy_table part;
    ml_status status = entropy_table_project(&part, t, places, width, why);
    if (status != ML_OK)
        return status;
    *h = estimate(&part, p, share);
    entropy_table_free(&part);
    return ML_OK;
}

ml_status entropy_total_correlation(const entropy_table *t, const entropy_params *p, double *out,
                                    ml_message *why)
{
    double share = table_smoothing(t, p->estimator);
    double_double sum = {-estimate(t, p, share), 0};
    for (size_t i = 0; i < t->cells.width; i++) {
        entropy_table part;
        ml_status status = entropy_table_project(&part, t, &i, 1, why);
        if (status != ML_OK)
            return status;
        sum = dd_add(sum, estimate(&part, p, share));
        entropy_table_free(&part);
    }
    *out = dd_value(sum);
    return ML_OK;
}

ml_status entropy_coinformation(const entropy_table *t, const entropy_params *p, double *out, ml_message *why)
{
    double share = table_smoothing(t, p->estimator), h;
    double_double sum = {0, 0};
    if (t->cells.width > ENTROPY_MOST_VARIABLES)
        return ml_fail(why,
                       "co-information is a sum over all sets of variables: at most %d, and these are %zu",
                       ENTROPY_MOST_VARIABLES, t->cells.width);
    for (size_t which = 1; which < (size_t)1 << t->cells.width; which++) {
        ml_status status = part_entropy(t, p, share, which, &h, why);
        if (status != ML_OK)
            return status;
        sum = dd_add(sum, __builtin_popcountll(which) % 2 ? h : -h);
    }
    *out = dd_value(sum);
    return ML_OK;
}

/* --- pairs --- */

typedef struct margins {
    entropy_table a, b;
    double *of_a, *of_b; /* the masses by level */
} margins;

static double *by_level(const entropy_table *t)
{
    double *mass = memory_zeros((size_t)t->levels[0], sizeof *mass);
    for (size_t i = 0; mass != NULL && i < t->cells.count; i++)
        mass[t->cells.codes[i]] = t->cells.mass[i];
    return mass;
}

static void margins_free(margins *m)
{
    entropy_table_free(&m->a);
    entropy_table_free(&m->b);
    free(m->of_a);
    free(m->of_b);
}

static ml_status margins_make(margins *m, const entropy_table *t, ml_message *why)
{
    *m = (margins){0};
    ml_status status = entropy_table_project(&m->a, t, &(size_t){0}, 1, why);
    if (status == ML_OK)
        status = entropy_table_project(&m->b, t, &(size_t){1}, 1, why);
    if (status == ML_OK && ((m->of_a = by_level(&m->a)) == NULL || (m->of_b = by_level(&m->b)) == NULL))
        status = ml_fail_memory(why, "the margins", t->cells.count * sizeof(double));
    if (status != ML_OK)
        margins_free(m);
    return status;
}

/* The sums that are 0 term by term where they should be, rather than differences of entropies. */
static void direct(const entropy_table *t, const entropy_params *p, const margins *m, entropy_pair *out)
{
    double_double mutual = {0, 0}, a_given_b = {0, 0}, b_given_a = {0, 0};
    for (size_t i = 0; i < t->cells.count; i++) {
        double c = t->cells.mass[i], f = c / t->total;
        double a = m->of_a[t->cells.codes[2 * i]], b = m->of_b[t->cells.codes[2 * i + 1]];
        if (c <= 0)
            continue;
        mutual = dd_add(mutual, f * entropy_log(p, c * t->total / (a * b)));
        a_given_b = dd_add(a_given_b, -f * entropy_log(p, c / b));
        b_given_a = dd_add(b_given_a, -f * entropy_log(p, c / a));
    }
    out->mutual = fmax(0, dd_value(mutual));
    out->a_given_b = fmax(0, dd_value(a_given_b));
    out->b_given_a = fmax(0, dd_value(b_given_a));
}

ml_status entropy_measure_pair(const entropy_table *t, const entropy_params *p, entropy_pair *out,
                               ml_message *why)
{
    margins m;
    double share = table_smoothing(t, p->estimator);
    ml_status status = margins_make(&m, t, why);
    if (status != ML_OK)
        return status;
    out->joint = estimate(t, p, share);
    out->a = estimate(&m.a, p, share);
    out->b = estimate(&m.b, p, share);
    out->a_given_b = out->joint - out->b;
    out->b_given_a = out->joint - out->a;
    out->mutual = out->a + out->b - out->joint;
    if (p->estimator == ENTROPY_PLUGIN)
        direct(t, p, &m, out);
    margins_free(&m);
    return ML_OK;
}

/* sum p(a,b)^2/p(a) - sum p(b)^2, cells that were not seen included. */
static double gini_decrease(const entropy_table *t, const margins *m, double share)
{
    entropy_params plain = {2, ENTROPY_PLUGIN};
    view a = view_of(&m->a, &plain, share), b = view_of(&m->b, &plain, share),
         both = view_of(t, &plain, share);
    double_double within = {0, 0};
    size_t i = 0;
    for (size_t k = 0; k < m->a.cells.count; k++) {
        double unseen = b.t->levels[0], of_a = frequency(&a, k), sum = 0;
        for (; i < t->cells.count && t->cells.codes[2 * i] == m->a.cells.codes[k]; i++, unseen--)
            sum += frequency(&both, i) * frequency(&both, i);
        if (of_a > 0)
            within = dd_add(within, (sum + unseen * both.floor * both.floor) / of_a);
    }
    if (a.floor > 0)
        within = dd_add(within, a.empty * b.t->levels[0] * both.floor * both.floor / a.floor);
    return fmax(0, dd_value(dd_add(within, -power_sum(&b, 2))));
}

ml_status entropy_measure_split(const entropy_table *t, const entropy_params *p, entropy_split *out,
                                ml_message *why)
{
    margins m;
    entropy_pair pair;
    ml_status status = entropy_measure_pair(t, p, &pair, why);
    if (status == ML_OK)
        status = margins_make(&m, t, why);
    if (status != ML_OK)
        return status;
    out->gain = pair.mutual;
    out->split = pair.a;
    out->ratio = pair.a > 0 ? pair.mutual / pair.a : NAN;
    out->gini = gini_decrease(t, &m, table_smoothing(t, p->estimator));
    margins_free(&m);
    return ML_OK;
}

/* --- two distributions --- */

void entropy_frequencies(double *mass, size_t count, const entropy_params *p)
{
    double_double sum = {0, 0};
    for (size_t i = 0; i < count; i++)
        sum = dd_add(sum, mass[i]);
    double total = dd_value(sum), cells = (double)count;
    double share = entropy_smooths(p->estimator) ? smoothing(mass, count, total, cells, p->estimator) : 0;
    for (size_t i = 0; i < count; i++)
        mass[i] = share == 0 ? mass[i] / total : share / cells + (1 - share) * (mass[i] / total);
}

double entropy_cross(const double *p, const double *q, size_t count, const entropy_params *how)
{
    double_double sum = {0, 0};
    for (size_t i = 0; i < count; i++) {
        if (p[i] > 0 && q[i] == 0)
            return INFINITY;
        if (p[i] > 0)
            sum = dd_add(sum, -p[i] * entropy_log(how, q[i]));
    }
    return dd_value(sum) + 0.0;
}

double entropy_kl(const double *p, const double *q, size_t count, const entropy_params *how)
{
    double_double sum = {0, 0};
    for (size_t i = 0; i < count; i++) {
        if (p[i] > 0 && q[i] == 0)
            return INFINITY;
        if (p[i] > 0)
            sum = dd_add(sum, p[i] * entropy_log(how, p[i] / q[i]));
    }
    return fmax(0, dd_value(sum));
}

double entropy_js(const double *p, const double *q, size_t count, const entropy_params *how)
{
    double_double sum = {0, 0};
    for (size_t i = 0; i < count; i++) {
        double mean = (p[i] + q[i]) / 2;
        if (p[i] > 0)
            sum = dd_add(sum, p[i] / 2 * entropy_log(how, p[i] / mean));
        if (q[i] > 0)
            sum = dd_add(sum, q[i] / 2 * entropy_log(how, q[i] / mean));
    }
    return fmax(0, dd_value(sum));
}
