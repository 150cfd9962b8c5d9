// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.driver;

import io.splitvisor.driver.DeclarationException.Problem;
import java.util.Set;
import java.util.regex.Pattern;

/**
 * Something that the ends tell each other in xenstore while they connect: a node in the folder of either end. What the peer
 * wrote is text from a stranger; a value outside what is declared here ends the connection with an error that names the
 * node.
 */
public sealed interface Feature {
    /** The node's name. */
    String name();

    /** Who says it. */
    Teller teller();

    /** Who says a feature, and so how it takes effect. */
    enum Teller {
        /** Each end writes its own; a flag holds if both set it, a number is the smaller of the two. */
        BOTH,
        /** The back end writes it, the front end reads it and complies. */
        BACKEND
    }

    /**
     * On or off, 1 or 0; off where it was not written.
     *
     * @param offered what this end says unless it is configured otherwise
     */
    record Flag(String name, boolean offered, Teller teller) implements Feature {
        public Flag {
            checkName(name);
        }

        /** The same, told by the back end alone. */
        public Flag byBackend() {
            return new Flag(name, offered, Teller.BACKEND);
        }
    }

    /**
     * A number in decimal.
     *
     * @param smallest the smallest value; also what holds where it was not written, unless it is required
     * @param largest the largest value
     * @param offered what this end says unless it is configured otherwise
     * @param required whether a connection fails if the peer did not write it
     */
    record Numeric(String name, long smallest, long largest, long offered, Teller teller, boolean required)
            implements Feature {
        public Numeric {
            checkName(name);
            if (smallest < 0 || smallest > largest || offered < smallest || offered > largest) {
                throw new DeclarationException(
                        Problem.OUT_OF_RANGE,
                        name,
                        "",
                        "offers " + offered + ", from " + smallest + " to " + largest
                                + "; 0 <= smallest <= offered <= largest");
            }
        }

        /** The same, told by the back end alone. */
        public Numeric byBackend() {
            return new Numeric(name, smallest, largest, offered, Teller.BACKEND, required);
        }

        /** The same, and a peer that does not write it is not connected to. */
        public Numeric need() {
            return new Numeric(name, smallest, largest, offered, teller, true);
        }
    }

    /** A flag that both ends have to set. */
    static Flag flag(String name, boolean offered) {
        return new Flag(name, offered, Teller.BOTH);
    }

    /** A number of which the smaller one holds. Nothing is negative. */
    static Numeric number(String name, long smallest, long largest, long offered) {
        return new Numeric(name, smallest, largest, offered, Teller.BOTH, false);
    }

    private static void checkName(String name) {
        if (!Names.NODE.matcher(name).matches()) {
            throw new DeclarationException(Problem.BAD_NAME, name, "", "is no name of a xenstore node");
        }
        if (Names.RESERVED.contains(name)
                || Names.RESERVED_PATTERN.matcher(name).matches()) {
            throw new DeclarationException(Problem.RESERVED_NAME, name, "", "is a node that connecting itself needs");
        }
    }

    /** Which names nodes may have. */
    final class Names {
        private static final Pattern NODE = Pattern.compile("[A-Za-z0-9@_-]{1,64}");

        private static final Set<String> RESERVED = Set.of(
                "backend",
                "backend-id",
                "frontend",
                "frontend-id",
                "state",
                "online",
                "error",
                "protocol",
                "event-channel",
                "ring-page-order",
                "max-ring-page-order",
                "num-ring-pages",
                "max-ring-pages",
                "multi-queue-max-queues",
                "multi-queue-num-queues",
                "version",
                "versions");

        private static final Pattern RESERVED_PATTERN = Pattern.compile("ring-ref\\d*|queue-\\d+|ring-page\\d*");

        private Names() {}
    }
}
