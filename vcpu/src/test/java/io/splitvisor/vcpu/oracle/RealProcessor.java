// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.vcpu.oracle;

import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.splitvisor.host.ExecutableMemory;
import io.splitvisor.host.HostException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.HexFormat;
import java.util.Locale;

/** The processor that this test runs on, asked in process what an instruction does. */
final class RealProcessor implements AutoCloseable {
    /** Pages: 0 trampoline, 1 state, 2 code, then scratch, shared by layout with {@link Machine}. */
    static final int PAGES = 10;

    static final int CODE_PAGE = 2;
    static final int SCRATCH_PAGE = 3;
    static final int SCRATCH_PAGES = PAGES - SCRATCH_PAGE;

    /** Bytes that an end of code takes. */
    static final int END_BYTES = 14;

    private static final long STATE = 0x1000;
    private static final long FLAGS = STATE + 128;
    private static final long TARGET = STATE + 144;
    private static final long FX_IN = STATE + 0x200;
    private static final long FX_OUT = STATE + 0x400;
    private static final int RETURN = 0x100;

    /**
     * Saves the caller's registers, loads all registers from the state page, jumps to the target. From 0x100 on the way
     * back: stores all registers to the state page, restores the caller's, returns.
     */
    private static final String ENTER = """
            53554154415541564157480fae0dee110000ff35681000009d48892568100000488b05d90f000048\
            8b0dda0f0000488b15db0f0000488b1ddc0f0000488b25dd0f0000488b2dde0f0000488b35df0f00\
            00488b3de00f00004c8b05e10f00004c8b0de20f00004c8b15e30f00004c8b1de40f00004c8b25e5\
            0f00004c8b2de60f00004c8b35e70f00004c8b3de80f0000ff25fa0f0000""";

    private static final String LEAVE = """
            488905f90e000048890dfa0e0000488915fb0e000048891d\
            fc0e0000488925fd0e000048892dfe0e0000488935ff0e000048893d000f00004c8905010f00004c\
            890d020f00004c8915030f00004c891d040f00004c8925050f00004c892d060f00004c8935070f00\
            004c893d080f0000488b25110f00009c8f05020f0000fc480fae0579120000dbe368801f00000fae\
            142458415f415e415d415c5d5bc3""";

    /** JMP to the address that follows it; changes no register and no flag. */
    private static final byte[] JUMP = HexFormat.of().parseHex("ff2500000000");

    private final ExecutableMemory memory;
    private final MemorySegment segment;

    /** Skips the test where there is no such processor, or where the system does not let us use it. */
    RealProcessor() {
        String arch = System.getProperty("os.arch").toLowerCase(Locale.ROOT);
        assumeTrue(arch.equals("amd64") || arch.equals("x86_64"), "needs an x86-64 host as oracle");
        ExecutableMemory mapped = null;
        try {
            mapped = new ExecutableMemory(PAGES * 4096L);
        } catch (HostException e) {
            assumeTrue(false, "needs memory that is writable and executable: " + e.getMessage());
        }
        memory = mapped;
        segment = memory.segment();
        put(0, HexFormat.of().parseHex(ENTER));
        put(RETURN, HexFormat.of().parseHex(LEAVE));
    }

    long address() {
        return segment.address();
    }

    MemorySegment scratch() {
        return segment.asSlice(SCRATCH_PAGE * 4096L, SCRATCH_PAGES * 4096L);
    }

    /**
     * Runs code, placed at an offset in the code page, on a state; the state is replaced.
     *
     * @param ends where the code ends; {@link #END_BYTES} bytes from there are overwritten
     */
    void run(byte[] code, int at, Snapshot s, int... ends) {
        long start = CODE_PAGE * 4096L + at;
        put(start, code);
        for (int end : ends) {
            put(start + end, JUMP);
            segment.set(ValueLayout.JAVA_LONG_UNALIGNED, start + end + JUMP.length, address() + RETURN);
        }
        for (int i = 0; i < 16; i++) {
            segment.set(ValueLayout.JAVA_LONG, STATE + 8L * i, s.general[i]);
        }
        segment.set(ValueLayout.JAVA_LONG, FLAGS, s.flags);
        segment.set(ValueLayout.JAVA_LONG, TARGET, address() + start);
        MemorySegment.copy(s.fx, 0, segment, FX_IN, 512);
        long ignored = memory.call(0, 0);
        for (int i = 0; i < 16; i++) {
            s.general[i] = segment.get(ValueLayout.JAVA_LONG, STATE + 8L * i);
        }
        s.flags = segment.get(ValueLayout.JAVA_LONG, FLAGS);
        MemorySegment.copy(segment, FX_OUT, s.fx, 0, 512);
    }

    private void put(long offset, byte[] bytes) {
        MemorySegment.copy(bytes, 0, segment, ValueLayout.JAVA_BYTE, offset, bytes.length);
    }

    @Override
    public void close() {
        memory.close();
    }
}
