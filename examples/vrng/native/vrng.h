/* SPDX-License-Identifier: Apache-2.0 */
/* The ring protocol of vrng version 1. Made from its declaration; do not edit. */
#ifndef SPLITVISOR_VRNG_H
#define SPLITVISOR_VRNG_H

#include <stddef.h>
#include <stdint.h>

#ifndef __XEN_PUBLIC_GRANT_TABLE_H__
typedef uint32_t grant_ref_t;
#endif

#define VRNG_TYPE "vrng"
#define VRNG_VERSION 1
#define VRNG_MAX_QUEUES 1
#define VRNG_MAX_RING_PAGE_ORDER 0
#define VRNG_RSP_OKAY 0
#define VRNG_RSP_ERROR (-5)
#define VRNG_RSP_UNSUPPORTED (-95)
#define VRNG_MIN_LENGTH 1
#define VRNG_MAX_LENGTH 4096

struct vrng_request {
    uint64_t id;                      /* 0: front end: echoed in the response */
    grant_ref_t page;                    /* 8: front end: where the bytes go */
    uint32_t length;                  /* 12: front end: bytes wanted, from the start of the page */
};

struct vrng_response {
    uint64_t id;                      /* 0: back end: from the request */
    int32_t status;                  /* 8: back end: 0, or a negative errno */
    uint8_t _reserved12[4];          /* 12: 0 */
};

union vrng_slot {
    struct vrng_request vrng_request;
    struct vrng_response vrng_response;
};

_Static_assert(sizeof(struct vrng_request) == 16, "vrng_request");
_Static_assert(offsetof(struct vrng_request, id) == 0, "id");
_Static_assert(offsetof(struct vrng_request, page) == 8, "page");
_Static_assert(offsetof(struct vrng_request, length) == 12, "length");
_Static_assert(sizeof(struct vrng_response) == 16, "vrng_response");
_Static_assert(offsetof(struct vrng_response, id) == 0, "id");
_Static_assert(offsetof(struct vrng_response, status) == 8, "status");

#endif /* SPLITVISOR_VRNG_H */
