/* SPDX-License-Identifier: Apache-2.0 */
#define _GNU_SOURCE
#include "splitvisor.h"

#include <errno.h>
#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

/* Shared memory is read and written with explicit order; each release here pairs with an acquire in Dom0, and back. */
#define acquire(p) __atomic_load_n((p), __ATOMIC_ACQUIRE)
#define release(p, v) __atomic_store_n((p), (v), __ATOMIC_RELEASE)
#define full_fence() __atomic_thread_fence(__ATOMIC_SEQ_CST)

/* ---- The attach protocol: two messages, then four descriptors. ---- */

struct hello {
    char magic[8];
    uint32_t version;
    uint32_t reserved;
    uint8_t token[32];
};

struct welcome {
    char magic[8];
    uint32_t version;
    uint32_t status;
    uint32_t domid;
    uint32_t vcpus;
    uint32_t ram_pages;
    uint32_t grant_frames;
    uint64_t ram_bytes;
    uint64_t monitor_bytes;
    uint32_t xenstore_port;
    uint32_t console_port;
    uint64_t reserved;
};

_Static_assert(sizeof(struct hello) == 48 && sizeof(struct welcome) == 64, "attach messages");

static const char MAGIC[8] = {'S', 'V', 'A', 'T', 'T', 'A', 'C', 'H'};

enum { SPECIAL_SHARED_INFO, SPECIAL_START_INFO, SPECIAL_XENSTORE, SPECIAL_CONSOLE, SPECIAL_GRANT_TABLE };
enum { HYPERCALL_RING_PAGES = 4 };

static struct {
    int socket;
    int bell_to_dom0;
    int bell_to_guest;
    struct welcome info;
    uint8_t *ram;
    bool attached;
} guest;

static _Noreturn void fail(const char *what)
{
    fprintf(stderr, "guest: %s: %s\n", what, strerror(errno));
    exit(1);
}

static void receive(void *buffer, size_t bytes)
{
    uint8_t *at = buffer;
    while (bytes > 0) {
        ssize_t n = recv(guest.socket, at, bytes, 0);
        if (n == 0)
            errno = EPIPE;
        if (n <= 0 && errno != EINTR)
            fail("attach socket");
        if (n > 0) {
            at += n;
            bytes -= (size_t)n;
        }
    }
}

/* One byte, whose value means nothing, brings one descriptor. */
static int receive_descriptor(void)
{
    char byte;
    union {
        char bytes[CMSG_SPACE(sizeof(int))];
        struct cmsghdr align;
    } control;
    struct iovec data = {&byte, 1};
    struct msghdr message = {
        .msg_iov = &data, .msg_iovlen = 1, .msg_control = control.bytes, .msg_controllen = sizeof control.bytes};
    ssize_t n;
    do {
        n = recvmsg(guest.socket, &message, MSG_CMSG_CLOEXEC);
    } while (n < 0 && errno == EINTR);
    struct cmsghdr *header = n == 1 ? CMSG_FIRSTHDR(&message) : NULL;
    if (header == NULL || header->cmsg_type != SCM_RIGHTS) {
        errno = EPROTO;
        fail("attach: no descriptor came");
    }
    int descriptor;
    memcpy(&descriptor, CMSG_DATA(header), sizeof descriptor);
    return descriptor;
}

static void parse_token(const char *digits, uint8_t token[32])
{
    if (digits == NULL || strlen(digits) != 64) {
        errno = EINVAL;
        fail("SPLITVISOR_TOKEN (guests are started by Dom0)");
    }
    for (int i = 0; i < 32; i++) {
        char pair[3] = {digits[2 * i], digits[2 * i + 1], 0};
        token[i] = (uint8_t)strtoul(pair, NULL, 16);
    }
}

static uint32_t special_frame(uint32_t which)
{
    return guest.info.ram_pages + which;
}

static uint32_t vcpu_control_frame(void)
{
    /* Behind the grant frames lie status frames, one for eight of them, for tables of version 2. */
    return special_frame(SPECIAL_GRANT_TABLE) + guest.info.grant_frames + (guest.info.grant_frames + 7) / 8;
}

static void events_init(void);
static void hypercalls_init(void);
static void console_init(void);
static void xenstore_init(void);

