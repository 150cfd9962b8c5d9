// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.vcpu.translate;

import io.splitvisor.vcpu.decode.Insn;
import java.util.List;

/**
 * Finds flags that nobody reads: neither a later instruction of the block, nor whoever goes on where the region is left. Most flags of
 * straight code are. They cost the JVM's compiler time and its limits on the length of a method, even where it drops them.
 */
final class FlagLiveness {
    private FlagLiveness() {}

    /** For each instruction of a block, but one that ends it, whether the flags behind it are of no use. */
    static boolean[] unread(List<Insn> insns) {
        boolean[] unread = new boolean[insns.size()];
        boolean wanted = true;
        for (int n = insns.size() - 1; n >= 0; n--) {
            unread[n] = !wanted;
            Insn i = insns.get(n);
            wanted = wantedBefore(Rules.of(i), i, wanted);
        }
        return unread;
    }

    private static boolean wantedBefore(Rule rule, Insn i, boolean wantedBehind) {
        Rule.After after = rule.after();
        if (rule.leaves().test(i)) {
            return true;
        }
        if (after == Rule.After.SAME || after == Rule.After.MERGED) {
            return wantedBehind;
        }
        return switch (FlagKind.operation(after.kind(i, FlagKind.DYNAMIC))) {
            case FlagKind.ADD, FlagKind.SUB, FlagKind.LOGIC, FlagKind.SHL, FlagKind.SHR, FlagKind.SAR, FlagKind.MUL ->
                false;
            case FlagKind.INC, FlagKind.DEC -> wantedBehind;
            default -> true;
        };
    }
}
