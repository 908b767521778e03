#include "base/parallel.h"

#include <omp.h>

int parallel_processors(void)
{
    return omp_get_num_procs();
}

void parallel_for(size_t count, int jobs, parallel_body *body, void *context)
{
    if (jobs <= 1 || count <= 1) {
        for (size_t i = 0; i < count; i++)
            body(i, 0, context);
        return;
    }
    if ((size_t)jobs > count)
        jobs = (int)count;
#pragma omp parallel for num_threads(jobs) schedule(dynamic, 1)
    for (size_t i = 0; i < count; i++)
        body(i, omp_get_thread_num(), context);
}
