// SPDX-License-Identifier: Apache-2.0
/** Hypercalls: the ring they come through, the table of what there is, and the operations themselves. */
package io.splitvisor.monitor.hypercall;
