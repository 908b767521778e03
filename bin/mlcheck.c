/* mlcheck: is this right?  An answer judged by its definition, against a reference or against claims. */
#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/nearest.h"
#include "base/number.h"
#include "math/expression.h"
#include "ml/check.h"
#include "ml/check_calculus.h"
#include "ml/check_cells.h"
#include "ml/check_claim.h"
#include "ml/check_named.h"
#include "ml/check_property.h"
#include "ml/check_same.h"
#include "table/blocks.h"
#include "table/cli.h"
#include "tool/operands.h"

typedef struct params {
    const char *up_to;
    double tolerance, base;
    size_t ddof;
    bool exact;
} params;

#define AT(member) offsetof(params, member)

static const cli_option options[] = {
    {0, "up-to", "LIST",
     "with same: what does not matter, of sign, scale, order, span and labels: the sign of a column, a "
     "factor "
     "of a column, the order of columns or else of rows, the basis of the space that the columns span, the "
     "names of the classes",
     CLI_TEXT, AT(up_to), .group = 0},
    {'t', "tolerance", "X", "a number is right when it is off by at most X; default: the written precision",
     CLI_REAL, AT(tolerance), .least = 0, .most = 1e308},
    {0, "exact", NULL,
     "no tolerance at all: decimals are exact, and what can be decided in rational numbers is", CLI_FLAG,
     AT(exact), .group = 0},
    {'b', "base", "B", "entropy: the base of the logarithms; default 2", CLI_REAL, AT(base), .least = 1e-300,
     .most = 1e300},
    {0, "subject-to", "C",
     "with kkt and optimum: a constraint such as x+y==1 or x^2+y^2<=1; may be given several times, or as "
     "operands",
     CLI_OPERAND, 0, .group = 0},
    {0, "ddof", "N", "pca: variances divide by the number of rows minus N; default 1", CLI_COUNT, AT(ddof),
     .least = 0, .most = 1e9},
    {0, NULL, NULL, NULL, CLI_FLAG, 0, .group = 0},
};

static const cli_show shows[] = {
    {"verdicts",
     "a row for each claim (or property): the claim, its verdict, where it is worst, by how much it is "
     "off, what is allowed, and what went wrong where that is known"},
    {"summary", "how many claims hold, do not, and are undecided"},
    {NULL, NULL},
};

static const cli_example examples[] = {
    {"mlcheck <A.csv", "every property of a matrix, with the number that decides it"},
    {"printf '1.25\\n' | mlcheck same var.csv", "an answer against a reference"},
    {"mlsvd -s U,S,V A.csv | mlcheck svd A=A.csv", "a decomposition by its definition"},
    {"mlcheck 'A == L*U' 'lower(L)' A=a.csv L=l.csv U=u.csv", "claims about matrices"},
    {"mlcheck 'diff(x^2*sin(x),x) == 2*x*sin(x)+x^2*cos(x)'", "a derivative"},
    {NULL, NULL},
};

static const cli_tool tool = {
    .name = "mlcheck",
    .summary = "is this right? an answer, a matrix, a decomposition, a derivative judged",
    .groups = CLI_READS | CLI_WRITES | CLI_RANDOM | CLI_OPERANDS,
    .options = options,
    .shows = shows,
    .examples = examples,
};

static const struct {
    const char *name;
    check_named *check;
} named_checks[] = {
    {"svd", check_svd},
    {"eig", check_eig},
    {"qr", check_qr},
    {"lu", check_lu},
    {"chol", check_chol},
    {"inverse", check_inverse},
    {"solve", check_solve},
    {"nullspace", check_nullspace},
    {"pca", check_pca},
    {"kmeans", check_kmeans},
    {"gmm", check_gmm},
    {"entropy", check_entropy},
    {"pmf", check_pmf},
    {"joint", check_joint},
    {"markov", check_markov},
    {"metric", check_metric},
    {"innerproduct", check_innerproduct},
};

static const struct {
    const char *name;
    check_of_function *check;
} function_checks[] = {
    {"gradient", check_gradient}, {"hessian", check_hessian}, {"optimum", check_optimum},
    {"kkt", check_kkt},           {"convex", check_convex},
};

