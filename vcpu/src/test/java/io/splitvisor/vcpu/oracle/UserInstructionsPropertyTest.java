// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.vcpu.oracle;

import static org.assertj.core.api.Assertions.assertThat;

import io.splitvisor.vcpu.cpu.Cpu;
import io.splitvisor.vcpu.cpu.Eflags;
import io.splitvisor.vcpu.cpu.Vector;
import io.splitvisor.vcpu.decode.Arg;
import io.splitvisor.vcpu.decode.Decoder;
import io.splitvisor.vcpu.decode.Insn;
import io.splitvisor.vcpu.decode.OpcodeTable;
import io.splitvisor.vcpu.decode.Row;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.Set;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

/**
 * Every user-mode row of the opcode table against the real processor: random encodings, registers, flags and memory,
 * compared bit for bit. Properties {@code oracle.seed}, {@code oracle.cases} (per row), {@code oracle.only} (a mnemonic)
 * and {@code oracle.trace} choose what runs.
 */
class UserInstructionsPropertyTest {
    private static final long SEED = Long.getLong("oracle.seed", 20261122);
    private static final String ONLY = System.getProperty("oracle.only");
    private static final boolean TRACE = Boolean.getBoolean("oracle.trace");

    private static final Set<String> UNALIGNED = Set.of("movups", "movupd", "movdqu", "lddqu");

    private static final Set<String> ALIGNED = Set.of("cmpxchg8b", "fxsave", "fxrstor");

    private static final Set<String> USE_STACK = Set.of("push", "pop", "pushf", "popf", "enter", "leave");

    private final SplittableRandom random = new SplittableRandom(SEED);
    private final Encoder encoder = new Encoder(random);
    private final UserCases user = new UserCases(random);
    private final Coverage coverage = new Coverage();
    private final Decoder decoder = new Decoder();
    private final Snapshot before = new Snapshot();
    private final Snapshot ours = new Snapshot();
    private final Snapshot real = new Snapshot();
    private long scratch;
    private long target;

    /** How many are tried. */
    int cases() {
        return Integer.getInteger("oracle.cases", 1000);
    }

    @Test
    void shouldDoWhatTheRealProcessorDoes() {
        try (RealProcessor processor = new RealProcessor()) {
            Machine machine = new Machine(processor.address());
            user.noise(processor.scratch(), machine.scratch());
            List<String> wrong = new ArrayList<>();
            long cases = 0;
            for (Row row : OpcodeTable.instance().rows()) {
                if (!covered(row)) {
                    continue;
                }
                try {
                    cases += row(row, processor, machine);
                } catch (AssertionError e) {
                    wrong.add(e.getMessage());
                    machine.scratch().copyFrom(processor.scratch());
                }
            }
            machine.requireTranslations(cases);
            System.out.println("oracle: " + cases + " cases agree, seed " + SEED);
            assertThat(wrong)
                    .as("rows that differ, the first case of each, seed %d", SEED)
                    .isEmpty();
            coverage.requireEach(UserInstructionsPropertyTest::covered, Math.max(1, cases() / 4));
        }
    }

    static boolean covered(Row row) {
        return UserCases.standsAlone(row)
                && !UserCases.isPrivileged(row)
                && !HostFeatures.lacks(row)
                && (ONLY == null || ONLY.equals(row.mnemonic()));
    }

    private int row(Row row, RealProcessor processor, Machine machine) {
        int done = 0;
        for (int attempt = 0; attempt < cases(); attempt++) {
            int at = random.nextInt(3000);
            long codeAddress = processor.address() + RealProcessor.CODE_PAGE * 4096L + at;
            scratch = processor.address() + RealProcessor.SCRATCH_PAGE * 4096L;
            randomState();
            target = scratch + 2048 + random.nextInt(16384);
            boolean aligned = ALIGNED.contains(row.mnemonic())
                    || (row.args().contains(Arg.Wx) && !UNALIGNED.contains(row.mnemonic()));
            if (aligned) {
                target &= -16;
            }
            byte[] code = encoder.encode(row, codeAddress, target, before.general);
            if (code == null) {
                continue;
            }
            if (row.mnemonic().equals("enter")) {
                // Frames that fit into the scratch pages.
                code[code.length - 2] = (byte) random.nextInt(4);
            }
            Insn insn = decoder.decode(i -> code[i] & 0xff, 0, Insn.MODE64);
            boolean stackOutside = before.general[4] < scratch + 256 || before.general[4] > scratch + 24_000;
            if (hostDiffers(insn) || (USE_STACK.contains(row.mnemonic()) && stackOutside)) {
                continue;
            }
            operands(row, insn, processor, machine);
            if (adjust(row, insn) && compare(row, insn, code, at, processor, machine)) {
                coverage.executed(row);
                done++;
            }
        }
        return done;
    }

