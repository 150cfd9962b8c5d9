// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.dom0.domain;

import io.splitvisor.dom0.console.ConsoleDevice;
import io.splitvisor.dom0.toolstack.ToolstackException;
import io.splitvisor.dom0.toolstack.ToolstackException.Kind;
import java.util.ArrayList;
import java.util.List;
import java.util.SortedMap;
import java.util.TreeMap;

/** A domain's consoles that people attach to, and who is attached. Thread-safe. */
final class Consoles {
    private final SortedMap<Integer, ConsoleDevice> devices = new TreeMap<>();
    private final List<ConsoleReader> readers = new ArrayList<>();
    private boolean ended;

    /** @param first number 0, which every domain has */
    Consoles(ConsoleDevice first) {
        devices.put(0, first);
    }

    synchronized void add(int number, ConsoleDevice device) {
        devices.put(number, device);
    }

    /** Attaches to one; what the domain has printed so far comes first. */
    synchronized ConsoleReader open(int number) {
        ConsoleDevice device = devices.get(number);
        if (device == null) {
            throw new ToolstackException(
                    Kind.NO_SUCH_DEVICE,
                    "Unable to attach console: there is no console " + number + ", only " + devices.keySet());
        }
        readers.removeIf(ConsoleReader::hasEnded);
        ConsoleReader reader = new ConsoleReader(device);
        readers.add(reader);
        if (ended) {
            reader.end();
        }
        return reader;
    }

    /** The domain is gone; what is buffered can still be read. */
    synchronized void end() {
        ended = true;
        readers.forEach(ConsoleReader::end);
    }
}
