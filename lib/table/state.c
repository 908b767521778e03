#include "table/state.h"

#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* --- writing --- */

static uint64_t checksum(const char *text, size_t size)
{
    uint64_t sum = 0xcbf29ce484222325u;
    for (size_t i = 0; i < size; i++)
        sum = (sum ^ (unsigned char)text[i]) * 0x100000001b3u;
    return sum;
}

void state_begin(buffer *out, const char *tool)
{
    buffer_printf(out, "%s %s", tool, ML_VERSION);
}

static void put_escaped(buffer *out, const char *text)
{
    for (const unsigned char *p = (const unsigned char *)text; *p != '\0'; p++) {
        if (*p <= ' ' || *p == '%' || *p == ',' || *p == '=' || *p == 0x7f)
            buffer_printf(out, "%%%02X", *p);
        else
            buffer_char(out, (char)*p);
    }
}

void state_put_texts(buffer *out, const char *key, const char *const *texts, size_t count)
{
    buffer_printf(out, " %s=", key);
    for (size_t i = 0; i < count; i++) {
        if (i > 0)
            buffer_char(out, ',');
        put_escaped(out, texts[i]);
    }
}

void state_put_text(buffer *out, const char *key, const char *text)
{
    state_put_texts(out, key, &text, 1);
}

void state_put_count(buffer *out, const char *key, size_t value)
{
    buffer_printf(out, " %s=%zu", key, value);
}

void state_put_reals(buffer *out, const char *key, const double *values, size_t count)
{
    buffer_printf(out, " %s=", key);
    for (size_t i = 0; i < count; i++)
        buffer_printf(out, i ? ",%a" : "%a", values[i]);
}

void state_end(buffer *out, size_t line_start)
{
    if (out->failed)
        return;
    uint64_t sum = checksum(out->data + line_start, out->size - line_start);
    buffer_printf(out, " check=%016" PRIx64 "\n", sum);
}

/* --- reading --- */

typedef struct field {
    char *key, *value; /* terminated */
} field;

struct state_reader {
    FILE *file;
    const char *path, *tool;
    char *line;
    size_t capacity, number;
    field *fields;
    size_t count, field_capacity;
    field *agreed; /* own copies: what state_agree compares with */
    size_t agreed_count, agreed_capacity;
};

ml_status state_open(state_reader **out, const char *path, const char *tool, ml_message *why)
{
    state_reader *r = memory_zeros(1, sizeof *r);
    *out = NULL;
    if (r == NULL)
        return ml_fail_memory(why, "the states", sizeof *r);
    r->path = path ? path : "stdin";
    r->tool = tool;
    r->file = path ? fopen(path, "re") : stdin;
    if (r->file == NULL) {
        ml_status status = ml_fail(why, "%s: %s", path, strerror(errno));
        free(r);
        return status;
    }
    *out = r;
    return ML_OK;
}

void state_close(state_reader *r)
{
    if (r == NULL)
        return;
    if (r->file != stdin)
        fclose(r->file);
    for (size_t i = 0; i < r->agreed_count; i++) {
        free(r->agreed[i].key);
        free(r->agreed[i].value);
    }
    free(r->agreed);
    free(r->fields);
    free(r->line);
    free(r);
}

ml_status state_fail(const state_reader *r, ml_message *why, const char *format, ...)
{
    char text[sizeof why->text];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    return ml_fail(why, "%s:%zu: %s", r->path, r->number, text);
}

static ml_status damaged(const state_reader *r, ml_message *why)
{
    return state_fail(r, why, "the state is damaged or cut off: its checksum differs; run --partial again");
}

/* Check and cut off " check=..." at the end of TEXT. */
static ml_status take_checksum(const state_reader *r, char *text, ml_message *why)
{
    char *check = strrchr(text, ' '), *end;
    if (check == NULL || strncmp(check, " check=", 7) != 0)
        return damaged(r, why);
    errno = 0;
    uint64_t sum = strtoull(check + 7, &end, 16);
    if (errno != 0 || end != check + 7 + 16 || *end != '\0' || sum != checksum(text, (size_t)(check - text)))
        return damaged(r, why);
    *check = '\0';
    return ML_OK;
}

