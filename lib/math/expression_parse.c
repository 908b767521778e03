#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/nearest.h"
#include "base/number.h"
#include "math/expression.h"
#include "math/expression_internal.h"

enum { MOST_BOUND = 32, LONG_CHAIN = 32 };

typedef struct parser {
    expression_space *space;
    const expression_source *source;
    const char *text; /* source->text */
    size_t at;        /* the next character */
    unsigned depth;
    const char *bound[MOST_BOUND]; /* names of the sums around here, the outermost first */
    unsigned bound_count;
    ml_message *why;
} parser;

static const expression *parse_expression(parser *p);

/* --- errors; every failing function has filled `why` --- */

static const expression *fail(parser *p, size_t begin, size_t end, const char *format, ...)
    __attribute__((format(printf, 4, 5)));

static const expression *fail(parser *p, size_t begin, size_t end, const char *format, ...)
{
    char message[512];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(message, sizeof message, format, arguments);
    va_end(arguments);
    expression_fail_at(p->why, p->source, begin, end, message);
    return NULL;
}

static const expression *fail_memory(parser *p)
{
    ml_fail_memory(p->why, "an expression", p->space->count * sizeof(expression));
    return NULL;
}

static const expression *fail_depth(parser *p, size_t at)
{
    return fail(p, at, at, "more than %d levels deep", EXPRESSION_DEPTH);
}

static char peek(parser *p)
{
    while (p->text[p->at] != '\0' && strchr(" \t\n\r", p->text[p->at]))
        p->at++;
    return p->text[p->at];
}

static bool take(parser *p, char c)
{
    if (peek(p) != c)
        return false;
    p->at++;
    return true;
}

static const expression *fail_unexpected(parser *p)
{
    char c = peek(p);
    size_t at = p->at;
    if (c == '\0')
        return fail(p, at, at, "the expression ends where a number, a name or '(' should stand");
    if (c == '=')
        return fail(p, at, at + 1, "'=' stands where a number, a name or '(' should; equality is written ==");
    return fail(p, at, at + 1, "a number, a name or '(' should stand here");
}

/* What follows a whole expression and cannot. */
static const expression *fail_behind(parser *p)
{
    char c = peek(p);
    size_t at = p->at;
    if (c == '=')
        return fail(p, at, at + 1, "equality is written ==");
    if (c == ')' || c == ']')
        return fail(p, at, at + 1, "'%c' closes nothing", c);
    if (strchr("<>!", c) && c != '\0' && (c != '!' || p->text[at + 1] == '='))
        return fail(p, at, at + 1, "comparisons do not chain; write (a < b)*(b < c)");
    if (c == ',' || c == ';')
        return fail(p, at, at + 1, "'%c' stands outside of a call and of brackets", c);
    if (expression_starts_name(c) || strchr("`(.[0123456789", c))
        return fail(p, at, at + 1, "an operator such as * is missing here");
    return fail(p, at, at + 1, "this character has no meaning here");
}

static bool close_bracket(parser *p, char c, size_t opened)
{
    if (take(p, c))
        return true;
    char next = peek(p);
    if (next == '\0')
        fail(p, opened, opened + 1, "'%c' is not closed by '%c'", c == ')' ? '(' : '[', c);
    else
        fail_behind(p);
    return false;
}

/* --- nodes --- */

static const expression *placed(parser *p, expression *e, size_t begin)
{
    if (e == NULL)
        return fail_memory(p);
    e->source = p->source;
    e->begin = begin;
    e->end = p->at;
    return e;
}

static bool too_deep(size_t count, const expression *const *args)
{
    for (size_t i = 0; i < count; i++)
        if (args[i]->height >= EXPRESSION_DEPTH)
            return true;
    return false;
}

static const expression *node(parser *p, expression_kind kind, int op, size_t count,
                              const expression *const *args, size_t begin)
{
    if (too_deep(count, args))
        return fail_depth(p, begin);
    return placed(p, expression_make(p->space, kind, op, count, args), begin);
}

