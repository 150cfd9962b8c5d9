// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.x86.linux;

/**
 * What a program wants done on a signal: the kernel's struct sigaction.
 *
 * @param handler an address, SIG_DFL or SIG_IGN
 * @param restorer where handlers return to
 * @param mask signals held up while the handler runs
 */
record SignalAction(long handler, long flags, long restorer, long mask) {
    static final int BYTES = 32;
    static final long SA_SIGINFO = 4;
    static final long SA_ONSTACK = 0x0800_0000L;
    static final long SA_RESTART = 0x1000_0000L;
    static final long SA_NODEFER = 0x4000_0000L;
    static final long SA_RESETHAND = 0x8000_0000L;
    static final SignalAction DEFAULT = new SignalAction(Signals.SIG_DFL, 0, 0, 0);

    boolean has(long flag) {
        return (flags & flag) != 0;
    }

    boolean isHandler() {
        return handler != Signals.SIG_DFL && handler != Signals.SIG_IGN;
    }

    static SignalAction read(UserMemory memory, long at) {
        return new SignalAction(
                memory.getLong(at), memory.getLong(at + 8), memory.getLong(at + 16), memory.getLong(at + 24));
    }

    void write(UserMemory memory, long at) {
        memory.putLong(at, handler);
        memory.putLong(at + 8, flags);
        memory.putLong(at + 16, restorer);
        memory.putLong(at + 24, mask);
    }
}
