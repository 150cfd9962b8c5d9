// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.driver.frontend;

/** Told about a device's connection. Called one at a time, on the device's control thread; no hook waits for calls. */
public interface FrontendHooks {
    /**
     * The back end is connected, and what it wrote can be read ({@link FrontendDevice#features}, {@link FrontendDevice#backendNode});
     * calls are made, and bytes moved, after this.
     *
     * @throws io.splitvisor.xenbus.XenbusException if it makes no sense; the device is given up then
     */
    default void connecting(FrontendDevice frontend) {}

    /** Calls and bytes go to the back end. */
    default void connected(FrontendDevice frontend) {}

    /** The connection is lost, or closed. What is not done waits for the next one. */
    default void disconnected(FrontendDevice frontend, String why) {}

    /** The device is gone, and does not come back. */
    default void gone(FrontendDevice frontend) {}
}
