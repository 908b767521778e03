#include "tool/svd_exact_run.h"

#include <stdlib.h>
#include <string.h>

#include "ml/svd.h"
#include "ml/svd_exact.h"
#include "table/progress.h"
#include "tool/exact_table.h"
#include "tool/names.h"

typedef struct job {
    const cli *c;
    table t;
    fmpq_mat_t a;
    svd_exact svd;
    size_t used; /* k: how many values are printed and used */
    exact_style style;
    exact_cells cells;
    exact_number x; /* of the cell at hand */
    exact_frame range, null;
    writer *out;
} job;

/* The job of a cell: its number changes and nothing else. */
static job *of(const void *context)
{
    return (job *)context;
}

static bool write_number(const job *j, buffer *out)
{
    return exact_number_write(out, &j->x, &j->style);
}

/* --- cells --- */

static bool value_cell(buffer *out, const void *context, size_t i, size_t k)
{
    job *j = of(context);
    if (k == 0)
        svd_exact_value(&j->x, &j->svd, i);
    else if (k == 1)
        svd_exact_share(&j->x, &j->svd, i);
    else
        svd_exact_cumulative(&j->x, &j->svd, i + 1);
    return write_number(j, out);
}

/* The polynomial of a value without a closed form. */
static bool polynomial_cell(buffer *out, const void *context, size_t i, size_t k)
{
    const job *j = context;
    fmpz_poly_t p;
    (void)k;
    if (svd_exact_is_closed(&j->svd, i))
        return true;
    fmpz_poly_init(p);
    svd_exact_polynomial(p, &j->svd, i);
    exact_print_integer_polynomial(out, p);
    fmpz_poly_clear(p);
    return true;
}

static bool u_cell(buffer *out, const void *context, size_t i, size_t k)
{
    svd_exact_u(&of(context)->x, &of(context)->svd, i, k);
    return write_number(context, out);
}

static bool v_cell(buffer *out, const void *context, size_t i, size_t k)
{
    svd_exact_v(&of(context)->x, &of(context)->svd, i, k);
    return write_number(context, out);
}

static bool s_cell(buffer *out, const void *context, size_t i, size_t k)
{
    if (i == k)
        return value_cell(out, context, i, 0);
    exact_number_zero(&of(context)->x);
    return write_number(context, out);
}

static bool approximation_cell(buffer *out, const void *context, size_t i, size_t k)
{
    svd_exact_approximation(&of(context)->x, &of(context)->svd, i, k, of(context)->used);
    return write_number(context, out);
}

static bool pinv_cell(buffer *out, const void *context, size_t i, size_t k)
{
    svd_exact_pinv(&of(context)->x, &of(context)->svd, i, k, of(context)->used);
    return write_number(context, out);
}

static bool range_cell(buffer *out, const void *context, size_t i, size_t k)
{
    exact_frame_coordinate(&of(context)->x, &of(context)->range, i, k);
    return write_number(context, out);
}

static bool null_cell(buffer *out, const void *context, size_t i, size_t k)
{
    exact_frame_coordinate(&of(context)->x, &of(context)->null, i, k);
    return write_number(context, out);
}

/* Vectors from USED on: those that are left out span the null space of the approximation. */
static bool rest_cell(buffer *out, const void *context, size_t i, size_t k)
{
    return v_cell(out, context, i, k + of(context)->used);
}

static bool norm_cell(buffer *out, const void *context, size_t i, size_t k)
{
    job *j = of(context);
    (void)i;
    if (k == 2)
        return svd_exact_nuclear(out, &j->svd, &j->style);
    if (k == 0)
        svd_exact_value(&j->x, &j->svd, 0);
    else
        svd_exact_frobenius(&j->x, &j->svd);
    return write_number(j, out);
}

static bool condition_cell(buffer *out, const void *context, size_t i, size_t k)
{
    const job *j = context;
    (void)i;
    (void)k;
    return svd_exact_condition(out, &j->svd, &j->style);
}

/* --- results --- */

static bool is_open(const svd_exact *s, size_t used)
{
    for (size_t k = 0; k < used; k++)
        if (!svd_exact_is_closed(s, k))
            return true;
    return false;
}

