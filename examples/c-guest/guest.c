/* SPDX-License-Identifier: Apache-2.0 */
/*
 * An example guest in C, with a block front end: reads whole disks and prints their SHA-256.
 *
 *   c-guest DISK...   checks the disks (xvda, or a device number), then powers off
 *   c-guest           reads commands from the console; "help" names them
 *
 * Without arguments of its own it takes those of the kernel command line (`extra` of the configuration).
 */
#include "sha256.h"
#include "splitvisor.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

/* ---- blkif: the ring's layout for x86_64 (xen/include/public/io/blkif.h). ---- */

enum { BLKIF_OP_READ = 0, BLKIF_RSP_OKAY = 0, MAX_SEGMENTS = 11, SECTOR = 512, RING_SLOTS = 32 };
enum { SECTORS_PER_PAGE = PAGE_SIZE / SECTOR, REQUEST_SECTORS = MAX_SEGMENTS * SECTORS_PER_PAGE };

struct blkif_request {
    uint8_t operation, nr_segments;
    uint16_t handle;
    uint32_t pad;
    uint64_t id, sector_number;
    struct {
        uint32_t gref;
        uint8_t first_sect, last_sect;
        uint16_t pad;
    } seg[MAX_SEGMENTS];
};

struct blkif_response {
    uint64_t id;
    uint8_t operation, pad;
    int16_t status;
    uint32_t pad2;
};

union blkif_entry {
    struct blkif_request request;
    struct blkif_response response;
};

struct blkif_ring {
    uint32_t req_prod, req_event, rsp_prod, rsp_event;
    uint8_t pad[48];
    union blkif_entry entry[RING_SLOTS];
};

_Static_assert(sizeof(union blkif_entry) == 112 && sizeof(struct blkif_ring) <= PAGE_SIZE, "blkif");

/* Part of the disk on its way, or waiting for its turn to be hashed. */
struct transfer {
    uint32_t frame; /* of MAX_SEGMENTS frames, granted once and used again and again */
    uint32_t grefs[MAX_SEGMENTS];
    uint32_t sectors;
    bool done;
    int16_t status;
};

/* Frames for a disk's ring and data, kept for the next disk unless a back end did not let go of them. */
struct frames {
    uint32_t ring;
    uint32_t data[RING_SLOTS];
};

struct disk {
    char path[64];      /* device/vbd/N */
    char backend[256];  /* /local/domain/0/backend/vbd/D/N */
    uint32_t backend_domid;
    uint32_t port, ring_ref;
    struct blkif_ring *ring;
    uint32_t produced, consumed, notified;
    uint64_t sectors;
    struct transfer transfers[RING_SLOTS];
};

static struct frames idle_frames;

static uint64_t read_number(const char *folder, const char *node)
{
    char *text = xenstore_readf("%s/%s", folder, node);
    uint64_t value = text == NULL ? 0 : strtoull(text, NULL, 10);
    free(text);
    return value;
}

static void set_state(const struct disk *disk, int state)
{
    char path[80];
    strcpy(path, disk->path);
    strcat(path, "/state");
    xenstore_writef(path, "%d", state);
}

/* Waits until the back end is in this state or a later one. */
static bool await_backend(const struct disk *disk, int state)
{
    enum { LOOK_AGAIN_MILLIS = 1000, TRIES = 30 };
    for (int i = 0; i < TRIES; i++) {
        if (read_number(disk->backend, "state") >= (uint64_t)state)
            return true;
        xenstore_await_event(LOOK_AGAIN_MILLIS);
    }
    return false;
}

/* Finds a disk by its name (xvda) or number (51712); an empty name means the first one there is. */
static bool find_disk(struct disk *disk, const char *name)
{
    char *names = xenstore_directory("device/vbd");
    bool found = false;
    for (char *device = names; device != NULL && *device != 0 && !found; device += strlen(device) + 1) {
        memset(disk, 0, sizeof *disk);
        if (strlen(device) > 20)
            continue;
        strcpy(disk->path, "device/vbd/");
        strcat(disk->path, device);
        char *backend = xenstore_readf("%s/backend", disk->path);
        if (backend != NULL && strlen(backend) < sizeof disk->backend) {
            strcpy(disk->backend, backend);
            char *dev = xenstore_readf("%s/dev", disk->backend);
            found = name[0] == 0 || strcmp(name, device) == 0 || (dev != NULL && strcmp(name, dev) == 0);
            free(dev);
        }
        free(backend);
    }
    free(names);
    return found;
}

