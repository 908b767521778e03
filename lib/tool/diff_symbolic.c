#include "tool/diff.h"

#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "math/symbolic.h"

/* --- symbols --- */

/* The normal form where it is shorter. */
static const char *simplified(diff *j, const expression *e)
{
    const char *plain = diff_expression(j, e);
    const expression *normal = symbolic_normal(j->f.space, e);
    if (normal == NULL || plain == NULL)
        return plain;
    const char *other = diff_expression(j, normal);
    return other != NULL && strlen(other) > strlen(plain) ? plain : other;
}

static ml_status derivative_text(diff *j, const expression *e, const char *a, const char *b,
                                 const char **text, ml_message *why)
{
    ml_status status = symbolic_resolve(j->f.space, e, &e, why);
    if (status == ML_OK && a != NULL)
        status = symbolic_derivative(j->f.space, e, a, &e, why);
    if (status == ML_OK && b != NULL) {
        const expression *normal = symbolic_normal(j->f.space, e);
        status = symbolic_derivative(j->f.space, normal ? normal : e, b, &e, why);
    }
    if (status == ML_OK && ((*text = simplified(j, e)) == NULL || expression_failed(j->f.space)))
        status = ml_fail_memory(why, "the derivative", 1);
    return status;
}

/* LINES x by_count texts: of expression LINE, or the second derivatives of the first. */
ml_status diff_write_symbolic_matrix(diff *j, writer *w, bool hessian, ml_message *why)
{
    size_t n = j->by_count, lines = hessian ? n : j->f.count;
    const char **texts = memory_zeros(n * lines, sizeof *texts);
    column *columns = memory_zeros(n, sizeof *columns);
    ml_status status =
        texts && columns ? ML_OK : ml_fail_memory(why, "the derivatives", n * lines * sizeof *texts);
    for (size_t k = 0; status == ML_OK && k < n; k++) {
        for (size_t i = 0; status == ML_OK && i < lines; i++)
            status = derivative_text(j, j->f.expressions[hessian ? 0 : i], j->names[j->by[k]],
                                     hessian ? j->names[j->by[i]] : NULL, &texts[k * lines + i], why);
        columns[k] = column_strings(j->names[j->by[k]], texts + k * lines);
    }
    if (status == ML_OK)
        writer_block(w, hessian ? "hessian" : "jacobian", columns, n, lines);
    free(columns);
    free(texts);
    return status;
}

/* A line a variable; of one variable the bare derivative. */
ml_status diff_write_symbolic_gradient(diff *j, writer *w, ml_message *why)
{
    size_t n = j->by_count;
    const char **texts = memory_zeros(n, sizeof *texts), **variables = memory_zeros(n, sizeof *variables);
    ml_status status = texts && variables ? ML_OK : ml_fail_memory(why, "the derivatives", n * sizeof *texts);
    for (size_t k = 0; status == ML_OK && k < n; k++) {
        variables[k] = j->names[j->by[k]];
        status = derivative_text(j, j->f.expressions[0], variables[k], NULL, &texts[k], why);
    }
    column columns[] = {column_strings("variable", variables), column_strings("derivative", texts)};
    column bare = column_strings(NULL, texts);
    if (status == ML_OK && n == 1)
        writer_block(w, "gradient", &bare, 1, 1);
    else if (status == ML_OK)
        writer_block(w, "gradient", columns, 2, n);
    free(texts);
    free(variables);
    return status;
}

ml_status diff_write_symbolic_value(diff *j, writer *w, ml_message *why)
{
    const char **texts = memory_zeros(j->f.count, sizeof *texts);
    ml_status status = texts ? ML_OK : ml_fail_memory(why, "the expressions", j->f.count * sizeof *texts);
    for (size_t i = 0; status == ML_OK && i < j->f.count; i++)
        status = derivative_text(j, j->f.expressions[i], NULL, NULL, &texts[i], why);
    column bare = column_strings(NULL, texts);
    if (status == ML_OK)
        writer_block(w, "value", &bare, 1, j->f.count);
    free(texts);
    return status;
}