enum { FUNCTION_CHECKS = sizeof function_checks / sizeof function_checks[0] };
enum { NAMED_CHECKS = sizeof named_checks / sizeof named_checks[0] };

typedef struct job {
    cli c;
    params p;
    check_report report;
    check_input in;
    size_t capacity; /* of in.values */
    char **names;    /* of the values, owned; as many */
    size_t name_capacity;
    blocks *sources; /* what was read; cells live there */
    size_t source_count, source_capacity;
    const char **claims; /* operands that are neither bindings nor the name of a check */
    size_t claim_count;
    check_range *ranges; /* x=0:1, for convex */
    size_t range_count, range_capacity;
    bool labels;  /* columns of text are classes */
    bool listing; /* properties, not claims */
} job;

/* --- values --- */

static ml_status add_value(job *j, const char *name, size_t length, const ball *b, const char *const *columns,
                           bool answer, ml_message *why)
{
    for (size_t i = 0; i < j->in.count; i++)
        if (strlen(j->in.values[i].name) == length && strncmp(j->in.values[i].name, name, length) == 0)
            return ML_OK; /* operands come before standard input: the first one holds */
    size_t need = j->in.count + 1;
    bool made = memory_grow(&j->in.values, &j->capacity, need, sizeof *j->in.values) &&
                memory_grow(&j->names, &j->name_capacity, need, sizeof *j->names);
    char *copy = made ? strndup(name, length) : NULL;
    if (copy == NULL)
        return ml_fail_memory(why, "a value", need * sizeof *j->in.values);
    j->names[j->in.count] = copy;
    j->in.values[j->in.count++] = (check_value){.name = copy, .b = b, .columns = columns, .answer = answer};
    return ML_OK;
}

/* Texts as class numbers, by first appearance. */
static const ball *class_ball(job *j, const operand_cells *c)
{
    const block *b = c->from;
    ball *made = ball_zeros(&j->report.balls, b->rows, c->count, false);
    for (size_t k = 0; made != NULL && k < c->count; k++) {
        size_t classes = 0;
        for (size_t i = 0; i < b->rows; i++) {
            size_t length, other, l = 0;
            const char *text = block_cell(b, i, c->columns[k], &length);
            for (; l < i; l++) {
                const char *before = block_cell(b, l, c->columns[k], &other);
                if (other == length && memcmp(before, text, length) == 0)
                    break;
            }
            gsl_matrix_set(made->x, i, k, l < i ? gsl_matrix_get(made->x, l, k) : (double)++classes);
        }
    }
    return made;
}

static ml_status make_ball(job *j, const blocks *source, operand_cells *c, bool answer, const ball **b,
                           ml_message *why)
{
    size_t bad = SIZE_MAX;
    *b = check_cells_ball(&j->report.balls, c->from->rows, c->count, operand_cells_text, c, answer,
                          j->p.exact, &bad);
    if (*b == NULL && bad != SIZE_MAX && j->labels)
        *b = class_ball(j, c);
    else if (*b == NULL && bad != SIZE_MAX)
        return operand_cells_fail(c, source->path, bad, "is not a number", why);
    return *b != NULL ? ML_OK : ml_fail_memory(why, "a matrix", c->from->rows * c->count * sizeof(double));
}

/* A block under NAME, or its own, or X. */
static ml_status take_block(job *j, const blocks *source, const block *b, const char *name, size_t length,
                            bool answer, ml_message *why)
{
    operand_cells c;
    const ball *made = NULL;
    ml_status status = operand_cells_choose(&c, b, j->labels, check_cell_is_number, source->path, &j->c, why);
    if (status == ML_OK)
        status = make_ball(j, source, &c, answer, &made, why);
    if (name == NULL) {
        name = b->name ? b->name : "X";
        length = strlen(name);
    }
    if (status == ML_OK)
        status = add_value(j, name, length, made, b->names ? c.names : NULL, answer, why);
    if (status == ML_OK && b->names != NULL)
        c.names = NULL; /* the value's now */
    operand_cells_free(&c);
    return status;
}

