#include "ml/check_named.h"

#include <string.h>

static bool in_list(const char *names, const char *name)
{
    size_t length = strlen(name);
    for (const char *p = names; *p != '\0';) {
        size_t word = strcspn(p, " ");
        if (word == length && strncmp(p, name, length) == 0)
            return true;
        p += word;
        p += strspn(p, " ");
    }
    return false;
}

const check_value *check_find(check_input *in, const char *names)
{
    for (size_t i = 0; i < in->count; i++)
        if (in_list(names, in->values[i].name)) {
            in->values[i].taken = true;
            return &in->values[i];
        }
    return NULL;
}

/* The only value of its kind that no other name stands for. */
static check_value *only_one(check_input *in, bool answer)
{
    check_value *found = NULL;
    for (size_t i = 0; i < in->count; i++) {
        if (in->values[i].answer != answer || in->values[i].taken)
            continue;
        if (found != NULL)
            return NULL;
        found = &in->values[i];
    }
    return found;
}

static ml_status fail_missing(const check_input *in, const char *names, const char *what, const char *sign,
                              ml_message *why)
{
    return ml_fail(why, "%s needs %s: %.*s%sFILE", in->check, what, (int)strcspn(names, " "), names, sign);
}

ml_status check_need_data(check_input *in, const char *names, const char *what, const check_value **v,
                          ml_message *why)
{
    check_value *one = NULL;
    *v = check_find(in, names);
    if (*v == NULL && (one = only_one(in, false)) != NULL) {
        one->taken = true;
        *v = one;
    }
    return *v ? ML_OK : fail_missing(in, names, what, "=", why);
}

ml_status check_need_answer(check_input *in, const char *names, const char *what, const check_value **v,
                            ml_message *why)
{
    check_value *one = NULL;
    *v = check_find(in, names);
    if (*v == NULL && (one = only_one(in, true)) != NULL && strcmp(one->name, "X") == 0) {
        one->taken = true;
        *v = one;
    }
    if (*v != NULL)
        return ML_OK;
    in->missing = true;
    return ml_fail(why, "%s needs %s: on standard input, as a block '#: %.*s', or %.*s~FILE", in->check, what,
                   (int)strcspn(names, " "), names, (int)strcspn(names, " "), names);
}

ml_status check_need_any(check_input *in, const char *names, const char *what, const check_value **v,
                         ml_message *why)
{
    check_value *one = NULL;
    *v = check_find(in, names);
    for (int answer = 1; *v == NULL && answer >= 0; answer--)
        if ((one = only_one(in, answer)) != NULL) {
            one->taken = true;
            *v = one;
        }
    return *v ? ML_OK : fail_missing(in, names, what, "=", why);
}