static const expression *pair(parser *p, expression_kind kind, int op, const expression *a,
                              const expression *b, size_t begin)
{
    return node(p, kind, op, 2, (const expression *[]){a, b}, begin);
}

/* Arguments that are being read. */
typedef struct list {
    const expression **items;
    size_t count, capacity;
} list;

static bool list_add(parser *p, list *l, const expression *e)
{
    if (e == NULL)
        return false;
    if (!memory_grow(&l->items, &l->capacity, l->count + 1, sizeof *l->items)) {
        fail_memory(p);
        return false;
    }
    l->items[l->count++] = e;
    return true;
}

/* --- primaries --- */

static const expression *parse_number(parser *p)
{
    size_t begin = p->at, end = begin + strspn(p->text + begin, "0123456789");
    if (p->text[end] == '.')
        end += 1 + strspn(p->text + end + 1, "0123456789");
    if (p->text[end] == 'e' || p->text[end] == 'E') {
        size_t digits = end + 1 + (p->text[end + 1] == '-' || p->text[end + 1] == '+');
        size_t exponent = strspn(p->text + digits, "0123456789");
        end = exponent ? digits + exponent : end;
    }
    number n;
    number_status status = number_read(p->text + begin, end - begin, &n);
    if (status == NUMBER_RANGE)
        return fail(p, begin, end, "the number is too large for a double");
    if (status != NUMBER_OK)
        return fail(p, begin, end, "a number should stand here");
    p->at = end;
    bool imaginary = p->text[end] == 'i' && !expression_in_name(p->text[end + 1]);
    if (!imaginary && (expression_starts_name(p->text[end]) || p->text[end] == '.'))
        return fail(p, end, end + 1, "an operator is missing behind the number; a product is written 2*x");
    p->at += imaginary;
    expression *e = expression_make(p->space, EXPRESSION_NUMBER, 0, 0, NULL);
    if (e == NULL || (e->text = expression_copy(p->space, p->text + begin, end - begin)) == NULL)
        return fail_memory(p);
    e->value = n.value;
    e->imaginary = imaginary;
    return placed(p, e, begin);
}

/* The name that starts here, plain or in backquotes, or NULL. */
static const char *parse_word(parser *p)
{
    size_t begin = p->at, end;
    bool quoted = peek(p) == '`';
    begin = p->at + quoted;
    for (end = begin; p->text[end] != '\0'; end++)
        if (quoted ? p->text[end] == '`' : !expression_in_name(p->text[end]))
            break;
    if (quoted && p->text[end] == '\0')
        fail(p, begin - 1, begin, "the backquote is not closed");
    else if (end == begin)
        fail(p, p->at, p->at + 1, "a name should stand here");
    else {
        const char *word = expression_copy(p->space, p->text + begin, end - begin);
        p->at = end + quoted;
        return word != NULL ? word : (fail_memory(p), NULL);
    }
    return NULL;
}

static const expression *parse_name(parser *p, const char *name, size_t begin)
{
    unsigned level = p->bound_count;
    while (level > 0 && strcmp(p->bound[level - 1], name) != 0)
        level--;
    const expression *definition = level == 0 ? expression_definition(p->space, name) : NULL;
    if (definition != NULL)
        return definition;
    expression *e = expression_make(p->space, EXPRESSION_NAME, 0, 0, NULL);
    if (e != NULL) {
        e->text = name;
        e->level = level;
        e->bound = level ? UINT64_C(1) << (level - 1) : 0;
    }
    return placed(p, e, begin);
}

static const expression *fail_function(parser *p, const char *name, size_t begin)
{
    const char *names[FUNCTION_DIFF + 16]; /* some functions have two names */
    size_t count = 0;
    for (const expression_function *f = expression_functions; f->name != NULL; f++)
        if (count < sizeof names / sizeof names[0])
            names[count++] = f->name;
    const char *near = nearest_name(name, names, count);
    if (near != NULL)
        return fail(p, begin, p->at, "there is no function '%.60s'; did you mean '%s'?", name, near);
    return fail(p, begin, p->at, "there is no function '%.60s'; a product is written %.60s*(...)", name,
                name);
}

