/* Partial states: what is put comes back to the last bit; damage, mismatch and garbage are refused. */
#include <stdlib.h>
#include <unistd.h>

#include "table/state.h"
#include "unit.h"

static const char *const names[] = {"a", "b c", "d,e=%", "\xc3\xa9\t\n", ""};
static const double reals[] = {1.0 / 3, -0.0, 5e-324, 1.7976931348623157e308, -1e9};

/* A file with TEXT; its name. */
static const char *file(const char *text, size_t size)
{
    static char path[] = "/tmp/test_state_XXXXXX";
    strcpy(path + strlen(path) - 6, "XXXXXX");
    int fd = mkstemp(path);
    CHECK(fd >= 0 && write(fd, text, size) == (ssize_t)size);
    close(fd);
    return path;
}

static void put(buffer *out, size_t rows)
{
    size_t start = out->size;
    state_begin(out, "mlpca");
    state_put_count(out, "rows", rows);
    state_put_texts(out, "columns", names, 5);
    state_put_text(out, "kind", "centre");
    state_put_reals(out, "mean", reals, 5);
    state_put_reals(out, "none", reals, 0);
    state_end(out, start);
}

static void check_state(state_reader *r, size_t rows)
{
    ml_message why;
    size_t value = 0, count = 0;
    double got[5];
    char **texts;
    CHECK(state_get_count(r, "rows", &value, &why) == ML_OK && value == rows);
    CHECK(state_get_texts(r, "columns", &texts, &count, &why) == ML_OK && count == 5);
    for (size_t i = 0; i < count; i++)
        CHECK_TEXT(texts[i], names[i]);
    free(texts);
    CHECK(state_get_reals(r, "mean", got, 5, &why) == ML_OK && memcmp(got, reals, sizeof got) == 0);
    CHECK(state_get_reals(r, "mean", got, 4, &why) == ML_FAIL);
    CHECK(state_get_reals(r, "none", got, 0, &why) == ML_OK);
    CHECK(state_get_count(r, "kind", &value, &why) == ML_FAIL);
    CHECK(state_agree(r, "columns", &why) == ML_OK);
    CHECK(!state_has(r, "check") && state_has(r, "kind"));
}

static void round_trip(void)
{
    unit_case("two states come back, with keys, blanks and empty lines around them");
    buffer text = {0};
    ml_message why;
    state_reader *r;
    bool more = false;
    put(&text, 3);
    buffer_string(&text, "\n  \nkey\t7\t");
    put(&text, 4);
    const char *path = file(text.data, text.size);
    CHECK(state_open(&r, path, "mlpca", &why) == ML_OK);
    CHECK(state_next(r, &more, &why) == ML_OK && more);
    check_state(r, 3);
    CHECK(state_agree(r, "rows", &why) == ML_OK);
    CHECK(state_next(r, &more, &why) == ML_OK && more);
    check_state(r, 4);
    CHECK(state_agree(r, "rows", &why) == ML_FAIL);
    CHECK(strstr(why.text, ":4: 'rows' is 4 here and 3 in the states before") != NULL);
    CHECK(state_next(r, &more, &why) == ML_OK && !more);
    state_close(r);
    unlink(path);
    buffer_free(&text);
}

static const char *refusal(const char *text, size_t size, const char *tool)
{
    static ml_message why;
    state_reader *r;
    bool more;
    const char *path = file(text, size);
    why.text[0] = '\0';
    CHECK(state_open(&r, path, tool, &why) == ML_OK);
    CHECK(state_next(r, &more, &why) == ML_FAIL);
    state_close(r);
    unlink(path);
    return strstr(why.text, ":1: ") ? strstr(why.text, ":1: ") + 4 : why.text;
}

static void refusals(void)
{
    unit_case("every single changed byte, and every cut, is noticed");
    buffer text = {0};
    put(&text, 3);
    for (size_t i = 0; i < text.size - 1; i++) {
        text.data[i] ^= 1;
        CHECK(refusal(text.data, text.size, "mlpca")[0] != '\0');
        text.data[i] ^= 1;
        if (i > 0)
            CHECK(refusal(text.data, i, "mlpca")[0] != '\0');
    }
    unit_case("another tool, another version, no state at all");
    CHECK_TEXT(refusal(text.data, text.size, "mlsvd"), "this is a state of mlpca, not of mlsvd");
    CHECK_TEXT(refusal("a,b\n", 4, "mlsvd"),
               "this is not a state; --merge reads the lines that --partial prints");
    CHECK_TEXT(refusal("ml\0b\n", 5, "mlsvd"), "a NUL byte: this is not a state");
    buffer_free(&text);
    unit_case("a file that is not there");
    state_reader *r;
    ml_message why;
    CHECK(state_open(&r, "/nonexistent/state", "mlpca", &why) == ML_FAIL && r == NULL);
    CHECK_TEXT(why.text, "/nonexistent/state: No such file or directory");
}

int main(void)
{
    round_trip();
    refusals();
    return unit_end();
}
