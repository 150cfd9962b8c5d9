// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.x86.linux;

import io.splitvisor.host.Errno;
import io.splitvisor.host.RawSyscall;
import io.splitvisor.vcpu.Clock;
import io.splitvisor.vcpu.Exit;
import io.splitvisor.vcpu.Interrupts;
import io.splitvisor.vcpu.Registers;
import io.splitvisor.vcpu.Vcpu;
import io.splitvisor.vcpu.mmu.GuestMemory;
import io.splitvisor.x86.memory.AddressSpace;

/** A thread of a program: a processor in ring 3, its signals, and the loop that answers what it asks for. */
public final class Task {
    /** Ends a call that a signal came into; the call starts again unless a handler says otherwise. */
    static final int ERESTART = 512;

    /** {@link #takeSavedMask}: there is none. */
    static final long NO_MASK = -1;

    private static final int SYSCALL_BYTES = 2;
    private static final int RAX = 0;

    private final UserProcess process;
    private final int id;
    private final Wakeup wakeup = new Wakeup();
    private final SignalQueue signals;
    private final long[] arguments = new long[6];

    private volatile Vcpu vcpu;
    private KernelPages kernel;
    private int page;
    private UserMemory memory;
    private AlternateStack alternateStack = AlternateStack.NONE;
    /** set_tid_address: zeroed, and a futex there woken, when the thread ends. */
    private long clearAtEnd;

    /** What rt_sigsuspend, ppoll and pselect have replaced, until a handler has run. */
    private long savedMask = NO_MASK;

    private volatile boolean ended;

    Task(UserProcess process, int id) {
        this.process = process;
        this.id = id;
        this.signals = new SignalQueue(this::poke);
        attach();
    }

    /** Takes a processor for the process's memory, as after its start and after exec. */
    void attach() {
        AddressSpace space = process.space();
        if (memory != null) {
            detach();
        }
        this.kernel = process.kernel();
        this.page = kernel.take();
        if (page < 0) {
            throw new Refused(Errno.EAGAIN);
        }
        GuestMemory ram = space.guestMemory();
        this.vcpu = new Vcpu(ram, UserCpuid::leaf, Interrupts.NEVER, Clock.NANOSECONDS);
        this.memory = new UserMemory(space);
        kernel.enter(vcpu, page, space.root());
        vcpu.registers().rflags(0x202);
    }

    /** The processor. Another one after exec. */
    public Vcpu vcpu() {
        return vcpu;
    }

    UserProcess process() {
        return process;
    }

    UserMemory memory() {
        return memory;
    }

    SignalQueue signals() {
        return signals;
    }

    /** The program that it belongs to. */
    public String program() {
        return process.program().path();
    }

    /** What the kernel told the program about itself and its program. */
    public byte[] auxiliaryVector() {
        return process.auxiliaryVector();
    }

    /** Has the waits of all threads of its process end, without a signal. */
    public void interruptAll() {
        process.wakeAll();
    }

    /** The process's number. */
    public int processId() {
        return process.pid();
    }

    /** Ends the process as SIGKILL would. */
    public void kill() {
        process.endBySignal(this, Signals.SIGKILL);
    }

    /** Up to so many bytes of code, as far as they are mapped. */
    public byte[] code(long at, int most) {
        int size = most;
        while (size > 0 && !memory.space().allows(at, size, AddressSpace.READ)) {
            size--;
        }
        return size == 0 ? new byte[0] : memory.getBytes(at, size);
    }

    /** The thread's number: the process's for its first one. */
    public int id() {
        return id;
    }

    Wakeup wakeup() {
        return wakeup;
    }

    AlternateStack alternateStack() {
        return alternateStack;
    }

    void alternateStack(AlternateStack stack) {
        this.alternateStack = stack;
    }

    void clearAtEnd(long address) {
        this.clearAtEnd = address;
    }

    /** Replaces the mask until the next signal has been handled. */
    void suspendMask(long mask) {
        savedMask = signals.mask();
        signals.mask(mask);
    }

    /** The mask to go back to, or {@link #NO_MASK}. */
    long takeSavedMask() {
        long mask = savedMask;
        savedMask = NO_MASK;
        return mask;
    }

    /** Ends {@link #suspendMask} where no handler has run. */
    void restoreMask() {
        if (savedMask != NO_MASK) {
            signals.mask(takeSavedMask());
        }
    }

    boolean ended() {
        return ended;
    }

    void end() {
        ended = true;
    }

    /** Ends it from another thread; answers true. */
    boolean endNow() {
        end();
        poke();
        return true;
    }

    /** Runs until the program ends. */
    void run() {
        while (!ended) {
            Exit exit = process.runner().run(this);
            if (exit != null) {
                handle(exit);
            }
        }
        leave();
    }

    /**
     * Answers an exit.
     *
     * @throws IllegalStateException for exits that a program in ring 3 cannot cause
     */
    public void handle(Exit exit) {
        switch (exit) {
            case Exit.Hypercall _ -> {
                switch (kernel.entered(vcpu.registers())) {
                    case KernelPages.Entry.SystemCall _ -> systemCall();
                    case KernelPages.Entry.Fault f -> Faults.raise(this, f);
                }
            }
            case Exit.Budget _, Exit.Stopped _, Exit.InterruptWindow _ -> {
                // Signals are looked at below.
            }
            default -> throw new IllegalStateException("a program in ring 3 left with " + exit);
        }
        if (!ended && vcpu.registers().cpl() != 0) {
            SignalDelivery.deliver(this, 0, false);
        }
    }

    private void systemCall() {
        Registers r = vcpu.registers();
        long number = r.general(RAX);
        arguments[0] = r.general(7);
        arguments[1] = r.general(6);
        arguments[2] = r.general(2);
        arguments[3] = r.general(10);
        arguments[4] = r.general(8);
        arguments[5] = r.general(9);
        long result;
        try {
            result = SystemCalls.call(this, number, arguments);
        } catch (Refused e) {
            result = -e.errno();
        }
        process.runner().called(this, number, arguments, result);
        if (ended) {
            return;
        }
        // exec and sigreturn have set all registers, of another processor even.
        if (result == SystemCalls.NO_RESULT) {
            return;
        }
        if (result == -ERESTART) {
            r.general(RAX, -Errno.EINTR);
            SignalDelivery.deliver(this, number, true);
            return;
        }
        r.general(RAX, result);
    }

    /** Starts the last system call again. */
    void restart(long number) {
        Registers r = vcpu.registers();
        r.general(RAX, number);
        r.rip(r.rip() - SYSCALL_BYTES);
    }

    /** Has the thread look at its signals soon, wherever it is. */
    void poke() {
        wakeup.wake();
        vcpu.stop();
    }

    private void detach() {
        vcpu.close();
        kernel.release(page);
    }

    private void leave() {
        process.runner().left(this);
        detach();
        if (clearAtEnd != 0) {
            try {
                memory.putInt(clearAtEnd, 0);
                RawSyscall.call(Futexes.SYS_FUTEX, memory.in(clearAtEnd, 4), Futexes.WAKE, 1, 0, 0, 0);
            } catch (Refused _) {
                // It has unmapped the word: nobody waits for it.
                clearAtEnd = 0;
            }
        }
        wakeup.close();
        process.taskEnded(this);
    }
}
