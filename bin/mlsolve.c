/* mlsolve: systems of linear equations; the rows on standard input are [A|b]. */
#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "math/hyperplanes.h"
#include "math/rational.h"
#include "math/solve.h"
#include "math/solve_exact.h"
#include "table/cli.h"
#include "table/progress.h"
#include "tool/names.h"

typedef struct params {
    solve_method method;
    const char *lambda; /* as written, for both kinds of arithmetic */
    size_t right;       /* columns that are right sides */
    elimination_order elimination;
    elimination_pivot pivot;
} params;

enum { SOLUTION, NULLSPACE, SUMMARY, GEOMETRY, RREF };

static const char *const methods[] = {"system", "least-squares", "ridge", NULL};
static const char *const orders[] = {"gauss", "gauss-jordan", NULL};
static const char *const pivots[] = {"first", "partial", "one", NULL};

#define AT(member) offsetof(params, member)

static const cli_option options[] = {
    {'m', "method", "NAME",
     "system: A x = b as it stands; least-squares: the x with the least |b - A x|, of those the one of least "
     "norm; "
     "ridge: the least |b - A x|^2 + lambda |x|^2; default system",
     CLI_CHOICE, AT(method), .choices = methods},
    {'k', NULL, "N", "the last N columns are right sides, each a system of its own; default 1", CLI_COUNT,
     AT(right), .least = 1, .most = 1e9},
    {0, "lambda", "X", "of -m ridge, above 0", CLI_TEXT, AT(lambda), .group = 0},
    {0, "elimination", "ORDER",
     "of --exact and --steps: gauss, down and then up, or gauss-jordan, each pivot at once divided and its "
     "column "
     "cleared; default gauss",
     CLI_CHOICE, AT(elimination), .choices = orders},
    {0, "pivot", "RULE",
     "of --exact and --steps: the pivot row is the first that has an entry there, that of the largest entry "
     "(partial), "
     "or the first with 1 or -1 (one); default first",
     CLI_CHOICE, AT(pivot), .choices = pivots},
    {0, NULL, NULL, NULL, CLI_FLAG, 0, .group = 0},
};

/* In the order of the enumeration. */
static const cli_show shows[] = {
    {"solution",
     "the unknowns; where there are infinitely many solutions, also the directions t1, t2, ... that lead to "
     "the others"},
    {"nullspace", "those directions: a basis of the solutions of A x = 0, none when there is but the zero"},
    {"summary",
     "for each right side: how many solutions, rank, free unknowns, condition, residual, backward error"},
    {"geometry", "in words, how the lines or planes of the equations lie to one another"},
    {"rref", "the reduced row echelon form of [A|b]"},
    {NULL, NULL},
};

static const cli_example examples[] = {
    {"printf '2,1,5\\n1,-3,-1\\n' | mlsolve", "2x + y = 5 and x - 3y = -1"},
    {"printf '1,2,3,6\\n2,4,6,12\\n1,1,1,3\\n' | mlsolve --exact --steps",
     "the elimination written out, in fractions"},
    {"mlsolve -m least-squares points.csv", "a fit: the columns are 1, x, ... and last y"},
    {NULL, NULL},
};

static const cli_tool tool = {
    .name = "mlsolve",
    .summary = "systems of linear equations",
    .groups = CLI_READS | CLI_WRITES | CLI_JOBS | CLI_STEPS | CLI_EXACT,
    .options = options,
    .shows = shows,
    .examples = examples,
};

typedef struct job {
    const cli *c;
    params p;
    table t;
    size_t unknowns, right;
    char **unknown_names, **right_names; /* x1, x2, ... and value or b1, b2, ... where the table has none */
    char **direction_names;              /* t1, t2, ...: unknowns of them */
    solve_result real;                   /* without --exact and --steps */
    bool rational; /* with one of them, also for geometry and rref: the rest of this struct */
    fmpq_mat_t a, b;
    solve_exact_result exact;
    char **cells; /* texts of exact numbers, given out by text_of and freed at the end */
    size_t cell_count, cell_capacity;
} job;

/* --- names --- */

