/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A guest in C: what docs/attach-protocol.md says, and no more. One thread, one vCPU. Everything that waits sleeps on the
 * guest's bell, and ends the process when Dom0 ends the attach socket.
 */
#ifndef SPLITVISOR_H
#define SPLITVISOR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define PAGE_SIZE 4096u

/* Xen's numbers: hypercalls, their commands, errors, states. */
enum { SET_TIMER_OP = 15, XEN_VERSION_OP = 17, GRANT_TABLE_OP = 20, SCHED_OP = 29, EVENT_CHANNEL_OP = 32 };
enum { EVTCHNOP_BIND_VIRQ = 1, EVTCHNOP_CLOSE = 3, EVTCHNOP_SEND = 4, EVTCHNOP_ALLOC_UNBOUND = 6 };
enum { SCHEDOP_SHUTDOWN = 2 };
enum { SHUTDOWN_POWEROFF = 0, SHUTDOWN_REBOOT = 1, SHUTDOWN_CRASH = 3 };
enum {
    XENBUS_UNKNOWN,
    XENBUS_INITIALISING,
    XENBUS_INIT_WAIT,
    XENBUS_INITIALISED,
    XENBUS_CONNECTED,
    XENBUS_CLOSING,
    XENBUS_CLOSED
};

/* Attaches as the environment says, or ends the process with a message. */
void guest_attach(void);
uint32_t guest_domid(void);
uint32_t guest_ram_pages(void);
/* Kernel command line: `extra` of the configuration. */
const char *guest_command_line(void);
/* Tells the monitor why, and ends the process. */
_Noreturn void guest_shutdown(uint32_t reason);
/* Prints a message on the console and shuts down as crashed. */
_Noreturn void guest_panic(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* Frames of RAM, zeroed, never given back. */
uint32_t frame_alloc(uint32_t count);
void *frame_address(uint32_t frame);

/* Makes a hypercall and waits for its result: negative is a Xen error. */
int64_t hypercall(uint64_t op, uint64_t command, const void *argument, size_t bytes, void *answer);

/* Event channels. */
uint32_t event_alloc_unbound(uint32_t remote_domid);
void event_send(uint32_t port); /* does not wait for the result */
void event_close(uint32_t port);

/*
 * System time, in nanoseconds since the host booted, read without a hypercall: from vcpu_time_info and the processor's
 * counter, or, where there is none, from CLOCK_MONOTONIC, which is the same.
 */
uint64_t system_time(void);
/* Binds the timer's interrupt: a set_timer_op wakes this vCPU from now on. Negative is a Xen error. */
int64_t timer_bind(void);
/* Sleeps until a system time; timer_bind() comes first. */
void timer_sleep(uint64_t until);

/* Sleeps until ready() is true; false if that takes longer than so many milliseconds (negative: for ever). */
bool wait_until(bool (*ready)(void *), void *context, int millis);

/* Grants a frame and answers the reference. */
uint32_t grant_access(uint32_t domid, uint32_t frame, bool read_only);
/* Takes a grant back, and the reference; false, changing nothing, if the other domain still uses it. */
bool grant_end(uint32_t ref);

/* Console. */
void console_write(const char *text, size_t length);
void console_printf(const char *format, ...) __attribute__((format(printf, 1, 2)));
/* A line without its end, from what the user types; false when the toolstack wants a shutdown instead. */
bool console_read_line(char *line, size_t size);

/* xenstore: relative paths start at the domain's home. Strings answered are the caller's to free; NULL where there is
 * no such node. */
char *xenstore_read(const char *path);
char *xenstore_readf(const char *format, ...) __attribute__((format(printf, 1, 2)));
bool xenstore_write(const char *path, const char *value);
bool xenstore_writef(const char *path, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* Names of children, each ending in NUL, the last one followed by another NUL. */
char *xenstore_directory(const char *path);
bool xenstore_watch(const char *path, const char *token);
/* Waits for a watch event that has come since the last call, at most so long. */
bool xenstore_await_event(int millis);

/* Whether the toolstack wants the domain to end; the reason then. */
bool shutdown_wanted(uint32_t *reason);

#endif
