// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.vcpu.oracle;

import io.splitvisor.vcpu.cpu.Eflags;
import io.splitvisor.vcpu.decode.Arg;
import io.splitvisor.vcpu.decode.Row;
import java.lang.foreign.MemorySegment;
import java.util.Map;
import java.util.Set;
import java.util.SplittableRandom;

/**
 * What the comparisons of single instructions with the real processor start from: which rows of the opcode table can be compared in
 * ring 3, and random states, near the borders of what numbers can be as often as not.
 */
final class UserCases {
    /** Rows that go elsewhere: {@link FlowPropertyTest} has the near ones. */
    static final Set<String> NEAR_FLOW = Set.of("call", "jmp", "ret", "loop", "loope", "loopne", "jcxz");

    /** Rows that no comparison can have, with the reason, and what has them instead. */
    static final Map<String, String> NOT_COMPARED = Map.ofEntries(
            Map.entry("int", "the host's kernel answers; ExceptionsTest"),
            Map.entry("int1", "the host's kernel answers; UncomparedInstructionsTest"),
            Map.entry("int3", "how comparisons end; EventsTest"),
            Map.entry("syscall", "the host's kernel answers; EventsTest"),
            Map.entry("sysret", "vendors differ in ring 3; EventsTest"),
            Map.entry("sysenter", "vendors differ in long mode; UncomparedInstructionsTest"),
            Map.entry("sysexit", "vendors differ in long mode; UncomparedInstructionsTest"),
            Map.entry("lret", "far: depends on the host's descriptors; RingCompressionTest"),
            Map.entry("iret", "far: depends on the host's descriptors; EventsTest"),
            Map.entry("lss", "would change segments that the host's C library needs; UncomparedInstructionsTest"),
            Map.entry("lfs", "would change segments that the host's C library needs; UncomparedInstructionsTest"),
            Map.entry("lgs", "would change segments that the host's C library needs; UncomparedInstructionsTest"),
            Map.entry("rdfsbase", "the host's thread has a base of its own; UncomparedInstructionsTest"),
            Map.entry("rdgsbase", "the host's thread has a base of its own; UncomparedInstructionsTest"),
            Map.entry("wrfsbase", "the host's thread has a base of its own; UncomparedInstructionsTest"),
            Map.entry("wrgsbase", "the host's thread has a base of its own; UncomparedInstructionsTest"),
            Map.entry("sgdt", "the host's kernel may emulate it (UMIP); RingCompressionTest"),
            Map.entry("sidt", "the host's kernel may emulate it (UMIP); RingCompressionTest"),
            Map.entry("sldt", "the host's kernel may emulate it (UMIP); RingCompressionTest"),
            Map.entry("str", "the host's kernel may emulate it (UMIP); RingCompressionTest"),
            Map.entry("smsw", "the host's kernel may emulate it (UMIP); RingCompressionTest"),
            Map.entry("vmcall", "an exit to the host; EventsTest"),
            Map.entry("vmmcall", "an exit to the host; EventsTest"),
            Map.entry("cpuid", "differs by host; ContextIdentifiersTest"),
            Map.entry("rdtsc", "differs by host; EventsTest"),
            Map.entry("rdtscp", "differs by host; UncomparedInstructionsTest"),
            Map.entry("rdpmc", "differs by host; UncomparedInstructionsTest"),
            Map.entry("invpcid", "differs by host; ContextIdentifiersTest"));

    /** Rows that always fault in ring 3. */
    private static final Set<String> PRIVILEGED = Set.of(
            "in", "out", "ins", "outs", "hlt", "cli", "sti", "lgdt", "lidt", "lldt", "ltr", "lmsw", "invlpg", "clac",
            "stac", "swapgs", "clts", "invd", "wbinvd", "ud2", "wrmsr", "rdmsr");

    private final SplittableRandom random;
    private final FpuStates floatingPoint;
    private final SseStates sse;

    UserCases(SplittableRandom random) {
        this.random = random;
        this.floatingPoint = new FpuStates(random);
        this.sse = new SseStates(random);
    }

    /** Whether a row can be compared in 64-bit code, one instruction alone: it may fault or not, but the flow stays. */
    static boolean standsAlone(Row row) {
        return !row.has(Row.NOT64)
                && !changesSegment(row)
                && !isNearFlow(row)
                && !isFar(row)
                && !NOT_COMPARED.containsKey(row.mnemonic());
    }

    /** Whether a row faults in ring 3, whatever its operands are. */
    static boolean isPrivileged(Row row) {
        return PRIVILEGED.contains(row.mnemonic())
                || row.args().stream().anyMatch(a -> a.kind() == Arg.Kind.CONTROL || a.kind() == Arg.Kind.DEBUG);
    }

    /** Whether a row is one of {@link FlowPropertyTest}'s. */
    static boolean isNearFlow(Row row) {
        return !isFar(row) && (row.mnemonic().startsWith("j") || NEAR_FLOW.contains(row.mnemonic()));
    }

    /** Calls and jumps through the host's descriptors. */
    static boolean isFar(Row row) {
        boolean target = row.args().contains(Arg.Mp) || row.args().contains(Arg.Ap);
        return target && NEAR_FLOW.contains(row.mnemonic());
    }

    /** Loads and pops of FS and GS, on which the host's C library rests, and of others, which goes by the host's descriptors. */
    static boolean changesSegment(Row row) {
        Arg.Kind first = row.args().isEmpty() ? null : row.args().getFirst().kind();
        return first == Arg.Kind.SEGMENT
                || (first == Arg.Kind.FIXED_SEGMENT && row.mnemonic().equals("pop"));
    }

    /** Random bytes in both processors' scratch pages. */
    void noise(MemorySegment one, MemorySegment other) {
        byte[] noise = new byte[(int) one.byteSize()];
        random.nextBytes(noise);
        one.copyFrom(MemorySegment.ofArray(noise));
        other.copyFrom(MemorySegment.ofArray(noise));
    }

    /** Random general, SSE and x87 registers and flags. */
    void randomize(Snapshot s) {
        for (int i = 0; i < 16; i++) {
            s.general[i] = interesting();
        }
        sse.randomize(s);
        floatingPoint.randomize(s);
        s.flags = Eflags.ONE | Eflags.IF | (random.nextInt() & (Eflags.ARITHMETIC | Eflags.DF));
    }

    /** Eight bytes of an operand. */
    long operand() {
        return random.nextBoolean() ? sse.number() : floatingPoint.memory();
    }

    private long interesting() {
        return switch (random.nextInt(6)) {
            case 0 -> random.nextInt(-3, 4);
            case 1 -> 1L << random.nextInt(64);
            case 2 -> (1L << random.nextInt(64)) - 1;
            case 3 -> random.nextInt(256);
            default -> random.nextLong();
        };
    }
}
