// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.benchmarks.driver;

import io.splitvisor.driver.Field;
import io.splitvisor.driver.Protocol;
import io.splitvisor.driver.Struct;
import io.splitvisor.driver.backend.BackendDevice;
import io.splitvisor.driver.backend.BackendDriver;
import io.splitvisor.driver.backend.DeviceConfig;

/** A device that does nothing: its back end answers with the number that it is given. */
final class Echo implements BackendDriver {
    private static final Struct.Builder REQUESTS = Struct.named("echo_request");
    static final Field.U64 ID = REQUESTS.u64("id");
    static final Field.U32 NUMBER = REQUESTS.u32("number");
    static final Field.U32 FLAGS = REQUESTS.u32("flags");
    static final Struct REQUEST = REQUESTS.end();

    private static final Struct.Builder RESPONSES = Struct.named("echo_response");
    static final Field.U64 RESPONSE_ID = RESPONSES.u64("id");
    static final Field.U32 SAME_NUMBER = RESPONSES.u32("number");
    static final Field.I32 STATUS = RESPONSES.i32("status");
    static final Struct RESPONSE = RESPONSES.end();

    static final Protocol PROTOCOL = Protocol.of("echo")
            .request(REQUEST)
            .response(RESPONSE)
            .id(ID, RESPONSE_ID)
            .status(STATUS, 0, -1, -2)
            .build();

    @Override
    public Protocol protocol() {
        return PROTOCOL;
    }

    @Override
    public BackendDevice open(DeviceConfig config) {
        return request -> {
            request.set(SAME_NUMBER, request.get(NUMBER));
            request.complete();
        };
    }
}
