// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.dom0.console;

import io.splitvisor.host.HostException;
import io.splitvisor.host.PseudoTerminal;
import java.util.Arrays;

/**
 * A console's terminal on the host, for programs that want one (minicom, screen, cat): shows what the guest writes, and types
 * what is written to it. Whoever has it open and does not read loses what finds no room in the kernel's buffer (row C6); the
 * console's own history has it all.
 */
public final class ConsoleTerminal implements ConsoleDevice.Listener, AutoCloseable {
    private final ConsoleTerminals terminals;
    private final ConsoleDevice console;
    private final PseudoTerminal terminal;
    private final byte[] typed = new byte[ConsoleDevice.INPUT_BYTES];

    // Guarded by this: the loop writes, the terminals' thread reads.
    private long dropped;
    private boolean closed;

    ConsoleTerminal(ConsoleTerminals terminals, ConsoleDevice console, PseudoTerminal terminal) {
        this.terminals = terminals;
        this.console = console;
        this.terminal = terminal;
    }

    /** The device that is to be opened: {@code tty} in xenstore. */
    public String path() {
        return terminal.path();
    }

    /** Bytes that nobody read in time. */
    public synchronized long dropped() {
        return dropped;
    }

    int fd() {
        return terminal.fd();
    }

    @Override
    public synchronized void output(byte[] bytes) {
        if (!closed) {
            dropped += bytes.length - write(bytes);
        }
    }

    private int write(byte[] bytes) {
        try {
            return terminal.write(bytes, 0, bytes.length);
        } catch (HostException e) {
            // A terminal that is broken shows nothing; the guest goes on.
            return 0;
        }
    }

    /** The terminals' thread: something was typed. A terminal that cannot be read is given up; the thread serves the others. */
    void readable() {
        try {
            byte[] bytes = take();
            if (bytes.length > 0) {
                console.type(bytes);
            }
        } catch (HostException e) {
            close();
        }
    }

    private synchronized byte[] take() {
        return closed ? new byte[0] : Arrays.copyOf(typed, terminal.read(typed, 0, typed.length));
    }

    /** Takes the terminal away: whoever has it open finds its end. Idempotent. */
    @Override
    public void close() {
        console.unlisten(this);
        synchronized (this) {
            if (!closed) {
                closed = true;
                terminals.forget(this);
                terminal.close();
            }
        }
    }
}
