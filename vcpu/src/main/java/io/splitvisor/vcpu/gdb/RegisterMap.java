// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.vcpu.gdb;

import io.splitvisor.vcpu.Registers;
import io.splitvisor.vcpu.Registers.SegmentValue;
import java.util.ArrayList;
import java.util.List;
import java.util.function.BiConsumer;
import java.util.function.Function;

/** gdb's registers in gdb's order, and the target description that names them. */
final class RegisterMap {
    private static final int CORE = 40;

    /**
     * A register.
     *
     * @param type gdb's name of its type
     * @param bytes little-endian
     * @param get its value: the low half first
     * @param set takes the same
     */
    private record Entry(
            String name, String type, int bytes, Function<Registers, long[]> get, BiConsumer<Registers, long[]> set) {}

    /** rax, rbx, rcx, rdx, rsi, rdi, rbp, rsp, then the numbered ones. */
    private static final int[] GENERAL = {0, 3, 1, 2, 6, 7, 5, 4, 8, 9, 10, 11, 12, 13, 14, 15};

    private static final String[] GENERAL_NAMES = {
        "rax", "rbx", "rcx", "rdx", "rsi", "rdi", "rbp", "rsp", "r8", "r9", "r10", "r11", "r12", "r13", "r14", "r15"
    };
    private static final String[] SEGMENTS = {"cs", "ss", "ds", "es", "fs", "gs"};
    private static final int[] SEGMENT_NUMBERS = {1, 2, 3, 0, 4, 5};
    private static final int FS = 4;
    private static final int GS = 5;

    private static final List<Entry> ENTRIES = entries();

    private RegisterMap() {}

    private static List<Entry> entries() {
        List<Entry> all = new ArrayList<>();
        for (int i = 0; i < GENERAL.length; i++) {
            int n = GENERAL[i];
            String type = n == 4 || n == 5 ? "data_ptr" : "int64";
            all.add(word(GENERAL_NAMES[i], type, 8, r -> r.general(n), (r, v) -> r.general(n, v)));
        }
        all.add(word("rip", "code_ptr", 8, Registers::rip, Registers::rip));
        all.add(word("eflags", "i386_eflags", 4, Registers::rflags, Registers::rflags));
        for (int i = 0; i < SEGMENTS.length; i++) {
            int n = SEGMENT_NUMBERS[i];
            all.add(word(SEGMENTS[i], "int32", 4, r -> r.segment(n).selector(), (r, v) -> {}));
        }
        X87Registers.addTo((name, type, bytes, get, set) -> all.add(new Entry(name, type, bytes, get, set)));
        for (int i = 0; i < 16; i++) {
            int n = i;
            all.add(new Entry("xmm" + n, "vec128", 16, r -> new long[] {r.xmm(n, 0), r.xmm(n, 1)}, (r, v) -> {
                r.xmm(n, 0, v[0]);
                r.xmm(n, 1, v[1]);
            }));
        }
        all.add(word("mxcsr", "i386_mxcsr", 4, Registers::mxcsr, (r, v) -> r.mxcsr((int) (long) v)));
        all.add(word("fs_base", "int", 8, r -> r.segment(FS).base(), (r, v) -> base(r, FS, v)));
        all.add(word("gs_base", "int", 8, r -> r.segment(GS).base(), (r, v) -> base(r, GS, v)));
        for (int n : new int[] {0, 2, 3, 4, 8}) {
            all.add(word("cr" + n, "int64", 8, r -> r.control(n), (r, v) -> {}));
        }
        all.add(word("efer", "int64", 8, Registers::efer, (r, v) -> {}));
        return List.copyOf(all);
    }

    private static Entry word(
            String name, String type, int bytes, Function<Registers, Number> get, BiConsumer<Registers, Long> set) {
        return new Entry(
                name, type, bytes, r -> new long[] {get.apply(r).longValue(), 0}, (r, v) -> set.accept(r, v[0]));
    }

    private static void base(Registers r, int segment, long value) {
        SegmentValue s = r.segment(segment);
        r.segment(segment, new SegmentValue(s.selector(), value, s.limit(), s.attributes()));
    }

