/* The team: every lane of every step once, and a step sees all of the step before it. */
#include "unit.h"

#include "base/parallel.h"
#include "base/team.h"

enum { STEPS = 3000 };

static int runs[TEAM_LANES];
static long sums[2][TEAM_LANES]; /* of this step and of the last one */
static int now;

static void add_all(size_t lane, void *context)
{
    (void)context;
    long sum = (long)lane;
    for (size_t i = 0; i < TEAM_LANES; i++)
        sum = (sum + sums[1 - now][i]) % 1000003;
    sums[now][lane] = sum;
    runs[lane]++;
}

static void lead(team *t, void *context)
{
    (void)context;
    for (int i = 0; i < STEPS; i++) {
        now = i % 2;
        team_step(t, add_all, NULL);
        for (size_t lane = 0; lane < TEAM_LANES; lane++)
            CHECK(runs[lane] == i + 1);
    }
}

static long result(int jobs)
{
    memset(runs, 0, sizeof runs);
    memset(sums, 0, sizeof sums);
    team_run(jobs, lead, NULL);
    return sums[(STEPS - 1) % 2][TEAM_LANES - 1];
}

static void run_inside(size_t index, int worker, void *context)
{
    (void)worker;
    ((long *)context)[index] = result(4);
}

int main(void)
{
    unit_case("steps follow one another, each lane once, for any number of jobs");
    long alone = result(1);
    for (int jobs = 0; jobs <= 2 * TEAM_LANES; jobs++)
        CHECK(result(jobs) == alone);

    unit_case("a team inside a loop, and a loop after a team");
    long inside[1];
    parallel_for(1, 4, run_inside, inside);
    CHECK(inside[0] == alone && result(3) == alone);
    return unit_end();
}
