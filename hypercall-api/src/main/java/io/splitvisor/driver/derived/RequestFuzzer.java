// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.driver.derived;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;

import io.splitvisor.driver.Field;
import io.splitvisor.driver.Limit;
import io.splitvisor.driver.Operation;
import io.splitvisor.driver.Protocol;
import io.splitvisor.driver.Struct;
import java.lang.foreign.MemorySegment;
import java.util.List;
import java.util.random.RandomGenerator;

/**
 * Requests to torture a back end with: right ones, right ones with a few fields or bits changed, and noise. The same source of
 * randomness gives the same requests; a fuzzer's input may be the source.
 */
public final class RequestFuzzer {
    private final Protocol protocol;
    private final RandomGenerator random;

    public RequestFuzzer(Protocol protocol, RandomGenerator random) {
        this.protocol = protocol;
        this.random = random;
    }

    /** Fills a slot's bytes with a request of any sort. */
    public void any(MemorySegment memory, long at) {
        switch (random.nextInt(4)) {
            case 0 -> right(memory, at);
            case 1 -> noise(memory, at, protocol.slotSize());
            case 2 -> {
                right(memory, at);
                flipBits(memory, at);
            }
            default -> mutated(memory, at);
        }
    }

    /** Fills a slot's bytes with a declared kind of request, within all limits; grants and ids are any. */
    public void right(MemorySegment memory, long at) {
        memory.asSlice(at, protocol.slotSize()).fill((byte) 0);
        Struct struct = protocol.request();
        List<Operation> operations = protocol.operations();
        Operation operation = operations.isEmpty() ? null : operations.get(random.nextInt(operations.size()));
        if (operation != null) {
            struct = operation.request();
        }
        noise(memory, at, struct.size());
        for (Limit limit : protocol.limits()) {
            if (struct.has(limit.field())) {
                limit.field().write(memory, at, within(limit));
            }
        }
        if (operation != null) {
            protocol.operationField().orElseThrow().write(memory, at, operation.number());
        }
    }

    private void mutated(MemorySegment memory, long at) {
        right(memory, at);
        if (!protocol.limits().isEmpty() && random.nextBoolean()) {
            Limit limit = protocol.limits().get(random.nextInt(protocol.limits().size()));
            limit.field().write(memory, at, beside(limit));
        }
        List<Struct> structs = ProtocolStructs.requests(protocol);
        List<Field> fields = structs.get(random.nextInt(structs.size())).fields();
        for (int i = random.nextInt(3); i >= 0; i--) {
            mutate(fields.get(random.nextInt(fields.size())), memory, at);
        }
    }

    private void mutate(Field field, MemorySegment memory, long at) {
        switch (field) {
            case Field.Scalar scalar -> scalar.write(memory, at, interesting(scalar));
            case Field.Array<?> array ->
                array.element()
                        .write(memory, array.at(at, random.nextInt(array.count())), interesting(array.element()));
            case Field.Bytes bytes -> bytes.set(memory, at, random.nextInt(bytes.length()), random.nextInt());
            case Field.Structs structs -> {
                List<Field> inner = structs.element().fields();
                long element = structs.at(at, random.nextInt(Math.max(1, structs.count())));
                mutate(inner.get(random.nextInt(inner.size())), memory, element);
            }
        }
    }

    /** A value at an edge: of the type, of a limit, of a page. */
    private long interesting(Field.Scalar field) {
        return switch (random.nextInt(8)) {
            case 0 -> field.smallest();
            case 1 -> field.largest();
            case 2 -> 4096 + random.nextInt(-1, 2);
            case 3 -> 1L << random.nextInt(64);
            case 4 -> random.nextInt(16);
            case 5, 6 -> besideLimit(field);
            default -> random.nextLong();
        };
    }

    private long besideLimit(Field.Scalar field) {
        List<Limit> limits = protocol.limits().stream()
                .filter(limit -> limit.field().equals(field))
                .toList();
        if (limits.isEmpty()) {
            return random.nextLong();
        }
        return beside(limits.get(random.nextInt(limits.size())));
    }

    private long beside(Limit limit) {
        return random.nextBoolean() ? limit.smallest() - 1 : limit.largest() + 1;
    }

    private long within(Limit limit) {
        long span = limit.largest() - limit.smallest();
        if (span == -1) {
            return random.nextLong();
        }
        return limit.smallest() + Long.remainderUnsigned(random.nextLong(), span + 1);
    }

    private void flipBits(MemorySegment memory, long at) {
        for (int i = random.nextInt(4); i >= 0; i--) {
            long where = at + random.nextInt(protocol.slotSize());
            byte flipped = (byte) (memory.get(JAVA_BYTE, where) ^ 1 << random.nextInt(8));
            memory.set(JAVA_BYTE, where, flipped);
        }
    }

    private void noise(MemorySegment memory, long at, long size) {
        for (long i = 0; i < size; i++) {
            memory.set(JAVA_BYTE, at + i, (byte) random.nextInt());
        }
    }
}
