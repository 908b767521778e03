/* check_same.h: an answer against a reference, up to what does not matter. */
#ifndef ML_CHECK_SAME_H
#define ML_CHECK_SAME_H

#include "ml/check.h"

enum {
    SAME_UP_TO_SIGN = 1 << 0,   /* of each column; of the row where there is one */
    SAME_UP_TO_SCALE = 1 << 1,  /* a factor, not 0, for each column */
    SAME_UP_TO_ORDER = 1 << 2,  /* of the columns, or of the rows */
    SAME_UP_TO_SPAN = 1 << 3,   /* the columns span the same space */
    SAME_UP_TO_LABELS = 1 << 4, /* numbers are names of classes: which rows are together */
};

/* Add the row "CLAIM": MINE is EXPECTED up to WHAT.  The reference may be a ball itself.  OBSERVATIONS: n
 * where it is known, for the diagnosis, else 0. */
ml_status check_same(check_report *report, const ball *expected, const ball *mine, unsigned what,
                     size_t observations, const char *claim, ml_message *why);

/* The same for labels that are numbered already: class numbers below CLASSES, a row each; NAMES may be NULL.
 */
ml_status check_labels(check_report *report, const size_t *expected, const size_t *mine, size_t rows,
                       size_t classes, const char *claim, ml_message *why);

#endif