static bool parse_list(parser *p, list *l, size_t opened)
{
    if (peek(p) == ')') {
        p->at++;
        return true;
    }
    do
        if (!list_add(p, l, parse_expression(p)))
            return false;
    while (take(p, ','));
    return close_bracket(p, ')', opened);
}

static const expression *call_of(parser *p, const expression_function *f, const list *l, size_t begin)
{
    int count = (int)l->count;
    if (count < f->least || (f->most >= 0 && count > f->most)) {
        if (f->least == f->most)
            return fail(p, begin, p->at, "%s takes %d argument%s, not %d", f->name, f->least,
                        f->least == 1 ? "" : "s", count);
        if (f->most < 0)
            return fail(p, begin, p->at, "%s takes at least %d argument%s", f->name, f->least,
                        f->least == 1 ? "" : "s");
        return fail(p, begin, p->at, "%s takes %d to %d arguments, not %d", f->name, f->least, f->most,
                    count);
    }
    expression_kind kind = f->id == FUNCTION_IF ? EXPRESSION_CONDITIONAL : EXPRESSION_CALL;
    return node(p, kind, f->id, l->count, l->items, begin);
}

/* Is this "NAME ,", so that the sum binds the name? */
static bool binds_name(parser *p)
{
    size_t start = p->at, end;
    bool quoted = peek(p) == '`';
    size_t begin = p->at + quoted;
    p->at = start;
    if (!quoted && !expression_starts_name(p->text[begin]))
        return false;
    for (end = begin; p->text[end] != '\0'; end++)
        if (quoted ? p->text[end] == '`' : !expression_in_name(p->text[end]))
            break;
    end += quoted && p->text[end] == '`';
    end += strspn(p->text + end, " \t\n\r");
    return p->text[end] == ',';
}

/* sum(i, from, to, body), behind its bracket */
static const expression *parse_series(parser *p, int id, size_t begin, size_t opened)
{
    const expression *args[3];
    const char *name = parse_word(p);
    if (name == NULL)
        return NULL;
    if (p->bound_count == MOST_BOUND)
        return fail(p, begin, p->at, "more than %d sums in one another", MOST_BOUND);
    for (int i = 0; i < 3; i++) {
        if (!take(p, ','))
            return fail(p, begin, p->at, "a sum over a name is written sum(i, 1, n, expression)");
        if (i == 2)
            p->bound[p->bound_count++] = name;
        args[i] = parse_expression(p);
        if (i == 2)
            p->bound_count--;
        if (args[i] == NULL)
            return NULL;
    }
    if (!close_bracket(p, ')', opened))
        return NULL;
    if (too_deep(3, args))
        return fail_depth(p, begin);
    expression *e = expression_make(p->space, EXPRESSION_SERIES, id, 3, args);
    if (e != NULL) {
        e->text = name;
        e->level = p->bound_count + 1;
        e->bound &= ~(UINT64_C(1) << p->bound_count);
    }
    return placed(p, e, begin);
}

static const expression *parse_call(parser *p, const char *name, size_t begin)
{
    const expression_function *f = expression_functions;
    while (f->name != NULL && strcmp(f->name, name) != 0)
        f++;
    if (f->name == NULL)
        return fail_function(p, name, begin);
    size_t opened = p->at;
    take(p, '(');
    if ((f->id == FUNCTION_SUM || f->id == FUNCTION_PROD) && binds_name(p))
        return parse_series(p, f->id, begin, opened);
    list l = {0};
    const expression *e = parse_list(p, &l, opened) ? call_of(p, f, &l, begin) : NULL;
    free(l.items);
    return e;
}

