// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.driver.testkit;

import io.splitvisor.driver.Field;
import io.splitvisor.driver.Protocol;
import io.splitvisor.driver.Struct;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;

/**
 * A request or a response that a mock peer sends or has received: a copy of its bytes, which may say anything. Two messages
 * are equal if they have the same structure and bytes.
 */
public final class Message {
    private final Struct struct;
    private final MemorySegment bytes;

    private Message(Struct struct, MemorySegment bytes) {
        this.struct = struct;
        this.bytes = bytes;
    }

    /** One with all bytes zero. */
    static Message zeroed(Struct struct) {
        return new Message(struct, MemorySegment.ofArray(new byte[Math.toIntExact(struct.size())]));
    }

    /** What stands in a slot, read once. */
    static Message read(Struct struct, MemorySegment ring, long at) {
        Message message = zeroed(struct);
        MemorySegment.copy(ring, at, message.bytes, 0, struct.size());
        return message;
    }

    /** A request of a protocol: its operation decides about its structure. */
    static Message readRequest(Protocol protocol, MemorySegment ring, long at) {
        Message plain = read(protocol.request(), ring, at);
        return protocol.operationField()
                .flatMap(field -> protocol.operation(field.read(ring, at)))
                .map(operation -> read(operation.request(), ring, at))
                .orElse(plain);
    }

    void write(MemorySegment ring, long at) {
        MemorySegment.copy(bytes, 0, ring, at, bytes.byteSize());
    }

    /** What it is. */
    public Struct struct() {
        return struct;
    }

    /** Its bytes. */
    public MemorySegment bytes() {
        return bytes;
    }

    /** A field's value. */
    public long get(Field.Scalar field) {
        return field.read(bytes, 0);
    }

    /** Sets a field, to any value. */
    public Message set(Field.Scalar field, long value) {
        field.write(bytes, 0, value);
        return this;
    }

    @Override
    public boolean equals(Object other) {
        return other instanceof Message message && struct.equals(message.struct) && bytes.mismatch(message.bytes) == -1;
    }

    @Override
    public int hashCode() {
        return Objects.hash(struct.name(), bytes.byteSize());
    }

    @Override
    public String toString() {
        List<String> fields = new ArrayList<>();
        for (Field field : struct.fields()) {
            if (field instanceof Field.Scalar scalar) {
                fields.add(field.name() + '=' + get(scalar));
            }
        }
        return struct.name() + fields;
    }
}