static ml_status read_source(job *j, const char *path, const char *name, size_t length, bool answer,
                             ml_message *why)
{
    if (!memory_grow(&j->sources, &j->source_capacity, j->source_count + 1, sizeof *j->sources))
        return ml_fail_memory(why, "an input", sizeof *j->sources);
    blocks *source = &j->sources[j->source_count];
    bool standard = path == NULL || strcmp(path, "-") == 0;
    if (standard && cli_needs_input(&j->c) >= 0)
        return ml_fail(why, "no answer to judge");
    ml_status status = blocks_read(source, path, &j->c.reader, check_cell_is_number, why);
    if (status != ML_OK)
        return status;
    j->source_count++;
    if (name != NULL && source->count > 1)
        return ml_fail(why, "%s has %zu blocks, and one is needed for %.*s", source->path, source->count,
                       (int)length, name);
    for (size_t i = 0; status == ML_OK && i < source->count; i++)
        status = take_block(j, source, &source->all[i], name, length, answer, why);
    return status;
}

/* A claim, or a property, says nothing about a cell that is no finite number. */
static ml_status need_finite(const job *j, ml_message *why)
{
    for (size_t k = 0; k < j->in.count; k++) {
        const gsl_matrix *x = j->in.values[k].b->x;
        for (size_t i = 0; i < x->size1 * x->size2; i++) {
            double cell = gsl_matrix_get(x, i / x->size2, i % x->size2);
            if (!isfinite(cell))
                return ml_fail(why, "%s: row %zu, column %zu: '%g' is not finite", j->in.values[k].name,
                               i / x->size2 + 1, i % x->size2 + 1, cell);
        }
    }
    return ML_OK;
}

/* --- operands --- */

static ml_status bind_literal(job *j, const operand_binding *b, ml_message *why)
{
    operand_literal l;
    size_t bad = SIZE_MAX;
    ml_status status = operand_literal_cut(&l, b->value, why);
    const ball *made = NULL;
    if (status == ML_OK)
        made = check_cells_ball(&j->report.balls, l.rows, l.columns, operand_literal_text, &l, b->answer,
                                j->p.exact, &bad);
    if (status == ML_OK && bad != SIZE_MAX)
        status = ml_fail(why, "'%.*s': '%.*s' is not a number", (int)(b->length + 60), b->name,
                         (int)l.lengths[bad], l.at[bad]);
    else if (status == ML_OK && made == NULL)
        status = ml_fail_memory(why, "a matrix", l.count * sizeof(double));
    if (status == ML_OK)
        status = add_value(j, b->name, b->length, made, NULL, b->answer, why);
    operand_literal_free(&l);
    return status;
}

/* A value that is neither a number nor a file is an equation with one sign too few. */
static ml_status fail_binding(const operand_binding *b, ml_message *why)
{
    expression_space *s = expression_space_new();
    const expression *e;
    bool parses = s != NULL && expression_parse(s, NULL, b->value, &e, NULL) == ML_OK;
    expression_space_free(s);
    if (parses && strpbrk(b->value, "/.") == NULL)
        return ml_fail(why,
                       "'%.*s=%.200s': equality is written ==: %.*s == %.200s; NAME=VALUE gives a number, "
                       "[1,2;3,4] or a file, and there is no file '%.60s'",
                       (int)b->length, b->name, b->value, (int)b->length, b->name, b->value, b->value);
    return ml_fail(why, "%.*s: there is no file '%.200s'; if this is an equation, it is written ==",
                   (int)b->length, b->name, b->value);
}

/* 0:1, 0: or :1 */
static bool is_range(const char *text, check_range *r)
{
    const char *colon = strchr(text, ':');
    number n;
    *r = (check_range){.least = -INFINITY, .most = INFINITY};
    if (colon == NULL || colon[1 + strcspn(colon + 1, "/.:@")] == ':')
        return false;
    if (colon > text && number_read(text, (size_t)(colon - text), &n) != NUMBER_OK)
        return false;
    r->least = colon > text ? n.value : -INFINITY;
    if (colon[1] != '\0' && number_read(colon + 1, strlen(colon + 1), &n) != NUMBER_OK)
        return false;
    r->most = colon[1] != '\0' ? n.value : INFINITY;
    return r->least <= r->most;
}

