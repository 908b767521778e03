/* parallel.h: independent pieces of work on all cores.
 *
 * The rule that keeps the printed bytes the same for every -j: how work is cut into pieces depends on the
 * data alone, never on the number of workers, and results are reduced in the order of the pieces. */
#ifndef BASE_PARALLEL_H
#define BASE_PARALLEL_H

#include <stddef.h>

/* The processors that this process may use (its affinity mask), at least 1. */
int parallel_processors(void);

/* One piece: INDEX in [0, count); WORKER in [0, jobs) names the scratch space that this call may use. */
typedef void parallel_body(size_t index, int worker, void *context);

/* Run BODY for every index below COUNT on up to JOBS threads, in no fixed order, and wait for all.  With
 * one job or one piece everything runs in the calling thread and no thread is started. */
void parallel_for(size_t count, int jobs, parallel_body *body, void *context);

#endif