/* The rest of [a,b; c,d] behind the bracket. */
static bool parse_rows(parser *p, list *l, size_t *rows, size_t *columns, size_t opened)
{
    size_t row_start = 0;
    do {
        do
            if (!list_add(p, l, parse_expression(p)))
                return false;
        while (take(p, ','));
        if (*rows > 0 && l->count - row_start != *columns) {
            fail(p, opened, p->at, "row %zu has %zu entries, and those before it %zu", *rows + 1,
                 l->count - row_start, *columns);
            return false;
        }
        *columns = l->count - row_start;
        row_start = l->count;
        (*rows)++;
    } while (take(p, ';'));
    return close_bracket(p, ']', opened);
}

static const expression *parse_matrix(parser *p)
{
    size_t begin = p->at++, rows = 0, columns = 0;
    list l = {0};
    expression *e = NULL;
    bool good = parse_rows(p, &l, &rows, &columns, begin);
    if (good && too_deep(l.count, l.items)) {
        fail_depth(p, begin);
        good = false;
    }
    if (good && (e = expression_make(p->space, EXPRESSION_MATRIX, 0, l.count, l.items)) != NULL) {
        e->rows = rows;
        e->columns = columns;
    }
    free(l.items);
    return good ? placed(p, e, begin) : NULL;
}

static const expression *parse_primary(parser *p)
{
    char c = peek(p);
    size_t begin = p->at;
    if ((c >= '0' && c <= '9') || (c == '.' && p->text[begin + 1] >= '0' && p->text[begin + 1] <= '9'))
        return parse_number(p);
    if (c == '[')
        return parse_matrix(p);
    if (c == '(') {
        p->at++;
        const expression *e = parse_expression(p);
        return e != NULL && close_bracket(p, ')', begin) ? e : NULL;
    }
    if (c != '`' && !expression_starts_name(c))
        return fail_unexpected(p);
    const char *name = parse_word(p);
    if (name == NULL)
        return NULL;
    return c != '`' && peek(p) == '(' ? parse_call(p, name, begin) : parse_name(p, name, begin);
}

/* --- operators --- */

static const expression *parse_index(parser *p, const expression *e, size_t begin)
{
    size_t opened = p->at++;
    list l = {0};
    bool good = list_add(p, &l, e);
    do
        good = good && list_add(p, &l, parse_expression(p));
    while (good && take(p, ','));
    good = good && close_bracket(p, ']', opened);
    if (good && l.count > 3) {
        fail(p, opened, p->at, "one index for a vector, two for a matrix");
        good = false;
    }
    e = good ? node(p, EXPRESSION_INDEX, 0, l.count, l.items, begin) : NULL;
    free(l.items);
    return e;
}

static const expression *parse_postfix(parser *p)
{
    peek(p);
    size_t begin = p->at;
    const expression *e = parse_primary(p);
    for (char c = '['; e != NULL && (c == '[' || c == '\'');) {
        c = peek(p);
        if (c == '[')
            e = parse_index(p, e, begin);
        else if (c == '\'') {
            p->at++;
            e = node(p, EXPRESSION_CALL, FUNCTION_T, 1, &e, begin);
        }
    }
    return e;
}

static const expression *parse_unary(parser *p);

static const expression *parse_power(parser *p)
{
    peek(p);
    size_t begin = p->at;
    const expression *e = parse_postfix(p);
    if (e == NULL || !take(p, '^'))
        return e;
    const expression *exponent = parse_unary(p);
    return exponent ? pair(p, EXPRESSION_BINARY, OPERATOR_POWER, e, exponent, begin) : NULL;
}

static const expression *parse_signed(parser *p)
{
    char c = peek(p);
    size_t begin = p->at;
    if (c != '-' && c != '+')
        return parse_power(p);
    p->at++;
    const expression *e = parse_unary(p);
    if (e == NULL || c == '+')
        return e;
    return node(p, EXPRESSION_NEGATE, 0, 1, &e, begin);
}