static bool connect_disk(struct disk *disk)
{
    disk->backend_domid = (uint32_t)read_number(disk->path, "backend-id");
    char path[288];
    strcpy(path, disk->backend);
    strcat(path, "/state");
    xenstore_watch(path, "backend");
    if (!await_backend(disk, XENBUS_INIT_WAIT))
        return false;

    if (idle_frames.ring == 0) {
        idle_frames.ring = frame_alloc(1);
        for (int i = 0; i < RING_SLOTS; i++)
            idle_frames.data[i] = frame_alloc(MAX_SEGMENTS);
    }
    disk->ring = frame_address(idle_frames.ring);
    memset(disk->ring, 0, PAGE_SIZE);
    disk->ring->req_event = disk->ring->rsp_event = 1;
    disk->ring_ref = grant_access(disk->backend_domid, idle_frames.ring, false);
    disk->port = event_alloc_unbound(disk->backend_domid);
    strcpy(path, disk->path);
    char *end = path + strlen(path);
    strcpy(end, "/ring-ref");
    xenstore_writef(path, "%u", disk->ring_ref);
    strcpy(end, "/event-channel");
    xenstore_writef(path, "%u", disk->port);
    strcpy(end, "/protocol");
    xenstore_write(path, "x86_64-abi");
    set_state(disk, XENBUS_INITIALISED);
    if (!await_backend(disk, XENBUS_CONNECTED) || read_number(disk->backend, "state") != XENBUS_CONNECTED)
        return false;
    disk->sectors = read_number(disk->backend, "sectors");
    set_state(disk, XENBUS_CONNECTED);

    for (int i = 0; i < RING_SLOTS; i++) {
        struct transfer *transfer = &disk->transfers[i];
        transfer->frame = idle_frames.data[i];
        for (uint32_t s = 0; s < MAX_SEGMENTS; s++)
            transfer->grefs[s] = grant_access(disk->backend_domid, transfer->frame + s, false);
    }
    return true;
}

/* Lets go in order: the back end unmaps everything before it says Closed. */
static void disconnect_disk(struct disk *disk)
{
    set_state(disk, XENBUS_CLOSING);
    await_backend(disk, XENBUS_CLOSING);
    set_state(disk, XENBUS_CLOSED);
    await_backend(disk, XENBUS_CLOSED);
    bool free = grant_end(disk->ring_ref);
    for (int i = 0; i < RING_SLOTS; i++)
        for (uint32_t s = 0; s < MAX_SEGMENTS; s++)
            free &= grant_end(disk->transfers[i].grefs[s]);
    event_close(disk->port);
    if (!free) {
        console_printf("guest: %s: the back end still has pages of this guest mapped\n", disk->path);
        memset(&idle_frames, 0, sizeof idle_frames);
    }
}

static void put_read(struct disk *disk, uint32_t slot, uint64_t sector, uint32_t sectors)
{
    struct transfer *transfer = &disk->transfers[slot];
    struct blkif_request *request = &disk->ring->entry[disk->produced % RING_SLOTS].request;
    memset(request, 0, sizeof *request);
    request->operation = BLKIF_OP_READ;
    request->nr_segments = (uint8_t)((sectors + SECTORS_PER_PAGE - 1) / SECTORS_PER_PAGE);
    request->id = slot;
    request->sector_number = sector;
    for (uint32_t s = 0; s < request->nr_segments; s++) {
        uint32_t left = sectors - s * SECTORS_PER_PAGE;
        request->seg[s].gref = transfer->grefs[s];
        request->seg[s].last_sect = (uint8_t)((left < SECTORS_PER_PAGE ? left : SECTORS_PER_PAGE) - 1);
    }
    transfer->sectors = sectors;
    transfer->done = false;
    disk->produced++;
}

