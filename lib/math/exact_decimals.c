#include "math/exact_style.h"
#include "math/exact_decimals.h"

#include <math.h>
#include <string.h>

#include "math/rational.h"

slong exact_bits(size_t places)
{
    return (slong)(places / 3 * 10 + 10); /* 10 bits are three digits and a little */
}

/* Append X 2^-BITS. */
static void round_off(buffer *out, const fmpz_t x, slong bits, size_t places)
{
    fmpq_t value;
    fmpq_init(value);
    fmpz_set(fmpq_numref(value), x);
    fmpz_one(fmpq_denref(value));
    fmpz_mul_2exp(fmpq_denref(value), fmpq_denref(value), (ulong)bits);
    rational_decimals(out, value, places); /* which takes any fraction, in lowest terms or not */
    fmpq_clear(value);
}

bool exact_decimals(buffer *out, const fmpz_t centre, const fmpz_t radius, slong bits, size_t places)
{
    fmpz_t bound;
    buffer low = {0}, high = {0};
    fmpz_init(bound);
    fmpz_sub(bound, centre, radius);
    round_off(&low, bound, bits, places);
    fmpz_add(bound, centre, radius);
    round_off(&high, bound, bits, places);
    /* when memory is out there is no second try: OUT says so */
    bool failed = low.failed || high.failed;
    bool certain = failed || strcmp(buffer_text(&low), buffer_text(&high)) == 0;
    if (certain)
        buffer_string(out, buffer_text(&low));
    out->failed = out->failed || failed;
    buffer_free(&low);
    buffer_free(&high);
    fmpz_clear(bound);
    return certain;
}

bool exact_square_root(fmpz_t centre, fmpz_t radius, slong bits)
{
    fmpz_t low, high;
    fmpz_init(low);
    fmpz_init(high);
    fmpz_sub(low, centre, radius);
    fmpz_add(high, centre, radius);
    bool positive = fmpz_sgn(low) > 0;
    if (positive) {
        fmpz_mul_2exp(low, low, (ulong)bits);
        fmpz_mul_2exp(high, high, (ulong)bits);
        fmpz_sqrt(low, low);
        fmpz_sqrt(high, high);
        fmpz_add_ui(high, high, 1);
        fmpz_add(centre, low, high);
        fmpz_fdiv_q_2exp(centre, centre, 1);
        fmpz_sub(radius, high, low);
        fmpz_fdiv_q_2exp(radius, radius, 1);
        fmpz_add_ui(radius, radius, 1);
    }
    fmpz_clear(low);
    fmpz_clear(high);
    return positive;
}

void exact_root_bounds(fmpz_t centre, fmpz_t radius, exact_bounds *bounds, const void *context, slong bits)
{
    slong work = bits;
    bounds(centre, radius, context, work);
    while (!exact_square_root(centre, radius, work)) {
        if (work > bits + EXACT_TIE_BITS) { /* 0 <= root^2 <= centre + radius, far below 4^-bits */
            fmpz_zero(centre);
            fmpz_one(radius);
            return;
        }
        work *= 2;
        bounds(centre, radius, context, work);
    }
    fmpz_fdiv_q_2exp(centre, centre, (ulong)(work - bits));
    fmpz_cdiv_q_2exp(radius, radius, (ulong)(work - bits));
    fmpz_add_ui(radius, radius, 1);
}

void exact_bounds_decimals(buffer *out, exact_bounds *bounds, const void *context, size_t places)
{
    fmpz_t centre, radius;
    fmpz_init(centre);
    fmpz_init(radius);
    slong bits = exact_bits(places), most = bits + EXACT_TIE_BITS;
    bool done = false;
    while (!done && !out->failed) {
        bits += 32;
        bounds(centre, radius, context, bits);
        if (bits > most)
            fmpz_zero(radius);
        done = exact_decimals(out, centre, radius, bits, places);
    }
    fmpz_clear(centre);
    fmpz_clear(radius);
}

/* X 2^-BITS. */
static double to_double(const fmpz_t x, slong bits)
{
    slong exponent;
    double mantissa = fmpz_get_d_2exp(&exponent, x);
    exponent -= bits;
    return ldexp(mantissa, exponent < -5000 ? -5000 : exponent > 5000 ? 5000 : (int)exponent);
}

/* The centre of BOUNDS, in units of 2^-BITS, once 60 of its bits are certain; 0 when they are not in reach.
 */
static slong certain_centre(fmpz_t centre, exact_bounds *bounds, const void *context)
{
    fmpz_t radius;
    slong bits = 128;
    fmpz_init(radius);
    for (; bits < 2 * EXACT_TIE_BITS; bits *= 2) {
        bounds(centre, radius, context, bits);
        if (fmpz_bits(centre) >= fmpz_bits(radius) + 60)
            break;
    }
    if (bits >= 2 * EXACT_TIE_BITS)
        fmpz_zero(centre);
    fmpz_clear(radius);
    return bits;
}

double exact_bounds_double(exact_bounds *bounds, const void *context)
{
    fmpz_t centre;
    fmpz_init(centre);
    slong bits = certain_centre(centre, bounds, context);
    double value = to_double(centre, bits);
    fmpz_clear(centre);
    return value;
}

void exact_bounds_significant(buffer *out, exact_bounds *bounds, const void *context, int digits)
{
    fmpq_t centre;
    fmpq_init(centre);
    slong bits = certain_centre(fmpq_numref(centre), bounds, context);
    exact_wide_write(out, centre, -bits, digits);
    fmpq_clear(centre);
}
