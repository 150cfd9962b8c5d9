// SPDX-License-Identifier: Apache-2.0
/*
 * The peers that hypercalls are measured against, two processes on two processors:
 *
 *   hypercall ping-pong MILLIS      one cache line there, one back
 *   hypercall ring BATCH MILLIS     Xen's ring macros with slots of struct multicall_entry, BATCH calls at a time
 *   hypercall in-place MILLIS       the same, one call at a time, whose result is waited for in its slot and not by rsp_prod
 *   hypercall handed-over MILLIS    the same, and the call, too, is found in its slot and not by req_prod
 *   hypercall event MILLIS          EVTCHNOP_send through the ring, and the event back by the two-level ABI, handled
 *   hypercall event-handed-over MILLIS   the same with sends that are found in their slots, structure included
 *   hypercall eventfd ROUNDS PAUSE  one eventfd there, one back, both ends asleep before; PAUSE microseconds in between
 *
 * Prints the nanoseconds of a round trip, for "ring" of a call.
 */
#define _GNU_SOURCE
#include <sched.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#if defined(__x86_64__)
#define xen_mb() asm volatile("lock addl $0, -128(%%rsp)" ::: "memory")
#define xen_rmb() asm volatile("" ::: "memory")
#define xen_wmb() asm volatile("" ::: "memory")
#define relax() asm volatile("pause" ::: "memory")
#else
#define xen_mb() __atomic_thread_fence(__ATOMIC_SEQ_CST)
#define xen_rmb() __atomic_thread_fence(__ATOMIC_ACQUIRE)
#define xen_wmb() __atomic_thread_fence(__ATOMIC_RELEASE)
#define relax() asm volatile("" ::: "memory")
#endif

#define __XEN_INTERFACE_VERSION__ __XEN_LATEST_INTERFACE_VERSION__
#include <xen/xen.h>
#include <xen/event_channel.h>
#include <xen/version.h>
#include <xen/io/ring.h>

typedef struct multicall_entry call_t;
DEFINE_RING_TYPES(call, call_t, call_t);

#define RING_BYTES 16384
#define STOP 255
#define VERSION (4 << 16 | 17)

/* What a result is while it is waited for: no call has it. The second one tells that the call is complete in its slot. */
#define UNANSWERED ((xen_ulong_t)1 << 63)
#define HANDED_OVER (UNANSWERED | 0x48455245)

/* An address: the structure lies in the call itself, from args[2] on. */
#define IN_CALL (UNANSWERED | 0x41524753)

/* As the monitor's: how often it looks for the next call before its turn ends, and the longest turn. */
#define LOOKS 10
#define SLICE 32

static void die(const char *what)
{
    perror(what);
    exit(1);
}

static uint64_t nanos(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000000000u + now.tv_nsec;
}

static void pin(int cpu)
{
    cpu_set_t set;
    CPU_ZERO(&set);
    CPU_SET(cpu, &set);
    (void)sched_setaffinity(0, sizeof set, &set);
}

