#include "math/tape.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "math/symbolic.h"
#include "math/tape_build.h"

enum { MOST_BOUND = 64, MOST_TERMS = 10000000 };

/* A matrix of nodes. */
typedef struct shape {
    size_t rows, columns;
    uint32_t *node;
} shape;

typedef struct arena {
    struct arena *next;
    max_align_t data[];
} arena;

typedef struct compiler {
    tape_build build;
    arena *memory;
    const tape_variable *variables;
    size_t variable_count;
    shape *known; /* by id; node NULL: not yet */
    size_t known_count;
    uint32_t bound[MOST_BOUND]; /* nodes of the names that sums bind, by level */
    ml_message *why;
} compiler;

static ml_status compile(compiler *c, const expression *e, shape *out);
static ml_status whole_number(compiler *c, const expression *e, double least, double most, long *n);

/* --- shapes --- */

static ml_status make(compiler *c, size_t rows, size_t columns, shape *out)
{
    size_t count = rows * columns;
    arena *a = count <= TAPE_NODES ? malloc(sizeof *a + (count ? count : 1) * sizeof(uint32_t)) : NULL;
    if (a == NULL)
        return ml_fail_memory(c->why, "an expression", count * sizeof(uint32_t));
    a->next = c->memory;
    c->memory = a;
    *out = (shape){rows, columns, (uint32_t *)a->data};
    return ML_OK;
}

static ml_status scalar(compiler *c, uint32_t node, shape *out)
{
    ml_status status = make(c, 1, 1, out);
    if (status == ML_OK)
        out->node[0] = node;
    return status;
}

static size_t size_of(const shape *s)
{
    return s->rows * s->columns;
}

static bool is_scalar(const shape *s)
{
    return s->rows == 1 && s->columns == 1;
}

static ml_status fail_shapes(compiler *c, const expression *e, const shape *a, const shape *b)
{
    return expression_fail(
        c->why, e, "the shapes do not fit: %zu x %zu and %zu x %zu%s", a->rows, a->columns, b->rows,
        b->columns, size_of(a) == size_of(b) ? "; A' turns a row into a column, dot(a, b) takes both" : "");
}

static ml_status two(compiler *c, const expression *e, shape *a, shape *b)
{
    ml_status status = compile(c, e->args[0], a);
    return status == ML_OK ? compile(c, e->args[1], b) : status;
}

/* OP entry by entry; a number goes with every entry. */
static ml_status entrywise(compiler *c, const expression *e, uint32_t op, const shape *a, const shape *b,
                           shape *out)
{
    bool one = is_scalar(a), other = is_scalar(b);
    if (!one && !other && (a->rows != b->rows || a->columns != b->columns))
        return fail_shapes(c, e, a, b);
    const shape *big = one ? b : a;
    ml_status status = make(c, big->rows, big->columns, out);
    for (size_t i = 0; status == ML_OK && i < size_of(big); i++) {
        c->build.origin = e;
        uint32_t x = a->node[one ? 0 : i], y = b->node[other ? 0 : i];
        out->node[i] = op == TAPE_POWER ? tape_put_power(&c->build, x, y) : tape_put(&c->build, op, x, y, x);
    }
    return status;
}

static uint32_t node_of_two(compiler *c, uint32_t op, uint32_t x, uint32_t y)
{
    return tape_put(&c->build, op, x, y, x);
}

/* sum_k a(i,k) b(k,j) */
static uint32_t inner(compiler *c, const shape *a, size_t i, const shape *b, size_t j)
{
    uint32_t sum = 0;
    for (size_t k = 0; k < a->columns; k++) {
        uint32_t term =
            node_of_two(c, TAPE_MULTIPLY, a->node[i * a->columns + k], b->node[k * b->columns + j]);
        sum = k == 0 ? term : node_of_two(c, TAPE_ADD, sum, term);
    }
    return sum;
}

static ml_status multiply(compiler *c, const expression *e, const shape *a, const shape *b, shape *out)
{
    if (is_scalar(a) || is_scalar(b))
        return entrywise(c, e, TAPE_MULTIPLY, a, b, out);
    if (a->columns != b->rows)
        return fail_shapes(c, e, a, b);
    ml_status status = make(c, a->rows, b->columns, out);
    c->build.origin = e;
    for (size_t i = 0; status == ML_OK && i < a->rows; i++)
        for (size_t j = 0; j < b->columns; j++)
            out->node[i * b->columns + j] = inner(c, a, i, b, j);
    return status;
}

