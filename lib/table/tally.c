#include "table/tally.h"

#include <stdlib.h>
#include <string.h>

#include "base/memory.h"

/* --- the sets --- */

static size_t set_count(size_t width, tally_kind kind)
{
    switch (kind) {
    case TALLY_COLUMNS:
        return width;
    case TALLY_WITH_LAST:
        return width - 1;
    case TALLY_PAIRS:
        return width * (width - 1) / 2;
    default:
        return 1;
    }
}

static void add_pair(tally *t, size_t *set, size_t i, size_t j)
{
    tuples_init(&t->sets[*set], 2);
    t->places[2 * *set] = i;
    t->places[2 * (*set)++ + 1] = j;
}

static void make_sets(tally *t, tally_kind kind)
{
    size_t set = 0, last = t->width - 1;
    if (kind == TALLY_ROWS)
        tuples_init(&t->sets[0], t->width);
    for (size_t i = 0; i < t->width; i++) {
        if (kind == TALLY_COLUMNS)
            tuples_init(&t->sets[i], 1);
        if (kind == TALLY_ROWS || kind == TALLY_COLUMNS)
            t->places[i] = i;
        if (kind == TALLY_WITH_LAST && i < last)
            add_pair(t, &set, i, last);
        for (size_t j = i + 1; kind == TALLY_PAIRS && j < t->width; j++)
            add_pair(t, &set, i, j);
    }
}

ml_status tally_new(tally *t, size_t width, tally_kind kind, char *const *na_values, size_t na_count,
                    ml_message *why)
{
    *t = (tally){.width = width, .set_count = set_count(width, kind)};
    size_t places = kind == TALLY_ROWS || kind == TALLY_COLUMNS ? width : 2 * t->set_count;
    t->columns = memory_zeros(width, sizeof *t->columns);
    t->sets = memory_zeros(t->set_count, sizeof *t->sets);
    t->places = memory_zeros(places, sizeof *t->places);
    t->row = memory_zeros(width, sizeof *t->row);
    t->part = memory_zeros(width, sizeof *t->part);
    if (!t->columns || !t->sets || !t->places || !t->row || !t->part) {
        tally_free(t);
        return ml_fail_memory(why, "the counts", places * sizeof *t->places);
    }
    for (size_t i = 0; i < width; i++)
        symbols_init(&t->columns[i], na_values, na_count);
    make_sets(t, kind);
    /* what is not touched of it takes no memory; without it all is counted in the set */
    if (t->set_count == 1 && t->sets[0].width == width && width <= 2)
        t->grid = memory_zeros((size_t)1 << 2 * TALLY_GRID, sizeof *t->grid);
    return ML_OK;
}

void tally_free(tally *t)
{
    for (size_t i = 0; t->columns != NULL && i < t->width; i++)
        symbols_free(&t->columns[i]);
    for (size_t i = 0; t->sets != NULL && i < t->set_count; i++)
        tuples_free(&t->sets[i]);
    for (size_t i = 0; t->levels != NULL && i < t->width; i++)
        free(t->levels[i].names);
    free(t->columns);
    free(t->sets);
    free(t->places);
    free(t->row);
    free(t->part);
    free(t->grid);
    free(t->levels);
    *t = (tally){0};
}

/* All sets of a tally are of the same width. */
const size_t *tally_places(const tally *t, size_t i)
{
    return t->places + i * t->sets[0].width;
}

bool tally_add(tally *t)
{
    if (t->set_count == 1 && t->sets[0].width == t->width)
        return tuples_add(&t->sets[0], t->row, 1);
    const size_t *place = t->places;
    for (size_t i = 0; i < t->set_count; i++) {
        size_t width = t->sets[i].width;
        for (size_t k = 0; k < width; k++)
            t->part[k] = t->row[*place++];
        if (!tuples_add(&t->sets[i], t->part, 1))
            return false;
    }
    return true;
}

/* Move what the grid holds to the set. */
static bool empty_grid(tally *t)
{
    enum { SIDE = 1 << TALLY_GRID };
    for (uint32_t i = 0; t->grid != NULL && i < SIDE && i <= t->columns[0].count; i++)
        for (uint32_t j = 0; j < SIDE && j <= t->columns[t->width - 1].count; j++) {
            uint64_t *count = &t->grid[i << TALLY_GRID | j];
            if (*count > 0 && !tuples_add(&t->sets[0], (uint32_t[]){i, j}, (double)*count))
                return false;
            *count = 0;
        }
    return true;
}

/* --- joining --- */

/* Numbers of symbols to other numbers, a table a column. */
typedef struct translation {
    uint32_t **to;
    size_t width;
} translation;

static void translation_free(translation *m)
{
    for (size_t i = 0; m->to != NULL && i < m->width; i++)
        free(m->to[i]);
    free(m->to);
}

static bool translation_new(translation *m, const tally *t)
{
    *m = (translation){memory_zeros(t->width, sizeof *m->to), t->width};
    for (size_t i = 0; m->to != NULL && i < t->width; i++)
        if ((m->to[i] = memory_array(t->columns[i].count + 1, sizeof **m->to)) == NULL)
            return false;
    return m->to != NULL;
}

