// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.vcpu.decode;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * All rows, by opcode map and opcode.
 *
 * <p>Rows are read from text, one a line: {@code [prefix] opcode[/reg][m|r[/rm]] mnemonic [operands] [attributes]}. A
 * {@code +} after the opcode takes the eight opcodes with a register in their low bits; {@code ~} the sixteen with a
 * condition, whose name replaces {@code CC} in the mnemonic. A mnemonic may be several, separated by bars: with {@code /*}
 * the n-th is selected by n in ModRM's register field, with {@code ^} it is 8 * n opcodes further on. {@code np} as prefix means none of 66, F2, F3.
 */
public final class OpcodeTable {
    /** The one-byte map, then 0F, 0F 38, 0F 3A. */
    static final int MAPS = 4;

    private static final String[] CONDITIONS = {
        "o", "no", "b", "ae", "e", "ne", "be", "a", "s", "ns", "p", "np", "l", "ge", "le", "g"
    };
    private static final Row[] NONE = {};

    private static final OpcodeTable INSTANCE = new OpcodeTable(List.of(
            new Group(Feature.BASE, IntegerRows.TEXT),
            new Group(Feature.POPCNT, "f3 0fb8 popcnt Gv,Ev"),
            new Group(Feature.BASE, SystemRows.TEXT),
            new Group(Feature.INVPCID, "66 0f3882m invpcid Gm,M end"),
            new Group(Feature.X87, X87Rows.TEXT),
            new Group(Feature.MMX, MmxRows.TEXT),
            new Group(Feature.BASE, SseRows.TEXT),
            new Group(Feature.SSE3, Sse3Rows.SSE3),
            new Group(Feature.SSSE3, Sse3Rows.SSSE3),
            new Group(Feature.SSE4_1, Sse3Rows.SSE4_1),
            new Group(Feature.SSE4_2, Sse3Rows.SSE4_2),
            new Group(Feature.AES, CryptoRows.AES),
            new Group(Feature.PCLMULQDQ, CryptoRows.PCLMULQDQ),
            new Group(Feature.SHA, CryptoRows.SHA)));

    private final Row[][] byOpcode = new Row[MAPS * 256][];
    private final List<Row> rows = new ArrayList<>();
    private final Map<Row, Integer> opcodes = new HashMap<>();

    /** Rows that one feature of CPUID announces. */
    private record Group(Feature feature, String text) {}

    private OpcodeTable(List<Group> groups) {
        Arrays.fill(byOpcode, NONE);
        for (Group group : groups) {
            group.text().lines().map(String::strip).filter(l -> !l.isEmpty()).forEach(l -> add(group.feature(), l));
        }
    }

    /** The table. */
    public static OpcodeTable instance() {
        return INSTANCE;
    }

    /** All rows, in the order of their ids. */
    public List<Row> rows() {
        return Collections.unmodifiableList(rows);
    }

    /** A row's opcode: map in bits 8 and 9, the byte below. */
    public int opcode(Row row) {
        return opcodes.get(row);
    }

    Row[] candidates(int map, int opcode) {
        return byOpcode[map << 8 | opcode];
    }

    private void add(Feature feature, String line) {
        String[] words = line.split("\\s+", -1);
        int at = 0;
        int prefix = Row.ANY_PREFIX;
        if (words[0].length() == 2 && words.length > 2 && isPrefix(words[0], words[1])) {
            prefix = words[0].equals("np") ? 0 : Integer.parseInt(words[0], 16);
            at = 1;
        }
        String code = words[at];
        int digits = 0;
        while (digits < code.length() && Character.digit(code.charAt(digits), 16) >= 0) {
            digits++;
        }
        int opcode = mapped(code.substring(0, digits));
        String rest = code.substring(digits);
        String mnemonic = words[at + 1];
        List<Arg> args = new ArrayList<>();
        int attributes = 0;
        for (String word : Arrays.copyOfRange(words, at + 2, words.length)) {
            if (Character.isLowerCase(word.charAt(0))) {
                attributes |= Row.attribute(word);
            } else {
                Arrays.stream(word.split(",", -1)).map(Arg::named).forEach(args::add);
            }
        }
        List<String> names = names(mnemonic, rest);
        int step = rest.equals("^") ? 8 : rest.equals("+") || rest.equals("~") ? 1 : 0;
        for (int n = 0; n < names.size(); n++) {
            Row plain = new Row(rows.size(), names.get(n), feature, List.copyOf(args), attributes, prefix, -1, -1, 0);
            add(opcode + n * step, selected(plain, step != 0 ? "" : rest.replace("*", Integer.toString(n))));
        }
    }

    private static List<String> names(String mnemonic, String selector) {
        return switch (selector) {
            case "+" -> Collections.nCopies(8, mnemonic);
            case "~" ->
                Arrays.stream(CONDITIONS).map(c -> mnemonic.replace("CC", c)).toList();
            default -> List.of(mnemonic.split("\\|", -1));
        };
    }

    /** A row that ModRM selects. */
    private static Row selected(Row row, String selector) {
        int reg = -1;
        int rm = -1;
        int form = 0;
        for (int i = 0; i < selector.length(); i++) {
            switch (selector.charAt(i)) {
                case 'm' -> form = Row.MEMORY_FORM;
                case 'r' -> form = Row.REGISTER_FORM;
                case '/' -> {
                    int value = selector.charAt(++i) - '0';
                    if (reg < 0) {
                        reg = value;
                    } else {
                        rm = value;
                    }
                }
                default -> throw new IllegalArgumentException("selector " + selector + " of " + row.mnemonic());
            }
        }
        if (row.args().stream().anyMatch(a -> a.kind() == Arg.Kind.MEMORY)) {
            form = Row.MEMORY_FORM;
        }
        return new Row(
                row.id(), row.mnemonic(), row.feature(), row.args(), row.attributes(), row.prefix(), reg, rm, form);
    }

    private void add(int opcode, Row row) {
        rows.add(row);
        opcodes.put(row, opcode);
        Row[] before = byOpcode[opcode];
        byOpcode[opcode] = Arrays.copyOf(before, before.length + 1);
        byOpcode[opcode][before.length] = row;
    }

    /** A first word of two characters may be a prefix or a whole opcode: a prefix is followed by another opcode. */
    private static boolean isPrefix(String word, String next) {
        return List.of("np", "66", "f2", "f3").contains(word) && next.matches("[0-9a-f]{2,6}([/mr+~^].*)?");
    }

    private static int mapped(String hex) {
        int value = Integer.parseInt(hex, 16);
        return switch (hex.length()) {
            case 2 -> value;
            case 4 -> 1 << 8 | (value & 0xff);
            default -> (hex.startsWith("0f38") ? 2 : 3) << 8 | (value & 0xff);
        };
    }
}
