// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.x86.board;

import io.splitvisor.vcpu.Clock;
import io.splitvisor.vcpu.Cpuid;
import io.splitvisor.vcpu.Exit;
import io.splitvisor.vcpu.Registers;
import io.splitvisor.vcpu.Vcpu;
import io.splitvisor.vcpu.mmu.GuestMemory;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.locks.LockSupport;

/** A processor of a board: answers its exits. All but the first wait for a start-up message. */
final class Processor {
    /** Delivery mode: whoever is least busy. */
    static final int LOWEST_PRIORITY = 1;

    private static final int FIXED = 0;
    private static final int NMI = 4;
    private static final int STARTUP = 6;

    private static final long SLICE = 10_000_000;
    private static final int APIC_BASE = 0x1b;
    private static final int MISC_ENABLE = 0x1a0;
    /** Machine checks: no banks. */
    private static final int MCG_CAP = 0x179;

    private static final long FAST_STRINGS = 1;
    private static final long BOOT_PROCESSOR = 1 << 8;
    private static final long APIC_ENABLED = 1 << 11;
    private static final int APIC_FEATURE = 1 << 9;
    /** Event counters of AMD's, which count nothing here. */
    private static final int FIRST_COUNTER = 0xc001_0000;

    private static final int LAST_COUNTER = 0xc001_020b;
    private static final int RAX = 0;
    private static final int RBX = 3;
    private static final long CR0_PE = 1;
    private static final int CODE = 0xc09b;
    private static final int DATA = 0xc093;
    private static final int CS = 1;
    /** What KVM answers to calls that it does not know. */
    private static final long NO_SUCH_CALL = -1000;

    private final Board board;
    private final int number;
    private final LocalApic apic;
    private final Vcpu vcpu;
    private long apicBase;
    private long miscEnable = FAST_STRINGS;
    private final AtomicBoolean started = new AtomicBoolean();
    /** Whom to wake: no lock is held for it, because interrupt controllers do so under theirs. */
    private volatile Thread thread;

    private volatile boolean awake;

    Processor(Board board, int number, GuestMemory memory, LocalApic apic) {
        this.board = board;
        this.number = number;
        this.apic = apic;
        this.vcpu = new Vcpu(
                memory,
                this::cpuid,
                apic,
                Clock.NANOSECONDS,
                board.configuration().tiers());
        this.apicBase = LocalApic.BASE | APIC_ENABLED | (number == 0 ? BOOT_PROCESSOR : 0);
        apic.attach(this::interrupt);
    }

    int number() {
        return number;
    }

    LocalApic apic() {
        return apic;
    }

    private Cpuid.Leaf cpuid(int eax, int ecx) {
        Cpuid.Leaf leaf = board.configuration().cpuid().leaf(eax, ecx);
        return eax == 1
                ? new Cpuid.Leaf(
                        leaf.eax(),
                        leaf.ebx() | number << 24,
                        leaf.ecx(),
                        leaf.edx() | (apicEnabled() ? APIC_FEATURE : 0))
                : leaf;
    }

    /** The state in which a Multiboot kernel starts. */
    void enterKernel(int entry) {
        Registers r = vcpu.registers();
        r.system(CR0_PE, 0, 0, 0);
        for (int n = 0; n < 6; n++) {
            r.segment(n, new Registers.SegmentValue(n == CS ? 8 : 16, 0, -1, n == CS ? CODE : DATA));
        }
        r.general(RAX, MultibootKernel.LOADER_MAGIC);
        r.general(RBX, MultibootKernel.INFORMATION);
        r.rip(entry);
        started.set(true);
    }

    /**
     * A message arrives.
     *
     * @return whether it starts the processor
     */
    boolean receive(int command) {
        switch (command >>> 8 & 7) {
            case FIXED, LOWEST_PRIORITY -> apic.raise(command & 0xff);
            case NMI -> {
                vcpu.nmi();
                wake();
            }
            case STARTUP -> {
                if (!started.compareAndSet(false, true)) {
                    return false;
                }
                int page = command & 0xff;
                vcpu.registers().segment(CS, new Registers.SegmentValue(page << 8, (long) page << 12, 0xffff, 0x9b));
                vcpu.registers().rip(0);
                return true;
            }
            default -> {
                // INIT: the processors that wait for a start-up message are as after it.
            }
        }
        return false;
    }

