/* save.h: a file that is written whole or not at all.
 *
 * A regular target, or one that does not exist yet, is written as a temporary file beside it (beside what a
 * symbolic link points to), flushed to the disk and renamed over it by save_commit: a reader sees the old
 * file or the new one, and a failure leaves the old one as it was; a signal that ends the process takes the
 * temporary file along.  The mode of an existing file is kept; a
 * new one gets 0666 less the umask.  A FIFO, a terminal or a device is written straight, and /dev/stdout,
 * /dev/stderr and /dev/fd/N continue that open descriptor, whatever it leads to. */
#ifndef TABLE_SAVE_H
#define TABLE_SAVE_H

#include "base/status.h"

typedef struct save save;

/* Begin to write PATH.  *S is NULL on failure; else it ends with save_commit or save_abandon. */
ml_status save_open(save **s, const char *path, ml_message *why);

/* The descriptor to write to; it stays the save's. */
int save_fd(const save *s);

/* Put the file in place, and free S, also on failure. */
ml_status save_commit(save *s, ml_message *why);

/* Remove what was written, and free S; NULL is allowed. */
void save_abandon(save *s);

#endif
