// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.vcpu.disasm;

import io.splitvisor.vcpu.decode.Arg;
import io.splitvisor.vcpu.decode.Insn;
import java.util.Map;
import java.util.Set;

/** Mnemonics that depend on sizes, prefixes or operands. */
final class Spelling {
    /** With operands of 2, 4 and 8 bytes. */
    private static final Map<String, String[]> BY_OPERAND = Map.ofEntries(
            Map.entry("cbw", new String[] {"cbw", "cwde", "cdqe"}),
            Map.entry("cwd", new String[] {"cwd", "cdq", "cqo"}),
            Map.entry("iret", new String[] {"iretw", "iret", "iretq"}),
            Map.entry("lret", new String[] {"retfw", "retf", "retfq"}));

    /** Without REX.W, and with it. */
    private static final Map<String, String[]> BY_REX_W = Map.ofEntries(
            Map.entry("sysret", new String[] {"sysretd", "sysretq"}),
            Map.entry("sysexit", new String[] {"sysexitd", "sysexitq"}),
            Map.entry("fxsave", new String[] {"fxsave", "fxsave64"}),
            Map.entry("fxrstor", new String[] {"fxrstor", "fxrstor64"}),
            Map.entry("cmpxchg8b", new String[] {"cmpxchg8b", "cmpxchg16b"}),
            Map.entry("pcmpestrm", new String[] {"pcmpestrm", "pcmpestrmq"}),
            Map.entry("pcmpestri", new String[] {"pcmpestri", "pcmpestriq"}),
            Map.entry("movd", new String[] {"movd", "movq"}),
            Map.entry("pinsrd", new String[] {"pinsrd", "pinsrq"}),
            Map.entry("pextrd", new String[] {"pextrd", "pextrq"}));

    /** Whose operand prefix gives them a W at the end. */
    private static final Set<String> WORD_SUFFIX =
            Set.of("pushf", "popf", "leave", "enter", "pusha", "popa", "fldenv", "fnstenv", "frstor", "fnsave");

    private static final String[] COMPARISONS = {"eq", "lt", "le", "unord", "neq", "nlt", "nle", "ord"};
    private static final String[] PRODUCTS = {"pclmullqlqdq", "pclmulhqlqdq", "pclmullqhqdq", "pclmulhqhqdq"};
    private static final String[] PREFETCHES = {"prefetchnta", "prefetcht0", "prefetcht1", "prefetcht2"};
    private static final Set<String> REPEATABLE = Set.of("movs", "stos", "lods", "ins", "outs");

    private Spelling() {}

    /** The mnemonic, and the prefixes that are part of it. */
    static String of(Insn i, Prefixes prefixes) {
        String name = i.row().mnemonic();
        String[] bySize = BY_OPERAND.get(name);
        if (bySize != null) {
            prefixes.use(i.rexW() ? 0 : 0x66);
            boolean returns = i.mode() == Insn.MODE16 && bySize[1].length() < bySize[0].length();
            if (returns) {
                return bySize[1] + (i.operandBytes() == 4 ? "d" : "");
            }
            return bySize[i.operandBytes() == 8 ? 2 : i.operandBytes() == 4 ? 1 : 0];
        }
        String[] byRex = BY_REX_W.get(name);
        if (byRex != null) {
            return i.mode() == Insn.MODE16 && name.startsWith("sys") ? name : byRex[i.rexW() ? 1 : 0];
        }
        boolean stacked = (name.equals("push") || name.equals("pop")) && isNoRegister(i);
        boolean plain = !i.rexW() || name.startsWith("f");
        if ((stacked || WORD_SUFFIX.contains(name)) && i.operandPrefix() && plain) {
            prefixes.use(0x66);
            return name + (i.mode() == Insn.MODE16 ? "d" : "w");
        }
        return switch (name) {
            case "nop" -> hint(i, prefixes);
            // As they are called, whatever is executed.
            case "bsf", "bsr" -> counting(i, name, prefixes);
            case "xchg" -> i.opcode() == 0x90 ? exchange(i, prefixes) : name;
            case "jcxz" -> {
                prefixes.use(0x67);
                yield i.addressBytes() == 8 ? "jrcxz" : i.addressBytes() == 4 ? "jecxz" : "jcxz";
            }
            case "mov" -> isAbsolute(i) ? "movabs" : name;
            case "fneni(8087only)" -> "fneni(8087 only)";
            case "fndisi(8087only)" -> "fndisi(8087 only)";
            case "fnsetpm(287only)" -> "fnsetpm(287 only)";
            case "cmpps", "cmppd", "cmpss", "cmpsd" ->
                hasPredicate(i) ? "cmp" + COMPARISONS[(int) i.immediate()] + name.substring(3) : name;
            case "pclmulqdq" -> hasPredicate(i) ? PRODUCTS[product(i)] : name;
            case "lgdt", "lidt", "sgdt", "sidt" ->
                i.mode() == Insn.MODE64 ? name : name + (wide(i, prefixes) ? "d" : "w");
            default -> repeated(i, name, prefixes);
        };
    }

