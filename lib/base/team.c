#include "base/team.h"

#include <sched.h>
#include <stdatomic.h>
#include <stdbool.h>

#include "base/parallel.h"

enum { LOOKS = 200, CACHE_LINE = 64 }; /* about five microseconds of looking */

/* The last step in which a lane was taken. */
typedef struct claim {
    _Alignas(CACHE_LINE) atomic_ulong step;
} claim;

struct team {
    int members;
    void (*lead)(team *t, void *context);
    void *lead_context;
    /* the step; who has taken one of its lanes may read these */
    void (*body)(size_t lane, void *context);
    void *context;
    _Alignas(CACHE_LINE) atomic_ulong step; /* its number; the first is 1 */
    atomic_bool over;
    _Alignas(CACHE_LINE) atomic_size_t done; /* lanes finished */
    claim claims[TEAM_LANES];
};

static void rest(void)
{
#if defined(__x86_64__) || defined(__i386__)
    __builtin_ia32_pause();
#endif
}

static void look_again(unsigned *looks)
{
    if (++*looks % LOOKS == 0)
        sched_yield();
    else
        rest();
}

static void try_lane(team *t, size_t lane, unsigned long step)
{
    unsigned long last = atomic_load_explicit(&t->claims[lane].step, memory_order_relaxed);
    if (last >= step || !atomic_compare_exchange_strong(&t->claims[lane].step, &last, step))
        return;
    t->body(lane, t->context);
    atomic_fetch_add_explicit(&t->done, 1, memory_order_release);
}

static void take_lanes(team *t, size_t member, unsigned long step)
{
    for (size_t lane = member; lane < TEAM_LANES; lane += (size_t)t->members)
        try_lane(t, lane, step);
    for (size_t lane = 0; lane < TEAM_LANES; lane++)
        try_lane(t, lane, step);
}

static void follow(team *t, size_t member)
{
    unsigned looks = 0;
    for (unsigned long seen = 0; !atomic_load(&t->over);) {
        unsigned long step = atomic_load_explicit(&t->step, memory_order_acquire);
        if (step == seen) {
            look_again(&looks);
            continue;
        }
        take_lanes(t, member, step);
        seen = step;
    }
}

static void run_member(size_t index, int worker, void *context)
{
    (void)worker;
    team *t = context;
    if (index > 0) {
        follow(t, index);
        return;
    }
    t->lead(t, t->lead_context);
    atomic_store(&t->over, true);
}

void team_run(int jobs, void (*lead)(team *t, void *context), void *context)
{
    int members = jobs < 1 ? 1 : jobs > TEAM_LANES ? TEAM_LANES : jobs;
    team t = {.members = members, .lead = lead, .lead_context = context};
    parallel_for((size_t)members, members, run_member, &t);
}

void team_step(team *t, void (*body)(size_t lane, void *context), void *context)
{
    if (t->members == 1) {
        for (size_t lane = 0; lane < TEAM_LANES; lane++)
            body(lane, context);
        return;
    }
    unsigned looks = 0;
    unsigned long step = atomic_load(&t->step) + 1;
    t->body = body;
    t->context = context;
    atomic_store(&t->done, 0);
    atomic_store_explicit(&t->step, step, memory_order_release);
    take_lanes(t, 0, step);
    while (atomic_load_explicit(&t->done, memory_order_acquire) < TEAM_LANES)
        look_again(&looks);
}