static ml_status identity_like(compiler *c, size_t n, shape *out)
{
    ml_status status = make(c, n, n, out);
    for (size_t i = 0; status == ML_OK && i < n * n; i++)
        out->node[i] = tape_put_constant(&c->build, i % (n + 1) == 0);
    return status;
}

static ml_status power(compiler *c, const expression *e, const shape *a, const shape *b, shape *out)
{
    double k;
    if (is_scalar(a) || !is_scalar(b))
        return is_scalar(a) && is_scalar(b) ? entrywise(c, e, TAPE_POWER, a, b, out)
                                            : fail_shapes(c, e, a, b);
    if (a->rows != a->columns)
        return expression_fail(c->why, e, "only a square matrix has powers, and this is %zu x %zu", a->rows,
                               a->columns);
    if (!tape_is_constant(&c->build, b->node[0], &k) || k != floor(k) || k < 0 || k > 1000)
        return expression_fail(c->why, e->args[1], "the power of a matrix is a whole number from 0 to 1000");
    ml_status status = identity_like(c, a->rows, out);
    for (int i = 0; status == ML_OK && i < (int)k; i++) {
        shape previous = *out;
        status = multiply(c, e, &previous, a, out);
    }
    return status;
}

static ml_status binary(compiler *c, const expression *e, shape *out)
{
    shape a, b;
    ml_status status = two(c, e, &a, &b);
    if (status != ML_OK)
        return status;
    switch (e->op) {
    case OPERATOR_ADD:
        return entrywise(c, e, TAPE_ADD, &a, &b, out);
    case OPERATOR_SUBTRACT:
        return entrywise(c, e, TAPE_SUBTRACT, &a, &b, out);
    case OPERATOR_MULTIPLY:
        return multiply(c, e, &a, &b, out);
    case OPERATOR_DIVIDE:
        return is_scalar(&b) ? entrywise(c, e, TAPE_DIVIDE, &a, &b, out) : fail_shapes(c, e, &a, &b);
    default:
        return power(c, e, &a, &b, out);
    }
}

static ml_status comparison(compiler *c, const expression *e, shape *out)
{
    shape a, b;
    ml_status status = two(c, e, &a, &b);
    if (status != ML_OK)
        return status;
    if (!is_scalar(&a) || !is_scalar(&b))
        return expression_fail(c->why, e, "only numbers are compared, not %zu x %zu and %zu x %zu", a.rows,
                               a.columns, b.rows, b.columns);
    bool turn = e->op == OPERATOR_GREATER || e->op == OPERATOR_AT_LEAST;
    uint32_t op = e->op == OPERATOR_EQUAL                               ? TAPE_EQUAL
                  : e->op == OPERATOR_UNEQUAL                           ? TAPE_UNEQUAL
                  : e->op == OPERATOR_LESS || e->op == OPERATOR_GREATER ? TAPE_LESS
                                                                        : TAPE_AT_MOST;
    return entrywise(c, e, op, turn ? &b : &a, turn ? &a : &b, out);
}

/* --- calls --- */

static ml_status each(compiler *c, const expression *e, uint32_t op, shape *out)
{
    shape a;
    ml_status status = compile(c, e->args[0], &a);
    if (status == ML_OK)
        status = make(c, a.rows, a.columns, out);
    c->build.origin = e;
    for (size_t i = 0; status == ML_OK && i < size_of(&a); i++)
        out->node[i] = tape_put(&c->build, op, a.node[i], a.node[i], a.node[i]);
    return status;
}

/* OP over the entries from left to right; EMPTY where there are none. */
static ml_status reduce(compiler *c, const expression *e, uint32_t op, const shape *a, double empty,
                        shape *out)
{
    c->build.origin = e;
    uint32_t sum = size_of(a) > 0 ? a->node[0] : tape_put_constant(&c->build, empty);
    for (size_t i = 1; i < size_of(a); i++)
        sum = node_of_two(c, op, sum, a->node[i]);
    return scalar(c, sum, out);
}

