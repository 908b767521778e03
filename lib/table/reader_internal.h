/* reader_internal.h: for tests of the reader. */
#ifndef TABLE_READER_INTERNAL_H
#define TABLE_READER_INTERNAL_H

#include "table/reader.h"

/* How many bytes are read at a time, and parsed as one piece, from now on: small ones show whether anything
 * depends on where the cuts are. */
void reader_set_sizes(reader *r, size_t stretch, size_t piece);

#endif
