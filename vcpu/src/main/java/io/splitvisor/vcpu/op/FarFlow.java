// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.vcpu.op;

import io.splitvisor.vcpu.cpu.Cpu;
import io.splitvisor.vcpu.cpu.Delivery;
import io.splitvisor.vcpu.cpu.Eflags;
import io.splitvisor.vcpu.cpu.FarTransfer;
import io.splitvisor.vcpu.cpu.Vector;
import io.splitvisor.vcpu.decode.Arg;
import io.splitvisor.vcpu.decode.Insn;
import io.splitvisor.vcpu.mmu.GuestFault;
import java.util.Map;

/** Transfers to other segments and rings: far jumps, calls, returns, software interrupts, fast system calls. */
final class FarFlow {
    static final Map<String, Lowering> LOWERINGS = Map.ofEntries(
            Map.entry("lret", FarFlow::ret),
            Map.entry("iret", FarFlow::iret),
            Map.entry("int", i -> new SoftwareInterrupt((int) i.immediate(), Delivery.Source.SOFTWARE, true)),
            Map.entry("int3", i -> new SoftwareInterrupt(Vector.BP, Delivery.Source.SOFTWARE, false)),
            Map.entry("int1", i -> new SoftwareInterrupt(Vector.DB, Delivery.Source.INT1, false)),
            Map.entry("into", i -> new Into()),
            Map.entry("syscall", FarFlow::syscall),
            Map.entry("sysret", FarFlow::sysret),
            Map.entry("sysenter", i -> new Transfer(FarTransfer::sysenter)),
            Map.entry("sysexit", FarFlow::sysexit));

    private FarFlow() {}

    /** A transfer that needs nothing but numbers which were known when it was decoded. */
    private static final class Transfer extends Op {
        private final Action action;

        Transfer(Action action) {
            this.action = action;
        }

        @Override
        public void exec(Cpu c) {
            action.run(c);
        }
    }

    /** What a {@link Transfer} does. */
    @FunctionalInterface
    private interface Action {
        void run(Cpu c);
    }

    static Op jmp(Insn i) {
        return new Far(i, false);
    }

    static Op call(Insn i) {
        return new Far(i, true);
    }

    private static Op iret(Insn i) {
        int size = i.operandBytes();
        return new Transfer(c -> FarTransfer.iret(c, size));
    }

    private static Op ret(Insn i) {
        int size = i.operandBytes();
        long bytes = i.row().args().isEmpty() ? 0 : i.immediate();
        return new Transfer(c -> FarTransfer.ret(c, size, bytes));
    }

    private static Op syscall(Insn i) {
        boolean from64 = i.mode() == Insn.MODE64;
        return new Transfer(c -> FarTransfer.syscall(c, from64));
    }

    private static Op sysret(Insn i) {
        boolean from64 = i.mode() == Insn.MODE64;
        boolean to64 = i.rexW();
        return new Transfer(c -> FarTransfer.sysret(c, from64, to64));
    }

    private static Op sysexit(Insn i) {
        boolean to64 = i.rexW();
        return new Transfer(c -> FarTransfer.sysexit(c, to64));
    }

    /** JMP and CALL, with a pointer in the instruction or in memory. */
    private static final class Far extends Op {
        private final boolean call;
        private final int size;
        private final Ea ea;
        private final long offset;
        private final int selector;

        Far(Insn i, boolean call) {
            this.call = call;
            this.size = i.operandBytes();
            boolean direct = i.row().args().get(0) == Arg.Ap;
            this.ea = direct ? null : Ea.of(i);
            this.offset = i.immediate();
            this.selector = (int) i.immediate2();
        }

        @Override
        public void exec(Cpu c) {
            long toOffset = offset;
            int toSelector = selector;
            if (ea != null) {
                long at = ea.linear(c, size + 2, false);
                toOffset = c.mmu.load(at, size);
                toSelector = (int) c.mmu.load(at + size, 2);
            }
            if (call) {
                FarTransfer.call(c, toSelector, toOffset, size);
            } else {
                FarTransfer.jump(c, toSelector, toOffset);
            }
        }
    }

    private static final class SoftwareInterrupt extends Op {
        private final int vector;
        private final Delivery.Source source;
        /** Whether virtual 8086 mode needs an I/O privilege level of 3 for it. */
        private final boolean sensitive;

        SoftwareInterrupt(int vector, Delivery.Source source, boolean sensitive) {
            this.vector = vector;
            this.source = source;
            this.sensitive = sensitive;
        }

        @Override
        public void exec(Cpu c) {
            if (sensitive && c.virtual8086() && (c.flags & Eflags.IOPL) != Eflags.IOPL) {
                throw c.gp(0);
            }
            if (vector == Vector.DB && source == Delivery.Source.INT1) {
                // What a MOV SS has held back is lost.
                c.debug.forget();
            }
            enter(c, vector, source);
        }
    }

    private static void enter(Cpu c, int vector, Delivery.Source source) {
        Delivery.deliver(c, vector, GuestFault.NO_ERROR_CODE, source, c.rip);
        c.debug.cancelStep();
    }

    private static final class Into extends Op {
        @Override
        public void exec(Cpu c) {
            if (c.of()) {
                enter(c, Vector.OF, Delivery.Source.SOFTWARE);
            }
        }
    }
}
