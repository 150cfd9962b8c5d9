// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.vcpu;

import io.splitvisor.vcpu.cpu.Cpu;
import io.splitvisor.vcpu.cpu.Environment;
import io.splitvisor.vcpu.engine.Interpreter;
import io.splitvisor.vcpu.mmu.GuestMemory;
import io.splitvisor.vcpu.mmu.PageWalk;
import io.splitvisor.vcpu.mmu.Paging;
import java.util.Objects;

/**
 * A virtual x86-64 processor. It starts in real mode, as after power-on.
 *
 * <p>One thread runs it; {@link #interrupt}, {@link #nmi}, {@link #stop} and {@link #requestInterruptWindow} may be
 * called by any. Bytes of any kind are a program: whatever guest code and page tables do, {@link #run} returns an {@link
 * Exit} within its budget.
 */
public final class Vcpu implements AutoCloseable {
    /**
     * Instructions at most, every repetition of a string instruction counted, until a running processor sees an interrupt, a stop
     * or a shootdown: a translation looks up after 20 000, and what a budget may be exceeded by comes on top.
     */
    public static final int LOOKS_UP = 25_000;

    private final Interpreter engine;
    private final Cpu cpu;
    private final Registers registers;
    private final Breakpoints breakpoints;
    private final LinearMemory linearMemory;

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
        this(memory, new PageWalk(memory), cpuid, interrupts, clock, tiers);
    }

    /**
     * A processor whose memory is virtualized: {@link PageWalk} over {@link io.splitvisor.vcpu.mmu.EptMemory}, or over the
     * machine's memory {@link io.splitvisor.vcpu.mmu.ByFormat} with a walk of shadows, or {@link
     * io.splitvisor.vcpu.mmu.RegisteredPaging}.
     *
     * @param memory what the pages are pages of that {@code paging} names
     * @param paging how the MMU translates what its TLB misses; this processor's alone
     */
    public Vcpu(GuestMemory memory, Paging paging, Cpuid cpuid, Interrupts interrupts, Clock clock, Tiers tiers) {
        this.engine = new Interpreter(
                new Environment(
                        Objects.requireNonNull(memory),
                        Objects.requireNonNull(paging),
                        Objects.requireNonNull(cpuid),
                        Objects.requireNonNull(interrupts),
                        Objects.requireNonNull(clock)),
                Objects.requireNonNull(tiers));
        this.cpu = engine.cpu();
        this.registers = new Registers(cpu);
        this.breakpoints = new Breakpoints(cpu.debug);
        this.linearMemory = new LinearMemory(cpu.mmu, engine::invalidate);
    }

    /**
     * Runs until something needs the host.
     *
     * @param budget instructions after which the run ends; it may be exceeded by less than 5000
     * @throws IllegalStateException if the last exit was an {@link Exit.Access} and has not been answered, or if the interrupt
     *     controllers name no vector
     * @throws RuntimeException what one of the host's interfaces has thrown: the processor stands before the instruction that
     *     asked, and may run on
     */
    public Exit run(long budget) {
        cpu.mmu.settle();
        return engine.run(budget);
    }

    /**
     * Runs one instruction, or delivers the exception that it raises. Ends with {@link Exit#BUDGET} unless something needs
     * the host. A repeated string instruction may end before its last repetition, as with the trap flag.
     */
    public Exit step() {
        return engine.step();
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

    /**
     * Reads memory by linear address, as a debugger: rights do not count, and devices are not touched.
     *
     * @return how many bytes there were before the first page without memory
     */
    public int readLinear(long linear, byte[] to) {
        return linearMemory.read(linear, to);
    }

    /** Writes memory by linear address, as {@link #readLinear} reads it. Decoded code is dropped. */
    public int writeLinear(long linear, byte[] from) {
        return linearMemory.write(linear, from);
    }

    /** Takes it out of those that share its memory, if there are others. It must not run any more. */
    @Override
    public void close() {
        engine.close();
    }

    /** Back to the state after power-on. */
    public void reset() {
        cpu.reset();
    }

    /** Instructions retired, counting every repetition of a string instruction. */
    public long retired() {
        return cpu.retired;
    }

    /** The host's breakpoints. */
    public Breakpoints breakpoints() {
        return breakpoints;
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