static ml_status add_range(job *j, const operand_binding *b, check_range r, ml_message *why)
{
    char *name = strndup(b->name, b->length);
    if (name == NULL || !memory_grow(&j->ranges, &j->range_capacity, j->range_count + 1, sizeof *j->ranges)) {
        free(name);
        return ml_fail_memory(why, "a range", sizeof r);
    }
    r.name = name;
    j->ranges[j->range_count++] = r;
    return ML_OK;
}

static ml_status bind(job *j, const operand_binding *b, ml_message *why)
{
    check_range r;
    const char *value = b->value;
    if (*value == '@')
        return read_source(j, value + 1, b->name, b->length, b->answer, why);
    if (*value == '[' || check_cell_is_number(value, strlen(value)))
        return bind_literal(j, b, why);
    if (is_range(value, &r))
        return add_range(j, b, r, why);
    if (strcmp(value, "-") == 0 || access(value, F_OK) == 0)
        return read_source(j, value, b->name, b->length, b->answer, why);
    return fail_binding(b, why);
}

static ml_status take_operands(job *j, ml_message *why)
{
    ml_status status = ML_OK;
    j->claims = memory_array(j->c.operand_count, sizeof *j->claims);
    if (j->claims == NULL)
        return ml_fail_memory(why, "the claims", j->c.operand_count * sizeof *j->claims);
    for (size_t i = 0; status == ML_OK && i < j->c.operand_count; i++) {
        operand_binding b;
        if (operand_is_binding(j->c.operands[i], &b))
            status = bind(j, &b, why);
        else
            j->claims[j->claim_count++] = j->c.operands[i];
    }
    return status;
}

static bool has_answer(const job *j)
{
    for (size_t i = 0; i < j->in.count; i++)
        if (j->in.values[i].answer)
            return true;
    return false;
}

/* --- what can be asked --- */

static ml_status read_answer(job *j, ml_message *why)
{
    return has_answer(j) ? ML_OK : read_source(j, NULL, NULL, 0, true, why);
}

static ml_status run_properties(job *j, ml_message *why)
{
    j->listing = true;
    ml_status status = ML_OK;
    if (j->claim_count == 1)
        status = read_source(j, j->claims[0], NULL, 0, true, why);
    else if (j->in.count == 0)
        status = read_source(j, NULL, NULL, 0, true, why);
    if (status == ML_OK)
        status = need_finite(j, why);
    for (size_t i = 0; status == ML_OK && i < j->in.count; i++)
        status = check_properties(&j->report, j->in.values[i].b, why);
    return status;
}

static ml_status run_named(job *j, size_t which, ml_message *why)
{
    if (j->claim_count > 1)
        return ml_fail(why, "%s: '%.60s' is neither NAME=FILE nor NAME~FILE", named_checks[which].name,
                       j->claims[1]);
    j->in.check = named_checks[which].name;
    j->labels = named_checks[which].check == check_kmeans;
    if (has_answer(j)) {
        ml_status status = named_checks[which].check(&j->report, &j->in, why);
        if (!j->in.missing)
            return status;
        for (size_t i = 0; i < j->in.count; i++)
            j->in.values[i].taken = false;
    }
    ml_status status = read_source(j, NULL, NULL, 0, true, why);
    return status == ML_OK ? named_checks[which].check(&j->report, &j->in, why) : status;
}

static ml_status parse_up_to(const char *list, unsigned *what, ml_message *why)
{
    static const char *const words[] = {"sign", "scale", "order", "span", "labels"};
    for (const char *p = list; p != NULL && *p != '\0';) {
        size_t length = strcspn(p, ","), k = 0;
        while (k < 5 && (strlen(words[k]) != length || strncmp(words[k], p, length) != 0))
            k++;
        if (k == 5)
            return ml_fail(why, "--up-to: '%.*s' is not one of sign, scale, order, span, labels", (int)length,
                           p);
        *what |= 1u << k;
        p += length + (p[length] == ',');
    }
    if (*what & SAME_UP_TO_SPAN && *what != SAME_UP_TO_SPAN)
        return ml_fail(why, "--up-to: span already is up to sign, scale and order; give it alone");
    if (*what & SAME_UP_TO_LABELS && *what != SAME_UP_TO_LABELS)
        return ml_fail(why, "--up-to: labels stands alone");
    return ML_OK;
}

