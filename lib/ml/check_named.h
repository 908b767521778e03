/* check_named.h: whole answers judged by their definition, so that sign, order, scale and basis do not
 * matter. */
#ifndef ML_CHECK_NAMED_H
#define ML_CHECK_NAMED_H

#include <stdbool.h>
#include <stddef.h>

#include "ml/check.h"

/* A matrix that was given under a name. */
typedef struct check_value {
    const char *name;
    const ball *b;
    const char *const *columns; /* names of its columns, or NULL */
    bool answer;                /* to be judged; else the problem's data */
    bool taken;                 /* a check has used it */
} check_value;

typedef struct check_input {
    check_value *values;
    size_t count;
    double base;       /* of logarithms; 0: 2 */
    double ddof;       /* pca: variances divide by n - ddof */
    const char *check; /* its name, for messages */
    bool missing;      /* an answer was needed and not there: standard input may have it */
} check_input;

typedef ml_status check_named(check_report *report, check_input *in, ml_message *why);

/* lib/ml/check_matrix.c */
ml_status check_svd(check_report *report, check_input *in, ml_message *why);
ml_status check_eig(check_report *report, check_input *in, ml_message *why);
ml_status check_qr(check_report *report, check_input *in, ml_message *why);
ml_status check_lu(check_report *report, check_input *in, ml_message *why);
ml_status check_chol(check_report *report, check_input *in, ml_message *why);
ml_status check_inverse(check_report *report, check_input *in, ml_message *why);
ml_status check_solve(check_report *report, check_input *in, ml_message *why);
ml_status check_nullspace(check_report *report, check_input *in, ml_message *why);
/* lib/ml/check_data.c */
ml_status check_pca(check_report *report, check_input *in, ml_message *why);
ml_status check_kmeans(check_report *report, check_input *in, ml_message *why);
ml_status check_gmm(check_report *report, check_input *in, ml_message *why);
/* lib/ml/check_chance.c */
ml_status check_entropy(check_report *report, check_input *in, ml_message *why);
ml_status check_pmf(check_report *report, check_input *in, ml_message *why);
ml_status check_joint(check_report *report, check_input *in, ml_message *why);
ml_status check_markov(check_report *report, check_input *in, ml_message *why);
/* lib/ml/check_space.c */
ml_status check_metric(check_report *report, check_input *in, ml_message *why);
ml_status check_innerproduct(check_report *report, check_input *in, ml_message *why);

/* The value with one of NAMES, separated by blanks, marked as taken, or NULL. */
const check_value *check_find(check_input *in, const char *names);
/* The same; an answer without a name, called X, stands for it too, and so does the only piece of data for
 * DATA. ML_FAIL when there is none: WHAT says in words what is missing. */
ml_status check_need_data(check_input *in, const char *names, const char *what, const check_value **v,
                          ml_message *why);
ml_status check_need_answer(check_input *in, const char *names, const char *what, const check_value **v,
                            ml_message *why);
/* The same for a table that may be either. */
ml_status check_need_any(check_input *in, const char *names, const char *what, const check_value **v,
                         ml_message *why);

#endif
