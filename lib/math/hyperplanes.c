#include "math/hyperplanes.h"

#include <stdbool.h>
#include <stdlib.h>

typedef enum relation { CROSSING, PARALLEL, SAME } relation;

typedef struct system {
    const fmpq_mat_struct *a, *b;
    size_t rows, unknowns;
    slong right;
    size_t *group; /* of each row: the first row with the same hyperplane; rows for one that is none */
} system_of;

static bool is_zero_row(const system_of *s, size_t i)
{
    for (size_t k = 0; k < s->unknowns; k++)
        if (!fmpq_is_zero(fmpq_mat_entry(s->a, (slong)i, (slong)k)))
            return false;
    return true;
}

/* a_p x_q = a_q x_p for entries of rows I and J? */
static bool proportional(const fmpq_t ip, const fmpq_t iq, const fmpq_t jp, const fmpq_t jq)
{
    fmpq_t left, right;
    fmpq_init(left);
    fmpq_init(right);
    fmpq_mul(left, ip, jq);
    fmpq_mul(right, iq, jp);
    bool equal = fmpq_equal(left, right);
    fmpq_clear(left);
    fmpq_clear(right);
    return equal;
}

/* Rows I and J, neither of them zero. */
static relation relate(const system_of *s, size_t i, size_t j)
{
    size_t lead = 0;
    while (fmpq_is_zero(fmpq_mat_entry(s->a, (slong)i, (slong)lead)))
        lead++;
    const fmpq *il = fmpq_mat_entry(s->a, (slong)i, (slong)lead),
               *jl = fmpq_mat_entry(s->a, (slong)j, (slong)lead);
    for (size_t k = 0; k < s->unknowns; k++)
        if (!proportional(il, fmpq_mat_entry(s->a, (slong)i, (slong)k), jl,
                          fmpq_mat_entry(s->a, (slong)j, (slong)k)))
            return CROSSING;
    return proportional(il, fmpq_mat_entry(s->b, (slong)i, s->right), jl,
                        fmpq_mat_entry(s->b, (slong)j, s->right))
               ? SAME
               : PARALLEL;
}

static const char *noun(const system_of *s, bool many)
{
    static const char *const nouns[][2] = {
        {"hyperplane", "hyperplanes"}, {"point", "points"}, {"line", "lines"}, {"plane", "planes"}};
    return nouns[s->unknowns <= 3 ? s->unknowns : 0][many];
}

static void number_word(buffer *out, size_t n)
{
    static const char *const words[] = {"no",   "one", "two",   "three", "four",
                                        "five", "six", "seven", "eight", "nine"};
    if (n < sizeof words / sizeof words[0])
        buffer_string(out, words[n]);
    else
        buffer_printf(out, "%zu", n);
}

static void find_groups(system_of *s)
{
    for (size_t i = 0; i < s->rows; i++) {
        s->group[i] = is_zero_row(s, i) ? s->rows : i;
        for (size_t j = 0; j < i && s->group[i] == i; j++)
            if (s->group[j] == j && relate(s, j, i) == SAME)
                s->group[i] = j;
    }
}

/* "R1, R2 and R4" for the rows of group G. */
static void list_group(const system_of *s, size_t g, size_t size, buffer *out)
{
    for (size_t i = g, said = 0; i < s->rows; i++)
        if (s->group[i] == g) {
            said++;
            buffer_printf(out, "%sR%zu", said == 1 ? "" : said == size ? " and " : ", ", i + 1);
        }
}

static size_t group_size(const system_of *s, size_t g)
{
    size_t size = 0;
    for (size_t i = 0; i < s->rows; i++)
        size += s->group[i] == g;
    return size;
}

/* Rows without coefficients, and those that are the same. */
static void describe_rows(const system_of *s, buffer *out)
{
    for (size_t i = 0; i < s->rows; i++) {
        if (s->group[i] == s->rows) {
            bool holds = fmpq_is_zero(fmpq_mat_entry(s->b, (slong)i, s->right));
            buffer_printf(out, "R%zu %s. ", i + 1,
                          holds ? "says 0 = 0, which always holds"
                                : "cannot hold: 0 = a number that is not 0");
        }
        size_t size = s->group[i] == i ? group_size(s, i) : 0;
        if (size > 1) {
            list_group(s, i, size, out);
            buffer_printf(out, " are the same %s. ", noun(s, false));
        }
    }
}

/* Two hyperplanes that never meet; false when there are none. */
static bool describe_parallel(const system_of *s, buffer *out)
{
    for (size_t i = 0; i < s->rows; i++)
        for (size_t j = i + 1; j < s->rows; j++)
            if (s->group[i] == i && s->group[j] == j && relate(s, i, j) == PARALLEL) {
                buffer_printf(out, "R%zu and R%zu are parallel %s that do not meet.", i + 1, j + 1,
                              noun(s, true));
                return true;
            }
    return false;
}

static void describe_none(const system_of *s, size_t distinct, size_t rank, buffer *out)
{
    for (size_t i = 0; i < s->rows; i++)
        if (s->group[i] == s->rows && !fmpq_is_zero(fmpq_mat_entry(s->b, (slong)i, s->right)))
            return;
    if (describe_parallel(s, out))
        return;
    if (s->unknowns == 3 && distinct == 3 && rank == 2)
        buffer_string(
            out,
            "Each two planes meet in a line, but the three lines are parallel: no point is on all three.");
    else
        buffer_printf(out, "No two of the %s are parallel, but no point is on all of them.", noun(s, true));
}

/* What the solutions are: a point, a line, ... */
static void describe_common(const system_of *s, size_t distinct, size_t rank, buffer *out)
{
    size_t dimension = s->unknowns - rank;
    static const char *const sets[] = {"one point", "a line", "a plane"};
    if (distinct == 0)
        buffer_string(out, "Every point is a solution.");
    else if (distinct == 1)
        buffer_printf(out, "The solutions are the points of %s %s.", s->rows == 1 ? "this" : "that",
                      noun(s, false));
    else {
        buffer_string(out, "The ");
        number_word(out, distinct);
        buffer_printf(out, " %s%s meet in ", distinct < s->rows ? "different " : "", noun(s, true));
        if (dimension < 3)
            buffer_printf(out, "%s.", sets[dimension]);
        else
            buffer_printf(out, "a flat of dimension %zu.", dimension);
    }
}

ml_status hyperplanes_describe(const fmpq_mat_t a, const fmpq_mat_t b, size_t j, solve_kind kind, size_t rank,
                               buffer *out, ml_message *why)
{
    system_of s = {.a = a,
                   .b = b,
                   .rows = (size_t)fmpq_mat_nrows(a),
                   .unknowns = (size_t)fmpq_mat_ncols(a),
                   .right = (slong)j};
    s.group = memory_array(s.rows, sizeof *s.group);
    if (s.group == NULL)
        return ml_fail_memory(why, "the equations", s.rows * sizeof *s.group);
    find_groups(&s);
    size_t distinct = 0;
    for (size_t i = 0; i < s.rows; i++)
        distinct += s.group[i] == i;
    describe_rows(&s, out);
    if (kind == SOLVE_NONE)
        describe_none(&s, distinct, rank, out);
    else
        describe_common(&s, distinct, rank, out);
    while (out->size > 0 && out->data[out->size - 1] == ' ')
        out->size--;
    free(s.group);
    return out->failed ? ml_fail_memory(why, "the words", out->size) : ML_OK;
}
