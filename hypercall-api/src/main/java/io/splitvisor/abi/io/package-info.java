// SPDX-License-Identifier: Apache-2.0
/**
 * Interfaces between front ends and back ends (xen/include/public/io/): xenbus states, the xenstore wire protocol,
 * console and xenstore rings, and the block protocol.
 */
package io.splitvisor.abi.io;
