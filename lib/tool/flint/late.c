/* late.c: FLINT loaded when the first of its functions is called (late.sh says why).
 *
 * A library that was there when the tool was built and is not there now ends the tool, as it would have ended
 * at its start. */
#include <dlfcn.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/status.h"
#include "tool/flint/memory.h"

/* Made by late.sh: the name of the library, those of its functions, and where each is to be found. */
extern const char late_library[];
extern const char *const late_names[];
extern void *late_table[];

void *late_bind(size_t i);

static void fail(void)
{
    fprintf(stderr, "%s: exact arithmetic needs FLINT: %s\n", program_invocation_short_name, dlerror());
    exit(ML_FAIL);
}

/* The address of function I, from now on in the table too. */
void *late_bind(size_t i)
{
    static void *library;
    if (library == NULL) {
        if ((library = dlopen(late_library, RTLD_NOW | RTLD_LOCAL)) == NULL)
            fail();
        flint_guard_memory(program_invocation_short_name); /* comes here again, for other functions */
    }
    void *address = dlsym(library, late_names[i]);
    if (address == NULL)
        fail();
    late_table[i] = address;
    return address;
}
