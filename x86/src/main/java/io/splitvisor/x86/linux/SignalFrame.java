// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.x86.linux;

import io.splitvisor.vcpu.Registers;

/**
 * What lies on the stack while a handler runs: Linux's struct rt_sigframe for x86-64.
 *
 * <pre>
 *   0    return address       8    uc_flags, uc_link      24   uc_stack
 *   48   r8 to r15, rdi, rsi, rbp, rbx, rdx, rax, rcx, rsp, rip, eflags
 *   192  cs gs fs ss          200  err, trapno, oldmask, cr2
 *   232  fpstate              304  uc_sigmask             312  siginfo
 * </pre>
 */
final class SignalFrame {
    private static final int STACK = 24;
    private static final int GENERAL = 48;
    private static final int RIP = 176;
    private static final int EFLAGS = 184;
    private static final int SEGMENTS = 192;
    private static final int CR2 = 224;
    private static final int FPSTATE = 232;
    private static final int MASK = 304;
    private static final int INFO = 312;
    private static final int BYTES = INFO + SignalInfo.BYTES;

    private static final int FXSAVE_BYTES = 512;
    private static final int RED_ZONE = 128;
    private static final int RSP = 4;
    private static final int RDI = 7;
    private static final int RSI = 6;
    private static final int RDX = 2;
    private static final int RAX = 0;
    /** Order in the frame, by the numbers that instructions use. */
    private static final int[] ORDER = {8, 9, 10, 11, 12, 13, 14, 15, 7, 6, 5, 3, 2, 0, 1, 4};

    /** CF, PF, AF, ZF, SF, TF, DF, OF, NT, RF, AC, ID: what a handler may change. */
    private static final long RESTORED_FLAGS = 0x25_4dd5L;

    private static final long TRAP_DIRECTION = 0x500;
    private static final long SEGMENT_VALUES = 0x002b_0000_0000_0033L;

    private SignalFrame() {}

    /** Makes the program's next instruction the handler's first one. */
    static void push(Task task, SignalInfo info, SignalAction action, long oldMask) {
        Registers r = task.vcpu().registers();
        UserMemory m = task.memory();
        AlternateStack stack = task.alternateStack();
        boolean alternate = action.has(SignalAction.SA_ONSTACK) && stack.usable() && !stack.holds(r.general(RSP));
        long top = alternate ? stack.base() + stack.size() : r.general(RSP) - RED_ZONE;
        long fpstate = top - FXSAVE_BYTES & -64;
        long frame = (fpstate - BYTES & -16) - 8;
        saveFloat(r, m, fpstate);
        m.putLong(frame, action.restorer());
        m.putLong(frame + 8, 0);
        m.putLong(frame + 16, 0);
        stack.write(m, frame + STACK, r.general(RSP));
        for (int i = 0; i < ORDER.length; i++) {
            m.putLong(frame + GENERAL + 8L * i, r.general(ORDER[i]));
        }
        m.putLong(frame + RIP, r.rip());
        m.putLong(frame + EFLAGS, r.rflags());
        m.putLong(frame + SEGMENTS, SEGMENT_VALUES);
        m.putLong(frame + CR2, r.control(2));
        m.putLong(frame + FPSTATE, fpstate);
        m.putLong(frame + MASK, oldMask);
        m.putBytes(frame + INFO, info.bytes());
        r.general(RSP, frame);
        r.general(RDI, info.signal());
        r.general(RSI, frame + INFO);
        r.general(RDX, frame + 8);
        r.general(RAX, 0);
        r.rip(action.handler());
        r.rflags(r.rflags() & ~TRAP_DIRECTION);
    }

    /** rt_sigreturn: takes everything back. The mask is the result. */
    static long pop(Task task) {
        Registers r = task.vcpu().registers();
        UserMemory m = task.memory();
        // The return address has been popped.
        long frame = r.general(RSP) - 8;
        for (int i = 0; i < ORDER.length; i++) {
            r.general(ORDER[i], m.getLong(frame + GENERAL + 8L * i));
        }
        r.rip(m.getLong(frame + RIP));
        long flags = m.getLong(frame + EFLAGS);
        r.rflags((r.rflags() & ~RESTORED_FLAGS) | (flags & RESTORED_FLAGS));
        long fpstate = m.getLong(frame + FPSTATE);
        if (fpstate != 0) {
            restoreFloat(r, m, fpstate);
        }
        return m.getLong(frame + MASK);
    }

    private static void saveFloat(Registers r, UserMemory m, long at) {
        long[] words = r.floatState();
        for (int n = 0; n < words.length; n++) {
            m.putLong(at + 8L * n, words[n]);
        }
    }

    private static void restoreFloat(Registers r, UserMemory m, long at) {
        long[] words = new long[FXSAVE_BYTES / 8];
        for (int n = 0; n < words.length; n++) {
            words[n] = m.getLong(at + 8L * n);
        }
        r.floatState(words);
    }
}
