// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.driver;

import java.lang.foreign.MemorySegment;
import java.util.List;
import java.util.Optional;

/**
 * What the two ends of a device type say to each other through their rings (io/ring.h) and in xenstore. Immutable, and right
 * as far as that can be checked: {@link ProtocolBuilder#build} throws {@link DeclarationException} for all others.
 */
public final class Protocol implements DeviceProtocol {
    /** Largest order of a ring: 16 pages. */
    public static final int MAX_RING_PAGE_ORDER = 4;
    /** Most queues of a device. */
    public static final int MAX_QUEUES = 64;

    private static final int PAGE = 4096;
    /** Bytes before the first slot of a ring. */
    private static final int RING_HEADER = 64;

    private final String type;
    private final int version;
    private final Struct request;
    private final Struct response;
    private final Field.Scalar requestId;
    private final Field.Scalar responseId;
    private final Optional<Field.Scalar> operationField;
    private final List<Operation> operations;
    private final List<Echo> echoes;
    private final List<Limit> limits;
    private final Optional<Status> status;
    private final List<Feature> features;
    private final int queues;
    private final int ringPageOrder;
    private final boolean replayed;
    private final int slotSize;
    private final RequestCheck check;
    private final Repeats repeats;

    /** A field of the request whose value the response repeats. */
    public record Echo(Field.Scalar request, Field.Scalar response) {}

    Protocol(ProtocolBuilder from) {
        type = from.type;
        version = from.version;
        request = from.request;
        response = from.response;
        requestId = from.requestId;
        responseId = from.responseId;
        operationField = Optional.ofNullable(from.operationField);
        operations = List.copyOf(from.operations.values());
        echoes = List.copyOf(from.echoes);
        limits = List.copyOf(from.limits);
        status = Optional.ofNullable(from.status);
        features = List.copyOf(from.features.values());
        queues = from.queues;
        ringPageOrder = from.ringPageOrder;
        replayed = from.replayed;
        slotSize = from.slotSize();
        check = new RequestCheck(from.operationField, operations, limits);
        repeats = new Repeats(new Echo(requestId, responseId), echoes);
    }

    /**
     * Starts a declaration.
     *
     * @param type the device type, which is the name of its folders in xenstore: {@code vbd}
     */
    public static ProtocolBuilder of(String type) {
        return new ProtocolBuilder(type);
    }

    /** The device type. */
    @Override
    public String type() {
        return type;
    }

    /** The version that both ends speak; 0 for a protocol that has none. */
    @Override
    public int version() {
        return version;
    }

    /** A request, as it is unless its operation has an alternative. */
    public Struct request() {
        return request;
    }

    /** A response. */
    public Struct response() {
        return response;
    }

    /** Ties a response to its request; at the same place in all alternatives. */
    public Field.Scalar requestId() {
        return requestId;
    }

    /** The request's id, in the response. */
    public Field.Scalar responseId() {
        return responseId;
    }

    /** What tells alternatives apart; empty if there is one kind of request. */
    public Optional<Field.Scalar> operationField() {
        return operationField;
    }

    /** The kinds of request, by number; a request of another kind is answered as unsupported. */
    public List<Operation> operations() {
        return operations;
    }

    /** The operation with a number; empty for one that is not declared. */
    public Optional<Operation> operation(long number) {
        return operations.stream()
                .filter(operation -> operation.number() == number)
                .findFirst();
    }

    /** What responses repeat besides the id. */
    public List<Echo> echoes() {
        return echoes;
    }

    /** What holds for each request that has the field. */
    public List<Limit> limits() {
        return limits;
    }

    /** Whether a request, copied to where nobody changes it any more, is one that a driver has to see. Allocates nothing. */
    public Verdict check(MemorySegment memory, long at) {
        return check.of(memory, at);
    }

    /** Makes a response repeat what it has to of its request, the id included; both lie in one memory. Allocates nothing. */
    public void repeat(MemorySegment memory, long request, long response) {
        repeats.copy(memory, request, response);
    }

    /** Whether a response repeats what it has to of its request, but for the id. Allocates nothing. */
    public boolean isRepeated(MemorySegment memory, long request, long response) {
        return repeats.holdButForId(memory, request, response);
    }

    /** How the framework answers requests that a driver never sees; empty if it cannot, and ends the connection. */
    public Optional<Status> status() {
        return status;
    }

    /** What the ends tell each other. */
    @Override
    public List<Feature> features() {
        return features;
    }

    /** Most queues, 1 or more. */
    @Override
    public int queues() {
        return queues;
    }

    /** Largest order of a ring's pages, 0 to {@link #MAX_RING_PAGE_ORDER}. */
    @Override
    public int ringPageOrder() {
        return ringPageOrder;
    }

    /** Whether requests without a response are made again on a new connection. */
    public boolean replayed() {
        return replayed;
    }

    /** Bytes of a ring's slot: the largest request or response. */
    public int slotSize() {
        return slotSize;
    }

    /** Slots of a ring with this many pages: the largest power of two that fits behind the header. */
    public int slots(int pages) {
        return slots(pages, slotSize);
    }

    static int slots(int pages, int slotSize) {
        return Integer.highestOneBit((pages * PAGE - RING_HEADER) / slotSize);
    }

    @Override
    public String toString() {
        return type + (version == 0 ? "" : " version " + version);
    }
}
