// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.driver;

import io.splitvisor.driver.DeclarationException.Problem;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/**
 * What the two ends of a device say to each other that exchange bytes instead of requests: one shared page with a ring for
 * each direction, as the console has it. There is nothing to check or answer; a pair of indices that is further apart
 * than the ring is long is all that can be wrong. Whoever moves bytes notifies the other end.
 *
 * @param type the device type
 * @param page the shared page
 * @param toFrontend the back end produces, the front end consumes
 * @param toBackend the front end produces, the back end consumes
 * @param portNode the front end's node that names its event channel
 * @param features what the ends tell each other
 */
public record ByteProtocol(
        String type, Struct page, ByteStream toFrontend, ByteStream toBackend, String portNode, List<Feature> features)
        implements DeviceProtocol {
    private static final int PAGE = 4096;

    /**
     * @throws DeclarationException if a field is not the page's, or used twice, or a ring has no power of two of bytes, or all
     *     of it is larger than a page
     */
    public ByteProtocol {
        ProtocolBuilder.checkType(type);
        if (page.size() > PAGE) {
            throw new DeclarationException(
                    Problem.OUT_OF_RANGE, type, page.name(), page.size() + " bytes do not fit a page");
        }
        features = List.copyOf(features);
        if (features.stream().map(Feature::name).distinct().count() < features.size()) {
            throw new DeclarationException(Problem.DUPLICATE, type, "features", "two features have the same name");
        }
        Set<Field> used = new HashSet<>();
        checkStream(type, page, toFrontend, used);
        checkStream(type, page, toBackend, used);
    }

    /** Without features, and with the usual name for the port. */
    public ByteProtocol(String type, Struct page, ByteStream toFrontend, ByteStream toBackend) {
        this(type, page, toFrontend, toBackend, "event-channel", List.of());
    }

    /** The same with another name for the port's node. */
    public ByteProtocol port(String node) {
        return new ByteProtocol(type, page, toFrontend, toBackend, node, features);
    }

    /** The same with features. */
    public ByteProtocol features(Feature... told) {
        return new ByteProtocol(type, page, toFrontend, toBackend, portNode, List.of(told));
    }

    private static void checkStream(String type, Struct page, ByteStream stream, Set<Field> used) {
        for (Field field : new Field[] {stream.bytes(), stream.consumer(), stream.producer()}) {
            if (!page.has(field)) {
                throw new DeclarationException(
                        Problem.FOREIGN_FIELD, type, field.name(), "is not a field of struct " + page.name());
            }
            if (!used.add(field)) {
                throw new DeclarationException(Problem.DUPLICATE, type, field.name(), "is used twice");
            }
        }
        checkAligned(type, stream.consumer());
        checkAligned(type, stream.producer());
        int length = stream.bytes().length();
        if (Integer.bitCount(length) != 1) {
            throw new DeclarationException(
                    Problem.OUT_OF_RANGE,
                    type,
                    stream.bytes().name(),
                    length + " bytes; a ring's length is a power of two");
        }
    }

    /** Indices are read and written as a whole, whatever the structure says about its layout. */
    private static void checkAligned(String type, Field.U32 index) {
        if (index.offset() % index.alignment() != 0) {
            throw new DeclarationException(
                    Problem.MISALIGNED, type, index.name(), "offset " + index.offset() + " is no multiple of 4");
        }
    }

    /** A byte ring has no versions to tell. */
    @Override
    public int version() {
        return 0;
    }

    @Override
    public int queues() {
        return 1;
    }

    @Override
    public int ringPageOrder() {
        return 0;
    }

    @Override
    public String toString() {
        return type;
    }
}
