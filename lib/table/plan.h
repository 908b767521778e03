/* plan.h: what the options make of each column of an input. */
#ifndef TABLE_PLAN_H
#define TABLE_PLAN_H

#include "table/reader.h"
#include "table/scan.h"

/* Fill PLAN, and SCHEMA with the names and places of the columns that come out (no rows).  NAMES are the
 * input's COUNT column names or NULL; PLAN borrows them. */
ml_status plan_make(scan_plan *plan, table *schema, const reader_options *options, const char *where,
                    const char *const *names, size_t count, ml_message *why);

/* Turn PLAN, made for all_text, into one that counts: the texts of SCHEMA, which it was made with, but its id
 * columns become symbols. */
void plan_count(scan_plan *plan, const table *schema);

void plan_free(scan_plan *plan);

/* An empty table with the columns of SCHEMA; false when memory is out. */
bool plan_copy_schema(table *t, const table *schema);

#endif
