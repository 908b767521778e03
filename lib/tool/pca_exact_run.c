#include "tool/pca_exact_run.h"

#include <stdlib.h>
#include <string.h>

#include "ml/pca_exact.h"
#include "table/progress.h"
#include "tool/exact_table.h"
#include "tool/names.h"

typedef struct job {
    const cli *c;
    pca_params params;
    table t;
    fmpq_mat_t x;
    pca_exact pca;
    char **columns, **labels;
    exact_style style;
    exact_cells cells;
    exact_number number; /* of the cell at hand */
    writer *out;
} job;

/* The job of a cell: its number changes and nothing else. */
static job *of(const void *context)
{
    return (job *)context;
}

static bool write_number(const job *j, buffer *out)
{
    return exact_number_write(out, &j->number, &j->style);
}

/* --- cells --- */

static bool score_cell(buffer *out, const void *context, size_t i, size_t k)
{
    pca_exact_score(&of(context)->number, &of(context)->pca, i, k);
    return write_number(context, out);
}

static bool component_cell(buffer *out, const void *context, size_t j, size_t k)
{
    pca_exact_component(&of(context)->number, &of(context)->pca, j, k);
    return write_number(context, out);
}

static bool variance_cell(buffer *out, const void *context, size_t k, size_t at)
{
    job *j = of(context);
    if (at == 0)
        pca_exact_variance(&j->number, &j->pca, k);
    else if (at == 1)
        pca_exact_ratio(&j->number, &j->pca, k);
    else
        pca_exact_cumulative(&j->number, &j->pca, k);
    return write_number(j, out);
}

/* The irreducible polynomial of a variance without a closed form. */
static bool polynomial_cell(buffer *out, const void *context, size_t k, size_t at)
{
    const job *j = context;
    surd unused;
    (void)at;
    surd_init(&unused);
    pca_exact_variance(&of(context)->number, &j->pca, k);
    if (!exact_number_surd(&unused, &j->number))
        exact_print_integer_polynomial(out, exact_axes_root(&j->pca.axes, k)->polynomial);
    surd_clear(&unused);
    return true;
}

static bool mean_cell(buffer *out, const void *context, size_t column_at, size_t at)
{
    job *j = of(context);
    if (at == 1) {
        pca_exact_scale(&j->number, &j->pca, column_at);
    } else {
        exact_number_zero(&j->number);
        exact_number_add_rational(&j->number, j->pca.means + column_at);
    }
    return write_number(j, out);
}

static bool reconstruction_cell(buffer *out, const void *context, size_t i, size_t k)
{
    pca_exact_reconstruction(&of(context)->number, &of(context)->pca, i, k);
    return write_number(context, out);
}

static bool t2q_cell(buffer *out, const void *context, size_t i, size_t at)
{
    job *j = of(context);
    if (at == 0)
        pca_exact_t2(&j->number, &j->pca, i);
    else
        pca_exact_q(&j->number, &j->pca, i);
    return write_number(j, out);
}

/* --- results --- */

/* A table whose first column is texts, HEAD above them, before COUNT columns of cells. */
static ml_status print_named(job *j, const char *name, const char *head, char **first, size_t rows,
                             size_t count, const char *const *names, exact_cell *cell, ml_message *why)
{
    column *columns = memory_zeros(count + 1, sizeof *columns);
    if (columns == NULL)
        return ml_fail_memory(why, name, (count + 1) * sizeof *columns);
    ml_status status = ML_OK;
    columns[0] = column_strings(head, (const char *const *)first);
    for (size_t k = 0; status == ML_OK && k < count; k++)
        status = exact_cells_column(&j->cells, &columns[k + 1], names[k], rows, k, cell, j, why);
    if (status == ML_OK)
        writer_block(j->out, name, columns, count + 1, rows);
    free(columns);
    return status;
}

static bool is_closed(job *j)
{
    surd unused;
    bool closed = true;
    surd_init(&unused);
    for (size_t k = 0; closed && k < j->pca.kept; k++) {
        pca_exact_variance(&j->number, &j->pca, k);
        closed = exact_number_surd(&unused, &j->number);
    }
    surd_clear(&unused);
    return closed;
}

