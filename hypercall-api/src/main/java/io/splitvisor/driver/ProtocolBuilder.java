// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.driver;

import io.splitvisor.driver.DeclarationException.Problem;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.regex.Pattern;

/** Collects a protocol's parts, in any order as long as structures come first. Every method may throw {@link DeclarationException}. */
public final class ProtocolBuilder {
    private static final Pattern TYPE = Pattern.compile("[a-z][a-z0-9_]{0,30}");
    private static final Pattern OPERATION = Pattern.compile("[A-Z][A-Z0-9_]{0,62}");

    final String type;
    int version;
    Struct request;
    Struct response;
    Field.Scalar requestId;
    Field.Scalar responseId;
    Field.Scalar operationField;
    final Map<Long, Operation> operations = new TreeMap<>();
    final List<Protocol.Echo> echoes = new ArrayList<>();
    final List<Limit> limits = new ArrayList<>();
    Status status;
    final Map<String, Feature> features = new LinkedHashMap<>();
    int queues = 1;
    int ringPageOrder;
    boolean replayed = true;

    ProtocolBuilder(String type) {
        this.type = type;
        checkType(type);
    }

    static void checkType(String type) {
        if (!TYPE.matcher(type).matches()) {
            throw new DeclarationException(
                    Problem.BAD_NAME,
                    type,
                    "",
                    "a device type is lower case letters, digits and _, at most 31, and starts with a letter");
        }
    }

    /** The version, 1 or more: a peer that does not speak it is told so. Without, no version is told or asked for. */
    public ProtocolBuilder version(int number) {
        version = inRange("version", number, 1, Integer.MAX_VALUE);
        return this;
    }

    /** What a request looks like. */
    public ProtocolBuilder request(Struct struct) {
        request = struct;
        return this;
    }

    /** What a response looks like. */
    public ProtocolBuilder response(Struct struct) {
        response = struct;
        return this;
    }

    /** The fields that tie a response to its request. */
    public ProtocolBuilder id(Field.Scalar inRequest, Field.Scalar inResponse) {
        requestId = inRequest;
        responseId = inResponse;
        return this;
    }

    /** A kind of request that looks like all others. */
    public ProtocolBuilder operation(Field.Scalar field, long number, String name) {
        return operation(field, number, name, request);
    }

    /** A kind of request with a layout of its own; its operation and its id are where all others have them. */
    public ProtocolBuilder operation(Field.Scalar field, long number, String name, Struct alternative) {
        if (operationField != null && !operationField.equals(field)) {
            throw problem(
                    Problem.DUPLICATE,
                    name,
                    field.name() + " and " + operationField.name() + " both say the operation");
        }
        if (!OPERATION.matcher(name).matches()) {
            throw problem(Problem.BAD_NAME, name, "an operation is capital letters, digits and _");
        }
        inRange(field, name, number);
        operationField = field;
        if (operations.values().stream().anyMatch(other -> other.name().equals(name))) {
            throw problem(Problem.DUPLICATE, name, "two operations have this name");
        }
        Operation before = operations.putIfAbsent(number, new Operation(number, name, alternative));
        if (before != null) {
            throw problem(Problem.DUPLICATE, name, "operation " + number + " is " + before.name() + " already");
        }
        return this;
    }

    /** A field of the response that repeats one of the request; the framework sets it. */
    public ProtocolBuilder echo(Field.Scalar inRequest, Field.Scalar inResponse) {
        echoes.add(new Protocol.Echo(inRequest, inResponse));
        return this;
    }

    /** Which values a field may have, in requests of the structure it belongs to; others are answered as errors. */
    public ProtocolBuilder limit(Field.Scalar field, long smallest, long largest) {
        inRange(field, field.name(), smallest);
        inRange(field, field.name(), largest);
        Limit limit = new Limit(field, smallest, largest);
        if (limit.isEmpty()) {
            throw problem(Problem.OUT_OF_RANGE, field.name(), "no value is from " + smallest + " to " + largest);
        }
        limits.add(limit);
        return this;
    }

    /** How a response says what became of its request. */
    public ProtocolBuilder status(Field.Scalar field, long okay, long error, long unsupported) {
        inRange(field, "okay", okay);
        inRange(field, "error", error);
        inRange(field, "unsupported", unsupported);
        status = new Status(field, okay, error, unsupported);
        return this;
    }

