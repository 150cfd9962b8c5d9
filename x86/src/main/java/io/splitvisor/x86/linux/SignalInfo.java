// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.x86.linux;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/**
 * A signal that was sent: what of siginfo_t programs look at.
 *
 * @param code SI_USER, SI_KERNEL or why a fault happened
 * @param value the address of a fault; else the sender, and the status in the upper half
 */
record SignalInfo(int signal, int code, long value) {
    static final int BYTES = 128;
    static final int SI_USER = 0;
    static final int SI_KERNEL = 0x80;
    static final int SI_TKILL = -6;

    byte[] bytes() {
        ByteBuffer b = ByteBuffer.allocate(BYTES).order(ByteOrder.LITTLE_ENDIAN);
        b.putInt(0, signal).putInt(8, code).putLong(16, value);
        return b.array();
    }
}
