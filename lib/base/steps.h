/* steps.h: a calculation written out as a person writes it, in plain text, Markdown or LaTeX.
 *
 * A method that can show its work takes a `steps *` that may be NULL; every function here then does nothing.
 * The document is built in memory and never printed here.  Running out of memory is remembered and shows
 * as `failed` in the buffer of steps_finish, so calls need not be checked one by one.
 *
 * Mathematics is written in the toolkit's plain notation: numbers and names, + - * / ^, calls such as
 * sqrt(5), A' for the transpose, m^ for a hat (a ^ with nothing to its right), x_i or x1 for an index,
 * <- for an assignment.  Plain text shows it as it stands; for the other formats steps_latex translates. */
#ifndef BASE_STEPS_H
#define BASE_STEPS_H

#include <stddef.h>

#include "base/memory.h"

/* Markdown: headings, pipe tables, mathematics between dollar signs.  LaTeX: a fragment without preamble. */
typedef enum steps_format { STEPS_TEXT, STEPS_MARKDOWN, STEPS_LATEX } steps_format;

typedef struct steps steps;

/* DIGITS: significant digits of steps_number, 1 to 17; 0: the shortest text that reads back.
 * NULL when memory is out. */
steps *steps_new(steps_format format, int digits);
void steps_free(steps *s);

/* The title of a step; in plain text what follows it is indented by two until the next one. */
void steps_heading(steps *s, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* A line of prose. */
void steps_text(steps *s, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* A line of mathematics. */
void steps_formula(steps *s, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* ROWS x COLUMNS cells, row by row, each in the plain notation.  NAME may be NULL; BAR > 0 draws a rule
 * before that column, as in [A|b]. */
void steps_matrix(steps *s, const char *name, size_t rows, size_t columns, size_t bar,
                  const char *const *cells);
/* A table under the names HEADS; ROWS x COLUMNS cells, row by row. */
void steps_table(steps *s, const char *const *heads, size_t columns, size_t rows, const char *const *cells);

/* Text that lives until steps_free; "" when memory is out or S is NULL. */
const char *steps_number(steps *s, double x);
const char *steps_print(steps *s, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* The text of B, which is emptied. */
const char *steps_keep(steps *s, buffer *b);

/* Say that memory ran out while a text for S was made elsewhere. */
void steps_fail(steps *s);
/* How many bytes have been written, to see whether any are; 0 for NULL. */
size_t steps_size(const steps *s);
/* The document; it stays S's.  */
const buffer *steps_finish(steps *s);

/* Append the LaTeX (math mode) of FORMULA to OUT.  What is not understood is carried over, escaped. */
void steps_latex(buffer *out, const char *formula);

#endif
