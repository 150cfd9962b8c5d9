// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.vcpu.oracle;

import static org.assertj.core.api.Assertions.assertThat;

import io.splitvisor.vcpu.cpu.Eflags;
import io.splitvisor.vcpu.cpu.Vector;
import io.splitvisor.vcpu.decode.Feature;
import io.splitvisor.vcpu.decode.OpcodeTable;
import io.splitvisor.vcpu.decode.Row;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;

/**
 * Instructions that fault, against the real processor: vector, error code, address, instruction pointer, registers and memory at
 * the fault. Operands lie across the borders of pages that are missing or read-only, at addresses that are not canonical;
 * exceptions of SSE are unmasked; instructions are privileged or do not exist. Properties {@code faults.seed},
 * {@code faults.cases} (per row) and {@code oracle.only}.
 */
class FaultsPropertyTest {
    private static final long SEED = Long.getLong("faults.seed", 20261122);
    private static final String ONLY = System.getProperty("oracle.only");

    /** Scratch pages 5 (missing) and 7 (read-only). Behind the last there is nothing. */
    private static final String RIGHTS = "wwxww-wrww";

    private static final int INEXACT = 0x20;
    private static final int MISSING = 5;
    private static final int READ_ONLY = 7;

    private final SplittableRandom random = new SplittableRandom(SEED);
    private final Encoder encoder = new Encoder(random);
    private final UserCases user = new UserCases(random);
    private final Coverage coverage = new Coverage();
    private final Snapshot before = new Snapshot();
    private final Snapshot ours = new Snapshot();
    private final Snapshot real = new Snapshot();
    private final Map<Integer, Integer> vectors = new TreeMap<>();

    /** What POPF pops could trace or check what comes next. */
    static boolean covered(Row row) {
        return UserCases.standsAlone(row)
                && !HostFeatures.lacks(row)
                && !row.mnemonic().equals("popf")
                && (ONLY == null || ONLY.equals(row.mnemonic()));
    }

    /** How many are tried. */
    int cases() {
        return Integer.getInteger("faults.cases", 40);
    }

    @Test
    void shouldFaultAsTheRealProcessorDoes() throws IOException {
        try (FaultingProcess processor = new FaultingProcess(RIGHTS)) {
            Machine machine = new Machine(FaultingProcess.BASE);
            machine.protect(MISSING, 0);
            machine.protect(READ_ONLY, 5);
            user.noise(processor.scratch(), machine.scratch());
            List<String> wrong = new ArrayList<>();
            int cases = 0;
            for (Row row : OpcodeTable.instance().rows()) {
                for (int n = 0; covered(row) && n < cases(); n++) {
                    String difference = compare(row, processor, machine);
                    if (difference != null) {
                        wrong.add(difference);
                        break;
                    }
                    cases++;
                }
            }
            System.out.println("faults: " + cases + " cases, by vector " + vectors + ", seed " + SEED);
            assertThat(wrong)
                    .as("the first case of each row that differs, seed %d", SEED)
                    .isEmpty();
            coverage.requireEach(FaultsPropertyTest::covered, Math.max(1, cases() / 4));
            assertThat(vectors.keySet())
                    .as("exceptions met")
                    .contains(Vector.GP, Vector.PF)
                    .containsAll(ONLY == null ? EXPECTED : Set.of());
        }
    }

    private static final Set<Integer> EXPECTED =
            Set.of(Vector.DE, Vector.UD, Vector.SS, Vector.GP, Vector.PF, Vector.AC, Vector.XM);

    /** Runs one case on both; returns what is wrong, or null. */
    private String compare(Row row, FaultingProcess processor, Machine machine) {
        randomState();
        int at = random.nextInt(3000);
        long codeAddress = FaultingProcess.BASE + RealProcessor.CODE_PAGE * 4096L + at;
        long target = target();
        byte[] code = encoder.encode(row, codeAddress, target, before.general);
        if (code == null) {
            return null;
        }
        implicit(row, target);
        ours.copyFrom(before);
        int vector = machine.run(code, at, ours, code.length);
        real.copyFrom(before);
        FaultingProcess.Fault fault = processor.run(code, at, real, true);
        coverage.executed(row);
        boolean none = fault.vector() == Vector.BP;
        int realVector = none ? Machine.NO_EXCEPTION : fault.vector();
        if (vector != Machine.NO_EXCEPTION) {
            vectors.merge(vector, 1, Integer::sum);
        }
        if (vendorsDiffer(row, vector, realVector)) {
            machine.scratch().copyFrom(processor.scratch());
            return null;
        }
        String differs = vector != realVector ? "vector" : none ? null : differs(machine, vector, fault);
        boolean memory = machine.scratch().mismatch(processor.scratch()) < 0;
        machine.scratch().copyFrom(processor.scratch());
        if (differs == null && !none && !memory) {
            differs = "memory";
        }
        return differs == null
                ? null
                : "%s differs: %s %s target %x mxcsr %x flags %x x87 %x%n ours %s%n real %d %s%n  before %s%n  ours   %s%n  real   %s"
                        .formatted(
                                differs,
                                row.mnemonic(),
                                HexFormat.of().formatHex(code),
                                target,
                                before.mxcsr(),
                                before.flags,
                                before.word(0),
                                vector == Machine.NO_EXCEPTION ? "none" : vector + " " + machine.fault(),
                                fault.vector(),
                                fault,
                                hex(before),
                                hex(ours),
                                hex(real));
    }

