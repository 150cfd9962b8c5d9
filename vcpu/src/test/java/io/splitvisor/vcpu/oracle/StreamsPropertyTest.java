// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.vcpu.oracle;

import io.splitvisor.vcpu.cpu.Eflags;
import io.splitvisor.vcpu.decode.Arg;
import io.splitvisor.vcpu.decode.Decoder;
import io.splitvisor.vcpu.decode.Insn;
import io.splitvisor.vcpu.decode.OpcodeTable;
import io.splitvisor.vcpu.decode.Row;
import java.io.ByteArrayOutputStream;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.Set;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

/**
 * Random straight code against the real processor: what one instruction leaves, above all its lazy flags, is what the
 * next one finds. Only instructions that leave nothing undefined, but for AF of logic, which nothing here reads. Every other stream has mostly
 * instructions on XMM registers.
 */
class StreamsPropertyTest {
    private static final long SEED = Long.getLong("oracle.seed", 20261122);
    private static final Set<String> NAMES = Set.of(
            "add", "sub", "adc", "sbb", "cmp", "inc", "dec", "neg", "not", "and", "or", "xor", "test", "mov", "movzx",
            "movsx", "movsxd", "lea", "xchg", "xadd", "cmpxchg", "clc", "stc", "cmc", "cbw", "cwd", "popcnt", "nop");

    /** Store where RDI points, load what traps, or answer in bits of the processor's own. */
    private static final Set<String> OTHER_VECTORS =
            Set.of("maskmovdqu", "ldmxcsr", "rcpss", "rcpps", "rsqrtss", "rsqrtps");

    private final SplittableRandom random = new SplittableRandom(SEED);
    private final Encoder encoder = new Encoder(random);
    private final SseStates sse = new SseStates(random);
    private final Decoder decoder = new Decoder();
    private final Snapshot before = new Snapshot();
    private final Snapshot ours = new Snapshot();
    private final Snapshot real = new Snapshot();

    /** How many are tried. */
    int streams() {
        return Integer.getInteger("oracle.streams", 20_000);
    }

    @Test
    void shouldLeaveWhatTheRealProcessorLeavesAfterAStream() {
        List<Row> integers = OpcodeTable.instance().rows().stream()
                .filter(StreamsPropertyTest::fits)
                .toList();
        List<Row> vectors = OpcodeTable.instance().rows().stream()
                .filter(StreamsPropertyTest::isVector)
                .toList();
        try (RealProcessor processor = new RealProcessor()) {
            Machine machine = new Machine(processor.address());
            byte[] noise = new byte[(int) processor.scratch().byteSize()];
            random.nextBytes(noise);
            processor.scratch().copyFrom(MemorySegment.ofArray(noise));
            machine.scratch().copyFrom(MemorySegment.ofArray(noise));
            for (int n = 0; n < streams(); n++) {
                stream(integers, n % 2 == 0 ? integers : vectors, processor, machine);
            }
            machine.requireTranslations(streams());
            System.out.println("oracle: " + streams() + " streams agree, seed " + SEED);
        }
    }

    private static boolean fits(Row row) {
        boolean plain = row.args().stream().noneMatch(a -> switch (a.kind()) {
            case SEGMENT, FIXED_SEGMENT, CONTROL, DEBUG -> true;
            default -> false;
        });
        String name = row.mnemonic();
        boolean conditional = name.startsWith("set") || name.startsWith("cmov");
        return plain && !row.has(Row.NOT64) && (NAMES.contains(name) || conditional);
    }

    /** Whether a row is SSE's, and what it does the same on every processor. */
    static boolean isVector(Row row) {
        boolean xmm = row.args().stream().anyMatch(a -> a.kind() == Arg.Kind.XMM_REG || a.kind() == Arg.Kind.XMM_RM);
        boolean mmx = row.args().stream().anyMatch(a -> a.kind() == Arg.Kind.MMX_REG || a.kind() == Arg.Kind.MMX_RM);
        return xmm && !mmx && !HostFeatures.lacks(row) && !OTHER_VECTORS.contains(row.mnemonic());
    }

    /** A place in the scratch pages, where an instruction may have its operand. */
    private long target(Row row, long scratch) {
        long target = scratch + 4096 + random.nextInt(8192);
        return row.args().contains(Arg.Wx) ? target & -16 : target;
    }

    private void stream(List<Row> some, List<Row> most, RealProcessor processor, Machine machine) {
        long scratch = processor.address() + RealProcessor.SCRATCH_PAGE * 4096L;
        long start = processor.address() + RealProcessor.CODE_PAGE * 4096L;
        for (int i = 0; i < 16; i++) {
            before.general[i] = random.nextBoolean() ? random.nextLong() : random.nextInt(-4, 4);
        }
        sse.randomize(before);
        before.flags = Eflags.ONE | Eflags.IF | (random.nextInt() & Eflags.ARITHMETIC);
        ByteArrayOutputStream code = new ByteArrayOutputStream();
        int length = 2 + random.nextInt(20);
        long[] ignored = new long[17];
        for (int n = 0; n < length; n++) {
            List<Row> rows = random.nextInt(4) == 0 ? some : most;
            Row row = rows.get(random.nextInt(rows.size()));
            byte[] bytes = encoder.encode(row, start + code.size(), target(row, scratch), ignored);
            if (bytes != null && addressIsConstant(bytes)) {
                code.writeBytes(bytes);
            }
        }
        compare(code.toByteArray(), processor, machine);
    }

    /** Registers change along the way, so only addresses without any can be kept inside the scratch pages. */
    private boolean addressIsConstant(byte[] bytes) {
        Insn i = decoder.decode(at -> bytes[at] & 0xff, 0, Insn.MODE64);
        boolean onlyAddress =
                i.row().mnemonic().equals("lea") || i.row().mnemonic().equals("nop");
        return onlyAddress
                || !i.hasMemory()
                || (i.index() == Insn.NO_REGISTER && (i.base() == Insn.NO_REGISTER || i.base() == Insn.BLOCK_START));
    }

    private void compare(byte[] code, RealProcessor processor, Machine machine) {
        ours.copyFrom(before);
        real.copyFrom(before);
        int vector = machine.run(code, 0, ours, code.length);
        if (vector == Machine.NO_EXCEPTION) {
            processor.run(code, 0, real, code.length);
        }
        long mask = (Eflags.ARITHMETIC | Eflags.DF) & ~Eflags.AF;
        boolean same = vector == Machine.NO_EXCEPTION
                && Arrays.equals(ours.general, real.general)
                && (ours.flags & mask) == (real.flags & mask)
                && ours.sameSse(real)
                && machine.scratch().mismatch(processor.scratch()) < 0;
        if (!same) {
            throw new AssertionError("stream %s differs, seed %d, exception %d, SSE %s%n ours %s %x%n real %s %x"
                    .formatted(
                            HexFormat.of().formatHex(code),
                            SEED,
                            vector,
                            ours.sameSse(real),
                            Arrays.toString(ours.general),
                            ours.flags,
                            Arrays.toString(real.general),
                            real.flags));
        }
    }
}
