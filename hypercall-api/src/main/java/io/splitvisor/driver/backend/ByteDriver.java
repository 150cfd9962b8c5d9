// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.driver.backend;

import io.splitvisor.driver.ByteProtocol;

/**
 * A kind of device that this domain can serve and that exchanges bytes. Found through {@link java.util.ServiceLoader}, so an
 * implementation of this type is public and has a public constructor without arguments. Thread-safe.
 */
public non-sealed interface ByteDriver extends DeviceDriver {
    @Override
    ByteProtocol protocol();

    @Override
    ByteDevice open(DeviceConfig config);
}
