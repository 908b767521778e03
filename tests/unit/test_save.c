/* Files that are written whole or not at all. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "table/save.h"
#include "unit.h"

static char folder[] = "/tmp/test_save.XXXXXX";

static const char *in_folder(const char *name)
{
    static char path[PATH_MAX];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    return path;
}

static void put(const char *name, const char *text)
{
    FILE *f = fopen(in_folder(name), "w");
    fputs(text, f);
    fclose(f);
}

static const char *contents(const char *name)
{
    static char text[256];
    FILE *f = fopen(in_folder(name), "r");
    if (f == NULL)
        return "(no file)";
    text[fread(text, 1, sizeof text - 1, f)] = '\0';
    fclose(f);
    return text;
}

static mode_t mode(const char *name)
{
    struct stat info;
    return lstat(in_folder(name), &info) == 0 ? info.st_mode & 07777 : 0;
}

static int files(void)
{
    int n = 0;
    DIR *d = opendir(folder);
    for (struct dirent *e; (e = readdir(d)) != NULL;)
        n += strcmp(e->d_name, ".") != 0 && strcmp(e->d_name, "..") != 0;
    closedir(d);
    return n;
}

/* Open NAME and write TEXT to it. */
static save *begin(const char *path, const char *text)
{
    save *s;
    ml_message why;
    if (save_open(&s, path, &why) != ML_OK) {
        printf("# %s\n", why.text);
        return NULL;
    }
    CHECK(write(save_fd(s), text, strlen(text)) == (ssize_t)strlen(text));
    return s;
}

static void test_new_file(void)
{
    unit_case("a new file appears at the commit, with the mode that the umask leaves");
    umask(027);
    save *s = begin(in_folder("new"), "one\n");
    CHECK_TEXT(contents("new"), "(no file)");
    CHECK(files() == 1);
    CHECK(save_commit(s, NULL) == ML_OK);
    CHECK_TEXT(contents("new"), "one\n");
    CHECK(mode("new") == 0640);
    CHECK(files() == 1);
    umask(022);
    unlink(in_folder("new"));
}

static void test_replaced(void)
{
    unit_case("an existing file is replaced whole and keeps its mode; until then the old one is there");
    put("old", "something longer\n");
    chmod(in_folder("old"), 0604);
    save *s = begin(in_folder("old"), "new\n");
    CHECK_TEXT(contents("old"), "something longer\n");
    CHECK(save_commit(s, NULL) == ML_OK);
    CHECK_TEXT(contents("old"), "new\n");
    CHECK(mode("old") == 0604);
    CHECK(files() == 1);
    unlink(in_folder("old"));
}

static void test_abandoned(void)
{
    unit_case("an abandoned save leaves the old file alone and nothing beside it");
    put("old", "old\n");
    save_abandon(begin(in_folder("old"), "half"));
    CHECK_TEXT(contents("old"), "old\n");
    CHECK(files() == 1);
    unlink(in_folder("old"));
    save_abandon(begin(in_folder("absent"), "half"));
    CHECK(files() == 0);
    save_abandon(NULL);
}

static void test_links(void)
{
    unit_case("a symbolic link stays and its target is written, also one that does not exist yet");
    mkdir(in_folder("sub"), 0755);
    CHECK(symlink("sub/target", in_folder("link")) == 0);
    CHECK(symlink("link", in_folder("again")) == 0);
    for (int i = 0; i < 2; i++) {
        CHECK(save_commit(begin(in_folder("again"), i ? "second\n" : "first\n"), NULL) == ML_OK);
        CHECK_TEXT(contents("sub/target"), i ? "second\n" : "first\n");
    }
    struct stat info;
    CHECK(lstat(in_folder("link"), &info) == 0 && S_ISLNK(info.st_mode));
    CHECK(lstat(in_folder("again"), &info) == 0 && S_ISLNK(info.st_mode));
    CHECK(files() == 3);

    save *s;
    ml_message why;
    CHECK(symlink("loop", in_folder("loop")) == 0);
    CHECK(save_open(&s, in_folder("loop"), &why) == ML_FAIL);
    CHECK(s == NULL && strstr(why.text, strerror(ELOOP)) != NULL);
    unlink(in_folder("loop"));
    unlink(in_folder("link"));
    unlink(in_folder("again"));
    unlink(in_folder("sub/target"));
    rmdir(in_folder("sub"));
}

