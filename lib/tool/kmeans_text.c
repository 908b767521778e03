#include "tool/kmeans_text.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/random.h"
#include "table/model.h"
#include "table/progress.h"
#include "table/state.h"
#include "tool/fingerprint.h"
#include "tool/names.h"
#include "tool/points.h"

/* --- the model --- */

void kmeans_text_free(kmeans_text *t)
{
    gsl_matrix_free(t->centroids);
    names_free(t->names);
    *t = (kmeans_text){0};
}

ml_status kmeans_text_write(const kmeans_text *t, writer *w, ml_message *why)
{
    size_t k = t->centroids->size1, d = t->centroids->size2;
    const model_key keys[] = {{"clusters", (double)k},
                              {"columns", (double)d},
                              {"named", t->named},
                              {"spherical", t->spherical},
                              {"inertia", t->inertia},
                              {"rounds", (double)t->history.rounds},
                              {"labels", (double)t->history.labels}};
    ml_status status = model_write_keys(w, "mlkmeans", keys, sizeof keys / sizeof keys[0], why);
    column names = column_strings("column", (const char *const *)t->names);
    writer_block(w, "columns", &names, 1, d);
    column *columns = memory_array(d, sizeof *columns);
    if (columns == NULL)
        return ml_fail_memory(why, "the model", d * sizeof *columns);
    for (size_t i = 0; i < d; i++)
        columns[i] = column_reals(t->names[i], t->centroids->data + i, t->centroids->tda);
    writer_block(w, "centroids", columns, d, k);
    free(columns);
    model_write_end(w);
    return status;
}

static ml_status copy_names(kmeans_text *t, const model *kept, size_t count, ml_message *why)
{
    const char **names;
    ml_status status = model_texts(kept, "columns", "column", &names, why);
    if (status != ML_OK)
        return status;
    status = names_copy(&t->names, names, count, why);
    free(names);
    return status;
}

static ml_status take_model(kmeans_text *t, const model *kept, const char *path, ml_message *why)
{
    size_t clusters, columns, rows, width, named, spherical, rounds, labels;
    ml_status status;
    if ((status = model_shape(kept, "centroids", &clusters, &columns, why)) != ML_OK ||
        (status = model_shape(kept, "columns", &rows, &width, why)) != ML_OK ||
        (status = model_count(kept, "clusters", clusters, clusters, &width, why)) != ML_OK ||
        (status = model_count(kept, "columns", columns, columns, &width, why)) != ML_OK ||
        (status = model_count(kept, "named", 0, 1, &named, why)) != ML_OK ||
        (status = model_count(kept, "spherical", 0, 1, &spherical, why)) != ML_OK ||
        (status = model_count(kept, "rounds", 0, (size_t)1 << 53, &rounds, why)) != ML_OK ||
        (status = model_count(kept, "labels", 0, (size_t)1 << 53, &labels, why)) != ML_OK ||
        (status = model_number(kept, "inertia", &t->inertia, why)) != ML_OK)
        return status;
    if (rows != columns)
        return ml_fail(why, "%s: %zu names for %zu columns", path, rows, columns);
    t->named = named;
    t->spherical = spherical;
    t->history = (kmeans_history){rounds, labels};
    if ((t->centroids = gsl_matrix_alloc(clusters, columns)) == NULL)
        return ml_fail_memory(why, "the centroids", clusters * columns * sizeof(double));
    status = model_matrix(kept, "centroids", 0, t->centroids, why);
    return status == ML_OK ? copy_names(t, kept, columns, why) : status;
}

ml_status kmeans_text_read(kmeans_text *t, const char *path, ml_message *why)
{
    model *kept;
    *t = (kmeans_text){0};
    ml_status status = model_read(&kept, path, "mlkmeans", why);
    if (status == ML_OK)
        status = take_model(t, kept, path, why);
    model_free(kept);
    return status;
}

bool kmeans_text_is_model(const char *path)
{
    static const char first[] = "#: model";
    char start[sizeof first - 1];
    struct stat about;
    if (stat(path, &about) != 0 || !S_ISREG(about.st_mode))
        return false;
    FILE *file = fopen(path, "re");
    bool is = file != NULL && fread(start, 1, sizeof start, file) == sizeof start &&
              memcmp(start, first, sizeof start) == 0;
    if (file != NULL)
        fclose(file);
    return is;
}

void kmeans_text_hash(const kmeans_text *t, char text[17])
{
    size_t k = t->centroids->size1, d = t->centroids->size2;
    uint64_t hash = random_mix(random_mix(k) + 2 * d + t->spherical);
    for (size_t q = 0; q < k; q++)
        hash = fingerprint_reals(hash, gsl_matrix_const_ptr(t->centroids, q, 0), d);
    fingerprint_print(fingerprint_names(hash, t->names, d), text);
}

/* --- rows to a state --- */

static ml_status add_rows(void *round, const gsl_matrix *x, const gsl_vector *weights, ml_message *why)
{
    return kmeans_round_add(round, x, weights, why);
}

