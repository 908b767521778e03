#include "math/expression.h"

#include <stdlib.h>

#include "unit.h"

static expression_space *space;
static char text_space[4096];

/* How the parser grouped TEXT, or the error. */
static const char *parsed(const char *text)
{
    const expression *e;
    ml_message why;
    buffer b = {0};
    if (expression_parse(space, NULL, text, &e, &why) != ML_OK)
        snprintf(text_space, sizeof text_space, "%s", why.text);
    else {
        expression_print(&b, e);
        snprintf(text_space, sizeof text_space, "%s", buffer_text(&b));
    }
    buffer_free(&b);
    return text_space;
}

static const expression *tree(const char *text)
{
    const expression *e = NULL;
    ml_message why;
    if (expression_parse(space, NULL, text, &e, &why) != ML_OK)
        UNIT_FAIL("%s", why.text);
    return e;
}

static void test_grouping(void)
{
    unit_case("operators group as in mathematics, and print with the brackets they need");
    CHECK_TEXT(parsed("-x^2"), "-x^2");
    CHECK(tree("-x^2")->kind == EXPRESSION_NEGATE);
    CHECK_TEXT(parsed("(-x)^2"), "(-x)^2");
    CHECK_TEXT(parsed("2^3^2"), "2^3^2");
    CHECK(tree("2^3^2")->args[0]->kind == EXPRESSION_NUMBER);
    CHECK_TEXT(parsed("(2^3)^2"), "(2^3)^2");
    CHECK_TEXT(parsed("2^-1"), "2^(-1)");
    CHECK_TEXT(parsed("a-b-c"), "a - b - c");
    CHECK_TEXT(parsed("a-(b-c)"), "a - (b - c)");
    CHECK_TEXT(parsed("a/b/c*d"), "a/b/c*d");
    CHECK_TEXT(parsed("a/(b*c)"), "a/(b*c)");
    CHECK_TEXT(parsed("a*(b+c)"), "a*(b + c)");
    CHECK_TEXT(parsed("-a*b"), "-a*b");
    CHECK_TEXT(parsed("a*-b"), "a*-b");
    CHECK_TEXT(parsed("+a"), "a");
    CHECK_TEXT(parsed("a<b+1"), "a < b + 1");
    CHECK_TEXT(parsed("(a<b)*(b<=c)"), "(a < b)*(b <= c)");
    CHECK_TEXT(parsed("A'*B"), "A'*B");
    CHECK_TEXT(parsed("t(A)^2"), "A'^2");
    CHECK_TEXT(parsed("x[i,j]'"), "x[i, j]'");
    CHECK_TEXT(parsed("[1,2;3,-4]"), "[1, 2; 3, -4]");
    CHECK_TEXT(parsed("if(x>0,x,-x)"), "if(x > 0, x, -x)");
    CHECK_TEXT(parsed("sum(i,1,3,x[i]^i)+`odd name`"), "sum(i, 1, 3, x[i]^i) + `odd name`");
    CHECK_TEXT(parsed(" log ( x ) "), "log(x)");
}

static void test_numbers(void)
{
    unit_case("numbers keep their text and have their value");
    const expression *e = tree("0.10");
    CHECK(e->kind == EXPRESSION_NUMBER && e->value == 0.1);
    CHECK_TEXT(e->text, "0.10");
    CHECK(tree("1e-3")->value == 1e-3);
    CHECK(tree(".5")->value == 0.5);
    CHECK(tree("3.")->value == 3);
    CHECK(tree("2i")->imaginary && tree("2i")->value == 2);
    CHECK(tree("1/3")->op == OPERATOR_DIVIDE);
    double value;
    CHECK(expression_constant("pi", &value) && value == M_PI);
    CHECK(!expression_constant("tau", &value));
}