static const check_value *find_answer(const job *j, const char *name)
{
    for (size_t i = 0; i < j->in.count; i++)
        if (j->in.values[i].answer && strcmp(j->in.values[i].name, name) == 0)
            return &j->in.values[i];
    return NULL;
}

/* A file, or a value such as sqrt(1/2) or [1,2;3,4]. */
static ml_status read_reference(job *j, const char *text, ml_message *why)
{
    operand_binding b = {.name = "X", .value = text, .length = 1};
    if (access(text, F_OK) != 0 && (*text == '[' || check_cell_is_number(text, strlen(text))))
        return bind_literal(j, &b, why);
    bool rounded = *text == '~';
    return read_source(j, text + rounded, NULL, 0, true, why);
}

/* The reference is exact unless it was given as ~FILE.  When an answer is off by less than the last digit of
 * the reference, that is said. */
static ml_status compare_block(job *j, const ball *expected, const ball *mine, unsigned what,
                               const char *claim, const char *text, ml_message *why)
{
    bool rounded = *text == '~';
    const ball *exact =
        rounded ? expected : ball_make(&j->report.balls, expected->x, NULL, expected->q != NULL);
    if (exact == NULL)
        return ml_fail_memory(why, "a reference", sizeof *exact);
    if (!rounded && exact->q != NULL)
        fmpq_mat_set(exact->q, expected->q);
    ml_status status = check_same(&j->report, exact, mine, what, 0, claim, why);
    check_row *row = check_last(&j->report);
    if (status != ML_OK || row->verdict != CHECK_NO || expected->r == NULL || rounded || j->p.exact)
        return status;
    check_report again;
    check_defaults(&again);
    again.tolerance = j->p.tolerance;
    status = check_same(&again, expected, mine, what, 0, claim, why);
    if (status == ML_OK && check_last(&again)->verdict == CHECK_YES) {
        row->diagnosis.size = 0;
        buffer_printf(&row->diagnosis,
                      "equal to the digits of the reference; if that is rounded, say same ~%s", text);
    }
    check_free(&again);
    return status;
}

/* Labels that are texts must be numbered together: a class is a text, not its first appearance. */
static ml_status run_same(job *j, ml_message *why)
{
    unsigned what = 0;
    ml_status status = parse_up_to(j->p.up_to, &what, why);
    if (status != ML_OK)
        return status;
    if (j->claim_count != 2)
        return ml_fail(why, "same needs one reference: mlcheck same EXPECTED <MINE");
    j->labels = what & SAME_UP_TO_LABELS;
    job reference = {.c = j->c, .p = j->p, .labels = j->labels};
    status = read_reference(&reference, j->claims[1], why);
    if (status == ML_OK)
        status = read_answer(j, why);
    for (size_t i = 0; status == ML_OK && i < reference.in.count; i++) {
        const check_value *expected = &reference.in.values[i];
        const check_value *mine = find_answer(j, expected->name);
        if (mine == NULL && reference.in.count == 1 && j->in.count == 1)
            mine = &j->in.values[0];
        if (mine == NULL) {
            buffer_string(
                &check_add(&j->report, CHECK_NO, "%s == %s", expected->name, j->claims[1])->diagnosis,
                "missing");
            continue;
        }
        char claim[256];
        snprintf(claim, sizeof claim, "%.60s == %.180s", mine->name, j->claims[1]);
        status = compare_block(j, expected->b, mine->b, what, claim, j->claims[1], why);
    }
    /* its balls are compared with those of the report: let them live as long */
    ball **last = &j->report.balls.first;
    while (*last != NULL)
        last = &(*last)->next;
    *last = reference.report.balls.first;
    for (size_t i = 0; i < reference.in.count; i++) {
        free((void *)reference.in.values[i].columns);
        free(reference.names[i]);
    }
    free(reference.in.values);
    free(reference.names);
    for (size_t i = 0; i < reference.source_count; i++)
        blocks_free(&reference.sources[i]);
    free(reference.sources);
    return status;
}

/* Standard input is read when a name that looks like a matrix, or like unnamed data, has no value; names that
 * it does not have either are free variables. */
