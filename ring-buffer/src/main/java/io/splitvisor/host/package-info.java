// SPDX-License-Identifier: Apache-2.0
/**
 * The door to the operating system: shared memory, event descriptors, files, sockets that carry descriptors. All native
 * calls of the project are made in this package; everybody else sees plain Java types and {@link
 * io.splitvisor.host.HostException}.
 */
package io.splitvisor.host;
