/* progress.h: what is being done, on one line of standard error, for work that lasts over a second.
 *
 * There is one such line in a process.  Until progress_begin, and after progress_end, the others do nothing,
 * so that whoever works can report without asking whether anybody looks. */
#ifndef TABLE_PROGRESS_H
#define TABLE_PROGRESS_H

#include <stddef.h>

/* Speak from a second from now on, as TOOL, which stays the caller's; standard error is a terminal. */
void progress_begin(const char *tool);

/* What is being done; it replaces what was said before, the count of rows too. */
void progress_phase(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* Rows so far, and the share (0..1) of the input that is read; negative: not known.  Cheap. */
void progress_rows(size_t rows, double share);

/* Take the line away because something else is to be written there; it comes back. */
void progress_hide(void);

/* Take it away for good. */
void progress_end(void);

#endif
