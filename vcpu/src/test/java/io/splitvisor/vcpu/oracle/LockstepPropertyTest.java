// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.vcpu.oracle;

import static org.assertj.core.api.Assertions.assertThat;

import io.splitvisor.vcpu.Exit;
import io.splitvisor.vcpu.Tiers;
import io.splitvisor.vcpu.cpu.Cpu;
import io.splitvisor.vcpu.cpu.Eflags;
import io.splitvisor.vcpu.decode.Decoder;
import io.splitvisor.vcpu.decode.Insn;
import io.splitvisor.vcpu.decode.OpcodeTable;
import io.splitvisor.vcpu.decode.Row;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/**
 * The translator against the interpreter: random programs with jumps, calls, returns, faults and stores into their own code, both
 * from the same state. Wherever the translator comes to a stop, the interpreter is brought to the same number of instructions, one at a
 * time, and all of the state is compared. Properties {@code lockstep.seed} and {@code lockstep.programs} choose what runs.
 */
class LockstepPropertyTest {
    private static final long SEED = Long.getLong("lockstep.seed", 20261122);
    private static final int PROGRAMS = Integer.getInteger("lockstep.programs", 400);
    private static final long BASE = 0x4000_0000L;
    private static final long CODE = BASE + 4096L * RealProcessor.CODE_PAGE;
    private static final long SCRATCH = BASE + 4096L * RealProcessor.SCRATCH_PAGE;
    private static final int SCRATCH_BYTES = 4096 * RealProcessor.SCRATCH_PAGES;
    /** Instructions of a program, if nothing ends it earlier. */
    private static final int LENGTH = 3000;

    private final SplittableRandom random = new SplittableRandom(SEED);
    private final Encoder encoder = new Encoder(random);
    private final SseStates sse = new SseStates(random);
    private final Decoder decoder = new Decoder();
    private final Snapshot before = new Snapshot();
    private final List<Row> rows = OpcodeTable.instance().rows().stream()
            .filter(r -> !r.has(Row.ENDS_BLOCK) && !r.has(Row.NOT64))
            .toList();
    private final List<Row> vectors =
            rows.stream().filter(StreamsPropertyTest::isVector).toList();
    /** Of which most instructions of the program are. */
    private List<Row> most = rows;

    private ByteBuffer code;
    private long compared;

    @AfterEach
    void interpret() {
        Machine.tiers = Tiers.INTERPRETER;
    }

    @Test
    void shouldAgreeWhereverATranslationEnds() {
        Machine reference = new Machine(BASE);
        Machine.tiers = Tiers.atOnce(Tiers.EVERYTHING);
        Machine eager = new Machine(BASE);
        Machine.tiers = Tiers.atOnce(12);
        long translated = 0;
        for (int n = 0; n < PROGRAMS; n++) {
            if (n % 2 == 0) {
                program(n, reference, eager);
            } else {
                // A fresh one: pages that have often been rewritten have to be hotter.
                Machine usual = new Machine(BASE);
                program(n, reference, usual);
                translated += usual.statistics().instructions();
            }
        }
        assertThat(eager.statistics().instructions()).as("by whole programs").isGreaterThan(100L * PROGRAMS);
        assertThat(translated).as("by parts of programs").isGreaterThan(100L * PROGRAMS);
        System.out.printf(
                "lockstep: %d programs, %d states agree, %d and %d instructions in translations, seed %d%n",
                PROGRAMS, compared, eager.statistics().instructions(), translated, SEED);
    }

    private void program(int number, Machine reference, Machine translating) {
        most = number % 4 < 2 ? rows : vectors;
        int blocks = 4 + random.nextInt(10);
        int at = random.nextInt(4) == 0 ? 3900 : random.nextInt(1000);
        int[] starts = generate(blocks, at);
        byte[] bytes = Arrays.copyOf(code.array(), code.position());
        byte[] scratch = new byte[SCRATCH_BYTES];
        random.nextBytes(scratch);
        ByteBuffer words = ByteBuffer.wrap(scratch).order(ByteOrder.LITTLE_ENDIAN);
        for (int i = 0; i < SCRATCH_BYTES; i += 8) {
            if (random.nextInt(4) != 0) {
                // Returns and computed jumps find a block.
                words.putLong(i, CODE + at + starts[random.nextInt(blocks)]);
            }
        }
        for (int i = 0; i < 16; i++) {
            before.general[i] = random.nextInt(3) == 0 ? random.nextLong() : SCRATCH + random.nextInt(SCRATCH_BYTES);
        }
        before.general[Cpu.RSP] = SCRATCH + SCRATCH_BYTES / 2 & -8;
        sse.randomize(before);
        before.flags = Eflags.ONE | Eflags.IF | (random.nextInt() & Eflags.ARITHMETIC);
        for (Machine m : List.of(reference, translating)) {
            m.scratch().copyFrom(MemorySegment.ofArray(scratch));
            m.start(new byte[4096], 0, before);
            m.start(bytes, at, before);
        }
        lockstep(number, reference, translating);
    }

