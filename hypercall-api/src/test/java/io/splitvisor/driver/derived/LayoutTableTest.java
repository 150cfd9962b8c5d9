// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.driver.derived;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class LayoutTableTest {
    @Test
    void shouldShowStructuresOperationsLimitsAndFeatures() {
        assertThat(LayoutTable.of(Sample.PROTOCOL))
                .startsWith(
                        "Device type `sample`, version 3; 104 bytes a slot, 32 slots a page; at most 2 queues of 2 pages.\n")
                .contains("| 9 | `ERASE` | `struct sample_erase` |\n")
                .contains("""
                        `struct sample_response`, 16 bytes

                        | offset | size | field | type | |
                        |---|---|---|---|---|
                        | 0 | 8 | `id` | `uint64_t` |  |
                        | 8 | 4 | `status` | `int32_t` |  |
                        | 12 | 2 | `detail` | `int16_t` |  |
                        | 14 | 2 | `count` | `uint16_t` |  |
                        """)
                .contains("| 0 | 1 | `operation` | `uint8_t` | front end: what to do |\n")
                .contains("| 32 | 24 | `pieces` | `struct sample_piece[3]` |  |\n")
                .contains("| `length` | 1 | 4096 |\n")
                .contains("| `feature-persistent` | both ends | 0, 1 | 1 |\n")
                .contains("| `max-keys` | both ends | 1 to 1024 | 64 |\n");
    }
}
