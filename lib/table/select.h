/* select.h: column LISTs such as `a,b`, `2-4`, `3-`, `petal_length:species`.
 *
 * A LIST is items separated by commas.  An item is an exact name, else a 1-based number, else a range of
 * numbers (`2-4`, `3-`, `-4`) or of names or numbers (`a:b`, `a:`, `:b`).  An item or the end of a range in
 * double quotes (doubled inside) is a name and may hold commas and colons.  Blanks around it are ignored.
 * The columns of a table without names are called column1, column2, ... as in what is printed. */
#ifndef TABLE_SELECT_H
#define TABLE_SELECT_H

#include <stdbool.h>
#include <stddef.h>

#include "base/status.h"

typedef struct select_list {
    size_t *columns; /* 0-based, in the order of the LIST, each once; owned */
    size_t count;
} select_list;

/* The columns of a table that a LIST is looked up in, and how to speak of it. */
typedef struct select_from {
    const char *where;        /* the input's name, which begins every message */
    const char *const *names; /* NULL when the table has none */
    size_t count;
} select_from;

/* Look up LIST, which the user gave with OPTION ("-x").  Fails on an unknown or ambiguous name (and
 * suggests the nearest one), a number outside the table, a column that is named twice and an empty item. */
ml_status select_columns(select_list *chosen, const char *list, const char *option, const select_from *from,
                         ml_message *why);

/* The one column that ITEM names; more than one is an error. */
ml_status select_column(size_t *column, const char *item, const char *option, const select_from *from,
                        ml_message *why);

/* That no two of COUNT names are the same; WHERE begins the message. */
ml_status select_check_unique(const char *const *names, size_t count, const char *where, ml_message *why);

/* Split LIST at the commas outside quotes; the parts are trimmed and their quotes taken off.  *PARTS and
 * the texts are the caller's: select_free_texts. */
ml_status select_split(char ***parts, size_t *count, const char *list, ml_message *why);
void select_free_texts(char **texts, size_t count);

#endif
