#include "math/fraction.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

static bool is_blank(char c)
{
    return c == ' ' || c == '\t';
}

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

/* The number of a text that number_read took: its parts. */
typedef struct parts {
    char *digits;  /* of numerator or decimal, without sign and point; terminated */
    char *below;   /* of the denominator; NULL: none */
    long exponent; /* of ten */
    bool minus;
} parts;

/* An exponent; false when it is beyond the bound. */
static bool take_exponent(const char *p, const char *end, long *exponent)
{
    bool minus = *p == '-';
    long e = 0;
    for (p += *p == '-' || *p == '+'; p < end && is_digit(*p); p++)
        if ((e = 10 * e + (*p - '0')) > FRACTION_MOST_EXPONENT)
            return false;
    *exponent += minus ? -e : e;
    return true;
}

/* Cut TEXT, which is a number without blanks around it; SPACE has room for it. */
static bool cut(parts *n, const char *text, const char *end, char *space)
{
    bool point = false;
    *n = (parts){.digits = space, .minus = *text == '-'};
    for (const char *p = text + (*text == '-' || *text == '+'); p < end; p++) {
        if (is_digit(*p)) {
            *space++ = *p;
            n->exponent -= point;
        } else if (*p == '.') {
            point = true;
        } else if (*p == '%') {
            n->exponent -= 2;
        } else if (*p == '/') {
            *space++ = '\0';
            n->below = space;
        } else {
            const char *to = p + 1;
            while (to < end && *to != '%')
                to++;
            if (!take_exponent(p + 1, to, &n->exponent))
                return false;
            p = to - 1;
        }
    }
    *space = '\0';
    return true;
}

static void put_together(mpq_t out, const parts *n)
{
    mpz_t power;
    mpz_init(power);
    mpz_ui_pow_ui(power, 10, (unsigned long)labs(n->exponent));
    mpz_set_str(mpq_numref(out), n->digits, 10);
    mpz_set_ui(mpq_denref(out), 1);
    if (n->below != NULL)
        mpz_set_str(mpq_denref(out), n->below, 10);
    if (n->exponent >= 0)
        mpz_mul(mpq_numref(out), mpq_numref(out), power);
    else
        mpz_mul(mpq_denref(out), mpq_denref(out), power);
    if (n->minus)
        mpz_neg(mpq_numref(out), mpq_numref(out));
    mpq_canonicalize(out);
    mpz_clear(power);
}

number_status fraction_read(const char *text, size_t length, mpq_t out)
{
    number n;
    parts p;
    const char *end = text + length;
    if (length > FRACTION_MOST_LENGTH)
        return NUMBER_RANGE;
    number_status status = number_read(text, length, &n);
    if (status == NUMBER_OK && n.form == NUMBER_NONFINITE)
        return NUMBER_BAD;
    if (status != NUMBER_OK)
        return status;
    for (; is_blank(*text); text++)
        ;
    while (is_blank(end[-1]))
        end--;
    char *space = memory_array(length + 1, 1);
    if (space == NULL || !cut(&p, text, end, space))
        status = NUMBER_RANGE;
    else
        put_together(out, &p);
    free(space);
    return status;
}

void fraction_print(buffer *out, mpq_srcptr x)
{
    char *place =
        buffer_reserve(out, mpz_sizeinbase(mpq_numref(x), 10) + mpz_sizeinbase(mpq_denref(x), 10) + 3);
    if (place == NULL)
        return;
    mpq_get_str(place, 10, x);
    out->size += strlen(place);
}

void fraction_point(buffer *out, mpz_srcptr x, size_t places)
{
    char *digits = memory_array(mpz_sizeinbase(x, 10) + 2, 1);
    if (digits == NULL) {
        out->failed = true;
        return;
    }
    mpz_get_str(digits, 10, x);
    const char *first = digits + (*digits == '-');
    size_t length = strlen(first), total = length > places ? length : places + 1;
    if (*digits == '-')
        buffer_char(out, '-');
    for (size_t i = 0; i < total; i++) {
        if (places > 0 && total - i == places)
            buffer_char(out, '.');
        buffer_char(out, i < total - length ? '0' : first[i - (total - length)]);
    }
    free(digits);
}

void fraction_decimals(buffer *out, mpq_srcptr x, size_t places)
{
    mpz_t scaled, twice;
    mpz_init(scaled);
    mpz_init(twice);
    /* floor((2 |n| 10^p + d) / (2 d)) */
    mpz_ui_pow_ui(scaled, 10, places);
    mpz_mul(scaled, scaled, mpq_numref(x));
    mpz_abs(scaled, scaled);
    mpz_mul_2exp(scaled, scaled, 1);
    mpz_add(scaled, scaled, mpq_denref(x));
    mpz_mul_2exp(twice, mpq_denref(x), 1);
    mpz_fdiv_q(scaled, scaled, twice);
    if (mpq_sgn(x) < 0)
        mpz_neg(scaled, scaled);
    fraction_point(out, scaled, places);
    mpz_clear(scaled);
    mpz_clear(twice);
}
