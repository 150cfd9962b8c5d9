// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.vcpu.cpu;

import io.splitvisor.vcpu.Exit;
import io.splitvisor.vcpu.mmu.MmuEvents;

/**
 * Accesses that only the host can answer, by replay: an instruction that meets one leaves as if it had not started; once
 * the host has answered, it starts again and finds the answer here. An instruction with several such accesses leaves
 * several times.
 */
public final class HostAccess implements MmuEvents {
    /** More accesses than any instruction makes. */
    private static final int CAPACITY = 128;

    private final Cpu cpu;
    private final CodeWatch code;
    private final long[] answers = new long[CAPACITY];
    private int answered;
    private int replayed;
    private boolean refused;
    private Exit exit;

    private long savedRes;
    private long savedCarry;
    private long savedAux;

    HostAccess(Cpu cpu, CodeWatch code) {
        this.cpu = cpu;
        this.code = code;
    }

    @Override
    public long deviceRead(long gpa, int size) {
        return replaying() ? replay(size) : leave(new Exit.DeviceRead(gpa, size));
    }

    @Override
    public void deviceWrite(long gpa, int size, long value) {
        if (replaying()) {
            replay(size);
        } else {
            leave(new Exit.DeviceWrite(gpa, size, cut(value, size)));
        }
    }

    @Override
    public void codeWrite(long offset, int size) {
        code.codeWrite(offset, size);
    }

    /** IN. */
    public long portRead(int port, int size) {
        return replaying() ? replay(size) : leave(new Exit.PortRead(port, size));
    }

    /** OUT. */
    public void portWrite(int port, int size, long value) {
        if (replaying()) {
            replay(size);
        } else {
            leave(new Exit.PortWrite(port, size, cut(value, size)));
        }
    }

    /** RDMSR of a register that is not the processor's. */
    public long msrRead(int index) {
        return replaying() ? replay(8) : leave(new Exit.MsrRead(index));
    }

    /** WRMSR to a register that is not the processor's. */
    public void msrWrite(int index, long value) {
        if (replaying()) {
            replay(8);
        } else {
            leave(new Exit.MsrWrite(index, value));
        }
    }

    /** The instruction ended, or a repetition of it did: its answers are used up. */
    public void commit() {
        answered = 0;
        replayed = 0;
    }

    /** The exit that the instruction left with; the next {@link #answer} belongs to it. */
    public Exit exit() {
        return exit;
    }

    /** Whether the host owes an answer. */
    public boolean waiting() {
        return exit != null;
    }

    /** The host's answer. */
    public void answer(long value) {
        answers[answered++] = value;
        exit = null;
        replayed = 0;
    }

    /** The host refuses: the instruction raises #GP. */
    public void refuse() {
        answer(0);
        refused = true;
    }

    /** Whether the next instruction continues one that left. */
    public boolean resuming() {
        return answered != 0;
    }

    void clear() {
        commit();
        exit = null;
        refused = false;
    }

    private boolean replaying() {
        if (answered == 0) {
            savedRes = cpu.res;
            savedCarry = cpu.carry;
            savedAux = cpu.aux;
        }
        return replayed < answered;
    }

    private long replay(int size) {
        if (refused && replayed == answered - 1) {
            refused = false;
            commit();
            throw cpu.gp(0);
        }
        return cut(answers[replayed++], size);
    }

    private long leave(Exit why) {
        if (answered == CAPACITY) {
            throw new IllegalStateException("an instruction made more than " + CAPACITY + " device accesses");
        }
        // The rest of the state changes after an instruction's accesses; flags change between load and store.
        cpu.res = savedRes;
        cpu.carry = savedCarry;
        cpu.aux = savedAux;
        replayed = 0;
        exit = why;
        throw cpu.fault.exit();
    }

    private static long cut(long value, int size) {
        return value & -1L >>> (64 - 8 * size);
    }
}
