// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.abi.io;

/**
 * State of one end of a split driver (io/xenbus.h, {@code enum xenbus_state}), kept in xenstore as a decimal
 * number.
 */
public enum XenbusState {
    /** No state yet, or the node cannot be read. */
    UNKNOWN(0),
    /** The device is being set up. */
    INITIALISING(1),
    /** Early set-up done; waits for the peer or for hotplug. */
    INIT_WAIT(2),
    /** Waits for a connection from the peer. */
    INITIALISED(3),
    /** Connected. */
    CONNECTED(4),
    /** Being closed, because of an error or an unplug. */
    CLOSING(5),
    /** Closed. */
    CLOSED(6),
    /** The device is being reconfigured. */
    RECONFIGURING(7),
    /** Reconfiguration is done. */
    RECONFIGURED(8);

    private static final XenbusState[] BY_CODE = values();

    private final int code;

    XenbusState(int code) {
        this.code = code;
    }

    /** The number that stands in xenstore. */
    public int code() {
        return code;
    }

    /** The state with this number; {@link #UNKNOWN} for a number that Xen does not define. */
    public static XenbusState of(int code) {
        return code >= 0 && code < BY_CODE.length ? BY_CODE[code] : UNKNOWN;
    }
}
