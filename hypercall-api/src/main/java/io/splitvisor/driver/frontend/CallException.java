// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.driver.frontend;

/** A call failed, or a device did not come. */
public final class CallException extends RuntimeException {
    private static final long serialVersionUID = 1;

    /** Why. */
    public enum Kind {
        /** The back end's response says so; {@link Call} has the response. */
        FAILED,
        /** The back end does not offer it. */
        UNSUPPORTED,
        /** The connection was lost before the response, and such requests are not made again. */
        LOST,
        /** The device was taken away, or closed. */
        GONE,
        /** The back end broke the rules; the device is not used any more. */
        MISBEHAVED,
        /** The back end did not connect in time. */
        TIMEOUT
    }

    private final Kind kind;

    /** @param message what was asked, and of which device */
    public CallException(Kind kind, String message) {
        super(message);
        this.kind = kind;
    }

    /** Why. */
    public Kind kind() {
        return kind;
    }
}