static ml_status read_for_claims(job *j, const check_claim *claims, ml_message *why)
{
    bool needed = false, must = false;
    ml_status status = ML_OK;
    for (size_t i = 0; status == ML_OK && i < j->claim_count; i++) {
        const expression *sides[2] = {claims[i].left, claims[i].right};
        const char **names = NULL;
        size_t count = 0;
        status = expression_names(sides, claims[i].right ? 2 : 1, &names, &count, why);
        for (size_t k = 0; status == ML_OK && k < count; k++) {
            bool known = false;
            for (size_t l = 0; l < j->in.count; l++)
                known |= strcmp(j->in.values[l].name, names[k]) == 0;
            known |= strcmp(names[k], "I") == 0;
            needed |= !known && names[k][0] >= 'A' && names[k][0] <= 'Z';
            must |= !known && (strcmp(names[k], "X") == 0 || claims[i].property != NULL);
        }
        free(names);
    }
    if (status != ML_OK || !(needed || must))
        return status;
    if (!must && isatty(STDIN_FILENO))
        return ML_OK;
    size_t before = j->source_count;
    status = read_source(j, NULL, NULL, 0, true, why);
    bool empty = status == ML_FAIL && j->source_count == before && strstr(why->text, "empty") != NULL;
    return empty && !must ? ML_OK : status;
}

static ml_status run_claims(job *j, ml_message *why)
{
    expression_space *space = expression_space_new();
    check_claim *claims = memory_zeros(j->claim_count, sizeof *claims);
    ml_status status =
        space && claims ? ML_OK : ml_fail_memory(why, "the claims", j->claim_count * sizeof *claims);
    for (size_t i = 0; status == ML_OK && i < j->claim_count; i++)
        status = check_claim_parse(&claims[i], space, j->claims[i], why);
    if (status == ML_OK)
        status = read_for_claims(j, claims, why);
    if (status == ML_OK)
        status = need_finite(j, why);
    for (size_t i = 0; status == ML_OK && i < j->claim_count; i++)
        status = check_claim_judge(&j->report, &claims[i], space, &j->in, j->c.seed, why);
    free(claims);
    expression_space_free(space);
    return status;
}

static bool never_names(const char *text, size_t length)
{
    (void)text;
    (void)length;
    return true;
}

/* The cells of standard input as expressions. */
static ml_status read_expressions(job *j, const char ***texts, size_t *count, ml_message *why)
{
    if (cli_needs_input(&j->c) >= 0)
        return ml_fail(why, "no answer to judge");
    if (!memory_grow(&j->sources, &j->source_capacity, j->source_count + 1, sizeof *j->sources))
        return ml_fail_memory(why, "an input", sizeof *j->sources);
    blocks *source = &j->sources[j->source_count];
    ml_status status = blocks_read(source, NULL, &j->c.reader, never_names, why);
    if (status != ML_OK)
        return status;
    j->source_count++;
    const block *b = &source->all[0];
    *texts = memory_zeros(b->rows * b->columns, sizeof **texts);
    if (*texts == NULL)
        return ml_fail_memory(why, "the answers", b->rows * b->columns * sizeof **texts);
    for (size_t i = 0; i < b->rows; i++)
        for (size_t k = 0; k < b->columns; k++) {
            size_t length;
            const char *text = block_cell(b, i, k, &length);
            if (((*texts)[(*count)++] = strndup(text, length)) == NULL)
                return ml_fail_memory(why, "the answers", length);
        }
    return ML_OK;
}

static bool is_comparison(const char *operand)
{
    return strstr(operand, "==") || strchr(operand, '<') || strchr(operand, '>');
}

/* Operands behind the name of the check: constraints are comparisons, then the function, then answers. */
static ml_status sort_operands(job *j, check_function *f, const char **text, const char **answers,
                               const char **constraints, ml_message *why)
{
    for (size_t i = 1; i < j->claim_count; i++) {
        if (f->constraint_count < j->claim_count && is_comparison(j->claims[i]))
            constraints[f->constraint_count++] = j->claims[i];
        else if (*text == NULL)
            *text = j->claims[i];
        else
            answers[f->answer_count++] = j->claims[i];
    }
    f->answers = answers;
    f->constraints = constraints;
    f->ranges = j->ranges;
    f->range_count = j->range_count;
    f->seed = j->c.seed;
    if (*text == NULL)
        return ml_fail(why, "%s needs a function: mlcheck %s 'x^2+y^2' ...", j->claims[0], j->claims[0]);
    return ML_OK;
}

