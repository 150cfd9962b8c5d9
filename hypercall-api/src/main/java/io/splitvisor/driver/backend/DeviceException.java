// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.driver.backend;

/** A device cannot be attached, opened or reloaded. The message is for the user who wanted that. */
public final class DeviceException extends RuntimeException {
    private static final long serialVersionUID = 1;

    /** @param message what is wrong, and with which device */
    public DeviceException(String message) {
        super(message);
    }

    /** As above, with what caused it. */
    public DeviceException(String message, Throwable cause) {
        super(message, cause);
    }
}