    /** Something can be acknowledged. */
    void interrupt() {
        vcpu.interrupt();
        wake();
    }

    private void wake() {
        awake = true;
        LockSupport.unpark(thread);
    }

    void stop() {
        vcpu.stop();
        wake();
    }

    /** Until the board stops. */
    void run() {
        thread = Thread.currentThread();
        while (board.isRunning()) {
            answer(vcpu.run(SLICE));
        }
    }

    private void answer(Exit exit) {
        switch (exit) {
            case Exit.PortRead r -> vcpu.complete(board.ports().read(r.port(), r.size()));
            case Exit.PortWrite w -> {
                board.ports().write(w.port(), w.size(), w.value());
                vcpu.complete(0);
            }
            case Exit.DeviceRead r -> vcpu.complete(load(r.gpa(), r.size()));
            case Exit.DeviceWrite w -> {
                store(w);
                vcpu.complete(0);
            }
            case Exit.MsrRead r -> readMsr(r.index());
            case Exit.MsrWrite w -> writeMsr(w);
            case Exit.Hypercall _ -> vcpu.registers().general(RAX, NO_SUCH_CALL);
            case Exit.Halt _ -> halt();
            case Exit.TripleFault _ -> board.end(Board.SHUT_DOWN);
            case Exit.InterruptWindow _, Exit.Budget _, Exit.Stopped _, Exit.Breakpoint _, Exit.Watchpoint _ -> {
                // On it goes.
            }
        }
    }

    private boolean apicEnabled() {
        return (apicBase & APIC_ENABLED) != 0;
    }

    private boolean isApic(long gpa) {
        return apicEnabled() && gpa - LocalApic.BASE >= 0 && gpa - LocalApic.BASE < LocalApic.SIZE;
    }

    private long load(long gpa, int size) {
        apic.taskPriority(vcpu.registers().control(8));
        return isApic(gpa)
                ? apic.read((int) (gpa - LocalApic.BASE))
                : board.addresses().read(gpa, size);
    }

    private void store(Exit.DeviceWrite w) {
        if (!isApic(w.gpa())) {
            board.addresses().write(w.gpa(), w.size(), w.value());
            return;
        }
        apic.taskPriority(vcpu.registers().control(8));
        if (apic.write((int) (w.gpa() - LocalApic.BASE), w.size(), (int) w.value())) {
            board.deliver(this, apic.command());
        }
        vcpu.registers().taskPriority(apic.taskPriority());
    }

    private void readMsr(int index) {
        switch (index) {
            case APIC_BASE -> vcpu.complete(apicBase);
            case MISC_ENABLE -> vcpu.complete(miscEnable);
            case MCG_CAP -> vcpu.complete(0);
            default -> counter(index);
        }
    }

    private void writeMsr(Exit.MsrWrite w) {
        switch (w.index()) {
            case APIC_BASE -> writeApicBase(w.value());
            case MISC_ENABLE -> {
                miscEnable = w.value();
                vcpu.complete(0);
            }
            default -> counter(w.index());
        }
    }

    /** It can be switched off, but does not move, and has no other mode. */
    private void writeApicBase(long value) {
        if ((value & ~(APIC_ENABLED | BOOT_PROCESSOR)) != LocalApic.BASE) {
            vcpu.refuse();
            return;
        }
        apicBase = value;
        vcpu.complete(0);
    }

    private void counter(int index) {
        if (index >= FIRST_COUNTER && index <= LAST_COUNTER) {
            vcpu.complete(0);
        } else {
            vcpu.refuse();
        }
    }

    /** HLT: until something comes from outside. */
    private void halt() {
        while (!awake && !apic.isPending() && board.isRunning()) {
            LockSupport.park(this);
        }
        awake = false;
    }
}
