/* team.h: threads that stay together for many short steps.
 *
 * parallel_for wakes sleeping threads, which costs some ten microseconds; an algorithm that has to join its
 * threads thousands of times a second cannot pay that.  In a team the threads stay awake from the first step
 * to the last: they look for the next step in a short loop and then give way to others (sched_yield) between
 * looks.
 *
 * A step is cut into a fixed number of lanes, the same for all steps.  A thread first takes the lanes that
 * are its own, so that it finds its data in its cache, then those that nobody has taken: a thread that is
 * late, or never comes, delays nobody.  What a lane does must not depend on the thread. */
#ifndef BASE_TEAM_H
#define BASE_TEAM_H

#include <stddef.h>

enum { TEAM_LANES = 8 };

typedef struct team team;

/* Call LEAD once, in a team of up to JOBS threads; it has the steps run. */
void team_run(int jobs, void (*lead)(team *t, void *context), void *context);

/* One step: BODY for every lane below TEAM_LANES, and wait for all of them.  Only LEAD may call it. */
void team_step(team *t, void (*body)(size_t lane, void *context), void *context);

#endif
