// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.dom0.toolstack;

/**
 * A driver whose devices can be attached.
 *
 * @param type the device type
 * @param protocol the protocol's version, 0 where it has none
 * @param version the jar's version, {@code -} where it does not say
 * @param source the jar, or the folder of classes
 * @param driver the back end's class
 */
public record DriverInfo(String type, int protocol, String version, String source, String driver) {}
