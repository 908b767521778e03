/* print.c: ROWS x 10 standard normals through the library's writer, for run.sh.
 *
 *     print none|csv|check ROWS
 *
 * none makes them only, so that the difference of the two is what writing costs; check compares what is on
 * standard input with them, bit for bit. */
#include <gsl/gsl_randist.h>
#include <gsl/gsl_rng.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/parallel.h"
#include "table/writer.h"

enum { COLUMNS = 10 };

static ml_status print(const gsl_matrix *x, ml_message *why)
{
    writer_options options = {.format = WRITER_CSV, .delimiter = ',', .jobs = parallel_processors()};
    writer *w = writer_open(STDOUT_FILENO, &options);
    if (w == NULL)
        return ml_fail(why, "not enough memory for a writer");
    writer_matrix(w, "x", x);
    return writer_close(w, NULL, why);
}

static ml_status check(const gsl_matrix *x, ml_message *why)
{
    char cell[64];
    for (size_t i = 0; i < x->size1 * COLUMNS; i++) {
        char *end = cell, expected = i % COLUMNS == COLUMNS - 1 ? '\n' : ',';
        double back = scanf("%63[^,\n]", cell) == 1 ? strtod(cell, &end) : NAN;
        if (memcmp(&back, &x->data[i], sizeof back) != 0 || *end != '\0' || getchar() != expected)
            return ml_fail(why, "number %zu is not %.17g", i + 1, x->data[i]);
    }
    return getchar() == EOF ? ML_OK : ml_fail(why, "more than was printed");
}

int main(int argc, char **argv)
{
    if (argc != 3) {
        fprintf(stderr, "usage: print none|csv|check ROWS\n");
        return 2;
    }
    gsl_matrix *x = gsl_matrix_alloc((size_t)atol(argv[2]), COLUMNS);
    gsl_rng *generator = gsl_rng_alloc(gsl_rng_mt19937);
    for (size_t i = 0; i < x->size1 * COLUMNS; i++)
        x->data[i] = gsl_ran_gaussian_ziggurat(generator, 1);
    ml_message why;
    ml_status status = ML_OK;
    if (strcmp(argv[1], "csv") == 0)
        status = print(x, &why);
    else if (strcmp(argv[1], "check") == 0)
        status = check(x, &why);
    if (status != ML_OK)
        fprintf(stderr, "print: %s\n", why.text);
    gsl_rng_free(generator);
    gsl_matrix_free(x);
    return (int)status;
}
