// SPDX-License-Identifier: Apache-2.0
/**
 * A board without firmware: memory, processors with their local interrupt controllers, a serial port, and the devices that
 * test kernels expect. It boots Multiboot kernels.
 */
package io.splitvisor.x86.board;