static void *shared(size_t bytes)
{
    void *memory = mmap(0, bytes, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (memory == MAP_FAILED)
        die("mmap");
    return memory;
}

static pid_t back(void)
{
    pid_t child = fork();
    if (child < 0)
        die("fork");
    if (child == 0)
        prctl(PR_SET_PDEATHSIG, SIGKILL);
    pin(child == 0);
    return child;
}

/* The word is odd for the one, even for the other. */
static double ping_pong(uint64_t millis)
{
    volatile uint64_t *word = shared(4096);
    if (back() == 0) {
        for (uint64_t next = 1;; next += 2) {
            while (__atomic_load_n(word, __ATOMIC_ACQUIRE) != next)
                relax();
            __atomic_store_n(word, next + 1, __ATOMIC_RELEASE);
        }
    }
    uint64_t start = nanos(), end = start + millis * 1000000u, round = 0, now;
    do {
        for (int i = 0; i < 256; i++, round++) {
            __atomic_store_n(word, 2 * round + 1, __ATOMIC_RELEASE);
            while (__atomic_load_n(word, __ATOMIC_ACQUIRE) != 2 * round + 2)
                relax();
        }
        now = nanos();
    } while (now < end);
    return (double)(now - start) / round;
}

#define PORT 7
#define WORD_BITS (8 * sizeof(xen_ulong_t))

/* What the monitor and the guest share for events: shared_info, a word that says who sleeps, a structure for each slot. */
struct event_pages {
    struct shared_info info;
    uint32_t asleep __attribute__((aligned(4096)));
    struct {
        struct evtchn_send send;
    } __attribute__((aligned(64))) arguments[256] __attribute__((aligned(4096)));
};

static int set_bit(xen_ulong_t *words, unsigned bit)
{
    xen_ulong_t mask = (xen_ulong_t)1 << bit % WORD_BITS;
    return (__atomic_fetch_or(&words[bit / WORD_BITS], mask, __ATOMIC_SEQ_CST) & mask) != 0;
}

/* evtchn_2l_set_pending, each step only by who changed the one before; a bell, if anybody slept. */
static void raise_port(struct event_pages *pages, uint32_t port)
{
    struct vcpu_info *vcpu = &pages->info.vcpu_info[0];
    xen_ulong_t mask = (xen_ulong_t)1 << port % WORD_BITS;
    if (port >= WORD_BITS * WORD_BITS || set_bit(pages->info.evtchn_pending, port) ||
        (__atomic_load_n(&pages->info.evtchn_mask[port / WORD_BITS], __ATOMIC_ACQUIRE) & mask) ||
        set_bit(&vcpu->evtchn_pending_sel, port / WORD_BITS) ||
        __atomic_exchange_n(&vcpu->evtchn_upcall_pending, 1, __ATOMIC_SEQ_CST))
        return;
    if (__atomic_load_n(&pages->asleep, __ATOMIC_RELAXED))
        exit(5);
}

static inline xen_ulong_t execute(const call_t *call, struct event_pages *pages)
{
    if (call->op == STOP)
        exit(0);
    if (call->op == __HYPERVISOR_xen_version && call->args[0] == XENVER_version)
        return VERSION;
    if (call->op == __HYPERVISOR_event_channel_op && call->args[0] == EVTCHNOP_send) {
        if (call->args[1] == IN_CALL)
            raise_port(pages, (uint32_t)call->args[2]);
        else if (call->args[1] < 256)
            raise_port(pages, *(volatile uint32_t *)&pages->arguments[call->args[1]].send.port);
        return 0;
    }
    return (xen_ulong_t)-38;
}

/* What the index tells of; with calls handed over in their slots it may be one behind. */
static inline int requests(call_back_ring_t *ring)
{
    int pending = __atomic_load_n(&ring->sring->req_prod, __ATOMIC_ACQUIRE) - ring->req_cons;
    if (pending > (int)RING_SIZE(ring) || pending < -1)
        exit(2);
    return pending < 0 ? 0 : pending;
}

/* How many calls have come before the turn ends: looks at the next slot, at last at the index. */
static inline int linger(call_back_ring_t *ring)
{
    for (int looks = LOOKS; looks > 1; looks--) {
        if (__atomic_load_n(&RING_GET_REQUEST(ring, ring->req_cons)->result, __ATOMIC_ACQUIRE) == HANDED_OVER)
            return 1;
        relax();
    }
    return requests(ring);
}

/* With handed over calls a turn goes on while one call comes after the other, for SLICE of them. */
static inline __attribute__((always_inline)) void serve(call_sring_t *sring, struct event_pages *pages, int handed_over)
{
    call_back_ring_t ring;
    BACK_RING_INIT(&ring, sring, RING_BYTES);
    for (;;) {
        int pending, wanted, left = SLICE;
        while (!(pending = requests(&ring)))
            relax();
        do {
            for (; pending > 0; pending--, left--) {
                call_t call;
                RING_COPY_REQUEST(&ring, ring.req_cons, &call);
                ring.req_cons++;
                xen_ulong_t result = execute(&call, pages);
                __atomic_store_n(&RING_GET_RESPONSE(&ring, ring.rsp_prod_pvt)->result, result, __ATOMIC_RELEASE);
                ring.rsp_prod_pvt++;
            }
            pending = handed_over && left > 0 ? linger(&ring) : 0;
        } while (pending);
        RING_PUSH_RESPONSES_AND_CHECK_NOTIFY(&ring, wanted);
        (void)wanted;
    }
}

/* A ring, and a child that serves it. */
static call_front_ring_t front(struct event_pages *pages, int handed_over)
{
    call_front_ring_t ring;
    call_sring_t *sring = shared(RING_BYTES);
    SHARED_RING_INIT(sring);
    if (back() == 0) {
        if (handed_over)
            serve(sring, pages, 1);
        else
            serve(sring, pages, 0);
    }
    FRONT_RING_INIT(&ring, sring, RING_BYTES);
    return ring;
}

/* Fills the next slot; "waiting" is its result until the answer comes, written last. */
static inline call_t *stage(call_front_ring_t *ring, xen_ulong_t op, xen_ulong_t command, xen_ulong_t arg1,
                            xen_ulong_t arg2, xen_ulong_t waiting)
{
    call_t *call = RING_GET_REQUEST(ring, ring->req_prod_pvt);
    ring->req_prod_pvt++;
    call->op = op;
    call->args[0] = command;
    call->args[1] = arg1;
    call->args[2] = arg2;
    for (int arg = 3; arg < 6; arg++)
        call->args[arg] = 0;
    __atomic_store_n(&call->result, waiting, __ATOMIC_RELEASE);
    return call;
}

static inline void push(call_front_ring_t *ring)
{
    int wanted;
    RING_PUSH_REQUESTS_AND_CHECK_NOTIFY(ring, wanted);
    (void)wanted;
}

/* Nanoseconds a unit of what round() does, each time as many units as it answers. */
#define MEASURE(millis, rounds, ROUND)                                                                                 \
    uint64_t start = nanos(), end = start + (millis) * 1000000u, done = 0, now;                                        \
    do {                                                                                                               \
        for (int turn = 0; turn < (rounds); turn++)                                                                    \
            done += ROUND;                                                                                             \
        now = nanos();                                                                                                 \
    } while (now < end);                                                                                               \
    return (double)(now - start) / done

static inline unsigned batch_of_calls(call_front_ring_t *ring, unsigned batch, unsigned depth)
{
    unsigned received;
    int pending;
    while (ring->req_prod_pvt - ring->rsp_cons + batch <= depth) {
        for (unsigned i = 0; i < batch; i++)
            stage(ring, __HYPERVISOR_xen_version, XENVER_version, 0, 0, UNANSWERED);
        push(ring);
    }
    while (!(pending = RING_HAS_UNCONSUMED_RESPONSES(ring)))
        relax();
    xen_rmb();
    if (RING_RESPONSE_PROD_OVERFLOW(ring, ring->sring->rsp_prod))
        exit(3);
    for (received = pending; pending > 0; pending--)
        if (RING_GET_RESPONSE(ring, ring->rsp_cons++)->result != VERSION)
            exit(4);
    return received;
}

/* With one at a time nothing else is under way; with batches as many as the ring holds. */
static double calls(unsigned batch, uint64_t millis)
{
    call_front_ring_t ring = front(0, 0);
    unsigned depth = batch == 1 ? 1 : RING_SIZE(&ring);
    MEASURE(millis, 64, batch_of_calls(&ring, batch, depth));
}

static inline unsigned call_in_place(call_front_ring_t *ring, xen_ulong_t waiting)
{
    call_t *call = stage(ring, __HYPERVISOR_xen_version, XENVER_version, 0, 0, waiting);
    xen_ulong_t result;
    push(ring);
    while ((result = __atomic_load_n(&call->result, __ATOMIC_ACQUIRE)) == waiting)
        relax();
    if (result != VERSION)
        exit(4);
    ring->rsp_cons++;
    return 1;
}

static double in_place(uint64_t millis)
{
    call_front_ring_t ring = front(0, 0);
    MEASURE(millis, 256, call_in_place(&ring, UNANSWERED));
}

static double handed_over(uint64_t millis)
{
    call_front_ring_t ring = front(0, 1);
    MEASURE(millis, 256, call_in_place(&ring, HANDED_OVER));
}

/* The upcall: which ports are pending; the handler of the only one counts. */
static unsigned deliver(struct event_pages *pages)
{
    struct vcpu_info *vcpu = &pages->info.vcpu_info[0];
    unsigned handled = 0;
    __atomic_exchange_n(&vcpu->evtchn_upcall_pending, 0, __ATOMIC_SEQ_CST);
    xen_ulong_t selector = __atomic_exchange_n(&vcpu->evtchn_pending_sel, 0, __ATOMIC_SEQ_CST);
    for (; selector; selector &= selector - 1) {
        unsigned word = __builtin_ctzl(selector);
        xen_ulong_t bits = __atomic_load_n(&pages->info.evtchn_pending[word], __ATOMIC_ACQUIRE) &
                           ~__atomic_load_n(&pages->info.evtchn_mask[word], __ATOMIC_ACQUIRE);
        for (; bits; bits &= bits - 1, handled++)
            __atomic_fetch_and(&pages->info.evtchn_pending[word], ~(bits & -bits), __ATOMIC_SEQ_CST);
    }
    return handled;
}

/* A send that nobody waits for, and its event. */
static inline unsigned send(call_front_ring_t *ring, struct event_pages *pages, int handed_over)
{
    if (RING_FULL(ring))
        for (int left = RING_HAS_UNCONSUMED_RESPONSES(ring); left > 0; left--)
            if (RING_GET_RESPONSE(ring, ring->rsp_cons++)->result)
                exit(4);
    if (handed_over) {
        stage(ring, __HYPERVISOR_event_channel_op, EVTCHNOP_send, IN_CALL, PORT, HANDED_OVER);
    } else {
        unsigned slot = ring->req_prod_pvt & (RING_SIZE(ring) - 1);
        pages->arguments[slot].send.port = PORT;
        stage(ring, __HYPERVISOR_event_channel_op, EVTCHNOP_send, slot, 0, UNANSWERED);
    }
    push(ring);
    while (!__atomic_load_n(&pages->info.vcpu_info[0].evtchn_upcall_pending, __ATOMIC_ACQUIRE))
        relax();
    return deliver(pages);
}

static double event(uint64_t millis)
{
    struct event_pages *pages = shared(sizeof *pages);
    call_front_ring_t ring = front(pages, 0);
    MEASURE(millis, 64, send(&ring, pages, 0));
}

static double event_handed_over(uint64_t millis)
{
    struct event_pages *pages = shared(sizeof *pages);
    call_front_ring_t ring = front(pages, 1);
    MEASURE(millis, 64, send(&ring, pages, 1));
}

static int compare(const void *a, const void *b)
{
    uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;
    return x < y ? -1 : x > y;
}

static double events(unsigned rounds, unsigned pause)
{
    int there = eventfd(0, 0), here = eventfd(0, 0);
    uint64_t word = 1, *took = calloc(rounds, sizeof *took);
    if (there < 0 || here < 0 || !took)
        die("eventfd");
    if (back() == 0) {
        for (;;) {
            if (read(there, &word, sizeof word) != sizeof word)
                die("read");
            word = 1;
            if (write(here, &word, sizeof word) != sizeof word)
                die("write");
        }
    }
    for (unsigned i = 0; i < rounds; i++) {
        usleep(pause);
        uint64_t start = nanos();
        word = 1;
        if (write(there, &word, sizeof word) != sizeof word || read(here, &word, sizeof word) != sizeof word)
            die("eventfd");
        took[i] = nanos() - start;
    }
    qsort(took, rounds, sizeof *took, compare);
    return took[rounds / 2];
}

static double run(int argc, char **argv)
{
    static const struct {
        const char *name;
        double (*measure)(uint64_t millis);
    } peers[] = {
        {"ping-pong", ping_pong}, {"in-place", in_place},
        {"handed-over", handed_over}, {"event", event}, {"event-handed-over", event_handed_over},
    };
    if (argc == 3)
        for (unsigned i = 0; i < sizeof peers / sizeof *peers; i++)
            if (!strcmp(argv[1], peers[i].name))
                return peers[i].measure(strtoull(argv[2], 0, 10));
    if (argc == 4 && !strcmp(argv[1], "ring"))
        return calls(atoi(argv[2]), strtoull(argv[3], 0, 10));
    if (argc == 4 && !strcmp(argv[1], "eventfd"))
        return events(atoi(argv[2]), atoi(argv[3]));
    fprintf(stderr, "usage: %s WHAT NUMBER [NUMBER]; what there is stands at the top of its source\n", argv[0]);
    exit(1);
}

int main(int argc, char **argv)
{
    printf("%.3f\n", run(argc, argv));
    return 0;
}
