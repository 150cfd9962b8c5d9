// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.domu;

import io.splitvisor.xenstore.WatchEvent;
import io.splitvisor.xenstore.WatchHandler;
import io.splitvisor.xenstore.Xenstore;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Follows {@code cpu/N/availability}, where the toolstack says which vCPUs the guest may use ({@code vcpu-set}): one that it
 * takes away goes down, and comes up again when it is given back.
 */
final class CpuAvailability implements WatchHandler {
    private static final Pattern NODE = Pattern.compile("(?:.*/)?cpu/(\\d{1,4})/availability");

    private final GuestDomain domain;

    CpuAvailability(GuestDomain domain) {
        this.domain = domain;
    }

    void start(Xenstore store) {
        if (domain.vcpuCount() > 1) {
            store.watch("cpu", "cpu", this);
        }
    }

    /** Whether a vCPU may be used. */
    static boolean isAvailable(Xenstore store, int vcpu) {
        return !"offline".equals(store.readIfPresent("cpu/" + vcpu + "/availability"));
    }

    @Override
    public void changed(WatchEvent event) {
        Matcher node = NODE.matcher(event.path());
        // vCPU 0 stays, whatever the toolstack says.
        if (!node.matches() || node.group(1).equals("0")) {
            return;
        }
        int vcpu = Integer.parseInt(node.group(1));
        if (vcpu < domain.vcpuCount()) {
            domain.vcpuAvailable(vcpu, isAvailable(domain.xenstore(), vcpu));
        }
    }
}