static void put_state(buffer *out, const cli *c, const kmeans_text *t, const kmeans_parts *p,
                      const char *weights)
{
    char hash[17];
    size_t k = p->k, d = p->d;
    kmeans_text_hash(t, hash);
    state_begin(out, c->tool->name);
    state_put_text(out, "model", hash);
    state_put_count(out, "rows", p->rows);
    if (p->rows > 0) {
        state_put_count(out, "weighted", weights != NULL);
        if (weights != NULL)
            state_put_text(out, "weights", weights);
        state_put_count(out, "labels", p->labels);
        state_put_reals(out, "sizes", p->sizes, k);
        state_put_reals(out, "mass", &p->mass->hi, 2 * k);
        state_put_reals(out, "within", &p->within->hi, 2 * k);
        state_put_reals(out, "sums", &p->sums->hi, 2 * k * d);
        state_put_count(out, "spare", p->far_count);
        state_put_reals(out, "far", p->far, p->far_count * (KMEANS_FAR + d));
    }
    state_end(out, 0);
}

int kmeans_text_partial(const cli *c, const kmeans_text *t)
{
    reader *r = NULL;
    kmeans_round *round = NULL;
    const kmeans_parts *parts;
    buffer line = {0};
    ml_message why;
    reader_options reading = c->reader;
    reading.match = t->named ? (const char *const *)t->names : NULL;
    reading.match_count = t->centroids->size2;
    progress_phase("reading");
    ml_status status = reader_open(&r, c->file, &reading, &why);
    if (status == ML_OK)
        status = kmeans_round_new(&round, t->centroids, t->spherical, c->reader.jobs, &why);
    if (status == ML_OK)
        status = points_each(r, add_rows, round, &why);
    if (status == ML_OK)
        status = kmeans_round_parts(round, &parts, &why);
    if (status == ML_OK)
        put_state(&line, c, t, parts, points_weights(r, &reading));
    int result = status == ML_OK ? cli_print_state(c, &line) : cli_fail(c, &why);
    buffer_free(&line);
    kmeans_round_free(round);
    reader_free(r);
    return result;
}

/* --- states merged --- */

static ml_status get_parts(kmeans_parts *p, const state_reader *r, ml_message *why)
{
    size_t k = p->k, d = p->d, labels, spare;
    ml_status status;
    if ((status = state_get_count(r, "labels", &labels, why)) != ML_OK ||
        (status = state_get_reals(r, "sizes", p->sizes, k, why)) != ML_OK ||
        (status = state_get_reals(r, "mass", &p->mass->hi, 2 * k, why)) != ML_OK ||
        (status = state_get_reals(r, "within", &p->within->hi, 2 * k, why)) != ML_OK ||
        (status = state_get_reals(r, "sums", &p->sums->hi, 2 * k * d, why)) != ML_OK ||
        (status = state_get_count(r, "spare", &spare, why)) != ML_OK)
        return status;
    if (spare > k)
        return state_fail(r, why, "%zu spare rows for %zu clusters", spare, k);
    p->labels = labels;
    p->far_count = spare;
    status = state_get_reals(r, "far", p->far, spare * (KMEANS_FAR + d), why);
    if (status == ML_OK && !kmeans_parts_valid(p))
        status = state_fail(r, why, "these numbers are not those of rows about the centroids of the model");
    return status;
}

static ml_status merge_rows(kmeans_parts *into, const state_reader *r, size_t rows, ml_message *why)
{
    kmeans_parts p;
    ml_message refused;
    ml_status status = kmeans_parts_alloc(&p, into->k, into->d, why);
    p.rows = rows;
    if (status == ML_OK)
        status = get_parts(&p, r, why);
    if (status == ML_OK && kmeans_parts_merge(into, &p, &refused) != ML_OK)
        status = state_fail(r, why, "%s", refused.text);
    kmeans_parts_free(&p);
    return status;
}

/* The state that R has read joins P. */
static ml_status merge_state(kmeans_parts *p, state_reader *r, const char *hash, bool *weighted,
                             ml_message *why)
{
    size_t rows, weights;
    char **made_with;
    ml_status status = state_get_texts(r, "model", &made_with, &weights, why);
    if (status != ML_OK)
        return status;
    if (strcmp(made_with[0], hash) != 0)
        status = state_fail(r, why, "the state was made with another model than that of --model");
    free(made_with);
    if (status == ML_OK)
        status = state_get_count(r, "rows", &rows, why);
    if (status != ML_OK || rows == 0)
        return status;
    if ((status = state_get_count(r, "weighted", &weights, why)) == ML_OK)
        status = state_agree(r, "weighted", why);
    if (status == ML_OK && weights != 0)
        status = state_agree(r, "weights", why);
    *weighted = status == ML_OK && weights != 0;
    return status == ML_OK ? merge_rows(p, r, rows, why) : status;
}

ml_status kmeans_text_merge(kmeans_parts *p, const cli *c, const kmeans_text *t, bool *weighted,
                            ml_message *why)
{
    state_reader *r = NULL;
    bool more = true;
    size_t states = 0;
    char hash[17];
    kmeans_text_hash(t, hash);
    *weighted = false;
    progress_phase("merging");
    ml_status status = kmeans_parts_alloc(p, t->centroids->size1, t->centroids->size2, why);
    if (status == ML_OK)
        status = state_open(&r, c->file, c->tool->name, why);
    while (status == ML_OK && (status = state_next(r, &more, why)) == ML_OK && more) {
        status = merge_state(p, r, hash, weighted, why);
        states++;
    }
    state_close(r);
    if (status != ML_OK || p->rows > 0)
        return status;
    const char *path = c->file ? c->file : "stdin";
    return states == 0
               ? ml_fail(why, "%s: the input is empty; --merge reads the lines that --partial prints", path)
               : ml_fail(why, "%s: the states are of no rows", path);
}
