// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.vcpu.gdb;

import io.splitvisor.vcpu.Exit;
import io.splitvisor.vcpu.Vcpu;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Map;
import java.util.concurrent.ConcurrentSkipListMap;

/**
 * Processors under a debugger, which sees each as a thread. Their hosts call {@link #run} where they would call the processor's
 * own: what comes back is what the host has to answer; breakpoints, steps and interruptions stay between processors and debugger.
 *
 * <p>When one stops, all do: the thread that ran it serves the debugger while the others wait before their next instruction, or
 * work on what their processors have left with.
 */
public final class GdbSession implements AutoCloseable {
    private static final int SIGINT = 2;
    private static final int SIGTRAP = 5;
    private static final int SIGKILL = 9;

    private final boolean userOnly;
    private final GdbConnection connection;
    private final GdbCommands commands;
    /** Changed under the session's lock; looked at by the thread that reads from the debugger, which must not wait for it. */
    private final Map<Integer, GdbThread> threads = new ConcurrentSkipListMap<>();

    private volatile boolean interrupted;
    /** Nobody runs: the debugger has the word, or waits for the first thread. */
    private boolean stopped = true;

    private GdbThread serving;
    private int running;
    private boolean killed;

    /**
     * Listens on a Unix socket, which must not exist yet.
     *
     * @param userOnly whether the debugger sees ring 3 alone
     * @param auxiliary the program's auxiliary vector, by which gdb finds where it was loaded; may be empty
     * @param interrupt called when the debugger wants to interrupt, besides stopping the processors
     * @throws IOException if the socket cannot be made
     */
    public GdbSession(Path socket, boolean userOnly, byte[] auxiliary, Runnable interrupt) throws IOException {
        this.userOnly = userOnly;
        this.connection = new GdbConnection(socket, () -> {
            interrupted = true;
            stopOthers(null);
            interrupt.run();
        });
        this.commands = new GdbCommands(connection, auxiliary);
    }

    /** Waits for the debugger. */
    public void accept() throws IOException {
        connection.accept();
    }

    /**
     * Runs a processor until its host is needed; stands still as long as the debugger wants. Called by its own thread.
     *
     * @param id the thread's number, not zero
     */
    public Exit run(int id, Vcpu vcpu, long budget) {
        GdbThread me = thread(id, vcpu);
        while (true) {
            boolean steps = begin(me);
            Exit exit;
            try {
                exit = steps ? step(vcpu, budget) : vcpu.run(budget);
            } finally {
                pause();
            }
            switch (exit) {
                case Exit.Breakpoint _ -> hit(me, signal(SIGTRAP) + GdbThread.BREAKPOINT);
                case Exit.Watchpoint w ->
                    hit(me, signal(SIGTRAP) + (w.write() ? "watch:" : "rwatch:") + Long.toHexString(w.linear()) + ";");
                case Exit.Budget _ when steps -> hit(me, signal(SIGTRAP));
                case Exit.Stopped _ -> {
                    // For the debugger, or for the host, which gets it: a step has still to be made.
                    return exit;
                }
                default -> {
                    stepLeft(me);
                    return exit;
                }
            }
        }
    }

    /** One instruction. What follows in ring 0, where the debugger sees nothing, belongs to it. */
    private Exit step(Vcpu vcpu, long budget) {
        Exit exit = vcpu.step();
        boolean hidden =
                userOnly && exit instanceof Exit.Budget && vcpu.registers().cpl() == 0;
        return hidden ? vcpu.run(budget) : exit;
    }

    /** A thread has ended. What it alone was allowed to do is over: the others go on. */
    public synchronized void left(int id) {
        GdbThread gone = threads.remove(id);
        boolean othersHeld = threads.values().stream().allMatch(t -> t.action() == GdbThread.Action.HOLD);
        if (gone != null && othersHeld) {
            threads.values().forEach(t -> t.action(GdbThread.Action.CONTINUE));
        }
        if (gone != null) {
            commands.forget(gone);
        }
        notifyAll();
    }

    /** The guest is about to end by a signal that a thread has raised: the debugger may look first. */
    public void fatal(int id, int signal) {
        GdbThread me;
        synchronized (this) {
            me = threads.get(id);
        }
        if (me != null) {
            hit(me, signal(signal));
            begin(me);
            pause();
        }
    }

    /** The guest has ended: an exit code, or else a signal. */
    public void ended(int code, int signal) {
        connection.send(signal != 0 ? "X%02x".formatted(signal) : "W%02x".formatted(code));
    }

    private synchronized GdbThread thread(int id, Vcpu vcpu) {
        GdbThread thread = threads.get(id);
        if (thread == null) {
            thread = new GdbThread(id, vcpu);
            threads.put(id, thread);
            commands.arm(thread);
        } else if (thread.vcpu() != vcpu) {
            thread.vcpu(vcpu);
            commands.arm(thread);
        }
        return thread;
    }

    private synchronized void hit(GdbThread me, String why) {
        me.reason(why);
    }

    private synchronized void stepLeft(GdbThread me) {
        me.stepLeft();
    }

    /** Waits until a thread may run, and serves the debugger if it is the one with something to tell. */
    private synchronized boolean begin(GdbThread me) {
        if (me.stepDone()) {
            me.reason(signal(SIGTRAP));
        }
        while (true) {
            if (killed) {
                throw new Killed();
            }
            // One that is held keeps what it has to tell: the debugger does not expect a word of it, and takes its
            // breakpoints out while another one steps.
            boolean released = !stopped && me.action() != GdbThread.Action.HOLD;
            if (released && interrupted) {
                interrupted = false;
                me.reason(signal(SIGINT));
            }
            if (released
                    && me.isAtBreakpoint()
                    && !commands.hasBreakpoint(me.vcpu().registers().rip())) {
                // It was removed while another thread had the word.
                me.reason(null);
            }
            if (released && me.reason() != null) {
                stopped = true;
                serving = me;
                stopOthers(me);
            } else if (stopped && serving == null) {
                serving = me;
            }
            if (serving == me && running == 0) {
                serve(me);
            } else if (!stopped && released) {
                running++;
                return me.action() == GdbThread.Action.STEP;
            } else {
                try {
                    wait();
                } catch (InterruptedException e) {
                    Thread.currentThread().interrupt();
                    throw new IllegalStateException("interrupted while the debugger had the word", e);
                }
            }
        }
    }

    private synchronized void pause() {
        running--;
        notifyAll();
    }

    private void stopOthers(GdbThread me) {
        threads.values().stream().filter(t -> t != me).forEach(t -> t.vcpu().stop());
    }

    private void serve(GdbThread me) {
        String why = me.reason() == null ? signal(SIGTRAP) : me.reason();
        me.reason(null);
        killed = !commands.serve(threads, me, why);
        serving = null;
        stopped = false;
        notifyAll();
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
