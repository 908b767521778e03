#include "math/expression.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/number.h"
#include "math/expression_internal.h"

const expression_function expression_functions[] = {
    {"exp", FUNCTION_EXP, 1, 1, "e^x"},
    {"log", FUNCTION_LOG, 1, 1, "natural logarithm"},
    {"log2", FUNCTION_LOG2, 1, 1, "logarithm to base 2"},
    {"log10", FUNCTION_LOG10, 1, 1, "logarithm to base 10"},
    {"log1p", FUNCTION_LOG1P, 1, 1, "log(1+x), accurate for small x"},
    {"expm1", FUNCTION_EXPM1, 1, 1, "exp(x)-1, accurate for small x"},
    {"sqrt", FUNCTION_SQRT, 1, 1, "square root"},
    {"cbrt", FUNCTION_CBRT, 1, 1, "cube root"},
    {"abs", FUNCTION_ABS, 1, 1, "absolute value; its derivative at 0 is 0"},
    {"sign", FUNCTION_SIGN, 1, 1, "-1, 0 or 1; its derivative is 0"},
    {"floor", FUNCTION_FLOOR, 1, 1, "the integer at or below x; its derivative is 0"},
    {"ceil", FUNCTION_CEIL, 1, 1, "the integer at or above x; its derivative is 0"},
    {"sin", FUNCTION_SIN, 1, 1, "sine of x in radians"},
    {"cos", FUNCTION_COS, 1, 1, "cosine"},
    {"tan", FUNCTION_TAN, 1, 1, "tangent"},
    {"asin", FUNCTION_ASIN, 1, 1, "arc sine"},
    {"acos", FUNCTION_ACOS, 1, 1, "arc cosine"},
    {"atan", FUNCTION_ATAN, 1, 1, "arc tangent"},
    {"sinh", FUNCTION_SINH, 1, 1, "hyperbolic sine"},
    {"cosh", FUNCTION_COSH, 1, 1, "hyperbolic cosine"},
    {"tanh", FUNCTION_TANH, 1, 1, "hyperbolic tangent"},
    {"asinh", FUNCTION_ASINH, 1, 1, "inverse hyperbolic sine"},
    {"acosh", FUNCTION_ACOSH, 1, 1, "inverse hyperbolic cosine"},
    {"atanh", FUNCTION_ATANH, 1, 1, "inverse hyperbolic tangent"},
    {"erf", FUNCTION_ERF, 1, 1, "error function"},
    {"erfc", FUNCTION_ERFC, 1, 1, "1-erf(x), accurate for large x"},
    {"gamma", FUNCTION_GAMMA, 1, 1, "gamma function; gamma(n+1) is n factorial"},
    {"lgamma", FUNCTION_LGAMMA, 1, 1, "log(abs(gamma(x)))"},
    {"digamma", FUNCTION_DIGAMMA, 1, 1, "derivative of lgamma"},
    {"sigmoid", FUNCTION_SIGMOID, 1, 1, "1/(1+exp(-x))"},
    {"softplus", FUNCTION_SOFTPLUS, 1, 1, "log(1+exp(x))"},
    {"relu", FUNCTION_RELU, 1, 1, "max(x,0); its derivative at 0 is 0"},
    {"atan2", FUNCTION_ATAN2, 2, 2, "atan2(y,x): the angle of the point (x,y)"},
    {"hypot", FUNCTION_HYPOT, 2, 2, "sqrt(x^2+y^2); its derivatives at (0,0) are 0"},
    {"pow", FUNCTION_POW, 2, 2, "pow(x,y) is x^y"},
    {"min", FUNCTION_MIN, 1, -1,
     "least of the arguments, or of the entries of one; of equals the first has the derivative"},
    {"max", FUNCTION_MAX, 1, -1,
     "greatest of the arguments, or of the entries of one; of equals the first has the derivative"},
    {"sum", FUNCTION_SUM, 1, 1, "sum of the entries; sum(i,1,n,f) adds f over i = 1, ..., n"},
    {"mean", FUNCTION_MEAN, 1, 1, "mean of the entries"},
    {"prod", FUNCTION_PROD, 1, 1, "product of the entries; prod(i,1,n,f) multiplies f over i = 1, ..., n"},
    {"dot", FUNCTION_DOT, 2, 2, "sum of the products of entries"},
    {"norm", FUNCTION_NORM, 1, 2,
     "norm(v) is the Euclidean norm, norm(v,p) the p-norm, p a number >= 1 or inf"},
    {"length", FUNCTION_LENGTH, 1, 1, "number of entries"},
    {"t", FUNCTION_T, 1, 1, "transpose; A' is t(A)"},
    {"inv", FUNCTION_INV, 1, 1, "inverse"},
    {"det", FUNCTION_DET, 1, 1, "determinant"},
    {"tr", FUNCTION_TR, 1, 1, "trace"},
    {"trace", FUNCTION_TR, 1, 1, "trace"},
    {"rank", FUNCTION_RANK, 1, 1, "rank"},
    {"pinv", FUNCTION_PINV, 1, 1, "Moore-Penrose pseudoinverse"},
    {"adjugate", FUNCTION_ADJUGATE, 1, 1, "transposed matrix of cofactors: A*adjugate(A) is det(A)*I"},
    {"conj", FUNCTION_CONJ, 1, 1, "complex conjugate"},
    {"ctranspose", FUNCTION_CTRANSPOSE, 1, 1, "transpose of the conjugate"},
    {"real", FUNCTION_REAL, 1, 1, "real part"},
    {"imag", FUNCTION_IMAG, 1, 1, "imaginary part"},
    {"sym", FUNCTION_SYM, 1, 1, "symmetric part, (A+A')/2"},
    {"skew", FUNCTION_SKEW, 1, 1, "antisymmetric part, (A-A')/2"},
    {"diag", FUNCTION_DIAG, 1, 1, "diagonal matrix of a vector, or the diagonal of a matrix as a column"},
    {"eye", FUNCTION_EYE, 1, 2, "eye(n), eye(m,n): identity matrix"},
    {"zeros", FUNCTION_ZEROS, 1, 2, "zeros(n): a column of n zeros; zeros(m,n): a matrix of zeros"},
    {"ones", FUNCTION_ONES, 1, 2, "ones(n): a column of n ones; ones(m,n): a matrix of ones"},
    {"rows", FUNCTION_ROWS, 1, 1, "number of rows"},
    {"columns", FUNCTION_COLUMNS, 1, 1, "number of columns"},
    {"row", FUNCTION_ROW, 2, 2, "row(A,i): row i"},
    {"column", FUNCTION_COLUMN, 2, 2, "column(A,j): column j"},
    {"hstack", FUNCTION_HSTACK, 1, -1, "matrices side by side"},
    {"vstack", FUNCTION_VSTACK, 1, -1, "matrices one below the other"},
    {"kron", FUNCTION_KRON, 2, 2, "Kronecker product"},
    {"hadamard", FUNCTION_HADAMARD, 2, 2, "product entry by entry"},
    {"outer", FUNCTION_OUTER, 2, 2, "outer product of two vectors, u*v'"},
    {"cross", FUNCTION_CROSS, 2, 2, "cross product of two vectors of three entries"},
    {"angle", FUNCTION_ANGLE, 2, 2, "angle between two vectors, in radians"},
    {"dist", FUNCTION_DIST, 2, 3, "dist(u,v): norm(u-v); dist(u,v,p): the p-norm of it"},
    {"cond", FUNCTION_COND, 1, 2, "condition number, norm(A)*norm(inv(A)); cond(A,p) in another norm"},
    {"expm", FUNCTION_EXPM, 1, 1, "matrix exponential"},
    {"rref", FUNCTION_RREF, 1, 1, "reduced row echelon form"},
    {"image", FUNCTION_IMAGE, 1, 1, "the leftmost independent columns, a basis of the column space"},
    {"kernel", FUNCTION_KERNEL, 1, 1, "basis of the null space: one free variable 1, the others 0"},
    {"basis", FUNCTION_BASIS, 1, 1, "orthonormal basis of the column space, by Gram-Schmidt"},
    {"complement", FUNCTION_COMPLEMENT, 1, 1, "basis of the orthogonal complement of the column space"},
    {"project", FUNCTION_PROJECT, 1, 2,
     "project(A): the matrix of the orthogonal projection onto the column space of A; project(b,A): that of "
     "b"},
    {"chol", FUNCTION_CHOL, 1, 1, "Cholesky factor: lower triangular L with L*L' = A"},
    {"eigvals", FUNCTION_EIGVALS, 1, 1, "eigenvalues, a column"},
    {"charpoly", FUNCTION_CHARPOLY, 1, 1, "coefficients of det(x*I-A), the highest power first"},
    {"lu", FUNCTION_LU, 1, 1, "P, L, U with P*A = L*U"},
    {"qr", FUNCTION_QR, 1, 1, "Q, R with A = Q*R"},
    {"ldl", FUNCTION_LDL, 1, 1, "L, D with A = L*D*L', A symmetric"},
    {"gramschmidt", FUNCTION_GRAMSCHMIDT, 1, 1,
     "U, Q: the columns made orthogonal, and these divided by their norms"},
    {"eig", FUNCTION_EIG, 1, 1, "eigenvalues and eigenvectors"},
    {"diagonalize", FUNCTION_DIAGONALIZE, 1, 1, "P, D, inv(P) with A = P*D*inv(P)"},
    {"spectral", FUNCTION_SPECTRAL, 1, 1, "Q, D with A = Q*D*Q', A symmetric"},
    {"svd", FUNCTION_SVD, 1, 1, "U, S, V with A = U*S*V'"},
    {"if", FUNCTION_IF, 3, 3,
     "if(c,a,b): a where c is not 0, else b; the derivative is that of the chosen one"},
    {"diff", FUNCTION_DIFF, 2, 3, "diff(f,x): the derivative of f with respect to x; diff(f,x,n): the n-th"},
    {NULL, FUNCTION_NONE, 0, 0, NULL},
};

