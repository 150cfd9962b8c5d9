// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.vcpu.decode;

import java.util.List;
import java.util.Locale;

/**
 * One row of the opcode table.
 *
 * @param id its index among all rows
 * @param mnemonic its name, as objdump prints it
 * @param feature what CPUID has to announce for it
 * @param args its operands, destination first
 * @param attributes {@link #LOCKABLE} and so on
 * @param prefix {@link #ANY_PREFIX}, or the mandatory prefix: 0 for none, 0x66, 0xf2, 0xf3
 * @param reg the ModRM register field that selects it, or -1
 * @param rm the ModRM rm field that selects it, or -1
 * @param form {@link #MEMORY_FORM}, {@link #REGISTER_FORM} or 0 for both
 */
public record Row(
        int id,
        String mnemonic,
        Feature feature,
        List<Arg> args,
        int attributes,
        int prefix,
        int reg,
        int rm,
        int form) {
    /** May carry LOCK when its destination is memory. */
    public static final int LOCKABLE = 1;
    /** Has 64-bit operands in 64-bit mode without REX.W. */
    public static final int DEFAULT64 = 1 << 1;
    /** Has 64-bit operands in 64-bit mode, whatever its prefixes. */
    public static final int FORCE64 = 1 << 2;
    /** Does not exist in 64-bit mode. */
    public static final int NOT64 = 1 << 3;
    /** Exists in 64-bit mode only. */
    public static final int ONLY64 = 1 << 4;
    /** Ends a block: it changes the flow, the mode, or what may happen before the next instruction. */
    public static final int ENDS_BLOCK = 1 << 5;
    /** Has a ModRM byte. Follows from the operands, where they show it. */
    public static final int MODRM = 1 << 6;
    /** ModRM's mod field is ignored: rm is a register. Follows from the operands. */
    public static final int ALWAYS_REGISTER = 1 << 7;
    /** Operands lie behind the address. Follows from the operands. */
    public static final int TRAILER = 1 << 8;

    /** {@link #prefix}: does not matter. */
    public static final int ANY_PREFIX = -1;
    /** {@link #form}: with a memory operand only. */
    public static final int MEMORY_FORM = 1;
    /** {@link #form}: without a memory operand only. */
    public static final int REGISTER_FORM = 2;

    /** Adds the attributes that follow from the rest. */
    public Row {
        if (reg >= 0 || form != 0 || args.stream().anyMatch(a -> a.kind().inModRm())) {
            attributes |= MODRM;
        }
        if (args.contains(Arg.Rm)) {
            attributes |= ALWAYS_REGISTER;
        }
        if (args.stream().anyMatch(a -> a.kind().isTrailer())) {
            attributes |= TRAILER;
        }
    }

    static int attribute(String name) {
        return switch (name.toLowerCase(Locale.ROOT)) {
            case "lock" -> LOCKABLE;
            case "d64" -> DEFAULT64;
            case "f64" -> FORCE64;
            case "i64" -> NOT64;
            case "o64" -> ONLY64;
            case "end" -> ENDS_BLOCK;
            default -> throw new IllegalArgumentException("no attribute " + name);
        };
    }

    /** Whether an attribute is set. */
    public boolean has(int attribute) {
        return (attributes & attribute) != 0;
    }

    /** Whether a ModRM byte follows its opcode. */
    public boolean needsModRm() {
        return has(MODRM);
    }

    boolean fits(int mandatory, boolean mode64) {
        return (prefix == ANY_PREFIX || prefix == mandatory) && !has(mode64 ? NOT64 : ONLY64);
    }

    boolean fitsModRm(int modRm) {
        boolean register = modRm >= 0xc0;
        return (reg < 0 || reg == (modRm >> 3 & 7))
                && (rm < 0 || rm == (modRm & 7))
                && (form == 0 || (form == REGISTER_FORM) == register);
    }
}