    /** How many there are. */
    static int count() {
        return ENTRIES.size();
    }

    /** A register's bytes in hexadecimal. */
    static String read(Registers r, int number) {
        Entry e = ENTRIES.get(number);
        long[] value = e.get.apply(r);
        var text = new StringBuilder();
        for (int i = 0; i < e.bytes; i++) {
            Hex.append(text, (int) (value[i / 8] >>> 8 * (i % 8)) & 0xff);
        }
        return text.toString();
    }

    /** Sets a register from text that starts with its bytes; returns how many characters they were. */
    static int write(Registers r, int number, String text) {
        Entry e = ENTRIES.get(number);
        byte[] bytes = Hex.bytes(text.substring(0, 2 * e.bytes));
        long[] value = new long[2];
        for (int i = 0; i < bytes.length; i++) {
            value[i / 8] |= (bytes[i] & 0xffL) << 8 * (i % 8);
        }
        e.set.accept(r, value);
        return 2 * e.bytes;
    }

    /** The target description. */
    static String xml() {
        var xml = new StringBuilder("<?xml version=\"1.0\"?><!DOCTYPE target SYSTEM \"gdb-target.dtd\"><target>"
                + "<architecture>i386:x86-64</architecture>");
        int sse = CORE;
        int segments = sse + 17;
        feature(xml, "org.gnu.gdb.i386.core", FLAGS, 0, sse);
        feature(xml, "org.gnu.gdb.i386.sse", VECTORS, sse, segments);
        feature(xml, "org.gnu.gdb.i386.segments", "", segments, segments + 2);
        feature(xml, "io.splitvisor.system", "", segments + 2, ENTRIES.size());
        return xml.append("</target>").toString();
    }

    private static void feature(StringBuilder xml, String name, String types, int from, int to) {
        xml.append("<feature name=\"").append(name).append("\">").append(types);
        for (Entry e : ENTRIES.subList(from, to)) {
            xml.append("<reg name=\"%s\" bitsize=\"%d\" type=\"%s\"/>".formatted(e.name, 8 * e.bytes, e.type));
        }
        xml.append("</feature>");
    }

    private static final String FLAGS =
            "<flags id=\"i386_eflags\" size=\"4\"><field name=\"CF\" start=\"0\" end=\"0\"/>"
                    + "<field name=\"PF\" start=\"2\" end=\"2\"/><field name=\"AF\" start=\"4\" end=\"4\"/>"
                    + "<field name=\"ZF\" start=\"6\" end=\"6\"/><field name=\"SF\" start=\"7\" end=\"7\"/>"
                    + "<field name=\"TF\" start=\"8\" end=\"8\"/><field name=\"IF\" start=\"9\" end=\"9\"/>"
                    + "<field name=\"DF\" start=\"10\" end=\"10\"/><field name=\"OF\" start=\"11\" end=\"11\"/></flags>";

    private static final String VECTORS = "<vector id=\"v4f\" type=\"ieee_single\" count=\"4\"/>"
            + "<vector id=\"v2d\" type=\"ieee_double\" count=\"2\"/><vector id=\"v16i8\" type=\"int8\" count=\"16\"/>"
            + "<vector id=\"v8i16\" type=\"int16\" count=\"8\"/><vector id=\"v4i32\" type=\"int32\" count=\"4\"/>"
            + "<vector id=\"v2i64\" type=\"int64\" count=\"2\"/><union id=\"vec128\">"
            + "<field name=\"v4_float\" type=\"v4f\"/><field name=\"v2_double\" type=\"v2d\"/>"
            + "<field name=\"v16_int8\" type=\"v16i8\"/><field name=\"v8_int16\" type=\"v8i16\"/>"
            + "<field name=\"v4_int32\" type=\"v4i32\"/><field name=\"v2_int64\" type=\"v2i64\"/>"
            + "<field name=\"uint128\" type=\"uint128\"/></union>"
            + "<flags id=\"i386_mxcsr\" size=\"4\"><field name=\"IE\" start=\"0\" end=\"0\"/>"
            + "<field name=\"IM\" start=\"7\" end=\"7\"/></flags>";
}
