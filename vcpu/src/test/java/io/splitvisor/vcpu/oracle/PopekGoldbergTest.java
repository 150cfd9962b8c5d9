// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.vcpu.oracle;

import static org.assertj.core.api.Assertions.assertThat;

import io.splitvisor.vcpu.cpu.Eflags;
import io.splitvisor.vcpu.cpu.Vector;
import io.splitvisor.vcpu.decode.Arg;
import io.splitvisor.vcpu.decode.OpcodeTable;
import io.splitvisor.vcpu.decode.Row;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

/** The lists of {@code docs/popek-goldberg.md} against the opcode table, and against what happens in ring 3. */
class PopekGoldbergTest {
    private static final long SEED = Long.getLong("oracle.seed", 20261122);
    private static final long BASE = 0x1000_0000L;
    private static final Path PAGE = Path.of("..", "docs", "popek-goldberg.md");

    private final Map<String, List<String>> lists = lists();

    private static Map<String, List<String>> lists() {
        try {
            Map<String, List<String>> lists = new HashMap<>();
            for (String line : Files.readAllLines(PAGE)) {
                if (line.startsWith("    ") && line.contains(": ")) {
                    String[] parts = line.strip().split(": ", 2);
                    lists.computeIfAbsent(parts[0], k -> new ArrayList<>())
                            .addAll(Arrays.asList(parts[1].split(" ", -1)));
                }
            }
            return lists;
        } catch (IOException e) {
            throw new java.io.UncheckedIOException(e);
        }
    }

    /** A row's name in the lists. */
    private static String form(Row row) {
        String name = row.mnemonic();
        for (Arg arg : row.args()) {
            switch (arg.kind()) {
                case CONTROL, DEBUG -> {
                    return name + ".cr";
                }
                case SEGMENT, FIXED_SEGMENT -> {
                    return name + ".seg";
                }
                case FAR -> {
                    return name + ".far";
                }
                default -> {
                    if (arg == Arg.Mp && (name.equals("call") || name.equals("jmp"))) {
                        return name + ".far";
                    }
                }
            }
        }
        boolean jump = name.startsWith("j") && !name.equals("jmp") && !name.equals("jcxz");
        if (jump) {
            return "jCC";
        }
        return name.startsWith("set") ? "setCC" : name.startsWith("cmov") ? "cmovCC" : name;
    }

    @Test
    void shouldClassifyEveryInstructionOnce() {
        Set<String> forms = new HashSet<>();
        OpcodeTable.instance().rows().forEach(row -> forms.add(form(row)));
        List<String> classified = lists.values().stream().flatMap(List::stream).toList();
        assertThat(classified).doesNotHaveDuplicates();
        assertThat(classified).containsExactlyInAnyOrderElementsOf(forms);
    }

    @Test
    void shouldTrapPrivilegedInstructionsInRing3AndChangeNothing() {
        Machine machine = new Machine(BASE);
        SplittableRandom random = new SplittableRandom(SEED);
        Encoder encoder = new Encoder(random);
        Snapshot before = new Snapshot();
        Snapshot after = new Snapshot();
        Set<String> seen = new HashSet<>();
        for (Row row : OpcodeTable.instance().rows()) {
            boolean privileged = lists.get("privileged").contains(form(row));
            if ((!privileged && !lists.get("privileged-io").contains(form(row))) || row.has(Row.NOT64)) {
                continue;
            }
            for (int n = 0; n < 200; n++) {
                for (int i = 0; i < 16; i++) {
                    before.general[i] = random.nextLong();
                }
                before.flags = Eflags.ONE | Eflags.IF | (random.nextInt() & Eflags.ARITHMETIC);
                long target = BASE + 4096L * RealProcessor.SCRATCH_PAGE + random.nextInt(8192);
                long code = BASE + 4096L * RealProcessor.CODE_PAGE;
                byte[] bytes = encoder.encode(row, code, target, before.general);
                if (bytes == null || repeatsNothing(row, bytes)) {
                    continue;
                }
                after.copyFrom(before);
                int vector = machine.run(bytes, 0, after, bytes.length);
                assertThat(vector).as("%s, seed %d", row, SEED).isIn(Vector.GP, Vector.UD);
                assertThat(after.general).as("%s, seed %d", row, SEED).isEqualTo(before.general);
                assertThat(after.flags).as("%s, seed %d", row, SEED).isEqualTo(before.flags);
                seen.add(form(row));
            }
        }
        assertThat(seen).containsAll(lists.get("privileged")).containsAll(lists.get("privileged-io"));
    }

    /** A repetition may have a count of zero, and then does nothing at all. */
    private static boolean repeatsNothing(Row row, byte[] bytes) {
        boolean string = row.mnemonic().equals("ins") || row.mnemonic().equals("outs");
        return string
                && (Arrays.toString(bytes).contains("-13")
                        || Arrays.toString(bytes).contains("-14"));
    }
}
