// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.monitor.hypercall;

import static org.assertj.core.api.Assertions.assertThat;

import io.splitvisor.abi.Hypercall;
import io.splitvisor.abi.XenErrno;
import io.splitvisor.monitor.Guest;
import io.splitvisor.monitor.Hypervisor;
import java.util.HashSet;
import java.util.Set;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class HypercallTableTest {
    private final Hypervisor hypervisor = new Hypervisor();
    private final Guest guest = hypervisor.guest();

    @AfterEach
    void nothingIsLeft() {
        hypervisor.close();
    }

    private long call(long number) {
        return hypervisor.table().call(guest.domain(), number, new long[HypercallTable.ARGUMENTS]);
    }

    @ParameterizedTest
    @ValueSource(longs = {-1, 63, 64, 65, 1L << 32, (1L << 32) + 17, Long.MAX_VALUE, Long.MIN_VALUE})
    void h1_shouldRefuseNumbersOutOfRange(long number) {
        assertThat(call(number)).isEqualTo(-XenErrno.ENOSYS);
    }

    @Test
    void h1_shouldRefuseEveryNumberThatIsNotInTheTable() {
        Set<Integer> known = new HashSet<>();
        hypervisor.table().rows().forEach(row -> known.add(row.number()));
        assertThat(known).hasSameSizeAs(hypervisor.table().rows());
        for (int number = 0; number < 64; number++) {
            if (!known.contains(number)) {
                assertThat(call(number)).as("hypercall %d", number).isEqualTo(-XenErrno.ENOSYS);
            }
        }
    }

    @Test
    void h11_shouldHaveNoHypercallOfAPrivilegedDomain() {
        assertThat(hypervisor.table().rows())
                .extracting(HypercallTable.Row::number)
                .doesNotContain(Hypercall.DOMCTL, Hypercall.SYSCTL, Hypercall.PLATFORM_OP);
    }

    @ParameterizedTest
    @ValueSource(longs = {-1, 11, 12, 4096, Integer.MAX_VALUE, 1L << 31, 1L << 32, (1L << 32) + 4, Long.MIN_VALUE})
    void h1_shouldRefuseUnknownSubOperations(long command) {
        for (HypercallTable.Row row : hypervisor.table().rows()) {
            long[] arguments = {command, 4096, 1, 0, 0, 0};
            assertThat(hypervisor.table().call(guest.domain(), row.number(), arguments))
                    .as("%s, command %d", row.name(), command)
                    .isEqualTo(-XenErrno.ENOSYS);
        }
    }
}