    /** What the instruction reads from memory, where random bytes would not do. */
    private void operands(Row row, Insn insn, RealProcessor processor, Machine machine) {
        long at = target - scratch;
        if (insn.hasMemory() && random.nextBoolean()) {
            for (int n = 0; n < 2; n++) {
                set(processor, machine, at + 8L * n, 8, user.operand());
            }
        }
        switch (row.mnemonic()) {
            case "ldmxcsr" -> set(processor, machine, at, 4, 0x1f80 | (random.nextInt() & 0xe07f));
            case "fxrstor" -> set(processor, machine, at + 24, 4, 0x1f80 | (random.nextInt() & 0xe07f));
            case "popf" -> {
                // Nothing that lasts: single steps, nested tasks, alignment checks.
                long flags = random.nextLong() & ~(Eflags.TF | Eflags.NT | Eflags.AC | Eflags.ID);
                set(processor, machine, before.general[4] - scratch, 8, flags);
            }
            case "lar", "lsl", "verr", "verw" -> {
                int selector = random.nextInt(8) << 3 | random.nextInt(4);
                set(processor, machine, at, 2, selector);
                if (!insn.hasMemory()) {
                    before.general[insn.rm()] = selector;
                }
            }
            default -> {}
        }
    }

    private void set(RealProcessor processor, Machine machine, long at, int size, long value) {
        for (int n = 0; n < size; n++) {
            byte b = (byte) (value >> 8 * n);
            processor.scratch().set(ValueLayout.JAVA_BYTE, at + n, b);
            machine.scratch().set(ValueLayout.JAVA_BYTE, at + n, b);
        }
    }

    /** TZCNT and LZCNT, hidden by our CPUID: their encodings are BSF and BSR here. */
    private static boolean hostDiffers(Insn i) {
        String name = i.row().mnemonic();
        return (i.row().args().contains(Arg.Sw) && (i.reg() & 7) > Cpu.GS) // #UD, as FaultsPropertyTest knows
                || (i.repeat() == 0xf3 && (name.equals("bsf") || name.equals("bsr")))
                // A destination that is undefined.
                || (name.equals("bswap") && i.operandBytes() == 2);
    }

    private boolean compare(Row row, Insn insn, byte[] code, int at, RealProcessor processor, Machine machine) {
        ours.copyFrom(before);
        String what = row.mnemonic() + " " + HexFormat.of().formatHex(code);
        if (TRACE) {
            System.out.println(what + " rsp " + Long.toHexString(before.general[4]));
        }
        int vector = machine.run(code, at, ours, code.length);
        if (vector != Machine.NO_EXCEPTION) {
            boolean expected = vector == Vector.DE && row.mnemonic().endsWith("div");
            assertThat(expected)
                    .as("%s: exception %d, seed %d, registers %s", what, vector, SEED, hex(before.general))
                    .isTrue();
            assertThat(ours.general)
                    .as("%s: state after a fault, seed %d", what, SEED)
                    .isEqualTo(before.general);
            return true;
        }
        real.copyFrom(before);
        processor.run(code, at, real, code.length);
        boolean destinationUndefined =
                (row.mnemonic().equals("shld") || row.mnemonic().equals("shrd")) && count(insn) > bits(insn);
        long mask = ~(long) UndefinedFlags.of(row.mnemonic(), count(insn), bits(insn));
        mask &= (Eflags.ARITHMETIC | Eflags.DF) & ~FpuStates.undefinedFlags(insn, ours);
        if (FpuStates.undefined(insn, before, ours)) {
            machine.scratch().copyFrom(processor.scratch());
            return true;
        }
        copyPointers(row, insn, machine, processor);
        boolean same = Arrays.equals(ours.general, real.general)
                && (ours.flags & mask) == (real.flags & mask)
                && (ours.sameSse(real) || (isEstimate(row) && closeEnough()))
                && FpuStates.agree(insn, ours, real)
                && machine.scratch().mismatch(processor.scratch()) < 0;
        if (!same && destinationUndefined) {
            machine.scratch().copyFrom(processor.scratch());
            return true;
        }
        if (!same) {
            long mismatch = machine.scratch().mismatch(processor.scratch());
            throw new AssertionError("%s differs, seed %d%n before %s%n ours   %s%n real   %s%n memory at %x"
                    .formatted(what, SEED, text(before), text(ours), text(real), mismatch));
        }
        return true;
    }

    /** The pointers that FNSTENV, FNSAVE and FXSAVE store: not every processor restores those that it was given. */
    private void copyPointers(Row row, Insn insn, Machine machine, RealProcessor processor) {
        if (row.mnemonic().equals("fnstenv") || row.mnemonic().equals("fnsave")) {
            int step = insn.operandBytes() == 2 ? 2 : 4;
            copy(processor, machine, target - scratch + 3L * step, 4L * step);
        }
        if (row.mnemonic().equals("fxsave")) {
            // With them the bits that MXCSR has there, and what is not written.
            copy(processor, machine, target - scratch + 5, 19);
            copy(processor, machine, target - scratch + 28, 4);
        }
    }

