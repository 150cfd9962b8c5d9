// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.x86.cli;

import io.splitvisor.x86.linux.Task;
import java.util.HexFormat;

/** Where a program stands. */
final class FaultPlace {
    private static final int SHOWN = 15;

    private FaultPlace() {}

    static String describe(Task task) {
        long rip = task.vcpu().registers().rip();
        byte[] code = task.code(rip, SHOWN);
        String bytes = code.length == 0
                ? "nothing is mapped there"
                : HexFormat.ofDelimiter(" ").formatHex(code);
        return "0x" + Long.toHexString(rip) + ": " + bytes;
    }
}
