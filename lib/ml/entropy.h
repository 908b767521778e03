/* entropy.h: information in discrete data.
 *
 * A table says how much mass (how often, or with what probability) each combination of the levels of some
 * variables has.  All logarithms are to the base asked for.  The definitions are those of Cover and Thomas,
 * Elements of Information Theory (2nd ed. 2006), chapter 2, unless another source is named. */
#ifndef ML_ENTROPY_H
#define ML_ENTROPY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/status.h"
#include "base/tuples.h"

/* How entropies of samples are estimated from counts.  n is the sum of the counts, K the number of cells: the
 * product of the levels of the variables. */
typedef enum entropy_estimator {
    ENTROPY_PLUGIN,       /* of the relative frequencies: maximum likelihood */
    ENTROPY_MILLER_MADOW, /* + (m - 1)/2n nats, m cells not empty: Miller, in Information Theory in Psychology
                             (1955) 95 */
    ENTROPY_CHAO_SHEN,   /* coverage 1 - f1/n and Horvitz-Thompson: Chao, Shen, Environ. Ecol. Stat. 10 (2003)
                            429, eq. 7; where all are singletons f1 is taken for n - 1 */
    ENTROPY_GRASSBERGER, /* log n - (1/n) sum c G(c): Grassberger, arXiv:physics/0307138 (2003, 2008), eq.
                            27, 29 */
    ENTROPY_SHRINK,      /* James-Stein, towards equal frequencies: Hausser, Strimmer, JMLR 10 (2009) 1469,
                            eq. 4, 5 */
    ENTROPY_LAPLACE,     /* one more in each cell: the posterior mean under a uniform prior */
    ENTROPY_JEFFREYS,    /* half a one more in each cell */
} entropy_estimator;

typedef struct entropy_params {
    double base; /* of the logarithms: 2: bits, M_E: nats, 10: dits; above 1 */
    entropy_estimator estimator;
} entropy_params;

/* Does the estimator change frequencies (shrink, laplace, jeffreys)?  Then every measure is that of the new
 * ones; else only entropies and sums of them are corrected. */
bool entropy_smooths(entropy_estimator estimator);
/* Does it need counts, rather than probabilities? */
bool entropy_needs_counts(entropy_estimator estimator);

typedef struct entropy_table {
    tuples cells;   /* of cells.width variables; sorted; cells of no mass may be left out */
    double *levels; /* of each variable, how many; cells.width of them */
    double total;   /* of the masses */
} entropy_table;

/* INTO gets the table of the variables at PLACES (WIDTH of them) of FROM; freed with entropy_table_free. */
ml_status entropy_table_project(entropy_table *into, const entropy_table *from, const size_t *places,
                                size_t width, ml_message *why);
void entropy_table_free(entropy_table *t);

/* The logarithm of X to the base of P. */
double entropy_log(const entropy_params *p, double x);

/* --- of one table --- */

/* H of all variables together. */
double entropy_joint(const entropy_table *t, const entropy_params *p);
/* Renyi's entropy log(sum p^order) / (1 - order) (Renyi, Berkeley Symposium 4 (1961) 547), order 0 to
 * infinity; order 1: H. */
double entropy_renyi(const entropy_table *t, const entropy_params *p, double order);
/* Tsallis' entropy (1 - sum p^order) / (order - 1) (Tsallis, J. Stat. Phys. 52 (1988) 479), order 0 or more;
 * order 1: H in nats. */
double entropy_tsallis(const entropy_table *t, const entropy_params *p, double order);
/* Gini impurity 1 - sum p^2 (Breiman et al., Classification and Regression Trees (1984), 4.3). */
double entropy_gini(const entropy_table *t, const entropy_params *p);
/* sum of H of each variable, less H of all: Watanabe, IBM J. 4 (1960) 66. */
ml_status entropy_total_correlation(const entropy_table *t, const entropy_params *p, double *out,
                                    ml_message *why);
/* The sum over all sets T of variables that are not empty of -(-1)^|T| H(T): Bell, ICA 2003, eq. 2; I(X;Y) of
 * two, I(X;Y) - I(X;Y|Z) of three.  At most ENTROPY_MOST_VARIABLES. */
enum { ENTROPY_MOST_VARIABLES = 20 };
ml_status entropy_coinformation(const entropy_table *t, const entropy_params *p, double *out,
                                ml_message *why);

/* --- of a pair of variables, A and B --- */

typedef struct entropy_pair {
    double a, b, joint; /* H */
    double a_given_b, b_given_a;
    double mutual; /* never negative where frequencies are measured as they are */
} entropy_pair;

ml_status entropy_measure_pair(const entropy_table *t, const entropy_params *p, entropy_pair *out,
                               ml_message *why);

/* Splitting on A to predict B. */
typedef struct entropy_split {
    double gain;  /* H(B) - H(B|A): Quinlan, Machine Learning 1 (1986) 81 */
    double split; /* H(A), which he calls IV(A) */
    double ratio; /* gain over split; NaN when split is 0 */
    double gini;  /* decrease of the Gini impurity of B, the mean of its parts taken off */
} entropy_split;

ml_status entropy_measure_split(const entropy_table *t, const entropy_params *p, entropy_split *out,
                                ml_message *why);

/* --- of two distributions over the same COUNT cells --- */

/* Masses to the frequencies of the estimator (a plain or a smoothing one), in place. */
void entropy_frequencies(double *mass, size_t count, const entropy_params *p);

/* All of frequencies: -sum p log q, and sum p log(p/q) (Kullback, Leibler, Ann. Math. Stat. 22 (1951) 79);
 * infinite where q is 0 and p is not. */
double entropy_cross(const double *p, const double *q, size_t count, const entropy_params *how);
double entropy_kl(const double *p, const double *q, size_t count, const entropy_params *how);
/* H((p+q)/2) - (H(p)+H(q))/2: Lin, IEEE Trans. Inf. Theory 37 (1991) 145, eq. 4.1 with equal weights. */
double entropy_js(const double *p, const double *q, size_t count, const entropy_params *how);

#endif
