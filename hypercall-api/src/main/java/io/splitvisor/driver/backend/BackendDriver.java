// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.driver.backend;

import io.splitvisor.driver.Protocol;
import java.util.Optional;

/**
 * A kind of device that this domain can serve, by answering requests. Found through {@link java.util.ServiceLoader}, so an implementation of this
 * type is public and has a public constructor without arguments. Thread-safe.
 */
public non-sealed interface BackendDriver extends DeviceDriver {
    @Override
    Protocol protocol();

    @Override
    BackendDevice open(DeviceConfig config);

    /**
     * The form in which a front end lays out its requests, which it names in its {@code protocol} node.
     *
     * @param name the node's value; null where there is none
     * @return empty if this driver does not know it
     */
    default Optional<SlotLayout> layout(String name) {
        return name == null || name.equals(SlotLayout.NATIVE_NAME)
                ? Optional.of(SlotLayout.of(protocol()))
                : Optional.empty();
    }
}
