/* The steps writer: three formats of one document, and the translation of formulas to LaTeX. */
#include <stdlib.h>

#include "base/steps.h"
#include "unit.h"

static const char *latex(const char *formula)
{
    static buffer out;
    buffer_free(&out);
    steps_latex(&out, formula);
    return buffer_text(&out);
}

static void formulas(void)
{
    unit_case("fractions take the factors on both sides, without their brackets");
    CHECK_TEXT(latex("1/2"), "\\frac{1}{2}");
    CHECK_TEXT(latex("(1 + 3)/(2*n)"), "\\frac{1 + 3}{2\\,n}");
    CHECK_TEXT(latex("log(x)/2"), "\\frac{\\log \\left(x\\right)}{2}");
    CHECK_TEXT(latex("3/2 + 1/2*sqrt(5)"), "\\frac{3}{2} + \\frac{1}{2} \\cdot \\sqrt{5}");
    CHECK_TEXT(latex("0.2/(1-0.9)"), "\\frac{0.2}{1-0.9}");
    CHECK_TEXT(latex("(x)(y)/2"), "\\left(x\\right)\\frac{y}{2}");
    CHECK_TEXT(latex("(1 + 2) / (3) / 4"), "\\frac{\\frac{1 + 2}{3}}{4}");
    CHECK_TEXT(latex("a/b/c"), "\\frac{\\frac{a}{b}}{c}");
    CHECK_TEXT(latex("x/"), "x/");
    CHECK_TEXT(latex("/x"), "/x");
    unit_case("roots, powers, hats, transposes, indices");
    CHECK_TEXT(latex("3*sqrt(5)"), "3\\,\\sqrt{5}");
    CHECK_TEXT(latex("sqrt(15 + sqrt(221))"), "\\sqrt{15 + \\sqrt{221}}");
    CHECK_TEXT(latex("sqrt((a))/2"), "\\frac{\\sqrt{\\left(a\\right)}}{2}");
    CHECK_TEXT(latex("x^2"), "x^{2}");
    CHECK_TEXT(latex("x^(n+1)"), "x^{n+1}");
    CHECK_TEXT(latex("x^-1"), "x^{-1}");
    CHECK_TEXT(latex("2^n^2"), "2^{n^{2}}");
    CHECK_TEXT(latex("(a+b)^2/2"), "\\frac{\\left(a+b\\right)^{2}}{2}");
    CHECK_TEXT(latex("m^ = 2"), "\\hat{m} = 2");
    CHECK_TEXT(latex("A'A"), "A^{T}A");
    CHECK_TEXT(latex("x1 + y_i + sigma2 + N_k"), "x_{1} + y_{i} + \\sigma _{2} + N_{k}");
    CHECK_TEXT(latex("d\xc2\xb2(c1)"), "d^{2}\\left(c_{1}\\right)");
    unit_case("assignments, comparisons, numbers with exponents, words");
    CHECK_TEXT(latex("R2 <- R2 - 3/2*R1"), "R_{2}  \\leftarrow  R_{2} - \\frac{3}{2} \\cdot R_{1}");
    CHECK_TEXT(latex("x <= 1e-08"), "x  \\le  1\\times 10^{-8}");
    CHECK_TEXT(latex("1e+20"), "1\\times 10^{20}");
    CHECK_TEXT(latex("mean of rows"), "\\mathrm{mean}\\ \\mathrm{of}\\ \\mathrm{rows}");
    CHECK_TEXT(latex("50% & #"), "50\\% \\&  \\#");
    CHECK_TEXT(latex("1, 2, ..., n"), "1, 2, \\dots , n");
    unit_case("what is unbalanced or deep is carried over and ends");
    CHECK_TEXT(latex("(1"), "\\left(1\\right)");
    CHECK_TEXT(latex("1)"), "1)");
    char deep[2001];
    memset(deep, '(', 2000);
    deep[2000] = '\0';
    CHECK(strlen(latex(deep)) > 2000);
    for (size_t i = 0; i + 1 < sizeof deep; i += 5)
        memcpy(deep + i, "sqrt(", 5);
    CHECK(strlen(latex(deep)) > 0);
}

static const char *document(steps_format format)
{
    static char text[4096];
    steps *s = steps_new(format, 6);
    const char *heads[] = {"row", "point", "d\xc2\xb2(c1)"},
               *cells[] = {"1", "(1, 2)", "0", "10", "(1, 4)", "4.5"},
               *matrix[] = {"1", "2/3", "6", "-1", "0", "12"};
    steps_formula(s, "c1 = (%d + %d)/2", 1, 3);
    steps_heading(s, "Iteration %d", 1);
    steps_text(s, "No row moves; 50%% & done.");
    steps_table(s, heads, 3, 2, cells);
    steps_matrix(s, "[A|b]", 2, 3, 2, matrix);
    steps_formula(s, "x = %s", steps_number(s, 2.0 / 3));
    const buffer *b = steps_finish(s);
    snprintf(text, sizeof text, "%.*s", (int)b->size, b->data);
    CHECK(!b->failed);
    steps_free(s);
    return text;
}

static void documents(void)
{
    unit_case("one document as text, Markdown and LaTeX");
    CHECK_TEXT(document(STEPS_TEXT), "c1 = (1 + 3)/2\n"
                                     "Iteration 1\n"
                                     "  No row moves; 50% & done.\n"
                                     "  row  point   d\xc2\xb2(c1)\n"
                                     "    1  (1, 2)       0\n"
                                     "   10  (1, 4)     4.5\n"
                                     "  [A|b] =\n"
                                     "       1  2/3 |  6\n"
                                     "      -1    0 | 12\n"
                                     "  x = 0.666667\n");
    CHECK_TEXT(document(STEPS_MARKDOWN),
               "$$c_{1} = \\frac{1 + 3}{2}$$\n\n"
               "### Iteration 1\n\n"
               "No row moves; 50% & done.\n\n"
               "| row | point | $d^{2}\\left(c_{1}\\right)$ |\n| ---: | ---: | ---: |\n"
               "| $1$ | $\\left(1, 2\\right)$ | $0$ |\n| $10$ | $\\left(1, 4\\right)$ | $4.5$ |\n\n"
               "$$[A|b] = \\left[\\begin{array}{rr|r} 1 & \\frac{2}{3} & 6 \\\\ -1 & 0 & 12 "
               "\\end{array}\\right]$$\n\n"
               "$$x = 0.666667$$\n\n");
    CHECK_TEXT(
        document(STEPS_LATEX),
        "\\[c_{1} = \\frac{1 + 3}{2}\\]\n"
        "\\subsection*{Iteration 1}\n"
        "No row moves; 50\\% \\& done.\n\n"
        "\\begin{center}\\begin{tabular}{rrr}\nrow & point & $d^{2}\\left(c_{1}\\right)$ \\\\\n\\hline\n"
        "$1$ & $\\left(1, 2\\right)$ & $0$ \\\\\n$10$ & $\\left(1, 4\\right)$ & $4.5$ \\\\\n"
        "\\end{tabular}\\end{center}\n"
        "\\[[A|b] = \\left[\\begin{array}{rr|r} 1 & \\frac{2}{3} & 6 \\\\ -1 & 0 & 12 "
        "\\end{array}\\right]\\]\n"
        "\\[x = 0.666667\\]\n");
    unit_case("without a document nothing happens");
    steps_heading(NULL, "x");
    steps_table(NULL, NULL, 0, 0, NULL);
    CHECK_TEXT(steps_number(NULL, 1), "");
}

int main(void)
{
    formulas();
    documents();
    return unit_end();
}
