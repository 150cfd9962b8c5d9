// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.vcpu.translate;

import io.splitvisor.vcpu.decode.Insn;
import io.splitvisor.vcpu.decode.OpcodeTable;
import io.splitvisor.vcpu.decode.Row;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** Finds the rule of an instruction that does not end its block. */
final class Rules {
    /** Rules by mnemonics; those of conditions are found by what these start with. */
    static final List<Map<String, Rule>> ALL = List.of(
            ArithmeticRules.RULES,
            ShiftRules.RULES,
            MultiplyRules.RULES,
            MoveRules.RULES,
            BitRules.RULES,
            VectorMoveRules.RULES,
            VectorLaneRules.RULES,
            VectorShuffleRules.RULES,
            VectorCryptoRules.RULES,
            VectorFloatRules.RULES,
            VectorTestRules.RULES);

    private static final Rule[] BY_ROW = byRow();

    private Rules() {}

    static Rule of(Insn i) {
        Rule rule = BY_ROW[i.row().id()];
        return rule != null && rule.handles().test(i) ? rule : InterpretedRule.RULE;
    }

    private static Rule[] byRow() {
        Map<String, Rule> byMnemonic = new HashMap<>();
        ALL.forEach(byMnemonic::putAll);
        List<Row> rows = OpcodeTable.instance().rows();
        Rule[] result = new Rule[rows.size()];
        for (Row row : rows) {
            String name = row.mnemonic();
            result[row.id()] = name.startsWith("set")
                    ? MoveRules.SET
                    : name.startsWith("cmov") ? MoveRules.CMOV : byMnemonic.get(name);
        }
        return result;
    }
}