static void test_errors(void)
{
    unit_case("an error has a caret under its place");
    CHECK_TEXT(parsed("log(x"), "expression, column 4: '(' is not closed by ')'\n    log(x\n       ^");
    CHECK_TEXT(parsed("1+"), "expression, column 3: the expression ends where a number, a name or '(' should "
                             "stand\n    1+\n      ^");
    CHECK_TEXT(parsed("2x"), "expression, column 2: an operator is missing behind the number; a product is "
                             "written 2*x\n    2x\n     ^");
    CHECK_TEXT(parsed("\xce\xb8+$"), "expression, column 3: a number, a name or '(' should stand here\n    "
                                     "\xce\xb8+$\n      ^");
    CHECK_TEXT(parsed("a = b"), "expression, column 3: equality is written ==\n    a = b\n      ^");
    CHECK(strstr(parsed("a<b<c"), "comparisons do not chain"));
    CHECK(strstr(parsed("lgo(x)"), "there is no function 'lgo'; did you mean 'log'?\n    lgo(x)\n    ^^^"));
    CHECK(strstr(parsed("b(x)"), "a product is written b*(...)"));
    CHECK(strstr(parsed("atan2(x)"), "atan2 takes 2 arguments, not 1"));
    CHECK(strstr(parsed("norm(x,1,2)"), "norm takes 1 to 2 arguments, not 3"));
    CHECK(strstr(parsed("max()"), "max takes at least 1 argument"));
    CHECK(strstr(parsed("[1,2;3]"), "row 2 has 1 entries, and those before it 2"));
    CHECK(strstr(parsed("x)"), "')' closes nothing"));
    CHECK(strstr(parsed("x,y"), "',' stands outside"));
    CHECK(strstr(parsed("`x"), "the backquote is not closed"));
    CHECK(strstr(parsed("1e999"), "too large for a double"));
    CHECK(strstr(parsed(""), "column 1: the expression ends"));
    CHECK(strstr(parsed("x y"), "an operator such as * is missing here"));
    CHECK(strstr(parsed("sum(i,1,2)"), "sum(i, 1, n, expression)"));
    CHECK(strstr(parsed("x[1,2,3]"), "two for a matrix"));
    CHECK(strstr(
        parsed("aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa+?+bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb"),
        "\n    ...aaaaaaaaaaaaaaaaaaaaaaaaaaaaa+?+bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb...\n"
        "                                     ^"));
}

static void test_depth(void)
{
    unit_case("nesting is limited, long chains are not");
    static char deep[200010];
    memset(deep, '(', 2000);
    CHECK(strstr(parsed(deep), "more than 1000 levels deep"));
    memset(deep, '-', 2000);
    CHECK(strstr(parsed(deep), "more than 1000 levels deep"));
    for (int i = 0; i < 2000; i += 2)
        memcpy(deep + i, "2^", 2);
    CHECK(strstr(parsed(deep), "more than 1000 levels deep"));
    for (int i = 0; i < 200000; i += 2)
        memcpy(deep + i, i % 4 ? "x+" : "x-", 2);
    deep[199999] = '\0';
    const expression *e = tree(deep);
    CHECK(e != NULL && e->height < 60);
    deep[131] = '\0'; /* 66 terms x-x+x-...: halves keep the signs */
    buffer b = {0};
    expression_print(&b, tree(deep));
    CHECK(strstr(buffer_text(&b), "x - x + x"));
    buffer_free(&b);
    for (int terms = 2; terms <= 2000; terms += terms < 200 ? 1 : 97) { /* what is printed groups as before */
        buffer first = {0}, second = {0};
        for (int i = 0; i < terms; i++)
            memcpy(deep + 2 * i, i % 3 ? "x+" : "y-", 2);
        deep[2 * terms - 1] = '\0';
        expression_print(&first, tree(deep));
        expression_print(&second, tree(buffer_text(&first)));
        CHECK_TEXT(buffer_text(&second), buffer_text(&first));
        buffer_free(&first);
        buffer_free(&second);
    }
}

