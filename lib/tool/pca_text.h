/* pca_text.h: a PCA model with the names that go with it, as blocks of text: printed, kept and read again. */
#ifndef TOOL_PCA_TEXT_H
#define TOOL_PCA_TEXT_H

#include <stdbool.h>

#include "ml/pca.h"
#include "table/model.h"

typedef struct pca_text {
    pca_model model;
    bool named;     /* the table that it was fitted on had names */
    char **columns; /* names of the model's p columns, ended by NULL */
    char **labels;  /* PC1, PC2, ...: one for each kept component, ended by NULL */
} pca_text;

/* Make the labels: call it once the model is there. */
ml_status pca_text_label(pca_text *t, ml_message *why);
void pca_text_free(pca_text *t);

/* Blocks: `mean` as block NAME; `variance` with shares; `components`. */
void pca_text_write_mean(const pca_text *t, writer *w, const char *name);
ml_status pca_text_write_variance(const pca_text *t, writer *w, ml_message *why);
ml_status pca_text_write_components(const pca_text *t, writer *w, ml_message *why);

/* All of it, for --save, and read again with its labels.  What no fit can have made is refused, for it would
 * give scores that look like any. */
ml_status pca_text_write(const pca_text *t, writer *w, ml_message *why);
ml_status pca_text_read(pca_text *t, const char *path, ml_message *why);

#endif
