// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.examples.vline;

import io.splitvisor.driver.ByteProtocol;
import io.splitvisor.driver.ByteStream;
import io.splitvisor.driver.Field;
import io.splitvisor.driver.Struct;

/** What the two ends of a line device say to each other: bytes, both ways. */
public final class Vline {
    private static final Struct.Builder PAGE = Struct.named("vline_page");
    private static final Field.Bytes IN = PAGE.note("back end: the answers").bytes("in", 1024);
    private static final Field.Bytes OUT = PAGE.note("front end: the lines").bytes("out", 1024);
    private static final Field.U32 IN_CONS = PAGE.note("front end").u32("in_cons");
    private static final Field.U32 IN_PROD = PAGE.note("back end").u32("in_prod");
    private static final Field.U32 OUT_CONS = PAGE.note("back end").u32("out_cons");
    private static final Field.U32 OUT_PROD = PAGE.note("front end").u32("out_prod");

    /** All of it. */
    public static final ByteProtocol PROTOCOL = new ByteProtocol(
            "vline", PAGE.end(), new ByteStream(IN, IN_CONS, IN_PROD), new ByteStream(OUT, OUT_CONS, OUT_PROD));

    private Vline() {}
}
