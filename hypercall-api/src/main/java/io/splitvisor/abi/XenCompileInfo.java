// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.abi;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;

import java.lang.foreign.MemorySegment;

/**
 * How the monitor was built, as NUL-terminated strings. {@code struct xen_compile_info} in version.h.
 *
 * <pre>
 *   offset  size  field               written by
 *        0    64  compiler[64]        monitor
 *       64    16  compile_by[16]      monitor
 *       80    32  compile_domain[32]  monitor
 *      112    32  compile_date[32]    monitor
 * </pre>
 */
public final class XenCompileInfo {
    /** Bytes of the structure. */
    public static final int SIZE = 144;

    public static final long COMPILER = 0;
    public static final long COMPILE_BY = 64;
    public static final long COMPILE_DOMAIN = 80;
    public static final long COMPILE_DATE = 112;

    private XenCompileInfo() {}

    public static int compiler(MemorySegment memory, long at, int index) {
        return Byte.toUnsignedInt(memory.get(JAVA_BYTE, at + COMPILER + index));
    }

    public static void compiler(MemorySegment memory, long at, int index, int value) {
        memory.set(JAVA_BYTE, at + COMPILER + index, (byte) value);
    }

    public static int compileBy(MemorySegment memory, long at, int index) {
        return Byte.toUnsignedInt(memory.get(JAVA_BYTE, at + COMPILE_BY + index));
    }

    public static void compileBy(MemorySegment memory, long at, int index, int value) {
        memory.set(JAVA_BYTE, at + COMPILE_BY + index, (byte) value);
    }

    public static int compileDomain(MemorySegment memory, long at, int index) {
        return Byte.toUnsignedInt(memory.get(JAVA_BYTE, at + COMPILE_DOMAIN + index));
    }

    public static void compileDomain(MemorySegment memory, long at, int index, int value) {
        memory.set(JAVA_BYTE, at + COMPILE_DOMAIN + index, (byte) value);
    }

    public static int compileDate(MemorySegment memory, long at, int index) {
        return Byte.toUnsignedInt(memory.get(JAVA_BYTE, at + COMPILE_DATE + index));
    }

    public static void compileDate(MemorySegment memory, long at, int index, int value) {
        memory.set(JAVA_BYTE, at + COMPILE_DATE + index, (byte) value);
    }
}