/* COUNT names: those of the table's columns from FROM on, else PREFIX1, PREFIX2, ... */
static ml_status make_names(char ***names, const table *t, size_t from, size_t count, const char *prefix,
                            ml_message *why)
{
    return t->names != NULL ? names_of(names, t, from, count, why)
                            : names_numbered(names, prefix, count, why);
}

/* --- reading --- */

static bool needs_rational(const job *j)
{
    return j->c->exact || j->c->steps || cli_shows(j->c, "geometry") || cli_shows(j->c, "rref");
}

static ml_status read_rational(job *j, ml_message *why)
{
    fmpq_mat_init(j->a, (slong)j->t.rows, (slong)j->unknowns);
    fmpq_mat_init(j->b, (slong)j->t.rows, (slong)j->right);
    for (size_t i = 0; i < j->t.rows; i++)
        for (size_t k = 0; k < j->t.columns; k++) {
            size_t length;
            const char *cell = text_cell(&j->t.texts[j->t.id_count + k], i, &length);
            fmpq *to = k < j->unknowns ? fmpq_mat_entry(j->a, (slong)i, (slong)k)
                                       : fmpq_mat_entry(j->b, (slong)i, (slong)(k - j->unknowns));
            if (rational_read(cell, length, to) != NUMBER_OK)
                return ml_fail(why,
                               "row %zu, column %zu: '%.*s' has an exponent beyond %d or too many digits",
                               i + 1, k + 1, (int)(length < 40 ? length : 40), cell, RATIONAL_MOST_EXPONENT);
        }
    return ML_OK;
}

/* A single right side is called value: its column's name says nothing about the unknowns. */
static ml_status name_parts(job *j, ml_message *why)
{
    static const char *const value[] = {"value"};
    ml_status status = make_names(&j->unknown_names, &j->t, 0, j->unknowns, "x", why);
    if (status == ML_OK)
        status = names_numbered(&j->direction_names, "t", j->unknowns, why);
    if (status == ML_OK)
        status = j->right > 1 ? make_names(&j->right_names, &j->t, j->unknowns, j->right, "b", why)
                              : names_copy(&j->right_names, value, 1, why);
    return status;
}

static ml_status read_system(job *j, ml_message *why)
{
    reader_options reading = j->c->reader;
    reading.keep_text = j->rational = needs_rational(j);
    progress_phase("reading");
    ml_status status = table_read(&j->t, j->c->file, &reading, why);
    if (status != ML_OK)
        return status;
    j->right = j->p.right;
    if (j->t.columns <= j->right)
        return ml_fail(why, "%s: %zu column%s, of which the last %zu %s right sides: no unknown is left",
                       j->c->file ? j->c->file : "stdin", j->t.columns, j->t.columns == 1 ? "" : "s",
                       j->right, j->right == 1 ? "is the" : "are");
    j->unknowns = j->t.columns - j->right;
    status = name_parts(j, why);
    return status == ML_OK && j->rational ? read_rational(j, why) : status;
}

/* --- solving --- */

static ml_status read_lambda(const job *j, fmpq_t exact, double *value, ml_message *why)
{
    const char *text = j->p.lambda;
    number n;
    if (text == NULL)
        return ml_fail(why, "-m ridge needs --lambda");
    if (number_read(text, strlen(text), &n) != NUMBER_OK || !(n.value > 0) || n.form == NUMBER_NONFINITE ||
        rational_read(text, strlen(text), exact) != NUMBER_OK)
        return ml_fail(why, "--lambda: '%s' is not a number above 0", text);
    *value = n.value;
    return ML_OK;
}

static ml_status fit_rational(job *j, const fmpq_t lambda, steps *s, ml_message *why)
{
    solve_exact_params how = {
        .method = j->p.method,
        .elimination = {.order = j->p.elimination, .pivot = j->p.pivot, .exact = j->c->exact},
        .lambda = lambda,
    };
    return solve_exact(j->a, j->b, &how, s, &j->exact, why);
}

