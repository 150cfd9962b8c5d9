/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A native front end of the vrng device: over examples/c-guest's part of a guest, and the header that is made from the
 * declaration.
 *
 *   vrng-guest BYTES [DEVID]   takes so many bytes, prints how many of their bits are 1 and their SHA-256, powers off
 *
 * Without arguments of its own it takes those of the kernel command line (`extra` of the configuration).
 */
#include "sha256.h"
#include "splitvisor.h"
#include "vrng.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { SLOTS = 128, LOOK_AGAIN_MILLIS = 1000, TRIES = 30 };

/* The shared ring (xen/include/public/io/ring.h): a header of 64 bytes, then a power of two of slots. */
struct ring {
    uint32_t req_prod, req_event, rsp_prod, rsp_event;
    uint8_t pad[48];
    union vrng_slot slot[SLOTS];
};

_Static_assert(sizeof(struct ring) <= PAGE_SIZE, "the ring fits a page");
_Static_assert(64 + 2 * SLOTS * sizeof(union vrng_slot) > PAGE_SIZE, "and has as many slots as fit");

static struct {
    char path[64], *backend;
    uint32_t backend_domid, ring_ref, page_ref, port;
    uint32_t produced, consumed;
    struct ring *ring;
    uint8_t *page;
} vrng;

static uint32_t number(const char *folder, const char *node)
{
    char *text = xenstore_readf("%s/%s", folder, node);
    uint32_t value = text == NULL ? 0 : (uint32_t)strtoul(text, NULL, 10);
    free(text);
    return value;
}

static void write_number(const char *node, uint32_t value)
{
    char path[96];
    strcpy(path, vrng.path);
    strcat(path, "/");
    strcat(path, node);
    if (!xenstore_writef(path, "%u", value))
        guest_panic("%s cannot be written", path);
}

static void await_backend(uint32_t wanted)
{
    uint32_t state = XENBUS_UNKNOWN;
    for (int i = 0; i < TRIES; i++) {
        state = number(vrng.backend, "state");
        if (state >= wanted)
            break;
        xenstore_await_event(LOOK_AGAIN_MILLIS);
    }
    if (state != wanted)
        guest_panic("%s: the back end is in state %u, not in %u", vrng.path, state, wanted);
}

static void connect_vrng(const char *devid)
{
    strcpy(vrng.path, "device/" VRNG_TYPE "/");
    strncat(vrng.path, devid, 20);
    vrng.backend = xenstore_readf("%s/backend", vrng.path);
    if (vrng.backend == NULL)
        guest_panic("this domain has no device %s", vrng.path);
    vrng.backend_domid = number(vrng.path, "backend-id");
    char state[288];
    strncpy(state, vrng.backend, sizeof state - 7);
    state[sizeof state - 7] = 0;
    strcat(state, "/state");
    xenstore_watch(state, "backend");
    await_backend(XENBUS_INIT_WAIT);

    uint32_t frames = frame_alloc(2);
    vrng.ring = frame_address(frames);
    vrng.page = frame_address(frames + 1);
    vrng.ring->req_event = vrng.ring->rsp_event = 1;
    vrng.ring_ref = grant_access(vrng.backend_domid, frames, false);
    vrng.page_ref = grant_access(vrng.backend_domid, frames + 1, false);
    vrng.port = event_alloc_unbound(vrng.backend_domid);
    write_number("version", VRNG_VERSION);
    write_number("ring-ref", vrng.ring_ref);
    write_number("event-channel", vrng.port);
    write_number("state", XENBUS_INITIALISED);
    await_backend(XENBUS_CONNECTED);
    write_number("state", XENBUS_CONNECTED);
}

static void disconnect_vrng(void)
{
    write_number("state", XENBUS_CLOSING);
    await_backend(XENBUS_CLOSING);
    write_number("state", XENBUS_CLOSED);
    await_backend(XENBUS_CLOSED);
    if (!grant_end(vrng.ring_ref) || !grant_end(vrng.page_ref))
        guest_panic("%s: the back end still has pages of this guest mapped", vrng.path);
    event_close(vrng.port);
}

static bool has_response(void *context)
{
    (void)context;
    if (__atomic_load_n(&vrng.ring->rsp_prod, __ATOMIC_ACQUIRE) != vrng.consumed)
        return true;
    __atomic_store_n(&vrng.ring->rsp_event, vrng.consumed + 1, __ATOMIC_RELAXED);
    __atomic_thread_fence(__ATOMIC_SEQ_CST);
    return __atomic_load_n(&vrng.ring->rsp_prod, __ATOMIC_ACQUIRE) != vrng.consumed;
}

/* Has the page filled. */
static void fill(uint32_t length)
{
    struct vrng_request *request = &vrng.ring->slot[vrng.produced % SLOTS].vrng_request;
    memset(request, 0, sizeof *request);
    request->id = vrng.produced;
    request->page = vrng.page_ref;
    request->length = length;
    uint32_t old = vrng.produced++;
    __atomic_store_n(&vrng.ring->req_prod, vrng.produced, __ATOMIC_RELEASE);
    __atomic_thread_fence(__ATOMIC_SEQ_CST);
    uint32_t event = __atomic_load_n(&vrng.ring->req_event, __ATOMIC_RELAXED);
    if (vrng.produced - event < vrng.produced - old)
        event_send(vrng.port);
    wait_until(has_response, NULL, -1);
    if (__atomic_load_n(&vrng.ring->rsp_prod, __ATOMIC_ACQUIRE) - vrng.consumed != 1)
        guest_panic("%s: more responses than requests", vrng.path);
    struct vrng_response response = vrng.ring->slot[vrng.consumed++ % SLOTS].vrng_response;
    if (response.id != old || response.status != VRNG_RSP_OKAY)
        guest_panic("%s: response %" PRIu64 " to request %u has status %d", vrng.path, response.id, old, response.status);
}

static double seconds(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static void take(uint64_t bytes)
{
    struct sha256 hash;
    uint64_t ones = 0;
    sha256_init(&hash);
    double start = seconds();
    for (uint64_t left = bytes; left > 0;) {
        uint32_t length = left < PAGE_SIZE ? (uint32_t)left : PAGE_SIZE;
        fill(length);
        for (uint32_t i = 0; i < length; i++)
            ones += (uint64_t)__builtin_popcount(vrng.page[i]);
        sha256_update(&hash, vrng.page, length);
        left -= length;
    }
    char digits[65];
    sha256_finish(&hash, digits);
    console_printf("%" PRIu64 " bytes, %.3f of the bits are 1, %.1f MiB/s, sha256 %s\n", bytes,
                   (double)ones / (8.0 * (double)bytes), (double)bytes / (1 << 20) / (seconds() - start), digits);
}

int main(int argc, char **argv)
{
    guest_attach();
    char words[1024];
    const char *bytes = "65536", *devid = "0";
    strcpy(words, guest_command_line());
    char *word = strtok(words, " ");
    if (argc > 1)
        bytes = argv[1];
    else if (word != NULL)
        bytes = word;
    if (argc > 2)
        devid = argv[2];
    connect_vrng(devid);
    take(strtoull(bytes, NULL, 10));
    disconnect_vrng();
    guest_shutdown(SHUTDOWN_POWEROFF);
}
