// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.vcpu.disasm;

/** Where objdump names instructions that this processor does not have, and executes as what they were before. */
final class KnownDifferences {
    private KnownDifferences() {}

    static boolean contains(String objdump, String ours) {
        // MPX, CET and others in the space of hints.
        boolean hint = ours.contains("nop") && !objdump.contains("nop");
        // The low bits of a fence's ModRM do not matter.
        boolean fence = ours.endsWith("fence") && objdump.endsWith("(bad)");
        // A prefix that means nothing here.
        boolean prefix = (ours.endsWith("wbinvd") && objdump.contains("(bad)"))
                || ours.endsWith(" fwait")
                || (ours.contains(" nop ") && ours.replace("data16 ", "").equals(objdump));
        // In long mode near branches ignore their operand prefix, as Intel's processors do; objdump follows AMD's.
        boolean branch = ours.startsWith("data16 ") && ours.matches("data16 (addr32 )?(rex\\S* )?(j|call|ret|loop).*");
        // Never documented, and executed by every processor.
        boolean secret = ours.endsWith("salc") && objdump.contains("(bad)");
        return secret || hint || fence || prefix || branch;
    }
}
