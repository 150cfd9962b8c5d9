// SPDX-License-Identifier: Apache-2.0
/** Guests to copy from. */
module io.splitvisor.examples {
    requires io.splitvisor.domu;
}
