#include "ml/check.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/number.h"

void check_defaults(check_report *report)
{
    *report = (check_report){.tolerance = -1};
}

static void free_row(check_row *row)
{
    buffer_free(&row->claim);
    buffer_free(&row->place);
    buffer_free(&row->diagnosis);
}

void check_free(check_report *report)
{
    for (size_t i = 0; i < report->count; i++)
        free_row(&report->rows[i]);
    free(report->rows);
    free_row(&report->unseen);
    ball_free_all(&report->balls);
    report->rows = NULL;
    report->count = 0;
}

ml_status check_outcome(const check_report *report, ml_message *why)
{
    bool undecided = false, failed = report->failed;
    for (size_t i = 0; i < report->count; i++) {
        const check_row *row = &report->rows[i];
        failed |= row->claim.failed || row->place.failed || row->diagnosis.failed;
        undecided |= row->verdict == CHECK_UNDECIDED;
    }
    if (failed)
        return ml_fail_memory(why, "the claims", report->count * sizeof *report->rows);
    for (size_t i = 0; i < report->count; i++)
        if (report->rows[i].verdict == CHECK_NO)
            return ML_NO;
    return undecided ? ML_UNDECIDED : ML_OK;
}

/* --- rows --- */

static check_row *add_row(check_report *report, check_verdict verdict, const char *claim, va_list arguments)
{
    char text[1024];
    check_row *row = &report->unseen;
    vsnprintf(text, sizeof text, claim, arguments);
    if (memory_grow(&report->rows, &report->capacity, report->count + 1, sizeof *report->rows)) {
        row = &report->rows[report->count++];
        *row = (check_row){0};
    } else {
        report->failed = true;
        free_row(row);
    }
    row->verdict = verdict;
    row->off = row->allowed = NAN;
    buffer_string(&row->claim, text);
    return row;
}

check_row *check_add(check_report *report, check_verdict verdict, const char *claim, ...)
{
    va_list arguments;
    va_start(arguments, claim);
    check_row *row = add_row(report, verdict, claim, arguments);
    va_end(arguments);
    return row;
}

check_row *check_last(check_report *report)
{
    return report->count > 0 ? &report->rows[report->count - 1] : &report->unseen;
}

void check_number(buffer *out, double x)
{
    char text[NUMBER_PRINT_MAX];
    buffer_append(out, text, number_print_digits(text, x, 6));
}

/* --- what is allowed --- */

bool check_by_rationals(const check_report *report, const ball *d)
{
    return report->exact && report->tolerance < 0 && d->q != NULL;
}

double check_allowed(const check_report *report, const ball *d, size_t i, size_t j)
{
    if (report->tolerance >= 0)
        return report->tolerance;
    if (report->exact)
        return d->q != NULL ? 0 : ball_slack(d); /* decimals are what they say */
    return ball_radius(d, i, j) * (1 + 1e-9) + ball_slack(d);
}

/* How an entry is measured: the distance from zero, or how far below zero it is. */
static double measure(const check_report *report, const ball *d, size_t i, size_t j, bool negative_only)
{
    double x = gsl_matrix_get(d->x, i, j);
    if (check_by_rationals(report, d)) {
        const fmpq *q = fmpq_mat_entry(d->q, (slong)i, (slong)j);
        int sign = fmpq_sgn(q);
        if (sign == 0 || (negative_only && sign > 0))
            return 0;
        return fmax(fabs(fmpq_get_d(q)), 5e-324);
    }
    return negative_only ? fmax(-x, 0) : fabs(x);
}

/* The digits of the answer are too few to tell: it may be anything of the size that there is.  A number that
 * was written is right when it is rounded right, 0.0 for 0.03 too; what came of it is not, where it may be
 * off by all that is compared. */
static bool too_coarse(const ball *d, double off, double allowed)
{
    if (!isfinite(allowed))
        return true;
    if (!d->written && d->compared > 0)
        return allowed >= d->compared;
    return off > ball_slack(d) && d->scale > 0 && allowed > 8 * d->scale;
}

typedef bool cell_filter(size_t i, size_t j);

static bool every_cell(size_t i, size_t j)
{
    (void)i;
    (void)j;
    return true;
}

