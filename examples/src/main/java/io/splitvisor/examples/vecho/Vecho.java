// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.examples.vecho;

import io.splitvisor.driver.Access;
import io.splitvisor.driver.Field;
import io.splitvisor.driver.Protocol;
import io.splitvisor.driver.Struct;

/** What the two ends of an echo device say to each other: a page of text goes, and comes back in capital letters. */
public final class Vecho {
    private static final Struct.Builder REQ = Struct.named("vecho_request");
    static final Field.U64 ID = REQ.note("front end: echoed in the response").u64("id");
    static final Field.Gref PAGE = REQ.note("front end: the text").gref("page", Access.BACKEND_WRITES);
    static final Field.U32 LENGTH = REQ.note("front end: bytes of text").u32("length");
    static final Struct REQUEST = REQ.end();

    private static final Struct.Builder RSP = Struct.named("vecho_response");
    static final Field.U64 RESPONSE_ID = RSP.note("back end: from the request").u64("id");
    static final Field.I32 STATUS = RSP.note("back end: 0, or a negative errno").i32("status");
    static final Field.U32 CHANGED = RSP.note("back end: letters that changed").u32("changed");
    static final Struct RESPONSE = RSP.end();

    /** All of it. */
    public static final Protocol PROTOCOL = Protocol.of("vecho")
            .version(1)
            .request(REQUEST)
            .response(RESPONSE)
            .id(ID, RESPONSE_ID)
            .status(STATUS, 0, -5, -95)
            .limit(LENGTH, 0, 4096)
            .build();

    private Vecho() {}
}