/* Every cycle of the grammar passes here. */
static const expression *parse_unary(parser *p)
{
    if (p->depth >= EXPRESSION_DEPTH)
        return fail_depth(p, p->at);
    p->depth++;
    const expression *e = parse_signed(p);
    p->depth--;
    return e;
}

/* Terms and the operators before them: a sum or a product. */
typedef struct chain {
    list terms;
    bool *inverse; /* - or / stands before the term */
    size_t capacity;
    int op; /* OPERATOR_ADD or OPERATOR_MULTIPLY; the inverse is the one behind it */
} chain;

static const expression *join(parser *p, const chain *c, const expression *a, const expression *b,
                              bool inverse)
{
    if (a == NULL || b == NULL)
        return NULL;
    if (a->height >= EXPRESSION_DEPTH || b->height >= EXPRESSION_DEPTH)
        return fail_depth(p, a->begin);
    const expression *args[] = {a, b};
    expression *e = expression_make(p->space, EXPRESSION_BINARY, c->op + inverse, 2, args);
    if (e == NULL)
        return fail_memory(p);
    e->source = p->source;
    bool here = a->source == p->source && b->source == p->source && a->begin <= b->end;
    e->begin = here ? a->begin : 0;
    e->end = here ? b->end : p->at;
    return e;
}

/* Terms [from, to) joined from left to right, long chains by halves so that the tree stays low:
 * a - b + c - d is (a - b) + (c - d), and a - b + c is a - (b - c) when cut before b, hence FLIP.  The pieces
 * are half as long as a chain may be, because the printed tree begins with the leftmost one and a term for
 * each cut, and has to be read as it was. */
static const expression *fold(parser *p, const chain *c, size_t from, size_t to, bool flip)
{
    if (to - from <= (to - from == c->terms.count ? LONG_CHAIN : LONG_CHAIN / 2)) {
        const expression *e = c->terms.items[from];
        for (size_t i = from + 1; i < to && e != NULL; i++)
            e = join(p, c, e, c->terms.items[i], c->inverse[i] ^ flip);
        return e;
    }
    size_t middle = from + (to - from) / 2;
    bool inverse = c->inverse[middle] ^ flip;
    const expression *left = fold(p, c, from, middle, flip);
    return left ? join(p, c, left, fold(p, c, middle, to, flip ^ inverse), inverse) : NULL;
}

static bool chain_add(parser *p, chain *c, const expression *e, bool inverse)
{
    if (!list_add(p, &c->terms, e))
        return false;
    if (!memory_grow(&c->inverse, &c->capacity, c->terms.count, sizeof *c->inverse)) {
        fail_memory(p);
        return false;
    }
    c->inverse[c->terms.count - 1] = inverse;
    return true;
}

static const expression *parse_chain(parser *p, int op, const expression *(*term)(parser *))
{
    const char *signs = op == OPERATOR_ADD ? "+-" : "*/";
    const expression *e = term(p);
    char next = e != NULL ? peek(p) : '\0';
    if (next != signs[0] && next != signs[1])
        return e;
    chain c = {.op = op};
    bool good = chain_add(p, &c, e, false);
    while (good && (peek(p) == signs[0] || peek(p) == signs[1])) {
        bool inverse = p->text[p->at++] == signs[1];
        good = chain_add(p, &c, term(p), inverse);
    }
    e = good ? fold(p, &c, 0, c.terms.count, false) : NULL;
    free(c.terms.items);
    free(c.inverse);
    return e;
}

static const expression *parse_product(parser *p)
{
    return parse_chain(p, OPERATOR_MULTIPLY, parse_unary);
}

static const expression *parse_sum(parser *p)
{
    return parse_chain(p, OPERATOR_ADD, parse_product);
}

