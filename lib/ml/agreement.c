#include "ml/agreement.h"

#include <math.h>
#include <stdlib.h>

#include "base/memory.h"

static double pairs(double n)
{
    return n * (n - 1) / 2;
}

static double entropy(const double *counts, size_t count, double n)
{
    double h = 0;
    for (size_t i = 0; i < count; i++)
        if (counts[i] > 0)
            h -= counts[i] / n * log(counts[i] / n);
    return h;
}

/* From the table of counts and its margins. */
static void measure(const double *both, const double *a, size_t count_a, const double *b, size_t count_b,
                    double n, agreement *out)
{
    double together = 0, of_a = 0, of_b = 0, mutual = 0;
    for (size_t i = 0; i < count_a; i++)
        of_a += pairs(a[i]);
    for (size_t j = 0; j < count_b; j++)
        of_b += pairs(b[j]);
    for (size_t i = 0; i < count_a; i++)
        for (size_t j = 0; j < count_b; j++) {
            double c = both[i * count_b + j];
            together += pairs(c);
            if (c > 0)
                mutual += c / n * log(c / a[i] * (n / b[j]));
        }
    double expected = n > 1 ? of_a * of_b / pairs(n) : 0, most = (of_a + of_b) / 2;
    out->ari = most > expected ? (together - expected) / (most - expected) : 1;
    double mean = (entropy(a, count_a, n) + entropy(b, count_b, n)) / 2;
    out->nmi = mean > 0 ? fmin(1, fmax(0, mutual) / mean) : 1;
}

ml_status agreement_measure(const uint32_t *a, size_t count_a, const uint32_t *b, size_t count_b, size_t n,
                            agreement *out, ml_message *why)
{
    size_t cells;
    bool fits = !__builtin_mul_overflow(count_a, count_b, &cells);
    double *both = fits ? memory_zeros(cells, sizeof *both) : NULL;
    double *of_a = memory_zeros(count_a, sizeof *of_a), *of_b = memory_zeros(count_b, sizeof *of_b);
    ml_status status = both && of_a && of_b ? ML_OK
                                            : ml_fail_memory(why, "the table of labels",
                                                             fits ? cells * sizeof *both : SIZE_MAX);
    for (size_t i = 0; status == ML_OK && i < n; i++) {
        both[a[i] * count_b + b[i]]++;
        of_a[a[i]]++;
        of_b[b[i]]++;
    }
    if (status == ML_OK)
        measure(both, of_a, count_a, of_b, count_b, (double)n, out);
    free(both);
    free(of_a);
    free(of_b);
    return status;
}
