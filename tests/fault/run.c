/* run.c: run each line of `cases` with every single call of every group failing in turn, and again with that
 * call and all after it failing.
 *
 *   run CASES BIN DATA [TOOL...]
 *
 * BIN holds the tools that `make faults` builds; of the cases, those of the TOOLs.  A run must end with
 * status 2 and one clear message, with nothing on standard output but a beginning of what is printed
 * otherwise, leave no half-written file, lose no memory (LeakSanitizer), and neither crash nor hang; or not
 * mind, and print the same. Cases run side by side, one a processor; TAP is printed as they end.  Exits with
 * 1 when one fails. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

enum { SECONDS = 60, MOST_SHOWN = 5 };

typedef struct text {
    char *data;
    size_t size;
} text;

static void die(const char *what)
{
    perror(what);
    exit(2);
}

/* The whole file, terminated; data NULL when there is none. */
static text slurp(const char *path)
{
    text t = {0};
    FILE *f = fopen(path, "r");
    if (f == NULL)
        return t;
    size_t capacity = 1 << 16;
    t.data = malloc(capacity + 1);
    for (size_t got = 1; t.data != NULL && got > 0;) {
        got = fread(t.data + t.size, 1, capacity - t.size, f);
        t.size += got;
        if (t.size == capacity)
            t.data = realloc(t.data, (capacity *= 2) + 1);
    }
    if (t.data == NULL)
        die("memory");
    t.data[t.size] = '\0';
    fclose(f);
    return t;
}

static pid_t running;

static void out_of_time(int number)
{
    (void)number;
    kill(-running, SIGKILL);
}

