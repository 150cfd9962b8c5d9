// SPDX-License-Identifier: Apache-2.0
/**
 * The block front end. {@link io.splitvisor.domu.block.BlockDevice} is a disk; {@link io.splitvisor.domu.block.BlockIo} a
 * request with its buffer, for those who want many in flight.
 */
package io.splitvisor.domu.block;
