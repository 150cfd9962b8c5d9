// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.vcpu.engine;

import io.splitvisor.vcpu.Exit;
import io.splitvisor.vcpu.Interrupts;
import io.splitvisor.vcpu.cpu.Cpu;
import io.splitvisor.vcpu.cpu.DebugUnit;
import io.splitvisor.vcpu.cpu.Delivery;
import io.splitvisor.vcpu.cpu.Eflags;
import io.splitvisor.vcpu.cpu.Pending;
import io.splitvisor.vcpu.cpu.Vector;
import io.splitvisor.vcpu.mmu.GuestFault;

/** What happens between instructions: interrupts, traps, exits, and how exceptions pile up to double and triple faults. */
final class Events {
    private static final int MOST_VECTOR = 255;

    private final Cpu c;
    private boolean stepping;
    private boolean wantsOneAlone;

    Events(Cpu c) {
        this.c = c;
    }

    /** Settles what is pending. Returns the exit that it ends in, or null. */
    Exit attend() {
        c.attention = false;
        if (c.pending.exit != null) {
            Exit exit = c.pending.exit;
            c.pending.exit = null;
            return exit;
        }
        if (c.pending.stop) {
            c.pending.stop = false;
            c.attention = true;
            return Exit.STOPPED;
        }
        if (c.pending.faultVector != Pending.NO_FAULT) {
            int vector = c.pending.faultVector;
            c.pending.faultVector = Pending.NO_FAULT;
            Exit exit = exception(vector, c.pending.faultError, c.pending.faultAddress);
            if (exit != null) {
                return exit;
            }
        }
        boolean resuming = c.host.resuming() || c.pending.alone;
        if (!c.host.resuming()) {
            Exit exit = traps();
            if (exit != null) {
                return exit;
            }
        }
        if (!c.pending.shadow && !resuming) {
            Exit exit = interrupts();
            if (exit != null) {
                return exit;
            }
        }
        boolean watched = c.debug.armed();
        if (watched) {
            Exit exit = c.host.resuming() || c.pending.holdsTraps ? null : breakpoints();
            if (exit != null) {
                return exit;
            }
            // Every block is looked at before it runs.
            c.attention = true;
            watched = c.debug.watchesCode(c.linearIp());
            if (!watched) {
                c.debug.resume(false);
            }
        }
        wantsOneAlone = c.pending.shadow || resuming || watched || Interpreter.singleStepping(c);
        return null;
    }

    /** Traps of the last instruction: single steps, data breakpoints. */
    private Exit traps() {
        long conditions = c.pending.holdsTraps ? 0 : c.debug.takeTraps();
        if (conditions != 0) {
            Exit exit = debugException(conditions);
            if (exit != null) {
                return exit;
            }
        }
        if (c.debug.takeHostHit()) {
            c.attention = true;
            return new Exit.Watchpoint(c.debug.hostAddress(), c.debug.hostWrite());
        }
        return null;
    }

    /** Breakpoints at the next instruction, which are faults: what is saved says that they have been seen. */
    private Exit breakpoints() {
        int met = c.debug.meets(c.linearIp());
        if (DebugUnit.isHost(met)) {
            c.debug.resume(true);
            c.attention = true;
            return new Exit.Breakpoint(c.linearIp());
        }
        if (met == 0) {
            return null;
        }
        c.debug.record(met);
        return exception(Vector.DB, GuestFault.NO_ERROR_CODE, 0);
    }

    private Exit debugException(long conditions) {
        c.debug.record(conditions);
        return deliver(Vector.DB, GuestFault.NO_ERROR_CODE, Delivery.Source.EXCEPTION);
    }

    boolean wantsOneAlone() {
        return wantsOneAlone;
    }

    private Exit interrupts() {
        if (c.pending.nmi && !c.pending.nmiBlocked) {
            c.pending.nmi = false;
            c.pending.nmiBlocked = true;
            return deliver(Vector.NMI, GuestFault.NO_ERROR_CODE, Delivery.Source.EXTERNAL);
        }
        if ((c.flags & Eflags.IF) == 0) {
            return null;
        }
        if (c.pending.interrupt) {
            // Cleared first: whoever raises another one sets it again.
            c.pending.interrupt = false;
            int vector = acknowledge();
            if (vector != Interrupts.NONE) {
                c.pending.interrupt = true;
                c.attention = true;
                return deliver(vector, GuestFault.NO_ERROR_CODE, Delivery.Source.EXTERNAL);
            }
        }
        if (c.pending.window) {
            c.pending.window = false;
            return Exit.INTERRUPT_WINDOW;
        }
        return null;
    }

    private int acknowledge() {
        boolean answered = false;
        try {
            int vector = c.env.interrupts().acknowledge(c.sys.cr8);
            if (vector < Interrupts.NONE || vector > MOST_VECTOR) {
                throw new IllegalStateException("an interrupt with vector " + vector);
            }
            answered = true;
            return vector;
        } finally {
            // If it failed, it is asked again.
            c.pending.interrupt |= !answered;
        }
    }

    /** The next instruction runs alone from here. */
    void startAlone() {
        c.pending.shadow = false;
        c.pending.holdsTraps = false;
        c.pending.alone = false;
        c.debug.resume(false);
        stepping = Interpreter.singleStepping(c);
        c.attention = true;
    }

    /** It has retired. */
    void endAlone() {
        c.host.commit();
        if (!c.debug.takeCancelledStep() && stepping) {
            c.debug.trap(DebugUnit.DR6_BS);
        }
    }

    /** An instruction faulted. Returns the exit that it ends in, or null. */
    Exit exception(int vector, int error, long address) {
        c.pending.alone = false;
        c.attention = true;
        c.debug.forget();
        if (vector == Vector.PF) {
            c.sys.cr2 = address;
        }
        // What a fault saves says that breakpoints at its instruction have been seen.
        c.flags |= Eflags.RF;
        Exit exit = deliver(vector, error, Delivery.Source.EXCEPTION);
        c.flags &= ~(long) Eflags.RF;
        return exit;
    }

    private Exit deliver(int vector, int error, Delivery.Source source) {
        int current = vector;
        int code = error;
        Delivery.Source from = source;
        while (true) {
            try {
                Delivery.deliver(c, current, code, from, c.rip);
                if (current == Vector.DB) {
                    c.sys.dr[7] &= ~DebugUnit.DR7_GD;
                }
                return null;
            } catch (GuestFault f) {
                if (f.kind() == GuestFault.Kind.HOST_FAILED) {
                    throw f.failure();
                }
                if (f.kind() != GuestFault.Kind.EXCEPTION) {
                    return shutdown();
                }
                int next = f.vector();
                if (next == Vector.PF) {
                    c.sys.cr2 = f.address();
                }
                if (current == Vector.DF) {
                    return shutdown();
                }
                boolean first = from == Delivery.Source.EXCEPTION;
                if (first && doubles(current, next)) {
                    current = Vector.DF;
                    code = 0;
                } else {
                    current = next;
                    code = f.error();
                }
                from = Delivery.Source.EXCEPTION;
            }
        }
    }

    /** SDM volume 3, table 6-5. */
    private static boolean doubles(int first, int second) {
        if (first == Vector.PF) {
            return second == Vector.PF || Vector.contributory(second);
        }
        return Vector.contributory(first) && Vector.contributory(second);
    }

    private Exit shutdown() {
        c.pending.shutdown = true;
        return Exit.TRIPLE_FAULT;
    }
}
