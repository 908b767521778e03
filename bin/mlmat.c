/* mlmat: expressions over matrices. */
#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/number.h"
#include "math/expression.h"
#include "math/matrix_cell.h"
#include "math/matrix_evaluate.h"
#include "math/rational.h"
#include "table/blocks.h"
#include "table/cli.h"
#include "tool/operands.h"

typedef struct params {
    cli_list definitions;
} params;

#define AT(member) offsetof(params, member)

static const cli_option options[] = {
    {0, "let", "NAME=EXPR",
     "a name for an expression, which later ones and the operands may use; may be given several times",
     CLI_LIST, AT(definitions), .group = 0},
    {0, NULL, NULL, NULL, CLI_FLAG, 0, .group = 0},
};

enum { RESULT, SHAPE };

/* In the order of the enumeration. */
static const cli_show shows[] = {
    {"result",
     "the value of each expression; the parts of a decomposition, and several values, as named blocks"},
    {"shape", "rows and columns of each value"},
    {NULL, NULL},
};

static const cli_example examples[] = {
    {"mlmat 'inv(A)*b' A=a.csv b=b.csv", "names are files, or numbers and literals such as A='[1,2;3,4]'"},
    {"mlmat --exact 'inv(X)' <A.csv", "X is standard input; fractions in, fractions out"},
    {"mlmat --steps 'det(X)' <A.csv", "the calculation written out"},
    {"mlmat 'qr(X)' <A.csv | mlmat 'Q*R'", "the parts of a decomposition are named blocks"},
    {NULL, NULL},
};

static const cli_tool tool = {
    .name = "mlmat",
    .summary = "expressions over matrices",
    .groups = CLI_READS | CLI_WRITES | CLI_OPERANDS | CLI_STEPS | CLI_EXACT,
    .options = options,
    .shows = shows,
    .examples = examples,
};

typedef struct named {
    char *name;
    const matrix_value *value;
} named;

/* One value to print. */
typedef struct output {
    char *name;
    const matrix_value *value;
} output;

typedef struct job {
    cli c;
    params p;
    matrix_space values;
    expression_space *space;
    const expression **expressions;
    const char **texts; /* of them, as they were typed */
    size_t expression_count;
    named *bound;
    size_t bound_count, bound_capacity;
    size_t operand_bound; /* of those, how many come from operands: standard input does not replace them */
    output *outputs;
    size_t output_count, output_capacity;
    steps *s;
    char **cells; /* texts of the block being written */
    size_t cell_count;
} job;

/* --- names and their values --- */

static const matrix_value *look_up(void *context, const char *name)
{
    const job *j = context;
    for (size_t i = 0; i < j->bound_count; i++)
        if (strcmp(j->bound[i].name, name) == 0)
            return j->bound[i].value;
    return NULL;
}

/* Operands come before standard input, whose blocks of the same name they replace; else a name has one value,
 * which comes from SOURCE. */
static ml_status bind_value(job *j, const char *source, const char *name, size_t length,
                            const matrix_value *value, ml_message *why)
{
    for (size_t i = j->operand_bound; i < j->bound_count; i++)
        if (strncmp(j->bound[i].name, name, length) == 0 && j->bound[i].name[length] == '\0')
            return ml_fail(why, "%s: %.*s has a value already: give each value a name of its own", source,
                           (int)length, name);
    char *copy = strndup(name, length);
    if (copy == NULL || !memory_grow(&j->bound, &j->bound_capacity, j->bound_count + 1, sizeof *j->bound)) {
        free(copy);
        return ml_fail_memory(why, "a value", sizeof *j->bound);
    }
    j->bound[j->bound_count++] = (named){copy, value};
    return ML_OK;
}

/* A block under NAME, or its own, or X. */
static ml_status bind_block(job *j, const blocks *source, const block *b, const char *name, size_t length,
                            ml_message *why)
{
    operand_cells c;
    matrix_value *value;
    size_t bad;
    const char *problem;
    ml_status status = operand_cells_choose(&c, b, false, matrix_cell_is_number, source->path, &j->c, why);
    if (status == ML_OK)
        status = matrix_of_cells(&j->values, b->rows, c.count, operand_cells_text, &c, &value, &bad, &problem,
                                 why);
    if (status == ML_NO)
        status = operand_cells_fail(&c, source->path, bad, problem, why);
    if (name == NULL) {
        name = b->name ? b->name : "X";
        length = strlen(name);
    }
    if (status == ML_OK)
        status = bind_value(j, source->path, name, length, value, why);
    operand_cells_free(&c);
    return status;
}

