// SPDX-License-Identifier: Apache-2.0
/**
 * The xenstore protocol (io/xs_wire.h, docs/misc/xenstore.txt in Xen's sources): messages, and a client over a Unix
 * socket or a domain's shared ring. Guests load this at start, so it is light: no regular expressions, no streams, no
 * threads before the first watch with a handler.
 */
package io.splitvisor.xenstore;
