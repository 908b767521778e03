/* entropy_exact.h: the measures of ml/entropy for masses that are rational numbers, as exact numbers.
 *
 * Entropies are sums of rational multiples of logarithms (math/log_form), in nats: the base is looked at only
 * when they are printed. */
#ifndef ML_ENTROPY_EXACT_H
#define ML_ENTROPY_EXACT_H

#include "base/status.h"
#include "base/tuples.h"
#include "math/log_form.h"
#include "ml/entropy.h"

typedef struct exact_table {
    tuples cells; /* sorted; their doubles are not looked at */
    mpq_t *mass;  /* of each cell, not negative */
    mpq_t total;  /* above 0 */
} exact_table;

/* The table that has the cells of FROM; every mass is 0, and so is the total. */
ml_status exact_table_like(exact_table *t, const tuples *from, ml_message *why);
/* The masses of FROM, which doubles hold without rounding. */
ml_status exact_table_counts(exact_table *t, const entropy_table *from, ml_message *why);
/* INTO gets the table of the variables at PLACES (WIDTH of them) of FROM. */
ml_status exact_table_project(exact_table *into, const exact_table *from, const size_t *places, size_t width,
                              ml_message *why);
void exact_table_free(exact_table *t);

/* Each adds its measure to OUT. */
void exact_entropy(log_form *out, const exact_table *t);
ml_status exact_total_correlation(log_form *out, const exact_table *t, ml_message *why);
ml_status exact_coinformation(log_form *out, const exact_table *t, ml_message *why);
/* log(sum p^order) / (1 - order); order not 1, at most EXACT_MOST_ORDER; infinity: EXACT_MOST_ORDER + 1. */
enum { EXACT_MOST_ORDER = 1000 };
void exact_renyi(log_form *out, const exact_table *t, unsigned long order);
/* sum p^order. */
void exact_power_sum(mpq_t out, const exact_table *t, unsigned long order);
/* sum p(a,b)^2/p(a) - sum p(b)^2 of a pair. */
ml_status exact_gini_decrease(mpq_t out, const exact_table *pair, ml_message *why);

/* Of two distributions P and Q over COUNT cells; false where q is 0 and p is not: they are infinite. */
bool exact_cross(log_form *out, const mpq_t *p, const mpq_t *q, size_t count);
bool exact_kl(log_form *out, const mpq_t *p, const mpq_t *q, size_t count);
void exact_js(log_form *out, const mpq_t *p, const mpq_t *q, size_t count);

/* --- answers --- */

typedef enum exact_answer_kind {
    EXACT_NONE,      /* there is none, as of 0/0 */
    EXACT_INFINITE,  /* +infinity */
    EXACT_RATIONAL,  /* q */
    EXACT_LOGARITHM, /* f / log(base) */
    EXACT_POWER,     /* exp(f) */
    EXACT_RATIO,     /* f / g */
    EXACT_GEOMETRIC, /* f / sqrt(g h) */
} exact_answer_kind;

typedef struct exact_answer {
    exact_answer_kind kind;
    mpq_t q;
    log_form f, g, h;
} exact_answer;

void exact_answer_init(exact_answer *v, exact_answer_kind kind);
void exact_answer_free(exact_answer *v);
/* Append it in closed form, or with DIGITS > 0 as that many decimals; BASE: NULL for e. */
void exact_answer_print(buffer *out, const exact_answer *v, mpq_srcptr base, size_t digits);

#endif
