/* Stands between PostgreSQL and its files, and lets the disk be full or fail as a shared page says. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

struct page {
    int loaded;        /* processes that this library is in */
    int full;          /* the error with which files do not grow, 0 for none */
    int failing_syncs; /* how many syncs are still to fail */
    int refused;       /* writes that were refused */
    int failed;        /* syncs that have failed */
};

static struct page *page;

__attribute__((constructor)) static void begin(void) {
    const char *path = getenv("DISK_FAULTS");
    int fd = path ? open(path, O_RDWR | O_CLOEXEC) : -1;
    if (fd < 0) return;
    void *found = mmap(NULL, sizeof *page, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    close(fd);
    if (found == MAP_FAILED) return;
    page = found;
    __atomic_add_fetch(&page->loaded, 1, __ATOMIC_SEQ_CST);
}

/* What is there already can be written over on a full disk; what would make the file longer cannot. */
static int too_long(int fd, off_t offset, size_t length) {
    struct stat status;
    if (!page || !page->full || fstat(fd, &status) != 0 || !S_ISREG(status.st_mode)) return 0;
    if (offset < 0) offset = lseek(fd, 0, SEEK_CUR);
    if (offset + (off_t)length <= status.st_size) return 0;
    __atomic_add_fetch(&page->refused, 1, __ATOMIC_SEQ_CST);
    errno = page->full;
    return 1;
}

static size_t total(const struct iovec *parts, int count) {
    size_t length = 0;
    for (int number = 0; number < count; number++) length += parts[number].iov_len;
    return length;
}

static int sync_fails(void) {
    if (!page || page->failing_syncs <= 0) return 0;
    if (__atomic_sub_fetch(&page->failing_syncs, 1, __ATOMIC_SEQ_CST) < 0) return 0;
    __atomic_add_fetch(&page->failed, 1, __ATOMIC_SEQ_CST);
    errno = EIO;
    return 1;
}

#define REAL(name) ((__typeof__(&name))dlsym(RTLD_NEXT, #name))

ssize_t write(int fd, const void *from, size_t length) {
    return too_long(fd, -1, length) ? -1 : REAL(write)(fd, from, length);
}
ssize_t pwrite(int fd, const void *from, size_t length, off_t offset) {
    return too_long(fd, offset, length) ? -1 : REAL(pwrite)(fd, from, length, offset);
}
ssize_t pwrite64(int fd, const void *from, size_t length, off64_t offset) {
    return too_long(fd, offset, length) ? -1 : REAL(pwrite64)(fd, from, length, offset);
}
ssize_t pwritev(int fd, const struct iovec *parts, int count, off_t offset) {
    return too_long(fd, offset, total(parts, count)) ? -1 : REAL(pwritev)(fd, parts, count, offset);
}
ssize_t pwritev64(int fd, const struct iovec *parts, int count, off64_t offset) {
    return too_long(fd, offset, total(parts, count)) ? -1 : REAL(pwritev64)(fd, parts, count, offset);
}
int posix_fallocate(int fd, off_t offset, off_t length) {
    return too_long(fd, offset, length) ? errno : REAL(posix_fallocate)(fd, offset, length);
}
int posix_fallocate64(int fd, off64_t offset, off64_t length) {
    return too_long(fd, offset, length) ? errno : REAL(posix_fallocate64)(fd, offset, length);
}
int fsync(int fd) { return sync_fails() ? -1 : REAL(fsync)(fd); }
int fdatasync(int fd) { return sync_fails() ? -1 : REAL(fdatasync)(fd); }
