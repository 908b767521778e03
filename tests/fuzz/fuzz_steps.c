/* Formulas to LaTeX: any text ends, and braces stay balanced. */
#include "base/steps.h"
#include "fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *text = malloc(size + 1);
    MUST(text != NULL);
    memcpy(text, data, size);
    text[size] = '\0';
    buffer out = {0};
    steps_latex(&out, text);
    MUST(!out.failed);
    long depth = 0;
    for (size_t i = 0; i < out.size; i++) {
        bool escaped = i > 0 && out.data[i - 1] == '\\';
        depth += !escaped && out.data[i] == '{' ? 1 : !escaped && out.data[i] == '}' ? -1 : 0;
        MUST(depth >= 0);
    }
    MUST(depth == 0);
    buffer_free(&out);
    free(text);
    return 0;
}
