// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.dom0.config;

import java.util.Objects;
import java.util.Optional;
import java.util.OptionalInt;

/**
 * A network interface of a domain, as xl's {@code vif} key describes it. Every part is optional: {@code ''} is valid.
 *
 * @param mac six pairs of hexadecimal digits in lower case; empty: one is made up
 * @param bridge the bridge to attach to
 * @param gatewaydev the device to route through
 * @param type {@code vif} or {@code ioemu}
 * @param model the emulated card
 * @param vifname the name of Dom0's end
 * @param script the hot-plug script
 * @param ip the guest's address, for the script
 * @param backend the domain that serves it; Dom0 where empty
 * @param rate a limit, empty for none
 * @param devid the number in xenstore's paths
 * @param mtu the MTU
 * @param vlan the VLANs, in xl's notation
 * @param trusted whether the back end trusts, and is trusted
 */
public record VifConfig(
        Optional<String> mac,
        Optional<String> bridge,
        Optional<String> gatewaydev,
        Optional<String> type,
        Optional<String> model,
        Optional<String> vifname,
        Optional<String> script,
        Optional<String> ip,
        Optional<String> backend,
        Optional<Rate> rate,
        OptionalInt devid,
        OptionalInt mtu,
        Optional<String> vlan,
        Optional<Boolean> trusted) {

    /**
     * A rate limit as Xen's netback takes it: so many bytes, refilled every interval.
     *
     * @param bytesPerInterval bytes, positive
     * @param intervalMicros the interval in microseconds, positive
     */
    public record Rate(long bytesPerInterval, long intervalMicros) {
        /** Checks that both are positive. */
        public Rate {
            if (bytesPerInterval <= 0 || intervalMicros <= 0) {
                throw new IllegalArgumentException("a rate of nothing; expected for example 10Mb/s or 1MB/s@20ms");
            }
        }
    }

    /** Checks the address's form. */
    public VifConfig {
        Objects.requireNonNull(rate, "rate");
        if (mac.isPresent() && !mac.get().matches("([0-9a-f]{2}:){5}[0-9a-f]{2}")) {
            throw new IllegalArgumentException("'" + Lexer.printable(mac.get()) + "' is no MAC address");
        }
    }

    /**
     * Reads a specification: parts {@code key=value} separated by commas.
     *
     * @throws IllegalArgumentException with what is wrong
     */
    public static VifConfig parse(String spec) {
        return new VifSpec().parse(spec);
    }
}
