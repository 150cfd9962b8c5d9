// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.monitor.hypercall;

import static org.assertj.core.api.Assertions.assertThat;

import io.splitvisor.abi.Hypercall;
import io.splitvisor.abi.XenErrno;
import io.splitvisor.abi.XenVersion;
import io.splitvisor.monitor.Guest;
import io.splitvisor.monitor.Hypervisor;
import org.junit.jupiter.api.Test;

class XenVersionHandlersTest {
    @Test
    void shouldTellVersionAndPageSizeAndNothingElse() {
        try (Hypervisor hypervisor = new Hypervisor()) {
            Guest guest = hypervisor.guest();
            for (int command = -1; command < 32; command++) {
                long[] arguments = {command, -1, 0, 0, 0, 0};
                long result = hypervisor.call(guest, Hypercall.XEN_VERSION, arguments);
                if (command == XenVersion.VERSION) {
                    assertThat(result).isEqualTo(0x40011);
                } else if (command == XenVersion.PAGESIZE) {
                    assertThat(result).isEqualTo(4096);
                } else {
                    assertThat(result).isEqualTo(-XenErrno.ENOSYS);
                }
            }
        }
    }
}
