// SPDX-License-Identifier: Apache-2.0
/**
 * The back end of a split driver. A driver says what its protocol is ({@link io.splitvisor.driver.backend.BackendDriver}) and
 * serves requests ({@link io.splitvisor.driver.backend.BackendDevice}), or moves bytes ({@link
 * io.splitvisor.driver.backend.ByteDriver}, {@link io.splitvisor.driver.backend.ByteDevice}); connecting, rings, grants, and everything that the
 * front end could do wrong are the framework's ({@link io.splitvisor.driver.backend.BackendDevices}).
 */
package io.splitvisor.driver.backend;