/* Add the tuples of set I of FROM, translated. */
static bool add_translated(tuples *into, const tally *from, size_t i, const translation *m, uint32_t *space)
{
    const tuples *set = &from->sets[i];
    const size_t *place = tally_places(from, i);
    for (size_t k = 0; k < set->count; k++) {
        for (size_t c = 0; c < set->width; c++)
            space[c] = m->to[place[c]][set->codes[k * set->width + c]];
        if (!tuples_add(into, space, set->mass[k]))
            return false;
    }
    return true;
}

ml_status tally_join(tally *t, tally *from, ml_message *why)
{
    translation m;
    bool good = translation_new(&m, from) && empty_grid(from);
    for (size_t i = 0; good && i < t->width; i++) {
        m.to[i][SYMBOL_MISSING] = SYMBOL_MISSING;
        for (uint32_t code = 1; good && code <= from->columns[i].count; code++) {
            size_t length;
            const char *text = symbols_text(&from->columns[i], code, &length);
            m.to[i][code] = symbols_code(&t->columns[i], text, length);
            good = m.to[i][code] != SYMBOLS_FAILED;
        }
    }
    for (size_t i = 0; good && i < t->set_count; i++)
        good = add_translated(&t->sets[i], from, i, &m, t->part);
    translation_free(&m);
    return good ? ML_OK : ml_fail_memory(why, "the counts", t->width * sizeof *m.to);
}

/* --- order --- */

static void free_marks(bool **marks, size_t width)
{
    for (size_t i = 0; marks != NULL && i < width; i++)
        free(marks[i]);
    free(marks);
}

/* For each column, which symbols were counted: those of dropped rows were not.  NULL when memory is out. */
static bool **mark_counted(const tally *t)
{
    bool **marks = memory_zeros(t->width, sizeof *marks), good = marks != NULL;
    for (size_t i = 0; good && i < t->width; i++)
        good = (marks[i] = memory_zeros(t->columns[i].count + 1, sizeof **marks)) != NULL;
    for (size_t i = 0; good && i < t->set_count; i++) {
        const tuples *set = &t->sets[i];
        const size_t *place = tally_places(t, i);
        for (size_t k = 0; k < set->count; k++)
            for (size_t c = 0; c < set->width; c++)
                marks[place[c]][set->codes[k * set->width + c]] = true;
    }
    if (good)
        return marks;
    free_marks(marks, t->width);
    return NULL;
}

/* The names of the COUNT symbols in ORDER, behind them the missing one if there is one. */
static bool make_levels(tally_levels *l, const symbols *s, const uint32_t *order, size_t count, bool missing)
{
    size_t size, bytes = s->texts.size + count + sizeof "NA";
    l->missing = missing;
    l->count = count + missing;
    if (__builtin_mul_overflow(l->count, sizeof *l->names, &size) ||
        (l->names = malloc(size + bytes)) == NULL)
        return false;
    char *text = (char *)(l->names + l->count);
    for (size_t i = 0; i < count; i++) {
        size_t length;
        const char *from = symbols_text(s, order[i], &length);
        if (length > 0)
            memcpy(text, from, length);
        text[length] = '\0';
        l->names[i] = text;
        text += length + 1;
    }
    if (missing)
        l->names[count] = strcpy(text, "NA");
    return true;
}

/* TO gets the places of the symbols of column I, of which MARKS tells which were counted. */
static bool order_column(tally *t, size_t i, const bool *marks, uint32_t *to)
{
    const symbols *s = &t->columns[i];
    uint32_t *order = memory_array(s->count, sizeof *order);
    bool good = order != NULL && symbols_order(s, order);
    size_t count = 0;
    for (size_t k = 0; good && k < s->count; k++) {
        uint32_t code = order[k];
        to[code] = (uint32_t)count;
        order[count] = code;
        count += marks[code];
    }
    to[SYMBOL_MISSING] = (uint32_t)count;
    good = good && make_levels(&t->levels[i], s, order, count, marks[SYMBOL_MISSING]);
    free(order);
    return good;
}

static bool renumber(tally *t, size_t i, const translation *m)
{
    tuples ordered;
    tuples_init(&ordered, t->sets[i].width);
    if (!add_translated(&ordered, t, i, m, t->part) || !tuples_sort(&ordered)) {
        tuples_free(&ordered);
        return false;
    }
    tuples_free(&t->sets[i]);
    t->sets[i] = ordered;
    return true;
}

ml_status tally_finish(tally *t, ml_message *why)
{
    translation m;
    bool good = translation_new(&m, t) && empty_grid(t);
    bool **marks = good ? mark_counted(t) : NULL;
    t->levels = memory_zeros(t->width, sizeof *t->levels);
    good = good && marks != NULL && t->levels != NULL;
    for (size_t i = 0; good && i < t->width; i++)
        good = order_column(t, i, marks[i], m.to[i]);
    for (size_t i = 0; good && i < t->set_count; i++)
        good = renumber(t, i, &m);
    translation_free(&m);
    free_marks(marks, t->width);
    return good ? ML_OK : ml_fail_memory(why, "the counts", t->width * sizeof *t->levels);
}