const expression_function *expression_function_of(int id)
{
    const expression_function *f = expression_functions;
    while (f->name != NULL && (int)f->id != id)
        f++;
    return f;
}

const char *expression_operator_text(int op)
{
    static const char *const texts[] = {"+", "-", "*", "/", "^", "==", "!=", "<", "<=", ">", ">="};
    return texts[op];
}

bool expression_constant(const char *name, double *value)
{
    bool pi = strcmp(name, "pi") == 0, e = strcmp(name, "e") == 0;
    if (pi || e)
        *value = pi ? M_PI : M_E;
    return pi || e;
}

/* --- the space --- */

struct expression_chunk {
    expression_chunk *next;
    size_t used, size;
    max_align_t data[];
};

expression_space *expression_space_new(void)
{
    return memory_zeros(1, sizeof(expression_space));
}

void expression_space_free(expression_space *s)
{
    if (s == NULL)
        return;
    for (expression_chunk *c = s->chunks, *next; c != NULL; c = next) {
        next = c->next;
        free(c);
    }
    free(s->definitions);
    free(s);
}

size_t expression_count(const expression_space *s)
{
    return s->count;
}

bool expression_failed(const expression_space *s)
{
    return s->failed;
}

void *expression_allocate(expression_space *s, size_t size)
{
    size = (size + sizeof(max_align_t) - 1) / sizeof(max_align_t) * sizeof(max_align_t);
    if (s->chunks == NULL || s->chunks->size - s->chunks->used < size) {
        size_t room = size > 16384 ? size : 16384;
        expression_chunk *c = memory_zeros(1, sizeof *c + room);
        if (c == NULL) {
            s->failed = true;
            return NULL;
        }
        *c = (expression_chunk){.next = s->chunks, .size = room};
        s->chunks = c;
    }
    void *place = (char *)s->chunks->data + s->chunks->used;
    s->chunks->used += size;
    return place;
}

