// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.driver.testkit;

import io.splitvisor.driver.Access;
import io.splitvisor.driver.Feature;
import io.splitvisor.driver.Field;
import io.splitvisor.driver.Protocol;
import io.splitvisor.driver.Struct;

/** A protocol for tests: adds one to a number, or fills a page with it. */
final class Ping {
    static final int ADD = 0;
    static final int FILL = 1;

    private static final Struct.Builder REQ = Struct.named("ping_request");
    static final Field.U64 ID = REQ.u64("id");
    static final Field.U8 OPERATION = REQ.u8("operation");
    static final Field.Gref PAGE = REQ.gref("gref", Access.BACKEND_WRITES);
    static final Field.U64 NUMBER = REQ.u64("number");
    static final Struct REQUEST = REQ.end();

    private static final Struct.Builder RSP = Struct.named("ping_response");
    static final Field.U64 RESPONSE_ID = RSP.u64("id");
    static final Field.I16 STATUS = RSP.i16("status");
    static final Field.U64 RESULT = RSP.u64("result");
    static final Struct RESPONSE = RSP.end();

    static final Feature.Flag LOUD = Feature.flag("feature-loud", true);
    static final Protocol PROTOCOL = Protocol.of("ping")
            .version(1)
            .request(REQUEST)
            .response(RESPONSE)
            .id(ID, RESPONSE_ID)
            .operation(OPERATION, ADD, "ADD")
            .operation(OPERATION, FILL, "FILL")
            .status(STATUS, 0, -1, -2)
            .features(LOUD)
            .build();

    private Ping() {}
}
