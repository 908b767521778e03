/* A pool of POSIX threads that sleep between loops.  OpenMP's runtimes spin while they wait, which on a busy
 * machine takes the processor from those that have work (measured: three quarters of the time of a read), and
 * loading one costs a tool with four numbers to sum a quarter of a millisecond. */
#include "base/parallel.h"

#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <unistd.h>

enum { MOST_THREADS = 1024 };

static struct pool {
    pthread_mutex_t lock;
    pthread_cond_t begun, left;
    int threads;        /* started, besides the caller's */
    unsigned long loop; /* the number of the current or last loop */
    bool open;          /* workers may still join it */
    int wanted, joined; /* how many may join, how many have */
    int busy;           /* how many of them are still in it */
    parallel_body *body;
    void *context;
    size_t count;
    atomic_size_t next; /* the next piece to take */
} pool = {
    .lock = PTHREAD_MUTEX_INITIALIZER, .begun = PTHREAD_COND_INITIALIZER, .left = PTHREAD_COND_INITIALIZER};

/* A loop inside a loop runs in the thread that asks for it. */
static _Thread_local bool inside;

int parallel_processors(void)
{
#ifdef __linux__
    cpu_set_t mask;
    if (sched_getaffinity(0, sizeof mask, &mask) == 0)
        return CPU_COUNT(&mask);
#endif
    long online = sysconf(_SC_NPROCESSORS_ONLN);
    return online < 1 ? 1 : online > MOST_THREADS ? MOST_THREADS : (int)online;
}

static void take_pieces(int worker)
{
    size_t i;
    inside = true;
    while ((i = atomic_fetch_add(&pool.next, 1)) < pool.count)
        pool.body(i, worker, pool.context);
    inside = false;
}

static void *work(void *argument)
{
    (void)argument;
    unsigned long seen = 0;
    pthread_mutex_lock(&pool.lock);
    for (;;) {
        while (pool.loop == seen || !pool.open || pool.joined == pool.wanted) {
            seen = pool.loop;
            pthread_cond_wait(&pool.begun, &pool.lock);
        }
        seen = pool.loop;
        int worker = ++pool.joined;
        pool.busy++;
        pthread_mutex_unlock(&pool.lock);
        take_pieces(worker);
        pthread_mutex_lock(&pool.lock);
        pool.open = false; /* there is no piece left to take */
        if (--pool.busy == 0)
            pthread_cond_signal(&pool.left);
    }
    return NULL;
}

/* Threads live as long as the process; where one cannot be had, those that there are do the work. */
static void start_threads(int wanted)
{
    pthread_t thread;
    pthread_attr_t detached;
    if (pool.threads >= wanted || pthread_attr_init(&detached) != 0)
        return;
    pthread_attr_setdetachstate(&detached, PTHREAD_CREATE_DETACHED);
    while (pool.threads < wanted && pthread_create(&thread, &detached, work, NULL) == 0)
        pool.threads++;
    pthread_attr_destroy(&detached);
}

static void loop_together(size_t count, int others, parallel_body *body, void *context)
{
    pthread_mutex_lock(&pool.lock);
    start_threads(others);
    pool.body = body;
    pool.context = context;
    pool.count = count;
    atomic_store(&pool.next, 0);
    pool.wanted = others;
    pool.joined = 0;
    pool.loop++;
    pool.open = true;
    pthread_cond_broadcast(&pool.begun);
    pthread_mutex_unlock(&pool.lock);
    take_pieces(0);
    pthread_mutex_lock(&pool.lock);
    pool.open = false; /* who has not woken by now is not waited for */
    while (pool.busy > 0)
        pthread_cond_wait(&pool.left, &pool.lock);
    pthread_mutex_unlock(&pool.lock);
}

void parallel_for(size_t count, int jobs, parallel_body *body, void *context)
{
    if (jobs <= 1 || count <= 1 || inside) {
        for (size_t i = 0; i < count; i++)
            body(i, 0, context);
        return;
    }
    if (jobs > MOST_THREADS)
        jobs = MOST_THREADS;
    loop_together(count, (size_t)jobs > count ? (int)count - 1 : jobs - 1, body, context);
}