static ml_status bind_source(job *j, const char *path, const char *name, size_t length, ml_message *why)
{
    blocks source;
    bool standard = path == NULL || strcmp(path, "-") == 0;
    if (standard && cli_needs_input(&j->c) >= 0)
        return ml_fail(why, "no matrix to read");
    ml_status status = blocks_read(&source, path, &j->c.reader, matrix_cell_is_number, why);
    if (status != ML_OK)
        return status;
    if (name != NULL && source.count > 1)
        status = ml_fail(why, "%s has %zu blocks, and one is needed for %.*s", source.path, source.count,
                         (int)length, name);
    for (size_t i = 0; status == ML_OK && i < source.count; i++)
        status = bind_block(j, &source, &source.all[i], name, length, why);
    blocks_free(&source);
    return status;
}

/* --- operands --- */

static ml_status bind_literal(job *j, const operand_binding *b, ml_message *why)
{
    operand_literal l;
    matrix_value *value;
    size_t bad;
    const char *problem;
    ml_status status = operand_literal_cut(&l, b->value, why);
    if (status == ML_OK)
        status = matrix_of_cells(&j->values, l.rows, l.columns, operand_literal_text, &l, &value, &bad,
                                 &problem, why);
    if (status == ML_NO)
        status =
            ml_fail(why, "%.*s: '%.*s' %s", (int)b->length, b->name, (int)l.lengths[bad], l.at[bad], problem);
    if (status == ML_OK)
        status = bind_value(j, b->name, b->name, b->length, value, why);
    operand_literal_free(&l);
    return status;
}

static ml_status bind(job *j, const operand_binding *b, ml_message *why)
{
    if (*b->value == '@')
        return bind_source(j, b->value + 1, b->name, b->length, why);
    if (*b->value == '[' || matrix_cell_is_number(b->value, strlen(b->value)))
        return bind_literal(j, b, why);
    if (strcmp(b->value, "-") == 0 || access(b->value, F_OK) == 0)
        return bind_source(j, b->value, b->name, b->length, why);
    return ml_fail(
        why,
        "%.*s: there is no file '%.200s'; NAME=VALUE gives a file, a number or [1,2;3,4], and --let "
        "'%.*s=...' a name to an expression",
        (int)b->length, b->name, b->value, (int)b->length, b->name);
}

static ml_status parse(job *j, const char *text, ml_message *why)
{
    if (access(text, F_OK) == 0 && strpbrk(text, "./") != NULL)
        return ml_fail(why, "'%.200s' is a file; give it a name: X=%.200s", text, text);
    j->texts[j->expression_count] = text + strspn(text, " \t");
    return expression_parse(j->space, NULL, text, &j->expressions[j->expression_count++], why);
}

static ml_status take_operands(job *j, ml_message *why)
{
    size_t count = j->c.operand_count;
    ml_status status = ML_OK;
    j->space = expression_space_new();
    j->expressions = memory_zeros(count, sizeof *j->expressions);
    j->texts = memory_zeros(count, sizeof *j->texts);
    if (j->space == NULL || j->expressions == NULL || j->texts == NULL)
        return ml_fail_memory(why, "the expressions", count * sizeof *j->expressions);
    for (size_t i = 0; status == ML_OK && i < j->p.definitions.count; i++)
        status = expression_define(j->space, j->p.definitions.items[i], why);
    for (size_t i = 0; status == ML_OK && i < count; i++) {
        operand_binding b;
        bool binding = operand_is_binding(j->c.operands[i], &b) && !b.answer;
        status = binding ? bind(j, &b, why) : parse(j, j->c.operands[i], why);
    }
    if (status == ML_OK && j->expression_count == 0)
        status = ml_fail(why, "no expression: mlmat 'inv(X)' <A.csv");
    return status;
}

/* Words that say which norm is meant. */
static bool is_kind(const char *name)
{
    static const char *const kinds[] = {"inf", "fro", "nuc", "max"};
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++)
        if (strcmp(kinds[i], name) == 0)
            return true;
    return false;
}