static void test_definitions(void)
{
    unit_case("a definition is one subtree that its users share");
    ml_message why;
    CHECK(expression_define(space, "r = y-w*x", &why) == ML_OK);
    CHECK(expression_define(space, "`r 2`=r^2", &why) == ML_OK);
    const expression *e = tree("r*r + `r 2`");
    CHECK(e->args[0]->args[0] == e->args[0]->args[1]);
    CHECK(e->args[1]->args[0] == e->args[0]->args[0]);
    CHECK_TEXT(parsed("r/2"), "(y - w*x)/2");
    const char **names;
    size_t count;
    CHECK(expression_names(&e, 1, &names, &count, &why) == ML_OK && count == 3);
    CHECK_TEXT(names[0], "y");
    CHECK_TEXT(names[2], "x");
    free(names);
    CHECK(expression_define(space, "r=1", &why) == ML_FAIL && strstr(why.text, "'r' is defined twice"));
    CHECK(expression_define(space, "z=z+1", &why) == ML_FAIL && strstr(why.text, "uses 'z' itself"));
    CHECK(expression_define(space, "3=z", &why) == ML_FAIL && strstr(why.text, "NAME=EXPRESSION"));
    CHECK(expression_define(space, "q=1+", &why) == ML_FAIL);
    CHECK_TEXT(why.text,
               "definition of q, column 5: the expression ends where a number, a name or '(' should "
               "stand\n    q=1+\n        ^");
    /* 2^60 paths, 60 nodes */
    char line[32];
    CHECK(expression_define(space, "d0=u+v", &why) == ML_OK);
    for (int i = 1; i <= 60; i++) {
        snprintf(line, sizeof line, "d%d=d%d*d%d", i, i - 1, i - 1);
        CHECK(expression_define(space, line, &why) == ML_OK);
    }
    e = tree("d60");
    CHECK(expression_names(&e, 1, &names, &count, &why) == ML_OK && count == 2);
    free(names);
}

static void test_binding(void)
{
    unit_case("sums bind their names; operands NAME=VALUE are told from equations");
    const expression *e = tree("sum(i,1,2,sum(j,1,i,x[i]*j))+i");
    const char **names, *name, *value;
    size_t count, length;
    ml_message why;
    CHECK(expression_names(&e, 1, &names, &count, &why) == ML_OK && count == 2);
    CHECK_TEXT(names[0], "x");
    CHECK_TEXT(names[1], "i");
    free(names);
    CHECK(e->args[0]->bound == 0 && e->args[0]->args[2]->bound == 1 &&
          e->args[0]->args[2]->args[2]->bound == 3);
    CHECK(expression_binding("x = 1/3", &name, &length, &value) && length == 1 && strcmp(value, " 1/3") == 0);
    CHECK(expression_binding("`a b`=2", &name, &length, &value) && length == 3 && *name == 'a');
    CHECK(!expression_binding("x==1", &name, &length, &value));
    CHECK(!expression_binding("x+y=1", &name, &length, &value));
    CHECK(!expression_binding("1=1", &name, &length, &value));
    CHECK(!expression_binding("``=1", &name, &length, &value));
}

/* Garbage that looks like expressions; what matters is that sanitizers see nothing. */
static void test_garbage(void)
{
    unit_case("garbage is an error, never a crash; what is accepted prints to something that reads back");
    static const char *const pieces[] = {"x",     "1",  "2.5e3",      "(",    ")",     "[",     "]",  ",",
                                         ";",     "+",  "-",          "*",    "/",     "^",     "'",  "<",
                                         "==",    "!=", "sum(i,1,3,", "if(",  "log(",  "diff(", "x,", " ",
                                         "`a b`", "i",  "\xff",       "max(", "norm(", "\"",    "$",  "e"};
    unsigned state = 12345, accepted = 0;
    for (int trial = 0; trial < 60000; trial++) {
        char line[256] = "";
        int count = 1 + trial % 12;
        for (int i = 0; i < count; i++) {
            state = state * 1664525u + 1013904223u;
            strcat(line, pieces[(state >> 16) % (sizeof pieces / sizeof pieces[0])]);
        }
        expression_space *s = space;
        space = expression_space_new();
        const expression *e;
        ml_message why;
        if (expression_parse(space, NULL, line, &e, &why) == ML_OK) {
            char once[4096];
            snprintf(once, sizeof once, "%s", parsed(line));
            CHECK_TEXT(parsed(once), once);
            accepted++;
        }
        expression_space_free(space);
        space = s;
    }
    CHECK(accepted > 1000);
}

int main(void)
{
    space = expression_space_new();
    test_grouping();
    test_numbers();
    test_errors();
    test_depth();
    test_definitions();
    test_binding();
    test_garbage();
    expression_space_free(space);
    return unit_end();
}
