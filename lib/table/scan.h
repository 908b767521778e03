/* scan.h: lines of text into rows of numbers and texts; the inner loop of the reader. */
#ifndef TABLE_SCAN_H
#define TABLE_SCAN_H

#include <stdbool.h>
#include <stddef.h>

#include "base/status.h"
#include "table/table.h"
#include "table/tally.h"

typedef enum scan_action { SCAN_SKIP, SCAN_NUMBER, SCAN_TEXT, SCAN_ID } scan_action;

/* What becomes of one column of the input.  SCAN_ID differs from SCAN_TEXT in that it may be missing. */
typedef struct scan_column {
    scan_action action;
    size_t to;   /* place in the row of numbers, or in the texts */
    size_t text; /* SCAN_NUMBER, where texts are kept: place in the texts */
} scan_column;

typedef struct scan_plan {
    char delimiter; /* ' ': runs of blanks and tabs */
    size_t columns; /* of the input */
    scan_column *column;
    const char *const *names; /* of the input; NULL: none */
    size_t numbers, texts;    /* a row's */
    bool straight;            /* every column is a number, in the order of the input */
    bool careful;             /* a plain decimal can mean missing, or half units or texts are asked for */
    bool keep_text;           /* of numbers; the weights and a target that is a number have no text */
    bool half, allow_nonfinite, drop, keep;
    bool no_mean; /* of the tool: messages do not name --na mean */
    char **na_values;
    size_t na_count;
    bool *noted;  /* per column of the input: its first fraction was reported */
    bool counted; /* texts are counted as symbols, not kept */
} scan_plan;

typedef enum scan_stop {
    SCAN_END,   /* all lines were read */
    SCAN_EMPTY, /* an empty line, at `at` */
    SCAN_OPEN,  /* the input ends inside a record: a quote opened at `at` is not closed */
    SCAN_ERROR, /* `error`, at `at` */
} scan_stop;

/* A fraction or percentage, the first in its column of the lines scanned. */
typedef struct scan_note {
    size_t column;
    const char *at;
    char text[256];
} scan_note;

/* Lines to scan and where the rows go.  The texts, notes and flags are kept between calls. */
typedef struct scan {
    const char *begin, *end; /* ends behind a newline outside quotes, or at the end of the input */
    double *x, *half;        /* room for a row a line */
    size_t rows, dropped;
    text_column *texts; /* plan->texts of them */
    tally *tally;   /* with plan->counted: where rows are counted; `to` of a SCAN_TEXT is its column there */
    buffer decoded; /* scratch for cells with doubled quotes */
    scan_note *notes;
    size_t note_count, note_capacity;
    scan_stop stop;
    const char *at;   /* the place of the stop */
    ml_message error; /* without file and line */
} scan;

void scan_lines(const scan_plan *plan, scan *s);

/* One cell of the line at P; the text is decoded and valid until the next call.  Returns what ends it: the
 * delimiter or the newline, with ' ' the next cell or the newline.  NULL: s->stop and s->error say why. */
const char *scan_cell(const scan_plan *plan, scan *s, const char *p, size_t column, const char **text,
                      size_t *length);

/* Blanks before the first cell of a line, which only the delimiter ' ' skips. */
const char *scan_line_start(const scan_plan *plan, const char *p);
/* Is the line at P empty? */
bool scan_is_empty(const scan_plan *plan, const char *p);

/* About 40 characters of TEXT for a message: control characters escaped, the rest as "...". */
enum { SCAN_SHORT = 64 };
void scan_shorten(char out[SCAN_SHORT], const char *text, size_t length);

void scan_free(scan *s, size_t texts);

#endif
