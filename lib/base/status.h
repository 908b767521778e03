/* status.h: how a library function says that it failed, and why.
 *
 * A function that can fail returns an ml_status and takes an ml_message that it fills when it does.  The
 * values are the exit statuses of the tools, so a main returns what it was told.  The library never prints
 * and never exits. */
#ifndef BASE_STATUS_H
#define BASE_STATUS_H

#include <stddef.h>

typedef enum ml_status {
    ML_OK = 0,        /* done, or yes */
    ML_NO = 1,        /* the answer is no */
    ML_FAIL = 2,      /* usage, data, memory or I/O error, or a problem that has no answer */
    ML_UNDECIDED = 3, /* undecided, or a result that had not converged within the method's own limit */
} ml_status;

/* For a person: what is wrong, where, and the remedy; no tool name, no newline at the end.  One line, except
 * that an error in an expression brings the line and a line of carets under the place. */
typedef struct ml_message {
    char text[1024];
} ml_message;

/* Write the message and return ML_FAIL; WHY may be NULL.  A message that is too long is cut with "...". */
ml_status ml_fail(ml_message *why, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* ml_fail with the words for a lack of memory: WHAT it was for and how many bytes were asked. */
ml_status ml_fail_memory(ml_message *why, const char *what, size_t bytes);

#endif