/* COMMAND in this folder, its standard output in `out` and errors in `err`; the status as a shell has it. */
static int run(const char *command)
{
    unlink("saved");
    running = fork();
    if (running < 0)
        die("fork");
    if (running == 0) {
        setpgid(0, 0);
        int in = open("/dev/null", O_RDONLY), out = open("out", O_WRONLY | O_CREAT | O_TRUNC, 0600),
            err = open("err", O_WRONLY | O_CREAT | O_TRUNC, 0600);
        if (in < 0 || out < 0 || err < 0 || dup2(in, 0) < 0 || dup2(out, 1) < 0 || dup2(err, 2) < 0)
            _exit(126);
        execl("/bin/sh", "sh", "-c", command, (char *)NULL);
        _exit(127);
    }
    setpgid(running, running);
    alarm(SECONDS);
    int status;
    while (waitpid(running, &status, 0) < 0)
        if (errno != EINTR)
            die("waitpid");
    alarm(0);
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

static bool same(text a, text b)
{
    return a.size == b.size && (a.size == 0 || memcmp(a.data, b.data, a.size) == 0);
}

/* A line "mlNAME: something"? */
static bool has_message(text err)
{
    for (char *line = err.data; line != NULL; line = strchr(line, '\n')) {
        line += *line == '\n';
        if (strncmp(line, "ml", 2) != 0)
            continue;
        size_t name = 2 + strspn(line + 2, "abcdefghijklmnopqrstuvwxyz");
        if (line[name] == ':' && line[name + 1] == ' ' && line[name + 2] != '\0' && line[name + 2] != '\n')
            return true;
    }
    return false;
}

static bool leaves_files(void)
{
    bool found = false;
    DIR *d = opendir(".");
    for (struct dirent *e; d != NULL && (e = readdir(d)) != NULL;)
        found |= strstr(e->d_name, "saved") != NULL && strcmp(e->d_name, "saved") != 0;
    if (d != NULL)
        closedir(d);
    return found;
}

/* What a good run leaves. */
typedef struct good {
    int status;
    text out, saved;
} good;

/* What is wrong with the run that ended with STATUS, or NULL. */
static const char *complaint(int status, const good *g)
{
    text out = slurp("out"), err = slurp("err"), saved = slurp("saved");
    const char *wrong = NULL;
    if (status == g->status && status != 2)
        wrong = same(out, g->out) ? NULL : "another result";
    else if (status != 2)
        wrong = "the status is neither 2 nor that of a good run";
    else if (!has_message(err))
        wrong = "no message";
    else if (out.size > g->out.size || (out.size > 0 && memcmp(out.data, g->out.data, out.size) != 0))
        wrong = "other output";
    else if (saved.data != NULL && !same(saved, g->saved))
        wrong = "a half-written file";
    else if (leaves_files())
        wrong = "a file left behind";
    free(out.data);
    free(err.data);
    free(saved.data);
    return wrong;
}

/* Call N of GROUP fails, and with PLUS all after it; true when all is well. */
static bool try(const char *group, long n, const char *plus, const char *command, const good *g, FILE *report,
                int failures)
{
    char plan[64];
    snprintf(plan, sizeof plan, "%s:%ld%s", group, n, plus);
    setenv("FAULT", plan, 1);
    int status = run(command);
    unsetenv("FAULT");
    const char *wrong = complaint(status, g);
    if (wrong != NULL && failures < MOST_SHOWN) {
        text err = slurp("err");
        fprintf(report, "# FAULT=%s %s\n# status %d: %s\n# %.2000s\n", plan, command, status, wrong,
                err.data ? err.data : "");
        free(err.data);
    }
    return wrong == NULL;
}

static int try_all(const char *command, const good *g, FILE *report, char *counts, size_t size)
{
    FILE *f = fopen("count", "r");
    char group[32];
    long calls;
    int failures = 0;
    counts[0] = '\0';
    while (f != NULL && fscanf(f, "%31s %ld", group, &calls) == 2) {
        size_t used = strlen(counts);
        snprintf(counts + used, size - used, "%s%s %ld", used ? ", " : "", group, calls);
        for (long n = 1; n <= calls; n++) {
            failures += !try(group, n, "", command, g, report, failures);
            if (strcmp(group, "file") != 0)
                failures += !try(group, n, "+", command, g, report, failures);
        }
    }
    if (f == NULL)
        fprintf(report, "# no calls were counted\n");
    else
        fclose(f);
    return f == NULL ? 1 : failures;
}

/* One case in a folder of its own; prints its line of TAP. */
static int run_case(const char *command)
{
    char folder[] = "/tmp/faults-XXXXXX", counts[200], *report_text = NULL;
    size_t report_size = 0;
    if (mkdtemp(folder) == NULL || chdir(folder) != 0)
        die(folder);
    FILE *report = open_memstream(&report_text, &report_size);
    if (report == NULL)
        die("memory");
    signal(SIGALRM, out_of_time);
    setenv("FAULT_COUNT", "count", 1);
    char path[64];
    snprintf(path, sizeof path, "%s/count", folder);
    setenv("FAULT_COUNT", path, 1);
    good g = {.status = run(command)};
    unsetenv("FAULT_COUNT");
    g.out = slurp("out");
    g.saved = slurp("saved");
    bool fine = g.status == 0 || g.status == 1 || g.status == 3;
    if (!fine)
        fprintf(report, "# without a fault it ends with status %d\n", g.status);
    fine = fine && try_all(command, &g, report, counts, sizeof counts) == 0;
    fclose(report);
    if (fine)
        printf("ok - every call of: %s (%s)\n", command, counts);
    else
        printf("not ok - %s\n%s", command, report_text);
    fflush(stdout);
    snprintf(path, sizeof path, "rm -rf '%s'", folder);
    if (chdir("/") != 0 || system(path) != 0)
        fprintf(stderr, "%s is left behind\n", folder);
    return !fine;
}

/* Is the case of one of the tools asked for? */
static bool wanted(const char *command, int count, char **tools)
{
    const char *at = strstr(command, "ml");
    size_t length = at ? strspn(at, "abcdefghijklmnopqrstuvwxyz") : 0;
    for (int i = 0; i < count; i++)
        if (strlen(tools[i]) == length && memcmp(tools[i], at, length) == 0)
            return true;
    return count == 0;
}

static int wait_for_one(void)
{
    int status;
    return wait(&status) < 0 || !WIFEXITED(status) || WEXITSTATUS(status) != 0;
}

int main(int argc, char **argv)
{
    if (argc < 4) {
        fprintf(stderr, "usage: run CASES BIN DATA [TOOL...]\n");
        return 2;
    }
    char *bin = realpath(argv[2], NULL), *data = realpath(argv[3], NULL), *path = NULL;
    FILE *cases = fopen(argv[1], "r");
    if (bin == NULL || data == NULL || cases == NULL || asprintf(&path, "%s:%s", bin, getenv("PATH")) < 0)
        die(argv[1]);
    setenv("PATH", path, 1);
    setenv("data", data, 1);
    setenv("LSAN_OPTIONS", "exitcode=99:print_suppressions=0", 1);
    setenv("ASAN_OPTIONS", "exitcode=99:allocator_may_return_null=1", 1);
    long processors = sysconf(_SC_NPROCESSORS_ONLN), started = 0, ended = 0;
    int failed = 0;
    char *line = NULL;
    size_t capacity = 0;
    while (getline(&line, &capacity, cases) > 0) {
        line[strcspn(line, "\n")] = '\0';
        if (line[0] == '\0' || line[0] == '#' || !wanted(line, argc - 4, argv + 4))
            continue;
        if (started - ended >= processors) {
            failed += wait_for_one();
            ended++;
        }
        pid_t child = fork();
        if (child < 0)
            die("fork");
        if (child == 0)
            _exit(run_case(line));
        started++;
    }
    for (; ended < started; ended++)
        failed += wait_for_one();
    free(line);
    fclose(cases);
    free(path);
    free(data);
    free(bin);
    return failed > 0 || started == 0;
}
