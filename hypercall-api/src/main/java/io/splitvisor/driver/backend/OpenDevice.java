// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.driver.backend;

/**
 * A device that a driver has opened, and what it offers.
 *
 * @param driver who opened it
 * @param device the driver's device
 * @param offer what it offers front ends
 */
record OpenDevice(DeviceDriver driver, ServedDevice device, Offer offer) {
    /** @throws DeviceException if the driver cannot; whatever it throws becomes one */
    static OpenDevice open(DeviceDriver driver, DeviceConfig config) {
        try {
            return of(driver, driver.open(config));
        } catch (DeviceException e) {
            throw e;
        } catch (RuntimeException e) {
            throw new DeviceException(
                    "the driver cannot open " + driver.protocol().type() + ' ' + config.devid() + ": " + e, e);
        }
    }

    /** A device that is open already; asks it what it offers. */
    static OpenDevice of(DeviceDriver driver, ServedDevice device) {
        Offer offer = new Offer(driver.protocol());
        device.offer(offer);
        return new OpenDevice(driver, device, offer);
    }
}
