/* expression_internal.h: what the parts of the expression module share.  Not for other modules. */
#ifndef MATH_EXPRESSION_INTERNAL_H
#define MATH_EXPRESSION_INTERNAL_H

#include "math/expression.h"

typedef struct expression_chunk expression_chunk;

typedef struct expression_definition_entry {
    const char *name;
    const expression *value;
} expression_definition_entry;

struct expression_space {
    expression_chunk *chunks;
    size_t count;
    expression_definition_entry *definitions;
    size_t definition_count, definition_capacity;
    bool failed; /* memory ran out */
};

/* SIZE bytes, zeroed, that live as long as the space; NULL when memory is out. */
void *expression_allocate(expression_space *s, size_t size);
/* A copy of LENGTH characters, terminated. */
char *expression_copy(expression_space *s, const char *text, size_t length);

/* A node to fill in, its id and height set, args copied; NULL as for expression_node. */
expression *expression_make(expression_space *s, expression_kind kind, int op, size_t count,
                            const expression *const *args);

/* "LABEL, column N: MESSAGE", the part of the text around BEGIN, and carets under BEGIN to END. */
ml_status expression_fail_at(ml_message *why, const expression_source *source, size_t begin, size_t end,
                             const char *message);

/* Does a name start, or go on, with this character? */
bool expression_starts_name(char c);
bool expression_in_name(char c);

#endif
