#include "tool/entropy_data.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "table/progress.h"
#include "tool/names.h"

void entropy_data_free(entropy_data *d)
{
    for (size_t i = 0; d->sets != NULL && i < d->set_count; i++)
        entropy_table_free(&d->sets[i]);
    for (size_t i = 0; d->places != NULL && i < d->set_count; i++)
        free(d->places[i]);
    for (size_t i = 0; d->levels != NULL && i < d->width; i++)
        free(d->levels[i].names);
    free(d->sets);
    free(d->places);
    free(d->levels);
    names_free(d->names);
    *d = (entropy_data){.target = SIZE_MAX};
}

/* --- symbols --- */

/* Set I of T becomes a table of D. */
static bool take_set(entropy_data *d, tally *t, size_t i)
{
    entropy_table *set = &d->sets[i];
    size_t width = t->sets[i].width;
    const size_t *places = tally_places(t, i);
    set->cells = t->sets[i];
    tuples_init(&t->sets[i], width);
    set->total = tuples_total(&set->cells);
    set->levels = memory_array(width, sizeof *set->levels);
    d->places[i] = memory_array(width, sizeof *d->places[i]);
    if (set->levels == NULL || d->places[i] == NULL)
        return false;
    memcpy(d->places[i], places, width * sizeof *places);
    for (size_t k = 0; k < width; k++)
        set->levels[k] = (double)d->levels[places[k]].count;
    return true;
}

/* What T counted becomes D's. */
static ml_status take_tally(entropy_data *d, tally *t, ml_message *why)
{
    d->counts = true;
    d->width = t->width;
    d->levels = t->levels;
    t->levels = NULL;
    d->set_count = t->set_count;
    d->sets = memory_zeros(t->set_count, sizeof *d->sets);
    d->places = memory_zeros(t->set_count, sizeof *d->places);
    bool good = d->sets != NULL && d->places != NULL;
    for (size_t i = 0; good && i < t->set_count; i++)
        good = take_set(d, t, i);
    return good ? ML_OK : ml_fail_memory(why, "the counts", t->set_count * sizeof *d->sets);
}

/* The names of the columns that are counted, in the order of the tally. */
static ml_status take_names(entropy_data *d, const table *t, ml_message *why)
{
    size_t width = t->text_count - t->id_count + (t->target != NULL);
    const char **names = memory_array(width, sizeof *names);
    if (names == NULL)
        return ml_fail_memory(why, "the names", width * sizeof *names);
    for (size_t i = 0; i < width; i++)
        names[i] = t->id_count + i < t->text_count ? t->texts[t->id_count + i].name : t->target->name;
    ml_status status = names_copy(&d->names, names, width, why);
    free(names);
    d->target = t->target != NULL ? width - 1 : SIZE_MAX;
    return status;
}

ml_status entropy_data_count(entropy_data *d, const cli *c, tally_kind kind, ml_message *why)
{
    reader *r;
    tally t = {0};
    reader_options reading = c->reader;
    *d = (entropy_data){.target = SIZE_MAX};
    reading.all_text = reading.target_is_text = true;
    progress_phase("reading");
    ml_status status = reader_open(&r, c->file, &reading, why);
    if (status == ML_OK)
        status = take_names(d, reader_columns(r), why);
    if (status == ML_OK)
        status = reader_tally(r, kind, &t, why);
    if (status == ML_OK)
        status = reader_finish(r, why);
    if (status == ML_OK)
        status = take_tally(d, &t, why);
    tally_free(&t);
    reader_free(r);
    return status;
}

/* --- parts --- */

/* Where in SET are the WIDTH variables at PLACES?  False: not all are there. */
static bool find_places(const entropy_data *d, size_t set, const size_t *places, size_t width, size_t *found)
{
    size_t k = 0;
    for (size_t i = 0; k < width && i < d->sets[set].cells.width; i++)
        if (d->places[set][i] == places[k])
            found[k++] = i;
    return k == width;
}

ml_status entropy_data_part(const entropy_data *d, const size_t *places, size_t width, entropy_part *part,
                            ml_message *why)
{
    *part = (entropy_part){0};
    size_t *found = memory_array(width, sizeof *found), set = 0;
    if (found == NULL)
        return ml_fail_memory(why, "the counts", width * sizeof *found);
    while (!find_places(d, set, places, width, found))
        set++;
    ml_status status = ML_OK;
    if (d->sets[set].cells.width == width)
        part->t = &d->sets[set];
    else if ((status = entropy_table_project(&part->own, &d->sets[set], found, width, why)) == ML_OK)
        part->t = &part->own;
    free(found);
    return status;
}

void entropy_part_free(entropy_part *part)
{
    if (part->t == &part->own)
        entropy_table_free(&part->own);
    part->t = NULL;
}