/* With its answers from standard input where they are not among the operands. */
static ml_status judge_function(job *j, size_t which, check_function *f, ml_message *why)
{
    check_of_function *check = function_checks[which].check;
    bool symbolic = (check == check_gradient || check == check_hessian) && f->answer_count == 0 &&
                    !has_answer(j) && !check_function_at_point(f, &j->in);
    const char **texts = NULL;
    size_t count = 0;
    ml_status status = ML_OK;
    if (symbolic) {
        status = read_expressions(j, &texts, &count, why);
        f->answers = texts;
        f->answer_count = count;
    }
    if (status == ML_OK)
        status = check(&j->report, f, &j->in, why);
    if (status == ML_FAIL && j->in.missing) {
        status = read_source(j, NULL, NULL, 0, true, why);
        if (status == ML_OK)
            status = check(&j->report, f, &j->in, why);
    }
    for (size_t i = 0; i < count; i++)
        free((char *)texts[i]);
    free(texts);
    return status;
}

static ml_status run_function(job *j, size_t which, ml_message *why)
{
    expression_space *space = expression_space_new();
    const char *text = NULL, **answers = memory_zeros(2 * j->claim_count, sizeof *answers);
    check_function f = {0};
    j->in.check = function_checks[which].name;
    ml_status status = space && answers ? ML_OK : ml_fail_memory(why, "a function", sizeof f);
    if (status == ML_OK)
        status = sort_operands(j, &f, &text, answers, answers + j->claim_count, why);
    if (status == ML_OK)
        status = check_function_parse(&f, space, text, &j->in, why);
    if (status == ML_OK)
        status = judge_function(j, which, &f, why);
    check_function_free(&f);
    free(answers);
    expression_space_free(space);
    return status;
}

static bool is_check(const char *word)
{
    bool is = strcmp(word, "same") == 0;
    for (size_t i = 0; i < NAMED_CHECKS; i++)
        is |= strcmp(word, named_checks[i].name) == 0;
    for (size_t i = 0; i < FUNCTION_CHECKS; i++)
        is |= strcmp(word, function_checks[i].name) == 0;
    return is;
}

/* Operands given as options come first in the list; the name of a check goes before them. */
static void put_check_first(job *j)
{
    size_t i = 0;
    while (i < j->claim_count && !is_check(j->claims[i]))
        i++;
    if (i == j->claim_count)
        return;
    const char *name = j->claims[i];
    memmove(j->claims + 1, j->claims, i * sizeof *j->claims);
    j->claims[0] = name;
}

static bool is_file(const char *operand)
{
    return strcmp(operand, "-") == 0 || (strpbrk(operand, "./") != NULL && access(operand, F_OK) == 0);
}

static ml_status run(job *j, ml_message *why)
{
    ml_status status = take_operands(j, why);
    if (status != ML_OK)
        return status;
    put_check_first(j);
    if (j->claim_count == 0 || (j->claim_count == 1 && is_file(j->claims[0])))
        return run_properties(j, why);
    if (strcmp(j->claims[0], "same") == 0)
        return run_same(j, why);
    for (size_t i = 0; i < NAMED_CHECKS; i++)
        if (strcmp(j->claims[0], named_checks[i].name) == 0)
            return run_named(j, i, why);
    for (size_t i = 0; i < FUNCTION_CHECKS; i++)
        if (strcmp(j->claims[0], function_checks[i].name) == 0)
            return run_function(j, i, why);
    return run_claims(j, why);
}

/* --- output --- */

typedef struct texts {
    const char **claim, **verdict, **place, **diagnosis;
    double *off, *allowed;
} texts;

static bool make_texts(texts *t, size_t count)
{
    t->claim = memory_array(count, sizeof *t->claim);
    t->verdict = memory_array(count, sizeof *t->verdict);
    t->place = memory_array(count, sizeof *t->place);
    t->diagnosis = memory_array(count, sizeof *t->diagnosis);
    t->off = memory_array(count, sizeof *t->off);
    t->allowed = memory_array(count, sizeof *t->allowed);
    return t->claim && t->verdict && t->place && t->diagnosis && t->off && t->allowed;
}

