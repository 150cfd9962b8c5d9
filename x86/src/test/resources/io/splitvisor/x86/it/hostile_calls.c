// SPDX-License-Identifier: Apache-2.0
// Calls whose arguments no honest program makes. Prints what each answers, which is to be what the kernel answers.
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

static void call(const char *what, long number, long a, long b, long c, long d, long e) {
    errno = 0;
    long result = syscall(number, a, b, c, d, e, 0);
    printf("%s: %s\n", what, result < 0 ? strerrorname_np(errno) : "done");
}

int main(void) {
    // The last bytes of a page, with nothing behind it.
    char *readonly = mmap(0, 4096, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    char *pages = mmap(0, 2 * 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    char *edge = pages + 4096 - 4;
    printf("behind the page is nothing any more\n");
    munmap(pages + 4096, 4096);
    int zero = open("/dev/zero", O_RDONLY), null = open("/dev/null", O_WRONLY);
    const long top = 1L << 63;

    call("read to the kernel", SYS_read, zero, top | 0x1000, 16, 0, 0);
    call("read to what is read only", SYS_read, zero, (long) readonly, 16, 0, 0);
    call("stat beyond a page", SYS_fstat, zero, (long) edge, 0, 0, 0);
    call("uname beyond a page", SYS_uname, (long) edge, 0, 0, 0, 0);
    call("groups, a count of 32 bits that is negative in 64", SYS_getgroups, top | 4096, top | 0x1000, 0, 0, 0);
    call("groups, a negative count", SYS_getgroups, -1, (long) pages, 0, 0, 0);

    struct iovec v[2] = {{pages, 16}, {(void *) -8L, 16}};
    call("vectors beyond all memory", SYS_writev, null, (long) (v + 1), 1, 0, 0);
    call("vectors in bad memory", SYS_readv, zero, top, 2, 0, 0);
    call("too many vectors", SYS_readv, zero, (long) v, 1025, 0, 0);
    call("a negative number of vectors", SYS_readv, zero, (long) v, -1, 0, 0);
    v[1] = (struct iovec){pages, (size_t) -1};
    call("a vector of negative size", SYS_readv, zero, (long) v, 2, 0, 0);

    call("a path that does not end", SYS_openat, AT_FDCWD, (long) memset(edge, 'x', 4), 0, 0, 0);
    call("a path in the kernel", SYS_openat, AT_FDCWD, top, 0, 0, 0);
    call("a negative descriptor", SYS_fstat, -1, (long) pages, 0, 0, 0);
    call("a descriptor beyond all tables", SYS_close, 1 << 30, 0, 0, 0, 0);
    call("too many to poll", SYS_poll, (long) pages, 1L << 40, 0, 0, 0);
    call("poll beyond a page", SYS_poll, (long) edge, 2, 0, 0, 0);

    call("map nothing", SYS_mmap, 0, 0, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1);
    call("map more than there is", SYS_mmap, 0, 1L << 60, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1);
    call("map at what is no page", SYS_mmap, (long) pages + 1, 4096, PROT_READ, MAP_FIXED | MAP_PRIVATE | MAP_ANONYMOUS, -1);
    call("map into the kernel", SYS_mmap, top, 4096, PROT_READ, MAP_FIXED | MAP_PRIVATE | MAP_ANONYMOUS, -1);
    call("protect what is not mapped", SYS_mprotect, (long) pages + 4096, 4096, PROT_READ, 0, 0);
    call("protect to beyond all memory", SYS_mprotect, (long) pages, top - 4096, PROT_READ, 0, 0);
    call("unmap nothing", SYS_munmap, (long) pages, 0, 0, 0, 0);
    call("unmap to beyond all memory", SYS_munmap, (long) pages, top, 0, 0, 0);
    call("move what is not mapped", SYS_mremap, (long) pages + 4096, 4096, 8192, MREMAP_MAYMOVE, 0);
    call("move onto itself", SYS_mremap, (long) pages, 4096, 4096, MREMAP_MAYMOVE | MREMAP_FIXED, (long) pages);
    call("wait for a futex in the kernel", SYS_futex, top, 0, 0, 0, 0);
    call("wait for a futex beyond a page", SYS_futex, (long) edge + 4, 0, 0, 0, 0);
    call("a call that there is not", 9999, 0, 0, 0, 0, 0);
    call("a negative call", -9999, 0, 0, 0, 0, 0);
    int self = open("/proc/self/exe", O_RDONLY);
    call("share a file for writing that is open for reading", SYS_mmap, 0, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, self);
    char *shared = mmap(0, 4096, PROT_READ, MAP_SHARED, self, 0);
    printf("shared for reading: %.3s\n", shared + 1);
    call("then ask for more", SYS_mprotect, (long) shared, 4096, PROT_READ | PROT_WRITE, 0, 0);
    return 0;
}
