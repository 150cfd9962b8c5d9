// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.driver;

import java.lang.foreign.MemorySegment;
import java.util.List;

/** Holds requests against a protocol's operations and limits, without an object. */
final class RequestCheck {
    private static final Limit[] NO_LIMITS = {};

    private final Field.Scalar operation;
    private final long[] numbers;
    private final Limit[][] limits;

    /** @param operation null if there is one kind of request, which all of the limits are for */
    RequestCheck(Field.Scalar operation, List<Operation> operations, List<Limit> all) {
        this.operation = operation;
        numbers = operations.stream().mapToLong(Operation::number).toArray();
        limits = operation == null
                ? new Limit[][] {all.toArray(NO_LIMITS)}
                : operations.stream()
                        .map(kind -> all.stream()
                                .filter(limit -> kind.request().has(limit.field()))
                                .toArray(Limit[]::new))
                        .toArray(Limit[][]::new);
    }

    Verdict of(MemorySegment memory, long at) {
        int kind = operation == null ? 0 : kind(operation.read(memory, at));
        if (kind < 0) {
            return Verdict.UNSUPPORTED;
        }
        for (Limit limit : limits[kind]) {
            if (!limit.holds(memory, at)) {
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
