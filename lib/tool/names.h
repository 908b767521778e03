/* names.h: arrays of names that a tool owns, ended by NULL. */
#ifndef TOOL_NAMES_H
#define TOOL_NAMES_H

#include <stddef.h>

#include "base/status.h"
#include "table/table.h"

/* Each fills a new array, which names_free takes; after a failure *NAMES is NULL. */

/* Those of the COUNT numeric columns of T from FROM on, "column3" where T has none. */
ml_status names_of(char ***names, const table *t, size_t from, size_t count, ml_message *why);
/* Copies of COUNT texts. */
ml_status names_copy(char ***names, const char *const *from, size_t count, ml_message *why);
/* PREFIX1, PREFIX2, ... */
ml_status names_numbered(char ***names, const char *prefix, size_t count, ml_message *why);

void names_free(char **names);

#endif
