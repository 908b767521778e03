#include "table/select.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "base/nearest.h"

/* A part of the LIST: not terminated, trimmed. */
typedef struct span {
    const char *text;
    size_t length;
} span;

typedef struct lookup {
    const select_from *from;
    const char *option;
    ml_message *why;
} lookup;

static span trim(span s)
{
    while (s.length > 0 && (*s.text == ' ' || *s.text == '\t')) {
        s.text++;
        s.length--;
    }
    while (s.length > 0 && (s.text[s.length - 1] == ' ' || s.text[s.length - 1] == '\t'))
        s.length--;
    return s;
}

/* Up to the first SEPARATOR outside quotes, or all of it. */
static span until(span s, char separator)
{
    bool quoted = false;
    for (size_t i = 0; i < s.length; i++) {
        quoted ^= s.text[i] == '"';
        if (s.text[i] == separator && !quoted)
            return (span){s.text, i};
    }
    return s;
}

static span after(span s, span head)
{
    size_t skip = head.length < s.length ? head.length + 1 : s.length;
    return (span){s.text + skip, s.length - skip};
}

/* One pair of quotes around all of it, those inside doubled. */
static bool is_quoted(span s)
{
    if (s.length < 2 || s.text[0] != '"' || s.text[s.length - 1] != '"')
        return false;
    size_t i = 1;
    while (i + 1 < s.length && (s.text[i] != '"' || (s.text[i + 1] == '"' && i + 2 < s.length)))
        i += s.text[i] == '"' ? 2 : 1;
    return i + 1 == s.length;
}

/* A terminated copy without the quotes; NULL when memory is out. */
static char *unquote(span s)
{
    char *copy = memory_array(s.length + 1, 1), *end = copy;
    if (copy == NULL)
        return NULL;
    if (is_quoted(s)) {
        for (size_t i = 1; i + 1 < s.length; i++) {
            *end++ = s.text[i];
            i += s.text[i] == '"' && s.text[i + 1] == '"' && i + 2 < s.length;
        }
    } else {
        memcpy(copy, s.text, s.length);
        end += s.length;
    }
    *end = '\0';
    return copy;
}

void select_free_texts(char **texts, size_t count)
{
    for (size_t i = 0; texts != NULL && i < count; i++)
        free(texts[i]);
    free(texts);
}

ml_status select_split(char ***parts, size_t *count, const char *list, ml_message *why)
{
    size_t capacity = 0;
    *parts = NULL;
    *count = 0;
    span rest = {list, strlen(list)}, head;
    do {
        head = until(rest, ',');
        char *text = unquote(trim(head));
        if (text == NULL || !memory_grow(parts, &capacity, *count + 1, sizeof **parts)) {
            free(text);
            select_free_texts(*parts, *count);
            *parts = NULL;
            return ml_fail_memory(why, "a list", rest.length);
        }
        (*parts)[(*count)++] = text;
        bool last = head.length == rest.length;
        rest = after(rest, head);
        if (last)
            break;
    } while (true);
    return ML_OK;
}

/* Digits alone make a number; too large a one is SIZE_MAX, which no table has. */
static bool read_number(span s, size_t *number)
{
    size_t n = 0;
    for (size_t i = 0; i < s.length; i++) {
        if (s.text[i] < '0' || s.text[i] > '9')
            return false;
        if (__builtin_mul_overflow(n, 10, &n) || __builtin_add_overflow(n, (size_t)(s.text[i] - '0'), &n))
            n = SIZE_MAX / 10;
    }
    *number = n;
    return s.length > 0;
}

/* The place of a column without a name in its name by place, `column3`. */
static bool read_place(const char *name, size_t *number)
{
    const char *digits = name + strlen("column");
    return strncmp(name, "column", strlen("column")) == 0 && digits[0] != '0' &&
           read_number((span){digits, strlen(digits)}, number);
}

/* How many columns are called NAME; *COLUMN is the first. */
static size_t find_name(const select_from *from, const char *name, size_t *column)
{
    size_t found = 0, number;
    if (from->names == NULL && read_place(name, &number) && number <= from->count) {
        *column = number - 1;
        return 1;
    }
    for (size_t i = 0; from->names != NULL && i < from->count; i++)
        if (strcmp(from->names[i], name) == 0 && found++ == 0)
            *column = i;
    return found;
}

static ml_status check_number(const lookup *look, span s, size_t number, size_t *column)
{
    if (number < 1 || number > look->from->count)
        return ml_fail(look->why, "%s: there is no column %.*s (%s); the columns are 1 to %zu",
                       look->from->where, (int)(s.length < 40 ? s.length : 40), s.text, look->option,
                       look->from->count);
    *column = number - 1;
    return ML_OK;
}

static ml_status unknown(const lookup *look, const char *name)
{
    const select_from *from = look->from;
    if (from->names == NULL)
        return ml_fail(
            look->why,
            "%s: there is no column '%s' (%s): the columns have no names; take a number from 1 to %zu, "
            "or name them with --names",
            from->where, name, look->option, from->count);
    const char *nearest = nearest_name(name, from->names, from->count);
    if (nearest != NULL)
        return ml_fail(look->why, "%s: there is no column '%s' (%s); did you mean '%s'?", from->where, name,
                       look->option, nearest);
    return ml_fail(look->why,
                   "%s: there is no column '%s' (%s); take one of the names or a number from 1 to %zu",
                   from->where, name, look->option, from->count);
}

