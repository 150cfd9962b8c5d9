// SPDX-License-Identifier: Apache-2.0
/*
 * The peer that the Java ring is measured against: two processes that exchange blkif requests and responses over a
 * one-page ring, with Xen's own macros and types.
 *
 *   xen_ring MODE DEPTH MILLIS
 *
 * MODE is "awake" (both sides spin) or "events" (both sleep on an eventfd when the ring's event says so); DEPTH is how
 * many requests are outstanding at most. Prints the nanoseconds per request-response pair, the number of pairs, and the
 * notifications that front and back end sent.
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

/* The headers leave the barriers to their user. On x86 loads and stores keep their order among themselves. */
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
#include <xen/io/ring.h>
#include <xen/io/blkif.h>

#define RING_BYTES 4096
#define STOP 255
#define SECTORS 1024
#define WARM_UP_PART 4

struct counts {
    uint64_t notifications;
};

static int to_back, to_front;

static void die(const char *what)
{
    perror(what);
    exit(1);
}

static void notify(int fd, struct counts *counts)
{
    uint64_t one = 1;
    counts->notifications++;
    if (write(fd, &one, sizeof one) != sizeof one)
        die("write eventfd");
}

static void wait_for(int fd)
{
    uint64_t count;
    if (read(fd, &count, sizeof count) != sizeof count)
        die("read eventfd");
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
    /* On a machine with one core this fails, and the run is slower, not wrong. */
    (void)sched_setaffinity(0, sizeof set, &set);
}

static void back_end(blkif_sring_t *shared, int events, struct counts *counts)
{
    blkif_back_ring_t ring;
    BACK_RING_INIT(&ring, shared, RING_BYTES);
    for (;;) {
        int pending, wanted;
        while (!(pending = RING_HAS_UNCONSUMED_REQUESTS(&ring))) {
            if (events) {
                RING_FINAL_CHECK_FOR_REQUESTS(&ring, pending);
                if (pending)
                    break;
                wait_for(to_back);
            } else {
                relax();
            }
        }
        xen_rmb();
        if (RING_REQUEST_PROD_OVERFLOW(&ring, ring.sring->req_prod))
            exit(2);
        while (pending-- > 0) {
            blkif_request_t request;
            blkif_response_t *response;
            RING_COPY_REQUEST(&ring, ring.req_cons, &request);
            /* A real back end reads all of it; without this the compiler copies four fields. */
            asm volatile("" : "+m"(request));
            ring.req_cons++;
            if (request.operation == STOP)
                return;
            response = RING_GET_RESPONSE(&ring, ring.rsp_prod_pvt);
            ring.rsp_prod_pvt++;
            response->id = request.id;
            response->operation = request.operation;
            response->status = request.sector_number < SECTORS
                            && request.nr_segments <= BLKIF_MAX_SEGMENTS_PER_REQUEST
                        ? BLKIF_RSP_OKAY
                        : BLKIF_RSP_ERROR;
        }
        RING_PUSH_RESPONSES_AND_CHECK_NOTIFY(&ring, wanted);
        if (wanted)
            notify(to_front, counts);
    }
}

static void produce(blkif_front_ring_t *ring, uint64_t id, uint8_t operation)
{
    blkif_request_t *request = RING_GET_REQUEST(ring, ring->req_prod_pvt);
    ring->req_prod_pvt++;
    request->operation = operation;
    request->nr_segments = BLKIF_MAX_SEGMENTS_PER_REQUEST;
    request->handle = 51712;
    request->id = id;
    request->sector_number = id & (SECTORS - 1);
    for (int i = 0; i < BLKIF_MAX_SEGMENTS_PER_REQUEST; i++) {
        /* gref, first_sect 0 and last_sect 7 as one word, as the Java peer writes them. */
        uint64_t segment = (uint32_t)(id + i) | 7ull << 40;
        _Static_assert(sizeof request->seg[i] == sizeof segment, "segment");
        memcpy(&request->seg[i], &segment, sizeof segment);
    }
}

/* Exchanges pairs for a while. The response to request n is expected in its turn, because the back end keeps order. */
static uint64_t exchange(blkif_front_ring_t *ring, int events, unsigned depth, uint64_t end, struct counts *counts,
                         uint64_t *next)
{
    uint64_t first = *next, sent = first, received = first;
    int running = 1;
    while (running || received < sent) {
        int pending, wanted;
        while (running && sent - received < depth)
            produce(ring, sent++, BLKIF_OP_READ);
        RING_PUSH_REQUESTS_AND_CHECK_NOTIFY(ring, wanted);
        if (wanted)
            notify(to_back, counts);
        while (!(pending = RING_HAS_UNCONSUMED_RESPONSES(ring))) {
            if (events) {
                RING_FINAL_CHECK_FOR_RESPONSES(ring, pending);
                if (pending)
                    break;
                wait_for(to_front);
            } else {
                relax();
            }
        }
        xen_rmb();
        if (RING_RESPONSE_PROD_OVERFLOW(ring, ring->sring->rsp_prod))
            exit(3);
        while (pending-- > 0) {
            blkif_response_t response;
            RING_COPY_RESPONSE(ring, ring->rsp_cons, &response);
            ring->rsp_cons++;
            if (response.id != received || response.status != BLKIF_RSP_OKAY)
                exit(4);
            if ((++received & 255) == 0)
                running = nanos() < end;
        }
    }
    *next = received;
    return received - first;
}

int main(int argc, char **argv)
{
    if (argc != 4) {
        fprintf(stderr, "usage: %s awake|events DEPTH MILLIS\n", argv[0]);
        return 1;
    }
    int events = !strcmp(argv[1], "events");
    unsigned depth = atoi(argv[2]);
    uint64_t duration = strtoull(argv[3], 0, 10) * 1000000u;
    blkif_sring_t *shared = mmap(0, RING_BYTES, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    struct counts *counts = mmap(0, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    to_back = eventfd(0, 0);
    to_front = eventfd(0, 0);
    if (shared == MAP_FAILED || counts == MAP_FAILED || to_back < 0 || to_front < 0)
        die("shared memory");
    SHARED_RING_INIT(shared);

    pid_t child = fork();
    if (child < 0)
        die("fork");
    if (child == 0) {
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        pin(1);
        back_end(shared, events, &counts[1]);
        return 0;
    }
    pin(0);
    blkif_front_ring_t ring;
    FRONT_RING_INIT(&ring, shared, RING_BYTES);
    if (depth < 1 || depth > RING_SIZE(&ring))
        return 1;
    uint64_t next = 0;
    exchange(&ring, events, depth, nanos() + duration / WARM_UP_PART, &counts[0], &next);
    uint64_t front_before = counts[0].notifications, back_before = counts[1].notifications;
    uint64_t start = nanos();
    uint64_t pairs = exchange(&ring, events, depth, start + duration, &counts[0], &next);
    uint64_t spent = nanos() - start;
    uint64_t from_front = counts[0].notifications - front_before, from_back = counts[1].notifications - back_before;
    int wanted;
    produce(&ring, next, STOP);
    RING_PUSH_REQUESTS_AND_CHECK_NOTIFY(&ring, wanted);
    if (wanted)
        notify(to_back, &counts[0]);
    int status;
    if (waitpid(child, &status, 0) != child || status != 0)
        return 5;
    printf("%.3f %llu %llu %llu\n", (double)spent / pairs, (unsigned long long)pairs, (unsigned long long)from_front,
           (unsigned long long)from_back);
    return 0;
}
