// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.x86.cli;

import io.splitvisor.vcpu.Exit;
import io.splitvisor.vcpu.Registers;
import io.splitvisor.vcpu.Vcpu;
import io.splitvisor.vcpu.disasm.Disassembler;
import io.splitvisor.x86.linux.Task;
import java.io.PrintStream;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicLong;

/**
 * Runs a program's threads instruction by instruction, and prints them, behind the thread's number where there are several. Processes
 * that it makes run at full speed.
 */
final class Tracer extends FullSpeed {
    /** There is no address to wait for. */
    static final long FROM_START = -1;

    /** Every instruction is printed at once. */
    static final int ALL = 0;

    private static final int LONGEST = 15;
    private static final String[] NAMES = {
        "rax", "rcx", "rdx", "rbx", "rsp", "rbp", "rsi", "rdi", "r8", "r9", "r10", "r11", "r12", "r13", "r14", "r15"
    };

    private final PrintStream out;
    private final long from;
    private final int last;
    private final Deque<String> lines = new ArrayDeque<>();
    private final AtomicLong left;
    private final Map<Task, Traced> threads = new ConcurrentHashMap<>();

    private Task traced;
    private volatile boolean waiting;

    /**
     * @param from the address to start at, or {@link #FROM_START}
     * @param count how many instructions to print
     * @param last how many of them to keep until the end, or {@link #ALL}
     */
    Tracer(PrintStream out, long from, long count, int last) {
        this.out = out;
        this.from = from;
        this.left = new AtomicLong(count);
        this.last = last;
        this.waiting = from != FROM_START;
    }

    /** What is traced of a thread. */
    private final class Traced {
        private final Disassembler disassembler = new Disassembler();
        private final long[] before = new long[NAMES.length];
        /** The processor with a breakpoint at {@link #from}; null if there is none. */
        private Vcpu armed;

        void arm(Vcpu vcpu) {
            if (armed != vcpu) {
                armed = vcpu;
                vcpu.breakpoints().add(from);
            }
        }

        void disarm() {
            if (armed != null) {
                armed.breakpoints().remove(from);
                armed = null;
            }
        }
    }

    /** The program is there. */
    void loaded(Task task) {
        traced = task;
    }

    @Override
    public Exit run(Task task) {
        if (task.processId() != traced.processId()) {
            return super.run(task);
        }
        Traced thread = threads.computeIfAbsent(task, t -> new Traced());
        if (waiting) {
            thread.arm(task.vcpu());
            Exit exit = super.run(task);
            if (!(exit instanceof Exit.Breakpoint)) {
                return exit;
            }
            waiting = false;
            // The others notice, and are traced from where they are.
            threads.keySet().forEach(t -> t.vcpu().stop());
        }
        thread.disarm();
        return left.getAndDecrement() > 0 ? step(task, thread) : fast(task);
    }

    private Exit fast(Task task) {
        left.set(0);
        return super.run(task);
    }

    @Override
    public void left(Task task) {
        threads.remove(task);
    }

    private Exit step(Task task, Traced thread) {
        Registers r = task.vcpu().registers();
        long[] before = thread.before;
        for (int n = 0; n < before.length; n++) {
            before[n] = r.general(n);
        }
        long flags = r.rflags();
        long rip = r.rip();
        byte[] code = task.code(rip, LONGEST);
        String text = code.length == 0
                ? "(nothing mapped)"
                : thread.disassembler.at(code, rip, 64).text();
        Exit exit = task.vcpu().step();
        if (exit instanceof Exit.Stopped) {
            // It has not been executed yet.
            left.incrementAndGet();
            return exit;
        }
        var line = new StringBuilder(threads.size() > 1 ? "[" + task.id() + "] " : "");
        line.append(String.format("%12x  %-44s", rip, text));
        // What the kernel's pages did on the way to a system call is not the program's.
        if (r.cpl() != 0) {
            for (int n = 0; n < before.length; n++) {
                if (before[n] != r.general(n)) {
                    line.append(' ').append(NAMES[n]).append('=').append(Long.toHexString(r.general(n)));
                }
            }
            if (flags != r.rflags()) {
                line.append(" flags=").append(Long.toHexString(r.rflags()));
            }
        }
        print(line.toString().stripTrailing());
        return exit instanceof Exit.Budget && r.cpl() == 0 ? task.vcpu().run(1) : exit;
    }

    private synchronized void print(String line) {
        if (last == ALL) {
            out.println(line);
            return;
        }
        if (lines.size() == last) {
            lines.remove();
        }
        lines.add(line);
    }

    @Override
    public void fatal(Task task, int signal) {
        finish();
        super.fatal(task, signal);
    }

    /** Prints what has been kept. */
    synchronized void finish() {
        lines.forEach(out::println);
        lines.clear();
        out.flush();
    }
}