static ml_status extreme(compiler *c, const expression *e, shape *out)
{
    uint32_t op = e->op == FUNCTION_MIN ? TAPE_MIN : TAPE_MAX;
    shape a;
    ml_status status = compile(c, e->args[0], &a);
    if (status != ML_OK || e->count == 1)
        return status == ML_OK ? reduce(c, e, op, &a, NAN, out) : status;
    *out = a;
    for (size_t k = 1; status == ML_OK && k < e->count; k++) {
        shape b, before = *out;
        status = compile(c, e->args[k], &b);
        if (status == ML_OK)
            status = entrywise(c, e, op, &before, &b, out);
    }
    return status;
}

/* (sum |a_i|^p)^(1/p); for 2 by hypot, which does not overflow and has the derivative 0 at 0 */
static ml_status norm(compiler *c, const expression *e, shape *out)
{
    shape a, p;
    double order = 2;
    ml_status status = compile(c, e->args[0], &a);
    if (status == ML_OK && e->count > 1)
        status = compile(c, e->args[1], &p);
    if (status != ML_OK)
        return status;
    if (e->count > 1 && (!is_scalar(&p) || !tape_is_constant(&c->build, p.node[0], &order) || !(order >= 1)))
        return expression_fail(c->why, e->args[1], "the order of a norm is a number from 1 on, or inf");
    if (a.rows > 1 && a.columns > 1 && order != 2)
        return expression_fail(c->why, e, "of a matrix only the Frobenius norm norm(A) is known here");
    c->build.origin = e;
    uint32_t zero = tape_put_constant(&c->build, 0), sum = zero;
    for (size_t i = 0; i < size_of(&a); i++) {
        uint32_t x = a.node[i];
        if (order == 2 && size_of(&a) > 1) {
            sum = i == 0 ? x : node_of_two(c, TAPE_HYPOT, sum, x);
            continue;
        }
        x = tape_put(&c->build, TAPE_CALL + FUNCTION_ABS, x, x, x);
        if (isfinite(order) && order != 2)
            x = tape_put_power(&c->build, x, tape_put_constant(&c->build, order));
        sum = i == 0 ? x : node_of_two(c, isinf(order) ? TAPE_MAX : TAPE_ADD, sum, x);
    }
    if (isfinite(order) && order > 1 && order != 2)
        sum = tape_put_power(&c->build, sum, tape_put_constant(&c->build, 1 / order));
    return scalar(c, sum, out);
}

static ml_status dot(compiler *c, const expression *e, shape *out)
{
    shape a, b;
    ml_status status = two(c, e, &a, &b);
    if (status != ML_OK)
        return status;
    if (size_of(&a) != size_of(&b))
        return fail_shapes(c, e, &a, &b);
    shape row = {1, size_of(&a), a.node}, column = {size_of(&b), 1, b.node};
    c->build.origin = e;
    return scalar(c, size_of(&a) > 0 ? inner(c, &row, 0, &column, 0) : tape_put_constant(&c->build, 0), out);
}

static ml_status transpose(compiler *c, const shape *a, shape *out)
{
    ml_status status = make(c, a->columns, a->rows, out);
    for (size_t i = 0; status == ML_OK && i < a->rows; i++)
        for (size_t j = 0; j < a->columns; j++)
            out->node[j * a->rows + i] = a->node[i * a->columns + j];
    return status;
}

static ml_status mean(compiler *c, const expression *e, const shape *a, shape *out)
{
    shape sum;
    ml_status status = reduce(c, e, TAPE_ADD, a, 0, &sum);
    if (status != ML_OK)
        return status;
    uint32_t n = tape_put_constant(&c->build, (double)size_of(a));
    return scalar(c, node_of_two(c, TAPE_DIVIDE, sum.node[0], n), out);
}

static ml_status of_whole(compiler *c, const expression *e, shape *out)
{
    shape a;
    ml_status status = compile(c, e->args[0], &a);
    if (status != ML_OK)
        return status;
    switch (e->op) {
    case FUNCTION_SUM:
        return reduce(c, e, TAPE_ADD, &a, 0, out);
    case FUNCTION_PROD:
        return reduce(c, e, TAPE_MULTIPLY, &a, 1, out);
    case FUNCTION_MEAN:
        return mean(c, e, &a, out);
    case FUNCTION_T:
        return transpose(c, &a, out);
    default:
        return scalar(c, tape_put_constant(&c->build, (double)size_of(&a)), out);
    }
}