static bool above_diagonal(size_t i, size_t j)
{
    return j > i;
}

static bool below_diagonal(size_t i, size_t j)
{
    return j < i;
}

typedef struct worst {
    size_t i, j;
    double off, allowed;
    bool any, bad, lost; /* a cell was looked at; one is off by more than allowed; one is not a number */
    bool coarse, open;   /* one may be anything; one may be another whole number */
    bool near;           /* doubles cannot tell one from zero */
} worst;

/* Is an entry that is OFF further beyond ALLOWED than the worst so far? */
static bool is_worse(const worst *w, double off, double allowed)
{
    if (!w->any)
        return true;
    bool bad = off > allowed;
    if (bad != w->bad)
        return bad;
    return bad ? off - allowed > w->off - w->allowed
               : off * (w->allowed > 0 ? w->allowed : 1) > w->off * (allowed > 0 ? allowed : 1);
}

static worst find_worst(const check_report *report, const ball *d, cell_filter *wanted, bool negative_only)
{
    worst w = {0};
    for (size_t i = 0; i < d->x->size1; i++)
        for (size_t j = 0; j < d->x->size2; j++) {
            if (!wanted(i, j))
                continue;
            double off = measure(report, d, i, j, negative_only), allowed = check_allowed(report, d, i, j);
            w.near |= !(negative_only && gsl_matrix_get(d->x, i, j) > allowed);
            w.coarse |= report->tolerance < 0 && too_coarse(d, off, allowed);
            w.open |= d->jumps && !report->exact && ball_radius(d, i, j) > 0 &&
                      !(negative_only && gsl_matrix_get(d->x, i, j) >= ball_radius(d, i, j));
            if (isnan(off))
                w.lost = true;
            else if (is_worse(&w, off, allowed))
                w = (worst){i,      j,        off,    allowed, true, w.bad || off > allowed,
                            w.lost, w.coarse, w.open, w.near};
        }
    return w;
}

static void judge(check_report *report, check_row *row, const ball *d, cell_filter *wanted,
                  bool negative_only)
{
    if (d == NULL) {
        report->failed = true;
        return;
    }
    worst w = find_worst(report, d, wanted, negative_only);
    row->verdict = w.bad ? CHECK_NO : CHECK_YES;
    row->off = w.off;
    row->allowed = w.any ? w.allowed : NAN;
    if (w.any && w.off > 0)
        buffer_printf(&row->place, "%zu,%zu", w.i + 1, w.j + 1);
    if (!w.bad && w.lost) {
        row->verdict = CHECK_UNDECIDED;
        buffer_string(&row->diagnosis, "not a number comes out");
    } else if (!w.bad && w.near && report->rational && d->q == NULL) {
        row->verdict = CHECK_UNDECIDED;
        buffer_string(&row->diagnosis, "no exact value to decide by; equal to the precision of doubles");
    } else if (!w.bad && w.open) {
        row->verdict = CHECK_UNDECIDED;
        buffer_string(&row->diagnosis, "within the digits that were written it may be another whole number");
    } else if (!w.bad && w.coarse) {
        row->verdict = CHECK_UNDECIDED;
        buffer_string(&row->diagnosis, "written with too few digits to tell");
    }
}

check_row *check_zero(check_report *report, const ball *d, const char *claim, ...)
{
    va_list arguments;
    va_start(arguments, claim);
    check_row *row = add_row(report, CHECK_UNDECIDED, claim, arguments);
    va_end(arguments);
    judge(report, row, d, every_cell, false);
    return row;
}

check_row *check_least(check_report *report, const ball *d, const char *claim, ...)
{
    va_list arguments;
    va_start(arguments, claim);
    check_row *row = add_row(report, CHECK_UNDECIDED, claim, arguments);
    va_end(arguments);
    judge(report, row, d, every_cell, true);
    return row;
}

check_row *check_triangle(check_report *report, const ball *a, bool above, const char *claim, ...)
{
    va_list arguments;
    va_start(arguments, claim);
    check_row *row = add_row(report, CHECK_UNDECIDED, claim, arguments);
    va_end(arguments);
    judge(report, row, a, above ? above_diagonal : below_diagonal, false);
    return row;
}