void guest_attach(void)
{
    const char *path = getenv("SPLITVISOR_ATTACH");
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    if (path == NULL || strlen(path) >= sizeof address.sun_path) {
        errno = EINVAL;
        fail("SPLITVISOR_ATTACH (guests are started by Dom0)");
    }
    strcpy(address.sun_path, path);
    guest.socket = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (guest.socket < 0 || connect(guest.socket, (struct sockaddr *)&address, sizeof address) != 0)
        fail(path);

    struct hello hello = {.version = 1};
    memcpy(hello.magic, MAGIC, sizeof MAGIC);
    parse_token(getenv("SPLITVISOR_TOKEN"), hello.token);
    if (send(guest.socket, &hello, sizeof hello, MSG_NOSIGNAL) != (ssize_t)sizeof hello)
        fail("attach: hello");
    receive(&guest.info, sizeof guest.info);
    if (memcmp(guest.info.magic, MAGIC, sizeof MAGIC) != 0 || guest.info.version != 1) {
        errno = EPROTO;
        fail("attach: no welcome of version 1");
    }
    if (guest.info.status != 0) {
        errno = (int)guest.info.status;
        fail("attach");
    }
    int ram = receive_descriptor();
    int monitor = receive_descriptor();
    guest.bell_to_dom0 = receive_descriptor();
    guest.bell_to_guest = receive_descriptor();
    guest.ram = mmap(NULL, guest.info.ram_bytes, PROT_READ | PROT_WRITE, MAP_SHARED, ram, 0);
    if (guest.ram == MAP_FAILED)
        fail("mmap of guest memory");
    close(ram);
    close(monitor); /* This guest has no use for what the monitor shows. */
    events_init();
    hypercalls_init();
    console_init();
    xenstore_init();
    guest.attached = true;
}

uint32_t guest_domid(void)
{
    return guest.info.domid;
}

uint32_t guest_ram_pages(void)
{
    return guest.info.ram_pages;
}

const char *guest_command_line(void)
{
    enum { CMD_LINE = 128, CMD_LINE_BYTES = 1024 };
    static char copy[CMD_LINE_BYTES];
    const char *start_info = frame_address(special_frame(SPECIAL_START_INFO));
    memcpy(copy, start_info + CMD_LINE, CMD_LINE_BYTES - 1);
    return copy;
}

_Noreturn void guest_shutdown(uint32_t reason)
{
    hypercall(SCHED_OP, SCHEDOP_SHUTDOWN, &reason, sizeof reason, NULL);
    exit(reason == SHUTDOWN_CRASH);
}

_Noreturn void guest_panic(const char *format, ...)
{
    char text[256];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    if (!guest.attached) {
        fprintf(stderr, "guest: %s\n", text);
        exit(1);
    }
    console_printf("panic: %s\n", text);
    guest_shutdown(SHUTDOWN_CRASH);
}

/* ---- Memory: a guest-physical address is an offset in the ram memfd. Frame 0 stays unused. ---- */

static uint32_t next_frame = 1;

uint32_t frame_alloc(uint32_t count)
{
    if (count > guest.info.ram_pages - next_frame)
        guest_panic("out of memory: %u frames wanted, %u left", count, guest.info.ram_pages - next_frame);
    uint32_t frame = next_frame;
    next_frame += count;
    return frame;
}

void *frame_address(uint32_t frame)
{
    return guest.ram + (size_t)frame * PAGE_SIZE;
}

/* ---- Events: Xen's two-level ABI, and sleeping. ---- */

enum { EVTCHN_WORDS = 64, EVTCHN_PENDING = 2048, EVTCHN_MASK = 2560 };

static struct {
    uint8_t *upcall_pending;
    uint8_t *upcall_mask;
    uint64_t *pending_sel;
    uint64_t *pending;
    uint64_t *mask;
    uint32_t *asleep; /* 1 while this vCPU sleeps or is about to: Dom0 rings the bell then */
} events;

static void events_init(void)
{
    uint8_t *shared_info = frame_address(special_frame(SPECIAL_SHARED_INFO));
    events.upcall_pending = shared_info;
    events.upcall_mask = shared_info + 1;
    events.pending_sel = (uint64_t *)(shared_info + 8);
    events.pending = (uint64_t *)(shared_info + EVTCHN_PENDING);
    events.mask = (uint64_t *)(shared_info + EVTCHN_MASK);
    events.asleep = frame_address(vcpu_control_frame());
    for (int word = 0; word < EVTCHN_WORDS; word++)
        release(&events.mask[word], 0);
    release(events.upcall_mask, 0);
}

