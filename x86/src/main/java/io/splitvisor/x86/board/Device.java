// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.x86.board;

/** Something on a {@link Bus}. Addresses count from where it is attached. Called under the bus's lock. */
interface Device {
    /** What {@code size} bytes read as; bytes above are ignored. */
    long read(int at, int size);

    /** Takes {@code size} bytes. */
    void write(int at, int size, long value);
}
