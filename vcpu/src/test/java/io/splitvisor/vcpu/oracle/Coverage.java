// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.vcpu.oracle;

import static org.assertj.core.api.Assertions.assertThat;

import io.splitvisor.vcpu.decode.OpcodeTable;
import io.splitvisor.vcpu.decode.Row;
import java.util.List;
import java.util.function.Predicate;

/** How often the rows of the opcode table were executed on the real processor. */
final class Coverage {
    private final int[] times = new int[OpcodeTable.instance().rows().size()];

    /** A row was executed on both, and compared. */
    void executed(Row row) {
        times[row.id()]++;
    }

    /** Requires that every row of some was executed often enough. */
    void requireEach(Predicate<Row> some, int least) {
        List<String> tooRare = OpcodeTable.instance().rows().stream()
                .filter(some)
                .filter(r -> times[r.id()] < least)
                .map(r -> r + " " + times[r.id()] + " times")
                .toList();
        assertThat(tooRare)
                .as("rows that were executed less than %d times", least)
                .isEmpty();
    }
}