/*
 * Takes all events. Who waited for one looks at the ring that it announces, so which it was does not matter. Each step
 * clears before it looks at the next level: what comes meanwhile raises upcall_pending again.
 */
static void take_events(void)
{
    if (!acquire(events.upcall_pending))
        return;
    __atomic_store_n(events.upcall_pending, 0, __ATOMIC_SEQ_CST);
    uint64_t words = __atomic_exchange_n(events.pending_sel, 0, __ATOMIC_SEQ_CST);
    while (words != 0) {
        int word = __builtin_ctzll(words);
        words &= words - 1;
        __atomic_exchange_n(&events.pending[word], 0, __ATOMIC_SEQ_CST);
    }
}

static void spin_hint(void)
{
#if defined(__x86_64__)
    __builtin_ia32_pause();
#elif defined(__aarch64__)
    __asm__ volatile("yield");
#endif
}

/* ready() only looks: one that waited itself would put the word that says "asleep" back. */
bool wait_until(bool (*ready)(void *), void *context, int millis)
{
    for (int turn = 0; turn < 200; turn++) {
        if (ready(context))
            return true;
        spin_hint();
    }
    struct pollfd ends[2] = {{guest.bell_to_guest, POLLIN, 0}, {guest.socket, POLLIN, 0}};
    while (true) {
        /* Arm, take what is there, look once more, and only then sleep: what comes after that look rings the bell. */
        release(events.asleep, 1);
        full_fence();
        take_events();
        bool done = ready(context);
        int n = done ? 0 : poll(ends, 2, millis);
        if (__atomic_exchange_n(events.asleep, 0, __ATOMIC_SEQ_CST) == 0) {
            uint64_t count;
            ssize_t ignored = read(guest.bell_to_guest, &count, sizeof count); /* non-blocking */
            (void)ignored;
        }
        if (done)
            return true;
        if (n > 0 && ends[1].revents != 0)
            exit(0); /* Dom0 is gone, or done with this domain. */
        if (n == 0)
            return ready(context);
    }
}

/* ---- Hypercalls: a Xen shared ring of 64-byte entries; request and response share the slot. ---- */

struct multicall_entry {
    uint64_t op;
    int64_t result;
    uint64_t args[6];
};

struct hypercall_ring {
    uint32_t req_prod, req_event, rsp_prod, rsp_event;
    uint8_t pad[48];
    struct multicall_entry slot[128];
};

enum { ARGUMENT_BYTES = 32 };

static const int64_t HANDED_OVER = (int64_t)UINT64_C(0x8000000048455245);

static struct {
    struct hypercall_ring *ring;
    uint32_t slots;
    uint32_t produced;
    uint32_t consumed;
    uint32_t arguments; /* frame with ARGUMENT_BYTES for each slot */
    int64_t results[128];
} calls;

static void hypercalls_init(void)
{
    calls.ring = frame_address(vcpu_control_frame() + 1);
    calls.slots = 128; /* the largest power of two of slots in HYPERCALL_RING_PAGES */
    calls.arguments = frame_alloc(1);
}

static void take_responses(void)
{
    uint32_t available = acquire(&calls.ring->rsp_prod);
    if (available - calls.consumed > calls.produced - calls.consumed) {
        errno = EPROTO;
        fail("more responses than hypercalls");
    }
    for (; calls.consumed != available; calls.consumed++) {
        uint32_t index = calls.consumed % calls.slots;
        calls.results[index] = calls.ring->slot[index].result;
    }
}

static bool has_room(void *context)
{
    (void)context;
    take_responses();
    return calls.produced - calls.consumed < calls.slots;
}

static bool has_result(void *context)
{
    uint32_t *call = context;
    take_responses();
    if ((int32_t)(calls.consumed - *call) > 0)
        return true;
    /* Ask for a notification of the next response, and look once more. */
    release(&calls.ring->rsp_event, calls.consumed + 1);
    full_fence();
    take_responses();
    return (int32_t)(calls.consumed - *call) > 0;
}