/* zeros(n, m), ones(n, m), eye(n) */
static ml_status constant_matrix(compiler *c, const expression *e, shape *out)
{
    long rows, columns = 1;
    ml_status status = whole_number(c, e->args[0], 1, TAPE_NODES, &rows);
    if (status == ML_OK && e->count > 1)
        status = whole_number(c, e->args[1], 1, TAPE_NODES, &columns);
    if (status == ML_OK && e->op == FUNCTION_EYE)
        return identity_like(c, (size_t)rows, out);
    if (status == ML_OK)
        status = make(c, (size_t)rows, (size_t)columns, out);
    c->build.origin = e;
    for (size_t i = 0; status == ML_OK && i < size_of(out); i++)
        out->node[i] = tape_put_constant(&c->build, e->op == FUNCTION_ONES);
    return status;
}

static ml_status trace(compiler *c, const expression *e, shape *out)
{
    shape a;
    ml_status status = compile(c, e->args[0], &a);
    if (status != ML_OK)
        return status;
    if (a.rows != a.columns)
        return expression_fail(c->why, e, "only a square matrix has a trace, and this is %zu x %zu", a.rows,
                               a.columns);
    shape diagonal = {0};
    status = make(c, a.rows, 1, &diagonal);
    for (size_t i = 0; status == ML_OK && i < a.rows; i++)
        diagonal.node[i] = a.node[i * a.columns + i];
    return status == ML_OK ? reduce(c, e, TAPE_ADD, &diagonal, 0, out) : status;
}

static ml_status call(compiler *c, const expression *e, shape *out)
{
    shape a, b;
    ml_status status;
    switch (e->op) {
    case FUNCTION_ZEROS:
    case FUNCTION_ONES:
    case FUNCTION_EYE:
        return constant_matrix(c, e, out);
    case FUNCTION_TR:
        return trace(c, e, out);
    case FUNCTION_HADAMARD:
        status = two(c, e, &a, &b);
        return status == ML_OK ? entrywise(c, e, TAPE_MULTIPLY, &a, &b, out) : status;
    case FUNCTION_ATAN2:
    case FUNCTION_HYPOT:
    case FUNCTION_POW:
        status = two(c, e, &a, &b);
        return status != ML_OK ? status
                               : entrywise(c, e,
                                           e->op == FUNCTION_ATAN2   ? TAPE_ATAN2
                                           : e->op == FUNCTION_HYPOT ? TAPE_HYPOT
                                                                     : TAPE_POWER,
                                           &a, &b, out);
    case FUNCTION_MIN:
    case FUNCTION_MAX:
        return extreme(c, e, out);
    case FUNCTION_SUM:
    case FUNCTION_MEAN:
    case FUNCTION_PROD:
    case FUNCTION_LENGTH:
    case FUNCTION_T:
        return of_whole(c, e, out);
    case FUNCTION_DOT:
        return dot(c, e, out);
    case FUNCTION_NORM:
        return norm(c, e, out);
    default:
        if (e->op >= FUNCTION_EXP && e->op <= FUNCTION_RELU)
            return each(c, e, TAPE_CALL + (uint32_t)e->op, out);
        return expression_fail(c->why, e, "%s cannot be used here", expression_function_of(e->op)->name);
    }
}

/* --- the rest --- */

static ml_status whole_number(compiler *c, const expression *e, double least, double most, long *n)
{
    shape s;
    double x = NAN;
    ml_status status = compile(c, e, &s);
    if (status != ML_OK)
        return status;
    if (c->build.failed) {
        *n = (long)least;
        return ML_OK;
    }
    if (!is_scalar(&s) || !tape_is_constant(&c->build, s.node[0], &x))
        return expression_fail(c->why, e, "a constant is needed here, not a value that varies");
    if (!(x == floor(x) && x >= least && x <= most))
        return expression_fail(c->why, e, "a whole number from %.0f to %.0f is needed here, not %g", least,
                               most, x);
    *n = (long)x;
    return ML_OK;
}

