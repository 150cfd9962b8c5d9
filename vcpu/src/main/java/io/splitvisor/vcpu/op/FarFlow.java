// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.vcpu.op;

import io.splitvisor.vcpu.cpu.Cpu;
import io.splitvisor.vcpu.cpu.Delivery;
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
            Map.entry("int", i -> new SoftwareInterrupt((int) i.immediate(), Delivery.Source.SOFTWARE)),
            Map.entry("int3", i -> new SoftwareInterrupt(Vector.BP, Delivery.Source.SOFTWARE)),
            Map.entry("int1", i -> new SoftwareInterrupt(Vector.DB, Delivery.Source.INT1)),
            Map.entry("into", i -> new Into()),
            Map.entry("syscall", i -> new Transfer(FarTransfer::syscall)),
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

    private static Op sysret(Insn i) {
        boolean to64 = i.rexW();
        return new Transfer(c -> FarTransfer.sysret(c, to64));
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

        SoftwareInterrupt(int vector, Delivery.Source source) {
            this.vector = vector;
            this.source = source;
        }

        @Override
        public void exec(Cpu c) {
            Delivery.deliver(c, vector, GuestFault.NO_ERROR_CODE, source, c.rip);
        }
    }

    private static final class Into extends Op {
        @Override
        public void exec(Cpu c) {
            if (c.of()) {
                Delivery.deliver(c, Vector.OF, GuestFault.NO_ERROR_CODE, Delivery.Source.SOFTWARE, c.rip);
            }
        }
    }
}