static ml_status print_variance(job *j, ml_message *why)
{
    static const char *const names[] = {"variance", "ratio", "cumulative"};
    column columns[5] = {column_strings("component", (const char *const *)j->labels)};
    size_t kept = j->pca.kept, count = 1;
    ml_status status = ML_OK;
    for (; status == ML_OK && count < 4; count++)
        status = exact_cells_column(&j->cells, &columns[count], names[count - 1], kept, count - 1,
                                    variance_cell, j, why);
    if (status == ML_OK && !is_closed(j))
        status =
            exact_cells_column(&j->cells, &columns[count++], "root_of", kept, 0, polynomial_cell, j, why);
    if (status == ML_OK)
        writer_block(j->out, "variance", columns, count, kept);
    return status;
}

static ml_status print_rows(job *j, const char *name, size_t count, const char *const *names,
                            exact_cell *cell, ml_message *why)
{
    return exact_cells_matrix(&j->cells, j->out, name, j->pca.rows, count, names, &j->t, cell, j, why);
}

static ml_status print_result(job *j, const char *show, ml_message *why)
{
    static const char *const means[] = {"mean", "scale"}, *const t2q[] = {"t2", "q"};
    const pca_exact *p = &j->pca;
    const char *const *labels = (const char *const *)j->labels, *const *columns =
                                                                    (const char *const *)j->columns;
    if (strcmp(show, "scores") == 0)
        return print_rows(j, "scores", p->kept, labels, score_cell, why);
    if (strcmp(show, "components") == 0)
        return print_named(j, "components", "column", j->columns, p->columns, p->kept, labels, component_cell,
                           why);
    if (strcmp(show, "variance") == 0)
        return print_variance(j, why);
    if (strcmp(show, "mean") == 0)
        return print_named(j, "mean", "column", j->columns, p->columns, 2, means, mean_cell, why);
    if (strcmp(show, "reconstruction") == 0)
        return print_rows(j, "reconstruction", p->columns, columns, reconstruction_cell, why);
    return print_rows(j, "t2q", 2, t2q, t2q_cell, why);
}

/* --- the run --- */

static ml_status read_rows(job *j, ml_message *why)
{
    reader_options reading = j->c->reader;
    reading.keep_text = true;
    progress_phase("reading");
    ml_status status = table_read(&j->t, j->c->file, &reading, why);
    if (status == ML_OK)
        status = names_of(&j->columns, &j->t, 0, j->t.columns, why);
    if (status == ML_OK)
        status = exact_table_read(j->x, &j->t, 0, j->t.columns, why);
    progress_phase("decomposing");
    return status;
}

/* Whether more than means and variances is wanted. */
static bool needs_vectors(const cli *c)
{
    size_t without = (size_t)cli_shows(c, "variance") + (size_t)cli_shows(c, "mean");
    return c->steps || without < c->show_count;
}

static ml_status analyse(job *j, ml_message *why)
{
    j->params.names = (const char *const *)j->columns;
    ml_status status = pca_exact_fit(&j->pca, j->x, &j->params, needs_vectors(j->c), why);
    return status == ML_OK ? names_numbered(&j->labels, "PC", j->pca.kept, why) : status;
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

static int run(job *j)
{
    ml_message why;
    steps *s = NULL;
    ml_status status = read_rows(j, &why);
    if (status == ML_OK)
        status = cli_steps(j->c, &s, &why);
    if (status == ML_OK)
        status = analyse(j, &why);
    if (status == ML_OK && s != NULL) {
        exact_style style = exact_steps_style(j->c);
        status = pca_exact_steps(&j->pca, j->x, (const char *const *)j->columns, s, &style, &why);
    } else if (status == ML_OK) {
        status = print_all(j, &why);
    }
    if (status != ML_OK)
        cli_fail(j->c, &why);
    return s != NULL ? cli_steps_close(j->c, s, status) : cli_close(j->c, j->out, status);
}

int pca_exact_run(const cli *c, const pca_params *params)
{
    job j = {.c = c, .params = *params, .style = exact_style_of(c)};
    exact_begin(c);
    exact_number_init(&j.number);
    int status = run(&j);
    pca_exact_free(&j.pca);
    exact_number_clear(&j.number);
    exact_cells_free(&j.cells);
    fmpq_mat_clear(j.x);
    names_free(j.columns);
    names_free(j.labels);
    table_free(&j.t);
    flint_cleanup_master();
    return status;
}