/* Publishes a call and answers its number. */
static uint32_t submit(uint64_t op, uint64_t command, const void *argument, size_t bytes)
{
    wait_until(has_room, NULL, -1);
    uint32_t index = calls.produced % calls.slots;
    size_t offset = (size_t)index * ARGUMENT_BYTES;
    uint8_t *structure = (uint8_t *)frame_address(calls.arguments) + offset;
    memset(structure, 0, ARGUMENT_BYTES);
    if (bytes > 0)
        memcpy(structure, argument, bytes);
    struct multicall_entry *entry = &calls.ring->slot[index];
    memset(entry, 0, sizeof *entry);
    entry->op = op;
    entry->args[0] = command;
    entry->args[1] = (uint64_t)calls.arguments * PAGE_SIZE + offset;
    entry->args[2] = 1; /* length of the array, for grant_table_op */
    uint32_t old = calls.produced++;
    /* Dom0 may take the call from its slot from now on, before the index tells of it. */
    __atomic_store_n(&entry->result, HANDED_OVER, __ATOMIC_RELEASE);
    release(&calls.ring->req_prod, calls.produced);
    full_fence();
    uint32_t event = __atomic_load_n(&calls.ring->req_event, __ATOMIC_RELAXED);
    if (calls.produced - event < calls.produced - old) {
        uint64_t one = 1;
        if (write(guest.bell_to_dom0, &one, sizeof one) != (ssize_t)sizeof one && errno != EAGAIN)
            fail("bell to Dom0");
    }
    return old;
}

int64_t hypercall(uint64_t op, uint64_t command, const void *argument, size_t bytes, void *answer)
{
    uint32_t call = submit(op, command, argument, bytes);
    wait_until(has_result, &call, -1);
    uint32_t index = call % calls.slots;
    if (answer != NULL)
        memcpy(answer, (uint8_t *)frame_address(calls.arguments) + (size_t)index * ARGUMENT_BYTES, bytes);
    return calls.results[index];
}

/* ---- Time: vcpu_time_info of xen.h. ---- */

enum { VCPU_TIME_INFO = 32 }; /* in vCPU 0's vcpu_info, where shared_info begins */

struct vcpu_time_info {
    uint32_t version; /* odd while the monitor writes the rest */
    uint32_t pad0;
    uint64_t tsc_timestamp;
    uint64_t system_time;
    uint32_t tsc_to_system_mul; /* 0: there is no counter */
    int8_t tsc_shift;
    uint8_t flags;
    uint8_t pad1[2];
};

_Static_assert(sizeof(struct vcpu_time_info) == 32, "vcpu_time_info");