static ml_status indexed(compiler *c, const expression *e, shape *out)
{
    shape a;
    long i, j;
    ml_status status = compile(c, e->args[0], &a);
    if (status != ML_OK)
        return status;
    if (e->count == 2) {
        if (a.rows > 1 && a.columns > 1)
            return expression_fail(c->why, e, "a matrix of %zu x %zu takes two indices", a.rows, a.columns);
        status = whole_number(c, e->args[1], 1, (double)size_of(&a), &i);
        return status == ML_OK ? scalar(c, a.node[i - 1], out) : status;
    }
    status = whole_number(c, e->args[1], 1, (double)a.rows, &i);
    if (status == ML_OK)
        status = whole_number(c, e->args[2], 1, (double)a.columns, &j);
    return status == ML_OK ? scalar(c, a.node[(size_t)(i - 1) * a.columns + (size_t)(j - 1)], out) : status;
}

/* Rows of blocks side by side, as [a, b; c, d]; numbers are 1 x 1 blocks. */
static ml_status matrix(compiler *c, const expression *e, shape *out)
{
    ml_status status = make(c, e->rows, e->columns, out);
    for (size_t k = 0; status == ML_OK && k < e->count; k++) {
        shape entry;
        status = compile(c, e->args[k], &entry);
        if (status == ML_OK && !is_scalar(&entry))
            return expression_fail(c->why, e->args[k], "an entry is a number, and this is %zu x %zu",
                                   entry.rows, entry.columns);
        if (status == ML_OK)
            out->node[k] = entry.node[0];
    }
    return status;
}

static ml_status series(compiler *c, const expression *e, shape *out)
{
    long from, to;
    ml_status status = whole_number(c, e->args[0], -1e9, 1e9, &from);
    if (status == ML_OK)
        status = whole_number(c, e->args[1], -1e9, 1e9, &to);
    if (status != ML_OK)
        return status;
    if (e->level > MOST_BOUND)
        return expression_fail(c->why, e, "sums are nested deeper than %d", MOST_BOUND);
    if (to - from >= MOST_TERMS)
        return expression_fail(c->why, e, "a sum has at most %d terms", MOST_TERMS);
    bool product = e->op == FUNCTION_PROD;
    if (to < from)
        return scalar(c, tape_put_constant(&c->build, product), out);
    for (long i = from; status == ML_OK && i <= to && !c->build.failed; i++) {
        shape term, sum = *out;
        c->bound[e->level - 1] = tape_put_constant(&c->build, (double)i);
        status = compile(c, e->args[2], &term);
        if (status == ML_OK && i == from)
            *out = term;
        else if (status == ML_OK)
            status = product ? multiply(c, e, &sum, &term, out) : entrywise(c, e, TAPE_ADD, &sum, &term, out);
    }
    return status;
}

static ml_status conditional(compiler *c, const expression *e, shape *out)
{
    shape when, yes, no;
    ml_status status = compile(c, e->args[0], &when);
    if (status == ML_OK)
        status = compile(c, e->args[1], &yes);
    if (status == ML_OK)
        status = compile(c, e->args[2], &no);
    if (status != ML_OK)
        return status;
    if (!is_scalar(&when))
        return expression_fail(c->why, e->args[0], "a condition is a number, and this is %zu x %zu",
                               when.rows, when.columns);
    if (yes.rows != no.rows || yes.columns != no.columns)
        return fail_shapes(c, e, &yes, &no);
    status = make(c, yes.rows, yes.columns, out);
    c->build.origin = e;
    for (size_t i = 0; status == ML_OK && i < size_of(&yes); i++)
        out->node[i] = tape_put(&c->build, TAPE_SELECT, when.node[0], yes.node[i], no.node[i]);
    return status;
}

static ml_status negated(compiler *c, const expression *e, shape *out)
{
    return each(c, e, TAPE_NEGATE, out);
}

