// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.x86.board;

import java.util.ArrayList;
import java.util.List;
import java.util.function.IntSupplier;

/** Ports, or physical addresses without memory. Where nothing is attached, loads read ones and stores are lost. */
final class Bus {
    private record Attached(long base, long length, Device device) {
        boolean holds(long at) {
            return at >= base && at - base < length;
        }
    }

    private final List<Attached> devices = new ArrayList<>();

    void attach(long base, long length, Device device) {
        devices.add(new Attached(base, length, device));
    }

    /** Does something under the devices' lock. */
    synchronized int ask(IntSupplier question) {
        return question.getAsInt();
    }

    synchronized long read(long at, int size) {
        for (Attached a : devices) {
            if (a.holds(at)) {
                return a.device.read((int) (at - a.base), size);
            }
        }
        return -1;
    }

    synchronized void write(long at, int size, long value) {
        for (Attached a : devices) {
            if (a.holds(at)) {
                a.device.write((int) (at - a.base), size, value);
                return;
            }
        }
    }
}
