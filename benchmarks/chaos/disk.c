/* Keeps a record of what a process does to its databases: every write with its bytes, and every sync once it returned.
 * crash.py makes of it what a disk may hold after the power went at any moment of it.
 */

#define _GNU_SOURCE
#include <dlfcn.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

enum { NONE, FOLDER = 1, FIRST = 2, FILES = 65536 };
enum { OPENED = 1, WROTE, CUT, SYNCED, REMOVED };

struct record {
    uint64_t time;   /* CLOCK_MONOTONIC, ns */
    uint32_t kind;
    uint32_t file;   /* 1: the folder; from 2 on: a file, by its name */
    int64_t at;      /* OPENED: is it new; WROTE: the offset; CUT: the new length; SYNCED: how many records there were when it began */
    int64_t length;  /* bytes that follow */
};

static const char *folder;
static int trace = -1;
static int64_t count;
static uint32_t known[FILES];      /* what a descriptor is */
static char *names[FILES];
static char told[FILES];           /* is the name in the record? */
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

static int (*real_open)(const char *, int, ...);
static int (*real_close)(int);
static ssize_t (*real_write)(int, const void *, size_t);
static ssize_t (*real_pwrite)(int, const void *, size_t, off64_t);
static int (*real_fsync)(int);
static int (*real_fdatasync)(int);
static int (*real_ftruncate)(int, off64_t);
static int (*real_unlink)(const char *);

__attribute__((constructor)) static void begin(void)
{
    real_open = dlsym(RTLD_NEXT, "open64");
    real_close = dlsym(RTLD_NEXT, "close");
    real_write = dlsym(RTLD_NEXT, "write");
    real_pwrite = dlsym(RTLD_NEXT, "pwrite64");
    real_fsync = dlsym(RTLD_NEXT, "fsync");
    real_fdatasync = dlsym(RTLD_NEXT, "fdatasync");
    real_ftruncate = dlsym(RTLD_NEXT, "ftruncate64");
    real_unlink = dlsym(RTLD_NEXT, "unlink");
    folder = getenv("CHAOS_DISK");
    const char *path = getenv("CHAOS_TRACE");
    if (folder && path)
        trace = real_open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
}

/* With the lock held. */
static void record(uint32_t kind, uint32_t file, int64_t at, const void *bytes, size_t length)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    struct record one = {(uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec, kind, file, at, (int64_t)length};
    struct iovec parts[] = {{&one, sizeof one}, {(void *)bytes, length}};
    if (writev(trace, parts, 2) != (ssize_t)(sizeof one + length))
        abort();
    count++;
}

/* The number of a database's file, of the folder, or NONE; with the lock held. */
static uint32_t number(const char *path)
{
    size_t length = folder ? strlen(folder) : 0;
    if (trace < 0 || strncmp(path, folder, length) != 0)
        return NONE;
    if (path[length] == 0)
        return FOLDER;
    const char *name = path + length + 1;
    const char *end = strstr(name, ".db");
    if (path[length] != '/' || strchr(name, '/') || !end)
        return NONE;
    if (end[3] && strcmp(end, ".db-wal") != 0 && strcmp(end, ".db-journal") != 0)
        return NONE;
    uint32_t found = FIRST;
    while (found < FILES && names[found] && strcmp(names[found], name) != 0)
        found++;
    if (found < FILES && !names[found])
        names[found] = strdup(name);
    return found;
}

static int opened(const char *path, int flags, mode_t mode)
{
    pthread_mutex_lock(&lock);
    struct stat seen;
    int fresh = stat(path, &seen) != 0;
    int file = real_open(path, flags, mode);
    uint32_t which = file >= 0 && file < FILES ? number(path) : NONE;
    if (file >= 0 && file < FILES)
        known[file] = which;
    if (which >= FIRST && (fresh || !told[which]))
        record(OPENED, which, fresh, names[which], strlen(names[which]));
    told[which] = 1;
    pthread_mutex_unlock(&lock);
    return file;
}

static mode_t mode_of(int flags, va_list more)
{
    return flags & O_CREAT || (flags & O_TMPFILE) == O_TMPFILE ? (mode_t)va_arg(more, int) : 0;
}

int open64(const char *path, int flags, ...)
{
    va_list more;
    va_start(more, flags);
    mode_t mode = mode_of(flags, more);
    va_end(more);
    return opened(path, flags, mode);
}

int open(const char *path, int flags, ...)
{
    va_list more;
    va_start(more, flags);
    mode_t mode = mode_of(flags, more);
    va_end(more);
    return opened(path, flags, mode);
}

int close(int file)
{
    if (file >= 0 && file < FILES)
        known[file] = NONE;
    return real_close(file);
}

static uint32_t of(int file)
{
    return file >= 0 && file < FILES ? known[file] : NONE;
}

ssize_t pwrite64(int file, const void *bytes, size_t length, off64_t at)
{
    uint32_t which = of(file);
    if (which < FIRST)
        return real_pwrite(file, bytes, length, at);
    pthread_mutex_lock(&lock);
    ssize_t done = real_pwrite(file, bytes, length, at);
    if (done > 0)
        record(WROTE, which, at, bytes, (size_t)done);
    pthread_mutex_unlock(&lock);
    return done;
}

ssize_t write(int file, const void *bytes, size_t length)
{
    uint32_t which = of(file);
    if (which < FIRST)
        return real_write(file, bytes, length);
    off64_t at = lseek64(file, 0, SEEK_CUR);
    ssize_t done = pwrite64(file, bytes, length, at);
    if (done > 0)
        lseek64(file, at + done, SEEK_SET);
    return done;
}

int ftruncate64(int file, off64_t length)
{
    uint32_t which = of(file);
    if (which < FIRST)
        return real_ftruncate(file, length);
    pthread_mutex_lock(&lock);
    int done = real_ftruncate(file, length);
    if (done == 0)
        record(CUT, which, length, NULL, 0);
    pthread_mutex_unlock(&lock);
    return done;
}

static int synced(int file, int (*real)(int))
{
    uint32_t which = of(file);
    if (which == NONE)
        return real(file);
    pthread_mutex_lock(&lock);
    int64_t began = count;
    pthread_mutex_unlock(&lock);
    int done = real(file);
    pthread_mutex_lock(&lock);
    if (done == 0)
        record(SYNCED, which, began, NULL, 0);
    pthread_mutex_unlock(&lock);
    return done;
}

int fsync(int file) { return synced(file, real_fsync); }

int fdatasync(int file) { return synced(file, real_fdatasync); }

int unlink(const char *path)
{
    pthread_mutex_lock(&lock);
    int done = real_unlink(path);
    uint32_t which = done == 0 ? number(path) : NONE;
    if (which >= FIRST)
        record(REMOVED, which, 0, NULL, 0);
    pthread_mutex_unlock(&lock);
    return done;
}
