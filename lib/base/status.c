#include "base/status.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

ml_status ml_fail(ml_message *why, const char *format, ...)
{
    if (why == NULL)
        return ML_FAIL;
    va_list arguments;
    va_start(arguments, format);
    int length = vsnprintf(why->text, sizeof why->text, format, arguments);
    va_end(arguments);
    if (length >= (int)sizeof why->text)
        memcpy(why->text + sizeof why->text - 4, "...", 4);
    return ML_FAIL;
}

ml_status ml_fail_memory(ml_message *why, const char *what, size_t bytes)
{
    return ml_fail(why, "not enough memory for %s (%.3g MB more were asked for)", what, (double)bytes / 1e6);
}