char *expression_copy(expression_space *s, const char *text, size_t length)
{
    char *copy = expression_allocate(s, length + 1);
    if (copy != NULL)
        memcpy(copy, text, length);
    return copy;
}

/* --- nodes --- */

expression *expression_make(expression_space *s, expression_kind kind, int op, size_t count,
                            const expression *const *args)
{
    expression *e = expression_allocate(s, sizeof *e);
    const expression **copy = expression_allocate(s, count * sizeof *copy);
    if (e == NULL || copy == NULL)
        return NULL;
    *e = (expression){.kind = kind, .op = op, .count = count, .args = copy, .height = 1};
    for (size_t i = 0; i < count; i++) {
        if ((copy[i] = args[i]) == NULL)
            return NULL;
        e->bound |= args[i]->bound;
        if (args[i]->height >= e->height)
            e->height = args[i]->height + 1;
    }
    if (e->height > EXPRESSION_DEPTH)
        return NULL;
    e->id = s->count++;
    return e;
}

static void take_place(expression *e, const expression *origin)
{
    if (e == NULL || origin == NULL)
        return;
    e->source = origin->source;
    e->begin = origin->begin;
    e->end = origin->end;
}

const expression *expression_node(expression_space *s, expression_kind kind, int op, size_t count,
                                  const expression *const *args, const expression *origin)
{
    expression *e = expression_make(s, kind, op, count, args);
    take_place(e, origin);
    return e;
}

