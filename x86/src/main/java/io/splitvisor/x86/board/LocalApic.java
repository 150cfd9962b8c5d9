// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.x86.board;

import io.splitvisor.vcpu.Interrupts;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.TimeUnit;
import java.util.function.IntSupplier;

/**
 * A processor's local interrupt controller, in its memory-mapped form: interrupts from others and from its timer, which counts
 * nanoseconds. Intel SDM volume 3, chapter 12.
 */
final class LocalApic implements Interrupts {
    /** Physical address. */
    static final long BASE = 0xfee0_0000L;
    /** Bytes. */
    static final int SIZE = 4096;

    private static final int ID = 0x20;
    private static final int VERSION = 0x30;
    private static final int TASK_PRIORITY = 0x80;
    private static final int PROCESSOR_PRIORITY = 0xa0;
    private static final int END_OF_INTERRUPT = 0xb0;
    private static final int LOGICAL_DESTINATION = 0xd0;
    private static final int DESTINATION_FORMAT = 0xe0;
    private static final int SPURIOUS = 0xf0;
    private static final int IN_SERVICE = 0x100;
    private static final int TRIGGER_MODE = 0x180;
    private static final int REQUESTED = 0x200;
    private static final int ERROR_STATUS = 0x280;
    private static final int COMMAND = 0x300;
    private static final int COMMAND_HIGH = 0x310;
    private static final int TIMER = 0x320;
    private static final int LINE_0 = 0x350;
    private static final int LAST_LVT = 0x370;
    private static final int INITIAL_COUNT = 0x380;
    private static final int CURRENT_COUNT = 0x390;
    private static final int DIVIDER = 0x3e0;

    /** An integrated one, with six local vectors. */
    private static final int VERSION_VALUE = 0x0005_0014;

    private static final int MASKED = 1 << 16;
    private static final int PERIODIC = 1 << 17;
    /** Delivery mode of a local vector: the interrupt comes from elsewhere, with its vector. */
    private static final int EXTERNAL = 7 << 8;

    private final int id;
    private final ScheduledExecutorService timers;
    private final int[] registers = new int[SIZE / 16];
    private final long[] requested = new long[4];
    private final long[] inService = new long[4];
    private IntSupplier external = () -> NONE;
    private Runnable wakeUp = () -> {};
    private ScheduledFuture<?> timer;
    private long started;

    LocalApic(int id, ScheduledExecutorService timers) {
        this.id = id;
        this.timers = timers;
        reset();
    }

    /** Tells whom to tell that something can be acknowledged. */
    void attach(Runnable newWakeUp) {
        this.wakeUp = newWakeUp;
    }

    /** Line 0 is another controller's, which is asked when nothing else is there, as firmware leaves it. */
    void external(IntSupplier newExternal) {
        this.external = newExternal;
        registers[LINE_0 >> 4] = EXTERNAL;
    }

    private void reset() {
        for (int at = TIMER; at <= LAST_LVT; at += 16) {
            registers[at >> 4] = MASKED;
        }
        registers[DESTINATION_FORMAT >> 4] = -1;
        registers[SPURIOUS >> 4] = 0xff;
    }

    /** Whether a message to a destination is for this one. */
    synchronized boolean isAddressed(boolean logical, int destination) {
        if (!logical) {
            return destination == id || destination == 0xff;
        }
        int mine = registers[LOGICAL_DESTINATION >> 4] >>> 24;
        boolean flat = registers[DESTINATION_FORMAT >> 4] >>> 28 == 15;
        return flat
                ? (mine & destination) != 0
                : (mine >> 4 == destination >> 4 || destination >> 4 == 15) && (mine & destination & 15) != 0;
    }

    /** An interrupt arrives. */
    synchronized void raise(int vector) {
        requested[vector >> 6] |= 1L << vector;
        wakeUp.run();
    }

    /** Whether something waits, whatever its priority. */
    synchronized boolean isPending() {
        return highest(requested) >= 0;
    }

    @Override
    public synchronized int acknowledge(int taskPriority) {
        taskPriority(taskPriority);
        int vector = highest(requested);
        if (vector < 0 || vector >> 4 <= processorPriority() >> 4) {
            return (registers[LINE_0 >> 4] & (EXTERNAL | MASKED)) == EXTERNAL ? external.getAsInt() : NONE;
        }
        requested[vector >> 6] &= ~(1L << vector);
        inService[vector >> 6] |= 1L << vector;
        return vector;
    }

    private int processorPriority() {
        return Math.max(registers[TASK_PRIORITY >> 4], Math.max(highest(inService), 0) & 0xf0);
    }

