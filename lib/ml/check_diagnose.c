#include "ml/check_diagnose.h"

#include <float.h>
#include <math.h>
#include <stdlib.h>

#include "math/assignment.h"
#include "ml/check.h"

/* A case that is being looked at. */
typedef struct patient {
    const gsl_matrix *expected;
    const ball *mine;
    const diagnose_options *options;
    buffer *out;
} patient;

/* --- does a guess agree with the answer? --- */

static double allowed(const patient *p, size_t i, size_t j)
{
    if (p->options->tolerance >= 0)
        return p->options->tolerance;
    return ball_radius(p->mine, i, j) * (1 + 1e-9) + ball_slack(p->mine);
}

static bool cell_agrees(const patient *p, size_t i, size_t j, double value)
{
    double room = allowed(p, i, j);
    if (!isfinite(value))
        return false;
    if (p->options->tolerance < 0)
        room += 64 * DBL_EPSILON * fabs(value);
    return fabs(gsl_matrix_get(p->mine->x, i, j) - value) <= room;
}

static bool same_shape(const patient *p)
{
    return p->mine->x->size1 == p->expected->size1 && p->mine->x->size2 == p->expected->size2;
}

static bool agrees(const patient *p, const gsl_matrix *guess)
{
    for (size_t i = 0; i < guess->size1; i++)
        for (size_t j = 0; j < guess->size2; j++)
            if (!cell_agrees(p, i, j, gsl_matrix_get(guess, i, j)))
                return false;
    return true;
}

static size_t cells(const patient *p)
{
    return p->expected->size1 * p->expected->size2;
}

typedef double change(double x, double parameter);

/* Does the answer hold CHANGE of every expected entry? */
static bool changed(const patient *p, change *how, double parameter)
{
    for (size_t i = 0; i < p->expected->size1; i++)
        for (size_t j = 0; j < p->expected->size2; j++)
            if (!cell_agrees(p, i, j, how(gsl_matrix_get(p->expected, i, j), parameter)))
                return false;
    return true;
}

static double expected_at(const patient *p, size_t i, size_t j)
{
    return gsl_matrix_get(p->expected, i, j);
}

static double mine_at(const patient *p, size_t i, size_t j)
{
    return gsl_matrix_get(p->mine->x, i, j);
}

static bool bad_at(const patient *p, size_t i, size_t j)
{
    return !cell_agrees(p, i, j, expected_at(p, i, j));
}

/* The first bad cell, and how many there are. */
static size_t bad_cells(const patient *p, size_t *row, size_t *column)
{
    size_t count = 0;
    for (size_t i = 0; i < p->expected->size1; i++)
        for (size_t j = 0; j < p->expected->size2; j++)
            if (bad_at(p, i, j) && count++ == 0) {
                *row = i;
                *column = j;
            }
    return count;
}

/* --- rounding --- */

static void name_rounding(const patient *p, const char *what, size_t i, size_t j)
{
    buffer_printf(p->out, "%s (", what);
    check_number(p->out, mine_at(p, i, j));
    buffer_string(p->out, " for ");
    check_number(p->out, expected_at(p, i, j));
    buffer_char(p->out, ')');
}

/* Whole numbers where the expected ones are not. */
static bool try_integers(const patient *p)
{
    size_t row = 0, column = 0;
    if (bad_cells(p, &row, &column) == 0)
        return false;
    for (size_t i = 0; i < p->expected->size1; i++)
        for (size_t j = 0; j < p->expected->size2; j++) {
            double e = expected_at(p, i, j), m = mine_at(p, i, j);
            bool rounded = ball_radius(p->mine, i, j) == 0 && m == rint(m) && fabs(m - e) <= 0.5 && m != 0;
            if (bad_at(p, i, j) && !rounded)
                return false;
        }
    name_rounding(p, "rounded to an integer, and integers are exact", row, column);
    return true;
}

/* Is the bad cell one that was cut off after the last digit (DIRECTION 1), or rounded up where it should go
 * down (-1)? */
static bool is_cut(const patient *p, size_t i, size_t j, int direction)
{
    double e = expected_at(p, i, j), m = mine_at(p, i, j), half = ball_radius(p->mine, i, j);
    double missing = direction * (fabs(e) - fabs(m));
    bool whole = half == 0 && m == rint(m) && fabs(e) >= 1;
    double unit = whole ? 1 : 2 * half;
    return e * m >= 0 && missing > 0 && missing < unit * (1 - 1e-9);
}

