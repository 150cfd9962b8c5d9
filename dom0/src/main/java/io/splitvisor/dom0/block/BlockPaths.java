// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.dom0.block;

/** Where a virtual disk is in xenstore: both ends, the toolstack's own copy, and where errors are told. */
record BlockPaths(int backendDomid, int frontendDomid, int devid) {
    private String suffix() {
        return "/vbd/" + frontendDomid + '/' + devid;
    }

    String backend() {
        return "/local/domain/" + backendDomid + "/backend" + suffix();
    }

    String frontend() {
        return "/local/domain/" + frontendDomid + "/device/vbd/" + devid;
    }

    /** Neither end can write here, so this is what the toolstack believes. */
    String toolstack() {
        return "/libxl/" + frontendDomid + "/device/vbd/" + devid;
    }

    String error() {
        return "/local/domain/" + backendDomid + "/error/backend" + suffix();
    }
}