static void free_texts(texts *t)
{
    free(t->claim);
    free(t->verdict);
    free(t->place);
    free(t->diagnosis);
    free(t->off);
    free(t->allowed);
}

static ml_status write_verdicts(job *j, writer *w, ml_message *why)
{
    static const char *const verdicts[] = {"yes", "no", "undecided"};
    texts t = {0};
    size_t count = j->report.count;
    bool made = make_texts(&t, count), any = j->listing;
    for (size_t i = 0; made && i < count; i++) {
        check_row *row = &j->report.rows[i];
        any |= row->diagnosis.size > 0;
        t.claim[i] = buffer_text(&row->claim);
        t.verdict[i] = verdicts[row->verdict];
        t.place[i] = buffer_text(&row->place);
        t.diagnosis[i] = buffer_text(&row->diagnosis);
        made = !row->claim.failed && !row->place.failed && !row->diagnosis.failed;
        t.off[i] = isnan(row->off) ? table_missing() : row->off;
        t.allowed[i] = isnan(row->allowed) ? table_missing() : row->allowed;
    }
    if (made) {
        column columns[] = {column_strings(j->listing ? "property" : "claim", t.claim),
                            column_strings("verdict", t.verdict),
                            column_strings("worst at", t.place),
                            column_reals(j->listing ? "value" : "off by", t.off, 1),
                            column_reals("allowed", t.allowed, 1),
                            column_strings(j->listing ? "decided by" : "diagnosis", t.diagnosis)};
        writer_block(w, "verdicts", columns, any ? 6 : 5, count);
    }
    free_texts(&t);
    return made ? ML_OK : ml_fail_memory(why, "the verdicts", count * sizeof *t.claim);
}

static void write_summary(const job *j, writer *w)
{
    double counts[3] = {0};
    for (size_t i = 0; i < j->report.count; i++)
        counts[j->report.rows[i].verdict]++;
    column columns[] = {column_reals("yes", &counts[0], 1), column_reals("no", &counts[1], 1),
                        column_reals("undecided", &counts[2], 1)};
    writer_block(w, "summary", columns, 3, 1);
}

/* Verdicts are the result, so they are printed whatever they are. */
static ml_status print(job *j, writer **w, ml_message *why)
{
    ml_status status = check_outcome(&j->report, why), written = ML_OK;
    if (status == ML_FAIL)
        return status;
    if ((*w = cli_output(&j->c)) == NULL)
        return ml_fail_memory(why, "the writer", 1);
    for (size_t i = 0; written == ML_OK && i < j->c.show_count; i++) {
        if (j->c.shows[i] == 0)
            written = write_verdicts(j, *w, why);
        else
            write_summary(j, *w);
    }
    return written != ML_OK ? written : j->listing ? ML_OK : status;
}

static void release(job *j)
{
    for (size_t i = 0; i < j->in.count; i++) {
        free((void *)j->in.values[i].columns);
        free(j->names[i]);
    }
    free(j->in.values);
    free(j->names);
    for (size_t i = 0; i < j->source_count; i++)
        blocks_free(&j->sources[i]);
    free(j->sources);
    free(j->claims);
    for (size_t i = 0; i < j->range_count; i++)
        free((char *)j->ranges[i].name);
    free(j->ranges);
    check_free(&j->report);
}

int main(int argc, char **argv)
{
    job j = {.p = {.tolerance = -1, .base = 2, .ddof = 1}};
    ml_message why;
    writer *w = NULL;
    int status = cli_parse(&j.c, &tool, &j.p, argc, argv);
    if (status >= 0)
        return status;
    check_defaults(&j.report);
    j.report.tolerance = j.p.tolerance;
    j.report.exact = j.p.exact;
    j.in.base = j.p.base;
    j.in.ddof = (double)j.p.ddof;
    status = run(&j, &why);
    if (status == ML_OK)
        status = print(&j, &w, &why);
    if (status == ML_FAIL)
        cli_fail(&j.c, &why);
    status = cli_close(&j.c, w, status);
    release(&j);
    return status;
}