static bool try_cut(const patient *p)
{
    static const char *const names[] = {"cut off instead of rounded", "rounded up instead of to the nearest"};
    for (int k = 0; k < 2; k++) {
        size_t row = 0, column = 0;
        bool all = bad_cells(p, &row, &column) > 0;
        for (size_t i = 0; all && i < p->expected->size1; i++)
            for (size_t j = 0; all && j < p->expected->size2; j++)
                all = !bad_at(p, i, j) || is_cut(p, i, j, k ? -1 : 1);
        if (!all)
            continue;
        name_rounding(p, names[k], row, column);
        return true;
    }
    return false;
}

/* --- signs --- */

static double negative(double x, double unused)
{
    (void)unused;
    return -x;
}

/* Is column J the negative of what is expected? */
static bool column_is_turned(const patient *p, size_t j)
{
    bool any = false;
    for (size_t i = 0; i < p->expected->size1; i++) {
        if (!cell_agrees(p, i, j, -expected_at(p, i, j)))
            return false;
        any |= bad_at(p, i, j);
    }
    return any;
}

/* Whole columns are turned and nothing else is wrong. */
static bool try_columns_turned(const patient *p)
{
    size_t turned = 0;
    if (p->expected->size1 < 2 || p->expected->size2 < 2)
        return false;
    for (size_t j = 0; j < p->expected->size2; j++) {
        bool bad = false;
        for (size_t i = 0; i < p->expected->size1; i++)
            bad |= bad_at(p, i, j);
        if (bad && !column_is_turned(p, j))
            return false;
        turned += bad;
    }
    if (turned == 0)
        return false;
    buffer_printf(p->out, "the signs of column%s", turned > 1 ? "s" : "");
    size_t named = 0;
    for (size_t j = 0; j < p->expected->size2; j++)
        if (column_is_turned(p, j))
            buffer_printf(p->out, "%s %zu", named++ ? "," : "", j + 1);
    return true;
}

static bool try_signs(const patient *p)
{
    enum { NAMED = 4 };
    if (changed(p, negative, 0)) {
        buffer_string(p->out, cells(p) > 1 ? "every sign is turned" : "the sign is turned");
        return true;
    }
    if (try_columns_turned(p))
        return true;
    size_t bad = 0, row = 0, column = 0;
    for (size_t i = 0; i < p->expected->size1; i++)
        for (size_t j = 0; j < p->expected->size2; j++)
            if (bad_at(p, i, j) && !cell_agrees(p, i, j, -expected_at(p, i, j)))
                return false;
    bad = bad_cells(p, &row, &column);
    buffer_printf(p->out, "the sign%s at", bad > 1 ? "s" : "");
    size_t named = 0;
    for (size_t i = 0; i < p->expected->size1; i++)
        for (size_t j = 0; j < p->expected->size2; j++)
            if (bad_at(p, i, j) && ++named <= NAMED)
                buffer_printf(p->out, "%s %zu,%zu", named > 1 ? " and" : "", i + 1, j + 1);
    if (named > NAMED)
        buffer_printf(p->out, " and %zu more", named - NAMED);
    return true;
}

/* --- factors --- */

/* Every factor c with which MINE = c * EXPECTED is possible; false when there is none, or so many that it
 * says nothing. */
static bool factor_window(const patient *p, change *of, double *least, double *most)
{
    *least = -INFINITY;
    *most = INFINITY;
    for (size_t i = 0; i < p->expected->size1; i++)
        for (size_t j = 0; j < p->expected->size2; j++) {
            double e = of(expected_at(p, i, j), 0), m = mine_at(p, i, j), room = allowed(p, i, j);
            if (!isfinite(e))
                return false;
            if (fabs(e) <= 64 * DBL_EPSILON * p->mine->scale) {
                if (fabs(m) > room + fabs(e))
                    return false;
                continue;
            }
            room += 64 * DBL_EPSILON * fabs(m);
            double low = fmin((m - room) / e, (m + room) / e), high = fmax((m - room) / e, (m + room) / e);
            *least = fmax(*least, low);
            *most = fmin(*most, high);
        }
    return isfinite(*least) && *least <= *most && *least * *most > 0 &&
           *most - *least <= 0.2 * fabs(*least + *most) / 2;
}

typedef struct named_factor {
    double factor;
    const char *name;
} named_factor;