/* "TOOL VERSION" at the start; *REST is what follows. */
static ml_status take_title(const state_reader *r, char *text, char **rest, ml_message *why)
{
    char *save, *tool = strtok_r(text, " ", &save), *version = strtok_r(NULL, " ", &save);
    *rest = save;
    if (tool == NULL || version == NULL || strncmp(tool, "ml", 2) != 0)
        return state_fail(r, why, "this is not a state; --merge reads the lines that --partial prints");
    if (strcmp(tool, r->tool) != 0)
        return state_fail(r, why, "this is a state of %s, not of %s", tool, r->tool);
    if (strcmp(version, ML_VERSION) != 0)
        return state_fail(r, why, "this state is of version %s and this is %s; use one version for all",
                          version, ML_VERSION);
    return ML_OK;
}

static ml_status take_fields(state_reader *r, char *rest, ml_message *why)
{
    char *save;
    r->count = 0;
    for (char *word = strtok_r(rest, " ", &save); word != NULL; word = strtok_r(NULL, " ", &save)) {
        char *value = strchr(word, '=');
        if (value == NULL || state_has(r, word))
            return damaged(r, why);
        *value++ = '\0';
        if (!memory_grow(&r->fields, &r->field_capacity, r->count + 1, sizeof *r->fields))
            return ml_fail_memory(why, "a state", sizeof *r->fields);
        r->fields[r->count++] = (field){word, value};
    }
    return ML_OK;
}

static ml_status take_line(state_reader *r, char *text, ml_message *why)
{
    char *rest;
    if (strncmp(text, "ml", 2) != 0)
        return state_fail(r, why, "this is not a state; --merge reads the lines that --partial prints");
    ml_status status = take_checksum(r, text, why);
    if (status == ML_OK)
        status = take_title(r, text, &rest, why);
    return status == ML_OK ? take_fields(r, rest, why) : status;
}

/* Is there a state, or an end of one, in what would be skipped as a key? */
static bool hides_state(const state_reader *r, const char *key)
{
    size_t name = strlen(r->tool);
    if (strstr(key, " check=") != NULL)
        return true;
    for (const char *at = key; (at = strstr(at, r->tool)) != NULL; at++)
        if (strncmp(at + name, " " ML_VERSION " ", sizeof ML_VERSION + 1) == 0)
            return true;
    return false;
}

/* What follows the key of LINE, if it has one; a state in the key would not be counted. */
static ml_status take_key(const state_reader *r, char *line, char **rest, ml_message *why)
{
    char *tab = strrchr(line, '\t');
    *rest = tab ? tab + 1 : line;
    if (tab == NULL)
        return ML_OK;
    *tab = '\0';
    return hides_state(r, line)
               ? state_fail(r, why, "a state stands before a tab, where a key does; give each state a line")
               : ML_OK;
}

ml_status state_next(state_reader *r, bool *more, ml_message *why)
{
    ssize_t length;
    errno = 0;
    while ((length = getline(&r->line, &r->capacity, r->file)) >= 0) {
        r->number++;
        if (memchr(r->line, '\0', (size_t)length) != NULL)
            return state_fail(r, why, "a NUL byte: this is not a state");
        while (length > 0 && strchr(" \t\r\n", r->line[length - 1]) != NULL)
            r->line[--length] = '\0';
        *more = true;
        if (length > 0) {
            char *text;
            ml_status status = take_key(r, r->line, &text, why);
            return status == ML_OK ? take_line(r, text, why) : status;
        }
    }
    *more = false;
    if (feof(r->file))
        return ML_OK;
    if (errno == ENOMEM)
        return ml_fail_memory(why, "a state", r->capacity);
    return ml_fail(why, "%s: %s", r->path, strerror(errno));
}

static const field *find(const field *fields, size_t count, const char *key)
{
    for (size_t i = 0; i < count; i++)
        if (strcmp(fields[i].key, key) == 0)
            return &fields[i];
    return NULL;
}

bool state_has(const state_reader *r, const char *key)
{
    return find(r->fields, r->count, key) != NULL;
}

/* The value of a field; NULL and an error when there is none. */
static const char *get(const state_reader *r, const char *key, ml_message *why)
{
    const field *f = find(r->fields, r->count, key);
    if (f != NULL)
        return f->value;
    state_fail(r, why, "the state has no '%s'", key);
    return NULL;
}

