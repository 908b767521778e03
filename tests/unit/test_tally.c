/* Counts of symbols: whatever the cuts, the jobs and the kind of input, the same counts; the expected ones
 * are counted here, cell by cell, from how the rows were made. */
#include "table/tally.h"

#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/tuples.h"
#include "table/reader_internal.h"
#include "unit.h"

enum { ROWS = 5000 };

/* Row I: a number of few levels, a text that is long for some rows, a number of many levels. */
static unsigned first_of(unsigned i)
{
    return i * 7 % 11;
}

static unsigned second_of(unsigned i)
{
    return i / 3 % 400;
}

static unsigned third_of(unsigned i)
{
    return i * i % 6;
}

static void write_rows(const char *path)
{
    FILE *f = fopen(path, "w");
    if (f == NULL)
        abort();
    for (unsigned i = 0; i < ROWS; i++)
        fprintf(f, i % 5 == 0 ? " %u,\"%u\",level number %u\r\n" : "%u,%u ,level number %u\n", first_of(i),
                second_of(i), third_of(i));
    fclose(f);
}

static bool count(tally *t, const char *path, tally_kind kind, int jobs, size_t stretch, size_t piece)
{
    reader *r;
    reader_options o;
    ml_message why;
    reader_defaults(&o);
    o.all_text = true;
    o.header = READER_NO_HEADER;
    o.jobs = jobs;
    bool good = reader_open_sized(&r, path, &o, stretch, piece, &why) == ML_OK &&
                reader_tally(r, kind, t, &why) == ML_OK && reader_finish(r, &why) == ML_OK;
    if (!good)
        UNIT_FAIL("%s", why.text);
    reader_free(r);
    return good;
}

/* How often the levels called A and B (NULL: any) stand in the set that has their columns. */
static double times(const tally *t, size_t set, const char *a, const char *b)
{
    const size_t *place = tally_places(t, set);
    double sum = 0;
    for (size_t i = 0; i < t->sets[set].count; i++) {
        const uint32_t *codes = t->sets[set].codes + i * t->sets[set].width;
        if (strcmp(t->levels[place[0]].names[codes[0]], a) == 0 &&
            (b == NULL || strcmp(t->levels[place[1]].names[codes[1]], b) == 0))
            sum += t->sets[set].mass[i];
    }
    return sum;
}

static void check_pairs(const tally *t)
{
    double expected = 0, alone = 0;
    for (unsigned i = 0; i < ROWS; i++) {
        expected += first_of(i) == 10 && third_of(i) == 4;
        alone += second_of(i) == 399;
    }
    CHECK(t->set_count == 3 && t->levels[0].count == 11 && t->levels[1].count == 400);
    CHECK(times(t, 1, "10", "level number 4") == expected && expected > 0);
    CHECK(times(t, 2, "399", NULL) == alone && alone > 0);
    CHECK_TEXT(t->levels[1].names[2], "2"); /* numbers by value */
    CHECK_TEXT(t->levels[1].names[10], "10");
    for (size_t i = 0; i < 3; i++)
        CHECK(tuples_total(&t->sets[i]) == ROWS);
}

static bool same_sets(const tally *a, const tally *b)
{
    for (size_t i = 0; i < a->set_count; i++) {
        const tuples *s = &a->sets[i], *t = &b->sets[i];
        if (s->count != t->count || memcmp(s->codes, t->codes, s->count * s->width * sizeof *s->codes) != 0 ||
            memcmp(s->mass, t->mass, s->count * sizeof *s->mass) != 0)
            return false;
    }
    return true;
}

static void test_cuts(const char *path)
{
    static const size_t sizes[][2] = {{0, 0}, {64, 16}, {1000, 37}, {4096, 4096}};
    tally whole, cut;
    unit_case("pairs of symbols, the same however the input is cut, for any jobs");
    if (!count(&whole, path, TALLY_PAIRS, 1, 0, 0))
        return;
    check_pairs(&whole);
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++)
        for (int jobs = 1; jobs <= 3; jobs++)
            if (count(&cut, path, TALLY_PAIRS, jobs, sizes[i][0], sizes[i][1])) {
                CHECK(same_sets(&whole, &cut));
                tally_free(&cut);
            }
    tally_free(&whole);
}

static void test_kinds(const char *path)
{
    tally t;
    unit_case("columns alone, pairs with the last, whole rows");
    if (count(&t, path, TALLY_COLUMNS, 2, 0, 0)) {
        CHECK(t.set_count == 3 && t.sets[0].count == 11 && t.sets[1].count == 400);
        tally_free(&t);
    }
    if (count(&t, path, TALLY_WITH_LAST, 2, 0, 0)) {
        CHECK(t.set_count == 2 && tally_places(&t, 1)[0] == 1 && tally_places(&t, 1)[1] == 2);
        tally_free(&t);
    }
    if (count(&t, path, TALLY_ROWS, 2, 0, 0)) {
        CHECK(t.set_count == 1 && t.sets[0].width == 3 && tuples_total(&t.sets[0]) == ROWS);
        tally_free(&t);
    }
}

static void test_tuples(void)
{
    tuples t, part;
    unit_case("tuples: sums, order, places, projections");
    tuples_init(&t, 3);
    for (uint32_t i = 0; i < 1000; i++)
        CHECK(tuples_add(&t, (uint32_t[]){999 - i, i % 7, 5}, 1) &&
              tuples_add(&t, (uint32_t[]){i, (999 - i) % 7, 5}, 2));
    CHECK(t.count == 1000 && tuples_total(&t) == 3000);
    CHECK(tuples_sort(&t) && t.codes[0] == 0 && t.codes[3 * 999] == 999 && t.mass[500] == 3);
    CHECK(tuples_place(&t, (uint32_t[]){17, 982 % 7, 5}) == 17 &&
          tuples_place(&t, (uint32_t[]){17, 6, 6}) == SIZE_MAX);
    tuples_init(&part, 2);
    CHECK(tuples_project(&part, &t, (size_t[]){2, 1}) && part.count == 7 && tuples_total(&part) == 3000);
    CHECK(part.mass[6] == 3 * 142 && part.mass[0] == 3 * 143);
    tuples_free(&part);
    tuples_free(&t);
}

int main(void)
{
    char path[] = "/tmp/tallyXXXXXX";
    int fd = mkstemp(path);
    if (fd < 0)
        return 2;
    write_rows(path);
    test_tuples();
    test_cuts(path);
    test_kinds(path);
    close(fd);
    unlink(path);
    return unit_end();
}
