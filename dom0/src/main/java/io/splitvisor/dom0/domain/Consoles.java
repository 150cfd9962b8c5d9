// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.dom0.domain;

import io.splitvisor.dom0.console.ConsoleDevice;
import io.splitvisor.dom0.console.ConsoleTerminal;
import io.splitvisor.dom0.console.ConsoleTerminals;
import io.splitvisor.dom0.toolstack.ToolstackException;
import io.splitvisor.dom0.toolstack.ToolstackException.Kind;
import io.splitvisor.host.HostException;
import java.util.ArrayList;
import java.util.List;
import java.util.SortedMap;
import java.util.TreeMap;

/** A domain's consoles that people attach to, their terminals on the host, and who is attached. Thread-safe. */
final class Consoles {
    private final ConsoleTerminals terminals;
    private final SortedMap<Integer, ConsoleDevice> devices = new TreeMap<>();
    private final List<ConsoleReader> readers = new ArrayList<>();
    private final List<ConsoleTerminal> open = new ArrayList<>();
    private boolean ended;

    /**
     * A domain's consoles.
     *
     * @param first number 0, which every domain has
     * @param terminals where terminals come from
     */
    Consoles(ConsoleDevice first, ConsoleTerminals terminals) {
        this.terminals = terminals;
        devices.put(0, first);
    }

    synchronized void add(int number, ConsoleDevice device) {
        devices.put(number, device);
    }

    /**
     * Gives each console its terminal on the host.
     *
     * @return what is to be opened, by the console's number
     * @throws HostException if the host has no more to give; what consoles have got stays theirs
     */
    synchronized SortedMap<Integer, String> openTerminals() {
        SortedMap<Integer, String> paths = new TreeMap<>();
        devices.forEach((number, device) -> {
            ConsoleTerminal terminal = terminals.open(device);
            open.add(terminal);
            paths.put(number, terminal.path());
        });
        return paths;
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
        open.forEach(ConsoleTerminal::close);
        open.clear();
    }
}
