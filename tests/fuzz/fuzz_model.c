/* Models: a file of any bytes is refused or gives numbers. */
#include <gsl/gsl_errno.h>

#include "fuzz.h"
#include "table/model.h"

static void look(const model *m)
{
    ml_message why;
    double x;
    size_t rows, columns;
    const char **cells;
    model_number(m, "count", &x, &why);
    model_count(m, "columns", 1, 100, &rows, &why);
    if (model_shape(m, "columns", &rows, &columns, &why) == ML_OK && rows > 0 && columns > 0) {
        gsl_vector *v = gsl_vector_alloc(rows);
        gsl_matrix *a = gsl_matrix_alloc(rows, columns);
        model_vector(m, "columns", "mean", v, &why);
        model_matrix(m, "columns", 0, a, &why);
        model_matrix(m, "columns", 1, a, &why);
        gsl_vector_free(v);
        gsl_matrix_free(a);
    }
    if (model_texts(m, "columns", "column", &cells, &why) == ML_OK)
        free(cells);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char path[40];
    ml_message why;
    model *m;
    gsl_set_error_handler_off();
    int fd = fuzz_file(data, size, path);
    if (model_read(&m, path, "mlpca", &why) == ML_OK) {
        look(m);
        model_free(m);
    }
    close(fd);
    return 0;
}