/* Standard input is read only when a name has no other value. */
static ml_status read_input(job *j, ml_message *why)
{
    const char **names;
    size_t count;
    bool needed = false;
    ml_status status = expression_names(j->expressions, j->expression_count, &names, &count, why);
    if (status != ML_OK)
        return status;
    for (size_t k = 0; k < count; k++)
        needed |= look_up(j, names[k]) == NULL && !matrix_has_constant(names[k]) && !is_kind(names[k]);
    free(names);
    j->operand_bound = j->bound_count;
    return needed ? bind_source(j, NULL, NULL, 0, why) : ML_OK;
}

/* --- evaluation --- */

static void note(void *context, const char *text)
{
    const job *j = context;
    cli_note(&j->c, "%s", text);
}

static bool name_taken(const job *j, const char *name)
{
    for (size_t i = 0; i < j->output_count; i++)
        if (strcmp(j->outputs[i].name, name) == 0)
            return true;
    return false;
}

/* The name of a block: that of the part, else the expression; with a number behind it when it is taken. */
static char *output_name(const job *j, const char *text, const char *part)
{
    buffer b = {0};
    char *name = NULL;
    for (size_t n = 1; n == 1 || (name != NULL && name_taken(j, name)); n++) {
        free(name);
        buffer_string(&b, part != NULL ? part : text);
        if (n > 1)
            buffer_printf(&b, part ? "%zu" : " (%zu)", n);
        name = buffer_take(&b);
    }
    return name;
}

static ml_status add_output(job *j, const char *text, const char *part, const matrix_value *value,
                            ml_message *why)
{
    char *name = output_name(j, text, part);
    if (name == NULL ||
        !memory_grow(&j->outputs, &j->output_capacity, j->output_count + 1, sizeof *j->outputs)) {
        free(name);
        return ml_fail_memory(why, "a result", sizeof *j->outputs);
    }
    j->outputs[j->output_count++] = (output){name, value};
    return ML_OK;
}

static ml_status evaluate(job *j, ml_message *why)
{
    matrix_scope scope = {.space = &j->values,
                          .lookup = look_up,
                          .note = note,
                          .context = j,
                          .nodes = expression_count(j->space),
                          .steps = j->s,
                          .exact = j->c.exact,
                          .digits = j->c.digits};
    ml_status status = ML_OK;
    for (size_t i = 0; status == ML_OK && i < j->expression_count; i++) {
        matrix_results results;
        status = matrix_evaluate(&scope, j->expressions[i], &results, why);
        for (size_t k = 0; status == ML_OK && k < results.count; k++)
            status = add_output(j, j->texts[i], results.parts[k].name, results.parts[k].value, why);
    }
    return status;
}

/* --- output --- */

static void print_double(buffer *b, double x, int precision)
{
    char text[NUMBER_PRINT_MAX];
    size_t length = precision > 0 ? number_print_digits(text, x, precision) : number_print(text, x);
    buffer_append(b, text, length);
}

/* 1+2i, 2i, 1 */
static void print_complex(buffer *b, double complex x, int precision)
{
    if (creal(x) != 0 || cimag(x) == 0)
        print_double(b, creal(x), precision);
    if (cimag(x) == 0)
        return;
    if (creal(x) != 0 && cimag(x) > 0)
        buffer_char(b, '+');
    print_double(b, cimag(x), precision);
    buffer_char(b, 'i');
}

static void print_cell(const job *j, buffer *b, const matrix_value *a, size_t i, size_t k)
{
    int precision = j->c.writer.precision;
    if (precision == 0 && j->c.writer.format == WRITER_TABLE)
        precision = 6;
    if (j->c.exact && a->q != NULL) {
        const fmpq *x = fmpq_mat_entry(a->q, (slong)i, (slong)k);
        if (j->c.digits > 0)
            rational_decimals(b, x, j->c.digits);
        else
            rational_print(b, x);
    } else if (a->surds != NULL) {
        matrix_print_surd(b, &a->surds[i * a->columns + k], j->c.digits);
    } else if (a->texts != NULL) {
        buffer_string(b, a->texts[i * a->columns + k]);
    } else {
        print_complex(b, matrix_at(a, i, k), precision);
    }
}

static void free_cells(job *j)
{
    for (size_t i = 0; i < j->cell_count; i++)
        free(j->cells[i]);
    free(j->cells);
    j->cells = NULL;
    j->cell_count = 0;
}

