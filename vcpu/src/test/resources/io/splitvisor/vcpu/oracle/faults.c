// SPDX-License-Identifier: Apache-2.0
// Runs one instruction at a time on the real processor and tells how it faulted. The pages are a file that is shared with the
// test: page 1 holds registers, page 2 code, the others what the code accesses. A byte on standard input runs what is there, a
// byte on standard output says that it has been run. Arguments: the file, and a letter for each page: '-', 'r', 'w' or 'x'.
#define _GNU_SOURCE
#include <fcntl.h>
#include <signal.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/ucontext.h>
#include <ucontext.h>
#include <unistd.h>

#define BASE ((char *) 0x40000000)
#define PAGE 4096
#define XSTATE_MAGIC 0x46505853u

struct record {
    uint64_t general[16];
    uint64_t flags, rip;
    uint64_t vector, error, address, code_segment;
    char unused[0x200 - 22 * 8];
    char fx[512];
};

static const int order[16] = {REG_RAX, REG_RCX, REG_RDX, REG_RBX, REG_RSP, REG_RBP, REG_RSI, REG_RDI,
                              REG_R8,  REG_R9,  REG_R10, REG_R11, REG_R12, REG_R13, REG_R14, REG_R15};

static struct record *record;
static gregset_t home;

// Leaves for the code: the kernel loads all registers when this returns.
static void leave(int signal, siginfo_t *info, void *context) {
    mcontext_t *m = &((ucontext_t *) context)->uc_mcontext;
    memcpy(home, m->gregs, sizeof(home));
    for (int n = 0; n < 16; n++) {
        m->gregs[order[n]] = (greg_t) record->general[n];
    }
    m->gregs[REG_EFL] = (greg_t) record->flags;
    m->gregs[REG_RIP] = (greg_t) record->rip;
    m->gregs[REG_CSGSFS] = (m->gregs[REG_CSGSFS] & ~0xffffll) | (greg_t) record->code_segment;
    char *fp = (char *) m->fpregs;
    memcpy(fp, record->fx, 28);
    memcpy(fp + 32, record->fx + 32, 8 * 16 + 16 * 16);
    if (*(uint32_t *) (fp + 464) == XSTATE_MAGIC) {
        *(uint64_t *) (fp + 512) |= 3;
    }
}

// Comes back with a fault. The kernel leaves alignment checks on, under which this code could fault itself.
static void come_back(int signal, siginfo_t *info, void *context) {
    __asm__ volatile("lea -128(%%rsp), %%rsp\n\tpushfq\n\tandl $0xfffbffff, (%%rsp)\n\tpopfq\n\tlea 128(%%rsp), %%rsp" : : : "memory", "cc");
    mcontext_t *m = &((ucontext_t *) context)->uc_mcontext;
    for (int n = 0; n < 16; n++) {
        record->general[n] = (uint64_t) m->gregs[order[n]];
    }
    record->flags = (uint64_t) m->gregs[REG_EFL];
    record->rip = (uint64_t) m->gregs[REG_RIP];
    record->vector = (uint64_t) m->gregs[REG_TRAPNO];
    record->error = (uint64_t) m->gregs[REG_ERR];
    record->address = (uint64_t) m->gregs[REG_CR2];
    char *fp = (char *) m->fpregs;
    memcpy(record->fx, fp, 416);
    uint16_t control = 0x37f, status = 0;
    uint32_t mxcsr = 0x1f80;
    memcpy(fp, &control, 2);
    memcpy(fp + 2, &status, 2);
    memcpy(fp + 24, &mxcsr, 4);
    memcpy(m->gregs, home, sizeof(home));
}

static void on(int signal, void (*handler)(int, siginfo_t *, void *)) {
    struct sigaction action;
    memset(&action, 0, sizeof(action));
    action.sa_sigaction = handler;
    action.sa_flags = SA_SIGINFO | SA_ONSTACK;
    if (sigaction(signal, &action, NULL) != 0) {
        _exit(3);
    }
}

int main(int argc, char **argv) {
    if (argc != 3) {
        return 2;
    }
    int fd = open(argv[1], O_RDWR);
    size_t pages = strlen(argv[2]);
    char *at = mmap(BASE, pages * PAGE, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_FIXED_NOREPLACE, fd, 0);
    if (fd < 0 || at != BASE) {
        return 4;
    }
    for (size_t n = 0; n < pages; n++) {
        *(volatile char *) (at + n * PAGE) += 0;
        int rights = argv[2][n] == '-'   ? PROT_NONE
                     : argv[2][n] == 'r' ? PROT_READ
                     : argv[2][n] == 'w' ? PROT_READ | PROT_WRITE
                                         : PROT_READ | PROT_WRITE | PROT_EXEC;
        if (mprotect(at + n * PAGE, PAGE, rights) != 0) {
            return 5;
        }
    }
    record = (struct record *) (at + PAGE);
    stack_t stack = {.ss_sp = malloc(1 << 18), .ss_size = 1 << 18};
    sigaltstack(&stack, NULL);
    on(SIGUSR1, leave);
    int faults[] = {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGTRAP};
    for (int n = 0; n < 5; n++) {
        on(faults[n], come_back);
    }
    // What 32-bit code addresses memory through.
    __asm__ volatile("mov %0, %%ds\n\tmov %0, %%es" : : "r"(0x2b));
    char byte;
    while (read(0, &byte, 1) == 1) {
        raise(SIGUSR1);
        if (write(1, &byte, 1) != 1) {
            break;
        }
    }
    return 0;
}
