// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.vcpu.oracle;

import static org.assertj.core.api.Assertions.assertThat;

import io.splitvisor.vcpu.cpu.Cpu;
import io.splitvisor.vcpu.cpu.Eflags;
import io.splitvisor.vcpu.decode.Decoder;
import io.splitvisor.vcpu.decode.Insn;
import io.splitvisor.vcpu.decode.Row;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

/** Near branches against the real processor: which way they go, and what they do to the stack. */
class FlowPropertyTest {
    private static final long SEED = Long.getLong("oracle.seed", 20261122);
    /** Where a taken branch goes, from the start of the code. */
    private static final int TARGET = 48;

    private static final HexFormat HEX = HexFormat.of();
    /** LEA R15, [R15 + 1] and + 2: tell which way the code went without touching flags. */
    private static final byte[] NOT_TAKEN = HEX.parseHex("4d8d7f01");

    private static final byte[] TAKEN = HEX.parseHex("4d8d7f02");

    private final SplittableRandom random = new SplittableRandom(SEED);
    private final Coverage coverage = new Coverage();
    private final Decoder decoder = new Decoder();
    private final Snapshot before = new Snapshot();
    private final Snapshot ours = new Snapshot();
    private final Snapshot real = new Snapshot();

    /** How many are tried. */
    int cases() {
        return Integer.getInteger("oracle.flows", 500);
    }

    static boolean covered(Row row) {
        return !row.has(Row.NOT64) && UserCases.isNearFlow(row);
    }

    @Test
    void shouldBranchAsTheRealProcessorDoes() {
        try (RealProcessor processor = new RealProcessor()) {
            Machine machine = new Machine(processor.address());
            processor.scratch().fill((byte) 0);
            machine.scratch().fill((byte) 0);
            for (int n = 0; n < cases(); n++) {
                for (int condition = 0; condition < 16; condition++) {
                    relative(processor, machine, (byte) (0x70 | condition));
                    relative(processor, machine, (byte) 0x0f, (byte) (0x80 | condition));
                }
                for (int opcode : new int[] {0xe0, 0xe1, 0xe2, 0xe3, 0xeb, 0xe8, 0xe9}) {
                    relative(processor, machine, (byte) opcode);
                }
                relative(processor, machine, (byte) 0x67, (byte) (0xe0 + random.nextInt(4)));
                indirect(processor, machine, "ffd0", 0);
                indirect(processor, machine, "41ffe1", 9);
                throughMemory(processor, machine, "ff13", 3);
                throughMemory(processor, machine, "ff26", 6);
                throughMemory(processor, machine, "c3", Cpu.RSP);
                throughMemory(processor, machine, "c21000", Cpu.RSP);
            }
            machine.requireTranslations(cases());
            coverage.requireEach(FlowPropertyTest::covered, cases());
        }
    }

    private void relative(RealProcessor processor, Machine machine, byte... opcode) {
        boolean wide = opcode[0] == 0x0f || (opcode[0] & 0xfe) == 0xe8;
        int length = opcode.length + (wide ? 4 : 1);
        byte[] insn = Arrays.copyOf(opcode, length);
        insn[opcode.length] = (byte) (TARGET - length);
        randomState(processor);
        compare(processor, machine, insn);
    }

    private void indirect(RealProcessor processor, Machine machine, String hex, int register) {
        randomState(processor);
        before.general[register] = target(processor);
        compare(processor, machine, HEX.parseHex(hex));
    }

    private void throughMemory(RealProcessor processor, Machine machine, String hex, int register) {
        randomState(processor);
        int at = 8192 + random.nextInt(4096);
        before.general[register] = scratch(processor) + at;
        processor.scratch().set(ValueLayout.JAVA_LONG_UNALIGNED, at, target(processor));
        machine.scratch().set(ValueLayout.JAVA_LONG_UNALIGNED, at, target(processor));
        compare(processor, machine, HEX.parseHex(hex));
    }

    private static long scratch(RealProcessor processor) {
        return processor.address() + RealProcessor.SCRATCH_PAGE * 4096L;
    }

    private static long target(RealProcessor processor) {
        return processor.address() + RealProcessor.CODE_PAGE * 4096L + TARGET;
    }

    private void randomState(RealProcessor processor) {
        for (int i = 0; i < 16; i++) {
            before.general[i] = random.nextLong();
        }
        before.general[Cpu.RCX] = random.nextBoolean() ? random.nextInt(3) : random.nextLong() << 32;
        before.general[Cpu.RSP] = scratch(processor) + 4096 + random.nextInt(4096);
        before.flags = Eflags.ONE | Eflags.IF | (random.nextInt() & Eflags.ARITHMETIC);
    }

    private void compare(RealProcessor processor, Machine machine, byte[] insn) {
        byte[] code = Arrays.copyOf(insn, TARGET + TAKEN.length + RealProcessor.END_BYTES);
        System.arraycopy(NOT_TAKEN, 0, code, insn.length, NOT_TAKEN.length);
        System.arraycopy(TAKEN, 0, code, TARGET, TAKEN.length);
        int[] ends = {insn.length + NOT_TAKEN.length, TARGET + TAKEN.length};
        ours.copyFrom(before);
        real.copyFrom(before);
        String what = HEX.formatHex(insn) + ", seed " + SEED;
        assertThat(machine.run(code, 0, ours, ends)).as(what).isEqualTo(Machine.NO_EXCEPTION);
        processor.run(code, 0, real, ends);
        assertThat(ours.general).as(what).isEqualTo(real.general);
        assertThat(ours.flags).as(what).isEqualTo(real.flags);
        coverage.executed(decoder.decode(i -> code[i] & 0xff, 0, Insn.MODE64).row());
        assertThat(MemorySegment.mismatch(
                        machine.scratch(),
                        0,
                        machine.scratch().byteSize(),
                        processor.scratch(),
                        0,
                        processor.scratch().byteSize()))
                .as(what)
                .isEqualTo(-1);
    }
}