/* Column by column, as the writer wants them. */
static bool make_cells(job *j, const matrix_value *a)
{
    j->cells = memory_zeros(a->rows * a->columns, sizeof *j->cells);
    if (j->cells == NULL)
        return false;
    j->cell_count = a->rows * a->columns;
    for (size_t k = 0; k < a->columns; k++)
        for (size_t i = 0; i < a->rows; i++) {
            buffer b = {0};
            print_cell(j, &b, a, i, k);
            if ((j->cells[k * a->rows + i] = buffer_take(&b)) == NULL)
                return false;
        }
    return true;
}

static ml_status write_value(job *j, writer *w, const output *o, ml_message *why)
{
    const matrix_value *a = o->value;
    bool texts = a->im != NULL || a->texts != NULL || j->c.exact;
    if (!texts && a->heads == NULL && a->re != NULL) {
        writer_matrix(w, o->name, a->re);
        return ML_OK;
    }
    column *columns = memory_array(a->columns, sizeof *columns);
    bool made = columns != NULL && make_cells(j, a);
    for (size_t k = 0; made && k < a->columns; k++)
        columns[k] =
            column_strings(a->heads ? a->heads[k] : NULL, (const char *const *)j->cells + k * a->rows);
    if (made)
        writer_block(w, o->name, columns, a->columns, a->columns ? a->rows : 0);
    free(columns);
    free_cells(j);
    return made ? ML_OK : ml_fail_memory(why, "the result", a->rows * a->columns * sizeof(char *));
}

static ml_status write_shapes(job *j, writer *w, ml_message *why)
{
    size_t count = j->output_count;
    const char **names = memory_array(count, sizeof *names);
    double *sizes = memory_array(count, 2 * sizeof *sizes);
    bool made = names != NULL && sizes != NULL;
    for (size_t i = 0; made && i < count; i++) {
        names[i] = j->outputs[i].name;
        sizes[2 * i] = (double)j->outputs[i].value->rows;
        sizes[2 * i + 1] = (double)j->outputs[i].value->columns;
    }
    if (made) {
        column columns[] = {column_strings("value", names), column_reals("rows", sizes, 2),
                            column_reals("columns", sizes + 1, 2)};
        writer_block(w, "shape", columns, 3, count);
    }
    free(names);
    free(sizes);
    return made ? ML_OK : ml_fail_memory(why, "the shapes", count * sizeof *names);
}

static ml_status write_results(job *j, writer **w, ml_message *why)
{
    ml_status status = ML_OK;
    j->c.writer.blocks = j->c.writer.blocks || (j->output_count > 1 && cli_shows(&j->c, "result"));
    if ((*w = cli_output(&j->c)) == NULL)
        return ml_fail_memory(why, "the writer", 1);
    for (size_t i = 0; status == ML_OK && i < j->c.show_count; i++) {
        if (j->c.shows[i] == SHAPE)
            status = write_shapes(j, *w, why);
        for (size_t k = 0; status == ML_OK && j->c.shows[i] == RESULT && k < j->output_count; k++)
            status = write_value(j, *w, &j->outputs[k], why);
    }
    return status;
}

/* --- the run --- */

static void release(job *j)
{
    matrix_free_all(&j->values);
    expression_space_free(j->space);
    free(j->expressions);
    free(j->texts);
    for (size_t i = 0; i < j->bound_count; i++)
        free(j->bound[i].name);
    free(j->bound);
    for (size_t i = 0; i < j->output_count; i++)
        free(j->outputs[i].name);
    free(j->outputs);
    free(j->p.definitions.items);
}

static int run(job *j)
{
    ml_message why;
    writer *w = NULL;
    ml_status status = take_operands(j, &why);
    if (status == ML_OK)
        status = read_input(j, &why);
    if (status == ML_OK)
        status = cli_steps(&j->c, &j->s, &why);
    if (status == ML_OK)
        status = evaluate(j, &why);
    if (status != ML_OK) {
        steps_free(j->s);
        cli_fail(&j->c, &why);
        return status;
    }
    if (j->c.steps)
        return cli_steps_close(&j->c, j->s, status);
    status = write_results(j, &w, &why);
    if (status != ML_OK)
        cli_fail(&j->c, &why);
    return cli_close(&j->c, w, status);
}

int main(int argc, char **argv)
{
    static job j;
    int status = cli_parse(&j.c, &tool, &j.p, argc, argv);
    if (status >= 0)
        return status;
    if (j.c.digits > 0 && !j.c.exact)
        return cli_usage(&j.c, "--digits belongs to --exact");
    j.values.exact = j.c.exact;
    status = run(&j);
    release(&j);
    return status;
}
