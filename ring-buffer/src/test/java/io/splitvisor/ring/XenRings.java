// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.ring;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.stream.Stream;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.ObjectMapper;

/** Facts about Xen's rings, computed by a C program from the public headers, and raw access to a ring's header. */
final class XenRings {
    static final JsonNode FACTS = load();
    static final int BLKIF_SLOT = 112;
    static final int PAGE = 4096;

    static final int REQ_PROD = 0;
    static final int REQ_EVENT = 4;
    static final int RSP_PROD = 8;
    static final int RSP_EVENT = 12;

    private XenRings() {}

    private static JsonNode load() {
        try (InputStream in = XenRings.class.getResourceAsStream("/xen-abi/rings.json")) {
            return new ObjectMapper().readTree(in);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    static Stream<JsonNode> vectors(String name) {
        return FACTS.get("vectors").get(name).values().stream();
    }

    /** An unsigned 32-bit number, as Java's int. */
    static int u32(JsonNode row, String field) {
        return (int) row.get(field).asLong();
    }

    static MemorySegment page() {
        return memory(PAGE);
    }

    static MemorySegment memory(long bytes) {
        return Arena.ofAuto().allocate(bytes, 64);
    }

    /** Where in its ring a slot lies. */
    static long offset(MemorySegment ring, MemorySegment slot) {
        return slot.address() - ring.address();
    }

    static int word(MemorySegment ring, int offset) {
        return ring.get(ValueLayout.JAVA_INT, offset);
    }

    static void word(MemorySegment ring, int offset, int value) {
        ring.set(ValueLayout.JAVA_INT, offset, value);
    }
}