    private static int highest(long[] vectors) {
        for (int n = 3; n >= 0; n--) {
            if (vectors[n] != 0) {
                return 64 * n + 63 - Long.numberOfLeadingZeros(vectors[n]);
            }
        }
        return -1;
    }

    /** CR8, which is the upper half of a register here. */
    synchronized void taskPriority(long cr8) {
        if (cr8 != registers[TASK_PRIORITY >> 4] >> 4) {
            registers[TASK_PRIORITY >> 4] = (int) cr8 << 4;
        }
    }

    /** What CR8 is to be. */
    synchronized int taskPriority() {
        return registers[TASK_PRIORITY >> 4] >> 4 & 15;
    }

    /** Reads a register, or bytes of it. Between registers there are zeros. */
    synchronized long read(int at) {
        int into = at & 15;
        return into < 4 ? (register(at & -16) & 0xffff_ffffL) >>> 8 * into : 0;
    }

    private int register(int register) {
        return switch (register) {
            case ID -> id << 24;
            case VERSION -> VERSION_VALUE;
            case PROCESSOR_PRIORITY -> processorPriority();
            case CURRENT_COUNT -> currentCount();
            default -> vectors(register);
        };
    }

    private int vectors(int register) {
        if (register >= IN_SERVICE && register < TRIGGER_MODE) {
            return word(inService, register - IN_SERVICE);
        }
        return register >= REQUESTED && register < ERROR_STATUS
                ? word(requested, register - REQUESTED)
                : registers[register >> 4];
    }

    private static int word(long[] vectors, int at) {
        return (int) (vectors[at >> 5] >>> 32 * (at >> 4 & 1));
    }

    /**
     * Writes a register. What is no aligned access to a whole one changes nothing.
     *
     * @return whether this sends a message to other controllers, which the caller delivers: {@link #command}
     */
    synchronized boolean write(int at, int size, int value) {
        if (size != 4 || (at & 15) != 0) {
            return false;
        }
        int register = at;
        switch (register) {
            case ID, VERSION, PROCESSOR_PRIORITY, CURRENT_COUNT -> {
                return false;
            }
            case END_OF_INTERRUPT -> endOfInterrupt();
            case INITIAL_COUNT -> {
                registers[register >> 4] = value;
                startTimer();
            }
            case TIMER -> {
                registers[register >> 4] = value;
                if ((value & MASKED) == 0 && registers[INITIAL_COUNT >> 4] != 0 && timer == null) {
                    startTimer();
                }
            }
            case TASK_PRIORITY -> {
                registers[register >> 4] = value & 0xff;
                wakeUp.run();
            }
            default -> registers[register >> 4] = value;
        }
        return register == COMMAND;
    }

    /** The message that was written last: bits 56 to 63 are its destination. */
    synchronized long command() {
        return (registers[COMMAND >> 4] & 0xffff_ffffL) | (long) registers[COMMAND_HIGH >> 4] << 32;
    }

    private void endOfInterrupt() {
        int vector = highest(inService);
        if (vector >= 0) {
            inService[vector >> 6] &= ~(1L << vector);
        }
        if (highest(requested) >= 0) {
            wakeUp.run();
        }
    }

    private long ticks() {
        int code = registers[DIVIDER >> 4];
        int shift = (code & 3 | code >> 1 & 4) + 1 & 7;
        return (registers[INITIAL_COUNT >> 4] & 0xffff_ffffL) << shift;
    }

    private int currentCount() {
        long whole = ticks();
        if (whole == 0) {
            return 0;
        }
        long gone = System.nanoTime() - started;
        boolean periodic = (registers[TIMER >> 4] & PERIODIC) != 0;
        long left = periodic ? whole - gone % whole : Math.max(whole - gone, 0);
        return (int) (left * (registers[INITIAL_COUNT >> 4] & 0xffff_ffffL) / whole);
    }

    private void startTimer() {
        if (timer != null) {
            timer.cancel(false);
            timer = null;
        }
        long whole = ticks();
        started = System.nanoTime();
        if (whole == 0) {
            return;
        }
        boolean periodic = (registers[TIMER >> 4] & PERIODIC) != 0;
        timer = periodic
                ? timers.scheduleAtFixedRate(this::expired, whole, whole, TimeUnit.NANOSECONDS)
                : timers.schedule(this::expired, whole, TimeUnit.NANOSECONDS);
    }

    private synchronized void expired() {
        int entry = registers[TIMER >> 4];
        if ((entry & MASKED) == 0) {
            raise(entry & 0xff);
        }
    }
}