    /** What the ends tell each other. May be called again. */
    public ProtocolBuilder features(Feature... more) {
        for (Feature feature : more) {
            if (features.putIfAbsent(feature.name(), feature) != null) {
                throw problem(Problem.DUPLICATE, feature.name(), "two features have this name");
            }
        }
        return this;
    }

    /** The most queues that a device may have; 1 unless said. */
    public ProtocolBuilder queues(int most) {
        queues = inRange("queues", most, 1, Protocol.MAX_QUEUES);
        return this;
    }

    /** The largest order of a ring's pages; 0, one page, unless said. */
    public ProtocolBuilder ringPageOrder(int largest) {
        ringPageOrder = inRange("ringPageOrder", largest, 0, Protocol.MAX_RING_PAGE_ORDER);
        return this;
    }

    /** A request that got no response before the connection was lost fails, instead of being made again. */
    public ProtocolBuilder notReplayed() {
        replayed = false;
        return this;
    }

    /** The protocol, when all parts fit each other. */
    public Protocol build() {
        need(request, "request");
        need(response, "response");
        need(requestId, "id");
        belongs(requestId, request);
        belongs(responseId, response);
        sameSize(requestId, responseId);
        for (Operation operation : operations.values()) {
            if (operation.request() == null) {
                throw problem(Problem.MISSING, operation.name(), "request(...) comes before operations");
            }
            samePlace(operationField, operation);
            samePlace(requestId, operation);
        }
        for (Limit limit : limits) {
            if (operations.values().stream()
                    .noneMatch(operation -> operation.request().has(limit.field()))) {
                belongs(limit.field(), request);
            }
        }
        for (Protocol.Echo echo : echoes) {
            belongs(echo.request(), request);
            belongs(echo.response(), response);
            sameSize(echo.request(), echo.response());
        }
        if (status != null) {
            belongs(status.field(), response);
        }
        if (Protocol.slots(1, slotSize()) < 1) {
            throw problem(Problem.OUT_OF_RANGE, "", slotSize() + " bytes of a slot do not fit a ring of one page");
        }
        return new Protocol(this);
    }

    int slotSize() {
        long largest = Math.max(request.size(), response.size());
        for (Operation operation : operations.values()) {
            largest = Math.max(largest, operation.request().size());
        }
        return (int) largest;
    }

    private void need(Object part, String name) {
        if (part == null) {
            throw problem(Problem.MISSING, name, "every protocol has one");
        }
    }

    private void belongs(Field field, Struct struct) {
        if (!struct.has(field)) {
            throw problem(
                    Problem.FOREIGN_FIELD,
                    field.name(),
                    "is a field of struct " + field.struct() + ", not of struct " + struct.name());
        }
    }

    private void sameSize(Field one, Field other) {
        if (one.size() != other.size()) {
            throw problem(
                    Problem.MISMATCH,
                    one.name(),
                    one.struct() + "." + one.name() + " has " + one.size() + " bytes, " + other.struct() + "."
                            + other.name() + " " + other.size());
        }
    }

    /** An alternative has to have, under whatever name, the same type of field where this one lies. */
    private void samePlace(Field.Scalar field, Operation operation) {
        Struct alternative = operation.request();
        boolean there = alternative.fields().stream()
                .anyMatch(other -> other.offset() == field.offset() && other.getClass() == field.getClass());
        if (!there) {
            throw problem(
                    Problem.MISMATCH,
                    operation.name(),
                    "struct " + alternative.name() + " has no "
                            + field.getClass().getSimpleName() + " at offset " + field.offset() + ", where struct "
                            + field.struct() + " has " + field.name());
        }
    }

    private void inRange(Field.Scalar field, String what, long value) {
        boolean fits = field.largest() == -1 || (value >= field.smallest() && value <= field.largest());
        if (!fits) {
            throw problem(
                    Problem.OUT_OF_RANGE,
                    what,
                    value + " does not fit " + field.name() + ", " + field.smallest() + " to " + field.largest());
        }
    }

    private int inRange(String what, int value, int smallest, int largest) {
        if (value < smallest || value > largest) {
            throw problem(Problem.OUT_OF_RANGE, what, value + " is not in " + smallest + " to " + largest);
        }
        return value;
    }

    private DeclarationException problem(Problem problem, String what, String detail) {
        return new DeclarationException(problem, type, what, detail);
    }
}
