#include "base/steps.h"

#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/number.h"

struct steps {
    buffer out;
    steps_format format;
    int digits;
    bool indented; /* a heading was written */
    char **kept;   /* what steps_number and steps_print gave out */
    size_t kept_count, kept_capacity;
};

steps *steps_new(steps_format format, int digits)
{
    steps *s = memory_zeros(1, sizeof *s);
    if (s != NULL) {
        s->format = format;
        s->digits = digits;
    }
    return s;
}

void steps_free(steps *s)
{
    if (s == NULL)
        return;
    for (size_t i = 0; i < s->kept_count; i++)
        free(s->kept[i]);
    free(s->kept);
    buffer_free(&s->out);
    free(s);
}

void steps_fail(steps *s)
{
    if (s != NULL)
        s->out.failed = true;
}

size_t steps_size(const steps *s)
{
    return s != NULL ? s->out.size : 0;
}

const buffer *steps_finish(steps *s)
{
    return &s->out;
}

/* --- texts given out --- */

/* Takes over TEXT, which came from malloc. */
static const char *keep(steps *s, char *text)
{
    if (text == NULL || !memory_grow(&s->kept, &s->kept_capacity, s->kept_count + 1, sizeof *s->kept)) {
        free(text);
        s->out.failed = true;
        return "";
    }
    return s->kept[s->kept_count++] = text;
}

static char *formatted(const char *format, va_list arguments)
{
    char *text;
    return vasprintf(&text, format, arguments) < 0 ? NULL : text;
}

const char *steps_print(steps *s, const char *format, ...)
{
    if (s == NULL)
        return "";
    va_list arguments;
    va_start(arguments, format);
    char *text = formatted(format, arguments);
    va_end(arguments);
    return keep(s, text);
}

const char *steps_keep(steps *s, buffer *b)
{
    if (s != NULL)
        return keep(s, buffer_take(b));
    buffer_free(b);
    *b = (buffer){0};
    return "";
}

const char *steps_number(steps *s, double x)
{
    char digits[NUMBER_PRINT_MAX];
    if (s == NULL)
        return "";
    if (s->digits == 0)
        number_print(digits, x);
    else
        number_print_digits(digits, x, s->digits);
    return steps_print(s, "%s", digits);
}

/* --- lines --- */

static void margin(steps *s)
{
    if (s->format == STEPS_TEXT && s->indented)
        buffer_string(&s->out, "  ");
}

static void latex_prose(buffer *out, const char *text)
{
    for (; *text != '\0'; text++) {
        if (strchr("#$%&_{}", *text) != NULL)
            buffer_char(out, '\\');
        if (*text == '\\')
            buffer_string(out, "\\textbackslash{}");
        else if (*text == '^' || *text == '~')
            buffer_printf(out, "\\%c{}", *text);
        else
            buffer_char(out, *text);
    }
}

static void put_prose(steps *s, const char *text)
{
    if (s->format == STEPS_LATEX)
        latex_prose(&s->out, text);
    else
        buffer_string(&s->out, text);
}

void steps_heading(steps *s, const char *format, ...)
{
    if (s == NULL)
        return;
    va_list arguments;
    va_start(arguments, format);
    const char *text = keep(s, formatted(format, arguments));
    va_end(arguments);
    s->indented = true;
    buffer_string(&s->out, s->format == STEPS_TEXT       ? ""
                           : s->format == STEPS_MARKDOWN ? "### "
                                                         : "\\subsection*{");
    put_prose(s, text);
    buffer_string(&s->out, s->format == STEPS_TEXT ? "\n" : s->format == STEPS_MARKDOWN ? "\n\n" : "}\n");
}

void steps_text(steps *s, const char *format, ...)
{
    if (s == NULL)
        return;
    va_list arguments;
    va_start(arguments, format);
    const char *text = keep(s, formatted(format, arguments));
    va_end(arguments);
    margin(s);
    put_prose(s, text);
    buffer_string(&s->out, s->format == STEPS_TEXT ? "\n" : "\n\n");
}

static void display(steps *s, bool begin)
{
    if (s->format == STEPS_MARKDOWN)
        buffer_string(&s->out, begin ? "$$" : "$$\n\n");
    else
        buffer_string(&s->out, begin ? "\\[" : "\\]\n");
}

void steps_formula(steps *s, const char *format, ...)
{
    if (s == NULL)
        return;
    va_list arguments;
    va_start(arguments, format);
    const char *text = keep(s, formatted(format, arguments));
    va_end(arguments);
    if (s->format == STEPS_TEXT) {
        margin(s);
        buffer_printf(&s->out, "%s\n", text);
        return;
    }
    display(s, true);
    steps_latex(&s->out, text);
    display(s, false);
}

/* --- tables and matrices --- */

/* Characters, not bytes: UTF-8 continuation bytes take no room. */
static size_t width_of(const char *text)
{
    size_t width = 0;
    for (; *text != '\0'; text++)
        width += ((unsigned char)*text & 0xc0) != 0x80;
    return width;
}

