// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.domu;

import io.splitvisor.xenstore.WatchEvent;
import io.splitvisor.xenstore.WatchHandler;
import io.splitvisor.xenstore.Xenstore;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Follows {@code cpu/N/availability}, where the toolstack says which vCPUs the guest may use ({@code vcpu-set}): one that it
 * takes away goes down, and comes up again when it is given back. As in Linux the guest may have brought up more than it is
 * given before it hears of it; what is too many goes down then.
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

    @Override
    public void changed(WatchEvent event) {
        Matcher node = NODE.matcher(event.path());
        if (node.matches()) {
            look(Integer.parseInt(node.group(1)));
        } else {
            // The watch begins, or a part of the tree changed.
            for (int vcpu = 1; vcpu < domain.vcpuCount(); vcpu++) {
                look(vcpu);
            }
        }
    }

    private void look(int vcpu) {
        // vCPU 0 stays, whatever the toolstack says.
        if (vcpu > 0 && vcpu < domain.vcpuCount()) {
            String said = domain.xenstore().readIfPresent("cpu/" + vcpu + "/availability");
            domain.vcpuAvailable(vcpu, !"offline".equals(said));
        }
    }
}
