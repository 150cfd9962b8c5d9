// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.examples.copy;

import io.splitvisor.domu.Guest;
import io.splitvisor.domu.GuestDomain;
import io.splitvisor.domu.block.BlockDevice;

/** Copies disk {@code xvda} to disk {@code xvdb}, or the two disks named as arguments, and verifies the copy. */
public final class CopyGuest implements Guest {
    @Override
    public void run(GuestDomain domain) {
        String from = domain.arguments().isEmpty() ? "xvda" : domain.arguments().get(0);
        String to = domain.arguments().size() < 2 ? "xvdb" : domain.arguments().get(1);
        try (BlockDevice source = domain.disk(from);
                BlockDevice target = domain.disk(to)) {
            DiskCopy copy = new DiskCopy(source, target);
            copy.copy();
            copy.verify();
            System.out.println(from + " is copied to " + to + ": " + source.size() + " bytes, verified");
        }
    }
}
