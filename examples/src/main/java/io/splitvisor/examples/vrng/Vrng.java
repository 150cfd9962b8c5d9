// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.examples.vrng;

import io.splitvisor.driver.Access;
import io.splitvisor.driver.Field;
import io.splitvisor.driver.Protocol;
import io.splitvisor.driver.Struct;

/** What the two ends of an entropy device say to each other: a page goes empty, and comes back with random bytes. */
public final class Vrng {
    private static final Struct.Builder REQ = Struct.named("vrng_request");
    static final Field.U64 ID = REQ.note("front end: echoed in the response").u64("id");
    static final Field.Gref PAGE = REQ.note("front end: where the bytes go").gref("page", Access.BACKEND_WRITES);
    static final Field.U32 LENGTH =
            REQ.note("front end: bytes wanted, from the start of the page").u32("length");
    static final Struct REQUEST = REQ.end();

    private static final Struct.Builder RSP = Struct.named("vrng_response");
    static final Field.U64 RESPONSE_ID = RSP.note("back end: from the request").u64("id");
    static final Field.I32 STATUS = RSP.note("back end: 0, or a negative errno").i32("status");
    static final Struct RESPONSE = RSP.end();

    /** Most bytes of a request. */
    public static final int MOST_BYTES = 4096;

    /** All of it. */
    public static final Protocol PROTOCOL = Protocol.of("vrng")
            .version(1)
            .request(REQUEST)
            .response(RESPONSE)
            .id(ID, RESPONSE_ID)
            .status(STATUS, 0, -5, -95)
            .limit(LENGTH, 1, MOST_BYTES)
            .build();

    private Vrng() {}
}