static ml_status fit_real(job *j, double lambda, ml_message *why)
{
    solve_params how = {.method = j->p.method, .lambda = lambda, .jobs = j->c->reader.jobs};
    gsl_matrix_const_view a = gsl_matrix_const_submatrix(j->t.x, 0, 0, j->t.rows, j->unknowns);
    gsl_matrix_const_view b = gsl_matrix_const_submatrix(j->t.x, 0, j->unknowns, j->t.rows, j->right);
    return solve_fit(&a.matrix, &b.matrix, &how, &j->real, why);
}

static ml_status fit(job *j, steps *s, ml_message *why)
{
    fmpq_t exact;
    double lambda = 0;
    fmpq_init(exact);
    ml_status status = j->p.method == SOLVE_RIDGE ? read_lambda(j, exact, &lambda, why) : ML_OK;
    if (status == ML_OK && j->rational)
        status = fit_rational(j, exact, s, why);
    if (status == ML_OK && !(j->c->exact || j->c->steps))
        status = fit_real(j, lambda, why);
    fmpq_clear(exact);
    return status;
}

static bool is_exact(const job *j)
{
    return j->c->exact || j->c->steps;
}

static solve_kind kind_of(const job *j, size_t right)
{
    return is_exact(j) ? j->exact.kinds[right] : j->real.kinds[right];
}

static size_t rank_of(const job *j)
{
    return is_exact(j) ? j->exact.rank : j->real.rank;
}

static size_t directions_of(const job *j)
{
    if (j->p.method != SOLVE_SYSTEM)
        return 0;
    return j->unknowns - rank_of(j);
}

/* --- exact numbers as cells --- */

/* Takes over a text from malloc; NULL when memory is out. */
static const char *keep(job *j, char *text)
{
    if (text == NULL || !memory_grow(&j->cells, &j->cell_capacity, j->cell_count + 1, sizeof *j->cells)) {
        free(text);
        return NULL;
    }
    return j->cells[j->cell_count++] = text;
}

static const char *text_of(job *j, const fmpq_t x)
{
    buffer b = {0};
    if (j->c->digits > 0)
        rational_decimals(&b, x, j->c->digits);
    else
        rational_print(&b, x);
    const char *kept = keep(j, b.failed ? NULL : strdup(buffer_text(&b)));
    buffer_free(&b);
    return kept;
}

/* A column of texts: column AT of M. */
static ml_status exact_column(job *j, const fmpq_mat_t m, size_t at, const char *name, column *out,
                              ml_message *why)
{
    size_t rows = (size_t)fmpq_mat_nrows(m);
    const char **cells = memory_zeros(rows, sizeof *cells);
    if (keep(j, (char *)cells) == NULL)
        return ml_fail_memory(why, "the result", rows * sizeof *cells);
    bool good = true;
    for (size_t i = 0; good && i < rows; i++)
        good = (cells[i] = text_of(j, fmpq_mat_entry(m, (slong)i, (slong)at))) != NULL;
    *out = column_strings(name, cells);
    return good ? ML_OK : ml_fail_memory(why, "the result", rows * sizeof *cells);
}

/* --- writing --- */

/* COUNT columns of the exact matrix or, without --exact, of the other. */
static ml_status fill_columns(job *j, const fmpq_mat_t exact, const gsl_matrix *real, size_t count,
                              char **names, column *columns, ml_message *why)
{
    ml_status status = ML_OK;
    for (size_t k = 0; status == ML_OK && k < count; k++)
        if (is_exact(j))
            status = exact_column(j, exact, k, names ? names[k] : NULL, &columns[k], why);
        else
            columns[k] = column_reals(names ? names[k] : NULL, real->data + k, real->tda);
    return status;
}

static ml_status write_solution(job *j, writer *w, ml_message *why)
{
    size_t directions = directions_of(j), count = 1 + j->right + directions;
    column *columns = memory_zeros(count, sizeof *columns);
    if (columns == NULL)
        return ml_fail_memory(why, "the solution", count * sizeof *columns);
    columns[0] = column_strings("unknown", (const char *const *)j->unknown_names);
    ml_status status = fill_columns(j, j->exact.x, j->real.x, j->right, j->right_names, columns + 1, why);
    if (status == ML_OK)
        status = fill_columns(j, j->exact.null, j->real.null, directions, j->direction_names,
                              columns + 1 + j->right, why);
    if (status == ML_OK)
        writer_block(w, "solution", columns, count, j->unknowns);
    free(columns);
    return status;
}

