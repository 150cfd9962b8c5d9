// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.vcpu;

/**
 * Why a processor came back to its host. An {@link Access} must be answered with {@link Vcpu#complete} or {@link
 * Vcpu#refuse} before the processor runs on; the others need no answer.
 */
public sealed interface Exit {
    /** The guest waits for somebody to read or write what only the host knows. */
    sealed interface Access extends Exit {}

    /** IN or INS. Answer with the value; bytes above {@code size} are ignored. */
    record PortRead(int port, int size) implements Access {}

    /** OUT or OUTS. Answer with anything. */
    record PortWrite(int port, int size, long value) implements Access {}

    /** A load from a guest-physical page without memory. It may be one of several of one instruction. */
    record DeviceRead(long gpa, int size) implements Access {}

    /** A store to a guest-physical page without memory, or whose stores trap. */
    record DeviceWrite(long gpa, int size, long value) implements Access {}

    /** RDMSR of a register that the processor does not hold itself. Refusing raises #GP. */
    record MsrRead(int index) implements Access {}

    /** WRMSR to a register that the processor does not hold itself. Refusing raises #GP. */
    record MsrWrite(int index, long value) implements Access {}

    /** VMCALL or VMMCALL, already retired: arguments are in the registers, and results go there. */
    record Hypercall() implements Exit {}

    /** HLT, already retired. */
    record Halt() implements Exit {}

    /** The guest could take an interrupt now, and the host asked to be told. */
    record InterruptWindow() implements Exit {}

    /** The budget of instructions is used up. */
    record Budget() implements Exit {}

    /** The host asked the processor to come back. */
    record Stopped() implements Exit {}

    /** The next instruction is at a breakpoint of the host's. It is executed by the next run. */
    record Breakpoint(long linear) implements Exit {}

    /** An instruction, retired, has accessed what the host watches. */
    record Watchpoint(long linear, boolean write) implements Exit {}

    /** An exception while a double fault was being delivered: the processor is shut down until it is reset. */
    record TripleFault() implements Exit {}

    /** The only instances of the exits without components. */
    Hypercall HYPERCALL = new Hypercall();

    /** See {@link Halt}. */
    Halt HALT = new Halt();

    /** See {@link InterruptWindow}. */
    InterruptWindow INTERRUPT_WINDOW = new InterruptWindow();

    /** See {@link Budget}. */
    Budget BUDGET = new Budget();

    /** See {@link Stopped}. */
    Stopped STOPPED = new Stopped();

    /** See {@link TripleFault}. */
    TripleFault TRIPLE_FAULT = new TripleFault();
}