static uint64_t monotonic(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

uint64_t system_time(void)
{
#if defined(__x86_64__)
    const volatile struct vcpu_time_info *info =
        (void *)((uint8_t *)frame_address(special_frame(SPECIAL_SHARED_INFO)) + VCPU_TIME_INFO);
    while (true) {
        uint32_t version = acquire(&info->version);
        uint64_t timestamp = info->tsc_timestamp, base = info->system_time;
        uint32_t mul = info->tsc_to_system_mul;
        int shift = info->tsc_shift;
        if (mul == 0)
            break;
        __builtin_ia32_lfence();
        uint64_t delta = __builtin_ia32_rdtsc() - timestamp;
        __builtin_ia32_lfence();
        __atomic_thread_fence(__ATOMIC_ACQUIRE);
        if ((version & 1) == 0 && info->version == version) {
            delta = shift < 0 ? delta >> -shift : delta << shift;
            return base + (uint64_t)((unsigned __int128)delta * mul >> 32);
        }
        spin_hint();
    }
#endif
    return monotonic();
}

int64_t timer_bind(void)
{
    struct {
        uint32_t virq, vcpu, port;
    } bind = {0, 0, 0}; /* VIRQ_TIMER */
    return hypercall(EVENT_CHANNEL_OP, EVTCHNOP_BIND_VIRQ, &bind, sizeof bind, &bind);
}

static bool time_has_come(void *until)
{
    return system_time() >= *(uint64_t *)until;
}

void timer_sleep(uint64_t until)
{
    hypercall(SET_TIMER_OP, until, NULL, 0, NULL);
    wait_until(time_has_come, &until, -1);
}

uint32_t event_alloc_unbound(uint32_t remote_domid)
{
    struct {
        uint16_t dom, remote_dom;
        uint32_t port;
    } argument = {0x7ff0 /* DOMID_SELF */, (uint16_t)remote_domid, 0};
    int64_t result = hypercall(EVENT_CHANNEL_OP, EVTCHNOP_ALLOC_UNBOUND, &argument, sizeof argument, &argument);
    if (result != 0)
        guest_panic("alloc_unbound: %lld", (long long)result);
    return argument.port;
}

void event_send(uint32_t port)
{
    submit(EVENT_CHANNEL_OP, EVTCHNOP_SEND, &port, sizeof port);
}

void event_close(uint32_t port)
{
    hypercall(EVENT_CHANNEL_OP, EVTCHNOP_CLOSE, &port, sizeof port, NULL);
}

/* ---- Grants: version 1 entries; the first eight references are Dom0's. ---- */

enum { GTF_PERMIT_ACCESS = 1, GTF_READONLY = 4, GTF_READING = 8, GTF_WRITING = 16 };

struct grant_entry {
    uint16_t flags;
    uint16_t domid;
    uint32_t frame;
};

enum { FIRST_FREE_REF = 8, MOST_REFS = 4096 };

static uint32_t next_ref = FIRST_FREE_REF;
static uint32_t free_refs[MOST_REFS];
static uint32_t free_ref_count;

static struct grant_entry *grant_entry(uint32_t ref)
{
    return (struct grant_entry *)frame_address(special_frame(SPECIAL_GRANT_TABLE)) + ref;
}

uint32_t grant_access(uint32_t domid, uint32_t frame, bool read_only)
{
    uint32_t size = guest.info.grant_frames * (uint32_t)(PAGE_SIZE / sizeof(struct grant_entry));
    if (free_ref_count == 0 && (next_ref == size || next_ref == MOST_REFS))
        guest_panic("no grant reference is left");
    uint32_t ref = free_ref_count > 0 ? free_refs[--free_ref_count] : next_ref++;
    struct grant_entry *entry = grant_entry(ref);
    entry->domid = (uint16_t)domid;
    entry->frame = frame;
    release(&entry->flags, (uint16_t)(GTF_PERMIT_ACCESS | (read_only ? GTF_READONLY : 0)));
    return ref;
}

bool grant_end(uint32_t ref)
{
    uint16_t *flags = &grant_entry(ref)->flags;
    uint16_t found = acquire(flags);
    do {
        if (found & (GTF_READING | GTF_WRITING))
            return false;
    } while (!__atomic_compare_exchange_n(flags, &found, 0, false, __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST));
    free_refs[free_ref_count++] = ref;
    return true;
}

/* ---- Byte rings: console and xenstore. ---- */

struct byte_ring {
    uint8_t *bytes;
    uint32_t size;
    uint32_t *cons;
    uint32_t *prod;
};

static uint32_t ring_used(const struct byte_ring *ring)
{
    uint32_t used = acquire(ring->prod) - acquire(ring->cons);
    return used > ring->size ? 0 : used; /* impossible indices: nothing moves */
}

static uint32_t ring_write(struct byte_ring *ring, const void *source, uint32_t length)
{
    uint32_t prod = *ring->prod;
    uint32_t used = prod - acquire(ring->cons);
    uint32_t count = used > ring->size ? 0 : ring->size - used;
    count = count < length ? count : length;
    for (uint32_t i = 0; i < count; i++)
        ring->bytes[(prod + i) % ring->size] = ((const uint8_t *)source)[i];
    release(ring->prod, prod + count);
    full_fence();
    return count;
}

static uint32_t ring_read(struct byte_ring *ring, void *target, uint32_t length)
{
    uint32_t cons = *ring->cons;
    uint32_t count = ring_used(ring);
    count = count < length ? count : length;
    for (uint32_t i = 0; i < count; i++)
        ((uint8_t *)target)[i] = ring->bytes[(cons + i) % ring->size];
    full_fence();
    release(ring->cons, cons + count);
    return count;
}

static bool ring_has_data(void *context)
{
    return ring_used(context) > 0;
}

static bool ring_has_room(void *context)
{
    const struct byte_ring *ring = context;
    return acquire(ring->prod) - acquire(ring->cons) < ring->size;
}

/* ---- Console: struct xencons_interface. ---- */

enum { CONSOLE_PATIENCE_MILLIS = 10000 };

static struct byte_ring console_in, console_out;

static void console_init(void)
{
    uint8_t *page = frame_address(special_frame(SPECIAL_CONSOLE));
    console_in = (struct byte_ring){page, 1024, (uint32_t *)(page + 3072), (uint32_t *)(page + 3076)};
    console_out = (struct byte_ring){page + 1024, 2048, (uint32_t *)(page + 3080), (uint32_t *)(page + 3084)};
}

void console_write(const char *text, size_t length)
{
    while (length > 0) {
        uint32_t count = ring_write(&console_out, text, (uint32_t)length);
        text += count;
        length -= count;
        if (count > 0)
            event_send(guest.info.console_port);
        else if (!wait_until(ring_has_room, &console_out, CONSOLE_PATIENCE_MILLIS))
            return; /* Nobody reads: a guest does not hang because of that. */
    }
}

void console_printf(const char *format, ...)
{
    char text[1024];
    va_list arguments;
    va_start(arguments, format);
    int length = vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    if (length > 0)
        console_write(text, (size_t)length < sizeof text ? (size_t)length : sizeof text - 1);
}

/* ---- xenstore: struct xenstore_domain_interface; one request at a time, watch events in between. ---- */

enum { XS_DIRECTORY = 1, XS_READ = 2, XS_WATCH = 4, XS_WRITE = 11, XS_WATCH_EVENT = 15, XS_ERROR = 16 };
enum { XS_PAYLOAD_MAX = 4096 };

struct xs_header {
    uint32_t type, req_id, tx_id, len;
};

static struct {
    struct byte_ring requests, replies;
    uint32_t next_id;
    bool event; /* a watch event came */
    bool shutdown_event;
    struct xs_header header;
    char payload[XS_PAYLOAD_MAX + 1];
} xs;

static const char SHUTDOWN_NODE[] = "control/shutdown";
static const char SHUTDOWN_TOKEN[] = "shutdown";

static void xenstore_init(void)
{
    uint8_t *page = frame_address(special_frame(SPECIAL_XENSTORE));
    xs.requests = (struct byte_ring){page, 1024, (uint32_t *)(page + 2048), (uint32_t *)(page + 2052)};
    xs.replies = (struct byte_ring){page + 1024, 1024, (uint32_t *)(page + 2056), (uint32_t *)(page + 2060)};
    xs.next_id = 1;
}

static void xs_send(const void *bytes, uint32_t length)
{
    const uint8_t *at = bytes;
    while (length > 0) {
        uint32_t count = ring_write(&xs.requests, at, length);
        at += count;
        length -= count;
        if (count > 0)
            event_send(guest.info.xenstore_port);
        else
            wait_until(ring_has_room, &xs.requests, -1);
    }
}

static void xs_receive(void *bytes, uint32_t length)
{
    uint8_t *at = bytes;
    while (length > 0) {
        uint32_t count = ring_read(&xs.replies, at, length);
        at += count;
        length -= count;
        if (count > 0)
            event_send(guest.info.xenstore_port);
        else
            wait_until(ring_has_data, &xs.replies, -1);
    }
}

/* The next message; a watch event is noted. */
static void xs_next_message(void)
{
    xs_receive(&xs.header, sizeof xs.header);
    if (xs.header.len > XS_PAYLOAD_MAX)
        guest_panic("xenstore: a message of %u bytes", xs.header.len);
    xs_receive(xs.payload, xs.header.len);
    xs.payload[xs.header.len] = 0;
    if (xs.header.type == XS_WATCH_EVENT) {
        /* path NUL token NUL */
        size_t path = strlen(xs.payload);
        bool shutdown = path + 1 < xs.header.len && strcmp(xs.payload + path + 1, SHUTDOWN_TOKEN) == 0;
        *(shutdown ? &xs.shutdown_event : &xs.event) = true;
    }
}

/* Makes a request of one or two strings; false if xenstored answers with an error, whose name is the payload then. */
static bool xs_request(uint32_t type, const char *path, const char *value, bool value_ends_in_nul)
{
    size_t path_bytes = strlen(path) + 1;
    size_t value_bytes = value == NULL ? 0 : strlen(value) + (value_ends_in_nul ? 1 : 0);
    struct xs_header header = {type, xs.next_id++, 0, (uint32_t)(path_bytes + value_bytes)};
    if (header.len > XS_PAYLOAD_MAX)
        return false;
    xs_send(&header, sizeof header);
    xs_send(path, (uint32_t)path_bytes);
    xs_send(value, (uint32_t)value_bytes);
    do {
        xs_next_message();
    } while (xs.header.type == XS_WATCH_EVENT || xs.header.req_id != header.req_id);
    return xs.header.type != XS_ERROR;
}

static char *xs_payload(void)
{
    char *copy = malloc(xs.header.len + 2u);
    if (copy == NULL)
        guest_panic("out of memory");
    memcpy(copy, xs.payload, xs.header.len);
    copy[xs.header.len] = copy[xs.header.len + 1] = 0;
    return copy;
}

char *xenstore_read(const char *path)
{
    return xs_request(XS_READ, path, NULL, false) ? xs_payload() : NULL;
}

char *xenstore_readf(const char *format, ...)
{
    char path[512];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(path, sizeof path, format, arguments);
    va_end(arguments);
    return xenstore_read(path);
}

bool xenstore_write(const char *path, const char *value)
{
    return xs_request(XS_WRITE, path, value, false);
}

bool xenstore_writef(const char *path, const char *format, ...)
{
    char value[256];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(value, sizeof value, format, arguments);
    va_end(arguments);
    return xenstore_write(path, value);
}

char *xenstore_directory(const char *path)
{
    return xs_request(XS_DIRECTORY, path, NULL, false) ? xs_payload() : NULL;
}

bool xenstore_watch(const char *path, const char *token)
{
    return xs_request(XS_WATCH, path, token, true);
}

static void xs_take_events(void)
{
    while (ring_used(&xs.replies) > 0)
        xs_next_message();
}

bool xenstore_await_event(int millis)
{
    xs_take_events();
    while (!xs.event && wait_until(ring_has_data, &xs.replies, millis))
        xs_take_events();
    bool came = xs.event;
    xs.event = false;
    return came;
}

/* ---- What the toolstack wants. ---- */

static uint32_t wanted_reason = UINT32_MAX;

bool shutdown_wanted(uint32_t *reason)
{
    static bool watching;
    if (!watching) {
        watching = true;
        xenstore_watch(SHUTDOWN_NODE, SHUTDOWN_TOKEN);
        xenstore_write("control/feature-poweroff", "1");
        xenstore_write("control/feature-reboot", "1");
        xenstore_write("control/feature-suspend", "0");
    }
    xs_take_events();
    if (xs.shutdown_event) {
        xs.shutdown_event = false;
        char *wish = xenstore_read(SHUTDOWN_NODE);
        if (wish != NULL && wish[0] != 0) {
            if (strcmp(wish, "poweroff") == 0 || strcmp(wish, "halt") == 0)
                wanted_reason = SHUTDOWN_POWEROFF;
            else if (strcmp(wish, "reboot") == 0)
                wanted_reason = SHUTDOWN_REBOOT;
            else
                console_printf("guest: %s \"%s\" is not supported, ignored\n", SHUTDOWN_NODE, wish);
            if (wanted_reason != UINT32_MAX)
                xenstore_write(SHUTDOWN_NODE, ""); /* seen, and granted */
        }
        free(wish);
    }
    *reason = wanted_reason;
    return wanted_reason != UINT32_MAX;
}

static bool has_input_or_news(void *context)
{
    (void)context;
    return ring_used(&console_in) > 0 || ring_used(&xs.replies) > 0;
}

bool console_read_line(char *line, size_t size)
{
    size_t length = 0;
    uint32_t reason;
    while (!shutdown_wanted(&reason)) {
        char byte;
        if (ring_read(&console_in, &byte, 1) == 0) {
            event_send(guest.info.console_port); /* there is room again */
            wait_until(has_input_or_news, NULL, -1);
        } else if (byte == '\n' || byte == '\r') {
            line[length] = 0;
            return true;
        } else if (length + 1 < size) {
            line[length++] = byte;
        }
    }
    return false;
}
