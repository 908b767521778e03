#include "table/save.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/memory.h"

struct save {
    int fd;
    char *path;      /* as the user wrote it, for messages */
    char *target;    /* with symbolic links followed; NULL when written straight */
    char *temporary; /* the file beside it */
};

/* --- signals that end the process take the temporary files along --- */

enum { MOST_DOOMED = 16 };
static _Atomic(const char *) doomed[MOST_DOOMED];
static const int fatal[] = {SIGHUP, SIGINT, SIGTERM, SIGPIPE};

/* Only what may be called from a handler.  The signal's own action is back when this returns. */
static void remove_doomed(int signal_number)
{
    for (size_t i = 0; i < MOST_DOOMED; i++) {
        const char *path = atomic_load(&doomed[i]);
        if (path != NULL)
            unlink(path);
    }
    raise(signal_number);
}

/* Signals that are ignored (nohup) stay so. */
static void watch_signals(void)
{
    static bool watching;
    if (watching)
        return;
    watching = true;
    for (size_t i = 0; i < sizeof fatal / sizeof *fatal; i++) {
        struct sigaction old, own = {.sa_handler = remove_doomed, .sa_flags = (int)SA_RESETHAND};
        sigemptyset(&own.sa_mask);
        if (sigaction(fatal[i], NULL, &old) == 0 && old.sa_handler == SIG_DFL)
            sigaction(fatal[i], &own, NULL);
    }
}

/* FROM is taken off the list, TO is put on it; each may be NULL.  With more files than places the last ones
 * stay behind when a signal comes. */
static void replace_doomed(const char *from, const char *to)
{
    for (size_t i = 0; i < MOST_DOOMED; i++) {
        const char *expected = from;
        if (atomic_compare_exchange_strong(&doomed[i], &expected, to))
            return;
    }
}

/* --- */

static void save_free(save *s)
{
    if (s->temporary != NULL)
        replace_doomed(s->temporary, NULL);
    free(s->path);
    free(s->target);
    free(s->temporary);
    free(s);
}

static ml_status fail_path(ml_message *why, const char *path, int error)
{
    return ml_fail(why, "cannot write %s: %s", path, strerror(error));
}

/* What the links at PATH lead to, which need not exist, as a new text; NULL with errno set.  realpath does
 * not serve: it refuses a link to a file that is not there yet. */
static char *follow_links(const char *path)
{
    enum { MOST_LINKS = 40 };
    char *at = strdup(path), link[4096];
    for (int i = 0; at != NULL; i++) {
        ssize_t length = readlink(at, link, sizeof link - 1);
        if (length < 0)
            return at;
        if (i == MOST_LINKS) {
            free(at);
            errno = ELOOP;
            return NULL;
        }
        link[length] = '\0';
        char *slash = strrchr(at, '/'), *next = NULL;
        int folder = link[0] == '/' || slash == NULL ? 0 : (int)(slash - at + 1);
        int written = asprintf(&next, "%.*s%s", folder, at, link);
        free(at);
        at = written < 0 ? NULL : next;
    }
    return NULL;
}

/* The N of /dev/stdout, /dev/stderr, /dev/fd/N and /proc/self/fd/N, else -1.  Opened by name, such a path
 * would start again at the beginning of a file that a shell redirected to. */
static int named_descriptor(const char *path)
{
    if (strcmp(path, "/dev/stdout") == 0)
        return STDOUT_FILENO;
    if (strcmp(path, "/dev/stderr") == 0)
        return STDERR_FILENO;
    int n = -1, end = 0;
    if (sscanf(path, "/dev/fd/%9d%n", &n, &end) != 1 && sscanf(path, "/proc/self/fd/%9d%n", &n, &end) != 1)
        return -1;
    return path[end] == '\0' ? n : -1;
}

static ml_status open_straight(save *s, int descriptor, ml_message *why)
{
    if (descriptor >= 0)
        s->fd = fcntl(descriptor, F_DUPFD_CLOEXEC, 0);
    else
        s->fd = open(s->path, O_WRONLY | O_CLOEXEC);
    return s->fd < 0 ? fail_path(why, s->path, errno) : ML_OK;
}