    private static void copy(RealProcessor processor, Machine machine, long at, long bytes) {
        MemorySegment.copy(processor.scratch(), at, machine.scratch(), at, bytes);
    }

    /** The low bits of estimates are each processor's own. */
    private static boolean isEstimate(Row row) {
        return row.mnemonic().startsWith("rcp") || row.mnemonic().startsWith("rsqrt");
    }

    private boolean closeEnough() {
        boolean close = ours.mxcsr() == real.mxcsr();
        for (int n = 0; n < 64; n++) {
            float a = Float.intBitsToFloat((int) (ours.xmm(n >> 1) >>> (32 * (n & 1))));
            float b = Float.intBitsToFloat((int) (real.xmm(n >> 1) >>> (32 * (n & 1))));
            boolean same = Float.floatToRawIntBits(a) == Float.floatToRawIntBits(b);
            // An estimate that is about the smallest normal number may be flushed to zero on one side only.
            boolean tiny = Math.abs(a) <= BARELY_NORMAL && Math.abs(b) <= BARELY_NORMAL && sameSign(a, b);
            close &= same || tiny || Math.abs(a - b) <= Math.abs(b) * 0x1.8p-12f;
        }
        return close;
    }

    private static final float BARELY_NORMAL = Float.MIN_NORMAL * (1 + 0x1p-11f);

    private static boolean sameSign(float a, float b) {
        return (Float.floatToRawIntBits(a) ^ Float.floatToRawIntBits(b)) >= 0;
    }

    private int count(Insn i) {
        int last = i.row().args().size() - 1;
        if (last < 0) {
            return 0;
        }
        int count =
                switch (i.row().args().get(last).kind()) {
                    case ONE -> 1;
                    case COUNT -> (int) before.general[1];
                    default -> (int) i.immediate();
                };
        return count & (i.operandBytes() == 8 && bits(i) == 64 ? 63 : 31);
    }

    private static int bits(Insn i) {
        return i.row().args().isEmpty() ? 0 : 8 * i.row().args().get(0).size(i);
    }

    private void randomState() {
        user.randomize(before);
        // Inside the scratch pages, mostly aligned.
        before.general[4] = scratch + 4096 + 8L * random.nextInt(1024) + (random.nextInt(8) == 0 ? 3 : 0);
    }

    /** Implicit memory operands must lie in the scratch pages; divisions should not overflow too often. */
    private boolean adjust(Row row, Insn insn) {
        long[] r = before.general;
        long middle = scratch + 4096 + random.nextInt(8192);
        switch (row.mnemonic()) {
            case "leave" -> r[5] = middle;
            case "xlat" -> r[3] = middle;
            case "enter" -> r[5] = middle;
            case "movs", "stos", "lods", "scas", "cmps" -> {
                r[6] = middle;
                r[7] = scratch + 4096 + random.nextInt(8192);
                r[1] = random.nextInt(100);
            }
            case "maskmovdqu", "maskmovq" -> r[7] = middle;
            case "div", "idiv" -> {
                if (random.nextBoolean() && insn.base() != 2 && insn.index() != 2) {
                    r[2] = random.nextInt(-2, 3);
                }
            }
            case "bt", "bts", "btr", "btc" -> {
                boolean string = insn.hasMemory() && row.args().get(1).kind() == Arg.Kind.REG;
                if (string && (insn.reg() == insn.base() || insn.reg() == insn.index())) {
                    return false;
                }
                if (string) {
                    r[insn.reg()] = random.nextInt(-10_000, 10_000);
                }
            }
            default -> {}
        }
        return true;
    }

    private static String hex(long[] values) {
        StringBuilder b = new StringBuilder();
        for (long v : values) {
            b.append(Long.toHexString(v)).append(' ');
        }
        return b.toString();
    }

    private static String text(Snapshot s) {
        StringBuilder b = new StringBuilder(hex(s.general) + "flags " + Long.toHexString(s.flags));
        b.append(" mxcsr ").append(Integer.toHexString(s.mxcsr())).append("\n  xmm");
        for (int n = 0; n < 32; n++) {
            b.append(n % 2 == 0 ? " " : ":").append(Long.toHexString(s.xmm(n)));
        }
        b.append("\n  x87 control %x status %x full %x st".formatted(s.word(0), s.word(1), s.full()));
        for (int n = 0; n < 8; n++) {
            b.append(" %04x:%016x".formatted(s.signExponent(n), s.significand(n)));
        }
        return b.toString();
    }
}
