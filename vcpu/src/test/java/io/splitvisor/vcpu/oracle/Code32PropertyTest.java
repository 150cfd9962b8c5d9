// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.vcpu.oracle;

import static org.assertj.core.api.Assertions.assertThat;

import io.splitvisor.vcpu.cpu.Eflags;
import io.splitvisor.vcpu.decode.Arg;
import io.splitvisor.vcpu.decode.OpcodeTable;
import io.splitvisor.vcpu.decode.Row;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

/**
 * Instructions that 64-bit code does not have, in 32-bit code, against the real processor: results, flags, memory, and the exceptions
 * of BOUND and INTO. Properties {@code code32.seed} and {@code code32.cases} (per row).
 */
class Code32PropertyTest {
    private static final long SEED = Long.getLong("code32.seed", 20261122);
    private static final int CASES = Integer.getInteger("code32.cases", 200);
    private static final String RIGHTS = "wwxwwwwwww";
    private static final int INT3 = 3;

    private final SplittableRandom random = new SplittableRandom(SEED);
    private final Encoder encoder = new Encoder(random, false);
    private final Coverage coverage = new Coverage();
    private final Snapshot before = new Snapshot();
    private final Snapshot ours = new Snapshot();
    private final Snapshot real = new Snapshot();

    /** Far transfers and loads of segment registers depend on the host's descriptor tables. */
    static boolean covered(Row row) {
        boolean loadsSegment =
                row.mnemonic().equals("pop") && row.args().getFirst().kind() == Arg.Kind.FIXED_SEGMENT;
        boolean far = row.args().stream().anyMatch(a -> a.kind() == Arg.Kind.FAR);
        return row.has(Row.NOT64) && !loadsSegment && !far && !row.mnemonic().matches("l[de]s");
    }

    @Test
    void shouldDoWhatTheRealProcessorDoes() throws IOException {
        try (FaultingProcess processor = new FaultingProcess(RIGHTS)) {
            Machine machine = new Machine(FaultingProcess.BASE);
            machine.compatibilityMode();
            new UserCases(random).noise(processor.scratch(), machine.scratch());
            List<String> wrong = new ArrayList<>();
            int cases = 0;
            for (Row row : OpcodeTable.instance().rows()) {
                for (int n = 0; covered(row) && n < CASES; n++) {
                    String difference = compare(row, processor, machine);
                    if (difference != null) {
                        wrong.add(difference);
                        break;
                    }
                    cases++;
                }
            }
            System.out.println("32-bit code: " + cases + " cases, seed " + SEED);
            assertThat(wrong)
                    .as("the first case of each row that differs, seed %d", SEED)
                    .isEmpty();
            coverage.requireEach(Code32PropertyTest::covered, CASES / 4);
        }
    }

    private String compare(Row row, FaultingProcess processor, Machine machine) {
        long scratch = FaultingProcess.BASE + 4096L * RealProcessor.SCRATCH_PAGE;
        for (int i = 0; i < 16; i++) {
            before.general[i] = i < 8 ? random.nextInt() & 0xffff_ffffL : 0;
        }
        before.general[4] = scratch + 4096 + 8L * random.nextInt(512);
        before.flags = Eflags.ONE | Eflags.IF | (random.nextInt() & (Eflags.ARITHMETIC | Eflags.DF));
        int at = random.nextInt(3000);
        long codeAddress = FaultingProcess.BASE + RealProcessor.CODE_PAGE * 4096L + at;
        byte[] code = encoder.encode(row, codeAddress, scratch + 2048 + random.nextInt(16384), before.general);
        if (code == null) {
            return null;
        }
        ours.copyFrom(before);
        int vector = machine.run(code, at, ours, code.length);
        real.copyFrom(before);
        FaultingProcess.Fault fault = processor.run(code, at, real, false);
        coverage.executed(row);
        int realVector = fault.vector() == INT3 ? Machine.NO_EXCEPTION : fault.vector();
        long mask = (Eflags.ARITHMETIC | Eflags.DF) & ~(long) UndefinedFlags.of(row.mnemonic(), 1, 32);
        boolean same = vector == realVector
                && Arrays.equals(ours.general, real.general)
                && ((ours.flags ^ real.flags) & mask) == 0
                && (vector == Machine.NO_EXCEPTION || machine.fault().rip() == fault.rip())
                && machine.scratch().mismatch(processor.scratch()) < 0;
        machine.scratch().copyFrom(processor.scratch());
        return same
                ? null
                : "%s %s: vector %d, real %d%n before %s %x%n ours   %s %x%n real   %s %x"
                        .formatted(
                                row.mnemonic(),
                                HexFormat.of().formatHex(code),
                                vector,
                                realVector,
                                Arrays.toString(before.general),
                                before.flags,
                                Arrays.toString(ours.general),
                                ours.flags,
                                Arrays.toString(real.general),
                                real.flags);
    }
}
