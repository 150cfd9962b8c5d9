// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.driver.backend;

/** Where a device is in xenstore: both ends, the toolstack's own copy, and where errors are told. */
record DevicePaths(int backendDomid, String type, int frontendDomid, int devid) {
    private String suffix() {
        return '/' + type + '/' + frontendDomid + '/' + devid;
    }

    String backend() {
        return "/local/domain/" + backendDomid + "/backend" + suffix();
    }

    String frontend() {
        return "/local/domain/" + frontendDomid + "/device/" + type + '/' + devid;
    }

    /** Neither end can write here, so this is what the toolstack believes. */
    String toolstack() {
        return "/libxl/" + frontendDomid + "/device/" + type + '/' + devid;
    }

    /** Where the front end tells its errors, as Linux's do. */
    String frontendError() {
        return "/local/domain/" + frontendDomid + "/error/device/" + type + '/' + devid;
    }

    String error() {
        return "/local/domain/" + backendDomid + "/error/backend" + suffix();
    }
}