static ml_status print_values(job *j, ml_message *why)
{
    static const char *const names[] = {"value", "share", "cumulative"};
    column columns[5];
    size_t k = j->used, count = 1;
    double *numbers = memory_array(k, sizeof *numbers);
    if (numbers == NULL)
        return ml_fail_memory(why, "the values", k * sizeof *numbers);
    for (size_t i = 0; i < k; i++)
        numbers[i] = (double)(i + 1);
    columns[0] = column_reals("component", numbers, 1);
    ml_status status = ML_OK;
    for (; status == ML_OK && count < 4; count++)
        status = exact_cells_column(&j->cells, &columns[count], names[count - 1], k, count - 1, value_cell, j,
                                    why);
    if (status == ML_OK && is_open(&j->svd, k))
        status = exact_cells_column(&j->cells, &columns[count++], "root_of", k, 0, polynomial_cell, j, why);
    if (status == ML_OK)
        writer_block(j->out, "values", columns, count, k);
    free(numbers);
    return status;
}

/* A bare matrix. */
static ml_status print_matrix(job *j, const char *name, size_t rows, size_t columns, exact_cell *cell,
                              ml_message *why)
{
    if (columns == 0) {
        cli_note(j->c, "%s: the space is {0}, it has no basis", name);
        writer_block(j->out, name, NULL, 0, 0);
        return ML_OK;
    }
    return exact_cells_matrix(&j->cells, j->out, name, rows, columns, NULL, NULL, cell, j, why);
}

/* A matrix with a row for each row of the input: named when there are id columns. */
static ml_status print_rows(job *j, const char *name, size_t columns, exact_cell *cell, ml_message *why)
{
    char **names = NULL, prefix[2] = {name[0], '\0'};
    if (j->t.id_count == 0 || columns == 0)
        return print_matrix(j, name, j->svd.rows, columns, cell, why);
    ml_status status = name[0] != 'A'       ? names_numbered(&names, prefix, columns, why)
                       : j->t.names != NULL ? names_of(&names, &j->t, 0, columns, why)
                                            : names_numbered(&names, "column", columns, why);
    if (status == ML_OK)
        status = exact_cells_matrix(&j->cells, j->out, name, j->svd.rows, columns, (const char *const *)names,
                                    &j->t, cell, j, why);
    names_free(names);
    return status;
}

static ml_status print_norms(job *j, ml_message *why)
{
    static const char *const names[] = {"two", "frobenius", "nuclear"};
    return exact_cells_matrix(&j->cells, j->out, "norms", 1, 3, names, NULL, norm_cell, j, why);
}

static ml_status print_condition(job *j, ml_message *why)
{
    static const char *const names[] = {"cond"};
    return exact_cells_matrix(&j->cells, j->out, "cond", 1, 1, names, NULL, condition_cell, j, why);
}

static ml_status print_rank(job *j)
{
    double rank = (double)j->svd.rank;
    column one = column_reals("rank", &rank, 1);
    writer_block(j->out, "rank", &one, 1, 1);
    return ML_OK;
}

/* Of the whole matrix by elimination, of an approximation by its vectors. */
static ml_status print_space(job *j, bool range, ml_message *why)
{
    const svd_exact *s = &j->svd;
    bool whole = j->used >= s->rank;
    if (range)
        return whole ? print_rows(j, "range", s->rank, range_cell, why)
                     : print_rows(j, "range", j->used, u_cell, why);
    return whole ? print_matrix(j, "null", s->columns, s->columns - s->rank, null_cell, why)
                 : print_matrix(j, "null", s->columns, s->columns - j->used, rest_cell, why);
}

static ml_status print_result(job *j, const char *show, ml_message *why)
{
    const svd_exact *s = &j->svd;
    size_t k = j->used;
    if (strcmp(show, "values") == 0)
        return print_values(j, why);
    if (strcmp(show, "U") == 0)
        return print_rows(j, "U", k, u_cell, why);
    if (strcmp(show, "S") == 0)
        return print_matrix(j, "S", k, k, s_cell, why);
    if (strcmp(show, "V") == 0)
        return print_matrix(j, "V", s->columns, k, v_cell, why);
    if (strcmp(show, "A") == 0)
        return print_rows(j, "A", s->columns, approximation_cell, why);
    if (strcmp(show, "rank") == 0)
        return print_rank(j);
    if (strcmp(show, "cond") == 0)
        return print_condition(j, why);
    if (strcmp(show, "norms") == 0)
        return print_norms(j, why);
    if (strcmp(show, "pinv") == 0)
        return print_matrix(j, "pinv", s->columns, s->rows, pinv_cell, why);
    return print_space(j, strcmp(show, "range") == 0, why);
}