static ml_status write_null(job *j, writer *w, ml_message *why)
{
    size_t directions = directions_of(j);
    column *columns = memory_zeros(directions + 1, sizeof *columns);
    if (columns == NULL)
        return ml_fail_memory(why, "the null space", directions * sizeof *columns);
    columns[0] = column_strings("unknown", (const char *const *)j->unknown_names);
    ml_status status =
        fill_columns(j, j->exact.null, j->real.null, directions, j->direction_names, columns + 1, why);
    if (status == ML_OK)
        writer_block(w, "nullspace", columns, directions + 1, j->unknowns);
    free(columns);
    return status;
}

/* Without a name for each column the form is a bare matrix. */
static ml_status write_rref(job *j, writer *w, ml_message *why)
{
    size_t count = j->t.columns;
    column *columns = memory_zeros(count, sizeof *columns);
    gsl_matrix *real = is_exact(j) ? NULL : gsl_matrix_alloc(j->t.rows, count);
    ml_status status =
        columns && (real || is_exact(j)) ? ML_OK : ml_fail_memory(why, "the form", count * sizeof *columns);
    for (size_t i = 0; status == ML_OK && real != NULL && i < j->t.rows; i++)
        for (size_t k = 0; k < count; k++)
            gsl_matrix_set(real, i, k, fmpq_get_d(fmpq_mat_entry(j->exact.reduced, (slong)i, (slong)k)));
    if (status == ML_OK)
        status = fill_columns(j, j->exact.reduced, real, count, j->t.names, columns, why);
    if (status == ML_OK)
        writer_block(w, "rref", columns, count, j->t.rows);
    free(columns);
    gsl_matrix_free(real);
    return status;
}

static ml_status write_geometry(job *j, writer *w, ml_message *why)
{
    const char **words = memory_zeros(j->right, sizeof *words);
    ml_status status = words ? ML_OK : ml_fail_memory(why, "the words", j->right * sizeof *words);
    for (size_t k = 0; status == ML_OK && k < j->right; k++) {
        buffer b = {0};
        status = hyperplanes_describe(j->a, j->b, k, j->exact.kinds[k], j->exact.rank, &b, why);
        words[k] = status == ML_OK ? keep(j, strdup(buffer_text(&b))) : NULL;
        buffer_free(&b);
        if (status == ML_OK && words[k] == NULL)
            status = ml_fail_memory(why, "the words", 1);
    }
    column columns[] = {column_strings("right", (const char *const *)j->right_names),
                        column_strings("geometry", words)};
    if (status == ML_OK)
        writer_block(w, "geometry", columns, 2, j->right);
    free(words);
    return status;
}

static const char *const kind_names[] = {"none", "one", "infinitely many"};

/* What both kinds of arithmetic tell; with --exact the residual is exact and its square root is taken. */
static ml_status write_summary(job *j, writer *w, ml_message *why)
{
    size_t r = j->right;
    double *numbers = memory_zeros(r, 6 * sizeof *numbers);
    const char **kinds = memory_zeros(r, sizeof *kinds);
    if (numbers == NULL || kinds == NULL) {
        free(numbers);
        free(kinds);
        return ml_fail_memory(why, "the summary", r * 6 * sizeof *numbers);
    }
    fmpq_t square;
    fmpq_init(square);
    for (size_t k = 0; k < r; k++) {
        double *row = numbers + 6 * k;
        kinds[k] = kind_names[kind_of(j, k)];
        row[0] = (double)rank_of(j);
        row[1] = (double)(j->unknowns - rank_of(j));
        if (is_exact(j)) {
            solve_exact_residual(j->a, j->b, j->exact.x, k, square);
            row[2] = sqrt(fmpq_get_d(square));
            continue;
        }
        row[2] = gsl_vector_get(j->real.residual, k);
        row[3] = gsl_vector_get(j->real.backward_error, k);
        row[4] = j->real.condition;
        row[5] = j->real.tolerance;
    }
    fmpq_clear(square);
    column columns[] = {column_strings("right", (const char *const *)j->right_names),
                        column_strings("solutions", kinds),
                        column_reals("rank", numbers, 6),
                        column_reals("free", numbers + 1, 6),
                        column_reals("residual", numbers + 2, 6),
                        column_reals("backward_error", numbers + 3, 6),
                        column_reals("condition", numbers + 4, 6),
                        column_reals("rank_tolerance", numbers + 5, 6)};
    writer_block(w, "summary", columns, is_exact(j) ? 5 : 8, r);
    free(numbers);
    free(kinds);
    return ML_OK;
}

