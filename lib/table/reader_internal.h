/* reader_internal.h: for tests of the reader. */
#ifndef TABLE_READER_INTERNAL_H
#define TABLE_READER_INTERNAL_H

#include "table/reader.h"

/* reader_open that reads STRETCH bytes at a time and parses PIECE bytes as one piece: small ones show whether
 * anything depends on where the cuts are.  0: the usual size. */
ml_status reader_open_sized(reader **r, const char *path, const reader_options *options, size_t stretch,
                            size_t piece, ml_message *why);

#endif
