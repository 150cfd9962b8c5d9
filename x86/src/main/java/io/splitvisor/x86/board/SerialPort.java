// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.x86.board;

import java.io.PrintStream;

/** A 16550 that is always ready to send, and never receives. */
final class SerialPort implements Device {
    static final int BASE = 0x3f8;
    static final int PORTS = 8;

    private static final int DATA = 0;
    private static final int IDENTIFICATION = 2;
    private static final int LINE_CONTROL = 3;
    private static final int LINE_STATUS = 5;
    private static final int MODEM_STATUS = 6;
    private static final int DIVISOR_LATCH = 0x80;
    private static final int NO_INTERRUPT = 1;
    /** Sender empty, and its shift register too. */
    private static final int READY = 0x60;
    /** Carrier, ready, clear to send. */
    private static final int CONNECTED = 0xb0;

    private final PrintStream out;
    private final byte[] registers = new byte[PORTS];

    SerialPort(PrintStream out) {
        this.out = out;
    }

    @Override
    public long read(int at, int size) {
        return switch (at) {
            case DATA -> 0;
            case IDENTIFICATION -> NO_INTERRUPT;
            case LINE_STATUS -> READY;
            case MODEM_STATUS -> CONNECTED;
            default -> registers[at] & 0xff;
        };
    }

    @Override
    public void write(int at, int size, long value) {
        boolean latch = (registers[LINE_CONTROL] & DIVISOR_LATCH) != 0;
        if (at == DATA && !latch) {
            out.write((int) value);
            if ((byte) value == '\n') {
                out.flush();
            }
        } else if (at != DATA) {
            registers[at] = (byte) value;
        }
    }
}