/* --- the end of the steps --- */

static void write_vector(buffer *out, steps *s, const fmpq_mat_t m, size_t at, bool exact)
{
    buffer_char(out, '(');
    for (slong i = 0; i < fmpq_mat_nrows(m); i++) {
        buffer_string(out, i ? ", " : "");
        buffer_string(out, elimination_number(s, fmpq_mat_entry(m, i, (slong)at), exact));
    }
    buffer_char(out, ')');
}

/* The row without a pivot whose right side K is not 0; there is one when the system has no solution. */
static size_t contradiction(const job *j, size_t k)
{
    size_t i = j->exact.rank;
    while (fmpq_is_zero(fmpq_mat_entry(j->exact.reduced, (slong)i, (slong)(j->unknowns + k))))
        i++;
    return i;
}

static const char *contradicted(const job *j, steps *s, size_t k)
{
    slong row = (slong)contradiction(j, k), at = (slong)(j->unknowns + k);
    return elimination_number(s, fmpq_mat_entry(j->exact.reduced, row, at), j->c->exact);
}

static void write_kind(const job *j, steps *s, size_t k, const char *geometry)
{
    const solve_exact_result *e = &j->exact;
    if (j->p.method != SOLVE_SYSTEM)
        return;
    switch (e->kinds[k]) {
    case SOLVE_NONE:
        steps_text(s, "No solution: R%zu says 0 = %s. %s", contradiction(j, k) + 1, contradicted(j, s, k),
                   geometry);
        break;
    case SOLVE_ONE:
        steps_text(s, "One solution: rank %zu of %zu unknown%s. %s", e->rank, j->unknowns,
                   j->unknowns == 1 ? "" : "s", geometry);
        break;
    case SOLVE_MANY:
        steps_text(s, "Infinitely many solutions: rank %zu of %zu unknowns, %zu free. %s", e->rank,
                   j->unknowns, e->free_count, geometry);
        break;
    }
}

/* x = (0, 3, 0) + t*(1, -2, 1) */
static ml_status write_answer(const job *j, steps *s, size_t k, ml_message *why)
{
    const solve_exact_result *e = &j->exact;
    buffer line = {0};
    if (j->t.names != NULL)
        for (size_t i = 0; i < j->unknowns; i++)
            buffer_printf(&line, "%s%s%s", i == 0 ? "(" : ", ", j->unknown_names[i],
                          i + 1 == j->unknowns ? ")" : "");
    else
        buffer_string(&line, "x");
    buffer_string(&line, " = ");
    write_vector(&line, s, e->x, k, j->c->exact);
    for (size_t f = 0; f < directions_of(j); f++) {
        buffer_string(&line, " + ");
        buffer_string(&line, directions_of(j) == 1 ? "t" : j->direction_names[f]);
        buffer_char(&line, '*');
        write_vector(&line, s, e->null, f, j->c->exact);
    }
    ml_status status = line.failed ? ml_fail_memory(why, "the solution", line.size) : ML_OK;
    steps_formula(s, "%s", buffer_text(&line));
    buffer_free(&line);
    return status;
}