static const named_factor named_factors[] = {
    {M_LN2, "ln where log2 was asked: nats given as bits (times ln 2)"},
    {1 / M_LN2, "log2 where ln was asked: bits given as nats (divided by ln 2)"},
    {M_LN2 / M_LN10, "log10 where log2 was asked (times log10 2)"},
    {M_LN10 / M_LN2, "log2 where log10 was asked (divided by log10 2)"},
    {1 / M_LN10, "log10 where ln was asked (divided by ln 10)"},
    {M_LN10, "ln where log10 was asked (times ln 10)"},
    {100, "a percentage where a fraction was asked (times 100)"},
    {0.01, "a fraction where a percentage was asked (divided by 100)"},
    {M_PI / 180, "radians where degrees were asked"},
    {180 / M_PI, "degrees where radians were asked"},
    {2, "twice what it should be"},
    {0.5, "half of what it should be"},
    {M_SQRT2, "a factor sqrt(2) too large"},
    {M_SQRT1_2, "a factor sqrt(2) too small"},
};

static bool inside(double x, double least, double most)
{
    return x >= least && x <= most;
}

static double root_of_ratio(double ratio, bool root)
{
    return root ? sqrt(ratio) : ratio;
}

/* The n for which (n-1)/n (TOO_SMALL) or n/(n-1) is in the window: the known one, or the least of at most
 * 1000; *LAST is the greatest. */
static size_t find_count(const patient *p, double least, double most, bool too_small, bool root, size_t *last)
{
    enum { MOST = 1000 };
    size_t known = p->options->observations, first = 0;
    size_t from = known > 1 ? known : cells(p) == 1 ? 3 : 2, to = known > 1 ? known : MOST;
    for (size_t n = from; n <= to; n++) {
        double ratio = too_small ? (double)(n - 1) / (double)n : (double)n / (double)(n - 1);
        if (!inside(root_of_ratio(ratio, root), least, most))
            continue;
        first = first ? first : n;
        *last = n;
    }
    return first;
}

static void name_count(const patient *p, size_t n, size_t last, bool too_small, bool root)
{
    buffer_printf(p->out, "divided by %s where %s was asked%s", too_small ? "n" : "n-1",
                  too_small ? "n-1" : "n", root ? ", under the root" : "");
    size_t over = too_small ? n - 1 : n, under = too_small ? n : n - 1;
    if (last > n) {
        buffer_printf(p->out, " (if n is %zu to %zu)", n, last);
        return;
    }
    buffer_string(p->out, " (");
    if (cells(p) == 1)
        check_number(p->out, expected_at(p, 0, 0));
    else
        buffer_printf(p->out, "n = %zu: every entry", n);
    buffer_printf(p->out, root ? " * sqrt(%zu/%zu))" : " * %zu/%zu)", over, under);
}

static bool try_count(const patient *p, double least, double most)
{
    for (int root = 0; root < 2; root++)
        for (int small = 1; small >= 0; small--) {
            size_t last = 0, n = find_count(p, least, most, small, root, &last);
            if (n == 0 || (last > n && last > 2 * n))
                continue;
            name_count(p, n, last, small, root);
            return true;
        }
    return false;
}

/* A sum where a mean was asked: times n or n-1, where n is known. */
static bool try_sum(const patient *p, double least, double most)
{
    size_t n = p->options->observations;
    if (n < 2)
        return false;
    for (int k = 0; k < 2; k++)
        if (inside((double)(n - (size_t)k), least, most)) {
            buffer_printf(p->out, "not divided by %s (n = %zu)", k ? "n-1" : "n", n);
            return true;
        }
    return false;
}

static double itself(double x, double unused)
{
    (void)unused;
    return x;
}

static bool try_power_of_ten(const patient *p, double least, double most)
{
    for (int k = 1; k <= 9; k++) {
        bool large = inside(pow(10, k), least, most), small = inside(pow(10, -k), least, most);
        if (!large && !small)
            continue;
        buffer_printf(p->out, "the decimal point is %d place%s too far to the %s", k, k > 1 ? "s" : "",
                      large ? "right" : "left");
        return true;
    }
    return false;
}

static bool try_factor(const patient *p)
{
    double least, most;
    size_t last;
    if (!factor_window(p, itself, &least, &most))
        return false;
    size_t known = p->options->observations;
    if (known > 1 &&
        (find_count(p, least, most, true, false, &last) || find_count(p, least, most, false, false, &last)))
        return try_count(p, least, most);
    for (size_t i = 0; i < sizeof named_factors / sizeof named_factors[0]; i++)
        if (inside(named_factors[i].factor, least, most)) {
            buffer_string(p->out, named_factors[i].name);
            return true;
        }
    if (try_sum(p, least, most) || try_power_of_ten(p, least, most) || try_count(p, least, most))
        return true;
    if (cells(p) < 2)
        return false;
    buffer_string(p->out, "right up to scale: every entry is ");
    check_number(p->out, (least + most) / 2);
    buffer_string(p->out, " times what it should be");
    return true;
}