static void push(struct disk *disk)
{
    uint32_t old = disk->notified;
    if (old == disk->produced)
        return;
    disk->notified = disk->produced;
    __atomic_store_n(&disk->ring->req_prod, disk->produced, __ATOMIC_RELEASE);
    __atomic_thread_fence(__ATOMIC_SEQ_CST);
    uint32_t event = __atomic_load_n(&disk->ring->req_event, __ATOMIC_RELAXED);
    if (disk->produced - event < disk->produced - old)
        event_send(disk->port);
}

static void take_responses(struct disk *disk)
{
    uint32_t available = __atomic_load_n(&disk->ring->rsp_prod, __ATOMIC_ACQUIRE);
    if (available - disk->consumed > disk->produced - disk->consumed)
        guest_panic("%s: more responses than requests", disk->path);
    for (; disk->consumed != available; disk->consumed++) {
        struct blkif_response response = disk->ring->entry[disk->consumed % RING_SLOTS].response;
        if (response.id >= RING_SLOTS || disk->transfers[response.id].done)
            guest_panic("%s: a response to no request", disk->path);
        disk->transfers[response.id].status = response.status;
        disk->transfers[response.id].done = true;
    }
}

static bool has_response(void *context)
{
    struct disk *disk = context;
    if (__atomic_load_n(&disk->ring->rsp_prod, __ATOMIC_ACQUIRE) != disk->consumed)
        return true;
    __atomic_store_n(&disk->ring->rsp_event, disk->consumed + 1, __ATOMIC_RELAXED);
    __atomic_thread_fence(__ATOMIC_SEQ_CST);
    return __atomic_load_n(&disk->ring->rsp_prod, __ATOMIC_ACQUIRE) != disk->consumed;
}