static ml_status write_conclusion(const job *j, steps *s, ml_message *why)
{
    for (size_t k = 0; k < j->right; k++) {
        buffer geometry = {0};
        ml_status status =
            hyperplanes_describe(j->a, j->b, k, j->exact.kinds[k], j->exact.rank, &geometry, why);
        if (status == ML_OK) {
            if (j->right > 1)
                steps_heading(s, "Right side %s", j->right_names[k]);
            write_kind(j, s, k, buffer_text(&geometry));
            if (j->exact.kinds[k] != SOLVE_NONE)
                status = write_answer(j, s, k, why);
        }
        buffer_free(&geometry);
        if (status != ML_OK)
            return status;
    }
    return ML_OK;
}

/* --- the run --- */

/* Right sides without a solution are named; 1 when there is one. */
static int say_unsolved(const job *j)
{
    int status = ML_OK;
    for (size_t k = 0; k < j->right; k++)
        if (kind_of(j, k) == SOLVE_NONE) {
            cli_note(j->c,
                     "no solution%s%s: the equations contradict one another; -m least-squares finds the x "
                     "that comes closest",
                     j->right > 1 ? " for " : "", j->right > 1 ? j->right_names[k] : "");
            status = ML_NO;
        }
    return status;
}

static ml_status write_show(job *j, size_t show, writer *w, ml_message *why)
{
    switch (show) {
    case SOLUTION:
        return write_solution(j, w, why);
    case NULLSPACE:
        return write_null(j, w, why);
    case SUMMARY:
        return write_summary(j, w, why);
    case GEOMETRY:
        return write_geometry(j, w, why);
    default:
        return write_rref(j, w, why);
    }
}

/* What there is to print: a system without a solution has none to show. */
static int write_results(job *j, ml_message *why)
{
    int answer = say_unsolved(j);
    writer *w = cli_output(j->c);
    if (w == NULL) {
        ml_fail_memory(why, "the writer", sizeof j->c->writer);
        return cli_fail(j->c, why);
    }
    ml_status status = ML_OK;
    for (size_t i = 0; status == ML_OK && i < j->c->show_count; i++)
        if (answer == ML_OK || j->c->shows[i] != SOLUTION)
            status = write_show(j, j->c->shows[i], w, why);
    if (status != ML_OK)
        cli_fail(j->c, why);
    return cli_close(j->c, w, status != ML_OK ? (int)status : answer);
}

static int run(job *j)
{
    ml_message why;
    steps *s = NULL;
    ml_status status = read_system(j, &why);
    if (status == ML_OK)
        status = cli_steps(j->c, &s, &why);
    if (status == ML_OK)
        status = fit(j, s, &why);
    if (status == ML_OK && s != NULL)
        status = write_conclusion(j, s, &why);
    if (status != ML_OK) {
        steps_free(s);
        return cli_fail(j->c, &why);
    }
    if (j->c->steps)
        return cli_steps_close(j->c, s, say_unsolved(j));
    return write_results(j, &why);
}

static void free_job(job *j)
{
    names_free(j->unknown_names);
    names_free(j->direction_names);
    names_free(j->right_names);
    for (size_t i = 0; i < j->cell_count; i++)
        free(j->cells[i]);
    free(j->cells);
    solve_free(&j->real);
    if (j->rational) {
        solve_exact_free(&j->exact);
        fmpq_mat_clear(j->a);
        fmpq_mat_clear(j->b);
        flint_cleanup_master();
    }
    table_free(&j->t);
}

int main(int argc, char **argv)
{
    params p = {.right = 1};
    cli c;
    int status = cli_parse(&c, &tool, &p, argc, argv);
    if (status >= 0)
        return status;
    if (p.lambda != NULL && p.method != SOLVE_RIDGE)
        return cli_usage(&c, "--lambda belongs to -m ridge");
    if (p.method == SOLVE_RIDGE && p.lambda == NULL)
        return cli_usage(&c, "-m ridge needs --lambda");
    if (c.digits > 0 && !c.exact)
        return cli_usage(&c, "--digits belongs to --exact");
    if ((status = cli_needs_input(&c)) >= 0)
        return status;
    job j = {.c = &c, .p = p};
    status = run(&j);
    free_job(&j);
    return status;
}
