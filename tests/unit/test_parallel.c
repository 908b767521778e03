/* The pool: every index once, whatever the number of threads and pieces; loops inside loops. */
#include "unit.h"

#include "base/parallel.h"

enum { WORKERS = 8, MOST = 40 };

static int runs[WORKERS][MOST];

static void count(size_t index, int worker, void *context)
{
    (void)context;
    runs[worker][index]++;
}

static void inner(size_t index, int worker, void *context)
{
    (void)worker;
    ((int *)context)[index]++;
}

static void outer(size_t index, int worker, void *context)
{
    (void)worker;
    int(*counts)[MOST] = context;
    parallel_for(MOST, WORKERS, inner, counts[index]);
}

int main(void)
{
    unit_case("every index runs once for any number of jobs and pieces");
    for (int round = 0; round < 2000; round++) {
        size_t pieces = (size_t)(round % MOST);
        memset(runs, 0, sizeof runs);
        parallel_for(pieces, 1 + round % WORKERS, count, NULL);
        for (size_t i = 0; i < MOST; i++) {
            int times = 0;
            for (int w = 0; w < WORKERS; w++)
                times += runs[w][i];
            CHECK(times == (i < pieces));
        }
    }

    unit_case("a loop inside a loop runs every index of each");
    static int counts[MOST][MOST];
    parallel_for(MOST, WORKERS, outer, counts);
    for (int i = 0; i < MOST; i++)
        for (int j = 0; j < MOST; j++)
            CHECK(counts[i][j] == 1);

    unit_case("there is a processor");
    CHECK(parallel_processors() >= 1);
    return unit_end();
}
