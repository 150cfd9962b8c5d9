// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.dom0.console;

import io.splitvisor.host.EventFd;
import io.splitvisor.host.HostException;
import io.splitvisor.host.Poller;
import io.splitvisor.host.PseudoTerminal;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;

/** The terminals of all consoles, and the one thread that reads what is typed at them. */
public final class ConsoleTerminals implements AutoCloseable {
    private static final int STOP = -1;

    private final Poller poller = new Poller();
    private final EventFd stop = EventFd.create();
    private final Map<Integer, ConsoleTerminal> byDescriptor = new ConcurrentHashMap<>();
    private final Thread reader;
    private volatile boolean closed;

    /** Begins to wait. */
    public ConsoleTerminals() {
        poller.add(stop.fd(), STOP);
        reader = Thread.ofPlatform().daemon(true).name("terminals").start(this::run);
    }

    /**
     * Makes a terminal for a console, to be closed with it.
     *
     * @throws HostException if the host has none to give
     */
    public ConsoleTerminal open(ConsoleDevice console) {
        PseudoTerminal host = new PseudoTerminal();
        try {
            poller.add(host.fd(), host.fd());
        } catch (HostException e) {
            host.close();
            throw e;
        }
        ConsoleTerminal terminal = new ConsoleTerminal(this, console, host);
        // What is typed before this waits: the poller tells of it until it is taken.
        byDescriptor.put(host.fd(), terminal);
        // What the guest printed before is in the history; a terminal shows what comes when it is there.
        console.listen(terminal);
        return terminal;
    }

    void forget(ConsoleTerminal terminal) {
        poller.remove(terminal.fd());
        byDescriptor.remove(terminal.fd());
    }

    private void run() {
        while (!closed) {
            int ready = poller.await(-1);
            for (int i = 0; i < ready; i++) {
                ConsoleTerminal terminal = byDescriptor.get(poller.token(i));
                if (terminal != null) {
                    terminal.readable();
                }
            }
        }
    }

    /** Ends the thread; all terminals are closed before. */
    @Override
    public void close() {
        closed = true;
        stop.signal();
        boolean interrupted = false;
        while (reader.isAlive()) {
            try {
                reader.join();
            } catch (InterruptedException _) {
                interrupted = true;
            }
        }
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
        poller.close();
        stop.close();
    }
}
