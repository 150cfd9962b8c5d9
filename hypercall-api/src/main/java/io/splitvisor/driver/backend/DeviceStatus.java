// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.driver.backend;

import io.splitvisor.abi.io.XenbusState;
import io.splitvisor.xenbus.Wait;
import java.util.Optional;

/**
 * A device as it is at one moment, for listings and for {@code why-stuck}.
 *
 * @param type of device
 * @param frontendDomid whose it is
 * @param devid its number
 * @param backendPath the back end's folder
 * @param frontendPath the front end's folder
 * @param backend this end's state
 * @param frontend the other end's state, as it says; UNKNOWN if it says nothing
 * @param backendWait what this end waits for
 * @param frontendWait what the front end says that it waits for
 * @param inFlight requests that were taken and have no answer
 * @param hookLate whether a driver's hook has not returned for longer than it may
 * @param error what this end's {@code error} node says; null if it says nothing
 * @param frontendError what the front end's says, made printable; null if it says nothing
 * @param counters since the device was attached
 */
public record DeviceStatus(
        String type,
        int frontendDomid,
        int devid,
        String backendPath,
        String frontendPath,
        XenbusState backend,
        XenbusState frontend,
        Optional<Wait> backendWait,
        Optional<Wait> frontendWait,
        long inFlight,
        boolean hookLate,
        String error,
        String frontendError,
        DeviceCounters counters) {}
