// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.x86.linux;

/** Exceptions of a program, as the signals that Linux makes of them. */
final class Faults {
    private static final int DE = 0;
    private static final int DB = 1;
    private static final int BP = 3;
    private static final int UD = 6;
    private static final int PF = 14;
    private static final int MF = 16;
    private static final int AC = 17;
    private static final int XM = 19;

    private static final int SEGV_MAPERR = 1;
    private static final int SEGV_ACCERR = 2;
    private static final int BUS_ADRALN = 1;
    private static final int BUS_ADRERR = 2;
    private static final int FPE_INTDIV = 1;
    private static final int FPE_FLTINV = 7;
    private static final int ILL_ILLOPN = 2;
    private static final int TRAP_TRACE = 2;
    private static final int PRESENT = 1;

    private Faults() {}

    static void raise(Task task, KernelPages.Entry.Fault f) {
        long rip = task.vcpu().registers().rip();
        SignalInfo info =
                switch (f.vector()) {
                    case DE -> new SignalInfo(Signals.SIGFPE, FPE_INTDIV, rip);
                    case MF, XM -> new SignalInfo(Signals.SIGFPE, FPE_FLTINV, rip);
                    case DB -> new SignalInfo(Signals.SIGTRAP, TRAP_TRACE, rip);
                    case BP -> new SignalInfo(Signals.SIGTRAP, SignalInfo.SI_KERNEL, 0);
                    case UD -> new SignalInfo(Signals.SIGILL, ILL_ILLOPN, rip);
                    case AC -> new SignalInfo(Signals.SIGBUS, BUS_ADRALN, rip);
                    case PF -> pageFault(task, f);
                    default -> new SignalInfo(Signals.SIGSEGV, SignalInfo.SI_KERNEL, 0);
                };
        task.process().fault(task, info);
    }

    private static SignalInfo pageFault(Task task, KernelPages.Entry.Fault f) {
        boolean mapped = task.memory().space().areaAt(f.address()) != null;
        if (mapped
                && (f.error() & PRESENT) == 0
                && task.memory().space().areaAt(f.address()).shared()) {
            return new SignalInfo(Signals.SIGBUS, BUS_ADRERR, f.address());
        }
        return new SignalInfo(Signals.SIGSEGV, mapped ? SEGV_ACCERR : SEGV_MAPERR, f.address());
    }
}