static mode_t process_umask(void)
{
    mode_t mask = umask(0);
    umask(mask);
    return mask;
}

/* The temporary file, with the mode that the target has or shall have. */
static ml_status open_beside(save *s, const struct stat *old, ml_message *why)
{
    if (asprintf(&s->temporary, "%s.XXXXXX", s->target) < 0) {
        s->temporary = NULL;
        return ml_fail_memory(why, s->path, strlen(s->target) + 8);
    }
    s->fd = mkostemp(s->temporary, O_CLOEXEC);
    if (s->fd < 0) {
        free(s->temporary);
        s->temporary = NULL;
        return fail_path(why, s->path, errno);
    }
    watch_signals();
    replace_doomed(NULL, s->temporary);
    mode_t mode = old != NULL ? old->st_mode & 07777 : 0666 & ~process_umask();
    if (fchmod(s->fd, mode) != 0)
        return fail_path(why, s->path, errno);
    return ML_OK;
}

static ml_status open_target(save *s, const char *path, ml_message *why)
{
    s->path = strdup(path);
    if (s->path == NULL)
        return ml_fail_memory(why, path, strlen(path) + 1);
    if (path[0] == '\0')
        return fail_path(why, path, ENOENT);
    int descriptor = named_descriptor(path);
    if (descriptor >= 0)
        return open_straight(s, descriptor, why);
    struct stat old;
    bool exists = stat(path, &old) == 0;
    if (!exists && errno != ENOENT)
        return fail_path(why, path, errno);
    if (exists && S_ISDIR(old.st_mode))
        return fail_path(why, path, EISDIR);
    if (exists && !S_ISREG(old.st_mode))
        return open_straight(s, -1, why);
    /* A file that may not be written is not to be replaced either, though the folder would let us. */
    if (exists && access(path, W_OK) != 0)
        return fail_path(why, path, errno);
    s->target = follow_links(path);
    if (s->target == NULL)
        return fail_path(why, path, errno);
    return open_beside(s, exists ? &old : NULL, why);
}

ml_status save_open(save **s, const char *path, ml_message *why)
{
    *s = NULL;
    save *opened = memory_zeros(1, sizeof *opened);
    if (opened == NULL)
        return ml_fail_memory(why, path, sizeof *opened);
    opened->fd = -1;
    ml_status status = open_target(opened, path, why);
    if (status == ML_OK)
        *s = opened;
    else
        save_abandon(opened);
    return status;
}

int save_fd(const save *s)
{
    return s->fd;
}

/* The new name lasts through a crash only when the folder is flushed too; where that is not possible (some
 * file systems refuse it) the file itself is still whole. */
static void sync_folder(const char *path)
{
    char *folder = strdup(path);
    if (folder == NULL)
        return;
    char *slash = strrchr(folder, '/');
    if (slash != NULL)
        slash[1] = '\0';
    int fd = open(slash != NULL ? folder : ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd >= 0) {
        fsync(fd);
        close(fd);
    }
    free(folder);
}

ml_status save_commit(save *s, ml_message *why)
{
    int error = 0;
    if (s->temporary != NULL && fsync(s->fd) != 0)
        error = errno;
    if (close(s->fd) != 0 && error == 0)
        error = errno;
    s->fd = -1;
    if (error == 0 && s->temporary != NULL && rename(s->temporary, s->target) != 0)
        error = errno;
    if (error != 0) {
        fail_path(why, s->path, error);
        save_abandon(s);
        return ML_FAIL;
    }
    if (s->temporary != NULL)
        sync_folder(s->target);
    save_free(s);
    return ML_OK;
}

void save_abandon(save *s)
{
    if (s == NULL)
        return;
    if (s->fd >= 0)
        close(s->fd);
    if (s->temporary != NULL)
        unlink(s->temporary);
    save_free(s);
}
