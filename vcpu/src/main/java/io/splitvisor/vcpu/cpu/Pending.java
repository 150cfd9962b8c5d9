// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.vcpu.cpu;

import io.splitvisor.vcpu.Exit;

/** What waits for the end of an instruction. Flags that other threads set are volatile. */
public final class Pending {
    /** See {@link #faultVector}. */
    public static final int NO_FAULT = -1;

    /** The next instruction is executed alone, in an uncached block. */
    public boolean alone;

    /** STI, MOV SS, POP SS: no interrupt before the next instruction has ended. */
    public boolean shadow;

    /** MOV SS, POP SS: traps wait until the next instruction has ended, and breakpoints at it are not met. */
    public boolean holdsTraps;

    /** A fault of a task that has just been switched to, before its first instruction: its vector, or {@link #NO_FAULT}. */
    public int faultVector = NO_FAULT;

    /** Its error code. */
    public int faultError;

    /** Its address, of a page fault. */
    public long faultAddress;

    /** What the last instruction, retired, leaves to the host with. */
    public Exit exit;

    /** The host has an interrupt: ask the controllers. */
    public volatile boolean interrupt;

    /** A non-maskable interrupt. */
    public volatile boolean nmi;

    /** Other processors on the same memory want this one to come by. */
    public volatile boolean others;

    /** The host wants {@code run} to return soon. */
    public volatile boolean stop;

    /** The host wants to know when the guest can take an interrupt. */
    public volatile boolean window;

    /** NMIs are blocked until IRET. */
    public boolean nmiBlocked;

    /** Shut down by a triple fault. */
    public boolean shutdown;

    /** Sets the fault that comes before the next instruction. */
    void fault(int vector, int error, long address) {
        faultVector = vector;
        faultError = error;
        faultAddress = address;
    }

    void clear() {
        holdsTraps = false;
        faultVector = NO_FAULT;
        alone = false;
        shadow = false;
        exit = null;
        interrupt = false;
        nmi = false;
        stop = false;
        window = false;
        nmiBlocked = false;
        shutdown = false;
    }
}
