/* steps_latex.c: the plain notation of a calculation as LaTeX.
 *
 * One pass over the text: factors are appended as they come, and the place where the last one began is
 * remembered, so that `/` and `^` can take it as their left side. */
#include <ctype.h>
#include <stdbool.h>
#include <string.h>

#include "base/steps.h"

enum { MAX_DEPTH = 100 };

typedef struct translation {
    buffer *out;
    const char *at;
    size_t factor; /* where in `out` the last factor began */
    bool has_factor;
    bool number;    /* the last factor is a plain number */
    bool bracketed; /* the last factor is a group: its brackets are left out in a fraction */
    size_t depth;
} translation;

static void sequence(translation *t, char end);
static bool take_factor(translation *t);

static void insert(buffer *b, size_t place, const char *text)
{
    size_t length = strlen(text);
    if (place > b->size || buffer_reserve(b, length) == NULL)
        return;
    memmove(b->data + place + length, b->data + place, b->size - place);
    memcpy(b->data + place, text, length);
    b->size += length;
}

static const char OPEN[] = "\\left(", CLOSE[] = "\\right)";

/* Leave out the brackets around what starts at PLACE. */
static void unwrap(buffer *b, size_t place)
{
    size_t open = sizeof OPEN - 1, close = sizeof CLOSE - 1;
    if (b->failed || b->size < place + open + close)
        return;
    memmove(b->data + place, b->data + place + open, b->size - place - open);
    b->size -= open + close;
}

/* --- factors --- */

static const char *const spelled_out[] = {
    "alpha", "beta",  "gamma", "delta", "epsilon", "eta",   "theta", "lambda", "mu",     "nu",  "pi",
    "rho",   "sigma", "tau",   "phi",   "psi",     "omega", "Sigma", "Delta",  "Lambda", "log", "exp",
    "sin",   "cos",   "tan",   "sinh",  "cosh",    "tanh",  "ln",    "max",    "min",    "det", NULL};

static bool has_command(const char *word, size_t length)
{
    for (size_t i = 0; spelled_out[i] != NULL; i++)
        if (strlen(spelled_out[i]) == length && strncmp(spelled_out[i], word, length) == 0)
            return true;
    return false;
}

/* A name without its index: one letter in italics, a command where LaTeX has one, other words upright. */
static void put_word(translation *t, const char *word, size_t length)
{
    if (has_command(word, length))
        buffer_printf(t->out, "\\%.*s ", (int)length, word);
    else if (length == 1)
        buffer_append(t->out, word, 1);
    else
        buffer_printf(t->out, "\\mathrm{%.*s}", (int)length, word);
}

static void put_index(translation *t, const char *index, size_t length)
{
    buffer_string(t->out, "_{");
    for (size_t i = 0; i < length; i++) {
        if (index[i] == '_')
            buffer_char(t->out, '\\');
        buffer_char(t->out, index[i]);
    }
    buffer_char(t->out, '}');
}

static void take_root(translation *t)
{
    t->at += strlen("sqrt(");
    buffer_string(t->out, "\\sqrt{");
    sequence(t, ')');
    buffer_char(t->out, '}');
}

static void take_group(translation *t)
{
    t->at++;
    buffer_string(t->out, OPEN);
    sequence(t, ')');
    buffer_string(t->out, CLOSE);
}

static void take_name(translation *t)
{
    const char *word = t->at;
    size_t letters = 0, whole;
    if (strncmp(word, "sqrt(", 5) == 0 && t->depth < MAX_DEPTH) {
        take_root(t);
        return;
    }
    while (isalpha((unsigned char)word[letters]))
        letters++;
    whole = letters;
    while (isalnum((unsigned char)word[whole]) || word[whole] == '_')
        whole++;
    t->at += whole;
    put_word(t, word, letters);
    if (whole > letters)
        put_index(t, word + letters + (word[letters] == '_'), whole - letters - (word[letters] == '_'));
    /* The brackets of a call belong to its factor: log(x)/2 is not the logarithm of a half. */
    if (*t->at == '(' && t->depth < MAX_DEPTH)
        take_group(t);
}

static void take_number(translation *t)
{
    size_t digits = strspn(t->at, "0123456789.");
    /* "1..n", "1, 2...": the point of an ellipsis is not the number's */
    const char *dots = strstr(t->at, "..");
    if (dots != NULL && dots < t->at + digits)
        digits = (size_t)(dots - t->at);
    buffer_append(t->out, t->at, digits);
    t->at += digits;
    const char *e = t->at + 1;
    if (*t->at == 'e' &&
        (isdigit((unsigned char)*e) || ((*e == '-' || *e == '+') && isdigit((unsigned char)e[1])))) {
        bool negative = *e == '-';
        e += *e == '-' || *e == '+';
        e += strspn(e, "0");
        size_t length = strspn(e, "0123456789");
        buffer_printf(t->out, "\\times 10^{%s%.*s}", negative ? "-" : "", length ? (int)length : 1,
                      length ? e : "0");
        t->at = e + length;
    }
}