static void note_repeated(const job *j)
{
    const svd_exact *s = &j->svd;
    if (!cli_shows(j->c, "U") && !cli_shows(j->c, "V") && !j->c->steps)
        return;
    for (size_t k = 0; k < s->rank && k < j->used; k++) {
        size_t times = exact_spectrum_multiplicity(&s->axes.spectrum, s->axes.axes[k].value);
        if (times > 1 && s->axes.axes[k].column == 0)
            cli_note(j->c, "singular values %zu to %zu are equal: their vectors are not unique", k + 1,
                     k + times);
    }
}

/* --- the run --- */

static ml_status read_matrix(job *j, ml_message *why)
{
    reader_options reading = j->c->reader;
    reading.keep_text = true;
    progress_phase("reading");
    ml_status status = table_read(&j->t, j->c->file, &reading, why);
    if (status == ML_OK && j->t.columns == 0)
        status = ml_fail(why, "no column of numbers is left");
    if (status == ML_OK)
        status = exact_table_read(j->a, &j->t, 0, j->t.columns, why);
    progress_phase("decomposing");
    return status;
}

/* Whether more than the values is wanted. */
static bool needs_vectors(const cli *c)
{
    static const char *const without[] = {"values", "S", "rank", "cond", "norms"};
    size_t found = 0;
    for (size_t i = 0; i < sizeof without / sizeof without[0]; i++)
        found += cli_shows(c, without[i]);
    return c->steps || found < c->show_count;
}

static ml_status print_all(job *j, ml_message *why)
{
    ml_status status = ML_OK;
    if ((j->out = cli_output(j->c)) == NULL)
        return ml_fail_memory(why, "the writer", sizeof *j);
    for (size_t i = 0; status == ML_OK && i < j->c->show_count; i++)
        status = print_result(j, j->c->tool->shows[j->c->shows[i]].name, why);
    if (status == ML_OK)
        exact_cells_note(&j->cells, j->c);
    return status;
}

static ml_status decompose(job *j, size_t rank, ml_message *why)
{
    ml_status status = svd_exact_fit(&j->svd, j->a, needs_vectors(j->c), why);
    if (status == ML_OK)
        status = svd_check_count(rank, j->svd.rows, j->svd.columns, why);
    j->used = rank > 0 ? rank : j->svd.count;
    if (status == ML_OK && cli_shows(j->c, "range"))
        exact_frame_columns(&j->range, j->a);
    if (status == ML_OK && cli_shows(j->c, "null"))
        exact_frame_null(&j->null, j->a);
    return status;
}

static int run(job *j, size_t rank)
{
    ml_message why;
    steps *s = NULL;
    ml_status status = read_matrix(j, &why);
    if (status == ML_OK)
        status = cli_steps(j->c, &s, &why);
    if (status == ML_OK)
        status = decompose(j, rank, &why);
    if (status == ML_OK)
        note_repeated(j);
    if (status == ML_OK && s != NULL) {
        exact_style style = exact_steps_style(j->c);
        status = svd_exact_steps(&j->svd, s, &style, &why);
    } else if (status == ML_OK) {
        status = print_all(j, &why);
    }
    if (status != ML_OK)
        cli_fail(j->c, &why);
    return s != NULL ? cli_steps_close(j->c, s, status) : cli_close(j->c, j->out, status);
}

int svd_exact_run(const cli *c, size_t rank)
{
    job j = {.c = c, .style = exact_style_of(c)};
    exact_begin(c);
    fmpq_mat_init(j.range.vectors, 0, 0);
    fmpq_mat_init(j.null.vectors, 0, 0);
    exact_number_init(&j.x);
    int status = run(&j, rank);
    svd_exact_free(&j.svd);
    exact_frame_clear(&j.range);
    exact_frame_clear(&j.null);
    exact_number_clear(&j.x);
    exact_cells_free(&j.cells);
    fmpq_mat_clear(j.a);
    table_free(&j.t);
    flint_cleanup_master();
    return status;
}