const expression *expression_number(expression_space *s, double value)
{
    char text[NUMBER_PRINT_MAX];
    size_t length = number_print(text, value);
    expression *e = expression_make(s, EXPRESSION_NUMBER, 0, 0, NULL);
    if (e == NULL || (e->text = expression_copy(s, text, length)) == NULL)
        return NULL;
    e->value = value;
    return e;
}

const expression *expression_binary(expression_space *s, int op, const expression *a, const expression *b)
{
    return expression_node(s, EXPRESSION_BINARY, op, 2, (const expression *[]){a, b}, NULL);
}

const expression *expression_call(expression_space *s, int id, const expression *a)
{
    return expression_node(s, EXPRESSION_CALL, id, 1, &a, NULL);
}

const expression *expression_negate(expression_space *s, const expression *a)
{
    return expression_node(s, EXPRESSION_NEGATE, 0, 1, &a, NULL);
}

const expression *expression_with(expression_space *s, const expression *e, const expression *const *args)
{
    expression *copy = expression_make(s, e->kind, e->op, e->count, args);
    if (copy == NULL)
        return NULL;
    copy->rows = e->rows;
    copy->columns = e->columns;
    copy->text = e->text;
    copy->value = e->value;
    copy->imaginary = e->imaginary;
    copy->level = e->level;
    if (e->kind == EXPRESSION_SERIES)
        copy->bound &= ~(UINT64_C(1) << (e->level - 1));
    take_place(copy, e);
    return copy;
}

/* --- names --- */

bool expression_starts_name(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' || (signed char)c < 0;
}

bool expression_in_name(char c)
{
    return expression_starts_name(c) || (c >= '0' && c <= '9');
}

bool expression_binding(const char *operand, const char **name, size_t *name_length, const char **value)
{
    const char *p = operand + strspn(operand, " \t"), *end;
    bool quoted = *p == '`';
    *name = p += quoted;
    if (!quoted && !expression_starts_name(*p))
        return false;
    while (*p != '\0' && (quoted ? *p != '`' : expression_in_name(*p)))
        p++;
    end = p;
    if (end == *name || (quoted && *p++ != '`'))
        return false;
    p += strspn(p, " \t");
    *name_length = (size_t)(end - *name);
    *value = p + 1;
    return p[0] == '=' && p[1] != '=';
}