/* --- functions of the entries --- */

static double squared(double x, double unused)
{
    (void)unused;
    return x * x;
}

static double rooted(double x, double unused)
{
    (void)unused;
    return x >= 0 ? sqrt(x) : NAN;
}

static double reciprocal(double x, double unused)
{
    (void)unused;
    return 1 / x;
}

static double complement(double x, double unused)
{
    (void)unused;
    return 1 - x;
}

static double magnitude(double x, double unused)
{
    (void)unused;
    return fabs(x);
}

static double logarithm(double x, double unused)
{
    (void)unused;
    return x > 0 ? log(x) : NAN;
}

static const struct {
    change *how;
    const char *name;
} functions[] = {
    {squared, "the variance where the standard deviation was asked (the square)"},
    {rooted, "the standard deviation where the variance was asked (the square root)"},
    {magnitude, "the sign is lost"},
    {reciprocal, "the reciprocal of what was asked"},
    {complement, "the complement of what was asked (1 minus it)"},
    {logarithm, "the logarithm of what was asked"},
};

/* The first two are what scales do: they come before the factors. */
enum { FUNCTION_SCALES = 2, FUNCTIONS = sizeof functions / sizeof functions[0] };

static bool try_functions(const patient *p, size_t from, size_t to)
{
    for (size_t i = from; i < to; i++) {
        if (changed(p, functions[i].how, 0)) {
            buffer_string(p->out, functions[i].name);
            return true;
        }
    }
    return false;
}

/* Variance for standard deviation or the reverse, with n for n-1 or the reverse. */
static bool try_scales_with_count(const patient *p)
{
    for (size_t i = 0; i < FUNCTION_SCALES; i++) {
        double least, most;
        if (!factor_window(p, functions[i].how, &least, &most) || most - least > 0.02)
            continue;
        size_t last = 0;
        for (int small = 1; small >= 0; small--) {
            size_t n = find_count(p, least, most, small, i == 1, &last);
            if (n == 0 || last > n)
                continue;
            buffer_printf(p->out, "%s, and divided by %s where %s was asked (n = %zu)", functions[i].name,
                          small ? "n" : "n-1", small ? "n-1" : "n", n);
            return true;
        }
    }
    return false;
}

static bool try_scales(const patient *p)
{
    return try_functions(p, 0, FUNCTION_SCALES);
}

static bool try_other_functions(const patient *p)
{
    return try_functions(p, FUNCTION_SCALES, FUNCTIONS);
}

/* --- entries in other places --- */

static bool try_transposed(const patient *p)
{
    const gsl_matrix *e = p->expected;
    if (p->mine->x->size1 != e->size2 || p->mine->x->size2 != e->size1)
        return false;
    for (size_t i = 0; i < e->size1; i++)
        for (size_t j = 0; j < e->size2; j++)
            if (!cell_agrees(p, j, i, expected_at(p, i, j)))
                return false;
    buffer_string(p->out, "transposed");
    return true;
}

/* Rows (or columns) of MINE from FROM on against those expected from TO on. */
static bool strip_agrees(const patient *p, bool rows, size_t from, size_t to, size_t count)
{
    size_t width = rows ? p->expected->size2 : p->expected->size1;
    for (size_t k = 0; k < count; k++)
        for (size_t l = 0; l < width; l++) {
            double e = rows ? expected_at(p, to + k, l) : expected_at(p, l, to + k);
            if (!(rows ? cell_agrees(p, from + k, l, e) : cell_agrees(p, l, from + k, e)))
                return false;
        }
    return true;
}

static bool try_moved(const patient *p)
{
    for (int rows = 1; rows >= 0; rows--) {
        size_t n = rows ? p->expected->size1 : p->expected->size2;
        if (n < 3)
            continue;
        const char *what = rows ? "row" : "column";
        if (strip_agrees(p, rows, 1, 0, n - 1)) {
            buffer_printf(p->out, "one %s off: %s 1 stands in %s 2, and so on", what, what, what);
            return true;
        }
        if (strip_agrees(p, rows, 0, 1, n - 1)) {
            buffer_printf(p->out, "one %s off: %s 2 stands in %s 1, and so on", what, what, what);
            return true;
        }
    }
    return false;
}