    private void lockstep(int number, Machine reference, Machine translating) {
        Cpu r = reference.cpu();
        Cpu t = translating.cpu();
        long start = t.retired;
        long offset = r.retired - start;
        while (t.retired - start < LENGTH) {
            long from = t.rip;
            Exit ours = translating.resume(1 + random.nextInt(60));
            Exit theirs = Exit.BUDGET;
            for (int n = 0; theirs == Exit.BUDGET && (r.retired - offset < t.retired || ours != Exit.BUDGET); n++) {
                r.pending.alone = true;
                theirs = reference.resume(1);
                assertThat(n)
                        .as("program %d, seed %d: the interpreter goes on", number, SEED)
                        .isLessThan(20_000);
            }
            if (ours == Exit.BUDGET && t.rip != r.rip) {
                // An exception was delivered, by an instruction that does not count.
                r.pending.alone = true;
                theirs = reference.resume(1);
            }
            compared++;
            String what = "program %d, seed %d, from %x".formatted(number, SEED, from - CODE);
            assertThat(ours).as(what).isEqualTo(theirs);
            assertThat(t.retired).as(what).isEqualTo(r.retired - offset);
            assertThat(Long.toHexString(t.rip)).as(what).isEqualTo(Long.toHexString(r.rip));
            assertThat(Arrays.copyOf(t.r, 16)).as(what + " at %x", t.rip - CODE).isEqualTo(Arrays.copyOf(r.r, 16));
            assertThat(t.eflags()).as(what + " at %x", t.rip - CODE).isEqualTo(r.eflags());
            assertThat(t.xmm).as(what).isEqualTo(r.xmm);
            assertThat(t.mxcsr).as(what).isEqualTo(r.mxcsr);
            if (ours != Exit.BUDGET) {
                break;
            }
        }
        assertThat(memory(translating).mismatch(memory(reference)))
                .as("memory after program %d, seed %d", number, SEED)
                .isEqualTo(-1);
    }

    /** All but page tables, whose accessed bits depend on what was looked up. */
    private static MemorySegment memory(Machine m) {
        return m.ram().asSlice(Machine.CODE, 4096L * (RealProcessor.PAGES - RealProcessor.CODE_PAGE));
    }

    /** Writes blocks of random instructions that end in random ways. Returns where they start. */
    private int[] generate(int blocks, int at) {
        code = ByteBuffer.allocate(8192).order(ByteOrder.LITTLE_ENDIAN);
        int[] starts = new int[blocks];
        int[] fixups = new int[blocks];
        // Straight code that is longer than a block may be.
        int longOne = at < 1000 ? random.nextInt(2 * blocks) : blocks;
        for (int n = 0; n < blocks; n++) {
            starts[n] = code.position();
            for (int k = n == longOne ? 150 : random.nextInt(8); k >= 0; k--) {
                instruction(CODE + at);
            }
            fixups[n] = ending();
        }
        code.put((byte) 0xe9);
        code.putInt(-code.position() - 4);
        for (int fixup : fixups) {
            if (fixup >= 0) {
                code.putInt(fixup, starts[random.nextInt(blocks)] - fixup - 4);
            }
        }
        return starts;
    }

    private void instruction(long start) {
        long target = SCRATCH + random.nextInt(SCRATCH_BYTES - 64) & (random.nextInt(8) == 0 ? -1 : -16);
        if (random.nextInt(40) == 0) {
            // Into the code: what it makes of it is the same for both.
            target = CODE + random.nextInt(4096);
        } else if (random.nextInt(200) == 0) {
            target = BASE + 4096L * RealProcessor.PAGES - 4;
        }
        while (true) {
            List<Row> some = random.nextInt(4) == 0 ? rows : most;
            Row row = some.get(random.nextInt(some.size()));
            byte[] bytes = encoder.encode(row, start + code.position(), target, new long[17]);
            if (bytes != null && (random.nextInt(400) == 0 || stays(row, bytes))) {
                code.put(bytes);
                return;
            }
        }
    }

    /** Whether an instruction addresses memory by a constant, and leaves the stack pointer alone. */
    private boolean stays(Row row, byte[] bytes) {
        Insn i = decoder.decode(n -> bytes[n] & 0xff, 0, Insn.MODE64);
        String name = row.mnemonic();
        boolean constant =
                i.index() == Insn.NO_REGISTER && (i.base() == Insn.NO_REGISTER || i.base() == Insn.BLOCK_START);
        boolean onStack = name.equals("push") || name.equals("pop");
        boolean divides = name.endsWith("div");
        boolean touchesStackPointer =
                !i.hasMemory() && i.rm() == Cpu.RSP || i.reg() == Cpu.RSP || i.opcodeRegister() == Cpu.RSP;
        return (constant || !i.hasMemory() || name.equals("lea") || name.equals("nop"))
                && !divides
                && !name.equals("enter")
                && !name.equals("leave")
                && (onStack || !touchesStackPointer);
    }

    /** Ends a block; returns where the distance to another block is to be put, or -1. */
    private int ending() {
        switch (random.nextInt(12)) {
            case 0 -> code.put((byte) 0xe9);
            case 1, 2 -> code.put((byte) 0xe8);
            case 3 -> {
                code.put((byte) 0xc3);
                return -1;
            }
            case 4 -> {
                // JMP or CALL through memory.
                code.put((byte) 0xff)
                        .put((byte) (random.nextBoolean() ? 0x24 : 0x14))
                        .put((byte) 0x25);
                code.putInt((int) SCRATCH + 8 * random.nextInt(SCRATCH_BYTES / 8));
                return -1;
            }
            case 5 -> {
                return -1;
            }
            default -> code.put((byte) 0x0f).put((byte) (0x80 | random.nextInt(16)));
        }
        code.putInt(0);
        return code.position() - 4;
    }
}
