// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.vcpu.translate;

import static org.assertj.core.api.Assertions.assertThat;

import io.splitvisor.vcpu.decode.Arg;
import io.splitvisor.vcpu.decode.OpcodeTable;
import io.splitvisor.vcpu.decode.Row;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;

/** Which instructions have rules. What the rules do is compared with the interpreter and the real processor elsewhere. */
class RulesTest {
    private static final List<Row> ROWS = OpcodeTable.instance().rows();
    /** Left to the interpreter: rare, or with results of each processor's own. */
    private static final Set<String> WITHOUT = Set.of(
            "maskmovdqu",
            "insertps",
            "mpsadbw",
            "phminposuw",
            "pblendw",
            "pmulhrsw",
            "phaddw",
            "phaddd",
            "phaddsw",
            "phsubw",
            "phsubd",
            "phsubsw",
            "pcmpestrm",
            "pcmpestri",
            "pcmpistrm",
            "pcmpistri",
            "rcpps",
            "rcpss",
            "rsqrtps",
            "rsqrtss",
            "addsubps",
            "addsubpd",
            "haddps",
            "haddpd",
            "hsubps",
            "hsubpd",
            "dpps",
            "dppd",
            "roundps",
            "roundpd",
            "cvtps2pd",
            "cvtpd2ps",
            "cvtps2dq",
            "cvtdq2pd",
            "cvtpd2dq",
            "cvttpd2dq");

    @Test
    void shouldBeForInstructionsThatThereAre() {
        Set<String> known = ROWS.stream().map(Row::mnemonic).collect(Collectors.toSet());
        for (Map<String, Rule> rules : Rules.ALL) {
            assertThat(known).containsAll(rules.keySet());
        }
    }

    @Test
    void shouldCoverVectorInstructions() {
        Set<String> without = ROWS.stream()
                .filter(row ->
                        row.args().stream().anyMatch(a -> a.kind() == Arg.Kind.XMM_REG || a.kind() == Arg.Kind.XMM_RM))
                .filter(row ->
                        row.args().stream().noneMatch(a -> a.kind() == Arg.Kind.MMX_REG || a.kind() == Arg.Kind.MMX_RM))
                .map(Row::mnemonic)
                .filter(name -> Rules.ALL.stream().noneMatch(rules -> rules.containsKey(name)))
                .collect(Collectors.toSet());
        assertThat(without).isEqualTo(WITHOUT);
    }
}