static ml_status named(compiler *c, const expression *e, shape *out)
{
    double value;
    c->build.origin = e;
    if (e->level > 0)
        return scalar(c, c->bound[e->level - 1], out);
    for (size_t v = 0; v < c->variable_count; v++)
        if (strcmp(c->variables[v].name, e->text) == 0) {
            *out = c->known[c->known_count + v];
            return ML_OK;
        }
    if (expression_constant(e->text, &value))
        return scalar(c, tape_put_constant(&c->build, value), out);
    return expression_fail(c->why, e, "'%.60s' has no value here", e->text);
}

static ml_status rule(compiler *c, const expression *e, shape *out)
{
    switch (e->kind) {
    case EXPRESSION_NUMBER:
        if (e->imaginary)
            return expression_fail(c->why, e, "only real numbers here");
        c->build.origin = e;
        return scalar(c, tape_put_constant(&c->build, e->value), out);
    case EXPRESSION_NAME:
        return named(c, e, out);
    case EXPRESSION_INDEX:
        return indexed(c, e, out);
    case EXPRESSION_CALL:
        return call(c, e, out);
    case EXPRESSION_NEGATE:
        return negated(c, e, out);
    case EXPRESSION_BINARY:
        return binary(c, e, out);
    case EXPRESSION_COMPARISON:
        return comparison(c, e, out);
    case EXPRESSION_MATRIX:
        return matrix(c, e, out);
    case EXPRESSION_SERIES:
        return series(c, e, out);
    case EXPRESSION_CONDITIONAL:
        return conditional(c, e, out);
    }
    return expression_fail(c->why, e, "this cannot be used here");
}

static ml_status compile(compiler *c, const expression *e, shape *out)
{
    bool keeps = e->bound == 0 && e->id < c->known_count;
    if (keeps && c->known[e->id].node != NULL) {
        *out = c->known[e->id];
        return ML_OK;
    }
    ml_status status = rule(c, e, out);
    if (status == ML_OK && keeps)
        c->known[e->id] = *out;
    return status;
}

/* --- a whole tape --- */

/* The nodes of the variables, columns and parameters in order. */
static ml_status put_variables(compiler *c)
{
    size_t parameters = 0;
    for (size_t v = 0; v < c->variable_count; v++) {
        const tape_variable *x = c->variables + v;
        shape *s = c->known + c->known_count + v;
        ml_status status = make(c, x->rows, x->columns, s);
        if (status != ML_OK)
            return status;
        for (size_t i = 0; i < size_of(s); i++)
            s->node[i] = x->data ? tape_put_input(&c->build, TAPE_COLUMN, x->column[i])
                                 : tape_put_input(&c->build, TAPE_PARAMETER, parameters++);
    }
    return ML_OK;
}

/* Columns come in the order of their numbers, whichever variable has them. */
static ml_status put_columns(compiler *c)
{
    size_t columns = 0;
    for (size_t v = 0; v < c->variable_count; v++)
        for (size_t i = 0; c->variables[v].data && i < c->variables[v].rows * c->variables[v].columns; i++)
            columns = c->variables[v].column[i] + 1 > columns ? c->variables[v].column[i] + 1 : columns;
    for (size_t i = 0; i < columns; i++)
        tape_put_input(&c->build, TAPE_COLUMN, i);
    return put_variables(c);
}

static ml_status take_roots(compiler *c, tape *t, const shape *roots, size_t count)
{
    t->root_count = count;
    for (size_t i = 0; i < count; i++)
        t->output_count += size_of(roots + i);
    t->roots = memory_array(count, sizeof *t->roots);
    t->outputs = memory_array(t->output_count, sizeof *t->outputs);
    if (t->roots == NULL || t->outputs == NULL)
        return ml_fail_memory(c->why, "an expression", t->output_count * sizeof *t->outputs);
    size_t at = 0;
    for (size_t i = 0; i < count; i++) {
        memcpy(t->outputs + at, roots[i].node, size_of(roots + i) * sizeof *t->outputs);
        t->roots[i] = (tape_root){roots[i].rows, roots[i].columns, t->outputs + at};
        at += size_of(roots + i);
    }
    return ML_OK;
}

