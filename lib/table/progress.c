#include "table/progress.h"

#include <errno.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <time.h>
#include <unistd.h>

enum { FIRST_MS = 1000, AGAIN_MS = 250 };

static struct {
    pthread_mutex_t lock;
    pthread_cond_t ended;
    pthread_t speaker;
    const char *tool;
    struct timespec begun;
    bool running, visible;
    char phase[160];
    size_t rows;
    double share;
} line = {.lock = PTHREAD_MUTEX_INITIALIZER};

static struct timespec after(struct timespec t, long ms)
{
    t.tv_sec += ms / 1000;
    t.tv_nsec += ms % 1000 * 1000000;
    if (t.tv_nsec >= 1000000000) {
        t.tv_sec++;
        t.tv_nsec -= 1000000000;
    }
    return t;
}

static void put(const char *text, size_t size)
{
    (void)!write(STDERR_FILENO, text, size);
}

/* All of these hold the lock. */
static void erase(void)
{
    if (line.visible)
        put("\r\033[K", 4);
    line.visible = false;
}

/* Shorter than a terminal is wide, for a line that wraps could not be taken back. */
static void speak(void)
{
    char text[256];
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    int size = snprintf(text, sizeof text, "\r\033[K%s: %.40s", line.tool,
                        line.phase[0] != '\0' ? line.phase : "reading");
    if (line.rows > 0)
        size += snprintf(text + size, sizeof text - (size_t)size, ", %zu rows", line.rows);
    if (line.share >= 0)
        size += snprintf(text + size, sizeof text - (size_t)size, ", %.0f%%", 100 * line.share);
    size += snprintf(text + size, sizeof text - (size_t)size, ", %ld s", now.tv_sec - line.begun.tv_sec);
    put(text, (size_t)size);
    line.visible = true;
}

static void *run(void *unused)
{
    (void)unused;
    pthread_mutex_lock(&line.lock);
    struct timespec next = after(line.begun, FIRST_MS);
    while (line.running)
        if (pthread_cond_timedwait(&line.ended, &line.lock, &next) == ETIMEDOUT && line.running) {
            speak();
            clock_gettime(CLOCK_MONOTONIC, &next);
            next = after(next, AGAIN_MS);
        }
    pthread_mutex_unlock(&line.lock);
    return NULL;
}

void progress_begin(const char *tool)
{
    pthread_condattr_t monotonic;
    if (line.running)
        return;
    line.tool = tool;
    line.share = -1;
    clock_gettime(CLOCK_MONOTONIC, &line.begun);
    pthread_condattr_init(&monotonic);
    pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
    pthread_cond_init(&line.ended, &monotonic);
    pthread_condattr_destroy(&monotonic);
    pthread_mutex_lock(&line.lock);
    line.running = pthread_create(&line.speaker, NULL, run, NULL) == 0;
    pthread_mutex_unlock(&line.lock);
}

void progress_phase(const char *format, ...)
{
    if (!line.running)
        return;
    va_list arguments;
    va_start(arguments, format);
    pthread_mutex_lock(&line.lock);
    vsnprintf(line.phase, sizeof line.phase, format, arguments);
    line.rows = 0;
    line.share = -1;
    pthread_mutex_unlock(&line.lock);
    va_end(arguments);
}

void progress_rows(size_t rows, double share)
{
    if (!line.running)
        return;
    pthread_mutex_lock(&line.lock);
    line.rows = rows;
    line.share = share;
    pthread_mutex_unlock(&line.lock);
}

void progress_hide(void)
{
    if (!line.running)
        return;
    pthread_mutex_lock(&line.lock);
    erase();
    pthread_mutex_unlock(&line.lock);
}

void progress_end(void)
{
    if (!line.running)
        return;
    pthread_mutex_lock(&line.lock);
    line.running = false;
    erase();
    pthread_cond_signal(&line.ended);
    pthread_mutex_unlock(&line.lock);
    pthread_join(line.speaker, NULL);
    pthread_cond_destroy(&line.ended);
}