    /**
     * ENTER looks at where the stack will end, as Intel's manual says and not all processors do. Whether POP to an address that is not
     * canonical raises #SS or #GP depends on the number of the base register where we tried, and in no manual. SHA's operands have to be
     * aligned, as Intel's manual says; where we tried they had not to be.
     */
    private static boolean vendorsDiffer(Row row, int vector, int realVector) {
        return switch (row.mnemonic()) {
            case "enter" -> vector == Vector.PF && realVector == Machine.NO_EXCEPTION;
            case "pop" -> vector == Vector.GP && realVector == Vector.SS;
            default -> row.feature() == Feature.SHA && vector == Vector.GP;
        };
    }

    private String differs(Machine machine, int vector, FaultingProcess.Fault fault) {
        Machine.Fault mine = machine.fault();
        if (mine.rip() != fault.rip()) {
            return "rip";
        }
        boolean hasError = vector == Vector.PF || vector == Vector.GP || vector == Vector.SS || vector == Vector.AC;
        // Of its own half of the address space the kernel tells that everything is present.
        int hidden = vector == Vector.PF && fault.address() < 0 ? 1 : 0;
        if (hasError && (mine.error() | hidden) != (fault.error() | hidden)) {
            return "error code";
        }
        if (vector == Vector.PF && mine.address() != fault.address()) {
            return "address";
        }
        if (!Arrays.equals(ours.general, real.general)) {
            return "registers";
        }
        if (((ours.flags ^ real.flags) & (Eflags.ARITHMETIC | Eflags.DF)) != 0) {
            return "flags";
        }
        if (vector == Vector.XM) {
            // Whether an unmasked overflow or underflow is noted as inexact, too: docs/vcpu.md.
            ours.mxcsr(ours.mxcsr() & ~INEXACT | real.mxcsr() & INEXACT);
        }
        if (!ours.sameSse(real)) {
            return "SSE";
        }
        return vector == Vector.MF || ours.sameFpu(real, 0xffff) ? null : "x87";
    }

    private static String hex(Snapshot s) {
        var text = new StringBuilder();
        for (long v : s.general) {
            text.append(Long.toHexString(v)).append(' ');
        }
        return text + "flags %x mxcsr %x xmm0 %x:%x".formatted(s.flags, s.mxcsr(), s.xmm(1), s.xmm(0));
    }

    /** Where a memory operand lies: mostly where it hurts. */
    private long target() {
        long pages = FaultingProcess.BASE;
        return switch (random.nextInt(8)) {
            case 0 -> pages + 4096L * MISSING - random.nextInt(17);
            case 1 -> pages + 4096L * (MISSING + 1) - random.nextInt(17);
            case 2 -> pages + 4096L * READ_ONLY - random.nextInt(17);
            case 3 -> pages + 4096L * (READ_ONLY + 1) - random.nextInt(17);
            case 4 -> pages + 4096L * RealProcessor.PAGES - random.nextInt(17);
            // Far from both halves, so that no byte of the operand is canonical.
            case 5 -> random.nextLong() >>> 2 | 1L << 61;
            default -> pages + 4096L * RealProcessor.SCRATCH_PAGE + 2048 + random.nextInt(4096);
        };
    }

    /** Operands that no encoding shows. */
    private void implicit(Row row, long target) {
        long[] r = before.general;
        switch (row.mnemonic()) {
            case "leave" -> r[5] = target;
            case "xlat" -> r[3] = target - (r[0] & 0xff);
            case "movs", "stos", "lods", "scas", "cmps", "ins", "outs" -> {
                r[6] = random.nextBoolean() ? target : target();
                r[7] = target;
                r[1] = random.nextInt(50);
            }
            case "maskmovdqu", "maskmovq" -> r[7] = target;
            case "push", "pop", "enter", "pushf", "call" -> r[4] = random.nextBoolean() ? target : r[4];
            default -> {
                // All operands are in the encoding.
            }
        }
    }

    private void randomState() {
        // Any exceptions unmasked, and none noted that is: such a state would be told by the next instruction.
        int masks = random.nextInt(64) << 7;
        user.randomize(before);
        before.mxcsr(random.nextInt() & 0xe000 | masks | random.nextInt() & masks >> 7);
        before.general[4] = FaultingProcess.BASE + 4096L * RealProcessor.SCRATCH_PAGE + 1024 + 8L * random.nextInt(64);
        before.general[5] = before.general[4] + 64;
        if (random.nextInt(6) == 0) {
            before.flags |= Eflags.AC;
        }
    }
}