static double seconds(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static void progress(const char *name, uint64_t sector, uint64_t sectors, uint32_t *shown)
{
    uint32_t tenths = sectors == 0 ? 10 : (uint32_t)(sector * 10 / sectors);
    if (tenths > *shown) {
        *shown = tenths;
        console_printf("%s: %3u %%  %" PRIu64 " of %" PRIu64 " KiB\n", name, tenths * 10, sector / 2, sectors / 2);
    }
}

/* Reads the whole disk, many requests at a time, and hashes it in order; false if it cannot be read. */
static bool hash_disk(struct disk *disk, const char *name, char digits[65])
{
    struct sha256 hash;
    uint64_t asked = 0, hashed = 0;
    uint32_t put = 0, taken = 0, shown = 0, reason;
    sha256_init(&hash);
    while (hashed < disk->sectors && !shutdown_wanted(&reason)) {
        for (; asked < disk->sectors && put - taken < RING_SLOTS; put++) {
            uint64_t left = disk->sectors - asked;
            uint32_t count = left < REQUEST_SECTORS ? (uint32_t)left : REQUEST_SECTORS;
            put_read(disk, put % RING_SLOTS, asked, count);
            asked += count;
        }
        push(disk);
        wait_until(has_response, disk, -1);
        take_responses(disk);
        struct transfer *next = &disk->transfers[taken % RING_SLOTS];
        for (; taken != put && next->done; next = &disk->transfers[++taken % RING_SLOTS]) {
            if (next->status != BLKIF_RSP_OKAY) {
                console_printf("%s: read error %d at sector %" PRIu64 "\n", name, next->status, hashed);
                return false;
            }
            sha256_update(&hash, frame_address(next->frame), (size_t)next->sectors * SECTOR);
            hashed += next->sectors;
        }
        progress(name, hashed, disk->sectors, &shown);
    }
    sha256_finish(&hash, digits);
    return hashed == disk->sectors;
}

static bool check_disk(const char *name)
{
    static struct disk disk;
    if (!find_disk(&disk, name)) {
        console_printf("%s: there is no such disk\n", name);
        return false;
    }
    if (!connect_disk(&disk)) {
        console_printf("%s: the back end did not connect\n", name);
        return false;
    }
    console_printf("%s: %" PRIu64 " sectors of %d bytes\n", name, disk.sectors, SECTOR);
    char digits[65];
    double start = seconds();
    bool good = hash_disk(&disk, name, digits);
    double took = seconds() - start;
    if (good) {
        double mebibytes = (double)disk.sectors * SECTOR / (1 << 20);
        console_printf("%s: %.1f MiB in %.2f s, %.0f MiB/s\n", name, mebibytes, took, mebibytes / took);
        console_printf("sha256 %s  %s\n", digits, name);
    }
    disconnect_disk(&disk);
    return good;
}

/* ---- Commands. ---- */

static void print_version(void)
{
    int64_t version = hypercall(XEN_VERSION_OP, 0, NULL, 0, NULL);
    console_printf("domain %u, %u pages, Xen %d.%d\n", guest_domid(), guest_ram_pages(), (int)(version >> 16),
        (int)(version & 0xffff));
}

static void print_node(const char *path)
{
    char *value = xenstore_read(path);
    if (value == NULL)
        console_printf("%s: no such node\n", path);
    else
        console_printf("%s = \"%s\"\n", path, value);
    free(value);
}

/* How far the clock is from the host's, and how late a timer comes. */
static void print_time(void)
{
    struct timespec now;
    uint64_t before = system_time();
    clock_gettime(CLOCK_MONOTONIC, &now);
    uint64_t host = (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
    uint64_t after = system_time();
    int64_t error = host < before ? (int64_t)(before - host) : host > after ? (int64_t)(host - after) : 0;
    console_printf("system time %llu.%03llu s, off by %lld ns\n", (unsigned long long)(after / 1000000000u),
        (unsigned long long)(after / 1000000u % 1000u), (long long)error);
    int64_t bound = timer_bind();
    if (bound < 0 && bound != -EEXIST) {
        console_printf("no timer\n");
        return;
    }
    uint64_t until = system_time() + 20000000u;
    timer_sleep(until);
    console_printf("timer late by %llu ns\n", (unsigned long long)(system_time() - until));
}

static uint32_t read_commands(void)
{
    char line[128];
    uint32_t reason = SHUTDOWN_POWEROFF;
    console_printf("ready; \"help\" names the commands\n");
    while (console_read_line(line, sizeof line)) {
        if (strcmp(line, "help") == 0)
            console_printf("info | time | xs PATH | sum DISK | poweroff | reboot\n");
        else if (strcmp(line, "info") == 0)
            print_version();
        else if (strcmp(line, "time") == 0)
            print_time();
        else if (strncmp(line, "xs ", 3) == 0)
            print_node(line + 3);
        else if (strncmp(line, "sum ", 4) == 0)
            check_disk(line + 4);
        else if (strcmp(line, "poweroff") == 0)
            return SHUTDOWN_POWEROFF;
        else if (strcmp(line, "reboot") == 0)
            return SHUTDOWN_REBOOT;
        else if (line[0] != 0)
            console_printf("%s: unknown command\n", line);
    }
    shutdown_wanted(&reason);
    return reason;
}

int main(int argc, char **argv)
{
    guest_attach();
    char *name = xenstore_read("name");
    console_printf("C guest in domain %u (%s)\n", guest_domid(), name == NULL ? "?" : name);
    free(name);

    int checked = 0;
    bool good = true;
    for (int i = 1; i < argc; i++, checked++)
        good &= check_disk(argv[i]);
    if (checked == 0) {
        char words[1024];
        strcpy(words, guest_command_line());
        for (char *word = strtok(words, " "); word != NULL; word = strtok(NULL, " "), checked++)
            good &= check_disk(word);
    }
    uint32_t reason = SHUTDOWN_POWEROFF;
    if (checked == 0)
        reason = read_commands();
    else if (good)
        shutdown_wanted(&reason);
    if (reason == UINT32_MAX)
        reason = SHUTDOWN_POWEROFF;
    guest_shutdown(good ? reason : SHUTDOWN_CRASH);
}