const expression *expression_definition(const expression_space *s, const char *name)
{
    for (size_t i = 0; i < s->definition_count; i++)
        if (strcmp(s->definitions[i].name, name) == 0)
            return s->definitions[i].value;
    return NULL;
}

typedef struct collector {
    bool *seen; /* by id */
    const char **names;
    size_t count, capacity;
    bool failed;
} collector;

static void collect_name(collector *c, const char *name)
{
    for (size_t i = 0; i < c->count; i++)
        if (strcmp(c->names[i], name) == 0)
            return;
    if (!memory_grow(&c->names, &c->capacity, c->count + 1, sizeof *c->names))
        c->failed = true;
    else
        c->names[c->count++] = name;
}

static void collect(collector *c, const expression *e)
{
    if (c->seen[e->id])
        return;
    c->seen[e->id] = true;
    if (e->kind == EXPRESSION_NAME && e->level == 0)
        collect_name(c, e->text);
    for (size_t i = 0; i < e->count; i++)
        collect(c, e->args[i]);
}

ml_status expression_names(const expression *const *e, size_t count, const char ***names, size_t *name_count,
                           ml_message *why)
{
    size_t most = 0;
    for (size_t i = 0; i < count; i++)
        most = e[i]->id > most ? e[i]->id : most;
    collector c = {.seen = memory_zeros(most + 1, sizeof(bool))};
    c.failed = c.seen == NULL;
    for (size_t i = 0; i < count && !c.failed; i++)
        collect(&c, e[i]);
    free(c.seen);
    if (c.failed) {
        free(c.names);
        return ml_fail_memory(why, "the names of an expression", most + 1);
    }
    *names = c.names;
    *name_count = c.count;
    return ML_OK;
}

/* --- errors --- */

static bool continues_character(char c)
{
    return ((unsigned char)c & 0xc0) == 0x80;
}

/* Columns are characters, not bytes. */
static size_t characters(const char *text, size_t begin, size_t end)
{
    size_t n = 0;
    for (size_t i = begin; i < end; i++)
        n += !continues_character(text[i]);
    return n;
}

/* At most 30 characters before the place and 40 behind it. */
static void append_excerpt(buffer *b, const char *text, size_t begin, size_t end)
{
    size_t first = begin, last = begin, length = strlen(text);
    for (int n = 0; first > 0 && n < 30; n++)
        while (--first > 0 && continues_character(text[first]))
            ;
    for (int n = 0; last < length && n < 40; n++)
        while (++last < length && continues_character(text[last]))
            ;
    buffer_string(b, first > 0 ? "\n    ..." : "\n    ");
    for (size_t i = first; i < last; i++)
        buffer_char(b, (unsigned char)text[i] < ' ' || text[i] == 127 ? ' ' : text[i]);
    buffer_string(b, last < length ? "...\n    " : "\n    ");
    size_t blanks = characters(text, first, begin) + (first > 0 ? 3 : 0);
    size_t marks = characters(text, begin, end < last ? end : last);
    for (size_t i = 0; i < blanks; i++)
        buffer_char(b, ' ');
    for (size_t i = 0; i < (marks ? marks : 1); i++)
        buffer_char(b, '^');
}

ml_status expression_fail_at(ml_message *why, const expression_source *source, size_t begin, size_t end,
                             const char *message)
{
    buffer b = {0};
    buffer_printf(&b, "%s, column %zu: %s", source->label, characters(source->text, 0, begin) + 1, message);
    append_excerpt(&b, source->text, begin, end);
    const char *whole = buffer_text(&b);
    ml_fail(why, "%s", b.failed ? message : whole);
    buffer_free(&b);
    return ML_FAIL;
}

ml_status expression_fail(ml_message *why, const expression *e, const char *format, ...)
{
    char message[512];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(message, sizeof message, format, arguments);
    va_end(arguments);
    if (e->source == NULL)
        return ml_fail(why, "%s", message);
    return expression_fail_at(why, e->source, e->begin, e->end, message);
}
