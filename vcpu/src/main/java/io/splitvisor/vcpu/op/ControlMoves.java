// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.vcpu.op;

import io.splitvisor.vcpu.cpu.Cpu;
import io.splitvisor.vcpu.cpu.DebugUnit;
import io.splitvisor.vcpu.cpu.SystemRegisters;
import io.splitvisor.vcpu.cpu.Vector;
import io.splitvisor.vcpu.decode.Arg;
import io.splitvisor.vcpu.decode.Insn;

/** MOV from and to control and debug registers. */
final class ControlMoves {
    private static final long DR6_ONES = 0xffff_0ff0L;
    private static final long DR6_WRITABLE = 0xe00fL;
    private static final long DR7_ONE = 0x400;
    private static final long DR7_WRITABLE = 0xffff_2bffL;

    private ControlMoves() {}

    static Op mov(Insn i) {
        boolean write = i.row().args().get(1) == Arg.Rm;
        boolean debug = i.row().args().contains(Arg.Dr);
        int number = i.reg();
        if (debug) {
            return number < 8 ? new Debug(i, number, write) : new Undefined();
        }
        return switch (number) {
            case 0, 2, 3, 4, 8 -> new Control(i, number, write);
            default -> new Undefined();
        };
    }

    private static final class Control extends Op {
        private final int number;
        private final boolean write;
        private final Operand general;

        Control(Insn i, int number, boolean write) {
            this.number = number;
            this.write = write;
            this.general = Operand.of(i, write ? 1 : 0);
        }

        @Override
        public void exec(Cpu c) {
            c.requireRing0();
            if (write) {
                write(c, general.read(c));
            } else {
                general.write(c, read(c));
            }
        }

        private long read(Cpu c) {
            return switch (number) {
                case 0 -> c.sys.cr0;
                case 2 -> c.sys.cr2;
                case 3 -> c.sys.cr3;
                case 4 -> c.sys.cr4;
                default -> c.sys.cr8;
            };
        }

        private void write(Cpu c, long value) {
            c.mmu.fence();
            switch (number) {
                case 0 -> c.sys.writeCr0(value);
                case 2 -> c.sys.cr2 = value;
                case 3 -> c.sys.writeCr3(value);
                case 4 -> c.sys.writeCr4(value);
                default -> {
                    if ((value & ~15L) != 0) {
                        throw c.gp(0);
                    }
                    c.sys.cr8 = (int) value;
                    // What was held back may be deliverable now: the controllers are asked again.
                    c.pending.interrupt = true;
                    c.attention = true;
                }
            }
        }
    }

    /** DR4 and DR5 are other names of DR6 and DR7, unless CR4.DE says that they are none. */
    private static final class Debug extends Op {
        private final int number;
        private final boolean alias;
        private final boolean write;
        private final Operand general;

        Debug(Insn i, int number, boolean write) {
            this.alias = number == 4 || number == 5;
            this.number = alias ? number + 2 : number;
            this.write = write;
            this.general = Operand.of(i, write ? 1 : 0);
        }

        @Override
        public void exec(Cpu c) {
            c.requireRing0();
            if (alias && (c.sys.cr4 & SystemRegisters.CR4_DE) != 0) {
                throw c.ud();
            }
            if ((c.sys.dr[7] & DebugUnit.DR7_GD) != 0) {
                c.debug.record(DebugUnit.DR6_BD);
                throw c.fault.exception(Vector.DB);
            }
            if (!write) {
                general.write(c, c.sys.dr[number]);
                return;
            }
            long value = general.read(c);
            if (number >= 6 && value >>> 32 != 0) {
                throw c.gp(0);
            }
            c.sys.dr[number] = switch (number) {
                case 6 -> (value & DR6_WRITABLE) | DR6_ONES;
                case 7 -> (value & DR7_WRITABLE) | DR7_ONE;
                default -> value;
            };
            c.debug.changed();
        }
    }

    /** LMSW changes PE, MP, EM and TS, and cannot clear PE. */
    static void lmsw(Cpu c, long value) {
        long keep = ~0xeL;
        c.sys.writeCr0((c.sys.cr0 & keep) | (value & 0xe) | (value & SystemRegisters.CR0_PE));
    }
}
