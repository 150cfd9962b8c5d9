// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.vcpu.oracle;

import static io.splitvisor.vcpu.cpu.Eflags.AF;
import static io.splitvisor.vcpu.cpu.Eflags.ARITHMETIC;
import static io.splitvisor.vcpu.cpu.Eflags.CF;
import static io.splitvisor.vcpu.cpu.Eflags.OF;
import static io.splitvisor.vcpu.cpu.Eflags.PF;
import static io.splitvisor.vcpu.cpu.Eflags.SF;
import static io.splitvisor.vcpu.cpu.Eflags.ZF;

/** Which flags the SDM leaves undefined after an instruction. */
final class UndefinedFlags {
    private UndefinedFlags() {}

    /**
     * The flags not to be compared.
     *
     * @param count the masked count of a shift or rotate
     * @param bits the operand's bits
     */
    static int of(String mnemonic, int count, int bits) {
        return switch (mnemonic) {
            case "and", "or", "xor", "test" -> AF;
            case "shl", "shr" -> count == 0 ? 0 : AF | (count == 1 ? 0 : OF) | (count >= bits ? CF : 0);
            case "sar" -> count == 0 ? 0 : AF | (count == 1 ? 0 : OF);
            case "rol", "ror", "rcl", "rcr" -> count == 1 ? 0 : OF;
            case "shld", "shrd" -> {
                if (count == 0) {
                    yield 0;
                }
                yield count > bits ? ARITHMETIC : AF | (count == 1 ? 0 : OF);
            }
            case "mul", "imul" -> SF | ZF | AF | PF;
            case "div", "idiv" -> ARITHMETIC;
            case "bt", "bts", "btr", "btc" -> OF | SF | AF | PF;
            case "bsf", "bsr" -> ARITHMETIC & ~ZF;
            case "daa", "das" -> OF;
            case "aaa", "aas" -> OF | SF | ZF | PF;
            case "aam", "aad" -> OF | AF | CF;
            default -> 0;
        };
    }
}
