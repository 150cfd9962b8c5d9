// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.examples.vkv;

import io.splitvisor.driver.Access;
import io.splitvisor.driver.Field;
import io.splitvisor.driver.Protocol;
import io.splitvisor.driver.Struct;

/**
 * What the two ends of a key-value device say to each other. A request names up to 8 pages, which are one buffer; what is in
 * it, {@link Entries} says.
 *
 * <ul>
 *   <li>BATCH: the buffer holds {@code entries} operations. They are done in order and as one: all of the writes are there
 *       after a crash, or none. The back end writes each one's status, and the values of gets, into the buffer.
 *   <li>SCAN: the buffer begins with a key. The back end fills it with entries from that key on, in order, as many as fit
 *       and at most {@code entries}, and says how many.
 *   <li>SYNC: everything answered before is durable when this is answered.
 * </ul>
 */
public final class Vkv {
    /** Operations of {@link #OPERATION}. */
    static final int BATCH = 0;

    static final int SCAN = 1;
    static final int SYNC = 2;

    /** Most pages of a request. */
    public static final int MOST_PAGES = 8;

    private static final int MOST_ENTRIES = 1024;

    private static final Struct.Builder REQ = Struct.named("vkv_request");
    static final Field.U64 ID = REQ.note("front end: echoed in the response").u64("id");
    static final Field.U8 OPERATION = REQ.note("front end").u8("operation");
    static final Field.U8 PAGES =
            REQ.note("front end: how many of the pages are used").u8("pages");
    static final Field.U16 ENTRIES =
            REQ.note("front end: operations, or the most wanted").u16("entries");
    static final Field.Array<Field.Gref> PAGE =
            REQ.note("front end: the buffer").grefs("page", MOST_PAGES, Access.BACKEND_WRITES);
    static final Struct REQUEST = REQ.end();

    private static final Struct.Builder RSP = Struct.named("vkv_response");
    static final Field.U64 RESPONSE_ID = RSP.note("back end: from the request").u64("id");
    static final Field.I32 STATUS = RSP.note("back end: 0, or a negative errno").i32("status");
    static final Field.U32 FOUND = RSP.note("back end: entries found").u32("found");
    static final Struct RESPONSE = RSP.end();

    /** All of it. A batch that was not answered may have been done: the front end's user decides whether to do it again. */
    public static final Protocol PROTOCOL = Protocol.of("vkv")
            .version(1)
            .request(REQUEST)
            .response(RESPONSE)
            .id(ID, RESPONSE_ID)
            .operation(OPERATION, BATCH, "BATCH")
            .operation(OPERATION, SCAN, "SCAN")
            .operation(OPERATION, SYNC, "SYNC")
            .status(STATUS, 0, -5, -95)
            .limit(PAGES, 0, MOST_PAGES)
            .limit(ENTRIES, 0, MOST_ENTRIES)
            .notReplayed()
            .build();

    private Vkv() {}
}
