// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.x86.board;

import io.splitvisor.vcpu.Interrupts;

/** Two 8259 interrupt controllers in a row, edge-triggered, as a PC's firmware leaves them: vectors 8 and 0x70. */
final class Pic {
    static final int PRIMARY = 0x20;
    static final int SECONDARY = 0xa0;
    static final int PORTS = 2;

    private static final int CASCADE = 2;

    /** One of the two. */
    private static final class Chip implements Device {
        private int base;
        private int requested;
        private int inService;
        private int mask;
        /** Words of the initialization sequence that are still to come, starting with the base vector. */
        private int expected;

        private int word;
        private boolean readsInService;

        Chip(int base) {
            this.base = base;
        }

        int highest() {
            int candidates = requested & ~mask;
            int line = Integer.numberOfTrailingZeros(candidates);
            return candidates != 0 && line < Integer.numberOfTrailingZeros(inService) ? line : -1;
        }

        int take(int line) {
            requested &= ~(1 << line);
            inService |= 1 << line;
            return base + line;
        }

        @Override
        public long read(int at, int size) {
            return at == 1 ? mask : readsInService ? inService : requested;
        }

        @Override
        public void write(int at, int size, long value) {
            int v = (int) value & 0xff;
            if (at == 0) {
                command(v);
            } else if (word < expected) {
                if (word++ == 0) {
                    base = v & 0xf8;
                }
            } else {
                mask = v;
            }
        }

        private void command(int v) {
            if ((v & 0x10) != 0) {
                expected = (v & 1) != 0 ? 3 : 2;
                word = 0;
                mask = 0;
                requested = 0;
                inService = 0;
            } else if ((v & 8) != 0) {
                readsInService = (v & 3) == 3;
            } else if ((v & 0x60) == 0x60) {
                inService &= ~(1 << (v & 7));
            } else if ((v & 0x20) != 0) {
                inService &= inService - 1;
            }
        }
    }

    private final Chip primary = new Chip(8);
    private final Chip secondary = new Chip(0x70);
    private final Runnable wakeUp;
    private int levels;

    /**
     * @param ports where it is attached, whose lock is its own, too
     * @param wakeUp called when something can be acknowledged
     */
    Pic(Bus ports, Runnable wakeUp) {
        this.wakeUp = wakeUp;
        ports.attach(PRIMARY, PORTS, primary);
        ports.attach(SECONDARY, PORTS, secondary);
    }

    /** An interrupt line changes its level. */
    void line(int number, boolean high) {
        boolean rises = high && (levels & 1 << number) == 0;
        levels = high ? levels | 1 << number : levels & ~(1 << number);
        if (!rises) {
            return;
        }
        if (number < 8) {
            primary.requested |= 1 << number;
        } else {
            secondary.requested |= 1 << number - 8;
        }
        wakeUp.run();
    }

    /** Accepts the interrupt of highest priority. */
    int acknowledge() {
        int inner = secondary.highest();
        primary.requested = inner >= 0 ? primary.requested | 1 << CASCADE : primary.requested & ~(1 << CASCADE);
        int line = primary.highest();
        if (line < 0) {
            return Interrupts.NONE;
        }
        int vector = primary.take(line);
        return line == CASCADE ? secondary.take(inner) : vector;
    }
}
