// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.vcpu.gdb;

import io.splitvisor.vcpu.Exit;
import io.splitvisor.vcpu.Vcpu;
import java.io.IOException;
import java.nio.file.Path;
import java.util.function.Supplier;

/**
 * A processor under a debugger. Its host calls {@link #run} where it would call the processor's own: what comes back is
 * what the host has to answer; breakpoints, steps and interruptions stay between processor and debugger.
 *
 * <p>One thread uses a session, the one that runs the processor.
 */
public final class GdbSession implements AutoCloseable {
    private static final int SIGINT = 2;
    private static final int SIGTRAP = 5;
    private static final int SIGKILL = 9;

    private final Supplier<Vcpu> current;
    private final boolean userOnly;
    private final GdbConnection connection;
    private final GdbCommands commands;

    private volatile boolean interrupted;
    private boolean stopped = true;
    private boolean stepping;
    private boolean stepDone;
    private String reason = signal(SIGTRAP);

    /**
     * Listens on a Unix socket, which must not exist yet.
     *
     * @param current the processor; may be another one each time
     * @param userOnly whether the debugger sees ring 3 alone
     * @param auxiliary the program's auxiliary vector, by which gdb finds where it was loaded; may be empty
     * @param interrupt called when the debugger wants to interrupt, besides stopping the processor
     * @throws IOException if the socket cannot be made
     */
    public GdbSession(Path socket, Supplier<Vcpu> current, boolean userOnly, byte[] auxiliary, Runnable interrupt)
            throws IOException {
        this.current = current;
        this.userOnly = userOnly;
        this.connection = new GdbConnection(socket, () -> {
            interrupted = true;
            current.get().stop();
            interrupt.run();
        });
        this.commands = new GdbCommands(connection, auxiliary);
    }

    /** Waits for the debugger. */
    public void accept() throws IOException {
        connection.accept();
    }

    /** Runs until the host is needed; stands still as long as the debugger wants. */
    public Exit run(long budget) {
        Vcpu vcpu = current.get();
        while (true) {
            if (stepDone) {
                stop(signal(SIGTRAP));
            }
            if (interrupted && connection.isOpen()) {
                stop(signal(SIGINT));
            }
            if (stopped) {
                serve(vcpu);
            }
            Exit exit = stepping ? vcpu.step() : vcpu.run(budget);
            switch (exit) {
                case Exit.Breakpoint _ -> stop(signal(SIGTRAP) + "swbreak:;");
                case Exit.Watchpoint w ->
                    stop(signal(SIGTRAP) + (w.write() ? "watch:" : "rwatch:") + Long.toHexString(w.linear()) + ";");
                case Exit.Budget _
                when stepping && !(userOnly && vcpu.registers().cpl() == 0) -> stop(signal(SIGTRAP));
                case Exit.Budget _
                when stepping -> {
                    stepDone = true;
                    return vcpu.run(budget);
                }
                case Exit.Stopped _ when interrupted -> {
                    // The next turn tells why.
                }
                default -> {
                    stepDone = stepping;
                    return exit;
                }
            }
        }
    }

    /** The guest is about to end by a signal: the debugger may look first. */
    public void fatal(int signal) {
        stop(signal(signal));
        serve(current.get());
    }

    /** The guest has ended: an exit code, or else a signal. */
    public void ended(int code, int signal) {
        connection.send(signal != 0 ? "X%02x".formatted(signal) : "W%02x".formatted(code));
    }

    private void stop(String why) {
        stopped = true;
        stepDone = false;
        stepping = false;
        interrupted = false;
        reason = why;
        if (commands.announces()) {
            connection.send(why);
        }
    }

    private void serve(Vcpu vcpu) {
        GdbCommands.Next next = connection.isOpen() ? commands.serve(vcpu, reason) : GdbCommands.Next.DETACH;
        stepping = next == GdbCommands.Next.STEP;
        stopped = false;
        if (next == GdbCommands.Next.DETACH) {
            commands.forgetBreakpoints();
        }
        if (next == GdbCommands.Next.KILL) {
            throw new Killed();
        }
    }

    private static String signal(int number) {
        return "T%02x".formatted(number);
    }

    /** The debugger has killed the guest. */
    public static final class Killed extends RuntimeException {
        private static final long serialVersionUID = 1;

        /** The signal that it counts as. */
        public static final int SIGNAL = SIGKILL;

        Killed() {
            super("killed by the debugger");
        }
    }

    @Override
    public void close() throws IOException {
        connection.close();
    }
}
