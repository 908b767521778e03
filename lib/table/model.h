/* model.h: fitted models as text: named blocks of the table format.
 *
 * The first block, `model`, has the columns key and value: first the tool and its version, then the tool's
 * own keys.  Numbers are printed in their shortest form that reads back, so a model that was kept and read
 * is the same model to the last bit. */
#ifndef TABLE_MODEL_H
#define TABLE_MODEL_H

#include <gsl/gsl_matrix.h>
#include <gsl/gsl_vector.h>
#include <stdbool.h>

#include "base/status.h"
#include "table/writer.h"

/* --- reading --- */

typedef struct model model;

/* Read PATH and check that TOOL wrote it, in a version of the same format (major.minor). *M is the caller's.
 */
ml_status model_read(model **m, const char *path, const char *tool, ml_message *why);
void model_free(model *m);

/* A value of the `model` block; an error that names file and key when it is absent or malformed. */
ml_status model_number(const model *m, const char *key, double *value, ml_message *why);
/* A number that is whole and within [LEAST, MOST]. */
ml_status model_count(const model *m, const char *key, size_t least, size_t most, size_t *value,
                      ml_message *why);

/* Rows and columns of a block; an error when there is none of that name. */
ml_status model_shape(const model *m, const char *block, size_t *rows, size_t *columns, ml_message *why);
/* The text cells of a column of a block, each terminated: a new array of the model's own texts, which the
 * caller frees before the model. */
ml_status model_texts(const model *m, const char *block, const char *title, const char ***cells,
                      ml_message *why);
/* Numbers of one column into VALUES, whose size must be the number of rows. */
ml_status model_vector(const model *m, const char *block, const char *title, gsl_vector *values,
                       ml_message *why);
/* Columns FROM, FROM + 1, ... of a block into VALUES, whose shape must fit what the block has. */
ml_status model_matrix(const model *m, const char *block, size_t from, gsl_matrix *values, ml_message *why);

/* --- writing --- */

typedef struct model_key {
    const char *key;
    double value;
} model_key;

/* The `model` block: tool, version, then KEYS. The caller writes the other blocks to W. */
ml_status model_write_keys(writer *w, const char *tool, const model_key *keys, size_t count, ml_message *why);
/* The last block: a model without it was cut off and is refused. */
void model_write_end(writer *w);

#endif
