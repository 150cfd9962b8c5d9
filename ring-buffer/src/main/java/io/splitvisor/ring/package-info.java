// SPDX-License-Identifier: Apache-2.0
/** Rings in shared memory with exactly the meaning of Xen's public headers (io/ring.h, io/console.h, io/xs_wire.h). */
package io.splitvisor.ring;