/* A cell in math mode, or as prose when it is words. */
static void put_cell(steps *s, const char *cell)
{
    if (cell[0] == '\0')
        return;
    if (strspn(cell, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ ,.;:-") == strlen(cell) &&
        strlen(cell) > 1) {
        put_prose(s, cell);
        return;
    }
    buffer_char(&s->out, '$');
    steps_latex(&s->out, cell);
    buffer_char(&s->out, '$');
}

static bool looks_numeric(const char *cell)
{
    return cell[0] == '\0' || strchr("+-.0123456789", cell[0]) != NULL;
}

typedef struct layout {
    size_t *widths;
    bool *right;
} layout;

static bool measure(layout *l, const char *const *heads, size_t columns, size_t rows,
                    const char *const *cells)
{
    l->widths = memory_zeros(columns, sizeof *l->widths);
    l->right = memory_zeros(columns, sizeof *l->right);
    if (l->widths == NULL || l->right == NULL)
        return false;
    for (size_t j = 0; j < columns; j++) {
        l->widths[j] = heads ? width_of(heads[j]) : 0;
        l->right[j] = true;
        for (size_t i = 0; i < rows; i++) {
            size_t width = width_of(cells[i * columns + j]);
            l->widths[j] = width > l->widths[j] ? width : l->widths[j];
            l->right[j] = l->right[j] && looks_numeric(cells[i * columns + j]);
        }
    }
    return true;
}

static void forget(layout *l)
{
    free(l->widths);
    free(l->right);
}

/* CELL padded to its column; the last one of a line gets no blanks behind it. */
static void put_padded(steps *s, const char *cell, size_t width, bool right, bool last)
{
    int blanks = (int)(width - width_of(cell));
    if (right)
        buffer_printf(&s->out, "%*s", blanks, "");
    buffer_string(&s->out, cell);
    if (!right && !last)
        buffer_printf(&s->out, "%*s", blanks, "");
}

static void text_row(steps *s, const layout *l, const char *const *cells, size_t columns, size_t bar)
{
    for (size_t j = 0; j < columns; j++) {
        if (j > 0)
            buffer_string(&s->out, bar > 0 && j == bar ? " | " : "  ");
        put_padded(s, cells[j], l->widths[j], l->right[j], j + 1 == columns);
    }
    buffer_char(&s->out, '\n');
}

static void text_table(steps *s, const char *const *heads, size_t columns, size_t rows,
                       const char *const *cells)
{
    layout l;
    if (measure(&l, heads, columns, rows, cells)) {
        margin(s);
        text_row(s, &l, heads, columns, 0);
        for (size_t i = 0; i < rows; i++) {
            margin(s);
            text_row(s, &l, cells + i * columns, columns, 0);
        }
    } else {
        s->out.failed = true;
    }
    forget(&l);
}

static void marked_row(steps *s, const char *const *cells, size_t columns)
{
    bool markdown = s->format == STEPS_MARKDOWN;
    for (size_t j = 0; j < columns; j++) {
        buffer_string(&s->out, markdown ? j == 0 ? "| " : " | " : j == 0 ? "" : " & ");
        put_cell(s, cells[j]);
    }
    buffer_string(&s->out, markdown ? " |\n" : " \\\\\n");
}

static void marked_table(steps *s, const char *const *heads, size_t columns, size_t rows,
                         const char *const *cells)
{
    bool markdown = s->format == STEPS_MARKDOWN;
    if (!markdown) {
        buffer_string(&s->out, "\\begin{center}\\begin{tabular}{");
        for (size_t j = 0; j < columns; j++)
            buffer_char(&s->out, 'r');
        buffer_string(&s->out, "}\n");
    }
    marked_row(s, heads, columns);
    for (size_t j = 0; markdown && j < columns; j++)
        buffer_string(&s->out, j == 0 ? "| ---:" : " | ---:");
    buffer_string(&s->out, markdown ? " |\n" : "\\hline\n");
    for (size_t i = 0; i < rows; i++)
        marked_row(s, cells + i * columns, columns);
    buffer_string(&s->out, markdown ? "\n" : "\\end{tabular}\\end{center}\n");
}

void steps_table(steps *s, const char *const *heads, size_t columns, size_t rows, const char *const *cells)
{
    if (s == NULL)
        return;
    if (s->format == STEPS_TEXT)
        text_table(s, heads, columns, rows, cells);
    else
        marked_table(s, heads, columns, rows, cells);
}

static void text_matrix(steps *s, const char *name, size_t rows, size_t columns, size_t bar,
                        const char *const *cells)
{
    layout l;
    if (name != NULL) {
        margin(s);
        buffer_printf(&s->out, "%s =\n", name);
    }
    if (!measure(&l, NULL, columns, rows, cells))
        s->out.failed = true;
    for (size_t j = 0; !s->out.failed && j < columns; j++)
        l.right[j] = true;
    for (size_t i = 0; !s->out.failed && i < rows; i++) {
        margin(s);
        buffer_string(&s->out, "    ");
        text_row(s, &l, cells + i * columns, columns, bar);
    }
    forget(&l);
}

static void latex_matrix(steps *s, const char *name, size_t rows, size_t columns, size_t bar,
                         const char *const *cells)
{
    display(s, true);
    if (name != NULL) {
        steps_latex(&s->out, name);
        buffer_string(&s->out, " = ");
    }
    buffer_string(&s->out, "\\left[\\begin{array}{");
    for (size_t j = 0; j < columns; j++)
        buffer_string(&s->out, bar > 0 && j == bar ? "|r" : "r");
    buffer_string(&s->out, "}");
    for (size_t i = 0; i < rows * columns; i++) {
        buffer_string(&s->out, i % columns ? " & " : i ? " \\\\ " : " ");
        steps_latex(&s->out, cells[i]);
    }
    buffer_string(&s->out, " \\end{array}\\right]");
    display(s, false);
}

void steps_matrix(steps *s, const char *name, size_t rows, size_t columns, size_t bar,
                  const char *const *cells)
{
    if (s == NULL)
        return;
    if (s->format == STEPS_TEXT)
        text_matrix(s, name, rows, columns, bar, cells);
    else
        latex_matrix(s, name, rows, columns, bar, cells);
}
