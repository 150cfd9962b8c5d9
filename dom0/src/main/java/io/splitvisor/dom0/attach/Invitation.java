// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.dom0.attach;

import io.splitvisor.attach.AttachMessages.Welcome;
import java.util.List;

/**
 * What Dom0 offers to whoever presents the right token, once.
 *
 * @param pid the process that may present it, or one of its descendants
 * @param welcome the layout
 * @param descriptors the domain's descriptors, in the protocol's order
 * @param guest is told how it goes on
 */
public record Invitation(long pid, Welcome welcome, List<Integer> descriptors, Guest guest) {
    /** Hears about a guest's life line. Called on the server's thread: must not block. */
    public interface Guest {
        /** The guest has its descriptors. */
        void attached();

        /** The life line ended: the guest is gone, or behaves as if it were. */
        void detached();
    }
}
