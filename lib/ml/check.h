/* check.h: what is common to all checks of an answer: claims, verdicts, and when a number counts as right.
 *
 * An answer is judged at the precision it was written with.  Its numbers are balls (math/ball): a number with
 * a point or an exponent carries half a unit of its last digit, an integer or a fraction nothing, nor does
 * the problem's data.  What that does to a claim is propagated to first order; 64 n eps scale is allowed on
 * top for arithmetic in doubles.  A tolerance replaces both; in exact arithmetic nothing is allowed. */
#ifndef ML_CHECK_H
#define ML_CHECK_H

#include <stdbool.h>
#include <stddef.h>

#include "base/memory.h"
#include "base/status.h"
#include "math/ball.h"

typedef enum check_verdict { CHECK_YES, CHECK_NO, CHECK_UNDECIDED } check_verdict;

/* A claim and what became of it. */
typedef struct check_row {
    buffer claim;
    check_verdict verdict;
    buffer place;        /* where it is worst: "2,1" or "x = 0.5"; may be empty */
    double off, allowed; /* NaN: does not apply */
    buffer diagnosis;    /* may be empty */
} check_row;

typedef struct check_report {
    double tolerance; /* negative: the written precision */
    bool exact;
    bool rational;    /* with exact: a claim that only doubles could confirm is undecided */
    ball_space balls; /* of the claims; freed with the report */
    check_row *rows;
    size_t count, capacity;
    bool failed; /* memory was out */
    check_row unseen;
} check_report;

void check_defaults(check_report *report);
void check_free(check_report *report);

/* ML_OK when every claim holds, ML_NO when one does not, else ML_UNDECIDED; ML_FAIL when memory was out. */
ml_status check_outcome(const check_report *report, ml_message *why);

/* A new row.  Never NULL: when memory is out it is one that nobody will see, and the report is marked. */
check_row *check_add(check_report *report, check_verdict verdict, const char *claim, ...)
    __attribute__((format(printf, 3, 4)));

/* The row that was added last; never NULL. */
check_row *check_last(check_report *report);

/* Is D judged by its rationals alone, because exact arithmetic was asked for? */
bool check_by_rationals(const check_report *report, const ball *d);

/* What entry (i, j) of D may be when it should be zero. */
double check_allowed(const check_report *report, const ball *d, size_t i, size_t j);

/* The claim that D is zero everywhere (a difference); the worst cell is the one that is furthest beyond what
 * is allowed.  D may be NULL: memory was out. */
check_row *check_zero(check_report *report, const ball *d, const char *claim, ...)
    __attribute__((format(printf, 3, 4)));

/* The claim that no entry of D is negative. */
check_row *check_least(check_report *report, const ball *d, const char *claim, ...)
    __attribute__((format(printf, 3, 4)));

/* Entries of A below (or, with ABOVE, above) the diagonal are zero. */
check_row *check_triangle(check_report *report, const ball *a, bool above, const char *claim, ...)
    __attribute__((format(printf, 4, 5)));

/* A number as messages show it: six significant digits. */
void check_number(buffer *out, double x);

#endif
