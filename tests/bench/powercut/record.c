/* Records what a program writes into files whose names contain $RECORD_MATCH, and when it made them durable: loaded with
 * LD_PRELOAD. The log ($RECORD_LOG) is a sequence of records: a header of 48 bytes, then the name, then the bytes written.
 * Times are nanoseconds of CLOCK_MONOTONIC: of the beginning for a write, of the end for a sync.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

enum kind { WRITE = 1, SYNC = 2, TRUNCATE = 3 };

struct header {
    uint64_t kind, at_ns, offset, length, name_length, reserved;
};

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static int log_file = -1;
static const char *match;

static uint64_t now(void) {
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (uint64_t)time.tv_sec * 1000000000u + (uint64_t)time.tv_nsec;
}

/* The name of an open file, if it is one of ours. */
static int name_of(int file, char *name, size_t size) {
    char link[64];
    if (!match && !(match = getenv("RECORD_MATCH"))) return 0;
    snprintf(link, sizeof link, "/proc/self/fd/%d", file);
    ssize_t length = readlink(link, name, size - 1);
    if (length <= 0) return 0;
    name[length] = 0;
    return strstr(name, match) != NULL;
}

static void all(int file, const void *bytes, size_t length) {
    static ssize_t (*real)(int, const void *, size_t);
    if (!real) real = dlsym(RTLD_NEXT, "write");
    while (length > 0) {
        ssize_t done = real(file, bytes, length);
        if (done <= 0) abort();
        bytes = (const char *)bytes + done;
        length -= (size_t)done;
    }
}

static void record(enum kind kind, uint64_t at, const char *name, uint64_t offset, const void *bytes, uint64_t length) {
    struct header header = {kind, at, offset, length, strlen(name), 0};
    pthread_mutex_lock(&lock);
    if (log_file < 0) log_file = open(getenv("RECORD_LOG"), O_WRONLY | O_CREAT | O_APPEND, 0644);
    all(log_file, &header, sizeof header);
    all(log_file, name, header.name_length);
    if (kind == WRITE) all(log_file, bytes, length);
    pthread_mutex_unlock(&lock);
}

ssize_t pwrite64(int file, const void *bytes, size_t length, off64_t offset) {
    static ssize_t (*real)(int, const void *, size_t, off64_t);
    char name[4096];
    if (!real) real = dlsym(RTLD_NEXT, "pwrite64");
    uint64_t at = now();
    ssize_t done = real(file, bytes, length, offset);
    if (done > 0 && name_of(file, name, sizeof name)) record(WRITE, at, name, (uint64_t)offset, bytes, (uint64_t)done);
    return done;
}

ssize_t pwrite(int file, const void *bytes, size_t length, off_t offset) { return pwrite64(file, bytes, length, offset); }

static int synced(const char *call, int file) {
    int (*real)(int) = dlsym(RTLD_NEXT, call);
    char name[4096];
    int failed = real(file);
    if (!failed && name_of(file, name, sizeof name)) record(SYNC, now(), name, 0, NULL, 0);
    return failed;
}

int fsync(int file) { return synced("fsync", file); }
int fdatasync(int file) { return synced("fdatasync", file); }

int ftruncate64(int file, off64_t length) {
    static int (*real)(int, off64_t);
    char name[4096];
    if (!real) real = dlsym(RTLD_NEXT, "ftruncate64");
    uint64_t at = now();
    int failed = real(file, length);
    if (!failed && name_of(file, name, sizeof name)) record(TRUNCATE, at, name, (uint64_t)length, NULL, 0);
    return failed;
}

int ftruncate(int file, off_t length) { return ftruncate64(file, length); }