    /** Whether REX.W shows in a mnemonic. */
    static boolean showsRexW(Insn i) {
        String name = i.row().mnemonic();
        return BY_OPERAND.containsKey(name) || BY_REX_W.containsKey(name);
    }

    private static boolean isNoRegister(Insn i) {
        return switch (i.row().args().get(0).kind()) {
            case IMM, FIXED_SEGMENT -> true;
            default -> false;
        };
    }

    private static boolean wide(Insn i, Prefixes prefixes) {
        prefixes.use(0x66);
        return i.operandBytes() == 4;
    }

    private static String repeated(Insn i, String name, Prefixes prefixes) {
        if (REPEATABLE.contains(name) && i.repeat() == 0xf3) {
            prefixes.nameRepeat("rep");
        }
        return name;
    }

    /** Whether the immediate of a comparison or of a product of halves is one that has a name of its own. */
    static boolean hasPredicate(Insn i) {
        if (i.row().mnemonic().equals("pclmulqdq")) {
            return product(i) < PRODUCTS.length;
        }
        return i.row().mnemonic().startsWith("cmpp") || i.row().mnemonic().startsWith("cmps")
                ? i.row().args().size() == 3 && i.immediate() < COMPARISONS.length
                : false;
    }

    /** Which halves are multiplied, as objdump reads it: the bits that say so may also stand side by side. */
    private static int product(Insn i) {
        int halves = (int) i.immediate();
        return (halves & 0xee) == 0 ? halves >> 3 | halves & 1 : halves;
    }

    private static boolean isAbsolute(Insn i) {
        boolean offset = i.row().args().stream().anyMatch(a -> a.kind() == Arg.Kind.OFFSET);
        return i.mode() == Insn.MODE64
                && ((offset && i.addressBytes() == 8) || (i.row().args().contains(Arg.Iv) && i.operandBytes() == 8));
    }

    private static String exchange(Insn i, Prefixes prefixes) {
        if (i.opcodeRegister() != 0) {
            return "xchg";
        }
        if (i.repeat() == 0xf3) {
            prefixes.use(0xf3);
            return "pause";
        }
        return i.operandPrefix() && !i.rexW() ? "xchg" : "nop";
    }

    private static String counting(Insn i, String name, Prefixes prefixes) {
        if (i.repeat() != 0xf3) {
            return name;
        }
        prefixes.use(0xf3);
        return name.equals("bsf") ? "tzcnt" : "lzcnt";
    }

    private static String hint(Insn i, Prefixes prefixes) {
        int reg = i.reg() & 7;
        if (i.opcode() == 0x18 && i.hasMemory() && reg < PREFETCHES.length) {
            return PREFETCHES[reg];
        }
        if (i.opcode() == 0x0d) {
            return reg == 1 ? "prefetchw" : reg == 2 ? "prefetchwt1" : "prefetch";
        }
        if (i.opcode() == 0x1e && i.repeat() == 0xf3 && (i.modRm() == 0xfa || i.modRm() == 0xfb)) {
            prefixes.use(0xf3);
            return i.modRm() == 0xfa ? "endbr64" : "endbr32";
        }
        return "nop";
    }
}