/* The exponent of the factor that began at START, or a hat when there is none. */
static void take_power(translation *t, size_t start)
{
    t->at++;
    bool minus = *t->at == '-';
    const char *next = t->at + minus;
    if (!isalnum((unsigned char)*next) && *next != '(') {
        insert(t->out, start, "\\hat{");
        buffer_char(t->out, '}');
        return;
    }
    buffer_string(t->out, minus ? "^{-" : "^{");
    t->at += minus;
    size_t inside = t->out->size;
    t->has_factor = false;
    if (take_factor(t) && t->bracketed)
        unwrap(t->out, inside);
    buffer_char(t->out, '}');
}

static void take_postfix(translation *t, size_t start)
{
    for (;;) {
        if (*t->at == '\'') {
            t->at++;
            buffer_string(t->out, "^{T}");
        } else if (*t->at == '^') {
            take_power(t, start);
        } else if (strncmp(t->at, "\xc2\xb2", 2) == 0) { /* superscript two */
            t->at += 2;
            buffer_string(t->out, "^{2}");
        } else {
            return;
        }
        t->number = t->bracketed = false;
    }
}

/* A number, a name, a call's name or a group with what follows it; false when none stands here. */
static bool take_factor(translation *t)
{
    size_t start = t->out->size;
    unsigned char c = (unsigned char)*t->at;
    bool number = isdigit(c) || (c == '.' && isdigit((unsigned char)t->at[1]));
    bool group = c == '(' && t->depth < MAX_DEPTH;
    if (number)
        take_number(t);
    else if (isalpha(c))
        take_name(t);
    else if (group)
        take_group(t);
    else
        return false;
    /* set after what is inside has been translated */
    t->number = number;
    t->bracketed = group;
    take_postfix(t, start);
    t->factor = start;
    t->has_factor = true;
    return true;
}

/* --- operators --- */

static void take_fraction(translation *t)
{
    size_t start = t->factor;
    t->at++;
    t->at += strspn(t->at, " ");
    bool bracketed = t->bracketed;
    size_t middle = t->out->size;
    if (!take_factor(t)) {
        buffer_char(t->out, '/');
        t->has_factor = false;
        return;
    }
    if (t->bracketed)
        unwrap(t->out, middle);
    insert(t->out, middle, "}{");
    buffer_char(t->out, '}');
    if (bracketed) {
        size_t open = sizeof OPEN - 1, close = sizeof CLOSE - 1, width = middle - start - open - close;
        if (!t->out->failed) {
            memmove(t->out->data + start, t->out->data + start + open, width);
            memmove(t->out->data + start + width, t->out->data + middle, t->out->size - middle);
            t->out->size -= open + close;
        }
    }
    insert(t->out, start, "\\frac{");
    t->factor = start;
    t->has_factor = true;
    t->number = t->bracketed = false;
}

/* 3*x and 3*sqrt(5) need no sign; everything else gets a dot. */
static void take_product(translation *t)
{
    t->at++;
    t->at += strspn(t->at, " ");
    bool joined = t->number && isalpha((unsigned char)*t->at);
    buffer_string(t->out, joined ? "\\," : " \\cdot ");
}

static const struct {
    const char *plain, *latex;
} signs[] = {
    {"<->", " \\leftrightarrow "},
    {"<-", " \\leftarrow "},
    {"->", " \\to "},
    {"<=", " \\le "},
    {">=", " \\ge "},
    {"!=", " \\ne "},
    {"==", " = "},
    {"...", "\\dots "},
    {"~", " \\approx "},
    {"&", "\\& "},
    {"%", "\\%"},
    {"#", "\\#"},
    {"$", "\\$"},
    {"_", "\\_"},
    {"{", "\\{"},
    {"}", "\\}"},
    {"\\", "\\backslash "},
    {"^", "\\hat{}"},
    {NULL, NULL},
};

static void take_sign(translation *t)
{
    for (size_t i = 0; signs[i].plain != NULL; i++) {
        size_t length = strlen(signs[i].plain);
        if (strncmp(t->at, signs[i].plain, length) == 0) {
            buffer_string(t->out, signs[i].latex);
            t->at += length;
            return;
        }
    }
    buffer_char(t->out, *t->at++);
}

/* Between words a blank is wanted, around signs it does no harm, before a / it would cut off the factor. */
static void take_blanks(translation *t)
{
    t->at += strspn(t->at, " ");
    if (t->has_factor && *t->at == '/')
        return;
    buffer_string(t->out, isalnum((unsigned char)*t->at) && t->has_factor ? "\\ " : " ");
    t->has_factor = false;
}

/* Everything up to END, which is consumed; the end of the text closes all groups. */
static void sequence(translation *t, char end)
{
    t->depth++;
    t->has_factor = false;
    while (*t->at != '\0' && *t->at != end) {
        if (*t->at == '/' && t->has_factor) {
            take_fraction(t);
        } else if (*t->at == '*') {
            take_product(t);
            t->has_factor = false;
        } else if (*t->at == ' ') {
            take_blanks(t);
        } else if (!take_factor(t)) {
            take_sign(t);
            t->has_factor = false;
        }
    }
    if (*t->at != '\0')
        t->at++;
    t->depth--;
}

void steps_latex(buffer *out, const char *formula)
{
    translation t = {.out = out, .at = formula};
    sequence(&t, '\0');
}