ml_status state_get_count(const state_reader *r, const char *key, size_t *value, ml_message *why)
{
    const char *text = get(r, key, why);
    char *end;
    if (text == NULL)
        return ML_FAIL;
    errno = 0;
    unsigned long long n = strtoull(text, &end, 10);
    if (errno != 0 || *end != '\0' || text[0] < '0' || text[0] > '9' || n > SIZE_MAX)
        return state_fail(r, why, "'%s' is '%.40s', not a count", key, text);
    *value = (size_t)n;
    return ML_OK;
}

ml_status state_get_length(const state_reader *r, const char *key, size_t *count, ml_message *why)
{
    const char *text = get(r, key, why);
    if (text == NULL)
        return ML_FAIL;
    *count = *text != '\0';
    for (; *text != '\0'; text++)
        *count += *text == ',';
    return ML_OK;
}

ml_status state_get_reals(const state_reader *r, const char *key, double *values, size_t count,
                          ml_message *why)
{
    const char *text = get(r, key, why);
    char *end;
    if (text == NULL)
        return ML_FAIL;
    for (size_t i = 0; i < count; i++) {
        values[i] = strtod(text, &end);
        if (end == text || !isfinite(values[i]) || *end != (i + 1 < count ? ',' : '\0'))
            return state_fail(r, why, "'%s' is not %zu finite numbers", key, count);
        text = end + 1;
    }
    if (count == 0 && *text != '\0')
        return state_fail(r, why, "'%s' is not empty", key);
    return ML_OK;
}

static int hex_digit(char c)
{
    return c >= '0' && c <= '9' ? c - '0' : c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

/* Undo put_escaped; false for what it does not write. */
static bool unescape(char *to, const char *from, size_t length)
{
    for (size_t i = 0; i < length; i++) {
        if (from[i] != '%') {
            *to++ = from[i];
            continue;
        }
        int high = i + 2 < length ? hex_digit(from[i + 1]) : -1;
        int low = i + 2 < length ? hex_digit(from[i + 2]) : -1;
        if (high < 0 || low < 0 || (high == 0 && low == 0))
            return false;
        *to++ = (char)(high * 16 + low);
        i += 2;
    }
    *to = '\0';
    return true;
}

ml_status state_get_texts(const state_reader *r, const char *key, char ***texts, size_t *count,
                          ml_message *why)
{
    const char *text = get(r, key, why);
    *texts = NULL;
    if (text == NULL)
        return ML_FAIL;
    size_t n = 1, size = strlen(text) + 1;
    for (const char *p = text; *p != '\0'; p++)
        n += *p == ',';
    char **out = memory_array(1, n * sizeof *out + size);
    if (out == NULL)
        return ml_fail_memory(why, "names", n * sizeof *out + size);
    char *room = (char *)(out + n);
    for (size_t i = 0; i < n; i++) {
        size_t length = strcspn(text, ",");
        out[i] = room;
        if (!unescape(room, text, length)) {
            free(out);
            return state_fail(r, why, "'%s' is malformed", key);
        }
        room += strlen(room) + 1;
        text += length + 1;
    }
    *texts = out;
    *count = n;
    return ML_OK;
}

static ml_status remember(state_reader *r, const char *key, const char *value, ml_message *why)
{
    if (!memory_grow(&r->agreed, &r->agreed_capacity, r->agreed_count + 1, sizeof *r->agreed))
        return ml_fail_memory(why, "a state", sizeof *r->agreed);
    field copy = {strdup(key), strdup(value)};
    if (copy.key == NULL || copy.value == NULL) {
        free(copy.key);
        free(copy.value);
        return ml_fail_memory(why, "a state", strlen(value));
    }
    r->agreed[r->agreed_count++] = copy;
    return ML_OK;
}

ml_status state_agree(state_reader *r, const char *key, ml_message *why)
{
    const char *value = get(r, key, why);
    if (value == NULL)
        return ML_FAIL;
    const field *first = find(r->agreed, r->agreed_count, key);
    if (first == NULL)
        return remember(r, key, value, why);
    if (strcmp(first->value, value) == 0)
        return ML_OK;
    return state_fail(r, why,
                      "'%s' is %.200s here and %.200s in the states before: they are of different jobs", key,
                      value, first->value);
}
