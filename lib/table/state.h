/* state.h: partial states, the mergeable statistics of some rows as one line of text.
 *
 *     mlpca 0.1.0 rows=3 columns=a,b%20c mean=0x1p+0,0x1.8p+1 check=9a3f5c...
 *
 * Blanks separate fields; texts are escaped as in a URL, so that a state has no tab, blank or newline inside
 * a value; reals are hexadecimal floats, so nothing is rounded on the way.  The last field is a checksum
 * (FNV-1a, 64 bits) of all that stands before it.  What a job engine puts before a line as its key, up to
 * the last tab, is skipped, and so are empty lines and blanks at the end; a state in the place of a key is an
 * error, since two states joined by a tab would count as one. */
#ifndef TABLE_STATE_H
#define TABLE_STATE_H

#include <stdbool.h>
#include <stddef.h>

#include "base/memory.h"
#include "base/status.h"

/* --- writing --- */

/* Append a line to OUT: begin, fields, end.  Keys are lower-case words. */
void state_begin(buffer *out, const char *tool);
void state_put_text(buffer *out, const char *key, const char *text);
void state_put_texts(buffer *out, const char *key, const char *const *texts, size_t count);
void state_put_count(buffer *out, const char *key, size_t value);
void state_put_reals(buffer *out, const char *key, const double *values, size_t count);
/* LINE_START is out->size as it was at state_begin. */
void state_end(buffer *out, size_t line_start);

/* --- reading --- */

typedef struct state_reader state_reader;

/* Lines of PATH (NULL: standard input), states of TOOL.  *R is NULL on failure. */
ml_status state_open(state_reader **r, const char *path, const char *tool, ml_message *why);
void state_close(state_reader *r);

/* Go to the next state; *MORE is false at the end.  A line that is no state, is damaged, or is of another
 * tool or version is an error that names file and line. */
ml_status state_next(state_reader *r, bool *more, ml_message *why);

/* Fields of the state read last.  An absent or malformed one is an error. */
bool state_has(const state_reader *r, const char *key);
ml_status state_get_count(const state_reader *r, const char *key, size_t *value, ml_message *why);
/* How many values the field has. */
ml_status state_get_length(const state_reader *r, const char *key, size_t *count, ml_message *why);
/* Just COUNT reals; a number that is not finite is refused. */
ml_status state_get_reals(const state_reader *r, const char *key, double *values, size_t count,
                          ml_message *why);
/* *TEXTS is a new array of *COUNT texts in one piece of memory: the caller frees it with one free. */
ml_status state_get_texts(const state_reader *r, const char *key, char ***texts, size_t *count,
                          ml_message *why);
/* That the field stands here as it stood in the first state that had it: a mismatch says both. */
ml_status state_agree(state_reader *r, const char *key, ml_message *why);
/* An error about the state read last: "FILE:LINE: ...". */
ml_status state_fail(const state_reader *r, ml_message *why, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

#endif
