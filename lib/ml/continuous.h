/* continuous.h: differential entropy, mutual information and divergence estimated from samples of numbers.
 *
 * Every row of X is an observation; results are in nats (divide by log(b) for base b).  Entropies depend on
 * the unit of the data (h(aX) = h(X) + log|a|), mutual informations do not.
 *
 * gaussian   the closed forms for a normal distribution with the covariance S of the data: h = (d log(2 pi e)
 *            + log det S)/2, I(X;Y) = (log det S_X + log det S_Y - log det S)/2 (Cover, Thomas, Elements of
 *            Information Theory, 2006, 8.4.1 and 8.5), the determinants from a QR of the centred rows.
 * kl         h = psi(N) - psi(k) + log c_d + d/N sum log e_i, e_i the distance to the k-th neighbour and c_d
 *            the volume of the unit ball (Kozachenko, Leonenko, Probl. Inf. Transm. 23 (1987) 95; with k and
 *            psi(N): Kraskov, Stoegbauer, Grassberger, Phys. Rev. E 69 (2004) 066138, eq. 20).  Informations
 *            are sums and differences of such entropies; divergences: Wang, Kulkarni, Verdu, IEEE Trans. Inf.
 *            Theory 55 (2009) 2392, eq. 5.  Of several columns, differences are measured in standard
 * deviations (divisor n) of the column, whose logarithms are added to h: the unit of a column changes nothing
 *            else.  So with ksg.
 * ksg, ksg2  mutual information, by the greatest difference of a coordinate (Kraskov et al., eq. 8 and 9; of
 *            more than two variables eq. 23 and 24); given a third (ksg): Frenzel, Pompe, Phys. Rev. Lett. 99
 *            (2007) 204101, eq. 8.  Entropies as kl with that norm.
 * histogram  h = -sum p log(p/w) over cells of volume w, equal bins from the least to the greatest value of
 *            each column; informations from the same cells, which lose what happens inside a cell and are
 * biased upwards by about (cells - 1 less those of the margins)/2N.
 *
 * Each is a mean of N local terms; the standard error is their standard deviation over sqrt(N) (with
 * gaussian: what that is for a normal distribution).  It does not know of a bias. */
#ifndef ML_CONTINUOUS_H
#define ML_CONTINUOUS_H

#include <gsl/gsl_matrix.h>
#include <gsl/gsl_vector.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/status.h"
#include "ml/neighbours.h"

typedef enum continuous_method {
    CONTINUOUS_GAUSSIAN,
    CONTINUOUS_KL,
    CONTINUOUS_KSG,
    CONTINUOUS_KSG2,
    CONTINUOUS_HISTOGRAM,
} continuous_method;

/* How many bins n values get: ceil(log2(n) + 1) (Sturges, JASA 21 (1926) 65); of width (24 sqrt(pi)/n)^(1/3)
 * s (Scott, Biometrika 66 (1979) 605), s the standard deviation with divisor n; of width 2 IQR n^(-1/3)
 * (Freedman, Diaconis, Z. Wahrscheinlichkeitstheorie 57 (1981) 453), quartiles by linear interpolation;
 * ceil(sqrt(n)); a given number.  A width w gives ceil(range/w) bins. */
typedef enum continuous_rule {
    CONTINUOUS_STURGES,
    CONTINUOUS_SCOTT,
    CONTINUOUS_FD,
    CONTINUOUS_SQRT,
    CONTINUOUS_NUMBER,
} continuous_rule;

typedef struct continuous_params {
    continuous_method method;
    size_t neighbours;    /* k, of kl, ksg and ksg2 */
    neighbours_norm norm; /* of kl */
    bool raw;             /* kl, ksg, ksg2: differences as they are, not in standard deviations */
    continuous_rule rule; /* of histogram */
    size_t bins;          /* with CONTINUOUS_NUMBER */
    size_t ddof;          /* gaussian: the covariance is divided by n - ddof */
    int jobs;
    const char *const *names; /* of the columns of X for messages, or NULL: they are numbered */
} continuous_params;

/* Gaussian with ddof 1, k 3, Euclidean, Sturges, one job, no names. */
void continuous_defaults(continuous_params *params);

typedef struct continuous_estimate {
    double
        nats; /* -INFINITY: a density on a point, line or plane; INFINITY: one variable determines another */
    double error; /* standard error, in nats; 0 beside an infinite value, INFINITY beyond the range */
    size_t
        culprit; /* beside an infinite value: a column of X that is constant or that the others determine */
} continuous_estimate;

/* All: X has rows that are finite.  kl, ksg: an error that names the rows where k + 1 of them are equal. */

/* h of the columns of X together. */
ml_status continuous_entropy(const continuous_params *params, const gsl_matrix *x, continuous_estimate *out,
                             ml_message *why);

/* Mutual information of two variables, BLOCKS = 2, the first SIZES[0] columns of X and the other SIZES[1]; of
 * more, total correlation: sum of h(block) - h(X).  A constant column carries none. */
ml_status continuous_information(const continuous_params *params, const gsl_matrix *x, const size_t *sizes,
                                 size_t blocks, continuous_estimate *out, ml_message *why);

/* I(A;B|C), A the first SIZES[0] columns, B the next SIZES[1], C the last SIZES[2].  Not for ksg2. */
ml_status continuous_given(const continuous_params *params, const gsl_matrix *x, const size_t sizes[3],
                           continuous_estimate *out, ml_message *why);

/* h(A|B) = h(A) - I(A;B), A the first SIZES[0] columns and B the other SIZES[1]. */
ml_status continuous_conditional(const continuous_params *params, const gsl_matrix *x, const size_t sizes[2],
                                 continuous_estimate *out, ml_message *why);

/* The divergence D(P||Q) = E_P log p/q of the distribution of the rows of P from that of Q, of the same
 * columns: closed form (gaussian), neighbours (kl; k at most the rows of Q), histogram over the range of
 * both, bins by the rule for both together. */
ml_status continuous_divergence(const continuous_params *params, const gsl_matrix *p, const gsl_matrix *q,
                                continuous_estimate *out, ml_message *why);

/* The share of permutations of the rows of the first block that give at least as much information, the one
 * observed counted with them: (1 + hits)/(1 + COUNT), Phipson, Smyth, Stat. Appl. Genet. Mol. Biol. 9 (2010)
 * 39.  Permutation i is drawn from stream i of SEED.  OBSERVED is of continuous_information, two blocks. */
ml_status continuous_significance(const continuous_params *params, const gsl_matrix *x, const size_t sizes[2],
                                  double observed, size_t count, uint64_t seed, double *p_value,
                                  ml_message *why);

/* Bins from LOW to HIGH, all as wide; a value at an edge belongs to the bin above, the last one has both. */
typedef struct continuous_bins {
    size_t count;
    double low, high;
} continuous_bins;

/* The bins of a column under the rule of PARAMS; NAME for messages.  A constant column has one, of no width.
 */
ml_status continuous_bins_of(const continuous_params *params, const gsl_vector *column, const char *name,
                             continuous_bins *out, ml_message *why);
size_t continuous_bin(const continuous_bins *bins, double value);

#endif
