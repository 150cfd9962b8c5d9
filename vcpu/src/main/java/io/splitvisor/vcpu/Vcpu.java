// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.vcpu;

import io.splitvisor.vcpu.cpu.Cpu;
import io.splitvisor.vcpu.cpu.Environment;
import io.splitvisor.vcpu.engine.Interpreter;
import io.splitvisor.vcpu.mmu.GuestMemory;
import java.util.Objects;

/**
 * A virtual x86-64 processor. It starts in real mode, as after power-on.
 *
 * <p>One thread runs it; {@link #interrupt}, {@link #nmi}, {@link #stop} and {@link #requestInterruptWindow} may be
 * called by any. Bytes of any kind are a program: whatever guest code and page tables do, {@link #run} returns an {@link
 * Exit} within its budget.
 */
public final class Vcpu {
    private final Interpreter engine;
    private final Cpu cpu;
    private final Registers registers;

    /**
     * @param memory guest-physical memory
     * @param cpuid what CPUID answers
     * @param interrupts the interrupt controllers
     * @param clock where time comes from
     */
    public Vcpu(GuestMemory memory, Cpuid cpuid, Interrupts interrupts, Clock clock) {
        this(memory, cpuid, interrupts, clock, Tiers.TRANSLATING);
    }

    /**
     * @param memory guest-physical memory
     * @param cpuid what CPUID answers
     * @param interrupts the interrupt controllers
     * @param clock where time comes from
     * @param tiers how code is executed
     */
    public Vcpu(GuestMemory memory, Cpuid cpuid, Interrupts interrupts, Clock clock, Tiers tiers) {
        this.engine = new Interpreter(
                new Environment(
                        Objects.requireNonNull(memory),
                        Objects.requireNonNull(cpuid),
                        Objects.requireNonNull(interrupts),
                        Objects.requireNonNull(clock)),
                Objects.requireNonNull(tiers));
        this.cpu = engine.cpu();
        this.registers = new Registers(cpu);
    }

    /**
     * Runs until something needs the host.
     *
     * @param budget instructions after which the run ends; it may be exceeded by less than 5000
     * @throws IllegalStateException if the last exit was an {@link Exit.Access} and has not been answered
     */
    public Exit run(long budget) {
        return engine.run(budget);
    }

    /** Answers an {@link Exit.Access}; the instruction goes on with the next run. */
    public void complete(long value) {
        requireAccess();
        cpu.host.answer(value);
    }

    /** Answers an {@link Exit.Access} with #GP. */
    public void refuse() {
        requireAccess();
        cpu.host.refuse();
    }

    private void requireAccess() {
        if (!cpu.host.waiting()) {
            throw new IllegalStateException("no exit waits for an answer");
        }
    }

    /** There may be an interrupt to acknowledge: the controllers are asked as soon as the guest can take one. */
    public void interrupt() {
        cpu.pending.interrupt = true;
        cpu.attention = true;
    }

    /** Raises a non-maskable interrupt. */
    public void nmi() {
        cpu.pending.nmi = true;
        cpu.attention = true;
    }

    /** Makes the run, or else the next one, return {@link Exit#STOPPED}. */
    public void stop() {
        cpu.pending.stop = true;
        cpu.attention = true;
    }

    /** Asks for an {@link Exit#INTERRUPT_WINDOW}, once, when the guest can take an interrupt. */
    public void requestInterruptWindow() {
        cpu.pending.window = true;
        cpu.attention = true;
    }

    /** Forgets all translations: the host has changed where guest-physical pages lie or what may be done to them. */
    public void flushTlb() {
        cpu.mmu.tlb().flush();
    }

    /**
     * Drops decoded code: the host has written to guest RAM.
     *
     * @param offset in the RAM segment
     * @param size bytes
     */
    public void codeChanged(long offset, long size) {
        Objects.checkFromIndexSize(offset, size, cpu.mmu.ram().byteSize());
        engine.invalidate(offset, size);
    }

    /** Back to the state after power-on. */
    public void reset() {
        cpu.reset();
    }

    /** Instructions retired, counting every repetition of a string instruction. */
    public long retired() {
        return cpu.retired;
    }

    /** What translation has done so far. */
    public Tiers.Statistics translation() {
        return engine.statistics();
    }

    /** The registers, to be read and written between runs. */
    public Registers registers() {
        return registers;
    }
}
