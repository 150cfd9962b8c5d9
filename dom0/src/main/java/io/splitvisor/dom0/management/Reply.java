// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.dom0.management;

import io.splitvisor.dom0.toolstack.ConsoleStream;

/** What a route answers. */
sealed interface Reply {
    /**
     * Everything at once.
     *
     * @param status the HTTP status
     * @param text whether the body is text, not JSON
     * @param body the body
     * @param location the path of what was made, empty for none
     * @param after what to do when it has been sent
     */
    record Whole(int status, boolean text, String body, String location, Runnable after) implements Reply {}

    /**
     * The connection becomes a console.
     *
     * @param console the attached console
     */
    record Console(ConsoleStream console) implements Reply {}

    /**
     * Events as they happen, one a line, until either side closes.
     *
     * @param stream the stream, which hears events already
     */
    record Events(EventStream stream) implements Reply {}

    /** JSON. */
    static Reply json(int status, Object value) {
        return new Whole(status, false, Json.pretty(value), "", () -> {});
    }

    /** Text. */
    static Reply text(String body) {
        return new Whole(200, true, body, "", () -> {});
    }
}