/* Are rows (columns) of MINE those expected in another order?  Cost 1 where two do not agree. */
static bool reordered(const patient *p, bool rows, size_t *to)
{
    size_t n = rows ? p->expected->size1 : p->expected->size2;
    gsl_matrix *cost = gsl_matrix_alloc(n, n);
    if (cost == NULL)
        return false;
    for (size_t i = 0; i < n; i++)
        for (size_t j = 0; j < n; j++)
            gsl_matrix_set(cost, i, j, strip_agrees(p, rows, i, j, 1) ? 0 : 1);
    bool all = assignment_solve(cost, to, NULL) == ML_OK;
    for (size_t i = 0; all && i < n; i++)
        all = gsl_matrix_get(cost, i, to[i]) == 0;
    gsl_matrix_free(cost);
    return all;
}

static bool try_reordered(const patient *p)
{
    enum { MOST = 500 };
    for (int rows = 1; rows >= 0; rows--) {
        size_t n = rows ? p->expected->size1 : p->expected->size2, moved = 0;
        size_t *to = n > 1 && n <= MOST ? memory_array(n, sizeof *to) : NULL;
        bool all = to != NULL && reordered(p, rows, to);
        const char *what = rows ? "row" : "column";
        for (size_t i = 0; all && i < n; i++)
            moved += to[i] != i;
        for (size_t i = 0; all && moved == 2 && i < n; i++)
            if (to[i] > i)
                buffer_printf(p->out, "%ss %zu and %zu are swapped", what, i + 1, to[i] + 1);
        if (all && moved > 2)
            buffer_printf(p->out, "the %ss are in another order", what);
        free(to);
        if (all)
            return true;
    }
    return false;
}

/* Two cells that are each other's. */
static bool try_swapped(const patient *p)
{
    size_t at[4], bad = 0;
    for (size_t i = 0; i < p->expected->size1; i++)
        for (size_t j = 0; j < p->expected->size2; j++)
            if (bad_at(p, i, j)) {
                if (bad == 2)
                    return false;
                at[2 * bad] = i;
                at[2 * bad++ + 1] = j;
            }
    if (bad != 2 || !cell_agrees(p, at[0], at[1], expected_at(p, at[2], at[3])) ||
        !cell_agrees(p, at[2], at[3], expected_at(p, at[0], at[1])))
        return false;
    buffer_printf(p->out, "the entries %zu,%zu and %zu,%zu are swapped", at[0] + 1, at[1] + 1, at[2] + 1,
                  at[3] + 1);
    return true;
}

/* All bad cells are in one row or one column: the mistake is there. */
static bool try_one_strip(const patient *p)
{
    size_t row = 0, column = 0, bad = bad_cells(p, &row, &column), in_row = 0, in_column = 0;
    if (bad == 0 || cells(p) == 1)
        return false;
    for (size_t j = 0; j < p->expected->size2; j++)
        in_row += bad_at(p, row, j);
    for (size_t i = 0; i < p->expected->size1; i++)
        in_column += bad_at(p, i, column);
    if (bad == 1)
        buffer_printf(p->out, "only %zu,%zu is wrong", row + 1, column + 1);
    else if (in_row == bad && p->expected->size1 > 1)
        buffer_printf(p->out, "only row %zu is wrong", row + 1);
    else if (in_column == bad && p->expected->size2 > 1)
        buffer_printf(p->out, "only column %zu is wrong", column + 1);
    else
        return false;
    buffer_string(p->out, ": ");
    check_number(p->out, mine_at(p, row, column));
    buffer_string(p->out, " for ");
    check_number(p->out, expected_at(p, row, column));
    return true;
}

static bool diagnose_shape(const patient *p)
{
    const gsl_matrix *e = p->expected, *m = p->mine->x;
    if (try_transposed(p))
        return true;
    buffer_printf(p->out, "%zu x %zu where %zu x %zu was asked", m->size1, m->size2, e->size1, e->size2);
    return true;
}

bool diagnose(const gsl_matrix *expected, const ball *mine, const diagnose_options *options, buffer *out)
{
    static bool (*const tries[])(const patient *) = {try_integers,
                                                     try_cut,
                                                     try_signs,
                                                     try_transposed,
                                                     try_scales,
                                                     try_factor,
                                                     try_scales_with_count,
                                                     try_other_functions,
                                                     try_moved,
                                                     try_reordered,
                                                     try_swapped,
                                                     try_one_strip};
    patient p = {.expected = expected, .mine = mine, .options = options, .out = out};
    if (!same_shape(&p))
        return diagnose_shape(&p);
    if (agrees(&p, expected))
        return false;
    for (size_t i = 0; i < sizeof tries / sizeof tries[0]; i++)
        if (tries[i](&p))
            return true;
    return false;
}
