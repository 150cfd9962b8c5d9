// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.driver;

import java.lang.foreign.MemorySegment;
import java.util.List;
import java.util.stream.Stream;

/** Holds requests against a protocol's operations and limits, without an object. */
final class RequestCheck {
    private static final Bound[] NO_BOUNDS = {};

    private final Place operation;
    private final long[] numbers;
    private final Bound[][] bounds;

    /**
     * A limit, ready to be compared with.
     *
     * @param flip what turns the field's values into such that are ordered as signed ones
     */
    private record Bound(Place place, long flip, long smallest, long largest) {
        static Bound of(Limit limit) {
            long flip = limit.flip();
            return new Bound(limit.field().place(), flip, limit.smallest() ^ flip, limit.largest() ^ flip);
        }

        boolean holds(MemorySegment memory, long at) {
            long value = place.read(memory, at) ^ flip;
            return value >= smallest && value <= largest;
        }
    }

    /** @param operation null if there is one kind of request, which all of the limits are for */
    RequestCheck(Field.Scalar operation, List<Operation> operations, List<Limit> all) {
        this.operation = operation == null ? null : operation.place();
        numbers = operations.stream().mapToLong(Operation::number).toArray();
        bounds = operation == null
                ? new Bound[][] {bounds(all.stream())}
                : operations.stream()
                        .map(kind -> bounds(
                                all.stream().filter(limit -> kind.request().has(limit.field()))))
                        .toArray(Bound[][]::new);
    }

    private static Bound[] bounds(Stream<Limit> limits) {
        return limits.map(Bound::of).toList().toArray(NO_BOUNDS);
    }

    Verdict of(MemorySegment memory, long at) {
        int kind = operation == null ? 0 : kind(operation.read(memory, at));
        if (kind < 0) {
            return Verdict.UNSUPPORTED;
        }
        for (Bound bound : bounds[kind]) {
            if (!bound.holds(memory, at)) {
                return Verdict.MALFORMED;
            }
        }
        return Verdict.OKAY;
    }

    /** There are a handful of operations: looking through them costs less than any table. */
    private int kind(long number) {
        for (int i = 0; i < numbers.length; i++) {
            if (numbers[i] == number) {
                return i;
            }
        }
        return -1;
    }
}
