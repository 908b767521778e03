#include "tool/gmm_state.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/random.h"
#include "table/progress.h"
#include "table/state.h"
#include "tool/fingerprint.h"
#include "tool/points.h"

void gmm_state_hash(const gmm_text *t, char text[17])
{
    const gmm_model *m = &t->model;
    uint64_t hash = random_mix(random_mix(m->k) + m->d);
    hash = fingerprint_reals(hash, m->weights->data, m->k);
    for (size_t i = 0; i < m->k; i++)
        hash = fingerprint_reals(hash, m->means->data + i * m->means->tda, m->d);
    for (size_t i = 0; i < m->k * m->d; i++)
        hash = fingerprint_reals(hash, m->covariances->data + i * m->covariances->tda, m->d);
    fingerprint_print(fingerprint_names(hash, t->names, m->d), text);
}

/* --- rows to a state --- */

static ml_status add_rows(void *round, const gsl_matrix *x, const gsl_vector *weights, ml_message *why)
{
    return gmm_round_add(round, x, weights, why);
}

static void put_state(buffer *out, const cli *c, const gmm_text *t, bool hard, const gmm_parts *p,
                      const char *weights)
{
    char hash[17];
    gmm_state_hash(t, hash);
    state_begin(out, c->tool->name);
    state_put_text(out, "model", hash);
    state_put_count(out, "rows", p->rows);
    if (p->rows > 0) {
        state_put_count(out, "hard", hard);
        state_put_count(out, "weighted", weights != NULL);
        if (weights != NULL)
            state_put_text(out, "weights", weights);
        state_put_reals(out, "count", &p->count.hi, 2);
        state_put_reals(out, "likelihood", &p->log_likelihood.hi, 2);
        state_put_reals(out, "entropy", &p->entropy.hi, 2);
        state_put_reals(out, "sums", &p->values->hi, 2 * p->k * p->size);
    }
    state_end(out, 0);
}

int gmm_state_partial(const cli *c, const gmm_text *t, bool hard)
{
    reader *r = NULL;
    gmm_round *round = NULL;
    const gmm_parts *parts;
    buffer line = {0};
    ml_message why;
    reader_options reading = c->reader;
    gmm_text_match(t, &reading);
    progress_phase("reading");
    ml_status status = reader_open(&r, c->file, &reading, &why);
    if (status == ML_OK)
        status = gmm_round_new(&round, &t->model, hard, c->reader.jobs, &why);
    if (status == ML_OK)
        status = points_each(r, add_rows, round, &why);
    if (status == ML_OK)
        status = gmm_round_parts(round, &parts, &why);
    if (status == ML_OK)
        put_state(&line, c, t, hard, parts, points_weights(r, &reading));
    int result = status == ML_OK ? cli_print_state(c, &line) : cli_fail(c, &why);
    buffer_free(&line);
    gmm_round_free(round);
    reader_free(r);
    return result;
}

/* --- states merged --- */

static ml_status get_parts(gmm_parts *p, const state_reader *r, ml_message *why)
{
    ml_status status;
    if ((status = state_get_reals(r, "count", &p->count.hi, 2, why)) != ML_OK ||
        (status = state_get_reals(r, "likelihood", &p->log_likelihood.hi, 2, why)) != ML_OK ||
        (status = state_get_reals(r, "entropy", &p->entropy.hi, 2, why)) != ML_OK ||
        (status = state_get_reals(r, "sums", &p->values->hi, 2 * p->k * p->size, why)) != ML_OK)
        return status;
    bool valid = dd_value(p->count) >= 0;
    for (size_t q = 0; valid && q < p->k; q++)
        valid = dd_value(p->values[q * p->size]) >= 0;
    return valid ? ML_OK : state_fail(r, why, "these numbers are not those of rows under the model");
}

static ml_status merge_rows(gmm_parts *into, const state_reader *r, size_t rows, ml_message *why)
{
    gmm_parts p;
    ml_message refused;
    ml_status status = gmm_parts_alloc(&p, into->k, into->d, why);
    p.rows = rows;
    if (status == ML_OK)
        status = get_parts(&p, r, why);
    if (status == ML_OK && gmm_parts_merge(into, &p, &refused) != ML_OK)
        status = state_fail(r, why, "%s", refused.text);
    gmm_parts_free(&p);
    return status;
}

/* The state that R has read joins P. */
static ml_status merge_state(gmm_parts *p, state_reader *r, const char *hash, ml_message *why)
{
    size_t rows, count;
    char **made_with;
    ml_status status = state_get_texts(r, "model", &made_with, &count, why);
    if (status != ML_OK)
        return status;
    if (strcmp(made_with[0], hash) != 0)
        status = state_fail(r, why, "the state was made with another model than that of --model");
    free(made_with);
    if (status == ML_OK)
        status = state_get_count(r, "rows", &rows, why);
    if (status != ML_OK || rows == 0)
        return status;
    if ((status = state_agree(r, "hard", why)) == ML_OK)
        status = state_agree(r, "weighted", why);
    if (status == ML_OK)
        status = state_get_count(r, "weighted", &count, why);
    if (status == ML_OK && count != 0)
        status = state_agree(r, "weights", why);
    return status == ML_OK ? merge_rows(p, r, rows, why) : status;
}

ml_status gmm_state_merge(gmm_parts *p, const cli *c, const gmm_text *t, ml_message *why)
{
    state_reader *r = NULL;
    bool more = true;
    size_t states = 0;
    char hash[17];
    gmm_state_hash(t, hash);
    progress_phase("merging");
    ml_status status = gmm_parts_alloc(p, t->model.k, t->model.d, why);
    if (status == ML_OK)
        status = state_open(&r, c->file, c->tool->name, why);
    while (status == ML_OK && (status = state_next(r, &more, why)) == ML_OK && more) {
        status = merge_state(p, r, hash, why);
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
