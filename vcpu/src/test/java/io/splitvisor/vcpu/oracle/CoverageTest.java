// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.vcpu.oracle;

import static org.assertj.core.api.Assertions.assertThat;

import io.splitvisor.vcpu.decode.OpcodeTable;
import io.splitvisor.vcpu.decode.Row;
import java.util.List;
import org.junit.jupiter.api.Test;

/**
 * That no row of the opcode table escapes the comparisons with the real processor: each belongs to one of them, which for itself requires
 * that it was executed often enough, or is named with the reason why not.
 */
class CoverageTest {
    @Test
    void shouldCompareEveryUserModeRowWithTheRealProcessor() {
        List<String> holes = OpcodeTable.instance().rows().stream()
                .filter(r -> !isCompared(r) && !hasReason(r))
                .map(Row::toString)
                .toList();
        assertThat(holes).as("rows that no comparison executes").isEmpty();
    }

    @Test
    void shouldNameNoReasonForRowsThatAreCompared() {
        List<String> rows = OpcodeTable.instance().rows().stream()
                .map(Row::mnemonic)
                .distinct()
                .toList();
        assertThat(rows).as("rows that are named do exist").containsAll(UserCases.NOT_COMPARED.keySet());
        long compared = OpcodeTable.instance().rows().stream()
                .filter(CoverageTest::isCompared)
                .count();
        System.out.println(
                "oracle: " + compared + " of " + OpcodeTable.instance().rows().size() + " rows compared");
        assertThat(compared).isGreaterThan(OpcodeTable.instance().rows().size() * 9L / 10);
    }

    private static boolean isCompared(Row row) {
        return UserInstructionsPropertyTest.covered(row)
                || FaultsPropertyTest.covered(row)
                || FlowPropertyTest.covered(row)
                || Code32PropertyTest.covered(row);
    }

    /** What goes by the host's descriptors, which are not ours. */
    private static boolean hasReason(Row row) {
        return UserCases.NOT_COMPARED.containsKey(row.mnemonic())
                || HostFeatures.lacks(row)
                || UserCases.isFar(row)
                || UserCases.changesSegment(row)
                || row.mnemonic().matches("l[de]s");
    }
}