/* The comparison that stands here, or -1. */
static int take_comparison(parser *p)
{
    static const char *const spelled[] = {"==", "!=", "<=", ">=", "<", ">"};
    static const int ops[] = {OPERATOR_EQUAL,    OPERATOR_UNEQUAL, OPERATOR_AT_MOST,
                              OPERATOR_AT_LEAST, OPERATOR_LESS,    OPERATOR_GREATER};
    peek(p);
    for (int i = 0; i < 6; i++) {
        size_t length = strlen(spelled[i]);
        if (strncmp(p->text + p->at, spelled[i], length) == 0) {
            p->at += length;
            return ops[i];
        }
    }
    return -1;
}

static const expression *parse_expression(parser *p)
{
    peek(p);
    size_t begin = p->at;
    const expression *left = parse_sum(p);
    int op = left != NULL ? take_comparison(p) : -1;
    if (op < 0)
        return left;
    const expression *right = parse_sum(p);
    return right ? pair(p, EXPRESSION_COMPARISON, op, left, right, begin) : NULL;
}

/* --- entries --- */

static const expression_source *new_source(expression_space *s, const char *label, const char *text)
{
    expression_source *source = expression_allocate(s, sizeof *source);
    if (source == NULL)
        return NULL;
    source->label = expression_copy(s, label, strlen(label));
    source->text = expression_copy(s, text, strlen(text));
    return source->label && source->text ? source : NULL;
}

static ml_status parse_from(expression_space *s, const expression_source *source, size_t at,
                            const expression **out, ml_message *why)
{
    parser p = {.space = s, .source = source, .text = source->text, .at = at, .why = why};
    const expression *e = parse_expression(&p);
    if (e != NULL && peek(&p) != '\0')
        e = fail_behind(&p);
    if (e == NULL)
        return ML_FAIL;
    *out = e;
    return ML_OK;
}

ml_status expression_parse(expression_space *s, const char *label, const char *text, const expression **out,
                           ml_message *why)
{
    const expression_source *source = new_source(s, label ? label : "expression", text);
    if (source == NULL)
        return ml_fail_memory(why, "an expression", strlen(text));
    return parse_from(s, source, 0, out, why);
}

static bool uses_name(const expression *e, const char *name, ml_message *why, ml_status *status)
{
    const char **names;
    size_t count;
    bool found = false;
    *status = expression_names(&e, 1, &names, &count, why);
    if (*status != ML_OK)
        return false;
    for (size_t i = 0; i < count; i++)
        found |= strcmp(names[i], name) == 0;
    free(names);
    return found;
}

static ml_status add_definition(expression_space *s, const char *name, const expression *value,
                                ml_message *why)
{
    ml_status status;
    if (uses_name(value, name, why, &status))
        return expression_fail(why, value, "the definition of '%.60s' uses '%.60s' itself", name, name);
    if (status != ML_OK)
        return status;
    if (!memory_grow(&s->definitions, &s->definition_capacity, s->definition_count + 1,
                     sizeof *s->definitions))
        return ml_fail_memory(why, "a definition", sizeof *s->definitions);
    s->definitions[s->definition_count++] = (expression_definition_entry){name, value};
    return ML_OK;
}

ml_status expression_define(expression_space *s, const char *definition, ml_message *why)
{
    const char *start, *text;
    size_t length;
    if (!expression_binding(definition, &start, &length, &text))
        return ml_fail(why, "'%.200s' is not a definition; it is written NAME=EXPRESSION, such as r=y-w*x",
                       definition);
    const char *name = expression_copy(s, start, length);
    if (name == NULL)
        return ml_fail_memory(why, "a definition", length);
    if (expression_definition(s, name) != NULL)
        return ml_fail(why, "'%.60s' is defined twice", name);
    char label[80];
    snprintf(label, sizeof label, "definition of %.60s", name);
    const expression_source *source = new_source(s, label, definition);
    if (source == NULL)
        return ml_fail_memory(why, "a definition", strlen(definition));
    const expression *value;
    ml_status status = parse_from(s, source, (size_t)(text - definition), &value, why);
    return status == ML_OK ? add_definition(s, name, value, why) : status;
}
