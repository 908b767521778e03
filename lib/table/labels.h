/* labels.h: a column of text as numbers. */
#ifndef TABLE_LABELS_H
#define TABLE_LABELS_H

#include <stddef.h>
#include <stdint.h>

#include "base/status.h"
#include "table/table.h"

/* CODES (room for ROWS) get 0, 1, ... for the different cells of COLUMN, blanks around them left out, by
 * their first appearance; *COUNT of them are different. */
ml_status labels_encode(const text_column *column, size_t rows, uint32_t *codes, size_t *count,
                        ml_message *why);

#endif
