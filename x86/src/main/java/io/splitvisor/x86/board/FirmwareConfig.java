// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.x86.board;

import java.util.Map;

/** QEMU's firmware configuration device, as far as test kernels ask it: numbers, byte by byte. */
final class FirmwareConfig implements Device {
    static final int BASE = 0x510;
    static final int PORTS = 2;

    private static final int SELECTOR = 0;
    private static final int SIGNATURE = 0;
    private static final int RAM_SIZE = 3;
    private static final int PROCESSORS = 5;
    private static final int MOST_PROCESSORS = 15;
    private static final long QEMU = 0x554d4551;

    private final Map<Integer, Long> numbers;
    private int selected;
    private int position;

    FirmwareConfig(long memory, int processors) {
        this.numbers = Map.of(
                SIGNATURE, QEMU, RAM_SIZE, memory, PROCESSORS, (long) processors, MOST_PROCESSORS, (long) processors);
    }

    @Override
    public long read(int at, int size) {
        if (at == SELECTOR || position >= Long.BYTES) {
            return 0;
        }
        return numbers.getOrDefault(selected, 0L) >>> 8 * position++ & 0xff;
    }

    @Override
    public void write(int at, int size, long value) {
        if (at == SELECTOR) {
            selected = (int) value & 0xffff;
            position = 0;
        }
    }
}