static ml_status compile_roots(compiler *c, const expression *const *roots, size_t count, tape *t)
{
    shape *shapes = memory_zeros(count, sizeof *shapes);
    ml_status status =
        shapes ? put_columns(c) : ml_fail_memory(c->why, "an expression", count * sizeof *shapes);
    for (size_t i = 0; status == ML_OK && i < count; i++)
        status = compile(c, roots[i], shapes + i);
    if (status == ML_OK)
        status = take_roots(c, t, shapes, count);
    if (status == ML_OK)
        status = tape_finish(&c->build, t, c->why);
    free(shapes);
    return status;
}

/* diff(f, x) is resolved without shapes, so x has to be a number. */
static ml_status check_diff(const compiler *c, const expression *e, bool *seen)
{
    ml_status status = ML_OK;
    if (e->id < c->known_count && seen[e->id])
        return ML_OK;
    for (size_t v = 0; e->kind == EXPRESSION_CALL && e->op == FUNCTION_DIFF && v < c->variable_count; v++) {
        const tape_variable *x = c->variables + v;
        if (strcmp(x->name, e->args[1]->kind == EXPRESSION_NAME ? e->args[1]->text : "") == 0 &&
            x->rows * x->columns != 1)
            return expression_fail(c->why, e, "diff(f, x): x is a number, and '%.60s' is %zu x %zu", x->name,
                                   x->rows, x->columns);
    }
    for (size_t i = 0; status == ML_OK && i < e->count; i++)
        status = check_diff(c, e->args[i], seen);
    if (e->id < c->known_count)
        seen[e->id] = true;
    return status;
}

static ml_status resolve(compiler *c, expression_space *s, const expression *const *roots, size_t count,
                         const expression **out)
{
    c->known_count = expression_count(s);
    bool *seen = memory_zeros(c->known_count, sizeof *seen);
    ml_status status = seen ? ML_OK : ml_fail_memory(c->why, "an expression", c->known_count);
    for (size_t i = 0; status == ML_OK && i < count; i++)
        status = check_diff(c, roots[i], seen);
    for (size_t i = 0; status == ML_OK && i < count; i++)
        status = symbolic_resolve(s, roots[i], out + i, c->why);
    free(seen);
    return status;
}

ml_status tape_new(expression_space *s, const expression *const *roots, size_t count,
                   const tape_variable *variables, size_t variable_count, tape **out, ml_message *why)
{
    compiler c = {.variables = variables, .variable_count = variable_count, .why = why};
    tape *t = memory_zeros(1, sizeof *t);
    const expression **resolved = memory_array(count, sizeof *resolved);
    ml_status status = t && resolved ? resolve(&c, s, roots, count, resolved)
                                     : ml_fail_memory(why, "an expression", count * sizeof *resolved);
    if (status == ML_OK) {
        c.known_count = expression_count(s);
        c.known = memory_zeros(c.known_count + variable_count, sizeof *c.known);
        status = c.known ? compile_roots(&c, resolved, count, t)
                         : ml_fail_memory(why, "an expression", c.known_count * sizeof *c.known);
    }
    for (arena *a = c.memory, *next; a != NULL; a = next) {
        next = a->next;
        free(a);
    }
    free(c.known);
    free(resolved);
    tape_build_free(&c.build);
    if (status != ML_OK) {
        tape_free(t);
        t = NULL;
    }
    *out = t;
    return status;
}

void tape_free(tape *t)
{
    if (t == NULL)
        return;
    free(t->nodes);
    free(t->origins);
    free(t->active);
    free(t->slot);
    free(t->curved);
    free(t->roots);
    free(t->outputs);
    free(t->terms);
    free(t);
}

static void *copy_of(const void *from, size_t count, size_t size)
{
    void *to = memory_array(count, size);
    return to ? memcpy(to, from, count * size) : NULL;
}

