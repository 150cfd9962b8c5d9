// SPDX-License-Identifier: Apache-2.0
/** A guest's side of the hypercall ring: typed calls, batches, and waiting for results. */
package io.splitvisor.hypercall;
