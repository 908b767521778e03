/* svd.h: the thin singular value decomposition A = U S V', A being rows x columns, and what follows from it.
 *
 * Shapes, with r = min(rows, columns): U rows x r, S r values in descending order, V columns x r.
 * Sign rule: in each column of V the first entry with |v| >= (1-1e-6) max|v| is positive.
 * The caller turns GSL's aborting error handler off; running out of memory is then a message. */
#ifndef ML_SVD_H
#define ML_SVD_H

#include <gsl/gsl_matrix.h>
#include <gsl/gsl_vector.h>
#include <stdbool.h>
#include <stddef.h>

#include "base/status.h"
#include "math/tsqr.h"

typedef enum svd_method {
    SVD_AUTO,       /* as dc, but up to 64 columns or rows Jacobi decomposes what the QR left */
    SVD_DC,         /* a tall A is reduced by blocked QR (math/tsqr), then divide and conquer (LAPACK) */
    SVD_JACOBI,     /* LAPACK dgejsv: Drmac, Veselic, SIAM J. Matrix Anal. Appl. 29 (2008) 1322, 1343 */
    SVD_RANDOMIZED, /* ml/svd_leading: the first values, each with a bound on its error */
} svd_method;

typedef enum svd_want { SVD_VALUES, SVD_V, SVD_UV } svd_want;

typedef struct svd_params {
    svd_method method;
    svd_want want;       /* default SVD_UV; SVD_VALUES may differ from the others in the last bits of S */
    size_t rank;         /* randomized: how many values, 1..min(rows, columns); else ignored */
    size_t oversampling; /* randomized: default 10 */
    unsigned long seed;  /* randomized: default 1 */
    double tolerance;    /* values <= it count as zero; default negative: max(rows, columns) eps sigma_1 */
    int jobs;            /* threads, default 1; the result does not depend on it */
} svd_params;

typedef struct svd_result {
    size_t rows, columns;
    size_t count;       /* values held: min(rows, columns), or params.rank when randomized */
    bool complete;      /* count == min(rows, columns) */
    gsl_vector *values; /* count, descending, >= 0 */
    gsl_matrix *U;      /* rows x count, or NULL when not wanted; orthonormal whatever the rank of A */
    gsl_matrix *V;      /* columns x count, or NULL when not wanted */
    double frobenius;   /* Frobenius norm of A */
    double tolerance;   /* the one used for the rank */
    size_t rank;        /* number of values > tolerance */
    svd_method method;  /* the one that was used, never SVD_AUTO */
    bool graded;        /* jacobi was asked for: small values are right to their own digits */
    gsl_vector
        *errors; /* randomized: count bounds, |a singular value of A - values[i]| <= errors[i]; else NULL */
    bool converged; /* randomized: the bounds are as small as asked; else true */
} svd_result;

void svd_defaults(svd_params *params);

/* Whether PARAMS fit a matrix of this shape (rows 0: not known yet, streaming). */
ml_status svd_check(const svd_params *params, size_t rows, size_t columns, ml_message *why);

/* Has a matrix of this shape K singular values? */
ml_status svd_check_count(size_t k, size_t rows, size_t columns, ml_message *why);

/* Decompose A, which is left as it is and at least 1 x 1.  An entry that is not finite is refused.  On
 * failure RESULT holds nothing; otherwise the caller frees it. */
ml_status svd_fit(const gsl_matrix *a, const svd_params *params, svd_result *result, ml_message *why);
void svd_free(svd_result *result);

/* The same from rows that arrive in pieces of any size, in memory O(columns^2); values and V are the same
 * bytes as those of svd_fit.  params.want must not be SVD_UV, nor the method jacobi or randomized. */
typedef struct svd_stream svd_stream;
ml_status svd_begin(svd_stream **stream, const svd_params *params, size_t columns, ml_message *why);
/* A stream that has had the rows that ROWS (TSQR_PLAIN) stands for; ROWS becomes its own, also on failure. */
ml_status svd_resume(svd_stream **stream, const svd_params *params, size_t columns, tsqr *rows,
                     ml_message *why);
ml_status svd_add(svd_stream *stream, const gsl_matrix *rows, ml_message *why);
ml_status svd_finish(svd_stream *stream, svd_result *result, ml_message *why);
void svd_stream_free(svd_stream *stream);

/* Value I squared over the squared Frobenius norm; 0 for the zero matrix. */
double svd_share(const svd_result *result, size_t i);
/* The sum of the shares of values 0..I. */
double svd_cumulative(const svd_result *result, size_t i);
/* The least k whose first k values hold FRACTION (0..1] of the squared norm; at least 1, at most count. */
size_t svd_energy(const svd_result *result, double fraction);

/* Not a number when the result is not complete. */
/* sigma_1 / sigma_min(rows, columns); inf when the rank is below min(rows, columns): one rule for both. */
double svd_condition(const svd_result *result);
double svd_norm2(const svd_result *result);
double svd_nuclear(const svd_result *result); /* the sum of the values */

/* In *OUT, new, the caller's: what belongs to the nearest matrix of rank K, A_K (Eckart, Young 1936), which
 * is A itself, to rounding, when K is count or more.  A value <= result.tolerance counts as zero. */
/* A_K (needs U and V). */
ml_status svd_approximation(const svd_result *result, size_t k, gsl_matrix **out, ml_message *why);
/* Moore-Penrose inverse of A_K, columns x rows (needs U and V); refused when an entry is beyond a double. */
ml_status svd_pinv(const svd_result *result, size_t k, gsl_matrix **out, ml_message *why);
/* Orthonormal basis of {x: A_K x = 0}, columns x (columns - min(K, rank)), sign rule applied; *OUT is NULL
 * when that is {0} (needs V). */
ml_status svd_null(const svd_result *result, size_t k, gsl_matrix **out, ml_message *why);
/* Orthonormal basis of {A_K x}, rows x min(K, rank): the first columns of U; *OUT is NULL when that is {0}.
 */
ml_status svd_range(const svd_result *result, size_t k, gsl_matrix **out, ml_message *why);

/* Are values I and I + 1 equal to rounding, so that their vectors are unique only as a span?  They differ by
 * at most 10 max(rows, columns) eps sigma_1, about the error of a computed value; of a graded result, by that
 * times value I instead of sigma_1. */
bool svd_equal(const svd_result *result, size_t i);
/* The first run of equal values that starts at or behind *FIRST is put in *FIRST and *LAST (inclusive,
 * 0-based); false when there is none. */
bool svd_repeated(const svd_result *result, size_t *first, size_t *last);

/* LAPACK's test ratios (TESTING/EIG/dbdt01.f, dort01.f): below about 30 when all is well. */
typedef struct svd_quality {
    double residual; /* |A - U S V'|_1 / (|A|_1 max(rows, columns) eps); NAN for a truncated result */
    double u, v;     /* |I - U'U|_1 / (rows eps), |I - V'V|_1 / (columns eps) */
} svd_quality;
ml_status svd_report(const gsl_matrix *a, const svd_result *result, svd_quality *quality, ml_message *why);

#endif
