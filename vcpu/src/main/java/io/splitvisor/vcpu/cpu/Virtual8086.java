// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.vcpu.cpu;

/** Ways into virtual 8086 mode and, with IRET, within it. SDM volume 3, chapter 21.2. */
final class Virtual8086 {
    private static final int[] BY_STACK = {Cpu.SS, Cpu.ES, Cpu.DS, Cpu.FS, Cpu.GS};

    private Virtual8086() {}

    /**
     * IRET of ring 0 to virtual 8086 mode.
     *
     * @param frame the stack, from which offset, CS and flags have been popped
     */
    static void enter(Cpu c, StackFrame frame, long offset, int cs, long flags) {
        long sp = frame.pop(4);
        int[] selectors = new int[BY_STACK.length];
        for (int n = 0; n < selectors.length; n++) {
            selectors[n] = (int) frame.pop(4) & 0xffff;
        }
        c.debug.resume((flags & Eflags.RF) != 0);
        c.eflags(flags & (Eflags.ALL & ~Eflags.RF));
        Descriptors.loadVirtual(c, Cpu.CS, cs);
        for (int n = 0; n < selectors.length; n++) {
            Descriptors.loadVirtual(c, BY_STACK[n], selectors[n]);
        }
        c.cpl = 3;
        c.rip = offset & 0xffff;
        c.r[Cpu.RSP] = sp;
        c.pending.nmiBlocked = false;
        c.attention = true;
        c.modeChanged();
    }

    /** What an event that leaves the mode pushes first. */
    static void pushSegments(Cpu c, StackFrame frame, int size) {
        for (int number : new int[] {Cpu.GS, Cpu.FS, Cpu.DS, Cpu.ES}) {
            frame.push(c.seg[number].selector(), size);
        }
    }

    /** And what the handler finds in their place. */
    static void clearSegments(Cpu c) {
        for (int number : new int[] {Cpu.GS, Cpu.FS, Cpu.DS, Cpu.ES}) {
            c.seg[number].loadNull(0);
            c.segmentChanged(number);
        }
        c.flags &= ~(long) Eflags.VM;
    }
}
