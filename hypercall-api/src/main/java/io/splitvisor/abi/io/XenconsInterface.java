// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.abi.io;

import io.splitvisor.driver.ByteProtocol;
import io.splitvisor.driver.ByteStream;
import io.splitvisor.driver.Field;
import io.splitvisor.driver.Struct;
import io.splitvisor.ring.ByteRing;
import java.lang.foreign.MemorySegment;

/** The console page: two byte rings. {@code struct xencons_interface} in io/console.h. */
public final class XenconsInterface {
    private static final Struct.Builder FIELDS = Struct.named("xencons_interface");

    public static final Field.Bytes IN =
            FIELDS.note("console back end: what the user types").bytes("in", 1024);
    public static final Field.Bytes OUT = FIELDS.note("guest: what it prints").bytes("out", 2048);
    public static final Field.U32 IN_CONS = FIELDS.note("guest").u32("in_cons");
    public static final Field.U32 IN_PROD = FIELDS.note("console back end").u32("in_prod");
    public static final Field.U32 OUT_CONS = FIELDS.note("console back end").u32("out_cons");
    public static final Field.U32 OUT_PROD = FIELDS.note("guest").u32("out_prod");

    /** The layout. */
    public static final Struct STRUCT = FIELDS.end();

    /** Bytes of the structure. */
    public static final int SIZE = (int) STRUCT.size();

    /** Bytes of the ring to the guest. */
    public static final int IN_BYTES = IN.length();

    /** Bytes of the ring from the guest. */
    public static final int OUT_BYTES = OUT.length();

    /** What the ends of a console say to each other. The node of a console's port is {@code port}, as hvc_xen has it. */
    public static final ByteProtocol PROTOCOL = new ByteProtocol(
                    "console", STRUCT, new ByteStream(IN, IN_CONS, IN_PROD), new ByteStream(OUT, OUT_CONS, OUT_PROD))
            .port("port");

    private XenconsInterface() {}

    /** The ring to the guest. */
    public static ByteRing in(MemorySegment memory, long at) {
        return PROTOCOL.toFrontend().ring(memory, at);
    }

    /** The ring from the guest. */
    public static ByteRing out(MemorySegment memory, long at) {
        return PROTOCOL.toBackend().ring(memory, at);
    }
}
