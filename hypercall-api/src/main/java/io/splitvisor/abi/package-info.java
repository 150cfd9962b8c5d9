// SPDX-License-Identifier: Apache-2.0
/**
 * Xen's public ABI for x86_64, byte for byte: hypercall numbers, errors, and the structures of xen.h, sched.h, vcpu.h,
 * memory.h, version.h and hvm/. Sub-packages hold event channels, grants and the I/O interfaces.
 *
 * <p>A structure is a class of static accessors over a {@link java.lang.foreign.MemorySegment} and the offset at which
 * the structure starts: {@code EvtchnSend.port(memory, at)} reads, {@code EvtchnSend.port(memory, at, port)} writes.
 * {@code SIZE} is an {@code int}; a field's offset is a {@code long} named as in C. Plain accessors take any alignment
 * and any bytes; those with a memory order in their name ({@code Acquire}, {@code Release}, {@code Volatile}) need the
 * structure's natural alignment. All values are little-endian, as the machine is. Unsigned C types of 8 and 16 bits
 * widen into an {@code int}; 32 and 64 bits keep their bits, and callers compare them unsigned.
 */
package io.splitvisor.abi;