ml_status tape_of_nodes(const tape *t, const uint32_t *nodes, size_t count, tape **out, ml_message *why)
{
    tape *n = copy_of(t, 1, sizeof *t);
    if (n != NULL) {
        n->nodes = copy_of(t->nodes, t->count, sizeof *t->nodes);
        n->origins = copy_of(t->origins, t->count, sizeof *t->origins);
        n->active = copy_of(t->active, t->count, sizeof *t->active);
        n->slot = copy_of(t->slot, t->count, sizeof *t->slot);
        n->curved = copy_of(t->curved, t->slots, sizeof *t->curved);
        n->outputs = copy_of(nodes, count, sizeof *nodes);
        n->roots = memory_array(1, sizeof *n->roots);
        n->terms = NULL;
    }
    *out = n;
    if (n == NULL || n->nodes == NULL || n->origins == NULL || n->active == NULL || n->slot == NULL ||
        n->curved == NULL || n->outputs == NULL || n->roots == NULL) {
        tape_free(n);
        *out = NULL;
        return ml_fail_memory(why, "an expression", t->count * sizeof *t->nodes);
    }
    n->root_count = 1;
    n->output_count = count;
    n->roots[0] = (tape_root){count, 1, n->outputs};
    return ML_OK;
}

ml_status tape_constant(expression_space *s, const expression *e, gsl_matrix **value, ml_message *why)
{
    tape *t;
    *value = NULL;
    ml_status status = tape_new(s, &e, 1, NULL, 0, &t, why);
    if (status != ML_OK)
        return status;
    tape_run *r = tape_run_new(t);
    if (t->output_count > 0)
        *value = gsl_matrix_alloc(t->roots->rows, t->roots->columns);
    if (r == NULL || *value == NULL)
        status = ml_fail_memory(why, "an expression", t->count * sizeof(double));
    else
        tape_value(r, NULL, (*value)->data);
    tape_run_free(r);
    tape_free(t);
    return status;
}

void tape_parameter_name(buffer *out, const tape_variable *variables, size_t count, size_t parameter)
{
    for (size_t v = 0; v < count; v++) {
        size_t size = variables[v].rows * variables[v].columns;
        if (variables[v].data)
            continue;
        if (parameter >= size) {
            parameter -= size;
            continue;
        }
        buffer_string(out, variables[v].name);
        if (size > 1 && variables[v].columns == 1)
            buffer_printf(out, "[%zu]", parameter + 1);
        else if (size > 1)
            buffer_printf(out, "[%zu,%zu]", parameter / variables[v].columns + 1,
                          parameter % variables[v].columns + 1);
        return;
    }
}

/* --- sums of squares --- */

typedef struct squares {
    const tape *t;
    uint32_t *terms;
    double *scales;
    size_t count, terms_capacity, scales_capacity;
    bool failed;
} squares;

static void add_square(squares *s, uint32_t node, double scale)
{
    if (!memory_grow(&s->terms, &s->terms_capacity, s->count + 1, sizeof *s->terms) ||
        !memory_grow(&s->scales, &s->scales_capacity, s->count + 1, sizeof *s->scales)) {
        s->failed = true;
        return;
    }
    s->terms[s->count] = node;
    s->scales[s->count++] = scale;
}

/* Sums are chains to the left, so the loop goes down A and only B is a call. */
static bool decompose(squares *s, uint32_t node, double scale)
{
    for (;;) {
        const tape_node *n = s->t->nodes + node, *a = s->t->nodes + n->a, *b = s->t->nodes + n->b;
        if (n->op == TAPE_ADD) {
            if (!decompose(s, n->b, scale))
                return false;
            node = n->a;
        } else if (n->op == TAPE_SQUARE && scale > 0) {
            add_square(s, n->a, scale);
            return true;
        } else if (n->op == TAPE_MULTIPLY && a->op == TAPE_CONSTANT) {
            scale *= a->k;
            node = n->b;
        } else if (n->op == TAPE_MULTIPLY && b->op == TAPE_CONSTANT) {
            scale *= b->k;
            node = n->a;
        } else if (n->op == TAPE_DIVIDE && b->op == TAPE_CONSTANT) {
            scale /= b->k;
            node = n->a;
        } else {
            return false;
        }
    }
}

ml_status tape_squares(const tape *t, uint32_t **terms, double **scales, size_t *count, ml_message *why)
{
    squares s = {.t = t};
    bool whole = decompose(&s, t->outputs[0], 1);
    if (s.failed || !whole) {
        free(s.terms);
        free(s.scales);
        s.terms = NULL;
        s.scales = NULL;
        s.count = 0;
    }
    *terms = s.terms;
    *scales = s.scales;
    *count = s.count;
    return s.failed ? ml_fail_memory(why, "residuals", s.count * sizeof(uint32_t)) : ML_OK;
}