static void test_refused(void)
{
    unit_case("a folder, and a path in none, are refused with the path and the reason");
    save *s;
    ml_message why;
    char expected[2 * PATH_MAX];
    CHECK(save_open(&s, folder, &why) == ML_FAIL);
    snprintf(expected, sizeof expected, "cannot write %s: %s", folder, strerror(EISDIR));
    CHECK_TEXT(why.text, expected);
    CHECK(save_open(&s, in_folder("none/x"), &why) == ML_FAIL);
    snprintf(expected, sizeof expected, "cannot write %s/none/x: %s", folder, strerror(ENOENT));
    CHECK_TEXT(why.text, expected);
    CHECK(save_open(&s, "", &why) == ML_FAIL);
    CHECK_TEXT(why.text, "cannot write : No such file or directory");
}

static void test_rename_fails(void)
{
    unit_case("when the rename fails it is said and the temporary file is removed");
    ml_message why;
    save *s = begin(in_folder("late"), "x");
    mkdir(in_folder("late"), 0755);
    CHECK(save_commit(s, &why) == ML_FAIL);
    CHECK(strstr(why.text, "late: ") != NULL);
    CHECK(files() == 1);
    rmdir(in_folder("late"));
}

static void test_straight(void)
{
    unit_case("FIFOs and devices are written straight");
    CHECK(mkfifo(in_folder("fifo"), 0600) == 0);
    int reader = open(in_folder("fifo"), O_RDONLY | O_NONBLOCK);
    save *s = begin(in_folder("fifo"), "through");
    char got[8] = "";
    CHECK(read(reader, got, 7) == 7);
    CHECK_TEXT(got, "through");
    CHECK(save_commit(s, NULL) == ML_OK);
    CHECK(files() == 1);
    close(reader);
    unlink(in_folder("fifo"));

    ml_message why;
    CHECK(save_open(&s, "/dev/full", &why) == ML_OK);
    CHECK(write(save_fd(s), "x", 1) == -1 && errno == ENOSPC);
    save_abandon(s);
    struct stat info;
    CHECK(stat("/dev/full", &info) == 0 && S_ISCHR(info.st_mode));
}

static void test_descriptor(void)
{
    unit_case("/dev/fd/N continues an open descriptor, also one of a regular file");
    int fd = open(in_folder("log"), O_WRONLY | O_CREAT, 0600);
    CHECK(write(fd, "before ", 7) == 7);
    char path[32];
    snprintf(path, sizeof path, "/dev/fd/%d", fd);
    CHECK(save_commit(begin(path, "within "), NULL) == ML_OK);
    CHECK(write(fd, "after", 5) == 5);
    CHECK_TEXT(contents("log"), "before within after");
    close(fd);
    save *s;
    ml_message why;
    CHECK(save_open(&s, path, &why) == ML_FAIL);
    CHECK(strstr(why.text, strerror(EBADF)) != NULL);
    unlink(in_folder("log"));
}

static void test_relative(void)
{
    unit_case("a bare file name is written in the working directory");
    CHECK(chdir(folder) == 0);
    CHECK(save_commit(begin("here", "x\n"), NULL) == ML_OK);
    CHECK_TEXT(contents("here"), "x\n");
    CHECK(chdir("/") == 0);
    unlink(in_folder("here"));
}

int main(void)
{
    if (mkdtemp(folder) == NULL)
        return 1;
    test_new_file();
    test_replaced();
    test_abandoned();
    test_links();
    test_refused();
    test_rename_fails();
    test_straight();
    test_descriptor();
    test_relative();
    CHECK(files() == 0);
    rmdir(folder);
    return unit_end();
}
