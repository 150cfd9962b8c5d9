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

        void copy(MemorySegment from, MemorySegment to) {
            response.write(to, 0, request.read(from, 0));
        }

        boolean holds(MemorySegment asked, MemorySegment answered) {
            return response.read(answered, 0) == request.read(asked, 0);
        }
    }

    Repeats(Protocol.Echo id, List<Protocol.Echo> others) {
        this.id = Pair.of(id);
        this.others = others.stream().map(Pair::of).toList().toArray(NO_PAIRS);
    }

    void copy(MemorySegment request, MemorySegment response) {
        id.copy(request, response);
        for (Pair other : others) {
            other.copy(request, response);
        }
    }

    boolean holdButForId(MemorySegment request, MemorySegment response) {
        for (Pair other : others) {
            if (!other.holds(request, response)) {
                return false;
            }
        }
        return true;
    }
}
