// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.x86.board;

/** A device that keeps what was stored: memory that is reached like a device. */
final class Storage implements Device {
    private final byte[] bytes;

    Storage(int size) {
        this.bytes = new byte[size];
    }

    @Override
    public long read(int at, int size) {
        long value = 0;
        for (int n = Math.min(size, bytes.length - at) - 1; n >= 0; n--) {
            value = value << 8 | bytes[at + n] & 0xff;
        }
        return value;
    }

    @Override
    public void write(int at, int size, long value) {
        for (int n = 0; n < Math.min(size, bytes.length - at); n++) {
            bytes[at + n] = (byte) (value >>> 8 * n);
        }
    }
}
