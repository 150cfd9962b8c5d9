// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.driver;

import java.lang.foreign.MemorySegment;
import java.util.List;

/** What a response repeats of its request, copied and compared without an object. */
final class Repeats {
    private static final Pair[] NO_PAIRS = {};

    private final Pair id;
    private final Pair[] others;

    private record Pair(Place request, Place response) {
        static Pair of(Protocol.Echo echo) {
            return new Pair(echo.request().place(), echo.response().place());
        }

        void copy(MemorySegment memory, long asked, long answer) {
            response.write(memory, answer, request.read(memory, asked));
        }

        boolean holds(MemorySegment memory, long asked, long answer) {
            return response.read(memory, answer) == request.read(memory, asked);
        }
    }

    Repeats(Protocol.Echo id, List<Protocol.Echo> others) {
        this.id = Pair.of(id);
        this.others = others.stream().map(Pair::of).toList().toArray(NO_PAIRS);
    }

    void copy(MemorySegment memory, long request, long response) {
        id.copy(memory, request, response);
        for (Pair other : others) {
            other.copy(memory, request, response);
        }
    }

    boolean holdButForId(MemorySegment memory, long request, long response) {
        for (Pair other : others) {
            if (!other.holds(memory, request, response)) {
                return false;
            }
        }
        return true;
    }
}
