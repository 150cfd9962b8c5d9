// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.vcpu.translate;

import io.splitvisor.vcpu.cpu.Cpu;
import io.splitvisor.vcpu.decode.Arg;
import io.splitvisor.vcpu.decode.Insn;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * Accesses of straight code that are near each other: relative to the same register, which does not change between them. Before the first
 * of such a group the TLB is asked once for all, and what it says is kept in a local variable: see {@link GuestAccess#readable}. The
 * groups are a guess; what is known when instructions are emitted decides.
 */
final class Windows {
    /** Bytes that a group may reach over. */
    private static final long MOST_BYTES = 512;

    /** What is done with memory. Reading and writing have tags of their own in the TLB. */
    enum Kind {
        READ,
        WRITE
    }

    /** A group, whose bytes from {@code lowest} on, relative to its base, the local variable is for. */
    record Window(int base, Kind kind, long lowest, long behind, int local) {
        boolean holds(Insn i, int size) {
            return i.displacement() >= lowest && i.displacement() + size <= behind;
        }
    }

    private record Place(int base, Kind kind) {}

    private final Map<Place, Window> open = new HashMap<>();
    private final int firstLocal;
    private List<Insn> insns = List.of();
    private int at;

    /** @param firstLocal the local variables from there on are free */
    Windows(int firstLocal) {
        this.firstLocal = firstLocal;
    }

    /** A block begins. */
    void startPart(List<Insn> straight) {
        insns = straight;
        open.clear();
    }

    /** The instruction with a number begins. */
    void startInsn(int n) {
        at = n;
    }

    /** The registers of a set have changed. */
    void changed(long registers) {
        if (registers != 0) {
            open.keySet().removeIf(p -> (registers & 1L << p.base) != 0);
        }
    }

    /** The TLB may have changed. */
    void close() {
        open.clear();
    }

    /** The window of the present instruction's operand, or null. */
    Window find(Insn i, int size, Kind kind) {
        if (!mayBeNear(i)) {
            return null;
        }
        Window window = open.get(new Place(i.base(), kind));
        return window != null && window.holds(i, size) ? window : null;
    }

    /** Opens a window from the present instruction's operand on, unless that would be for itself alone. */
    Window open(Insn i, int size, Kind kind) {
        if (!mayBeNear(i)) {
            return null;
        }
        long lowest = i.displacement();
        long behind = lowest + size;
        int others = 0;
        for (int n = at + 1; n < insns.size() && !writes(insns.get(n - 1), i.base()); n++) {
            Insn other = insns.get(n);
            if (Rules.of(other).equals(InterpretedRule.RULE)) {
                break;
            }
            if (mayBeNear(other) && other.base() == i.base() && does(other) == kind) {
                long low = Math.min(lowest, other.displacement());
                long high = Math.max(behind, other.displacement() + bytes(other));
                if (high - low <= MOST_BYTES) {
                    lowest = low;
                    behind = high;
                    others++;
                }
            }
        }
        if (others == 0) {
            return null;
        }
        Window window = new Window(i.base(), kind, lowest, behind, local(i.base(), kind));
        open.put(new Place(i.base(), kind), window);
        return window;
    }

    private int local(int base, Kind kind) {
        return firstLocal + 2 * (2 * base + kind.ordinal());
    }

    private static boolean mayBeNear(Insn i) {
        return i.hasMemory()
                && (i.base() == Insn.BLOCK_START || i.base() < Insn.NO_REGISTER)
                && i.index() == Insn.NO_REGISTER
                && i.addressBytes() == 8
                && i.memorySegment() < Cpu.FS;
    }

    /** Which kind of access an instruction's explicit operand is. Whatever changes memory in place is a write. */
    private static Kind does(Insn i) {
        Arg first = i.row().args().isEmpty() ? null : i.row().args().get(0);
        boolean destination = first != null
                && switch (first.kind()) {
                    case RM, MEMORY, XMM_RM -> true;
                    default -> false;
                };
        return destination && !onlyReads(i.row().mnemonic()) ? Kind.WRITE : Kind.READ;
    }

    private static boolean onlyReads(String mnemonic) {
        return switch (mnemonic) {
            case "cmp", "test", "bt", "push", "call", "jmp", "mul", "imul", "div", "idiv" -> true;
            default -> false;
        };
    }

    private static int bytes(Insn i) {
        return i.row().args().stream()
                .filter(a -> switch (a.kind()) {
                    case RM, MEMORY, XMM_RM -> true;
                    default -> false;
                })
                .mapToInt(a -> a.size(i))
                .findFirst()
                .orElse(8);
    }

    /** Whether an instruction seems to change a register: a guess that ends a group early or too late. */
    private static boolean writes(Insn i, int register) {
        if (register == Insn.BLOCK_START || i.row().args().isEmpty()) {
            return false;
        }
        return switch (i.row().args().get(0).kind()) {
            case REG -> i.reg() == register;
            case OPCODE_REG -> i.opcodeRegister() == register;
            case ACC -> register == Cpu.RAX;
            case RM -> !i.hasMemory() && i.rm() == register;
            default -> false;
        };
    }
}
