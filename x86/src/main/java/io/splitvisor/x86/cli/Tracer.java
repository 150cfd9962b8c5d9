// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.x86.cli;

import io.splitvisor.vcpu.Exit;
import io.splitvisor.vcpu.Registers;
import io.splitvisor.vcpu.disasm.Disassembler;
import io.splitvisor.x86.linux.Task;
import java.io.PrintStream;
import java.util.ArrayDeque;
import java.util.Deque;

/** Runs a program's first thread instruction by instruction, and prints them. Other threads run at full speed. */
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
    private final Disassembler disassembler = new Disassembler();
    private final Deque<String> lines = new ArrayDeque<>();
    private final long[] before = new long[NAMES.length];

    private Task traced;
    private long left;
    private boolean waiting;

    /**
     * @param from the address to start at, or {@link #FROM_START}
     * @param count how many instructions to print
     * @param last how many of them to keep until the end, or {@link #ALL}
     */
    Tracer(PrintStream out, long from, long count, int last) {
        this.out = out;
        this.from = from;
        this.left = count;
        this.last = last;
        this.waiting = from != FROM_START;
    }

    /** The program is there; its first thread is the one. */
    void loaded(Task task) {
        traced = task;
        if (waiting) {
            task.vcpu().breakpoints().add(from);
        }
    }

    @Override
    public Exit run(Task task) {
        if (task != traced || left == 0) {
            return super.run(task);
        }
        if (waiting) {
            Exit exit = super.run(task);
            if (!(exit instanceof Exit.Breakpoint)) {
                return exit;
            }
            waiting = false;
            task.vcpu().breakpoints().remove(from);
        }
        return step(task);
    }

    private Exit step(Task task) {
        Registers r = task.vcpu().registers();
        for (int n = 0; n < before.length; n++) {
            before[n] = r.general(n);
        }
        long flags = r.rflags();
        long rip = r.rip();
        byte[] code = task.code(rip, LONGEST);
        String text = code.length == 0
                ? "(nothing mapped)"
                : disassembler.at(code, rip, 64).text();
        Exit exit = task.vcpu().step();
        left--;
        var line = new StringBuilder(String.format("%12x  %-44s", rip, text));
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

    private void print(String line) {
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
    void finish() {
        lines.forEach(out::println);
        lines.clear();
        out.flush();
    }
}