/* ML_OK: *COLUMN is the column of this name or number.  ML_NO: there is none. */
static ml_status find_one(const lookup *look, span s, const char *name, size_t *column)
{
    size_t number, found = find_name(look->from, name, column);
    if (found > 1)
        return ml_fail(look->why, "%s: %zu columns are called '%s' (%s); take one by its number",
                       look->from->where, found, name, look->option);
    if (found == 1)
        return ML_OK;
    if (is_quoted(s) || !read_number(s, &number))
        return ML_NO;
    return check_number(look, s, number, column);
}

/* The end of a range; an empty one is OPEN. */
static ml_status find_end(const lookup *look, span s, size_t open, size_t *column)
{
    s = trim(s);
    *column = open;
    if (s.length == 0)
        return ML_OK;
    char *name = unquote(s);
    if (name == NULL)
        return ml_fail_memory(look->why, "a list", s.length);
    ml_status status = find_one(look, s, name, column);
    if (status == ML_NO)
        status = unknown(look, name);
    free(name);
    return status;
}

/* Is S a range, and where is it split?  `a:b` may join names, `2-4` only numbers. */
static bool split_range(span s, span *first, span *last)
{
    size_t number;
    *first = until(s, ':');
    if (first->length < s.length) {
        *last = after(s, *first);
        return s.length > 1;
    }
    *first = until(s, '-');
    if (first->length == s.length || s.length == 1)
        return false;
    *last = after(s, *first);
    return (first->length == 0 || read_number(*first, &number)) &&
           (last->length == 0 || read_number(*last, &number));
}

/* The columns FIRST to LAST that an item stands for. */
static ml_status find_item(const lookup *look, span s, size_t *first, size_t *last)
{
    span from, to;
    char *name = unquote(s);
    if (name == NULL)
        return ml_fail_memory(look->why, "a list", s.length);
    ml_status status = find_one(look, s, name, first);
    *last = *first;
    if (status == ML_NO && !is_quoted(s) && split_range(s, &from, &to)) {
        status = find_end(look, from, 0, first);
        if (status == ML_OK)
            status = find_end(look, to, look->from->count - 1, last);
        if (status == ML_OK && *first > *last)
            status = ml_fail(look->why, "%s: the range '%s' (%s) runs backwards", look->from->where, name,
                             look->option);
    } else if (status == ML_NO) {
        status = unknown(look, name);
    }
    free(name);
    return status;
}

/* Append the columns of one item; SEEN marks those that are in already. */
static ml_status add_item(const lookup *look, span s, select_list *chosen, bool *seen)
{
    size_t first = 0, last = 0;
    if (s.length == 0)
        return ml_fail(look->why, "%s: an item of the list of %s is empty", look->from->where, look->option);
    ml_status status = find_item(look, s, &first, &last);
    if (status != ML_OK)
        return status;
    for (size_t j = first; j <= last; j++) {
        if (seen[j])
            return ml_fail(look->why, "%s: column %zu is named twice in the list of %s", look->from->where,
                           j + 1, look->option);
        seen[j] = true;
        chosen->columns[chosen->count++] = j;
    }
    return ML_OK;
}

ml_status select_columns(select_list *chosen, const char *list, const char *option, const select_from *from,
                         ml_message *why)
{
    lookup look = {from, option, why};
    *chosen = (select_list){memory_array(from->count, sizeof *chosen->columns), 0};
    bool *seen = memory_zeros(from->count, sizeof *seen);
    ml_status status = ML_OK;
    if (chosen->columns == NULL || seen == NULL)
        status = ml_fail_memory(why, "a list of columns", from->count * sizeof *chosen->columns);
    span rest = {list, strlen(list)}, head = {list, SIZE_MAX};
    while (status == ML_OK && head.length != rest.length) {
        if (head.length != SIZE_MAX)
            rest = after(rest, head);
        head = until(rest, ',');
        status = add_item(&look, trim(head), chosen, seen);
    }
    free(seen);
    if (status != ML_OK) {
        free(chosen->columns);
        *chosen = (select_list){NULL, 0};
    }
    return status;
}

ml_status select_column(size_t *column, const char *item, const char *option, const select_from *from,
                        ml_message *why)
{
    select_list chosen;
    ml_status status = select_columns(&chosen, item, option, from, why);
    if (status != ML_OK)
        return status;
    *column = chosen.columns[0];
    if (chosen.count > 1)
        status =
            ml_fail(why, "%s: %s takes one column, '%s' are %zu", from->where, option, item, chosen.count);
    free(chosen.columns);
    return status;
}

static int by_text(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

ml_status select_check_unique(const char *const *names, size_t count, const char *where, ml_message *why)
{
    const char **sorted = memory_array(count, sizeof *sorted);
    if (sorted == NULL)
        return ml_fail_memory(why, "the names", count * sizeof *sorted);
    memcpy(sorted, names, count * sizeof *sorted);
    qsort(sorted, count, sizeof *sorted, by_text);
    ml_status status = ML_OK;
    for (size_t i = 0; status == ML_OK && i + 1 < count; i++)
        if (strcmp(sorted[i], sorted[i + 1]) == 0)
            status = ml_fail(why,
                             "%s: two columns are called '%s', and a model finds its columns by name; leave "
                             "one out by its number, or give all of them names with -H --names",
                             where, sorted[i]);
    free(sorted);
    return status;
}
