#include "tool/names.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"

void names_free(char **names)
{
    for (size_t j = 0; names != NULL && names[j] != NULL; j++)
        free(names[j]);
    free(names);
}

/* Where names come from: name J, which may be written into SPACE. */
typedef const char *name_source(const void *source, size_t j, char space[48]);

static ml_status make(char ***names, size_t count, name_source *name, const void *source, ml_message *why)
{
    *names = memory_zeros(count + 1, sizeof **names);
    bool good = *names != NULL;
    for (size_t j = 0; good && j < count; j++) {
        char space[48];
        good = ((*names)[j] = strdup(name(source, j, space))) != NULL;
    }
    if (good)
        return ML_OK;
    names_free(*names);
    *names = NULL;
    return ml_fail_memory(why, "names", count * sizeof **names);
}

typedef struct columns {
    const table *t;
    size_t from;
} columns;

static const char *column_name(const void *source, size_t j, char space[48])
{
    const columns *c = source;
    return table_name(c->t, c->from + j, space);
}

ml_status names_of(char ***names, const table *t, size_t from, size_t count, ml_message *why)
{
    columns source = {t, from};
    return make(names, count, column_name, &source, why);
}

static const char *text_name(const void *source, size_t j, char space[48])
{
    (void)space;
    return ((const char *const *)source)[j];
}

ml_status names_copy(char ***names, const char *const *from, size_t count, ml_message *why)
{
    return make(names, count, text_name, from, why);
}

static const char *numbered_name(const void *source, size_t j, char space[48])
{
    snprintf(space, 48, "%.20s%zu", (const char *)source, j + 1);
    return space;
}

ml_status names_numbered(char ***names, const char *prefix, size_t count, ml_message *why)
{
    return make(names, count, numbered_name, prefix, why);
}
