/* Expressions: what parses prints as a text that parses to the same tree; so do its derivative by x, its
 * normal form and its resolved form; nothing crashes or grows without bounds. */
#include "fuzz.h"
#include "math/expression.h"
#include "math/symbolic.h"

enum { MOST_PRINTED = 20000, MOST_NODES = 500 };

static bool same(const expression *a, const expression *b)
{
    bool text = (a->text == NULL) == (b->text == NULL) && (a->text == NULL || strcmp(a->text, b->text) == 0);
    bool value = a->kind != EXPRESSION_NUMBER || (a->value == b->value && a->imaginary == b->imaginary);
    if (a->kind != b->kind || a->op != b->op || a->count != b->count || a->rows != b->rows ||
        a->columns != b->columns || a->level != b->level || a->bound != b->bound || !text || !value)
        return false;
    for (size_t i = 0; i < a->count; i++)
        if (!same(a->args[i], b->args[i]))
            return false;
    return true;
}

/* How many nodes E has when what is shared counts at each use; at most MOST_PRINTED + 1. */
static size_t weight(const expression *e, size_t *known)
{
    if (known[e->id] == 0) {
        size_t sum = 1;
        for (size_t i = 0; i < e->count && sum <= MOST_PRINTED; i++)
            sum += weight(e->args[i], known);
        known[e->id] = sum <= MOST_PRINTED ? sum : MOST_PRINTED + 1;
    }
    return known[e->id];
}

static bool small(const expression_space *s, const expression *e, size_t most)
{
    size_t *known = calloc(expression_count(s), sizeof *known);
    MUST(known != NULL);
    size_t w = weight(e, known);
    free(known);
    return w <= most;
}

/* Print E and parse that; the new tree. */
static const expression *again(expression_space *s, const expression *e)
{
    buffer out = {0};
    ml_message why;
    const expression *back;
    expression_print(&out, e);
    ml_status status = expression_parse(s, "printed", buffer_text(&out), &back, &why);
    if (status != ML_OK)
        fprintf(stderr, "%s\n%s\n", buffer_text(&out), why.text);
    MUST(status == ML_OK);
    buffer_free(&out);
    return back;
}

/* A tree that was made by a method: long sums in it may be grouped otherwise when they are read, but what is
 * read stays as it is. */
static void check_made(expression_space *s, const expression *e)
{
    if (!small(s, e, MOST_PRINTED))
        return;
    e = again(s, e);
    MUST(same(e, again(s, e)));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *text = malloc(size + 1);
    expression_space *s = expression_space_new();
    const expression *e, *made;
    ml_message why;
    MUST(text != NULL && s != NULL);
    memcpy(text, data, size);
    text[size] = '\0';
    if (expression_parse(s, NULL, text, &e, &why) == ML_OK && small(s, e, MOST_PRINTED)) {
        MUST(same(e, again(s, e)));
        if (symbolic_resolve(s, e, &made, &why) == ML_OK && small(s, made, MOST_NODES)) {
            e = made;
            check_made(s, e);
            if (symbolic_derivative(s, e, "x", &made, &why) == ML_OK)
                check_made(s, made);
            made = symbolic_normal(s, e);
            if (made != NULL)
                check_made(s, made);
            symbolic_is_zero(s, e);
        }
    }
    expression_space_free(s);
    free(text);
    return 0;
}
